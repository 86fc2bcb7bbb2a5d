"""What is inside a vehicle and seen through its glass: seats, dash, steering wheel, driver, linings."""

from __future__ import annotations

from collections.abc import Sequence

from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.geometry.soft import bar, placed, rounded_box, torus

CLOTH, TRIM, BLACK = Surface("seat_cloth"), Surface("cabin_trim"), Surface("trim_black")
Point = Sequence[float]


def seat(at: Point, width: float = 0.5) -> Mesh:
    """A seat with headrest; at: the hip point on the cushion."""
    x, y, z = at
    parts = [
        placed(rounded_box((0.50, width, 0.16), 0.07, CLOTH, 1), (x + 0.05, y, z + 0.08)),
        placed(rounded_box((0.14, width * 0.96, 0.62), 0.065, CLOTH), (x - 0.26, y, z + 0.43), pitch=-0.28),
        placed(rounded_box((0.08, 0.26, 0.16), 0.036, CLOTH, 1), (x - 0.37, y, z + 0.79), pitch=-0.2),
    ]
    return join(parts)


def bench(at: Point, width: float, headrests: Sequence[float] = (-0.33, 0.33)) -> Mesh:
    """A rear seat."""
    x, y, z = at
    parts = [
        placed(rounded_box((0.48, width, 0.16), 0.07, CLOTH, 1), (x + 0.05, y, z + 0.10)),
        placed(rounded_box((0.14, width * 0.98, 0.52), 0.065, CLOTH), (x - 0.26, y, z + 0.38), pitch=-0.36),
    ]
    rest = rounded_box((0.08, 0.24, 0.12), 0.036, CLOTH, 1)
    parts += [placed(rest, (x - 0.36, y + h, z + 0.68), pitch=-0.3) for h in headrests]
    return join(parts)


def driver(at: Point) -> Mesh:
    """A person who sits, hands on the wheel."""
    x, y, z = at[0], at[1], at[2] - 0.07
    skin, hair, cloth = Surface("driver_skin"), Surface("driver_hair"), Surface("driver_cloth")
    parts = [
        placed(rounded_box((0.24, 0.42, 0.55), 0.11, cloth), (x - 0.12, y, z + 0.42), pitch=-0.28),
        bar([(x - 0.20, y, z + 0.62), (x - 0.21, y, z + 0.78)], 0.055, skin, 8),
        placed(rounded_box((0.20, 0.155, 0.25), 0.077, skin), (x - 0.20, y, z + 0.84)),
        placed(rounded_box((0.215, 0.17, 0.15), 0.074, hair), (x - 0.225, y, z + 0.925)),
    ]
    for s in (1, -1):
        arm = [(x - 0.15, y + 0.22 * s, z + 0.60), (x + 0.02, y + 0.25 * s, z + 0.40), (x + 0.30, y + 0.16 * s, z + 0.46)]
        leg = [(x - 0.02, y + 0.11 * s, z + 0.20), (x + 0.40, y + 0.13 * s, z + 0.25), (x + 0.55, y + 0.13 * s, z - 0.10)]
        parts += [bar(arm, 0.05, cloth, 8), bar(leg, 0.075, cloth, 8)]
        parts.append(placed(rounded_box((0.10, 0.07, 0.07), 0.03, skin, 1), (x + 0.34, y + 0.15 * s, z + 0.47)))
    return join(parts)


def steering_wheel(at: Point, radius: float = 0.185, tilt: float = 0.45) -> Mesh:
    """at: its middle. tilt: of its plane from the vertical, rad."""
    rim = placed(torus(radius, 0.016, 24, 8, BLACK), yaw=1.5707963267948966)
    spokes = rounded_box((0.05, 0.30, 0.07), 0.02, BLACK)
    return placed(join([rim, spokes]), at, pitch=-tilt)


def dash(at: Point, size: Point) -> Mesh:
    """The dashboard, about a point."""
    return placed(rounded_box(size, 0.07, TRIM), at)


def lining(
    x0: float, x1: float, half: float, floor: float, top: float, opened: tuple[int, ...] = (), gap: tuple[float, float] = (0, 0)
) -> list[Mesh]:
    """Inner door panels and the floor between x0 and x1; half: half the width inside. On the sides `opened` (1 left, -1 right)
    there is a gap in the panel."""
    meshes = []
    for side in (1, -1):
        for a, b in ((x0, gap[0]), (gap[1], x1)) if side in opened else ((x0, x1),):
            if b - a > 0.05:
                panel = rounded_box((b - a, 0.04, top - floor), 0.018, TRIM, 1)
                meshes.append(placed(panel, ((a + b) / 2, half * side, (top + floor) / 2)))
    return [*meshes, placed(rounded_box((x1 - x0, 2 * half, 0.05), 0.02, TRIM, 1), ((x0 + x1) / 2, 0, floor))]


def bulkhead(x: float, half: float, floor: float, top: float) -> Mesh:
    """A wall across, which keeps the light of the lamps out of the cabin."""
    return placed(rounded_box((0.03, 2 * half, top - floor), 0.012, TRIM, 1), (x, 0, (floor + top) / 2))
