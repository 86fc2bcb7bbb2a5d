"""Bicycles that were left at the hoops of bicycle racks, on the ground and leant against a hoop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import atan2

import numpy as np
import shapely

from scenesim.base.frames import Pose, quaternion_from_euler
from scenesim.base.keys import Key, derive, generator
from scenesim.models import catalogue
from scenesim.models.catalogue import EMPTY, ModelRequest
from scenesim.scene.placement import Placement
from scenesim.scene.site import Site, rectangle

NAME = "parked_bicycle"
HOOPS_M = (-1.35, -0.45, 0.45, 1.35)  # along a rack, as in assets/roadside/bicycle_rack.yaml
TAKEN = 0.6  # share of hoops with a bicycle: a guess
BESIDE_M, LEAN_RAD = 0.11, 0.065  # the frame of a bicycle leans to the hoop: the upper end is 6 cm nearer
MIDDLE_M, MIDDLE_X_M = 0.45, 0.5  # middle of a bicycle from that of its hoop, and from its rear axle
LENGTH_M, WIDTH_M, WHEELBASE_M, RACK_M = 1.77, 0.74, 1.04, 0.92
WALKED_M = 0.6  # that stays free before the kerb: one person passes


def park(placed: Iterable[Placement], site: Site, key: Key) -> Iterator[Placement]:
    """Bicycles at the racks among what was placed, their front wheels between hoop and wall, their rear ones to the street."""
    racks = [p for p in placed if p.request is not None and p.request.name == "bicycle_rack"]
    for n, rack in enumerate(racks):
        g = generator(derive(key, n))
        at, yaw = rack.world_from_object, float(rack.world_from_object.yaw())
        to_kerb = min((1.0, -1.0), key=lambda s: site.paved.distance(shapely.Point(at.apply([0.0, 2.0 * s, 0.0])[:2])))
        for hoop in HOOPS_M:
            taken, turned = g.uniform() < TAKEN, float(g.uniform(-0.015, 0.015))
            paint = catalogue.paints()[str(g.choice(list(catalogue.paints())))]["albedo"]
            x = hoop + to_kerb * BESIDE_M  # the hoop is on the right, where the pedal is the rear one
            behind = MIDDLE_M + LENGTH_M / 2 - RACK_M / 2  # what a bicycle needs beyond the rack
            middle = at.apply([x, to_kerb * (RACK_M + behind) / 2, 0.0])
            room = rectangle(float(middle[0]), float(middle[1]), yaw, WIDTH_M, behind)
            if not taken or site.paved.distance(room) < WALKED_M or not site.claim(room, "carriageway"):
                continue
            ahead = yaw - to_kerb * np.pi / 2 + turned
            axle = at.apply([x, to_kerb * (MIDDLE_M + MIDDLE_X_M), 0.0])
            request = ModelRequest("vehicle", "bicycle", options=(EMPTY,))
            yield Placement(_stood(site, axle, ahead, LEAN_RAD), request, params=tuple(map(float, paint)), name=NAME)


def _stood(site: Site, axle: np.ndarray, yaw: float, roll: float) -> Pose:
    """World pose of a bicycle with both wheels on the ground. axle: (3,) below the rear one."""
    front = axle[:2] + WHEELBASE_M * np.array([np.cos(yaw), np.sin(yaw)])
    low, high = site.height([axle[:2], front], [axle[2], axle[2]]).tolist()
    return Pose(quaternion_from_euler(roll, -atan2(high - low, WHEELBASE_M), yaw), np.array([axle[0], axle[1], low]))
