"""Scooters, mopeds, kick scooters with a motor, and cargo bicycles. Frame: as in models/two_wheeler.py."""

from __future__ import annotations

import numpy as np

from scenesim.geometry.mesh import Mesh, Surface
from scenesim.geometry.soft import bar, both, loft, placed, rounded_box
from scenesim.models.two_wheeler import ALLOY, BICYCLE_M, BLACK, CHROME, DARK, PAINT, Frame, bicycle, mudguard
from scenesim.models.vehicle_recipe import TwoWheeler

WOOD = Surface("wood_slat")


def scooter(c: TwoWheeler) -> Frame:
    """A step-through with a leg shield, a flat floor and a body about the engine; built about the middle between the axles."""
    f, r = c.wheelbase_m / 2, c.tyre_diameter_m / 2
    shift = (f, 0.0, 0.0)
    floor, end = r + 0.06, -f - max(0.265, r + 0.06)  # x of the number plate
    body = [(-0.10, 0, floor + 0.16), (-0.24, 0, floor + 0.26), (-0.48, 0, floor + 0.32), (-f - 0.18, 0, floor + 0.30)]
    seat = [(-0.06, 0, 0.74), (-0.24, 0, 0.765), (-0.48, 0, 0.79), (-0.66, 0, 0.785)]
    fixed = [
        loft(body, [[0.10, 0.14], [0.17, 0.20], [0.18, 0.20], [0.07, 0.09]], PAINT, 18),
        loft(seat, [[0.07, 0.035], [0.13, 0.05], [0.12, 0.055], [0.08, 0.035]], BLACK, 14),
        placed(rounded_box((0.52, 0.30, 0.07), 0.03, BLACK), (0.08, 0, floor)),
        placed(rounded_box((0.09, 0.42, 0.62), 0.04, PAINT), (f - 0.32, 0, floor + 0.30), pitch=-0.30),
        placed(rounded_box((0.12, 0.20, 0.20), 0.05, PAINT), (f - 0.24, 0, floor + 0.34), pitch=-0.30),
        placed(rounded_box((0.34, 0.16, 0.22), 0.06, DARK), (-f + 0.12, 0.05, r + 0.02)),
        bar([(-f - 0.02, -0.13, r + 0.02), (-f + 0.30, -0.13, r - 0.01)], [0.045, 0.035], CHROME, 12),
        placed(rounded_box((0.04, 0.16, 0.07), 0.02, Surface("tail_lamp")), (-f - 0.235, 0, floor + 0.36)),
        placed(rounded_box((0.04, 0.10, 0.035), 0.015, Surface("brake_lamp")), (-f - 0.242, 0, floor + 0.32)),
        bar([(-f - 0.20, 0, floor + 0.26), (end - 0.005, 0, r + 0.10)], [[0.05, 0.012], [0.06, 0.012]], BLACK, 8),
        placed(rounded_box((0.012, 0.18, 0.14), 0.004, Surface("number_plate"), 1), (end, 0, r + 0.16), pitch=0.5),
        bar([(-0.05, 0.12, floor - 0.02), (-0.14, 0.17, 0.10)], 0.012, BLACK, 6),
    ]
    fixed += _indicators(-f - 0.20, 0.13, floor + 0.31)
    head = (f - 0.37, 0.0, 0.98)
    steered = [
        bar([(f - 0.03, 0.0, r + 0.18), (f - 0.30, 0.0, 0.90), head], 0.030, BLACK, 10),
        placed(rounded_box((0.20, 0.26, 0.16), 0.07, PAINT, 3), head),
        bar([(f - 0.285, 0, 0.985), (f - 0.262, 0, 0.985)], 0.062, Surface("headlamp"), 16),
        mudguard(f, r, 0.5, 2.4, 0.075, PAINT),
        bar([(f - 0.42, 0.10, 1.02), (f - 0.50, 0.32, 1.03)], 0.016, BLACK, 8),
        bar([(f - 0.42, -0.10, 1.02), (f - 0.50, -0.32, 1.03)], 0.016, BLACK, 8),
    ]
    steered += both(bar([(f, 0.075, r), (f - 0.03, 0.075, r + 0.20)], 0.022, ALLOY, 8))
    steered += both(bar([(f - 0.43, 0.24, 1.03), (f - 0.44, 0.32, 1.18)], 0.007, BLACK, 6))
    steered += both(placed(rounded_box((0.03, 0.12, 0.08), 0.014, BLACK), (f - 0.44, 0.34, 1.20)))
    steered += _indicators(f - 0.30, 0.15, 0.96)
    return Frame(
        [placed(m, shift) for m in fixed], [placed(m, shift) for m in steered], [], (0.0, 0.0, 0.0), (2 * f - 0.24, 0.0, 0.985),
        (-0.24, 0.0, floor + 0.36),
    )  # fmt: skip


def _indicators(x: float, y: float, z: float) -> list[Mesh]:
    return [
        placed(rounded_box((0.05, 0.06, 0.05), 0.018, Surface(m)), (x, s * y, z))
        for s, m in ((1, "indicator_left"), (-1, "indicator_right"))
    ]


