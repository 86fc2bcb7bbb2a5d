"""What belongs to roads and lies or stands where it should not: fallen cones and signs, plates, barriers, wires, pools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.geometry.rough import ball, grounded, heap, soft_box
from scenesim.geometry.soft import placed, torus
from scenesim.models import roadside, signs
from scenesim.models.debris_kit import (
    BAND,
    BLACK,
    CONCRETE,
    ENAMEL,
    IRON,
    PLASTIC,
    RED_FACE,
    RGB,
    RUBBER,
    RUST,
    STEEL,
    STEEL_GREY,
    TAU,
    WHITE,
    WOOD,
    Array,
    Chance,
    Meshes,
    block,
    board,
    drum,
    grained,
    hollow,
    mottled,
    painted,
    rods,
    turned,
)
from scenesim.models.roadside import MODEL_FROM_FACE


def cone_fallen(size: Array, g: Chance, height_m: float = 0.75) -> Meshes:
    """A cone on its side: the edge of its foot and its tip touch the ground."""
    meshes, _ = roadside.cone(height_m)
    tilt = np.pi / 2 + np.arctan2(0.20 - 0.025, height_m)
    return [grounded(turned(meshes, pitch=tilt))]


def cone_of(size: Array, g: Chance, color: RGB) -> Meshes:
    """A small cone of one colour with a white band, as of driving schools."""
    h, foot = size[2], size[0]
    r = 0.36 * foot
    out = [board((foot, foot, 0.02), (0, 0, 0.01), RUBBER, np.asarray(color) * 0.8, bevel=0.008)]
    for a, b, rgb in ((0.02, 0.45, color), (0.45, 0.72, WHITE), (0.72, 1.0, color)):
        ra, rb = (r * (1 - 0.86 * q) for q in (a, b))
        out.append(solids.lathe([(0, a * h), (ra, a * h), (rb, b * h), (0, b * h)], PLASTIC, sides=28, color=rgb))
    return [grounded(out, size)]


def marker_pole(size: Array, g: Chance, lying: bool = True) -> Meshes:
    """A red and white tube post of road works."""
    length = max(size)
    r = min(size) / 2
    out = []
    n = 6
    for k in range(n):
        a, b = -length / 2 + k * length / n, -length / 2 + (k + 1) * length / n
        profile = [(0, a), (r, a), (r, b), (0, b)]
        out.append(solids.lathe(profile, RED_FACE if k % 2 == 0 else BAND, sides=20))
    return [grounded(turned(out, pitch=np.pi / 2) if lying else out, size)]


def post_stand(size: Array, g: Chance) -> Meshes:
    """The foot of a beacon: recycled rubber-plastic with sockets."""
    length, width, height = size
    out = [soft_box((length, width, height), 0.03, RUBBER, cells=10, color=(0.035, 0.035, 0.034))]
    for x in (-0.30, 0, 0.30):
        out.append(placed(hollow(0.045, 0.030, 0, 0.012, RUBBER, (0.02, 0.02, 0.02)), (x * length, 0, height / 2)))
    for s in (-1, 1):
        out.append(
            placed(
                soft_box((0.16, 0.05, 0.02), 0.008, PLASTIC, cells=5, color=(0.45, 0.30, 0.02)),
                (s * 0.41 * length, 0, height / 2),
            )
        )
    return [grounded(out, size)]


def warning_triangle(size: Array, g: Chance) -> Meshes:
    """ECE R27: a red reflecting frame about a fluorescent one, on wire feet. It looks to +x."""
    _, width, height = size
    side, foot = width, 0.045
    h = side * np.sqrt(3) / 2
    outline = shapely.Polygon([(-side / 2, 0), (side / 2, 0), (0, h)]).buffer(-0.018).buffer(0.018)
    edge = outline.exterior
    inner = shapely.Polygon(edge).buffer(-0.045, join_style="mitre")
    hole = inner.buffer(-0.032, join_style="mitre")
    pose = MODEL_FROM_FACE
    out = [solids.prism(outline.difference(inner), -0.008, 0.008, RED_FACE).transformed(pose)]
    out.append(solids.prism(inner.difference(hole), -0.006, 0.005, PLASTIC, color=(0.85, 0.16, 0.02)).transformed(pose))
    out = turned(out, (0, 0, foot))
    for y in (-0.30, 0.30):
        for s in (-1, 1):
            out += rods(
                [[(0, y * side, foot + 0.01), (s * 0.06, y * side, 0.02), (s * 0.15, y * side, 0.005)]],
                0.005,
                STEEL,
                STEEL_GREY,
            )
    return [grounded(out, size)]


def road_plate(size: Array, g: Chance) -> Meshes:
    """A steel plate over a trench, with a pattern against slipping and two holes to lift it by."""
    length, width, t = size
    holes = [shapely.Point(s * (length / 2 - 0.16), 0).buffer(0.028) for s in (-1, 1)]
    plate = shapely.difference(shapely.box(-length / 2, -width / 2, length / 2, width / 2), shapely.union_all(holes))
    base = solids.prism(plate, 0, 0.88 * t, RUST)
    out = [painted(base, (0.20, 0.155, 0.125))]
    nx, ny = int(length / 0.13), int(width / 0.13)
    for i in range(nx):
        for j in range(ny):
            x, y = (i + 0.5) / nx * length - length / 2, (j + 0.5) / ny * width - width / 2
            if min(abs(abs(x) - (length / 2 - 0.16)) + abs(y), 9) < 0.09:
                continue
            yaw = 0.7 if (i + j) % 2 else -0.7
            tone = float(g.uniform(0.8, 1.25))
            out.append(
                board(
                    (0.075, 0.018, 0.24 * t), (x, y, 0.88 * t), RUST, np.array([0.26, 0.215, 0.18]) * tone, bevel=0.002, yaw=yaw
                )
            )
    return [grounded(out, size)]


def manhole_open(size: Array, g: Chance) -> Meshes:
    """An open shaft: the iron frame around a black hole, and the cover beside it, half over its edge."""
    r, iron = 0.30, (0.085, 0.08, 0.078)
    frame = hollow(0.395, r, 0, 0.02, IRON, iron, sides=48)
    hole = drum(r + 0.005, 0, 0.004, RUBBER, (0.002, 0.002, 0.002), sides=48, edge=0.001)
    cover = [
        drum(0.305, 0, 0.055, IRON, iron, sides=48),
        painted(placed(torus(0.285, 0.012, 44, 6, IRON), (0, 0, 0.055), roll=np.pi / 2), iron),
    ]
    for i in range(-4, 5):
        for j in range(-4, 5):
            if (i * i + j * j) * 0.058**2 < 0.25**2:
                cover.append(
                    board((0.036, 0.036, 0.016), (i * 0.058, j * 0.058, 0.057), IRON, (0.12, 0.115, 0.11), bevel=0.003)
                )
    cover = turned(cover, (0.56, 0.16, 0.012), pitch=-0.03, yaw=0.4)
    low = min(float(m.bounds()[0, 2]) for m in cover)
    return [grounded([frame, hole, *turned(cover, (0, 0, -low))], size)]


def concrete_block(size: Array, g: Chance, studs: bool = True) -> Meshes:
    length, width, height = size
    top = 0.11 if studs else 0.0
    body = soft_box((length, width, height - top), 0.02, CONCRETE, cells=16, relief=lambda p: 0.003 * fractal_noise(p * 9, 2))
    out = [mottled(placed(body, (0, 0, (height - top) / 2)), (0.36, 0.355, 0.34), 0.5, 0.12, float(g.uniform(0, 9)))]
    if studs:
        n = max(1, round(length / width)) * 2
        for i in range(n):
            for j in range(2):
                x, y = (i + 0.5) / n * length - length / 2, (j - 0.5) * width / 2
                stud = solids.lathe(
                    [(0, height - top - 0.01), (0.14, height - top - 0.01), (0.115, height), (0, height)], CONCRETE, sides=24
                )
                out.append(painted(placed(stud, (x, y, 0)), (0.36, 0.355, 0.34)))
    return [grounded(out, size)]


def concrete_ring(size: Array, g: Chance) -> Meshes:
    """A shaft ring that lies on its side."""
    m = hollow(size[0] / 2, size[0] / 2 - 0.10, 0, size[2], CONCRETE, WHITE, sides=48)
    return [grounded([mottled(m, (0.37, 0.365, 0.35), 0.4, 0.12)], size)]


def barrier_board(size: Array, g: Chance) -> Meshes:
    """A red and white barrier board on two feet; it looks to +x."""
    _, width, height = size
    out: Meshes = []
    for low in (0.30 * height, height - 0.25):
        plate = shapely.box(-width / 2, low, width / 2, low + 0.25)
        bars = [
            shapely.Polygon([(x, low), (x + 0.20, low), (x + 0.45, low + 0.25), (x + 0.25, low + 0.25)])
            for x in np.arange(-width, width, 0.4)
        ]
        red = shapely.set_precision(shapely.intersection(shapely.union_all(bars), plate), 1e-4)
        for z in (0.014, -0.014):
            face = solids.prism(shapely.set_precision(plate.difference(red), 1e-4), min(0, z), max(0, z), BAND)
            out += [
                face.transformed(MODEL_FROM_FACE),
                solids.prism(red, min(0, z), max(0, z), RED_FACE).transformed(MODEL_FROM_FACE),
            ]
    for y in (-0.36, 0.36):
        out.append(board((0.04, 0.05, height - 0.06), (-0.034, y * width, height / 2), PLASTIC, WHITE))
        out.append(
            placed(soft_box((size[0], 0.26, 0.10), 0.03, RUBBER, cells=6, color=(0.035, 0.035, 0.034)), (-0.0, y * width, 0.05))
        )
    return [grounded(out, size)]


def water_barrier(size: Array, g: Chance, color: RGB) -> Meshes:
    """A plastic barrier filled with water, in the shape of a New Jersey wall."""
    length, width, height = size
    w, h = width / 2, height
    half = [(w, 0.0), (w, 0.14 * h), (0.52 * w, 0.38 * h), (0.40 * w, 0.97 * h), (0.34 * w, h)]
    shape = shapely.Polygon(half + [(-y, z) for y, z in reversed(half)])
    along = placed(solids.prism(shape, -length / 2, length / 2, PLASTIC, color=color), roll=np.pi / 2)
    out = [placed(along, yaw=np.pi / 2)]
    for x in (-0.30, 0.30):
        for s in (-1, 1):
            out.append(
                board(
                    (0.20 * length, 0.03, 0.22 * h),
                    (x * length, s * 0.46 * w, 0.66 * h),
                    PLASTIC,
                    np.asarray(color) * 0.75,
                    bevel=0.012,
                    roll=s * -0.07,
                )
            )
    for x in (-0.12, 0.12):
        out.append(board((0.10, 1.96 * w, 0.09), (x * length, 0, 0.045), PLASTIC, np.asarray(color) * 0.2, bevel=0.01))
    out.append(drum(0.05, h - 0.01, h + 0.03, PLASTIC, BLACK))
    return [grounded(out, size)]


def sign_fallen(size: Array, g: Chance, face: str = "stop") -> Meshes:
    """A sign with its post, on its back: its face looks up."""
    meshes, _ = roadside.sign(face, lower_edge_m=1.9)
    return [grounded(turned(meshes, pitch=-np.pi / 2 + 0.012))]


def sentry_box(size: Array, g: Chance) -> Meshes:
    """A guard's cabin with windows all around; its door is towards +x."""
    depth, width, height = size
    wall, glass, frame = (0.66, 0.67, 0.68), Surface("window_glass"), (0.05, 0.09, 0.20)
    w, d = width - 0.2, depth - 0.2
    out = [
        block((-d / 2, -w / 2, 0.08), (d / 2, w / 2, 1.0), ENAMEL, wall),
        block((-d / 2 - 0.06, -w / 2 - 0.06, 0), (d / 2 + 0.06, w / 2 + 0.06, 0.10), CONCRETE, (0.33, 0.33, 0.32)),
    ]
    out += [
        block((x * d / 2 - 0.04, y * w / 2 - 0.04, 0.9), (x * d / 2 + 0.04, y * w / 2 + 0.04, height - 0.2), ENAMEL, frame)
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    out.append(block((-d / 2, -w / 2, height - 0.42), (d / 2, w / 2, height - 0.16), ENAMEL, wall))
    out.append(solids.box((d - 0.04, w - 0.04, height - 1.40), (0, 0, 1.0 + (height - 1.42) / 2), glass))
    out.append(block((-depth / 2, -width / 2, height - 0.18), (depth / 2, width / 2, height), ENAMEL, frame, bevel=0.02))
    out.append(block((d / 2 - 0.01, -0.38, 0.10), (d / 2 + 0.015, 0.38, height - 0.30), ENAMEL, np.asarray(frame) * 1.6))
    out.append(solids.box((0.02, 0.52, 0.85), (d / 2 + 0.012, 0, 1.48), glass))
    out += rods([[(d / 2 + 0.015, 0.28, 1.0), (d / 2 + 0.06, 0.28, 1.0), (d / 2 + 0.06, 0.20, 1.0)]], 0.012, STEEL, STEEL_GREY)
    return [grounded(out, size)]


def traffic_island(size: Array, g: Chance) -> Meshes:
    """A refuge with kerb, a keep-right sign and beacons at its ends."""
    length, width, _ = size
    shape = shapely.LineString([(-(length - width) / 2, 0), ((length - width) / 2, 0)]).buffer(width / 2, quad_segs=8)
    out = [
        solids.prism(shape, 0, 0.12, CONCRETE, color=(0.42, 0.415, 0.40)),
        solids.prism(shape.buffer(-0.15), 0.12, 0.125, CONCRETE, color=(0.24, 0.20, 0.18)),
    ]
    sign, _ = roadside.sign("keep_right" if "keep_right" in signs.FACES else "roundabout", lower_edge_m=0.6)
    for end, yaw in ((-1, np.pi), (1, 0.0)):
        out += turned(sign, (end * (length - width) / 2, 0, 0.42), yaw=yaw)
    for x in (-0.28, 0.28):
        post = [
            drum(0.055, 0.12, 0.85, PLASTIC, WHITE),
            drum(0.0575, 0.55, 0.72, Surface("cone_band"), WHITE),
            ball((0.055, 0.055, 0.05), PLASTIC, rounds=2, color=WHITE),
        ]
        post[2] = placed(post[2], (0, 0, 0.85))
        out += turned(post, (x * length, 0, 0))
    return [grounded([_above_ground(join(out))], size)]


def _above_ground(m: Mesh) -> Mesh:
    v = m.vertices.copy()
    v[:, 2] = np.maximum(v[:, 2], 0.0)
    return replace(m, vertices=v)


def power_line(size: Array, g: Chance) -> Meshes:
    """A wooden pole that snapped, with its crossarm and insulators, and the wires in loops on the road."""
    length, width, _ = size
    wood = (0.17, 0.125, 0.085)
    pole = mottled(
        solids.tube([(-0.44 * length, 0, 0.14), (0, 0, 0.13), (0.32 * length, 0, 0.12)], [0.14, 0.125, 0.11], WOOD, sides=16),
        wood,
        0.25,
        0.25,
    )
    out = [grained(pole)]
    for k in range(9):  # splinters where it broke
        a = k * TAU / 9
        p = np.array([-0.44 * length, 0.09 * np.cos(a), 0.14 + 0.09 * np.sin(a)])
        out.append(
            solids.tube(
                [p + [0.05, 0, 0], p - [float(g.uniform(0.08, 0.32)), 0, 0]],
                [0.035, 0.006],
                WOOD,
                sides=5,
                color=(0.46, 0.34, 0.20),
            )
        )
    x = 0.26 * length
    out.append(board((0.11, 2.2, 0.13), (x, 0, 0.30), WOOD, wood, bevel=0.006))
    for y in (-0.95, 0.0, 0.95):
        profile = [
            (0, 0),
            (0.03, 0.0),
            (0.03, 0.03),
            (0.07, 0.05),
            (0.065, 0.085),
            (0.03, 0.10),
            (0.06, 0.135),
            (0.055, 0.17),
            (0, 0.19),
        ]
        out.append(
            placed(solids.lathe(profile, ENAMEL, sides=16, color=(0.30, 0.17, 0.10)), (x + 0.05, y, 0.30), pitch=np.pi / 2)
        )
        u = np.linspace(0, 1, 40)
        fall = 0.30 * np.clip(1 - 5 * u, 0, 1) ** 2 + 0.014
        drift, shift = float(g.uniform(-0.15, 0.15)), float(g.uniform(0, 6))
        ahead, back = x + 0.2 + u * (0.5 * length - x - 0.2), x + 0.2 - u * (x + 0.2 + 0.5 * length)
        for px, lean in ((ahead, 0.5), (back, -0.9)):  # the wires run on along the line that stood there
            py = y * (1 + 0.5 * u) + lean * u * u + 0.12 * np.sin(u * 5 + shift) * u + drift * u
            out.append(solids.tube(np.stack([px, py, fall], 1), 0.013, RUBBER, sides=6, color=(0.015, 0.015, 0.016)))
    return [grounded(out, size)]


def patch(size: Array, g: Chance, material: str, color: RGB) -> Meshes:
    """A thin pool with a ragged outline, that is flat as liquids are."""
    a = np.linspace(0, TAU, 90, endpoint=False)
    shift = float(g.uniform(0, 90))
    r = 1 + 0.30 * fractal_noise(np.stack([np.cos(a) * 1.4 + shift, np.sin(a) * 1.4, np.zeros(90)], 1), 3)
    shape = shapely.Polygon(np.stack([r * np.cos(a) * size[0] / 2, r * np.sin(a) * size[1] / 2], 1)).buffer(0)
    spots = [shapely.Point(*(p * size[:2] / 2)).buffer(float(g.uniform(0.02, 0.07))) for p in g.uniform(-1, 1, (9, 2)) * 1.15]
    rgb = np.asarray(color)
    m = solids.prism(shapely.union_all([shape, *spots]), 0, size[2], Surface(material))
    return [grounded([painted(m, rgb)], size)]


def heap_of(size: Array, g: Chance, color: RGB, grain_m: float, stones: int, material: str) -> Meshes:
    """A heap at its angle of repose, lumps on it and grains around its foot."""
    length, width, height = size
    shift = float(g.uniform(0, 90))
    surface = Surface(f"object_{material}")

    def top(s: Array, x: Array, y: Array) -> Array:
        p = np.stack([x, y, np.full(len(x), shift)], 1)
        lumps = fractal_noise(p / (5 * grain_m), 2)
        broad = fractal_noise(p * 1.1, 2)
        slope = np.clip(1 - s, 0, 1)
        return height * (np.sqrt(slope * slope + 0.015) - 0.12 * (1 - slope)) * (1 + 0.16 * broad) * np.minimum(
            1, slope * 12
        ) + 0.7 * grain_m * lumps * np.minimum(1, slope * 8)

    def tint(v: Array) -> Array:
        tone = 1 + 0.18 * fractal_noise(v / (2.2 * grain_m) + shift, 2) + 0.10 * fractal_noise(v * 1.5 + shift, 2)
        return tone[:, None] * np.asarray(color)

    out = [heap(length * 0.94, width * 0.94, top, surface, tint, rings=34, sides=96)]
    v = out[0].vertices
    for _ in range(stones):
        share, a = np.sqrt(float(g.uniform(0.02, 1.0))), float(g.uniform(0, TAU))
        r = grain_m * float(g.uniform(0.5, 1.2))
        x, y = share * 0.5 * length * np.cos(a) * 0.97, share * 0.5 * width * np.sin(a) * 0.97
        near = np.argmin((v[:, 0] - x) ** 2 + (v[:, 1] - y) ** 2)
        z = max(float(v[near, 2]), 0.55 * r)
        tone = float(g.uniform(0.65, 1.3))
        pebble = ball(
            (r, 0.8 * r, 0.65 * r),
            surface,
            rounds=1,
            relief=lambda d, x=x: 0.16 * fractal_noise(d * 2 + x * 40, 1),
            color=np.clip(np.asarray(color) * tone, 0, 1),
        )
        out.append(placed(pebble, (x, y, z), yaw=a))
    return [grounded(out, size)]
