"use strict";
// Puts the page together: head, filters, and everything anew when a filter changes.

const TITLES = { scenario: "Scenario", split: "Split", weather: "Weather", light: "Light", class: "Class" };
const SECTIONS = [["frames", "Frames"], ["balance", "Balance"], ["range", "Range"], ["points", "Points"], ["sizes", "Sizes"], ["times", "Time"]];

function drawHead() {
  const made = FACTS.version ? `, scenesim ${FACTS.version}` : "";
  const shown = FACTS.frames_shown === FACTS.frames_total ? "all of them in this page" : `${whole.format(FACTS.frames_shown)}, evenly chosen, in this page`;
  document.getElementById("name").textContent = FACTS.name;
  document.getElementById("told").textContent = `${FACTS.kind}, ${plural(FACTS.frames_total, "frame")}, ${shown}${made}`;
  document.querySelector("nav").append(...SECTIONS.map(([id, name]) => el("a", { href: `#${id}` }, name)));
  document.getElementById("notes").append(...FACTS.notes.map((n) => el("p.note", {}, n)));
  document.getElementById("footer").textContent =
    `All numbers are of all ${whole.format(FACTS.frames_total)} frames; pictures are made smaller, and about ${whole.format(FACTS.most_points)} points of a frame are shown at most, ` +
    "evenly chosen. An object is a box in a frame, whether it is seen or not; its distance is from the ego's origin over the ground. " +
    "How much of it is visible is told by the camera that sees most of it; hidden: in the image of a camera, with nothing of it to be seen.";
}

function drawTiles() {
  const groups = FACTS.groups.filter((_, k) => groupOn(k));
  const sum = (name) => groups.reduce((n, g) => n + g[name], 0);
  const cells = FACTS.objects.filter(on);
  const n = total(sums(cells, (r) => r[1])), seen = total(sums(cells, (r) => (r[3] > 1 ? r[1] : undefined))), met = total(sums(cells, (r) => (r[4] > 0 ? r[1] : undefined)));
  const points = total(sums(FACTS.points.filter((r) => groupOn(r[0]) && classOn(r[1]) && rangeOn(r[3])), (r) => r[1]));
  const tiles = [["frames", sum("frames")], ["images", sum("images")], ["lidar sweeps", sum("sweeps")], ["lidar points", points], ["tracks", sum("tracks"), "of all classes and ranges"],
    ["objects", n], ["seen by camera", share(seen, n)], ["hit by lidar", share(met, n)]];
  document.getElementById("tiles").replaceChildren(...tiles.map(([name, v, title]) =>
    el("div.tile", { "data-tile": name, "data-value": v, title: title || (typeof v === "number" ? whole.format(v) : undefined) }, el("b", {}, typeof v === "number" ? count(v) : v), el("span", {}, name))));
}

// ---- filters

// What a facet would count: objects, with all other filters as they are; points for what is no object.
function facetCounts(facet) {
  if (facet === "class") return sums(FACTS.objects.filter((r) => groupOn(r[0]) && rangeOn(r[2])), (r) => r[1]);
  return sums(FACTS.objects.filter((r) => groupOn(r[0], facet) && classOn(r[1]) && rangeOn(r[2])), (r) => FACTS.groups[r[0]][facet]);
}
function surfaceCounts() {
  const objects = new Set(FACTS.objects.map((r) => r[1]));
  return sums(FACTS.points.filter((r) => groupOn(r[0]) && rangeOn(r[3])), (r) => (objects.has(r[1]) ? undefined : r[1]));
}
function valuesOf(facet) {
  if (facet === "class") return inOrder(new Set(FACTS.objects.map((r) => r[1])));
  const there = new Set(FACTS.groups.map((g) => g[facet]));
  const known = { weather: FACTS.weathers, light: FACTS.lights }[facet];
  return known ? known.filter((v) => there.has(v)) : [...there].sort();
}

