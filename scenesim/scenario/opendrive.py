"""Reader of OpenDRIVE 1.1 to 1.8 maps.

The parser expands no entities, loads no DTD and touches no network. What cannot be driven or drawn is an InputError with file
and line; what is odd but clear becomes a warning of the Network.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from scenesim.base.errors import InputError, Place
from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.scenario.network import (
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

LONGEST_ROAD_M = 1e6
LARGEST_FILE = 512 * 1024 * 1024
SPEED_UNITS = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704, "": 1.0}
LARGEST_ID = 10_000
LARGEST_M = 1e9
MOST_TURNS = 1000
GAP_M = 0.1  # reference lines may jump by this much between their pieces before we speak of it
ROADMARK_WIDTH_M = {"standard": 0.12, "bold": 0.25}


def parse_xml(path: str | Path) -> etree._Element:
    """The root of an XML file, read safely. Raises InputError with the line for anything that is not one."""
    place = str(path)
    try:
        p = Path(path)
        if p.is_dir():
            raise InputError("is a folder; give a file", Place(place))
        if p.stat().st_size > LARGEST_FILE:
            raise InputError(f"is larger than {LARGEST_FILE // 2**20} MiB; is it the right file?", Place(place))
        data = p.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", Place(place)) from None
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", Place(place)) from None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as e:
        raise InputError(f"not well-formed XML: {e.msg}", Place(place, *(e.position if e.position else (0, 0)))) from None
    if root is None:
        raise InputError("holds no XML element", Place(place))
    if root.getroottree().docinfo.internalDTD is not None and any(root.getroottree().docinfo.internalDTD.iterentities()):
        raise InputError("declares XML entities, which scenesim does not expand; write the text itself", Place(place, 1))
    return root


def read(path: str | Path) -> Network:
    """The network of an .xodr file. Raises InputError."""
    root = parse_xml(path)
    return _Reader(str(path)).network(root)


def check(path: str | Path) -> tuple[list[str], list[str]]:
    """(errors, warnings) of an .xodr file, a line each, with their places."""
    try:
        return [], list(read(path).warnings)
    except InputError as e:
        return str(e).splitlines(), []


class _Reader:
    """Reads elements into the network's dataclasses; knows the file for the places of its errors."""

    def __init__(self, file: str):
        self.file = file
        self.warnings: list[str] = []

    # ---- attributes

    def place(self, e: etree._Element, path: str = "") -> Place:
        return Place(self.file, e.sourceline or 0, 0, path or _path(e))

    def fail(self, e: etree._Element, message: str) -> InputError:
        return InputError(message, self.place(e))

    def warn(self, e: etree._Element, message: str) -> None:
        if len(self.warnings) < 200:
            self.warnings.append(f"{self.place(e)}: {message}")

    def number(self, e: etree._Element, name: str, default: float | None = None) -> float:
        text = e.get(name)
        if text is None or text == "":
            if default is None:
                raise self.fail(e, f"<{_tag(e)}> has no attribute {name!r}, a number is needed")
            return default
        try:
            value = float(text)
        except ValueError:
            value = self._fortran(e, name, text)
        if not math.isfinite(value):
            raise self.fail(e, f"{name}={text!r} is not finite")
        return value

    def _fortran(self, e: etree._Element, name: str, text: str) -> float:
        """A number that Fortran would read: "1.5D3", or "4.0+0" without the letter of the exponent."""
        match = re.fullmatch(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))[dD]?([+-]?\d+)\s*", text)
        if match is None:
            raise self.fail(e, f"{name}={text!r} is not a number")
        self.warn(e, f"{name}={text!r} is read as {match[1]}e{match[2]}; write it so")
        return float(f"{match[1]}e{match[2]}")

    def integer(self, e: etree._Element, name: str) -> int:
        value = self.number(e, name)
        if value != int(value) or abs(value) > LARGEST_ID:
            raise self.fail(e, f"{name}={e.get(name)!r} is not a whole number that can name a lane; a lane id is -1, 0, 1, ...")
        return int(value)

    def cubics(self, elements: list[etree._Element], start: str = "s") -> Cubics:
        rows = []
        for e, following in zip(elements, [*elements[1:], None]):
            s = self.number(e, start, 0.0)
            if following is not None and self.number(following, start, 0.0) == s:
                self.warn(e, f"<{_tag(e)}> at {start} = {s:g} is followed by another one at the same place, which counts")
                continue
            rows.append([s, *(self.number(e, k, 0.0) for k in "abcd")])
            if abs(rows[-1][1]) > LARGEST_M:
                raise self.fail(e, f"a={rows[-1][1]:g} is larger than anything on a road (m or rad)")
        return Cubics.of(rows)

    # ---- the file

    def network(self, root: etree._Element) -> Network:
        if _tag(root) != "OpenDRIVE":
            raise self.fail(root, f"the root element is <{_tag(root)}>, not <OpenDRIVE>; is this an OpenDRIVE map?")
        header = _child(root, "header")
        if header is None:
            self.warn(root, "no <header>")
        roads: dict[str, Road] = {}
        for e in _children(root, "road"):
            road = self.road(e)
            if road.id in roads:
                raise self.fail(e, f"road id {road.id!r} is used twice")
            roads[road.id] = road
        if not roads:
            raise self.fail(root, "holds no <road>")
        junctions = {j.id: j for j in (self.junction(e) for e in _children(root, "junction"))}
        self._check_links(root, roads, junctions)
        name = header.get("name", "") if header is not None else ""
        geo = _child(header, "geoReference") if header is not None else None
        offset = _child(header, "offset") if header is not None else None
        shift = (0.0, 0.0, 0.0, 0.0) if offset is None else tuple(self.number(offset, k, 0.0) for k in ("x", "y", "z", "hdg"))
        return Network(
            name or Path(self.file).stem,
            roads,
            junctions,
            (geo.text or "").strip() if geo is not None else "",
            shift,
            tuple(self.warnings),
        )

    def road(self, e: etree._Element) -> Road:
        identity = e.get("id")
        if identity is None:
            raise self.fail(e, "<road> has no id")
        length = self.number(e, "length", 0.0)
        if length < 0:
            raise self.fail(e, f"road {identity!r} has a negative length ({length:g} m)")
        if length > LONGEST_ROAD_M:
            raise self.fail(e, f"road {identity!r} is {length:g} m long; the limit is {LONGEST_ROAD_M:g} m")
        line = self.line(e, identity, length)
        profile, lateral = _child(e, "elevationProfile"), _child(e, "lateralProfile")
        lanes = _child(e, "lanes")
        if lanes is None:
            raise self.fail(e, f"road {identity!r} has no <lanes>")
        link = _child(e, "link")
        rule = e.get("rule", "RHT")
        if rule not in ("RHT", "LHT"):
            self.warn(e, f"rule {rule!r} is neither RHT nor LHT; taken as RHT")
            rule = "RHT"
        junction = e.get("junction", "-1")
        return Road(
            identity,
            line,
            self.sections(lanes, line.length),
            e.get("name", ""),
            "" if junction in ("-1", "") else junction,
            rule,
            self.cubics(_children(profile, "elevation")),
            self.cubics(_children(lateral, "superelevation")),
            tuple(tuple(self.number(q, k, 0.0) for k in ("s", "t", "a", "b", "c", "d")) for q in _children(lateral, "shape")),
            self.cubics(_children(lanes, "laneOffset")),
            tuple(self.kind(q) for q in _children(e, "type")),
            self.link(_child(link, "predecessor")),
            self.link(_child(link, "successor")),
            tuple(self.objects(_child(e, "objects"))),
            tuple(self.signals(_child(e, "signals"))),
        )

    def kind(self, e: etree._Element) -> tuple[float, str, float | None]:
        speed = _child(e, "speed")
        limit = None if speed is None else self.speed(speed, "max")
        return self.number(e, "s", 0.0), e.get("type", ""), limit

    def speed(self, e: etree._Element, name: str) -> float | None:
        """m/s, or None for "no limit" and "undefined"."""
        text = (e.get(name) or "").strip()
        if text in ("", "no limit", "undefined", "-1"):
            return None
        unit = e.get("unit", "")
        if unit not in SPEED_UNITS:
            self.warn(e, f"unit {unit!r} of speed is none of m/s, km/h, mph; taken as m/s")
        value = self.number(e, name) * SPEED_UNITS.get(unit, 1.0)
        return value if value > 0 else None

    def link(self, e: etree._Element | None) -> Link | None:
        if e is None or e.get("elementId") is None:
            return None
        return Link(e.get("elementType", "road"), e.get("elementId", ""), e.get("contactPoint", ""))

    # ---- reference line

    def line(self, road: etree._Element, identity: str, length: float) -> ReferenceLine:
        view = _child(road, "planView")
        pieces = [p for p in (self.piece(g) for g in _children(view, "geometry")) if p is not None]
        if not pieces:
            raise self.fail(road, f"road {identity!r} has no <geometry> of a length above 0")
        pieces.sort(key=lambda p: p.s)
        for a, b in zip(pieces, pieces[1:]):
            x, y, _ = a.at(b.s - a.s)
            gap = math.hypot(float(x) - b.x, float(y) - b.y)
            if gap > GAP_M:
                self.warn(road, f"the reference line of road {identity!r} jumps by {gap:.2f} m at s = {b.s:.2f}")
        end = pieces[-1].s + pieces[-1].length
        if abs(end - length) > 0.05 + 1e-3 * length:
            self.warn(road, f"road {identity!r} says it is {length:g} m long, its geometry ends at {end:g} m")
        return ReferenceLine(tuple(pieces), length if length > 0 else end)

    def piece(self, g: etree._Element) -> Piece | None:
        s, x, y, heading, length = (self.number(g, k, 0.0 if k == "hdg" else None) for k in ("s", "x", "y", "hdg", "length"))
        if length < 0:
            raise self.fail(g, f"a geometry has a negative length ({length:g} m)")
        if length > LONGEST_ROAD_M or abs(s) > LONGEST_ROAD_M:
            raise self.fail(g, f"a geometry is {length:g} m long from s = {s:g} m on; the limit is {LONGEST_ROAD_M:g} m")
        if length == 0:
            self.warn(g, "a geometry of length 0 is left out")
            return None
        if max(abs(x), abs(y)) > LARGEST_M:
            raise self.fail(g, f"a geometry lies at ({x:g}, {y:g}) m, further than any map")
        for shape in g:
            kind = _tag(shape)
            if kind == "line":
                return Piece(s, x, y, heading, length)
            if kind == "arc":
                return Piece(s, x, y, heading, length, "arc", (self.curvature(shape, "curvature", length),))
            if kind == "spiral":
                ends = tuple(self.curvature(shape, k, length) for k in ("curvStart", "curvEnd"))
                return Piece(s, x, y, heading, length, "spiral", ends)
            if kind == "poly3":
                return Piece(s, x, y, heading, length, "poly3", tuple(self.number(shape, k) for k in "abcd"))
            if kind == "paramPoly3":
                names = ("aU", "bU", "cU", "dU", "aV", "bV", "cV", "dV")
                p_range = length if shape.get("pRange", "normalized") == "arcLength" else 1.0
                return Piece(s, x, y, heading, length, "paramPoly3", (*(self.number(shape, k) for k in names), p_range))
        raise self.fail(g, "<geometry> holds none of line, arc, spiral, poly3, paramPoly3")

    def curvature(self, e: etree._Element, name: str, length: float) -> float:
        value = self.number(e, name)
        if abs(value) * length > MOST_TURNS * 2 * math.pi:
            raise self.fail(
                e, f"{name}={value:g} 1/m over {length:g} m winds round {MOST_TURNS} times or more; is it a radius?"
            )
        return value

    # ---- lanes

    def sections(self, lanes: etree._Element, length: float) -> tuple[Section, ...]:
        out = []
        for e in _children(lanes, "laneSection"):
            s = self.number(e, "s", 0.0)
            if s > length + 1e-3:
                self.warn(e, f"a lane section starts at {s:g} m, behind the end of the road ({length:g} m); left out")
                continue
            rows: dict[int, Lane] = {}
            for side in ("left", "center", "right"):
                for q in _children(_child(e, side), "lane"):
                    lane = self.lane(q, side)
                    if lane.id in rows:
                        raise self.fail(q, f"lane id {lane.id} is used twice in one section")
                    rows[lane.id] = lane
            rows.setdefault(0, Lane(0, "none"))
            out.append(Section(s, rows))
        if not out:
            raise self.fail(lanes, "<lanes> holds no <laneSection>")
        out.sort(key=lambda q: q.s)
        return tuple(out)

    def lane(self, e: etree._Element, side: str) -> Lane:
        identity = self.integer(e, "id")
        if (side == "center") != (identity == 0) or (side == "left" and identity < 0) or (side == "right" and identity > 0):
            raise self.fail(e, f"lane id {identity} cannot stand in <{side}>: left above 0, centre 0, right below")
        width = self.cubics(_children(e, "width"), "sOffset")
        border = self.cubics(_children(e, "border"), "sOffset")
        link = _child(e, "link")
        speeds = [(self.number(q, "sOffset", 0.0), self.speed(q, "max")) for q in _children(e, "speed")]
        kind = e.get("type", "none")
        return Lane(
            identity,
            "driving" if kind == "sharedDriving" else kind,
            width,
            border if not len(width.start) else Cubics.of([]),
            e.get("level", "false") in ("true", "1"),
            tuple(
                sorted(
                    (self.number(q, "sOffset", 0.0), self.number(q, "inner", 0.0), self.number(q, "outer", 0.0))
                    for q in _children(e, "height")
                )
            ),
            tuple(sorted((self.mark(q) for q in _children(e, "roadMark")), key=lambda m: m.s_offset)),
            tuple((s, v) for s, v in speeds if v is not None),
            tuple(self.integer(q, "id") for q in _children(link, "predecessor")),
            tuple(self.integer(q, "id") for q in _children(link, "successor")),
        )

    def mark(self, e: etree._Element) -> Mark:
        weight = e.get("weight", "standard")
        kind = e.get("type", "none")
        width = self.number(e, "width", 0.0)
        if width <= 0:
            width = ROADMARK_WIDTH_M.get(weight, 0.12)
        color = e.get("color", "standard")
        lines = tuple(
            MarkLine(
                self.number(q, "width", width),
                self.number(q, "length", 0.0),
                self.number(q, "space", 0.0),
                self.number(q, "tOffset", 0.0),
                self.number(q, "sOffset", 0.0),
                q.get("color", ""),
                block == "explicit",
            )
            for block in ("type", "explicit")
            for t in _children(e, block)
            for q in _children(t, "line")
        )
        return Mark(self.number(e, "sOffset", 0.0), kind, "white" if color == "standard" else color, width, weight, lines)

    # ---- objects and signals

    def objects(self, parent: etree._Element | None) -> Iterator[RoadObject]:
        for e in _children(parent, "object"):
            outlines = _children(_child(e, "outlines"), "outline") or _children(e, "outline")
            size = {k: max(self.number(e, k, 0.0), 0.0) for k in ("length", "width", "height", "radius")}
            yield RoadObject(
                e.get("id", ""),
                e.get("type", "none"),
                e.get("name", ""),
                self.number(e, "s", 0.0),
                self.number(e, "t", 0.0),
                self.number(e, "zOffset", 0.0),
                self.number(e, "hdg", 0.0),
                size["length"],
                size["width"],
                size["height"],
                size["radius"],
                e.get("orientation", "none"),
                tuple(tuple(self.corners(o)) for o in outlines),
                tuple(self.repeat(q) for q in _children(e, "repeat")),
            )

    def corners(self, outline: etree._Element) -> Iterator[Corner]:
        for q in outline:
            if _tag(q) == "cornerRoad":
                yield Corner(True, *(self.number(q, k, 0.0) for k in ("s", "t", "dz", "height")))
            elif _tag(q) == "cornerLocal":
                yield Corner(False, *(self.number(q, k, 0.0) for k in ("u", "v", "z", "height")))

    def repeat(self, e: etree._Element) -> dict[str, float]:
        row = {k: self.number(e, k, 0.0) for k in ("s", "length", "distance", "tStart", "tEnd", "zOffsetStart", "zOffsetEnd")}
        for k in ("heightStart", "heightEnd", "widthStart", "widthEnd"):
            if e.get(k) not in (None, ""):
                row[k] = self.number(e, k)
        return row

    def signals(self, parent: etree._Element | None) -> Iterator[Signal]:
        for e in _children(parent, "signal"):
            value = e.get("value")
            yield Signal(
                e.get("id", ""),
                e.get("name", ""),
                e.get("type", ""),
                e.get("subtype", ""),
                e.get("country", ""),
                e.get("dynamic", "no") in ("yes", "true", "1"),
                self.number(e, "s", 0.0),
                self.number(e, "t", 0.0),
                self.number(e, "zOffset", 0.0),
                self.number(e, "hOffset", 0.0),
                e.get("orientation", "none"),
                _float_or_none(value),
                e.get("unit", ""),
                self.number(e, "height", 0.0),
                self.number(e, "width", 0.0),
                e.get("text", ""),
            )

    # ---- junctions and links

    def junction(self, e: etree._Element) -> Junction:
        identity = e.get("id")
        if identity is None:
            raise self.fail(e, "<junction> has no id")
        connections = []
        for q in _children(e, "connection"):
            connecting = q.get("connectingRoad") or q.get("linkedRoad")
            if connecting is None or q.get("incomingRoad") is None:
                self.warn(q, f"a connection of junction {identity!r} names no incoming and connecting road; left out")
                continue
            lanes = tuple((self.integer(l, "from"), self.integer(l, "to")) for l in _children(q, "laneLink"))
            connections.append(Connection(q.get("incomingRoad", ""), connecting, q.get("contactPoint", "start"), lanes))
        return Junction(identity, e.get("name", ""), tuple(connections))

    def _check_links(self, root: etree._Element, roads: dict[str, Road], junctions: dict[str, Junction]) -> None:
        """Links to what is not there are warned of; a lane that follows itself within one road is an error."""
        line = {e.get("id"): e for e in _children(root, "road")}
        for road in roads.values():
            e = line[road.id]
            for what, link in (("predecessor", road.predecessor), ("successor", road.successor)):
                if link is None:
                    continue
                there = junctions if link.element == "junction" else roads
                if link.id not in there:
                    self.warn(e, f"the {what} of road {road.id!r}, {link.element} {link.id!r}, does not exist")
            for a, b in zip(road.sections, road.sections[1:]):
                for lane in a.lanes.values():
                    for k in lane.successors:
                        if k not in b.lanes:
                            self.warn(e, f"road {road.id!r}: lane {lane.id} at s = {a.s:g} leads to lane {k}, which is missing")
                        elif (k > 0) != (lane.id > 0) and k != 0 and lane.id != 0:
                            raise self.fail(
                                e, f"road {road.id!r}: lane {lane.id} at s = {a.s:g} leads to lane {k} on the other "
                                "side of the road: lane links run in a circle"
                            )  # fmt: skip


def _float_or_none(text: str | None) -> float | None:
    try:
        value = float(text) if text not in (None, "") else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) else None


def _tag(e: etree._Element) -> str:
    """Name of an element without its namespace."""
    return e.tag.rpartition("}")[2] if isinstance(e.tag, str) else ""


def _child(e: etree._Element | None, name: str) -> etree._Element | None:
    return next((c for c in e if _tag(c) == name), None) if e is not None else None


def _children(e: etree._Element | None, name: str) -> list[etree._Element]:
    return [c for c in e if _tag(c) == name] if e is not None else []


def _path(e: etree._Element) -> str:
    """road[12].lanes.laneSection: where an element stands, with the ids of those that have one."""
    parts = []
    node: etree._Element | None = e
    while node is not None and _tag(node) != "OpenDRIVE":
        identity = node.get("id")
        parts.append(_tag(node) + (f"[{identity}]" if identity else ""))
        node = node.getparent()
    return ".".join(reversed(parts))
