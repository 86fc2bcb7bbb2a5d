"""The road along the ego's way, for formats with maps: lanes and how they join, drivable areas, crosswalks, sidewalks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenesim.capture.frame import Layout, MapLane
from scenesim.labels.lanes import mark_of
from scenesim.scenario.network import DRIVING, PAVED, WALKING, Lane, RoadObject, Section
from scenesim.world.lanes import LaneGraph
from scenesim.world.road import LaneRef, RoadMap, RoadSurface

CHORD_M = 0.05  # the most by which a boundary leaves the curve
CARS = PAVED - {"biking", "tram", "rail"}
SHORTEST_M = 0.5  # pieces of lanes shorter than this are left out

Array = NDArray[np.float64]


def layout(road_map: RoadMap, around_m: Array, reach_m: float) -> Layout:
    """What lies within reach of the points (n, 3), cut across the road where it goes on further."""
    graph = LaneGraph(road_map)
    lanes: dict[LaneRef, MapLane] = {}
    drivable: list[Array] = []
    walkways: list[Array] = []
    crosswalks: list[Array] = []
    for surface in road_map.surfaces.values():
        for k, section in enumerate(surface.road.sections):
            s = _near(surface, k, around_m, reach_m)
            if s is None:
                continue
            for lane_id in section.lanes:
                if lane_id != 0 and section.lanes[lane_id].kind in DRIVING:
                    ref = LaneRef(surface.road.id, k, lane_id)
                    lanes[ref] = _lane(road_map, graph, ref, s)
            drivable += _bands(surface, k, s, CARS)
            walkways += _bands(surface, k, s, WALKING)
        for thing in surface.road.objects:
            if thing.kind == "crosswalk":
                crosswalks += [p for p in _outlines(surface, thing) if _distance(p, around_m) < reach_m]
    joined = _joined(graph, lanes)
    return Layout(tuple(joined), tuple(drivable), tuple(crosswalks), tuple(walkways))


def _near(surface: RoadSurface, k: int, around_m: Array, reach_m: float) -> Array | None:
    """Stations of the part of a section that comes near; None where none does."""
    start, end = surface.road.sections[k].s, surface.road.section_end(k)
    if end - start < SHORTEST_M:
        return None
    s = surface.stations(start, end, CHORD_M)
    fine = np.unique(np.concatenate([s, np.arange(start, end, 5.0)]))
    line = surface.xyz(fine, np.zeros(len(fine)))
    near = np.flatnonzero(((line[:, None, :2] - around_m[None, :, :2]) ** 2).sum(-1).min(1) < reach_m**2)
    if len(near) == 0:
        return None
    low, high = fine[near[0]], fine[near[-1]]
    if high - low < SHORTEST_M:
        return None
    return np.concatenate([[low], s[(s > low + 1e-3) & (s < high - 1e-3)], [high]])


def _lane(road_map: RoadMap, graph: LaneGraph, ref: LaneRef, s: Array) -> MapLane:
    surface, along = road_map.surfaces[ref.road], road_map.along(ref)
    section, lane = surface.road.sections[ref.section], road_map.lane(ref)
    inner, outer = (surface.edge_xyz(ref.section, ref.lane, s, outer=o) for o in (False, True))
    d = float(s[0]) - section.s
    marks = [mark_of(_inside(section, ref.lane), d), mark_of(lane, d)]
    edges = [inner, outer] if along else [inner[::-1], outer[::-1]]
    if along != (ref.lane < 0):  # left-hand traffic has the middle of the road to its right
        edges, marks = edges[::-1], marks[::-1]
    middle = (edges[0] + edges[1]) / 2
    beside = {n: graph.center(n, s[len(s) // 2]) for n in graph.neighbors(ref)}
    sides = [_side_of(middle, len(s) // 2 if along else len(s) - 1 - len(s) // 2, beside, side) for side in (1, -1)]
    return MapLane(_name(ref), lane.kind, bool(surface.road.junction), edges[0], edges[1], *marks[0], *marks[1], *sides)


def _side_of(middle: Array, k: int, beside: dict[LaneRef, Array], side: int) -> str:
    """Name of the lane, of those beside row k of a line, that lies to the left (1) or right (-1) of it; "" for none."""
    ahead = middle[min(k + 1, len(middle) - 1)] - middle[max(k - 1, 0)]
    for ref, point in beside.items():
        off = point - middle[k]
        if (ahead[0] * off[1] - ahead[1] * off[0]) * side > 0:
            return _name(ref)
    return ""


def _joined(graph: LaneGraph, lanes: dict[LaneRef, MapLane]) -> Iterator[MapLane]:
    """The lanes with their successors, predecessors and neighbours, as far as those are there."""
    after = {ref: [n for n in graph.successors(ref) if n in lanes] for ref in lanes}
    before: dict[LaneRef, list[str]] = {ref: [] for ref in lanes}
    for ref, following in after.items():
        for n in following:
            before[n].append(_name(ref))
    for ref, lane in lanes.items():
        yield replace(lane, successors=tuple(_name(n) for n in after[ref]), predecessors=tuple(before[ref]))


def _bands(surface: RoadSurface, k: int, s: Array, kinds: frozenset[str]) -> Iterator[Array]:
    """Outlines (n, 3), counter-clockwise, of neighbouring lanes of some kinds."""
    lanes = surface.road.sections[k].lanes
    runs: list[list[int]] = []
    previous: int | None = None
    for i in sorted(i for i in lanes if i != 0):
        if lanes[i].kind in kinds:
            follows = previous is not None and i - previous == (2 if previous == -1 else 1)
            runs = [*runs[:-1], [*runs[-1], i]] if follows and runs else [*runs, [i]]
            previous = i
    for run in runs:
        low, high = run[0], run[-1]  # lane numbers grow with t
        right = surface.edge_xyz(k, low, s, outer=low < 0)
        left = surface.edge_xyz(k, high, s, outer=high > 0)
        if np.abs(left - right).max() > 0.1:
            yield np.concatenate([right, left[::-1]])


def _outlines(surface: RoadSurface, thing: RoadObject) -> Iterator[Array]:
    """World outlines (n, 3) of an object of the map."""
    pose = surface.pose(thing.s, thing.t, thing.z, thing.heading)
    for outline in thing.outlines:
        corners = [surface.xyz(c.a, c.b, c.c) if c.in_road else pose.apply([c.a, c.b, c.c]) for c in outline]
        if len(corners) >= 3:
            yield np.array(corners)


def _distance(points: Array, around_m: Array) -> float:
    return float(np.sqrt(((points[:, None, :2] - around_m[None, :, :2]) ** 2).sum(-1).min()))


def _inside(section: Section, lane_id: int) -> Lane:
    """The lane whose outer edge is a lane's inner edge."""
    return section.lanes.get(lane_id + (1 if lane_id < 0 else -1), section.lanes[lane_id])


def _name(ref: LaneRef) -> str:
    return f"{ref.road}_{ref.section}_{ref.lane}"
