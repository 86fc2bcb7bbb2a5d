"""The ground of a map as meshes: roads, kerbs, sidewalks and markings without gaps, junctions as one area, and the land around.

uv: beside carriageways (s, t), metres along and to the left of the reference line; on them s and the v of
kernels.shaders.LANE_V_M; in junctions x and between lanes; on the land x, y about a common origin; on vertical faces metres
along and up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.base.frames import Pose
from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.scenario.network import PAVED, WALKING
from scenesim.scene import levels
from scenesim.scene.areas import Area, lane_shapes, merge
from scenesim.scene.covers import covers
from scenesim.scene.drape import drape, paint
from scenesim.scene.pavement import USUAL, Pavement
from scenesim.scene.strips import Band, band, lane_kinds
from scenesim.scene.terrain import RimHeights, land
from scenesim.world.road import RoadMap

Array = NDArray[np.float64]

TILE_M = 128.0
FAR_TILE_M = 4096.0  # land far from the roads comes in one piece
HORIZON_M = 1300.0
OVERLAP_M2 = 0.5  # roads of a junction that share more than this are one area
CLIPPED_M2 = 0.01
RAISED = WALKING | {"curb"}


@dataclass(frozen=True)
class Ground:
    """Everything the ground is made of, in world coordinates. facets: roads and junctions. terrain: land. footprint: what
    the roads cover, seen from above; paved: what of it is carriageway. origin: (3,) whole metres near the middle."""

    facets: Facets
    terrain: Facets
    footprint: BaseGeometry
    paved: BaseGeometry
    origin: Array


def ground(road_map: RoadMap, around: ArrayLike | None = None, reach_m: float = 250.0) -> list[tuple[Mesh, Pose]]:
    """(mesh, world_from_mesh) of each chunk of the ground within reach_m of a line `around` (n, 2 or more), or of the map."""
    return chunks(build(road_map, around, reach_m))


def chunks(g: Ground) -> list[tuple[Mesh, Pose]]:
    """The ground in pieces that float32 is enough for."""
    middle = g.terrain.corners.mean(1)[:, :2]
    low, high = np.array(g.footprint.bounds).reshape(2, 2)
    far = ((middle < low - TILE_M) | (middle > high + TILE_M)).any(1)
    near = facets.weld(facets.join([g.facets, g.terrain.keep(~far)]))
    out = [(m, o) for m, o in facets.split(near, TILE_M)]
    if far.any():
        out += facets.split(facets.weld(g.terrain.keep(far)), FAR_TILE_M)
    return [(m, Pose(np.array([1.0, 0.0, 0.0, 0.0]), o)) for m, o in out]


def build(road_map: RoadMap, around: ArrayLike | None = None, reach_m: float = 250.0, pavement: Pavement = USUAL) -> Ground:
    """The ground in one piece, see `ground`."""
    line = None if around is None else np.asarray(around, float)[:, :2]
    bands = _bands(road_map, line, reach_m)
    bands = {r: [replace(b, facets=pavement.lay(b.facets, r)) for b in of] for r, of in bands.items()}
    groups = _overlapping(road_map, bands)
    merged = {road for group in groups for road in group}
    single = [b for road, of_road in bands.items() if road not in merged for b in of_road]
    caps = np.concatenate([np.concatenate([b.start, b.end]) for b in single] or [np.zeros((0, 3))])
    areas = [_area(road_map, bands, group, caps) for group in groups]
    areas = [
        replace(a, facets=pavement.lay(a.facets, "junction", road_map.network.roads[group[0]].junction))
        for a, group in zip(areas, groups)
    ]
    sheets = _clipped([_sheet(road_map, b) for b in single], areas)
    whole = facets.without_slivers(facets.join([s.facets for s in sheets]))
    spans = levels.spans([(s.facets, s.outline) for s in sheets])
    bearing = [shapely.difference(s.outline, spans[k]) if k in spans else s.outline for k, s in enumerate(sheets)]
    footprint = shapely.MultiPolygon(fill.polygons(shapely.union_all(bearing)))
    low, high = np.array(footprint.bounds).reshape(2, 2)
    origin = np.array([*np.round((low + high) / 2), 0.0])
    region = (*(low - HORIZON_M).tolist(), *(high + HORIZON_M).tolist())
    bridges = shapely.union_all(list(spans.values()))
    terrain = land(footprint, bridges, RimHeights(whole), region, origin)
    shapes = [*paint(road_map, footprint), *(m for g in groups for m in _marks_through(road_map, bands, g))]
    marks = np.array([s.class_name == "lane_marking" for s in whole.surfaces])[whole.surface]
    below = [*shapely.polygons(whole.corners[marks][..., :2]), *(shape for shape, _ in shapes)]
    shapes += covers(road_map, shapely.union_all([s.paved for s in sheets]), below)
    decks = [levels.deck(sheets[k].facets, span) for k, span in spans.items()]
    whole = facets.join([whole, drape(shapes, whole), *decks])
    return Ground(whole, terrain, shapely.union(footprint, bridges), shapely.union_all([s.paved for s in sheets]), origin)


@dataclass(frozen=True)
class _Sheet:
    """A band, or an area. on_road: (T,) whether a facet belongs to the carriageway. outline, paved: seen from above."""

    road: str
    facets: Facets
    on_road: NDArray[np.bool_]
    outline: BaseGeometry
    paved: BaseGeometry


def _sheet(road_map: RoadMap, b: Band) -> _Sheet:
    kinds = _kinds(road_map, b)
    on_road = np.isin(b.lane, [i for i, kind in kinds.items() if kind in PAVED])
    ring = shapely.Polygon(np.concatenate([b.right[:, :2], b.left[::-1, :2]]))
    outline = ring if ring.is_valid else fill.outline(b.facets.corners[..., :2])
    return _Sheet(b.road, b.facets, on_road, outline, lane_shapes([b], kinds, PAVED))


def _bands(road_map: RoadMap, line: Array | None, reach_m: float) -> dict[str, list[Band]]:
    """The bands of each road within reach."""
    found: dict[str, list[Band]] = {}
    near = None if line is None else (shapely.LineString(line) if len(line) > 1 else shapely.Point(line[0])).buffer(reach_m)
    if near is not None:
        shapely.prepare(near)
    for road_id, surface in road_map.surfaces.items():
        road = surface.road
        spans = [(0.0, road.length)] if near is None else _within(surface, near)
        for begin, end in spans:
            for k in range(len(road.sections)):
                b = band(surface, k, max(begin, road.sections[k].s), min(end, road.section_end(k)))
                if b is not None:
                    found.setdefault(road_id, []).append(b)
    return found


def _within(surface, near: BaseGeometry) -> list[tuple[float, float]]:
    """Spans of s of a road that lie in a shape; a connecting road counts as a whole."""
    length = surface.road.length
    s = np.linspace(0, length, max(2, int(length / 5.0) + 2))
    x, y, _ = surface.road.line.at(s)
    inside = shapely.contains_xy(near, x, y)
    if not inside.any():
        return []
    if surface.road.junction or inside.all():
        return [(0.0, length)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    return [(float(s[a]), float(s[b - 1])) for a, b in zip(edges[::2], edges[1::2]) if b - a > 1]


def _kinds(road_map: RoadMap, b: Band) -> dict[int, str]:
    return lane_kinds(road_map.network.roads[b.road].sections[b.section])


def _shape(road_map: RoadMap, bands: Sequence[Band], kinds) -> BaseGeometry:
    return shapely.union_all([lane_shapes([b], _kinds(road_map, b), kinds) for b in bands])


def _overlapping(road_map: RoadMap, bands: dict[str, list[Band]]) -> list[list[str]]:
    """Connecting roads of one junction that overlap, as groups of two or more."""
    groups = []
    by_junction: dict[str, list[str]] = {}
    for road in bands:
        junction = road_map.network.roads[road].junction
        if junction:
            by_junction.setdefault(junction, []).append(road)
    for roads in by_junction.values():
        shapes = [_shape(road_map, bands[r], PAVED) for r in roads]
        bodies = [facets.join([b.facets for b in bands[r]]) for r in roads]
        sets: list[set[int]] = []
        for i in range(len(roads)):
            touched = [q for q in sets if any(_share((shapes[i], bodies[i]), (shapes[j], bodies[j])) for j in q)]
            sets = [q for q in sets if q not in touched] + [{i}.union(*touched)]
        groups += [[roads[k] for k in sorted(q)] for q in sets if len(q) > 1]
    return groups


def _share(a: tuple[BaseGeometry, Facets], b: tuple[BaseGeometry, Facets]) -> bool:
    common = shapely.intersection(a[0], b[0])
    return common.area > OVERLAP_M2 and abs(levels.rise(a[1], b[1], common)) < levels.HEADROOM_M


def _area(road_map: RoadMap, bands: dict[str, list[Band]], group: list[str], caps: Array) -> Area:
    paved = [_shape(road_map, bands[r], PAVED) for r in group]
    walking = [_shape(road_map, bands[r], RAISED) for r in group]
    return merge([road_map.surfaces[r] for r in group], paved, walking, caps, (PAVED, RAISED))


def _marks_through(road_map: RoadMap, bands: dict[str, list[Band]], group: list[str]) -> list[tuple[BaseGeometry, Surface]]:
    """Markings of connecting roads, where they do not run across another road of the junction."""
    shapes = {road: _shape(road_map, bands[road], PAVED) for road in group}
    found = []
    for road in group:
        others = shapely.union_all([shapes[r].buffer(-0.25) for r in group if r != road])
        for b in bands[road]:
            for k, surface in enumerate(b.facets.surfaces):
                if surface.mark:
                    drawn = fill.outline(b.facets.corners[b.facets.surface == k][..., :2])
                    found.append((shapely.difference(drawn, others), surface))
    return [(shape, surface) for shape, surface in found if shape.area > 0.05]


def _clipped(bands: Sequence[_Sheet], areas: Sequence[Area]) -> list[_Sheet]:
    """Areas and bands less what lies on another road at the same level: areas win over bands, carriageways over what lies
    beside them, earlier roads over later ones."""
    merged = [
        _Sheet("", a.facets, np.ones(len(a.facets), bool), shapely.union(a.paved, a.walking), a.paved)
        for a in areas
        if len(a.facets)
    ]
    tree = shapely.STRtree([b.outline for b in bands])
    out = list(merged)
    for k, b in enumerate(bands):
        cut = [m.outline for m in merged if _overlap(b, m, m.outline)]
        others = [j for j in tree.query(b.outline) if j != k and bands[j].road != b.road]
        lower = [bands[j].paved for j in others if _overlap(b, bands[j], bands[j].paved)]
        earlier = [bands[j].outline for j in others if j < k and _overlap(b, bands[j], bands[j].outline)]
        if not (cut or lower or earlier):
            out.append(b)
            continue
        of_road = shapely.union_all(
            [*cut, *(bands[j].paved for j in others if j < k and _overlap(b, bands[j], bands[j].paved))]
        )
        of_rest = shapely.union_all([*cut, *lower, *earlier])
        road, rest = levels.without(b.facets.keep(b.on_road), of_road), levels.without(b.facets.keep(~b.on_road), of_rest)
        left = facets.join([road, rest])
        on_road = np.arange(len(left)) < len(road)
        out.append(_Sheet(b.road, left, on_road, fill.outline(left.corners[..., :2]), shapely.difference(b.paved, of_road)))
    return out


def _overlap(a: _Sheet, b: _Sheet, of_b: BaseGeometry) -> bool:
    """Whether a sheet and a part of another share more than a sliver, at the same level."""
    common = shapely.intersection(a.outline, of_b)
    return common.area > CLIPPED_M2 and abs(levels.rise(a.facets, b.facets, common)) < levels.HEADROOM_M
