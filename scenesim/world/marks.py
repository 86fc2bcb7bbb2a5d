"""Lane markings evaluated: each painted strip with its centre line, width and colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scenesim.scenario.network import Mark, MarkLine
from scenesim.world.road import Array, RoadSurface

# Dash and gap where a file gives none: German RMS, 3 m and 6 m in towns, 6 m and 12 m on motorways and country roads.
DASH_M = {"motorway": (6.0, 12.0), "rural": (6.0, 12.0)}
TOWN_DASH_M = (3.0, 6.0)
DOTS_M = (0.1, 1.1)
UNPAINTED = frozenset({"none", "curb", "grass", "edge", "custom"})
SHORTEST_M = 0.02


@dataclass(frozen=True)
class Strip:
    """A painted strip at the outer edge of a lane (0: the centre). s, t: (n,) m, its centre line. width: m."""

    section: int
    lane: int
    kind: str
    color: str
    width: float
    s: Array
    t: Array


def strips(surface: RoadSurface, k: int, stations: Array | None = None) -> Iterator[Strip]:
    """The painted strips of section k of a road; `stations` (n,) are the s between which edges are straight."""
    road = surface.road
    section, end = road.sections[k], min(road.section_end(k), road.length)
    if end - section.s < SHORTEST_M:
        return
    stations = surface.stations(section.s, end) if stations is None else stations
    for lane_id in sorted(section.lanes):
        marks = section.lanes[lane_id].marks
        for mark, following in zip(marks, [*marks[1:], None]):
            until = end if following is None else min(section.s + following.s_offset, end)
            begin = section.s + max(mark.s_offset, 0.0)
            for line in _lines(surface, lane_id, mark, begin):
                for a, b in _painted(line, begin, until):
                    s = np.concatenate([[a], stations[(stations > a + 1e-3) & (stations < b - 1e-3)], [b]])
                    t = surface.edges(k, s)[lane_id] + line.t
                    yield Strip(k, lane_id, mark.kind, _color(line.color or mark.color), line.width or mark.width, s, t)


def _lines(surface: RoadSurface, lane_id: int, mark: Mark, s: float) -> tuple[MarkLine, ...]:
    """The lines of a marking: those that the file gives, else those that its type means."""
    if mark.kind == "none":
        return ()
    if mark.lines:
        return mark.lines
    if mark.kind in UNPAINTED:
        return ()
    if mark.kind == "botts dots":
        return (MarkLine(0.1, *DOTS_M),)
    kinds = [kind for start, kind, _ in surface.road.kinds if start <= s + 1e-6]
    dash = DASH_M.get(kinds[-1] if kinds else "", TOWN_DASH_M)
    words = mark.kind.split()
    # Two words name the lines from the inside to the outside, at the centre from left to right (OpenDRIVE 1.8, 11.9).
    outward = 1.0 if lane_id > 0 else -1.0
    offsets = [0.0] if len(words) < 2 else [-outward * mark.width, outward * mark.width]
    return tuple(MarkLine(mark.width, *(dash if word == "broken" else (0.0, 0.0)), t) for word, t in zip(words, offsets))


def _painted(line: MarkLine, begin: float, end: float) -> Iterator[tuple[float, float]]:
    """(first s, last s) of what is painted."""
    start = begin + max(line.s, 0.0)
    if line.once:
        spans = [(start, start + line.length)]
    elif line.length <= 0 or line.space <= 0:
        spans = [(start, end)]
    else:
        period = max(line.length + line.space, 0.05)
        spans = [(a, a + line.length) for a in start + period * np.arange(max(0, int(np.ceil((end - start) / period))))]
    for a, b in spans:
        if min(b, end) - a > SHORTEST_M:
            yield float(a), float(min(b, end))


def _color(name: str) -> str:
    return "white" if name in ("", "standard") else name
