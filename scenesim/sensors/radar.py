"""Radars: a frozen spec, the link budget that follows from it, and how finely it tells ranges, velocities and angles.

The data is in assets/sensors (kind: radar). A radar measures once a frame, at the trigger, with each of its scans: antennas and
chirps that look far or wide. docs/radar.md says what every key means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.sensors.camera import pose_from_plain, pose_to_plain
from scenesim.sensors.fields import Fields

LIGHT_M_S = 299_792_458.0
NOISE_DBW_PER_HZ = 10.0 * math.log10(1.380649e-23 * 290.0)  # k T at the 290 K that noise figures are defined for
MOST_RAYS = 400_000  # of a scan: more takes longer than a lidar
ANYTHING_M_S = 150.0  # fastest that things come nearer or go away, where the asset tells no interval


@dataclass(frozen=True)
class Scan:
    """One antenna and waveform. Angles in rad, half of the field to either side; elevation_resolution_rad is 0 where it tells
    no elevations. velocity_m_s: what it can tell, positive going away; others are folded into it. edge_loss_db: (across, up)
    there and back at the edges of the field, growing with the square of the angle. ray_rad: (across, up) between the rays that
    look for surfaces."""

    name: str
    azimuth_rad: float
    elevation_rad: float
    min_range_m: float
    max_range_m: float
    range_resolution_m: float
    range_noise_m: float
    velocity_resolution_m_s: float
    velocity_noise_m_s: float
    velocity_m_s: tuple[float, float]
    azimuth_resolution_rad: float
    azimuth_noise_rad: float
    elevation_resolution_rad: float
    elevation_noise_rad: float
    eirp_dbm: float
    receive_gain_dbi: float
    integration_s: float
    edge_loss_db: tuple[float, float]
    ray_rad: tuple[float, float]

    def fan(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Azimuths and elevations (N,) of the middles of the cells that rays stand for, rad."""
        across = max(1, math.ceil(2 * self.azimuth_rad / self.ray_rad[0]))
        up = max(1, math.ceil(2 * self.elevation_rad / self.ray_rad[1]))
        azimuth = ((np.arange(across) + 0.5) / across * 2 - 1) * self.azimuth_rad
        elevation = ((np.arange(up) + 0.5) / up * 2 - 1) * self.elevation_rad
        a, e = np.meshgrid(azimuth, elevation)
        return a.ravel(), e.ravel()

    def loss_db(self, azimuth: float, elevation: float) -> float:
        """There and back, of the antennas off their axis."""
        across, up = azimuth / self.azimuth_rad, elevation / self.elevation_rad
        return self.edge_loss_db[0] * across * across + self.edge_loss_db[1] * up * up

    def cells(self) -> float:
        """Resolution cells in which noise may be taken for a target."""
        low, high = self.velocity_m_s
        count = (self.max_range_m - self.min_range_m) / self.range_resolution_m * (high - low) / self.velocity_resolution_m_s
        count *= 2 * math.sin(min(self.azimuth_rad, math.pi / 2)) / math.sin(self.azimuth_resolution_rad)
        if self.elevation_resolution_rad:
            count *= 2 * self.elevation_rad / self.elevation_resolution_rad
        return count


@dataclass(frozen=True, eq=False)
class Radar:
    """A radar. ego_from_radar: it looks along its x axis. frequency_ghz: of the carrier. false_alarms: taken for targets a
    scan, in the mean. max_detections: the strongest are told. vertical: polarisation."""

    name: str
    model: str
    frequency_ghz: float
    noise_figure_db: float
    losses_db: float
    false_alarms: float
    max_detections: int
    vertical: bool
    scans: tuple[Scan, ...]
    ego_from_radar: Pose

    @property
    def wavelength_m(self) -> float:
        """Of the carrier."""
        return LIGHT_M_S / (self.frequency_ghz * 1e9)

    def snr_at_1m(self, scan: Scan) -> float:
        """Signal over noise, after integration, of 1 m2 at 1 m on the axis through clear air: of the radar equation
        S/N = EIRP G lambda^2 sigma T / ((4 pi)^3 R^4 k T0 F L) (Skolnik, Radar Handbook, 3rd ed., ch. 1), T being the time of
        coherent integration."""
        db = scan.eirp_dbm - 30.0 + scan.receive_gain_dbi + 20.0 * math.log10(self.wavelength_m)
        db += 10.0 * math.log10(scan.integration_s) - 30.0 * math.log10(4.0 * math.pi)
        return 10.0 ** (0.1 * (db - NOISE_DBW_PER_HZ - self.noise_figure_db - self.losses_db))

    def threshold(self, scan: Scan) -> float:
        """Of a power over that of the noise, whose powers are exponential: P_fa = exp(-threshold)."""
        return -math.log(min(max(self.false_alarms, 1e-6) / scan.cells(), 0.5))

    def to_plain(self) -> dict[str, Any]:
        """The spec as numbers, strings, lists and dictionaries; `from_plain` reads it back."""
        plain: dict[str, Any] = {"kind": "radar"}
        plain |= {k: v for k, v in vars(self).items() if k not in ("scans", "ego_from_radar")}
        plain["scans"] = [{k: list(v) if isinstance(v, tuple) else v for k, v in vars(s).items()} for s in self.scans]
        plain["ego_from_radar"] = pose_to_plain(self.ego_from_radar)
        return plain

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Radar:
        """The radar of what `to_plain` gave."""
        values = {k: v for k, v in plain.items() if k not in ("kind", "scans", "ego_from_radar")}
        rows: list[dict[str, Any]] = [{k: tuple(v) if isinstance(v, list) else v for k, v in s.items()} for s in plain["scans"]]
        scans = tuple(Scan(**row) for row in rows)
        return Radar(**values, scans=scans, ego_from_radar=pose_from_plain(plain["ego_from_radar"]))


