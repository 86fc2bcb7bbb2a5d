"""Packaging, rubbish, furniture and household things that fall off vehicles."""

from __future__ import annotations

import numpy as np
import shapely

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import make
from scenesim.geometry.rough import ball, grounded, scaled, sheet, soft_box, sphere_grid
from scenesim.geometry.soft import placed, torus
from scenesim.models.debris_kit import (
    BLACK,
    CARD,
    ENAMEL,
    FILM,
    IRON,
    PINE,
    PLASTIC,
    RGB,
    RUBBER,
    SACK,
    STEEL,
    STEEL_GREY,
    TAU,
    TEXTILE,
    WHITE,
    WOOD,
    Array,
    Chance,
    Meshes,
    Surface,
    axle,
    block,
    board,
    drum,
    grained,
    mottled,
    painted,
    rods,
    turned,
)

# ---- packaging


def pallet(size: Array, g: Chance) -> Meshes:
    """Five top boards, three cross boards, nine blocks, three skids, as EN 13698-1 has them."""
    length, width, height = size
    tone = np.array([0.44, 0.33, 0.20])
    shade = lambda: tuple(tone * float(g.uniform(0.78, 1.12)))  # noqa: E731
    t, skid = 0.022, 0.022
    cross_z, block_h = height - 2 * t, height - 3 * t
    out = []
    for y, w in ((-1, 0.145), (-0.5, 0.10), (0, 0.145), (0.5, 0.10), (1, 0.145)):
        at = y * (width / 2 - 0.0725) if abs(y) != 0.5 else np.sign(y) * 0.175
        out.append(board((length, w, t), (0, at, height - t / 2), rgb=shade()))
    for x in (-1, 0, 1):
        at = x * (length / 2 - 0.0725)
        out.append(board((0.145, width, t), (at, 0, cross_z + t / 2), rgb=shade()))
        for y in (-1, 0, 1):
            w = 0.145 if y == 0 else 0.10
            out.append(board((0.145, w, block_h), (at, y * (width / 2 - w / 2), skid + block_h / 2), rgb=shade()))
    for y in (-1, 0, 1):
        w = 0.145 if y == 0 else 0.10
        out.append(board((length, w, skid), (0, y * (width / 2 - w / 2), skid / 2), rgb=shade()))
    return out


def plank(size: Array, g: Chance, color: RGB = PINE) -> Meshes:
    """A sawn board or beam."""
    return [grounded([grained(mottled(soft_box(size, 0.004, WOOD, cells=8), color, 0.12, 0.10, float(g.uniform(0, 9))))])]


def cardboard_box(
    size: Array, g: Chance, color: RGB, open_flaps: bool = False, crushed: float = 0.0, tape: bool = True
) -> Meshes:
    length, width, height = size
    if open_flaps:
        t = 0.006
        body_l, body_w = length / 1.55, width / 1.9
        body_h = height / 1.18
        walls = [block((-body_l / 2, -body_w / 2, 0), (body_l / 2, body_w / 2, t), CARD, color, bevel=0.001)]
        for s in (-1, 1):
            walls.append(board((t, body_w, body_h), (s * (body_l / 2 - t / 2), 0, body_h / 2), CARD, color, bevel=0.001))
            walls.append(board((body_l, t, body_h), (0, s * (body_w / 2 - t / 2), body_h / 2), CARD, color, bevel=0.001))
            for tilt, axis in ((0.55, "x"), (0.40, "y")):
                tilt += float(g.uniform(-0.25, 0.25))
                reach = 0.45 * body_w
                if axis == "x":
                    at = (s * (body_l / 2 + reach / 2 * np.cos(tilt)), 0, body_h + reach / 2 * np.sin(tilt))
                    walls.append(board((reach, body_w, t), at, CARD, color, bevel=0.001, pitch=-s * tilt))
                else:
                    at = (0, s * (body_w / 2 + reach / 2 * np.cos(tilt)), body_h + reach / 2 * np.sin(tilt))
                    walls.append(board((body_l, reach, t), at, CARD, color, bevel=0.001, roll=s * tilt))
        dark = np.asarray(color) * 0.55
        walls.append(
            block((-body_l / 2 + 0.01, -body_w / 2 + 0.01, t), (body_l / 2 - 0.01, body_w / 2 - 0.01, 2 * t), CARD, dark)
        )
        return [grounded(walls, size)]
    shift = float(g.uniform(0, 50))
    if crushed:
        return _crushed_box(size, g, color, crushed)
    relief = lambda p: 0.0015 * fractal_noise(p * 4.5 / max(size) + shift, 2)  # noqa: E731
    out = [mottled(soft_box(size, 0.008, CARD, cells=12, relief=relief), color, 0.3, 0.05, shift)]
    low, high = out[0].bounds()
    if tape:
        shiny = np.asarray(color) * 0.82
        out.append(board((length * 1.004, 0.05, 0.0016), (0, 0, high[2] - 0.0002), FILM, shiny, bevel=0.0005))
        for s in (-1, 1):
            out.append(board((0.0016, 0.05, 0.08), (s * (high[0] - 0.0002), 0, high[2] - 0.04), FILM, shiny, bevel=0.0005))
            # the arrows and the printed panel that every box has
        ink = np.asarray(color) * 0.30
        y = high[1] - 0.0008
        for x in (-0.30, -0.19):
            arrow = shapely.Polygon([(-0.2, 0), (0.2, 0), (0.2, 0.5), (0.45, 0.5), (0, 1.0), (-0.45, 0.5), (-0.2, 0.5)])
            a = scaled(solids.prism(arrow, 0, 0.002, CARD, color=ink), (0.09 * length, 0.22 * height, 1.0))
            for side in (1, -1):
                out.append(
                    placed(placed(a, (0, 0, 0), roll=np.pi / 2), (x * length * side, side * y + 0.001, -0.12 * height), yaw=0.0)
                )
        out.append(board((0.26 * length, 0.003, 0.24 * height), (0.22 * length, -y, 0.05 * height), CARD, WHITE, bevel=0.0005))
    return [grounded(out, size)]


