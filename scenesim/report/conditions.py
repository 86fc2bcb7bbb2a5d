"""The weather and the light of a scenario, in the few words by which a dataset is balanced."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from scenesim.base import document
from scenesim.base.errors import InputError
from scenesim.scenario.model import Light, Weather

UNKNOWN = "unknown"
WEATHER = ("clear", "overcast", "haze", "fog", "rain", "snow", UNKNOWN)
LIGHT = ("day", "low sun", "twilight", "night", UNKNOWN)

FOG_M, HAZE_M = 1000.0, 5000.0  # visibility below which it is fog, haze or mist: WMO-No. 8, 1.2.1
OVERCAST = 7 / 8  # cloud cover from which little is left of the sky, oktas of WMO-No. 8
LOW_SUN_DEG, TWILIGHT_DEG, NIGHT_DEG = 10.0, 0.0, -6.0  # twilight: civil, the sun's centre 6 degrees below the horizon


@dataclass(frozen=True)
class Conditions:
    """weather, light: one of WEATHER and LIGHT. told: the numbers behind them, for a line of text."""

    weather: str
    light: str
    told: str = ""


def conditions(scenario_yaml: str) -> Conditions:
    """Those of a concrete scenario, as it lies in a dataset; unknown where it does not say."""
    try:
        data = document.parse(scenario_yaml, "scenario.yaml").data
        weather, light = Weather.model_validate(data.get("weather") or {}), Light.model_validate(data.get("light") or {})
    except (InputError, ValidationError, AttributeError):
        return Conditions(UNKNOWN, UNKNOWN)
    return Conditions(weather_of(weather), light_of(light.sun_elevation_deg), told(weather, light))


def weather_of(weather: Weather) -> str:
    """What falls comes before what hangs in the air, and that before the sky."""
    if weather.snow_mm_per_h > 0:
        return "snow"
    if weather.rain_mm_per_h > 0:
        return "rain"
    if weather.visibility_m < HAZE_M:
        return "fog" if weather.visibility_m < FOG_M else "haze"
    return "overcast" if weather.cloud_cover >= OVERCAST else "clear"


def light_of(sun_elevation_deg: float) -> str:
    """By the height of the sun."""
    if sun_elevation_deg < NIGHT_DEG:
        return "night"
    if sun_elevation_deg < TWILIGHT_DEG:
        return "twilight"
    return "low sun" if sun_elevation_deg < LOW_SUN_DEG else "day"


def told(weather: Weather, light: Light) -> str:
    """The values that matter, as people read them."""
    falls = [(weather.rain_mm_per_h, "rain"), (weather.snow_mm_per_h, "snow")]
    parts = [f"{word} {amount:.3g} mm/h" for amount, word in falls if amount > 0]
    far = weather.visibility_m
    parts.append(f"visibility {far / 1000:.3g} km" if far >= 1000 else f"visibility {far:.3g} m")
    parts.append(f"clouds {weather.cloud_cover:.0%}")
    return ", ".join([*parts, f"sun at {light.sun_elevation_deg:.3g}°"])
