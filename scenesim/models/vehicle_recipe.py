"""Recipes of vehicles: what their numbers mean, and the reader that checks them.

Lengths are in metres. s is the distance behind the foremost point, z the height above the ground, y that from the middle.
"wrap" is y + 0.8 s (at the rear: 0.8 times the distance before the rearmost point): a plane for lamps that run round a corner.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, TypeVar

from scenesim.base import assets
from scenesim.base.errors import InputError, Place, did_you_mean

Numbers = tuple[float, ...]
Points = tuple[tuple[float, ...], ...]
R = TypeVar("R")


@dataclass(frozen=True)
class Panel:
    """A piece of the front or the rear, seen from there: outline (y, z), rounding of its corners, material."""

    outline: Points
    radius: float
    material: str


Panels = tuple[Panel, ...]
Rows = tuple[dict[str, Any], ...]  # of models/kit.py and models/livery.py, which say and check what is in them


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What every vehicle has.

    overall_height_m: with what stands on the roof, where that is higher. coat: material of the body where it has one colour; ""
    where the actor's paint is drawn. livery: what is painted on the skin. parts: what is put on. beacons_m: (s, |y|, z) of its
    blue lights, which flash in turn. coupling_m: (s, z) of the point where it tows, or is towed. tows: the trailer that it has
    behind it in traffic.
    """

    family: str
    class_name: str
    length_m: float
    width_m: float
    height_m: float
    wheelbase_m: float
    front_overhang_m: float
    clearance_m: float
    tyre_diameter_m: float
    tyre_width_m: float
    overall_height_m: float = 0.0
    coat: str = ""
    livery: Rows = ()
    parts: Rows = ()
    beacons_m: Points = ()
    coupling_m: Numbers = ()
    tows: str = ""
    market: str = "germany"  # country whose plates it has, and for whose side of the road it is made
    name: str = ""  # of the recipe, which decides what stands on its plates


@dataclass(frozen=True, kw_only=True)
class Car(Recipe):
    """A car, pick-up or van: one box lattice, formed by these numbers.

    Points are (s, z). screen_base, screen_top, roof_end: the middle of the roof line. deck, tail_edge: of the boot lid.
    belt: height of the side windows' foot at the screen, and at the rear. nose_profile, tail_profile: how far the six rows from
    the floor to the bonnet are set back. window_end: (s at the top, s at the foot, height above the belt there).
    """

    screen_base_m: Numbers
    screen_top_m: Numbers
    roof_end_m: Numbers
    bonnet_front_m: float
    nose_height_m: float
    belt_m: Numbers
    tail_profile_m: Numbers
    pillar_m: float  # s of the middle pillar
    window_end_m: Numbers
    headlamp_wrap_m: Points
    taillamp_wrap_m: Points
    plate_front_m: float
    plate_rear_m: float
    handles_m: Points  # (s, depth below the belt)
    front: Panels
    rear: Panels = ()
    boot: bool = False  # three boxes instead of two
    deck_m: Numbers = ()
    tail_edge_m: Numbers = ()
    nose_profile_m: Numbers = ()
    tail_rows_m: Numbers = ()
    roof_peak: float = 0.4
    roof_width: float = 0.68
    roof_taper: float = 0.93
    crown_m: float = 0.055
    belt_width: float = 0.908
    bonnet_width: float = 1.0
    nose_width: float = 0.80
    tail_width: float = 0.86
    nose_bow_m: float = 0.14
    tail_bow_m: float = 0.15
    screen_curve_m: float = 0.17
    rear_pillar_m: float = 0.10
    arch_gap_m: float = 0.055
    flare_m: float = 0.022
    track_inset_m: float = 0.03
    cladding_m: float = 0.0
    window_front_m: float = 0.17
    window_top_m: float = 0.042
    pillar_lean: float = 0.10
    panes_m: Points = ()
    chrome_windows: bool = False
    rear_glass_m: Numbers = ()
    upright_rear_glass: bool = False
    rear_doors: bool = False  # two leaves instead of a tailgate
    tailgate_m: float = 0.5
    door_front_m: float = 0.0
    door_end_m: float = 0.0
    back_door: bool = True
    sliding_door: bool = False
    slats_m: Numbers = ()  # first, last, step in z
    slats_chrome: bool = True
    projectors_wrap_m: Points = ()  # (wrap, z, radius)
    daylight_wrap_m: Points = ()
    reverse_wrap_m: Points = ()
    bed_m: Numbers = ()  # s of the front and rear, half width, floor
    bumper: bool = False
    rails: bool = False
    exhaust: bool = True
    mirror_m: Numbers = (0.11, 0.21, 0.145)
    wheel: str = "alloy"
    spokes: int = 5
    rim: float = 0.70
    hip_m: float = 0.0
    hip_behind_nose_m: float = 0.0
    rear_seat: bool = True
    rear_pitch_m: float = 0.80
    open_top: bool = False  # no roof: a windscreen, and the cockpit of bed_m


