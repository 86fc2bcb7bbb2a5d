"""The road network that a scenario asks for: a map read, or a place built."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenesim.models.kept import digest
from scenesim.scenario import opendrive, places
from scenesim.scenario.kerbs import with_kerbs
from scenesim.scenario.model import Place, RoadSource
from scenesim.scenario.network import Network

STYLES = {"town": places.TOWN, "rural": places.COUNTRY, "motorway": places.MOTORWAY}
BUILDERS = {"straight": places.straight, "curve": places.curve, "hill": places.hill, "crossing": places.crossing}
# Field of a Place -> argument of the builders in scenario.places.
ARGUMENTS = {
    "length_m": "length_m", "radius_m": "radius_m", "height_m": "height_m", "arms": "arms", "corner_radius_m": "corner_m",
    "control": "control", "crosswalks": "crosswalks",
}  # fmt: skip


def network(source: RoadSource) -> Network:
    """The network of a road source. Raises InputError where the map cannot be read, or the place cannot be built."""
    if source.opendrive is not None:
        found = opendrive.read(Path(source.opendrive))
        return with_kerbs(found) if source.kerbs else found
    assert source.place is not None
    arguments: dict[str, Any] = {}
    for field, argument in ARGUMENTS.items():
        value = getattr(source.place, field)
        if value is not None:
            arguments["arm_m" if (field, source.place.kind) == ("length_m", "crossing") else argument] = value
    if source.place.angle_deg is not None:
        arguments["angle_rad"] = math.radians(source.place.angle_deg)
    return BUILDERS[source.place.kind](style(source.place), **arguments)


def identity(source: RoadSource) -> str:
    """What the network of a source follows from: the place's values, or the map's bytes."""
    if source.opendrive is None:
        return repr(source.place)
    return f"{digest([Path(source.opendrive)])} {source.kerbs}"


def style(place: Place) -> places.Style:
    """What a procedural road is made of: as usual for its kind, with what the place changes."""
    names = ("lanes", "lane_width_m", "sidewalk_m", "parking_m", "shoulder_m", "verge_m")
    changes: dict[str, Any] = {n: getattr(place, n) for n in names if getattr(place, n) is not None}
    if place.speed_limit_km_per_h is not None:
        changes["speed_m_s"] = place.speed_limit_km_per_h / 3.6
    return replace(STYLES[place.road_type], left_hand=place.left_hand_traffic, yellow=place.yellow_centre_line, **changes)
