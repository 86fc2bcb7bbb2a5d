"""Goods that fall off vehicles: packaging, furniture, building material, luggage and toys."""

from __future__ import annotations

import numpy as np
import shapely

from scenesim.geometry import solids
from scenesim.geometry.implicit import Solid, fractal_noise, mesh
from scenesim.geometry.mesh import Mesh, make
from scenesim.geometry.rough import ball, grounded, scaled, sheet, soft_box, sphere_grid
from scenesim.geometry.soft import placed, rounded_box, torus
from scenesim.models.debris_kit import (
    BLACK,
    CARD,
    CHROME,
    ENAMEL,
    FILM,
    IRON,
    PINE,
    PLASTIC,
    RGB,
    RUBBER,
    RUBBER_BLACK,
    RUST,
    SACK,
    STEEL,
    STEEL_GREY,
    TEXTILE,
    WHITE,
    WOOD,
    Array,
    Surface,
    axle,
    block,
    board,
    caster,
    drum,
    hollow,
    log,
    mirrored,
    mottled,
    painted,
    rods,
    turned,
)  # fmt: skip
from scenesim.models.wheel import spoked

Chance = np.random.Generator
Meshes = list[Mesh]
TAU = 2 * np.pi


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
    m = soft_box(size, 0.004, WOOD, cells=8)
    length = size[0]
    bent = m.vertices.copy()
    bent[:, 2] += 0.0 * length
    return [mottled(m, color, 0.12, 0.10, float(g.uniform(0, 9)))]


