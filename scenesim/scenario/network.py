"""The road network as it was asked for: the one model that the OpenDRIVE reader and the procedural places fill.

Terms and signs are those of OpenDRIVE 1.8: s along the reference line, t to its left; lanes are numbered from the reference
line, positive to the left; with right-hand traffic negative lanes run along s. Lengths in m, angles in rad.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scenesim.geometry.curves import Cubics, ReferenceLine

DRIVING = frozenset(
    {"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "slipLane", "mwyEntry", "mwyExit", "bidirectional",
     "taxi", "HOV", "bus"}
)  # fmt: skip
WALKING = frozenset({"sidewalk", "walking"})
PAVED = DRIVING | {"shoulder", "stop", "parking", "border", "restricted", "biking", "special1", "special2", "special3",
                   "roadWorks", "tram", "rail"}  # fmt: skip

NONE = Cubics.of([])
TOLL_GATE = "toll_gate"  # kind of a signal where everybody stands for as long as it takes to pay
BUS_STOP = "bus_stop"  # kind of a signal where buses stand for a while
CLOSED_GATE = "closed_gate"  # kind of a signal at which traffic waits for as long as a scenario lasts
UNSEEN = frozenset({TOLL_GATE, BUS_STOP, CLOSED_GATE})  # kinds of signals that are only a place to stop


@dataclass(frozen=True)
class MarkLine:
    """A line of a marking: painted for `length`, then not for `space`; length 0 is unbroken. t: offset from the lane's edge.
    once: painted a single time, from s on, instead of again and again (<explicit> in OpenDRIVE)."""

    width: float
    length: float = 0.0
    space: float = 0.0
    t: float = 0.0
    s: float = 0.0
    color: str = ""
    once: bool = False


@dataclass(frozen=True)
class Mark:
    """The marking at the outer edge of a lane, from s_offset of its section on."""

    s_offset: float
    kind: str
    color: str = "white"
    width: float = 0.12
    weight: str = "standard"
    lines: tuple[MarkLine, ...] = ()


@dataclass(frozen=True)
class Lane:
    """A lane of a section. width and border: cubics of the distance from the section's start (borders are absolute t).
    heights: rows (s offset, inner, outer). speeds: rows (s offset, m/s). rails: whether trams drive on it, in its middle."""

    id: int
    kind: str
    width: Cubics = NONE
    border: Cubics = NONE
    level: bool = False
    heights: tuple[tuple[float, float, float], ...] = ()
    marks: tuple[Mark, ...] = ()
    speeds: tuple[tuple[float, float], ...] = ()
    predecessors: tuple[int, ...] = ()
    successors: tuple[int, ...] = ()
    rails: bool = False


@dataclass(frozen=True)
class Section:
    """A lane section from s on; lanes by id, the centre lane 0 among them."""

    s: float
    lanes: dict[int, Lane]


@dataclass(frozen=True)
class Link:
    """To what a road is joined: element "road" or "junction", its id, and "start" or "end" of a road."""

    element: str
    id: str
    contact: str = ""


@dataclass(frozen=True)
class Corner:
    """A corner of an outline. in_road: (s, t, dz), else (u, v, z) about the object. height: above it."""

    in_road: bool
    a: float
    b: float
    c: float
    height: float = 0.0


@dataclass(frozen=True)
class RoadObject:
    """An object beside or on a road, at (s, t) and z above the surface; hdg to the road, orientation "+", "-" or "none".
    color: of paint. Of kind "furniture" or "obstacle" (on the carriageway too) its name is a recipe of assets/roadside, with
    options."""

    id: str
    kind: str
    name: str
    s: float
    t: float
    z: float = 0.0
    heading: float = 0.0
    length: float = 0.0
    width: float = 0.0
    height: float = 0.0
    radius: float = 0.0
    orientation: str = "none"
    outlines: tuple[tuple[Corner, ...], ...] = ()
    repeats: tuple[dict[str, float], ...] = ()
    color: str = "white"
    options: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True)
class Signal:
    """A sign or a light. kind and subtype: codes of `country`. z: height of the lower edge above the surface."""

    id: str
    name: str
    kind: str
    subtype: str
    country: str
    dynamic: bool
    s: float
    t: float
    z: float = 0.0
    heading: float = 0.0
    orientation: str = "none"
    value: float | None = None
    unit: str = ""
    height: float = 0.0
    width: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Road:
    """A road: where it runs, how it rises and banks, what lanes it has, and to what it is joined.

    shape: rows (s, t, a, b, c, d) of the lateral profile. kinds: rows (s, "town" ..., speed m/s or None). junction: id, ""
    if it is not a connecting road.
    """

    id: str
    line: ReferenceLine
    sections: tuple[Section, ...]
    name: str = ""
    junction: str = ""
    rule: str = "RHT"
    elevation: Cubics = NONE
    superelevation: Cubics = NONE
    shape: tuple[tuple[float, float, float, float, float, float], ...] = ()
    lane_offset: Cubics = NONE
    kinds: tuple[tuple[float, str, float | None], ...] = ()
    predecessor: Link | None = None
    successor: Link | None = None
    objects: tuple[RoadObject, ...] = ()
    signals: tuple[Signal, ...] = ()

    @property
    def length(self) -> float:
        return self.line.length

    def section_end(self, k: int) -> float:
        """s where section k ends."""
        return self.sections[k + 1].s if k + 1 < len(self.sections) else self.length


@dataclass(frozen=True)
class Connection:
    """One way through a junction: from an incoming road onto a connecting road, which it meets at `contact`."""

    incoming: str
    connecting: str
    contact: str
    lanes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Junction:
    """A junction with its connections."""

    id: str
    name: str
    connections: tuple[Connection, ...]


@dataclass(frozen=True)
class Network:
    """Roads and junctions by id. geo_reference: PROJ text of the map, "" if none. offset: (x, y, z, heading) of the header.
    warnings: what a reader noticed and could live with."""

    name: str
    roads: dict[str, Road]
    junctions: dict[str, Junction] = field(default_factory=dict)
    geo_reference: str = ""
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    warnings: tuple[str, ...] = ()
