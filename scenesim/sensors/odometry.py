"""Sensors of the ego's own motion: satellite receivers, inertial units, wheel odometry. Frozen specs, and their errors.

The data is in assets/sensors (kind: gnss, imu, wheel_odometry). Errors are drawn on the grid of the sensor's samples from time
0 on, so that any sample is a pure function of the key and its number; docs/radar.md says what every key means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.sensors.camera import pose_from_plain, pose_to_plain
from scenesim.sensors.fields import Fields

Array = NDArray[np.float64]
STANDARD_GRAVITY = 9.80665
# The Allan deviation of a Gauss-Markov process is at most this times its standard deviation, at 1.89 times its correlation
# (IEEE Std 952-1997, annex C, eq. C.21).
GAUSS_MARKOV_PEAK = 0.617
NO_FIX, SINGLE, RTK_FIXED, RTK_FLOAT = 0, 1, 4, 5  # quality indicators of NMEA 0183, GGA
WHEELS = ("front_left", "front_right", "rear_left", "rear_right")


def gauss_markov(key: Key, count: int, columns: int, step_s: float, correlation_s: float) -> Array:
    """(count, columns) samples of unit variance, step_s apart, that forget with exp(-t / correlation_s): exact at any step, and
    the first samples do not depend on how many there are."""
    white = keys.generator(key).standard_normal((count, columns))
    keep = math.exp(-step_s / correlation_s) if correlation_s > 0.0 else 0.0
    new = math.sqrt(1.0 - keep * keep)
    out = white.copy()
    for k in range(1, count):
        out[k] = keep * out[k - 1] + new * white[k]
    return out


@dataclass(frozen=True)
class Errors:
    """Of a triad of gyroscopes (rad/s) or accelerometers (m/s2). noise: density, per root of hertz. bias_instability: the flat
    part of the Allan deviation. random_walk: of the bias, per root of second. turn_on: standard deviation of the bias that a
    run has. scale: standard deviation of the factor's error. limit: of the range. quantum: of the output, 0 for none."""

    noise: float
    bias_instability: float
    correlation_s: float
    random_walk: float
    turn_on: float
    scale: float
    limit: float
    quantum: float

    def applied(self, true: Array, rate_hz: float, key: Key) -> Array:
        """(N, 3) readings of true values (N, 3), from time 0 on."""
        n, step = len(true), 1.0 / rate_hz
        unit = keys.generator(keys.derive(key, "unit")).standard_normal((2, 3))
        bias = self.turn_on * unit[0] + np.zeros((n, 3))
        sigma = self.bias_instability / GAUSS_MARKOV_PEAK
        bias += sigma * gauss_markov(keys.derive(key, "bias"), n, 3, step, self.correlation_s)
        if self.random_walk > 0.0:
            steps = keys.generator(keys.derive(key, "random walk")).standard_normal((n, 3))
            bias += self.random_walk * math.sqrt(step) * np.cumsum(steps, axis=0)
        white = keys.generator(keys.derive(key, "noise")).standard_normal((n, 3)) * self.noise * math.sqrt(rate_hz)
        told = true * (1.0 + self.scale * unit[1]) + bias + white
        if self.quantum > 0.0:
            told = np.floor(told / self.quantum + 0.5) * self.quantum
        return np.clip(told, -self.limit, self.limit)


@dataclass(frozen=True, eq=False)
class Imu:
    """An inertial unit, strapped down."""

    KIND: ClassVar[str] = "imu"
    name: str
    model: str
    rate_hz: float
    gyroscope: Errors
    accelerometer: Errors
    ego_from_imu: Pose

    @property
    def ego_from_sensor(self) -> Pose:
        """The mounting."""
        return self.ego_from_imu


