"""What a scenario's frames share: its timeline, everything that stands about it, light and weather."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.base import keys
from scenesim.base.errors import InputError, Place
from scenesim.base.keys import Key
from scenesim.capture import flicker
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.bvh import Tree, build_tree
from scenesim.models import catalogue
from scenesim.models.falling import Falling, falling, wind_m_s
from scenesim.models.kept import code, kept
from scenesim.scenario import imports
from scenesim.scenario.roads import identity
from scenesim.scene import ground, plumes
from scenesim.scene.cloud_shadow import CloudShadow, cloud_shadow
from scenesim.scene.environment import environment, rain_wetness, snow_cover, visibility_through_m
from scenesim.scene.occupied import occupied
from scenesim.scene.pavement import Pavement
from scenesim.scene.placement import Placement
from scenesim.scene.surroundings import Surroundings, surroundings
from scenesim.scene.woodland import woodland
from scenesim.sensors.ranging import Air
from scenesim.world import simulate_actors
from scenesim.world.road import RoadMap
from scenesim.world.timeline import EGO, Timeline

if TYPE_CHECKING:
    from scenesim.geometry.mesh import Mesh
    from scenesim.scenario.model import Scenario

GROUND_BEYOND_M = 30.0  # the ground reaches further than what stands on it
# What a timeline and its setting follow from, beside the scenario: rooms of the package, and folders of assets.
SET_BY = (
    ("base", "geometry", "kernels", "models", "scenario", "scene", "world"),
    ("countries", "materials", "populations", "taxonomy", "traffic", *catalogue.RECIPES.values()),
)


def timeline(scenario: Scenario, road_map: RoadMap) -> Timeline:
    """What happens in a scenario on its map, simulated, or kept from before. Raises InputError."""
    unseen = ("description", "rig", "quality")
    named = {name: getattr(scenario, name) for name in type(scenario).model_fields if name not in unseen}
    arguments = (identity(scenario.road), imports.requests(scenario), named, scenario.rate_hz)
    return kept("timelines", code(*SET_BY), arguments, lambda: simulate_actors.simulate(scenario, road_map))


def with_files(timeline: Timeline, scenario: Scenario) -> Timeline:
    """A timeline whose models from files are those of the scenario. Raises InputError where it has others."""
    own = imports.requests(scenario)
    actors = []
    for info in timeline.actors:
        if info.model.kind == imports.KIND:
            found = own.get(info.model.name)
            if found is None or found.identity != info.model.identity:
                what = "no model" if found is None else "another model"
                message = f'the timeline has a "{info.model.name}" from a file, the scenario {what} of that name'
                raise InputError(message, Place("models"))
            info = replace(info, model=found)
        actors.append(info)
    return replace(timeline, actors=tuple(actors))


def path(timeline: Timeline) -> NDArray[np.float64]:
    """Points (n, 3) of the ego's way, a hundred or so."""
    path = timeline.world_from_actor.translation[EGO]
    return path[:: max(1, len(path) // 100)]


def placements(scenario: Scenario, road_map: RoadMap, of: Timeline) -> list[Placement]:
    """Ground and surroundings of everywhere that the ego comes to."""
    way = path(of)
    lit = simulate_actors.is_dark(scenario)
    taken = occupied(of)
    shapes = b"".join(shapely.to_wkb(taken))
    arguments = (identity(scenario.road), scenario.surroundings, scenario.seed, lit, way.tobytes(), shapes)
    return kept("settings", code(*SET_BY), arguments, lambda: _placed(scenario, road_map, way, lit, taken))


def _placed(
    scenario: Scenario, road_map: RoadMap, way: NDArray[np.float64], lit: bool, taken: list[BaseGeometry]
) -> list[Placement]:
    amounts = scenario.surroundings
    around = way if float(np.abs(way - way[0]).max()) > 1.0 else way[0] + np.array([[-1.0, 0, 0], [1.0, 0, 0]])
    pavement = Pavement(amounts.pavement, keys.derive(keys.root(scenario.seed), "pavement"))
    land = ground.build(road_map, around, amounts.reach_m + GROUND_BEYOND_M, pavement)
    density = Surroundings(
        buildings=amounts.buildings,
        trees=amounts.trees,
        lights=amounts.lights,
        clutter=amounts.clutter,
        woods=amounts.woods,
        mirror_facades=amounts.mirror_facades,
        lit=lit,
    )
    key = keys.derive(keys.root(scenario.seed), "surroundings")
    things = surroundings(road_map, land, key, density, around, amounts.reach_m, taken)
    still = [Placement(pose, mesh=mesh, class_name="terrain") for mesh, pose in ground.chunks(land)] + things
    far = woodland(land, keys.derive(key, "woodland"), amounts.woods)
    still += [Placement(pose, mesh=mesh, class_name="vegetation") for mesh, pose in far]
    return [p if p.mesh is None else replace(p, tree=_tree(p.mesh)) for p in still]


def _tree(mesh: Mesh) -> Tree:
    return build_tree(mesh.vertices.astype(np.float32), mesh.triangles)


@dataclass(frozen=True)
class Conditions:
    """Light and weather of a scenario, once for all sensors. environment: sky and air. falling: rain and snow that are drawn.
    stirred: what vehicles raise. air: what lidars and radars meet. pulses: of switched lamps. key: chance of the weather.
    shadow: of clouds that drift."""

    environment: Environment
    falling: Falling | None
    stirred: plumes.Stirred | None
    air: Air
    pulses: flicker.Pulses | None
    key: Key
    shadow: CloudShadow | None


def conditions(scenario: Scenario) -> Conditions:
    """Of a scenario."""
    weather, light, root = scenario.weather, scenario.light, keys.root(scenario.seed)
    rain, snow = weather.rain_mm_per_h, weather.snow_mm_per_h
    wetness = rain_wetness(rain, snow) if weather.road_wetness is None else weather.road_wetness
    sky = environment(
        sun_elevation_deg=light.sun_elevation_deg,
        sun_azimuth_deg=light.sun_azimuth_deg,
        cloud_cover=weather.cloud_cover,
        visibility_m=visibility_through_m(weather.visibility_m, rain, snow),
        turbidity=weather.turbidity,
        wetness=wetness,
        snow=snow_cover(snow) if weather.snow_cover is None else weather.snow_cover,
    )
    wind = wind_m_s(weather.wind_m_s, weather.wind_from_deg)
    pulsed = light.led_pwm_hz > 0
    return Conditions(
        sky,
        falling(rain, snow, wind),
        plumes.stirred(wetness, weather.road_dust, float(sky.snow), wind),
        Air(weather.visibility_m, rain, snow, wetness, snow_cover=float(sky.snow)),
        flicker.Pulses(light.led_pwm_hz, light.led_duty, keys.derive(root, "pulses")) if pulsed else None,
        keys.derive(root, "weather"),
        cloud_shadow(weather.cloud_cover, sky.sun, wind, keys.derive(root, "weather")) if weather.cloud_shadows else None,
    )
