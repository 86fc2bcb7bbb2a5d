"""Cameras against OpenCV, lenses that fold over, rolling shutters, and what a rig's file may say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from scenesim.base import assets
from scenesim.base.errors import InputError, Place
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.sensors import rig
from scenesim.sensors.camera import Camera

HERE = Pose(np.array([1.0, 0, 0, 0]), np.zeros(3))
BROWN = {
    "none": (),
    "barrel": (-0.28, 0.085, 0.0003, -0.0002, -0.012),
    "pincushion": (0.12, 0.03, -0.001, 0.002, 0.01),
    "rational": (0.3, -0.05, 0.0005, -0.0008, 0.01, 0.6, -0.02, 0.003),
}
FISHEYE = {"plain": (), "usual": (0.0105, -0.003, 0.0004, 0.0), "strong": (-0.03, 0.01, -0.004, 0.0004)}


def camera(lens="brown_conrady", distortion=(), width=320, height=200, f=210.0, **more):
    return Camera("c", width, height, lens, f, 1.02 * f, 157.3, 103.9, distortion, HERE, **more)


def one(sensor, **more) -> Camera:
    return rig.load({"sensors": {"a": {"sensor": sensor, "position_m": [0, 0, 0], **more}}}).cameras[0]


def pixels_of(c):
    return np.stack(np.meshgrid(np.arange(c.width), np.arange(c.height)), -1).reshape(-1, 2)


@pytest.mark.parametrize("distortion", BROWN.values(), ids=BROWN)
def test_pinhole_is_opencvs(distortion):
    c = camera(distortion=distortion)
    d = c.directions().reshape(-1, 3)
    points = d * np.random.default_rng(1).uniform(1, 50, (len(d), 1))
    ours, valid = c.project(points)
    theirs, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), c.matrix(), np.array(distortion or (0.0,) * 5))
    assert valid.all()
    assert np.abs(ours - theirs[:, 0]).max() < 1e-6
    assert np.abs(theirs[:, 0] - pixels_of(c)).max() < 1e-6  # and so the directions are right too


@pytest.mark.parametrize("distortion", FISHEYE.values(), ids=FISHEYE)
def test_fisheye_is_opencvs(distortion):
    c = camera("kannala_brandt", distortion, f=105.0)
    d = c.directions().reshape(-1, 3)
    assert d[:, 2].min() < 0  # it sees behind itself, where OpenCV's function does not go
    front = d[:, 2] > 0.02
    theirs, _ = cv2.fisheye.projectPoints(
        d[front][:, None], np.zeros(3), np.zeros(3), c.matrix(), np.array(distortion or (0.0,) * 4)
    )
    ours, valid = c.project(d * 7.0)
    assert valid.all()
    assert np.abs(ours[front] - theirs[:, 0]).max() < 1e-6
    assert np.abs(ours - pixels_of(c)).max() < 1e-6


@pytest.mark.parametrize("k1", [-2.0, -0.1, 0.0, 0.08])
def test_division_is_fitzgibbons(k1):
    """The oracle is the model itself: the undistorted radius is r / (1 + k1 r^2); and OpenCV's pinhole where k1 is 0."""
    c = camera("division", (k1,), f=180.0)
    pixels = pixels_of(c)
    d = c.directions().reshape(-1, 3)
    plane = (pixels - [157.3, 103.9]) / [180.0, 1.02 * 180.0]
    r2 = (plane * plane).sum(1)
    front = d[:, 2] > 0.05
    assert np.abs(d[front, :2] / d[front, 2:] - (plane / (1 + k1 * r2)[:, None])[front]).max() < 1e-9
    ours, valid = c.project(d * 7.0)
    assert valid.all() and np.abs(ours - pixels).max() < 1e-6
    assert (d[:, 2].min() < 0) == (k1 == -2.0)  # and it sees behind itself
    if k1 == 0.0:
        theirs, _ = cv2.projectPoints(d, np.zeros(3), np.zeros(3), c.matrix(), np.zeros(5))
        assert np.abs(ours - theirs[:, 0]).max() < 1e-6


def test_division_folds():
    with pytest.raises(InputError, match="folds over"):
        camera("division", (1.2,), f=150.0)
    c = camera("division", (0.2,), f=400.0)
    edge = 1 / (2 * np.sqrt(0.2))  # tangent of the widest angle that is imaged
    assert c.project([[edge - 0.01, 0, 1], [edge + 0.01, 0, 1], [0, 0, -1.0]])[1].tolist() == [True, False, False]