def _crushed_box(size: Array, g: Chance, color: RGB, crushed: float) -> Meshes:
    """A box that gave way: walls folded out and in along creases, its lid sunk, two flaps loose."""
    length, width, height = size
    n = 13
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n), indexing="ij")
    out: Meshes = []
    shift = float(g.uniform(0, 50))
    dent = np.abs(fractal_noise(np.stack([u.ravel() * 1.3 + shift, v.ravel() * 1.3, np.zeros(u.size)], 1), 1)).reshape(u.shape)
    z = height * (0.92 - 0.55 * dent - 0.25 * np.clip(1 - u * u, 0, 1) * np.clip(1 - v * v, 0, 1))
    skew = 0.10 * (z / height - 0.5)
    lid = np.stack([u * length * 0.43 + skew * length, v * width * 0.43, z], 2)
    out.append(sheet(lid, 0.006, CARD, color=color, smooth_deg=12.0))
    edges = [lid[:, 0], lid[-1, :], lid[::-1, -1], lid[0, ::-1]]
    for edge in edges:  # each wall is creased at half its height and stands out there
        away = edge[:, :2] / np.sqrt((edge[:, :2] ** 2).sum(1, keepdims=True))
        kink = float(g.uniform(0.4, 1.0)) * crushed
        rows = [
            np.column_stack([edge[:, :2] + away * s, edge[:, 2] * q])
            for s, q in ((0, 1.0), (kink, 0.62), (0.4 * kink, 0.32), (0.02, 0.012))
        ]
        out.append(sheet(np.stack(rows, 1)[::-1], 0.006, CARD, color=np.asarray(color) * 0.93, smooth_deg=12.0))
    for x, yaw, tilt in ((-0.30, 0.1, 0.35), (0.28, -0.2, -0.5)):
        out.append(
            board(
                (0.40 * length, 0.45 * width, 0.006),
                (x * length * 1.2, 0.18 * width * yaw, 0.93 * height),
                CARD,
                color,
                bevel=0.001,
                yaw=yaw,
                pitch=tilt,
            )
        )
    out.append(
        board((0.55 * length, 0.045, 0.002), (0.0, 0.0, 0.72 * height), FILM, np.asarray(color) * 0.82, bevel=0.0005, pitch=0.1)
    )
    return [grounded(out, size)]


