"""Procedural places: every way through a crossing can be driven, and what cannot be built is refused in words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.scenario import places
from scenesim.scenario.kerbs import KERB_M, with_kerbs
from scenesim.scenario.network import Lane
from scenesim.world.lanes import LaneGraph
from scenesim.world.road import LaneRef, RoadMap


@pytest.mark.parametrize("left_hand", [False, True])
@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("arms", [3, 4])
def test_from_every_arm_to_every_other(arms, lanes, left_hand):
    m = RoadMap(places.crossing(places.Style(lanes=lanes, left_hand=left_hand), arms=arms))
    graph = LaneGraph(m)
    inward = 1 if not left_hand else -1
    for a in range(1, arms + 1):
        reached = set()
        for n in range(1, lanes + 1):
            for through in graph.successors(LaneRef(str(a), 0, inward * n)):
                reached |= {after.road for after in graph.successors(through)}
        assert reached == {str(b) for b in range(1, arms + 1) if b != a}


def test_connecting_roads_meet_the_arms_exactly():
    m = RoadMap(places.crossing(places.TOWN))
    for road in m.network.roads.values():
        if not road.junction:
            continue
        surface = m.surfaces[road.id]
        for i, lane in road.sections[0].lanes.items():
            if lane.kind != "driving":
                continue
            start = surface.edge_xyz(0, i, np.array(0.0))
            arm = m.surfaces[road.predecessor.id].edge_xyz(0, -i, np.array(0.0))
            end = surface.edge_xyz(0, i, np.array(road.length))
            out = m.surfaces[road.successor.id].edge_xyz(0, i, np.array(0.0))
            assert np.abs(start - arm).max() < 1e-9 and np.abs(end - out).max() < 1e-9


def test_a_curve_turns_by_its_angle_and_has_its_radius():
    road = places.curve(places.TOWN, 300.0, 50.0, -math.pi / 2).roads["1"]
    s = np.linspace(0, road.length, 2001)
    heading = road.line.at(s)[2]
    assert heading[-1] - heading[0] == pytest.approx(-math.pi / 2, abs=1e-9)
    assert np.abs(road.line.curvature_at(s)).max() == pytest.approx(1 / 50.0)
    x, y, _ = road.line.at(s)
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(road.length, rel=1e-5)


def test_a_hill_is_as_high_as_asked_and_smooth():
    road = places.hill(places.COUNTRY, 300.0, 9.0).roads["1"]
    s = np.linspace(0, 300, 3001)
    z = road.elevation.at(s)
    assert z.max() == pytest.approx(9.0) and z[0] == z[-1] == 0.0
    assert np.abs(np.diff(road.elevation.slope_at(s))).max() < 0.001


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: places.Style(lanes=0), "1 to 6"),
        (lambda: places.Style(lane_width_m=20.0), "2 to 6 m"),
        (lambda: places.Style(sidewalk_m=-1.0), "0 to 20 m"),
        (lambda: places.Style(speed_m_s=0.0), "1 to 100"),
        (lambda: places.straight(places.TOWN, 0.0), "length_m"),
        (lambda: places.curve(places.TOWN, 300.0, 4.0), "radius_m"),
        (lambda: places.curve(places.TOWN, 300.0, 50.0, 0.0), "angle_rad"),
        (lambda: places.hill(places.TOWN, 100.0, 60.0), "too steep"),
        (lambda: places.crossing(places.TOWN, arms=7), "3 or 4"),
        (lambda: places.crossing(places.TOWN, control="police"), "police"),
    ],
)
def test_what_cannot_be_built_is_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_kerbs_are_added_only_where_the_map_has_no_heights():
    from dataclasses import replace

    n = places.straight(places.TOWN)
    assert with_kerbs(n) is n
    road = n.roads["1"]
    flat = replace(road.sections[0], lanes={i: replace(lane, heights=()) for i, lane in road.sections[0].lanes.items()})
    raised = with_kerbs(replace(n, roads={"1": replace(road, sections=(flat,))})).roads["1"].sections[0].lanes

    def height(lane: Lane) -> float:
        return lane.heights[0][1] if lane.heights else 0.0

    assert {lane.kind: height(lane) for lane in raised.values()} == {
        "none": 0.0,
        "driving": 0.0,
        "parking": 0.0,
        "sidewalk": KERB_M,
    }
