"""What sun and clear sky give by day: published fits, in the units of the sky map."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets

LUMENS_PER_WATT = 683.0  # of a radiance weighted with the eye's sensitivity
SOLAR_CONSTANT_W_M2 = 1364.0
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (Rec. 709)
_CONTROL_POINTS = 6


def air_mass(elevation_deg: float) -> float:
    """Length of the sun's path through the air over that from the zenith (Kasten and Young 1989), for elevations from -1
    degree up; below that as at -1."""
    zenith_deg = 90.0 - max(elevation_deg, -1.0)
    return 1.0 / (math.cos(math.radians(zenith_deg)) + 0.50572 * (96.07995 - zenith_deg) ** -1.6364)


def direct_normal_irradiance_w_m2(elevation_deg: float, linke_turbidity: float) -> float:
    """Sunlight across the beam at sea level under a cloudless sky (Ineichen and Perez 2002).

    linke_turbidity: 2 for very clean cold air, 3 usual in Europe, 5 and more hazy.
    """
    return 0.827 * SOLAR_CONSTANT_W_M2 * math.exp(-0.09 * air_mass(elevation_deg) * (linke_turbidity - 1.0))


def luminous_efficacy_lm_w(elevation_deg: float) -> float:
    """Of direct sunlight: a fit, within 8 % above 2 degrees, to spectra of Bird and Riordan (1986), an aerosol depth of 0.07 at
    500 nm and 15 mm of water, which have a Linke turbidity of about 3. What is left of the low sun is red and infrared."""
    return 111.0 * math.exp(-0.0172 * air_mass(elevation_deg) ** 1.52)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.float32]:
    return np.load(assets.folder("assets") / "sky" / "hosek_wilkie_rgb.npy")


def clear_sky_numbers(elevation_deg: float, turbidity: float, albedo: float) -> NDArray[np.float64]:
    """(3, 10) for each channel the coefficients of Hosek and Wilkie (2012), and the radiance, cd/m2, that they multiply.

    elevation_deg: of the sun, 0 to 90. turbidity: 1 to 10, between which it is linear, as between ground albedos 0 and 1; a
    Bezier curve of fifth degree along the cube root of the elevation."""
    table = _table().astype(np.float64)
    t = min(max(turbidity, 1.0), 10.0) - 1.0
    low = min(int(t), len(table) - 2)
    of_air = table[low] + (t - low) * (table[low + 1] - table[low])
    of_ground = of_air[0] + min(max(albedo, 0.0), 1.0) * (of_air[1] - of_air[0])
    x = (min(max(elevation_deg, 0.0), 90.0) / 90.0) ** (1.0 / 3.0)
    n = _CONTROL_POINTS - 1
    numbers = sum(math.comb(n, i) * x**i * (1.0 - x) ** (n - i) * of_ground[i] for i in range(_CONTROL_POINTS))
    numbers = np.ascontiguousarray(numbers)
    numbers[:, 9] *= LUMENS_PER_WATT
    return numbers
