"""Paint laid onto the ground: crosswalks, stop lines, parking bays, and markings that lead through junctions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.geometry import facets, fill
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Surface
from scenesim.models.letters import text
from scenesim.models.sign_faces import bicycle
from scenesim.scenario.network import DRIVING, Corner, RoadObject, Signal
from scenesim.scene.pavement import painted
from scenesim.world.road import RoadMap, RoadSurface

Array = NDArray[np.float64]

LIFT_M = 0.003  # of paint above the surface: rays tell it from the road, wheels and feet do not
LADDER_M = 0.3
BAR_M = 0.5  # width of a zebra's bars, and of the gaps between them (StVO sign 293)
STOP_LINE_M = 0.5  # StVO sign 294
BAY_LINE_M = 0.12

STOP = Surface("mark_white", "lane_marking", "stop_line")
ZEBRA = Surface("mark_white", "lane_marking", "crosswalk")
SYMBOL = Surface("mark_white", "lane_marking", "symbol")
BAY = Surface("mark_white", "lane_marking", "parking")
RAIL = Surface("steel_galvanised", "road")  # of a tram, flush with the road
YIELD = Surface("mark_white", "lane_marking", "yield_line")
TEXT_LONG = 2.5  # letters on the road are longer than wide, as they are seen at a slant


def drape(shapes: Sequence[tuple[BaseGeometry, Surface]], ground: Facets) -> Facets:
    """Shapes, seen from above, laid onto the upward facets of the ground; what hangs over its edge is cut off."""
    n = np.cross(ground.corners[:, 1] - ground.corners[:, 0], ground.corners[:, 2] - ground.corners[:, 0])
    level = np.flatnonzero(n[:, 2] > 0.5 * np.sqrt((n * n).sum(1)))
    triangles = shapely.polygons(ground.corners[level][..., :2])
    tree = shapely.STRtree(triangles)
    parts = []
    for shape, surface in shapes:
        for polygon in fill.polygons(shape):
            for k in tree.query(polygon, predicate="intersects"):
                flat = fill.triangulate(shapely.intersection(polygon, triangles[k]))
                if len(flat):
                    laid = in_plane(ground, int(level[k]), flat)
                    below = ground.surfaces[ground.surface[level[k]]]
                    parts.append(facets.of(laid.corners + [0.0, 0.0, LIFT_M], laid.uv, painted(surface, below)))
    return facets.without_slivers(facets.join(parts), 1e-6)


def in_plane(f: Facets, k: int, flat: Array) -> Facets:
    """Triangles (n, 3, 2) in the plane of facet k, with its surface and its uv continued."""
    a, b, c = f.corners[k]
    e, g = (b - a)[:2], (c - a)[:2]
    twice = e[0] * g[1] - e[1] * g[0]
    d = flat - a[:2]
    u = (d[..., 0] * g[1] - d[..., 1] * g[0]) / twice
    v = (e[0] * d[..., 1] - e[1] * d[..., 0]) / twice
    z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
    uv = f.uv[k, 0] + u[..., None] * (f.uv[k, 1] - f.uv[k, 0]) + v[..., None] * (f.uv[k, 2] - f.uv[k, 0])
    return Facets(np.concatenate([flat, z[..., None]], -1), uv, np.full(len(flat), f.surface[k]), f.surfaces)


def paint(road_map: RoadMap, within: BaseGeometry) -> list[tuple[BaseGeometry, Surface]]:
    """What the map says is painted on the road besides the edges of lanes, where it lies within a shape."""
    found: list[tuple[BaseGeometry, Surface]] = []
    for surface in road_map.surfaces.values():
        for thing in surface.road.objects:
            found += _object(surface, thing)
        for signal in surface.road.signals:
            if signal.kind == "294":
                found += _stop_line(surface, signal)
    return [(shape, s) for shape, s in found if shape.intersects(within)]


def _object(surface: RoadSurface, thing: RoadObject) -> Iterator[tuple[BaseGeometry, Surface]]:
    kind = thing.kind.lower()
    if kind not in ("crosswalk", "roadmark", "parkingspace"):
        return
    if thing.name.startswith("text:") or thing.name == "bicycle":
        flat = bicycle(1.0) if thing.name == "bicycle" else text(thing.name.removeprefix("text:"), 1.0)
        yield _drawn(surface, thing, flat), _colored(SYMBOL, thing.color)
        return
    for ring in _rings(surface, thing):
        shape = shapely.Polygon(ring)
        if not shape.is_valid or shape.area < 0.01:
            continue
        if kind == "crosswalk":
            yield _zebra(shape), ZEBRA
            if thing.name == "ladder":
                yield _rails(shape), ZEBRA
        elif kind == "parkingspace":
            yield shapely.difference(shape, shape.buffer(-BAY_LINE_M, join_style="mitre")), BAY
        else:
            name = thing.name.lower()
            paint = STOP if "stop" in name else (YIELD if "yield" in name else SYMBOL)
            yield shape, _colored(paint, thing.color)


def _colored(paint: Surface, color: str) -> Surface:
    if color == "steel":
        return RAIL
    return replace(paint, material="mark_yellow") if color == "yellow" else paint


def _drawn(surface: RoadSurface, thing: RoadObject, flat: BaseGeometry) -> BaseGeometry:
    """A drawing, 1 high, whose foot is at the object's place, for who drives along its heading; thing.length: from foot to
    head."""
    low = flat.bounds[1]
    pose = surface.pose(thing.s, thing.t, heading=thing.heading)
    width = thing.length / TEXT_LONG

    def laid(p: Array) -> Array:
        # u along the road, which is up for the reader; the reader's right is -v.
        local = np.column_stack([(p[:, 1] - low) * thing.length, -p[:, 0] * width, np.zeros(len(p))])
        return pose.apply(local)[:, :2]

    return shapely.make_valid(shapely.transform(flat, laid))


def _rails(shape: shapely.Polygon) -> BaseGeometry:
    """The two lines of a ladder crosswalk, along the way that people walk (MUTCD 3B.18: 6 to 24 inches wide)."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))[:4]
    a, b = corners[1] - corners[0], corners[3] - corners[0]
    if a @ a < b @ b:
        corners, b = corners[[0, 3, 2, 1]], a
    step = b / np.sqrt(b @ b) * LADDER_M
    sides = [(corners[0], corners[1], step), (corners[3], corners[2], -step)]
    return shapely.union_all([shapely.Polygon([p, q, q + d, p + d]) for p, q, d in sides])


