"""Roundabouts: mini, with one lane, and with two; entries and exits are arcs that touch the ring.

Sizes: German guideline for roundabouts (FGSV, 2006): mini 13 to 22 m across, compact 26 to 40 m, two lanes 40 to 60 m;
lanes of the ring 4 to 10 m wide, entries of 10 to 16 m radius (recalled, not looked up).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics, Piece
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.kerbs import KERB_M
from scenesim.scenario.network import Connection, Junction, Lane, Link, Mark, MarkLine, Network, Road, RoadObject, Section
from scenesim.scenario.pieces import line, positive, road
from scenesim.scenario.style import Style

MINI_BELOW_M = 12.0  # radius of the outer kerb
RING_WIDER = 1.3  # lanes of the ring are wider than others, because long vehicles swing out in it
APRON_M = 1.2
ENTRY_KERB_M = 9.0
CROSSWALK_AT_M, CROSSWALK_M = 5.5, 4.0
ISLAND_M = 26.0  # length of the splitter islands of the arms
LEAST_RING_M = 1.0  # of ring between two arms


@dataclass(frozen=True)
class _Ring:
    """inner_m: radius of the central island. lanes, lane_m: of the ring. mini: its island is only painted, and driven over."""

    inner_m: float
    lanes: int
    lane_m: float
    mini: bool

    @property
    def outer_m(self) -> float:
        return self.inner_m + self.lanes * self.lane_m


def roundabout(
    style: Style,
    radius_m: float | None = None,
    arms: int = 4,
    ring_lanes: int = 1,
    arm_m: float = 120.0,
    arm_angles_rad: Sequence[float] | None = None,
    crosswalks: bool = True,
) -> Network:
    """Arms from the east on, counter-clockwise, that meet in a ring about the origin, driven counter-clockwise.

    radius_m: of the ring's outer kerb; below 12 m it is a mini roundabout. ring_lanes: 1 or 2. arm_angles_rad: directions of
    the arms, evenly spread if left out.
    """
    if ring_lanes not in (1, 2):
        raise InputError(f"ring_lanes: {ring_lanes}; a roundabout has 1 or 2")
    if style.lanes > ring_lanes:
        raise InputError(f"lanes: {style.lanes} lead into a ring with {ring_lanes}; give the ring as many (ring_lanes)")
    if arm_angles_rad is None and not 3 <= arms <= 6:
        raise InputError(f"arms: {arms}; a roundabout has 3 to 6")
    headings = [2 * math.pi * k / arms for k in range(arms)] if arm_angles_rad is None else sorted(arm_angles_rad)
    style = replace(style, verge_m=0.0, parking_m=0.0, shoulder_m=0.0)
    radius = radius_m if radius_m is not None else (16.0 if ring_lanes == 1 else 25.0)
    lane_m = RING_WIDER * style.lane_width_m * (1.15 if ring_lanes == 1 else 1.0)
    ring = _Ring(radius - ring_lanes * lane_m, ring_lanes, lane_m, radius < MINI_BELOW_M)
    if ring.inner_m < 1.5:
        raise InputError(
            f"radius_m: {radius:g} m leaves no island inside {ring_lanes} lanes; at least {ring_lanes * lane_m + 1.5:.0f} m"
        )
    ways = _Ways(style, ring)
    _check_gaps(headings, ways, radius)
    return _built(style, ring, ways, headings, positive(arm_m, "arm_m"), crosswalks)


def _check_gaps(headings: Sequence[float], ways: _Ways, radius: float) -> None:
    for a, b in zip(headings, [*headings[1:], headings[0] + 2 * math.pi]):
        room = (b - a - 2 * ways.angle) * (ways.touch_m + 0.1)
        if room < LEAST_RING_M:
            raise InputError(
                f"radius_m: {radius:g} m is too small for arms {math.degrees(b - a):.0f} degrees apart; make the ring larger, "
                "or the arms fewer"
            )


def _split_m(ring: _Ring) -> float:
    """Half the width of the splitter islands at the ring."""
    return min(1.6, 0.16 * ring.outer_m)


class _Ways:
    """Entry and exit of an arm that runs along +x: mirror images of each other.

    The left edge of an entry runs straight in at y = +split_m, then in an arc of radius arc_m to the right until it touches the
    circle of radius touch_m; angle: where it does. begin_m: x where the arm begins.
    """

    def __init__(self, style: Style, ring: _Ring):
        self.lanes = style.lanes
        self.touch_m = ring.inner_m + (ring.lanes - style.lanes) * ring.lane_m
        self.split_m = _split_m(ring)
        width = style.lanes * style.lane_width_m
        kerb = ENTRY_KERB_M if ring.outer_m >= MINI_BELOW_M else 5.0
        self.arc_m = kerb + width
        reach = self.touch_m + self.arc_m
        up = self.split_m + self.arc_m
        self.center_x = math.sqrt(max(reach * reach - up * up, 0.0))
        self.angle = math.atan2(up, self.center_x)
        # Outside the ring's kerb and the footway beside it the arm begins.
        self.begin_m = max(self.center_x, ring.outer_m + style.sidewalk_m) + 1.0

    def entry(self, heading: float) -> list[Piece]:
        c, s = math.cos(heading), math.sin(heading)
        x, y = self.begin_m * c - self.split_m * s, self.begin_m * s + self.split_m * c
        pieces = [line(0.0, x, y, heading + math.pi, self.begin_m - self.center_x)]
        turn = math.pi / 2 - self.angle
        cx, cy = self.center_x * c - self.split_m * s, self.center_x * s + self.split_m * c
        arc = Piece(pieces[0].length, cx, cy, heading + math.pi, turn * self.arc_m, "arc", (-1 / self.arc_m,))
        return [*pieces, arc]

    def exit(self, heading: float) -> list[Piece]:
        at = heading - self.angle
        turn = math.pi / 2 - self.angle
        arc = Piece(
            0.0, self.touch_m * math.cos(at), self.touch_m * math.sin(at), at + math.pi / 2, turn * self.arc_m, "arc",
            (-1 / self.arc_m,),
        )  # fmt: skip
        c, s = math.cos(heading), math.sin(heading)
        x, y = self.center_x * c + self.split_m * s, self.center_x * s - self.split_m * c
        return [arc, line(arc.length, x, y, heading, self.begin_m - self.center_x)]


def _built(style: Style, ring: _Ring, ways: _Ways, headings: Sequence[float], arm_m: float, crosswalks: bool) -> Network:
    roads: dict[str, Road] = {}
    junctions: dict[str, Junction] = {}
    count = len(headings)
    for k, h in enumerate(headings):
        arm, ring_in, ring_out = str(k + 1), str(51 + (k - 1) % count), str(51 + k)
        through, entry, out = (str(100 * (k + 1) + n) for n in (1, 2, 3))
        node = str(k + 1)
        roads[arm] = _arm(style, ring, ways, k, h, arm_m, crosswalks)
        roads[ring_out] = _ring_road(
            style, ring, ring_out, h + ways.angle, _next(headings, k) - ways.angle, node, str((k + 1) % count + 1)
        )
        roads[through] = _ring_road(style, ring, through, h - ways.angle, h + ways.angle, "", "", node, ring_in, ring_out)
        roads[entry] = _slip(style, ring, entry, ways.entry(h), node, (arm, "start", ring_out, "start"), inward=True)
        roads[out] = _slip(style, ring, out, ways.exit(h), node, (ring_in, "end", arm, "start"), inward=False)
        skipped = ring.lanes - style.lanes
        around = tuple((-n - 1, -n - 1) for n in range(ring.lanes))
        # The first lane of an arm is the gap beside its island.
        into = tuple((n + 2, -n - 1) for n in range(style.lanes))
        leave = tuple((-n - 1 - skipped, -n - 1) for n in range(style.lanes))
        junctions[node] = Junction(
            node, "roundabout",
            (Connection(ring_in, through, "start", around), Connection(arm, entry, "start", into),
             Connection(ring_in, out, "start", leave)),
        )  # fmt: skip
    return Network("roundabout", roads, junctions)


def _next(headings: Sequence[float], k: int) -> float:
    return headings[k + 1] if k + 1 < len(headings) else headings[0] + 2 * math.pi


def _ring_road(
    style: Style,
    ring: _Ring,
    identity: str,
    start: float,
    end: float,
    before: str,
    after: str,
    junction: str = "",
    ring_in: str = "",
    ring_out: str = "",
) -> Road:
    """A piece of the ring from one angle to another: its reference line is the edge of the island."""
    r = ring.inner_m
    piece = Piece(0.0, r * math.cos(start), r * math.sin(start), start + math.pi / 2, r * (end - start), "arc", (1 / r,))
    dash = Mark(0.0, "broken", width=style.country.narrow_m, lines=(MarkLine(style.country.narrow_m, 1.5, 1.5),))
    lanes = {0: Lane(0, "none", marks=(cross_section.solid(style),) if ring.mini else ())}
    if not ring.mini:
        # An apron that long vehicles may drive on, behind a low kerb.
        lanes[1] = Lane(1, "curb", Cubics.constant(min(APRON_M, r - 0.5)), heights=((0.0, 0.04, 0.06),))
    for n in range(ring.lanes):
        marks = (dash,) if n < ring.lanes - 1 else ()
        lanes[-n - 1] = Lane(
            -n - 1, "driving", Cubics.constant(ring.lane_m), marks=marks, predecessors=(-n - 1,), successors=(-n - 1,)
        )
    if style.sidewalk_m > 0 and not junction:
        i = -ring.lanes - 1
        lanes[i] = Lane(i, "sidewalk", Cubics.constant(style.sidewalk_m), heights=((0.0, KERB_M, KERB_M),))
    if junction:
        ends = {"predecessor": Link("road", ring_in, "end"), "successor": Link("road", ring_out, "start"), "junction": junction}
        if not ring.mini:
            # On the island, before who comes from the arm in the middle of this piece.
            there = r * (end - start) / 2, APRON_M + 0.8
            chevron = road_marks.sign(style, f"chevron{junction}", "chevron_right", *there, z=0.7, heading=math.pi / 2)
            ends["signals"] = (chevron,)
    else:
        ends = {"predecessor": Link("junction", before), "successor": Link("junction", after)}
    slow = replace(style, speed_m_s=min(style.speed_m_s, 30 / 3.6))
    return road(identity, slow, [piece], Section(0.0, lanes), **ends)


def _slip(
    style: Style, ring: _Ring, identity: str, pieces: list[Piece], node: str, ends: tuple[str, str, str, str], inward: bool
) -> Road:
    """An entry or an exit; its lanes widen to those of the ring, and lie to the right of its line."""
    skipped = ring.lanes - style.lanes
    length = pieces[-1].s + pieces[-1].length
    a, b = (style.lane_width_m, ring.lane_m) if inward else (ring.lane_m, style.lane_width_m)
    width = Cubics.of([[0.0, a, 0.0, 3 * (b - a) / length**2, -2 * (b - a) / length**3]])
    # To its left the tip of the splitter island is paved, narrowing towards the ring.
    w, at_ring = _split_m(ring), 3.0 / length**2
    gap = (
        [0.0, w, 0.0, -at_ring * w, 2 * at_ring * w / 3 / length]
        if inward
        else [0.0, 0.0, 0.0, at_ring * w, -2 * at_ring * w / 3 / length]
    )
    lanes = {0: Lane(0, "none"), 1: Lane(1, "restricted", Cubics.of([gap]))}
    for n in range(style.lanes):
        here, there = ((n + 2,), (-n - 1 - skipped,)) if inward else ((-n - 1 - skipped,), (-n - 2,))
        lanes[-n - 1] = Lane(-n - 1, "driving", width, predecessors=here, successors=there)
    if style.sidewalk_m > 0:
        i = -style.lanes - 1
        lanes[i] = Lane(i, "sidewalk", Cubics.constant(style.sidewalk_m), heights=((0.0, KERB_M, KERB_M),))
    slow = replace(style, speed_m_s=min(style.speed_m_s, 30 / 3.6))
    return road(
        identity, slow, pieces, Section(0.0, lanes), junction=node,
        predecessor=Link("road", *ends[:2]), successor=Link("road", *ends[2:]),
    )  # fmt: skip


def _arm(style: Style, ring: _Ring, ways: _Ways, k: int, heading: float, length: float, crosswalks: bool) -> Road:
    """An arm that leaves outwards, with a splitter island that narrows away from the ring."""
    split, x = ways.split_m, ways.begin_m
    nose = CROSSWALK_AT_M + CROSSWALK_M + 0.8
    far = min(nose + ISLAND_M, length - 10.0)
    if far < nose + 5.0:
        raise InputError(f"arm_m: {length:g} m is too short for an arm with its island; at least {nose + 15:.0f} m")
    lanes = cross_section.driving(style, (cross_section.solid(style),) if style.sidewalk_m == 0 else ())
    walk = (Strip("walk", "sidewalk", style.sidewalk_m, raised=True),) if style.sidewalk_m > 0 else ()
    edge = (cross_section.solid(style),)
    flat = (Strip("gap", "restricted", split, marks=edge), *lanes, *walk)
    broad = split - 0.3
    rise = (Strip("island", "curb", 0.0, broad, raised=True), Strip("gap", "restricted", split, 0.3, marks=edge), *lanes, *walk)
    fall = (Strip("island", "curb", broad, 0.0, raised=True), Strip("gap", "restricted", 0.3, 0.0, marks=edge), *lanes, *walk)
    center = (replace(cross_section.broken(style), color=style.centre_color),)
    rows = [Row(0.0, flat, flat)]
    if not ring.mini:
        rows += [Row(nose, rise, rise), Row(nose + 2.5, fall, fall)]
    else:
        gone = (Strip("gap", "restricted", split, 0.0, marks=edge), *lanes, *walk)
        rows += [Row(nose, gone, gone)]
    rows.append(Row(far, (*lanes, *walk), (*lanes, *walk), center))
    piece = line(0.0, x * math.cos(heading), x * math.sin(heading), heading, length)
    return road(
        str(k + 1), style, [piece], sections(rows, length), predecessor=Link("junction", str(k + 1)),
        objects=tuple(_painted(style, ring, ways, k, crosswalks)), signals=tuple(_signed(style, ring, ways, k, length)),
    )  # fmt: skip


def _painted(style: Style, ring: _Ring, ways: _Ways, k: int, crosswalks: bool) -> list[RoadObject]:
    width = style.lanes * style.lane_width_m
    split = ways.split_m
    found = [road_marks.yield_line(f"yieldline{k}", style, 0.2, split, split + width)]
    if crosswalks and style.sidewalk_m > 0:
        reach = split + width
        found.append(road_marks.crosswalk(f"crosswalk{k}", style, CROSSWALK_AT_M, CROSSWALK_M, -reach, reach))
    found.append(
        road_marks.hatch(
            f"hatch{k}", [(0.5, -split + 0.2, split - 0.2), (CROSSWALK_AT_M - 0.6, -split + 0.2, split - 0.2)], apart_m=1.6
        )
    )
    if style.lanes > 1:
        nose = CROSSWALK_AT_M + CROSSWALK_M + 12.0
        kinds = ("straight_left", "straight_right")
        found += [
            road_marks.arrow(f"arrow{k}_{n}", nose + 5.0, split + (n + 0.5) * style.lane_width_m, kinds[min(n, 1)], math.pi)
            for n in range(style.lanes)
        ]
    return found


def _signed(style: Style, ring: _Ring, ways: _Ways, k: int, length: float) -> list:
    beside = ways.split_m + style.lanes * style.lane_width_m + 0.6
    found = [
        road_marks.sign(style, f"yield{k}", "yield", CROSSWALK_AT_M + CROSSWALK_M + 1.0, beside, against=True),
        road_marks.sign(style, f"roundabout{k}", "roundabout", min(CROSSWALK_AT_M + 30.0, length - 12.0), beside, against=True),
        road_marks.speed_limit(style, f"limit{k}", min(55.0, length - 5.0), -beside),
    ]
    return found
