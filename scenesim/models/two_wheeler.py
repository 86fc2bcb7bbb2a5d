"""Bicycles and motorcycles, and where their riders sit. Frame: x forward, origin on the ground under the rear axle.

The fork with the front wheel turns about the vertical through the head; pedals turn, and the rider's legs with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface
from scenesim.geometry.soft import bar, both, loft, placed, rounded_box
from scenesim.models.posture import Saddle
from scenesim.models.vehicle_recipe import TwoWheeler

Array = NDArray[np.float64]
Point = Sequence[float]
PAINT, BLACK, CHROME, ALLOY = (Surface(m) for m in ("vehicle_paint", "trim_black", "chrome", "rim_alloy"))
DARK = Surface("underbody")

BICYCLE_M = 1.04  # wheelbase of a plain bicycle
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


def saddle(c: TwoWheeler) -> Saddle:
    """Where somebody sits on a bicycle, a motorcycle or the like, or stands on a kick scooter."""
    mid = c.wheelbase_m / 2
    if c.family == "scooter":
        return Saddle(mid - 0.26, 0.87, (0.42, 0.32, 1.03), 0.06, None, ((0.34, 0.13, 0.40), 0.16), "bike_helmet")
    if c.family == "e_scooter":
        return Saddle(mid - 0.06, 1.05, (0.26, 0.20, 1.17), 0.04, None, ((0.02, 0.075, 0.26), 0.06), "bike_helmet")
    if c.family in ("bicycle", "cargo_bike"):
        mid = BICYCLE_M / 2  # behind the box is a plain bicycle
        return Saddle(mid - 0.27, 1.035, (0.575, 0.27, 1.02), 0.52, (0.17, 0.28, 0.17, 0.15), hat="bike_helmet")
    return Saddle(mid - 0.30, 0.925, (0.47, 0.39, 1.075), 0.22, None, ((0.09, 0.20, 0.46), 0.34), "full_helmet")


def bicycle(c: TwoWheeler, front: float = 0.0) -> Frame:
    """A diamond frame with a rack of lamps and mudguards. front: of the front hub, if not at the wheelbase."""
    r, front = c.rear_tyre_diameter_m / 2, front or c.wheelbase_m
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
        mudguard(0.0, r, 0.55, 2.9, 0.028, BLACK),
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
        mudguard(front, r, 0.9, 2.4, 0.028, BLACK),
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


def mudguard(x: float, r: float, first: float, last: float, half: float, surface: Surface) -> Mesh:
    """A strip about a wheel, from one angle to another."""
    angle = np.linspace(first, last, 12)
    path = np.stack([x + (r + 0.02) * np.cos(angle), np.zeros(12), r + (r + 0.02) * np.sin(angle)], 1)
    return bar(path, np.tile([half, 0.006], (12, 1)), surface, 8)


def _point(p: Array) -> tuple[float, float, float]:
    return float(p[0]), float(p[1]), float(p[2])


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
