"""Tyres, torn-off parts of vehicles, and machines that stand about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from shapely import affinity

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, corner_normals
from scenesim.geometry.rough import ball, grounded, scaled, sheet, soft_box
from scenesim.geometry.soft import placed, ring, torus
from scenesim.models import signs
from scenesim.models.debris_kit import (
    BLACK,
    ENAMEL,
    IRON,
    PLASTIC,
    RGB,
    RUBBER,
    RUBBER_BLACK,
    RUST,
    STEEL,
    STEEL_GREY,
    TAU,
    Array,
    Chance,
    Meshes,
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
)
from scenesim.models.wheel import wheel


def tyre(size: Array, g: Chance, rim_m: float, standing: bool = False) -> Meshes:
    """A tyre without its rim, about y: grooves around, ribs across the shoulders."""
    outer, width = (max(size[0], size[2]) / 2, min(size)) if standing else (size[0] / 2, size[2])
    rim, half = rim_m / 2, width / 2
    groove, k = 0.009, 0.008
    tread = [(outer, 0.0)]
    for y in (0.20, 0.48):
        c = y * half
        tread += [
            (outer - 0.001, c - k),
            (outer - groove, c - k + 0.001),
            (outer - groove, c + k - 0.001),
            (outer - 0.001, c + k),
        ]
    tread += [(outer - 0.004, 0.70 * half), (outer - 0.022, 0.84 * half)]
    side = [
        (outer - 0.055, 0.955 * half),
        (rim + 0.45 * (outer - rim), half),
        (rim + 0.20 * (outer - rim), 0.92 * half),
        (rim + 0.012, 0.78 * half),
        (rim, 0.72 * half),
        (rim, 0.60 * half),
    ]
    inside = [
        (rim + 0.02, 0.58 * half),
        (rim + 0.40 * (outer - rim), 0.84 * half),
        (outer - 0.05, 0.78 * half),
        (outer - 0.026, 0.45 * half),
    ]
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
    narrow = 1 - 0.35 * np.abs(u) ** 4 * np.abs(
        fractal_noise(np.stack([u.ravel() * 2, v.ravel() * 0, v.ravel() * 0 + 7], 1), 2).reshape(u.shape)
    )
    y = v * size[1] / 2 * narrow + 0.10 * u**2 * size[1]
    z = (
        z
        + 0.10 * u * v * size[2]
        + 0.02 * fractal_noise(np.stack([x.ravel() * 4, y.ravel() * 4, np.ones(x.size)], 1), 2).reshape(x.shape)
    )
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
    out = [placed(painted(_half_ball(half, -0.06 * depth, PLASTIC), (0.03, 0.03, 0.032)), yaw=np.pi)]
    for y, r in ((-0.21, 0.30), (0.11, 0.27)):
        at = (0.06 * depth, y * width, 0.0)
        bowl = hollow(r * height, 0.78 * r * height, 0, 0.05, STEEL, (0.75, 0.76, 0.78))
        eye = ball((0.66 * r * height, 0.66 * r * height, 0.30 * r * height), ENAMEL, rounds=3, color=(0.10, 0.11, 0.13))
        out += [placed(bowl, at, pitch=np.pi / 2), placed(eye, (at[0] + 0.02, at[1], 0), pitch=np.pi / 2)]
    out.append(placed(ball((0.03, 0.04, 0.05), ENAMEL, rounds=3, color=(0.62, 0.24, 0.01)), (0.08 * depth, 0.33 * width, 0)))
    out.append(_half_ball(half * 1.004, 0.065 * depth, Surface("vehicle_glass")))
    out += [board((0.05, 0.03, 0.02), (-0.10 * depth, s * 0.47 * width, 0.2 * height), PLASTIC, BLACK) for s in (-1, 1)]
    out.append(placed(drum(0.045, 0, 0.05, RUBBER, BLACK), (-0.5 * depth, -0.15 * width, 0), pitch=np.pi / 2))
    return [grounded(out, size)]


def _half_ball(radii: Array, from_x: float, surface: Surface) -> Mesh:
    """What of an ellipsoid lies beyond x = from_x, closed by a flat side."""
    first = np.arccos(np.clip(from_x / radii[0], -1, 1))
    a = np.linspace(0, first, 15)
    profile = [(0.0, float(np.cos(first))), *((float(np.sin(t)), float(np.cos(t))) for t in a[:0:-1]), (0.0, 1.0)]
    return scaled(placed(solids.lathe(profile, surface, sides=48), pitch=np.pi / 2), radii)


def wing_mirror(size: Array, g: Chance, color: RGB) -> Meshes:
    """A door mirror that lies on its back; the glass looks up."""
    length, width, height = size
    shell = ball((0.40 * length, width / 2, 0.72 * height), ENAMEL, rounds=3, color=color)
    flat = shell.vertices.copy()
    flat[:, 2] = np.minimum(flat[:, 2], 0.25 * height)
    shell = replace(shell, vertices=flat, normals=corner_normals(flat, shell.triangles, 40.0))
    glass = solids.prism(
        affinity.scale(signs.disc(1.0), 0.34 * length, 0.42 * width),
        0.25 * height - 0.002,
        0.25 * height + 0.004,
        Surface("object_mirror"),
    )
    out = [shell, glass, board((0.10, 0.05, 0.04), (0.44 * length, 0, -0.05 * height), PLASTIC, BLACK, bevel=0.012)]
    out.append(board((0.03, 0.13, 0.10), (0.53 * length, 0, -0.02 * height), PLASTIC, BLACK, bevel=0.01))
    return [grounded(out, size)]


def hubcap(size: Array, g: Chance) -> Meshes:
    """A wheel trim, face up: a dish with spokes."""
    r, h = size[0] / 2, size[2]
    grey = (0.40, 0.405, 0.415)
    out = [
        solids.lathe(
            [
                (0, 0.25 * h),
                (0.92 * r, 0.0),
                (r, 0.02 * h),
                (r, 0.30 * h),
                (0.90 * r, 0.45 * h),
                (0.84 * r, 0.35 * h),
                (0, 0.42 * h),
            ],
            PLASTIC,
            sides=44,
            color=(0.03, 0.03, 0.03),
            smooth_deg=50,
        )
    ]
    out.append(painted(placed(torus(0.92 * r, 0.07 * r, 44, 8, STEEL), (0, 0, 0.45 * h), roll=np.pi / 2), grey))
    for k in range(9):
        a = k * TAU / 9
        out.append(
            board(
                (0.74 * r, 0.13 * r, 0.25 * h),
                (0.52 * r * np.cos(a), 0.52 * r * np.sin(a), 0.62 * h),
                STEEL,
                grey,
                bevel=0.006,
                yaw=a,
            )
        )
    out.append(drum(0.22 * r, 0.3 * h, h, STEEL, grey, sides=28))
    return [grounded(out, size)]


def machinery(size: Array, g: Chance, color: RGB) -> Meshes:
    """A towed compressor of a road crew: a hood with louvres, one axle, a drawbar. Its front is +x."""
    length, width, height = size
    body_l = 0.64 * length
    x0 = -length / 2 + body_l / 2
    hood = soft_box((body_l, width - 0.34, height - 0.42), 0.09, ENAMEL, cells=16, color=color)
    z = 0.36 + (height - 0.42) / 2
    out = [
        placed(hood, (x0, 0, z)),
        block((x0 - body_l / 2 + 0.04, -0.30, 0.30), (x0 + body_l / 2 - 0.02, 0.30, 0.40), IRON, BLACK),
    ]
    for s in (-1, 1):
        for k in range(7):
            out.append(
                board(
                    (0.42 * body_l, 0.012, 0.022),
                    (x0 + 0.16 * body_l, s * (width / 2 - 0.169), z - 0.12 + 0.045 * k),
                    IRON,
                    BLACK,
                )
            )
        out.append(
            board(
                (0.30 * body_l, 0.012, 0.30 * height),
                (x0 - 0.26 * body_l, s * (width / 2 - 0.169), z),
                ENAMEL,
                np.asarray(color) * 0.7,
            )
        )
        out.append(
            placed(wheel(0.56, 0.155, "steel", rim=0.62), (x0, s * (width / 2 - 0.08), 0.28))
            if s > 0
            else placed(wheel(0.56, 0.155, "steel", rim=0.62), (x0, s * (width / 2 - 0.08), 0.28), yaw=np.pi)
        )
        out.append(board((0.70, 0.20, 0.02), (x0, s * (width / 2 - 0.09), 0.62), ENAMEL, BLACK, bevel=0.008))
    out += rods(
        [
            [(x0 + body_l / 2 - 0.15, s * 0.24, 0.35), (length / 2 - 0.30, s * 0.05, 0.40), (length / 2 - 0.06, 0, 0.42)]
            for s in (-1, 1)
        ],
        0.03,
        IRON,
        BLACK,
    )
    out.append(placed(torus(0.045, 0.016, 18, 8, IRON), (length / 2 - 0.061, 0, 0.42), roll=np.pi / 2))
    out[-1] = painted(out[-1], BLACK)
    out += rods([[(length / 2 - 0.34, 0, 0.40), (length / 2 - 0.34, 0, 0.12)]], 0.026, STEEL, STEEL_GREY)
    out += caster(0.09, 0.05, (length / 2 - 0.34, 0.0, 0.09))
    out += rods([[(x0 - 0.2, 0, height - 0.08), (x0 - 0.2, 0, height)]], 0.035, RUST, (0.16, 0.10, 0.07))
    return [grounded(out, size)]


def mini_excavator(size: Array, g: Chance, color: RGB) -> Meshes:
    """A small digger on rubber tracks, its arm folded to +x."""
    c = np.asarray(color)
    out: Meshes = []
    track = shapely.LineString([(-0.62, 0.21), (0.62, 0.21)]).buffer(0.21, quad_segs=6)
    for y in (-0.60, 0.60):
        belt = solids.prism(track.difference(track.buffer(-0.05)), -0.14, 0.14, RUBBER, color=RUBBER_BLACK)
        out.append(placed(belt, (0, y, 0), roll=np.pi / 2))
        for x in (-0.62, -0.3, 0.0, 0.3, 0.62):
            r = 0.16 if abs(x) > 0.5 else 0.09
            out.append(axle(drum(r, -0.10, 0.10, IRON, (0.06, 0.06, 0.06)), (x, y, 0.21 if abs(x) > 0.5 else 0.14)))
    out += [
        block((-0.40, -0.50, 0.22), (0.40, 0.50, 0.42), IRON, (0.05, 0.05, 0.05)),
        drum(0.36, 0.40, 0.52, IRON, (0.05, 0.05, 0.05)),
    ]
    out.append(placed(soft_box((1.00, 1.34, 0.62), 0.12, ENAMEL, cells=10, color=c), (-0.42, 0, 0.82)))
    out.append(block((-0.30, -0.62, 0.52), (0.72, 0.62, 0.60), ENAMEL, c * 0.5))
    post, glass = (0.05, 0.05, 0.055), Surface("window_glass")
    corners = [(-0.30, -0.02), (0.62, -0.02), (0.62, 0.60), (-0.30, 0.60)]
    out += [board((0.06, 0.06, 1.50), (x, y, 1.32), ENAMEL, post) for x, y in corners]
    out.append(solids.box((0.90, 0.60, 1.10), (0.16, 0.29, 1.46), glass))
    out += [
        block((-0.33, -0.05, 0.58), (0.65, 0.63, 0.92), ENAMEL, c),
        block((-0.36, -0.08, 2.02), (0.68, 0.66, 2.10), ENAMEL, c, bevel=0.03),
    ]
    boom = [(0.68, -0.30, 0.70), (1.10, -0.30, 1.75), (1.75, -0.30, 2.05)]
    arm = [(1.70, -0.30, 2.12), (1.98, -0.30, 0.95)]
    for line, wide in ((boom, 0.10), (arm, 0.085)):
        out += [solids.tube(line, wide, ENAMEL, sides=4, color=c)]
    out += rods(
        [[(0.80, -0.30, 0.62), (1.18, -0.30, 1.55)], [(1.25, -0.30, 1.98), (1.82, -0.30, 1.86)]], 0.04, STEEL, STEEL_GREY
    )
    u = np.linspace(-0.4, 2.5, 9)
    shovel = np.stack(
        [np.stack([1.88 + 0.26 * np.sin(u), np.full(9, y - 0.30), 0.62 - 0.30 * np.cos(u)], 1) for y in (-0.26, 0.26)], 1
    )
    out.append(sheet(shovel, 0.03, IRON, color=(0.06, 0.055, 0.05)))
    for y in (-0.56, -0.04):
        side = shapely.Polygon([(1.88, 0.62), *zip(shovel[:, 0, 0], shovel[:, 0, 2])]).buffer(0)
        out.append(placed(solids.prism(side, -0.01, 0.01, IRON, color=(0.06, 0.055, 0.05)), (0, y, 0), roll=np.pi / 2))
    out.append(board((0.05, 1.46, 0.32), (0.95, 0, 0.22), IRON, c * 0.6))
    out += [board((0.40, 0.08, 0.08), (0.72, y, 0.25), IRON, c * 0.6) for y in (-0.35, 0.35)]
    return [grounded(out, size)]


def cargo_tricycle(size: Array, g: Chance, color: RGB) -> Meshes:
    """A three-wheeled cargo motorcycle with an open bed, nobody on it. Its front is +x."""
    c = np.asarray(color)
    out: Meshes = []
    for x, y in ((1.15, 0.0), (-0.85, 0.50), (-0.85, -0.50)):
        out.append(placed(painted(torus(0.24, 0.055, 32, 10, RUBBER), RUBBER_BLACK), (x, y, 0.295)))
        out.append(axle(drum(0.20, -0.035, 0.035, STEEL, STEEL_GREY), (x, y, 0.295)))
    out += mirrored(
        rods(
            [
                [(1.15, 0.09, 0.295), (0.98, 0.10, 0.80), (0.90, 0.10, 1.02)],
                [(0.90, 0.06, 1.02), (0.86, 0.34, 1.10), (0.72, 0.38, 1.06)],
            ],
            0.022,
            STEEL,
            STEEL_GREY,
        )
    )
    out += mirrored(rods([[(0.78, 0.362, 1.075), (0.66, 0.40, 1.04)]], 0.024, RUBBER, BLACK))
    out.append(placed(ball((0.08, 0.10, 0.10), ENAMEL, rounds=3, color=(0.6, 0.6, 0.58)), (1.06, 0, 0.92)))
    out.append(placed(soft_box((0.10, 0.30, 0.34), 0.04, ENAMEL, cells=6, color=c), (0.98, 0, 1.02), pitch=-0.25))
    out.append(placed(soft_box((0.44, 0.16, 0.10), 0.045, ENAMEL, cells=8, color=c), (1.16, 0, 0.58), pitch=0.15))
    out.append(placed(soft_box((0.46, 0.26, 0.22), 0.08, ENAMEL, cells=10, color=c), (0.48, 0, 0.74)))
    out.append(placed(soft_box((0.50, 0.34, 0.10), 0.04, PLASTIC, cells=8, color=BLACK), (0.10, 0, 0.74)))
    out += rods([[(0.92, 0, 0.80), (0.60, 0, 0.40), (-0.20, 0, 0.36), (-1.50, 0, 0.42)]], 0.04, IRON, BLACK)
    out.append(block((0.30, -0.16, 0.26), (0.62, 0.16, 0.58), IRON, (0.10, 0.10, 0.10), bevel=0.03))
    out.append(axle(drum(0.03, -0.46, 0.46, IRON, BLACK), (-0.85, 0, 0.295)))
    low, high, x0, x1, w = 0.56, 0.92, -1.50, -0.18, 0.60
    out.append(block((x0, -w, low), (x1, w, low + 0.05), ENAMEL, c))
    out += [block((x0, s * w - 0.02, low), (x1, s * w + 0.02, high), ENAMEL, c) for s in (-1, 1)]
    out += [block((x - 0.02, -w, low), (x + 0.02, w, high), ENAMEL, c) for x in (x0, x1)]
    out += [
        block((x - 0.02, s * (w + 0.02) - 0.015, low), (x + 0.02, s * (w + 0.02) + 0.015, high), ENAMEL, c * 0.7)
        for x in np.linspace(x0 + 0.1, x1 - 0.1, 4)
        for s in (-1, 1)
    ]
    out += [
        block((x0 - 0.03, s * 0.48 - 0.07, 0.60), (x0 - 0.01, s * 0.48 + 0.07, 0.67), ENAMEL, (0.4, 0.01, 0.01))
        for s in (-1, 1)
    ]
    return [grounded(out, size)]
