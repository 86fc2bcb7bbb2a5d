"""Building material, ropes, sheets and cans that fall off vehicles."""

from __future__ import annotations

import numpy as np
import shapely

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh
from scenesim.geometry.rough import grounded, sheet, soft_box
from scenesim.geometry.soft import placed, torus
from scenesim.models.debris_kit import (
    BLACK,
    ENAMEL,
    FILM,
    IRON,
    PLASTIC,
    RGB,
    RUBBER,
    RUBBER_BLACK,
    RUST,
    STEEL,
    STEEL_GREY,
    TAU,
    TEXTILE,
    WOOD,
    Array,
    Chance,
    Meshes,
    Surface,
    axle,
    board,
    drum,
    hollow,
    log,
    mirrored,
    mottled,
    painted,
    rods,
    turned,
)


def ladder(size: Array, g: Chance) -> Meshes:
    """Lying flat; rails of aluminium, rungs every 28 cm (EN 131)."""
    length, width, height = size
    out = []
    for s in (-1, 1):
        out.append(
            board((length, 0.026, height), (0, s * (width / 2 - 0.013), height / 2), STEEL, (0.58, 0.585, 0.59), bevel=0.004)
        )
        for e in (-1, 1):
            out.append(
                board((0.06, 0.034, height), (e * (length / 2 - 0.03), s * (width / 2 - 0.017), height / 2), PLASTIC, BLACK)
            )
    n = int(length / 0.28)
    for k in range(n):
        x = (k - (n - 1) / 2) * 0.28
        out.append(
            axle(drum(0.016, -width / 2 + 0.02, width / 2 - 0.02, STEEL, (0.62, 0.625, 0.63), sides=12), (x, 0, height / 2))
        )
    return out


def pipe(size: Array, g: Chance, color: RGB, wall: float = 0.006, socket: bool = True, material: str = "plastic") -> Meshes:
    length, width, _ = size
    surface = Surface(f"object_{material}")
    r = width / 2
    body = r - (0.012 if socket else 0.0)
    out = [hollow(body, body - wall, -length / 2, length / 2, surface, color)]
    if socket:
        out.append(hollow(r, body - 0.4 * wall, length / 2 - 0.13, length / 2 + 0.0, surface, color))
    return [grounded(turned(out, pitch=np.pi / 2), size)]


def rebar(size: Array, g: Chance) -> Meshes:
    """Steel bars, fanned out as they slid off."""
    length = size[0]
    out = []
    for k in range(16):
        yaw, y = float(g.uniform(-0.05, 0.05)), float(g.uniform(-0.12, 0.12))
        z = 0.010 + 0.018 * (k % 4)
        run = length * float(g.uniform(0.86, 0.98))
        out.append(
            placed(
                mottled(
                    solids.tube([(-run / 2, 0, 0), (0, 0, 0), (run / 2, 0, 0)], 0.009, RUST, sides=8),
                    (0.26, 0.12, 0.06),
                    0.2,
                    0.3,
                ),
                (0, y, z),
                yaw=yaw,
            )
        )
    return [grounded(out, size)]


def brick(size: Array, g: Chance, count: int = 1) -> Meshes:
    """Perforated clay bricks of the German format; many lie about as they fell."""
    one = np.array([0.24, 0.115, 0.071])
    out: Meshes = []
    for k in range(count):
        tone = np.array([0.36, 0.12, 0.065]) * float(g.uniform(0.8, 1.15))
        holes = [shapely.Point(x, y).buffer(0.011, 3) for x in np.linspace(-0.09, 0.09, 5) for y in (-0.03, 0.0, 0.03)]
        shape = shapely.difference(shapely.box(-0.12, -0.0575, 0.12, 0.0575), shapely.union_all(holes))
        m = solids.prism(shape, 0, one[2], Surface("object_clay"), color=tone)
        if count == 1:
            return [m]
        ring, level = (k % 9) / 9 * TAU, k // 9
        r = (0.42 if k % 2 else 0.26) * (1 - 0.45 * level) + float(g.uniform(-0.06, 0.06))
        tilt = float(g.uniform(-0.45, 0.45)) * (1 if level else 0.4)
        lift = 0.075 * level + 0.5 * abs(np.sin(tilt)) * 0.24
        out.append(placed(m, (1.35 * r * np.cos(ring), r * np.sin(ring), lift), yaw=float(g.uniform(0, TAU)), pitch=tilt))
    return [grounded(out, size)]