def cardboard_box(size: Array, g: Chance, color: RGB, open_flaps: bool = False, crushed: float = 0.0, tape: bool = True) -> Meshes:
    length, width, height = size
    if open_flaps:
        t, flap = 0.006, 0.45 * width
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
        walls.append(block((-body_l / 2 + 0.01, -body_w / 2 + 0.01, t), (body_l / 2 - 0.01, body_w / 2 - 0.01, 2 * t), CARD, dark))
        return [grounded(walls, size)]
    shift = float(g.uniform(0, 50))
    if crushed:
        return _crushed_box(size, g, color, crushed)
    relief = lambda p: 0.0015 * fractal_noise(p * 4.5 / max(size) + shift, 2)  # noqa: E731
    out = [mottled(soft_box(size, 0.008, CARD, cells=12, relief=relief), color, 0.3, 0.05, shift)]
    low, high = out[0].bounds()
    if tape:
        shiny = np.asarray(color) * 0.82
        out.append(board((length * 1.004, 0.05, 0.0016), (0, 0, high[2] - 0.004), FILM, shiny, bevel=0.0005))
        for s in (-1, 1):
            out.append(board((0.0016, 0.05, 0.08), (s * (high[0] - 0.004), 0, high[2] - 0.05), FILM, shiny, bevel=0.0005))
            # the arrows and the printed panel that every box has
        ink = np.asarray(color) * 0.30
        y = high[1] - 0.0045
        for x in (-0.30, -0.19):
            arrow = shapely.Polygon([(-0.2, 0), (0.2, 0), (0.2, 0.5), (0.45, 0.5), (0, 1.0), (-0.45, 0.5), (-0.2, 0.5)])
            a = scaled(solids.prism(arrow, 0, 0.002, CARD, color=ink), (0.09 * length, 0.22 * height, 1.0))
            for side in (1, -1):
                out.append(placed(placed(a, (0, 0, 0), roll=np.pi / 2), (x * length * side, side * y + 0.001, -0.12 * height),
                                  yaw=0.0))  # fmt: skip
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
        rows = [np.column_stack([edge[:, :2] + away * s, edge[:, 2] * q]) for s, q in ((0, 1.0), (kink, 0.62), (0.4 * kink, 0.32), (0.02, 0.012))]
        out.append(sheet(np.stack(rows, 1)[::-1], 0.006, CARD, color=np.asarray(color) * 0.93, smooth_deg=12.0))
    for x, yaw, tilt in ((-0.30, 0.1, 0.35), (0.28, -0.2, -0.5)):
        out.append(board((0.40 * length, 0.45 * width, 0.006), (x * length * 1.2, 0.18 * width * yaw, 0.93 * height), CARD, color, bevel=0.001, yaw=yaw, pitch=tilt))
    out.append(board((0.55 * length, 0.045, 0.002), (0.0, 0.0, 0.72 * height), FILM, np.asarray(color) * 0.82, bevel=0.0005, pitch=0.1))
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
            out.append(block((-length / 2, s * (width / 2 - 0.015) - 0.015, z + one_h - 0.035),
                             (length / 2, s * (width / 2 - 0.015) + 0.015, z + one_h), PLASTIC, color))  # fmt: skip
            out.append(block((s * (length / 2 - 0.015) - 0.015, -width / 2, z + one_h - 0.035),
                             (s * (length / 2 - 0.015) + 0.015, width / 2, z + one_h), PLASTIC, color))  # fmt: skip
            for q in np.linspace(-0.42, 0.42, 7):
                rib = 0.62 * (one_h - 0.05)
                out.append(board((0.012, 0.012, rib), (q * length, s * (width / 2 - 0.012), z + 0.02 + rib / 2), PLASTIC, color))
            dark = np.asarray(color) * 0.25
            out.append(board((0.004, 0.13, 0.035), (s * (length / 2 - 0.0105), 0, z + 0.70 * one_h), PLASTIC, dark))
        inside = np.asarray(color) * 0.55
        out.append(block((-length / 2 + 0.03, -width / 2 + 0.03, z), (length / 2 - 0.03, width / 2 - 0.03, z + 0.012), PLASTIC, inside))
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
        out.append(block((-length / 2, s * (width / 2 - t / 2) - t / 2, 0.3 * height),
                         (length / 2, s * (width / 2 - t / 2) + t / 2, height), FILM, white, bevel=0.012))  # fmt: skip
        out.append(block((s * 0.38 * length - 0.12 * length, -width / 2, 0.3 * height),
                         (s * 0.38 * length + 0.12 * length, width / 2, 0.82 * height), FILM, white, bevel=0.012))  # fmt: skip
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
            out.append(solids.tube([(0, 0, top - 0.16), (0.06 * np.cos(b), 0.06 * np.sin(b), top), tip], [0.06, 0.05, 0.07], surface,
                                   sides=6, color=np.asarray(color) * 0.9))  # fmt: skip
    if handles:
        for s in (-1, 1):
            u = np.linspace(0, np.pi, 13)
            x, z = 0.30 * np.cos(u), 0.46 * np.sin(u)
            p = np.stack([np.stack([x * (1 + w), np.full(13, s * 0.22) + 0.05 * s * np.sin(u), top - 0.10 + z * (1 + w)], 1)
                          for w in (-0.14, 0.14)], 1)  # fmt: skip
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

    out = [soft_box((length, width, height), 0.055, TEXTILE, cells=44, relief=relief, color=cloth)]
    for z in (-0.33, 0.33):  # the piping along both edges
        ring = shapely.box(-length / 2 + 0.03, -width / 2 + 0.03, length / 2 - 0.03, width / 2 - 0.03).buffer(0.035).exterior
        p = np.column_stack([np.array(ring.segmentize(0.12).coords)[:-1], np.full(len(ring.segmentize(0.12).coords) - 1, z * height)])
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
        seat = soft_box((w - 0.012, depth - 0.24, 0.17), 0.06, TEXTILE, cells=14, relief=lambda p: relief(p) + 0.02 * _dome(p, w))
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
        out.append(block((front - 0.009, -width / 2 + 0.012, a + 0.012), (front + 0.002, width / 2 - 0.012, b - 0.012), RUBBER, (0.35, 0.35, 0.35)))
    for z, s in ((split - 0.30, 0.24), (split + 0.06, 0.34)):
        out += rods([[(front + door - 0.01, -width / 2 + 0.06, z), (front + door + 0.030, -width / 2 + 0.06, z + 0.02),
                      (front + door + 0.030, -width / 2 + 0.06, z + s - 0.02),
                      (front + door - 0.01, -width / 2 + 0.06, z + s)]], 0.009, STEEL, STEEL_GREY)  # fmt: skip
    out.append(block((front, -width / 2 + 0.03, foot + 0.005), (front + 0.03, width / 2 - 0.03, foot + 0.045), PLASTIC, BLACK))
    for k in range(14):
        z = 0.42 + k * (height - 0.60) / 13
        out += rods([[(x0 - 0.018, -width / 2 + 0.05, z), (x0 - 0.018, width / 2 - 0.05, z)]], 0.004, IRON, BLACK, 6)
    out += rods([[(x0 - 0.018, y, 0.38), (x0 - 0.018, y, height - 0.12)] for y in (-0.24, -0.08, 0.08, 0.24)], 0.003, IRON, BLACK, 6)
    out.append(block((x0 - 0.02, -width / 2 + 0.05, foot + 0.02), (x0 + 0.01, width / 2 - 0.05, 0.30), PLASTIC, BLACK))
    out += [placed(drum(0.018, 0, foot + 0.01, PLASTIC, BLACK), (x0 + x, y, 0)) for x in (0.06, body_d - 0.05) for y in (-0.24, 0.24)]
    return [grounded(out, size)]


