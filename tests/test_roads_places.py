"""Every kind of place: lanes join in position and heading, and traffic can drive through; countries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from place_cases import CASES, SIDES, of, source

from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.base.keys import Key
from scenesim.models import catalogue
from scenesim.models.roadside import FACES
from scenesim.scenario.countries import country
from scenesim.scenario.model import RoadSource
from scenesim.scenario.network import DRIVING
from scenesim.scenario.roads import ON_BOTH_SIDES, network
from scenesim.world import population
from scenesim.world.lanes import LaneGraph
from scenesim.world.population import Crowd, parked
from scenesim.world.road import RoadMap
from scenesim.world.route import route_from

# Lanes that begin or end beside another, and whose traffic changes over: by half a lane where they taper, else by a whole one.
CHANGES = {"motorway": 1.95, "work_zone": 3.8, "toll_plaza": 1.95}
# Built for either side; of all others the left-hand one is a mirror image, which a test below holds it to.
DRIVEN = [(c, where) for k, c in enumerate(CASES) for where in (SIDES if c[0] in ON_BOTH_SIDES else [SIDES[k % 2]])]


def heading(m, ref, s):
    along = 0.0 if m.along(ref) else np.pi
    return float(m.surfaces[ref.road].road.line.at(np.array(s))[2]) + along


@pytest.mark.parametrize(("case", "where"), DRIVEN, ids=str)
def test_lanes_that_follow_each_other_meet(case, where):
    m = of(case, where)
    graph = LaneGraph(m)
    assert all(m.along(r) == ((r.lane < 0) == (where == "germany")) for r in m.lanes())
    joined = 0
    for a in m.lanes():
        leaves = graph.entry_exit(a)[1]
        for b in graph.successors(a):
            enters = graph.entry_exit(b)[0]
            gap = graph.center(b, enters) - graph.center(a, leaves)
            turn = heading(m, b, enters) - heading(m, a, leaves)
            assert np.sqrt(gap @ gap) < max(0.02, CHANGES.get(case[0], 0.0)), (a, b)
            assert abs(np.arctan2(np.sin(turn), np.cos(turn))) < 0.01, (a, b)
            joined += 1
    assert joined or not m.network.junctions


@pytest.mark.parametrize(("case", "where"), DRIVEN, ids=str)
def test_lanes_end_only_where_the_place_does(case, where):
    """Traffic that drives on comes to an end of the place: no lane ends inside."""
    m = of(case, where)
    graph = LaneGraph(m)
    for ref in m.lanes():
        if not graph.successors(ref):
            road = m.network.roads[ref.road]
            assert (road.successor if m.along(ref) else road.predecessor) is None, ref
    entered = {b for a in m.lanes() for b in graph.successors(a)}
    for ref in set(m.lanes()) - entered:
        road = m.network.roads[ref.road]
        assert (road.predecessor if m.along(ref) else road.successor) is None, ref


@pytest.mark.parametrize(("case", "where"), DRIVEN, ids=str)
def test_routes_bend_no_sharper_than_cars_turn(case, where):
    m = of(case, where)
    graph = LaneGraph(m)
    tightest = 0.0
    for n, ref in enumerate([r for r in m.lanes() if graph.length(r) > 20 and not m.network.roads[r.road].junction]):
        entry, leave = graph.entry_exit(ref)
        route = route_from(m, ref, entry + 0.3 * (leave - entry), 150.0, Key(n), "random", graph)
        step = np.sqrt((np.diff(route.points[:, :2], axis=0) ** 2).sum(1))
        assert step.max() < 0.9
        bend = np.abs(np.convolve(np.gradient(route.heading_rad, route.distance_m), np.full(5, 0.2), "valid"))
        tightest = max(tightest, float(bend.max()))
    assert tightest < 1 / 4.5  # a city car turns in 9 to 10 m from kerb to kerb


def reached(m, road, lane, keys=16, run_m=400.0):
    """Roads that traffic comes to from a lane, where it chooses at random."""
    start = next(r for r in m.lanes() if (r.road, r.lane) == (road, lane))
    s = LaneGraph(m).entry_exit(start)[0]
    graph = LaneGraph(m)
    return {ref.road for n in range(keys) for ref in route_from(m, start, s, run_m, Key(n), "random", graph).lanes}


def test_traffic_drives_through_a_roundabout_to_every_arm():
    m = of(("roundabout", {}))
    for arm in "1234":
        far = m.network.roads[arm].sections[-1].lanes
        inward = 1
        assert inward in far
        section = len(m.network.roads[arm].sections) - 1
        graph = LaneGraph(m)
        start = next(r for r in m.lanes() if (r.road, r.section, r.lane) == (arm, section, inward))
        route = [route_from(m, start, graph.entry_exit(start)[0], 300.0, Key(n), "random", graph) for n in range(24)]
        assert {"1", "2", "3", "4"} <= {ref.road for r in route for ref in r.lanes}


def test_traffic_leaves_a_motorway_and_joins_it():
    m = of(("motorway", {"noise_walls": True}))
    assert "exit" in reached(m, "1", -2, run_m=900.0) and "3" in reached(m, "1", -2, run_m=1200.0)
    assert "3" in reached(m, "entry", -1)


def test_everybody_waits_at_a_closed_level_crossing():
    from scenesim.world.signals import stops

    m = of(("level_crossing", {"closed": True}))
    for lane in (-1, 1):
        start = next(r for r in m.lanes() if r.lane == lane)
        route = route_from(m, start, LaneGraph(m).entry_exit(start)[0], 300.0, Key(1))
        gate = stops(route)
        assert len(gate) == 1 and all(gate[0].holds(t, 20.0, 10.0) for t in (0.0, 20.0, 50.0))
        rails = abs(float(route.pose_at(gate[0].distance_m).translation[0]))
        assert 4.0 < rails < 9.0  # the bumper stops before the arm


def test_cars_stand_in_the_bays_of_a_car_park(monkeypatch):
    monkeypatch.setattr(population, "pick", lambda shares, g, known: "city_car")  # one model to build
    m = of(("car_park", {}))
    crowd = Crowd()
    cars = list(parked(m, np.array([[20.0, 0.0]]), 60.0, 30, Key(5), crowd))
    bays = [(s, q) for s in m.surfaces.values() for q in s.road.objects if q.kind == "parkingSpace"]
    middles = np.array([s.pose(q.s, q.t).translation[:2] for s, q in bays])
    assert len(cars) == 30
    taken = set()
    for car in cars:
        model = catalogue.build(car.request).model
        at = car.pose.apply(np.array([model.box_center_m[0], 0.0, 0.0]))[:2]
        away = np.sqrt(((middles - at) ** 2).sum(1))
        assert away.min() < 0.6
        taken.add(int(away.argmin()))
    assert len(taken) == 30


# ---- what cannot be built, and countries


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"kind": "roundabout", "radius_m": 9, "arms": 6}, "too small for arms|no island"),
        ({"kind": "roundabout", "lanes": 3}, "ring_lanes"),
        ({"kind": "junction", "arm_angles_deg": (0, 20, 180)}, "too near"),
        ({"kind": "junction", "arm_angles_deg": (0, 180)}, "3 to 6"),
        ({"kind": "motorway", "length_m": 500}, "too short"),
        ({"kind": "motorway", "lanes": 1}, "at least 2"),
        ({"kind": "country_road", "radius_m": 12}, "too tight"),
        ({"kind": "bridge", "height_m": 3}, "5.5 to 15"),
        ({"kind": "tunnel", "tunnel_m": 390}, "too short"),
        ({"kind": "town", "block_m": 45}, "apart"),
        ({"kind": "lay_by", "bay_m": 280}, "too short"),
        ({"kind": "toll_plaza", "lanes": 3}, "2 for each"),
        ({"kind": "school_zone", "length_m": 60}, "too short"),
        ({"kind": "tram_street", "lane_width_m": 2.5}, "too narrow"),
        ({"kind": "arterial", "median_m": 0.5}, "1 to 20"),
        ({"kind": "work_zone", "works_m": 280, "length_m": 300}, "too short"),
    ],
)
def test_what_cannot_be_built_is_refused(place, says):
    with pytest.raises(InputError, match=says):
        network(RoadSource(place=place))


@pytest.mark.parametrize("name", assets.names("countries"))
def test_signs_of_every_country_have_faces(name):
    c = country(name)
    assert {s["face"] for s in c.signs.values()} <= set(FACES)
    assert set(c.signs) | {"priority"} == set(country("germany").signs)
    assert len({s["code"] for s in c.signs.values()}) >= len(c.signs) - 2


def test_countries_paint_and_drive_as_their_data_say():
    us, jp = (network(source("crossing", {"lanes": 1}, w)).roads["1"] for w in ("united_states", "japan"))
    assert us.sections[0].lanes[0].marks[0].color == "yellow" and jp.sections[0].lanes[0].marks[0].color == "white"
    assert us.rule == "RHT" and jp.rule == "LHT"
    line = us.sections[0].lanes[0].marks[0].lines[0]
    assert (line.length, line.space) == pytest.approx((10 * 0.3048, 30 * 0.3048), abs=0.01)  # MUTCD 3A.06: 10 ft and 30 ft


@pytest.mark.parametrize("case", [c for c in CASES if c[0] not in ON_BOTH_SIDES], ids=str)
def test_a_mirrored_place_is_the_place_in_a_mirror(case):
    kind, options = case
    a, b = of(case), RoadMap(network(RoadSource(place={"kind": kind, **options, "left_hand_traffic": True})))
    ahead, other = LaneGraph(a), LaneGraph(b)
    for ref in a.lanes(DRIVING):
        s = np.linspace(*a.span(ref), 3)
        p = a.surfaces[ref.road].edge_xyz(ref.section, ref.lane, s)
        q = b.surfaces[ref.road].edge_xyz(ref.section, -ref.lane, s)
        assert np.abs(p * [1, -1, 1] - q).max() < 1e-9
        flipped = {replace(n, lane=-n.lane) for n in ahead.successors(ref)}
        assert flipped == set(other.successors(replace(ref, lane=-ref.lane)))