@dataclass(frozen=True, kw_only=True)
class Boxy(Recipe):
    """A body like a box: a bus, or the cab of a lorry. rows: heights of the upper five rows of the side. row_width: shares of
    the half width of all six. stations: s. front_profile, rear_profile: how far the rows are set back."""

    rows_m: Numbers
    row_width: Numbers
    stations_m: Numbers
    front_profile_m: Numbers
    rear_profile_m: Numbers
    front_bow_m: float
    rear_bow_m: float
    front_width: float
    rear_width: float
    crown_m: float
    screen_m: Numbers  # z of its foot and its top
    window_m: Numbers  # z of the side windows' foot and top
    headlamp_wrap_m: Points
    projectors_wrap_m: Points
    plate_front_m: float
    plate_rear_m: float
    front: Panels = ()
    slats_m: Numbers = ()
    door_m: Points = ()  # (first s, last s)
    pillars_m: Numbers = ()
    hip_m: float = 1.0
    hip_behind_nose_m: float = 1.3
    cab_length_m: float = 0.0
    cab_width_m: float = 0.0
    cab_height_m: float = 0.0
    cargo_floor_m: float = 0.0
    section: str = "whole"  # of a bus or tram: "front", "middle" or "rear"; the joint is at its coupling
    gangway_m: float = 0.0  # the skin of a section that is drawn begins so far behind its foremost point
    roof_units: bool = True  # which make up 0.1 m of the height
    deck_m: float = 0.0  # height of the floor; just above the clearance if 0
    rear_glass_m: Numbers = (1.65, 2.45)
    seat_pitch_m: float = 0.82
    cargo: bool = True  # a box body; what other bodies are made of is in parts
    more_axles_m: Numbers = ()  # s of further axles behind


@dataclass(frozen=True, kw_only=True)
class TwoWheeler(Recipe):
    """A bicycle, a motorcycle or the like with its rider. height_m_empty: without a rider, where the shape depends on it."""

    rear_tyre_diameter_m: float
    rear_tyre_width_m: float
    height_m_empty: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Kit(Recipe):
    """A body that is all `parts`: trailers, and machines. wheels_m: (s, y, diameter, width) of those of the left side, or in
    the middle where y is 0; those of steered_m (their s) steer. drawn: it is a trailer. lamps_m: (s, |y|, z) of its low beams.
    seat_m: (s, y, z) of who drives it."""

    wheels_m: Points
    wheel: str = "steel"
    rim: float = 0.62
    steered_m: Numbers = ()
    drawn: bool = False
    lamps_m: Points = ()
    seat_m: Numbers = ()


FAMILIES: dict[str, type[Recipe]] = {
    "car": Car,
    "bus": Boxy,
    "lorry": Boxy,
    "bicycle": TwoWheeler,
    "motorcycle": TwoWheeler,
    "scooter": TwoWheeler,
    "e_scooter": TwoWheeler,
    "cargo_bike": TwoWheeler,
    "kit": Kit,
}


def is_drawn(recipe: Recipe) -> bool:
    """Whether it is a trailer, or a section that follows another."""
    return (isinstance(recipe, Kit) and recipe.drawn) or (isinstance(recipe, Boxy) and recipe.section in ("middle", "rear"))


@cache
def read(name: str) -> Recipe:
    """The recipe of a vehicle. Raises InputError if there is none, or for a value that it cannot have."""
    known = [n for n in assets.names("vehicles") if n != "paints"]
    if name not in known:
        raise InputError(f'no vehicle "{name}"{did_you_mean(name, known)}')
    place = Place(str(assets.folder("assets") / "vehicles" / f"{name}.yaml"))
    return checked(values_of(name), place)


def values_of(name: str) -> dict[str, Any]:
    """The plain values of a recipe, with those of the one that it is `like`."""
    values = dict(assets.read("vehicles", name))
    return {**values_of(values.pop("like")), **values} if "like" in values else values


def checked(values: dict[str, Any], place: Place | None = None) -> Recipe:
    """A recipe of plain values. Raises InputError for an unknown key, a missing one, or a value of the wrong kind."""
    family = values.get("family")
    if family not in FAMILIES:
        raise InputError(f'no family of vehicles "{family}"{did_you_mean(str(family), FAMILIES)}', place)
    return _of(FAMILIES[family], values, place)


def _of(cls: type[R], values: dict[str, Any], place: Place | None) -> R:
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise InputError(f'a vehicle has no "{key}"{did_you_mean(key, known)}', place)
    missing = [n for n, f in known.items() if f.default is MISSING and n not in values]
    if missing:
        raise InputError(f"{', '.join(missing)} must be given", place)
    return cls(**{k: _value(k, v, str(known[k].type), place) for k, v in values.items()})


def _value(key: str, value: Any, kind: str, place: Place | None) -> Any:
    """A value in its Python type. Raises InputError."""
    if kind in ("str", "bool", "int"):
        if type(value).__name__ == kind:
            return value
        raise InputError(f"{key}: {value!r} should be {PLAIN[kind]}", place)
    if kind == "float":
        number = _number(key, value, place)
        if number < 0 or (number == 0 and key in SIZES):
            raise InputError(f"{key}: {value!r} should be above 0", place)
        return number
    if not isinstance(value, list):
        raise InputError(f"{key}: {value!r} should be a list", place)
    if kind == "Numbers":
        return tuple(_number(key, v, place) for v in value)
    if kind == "Points":
        return tuple(tuple(_number(key, x, place) for x in (v if isinstance(v, list) else [v])) for v in value)
    if kind == "Rows":
        if not all(isinstance(v, dict) for v in value):
            raise InputError(f"{key}: {value!r} should be a list of dictionaries", place)
        return tuple(value)
    return tuple(_panel(key, v, place) for v in value)


PLAIN = {"str": "a word", "bool": "true or false", "int": "a whole number"}
SIZES = ("length_m", "width_m", "height_m", "wheelbase_m", "front_overhang_m", "clearance_m", "tyre_diameter_m", "tyre_width_m")


def _number(key: str, value: Any, place: Place | None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"{key}: {value!r} should be a number", place)
    return float(value)


def _panel(key: str, value: Any, place: Place | None) -> Panel:
    if not isinstance(value, dict) or set(value) != {"outline_m", "radius_m", "material"}:
        raise InputError(f"{key}: {value!r} should have outline_m, radius_m and material", place)
    outline = _value(key, value["outline_m"], "Points", place)
    return Panel(outline, _number(key, value["radius_m"], place), _value(key, value["material"], "str", place))
