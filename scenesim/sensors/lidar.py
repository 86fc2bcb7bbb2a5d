"""Spinning lidars: a frozen spec, and the pulses of one revolution as a pure function of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.sensors.camera import pose_from_plain, pose_to_plain
from scenesim.sensors.fields import Fields

SPIN = {"clockwise": -1.0, "counter_clockwise": 1.0}  # seen from above; sign of the rotation about z
WAVELENGTHS_NM = (800.0, 1650.0)
MOST_PULSES = 4_000_000
RETURNS = ("strongest", "last", "dual")  # dual: the strongest and the last, or where they are one, the two strongest
SUB_RAYS = {1: (1,), 3: (3,), 7: (1, 6), 19: (1, 6, 12)}  # rays on each ring about the axis of a beam
LIGHT_M_S = 299792458.0
DIVERGENCE_MRAD = (3.0, 1.5)  # where a sensor does not say: usual for those that turn
FOCUS_OVER_REACH = 0.06  # by the two that are fitted
SOFT_GAIN = 0.095  # see sensors/ranging.py


class Pulses(NamedTuple):
    """The N pulses of a revolution, in firing order, lidar frame (x forward, y left, z up) of the pulse's own time.

    ring: (N,) uint16, 0 the lowest beam. column: (N,) uint16 firing. azimuth_rad: (N,) counter-clockwise from x, -pi to pi.
    elevation_rad: (N,). time_offset_s: (N,) from the trigger's reference time. direction: (N, 3) unit. origin_m: (N, 3) where
    the beam leaves the sensor, from which ranges count.
    """

    ring: NDArray[np.uint16]
    column: NDArray[np.uint16]
    azimuth_rad: NDArray[np.float64]
    elevation_rad: NDArray[np.float64]
    time_offset_s: NDArray[np.float64]
    direction: NDArray[np.float64]
    origin_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Lidar:
    """One spinning lidar on the ego, of B beams, in the order of the maker's table.

    elevation_rad, azimuth_offset_rad: (B,), offsets counter-clockwise seen from above. fire_time_s: (B,) from the start of a
    firing of all beams, which takes firing_s; a revolution has `columns` of them. rate_hz: revolutions a second. spin: a key of
    SPIN. beam_origin_m: distance of the beams' origin from the axis. min_range_m, max_range_m: of what is reported. reach_m: at
    which a surface of reach_reflectance that faces the sensor is just seen: the one point that fixes the power threshold.
    range_noise_m: standard deviation at full power; range_noise_at_reach_m: what a return at the threshold adds to it, which
    falls with the root of the power. range_quantum_m: step of the ranges. wavelength_nm: decides the reflectance.
    divergence_rad: (2,) across (along the azimuth) and up, full angle in which a Gaussian beam has 86 % of its energy (1/e^2).
    sub_rays: a key of SUB_RAYS, the rays that stand for a beam. pulse_s: half-power width of a pulse. returns: one of RETURNS.
    aperture_m: width of the beam where it leaves. focus_m: nearer than this power does not grow any more as 1/R^2, because the
    image of the spot is wider than the detector. soft_gain: what the receiver makes of light that air scatters back over
    metres, 1 being an echo of the same energy from a surface: less, because it is tuned to short pulses. ego_from_lidar: pose.
    """

    name: str
    model: str
    elevation_rad: NDArray[np.float64]
    azimuth_offset_rad: NDArray[np.float64]
    fire_time_s: NDArray[np.float64]
    firing_s: float
    columns: int
    rate_hz: float
    spin: str
    beam_origin_m: float
    min_range_m: float
    max_range_m: float
    reach_m: float
    reach_reflectance: float
    range_noise_m: float
    range_noise_at_reach_m: float
    range_quantum_m: float
    wavelength_nm: float
    divergence_rad: NDArray[np.float64]
    sub_rays: int
    pulse_s: float
    returns: str
    aperture_m: float
    soft_gain: float
    focus_m: float
    ego_from_lidar: Pose

    @property
    def threshold(self) -> float:
        """The least power that is seen, as reflectance over squared metres: P = rho cos(incidence) / R^2."""
        return self.reach_reflectance / self.reach_m**2

    @property
    def separation_m(self) -> float:
        """Echoes nearer to each other than this are one: half of the way that light goes while a pulse lasts."""
        return 0.5 * LIGHT_M_S * self.pulse_s

    @cached_property
    def sub_ray_offsets(self) -> NDArray[np.float64]:
        """(sub_rays, 2) places about the axis, of the same energy each, in standard deviations of the beam.

        Rings share out the energy; their radii are the root mean squares of the Gaussian's there, and all together keep its
        variance. So neither the mean nor the spread of ranges on a
        slanted plane depends on their number.
        """
        rings = SUB_RAYS[self.sub_rays]
        edges = np.cumsum((0, *rings)) / self.sub_rays
        square, places = [], []
        for k, count in enumerate(rings):
            # Mean of r^2 / (2 sigma^2) = -ln q over the share of energy, q being what lies outside.
            inner, outer = (q - q * math.log(q) if q > 0.0 else 0.0 for q in (1.0 - edges[k], 1.0 - edges[k + 1]))
            square.append(0.0 if count == 1 else 2.0 * (inner - outer) * self.sub_rays / count)
            angle = 2 * np.pi * (np.arange(count) + 0.5 * k) / count
            places.append(math.sqrt(square[-1]) * np.stack([np.cos(angle), np.sin(angle)], -1))
        variance = sum(s * count for s, count in zip(square, rings)) / (2 * self.sub_rays)
        return np.concatenate(places) / math.sqrt(variance or 1.0)

    @property
    def sigma_rad(self) -> NDArray[np.float64]:
        """(2,) standard deviations of the beam's intensity across and up: a quarter of the full angle at 1/e^2."""
        return self.divergence_rad / 4.0

    @cached_property
    def ring_of_beam(self) -> NDArray[np.int64]:
        """(B,) rank of each beam by elevation, 0 the lowest."""
        ring = np.empty(len(self.elevation_rad), np.int64)
        ring[np.argsort(self.elevation_rad, kind="stable")] = np.arange(len(ring))
        return ring

    @cached_property
    def _pulses(self) -> Pulses:
        beams = np.lexsort((np.arange(len(self.fire_time_s)), self.fire_time_s))
        column = np.arange(self.columns)
        time = ((column - self.columns / 2) * self.firing_s)[:, None] + self.fire_time_s[beams]
        # At time 0 the head looks forward, so the revolution starts and ends at the rear.
        head = SPIN[self.spin] * 2 * np.pi * self.rate_hz * time
        azimuth = head + self.azimuth_offset_rad[beams]
        elevation = np.broadcast_to(self.elevation_rad[beams], time.shape)
        level = np.cos(elevation)
        direction = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], -1)
        origin = np.stack([np.cos(head), np.sin(head), np.zeros_like(head)], -1) * self.beam_origin_m
        pulses = Pulses(
            np.broadcast_to(self.ring_of_beam[beams], time.shape).astype(np.uint16).ravel(),
            np.broadcast_to(column[:, None], time.shape).astype(np.uint16).ravel(),
            np.arctan2(direction[..., 1], direction[..., 0]).ravel(),
            elevation.ravel(),
            time.ravel(),
            direction.reshape(-1, 3),
            origin.reshape(-1, 3),
        )
        for array in pulses:
            array.flags.writeable = False
        return pulses

    def pulses(self) -> Pulses:
        """The pulses of one revolution, centred on the trigger; found once, read only."""
        return self._pulses

    def to_plain(self) -> dict[str, Any]:
        """The spec as numbers, strings, lists and dictionaries; `from_plain` reads it back."""
        plain: dict[str, Any] = {"kind": "lidar"}
        plain |= {k: getattr(self, k) for k in ("name", "model", "spin", "columns", "sub_rays", "returns")}
        plain |= {k: getattr(self, k) for k in _NUMBERS}
        plain |= {k: getattr(self, k).tolist() for k in _TABLES}
        plain["ring_of_beam"] = self.ring_of_beam.tolist()
        plain["ego_from_lidar"] = pose_to_plain(self.ego_from_lidar)
        return plain

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Lidar:
        """The lidar of what `to_plain` gave."""
        return Lidar(
            name=plain["name"],
            model=plain["model"],
            spin=plain["spin"],
            columns=int(plain["columns"]),
            sub_rays=int(plain["sub_rays"]),
            returns=plain["returns"],
            ego_from_lidar=pose_from_plain(plain["ego_from_lidar"]),
            **{k: float(plain[k]) for k in _NUMBERS},
            **{k: np.array(plain[k], float) for k in _TABLES},
        )