def washing_machine(size: Array, g: Chance) -> Meshes:
    depth, width, height = size
    white, front = (0.74, 0.74, 0.73), depth / 2 - 0.035
    out = [block((-depth / 2, -width / 2, 0.015), (front, width / 2, height), ENAMEL, white, bevel=0.01)]
    z = 0.44 * height
    hoop = placed(torus(0.185, 0.025, 36, 12, STEEL), (front + 0.008, 0, z), yaw=np.pi / 2)
    out.append(painted(hoop, STEEL_GREY))
    out.append(placed(ball((0.16, 0.16, 0.028), Surface("object_enamel"), color=(0.02, 0.022, 0.026)), (front + 0.005, 0, z), pitch=np.pi / 2))
    out.append(block((front - 0.004, -width / 2 + 0.01, height - 0.12), (front + 0.008, width / 2 - 0.01, height - 0.012), ENAMEL, (0.62, 0.62, 0.62)))
    out.append(block((front, -width / 2 + 0.03, height - 0.105), (front + 0.016, -0.08, height - 0.03), ENAMEL, white))
    out.append(placed(drum(0.032, 0, 0.03, STEEL, STEEL_GREY), (front, 0.06, height - 0.066), pitch=np.pi / 2))
    out.append(block((front, 0.13, height - 0.095), (front + 0.010, 0.26, height - 0.04), PLASTIC, BLACK))
    out.append(block((front - 0.002, -width / 2 + 0.012, 0.03), (front + 0.006, width / 2 - 0.012, 0.11), ENAMEL, (0.64, 0.64, 0.63)))
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
    p = np.stack([np.broadcast_to(x[None], (len(a), 12)), np.repeat((r * np.cos(a))[:, None], 12, 1), np.repeat((r * np.sin(a))[:, None], 12, 1)], 2)
    m = sheet(p, 0.010, TEXTILE)
    u = np.abs(m.vertices[:, 0]) / (length / 2)
    pattern = np.where((u > 0.86) & (u < 0.93), 0.45, 1.0) * np.where(np.sin(m.vertices[:, 0] * 9) > 0.3, 0.8, 1.0)
    return [grounded([mottled(painted(m, np.clip(pattern[:, None] * np.asarray(color), 0, 1)), color, 0.2, 0.15)], size)]


def bucket(size: Array, g: Chance, color: RGB) -> Meshes:
    r = size[1] / 2
    h = size[2] - 0.62 * r + 0.03
    wall = [(0.0, 0.004), (0.70 * r, 0.0), (0.94 * r, h - 0.02), (r, h - 0.018), (r, h), (0.92 * r, h), (0.68 * r, 0.02), (0.0, 0.02)]
    out = [solids.lathe(wall, PLASTIC, sides=32, color=color)]
    u = np.linspace(0, np.pi, 15)
    arc = np.stack([0.25 * r * np.sin(u), r * 0.99 * np.cos(u), h - 0.03 + 0.62 * r * np.sin(u)], 1)
    out += rods([arc.tolist()], 0.004, STEEL, STEEL_GREY)
    out += [axle(drum(0.022, -0.006, 0.006, PLASTIC, np.asarray(color) * 0.7), (0, s * r * 0.985, h - 0.03)) for s in (-1, 1)]
    return [grounded(out, size)]


# ---- building material, rope and sheets


