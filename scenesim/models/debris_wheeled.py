"""Luggage, toys and what is pushed: prams, carts, trolleys, a wheelchair; nobody holds them."""

from __future__ import annotations

import numpy as np

from scenesim.geometry.implicit import Solid, fractal_noise, mesh
from scenesim.geometry.mesh import make
from scenesim.geometry.rough import ball, grounded, sheet, soft_box
from scenesim.geometry.soft import placed, rounded_box, torus
from scenesim.models.debris_kit import (
    BLACK,
    CHROME,
    ENAMEL,
    PLASTIC,
    RGB,
    RUBBER,
    RUBBER_BLACK,
    STEEL,
    STEEL_GREY,
    TEXTILE,
    WOOD,
    Array,
    Chance,
    Meshes,
    axle,
    block,
    board,
    caster,
    drum,
    mirrored,
    painted,
    rods,
    turned,
)
from scenesim.models.wheel import spoked


def suitcase(size: Array, g: Chance, color: RGB) -> Meshes:
    """Upright on its four wheels, grooves along the shell, the handle half out."""
    depth, width, height = size
    wheel, h = 0.055, height * 0.80
    groove = lambda p: -0.006 * (np.abs(np.sin(p[:, 1] * np.pi / (width / 9))) > 0.80) * (np.abs(p[:, 2]) < 0.40 * h)  # noqa: E731
    body = soft_box((depth, width, h - wheel), 0.045, PLASTIC, cells=30, relief=groove, color=color)
    z = wheel + (h - wheel) / 2
    out = [placed(body, (0, 0, z))]
    out.append(placed(soft_box((0.010, width + 0.004, h - wheel + 0.004), 0.004, PLASTIC, cells=5, color=BLACK), (0, 0, z)))
    out += [m for x in (-1, 1) for y in (-1, 1) for m in caster(0.024, 0.022, (x * 0.30 * depth, y * 0.38 * width, 0.024))]
    out += [
        placed(drum(0.016, 0.03, wheel + 0.02, PLASTIC, BLACK), (x * 0.30 * depth, y * 0.38 * width, 0))
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    out += rods(
        [[(-0.34 * depth, y, h - 0.05), (-0.34 * depth, y, height - 0.02)] for y in (-0.09, 0.09)], 0.008, STEEL, STEEL_GREY
    )
    out.append(board((0.028, 0.23, 0.028), (-0.34 * depth, 0, height - 0.014), PLASTIC, BLACK, bevel=0.01))
    out.append(board((0.03, 0.16, 0.018), (0.02, 0, h + 0.012), PLASTIC, BLACK, bevel=0.008))
    out.append(board((0.02, 0.016, 0.16), (0.02, -width / 2 - 0.004, z), PLASTIC, BLACK, bevel=0.006))
    return [grounded(out, size)]


def toy_car(size: Array, g: Chance, color: RGB) -> Meshes:
    """A ride-on car for toddlers: bonnet, hollow seat, steering wheel, four fat wheels. Its front is +x."""
    s = Solid()
    s.loft(
        (-0.27, 0, 0.16),
        (0.28, 0, 0.15),
        (0, 0, 1),
        [
            (0, 0, 0, 0.05, 0.09, 0.03, 2.4),
            (0.08, 0, 0, 0.095, 0.135, 0.07, 2.6),
            (0.30, 0, 0, 0.085, 0.06, 0.075, 2.6),
            (0.55, 0, 0, 0.085, 0.06, 0.075, 2.6),
            (0.72, 0, 0, 0.105, 0.115, 0.07, 2.6),
            (0.92, 0, 0, 0.10, 0.075, 0.06, 2.6),
            (1, 0, 0, 0.06, 0.03, 0.04, 2.2),
        ],
        0.03,
    )
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
    out += mirrored(
        rods(
            [
                [crank, (hub[0], 0.05, hub[2])],
                [(-0.12, 0.015, 0.40), (hub[0], 0.05, hub[2])],
                [(0.27, 0.03, 0.44), (front[0], 0.045, front[2])],
            ],
            0.010,
            ENAMEL,
            color,
        )
    )
    out += rods(
        [[(0.16, -0.27, 0.66), (0.21, -0.12, 0.66), bars, (0.21, 0.12, 0.66), (0.16, 0.27, 0.66)]], 0.011, STEEL, STEEL_GREY
    )
    out += mirrored(rods([[(0.165, 0.255, 0.66), (0.13, 0.30, 0.658)]], 0.017, RUBBER, (0.5, 0.03, 0.05)))
    out.append(placed(soft_box((0.22, 0.13, 0.055), 0.025, PLASTIC, cells=8, color=BLACK), (-0.19, 0, 0.53)))
    out += rods(
        [
            [(crank[0], -0.06, crank[2]), (crank[0], 0.06, crank[2])],
            [(crank[0] + 0.09, 0.07, crank[2] - 0.03), (crank[0], 0.07, crank[2])],
            [(crank[0] - 0.09, -0.07, crank[2] + 0.03), (crank[0], -0.07, crank[2])],
        ],
        0.008,
        STEEL,
        STEEL_GREY,
    )
    out += [board((0.07, 0.07, 0.018), (crank[0] + s * 0.09, s * 0.11, crank[2] - s * 0.03), PLASTIC, BLACK) for s in (1, -1)]
    out.append(axle(drum(0.055, 0.035, 0.045, STEEL, BLACK), crank))
    for x in (hub[0], front[0]):
        out.append(placed(spoked(wheel_m, 0.042, 0.02, spokes=16, thin=True), (x, 0, r)))
    return [grounded(turned(out, roll=1.40), size)]


def tricycle_cart(size: Array, g: Chance) -> Meshes:
    """A flat hand cart with a push bar; its front is +x."""
    length, width, height = size
    out = [board((length - 0.12, width, 0.03), (0.06, 0, 0.20), WOOD, (0.40, 0.28, 0.15))]
    out += [
        board((length - 0.12, 0.03, 0.05), (0.06, s * (width / 2 - 0.015), 0.17), ENAMEL, (0.03, 0.09, 0.30)) for s in (-1, 1)
    ]
    out += rods(
        [
            [
                (-length / 2 + 0.12, -width / 2 + 0.04, 0.18),
                (-length / 2 + 0.02, -width / 2 + 0.04, height - 0.02),
                (-length / 2 + 0.02, width / 2 - 0.04, height - 0.02),
                (-length / 2 + 0.12, width / 2 - 0.04, 0.18),
            ],
            [(-length / 2 + 0.07, -width / 2 + 0.04, 0.55), (-length / 2 + 0.07, width / 2 - 0.04, 0.55)],
        ],
        0.017,
        ENAMEL,
        (0.03, 0.09, 0.30),
    )
    for x in (-1, 1):
        for y in (-1, 1):
            out += caster(0.08, 0.04, (0.06 + x * 0.36 * length, y * (width / 2 - 0.07), 0.08), RUBBER_BLACK, STEEL_GREY)
            out.append(
                block(
                    (0.06 + x * 0.36 * length - 0.03, y * (width / 2 - 0.07) - 0.03, 0.10),
                    (0.06 + x * 0.36 * length + 0.03, y * (width / 2 - 0.07) + 0.03, 0.17),
                    STEEL,
                    STEEL_GREY,
                )
            )
    return [grounded(out, size)]


def stroller(size: Array, g: Chance, color: RGB) -> Meshes:
    """A pram with a hood; whoever pushes it stands at -x."""
    c = np.asarray(color)
    grey = (0.30, 0.305, 0.31)
    out = mirrored(
        rods(
            [
                [(0.36, 0.24, 0.10), (0.05, 0.26, 0.50), (-0.32, 0.24, 0.94)],
                [(-0.34, 0.26, 0.14), (0.05, 0.26, 0.50), (0.22, 0.25, 0.62)],
            ],
            0.013,
            STEEL,
            grey,
            10,
        )
    )
    out += rods(
        [[(-0.32, -0.24, 0.94), (-0.42, -0.22, 1.04), (-0.42, 0.22, 1.04), (-0.32, 0.24, 0.94)]], 0.017, RUBBER, BLACK, 10
    )
    out += rods([[(-0.34, -0.28, 0.14), (-0.34, 0.28, 0.14)], [(0.36, -0.24, 0.10), (0.36, 0.24, 0.10)]], 0.010, STEEL, grey)
    for y in (-0.28, 0.28):
        out += [
            painted(placed(torus(0.115, 0.022, 28, 10, RUBBER), (-0.34, y, 0.137)), RUBBER_BLACK),
            axle(drum(0.095, -0.01, 0.01, PLASTIC, grey), (-0.34, y, 0.137)),
        ]
        out += caster(0.085, 0.035, (0.36, y * 0.86, 0.085), RUBBER_BLACK, grey)
    tub = soft_box((0.72, 0.38, 0.20), 0.09, TEXTILE, cells=14, color=c)
    out.append(placed(tub, (0.08, 0, 0.60), pitch=-0.10))
    out.append(
        placed(
            soft_box(
                (0.50, 0.34, 0.10),
                0.045,
                TEXTILE,
                cells=12,
                relief=lambda p: 0.01 * fractal_noise(p * 9, 2),
                color=(0.55, 0.52, 0.47),
            ),
            (0.16, 0, 0.70),
            pitch=-0.10,
        )
    )
    a, b = np.meshgrid(np.linspace(0.0, 1.75, 15), np.linspace(-np.pi / 2, np.pi / 2, 15), indexing="ij")
    rib = 1 - 0.06 * np.abs(np.sin(a * 4.5))
    hood = np.stack(
        [
            -0.10 - 0.32 * rib * np.cos(a) * np.cos(b * 0.75),
            0.205 * np.sin(b),
            0.66 + 0.36 * rib * np.sin(a) * np.cos(b) ** 0.55 + 0.02,
        ],
        2,
    )
    out.append(sheet(hood[:, ::-1], 0.008, TEXTILE, color=c))
    out.append(placed(soft_box((0.44, 0.36, 0.12), 0.03, TEXTILE, cells=6, color=c * 0.7), (0.0, 0, 0.24)))
    return [grounded(out, size)]


def wheelchair(size: Array, g: Chance) -> Meshes:
    """Empty; its front is +x."""
    steel, cloth = (0.10, 0.10, 0.11), (0.020, 0.022, 0.030)
    out = mirrored(
        rods(
            [
                [(-0.30, 0.22, 0.90), (-0.22, 0.22, 0.88), (-0.22, 0.22, 0.30), (0.20, 0.22, 0.22)],
                [(-0.22, 0.22, 0.48), (0.22, 0.22, 0.48), (0.34, 0.20, 0.18), (0.44, 0.16, 0.14)],
                [(-0.22, 0.22, 0.70), (0.16, 0.22, 0.70), (0.20, 0.22, 0.48)],
                [(0.20, 0.22, 0.48), (0.20, 0.22, 0.20)],
            ],
            0.012,
            ENAMEL,
            steel,
        )
    )
    out += mirrored(
        [
            board((0.11, 0.028, 0.028), (-0.33, 0.22, 0.905), RUBBER, BLACK, bevel=0.01),
            board((0.30, 0.045, 0.03), (-0.02, 0.22, 0.715), PLASTIC, BLACK, bevel=0.01),
            board((0.15, 0.13, 0.012), (0.44, 0.085, 0.13), PLASTIC, BLACK),
        ]
    )
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
    out += mirrored(
        rods(
            [
                [(-0.36, 0.25, 0.96), (-0.40, 0.25, 0.22), (-0.38, 0.25, 0.14)],
                [(-0.38, 0.25, 0.20), (0.42, 0.17, 0.17)],
                [(-0.37, 0.25, 0.56), (0.30, 0.18, 0.19)],
            ],
            0.012,
            STEEL,
            wire,
        )
    )
    out += rods([[(-0.42, -0.27, 1.0), (-0.42, 0.27, 1.0)]], 0.016, PLASTIC, (0.45, 0.02, 0.02))
    out += mirrored(rods([[(-0.36, 0.255, 0.95), (-0.42, 0.255, 1.0)]], 0.012, STEEL, wire))
    for x, y in ((-0.38, 0.25), (0.40, 0.17)):
        for s in (-1, 1):
            out += caster(0.062, 0.03, (x, s * y, 0.062), RUBBER_BLACK, STEEL_GREY)
            out += rods([[(x, s * y, 0.06), (x, s * y, 0.20)]], 0.011, STEEL, wire)
    return [grounded(out, size)]