function choice(set, value, name, color, n) {
  const label = el("label" + (set.has(value) ? ".off" : ""), { title: name },
    el("input", { type: "checkbox", checked: !set.has(value), "data-value": value, onchange: (e) => { if (e.target.checked) set.delete(value); else set.add(value); changed(); } }),
    color ? swatch(color) : null, el("span", {}, name), el("span.n", {}, count(n || 0)));
  return label;
}
function quick(set, values) {
  const act = (text, fill) => el("button.plain", { type: "button", onclick: () => { values.forEach((v) => (fill ? set.add(v) : set.delete(v))); changed(); } }, text);
  return el("span.quick", {}, act("all", false), act("none", true));
}
function facet(name, values, title, counts, closed) {
  const set = FILTER[name];
  const say = name === "class" ? className : (v) => v || "none";
  const rows = values.map((v) => choice(set, v, say(v), name === "class" ? classColor(v) : null, counts.get(v)));
  return el("fieldset.facet", { "data-facet": closed ? "surface" : name }, el("legend", {}, title, quick(set, values)), ...rows);
}

let surfacesOpen = false;
function drawFilters() {
  const at = document.getElementById("filters"), held = document.activeElement;
  const again = held && at.contains(held) && [held.closest("fieldset")?.dataset.facet, held.dataset.value ?? held.textContent];
  const parts = [];
  for (const name of [...GROUP_FACETS, "class"]) {
    const values = valuesOf(name);
    if (values.length > (name === "split" ? 1 : 0) || (name === "split" && values[0])) parts.push(facet(name, values, TITLES[name], facetCounts(name)));
    if (name === "light") parts.push(rangeFilter());
  }
  const surfaces = surfaceCounts(), ids = inOrder(surfaces.keys());
  if (ids.length) {
    const more = el("details", { open: surfacesOpen }, el("summary", {}, "Classes of points only"), facet("class", ids, "", surfaces, true));
    more.addEventListener("toggle", () => { surfacesOpen = more.open; });
    parts.push(more);
  }
  parts.push(el("button", { type: "button", id: "reset", onclick: () => { for (const f of [...GROUP_FACETS, "class"]) FILTER[f].clear(); FILTER.from = 0; FILTER.to = FACTS.ranges.length - 1; changed(); } }, "Reset filters"));
  const top = at.scrollTop;
  at.replaceChildren(...parts);
  at.scrollTop = top;
  if (again) {
    const same = [...at.querySelectorAll(again[0] ? `[data-facet="${again[0]}"] :is(input, button, select)` : "button")];
    same.find((e) => (e.dataset.value ?? e.textContent) === again[1])?.focus({ preventScroll: true });
  }
}
function rangeFilter() {
  const edges = FACTS.range_edges_m;
  const select = (name, options, value, act) => el("select", { "aria-label": name, "data-value": name, onchange: (e) => { act(+e.target.value); changed(); } },
    ...options.map(([v, text]) => el("option", { value: v, selected: v === value }, text)));
  return el("fieldset", { "data-facet": "range" }, el("legend", {}, "Range"), el("div.range", {},
    select("from", edges.map((m, k) => [k, `${m} m`]), FILTER.from, (k) => { FILTER.from = k; FILTER.to = Math.max(FILTER.to, k); }), "to",
    select("to", edges.map((m, k) => [k, k + 1 < edges.length ? `${edges[k + 1]} m` : "∞"]), FILTER.to, (k) => { FILTER.to = k; FILTER.from = Math.min(FILTER.from, k); })));
}

let browser = null;
function changed() {
  drawFilters(); drawTiles(); drawBalance(); drawAttributes(); drawRange(); drawPointsPerObject(); drawPoints(); drawSizes(); drawTimes();
  browser.filtered();
}

drawHead();
if (window.matchMedia("(max-width: 900px)").matches) document.getElementById("filter-box").open = false;
browser = new Browser(document.getElementById("browser"));
browser.startSpace();
changed();
