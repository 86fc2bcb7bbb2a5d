"""Who goes first where the ways of two drivers meet: signs, then who turns across, then who comes from the right.

Lights are heeded elsewhere (signals.py); behind them only who turns across oncoming traffic still gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.world.route import Route

Array = NDArray[np.float64]

GIVE_WAY_CODES = frozenset({"205", "206", "R1-1", "R1-2"})  # yield and stop: StVO, annex 2, and MUTCD 2B
APART_M = 0.3  # between two bodies on ways that do not meet
BEFORE_M, AFTER_M = 14.0, 10.0  # how far from a meeting it shows where a way comes from and goes to
SIGN_WITHIN_M = 30.0  # before a meeting a sign is still about it
FOLLOWING_RAD, ONCOMING_RAD, TURN_RAD = np.radians((25.0, 140.0, 30.0))
MERGE_M = 10.0  # behind this much of a common way they follow each other
SPARE_S = (
    1.0  # left between one and the other. source: critical gaps of drivers at signs are 5 to 7 s in all (HCM 2010, ch. 19)
)
FIRM_BRAKING_M_S2 = 3.5  # who cannot stop with this any more, goes
SLOW_M_S = 1.5  # who stands before the meeting may come at any time; as if it came like this
STANDS_M_S = 0.5
HOLD_M = 1.2  # before the other's way


@dataclass(frozen=True)
class Line:
    """A way, sampled every step_m from its start: positions (n, 2) and headings (n,), unwrapped, rad. signs_m: distances on it
    of the signs that make it give way. width_m: of who goes there. left_hand: on which side the road drives."""

    xy: Array
    heading: Array
    step_m: float
    signs_m: tuple[float, ...]
    width_m: float
    lights: bool
    left_hand: bool


@dataclass(frozen=True)
class Meeting:
    """Where a driver gives way: to whom, and the part of each one's way, m from its start, that the other needs."""

    other: int
    enter_m: float
    leave_m: float
    other_enter_m: float
    other_leave_m: float

    def holds(
        self, front_m: float, rear_m: float, speed: float, other_front: float, other_rear: float, other_speed: float
    ) -> bool:
        """Whether who gives way must wait, by where both are on their ways and how fast (m/s)."""
        room = self.enter_m - front_m
        if room < 0.0 or room < speed * speed / (2 * FIRM_BRAKING_M_S2) or other_rear > self.other_leave_m:
            return False
        pace = max(other_speed, SLOW_M_S)
        there, gone = (self.other_enter_m - other_front) / pace, (self.other_leave_m - other_rear) / pace
        arrives = room / max(speed, 2.0)
        clears = _time_for(self.leave_m - rear_m, speed)
        return there < clears + SPARE_S and gone > arrives - SPARE_S


def _time_for(distance: float, speed: float, pull: float = 1.2) -> float:
    """Until a distance is driven by who pulls away."""
    return float((np.sqrt(speed * speed + 2 * pull * max(distance, 0.0)) - speed) / pull)


def signs(route: Route) -> tuple[float, ...]:
    """Distances along a route of signs that make it give way."""
    found = []
    for k, q in enumerate(route.stretches):
        inside = np.flatnonzero(route.stretch == k)
        along = 1.0 if q.s_to >= q.s_from else -1.0
        for signal in route.map.surfaces[q.lane.road].road.signals:
            faces = signal.orientation in ("none", "+" if along > 0 else "-")
            if len(inside) and signal.kind in GIVE_WAY_CODES and faces:
                if min(q.s_from, q.s_to) - 1.0 <= signal.s <= max(q.s_from, q.s_to) + 1.0:
                    found.append(float(np.interp(along * signal.s, along * route.s[inside], route.distance_m[inside])))
    return tuple(sorted(found))


