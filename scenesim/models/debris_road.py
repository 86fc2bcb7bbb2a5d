"""What lies about on roads that belongs to roads and to vehicles: tyres, car parts, fallen cones and signs, plates, barriers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from shapely import affinity

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, corner_normals, join
from scenesim.geometry.rough import ball, grounded, heap, sheet, soft_box
from scenesim.geometry.soft import placed, ring, torus
from scenesim.models import roadside, signs
from scenesim.models.debris_kit import (
    BLACK,
    CONCRETE,
    ENAMEL,
    IRON,
    PLASTIC,
    RGB,
    RUBBER,
    RUBBER_BLACK,
    RUST,
    STEEL,
    STEEL_GREY,
    WHITE,
    WOOD,
    Array,
    axle,
    block,
    board,
    caster,
    drum,
    hollow,
    mirrored,
    mottled,
    painted,
    rods,
    turned,
)  # fmt: skip
from scenesim.models.roadside import MODEL_FROM_FACE
from scenesim.models.wheel import wheel

Chance = np.random.Generator
Meshes = list[Mesh]
TAU = 2 * np.pi
ORANGE, BAND, RED_FACE = Surface("cone_orange"), Surface("cone_band"), Surface("sign_red")


# ---- parts of vehicles


def tyre(size: Array, g: Chance, rim_m: float, standing: bool = False) -> Meshes:
    """A tyre without its rim, about y: grooves around, ribs across the shoulders."""
    outer, width = (max(size[0], size[2]) / 2, min(size)) if standing else (size[0] / 2, size[2])
    rim, half = rim_m / 2, width / 2
    groove, k = 0.009, 0.008
    tread = [(outer, 0.0)]
    for y in (0.20, 0.48):
        c = y * half
        tread += [(outer - 0.001, c - k), (outer - groove, c - k + 0.001), (outer - groove, c + k - 0.001), (outer - 0.001, c + k)]
    tread += [(outer - 0.004, 0.70 * half), (outer - 0.022, 0.84 * half)]
    side = [(outer - 0.055, 0.955 * half), (rim + 0.45 * (outer - rim), half), (rim + 0.20 * (outer - rim), 0.92 * half),
            (rim + 0.012, 0.78 * half), (rim, 0.72 * half), (rim, 0.60 * half)]  # fmt: skip
    inside = [(rim + 0.02, 0.58 * half), (rim + 0.40 * (outer - rim), 0.84 * half), (outer - 0.05, 0.78 * half), (outer - 0.026, 0.45 * half)]
    right = tread + side + inside
    left = [(r, -y) for r, y in reversed(right[1:])]
    out = [painted(ring([*right, (outer - 0.024, 0.0), *left], 72, RUBBER, 35.0), RUBBER_BLACK)]
    n = 60
    for i in range(n):
        a = i * TAU / n
        for s in (-1, 1):
            at = ((outer - 0.019) * np.cos(a), s * 0.79 * half, (outer - 0.019) * np.sin(a))
            out.append(board((0.016, 0.27 * half, 0.014), at, RUBBER, RUBBER_BLACK, bevel=0.002, pitch=np.pi / 2 - a))
    return [grounded(out if standing else turned(out, roll=np.pi / 2), size)]


def spare_wheel(size: Array, g: Chance, style: str = "steel") -> Meshes:
    return [grounded(turned([wheel(size[0], size[2], style, rim=0.66)], roll=np.pi / 2), size)]


def tyre_carcass(size: Array, g: Chance) -> Meshes:
    """The tread that a lorry's tyre threw off: a curled strip with torn ends, cords hanging out."""
    n, m = 70, 15
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, m), indexing="ij")
    tear = 0.13 * fractal_noise(np.stack([v.ravel() * 5, np.sign(u.ravel()) * 3, np.zeros(u.size)], 1), 2).reshape(u.shape)
    s = (u + tear * np.abs(u) ** 6) * size[0] * 0.62
    bend = 1.15
    a = s / (size[0] * 0.62) * bend + 0.25
    radius = size[0] * 0.62 / bend
    x, z = radius * np.sin(a), radius * (1 - np.cos(a))
    narrow = 1 - 0.35 * np.abs(u) ** 4 * np.abs(fractal_noise(np.stack([u.ravel() * 2, v.ravel() * 0, v.ravel() * 0 + 7], 1), 2).reshape(u.shape))
    y = v * size[1] / 2 * narrow + 0.10 * u**2 * size[1]
    z = z + 0.10 * u * v * size[2] + 0.02 * fractal_noise(np.stack([x.ravel() * 4, y.ravel() * 4, np.ones(x.size)], 1), 2).reshape(x.shape)
    groove = np.isin(np.arange(m), (3, 7, 11))
    points = np.stack([x, y, z], 2)
    color = np.where(groove[None, :, None], 0.006, 0.030) * np.ones((n, m, 3))
    out = [sheet(points, 0.022, RUBBER, color=color)]
    for i in range(2, n - 2):  # blocks of the tread, on the outside of the bend
        for c in ((0, 2), (4, 6), (8, 10), (12, 14)):
            if i % 3 == 0:
                continue
            strip = points[i : i + 2, c[0] : c[1] + 1]
            down = np.cross(strip[1, 0] - strip[0, 0], strip[0, -1] - strip[0, 0])
            down /= np.sqrt(down @ down)
            out.append(sheet(strip - down * 0.017, 0.016, RUBBER, color=RUBBER_BLACK, smooth_deg=20.0))
    for k in range(14):
        e = 0 if k % 2 else n - 1
        p = points[e, int(g.integers(m))]
        d = np.array([np.sign(p[0]) * g.uniform(0.03, 0.10), g.normal() * 0.03, g.normal() * 0.03])
        out.append(solids.tube([p, p + 0.5 * d, p + d + [0, 0, -0.01]], 0.0022, RUST, sides=5, color=(0.20, 0.14, 0.10)))
    return [grounded(out, size)]


