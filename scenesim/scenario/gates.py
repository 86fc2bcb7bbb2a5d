"""Where roads have gates: level crossings with half barriers, and toll plazas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from scenesim.base.errors import InputError
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.network import CLOSED_GATE, TOLL_GATE, Network, RoadObject, Signal
from scenesim.scenario.pieces import line, positive, road, section
from scenesim.scenario.style import Style

GAUGE_M, RAIL_M, PIECE_M = 1.435, 0.07, 6.0  # EN 15273
TRACK_APART_M, BALLAST_M = 4.0, 2.2  # EBO section 10: 4 m between tracks in the open; half a bed of one track
BARRIER_AWAY_M = 4.5  # from the middle of the nearest track
ISLAND_M, BOOTH_LANE_M, FLARE_M, PLAZA_M = 2.0, 3.2, 70.0, 40.0


def level_crossing(
    style: Style, length_m: float = 300.0, tracks: int = 1, closed: bool = False, railway_m: float = 300.0
) -> Network:
    """Road "1" along x over a railway along y. closed: barriers are down, and traffic waits."""
    if tracks not in (1, 2):
        raise InputError(f"tracks: {tracks}; a level crossing has 1 or 2")
    middle = positive(length_m, "length_m") / 2
    positive(railway_m, "railway_m")
    half_bed = (tracks - 1) * TRACK_APART_M / 2 + BALLAST_M
    offsets = [(k - (tracks - 1) / 2) * TRACK_APART_M for k in range(tracks)]
    style = replace(style, parking_m=0.0)
    objects: list[RoadObject] = []
    signals: list[Signal] = []
    paved = style.paved_m
    for k, off in enumerate(offsets):
        for n, rail in enumerate((-GAUGE_M / 2, GAUGE_M / 2)):
            s = middle + off + rail
            ring = [(s - RAIL_M / 2, -paved), (s + RAIL_M / 2, -paved), (s + RAIL_M / 2, paved), (s - RAIL_M / 2, paved)]
            objects.append(road_marks.polygon(f"rail{k}{n}", [ring], "rail", "steel"))
    away = (tracks - 1) * TRACK_APART_M / 2 + BARRIER_AWAY_M
    arm = round(style.lanes * style.lane_width_m + style.shoulder_m + 0.5, 2)
    for side, heading in ((-1, math.pi), (1, 0.0)):
        s, t = middle + side * away, side * (paved + style.sidewalk_m + 0.9)
        reach = arm + style.sidewalk_m
        objects.append(
            road_marks.thing(
                f"barrier{side}", "crossing_barrier", s, t, heading, True, arm_m=-reach, open_deg=0 if closed else 78
            )
        )
        low, high = sorted((0.0, side * style.lanes * style.lane_width_m))
        at = s - 1.2 - style.country.stop_line_m if side < 0 else s + 1.2
        objects.append(road_marks.stop_line(f"stop{side}", style, at, low, high))
        signals.append(
            road_marks.sign(style, f"warning{side}", "level_crossing", s + side * 45.0, side * (paved + 0.6), side > 0)
        )
        if closed:
            signals.append(road_marks.halt(f"gate{side}", CLOSED_GATE, at + side * 0.3, side * (paved + 1.0), side > 0))
    lines = (replace(cross_section.solid(style, style.centre_color)),)
    made = section(style)
    made = replace(made, lanes={**made.lanes, 0: replace(made.lanes[0], marks=lines)})
    main = road("1", style, [line(0.0, -middle, 0.0, 0.0, length_m)], made, objects=tuple(objects), signals=tuple(signals))
    bed = (Strip("bed", "rail", half_bed + 0.6),)
    clear = paved + style.sidewalk_m + style.verge_m + 0.3
    track = tuple(_track(offsets, railway_m, clear))
    rails = replace(style, kind="rural", sidewalk_m=0.0)
    railway = road(
        "railway",
        rails,
        [line(0.0, 0.0, -railway_m / 2, math.pi / 2, railway_m)],
        sections([Row(0.0, bed, bed)], railway_m),
        objects=track,
    )
    return Network("level_crossing", {"1": main, "railway": railway})


def _track(offsets: list[float], railway_m: float, clear: float) -> Iterator[RoadObject]:
    """Sleepers and rails on both sides of the road."""
    for k, t in enumerate(offsets):
        for side in (-1, 1):
            for n in range(int((railway_m / 2 - clear) / PIECE_M)):
                s = railway_m / 2 + side * (clear + (n + 0.5) * PIECE_M)
                yield road_marks.thing(f"track{k}{side}_{n}", "rail_track", s, t, 0.0, True, length_m=PIECE_M)


def toll_plaza(style: Style, length_m: float = 400.0, gates: int = 4) -> Network:
    """A road along x that widens to `gates` gates for each direction, with booths on islands under a roof."""
    if style.lanes != 2:
        raise InputError(f"lanes: {style.lanes}; a toll plaza has 2 for each direction")
    if gates not in (3, 4):
        raise InputError(f"gates: {gates}; a toll plaza has 3 or 4 for each direction")
    if positive(length_m, "length_m") < PLAZA_M + 2 * FLARE_M + 60.0:
        raise InputError(f"length_m: {length_m:g} m is too short for a toll plaza; at least {PLAZA_M + 2 * FLARE_M + 60:.0f} m")
    style = replace(style, parking_m=0.0, sidewalk_m=0.0)
    begin = (length_m - PLAZA_M) / 2
    order = ["lane1", "lane3", "lane2", "lane4"][:gates]
    middle = (replace(cross_section.solid(style, style.centre_color), kind="solid solid"),)
    rows: list[Row] = []
    for s, a, b in (
        (0.0, 0.0, 0.0),
        (begin - FLARE_M, 0.0, 1.0),
        (begin, 1.0, 1.0),
        (begin + PLAZA_M, 1.0, 0.0),
        (begin + PLAZA_M + FLARE_M, 0.0, 0.0),
    ):
        sides = [_gates(style, order, a, b, along) for along in (False, True)]
        rows.append(Row(s, sides[0], sides[1], middle))
    places = _island_places(order)
    objects: list[RoadObject] = []
    width = len(order) * BOOTH_LANE_M + len(order) * ISLAND_M
    for k, t in enumerate(places):
        for side, heading in ((-1, math.pi), (1, 0.0)):
            objects.append(road_marks.thing(f"booth{k}_{side}", "toll_booth", length_m / 2, side * t, heading, True))
    boards = ["CASH", "CARD", "CARD", "CASH"][: len(order)]
    for side, heading in ((-1, math.pi), (1, 0.0)):
        objects.append(
            road_marks.thing(
                f"roof{side}",
                "toll_canopy",
                length_m / 2,
                side * width / 2,
                heading,
                True,
                span_m=round(width, 2),
                boards=";".join(boards),
            )
        )
    t = 2 * style.lane_width_m + style.shoulder_m + 1.2
    signals = tuple(
        road_marks.sign(
            style, f"toll{side}", "toll", length_m / 2 + side * (PLAZA_M / 2 + FLARE_M + 12.0), side * t, side > 0, z=1.8
        )
        for side in (-1, 1)
    ) + tuple(road_marks.halt(f"pay{side}", TOLL_GATE, length_m / 2, side * t, side > 0) for side in (-1, 1))
    made = sections(rows, length_m)
    through = road("1", style, [line(0.0, 0.0, 0.0, 0.0, length_m)], made, objects=tuple(objects), signals=signals)
    return Network("toll_plaza", {"1": through})


def _gates(style: Style, order: list[str], a: float, b: float, along: bool) -> tuple[Strip, ...]:
    """One side of a plaza that is open by a at the beginning and b at the end: 0 two lanes, 1 a lane for each gate."""
    w = style.lane_width_m
    edge = (cross_section.solid(style, wide=True),)
    opening = (a < b) if along else (a > b)  # as its traffic sees it
    found: list[Strip] = []
    for name in order:
        new = name in ("lane3", "lane4")
        if a == b == 0.0 and new:
            continue
        from_m, to_m = (BOOTH_LANE_M * v + (0.0 if new else w * (1 - v)) for v in (a, b))
        other = {"lane3": "lane1", "lane4": "lane2"}.get(name, "")
        plain = a == b == 0.0
        last = name == ("lane2" if plain else order[-1])
        marks = (cross_section.broken(style),) if plain and not last else ((edge[0],) if last and plain else ())
        found.append(
            Strip(
                name,
                "driving",
                from_m,
                to_m,
                marks,
                after=other if new and opening else "",
                into=other if new and not opening and a != b else "",
            )
        )
        if not plain:
            outer = edge if name == order[-1] else ()
            found.append(Strip(f"island_{name}", "restricted", ISLAND_M * a, ISLAND_M * b, outer))
    found.append(Strip("hard", "shoulder", max(style.shoulder_m, 0.5)))
    found.append(Strip("verge", "none", max(style.verge_m, 0.5)))
    return tuple(found)


def _island_places(order: list[str]) -> list[float]:
    """Distances of the middles of the islands from the middle of the road."""
    return [(k + 1) * BOOTH_LANE_M + (k + 0.5) * ISLAND_M for k in range(len(order))]
