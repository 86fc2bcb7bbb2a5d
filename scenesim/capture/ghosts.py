"""Points of nothing: light of another lidar, and noise that is taken for a return."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.keys import Key
from scenesim.kernels import echoes
from scenesim.kernels.echoes import Echoes
from scenesim.sensors.lidar import Lidar

LOUDEST = 3.0  # crosstalk over the threshold


def add(out: Echoes, lidar: Lidar, key: Key, silent: NDArray[np.bool_] | None) -> None:
    """Put crosstalk and false alarms among the echoes of N pulses, as the sensor would choose them.

    Both come at any time between its range gates. False alarms are as loud as the threshold; light of another lidar is somewhat
    louder. silent: (N,) pulses that are not listened to.
    """
    kinds = ((lidar.faults.crosstalk, echoes.CROSSTALK, LOUDEST), (lidar.false_alarms, echoes.FALSE_ALARM, 1.05))
    for share, hit, loudest in kinds:
        if share <= 0.0:
            continue
        rng = keys.generator(keys.derive(key, echoes.HITS[hit]))
        chosen, place, loud = rng.uniform(size=(3, len(out.total)))
        chosen = chosen < share
        if silent is not None:
            chosen &= ~silent
        for i in np.flatnonzero(chosen):
            r = lidar.min_range_m + place[i] * (lidar.max_range_m - lidar.min_range_m)
            if lidar.range_quantum_m > 0.0:
                r = np.floor(r / lidar.range_quantum_m + 0.5) * lidar.range_quantum_m
            _put(out, lidar, int(i), float(r), lidar.threshold * (1.0 + (loudest - 1.0) * loud[i]), hit)


def _put(out: Echoes, lidar: Lidar, i: int, r: float, power: float, hit: int) -> None:
    """Put an echo of a power at range r among those of pulse i, and take off what the sensor then does not report."""
    slots = out.number.shape[1]
    kept = [e for e in range(slots) if out.number[i, e]]
    before = sum(out.value[i, e, echoes.RANGE] <= r for e in kept)
    number = 1 if not kept else int(out.number[i, kept[before - 1]]) + 1 if before else int(out.number[i, kept[0]])
    rows = [
        (out.value[i, e].copy(), out.true[i, e], out.row[i, e], out.hit[i, e], out.number[i, e] + (k >= before))
        for k, e in enumerate(kept)
    ]
    intensity = power * max(r, lidar.focus_m) ** 2
    rows.insert(before, (np.array([r, power, intensity, np.nan, 1.0], np.float32), np.nan, -1, hit, number))
    out.total[i] += 1
    out.number[i] = 0
    for slot, k in enumerate(_reported([row[0][echoes.POWER] for row in rows], lidar.returns, slots)):
        out.value[i, slot], out.true[i, slot], out.row[i, slot], out.hit[i, slot], out.number[i, slot] = rows[k]


def _reported(power: list[float], returns: str, slots: int) -> list[int]:
    """Which of echoes in order of range a sensor reports."""
    last = len(power) - 1
    if returns == "last":
        return [last]
    by_power = sorted(range(len(power)), key=lambda k: -power[k])
    if returns == "strongest" or len(power) <= slots:
        return sorted(by_power[:slots])
    return sorted([k for k in by_power if k != last][: slots - 1]) + [last]
