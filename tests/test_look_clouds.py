"""Clouds of the sky's map: how much they cover, how bright they may be, and what they leave free."""

from __future__ import annotations

from math import cos, pi, radians, sin

import numpy as np
import pytest

from scenesim.kernels.atmosphere import sky_radiance
from scenesim.scene.environment import environment

LIGHT = {"sun_elevation_deg": 40.0, "sun_azimuth_deg": 180.0, "visibility_m": 1e9}
COVERS = (0.0, 0.2, 0.4, 0.6)


@pytest.fixture(scope="module")
def skies():
    return {cover: environment(**LIGHT, cloud_cover=cover) for cover in COVERS}


def looks(elevation_deg, count=360):
    e, a = radians(elevation_deg), np.radians(np.arange(count) * 360.0 / count)
    return np.stack([cos(e) * np.sin(a), cos(e) * np.cos(a), np.full(count, sin(e))], 1)


def radiance(env, directions):
    return np.array([sky_radiance(env.sky, *map(float, d)) for d in directions])


def test_more_cover_is_more_cloud(skies):
    """Shares of directions that are not clear sky grow with the cover. Well above the horizon, where heaps hide little of what
    is between them, they are about it."""
    at = np.concatenate([looks(e) for e in (30, 40, 50, 60, 75)])
    clear = radiance(skies[0.0], at)
    cloudy = [np.mean(np.abs(radiance(skies[c], at) / clear - 1.0).max(1) > 0.05) for c in COVERS]
    assert cloudy[0] == 0.0
    assert all(a + 0.1 < b for a, b in zip(cloudy, cloudy[1:]))
    assert all(abs(share - cover) < 0.2 for share, cover in zip(cloudy, COVERS))


def test_clouds_are_white_and_no_brighter_than_what_falls_on_them(skies):
    """Beside the sun's side, sunlit cloud is brighter than blue sky, greyer, and below a white surface that faces the sun."""
    env = skies[0.4]
    at = np.concatenate([looks(e) for e in (15, 25, 35)])
    away = at @ np.array([0.0, -cos(radians(40)), sin(radians(40))]) < 0.3
    here, clear = radiance(env, at[away]), radiance(skies[0.0], at[away])
    cloud = np.abs(here / clear - 1.0).max(1) > 0.3
    assert cloud.mean() > 0.1
    assert (here[cloud, 2] / here[cloud, 0]).mean() < 0.6 * (clear[cloud, 2] / clear[cloud, 0]).mean()
    assert np.quantile(here[cloud, 1], 0.9) > 1.5 * np.median(clear[cloud, 1])
    assert here[cloud, 1].max() < (env.sun_lux[1] + env.open_sky[4, 1]) / pi


def test_no_cloud_stands_before_the_sun(skies):
    """Light on the ground is that of a free sun, so the picture shows it free."""
    rng = np.random.default_rng(1)
    sun = np.array([0.0, -cos(radians(40)), sin(radians(40))])
    at = sun + 0.05 * rng.normal(size=(100, 3))
    at /= np.linalg.norm(at, axis=1, keepdims=True)
    at = at[at @ sun > cos(radians(3.0))]
    assert np.allclose(radiance(skies[0.6], at), radiance(skies[0.0], at), rtol=0.02)


def test_the_foot_of_a_cloud_is_darker_than_its_top(skies):
    """Towards the horizon a heap is seen from the side: its upper third is brighter than its lowest in most directions."""
    clear, env = skies[0.0], skies[0.4]
    brighter = []
    for column in np.stack([looks(e, 240) for e in np.linspace(4, 24, 41)], 1):
        here, free = radiance(env, column), radiance(clear, column)
        cloud = np.flatnonzero(np.abs(here / free - 1.0).max(1) > 0.2)
        if len(cloud) > 9 and np.all(np.diff(cloud) == 1):
            third = len(cloud) // 3
            brighter.append(here[cloud[-third:], 1].mean() > here[cloud[:third], 1].mean())
    assert len(brighter) > 15
    assert np.mean(brighter) > 0.7
