"""Where a position of a scenario is in the world: on a lane, at a point, or as the ego would say it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.base.frames import Pose
from scenesim.scenario.model import Position
from scenesim.scenario.network import DRIVING
from scenesim.world.lanes import lane_at
from scenesim.world.road import LaneRef, RoadMap
from scenesim.world.route import Route


@dataclass(frozen=True)
class Reference:
    """What "ahead" and "left" mean: the ego's route from its start on, or its pose where it has none."""

    route: Route | None
    start_m: float
    pose: Pose

    def at(self, ahead_m: float, left_m: float) -> Pose:
        """World pose of a place ahead, heading along."""
        if self.route is not None:
            return self.route.pose_at(self.start_m + ahead_m, left_m)
        return self.pose @ Pose.of((ahead_m, left_m, 0.0))


def ground_z(road_map: RoadMap, x: float, y: float, near_z: float = 0.0) -> float:
    """Height of the road, or of what lies beside it, at (x, y): lanes with their heights; the nearest reference line's where
    no lane is."""
    found = road_map.locate(x, y)
    if found:
        heights = []
        for road, s, t in found:
            surface = road_map.surfaces[road]
            k, i = surface.section_at(s), surface.lane_at(s, t)
            lift = 0.0
            if i:
                lane = surface.road.sections[k].lanes[i]
                d = s - surface.road.sections[k].s
                lift = float(surface.lane_height(lane, d, True) + surface.lane_height(lane, d, False)) / 2
            heights.append(float(surface.xyz(s, t, lift)[2]))
        return min(heights, key=lambda z: abs(z - near_z)) if len(heights) > 1 else heights[0]
    return road_map.nearest_z(x, y, near_z)


def pose_of(position: Position, road_map: RoadMap, reference: Reference | None, where: str) -> Pose:
    """World pose (x forward) of a position. where: its path in the scenario, for errors. Raises InputError."""
    if position.ahead_m is not None:
        if reference is None:
            raise InputError("ahead_m is told from the ego; the ego itself needs road, lane, s_m or x_m, y_m", Place(where))
        pose = reference.at(position.ahead_m, position.left_m or 0.0)
        yaw = float(pose.yaw())
        x, y, z = (float(v) for v in pose.translation)
        z = ground_z(road_map, x, y, z)
    elif position.x_m is not None and position.y_m is not None:
        x, y, yaw = position.x_m, position.y_m, 0.0
        found = lane_at(road_map, x, y)
        if position.heading_deg is None and found is not None:
            yaw = _lane_yaw(road_map, found[0], found[1])
        z = ground_z(road_map, x, y)
    else:
        lane, s = lane_of(position, road_map, where)
        surface = road_map.surfaces[lane.road]
        t = float(surface.center_t(lane.section, lane.lane, np.array(s)))
        yaw = _lane_yaw(road_map, lane, s)
        left = (position.left_m or 0.0) * (1.0 if road_map.along(lane) else -1.0)
        x, y, z = (float(v) for v in surface.xyz(s, t + left))
        z = ground_z(road_map, x, y, z)
    return Pose.of((x, y, z), yaw=yaw + np.radians(position.heading_deg or 0.0))


def lane_of(position: Position, road_map: RoadMap, where: str) -> tuple[LaneRef, float]:
    """(lane, s) of a position given as road, lane, s_m. Raises InputError for what is not on the map."""
    roads = road_map.network.roads
    if position.road not in roads:
        raise InputError(
            f'no road "{position.road}" on this map{did_you_mean(str(position.road), roads)}', Place(f"{where}.road")
        )
    road, s = roads[position.road], float(position.s_m or 0.0)
    if s > road.length:
        raise InputError(
            f"s_m: {s:g} m is beyond the end of road {road.id}, which is {road.length:.1f} m long", Place(f"{where}.s_m")
        )
    k = road_map.surfaces[road.id].section_at(s)
    lanes = [i for i in road.sections[k].lanes if i != 0]
    if position.lane not in lanes:
        numbers = ", ".join(str(i) for i in sorted(lanes))
        raise InputError(
            f"no lane {position.lane} on road {road.id} at s = {s:g} m (there is: {numbers})", Place(f"{where}.lane")
        )
    return LaneRef(road.id, k, int(position.lane)), s


def driving_lane(position: Position, road_map: RoadMap, reference: Reference | None, where: str) -> tuple[LaneRef, float]:
    """(lane, s) of the driving lane at a position. Raises InputError where there is none."""
    if position.road is not None:
        lane, s = lane_of(position, road_map, where)
        kind = road_map.lane(lane).kind
        if kind not in DRIVING:
            raise InputError(f"lane {lane.lane} of road {lane.road} is for {kind}, not for driving", Place(f"{where}.lane"))
        return lane, s
    x, y, z = (float(v) for v in pose_of(position, road_map, reference, where).translation)
    found = lane_at(road_map, x, y, z) or lane_at(road_map, x, y)
    if found is None:
        raise InputError(f"there is no driving lane at ({x:.1f}, {y:.1f}); move it onto one", Place(where))
    return found[0], found[1]


def _lane_yaw(road_map: RoadMap, lane: LaneRef, s: float) -> float:
    """Yaw of the traffic of a lane."""
    surface = road_map.surfaces[lane.road]
    yaw = float(surface.pose(s, 0.0).yaw())
    return yaw if road_map.along(lane) else yaw + np.pi
