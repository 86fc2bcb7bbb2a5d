"""Motion along a line: speed profiles, and paths through points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base.frames import Pose, quaternion_from_euler

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpeedProfile:
    """Speed over time, linear between samples, constant before the first and after the last.

    time_s: (n,) increasing. speed_m_s: (n,).
    """

    time_s: Array
    speed_m_s: Array

    @staticmethod
    def constant(speed_m_s: float) -> SpeedProfile:
        return SpeedProfile(np.zeros(1), np.full(1, float(speed_m_s)))

    def speed_at(self, time_s: ArrayLike) -> Array:
        """(...) m/s."""
        return np.interp(np.asarray(time_s, float), self.time_s, self.speed_m_s)

    def distance_at(self, time_s: ArrayLike) -> Array:
        """(...) m since time 0: the integral of the speed, exact (trapezia of a piecewise linear function)."""
        t = np.asarray(time_s, float)
        return self._integral(t) - self._integral(np.zeros(1))[0]

    def _integral(self, t: Array) -> Array:
        """Integral from the first sample's time to t, which may lie before it."""
        steps = np.diff(self.time_s) * (self.speed_m_s[1:] + self.speed_m_s[:-1]) / 2
        at_sample = np.concatenate([[0.0], np.cumsum(steps)])
        k = np.clip(np.searchsorted(self.time_s, t, side="right") - 1, 0, len(self.time_s) - 1)
        v = self.speed_at(t)
        return at_sample[k] + (t - self.time_s[k]) * (v + self.speed_m_s[k]) / 2


@dataclass(frozen=True)
class Path:
    """A line through points with rounded corners.

    points: (n, 3) m world. distance_m: (n,) along the line. heading_rad: (n,) unwrapped.
    """

    points: Array
    distance_m: Array
    heading_rad: Array

    @staticmethod
    def through(points: ArrayLike, corner_m: float = 2.0, step_m: float = 0.25) -> Path:
        """A path through points (n, 2) or (n, 3); corners are cut by a quadratic curve that starts `corner_m` before them."""
        p = np.atleast_2d(np.asarray(points, float))
        if p.shape[1] == 2:
            p = np.column_stack([p, np.zeros(len(p))])
        line = [p[0]]
        for a, b, c in zip(p[:-2], p[1:-1], p[2:]):
            la, lc = (float(np.sqrt(((b - q) ** 2).sum())) for q in (a, c))
            cut = min(corner_m, la / 2, lc / 2)
            start, end = b + (a - b) * (cut / max(la, 1e-9)), b + (c - b) * (cut / max(lc, 1e-9))
            u = np.linspace(0, 1, max(2, int(2 * cut / step_m) + 1))[:, None]
            line += list((1 - u) ** 2 * start + 2 * u * (1 - u) * b + u**2 * end)
        line.append(p[-1])
        return Path.along(np.array(line))

    @staticmethod
    def along(points: Array) -> Path:
        """A path along a dense line (n, 3)."""
        length = np.sqrt((np.diff(points, axis=0)[:, :2] ** 2).sum(1))
        keep = np.concatenate([[True], length > 1e-6])
        points = points[keep]
        d = np.diff(points, axis=0)
        distance = np.concatenate([[0.0], np.cumsum(np.sqrt((d[:, :2] ** 2).sum(1)))])
        heading = np.unwrap(np.arctan2(d[:, 1], d[:, 0])) if len(d) else np.zeros(1)
        # The heading at a point is the mean of the pieces that meet there, so that it changes continuously along the path.
        at_point = np.concatenate([heading[:1], (heading[1:] + heading[:-1]) / 2, heading[-1:]]) if len(d) else heading
        return Path(points, distance, at_point)

    @property
    def length_m(self) -> float:
        return float(self.distance_m[-1])

    def pose_at(self, distance_m: ArrayLike, lateral_m: float = 0.0) -> Pose:
        """World poses (...) at distances along the path, x forward; upright, `lateral_m` to the left of the line."""
        d = np.asarray(distance_m, float)
        heading = np.interp(d, self.distance_m, self.heading_rad)
        xyz = np.stack([np.interp(d, self.distance_m, self.points[:, k]) for k in range(3)], -1)
        over = np.where(d > self.length_m, d - self.length_m, np.where(d < 0, d, 0.0))  # beyond the ends: straight on
        xyz[..., 0] += over * np.cos(heading) - lateral_m * np.sin(heading)
        xyz[..., 1] += over * np.sin(heading) + lateral_m * np.cos(heading)
        return Pose(quaternion_from_euler(yaw=heading), xyz)
