"""Streets of one line: arterials with bus lane, cycle track and median, tram tracks, school zones, lay-bys, country roads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from scenesim.base.errors import InputError
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.curves import Cubics, Piece
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.network import BUS_STOP, Network, RoadObject, Signal
from scenesim.scenario.pieces import after, line, positive, road
from scenesim.scenario.style import Style

BUS_LANE_M, CYCLE_M, MEDIAN_M = 3.5, 2.0, 3.0
TRACK_M, GAUGE_M, RAIL_M = 3.2, 1.435, 0.07  # EN 15273: standard gauge; a groove and a head of a grooved rail (recalled)
STOP_FROM_MIDDLE_M = 18.0  # of a bus stop, before the middle of the street as its buses see it
SCHOOL_SPEED_M_S = 30 / 3.6
WORDS_EVERY_M = 60.0


def _walk(style: Style) -> tuple[Strip, ...]:
    found = [Strip("walk", "sidewalk", style.sidewalk_m, raised=True)] if style.sidewalk_m > 0 else []
    if style.verge_m > 0:
        found.append(Strip("verge", "none", style.verge_m, raised=style.sidewalk_m > 0))
    return tuple(found)


def arterial(
    style: Style, length_m: float = 300.0, bus_lane: bool = True, cycle_track: bool = True, median_m: float = MEDIAN_M
) -> Network:
    """A main street along x: lanes, a bus lane and a cycle track on each side, and a planted median (0: none)."""
    if not (median_m == 0.0 or 1.0 <= median_m <= 20.0):
        raise InputError(f"median_m: {median_m:g} m; 1 to 20 m are possible, or 0 for none")
    positive(length_m, "length_m")
    side: list[Strip] = []
    if median_m > 0:
        edge = (cross_section.solid(style, style.country.left_edge_color),)
        side += [Strip("median", "curb", median_m / 2, raised=True), Strip("inside", "restricted", 0.3, marks=edge)]
    wide = (cross_section.solid(style, wide=True),)
    side += cross_section.driving(style, wide if bus_lane else ())
    if bus_lane:
        side.append(Strip("bus", "bus", BUS_LANE_M))
    if cycle_track:
        side.append(Strip("kerb", "curb", 0.4, raised=True))
        side.append(Strip("cycle", "biking", CYCLE_M, raised=True))
    strips = (*side, *_walk(style))
    center = () if median_m > 0 else (replace(cross_section.solid(style, style.centre_color), kind="solid solid"),)
    across = {strip.name: _middle(strips, strip.name) for strip in strips}
    outer = sum(s.width_m for s in strips if s.kind not in ("sidewalk", "none"))
    objects: list[RoadObject] = []
    signals: list[Signal] = []
    for k in range(max(1, int(length_m / WORDS_EVERY_M))):
        s = WORDS_EVERY_M * (k + 0.5)
        for sign, heading, at in ((-1, 0.0, s), (1, math.pi, min(s + 6.0, length_m - 2.0))):
            if bus_lane:
                objects.append(road_marks.words(f"bus{k}_{sign}", "BUS", at, sign * across["bus"], heading))
            if cycle_track:
                objects.append(road_marks.bicycle(f"cycle{k}_{sign}", at - sign * 8.0, sign * across["cycle"], heading))
    for sign in (-1, 1):
        s = 20.0 if sign < 0 else length_m - 20.0
        names = (["bus_lane"] if bus_lane else []) + (["cycle_track"] if cycle_track else [])
        for k, name in enumerate(names):
            signals.append(road_marks.sign(style, f"{name}{sign}", name, s - sign * 1.5 * k, sign * (outer + 0.5), sign > 0))
    if bus_lane and style.sidewalk_m > 2.2:
        kerb = across["bus"] + BUS_LANE_M / 2
        beyond = sum(s.width_m for s in strips if s.name in ("kerb", "cycle"))
        for sign, heading in ((-1, math.pi / 2), (1, -math.pi / 2)):
            s, t = length_m / 2 - sign * STOP_FROM_MIDDLE_M, sign * (kerb + beyond + style.sidewalk_m - 0.6)
            objects.append(road_marks.thing(f"shelter{sign}", "bus_shelter", s, t, heading))
            signals.append(road_marks.halt(f"halt{sign}", BUS_STOP, s, sign * (kerb + 0.2), sign > 0))
    for k in range(int(length_m / 12.0) if median_m >= 2.5 else 0):
        objects.append(RoadObject(f"tree{k}", "tree", "", 6.0 + 12.0 * k, 0.0, height=8.0))
    made = sections([Row(0.0, strips, strips, center)], length_m)
    pieces = [line(0.0, 0.0, 0.0, 0.0, length_m)]
    return Network("arterial", {"1": road("1", style, pieces, made, objects=tuple(objects), signals=tuple(signals))})


def _middle(strips: tuple[Strip, ...], name: str) -> float:
    """Distance of the middle of a strip from the road's middle."""
    inner = 0.0
    for strip in strips:
        if strip.name == name:
            return inner + strip.width_m / 2
        inner += strip.width_m
    raise KeyError(name)


