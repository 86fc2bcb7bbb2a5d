"""Triangles that fill an area of the plane: squares inside, and between them and the outline as many triangles as it takes.

No point is added on the outline, so that whatever adjoins it keeps its corners.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Array = NDArray[np.float64]


def polygons(shape: BaseGeometry) -> list[shapely.Polygon]:
    """The polygons of a shape, without points and lines."""
    return [p for p in shapely.get_parts(shapely.make_valid(shape)).tolist() for p in _flat(p) if p.area > 0]


def _flat(shape) -> list[shapely.Polygon]:
    if shape.geom_type == "Polygon":
        return [shape]
    return [q for p in getattr(shape, "geoms", ()) for q in _flat(p)]


def triangulate(shape: BaseGeometry) -> Array:
    """(T, 3, 2) triangles of a shape that use its own points only, counter-clockwise (constrained Delaunay)."""
    out = []
    for polygon in polygons(shape):
        parts = shapely.get_parts(shapely.constrained_delaunay_triangles(polygon))
        if len(parts):
            out.append(shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3])
    return counter_clockwise(np.concatenate(out)) if out else np.zeros((0, 3, 2))


def counter_clockwise(triangles: Array) -> Array:
    """The same triangles (T, 3, 2), turned where they run clockwise; those of no area are left out."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    turned = np.where((twice < 0)[:, None, None], triangles[:, ::-1], triangles)
    return turned[np.abs(twice) > 1e-9]


def outline(triangles: Array) -> BaseGeometry:
    """The shape that triangles (T, 3, 2) cover together."""
    t = counter_clockwise(triangles)
    if not len(t):
        return shapely.Polygon()
    parts = shapely.polygons(t)
    try:
        whole = shapely.coverage_union_all(parts)  # fast, and right where no two of them overlap
    except shapely.GEOSException:
        return shapely.union_all(parts)
    if whole.is_valid and abs(whole.area - shapely.area(parts).sum()) < 1e-9 * max(whole.area, 1.0):
        return whole
    return shapely.union_all(parts)


def fill(shape: BaseGeometry, cell_m: float) -> Array:
    """(T, 3, 2) triangles that fill a shape: squares of cell_m where it is wider than that, and a seam to its outline."""
    low_x, low_y, high_x, high_y = shape.bounds
    x = np.arange(np.floor(low_x / cell_m), np.ceil(high_x / cell_m) + 1) * cell_m
    y = np.arange(np.floor(low_y / cell_m), np.ceil(high_y / cell_m) + 1) * cell_m
    gx, gy = np.meshgrid(x[:-1], y[:-1], indexing="ij")
    boxes = shapely.box(gx.ravel(), gy.ravel(), gx.ravel() + cell_m, gy.ravel() + cell_m)
    core = shape.buffer(-0.25 * cell_m, join_style="mitre")
    shapely.prepare(core)
    inside = boxes[shapely.contains_properly(core, boxes)]
    if not len(inside):
        return triangulate(shape)
    corners = shapely.get_coordinates(inside).reshape(-1, 5, 2)[:, :4]
    hole = _outline(inside, cell_m)
    squares = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
    return np.concatenate([counter_clockwise(squares), triangulate(shapely.difference(shape, hole))])


def _outline(squares, cell_m: float) -> BaseGeometry:
    """Squares united, with a point every cell_m along their outline, where their corners are."""
    return shapely.segmentize(shapely.simplify(shapely.union_all(squares), 0.0), cell_m * (1 + 1e-9))