def read(fields: Fields, name: str, ego_from_radar: Pose) -> Radar:
    """The radar that a spec describes (assets/sensors and rigs). Raises InputError with the place of the field."""
    scans = fields.part("scans")
    if not scans.values:
        raise fields.wrong("scans", "a radar has one scan at least: scans: {name: {azimuth_deg: 60, max_range_m: 100, ...}}")
    return Radar(
        name=name,
        model=fields.text("model", "radar"),
        frequency_ghz=fields.number("frequency_ghz", 76.5, low=10.0, high=200.0),
        noise_figure_db=fields.number("noise_figure_db", low=0.0, high=40.0),
        losses_db=fields.number("losses_db", 0.0, low=0.0, high=40.0),
        false_alarms=fields.number("false_alarms", 1.0, low=0.0, high=1000.0),
        max_detections=fields.integer("max_detections", 1000, low=1, high=100_000),
        vertical=fields.word("polarisation", ("vertical", "horizontal"), "vertical") == "vertical",
        scans=tuple(_scan(Fields(scans.values[key], scans.at(str(key))), str(key)) for key in scans.values),
        ego_from_radar=ego_from_radar,
    )


def _scan(fields: Fields, name: str) -> Scan:
    degrees = math.radians
    nearest = fields.number("min_range_m", 0.2, low=0.0, high=100.0)
    tells = fields.has("elevation_resolution_deg")
    across, up = fields.numbers("ray_deg", 2, low=0.01, high=10.0)
    made = Scan(
        name=name,
        azimuth_rad=degrees(fields.number("azimuth_deg", above=0.0, high=85.0)),
        elevation_rad=degrees(fields.number("elevation_deg", above=0.0, high=60.0)),
        min_range_m=nearest,
        max_range_m=fields.number("max_range_m", above=nearest, high=1000.0),
        range_resolution_m=fields.number("range_resolution_m", low=0.01, high=50.0),
        range_noise_m=fields.number("range_noise_m", low=0.0, high=10.0),
        velocity_resolution_m_s=fields.number("velocity_resolution_m_s", low=0.01, high=20.0),
        velocity_noise_m_s=fields.number("velocity_noise_m_s", low=0.0, high=10.0),
        velocity_m_s=_interval(fields),
        azimuth_resolution_rad=degrees(fields.number("azimuth_resolution_deg", low=0.05, high=60.0)),
        azimuth_noise_rad=degrees(fields.number("azimuth_noise_deg", low=0.0, high=20.0)),
        elevation_resolution_rad=degrees(fields.number("elevation_resolution_deg", low=0.05, high=60.0)) if tells else 0.0,
        elevation_noise_rad=degrees(fields.number("elevation_noise_deg", low=0.0, high=20.0)) if tells else 0.0,
        eirp_dbm=fields.number("eirp_dbm", low=-20.0, high=60.0),
        receive_gain_dbi=fields.number("receive_gain_dbi", low=0.0, high=50.0),
        integration_s=1e-3 * fields.number("integration_ms", above=0.0, high=1000.0),
        edge_loss_db=_pair(fields.numbers("edge_loss_db", 2, low=0.0, high=60.0)),
        ray_rad=(degrees(across), degrees(up)),
    )
    fields.finish()
    if (rays := 4 * made.azimuth_rad * made.elevation_rad / (made.ray_rad[0] * made.ray_rad[1])) > MOST_RAYS:
        raise fields.wrong("ray_deg", f"that makes {rays:.0f} rays; {MOST_RAYS} at most, so take coarser ones")
    return made


def _pair(numbers: tuple[float, ...]) -> tuple[float, float]:
    return numbers[0], numbers[1]


def _interval(fields: Fields) -> tuple[float, float]:
    if not fields.has("velocity_m_s"):
        return -ANYTHING_M_S, ANYTHING_M_S
    low, high = _pair(fields.numbers("velocity_m_s", 2, low=-500.0, high=500.0))
    if high <= low:
        raise fields.wrong("velocity_m_s", f"[{low:g}, {high:g}] is empty; the lower velocity comes first")
    return low, high
