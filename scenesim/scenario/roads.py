"""The road network that a scenario asks for: a map read, or a place built."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenesim.models.kept import digest
from scenesim.scenario import gates, junctions, motorway, opendrive, places, roundabout, streets, structures, town, work_zone
from scenesim.scenario.countries import country
from scenesim.scenario.kerbs import with_kerbs
from scenesim.scenario.mirrored import mirrored
from scenesim.scenario.model import PARAMETERS_OF, RoadSource
from scenesim.scenario.network import Network
from scenesim.scenario.style import COUNTRY, MOTORWAY, TOWN, Style

STYLES = {"town": TOWN, "rural": COUNTRY, "motorway": MOTORWAY}
# Places that know both sides of traffic; the others are built for the right, and mirrored.
ON_BOTH_SIDES: dict[str, Callable[..., Network]] = {
    "straight": places.straight, "curve": places.curve, "hill": places.hill, "crossing": junctions.crossing,
    "junction": junctions.junction, "town": town.town, "car_park": town.car_park,
}  # fmt: skip
BUILDERS: dict[str, Callable[..., Network]] = ON_BOTH_SIDES | {
    "roundabout": roundabout.roundabout, "motorway": motorway.motorway, "work_zone": work_zone.work_zone,
    "arterial": streets.arterial,
    "tram_street": streets.tram_street, "school_zone": streets.school_zone, "lay_by": streets.lay_by,
    "country_road": streets.country_road, "bridge": structures.bridge, "tunnel": structures.tunnel,
    "level_crossing": gates.level_crossing, "toll_plaza": gates.toll_plaza,
}  # fmt: skip
USUAL_TYPE = {"motorway": "motorway", "country_road": "rural", "toll_plaza": "motorway"}  # of places that are of one type only
WITH_ARMS = ("crossing", "junction", "roundabout")
# Field of a Place -> argument of its builder, where they differ.
RENAMED = {"corner_radius_m": "corner_m"}


def network(source: RoadSource) -> Network:
    """The network of a road source. Raises InputError where the map cannot be read, or the place cannot be built."""
    if source.opendrive is not None:
        found = opendrive.read(Path(source.opendrive))
        return with_kerbs(found) if source.kerbs else found
    assert source.place is not None
    place = source.place
    arguments: dict[str, Any] = {}
    for field in ("length_m", *PARAMETERS_OF):
        value = getattr(place, field)
        if value is not None:
            name = RENAMED.get(field, field)
            arguments[name.replace("_deg", "_rad")] = _radians(value) if field.endswith("_deg") else value
    if "length_m" in arguments and place.kind in WITH_ARMS:
        arguments["arm_m"] = arguments.pop("length_m")
    of_place = style(source)
    if place.kind in ON_BOTH_SIDES or not of_place.left_hand:
        return BUILDERS[place.kind](of_place, **arguments)
    return mirrored(BUILDERS[place.kind](replace(of_place, left_hand=False), **arguments), of_place.country)


def _radians(degrees: float | tuple[float, ...]) -> float | tuple[float, ...]:
    return tuple(map(math.radians, degrees)) if isinstance(degrees, tuple) else math.radians(degrees)


def identity(source: RoadSource) -> str:
    """What the network of a source follows from: the place's values, or the map's bytes."""
    if source.opendrive is None:
        return f"{source.place!r} {source.country}"
    return f"{digest([Path(source.opendrive)])} {source.kerbs}"


def style(source: RoadSource) -> Style:
    """What the road of a place is made of: as usual for its kind and country, with what the place changes."""
    place, there = source.place, country(source.country)
    assert place is not None
    names = ("lanes", "lane_width_m", "sidewalk_m", "parking_m", "shoulder_m", "verge_m")
    changes: dict[str, Any] = {n: getattr(place, n) for n in names if getattr(place, n) is not None}
    if place.speed_limit_km_per_h is not None:
        changes["speed_m_s"] = place.speed_limit_km_per_h / 3.6
    left = there.left_hand_traffic if place.left_hand_traffic is None else place.left_hand_traffic
    usual = STYLES[USUAL_TYPE.get(place.kind, place.road_type)]
    return replace(usual, left_hand=left, yellow=place.yellow_centre_line, country=there, **changes)
