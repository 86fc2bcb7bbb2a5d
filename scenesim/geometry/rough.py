"""What is not smooth: wrinkled sheets, stones, heaps and soft boxes, all closed; and meshes brought to a size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, join, make

Array = NDArray[np.float64]
Relief = Callable[[Array], Array]  # points (n, 3) m -> height over the surface (n,) m


def scaled(mesh: Mesh, factor: ArrayLike) -> Mesh:
    """The mesh stretched along the axes by factor (3,), all above 0."""
    f = np.broadcast_to(np.asarray(factor, float), 3)
    n = mesh.normals / f
    n /= np.maximum(np.sqrt((n * n).sum(-1, keepdims=True)), 1e-30)
    return replace(mesh, vertices=mesh.vertices * f, normals=n.astype(np.float32))


def grounded(meshes: Sequence[Mesh], size: ArrayLike | None = None) -> Mesh:
    """One mesh, its box centred over the origin and standing on z = 0; with `size` (3,) stretched to it."""
    m = join(list(meshes))
    low, high = m.bounds()
    if size is not None:
        m = scaled(m, np.asarray(size, float) / (high - low))
        low, high = m.bounds()
    return replace(m, vertices=m.vertices - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])


def sheet(points: ArrayLike, thickness: float, surface: Surface, *, color=None, smooth_deg: float = 70.0) -> Mesh:
    """A closed sheet about a grid of points (n, m, 3), seen from above where i to j turns left. color: (3,) or (n, m, 3)."""
    p = np.asarray(points, float)
    n, m = p.shape[:2]
    normal = np.cross(np.gradient(p, axis=0), np.gradient(p, axis=1))
    normal /= np.maximum(np.sqrt((normal * normal).sum(2, keepdims=True)), 1e-12)
    v = np.concatenate([(p + normal * thickness / 2).reshape(-1, 3), (p - normal * thickness / 2).reshape(-1, 3)])
    i, j = (g.ravel() for g in np.meshgrid(np.arange(n - 1), np.arange(m - 1), indexing="ij"))
    a, b, c, d = i * m + j, (i + 1) * m + j, (i + 1) * m + j + 1, i * m + j + 1
    top = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    k, e = n * m, np.arange(n - 1)
    f = np.arange(m - 1)
    rim = [(e * m, (e + 1) * m), ((e + 1) * m + m - 1, e * m + m - 1), (f + 1, f), ((n - 1) * m + f, (n - 1) * m + f + 1)]
    sides = [np.concatenate([np.stack([q, q + k, r + k], 1), np.stack([q, r + k, r], 1)]) for q, r in rim]
    t = np.concatenate([top, top[:, ::-1] + k, *sides])
    uv = np.concatenate([p.reshape(-1, 3)[:, :2]] * 2)
    if color is not None and np.ndim(color) == 3:
        color = np.concatenate([np.asarray(color, float).reshape(-1, 3)] * 2)
    return make(v, t, surface, uv=uv, smooth_deg=smooth_deg, color=color)


@lru_cache(maxsize=8)
def sphere_grid(rounds: int) -> tuple[Array, NDArray[np.int64]]:
    """Unit vectors (10 * 4**rounds + 2, 3) and triangles of an icosahedron whose faces are quartered `rounds` times."""
    g = (1 + 5**0.5) / 2
    v = np.array(
        [
            (-1, g, 0),
            (1, g, 0),
            (-1, -g, 0),
            (1, -g, 0),
            (0, -1, g),
            (0, 1, g),
            (0, -1, -g),
            (0, 1, -g),
            (g, 0, -1),
            (g, 0, 1),
            (-g, 0, -1),
            (-g, 0, 1),
        ],
        float,
    )
    t = np.array(
        [
            (0, 11, 5),
            (0, 5, 1),
            (0, 1, 7),
            (0, 7, 10),
            (0, 10, 11),
            (1, 5, 9),
            (5, 11, 4),
            (11, 10, 2),
            (10, 7, 6),
            (7, 1, 8),
            (3, 9, 4),
            (3, 4, 2),
            (3, 2, 6),
            (3, 6, 8),
            (3, 8, 9),
            (4, 9, 5),
            (2, 4, 11),
            (6, 2, 10),
            (8, 6, 7),
            (9, 8, 1),
        ]
    )
    for _ in range(rounds):
        pair = np.sort(np.stack([t, np.roll(t, -1, 1)], 2).reshape(-1, 2), axis=1)
        edge, index = np.unique(pair, axis=0, return_inverse=True)
        e = index.reshape(-1, 3) + len(v)
        v = np.concatenate([v, v[edge].sum(1)])
        t = np.concatenate(
            [
                np.stack(q, 1)
                for q in (
                    (t[:, 0], e[:, 0], e[:, 2]),
                    (t[:, 1], e[:, 1], e[:, 0]),
                    (t[:, 2], e[:, 2], e[:, 1]),
                    (e[:, 0], e[:, 1], e[:, 2]),
                )
            ]
        )
    v = v / np.sqrt((v * v).sum(1, keepdims=True))
    v.flags.writeable = False
    return v, t


def ball(radii: ArrayLike, surface: Surface, *, rounds: int = 3, relief: Relief | None = None, color=None) -> Mesh:
    """An ellipsoid about the origin. relief: share of the radius by which each direction (n, 3) stands out."""
    d, t = sphere_grid(rounds)
    v = d * (1.0 if relief is None else 1 + relief(d)[:, None]) * np.broadcast_to(np.asarray(radii, float), 3)
    return make(v, t, surface, uv=v[:, [0, 2]], smooth_deg=70.0, color=color)


def stone(
    size: ArrayLike, g: np.random.Generator, surface: Surface, rgb: ArrayLike, *, rounds: int = 3, planes: int = 14
) -> Mesh:
    """A broken stone that fills a box of `size` (3,): what many planes leave of a ball, its edges worn."""
    d, t = sphere_grid(rounds)
    normal = g.normal(size=(planes, 3))
    normal /= np.sqrt((normal * normal).sum(1, keepdims=True))
    reach = (0.72 + 0.28 * g.uniform(size=planes)) / np.maximum(d @ normal.T, 0.05)
    # A soft minimum of the planes: the eighth power keeps edges, but rounds them.
    r = ((1 / np.minimum(reach, 3.0)) ** 8).sum(1) + 1e-3
    for _ in range(3):
        r = np.sqrt(r)
    shift = g.uniform(0, 50, 3)
    r = 1 / r * (1 + 0.03 * fractal_noise(d * 6 + shift, 2))
    shade = 1 + 0.16 * fractal_noise(d * 3 + shift, 3) + 0.08 * fractal_noise(d * 16 + shift, 2)
    v = d * r[:, None]
    v[:, 2] = np.maximum(v[:, 2], 0.55 * float(v[:, 2].min()))  # it lies on a flat side
    m = make(v, t, surface, smooth_deg=24.0, color=np.clip(shade[:, None] * np.asarray(rgb, float), 0, 1))
    return grounded([m], size)


def heap(
    length: float,
    width: float,
    height: Callable[[Array, Array, Array], Array],
    surface: Surface,
    color: Callable[[Array], Array],
    *,
    rings: int = 26,
    sides: int = 72,
) -> Mesh:
    """A heap on an elliptic foot. height: (share of the radius, x, y) -> m, 0 at share 1. color: points (n, 3) -> (n, 3)."""
    share = np.linspace(0, 1, rings + 1)[1:]
    a = np.arange(sides) * 2 * np.pi / sides
    x, y = (length / 2 * share[:, None] * np.cos(a)).ravel(), (width / 2 * share[:, None] * np.sin(a)).ravel()
    s = np.repeat(share, sides)
    x, y, s = (np.concatenate([[0.0], q]) for q in (x, y, s))
    z = np.where(s < 1, np.maximum(height(s, x, y), 0.002), 0.0)
    v = np.concatenate([np.stack([x, y, z], 1), [[0.0, 0.0, 0.0]]])
    j = np.arange(sides)
    j2 = (j + 1) % sides
    t = [np.stack([np.zeros(sides, int), 1 + j, 1 + j2], 1)]
    for k in range(rings - 1):
        a, b = 1 + k * sides, 1 + (k + 1) * sides
        t += [np.stack([a + j, b + j, b + j2], 1), np.stack([a + j, b + j2, a + j2], 1)]
    last = 1 + (rings - 1) * sides
    t.append(np.stack([np.full(sides, len(v) - 1), last + j2, last + j], 1))
    return make(v, np.concatenate(t), surface, uv=v[:, :2], smooth_deg=60.0, color=np.clip(color(v), 0, 1))


def soft_box(
    size: ArrayLike, radius: float, surface: Surface, *, cells: int = 14, relief: Relief | None = None, color=None
) -> Mesh:
    """A box about the origin with rounded edges and `cells` (5 or more) a side. relief: how far its surface stands out, m, at
    points of the plain box. color: (3,), or points (n, 3) -> (n, 3)."""
    half = np.asarray(size, float) / 2
    r = min(radius, 0.98 * float(half.min()))
    index: dict[tuple[int, int, int], int] = {}
    quads = []
    for axis in range(3):
        for end in (0, cells):
            for i in range(cells):
                for j in range(cells):
                    q = []
                    for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)):
                        k = [0, 0, 0]
                        k[axis], k[(axis + 1) % 3], k[(axis + 2) % 3] = end, i + di, j + dj
                        q.append(index.setdefault((k[0], k[1], k[2]), len(index)))
                    quads.append(q if end else q[::-1])
    # Three lines at each end cover the rounding, the rest are even over what is flat.
    flat = half - r
    ends = flat + np.array([[0.45], [1.0]]) * r
    lines = np.concatenate([-ends[::-1], np.linspace(-flat, flat, cells - 3), ends])
    p = lines[np.array(list(index)), np.arange(3)]
    inner = np.clip(p, -flat, flat)
    d = p - inner
    d /= np.maximum(np.sqrt((d * d).sum(1, keepdims=True)), 1e-12)
    v = inner + r * d
    if relief is not None:
        v = v + d * relief(v)[:, None]
    q = np.array(quads)
    t = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
    return make(v, t, surface, uv=v[:, [0, 2]], smooth_deg=55.0, color=color(v) if callable(color) else color)
