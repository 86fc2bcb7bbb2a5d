"""Procedural places: straight, curve, hill and crossing, as the same network that an OpenDRIVE map fills."""

from __future__ import annotations

import math
from dataclasses import replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics, Piece
from scenesim.scenario.junctions import crossing
from scenesim.scenario.network import Network
from scenesim.scenario.pieces import after, line, positive, road, section
from scenesim.scenario.style import COUNTRY, MOTORWAY, TOWN, Style

__all__ = ["COUNTRY", "MOTORWAY", "TOWN", "Style", "crossing", "curve", "hill", "straight"]


def straight(style: Style, length_m: float = 300.0) -> Network:
    """A straight road along x."""
    return _single("straight", style, [line(0, 0, 0, 0, positive(length_m, "length_m"))])


def curve(style: Style, length_m: float = 300.0, radius_m: float = 80.0, angle_rad: float = math.pi / 2) -> Network:
    """Straight, clothoid, arc, clothoid, straight; a positive angle turns left."""
    positive(radius_m, "radius_m")
    least = style.paved_m + style.sidewalk_m + style.verge_m + 3.0
    if radius_m < least:
        raise InputError(f"radius_m: {radius_m:g} m is less than this road's half width; at least {least:.0f} m")
    if not 0.05 <= abs(angle_rad) <= 2 * math.pi:
        raise InputError(f"angle_rad: {angle_rad:g} rad; 0.05 to 6.28 are possible, negative to the right")
    k = math.copysign(1 / radius_m, angle_rad)
    clothoid = abs(angle_rad) / 3 * radius_m  # turns by half its length times k: a sixth of the angle
    arc = abs(angle_rad) * 2 / 3 * radius_m
    lead = max((length_m - 2 * clothoid - arc) / 2, 20.0)
    pieces = [line(0, 0, 0, 0, lead)]
    for kind, length, parameters in (
        ("spiral", clothoid, (0.0, k)), ("arc", arc, (k,)), ("spiral", clothoid, (k, 0.0)), ("line", lead, ()),
    ):  # fmt: skip
        pieces.append(after(pieces[-1], kind, length, parameters))
    return _single("curve", style, pieces)


def hill(style: Style, length_m: float = 400.0, height_m: float = 12.0) -> Network:
    """A straight road over a crest of height_m (negative: a dip) in the middle."""
    positive(length_m, "length_m")
    if abs(height_m) > 0.1 * length_m:
        raise InputError(f"height_m: {height_m:g} m over {length_m:g} m is too steep; at most {0.1 * length_m:g} m")
    flat, ramp = 0.15 * length_m, 0.35 * length_m

    def rise(start: float, low: float, high: float) -> tuple[float, float, float, float, float]:
        return start, low, 0.0, 3 * (high - low) / ramp**2, -2 * (high - low) / ramp**3

    profile = [(0.0, 0.0, 0.0, 0.0, 0.0), rise(flat, 0.0, height_m), rise(flat + ramp, height_m, 0.0),
               (flat + 2 * ramp, 0.0, 0.0, 0.0, 0.0)]  # fmt: skip
    network = _single("hill", style, [line(0, 0, 0, 0, length_m)])
    over = replace(network.roads["1"], elevation=Cubics.of(profile))
    return replace(network, roads={"1": over})


def _single(name: str, style: Style, pieces: list[Piece]) -> Network:
    return Network(name, {"1": road("1", style, pieces, section(style))})
