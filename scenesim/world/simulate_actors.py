"""From a scenario to a timeline: positions found, routes laid, the population drawn, and everybody moved once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator, root
from scenesim.models import catalogue, vehicle_recipe
from scenesim.models.arms import SIGNAL_S
from scenesim.models.catalogue import ModelRequest
from scenesim.models.imported import DRIVES
from scenesim.models.model import DOOR, GAIT_RAD, LAMP_BITS, Model
from scenesim.models.train import Link, links
from scenesim.scenario import imports
from scenesim.scenario.countries import PLAIN
from scenesim.scenario.model import Actor, Ego, FollowLane, FollowLine, Motion, Scenario, Stand, Walk
from scenesim.world import company, places, population, signals, towing, track
from scenesim.world.driving import Driver, Obstacle, drive
from scenesim.world.lanes import LaneGraph
from scenesim.world.places import Reference
from scenesim.world.road import RoadMap
from scenesim.world.route import Route, route_from, route_via
from scenesim.world.timeline import ActorInfo, Timeline
from scenesim.world.track import Track
from scenesim.world.trajectory import Path, SpeedProfile

Array = NDArray[np.float64]
STEP_S = 0.05
BUSES = ("bus", "articulated_bus")  # classes that stop at bus stops
DARK_BELOW_DEG = 3.0  # sun elevation under which lamps are switched on
PLAIN_SPEED_M_S = 50 / 3.6  # where neither the map nor the scenario says how fast
STROLL_M_S = 1.4
START_TRIES = 48
SHAPES = 32  # different shapes and colours of an animal or of lost cargo


def is_dark(scenario: Scenario) -> bool:
    """Whether lamps are on."""
    if scenario.light.lamps != "auto":
        return scenario.light.lamps == "on"
    return scenario.light.sun_elevation_deg < DARK_BELOW_DEG or scenario.weather.visibility_m < 400.0


def simulate(scenario: Scenario, road_map: RoadMap) -> Timeline:
    """Everything that happens in a scenario on its map. Raises InputError for positions and routes that are not on it."""
    return _Simulation(scenario, road_map).run()


@dataclass
class _Cast:
    """One actor while the world is put together: what it is, and how to move it once its line is known."""

    info: ActorInfo
    model: Model
    driver: Driver | None = None
    fixed: Track | None = None
    lamps: int | None = None
    train: tuple[Link, ...] = ()  # what it tows


class _Simulation:
    def __init__(self, scenario: Scenario, road_map: RoadMap):
        self.scenario, self.map = scenario, road_map
        self.graph = LaneGraph(road_map)
        self.key = derive(root(scenario.seed), "world")
        self.dark = is_dark(scenario)
        # One period more than the last trigger, so that its flow and its derivatives have a "next".
        self.times = np.arange(0.0, scenario.duration_s + max(0.2, 1 / scenario.rate_hz) + STEP_S, STEP_S)
        self.crowd = population.Crowd()
        self.made_for = _made_for(scenario)

    def run(self) -> Timeline:
        """Put everybody in place, let them go, and write down what they did."""
        ego = self._ego()
        self.reference = self._reference_of(ego)
        around = self._line_of(ego)
        self._claim(ego)
        cast = [ego] + [self._actor(k, a) for k, a in enumerate(self.scenario.actors)]
        for c in cast[1:]:
            self._claim(c)
        cast += self._population(around)
        cast += self._company(cast)
        tracks = self._move(cast)
        for c, t in zip(list(cast), list(tracks)):  # after all others, so that they keep their rows
            for k, (link, drawn) in enumerate(zip(c.train, towing.tracks(t, c.train))):
                name = f"{c.info.name}_trailer" + (f"_{k + 1}" if k else "")
                cast.append(_Cast(replace(c.info, name=name, model=link.request), link.model))
                tracks.append(drawn)
        return Timeline(
            self.times,
            Pose(np.stack([t.pose.rotation for t in tracks]), np.stack([t.pose.translation for t in tracks])),
            np.stack([t.present for t in tracks]),
            np.stack([t.articulation for t in tracks]),
            np.stack([t.lamps for t in tracks]),
            tuple(c.info for c in cast),
        )

    # ---- who

    def _info(self, name: str, body: Ego | Actor, key: Key) -> tuple[ActorInfo, Model]:
        own = self.scenario.models.get(body.model)
        kind = imports.KIND if own else catalogue.find(body.model)
        if own:
            request = imports.request(body.model, own)
        elif kind == "person":
            request = population.person(body.model, generator(key))
            if isinstance(body, Actor):
                request = replace(request, options=tuple(sorted(body.options.items())))
        else:
            drawn = int(generator(derive(key, "shape")).integers(SHAPES)) if kind in ("animal", "debris") else 0
            said = tuple(sorted(body.options.items())) if isinstance(body, Actor) else ()
            made_for = self.made_for if kind == "vehicle" and "market" not in dict(said) else ()
            request = ModelRequest(kind, body.model, drawn, tuple(sorted((*said, *made_for))))
        paint = ""
        if kind == "vehicle" or (own and own.tinted):
            paint = body.paint or population.paint(generator(derive(key, "paint")))
        return _painted(name, request, paint), catalogue.build(request).model

    def _lamps(self, body: Ego | Actor) -> int | None:
        if body.lamps is None:
            return None
        return int(np.bitwise_or.reduce([0] + [LAMP_BITS[n] for n in body.lamps]))

    def _ego(self) -> _Cast:
        ego = self.scenario.ego
        info, model = self._info("ego", ego, derive(self.key, "ego"))
        c = _Cast(info, model, lamps=self._lamps(ego), train=links(info.model, ego.tows or ""))
        return self._behave(c, ego.behaviour, "ego", derive(self.key, "ego"))

    def _actor(self, k: int, actor: Actor) -> _Cast:
        key = derive(self.key, "actor", actor.name)
        info, model = self._info(actor.name, actor, key)
        c = _Cast(info, model, lamps=self._lamps(actor), train=links(info.model, actor.tows or ""))
        return self._behave(c, actor.behaviour, f"actors[{k}]", key)

    # ---- what they do

    reference: Reference | None = None

    def _behave(self, c: _Cast, does: FollowLane | FollowLine | Stand | Walk, where: str, key: Key) -> _Cast:
        if isinstance(does, FollowLane):
            c.driver = self._driver(c, does, f"{where}.follow_lane", key)
        elif isinstance(does, FollowLine):
            c.fixed = self._follow_line(c, does)
        elif isinstance(does, Stand):
            pose = places.pose_of(does.at, self.map, self.reference, f"{where}.stand.at")
            c.fixed = track.standing(pose, self.times, c.lamps or 0)
            if "door" in dict(c.info.model.options):
                c.fixed.articulation[:, DOOR] = track.opening(self.times, does.opens_s)
            if dict(c.model.attributes).get("posture") == "direct":
                c.fixed.articulation[:, GAIT_RAD] = 2 * np.pi * self.times / SIGNAL_S
        else:
            c.fixed = self._walk(c, does, f"{where}.walk")
        return c

    def _driver(self, c: _Cast, does: FollowLane, where: str, key: Key) -> Driver:
        profile = _profile(does)
        run = self._run_m(does)
        if does.via is not None:
            route = route_via(self.map, does.via, self.graph)
        elif does.start is None:
            route = self._drawn_route(run, does.at_forks, key)
        else:
            lane, s = places.driving_lane(does.start, self.map, self.reference, f"{where}.start")
            route = route_from(self.map, lane, s, run, derive(key, "route"), does.at_forks, self.graph)
        front = c.model.box_center_m[0] + c.model.size_lwh_m[0] / 2
        limit = route.speed_limit_at(0.0) or PLAIN_SPEED_M_S
        stops = tuple(signals.stops(route, c.model.class_name in BUSES)) if profile is None else ()
        body = towing.outline(c.model, c.train)
        return Driver(route, 0.0, body, front, 0.95 * limit, does.offset_m, profile, stops)

    def _run_m(self, does: Motion) -> float:
        """How far somebody comes, at the most, and a little more."""
        top = (
            does.speed_m_s if does.speed_m_s is not None else max((p.speed_m_s for p in does.speed_profile or ()), default=40.0)
        )
        return float(self.times[-1]) * top + 80.0

    def _drawn_route(self, run: float, at_forks: str, key: Key) -> Route:
        """A start from which the lanes go on for long enough; best before a junction, where there is most to see."""
        lanes = [r for r in self.map.lanes() if self.graph.length(r) > 12.0 and not self.map.network.roads[r.road].junction]
        lanes = lanes or self.map.lanes()
        if not lanes:
            raise InputError(
                "this map has no driving lanes, so the ego has no route; give it follow_line or stand", Place("ego")
            )
        best, value = None, -1.0
        for n in range(START_TRIES):
            g = generator(derive(key, "start", n))
            lane = lanes[int(g.integers(len(lanes)))]
            entry, leave = self.graph.entry_exit(lane)
            s = entry + (leave - entry) * float(g.uniform(0.1, 0.9))
            try:
                route = route_from(self.map, lane, s, run, derive(key, "route", n), at_forks, self.graph)
            except InputError:
                continue
            inside = [
                d
                for d, k in zip(route.distance_m, route.stretch)
                if self.map.network.roads[route.stretches[int(k)].lane.road].junction
            ]
            bonus = 60.0 if inside and 18.0 < inside[0] < 60.0 else 0.0
            if min(route.length_m, run) + bonus > value:
                best, value = route, min(route.length_m, run) + bonus
        if best is None:
            raise InputError("no driving lane of this map is long enough for a route", Place("ego.follow_lane"))
        return best

    def _follow_line(self, c: _Cast, does: FollowLine) -> Track:
        points = np.array(does.points_m)
        dense = Path.through(points, does.corner_radius_m)
        z = np.array([places.ground_z(self.map, float(x), float(y)) for x, y in dense.points[:, :2]])
        path = Path.along(np.column_stack([dense.points[:, :2], z]))
        profile = _profile(does) or SpeedProfile.constant(PLAIN_SPEED_M_S if c.model.wheelbase_m else STROLL_M_S)
        since = np.maximum(self.times - does.start_s, 0.0)
        return self._along(
            c, path, profile.distance_at(since), np.where(self.times >= does.start_s, profile.speed_at(since), 0.0)
        )

    def _walk(self, c: _Cast, does: Walk, where: str) -> Track:
        a = places.pose_of(does.start, self.map, self.reference, f"{where}.start").translation
        b = places.pose_of(does.to, self.map, self.reference, f"{where}.to").translation
        length = float(np.sqrt(((b - a)[:2] ** 2).sum()))
        if length < 0.05:
            raise InputError("start and to are the same place; a walk needs a way", Place(f"{where}.to"))
        xy = np.linspace(a[:2], b[:2], max(2, int(length / 0.8) + 1))
        z = np.interp(np.linspace(0, 1, len(xy)), [0, 1], [a[2], b[2]])
        ground = np.array([places.ground_z(self.map, float(x), float(y), float(h)) for (x, y), h in zip(xy, z)])
        distance, speed = _stroll(self.times, does.speed_m_s, does.start_s, length)
        path = Path.along(np.column_stack([xy, ground]))
        if does.falls_s is None:
            return self._along(c, path, distance, speed)
        going = np.minimum(self.times, does.falls_s)
        distance = np.interp(going, self.times, distance)
        moved = self._along(c, path, distance, np.interp(going, self.times, speed))
        return track.falling(moved, self.times, does.falls_s)

    def _along(self, c: _Cast, path: Path, distance: Array, speed: Array, phase: float = 0.0) -> Track:
        """Along a free path, by wheel or on foot."""
        if c.info.model.kind in ("person", "animal"):
            pose, articulation = track.walking(c.model, path.pose_at, distance, speed, phase)
            lamps = np.zeros(len(self.times), np.int32)
        else:
            pose, articulation = track.rolling(c.model, path.pose_at, distance, speed, _leans(c))
            lamps = self._driving_lamps(c, speed, None, distance, 0.0)
            if c.info.model.kind == "debris" or (c.info.model.kind == imports.KIND and c.model.class_name not in DRIVES):
                lamps = np.zeros(len(self.times), np.int32)
        return Track(pose, np.ones(len(self.times), bool), articulation, lamps)

    # ---- the population

    def _population(self, around: Array) -> list[_Cast]:
        t, out = self.scenario.traffic, []
        drawn: list[population.Drawn] = [
            *population.parked(self.map, around, t.reach_m, t.parked, derive(self.key, "parked"), self.crowd, self.made_for)
        ]
        run = float(self.times[-1]) * 30.0
        key = derive(self.key, "driving")
        drawn += population.driving(
            self.graph, around, t.reach_m, t.vehicles, t.cyclists, run, key, self.crowd, made_for=self.made_for
        )
        key = derive(self.key, "people")
        drawn += population.people(
            self.map,
            around,
            min(t.reach_m, 70.0),
            t.pedestrians,
            float(self.times[-1]),
            key,
            self.crowd,
            self.scenario.population,
        )
        for d in drawn:
            c = _Cast(_painted(d.name, d.request, d.paint), catalogue.build(d.request).model)
            if isinstance(d, population.Driving):
                c.train = links(d.request, d.tows)
            if isinstance(d, population.Standing):
                c.fixed = track.standing(d.pose, self.times)
            elif isinstance(d, population.Walking):
                assert d.path is not None
                ran, speed = _stroll(self.times, d.speed_m_s, 0.0, d.path.length_m - d.from_m)
                c.fixed = self._along(c, d.path, d.from_m + ran, speed, d.phase_rad)
            elif isinstance(d, population.Driving):
                assert d.route is not None
                limit = d.route.speed_limit_at(0.0) or PLAIN_SPEED_M_S
                wish = d.wish_share * limit if d.wish_m_s is None else min(d.wish_m_s, limit)
                front = c.model.box_center_m[0] + c.model.size_lwh_m[0] / 2
                stops = tuple(signals.stops(d.route, c.model.class_name in BUSES))
                body = towing.outline(c.model, c.train)
                c.driver = Driver(d.route, d.start_m, body, front, wish, d.offset_m, None, stops)
            out.append(c)
        return out

    def _company(self, cast: list[_Cast]) -> list[_Cast]:
        """What people push, and who they have with them: actors that keep their place beside them."""
        out = []
        for c in cast:
            found = company.beside(c.model, derive(self.key, "company", c.info.name)) if c.info.model.kind == "person" else None
            if found is None or c.fixed is None:
                continue
            place, request = found
            model = catalogue.build(request).model
            height = partial(places.ground_z, self.map)
            info = ActorInfo(f"{c.info.name}_{place.name}", request)
            out.append(_Cast(info, model, fixed=company.follow(c.fixed, place, model, height)))
        return out

    # ---- moving them

    def _move(self, cast: list[_Cast]) -> list[Track]:
        drivers = [c for c in cast if c.driver is not None]
        obstacles = [self._obstacle(c) for c in cast if c.fixed is not None]
        if drivers:
            distance, speed = drive([c.driver for c in drivers if c.driver], obstacles, self.times)
            for c, d, v in zip(drivers, distance, speed):
                c.fixed = self._drive_track(c, d, v)
        return [c.fixed for c in cast if c.fixed is not None]

    def _drive_track(self, c: _Cast, distance: Array, speed: Array) -> Track:
        driver = c.driver
        assert driver is not None
        line: Callable[[Array], Pose] = lambda d: driver.route.pose_at(d, driver.offset_m)  # noqa: E731
        pose, articulation = track.rolling(c.model, line, distance, speed, _leans(c))
        lamps = self._driving_lamps(c, speed, driver.route, distance, driver.front_m)
        # Where the lanes of a map end, those who are not told what to do leave it.
        present = (
            (distance + driver.front_m < driver.route.length_m + 0.5) if c.info.name != "ego" else np.ones(len(speed), bool)
        )
        return Track(pose, present, articulation, lamps)

    def _driving_lamps(self, c: _Cast, speed: Array, route: Route | None, distance: Array, front: float) -> NDArray[np.int32]:
        if c.lamps is not None:
            return track.flashing(self.times, c.lamps)
        return track.lamps(self.times, speed, self.dark, route, distance, front)

    def _obstacle(self, c: _Cast) -> Obstacle:
        assert c.fixed is not None
        outline = towing.outline(c.model, c.train)
        xy = c.fixed.pose.translation[:, :2]
        velocity = np.gradient(xy, self.times, axis=0) if len(self.times) > 1 else np.zeros_like(xy)
        return Obstacle(outline.centers(c.fixed.pose), velocity, outline.radius_m)

    # ---- where the ego is

    def _start_pose(self, c: _Cast) -> Pose:
        if c.driver is not None:
            return c.driver.route.pose_at(c.driver.start_m, c.driver.offset_m)
        assert c.fixed is not None
        return c.fixed.pose[0]

    def _reference_of(self, ego: _Cast) -> Reference:
        if ego.driver is not None:
            return Reference(ego.driver.route, ego.driver.start_m, self._start_pose(ego))
        return Reference(None, 0.0, self._start_pose(ego))

    def _line_of(self, ego: _Cast) -> Array:
        """(n, 2) where the ego will be, about."""
        if ego.driver is not None:
            top = ego.driver.wish_m_s if ego.driver.profile is None else float(ego.driver.profile.speed_m_s.max())
            d = np.linspace(0.0, min(ego.driver.route.length_m, top * float(self.times[-1]) + 25.0), 64)
            return ego.driver.route.pose_at(d).translation[:, :2]
        assert ego.fixed is not None
        return ego.fixed.pose.translation[:, :2]

    def _claim(self, c: _Cast) -> None:
        outline = towing.outline(c.model, c.train)
        self.crowd.claim(outline.centers(self._start_pose(c)), outline.radius_m + 0.5)


def _painted(name: str, request: ModelRequest, paint: str) -> ActorInfo:
    if not paint or (request.kind == "vehicle" and vehicle_recipe.read(request.name).coat):  # a livery takes no paint
        return ActorInfo(name, request)
    r, g, b = catalogue.paints()[paint]["albedo"]
    return ActorInfo(name, request, (float(r), float(g), float(b)), paint)


def _made_for(scenario: Scenario) -> population.Made:
    """Options of all vehicles: the country for which they are made, where it is not the one of the recipes."""
    country = scenario.road.country
    return () if country == PLAIN else (("market", country),)


def _leans(c: _Cast) -> bool:
    return c.model.class_name in ("motorcycle", "bicycle")


def _profile(does: Motion) -> SpeedProfile | None:
    if does.speed_m_s is not None:
        return SpeedProfile.constant(does.speed_m_s)
    if does.speed_profile is not None:
        return SpeedProfile(
            np.array([p.time_s for p in does.speed_profile]), np.array([p.speed_m_s for p in does.speed_profile])
        )
    return None


def _stroll(times: Array, speed: float, start_s: float, length: float) -> tuple[Array, Array]:
    """(distance, speed) (K,) of who sets off at start_s and stands after `length`."""
    distance = np.clip((times - start_s) * speed, 0.0, max(length, 0.0))
    moving = (times >= start_s) & (distance < length)
    return distance, np.where(moving, speed, 0.0)
