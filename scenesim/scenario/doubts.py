"""What is legal but probably not meant."""

from __future__ import annotations

from collections.abc import Iterator

from scenesim.base.document import Steps
from scenesim.scenario.model import Actor, Ego, FollowLane, FollowLine, Scenario, Walk

BLACK_BELOW_DEG = -6.0  # the end of civil twilight: there is light to see by until then
CLEAR_SKY = 0.3
HEAVIEST_SNOW_MM_PER_H = 12.0  # a blizzard of some 12 cm an hour
STORM_M_S = 25.0
FASTEST_WALK_M_S = 3.5
LONG_S = 120.0


def doubts(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    """(path, what is odd about it and what it leads to) of each oddity of a scenario."""
    light = scenario.light
    if light.sun_elevation_deg < BLACK_BELOW_DEG and light.lamps == "off":
        yield ("light", "lamps"), "the sun is below the horizon and the lamps are off: the images will be black"
    yield from _of_weather(scenario)
    yield from _of_time(scenario)
    yield from _of_sensors(scenario)
    yield from _of_actor(scenario, scenario.ego, ("ego",))
    for k, actor in enumerate(scenario.actors):
        yield from _of_actor(scenario, actor, ("actors", k))
    traffic = scenario.traffic
    if scenario.light.sun_elevation_deg > 30 and light.lamps == "on":
        yield ("light", "lamps"), "street lights and headlamps are on by day"
    if traffic.reach_m > scenario.surroundings.reach_m and traffic.vehicles + traffic.parked + traffic.pedestrians > 0:
        yield ("traffic", "reach_m"), "traffic reaches further than the surroundings: it drives on bare ground there"


def _of_weather(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    weather = scenario.weather
    for name, falls in (("rain_mm_per_h", "rains"), ("snow_mm_per_h", "snows")):
        if getattr(weather, name) > 0 and weather.cloud_cover < CLEAR_SKY:
            yield ("weather", name), f"it {falls} from a clear sky (cloud_cover is {weather.cloud_cover:g})"
    if weather.visibility_m < 5:
        yield ("weather", "visibility_m"), f"with {weather.visibility_m:g} m of visibility there is nothing to see"
    if weather.snow_mm_per_h > HEAVIEST_SNOW_MM_PER_H:
        yield ("weather", "snow_mm_per_h"), f"{weather.snow_mm_per_h:g} mm/h of water is more snow than falls anywhere"
    if weather.rain_mm_per_h > 0.1 and (weather.snow_cover or 0.0) > 0.5:
        yield ("weather", "snow_cover"), "snow lies while it rains: it would soon be gone"
    if weather.wind_m_s > STORM_M_S and scenario.traffic.pedestrians > 0:
        yield ("weather", "wind_m_s"), f"{weather.wind_m_s:g} m/s is a storm: nobody would be out on foot"


def _of_time(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    if scenario.duration_s * scenario.rate_hz < 1 - 1e-9:
        yield ("duration_s",), f"is shorter than one frame at {scenario.rate_hz:g} Hz: there will be one, at time 0"
    if scenario.duration_s > LONG_S:
        yield ("duration_s",), f"{scenario.frame_count} frames: this takes long; --frames renders some of them"


def _of_sensors(scenario: Scenario) -> Iterator[tuple[Steps, str]]:
    if not scenario.instruments.sensors:
        yield ("rig",), "has no sensor: the frames will be empty"


def _of_actor(scenario: Scenario, actor: Ego | Actor, path: Steps) -> Iterator[tuple[Steps, str]]:
    for name in ("follow_lane", "follow_line", "walk"):
        behaviour = getattr(actor, name, None)
        if isinstance(behaviour, (FollowLane, FollowLine)):
            late = [k for k, p in enumerate(behaviour.speed_profile or ()) if p.time_s > scenario.duration_s]
            if late:
                yield (*path, name, "speed_profile", late[0]), "lies after the end of the scenario"
        if isinstance(behaviour, Walk):
            if behaviour.speed_m_s > FASTEST_WALK_M_S:
                yield (*path, name, "speed_m_s"), f"{behaviour.speed_m_s:g} m/s is running fast"
            if behaviour.start_s > scenario.duration_s:
                yield (*path, name, "start_s"), "starts after the end of the scenario"
