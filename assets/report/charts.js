"use strict";
// Charts: bars and heat maps, as tables that can be read and copied.

function card(id, title, about, ...content) {
  const at = document.getElementById(id);
  at.replaceChildren(el("div.head", {}, el("h3", {}, title), el("p", {}, about || "")), ...content);
}
function nothing(text) { return el("p.empty", {}, text || "Nothing is left by these filters."); }

// rows: {label, color, parts: [{value, color, title}], value: text, or texts in columns}; all bars on one scale.
function bars(rows) {
  if (!rows.length) return nothing();
  const most = Math.max(...rows.map((r) => r.parts.reduce((n, p) => n + p.value, 0)), 1e-9);
  const grid = el("div.bars");
  for (const row of rows) {
    const track = el("div.track");
    for (const p of row.parts) {
      if (p.value > 0) track.append(el("i", { title: p.title, style: { width: `${(100 * p.value) / most}%`, background: p.color } }));
    }
    grid.append(el("div.label", {}, row.color ? swatch(row.color) : null, row.label), track, el("div.value", {}, ...[row.value].flat().map((v) => el("span", {}, v))));
  }
  return grid;
}
function key(entries) {
  return el("div.key", {}, ...entries.map(([name, color]) => el("span", {}, el("span.swatch", { style: { background: color } }), name)));
}

// rows, columns: names; value(r, c): a count. scale: what is darkest; by the root, so that small counts show.
function heat(rows, columns, value, { scale, title, swatches, corner = "", text = count } = {}) {
  const table = el("table.heat");
  table.append(el("thead", {}, el("tr", {}, el("th", {}, corner), ...columns.map((c) => el("th", { scope: "col" }, c)))));
  const body = el("tbody");
  rows.forEach((name, r) => {
    const cells = columns.map((column, c) => {
      const v = value(r, c);
      const top = typeof scale === "function" ? scale(r) : scale;
      const p = v > 0 && top > 0 ? Math.round(8 + 92 * Math.sqrt(v / top)) : 0;
      const kind = v === 0 ? "td.zero" : p > 50 ? "td.strong" : "td";
      return el(kind, { style: { "--p": `${p}%` }, title: title ? title(r, c, v) : `${name}, ${column}: ${whole.format(v)}` }, v === 0 ? "·" : text(v));
    });
    body.append(el("tr", {}, el("th", { scope: "row" }, swatches ? swatch(swatches[r]) : null, name), ...cells));
  });
  table.append(body);
  return el("div.scroll", {}, table);
}
const shortRanges = FACTS.range_edges_m.map((a, k, all) => (k + 1 < all.length ? `${a}–${all[k + 1]}` : `${a}+`));
const shortPoints = FACTS.point_bins.map((s) => s.replace(" to ", "–").replace(" and more", "+"));
function ranges() { return FACTS.ranges.map((_, k) => k).filter(rangeOn); }

// ---- objects

const on = (row) => groupOn(row[0]) && classOn(row[1]) && rangeOn(row[2]);
function inOrder(ids) { return [...ids].sort((a, b) => a - b); }

function drawBalance() {
  const cells = FACTS.objects.filter(on);
  const all = sums(cells, (r) => r[1]);
  const seen = sums(cells, (r) => (r[3] > 1 ? r[1] : undefined));
  const n = total(all);
  const rows = [...all].sort((a, b) => b[1] - a[1]).map(([id, v]) => ({
    label: className(id), color: classColor(id), value: [count(v), share(v, n)],
    parts: [
      { value: seen.get(id) || 0, color: "var(--seen)", title: `seen by a camera: ${whole.format(seen.get(id) || 0)}` },
      { value: v - (seen.get(id) || 0), color: "var(--unseen)", title: `not seen: ${whole.format(v - (seen.get(id) || 0))}` },
    ],
  }));
  card("by-class", "Objects by class", "boxes in frames", bars(rows), rows.length ? key([["seen by a camera", "var(--seen)"], ["hidden or out of view", "var(--unseen)"]]) : "");

  const blocks = ["weather", "light", "scenario", "split"].map((facet) => {
    const frames = new Map(), objects = sums(cells, (r) => FACTS.groups[r[0]][facet]);
    FACTS.groups.forEach((g, k) => { if (groupOn(k)) frames.set(g[facet], (frames.get(g[facet]) || 0) + g.frames); });
    if (facet === "split" && [...frames.keys()].every((k) => k === "")) return null;
    const list = [...frames].sort((a, b) => b[1] - a[1]).map(([name, f]) => ({
      label: name, value: `${plural(f, "frame")}, ${count(objects.get(name) || 0)} obj.`,
      parts: [{ value: f, color: "var(--seen)", title: plural(f, "frame") }],
    }));
    return el("div", {}, el("h4", {}, facet[0].toUpperCase() + facet.slice(1)), bars(list));
  });
  const any = FACTS.groups.some((_, k) => groupOn(k));
  card("by-group", "Frames by condition", "", any ? el("div.small", {}, ...blocks.filter(Boolean)) : nothing());
}

