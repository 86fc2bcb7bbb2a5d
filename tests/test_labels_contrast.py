"""Contrast of objects: counted out by hand, and against Koschmieder's law in rendered fog."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
import scenes

from scenesim.base import keys
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture import image
from scenesim.labels import contrast
from scenesim.scene.environment import environment
from scenesim.sensors import rig


def by_hand(values, instance, track, clear, relative):
    """The same, pixel by pixel, with a strip that is found by looking at neighbours."""
    own = [(r, c) for r, c in np.ndindex(instance.shape) if instance[r, c] == track]
    rows, columns = [p[0] for p in own], [p[1] for p in own]
    wide = max(2, round(0.15 * min(max(rows) - min(rows) + 1, max(columns) - min(columns) + 1)))
    strip = {(r + i, c + j) for r, c in own for i in range(-wide, wide + 1) for j in range(-wide, wide + 1)} - set(own)
    inside = [p for p in strip if 0 <= p[0] < instance.shape[0] and 0 <= p[1] < instance.shape[1]]
    about = np.mean([values[p] for p in inside])
    found = np.mean([abs(values[p] - about) * clear[p] for p in own])
    return found / about if relative else found


@pytest.mark.parametrize("relative", [True, False])
def test_contrast_by_hand(relative):
    rng = keys.generator(keys.root(4))
    values, clear = (rng.uniform(0.1, 1.0, (40, 60)).astype(np.float32) for _ in range(2))
    instance = np.zeros((40, 60), np.uint16)
    instance[10:30, 5:25] = 3
    instance[14:20, 15:25] = 0  # not convex
    instance[:6, 50:] = 7  # in a corner
    instance[20:40, 26:60] = 9
    boxes = np.array([[4.5, 9.5, 24.5, 29.5], [49.5, -0.5, 59.5, 5.5], [np.nan] * 4], np.float32)
    found = contrast.contrast(values, instance, boxes, np.array([3, 7, 8]), clear, relative=relative)
    expected = [by_hand(values, instance, t, clear, relative) for t in (3, 7)]
    assert found == pytest.approx([*expected, 0.0], rel=1e-5)


def test_what_fills_the_picture_stands_out_of_nothing():
    full = np.full((8, 8), 5, np.uint16)
    box = np.array([[-0.5, -0.5, 7.5, 7.5]], np.float32)
    assert contrast.contrast(np.ones((8, 8), np.float32), full, box, np.array([5]), None, relative=True)[0] == 0.0


def test_contrast_falls_with_distance_as_koschmieder_has_it():
    """Black targets of one size in the picture before the sky of a fog of 300 m: C = exp(-3 d / 300), as a camera has them."""
    c = rig.load(
        {"sensors": {"a": {"kind": "camera", "width_px": 320, "height_px": 120, "fov_deg": 60, "position_m": [0, 0, 0]}}}
    )
    camera, far = c.cameras[0], [30.0, 75.0, 150.0, 300.0]
    targets = [scenes.box([0.01, 0.04 * d, 0.04 * d]) for d in far]
    at = [[d, (k - 1.5) * 0.22 * d, 0.02 * d] for k, d in enumerate(far)]
    scene = scenes.pack(targets, range(4), scenes.at_rest(at))
    material = scene.material.copy()
    material[:, 1:4] = 0.0
    fog = environment(sun_elevation_deg=30.0, sun_azimuth_deg=180.0, cloud_cover=1.0, visibility_m=300.0)
    pose = Pose.of((0.0, 0.0, 0.0)) @ BODY_FROM_OPTICAL
    rows = Pose(np.tile(pose.rotation, (120, 1)), np.zeros((120, 3)))
    seen = image.capture(scene._replace(material=material), fog, camera, rows, keys.root(1), threads=1)
    instance = (seen[1].instance.reshape(120, 320) + 1).astype(np.uint16)
    places = [np.argwhere(instance == k)[:, ::-1] for k in range(1, 5)]
    boxes = np.array([[*(p.min(0) - 0.5), *(p.max(0) + 0.5)] for p in places], np.float32)
    found = contrast.contrast(contrast.of_light(seen[5]), instance, boxes, np.arange(1, 5), None, relative=True)
    law = [exp(log(0.05) * d / 300.0) for d in far]
    assert found[0] == pytest.approx(law[0], rel=0.1)  # what is black still shines a little
    assert found[:3] / found[0] == pytest.approx(np.array(law[:3]) / law[0], rel=0.03)
    assert found[3] / found[0] == pytest.approx(law[3] / law[0], rel=0.1)  # the sky is brighter above than at the horizon