def ladder(size: Array, g: Chance) -> Meshes:
    """Lying flat; rails of aluminium, rungs every 28 cm (EN 131)."""
    length, width, height = size
    out = []
    for s in (-1, 1):
        out.append(board((length, 0.026, height), (0, s * (width / 2 - 0.013), height / 2), STEEL, (0.58, 0.585, 0.59), bevel=0.004))
        for e in (-1, 1):
            out.append(board((0.06, 0.034, height), (e * (length / 2 - 0.03), s * (width / 2 - 0.017), height / 2), PLASTIC, BLACK))
    n = int(length / 0.28)
    for k in range(n):
        x = (k - (n - 1) / 2) * 0.28
        out.append(axle(drum(0.016, -width / 2 + 0.02, width / 2 - 0.02, STEEL, (0.62, 0.625, 0.63), sides=12), (x, 0, height / 2)))
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
        out.append(placed(mottled(solids.tube([(-run / 2, 0, 0), (0, 0, 0), (run / 2, 0, 0)], 0.009, RUST, sides=8), (0.26, 0.12, 0.06), 0.2, 0.3), (0, y, z), yaw=yaw))
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
    spots = [(-0.78, 0.155, 0.10), (-0.36, 0.165, -0.06), (0.04, 0.17, 0.03), (0.44, 0.16, -0.12), (0.86, 0.15, 0.2),
             (-0.16, 0.45, 0.12), (0.27, 0.44, -0.08)]  # fmt: skip
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
    ends = [solids.tube([path[k], path[k] + (path[k] - path[j]) * 2.2], 0.044, STEEL, sides=14, color=STEEL_GREY) for k, j in ((0, 1), (-1, -2))]
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
            out.append(board((0.78 * length, 0.008, 0.03), (0, s * (width / 2 - 0.001), 0.42 * height), ENAMEL, np.asarray(color) * 0.85, pitch=yaw))
    out += rods([[(-0.30 * length, y, 0.84 * height), (-0.27 * length, y, 0.95 * height), (0.20 * length, y, 0.95 * height),
                  (0.24 * length, y, 0.84 * height)] for y in (-0.045, 0, 0.045)], 0.012, ENAMEL, color)  # fmt: skip
    out.append(placed(drum(0.032, 0, 0.07, STEEL, STEEL_GREY), (0.36 * length, 0, 0.84 * height), pitch=0.5))
    return [grounded(out, size)]


def oil_drum(size: Array, g: Chance, color: RGB) -> Meshes:
    """A drum of 200 l with two rolling hoops (ISO 15750), lying or standing as `size` says."""
    d, h = (size[2], size[0]) if size[0] > size[2] else (size[0], size[2])
    r = d / 2 - 0.012
    z = [0, 0.012, 0.02, h * 0.33 - 0.02, h * 0.33, h * 0.33 + 0.02, h * 0.67 - 0.02, h * 0.67, h * 0.67 + 0.02, h - 0.02, h - 0.012, h]
    rr = [r, r + 0.008, r, r, r + 0.012, r, r, r + 0.012, r, r, r + 0.008, r]
    profile = [(0, 0.015), (r - 0.012, 0.015), *zip(rr, z), (r - 0.012, h - 0.015), (0, h - 0.015)]
    m = mottled(solids.lathe(profile, ENAMEL, sides=40), color, 0.25, 0.16)
    out = [m, placed(drum(0.03, 0, 0.012, STEEL, STEEL_GREY), (0.55 * r, 0, h - 0.018)), placed(drum(0.018, 0, 0.012, STEEL, STEEL_GREY), (-0.6 * r, 0, h - 0.018))]
    return [grounded(turned(out, pitch=np.pi / 2) if size[0] > size[2] else out, size)]