def crate(size: Array, g: Chance, color: RGB, stacked: int = 1, upright: bool = False) -> Meshes:
    """Plastic boxes with ribs, a rim and hand holes, as of the Euro container 600 x 400."""
    length, width, height = (size[2], size[1], size[0]) if upright else size
    one_h = height / stacked
    out: Meshes = []
    for k in range(stacked):
        z, t = k * one_h, 0.018
        for s in (-1, 1):
            out.append(board((t, width - 0.03, one_h - 0.01), (s * (length / 2 - 0.02), 0, z + one_h / 2), PLASTIC, color))
            out.append(board((length - 0.03, t, one_h - 0.01), (0, s * (width / 2 - 0.02), z + one_h / 2), PLASTIC, color))
            out.append(
                block(
                    (-length / 2, s * (width / 2 - 0.015) - 0.015, z + one_h - 0.035),
                    (length / 2, s * (width / 2 - 0.015) + 0.015, z + one_h),
                    PLASTIC,
                    color,
                )
            )
            out.append(
                block(
                    (s * (length / 2 - 0.015) - 0.015, -width / 2, z + one_h - 0.035),
                    (s * (length / 2 - 0.015) + 0.015, width / 2, z + one_h),
                    PLASTIC,
                    color,
                )
            )
            for q in np.linspace(-0.42, 0.42, 7):
                rib = 0.62 * (one_h - 0.05)
                out.append(
                    board((0.012, 0.012, rib), (q * length, s * (width / 2 - 0.012), z + 0.02 + rib / 2), PLASTIC, color)
                )
            dark = np.asarray(color) * 0.25
            out.append(board((0.004, 0.13, 0.035), (s * (length / 2 - 0.0105), 0, z + 0.70 * one_h), PLASTIC, dark))
        inside = np.asarray(color) * 0.55
        out.append(
            block((-length / 2 + 0.03, -width / 2 + 0.03, z), (length / 2 - 0.03, width / 2 - 0.03, z + 0.012), PLASTIC, inside)
        )
    if upright:
        out = turned(out, pitch=np.pi / 2)
    return [grounded(out, size)]


def styrofoam(size: Array, g: Chance) -> Meshes:
    """The moulded half of a packing: a white block with pockets."""
    length, width, height = size
    white = (0.80, 0.80, 0.79)
    t = 0.22 * width
    out = [block((-length / 2, -width / 2, 0), (length / 2, width / 2, 0.35 * height), FILM, white, bevel=0.012)]
    for s in (-1, 1):
        out.append(
            block(
                (-length / 2, s * (width / 2 - t / 2) - t / 2, 0.3 * height),
                (length / 2, s * (width / 2 - t / 2) + t / 2, height),
                FILM,
                white,
                bevel=0.012,
            )
        )
        out.append(
            block(
                (s * 0.38 * length - 0.12 * length, -width / 2, 0.3 * height),
                (s * 0.38 * length + 0.12 * length, width / 2, 0.82 * height),
                FILM,
                white,
                bevel=0.012,
            )
        )
    return [grounded(out, size)]


def bag(size: Array, g: Chance, color: RGB, handles: bool = False, tied: bool = False) -> Meshes:
    """A filled sack with creases that run to its neck; with handles it is a carrier bag full of wind."""
    d, t = sphere_grid(4)
    shift = float(g.uniform(0, 90))
    a = np.arctan2(d[:, 1], d[:, 0])
    ring_a = np.stack([np.cos(a), np.sin(a)], 1)
    crease = np.abs(fractal_noise(np.column_stack([ring_a * 2.6, d[:, 2] * 0.5 + shift]), 3))
    up = np.clip(d[:, 2], 0, 1)
    lumps = fractal_noise(d * 1.7 + shift, 2)
    r = 1 + 0.10 * lumps - (0.10 + 0.16 * up) * crease
    v = d * r[:, None]
    v[:, 2] = np.where(v[:, 2] < 0, 0.62 * v[:, 2], v[:, 2])
    squeeze = np.clip(1 - 0.8 * np.clip((v[:, 2] - 0.62) / 0.35, 0, 1), 0.12, 1) if tied else np.ones(len(v))
    if handles:
        squeeze = 1 - 0.45 * np.clip((v[:, 2] - 0.45) / 0.5, 0, 1)
    v[:, :2] *= squeeze[:, None]
    shade = np.clip((1 - 0.25 * crease)[:, None] * np.asarray(color), 0, 1)
    surface = FILM if handles else SACK
    out = [make(v, t, surface, uv=v[:, [0, 2]], smooth_deg=50.0, color=shade)]
    top = float(v[:, 2].max())
    if tied:
        for k in range(7):
            b = k * TAU / 7 + float(g.uniform(-0.3, 0.3))
            tip = (0.24 * np.cos(b), 0.24 * np.sin(b), top + float(g.uniform(0.10, 0.22)))
            out.append(
                solids.tube(
                    [(0, 0, top - 0.16), (0.06 * np.cos(b), 0.06 * np.sin(b), top), tip],
                    [0.06, 0.05, 0.07],
                    surface,
                    sides=6,
                    color=np.asarray(color) * 0.9,
                )
            )
    if handles:
        for s in (-1, 1):
            u = np.linspace(0, np.pi, 13)
            x, z = 0.30 * np.cos(u), 0.46 * np.sin(u)
            p = np.stack(
                [
                    np.stack([x * (1 + w), np.full(13, s * 0.22) + 0.05 * s * np.sin(u), top - 0.10 + z * (1 + w)], 1)
                    for w in (-0.14, 0.14)
                ],
                1,
            )
            out.append(sheet(p, 0.012, surface, color=color))
    return [grounded(out, size)]


