"""Random scenes of every kind of place: nothing is in anything else, nothing floats, no two are laid out alike."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from scenesim.base.frames import Pose
from scenesim.models.catalogue import ModelRequest
from scenesim.world import population
from scenesim.world.population import Crowd
from tools import scenes, solid

NUMBERS = (3, 10, 15, 16, 17)  # python -m tools.scenes 1000 draws as many as there is time for


@pytest.fixture(scope="module")
def laid():
    """Scenes with few kinds of people, for models cost most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(population, "PEOPLE_VARIANTS", 1)
        return [scenes.Laid.out(n) for n in NUMBERS]


def test_nothing_is_in_anything_else(laid):
    found = [str(f) for scene in laid for f in scene.overlaps()]
    assert not found, "\n".join(found)


def test_nothing_floats(laid):
    found = [str(f) for scene in laid for f in scene.floating()]
    assert not found, "\n".join(found)


def test_no_two_scenes_are_alike(laid):
    assert len({scene.histogram() for scene in laid}) == len(laid)


def test_bodies_that_are_in_each_other_are_found_by_how_far():
    car = solid.of(ModelRequest("vehicle", "hatchback"))
    here = car.at(Pose.identity())
    low = max(o.bounds[3] for o in car.outlines[:2])  # half the width below the mirrors
    beside = [car.at(Pose.of((0.0, 2 * low - inside, 0.0))).depth_m(here) for inside in (-0.6, -0.3, 0.1, 0.3)]
    assert beside[0] == 0.0 and beside[2] > 0.04 and beside[3] > 0.15
    assert car.at(Pose.of((0.0, 0.5, 6.0))).depth_m(here) == 0.0  # on a bridge above
    assert car.outlines[-1] is None and isinstance(car.outlines[0], shapely.geometry.base.BaseGeometry)


def test_ways_on_foot_keep_apart_in_time_and_from_what_stands():
    crowd, u = Crowd(), np.linspace(0.0, 10.0, 41)
    crowd.stand(np.array([[5.0, 3.0, 0.3]]))
    assert crowd.walk(np.column_stack([u, np.zeros(41)]), 0.4)
    assert not crowd.walk(np.column_stack([10 - u, np.full(41, 0.5)]), 0.4)  # they meet in the middle
    assert crowd.walk(np.column_stack([u - 2.0, np.full(41, 0.2)]), 0.4)  # behind the first
    assert not crowd.walk(np.column_stack([u, np.full(41, 3.2)]), 0.4)  # through what stands
