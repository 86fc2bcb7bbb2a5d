"""Roads above roads: which of two that overlap in the plan is the upper one, and the decks that carry it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Surface
from scenesim.scene.drape import in_plane

Array = NDArray[np.float64]

HEADROOM_M = 2.0  # roads that overlap with less height between them are meant to be one surface
DECK_M = 0.9
ABUTMENT_M = 7.0  # from the lower road's edge to where the upper one rests on the ground again
CONCRETE = Surface("concrete", "other_static")


def height_at(f: Facets, point: Array) -> float:
    """Height of the facets at a point (2,), nan where there is none; the highest of several."""
    a, b, c = f.corners[:, 0, :2], f.corners[:, 1, :2], f.corners[:, 2, :2]
    area = _twice(a, b, c)
    good = np.abs(area) > 1e-9
    area = np.where(good, area, 1.0)
    w = np.stack([_twice(point, b, c), _twice(a, point, c), _twice(a, b, point)], 1) / area[:, None]
    inside = good & (w > -1e-6).all(1)
    return float((w[inside] * f.corners[inside, :, 2]).sum(1).max()) if inside.any() else float("nan")


def _twice(a: Array, b: Array, c: Array) -> Array:
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])


def rise(upper: Facets, lower: Facets, overlap: BaseGeometry) -> float:
    """How much higher one surface is than another in the middle of where they overlap, m; 0 where that cannot be said."""
    largest = max(fill.polygons(overlap), key=lambda p: p.area, default=None)
    if largest is None:
        return 0.0
    point = np.array(largest.representative_point().coords[0])
    difference = height_at(upper, point) - height_at(lower, point)
    return difference if np.isfinite(difference) else 0.0


def spans(sheets: Sequence[tuple[Facets, BaseGeometry]]) -> dict[int, BaseGeometry]:
    """Index of a sheet (facets, outline) -> the part of its outline that is a bridge over another sheet."""
    tree = shapely.STRtree([outline for _, outline in sheets])
    found: dict[int, list[BaseGeometry]] = {}
    for k, (f, outline) in enumerate(sheets):
        for j in tree.query(outline, predicate="intersects"):
            overlap = shapely.intersection(outline, sheets[j][1]) if j != k else shapely.Polygon()
            if overlap.area > 0.1 and rise(f, sheets[j][0], overlap) > HEADROOM_M:
                found.setdefault(k, []).append(shapely.intersection(outline, overlap.buffer(ABUTMENT_M)))
    return {k: shapely.union_all(shapes) for k, shapes in found.items()}


def deck(f: Facets, span: BaseGeometry) -> Facets:
    """The body of a bridge under the facets of a road: its underside and its faces."""
    under = within(f, span)
    n = np.cross(under.corners[:, 1] - under.corners[:, 0], under.corners[:, 2] - under.corners[:, 0])
    under = under.keep(n[:, 2] > 0)
    parts = [facets.of(under.corners[:, ::-1] - [0.0, 0.0, DECK_M], under.uv[:, ::-1], CONCRETE)]
    for polygon in fill.polygons(span):
        ring = shapely.get_coordinates(shapely.segmentize(shapely.geometry.polygon.orient(polygon).exterior, 5.0))
        top = np.array([height_at(f, p) for p in ring])
        good = np.isfinite(top)
        if good.sum() < 2:
            continue
        top = np.interp(np.arange(len(ring)), np.flatnonzero(good), top[good])
        run = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(ring, axis=0) ** 2).sum(1)))])
        foot, head = np.column_stack([run, np.zeros(len(run))]), np.column_stack([run, np.full(len(run), DECK_M)])
        faces = facets.quads(np.column_stack([ring, top - DECK_M]), np.column_stack([ring, top]), foot, head)
        parts.append(facets.of(*faces, CONCRETE))
    return facets.without_slivers(facets.join(parts))


def within(f: Facets, shape: BaseGeometry) -> Facets:
    """The part of the facets that lies over a shape."""
    triangles = shapely.polygons(f.corners[..., :2])
    parts = []
    for k in np.flatnonzero(shapely.intersects(triangles, shape)):
        flat = fill.triangulate(shapely.intersection(triangles[k], shape))
        if len(flat):
            parts.append(in_plane(f, int(k), flat))
    return facets.join(parts)


def without(f: Facets, shape: BaseGeometry) -> Facets:
    """The facets less what lies over a shape; what is cut keeps its plane and its uv. Upright faces stay or go whole."""
    if shape.is_empty or not len(f):
        return f
    shapely.prepare(shape)
    flat = f.corners[..., :2]
    upright = np.abs(_twice(flat[:, 0], flat[:, 1], flat[:, 2])) < 1e-9
    triangles = shapely.polygons(flat)
    touched = shapely.intersects(shape, triangles)
    inner = shape.buffer(-0.02)
    gone = upright & touched & shapely.contains_xy(inner, flat[..., 0].mean(1), flat[..., 1].mean(1))
    parts = [f.keep(~touched | (upright & ~gone))]
    for k in np.flatnonzero(touched & ~upright):
        rest = shapely.difference(triangles[k], shape)
        if rest.area > triangles[k].area * (1 - 1e-9):
            parts.append(f.keep([k]))
            continue
        left = fill.triangulate(rest)
        if len(left):
            parts.append(in_plane(f, int(k), left))
    return facets.join(parts)