@dataclass(frozen=True, eq=False)
class Gnss:
    """A satellite receiver; the mounting is that of its antenna. horizontal_m: standard deviation of the position along each of
    two axes; vertical_m: of the height. correlated: share of the variance that changes with correlation_s; the rest is white.
    rtk_horizontal_m: with corrections whose ambiguities are solved, 0 for a receiver without; float_m: while they are not,
    which takes converge_s after an outage. reacquire_s: without a fix after an outage. outages_s: (n, 2) from and to, on the
    scenario's clock. covered_m: (n, 3) x, y, radius, world: under bridges and in tunnels there is no fix."""

    KIND: ClassVar[str] = "gnss"
    name: str
    model: str
    rate_hz: float
    horizontal_m: float
    vertical_m: float
    velocity_m_s: float
    correlated: float
    correlation_s: float
    rtk_horizontal_m: float
    rtk_vertical_m: float
    float_m: float
    converge_s: float
    reacquire_s: float
    outages_s: tuple[tuple[float, ...], ...]
    covered_m: tuple[tuple[float, ...], ...]
    ego_from_gnss: Pose

    @property
    def ego_from_sensor(self) -> Pose:
        """The mounting."""
        return self.ego_from_gnss

    def fixes(self, time_s: Array, world_m: Array) -> NDArray[np.uint8]:
        """(N,) kind of fix at times (N,), the antenna being at (N, 3). Before time 0 the sky was open."""
        blocked = np.zeros(len(time_s), bool)
        for begin, end in self.outages_s:
            blocked |= (time_s >= begin) & (time_s < end)
        for x, y, radius in self.covered_m:
            blocked |= (world_m[:, 0] - x) ** 2 + (world_m[:, 1] - y) ** 2 < radius * radius
        best = RTK_FIXED if self.rtk_horizontal_m > 0.0 else SINGLE
        last = np.maximum.accumulate(np.where(blocked, time_s, -np.inf)) if len(time_s) else time_s
        since = time_s - last
        fix = np.full(len(time_s), best, np.uint8)
        if best == RTK_FIXED:
            fix[since < self.reacquire_s + self.converge_s] = RTK_FLOAT
        fix[blocked | (since < self.reacquire_s)] = NO_FIX
        return fix

    def deviations(self, fix: NDArray[np.uint8]) -> Array:
        """(N, 2) standard deviations, horizontal and vertical, of kinds of fix."""
        table = {SINGLE: (self.horizontal_m, self.vertical_m), RTK_FIXED: (self.rtk_horizontal_m, self.rtk_vertical_m)}
        table |= {RTK_FLOAT: (self.float_m, 2.0 * self.float_m), NO_FIX: (math.nan, math.nan)}
        return np.array([table[int(f)] for f in fix.tolist()], float).reshape(-1, 2)

    def errors(self, fix: NDArray[np.uint8], key: Key) -> tuple[Array, Array]:
        """Errors of positions and of velocities (N, 3), nan without a fix."""
        n = len(fix)
        slow = gauss_markov(keys.derive(key, "slow"), n, 3, 1.0 / self.rate_hz, self.correlation_s)
        white = keys.generator(keys.derive(key, "white")).standard_normal((n, 6))
        unit = math.sqrt(self.correlated) * slow + math.sqrt(1.0 - self.correlated) * white[:, :3]
        sd = self.deviations(fix)[:, [0, 0, 1]]
        doppler = self.velocity_m_s * white[:, 3:] * np.array([1.0, 1.0, 2.0])
        doppler[fix == NO_FIX] = np.nan
        return sd * unit, doppler


@dataclass(frozen=True, eq=False)
class WheelOdometry:
    """Encoders of four wheels, and of the steering. wheelbase_m: 0 takes the ego's own. radius_error: standard deviation,
    relative, of each wheel's radius from wheel_radius_m. slip: standard deviation, relative, of what wheels slip, for
    slip_correlation_s."""

    KIND: ClassVar[str] = "wheel_odometry"
    name: str
    model: str
    rate_hz: float
    ticks_per_turn: float
    wheel_radius_m: float
    track_m: float
    wheelbase_m: float
    radius_error: float
    slip: float
    slip_correlation_s: float
    speed_quantum_m_s: float
    steering_noise_rad: float
    steering_offset_rad: float
    steering_quantum_rad: float
    ego_from_sensor: Pose = field(default_factory=Pose.identity)


