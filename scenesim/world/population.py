"""Who else is about: vehicles that drive, vehicles that are parked, people on sidewalks and on crosswalks; drawn with keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.models import catalogue
from scenesim.models.catalogue import ModelRequest
from scenesim.models.train import links
from scenesim.scenario.model import Population
from scenesim.scenario.network import DRIVING, WALKING, Lane, Road
from scenesim.world import company, signals, towing
from scenesim.world.lanes import CYCLING, LaneGraph
from scenesim.world.places import ground_z
from scenesim.world.road import LaneRef, RoadMap, RoadSurface
from scenesim.world.route import Route, route_from
from scenesim.world.trajectory import Path

Array = NDArray[np.float64]
RIDDEN = ("bicycle", "motorcycle", "moped", "scooter", "e_scooter", "cargo_bike")  # whose riders differ
PEOPLE_VARIANTS = 3  # shapes of each kind of person: more only cost time and memory
FASTEST_WITH_BICYCLES_M_S = 101 / 3.6
STANDING_SHARE, CROSSING_SHARE = 0.15, 0.3
NOSE_IN_SHARE = 0.75
WAY_STEP_S = 0.25
FROM_WALLS_M = 0.5  # houses begin behind sidewalks, with sills and steps
ALONE_M, WITH_COMPANY_M = 0.38, 0.75  # radius of the room that somebody on foot needs
BESIDE = ("pram", "shopping_trolley", "wheelchair", "pushed_wheelchair", "dog", "child")
FLAT = ("crosswalk", "parkingSpace", "roadMark")
BUS_SHARE = 0.15  # of the places on bus lanes, those where a bus drives
TRAM_SHARE = 0.2  # of the places on rails, those where a tram drives
Made = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drawn:
    """Something that was drawn. paint: name, "" for none."""

    name: str
    request: ModelRequest
    paint: str = ""


@dataclass(frozen=True)
class Driving(Drawn):
    """A vehicle on a route: from start_m on, at a wish that is a share of the speed limit, or at most a speed of its own."""

    route: Route | None = None
    start_m: float = 0.0
    wish_share: float = 1.0
    wish_m_s: float | None = None
    offset_m: float = 0.0
    tows: str = ""  # trailer that its recipe has not


@dataclass(frozen=True)
class Standing(Drawn):
    """A vehicle or a person that stays."""

    pose: Pose = field(default_factory=Pose.identity)


@dataclass(frozen=True)
class Walking(Drawn):
    """A person on a path, from from_m on."""

    path: Path | None = None
    from_m: float = 0.0
    speed_m_s: float = 1.3
    phase_rad: float = 0.0


class Crowd:
    """The places that are taken at time 0: discs (x, y, radius)."""

    def __init__(self) -> None:
        self._discs: list[tuple[float, float, float]] = []
        self._ways: list[tuple[Array, float]] = []
        self._still = np.zeros((0, 3))

    def claim(self, xy: Array, radius: float) -> bool:
        """Take discs about points (n, 2), if all are free."""
        taken = np.array(self._discs).reshape(-1, 3)
        for p in np.atleast_2d(xy):
            if len(taken) and (((taken[:, :2] - p) ** 2).sum(1) < (taken[:, 2] + radius) ** 2).any():
                return False
        self._discs += [(float(p[0]), float(p[1]), radius) for p in np.atleast_2d(xy)]
        return True

    def stand(self, discs: Array) -> None:
        """Things (n, 3), as x, y, radius, that nobody on foot walks through."""
        self._still = np.concatenate([self._still, discs])

    def walk(self, xy: Array, radius: float) -> bool:
        """Take a way, places (K, 2) at times that are the same for all ways, if nobody else comes near it, nor anything that
        stands."""
        low, high = xy.min(0) - 2.0, xy.max(0) + 2.0
        near = self._still[((self._still[:, :2] > low) & (self._still[:, :2] < high)).all(1)]
        if (((near[None, :, :2] - xy[:, None]) ** 2).sum(-1) < (near[:, 2] + radius) ** 2).any():
            return False
        if any((((xy - other) ** 2).sum(1) < (radius + r) ** 2).any() for other, r in self._ways):
            return False
        self._ways.append((xy, radius))
        return True


def pick(shares: Mapping[str, float], g: np.random.Generator, known) -> str:
    """A name, with the probability of its share among those that are known."""
    names = [n for n in shares if n in known] or list(shares)
    weights = np.array([shares[n] for n in names])
    return names[int(np.searchsorted(np.cumsum(weights) / weights.sum(), g.uniform(), side="right").clip(0, len(names) - 1))]


def paint(g: np.random.Generator) -> str:
    """Name of a paint, as frequent as on the road."""
    table = catalogue.paints()
    return pick({n: p["weight"] for n, p in table.items()}, g, table)


def person(name: str, g: np.random.Generator) -> ModelRequest:
    """One of the few people of a kind."""
    return ModelRequest("person", name, int(derive(Key(0), "person", name, int(g.integers(PEOPLE_VARIANTS)))))


# Recipes of an age group, by sex where they tell it.
GROUPS = {
    "child": {"f": "child", "m": "child"}, "teenager": {"f": "teenager", "m": "teenager"},
    "adult": {"f": "adult_woman", "m": "adult_man"}, "senior": {"f": "older_woman", "m": "older_man"},
}  # fmt: skip
BALANCED_VARIANTS = 8  # shapes of each kind where somebody is to be measured on them


def passer_by(population: Population, mix: Mapping[str, float], g: np.random.Generator, key: Key) -> ModelRequest:
    """Somebody on foot: as traffic usually is (shares of recipes), or as a population says. key: of what goes with them."""
    return company.with_manner(_anybody(population, mix, g), population, key)


def _anybody(population: Population, mix: Mapping[str, float], g: np.random.Generator) -> ModelRequest:
    if population.age is None and population.sex is None and population.skin_tone is None:
        return person(pick(mix, g, catalogue.recipes("person")), g)
    age = pick(population.age or _ages(mix), g, GROUPS)
    sex = pick(population.sex or {"f": 1.0, "m": 1.0}, g, ("f", "m"))
    name = GROUPS[age][sex]
    options: list[tuple[str, str | int]] = [("sex", sex)] if age in ("child", "teenager") else []
    if population.skin_tone is not None:
        tones = {str(tone): share for tone, share in population.skin_tone.items()}
        options.append(("skin_tone", int(pick(tones, g, tones))))
    variant = int(derive(Key(0), "person", name, int(g.integers(BALANCED_VARIANTS))))
    return ModelRequest("person", name, variant, tuple(options))


def _ages(mix: Mapping[str, float]) -> dict[str, float]:
    """Shares of the age groups of a mix of recipes."""
    return {age: sum(mix.get(name, 0.0) for name in set(recipes.values())) for age, recipes in GROUPS.items()}


@dataclass(frozen=True)
class _Spot:
    lane: LaneRef
    s: float


def _spots(road_map: RoadMap, kinds, around: Array, reach_m: float, every_m: float) -> list[_Spot]:
    """Places on the lanes of some kinds within reach of a line (n, 2), a step apart."""
    found = []
    coarse = around[:: max(1, len(around) // 64)]
    for ref in road_map.lanes(kinds):
        start, end = road_map.span(ref)
        s = np.arange(start + 1.0, end - 1.0, every_m)
        if len(s) == 0:
            continue
        x, y, _ = road_map.surfaces[ref.road].road.line.at(s)
        d2 = ((np.stack([x, y], -1)[:, None] - coarse[None]) ** 2).sum(-1).min(1)
        found += [_Spot(ref, float(v)) for v in s[d2 < reach_m**2]]
    return found


def driving(
    graph: LaneGraph,
    around: Array,
    reach_m: float,
    count: int,
    cyclists: int,
    run_m: float,
    key: Key,
    crowd: Crowd,
    prefix: str = "vehicle",
    made_for: Made = (),
) -> Iterator[Driving]:
    """Vehicles, then cyclists, that drive along lanes. made_for: options of all vehicles."""
    mix = assets.read("traffic", "mix")
    spots = [q for q in _spots(graph.map, DRIVING, around, reach_m, 3.0) if not graph.map.network.roads[q.lane.road].junction]
    known = catalogue.vehicles()
    tracks = _spots(graph.map, {CYCLING}, around, reach_m, 3.0) if cyclists else []
    cycled = {(q.lane.road, q.lane.section, q.lane.lane > 0) for q in tracks}  # sides of roads that have a cycle track
    for kind, wanted in ((prefix, count), ("cyclist", cyclists)):
        spots = [*spots, *tracks] if kind == "cyclist" else spots
        made = 0
        for n in range(wanted * 12):
            if made == wanted or not spots:
                break
            g = generator(derive(key, kind, n))
            spot = spots[int(g.integers(len(spots)))]
            road = graph.map.network.roads[spot.lane.road]
            lane = graph.map.lane(spot.lane)
            if kind == "cyclist" and not _may_cycle(graph.map.surfaces[spot.lane.road], spot.s):
                continue
            if kind == "cyclist" and lane.kind != CYCLING and (spot.lane.road, spot.lane.section, spot.lane.lane > 0) in cycled:
                continue
            shares = mix["cycling"] if kind == "cyclist" else mix["driving"][_road_kind(road, spot.s)]
            if lane.rails and kind != "cyclist" and generator(derive(key, kind, n, "tram")).uniform() < TRAM_SHARE:
                shares = {"tram": 1.0}
            if lane.kind == "bus":
                if kind == "cyclist" or g.uniform() > BUS_SHARE:
                    continue
                shares = {"bus": 1.0}
            model = pick(shares, g, known)
            request = ModelRequest("vehicle", model, 0, made_for)
            if model in RIDDEN:
                rider = int(generator(derive(key, kind, n, "rider")).integers(PEOPLE_VARIANTS))
                request = replace(request, options=(*made_for, ("rider", rider)))
            built = catalogue.build(request).model
            offset = _edge_offset(graph, spot) if kind == "cyclist" else float(g.normal() * 0.12)
            offset = 0.0 if model == "tram" else offset
            route = route_from(graph.map, spot.lane, spot.s, run_m + 60.0, derive(key, kind, n, "route"), "random", graph)
            if route.length_m < 15.0:
                continue
            half = built.size_lwh_m[0] / 2
            tows = trailer(built.class_name, mix["towing"], generator(derive(key, kind, n, "tows")))
            behind = towing.behind_m(built, links(request, tows))
            first, last = graph.map.span(spot.lane)
            if behind and min(spot.s - first, last - spot.s) < behind + 3.0:  # the trailer, too, stands on this road
                continue
            ends = [built.box_center_m[0] - half, built.box_center_m[0], built.box_center_m[0] + half]
            ends += [ends[0] - u for u in np.arange(behind, 0.0, -half)]
            pose = route.pose_at(np.array(ends), offset)
            if not crowd.claim(pose.translation[:, :2], built.size_lwh_m[1] / 2 + (1.6 if kind != "cyclist" else 0.6)):
                continue
            wish = 4.5 + 1.5 * float(g.uniform()) if kind == "cyclist" else None
            colour = paint(g)
            yield Driving(f"{kind}_{made}", request, colour, route, 0.0, 0.86 + 0.16 * float(g.uniform()), wish, offset, tows)
            made += 1


def trailer(class_name: str, shares: Mapping[str, Mapping[str, float]], g: np.random.Generator) -> str:
    """What a vehicle of a class tows: the shares of those who do not are not listed."""
    of_class, u = shares.get(class_name, {}), float(g.uniform())
    for name, share in of_class.items():
        u -= share
        if u < 0:
            return name
    return ""


def _road_kind(road: Road, s: float) -> str:
    kinds = [kind for at, kind, _ in road.kinds if at <= s]
    kind = kinds[-1] if kinds else "town"
    return kind if kind in ("town", "rural", "motorway") else "town"


def _may_cycle(surface: RoadSurface, s: float) -> bool:
    """Whether bicycles belong on a road: not on motorways, nor where traffic is as fast."""
    section = surface.road.sections[surface.section_at(s)]
    stops = any(lane.kind == "stop" for lane in section.lanes.values())
    slow = (surface.speed_limit(s) or 0.0) <= FASTEST_WITH_BICYCLES_M_S
    return slow and not stops and _road_kind(surface.road, s) != "motorway"


def _edge_offset(graph: LaneGraph, spot: _Spot) -> float:
    """From the middle of a lane to where cyclists ride: 0.8 m from its edge."""
    surface = graph.map.surfaces[spot.lane.road]
    edges = surface.edges(spot.lane.section, np.array(spot.s))
    width = abs(float(edges[spot.lane.lane]) - float(surface.center_t(spot.lane.section, spot.lane.lane, np.array(spot.s)))) * 2
    side = 1.0 if graph.map.network.roads[spot.lane.road].rule == "LHT" else -1.0
    return side * max(width / 2 - 0.8, 0.0)


def parked(
    road_map: RoadMap, around: Array, reach_m: float, count: int, key: Key, crowd: Crowd, made_for: Made = ()
) -> Iterator[Standing]:
    """Vehicles in marked bays, most with their noses to the back; then on parking lanes, one behind the other with gaps, each a
    little out of line."""
    made = 0
    for standing in _in_bays(road_map, around, reach_m, count, derive(key, "bays"), crowd, made_for):
        yield standing
        made += 1
    mix = assets.read("traffic", "mix")["parked"]
    known = catalogue.vehicles()
    spots = _spots(road_map, {"parking"}, around, reach_m, 0.75)
    order = generator(derive(key, "order")).permutation(len(spots))
    for n, k in enumerate(order.tolist()):
        if made == count:
            return
        spot, g = spots[k], generator(derive(key, n))
        surface = road_map.surfaces[spot.lane.road]
        edges = surface.edges(spot.lane.section, np.array(spot.s))
        middle = float(surface.center_t(spot.lane.section, spot.lane.lane, np.array(spot.s)))
        width = 2 * abs(float(edges[spot.lane.lane]) - middle)
        request = ModelRequest("vehicle", pick(mix, g, known), 0, (catalogue.EMPTY, *made_for))
        model = catalogue.build(request).model
        if model.size_lwh_m[1] > width + 0.15 or width > 3.6:  # bays across the road are for another day
            continue
        along = road_map.along(spot.lane)
        pose = surface.pose(
            spot.s, middle + float(g.normal()) * 0.06, heading=(0.0 if along else np.pi) + float(g.normal()) * 0.012
        )
        half = model.size_lwh_m[0] / 2
        ends = pose.apply(np.array([[model.box_center_m[0] + u * half, 0.0, 0.0] for u in (-0.85, 0.0, 0.85)]))
        if crowd.claim(ends[:, :2], model.size_lwh_m[1] / 2 - 0.05 + 0.25 * float(g.uniform())):
            crowd.stand(np.column_stack([ends[:, :2], np.full(len(ends), model.size_lwh_m[1] / 2)]))
            yield Standing(f"parked_{made}", request, paint(g), pose)
            made += 1


def _in_bays(
    road_map: RoadMap, around: Array, reach_m: float, count: int, key: Key, crowd: Crowd, made_for: Made
) -> Iterator[Standing]:
    """Vehicles in the bays that a map marks (objects of kind parkingSpace with a length and a width), as far as they fit."""
    mix, known = assets.read("traffic", "mix")["parked"], catalogue.vehicles()
    bays = [(surface, q) for surface in road_map.surfaces.values() for q in surface.road.objects if q.kind == "parkingSpace"]
    coarse = around[:: max(1, len(around) // 64)]
    made = 0
    for n, k in enumerate(generator(derive(key, "order")).permutation(len(bays)).tolist()):
        if made == count:
            return
        surface, bay = bays[k]
        g = generator(derive(key, n))
        pose = surface.pose(bay.s, bay.t, heading=bay.heading + (np.pi if g.uniform() < NOSE_IN_SHARE else 0.0))
        if min(bay.length, bay.width) < 1.5 or ((coarse - pose.translation[:2]) ** 2).sum(-1).min() > reach_m**2:
            continue
        request = ModelRequest("vehicle", pick(mix, g, known), 0, (catalogue.EMPTY, *made_for))
        model = catalogue.build(request).model
        length, width, _ = model.size_lwh_m
        if length > bay.length + 0.4 or width > bay.width - 0.3:
            continue
        shift = (float(g.normal()) * 0.12 - model.box_center_m[0], float(g.normal()) * 0.05, 0.0)
        at = pose @ Pose.of(shift, yaw=float(g.normal()) * 0.015)
        ends = at.apply(np.array([[model.box_center_m[0] + u * (length - width) / 2, 0.0, 0.0] for u in (-1.0, 0.0, 1.0)]))
        if crowd.claim(ends[:, :2], width / 2 - 0.05):
            crowd.stand(np.column_stack([ends[:, :2], np.full(len(ends), width / 2)]))
            yield Standing(f"parked_{made}", request, paint(g), at)
            made += 1


def people(
    road_map: RoadMap,
    around: Array,
    reach_m: float,
    count: int,
    run_s: float,
    key: Key,
    crowd: Crowd,
    population: Population,
) -> Iterator[Drawn]:
    """People who walk along sidewalks, stand there, or cross where they may."""
    mix = assets.read("traffic", "mix")["walking"]
    spots = _spots(road_map, WALKING, around, reach_m, 1.5)
    crossings = _crossings(road_map, around, reach_m)
    crowd.stand(_things(road_map))
    made = 0
    for n in range(count * 10):
        if made == count or not (spots or crossings):
            return
        g = generator(derive(key, n))
        request = passer_by(population, mix, g, derive(key, n, "manner"))
        name, u = f"pedestrian_{made}", float(g.uniform())
        if crossings and (u < CROSSING_SHARE or not spots):
            found = _cross(name, request, road_map, crossings[int(g.integers(len(crossings)))], g)
        elif spots:
            found = _along(name, request, road_map, spots[int(g.integers(len(spots)))], run_s, g, stands=u > 1 - STANDING_SHARE)
        else:
            continue
        way = _way(found, run_s)
        if crowd.claim(way[0], 0.45) and crowd.walk(way, _room_m(request)):
            yield found
            made += 1


def _way(who: Walking | Standing, run_s: float) -> Array:
    """(K, 2) where somebody is every WAY_STEP_S."""
    times = np.arange(0.0, run_s + WAY_STEP_S, WAY_STEP_S)
    if isinstance(who, Standing):
        return np.tile(who.pose.translation[:2], (len(times), 1))
    assert who.path is not None
    return who.path.pose_at(np.minimum(who.from_m + who.speed_m_s * times, who.path.length_m)).translation[:, :2]


def _room_m(request: ModelRequest) -> float:
    """Radius of the room that somebody on foot needs, with what and whom they have with them."""
    options = dict(request.options)
    alone = options.get("carries", "none") not in BESIDE and options.get("mobility", "none") not in BESIDE
    return ALONE_M if alone else WITH_COMPANY_M


def _things(road_map: RoadMap) -> Array:
    """(n, 3) x, y and radius of what stands beside the roads of a map: signs, lights, and things that are not painted."""
    rows = []
    for surface in road_map.surfaces.values():
        length = surface.road.length
        places = [(q.s, q.t, 0.25) for q in surface.road.signals]
        for q in surface.road.objects:
            if q.kind not in FLAT and not q.outlines:
                spots = [(q.s, q.t)] if not q.repeats else []
                places += [(s, t, float(np.clip(max(q.length, q.width) / 2, 0.25, 0.8))) for s, t in spots]
        if places:
            s, t, radius = np.array(places).T
            xyz = surface.xyz(np.clip(s, 0.0, length), t)
            rows.append(np.column_stack([xyz[:, :2], radius]))
    return np.concatenate(rows) if rows else np.zeros((0, 3))


def _along(name, request, road_map: RoadMap, spot: _Spot, run_s: float, g, stands: bool) -> Walking | Standing:
    """Along a sidewalk: those who go one way keep to one side of those who come."""
    surface, lane = road_map.surfaces[spot.lane.road], road_map.lane(spot.lane)
    edges = surface.edges(spot.lane.section, np.array(spot.s))
    outer = float(edges[spot.lane.lane])
    inner = 2 * float(surface.center_t(spot.lane.section, spot.lane.lane, np.array(spot.s))) - outer
    forward = bool(g.uniform() < 0.5)
    share = 0.75 + 0.08 * float(g.uniform()) if stands else (0.42 if forward else 0.62) + 0.06 * float(g.uniform())
    share = min(share, max(0.5, 1 - FROM_WALLS_M / max(abs(outer - inner), 0.1)))
    speed = 0.0 if stands else float(np.clip(g.normal() * 0.2 + 1.32, 0.8, 1.9))
    speed *= company.pace(request)
    reach = speed * run_s + 3.0
    first, last = road_map.span(spot.lane)
    end = min(spot.s + reach, last - 0.3) if forward else max(spot.s - reach, first + 0.3)
    s = np.linspace(spot.s, end, max(2, int(abs(end - spot.s) / 0.5) + 2))
    d = s - surface.road.sections[spot.lane.section].s
    lift = surface.lane_height(lane, d, False) * (1 - share) + surface.lane_height(lane, d, True) * share
    points = surface.xyz(s, np.full(len(s), inner + share * (outer - inner)), lift, lane.level)
    _over_rails(road_map, surface, points)
    path = Path.along(points)
    if stands:
        pose = path.pose_at(0.0)
        return Standing(name, request, "", Pose.of(pose.translation, yaw=float(pose.yaw()) + float(g.uniform(-np.pi, np.pi))))
    return Walking(name, request, "", path, 0.0, speed, float(g.uniform(0, 2 * np.pi)))


def _over_rails(road_map: RoadMap, surface: RoadSurface, points: Array) -> None:
    """Lower points (n, 3) on a sidewalk to the road's own height where it leads over rails."""
    rails = [
        road for road in road_map.network.roads.values() if any(_is_rail(lane) for lane in road.sections[0].lanes.values())
    ]
    if surface.road in rails or not rails:
        return
    for p in points:
        found = {road: (s, t) for road, s, t in road_map.locate(p[0], p[1])}
        if surface.road.id in found and any(road.id in found for road in rails):
            p[2] = float(surface.xyz(*found[surface.road.id])[2])


