"""The graph of lanes: what follows a lane in the direction of its traffic, and what runs beside it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from scenesim.scenario.network import DRIVING, Link
from scenesim.world.road import LaneRef, RoadMap

CYCLING = "biking"
WIDEST_GAP_M = 4.0  # lane ends further apart than this are not joined, whatever the links say
CHANGE_COST_M = 30.0  # a lane change is worth a detour of this length


class LaneGraph:
    """Driving lanes of a map and the ways between them."""

    def __init__(self, road_map: RoadMap):
        self.map = road_map
        self.successors = lru_cache(maxsize=None)(self._successors)

    def length(self, ref: LaneRef) -> float:
        """Length in m along the reference line."""
        start, end = self.map.span(ref)
        return max(end - start, 0.0)

    def entry_exit(self, ref: LaneRef) -> tuple[float, float]:
        """s where traffic enters a lane, and where it leaves it."""
        start, end = self.map.span(ref)
        return (start, end) if self.map.along(ref) else (end, start)

    def neighbors(self, ref: LaneRef) -> list[LaneRef]:
        """Driving lanes directly beside a lane with traffic in the same direction."""
        section = self.map.network.roads[ref.road].sections[ref.section]
        beside = [i for i in (ref.lane - 1, ref.lane + 1) if i in section.lanes and i * ref.lane > 0]
        return [LaneRef(ref.road, ref.section, i) for i in beside if section.lanes[i].kind in DRIVING]

    def _successors(self, ref: LaneRef) -> tuple[LaneRef, ...]:
        """Driving lanes that traffic reaches at the end of a lane, in a fixed order."""
        found = sorted(set(self._linked(ref)) - {ref})
        return tuple(n for n in found if self._goes_on(ref, n) and self._gap(ref, n) < WIDEST_GAP_M)

    def _linked(self, ref: LaneRef) -> Iterator[LaneRef]:
        road, along = self.map.network.roads[ref.road], self.map.along(ref)
        lane = road.sections[ref.section].lanes[ref.lane]
        targets = lane.successors if along else lane.predecessors
        k = ref.section + (1 if along else -1)
        if 0 <= k < len(road.sections):
            for i in targets or (ref.lane,):  # many files leave out the link of a lane that goes on under its own number
                yield LaneRef(ref.road, k, i)
            return
        link = road.successor if along else road.predecessor
        if link is None:
            return
        if link.element == "junction":
            yield from self._through(ref, link)
        elif link.id in self.map.network.roads:
            for i in targets:
                yield self._at_end(link.id, link.contact, i)

    def _through(self, ref: LaneRef, link: Link) -> Iterator[LaneRef]:
        """Lanes of the connecting roads of a junction."""
        junction = self.map.network.junctions.get(link.id)
        for c in junction.connections if junction else ():
            if c.incoming != ref.road or c.connecting not in self.map.network.roads:
                continue
            if c.lanes:
                for here, there in c.lanes:
                    if here == ref.lane:
                        yield self._at_end(c.connecting, c.contact, there)
            else:  # no lane links in the junction: the connecting road's own links say whence it comes
                road = self.map.network.roads[c.connecting]
                for i, lane in road.sections[0 if c.contact == "start" else -1].lanes.items():
                    if ref.lane in (lane.predecessors if c.contact == "start" else lane.successors):
                        yield self._at_end(c.connecting, c.contact, i)

    def _at_end(self, road: str, contact: str, lane: int) -> LaneRef:
        return LaneRef(road, 0 if contact != "end" else len(self.map.network.roads[road].sections) - 1, lane)

    def _goes_on(self, a: LaneRef, b: LaneRef) -> bool:
        """Whether b is for who comes from a: a driving lane, or a cycle track after another."""
        lane = self.map.network.roads[b.road].sections[b.section].lanes.get(b.lane)
        if lane is None or b.lane == 0:
            return False
        return lane.kind == CYCLING if self.map.lane(a).kind == CYCLING else lane.kind in DRIVING

    def _gap(self, a: LaneRef, b: LaneRef) -> float:
        """Distance in m from the end of a to the beginning of b; large where b's traffic comes towards us."""
        end, start = self.center(a, self.entry_exit(a)[1]), self.center(b, self.entry_exit(b)[0])
        return float(np.sqrt(((end - start) ** 2).sum()))

    def center(self, ref: LaneRef, s) -> np.ndarray:
        """World points (..., 3) of the middle of a lane at s (...)."""
        s = np.asarray(s, float)
        surface = self.map.surfaces[ref.road]
        lane = self.map.lane(ref)
        d = s - surface.road.sections[ref.section].s
        h = (surface.lane_height(lane, d, True) + surface.lane_height(lane, d, False)) / 2
        return surface.xyz(s, surface.center_t(ref.section, ref.lane, s), h, lane.level)

    def turn(self, ref: LaneRef) -> float:
        """By how much (rad, 0 or more) the reference line turns along a lane."""
        start, end = self.map.span(ref)
        heading = self.map.surfaces[ref.road].road.line.at(np.linspace(start, end, 17))[2]
        change = np.diff(heading)
        return abs(float(np.arctan2(np.sin(change), np.cos(change)).sum()))

    def shortest(self, start: LaneRef, goal: LaneRef) -> list[LaneRef] | None:
        """The shortest way from lane to lane (Dijkstra), lane changes included; None if there is none."""
        best, heap = {start: 0.0}, [(0.0, start)]
        previous: dict[LaneRef, LaneRef] = {}
        while heap:
            cost, ref = heapq.heappop(heap)
            if ref == goal:
                way = [ref]
                while way[-1] != start:
                    way.append(previous[way[-1]])
                return way[::-1]
            if cost > best[ref]:
                continue
            ahead = [(n, self.length(ref)) for n in self.successors(ref)] + [(n, CHANGE_COST_M) for n in self.neighbors(ref)]
            for n, price in ahead:
                if cost + price < best.get(n, np.inf):
                    best[n], previous[n] = cost + price, ref
                    heapq.heappush(heap, (cost + price, n))
        return None


def lane_at(road_map: RoadMap, x: float, y: float, z: float | None = None) -> tuple[LaneRef, float, float] | None:
    """(lane, s, t) of a driving lane at a world position; None if there is none. Of several roads that overlap (junctions), the
    one whose lane centre is nearest."""
    found = []
    for road, s, t in road_map.locate(x, y, z):
        surface = road_map.surfaces[road]
        k, i = surface.section_at(s), surface.lane_at(s, t)
        if i is not None and surface.road.sections[k].lanes[i].kind in DRIVING:
            found.append((abs(t - float(surface.center_t(k, i, np.array(s)))), LaneRef(road, k, i), s, t))
    return min(found)[1:] if found else None