def test_a_panorama_has_all_directions():
    """Columns are azimuths and rows are angles, every solid angle is there once."""
    c = one("camera_panorama", width_px=360, height_px=180)
    d = c.directions()
    assert c.fx_px == pytest.approx(360 / (2 * np.pi))
    azimuth, down = np.rad2deg(np.arctan2(d[..., 0], d[..., 2])), np.rad2deg(np.arcsin(d[..., 1]))
    assert np.allclose(azimuth, np.arange(360) - 179.5) and np.allclose(down, (np.arange(180) - 89.5)[:, None])
    solid = np.cos(np.deg2rad(down)) * np.deg2rad(1.0) ** 2
    assert solid.sum() == pytest.approx(4 * np.pi, rel=1e-4) and np.abs((d * solid[..., None]).sum((0, 1))).max() < 1e-3
    pixels, valid = c.project(d.reshape(-1, 3) * 5)
    assert valid.all() and np.abs(pixels - pixels_of(c)).max() < 1e-9
    with pytest.raises(InputError, match="folds over"):
        one("camera_panorama", width_px=360, height_px=360)  # more than from the zenith to the nadir


def test_directions_are_unit_and_in_place():
    c = camera()
    d = c.directions()
    assert d.shape == (200, 320, 3) and d.dtype == np.float64
    assert np.abs((d * d).sum(-1) - 1).max() < 1e-12
    assert d[0, 0, 0] < 0 and d[0, 0, 1] < 0 and d[-1, -1, 0] > 0 and d[-1, -1, 1] > 0
    assert c.directions() is d


def test_points_behind_and_beyond_the_fold_are_not_valid():
    c = camera(distortion=(-0.28, 0.03), f=400.0)
    r = np.sqrt((0.84 - np.sqrt(0.84**2 - 4 * 0.15)) / 0.3)  # first root of d/dr (r - .28 r^3 + .03 r^5)
    points = np.array([[r - 0.01, 0, 1], [r + 0.01, 0, 1], [0.0, 0, -1], [0, 0, 5.0]])
    assert c.project(points)[1].tolist() == [True, False, False, True]
    eye = camera("kannala_brandt", (-0.1,), f=200.0)
    a = np.sqrt(1 / 0.3) + np.array([-0.01, 0.01])
    assert eye.project(np.stack([np.sin(a), 0 * a, np.cos(a)], -1))[1].tolist() == [True, False]


def test_a_lens_that_cannot_image_its_corners_is_refused():
    with pytest.raises(InputError, match="folds over before the border"):
        camera(distortion=(-0.6,), f=150.0)
    with pytest.raises(InputError, match="folds over before the border"):
        camera("kannala_brandt", f=50.0)  # the corners would be beyond 180 degrees


def test_rows_of_a_rolling_shutter():
    c = camera(shutter="rolling", readout_s=0.02)
    t = c.row_time_s()
    assert c.line_time_s == pytest.approx(1e-4)
    assert np.allclose(np.diff(t), 1e-4) and t.mean() == pytest.approx(0.0, abs=1e-15) and len(t) == 200
    assert not camera().row_time_s().any()


def test_a_pole_leans_by_speed_times_line_time():
    """C16: a vertical pole that crosses the image at v px/s leans by v * line time in each row."""
    c = camera(shutter="rolling", readout_s=0.02)
    speed = 10.0  # m/s to the right, 8 m away
    t = c.row_time_s()
    d = c.directions()
    points = np.stack([speed * t, (d[:, 0, 1] / d[:, 0, 2]) * 8.0, np.full(200, 8.0)], -1)
    pixels, _ = c.project(points)
    assert np.abs(pixels[:, 1] - np.arange(200)).max() < 1e-6
    lean = pixels[-1, 0] - pixels[0, 0]
    assert lean == pytest.approx(speed * 210.0 / 8.0 * 1e-4 * 199, abs=1e-6)


