"""Velocities that lidars measure against the timeline: radial, Doppler, scene flow; the seam of a sweep."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import small_world as small

from scenesim.capture.sweep import capture_sweep
from scenesim.labels import objects
from scenesim.sensors import rig
from tests import scenes
from tests.lidar_scenes import KEY, TRACK, driving, lidar, one_beam, still, sweep_of, walls, with_material

ACTORS = [
    ("wheelie_bin", (14.0, 2.0), (-6.0, 0.0), 0.6, 1.0),
    ("bench", (18.0, -3.0), (0.0, 3.0), 0.2, 0.0),
    ("bollard", (9.0, -1.5), (0.0, 0.0), 0.0, 0.0),
]


@pytest.fixture(scope="module")
def drive():
    """(stage, snapshot, sweep of an FMCW lidar) of an ego that turns at 0.3 rad/s while it does 8 m/s."""
    stage = small.stage(ACTORS, [small.ground(), small.wall(25.0, 0.0, 30.0)], ego_speed=8.0, ego_turn=0.3)
    sensor = rig.load({"sensors": {"top": {"sensor": "lidar_fmcw", "position_m": [1.0, 0.3, 1.6], "yaw_deg": 5}}}).lidars[0]
    snapshot = stage.at(0.4, 0.34, 0.46)
    track = np.arange(len(stage.timeline.actors) + len(stage.named), dtype=np.uint16)

    def ego(t):
        return snapshot.local(stage.timeline.ego_poses(0.4 + t))

    sweep = capture_sweep(snapshot.scene, sensor, ego, snapshot.world_from_local, KEY, track, 1)
    return stage, snapshot, sweep, sensor


def truth(drive):
    """(radial velocity, velocity in the world), worked out from the timeline's poses a millisecond before and after."""
    stage, _, s, sensor = drive
    dt, ego = 1e-3, stage.timeline.ego_poses
    time = 0.4 + s.time_offset_s.astype(float)
    points = ego([0.4])[0].apply(s.xyz_ego_m.astype(float))
    moved = np.zeros((2, *points.shape))
    for sign, out in zip((-1, 1), moved):
        out[:] = points
        for track in np.unique(s.instance[s.instance > 0]):
            for k in np.flatnonzero(s.instance == track):
                now, then = (stage.timeline.state_at(time[k] + d).world_from_actor[track] for d in (0.0, sign * dt))
                out[k] = then.apply(now.inverse().apply(points[k]))
    velocity = (moved[1] - moved[0]) / (2 * dt)
    at = [ego(time + d).apply(sensor.ego_from_lidar.translation) for d in (-dt, 0, dt)]
    own = (at[2] - at[0]) / (2 * dt)
    ray = points - at[1]
    ray /= np.sqrt((ray**2).sum(-1, keepdims=True))
    return ((velocity - own) * ray).sum(-1), velocity


def test_radial_velocity_and_doppler(drive):
    s = drive[2]
    assert {1, 2, 3} <= set(s.instance)
    few = drive[0], drive[1], _only(s, np.flatnonzero(s.instance > 0)[::2]), drive[3]
    radial, velocity = truth(few)
    assert np.abs(few[2].radial_velocity_m_s - radial).max() < 0.05
    assert np.ptp(radial[few[2].instance == 1]) > 0.05  # it turns, so its sides come at different speeds
    error = s.doppler_m_s - s.radial_velocity_m_s
    assert error.std() == pytest.approx(0.03, rel=0.05) and abs(error.mean()) < 2e-3
    flow = few[0].timeline.ego_poses([0.4])[0].inverse().rotate(velocity)
    assert np.abs(few[2].scene_flow_m_s - flow).max() < 0.02


def test_ground_and_walls_stand_and_seem_to_come(drive):
    _, _, s, sensor = drive
    solid = s.instance == 0
    assert (s.scene_flow_m_s[solid] == 0).all()
    # 8 m/s at the rear axle, and what the turn adds where the sensor sits, along each ray. The timeline goes straight for
    # 0.05 s at a time, in which the heading turns by 0.015 rad: half of that at 8 m/s is 0.06 m/s.
    yaw = 0.3 * s.time_offset_s.astype(float)
    heading = np.stack([8.0 - 0.3 * 0.3 + 0 * yaw, 0.3 * 1.0 + 0 * yaw, 0 * yaw], -1)
    ray = sensor.ego_from_lidar.rotate(s.xyz_m.astype(float) / np.sqrt((s.xyz_m.astype(float) ** 2).sum(-1, keepdims=True)))
    assert np.abs(s.radial_velocity_m_s + (heading * ray).sum(-1))[solid].max() < 0.065


