"""Roads over roads, and under the ground: a bridge with another road below it, and a tunnel with lamps inside.

Sizes: clearance of 4.5 m and more (RE-ING, RABT; recalled), slopes of ramps of 4 to 6 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.network import Network, Road, RoadObject
from scenesim.scenario.pieces import line, positive, road, section
from scenesim.scenario.style import Style

STEEPEST = 0.06
RING_M = 5.0  # length of the pieces that a tunnel is put together from
LAMP_EVERY = 2  # pieces


def bridge(style: Style, length_m: float = 400.0, height_m: float = 6.5, over: bool = True) -> Network:
    """Two roads that cross without meeting. over: road "1", along x, is the upper one; road "2" runs along y."""
    if not 5.5 <= height_m <= 15.0:
        raise InputError(f"height_m: {height_m:g} m; a bridge is 5.5 to 15 m high")
    half = positive(length_m, "length_m") / 2
    flat = style.paved_m + style.sidewalk_m + 12.0
    ramp = 1.5 * height_m / STEEPEST
    if half < flat + ramp + 5.0:
        raise InputError(
            f"length_m: {length_m:g} m is too short for ramps to {height_m:g} m; at least {2 * (flat + ramp) + 10:.0f} m"
        )
    low, high = -height_m / 2 if not over else 0.0, height_m
    rise = Cubics.of(_hump(half, flat, ramp, high)) if low == 0.0 else Cubics.of(_hump(half, flat, ramp, high))
    name, other = ("1", "2") if over else ("2", "1")
    upper_line = line(0.0, -half, 0.0, 0.0, length_m) if over else line(0.0, 0.0, -half, math.pi / 2, length_m)
    lower_line = line(0.0, 0.0, -half, math.pi / 2, length_m) if over else line(0.0, -half, 0.0, 0.0, length_m)
    upper_style = replace(style, parking_m=0.0)
    outer = upper_style.paved_m + upper_style.sidewalk_m + upper_style.verge_m
    rails = tuple(_railings(half, flat + 0.5 * ramp, outer))
    upper = road(name, upper_style, [upper_line], section(upper_style), elevation=rise, objects=rails)
    lower = road(other, style, [lower_line], section(style))
    return Network("bridge", {"1": upper, "2": lower} if over else {"1": lower, "2": upper})


def _hump(half: float, flat: float, ramp: float, height: float) -> list[tuple[float, float, float, float, float]]:
    """Elevation of a road that is `height` up in its middle, level there and at its ends."""
    c, d = 3 * height / ramp**2, -2 * height / ramp**3
    return [
        (0.0, 0.0, 0.0, 0.0, 0.0), (half - flat - ramp, 0.0, 0.0, c, d), (half - flat, height, 0.0, 0.0, 0.0),
        (half + flat, height, 0.0, -c, -d), (half + flat + ramp, 0.0, 0.0, 0.0, 0.0),
    ]  # fmt: skip


def _railings(half: float, reach: float, outer: float) -> Iterator[RoadObject]:
    """Along both edges of the deck and its ramps, on the deck's own rim."""
    for k in range(int(2 * reach / 2.5)):
        s = half - reach + 2.5 * (k + 0.5)
        for side in (1, -1):
            yield road_marks.thing(f"railing{k}_{side}", "fence", s, side * (outer - 0.12), 0.0, True, length_m=2.5)


def tunnel(style: Style, length_m: float = 400.0, tunnel_m: float = 150.0) -> Network:
    """A road along x through a tunnel in its middle: walls and a ceiling, lamps, emergency footways, and signs before it."""
    if not 20.0 <= tunnel_m <= 5000.0:
        raise InputError(f"tunnel_m: {tunnel_m:g} m; 20 to 5000 m are possible")
    if positive(length_m, "length_m") < tunnel_m + 60.0:
        raise InputError(
            f"length_m: {length_m:g} m is too short for a tunnel of {tunnel_m:g} m; at least {tunnel_m + 60:.0f} m"
        )
    style = replace(
        style, parking_m=0.0, verge_m=0.0, sidewalk_m=1.2, shoulder_m=min(max(style.shoulder_m, 0.5), 1.0), kind="rural"
    )
    edge = (cross_section.solid(style, wide=True),)
    hard = Strip("hard", "restricted", style.shoulder_m)
    strips = (*cross_section.driving(style, edge), hard, Strip("walk", "sidewalk", style.sidewalk_m, raised=True))
    center = (replace(cross_section.solid(style, style.centre_color), kind="solid solid"),)
    half = style.lanes * style.lane_width_m + style.shoulder_m + style.sidewalk_m
    begin = (length_m - tunnel_m) / 2
    objects = tuple(_rings(begin, tunnel_m, half))
    t = half + 0.7
    signals = tuple(
        road_marks.sign(
            style, f"tunnel{side}", "tunnel", begin + (tunnel_m if side > 0 else 0.0) + side * 12.0, side * t, side > 0
        )
        for side in (-1, 1)
    )
    made = sections([Row(0.0, strips, strips, center)], length_m)
    through: Road = road("1", style, [line(0.0, 0.0, 0.0, 0.0, length_m)], made, objects=objects, signals=signals)
    return Network("tunnel", {"1": through})


def _rings(begin: float, tunnel_m: float, half: float) -> Iterator[RoadObject]:
    count = max(4, round(tunnel_m / RING_M))
    length = tunnel_m / count
    for k in range(count):
        portal = 1 if k == 0 else (-1 if k == count - 1 else 0)
        lamp = 1 if k % LAMP_EVERY == 0 else 0
        s = begin + (k + 0.5) * length
        yield road_marks.thing(
            f"tunnel{k}",
            "tunnel_ring",
            s,
            0.0,
            math.pi,
            True,
            length_m=round(length, 4),
            half_m=round(half, 3),
            portal=portal,
            lamp=lamp,
        )