def bumper(size: Array, g: Chance, color: RGB) -> Meshes:
    """The front of a car's skin, torn off: bowed, with its openings. Its face is +x."""
    n, m = 48, 26
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(0, 1, m), indexing="ij")
    bow = 0.62 * size[0] * np.abs(u) ** 2.4 + 0.30 * size[0] * np.abs(u) ** 8
    profile = 0.14 * size[0] * np.sin(np.pi * np.clip(v * 1.1, 0, 1)) - 0.10 * size[0] * v**3 - 0.16 * size[0] * (v < 0.1)
    x = -bow + profile
    z = v * size[2] * (1 - 0.12 * np.abs(u)) + 0.05 * size[2] * u
    y = u * size[1] / 2
    intake = (v > 0.12) & (v < 0.42) & (np.abs(u) < 0.46)
    fog = (v > 0.14) & (v < 0.40) & (np.abs(u) > 0.60) & (np.abs(u) < 0.78)
    plate = (v > 0.52) & (v < 0.76) & (np.abs(u) < 0.30)
    x = np.where(intake | fog, x - 0.035, np.where(plate, x + 0.006, x))
    c = np.where((intake | fog)[..., None], 0.010, np.asarray(color))
    c = np.where(plate[..., None], 0.60, c)
    return [grounded([sheet(np.stack([x, y, z], 2)[:, ::-1], 0.006, ENAMEL, color=c[:, ::-1], smooth_deg=40.0)], size)]


def exhaust(size: Array, g: Chance) -> Meshes:
    """A silencer with its pipes, rusty."""
    length, width, height = size
    rust = (0.20, 0.12, 0.075)
    body = soft_box((0.40 * length, width, height), 0.49 * height, RUST, cells=16)
    out = [mottled(body, rust, 0.08, 0.35)]
    p = [(0.18 * length, 0.02, 0), (0.30 * length, 0.02, 0), (0.38 * length, -0.02, 0.03), (0.50 * length, -0.03, 0.03)]
    q = [(-0.18 * length, -0.03, 0), (-0.28 * length, -0.04, 0.02), (-0.38 * length, 0.03, 0.0), (-0.5 * length, 0.05, -0.02)]
    out += [mottled(solids.tube(line, 0.027, RUST, sides=14), rust, 0.06, 0.35) for line in (p, q)]
    out.append(placed(hollow(0.030, 0.024, 0, 0.05, STEEL, STEEL_GREY), (0.50 * length, -0.03, 0.03), pitch=np.pi / 2))
    for x in (-0.10, 0.10):
        out.append(board((0.012, width * 1.0, height * 1.0), (x * length, 0, 0), RUST, rust, bevel=0.45 * height))
    return [grounded(out, size)]