def gas_bottle(size: Array, g: Chance, color: RGB) -> Meshes:
    d, _, h = size
    r, b = d / 2, 0.80 * h
    out = [solids.lathe([(0, 0.03), (0.75 * r, 0.035), (r, 0.09), (r, b - 0.10), (0.86 * r, b - 0.045), (0.5 * r, b - 0.01), (0, b)], ENAMEL, sides=32, color=color, smooth_deg=60)]
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
        rows = [[(*(p + (q - p) * u), 0.58 + 0.04 * (p[0] < 0)) for u in np.linspace(0, 1, 6)], [(*(s + (r - s) * u), 0.30) for u in np.linspace(0, 1, 6)]]
        return sheet(rows, 0.008, ENAMEL, color=color)

    out = [wall(0, 0, 0, 1), wall(0, 1, 1, 1), wall(1, 1, 1, 0), wall(1, 0, 0, 0)]
    out.append(sheet([[(*foot[0, 0], 0.30), (*foot[0, 1], 0.30)], [(*foot[1, 0], 0.30), (*foot[1, 1], 0.30)]], 0.008, ENAMEL, color=color))
    out += mirrored(rods([[(0.72, 0.05, 0.21), (0.30, 0.13, 0.28), (-0.25, 0.26, 0.33), (-0.78, 0.30, 0.55)],
                          [(-0.15, 0.24, 0.32), (-0.22, 0.25, 0.02), (-0.36, 0.26, 0.02), (-0.30, 0.27, 0.34)]], 0.016, STEEL, STEEL_GREY))  # fmt: skip
    out += mirrored(rods([[(-0.68, 0.293, 0.51), (-0.80, 0.301, 0.557)]], 0.021, RUBBER, BLACK))
    out.append(painted(placed(torus(0.155, 0.04, 32, 12, RUBBER), (0.70, 0, 0.195)), RUBBER_BLACK))
    out.append(axle(drum(0.125, -0.02, 0.02, STEEL, color), (0.70, 0, 0.195)))
    return [grounded(out, size)]


# ---- luggage, toys, prams


def suitcase(size: Array, g: Chance, color: RGB) -> Meshes:
    """Upright on its four wheels, grooves along the shell, the handle half out."""
    depth, width, height = size
    wheel, h = 0.055, height * 0.80
    groove = lambda p: -0.006 * (np.abs(np.sin(p[:, 1] * np.pi / (width / 9))) > 0.80) * (np.abs(p[:, 2]) < 0.40 * h)  # noqa: E731
    body = soft_box((depth, width, h - wheel), 0.045, PLASTIC, cells=30, relief=groove, color=color)
    z = wheel + (h - wheel) / 2
    out = [placed(body, (0, 0, z))]
    out.append(placed(soft_box((0.010, width + 0.004, h - wheel + 0.004), 0.004, PLASTIC, cells=4, color=BLACK), (0, 0, z)))
    out += [m for x in (-1, 1) for y in (-1, 1) for m in caster(0.024, 0.022, (x * 0.30 * depth, y * 0.38 * width, 0.024))]
    out += [placed(drum(0.016, 0.03, wheel + 0.02, PLASTIC, BLACK), (x * 0.30 * depth, y * 0.38 * width, 0)) for x in (-1, 1) for y in (-1, 1)]
    out += rods([[(-0.34 * depth, y, h - 0.05), (-0.34 * depth, y, height - 0.02)] for y in (-0.09, 0.09)], 0.008, STEEL, STEEL_GREY)
    out.append(board((0.028, 0.23, 0.028), (-0.34 * depth, 0, height - 0.014), PLASTIC, BLACK, bevel=0.01))
    out.append(board((0.03, 0.16, 0.018), (0.02, 0, h + 0.012), PLASTIC, BLACK, bevel=0.008))
    out.append(board((0.02, 0.016, 0.16), (0.02, -width / 2 - 0.004, z), PLASTIC, BLACK, bevel=0.006))
    return [grounded(out, size)]


