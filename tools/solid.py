"""What space a thing takes: outlines at several heights, seen from above, to tell whether two things are in each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from scenesim.base.frames import Pose
from scenesim.models import catalogue
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import LEAD, Model, part_pose, rest

Array = NDArray[np.float64]
HEIGHTS_M = (0.03, 0.45, 0.9, 1.35, 1.8, 2.6, 3.4, 4.4)  # between them one outline each
TRUNK_M = 0.9  # of plants no more than that counts: twigs give way
LARGEST_PIECES = 60  # pieces of a mesh with hulls of their own; the rest shares the hull of all


@dataclass(frozen=True)
class Solid:
    """Outlines at the ground's frame of the thing, one for each interval of HEIGHTS_M, None where it has nothing. reach_m: of
    the furthest point from the origin."""

    outlines: tuple[BaseGeometry | None, ...]
    reach_m: float

    def at(self, pose: Pose) -> Placed:
        """Where it stands, upright."""
        yaw = float(pose.yaw())
        x, y, z = (float(v) for v in pose.translation)
        c, s = np.cos(yaw), np.sin(yaw)
        turn = [c, -s, s, c, x, y]
        moved = tuple(None if o is None else affinity.affine_transform(o, turn) for o in self.outlines)
        return Placed(moved, np.array([x, y, z]), self.reach_m)


@dataclass(frozen=True)
class Placed:
    """A solid in the world, at (3,) m."""

    outlines: tuple[BaseGeometry | None, ...]
    at: Array
    reach_m: float

    def depth_m(self, other: Placed) -> float:
        """How far the two are in each other, about: the narrow side of the largest of their common areas; 0 where they are
        apart. Things on floors of their own are apart."""
        d = self.at - other.at
        if abs(d[2]) > 2.0 or d[0] * d[0] + d[1] * d[1] > (self.reach_m + other.reach_m) ** 2:
            return 0.0
        deepest = 0.0
        for a, b in zip(self.outlines, other.outlines):
            if a is not None and b is not None and a.intersects(b):
                common = a.intersection(b)
                if common.area > 1e-6:
                    deepest = max(deepest, 2 * common.area / max(common.length, 1e-9))
        return deepest


@lru_cache(maxsize=1024)
def of(request: ModelRequest) -> Solid:
    """The solid of a model at rest, without leads."""
    model = catalogue.build(request).model
    return of_model(model, rest(), TRUNK_M if request.kind == "vegetation" else np.inf)


def of_model(model: Model, articulation: Array, top_m: float = np.inf) -> Solid:
    """The solid of a model under an articulation row (J,), up to a height."""
    slices: list[list[BaseGeometry]] = [[] for _ in HEIGHTS_M[1:]]
    for part in model.parts:
        if part.name == LEAD:
            continue
        v = part.skin.vertices(articulation) if part.skin else part.mesh.vertices
        v = part_pose(part, articulation).apply(v)
        for triangles in _pieces(part.mesh.triangles, len(v)):
            for k, hull in enumerate(_hulls(v, triangles, top_m)):
                if hull is not None:
                    slices[k].append(hull)
    outlines = tuple(shapely.union_all(q) if q else None for q in slices)
    reach = max((float(np.abs(np.array(o.bounds)).max()) * 1.42 for o in outlines if o is not None), default=0.0)
    return Solid(outlines, reach)


def _pieces(triangles: NDArray[np.int32], count: int) -> list[NDArray[np.int32]]:
    """The triangles of each piece that hangs together; many small ones together."""
    a, b = triangles[:, :2].ravel(), triangles[:, 1:].ravel()
    _, label = connected_components(coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(count, count)), directed=False)
    of_triangle = label[triangles[:, 0]]
    order = np.argsort(of_triangle, kind="stable")
    starts = np.flatnonzero(np.diff(of_triangle[order], prepend=-1))
    pieces = [triangles[q] for q in np.split(order, starts[1:])]
    return pieces if len(pieces) <= LARGEST_PIECES else [triangles]


def _hulls(v: Array, triangles: NDArray[np.int32], top_m: float) -> Sequence[BaseGeometry | None]:
    """Convex hulls of the part of a mesh between heights."""
    a, b = v[triangles].reshape(-1, 3), v[np.roll(triangles, -1, 1)].reshape(-1, 3)
    cuts = {h: _cut(a, b, h) for h in HEIGHTS_M}
    used = a
    out: list[BaseGeometry | None] = []
    for low, high in zip(HEIGHTS_M, HEIGHTS_M[1:]):
        if low >= top_m:
            out.append(None)
            continue
        inside = used[(used[:, 2] > low) & (used[:, 2] < high), :2]
        points = np.concatenate([inside, cuts[low], cuts[high]])
        hull = shapely.MultiPoint(points).convex_hull if len(points) > 2 else None
        out.append(hull if hull is not None and hull.area > 1e-6 else None)
    return out


def _cut(a: Array, b: Array, height: float) -> Array:
    """(n, 2) where edges pass a height."""
    da, db = a[:, 2] - height, b[:, 2] - height
    through = da * db < 0
    u = da[through] / (da - db)[through]
    return a[through, :2] + u[:, None] * (b - a)[through, :2]
