"""Shadows of clouds that drift over a scene: a factor of the sun's light for a place and time, and light and sky with it.

Clouds are some hundred metres wide at least, so that all about the ego is in one light: what changes is the light of a frame,
not that of a pixel. They lie on the plan of the sky's own clouds, somewhere on it; those in the sky's map stand still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.keys import Key
from scenesim.kernels import clouds
from scenesim.kernels.atmosphere import Environment
from scenesim.scene.environment import cloud_plan

REACH_KM = 30.0  # from the middle of the plan, where a scenario lies
ALOFT = 2.0  # wind at the clouds over that at 10 m: (1300 / 10)^0.14, the power law of neutral air
SPREAD = 0.06  # of the sun's light that comes through a cloud's forward lobe, at least
# Of the light of probes on +x -x +y -y +z -z, the share that the ground and walls have thrown back in the sun; by eye.
BOUNCED = np.array([0.5, 0.5, 0.5, 0.5, 0.15, 0.9], np.float32)
NEAR, WIDE = math.cos(math.radians(9.0)), math.cos(math.radians(32.0))  # about the sun, where a cloud that veils it stands
VEIL = 1.5  # radiance of that cloud over the mean of the sky


@dataclass(frozen=True)
class CloudShadow:
    """Clouds of a cover 0 to 1 under a sun (3,), carried by the wind (2,) m/s, on the part of their plan that a key draws."""

    cover: float
    sun: tuple[float, float, float]
    wind_m_s: tuple[float, float]
    key: Key

    def sunlight(self, place_m: NDArray[np.float64], time_s: float) -> NDArray[np.float64]:
        """Share (n,) of the sun's light at places (n, 2) of the world: Beer and Lambert through a cloud before it."""
        start = keys.generator(keys.derive(self.key, "clouds")).uniform(-REACH_KM, REACH_KM, 2)
        along = 1.0 / max(self.sun[2], 0.05)
        towards = (clouds.FOOT_KM + 0.5 * clouds.DEPTH_KM) * along * np.array(self.sun[:2])
        at = np.asarray(place_m, float) * 1e-3 + start + towards - ALOFT * 1e-3 * time_s * np.array(self.wind_m_s)
        tall = np.maximum(_between(cloud_plan(self.cover), at), 0.0)
        depth = clouds.EXTINCTION * clouds.DEPTH_KM * along * np.sqrt(tall)
        return np.array([max(math.exp(-float(d)), SPREAD) for d in depth])

    def over(self, environment: Environment, place_m: NDArray[np.float64], time_s: float) -> Environment:
        """The environment as it is at a place (3,) of the world and a time: less sun, light that is thrown back, and before the
        sun a cloud."""
        share = float(self.sunlight(np.asarray(place_m, float)[None, :2], time_s)[0])
        if share >= 1.0:
            return environment
        e = environment
        sun_lux = (e.sun_lux * share).astype(np.float32)
        height = max(float(e.sun[2]), 0.0)
        whole, left = (e.open_sky[4] + lux * height for lux in (e.sun_lux, sun_lux))
        dimmer = (left / np.maximum(whole, 1e-9)).astype(np.float32)
        open_sky = e.open_sky.copy()
        open_sky[5] *= dimmer
        open_sky[:4] -= (0.5 * math.pi) * e.below * (1 - dimmer)
        veil = np.float32(1.0 - share)
        return e._replace(
            sun_lux=sun_lux,
            sky=_veiled(e.sky, e.sun, veil),
            sky_soft=_veiled(e.sky_soft, e.sun, veil),
            below=(e.below * dimmer).astype(np.float32),
            open_sky=open_sky,
            probes=np.ascontiguousarray(e.probes * (1 - BOUNCED[:, None] * (1 - dimmer)), np.float32),
        )


def cloud_shadow(cover: float, sun: NDArray[np.float32], wind_m_s: tuple[float, float], key: Key) -> CloudShadow | None:
    """The shadows of clouds of a cover; None where there are no single clouds, or no sun."""
    if not 0.01 < cover < 1.0 or sun[2] <= 0.0:
        return None
    return CloudShadow(float(cover), (float(sun[0]), float(sun[1]), float(sun[2])), wind_m_s, key)


def _between(plan: NDArray[np.float32], at_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """The plan at (n, 2) km, bilinear."""
    u = np.clip(at_km / clouds.CELL_KM + clouds.CELLS / 2, 0.0, clouds.CELLS - 1.001)
    i = u.astype(int)
    a, b = (u - i).T
    low, high = (plan[i[:, 1] + k, i[:, 0]] * (1 - a) + plan[i[:, 1] + k, i[:, 0] + 1] * a for k in (0, 1))
    return low * (1 - b) + high * b


def _veiled(sky: NDArray[np.float32], sun: NDArray[np.float32], veil: np.float32) -> NDArray[np.float32]:
    """A map (n, n, 3) with a share of a cloud before the sun, thinner towards its rim."""
    about = _about(len(sky), tuple(float(v) for v in sun))[..., None] * veil
    cloud = np.float32(VEIL) * sky.mean((0, 1), dtype=np.float64).mean().astype(np.float32)
    return np.ascontiguousarray(sky + about * (cloud - sky), np.float32)


@lru_cache(maxsize=4)
def _about(size: int, sun: tuple[float, float, float]) -> NDArray[np.float32]:
    """(size, size) 1 before the sun to 0 away from it; texels as kernels.atmosphere.map_direction has them."""
    u = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    x, y = 0.5 * (u + u[:, None]), 0.5 * (u[:, None] - u)
    z = np.maximum(1.0 - np.abs(x) - np.abs(y), 1e-4)
    c = (x * sun[0] + y * sun[1] + z * sun[2]) / np.sqrt(x * x + y * y + z * z)
    t = np.clip((c - WIDE) / (NEAR - WIDE), 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)