def toy_car(size: Array, g: Chance, color: RGB) -> Meshes:
    """A ride-on car for toddlers: bonnet, hollow seat, steering wheel, four fat wheels. Its front is +x."""
    s = Solid()
    s.loft((-0.27, 0, 0.16), (0.28, 0, 0.15), (0, 0, 1), [(0, 0, 0, 0.05, 0.09, 0.03, 2.4), (0.08, 0, 0, 0.095, 0.135, 0.07, 2.6),
           (0.30, 0, 0, 0.085, 0.06, 0.075, 2.6), (0.55, 0, 0, 0.085, 0.06, 0.075, 2.6), (0.72, 0, 0, 0.105, 0.115, 0.07, 2.6),
           (0.92, 0, 0, 0.10, 0.075, 0.06, 2.6), (1, 0, 0, 0.06, 0.03, 0.04, 2.2)], 0.03)  # fmt: skip
    for x in (-0.17, 0.17):
        s.tube((x, -0.12, 0.105), (x, 0.12, 0.105), 0.072, 0.072, 0.03)
    v, t = mesh(s, (-0.31, -0.21, 0.0), (0.31, 0.21, 0.33), 0.0155, 2)
    out = [make(v, t, PLASTIC, smooth_deg=50.0, color=color)]
    for x in (-0.17, 0.17):
        for y in (-0.155, 0.155):
            out += caster(0.072, 0.07, (x, y, 0.072), BLACK, (0.72, 0.72, 0.70))
    for y in (-0.055, 0.055):
        out.append(placed(ball((0.012, 0.026, 0.026), PLASTIC, rounds=2, color=(0.75, 0.75, 0.72)), (0.268, y, 0.165)))
    out += rods([[(0.10, 0, 0.20), (0.075, 0, 0.33)]], 0.014, PLASTIC, BLACK)
    out.append(painted(placed(torus(0.075, 0.013, 24, 10, PLASTIC), (0.07, 0, 0.345), roll=np.pi / 2, pitch=-0.35), BLACK))
    out.append(placed(rounded_box((0.02, 0.14, 0.02), 0.008, PLASTIC, color=BLACK), (0.07, 0, 0.345)))
    return [grounded(out, size)]


def bike_lying(size: Array, g: Chance, color: RGB, wheel_m: float = 0.40) -> Meshes:
    """A child's bicycle on its side, as it was dropped."""
    r = wheel_m / 2
    hub, front = (-0.33, 0, r), (0.36, 0, r)
    crank, seat, head, bars = (-0.05, 0, r - 0.01), (-0.16, 0, 0.50), (0.26, 0, 0.46), (0.22, 0, 0.60)
    out = rods([[crank, seat], [crank, head], [(-0.13, 0, 0.42), head], [head, bars]], 0.016, ENAMEL, color, 10)
    out += mirrored(rods([[crank, (hub[0], 0.05, hub[2])], [(-0.12, 0.015, 0.40), (hub[0], 0.05, hub[2])],
                          [(0.27, 0.03, 0.44), (front[0], 0.045, front[2])]], 0.010, ENAMEL, color))  # fmt: skip
    out += rods([[(0.16, -0.27, 0.66), (0.21, -0.12, 0.66), bars, (0.21, 0.12, 0.66), (0.16, 0.27, 0.66)]], 0.011, STEEL, STEEL_GREY)
    out += mirrored(rods([[(0.165, 0.255, 0.66), (0.13, 0.30, 0.658)]], 0.017, RUBBER, (0.5, 0.03, 0.05)))
    out.append(placed(soft_box((0.22, 0.13, 0.055), 0.025, PLASTIC, cells=8, color=BLACK), (-0.19, 0, 0.53)))
    out += rods([[(crank[0], -0.06, crank[2]), (crank[0], 0.06, crank[2])], [(crank[0] + 0.09, 0.07, crank[2] - 0.03), (crank[0], 0.07, crank[2])],
                 [(crank[0] - 0.09, -0.07, crank[2] + 0.03), (crank[0], -0.07, crank[2])]], 0.008, STEEL, STEEL_GREY)  # fmt: skip
    out += [board((0.07, 0.07, 0.018), (crank[0] + s * 0.09, s * 0.11, crank[2] - s * 0.03), PLASTIC, BLACK) for s in (1, -1)]
    out.append(axle(drum(0.055, 0.035, 0.045, STEEL, BLACK), crank))
    for x in (hub[0], front[0]):
        out.append(placed(spoked(wheel_m, 0.042, 0.02, spokes=16, thin=True), (x, 0, r)))
    return [grounded(turned(out, roll=1.40), size)]