# ---- tram


def tram_street(style: Style, length_m: float = 300.0) -> Network:
    """A street along x with two tracks in its middle, on which cars drive too, and wires over them."""
    positive(length_m, "length_m")
    if style.lane_width_m < 2.9:
        raise InputError(f"lane_width_m: {style.lane_width_m:g} m is too narrow for a tram; at least 2.9 m")
    parking = (Strip("parking", "parking", style.parking_m),) if style.parking_m > 0 else ()
    lanes = cross_section.driving(style)
    strips = (replace(lanes[0], rails=True), *lanes[1:], *parking, *_walk(style))
    middle = style.lane_width_m / 2
    objects: list[RoadObject] = []
    for track in (-middle, middle):
        for rail in (-GAUGE_M / 2, GAUGE_M / 2):
            t = track + rail
            count = max(1, math.ceil(length_m / 50.0))
            for k in range(count):
                a, b = length_m * k / count, length_m * (k + 1) / count
                ring = [(a, t - RAIL_M / 2), (b, t - RAIL_M / 2), (b, t + RAIL_M / 2), (a, t + RAIL_M / 2)]
                objects.append(road_marks.polygon(f"rail{track:.2f}{rail:.2f}_{k}", [ring], "rail", "steel"))
    t = style.paved_m + 0.45
    for k in range(int((length_m - 10.0) / 30.0) + 1):
        s = 5.0 + 30.0 * k
        objects.append(road_marks.thing(f"mast{k}", "tram_mast", s, t, -math.pi / 2, reach_m=round(t + middle, 2)))
        if s + 30.0 < length_m:
            for n, track in enumerate((-middle, middle)):
                objects.append(road_marks.thing(f"wire{k}_{n}", "wire", s + 15.0, track, 0.0, True, length_m=30.0))
    signals = [road_marks.sign(style, "tram", "tram", 12.0, -(style.paved_m + 0.6))]
    center = (cross_section.solid(style, style.centre_color),)
    made = sections([Row(0.0, strips, strips, center)], length_m)
    pieces = [line(0.0, 0.0, 0.0, 0.0, length_m)]
    return Network("tram_street", {"1": road("1", style, pieces, made, objects=tuple(objects), signals=tuple(signals))})


# ---- school zone


