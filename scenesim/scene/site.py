"""The building site: how high the ground is at a point, and what is still free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.base.frames import Pose, quaternion_from_euler
from scenesim.geometry import facets
from scenesim.scene.ground import Ground
from scenesim.scene.terrain import plane_height

Array = NDArray[np.float64]

BUCKET_M = 32.0
HIGHEST_M = 1e6


class Site:
    """Where things may stand. Shapes are seen from above, in world coordinates."""

    def __init__(self, ground: Ground):
        self.ground = ground
        whole = facets.join([ground.facets, ground.terrain])
        n = np.cross(whole.corners[:, 1] - whole.corners[:, 0], whole.corners[:, 2] - whole.corners[:, 0])
        level = n[:, 2] > 0.3 * np.sqrt((n * n).sum(1))
        self._corners = whole.corners[level]
        self._tree = shapely.STRtree(shapely.polygons(self._corners[..., :2]))
        self.footprint, self.paved = ground.footprint, ground.paved
        shapely.prepare(self.footprint)
        shapely.prepare(self.paved)
        self._taken: dict[tuple[int, int], list[BaseGeometry]] = defaultdict(list)

    def height(self, points: ArrayLike, near_z: ArrayLike | None = None) -> Array:
        """(n,) height of the ground at points (n, 2); where there are several surfaces the highest one, or that nearest to
        heights (n,); nan off the ground."""
        p = np.asarray(points, float).reshape(-1, 2)
        near = np.full(len(p), HIGHEST_M) if near_z is None else np.asarray(near_z, float).reshape(-1)
        z = np.full(len(p), -np.inf)
        for k, row in zip(*self._tree.query(shapely.points(p), predicate="dwithin", distance=1e-3)):
            z[k] = min(z[k], plane_height(self._corners[row], p[k]), key=lambda q: abs(q - near[k]))
        return np.where(np.isfinite(z), z, np.nan)

    def stand(self, x: float, y: float, yaw: float, z: float | None = None) -> Pose:
        """World pose of something upright at (x, y), on the ground or at z."""
        z = float(self.height([[x, y]])[0]) if z is None else z
        return Pose(quaternion_from_euler(yaw=yaw), np.array([x, y, z]))

    def is_free(self, shape: BaseGeometry, off: str) -> bool:
        """Whether nothing stands on a shape yet and it keeps off the "roads" (with their sidewalks) or the "carriageway"."""
        if (self.footprint if off == "roads" else self.paved).intersects(shape):
            return False
        return not any(shape.intersects(other) for other in self.near(shape))

    def near(self, shape: BaseGeometry) -> Iterator[BaseGeometry]:
        """What was taken in the cells that a shape touches."""
        return (other for cell in _cells(shape) for other in self._taken.get(cell, ()))

    def take(self, shape: BaseGeometry) -> None:
        """Mark a shape as taken."""
        for cell in _cells(shape):
            self._taken[cell].append(shape)

    def claim(self, shape: BaseGeometry, off: str) -> bool:
        """Take a shape if it is free; False if it is not."""
        free = self.is_free(shape, off)
        if free:
            self.take(shape)
        return free


def _cells(shape: BaseGeometry) -> list[tuple[int, int]]:
    low_x, low_y, high_x, high_y = (int(np.floor(v / BUCKET_M)) for v in shape.bounds)
    return [(i, j) for i in range(low_x, high_x + 1) for j in range(low_y, high_y + 1)]


def rectangle(x: float, y: float, yaw: float, length: float, width: float) -> shapely.Polygon:
    """Rectangle about (x, y), `length` along yaw."""
    c, s = float(np.cos(yaw)), float(np.sin(yaw))
    corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    return shapely.Polygon(
        [(x + a * length / 2 * c - b * width / 2 * s, y + a * length / 2 * s + b * width / 2 * c) for a, b in corners]
    )
