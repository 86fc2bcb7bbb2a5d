"""Road works on a straight road: a lane that is closed by a taper, guide panels, temporary marks, signs, and what lies behind.

Lengths: German guideline for road works (RSA 21): panels 3 m apart in tapers of towns and 9 m elsewhere; 10 m apart along works
in towns, 20 m elsewhere (recalled, not looked up).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.network import Network, RoadObject, Signal
from scenesim.scenario.pieces import line, positive, road
from scenesim.scenario.style import Style

MERGE_TIME_S = 3.3  # to change lanes before the taper: a swing of 1.75 m at 1 m/s2, as routes are smoothed
NARROWED_M = 2.75
BEHIND = ("mini_excavator", "gravel_heap", "pallet", "cable_drum", "pipe", "sand_heap", "concrete_ring", "wheelbarrow")


@dataclass(frozen=True)
class _Plan:
    """Distances along the road: where the lane ends, where the taper begins, where the works begin and end, where the lane is
    free again."""

    ends: float
    taper: float
    begin: float
    end: float
    free: float


def work_zone(style: Style, length_m: float = 300.0, works_m: float = 60.0, barrier: bool = True) -> Network:
    """A straight road along x whose outer lane along x is closed for works_m; with one lane it is narrowed, and what lies
    beside it is closed. barrier: concrete elements between the lanes and the works."""
    if not 10.0 <= works_m <= 5000.0:
        raise InputError(f"works_m: {works_m:g} m; 10 to 5000 m are possible")
    swing = max(12.0, MERGE_TIME_S * style.speed_m_s)
    begin = 0.5 * (positive(length_m, "length_m") - works_m) + 0.25 * swing
    plan = _Plan(begin - swing, begin - 0.75 * swing, begin, begin + works_m, begin + works_m + 8.0)
    if plan.ends < swing + 5.0 or plan.free > length_m - 20.0:
        raise InputError(
            f"length_m: {length_m:g} m is too short for works of {works_m:g} m; at least {works_m + 3.2 * swing + 60:.0f} m"
        )
    style = replace(style, verge_m=0.0 if style.sidewalk_m > 0 else style.verge_m)
    right = _closed if style.lanes > 1 else _narrowed
    left = _beside(style, cross_section.driving(style, _edge(style)))
    center = replace(cross_section.solid(style), color=style.centre_color)
    if style.lanes > 1:
        center = replace(center, kind="solid solid")
    rows = [Row(s, left, strips, (center,)) for s, strips in right(style, plan)]
    pieces = [line(0.0, 0.0, 0.0, 0.0, length_m)]
    objects, signals = tuple(_things(style, plan, barrier)), tuple(_signs(style, plan))
    return Network("work_zone", {"1": road("1", style, pieces, sections(rows, length_m), objects=objects, signals=signals)})


def _edge(style: Style) -> tuple:
    return (cross_section.solid(style, wide=style.kind == "motorway"),) if style.sidewalk_m == 0 else ()


def _beside(style: Style, lanes: tuple[Strip, ...], parking: str = "parking") -> tuple[Strip, ...]:
    widths = (("hard", "shoulder", style.shoulder_m), ("parking", parking, style.parking_m))
    found = [*lanes, *(Strip(name, kind, width) for name, kind, width in widths if width > 0)]
    if style.sidewalk_m > 0:
        found.append(Strip("walk", "sidewalk", style.sidewalk_m, raised=True))
    if style.verge_m > 0:
        found.append(Strip("verge", "none", style.verge_m, raised=style.sidewalk_m > 0))
    return tuple(found)


def _closed(style: Style, plan: _Plan) -> Iterator[tuple[float, tuple[Strip, ...]]]:
    """Rows of the side whose outer lane is closed."""
    lanes = cross_section.driving(style, _edge(style))
    last, beside = cross_section.lane_name(style.lanes - 1), cross_section.lane_name(style.lanes - 2)
    yield 0.0, _beside(style, (*lanes[:-1], replace(lanes[-1], into=beside)))
    closed = replace(lanes[-1], name="works", kind="roadWorks")
    yield plan.ends, _beside(style, (*lanes[:-1], closed), "roadWorks")
    yield plan.free + 10.0, _beside(style, (*lanes[:-1], replace(lanes[-1], after=beside, name=last)))


def _narrowed(style: Style, plan: _Plan) -> Iterator[tuple[float, tuple[Strip, ...]]]:
    lane = cross_section.driving(style, ())[0]
    w, narrow = style.lane_width_m, min(NARROWED_M, style.lane_width_m - 0.3)

    def row(a: float, b: float) -> tuple[Strip, ...]:
        return _beside(style, (replace(lane, width_m=a, to_m=b), Strip("works", "roadWorks", w - a, w - b)), "roadWorks")

    plain = _beside(style, cross_section.driving(style, _edge(style)))
    yield 0.0, plain
    yield plan.taper, row(w, narrow)
    yield plan.begin, row(narrow, narrow)
    yield plan.end, row(narrow, w)
    yield plan.free + 10.0, plain


def _line_t(style: Style, plan: _Plan, s: float) -> float:
    """t of the line of guide panels at s: from the outer edge to the lanes that are left, and back."""
    w = style.lane_width_m
    inner = style.lanes * w - (w if style.lanes > 1 else w - min(NARROWED_M, w - 0.3))
    outer = style.paved_m - 0.35
    into = min(max((s - plan.taper) / (plan.begin - plan.taper), 0.0), 1.0)
    back = min(max((s - plan.end) / (plan.free - plan.end), 0.0), 1.0)
    return -(outer + (inner + 0.3 - outer) * min(into, 1.0 - back))


def _things(style: Style, plan: _Plan, barrier: bool) -> Iterator[RoadObject]:
    model = style.country.channelizer
    apart = 10.0 if style.kind == "town" else 18.0
    count = max(5, round((plan.begin - plan.taper) / (4.0 if style.kind == "town" else 9.0)))
    stations = [plan.taper + k * (plan.begin - plan.taper) / count for k in range(count + 1)]
    s = plan.begin + apart
    while s < plan.end - 2.0:
        stations.append(s)
        s += apart
    stations += [plan.end, (plan.end + plan.free) / 2, plan.free]
    for k, s in enumerate(stations):
        # Who drives passes to the left of them: the bars fall to that side.
        options = {"way": -1} if model == "beacon" else {}
        yield road_marks.thing(f"panel{k}", model, s, _line_t(style, plan, s), math.pi, True, **options)
    yellow = style.country.temporary_color
    run = [plan.taper - 5.0, *(s for s in stations if s < plan.end), plan.end]
    rim = [(s, _line_t(style, plan, s) + 0.35) for s in run]
    yield road_marks.polygon("works_line", [[*rim, *((s, t + 0.15) for s, t in rim[::-1])]], "works_line", yellow)
    if barrier:
        for k in range(int((plan.end - plan.begin - 8.0) / 4.05)):
            s = plan.begin + 6.0 + 4.05 * k
            yield road_marks.thing(
                f"barrier{k}", "concrete_barrier", s, _line_t(style, plan, s) - 0.62, 0.0, True, length_m=4.0
            )
    room = style.paved_m + _line_t(style, plan, plan.begin) - 1.1
    middle = -(style.paved_m - room / 2)
    if room > 1.2:
        for k in range(max(1, int((plan.end - plan.begin - 8.0) / 7.0))):
            name = BEHIND[(3 * k) % len(BEHIND)]
            if name not in ("mini_excavator", "gravel_heap", "sand_heap") or room > 2.6:
                yield road_marks.thing(f"behind{k}", name, plan.begin + 6.0 + 7.0 * k, middle, 0.3 * (k % 3), True)


def _signs(style: Style, plan: _Plan) -> Iterator[Signal]:
    t = -(style.paved_m + 0.6)
    for k, back in enumerate((1.6, 0.9)):
        s = max(plan.ends - back * 20.0 - 0.6 * style.speed_m_s, 6.0 + 4.0 * k)
        name = ("road_works", "lane_ends" if style.lanes > 1 else "speed_limit")[k]
        if name == "speed_limit":
            yield road_marks.speed_limit(style, f"works{k}", s, t, m_s=max(30 / 3.6, 0.6 * style.speed_m_s))
        else:
            yield road_marks.sign(style, f"works{k}", name, s, t)
    yield road_marks.sign(
        style, "works_back", "road_works", min(plan.free + 40.0, plan.free + 2.0 * style.speed_m_s), -t, against=True
    )
