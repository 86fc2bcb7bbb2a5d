"""Bicycles and motorcycles, with the people who ride them. Frame: x forward, origin on the ground under the rear axle.

The fork with the front wheel turns about the vertical through the head; pedals turn; the rider's legs stand still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface
from scenesim.geometry.soft import bar, both, loft, placed, rounded_box
from scenesim.models.vehicle_recipe import TwoWheeler

Array = NDArray[np.float64]
Point = Sequence[float]
PAINT, BLACK, CHROME, ALLOY = (Surface(m) for m in ("vehicle_paint", "trim_black", "chrome", "rim_alloy"))
DARK = Surface("underbody")

SADDLE = ((0.08, 0.03), (0.075, 0.032), (0.02, 0.02))  # half width and height
HANDLEBAR = ((-0.03, 0.29, 0.15), (0.05, 0.12, 0.14), (0.05, -0.12, 0.14), (-0.03, -0.29, 0.15))  # from the head


class Frame(NamedTuple):
    """Meshes that stay, that steer, and that turn with the pedals (about `crank`), with lamp places."""

    fixed: list[Mesh]
    steered: list[Mesh]
    pedals: list[Mesh]
    crank: tuple[float, float, float]
    headlamp: tuple[float, float, float]
    tail_lamp: tuple[float, float, float]


class Pose(NamedTuple):
    """Joints of a rider on the left side: x, |y|, z. knee and foot: left, right."""

    hip: Point
    shoulder: Point
    hand: Point
    knee: tuple[Point, Point]
    foot: tuple[Point, Point]
    head: Point


class Clothes(NamedTuple):
    top: str
    legs: str
    helmet: str
    hands: str
    half_width: float


def worn(material: str) -> Surface:
    return Surface(material, "rider")


def rider(p: Pose, c: Clothes) -> list[Mesh]:
    """A person, everything of class rider."""
    hip, shoulder = np.array([p.hip[0], 0, p.hip[2]]), np.array([p.shoulder[0], 0, p.shoulder[2]])
    along = shoulder - hip
    length = float(np.sqrt(along @ along))
    u = along / length
    back = np.array([-u[2], 0, u[0]])
    share = np.array([-0.24, -0.10, 0.15, 0.40, 0.65, 0.88, 1.02, 1.14])
    spine = hip + u * (length * share)[:, None] + back * (0.28 * length * share * (1 - share))[:, None]
    w = c.half_width
    radii = [(0.06, 0.05), (w * 0.90, 0.125), (w * 0.86, 0.13), (w * 0.84, 0.12), (w * 0.95, 0.125), (w * 1.06, 0.12)]
    meshes = [loft(spine, [*radii, (w * 0.85, 0.095), (0.06, 0.055)], worn(c.top), 18, 3)]
    x, z = p.head[0], p.head[2]
    skin = worn("driver_skin")
    meshes.append(bar([shoulder, (x - 0.02, 0, z - 0.08)], 0.058, skin, 8))
    closed = c.helmet == "helmet_black"
    helmet = rounded_box((0.245, 0.20, 0.26 if closed else 0.17), 0.095, worn(c.helmet), 4)
    meshes.append(placed(helmet, (x, 0, z if closed else z + 0.055)))
    if closed:
        meshes.append(placed(rounded_box((0.11, 0.16, 0.10), 0.045, worn("lamp_housing"), 3), (x + 0.075, 0, z + 0.01)))
    else:
        meshes.append(placed(rounded_box((0.20, 0.155, 0.23), 0.076, skin, 3), (x + 0.01, 0, z - 0.03)))
    for k, side in enumerate((1, -1)):
        meshes += _limbs(p, c, k, side)
    return meshes


def _limbs(p: Pose, c: Clothes, k: int, side: int) -> list[Mesh]:
    """One arm and one leg."""
    hip, shoulder, hand, knee, foot = (
        np.array([q[0], side * q[1], q[2]]) for q in (p.hip, p.shoulder, p.hand, p.knee[k], p.foot[k])
    )
    elbow = (shoulder + hand) / 2 + np.array([-0.04, side * 0.07, -0.07])
    top, legs = worn(c.top), worn(c.legs)
    sleeve = top if c.hands == "rider_leather" else worn("driver_skin")
    thigh = [hip + [-0.03, 0, 0.02], hip * 0.5 + knee * 0.5, knee * 0.96 + hip * 0.04, knee + (knee - hip) * 0.08]
    shank = [knee + (knee - hip) * 0.10, knee, knee * 0.6 + foot * 0.4, foot + [0, 0, 0.02]]
    return [
        loft(thigh, [[0.095, 0.095], [0.085, 0.085], [0.068, 0.068], [0.030, 0.030]], legs, 12, 3),
        loft(shank, [[0.022, 0.022], [0.064, 0.064], [0.060, 0.060], [0.042, 0.042]], legs, 12, 3),
        loft([shoulder + [0, -side * 0.05, 0.02], shoulder, elbow], [[0.05, 0.05], [0.066, 0.066], [0.046, 0.046]], top, 12, 3),
        loft([elbow + (elbow - shoulder) * 0.05, elbow, hand], [[0.02, 0.02], [0.046, 0.046], [0.034, 0.034]], sleeve, 12, 3),
        placed(rounded_box((0.10, 0.075, 0.06), 0.028, worn(c.hands)), hand),
        placed(rounded_box((0.27, 0.095, 0.085), 0.04, worn("rider_leather"), 3), foot + [0.06, 0, -0.03]),
    ]


def bicycle(c: TwoWheeler) -> Frame:
    """A diamond frame with a rack of lamps and mudguards."""
    r, front = c.tyre_diameter_m / 2, c.wheelbase_m
    mid = front / 2
    crank, seat = np.array([mid - 0.10, 0, 0.28]), np.array([mid - 0.24, 0, 0.78])
    head, lower = np.array([mid + 0.33, 0, 0.86]), np.array([mid + 0.37, 0, 0.72])
    fixed = [
        bar([crank, seat + (seat - crank) * 0.08], 0.017, PAINT, 10),
        bar([crank, lower], 0.021, PAINT, 10),
        bar([seat, head - [0.02, 0, 0.03]], 0.017, PAINT, 10),
        bar([lower, head], 0.022, PAINT, 10),
        bar([seat + (seat - crank) * 0.05, seat + (seat - crank) * 0.30], 0.014, ALLOY, 8),
        loft([(mid - x, 0, z) for x, z in ((0.40, 0.955), (0.30, 0.965), (0.10, 0.955))], SADDLE, BLACK, 12),
        bar([(0, -0.02, r), (0, -0.034, r)], 0.045, DARK, 14),
        placed(rounded_box((0.03, 0.05, 0.04), 0.012, Surface("tail_lamp")), (mid - 0.36, 0, 0.80)),
        placed(rounded_box((0.01, 0.06, 0.06), 0.004, Surface("reflector_red"), 1), (-r - 0.035, 0, 0.42)),
        _mudguard(0.0, r, 0.55, 2.9, 0.028),
    ]
    fixed += both(bar([crank + [0, 0.03, 0], (0, 0.045, r)], 0.009, PAINT, 8))
    fixed += both(bar([seat + [0, 0.02, 0], (0, 0.045, r)], 0.008, PAINT, 8))
    for z in (1, -1):
        fixed.append(bar([crank + [0, -0.024, z * 0.09], (0, -0.027, r + z * 0.042)], 0.004, DARK, 5))
    steered = [
        bar([head, head + [-0.02, 0, 0.10], head + [0.05, 0, 0.14]], 0.014, BLACK, 8),
        bar([head + np.array(q) for q in HANDLEBAR], 0.012, BLACK, 8),
        bar([head + [0.0, 0, 0.05], head + [0.08, 0, 0.045]], 0.007, BLACK, 6),
        placed(rounded_box((0.05, 0.06, 0.05), 0.02, Surface("headlamp")), head + [0.09, 0, 0.06]),
        _mudguard(front, r, 0.9, 2.4, 0.028),
    ]
    blade = [lower + [0, 0.04, -0.01], (mid + 0.42, 0.045, 0.62), (front, 0.045, r)]
    steered += both(bar(blade, [0.013, 0.013, 0.009], PAINT, 8))
    steered += both(bar([head + [0, 0.21, 0.148], head + [-0.035, 0.30, 0.151]], 0.017, BLACK, 8))
    pedals = [bar([(0, -0.02, 0), (0, -0.028, 0)], 0.095, DARK, 24), bar([(0, -0.09, 0), (0, 0.09, 0)], 0.016, ALLOY, 8)]
    for s in (1, -1):
        pedals.append(bar([(0, s * 0.09, 0), (0.12 * s, s * 0.095, -0.12 * s)], 0.010, ALLOY, 6))
        pedals.append(placed(rounded_box((0.10, 0.09, 0.025), 0.01, BLACK), (0.12 * s, s * 0.15, -0.12 * s)))
    lamp = head + [0.12, 0, 0.06]
    return Frame(fixed, steered, pedals, _point(crank), _point(lamp), (mid - 0.38, 0.0, 0.80))


def _mudguard(x: float, r: float, first: float, last: float, half: float) -> Mesh:
    angle = np.linspace(first, last, 12)
    path = np.stack([x + (r + 0.02) * np.cos(angle), np.zeros(12), r + (r + 0.02) * np.sin(angle)], 1)
    return bar(path, np.tile([half, 0.006], (12, 1)), BLACK, 8)


def _point(p: Array) -> tuple[float, float, float]:
    return float(p[0]), float(p[1]), float(p[2])


BICYCLE_RIDER = Pose(
    (-0.28, 0.09, 1.00), (0.04, 0.19, 1.46), (0.31, 0.27, 1.03), ((0.20, 0.12, 0.72), (0.06, 0.12, 0.92)),
    ((0.02, 0.15, 0.21), (-0.22, 0.15, 0.45)), (0.15, 0.0, 1.70),
)  # fmt: skip
MOTORCYCLE_RIDER = Pose(
    (-0.30, 0.10, 0.92), (-0.06, 0.20, 1.40), (0.17, 0.39, 1.07), ((0.14, 0.23, 0.78), (0.14, 0.23, 0.78)),
    ((-0.10, 0.20, 0.37), (-0.10, 0.20, 0.37)), (0.06, 0.0, 1.66),
)  # fmt: skip


def people(c: TwoWheeler) -> list[Mesh]:
    """The rider of a bicycle or a motorcycle."""
    if c.family == "bicycle":
        meshes = rider(BICYCLE_RIDER, Clothes("rider_jersey", "rider_jeans", "helmet_white", "driver_skin", 0.17))
    else:
        meshes = rider(MOTORCYCLE_RIDER, Clothes("rider_leather", "rider_leather", "helmet_black", "rider_leather", 0.19))
    return [placed(m, (c.wheelbase_m / 2, 0, 0)) for m in meshes]


def motorcycle(c: TwoWheeler) -> Frame:
    """A naked bike; built about the middle between the axles, then moved."""
    r1, r2, front, rear = c.tyre_diameter_m / 2, c.rear_tyre_diameter_m / 2, c.wheelbase_m / 2, -c.wheelbase_m / 2
    shift = (c.wheelbase_m / 2, 0.0, 0.0)
    fixed = [placed(m, shift) for m in (*_tank_and_seat(), *_engine(), *_chassis(rear, r2))]
    steered = [placed(m, shift) for m in _front_end(front, r1)]
    headlamp, tail = (0.58 + shift[0], 0.0, 0.915), (-0.92 + shift[0], 0.0, 0.905)
    return Frame(fixed, steered, [], (0.0, 0.0, 0.0), headlamp, tail)


def _tank_and_seat() -> list[Mesh]:
    tank = [(0.36, 0, 0.93), (0.28, 0, 0.97), (0.12, 0, 0.985), (-0.04, 0, 0.94), (-0.16, 0, 0.85)]
    seat = [(-0.08, 0, 0.84), (-0.22, 0, 0.815), (-0.42, 0, 0.83), (-0.60, 0, 0.88), (-0.70, 0, 0.90)]
    tail = [(-0.30, 0, 0.77), (-0.55, 0, 0.81), (-0.80, 0, 0.88), (-0.90, 0, 0.92)]
    return [
        loft(tank, [[0.06, 0.05], [0.13, 0.10], [0.165, 0.125], [0.13, 0.11], [0.08, 0.06]], PAINT, 18),
        loft(seat, [[0.08, 0.04], [0.14, 0.045], [0.13, 0.045], [0.11, 0.05], [0.08, 0.03]], BLACK, 14),
        loft(tail, [[0.10, 0.05], [0.10, 0.06], [0.08, 0.05], [0.05, 0.03]], PAINT, 14),
        placed(rounded_box((0.03, 0.13, 0.025), 0.010, Surface("tail_lamp")), (-0.905, 0, 0.892)),
        placed(rounded_box((0.03, 0.13, 0.025), 0.010, Surface("brake_lamp")), (-0.908, 0, 0.918)),
        bar([(-0.82, 0, 0.84), (-1.0, 0, 0.56)], [[0.05, 0.012], [0.06, 0.012]], BLACK, 8),
        placed(rounded_box((0.012, 0.18, 0.20), 0.004, Surface("number_plate"), 1), (-1.005, 0, 0.60), pitch=0.5),
    ]


def _engine() -> list[Mesh]:
    pipe = [(0.24, -0.10, 0.55), (0.28, -0.11, 0.32), (0.10, -0.13, 0.24), (-0.30, -0.15, 0.28), (-0.46, -0.19, 0.38)]
    muffler = [(-0.42, -0.19, 0.36), (-0.50, -0.20, 0.41), (-0.84, -0.20, 0.56), (-0.87, -0.20, 0.575)]
    return [
        placed(rounded_box((0.34, 0.26, 0.26), 0.06, DARK, 3), (0.02, 0, 0.44)),
        placed(rounded_box((0.22, 0.30, 0.20), 0.05, ALLOY, 3), (0.10, 0, 0.62), pitch=0.35),
        placed(rounded_box((0.26, 0.34, 0.20), 0.08, ALLOY, 3), (-0.06, 0, 0.40)),
        placed(rounded_box((0.03, 0.30, 0.34), 0.012, BLACK), (0.33, 0, 0.56), pitch=0.25),
        loft(pipe, np.tile([0.026, 0.026], (5, 1)), CHROME, 10),
        bar(muffler, [0.03, 0.06, 0.062, 0.045], CHROME, 14),
    ]


def _chassis(rear: float, r: float) -> list[Mesh]:
    meshes = both(bar([(rear, 0.11, r), (-0.20, 0.10, 0.40)], [0.025, 0.032], ALLOY, 8))
    rail = [(0.33, 0.06, 0.90), (0.10, 0.14, 0.74), (-0.22, 0.13, 0.52), (-0.24, 0.10, 0.36)]
    meshes += both(bar(rail, [0.032, 0.036, 0.034, 0.03], DARK, 8))
    meshes += both(bar([(-0.22, 0.12, 0.55), (-0.62, 0.10, 0.80)], 0.016, DARK, 8))
    meshes += both(bar([(-0.10, 0.14, 0.33), (-0.10, 0.24, 0.33)], 0.014, BLACK, 6))
    return meshes + _indicators(-0.86, 0.16, 0.78)


def _indicators(x: float, y: float, z: float) -> list[Mesh]:
    return [
        placed(rounded_box((0.05, 0.085, 0.04), 0.018, Surface(m)), (x, s * y, z))
        for s, m in ((1, "indicator_left"), (-1, "indicator_right"))
    ]


def _front_end(x: float, r: float) -> list[Mesh]:
    angle = np.linspace(0.35, 2.5, 12)
    guard = np.stack([x + (r + 0.025) * np.cos(angle), np.zeros(12), r + (r + 0.025) * np.sin(angle)], 1)
    meshes = [
        bar([(0.44, 0, 0.92), (0.52, 0, 0.92), (0.565, 0, 0.915)], [[0.06, 0.06], [0.095, 0.09], [0.085, 0.08]], PAINT, 16),
        bar([(0.560, 0, 0.915), (0.577, 0, 0.915)], 0.08, Surface("headlamp"), 16),
        placed(rounded_box((0.06, 0.22, 0.12), 0.03, BLACK), (0.44, 0, 1.05), pitch=-0.4),
        bar(guard, np.tile([0.072, 0.012], (12, 1)), PAINT, 8),
    ]
    meshes += both(bar([(x, 0.095, r), (0.50, 0.095, 0.74)], 0.024, BLACK, 10))
    meshes += both(bar([(0.51, 0.095, 0.72), (0.355, 0.095, 1.02)], 0.021, CHROME, 10))
    meshes += both(bar([(0.33, 0.04, 1.04), (0.27, 0.26, 1.08), (0.18, 0.38, 1.05)], 0.013, BLACK, 8))
    meshes += both(bar([(0.20, 0.355, 1.054), (0.155, 0.43, 1.04)], 0.019, BLACK, 8))
    meshes += both(bar([(0.26, 0.28, 1.08), (0.25, 0.36, 1.24)], 0.007, BLACK, 6))
    meshes += both(placed(rounded_box((0.03, 0.15, 0.09), 0.014, BLACK), (0.25, 0.38, 1.26)))
    return meshes + _indicators(0.42, 0.20, 0.90)