def e_scooter(c: TwoWheeler) -> Frame:
    """A kick scooter with a motor: a deck between small wheels, and a stem with handlebars."""
    front, r = c.wheelbase_m, c.tyre_diameter_m / 2
    top = c.height_m_empty
    deck = [(0.14, 0, r - 0.005), (front - 0.20, 0, r - 0.005)]
    fixed = [
        placed(rounded_box((deck[1][0] - deck[0][0], 0.17, 0.07), 0.025, BLACK), ((deck[0][0] + deck[1][0]) / 2, 0, r - 0.01)),
        placed(rounded_box((deck[1][0] - deck[0][0] - 0.06, 0.15, 0.01), 0.004, DARK, 1), (front / 2, 0, r + 0.028)),
        mudguard(0.0, r, 0.9, 2.5, 0.035, BLACK),
        bar([(front - 0.22, 0, r), (front - 0.10, 0, r + 0.10)], 0.030, BLACK, 10),
        placed(rounded_box((0.03, 0.05, 0.03), 0.010, Surface("tail_lamp")), (-0.11, 0, r + 0.12)),
        placed(rounded_box((0.02, 0.03, 0.015), 0.006, Surface("brake_lamp")), (-0.114, 0, r + 0.15)),
    ]
    fixed += both(bar([(0.14, 0.075, r), (0, 0.07, r)], 0.014, BLACK, 8))
    head = (front - 0.10, 0.0, r + 0.10)
    tip = (front - 0.26, 0.0, top - 0.03)
    bars = (tip[0] + 0.01, c.width_m / 2 - 0.03, top - 0.02)
    steered = [
        bar([(front - 0.03, 0, r + 0.13), head], 0.026, BLACK, 10),
        bar([head, tip], 0.021, PAINT, 12),
        bar([bars, (bars[0], -bars[1], bars[2])], 0.014, BLACK, 8),
        placed(rounded_box((0.05, 0.06, 0.05), 0.02, Surface("headlamp")), (tip[0] + 0.05, 0, top - 0.10)),
        placed(rounded_box((0.07, 0.08, 0.03), 0.012, BLACK), (tip[0], 0, top)),
        mudguard(front, r, 0.4, 2.2, 0.035, BLACK),
    ]
    steered += both(bar([(front - 0.03, 0.045, r + 0.14), (front, 0.045, r)], 0.014, BLACK, 8))
    grip = c.width_m / 2
    steered += both(bar([(tip[0] + 0.01, grip - 0.11, top - 0.02), (tip[0], grip, top - 0.02)], 0.018, BLACK, 8))
    return Frame(fixed, steered, [], (0.0, 0.0, 0.0), (tip[0] + 0.08, 0.0, top - 0.10), (-0.11, 0.0, r + 0.12))


def cargo_bike(c: TwoWheeler) -> Frame:
    """A bicycle whose front wheel runs far ahead, with a wooden box between."""
    back = bicycle(c, BICYCLE_M)
    front, r = c.wheelbase_m, c.tyre_diameter_m / 2
    fixed = [*back.fixed, *back.steered[:5]]  # the handlebars, and what is on them; no fork
    low, high = 0.24, 0.70
    x0, x1 = 0.98, front - 0.32
    parcel = rounded_box((0.34, 0.40, 0.28), 0.03, Surface("object_card"), 1, color=(0.42, 0.27, 0.15))
    fixed += [
        bar([(0.88, 0, 0.62), (0.96, 0, 0.24), (front - 0.30, 0, 0.22), (front - 0.12, 0, 0.62)], 0.026, PAINT, 10),
        placed(rounded_box((x1 - x0, 0.60, 0.03), 0.01, WOOD, 1), ((x0 + x1) / 2, 0, low)),
        placed(rounded_box((0.03, 0.60, high - low), 0.01, WOOD, 1), (x0, 0, (low + high) / 2), pitch=-0.16),
        placed(rounded_box((0.03, 0.60, high - low - 0.06), 0.01, WOOD, 1), (x1, 0, (low + high) / 2 - 0.03), pitch=0.30),
        placed(parcel, (1.20, 0, low + 0.20)),
    ]
    for side in (0.30, -0.30):
        wall = rounded_box((x1 - x0 + 0.06, 0.02, high - low - 0.02), 0.008, WOOD, 1)
        fixed.append(placed(wall, ((x0 + x1) / 2, side, (low + high) / 2 - 0.01)))
    head = np.array([front - 0.12, 0.0, 0.62])
    steered = [
        bar([head + [0.0, 0, 0.06], head + [0.05, 0, -0.10]], 0.022, PAINT, 10),
        mudguard(front, r, 0.6, 2.4, 0.028, BLACK),
        placed(rounded_box((0.05, 0.06, 0.05), 0.02, Surface("headlamp")), head + [0.05, 0, 0.06]),
    ]
    steered += both(bar([head + [0.05, 0.03, -0.08], (front, 0.05, r)], [0.013, 0.010], PAINT, 8))
    lamp = head + [0.08, 0, 0.06]
    return Frame(fixed, steered, back.pedals, back.crank, (float(lamp[0]), 0.0, float(lamp[2])), back.tail_lamp)


FRAMES = {"scooter": scooter, "e_scooter": e_scooter, "cargo_bike": cargo_bike}