def _rings(surface: RoadSurface, thing: RoadObject) -> Iterator[Array]:
    """Outlines (n, 2), or the object's rectangle where it has none."""
    for corners in thing.outlines:
        if len(corners) >= 3:
            yield np.array([_corner(surface, thing, c) for c in corners])
    if not thing.outlines and thing.length > 0 and thing.width > 0 and 0 <= thing.s <= surface.road.length:
        a, b = thing.length / 2, thing.width / 2
        pose = surface.pose(thing.s, thing.t, heading=thing.heading)
        yield pose.apply([(a, b, 0), (-a, b, 0), (-a, -b, 0), (a, -b, 0)])[:, :2]


def _corner(surface: RoadSurface, thing: RoadObject, c: Corner) -> Array:
    if c.in_road:
        return surface.xyz(c.a, c.b)[:2]
    return surface.pose(thing.s, thing.t, heading=thing.heading).apply([c.a, c.b, c.c])[:2]


def _zebra(shape: shapely.Polygon) -> BaseGeometry:
    """Bars across the way that people walk, which is the longer side of the crossing."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))[:4]
    if len(corners) < 4:
        return shape
    a, b = corners[1] - corners[0], corners[3] - corners[0]
    if a @ a < b @ b:
        a, b = b, a
    length = float(np.sqrt(a @ a))
    count = max(1, int((length + BAR_M) / (2 * BAR_M)))
    start = (length - (2 * count - 1) * BAR_M) / 2
    a = a / length
    bars = []
    for k in range(count):
        low = corners[0] + (start + 2 * k * BAR_M) * a
        high = low + BAR_M * a
        bars.append(shapely.Polygon([low, high, high + b, low + b]))
    return shapely.intersection(shapely.union_all(bars), shape)


def _stop_line(surface: RoadSurface, signal: Signal) -> Iterator[tuple[BaseGeometry, Surface]]:
    """Across the lanes whose traffic the signal is for."""
    s = min(max(signal.s, 0.0), surface.road.length)
    section = surface.road.sections[surface.section_at(s)]
    along = signal.orientation != "-"
    side = -1 if along == (surface.road.rule != "LHT") else 1
    lanes = [i for i in section.lanes if i * side > 0 and section.lanes[i].kind in DRIVING]
    if not lanes:
        return
    edges = surface.edges(surface.section_at(s), np.array(s))
    inner = max((i for i in section.lanes if i * side >= 0 and abs(i) < min(abs(j) for j in lanes)), key=abs)
    t = sorted([float(edges[inner]), float(edges[max(lanes, key=abs)])])
    ends = (s - STOP_LINE_M / 2, s + STOP_LINE_M / 2)
    ring = [
        surface.xyz(np.clip(a, 0, surface.road.length), b)[:2]
        for a, b in ((ends[0], t[0]), (ends[1], t[0]), (ends[1], t[1]), (ends[0], t[1]))
    ]
    yield shapely.make_valid(shapely.Polygon(ring)), STOP
