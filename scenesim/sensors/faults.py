"""What can be wrong with a lidar: a frozen spec, and small pure functions of it and of the pulses.

Nothing here changes what is not faulty: every fault has its own chance, and pulses that it does not touch keep their bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose, quaternion_from_euler, quaternion_rotate
from scenesim.base.keys import Key
from scenesim.sensors.fields import Fields
from scenesim.sensors.scan import Pulses

Array = NDArray[np.float64]
ANGLES = ("roll_deg", "pitch_deg", "yaw_deg")
PATCHES = 24  # waves that make up the dirt on a window


@dataclass(frozen=True, eq=False)
class Faults:
    """The faults of one lidar; `plain` is empty for a sound one.

    plain: as a rig has them. dead: (n,) rings that bring nothing. blocked: (4,) azimuth from and to, elevation from and to,
    rad, or none. dirt: mean share of the light that the window keeps back, once through. dirt_rad: size of a spot. dirt_seed.
    jitter_rad: standard deviation of where a pulse goes, stamp_s: of its time stamp. lost_share: of packets; lost_columns:
    firings in one. misaligned: written_from_true lidar frame, or none. shake_rad, shake_m: (3,) amplitudes of roll, pitch, yaw
    and x, y, z, shake_hz. crosstalk: share of pulses that get light of another lidar.
    """

    plain: Mapping[str, Any]
    dead: tuple[int, ...] = ()
    blocked: tuple[float, ...] = ()
    dirt: float = 0.0
    dirt_rad: float = 0.1
    dirt_seed: int = 0
    jitter_rad: float = 0.0
    stamp_s: float = 0.0
    lost_share: float = 0.0
    lost_columns: int = 12
    misaligned: Pose | None = None
    shake_rad: tuple[float, ...] = (0.0, 0.0, 0.0)
    shake_m: tuple[float, ...] = (0.0, 0.0, 0.0)
    shake_hz: float = 0.0
    crosstalk: float = 0.0

    def to_plain(self) -> dict[str, Any]:
        """As a rig has them; `read` reads it back."""
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in self.plain.items()}


def read(fields: Fields) -> Faults:
    """The faults of a mapping, all of which may be left out::

        dead_beams: [3, 17]                                             # rings
        blocked_window: {azimuth_deg: [20, 40], elevation_deg: [-90, 90]}
        dirty_window: {loss: 0.3, spot_deg: 6, seed: 1}                 # in the mean, once through
        jitter: {angle_deg: 0.03, stamp_us: 20}
        lost_packets: {share: 0.02, columns: 12}
        misalignment: {roll_deg: 0, pitch_deg: 0.5, yaw_deg: 1.0, position_m: [0, 0, 0.02]}
        vibration: {frequency_hz: 30, roll_deg: 0, pitch_deg: 0.1, yaw_deg: 0, position_m: [0, 0, 0.001]}
        crosstalk: {share: 0.001}

    Raises InputError with the place of what is wrong.
    """
    more: dict[str, Any] = {}
    if fields.has("dead_beams"):
        more["dead"] = tuple(int(r) for r in fields.numbers("dead_beams", low=0, high=65535))
    if fields.has("blocked_window"):
        part = fields.part("blocked_window")
        azimuth = part.numbers("azimuth_deg", 2, low=-360, high=360)
        elevation = part.numbers("elevation_deg", 2, low=-90, high=90) if part.has("elevation_deg") else (-90.0, 90.0)
        more["blocked"] = tuple(math.radians(a) for a in (*azimuth, *elevation))
        part.finish()
    if fields.has("dirty_window"):
        part = fields.part("dirty_window")
        more["dirt"] = part.number("loss", low=0.0, high=0.95)
        more["dirt_rad"] = math.radians(part.number("spot_deg", 6.0, low=0.2, high=90.0))
        more["dirt_seed"] = part.integer("seed", 0, low=0, high=2**31)
        part.finish()
    if fields.has("jitter"):
        part = fields.part("jitter")
        more["jitter_rad"] = math.radians(part.number("angle_deg", 0.0, low=0.0, high=5.0))
        more["stamp_s"] = part.number("stamp_us", 0.0, low=0.0, high=1e5) * 1e-6
        part.finish()
    if fields.has("lost_packets"):
        part = fields.part("lost_packets")
        more["lost_share"] = part.number("share", low=0.0, high=1.0)
        more["lost_columns"] = part.integer("columns", 12, low=1, high=65535)
        part.finish()
    if fields.has("misalignment"):
        part = fields.part("misalignment")
        roll, pitch, yaw = (math.radians(part.number(a, 0.0, low=-45.0, high=45.0)) for a in ANGLES)
        more["misaligned"] = Pose.of(_position(part), roll=roll, pitch=pitch, yaw=yaw)
        part.finish()
    if fields.has("vibration"):
        part = fields.part("vibration")
        more["shake_hz"] = part.number("frequency_hz", above=0.0, high=2000.0)
        more["shake_rad"] = tuple(math.radians(part.number(a, 0.0, low=0.0, high=10.0)) for a in ANGLES)
        more["shake_m"] = _position(part)
        part.finish()
    if fields.has("crosstalk"):
        part = fields.part("crosstalk")
        more["crosstalk"] = part.number("share", low=0.0, high=0.5)
        part.finish()
    fields.finish()
    return Faults({k: fields.values[k] for k in fields.values}, **more)


def _position(part: Fields) -> tuple[float, ...]:
    return part.numbers("position_m", 3, low=-1.0, high=1.0) if part.has("position_m") else (0.0, 0.0, 0.0)


class Aim(NamedTuple):
    """Where pulses go, in the lidar frame as the calibration has it: (N, 3) direction and origin_m."""

    direction: Array
    origin_m: Array


def aim(faults: Faults, pulses: Pulses, time_s: float, key: Key) -> Aim:
    """Where the pulses of a sweep go. time_s: of the trigger, on the scenario's clock, for the phase of what shakes."""
    direction, origin = pulses.direction, pulses.origin_m
    if faults.jitter_rad > 0.0:
        draw = keys.generator(keys.derive(key, "jitter")).standard_normal((len(direction), 3)) * faults.jitter_rad
        direction = direction + draw
        direction = direction / np.sqrt((direction * direction).sum(-1, keepdims=True))
    if faults.shake_hz > 0.0:
        turn, shift = shaken(faults, time_s + pulses.time_offset_s)
        direction, origin = quaternion_rotate(turn, direction), quaternion_rotate(turn, origin) + shift
    if faults.misaligned is not None:
        direction, origin = faults.misaligned.rotate(direction), faults.misaligned.apply(origin)
    return Aim(direction, origin)


