"""Lane boundaries about the ego: polylines of its lane and of those beside it, as far as they go on ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.scenario.network import DRIVING, Lane
from scenesim.world.lanes import LaneGraph, lane_at
from scenesim.world.road import RoadMap
from scenesim.world.route import Stretch, route_from

AHEAD_M, BEHIND_M, STEP_M = 80.0, 10.0, 1.0


class EgoLanes:
    """Boundaries about the ego, from the map."""

    def __init__(self, road_map: RoadMap):
        self.map, self.graph = road_map, LaneGraph(road_map)

    def about(self, world_from_ego: Pose) -> tuple[dict[str, Any], ...]:
        """Rows with points_m (n, 3) float32 in the ego frame, in the direction of travel; role "ego_left", "ego_right",
        "left_left" or "right_right" (the far boundary of the lane beside); kind and color of the marking, "none" where nothing
        is painted; road, lane. Nothing where the ego is on no driving lane."""
        x, y, z = (float(v) for v in world_from_ego.translation)
        found = lane_at(self.map, x, y, z)
        if found is None:
            return ()
        lane, s, _ = found
        back = BEHIND_M if self.map.along(lane) else -BEHIND_M
        start, end = self.map.span(lane)
        try:
            route = route_from(
                self.map, lane, float(np.clip(s - back, start, end)), AHEAD_M + BEHIND_M, Key(0), "straight", self.graph
            )
        except InputError:  # at the very end of the last lane
            return ()
        ego_from_world = world_from_ego.inverse()
        return tuple(row for q in route.stretches for row in self._rows(q, ego_from_world))

    def _rows(self, q: Stretch, ego_from_world: Pose):
        if abs(q.s_to - q.s_from) < 0.5:
            return
        surface, along = self.map.surfaces[q.lane.road], self.map.along(q.lane)
        section = surface.road.sections[q.lane.section]
        s = np.linspace(q.s_from, q.s_to, max(2, int(abs(q.s_to - q.s_from) / STEP_M) + 1))
        left = 1 if along else -1  # lane numbers grow to the left of the reference line
        edges = {"ego_left": _boundary(q.lane.lane, left), "ego_right": _boundary(q.lane.lane, -left)}
        for role, side in (("left_left", left), ("right_right", -left)):
            beside = _beside(q.lane.lane, side)
            if beside in section.lanes and section.lanes[beside].kind in DRIVING:
                edges[role] = _boundary(beside, side)
        for role, lane_id in edges.items():
            if lane_id not in section.lanes:
                continue
            points = (
                surface.edge_xyz(q.lane.section, lane_id, s) if lane_id else surface.xyz(s, surface.edges(q.lane.section, s)[0])
            )
            kind, color = mark_of(section.lanes[lane_id], float(min(q.s_from, q.s_to)) - section.s)
            yield {
                "role": role,
                "kind": kind,
                "color": color,
                "road": q.lane.road,
                "lane": lane_id,
                "points_m": ego_from_world.apply(points).astype(np.float32),
            }


def _boundary(lane: int, side: int) -> int:
    """Number of the lane whose outer edge bounds a lane on a side (1: towards larger t)."""
    outer = (lane > 0) == (side > 0)
    return lane if outer else lane - (1 if lane > 0 else -1)


def _beside(lane: int, side: int) -> int:
    """Number of the lane beside a lane; there is no lane 0."""
    n = lane + side
    return n + side if n == 0 else n


def mark_of(lane: Lane, d: float) -> tuple[str, str]:
    """(kind, color) of the marking at the outer edge of a lane, d m into its section; ("none", "") where nothing is painted."""
    painted = [m for m in lane.marks if m.s_offset <= d + 1e-6] or list(lane.marks[:1])
    return (painted[-1].kind.replace(" ", "_"), painted[-1].color) if painted else ("none", "")
