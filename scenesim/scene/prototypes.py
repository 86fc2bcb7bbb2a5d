"""Prototypes and their tables: every mesh once, with its tree, as the flat arrays that kernels read.

Built once for a scenario. Skinned parts (people) are moved in their place for each trigger; the rest never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.kernels.bvh import Tree, concatenate
from scenesim.kernels.packed import Geometry
from scenesim.kernels.refit import corner_normals, refit
from scenesim.models import material

SMOOTH_SKIN_DEG = 60.0  # people have no sharp edges but at hems


@dataclass(frozen=True)
class Prototype:
    """A mesh with its tree; of what bends, in one of its poses."""

    mesh: Mesh
    tree: Tree


@dataclass(frozen=True)
class SurfaceTables:
    """Rows of PackedScene.surface_* and PackedScene.material, the names of the latter, and the materials in
    assets that radars take them for."""

    material: NDArray[np.int32]
    class_id: NDArray[np.int32]
    mark: NDArray[np.int32]
    materials: NDArray[np.float32]
    names: tuple[str, ...]
    kin: tuple[str, ...]


class PrototypeStore:
    """The arrays of all prototypes of a scenario; those of skinned ones are written anew for each pose."""

    def __init__(self, prototypes: Sequence[Prototype]):
        meshes, trees = [p.mesh for p in prototypes], [p.tree for p in prototypes]
        self.tables, surface = _surface_tables(meshes)
        self._vertex_start = np.cumsum([0] + [len(m.vertices) for m in meshes])
        self._node_start = np.cumsum([0] + [len(t.nodes) for t in trees])
        self._leaf_start = np.cumsum([0] + [len(t.leaves) for t in trees])
        first_triangle = np.cumsum([0] + [len(m.triangles) for m in meshes]).astype(np.int32)
        nodes, leaves, root = concatenate(trees, first_triangle[:-1])
        self.geometry = Geometry(
            _joined([m.vertices for m in meshes], np.float32),
            _joined([m.triangles + np.int32(o) for m, o in zip(meshes, self._vertex_start)], np.int32),
            _joined([m.normals.reshape(-1, 9) for m in meshes], np.float32),
            _joined([m.uv.reshape(-1, 6) for m in meshes], np.float32),
            _joined([np.ones((len(m.vertices), 3), np.float32) if m.color is None else m.color for m in meshes], np.float32),
            _joined(surface, np.int32),
            nodes,
            leaves,
            root,
            np.array([t.bounds for t in trees], np.float32).reshape(-1, 6),
            first_triangle,
        )

    def bend(self, row: int, vertices: NDArray[np.float64]) -> None:
        """Write posed vertices (V, 3) of a prototype, with its normals and the boxes of its tree."""
        g, own = self.geometry, self.vertex_slice(row)
        g.vertices[own] = vertices
        first, end = int(g.first_triangle[row]), int(g.first_triangle[row + 1])
        room = np.empty(vertices.shape)
        corner_normals(g.vertices, g.triangles, first, end, own.start, room, np.cos(np.radians(SMOOTH_SKIN_DEG)), g.normals)
        spans = [int(s[row + k]) for s in (self._node_start, self._leaf_start) for k in (0, 1)]
        refit(g.nodes, g.leaves, g.vertices, g.triangles, *spans)
        g.bounds[row, :3], g.bounds[row, 3:] = g.vertices[own].min(0), g.vertices[own].max(0)

    def vertex_slice(self, row: int) -> slice:
        """Rows of Geometry.vertices of a prototype."""
        return slice(int(self._vertex_start[row]), int(self._vertex_start[row + 1]))


def _joined(arrays: Sequence[NDArray], dtype: type) -> NDArray:
    return np.concatenate(arrays, dtype=dtype, casting="unsafe")


def _surface_tables(meshes: list[Mesh]) -> tuple[SurfaceTables, list[NDArray[np.int32]]]:
    rows: dict[Surface, int] = {}
    surface = [np.array([rows.setdefault(s, len(rows)) for s in m.surfaces], np.int32)[m.surface] for m in meshes]
    materials = {m: k for k, m in enumerate(sorted({(s.material, s.properties, s.kin) for s in rows}, key=repr))}
    tables = SurfaceTables(
        np.array([materials[s.material, s.properties, s.kin] for s in rows], np.int32),
        np.array([taxonomy.class_id(s.class_name) if s.class_name else -1 for s in rows], np.int32),
        np.array([taxonomy.mark_id(s.mark) for s in rows], np.int32),
        material.pack([(name, own) for name, own, _ in materials]),
        tuple(name for name, _, _ in materials),
        tuple(kin or name for name, _, kin in materials),
    )
    return tables, surface
