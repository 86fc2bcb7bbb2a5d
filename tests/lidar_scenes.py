"""Lidars, scenes and sweeps for tests of what a lidar measures."""

from __future__ import annotations

import numpy as np

from scenesim.base import assets, keys
from scenesim.base.frames import Pose
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels.packed import MATERIAL
from scenesim.kernels.shaders import ASPHALT
from scenesim.sensors import rig
from tests import scenes

KEY = keys.root(3)
TRACK = np.arange(1, 20, dtype=np.uint16)
PENCIL = {  # and exact
    "range_noise_m": 0.0, "range_noise_at_reach_m": 0.0, "range_quantum_m": 0.0, "sub_rays": 1, "gain_spread": 0.0,
    "false_alarms": 0.0, "speckle": 0.0, "azimuth_quantum_deg": 0.0, "range_bias_m": 0.0, "intensity_white": 1.0,
    "intensity_steps": 0, "angle_bias_deg": 0.0,
}  # fmt: skip


def lidar(sensor="lidar_vlp16", at=(0.0, 0, 0), **more):
    spins = assets.read("sensors", sensor).get("scan", "spinning") == "spinning"
    exact = {k: v for k, v in PENCIL.items() if spins or k != "azimuth_quantum_deg"}
    return rig.load({"sensors": {"top": {"sensor": sensor, "position_m": list(at), **exact, **more}}}).lidars[0]


def one_beam(**more):
    """A lidar whose single level beam fires in many directions."""
    spec = {"azimuth_offset_deg": [0.0], "fire_time_us": [0.0], "elevation_deg": [0.0], "max_range_m": 500.0, **more}
    return lidar("lidar_vlp16", **spec)


def still(t):
    return Pose(np.tile([1.0, 0, 0, 0], (len(t), 1)), np.zeros((len(t), 3)))


def driving(speed):
    return lambda t: Pose(np.tile([1.0, 0, 0, 0], (len(t), 1)), np.asarray(t)[:, None] * [speed, 0.0, 0.0])


def sweep_of(scene, sensor, ego=still, threads=1, **more):
    key = keys.root(more.pop("key")) if "key" in more else KEY
    return capture_sweep(scene, sensor, ego, Pose.identity(), key, TRACK, threads, **more)


def with_material(scene, **values):
    """The scene with every surface of these values of the material."""
    material = scene.material.copy()
    for name, value in values.items():
        material[:, MATERIAL[name]] = value
    return scene._replace(material=material)


def walls(*places, half=(0.1, 200.0, 50.0), rho=0.5):
    """Walls across the x axis, whose near sides are at x = places."""
    pose = scenes.at_rest([[x + half[0] * (1 if x > 0 else -1), 0, 0] for x in places])
    return with_material(scenes.pack([scenes.box(half)], [0] * len(places), pose), reflectance_905nm=rho)


def ring(radius, rho, count=60):
    """A wall all around: panels that face the sensor."""
    angle = np.arange(count) * 2 * np.pi / count
    half = [0.05, radius * np.tan(np.pi / count) * 1.02, 5.0]
    pose = [[np.cos(a / 2), 0, 0, np.sin(a / 2), (radius + 0.05) * np.cos(a), (radius + 0.05) * np.sin(a), 0] for a in angle]
    return with_material(scenes.pack([scenes.box(half)], [0] * count, np.array([pose])), reflectance_905nm=rho)


def street(rho_ground=0.16, rho_wall=0.45):
    """Asphalt between two rows of houses, 1.85 m below the sensor; the ends are open."""
    meshes = [scenes.box([200, 200, 0.1]), scenes.box([60, 0.1, 6])]
    pose = scenes.at_rest([[0, 0, -1.95], [0, 9, 4], [0, -12, 4]])
    scene = scenes.pack(meshes, [0, 1, 1], pose)
    material = np.repeat(scene.material, 2, 0)
    material[:, MATERIAL["reflectance_905nm"]] = rho_ground, rho_wall
    material[0, MATERIAL["shader"]] = ASPHALT
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    return scene._replace(
        geometry=scene.geometry._replace(surface=surface),
        material=material,
        surface_material=np.array([0, 1], np.int32),
        surface_class=np.array([2, 8], np.int32),
        surface_mark=np.zeros(2, np.int32),
    )
