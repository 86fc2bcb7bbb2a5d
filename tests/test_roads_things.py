"""Every kind of place: nothing that stands beside the road stands in anything else, nor on a lane."""

from __future__ import annotations

import numpy as np
import pytest
from place_cases import PLACE_OF, of

from scenesim.base.keys import Key
from scenesim.models import building, catalogue
from scenesim.scenario.model import PLACES
from scenesim.scene import bicycle_parking, ground
from scenesim.scene.surroundings import Surroundings, surroundings
from scenesim.world.lanes import lane_at

ABOVE = {"wire", "tunnel_ring", "toll_canopy", "gantry"}  # one drives under them
BROAD = {"bus_shelter"}  # as high as a post, but not one
TRUNK_M = 0.2


def footprint(p):
    """(middle, axes (2, 2), half sizes) of what a thing covers at the ground."""
    ahead, left = 0.0, 0.0
    if p.request.kind == "building":
        d = building.draw(p.request.name, Key(p.request.key))  # without eaves and balconies
        length, width = d.depth_m, d.width_m
    elif p.request.kind == "vegetation" and "hedge" not in p.request.name:
        length, width = TRUNK_M, TRUNK_M
    else:
        model = catalogue.build(p.request).model
        length, width, height = model.size_lwh_m
        ahead, left = model.box_center_m[:2]
        if p.request.kind == "roadside" and height > 2.0 and p.request.name not in BROAD:
            length, width, ahead, left = TRUNK_M, TRUNK_M, 0.0, 0.0  # posts
    yaw = float(p.world_from_object.yaw())
    c, s = np.cos(yaw), np.sin(yaw)
    axes = np.array([[c, s], [-s, c]])
    return p.world_from_object.translation[:2] + np.array([ahead, left]) @ axes, axes, np.array([length, width]) / 2 * 0.96


def overlaps(a, b):
    """Whether two rectangles share an area: they do if no axis of either parts them."""
    between = b[0] - a[0]
    for axis in (*a[1], *b[1]):
        reach = sum(float(half @ np.abs(axes @ axis)) for _, axes, half in (a, b))
        if abs(between @ axis) >= reach - 0.01:
            return False
    return True


@pytest.mark.parametrize("case", [(kind, PLACE_OF[kind][0]) for kind in PLACES], ids=str)
def test_nothing_stands_in_anything_else_or_on_a_lane(case):
    m = of(case)
    x, y, _ = m.network.roads["1"].line.at(0.25 * m.network.roads["1"].length + np.array([0.0, 30.0]))
    around = np.stack([x, y], 1)
    land = ground.build(m, around, 50.0)
    for seed in (1, 2) if case[0] == "crossing" else (1,):
        placed = [
            p
            for p in surroundings(m, land, Key(seed), Surroundings(), around, 45.0)
            if p.request is not None and p.request.name not in ABOVE
        ]
        shapes = [footprint(p) for p in placed]
        assert placed
        for k, (p, shape) in enumerate(zip(placed, shapes)):
            z = p.world_from_object.translation[2]
            assert np.isfinite(z)
            ends = np.array([[1, 1], [-1, -1]]) if shape[2].max() > TRUNK_M else np.zeros((1, 2))
            corners = shape[0] + ends * shape[2] @ shape[1]
            for corner in corners:
                assert lane_at(m, *corner.tolist(), float(z)) is None, (p.request.name, corner)
            for other, beside in zip(placed[:k], shapes[:k]):
                if p.name == bicycle_parking.NAME and other.request.name == "bicycle_rack":
                    continue  # its front wheel is between the hoops
                assert not overlaps(shape, beside), (p.request, other.request, shape[0])
