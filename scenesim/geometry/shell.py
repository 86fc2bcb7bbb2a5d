"""A closed triangle shell that is cut along implicit curves into zones of different materials, and stays closed.

Edges that cross a curve are split at points that all their triangles share. Corner normals are carried through, so that slivers
do not show in the shading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, corner_normals, face_normals
from scenesim.geometry.outlines import Outline
from scenesim.geometry.subdivision import edge_ends, edge_numbers

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
Projection = Callable[[Array], Array]  # points (N, 3) m -> plane (N, 2) m

SNAP_M = 0.004  # vertices nearer to a curve than this lie on it
THIN_SNAP_M = 0.0018  # for lines of some millimetres
ROOT_STEPS = 6


@dataclass(frozen=True)
class Region:
    """Which faces may be cut: those whose unit normal lies within bounds (y by its size), and whose middle lies in a box whose
    y counts from the middle plane; side: 1 left only, -1 right only, 0 both."""

    nx: tuple[float, float] = (-2.0, 2.0)
    ny: tuple[float, float] = (-1.0, 2.0)
    nz: tuple[float, float] = (-2.0, 2.0)
    low: tuple[float, float, float] = (-99.0, -99.0, -99.0)
    high: tuple[float, float, float] = (99.0, 99.0, 99.0)
    side: int = 0

    def faces(self, shell: Shell) -> Mask:
        """(F,) which faces of a shell lie in the region."""
        n, c = shell.normals_and_middles()
        inside = (n[:, 0] > self.nx[0]) & (n[:, 0] < self.nx[1]) & (n[:, 2] > self.nz[0]) & (n[:, 2] < self.nz[1])
        ny = np.abs(n[:, 1])
        inside &= (ny > self.ny[0]) & (ny < self.ny[1])
        q = np.stack([c[:, 0], np.abs(c[:, 1]), c[:, 2]], 1)
        inside &= (q > np.array(self.low)).all(1) & (q < np.array(self.high)).all(1)
        return inside & (c[:, 1] * self.side > 0) if self.side else inside


EVERYWHERE = Region()


class Shell:
    """vertices (V, 3) m, faces (F, 3), corner normals (F, 3, 3), and the material of each face by its place in `materials`."""

    def __init__(self, vertices: Array, faces: Index, material: str, smooth_deg: float = 80.0):
        self.vertices, self.faces = vertices, faces.astype(np.int64)
        self.normals = corner_normals(vertices, faces, smooth_deg).astype(float)
        self.materials = [material]
        self.face_material = np.zeros(len(faces), np.int64)
        self._known: tuple[Index, Array, Array] | None = None

    def number(self, material: str) -> int:
        """Place of a material, which is added if it is new."""
        if material not in self.materials:
            self.materials.append(material)
        return self.materials.index(material)

    def made_of(self, *materials: str) -> Mask:
        """(F,) faces of one of the materials."""
        return np.isin(self.face_material, [k for k, m in enumerate(self.materials) if m in materials])

    def normals_and_middles(self) -> tuple[Array, Array]:
        """(F, 3) unit face normals and middles; computed once for each state of the faces."""
        if self._known is None or self._known[0] is not self.faces:
            n = face_normals(self.vertices, self.faces)
            n /= np.maximum(np.sqrt((n * n).sum(1, keepdims=True)), 1e-12)
            self._known = (self.faces, n, self.vertices[self.faces].mean(1))
        return self._known[1], self._known[2]

    def paint(self, faces: Mask, material: str) -> None:
        """Give faces (F,) a material."""
        self.face_material = np.where(faces, self.number(material), self.face_material)

    def mesh(self, class_name: str = "") -> Mesh:
        """The shell as a mesh; uv are x and z."""
        used, index = np.unique(self.faces, return_inverse=True)
        v, t = self.vertices[used], index.reshape(-1, 3).astype(np.int32)
        uv = v[:, [0, 2]][t].astype(np.float32)
        surfaces = tuple(Surface(m, class_name) for m in self.materials)
        n = np.ascontiguousarray(self.normals, np.float32)
        return Mesh(v, t, n, uv, self.face_material.astype(np.int32), surfaces)

    # ---- cuts

    def zone(self, outline: Outline, projection: Projection, region: Region, material: str, of: tuple[str, ...]) -> None:
        """Give the inside of an outline, as seen in a projection, a material where it is `of` one of these."""
        faces = region.faces(self) & self.made_of(*of)
        self.paint(self.cut(lambda v: outline(projection(v)), faces), material)

    def strip(
        self, outline: Outline, low: float, high: float, projection: Projection, region: Region, material: str,
        of: tuple[str, ...], only: Outline | None = None,
    ) -> None:  # fmt: skip
        """Give the thin band between two distances of an outline a material. Two cuts at iso-contours of the wide function
        hold even where the band is thinner than a triangle."""
        for level in (low, high):
            faces = region.faces(self) & self.made_of(*of)
            self.cut(lambda v, c=level: outline(projection(v)) - c, faces, THIN_SNAP_M)
        faces = np.flatnonzero(region.faces(self) & self.made_of(*of))
        middle = projection(self.vertices[self.faces[faces]].mean(1))
        value = outline(middle)
        inside = (value > low) & (value < high)
        if only is not None:
            inside &= only(middle) < 0
        faces = faces[inside]
        # No face may leave the band at a coarse corner.
        corner = outline(projection(self.vertices[self.faces[faces].ravel()])).reshape(-1, 3)
        faces = faces[(corner > low - 0.004).all(1) & (corner < high + 0.004).all(1)]
        self.face_material = self.face_material.copy()
        self.face_material[faces] = self.number(material)

    def refine(self, near: Callable[[Shell], Mask], longest_m: float, rounds: int = 3) -> None:
        """Halve the long edges of some faces, before small parts are cut out of them."""
        for _ in range(rounds):
            f = self.faces[near(self)]
            edge = np.unique(edge_numbers(f, np.roll(f, -1, 1)))
            a, b = edge_ends(edge)
            d = self.vertices[a] - self.vertices[b]
            long = (d * d).sum(1) > longest_m * longest_m
            if not long.any():
                return
            a, b = a[long], b[long]
            self._split(a, b, np.full(len(a), 0.5), (self.vertices[a] + self.vertices[b]) / 2)

    def cut(self, f: Callable[[Array], Array], faces: Mask, snap_m: float = SNAP_M) -> Mask:
        """Split the given faces (F,) along f(points) = 0. Returns for each of the new faces whether it lies inside, f < 0, and
        comes from one of the given."""
        touched = np.unique(self.faces[faces])
        g = np.full(len(self.vertices), 9.0)
        if len(touched):
            g[touched] = f(self.vertices[touched])
        g[np.abs(g) < snap_m] = 0.0
        sign = np.sign(g).astype(np.int64)
        corner = sign[self.faces]
        hot = self.faces[faces & (corner.min(1) < 0) & (corner.max(1) > 0)]
        a, b = hot.ravel(), np.roll(hot, -1, 1).ravel()
        edge = np.unique(edge_numbers(a, b)[sign[a] * sign[b] < 0])
        if len(edge):
            a, b = edge_ends(edge)
            t = self._roots(f, a, b, g[a], g[b])
            source = self._split(a, b, t, self.vertices[a] + t[:, None] * (self.vertices[b] - self.vertices[a]))
            sign = np.concatenate([sign, np.zeros(len(edge), np.int64)])
            faces = faces[source]
        corner = sign[self.faces]
        inside = faces & (corner.max(1) <= 0) & (corner.min(1) < 0)
        on = np.flatnonzero(faces & (corner == 0).all(1))  # all three snapped: the middle decides
        if len(on):
            inside[on] = f(self.vertices[self.faces[on]].mean(1)) < 0
        return inside

    def _roots(self, f, a: Index, b: Index, f0: Array, f1: Array) -> Array:
        """Parameters (E,) from a to b where f is 0: bracketed, secant and bisection in turn."""
        p, d = self.vertices[a], self.vertices[b] - self.vertices[a]
        t0, t1 = np.zeros(len(a)), np.ones(len(a))
        t = t0
        for k in range(ROOT_STEPS):
            t = t0 + (t1 - t0) * (f0 / (f0 - f1) if k % 2 == 0 or k == ROOT_STEPS - 1 else 0.5)
            h = f(p + t[:, None] * d)
            same = np.sign(h) == np.sign(f0)
            t0, f0 = np.where(same, t, t0), np.where(same, h, f0)
            t1, f1 = np.where(same, t1, t), np.where(same, f1, h)
            f1 = np.where(f1 == 0, -1e-12 * np.sign(f0), f1)
        return np.clip(t, 0.012, 0.988)

    def _split(self, a: Index, b: Index, t: Array, points: Array) -> Index:
        """Put points on the edges a-b (a < b, sorted by their numbers; t counts from a) into all triangles that have them.
        Returns the source of each new face."""
        n0, faces = len(self.vertices), self.faces
        edge = edge_numbers(a, b)
        self.vertices = np.concatenate([self.vertices, points])
        flag = np.zeros(n0, bool)
        flag[a] = flag[b] = True
        near = np.flatnonzero(flag[faces].sum(1) >= 2)
        corner, normal = faces[near], self.normals[near]
        after = np.roll(corner, -1, 1)
        number = edge_numbers(corner, after)
        at = np.clip(np.searchsorted(edge, number), 0, len(edge) - 1)
        on = edge[at] == number
        along = np.where(corner < after, t[at], 1 - t[at])[..., None]
        between = normal * (1 - along) + np.roll(normal, -1, 1) * along
        between /= np.maximum(np.sqrt((between * between).sum(2, keepdims=True)), 1e-12)
        point, point_normal = np.concatenate([corner, n0 + at], 1), np.concatenate([normal, between], 1)  # 3 corners, 3 edges
        count = on.sum(1)
        new, new_normal, source = [], [], []
        for splits, first, pattern in _PATTERNS:
            rows = np.flatnonzero(count == splits)
            turn = (on if first else ~on)[rows].argmax(1)[:, None]
            order = np.concatenate([(np.arange(3) + turn) % 3, 3 + (np.arange(3) + turn) % 3], 1)
            for q in pattern:
                new.append(np.take_along_axis(point[rows], order[:, q], 1))
                new_normal.append(np.take_along_axis(point_normal[rows], order[:, q][..., None], 1))
                source.append(near[rows])
        kept = np.ones(len(faces), bool)
        kept[near[count > 0]] = False
        sources = np.concatenate([np.flatnonzero(kept), *source])
        self.faces = np.concatenate([faces[kept], *new])
        self.normals = np.concatenate([self.normals[kept], *new_normal])
        self.face_material = self.face_material[sources]
        return sources


# Triangles that come of one with 1, 2 or 3 split edges: corners are 0 to 2, points on the edges after them 3 to 5; the triangle
# is turned so that edge 0 is the first that is split (True) or that is not.
_PATTERNS = (
    (1, True, ([0, 3, 2], [3, 1, 2])),
    (2, False, ([4, 2, 5], [0, 1, 4], [0, 4, 5])),
    (3, True, ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5])),
)