def headlight(size: Array, g: Chance) -> Meshes:
    """A headlamp broken off: two projectors and an indicator under a clear lens that looks to +x, the black housing behind."""
    depth, width, height = size
    half = np.array([0.5 * depth, 0.5 * width, 0.5 * height])
    shell = ball(half, PLASTIC, rounds=4, color=(0.03, 0.03, 0.032))
    back = shell.vertices.copy()
    back[:, 0] = np.minimum(back[:, 0], 0.06 * depth)
    out = [replace(shell, vertices=back, normals=corner_normals(back, shell.triangles, 40.0))]
    for y, r in ((-0.21, 0.30), (0.11, 0.27)):
        at = (0.06 * depth, y * width, 0.0)
        bowl = hollow(r * height, 0.78 * r * height, 0, 0.05, STEEL, (0.75, 0.76, 0.78))
        eye = ball((0.66 * r * height, 0.66 * r * height, 0.30 * r * height), ENAMEL, rounds=3, color=(0.10, 0.11, 0.13))
        out += [placed(bowl, at, pitch=np.pi / 2), placed(eye, (at[0] + 0.02, at[1], 0), pitch=np.pi / 2)]
    out.append(placed(ball((0.03, 0.04, 0.05), ENAMEL, rounds=3, color=(0.62, 0.24, 0.01)), (0.08 * depth, 0.33 * width, 0)))
    lens = ball(half * 1.004, Surface("vehicle_glass"), rounds=4)
    front = lens.vertices.copy()
    front[:, 0] = np.maximum(front[:, 0], 0.065 * depth)
    out.append(replace(lens, vertices=front, normals=corner_normals(front, lens.triangles, 40.0)))
    out += [board((0.05, 0.03, 0.02), (-0.10 * depth, s * 0.47 * width, 0.2 * height), PLASTIC, BLACK) for s in (-1, 1)]
    out.append(placed(drum(0.045, 0, 0.05, RUBBER, BLACK), (-0.5 * depth, -0.15 * width, 0), pitch=np.pi / 2))
    return [grounded(out, size)]


def wing_mirror(size: Array, g: Chance, color: RGB) -> Meshes:
    """A door mirror that lies on its back; the glass looks up."""
    length, width, height = size
    shell = ball((0.40 * length, width / 2, 0.72 * height), ENAMEL, rounds=3, color=color)
    flat = shell.vertices.copy()
    flat[:, 2] = np.minimum(flat[:, 2], 0.25 * height)
    shell = replace(shell, vertices=flat, normals=corner_normals(flat, shell.triangles, 40.0))
    glass = solids.prism(affinity.scale(signs.disc(1.0), 0.34 * length, 0.42 * width), 0.25 * height - 0.002, 0.25 * height + 0.004, Surface("object_mirror"))
    out = [shell, glass, board((0.10, 0.05, 0.04), (0.44 * length, 0, -0.05 * height), PLASTIC, BLACK, bevel=0.012)]
    out.append(board((0.03, 0.13, 0.10), (0.53 * length, 0, -0.02 * height), PLASTIC, BLACK, bevel=0.01))
    return [grounded(out, size)]


def hubcap(size: Array, g: Chance) -> Meshes:
    """A wheel trim, face up: a dish with spokes."""
    r, h = size[0] / 2, size[2]
    grey = (0.40, 0.405, 0.415)
    out = [solids.lathe([(0, 0.25 * h), (0.92 * r, 0.0), (r, 0.02 * h), (r, 0.30 * h), (0.90 * r, 0.45 * h), (0.84 * r, 0.35 * h), (0, 0.42 * h)], PLASTIC, sides=44, color=(0.03, 0.03, 0.03), smooth_deg=50)]
    out.append(painted(placed(torus(0.92 * r, 0.07 * r, 44, 8, STEEL), (0, 0, 0.45 * h), roll=np.pi / 2), grey))
    for k in range(9):
        a = k * TAU / 9
        out.append(board((0.74 * r, 0.13 * r, 0.25 * h), (0.52 * r * np.cos(a), 0.52 * r * np.sin(a), 0.62 * h), STEEL, grey, bevel=0.006, yaw=a))
    out.append(drum(0.22 * r, 0.3 * h, h, STEEL, grey, sides=28))
    return [grounded(out, size)]


# ---- roads and works


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
        out.append(placed(soft_box((0.16, 0.05, 0.02), 0.008, PLASTIC, cells=4, color=(0.45, 0.30, 0.02)), (s * 0.41 * length, 0, height / 2)))
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
            out += rods([[(0, y * side, foot + 0.01), (s * 0.06, y * side, 0.02), (s * 0.15, y * side, 0.005)]], 0.005, STEEL, STEEL_GREY)
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
            out.append(board((0.075, 0.018, 0.24 * t), (x, y, 0.88 * t), RUST, np.array([0.26, 0.215, 0.18]) * tone, bevel=0.002, yaw=yaw))
    return [grounded(out, size)]


