"""Prototypes and their tables: every mesh once, with its tree, as the flat arrays that kernels read.

Built once for a scenario. Skinned parts (people) get room at the end of the arrays, and are written there anew for each
trigger; the rest never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.geometry.mesh import Mesh, Surface, corner_normals
from scenesim.kernels.bvh import Tree, build_tree, concatenate, tree_capacity
from scenesim.kernels.packed import Geometry
from scenesim.models import material
from scenesim.models.model import Skin

SMOOTH_SKIN_DEG = 60.0  # people have no sharp edges but at hems


@dataclass(frozen=True)
class Prototype:
    """A mesh with its tree, or with the skin that bends it (then the tree is None)."""

    mesh: Mesh
    tree: Tree | None
    skin: Skin | None = None


@dataclass(frozen=True)
class SurfaceTables:
    """Rows of PackedScene.surface_* and PackedScene.material."""

    material: NDArray[np.int32]
    class_id: NDArray[np.int32]
    mark: NDArray[np.int32]
    materials: NDArray[np.float32]


class PrototypeStore:
    """The arrays of all prototypes of a scenario, and the slots of the skinned ones."""

    def __init__(self, prototypes: Sequence[Prototype]):
        self.prototypes = sorted(range(len(prototypes)), key=lambda k: prototypes[k].skin is not None)
        self.row = {old: new for new, old in enumerate(self.prototypes)}  # skinned prototypes last
        ordered = [prototypes[k] for k in self.prototypes]
        self.skins = {new: p for new, p in enumerate(ordered) if p.skin is not None}
        self.tables, surface = _surface_tables([p.mesh for p in ordered])
        self._vertex_start = np.cumsum([0] + [len(p.mesh.vertices) for p in ordered])
        self.geometry = self._concatenate(ordered, surface)

    def _concatenate(self, ordered: list[Prototype], surface: list[NDArray[np.int32]]) -> Geometry:
        first_triangle = np.cumsum([0] + [len(p.mesh.triangles) for p in ordered]).astype(np.int32)
        meshes = [p.mesh for p in ordered]
        rigid = [p for p in ordered if p.tree is not None]
        trees = [p.tree for p in rigid]
        # Room for the trees of skinned parts, of the largest size that a tree over so many triangles can have.
        self._node_start, self._leaf_start = [sum(len(t.nodes) for t in trees)], [sum(len(t.leaves) for t in trees)]
        for p in ordered[len(rigid) :]:
            node_room, leaf_room = tree_capacity(len(p.mesh.triangles))
            self._node_start.append(self._node_start[-1] + node_room)
            self._leaf_start.append(self._leaf_start[-1] + leaf_room)
        room = self._node_start[-1] - self._node_start[0], self._leaf_start[-1] - self._leaf_start[0]
        nodes, leaves, root = concatenate(trees, first_triangle[: len(trees)], room=room)
        self._first_skinned = len(rigid)
        bounds = np.zeros((len(ordered), 6), np.float32)
        bounds[: len(rigid)] = [t.bounds for t in trees]
        return Geometry(
            _joined([m.vertices for m in meshes], np.float32),
            _joined([m.triangles + np.int32(o) for m, o in zip(meshes, self._vertex_start)], np.int32),
            _joined([m.normals.reshape(-1, 9) for m in meshes], np.float32),
            _joined([m.uv.reshape(-1, 6) for m in meshes], np.float32),
            _joined([np.ones((len(m.vertices), 3), np.float32) if m.color is None else m.color for m in meshes], np.float32),
            _joined(surface, np.int32),
            nodes,
            leaves,
            np.concatenate([root, np.zeros(len(ordered) - len(rigid), np.int32)]).astype(np.int32),
            bounds,
            first_triangle,
        )

    def bend(self, row: int, vertices: NDArray[np.float64]) -> None:
        """Write posed vertices (V, 3) of a skinned prototype, with its normals and its tree."""
        g, mesh, k = self.geometry, self.skins[row].mesh, row - self._first_skinned
        v = vertices.astype(np.float32)
        g.vertices[self.vertex_slice(row)] = v
        span = slice(int(g.first_triangle[row]), int(g.first_triangle[row + 1]))
        g.normals[span] = corner_normals(v.astype(float), mesh.triangles, SMOOTH_SKIN_DEG).reshape(-1, 9)
        tree = build_tree(v, mesh.triangles)
        node, leaf = self._node_start[k], self._leaf_start[k]
        nodes, leaves, root = concatenate([tree], g.first_triangle[row : row + 1], node, leaf)
        g.nodes[node : node + len(nodes)] = nodes
        g.leaves[leaf : leaf + len(leaves)] = leaves
        g.root[row] = root[0]
        g.bounds[row] = tree.bounds

    def vertex_slice(self, row: int) -> slice:
        """Rows of Geometry.vertices of a prototype."""
        return slice(int(self._vertex_start[row]), int(self._vertex_start[row + 1]))


def _joined(arrays: Sequence[NDArray], dtype: type) -> NDArray:
    return np.concatenate(arrays, dtype=dtype, casting="unsafe")


def _surface_tables(meshes: list[Mesh]) -> tuple[SurfaceTables, list[NDArray[np.int32]]]:
    rows: dict[Surface, int] = {}
    surface = [np.array([rows.setdefault(s, len(rows)) for s in m.surfaces], np.int32)[m.surface] for m in meshes]
    names = sorted({s.material for s in rows})
    tables = SurfaceTables(
        np.array([names.index(s.material) for s in rows], np.int32),
        np.array([taxonomy.class_id(s.class_name) if s.class_name else -1 for s in rows], np.int32),
        np.array([taxonomy.mark_id(s.mark) for s in rows], np.int32),
        material.pack(names),
    )
    return tables, surface
