"""Vehicles that follow lanes and heed what is before them: the Intelligent Driver Model along routes.

M. Treiber, A. Hennecke, D. Helbing, "Congested traffic states in empirical observations and microscopic simulations",
Physical Review E 62 (2000) 1805, eqs. 2 to 4. What is before a driver is found by geometry: the first thing that its body
would touch on its way, whoever it is and wherever it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.models.model import Model
from scenesim.world import right_of_way
from scenesim.world.right_of_way import HOLD_M, Line, Meeting
from scenesim.world.route import Route
from scenesim.world.signals import Stop
from scenesim.world.trajectory import SpeedProfile

Array = NDArray[np.float64]

ACCELERATION, BRAKING, HEADWAY_S, STANDSTILL_M = 1.4, 2.0, 1.3, 2.0  # a, b, T, s0 of the model, for towns
HARDEST_M_S2 = 8.0
LATERAL_M_S2 = 2.2  # in bends; what drivers find comfortable (Reymond et al., Human Factors 43, 2001)
MARGIN_M = 0.35
LOOK_S, LOOK_M = 4.0, 22.0
STANDS_M_S, ARRIVED_M = 0.3, STANDSTILL_M + 1.5  # who stands so near to a place where one stays for a while is there


@dataclass(frozen=True)
class Outline:
    """A body as discs seen from above: centres (n,) m ahead of its origin, on its axis, and their radius."""

    ahead_m: Array
    radius_m: float

    @staticmethod
    def of(model: Model) -> Outline:
        """Discs that cover a model's box."""
        length, width = max(model.size_lwh_m[0], 0.3), max(model.size_lwh_m[1], 0.3)
        n = max(1, int(np.ceil(length / width)))
        middle = model.box_center_m[0]
        reach = max(length / 2 - width / 2, 0.0)
        return Outline(middle + np.linspace(-reach, reach, n) if n > 1 else np.array([middle]), width / 2)

    def centers(self, pose: Pose) -> Array:
        """(..., n, 2) world centres for poses (...)."""
        yaw = pose.yaw()[..., None]
        xy = pose.translation[..., None, :2]
        return xy + self.ahead_m[:, None] * np.stack([np.cos(yaw), np.sin(yaw)], -1)


@dataclass(frozen=True)
class Driver:
    """A vehicle on a route. start_m: distance of its rear axle at time 0. wish_m_s: speed on a free road. profile: the speed
    that it is told to drive, whatever is before it; None to heed the traffic. stops: where its front waits."""

    route: Route
    start_m: float
    outline: Outline
    front_m: float
    wish_m_s: float
    offset_m: float = 0.0
    profile: SpeedProfile | None = None
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True)
class Obstacle:
    """Anything that does not drive: discs (K, n, 2) at the times of the simulation, velocities (K, 2), radius."""

    centers: Array
    velocity: Array
    radius_m: float


class _Way:
    """The way of a driver, sampled: where it is and how it heads every STEP_M, so that a look ahead is a slice."""

    STEP_M = 0.5

    def __init__(self, d: Driver, longest_m: float):
        count = int(longest_m / self.STEP_M) + 2
        self.start = d.start_m
        pose = d.route.pose_at(self.start + np.arange(count) * self.STEP_M, d.offset_m)
        yaw = pose.yaw()
        self.heading = np.unwrap(yaw)
        self.xy = pose.translation[:, :2].copy()
        self.along = np.stack([np.cos(yaw), np.sin(yaw)], -1)
        self.bend = np.sqrt(LATERAL_M_S2 / np.maximum(_smooth_bend(self.heading, self.STEP_M), 1e-4))

    def index(self, distance: float) -> int:
        """The sample before a distance."""
        return min(max(int((distance - self.start) / self.STEP_M), 0), len(self.xy) - 1)

    def line(self, d: Driver) -> Line:
        """What decides who goes first where this way meets others."""
        signs = tuple(s - self.start for s in right_of_way.signs(d.route))
        left_hand = d.route.map.network.roads[d.route.stretches[0].lane.road].rule == "LHT"
        return Line(self.xy, self.heading, self.STEP_M, signs, 2 * d.outline.radius_m, bool(d.stops), left_hand)

    def at(self, distance: float) -> tuple[Array, Array]:
        """(position (2,), direction (2,)) at a distance."""
        k = self.index(distance)
        return self.xy[k] + (distance - self.start - k * self.STEP_M) * self.along[k], self.along[k]