def manhole_open(size: Array, g: Chance) -> Meshes:
    """An open shaft: the iron frame around a black hole, and the cover beside it, half over its edge."""
    r, iron = 0.30, (0.085, 0.08, 0.078)
    frame = hollow(0.395, r, 0, 0.02, IRON, iron, sides=48)
    hole = drum(r + 0.005, 0, 0.004, RUBBER, (0.002, 0.002, 0.002), sides=48, edge=0.001)
    cover = [drum(0.305, 0, 0.055, IRON, iron, sides=48), painted(placed(torus(0.285, 0.012, 44, 6, IRON), (0, 0, 0.055), roll=np.pi / 2), iron)]
    for i in range(-4, 5):
        for j in range(-4, 5):
            if (i * i + j * j) * 0.058**2 < 0.25**2:
                cover.append(board((0.036, 0.036, 0.016), (i * 0.058, j * 0.058, 0.057), IRON, (0.12, 0.115, 0.11), bevel=0.003))
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
                stud = solids.lathe([(0, height - top - 0.01), (0.14, height - top - 0.01), (0.115, height), (0, height)], CONCRETE, sides=24)
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
        bars = [shapely.Polygon([(x, low), (x + 0.20, low), (x + 0.45, low + 0.25), (x + 0.25, low + 0.25)]) for x in np.arange(-width, width, 0.4)]
        red = shapely.set_precision(shapely.intersection(shapely.union_all(bars), plate), 1e-4)
        for z in (0.014, -0.014):
            face = solids.prism(shapely.set_precision(plate.difference(red), 1e-4), min(0, z), max(0, z), BAND)
            out += [face.transformed(MODEL_FROM_FACE), solids.prism(red, min(0, z), max(0, z), RED_FACE).transformed(MODEL_FROM_FACE)]
    for y in (-0.36, 0.36):
        out.append(board((0.04, 0.05, height - 0.06), (-0.034, y * width, height / 2), PLASTIC, WHITE))
        out.append(placed(soft_box((size[0], 0.26, 0.10), 0.03, RUBBER, cells=6, color=(0.035, 0.035, 0.034)), (-0.0, y * width, 0.05)))
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
            out.append(board((0.20 * length, 0.03, 0.22 * h), (x * length, s * 0.46 * w, 0.66 * h), PLASTIC, np.asarray(color) * 0.75, bevel=0.012, roll=s * -0.07))
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
    out = [block((-d / 2, -w / 2, 0.08), (d / 2, w / 2, 1.0), ENAMEL, wall), block((-d / 2 - 0.06, -w / 2 - 0.06, 0), (d / 2 + 0.06, w / 2 + 0.06, 0.10), CONCRETE, (0.33, 0.33, 0.32))]
    out += [block((x * d / 2 - 0.04, y * w / 2 - 0.04, 0.9), (x * d / 2 + 0.04, y * w / 2 + 0.04, height - 0.2), ENAMEL, frame) for x in (-1, 1) for y in (-1, 1)]
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
    out = [solids.prism(shape, 0, 0.12, CONCRETE, color=(0.42, 0.415, 0.40)), solids.prism(shape.buffer(-0.15), 0.12, 0.125, CONCRETE, color=(0.24, 0.20, 0.18))]
    sign, _ = roadside.sign("keep_right" if "keep_right" in signs.FACES else "roundabout", lower_edge_m=0.6)
    for end, yaw in ((-1, np.pi), (1, 0.0)):
        out += turned(sign, (end * (length - width) / 2, 0, 0.42), yaw=yaw)
    for x in (-0.28, 0.28):
        post = [drum(0.055, 0.12, 0.85, PLASTIC, WHITE), drum(0.0575, 0.55, 0.72, Surface("cone_band"), WHITE), ball((0.055, 0.055, 0.05), PLASTIC, rounds=2, color=WHITE)]
        post[2] = placed(post[2], (0, 0, 0.85))
        out += turned(post, (x * length, 0, 0))
    return [grounded([_above_ground(join(out))], size)]


def _above_ground(m: Mesh) -> Mesh:
    v = m.vertices.copy()
    v[:, 2] = np.maximum(v[:, 2], 0.0)
    return replace(m, vertices=v)


