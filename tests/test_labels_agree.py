"""Masks, points and the table of objects tell of the same things, also where something seen is too far for the table."""

from __future__ import annotations

import numpy as np
import pytest
from test_end_to_end import small

from scenesim import simulate
from scenesim.batch.crosscheck import disagreements
from scenesim.labels import objects


def a_frame():
    place = {"kind": "crossing", "road_type": "town", "control": "lights"}
    around = {"reach_m": 40, "woods": 0, "buildings": 0}
    scenario = small(road={"place": place}, ego={}, actors=[], traffic={}, surroundings=around)
    return next(simulate.frames(scenario, only=range(1)))


@pytest.mark.parametrize("reach_m", [objects.NAMED_REACH_M, 1.0])
def test_what_is_too_far_for_the_table_has_no_label(monkeypatch, reach_m):
    monkeypatch.setattr(objects, "NAMED_REACH_M", reach_m)
    frame = a_frame()
    assert disagreements(frame) == []
    seen = np.union1d(np.unique(frame.images["front"].instance), np.unique(frame.sweeps["top"].instance))
    assert (len(seen) > 1) == (reach_m > 1.0)  # bicycles and the lights of the crossing are seen
