"""Plain solids as meshes: boxes, lathed and extruded bodies, tubes, flat shapes. uv is in metres along the surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.geometry import fill
from scenesim.geometry.mesh import Mesh, Surface, join, make

Array = NDArray[np.float64]


def box(size: ArrayLike, center: ArrayLike, surface: Surface, color=None) -> Mesh:
    """A box with edges of `size` (3,) along the axes about `center` (3,)."""
    s, c = np.asarray(size, float) / 2, np.asarray(center, float)
    corners, uv = [], []
    for axis in range(3):
        b, d = (axis + 1) % 3, (axis + 2) % 3
        for sign in (1.0, -1.0):
            p = np.zeros((4, 3))
            p[:, axis] = sign * s[axis]
            p[:, b] = [-s[b], s[b], s[b], -s[b]]
            p[:, d] = [-s[d], -s[d], s[d], s[d]]
            # u runs horizontally and v up on the sides.
            q = p[:, [b, d]] if axis != 1 else p[:, [d, b]]
            corners.append(p if sign > 0 else p[::-1])
            uv.append(q if sign > 0 else q[::-1])
    vertices = np.concatenate(corners) + c
    triangles = (np.arange(6)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return make(vertices, triangles, surface, uv=np.concatenate(uv), smooth_deg=1.0, color=color)


def lathe(
    profile: ArrayLike, surface: Surface, *, sides: int = 16, center=(0, 0, 0), color=None, smooth_deg: float = 40.0
) -> Mesh:
    """A body about the z axis; profile (n, 2): radius and z from the lowest point to the highest, seen from outside. Radius 0
    closes an end."""
    p = np.asarray(profile, float)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    vertices, triangles = [], []
    starts = []
    for r, z in p:
        starts.append(sum(len(v) for v in vertices))
        vertices.append(np.array([[0.0, 0.0, z]]) if r <= 0 else np.column_stack([r * ring, np.full(sides, z)]))
    for k in range(len(p) - 1):
        a, b = starts[k], starts[k + 1]
        for i in range(sides):
            j = (i + 1) % sides
            if p[k, 0] <= 0 and p[k + 1, 0] > 0:
                triangles.append((a, b + j, b + i))
            elif p[k + 1, 0] <= 0 and p[k, 0] > 0:
                triangles.append((a + i, a + j, b))
            elif p[k, 0] > 0:
                triangles += [(a + i, a + j, b + j), (a + i, b + j, b + i)]
    v = np.concatenate(vertices) + np.asarray(center, float)
    return make(v, triangles, surface, uv=v[:, [0, 2]], color=color, smooth_deg=smooth_deg)


def tube(points: ArrayLike, radii: ArrayLike, surface: Surface, *, sides: int = 10, color=None) -> Mesh:
    """A round bar through points (n, 3) with radii (n,) or one for all, closed at both ends."""
    p = np.asarray(points, float)
    r = np.broadcast_to(np.asarray(radii, float), len(p))
    d = np.gradient(p, axis=0)
    d /= np.sqrt((d * d).sum(1, keepdims=True))
    side = np.cross(d[0], [0.0, 0.0, 1.0] if abs(d[0, 2]) < 0.9 else [1.0, 0.0, 0.0])
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rings = []
    for k in range(len(p)):
        side = side - d[k] * (side @ d[k])  # carried along without twist
        side /= np.sqrt(side @ side)
        other = np.cross(d[k], side)
        rings.append(p[k] + r[k] * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other))
    v = np.concatenate([*rings, p[:1], p[-1:]])
    triangles = []
    for k in range(len(p) - 1):
        for i in range(sides):
            j = (i + 1) % sides
            a, b = k * sides, (k + 1) * sides
            triangles += [(a + i, a + j, b + j), (a + i, b + j, b + i)]
    first, last, end = len(p) * sides, len(p) * sides + 1, (len(p) - 1) * sides
    for i in range(sides):
        j = (i + 1) % sides
        triangles += [(first, j, i), (last, end + i, end + j)]
    run = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))])
    around = angle * float(r.max())
    uv = np.concatenate([np.column_stack([around, np.full(sides, s)]) for s in run] + [np.zeros((2, 2))])
    return make(v, triangles, surface, uv=uv, color=color)


def flat(shape: BaseGeometry, surface: Surface, z: float = 0.0, *, up: bool = True, color=None) -> Mesh | None:
    """A plane shape at height z that looks up or down; None where it is empty. uv is (x, y)."""
    triangles = fill.triangulate(shape)
    if not len(triangles):
        return None
    vertices, index = np.unique(triangles.reshape(-1, 2), axis=0, return_inverse=True)
    t = index.reshape(-1, 3)
    v = np.column_stack([vertices, np.full(len(vertices), z)])
    return make(v, t if up else t[:, ::-1], surface, uv=vertices, color=color)


def prism(shape: BaseGeometry, low: float, high: float, surface: Surface, *, color=None, caps: bool = True) -> Mesh:
    """A plane shape pulled up from z = low to high. On the sides u runs along the outline and v is z."""
    parts = [flat(shape, surface, high, color=color), flat(shape, surface, low, up=False, color=color)] if caps else []
    for polygon in fill.polygons(shape):
        polygon = shapely.geometry.polygon.orient(polygon)
        for ring in (polygon.exterior, *polygon.interiors):
            parts.append(wall(shapely.get_coordinates(ring), low, high, surface, color=color))
    return join([p for p in parts if p is not None])


def wall(line: ArrayLike, low: float, high: float, surface: Surface, *, color=None, smooth_deg: float = 30.0) -> Mesh:
    """A vertical face over a line (n, 2), seen from its right side. u runs along the line, v is z."""
    p = np.asarray(line, float)
    run = np.concatenate([[0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))])
    n = len(p)
    v = np.concatenate([np.column_stack([p, np.full(n, z)]) for z in (low, high)])
    k = np.arange(n - 1)
    triangles = np.concatenate([np.stack([k, k + 1, n + k + 1], 1), np.stack([k, n + k + 1, n + k], 1)])
    uv = np.concatenate([np.column_stack([run, np.full(n, z)]) for z in (low, high)])
    return make(v, triangles, surface, uv=uv, color=color, smooth_deg=smooth_deg)


def painted(layers: Sequence[tuple[BaseGeometry, Surface]], z: float = 0.0) -> Mesh:
    """Flat shapes over each other as one plane: what a later shape covers is cut out of the earlier ones."""
    parts = []
    above: BaseGeometry = shapely.Polygon()
    for shape, surface in reversed(layers):
        m = flat(shapely.difference(shape, above), surface, z)
        if m is not None:
            parts.append(m)
        above = shapely.union(above, shape)
    return join(parts)
