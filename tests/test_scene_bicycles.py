"""Bicycles at racks: beside hoops, on their wheels, off the carriageway, and nothing else moves for them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from place_cases import PLACE_OF, of

from scenesim.base.keys import Key
from scenesim.models import catalogue
from scenesim.scene import bicycle_parking, ground
from scenesim.scene.site import Site
from scenesim.scene.surroundings import Surroundings, surroundings

TUBE_M = 0.024  # radius of a hoop


@pytest.fixture(scope="module")
def place():
    """What surroundings are made of: a crossing, its ground, and the way of the ego."""
    m = of(("crossing", PLACE_OF["crossing"][0]))
    x, y, _ = m.network.roads["1"].line.at(0.25 * m.network.roads["1"].length + np.array([0.0, 30.0]))
    way = np.stack([x, y], 1)
    return m, ground.build(m, way, 75.0), Key(1), Surroundings(clutter=1.0), way, 70.0


@pytest.fixture(scope="module")
def street(place):
    placed = surroundings(*place)
    return place[1], placed, [p for p in placed if p.name == bicycle_parking.NAME]


def test_nothing_else_moves_for_bicycles(place, street, monkeypatch):
    monkeypatch.setattr(bicycle_parking, "park", lambda placed, site, key: [])
    without = surroundings(*place)
    others = [p for p in street[1] if p.name != bicycle_parking.NAME]
    assert [p.request for p in others] == [p.request for p in without] and len(without) > 20
    for p, q in zip(others, without):
        assert (p.world_from_object.translation == q.world_from_object.translation).all()


def test_bicycles_stand_on_both_wheels_off_the_carriageway(street):
    land, _, parked = street
    site = Site(land)
    assert len(parked) >= 5
    for p in parked:
        wheels = p.world_from_object.apply(np.array([[0.0, 0, 0], [bicycle_parking.WHEELBASE_M, 0, 0]]))
        assert np.abs(site.height(wheels[:, :2]) - wheels[:, 2]).max() < 0.01
        ends = p.world_from_object.apply(np.array([[-0.385, 0.3, 0], [-0.385, -0.3, 0], [1.385, 0, 0]]))
        assert site.paved.distance(shapely.MultiPoint(ends[:, :2]).convex_hull) > 0.5


def test_frames_lean_on_hoops_and_do_not_pass_through_them(street):
    _, placed, parked = street
    racks = [p.world_from_object for p in placed if p.request is not None and p.request.name == "bicycle_rack"]
    for p in parked:
        rack = min(racks, key=lambda r: float(((r.translation - p.world_from_object.translation) ** 2).sum()))
        body = catalogue.build(p.request).model
        points = np.concatenate([part.model_from_part.apply(part.mesh.vertices) for part in body.parts])
        own = rack.inverse().apply(p.world_from_object.apply(points))
        hoop = min(bicycle_parking.HOOPS_M, key=lambda h: abs(float(own[:, 0].mean()) - h))
        line = np.array([(-0.38, -0.3), (-0.38, 0.7), (-0.28, 0.8), (0.28, 0.8), (0.38, 0.7), (0.38, -0.3)])
        line = np.column_stack([np.full(6, hoop), line])
        nearest = np.min([_from_segment(own, a, b) for a, b in zip(line, line[1:])], axis=0).min()
        assert TUBE_M - 0.004 < nearest < TUBE_M + 0.05, "by the hoop, not in it"
        wheels, saddle = own[own[:, 2] < 0.03, 0].mean(), own[own[:, 2] > 0.95, 0].mean()
        assert abs(saddle - hoop) < abs(wheels - hoop), "it leans to the hoop, not away"


def _from_segment(p, a, b):
    """Distances of points (n, 3) from the segment a, b."""
    u = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
    return np.sqrt(((p - a - u[:, None] * (b - a)) ** 2).sum(1))
