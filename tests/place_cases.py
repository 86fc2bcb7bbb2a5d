"""Every kind of place with some of its parameters, for tests."""

from __future__ import annotations

from functools import cache

from scenesim.scenario.model import PLACES, RoadSource
from scenesim.scenario.roads import network
from scenesim.world.road import RoadMap

PLACE_OF = {
    "straight": [{}],
    "curve": [{"radius_m": 60}],
    "hill": [{}],
    "crossing": [{"lanes": 2}],
    "junction": [{"shape": s} for s in ("t", "y", "x", "skew", "skew_t")] + [{"arm_angles_deg": (0, 50, 130, 200, 290)}],
    "roundabout": [
        {},
        {"radius_m": 10, "arms": 3},
        {"ring_lanes": 2, "lanes": 2, "arms": 5, "radius_m": 32},
        {"ring_lanes": 2},
    ],
    "motorway": [{"noise_walls": True}, {"ramps": "off", "lanes": 3}, {"ramps": "on"}, {"ramps": "none"}],
    "work_zone": [{"lanes": 2}, {}, {"lanes": 2, "road_type": "motorway", "length_m": 600}],
    "arterial": [{"lanes": 2}, {"bus_lane": False, "median_m": 0}],
    "tram_street": [{}],
    "school_zone": [{}],
    "lay_by": [{"road_type": "rural"}, {}],
    "country_road": [{}, {"shape_seed": 3, "hedges": 1.0}],
    "bridge": [{}, {"over": False, "road_type": "rural"}],
    "tunnel": [{}],
    "town": [{"blocks": (2, 2)}, {"blocks": (2, 1), "lanes": 2, "block_m": 120, "shape_seed": 5}],
    "car_park": [{}],
    "level_crossing": [{"closed": True}, {"tracks": 2, "road_type": "rural"}],
    "toll_plaza": [{}, {"gates": 3}],
}
CASES = [(kind, options) for kind in PLACES for options in PLACE_OF[kind]]
SIDES = ("germany", "united_kingdom")


def source(kind, options, where="germany"):
    return RoadSource(place={"kind": kind, **options}, country=where)


@cache
def road_map(kind, options, where):
    return RoadMap(network(source(kind, dict(options), where)))


def of(case, where="germany"):
    kind, options = case
    return road_map(kind, tuple((k, v) for k, v in options.items()), where)
