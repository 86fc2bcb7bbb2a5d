"""Who drives through whom: boxes that are in each other, against shapely's polygons."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from scenesim.base.frames import Pose
from scenesim.models import catalogue
from scenesim.models.catalogue import ModelRequest
from scenesim.world.collisions import WITHIN_M, collisions
from scenesim.world.timeline import ActorInfo, Timeline

REQUESTS = [ModelRequest("vehicle", "sedan"), ModelRequest("vehicle", "bus")]


def world(others, heights=None, name="other"):
    """A timeline of an ego at the origin and another at poses (K, 3): x, y, yaw."""
    others = np.asarray(others, float)
    k = len(others)
    up = np.zeros(k) if heights is None else np.asarray(heights)
    pose = Pose.of(np.column_stack([others[:, :2], up]), yaw=others[:, 2])
    ego = Pose.of(np.zeros((k, 3)), yaw=np.zeros(k))
    both = Pose(np.stack([ego.rotation, pose.rotation]), np.stack([ego.translation, pose.translation]))
    infos = (ActorInfo("ego", REQUESTS[0]), ActorInfo(name, REQUESTS[1]))
    return Timeline(np.arange(k) * 0.1, both, np.ones((2, k), bool), np.zeros((2, k, 1)), np.zeros((2, k), np.int32), infos)


def shape(request, x, y, yaw):
    model = catalogue.build(request).model
    (length, width, _), (cx, cy, _) = (np.subtract(model.size_lwh_m, WITHIN_M), model.box_center_m)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (length / 2, width / 2) + (cx, cy)
    c, s = math.cos(yaw), math.sin(yaw)
    return shapely.Polygon(corners @ np.array([[c, s], [-s, c]]) + (x, y))


def test_as_polygons_have_it():
    chance = np.random.default_rng(5)  # of the test alone
    places = np.column_stack([chance.uniform(-14, 14, 300), chance.uniform(-8, 8, 300), chance.uniform(-3, 3, 300)])
    mine = shape(REQUESTS[0], 0, 0, 0)
    truth = [mine.intersects(shape(REQUESTS[1], *p)) for p in places]
    assert 50 < sum(truth) < 250
    for place, hit in zip(places, truth):
        assert bool(list(collisions(world([place])))) == hit, place


def test_the_first_time_is_told_once():
    (found,) = collisions(world([(40, 0, 0), (25, 0, 0), (5, 0, 0), (2, 0, 0), (-30, 0, 0)]))
    assert (found.name, found.time_s) == ("other", pytest.approx(0.2))


def test_not_what_passes_above_nor_what_it_tows():
    assert not list(collisions(world([(0, 0, 0)], heights=[6.0])))
    assert not list(collisions(world([(0, 0, 0)], name="ego_trailer")))
