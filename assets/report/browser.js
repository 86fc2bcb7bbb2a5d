"use strict";
// The frame browser. A frame lies in the page as <script id="frame-K">:
// {shard, index, time_s, group, twin, told, cameras: [{name, size: [w, h], jpeg, boxes: [[object, left, top, right, bottom, visible %]]}],
//  objects: [[class, track, name, x, y, z, qw, qx, qy, qz, length, width, height, points, range bin, visibility]],
//  points, points_shown, points_total, echoes: [[class, x, y, z, vx, vy, vz]]}

const OBJECT = { class: 0, track: 1, name: 2, x: 3, length: 10, points: 13, range: 14, visibility: 15 };

class Browser {
  constructor(at) {
    this.at = at;
    this.frames = Array.from({ length: FACTS.frames_shown }, (_, k) => JSON.parse(document.getElementById(`frame-${k}`).textContent));
    this.list = this.frames.map((_, k) => k); // those that the filters leave
    this.current = 0;
    this.labels = true;
    this.coloring = "class";
    this.wide = null;
    this.build();
  }

  build() {
    const button = (text, title, act, more) => el("button", { type: "button", title, onclick: act, ...more }, text);
    this.slider = el("input", { type: "range", min: 0, step: 1, "aria-label": "Frame", oninput: (e) => this.go(+e.target.value) });
    this.where = el("span.where");
    this.switch = button("Labels", "Boxes over pictures and in 3D on and off (L)", () => this.toggle(), { id: "labels" });
    this.caption = el("div.caption");
    this.cameras = el("div.cameras", { id: "cameras" });
    this.film = el("div.film", { "aria-label": "Frames" });
    this.objects = el("details", {}, el("summary", {}, ""));
    this.objects.addEventListener("toggle", () => this.listObjects());
    this.none = nothing("No frame in this page is left by these filters.");
    this.body = el("div", {}, this.caption, this.cameras, this.spaceElement(), this.film, this.objects);
    this.at.replaceChildren(el("div.browser", {},
      el("div.bar", {}, button("◀", "Frame before (left arrow)", () => this.step(-1), { id: "previous" }), this.where,
        button("▶", "Next frame (right arrow)", () => this.step(1), { id: "next" }), this.slider, this.switch,
        el("span", { style: { color: "var(--soft)", "font-size": "12.5px" } }, el("kbd", {}, "←"), " ", el("kbd", {}, "→"), " frames  ", el("kbd", {}, "L"), " labels")),
      this.body, this.none));
    this.thumbnails();
    document.addEventListener("keydown", (e) => this.key(e));
  }

  spaceElement() {
    this.legend = el("div.legend");
    this.pointsTold = el("div.told");
    const coloring = el("select", { id: "coloring", "aria-label": "Colour of the points", onchange: (e) => { this.coloring = e.target.value; this.showSpace(); } },
      ...Object.keys(COLORINGS).map((name) => el("option", { value: name }, `points by ${name}`)));
    const views = [["Behind", "behind"], ["Above", "above"]].map(([text, from]) =>
      el("button", { type: "button", title: `Look from ${from}`, onclick: () => this.space && this.space.look(from) }, text));
    const at = el("div.space", { id: "space" }, el("div.tools", {}, coloring, ...views), this.pointsTold, this.legend);
    this.startSpace = () => {
      try {
        this.space = new Space(at);
        this.space.canvas.title = "Drag to turn, shift and drag to move, wheel to come nearer";
      } catch (e) {
        at.replaceChildren(nothing("This browser gives no WebGL, so the points cannot be drawn in 3D."));
      }
    };
    return at;
  }

