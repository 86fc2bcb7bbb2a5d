"use strict";
// The points and boxes of a frame in 3D, in the ego frame: x forward, y left, z up, metres. Drawn when something changes.

// Nine colours from dark to light, whose lightness grows evenly.
const RAMP = [[38, 44, 110], [45, 74, 150], [42, 106, 170], [38, 137, 170], [52, 166, 153], [98, 191, 122], [158, 211, 92], [216, 225, 84], [253, 240, 150]];
function ramp(u) {
  const x = Math.min(Math.max(u, 0), 1) * (RAMP.length - 1), k = Math.min(Math.floor(x), RAMP.length - 2), f = x - k;
  return RAMP[k].map((v, i) => v + (RAMP[k + 1][i] - v) * f);
}
const RAMP_CSS = `linear-gradient(90deg, ${RAMP.map((c) => rgb(c)).join(", ")})`;
const HEIGHT_M = [-1, 6]; // of the ramp
const POINT_BYTES = 10; // frames.py: POINT

// Points as they lie in the page: int16 x, y, z; class, intensity, hit, lidar.
function decodePoints(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
  const view = new DataView(bytes.buffer), n = Math.floor(bytes.length / POINT_BYTES);
  const xyz = new Float32Array(3 * n), classes = new Uint8Array(n), intensity = new Uint8Array(n), hit = new Uint8Array(n);
  for (let k = 0; k < n; k++) {
    for (let a = 0; a < 3; a++) xyz[3 * k + a] = view.getInt16(POINT_BYTES * k + 2 * a, true) * FACTS.quantum_m;
    classes[k] = bytes[POINT_BYTES * k + 6]; intensity[k] = bytes[POINT_BYTES * k + 7]; hit[k] = bytes[POINT_BYTES * k + 8];
  }
  return { n, xyz, classes, intensity, hit };
}

const COLORINGS = {
  "class": (p, k) => lit(classColor(p.classes[k])),
  "what they hit": (p, k) => hitColor(p.hit[k]),
  "intensity": (p, k) => ramp(Math.sqrt(p.intensity[k] / 255)),
  "height": (p, k) => ramp((p.xyz[3 * k + 2] - HEIGHT_M[0]) / (HEIGHT_M[1] - HEIGHT_M[0])),
};

class Space {
  // at: the element to draw in. Throws where the browser gives no WebGL.
  constructor(at) {
    this.at = at;
    this.renderer = new THREE.WebGLRenderer({ antialias: true });
    this.canvas = this.renderer.domElement;
    at.prepend(this.canvas);
    this.scene = new THREE.Scene();
    this.scene.background = new THREE.Color(0x14181d);
    this.camera = new THREE.PerspectiveCamera(34, 1, 0.5, 1500);
    this.camera.up.set(0, 0, 1);
    this.content = new THREE.Group();
    this.scene.add(this.ground(), this.content);
    this.look("behind");
    this.steer();
    new ResizeObserver(() => this.resize()).observe(at);
    this.resize();
  }

  // Circles at the edges of the bins of range, with their distance, and the ego as an arrow.
  ground() {
    const group = new THREE.Group();
    for (const r of FACTS.range_edges_m.slice(1)) {
      const circle = new THREE.BufferGeometry().setFromPoints(Array.from({ length: 129 }, (_, k) =>
        new THREE.Vector3(r * Math.cos((k * Math.PI) / 64), r * Math.sin((k * Math.PI) / 64), 0)));
      group.add(new THREE.Line(circle, new THREE.LineBasicMaterial({ color: 0x39424d })));
      const word = this.word(`${r} m`);
      word.position.set(0, -r, 0);
      group.add(word);
    }
    const arrow = [[3.6, 0], [-0.8, 0.95], [0, 0], [-0.8, -0.95], [3.6, 0]].map(([x, y]) => new THREE.Vector3(x, y, 0.05));
    group.add(new THREE.Line(new THREE.BufferGeometry().setFromPoints(arrow), new THREE.LineBasicMaterial({ color: 0xffffff })));
    return group;
  }

