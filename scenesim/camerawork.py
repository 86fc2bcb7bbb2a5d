"""What the cameras of a rig do from frame to frame: exposure that follows the light, pictures that freeze, and each picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast, flicker, metering
from scenesim.capture import image as imaging
from scenesim.capture.blur import CameraAt
from scenesim.capture.exposure import Exposed, Shot
from scenesim.capture.falling import Fall
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import Hits, Rays
from scenesim.kernels.plumes import Plumes
from scenesim.labels.view import View
from scenesim.scene.ambient import AmbientField
from scenesim.scene.stage import Snapshot
from scenesim.sensors import camera_faults
from scenesim.setting import Conditions
from scenesim.world.timeline import Timeline

if TYPE_CHECKING:
    from scenesim.sensors.camera import Camera


class Seen(NamedTuple):
    """What `capture.image.capture` gives."""

    rays: Rays
    hits: Hits
    rgb: NDArray[np.uint8]
    transmittance: NDArray[np.uint8]
    chip: Exposed | None
    radiance: NDArray[np.float32]


class CameraWork:
    """The cameras of a scenario. Each frame is a pure function of its number: what it needs of earlier times is looked up
    again where it is not known.

    snapshot_at: the stage at a trigger. raised_at: what vehicles have thrown up at a trigger, in the frame of its snapshot.
    quality: one of capture.quality.
    """

    def __init__(
        self,
        cameras: list[Camera],
        timeline: Timeline,
        rate_hz: float,
        key: Key,
        ambient: AmbientField,
        conditions: Conditions,
        snapshot_at: Callable[[int], Snapshot],
        raised_at: Callable[[int, Snapshot], Plumes | None],
        threads: int | None,
        quality: str,
    ):
        self.cameras, self.timeline, self.rate_hz, self.key = cameras, timeline, rate_hz, key
        self.ambient, self.conditions, self.threads, self.quality = ambient, conditions, threads, quality
        self._snapshot_at, self._raised_at = snapshot_at, raised_at
        self._metered: dict[tuple[str, int], metering.Metered] = {}  # by camera and trigger
        self._shown: dict[tuple[str, int], tuple[NDArray[np.uint8], Exposed | None]] = {}  # of cameras that freeze

    def light(self, snapshot: Snapshot) -> Environment:
        """Sky and ambient light about a snapshot."""
        sky = self.ambient.around(snapshot.origin_m, partial(cast.run, threads=self.threads))
        shadow = self.conditions.shadow
        return sky if shadow is None else shadow.over(sky, snapshot.origin_m, snapshot.time_s)

    def picture(self, k: int, camera: Camera, view: View, snapshot: Snapshot, env: Environment) -> Seen:
        """What a camera sees at trigger k, and what it gives out then."""
        seen = self._capture(k, camera, view, snapshot, env)
        if camera.faults.frozen <= 0.0:
            return seen
        rgb, chip = self._shown.setdefault((camera.name, self._source(k, camera)), (seen.rgb, seen.chip))
        return seen._replace(rgb=rgb, chip=chip)

    def look_before(self, k: int) -> None:
        """See what frame k needs of earlier times, and is not known: the light that exposures follow, and frozen pictures.
        To be called before the snapshot of k is made."""
        for camera in self.cameras:
            for j in self._metered_for(k, camera)[1:]:
                if (camera.name, j) not in self._metered:
                    self._meter(j, self._snapshot_at(j))
            first = self._source(k, camera)
            self._shown = {at: shown for at, shown in self._shown.items() if at[0] != camera.name or at[1] == first}
            if first != k and (camera.name, first) not in self._shown:
                self.look_before(first)
                snapshot = self._snapshot_at(first)
                self._meter(first, snapshot)
                view = View.of(camera, self.timeline, snapshot)
                seen = self._capture(first, camera, view, snapshot, self.light(snapshot))
                self._shown[camera.name, first] = seen.rgb, seen.chip

    def _source(self, k: int, camera: Camera) -> int:
        return camera_faults.source(camera.faults, k, keys.derive(self.key, camera.name))

    def _metered_for(self, k: int, camera: Camera) -> list[int]:
        """Triggers whose light the exposure of frame k follows, k first."""
        return [max(k - j, 0) for j in range(len(self._weights(camera)))]

    def _weights(self, camera: Camera) -> list[float]:
        """Of those triggers; none without exposure control."""
        if camera.imager is None or camera.imager.auto is None:
            return []
        return metering.weights(1.0 / self.rate_hz, camera.imager.auto.lag_s)

    def _meter(self, k: int, snapshot: Snapshot) -> None:
        """What the cameras with exposure control meter at trigger k."""
        env, cells = None, None
        for camera in self.cameras:
            if camera.imager is None or camera.imager.auto is None or (camera.name, k) in self._metered:
                continue
            if env is None or cells is None:
                env = self.light(snapshot)
                cells = imaging.lamp_cells(snapshot.scene)
            pose = View.of(camera, self.timeline, snapshot).local_from_camera[camera.height // 2]
            self._metered[camera.name, k] = metering.measure(
                snapshot.scene, env, camera.directions(), pose, camera.imager.auto.clipped, cells, self.threads
            )

    def _capture(self, k: int, camera: Camera, view: View, snapshot: Snapshot, env: Environment) -> Seen:
        shot, metered = None, None
        share = self._weights(camera)
        if share:
            self._meter(k, snapshot)
            metered = metering.lagged(lambda j: self._metered[camera.name, j], k, share)
        if camera.imager is not None or camera.faults.plain:
            shot = Shot(camera, snapshot.time_s, metered, self._camera_at(camera, snapshot))
        key, fall = keys.derive(self.key, k, camera.name), self._fall(camera, snapshot)
        local, scene = view.local_from_camera, snapshot.scene
        if self.conditions.pulses is not None:
            settings = shot.settings(env) if shot is not None else None
            exposure_s = camera.exposure_s if settings is None else settings.time_s
            at = self._camera_at(camera, snapshot)
            scene = flicker.seen(scene, self.conditions.pulses, camera, at, snapshot.time_s, exposure_s)
        clouds = self._raised_at(k, snapshot)
        drawn = {"fall": fall, "shot": shot, "plumes": clouds, "grade": self.quality}
        return Seen(*imaging.capture(scene, env, camera, local, key, self.threads, **drawn))

    def _fall(self, camera: Camera, snapshot: Snapshot) -> Fall | None:
        """Rain and snow about a camera."""
        if self.conditions.falling is None:
            return None
        at = self._camera_at(camera, snapshot)
        return Fall(self.conditions.falling, snapshot.time_s, snapshot.origin_m, at, self.conditions.key)

    def _camera_at(self, camera: Camera, snapshot: Snapshot) -> CameraAt:
        """Local from camera, at times relative to the trigger."""

        def local_from_camera_at(t: NDArray[np.float64]) -> Pose:
            poses = snapshot.local(self.timeline.ego_poses(snapshot.time_s + t))
            own = camera.ego_from_camera
            return poses @ Pose(np.tile(own.rotation, (len(t), 1)), np.tile(own.translation, (len(t), 1)))

        return local_from_camera_at
