"""Tunnels by day: what light there is inside comes from their lamps and portals, not from the sky over them."""

from __future__ import annotations

import numpy as np

from scenesim import simulate
from scenesim.scenario.model import Scenario
from scenesim.scene.ambient import SPACING_M, AmbientField
from scenesim.scene.environment import PROBE_HEIGHTS_M, environment

HALF_M, INSIDE_M = 5.0, 45.0  # half the width; how far from the middle of 150 m one is deep inside


def test_the_sky_does_not_shine_into_a_tunnel():
    scenario = Scenario(
        name="tunnel",
        duration_s=0.1,
        road={"place": {"kind": "tunnel"}},
        ego={"model": "city_car", "follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 200.0}}},
        surroundings={"reach_m": 90.0, "woods": 0.0, "trees": 0.0},
        rig="first_light",
    )
    stage = simulate.stage(scenario)
    day = environment(sun_elevation_deg=50.0, sun_azimuth_deg=150.0, cloud_cover=0.3, visibility_m=3e4)
    env = AmbientField(day, stage.still).around(stage.timeline.world_from_actor.translation[0, 0])
    ego = stage.timeline.world_from_actor.translation[0, 0]
    rows, columns = env.probe_weight.shape[:2]
    x = np.arange(columns) * SPACING_M + env.probe_origin[0] + ego[0] - 200.0
    y = np.arange(rows) * SPACING_M + env.probe_origin[1] + ego[1]
    sky = float(env.open_sky[4].mean())
    deep = np.abs(x) < INSIDE_M
    low = [k for k, h in enumerate(PROBE_HEIGHTS_M) if h < 4.5]
    within = env.probes[np.ix_(np.abs(y) < HALF_M - 1.5, deep, low)]
    assert within.size and within.max() < 0.10 * sky and within.mean() < 0.02 * sky
    above = env.probes[np.ix_(np.abs(y) < HALF_M + 2.0, deep, [PROBE_HEIGHTS_M.index(9.0)])]
    aside_or_down, up = above[..., [0, 1, 2, 3, 5], :], above[..., 4, :]  # the latter for the earth on top
    assert aside_or_down.max() < 0.10 * sky < 0.5 * sky < up.min()
    outside = env.probes[np.ix_(np.abs(y) > 25.0, np.ones(columns, bool), low)]
    assert np.median(outside[..., 4, :]) > 0.6 * sky
