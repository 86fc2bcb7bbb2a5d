"""A network for the other side of traffic: everything mirrored, left for right, but what is written."""

from __future__ import annotations

from dataclasses import replace

from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.scenario.countries import Country
from scenesim.scenario.network import Corner, Lane, Network, Road, RoadObject, Section, Signal

SWAPPED = {"keep_right": "keep_left", "keep_left": "keep_right"}
SIDED = {"span_m", "arm_m", "way"}  # options of street furniture that say to which side
_BENDS = {"line", "arc", "spiral"}


def mirrored(network: Network, country: Country) -> Network:
    """The network seen in a mirror along its x axis, with traffic on the other side. It has lines of straights, arcs and
    clothoids only, and no banked roads; country: whose signs it has."""
    codes = {country.signs[a]["code"]: country.signs[b]["code"] for a, b in SWAPPED.items()}
    roads = {i: _road(road, codes) for i, road in network.roads.items()}
    junctions = {
        i: replace(j, connections=tuple(replace(c, lanes=tuple((-a, -b) for a, b in c.lanes)) for c in j.connections))
        for i, j in network.junctions.items()
    }
    return replace(network, roads=roads, junctions=junctions)


def _road(road: Road, codes: dict[str, str]) -> Road:
    line = ReferenceLine(tuple(_piece(p) for p in road.line.pieces), road.line.length)
    return replace(
        road,
        line=line,
        rule="RHT" if road.rule == "LHT" else "LHT",
        sections=tuple(_section(q) for q in road.sections),
        lane_offset=_negative(road.lane_offset),
        objects=tuple(_object(o) for o in road.objects),
        signals=tuple(_signal(s, codes) for s in road.signals),
    )


def _piece(p: Piece) -> Piece:
    assert p.kind in _BENDS
    return replace(p, y=-p.y, heading=-p.heading, parameters=tuple(-k for k in p.parameters))


def _negative(c: Cubics) -> Cubics:
    return Cubics(c.start, -c.coefficients)


def _section(section: Section) -> Section:
    return replace(section, lanes={-i: _lane(lane) for i, lane in section.lanes.items()})


def _lane(lane: Lane) -> Lane:
    before, following = (tuple(-i for i in links) for links in (lane.predecessors, lane.successors))
    marks = tuple(replace(m, lines=tuple(replace(q, t=-q.t) for q in m.lines)) for m in lane.marks)
    return replace(lane, id=-lane.id, marks=marks, predecessors=before, successors=following)


def _object(thing: RoadObject) -> RoadObject:
    rings = tuple(tuple(_corner(c) for c in ring[::-1]) for ring in thing.outlines)
    options = tuple((name, -v if name in SIDED and not isinstance(v, str) else v) for name, v in thing.options)
    repeats = tuple({**r, "tStart": -r["tStart"], "tEnd": -r["tEnd"]} for r in thing.repeats)
    return replace(thing, t=-thing.t, heading=-thing.heading, outlines=rings, repeats=repeats, options=options)


def _corner(c: Corner) -> Corner:
    return replace(c, b=-c.b)


def _signal(s: Signal, codes: dict[str, str]) -> Signal:
    return replace(s, t=-s.t, heading=-s.heading, kind=codes.get(s.kind, s.kind))