def _smooth_bend(heading: Array, step: float) -> Array:
    rate = np.abs(np.gradient(heading, step))
    return np.convolve(np.pad(rate, 4, mode="edge"), np.full(9, 1 / 9), "valid")


def drive(drivers: Sequence[Driver], obstacles: Sequence[Obstacle], times: Array) -> tuple[Array, Array]:
    """(distance, speed), (N, K) each, of the rear axles of N drivers at times (K,), increasing from 0 in equal steps."""
    n, step = len(drivers), float(times[1] - times[0]) if len(times) > 1 else 0.05
    distance, speed = np.zeros((n, len(times))), np.zeros((n, len(times)))
    ways = []
    for i, d in enumerate(drivers):
        distance[i] = d.start_m
        top = d.wish_m_s
        if d.profile is not None:
            distance[i] += d.profile.distance_at(times)
            speed[i] = d.profile.speed_at(times)
            top = float(speed[i].max())
        ways.append(_Way(d, top * (float(times[-1]) + LOOK_S + 1.0) + LOOK_M + d.front_m + 10.0))
    meetings = right_of_way.meetings([way.line(d) for way, d in zip(ways, drivers)])
    drivers, stood = list(drivers), np.zeros(n)
    for k in range(len(times)):
        for i, d in enumerate(drivers):
            stood[i] = stood[i] + step if _is_served(d, distance[i, k], speed[i, k]) else 0.0
            if stood[i] > 0.0 and stood[i] >= d.stops[0].stay_s:
                drivers[i] = replace(d, stops=d.stops[1:])
            elif d.stops and d.stops[0].distance_m - d.front_m - distance[i, k] < -1.0:
                drivers[i] = replace(d, stops=d.stops[1:])  # gone by
        bodies = _Bodies.at(drivers, ways, distance[:, k], speed[:, k], obstacles, k)
        now = drivers, distance[:, k], speed[:, k], float(times[k])
        rooms = [[_room_before(m, i, *now) for m in q] for i, q in enumerate(meetings)]
        waits = [{m.other for m, room in zip(q, r) if room < 1e3} for q, r in zip(meetings, rooms)]
        begins = right_of_way.who_begins(waits, speed[:, k])
        for i, d in enumerate(drivers):
            if d.profile is not None:
                continue
            wish = min(d.wish_m_s, _bend_ahead(ways[i], distance[i, k], speed[i, k]))
            gap, leader = _gap(d, ways[i], distance[i, k], speed[i, k] if k else wish, bodies, i, float(times[k]))
            room = min(rooms[i], default=1e3)
            if room < gap and i not in begins:
                gap, leader = max(room, 0.05), 0.0
            if k == 0:
                speed[i, 0] = min(wish, np.sqrt(2 * BRAKING * max(gap - STANDSTILL_M, 0.0)) + 0.7 * leader)
                speed[i, 0] = 0.0 if speed[i, 0] < 0.5 else speed[i, 0]
            if k + 1 < len(times):
                a = _acceleration(speed[i, k], wish, gap, leader)
                speed[i, k + 1] = max(0.0, speed[i, k] + a * step)
                distance[i, k + 1] = distance[i, k] + (speed[i, k] + speed[i, k + 1]) / 2 * step
    return distance, speed


def _is_served(d: Driver, distance: float, speed: float) -> bool:
    """Whether a driver stands where one stays for a while."""
    if not d.stops or d.stops[0].stay_s <= 0.0 or d.profile is not None or speed > STANDS_M_S:
        return False
    return -1.0 < d.stops[0].distance_m - d.front_m - distance < ARRIVED_M


def _room_before(m: Meeting, me: int, drivers: Sequence[Driver], distance: Array, speed: Array, time_s: float) -> float:
    """m free before a meeting at which a driver must wait now; 1e3 where it need not."""
    front, rear = _ends(drivers[me], distance[me])
    other = drivers[m.other]
    other_front, other_rear = _ends(other, distance[m.other])
    for stop in other.stops:
        gap = stop.distance_m - other.start_m - other_front
        if -0.5 < gap < m.other_enter_m - other_front and stop.holds(time_s, gap, float(speed[m.other])):
            return 1e3
    if not m.holds(front, rear, float(speed[me]), other_front, other_rear, float(speed[m.other])):
        return 1e3
    return m.enter_m - HOLD_M - front


