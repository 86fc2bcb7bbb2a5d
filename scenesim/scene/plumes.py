"""Plumes of a timeline frozen over the interval of a trigger: where what vehicles have thrown up is now.

A cross-section is what a vehicle made some time ago, where it was then, carried along by its wake and the wind since: a pure
function of the timeline and the time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels import plumes as kernels
from scenesim.models import plume as laws
from scenesim.models.model import WHEEL_M
from scenesim.models.plume import DUST, EXHAUST, SPRAY, Plume
from scenesim.world.timeline import State, Timeline

KNOTS = 12
REACH_M = 140.0  # of the ego; further plumes are smaller than the pixels that they dim
RUNNING = 1 | 2 | 8  # lamps by which a standing vehicle is known to have its engine on: position, low beam, brake
WIND_BY_THE_ROAD = 0.6  # of the wind at 10 m, for which it is given


@dataclass(frozen=True)
class Stirred:
    """What makes plumes, the same for a whole scenario. film_mm: water on the road. dusty: 0 to 1. cold: 0 to 1, how much of
    exhausts condenses. wind_m_s: (2,)."""

    film_mm: float = 0.0
    dusty: float = 0.0
    cold: float = 0.0
    wind_m_s: tuple[float, float] = (0.0, 0.0)

    def kinds(self) -> tuple[tuple[int, float], ...]:
        """(kind, amount) of the plumes that there may be."""
        return tuple((k, a) for k, a in ((SPRAY, self.film_mm), (EXHAUST, self.cold), (DUST, self.dusty)) if a > 0.0)


def stirred(wetness: float, dusty: float, snow_cover: float, wind_m_s: tuple[float, float]) -> Stirred | None:
    """What a road's wetness, its dust and the snow that lies make of traffic; None where nothing comes of it."""
    found = Stirred(laws.film_mm(wetness), dusty if wetness <= 0.0 else 0.0, laws.fog_of(snow_cover), wind_m_s)
    return found if found.kinds() else None


class _Past:
    """States of a timeline, each asked for once."""

    def __init__(self, timeline: Timeline):
        self.timeline, self.known = timeline, dict[float, State]()

    def __call__(self, time_s: float) -> State:
        if time_s not in self.known:
            self.known[time_s] = self.timeline.state_at(time_s)
        return self.known[time_s]


def at(
    stirred: Stirred, timeline: Timeline, origin_m: NDArray[np.float64], time_s: float, start_s: float, end_s: float
) -> kernels.Plumes | None:
    """Plumes about the ego, in the local frame of an origin, from start_s to end_s; None where there are none."""
    past, knots, traits = _Past(timeline), [], []
    now = past(time_s)
    for row, actor in enumerate(timeline.actors):
        place = now.world_from_actor.translation[row] - origin_m
        if not now.present[row] or actor.model.kind != "vehicle" or float(np.abs(place[:2]).max()) > REACH_M:
            continue
        for kind, amount in stirred.kinds():
            law = laws.plume(kind, actor.model.name)
            if law is None or (kind == EXHAUST and not _runs(past, row, time_s)):
                continue
            ends = [_cross_sections(law, amount, stirred, past, row, t) for t in (start_s, end_s)]
            if max(float(e[:, kernels.DENSE].max()) for e in ends) < laws.LEAST_PER_M:
                continue
            for e in ends:
                e[:, :3] -= origin_m
            knots.append(ends)
            traits.append([kind, law.clump_m, law.uneven, law.track_m, 7919.0 * row + kind, *laws.ALBEDO[kind]])
    if not knots:
        return None
    knot = np.ascontiguousarray(np.array(knots).swapaxes(0, 1))
    return kernels.Plumes(np.array([start_s - time_s, end_s - time_s]), knot, np.array(traits), _bounds(knot))


def _runs(past: _Past, row: int, time_s: float) -> bool:
    """Whether a vehicle has its engine on: it moves, or has lamps lit that a parked one has not."""
    velocity = _velocity(past, row, time_s)
    return bool(int(past(time_s).lamps[row]) & RUNNING) or float((velocity * velocity).sum()) > 0.01


def _cross_sections(law: Plume, amount: float, stirred: Stirred, past: _Past, row: int, time_s: float) -> NDArray[np.float64]:
    """(KNOTS, 8) rows of kernels.plumes at a time, world frame, from the front."""
    out = np.zeros((KNOTS, kernels.KNOT_COLUMNS))
    led = len(law.mouths_m) - 1  # cross-sections that keep to the vehicle
    wind = WIND_BY_THE_ROAD * np.array([*stirred.wind_m_s, 0.0])
    for k in range(KNOTS):
        part = max(k - led, 0) / (KNOTS - 1 - led)
        age = law.lasts_s * part * np.sqrt(part)
        state, velocity = past(time_s - age), _velocity(past, row, time_s - age)
        pose, speed = state.world_from_actor[row], float(np.sqrt((velocity * velocity).sum()))
        x = law.mouths_m[min(k, led)]
        carried = law.carried_s * (1.0 - math.exp(-age / law.carried_s))
        back = pose.rotate(np.array([1.0, 0.0, 0.0]))
        at = pose.apply(np.array([x, law.left_m, 0.0])) + carried * (law.drag * velocity - law.drift_m_s * back) + wind * age
        behind = age * ((1.0 - law.drag) * speed + law.drift_m_s)
        wide = law.half_width_m + law.widens * behind
        room = max(law.highest_m - law.height_m, 0.1)
        high = law.height_m + room * (1.0 - math.exp(-law.rises * behind / room))
        thinner = law.half_width_m * law.height_m / (wide * high) * math.exp(-age / law.life_s)
        fading = min(1.0, 3.0 * (1.0 - part))  # ends softly
        begins = 0.3 if k < led else 1.0
        dense = laws.extinction_per_m(law, speed, amount) * thinner * fading * begins
        travelled = float(state.articulation[row, WHEEL_M]) + (x - law.mouths_m[-1])
        churned = travelled - 1.5 * law.drift_m_s * age  # of one that stands, clumps come out of the pipe
        if law.kind == EXHAUST:
            churned += law.drift_m_s * time_s
        out[k] = *at[:2], at[2] + law.lift_m_s * age, wide, high, dense, churned, math.exp(-age / 0.25)
    return out


def _velocity(past: _Past, row: int, time_s: float) -> NDArray[np.float64]:
    step = 0.05
    a, b = past(time_s - step), past(time_s)
    return (b.world_from_actor.translation[row] - a.world_from_actor.translation[row]) / step


def _bounds(knot: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P, 4) centres and radii of spheres about cross-sections (2, P, K, 8)."""
    middle, reach = knot[..., :3].copy(), 1.35 * np.maximum(knot[..., kernels.WIDE], 0.0)
    high = 1.3 * knot[..., kernels.HIGH]
    middle[..., 2] += 0.5 * high
    own = np.sqrt(reach**2 + (0.5 * high) ** 2)
    low, top = (middle - own[..., None]).min((0, 2)), (middle + own[..., None]).max((0, 2))
    centre = 0.5 * (low + top)
    apart = np.sqrt(((middle - centre[None, :, None]) ** 2).sum(-1)) + own
    return np.concatenate([centre, apart.max((0, 2))[:, None]], 1)