def tricycle_cart(size: Array, g: Chance) -> Meshes:
    """A flat hand cart with a push bar; its front is +x."""
    length, width, height = size
    out = [board((length - 0.12, width, 0.03), (0.06, 0, 0.20), WOOD, (0.40, 0.28, 0.15))]
    out += [board((length - 0.12, 0.03, 0.05), (0.06, s * (width / 2 - 0.015), 0.17), ENAMEL, (0.03, 0.09, 0.30)) for s in (-1, 1)]
    out += rods([[(-length / 2 + 0.12, -width / 2 + 0.04, 0.18), (-length / 2 + 0.02, -width / 2 + 0.04, height - 0.02),
                  (-length / 2 + 0.02, width / 2 - 0.04, height - 0.02), (-length / 2 + 0.12, width / 2 - 0.04, 0.18)],
                 [(-length / 2 + 0.07, -width / 2 + 0.04, 0.55), (-length / 2 + 0.07, width / 2 - 0.04, 0.55)]], 0.017, ENAMEL, (0.03, 0.09, 0.30))  # fmt: skip
    for x in (-1, 1):
        for y in (-1, 1):
            out += caster(0.08, 0.04, (0.06 + x * 0.36 * length, y * (width / 2 - 0.07), 0.08), RUBBER_BLACK, STEEL_GREY)
            out.append(block((0.06 + x * 0.36 * length - 0.03, y * (width / 2 - 0.07) - 0.03, 0.10), (0.06 + x * 0.36 * length + 0.03, y * (width / 2 - 0.07) + 0.03, 0.17), STEEL, STEEL_GREY))
    return [grounded(out, size)]


def stroller(size: Array, g: Chance, color: RGB) -> Meshes:
    """A pram with a hood; whoever pushes it stands at -x."""
    c = np.asarray(color)
    grey = (0.30, 0.305, 0.31)
    out = mirrored(rods([[(0.36, 0.24, 0.10), (0.05, 0.26, 0.50), (-0.32, 0.24, 0.94)], [(-0.34, 0.26, 0.14), (0.05, 0.26, 0.50), (0.22, 0.25, 0.62)]], 0.013, STEEL, grey, 10))
    out += rods([[(-0.32, -0.24, 0.94), (-0.42, -0.22, 1.04), (-0.42, 0.22, 1.04), (-0.32, 0.24, 0.94)]], 0.017, RUBBER, BLACK, 10)
    out += rods([[(-0.34, -0.28, 0.14), (-0.34, 0.28, 0.14)], [(0.36, -0.24, 0.10), (0.36, 0.24, 0.10)]], 0.010, STEEL, grey)
    for y in (-0.28, 0.28):
        out += [painted(placed(torus(0.115, 0.022, 28, 10, RUBBER), (-0.34, y, 0.137)), RUBBER_BLACK), axle(drum(0.095, -0.01, 0.01, PLASTIC, grey), (-0.34, y, 0.137))]
        out += caster(0.085, 0.035, (0.36, y * 0.86, 0.085), RUBBER_BLACK, grey)
    tub = soft_box((0.72, 0.38, 0.20), 0.09, TEXTILE, cells=14, color=c)
    out.append(placed(tub, (0.08, 0, 0.60), pitch=-0.10))
    out.append(placed(soft_box((0.50, 0.34, 0.10), 0.045, TEXTILE, cells=12, relief=lambda p: 0.01 * fractal_noise(p * 9, 2), color=(0.55, 0.52, 0.47)), (0.16, 0, 0.70), pitch=-0.10))
    a, b = np.meshgrid(np.linspace(0.0, 1.75, 15), np.linspace(-np.pi / 2, np.pi / 2, 15), indexing="ij")
    rib = 1 - 0.06 * np.abs(np.sin(a * 4.5))
    hood = np.stack([-0.10 - 0.32 * rib * np.cos(a) * np.cos(b * 0.75), 0.205 * np.sin(b), 0.66 + 0.36 * rib * np.sin(a) * np.cos(b) ** 0.55 + 0.02], 2)
    out.append(sheet(hood[:, ::-1], 0.008, TEXTILE, color=c))
    out.append(placed(soft_box((0.44, 0.36, 0.12), 0.03, TEXTILE, cells=6, color=c * 0.7), (0.0, 0, 0.24)))
    return [grounded(out, size)]


