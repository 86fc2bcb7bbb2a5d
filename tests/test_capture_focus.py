"""Depth of field against the closed form of the circle of confusion, and against rays through the points of a lens."""

from __future__ import annotations

import numpy as np
import pytest
import scenes

from scenesim.base import keys
from scenesim.base.errors import InputError
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture import focus, image
from scenesim.capture.exposure import Shot
from scenesim.scene.environment import environment
from scenesim.sensors import rig
from scenesim.sensors.camera import Camera

W, H, PITCH_UM, NUMBER = 120, 90, 3.0, 1.4
FX = 6000.0  # px: 18 mm behind the lens
CHIP = {"pixel_um": PITCH_UM, "quantum_efficiency": [0.4, 0.5, 0.4], "full_well_e": 10000, "read_noise_e": 3.0}


def camera(focus_m, **more) -> Camera:
    optics = {"f_number": NUMBER, "blur_px": 0.0, **({"focus_m": focus_m} if focus_m else {})}
    spec = {"kind": "camera", "width_px": W, "height_px": H, "fx_px": FX, "position_m": [0, 0, 0], "optics": optics}
    return rig.load({"sensors": {"front": {**spec, "imager": CHIP, **more}}}).cameras[0]


def textbook_px(focus_m, depth_m):
    """Diameter of the circle of confusion as textbooks have it: f^2 / N |d - s| / (d (s - f))."""
    plane = FX * PITCH_UM * 1e-6
    f = 1.0 / (1.0 / plane + 1.0 / focus_m)
    return f * f / NUMBER * abs(depth_m - focus_m) / (depth_m * (focus_m - f)) / (PITCH_UM * 1e-6)


@pytest.mark.parametrize("focus_m, depth_m", [(10.0, 40.0), (10.0, 1e9), (30.0, 10.0), (5.0, 7.0)])
def test_a_point_is_a_disc_of_the_textbooks_diameter(focus_m, depth_m):
    """Diameter from the second moment: a disc has r^2 / 2, a pixel 1 / 6."""
    point = np.zeros((H, W, 3), np.float32)
    point[45, 60] = 1.0
    drawn = focus.focused(camera(focus_m), point, np.full((H, W), depth_m, np.float32))[..., 1].astype(float)
    assert drawn.sum() == pytest.approx(1.0, rel=1e-4)
    y, x = np.mgrid[:H, :W]
    second = (drawn * ((x - 60) ** 2 + (y - 45) ** 2)).sum()
    assert 2.0 * np.sqrt(2.0 * (second - 1.0 / 6.0)) == pytest.approx(textbook_px(focus_m, depth_m), rel=0.03)


def through_a_lens(focus_m, planes, count):
    """Picture (H, W) of planes [(depth m, brightness at pixel coordinates)] from near to far, nan where one is not: the mean
    over points of the lens of what the ray through the point and where it is sharp meets first."""
    plane = FX * PITCH_UM * 1e-6
    radius = 0.5 / (1.0 / plane + 1.0 / focus_m) / NUMBER
    k = np.arange(count) + 0.5
    r, turn = radius * np.sqrt(k / count), k * np.pi * (3.0 - np.sqrt(5.0))
    v, u = np.mgrid[:H, :W].astype(float)
    u, v = (u - (W - 1) / 2) / FX, (v - (H - 1) / 2) / FX
    total = np.zeros((H, W))
    for a, b in zip(r * np.cos(turn), r * np.sin(turn)):
        seen = np.full((H, W), np.nan)
        for depth, brightness in planes:
            x, y = a + (focus_m * u - a) * depth / focus_m, b + (focus_m * v - b) * depth / focus_m
            there = brightness(x / depth * FX + (W - 1) / 2, y / depth * FX + (H - 1) / 2)
            seen = np.where(np.isnan(seen), there, seen)
        total += seen
    return total / count


@pytest.mark.parametrize("focus_m, near, far", [(6.0, 6.0, 60.0), (60.0, 8.0, 60.0), (12.0, 7.0, 60.0)])
def test_edges_are_those_of_rays_through_a_lens(focus_m, near, far):
    """A board before a patterned wall: sharp before blurred, blurred before sharp, and both blurred."""

    def wall(x, y):
        return 1.0 + 0.5 * np.sin(0.35 * x) * np.sin(0.25 * y)

    def board(x, y):
        return np.where(np.abs(x - 60.0) < 19.5, 4.0 + 0.3 * np.sin(0.4 * y), np.nan)

    expected = through_a_lens(focus_m, [(near, board), (far, wall)], 300)
    v, u = np.mgrid[:H, :W].astype(float)
    front = ~np.isnan(board(u, v))
    sharp = np.where(front, board(u, v), wall(u, v))
    seen = np.repeat(sharp[..., None], 3, 2).astype(np.float32)
    found = focus.focused(camera(focus_m), seen, np.where(front, near, far).astype(np.float32))[..., 1]
    inside = (slice(15, -15), slice(15, -15))
    before, after = (np.abs(p - expected)[inside].mean() for p in (sharp, found))
    assert after < 0.12 * before


def test_what_is_in_focus_keeps_its_bytes():
    rng = keys.generator(keys.root(3))
    seen = rng.uniform(size=(H, W, 3)).astype(np.float32)
    assert focus.focused(camera(None), seen, np.full((H, W), 3.0, np.float32)) is seen
    assert focus.focused(camera(20.0), seen, np.full((H, W), 20.2, np.float32)) is seen


def test_pictures_and_their_labels():
    """A board at 10 m before the sky: its picture is softer where the lens is focused at 3 m, its hits are the same."""
    scene = scenes.pack([scenes.box([0.05, 0.05, 2.0])], [0], scenes.at_rest([10.0, 0, 0]))
    day = environment(sun_elevation_deg=40.0, sun_azimuth_deg=180.0, cloud_cover=0.0, visibility_m=1e5)
    pose = Pose.of((0.0, 0.0, 0.0)) @ BODY_FROM_OPTICAL
    rows = Pose(np.tile(pose.rotation, (H, 1)), np.zeros((H, 3)))
    steepest, seen = [], []
    for focus_m in (10.0, 3.0):
        c = camera(focus_m)
        taken = image.capture(scene, day, c, rows, keys.root(1), threads=1, shot=Shot(c))
        steepest.append(np.abs(np.diff(taken[5][..., 1], axis=1)).max())
        seen.append(taken[1].t)
    assert steepest[1] < 0.2 * steepest[0]
    assert np.array_equal(seen[0], seen[1])


def test_a_film_has_no_depth_of_field():
    spec = {"kind": "camera", "width_px": W, "height_px": H, "fov_deg": 60, "position_m": [0, 0, 0]}
    with pytest.raises(InputError, match="pixel_um"):
        spec["optics"] = {"focus_m": 3.0}
        rig.load({"sensors": {"front": spec}})
