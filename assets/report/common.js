"use strict";
// What all parts of the page share: the facts, the filters, and small tools.

const FACTS = JSON.parse(document.getElementById("facts").textContent);
const CLASS = new Map(FACTS.classes.map((c) => [c.id, c]));

// What is filtered out: names of each facet, ids of classes; and the bins of range that are left, both ends included.
const FILTER = {
  scenario: new Set(), split: new Set(), weather: new Set(), light: new Set(), class: new Set(),
  from: 0, to: FACTS.ranges.length - 1,
};
const GROUP_FACETS = ["scenario", "split", "weather", "light"];

function groupOn(group, but) {
  const g = FACTS.groups[group];
  return GROUP_FACETS.every((f) => f === but || !FILTER[f].has(g[f]));
}
function classOn(id) { return !FILTER.class.has(id); }
function rangeOn(bin) { return bin >= FILTER.from && bin <= FILTER.to; }

// Sum of cells: rows of [group, ...keys, count]. `key` gives what a row counts for, undefined for nothing.
function sums(rows, key) {
  const found = new Map();
  for (const row of rows) {
    const k = key(row);
    if (k !== undefined) found.set(k, (found.get(k) || 0) + row[row.length - 1]);
  }
  return found;
}
function total(map) { let n = 0; for (const v of map.values()) n += v; return n; }

// An element: el("div.card", {title: "..."}, child, "text", ...); text is never taken for markup.
function el(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const e = document.createElement(tag || "div");
  if (classes.length) e.className = classes.join(" ");
  for (const [k, v] of Object.entries(attributes || {})) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k === "style") for (const [p, s] of Object.entries(v)) e.style.setProperty(p, s);
    else if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.filter((c) => c !== undefined && c !== null));
  return e;
}
function svg(tag, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  return e;
}

const whole = new Intl.NumberFormat("en-GB");
function count(n) {
  if (n < 10000) return whole.format(n);
  const [unit, by] = n < 1e6 ? ["k", 1e3] : n < 1e9 ? ["M", 1e6] : ["G", 1e9];
  const v = n / by;
  return (v < 10 ? v.toFixed(2) : v < 100 ? v.toFixed(1) : v.toFixed(0)) + " " + unit;
}
function share(part, all) {
  if (!all || !part) return "0 %";
  const p = (100 * part) / all;
  return (p < 0.1 ? "<0.1" : p < 10 ? p.toFixed(1) : p.toFixed(0)) + " %";
}
function plural(n, one) { return whole.format(n) + " " + one + (n === 1 ? "" : "s"); }

function rgb(color) { return `rgb(${color[0]} ${color[1]} ${color[2]})`; }
// A colour that is made light enough to stand out on dark grounds and photographs; its hue stays.
function lit(color) {
  const luma = (0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]) / 255;
  const mix = Math.max(0, (0.45 - luma) / (1 - luma));
  return color.map((v) => Math.round(v + (255 - v) * mix));
}
function swatch(color) { return el("span.swatch", { style: { background: rgb(color) } }); }
function className(id) { return (CLASS.get(id) || { name: `class ${id}` }).name.replaceAll("_", " "); }
function classColor(id) { return (CLASS.get(id) || { color: [128, 128, 128] }).color; }

const HIT_COLOR = {
  surface: [128, 138, 150], through_glass: [90, 190, 255], mixed: [255, 176, 40], fog: [186, 120, 245], rain: [60, 110, 255], snow: [20, 200, 175],
};
function hitColor(hit) { return HIT_COLOR[FACTS.hits[hit]] || [200, 200, 200]; }
function hitName(hit) { return (FACTS.hits[hit] || `hit ${hit}`).replaceAll("_", " "); }
