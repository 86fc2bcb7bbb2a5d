"""The land around the roads: it joins their edges, follows their height, and rolls away to the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Surface
from scenesim.scene.strips import GRASS

Array = NDArray[np.float64]

SMALLEST_M, LARGEST_M, CLEAR_M = 8.0, 512.0, 1.5
SKIRT_M = 0.5  # faces under the road's edge, so that no ray slips between a road and the land beside it
UNDER_DECK_M = 0.5
MOST_SAMPLES = 1500
STEEPEST = 0.6  # of banks, rise over run
WAVES = (  # rad/km east and north, phase, share: of the hills far off
    (3.1, 1.3, 0.4, 1.0), (-1.7, 2.9, 2.1, 0.9), (5.3, -4.1, 4.0, 0.45), (7.9, 6.7, 1.2, 0.25), (-11.3, 9.1, 5.2, 0.14),
)  # fmt: skip
SOIL = Surface("soil", "terrain")
FIELDS = Surface("fields", "terrain")
VERGE_M = 45.0  # there are fields beyond


class RimHeights:
    """Heights of the ground's facets at points on their outlines: the lowest and the highest where there are several."""

    def __init__(self, ground: Facets):
        self.ground = ground
        self.low: dict[tuple[float, float], float] = {}
        self.high: dict[tuple[float, float], float] = {}
        p = ground.corners.reshape(-1, 3)
        order = np.lexsort((p[:, 2], p[:, 1], p[:, 0]))
        p = p[order]
        first = np.concatenate([[True], (np.diff(p[:, :2], axis=0) != 0).any(1)])
        last = np.concatenate([first[1:], [True]])
        self.low = dict(zip(map(tuple, p[first, :2].tolist()), p[first, 2].tolist()))
        self.high = dict(zip(map(tuple, p[last, :2].tolist()), p[last, 2].tolist()))
        self._tree: shapely.STRtree | None = None

    def at(self, points: Array) -> tuple[Array, Array]:
        """(lowest, highest), each (n,), at points (n, 2)."""
        keys = list(map(tuple, points.tolist()))
        low = np.array([self.low.get(k, np.nan) for k in keys])
        high = np.array([self.high.get(k, np.nan) for k in keys])
        missing = np.flatnonzero(np.isnan(low))
        if len(missing):
            low[missing], high[missing] = self._between(points[missing])
        return low, high

    def _between(self, points: Array) -> tuple[Array, Array]:
        """Where two outlines cross there is no corner: the height of the facets' edges."""
        if self._tree is None:
            self._rings = self.ground.corners
            self._tree = shapely.STRtree(shapely.polygons(self._rings[..., :2]))
        low, high = np.full(len(points), np.inf), np.full(len(points), -np.inf)
        q, rows = self._tree.query(shapely.points(points), predicate="dwithin", distance=0.02)
        for k, row in zip(q, rows):
            z = plane_height(self._rings[row], points[k])
            low[k], high[k] = min(low[k], z), max(high[k], z)
        lost = ~np.isfinite(low)
        if lost.any():
            corners = self._rings.reshape(-1, 3)
            for k in np.flatnonzero(lost):
                z = corners[np.argmin(((corners[:, :2] - points[k]) ** 2).sum(1)), 2]
                low[k] = high[k] = z
        return low, high


def plane_height(triangle: Array, point: Array) -> float:
    """Height of a triangle's (3, 3) plane at a point (2,), kept within the triangle's own heights."""
    n = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
    if abs(n[2]) < 1e-9:
        return float(triangle[:, 2].min())
    z = triangle[0, 2] - (n[0] * (point[0] - triangle[0, 0]) + n[1] * (point[1] - triangle[0, 1])) / n[2]
    return float(np.clip(z, triangle[:, 2].min(), triangle[:, 2].max()))