def garbage(size: Array, g: Chance) -> Meshes:
    """A heap of sacks, a box and a bottle crate that somebody dumped."""
    out: Meshes = []
    colors = [BLACK, (0.02, 0.05, 0.16), BLACK, (0.30, 0.30, 0.29), BLACK]
    spots = [(-0.45, 0.1), (0.15, -0.2), (0.62, 0.22), (-0.1, 0.38), (-0.02, -0.02)]
    for k, ((x, y), rgb) in enumerate(zip(spots, colors)):
        lift = 0.34 if k == 4 else 0.0
        sack = bag(np.array([0.62, 0.56, 0.62]), g, rgb, tied=True)
        out += turned(sack, (x, y, lift), yaw=float(g.uniform(0, TAU)), roll=float(g.uniform(-0.25, 0.25)))
    box = cardboard_box(np.array([0.45, 0.35, 0.30]), g, (0.42, 0.29, 0.17))
    out += turned(box, (0.75, -0.35, 0.02), yaw=0.5)
    return [grounded(out, size)]


# ---- furniture and household


def mattress(size: Array, g: Chance, color: RGB) -> Meshes:
    length, width, height = size
    shift = float(g.uniform(0, 50))

    def relief(p: Array) -> Array:
        quilt = np.cos(p[:, 0] * TAU / 0.20) * np.cos(p[:, 1] * TAU / 0.20)
        return 0.010 * quilt * (np.abs(p[:, 2]) > 0.3 * height) + 0.012 * fractal_noise(p * 1.5 + shift, 2)

    def cloth(p: Array) -> Array:
        stripe = np.where(np.abs(p[:, 2]) < 0.30 * height, 0.80, 1.0)
        stain = 1 - 0.18 * np.clip(fractal_noise(p * 2.2 + shift, 2) - 0.5, 0, 1)
        return (stripe * stain)[:, None] * np.asarray(color)

    out = [soft_box((length, width, height), 0.055, TEXTILE, cells=54, relief=relief, color=cloth)]
    for z in (-0.33, 0.33):  # the piping along both edges
        ring = shapely.box(-length / 2 + 0.03, -width / 2 + 0.03, length / 2 - 0.03, width / 2 - 0.03).buffer(0.035).exterior
        p = np.column_stack(
            [np.array(ring.segmentize(0.12).coords)[:-1], np.full(len(ring.segmentize(0.12).coords) - 1, z * height)]
        )
        out.append(solids.tube(np.concatenate([p, p[:1]]), 0.009, TEXTILE, sides=6, color=np.asarray(color) * 0.45))
    return [grounded(out, size)]


def sofa(size: Array, g: Chance, color: RGB, seats: int = 2) -> Meshes:
    length, depth, height = size  # x along the seat, y to the front
    arm, seat_z, shift = 0.20, 0.43, float(g.uniform(0, 50))
    relief = lambda p: 0.012 * fractal_noise(p * 5 + shift, 2)  # noqa: E731
    c = np.asarray(color)
    inner = length - 2 * arm
    out = [placed(soft_box((length - 0.04, depth - 0.08, 0.24), 0.03, TEXTILE, cells=10, color=c * 0.92), (0, -0.02, 0.22))]
    back = soft_box((length - 0.04, 0.20, height - 0.14), 0.07, TEXTILE, cells=14, relief=relief, color=c * 0.95)
    out.append(placed(back, (0, -depth / 2 + 0.13, 0.12 + (height - 0.14) / 2), roll=0.07))
    for s in (-1, 1):
        side = soft_box((arm, depth, 0.52), 0.075, TEXTILE, cells=12, relief=relief, color=c)
        out.append(placed(side, (s * (length / 2 - arm / 2), 0, 0.12 + 0.26)))
        for y in (-0.38, 0.38):
            out.append(drum(0.025, 0.0, 0.13, WOOD, (0.10, 0.055, 0.03)))
            out[-1] = placed(out[-1], (s * (length / 2 - 0.12), y * depth, 0))
    w = inner / seats
    for k in range(seats):
        x = -inner / 2 + (k + 0.5) * w
        seat = soft_box(
            (w - 0.012, depth - 0.24, 0.17), 0.06, TEXTILE, cells=14, relief=lambda p: relief(p) + 0.02 * _dome(p, w)
        )
        out.append(placed(painted(seat, c * 1.06), (x, 0.10, seat_z - 0.02)))
        rest = soft_box((w - 0.03, 0.17, 0.42), 0.07, TEXTILE, cells=14, relief=lambda p: relief(p) + 0.02 * _dome(p, w))
        out.append(placed(painted(rest, c * 1.04), (x, -depth / 2 + 0.30, seat_z + 0.24), roll=0.20))
    return [grounded(out, size)]