def machinery(size: Array, g: Chance, color: RGB) -> Meshes:
    """A towed compressor of a road crew: a hood with louvres, one axle, a drawbar. Its front is +x."""
    length, width, height = size
    body_l = 0.64 * length
    x0 = -length / 2 + body_l / 2
    hood = soft_box((body_l, width - 0.34, height - 0.42), 0.09, ENAMEL, cells=16, color=color)
    z = 0.36 + (height - 0.42) / 2
    out = [placed(hood, (x0, 0, z)), block((x0 - body_l / 2 + 0.04, -0.30, 0.30), (x0 + body_l / 2 - 0.02, 0.30, 0.40), IRON, BLACK)]
    for s in (-1, 1):
        for k in range(7):
            out.append(board((0.42 * body_l, 0.012, 0.022), (x0 + 0.16 * body_l, s * (width / 2 - 0.169), z - 0.12 + 0.045 * k), IRON, BLACK))
        out.append(board((0.30 * body_l, 0.012, 0.30 * height), (x0 - 0.26 * body_l, s * (width / 2 - 0.169), z), ENAMEL, np.asarray(color) * 0.7))
        out.append(placed(wheel(0.56, 0.155, "steel", rim=0.62), (x0, s * (width / 2 - 0.08), 0.28)) if s > 0 else placed(wheel(0.56, 0.155, "steel", rim=0.62), (x0, s * (width / 2 - 0.08), 0.28), yaw=np.pi))
        out.append(board((0.70, 0.20, 0.02), (x0, s * (width / 2 - 0.09), 0.62), ENAMEL, BLACK, bevel=0.008))
    out += rods([[(x0 + body_l / 2 - 0.15, s * 0.24, 0.35), (length / 2 - 0.30, s * 0.05, 0.40), (length / 2 - 0.06, 0, 0.42)] for s in (-1, 1)], 0.03, IRON, BLACK)
    out.append(placed(torus(0.045, 0.016, 18, 8, IRON), (length / 2 - 0.061, 0, 0.42), roll=np.pi / 2))
    out[-1] = painted(out[-1], BLACK)
    out += rods([[(length / 2 - 0.34, 0, 0.40), (length / 2 - 0.34, 0, 0.12)]], 0.026, STEEL, STEEL_GREY)
    out += caster(0.09, 0.05, (length / 2 - 0.34, 0.0, 0.09))
    out += rods([[(x0 - 0.2, 0, height - 0.08), (x0 - 0.2, 0, height)]], 0.035, RUST, (0.16, 0.10, 0.07))
    return [grounded(out, size)]


def power_line(size: Array, g: Chance) -> Meshes:
    """A wooden pole that snapped, with its crossarm and insulators, and the wires in loops on the road."""
    length, width, _ = size
    wood = (0.17, 0.125, 0.085)
    pole = mottled(solids.tube([(-0.44 * length, 0, 0.14), (0, 0, 0.13), (0.32 * length, 0, 0.12)], [0.14, 0.125, 0.11], WOOD, sides=16), wood, 0.25, 0.25)
    out = [pole]
    for k in range(9):  # splinters where it broke
        a = k * TAU / 9
        p = np.array([-0.44 * length, 0.09 * np.cos(a), 0.14 + 0.09 * np.sin(a)])
        out.append(solids.tube([p + [0.05, 0, 0], p - [float(g.uniform(0.08, 0.32)), 0, 0]], [0.035, 0.006], WOOD, sides=5, color=(0.46, 0.34, 0.20)))
    x = 0.26 * length
    out.append(board((0.11, 2.2, 0.13), (x, 0, 0.30), WOOD, wood, bevel=0.006))
    for y in (-0.95, 0.0, 0.95):
        profile = [(0, 0), (0.03, 0.0), (0.03, 0.03), (0.07, 0.05), (0.065, 0.085), (0.03, 0.10), (0.06, 0.135), (0.055, 0.17), (0, 0.19)]
        out.append(placed(solids.lathe(profile, ENAMEL, sides=16, color=(0.30, 0.17, 0.10)), (x + 0.05, y, 0.30), pitch=np.pi / 2))
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
        return height * (np.sqrt(slope * slope + 0.015) - 0.12 * (1 - slope)) * (1 + 0.16 * broad) * np.minimum(1, slope * 12) + 0.7 * grain_m * lumps * np.minimum(1, slope * 8)

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
        pebble = ball((r, 0.8 * r, 0.65 * r), surface, rounds=1, relief=lambda d: 0.16 * fractal_noise(d * 2 + x * 40, 1), color=np.clip(np.asarray(color) * tone, 0, 1))
        out.append(placed(pebble, (x, y, z), yaw=a))
    return [grounded(out, size)]