def shaken(faults: Faults, time_s: Array) -> tuple[Array, Array]:
    """(rotation (N, 4), shift (N, 3) m) of a lidar that vibrates, at times (N,): sines, a third of a turn from axis to axis."""
    turns = faults.shake_hz * time_s
    phase = 2 * np.pi * ((turns - np.floor(turns))[:, None] + np.arange(3) / 3.0)
    wave = np.sin(phase)
    roll, pitch, yaw = (wave[:, k] * a for k, a in enumerate(faults.shake_rad))
    return quaternion_from_euler(roll, pitch, yaw), wave * np.array(faults.shake_m)


def stamps(faults: Faults, pulses: Pulses, key: Key) -> Array:
    """(N,) time stamps of pulses, from the reference time."""
    if faults.stamp_s <= 0.0:
        return pulses.time_offset_s
    noise = keys.generator(keys.derive(key, "stamps")).standard_normal(len(pulses.time_offset_s))
    return pulses.time_offset_s + faults.stamp_s * noise


def window(faults: Faults, pulses: Pulses) -> Array | None:
    """(N,) share of the light that a dirty window lets through, there and back; None: all of it.

    Dirt is a sum of waves over the window, as wide as a spot; what it keeps back has the mean `dirt` and is all or nothing at
    the extremes.
    """
    if faults.dirt <= 0.0:
        return None
    rng = keys.generator(keys.derive(keys.root(faults.dirt_seed), "dirt"))
    wave = rng.standard_normal((PATCHES, 3)) / faults.dirt_rad
    phase = rng.uniform(0.0, 2 * np.pi, PATCHES)
    field = np.zeros(len(pulses.told))
    for k in range(PATCHES):
        field += np.cos((pulses.told * wave[k]).sum(-1) + phase[k])
    field *= math.sqrt(2.0 / PATCHES)  # of variance 1
    loss = np.clip(faults.dirt * (1.0 + 0.7 * field), 0.0, 1.0)
    return (1.0 - loss) ** 2


def silent(faults: Faults, pulses: Pulses, key: Key) -> NDArray[np.bool_] | None:
    """(N,) pulses of which nothing is heard: of dead beams, through what blocks the window, in packets that were lost."""
    found = np.zeros(len(pulses.ring), bool)
    if faults.dead:
        found |= np.isin(pulses.ring, np.array(faults.dead))
    if faults.blocked:
        begin, end, low, high = faults.blocked
        width, past = end - begin, pulses.azimuth_rad - begin
        past -= 2 * np.pi * np.floor(past / (2 * np.pi))
        found |= (past <= width) & (pulses.elevation_rad >= low) & (pulses.elevation_rad <= high)
    if faults.lost_share > 0.0:
        packet = pulses.column.astype(np.int64) // faults.lost_columns
        lost = keys.generator(keys.derive(key, "packets")).uniform(size=int(packet.max()) + 1) < faults.lost_share
        found |= lost[packet]
    return found if found.any() else None