def _dome(p: Array, width: float) -> Array:
    q = np.clip(1 - (2 * p[:, 0] / width) ** 2, 0, 1)
    return q


def fridge(size: Array, g: Chance, color: RGB, freezer: float = 0.34) -> Meshes:
    """Two doors to +x; the condenser and the compressor at the back."""
    depth, width, height = size
    foot, door = 0.03, 0.065
    body_d = depth - door - 0.045
    x0 = -depth / 2 + 0.035
    out = [block((x0, -width / 2, foot), (x0 + body_d, width / 2, height), ENAMEL, color, bevel=0.012)]
    split = foot + 0.04 + freezer * (height - foot)
    front = x0 + body_d + 0.008
    for a, b in ((foot + 0.05, split - 0.005), (split + 0.005, height)):
        out.append(block((front, -width / 2, a), (front + door, width / 2, b), ENAMEL, color, bevel=0.014))
        out.append(
            block(
                (front - 0.009, -width / 2 + 0.012, a + 0.012),
                (front + 0.002, width / 2 - 0.012, b - 0.012),
                RUBBER,
                (0.35, 0.35, 0.35),
            )
        )
    for z, s in ((split - 0.30, 0.24), (split + 0.06, 0.34)):
        out += rods(
            [
                [
                    (front + door - 0.01, -width / 2 + 0.06, z),
                    (front + door + 0.030, -width / 2 + 0.06, z + 0.02),
                    (front + door + 0.030, -width / 2 + 0.06, z + s - 0.02),
                    (front + door - 0.01, -width / 2 + 0.06, z + s),
                ]
            ],
            0.009,
            STEEL,
            STEEL_GREY,
        )
    out.append(block((front, -width / 2 + 0.03, foot + 0.005), (front + 0.03, width / 2 - 0.03, foot + 0.045), PLASTIC, BLACK))
    for k in range(14):
        z = 0.42 + k * (height - 0.60) / 13
        out += rods([[(x0 - 0.018, -width / 2 + 0.05, z), (x0 - 0.018, width / 2 - 0.05, z)]], 0.004, IRON, BLACK, 6)
    out += rods(
        [[(x0 - 0.018, y, 0.38), (x0 - 0.018, y, height - 0.12)] for y in (-0.24, -0.08, 0.08, 0.24)], 0.003, IRON, BLACK, 6
    )
    out.append(block((x0 - 0.02, -width / 2 + 0.05, foot + 0.02), (x0 + 0.01, width / 2 - 0.05, 0.30), PLASTIC, BLACK))
    out += [
        placed(drum(0.018, 0, foot + 0.01, PLASTIC, BLACK), (x0 + x, y, 0))
        for x in (0.06, body_d - 0.05)
        for y in (-0.24, 0.24)
    ]
    return [grounded(out, size)]


