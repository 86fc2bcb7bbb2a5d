"""Sweeps of a whole street, as instruments ship, against what real sweeps of towns hold."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim import simulate
from scenesim.scenario.load import load
from scenesim.scenario.model import Scenario

# Sensor, share of pulses that come back in real sweeps by day.
# The HDL-32E is left out: nuScenes has 0.77 in wide streets, this narrow one 0.89.
RATES = {"hdl64e": 0.90, "os1_128": 0.82, "os2_128": 0.91}


@pytest.fixture(scope="module")
def street():
    """sensor -> range image (rings, columns), 0 for nothing."""
    sensors = {n: {"sensor": f"lidar_{n}", "position_m": [0.95, 0, 1.85]} for n in RATES}
    scenario = Scenario(**{**load("first_light").model_dump(exclude_unset=True), "rig": {"rate_hz": 10, "sensors": sensors}})
    (frame,) = simulate.frames(scenario, only=range(5, 6), threads=2)
    images = {}
    for name, s in frame.sweeps.items():
        images[name] = np.zeros((int(s.ring.max()) + 1, int(s.column.max()) + 1))
        images[name][s.ring, s.column] = s.range_m
    return images


@pytest.mark.parametrize("sensor", RATES)
def test_how_many_pulses_come_back(street, sensor):
    """L16: of all, and fewer of those that look up; every ring brings something."""
    back = street[sensor] > 0
    rings = back.mean(1)
    assert back.mean() == pytest.approx(RATES[sensor], abs=0.07)
    n = len(rings)
    assert rings[-n // 4 :].mean() < rings[n // 3 : 2 * n // 3].mean() and rings.min() > 0.3


@pytest.mark.parametrize("sensor", ["os1_128", "os2_128"])
def test_pulses_that_drop_out_between_two_others(street, sensor):
    """L17."""
    r = street[sensor]
    hole = (r[:, 1:-1] == 0) & (r[:, 2:] > 0) & (r[:, :-2] > 0)
    assert 0.005 < hole.sum() / (r > 0).sum() < 0.04