def logs(size: Array, g: Chance) -> Meshes:
    """Logs that rolled off a lorry: some side by side, some on top and askew."""
    length = size[0]
    bark = (0.13, 0.095, 0.065)
    spots = [
        (-0.78, 0.155, 0.10),
        (-0.36, 0.165, -0.06),
        (0.04, 0.17, 0.03),
        (0.44, 0.16, -0.12),
        (0.86, 0.15, 0.2),
        (-0.16, 0.45, 0.12),
        (0.27, 0.44, -0.08),
    ]
    out: Meshes = []
    for y, z, yaw in spots:
        r = float(g.uniform(0.14, 0.165))
        x = float(g.uniform(-0.35, 0.35))
        out += turned(log(length * 0.78, r, bark, g), (x, y, z), yaw=yaw, roll=float(g.uniform(0, TAU)))
    return [grounded(out, size)]


def rope(size: Array, g: Chance, color: RGB = (0.50, 0.38, 0.20)) -> Meshes:
    """A coil that came half undone, with a loose end."""
    r = 0.018
    turns = 4.0
    a = np.linspace(0, TAU * turns, 150)
    wob = fractal_noise(np.stack([np.cos(a) * 1.3, np.sin(a) * 1.3, a * 0.4], 1), 2)
    rad = 0.30 + 0.05 * wob + 0.012 * a / TAU
    z = r + 2 * r * np.abs(np.sin(a * 0.5 / 1.0 + 0.3)) * (a / a[-1]) + 0.030 * (a / TAU // 1) * 0.5
    p = np.stack([rad * np.cos(a), 0.85 * rad * np.sin(a), z], 1)
    u = np.linspace(0, 1, 40)[1:]
    end = p[-1]
    tail = np.stack([end[0] + 0.75 * u, end[1] + 0.25 * np.sin(u * 5.5) + 0.25 * u, end[2] * (1 - u) ** 4 + r], 1)
    path = np.concatenate([p, tail])
    m = solids.tube(path, r, Surface("object_textile"), sides=9)
    run = np.repeat(np.concatenate([[0], np.cumsum(np.sqrt((np.diff(path, axis=0) ** 2).sum(1)))]), 9)
    twist = np.tile(np.arange(9) / 9, len(path))
    shade = 0.78 + 0.22 * np.sin((run / 0.05 + twist) * TAU)
    shade = np.concatenate([shade, [0.8, 0.8]])
    return [grounded([painted(m, shade[:, None] * np.asarray(color))], size)]


def hose(size: Array, g: Chance) -> Meshes:
    """A fire hose across the road, in a bend, with its coupling."""
    u = np.linspace(0, 1, 90)
    path = np.stack([size[0] * (u - 0.5), 0.55 * np.sin(u * 7.0) * (0.4 + 0.6 * u), np.full(90, 0.035)], 1)
    m = solids.tube(path, 0.033, TEXTILE, sides=12)
    stripe = np.concatenate([np.tile(np.where(np.arange(12) == 4, 0.9, 0.0), 90), [0, 0]])
    rgb = (1 - stripe)[:, None] * np.array([0.42, 0.05, 0.035]) + stripe[:, None] * np.array([0.6, 0.58, 0.5])
    ends = [
        solids.tube([path[k], path[k] + (path[k] - path[j]) * 2.2], 0.044, STEEL, sides=14, color=STEEL_GREY)
        for k, j in ((0, 1), (-1, -2))
    ]
    return [grounded([painted(m, rgb), *ends], size)]


def tarpaulin(size: Array, g: Chance, color: RGB) -> Meshes:
    """A sheet that lies where the wind left it: flat corners, ridges where it is bunched."""
    n, m = 84, 66
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, m), indexing="ij")
    shift = float(g.uniform(0, 90))
    q = np.stack([u.ravel() * 1.5 + shift, v.ravel() * 1.2, np.full(u.size, shift)], 1)
    warp = fractal_noise(q * 0.9, 2).reshape(u.shape)
    ridge = 1 - np.abs(fractal_noise(q * 1.6 + warp.ravel()[:, None] * 0.7, 3)).reshape(u.shape)
    hump = np.clip(1.15 - 1.3 * ((u - 0.1) ** 2 + 1.1 * (v + 0.1) ** 2), 0.06, 1.2)
    z = hump * (0.35 * np.clip(ridge, 0, 1) ** 2 + 0.12 * np.clip(warp, -0.6, 1)) + 0.06 * hump**2
    x = u * (1 - 0.10 * np.abs(warp)) + 0.09 * warp + 0.10 * v * np.sin(u * 2 + shift)
    y = v * (1 - 0.14 * np.abs(ridge)) + 0.12 * fractal_noise(q * 0.8 + 31, 2).reshape(u.shape)
    p = np.stack([x * size[0] / 2, y * size[1] / 2, np.maximum(z, 0.01) * size[2] * 2], 2)
    cloth = sheet(p, 0.010, FILM, color=color)
    out = [cloth]
    for i in np.linspace(3, n - 4, 9).astype(int):  # eyelets along two hems
        for j in (1, m - 2):
            out.append(placed(painted(torus(0.028, 0.007, 12, 6, STEEL), STEEL_GREY), p[i, j] + [0, 0, 0.012], roll=np.pi / 2))
    return [grounded(out, size)]


