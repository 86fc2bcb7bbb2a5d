"""Networks of many junctions: an irregular town, and a car park, from points and the lines between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenesim.base.errors import InputError
from scenesim.base.keys import Key, derive, generator
from scenesim.scenario import junctions, road_marks
from scenesim.scenario.cross_section import Row, Strip, sections
from scenesim.scenario.junctions import Arm
from scenesim.scenario.network import Corner, Junction, Link, Mark, Network, Road, RoadObject, Section, Signal
from scenesim.scenario.pieces import line, road, section
from scenesim.scenario.style import Style

LEAST_STREET_M = 30.0  # between two junctions
JITTER = 0.16  # of the length of a block
BAY_M, BAY_LONG_M = 2.5, 5.0  # EAR 05: bays of 2.5 m by 5 m
Point = tuple[float, float]


def town(
    style: Style,
    blocks: tuple[int, int] = (3, 3),
    block_m: float = 90.0,
    control: str = "lights",
    crosswalks: bool = True,
    missing: float = 0.12,
    shape_seed: int = 0,
) -> Network:
    """Streets about blocks (columns, rows) that are no two alike. block_m: their size. control: of junctions with four arms; at
    the others one street goes first. missing: share of streets left out. shape_seed: of the town's shape."""
    columns, rows = blocks
    if not (1 <= columns <= 12 and 1 <= rows <= 12):
        raise InputError(f"blocks: {columns} by {rows}; 1 to 12 each way are possible")
    if not 0.0 <= missing <= 0.4:
        raise InputError(f"missing: {missing:g}; a share of 0 to 0.4 is possible")
    if not 40.0 <= block_m <= 1000.0:
        raise InputError(f"block_m: {block_m:g} m; 40 to 1000 m are possible")
    g = generator(derive(Key(0), "town", shape_seed))
    points: dict[str, Point] = {}
    for i in range(columns + 1):
        for j in range(rows + 1):
            dx, dy = (float(v) for v in (g.uniform(size=2) - 0.5) * 2 * JITTER * block_m)
            points[f"{i}-{j}"] = ((i - columns / 2) * block_m + dx, (j - rows / 2) * block_m + dy)
    edges = [(f"{i}-{j}", f"{i + 1}-{j}") for j in range(rows + 1) for i in range(columns)]
    edges += [(f"{i}-{j}", f"{i}-{j + 1}") for i in range(columns + 1) for j in range(rows)]
    for edge in [edges[k] for k in g.permutation(len(edges))]:
        degree = [sum(p in e for e in edges) for p in edge]
        if float(g.uniform()) < missing and min(degree) > 3:
            edges.remove(edge)
    return graph_of_streets("town", replace(style, verge_m=0.0), points, edges, 6.0, control, crosswalks)


def car_park(style: Style, aisles: int = 2, bays: int = 16) -> Network:
    """Aisles with marked bays on both sides, joined at their ends, with a way in from the south-west. bays: on each side."""
    if not 1 <= aisles <= 8:
        raise InputError(f"aisles: {aisles}; a car park has 1 to 8")
    if not 4 <= bays <= 60:
        raise InputError(f"bays: {bays}; 4 to 60 on each side of an aisle are possible")
    slow = replace(
        style,
        lanes=1,
        lane_width_m=3.0,
        sidewalk_m=0.0,
        parking_m=0.0,
        shoulder_m=0.0,
        verge_m=0.0,
        speed_m_s=10 / 3.6,
        kind="town",
    )
    pitch = 2 * (slow.paved_m + BAY_LONG_M) + 1.0
    corner = 4.2
    length = bays * BAY_M + 2 * (slow.paved_m + corner) + 2.0
    points = {f"{e}{k}": (0.0 if e == "w" else length, k * pitch) for e in "we" for k in range(aisles)}
    points["in"] = (0.0, -45.0)
    edges = [(f"w{k}", f"e{k}") for k in range(aisles)] + [("in", "w0")]
    edges += [(f"{e}{k}", f"{e}{k + 1}") for e in "we" for k in range(aisles - 1)]
    whole = graph_of_streets("car_park", slow, points, edges, corner, "none", False, least_m=2.0)
    names = [str(k + 1) for k in range(aisles)]
    return replace(whole, roads={i: _with_bays(r, slow, bays) if i in names else r for i, r in whole.roads.items()})


def _with_bays(r: Road, style: Style, bays: int) -> Road:
    """An aisle with its bays and arrows; cars stand in the bays with their noses to the aisle, or to the back."""
    inner, first = style.lane_width_m, (r.length - bays * BAY_M) / 2
    found: list[RoadObject] = []
    for k in range(bays):
        s = first + (k + 0.5) * BAY_M
        for side in (1, -1):
            t = side * (inner + BAY_LONG_M / 2)
            heading = -side * math.pi / 2
            found.append(
                RoadObject(f"bay{k}_{side}", "parkingSpace", "", s, t, heading=heading, length=BAY_LONG_M, width=BAY_M + 0.12)
            )
    for sign, heading in ((-1, 0.0), (1, math.pi)):
        found.append(road_marks.arrow(f"way{sign}", r.length / 2 + sign * 2.0, sign * inner / 2, "straight", heading))
    lanes = (Strip("lane1", "driving", inner),)
    beside = (*lanes, Strip("bays", "parking", BAY_LONG_M))
    rows = [Row(0.0, lanes, lanes), Row(first, beside, beside), Row(first + bays * BAY_M, lanes, lanes)]
    return replace(r, sections=sections(rows, r.length), objects=(*r.objects, *found))