  thumbnails() {
    const seen = new IntersectionObserver((entries) => entries.forEach((e) => {
      if (e.isIntersecting && !e.target.firstChild) {
        const camera = this.frames[+e.target.dataset.frame].cameras[0];
        if (camera) e.target.append(el("img", { alt: "", src: jpeg(camera) }));
        seen.unobserve(e.target);
      }
    }), { root: this.film, rootMargin: "0px 400px" });
    this.thumbs = this.frames.map((f, k) => {
      const b = el("button", { type: "button", "data-frame": k, title: `${f.shard}, frame ${f.index}`, onclick: () => this.go(this.list.indexOf(k)) });
      seen.observe(b);
      return b;
    });
    this.film.append(...this.thumbs);
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(SELECT|TEXTAREA)$/.test(e.target.tagName) || (e.target.tagName === "INPUT" && e.target.type === "range")) return;
    if (e.key === "ArrowLeft") this.step(-1);
    else if (e.key === "ArrowRight") this.step(1);
    else if (e.key === "l" || e.key === "L") this.toggle();
    else return;
    e.preventDefault();
  }
  step(by) { this.go(this.list.indexOf(this.current) + by); }
  go(at) {
    if (!this.list.length) return;
    this.current = this.list[Math.min(Math.max(at, 0), this.list.length - 1)];
    this.show();
  }
  toggle() { this.labels = !this.labels; this.show(); }

  // Filters have changed.
  filtered() {
    this.list = this.frames.map((_, k) => k).filter((k) => groupOn(this.frames[k].group));
    if (!this.list.includes(this.current) && this.list.length) this.current = this.list[0];
    this.thumbs.forEach((b, k) => { b.hidden = !this.list.includes(k); });
    this.body.hidden = !this.list.length;
    this.none.hidden = this.list.length > 0;
    this.show();
  }

  shown(object) { return classOn(object[OBJECT.class]) && rangeOn(object[OBJECT.range]); }

  show() {
    const at = this.list.indexOf(this.current), f = this.frames[this.current];
    this.where.textContent = this.list.length ? `${at + 1} of ${this.list.length}` : "0 of 0";
    this.slider.max = Math.max(this.list.length - 1, 0);
    this.slider.value = Math.max(at, 0);
    this.switch.setAttribute("aria-pressed", String(this.labels));
    if (!this.list.length) return;
    const g = FACTS.groups[f.group];
    const words = [["", f.shard], ["frame ", f.index], ["t = ", `${f.time_s.toFixed(3)} s`], [`${g.weather}, ${g.light}: `, f.told || "not told"], ["split ", g.split], ["twin ", f.twin]];
    this.caption.replaceChildren(...words.filter(([, v]) => v !== "").map(([before, v]) => el("span", {}, before, el("b", {}, String(v)))));
    this.cameras.replaceChildren(...f.cameras.map((c) => this.figure(f, c)));
    this.thumbs.forEach((b, k) => b.setAttribute("aria-current", String(k === this.current)));
    this.reveal(this.thumbs[this.current]);
    this.listObjects();
    this.showSpace();
  }

  // Scrolls the film only, never the page.
  reveal(thumb) {
    const left = thumb.offsetLeft - this.film.offsetLeft;
    if (left < this.film.scrollLeft || left + thumb.offsetWidth > this.film.scrollLeft + this.film.clientWidth) this.film.scrollLeft = left - this.film.clientWidth / 2;
  }

  figure(frame, camera) {
    const [w, h] = camera.size;
    const figure = el("figure" + (this.wide === camera.name ? ".wide" : ""), { "data-camera": camera.name, onclick: () => { this.wide = this.wide === camera.name ? null : camera.name; this.show(); } },
      el("img", { alt: `camera ${camera.name}`, src: jpeg(camera), width: w, height: h }));
    if (this.labels) {
      const over = svg("svg", { viewBox: `-0.5 -0.5 ${w} ${h}`, preserveAspectRatio: "none" });
      for (const [k, left, top, right, bottom, visible] of camera.boxes) {
        const o = frame.objects[k];
        if (!this.shown(o)) continue;
        const place = { x: left, y: top, width: Math.max(right - left, 0), height: Math.max(bottom - top, 0) };
        const box = svg("rect", { ...place, class: "box", stroke: rgb(lit(classColor(o[OBJECT.class]))) });
        const title = svg("title", {});
        title.textContent = `${className(o[OBJECT.class])} ${o[OBJECT.name]} (track ${o[OBJECT.track]})\n${Math.hypot(o[3], o[4]).toFixed(1)} m away, ${visible} % visible, ${plural(o[OBJECT.points], "lidar point")}`;
        box.append(title);
        over.append(svg("rect", { ...place, class: "case" }), box);
      }
      figure.append(over);
    }
    figure.append(el("figcaption", {}, camera.name));
    return figure;
  }

  showSpace() {
    if (!this.space) return;
    const f = this.frames[this.current];
    const points = decodePoints(f.points);
    const n = this.space.show(points, this.coloring, this.labels ? f.objects.filter((o) => this.shown(o)) : [], f.echoes);
    const told = f.points_total ? `${whole.format(n)} of ${whole.format(f.points_total)} points` : "no lidar";
    this.pointsTold.textContent = f.echoes.length ? `${told}, ${plural(f.echoes.length, "radar detection")}` : told;
    const legend = [];
    if (this.coloring === "class" || this.coloring === "what they hit") {
      const [of, name, color] = this.coloring === "class" ? [points.classes, className, (id) => lit(classColor(id))] : [points.hit, hitName, hitColor];
      const counts = new Map();
      of.forEach((v) => counts.set(v, (counts.get(v) || 0) + 1));
      for (const [id] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, 14)) legend.push(el("span", {}, swatch(color(id)), name(id)));
    } else {
      const ends = this.coloring === "height" ? [`${HEIGHT_M[0]} m`, `${HEIGHT_M[1]} m`] : ["0", "1 (by its root)"];
      legend.push(el("span", {}, ends[0], el("span.ramp", { style: { background: RAMP_CSS } }), ends[1]));
    }
    this.legend.replaceChildren(...legend);
  }

  listObjects() {
    const f = this.frames[this.current];
    if (!f) return;
    const rows = f.objects.filter((o) => this.shown(o)).sort((a, b) => Math.hypot(a[3], a[4]) - Math.hypot(b[3], b[4]));
    this.objects.firstChild.textContent = `${plural(rows.length, "object")} in this frame`;
    this.objects.querySelector("div")?.remove();
    if (!this.objects.open) return;
    const right = ["distance", "size", "lidar points"];
    const head = ["class", "name", "track", "distance", "size", "lidar points", "visible"];
    const line = (o) => [className(o[0]), o[2], o[1], `${Math.hypot(o[3], o[4]).toFixed(1)} m`, `${o[10]} × ${o[11]} × ${o[12]} m`, whole.format(o[13]), FACTS.visibilities[o[15]]];
    const cls = (k) => (right.includes(head[k]) ? ".r" : "");
    this.objects.append(el("div.scroll", {}, el("table.list", {}, el("thead", {}, el("tr", {}, ...head.map((h, k) => el("th" + cls(k), {}, h)))),
      el("tbody", {}, ...rows.map((o) => el("tr", {}, ...line(o).map((v, k) => el("td" + cls(k), {}, k === 0 ? swatch(classColor(o[0])) : null, k === 0 ? ` ${v}` : String(v)))))))));
  }
}

function jpeg(camera) { return `data:image/jpeg;base64,${camera.jpeg}`; }
