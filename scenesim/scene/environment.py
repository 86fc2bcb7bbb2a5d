"""Light and air of a scene from plain numbers: sun, clouds, visibility, wetness."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from scenesim.kernels import atmosphere, clouds
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.texture import noise_table
from scenesim.models.kept import digest, kept
from scenesim.scene import daylight

__all__ = ["Environment", "environment"]

MAP_SIZE, CLOUDY_MAP_SIZE = 320, 768  # texels along a side of the sky's map; clouds have edges
SOFT_SIZE, SOFT_SIGMA_PX = 160, 5.0
GROUND_ALBEDO = 0.14
SNOW_ALBEDO = 0.8
PROBE_HEIGHTS_M = (0.4, 1.6, 4.0, 9.0, 18.0)
CONTRAST_LIMIT = -math.log(0.05)  # meteorological optical range: a black object keeps 5 % of its contrast (WMO-No. 8)


@lru_cache(maxsize=1)
def _noise():
    return noise_table()


def environment(
    *,
    sun_elevation_deg: float,
    sun_azimuth_deg: float,
    cloud_cover: float,
    visibility_m: float,
    turbidity: float = 1.8,
    wetness: float = 0.0,
    snow: float = 0.0,
) -> Environment:
    """The environment without probes (see scene.ambient).

    sun_azimuth_deg: clockwise from north. cloud_cover: 0 to 1. visibility_m: meteorological optical range. turbidity: Linke's,
    of the sunlight, and Hosek's and Wilkie's, of the sky. wetness: 0 dry to 1 soaked, with puddles. snow: 0 none to 1 deep, on
    the ground. The world's axes are those of the local frame, so one environment serves every frame of a scenario whose
    weather stands still.
    """
    args = (sun_elevation_deg, sun_azimuth_deg, cloud_cover, visibility_m, turbidity, snow)
    return _dry(*(float(a) for a in args))._replace(wetness=min(max(float(wetness), 0.0), 1.0))


def visibility_through_m(visibility_m: float, rain_mm_per_h: float, snow_mm_per_h: float = 0.0) -> float:
    """Meteorological optical range of air of a visibility with rain and snow in it: extinctions add up.

    Rain: 0.312 R^0.67 per km, as fitted to Marshall-Palmer rain. Snow: `snow_extinction_per_m`."""
    falling = 0.312e-3 * rain_mm_per_h**0.67 + snow_extinction_per_m(snow_mm_per_h)
    return CONTRAST_LIMIT / (CONTRAST_LIMIT / visibility_m + falling)


def snow_extinction_per_m(snow_mm_per_h: float) -> float:
    """Extinction of falling snow, 1/m: flakes of Gunn and Marshall's sizes (1958) with the area of flakes of 0.1 g/cm3, seen
    with twice their cross-section: a visibility of 0.9 km in 1 mm/h of water, which agrees with the classes of METAR."""
    return 3.3e-3 * snow_mm_per_h**0.6


def rain_wetness(rain_mm_per_h: float, snow_mm_per_h: float = 0.0) -> float:
    """How wet rain keeps a road, 0 to 1: damp from drizzle, puddles from some 10 mm/h on; snow melts under wheels and salt. By
    eye."""
    rain = min(1.0, 0.42 + 0.36 * math.log10(1.0 + rain_mm_per_h)) if rain_mm_per_h > 0 else 0.0
    return max(rain, 0.45 if snow_mm_per_h > 0 else 0.0)


def snow_cover(snow_mm_per_h: float) -> float:
    """How much of the ground is white, 0 to 1, after some hours of snow of a rate; by eye."""
    return min(1.0, 0.6 + 0.4 * math.log10(1.0 + 3.0 * snow_mm_per_h)) if snow_mm_per_h > 0 else 0.0


@lru_cache(maxsize=1)
def _digest() -> str:
    return digest([Path(__file__), *sorted(Path(atmosphere.__file__).parent.glob("*.py"))])


@lru_cache(maxsize=4)
def _dry(*args: float) -> Environment:
    return kept("skies", _digest(), args, lambda: _made(*args))


def _made(
    elevation_deg: float, azimuth_deg: float, cover: float, visibility_m: float, turbidity: float, snow: float
) -> Environment:
    elevation, azimuth = math.radians(elevation_deg), math.radians(azimuth_deg)
    level = math.cos(elevation)
    sun = np.array([level * math.sin(azimuth), level * math.cos(azimuth), math.sin(elevation)])
    fog = _smooth(2000.0, 400.0, visibility_m)
    closed = max(_smooth(0.75, 1.0, cover), fog)
    albedo = GROUND_ALBEDO + (SNOW_ALBEDO - GROUND_ALBEDO) * 0.7 * snow
    sky, sun_lux = _sky(sun, elevation, turbidity, albedo, cover, closed)
    open_sky = np.empty((6, 3), np.float32)
    atmosphere.irradiance(sky, open_sky)
    total = open_sky[4] + sun_lux * max(sun[2], 0.0)
    below = albedo / math.pi * total
    open_sky[5] = below * math.pi
    open_sky[:4] += 0.5 * math.pi * below
    extinction = CONTRAST_LIMIT / max(visibility_m, 1.0)
    clear_air = _smooth(2000.0, 8000.0, visibility_m)  # clear air scatters blue more than red; fog does not
    spectrum = 1.0 + clear_air * (np.array([0.75, 1.0, 1.45]) - 1.0)
    return Environment(
        sun.astype(np.float32),
        sun_lux.astype(np.float32),
        sky,
        _soft(sky),
        (extinction * spectrum).astype(np.float32),
        (0.95 / math.pi * total).astype(np.float32),
        0.1 + 0.75 * (1.0 - _smooth(500.0, 5000.0, visibility_m)),
        below.astype(np.float32),
        open_sky,
        0.0,
        snow,
        1.0 - _smooth(-2.0, 5.0, elevation_deg),
        _noise(),
        np.zeros((0, 0, len(PROBE_HEIGHTS_M), 6, 3), np.float32),
        np.zeros((0, 0, len(PROBE_HEIGHTS_M)), np.float32),
        np.zeros((0, 0), np.float32),
        np.zeros(2, np.float32),
        1.0,
        np.array(PROBE_HEIGHTS_M, np.float32),
    )


def _sky(sun, elevation: float, turbidity: float, albedo: float, cover: float, closed: float):
    """(sky map (n, n, 3) float32 cd/m2, sun_lux (3,)) under clouds; closed: share of the sky that is one grey layer."""
    cloudy = cover > 0.01 and closed < 1.0
    size = CLOUDY_MAP_SIZE if cloudy else MAP_SIZE
    sky = np.zeros((size, size, 3), np.float32)
    if elevation > math.radians(-12.0):
        _clear_sky(sun, math.degrees(elevation), turbidity, albedo, sky)
    sun_lux = _sunlight(math.degrees(elevation), turbidity)
    if cloudy:
        light = np.maximum(sun_lux, 2.0 * sky.mean((0, 1), dtype=np.float64))
        high = np.array([sun[0], sun[1], max(sun[2], 0.05)])
        plan = cloud_plan(cover)
        clouds.add_clouds(_noise(), plan, high, light, sky)
        sky = cv2.GaussianBlur(sky, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT)  # marching's grain
    if closed > 0.0:
        # Horizontal illuminance of a closed sky: 300 + 21000 sin h lux (IESNA RP-21), 7 pi / 9 of the zenith's radiance.
        lux = 300.0 + 21000.0 * math.sin(elevation) if elevation > 0 else 300.0 * math.exp(0.9 * math.degrees(elevation))
        atmosphere.blend_overcast(_noise(), 9.0 / (7.0 * math.pi) * lux, closed, sky)
    night_glow = np.array([1.15, 0.92, 0.78]) * 0.25  # a town's sky at night, cd/m2
    return np.ascontiguousarray(sky + night_glow, np.float32), sun_lux * (1.0 - closed) ** 2


@lru_cache(maxsize=2)
def cloud_plan(cover: float):
    """(CELLS, CELLS) float32 how high clouds of a cover 0 to 1 stand over a place, as kernels.clouds has it: above 0 on that
    share of it."""
    plan = np.empty((clouds.CELLS, clouds.CELLS), np.float32)
    clouds.lay_plan(_noise(), plan)
    at = int((1.0 - cover) * (plan.size - 1))
    return plan - np.partition(plan.ravel(), at)[at]


def _soft(sky):
    """The sky blurred, for what sees much of it at once."""
    small = cv2.resize(sky, (SOFT_SIZE, SOFT_SIZE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.GaussianBlur(small, (0, 0), SOFT_SIGMA_PX, borderType=cv2.BORDER_REFLECT))


def _clear_sky(sun, elevation_deg: float, turbidity: float, albedo: float, sky) -> None:
    """Write the cloudless sky: by day a fit to a full simulation, in twilight, which that lacks, single scattering."""
    day = _smooth(0.0, 4.0, elevation_deg)
    if day < 1.0:
        atmosphere.clear_sky(sun, turbidity, sky)
        if elevation_deg < 0:
            # What has scattered often is bluer than the model's constant; by eye.
            mean = sky.mean((0, 1), dtype=np.float64)
            sky[:] = 0.55 * sky + 0.55 * mean * np.array([0.58, 0.95, 1.65])
    if day > 0.0:
        by_day = np.empty_like(sky)
        atmosphere.hosek_wilkie_sky(sun, daylight.clear_sky_numbers(elevation_deg, turbidity, albedo), by_day)
        sky += np.float32(day) * (by_day - sky)


def _sunlight(elevation_deg: float, turbidity: float):
    """(3,) lux across the beam: as bright as measured, in the colour that molecules, haze and ozone leave."""
    sun_lux = np.zeros(3)
    if elevation_deg > -0.6:
        atmosphere.sun_transmittance(0.0, math.sin(math.radians(elevation_deg)), turbidity, sun_lux)
        sun_lux *= np.array(atmosphere.SUN_LUX)
        lux = daylight.direct_normal_irradiance_w_m2(elevation_deg, turbidity) * daylight.luminous_efficacy_lm_w(elevation_deg)
        # The model's own brightness goes to nothing as the disc sets.
        risen = _smooth(-0.6, 0.6, elevation_deg)
        sun_lux *= risen * lux / max(float(daylight.LUMINANCE @ sun_lux), 1e-9)
    return sun_lux


def _smooth(a: float, b: float, x: float) -> float:
    t = min(max((x - a) / (b - a), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
