"""Random scenes without a picture, and what is wrong in them: ``python -m tools.scenes [N] [--first K]``

Each is a kind of place, a country and an amount of traffic, drawn from its number. What stands or moves in something else, what
floats, and scenes that are laid out alike are told with the numbers that draw them again.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.keys import derive, generator, root
from scenesim.models import catalogue
from scenesim.models.model import Model
from scenesim.scenario.model import PLACES, RoadSource, Scenario
from scenesim.scenario.roads import network
from scenesim.scene import ground
from scenesim.scene.occupied import occupied
from scenesim.scene.placement import Placement
from scenesim.scene.site import Site
from scenesim.scene.surroundings import Surroundings, surroundings
from scenesim.world import simulate_actors
from scenesim.world.road import RoadMap
from scenesim.world.timeline import EGO, Timeline
from tools import solid

Array = NDArray[np.float64]
COUNTRIES = ("germany", "united_kingdom", "united_states", "japan")
OVERHEAD = ("wire", "rail_track", "tunnel_ring")  # what others go under, over or through
ALLOWED_M = 0.05  # of a body in another: what hulls have over the bodies themselves
FLOATS_M = 0.02
LOOK_EVERY = 4  # samples of a timeline
CELL_M = 4.0  # of the histogram by which layouts are compared
REACH_M = 45.0
STEPS = np.array([(0.0, 0, 0), (0.3, 0, 0), (-0.3, 0, 0), (0, 0.3, 0), (0, -0.3, 0)])


@dataclass(frozen=True)
class Finding:
    """scene: its number. what: "overlap", "floats" or "twin". who: names. by_m: how much. time_s: when it is first so."""

    scene: int
    place: str
    what: str
    who: str
    by_m: float
    time_s: float = 0.0

    def __str__(self) -> str:
        return f"scene {self.scene} ({self.place}), {self.time_s:.1f} s: {self.what} {self.who}, {self.by_m:.3f} m"


def draw(number: int) -> Scenario:
    """The scenario of a number."""
    g = generator(derive(root(number), "scenes"))
    kind = PLACES[number % len(PLACES)]
    busy = float(g.uniform(0.3, 1.0))
    return Scenario(
        name=f"scene_{number}",
        seed=int(g.integers(2**31)),
        duration_s=3.0,
        road={"place": {"kind": kind}, "country": COUNTRIES[int(g.integers(len(COUNTRIES)))]},
        traffic={
            "vehicles": int(14 * busy), "parked": int(20 * busy), "pedestrians": int(16 * busy), "cyclists": int(4 * busy),
            "reach_m": REACH_M + 15.0,
        },
        population={"mobility": {"none": 0.7, "wheelchair": 0.1, "walker": 0.1, "crutches": 0.1}} if g.uniform() < 0.3 else {},
        surroundings={"reach_m": REACH_M},
    )  # fmt: skip


@lru_cache(maxsize=32)
def _map(source: RoadSource) -> RoadMap:
    return RoadMap(network(source))


@dataclass(frozen=True)
class Laid:
    """A scene that is laid out: its timeline, what stands in it, and its ground."""

    number: int
    place: str
    timeline: Timeline
    standing: list[Placement]
    site: Site
    road_map: RoadMap

    @staticmethod
    def out(number: int) -> Laid:
        """The scene of a number."""
        scenario = draw(number)
        assert scenario.road.place is not None
        road_map = _map(scenario.road)
        timeline = simulate_actors.simulate(scenario, road_map)
        way = timeline.world_from_actor.translation[EGO]
        around = way[:: max(1, len(way) // 100)]
        if float(np.abs(around - around[0]).max()) < 1.0:
            around = around[0] + np.array([[-1.0, 0, 0], [1.0, 0, 0]])
        land = ground.build(road_map, around, REACH_M + 30.0)
        amounts = Surroundings(woods=0.0)
        key = keys.derive(root(scenario.seed), "surroundings")
        things = surroundings(road_map, land, key, amounts, around, REACH_M, occupied(timeline))
        return Laid(number, scenario.road.place.kind, timeline, things, Site(land), road_map)

    def overlaps(self) -> Iterator[Finding]:
        """Who moves or stands in whom, each pair once, when it is first so."""
        still = [(p.name or p.request.name, solid.of(p.request).at(p.world_from_object)) for p in self.standing if _counts(p)]
        where = np.array([q.at for _, q in still]).reshape(-1, 3)
        reach = np.array([q.reach_m for _, q in still])
        seen: set[tuple[str, str]] = set()
        t = self.timeline
        moves = np.abs(np.diff(t.world_from_actor.translation, axis=1)).max((1, 2)) > 1e-6
        solids = [solid.of(a.model) for a in t.actors]
        hitched = _trains(t)
        for k in range(0, len(t.time_s), LOOK_EVERY):
            who = [a for a in range(len(t.actors)) if t.present[a, k]]
            placed = {a: solids[a].at(t.world_from_actor[a, k]) for a in who}
            for n, a in enumerate(who):
                others = [b for b in who[:n] if (moves[a] or moves[b] or k == 0) and not hitched(a, b)]
                pairs = [(t.actors[b].name, placed[b]) for b in others]
                if moves[a] or k == 0:
                    d = where - placed[a].at
                    near = np.flatnonzero((d[:, :2] ** 2).sum(1) < (reach + placed[a].reach_m) ** 2)
                    pairs += [still[j] for j in near]
                for name, other in pairs:
                    pair = (t.actors[a].name, name)
                    depth = placed[a].depth_m(other) if pair not in seen else 0.0
                    if depth > ALLOWED_M:
                        seen.add(pair)
                        yield Finding(self.number, self.place, "overlap", self._said(a, name), depth, float(t.time_s[k]))

    def _said(self, a: int, other: str) -> str:
        actors = {q.name: q for q in self.timeline.actors}
        names = [(q, f" ({actors[q].model.name})" if q in actors else "") for q in (self.timeline.actors[a].name, other)]
        return " in ".join(name + model for name, model in names)

    def floating(self) -> Iterator[Finding]:
        """Who does not touch the ground, or is in it, by the ground's own facets under wheels and feet."""
        t = self.timeline
        for a, info in enumerate(t.actors):
            model = catalogue.build(info.model).model
            worst, when = 0.0, 0.0
            for k in (0, len(t.time_s) // 2):
                if not t.present[a, k]:
                    continue
                touch = t.world_from_actor[a, k].apply(_contacts(model))
                if not shapely.contains_xy(self.site.footprint, touch[:, 0], touch[:, 1]).all():
                    continue  # beyond the roads that were built
                gap = self._gap(touch)
                if abs(gap) > abs(worst):
                    worst, when = gap, float(t.time_s[k])
            if abs(worst) > FLOATS_M:
                yield Finding(self.number, self.place, "floats", f"{info.name} ({info.model.name})", worst, when)

    def _gap(self, touch: Array) -> float:
        """m between points (n, 3) and the ground within a step of them, the middle one: who steps up a kerb is in between."""
        near = (touch[:, None] + STEPS).reshape(-1, 3)
        z = self.site.height(near[:, :2], near[:, 2]).reshape(len(touch), len(STEPS))
        low, high = np.nanmin(z, axis=1), np.nanmax(z, axis=1)
        return float(np.nanmedian(touch[:, 2] - np.clip(touch[:, 2], low, high)))

    def histogram(self) -> bytes:
        """Where things of each kind are at the start, in cells about the ego: alike only for scenes that are laid out alike."""
        t = self.timeline
        inverse = t.world_from_actor[EGO, 0].inverse()
        rows = [(info.model.name, t.world_from_actor[a, 0]) for a, info in enumerate(t.actors) if a != EGO]
        rows += [(p.request.name, p.world_from_object) for p in self.standing if p.request is not None]
        at = np.floor(inverse.apply(np.array([pose.translation for _, pose in rows]))[:, :2] / CELL_M).astype(int).tolist()
        cells = Counter((name, *cell) for (name, _), cell in zip(rows, at))
        return repr(sorted(cells.items())).encode()


def _counts(p: Placement) -> bool:
    return p.request is not None and p.request.name not in OVERHEAD


def _contacts(model: Model) -> Array:
    """(n, 3) points of a model that should touch the ground: under the axles, or where it stands."""
    base = model.wheelbase_m
    return np.array([[0.0, 0.0, 0.0], [base, 0.0, 0.0]]) if base else np.zeros((1, 3))


def _trains(t: Timeline):
    """Whether two actors belong together: a vehicle with what it tows, somebody with what they push or lead."""
    owner = {}
    names = {a.name for a in t.actors}
    for k, a in enumerate(t.actors):
        stem = a.name
        while stem not in names - {a.name} and "_" in stem:
            stem = stem.rpartition("_")[0]
        owner[k] = stem if stem in names else a.name
    return lambda a, b: owner[a] == owner[b]


def check(numbers: Sequence[int]) -> tuple[list[Finding], int]:
    """(what is wrong in scenes, actors looked at)."""
    found: list[Finding] = []
    alike: dict[bytes, int] = {}
    actors = 0
    for n in numbers:
        laid = Laid.out(n)
        actors += len(laid.timeline.actors)
        found += [*laid.overlaps(), *laid.floating()]
        other = alike.setdefault(laid.histogram(), n)
        if other != n:
            found.append(Finding(n, laid.place, "twin", f"of scene {other}", 0.0))
    return found, actors


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.scenes", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    begin = time.process_time()
    total: Counter[str] = Counter()
    actors = 0
    found, actors = check(range(args.first, args.first + args.count))
    for f in found:
        print(f, flush=True)
    total.update(f.what for f in found)
    seconds = time.process_time() - begin
    print(f"{args.count} scenes, {actors} actors, {seconds:.0f} CPU-s: {dict(total) or 'nothing wrong'}")


if __name__ == "__main__":
    main()
