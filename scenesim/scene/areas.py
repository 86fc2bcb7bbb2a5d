"""Where roads overlap: junctions as one area, whose height is a blend of the roads that lead through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.kernels.shaders import LANE_V_M
from scenesim.scene.strips import ASPHALT, KERB, SIDEWALK, Band
from scenesim.world.road import RoadSurface

Array = NDArray[np.float64]

LARGEST_GAP_M2 = 60.0  # smaller holes between the lanes of a junction are paved, larger ones are islands
SNAP_M = 0.03  # the ends of roads that should meet, do so to within this
PLANE_M = 0.002  # an area that is flatter than this needs no points inside
CELL_M = 2.0


class Heights:
    """Height of an area where several roads overlap: each road counts with its depth, the distance to the nearer of its edges,
    so that the height has no steps where a road begins or ends to the side."""

    def __init__(self, surfaces: Sequence[RoadSurface], step_m: float = 0.5):
        self.surfaces = surfaces
        self.lines = []
        for surface in surfaces:
            s = np.linspace(0, surface.road.length, max(2, int(surface.road.length / step_m) + 2))
            x, y, _ = surface.road.line.at(s)
            self.lines.append((s, np.stack([x, y], 1)))

    def at(self, points: Array, kinds: frozenset[str], lift: bool = False) -> Array:
        """(n,) heights at points (n, 2), on the lanes of some kinds; with lift, on top of the lanes' own heights."""
        total, weight = np.zeros(len(points)), np.zeros(len(points))
        nearest, best = np.zeros(len(points)), np.full(len(points), np.inf)
        for surface, (s_line, line) in zip(self.surfaces, self.lines):
            s, t, away = _project(points, s_line, line)
            depth, h = self._depth(surface, s, t, kinds)
            z = surface.xyz(s, t, h if lift else 0.0)[:, 2]
            w = np.maximum(depth, 0.0) * np.where(away < 0.05, 1.0, 0.0)
            total, weight = total + w * z, weight + w
            outside = np.maximum(-depth, 0.0) + away
            closer = outside < best
            nearest[closer], best[closer] = z[closer], outside[closer]
        return np.where(weight > 1e-6, total / np.maximum(weight, 1e-6), nearest)

    @staticmethod
    def _depth(surface: RoadSurface, s: Array, t: Array, kinds: frozenset[str]) -> tuple[Array, Array]:
        """Distance (n,) inside the span of lanes of some kinds, negative outside, and the lane's height there."""
        depth, height = np.full(len(s), -np.inf), np.zeros(len(s))
        for k, section in enumerate(surface.road.sections):
            here = (s >= section.s - 1e-9) & ((s < surface.road.section_end(k)) | (k == len(surface.road.sections) - 1))
            if not here.any():
                continue
            edges = surface.edges(k, s[here])
            for i, lane in section.lanes.items():
                if i == 0 or lane.kind not in kinds:
                    continue
                inner = max((j for j in section.lanes if j * i >= 0 and abs(j) < abs(i)), key=abs)
                low, high = np.minimum(edges[i], edges[inner]), np.maximum(edges[i], edges[inner])
                inside = np.minimum(t[here] - low, high - t[here])
                d = s[here] - section.s
                width = np.maximum(high - low, 1e-9)
                u = np.clip(np.abs(t[here] - edges[inner]) / width, 0, 1)
                h = surface.lane_height(lane, d, False) * (1 - u) + surface.lane_height(lane, d, True) * u
                better = inside > depth[here]
                height[here] = np.where(better, h, height[here])
                depth[here] = np.maximum(depth[here], inside)
        return depth, height


def _project(points: Array, s_line: Array, line: Array) -> tuple[Array, Array, Array]:
    """(s, t, distance beyond the line's ends) of points (n, 2) about a dense line (m, 2)."""
    a, d = line[:-1], np.diff(line, axis=0)
    length2 = np.maximum((d * d).sum(1), 1e-12)
    x, y = points[:, :1] - a[:, 0], points[:, 1:] - a[:, 1]  # (n, m - 1)
    u_raw = (x * d[:, 0] + y * d[:, 1]) / length2
    u = np.clip(u_raw, 0, 1)
    k = ((x - u * d[:, 0]) ** 2 + (y - u * d[:, 1]) ** 2).argmin(1)
    row = np.arange(len(points))
    u_raw, u, length = u_raw[row, k], u[row, k], np.sqrt(length2[k])
    t = (d[k, 0] * y[row, k] - d[k, 1] * x[row, k]) / length
    at_end = (k == 0) | (k == len(a) - 1)
    return s_line[k] + u * (s_line[k + 1] - s_line[k]), t, np.where(at_end, np.abs(u_raw - u) * length, 0.0)


@dataclass(frozen=True)
class Area:
    """A junction's surface. paved, walking: its shapes. rims: lines (n, 3) along its outside, where the terrain joins."""

    facets: Facets
    paved: BaseGeometry
    walking: BaseGeometry