def meetings(lines: Sequence[Line]) -> list[list[Meeting]]:
    """For each way the meetings at which it gives way."""
    out: list[list[Meeting]] = [[] for _ in lines]
    boxes = [(line.xy.min(0), line.xy.max(0)) for line in lines]
    for i, a in enumerate(lines):
        for j in range(i):
            b = lines[j]
            near = (a.width_m + b.width_m) / 2 + APART_M
            if np.any(boxes[i][0] > boxes[j][1] + near) or np.any(boxes[j][0] > boxes[i][1] + near):
                continue
            met = _meet(a, b, near)
            if met is None:
                continue
            at, there = met
            first = _first_gives_way(a, b, at[0], there[0])
            if first is None:
                continue
            mine, other = (at, there) if first else (there, at)
            one = lines[i] if first else lines[j]
            two = lines[j] if first else lines[i]
            out[i if first else j].append(
                Meeting(j if first else i, *(k * one.step_m for k in mine), *(k * two.step_m for k in other))
            )
    return out


def who_begins(waits: Sequence[set[int]], speed: Array) -> set[int]:
    """Of drivers who stand and wait for each other in a circle, the first: those who go all the same. waits: for each the
    drivers that it lets pass; speed: (N,) m/s."""
    begins = set()
    for i, others in enumerate(waits):
        if not others:
            continue
        reached: set[int] = set()
        ahead = set(others)
        while ahead:
            j = ahead.pop()
            if j not in reached:
                reached.add(j)
                ahead |= waits[j]
        circle = {j for j in reached if waits[j]}
        if i in circle and i == min(circle) and all(speed[j] < STANDS_M_S for j in circle if j != i):
            begins.add(i)
    return begins


def _meet(a: Line, b: Line, near: float) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """(first, last) sample of either way within `near` of the other, where they first meet; None where they do not, where one
    follows the other from the start, and where they pass each other."""
    stride = 2
    p, q = a.xy[::stride], b.xy[::stride]
    apart = p[:, None] - q[None]
    close = (apart * apart).sum(-1) < near * near
    rows = np.flatnonzero(close.any(1))
    if len(rows) == 0:
        return None
    k = int(rows[0])
    m = int(np.flatnonzero(close[k])[0])
    if k == 0 or m == 0:
        return None
    turn = abs(np.remainder(a.heading[k * stride] - b.heading[m * stride] + np.pi, 2 * np.pi) - np.pi)
    if turn > np.pi - FOLLOWING_RAD / 2:
        return None
    gaps = np.flatnonzero(np.diff(rows) > 4)
    last_k = int(rows[gaps[0]]) if len(gaps) else int(rows[-1])
    columns = np.flatnonzero(close[k : last_k + 1].any(0))
    first_m, last_m = int(columns[0]), int(columns[-1])
    longest = int(MERGE_M / (a.step_m * stride))
    last_k, last_m = min(last_k, k + longest), min(last_m, first_m + longest)
    return (k * stride, last_k * stride), (first_m * stride, last_m * stride)


def _first_gives_way(a: Line, b: Line, k: int, m: int) -> bool | None:
    """Whether a gives way to b where they meet at samples k and m; None where neither does."""
    signed = [any(at * x.step_m - SIGN_WITHIN_M < s < at * x.step_m + 2.0 for s in x.signs_m) for x, at in ((a, k), (b, m))]
    if signed[0] != signed[1]:
        return signed[0]
    from_a, from_b = _heading(a, k, -BEFORE_M), _heading(b, m, -BEFORE_M)
    turns = [_wrap(_heading(x, at, AFTER_M) - h) for x, at, h in ((a, k, from_a), (b, m, from_b))]
    between = _wrap(from_b - from_a)
    if abs(between) > ONCOMING_RAD:
        across = [t * (-1.0 if a.left_hand else 1.0) > TURN_RAD for t in turns]
        return across[0] if across[0] != across[1] else None
    if abs(between) < FOLLOWING_RAD:
        # Lanes that become one: who swerves lets the other pass.
        return abs(turns[0]) > abs(turns[1])
    if a.lights and b.lights:
        return None
    return between > 0.0


def _heading(line: Line, k: int, further_m: float) -> float:
    return float(line.heading[min(max(k + int(further_m / line.step_m), 0), len(line.heading) - 1)])


def _wrap(angle: float) -> float:
    return float(np.remainder(angle + np.pi, 2 * np.pi) - np.pi)
