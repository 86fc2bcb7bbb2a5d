"""Buildings: walls whose windows the facade shader draws, and real roofs, eaves, chimneys, dormers, balconies and doors.

Model frame: origin on the ground under the middle, the front looks to +x, the frontage runs along y. A building is drawn by
`draw` as a Design; `build` makes its shape, `Design.params` its row of kernels.packed.INSTANCE_COLUMNS: tint the wall's colour;
p0 1 for brick, 0 for plaster; p1 storey height m; p2 window pitch m; p3 height of the eaves m; p4, p5 width and height of a
window m; p6 1 for shop windows on the ground floor. Walls are whole numbers of pitches long; u < 0 on walls without windows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.models.model import Model, Part, tight_box

Array = NDArray[np.float64]

FACADE, PLASTER, STONE, PLINTH = Surface("facade"), Surface("plaster"), Surface("trim_stone"), Surface("plinth")
TILE, SLATE, FLAT, CHIMNEY = Surface("roof_tile"), Surface("roof_slate"), Surface("roof_flat"), Surface("chimney")
STEEL, PAINTED, FRAME = Surface("steel_galvanised"), Surface("steel_painted"), Surface("window_frame")
MIRROR = Surface("mirror_facade")
WINDOW, DOOR, PLASTIC = Surface("window_glass"), Surface("door_wood"), Surface("plastic")

FOUNDATION_M = 1.5  # the walls go on below the ground, because it is not level
BLIND = -1000.0  # u of walls without windows
SLAB_M = 0.14  # thickness of a roof

# Linear albedo of plasters and bricks, as seen in European streets; chosen here.
PLASTERS = (
    (0.62, 0.55, 0.44), (0.66, 0.62, 0.55), (0.58, 0.42, 0.30), (0.70, 0.67, 0.62), (0.60, 0.56, 0.42), (0.55, 0.50, 0.48),
    (0.52, 0.55, 0.50), (0.63, 0.50, 0.40), (0.48, 0.50, 0.53),
)  # fmt: skip
BRICKS = ((0.42, 0.20, 0.14), (0.38, 0.17, 0.12), (0.46, 0.28, 0.19), (0.33, 0.20, 0.16))
SIGN_COLORS = (
    (0.35, 0.03, 0.03),
    (0.03, 0.08, 0.25),
    (0.04, 0.16, 0.07),
    (0.45, 0.30, 0.03),
    (0.06, 0.06, 0.065),
    (0.5, 0.5, 0.48),
)


@dataclass(frozen=True)
class Style:
    """What a kind of building may be: (least, most) of each number; shares are probabilities."""

    frontage_m: tuple[float, float]
    depth_m: tuple[float, float]
    storeys: tuple[int, int]
    storey_m: tuple[float, float]
    pitch_m: tuple[float, float]
    window_w_m: tuple[float, float]
    window_h_m: tuple[float, float]
    roofs: tuple[str, ...]
    brick: float
    shop: float
    balconies: float
    attached: bool


STYLES = {
    "town_house": Style(
        (9.0, 15.0), (10.0, 12.5), (2, 4), (2.9, 3.3), (2.3, 3.0), (1.0, 1.3), (1.4, 1.7), ("gable", "gable", "flat"),
        brick=0.4, shop=0.4, balconies=0.2, attached=True,
    ),
    "apartments": Style(
        (14.0, 22.0), (11.0, 14.0), (4, 6), (2.8, 3.1), (2.5, 3.2), (1.2, 1.7), (1.4, 1.6), ("flat", "flat", "gable"),
        brick=0.25, shop=0.3, balconies=0.75, attached=True,
    ),
    "villa": Style(
        (8.5, 12.0), (8.5, 11.0), (1, 2), (2.7, 2.9), (2.4, 3.0), (1.1, 1.5), (1.2, 1.4), ("hip", "gable"),
        brick=0.3, shop=0.0, balconies=0.15, attached=False,
    ),
    "office": Style(
        (18.0, 30.0), (13.0, 18.0), (3, 7), (3.4, 3.7), (1.8, 2.4), (1.5, 2.0), (1.9, 2.2), ("flat",),
        brick=0.1, shop=0.3, balconies=0.0, attached=False,
    ),
    "mirror_office": Style(
        (20.0, 32.0), (13.0, 18.0), (4, 7), (3.5, 3.8), (1.5, 1.8), (1.0, 1.2), (1.9, 2.2), ("flat",),
        brick=0.0, shop=0.0, balconies=0.0, attached=False,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Design:
    """One building, drawn. bays, deep: number of window pitches along the front and the sides."""

    style: str
    bays: int
    deep: int
    pitch_m: float
    storeys: int
    storey_m: float
    window_w_m: float
    window_h_m: float
    roof: str
    rise_m: float
    brick: bool
    shop: bool
    balconies: tuple[int, ...]
    dormers: tuple[int, ...]
    chimneys: tuple[tuple[float, float], ...]
    slate: bool
    sign_color: tuple[float, float, float]

    @property
    def width_m(self) -> float:
        return self.bays * self.pitch_m

    @property
    def depth_m(self) -> float:
        return self.deep * self.pitch_m

    @property
    def eaves_m(self) -> float:
        return self.storeys * self.storey_m + 0.45

    def params(self, key: Key) -> tuple[float, ...]:
        """Columns tint_r to p6 for an instance; the key draws its colour and which windows are lit."""
        g = generator(derive(key, "colour"))
        colors = BRICKS if self.brick else PLASTERS
        tint = np.minimum(np.array(colors[int(g.integers(len(colors)))]) * g.uniform(0.85, 1.08), 0.8)
        shader = (
            float(self.brick),
            self.storey_m,
            self.pitch_m,
            self.eaves_m,
            self.window_w_m,
            self.window_h_m,
            float(self.shop),
        )
        return (*(float(c) for c in tint), float(g.uniform()), 0.0, *shader)


def draw(style: str, key: Key) -> Design:
    """A building of a style. Raises InputError for an unknown style."""
    if style not in STYLES:
        raise InputError(f'no building "{style}"{did_you_mean(style, STYLES)}')
    look, g = STYLES[style], generator(derive(key, "building"))
    pitch = float(np.round(g.uniform(*look.pitch_m), 2))
    bays = max(2, round(g.uniform(*look.frontage_m) / pitch))
    deep = max(2, round(g.uniform(*look.depth_m) / pitch))
    storeys = int(g.integers(look.storeys[0], look.storeys[1] + 1))
    roof = str(look.roofs[int(g.integers(len(look.roofs)))])
    if roof == "gable" and storeys > 4:
        roof = "flat"
    shop = bool(g.uniform() < look.shop)
    has_balconies = g.uniform() < look.balconies and storeys > 1
    columns = tuple(range(1, bays - 1, 3))[: max(1, bays // 3)] if has_balconies else ()
    has_dormers = roof == "gable" and g.uniform() < 0.55
    dormers = tuple(range(1, bays - 1, 2)) if has_dormers else ()
    n = 0 if roof == "flat" else int(g.integers(1, 3))
    chimneys = tuple((float(g.uniform(-0.4, 0.4)), float(g.uniform(-0.12, 0.02))) for _ in range(n))
    return Design(
        style, bays, deep, pitch, storeys, float(np.round(g.uniform(*look.storey_m), 2)),
        min(float(g.uniform(*look.window_w_m)), pitch - 0.5), float(g.uniform(*look.window_h_m)), roof,
        float(deep * pitch / 2 * (g.uniform(0.6, 0.9) if roof == "gable" else g.uniform(0.45, 0.6))),
        bool(g.uniform() < look.brick), shop, columns, dormers, chimneys, bool(g.uniform() < 0.35),
        SIGN_COLORS[int(g.integers(len(SIGN_COLORS)))],
    )  # fmt: skip


def build(name: str, key: Key, **options: float) -> Model:
    """The building that draw(name, key) describes. There are no options."""
    if options:
        raise InputError(f'buildings have no option "{sorted(options)[0]}"')
    d = draw(name, key)
    meshes = [
        *_walls(d),
        *_roof(d),
        *_door(d),
        *_shopfront(d),
        *(m for k in d.balconies for m in _balcony(d, k)),
        *_downpipes(d),
    ]
    parts = (Part(name, join(meshes)),)
    size, center = tight_box(parts)
    return Model(name, "building", parts, size, center)


def _walls(d: Design) -> list[Mesh]:
    if d.style == "mirror_office":
        return _curtain(d)
    x, y, top = d.depth_m / 2, d.width_m / 2, d.eaves_m
    low = -FOUNDATION_M
    front = solids.wall([(x, -y), (x, y)], low, top, FACADE)
    back = solids.wall([(-x, y), (-x, -y)], low, top, FACADE)
    attached = STYLES[d.style].attached
    sides = [solids.wall([(x, y), (-x, y)], low, top, FACADE), solids.wall([(-x, -y), (x, -y)], low, top, FACADE)]
    if attached:
        sides = [_blind(m) for m in sides]
    out = 0.006 if attached else 0.04
    plinth = shapely.box(-x - 0.04, -y - out, x + 0.04, y + out)
    ring = solids.prism(plinth, low, 0.42, PLINTH, caps=False)
    cap = solids.flat(plinth.difference(shapely.box(-x, -y, x, y)), PLINTH, 0.42)
    return [front, back, *sides, ring, *([cap] if cap else [])]


def _curtain(d: Design) -> list[Mesh]:
    """A curtain wall of coated glass all round, from the ground up: flush panes, with a rail at each floor and posts
    between."""
    x, y, top = d.depth_m / 2, d.width_m / 2, d.eaves_m
    corners = [(x, -y), (x, y), (-x, y), (-x, -y), (x, -y)]
    glass = [solids.wall(corners[k : k + 2], 0.0, top, MIRROR) for k in range(4)]
    base = solids.prism(shapely.box(-x - 0.04, -y - 0.04, x + 0.04, y + 0.04), -FOUNDATION_M, 0.25, PLINTH)
    floors = [k * d.storey_m + 0.45 for k in range(1, d.storeys)]
    rails = [solids.box((2 * x + 0.06, 2 * y + 0.06, 0.09), (0, 0, z), PAINTED) for z in floors]
    posts = []
    for count, half, place in ((d.bays, y, lambda a, s: (s * x, a)), (d.deep, x, lambda a, s: (a, s * y))):
        for k in range(0, count + 1, 2):
            along = -half + k * 2 * half / count
            posts += [solids.box((0.06, 0.06, top), (*place(along, s), top / 2), PAINTED) for s in (-1, 1)]
    return [*glass, base, *rails, *posts]


def _blind(m: Mesh) -> Mesh:
    uv = m.uv.copy()
    uv[..., 0] += np.float32(BLIND)
    return Mesh(m.vertices, m.triangles, m.normals, uv, m.surface, m.surfaces, m.color)


# ---- roofs


def _roof(d: Design) -> list[Mesh]:
    if d.roof == "flat":
        return _flat_roof(d)
    return [*(_hip(d) if d.roof == "hip" else _gable(d)), *(m for c in d.chimneys for m in _chimney(d, c))]


def _flat_roof(d: Design) -> list[Mesh]:
    x, y, h = d.depth_m / 2, d.width_m / 2, d.eaves_m
    inside = shapely.box(-x + 0.25, -y + 0.25, x - 0.25, y - 0.25)
    side = 0.0 if STYLES[d.style].attached else 0.08
    parapet = shapely.box(-x - 0.08, -y - side, x + 0.08, y + side).difference(inside)
    meshes = [solids.prism(parapet, h - 0.02, h + 0.5, STONE), solids.flat(inside, FLAT, h + 0.05)]
    meshes.append(solids.box((2.6, 2.2, 2.3), (-0.2 * x, 0.3 * y, h + 1.1), PLASTER))
    meshes += [solids.box((1.1, 0.9, 0.9), (0.2 * x, (-0.5 + 0.3 * k) * y, h + 0.5), STEEL) for k in range(2)]
    return [m for m in meshes if m is not None]


def _gable(d: Design) -> list[Mesh]:
    x, y, h, rise = d.depth_m / 2, d.width_m / 2, d.eaves_m, d.rise_m
    over, verge = 0.38, 0.16
    eave_z = h - over * rise / x
    tile = SLATE if d.slate else TILE
    meshes = []
    for s in (1, -1):
        eave = [(s * (x + over), -s * (y + verge), eave_z), (s * (x + over), s * (y + verge), eave_z)]
        ridge = [(0.0, s * (y + verge), h + rise), (0.0, -s * (y + verge), h + rise)]
        meshes += _slab(np.array(eave + ridge), tile)
        gable = make(
            [(s * x, 0, 0), (-s * x, 0, 0), (0, 0, rise)],
            [(0, 1, 2)],
            FACADE,
            uv=[(BLIND, h), (BLIND + d.depth_m, h), (BLIND + x, h + rise)],
        )
        meshes.append(gable.transformed(Pose.of((0.0, s * y, h))))
        meshes.append(
            _gutter([(s * (x + over + 0.06), -y - verge, eave_z - 0.02), (s * (x + over + 0.06), y + verge, eave_z - 0.02)])
        )
    meshes.append(solids.tube([(0, -y - verge, h + rise + 0.02), (0, y + verge, h + rise + 0.02)], 0.1, tile, sides=8))
    for k in d.dormers:
        meshes += _dormer(d, -y + (k + 0.5) * d.pitch_m, tile)
    return meshes


def _hip(d: Design) -> list[Mesh]:
    x, y, h, rise, over = d.depth_m / 2, d.width_m / 2, d.eaves_m, d.rise_m, 0.45
    z = h - over * rise / x
    half = max(y - x, 0.3)  # half the ridge
    tile = SLATE if d.slate else TILE
    a, b = x + over, y + over
    top = h + rise
    planes = [
        [(a, -b, z), (a, b, z), (0, half, top), (0, -half, top)],
        [(-a, b, z), (-a, -b, z), (0, -half, top), (0, half, top)],
        [(a, b, z), (-a, b, z), (0, half, top)],
        [(-a, -b, z), (a, -b, z), (0, -half, top)],
    ]
    meshes = [m for p in planes for m in _slab(np.array(p, float), tile)]
    corners = [(a + 0.05, -b, z - 0.02), (a + 0.05, b, z - 0.02), (-a - 0.05, b, z - 0.02), (-a - 0.05, -b, z - 0.02)]
    meshes += [_gutter([p, q]) for p, q in ((corners[0], corners[1]), (corners[2], corners[3]))]
    meshes += [solids.tube([p, q], 0.08, tile, sides=6) for p in (planes[0][0], planes[1][1]) for q in [(0, -half, top)]]
    meshes += [solids.tube([p, q], 0.08, tile, sides=6) for p in (planes[0][1], planes[1][0]) for q in [(0, half, top)]]
    return meshes


def _slab(top: Array, surface: Surface) -> list[Mesh]:
    """A piece of roof: corners (3 or 4, 3) counter-clockwise from outside, the first two along the eaves."""
    along = top[1] - top[0]
    along = along / np.sqrt(along @ along)
    n = np.cross(top[1] - top[0], top[2] - top[0])
    n /= np.sqrt(n @ n)
    up = np.cross(n, along)
    uv = np.stack([(top - top[0]) @ along, (top - top[0]) @ up], 1)
    count = len(top)
    fan = np.array([(0, k, k + 1) for k in range(1, count - 1)])
    under = top - np.array([0.0, 0.0, SLAB_M])
    meshes = [make(top, fan, surface, uv=uv), make(under, fan[:, ::-1], FRAME)]
    for k in range(count):
        j = (k + 1) % count
        meshes.append(make([under[k], under[j], top[j], top[k]], [(0, 1, 2), (0, 2, 3)], FRAME))
    return meshes


def _gutter(line) -> Mesh:
    return solids.tube(line, 0.065, STEEL, sides=8)


def _dormer(d: Design, y: float, tile: Surface) -> list[Mesh]:
    """A window house on the front slope: its front stands on the slope at 30 % of the rise."""
    w, tall = 1.5, 1.35
    slope = d.rise_m / (d.depth_m / 2)
    z = d.eaves_m + 0.30 * d.rise_m
    x = d.depth_m / 2 * 0.70
    back = x - (tall + 0.2) / slope - 0.3
    body = shapely.Polygon([(back, z + 0.0), (x, z - 0.25), (x, z + tall), (back, z + tall)])
    side = [_upright(solids.prism(body, y - w / 2, y + w / 2, PLASTER))]
    roof = shapely.box(back, y - w / 2 - 0.12, x + 0.18, y + w / 2 + 0.12)
    side.append(solids.prism(roof, z + tall, z + tall + 0.12, tile))
    side.append(solids.box((0.05, w - 0.3, tall - 0.25), (x + 0.005, y, z + tall / 2 + 0.02), FRAME))
    side += [
        solids.box((0.02, (w - 0.3) / 2 - 0.09, tall - 0.4), (x + 0.024, y + s * (w - 0.3) / 4, z + tall / 2 + 0.02), WINDOW)
        for s in (-1, 1)
    ]
    return side


def _upright(m: Mesh) -> Mesh:
    """A prism drawn in (x, z) and pulled along y: from its own frame (x, z, -y) to the model's."""
    turn = Pose.from_matrix(np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0]]))
    flipped = m.transformed(turn)
    return Mesh(
        flipped.vertices * [1, -1, 1],
        flipped.triangles[:, ::-1],
        flipped.normals[:, ::-1] * np.array([1, -1, 1], np.float32),
        flipped.uv[:, ::-1],
        flipped.surface,
        flipped.surfaces,
        flipped.color,
    )