def merge(
    surfaces: Sequence[RoadSurface],
    paved: Sequence[BaseGeometry],
    walking: Sequence[BaseGeometry],
    caps: Array,
    kinds: tuple[frozenset[str], frozenset[str]],
) -> Area:
    """One area of overlapping roads. paved, walking: the shapes of their lanes. caps: (n, 3) corners of the roads that end at
    the area, which it takes over. kinds: lane kinds that count as paved and as walking."""
    road = _without_gaps(shapely.union_all([p for p in paved if not p.is_empty]))
    walk = shapely.union_all([p for p in walking if not p.is_empty])
    walk = shapely.difference(walk, road)
    walk = shapely.MultiPolygon([p for p in fill.polygons(walk) if p.area > 0.05 and not p.buffer(-0.05).is_empty])
    near = caps[shapely.dwithin(shapely.points(caps[:, :2]), shapely.union(road, walk), SNAP_M)] if len(caps) else caps
    road = _snapped(road, near[:, :2], SNAP_M)
    walk = _snapped(shapely.difference(walk, road), near[:, :2], SNAP_M)
    road = _snapped(road, shapely.get_coordinates(walk), 1e-6)
    walk = _snapped(walk, shapely.get_coordinates(road), 1e-6)
    heights = Heights(surfaces)
    paved_kinds, walking_kinds = kinds
    low = _Lookup(near, lambda p: heights.at(p, paved_kinds), highest=False)
    high = _Lookup(near, lambda p: heights.at(p, walking_kinds, lift=True), highest=True)
    parts = [_sheet(road, low, ASPHALT), _sheet(walk, high, SIDEWALK), _kerbs(walk, road, low, high)]
    return Area(facets.join([p for p in parts if len(p)]), road, walk)


def _without_gaps(shape: BaseGeometry) -> BaseGeometry:
    """Small holes paved over."""
    parts = []
    for p in fill.polygons(shape):
        islands = [r for r in p.interiors if shapely.Polygon(r).area > LARGEST_GAP_M2]
        parts.append(shapely.Polygon(p.exterior, islands))
    return shapely.union_all(parts)


def _snapped(shape: BaseGeometry, points: Array, tolerance_m: float) -> BaseGeometry:
    if shape.is_empty or not len(points):
        return shape
    out = shapely.snap(shape, shapely.MultiPoint(points), tolerance_m)
    return shapely.MultiPolygon(fill.polygons(out))


class _Lookup:
    """Heights of points: those of the corners given, where they are the same, else by a function."""

    def __init__(self, known: Array, function, highest: bool):
        self.function = function
        self.known: dict[tuple[float, float], float] = {}
        for x, y, z in known.tolist():
            old = self.known.get((x, y))
            self.known[x, y] = z if old is None else (max(old, z) if highest else min(old, z))

    def __call__(self, points: Array) -> Array:
        flat = points.reshape(-1, 2)
        unique, index = np.unique(flat, axis=0, return_inverse=True)
        z = self.function(unique)
        for k, p in enumerate(map(tuple, unique.tolist())):
            if p in self.known and abs(self.known[p] - z[k]) < 0.1:
                z[k] = self.known[p]
        return z[index.ravel()].reshape(points.shape[:-1])


def _sheet(shape: BaseGeometry, height: _Lookup, surface) -> Facets:
    parts = []
    for polygon in fill.polygons(shape):
        outline = shapely.get_coordinates(polygon)
        z = height(outline)
        triangles = fill.triangulate(polygon) if _is_plane(outline, z) else fill.fill(polygon, CELL_M)
        corners = np.concatenate([triangles, height(triangles)[..., None]], -1)
        uv = triangles * [1.0, 0.0] + [0.0, LANE_V_M / 2] if surface is ASPHALT else triangles
        parts.append(facets.of(corners, uv, surface))
    return facets.join(parts)


def _is_plane(points: Array, z: Array) -> bool:
    a = np.column_stack([points - points.mean(0), np.ones(len(points))])
    plane, *_ = np.linalg.lstsq(a, z, rcond=None)
    return bool(np.abs(a @ plane - z).max() < PLANE_M)


def _kerbs(walk: BaseGeometry, road: BaseGeometry, low: _Lookup, high: _Lookup) -> Facets:
    """Vertical faces where a sidewalk meets the carriageway."""
    parts = []
    border = road.boundary
    for polygon in fill.polygons(walk):
        polygon = shapely.geometry.polygon.orient(polygon)
        for ring in (polygon.exterior, *polygon.interiors):
            p = shapely.get_coordinates(ring)
            middle = shapely.points((p[1:] + p[:-1]) / 2)
            here = np.flatnonzero(shapely.dwithin(middle, border, 1e-4))
            if not len(here):
                continue
            bottom, top = np.column_stack([p, low(p)]), np.column_stack([p, high(p)])
            run = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))])
            foot, head = np.column_stack([run, np.zeros(len(run))]), np.column_stack([run, np.full(len(run), 0.12)])
            # The area is to the left of its ring, so the face that looks outwards is the one that runs bottom, then top.
            corners, uv = facets.quads(bottom, top, foot, head)
            use = np.concatenate([here, here + len(middle)])
            parts.append(facets.of(corners[use], uv[use], KERB))
    return facets.join(parts)


def lane_shapes(bands: Sequence[Band], lanes: dict[int, str], kinds) -> BaseGeometry:
    """The outline, from above, of the lanes of some kinds of a road's bands; lanes: id -> kind."""
    parts = []
    for b in bands:
        use = np.isin(b.lane, [i for i, kind in lanes.items() if kind in kinds])
        parts.append(fill.outline(b.facets.corners[use][..., :2]))
    return shapely.union_all(parts) if parts else shapely.Polygon()
