"""Where the sun stands at a place and time: the Astronomical Almanac's approximate formulas (Michalsky 1988), to 0.01 deg."""

from __future__ import annotations

import math
from datetime import UTC, datetime

EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)


def position_deg(
    utc: datetime, latitude_deg: float, longitude_deg: float, *, pressure_hpa: float = 1013.25, temperature_c: float = 12.0
) -> tuple[float, float]:
    """(elevation as it is seen, with refraction; azimuth clockwise from north) degrees, from 1950 to 2050.

    utc: with or without its zone, which is UTC then. longitude_deg: positive to the east.
    """
    when = utc.replace(tzinfo=UTC) if utc.tzinfo is None else utc
    n = (when - EPOCH).total_seconds() / 86400.0
    mean, anomaly = math.radians(280.460 + 0.9856474 * n), math.radians(357.528 + 0.9856003 * n)
    ecliptic = mean + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.0000004 * n)
    ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal_h = 18.697374558 + 24.06570982441908 * n
    hour = math.radians(sidereal_h * 15.0 + longitude_deg) - ascension
    latitude = math.radians(latitude_deg)
    up = math.sin(declination) * math.sin(latitude) + math.cos(declination) * math.cos(latitude) * math.cos(hour)
    north = math.sin(declination) * math.cos(latitude) - math.cos(declination) * math.sin(latitude) * math.cos(hour)
    azimuth = math.degrees(math.atan2(-math.cos(declination) * math.sin(hour), north)) % 360.0
    elevation = math.degrees(math.asin(min(max(up, -1.0), 1.0)))
    return elevation + refraction_deg(elevation, pressure_hpa, temperature_c), azimuth


def refraction_deg(elevation_deg: float, pressure_hpa: float = 1013.25, temperature_c: float = 12.0) -> float:
    """By which the air lifts what stands at an elevation (Saemundsson 1986, as in NREL's SPA); nothing below the horizon."""
    if elevation_deg < -0.8333:
        return 0.0
    air = pressure_hpa / 1010.0 * 283.0 / (273.0 + temperature_c)
    return air * 1.02 / (60.0 * math.tan(math.radians(elevation_deg + 10.3 / (elevation_deg + 5.11))))
