"""How fast what a lidar sees moves, and the lidar itself: from the poses that its rays were cast with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, interpolate
from scenesim.kernels.packed import PackedScene

Array = NDArray[np.float64]


def of_surfaces(scene: PackedScene, body: NDArray[np.int32], local_m: Array, time_s: Array) -> Array:
    """Velocities (N, 3) m/s, local frame, of points (N, 3) of instances (N,) at times (N,); 0 for -1 and for what stands."""
    rows, moving = of_moving(scene, body, Pose.identity(), local_m, time_s)
    velocity = np.zeros((len(body), 3))
    velocity[rows] = moving
    return velocity


def of_moving(
    scene: PackedScene, body: NDArray[np.int32], local_from: Pose, point_m: NDArray, time_s: Array
) -> tuple[NDArray[np.int64], Array]:
    """(rows (M,) of those that move, their velocities (M, 3) m/s, local frame) of points (N, 3) of instances (N,), -1 for
    nothing, at times
    (N,). local_from: pose of the frame of the points.

    Instances move as wholes: wheels turn, but what bends (legs and arms of people and animals) moves with the body.
    """
    last = len(scene.knot_time) - 1
    moves = last >= 1 and bool(scene.moves.any())
    rows = np.flatnonzero((body >= 0) & (scene.moves[body] != 0)) if moves else np.zeros(0, np.int64)
    if not len(rows):
        return rows, np.zeros((0, 3))
    knots = scene.knot_time.astype(float)
    k = np.clip(np.searchsorted(knots, time_s[rows], "right") - 1, 0, last - 1)
    step = knots[k + 1] - knots[k]
    before, after = (_pose(scene, j, body[rows]) for j in (k, k + 1))
    share = np.clip((time_s[rows] - knots[k]) / step, 0.0, 1.0)
    own = interpolate(before, after, share).inverse().apply(local_from.apply(point_m[rows].astype(float)))
    return rows, (after.apply(own) - before.apply(own)) / step[:, None]


def _pose(scene: PackedScene, knot, body) -> Pose:
    rows = scene.pose[knot, body].astype(float)
    return Pose(rows[:, :4] / np.sqrt((rows[:, :4] ** 2).sum(-1, keepdims=True)), rows[:, 4:])


def of_sensor(knots: Array, first_s: float, step_s: float, time_s: Array) -> Array:
    """Velocities (N, 3) m/s, local frame, at times (N,), of a sensor with poses (K, 7), `step_s` apart from `first_s` on."""
    k = np.clip(np.floor((time_s - first_s) / step_s).astype(int), 0, len(knots) - 2)
    return ((knots[1:, 4:] - knots[:-1, 4:]) / step_s)[k]
