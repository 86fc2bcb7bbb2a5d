"""Parts that lost cargo shares: boards with worn edges, wheels, frames of tube, caps, colours.

Frame of every builder: z up; what it returns is centred and stands on the ground (rough.grounded). g: its chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, make
from scenesim.geometry.soft import both, placed, ring, rounded_box

Array = NDArray[np.float64]
RGB = Sequence[float]
Chance = np.random.Generator
Meshes = list[Mesh]
TAU = 2 * np.pi

WOOD, BARK, CARD, TEXTILE = (Surface(f"object_{n}") for n in ("wood", "bark", "card", "textile"))
PLASTIC, ENAMEL, RUST, IRON = (Surface(f"object_{n}") for n in ("plastic", "enamel", "rust", "iron"))
RUBBER, STEEL, STONE, CONCRETE = (Surface(f"object_{n}") for n in ("rubber", "steel", "stone", "concrete"))
FILM, SACK, PRINT = (Surface(f"object_{n}") for n in ("film", "sack", "print"))
GRAIN = 7.0  # of wood, as many times finer across than a tree's bark is around its trunk
ORANGE, BAND, RED_FACE = Surface("cone_orange"), Surface("cone_band"), Surface("sign_red")
CHROME, BLACK = Surface("chrome"), (0.018, 0.018, 0.019)
STEEL_GREY, RUBBER_BLACK, PINE, WHITE = (0.45, 0.455, 0.46), (0.024, 0.024, 0.024), (0.52, 0.38, 0.22), (0.72, 0.72, 0.70)


def board(
    size: ArrayLike, at: ArrayLike, surface: Surface = WOOD, rgb: RGB = PINE, *, bevel: float = 0.003, **turn: float
) -> Mesh:
    """A box with bevelled edges about `at`, turned first (roll, pitch, yaw)."""
    box = rounded_box(size, bevel, surface, 1, color=rgb)
    there = placed(box, at, **turn)
    return grained(there, box.vertices) if surface == WOOD else there


def grained(mesh: Mesh, local: ArrayLike | None = None) -> Mesh:
    """Wood whose grain runs along the longest side of what it was cut as. local: (V, 3) its vertices before it was placed."""
    p = mesh.vertices
    q = p if local is None else np.asarray(local, float)
    order = np.argsort(-np.ptp(q, axis=0), kind="stable")
    along, across = q[:, order[0]], q[:, order[1]] + 0.7 * q[:, order[2]]
    # The shader of bark reads u / 0.8 + x + y and v / 2.2 + 0.4 z, for trees that stand: here they are turned along the board.
    uv = np.stack([0.8 * (GRAIN * across - p[:, 0] - p[:, 1]), 2.2 * (0.3 * along - 0.4 * p[:, 2])], 1)
    return replace(mesh, uv=np.ascontiguousarray(uv[mesh.triangles], np.float32))


def block(low: ArrayLike, high: ArrayLike, surface: Surface, rgb: RGB, *, bevel: float = 0.004) -> Mesh:
    """A bevelled box between two corners."""
    a, b = np.asarray(low, float), np.asarray(high, float)
    return board(b - a, (a + b) / 2, surface, rgb, bevel=bevel)


def rods(lines: Sequence[Sequence[Sequence[float]]], radius: float, surface: Surface, rgb: RGB, sides: int = 8) -> list[Mesh]:
    """Round bars along several lines of points."""
    return [solids.tube(line, radius, surface, sides=sides, color=rgb) for line in lines]


def mirrored(meshes: Sequence[Mesh]) -> list[Mesh]:
    """Each mesh and its mirror image on the other side (y)."""
    return [m for mesh in meshes for m in both(mesh)]


def turned(meshes: Sequence[Mesh], at: ArrayLike = (0.0, 0.0, 0.0), **turn: float) -> list[Mesh]:
    """All meshes turned and moved together."""
    return [placed(m, at, **turn) for m in meshes]


def drum(radius: float, low: float, high: float, surface: Surface, rgb: RGB, *, sides: int = 28, edge: float = 0.006) -> Mesh:
    """A closed upright cylinder with worn edges."""
    e = min(edge, 0.4 * radius, 0.4 * (high - low))
    profile = [(0, low), (radius - e, low), (radius, low + e), (radius, high - e), (radius - e, high), (0, high)]
    return solids.lathe(profile, surface, sides=sides, color=rgb)


def axle(mesh: Mesh, at: ArrayLike = (0.0, 0.0, 0.0)) -> Mesh:
    """What stands about z, laid about y."""
    return placed(mesh, at, roll=np.pi / 2)


def caster(radius: float, width: float, at: ArrayLike, rgb: RGB = RUBBER_BLACK, hub: RGB = WHITE) -> list[Mesh]:
    """A small wheel about y, its middle at `at`."""
    tyre = drum(radius, -width / 2, width / 2, RUBBER, rgb, sides=20, edge=0.2 * radius)
    cap = drum(0.55 * radius, -width / 2 - 0.003, width / 2 + 0.003, PLASTIC, hub, sides=16, edge=0.002)
    return [axle(tyre, at), axle(cap, at)]


def hollow(outer: float, inner: float, low: float, high: float, surface: Surface, rgb: RGB, *, sides: int = 32) -> Mesh:
    """A closed upright pipe."""
    e = min(0.15 * (outer - inner), 0.3 * (high - low), 0.01)
    profile = [
        (inner, low + e),
        (inner, high - e),
        (inner + e, high),
        (outer - e, high),
        (outer, high - e),
        (outer, low + e),
        (outer - e, low),
        (inner + e, low),
    ]
    return painted(placed(ring(profile, sides, surface), roll=np.pi / 2), rgb)


def painted(mesh: Mesh, rgb: ArrayLike) -> Mesh:
    """The mesh in one colour, or in a colour for each vertex (V, 3)."""
    color = np.broadcast_to(np.asarray(rgb, np.float32), (len(mesh.vertices), 3))
    return replace(mesh, color=np.ascontiguousarray(color))


def mottled(mesh: Mesh, rgb: RGB, pitch: float, depth: float, shift: float = 0.0) -> Mesh:
    """The mesh in a colour that varies over some `pitch` m by a share `depth`."""
    shade = 1 + depth * fractal_noise(mesh.vertices / pitch + shift, 3)
    return painted(mesh, np.clip(shade[:, None] * np.asarray(rgb), 0, 1))


def log(
    length: float,
    radius: float,
    bark: RGB,
    g: np.random.Generator,
    *,
    taper: float = 0.06,
    bend: float = 0.01,
    wood: RGB = PINE,
) -> list[Mesh]:
    """A sawn log along x about the origin: bark, and pale ends with rings."""
    n, sides = max(6, int(length / 0.16)), 32
    x, a = np.linspace(-length / 2, length / 2, n), np.arange(sides) * 2 * np.pi / sides
    d = np.stack([np.zeros(sides), np.cos(a), np.sin(a)], 1)
    centre = np.stack([x, bend * length * np.sin(x / length * 3 + float(g.uniform(0, 6))), np.zeros(n)], 1)
    shift = float(g.uniform(0, 99))
    rough = fractal_noise(np.concatenate([d * 4.5 + [c * 0.5 + shift, 0, 0] for c in x]), 2).reshape(n, sides)
    r = radius * (1 - taper * (x / length + 0.5))[:, None] * (1 + 0.045 * rough)
    v = (centre[:, None] + d * r[..., None]).reshape(-1, 3)
    i, j = (q.ravel() for q in np.meshgrid(np.arange(n - 1), np.arange(sides), indexing="ij"))
    p, q = i * sides + j, i * sides + (j + 1) % sides
    t = np.concatenate([np.stack([p, q, q + sides], 1), np.stack([p, q + sides, p + sides], 1)])
    run = np.repeat(x, sides)
    uv = np.stack([0.8 * (5.0 * np.tile(a, n) * radius - v[:, 0] - v[:, 1]), 2.2 * (0.5 * run - 0.4 * v[:, 2])], 1)
    shade = np.clip((1 + 0.35 * rough.ravel())[:, None] * np.asarray(bark), 0, 1)
    meshes = [make(v, t, BARK, uv=uv, smooth_deg=60.0, color=shade)]
    for k, sign in ((0, -1), (n - 1, 1)):
        edge = v[k * sides : (k + 1) * sides]
        rings = [centre[k] + (edge - centre[k]) * s for s in (1.0, 0.86, 0.84, 0.62, 0.60, 0.38, 0.36)]
        points = np.concatenate([*rings, centre[k : k + 1]])
        tone = np.repeat([0.55, 1.0, 0.85, 1.0, 0.85, 1.0, 0.85], sides)
        color = np.clip(np.concatenate([tone, [0.7]])[:, None] * np.asarray(wood), 0, 1)
        faces = []
        b = np.arange(sides)
        b2 = (b + 1) % sides
        for m in range(len(rings) - 1):
            o, w = m * sides, (m + 1) * sides
            faces += [np.stack([o + b, w + b2, w + b], 1), np.stack([o + b, o + b2, w + b2], 1)]
        o = (len(rings) - 1) * sides
        faces.append(np.stack([o + b, o + b2, np.full(sides, len(points) - 1)], 1))
        f = np.concatenate(faces)
        meshes.append(make(points, f if sign > 0 else f[:, ::-1], WOOD, uv=points[:, 1:], smooth_deg=20.0, color=color))
    return meshes


def glyphs(layers: Sequence[tuple[object, RGB]], surface: Surface, thickness: float) -> list[Mesh]:
    """Flat closed shapes over each other, drawn in x (right) and y (up) and raised a little one over the other."""
    return [
        solids.prism(shape, k * thickness, (k + 1) * thickness, surface, color=rgb) for k, (shape, rgb) in enumerate(layers)
    ]
