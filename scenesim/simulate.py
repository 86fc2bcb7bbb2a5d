"""From a scenario to frames: the whole route, to be read aloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scenesim import warm
from scenesim.base import keys, taxonomy
from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.base.frames import Pose
from scenesim.capture import cast, flicker, metering
from scenesim.capture import image as imaging
from scenesim.capture.blur import CameraAt
from scenesim.capture.exposure import Exposed, Shot
from scenesim.capture.falling import Fall
from scenesim.capture.frame import Detections, Frame, Readings
from scenesim.capture.odometry import Record
from scenesim.capture.radar import capture_radar
from scenesim.capture.speeds import StageVelocity
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels.bvh import Tree, build_tree
from scenesim.kernels.plumes import Plumes
from scenesim.labels import objects, pixels
from scenesim.labels.lanes import EgoLanes
from scenesim.labels.layout import layout
from scenesim.labels.view import View
from scenesim.models import catalogue, radar_surface
from scenesim.models.falling import falling, wind_m_s
from scenesim.models.kept import code, kept
from scenesim.scenario import imports
from scenesim.scenario.roads import identity, network
from scenesim.scene import ground, plumes
from scenesim.scene.ambient import AmbientField
from scenesim.scene.environment import Environment, environment, rain_wetness, snow_cover, visibility_through_m
from scenesim.scene.placement import Placement
from scenesim.scene.stage import Snapshot, Stage
from scenesim.scene.surroundings import Surroundings, surroundings
from scenesim.sensors import camera_faults, lens_dirt
from scenesim.sensors.ranging import Air
from scenesim.world import simulate_actors
from scenesim.world.ego_motion import EgoMotion
from scenesim.world.road import RoadMap
from scenesim.world.timeline import EGO, Timeline

if TYPE_CHECKING:
    from scenesim.geometry.mesh import Mesh
    from scenesim.scenario.model import Scenario
    from scenesim.sensors.camera import Camera
    from scenesim.sensors.rig import Rig

LAYOUT_REACH_M = 150.0  # how far about the ego's way the map goes that datasets get
INSTANT_S = 1e-3  # a scene is frozen over that at least, so that what moves has a velocity
GROUND_BEYOND_M = 30.0  # the ground reaches further than what stands on it
# What a timeline and its setting follow from, beside the scenario: rooms of the package, and folders of assets.
SET_BY = (
    ("base", "geometry", "kernels", "models", "scenario", "scene", "world"),
    ("materials", "populations", "taxonomy", "traffic", *catalogue.RECIPES.values()),
)


def timeline(scenario: Scenario) -> Timeline:
    """What happens in a scenario: a pure function of it. Raises InputError."""
    return _timeline(scenario, RoadMap(network(scenario.road)))


def _timeline(scenario: Scenario, road_map: RoadMap) -> Timeline:
    named = {name: getattr(scenario, name) for name in type(scenario).model_fields if name not in ("description", "rig")}
    arguments = (identity(scenario.road), imports.requests(scenario), named, scenario.rate_hz)
    return kept("timelines", code(*SET_BY), arguments, lambda: simulate_actors.simulate(scenario, road_map))


def stage(scenario: Scenario) -> Stage:
    """Everything that can be seen in a scenario, at any time. Raises InputError."""
    road_map = RoadMap(network(scenario.road))
    found = _timeline(scenario, road_map)
    return Stage(found, placements(scenario, road_map, found))


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
        production.look_before(k)
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
        self.timeline = _with_files(timeline, scenario) if timeline else _timeline(scenario, road_map)
        self.rig = _chosen(scenario.instruments, sensors)
        self.cameras = [c.actual() for c in self.rig.cameras]  # as they are, not as the calibration says
        self._metered: dict[tuple[str, int], metering.Metered] = {}  # by camera and trigger
        self._shown: dict[tuple[str, int], tuple[NDArray[np.uint8], Exposed | None]] = {}  # of cameras that freeze
        self.key = keys.derive(keys.root(scenario.seed), "capture")
        self.stage = Stage(self.timeline, placements(scenario, road_map, self.timeline))
        self.lanes = EgoLanes(road_map)
        self.layout = layout(road_map, _path(self.timeline), LAYOUT_REACH_M)
        weather = scenario.weather
        rain, snow = weather.rain_mm_per_h, weather.snow_mm_per_h
        wetness = rain_wetness(rain, snow) if weather.road_wetness is None else weather.road_wetness
        air = environment(
            sun_elevation_deg=scenario.light.sun_elevation_deg,
            sun_azimuth_deg=scenario.light.sun_azimuth_deg,
            cloud_cover=weather.cloud_cover,
            visibility_m=visibility_through_m(weather.visibility_m, rain, snow),
            turbidity=weather.turbidity,
            wetness=wetness,
            snow=snow_cover(snow) if weather.snow_cover is None else weather.snow_cover,
        )
        self.ambient = AmbientField(air, self.stage.still)
        wind = wind_m_s(weather.wind_m_s, weather.wind_from_deg)
        self.falling = falling(rain, snow, wind)
        self.stirred = plumes.stirred(wetness, weather.road_dust, float(air.snow), wind)
        light = scenario.light
        phases = keys.derive(keys.root(scenario.seed), "pulses")
        self.pulses = flicker.Pulses(light.led_pwm_hz, light.led_duty, phases) if light.led_pwm_hz > 0 else None
        self.weather_key = keys.derive(keys.root(scenario.seed), "weather")
        self.air = Air(weather.visibility_m, rain, snow, wetness)
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
            env = self.ambient.around(snapshot.origin_m, partial(cast.run, threads=threads))
            for calibrated, camera in zip(self.rig.cameras, self.cameras):
                view = View.of(camera, self.timeline, snapshot)
                rays, hits, rgb, left, chip = self._capture(k, camera, view, snapshot, env)
                if camera.faults.frozen > 0.0:
                    rgb, chip = self._shown.setdefault((camera.name, self._source(k, camera)), (rgb, chip))
                labels = pixels.label(snapshot, view, rays, hits, track, threads)
                image = pixels.image(view, rgb, left, labels, snapshot)
                if chip is not None and camera.imager is not None:
                    image = replace(image, chip=chip.told(), raw=chip.raw if camera.imager.raw else None)
                if camera.faults.plain:
                    covered = lens_dirt.coverage(camera.faults.dirt, camera.height, camera.width)
                    image = replace(image, coverage=covered)
                if calibrated is not camera:
                    middle = self.timeline.ego_poses(view.time_s[(camera.height - 1) // 2 :][:1])[0]
                    image = replace(image, world_from_camera=middle @ calibrated.ego_from_camera)
                images[camera.name] = image
                seen[camera.name] = objects.seen_by(self.timeline, snapshot, view, rays, labels, boxes, threads)
                surfaces[camera.name] = pixels.Surfaces(hits, view, snapshot.instance_of)
        thrown_up = self._thrown_up(k, snapshot) if self.rig.lidars else None
        for lidar in self.rig.lidars:
            sweeps[lidar.name] = capture_sweep(
                scene,
                lidar,
                lambda t: snapshot.local(self.timeline.ego_poses(snapshot.time_s + t)),
                snapshot.world_from_local,
                keys.derive(self.key, k, lidar.name),
                track,
                threads,
                air=self.air,
                plumes=thrown_up,
                time_s=snapshot.time_s,
            )
        radars = self._radars(k, snapshot, track)
        table = objects.table(self.stage, snapshot, boxes, sweeps, seen, self.track)
        return _Pending(self._frame(k, snapshot, images, sweeps, radars, table), surfaces)

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
                rain_mm_per_h=self.air.rain_mm_per_h,
            )
            for radar in self.rig.radars
        }

    def _motion(self, k: int, ego: Pose) -> dict[str, Readings]:
        """What the sensors of motion told since the frame before."""
        now, before = k / self.scenario.rate_hz, (k - 1) / self.scenario.rate_hz if k else None
        return {record.sensor.name: record.until(now, before, ego) for record in self.records}

    def look_before(self, k: int) -> None:
        """See what frame k needs of earlier times, and is not known: the light that exposures follow, and frozen pictures.
        To be called before the snapshot of k is made."""
        for camera in self.cameras:
            for j in self._metered_for(k, camera)[1:]:
                if (camera.name, j) not in self._metered:
                    self._meter(j, self.snapshot(j))
            first = self._source(k, camera)
            self._shown = {at: shown for at, shown in self._shown.items() if at[0] != camera.name or at[1] == first}
            if first != k and (camera.name, first) not in self._shown:
                self.look_before(first)
                snapshot = self.snapshot(first)
                self._meter(first, snapshot)
                env = self.ambient.around(snapshot.origin_m, partial(cast.run, threads=self.threads))
                seen = self._capture(first, camera, View.of(camera, self.timeline, snapshot), snapshot, env)
                self._shown[camera.name, first] = seen[2], seen[4]

    def _source(self, k: int, camera: Camera) -> int:
        return camera_faults.source(camera.faults, k, keys.derive(self.key, camera.name))

    def _metered_for(self, k: int, camera: Camera) -> list[int]:
        """Triggers whose light the exposure of frame k follows, k first."""
        return [max(k - j, 0) for j in range(len(self._weights(camera)))]

    def _weights(self, camera: Camera) -> list[float]:
        """Of those triggers; none without exposure control."""
        if camera.imager is None or camera.imager.auto is None:
            return []
        return metering.weights(1.0 / self.scenario.rate_hz, camera.imager.auto.lag_s)

    def _meter(self, k: int, snapshot: Snapshot) -> None:
        """What the cameras with exposure control meter at trigger k."""
        env, cells = None, None
        for camera in self.cameras:
            if camera.imager is None or camera.imager.auto is None or (camera.name, k) in self._metered:
                continue
            if env is None or cells is None:
                env = self.ambient.around(snapshot.origin_m, partial(cast.run, threads=self.threads))
                cells = imaging.lamp_cells(snapshot.scene)
            pose = View.of(camera, self.timeline, snapshot).local_from_camera[camera.height // 2]
            self._metered[camera.name, k] = metering.measure(
                snapshot.scene, env, camera.directions(), pose, camera.imager.auto.clipped, cells, self.threads
            )

    def _capture(self, k: int, camera: Camera, view: View, snapshot: Snapshot, env: Environment):
        """What a camera sees and gives out at trigger k, as `capture.image.capture`."""
        shot, metered = None, None
        share = self._weights(camera)
        if share:
            self._meter(k, snapshot)
            metered = metering.lagged(lambda j: self._metered[camera.name, j], k, share)
        if camera.imager is not None or camera.faults.plain:
            shot = Shot(camera, snapshot.time_s, metered, self._camera_at(camera, snapshot))
        key, fall = keys.derive(self.key, k, camera.name), self._fall(camera, snapshot)
        local, scene = view.local_from_camera, snapshot.scene
        if self.pulses is not None:
            settings = shot.settings(env) if shot is not None else None
            exposure_s = camera.exposure_s if settings is None else settings.time_s
            at = self._camera_at(camera, snapshot)
            scene = flicker.seen(scene, self.pulses, camera, at, snapshot.time_s, exposure_s)
        clouds = self._thrown_up(k, snapshot)
        return imaging.capture(scene, env, camera, local, key, self.threads, fall=fall, shot=shot, plumes=clouds)

    def _thrown_up(self, k: int, snapshot: Snapshot) -> Plumes | None:
        """What vehicles have thrown up at trigger k."""
        if self.stirred is None:
            return None
        return plumes.at(self.stirred, self.timeline, snapshot.origin_m, *self._interval(k))

    def _fall(self, camera: Camera, snapshot: Snapshot) -> Fall | None:
        """Rain and snow about a camera."""
        if self.falling is None:
            return None
        at = self._camera_at(camera, snapshot)
        return Fall(self.falling, snapshot.time_s, snapshot.origin_m, at, self.weather_key)

    def _camera_at(self, camera: Camera, snapshot: Snapshot) -> CameraAt:
        """Local from camera, at times relative to the trigger."""

        def local_from_camera_at(t: NDArray[np.float64]) -> Pose:
            poses = snapshot.local(self.timeline.ego_poses(snapshot.time_s + t))
            own = camera.ego_from_camera
            return poses @ Pose(np.tile(own.rotation, (len(t), 1)), np.tile(own.translation, (len(t), 1)))

        return local_from_camera_at

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
        for camera in self.cameras:
            image = pending.frame.images[camera.name]
            view = View.of(camera, self.timeline, after)
            flow = pixels.flow(pending.surfaces[camera.name], after, view, self.threads)
            images[camera.name] = replace(image, flow_px=flow.reshape(camera.height, camera.width, 2))
        return replace(pending.frame, images=images)


def _with_files(timeline: Timeline, scenario: Scenario) -> Timeline:
    """A timeline whose models from files are those of the scenario. Raises InputError where it has others."""
    own = imports.requests(scenario)
    actors = []
    for info in timeline.actors:
        if info.model.kind == imports.KIND:
            found = own.get(info.model.name)
            if found is None or found.identity != info.model.identity:
                what = "no model" if found is None else "another model"
                message = f'the timeline has a "{info.model.name}" from a file, the scenario {what} of that name'
                raise InputError(message, Place("models"))
            info = replace(info, model=found)
        actors.append(info)
    return replace(timeline, actors=tuple(actors))


def _path(timeline: Timeline) -> NDArray[np.float64]:
    """Points (n, 3) of the ego's way, a hundred or so."""
    path = timeline.world_from_actor.translation[EGO]
    return path[:: max(1, len(path) // 100)]


def placements(scenario: Scenario, road_map: RoadMap, timeline: Timeline) -> list[Placement]:
    """Ground and surroundings of everywhere that the ego comes to."""
    path = _path(timeline)
    lit = simulate_actors.is_dark(scenario)
    arguments = (identity(scenario.road), scenario.surroundings, scenario.seed, lit, path.tobytes())
    return kept("settings", code(*SET_BY), arguments, lambda: _placed(scenario, road_map, path, lit))


def _placed(scenario: Scenario, road_map: RoadMap, path: NDArray[np.float64], lit: bool) -> list[Placement]:
    amounts = scenario.surroundings
    around = path if float(np.abs(path - path[0]).max()) > 1.0 else path[0] + np.array([[-1.0, 0, 0], [1.0, 0, 0]])
    land = ground.build(road_map, around, amounts.reach_m + GROUND_BEYOND_M)
    density = Surroundings(
        buildings=amounts.buildings,
        trees=amounts.trees,
        lights=amounts.lights,
        clutter=amounts.clutter,
        woods=amounts.woods,
        mirror_facades=amounts.mirror_facades,
        lit=lit,
    )
    key = keys.derive(keys.root(scenario.seed), "surroundings")
    things = surroundings(road_map, land, key, density, around, amounts.reach_m)
    still = [Placement(pose, mesh=mesh, class_name="terrain") for mesh, pose in ground.chunks(land)] + things
    return [p if p.mesh is None else replace(p, tree=_tree(p.mesh)) for p in still]


def _tree(mesh: Mesh) -> Tree:
    return build_tree(mesh.vertices.astype(np.float32), mesh.triangles)


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
