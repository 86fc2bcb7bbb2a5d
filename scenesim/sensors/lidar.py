"""Lidars: a frozen spec, and the pulses of one sweep as a pure function of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import Place
from scenesim.base.frames import Pose
from scenesim.sensors import faults, scan
from scenesim.sensors.camera import pose_from_plain, pose_to_plain
from scenesim.sensors.faults import Faults
from scenesim.sensors.fields import Fields
from scenesim.sensors.scan import Pulses

WAVELENGTHS_NM = (800.0, 1650.0)
# dual: the strongest and the last, or where they are one, the two strongest. triple: the last and the two strongest others.
RETURNS = ("strongest", "last", "dual", "triple")
MOST_RETURNS = {"strongest": 1, "last": 1, "dual": 2, "triple": 3}
SUB_RAYS = {1: (1,), 3: (3,), 7: (1, 6), 19: (1, 6, 12)}  # rays on each ring about the axis of a beam
LIGHT_M_S = 299792458.0
DIVERGENCE_MRAD = (3.0, 1.5)  # where a sensor does not say: usual for those that turn
FOCUS_OVER_REACH = 0.035  # between those of the two that are fitted
WAVEFORM_NS = 1.0  # between samples of waveforms: digitisers of a gigahertz are usual
SOFT_GAIN = 0.0275  # see sensors/ranging.py


@dataclass(frozen=True, eq=False)
class Lidar:
    """One lidar on the ego.

    scan: a key of sensors.scan.PATTERNS. pattern: the numbers that it reads, as the asset has them. rate_hz: sweeps a second.
    min_range_m, max_range_m: of what is reported. reach_m: at which a surface of reach_reflectance that faces the sensor is
    just seen: the one point that fixes the power threshold.
    range_noise_m: standard deviation at full power; range_noise_at_reach_m: what a return at the threshold adds to it, which
    falls as the power to -range_noise_slope. speckle: standard deviation of an echo's power over its mean, from pulse to pulse,
    because light that is scattered back interferes with itself. range_quantum_m: step of the ranges. wavelength_nm: decides the
    reflectance.
    divergence_rad: (2,) across (along the azimuth) and up, full angle in which a Gaussian beam has 86 % of its energy (1/e^2).
    sub_rays: a key of SUB_RAYS, the rays that stand for a beam. pulse_s: half-power width of a pulse. returns: one of RETURNS.
    aperture_m: width of the beam where it leaves. focus_m: nearer than this power does not grow any more as 1/R^2, because the
    image of the spot is wider than the detector. soft_gain: what the receiver makes of light that air scatters back over
    metres, 1 being an echo of the same energy from a surface: less, because it is tuned to short pulses. gain_spread: of the
    beams' receivers about 1, standard deviation. false_alarms: share of pulses in which noise is taken for a return.
    range_bias_m, angle_bias_rad: standard deviations, from beam to beam, of what calibration leaves wrong in a beam's ranges
    and in its elevation. intensity_white: what is reported, of the greatest value, of a white surface that faces the sensor;
    retroreflectors are above. intensity_steps: up to the greatest value, 0 for none.
    velocity_noise_m_s: of the radial velocity that it measures; None: it measures none. waveform_ns: time between samples of
    the waveforms that it gives out beside its points; None: it gives out none. faults: what is wrong with this one.
    sees_own_vehicle: the ego's roof and bonnet are in its way, as they are in recorded sweeps; otherwise it looks through them.
    ego_from_lidar: pose.
    """

    name: str
    model: str
    scan: str
    pattern: Mapping[str, Any]
    rate_hz: float
    min_range_m: float
    max_range_m: float
    reach_m: float
    reach_reflectance: float
    range_noise_m: float
    range_noise_at_reach_m: float
    range_noise_slope: float
    speckle: float
    range_quantum_m: float
    wavelength_nm: float
    divergence_rad: NDArray[np.float64]
    sub_rays: int
    pulse_s: float
    returns: str
    aperture_m: float
    soft_gain: float
    focus_m: float
    gain_spread: float
    false_alarms: float
    range_bias_m: float
    angle_bias_rad: float
    intensity_white: float
    intensity_steps: float
    velocity_noise_m_s: float | None
    faults: Faults
    ego_from_lidar: Pose
    waveform_ns: float | None = None
    sees_own_vehicle: bool = False

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
    def _scan(self) -> scan.Scan:
        return scan.read(Fields({"scan": self.scan, **self.pattern}, Place(self.name)), self.rate_hz)

    @cached_property
    def _pulses(self) -> Pulses:
        return self._scan.make(0.0)

    def pulses(self, time_s: float = 0.0) -> Pulses:
        """The pulses of the sweep about a time on the scenario's clock, read only. Most patterns are the same at any time, and
        are found once."""
        return self._scan.make(time_s) if self._scan.changes else self._pulses

    @property
    def columns(self) -> int:
        """Firings of a sweep."""
        return self._scan.columns

    @property
    def firing_s(self) -> float:
        """Time between firings."""
        return self._scan.firing_s

    @property
    def beam_origin_m(self) -> float:
        """Distance of the beams' origin from the axis."""
        return float(self.pattern.get("beam_origin_m", 0.0))

    @cached_property
    def elevation_rad(self) -> NDArray[np.float64]:
        """(B,) elevations of the beams, in the order of the maker's table; empty where the pattern has none."""
        return np.deg2rad(self.pattern.get("elevation_deg", ()))

    @cached_property
    def azimuth_offset_rad(self) -> NDArray[np.float64]:
        """(B,) offsets of the beams, counter-clockwise seen from above."""
        return np.deg2rad(self.pattern.get("azimuth_offset_deg", (0.0,) * len(self.elevation_rad)))

    @cached_property
    def fire_time_s(self) -> NDArray[np.float64]:
        """(B,) times from the start of a firing of all beams."""
        return np.array(self.pattern.get("fire_time_us", (0.0,) * len(self.elevation_rad)), float) * 1e-6

    @cached_property
    def ring_of_beam(self) -> NDArray[np.int64]:
        """(B,) rank of each beam by elevation, 0 the lowest."""
        return scan.ring_of_beam(self.elevation_rad)

    def to_plain(self) -> dict[str, Any]:
        """The spec as numbers, strings, lists and dictionaries; `from_plain` reads it back."""
        plain: dict[str, Any] = {"kind": "lidar"}
        plain |= {k: getattr(self, k) for k in ("name", "model", "scan", "sub_rays", "returns", "velocity_noise_m_s")}
        plain["pattern"] = {k: list(v) if isinstance(v, (list, tuple)) else v for k, v in self.pattern.items()}
        plain |= {k: getattr(self, k) for k in _NUMBERS}
        plain["divergence_rad"] = self.divergence_rad.tolist()
        # What follows from the pattern, for those who read calibrations without scenesim.
        plain["rings"] = int(self.pulses().ring.max()) + 1
        plain |= {k: getattr(self, k).tolist() for k in ("elevation_rad", "azimuth_offset_rad", "fire_time_s", "ring_of_beam")}
        if self.waveform_ns is not None:
            plain["waveform_ns"] = self.waveform_ns
        plain["sees_own_vehicle"] = self.sees_own_vehicle
        plain["faults"] = self.faults.to_plain()
        plain["ego_from_lidar"] = pose_to_plain(self.ego_from_lidar)
        return plain

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Lidar:
        """The lidar of what `to_plain` gave."""
        velocity = plain["velocity_noise_m_s"]
        return Lidar(
            name=plain["name"],
            model=plain["model"],
            scan=plain["scan"],
            pattern=dict(plain["pattern"]),
            sub_rays=int(plain["sub_rays"]),
            returns=plain["returns"],
            divergence_rad=np.array(plain["divergence_rad"], float),
            velocity_noise_m_s=None if velocity is None else float(velocity),
            faults=faults.read(Fields(plain["faults"], Place(plain["name"]))),
            ego_from_lidar=pose_from_plain(plain["ego_from_lidar"]),
            waveform_ns=None if plain.get("waveform_ns") is None else float(plain["waveform_ns"]),
            sees_own_vehicle=bool(plain.get("sees_own_vehicle", False)),
            **{k: float(plain[k]) for k in _NUMBERS},
        )