def jerrycan(size: Array, g: Chance, color: RGB) -> Meshes:
    length, width, height = size
    body = soft_box((length, width, 0.86 * height), 0.035, ENAMEL, cells=10, color=color)
    out = [placed(body, (0, 0, 0.43 * height))]
    for s in (-1, 1):
        for yaw in (0.62, -0.62):  # the pressed cross on its sides
            out.append(
                board(
                    (0.78 * length, 0.008, 0.03),
                    (0, s * (width / 2 - 0.001), 0.42 * height),
                    ENAMEL,
                    np.asarray(color) * 0.85,
                    pitch=yaw,
                )
            )
    out += rods(
        [
            [
                (-0.30 * length, y, 0.84 * height),
                (-0.27 * length, y, 0.95 * height),
                (0.20 * length, y, 0.95 * height),
                (0.24 * length, y, 0.84 * height),
            ]
            for y in (-0.045, 0, 0.045)
        ],
        0.012,
        ENAMEL,
        color,
    )
    out.append(placed(drum(0.032, 0, 0.07, STEEL, STEEL_GREY), (0.36 * length, 0, 0.84 * height), pitch=0.5))
    return [grounded(out, size)]


def oil_drum(size: Array, g: Chance, color: RGB) -> Meshes:
    """A drum of 200 l with two rolling hoops (ISO 15750), lying or standing as `size` says."""
    d, h = (size[2], size[0]) if size[0] > size[2] else (size[0], size[2])
    r = d / 2 - 0.012
    z = [
        0,
        0.012,
        0.02,
        h * 0.33 - 0.02,
        h * 0.33,
        h * 0.33 + 0.02,
        h * 0.67 - 0.02,
        h * 0.67,
        h * 0.67 + 0.02,
        h - 0.02,
        h - 0.012,
        h,
    ]
    rr = [r, r + 0.008, r, r, r + 0.012, r, r, r + 0.012, r, r, r + 0.008, r]
    profile = [(0, 0.015), (r - 0.012, 0.015), *zip(rr, z), (r - 0.012, h - 0.015), (0, h - 0.015)]
    m = mottled(solids.lathe(profile, ENAMEL, sides=40), color, 0.25, 0.16)
    out = [
        m,
        placed(drum(0.03, 0, 0.012, STEEL, STEEL_GREY), (0.55 * r, 0, h - 0.018)),
        placed(drum(0.018, 0, 0.012, STEEL, STEEL_GREY), (-0.6 * r, 0, h - 0.018)),
    ]
    return [grounded(turned(out, pitch=np.pi / 2) if size[0] > size[2] else out, size)]