def school_zone(style: Style, length_m: float = 240.0) -> Network:
    """A street along x before a school: 30 km/h, a crosswalk with refuges, signs, words on the road, rails along the kerb."""
    if positive(length_m, "length_m") < 120.0:
        raise InputError(f"length_m: {length_m:g} m is too short for a school zone; at least 120 m")
    slow = replace(style, speed_m_s=min(style.speed_m_s, SCHOOL_SPEED_M_S), parking_m=0.0)
    strips = (*cross_section.driving(slow), *_walk(slow))
    middle, paved = length_m / 2, slow.paved_m
    limit = str(slow.country.speed(slow.speed_m_s))
    word = "SCHOOL" if slow.country.code in ("US", "GB") else limit
    objects: list[RoadObject] = [road_marks.crosswalk("crosswalk", slow, middle - 2.0, 4.0, -paved, paved)]
    signals: list[Signal] = []
    for sign, heading in ((-1, 0.0), (1, math.pi)):
        s = middle + sign * 45.0
        t = sign * (paved + 0.6)
        signals += [
            road_marks.sign(slow, f"children{sign}", "children", s, t, sign > 0),
            road_marks.speed_limit(slow, f"limit{sign}", s + sign * -6.0, t, sign > 0),
            road_marks.sign(slow, f"crosswalk{sign}", "crosswalk", middle + sign * 3.2, t, sign > 0),
        ]
        objects.append(
            road_marks.words(f"word{sign}", word, s + sign * -14.0, sign * slow.lane_width_m / 2, heading, size_m=2.4)
        )
        for k in range(8):
            away = 4.5 + 2.5 * k
            for along in (-1, 1):
                at = middle + along * away
                objects.append(road_marks.thing(f"rail{sign}{k}{along}", "fence", at, sign * (paved + 0.3), 0.0, length_m=2.5))
    center = (replace(cross_section.broken(slow), color=slow.centre_color),)
    made = sections([Row(0.0, strips, strips, center)], length_m)
    pieces = [line(0.0, 0.0, 0.0, 0.0, length_m)]
    return Network("school_zone", {"1": road("1", slow, pieces, made, objects=tuple(objects), signals=tuple(signals))})


# ---- lay-by


def lay_by(style: Style, length_m: float = 300.0, bay_m: float = 45.0) -> Network:
    """A road along x that widens on its right for a bay where vehicles stop and stand."""
    taper = 15.0
    if not 10.0 <= bay_m <= 500.0:
        raise InputError(f"bay_m: {bay_m:g} m; 10 to 500 m are possible")
    if positive(length_m, "length_m") < bay_m + 2 * taper + 40.0:
        raise InputError(
            f"length_m: {length_m:g} m is too short for a bay of {bay_m:g} m; at least {bay_m + 2 * taper + 40:.0f} m"
        )
    style = replace(style, parking_m=0.0)
    edge = (cross_section.solid(style),) if style.sidewalk_m == 0 else ()
    hard = (Strip("hard", "shoulder", style.shoulder_m),) if style.shoulder_m > 0 else ()
    beyond = (*hard, *_walk(style))
    lanes = cross_section.driving(style, edge)
    beside = cross_section.driving(style, (cross_section.guide(style),))
    begin = (length_m - bay_m) / 2
    width = 3.0
    rows = [
        (0.0, (*lanes, *beyond)), (begin - taper, (*beside, Strip("bay", "restricted", 0.0, width), *beyond)),
        (begin, (*beside, Strip("bay", "parking", width), *beyond)),
        (begin + bay_m, (*beside, Strip("bay", "restricted", width, 0.0), *beyond)), (begin + bay_m + taper, (*lanes, *beyond)),
    ]  # fmt: skip
    center = (replace(cross_section.broken(style), color=style.centre_color),)
    left = (*lanes, *beyond)
    made = sections([Row(s, left, right, center) for s, right in rows], length_m)
    t = -(style.paved_m + 0.7)
    signals = (road_marks.sign(style, "parking", "parking", begin - taper - 8.0, t),)
    bin_t = -(style.paved_m + width + 0.5)
    objects = (road_marks.thing("bin", "bin", begin + bay_m / 2, bin_t, math.pi / 2),)
    return Network("lay_by", {"1": road("1", style, [line(0, 0, 0, 0, length_m)], made, objects=objects, signals=signals)})


# ---- country road


