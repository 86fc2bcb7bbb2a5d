"""Driving along lanes: the car-following model against its closed forms, red lights, and what a body does on a line."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.geometry import solids
from scenesim.geometry.mesh import Surface
from scenesim.models.model import STEER_RAD, WHEEL_M, Model, Part, tight_box
from scenesim.scenario import places
from scenesim.world import driving, signals, track
from scenesim.world.driving import Driver, Obstacle, Outline
from scenesim.world.lanes import LaneGraph
from scenesim.world.road import LaneRef, RoadMap
from scenesim.world.route import route_from, route_via
from scenesim.world.trajectory import Path, SpeedProfile


def body(length=4.5, width=1.8, wheelbase=2.7) -> Model:
    """A box on wheels that nobody sees: rear axle 0.9 m before its tail."""
    mesh = solids.box((length, width, 1.5), (length / 2 - 0.9, 0.0, 0.75), Surface("plaster"))
    parts = (Part("body", mesh),)
    return Model("box", "car", parts, *tight_box(parts), wheelbase_m=wheelbase)


def driver(route, start=0.0, wish=13.0, **more) -> Driver:
    model = body()
    return Driver(route, start, Outline.of(model), model.box_center_m[0] + model.size_lwh_m[0] / 2, wish, **more)


@pytest.fixture(scope="module")
def road():
    return RoadMap(places.straight(places.COUNTRY, 1500.0))


def lane_route(road_map, length=1400.0):
    lane = next(r for r in road_map.lanes() if road_map.along(r))
    return route_from(road_map, lane, 5.0, length, Key(1))


def test_follower_comes_to_the_equilibrium_gap_of_the_model(road):
    # At rest relative to the leader: s = (s0 + v T) / sqrt(1 - (v / v0)^4), Treiber et al. 2000, eq. 8.
    route, v, wish = lane_route(road), 10.0, 20.0
    cars = [driver(route, 60.0, profile=SpeedProfile.constant(v)), driver(route, 0.0, wish)]
    times = np.arange(0, 80.0, 0.1)
    distance, speed = driving.drive(cars, [], times)
    gap = distance[0, -1] - 0.9 - (distance[1, -1] + cars[1].front_m)
    expected = (driving.STANDSTILL_M + v * driving.HEADWAY_S) / np.sqrt(1 - (v / wish) ** 4)
    assert speed[1, -1] == pytest.approx(v, abs=0.1)
    # Bodies are discs, so a gap is known to within a disc's radius and a sample.
    assert gap == pytest.approx(expected, abs=0.3)


def test_on_a_free_road_a_car_drives_its_wish(road):
    distance, speed = driving.drive([driver(lane_route(road), wish=12.0)], [], np.arange(0, 20.0, 0.05))
    assert speed[0, -1] == pytest.approx(12.0, abs=0.05)
    np.testing.assert_allclose(np.diff(distance[0]), (speed[0, 1:] + speed[0, :-1]) / 2 * 0.05, atol=1e-9)


def test_a_profile_is_driven_whatever_is_in_the_way(road):
    route = lane_route(road)
    wall = Obstacle(np.tile(route.pose_at(30.0).translation[None, None, :2], (100, 1, 1)), np.zeros((100, 2)), 1.0)
    cars = [driver(route, profile=SpeedProfile(np.array([0.0, 2.0]), np.array([0.0, 8.0])))]
    distance, _ = driving.drive(cars, [wall], np.arange(100) * 0.05)
    # Uniform acceleration for 2 s, then 8 m/s: 8 + 8 (t - 2).
    assert distance[0, -1] == pytest.approx(8.0 + 8.0 * (99 * 0.05 - 2.0), abs=1e-9)


def test_nobody_drives_into_what_stands_in_the_lane(road):
    route, times = lane_route(road), np.arange(0, 25.0, 0.05)
    at = route.pose_at(90.0).translation[:2]
    wall = Obstacle(np.tile(at, (len(times), 1, 1)), np.zeros((len(times), 2)), 0.9)
    distance, speed = driving.drive([driver(route, wish=14.0)], [wall], times)
    bumper = distance[0] + driver(route).front_m
    assert speed[0, -1] < 0.1 and 90.0 - 0.9 - bumper[-1] > 0.3
    assert 90.0 - 0.9 - bumper[-1] < 6.0


def test_what_stands_beside_the_lane_is_no_obstacle(road):
    route, times = lane_route(road), np.arange(0, 15.0, 0.05)
    at = route.pose_at(60.0, -3.2).translation[:2]
    beside = Obstacle(np.tile(at, (len(times), 1, 1)), np.zeros((len(times), 2)), 0.9)
    _, speed = driving.drive([driver(route, wish=13.0)], [beside], times)
    assert speed[0].min() > 12.5


def crossing_route(road: str, length: float = 220.0):
    road_map = RoadMap(places.crossing(places.TOWN))
    return route_from(road_map, LaneRef(road, 0, 1), 100.0, length, Key(1), graph=LaneGraph(road_map))


def test_red_lights_stop_until_they_are_green():
    waits = {}
    for road in ("1", "2"):
        route, times = crossing_route(road), np.arange(0, 40, 0.05)
        (stop,) = signals.stops(route)
        car = driver(route, stops=(stop,))
        distance, speed = driving.drive([car], [], times)
        front = distance[0] + car.front_m
        red = np.array([signals.color(stop.yaw, t).startswith("red") for t in times])
        assert not (red[1:] & (front[:-1] < stop.distance_m) & (front[1:] >= stop.distance_m)).any()
        assert front[-1] > stop.distance_m  # both have gone on
        waits[road] = float((speed[0] < 0.1).sum() * 0.05)
    assert sorted(w > 3.0 for w in waits.values()) == [False, True]


def test_who_cannot_stop_at_amber_goes_on():
    stop = signals.stops(crossing_route("1"))[0]
    amber = next(t for t in np.arange(0, 60, 0.1) if signals.color(stop.yaw, t) == "amber")
    assert stop.holds(amber, 30.0, 10.0) and not stop.holds(amber, 10.0, 10.0)


def test_streams_that_cross_never_have_green_together():
    for t in np.arange(0, 2 * signals.STAGE_S, 0.1):
        shown = [signals.color(yaw, t) for yaw in (0.0, np.pi / 2, np.pi, -np.pi / 2)]
        assert shown[0] == shown[2] and shown[1] == shown[3]
        assert sum(c.startswith("red") for c in shown[:2]) >= 1
    lasting = {c: sum(signals.color(0.0, t) == c for t in np.arange(0, 2 * signals.STAGE_S, 0.1)) for c in ("green", "amber")}
    assert lasting == {"green": 240, "amber": 30}


def test_bends_are_taken_slowly():
    road_map = RoadMap(places.curve(places.TOWN, 300.0, radius_m=30.0))
    lane = next(r for r in road_map.lanes() if road_map.along(r))
    route = route_from(road_map, lane, 1.0, 290.0, Key(1))
    times = np.arange(0, 30, 0.05)
    distance, speed = driving.drive([driver(route, wish=16.0)], [], times)
    k = np.abs(route.curvature_at(distance[0]))
    inside = distance[0] < route.length_m - 1
    assert (speed[0] ** 2 * k)[inside].max() < driving.LATERAL_M_S2 * 1.6  # braking in time is a wish, not a law


def test_the_rear_axle_keeps_to_the_line_and_does_not_slip():
    road_map = RoadMap(places.curve(places.TOWN, 300.0, radius_m=30.0))
    lane = next(r for r in road_map.lanes() if road_map.along(r))
    route, model = route_from(road_map, lane, 1.0, 250.0, Key(1)), body()
    d = np.linspace(0, 200, 2001)
    pose, articulation = track.rolling(model, route.pose_at, d, np.full(len(d), 8.0))
    np.testing.assert_allclose(pose.translation, route.pose_at(d).translation, atol=1e-9)
    step = np.diff(pose.translation, axis=0)
    sideways = np.abs(pose.inverse()[:-1].rotate(step)[:, 1])
    assert sideways.max() < 0.01 * 0.1  # a hundredth of the way
    # Ackermann: tan(steer) = wheelbase / radius, in the middle of the bend.
    middle = int(np.argmin(np.abs(d - 150.0)))
    k = float(route.curvature_at(150.0 + model.wheelbase_m / 2))
    assert abs(np.arctan(model.wheelbase_m * k) - articulation[middle, STEER_RAD]) < 0.02
    np.testing.assert_allclose(articulation[:, WHEEL_M], d)


def test_on_a_slope_both_axles_stand_on_the_road():
    road_map = RoadMap(places.hill(places.TOWN, 300.0, height_m=12.0))
    lane = next(r for r in road_map.lanes() if road_map.along(r))
    route, model = route_from(road_map, lane, 1.0, 250.0, Key(1)), body()
    pose, _ = track.rolling(model, route.pose_at, np.array([60.0, 130.0]), np.zeros(2))
    front = pose.apply(np.array([model.wheelbase_m, 0.0, 0.0]))
    np.testing.assert_allclose(
        front[:, 2], route.pose_at(np.array([60.0, 130.0]) + model.wheelbase_m).translation[:, 2], atol=0.01
    )


def test_two_wheelers_lean_into_the_bend():
    line = Path.along(
        np.column_stack([20 * np.sin(np.linspace(0, 3, 400)), 20 - 20 * np.cos(np.linspace(0, 3, 400)), np.zeros(400)])
    )
    pose, _ = track.rolling(body(2.0, 0.6, 1.3), line.pose_at, np.array([20.0, 21.0]), np.array([7.0, 7.0]), lean=True)
    top = pose.rotate(np.array([0.0, 0.0, 1.0]))
    inwards = np.array([0.0, 20.0]) - pose.translation[:, :2]
    inwards /= np.sqrt((inwards**2).sum(1, keepdims=True))
    # v^2 / (g r), to the middle of the circle.
    np.testing.assert_allclose((top[:, :2] * inwards).sum(1), np.sin(np.arctan(49 / (9.81 * 20))), atol=0.02)


def test_speed_profile_is_the_integral_of_its_speed():
    profile = SpeedProfile(np.array([1.0, 3.0, 4.0]), np.array([2.0, 6.0, 0.0]))
    t = np.linspace(0, 6, 601)
    numeric = np.concatenate([[0], np.cumsum((profile.speed_at(t[1:]) + profile.speed_at(t[:-1])) / 2 * 0.01)])
    np.testing.assert_allclose(profile.distance_at(t), numeric, atol=1e-3)


def test_route_via_points_ends_where_it_should():
    road_map = RoadMap(places.crossing(places.TOWN))
    route = route_via(road_map, [(100.0, 1.75), (1.75, 100.0)])
    np.testing.assert_allclose(route.points[-1, :2], (1.75, 100.0), atol=0.3)


def test_outline_covers_the_box():
    outline = Outline.of(body())
    centers = outline.centers(Pose.of((3.0, 4.0, 0.0), yaw=0.5))
    assert centers.shape[1] == 2
    reach = outline.ahead_m.max() + outline.radius_m
    assert reach == pytest.approx(body().box_center_m[0] + 2.25, abs=1e-6)
