"""What stands about in towns: advertising columns, post boxes, planters, racks, cafe tables, picket fences.

Model frame as in models.roadside: origin on the ground, faces to +x, what has a length runs along x. Sizes are common ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scenesim.base.keys import Key, derive, generator
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.models.model import Lamp

STEEL, PAINTED, PLASTIC = Surface("steel_galvanised"), Surface("steel_painted"), Surface("plastic")
STONE, WOOD = Surface("trim_stone"), Surface("wood_slat")
FOOT_M = 0.3
POSTERS = (
    (0.45, 0.10, 0.07), (0.08, 0.16, 0.38), (0.55, 0.47, 0.12), (0.62, 0.60, 0.56), (0.10, 0.28, 0.16), (0.06, 0.06, 0.07),
)  # fmt: skip

Built = tuple[Sequence[Mesh], Sequence[Lamp]]


def _box(low: Sequence[float], high: Sequence[float], surface: Surface, color=None) -> Mesh:
    a, b = np.array(low, float), np.array(high, float)
    return solids.box(tuple(b - a), tuple((a + b) / 2), surface, color=color)


def _poster(x: float, y: float, z: float, wide: float, tall: float, k: int) -> list[Mesh]:
    """A bill that looks to +x: ground, a picture, lines of text; k: which."""
    g = generator(derive(Key(0), "poster", k))
    ground, ink = (POSTERS[i] for i in g.permutation(len(POSTERS))[:2])
    meshes = [_box((x, y - wide / 2, z), (x + 0.004, y + wide / 2, z + tall), PLASTIC, ground)]
    a, b = g.uniform(0.2, 0.42, 2) * (wide, tall)
    meshes.append(_box((x, y - a, z + 0.5 * tall), (x + 0.006, y + a, z + 0.5 * tall + b), PLASTIC, ink))
    for n in range(3):
        half = wide * float(g.uniform(0.2, 0.42))
        low = z + (0.12 + 0.1 * n) * tall
        meshes.append(_box((x, y - half, low), (x + 0.006, y + half, low + 0.045 * tall), PLASTIC, ink))
    return meshes


def advertising_column(height_m: float, radius_m: float) -> Built:
    """A round pillar with bills all round it."""
    r, h = radius_m, height_m
    body = [(1.05 * r, -FOOT_M), (1.05 * r, 0.35), (r, 0.4), (r, h - 0.35), (1.12 * r, h - 0.32), (1.12 * r, h - 0.2), (0, h)]
    meshes = [solids.lathe(body, PLASTIC, sides=24, color=(0.12, 0.15, 0.13))]
    ring, n = np.linspace(0, 2 * np.pi, 25), 0
    for z, tall in ((0.5, 1.05), (1.6, 1.1)):
        for k in range(0, 24, 4):
            arc = [(1.01 * r * np.cos(a), 1.01 * r * np.sin(a)) for a in ring[k : k + 4]]
            meshes.append(solids.wall(arc, z, z + tall, PLASTIC, color=POSTERS[n * 5 % len(POSTERS)]))
            low, high, color = z + 0.55 * tall, z + 0.85 * tall, POSTERS[(n * 5 + 2) % len(POSTERS)]
            meshes.append(solids.wall([(1.005 * x, 1.005 * y) for x, y in arc[1:]], low, high, PLASTIC, color=color))
            n += 1
    return meshes, []


def post_box(height_m: float, color: Sequence[float]) -> Built:
    h = height_m
    meshes = [_box((-0.17, -0.24, h - 0.75), (0.17, 0.24, h), PLASTIC, color)]
    meshes.append(_box((-0.19, -0.26, h - 0.02), (0.20, 0.26, h + 0.03), PLASTIC, color))
    meshes.append(_box((0.168, -0.16, h - 0.20), (0.178, 0.16, h - 0.16), PLASTIC, (0.02, 0.02, 0.02)))
    meshes.append(_box((0.168, -0.12, h - 0.55), (0.175, 0.12, h - 0.35), PLASTIC, (0.6, 0.6, 0.58)))
    meshes.append(_box((-0.05, -0.05, -FOOT_M), (0.05, 0.05, h - 0.75), PAINTED))
    return meshes, []


def planter(length_m: float, height_m: float) -> Built:
    """A tub of stone, filled with earth and low plants."""
    a, b, h = length_m / 2, 0.32, height_m
    meshes = [_box((-a, -b, -0.1), (a, b, h), STONE)]
    meshes.append(_box((-a + 0.06, -b + 0.06, h), (a - 0.06, b - 0.06, h + 0.01), Surface("soil")))
    g = generator(derive(Key(0), "planter"))
    for x in np.arange(-a + 0.18, a - 0.1, 0.17):
        for y in (-0.13, 0.13):
            r, up = g.uniform(0.09, 0.15), g.uniform(0.15, 0.32)
            tuft = [(r * 0.6, h), (r, h + 0.5 * up), (0.6 * r, h + 0.85 * up), (0.0, h + up)]
            meshes.append(solids.lathe(tuft, Surface("hedge"), sides=7, center=(float(x), y, 0.0)))
            if g.uniform() < 0.6:
                petal = [(0.05, h + 0.9 * up), (0.06, h + up), (0.0, h + 1.06 * up)]
                color = ((0.5, 0.05, 0.08), (0.6, 0.45, 0.05), (0.55, 0.5, 0.55))[int(g.integers(3))]
                meshes.append(solids.lathe(petal, PLASTIC, sides=6, color=color, center=(float(x), y, 0.0)))
    return meshes, []


def bicycle_rack(hoops: int) -> Built:
    """Hoops of steel tube, 0.9 m apart along x."""
    meshes = []
    for k in range(hoops):
        x = 0.9 * (k - (hoops - 1) / 2)
        line = [(x, -0.38, -FOOT_M), (x, -0.38, 0.7), (x, -0.28, 0.8), (x, 0.28, 0.8), (x, 0.38, 0.7), (x, 0.38, -FOOT_M)]
        meshes.append(solids.tube(line, 0.024, STEEL, sides=8))
    return meshes, []


def cafe_table(color: Sequence[float]) -> Built:
    """A table with two chairs under a parasol."""
    meshes = [solids.lathe([(0.0, 0.71), (0.36, 0.71), (0.36, 0.735), (0.0, 0.735)], WOOD, sides=16)]
    meshes.append(solids.lathe([(0.22, 0.0), (0.22, 0.04), (0.03, 0.06), (0.03, 2.25), (0.0, 2.25)], PAINTED, sides=10))
    shade = [(1.15, 2.02), (1.16, 2.06), (0.6, 2.27), (0.0, 2.42)]
    meshes.append(solids.lathe([(0.0, 2.30), (0.6, 2.2), (1.15, 2.0), *shade], PLASTIC, sides=8, color=color))
    for s in (-1, 1):
        y = 0.62 * s
        meshes.append(_box((-0.2, y - 0.2, 0.43), (0.2, y + 0.2, 0.46), WOOD))
        meshes.append(_box((-0.2, y + 0.19 * s - 0.015, 0.46), (0.2, y + 0.19 * s + 0.015, 0.86), WOOD))
        legs = [(x, y + v) for x in (-0.18, 0.18) for v in (-0.17, 0.17)]
        meshes += [_box((x - 0.015, v - 0.015, -0.05), (x + 0.015, v + 0.015, 0.43), PAINTED) for x, v in legs]
    return meshes, []


def picket_fence(height_m: float, length_m: float, color: Sequence[float]) -> Built:
    """Boards with gaps on two rails."""
    n = round(length_m / 0.13)
    meshes = [_box((-length_m / 2, -0.03, z), (length_m / 2, 0.0, z + 0.07), PLASTIC, color) for z in (0.25, height_m - 0.3)]
    for k in range(n):
        x = -length_m / 2 + (k + 0.5) * length_m / n
        meshes.append(_box((x - 0.042, 0.0, 0.06), (x + 0.042, 0.02, height_m - 0.02 * (k % 2)), PLASTIC, color))
    x = -length_m / 2 + 0.05
    return [*meshes, _box((x - 0.05, -0.13, -FOOT_M), (x + 0.05, -0.03, height_m - 0.05), WOOD)], []


BUILDERS: dict[str, Callable[..., Built]] = {
    f.__name__: f for f in (advertising_column, post_box, planter, bicycle_rack, cafe_table, picket_fence)
}
