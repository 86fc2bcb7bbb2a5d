"""Waveforms of a sweep: what the receiver hears of each pulse, sampled, where it is more than noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base.keys import Key
from scenesim.capture import cast
from scenesim.capture.frame import Waveforms
from scenesim.kernels import echoes
from scenesim.kernels.packed import F32, I32
from scenesim.sensors import ranging
from scenesim.sensors.lidar import LIGHT_M_S, Lidar
from scenesim.sensors.ranging import Air
from scenesim.sensors.scan import Pulses

GRAIN = 2048


def record(
    lidar: Lidar, air: Air, key: Key, pulses: Pulses, place: NDArray[np.int64], gain: NDArray[np.float64],
    silent: NDArray[np.bool_] | None, value: F32, deeper: I32, more: echoes.More | None, room: int, threads: int | None = None,
) -> Waveforms:  # fmt: skip
    """Waveforms of the returns `value` (C, 5) of N pulses at their places, as kernels.echoes.find reads them. room: returns of
    a pulse at most. silent: (N,) pulses that are not listened to. The sensor has `waveform_ns`."""
    n, step_m = len(pulses.ring), 0.5e-9 * LIGHT_M_S * float(lidar.waveform_ns or 1.0)
    receiver, falling = ranging.receiver(lidar, air), ranging.in_the_beam(lidar, air)
    response, step = ranging.soft_target(lidar, air)
    parts: dict[int, tuple[I32, F32]] = {}

    def hear(begin: int, end: int) -> None:
        def run(first: I32, power: F32) -> tuple[int, int]:
            return echoes.heard(
                np.uint64(key), place, receiver, falling, response, step, gain, value, deeper, lidar.sub_rays, more, step_m,
                begin, end, np.empty((room, 8)), first, len(first), power,
            )  # fmt: skip

        stretches, samples = run(np.empty((0, 3), np.int32), np.empty(0, np.float32))
        first, power = np.empty((stretches, 3), np.int32), np.empty(samples, np.float32)
        if stretches:
            run(first, power)
        parts[begin] = first, power

    cast.run(hear, n, GRAIN, threads=threads)
    first = np.concatenate([parts[k][0] for k in sorted(parts)])
    power = np.concatenate([parts[k][1] for k in sorted(parts)])
    if silent is not None:
        kept = ~silent[first[:, 0]]
        first, power = first[kept], power[np.repeat(kept, first[:, 2])]
    ends = np.concatenate([[0], np.cumsum(first[:, 2], dtype=np.int64)])
    pulse, start = first[:, 0], (first[:, 1] * step_m).astype(np.float32)
    return Waveforms(pulses.ring[pulse], pulses.column[pulse], start, ends, power, step_m)
