"""Routes along driving lanes: a smooth line to follow, with the lane, the curvature and the speed limit at each distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose, cross, quaternion_from_matrix
from scenesim.base.keys import Key, generator
from scenesim.world.lanes import LaneGraph, lane_at
from scenesim.world.road import LaneRef, RoadMap

Array = NDArray[np.float64]
STEP_M = 0.4
MOST_LANES = 5000  # a circle of very short lanes ends here
BLEND_M = 12.0  # over this much before and after a join a jump of the lane's centre is smoothed away, and over more at speed:
LATERAL_M_S2 = 1.0  # what drivers take when they change lanes (recalled)


@dataclass(frozen=True)
class Stretch:
    """A part of a lane that a route uses, from s_from to s_to (falling where traffic runs against s)."""

    lane: LaneRef
    s_from: float
    s_to: float


@dataclass(frozen=True)
class Route:
    """A way along lanes.

    points: (n, 3) m world. up: (n, 3) unit normals of the road. distance_m: (n,) along the line. heading_rad: (n,) unwrapped.
    stretch: (n,) index into `stretches`. s: (n,) m on the road of the stretch.
    """

    map: RoadMap
    stretches: tuple[Stretch, ...]
    points: Array
    up: Array
    distance_m: Array
    heading_rad: Array
    stretch: NDArray[np.int64]
    s: Array

    @property
    def length_m(self) -> float:
        return float(self.distance_m[-1])

    @property
    def lanes(self) -> list[LaneRef]:
        return [q.lane for q in self.stretches]

    def pose_at(self, distance_m: ArrayLike, lateral_m: ArrayLike = 0.0) -> Pose:
        """World poses (...) on the road: x forward, z the road's normal, `lateral_m` to the left; straight
        on beyond the ends."""
        d, lateral = np.broadcast_arrays(np.asarray(distance_m, float), np.asarray(lateral_m, float))
        heading = np.interp(d, self.distance_m, self.heading_rad)
        xyz, up = (np.stack([np.interp(d, self.distance_m, a[:, k]) for k in range(3)], -1) for a in (self.points, self.up))
        up /= np.sqrt((up * up).sum(-1, keepdims=True))
        flat = np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], -1)
        # Forward lies in the road's plane, straight above the heading seen from above.
        forward = flat.copy()
        forward[..., 2] = -(flat[..., :2] * up[..., :2]).sum(-1) / up[..., 2]
        forward /= np.sqrt((forward * forward).sum(-1, keepdims=True))
        left = cross(up, forward)
        over = np.where(d > self.length_m, d - self.length_m, np.minimum(d, 0.0))[..., None]
        return Pose(quaternion_from_matrix(np.stack([forward, left, up], -1)), xyz + over * forward + lateral[..., None] * left)

    def curvature_at(self, distance_m: ArrayLike) -> Array:
        """(...) 1/m, left positive."""
        rate = np.gradient(self.heading_rad, self.distance_m)
        return np.interp(np.asarray(distance_m, float), self.distance_m, rate)

    def lane_at(self, distance_m: float) -> tuple[LaneRef, float]:
        """(lane, s) at a distance."""
        k = int(np.clip(np.searchsorted(self.distance_m, distance_m, side="right") - 1, 0, len(self.s) - 1))
        return self.stretches[int(self.stretch[k])].lane, float(self.s[k])

    def speed_limit_at(self, distance_m: float) -> float | None:
        """m/s; None where the map says nothing."""
        ref, s = self.lane_at(distance_m)
        return self.map.surfaces[ref.road].speed_limit(s, self.map.lane(ref))


def route_from(
    road_map: RoadMap,
    lane: LaneRef,
    s: float,
    length_m: float,
    key: Key,
    choose: str = "straight",
    graph: LaneGraph | None = None,
) -> Route:
    """The route from s on a lane, `length_m` long or shorter where the lanes end. Where lanes fork it goes "straight" (least
    turn) or at "random" (by `key`)."""
    if choose not in ("straight", "random"):
        raise InputError(f'no way to choose "{choose}" where lanes fork (there is: straight, random)')
    graph, dice = graph or LaneGraph(road_map), generator(key)
    first, last = graph.entry_exit(lane)
    stretches: list[Stretch] = []
    left, start = float(length_m), float(np.clip(s, min(first, last), max(first, last)))
    while len(stretches) < MOST_LANES:
        end = graph.entry_exit(lane)[1]
        used = min(abs(end - start), left)
        stretches.append(Stretch(lane, start, start + np.sign(end - start) * used))
        left -= used
        ahead = graph.successors(lane)
        if left <= 1e-6 or not ahead:
            break
        lane = ahead[int(dice.integers(len(ahead)))] if choose == "random" else min(ahead, key=graph.turn)
        start = graph.entry_exit(lane)[0]
    return _route(graph, stretches)


def route_via(road_map: RoadMap, waypoints: Sequence[Sequence[float]], graph: LaneGraph | None = None) -> Route:
    """The shortest route through points (x, y) or (x, y, z) on driving lanes. Raises InputError where a point is off the lanes,
    or no way leads on."""
    graph = graph or LaneGraph(road_map)
    if len(waypoints) < 2:
        raise InputError("a route needs at least two waypoints")
    places = []
    for n, p in enumerate(waypoints):
        found = lane_at(road_map, *(float(v) for v in p[:3]))
        if found is None:
            raise InputError(f"waypoint {n} at {tuple(p)} lies on no driving lane; move it onto one")
        places.append(found)
    stretches: list[Stretch] = []
    for n, ((a, s_a, _), (b, s_b, _)) in enumerate(zip(places, places[1:])):
        forward = (s_b - s_a) * (1 if graph.map.along(a) else -1) >= 0
        way = [a] if a == b and forward else _around(graph, a, b)
        if way is None:
            raise InputError(f"no lanes lead from waypoint {n} to {n + 1}; is one of them on the wrong side of the road?")
        stretches += _stretches(graph, way, s_a, s_b)
    return _route(graph, stretches)


def _around(graph: LaneGraph, a: LaneRef, b: LaneRef) -> list[LaneRef] | None:
    """The shortest way from a to b, all the way round where b is a itself."""
    if a != b:
        return graph.shortest(a, b)
    ways = [w for w in (graph.shortest(n, b) for n in graph.successors(a)) if w]
    return [a, *min(ways, key=lambda w: sum(map(graph.length, w)))] if ways else None


def _stretches(graph: LaneGraph, way: list[LaneRef], s_from: float, s_to: float) -> list[Stretch]:
    """What of each lane is used; lanes that lie side by side share their length equally."""
    out, k = [], 0
    while k < len(way):
        n = k
        while n + 1 < len(way) and way[n + 1] in graph.neighbors(way[n]):
            n += 1
        start, end = graph.entry_exit(way[k])
        start, end = (s_from if k == 0 else start), (s_to if n == len(way) - 1 else end)
        cuts = np.linspace(start, end, n - k + 2)
        out += [Stretch(way[k + j], float(cuts[j]), float(cuts[j + 1])) for j in range(n - k + 1)]
        k = n + 1
    return out


def _route(graph: LaneGraph, stretches: list[Stretch]) -> Route:
    pieces = [np.linspace(q.s_from, q.s_to, max(2, int(abs(q.s_to - q.s_from) / STEP_M) + 2)) for q in stretches]
    lines = [graph.center(q.lane, s) for q, s in zip(stretches, pieces)]
    limits = [graph.map.surfaces[q.lane.road].speed_limit(q.s_to, graph.map.lane(q.lane)) or 0.0 for q in stretches]
    _join(lines, limits)
    up = [_normals(graph, q, s) for q, s in zip(stretches, pieces)]
    points, index = np.concatenate(lines), np.repeat(np.arange(len(pieces)), [len(s) for s in pieces])
    d = np.sqrt((np.diff(points, axis=0) ** 2).sum(1))
    keep = np.concatenate([[True], d > 0.02])  # the ends of two stretches are one point
    if keep.sum() < 2:
        raise InputError("the route has no length; start it further from the end of its lane")
    points = points[keep]
    step = np.diff(points, axis=0)
    bearing = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    heading = np.concatenate([bearing[:1], (bearing[1:] + bearing[:-1]) / 2, bearing[-1:]])
    distance = np.concatenate([[0.0], np.cumsum(np.sqrt((step * step).sum(1)))])
    return Route(
        graph.map,
        tuple(stretches),
        points,
        np.concatenate(up)[keep],
        distance,
        heading,
        index[keep],
        np.concatenate(pieces)[keep],
    )


def _normals(graph: LaneGraph, q: Stretch, s: Array) -> Array:
    surface = graph.map.surfaces[q.lane.road]
    pose = surface.pose(s, surface.center_t(q.lane.section, q.lane.lane, s))
    return pose.rotate(np.broadcast_to([0.0, 0.0, 1.0], (len(s), 3)))


def _join(lines: list[Array], limits_m_s: Sequence[float]) -> None:
    """Move the ends of lines (n, 3) that follow each other onto the middle between them, fading out over BLEND_M, or more where
    the jump is wide and one drives fast."""
    for a, b, limit in zip(lines, lines[1:], limits_m_s):
        jump = b[0] - a[-1]
        # A smooth step of height h over a length l bends by 6 h / l^2 at the most.
        swing = float(np.sqrt(6 * (jump @ jump) ** 0.5 / 2 * limit * limit / LATERAL_M_S2))
        for line, shift in ((a[::-1], jump / 2), (b, -jump / 2)):
            d = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(line, axis=0) ** 2).sum(1)))])
            u = np.clip(d / max(min(max(BLEND_M, swing), d[-1] / 2), 1e-6), 0, 1)
            line += (1 - u * u * (3 - 2 * u))[:, None] * shift