_TABLES = ("elevation_rad", "azimuth_offset_rad", "fire_time_s", "divergence_rad")
_NUMBERS = (
    "firing_s", "rate_hz", "beam_origin_m", "min_range_m", "max_range_m", "reach_m", "reach_reflectance", "range_noise_m",
    "range_noise_at_reach_m", "range_quantum_m", "wavelength_nm", "pulse_s", "aperture_m", "soft_gain", "focus_m",
)  # fmt: skip


def read(fields: Fields, name: str, ego_from_lidar: Pose) -> Lidar:
    """The lidar that a spec describes (assets/sensors and rigs). Raises InputError with the place of the field.

    firing_us: time of one firing of all beams, where it is the sensor's own clock; or columns: firings of a revolution.
    """
    elevation = fields.numbers("elevation_deg", low=-90, high=90)
    count = len(elevation)
    if not count:
        raise fields.wrong("elevation_deg", "a lidar has one beam at least")
    none = (0.0,) * count
    offset = fields.numbers("azimuth_offset_deg", count, low=-180, high=180) if fields.has("azimuth_offset_deg") else none
    fire = fields.numbers("fire_time_us", count, low=-1000, high=1000) if fields.has("fire_time_us") else none
    rate = fields.number("rate_hz", low=1.0, high=100.0)
    columns, firing_s = _firings(fields, rate)
    if columns * count > MOST_PULSES:
        raise fields.wrong("columns", f"{columns} firings of {count} beams are more than {MOST_PULSES} pulses a revolution")
    reach = fields.number("reach_m", above=0.0, high=2000.0)
    nearest = fields.number("min_range_m", 0.5, low=0.0, high=100.0)
    return Lidar(
        name=name,
        model=fields.text("model", "lidar"),
        elevation_rad=np.deg2rad(elevation),
        azimuth_offset_rad=np.deg2rad(offset),
        fire_time_s=np.array(fire) * 1e-6,
        firing_s=firing_s,
        columns=columns,
        rate_hz=rate,
        spin=fields.word("spin", SPIN, "clockwise"),
        beam_origin_m=fields.number("beam_origin_m", 0.0, low=0.0, high=0.2),
        min_range_m=nearest,
        max_range_m=fields.number("max_range_m", above=nearest, high=2000.0),
        reach_m=reach,
        reach_reflectance=fields.number("reach_reflectance", 0.8, above=0.0, high=1.0),
        range_noise_m=fields.number("range_noise_m", 0.005, low=0.0, high=1.0),
        range_noise_at_reach_m=fields.number("range_noise_at_reach_m", 0.02, low=0.0, high=1.0),
        range_quantum_m=fields.number("range_quantum_m", 0.002, low=0.0, high=1.0),
        wavelength_nm=fields.number("wavelength_nm", 905.0, low=WAVELENGTHS_NM[0], high=WAVELENGTHS_NM[1]),
        divergence_rad=np.array(_divergence(fields)) * 1e-3,
        sub_rays=_sub_rays(fields),
        pulse_s=fields.number("pulse_ns", 5.0, above=0.0, high=100.0) * 1e-9,
        returns=fields.word("returns", RETURNS, "strongest"),
        aperture_m=fields.number("aperture_m", 0.01, above=0.0, high=0.2),
        focus_m=fields.number("focus_m", FOCUS_OVER_REACH * reach, low=0.0, high=150.0),
        soft_gain=fields.number("soft_gain", SOFT_GAIN, low=0.0, high=1.0),
        ego_from_lidar=ego_from_lidar,
    )


