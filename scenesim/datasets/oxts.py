"""KITTI's OXTS packets: where the ego is, as a GPS and an inertial unit would say it (Geiger et al. 2013, dataformat.txt).

The unit sits in the origin of the ego frame. The world's origin lies at latitude and longitude 0, so that the projection that
KITTI's devkit and pykitti use (Mercator, scaled by the cosine of the first latitude) gives back the world's coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose

EARTH_M = 6378137.0  # of the devkit
GRAVITY_M_S2 = 9.81
# Names of the 30 numbers, and what they are (dataformat.txt of KITTI raw).
FIELDS = {
    "lat": "latitude of the oxts-unit (deg)", "lon": "longitude of the oxts-unit (deg)", "alt": "altitude (m)",
    "roll": "roll angle (rad), 0 = level, positive = left side up", "pitch": "pitch angle (rad), positive = front down",
    "yaw": "heading (rad), 0 = east, positive = counter clockwise",
    "vn": "velocity towards north (m/s)", "ve": "velocity towards east (m/s)", "vf": "forward velocity (m/s)",
    "vl": "leftward velocity (m/s)", "vu": "upward velocity (m/s)",
    "ax": "acceleration in x, in direction of vehicle front (m/s^2)", "ay": "acceleration in y, vehicle left (m/s^2)",
    "az": "acceleration in z, vehicle top (m/s^2), gravity included", "af": "forward acceleration (m/s^2)",
    "al": "leftward acceleration (m/s^2)", "au": "upward acceleration (m/s^2), gravity included",
    "wx": "angular rate around x (rad/s)", "wy": "angular rate around y (rad/s)", "wz": "angular rate around z (rad/s)",
    "wf": "angular rate around forward axis (rad/s)", "wl": "angular rate around leftward axis (rad/s)",
    "wu": "angular rate around upward axis (rad/s)", "posacc": "position accuracy (m)", "velacc": "velocity accuracy (m/s)",
    "navstat": "navigation status", "numsats": "number of satellites", "posmode": "position mode",
    "velmode": "velocity mode", "orimode": "orientation mode",
}  # fmt: skip
# What the last seven say: nothing is measured, so nothing is off. Modes as of a working unit.
STATUS = ("0.0", "0.0", "4", "10", "5", "5", "5")


class Path:
    """The ego over a sequence, packet by packet."""

    def __init__(self) -> None:
        self.time_s: list[float] = []
        self.poses: list[Pose] = []
        self.velocity_m_s: list[NDArray[np.float64]] = []

    def add(self, time_s: float, world_from_ego: Pose, velocity_m_s: NDArray[np.float64]) -> None:
        """velocity_m_s: (3,) world."""
        self.time_s.append(time_s)
        self.poses.append(world_from_ego)
        self.velocity_m_s.append(np.asarray(velocity_m_s, float))

    def rows(self) -> list[str]:
        """A line a packet. Accelerations and angular rates are differences between packets (0 of one alone)."""
        scale = math.cos(_first_latitude(float(self.poses[0].translation[1])))
        acceleration = [self._rate(k, self.velocity_m_s, lambda a, b: b - a) for k in range(len(self.poses))]
        turning = [self._rate(k, self.poses, _turn) for k in range(len(self.poses))]
        return [self._row(k, scale, acceleration[k], turning[k]) for k in range(len(self.poses))]

    def _rate(self, k: int, values: Sequence, change) -> NDArray[np.float64]:
        """(3,) what changes a second, between the packets about packet k."""
        a, b = max(k - 1, 0), min(k + 1, len(values) - 1)
        return change(values[a], values[b]) / (self.time_s[b] - self.time_s[a]) if b > a else np.zeros(3)

    def _row(self, k: int, scale: float, acceleration: NDArray[np.float64], turning: NDArray[np.float64]) -> str:
        pose, velocity = self.poses[k], self.velocity_m_s[k]
        x, y, z = pose.translation.tolist()
        angles = roll_pitch_yaw(pose)
        level_from_world = Pose.of(yaw=angles[2]).inverse()
        felt = acceleration + np.array([0.0, 0.0, GRAVITY_M_S2])
        numbers = [math.degrees(_latitude(y / scale)), math.degrees(x / (scale * EARTH_M)), z, *angles]
        numbers += [velocity[1], velocity[0], *level_from_world.rotate(velocity)]
        numbers += [*pose.inverse().rotate(felt), *level_from_world.rotate(felt)]
        numbers += [*pose.inverse().rotate(turning), *level_from_world.rotate(turning)]
        # 15 digits behind the point of a degree, and 12 elsewhere, are far below a micrometre.
        texts = [f"{v + 0.0:.15f}" for v in numbers[:2]] + [f"{float(v) + 0.0:.12f}" for v in numbers[2:]]
        return " ".join([*texts, *STATUS])


def read(rows: Sequence[str]) -> Pose:
    """world_from_ego (K,) of packets, by the devkit's formula."""
    values = np.array([[float(v) for v in row.split()[:6]] for row in rows]).reshape(-1, 6)
    scale = math.cos(math.radians(values[0, 0]))
    xyz = [
        [scale * EARTH_M * math.radians(lon), scale * EARTH_M * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)), alt]
        for lat, lon, alt in values[:, :3].tolist()
    ]
    return Pose.of(np.array(xyz), roll=values[:, 3], pitch=values[:, 4], yaw=values[:, 5])


def roll_pitch_yaw(pose: Pose) -> tuple[float, float, float]:
    """Angles (rad) of a pose, as Pose.of takes them."""
    w, x, y, z = pose.rotation.tolist()
    roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))
    return roll, pitch, float(pose.yaw())


def _turn(a: Pose, b: Pose) -> NDArray[np.float64]:
    """(3,) rotation vector, world axes, that turns a into b."""
    w, *xyz = (Pose(b.rotation, np.zeros(3)) @ Pose(a.rotation, np.zeros(3)).inverse()).rotation.tolist()
    sine = math.sqrt(sum(v * v for v in xyz))
    angle = 2 * math.atan2(sine, abs(w))
    return np.array(xyz) * (math.copysign(angle, w) / max(sine, 1e-300))


def _latitude(north_m: float) -> float:
    """Latitude (rad) of a place that is north_m up on a Mercator map whose scale is 1."""
    return 2 * math.atan(math.tanh(north_m / EARTH_M / 2))


def _first_latitude(north_m: float) -> float:
    """Latitude (rad) of the first packet: the map is scaled by its own cosine, which is found in a few steps."""
    latitude = 0.0
    for _ in range(8):
        latitude = _latitude(north_m / math.cos(latitude))
    return latitude
