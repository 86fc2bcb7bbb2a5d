"""Covers of manholes and grates of gullies, flush with the road: where a road has them follows from its id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.mesh import Surface
from scenesim.scenario.network import DRIVING, PAVED, WALKING
from scenesim.scene.strips import lane_kinds
from scenesim.world.road import RoadMap, RoadSurface

Array = NDArray[np.float64]

IRON, SHAFT, FRAME = Surface("cast_iron", "road"), Surface("drain_shaft", "road"), Surface("concrete", "road")
EVERY_M, GULLY_EVERY_M = (28.0, 60.0), 24.0  # gullies: one for some 200 to 400 m2 of road (RAS-Ew, recalled)
COVER_M, FRAME_M, SEAM_M = 0.305, 0.375, 0.012  # radii; 60 cm of clear width, as EN 124 covers usually have
GRATE_LW_M, SLOTS = (0.50, 0.32), 6
FAST_M_S = 60 / 3.6  # no sewers below faster roads

Shapes = list[tuple[BaseGeometry, Surface]]


def covers(road_map: RoadMap, within: BaseGeometry, painted: Sequence[BaseGeometry]) -> Shapes:
    """Shapes, seen from above, with their surfaces, that lie within a shape and touch no paint."""
    tree = shapely.STRtree(painted)
    shapely.prepare(within)
    found: Shapes = []
    for road_id in sorted(road_map.surfaces):
        surface = road_map.surfaces[road_id]
        if surface.road.junction or (surface.speed_limit(0.0) or 0.0) > FAST_M_S:
            continue
        for whole, shapes in (*_manholes(surface), *_gullies(surface)):
            if within.contains(whole) and not len(tree.query(whole, predicate="intersects")):
                found += shapes
    return found


def _manholes(surface: RoadSurface) -> Iterator[tuple[BaseGeometry, Shapes]]:
    g = generator(derive(Key(0), "manholes", surface.road.id))
    s = float(g.uniform(4.0, EVERY_M[1]))
    while s < surface.road.length - 4.0:
        k = surface.section_at(s)
        lanes = [i for i, kind in lane_kinds(surface.road.sections[k]).items() if i and kind in DRIVING]
        step, aside = float(g.uniform(*EVERY_M)), float(g.normal(0.0, 0.35))
        if lanes:
            lane = lanes[int(g.integers(len(lanes)))]
            t = _middle(surface, k, lane, s) + aside
            x, y = surface.pose(s, t).translation[:2]
            cover = shapely.Point(x, y).buffer(COVER_M, quad_segs=5)
            frame = shapely.Point(x, y).buffer(FRAME_M, quad_segs=5).difference(cover.buffer(SEAM_M, quad_segs=5))
            yield shapely.Point(x, y).buffer(FRAME_M), [(cover, IRON), (frame, FRAME)]
        s += step


def _middle(surface: RoadSurface, k: int, lane: int, s: float) -> float:
    edges = surface.edges(k, np.array(s))
    inner = max((j for j in surface.road.sections[k].lanes if j * lane >= 0 and abs(j) < abs(lane)), key=abs)
    return float(edges[lane] + edges[inner]) / 2


def _gullies(surface: RoadSurface) -> Iterator[tuple[BaseGeometry, Shapes]]:
    """Along kerbs: where a sidewalk follows the outermost paved lane."""
    length, width = GRATE_LW_M
    plate = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    bars = [(-length / 2 + (k + 0.5) * length / SLOTS) for k in range(SLOTS)]
    slots = shapely.union_all([shapely.box(x - 0.018, -width / 2 + 0.035, x + 0.018, width / 2 - 0.035) for x in bars])
    for s in np.arange(9.0, surface.road.length - 5.0, GULLY_EVERY_M):
        k = surface.section_at(float(s))
        kinds, edges = lane_kinds(surface.road.sections[k]), surface.edges(k, np.array(float(s)))
        for side in (1, -1):
            lanes = sorted((i for i in kinds if i * side > 0), key=abs)
            paved = [i for i in lanes if kinds[i] in PAVED]
            if not paved or not any(kinds[i] in WALKING for i in lanes if abs(i) > abs(paved[-1])):
                continue
            pose = surface.pose(float(s), float(edges[paved[-1]]) - side * (0.03 + width / 2))
            turn, (x, y) = float(pose.yaw()), pose.translation[:2]
            placed = [affinity.translate(affinity.rotate(a, turn, (0, 0), use_radians=True), x, y) for a in (plate, slots)]
            yield placed[0], [(placed[0].difference(placed[1]), IRON), (placed[1], SHAFT)]