def _divergence(fields: Fields) -> tuple[float, ...]:
    given = fields.has("divergence_mrad")
    return fields.numbers("divergence_mrad", 2, low=0.0, high=50.0) if given else DIVERGENCE_MRAD


def _sub_rays(fields: Fields) -> int:
    count = fields.integer("sub_rays", 3, low=1, high=19)
    if count not in SUB_RAYS:
        raise fields.wrong("sub_rays", f"{count} rays cannot be laid out evenly; take one of {', '.join(map(str, SUB_RAYS))}")
    return count


def _firings(fields: Fields, rate_hz: float) -> tuple[int, float]:
    """(columns, time of a firing in s) of a revolution."""
    if not fields.has("firing_us"):
        columns = fields.integer("columns", low=1, high=65535)
        return columns, 1.0 / (rate_hz * columns)
    if fields.has("columns"):
        raise InputError("firing_us and columns both say how often it fires; give one of them", fields.at("columns"))
    firing_s = fields.number("firing_us", above=1.0, high=1e6) * 1e-6
    columns = int(1.0 / (rate_hz * firing_s) + 1e-6)
    if not 1 <= columns <= 65535:
        raise fields.wrong("firing_us", f"{firing_s * 1e6:g} at {rate_hz:g} revolutions a second makes {columns} firings each")
    return columns, firing_s