def _ends(d: Driver, distance: float) -> tuple[float, float]:
    """(front, rear), m along the way from its start."""
    rear = float(d.outline.ahead_m[0]) - d.outline.radius_m
    return float(distance) - d.start_m + d.front_m, float(distance) - d.start_m + rear


def _acceleration(v: float, wish: float, gap: float, leader: float) -> float:
    """Eqs. 2 to 4; gap to what is before, which moves away at `leader`."""
    free = 1.0 - (v / max(wish, 0.1)) ** 4
    wanted = STANDSTILL_M + max(0.0, v * HEADWAY_S + v * (v - leader) / (2 * np.sqrt(ACCELERATION * BRAKING)))
    a = ACCELERATION * (free - (wanted / max(gap, 0.1)) ** 2)
    return float(np.clip(a, -HARDEST_M_S2, ACCELERATION))


@dataclass(frozen=True)
class _Bodies:
    """All discs at one time: centres (D, 2), radius (D,), velocity (D, 2), owner (D,) driver or -1."""

    centers: Array
    radius: Array
    velocity: Array
    owner: NDArray[np.int64]

    @staticmethod
    def at(drivers, ways, distance, speed, obstacles, k: int) -> _Bodies:
        centers, radius, velocity, owner = [], [], [], []
        for i, d in enumerate(drivers):
            xy, along = ways[i].at(float(distance[i]))
            c = xy + d.outline.ahead_m[:, None] * along
            centers.append(c)
            radius += [d.outline.radius_m] * len(c)
            velocity += [speed[i] * along] * len(c)
            owner += [i] * len(c)
        for o in obstacles:
            centers.append(o.centers[k])
            radius += [o.radius_m] * len(o.centers[k])
            velocity += [o.velocity[k]] * len(o.centers[k])
            owner += [-1] * len(o.centers[k])
        return _Bodies(np.concatenate(centers), np.array(radius), np.array(velocity), np.array(owner))


def _gap(d: Driver, way: _Way, distance: float, v: float, bodies: _Bodies, me: int, time_s: float) -> tuple[float, float]:
    """(m free before the front bumper, speed at which what is there moves away); (1e3, 0) where nothing is."""
    look = LOOK_M + LOOK_S * v
    front = distance + d.front_m
    ahead = [(p, p.distance_m - front) for p in d.stops if p.distance_m > front - 1.0]
    waits = [gap for p, gap in ahead if p.holds(time_s, gap, v)]
    gap, leader = (max(waits[0], 0.05), 0.0) if waits and waits[0] < 3 * look else (1e3, 0.0)
    first = way.index(front)
    xy = way.xy[first : first + int(look / way.STEP_M) : 2]
    apart = bodies.centers - xy[0]
    near = (bodies.owner != me) & ((apart * apart).sum(1) < (look + 8.0) ** 2)
    if not near.any():
        return gap, leader
    reach = (bodies.radius[near] + d.outline.radius_m + MARGIN_M) ** 2
    apart = xy[:, None] - bodies.centers[near][None]
    apart = (apart * apart).sum(-1)
    # Discs of the driver's own width about the points of its way; what touches one of them is in the way.
    touched = apart < reach
    hits = np.flatnonzero(touched.any(1))
    if len(hits) == 0:
        return gap, leader
    m = int(hits[0])
    j = int(np.argmin(np.where(touched[m], apart[m], np.inf)))
    along = way.along[first + 2 * m]
    before = front - way.start - first * way.STEP_M  # by this much the first sample lies behind the bumper
    beyond = float((bodies.centers[near][j] - xy[m]) @ along) - float(bodies.radius[near][j])
    free = m * 2 * way.STEP_M + max(beyond, 0.0) - before
    if free < gap:
        gap, leader = max(free, 0.05), float(bodies.velocity[near][j] @ along)
    return gap, max(leader, 0.0)


def _bend_ahead(way: _Way, distance: float, v: float) -> float:
    """The speed now, from which every bend within sight is reached at its own."""
    first = way.index(distance)
    bend = way.bend[first : way.index(distance + 10.0 + v * v / BRAKING) + 1]
    return float(np.sqrt(bend**2 + 2 * 0.6 * BRAKING * way.STEP_M * np.arange(len(bend))).min())
