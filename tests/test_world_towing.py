"""Trailers follow their couplings: in circles, straight on, backwards, in scenarios, with boxes and tracks of their own."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.models.catalogue import ModelRequest, build, trailers
from scenesim.models.model import CHANNELS, HITCH_RAD, WHEEL_M
from scenesim.models.train import links
from scenesim.scenario import load, roads
from scenesim.world import towing
from scenesim.world.driving import Outline
from scenesim.world.road import RoadMap
from scenesim.world.simulate_actors import simulate
from scenesim.world.track import Track


def track_of(x, y, yaw) -> Track:
    k = len(x)
    pose = Pose.of(np.stack([x, y, np.zeros(k)], 1), yaw=yaw)
    return Track(pose, np.ones(k, bool), np.zeros((k, len(CHANNELS))), np.zeros(k, np.int32))


def lorry():
    return links(ModelRequest("vehicle", "articulated_lorry"))


def test_straight_on_it_stays_in_line():
    (link,) = lorry()
    t = track_of(np.linspace(0, 30, 61), np.zeros(61), np.zeros(61))
    (drawn,) = towing.tracks(t, [link])
    assert np.allclose(drawn.pose.translation[:, 0], t.pose.translation[:, 0] - link.back_m, atol=1e-9)
    assert np.abs(drawn.pose.translation[:, 1:]).max() < 1e-9
    assert drawn.articulation[-1, WHEEL_M] == pytest.approx(30.0, abs=1e-6)


def test_in_a_circle_it_cuts_the_corner_as_geometry_says():
    """In a steady circle the axle runs on the radius sqrt(R_hitch^2 - L^2)."""
    (link,) = lorry()
    radius = 18.0
    angle = np.linspace(0, 4 * np.pi, 900)
    t = track_of(radius * np.sin(angle), radius * (1 - np.cos(angle)), angle)
    (drawn,) = towing.tracks(t, [link])
    hitch = np.hypot(radius, link.hitch_x_m)
    end = drawn.pose.translation[-1, :2] - [0.0, radius]
    assert np.hypot(*end) == pytest.approx(np.sqrt(hitch**2 - link.axle_m**2), rel=2e-3)
    bent = np.arcsin(link.axle_m / hitch) - np.arctan2(link.hitch_x_m, radius)
    assert drawn.articulation[-1, HITCH_RAD] == pytest.approx(bent, abs=0.01)


def test_the_coupling_holds_and_hills_are_followed():
    (link,) = lorry()
    s = np.linspace(0, 80, 321)
    z = 2.0 * np.sin(s / 25.0)
    slope = np.arctan2(2.0 / 25.0 * np.cos(s / 25.0), 1.0)
    t = track_of(s, 6 * np.sin(s / 20), np.arctan2(0.3 * np.cos(s / 20), 1.0))
    t = Track(Pose.of(np.stack([s, 6 * np.sin(s / 20), z], 1), yaw=t.pose.yaw(), pitch=-slope), *tuple(vars(t).values())[1:])
    (drawn,) = towing.tracks(t, [link])
    front = t.pose.apply(np.tile([link.hitch_x_m, 0, 0], (321, 1)))
    own = drawn.pose.apply(np.tile([link.axle_m, 0, 0], (321, 1)))
    assert np.abs(front - own).max() < 0.03
    behind = np.interp(drawn.pose.translation[160:, 0], s, z)
    assert np.abs(behind - drawn.pose.translation[160:, 2]).max() < 0.03


def test_pushed_back_it_rolls_back():
    (link,) = lorry()
    t = track_of(np.linspace(0, -3, 61), np.zeros(61), np.zeros(61))
    (drawn,) = towing.tracks(t, [link])
    assert drawn.articulation[-1, WHEEL_M] == pytest.approx(-3.0, abs=1e-6)


def test_outlines_reach_to_the_last_end():
    (link,) = lorry()
    model = build(ModelRequest("vehicle", "articulated_lorry")).model
    body = towing.outline(model, [link])
    rear = link.model.box_center_m[0] - link.model.size_lwh_m[0] / 2 - link.back_m
    assert body.ahead_m.min() - body.radius_m == pytest.approx(rear, abs=0.3)
    assert body.ahead_m.max() == pytest.approx(Outline.of(model).ahead_m.max())
    length = body.ahead_m.max() - body.ahead_m.min() + 2 * body.radius_m
    assert length == pytest.approx(16.5, rel=0.03)  # Directive 96/53/EC


def test_a_scenario_has_the_trailer_as_an_actor():
    actor = "{name: a, model: articulated_lorry, follow_lane: {start: {ahead_m: 25}}}"
    scenario = load.load("first_light", ["traffic.vehicles=0", "duration_s=2", f"actors=[{actor}]"])
    timeline = simulate(scenario, RoadMap(roads.network(scenario.road)))
    row = {a.name: k for k, a in enumerate(timeline.actors)}
    assert timeline.actors[row["a_trailer"]].model.name == "semitrailer"
    assert timeline.actors[row["a_trailer"]].paint == timeline.actors[row["a"]].paint
    gap = timeline.world_from_actor.translation[row["a"]] - timeline.world_from_actor.translation[row["a_trailer"]]
    assert np.allclose(np.hypot(gap[:, 0], gap[:, 1]), lorry()[0].back_m, atol=0.2)


def test_cars_tow_what_they_are_told():
    assert {"caravan", "horse_trailer", "semitrailer"} <= set(trailers())
    (link,) = links(ModelRequest("vehicle", "estate"), "caravan")
    assert link.hitch_x_m < -0.9 and link.axle_m == pytest.approx(4.24)
    with pytest.raises(InputError, match="tows no caravan"):
        load.load("first_light", ["actors=[{name: a, model: bicycle, tows: caravan, stand: {at: {ahead_m: 25}}}]"])
    with pytest.raises(InputError, match='did you mean "caravan"'):
        load.load("first_light", ["actors=[{name: a, model: estate, tows: carvan, stand: {at: {ahead_m: 25}}}]"])
