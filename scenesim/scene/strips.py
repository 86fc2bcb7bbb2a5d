"""Roads as bands of triangles: columns at the edges of lanes and markings, rows at stations that follow the curve.

Neighbouring cells share their corners, so a band has no cracks, and a marking is a cell of the band: it lies in the surface.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry import facets
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Surface
from scenesim.kernels.shaders import LANE_V_M, LANES_OF_ROAD
from scenesim.scenario.network import DRIVING, PAVED, WALKING, Lane, Section
from scenesim.world.marks import Strip, strips
from scenesim.world.road import RoadSurface

Array = NDArray[np.float64]

CHORD_M = 0.004  # cars stand on the curve, we see the chords
FLUSH_M = 1e-4  # lanes that differ by less share their vertices
ROADS = 30  # that textures tell apart; float32 holds their v to 2 mm
RAISED_M = 0.03  # what is higher than this above the carriageway is not painted on

MARK_NAMES = {
    "solid": "solid", "broken": "broken", "solid solid": "solid_solid", "solid broken": "solid_broken",
    "broken solid": "broken_solid", "broken broken": "broken_broken", "botts dots": "botts_dots",
}  # fmt: skip

ASPHALT = Surface("asphalt", "road")
SIDEWALK = Surface("sidewalk", "sidewalk")
KERB = Surface("kerb", "kerb")
GRASS = Surface("grass", "terrain")
GRAVEL = Surface("gravel", "terrain")


def lane_surface(kind: str, road_kind: str) -> Surface:
    """What a lane of some kind is made of; road_kind is the road's type, e.g. "town"."""
    if kind in WALKING:
        return SIDEWALK
    if kind == "curb":
        return KERB
    if kind == "shoulder" and road_kind == "rural":
        return GRAVEL
    if kind == "rail":
        return GRAVEL
    return ASPHALT if kind in PAVED else GRASS


def lane_kinds(section: Section) -> dict[int, str]:
    """Lane id -> kind; a border beyond another border is "none": maps give the whole strip of land beside a motorway so."""
    kinds = {i: lane.kind for i, lane in section.lanes.items()}
    for i in kinds:
        inner = i - 1 if i > 0 else i + 1
        if abs(i) > 1 and kinds[i] == "border" and section.lanes.get(inner, section.lanes[i]).kind in ("border", "shoulder"):
            kinds[i] = "none"
    return kinds


def mark_surface(kind: str, color: str) -> Surface:
    """The paint of a lane marking."""
    name = MARK_NAMES.get(kind, kind if kind in ("curb", "edge") else "other")
    return Surface("mark_yellow" if color in ("yellow", "orange") else "mark_white", "lane_marking", name)


@dataclass(frozen=True)
class Band:
    """A stretch of a road's section as triangles.

    lane: (T,) id of the lane that each triangle belongs to (0: a face between lanes). right, left: (n, 3) its outer edges,
    in the direction of s. start, end: (m, 3) its ends, from right to left.
    """

    road: str
    section: int
    facets: Facets
    lane: NDArray[np.int64]
    right: Array
    left: Array
    start: Array
    end: Array


@dataclass(frozen=True)
class _Column:
    """A line along the road: points (n, 3), their t (n,), and the lane to its left (0 for a face between two lanes)."""

    xyz: Array
    t: Array
    lane: int