def test_objects_by_scene_flow(drive):
    """The mean flow of an object that does not turn is its velocity in the table of objects."""
    stage, snapshot, s, _ = drive
    b = objects.boxes(stage, snapshot)
    velocity, _, _ = objects.motion(stage.timeline, 0.4, b)
    row = int(np.flatnonzero(b.actor == 2)[0])
    expected = stage.timeline.ego_poses([0.4])[0].inverse().rotate(velocity[row])
    assert s.scene_flow_m_s[s.instance == 2].mean(0) == pytest.approx(expected, abs=0.01)


def test_only_coherent_lidars_measure_velocity():
    s = sweep_of(walls(10.0), lidar(), driving(10.0))
    assert np.isnan(s.doppler_m_s).all()
    ahead = np.abs(s.azimuth_rad) < 0.5
    expected = -10.0 * s.xyz_m[ahead, 0] / s.range_m[ahead]
    assert s.radial_velocity_m_s[ahead] == pytest.approx(expected, abs=1e-3)
    stands = sweep_of(walls(10.0), lidar(), still)
    assert np.abs(stands.radial_velocity_m_s).max() == 0.0


def test_true_range():
    """Without noise and steps: the wall's distance along the ray."""
    noisy = {"range_noise_m": 0.02, "range_noise_at_reach_m": 0.05, "range_quantum_m": 0.01}
    s = sweep_of(walls(20.0), lidar(reach_m=400.0, **noisy))
    ray = s.xyz_m / s.range_m[:, None]
    assert s.true_range_m * ray[:, 0] == pytest.approx(np.full(len(ray), 20.0), abs=1e-3)
    assert (s.range_m - s.true_range_m).std() > 0.02


def test_a_seam_of_two_metres():
    """L21: at 20 m/s a wall ahead is 2.00 m nearer at the end of a sweep of 10 Hz than at its start: in raw coordinates, not in
    those at the reference time; whatever the pattern."""
    scene = with_material(walls(-30.0, 30.0), reflectance_1550nm=0.5)
    s = sweep_of(scene, one_beam(firing_us=50.0, reach_m=400.0, at=(1.0, 0, 1.8)), driving(20.0))
    rear = np.abs(s.azimuth_rad) > np.pi - 0.02
    early, late = rear & (s.time_offset_s < 0), rear & (s.time_offset_s > 0)
    assert s.xyz_m[early, 0].mean() - s.xyz_m[late, 0].mean() == pytest.approx(2.0, abs=0.02)
    assert np.abs(s.xyz_ego_m[rear, 0] + 30.0).max() < 2e-3
    for sensor in ("lidar_mid70", "lidar_scanner_1550", "lidar_at128", "lidar_flash"):
        exact = lidar(sensor, reach_m=2000.0, max_range_m=1000.0, focus_m=0.0, at=(1.0, 0, 1.8))
        s = sweep_of(scene, exact, driving(20.0))
        x, raw = s.xyz_ego_m[:, 0].astype(float), s.xyz_m[:, 0].astype(float)
        assert np.abs(x - 30.0).max() < 3e-3
        assert np.abs(raw - (29.0 - 20.0 * s.time_offset_s)).max() < 3e-3
        spread = {"lidar_at128": 1.0, "lidar_flash": 0.0}.get(sensor, 2.0)
        assert np.ptp(raw) == pytest.approx(spread, abs=0.03)


def test_moving_walls_between_knots():
    """Velocities between knots are those of the interpolation that the rays saw."""
    knots = np.concatenate([scenes.at_rest([[x, 0, 0]]) for x in (19.0, 19.5, 20.5)])
    scene = with_material(scenes.pack([scenes.box([0.1, 30, 30])], [0], knots, (-0.05, 0.0, 0.05)), reflectance_905nm=0.5)
    s = sweep_of(scene, lidar(reach_m=300.0))
    late = s.time_offset_s > 1e-5
    assert np.abs(s.scene_flow_m_s[late, 0] - 20.0).max() < 0.01
    assert np.abs(s.scene_flow_m_s[s.time_offset_s < -1e-5, 0] - 10.0).max() < 0.01
    assert (s.instance == TRACK[0]).all()


def _only(sweep, rows):
    parts = {f.name: getattr(sweep, f.name) for f in dataclasses.fields(sweep)}
    return dataclasses.replace(sweep, **{k: v[rows] for k, v in parts.items() if isinstance(v, np.ndarray)})
