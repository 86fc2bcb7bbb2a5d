"""Lamps of light-emitting diodes that are dimmed by switching: a short exposure may fall between two pulses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.kernels.packed import INSTANCE, PackedScene
from scenesim.models.model import LAMP_BITS

DIODES = ("position", "brake", "indicator_left", "indicator_right", "red", "amber", "green", "blue_left", "blue_right")
SWITCHED = sum(LAMP_BITS[n] for n in DIODES)


class Lens(Protocol):
    """What is needed of a camera's spec."""

    def row_time_s(self) -> NDArray[np.float64]:
        """(H,) s of each row, relative to the trigger's reference time."""
        ...

    def project(self, points) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(pixels (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        ...


@dataclass(frozen=True)
class Pulses:
    """How diodes are switched: how often a second, for what share of the time; key: of the phases, one a lamp's owner."""

    hz: float
    duty: float
    key: Key

    def dark(self, owner: str, middle_s: float, exposure_s: float) -> bool:
        """Whether an exposure about a time on the scenario's clock sees nothing of an owner's lamps: it does so for
        max(0, 1 - duty - exposure x frequency) of all phases."""
        phase = float(keys.generator(keys.derive(self.key, owner)).uniform())
        begins = self.hz * (middle_s - 0.5 * exposure_s) + phase
        begins -= math.floor(begins)
        return begins >= self.duty and begins + self.hz * exposure_s <= 1.0


def seen(
    scene: PackedScene, pulses: Pulses, camera: Lens, camera_at: Callable[[NDArray[np.float64]], Pose], time_s: float,
    exposure_s: float,
) -> PackedScene:  # fmt: skip
    """The scene with those lamps dark that this exposure misses. time_s: of the trigger, on the scenario's clock. Lamps of one
    owner are switched together, at the time of the row that its origin is on; the light that they throw on others stays."""
    column = INSTANCE["lamps"]
    bits = scene.params[:, column].astype(np.int32)
    lit = np.flatnonzero(bits & SWITCHED)
    if not len(lit):
        return scene
    rows = camera.row_time_s()
    inverse = camera_at(np.array([rows[len(rows) // 2]]))[0].inverse()
    pixels, valid = camera.project(inverse.apply(scene.pose[len(scene.pose) // 2, lit, 4:].astype(float)))
    row = np.clip(np.where(valid, pixels[:, 1], len(rows) / 2), 0, len(rows) - 1).astype(int)
    params = scene.params.copy()
    first: dict[str, bool] = {}
    for k, r in zip(lit, row):
        owner = f"actor {scene.actor[k]}" if scene.actor[k] >= 0 else f"thing {k}"
        if owner not in first:
            first[owner] = pulses.dark(owner, time_s + float(rows[r]), exposure_s)
        if first[owner]:
            params[k, column] = float(bits[k] & ~SWITCHED)
    return scene._replace(params=params)
