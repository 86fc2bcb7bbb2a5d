"""Plumes behind vehicles: spray off wet roads, exhaust that condenses in the cold, dust off dry roads.

A tyre takes up the film of water in its path. Some of it is torn into drops so small that they float in the wake: none below
some 8 m/s, and then more and more (Flintsch, Viner and Dunford 2014, the splash and spray assessment tool of the FHWA, after
Weir et al. 1978: water taken up is film times width times speed, and what becomes spray grows with the square of the speed or
more). That water W (m2: film times widths times the share that floats) is spread over the cross-section A of the wake; with
drops of a mean radius r, seen with twice their cross-section, its extinction is 1.5 W / (r A). The share is set so that a
lorry at 25 m/s on 1 mm of water lets about a third of the light through along 10 m of its wake, as in heavy rain (by eye,
from photographs; transmissometers beside test tracks find losses of that order behind lorries). Where it has thinned out, the
mist that is left has 0.0045 to 0.017 per m (100 droplets per cm3 of 2 and 4 um: Rasshofer et al. 2011;
`sensors.ranging.droplets_per_m`). It ends some 15 m behind cars, and is 2 to 4 m high at most behind lorries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scenesim.base.errors import InputError
from scenesim.models import vehicle_recipe
from scenesim.models.vehicle_recipe import Boxy, Recipe, TwoWheeler

SPRAY, EXHAUST, DUST = 0, 1, 2
KINDS = ("spray", "exhaust", "dust")
# Extinction over backscatter, sr. Water drops: as fog; exhaust is fog. Mineral dust: 50 (Mueller et al. 2007, Saharan: 55).
LIDAR_RATIO_SR = (18.8, 18.8, 50.0)
ALBEDO = ((0.97, 0.97, 0.97), (0.97, 0.97, 0.97), (0.86, 0.74, 0.58))
DROP_M = 1.0e-4  # mean radius of drops that float: the larger ones fall back at once
FLOATS = 0.15  # of the water taken up at FAST_M_S
FAST_M_S, ONSET_M_S = 25.0, (6.0, 16.0)
MEAN_OF_SHAPE = 0.17  # of a plume's density over its greatest, across its cross-section (kernels.plumes.density)
LEAST_PER_M = 2e-3  # plumes that are never denser are left out


@dataclass(frozen=True)
class Plume:
    """What one vehicle drags behind it.

    kind: of KINDS. mouths_m: x in the actor's frame where it is made, from the front, of which the last is the rear one; before
    that it keeps to the vehicle. left_m: how far it begins to the left of the middle. half_width_m, height_m: at the rear
    mouth; widens, rises: m they grow by for each m of way, up to highest_m. track_m: half the distance between the wheels,
    where it is densest at first. water_m2, at 1 mm of film and FAST_M_S: W above; or the extinction itself, per m, of what is
    no spray. drag: share of the vehicle's velocity that it has at first, for carried_s. drift_m_s: backwards out of a pipe.
    lift_m_s. life_s: in which it thins to 1 / e. lasts_s: until it is left out. clump_m: size of its clumps. uneven: standard
    deviation of the logarithm of their density."""

    kind: int
    mouths_m: tuple[float, ...]
    left_m: float
    half_width_m: float
    height_m: float
    highest_m: float
    widens: float
    rises: float
    track_m: float
    amount: float
    drag: float
    carried_s: float
    drift_m_s: float
    lift_m_s: float
    life_s: float
    lasts_s: float
    clump_m: float
    uneven: float


def film_mm(wetness: float) -> float:
    """Water on a road of a wetness (0 dry to 1 soaked): 1 mm when soaked, half of that in rain of 10 mm/h, as the formula of
    the Road Research Laboratory has it for two lanes (Russam and Ross 1968, recalled)."""
    return wetness**3


def floating(speed_m_s: float) -> float:
    """Share of the water that tyres take up which becomes spray."""
    low, high = ONSET_M_S
    u = min(max((speed_m_s - low) / (high - low), 0.0), 1.0)
    return FLOATS * (speed_m_s / FAST_M_S) ** 2 * u * u * (3.0 - 2.0 * u)


def extinction_per_m(plume: Plume, speed_m_s: float, amount: float) -> float:
    """Greatest extinction of a plume at its rear mouth. amount: mm of film for spray, 0 to 1 for dust and exhaust."""
    if plume.kind == SPRAY:
        across = 2.0 * plume.half_width_m * plume.height_m * MEAN_OF_SHAPE
        return 1.5 * plume.amount * 1e-3 * amount * floating(speed_m_s) / (DROP_M * across)
    if plume.kind == DUST:
        return plume.amount * amount * min(speed_m_s / 12.0, 2.0) ** 1.5
    return plume.amount * amount / (1.0 + speed_m_s / 3.0)  # more air goes through the pipe's place the faster it goes


@lru_cache(maxsize=64)
def plume(kind: int, name: str) -> Plume | None:
    """What a vehicle of a recipe drags behind it; None for what drags none, such as a bicycle's exhaust."""
    try:
        recipe = vehicle_recipe.read(name)
    except InputError:
        return None
    if isinstance(recipe, TwoWheeler) and (recipe.family == "bicycle" or kind != SPRAY):
        return None
    return _exhaust(recipe) if kind == EXHAUST else _of_wheels(kind, recipe)


def _of_wheels(kind: int, r: Recipe) -> Plume:
    """Of spray and dust: as wide as the vehicle, from its rear wheels on; a lorry's front wheels spray past its sides too."""
    heavy = isinstance(r, Boxy)
    tyres = 1 if isinstance(r, TwoWheeler) else 4 if heavy else 2  # twins behind; front tyres run in the same path
    track = max(0.5 * r.width_m - (0.35 if heavy else 0.16), 0.12)
    height = (0.5 if heavy else 0.5) * r.height_m
    return Plume(
        kind,
        (r.wheelbase_m - 0.3, -0.1) if heavy else (-0.1,),
        0.0,
        0.5 * r.width_m + (0.35 if heavy else 0.2),
        height,
        (1.15 if heavy else 1.35) * r.height_m,
        0.06 if heavy else 0.05,
        0.10 if heavy else 0.07,
        track,
        tyres * r.tyre_width_m if kind == SPRAY else (0.5 if heavy else 0.35),
        0.35 if heavy else 0.2,
        0.6,
        0.0,
        0.0,
        (0.6 if heavy else 0.35) * (1.0 if kind == SPRAY else 4.0),
        (1.7 if heavy else 1.0) * (1.0 if kind == SPRAY else 3.0),
        1.5 if heavy else 0.8,
        1.3 if kind == SPRAY else 0.7,
    )


def _exhaust(r: Recipe) -> Plume:
    """A cloud of fog from the pipe on the left behind; buses and lorries have it too."""
    return Plume(
        EXHAUST, (r.wheelbase_m + r.front_overhang_m - r.length_m - 0.02,), 0.28 * r.width_m, 0.16, 0.5, 2.6, 0.22, 0.28, 0.1,
        12.0, 0.05, 0.8, 1.3, 0.25, 1.8, 3.2, 0.35, 0.8,
    )  # fmt: skip


def fog_of(share: float) -> float:
    """How much of an engine's exhaust condenses: 0 to 1, from how wintry it is."""
    return math.sqrt(max(share, 0.0))