def band(surface: RoadSurface, k: int, begin: float, end: float, chord_m: float = CHORD_M) -> Band | None:
    """Section k of a road from s = begin to end; None where it has no length or no lanes."""
    road = surface.road
    section = road.sections[k]
    begin, end = max(begin, section.s), min(end, road.section_end(k), road.length)
    order = sorted(i for i in section.lanes if i != 0)
    if end - begin < 1e-3 or not order:
        return None
    stations = surface.stations(begin, end, chord_m)
    paint = _paint(surface, k, stations)
    s = _with_breaks(stations, [b for p in paint for b in (p.s[0], p.s[-1])])
    columns = _columns(surface, k, s, order, _edge_lines(section.lanes, order, paint))
    middle = (s[1:] + s[:-1]) / 2
    road_kind = next((kind for at, kind, _ in reversed(road.kinds) if at <= begin + 1e-6), "")
    parts, lanes = [], []
    edges, at_edges, kinds = surface.edges(k, middle), surface.edges(k, s), lane_kinds(section)
    for a, b in zip(columns, columns[1:]):
        base = KERB if a.lane == 0 else lane_surface(kinds[a.lane], road_kind)
        if a.lane == 0 and _flat_face(section.lanes, a, b, order, columns):
            base = ASPHALT
        v = _across(surface, section.lanes, a.lane, kinds, at_edges) if base is ASPHALT else 0.0
        corners, uv = facets.quads(a.xyz, b.xyz, np.stack([s, a.t + v], 1), np.stack([s, b.t + v], 1))
        cell = facets.of(corners, uv, base)
        if a.lane != 0:
            cell = _painted(cell, (a, b), s, middle, edges, paint)
        parts.append(cell)
        lanes.append(np.full(len(cell), a.lane))
    whole = facets.join(parts)
    lane = np.concatenate(lanes)
    n = np.cross(whole.corners[:, 1] - whole.corners[:, 0], whole.corners[:, 2] - whole.corners[:, 0])
    good = (n * n).sum(1) > 1e-14
    ends = [np.array([c.xyz[j] for c in columns]) for j in (0, -1)]
    return Band(road.id, k, whole.keep(good), lane[good], columns[0].xyz, columns[-1].xyz, ends[0], ends[1])