def country_road(
    style: Style,
    length_m: float = 600.0,
    radius_m: float = 120.0,
    height_m: float = 6.0,
    hedges: float = 0.5,
    shape_seed: int = 0,
) -> Network:
    """A road that winds and rises and falls, with stretches of hedges, fences and trees beside it. radius_m: of its tightest
    bends. height_m: of its hills. hedges: share of its sides that have a hedge or a fence. shape_seed: of its shape."""
    if not 0.0 <= hedges <= 1.0:
        raise InputError(f"hedges: {hedges:g}; a share is between 0 and 1")
    if radius_m < 30.0:
        raise InputError(f"radius_m: {radius_m:g} m is too tight for a country road; at least 30 m")
    if positive(length_m, "length_m") < 150.0:
        raise InputError(f"length_m: {length_m:g} m is too short for a country road; at least 150 m")
    if not 0.0 <= height_m <= 0.02 * length_m:
        raise InputError(f"height_m: {height_m:g} m is too high; 0 to {0.02 * length_m:.0f} m are possible")
    key = derive(Key(0), "country_road", shape_seed)
    pieces = _winding(length_m, radius_m, key)
    g = generator(derive(key, "hills"))
    count = max(2, int(length_m / 150.0))
    tops = [0.0, *(float(g.uniform(0.0, height_m)) for _ in range(count - 1)), 0.0]
    step = length_m / count
    hills = [(k * step, a, 0.0, 3 * (b - a) / step**2, -2 * (b - a) / step**3) for k, (a, b) in enumerate(zip(tops, tops[1:]))]
    lanes = cross_section.driving(style, (cross_section.solid(style),))
    hard = (Strip("hard", "shoulder", style.shoulder_m),) if style.shoulder_m > 0 else ()
    strips = (*lanes, *hard, *_walk(style))
    center = (replace(cross_section.broken(style), color=style.centre_color),)
    outer = sum(s.width_m for s in strips)
    objects = tuple(_hedges(length_m, outer, hedges, derive(key, "hedges")))
    made = sections([Row(0.0, strips, strips, center)], length_m)
    return Network("country_road", {"1": road("1", style, pieces, made, elevation=Cubics.of(hills), objects=objects)})


def _winding(length_m: float, radius_m: float, key: Key) -> list[Piece]:
    """Bends to either side with clothoids between, `length_m` long in all."""
    g = generator(key)
    pieces = [line(0.0, 0.0, 0.0, 0.0, 30.0)]
    side = 1.0 if g.uniform() < 0.5 else -1.0
    while True:
        r = radius_m * float(g.uniform(1.0, 2.5))
        ease, arc = 25.0 + 0.1 * r, r * float(g.uniform(0.3, 0.8))
        k = side / r
        for kind, length, parameters in (
            ("spiral", ease, (0.0, k)), ("arc", arc, (k,)), ("spiral", ease, (k, 0.0)), ("line", float(g.uniform(20, 60)), ()),
        ):  # fmt: skip
            left = length_m - pieces[-1].s - pieces[-1].length
            if left <= length + 5.0:
                return [*pieces, after(pieces[-1], *_ending(kind, left, length, parameters))]
            pieces.append(after(pieces[-1], kind, length, parameters))
        side = -side


def _ending(kind: str, left: float, length: float, parameters: tuple[float, ...]) -> tuple[str, float, tuple[float, ...]]:
    """The last piece, cut or made longer; a clothoid changes its curvature at the same rate."""
    if kind == "spiral":
        a, b = parameters
        return kind, left, (a, a + (b - a) * left / length)
    return kind, left, parameters


def _hedges(length_m: float, outer: float, share: float, key: Key) -> Iterator[RoadObject]:
    """Stretches of hedge or fence, element by element, on either side; between them trees stand as they grow."""
    for side in (1, -1):
        s, n = 6.0, 0
        while s < length_m - 12.0:
            g = generator(derive(key, side, n))
            run, what = float(g.uniform(25.0, 90.0)), float(g.uniform())
            if what < share:
                name, length = ("hedge", 4.0) if what < 0.65 * share else ("fence", 2.5)
                for k in range(int(min(run, length_m - 6.0 - s) / length)):
                    at = s + (k + 0.5) * length
                    yield road_marks.thing(f"{name}{side}_{n}_{k}", name, at, side * (outer + 2.2), 0.0, length_m=length)
            s, n = s + run + 3.0, n + 1
