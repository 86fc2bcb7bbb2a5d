"""Sweeps against the lidar equation, against a camera, and against kinematics."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scenesim.base import keys
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture import cast, image
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels.packed import MATERIAL
from scenesim.sensors import rig
from scenesim.sensors.camera import Camera
from scenesim.sensors.ranging import Air
from tests import scenes
from tests.lidar_scenes import TRACK, driving, lidar, one_beam, ring, sweep_of, walls, with_material


def ahead(sweep, width_rad=0.02):
    return np.abs(sweep.azimuth_rad) < width_rad


def test_ranges_are_a_cameras_depths():
    """A camera and a lidar in one place see the same distances along the same directions."""
    meshes, pose = [scenes.sphere(24, 48, 1.5), scenes.box([40, 40, 0.1])], scenes.at_rest([[8, 0.5, 0.2], [0, 0, -1.8]])
    scene = with_material(scenes.pack(meshes, [0, 1], pose), reflectance_905nm=0.9)
    s = sweep_of(scene, lidar())
    front = (np.abs(s.azimuth_rad) < 0.6) & (s.range_m < 60)
    points = s.xyz_m[front].astype(float)
    camera = Camera("c", 900, 500, "brown_conrady", 600.0, 600.0, 449.5, 249.5, (), BODY_FROM_OPTICAL)
    rays = image.centre_rays(camera, Pose(np.tile(BODY_FROM_OPTICAL.rotation, (500, 1)), np.zeros((500, 3))), 1)
    depth = cast.closest_hit(scene, rays, visibility=1, width=900, threads=1).t.reshape(500, 900)
    pixels, valid = camera.project(BODY_FROM_OPTICAL.inverse().apply(points))
    column, row = np.round(pixels).astype(int).T
    inside = valid & (row > 0) & (row < 499) & (column > 0) & (column < 899)
    around = np.stack([depth[row[inside] + dy, column[inside] + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)])
    r = s.range_m[front][inside]
    assert inside.sum() > 500
    assert ((around.min(0) - 1e-3 <= r) & (r <= around.max(0) + 1e-3)).all()
    assert set(np.unique(s.instance)) == {1, 2} and (s.class_id == 17).all()


def test_labels_normals_and_incidence():
    s = sweep_of(walls(10.0), lidar())
    assert np.abs(s.normal - [-1.0, 0, 0]).max() < 1e-6
    d = s.xyz_m / s.range_m[:, None]
    assert np.abs(np.cos(s.incidence_rad) - d[:, 0]).max() < 1e-5
    assert np.abs(s.xyz_m[:, 0] - 10.0).max() < 1e-4
    assert np.abs(np.hypot(np.hypot(*s.xyz_m.T[:2]), s.xyz_m[:, 2]) - s.range_m).max() < 1e-4
    assert s.pulses == 16 * 1808


def test_power_falls_with_the_square_of_the_range():
    """L09: what is left of the power after 1/R^2 does not depend on the range, so P has a slope of -2."""
    power = []
    for r in (5.0, 10.0, 20.0, 40.0, 80.0):
        s = sweep_of(walls(r), one_beam(reach_m=400.0))
        at = np.argmin(np.abs(s.azimuth_rad))
        power.append(s.intensity[at] / s.range_m[at] ** 2)
    slope = np.polyfit(np.log([5.0, 10, 20, 40, 80]), np.log(power), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.001)


def test_cosine_law():
    """L10."""
    s = sweep_of(walls(10.0, rho=0.6), one_beam(reach_m=400.0))
    for degrees, share in ((0, 1.0), (30, 0.866), (60, 0.5), (80, 0.174)):
        at = np.argmin(np.abs(s.azimuth_rad - np.deg2rad(degrees)))
        assert s.intensity[at] / 0.6 == pytest.approx(share, rel=0.02)


def test_reach_by_reflectance():
    """L11: the range at which half of the pulses come back goes with the root of the reflectance."""
    reach = {}
    for rho in (0.1, 0.2, 0.8):
        sensor = one_beam(reach_m=100.0)
        expected = 100.0 * np.sqrt(rho / 0.8)
        shares, tried = [], expected * np.linspace(0.75, 1.35, 13)
        for r in tried:
            s = sweep_of(ring(r, rho), sensor)
            shares.append(len(s.range_m) / s.pulses)
        reach[rho] = np.interp(-0.5, -np.array(shares), tried)
        assert shares[0] > 0.9 and shares[-1] < 0.1
        assert reach[rho] == pytest.approx(expected, rel=0.02)
    assert reach[0.1] / reach[0.8] == pytest.approx(0.354, rel=0.03)


def test_flat_ground_rings():
    """L08: ring radius h / tan(-elevation); the blind radius of an HDL-32E at 1.84 m is 3.1 m."""
    floor = scenes.pack([scenes.box([300, 300, 0.1])], [0], scenes.at_rest([[0, 0, -0.1]]))
    ground = with_material(floor, reflectance_905nm=0.5)
    sensor = lidar("lidar_hdl32e", at=(0, 0, 1.84))
    s = sweep_of(ground, sensor)
    radius = np.hypot(s.xyz_ego_m[:, 0], s.xyz_ego_m[:, 1])
    elevation = np.sort(sensor.elevation_rad)
    for beam in np.unique(s.ring):
        assert np.median(radius[s.ring == beam]) == pytest.approx(1.84 / np.tan(-elevation[beam]), rel=1e-4)
    assert radius.min() == pytest.approx(3.1, abs=0.1)
    assert np.abs(s.xyz_ego_m[:, 2]).max() < 1e-3


def test_seam_of_a_moving_lidar():
    """L21: 20 m/s and 10 Hz put 2.00 m between the start and the end of a sweep, and nothing after compensation."""
    scene = walls(-15.0, 30.0)
    s = sweep_of(scene, one_beam(firing_us=50.0, reach_m=400.0, at=(1.0, 0, 1.8)), driving(20.0))
    rear = np.abs(s.azimuth_rad) > np.pi - 0.02
    early, late = rear & (s.time_offset_s < 0), rear & (s.time_offset_s > 0)
    assert early.sum() > 3 and late.sum() > 3
    assert s.xyz_m[early, 0].mean() - s.xyz_m[late, 0].mean() == pytest.approx(2.0, abs=0.02)
    assert np.abs(s.xyz_ego_m[rear, 0] + 15.0).max() < 2e-3
    assert np.abs(s.xyz_ego_m[ahead(s), 0] - 30.0).max() < 2e-3
    assert np.abs(s.time_offset_s[ahead(s, 0.002)]).max() < 1e-4  # forward is at the reference time


def test_turning_ego_is_compensated():
    def turning(t):
        return Pose.of(np.stack([8 * np.sin(t), 8 * (1 - np.cos(t)), 0 * t], -1), yaw=np.asarray(t))

    s = sweep_of(walls(-15.0, 30.0), lidar(at=(1.0, 0.2, 1.8), roll_deg=3, yaw_deg=20), turning)
    x = s.xyz_ego_m[:, 0]
    assert np.minimum(np.abs(x - 30), np.abs(x + 15)).max() < 2e-3
    assert np.abs(s.world_from_lidar.translation - [1.0, 0.2, 1.8]).max() < 1e-9


def test_moving_target_is_where_it_is_when_the_pulse_fires():
    """A wall that goes away from the sensor at 10 m/s."""
    knots = np.concatenate([scenes.at_rest([[x, 0, 0]]) for x in (19.5, 20.5)])
    scene = with_material(scenes.pack([scenes.box([0.1, 30, 30])], [0], knots, (-0.05, 0.05)), reflectance_905nm=0.5)
    s = sweep_of(scene, lidar(reach_m=300.0))
    assert np.abs(s.xyz_m[:, 0] - (19.9 + 10.0 * s.time_offset_s)).max() < 1e-3
    assert s.time_offset_s.max() - s.time_offset_s.min() > 0.03


def test_fog_takes_its_share():
    """W01: intensity goes with exp(-2 alpha R)."""
    for r, share in ((10.0, 0.301), (25.0, 0.0498)):
        s = sweep_of(walls(r, rho=1.0), one_beam(reach_m=400.0), air=Air(visibility_m=50.0))
        assert s.intensity[np.argmin(np.abs(s.azimuth_rad))] == pytest.approx(share, rel=0.01)


def test_panes_let_the_beam_through():
    """Behind glass of transmission 0.7 a wall is seen at 0.49 of its reflectance; without the wall the pane is."""
    half = [0.005, 50.0, 50.0]
    scene = scenes.pack([scenes.box(half), scenes.box([0.1, 50, 50])], [0, 1], scenes.at_rest([[5, 0, 0], [10.1, 0, 0]]))
    glass = scene.material[0].copy()
    glass[MATERIAL["transmission"]], glass[MATERIAL["reflectance_905nm"]] = 0.7, 0.02
    wall = scene.material[0].copy()
    wall[MATERIAL["reflectance_905nm"]] = 0.9
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    scene = scene._replace(
        geometry=scene.geometry._replace(surface=surface),
        material=np.stack([glass, wall]),
        surface_material=np.array([0, 1], np.int32),
        surface_class=np.array([3, 4], np.int32),
        surface_mark=np.zeros(2, np.int32),
    )
    s = sweep_of(scene, one_beam(reach_m=400.0))
    at = np.argmin(np.abs(s.azimuth_rad))
    assert s.range_m[at] == pytest.approx(10.0, abs=1e-3) and s.class_id[at] == 4 and s.instance[at] == 2
    assert s.intensity[at] == pytest.approx(0.9 * 0.7**4, rel=1e-3)  # both sides of the pane, there and back
    nothing_behind = scene._replace(mask=np.array([7, 5], np.int32))  # the wall is hidden from lidars
    s = sweep_of(nothing_behind, one_beam(reach_m=400.0))
    at = np.argmin(np.abs(s.azimuth_rad))
    # both sides are one echo, between them
    assert s.range_m[at] == pytest.approx((4.995 + 0.49 * 5.005) / 1.49, abs=1e-3) and s.class_id[at] == 3


def test_retroreflectors_saturate():
    s = sweep_of(with_material(walls(10.0, rho=0.3), retroreflection=70.0), one_beam())
    assert s.intensity.max() == 1.0
    marks = sweep_of(with_material(walls(10.0, rho=0.3), retroreflection=0.15), one_beam())
    assert marks.intensity[np.argmin(np.abs(marks.azimuth_rad))] == pytest.approx(0.3 + 0.15 * np.pi, rel=1e-3)


def test_wavelength_chooses_the_reflectance():
    scene = with_material(walls(10.0), reflectance_905nm=0.6, reflectance_1550nm=0.2)
    for nm, rho in ((865.0, 0.6), (905.0, 0.6), (1550.0, 0.2)):
        s = sweep_of(scene, one_beam(wavelength_nm=nm))
        assert s.intensity[np.argmin(np.abs(s.azimuth_rad))] == pytest.approx(rho, rel=1e-3)


def test_noise_is_as_specified_and_grows_with_weakness():
    quantum = 0.002
    for rho, r in ((0.8, 10.0), (0.2, 35.0)):
        sensor = one_beam(range_noise_m=0.005, range_noise_at_reach_m=0.02, range_quantum_m=quantum, reach_m=100.0)
        s = sweep_of(ring(r, rho), sensor)
        truth = sweep_of(ring(r, rho), one_beam(reach_m=100.0))
        share = (0.8 / 100.0**2) / (rho / r**2)
        expected = np.sqrt(0.005**2 + 0.02**2 * share + quantum**2 / 12)
        both = np.isin(s.column, truth.column)
        error = s.range_m[both] - truth.range_m[np.isin(truth.column, s.column)]
        assert error.std() == pytest.approx(expected, rel=0.08)
        assert abs(error.mean()) < 4 * expected / np.sqrt(len(error))
        steps = s.range_m.astype(float) / quantum
        assert np.abs(steps - np.round(steps)).max() < 0.01


def test_range_limits():
    s = sweep_of(walls(10.0, -3.0), one_beam(min_range_m=5.0, max_range_m=20.0))
    assert 5.0 <= s.range_m.min() and s.range_m.max() <= 20.0 and s.xyz_m[:, 0].min() > -5


@pytest.mark.parametrize("threads", [2, 3])
def test_the_same_bytes_on_any_number_of_threads(threads):
    rng = np.random.default_rng(5)
    meshes, pose = [scenes.soup(rng, 300, 0.6, 8.0), scenes.box([60, 60, 0.1])], scenes.at_rest([[0, 0, 0], [0, 0, -2]])
    scene = with_material(scenes.pack(meshes, [0, 1], pose), reflectance_905nm=0.4, transmission=0.5)
    sensor = rig.load("first_light").lidars[0]
    a, b = (sweep_of(scene, sensor, driving(10.0), threads=t) for t in (1, threads))
    for field in dataclasses.fields(a):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, np.ndarray):
            assert one.tobytes() == two.tobytes(), field.name
    assert len(a.range_m) > 5000
    again = capture_sweep(scene, sensor, driving(10.0), Pose.identity(), keys.root(4), TRACK, 1)
    assert not np.array_equal(again.range_m[:100], a.range_m[:100])  # another key is another noise