def _chimney(d: Design, where: tuple[float, float]) -> list[Mesh]:
    y, x = where[0] * d.width_m, where[1] * d.depth_m
    top = d.eaves_m + d.rise_m + 0.75
    low = d.eaves_m + d.rise_m * (1 - min(1.0, (abs(x) + 0.5) / (d.depth_m / 2))) - 0.3
    meshes = [
        solids.box((0.6, 0.85, top - low), (x, y, (top + low) / 2), CHIMNEY),
        solids.box((0.74, 1.0, 0.1), (x, y, top + 0.05), STONE),
    ]
    meshes += [
        solids.lathe([(0.12, top + 0.1), (0.1, top + 0.4), (0.0, top + 0.4)], CHIMNEY, sides=8, center=(x, y + s * 0.2, 0))
        for s in (-1, 1)
    ]
    return meshes


# ---- what is fixed to the front


def _door(d: Design) -> list[Mesh]:
    """A door in place of a ground-floor window, in a frame that stands out of the wall, with a step."""
    x = d.depth_m / 2
    y = -d.width_m / 2 + (d.bays // 2 + 0.5) * d.pitch_m
    half = d.pitch_m / 2 - 0.08 if d.shop else max(0.75, d.window_w_m / 2 + 0.16)
    tall = 2.72 if d.shop else max(2.5, 0.92 + d.window_h_m + 0.16)
    meshes = [solids.box((0.16, 0.2, tall), (x + 0.04, y + s * (half - 0.1), tall / 2), STONE) for s in (-1, 1)]
    meshes.append(solids.box((0.16, 2 * half, 0.22), (x + 0.04, y, tall - 0.11), STONE))
    meshes.append(solids.box((0.06, 2 * half - 0.4, tall - 0.22), (x + 0.02, y, (tall - 0.22) / 2), DOOR))
    meshes.append(solids.box((0.01, 2 * half - 0.75, 0.55), (x + 0.053, y, 1.62), WINDOW))
    meshes += [
        solids.box((0.012, 0.5 * (2 * half - 0.7), 0.55), (x + 0.052, y + s * (half - 0.2) / 2, 0.62), DOOR) for s in (-1, 1)
    ]
    meshes.append(solids.tube([(x + 0.09, y + half - 0.32, 1.0), (x + 0.09, y + half - 0.32, 1.25)], 0.014, STEEL, sides=6))
    meshes.append(solids.box((0.45, 2 * half + 0.2, 0.15 + 0.3), (x + 0.22, y, 0.15 / 2 - 0.15), STONE))
    meshes.append(solids.box((0.8, 2 * half + 0.3, 0.07), (x + 0.4, y, tall + 0.28), PAINTED))
    return meshes


def _shopfront(d: Design) -> list[Mesh]:
    """A board over the shop windows."""
    if not d.shop:
        return []
    x, z = d.depth_m / 2, min(2.6, d.storey_m - 0.4) + 0.33
    board = solids.box((0.14, d.width_m - 0.5, 0.42), (x + 0.07, 0, z), PLASTIC, color=d.sign_color)
    marks = []
    pale = (0.6, 0.6, 0.57) if sum(d.sign_color) < 1.0 else (0.05, 0.05, 0.06)
    for k in range(max(3, d.bays)):
        marks.append(solids.box((0.02, 0.16, 0.2), (x + 0.145, (k - max(3, d.bays) / 2 + 0.5) * 0.26, z), PLASTIC, color=pale))
    return [board, *marks]


def _balcony(d: Design, column: int) -> list[Mesh]:
    x, y = d.depth_m / 2, -d.width_m / 2 + (column + 0.5) * d.pitch_m
    wide, deep = min(2.9, 1.2 * d.pitch_m), 1.15
    meshes = []
    for storey in range(1, d.storeys):
        z = storey * d.storey_m + 0.35
        meshes.append(solids.box((deep, wide, 0.16), (x + deep / 2, y, z), STONE))
        n = int(wide / 0.14)
        for k in range(n + 1):
            meshes.append(
                solids.box(
                    (0.014, 0.014, 0.9), (x + deep - 0.05, y - wide / 2 + 0.05 + k * (wide - 0.1) / n, z + 0.53), PAINTED
                )
            )
        for s in (-1, 1):
            meshes += [
                solids.box((0.014, 0.014, 0.9), (x + 0.1 + k * 0.15, y + s * (wide / 2 - 0.05), z + 0.53), PAINTED)
                for k in range(7)
            ]
            meshes.append(solids.box((deep - 0.05, 0.035, 0.035), (x + deep / 2, y + s * (wide / 2 - 0.05), z + 0.99), PAINTED))
        meshes.append(solids.box((0.035, wide, 0.035), (x + deep - 0.05, y, z + 0.99), PAINTED))
    return meshes


def _downpipes(d: Design) -> list[Mesh]:
    x, y = d.depth_m / 2, d.width_m / 2 - 0.18
    top = d.eaves_m - (0.35 if d.roof != "flat" else -0.1)
    reach = 0.4 if d.roof != "flat" else 0.07
    return [solids.tube([(x + 0.07, y, -0.1), (x + 0.07, y, top - 0.4), (x + reach, y, top)], 0.05, STEEL, sides=8)]
