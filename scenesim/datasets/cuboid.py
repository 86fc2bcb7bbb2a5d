"""Points in a box, as the formats that store a count define it: on the numbers that were written, borders included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose


def inside(points: NDArray, from_box: Pose, size_lwh_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) whether points (N, 3) lie in a box of a size (3,) whose centre and axes are `from_box`, in the points' frame."""
    local = np.abs(from_box.inverse().apply(points))
    return (local <= np.asarray(size_lwh_m) / 2).all(1)


def counts(points: NDArray, from_boxes: Pose, sizes_lwh_m: NDArray[np.float64]) -> list[int]:
    """How many points (N, 3) lie in each of O boxes; poses (O,), sizes (O, 3)."""
    points = np.asarray(points, float)
    out = []
    for k, size in enumerate(sizes_lwh_m):
        box = from_boxes[k]
        near = points[(np.abs(points - box.translation) <= np.sqrt((size * size).sum()) / 2).all(1)]
        out.append(int(inside(near, box, size).sum()))
    return out
