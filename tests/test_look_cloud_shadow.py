"""Shadows of clouds: as much as they cover, as fast as the wind, and a sky that agrees."""

from __future__ import annotations

from math import cos, pi, radians

import numpy as np
import pytest
from scenes import from_python

import scenesim
from scenesim.base import keys
from scenesim.kernels import atmosphere
from scenesim.scene.cloud_shadow import ALOFT, SPREAD, cloud_shadow
from scenesim.scene.environment import environment
from scenesim.setting import conditions

LIGHT = {"sun_elevation_deg": 45.0, "sun_azimuth_deg": 180.0, "visibility_m": 1e9}
KEY = keys.root(3)
WIND = (6.0, -2.0)


@pytest.fixture(scope="module")
def sky():
    return environment(**LIGHT, cloud_cover=0.5)


def somewhere(n):
    return keys.generator(keys.root(1)).uniform(-15000.0, 15000.0, (n, 2))


@pytest.mark.parametrize("cover", [0.3, 0.5, 0.8])
def test_as_much_of_the_land_is_in_shade_as_clouds_cover(sky, cover):
    shares = [cloud_shadow(cover, sky.sun, WIND, keys.root(k)).sunlight(somewhere(300), 0.0) for k in range(12)]
    assert np.mean(np.concatenate(shares) < 0.5) == pytest.approx(cover, abs=0.1)
    assert np.concatenate(shares).min() == SPREAD and np.concatenate(shares).max() == 1.0


def test_shadows_go_with_the_wind_aloft(sky):
    shadow, at = cloud_shadow(0.5, sky.sun, WIND, KEY), somewhere(500)
    now, moved = shadow.sunlight(at, 10.0), shadow.sunlight(at + ALOFT * np.array(WIND) * 60.0, 70.0)
    assert np.allclose(now, moved, atol=1e-9)
    assert np.abs(now - shadow.sunlight(at, 70.0)).mean() > 0.02


def test_light_and_sky_agree(sky):
    """In the shade of a cloud the sun is veiled: little direct light, an even bright sky where it stands, none of it brighter
    than what lit it. Away from the sun the sky is as it was."""
    shadow, at = cloud_shadow(0.5, sky.sun, WIND, KEY), somewhere(400)
    share = shadow.sunlight(at, 0.0)
    sunny, shady = at[np.argmax(share)], at[np.argmin(share)]
    assert shadow.over(sky, np.array([*sunny, 0.0]), 0.0) is sky
    dark = shadow.over(sky, np.array([*shady, 0.0]), 0.0)
    assert np.allclose(dark.sun_lux, SPREAD * sky.sun_lux)
    assert all(a.dtype == b.dtype and a.shape == b.shape for a, b in zip(dark, sky) if isinstance(a, np.ndarray))
    assert (dark.below < 0.6 * sky.below).all() and (dark.open_sky <= sky.open_sky + 1e-3).all()
    look = from_python(atmosphere.sky_radiance)
    before, behind = (np.array(look(dark.sky, *map(float, d * sky.sun))) for d in (np.ones(3), np.array([1.0, -1.0, 1.0])))
    assert before.max() / before.min() < 1.1
    assert before[1] < (sky.sun_lux[1] + sky.open_sky[4, 1]) / pi
    assert np.allclose(behind, look(sky.sky, *map(float, sky.sun * [1.0, -1.0, 1.0])))
    wide = np.array([np.sin(radians(40.0)), 0.0, cos(radians(40.0))])  # 57 degrees from the sun
    assert np.allclose(look(dark.sky, *wide), look(sky.sky, *wide))


def test_a_scenario_has_them_where_it_asks_for_them():
    for value, there in ((None, False), (True, True)):
        weather = [] if value is None else ["weather.cloud_shadows=true", "weather.cloud_cover=0.5"]
        assert (conditions(scenesim.load("first_light", weather)).shadow is not None) == there
