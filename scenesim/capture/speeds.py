"""How fast points of the stage move, from the timeline at the very time: turning wheels and swinging limbs too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.models.model import Part, part_pose
from scenesim.scene.stage import Snapshot, Stage
from scenesim.world.timeline import EGO, State

Array = NDArray[np.float64]
STEP_S = 0.002  # half the interval of central differences; a wheel at 40 m/s turns by 0.25 rad meanwhile


class StageVelocity:
    """Velocities of points of a snapshot at its reference time: a capture.scatter.Velocity."""

    def __init__(self, stage: Stage, snapshot: Snapshot):
        self.stage, self.snapshot = stage, snapshot
        self._whose = {row: pair for pair, row in snapshot.instance_of.items()}
        self._before, self._after = (stage.timeline.state_at(snapshot.time_s + s) for s in (-STEP_S, STEP_S))

    def __call__(self, body: NDArray[np.int32], triangle: NDArray[np.int32], uv: NDArray[np.float32], point: Array) -> Array:
        """(N, 3) m/s, local, of points (N, 3), local, of triangles of instances."""
        velocity = np.zeros((len(body), 3))
        for row in np.unique(body).tolist():
            if row in self._whose:
                rows = np.flatnonzero(body == row)
                velocity[rows] = self._of_part(*self._whose[row], triangle[rows], uv[rows], point[rows])
        return velocity

    def of_sensor(self, ego_from_sensor: Pose) -> Array:
        """(3,) m/s, local."""
        ends = [(s.world_from_actor[EGO] @ ego_from_sensor).translation for s in (self._before, self._after)]
        return (ends[1] - ends[0]) / (2 * STEP_S)

    def _of_part(self, actor: int, k: int, triangle, uv, point: Array) -> Array:
        part = self.stage.built[actor].model.parts[k]
        now, before, after = (self._local(part, actor, s) for s in (self.snapshot.state, self._before, self._after))
        if part.skin is None:
            own = now.inverse().apply(point)
            return (after.apply(own) - before.apply(own)) / (2 * STEP_S)
        corners = self.stage.store.geometry.triangles[triangle] - self._first_vertex(actor, k)
        weight = np.stack([1.0 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], -1).astype(float)[..., None]
        ends = [
            pose.apply((part.skin.vertices(state.articulation[actor])[corners] * weight).sum(1))
            for pose, state in ((before, self._before), (after, self._after))
        ]
        return (ends[1] - ends[0]) / (2 * STEP_S)

    def _first_vertex(self, actor: int, k: int) -> int:
        row = int(self.snapshot.scene.prototype[self.snapshot.instance_of[actor, k]])
        return self.stage.store.vertex_slice(row).start

    def _local(self, part: Part, actor: int, state: State) -> Pose:
        return self.snapshot.local(state.world_from_actor[actor] @ part_pose(part, state.articulation[actor]))