_NUMBERS = (
    "rate_hz", "min_range_m", "max_range_m", "reach_m", "reach_reflectance", "range_noise_m", "range_noise_at_reach_m",
    "range_noise_slope", "speckle", "range_quantum_m", "wavelength_nm", "pulse_s", "aperture_m", "soft_gain", "focus_m",
    "gain_spread", "false_alarms", "range_bias_m", "angle_bias_rad", "intensity_white", "intensity_steps",
)  # fmt: skip


def read(fields: Fields, name: str, ego_from_lidar: Pose) -> Lidar:
    """The lidar that a spec describes (assets/sensors and rigs). Raises InputError with the place of the field."""
    rate = fields.number("rate_hz", low=1.0, high=100.0)
    others = fields.known()
    scan.read(fields, rate)
    pattern = {k: fields.values[k] for k in fields.values if k in fields.known() - others and k != "scan"}
    reach = fields.number("reach_m", above=0.0, high=2000.0)
    nearest = fields.number("min_range_m", 0.5, low=0.0, high=100.0)
    measures = fields.has("velocity_noise_m_s")
    wrong = faults.read(fields.part("faults"))
    if measures and wrong.crosstalk > 0.0:
        raise fields.wrong("faults", "a coherent lidar hears its own light alone: it has no crosstalk")
    return Lidar(
        name=name,
        model=fields.text("model", "lidar"),
        scan=fields.word("scan", scan.PATTERNS, "spinning"),
        pattern=pattern,
        rate_hz=rate,
        min_range_m=nearest,
        max_range_m=fields.number("max_range_m", above=nearest, high=2000.0),
        reach_m=reach,
        reach_reflectance=fields.number("reach_reflectance", 0.8, above=0.0, high=1.0),
        range_noise_m=fields.number("range_noise_m", 0.005, low=0.0, high=1.0),
        range_noise_at_reach_m=fields.number("range_noise_at_reach_m", 0.02, low=0.0, high=1.0),
        range_noise_slope=fields.number("range_noise_slope", 0.5, low=0.0, high=1.0),
        speckle=fields.number("speckle", 0.0, low=0.0, high=1.0),
        range_quantum_m=fields.number("range_quantum_m", 0.002, low=0.0, high=1.0),
        wavelength_nm=fields.number("wavelength_nm", 905.0, low=WAVELENGTHS_NM[0], high=WAVELENGTHS_NM[1]),
        divergence_rad=np.array(_divergence(fields)) * 1e-3,
        sub_rays=_sub_rays(fields),
        pulse_s=fields.number("pulse_ns", 5.0, above=0.0, high=100.0) * 1e-9,
        returns=fields.word("returns", RETURNS, "strongest"),
        aperture_m=fields.number("aperture_m", 0.01, above=0.0, high=0.2),
        focus_m=fields.number("focus_m", FOCUS_OVER_REACH * reach, low=0.0, high=150.0),
        soft_gain=fields.number("soft_gain", SOFT_GAIN, low=0.0, high=1.0),
        gain_spread=fields.number("gain_spread", 0.0, low=0.0, high=1.0),
        false_alarms=fields.number("false_alarms", 0.0, low=0.0, high=0.5),
        range_bias_m=fields.number("range_bias_m", 0.0, low=0.0, high=1.0),
        angle_bias_rad=math.radians(fields.number("angle_bias_deg", 0.0, low=0.0, high=1.0)),
        intensity_white=fields.number("intensity_white", 1.0, above=0.0, high=1.0),
        intensity_steps=float(fields.integer("intensity_steps", 0, low=0, high=65535)),
        velocity_noise_m_s=fields.number("velocity_noise_m_s", low=0.0, high=10.0) if measures else None,
        faults=wrong,
        ego_from_lidar=ego_from_lidar,
        waveform_ns=_waveform_ns(fields),
        sees_own_vehicle=fields.flag("sees_own_vehicle", False),
    )


def _divergence(fields: Fields) -> tuple[float, ...]:
    given = fields.has("divergence_mrad")
    return fields.numbers("divergence_mrad", 2, low=0.0, high=50.0) if given else DIVERGENCE_MRAD


def _waveform_ns(fields: Fields) -> float | None:
    """Time between samples of waveforms; None where `waveform` does not ask for them."""
    step = fields.number("waveform_step_ns", WAVEFORM_NS, low=0.1, high=20.0)
    return step if fields.flag("waveform", False) else None


def _sub_rays(fields: Fields) -> int:
    count = fields.integer("sub_rays", 3, low=1, high=19)
    if count not in SUB_RAYS:
        raise fields.wrong("sub_rays", f"{count} rays cannot be laid out evenly; take one of {', '.join(map(str, SUB_RAYS))}")
    return count
