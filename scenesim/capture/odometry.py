"""What the sensors of the ego's motion tell: made once for a whole timeline, then cut into the samples of each frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture.frame import Readings
from scenesim.sensors.odometry import WHEELS, Gnss, Imu, Odometry, WheelOdometry, gauss_markov
from scenesim.world.ego_motion import EgoMotion, Kinematics

Array = NDArray[np.float64]
Columns = dict[str, NDArray]
DEFAULT_WHEELBASE_M = 2.7  # of an ego that has no wheels


class Record:
    """All samples of one sensor: a pure function of the timeline and the key. wheelbase_m: of the ego."""

    def __init__(self, sensor: Odometry, motion: EgoMotion, duration_s: float, key: Key, wheelbase_m: float = 0.0):
        self.sensor = sensor
        self.time_s = np.arange(int(duration_s * sensor.rate_hz + 1e-6) + 1) / sensor.rate_hz
        state = motion.at(self.time_s)
        if isinstance(sensor, Imu):
            self.columns = _imu(sensor, state, key)
        elif isinstance(sensor, Gnss):
            self.columns = _gnss(sensor, state, self.time_s, key)
        else:
            self.columns = _wheels(sensor, state, key, sensor.wheelbase_m or wheelbase_m or DEFAULT_WHEELBASE_M)

    def until(self, time_s: float, before_s: float | None, world_from_ego: Pose) -> Readings:
        """The samples after before_s, or from the beginning on, and not after time_s."""
        first = 0 if before_s is None else self._count(before_s)
        span = slice(first, self._count(time_s))
        columns = {name: values[span].copy() for name, values in self.columns.items()}
        pose = world_from_ego @ self.sensor.ego_from_sensor
        return Readings(self.sensor.name, self.sensor.KIND, self.time_s[span].copy(), columns, pose)

    def _count(self, time_s: float) -> int:
        """Samples up to a time."""
        return min(max(math.floor(time_s * self.sensor.rate_hz + 1e-6) + 1, 0), len(self.time_s))


def _split(values: Array, name: str, unit: str) -> Columns:
    return {f"{name}_{axis}_{unit}" if name else f"{axis}_{unit}": values[:, k].copy() for k, axis in enumerate("xyz")}


def _imu(sensor: Imu, ego: Kinematics, key: Key) -> Columns:
    state = ego.at(sensor.ego_from_imu)
    force, rate = state.specific_force(), state.angular_velocity
    columns: Columns = {}
    told = sensor.accelerometer.applied(force, sensor.rate_hz, keys.derive(key, "accelerometer"))
    columns |= _split(told, "specific_force", "m_s2")
    told = sensor.gyroscope.applied(rate, sensor.rate_hz, keys.derive(key, "gyroscope"))
    columns |= _split(told, "angular_velocity", "rad_s")
    return columns | _split(force, "true_specific_force", "m_s2") | _split(rate, "true_angular_velocity", "rad_s")


def _gnss(sensor: Gnss, ego: Kinematics, time_s: Array, key: Key) -> Columns:
    state = ego.at(sensor.ego_from_gnss)
    where, speed = state.pose.translation, state.velocity
    fix = sensor.fixes(time_s, where)
    off, doppler = sensor.errors(fix, key)
    sd = sensor.deviations(fix)
    columns: Columns = {"fix": fix, **_split(where + off, "", "m"), **_split(speed + doppler, "velocity", "m_s")}
    columns |= {"horizontal_sd_m": sd[:, 0].copy(), "vertical_sd_m": sd[:, 1].copy()}
    return columns | _split(where, "true", "m") | _split(speed, "true_velocity", "m_s")


def _wheels(sensor: WheelOdometry, ego: Kinematics, key: Key, wheelbase_m: float) -> Columns:
    """Wheels that roll without slipping sideways: those behind along the ego, those in front where they go."""
    flat = ego.pose.inverse().rotate(ego.velocity)
    forward, turning = flat[:, 0], ego.angular_velocity[:, 2]
    speeds = []
    for name in WHEELS:
        x = wheelbase_m if name.startswith("front") else 0.0
        y = 0.5 * sensor.track_m * (1.0 if name.endswith("left") else -1.0)
        along, across = forward - turning * y, turning * x
        speeds.append(along if x == 0.0 else np.sqrt(along * along + across * across) * np.sign(along))
    true = np.stack(speeds, -1)
    steering = np.arctan2(turning * wheelbase_m * np.sign(forward), np.abs(forward))
    steering[np.abs(forward) < 0.05] = 0.0  # a standing car's wheels may point anywhere
    n, step = len(forward), 1.0 / sensor.rate_hz
    unit = keys.generator(keys.derive(key, "unit")).standard_normal(5)
    slip = sensor.slip * gauss_markov(keys.derive(key, "slip"), n, 4, step, sensor.slip_correlation_s)
    turned = true * (1.0 + slip) / (1.0 + sensor.radius_error * unit[:4])
    run = np.zeros((n, 4))
    run[1:] = np.cumsum(0.5 * (turned[1:] + turned[:-1]), axis=0) * step
    one = 2.0 * math.pi * sensor.wheel_radius_m / sensor.ticks_per_turn
    ticks = np.floor(run / one)
    told = np.zeros((n, 4))  # from the times between teeth, which is finer than counting them
    told[1:] = np.diff(run, axis=0) / step
    if sensor.speed_quantum_m_s > 0.0:
        told = np.floor(told / sensor.speed_quantum_m_s + 0.5) * sensor.speed_quantum_m_s
    noise = keys.generator(keys.derive(key, "steering")).standard_normal(n)
    angle = steering + sensor.steering_offset_rad * unit[4] + sensor.steering_noise_rad * noise
    if sensor.steering_quantum_rad > 0.0:
        angle = np.floor(angle / sensor.steering_quantum_rad + 0.5) * sensor.steering_quantum_rad
    columns: Columns = {f"ticks_{name}": ticks[:, k].astype(np.int64) for k, name in enumerate(WHEELS)}
    columns |= {f"speed_{name}_m_s": told[:, k].copy() for k, name in enumerate(WHEELS)}
    columns |= {"steering_rad": angle} | {f"true_speed_{name}_m_s": true[:, k].copy() for k, name in enumerate(WHEELS)}
    return columns | {"true_speed_m_s": forward.copy(), "true_yaw_rate_rad_s": turning.copy(), "true_steering_rad": steering}
