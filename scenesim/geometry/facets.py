"""Loose triangles: the form in which ground is cut and put together, before it becomes meshes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, corner_normals

Array = NDArray[np.float64]

GRID_M = 2.0**-14  # vertices lie on this grid, so that float32 holds them exactly within 512 m of a chunk's origin


@dataclass(frozen=True)
class Facets:
    """T triangles that share no vertices. corners: (T, 3, 3) m. uv: (T, 3, 2) m. surface: (T,) index into `surfaces`."""

    corners: Array
    uv: Array
    surface: NDArray[np.int64]
    surfaces: tuple[Surface, ...]

    def __len__(self) -> int:
        return len(self.corners)

    def keep(self, mask) -> Facets:
        """Those triangles where the mask (T,) is true, or whose index it holds."""
        return replace(self, corners=self.corners[mask], uv=self.uv[mask], surface=self.surface[mask])


def of(corners, uv, surface: Surface) -> Facets:
    """Facets of one surface."""
    c = np.asarray(corners, float).reshape(-1, 3, 3)
    return Facets(c, np.asarray(uv, float).reshape(-1, 3, 2), np.zeros(len(c), np.int64), (surface,))


def join(parts: Sequence[Facets]) -> Facets:
    """All of them together; equal surfaces become one."""
    rows: dict[Surface, int] = {}
    surface = [np.array([rows.setdefault(s, len(rows)) for s in p.surfaces], np.int64)[p.surface] for p in parts]
    return Facets(
        np.concatenate([p.corners for p in parts] or [np.zeros((0, 3, 3))]),
        np.concatenate([p.uv for p in parts] or [np.zeros((0, 3, 2))]),
        np.concatenate(surface or [np.zeros(0, np.int64)]),
        tuple(rows),
    )


def quads(rows_a: Array, rows_b: Array, uv_a: Array, uv_b: Array) -> tuple[Array, Array]:
    """Corners (2(n-1), 3, 3) and uv of the band between two polylines (n, 3) with uv (n, 2); it looks up if b is left of a."""
    a, b, c, d = rows_a[:-1], rows_a[1:], rows_b[1:], rows_b[:-1]
    ua, ub, uc, ud = uv_a[:-1], uv_a[1:], uv_b[1:], uv_b[:-1]
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return corners, np.concatenate([np.stack([ua, ub, uc], 1), np.stack([ua, uc, ud], 1)])


def without_slivers(f: Facets, least_m2: float = 1e-7) -> Facets:
    """Without triangles of no area."""
    n = np.cross(f.corners[:, 1] - f.corners[:, 0], f.corners[:, 2] - f.corners[:, 0])
    return f.keep((n * n).sum(1) > (2 * least_m2) ** 2)


def weld(f: Facets, smooth_deg: float = 40.0) -> Mesh:
    """One mesh: corners that fall on the same point of the grid become one vertex; normals are smooth over it."""
    key = np.round(f.corners.reshape(-1, 3) / GRID_M).astype(np.int64)
    order = np.lexsort(key.T)
    first = np.concatenate([[True], (np.diff(key[order], axis=0) != 0).any(1)])
    index = np.empty(len(key), np.int64)
    index[order] = np.cumsum(first) - 1
    vertices = key[order][first] * GRID_M
    triangles = index.reshape(-1, 3).astype(np.int32)
    whole = (triangles != np.roll(triangles, 1, 1)).all(1)
    triangles = triangles[whole]
    return Mesh(
        vertices,
        triangles,
        _ground_normals(vertices, triangles, smooth_deg),
        f.uv[whole].astype(np.float32),
        f.surface[whole].astype(np.int32),
        f.surfaces,
    )


def _ground_normals(vertices: Array, triangles: NDArray[np.int32], smooth_deg: float) -> NDArray[np.float32]:
    """Corner normals; faces steeper than 60 degrees (kerbs) keep their own, and do not bend those of what they adjoin."""
    n = np.cross(vertices[triangles[:, 1]] - vertices[triangles[:, 0]], vertices[triangles[:, 2]] - vertices[triangles[:, 0]])
    n /= np.maximum(np.sqrt((n * n).sum(1, keepdims=True)), 1e-30)
    out = np.repeat(n[:, None], 3, 1).astype(np.float32)
    level = n[:, 2] > 0.5
    out[level] = corner_normals(vertices, triangles[level], smooth_deg)
    return out


def split(mesh: Mesh, tile_m: float) -> list[tuple[Mesh, Array]]:
    """(mesh about its own origin, origin (3,)) for each square tile of a mesh, by the middle of its triangles.

    Origins are whole multiples of the grid, so that vertices two tiles share stay the same point in float32.
    """
    middle = mesh.vertices[mesh.triangles].mean(1)
    tile = np.floor(middle[:, :2] / tile_m).astype(np.int64)
    order = np.lexsort(tile.T)
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(tile[order], axis=0) != 0).any(1)]))
    out = []
    for rows in np.split(order, starts[1:]):
        used, local = np.unique(mesh.triangles[rows], return_inverse=True)
        height = np.round(np.median(mesh.vertices[used, 2]))
        origin = np.array([*((tile[rows[0]] + 0.5) * tile_m), height])
        part = Mesh(
            mesh.vertices[used] - origin,
            local.reshape(-1, 3).astype(np.int32),
            np.ascontiguousarray(mesh.normals[rows]),
            np.ascontiguousarray(mesh.uv[rows]),
            np.ascontiguousarray(mesh.surface[rows]),
            mesh.surfaces,
        )
        out.append((part, origin))
    return out
