"""Procedural places: straight, curve, hill and crossing, as the same network that an OpenDRIVE map fills."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.scenario.kerbs import KERB_M
from scenesim.scenario.network import (
    NONE,
    Connection,
    Corner,
    Junction,
    Lane,
    Link,
    Mark,
    MarkLine,
    Network,
    Road,
    RoadObject,
    Section,
    Signal,
)  # fmt: skip

# Where a lane change is forbidden before a junction, and dashes elsewhere: widths and lengths of German RMS-1.
NARROW_M, WIDE_M = 0.12, 0.25
TOWN_DASH, COUNTRY_DASH = (3.0, 6.0), (4.0, 8.0)
STOP_LINE_M, CROSSWALK_M = 0.5, 4.0


@dataclass(frozen=True)
class Style:
    """What a road is made of, the same on both sides.

    lanes: driving lanes for each direction. lane_width_m. sidewalk_m, parking_m, shoulder_m (paved), verge_m (grass): widths of
    what lies beside them, 0 for none. speed_m_s: limit.
    kind: "town", "rural" or "motorway" (OpenDRIVE road type). left_hand: traffic on the left. yellow: centre line in yellow.
    """

    lanes: int = 1
    lane_width_m: float = 3.5
    sidewalk_m: float = 2.5
    parking_m: float = 0.0
    shoulder_m: float = 0.0
    verge_m: float = 0.0
    speed_m_s: float = 50 / 3.6
    kind: str = "town"
    left_hand: bool = False
    yellow: bool = False

    def __post_init__(self):
        if not 1 <= self.lanes <= 6:
            raise InputError(f"lanes: {self.lanes} driving lanes for each direction; 1 to 6 are possible")
        if not 2.0 <= self.lane_width_m <= 6.0:
            raise InputError(f"lane_width_m: {self.lane_width_m:g} m; 2 to 6 m are possible")
        for name in ("sidewalk_m", "parking_m", "shoulder_m", "verge_m"):
            if not 0 <= getattr(self, name) <= 20:
                raise InputError(f"{name}: {getattr(self, name):g} m; 0 to 20 m are possible")
        if not 1.0 <= self.speed_m_s <= 100.0:
            raise InputError(f"speed limit of {self.speed_m_s:g} m/s; 1 to 100 m/s are possible")

    @property
    def paved_m(self) -> float:
        """Half the width of the carriageway."""
        return self.lanes * self.lane_width_m + self.parking_m + self.shoulder_m


TOWN = Style(parking_m=2.0)
COUNTRY = Style(sidewalk_m=0.0, shoulder_m=0.5, verge_m=1.5, speed_m_s=100 / 3.6, kind="rural")
MOTORWAY = Style(lanes=2, lane_width_m=3.75, sidewalk_m=0.0, shoulder_m=2.5, verge_m=1.5, speed_m_s=130 / 3.6, kind="motorway")


def straight(style: Style, length_m: float = 300.0) -> Network:
    """A straight road along x."""
    return _single("straight", style, [_line(0, 0, 0, 0, _positive(length_m, "length_m"))])


def curve(style: Style, length_m: float = 300.0, radius_m: float = 80.0, angle_rad: float = math.pi / 2) -> Network:
    """Straight, clothoid, arc, clothoid, straight; a positive angle turns left."""
    _positive(radius_m, "radius_m")
    least = style.paved_m + style.sidewalk_m + style.verge_m + 3.0
    if radius_m < least:
        raise InputError(f"radius_m: {radius_m:g} m is less than this road's half width; at least {least:.0f} m")
    if not 0.05 <= abs(angle_rad) <= 2 * math.pi:
        raise InputError(f"angle_rad: {angle_rad:g} rad; 0.05 to 6.28 are possible, negative to the right")
    k = math.copysign(1 / radius_m, angle_rad)
    clothoid = abs(angle_rad) / 3 * radius_m  # turns by half its length times k: a sixth of the angle
    arc = abs(angle_rad) * 2 / 3 * radius_m
    lead = max((length_m - 2 * clothoid - arc) / 2, 20.0)
    pieces = [_line(0, 0, 0, 0, lead)]
    for kind, length, parameters in (
        ("spiral", clothoid, (0.0, k)), ("arc", arc, (k,)), ("spiral", clothoid, (k, 0.0)), ("line", lead, ()),
    ):  # fmt: skip
        pieces.append(_after(pieces[-1], kind, length, parameters))
    return _single("curve", style, pieces)


def hill(style: Style, length_m: float = 400.0, height_m: float = 12.0) -> Network:
    """A straight road over a crest of height_m (negative: a dip) in the middle."""
    _positive(length_m, "length_m")
    if abs(height_m) > 0.1 * length_m:
        raise InputError(f"height_m: {height_m:g} m over {length_m:g} m is too steep; at most {0.1 * length_m:g} m")
    flat, ramp = 0.15 * length_m, 0.35 * length_m

    def rise(start: float, low: float, high: float) -> tuple[float, float, float, float, float]:
        return start, low, 0.0, 3 * (high - low) / ramp**2, -2 * (high - low) / ramp**3

    profile = [(0.0, 0.0, 0.0, 0.0, 0.0), rise(flat, 0.0, height_m), rise(flat + ramp, height_m, 0.0),
               (flat + 2 * ramp, 0.0, 0.0, 0.0, 0.0)]  # fmt: skip
    network = _single("hill", style, [_line(0, 0, 0, 0, length_m)])
    road = replace(network.roads["1"], elevation=Cubics.of(profile))
    return replace(network, roads={"1": road})


def crossing(
    style: Style,
    arm_m: float = 150.0,
    corner_m: float = 8.0,
    control: str = "lights",
    crosswalks: bool = True,
    arms: int = 4,
) -> Network:
    """Roads from the east, north, west and (with 4 arms) south that meet in a junction about the origin.

    corner_m: radius of the kerb. control: "lights", "priority" (the road along x goes first), "stop" or "none".
    """
    if arms not in (3, 4):
        raise InputError(f"arms: {arms}; a crossing has 3 or 4")
    if control not in ("lights", "priority", "stop", "none"):
        raise InputError(f'control: "{control}" is none of lights, priority, stop, none')
    style = replace(style, verge_m=0.0)
    walk = style.sidewalk_m
    inner = style.paved_m + max(corner_m, walk + 1.0)  # from the middle to where the arms begin
    directions = [0.0, math.pi / 2, math.pi, -math.pi / 2][:arms]
    roads: dict[str, Road] = {}
    for k, heading in enumerate(directions):
        roads[str(k + 1)] = _arm(style, k, heading, inner, _positive(arm_m, "arm_m"), control, crosswalks)
    connections = []
    for a, h_a in enumerate(directions):
        for b, h_b in enumerate(directions):
            if a != b:
                identity = str(100 + 10 * a + b)
                # A T-junction has no arm in the south: there the sidewalk goes on along the way through.
                open_side = arms == 3 and {a, b} == {0, 2} and (a == 0) == style.left_hand
                ends = (str(a + 1), str(b + 1))
                roads[identity], links = _connecting(style, identity, ends, (h_a, h_b), inner, open_side)
                connections.append(Connection(str(a + 1), identity, "start", links))
    return Network("crossing", roads, {"1": Junction("1", "crossing", tuple(connections))})


# ---- pieces


def _positive(value: float, name: str) -> float:
    if not 10.0 <= value <= 1e5:
        raise InputError(f"{name}: {value:g} m; 10 m to 100 km are possible")
    return value


def _line(s: float, x: float, y: float, heading: float, length: float) -> Piece:
    return Piece(s, x, y, heading, length)


def _after(before: Piece, kind: str, length: float, parameters: tuple[float, ...]) -> Piece:
    x, y, heading = (float(v) for v in before.at(before.length))
    return Piece(before.s + before.length, x, y, heading, length, kind, parameters)


def _single(name: str, style: Style, pieces: list[Piece]) -> Network:
    length = pieces[-1].s + pieces[-1].length
    road = _road("1", style, ReferenceLine(tuple(pieces), length), _section(style))
    return Network(name, {"1": road})


def _road(identity: str, style: Style, line: ReferenceLine, section: Section, **more) -> Road:
    rule = "LHT" if style.left_hand else "RHT"
    return Road(identity, line, (section,), rule=rule, kinds=((0.0, style.kind, style.speed_m_s),), **more)


def _section(style: Style, marks_from: float = 0.0) -> Section:
    """Lanes on both sides of the centre line, from the inside: driving, shoulder, parking, sidewalk, verge. marks_from: s
    where the markings begin."""
    dash = TOWN_DASH if style.kind == "town" else COUNTRY_DASH
    broken = Mark(marks_from, "broken", width=NARROW_M, lines=(MarkLine(NARROW_M, *dash),))
    solid = Mark(marks_from, "solid", width=WIDE_M if style.kind == "motorway" else NARROW_M)
    center = Mark(marks_from, "solid solid", width=NARROW_M) if style.lanes > 1 else broken
    center = replace(center, color="yellow" if style.yellow else "white")
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
                edge = Mark(marks_from, "broken", width=NARROW_M, lines=(MarkLine(NARROW_M, 1.0, 1.0),))
            add("driving", style.lane_width_m, ((edge,) if edge else ()) if last else (broken,))
        add("shoulder", style.shoulder_m)
        add("parking", style.parking_m)
        add("sidewalk", style.sidewalk_m, raised=True)
        add("none", style.verge_m, raised=style.sidewalk_m > 0)
        lanes |= {lane.id: lane for lane in rows}
    return Section(0.0, lanes)


# ---- the crossing


def _arm(style: Style, k: int, heading: float, inner: float, length: float, control: str, crosswalks: bool) -> Road:
    """A road that runs away from the middle; its traffic towards the middle has positive lanes (right-hand traffic)."""
    line = ReferenceLine((Piece(0.0, inner * math.cos(heading), inner * math.sin(heading), heading, length),), length)
    towards = -1.0 if style.left_hand else 1.0  # side of the lanes that lead to the junction
    walk = style.sidewalk_m > 0
    at = 1.0
    objects: list[RoadObject] = []
    if crosswalks and walk:
        objects.append(_on_road(f"crosswalk{k}", "crosswalk", "", at, CROSSWALK_M, -style.paved_m, style.paved_m))
        at += CROSSWALK_M + 1.0
    main = k % 2 == 0
    signals: list[Signal] = []
    if control == "lights" or control == "stop" or (control == "priority" and not main):
        width = style.lanes * style.lane_width_m
        low, high = sorted((0.0, towards * width))
        objects.append(_on_road(f"stopline{k}", "roadMark", "stop_line", at, STOP_LINE_M, low, high))
    beside = towards * (style.paved_m + 0.6)
    codes = {"lights": ("traffic light", "1000001"), "stop": ("stop", "206")}
    if control == "priority":
        codes["priority"] = ("priority road", "306") if main else ("stop", "206")
    if control in codes:
        name, code = codes[control]
        lights = control == "lights"
        signals.append(
            Signal(
                f"{control}{k}",
                name,
                code,
                "-1",
                "OpenDRIVE" if lights else "DE",
                lights,
                at + 0.3,
                beside,
                2.2,
                orientation="-",
            )
        )
    if style.kind == "town":
        limit = round(style.speed_m_s * 3.6)
        signals.append(Signal(f"limit{k}", "speed limit", "274", str(limit), "DE", False, s=min(60.0, length - 5.0), t=-beside,
                              z=2.2, orientation="+", value=float(limit), unit="km/h"))  # fmt: skip
    junction = Link("junction", "1")
    return _road(
        str(k + 1),
        style,
        line,
        _section(style, at + STOP_LINE_M),
        predecessor=junction,
        objects=tuple(objects),
        signals=tuple(signals),
    )


def _on_road(identity: str, kind: str, name: str, s: float, length: float, low: float, high: float) -> RoadObject:
    """A rectangle on the road, from s on and from t = low to high."""
    ring = tuple(Corner(True, a, t, 0.0) for a, t in ((s, low), (s + length, low), (s + length, high), (s, high)))
    return RoadObject(identity, kind, name, s + length / 2, (low + high) / 2, length=length, width=high - low, outlines=(ring,))


def _connecting(
    style: Style, identity: str, ends: tuple[str, str], headings: tuple[float, float], inner: float, open_side: bool
) -> tuple[Road, tuple[tuple[int, int], ...]]:
    """The way from one arm to another: it runs along traffic, in lanes on one side of the arms' centre lines."""
    (a, b), (h_a, h_b) = ends, headings
    start = (inner * math.cos(h_a), inner * math.sin(h_a))
    into, out = h_a + math.pi, h_b
    turn = math.remainder(out - into, 2 * math.pi)
    if abs(turn) < 1e-9:
        pieces = [_line(0, *start, into, 2 * inner)]
    else:
        pieces = [Piece(0.0, *start, into, inner * abs(turn), "arc", (math.copysign(1 / inner, turn),))]
    side = 1 if style.left_hand else -1
    turning = abs(turn) > 1e-9
    about_kerb = turning and (turn > 0) == style.left_hand
    # A turn leads from the lane nearest to where it goes; the lanes beside it are paved, but nobody drives there.
    used = range(style.lanes) if not turning else [style.lanes - 1 if about_kerb else 0]
    lanes = {0: Lane(0, "none")}
    for n in range(style.lanes):
        i = side * (n + 1)
        kind = "driving" if n in used else "restricted"
        lanes[i] = Lane(i, kind, Cubics.constant(style.lane_width_m), predecessors=(-i,), successors=(i,))
    i = side * (style.lanes + 1)
    beside_m = style.shoulder_m + style.parking_m
    if beside_m > 0 and (about_kerb or not turning):
        lanes[i] = Lane(i, "shoulder", Cubics.constant(beside_m))
        i += side
    if style.sidewalk_m > 0 and (about_kerb or open_side):
        lanes[i] = Lane(i, "sidewalk", Cubics.constant(style.sidewalk_m), heights=((0.0, KERB_M, KERB_M),))
    links = tuple((-side * (n + 1), side * (n + 1)) for n in used)
    length = pieces[-1].s + pieces[-1].length
    road = _road(
        identity, style, ReferenceLine(tuple(pieces), length), Section(0.0, lanes), junction="1",
        predecessor=Link("road", a, "start"), successor=Link("road", b, "start"),
    )  # fmt: skip
    return road, links
