"""Traffic lights: which way they look, what they show when, and where they stop the traffic of a route."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenesim.scenario.network import BUS_STOP, CLOSED_GATE, TOLL_GATE, Signal
from scenesim.world.road import RoadSurface
from scenesim.world.route import Route

LIGHT_CODES = frozenset(
    {"1000001", "1000009", "1000011", "1000012", "1000013", "1000014", "1000003"}
)  # types of lights for vehicles in OpenDRIVE's own catalogue
# A plan of fixed times with one stage for each axis of a crossing. source: RiLSA 2015: 3 s of amber where 50 km/h is allowed,
# 1 s of red and amber, and at least some 5 s between the greens of streams that cross.
GREEN_S, AMBER_S, ALL_RED_S, RED_AMBER_S = 24.0, 3.0, 2.0, 1.0
STAGE_S = GREEN_S + AMBER_S + ALL_RED_S + RED_AMBER_S
ELAPSED_S = 12.0  # of the first axis' green when a scenario begins
EASY_BRAKING_M_S2 = 3.0  # at amber, whoever can stop with this, stops
# How long one stands at a booth, and a bus at its stop (recalled: some 300 vehicles an hour and gate).
PAY_S, BOARD_S = 6.0, 12.0
STAND_BEYOND_M = 3.2  # the front bumper beyond the middle of a booth or a stop, and the gap that drivers leave before a line
STOP_BEFORE_M = 1.6  # from a light to the bumper of who waits: the stop line, and a step back

STAYS_S = {TOLL_GATE: PAY_S, BUS_STOP: BOARD_S}


def face_yaw(surface: RoadSurface, signal: Signal) -> float:
    """World yaw to which a signal looks: one for traffic along s looks against s."""
    s = min(max(signal.s, 0.0), surface.road.length)
    yaw = float(surface.pose(s, signal.t).yaw())
    return yaw + signal.heading + (0.0 if signal.orientation == "-" else np.pi)


def phase_yaw(surface: RoadSurface, signal: Signal) -> float:
    """The yaw by which a light has its turn: its own, but for one that says its stage, as where roads meet askew."""
    if signal.subtype.startswith("stage"):
        return int(signal.subtype.removeprefix("stage")) * np.pi / 2
    return face_yaw(surface, signal)


def color(yaw: float, time_s: float = 0.0) -> str:
    """What a light that looks to `yaw` shows: "green", "amber", "red" or "red_amber". The lights of one axis of a crossing have
    their stage while those across it are red."""
    axis = int(round(4 * yaw / np.pi)) // 2 % 2
    t = (time_s + ELAPSED_S - axis * STAGE_S) % (2 * STAGE_S)
    if t < GREEN_S:
        return "green"
    if t < GREEN_S + AMBER_S:
        return "amber"
    return "red" if t < 2 * STAGE_S - RED_AMBER_S else "red_amber"


@dataclass(frozen=True)
class Stop:
    """Where the front bumper of who follows a route waits at a light: its distance, and the yaw by which it has its turn;
    closed: whether it stops everybody always. stay_s: how long one stands there, once, to go on then; 0 at lights."""

    distance_m: float
    yaw: float
    closed: bool = False
    stay_s: float = 0.0

    def holds(self, time_s: float, gap_m: float, speed_m_s: float) -> bool:
        """Whether it stops who is `gap_m` before it: at red, and at amber where there is room to brake."""
        if self.closed or self.stay_s > 0.0:
            return True
        now = color(self.yaw, time_s)
        return now.startswith("red") or (now == "amber" and gap_m >= speed_m_s**2 / (2 * EASY_BRAKING_M_S2))


def stops(route: Route, is_bus: bool = False) -> list[Stop]:
    """The lights of a route, in their order, and where else one stops on it."""
    found = []
    for k, q in enumerate(route.stretches):
        inside = np.flatnonzero(route.stretch == k)
        if len(inside) == 0:
            continue
        surface = route.map.surfaces[q.lane.road]
        along = q.s_to >= q.s_from
        for signal in surface.road.signals:
            is_light = (signal.dynamic or signal.kind in LIGHT_CODES) and (is_bus or signal.kind != BUS_STOP)
            faces = signal.orientation in ("none", "+" if along else "-")
            within = min(q.s_from, q.s_to) <= signal.s <= max(q.s_from, q.s_to)
            if is_light and faces and within:
                s = route.s[inside]
                d = (
                    np.interp(signal.s, s, route.distance_m[inside])
                    if along
                    else np.interp(-signal.s, -s, route.distance_m[inside])
                )
                stay = STAYS_S.get(signal.kind, 0.0)
                before = STOP_BEFORE_M if stay == 0.0 else -STAND_BEYOND_M
                found.append(Stop(float(d) - before, phase_yaw(surface, signal), signal.kind == CLOSED_GATE, stay))
    return sorted((p for p in found if p.distance_m > 0.0), key=lambda p: p.distance_m)