class Quadtree:
    """Squares that grow with the distance from a shape, as far as the edge of a region.

    cells: (n, 3) x, y of the lowest corner, and size. Only squares that stay `clear_m` away from the shape are kept; the gap
    between them and the shape is `seam`.
    """

    def __init__(self, shape: BaseGeometry, region: tuple[float, ...], largest_m: float, smallest_m: float, clear_m: float):
        shapely.prepare(shape)
        low_x, low_y, high_x, high_y = region
        x = np.arange(np.floor(low_x / largest_m), np.ceil(high_x / largest_m)) * largest_m
        y = np.arange(np.floor(low_y / largest_m), np.ceil(high_y / largest_m)) * largest_m
        gx, gy = np.meshgrid(x, y, indexing="ij")
        cells = np.stack([gx.ravel(), gy.ravel(), np.full(gx.size, largest_m)], 1)
        leaves, near = [], np.zeros((0, 3))
        size = largest_m
        while len(cells):
            boxes = shapely.box(cells[:, 0], cells[:, 1], cells[:, 0] + size, cells[:, 1] + size)
            reach = clear_m if size <= smallest_m else 0.75 * size
            close = shapely.dwithin(shape, boxes, reach)
            leaves.append(cells[~close])
            if size <= smallest_m:
                near = cells[close]
                break
            size /= 2
            c = cells[close]
            offsets = [(0, 0), (size, 0), (0, size), (size, size)]
            cells = np.concatenate([np.stack([c[:, 0] + ox, c[:, 1] + oy, np.full(len(c), size)], 1) for ox, oy in offsets])
        self.cells = np.concatenate(leaves)
        self._near = near
        self._shape = shape

    def triangles(self) -> Array:
        """(T, 3, 2) of the squares; a square beside smaller ones takes their corners into its outline."""
        corners = np.concatenate([self._corners(self.cells), self._corners(self._near)])
        at_x, at_y = _by_line(corners[:, 0], corners[:, 1]), _by_line(corners[:, 1], corners[:, 0])
        plain, fans = [], []
        for x, y, size in self.cells.tolist():
            south, north = _between(at_y, y, x, x + size), _between(at_y, y + size, x, x + size)
            west, east = _between(at_x, x, y, y + size), _between(at_x, x + size, y, y + size)
            if not (south or north or west or east):
                plain.append((x, y, size))
                continue
            ring = [(x, y), *((v, y) for v in south), (x + size, y), *((x + size, v) for v in east)]
            ring += [(x + size, y + size), *((v, y + size) for v in north[::-1]), (x, y + size), *((x, v) for v in west[::-1])]
            middle = (x + size / 2, y + size / 2)
            fans += [(a, b, middle) for a, b in zip(ring, ring[1:] + ring[:1])]
        p = np.array(plain).reshape(-1, 3)
        q = self._corners(p).reshape(4, -1, 2)
        squares = np.concatenate([np.stack([q[0], q[1], q[2]], 1), np.stack([q[0], q[2], q[3]], 1)])
        return np.concatenate([squares, np.array(fans).reshape(-1, 3, 2)])

    def seam(self) -> Array:
        """(T, 3, 2) triangles between the squares and the shape; they use the corners of both and no other points."""
        c = self._near
        if not len(c):
            return np.zeros((0, 3, 2))
        size = float(c[0, 2])
        area = _outline(shapely.box(c[:, 0], c[:, 1], c[:, 0] + size, c[:, 1] + size), size)
        return triangulate(shapely.difference(area, self._shape))

    @staticmethod
    def _corners(cells: Array) -> Array:
        x, y, size = cells[:, 0], cells[:, 1], cells[:, 2]
        return np.concatenate([np.stack(p, 1) for p in ((x, y), (x + size, y), (x + size, y + size), (x, y + size))])


def _by_line(line: Array, along: Array) -> dict[float, Array]:
    """Coordinate of a grid line -> sorted places of the corners on it."""
    order = np.lexsort((along, line))
    line, along = line[order], along[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(line) != 0]))
    return {float(line[i]): np.unique(part) for i, part in zip(starts, np.split(along, starts[1:]))}


def _between(lines: dict[float, Array], line: float, low: float, high: float) -> list[float]:
    """Places of corners on a grid line strictly between two."""
    places = lines.get(line)
    if places is None:
        return []
    return places[np.searchsorted(places, low, "right") : np.searchsorted(places, high, "left")].tolist()