Odometry = Imu | Gnss | WheelOdometry


def to_plain(sensor: Odometry) -> dict[str, Any]:
    """The spec as numbers, strings, lists and dictionaries; `from_plain` reads it back."""
    plain: dict[str, Any] = {"kind": sensor.KIND}
    for name, value in vars(sensor).items():
        if isinstance(value, Pose):
            plain[f"ego_from_{sensor.KIND}"] = pose_to_plain(value)
        elif isinstance(value, Errors):
            plain[name] = dict(vars(value))
        else:
            plain[name] = [list(row) for row in value] if isinstance(value, tuple) else value
    return plain


def from_plain(plain: Mapping[str, Any]) -> Odometry:
    """The sensor of what `to_plain` gave."""
    made = {kind.KIND: kind for kind in (Imu, Gnss, WheelOdometry)}[plain["kind"]]
    values: dict[str, Any] = {}
    for name, value in plain.items():
        if name == f"ego_from_{made.KIND}":
            values["ego_from_sensor" if made is WheelOdometry else name] = pose_from_plain(value)
        elif isinstance(value, Mapping):
            values[name] = Errors(**value)
        elif name != "kind":
            values[name] = tuple(tuple(row) for row in value) if isinstance(value, list) else value
    return made(**values)


def read(fields: Fields, name: str, kind: str, ego_from_sensor: Pose) -> Odometry:
    """The sensor that a spec describes (assets/sensors and rigs). Raises InputError with the place of the field."""
    if kind == Imu.KIND:
        return _imu(fields, name, ego_from_sensor)
    return _gnss(fields, name, ego_from_sensor) if kind == Gnss.KIND else _wheels(fields, name, ego_from_sensor)


def _imu(fields: Fields, name: str, ego_from_sensor: Pose) -> Imu:
    degree, micro_g = math.radians(1.0), 1e-6 * STANDARD_GRAVITY
    gyroscope, accelerometer = fields.part("gyroscope"), fields.part("accelerometer")
    made = Imu(
        name,
        fields.text("model", "inertial unit"),
        fields.number("rate_hz", 100.0, low=1.0, high=2000.0),
        Errors(
            noise=degree * gyroscope.number("noise_deg_s_rthz", low=0.0, high=10.0),
            bias_instability=degree / 3600 * gyroscope.number("bias_instability_deg_h", low=0.0, high=10000.0),
            correlation_s=gyroscope.number("correlation_s", 100.0, above=0.0, high=1e5),
            random_walk=degree * gyroscope.number("random_walk_deg_s_rts", 0.0, low=0.0, high=1.0),
            turn_on=degree * gyroscope.number("turn_on_deg_s", 0.0, low=0.0, high=10.0),
            scale=1e-6 * gyroscope.number("scale_ppm", 0.0, low=0.0, high=1e5),
            limit=degree * gyroscope.number("limit_deg_s", 2000.0, above=0.0, high=1e5),
            quantum=degree * gyroscope.number("quantum_deg_s", 0.0, low=0.0, high=10.0),
        ),
        Errors(
            noise=micro_g * accelerometer.number("noise_ug_rthz", low=0.0, high=1e5),
            bias_instability=micro_g * accelerometer.number("bias_instability_ug", low=0.0, high=1e5),
            correlation_s=accelerometer.number("correlation_s", 100.0, above=0.0, high=1e5),
            random_walk=micro_g * accelerometer.number("random_walk_ug_rts", 0.0, low=0.0, high=1e4),
            turn_on=1e3 * micro_g * accelerometer.number("turn_on_mg", 0.0, low=0.0, high=1000.0),
            scale=1e-6 * accelerometer.number("scale_ppm", 0.0, low=0.0, high=1e5),
            limit=1e6 * micro_g * accelerometer.number("limit_g", 16.0, above=0.0, high=1000.0),
            quantum=micro_g * accelerometer.number("quantum_ug", 0.0, low=0.0, high=1e5),
        ),
        ego_from_sensor,
    )
    gyroscope.finish()
    accelerometer.finish()
    return made


