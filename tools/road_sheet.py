"""Pictures of places: each kind of road from a driver's seat and from above, for the catalogue's page of roads."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim import simulate
from scenesim.base import keys
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose, quaternion_from_euler
from scenesim.capture import cast
from scenesim.capture.image import capture
from scenesim.scenario.model import Scenario
from scenesim.scene.ambient import AmbientField
from scenesim.scene.environment import environment
from scenesim.world.timeline import EGO
from tools.model_sheet import Pinhole

TRAFFIC = {"vehicles": 4, "pedestrians": 1, "parked": 4, "reach_m": 80}
AROUND = {"reach_m": 110.0}
SEAT = Pose(quaternion_from_euler(0.0, 0.05, 0.0), np.array([1.4, 0.3, 1.35]))
ABOVE_PITCH = 0.95  # rad below the horizon


class Shown(NamedTuple):
    """A place to show: what it is, where the driver is (road, lane, s), and the height from which it is seen."""

    place: dict[str, Any]
    start: tuple[str, int, float]
    above_m: float = 40.0
    country: str = "germany"
    sun_deg: float = 38.0


PLACES = {
    "straight": Shown({"kind": "straight"}, ("1", -1, 60)),
    "curve": Shown({"kind": "curve", "radius_m": 60}, ("1", -1, 20)),
    "hill": Shown({"kind": "hill", "road_type": "rural"}, ("1", -1, 40)),
    "crossing": Shown({"kind": "crossing", "lanes": 2}, ("3", 1, 26), 55.0),
    "junction": Shown({"kind": "junction", "shape": "y"}, ("1", 1, 22), 55.0),
    "roundabout": Shown({"kind": "roundabout"}, ("1", 3, 26), 50.0),
    "mini roundabout": Shown({"kind": "roundabout", "radius_m": 10, "arms": 3}, ("1", -2, 18), 40.0, "united_kingdom"),
    "motorway": Shown({"kind": "motorway"}, ("1", -2, 150), 60.0),
    "work zone": Shown(
        {"kind": "work_zone", "road_type": "rural", "lanes": 2, "length_m": 500}, ("1", -1, 175), 40.0, "united_states"
    ),
    "arterial": Shown({"kind": "arterial"}, ("1", -3, 110)),
    "tram street": Shown({"kind": "tram_street"}, ("1", -1, 60)),
    "school zone": Shown({"kind": "school_zone"}, ("1", -1, 72)),
    "lay-by": Shown({"kind": "lay_by", "road_type": "rural"}, ("1", -1, 105), 35.0),
    "country road": Shown({"kind": "country_road", "shape_seed": 3, "hedges": 0.9}, ("1", -1, 140)),
    "bridge": Shown({"kind": "bridge", "over": False}, ("1", -1, 155), 60.0),
    "tunnel": Shown({"kind": "tunnel"}, ("1", -1, 95), 40.0),
    "in a tunnel": Shown({"kind": "tunnel"}, ("1", -1, 160), 40.0),
    "town": Shown({"kind": "town", "blocks": (2, 2)}, ("", 0, 0), 70.0),
    "car park": Shown({"kind": "car_park"}, ("1", -1, 8), 35.0),
    "level crossing": Shown({"kind": "level_crossing", "closed": True, "road_type": "rural"}, ("1", -1, 118), 30.0),
    "toll plaza": Shown({"kind": "toll_plaza"}, ("1", -1, 162), 60.0),
}  # fmt: skip


def scenario(name: str, shown: Shown) -> Scenario:
    """The scenario in which a place is looked at."""
    road, lane, s = shown.start
    at = {"start": {"road": road, "lane": lane, "s_m": s}} if road else {}
    parked = 40 if name == "car park" else TRAFFIC["parked"]
    return Scenario(
        name=name.replace(" ", "_").replace("-", "_"),
        seed=11,
        duration_s=0.1,
        road={"country": shown.country, "place": shown.place},
        ego={"model": "hatchback", "follow_lane": at},
        traffic={**TRAFFIC, "parked": parked},
        surroundings=AROUND,
        rig="first_light",
    )  # type: ignore[arg-type]


def pictures(name: str, width: int, threads: int | None) -> NDArray[np.uint8]:
    """A place from the driver's seat, and from above, side by side (H, 2 W, 3)."""
    shown = PLACES[name]
    stage = simulate.stage(scenario(name, shown))
    snapshot = stage.at(0.0, -1e-3, 1e-3)
    day = environment(sun_elevation_deg=shown.sun_deg, sun_azimuth_deg=140.0, cloud_cover=0.35, visibility_m=30000.0)
    env = AmbientField(day, stage.still).around(snapshot.origin_m, partial(cast.run, threads=threads))
    local_from_ego = snapshot.local(snapshot.state.world_from_actor[EGO])
    height = shown.above_m
    behind = 8.0 - height / math.tan(ABOVE_PITCH) + 0.35 * height
    above = Pose(quaternion_from_euler(0.0, ABOVE_PITCH, 0.0), np.array([behind, 0.0, height]))
    row = []
    for ego_from_body, focal in ((SEAT, 0.75), (above, 0.95)):
        lens = Pinhole(width, width * 9 // 16, focal * width)
        pose = local_from_ego @ ego_from_body @ BODY_FROM_OPTICAL
        rows = Pose(np.tile(pose.rotation, (lens.height, 1)), np.tile(pose.translation, (lens.height, 1)))
        row.append(capture(snapshot.scene, env, lens, rows, keys.root(1), threads=threads)[2])
    return np.concatenate(row, axis=1)