# ---- streets between points


@dataclass(frozen=True)
class _End:
    """An end of street `edge` at a point: its direction from there."""

    edge: int
    contact: str
    heading: float


def graph_of_streets(
    name: str,
    style: Style,
    points: dict[str, Point],
    edges: Sequence[tuple[str, str]],
    corner_m: float,
    control: str,
    crosswalks: bool,
    least_m: float = LEAST_STREET_M,
) -> Network:
    """Straight streets between points, called "1", "2" ... in the order of `edges`, and a junction wherever two or more
    meet. Raises InputError where two junctions come too near to each other."""
    ends: dict[str, list[_End]] = {p: [] for p in points}
    for k, (a, b) in enumerate(edges):
        (xa, ya), (xb, yb) = points[a], points[b]
        heading = math.atan2(yb - ya, xb - xa)
        ends[a].append(_End(k, "start", heading))
        ends[b].append(_End(k, "end", heading + math.pi))
    arms: dict[tuple[int, str], tuple[Arm, str, str]] = {}  # of a street's end: arm, junction, control
    roads: dict[str, Road] = {}
    nodes: dict[str, Junction] = {}
    for n, (p, here) in enumerate(points.items()):
        if len(ends[p]) < 2:
            continue
        at = sorted(ends[p], key=lambda e: e.heading % (2 * math.pi))
        headings = [e.heading for e in at]
        away = junctions.distance(headings, style, corner_m)
        made = junctions.arms_of(style, [str(e.edge + 1) for e in at], headings, away, [e.contact for e in at], here)
        ways, node = junctions.connected(
            style, str(n + 1), name, made, [f"{n + 1}00{k}" for k in range(len(at) * (len(at) - 1))]
        )
        roads |= ways
        nodes[node.id] = node
        rule = "none" if len(at) == 2 or control == "none" else (control if len(at) > 3 else "priority")
        for e, arm in zip(at, made):
            arms[e.edge, e.contact] = (arm, node.id, rule)
    streets = {str(k + 1): _street(style, k, edge, points, arms, crosswalks, least_m) for k, edge in enumerate(edges)}
    return Network(name, streets | roads, nodes)


def _street(style: Style, k: int, edge: tuple[str, str], points, arms, crosswalks: bool, least_m: float) -> Road:
    (xa, ya), (xb, yb) = points[edge[0]], points[edge[1]]
    whole, heading = math.hypot(xb - xa, yb - ya), math.atan2(yb - ya, xb - xa)
    cut = [arms[k, c][0].distance if (k, c) in arms else 0.0 for c in ("start", "end")]
    length = whole - sum(cut)
    if length < least_m:
        raise InputError(f"junctions are only {length:.0f} m apart; make the blocks larger (block_m), or the roads narrower")
    objects: list[RoadObject] = []
    signals: list[Signal] = []
    free = {"start": 0.0, "end": length}
    links: dict[str, Link] = {}
    for contact, key in (("start", "predecessor"), ("end", "successor")):
        if (k, contact) not in arms:
            continue
        arm, node, control = arms[k, contact]
        made, signs, marks_from = junctions.furniture(style, arm, 0.5 * length, control, crosswalks and control != "none")
        if contact == "end":
            made, signs = [_turned(o, length) for o in made], [_turned_sign(s, length) for s in signs]
        objects += [replace(o, id=f"{o.id}{contact}") for o in made]
        signals += [replace(s, id=f"{s.id}{contact}") for s in signs]
        free[contact] = marks_from if contact == "start" else length - marks_from
        links[key] = Link("junction", node)
    cross = _marked_until(section(style, free["start"]), free["end"])
    piece = line(0.0, xa + cut[0] * math.cos(heading), ya + cut[0] * math.sin(heading), heading, length)
    return road(str(k + 1), style, [piece], cross, objects=tuple(objects), signals=tuple(signals), **links)


def _marked_until(made: Section, end: float) -> Section:
    """A section whose lanes are marked no further than `end`."""
    lanes = {i: replace(lane, marks=(*lane.marks, Mark(end, "none"))) if lane.marks else lane for i, lane in made.lanes.items()}
    return replace(made, lanes=lanes)


def _turned(thing: RoadObject, length: float) -> RoadObject:
    """An object of an arm as it lies at the other end of a road."""
    rings = tuple(
        tuple(Corner(True, length - c.a, -c.b, c.c, c.height) if c.in_road else c for c in ring) for ring in thing.outlines
    )
    return replace(thing, s=length - thing.s, t=-thing.t, heading=thing.heading + math.pi, outlines=rings)


def _turned_sign(s: Signal, length: float) -> Signal:
    return replace(s, s=length - s.s, t=-s.t, orientation={"+": "-", "-": "+"}.get(s.orientation, s.orientation))
