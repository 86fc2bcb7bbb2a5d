"""Triangle meshes with corner normals, texture coordinates and surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose


@dataclass(frozen=True)
class Surface:
    """What a triangle is made of and what it is called.

    material: a name in assets/materials. class_name: a class of assets/taxonomy, or "" for the class of the object that the
    mesh belongs to. mark: kind of lane marking ("solid", "broken", "stop_line", ...), "" for none. properties: of a material
    that is not in assets, sorted pairs of what models/material.py says; () for one that is there. kin: the material in assets
    that one which is not there is taken for by radars, which know no colours.
    """

    material: str
    class_name: str = ""
    mark: str = ""
    properties: tuple[tuple[str, object], ...] = ()
    kin: str = ""


@dataclass(frozen=True)
class Mesh:
    """V vertices, T triangles, counter-clockwise seen from outside.

    vertices: (V, 3) m. triangles: (T, 3) int32. normals: (T, 3, 3) unit corner normals. uv: (T, 3, 2) corner texture
    coordinates, m (what u and v mean is the material's business). surface: (T,) int32 index into `surfaces`.
    color: (V, 3) linear colour in [0, 1] by which the material's albedo is multiplied where it says `vertex_color`, or None.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    surface: NDArray[np.int32]
    surfaces: tuple[Surface, ...]
    color: NDArray[np.float32] | None = None

    def transformed(self, a_from_b: Pose) -> Mesh:
        """The mesh moved rigidly."""
        return replace(self, vertices=a_from_b.apply(self.vertices), normals=a_from_b.rotate(self.normals).astype(np.float32))

    def bounds(self) -> NDArray[np.float64]:
        """(2, 3) lowest and highest corner."""
        return np.stack([self.vertices.min(0), self.vertices.max(0)])


def make(
    vertices,
    triangles,
    surface: Surface,
    *,
    uv=None,
    normals=None,
    color=None,
    smooth_deg: float = 40.0,
) -> Mesh:
    """A mesh of one surface. Normals are corner normals by `smooth_deg`, unless given as (V, 3) or (T, 3, 3); uv may be
    (V, 2) or (T, 3, 2); color (V, 3) or (3,)."""
    v = np.ascontiguousarray(vertices, float).reshape(-1, 3)
    t = np.ascontiguousarray(triangles, np.int32).reshape(-1, 3)
    if normals is None:
        n = corner_normals(v, t, smooth_deg)
    else:
        n = np.asarray(normals, np.float32)
        n = n[t] if n.ndim == 2 else n
    if uv is None:
        w = np.zeros((len(t), 3, 2), np.float32)
    else:
        w = np.asarray(uv, np.float32)
        w = w[t] if w.ndim == 2 else w
    if color is not None:
        color = np.ascontiguousarray(np.broadcast_to(np.asarray(color, np.float32), (len(v), 3)))
    return Mesh(v, t, np.ascontiguousarray(n), np.ascontiguousarray(w), np.zeros(len(t), np.int32), (surface,), color)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of many; equal surfaces become one."""
    surfaces: dict[Surface, int] = {}
    index = [np.array([surfaces.setdefault(s, len(surfaces)) for s in m.surfaces], np.int32)[m.surface] for m in meshes]
    offset = np.cumsum([0] + [len(m.vertices) for m in meshes])
    color = None
    if any(m.color is not None for m in meshes):
        white = np.ones(3, np.float32)
        color = np.concatenate([np.broadcast_to(white, (len(m.vertices), 3)) if m.color is None else m.color for m in meshes])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.triangles + np.int32(o) for m, o in zip(meshes, offset)]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate(index),
        tuple(surfaces),
        color,
    )


def face_normals(vertices, triangles) -> NDArray[np.float64]:
    """(T, 3) normals whose length is twice the area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def corner_normals(vertices, triangles, smooth_deg: float = 40.0) -> NDArray[np.float32]:
    """(T, 3, 3) area-weighted vertex normals; a corner whose face leans more than `smooth_deg` from the mean keeps its own."""
    f = face_normals(vertices, triangles)
    n = np.stack([np.bincount(triangles.ravel(), np.repeat(f[:, k], 3), len(vertices)) for k in range(3)], 1)
    n /= np.maximum(np.sqrt((n * n).sum(1, keepdims=True)), 1e-30)
    f = f / np.maximum(np.sqrt((f * f).sum(1, keepdims=True)), 1e-30)
    corner = n[triangles]
    flat = (corner * f[:, None]).sum(2) < np.cos(np.radians(smooth_deg))
    corner[flat] = np.broadcast_to(f[:, None], corner.shape)[flat]
    return corner.astype(np.float32)


def open_edges(triangles) -> int:
    """Number of directed edges without their opposite; 0 for a closed, consistently turned surface."""
    t = np.asarray(triangles, np.int64)
    a, b = t.ravel(), np.roll(t, -1, 1).ravel()
    forward, backward = np.sort((a << 32) + b), np.sort((b << 32) + a)
    return int((~np.isin(forward, backward)).sum())