def _is_rail(lane: Lane) -> bool:
    return lane.kind == "rail"


@dataclass(frozen=True)
class _Crossing:
    """A way over a road. ends: (2, 3) m world."""

    ends: Array
    along: Array


def _crossings(road_map: RoadMap, around: Array, reach_m: float) -> list[_Crossing]:
    """Crosswalks within reach where people may go: those whose road has no light for vehicles, or a red one."""
    found = []
    for surface in road_map.surfaces.values():
        lights = [q for q in surface.road.signals if q.dynamic or q.kind in signals.LIGHT_CODES]
        if lights and not all(signals.color(signals.phase_yaw(surface, q)) == "red" for q in lights):
            continue
        for thing in surface.road.objects:
            if thing.kind != "crosswalk" or not thing.outlines or not all(c.in_road for c in thing.outlines[0]):
                continue
            s, t = np.array([(c.a, c.b) for c in thing.outlines[0]]).T
            middle, low, high = float(s.mean()), float(t.min()) - 1.0, float(t.max()) + 1.0
            p = surface.xyz(np.array([middle, middle]), np.array([low, high]))
            if ((around - p.mean(0)[:2]) ** 2).sum(1).min() < reach_m**2:
                q = surface.xyz(np.array([s.min(), s.max()]), np.array([0.0, 0.0]))
                found.append(_Crossing(p, q[1] - q[0]))
    return found


def _cross(name: str, request: ModelRequest, road_map: RoadMap, c: _Crossing, g) -> Walking:
    a, b = c.ends if g.uniform() < 0.5 else c.ends[::-1]
    shift = c.along * (float(g.uniform()) - 0.5) * 0.7
    points = np.linspace(a + shift, b + shift, 40)
    points[:, 2] = [ground_z(road_map, *p) for p in points.tolist()]  # up and down the kerbs
    path = Path.along(points)
    start, speed, phase = float(g.uniform(0, 0.6)) * path.length_m, float(g.uniform(1.1, 1.6)), float(g.uniform(0, 6.28))
    return Walking(name, request, "", path, start, speed * company.pace(request), phase)