@pytest.mark.parametrize("name", [n for n in assets.names("sensors") if n.startswith("camera")])
def test_presets(name):
    c = one(name, position_m=[1.7, 0.1, 1.4], yaw_deg=30, pitch_deg=4)
    twin = Camera.from_plain(c.to_plain())
    assert twin.to_plain() == c.to_plain()
    points = np.random.default_rng(2).normal(size=(50, 3)) * [3, 2, 10]
    assert np.array_equal(twin.project(points)[0], c.project(points)[0])
    some = c.directions()[:: c.height // 7, :: c.width // 9]
    pixels, valid = c.project(some.reshape(-1, 3))
    own = np.stack(np.meshgrid(np.arange(c.width), np.arange(c.height)), -1)[:: c.height // 7, :: c.width // 9]
    assert valid.all() and np.abs(pixels - own.reshape(-1, 2)).max() < 1e-3


def test_mounting():
    """Optical axis forward, turned left by the yaw, lowered by the pitch."""
    c = one("camera_640x360", position_m=[1, 2, 3], yaw_deg=90, pitch_deg=30)
    axis = c.ego_from_camera.rotate([0.0, 0, 1])
    assert np.allclose(axis, [0, np.cos(np.pi / 6), -0.5], atol=1e-12)
    assert np.allclose(c.ego_from_camera.translation, [1, 2, 3])
    ahead = one("camera_640x360").ego_from_camera
    assert np.allclose(ahead.matrix(), BODY_FROM_OPTICAL.matrix())
    wide = one("camera_640x360", fov_deg=90)
    assert wide.fx_px == pytest.approx(320.0) and wide.cx_px == 319.5
    eye = one("camera_fisheye_190")
    half = np.deg2rad(95)
    assert eye.project([[np.sin(half), 0, np.cos(half)]])[0][0, 0] == pytest.approx(1279.5)


@pytest.mark.parametrize("name", rig.names())
def test_rigs_that_ship(name):
    """Sensors are on or beside a sedan, 4.7 m long and 1.45 m high, and none is under the ground."""
    r = rig.load(name)
    assert r.name == name and r.rate_hz > 0 and r.cameras
    for c in r.cameras:
        x, y, z = c.ego_from_camera.translation
        assert -1.1 < x < 3.8 and abs(y) < 1.1 and 0.4 < z < 2.2
    for lidar in r.lidars:
        assert 1.6 < lidar.ego_from_lidar.translation[2] < 2.0


AT = {"position_m": [0, 0, 1]}
MISTAKES = [
    ({"sensor": "camera_640x36", **AT}, "sensor", 'no sensor "camera_640x36"; did you mean "camera_640x360"'),
    ({"sensor": "camera_640x360", **AT, "fov_dge": 60}, "fov_dge", 'did you mean "fov_deg"'),
    ({"sensor": "camera_640x360", **AT, "fov_deg": -3}, "fov_deg", "-3 is impossible; it should be more than 0"),
    ({"sensor": "camera_640x360", **AT, "fov_deg": 60, "fx_px": 500}, "fov_deg", "both say how long"),
    ({"sensor": "camera_640x360", **AT, "distortion": {"k1": -0.6}}, "distortion", "folds over"),
    ({"sensor": "camera_640x360", **AT, "distortion": {"k9": 1}}, "distortion.k9", "no such key"),
    ({"sensor": "camera_640x360", **AT, "lens": "fish"}, "lens", 'did you mean "fisheye"'),
    ({"sensor": "camera_640x360", **AT, "shutter": "rolling"}, "readout_s", "how long does it take"),
    ({"sensor": "camera_640x360", **AT, "width_px": 640.5}, "width_px", "whole number"),
    ({"sensor": "camera_640x360", "position_m": [0, 0]}, "position_m", "there should be 3"),
    ({"sensor": "camera_640x360"}, "", "position_m is missing"),
    ({**AT}, "", "which sensor is it"),
    ({"sensor": "lidar_hdl32e", "kind": "camera", **AT}, "kind", "is a lidar"),
    ({"sensor": "lidar_hdl32e", "rate_hz": 0.1, **AT}, "rate_hz", "at least 1"),
    ("camera", "", "should be a mapping"),
]


@pytest.mark.parametrize("values, key, message", MISTAKES, ids=[f"{m[1]}: {m[2]}" for m in MISTAKES])
def test_mistakes_are_told_with_their_place(values, key, message):
    with pytest.raises(InputError, match=message) as caught:
        rig.load({"sensors": {"front": values}}, Place("a.yaml", 3, path="rig"))
    assert caught.value.place.path == "rig.sensors.front" + (f".{key}" if key else "")
    assert caught.value.place.file == "a.yaml"


def test_mistakes_of_rigs():
    with pytest.raises(InputError, match='no rig "nuscene"; did you mean "nuscenes"'):
        rig.load("nuscene")
    with pytest.raises(InputError, match="what does it carry"):
        rig.load({"front": {"sensor": "camera_640x360"}})
    with pytest.raises(InputError, match="at least"):
        rig.load({"sensors": {}})
    with pytest.raises(InputError, match="names folders"):
        rig.load({"sensors": {"a/b": {"sensor": "camera_640x360", "position_m": [0, 0, 1]}}})
    with pytest.raises(InputError, match='did you mean "rate_hz"'):
        rig.load({"rate_z": 3, "sensors": {"a": {"sensor": "camera_640x360", "position_m": [0, 0, 1]}}})
