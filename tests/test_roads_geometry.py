"""Curves against numerical integration, the road surface and its inverse, markings, and routes on real maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from scenesim.base import keys
from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.scenario.network import Lane, Mark, MarkLine, Network, Road, Section
from scenesim.scenario.opendrive import read
from scenesim.world.lanes import LaneGraph, lane_at
from scenesim.world.marks import strips
from scenesim.world.road import LaneRef, RoadMap
from scenesim.world.road_tables import draw_map, write_boundaries_csv
from scenesim.world.route import route_from, route_via

MAPS = Path(__file__).parents[2] / "shared/data/asam/files"
FABRIKSGATAN = "esmini__esmini/resources/xodr/fabriksgatan.xodr"
TOWN = "carla-simulator__opendrive-test-files/OpenDrive/Town01.xodr"


def real(name: str) -> RoadMap:
    if not (MAPS / name).exists():
        pytest.skip(f"no {MAPS / name}")
    return RoadMap(read(MAPS / name))


def bent(rule: str = "RHT", marks: tuple[Mark, ...] = ()) -> RoadMap:
    """A road of spiral and arc that climbs and banks, with one lane on each side."""
    spiral = Piece(0, 500.0, -20.0, 0.3, 60.0, "spiral", (0.0, 0.01))
    x, y, heading = (float(v) for v in spiral.at(60.0))
    line = ReferenceLine((spiral, Piece(60.0, x, y, heading, 60.0, "arc", (0.01,))), 120.0)
    lanes = {i: Lane(i, "driving", Cubics.constant(3.5), marks=marks if i == 0 else ()) for i in (1, 0, -1)}
    road = Road(
        "7",
        line,
        (Section(0.0, lanes),),
        rule=rule,
        elevation=Cubics.of([[0, 5, 0.05, 0, 0]]),
        superelevation=Cubics.constant(0.06),
    )
    return RoadMap(Network("bent", {"7": road}))


@pytest.mark.parametrize("ends", [(0.0, 0.05), (-0.02, 0.08), (0.3, -0.3), (0.01, 0.01)])
def test_spiral_is_the_integral_of_its_heading(ends):
    length = 40.0
    piece = Piece(0, 0, 0, 0, length, "spiral", ends)

    def heading(d):
        return ends[0] * d + (ends[1] - ends[0]) * d * d / (2 * length)

    for d in (1e-9, 3.0, 40.0):
        x, y, h = piece.at(d)
        assert float(x) == pytest.approx(quad(lambda q: np.cos(heading(q)), 0, d, limit=200)[0], abs=1e-9)
        assert float(y) == pytest.approx(quad(lambda q: np.sin(heading(q)), 0, d, limit=200)[0], abs=1e-9)
        assert float(h) == pytest.approx(heading(d))


@pytest.mark.parametrize("curvature", [0.0, 1e-15, 1e-9, 0.02, -0.5])
def test_arc_is_a_spiral_that_does_not_change(curvature):
    d = np.linspace(0, 30, 7)
    arc = Piece(0, 1, 2, 0.4, 30, "arc", (curvature,)).at(d)
    spiral = Piece(0, 1, 2, 0.4, 30, "spiral", (curvature, curvature)).at(d)
    np.testing.assert_allclose(arc, spiral, atol=1e-9)


def test_poly3_is_walked_by_arc_length():
    b, c, e = 0.1, 0.01, -1e-4
    u, v, _ = Piece(0, 0, 0, 0, 30, "poly3", (0.0, b, c, e)).at(25.0)
    assert quad(lambda q: np.sqrt(1 + (b + 2 * c * q + 3 * e * q * q) ** 2), 0, float(u))[0] == pytest.approx(25.0, abs=1e-6)
    assert float(v) == pytest.approx(b * u + c * u**2 + e * u**3)


def test_param_poly3_ranges_agree():
    normalized = Piece(0, 0, 0, 0, 20.0, "paramPoly3", (0, 20, 0, 0, 0, 0, 5, 1, 1.0)).at([0, 7, 20])
    by_length = Piece(0, 0, 0, 0, 20.0, "paramPoly3", (0, 1, 0, 0, 0, 0, 5 / 400, 1 / 8000, 20.0)).at([0, 7, 20])
    np.testing.assert_allclose(normalized, by_length, atol=1e-12)


def test_surface_there_and_back():
    road_map = bent()
    surface = road_map.surfaces["7"]
    for s in (0.5, 33.0, 60.0, 119.0):
        for t in (-3.4, -0.5, 2.0):
            x, y, _ = surface.xyz(s, t)
            np.testing.assert_allclose(road_map.to_road("7", x, y), (s, t), atol=2e-3)
            ref, _, _ = lane_at(road_map, x, y)
            assert ref == LaneRef("7", 0, -1 if t < 0 else 1)


def test_normal_is_across_two_tangents():
    surface = bent().surfaces["7"]
    d = 1e-4
    along, across = (surface.xyz(40 + a, 1 + b) - surface.xyz(40 - a, 1 - b) for a, b in ((d, 0), (0, d)))
    normal = np.cross(along, across)
    up = surface.pose(40.0, 1.0).rotate([0.0, 0.0, 1.0])
    assert up @ normal / np.sqrt(normal @ normal) == pytest.approx(1.0, abs=1e-5)


def test_stations_keep_the_chord():
    surface = bent().surfaces["7"]
    s = surface.stations(0.0, 120.0, 0.02)
    middle = surface.xyz((s[1:] + s[:-1]) / 2, 3.5) - (surface.xyz(s[1:], 3.5) + surface.xyz(s[:-1], 3.5)) / 2
    assert np.sqrt((middle**2).sum(1)).max() < 0.02 and len(s) < 60


def test_broken_mark_is_painted_by_its_lengths():
    mark = Mark(10.0, "broken", lines=(MarkLine(0.15, 4.0, 8.0),))
    found = list(strips(bent(marks=(mark,)).surfaces["7"], 0))
    assert [round(q.s[0], 6) for q in found] == [10.0 + 12 * k for k in range(10)]
    assert {round(q.s[-1] - q.s[0], 6) for q in found} == {4.0, 2.0}  # the road ends within the last one


def test_double_mark_has_two_lines_inside_first():
    found = list(strips(bent(marks=(Mark(0.0, "solid broken", "yellow", 0.1),)).surfaces["7"], 0))
    solid = [q for q in found if q.s[-1] - q.s[0] > 100]
    assert len(solid) == 1 and len(found) > 10
    assert solid[0].t.min() == pytest.approx(0.1)  # at the centre the first word is the line on the left


@pytest.mark.parametrize("rule, lane, sign", [("RHT", -1, 1), ("RHT", 1, -1), ("LHT", -1, -1), ("LHT", 1, 1)])
def test_traffic_keeps_to_its_side(rule, lane, sign):
    road_map = bent(rule)
    graph = LaneGraph(road_map)
    ref = LaneRef("7", 0, lane)
    route = route_from(road_map, ref, graph.entry_exit(ref)[0], 50.0, keys.root(1))
    assert np.sign(route.s[-1] - route.s[0]) == sign
    forward = route.pose_at(10.0).rotate([1.0, 0.0, 0.0])
    assert forward @ (route.points[30] - route.points[20]) > 0 and np.sign(forward[2]) == sign


@pytest.mark.parametrize("name", [FABRIKSGATAN, TOWN])
def test_routes_are_continuous(name):
    road_map = real(name)
    graph = LaneGraph(road_map)
    lanes = [r for r in road_map.lanes() if graph.length(r) > 5]
    for n, ref in enumerate(lanes[:: max(1, len(lanes) // 12)]):
        route = route_from(road_map, ref, graph.entry_exit(ref)[0], 300.0, keys.derive(keys.root(3), n), "random", graph)
        d = np.arange(0, route.length_m, 0.05)
        pose = route.pose_at(d)
        step = np.sqrt((np.diff(pose.translation, axis=0) ** 2).sum(1))
        assert abs(step - 0.05).max() < 0.05
        assert np.abs(np.diff(np.unwrap(pose.yaw()))).max() < 0.05


def test_waypoints_are_met_in_town():
    road_map = real(TOWN)
    graph = LaneGraph(road_map)
    ref = max(road_map.lanes(), key=graph.length)
    there = route_from(road_map, ref, graph.entry_exit(ref)[0], 600.0, keys.root(5), "random", graph)
    goal = there.pose_at(there.length_m - 5).translation
    route = route_via(road_map, [there.pose_at(5.0).translation, goal], graph)
    assert np.sqrt(((route.points[-1] - goal) ** 2).sum()) < 4.0 and route.length_m < there.length_m + 5


def test_table_and_drawing(tmp_path):
    network = bent().network
    write_boundaries_csv(network, tmp_path / "out.csv", 1.0)
    rows = [line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines()]
    assert rows[0] == ["road", "section", "lane", "s", "x", "y", "z", "h"]
    s = np.array([float(r[3]) for r in rows[1:] if r[2] == "-1"])
    assert s[0] == 0 and s[-1] == 120 and np.diff(s).max() <= 1.0001
    draw_map(network, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 2000


def test_speed_limit_of_the_lane_counts_from_its_offset_on():
    surface = bent().surfaces["7"]
    lane = Lane(-1, "driving", speeds=((50.0, 8.0),))
    assert surface.speed_limit(10.0, lane) is None and surface.speed_limit(60.0, lane) == 8.0
