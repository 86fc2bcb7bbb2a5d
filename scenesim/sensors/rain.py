"""What rain takes from radio waves on their way: Recommendation ITU-R P.838-3 (2005), "Specific attenuation model for rain"."""

from __future__ import annotations

import math

# Rows (a, b, c) of tables 1 to 4 of the recommendation, then (m, c): log10 k and alpha are sums of Gaussians of log10 f.
K_HORIZONTAL = (
    ((-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400), (-0.23789, 0.86036, 0.15354), (-0.94158, 0.64552, 0.16817)),
    (-0.18961, 0.71147),
)
K_VERTICAL = (
    ((-3.80595, 0.56934, 0.81061), (-3.44965, -0.22911, 0.51059), (-0.39902, 0.73042, 0.11899), (0.50167, 1.07319, 0.27195)),
    (-0.16398, 0.63297),
)
ALPHA_HORIZONTAL = (
    (
        (-0.14318, 1.82442, -0.55187),
        (0.29591, 0.77564, 0.19822),
        (0.32177, 0.63773, 0.13164),
        (-5.37610, -0.96230, 1.47828),
        (16.1721, -3.29980, 3.43990),
    ),
    (0.67849, -1.95537),
)
ALPHA_VERTICAL = (
    (
        (-0.07771, 2.33840, -0.76284),
        (0.56727, 0.95545, 0.54039),
        (-0.20238, 1.14520, 0.26809),
        (-48.2991, 0.791669, 0.116226),
        (48.5833, 0.791459, 0.116479),
    ),
    (-0.053739, 0.83433),
)


def _fit(table, frequency_ghz: float) -> float:
    rows, (slope, offset) = table
    x = math.log10(frequency_ghz)
    return sum(a * math.exp(-(((x - b) / c) ** 2)) for a, b, c in rows) + slope * x + offset


def coefficients(frequency_ghz: float, vertical: bool) -> tuple[float, float]:
    """(k, alpha) of gamma = k R^alpha, dB/km with R in mm/h, for 1 to 1000 GHz and one linear polarisation, level path."""
    k, alpha = (K_VERTICAL, ALPHA_VERTICAL) if vertical else (K_HORIZONTAL, ALPHA_HORIZONTAL)
    return 10.0 ** _fit(k, frequency_ghz), _fit(alpha, frequency_ghz)


def attenuation_db_per_m(frequency_ghz: float, rain_mm_per_h: float, vertical: bool = True) -> float:
    """One way. At 77 GHz 10 mm/h take 5.6 dB/km or so: over the 200 m there and back of a car 100 m away, a decibel."""
    if rain_mm_per_h <= 0.0:
        return 0.0
    k, alpha = coefficients(frequency_ghz, vertical)
    return 1e-3 * k * rain_mm_per_h**alpha
