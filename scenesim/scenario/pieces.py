"""Pieces that procedural places are put together from: lines, roads, and shapes on roads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.scenario.kerbs import KERB_M
from scenesim.scenario.network import NONE, Corner, Lane, Mark, MarkLine, Road, RoadObject, Section
from scenesim.scenario.style import Style


def positive(value: float, name: str) -> float:
    """A length that roads can have. Raises InputError for others."""
    if not 10.0 <= value <= 1e5:
        raise InputError(f"{name}: {value:g} m; 10 m to 100 km are possible")
    return value


def line(s: float, x: float, y: float, heading: float, length: float) -> Piece:
    """A straight piece."""
    return Piece(s, x, y, heading, length)


def after(before: Piece, kind: str, length: float, parameters: tuple[float, ...] = ()) -> Piece:
    """A piece that goes on where another ends."""
    x, y, heading = (float(v) for v in before.at(before.length))
    return Piece(before.s + before.length, x, y, heading, length, kind, parameters)


def road(identity: str, style: Style, pieces: Sequence[Piece], sections: Section | tuple[Section, ...], **more) -> Road:
    """A road of one kind and one side of traffic along pieces of a line."""
    rule = "LHT" if style.left_hand else "RHT"
    line = ReferenceLine(tuple(pieces), pieces[-1].s + pieces[-1].length)
    rows = sections if isinstance(sections, tuple) else (sections,)
    return Road(identity, line, rows, rule=rule, kinds=((0.0, style.kind, style.speed_m_s),), **more)


def on_road(identity: str, kind: str, name: str, s: float, length: float, low: float, high: float) -> RoadObject:
    """A rectangle on the road, from s on and from t = low to high."""
    ring = tuple(Corner(True, a, t, 0.0) for a, t in ((s, low), (s + length, low), (s + length, high), (s, high)))
    return RoadObject(identity, kind, name, s + length / 2, (low + high) / 2, length=length, width=high - low, outlines=(ring,))


def section(style: Style, marks_from: float = 0.0) -> Section:
    """Lanes on both sides of the centre line, from the inside: driving, shoulder, parking, sidewalk, verge. marks_from: s
    where the markings begin."""
    narrow = style.country.narrow_m
    broken = Mark(marks_from, "broken", width=narrow, lines=(MarkLine(narrow, *style.dash_m),))
    solid = Mark(marks_from, "solid", width=style.country.wide_m if style.kind == "motorway" else narrow)
    center = Mark(marks_from, "solid solid", width=narrow) if style.lanes > 1 else broken
    center = replace(center, color=style.centre_color)
    lanes = {0: Lane(0, "none", marks=(center,))}
    for sign in (1, -1):
        rows: list[Lane] = []

        def add(kind: str, width: float, marks: tuple[Mark, ...] = (), raised: bool = False, rows=rows, sign=sign) -> None:
            if width > 0:
                i = sign * (len(rows) + 1)
                heights = ((0.0, KERB_M, KERB_M),) if raised else ()
                rows.append(Lane(i, kind, Cubics.constant(width), NONE, False, heights, marks, (), (i,), (i,)))

        for n in range(style.lanes):
            last = n == style.lanes - 1
            edge = solid if style.sidewalk_m == 0 else None
            if last and style.parking_m > 0:
                edge = Mark(marks_from, "broken", width=narrow, lines=(MarkLine(narrow, 1.0, 1.0),))
            add("driving", style.lane_width_m, ((edge,) if edge else ()) if last else (broken,))
        add("shoulder", style.shoulder_m)
        add("parking", style.parking_m)
        add("sidewalk", style.sidewalk_m, raised=True)
        add("none", style.verge_m, raised=style.sidewalk_m > 0)
        lanes |= {lane.id: lane for lane in rows}
    return Section(0.0, lanes)