let attributeClass = null;
function drawAttributes() {
  const cells = FACTS.attributes.filter((r) => groupOn(r[0]) && rangeOn(r[2]) && classOn(r[1]));
  const byClass = sums(cells, (r) => r[1]);
  if (!byClass.size) return card("by-attribute", "Attributes", "", nothing());
  if (!byClass.has(attributeClass)) {
    const objects = sums(FACTS.objects.filter(on), (r) => (byClass.has(r[1]) ? r[1] : undefined));
    attributeClass = [...objects].sort((a, b) => b[1] - a[1])[0][0];
  }
  const select = el("select", { "aria-label": "Class", onchange: (e) => { attributeClass = +e.target.value; drawAttributes(); } },
    ...inOrder(byClass.keys()).map((id) => el("option", { value: id, selected: id === attributeClass }, className(id))));
  const mine = cells.filter((r) => r[1] === attributeClass);
  const blocks = FACTS.attribute_names.map((name, k) => {
    const values = sums(mine, (r) => (r[3] === k ? FACTS.attribute_values[k][r[4]] : undefined));
    if (!values.size) return null;
    const n = total(values), numbers = [...values.keys()].every((v) => v === "others" || !Number.isNaN(parseFloat(v)));
    const order = numbers ? (a, b) => (parseFloat(a[0]) || 1e9) - (parseFloat(b[0]) || 1e9) : (a, b) => (a[0] === "others") - (b[0] === "others") || b[1] - a[1];
    const rows = [...values].sort(order).map(([value, v]) => ({
      label: value.replaceAll("_", " "), value: [count(v), share(v, n)], parts: [{ value: v, color: "var(--seen)", title: whole.format(v) }],
    }));
    return el("div", {}, el("h4", {}, name.replace(/_m$/, ", m").replaceAll("_", " ")), bars(rows));
  });
  card("by-attribute", "Attributes", "of objects in frames", el("div.bar", {}, select), el("div.masonry", {}, ...blocks.filter(Boolean)));
}

function drawRange() {
  const cells = FACTS.objects.filter(on), at = document.getElementById("by-range");
  const present = FACTS.weathers.filter((w) => FACTS.groups.some((g, k) => g.weather === w && groupOn(k)));
  const columns = ranges();
  const counts = sums(cells, (r) => `${FACTS.groups[r[0]].weather}/${r[3]}/${r[2]}`);
  const top = Math.max(0, ...counts.values());
  const rows = FACTS.visibilities.map((_, k) => k).reverse();
  at.replaceChildren(...(present.length ? present : [""]).map((weather) => {
    const id = `range-${weather.replaceAll(" ", "-") || "none"}`;
    const n = total(new Map([...counts].filter(([k]) => k.startsWith(weather + "/"))));
    const box = el("div.card", { id });
    const map = n === 0 ? nothing() : heat(rows.map((r) => FACTS.visibilities[r]), columns.map((c) => shortRanges[c]),
      (r, c) => counts.get(`${weather}/${rows[r]}/${columns[c]}`) || 0, { scale: top, corner: "visible" });
    box.append(el("div.head", {}, el("h3", {}, weather ? weather[0].toUpperCase() + weather.slice(1) : "No frames"), el("p", {}, `${plural(n, "object")}, range in m`)), map);
    return box;
  }));
}

function drawPointsPerObject() {
  const cells = FACTS.objects.filter(on), counts = sums(cells, (r) => `${r[1]}/${r[4]}`);
  const ids = inOrder(new Set(cells.map((r) => r[1])));
  const bins = FACTS.point_bins.map((_, k) => k);
  const scale = (r) => Math.max(...bins.map((b) => counts.get(`${ids[r]}/${b}`) || 0));
  card("points-object", "Points per object, by class", "each row by itself", ids.length
    ? heat(ids.map(className), shortPoints, (r, c) => counts.get(`${ids[r]}/${c}`) || 0, { scale, swatches: ids.map(classColor), corner: "points" }) : nothing());
  const near = sums(cells, (r) => `${r[2]}/${r[4]}`), columns = ranges();
  const top = (r) => Math.max(...bins.map((b) => near.get(`${columns[r]}/${b}`) || 0));
  card("points-range", "Points per object, by range", "each row by itself", ids.length
    ? heat(columns.map((c) => `${shortRanges[c]} m`), shortPoints, (r, c) => near.get(`${columns[r]}/${c}`) || 0, { scale: top, corner: "points" }) : nothing());
}

// ---- points: rows of [group, class, hit, range, count]