def land(footprint: BaseGeometry, bridges: BaseGeometry, rim: RimHeights, region: tuple[float, ...], origin: Array) -> Facets:
    """The land in a region (lowest x, y, highest x, y) around a footprint, and the faces under the footprint's edge.

    bridges: shapes of decks; where the footprint ends at one, the land stays below the deck.
    """
    coordinates = np.unique(shapely.get_coordinates(footprint), axis=0)
    low = rim.at(coordinates)[0] - _sunk(coordinates, bridges)
    at_rim = dict(zip(map(tuple, coordinates.tolist()), low.tolist()))
    tree = fill.Quadtree(footprint, region, LARGEST_M, SMALLEST_M, CLEAR_M)
    flat = np.concatenate([tree.triangles(), tree.seam()])
    points, index = np.unique(flat.reshape(-1, 2), axis=0, return_inverse=True)
    z = np.array([at_rim.get(k, np.nan) for k in map(tuple, points.tolist())])
    free = np.isnan(z)
    z[free] = _heights(points[free], np.column_stack([coordinates, low]), origin)
    corners = np.column_stack([points, z])[index.ravel()].reshape(-1, 3, 3)
    whole = facets.of(corners, corners[..., :2] - origin[:2], GRASS)
    shapely.prepare(footprint)
    far = ~shapely.dwithin(footprint, shapely.points(corners[..., :2].mean(1)), VERGE_M)
    sheets = [whole.keep(~far), replace(whole.keep(far), surfaces=(FIELDS,))]
    return facets.join([*sheets, _skirts(footprint, bridges, rim)])


def _sunk(points: Array, bridges: BaseGeometry) -> Array:
    """By how much (n,) the land lies lower at points (n, 2): under the ends of bridges."""
    return np.where(shapely.dwithin(shapely.points(points), bridges.boundary, 1e-6), UNDER_DECK_M, 0.0)


def _heights(points: Array, rim: Array, origin: Array) -> Array:
    """Heights (n,) away from the roads: near them as the nearest edges, further off rolling."""
    rim = rim[:: max(1, -(-len(rim) // MOST_SAMPLES))]
    out = np.empty(len(points))
    for start in range(0, len(points), 2048):
        p = points[start : start + 2048]
        d2 = (p[:, None, 0] - rim[:, 0]) ** 2 + (p[:, None, 1] - rim[:, 1]) ** 2
        w = 1 / (d2 + 4.0)
        w *= w
        z = (w * rim[:, 2]).sum(1) / w.sum(1)
        k = np.argmin(d2, 1)
        d = np.sqrt(d2[np.arange(len(p)), k])
        z += _rolling(p - origin[:2], d)
        bank = 0.05 + STEEPEST * d
        out[start : start + 2048] = np.clip(z, rim[k, 2] - bank, rim[k, 2] + bank)
    return out


def _rolling(p: Array, d: Array) -> Array:
    """Height (n,) of a ditch beside the road and of hills far off, at points (n, 2) about the origin, d (n,) from a road."""
    ditch = np.clip((d - 1.0) / 3.0, 0, 1)
    wave = np.zeros(len(p))
    for kx, ky, phase, height in WAVES:
        wave += height * np.sin((kx * p[:, 0] + ky * p[:, 1]) * 1e-3 + phase)
    far = np.clip(d - 40.0, 0, 900)
    near = np.clip((d - 4.0) / 30.0, 0, 1)
    bumps = np.sin(p[:, 0] * 0.071 + 1.0) * np.sin(p[:, 1] * 0.083 + 2.0) + 0.5 * np.sin(p[:, 0] * 0.19 + p[:, 1] * 0.13)
    return -0.12 * ditch + 0.12 * near * bumps + far * (0.020 + 0.028 * wave)


def _skirts(footprint: BaseGeometry, bridges: BaseGeometry, rim: RimHeights) -> Facets:
    """Vertical faces under the outline, looking outwards."""
    bottoms, tops, runs = [], [], []
    for polygon in fill.polygons(footprint):
        polygon = shapely.geometry.polygon.orient(polygon)
        for ring in (polygon.exterior, *polygon.interiors):
            p = shapely.get_coordinates(ring)
            low, high = rim.at(p) - _sunk(p, bridges)
            run = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))])
            bottoms.append(np.column_stack([p, low - SKIRT_M]))
            tops.append(np.column_stack([p, high]))
            runs.append(run)
    parts = []
    for b, t, r in zip(bottoms, tops, runs):
        foot, head = np.column_stack([r, np.zeros(len(r))]), np.column_stack([r, np.full(len(r), SKIRT_M)])
        parts.append(facets.of(*facets.quads(b, t, foot, head), SOIL))
    return facets.without_slivers(facets.join(parts))
