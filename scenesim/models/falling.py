"""What falls: how many drops and flakes of which size are in the air, and how fast they fall.

Rain: N(D) = 8000 exp(-4.1 R^-0.21 D) per m3 and mm (Marshall and Palmer 1948), fall speed 9.65 - 10.3 exp(-0.6 D) m/s (Atlas et
al. 1973, fitted to Gunn and Kinzer 1949). Snow: N(D) = 3800 R^-0.87 exp(-2.55 R^-0.48 D) of melted diameters (Gunn and Marshall
1958), fall speed 1.6 D^0.3 m/s with D in cm (Langleben 1954, dendrites); a flake of 0.1 g/cm3 is 10^(1/3) times as wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RAIN, SNOW = 0, 1
# Limits of the bins, mm of water: what is smaller is veil, what is larger breaks up or does not occur.
RAIN_MM = (0.5, 1.0, 1.5, 2.2, 3.2, 6.5)
SNOW_MM = (0.4, 0.8, 1.3, 2.0, 4.5)
FLAKE_WIDTH = 10.0 ** (1.0 / 3.0)  # width of a flake over its melted diameter


@dataclass(frozen=True)
class Falling:
    """Particles in bins of K sizes. kind: (K,) RAIN or SNOW. density_per_m3: (K,). diameter_mm: (K, 2) limits, of water.
    slope_per_mm: (K,) of the exponential distribution within the bin. wind_m_s: (2,) x and y of the air's velocity."""

    kind: NDArray[np.int64]
    density_per_m3: NDArray[np.float64]
    diameter_mm: NDArray[np.float64]
    slope_per_mm: NDArray[np.float64]
    wind_m_s: tuple[float, float]


def rain_law(rain_mm_per_h: float) -> tuple[float, float]:
    """(N0 per m3 and mm, slope per mm) of raindrops at a rate above 0."""
    return 8000.0, 4.1 * rain_mm_per_h**-0.21


def snow_law(snow_mm_per_h: float) -> tuple[float, float]:
    """(N0 per m3 and mm, slope per mm) of melted flakes at a rate above 0."""
    return 3800.0 * snow_mm_per_h**-0.87, 2.55 * snow_mm_per_h**-0.48


def wind_m_s(speed_m_s: float, from_deg: float) -> tuple[float, float]:
    """(x, y) of air that comes from a bearing, clockwise from north."""
    a = math.radians(from_deg)
    return -speed_m_s * math.sin(a), -speed_m_s * math.cos(a)


def falling(rain_mm_per_h: float, snow_mm_per_h: float, wind: tuple[float, float] = (0.0, 0.0)) -> Falling | None:
    """What falls at these rates, mm/h of water; None where nothing does."""
    rows = []
    for kind, rate, law, limits in ((RAIN, rain_mm_per_h, rain_law, RAIN_MM), (SNOW, snow_mm_per_h, snow_law, SNOW_MM)):
        if rate > 0:
            n0, slope = law(rate)
            for low, high in zip(limits, limits[1:]):
                density = n0 / slope * (math.exp(-slope * low) - math.exp(-slope * high))
                rows.append((kind, density, low, high, slope))
    if not rows:
        return None
    table = np.array(rows)
    return Falling(
        table[:, 0].astype(np.int64), table[:, 1].copy(), np.ascontiguousarray(table[:, 2:4]), table[:, 4].copy(), wind
    )


def one_size(kind: int, density_per_m3: float, diameter_mm: float, wind: tuple[float, float] = (0.0, 0.0)) -> Falling:
    """Particles of one size, as in a laboratory."""
    size = np.array([[diameter_mm, diameter_mm]])
    return Falling(np.array([kind]), np.array([density_per_m3]), size, np.ones(1), wind)
