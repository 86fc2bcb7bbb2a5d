"""A camera's view over the interval of a trigger: its pose at every row, and projection of points that move meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, interpolate
from scenesim.scene.stage import Snapshot
from scenesim.sensors.camera import Camera
from scenesim.world.timeline import Timeline


@dataclass(frozen=True)
class View:
    """camera: its spec. time_s: (H,) scenario time of each row. local_from_camera: poses (H,), snapshot's local frame."""

    camera: Camera
    time_s: NDArray[np.float64]
    local_from_camera: Pose

    @staticmethod
    def of(camera: Camera, timeline: Timeline, snapshot: Snapshot) -> View:
        """The view of a camera on the ego at a trigger."""
        time_s = snapshot.time_s + camera.row_time_s()
        return View(camera, time_s, snapshot.local(timeline.ego_poses(time_s)) @ _repeat(camera.ego_from_camera, len(time_s)))

    def project(self, point_at: Callable[[NDArray[np.float64]], NDArray[np.float64]], count: int):
        """Pixels (count, 2) and valid (count,) of points that are at ``point_at(times (count,)) -> (count, 3)`` local.

        With a rolling shutter a point is seen by the row that it is on when that row is exposed: a fixed point, found by a few
        rounds, each of which is wrong by the image motion within the time by which the round before was wrong.
        """
        rows = np.full(count, (self.camera.height - 1) / 2.0)
        rounds = 1 if self.camera.shutter == "global" else 4
        for _ in range(rounds):
            k = np.clip(np.floor(np.nan_to_num(rows)).astype(int), 0, max(self.camera.height - 2, 0))
            u = np.clip(np.nan_to_num(rows) - k, 0.0, 1.0)
            n = np.minimum(k + 1, self.camera.height - 1)
            time = self.time_s[k] * (1 - u) + self.time_s[n] * u
            pose = interpolate(self.local_from_camera[k], self.local_from_camera[n], u)
            pixels, valid = self.camera.project(pose.inverse().apply(point_at(time)))
            rows = np.where(valid, pixels[:, 1], rows)
        return pixels, valid


def _repeat(pose: Pose, n: int) -> Pose:
    return Pose(np.tile(pose.rotation, (n, 1)), np.tile(pose.translation, (n, 1)))
