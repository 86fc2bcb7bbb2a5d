"""Faults of cameras, motion blur and frozen pictures, in frames of a small street; each leaves the rest as it was."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
import scenes
import small_world

from scenesim.base import keys
from scenesim.base.errors import InputError
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture import blur, flicker, image
from scenesim.capture.exposure import Shot
from scenesim.kernels.packed import INSTANCE, MATERIAL
from scenesim.labels.view import View
from scenesim.models.model import LAMP_BITS
from scenesim.scene.environment import environment
from scenesim.sensors import camera_faults, lens_dirt, rig
from scenesim.sensors.camera import Camera

W, H = 240, 120
CHIP = {"pixel_um": 3.0, "quantum_efficiency": [0.4, 0.5, 0.4], "full_well_e": 10000, "read_noise_e": 3.0}
KEY = keys.root(4)


def camera(faults=None, film=False, **more) -> Camera:
    spec = {
        "kind": "camera", "width_px": W, "height_px": H, "fov_deg": 60, "position_m": [1.5, 0, 1.4], "faults": faults or {},
        **({} if film else {"imager": {**CHIP, "auto_exposure": {"lag_s": 0.0}, "raw": True}}), **more,
    }  # fmt: skip
    return rig.load({"sensors": {"front": spec}}).cameras[0]


@pytest.fixture(scope="module")
def street():
    """(environment, stage, snapshot) of walls on a floor."""
    things = [small_world.ground(), small_world.wall(15, 3), small_world.wall(25, -4), small_world.wall(40, 2, 20.0)]
    stage = small_world.stage([("bollard", (9.0, 2.0), (0.0, 0.0), 0.0, 0.0)], things, ego_speed=10.0)
    air = environment(sun_elevation_deg=40.0, sun_azimuth_deg=180.0, cloud_cover=0.3, visibility_m=20000)
    return air, stage, stage.at(0.5, 0.45, 0.55)


def shoot(street, c, key=KEY):
    """(rgb, exposed, hits) of the street."""
    air, stage, snapshot = street
    view = View.of(c.actual(), stage.timeline, snapshot)
    _, hits, rgb, _, chip, _ = image.capture(
        snapshot.scene, air, c.actual(), view.local_from_camera, key, threads=1, shot=Shot(c.actual(), snapshot.time_s)
    )
    return rgb, chip, hits


@pytest.mark.parametrize("film", [False, True])
def test_dead_rows_and_columns(street, film):
    sound, faulty = (shoot(street, camera(f, film)) for f in (None, {"dead_rows": [40, 41], "dead_columns": [100]}))
    far = np.ones((H, W), bool)
    far[24:58] = far[:, 84:117] = False  # as far as demosaicing, noise reduction and sharpening reach
    if film:
        assert (faulty[0][40:42] == 0).all() and (faulty[0][:, 100] == 0).all()
        far = np.ones((H, W), bool)
        far[40:42] = far[:, 100] = False
    else:
        assert (faulty[1].raw[:, 40:42] == 0).all() and (faulty[1].raw[:, :, 100] == 0).all()
        assert faulty[0][40:42].mean() < 0.5 * sound[0][40:42].mean()
    assert np.array_equal(sound[0][far], faulty[0][far])


@pytest.mark.parametrize("film", [False, True])
def test_green_and_dropped_frames(street, film):
    """Shares of the frames, whole or from some row on; the others keep their bytes."""
    sound = shoot(street, camera(None, film))[0]
    spec = camera({"green_frame": {"share": 0.3}, "dropped_frame": {"share": 0.2}}, film).faults
    green = dropped = 0
    for k in range(200):
        out = camera_faults.behind(spec, sound, keys.derive(KEY, k))
        if not out.any():
            dropped += 1
        elif (out[-1] == camera_faults.GREEN).all():
            green += 1
            first = int(np.argmax((out == camera_faults.GREEN).all((1, 2))))
            assert first <= H // 2 and np.array_equal(out[:first], sound[:first])
        else:
            assert np.array_equal(out, sound)
    assert 25 < dropped < 57 and 30 < green < 68
    assert not shoot(street, camera({"dropped_frame": {"share": 1.0}}, film))[0].any()


@pytest.mark.parametrize("film", [False, True])
def test_wrong_exposure(street, film):
    dark, sound, bright = (shoot(street, camera({"wrong_exposure": {"stops": s}} if s else None, film)) for s in (-2, 0, 2))
    assert dark[0].mean() < 0.75 * sound[0].mean() and bright[0].mean() > 1.25 * sound[0].mean()
    if not film:
        assert bright[1].time_s[0] / sound[1].time_s[0] == pytest.approx(4.0)


def test_blur(street):
    sharp, soft = (shoot(street, camera(f, film=True))[0] for f in (None, {"blur": {"sigma_px": 3}}))
    detail = [cv2.Laplacian(p[..., 1], cv2.CV_32F).std() for p in (sharp, soft)]
    assert detail[1] < 0.35 * detail[0] and abs(sharp.mean() - soft.mean()) < 3


def test_banding(street):
    """Rows see the light of their own time: bands are line time times frequency apart, and a long exposure evens them out."""
    rolling = {"shutter": "rolling", "readout_s": 0.03, "exposure_s": 0.001}
    fault = {"banding": {"frequency_hz": 100, "depth": 0.4}}
    sound, faulty = (shoot(street, camera(f, True, **rolling))[0].astype(float) for f in (None, fault))
    ratio = (faulty + 5).mean((1, 2)) / (sound + 5).mean((1, 2))
    spectrum = np.abs(np.fft.rfft(ratio - ratio.mean()))
    assert np.argmax(spectrum[1:]) + 1 == 3  # 3 swings in 30 ms
    c = camera(fault, True, **rolling)
    assert np.ptp(camera_faults.bands(c.faults, c.row_time_s(), 0.001)) == pytest.approx(0.8, abs=0.02)
    assert np.ptp(camera_faults.bands(c.faults, c.row_time_s(), 0.01)) < 1e-9
    steady = dataclasses.replace(c, shutter="global", readout_s=0.0)
    assert np.ptp(camera_faults.bands(c.faults, steady.row_time_s(), 0.001)) == 0.0


def test_misalignment(street):
    """A camera that is turned 2 degrees to the left of its calibration has the world that much to the right."""
    wrong = camera({"misalignment": {"yaw_deg": 2.0, "shift_px": [3, 0]}})
    sound = camera()
    assert np.array_equal(wrong.ego_from_camera.rotation, sound.ego_from_camera.rotation)
    assert "misalignment" in wrong.to_plain()["faults"] and wrong.to_plain()["cx_px"] == sound.cx_px
    point = np.array([[20.0, 0.0, 0.0]])  # straight ahead on the horizon, in the ego frame about the camera
    there = point + sound.ego_from_camera.translation
    true, told = (c.project(c.ego_from_camera.inverse().apply(there))[0][0] for c in (wrong.actual(), sound))
    assert true[0] - told[0] == pytest.approx(np.tan(np.deg2rad(2)) * sound.fx_px + 3.0, abs=1e-6)
    assert sound.actual() is sound
    a, b = (shoot(street, c)[2] for c in (sound, wrong))
    edge = [int(np.argmax(h.instance.reshape(H, W)[50] != h.instance.reshape(H, W)[50, 0])) for h in (a, b)]
    assert edge[0] != edge[1]


@pytest.mark.parametrize("film", [False, True])
def test_dirt_and_drops_cover_what_they_say(street, film):
    """Where the coverage is 0 light is as through clean glass; the picture too, but for exposure, glare and noise."""
    faults = {"dirty_lens": {"cover": 0.15, "spot_px": 30, "seed": 2}, "lens_drops": {"count": 6, "radius_px": [6, 14]}}
    c = camera(faults, film)
    cover = lens_dirt.coverage(c.faults.dirt, H, W)
    dirt = lens_dirt.coverage(dataclasses.replace(c.faults.dirt, drops=0), H, W)
    assert (dirt > 127).mean() == pytest.approx(0.15, abs=0.01) and 0.01 < ((cover > 127) & (dirt < 50)).mean() < 0.2
    lit = np.random.default_rng(3).uniform(10, 500, (H, W, 3)).astype(np.float32)
    out = lens_dirt.through(c.faults.dirt, lit)
    assert np.array_equal(out[cover == 0], lit[cover == 0]) and np.abs(out - lit)[cover > 200].mean() > 50
    assert out.min() > 0.0 and out.max() < 501.0
    sound, dirty = (shoot(street, camera(f, film))[0].astype(int) for f in (None, faults))
    difference = np.abs(sound - dirty).max(-1)
    assert np.median(difference[cover == 0]) < 12 < 30 < np.median(difference[dirt == 255])
    assert lens_dirt.coverage(camera().faults.dirt, H, W) is None


def test_frozen_frames():
    spec = camera({"frozen_frame": {"share": 0.4, "frames": 3}}).faults
    source = [camera_faults.source(spec, k, KEY) for k in range(300)]
    blocks = np.array(source).reshape(-1, 3)
    frozen = (blocks == blocks[:, :1]).all(1)
    assert 25 < frozen.sum() < 55
    assert np.array_equal(blocks[~frozen].ravel(), np.arange(300).reshape(-1, 3)[~frozen].ravel())
    assert [camera_faults.source(camera().faults, k, KEY) for k in (0, 5)] == [0, 5]


# ---- lamps that are switched


@pytest.mark.parametrize("exposure_s, dark", [(0.001, 0.80), (0.005, 0.40), (0.009, 0.0), (0.02, 0.0)])
def test_short_exposures_miss_switched_lamps(exposure_s, dark):
    """C17: P(dark) = max(0, 1 - D - t f), counted in pictures of a lamp at 100 Hz with D = 0.1."""
    lamp = moving(0.0)
    material, params = lamp.material.copy(), lamp.params.copy()
    material[:, MATERIAL["lamp_bits"]] = LAMP_BITS["red"]
    params[:, INSTANCE["lamps"]] = LAMP_BITS["red"]
    lamp = lamp._replace(material=material, params=params)
    c, pulses = camera(width_px=16, height_px=16), flicker.Pulses(100.0, 0.1, KEY)
    air = environment(sun_elevation_deg=40.0, sun_azimuth_deg=180.0, cloud_cover=1.0, visibility_m=1e9)
    here = Pose.of((0.0, 0.0, 0.0)) @ BODY_FROM_OPTICAL
    rays = image.centre_rays(c, _repeat(here, 16), 1)
    hits = image.cast.closest_hit(lamp, rays, visibility=1, threads=1)
    missed, count = 0, 400
    for k in range(count):  # times that have no frequency in common with the lamp
        scene = flicker.seen(lamp, pulses, c, lambda t: _repeat(here, len(t)), k * 0.1618034, exposure_s)
        missed += image.light(scene, air, rays, hits, 16, 1)[8, 8, 1] < 500.0
    assert missed / count == pytest.approx(dark, abs=0.02)


# ---- motion blur


def moving(step_m, mask_wall=True):
    """A bright bar 10 m ahead that moves `step_m` to the left in 20 ms before a dark wall, which stands."""
    meshes = [scenes.box([0.05, 0.4, 20.0]), scenes.box([0.1, 60.0, 60.0])]
    pose = np.concatenate([scenes.at_rest([[10.05, y, 0], [30.1, 0, 0]]) for y in (-step_m / 2, step_m / 2)])
    scene = scenes.pack(meshes, [0, 1], pose, (-0.01, 0.01))
    material = np.zeros((2, scene.material.shape[1]), np.float32)
    material[0, MATERIAL["emission_r"] : MATERIAL["emission_r"] + 3] = 1000.0
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    return scene._replace(
        geometry=scene.geometry._replace(surface=surface), material=material, surface_material=np.array([0, 1], np.int32),
        surface_class=np.full(2, -1, np.int32), surface_mark=np.zeros(2, np.int32),
    )  # fmt: skip


def seen_moving(scene, c, exposure_s, camera_at=None):
    """(image, blurred) radiance of a scene from the origin."""
    air = environment(sun_elevation_deg=40.0, sun_azimuth_deg=180.0, cloud_cover=1.0, visibility_m=1e9)
    here = Pose.of((0.0, 0.0, 0.0)) @ BODY_FROM_OPTICAL

    def still(t):
        return Pose(np.tile(here.rotation, (len(t), 1)), np.zeros((len(t), 3)))

    at = camera_at or still
    rays = image.centre_rays(c, at(c.row_time_s()), 1)
    hits = image.cast.closest_hit(scene, rays, visibility=1, threads=1)
    lit = image.light(scene, air, rays, hits, c.width, 1)
    found = blur.of_image(scene, c, rays, hits, at, c.width)
    return lit, found.exposed(lit, -exposure_s / 2, exposure_s / 2, 1), found


def profile(picture):
    return picture[H // 2, :, 1] / 1000.0


def test_a_moving_bar_smears_by_its_speed():
    """The oracle is the mean of 101 sharp pictures: a bar of w px that moves d px is a trapezoid of w + d at its foot."""
    c = camera()
    f = c.fx_px
    width, way = 0.8 / 10.0 * f, 0.5 / 10.0 * f  # px
    lit, smeared, found = seen_moving(moving(0.5), c, 0.02)
    assert found.velocity[H // 2, W // 2, 0] == pytest.approx(-way / 0.02, rel=0.02)
    p = profile(smeared)
    assert p.sum() == pytest.approx(profile(lit).sum(), rel=0.05)
    x = np.arange(W) - (W - 1) / 2
    trapezoid = np.clip(((width + way) / 2 - np.abs(x)) / way, 0, 1)
    assert np.abs(p - trapezoid).mean() < 0.012 and np.abs(p - trapezoid).max() < 0.25
    edges = (p > 0.05) & (p < 0.95)
    assert edges.sum() == pytest.approx(2 * 0.9 * way, abs=4)


def test_what_stands_stays_sharp():
    lit, smeared, _ = seen_moving(moving(0.0), camera(), 0.02)
    assert smeared.tobytes() == lit.tobytes()


def test_a_turning_camera_smears_everything():
    """All of a picture moves by f times the yaw rate, the sky too."""

    def turning(t):
        return Pose.of(np.zeros((len(t), 3)), yaw=0.5 * np.asarray(t)) @ _repeat(BODY_FROM_OPTICAL, len(t))

    c = camera()
    _, smeared, found = seen_moving(moving(0.0), c, 0.04, turning)
    assert found.velocity[H // 2, W // 2, 0] == pytest.approx(0.5 * c.fx_px, rel=0.02)
    p = profile(smeared)
    assert ((p > 0.05) & (p < 0.95)).sum() == pytest.approx(2 * 0.9 * 0.02 * c.fx_px, abs=3)


def _repeat(pose, n):
    return Pose(np.tile(pose.rotation, (n, 1)), np.tile(pose.translation, (n, 1)))


def test_exposures_one_after_the_other_leave_ghosts():
    """A bright bar that moves is where it was in the long exposure, and elsewhere in the short one that fills in."""
    lit, _, found = seen_moving(moving(1.0), camera(), 0.02)
    long, short = (found.exposed(lit, *when, 1) for when in ((-0.005, 0.005), (0.005, 0.006)))
    centre = [(profile(p) * np.arange(W)).sum() / profile(p).sum() for p in (long, short)]
    moved = centre[1] - centre[0]
    assert moved == pytest.approx(-0.0055 / 0.02 * 0.1 * camera().fx_px, abs=1.0)


def test_impossible_faults():
    for fault, message in (
        ({"green": {}}, 'did you mean "green_frame"'),
        ({"dropped_frame": {"share": 2}}, "at most 1"),
        ({"frozen_frame": {"share": 0.5, "frames": 1}}, "at least 2"),
        ({"banding": {"depth": 0.2}}, "frequency_hz is missing"),
        ({"dead_beams": [1]}, "no such key"),
    ):
        with pytest.raises(InputError, match=message):
            camera(fault)
