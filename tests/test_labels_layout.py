"""The layout of the road: lanes run as their traffic does, have their edges on the right sides, and join where they meet."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Point, Polygon

from scenesim.labels.layout import layout
from scenesim.scenario import places
from scenesim.world.lanes import LaneGraph, lane_at
from scenesim.world.road import RoadMap

AROUND = np.array([[0.0, 0.0, 0.0], [30.0, 0.0, 0.0]])


def maps(left_hand):
    style = places.Style(left_hand=left_hand)
    return RoadMap(places.crossing(style=style))


@pytest.fixture(scope="module", params=[False, True], ids=["right-hand", "left-hand"])
def made(request):
    road_map = maps(request.param)
    return road_map, layout(road_map, AROUND, 100.0)


def test_edges_are_left_and_right_of_the_way(made):
    road_map, found = made
    assert len(found.lanes) >= 16
    for lane in found.lanes:
        ahead = np.diff((lane.left_m + lane.right_m) / 2, axis=0)
        across = (lane.left_m - lane.right_m)[:-1]
        assert (ahead[:, 0] * across[:, 1] - ahead[:, 1] * across[:, 0] > 0).all(), lane.id
        width = np.sqrt(((lane.left_m - lane.right_m) ** 2).sum(1))
        assert width == pytest.approx(width[0], abs=0.5)


def test_they_run_as_their_traffic_does(made):
    """The graph of lanes, which drivers use, has the same way for each."""
    road_map, found = made
    graph = LaneGraph(road_map)
    for lane in found.lanes:
        middle = (lane.left_m + lane.right_m) / 2
        k = len(middle) // 2
        point, ahead = middle[k], middle[k] - middle[k - 1]
        if lane.junction:
            continue
        ref, s, _ = lane_at(road_map, *point)
        assert lane.id == f"{ref.road}_{ref.section}_{ref.lane}"
        step = 0.1 if road_map.along(ref) else -0.1
        assert (graph.center(ref, s + step) - graph.center(ref, s - step)) @ ahead > 0


def test_lanes_join_end_to_start(made):
    _, found = made
    by_id = {lane.id: lane for lane in found.lanes}
    joints = [(lane, by_id[n]) for lane in found.lanes for n in lane.successors]
    assert len(joints) >= 12
    for a, b in joints:
        assert np.abs(a.left_m[-1] - b.left_m[0]).max() < 0.5 and np.abs(a.right_m[-1] - b.right_m[0]).max() < 0.5
        assert a.id in b.predecessors
    for lane in found.lanes:
        for side, edge, other in ((lane.left, "left_m", "right_m"), (lane.right, "right_m", "left_m")):
            if side:
                assert np.abs(getattr(lane, edge)[0] - getattr(by_id[side], other)[0]).max() < 1e-6


def test_areas_hold_their_lanes(made):
    _, found = made
    drivable = [Polygon(p[:, :2]) for p in found.drivable_m]
    assert all(p.is_valid and p.exterior.is_ccw for p in drivable)
    for lane in found.lanes:
        k = len(lane.left_m) // 2
        middle = (lane.left_m + lane.right_m)[k - 1 : k + 1].mean(0) / 2
        assert any(p.contains(Point(middle[:2])) for p in drivable)
    walks = [Polygon(p[:, :2]) for p in found.walkways_m]
    assert walks and all(w.intersection(p).area < 0.5 for w in walks for p in drivable)
    assert len(found.crosswalks_m) == 4
    for outline in found.crosswalks_m:
        assert Polygon(outline[:, :2]).area == pytest.approx(4.0 * 9.0, rel=0.7)
        assert any(p.intersects(Polygon(outline[:, :2])) for p in drivable)


def test_a_long_road_is_cut(made):
    road_map, _ = made
    near = layout(road_map, AROUND[:1], 20.0)
    points = np.concatenate([lane.left_m for lane in near.lanes])
    assert np.sqrt((points[:, :2] ** 2).sum(1)).max() < 32.0
    assert len(layout(road_map, AROUND + 5000.0, 50.0).lanes) == 0
