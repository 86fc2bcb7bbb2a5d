"""Small packed scenes for tests, made without the floors above the kernels."""

from __future__ import annotations

import numba
import numpy as np

from scenesim.kernels.bvh import build_top, build_tree, concatenate
from scenesim.kernels.packed import INSTANCE_COLUMNS, LIGHT_COLUMNS, MATERIAL_COLUMNS, Geometry, PackedScene, Rays


def from_python(helper):
    """A kernels' helper made callable from here: compiled for other kernels only, it has no entry for Python."""
    return numba.njit(lambda *given: helper(*given))


def pack(meshes, prototype, pose, knot_time=(0.0,), mask=None) -> PackedScene:
    """A scene of meshes [(vertices, triangles)], instances prototype (I,) with pose (K, I, 7); one grey material."""
    meshes = [(np.asarray(v, np.float32), np.asarray(t, np.int32)) for v, t in meshes]
    trees = [build_tree(v, t) for v, t in meshes]
    first = np.cumsum([0] + [len(t) for _, t in meshes]).astype(np.int32)
    start = np.cumsum([0] + [len(v) for v, _ in meshes])
    nodes, leaves, root = concatenate(trees, first[:-1])
    vertices = np.concatenate([v for v, _ in meshes])
    triangles = np.concatenate([t + np.int32(s) for (_, t), s in zip(meshes, start)])
    n = np.cross(vertices[triangles[:, 1]] - vertices[triangles[:, 0]], vertices[triangles[:, 2]] - vertices[triangles[:, 0]])
    n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-30)
    geometry = Geometry(
        vertices,
        triangles,
        np.tile(n, 3).astype(np.float32),
        np.zeros((len(triangles), 6), np.float32),
        np.ones((len(vertices), 3), np.float32),
        np.zeros(len(triangles), np.int32),
        nodes,
        leaves,
        root,
        np.array([t.bounds for t in trees], np.float32),
        first,
    )
    prototype = np.asarray(prototype, np.int32)
    pose = np.ascontiguousarray(pose, np.float32)
    knot_time = np.asarray(knot_time, np.float32)
    moves = (np.abs(np.diff(pose, axis=0)) > 0).any((0, 2)).astype(np.int32)
    count = len(prototype)
    material = np.zeros((1, len(MATERIAL_COLUMNS)), np.float32)
    material[0, 1:4] = 0.5
    return PackedScene(
        geometry,
        knot_time,
        prototype,
        pose,
        moves,
        np.full(count, 7, np.int32) if mask is None else np.asarray(mask, np.int32),
        np.arange(count, dtype=np.int32),
        np.full(count, 17, np.int32),
        np.zeros((count, len(INSTANCE_COLUMNS)), np.float32),
        build_top(geometry.bounds, prototype, knot_time, pose, moves),
        np.zeros(1, np.int32),
        np.full(1, -1, np.int32),
        np.zeros(1, np.int32),
        material,
        np.zeros((0, len(LIGHT_COLUMNS)), np.float32),
    )


def at_rest(translations) -> np.ndarray:
    """(1, I, 7) unturned poses."""
    t = np.atleast_2d(np.asarray(translations, float))
    return np.concatenate([np.tile([1.0, 0, 0, 0], (len(t), 1)), t], axis=1)[None]


def random_poses(rng, count: int, spread: float, knots: int = 1, travel: float = 0.0) -> np.ndarray:
    """(K, I, 7) random poses; from knot to knot they move by about `travel` and turn a little."""
    q = rng.normal(size=(count, 4))
    p = rng.normal(size=(count, 3)) * spread
    rows = []
    for _ in range(knots):
        rows.append(np.concatenate([q / np.linalg.norm(q, axis=1, keepdims=True), p], axis=1))
        q = q + rng.normal(size=q.shape) * 0.2 * (travel > 0)
        p = p + rng.normal(size=p.shape) * travel
    return np.array(rows)


def soup(rng, count: int, size: float, spread: float):
    """Random triangles."""
    c = rng.normal(size=(count, 1, 3)) * spread
    v = (c + rng.normal(size=(count, 3, 3)) * size).reshape(-1, 3)
    return v, np.arange(3 * count).reshape(-1, 3)


def sphere(rings: int = 24, sectors: int = 48, radius: float = 1.0):
    """A closed sphere."""
    theta = np.linspace(0, np.pi, rings + 1)[1:-1]
    phi = np.arange(sectors) * 2 * np.pi / sectors
    t, f = np.meshgrid(theta, phi, indexing="ij")
    v = np.stack([np.sin(t) * np.cos(f), np.sin(t) * np.sin(f), np.cos(t)], -1).reshape(-1, 3)
    v = np.concatenate([v, [[0, 0, 1.0], [0, 0, -1.0]]]) * radius
    i, j = np.meshgrid(np.arange(rings - 2), np.arange(sectors), indexing="ij")
    a, b = i * sectors + j, i * sectors + (j + 1) % sectors
    faces = [np.stack([a, a + sectors, b], -1).reshape(-1, 3), np.stack([b, a + sectors, b + sectors], -1).reshape(-1, 3)]
    k = np.arange(sectors)
    top, bottom, last = len(v) - 2, len(v) - 1, (rings - 2) * sectors
    faces.append(np.stack([np.full_like(k, top), k, (k + 1) % sectors], -1))
    faces.append(np.stack([np.full_like(k, bottom), last + (k + 1) % sectors, last + k], -1))
    return v, np.concatenate(faces)


def box(half):
    """A closed box of half sizes (3,)."""
    v = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float) * half
    quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    return v, np.array([[q[0], q[k], q[k + 1]] for q in quads for k in (1, 2)])


def terrain(rng, n: int, extent: float):
    """A rough height field, n x n vertices."""
    x, y = np.meshgrid(np.linspace(-extent, extent, n), np.linspace(-extent, extent, n), indexing="ij")
    z = sum(a * np.sin(x * kx + y * ky + p) for a, kx, ky, p in rng.uniform([0.2, -0.3, -0.3, 0], [1, 0.3, 0.3, 6], (6, 4)))
    v = np.stack([x, y, z], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(n - 1), np.arange(n - 1), indexing="ij")
    a = (i * n + j).ravel()
    return v, np.concatenate([np.stack([a, a + n, a + 1], 1), np.stack([a + 1, a + n, a + n + 1], 1)])


def rays_between(rng, n: int, spread: float, time=(0.0, 0.0)) -> Rays:
    """Rays from random places towards random places."""
    o = rng.normal(size=(n, 3)) * spread
    d = rng.normal(size=(n, 3)) * spread * 0.5 - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    t = rng.uniform(*time, n) if time[1] > time[0] else np.full(n, time[0])
    return Rays(o.astype(np.float32), d.astype(np.float32), t.astype(np.float32))