  word(text) {
    const canvas = document.createElement("canvas"), c = canvas.getContext("2d");
    canvas.width = 128; canvas.height = 48;
    c.font = "30px system-ui, sans-serif"; c.fillStyle = "#8b96a5"; c.textAlign = "center"; c.textBaseline = "middle";
    c.fillText(text, 64, 24);
    const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map: new THREE.CanvasTexture(canvas), sizeAttenuation: false, depthTest: false }));
    sprite.scale.set(0.075, 0.028, 1);
    return sprite;
  }

  look(from) {
    this.target = new THREE.Vector3(from === "above" ? 0 : 12, 0, 0);
    [this.distance, this.azimuth, this.elevation] = from === "above" ? [125, Math.PI, 1.5606] : [46, Math.PI, 0.42];
    this.draw();
  }

  // A drag turns, with shift or the right button it moves; the wheel, or two fingers, come nearer.
  steer() {
    const c = this.canvas, down = new Map();
    c.addEventListener("contextmenu", (e) => e.preventDefault());
    c.addEventListener("pointerdown", (e) => { c.setPointerCapture(e.pointerId); down.set(e.pointerId, [e.clientX, e.clientY]); });
    for (const end of ["pointerup", "pointercancel"]) c.addEventListener(end, (e) => down.delete(e.pointerId));
    c.addEventListener("pointermove", (e) => {
      const was = down.get(e.pointerId);
      if (!was) return;
      const spread = () => { const [a, b] = [...down.values()]; return b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0; };
      const before = spread();
      down.set(e.pointerId, [e.clientX, e.clientY]);
      const dx = e.clientX - was[0], dy = e.clientY - was[1];
      if (down.size > 1) this.nearer(before / Math.max(spread(), 1));
      else if (e.shiftKey || e.buttons === 2) this.move(dx, dy);
      else {
        this.azimuth -= dx * 0.006;
        this.elevation = Math.min(1.5606, Math.max(-0.1, this.elevation + dy * 0.006));
        this.draw();
      }
    });
    c.addEventListener("wheel", (e) => { e.preventDefault(); this.nearer(Math.exp(e.deltaY * 0.0012)); }, { passive: false });
    c.addEventListener("webglcontextrestored", () => this.draw());
  }
  nearer(by) { this.distance = Math.min(600, Math.max(2, this.distance * by)); this.draw(); }
  move(dx, dy) {
    const s = (this.distance * 0.61) / this.at.clientHeight, [ca, sa] = [Math.cos(this.azimuth), Math.sin(this.azimuth)];
    this.target.x += (dx * sa - dy * ca) * s; this.target.y += (-dx * ca - dy * sa) * s;
    this.draw();
  }

  resize() {
    const [w, h] = [this.at.clientWidth, this.at.clientHeight];
    if (!w || !h) return;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, 2));
    this.renderer.setSize(w, h, false);
    this.camera.aspect = w / h;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const [ce, se] = [Math.cos(this.elevation), Math.sin(this.elevation)];
      this.camera.position.set(Math.cos(this.azimuth) * ce, Math.sin(this.azimuth) * ce, se).multiplyScalar(this.distance).add(this.target);
      this.camera.lookAt(this.target);
      this.renderer.render(this.scene, this.camera);
    });
  }

  // points: decodePoints(); coloring: a name of COLORINGS; boxes: rows of a frame's objects, or none; echoes: of its radars.
  // Gives how many points are drawn.
  show(points, coloring, boxes, echoes) {
    for (const old of [...this.content.children]) { old.geometry.dispose(); old.material.dispose(); this.content.remove(old); }
    const kept = [], color = new Map();
    for (let k = 0; k < points.n; k++) {
      if (classOn(points.classes[k]) && rangeOn(rangeOf(points.xyz[3 * k], points.xyz[3 * k + 1]))) kept.push(k);
    }
    const xyz = new Float32Array(3 * kept.length), rgbs = new Uint8Array(3 * kept.length), paint = COLORINGS[coloring];
    kept.forEach((k, i) => {
      for (let a = 0; a < 3; a++) xyz[3 * i + a] = points.xyz[3 * k + a];
      const c = paint(points, k);
      for (let a = 0; a < 3; a++) rgbs[3 * i + a] = c[a];
    });
    const cloud = new THREE.BufferGeometry();
    cloud.setAttribute("position", new THREE.BufferAttribute(xyz, 3));
    cloud.setAttribute("color", new THREE.BufferAttribute(linear(rgbs), 3));
    this.content.add(new THREE.Points(cloud, new THREE.PointsMaterial({ size: 2 * Math.min(window.devicePixelRatio || 1, 2), sizeAttenuation: false, vertexColors: true })));
    this.content.add(this.boxes(boxes), ...this.echoes(echoes.filter(([id, x, y]) => classOn(id) && rangeOn(rangeOf(x, y)))));
    this.canvas.dataset.points = kept.length;
    this.canvas.dataset.boxes = boxes.length;
    this.canvas.dataset.echoes = echoes.length;
    this.draw();
    return kept.length;
  }

  // What radars found: large points in the colour of the class, and a line to where each comes to in a second along its ray.
  echoes(rows) {
    const at = [], lines = [], colors = [];
    for (const [id, x, y, z, vx, vy, vz] of rows) {
      at.push(x, y, z); lines.push(x, y, z, x + vx, y + vy, z + vz); colors.push(...lit(classColor(id)));
    }
    const points = new THREE.BufferGeometry(), moves = new THREE.BufferGeometry();
    points.setAttribute("position", new THREE.Float32BufferAttribute(at, 3));
    points.setAttribute("color", new THREE.BufferAttribute(linear(Uint8Array.from(colors)), 3));
    moves.setAttribute("position", new THREE.Float32BufferAttribute(lines, 3));
    const size = 7 * Math.min(window.devicePixelRatio || 1, 2);
    return [
      new THREE.Points(points, new THREE.PointsMaterial({ size, sizeAttenuation: false, vertexColors: true })),
      new THREE.LineSegments(moves, new THREE.LineBasicMaterial({ color: 0xffffff })),
    ];
  }

  // Edges of boxes, and a line from the middle of each to where it heads.
  boxes(rows) {
    const at = [], colors = [], v = new THREE.Vector3(), q = new THREE.Quaternion();
    const lines = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]];
    for (const [id, , , x, y, z, qw, qx, qy, qz, length, width, height] of rows) {
      q.set(qx, qy, qz, qw);
      const place = (a, b, c) => v.set((a * length) / 2, (b * width) / 2, (c * height) / 2).applyQuaternion(q).toArray().map((s, k) => s + [x, y, z][k]);
      const corners = Array.from({ length: 8 }, (_, k) => place(k & 4 ? 1 : -1, k & 2 ? 1 : -1, k & 1 ? 1 : -1));
      const c = lit(classColor(id));
      for (const [a, b] of [...lines.map(([a, b]) => [corners[a], corners[b]]), [place(0, 0, -1), place(1.25, 0, -1)]]) {
        at.push(...a, ...b); colors.push(...c, ...c);
      }
    }
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.Float32BufferAttribute(at, 3));
    geometry.setAttribute("color", new THREE.BufferAttribute(linear(Uint8Array.from(colors)), 3));
    return new THREE.LineSegments(geometry, new THREE.LineBasicMaterial({ vertexColors: true }));
  }
}

// sRGB 0 to 255 as the linear numbers that three.js takes for vertices.
const LINEAR = Float32Array.from({ length: 256 }, (_, k) => (k / 255 <= 0.04045 ? k / 255 / 12.92 : ((k / 255 + 0.055) / 1.055) ** 2.4));
function linear(bytes) { return Float32Array.from(bytes, (v) => LINEAR[v]); }

function rangeOf(x, y) {
  const r = Math.hypot(x, y), edges = FACTS.range_edges_m;
  let k = edges.length - 1;
  while (k > 0 && r < edges[k]) k--;
  return k;
}
