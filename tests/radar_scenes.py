"""Radars, surfaces and rays for tests of what radars find."""

from __future__ import annotations

import numpy as np

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose
from scenesim.capture import scatter
from scenesim.capture.radar import capture_radar
from scenesim.models.radar_surface import COLUMNS
from scenesim.sensors import rig

WAVE_M = 299_792_458.0 / 76.5e9
KEY = keys.root(5)
TRACK = np.arange(1, 20, dtype=np.uint16)
SCAN = {
    "azimuth_deg": 30.0, "elevation_deg": 10.0, "min_range_m": 0.2, "max_range_m": 120.0, "range_resolution_m": 0.5,
    "range_noise_m": 0.0, "velocity_resolution_m_s": 0.2, "velocity_noise_m_s": 0.0, "azimuth_resolution_deg": 2.0,
    "azimuth_noise_deg": 0.0, "elevation_resolution_deg": 2.0, "elevation_noise_deg": 0.0, "eirp_dbm": 30.0,
    "receive_gain_dbi": 20.0, "integration_ms": 10.0, "edge_loss_db": [0.0, 0.0], "ray_deg": [0.25, 0.25],
}  # fmt: skip


def radar(at=(0.0, 0.0, 0.0), scan=None, **more):
    """One without errors of its own, that looks ahead."""
    spec = {"kind": "radar", "noise_figure_db": 10.0, "false_alarms": 0.0, "scans": {"only": SCAN | (scan or {})}, **more}
    return rig.load({"sensors": {"front": {"position_m": list(at), **spec}}}).radars[0]


def surface(reflectance=1.0, coherence_m=0.02, diffuse=0.0, rough_mm=0.0):
    """Rows for the one material of a test's scene."""
    assert COLUMNS == ("reflectance", "coherence_m", "diffuse", "rough_mm")
    return np.array([[reflectance, coherence_m, diffuse, rough_mm]])


def still(body, triangle, uv, point):
    return np.zeros((len(body), 3))


def ground():
    table = np.zeros(256, bool)
    table[taxonomy.class_id("road")] = True
    return table


def rays(axis, half_rad, count):
    """(directions (N, 3), solid angles (N,), step) of a square grid about an axis."""
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    side = np.cross([0.0, 0.0, 1.0], axis)
    side /= np.linalg.norm(side)
    up = np.cross(axis, side)
    t = ((np.arange(count) + 0.5) / count * 2 - 1) * half_rad
    a, b = (v.ravel()[:, None] for v in np.meshgrid(t, t))
    d = axis + np.tan(a) * side + np.tan(b) * up
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    step = 2 * half_rad / count
    return d, np.full(len(d), step * step), (step, step)


def look(scene, rows, origin, axis, half_rad, count=200, **more):
    """The scatterers of a scene from a place, along an axis."""
    direction, solid, step = rays(axis, half_rad, count)
    given = {"velocity": still, "sensor_velocity": np.zeros(3), "cells": (10.0, 1.0), **more}
    return scatter.find(
        scene, rows, ground(), np.asarray(origin, float), direction, solid, count, step, given["cells"], WAVE_M, 500.0,
        given["velocity"], given["sensor_velocity"], 1,
    )  # fmt: skip


def measure(scene, rows, sensor, sensor_velocity=(0.0, 0.0, 0.0), velocity=still, key=KEY, **more):
    here, own = Pose.identity(), np.asarray(sensor_velocity, float)
    return capture_radar(scene, rows, sensor, here, here, own, velocity, key, TRACK, 1, **more)
