"""A camera's view over the interval of a trigger: its pose at every row, and projection of points that move meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture import cast
from scenesim.kernels.gbuffer import into_camera
from scenesim.scene.stage import Snapshot
from scenesim.sensors.camera import Camera
from scenesim.world.timeline import Timeline

MOST_ROUNDS = 4
SETTLED_PX = 1e-3  # of rows: the next round would move a point by the motion within a thousandth of a row
GRAIN = 16384


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

    @cached_property
    def camera_from_local(self) -> NDArray[np.float64]:
        """(H, 3, 4) at each row."""
        return np.ascontiguousarray(self.local_from_camera.inverse().matrix()[:, :3])

    @property
    def rounds(self) -> int:
        """At most so many until it is known at which row a point is seen."""
        return 1 if self.camera.shutter == "global" else MOST_ROUNDS

    def project(
        self,
        point_at: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        count: int,
        near_row: NDArray[np.float64] | None = None,
        threads: int | None = 1,
    ):
        """Pixels (count, 2) and valid (count,) of points that are at ``point_at(times (count,)) -> (count, 3)`` local.

        With a rolling shutter a point is seen by the row that it is on when that row is exposed: a fixed point, found by a few
        rounds, each of which is wrong by the image motion within the time by which the round before was wrong. near_row:
        (count,) rows to begin with, the middle by default.
        """
        h = self.camera.height
        rows = np.full(count, (h - 1) / 2.0) if near_row is None else near_row
        every, seen = np.arange(h), np.empty((count, 3))
        for _ in range(self.rounds):
            points = point_at(np.interp(rows, every, self.time_s))
            self._into_camera(rows, points, seen, threads)
            pixels, valid = self.camera.project(seen)
            before, rows = rows, np.where(valid, pixels[:, 1], rows)
            if np.abs(rows - before).max(initial=0.0) < SETTLED_PX:
                break
        return pixels, valid

    def _into_camera(self, rows, points, seen, threads: int | None) -> None:
        matrix = self.camera_from_local
        cast.run(lambda b, e: into_camera(matrix, rows, points, b, e, seen), len(rows), GRAIN, threads=threads)


def _repeat(pose: Pose, n: int) -> Pose:
    return Pose(np.tile(pose.rotation, (n, 1)), np.tile(pose.translation, (n, 1)))
