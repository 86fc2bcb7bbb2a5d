"""Closed soft solids: rounded boxes, rings, and bars of oval section; and meshes mirrored or put in their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base.frames import Pose, quaternion_from_euler
from scenesim.geometry.mesh import Mesh, Surface, make
from scenesim.geometry.subdivision import triangles

Array = NDArray[np.float64]


def placed(mesh: Mesh, at: ArrayLike = (0.0, 0.0, 0.0), *, roll: float = 0.0, pitch: float = 0.0, yaw: float = 0.0) -> Mesh:
    """The mesh turned (rad, see base.frames) and then moved."""
    return mesh.transformed(Pose(quaternion_from_euler(roll, pitch, yaw), np.asarray(at, float)))


def mirrored(mesh: Mesh) -> Mesh:
    """The mesh with left and right exchanged; still seen from outside."""
    flip = np.array([1.0, -1.0, 1.0])
    return replace(
        mesh,
        vertices=mesh.vertices * flip,
        triangles=np.ascontiguousarray(mesh.triangles[:, ::-1]),
        normals=np.ascontiguousarray((mesh.normals * flip)[:, ::-1], np.float32),
        uv=np.ascontiguousarray(mesh.uv[:, ::-1]),
    )


def both(mesh: Mesh) -> list[Mesh]:
    """The mesh, and its mirror image on the other side."""
    return [mesh, mirrored(mesh)]


def volume(vertices: Array, faces: NDArray) -> float:
    """Volume that a closed surface encloses, less than 0 if it is inside out."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float((np.cross(a, b) * c).sum()) / 6.0


def outward(vertices: Array, faces: NDArray) -> NDArray:
    """The faces, turned so that the surface is seen from outside."""
    return faces if volume(vertices, faces) > 0 else faces[:, ::-1]


def rounded_box(size: ArrayLike, radius: float, surface: Surface, pieces: int = 2, taper: float = 0.0, color=None) -> Mesh:
    """A box about the origin with rounded edges; pieces: along a quarter of the rounding. taper: share by which y and z shrink
    at +x, and grow at -x."""
    lines = np.linspace(-1, 1, 2 * pieces + 2)
    last = len(lines) - 1
    index: dict[tuple[int, ...], int] = {}
    quads = []
    for axis in range(3):
        for sign in (-1, 1):
            for i in range(last):
                for j in range(last):
                    q = []
                    for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)):
                        k = [0, 0, 0]
                        k[axis] = 0 if sign < 0 else last
                        k[(axis + 1) % 3], k[(axis + 2) % 3] = i + di, j + dj
                        q.append(index.setdefault(tuple(k), len(index)))
                    quads.append(q if sign > 0 else q[::-1])
    k = np.array(list(index))
    half = np.asarray(size, float) / 2
    r = min(radius, float(half.min()) * 0.98)
    side = np.where(k <= pieces, -1.0, 1.0)
    angle = np.where(k <= pieces, (pieces - k) / pieces, (k - pieces - 1) / pieces) * np.pi / 4
    d = side * np.sin(angle) / np.cos(angle)
    v = side * (half - r) + r * d / np.maximum(np.sqrt((d * d).sum(1, keepdims=True)), 1e-9)
    if taper:
        v[:, 1:] *= 1 - taper * v[:, :1] / half[0]
    return make(v, triangles(np.array(quads)), surface, uv=v[:, [0, 2]], smooth_deg=60.0, color=color)


