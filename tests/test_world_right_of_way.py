"""Right of way: at signs, for who turns across, from the right, and on a roundabout; nobody touches anybody."""

from __future__ import annotations

import numpy as np
import pytest
from test_world_driving import driver

from scenesim.scenario.model import RoadSource
from scenesim.scenario.roads import network
from scenesim.world import signals
from scenesim.world.driving import drive
from scenesim.world.lanes import LaneGraph
from scenesim.world.right_of_way import Meeting
from scenesim.world.road import RoadMap
from scenesim.world.route import route_via

TIMES = np.arange(0.0, 22.0, 0.05)


def place(**options) -> RoadMap:
    return RoadMap(network(RoadSource(place=options)))


def via(road_map, *points):
    return route_via(road_map, points, LaneGraph(road_map))


def meet(road_map, *ways):
    """(distance, speed, positions (N, K, 2)) of drivers, each given as (points of the route, start, wish)."""
    routes = [via(road_map, *points) for points, _, _ in ways]
    drivers = [driver(r, start, wish, stops=tuple(signals.stops(r))) for r, (_, start, wish) in zip(routes, ways)]
    distance, speed = drive(drivers, [], TIMES)
    at = np.stack([d.route.pose_at(s).translation[:, :2] for d, s in zip(drivers, distance)])
    return distance, speed, at


def apart(a, b):
    return float(np.sqrt(((a - b) ** 2).sum(-1)).min())


EAST, WEST, NORTH, SOUTH = (60.0, -1.9), (-60.0, -1.9), (1.9, 60.0), (1.9, -60.0)
WESTBOUND, SOUTHBOUND = ((60.0, 1.9), (-60.0, 1.9)), ((-1.9, 60.0), (-1.9, -60.0))


@pytest.fixture(scope="module")
def crossroads():
    return {c: place(kind="crossing", control=c) for c in ("none", "priority", "lights")}


def passes(at, axis, middle=0.0):
    """The time at which somebody passes the middle of the junction along an axis."""
    side = np.sign(at[:, axis] - middle)
    return float(TIMES[np.flatnonzero(side != side[0])[0]])


def test_who_has_the_sign_waits(crossroads):
    """From the south onto the road that goes first: alone it drives through, with somebody there it lets them pass."""
    road_map = crossroads["priority"]
    crossing_way = ((SOUTH, NORTH), 20.0, 11.0)
    _, _, alone = meet(road_map, crossing_way)
    main = ((WEST, EAST), 14.0, 13.0)
    _, speed, at = meet(road_map, crossing_way, main)
    assert passes(at[0], 1) > passes(alone[0], 1) + 1.0
    assert passes(at[1], 0) < passes(at[0], 1)
    assert speed[1, 20:140].min() > 11.0  # who goes first does not even slow down
    assert apart(at[0], at[1]) > 2.5


def test_from_the_right_goes_first_without_signs(crossroads):
    road_map = crossroads["none"]
    eastbound = ((WEST, EAST), 20.0, 9.0)
    for other, waits in ((((SOUTH, NORTH), 20.0, 9.0), 0), ((SOUTHBOUND, 20.0, 9.0), 1)):
        _, _, at = meet(road_map, eastbound, other)
        times = (passes(at[0], 0), passes(at[1], 1))
        assert (times[0] > times[1]) == (waits == 0)
        assert apart(at[0], at[1]) > 2.5


def test_who_turns_left_waits_for_who_comes_towards_it(crossroads):
    road_map = crossroads["priority"]
    left = ((WEST, (1.9, 60.0)), 24.0, 9.0)
    _, _, alone = meet(road_map, left)
    _, speed, at = meet(road_map, left, (WESTBOUND, 12.0, 13.0))
    assert passes(at[0], 1, 20.0) > passes(alone[0], 1, 20.0) + 0.5
    assert speed[1, 20:120].min() > 11.0
    assert apart(at[0], at[1]) > 2.5


def test_nobody_waits_for_who_is_held_at_a_red_light(crossroads):
    road_map = crossroads["lights"]
    left = ((WEST, (1.9, 60.0)), 24.0, 9.0)
    held = ((SOUTH, NORTH), 20.0, 11.0)
    _, _, alone = meet(road_map, left)
    _, _, at = meet(road_map, left, held)
    assert np.allclose(at[0], alone[0])


def test_all_who_meet_at_once_get_away(crossroads):
    """Four from four sides, where each has somebody on its right: somebody begins, nobody touches."""
    ways = [(WEST, EAST), (SOUTH, NORTH), WESTBOUND, SOUTHBOUND]
    distance, _, at = meet(crossroads["none"], *[(w, 20.0, 9.0) for w in ways])
    assert all(distance[:, -1] > 70.0)  # the middle is at 60
    for i in range(4):
        for j in range(i):
            assert apart(at[i], at[j]) > 1.9


def test_who_enters_a_roundabout_gives_way():
    road_map = place(kind="roundabout", radius_m=18.0, arms=4)
    east, south = np.array([60.0, 0.0]), np.array([0.0, -60.0])
    lane = 1.8
    through = ((float(-east[0]), -lane), (float(east[0]), -lane))
    joins = ((lane, float(south[1])), (float(east[0]), -lane))
    _, _, alone = meet(road_map, (joins, 5.0, 8.0))
    waited = 0
    for start in (0.0, 6.0, 12.0, 18.0, 24.0):
        _, speed, at = meet(road_map, (joins, 5.0, 8.0), (through, start, 8.0))
        assert apart(at[0], at[1]) > 3.0
        assert speed[1, 20:200].min() > 3.0
        waited += not np.allclose(at[0], alone[0])
    assert waited >= 1


def test_a_meeting_holds_by_time():
    m = Meeting(other=1, enter_m=20.0, leave_m=26.0, other_enter_m=30.0, other_leave_m=36.0)
    assert m.holds(10.0, 5.5, 5.0, 15.0, 10.5, 10.0)  # 1.5 s away
    assert not m.holds(10.0, 5.5, 5.0, -60.0, -64.5, 10.0)  # 9 s away
    assert not m.holds(10.0, 5.5, 5.0, 41.0, 36.5, 10.0)  # is through
    assert not m.holds(19.0, 14.5, 9.0, 15.0, 10.5, 10.0)  # too late to stop
    assert not m.holds(10.0, 5.5, 5.0, 15.0, 10.5, 0.0)  # stands, and has far to go
