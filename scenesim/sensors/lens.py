"""Lenses: where on the image plane a direction falls, and back. Image-plane units: focal lengths from the principal point.

Pixels are ``focal_px * plane + centre_px``. Only +, -, *, /, sqrt, sin, cos and arctan2 are used, so that directions have the
same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

COEFFICIENTS = {
    "brown_conrady": ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "kannala_brandt": ("k1", "k2", "k3", "k4"),
    "division": ("k1",),
    "equirectangular": (),
}
FARTHEST = 30.0  # tangent of the angle up to which a pinhole lens is searched for where it folds: 88 degrees
STEPS = 6000  # of that search
TOLERANCE = 1e-12  # focal lengths


@dataclass(frozen=True)
class BrownConrady:
    """A pinhole with radial and tangential distortion (Brown 1966, Conrady 1919), in OpenCV's order of coefficients:
    k1 k2 p1 p2 k3, and k4 k5 k6 of the rational model's denominator."""

    k: tuple[float, ...]
    limit: float = field(init=False)  # largest tangent of the angle to the axis up to which the image grows with it

    def __post_init__(self):
        object.__setattr__(self, "limit", self._fold() if any(self.k) else np.inf)

    def _radial(self, r2: Array) -> tuple[Array, Array]:
        """Factor of the radius and its derivative by r2."""
        k1, k2, _, _, k3, k4, k5, k6 = self.k
        a, da = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), k1 + r2 * (2 * k2 + r2 * 3 * k3)
        if not (k4 or k5 or k6):
            return a, da
        b, db = 1 + r2 * (k4 + r2 * (k5 + r2 * k6)), k4 + r2 * (2 * k5 + r2 * 3 * k6)
        return a / b, (da * b - a * db) / (b * b)

    def _fold(self) -> float:
        """The radius at which the image turns back: where the derivative of r * factor is no longer positive."""
        r = np.arange(1, STEPS + 1) * (FARTHEST / STEPS)
        factor, slope = self._radial(r * r)
        bad = ~((factor + 2 * r * r * slope > 1e-4) & (factor > 0))
        return float(r[np.argmax(bad)] - FARTHEST / STEPS) if bad.any() else np.inf

    def plane(self, points: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(plane (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        front = points[:, 2] > 1e-9
        z = np.where(front, points[:, 2], 1.0)
        x, y = points[:, 0] / z, points[:, 1] / z
        valid = front & (x * x + y * y <= self.limit * self.limit)
        return np.stack(self._distort(x, y) if any(self.k) else (x, y), -1), valid

    def _distort(self, x: Array, y: Array) -> tuple[Array, Array]:
        p1, p2 = self.k[2:4]
        r2 = x * x + y * y
        f, _ = self._radial(r2)
        return x * f + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * f + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y

    def directions(self, plane: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(unit directions (N, 3), solved (N,)) that fall on plane (N, 2)."""
        x, y = plane[:, 0].copy(), plane[:, 1].copy()
        solved = np.ones(len(plane), bool)
        if any(self.k):
            solved = self._undistort(plane[:, 0], plane[:, 1], x, y)
        f = 1 / np.sqrt(x * x + y * y + 1)
        return np.stack([x * f, y * f, f], -1), solved

    def _undistort(self, u: Array, v: Array, x: Array, y: Array) -> NDArray[np.bool_]:
        """Newton's method in the plane, from the undistorted radius on; x, y: (N,) start, overwritten."""
        p1, p2 = self.k[2:4]
        self._unscale(x, y)
        for _ in range(30):
            r2 = x * x + y * y
            f, slope = self._radial(r2)
            du, dv = self._distort(x, y)
            du, dv = du - u, dv - v
            if float(np.max(np.abs(du) + np.abs(dv), initial=0.0)) < TOLERANCE:
                break
            a = f + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
            b = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
            d = f + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
            determinant = a * d - b * b
            determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
            x -= (d * du - b * dv) / determinant
            y -= (a * dv - b * du) / determinant
            np.clip(x, -FARTHEST, FARTHEST, out=x)
            np.clip(y, -FARTHEST, FARTHEST, out=y)
        du, dv = self._distort(x, y)
        return (np.abs(du - u) + np.abs(dv - v) < 1e-9) & (x * x + y * y <= self.limit * self.limit)

    def _unscale(self, x: Array, y: Array) -> None:
        """Undo the radial distortion alone, by a table, so that Newton's method starts on the right side of a fold."""
        top = min(self.limit, FARTHEST)
        table = np.arange(1025) * (top / 1024)
        image = table * self._radial(table * table)[0]
        r = np.sqrt(x * x + y * y)
        scale = np.where(r > 1e-12, np.interp(r, image, table) / np.maximum(r, 1e-12), 1.0)
        x *= scale
        y *= scale


@dataclass(frozen=True)
class KannalaBrandt:
    """A fisheye (Kannala and Brandt 2006), as OpenCV's: the radius is theta (1 + k1 theta^2 + ... + k4 theta^8)."""

    k: tuple[float, ...]
    limit: float = field(init=False)  # largest angle to the axis, rad, up to which the image grows with it

    def __post_init__(self):
        theta = np.arange(1, STEPS + 1) * (np.pi / STEPS)
        bad = self._radius(theta)[1] <= 1e-4
        object.__setattr__(self, "limit", float(theta[np.argmax(bad)] - np.pi / STEPS) if bad.any() else float(np.pi))

    def _radius(self, theta: Array) -> tuple[Array, Array]:
        """Radius on the plane and its derivative by theta."""
        k1, k2, k3, k4 = self.k
        q = theta * theta
        return (
            theta * (1 + q * (k1 + q * (k2 + q * (k3 + q * k4)))),
            1 + q * (3 * k1 + q * (5 * k2 + q * (7 * k3 + q * 9 * k4))),
        )

    def plane(self, points: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(plane (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        x, y, z = points[:, 0], points[:, 1], points[:, 2]
        off = np.sqrt(x * x + y * y)
        theta = np.arctan2(off, z)
        radius, _ = self._radius(theta)
        scale = np.where(off > 1e-12, radius / np.maximum(off, 1e-12), 0.0)
        return np.stack([x * scale, y * scale], -1), (theta <= self.limit) & ((off > 1e-12) | (z > 0))

    def directions(self, plane: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(unit directions (N, 3), solved (N,)) that fall on plane (N, 2)."""
        x, y = plane[:, 0], plane[:, 1]
        r = np.sqrt(x * x + y * y)
        table = np.arange(1025) * (self.limit / 1024)
        theta = np.interp(r, self._radius(table)[0], table)
        for _ in range(30):
            radius, slope = self._radius(theta)
            if float(np.max(np.abs(radius - r), initial=0.0)) < TOLERANCE:
                break
            theta = np.clip(theta - (radius - r) / np.maximum(slope, 1e-4), 0.0, self.limit)
        solved = np.abs(self._radius(theta)[0] - r) < 1e-9
        scale = np.where(r > 1e-12, np.sin(theta) / np.maximum(r, 1e-12), 1.0)
        return np.stack([x * scale, y * scale, np.cos(theta)], -1), solved


@dataclass(frozen=True)
class Division:
    """The division model (Fitzgibbon 2001): a pinhole would have the radius r / (1 + k1 r^2) where this lens has r. Both ways
    are closed forms; with k1 < 0 it sees past 90 degrees from its axis."""

    k: tuple[float, ...]

    def plane(self, points: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(plane (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        x, y, z = points[:, 0], points[:, 1], points[:, 2]
        off2 = x * x + y * y
        inside = z * z - 4 * self.k[0] * off2
        below = z + np.sqrt(np.maximum(inside, 0.0))  # of k1 R r^2 - z r + R = 0 the smaller root, without cancellation
        valid = (below > 1e-9) & (inside >= 0)
        scale = np.where(valid, 2.0 / np.where(valid, below, 1.0), 0.0)
        return np.stack([x * scale, y * scale], -1), valid & ((z > 0) | (self.k[0] < 0))

    def directions(self, plane: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(unit directions (N, 3), solved (N,)) that fall on plane (N, 2)."""
        x, y = plane[:, 0], plane[:, 1]
        r2 = x * x + y * y
        z = 1 + self.k[0] * r2
        f = 1 / np.sqrt(r2 + z * z)
        return np.stack([x * f, y * f, z * f], -1), self.k[0] * r2 < 1  # beyond, the image turns back


@dataclass(frozen=True)
class Equirectangular:
    """A panorama: columns are azimuths to the right of the axis, rows angles below it, both in rad."""

    k: tuple[float, ...] = ()

    def plane(self, points: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(plane (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        x, y, z = points[:, 0], points[:, 1], points[:, 2]
        level = np.sqrt(x * x + z * z)
        return np.stack([np.arctan2(x, z), np.arctan2(y, level)], -1), level + np.abs(y) > 1e-12

    def directions(self, plane: Array) -> tuple[Array, NDArray[np.bool_]]:
        """(unit directions (N, 3), solved (N,)) that fall on plane (N, 2)."""
        right, down = plane[:, 0], plane[:, 1]
        level = np.cos(down)
        there = (np.abs(right) <= np.pi + 1e-9) & (np.abs(down) <= np.pi / 2 + 1e-9)
        return np.stack([np.sin(right) * level, np.sin(down), np.cos(right) * level], -1), there


Lens = BrownConrady | KannalaBrandt | Division | Equirectangular
MODELS: dict[str, Callable[[tuple[float, ...]], Lens]] = {
    "brown_conrady": BrownConrady,
    "kannala_brandt": KannalaBrandt,
    "division": Division,
    "equirectangular": Equirectangular,
}


def make(model: str, coefficients: tuple[float, ...]) -> Lens:
    """The lens of a model, with coefficients in the order of COEFFICIENTS; what is left out is 0."""
    return MODELS[model](tuple(coefficients) + (0.0,) * (len(COEFFICIENTS[model]) - len(coefficients)))
