"""Junctions of roads that meet in a point: crossings, T, Y and X, straight and skewed, with lights or signs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics, Piece
from scenesim.scenario import road_marks
from scenesim.scenario.kerbs import KERB_M
from scenesim.scenario.network import Connection, Junction, Lane, Link, Network, Road, RoadObject, Section, Signal
from scenesim.scenario.pieces import line, positive, road, section
from scenesim.scenario.style import Style

CROSSWALK_M = 4.0
ARROW_EVERY_M = 18.0
STRAIGHT_RAD = math.radians(35)  # who turns by less goes straight on
CLOSEST_RAD = math.radians(40)
CONTROLS = ("lights", "priority", "yield", "stop", "none")
SHAPES = {
    "t": (0.0, 90.0, 180.0), "y": (0.0, 120.0, 240.0), "x": (0.0, 90.0, 180.0, 270.0), "skew": (0.0, 60.0, 180.0, 240.0),
    "skew_t": (0.0, 125.0, 180.0),
}  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """An end of a road at a junction: the road leaves it at `distance` m from the middle (x, y) in direction `heading`.

    contact: "start" or "end", that of the road which is there. towards: side (1, -1) of the lanes that lead to the junction, as
    one looks away from it. main: its traffic goes first. stage: of the lights.
    """

    road: str
    heading: float
    distance: float
    towards: float
    main: bool
    stage: int
    contact: str = "start"
    x: float = 0.0
    y: float = 0.0

    @property
    def point(self) -> tuple[float, float]:
        """Where the road begins or ends."""
        return self.x + self.distance * math.cos(self.heading), self.y + self.distance * math.sin(self.heading)

    def lane(self, n: int, incoming: bool) -> int:
        """Number of the n-th lane from the middle of those that come in, or go out."""
        inward = int(self.towards) if self.contact == "start" else -int(self.towards)
        return (inward if incoming else -inward) * (n + 1)


def crossing(
    style: Style,
    arm_m: float = 150.0,
    corner_m: float = 8.0,
    control: str = "lights",
    crosswalks: bool = True,
    arms: int = 4,
) -> Network:
    """Roads from the east, north, west and (with 4 arms) south that meet in a junction about the origin.

    corner_m: radius of the kerb. control: "lights", "priority" (the road along x goes first; the others stop, or with "yield"
    give way), "stop" or "none".
    """
    if arms not in (3, 4):
        raise InputError(f"arms: {arms}; a crossing has 3 or 4")
    directions = (0.0, math.pi / 2, math.pi, -math.pi / 2)[:arms]
    return _meeting("crossing", style, directions, arm_m, corner_m, control, crosswalks)


def junction(
    style: Style,
    arm_m: float = 150.0,
    corner_m: float = 8.0,
    control: str = "priority",
    crosswalks: bool = True,
    shape: str = "t",
    arm_angles_rad: Sequence[float] | None = None,
) -> Network:
    """Roads that leave a point in given directions (from the east on, counter-clockwise), or as a shape says: "t", "y", "x",
    "skew" (two roads that cross at 60 degrees) or "skew_t". With "priority" and "yield" the two arms that are most nearly in
    line go first."""
    if shape not in SHAPES:
        raise InputError(f'shape: "{shape}" is none of {", ".join(SHAPES)}')
    angles = [math.radians(a) for a in SHAPES[shape]] if arm_angles_rad is None else list(arm_angles_rad)
    if not 3 <= len(angles) <= 6:
        raise InputError(f"arm_angles_deg: {len(angles)} roads meet; 3 to 6 are possible")
    angles = sorted(math.remainder(a, 2 * math.pi) % (2 * math.pi) for a in angles)
    for a, b in zip(angles, [*angles[1:], angles[0] + 2 * math.pi]):
        if b - a < CLOSEST_RAD:
            raise InputError(
                f"arm_angles_deg: {math.degrees(a):.0f} and {math.degrees(b) % 360:.0f} are too near to each other; "
                f"at least {math.degrees(CLOSEST_RAD):.0f} degrees apart"
            )
    return _meeting("junction", style, angles, arm_m, corner_m, control, crosswalks)


def _meeting(
    name: str, style: Style, headings: Sequence[float], arm_m: float, corner_m: float, control: str, crosswalks: bool
) -> Network:
    if control not in CONTROLS:
        raise InputError(f'control: "{control}" is none of {", ".join(CONTROLS)}')
    style = replace(style, verge_m=0.0)
    away = distance(headings, style, corner_m)
    names = [str(k + 1) for k in range(len(headings))]
    arms = arms_of(style, names, headings, away)
    roads = {a.road: _arm(style, a, positive(arm_m, "arm_m"), control, crosswalks) for a in arms}
    ways, node = connected(
        style, "1", name, arms, [str(100 + 10 * i + j) for i in range(len(arms)) for j in range(len(arms)) if i != j]
    )
    return Network(name, roads | ways, {"1": node})


def arms_of(
    style: Style,
    roads: Sequence[str],
    headings: Sequence[float],
    away: float,
    contacts: Sequence[str] = (),
    middle: tuple[float, float] = (0.0, 0.0),
) -> list[Arm]:
    """The arms of a junction; the two that are most nearly in line go first, and have the first stage of the lights."""
    first = _in_line(headings) if len(headings) > 2 else tuple(range(len(headings)))
    towards = -1.0 if style.left_hand else 1.0
    return [
        Arm(r, h, away, towards, k in first, 0 if k in first else 1, contacts[k] if contacts else "start", *middle)
        for k, (r, h) in enumerate(zip(roads, headings))
    ]


def connected(
    style: Style, identity: str, name: str, arms: Sequence[Arm], names: Sequence[str]
) -> tuple[dict[str, Road], Junction]:
    """The ways from each arm to each other one, called as `names` say, and their junction."""
    roads, connections = {}, []
    pairs = [(a, b) for a in arms for b in arms if a is not b]
    for way, (a, b) in zip(names, pairs):
        roads[way], links = _connecting(style, way, a, b, arms, identity)
        connections.append(Connection(a.road, way, "start", links))
    return roads, Junction(identity, name, tuple(connections))


def distance(headings: Sequence[float], style: Style, corner_m: float) -> float:
    """From the middle of a junction to where its arms begin."""
    return _distance(headings, style.paved_m + max(corner_m, style.sidewalk_m + 1.0))


def _distance(headings: Sequence[float], half_m: float) -> float:
    """From the middle to where the arms begin, so that arcs between neighbours leave room for half a road and its kerb."""
    ordered = sorted(h % (2 * math.pi) for h in headings)
    gaps = [b - a for a, b in zip(ordered, [*ordered[1:], ordered[0] + 2 * math.pi])]
    acute = [g for g in gaps if g < math.pi / 2 - 1e-9]
    return half_m / math.tan(min(acute) / 2) if acute else half_m


def _in_line(headings: Sequence[float]) -> tuple[int, int]:
    """Indices of the two arms that are most nearly opposite to each other; of several pairs the first."""
    pairs = [(i, j) for i in range(len(headings)) for j in range(i + 1, len(headings))]
    return min(pairs, key=lambda p: round(abs(abs(_turn(headings[p[0]], headings[p[1]])) - math.pi), 6))


def _turn(a: float, b: float) -> float:
    return math.remainder(b - a, 2 * math.pi)


def _arm(style: Style, a: Arm, length: float, control: str, crosswalks: bool) -> Road:
    """A road that runs away from the middle; its traffic towards the middle has positive lanes (right-hand traffic)."""
    objects, signals, marks_from = furniture(style, a, length, control, crosswalks)
    if style.kind == "town":
        signals.append(
            road_marks.speed_limit(style, f"limit{a.road}", min(60.0, length - 5.0), -a.towards * (style.paved_m + 0.6))
        )
    pieces = [line(0.0, *a.point, a.heading, length)]
    return road(
        a.road, style, pieces, section(style, marks_from), predecessor=Link("junction", "1"), objects=tuple(objects),
        signals=tuple(signals),
    )  # fmt: skip


def furniture(
    style: Style, a: Arm, length: float, control: str, crosswalks: bool
) -> tuple[list[RoadObject], list[Signal], float]:
    """What is painted and what stands at the beginning of an arm, s from the junction; and where the marks of lanes begin."""
    at, name = 1.0, a.road
    objects: list[RoadObject] = []
    if crosswalks and style.sidewalk_m > 0:
        objects.append(road_marks.crosswalk(f"crosswalk{name}", style, at, CROSSWALK_M, -style.paved_m, style.paved_m))
        at += CROSSWALK_M + 1.0
    low, high = sorted((0.0, a.towards * style.lanes * style.lane_width_m))
    waits = control in ("lights", "stop") or not a.main
    if waits and control == "yield":
        objects.append(road_marks.yield_line(f"yieldline{name}", style, at, low, high))
    elif waits and control != "none":
        objects.append(road_marks.stop_line(f"stopline{name}", style, at, low, high))
    objects += _arrows(style, a, at + 4.0, length)
    return objects, _signals(style, a, at, control), at + style.country.stop_line_m


def _arrows(style: Style, a: Arm, at: float, length: float) -> list[RoadObject]:
    """Arrows before a junction, where lanes lead to different ways."""
    found = []
    for n in range(style.lanes if style.lanes > 1 else 0):
        inner, outer = ("right", "left") if style.left_hand else ("left", "right")
        kind = "straight" if 0 < n < style.lanes - 1 else f"straight_{outer if n else inner}"
        t = a.towards * (n + 0.5) * style.lane_width_m
        for k in range(2):
            s = at + road_marks.ARROW_M + k * ARROW_EVERY_M
            if s < length - 5.0:
                found.append(road_marks.arrow(f"arrow{a.road}_{n}_{k}", s, t, kind, math.pi))
    return found


def _signals(style: Style, a: Arm, at: float, control: str) -> list[Signal]:
    found: list[Signal] = []
    beside = a.towards * (style.paved_m + 0.6)
    if control == "lights":
        found.append(replace(road_marks.traffic_light(f"lights{a.road}", at + 0.3, beside), subtype=f"stage{a.stage}"))
    name = {"stop": "stop", "priority": "priority" if a.main else "stop", "yield": "priority" if a.main else "yield"}.get(
        control
    )
    if name is not None and name in style.country.signs:
        found.append(road_marks.sign(style, f"{control}{a.road}", name, at + 0.3, beside, against=True))
    return found


def _connecting(
    style: Style, identity: str, a: Arm, b: Arm, arms: Sequence[Arm], node: str
) -> tuple[Road, tuple[tuple[int, int], ...]]:
    """The way from one arm to another: it runs along traffic, in lanes on one side of the arms' centre lines."""
    start = a.point
    into = a.heading + math.pi
    turn = math.remainder(b.heading - into, 2 * math.pi)
    if abs(turn) < 1e-9:
        pieces = [line(0, *start, into, 2 * a.distance)]
    else:
        radius = a.distance / math.tan(abs(turn) / 2) if abs(abs(turn) - math.pi / 2) > 1e-12 else a.distance
        pieces = [Piece(0.0, *start, into, radius * abs(turn), "arc", (math.copysign(1 / radius, turn),))]
    side = 1 if style.left_hand else -1
    # The kerb goes on from an arm to the next one on the side of its traffic, with whatever lies beside the lanes.
    gaps = {q: (-side * (q.heading - a.heading)) % (2 * math.pi) for q in arms if q is not a}
    next_arm = min(gaps, key=lambda q: gaps[q]) is b
    # Lanes that nobody drives on this way are paved all the same.
    used = _used(style.lanes, side, a, b, arms)
    lanes = {0: Lane(0, "none")}
    for n in range(style.lanes):
        i = side * (n + 1)
        kind = "driving" if n in used else "restricted"
        lanes[i] = Lane(
            i, kind, Cubics.constant(style.lane_width_m), predecessors=(a.lane(n, True),), successors=(b.lane(n, False),)
        )
    i = side * (style.lanes + 1)
    beside_m = style.shoulder_m + style.parking_m
    if beside_m > 0 and (next_arm or abs(turn) <= STRAIGHT_RAD):
        lanes[i] = Lane(i, "shoulder", Cubics.constant(beside_m))
        i += side
    if style.sidewalk_m > 0 and next_arm:
        lanes[i] = Lane(i, "sidewalk", Cubics.constant(style.sidewalk_m), heights=((0.0, KERB_M, KERB_M),))
    links = tuple((a.lane(n, True), side * (n + 1)) for n in used)
    ends = {"predecessor": Link("road", a.road, a.contact), "successor": Link("road", b.road, b.contact)}
    return road(identity, style, pieces, Section(0.0, lanes), junction=node, **ends), links


def _used(lanes: int, side: int, a: Arm, b: Arm, arms: Sequence[Arm]) -> range:
    """Lanes, from the middle outwards, that lead from a to b: straight on all of them; a turn leads from the lane nearest to
    where it goes. Where no way leads straight on, lanes between go with the turn across the road."""
    turns = {q: side * math.remainder(q.heading - a.heading - math.pi, 2 * math.pi) for q in arms if q is not a}
    order = sorted(turns, key=lambda q: -turns[q])  # from the turn to the kerb's side to that across the road
    goes_straight = any(abs(t) <= STRAIGHT_RAD for t in turns.values())
    if abs(turns[b]) <= STRAIGHT_RAD or len(order) == 1:
        return range(lanes)
    if b is order[0] or (b is not order[-1] and turns[b] > 0):
        return range(lanes - 1, lanes)
    return range(1 if goes_straight else max(lanes - 1, 1))
