"""Traffic lights: which way they look, what they show, and where they stop the traffic of a route."""

from __future__ import annotations

import numpy as np

from scenesim.scenario.network import Signal
from scenesim.world.road import RoadSurface
from scenesim.world.route import Route

LIGHT_CODES = frozenset(
    {"1000001", "1000009", "1000011", "1000012", "1000013", "1000014", "1000003"}
)  # types of lights for vehicles in OpenDRIVE's own catalogue
STOP_BEFORE_M = 1.6  # from a light to the bumper of who waits: the stop line, and a step back


def face_yaw(surface: RoadSurface, signal: Signal) -> float:
    """World yaw to which a signal looks: one for traffic along s looks against s."""
    s = min(max(signal.s, 0.0), surface.road.length)
    yaw = float(surface.pose(s, signal.t).yaw())
    return yaw + signal.heading + (0.0 if signal.orientation == "-" else np.pi)


def shows_red(yaw: float) -> bool:
    """Whether a light that looks to `yaw` is red: those of one axis of a crossing are red, those across it green."""
    return int(round(4 * yaw / np.pi)) // 2 % 2 == 1


def stops(route: Route) -> list[float]:
    """Distances along a route, in their order, at which red lights stop the front bumper of who follows it."""
    found = []
    for k, q in enumerate(route.stretches):
        inside = np.flatnonzero(route.stretch == k)
        if len(inside) == 0:
            continue
        surface = route.map.surfaces[q.lane.road]
        along = q.s_to >= q.s_from
        for signal in surface.road.signals:
            is_light = signal.dynamic or signal.kind in LIGHT_CODES
            faces = signal.orientation in ("none", "+" if along else "-")
            within = min(q.s_from, q.s_to) <= signal.s <= max(q.s_from, q.s_to)
            if is_light and faces and within and shows_red(face_yaw(surface, signal)):
                s = route.s[inside]
                d = (
                    np.interp(signal.s, s, route.distance_m[inside])
                    if along
                    else np.interp(-signal.s, -s, route.distance_m[inside])
                )
                found.append(float(d) - STOP_BEFORE_M)
    return sorted(d for d in found if d > 0.0)