function drawPoints() {
  const cells = FACTS.points.filter((r) => groupOn(r[0]) && classOn(r[1]) && rangeOn(r[3]));
  if (!cells.length) {
    const why = FACTS.points.length ? undefined : "There is no lidar in this dataset.";
    for (const [id, title] of [["points-hit", "Points that hit no plain surface"], ["points-hit-range", "… by range"], ["points-class", "Points by class"]]) card(id, title, "", nothing(why));
    return;
  }
  const hits = inOrder(new Set(cells.map((r) => r[2]))).filter((h) => h > 0);
  const weathers = FACTS.weathers.filter((w) => cells.some((r) => FACTS.groups[r[0]].weather === w));
  const rows = weathers.map((w) => {
    const counts = sums(cells, (r) => (FACTS.groups[r[0]].weather === w ? r[2] : undefined)), all = total(counts);
    return { label: w, value: [`${share(all - (counts.get(0) || 0), all)} of ${count(all)}`],
      parts: hits.map((h) => ({ value: (counts.get(h) || 0) / all, color: rgb(hitColor(h)), title: `${hitName(h)}: ${whole.format(counts.get(h) || 0)} (${share(counts.get(h), all)})` })) };
  });
  card("points-hit", "Points that hit no plain surface, by weather", "share of all points", bars(rows), key(hits.map((h) => [hitName(h), rgb(hitColor(h))])));
  const columns = ranges(), near = sums(cells, (r) => `${r[2]}/${r[3]}`);
  const scale = (r) => Math.max(...columns.map((c) => near.get(`${hits[r]}/${c}`) || 0));
  card("points-hit-range", "Points that hit no plain surface, by range in m", "each row by itself", hits.length
    ? heat(hits.map(hitName), columns.map((c) => shortRanges[c]), (r, c) => near.get(`${hits[r]}/${columns[c]}`) || 0, { scale, swatches: hits.map(hitColor) }) : nothing("All points are of plain surfaces."));
  const by = sums(cells, (r) => r[1]), n = total(by);
  card("points-class", "Points by class", plural(n, "point"), bars([...by].sort((a, b) => b[1] - a[1]).map(([id, v]) => ({
    label: className(id), color: classColor(id), value: [count(v), share(v, n)], parts: [{ value: v, color: "var(--seen)", title: whole.format(v) }] }))));
}

// ---- sizes: rows of [group, class, range, dimension, bin, count]

function drawSizes() {
  const cells = FACTS.sizes.filter(on), at = document.getElementById("by-size");
  const ids = inOrder(new Set(cells.map((r) => r[1])));
  const used = inOrder(new Set(cells.map((r) => r[4])));
  const bins = used.length ? FACTS.size_bins.map((_, k) => k).slice(used[0], used[used.length - 1] + 1) : [];
  const names = bins.map((b) => (b + 1 < FACTS.size_edges_m.length ? `${FACTS.size_edges_m[b]}–${FACTS.size_edges_m[b + 1]}` : `${FACTS.size_edges_m[b]}+`));
  at.replaceChildren(...FACTS.dimensions.map((name, d) => {
    const counts = sums(cells, (r) => (r[3] === d ? `${r[1]}/${r[4]}` : undefined));
    const scale = (r) => Math.max(...bins.map((b) => counts.get(`${ids[r]}/${b}`) || 0));
    const map = ids.length ? heat(ids.map(className), names, (r, c) => counts.get(`${ids[r]}/${bins[c]}`) || 0, { scale, swatches: ids.map(classColor), corner: "m" }) : nothing();
    return el("div.card", {}, el("div.head", {}, el("h3", {}, name[0].toUpperCase() + name.slice(1)), el("p", {}, "each row by itself")), map);
  }));
}

// ---- time

function drawTimes() {
  const told = "A dataset of `scenesim render` keeps no clocks, so that its bytes are the same on every machine; the manifests of a batch keep them."
    .replaceAll("`", "");
  if (!FACTS.spent.length) return card("by-time", "Time per frame", "", nothing(told));
  const rows = FACTS.spent.filter((r) => groupOn(r[0])).map(([group, frames, wall, cpu]) => {
    const g = FACTS.groups[group];
    return { order: wall / frames, label: [g.scenario, g.weather, g.light, g.split].filter(Boolean).join(", "),
      value: `${(wall / frames).toFixed(2)} s, processor ${(cpu / frames).toFixed(2)} s, ${plural(frames, "frame")}`,
      parts: [{ value: wall / frames, color: "var(--seen)", title: `${(wall / frames).toFixed(2)} s a frame` }] };
  }).sort((a, b) => b.order - a.order);
  const bins = sums(FACTS.times.filter((r) => groupOn(r[0])), (r) => r[1]);
  const used = inOrder(bins.keys());
  const list = used.length ? FACTS.second_bins.map((_, k) => k).slice(used[0], used[used.length - 1] + 1) : [];
  card("by-time", "Wall-clock time of a shard over its frames", "from the manifests of the batch: setting up the scenario included",
    el("div.small", { style: { "grid-template-columns": "repeat(auto-fit, minmax(min(460px, 100%), 1fr))" } },
      el("div", {}, el("h4", {}, "Mean of each condition: scenario, weather, light, split"), bars(rows)),
      el("div", {}, el("h4", {}, "Shards by their time per frame"), bars(list.map((b) => ({
        label: FACTS.second_bins[b], value: plural(bins.get(b) || 0, "shard"), parts: [{ value: bins.get(b) || 0, color: "var(--seen)", title: "" }] }))))));
}
