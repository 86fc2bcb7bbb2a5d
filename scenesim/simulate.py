"""From a scenario to frames: the whole route, to be read aloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scenesim import setting, warm
from scenesim.base import keys, taxonomy
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.camerawork import CameraWork, Seen
from scenesim.capture.frame import Detections, Frame, Image, Readings
from scenesim.capture.odometry import Record
from scenesim.capture.radar import capture_radar
from scenesim.capture.speeds import StageVelocity
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels.plumes import Plumes
from scenesim.labels import contrast, objects, pixels
from scenesim.labels.lanes import EgoLanes
from scenesim.labels.layout import layout
from scenesim.labels.view import View
from scenesim.models import radar_surface
from scenesim.scenario.roads import network
from scenesim.scene import plumes
from scenesim.scene.ambient import AmbientField
from scenesim.scene.stage import Snapshot, Stage
from scenesim.sensors import lens_dirt
from scenesim.world.ego_motion import EgoMotion
from scenesim.world.road import RoadMap
from scenesim.world.timeline import EGO, Timeline

if TYPE_CHECKING:
    from scenesim.scenario.model import Scenario
    from scenesim.sensors.camera import Camera
    from scenesim.sensors.lidar import Lidar
    from scenesim.sensors.rig import Rig

LAYOUT_REACH_M = 150.0  # how far about the ego's way the map goes that datasets get
INSTANT_S = 1e-3  # a scene is frozen over that at least, so that what moves has a velocity


def timeline(scenario: Scenario) -> Timeline:
    """What happens in a scenario: a pure function of it. Raises InputError."""
    return setting.timeline(scenario, RoadMap(network(scenario.road)))


def stage(scenario: Scenario) -> Stage:
    """Everything that can be seen in a scenario, at any time. Raises InputError."""
    road_map = RoadMap(network(scenario.road))
    found = setting.timeline(scenario, road_map)
    return Stage(found, setting.placements(scenario, road_map, found))


def frames(
    scenario: Scenario,
    *,
    only: range | None = None,
    sensors: Iterable[str] | None = None,
    threads: int | None = None,
    timeline: Timeline | None = None,
) -> Iterator[Frame]:
    """Frames of a scenario in order of time, each a pure function of the scenario and its number.

    only: numbers of the frames to make; nothing but the timeline is computed for the others. sensors: names of those to use,
    all by default. threads: as many as there are processors by default; the result does not depend on it. timeline: replay
    this one instead of simulating the scenario's actors. Raises InputError.
    """
    production = Production(scenario, timeline, sensors, threads)
    pending: _Pending | None = None
    for k in _wanted(only, scenario.frame_count):
        if pending is not None and pending.frame.index + 1 != k:
            yield production.with_flow(pending, production.snapshot(pending.frame.index + 1))
            pending = None
        production.camerawork.look_before(k)
        snapshot = production.snapshot(k)
        if pending is not None:
            yield production.with_flow(pending, snapshot)
        pending = production.shoot(k, snapshot)
    if pending is not None:
        yield production.with_flow(pending, production.snapshot(pending.frame.index + 1))


@dataclass(frozen=True)
class _Pending:
    """A frame that waits for the next moment, to know where its surfaces go."""

    frame: Frame
    surfaces: dict[str, pixels.Surfaces]


class Production:
    """A scenario with its stage set: what all of its frames share."""

    def __init__(self, scenario: Scenario, timeline: Timeline | None, sensors: Iterable[str] | None, threads: int | None):
        self._compiling = warm.start()
        road_map = RoadMap(network(scenario.road))
        self.scenario, self.threads = scenario, threads
        self.timeline = setting.with_files(timeline, scenario) if timeline else setting.timeline(scenario, road_map)
        self.rig = _chosen(scenario.instruments, sensors)
        self.key = keys.derive(keys.root(scenario.seed), "capture")
        self.stage = Stage(self.timeline, setting.placements(scenario, road_map, self.timeline))
        self.lanes = EgoLanes(road_map)
        self.layout = layout(road_map, setting.path(self.timeline), LAYOUT_REACH_M)
        self.conditions = setting.conditions(scenario)
        self.camerawork = CameraWork(
            [c.actual() for c in self.rig.cameras],  # as they are, not as the calibration says
            self.timeline,
            scenario.rate_hz,
            self.key,
            AmbientField(self.conditions.environment, self.stage.still),
            self.conditions,
            self.snapshot,
            self.raised,
            threads,
            scenario.quality,
        )
        # Label value of each actor row: the row itself, so that the ego, which no sensor of its own sees, is 0 like nothing.
        self.track = np.arange(len(self.timeline.actors) + len(self.stage.named), dtype=np.uint16)
        self.records = self._records()

    def _records(self) -> list[Record]:
        """What the sensors of motion tell, all along."""
        if not self.rig.motion:
            return []
        motion, key = EgoMotion(self.timeline), keys.derive(keys.root(self.scenario.seed), "motion")
        base, duration = self.stage.model(EGO).wheelbase_m, self.timeline.duration_s
        return [Record(sensor, motion, duration, keys.derive(key, sensor.name), base) for sensor in self.rig.motion]

    def snapshot(self, k: int) -> Snapshot:
        """The stage at trigger k, moving for as long as any sensor looks."""
        return self.stage.at(*self._interval(k))

    def _interval(self, k: int) -> tuple[float, float, float]:
        """The reference time of trigger k, and when the first sensor begins to look and the last one ends."""
        time_s = k / self.scenario.rate_hz
        spans = [c.row_time_s() for c in self.rig.cameras] + [lidar.pulses().time_offset_s for lidar in self.rig.lidars]
        first, last = (min(float(s.min()) for s in spans), max(float(s.max()) for s in spans)) if spans else (0.0, 0.0)
        return time_s, time_s + min(first, -INSTANT_S), time_s + max(last, INSTANT_S)

    def shoot(self, k: int, snapshot: Snapshot) -> _Pending:
        """Frame k, without flow."""
        threads, scene = self.threads, snapshot.scene
        boxes = objects.boxes(self.stage, snapshot)
        for process in self._compiling:  # from here on there are rays
            process.wait()
        track = np.zeros_like(self.track)  # what has no row in the table of objects, such as a sign far away, has no label
        track[boxes.actor] = self.track[boxes.actor]
        images, seen, surfaces, sweeps = {}, {}, {}, {}
        if self.rig.cameras:
            env = self.camerawork.light(snapshot)
            for calibrated, camera in zip(self.rig.cameras, self.camerawork.cameras):
                view = View.of(camera, self.timeline, snapshot)
                shot = self.camerawork.picture(k, camera, view, snapshot, env)
                labels = pixels.label(snapshot, view, shot.rays, shot.hits, track, threads)
                image = pixels.image(view, shot.rgb, shot.transmittance, labels, snapshot)
                images[camera.name] = self._with_chip(image, calibrated, camera, view, shot, snapshot.time_s)
                found = objects.seen_by(self.timeline, snapshot, view, shot.rays, labels, boxes, threads)
                seen[camera.name] = contrast.with_contrast(found, images[camera.name], boxes.actor, shot.radiance)
                surfaces[camera.name] = pixels.Surfaces(shot.hits, view, snapshot.instance_of)
        raised = self.raised(k, snapshot) if self.rig.lidars else None
        for lidar in self.rig.lidars:
            sweeps[lidar.name] = capture_sweep(
                scene,
                lidar,
                lambda t: snapshot.local(self.timeline.ego_poses(snapshot.time_s + t)),
                snapshot.world_from_local,
                keys.derive(self.key, k, lidar.name),
                track,
                threads,
                air=self.conditions.air,
                plumes=raised,
                time_s=snapshot.time_s,
                own_vehicle=lidar.sees_own_vehicle and self._stands_above(lidar),
            )
        radars = self._radars(k, snapshot, track)
        table = objects.table(self.stage, snapshot, boxes, sweeps, seen, self.track)
        return _Pending(self._frame(k, snapshot, images, sweeps, radars, table), surfaces)

    def _stands_above(self, lidar: Lidar) -> bool:
        """Whether a lidar stands higher than the ego's roof. One within a taller body than its rig was made for would see that
        from inside, and nothing else."""
        body = self.stage.model(EGO)
        return float(lidar.ego_from_lidar.translation[2]) > body.box_center_m[2] + 0.5 * body.size_lwh_m[2]

    def _with_chip(self, image: Image, calibrated: Camera, camera: Camera, view: View, shot: Seen, time_s: float) -> Image:
        """An image with what its chip tells, what covers its lens, and where its calibration takes it to be."""
        if shot.chip is not None and camera.imager is not None:
            image = replace(image, chip=shot.chip.told(), raw=shot.chip.raw if camera.imager.raw else None)
        if camera.faults.plain:
            image = replace(image, coverage=lens_dirt.coverage(camera.faults.dirt, camera.height, camera.width, time_s))
        if calibrated is camera:
            return image
        middle = self.timeline.ego_poses(view.time_s[(camera.height - 1) // 2 :][:1])[0]
        return replace(image, world_from_camera=middle @ calibrated.ego_from_camera)

    def _radars(self, k: int, snapshot: Snapshot, track: NDArray[np.uint16]) -> dict[str, Detections]:
        """What every radar finds: at the trigger's very time, whatever the cameras and lidars beside it need."""
        if not self.rig.radars:
            return {}
        if self.rig.cameras or self.rig.lidars:
            snapshot = self.stage.at(snapshot.time_s, snapshot.time_s - INSTANT_S, snapshot.time_s + INSTANT_S)
        surfaces = radar_surface.rows(self.stage.store.tables.kin)
        local_from_ego = snapshot.local(snapshot.state.world_from_actor[EGO])
        velocity = StageVelocity(self.stage, snapshot)
        return {
            radar.name: capture_radar(
                snapshot.scene,
                surfaces,
                radar,
                local_from_ego,
                snapshot.world_from_local,
                velocity.of_sensor(radar.ego_from_radar),
                velocity,
                keys.derive(self.key, k, radar.name),
                track,
                self.threads,
                rain_mm_per_h=self.conditions.air.rain_mm_per_h,
            )
            for radar in self.rig.radars
        }

    def _motion(self, k: int, ego: Pose) -> dict[str, Readings]:
        """What the sensors of motion told since the frame before."""
        now, before = k / self.scenario.rate_hz, (k - 1) / self.scenario.rate_hz if k else None
        return {record.sensor.name: record.until(now, before, ego) for record in self.records}

    def raised(self, k: int, snapshot: Snapshot) -> Plumes | None:
        """What vehicles have thrown up at trigger k."""
        stirred = self.conditions.stirred
        return None if stirred is None else plumes.at(stirred, self.timeline, snapshot.origin_m, *self._interval(k))

    def _frame(self, k: int, snapshot: Snapshot, images, sweeps, radars, table) -> Frame:
        ego = snapshot.state.world_from_actor[EGO]
        step = objects.DERIVATIVE_S
        ends = self.timeline.ego_poses([snapshot.time_s - step, snapshot.time_s + step]).translation
        return Frame(
            self.scenario.name,
            k,
            snapshot.time_s,
            ego,
            (ends[1] - ends[0]) / (2 * step),
            images,
            sweeps,
            table,
            self.rig.calibration(),
            self.lanes.about(ego),
            taxonomy.names_by_id(),
            self.layout,
            radars,
            self._motion(k, ego),
        )

    def with_flow(self, pending: _Pending, after: Snapshot) -> Frame:
        """The frame of `pending`, with the flow to the moment of `after`."""
        images = {}
        for camera in self.camerawork.cameras:
            image = pending.frame.images[camera.name]
            view = View.of(camera, self.timeline, after)
            flow = pixels.flow(pending.surfaces[camera.name], after, view, self.threads)
            images[camera.name] = replace(image, flow_px=flow.reshape(camera.height, camera.width, 2))
        return replace(pending.frame, images=images)


def _chosen(rig: Rig, sensors: Iterable[str] | None) -> Rig:
    """The rig with the sensors that were asked for."""
    if sensors is None:
        return rig
    known = [sensor.name for sensor in rig.sensors]
    wanted = list(sensors)
    for name in wanted:
        if name not in known:
            raise InputError(f'no sensor "{name}" on this rig{did_you_mean(name, known)}')
    return replace(
        rig,
        cameras=tuple(c for c in rig.cameras if c.name in wanted),
        lidars=tuple(lidar for lidar in rig.lidars if lidar.name in wanted),
        radars=tuple(radar for radar in rig.radars if radar.name in wanted),
        motion=tuple(sensor for sensor in rig.motion if sensor.name in wanted),
    )


def _wanted(only: range | None, count: int) -> range:
    if only is None:
        return range(count)
    if len(only) and not 0 <= only[0] <= only[-1] < count:
        raise InputError(f"frames {only[0]}:{only[-1] + 1} are not all there; the scenario has frames 0:{count}")
    return only