def washing_machine(size: Array, g: Chance) -> Meshes:
    depth, width, height = size
    white, front = (0.74, 0.74, 0.73), depth / 2 - 0.035
    out = [block((-depth / 2, -width / 2, 0.015), (front, width / 2, height), ENAMEL, white, bevel=0.01)]
    z = 0.44 * height
    hoop = placed(torus(0.185, 0.025, 36, 12, STEEL), (front + 0.008, 0, z), yaw=np.pi / 2)
    out.append(painted(hoop, STEEL_GREY))
    out.append(
        placed(
            ball((0.16, 0.16, 0.028), Surface("object_enamel"), color=(0.02, 0.022, 0.026)),
            (front + 0.005, 0, z),
            pitch=np.pi / 2,
        )
    )
    out.append(
        block(
            (front - 0.004, -width / 2 + 0.01, height - 0.12),
            (front + 0.008, width / 2 - 0.01, height - 0.012),
            ENAMEL,
            (0.62, 0.62, 0.62),
        )
    )
    out.append(block((front, -width / 2 + 0.03, height - 0.105), (front + 0.016, -0.08, height - 0.03), ENAMEL, white))
    out.append(placed(drum(0.032, 0, 0.03, STEEL, STEEL_GREY), (front, 0.06, height - 0.066), pitch=np.pi / 2))
    out.append(block((front, 0.13, height - 0.095), (front + 0.010, 0.26, height - 0.04), PLASTIC, BLACK))
    out.append(
        block((front - 0.002, -width / 2 + 0.012, 0.03), (front + 0.006, width / 2 - 0.012, 0.11), ENAMEL, (0.64, 0.64, 0.63))
    )
    out += [placed(drum(0.02, 0, 0.02, RUBBER, BLACK), (x, y, 0)) for x in (-0.2, 0.2) for y in (-0.22, 0.22)]
    return [grounded(out, size)]


def chair(size: Array, g: Chance, color: RGB = (0.30, 0.16, 0.07)) -> Meshes:
    """A kitchen chair; its front is +x."""
    depth, width, height = size
    seat = 0.45
    x, y = depth / 2 - 0.025, width / 2 - 0.025
    out = [board((depth - 0.03, width, 0.025), (0.015, 0, seat), WOOD, color, bevel=0.006)]
    out += [board((0.036, 0.036, seat), (x - 0.01, s * y, seat / 2), WOOD, color) for s in (-1, 1)]
    out += [board((0.036, 0.036, height), (-x, s * y, height / 2), WOOD, color) for s in (-1, 1)]
    out += [board((0.02, width - 0.05, 0.05), (-x, 0, z), WOOD, color) for z in (height - 0.06, height - 0.17, height - 0.28)]
    out += [board((depth - 0.08, 0.02, 0.03), (0, s * y, 0.20), WOOD, color) for s in (-1, 1)]
    out += [board((0.02, width - 0.06, 0.03), (x - 0.01, 0, 0.27), WOOD, color)]
    return [grounded(out, size)]


def carpet_roll(size: Array, g: Chance, color: RGB) -> Meshes:
    """A spiral of carpet: the side shows its turns."""
    length, width, _ = size
    turns, r0, r1 = 4.5, 0.03, width / 2
    a = np.linspace(0, TAU * turns, 150)
    r = r0 + (r1 - r0 - 0.006) * a / a[-1]
    x = np.linspace(-length / 2, length / 2, 12)
    p = np.stack(
        [
            np.broadcast_to(x[None], (len(a), 12)),
            np.repeat((r * np.cos(a))[:, None], 12, 1),
            np.repeat((r * np.sin(a))[:, None], 12, 1),
        ],
        2,
    )
    m = sheet(p, 0.010, TEXTILE)
    u = np.abs(m.vertices[:, 0]) / (length / 2)
    pattern = np.where((u > 0.86) & (u < 0.93), 0.45, 1.0) * np.where(np.sin(m.vertices[:, 0] * 9) > 0.3, 0.8, 1.0)
    return [grounded([mottled(painted(m, np.clip(pattern[:, None] * np.asarray(color), 0, 1)), color, 0.2, 0.15)], size)]


def bucket(size: Array, g: Chance, color: RGB) -> Meshes:
    r = size[1] / 2
    h = size[2] - 0.62 * r + 0.03
    wall = [
        (0.0, 0.004),
        (0.70 * r, 0.0),
        (0.94 * r, h - 0.02),
        (r, h - 0.018),
        (r, h),
        (0.92 * r, h),
        (0.68 * r, 0.02),
        (0.0, 0.02),
    ]
    out = [solids.lathe(wall, PLASTIC, sides=32, color=color)]
    u = np.linspace(0, np.pi, 15)
    arc = np.stack([0.25 * r * np.sin(u), r * 0.99 * np.cos(u), h - 0.03 + 0.62 * r * np.sin(u)], 1)
    out += rods([arc.tolist()], 0.004, STEEL, STEEL_GREY)
    out += [axle(drum(0.022, -0.006, 0.006, PLASTIC, np.asarray(color) * 0.7), (0, s * r * 0.985, h - 0.03)) for s in (-1, 1)]
    return [grounded(out, size)]