def hexahedron(low: Array, high: Array, surface: Surface) -> Mesh:
    """A closed body between two quads (4, 3), corner by corner."""
    v = np.concatenate([low, high])
    quads = np.array([(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])
    return make(v, outward(v - v.mean(0), triangles(quads)), surface, uv=v[:, [0, 2]], smooth_deg=1.0)


def ring(profile: ArrayLike, sides: int, surface: Surface, smooth_deg: float = 45.0) -> Mesh:
    """A closed profile (n, 2) of radius and y, all radii above 0, turned about the y axis."""
    p = np.asarray(profile, float)
    n = len(p)
    a = np.arange(sides) * 2 * np.pi / sides
    v = np.stack([p[:, 0] * np.cos(a)[:, None], np.broadcast_to(p[:, 1], (sides, n)), p[:, 0] * np.sin(a)[:, None]], 2)
    v = v.reshape(-1, 3)
    i, j = (g.ravel() for g in np.meshgrid(np.arange(sides), np.arange(n), indexing="ij"))
    i2, j2 = (i + 1) % sides, (j + 1) % n
    t = triangles(np.stack([i * n + j, i * n + j2, i2 * n + j2, i2 * n + j], 1))
    return make(v, outward(v, t), surface, uv=v[:, [0, 2]], smooth_deg=smooth_deg)


def torus(radius: float, thickness: float, sides: int, around: int, surface: Surface) -> Mesh:
    """A torus about the y axis."""
    a = np.arange(around) * 2 * np.pi / around
    return ring(np.stack([radius + thickness * np.cos(a), thickness * np.sin(a)], 1), sides, surface, 80.0)


def bar(path: ArrayLike, radii: ArrayLike, surface: Surface, sides: int = 8) -> Mesh:
    """A bar along points (n, 3), with flat ends. radii: one, (n,), or (n, 2) across and along the vertical."""
    p, r = np.asarray(path, float), np.asarray(radii, float)
    r = np.broadcast_to(r[..., None] if r.ndim < 2 else r, (len(p), 2))
    t = np.gradient(p, axis=0)
    t /= np.sqrt((t * t).sum(1, keepdims=True))
    # Where the path is steep its other side is "up", chosen so that the section does not jump.
    steep = np.concatenate([-np.sign(t[:, 2:3]), np.zeros((len(p), 2))], 1)
    up = np.where(np.abs(t[:, 2:3]) > 0.9, steep, [[0, 0, 1.0]])
    a = np.cross(up, t)
    a /= np.sqrt((a * a).sum(1, keepdims=True))
    b = np.cross(t, a)
    angle = np.arange(sides) * 2 * np.pi / sides
    v = p[:, None] + r[:, None, :1] * a[:, None] * np.cos(angle)[None, :, None]
    v = (v + r[:, None, 1:] * b[:, None] * np.sin(angle)[None, :, None]).reshape(-1, 3)
    v = np.concatenate([v, p[:1], p[-1:]])
    n, j = len(p), np.arange(sides)
    k = (np.arange(n - 1)[:, None] * sides + j).ravel()
    k2 = (np.arange(n - 1)[:, None] * sides + (j + 1) % sides).ravel()
    body = triangles(np.stack([k, k2, k2 + sides, k + sides], 1))
    first = np.stack([np.full(sides, n * sides), (j + 1) % sides, j], 1)
    last = np.stack([np.full(sides, n * sides + 1), (n - 1) * sides + j, (n - 1) * sides + (j + 1) % sides], 1)
    f = np.concatenate([body, first, last])
    return make(v, outward(v, f), surface, uv=v[:, [0, 2]], smooth_deg=50.0)


def loft(path: ArrayLike, radii: ArrayLike, surface: Surface, sides: int = 16, pieces: int = 4) -> Mesh:
    """A bar whose centre line (n, 3) and radii (n, 2) run smoothly (Catmull and Rom 1974) through the given ones."""
    x = np.concatenate([np.asarray(path, float), np.asarray(radii, float)], 1)
    e = np.concatenate([2 * x[:1] - x[1:2], x, 2 * x[-1:] - x[-2:-1]])
    rows = []
    for i in range(1, len(e) - 2):
        a, b, c, d = e[i - 1 : i + 3]
        for t in np.arange(pieces) / pieces:
            rows.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    rows.append(x[-1])
    out = np.array(rows)
    return bar(out[:, :3], np.maximum(out[:, 3:], 0.01), surface, sides)
