"""Ghosts: what a lidar sees in a glass facade and in a wet road, against the image method."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base import taxonomy
from scenesim.kernels.bsdf import fresnel, schlick
from scenesim.kernels.mirrored import FILM
from scenesim.kernels.packed import MATERIAL
from scenesim.kernels.shaders import ASPHALT, GLASS
from scenesim.sensors.ranging import Air
from tests import scenes
from tests.lidar_scenes import lidar, one_beam, sweep_of

HIT = taxonomy.hits()
MIRRORED = 0.55


def facade(mirrors=MIRRORED, rho=0.6, place=8.0):
    """A mirror across the x axis, and a screen behind the sensor."""
    meshes, pose = [scenes.box([0.1, 60, 30]), scenes.box([0.1, 4, 30])], scenes.at_rest([[place + 0.1, 0, 0], [-5.1, 0, 0]])
    scene = scenes.pack(meshes, [0, 1], pose)
    material = np.repeat(scene.material, 2, 0)
    material[0, MATERIAL["shader"]], material[0, MATERIAL["param0"]] = GLASS, mirrors
    material[:, MATERIAL["reflectance_905nm"]] = 0.0, rho
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    return scene._replace(
        geometry=scene.geometry._replace(surface=surface), material=material, surface_material=np.array([0, 1], np.int32),
        surface_class=np.array([8, 1], np.int32), surface_mark=np.zeros(2, np.int32),
    )  # fmt: skip


def test_a_ghost_is_where_the_image_is():
    """The image of the screen stands as far behind the mirror as the screen before it; the mirror takes its share twice."""
    s = sweep_of(facade(), one_beam(reach_m=400.0, columns=1440))
    ghost = s.hit == HIT["ghost"]
    x, y = s.xyz_m[ghost, 0].astype(float), s.xyz_m[ghost, 1].astype(float)
    assert ghost.sum() > 40 and x == pytest.approx(2 * 8.0 + 5.0, abs=0.03)
    cosine = x / np.hypot(x, y)
    law = scenes.from_python(schlick)
    share = np.array([law(MIRRORED, float(c)) for c in cosine])
    assert s.intensity[ghost] == pytest.approx(share**2 * 0.6 * cosine, rel=0.01)
    assert (s.class_id[ghost] == taxonomy.class_id("noise")).all() and (s.instance[ghost] == 0).all()
    assert np.isnan(s.normal[ghost]).all() and s.transmittance[ghost] == pytest.approx(share**2, rel=0.01)
    assert (np.abs(y) < 4.1).all()


def test_there_is_none_where_nothing_mirrors_or_too_little_comes_back():
    assert HIT["ghost"] not in sweep_of(facade(mirrors=0.0), one_beam(reach_m=400.0, columns=720)).hit
    assert HIT["ghost"] not in sweep_of(facade(), one_beam(reach_m=20.0, columns=720)).hit


def test_a_wet_road_mirrors_what_stands_on_it():
    """A wall comes back from below the road, by Fresnel's law twice; the wet road's own returns are no ghosts."""
    meshes, pose = [scenes.box([200, 200, 0.1]), scenes.box([0.1, 60, 4])], scenes.at_rest([[0, 0, -1.9], [25.1, 0, 2.2]])
    scene = scenes.pack(meshes, [0, 1], pose)
    material = np.repeat(scene.material, 2, 0)
    material[0, MATERIAL["shader"]] = ASPHALT
    material[:, MATERIAL["reflectance_905nm"]] = 0.16, 0.6
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    scene = scene._replace(
        geometry=scene.geometry._replace(surface=surface), material=material, surface_material=np.array([0, 1], np.int32),
        surface_class=np.array([2, 8], np.int32), surface_mark=np.zeros(2, np.int32),
    )  # fmt: skip
    sensor = lidar("lidar_hdl64e")
    wet = sweep_of(scene, sensor, air=Air(wetness=1.0))
    ghost = wet.hit == HIT["ghost"]
    assert ghost.sum() > 100 and HIT["ghost"] not in sweep_of(scene, sensor).hit
    rain, snow = (sweep_of(scene, sensor, air=air).hit for air in (Air(np.inf, 1.0, 0.0, 1.0), Air(np.inf, 0.0, 0.1, 1.0)))
    assert 0 < (rain == HIT["ghost"]).sum() < ghost.sum() and HIT["ghost"] not in snow
    p = wet.xyz_m[ghost].astype(float)
    assert p[:, 0] == pytest.approx(25.0, abs=0.1) and p[:, 2].max() < -1.75 and p[:, 2].min() > -1.8 - 8.0
    r = np.linalg.norm(p, axis=1)
    law = scenes.from_python(fresnel)
    soaked = 0.75  # of a wall in the wet
    most = np.array([law(1.33, float(-z / d)) ** 2 * soaked * 0.6 * x / d for (x, _, z), d in zip(p, r)])
    share = wet.intensity[ghost] / most  # puddles mirror all of that, a film on rough asphalt half, both ways
    assert share.max() == pytest.approx(1.0, abs=0.02) and share.min() == pytest.approx(FILM**2, abs=0.02)