def _gnss(fields: Fields, name: str, ego_from_sensor: Pose) -> Gnss:
    rtk = fields.part("rtk")
    has_rtk = bool(rtk.values)
    made = Gnss(
        name=name,
        model=fields.text("model", "satellite receiver"),
        rate_hz=fields.number("rate_hz", 10.0, low=0.1, high=100.0),
        horizontal_m=fields.number("horizontal_m", low=0.0, high=100.0),
        vertical_m=fields.number("vertical_m", low=0.0, high=200.0),
        velocity_m_s=fields.number("velocity_noise_m_s", 0.05, low=0.0, high=10.0),
        correlated=fields.number("correlated", 0.9, low=0.0, high=1.0),
        correlation_s=fields.number("correlation_s", 100.0, above=0.0, high=1e5),
        rtk_horizontal_m=rtk.number("horizontal_m", above=0.0, high=1.0) if has_rtk else 0.0,
        rtk_vertical_m=rtk.number("vertical_m", above=0.0, high=2.0) if has_rtk else 0.0,
        float_m=rtk.number("float_m", 0.3, above=0.0, high=10.0) if has_rtk else 0.0,
        converge_s=rtk.number("converge_s", 10.0, low=0.0, high=1000.0) if has_rtk else 0.0,
        reacquire_s=fields.number("reacquire_s", 1.0, low=0.0, high=1000.0),
        outages_s=_rows(fields, "outages_s", ("begin", "end")),
        covered_m=_rows(fields, "covered_m", ("x", "y", "radius")),
        ego_from_gnss=ego_from_sensor,
    )
    rtk.finish()
    for k, (begin, end) in enumerate(made.outages_s):
        if end <= begin:
            raise fields.wrong("outages_s", f"outage {k} ends at {end:g} s, before it begins at {begin:g} s")
    return made


def _rows(fields: Fields, key: str, names: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """A list of lists of numbers, empty if it is not given."""
    given = fields.values[key] if fields.has(key) else []
    if not isinstance(given, (list, tuple)):
        raise fields.wrong(key, f"{given!r} should be a list of [{', '.join(names)}]")
    return tuple(Fields({key: row}, fields.place).numbers(key, len(names)) for row in given)


def _wheels(fields: Fields, name: str, ego_from_sensor: Pose) -> WheelOdometry:
    degree = math.radians(1.0)
    return WheelOdometry(
        name=name,
        model=fields.text("model", "wheel odometry"),
        rate_hz=fields.number("rate_hz", 50.0, low=1.0, high=1000.0),
        ticks_per_turn=fields.number("ticks_per_turn", 96.0, low=1.0, high=1e6),
        wheel_radius_m=fields.number("wheel_radius_m", 0.32, low=0.05, high=2.0),
        track_m=fields.number("track_m", 1.56, low=0.3, high=4.0),
        wheelbase_m=fields.number("wheelbase_m", 0.0, low=0.0, high=20.0),
        radius_error=1e-2 * fields.number("radius_error_percent", 0.5, low=0.0, high=20.0),
        slip=1e-2 * fields.number("slip_percent", 0.2, low=0.0, high=50.0),
        slip_correlation_s=fields.number("slip_correlation_s", 0.5, above=0.0, high=1000.0),
        speed_quantum_m_s=fields.number("speed_quantum_m_s", 0.02, low=0.0, high=10.0),
        steering_noise_rad=degree * fields.number("steering_noise_deg", 0.05, low=0.0, high=10.0),
        steering_offset_rad=degree * fields.number("steering_offset_deg", 0.1, low=0.0, high=10.0),
        steering_quantum_rad=degree * fields.number("steering_quantum_deg", 0.01, low=0.0, high=10.0),
        ego_from_sensor=ego_from_sensor,
    )