def _across(surface: RoadSurface, lanes: dict[int, Lane], i: int, kinds: dict[int, str], edges: dict[int, Array]) -> Array:
    """What is added to t (n,) of a lane of the carriageway for its texture coordinate, see kernels.shaders.LANE_V_M."""
    if i == 0:
        return LANE_V_M / 2 - edges[0]
    inner = max((j for j in lanes if j * i >= 0 and abs(j) < abs(i)), key=abs)
    half = LANES_OF_ROAD // 2
    row = 2 * (i % (half // 2) if i > 0 else half // 2 + -i % (half // 2)) + (kinds[i] not in DRIVING)
    road = zlib.crc32(surface.road.id.encode()) % ROADS
    return LANE_V_M * (LANES_OF_ROAD * road + row) - (edges[i] + edges[inner]) / 2


@dataclass(frozen=True)
class _Paint:
    """A painted strip from s[0] to s[-1]: t from low to high above the edge of `lane`."""

    lane: int
    low: float
    high: float
    s: Array
    surface: Surface


def _paint(surface: RoadSurface, k: int, stations: Array) -> list[_Paint]:
    section = surface.road.sections[k]
    found = []
    by_edge: dict[int, list[tuple[Strip, float]]] = {}
    for p in strips(surface, k, stations):
        if p.s[-1] <= stations[0] or p.s[0] >= stations[-1]:
            continue
        offset = float(p.t[0] - surface.edges(k, p.s[:1])[p.lane][0])
        by_edge.setdefault(p.lane, []).append((p, offset))
    for edge, painted in by_edge.items():
        low = min(o - p.width / 2 for p, o in painted)
        high = max(o + p.width / 2 for p, o in painted)
        shift = _inward(section.lanes, edge, low, high)
        for p, o in painted:
            s = np.clip(p.s, stations[0], stations[-1])
            found.append(_Paint(edge, o - p.width / 2 + shift, o + p.width / 2 + shift, s, mark_surface(p.kind, p.color)))
    return found


def _inward(lanes: dict[int, Lane], edge: int, low: float, high: float) -> float:
    """By how much a marking moves so that it lies on the paved side of an edge, where only one side is paved."""
    right, left = _beside(lanes, edge)
    paved_right, paved_left = (i is not None and _paintable(lanes[i]) for i in (right, left))
    if paved_right == paved_left:
        return 0.0
    return min(-high, 0.0) if paved_right else max(-low, 0.0)


def _beside(lanes: dict[int, Lane], edge: int) -> tuple[int | None, int | None]:
    """Lanes to the right and to the left of the outer edge of a lane (0: the centre line)."""
    order = sorted(lanes)
    k = order.index(edge)
    below, above = (order[k - 1] if k > 0 else None), (order[k + 1] if k + 1 < len(order) else None)
    if edge > 0:
        return edge, above
    return (below, edge) if edge < 0 else (below, above)


def _paintable(lane: Lane) -> bool:
    return lane.kind in PAVED and all(max(abs(h[1]), abs(h[2])) < RAISED_M for h in lane.heights)


def _with_breaks(stations: Array, breaks: list[float]) -> Array:
    """Stations with the ends of dashes among them; a station too near to one gives way."""
    inner = np.array(sorted(b for b in breaks if stations[0] + 1e-3 < b < stations[-1] - 1e-3))
    if not len(inner):
        return stations
    inner = inner[np.concatenate([[True], np.diff(inner) > 1e-3])]
    k = np.clip(np.searchsorted(inner, stations), 1, len(inner)) - 1
    near = np.minimum(np.abs(stations - inner[k]), np.abs(stations - inner[np.minimum(k + 1, len(inner) - 1)])) < 0.05
    near[[0, -1]] = False
    return np.sort(np.concatenate([stations[~near], inner]))


def _edge_lines(lanes: dict[int, Lane], order: list[int], paint: list[_Paint]) -> dict[int, tuple[list, list]]:
    """For each lane, from right to left: offsets of column lines above its right edge, and below its left edge."""
    lines: dict[int, tuple[set, set]] = {i: (set(), set()) for i in order}
    for p in paint:
        right, left = _beside(lanes, p.lane)
        for offset in (p.low, p.high):
            if offset > 1e-6 and left in lines:
                lines[left][0].add(round(offset, 6))
            if offset < -1e-6 and right in lines:
                lines[right][1].add(round(offset, 6))
    return {i: (sorted(a), sorted(b)) for i, (a, b) in lines.items()}


def _columns(surface: RoadSurface, k: int, s: Array, order: list[int], lines) -> list[_Column]:
    section = surface.road.sections[k]
    edges = surface.edges(k, s)
    profile_t = sorted({row[1] for row in surface.road.shape})
    columns: list[_Column] = []
    floor = np.full(len(s), -np.inf)
    for i in order:
        lane = section.lanes[i]
        inner = max((j for j in section.lanes if j * i >= 0 and abs(j) < abs(i)), key=abs)
        t_right, t_left = (edges[i], edges[inner]) if i < 0 else (edges[inner], edges[i])
        t_right = np.maximum(t_right, floor)
        t_left = np.maximum(t_left, t_right)
        floor = t_left
        d = s - section.s
        h = [surface.lane_height(lane, d, outer) for outer in ((True, False) if i < 0 else (False, True))]
        inside = [np.minimum(t_right + o, t_left) for o in lines[i][0]] + [np.maximum(t_left + o, t_right) for o in lines[i][1]]
        inside += [np.clip(np.full(len(s), t), t_right, t_left) for t in profile_t]
        t_all = np.sort(np.stack([t_right, *inside, t_left]), axis=0)
        for n, t in enumerate(t_all):
            width = t_left - t_right
            u = np.where(width > 1e-9, (t - t_right) / np.where(width > 1e-9, width, 1.0), n / (len(t_all) - 1))
            xyz = surface.xyz(s, t, h[0] * (1 - u) + h[1] * u, lane.level)
            if n == 0 and columns:
                if np.abs(columns[-1].xyz - xyz).max() <= FLUSH_M:
                    columns[-1] = _Column(columns[-1].xyz, t, i)
                    continue
                columns[-1] = _Column(columns[-1].xyz, columns[-1].t, 0)
            columns.append(_Column(xyz, t, i))
    return columns


def _flat_face(lanes: dict[int, Lane], a: _Column, b: _Column, order: list[int], columns: list[_Column]) -> bool:
    """Whether a face between two lanes is a mere step in the carriageway."""
    k = next(n for n, c in enumerate(columns) if c is a)
    right, left = (columns[k - 1].lane if k else order[0]), b.lane
    return all(i in lanes and i != 0 and lanes[i].kind in PAVED for i in (right, left))


def _painted(cell: Facets, sides: tuple[_Column, _Column], s: Array, middle: Array, edges, paint: list[_Paint]) -> Facets:
    """A column of cells with the surface of the paint where it is painted."""
    t = (sides[0].t[1:] + sides[0].t[:-1] + sides[1].t[1:] + sides[1].t[:-1]) / 4
    index = cell.surface.copy()
    surfaces = list(cell.surfaces)
    for p in paint:
        offset = t - edges[p.lane]
        inside = (offset > p.low) & (offset < p.high) & (middle > p.s[0]) & (middle < p.s[-1])
        if inside.any():
            if p.surface not in surfaces:
                surfaces.append(p.surface)
            index[np.concatenate([inside, inside])] = surfaces.index(p.surface)
    return Facets(cell.corners, cell.uv, index, tuple(surfaces))