def wheelchair(size: Array, g: Chance) -> Meshes:
    """Empty; its front is +x."""
    steel, cloth = (0.10, 0.10, 0.11), (0.020, 0.022, 0.030)
    out = mirrored(rods([[(-0.30, 0.22, 0.90), (-0.22, 0.22, 0.88), (-0.22, 0.22, 0.30), (0.20, 0.22, 0.22)],
                         [(-0.22, 0.22, 0.48), (0.22, 0.22, 0.48), (0.34, 0.20, 0.18), (0.44, 0.16, 0.14)],
                         [(-0.22, 0.22, 0.70), (0.16, 0.22, 0.70), (0.20, 0.22, 0.48)], [(0.20, 0.22, 0.48), (0.20, 0.22, 0.20)]], 0.012, ENAMEL, steel))  # fmt: skip
    out += mirrored([board((0.11, 0.028, 0.028), (-0.33, 0.22, 0.905), RUBBER, BLACK, bevel=0.01), board((0.30, 0.045, 0.03), (-0.02, 0.22, 0.715), PLASTIC, BLACK, bevel=0.01),
                     board((0.15, 0.13, 0.012), (0.44, 0.085, 0.13), PLASTIC, BLACK)])  # fmt: skip
    out.append(placed(soft_box((0.44, 0.42, 0.045), 0.02, TEXTILE, cells=8, color=cloth), (0, 0, 0.49)))
    out.append(placed(soft_box((0.03, 0.42, 0.40), 0.012, TEXTILE, cells=8, color=cloth), (-0.22, 0, 0.70)))
    for s in (-1, 1):
        out.append(placed(spoked(0.60, 0.030, 0.02, spokes=18, thin=True), (-0.16, s * 0.28, 0.30)))
        out.append(painted(placed(torus(0.265, 0.008, 36, 8, CHROME), (-0.16, s * 0.315, 0.30)), (1, 1, 1)))
        out += caster(0.095, 0.03, (0.22, s * 0.20, 0.095), RUBBER_BLACK, (0.4, 0.4, 0.4))
        out += rods([[(0.20, s * 0.22, 0.24), (0.22, s * 0.225, 0.10)]], 0.012, ENAMEL, steel)
    return [grounded(out, size)]


def shopping_trolley(size: Array, g: Chance) -> Meshes:
    """A wire basket on casters; the handle is at -x."""
    wire = (0.55, 0.555, 0.56)
    b0, b1 = (-0.36, 0.27, 0.96), (0.44, 0.20, 0.90)  # rim: x, half width, z, behind and in front
    f0, f1 = (-0.30, 0.23, 0.52), (0.38, 0.16, 0.60)
    lines = []
    for u in np.linspace(0, 1, 15):
        top, low = [np.array(p) + (np.array(q) - p) * u for p, q in ((np.array(b0), b1), (np.array(f0), f1))]
        lines += [[(top[0], s * top[1], top[2]), (low[0], s * low[1], low[2])] for s in (-1, 1)]
        lines.append([(low[0], -low[1], low[2]), (low[0], low[1], low[2])])
    for u in np.linspace(-1, 1, 9):
        for a, b in ((b0, f0), (b1, f1)):
            lines.append([(a[0], u * a[1], a[2]), (b[0], u * b[1], b[2])])
    for w in np.linspace(0, 1, 6):
        p, q = np.array(b0) + (np.array(f0) - b0) * w, np.array(b1) + (np.array(f1) - b1) * w
        lines.append([(p[0], -p[1], p[2]), (p[0], p[1], p[2]), (q[0], q[1], q[2]), (q[0], -q[1], q[2]), (p[0], -p[1], p[2])])
    out = rods(lines, 0.0035, STEEL, wire, 5)
    out += mirrored(rods([[(-0.36, 0.25, 0.96), (-0.40, 0.25, 0.22), (-0.38, 0.25, 0.14)], [(-0.38, 0.25, 0.20), (0.42, 0.17, 0.17)], [(-0.37, 0.25, 0.56), (0.30, 0.18, 0.19)]], 0.012, STEEL, wire))
    out += rods([[(-0.42, -0.27, 1.0), (-0.42, 0.27, 1.0)]], 0.016, PLASTIC, (0.45, 0.02, 0.02))
    out += mirrored(rods([[(-0.36, 0.255, 0.95), (-0.42, 0.255, 1.0)]], 0.012, STEEL, wire))
    for x, y in ((-0.38, 0.25), (0.40, 0.17)):
        for s in (-1, 1):
            out += caster(0.062, 0.03, (x, s * y, 0.062), RUBBER_BLACK, STEEL_GREY)
            out += rods([[(x, s * y, 0.06), (x, s * y, 0.20)]], 0.011, STEEL, wire)
    return [grounded(out, size)]
