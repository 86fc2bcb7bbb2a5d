"""The ground of a map as meshes: roads, kerbs, sidewalks and markings without gaps, junctions as one area, and the land around.

uv: on roads (s, t), metres along and to the left of the reference line; in junctions and on the land x, y about a common
origin; on vertical faces metres along and up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.base.frames import Pose
from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.scenario.network import PAVED, WALKING
from scenesim.scene.areas import Area, lane_shapes, merge
from scenesim.scene.drape import drape, in_plane, paint
from scenesim.scene.strips import Band, band
from scenesim.scene.terrain import RimHeights, land
from scenesim.world.road import RoadMap

Array = NDArray[np.float64]

TILE_M = 128.0
FAR_TILE_M = 4096.0  # land far from the roads comes in one piece
HORIZON_M = 1300.0
OVERLAP_M2 = 0.5  # roads of a junction that share more than this are one area
CLIPPED_M2 = 0.01


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


def build(road_map: RoadMap, around: ArrayLike | None = None, reach_m: float = 250.0) -> Ground:
    """The ground in one piece, see `ground`."""
    line = None if around is None else np.asarray(around, float)[:, :2]
    bands = _bands(road_map, line, reach_m)
    groups = _overlapping(road_map, bands)
    merged = {road for group in groups for road in group}
    single = [b for road, of_road in bands.items() if road not in merged for b in of_road]
    caps = np.concatenate([np.concatenate([b.start, b.end]) for b in single] or [np.zeros((0, 3))])
    areas = [_area(road_map, bands, group, caps) for group in groups]
    paved = [lane_shapes([b], _kinds(road_map, b), PAVED) for b in single]
    roads = _clipped(road_map, single, paved, areas)
    whole = facets.without_slivers(facets.join([*roads, *(a.facets for a in areas)]))
    footprint = _footprint(roads, areas)
    shapes = [*paint(road_map, footprint), *(m for g in groups for m in _marks_through(road_map, bands, g))]
    low, high = np.array(footprint.bounds).reshape(2, 2)
    origin = np.array([*np.round((low + high) / 2), 0.0])
    region = (*(low - HORIZON_M).tolist(), *(high + HORIZON_M).tolist())
    terrain = land(footprint, RimHeights(whole), region, origin)
    whole = facets.join([whole, drape(shapes, whole)])
    return Ground(whole, terrain, footprint, shapely.union_all([*paved, *(a.paved for a in areas)]), origin)


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
    return {i: lane.kind for i, lane in road_map.network.roads[b.road].sections[b.section].lanes.items()}


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
        sets: list[set[int]] = []
        for i, shape in enumerate(shapes):
            touched = [q for q in sets if any(shapely.intersection(shape, shapes[j]).area > OVERLAP_M2 for j in q)]
            sets = [q for q in sets if q not in touched] + [{i}.union(*touched)]
        groups += [[roads[k] for k in sorted(q)] for q in sets if len(q) > 1]
    return groups


def _area(road_map: RoadMap, bands: dict[str, list[Band]], group: list[str], caps: Array) -> Area:
    paved = [_shape(road_map, bands[r], PAVED) for r in group]
    walking = [_shape(road_map, bands[r], WALKING) for r in group]
    return merge([road_map.surfaces[r] for r in group], paved, walking, caps, (PAVED, WALKING))


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


def _clipped(road_map: RoadMap, bands: Sequence[Band], paved: Sequence[BaseGeometry], areas: Sequence[Area]) -> list[Facets]:
    """The bands less what lies on another road: carriageways win over what lies beside them, earlier roads over later ones."""
    whole = [_outline(b) for b in bands]
    tree = shapely.STRtree(whole)
    out = []
    for k, b in enumerate(bands):
        f = b.facets
        mine = np.isin(b.lane, [i for i, kind in _kinds(road_map, b).items() if kind in PAVED])
        cut = shapely.union_all(
            [o for a in areas for o in (a.paved, a.walking) if _touches(whole[k], o)] or [shapely.Polygon()]
        )
        others = [j for j in tree.query(whole[k]) if j != k and bands[j].road != b.road]
        lower = shapely.union_all([paved[j] for j in others if _touches(whole[k], paved[j])] or [shapely.Polygon()])
        touching = [whole[j] for j in others if j < k and _touches(whole[k], whole[j])]
        earlier = shapely.union_all(touching or [shapely.Polygon()])
        if cut.is_empty and lower.is_empty and earlier.is_empty:
            out.append(f)
            continue
        of_paved = shapely.union_all([cut, *(paved[j] for j in others if j < k)])
        of_rest = shapely.union_all([cut, lower, earlier])
        out.append(facets.join([_less(f.keep(mine), of_paved), _less(f.keep(~mine), of_rest)]))
    return out


def _touches(a: BaseGeometry, b: BaseGeometry) -> bool:
    return shapely.intersection(a, b).area > CLIPPED_M2


def _outline(b: Band) -> BaseGeometry:
    ring = np.concatenate([b.right[:, :2], b.left[::-1, :2]])
    shape = shapely.Polygon(ring)
    return shape if shape.is_valid else fill.outline(b.facets.corners[..., :2])


def _less(f: Facets, shape: BaseGeometry) -> Facets:
    """Facets without what lies over a shape; what is cut keeps its plane and its uv."""
    if shape.is_empty or not len(f):
        return f
    shapely.prepare(shape)
    triangles = shapely.polygons(f.corners[..., :2])
    touched = shapely.intersects(shape, triangles)
    parts = [f.keep(~touched)]
    for k in np.flatnonzero(touched):
        rest = shapely.difference(triangles[k], shape)
        if rest.area > triangles[k].area * (1 - 1e-9):
            parts.append(f.keep([k]))
            continue
        flat = fill.triangulate(rest)
        if len(flat):
            parts.append(in_plane(f, int(k), flat))
    return facets.join(parts)


def _footprint(roads: Sequence[Facets], areas: Sequence[Area]) -> BaseGeometry:
    """What roads and junctions cover, seen from above."""
    shapes = [a for area in areas for a in (area.paved, area.walking)]
    shapes += [fill.outline(f.corners[..., :2]) for f in roads]
    return shapely.MultiPolygon(fill.polygons(shapely.union_all(shapes)))