def gas_bottle(size: Array, g: Chance, color: RGB) -> Meshes:
    d, _, h = size
    r, b = d / 2, 0.80 * h
    out = [
        solids.lathe(
            [(0, 0.03), (0.75 * r, 0.035), (r, 0.09), (r, b - 0.10), (0.86 * r, b - 0.045), (0.5 * r, b - 0.01), (0, b)],
            ENAMEL,
            sides=32,
            color=color,
            smooth_deg=60,
        )
    ]
    out.append(hollow(0.82 * r, 0.80 * r, 0, 0.06, ENAMEL, color))
    out.append(drum(0.03, b - 0.02, b + 0.06, STEEL, (0.5, 0.4, 0.18)))
    for a in range(3):
        p, q = a * TAU / 3 - 0.7, a * TAU / 3 + 0.7
        arc = np.linspace(p, q, 9)
        pts = [[0.62 * r * np.cos(t), 0.62 * r * np.sin(t)] for t in arc]
        out.append(sheet([[(x, y, b - 0.03), (x, y, h)] for x, y in pts], 0.006, ENAMEL, color=color))
    return [grounded(out, size)]


def cable_drum(size: Array, g: Chance) -> Meshes:
    d, width, _ = size
    r = d / 2
    out = []
    for s in (-1, 1):
        out.append(axle(drum(r, -0.025, 0.025, WOOD, (0.46, 0.34, 0.20), sides=40), (0, s * (width / 2 - 0.025), r)))
        for k in range(-4, 5):  # the gaps between its boards
            x = k * r / 4.6
            half = np.sqrt(max(r * r - x * x, 0)) * 0.97
            out.append(board((0.006, 0.003, 2 * half), (x, s * (width / 2), r), WOOD, (0.10, 0.07, 0.04), bevel=0.001))
        out.append(axle(drum(0.05, -0.004, 0.004, IRON, BLACK), (0, s * width / 2, r)))
    for k in range(9):
        y = (k - 4) * (width - 0.13) / 9
        out.append(placed(painted(torus(0.66 * r, 0.033, 36, 8, RUBBER), BLACK), (0, y, r)))
    out.append(axle(drum(0.62 * r, -width / 2 + 0.04, width / 2 - 0.04, WOOD, (0.3, 0.22, 0.13)), (0, 0, r)))
    return [grounded(out, size)]


def wheelbarrow(size: Array, g: Chance, color: RGB = (0.03, 0.16, 0.07)) -> Meshes:
    """Its wheel is towards +x."""
    rim = np.array([[(0.62, -0.18), (0.62, 0.18)], [(-0.30, -0.33), (-0.30, 0.33)]])
    foot = np.array([[(0.32, -0.10), (0.32, 0.10)], [(-0.10, -0.22), (-0.10, 0.22)]])

    def wall(a: int, b: int, c: int, d: int) -> Mesh:
        p, q, r, s = rim[a, b], rim[c, d], foot[c, d], foot[a, b]
        rows = [
            [(*(p + (q - p) * u), 0.58 + 0.04 * (p[0] < 0)) for u in np.linspace(0, 1, 6)],
            [(*(s + (r - s) * u), 0.30) for u in np.linspace(0, 1, 6)],
        ]
        return sheet(rows, 0.008, ENAMEL, color=color)

    out = [wall(0, 0, 0, 1), wall(0, 1, 1, 1), wall(1, 1, 1, 0), wall(1, 0, 0, 0)]
    out.append(
        sheet(
            [[(*foot[0, 0], 0.30), (*foot[0, 1], 0.30)], [(*foot[1, 0], 0.30), (*foot[1, 1], 0.30)]], 0.008, ENAMEL, color=color
        )
    )
    out += mirrored(
        rods(
            [
                [(0.72, 0.05, 0.21), (0.30, 0.13, 0.28), (-0.25, 0.26, 0.33), (-0.78, 0.30, 0.55)],
                [(-0.15, 0.24, 0.32), (-0.22, 0.25, 0.02), (-0.36, 0.26, 0.02), (-0.30, 0.27, 0.34)],
            ],
            0.016,
            STEEL,
            STEEL_GREY,
        )
    )
    out += mirrored(rods([[(-0.68, 0.293, 0.51), (-0.80, 0.301, 0.557)]], 0.021, RUBBER, BLACK))
    out.append(painted(placed(torus(0.155, 0.04, 32, 12, RUBBER), (0.70, 0, 0.195)), RUBBER_BLACK))
    out.append(axle(drum(0.125, -0.02, 0.02, STEEL, color), (0.70, 0, 0.195)))
    return [grounded(out, size)]
