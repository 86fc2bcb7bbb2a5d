"""A motorway with two carriageways: exit and entry with their lanes, gores and ramps, sign gantries, noise walls.

Sizes: German guideline for motorways (RAA, 2008): lanes that begin or end are 250 m long with tapers of 60 m, here half;
median 4 m, hard shoulder 2.5 to 3 m (recalled, not looked up).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Piece, ReferenceLine
from scenesim.scenario import cross_section, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.network import Connection, Junction, Link, Network, Road, RoadObject, Signal
from scenesim.scenario.pieces import after, line, positive, road
from scenesim.scenario.style import Style

RAMPS = ("off", "on", "both", "none")
MEDIAN_M, LEFT_EDGE_M = 4.0, 1.0
TAPER_M, LANE_M, GORE_M = 60.0, 130.0, 80.0
PARTING_RADIUS_M, PARTING_RAD = 500.0, math.radians(6.0)
RAMP_RADIUS_M, RAMP_RAD, RAMP_LEAD_M = 90.0, math.radians(55.0), 60.0
RAMP_SPEED_M_S = 60 / 3.6
SHORTEST_M, BETWEEN_M = 700.0, 480.0  # of all, and from an exit to the next entry, whose ramps must not meet
WALL_M = 4.0


def motorway(
    style: Style, length_m: float = 1300.0, ramps: str = "both", gantries: bool = True, noise_walls: bool = False
) -> Network:
    """Along +x, with what leaves and enters on the right. ramps: "off" (an exit), "on" (an entry), "both" (first the exit) or
    "none"."""
    if ramps not in RAMPS:
        raise InputError(f'ramps: "{ramps}" is none of {", ".join(RAMPS)}')
    if style.lanes < 2:
        raise InputError(f"lanes: {style.lanes}; a motorway has at least 2 for each direction")
    shortest = SHORTEST_M + (BETWEEN_M if ramps == "both" else 0.0)
    if positive(length_m, "length_m") < shortest:
        raise InputError(f"length_m: {length_m:g} m is too short for a motorway with ramps; at least {shortest:g} m")
    style = replace(style, kind="motorway", sidewalk_m=0.0, parking_m=0.0, shoulder_m=max(style.shoulder_m, 0.5))
    kinds = {"off": ("off",), "on": ("on",), "both": ("off", "on"), "none": ()}[ramps]
    return _Builder(style, length_m, kinds, gantries, noise_walls).network()


@dataclass
class _Builder:
    style: Style
    length_m: float
    kinds: tuple[str, ...]
    gantries: bool
    noise_walls: bool

    def network(self) -> Network:
        """Roads "1", "2" ... along the carriageway, "opposite", and ramps "exit" and "entry"."""
        roads: dict[str, Road] = {}
        junctions: dict[str, Junction] = {}
        parts = len(self.kinds) + 1
        middle = BETWEEN_M if parts == 3 else 0.0
        outer = (self.length_m - len(self.kinds) * GORE_M - middle) / min(parts, 2)
        x = 0.0
        for n in range(parts):
            before = self.kinds[n - 1] if n else ""
            following = self.kinds[n] if n < len(self.kinds) else ""
            free = middle if parts == 3 and n == 1 else outer
            roads[str(n + 1)] = self._carriageway(n, x, free, before, following)
            x += free
            if following:
                node = str(n + 1)
                made, junctions[node] = self._gore(node, str(n + 1), str(n + 2), x, following)
                roads |= made
                x += GORE_M
        back = [line(0.0, self.length_m, MEDIAN_M + 2 * LEFT_EDGE_M, math.pi, self.length_m)]
        rows = [Row(0.0, self._left(), self._right(), self._left_line())]
        roads["opposite"] = road(
            "opposite", self.style, back, sections(rows, self.length_m),
            objects=tuple(self._walls("opposite", 0.0, self.length_m, self._outer())),
        )  # fmt: skip
        return Network("motorway", roads, junctions)

    # ---- the cross-section

    @property
    def _lanes_m(self) -> float:
        return self.style.lanes * self.style.lane_width_m

    def _outer(self, extra: bool = False) -> float:
        """From the left edge line to the outer edge of what is paved."""
        return self._lanes_m + self.style.shoulder_m + (self.style.lane_width_m if extra else 0.0)

    def _left_line(self) -> tuple:
        return (cross_section.solid(self.style, self.style.country.left_edge_color, wide=True),)

    @staticmethod
    def _left() -> tuple[Strip, ...]:
        return (Strip("inside", "shoulder", LEFT_EDGE_M),)

    def _right(self, extra: tuple[str, float, float] | None = None, into: str = "") -> tuple[Strip, ...]:
        """Lanes, one more that widens or narrows (kind, from, to), the hard shoulder, and the verge."""
        edge = (cross_section.solid(self.style, wide=True),)
        if extra is None:
            found = [*cross_section.driving(self.style, edge)]
        else:
            kind, begin, end = extra
            found = [*cross_section.driving(self.style, (cross_section.guide(self.style),))]
            last = cross_section.lane_name(self.style.lanes - 1)
            after_lane = last if kind == "exit" and begin == 0.0 else ""
            found.append(Strip("extra", kind, begin, end, edge, after=after_lane, into=into))
        found.append(Strip("hard", "stop", self.style.shoulder_m))
        return (*found, Strip("verge", "none", max(self.style.verge_m, 0.5)))

    # ---- the carriageway

    def _carriageway(self, n: int, x: float, length: float, before: str, following: str) -> Road:
        w = self.style.lane_width_m
        rows: list[Row] = []
        last = cross_section.lane_name(self.style.lanes - 1)

        def row(s: float, extra: tuple[str, float, float] | None = None, into: str = "") -> None:
            rows.append(Row(s, self._left(), self._right(extra, into), self._left_line()))

        begin = 0.0
        if before == "on":
            row(0.0, ("entry", w, w))
            row(LANE_M, ("entry", w, 0.0), into=last)
            begin = LANE_M + TAPER_M
        row(begin)
        if following == "off":
            row(length - LANE_M - TAPER_M, ("exit", 0.0, w))
            row(length - LANE_M, ("exit", w, w))
        name = str(n + 1)
        objects = [*self._gantries(n, length, following), *self._arrows(length, before, following)]
        walls = [(0.0, begin, before == "on"), (begin, length, False)]
        if following == "off":
            walls[-1:] = [(begin, length - LANE_M - TAPER_M, False), (length - LANE_M - TAPER_M, length, True)]
        for k, (a, b, extra) in enumerate(walls):
            objects += self._walls(f"{name}_{k}", a, b, self._outer(extra))
        ends = {
            "predecessor": Link("junction", str(n)) if before else None,
            "successor": Link("junction", str(n + 1)) if following else None,
        }
        pieces = [line(0.0, x, 0.0, 0.0, length)]
        return road(
            name, self.style, pieces, sections(rows, length), objects=tuple(objects),
            signals=tuple(self._signs(n, length, following)),
            **ends,
        )  # fmt: skip

    def _gantries(self, n: int, length: float, following: str) -> list[RoadObject]:
        if not self.gantries:
            return []
        ahead = "A 9|NORD|CITY"
        span = LEFT_EDGE_M + self._outer(True) + 3.4
        found = []
        places = [(length - LANE_M + 8.0, f"{ahead}#{self.style.lanes};AIRPORT|EXIT 23#-1")] if following == "off" else []
        if following == "off" and length > 2 * LANE_M + TAPER_M:
            places.append((length - LANE_M - TAPER_M - 90.0, f"{ahead}#{self.style.lanes};AIRPORT|1000 M#0"))
        if not following and n == 0:
            places.append((0.4 * length, f"{ahead}#{self.style.lanes}"))
        for k, (s, boards) in enumerate(places):
            face = self.style.country.signs["direction"]["face"]
            found.append(
                road_marks.thing(
                    f"gantry{n}_{k}", "gantry", s, LEFT_EDGE_M + 1.3, math.pi, span_m=round(span, 2), boards=boards, face=face
                )
            )
        return found

    def _arrows(self, length: float, before: str, following: str) -> list[RoadObject]:
        found = []
        t = -self._lanes_m - self.style.lane_width_m / 2
        for k in range(2):
            if following == "off":
                found.append(road_marks.arrow(f"arrow_off{k}", length - LANE_M + 15.0 + 45.0 * k, t, "right"))
            if before == "on":
                found.append(road_marks.arrow(f"arrow_on{k}", LANE_M - 70.0 + 45.0 * k, t, "left"))
        return found

    def _walls(self, name: str, begin: float, end: float, outer: float) -> list[RoadObject]:
        """Noise walls behind the verge, panel by panel."""
        if not self.noise_walls:
            return []
        t = -(outer + max(self.style.verge_m, 0.5) + 1.5)
        count = int((end - begin - 1.0) / WALL_M)
        return [
            road_marks.thing(f"wall{name}_{k}", "noise_wall", begin + (k + 0.5) * WALL_M + 0.5, t, length_m=WALL_M)
            for k in range(count)
        ]

    def _signs(self, n: int, length: float, following: str) -> list[Signal]:
        t = -(self._outer(following == "off") + 1.6)
        found = (
            [road_marks.speed_limit(self.style, f"limit{n}", 0.25 * length, -(self._outer() + 1.6))]
            if self.style.speed_m_s < 36
            else []
        )
        if following == "off":
            found.append(
                road_marks.sign(
                    self.style,
                    "exit_sign",
                    "exit",
                    length - 4.0,
                    t,
                    z=1.6,
                    text="AUSFAHRT" if self.style.country.code == "DE" else "EXIT",
                )
            )
        return found

    # ---- where ways part and join

    def _gore(self, node: str, before: str, following: str, x: float, kind: str) -> tuple[dict[str, Road], Junction]:
        """The connecting roads of a gore, its ramp, and its junction. An entry is an exit seen backwards."""
        n, off = self.style.lanes, kind == "off"
        ramp, through, side = ("exit" if off else "entry"), f"{node}01", f"{node}02"
        edge = self._lanes_m
        away = self._ramp_line(x if off else x + GORE_M, -edge, 1.0 if off else -1.0)
        parting = ReferenceLine(tuple(away[:2]), away[1].s + away[1].length)
        lead, rest = (away[:2], away[2:]) if off else (_reversed(away[:2]), _reversed(away[2:]))
        rest = [replace(p, s=p.s - rest[0].s) for p in rest]
        links_main = tuple((-k - 1, -k - 1) for k in range(n))
        extra = -n - 1
        along = (Strip("inside", "shoulder", LEFT_EDGE_M),)
        plain = [
            Strip(
                cross_section.lane_name(k),
                "driving",
                self.style.lane_width_m,
                marks=(cross_section.broken(self.style),) if k < n - 1 else (),
            )
            for k in range(n)
        ]
        wide = (*plain, Strip("hard", "shoulder", self.style.shoulder_m))
        painted = self._gore_paint(node, parting, edge, off)
        main = road(
            through, self.style, [line(0.0, x, 0.0, 0.0, GORE_M)], sections([Row(0.0, along, wide, self._left_line())], GORE_M),
            junction=node, predecessor=Link("road", before, "end"), successor=Link("road", following, "start"),
            objects=tuple(painted),
        )  # fmt: skip
        slow = replace(self.style, speed_m_s=max(RAMP_SPEED_M_S, 0.7 * self.style.speed_m_s))
        branch = road(
            side, slow, lead,
            _numbered(self._ramp_sections(lead, False), (extra,) if off else (-1,), (-1,) if off else (extra,)),
            junction=node,
            predecessor=Link("road", *((before, "end") if off else (ramp, "end"))),
            successor=Link("road", *((ramp, "start") if off else (following, "start"))),
        )  # fmt: skip
        end = {"predecessor": Link("junction", node)} if off else {"successor": Link("junction", node)}
        slow = replace(self.style, speed_m_s=RAMP_SPEED_M_S, kind="rural")
        far = road(ramp, slow, rest, self._ramp_sections(rest, True), signals=tuple(self._ramp_signs(slow, rest, off)), **end)
        incoming = Connection(before, side, "start", ((extra, -1),)) if off else Connection(ramp, side, "start", ((-1, -1),))
        joint = Junction(node, ramp, (Connection(before, through, "start", links_main), incoming))
        return {through: main, side: branch, ramp: far}, joint

    def _ramp_line(self, x: float, y: float, way: float) -> list[Piece]:
        """Left edge of a ramp's lane that leaves (x, y) along +x (way 1) or, looking back, along -x (way -1), to the right of
        the carriageway; a bend away, a straight, then the bend of the ramp."""
        turn = -way
        heading = 0.0 if way > 0 else math.pi
        first = Piece(0.0, x, y, heading, PARTING_RADIUS_M * PARTING_RAD, "arc", (turn / PARTING_RADIUS_M,))
        pieces = [first, after(first, "line", GORE_M - first.length + 1.0)]
        pieces.append(after(pieces[-1], "line", RAMP_LEAD_M))
        pieces.append(after(pieces[-1], "spiral", 40.0, (0.0, turn / RAMP_RADIUS_M)))
        pieces.append(after(pieces[-1], "arc", RAMP_RADIUS_M * RAMP_RAD, (turn / RAMP_RADIUS_M,)))
        pieces.append(after(pieces[-1], "line", 60.0))
        return pieces

    def _ramp_sections(self, pieces: Sequence[Piece], marks: bool):
        edge = (cross_section.solid(self.style, wide=True),)
        left = (cross_section.solid(self.style, self.style.country.left_edge_color, wide=True),) if marks else ()
        lane = Strip("extra", "driving", self.style.lane_width_m, marks=edge)
        right = (lane, Strip("hard", "stop", self.style.shoulder_m), Strip("verge", "none", max(self.style.verge_m, 0.5)))
        length = pieces[-1].s + pieces[-1].length
        inside = (Strip("inside", "shoulder", 0.5 if marks else 0.02),)
        return sections([Row(0.0, inside, right, left)], length)

    def _gore_paint(self, node: str, parting: ReferenceLine, edge: float, off: bool) -> list[RoadObject]:
        """Edge lines of both ways from where they part, and chevrons between them."""
        width = self.style.country.wide_m
        x0 = parting.pieces[0].x - (0.0 if off else GORE_M)
        s = [parting.length * k / 24 for k in range(25)]
        x, y, _ = parting.at(s)
        rows = sorted((float(a) - x0, float(b)) for a, b in zip(x, y))
        rows = [(a, b) for a, b in rows if 0.0 <= a <= GORE_M]
        ring = [(a, b - width) for a, b in rows] + [(a, b) for a, b in rows[::-1]]
        lines = [[(0.0, -edge), (0.0, -edge - width), (GORE_M, -edge - width), (GORE_M, -edge)], ring]
        between = [(a, b + 0.25, -edge - width - 0.25) for a, b in rows if 0.9 < -edge - b - width <= self.style.shoulder_m]
        found = [road_marks.polygon(f"gore_lines{node}", lines)]
        if len(between) > 2:
            found.append(road_marks.chevrons(f"gore{node}", between, -1.0 if off else 1.0, 5.0))
        return found

    def _ramp_signs(self, slow: Style, rest: Sequence[Piece], off: bool) -> list[Signal]:
        t = -(self.style.lane_width_m + self.style.shoulder_m + 1.4)
        found = [road_marks.speed_limit(slow, f"ramp_limit_{off}", 25.0, t)]
        bend = rest[1] if off else rest[0]
        middle = bend.s + 30.0
        found += [road_marks.sign(slow, f"bend_{off}_{k}", "chevron_right", middle + 18.0 * k, 2.2, z=0.8) for k in range(3)]
        return found


def _reversed(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces driven the other way."""
    found: list[Piece] = []
    s = 0.0
    for p in reversed(pieces):
        x, y, heading = (float(v) for v in p.at(p.length))
        parameters = tuple(-k for k in p.parameters[::-1])
        found.append(Piece(s, x, y, heading + math.pi, p.length, p.kind, parameters))
        s += p.length
    return found


def _numbered(made, before: tuple[int, ...], following: tuple[int, ...]):
    """Sections of a connecting road whose lane -1 comes from and leads to lanes of other numbers."""
    first = replace(made[0], lanes={**made[0].lanes, -1: replace(made[0].lanes[-1], predecessors=before, successors=following)})
    return (first, *made[1:])
