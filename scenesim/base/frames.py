"""Poses, and the axis conventions of the whole project, said once.

Everything is right-handed, in metres, seconds and radians.

===========  =====================================================================
frame        axes and origin
===========  =====================================================================
world        x east, y north, z up; origin as the map says
local        world, moved so that the ego is near its origin (float32 lives here)
actor, ego   ISO 8855: x forward, y left, z up; a vehicle's origin is on the ground
             under the rear axle, a pedestrian's on the ground under the hips
lidar        like ego: x forward, y left, z up; origin in the sensor
camera       x right, y down, z forward; origin in the projection centre
pixel        (column, row); (0, 0) is the centre of the top-left pixel
===========  =====================================================================

::

        z up                     camera:     z forward
        |   x forward                       /
        |  /                               /
        | /                               +------ x right
 y left +                                 |
                                          y down

Quaternions are (w, x, y, z). A pose is named ``a_from_b``: it takes coordinates in b to coordinates in a, so that
neighbours cancel: ``world_from_camera = world_from_ego @ ego_from_camera``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def cross(a: Array, b: Array) -> Array:
    """Cross product of vectors (..., 3); np.cross takes several times as long over a few of them."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def quaternion_multiply(a: ArrayLike, b: ArrayLike) -> Array:
    """Hamilton product of quaternions (..., 4) wxyz: rotating by the result is rotating by b, then by a."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    aw, ax, ay, az = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bw, bx, by, bz = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def quaternion_rotate(q: ArrayLike, v: ArrayLike) -> Array:
    """Rotate vectors v (..., 3) by unit quaternions q (..., 4) wxyz; the leading axes broadcast."""
    q, v = np.asarray(q, float), np.asarray(v, float)
    u = 2.0 * cross(q[..., 1:], v)
    return v + q[..., :1] * u + cross(q[..., 1:], u)


def quaternion_from_euler(roll: ArrayLike = 0.0, pitch: ArrayLike = 0.0, yaw: ArrayLike = 0.0) -> Array:
    """Quaternion (..., 4) wxyz of intrinsic rotations z (yaw), y (pitch), x (roll), all in rad.

    Positive yaw turns left, positive pitch lowers the nose, positive roll lowers the right side (ISO 8855).
    """
    roll, pitch, yaw = np.broadcast_arrays(*(np.asarray(a, float) / 2 for a in (roll, pitch, yaw)))
    cr, sr, cp, sp, cy, sy = np.cos(roll), np.sin(roll), np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw)
    return np.stack(
        [
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ],
        axis=-1,
    )


def quaternion_from_matrix(m: ArrayLike) -> Array:
    """Quaternion (..., 4) wxyz, w >= 0, of rotation matrices (..., 3, 3)."""
    m = np.asarray(m, float)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    # Four candidates, each good where its leading component is large (Shepperd 1978); take the best of each row.
    yz, zx, xy = (m[..., 2, 1], m[..., 1, 2]), (m[..., 0, 2], m[..., 2, 0]), (m[..., 1, 0], m[..., 0, 1])
    rows = [
        [1 + xx + yy + zz, yz[0] - yz[1], zx[0] - zx[1], xy[0] - xy[1]],
        [yz[0] - yz[1], 1 + xx - yy - zz, xy[0] + xy[1], zx[0] + zx[1]],
        [zx[0] - zx[1], xy[0] + xy[1], 1 - xx + yy - zz, yz[0] + yz[1]],
        [xy[0] - xy[1], zx[0] + zx[1], yz[0] + yz[1], 1 - xx - yy + zz],
    ]
    c = np.stack([np.stack(row, -1) for row in rows], -2)
    best = np.argmax(np.stack([c[..., k, k] for k in range(4)], -1), -1)
    q = np.take_along_axis(c, best[..., None, None], -2)[..., 0, :]
    q = q / np.sqrt((q * q).sum(-1, keepdims=True))
    return np.where(q[..., :1] < 0, -q, q)


@dataclass(frozen=True)
class Pose:
    """A rigid motion, or an array of them; always named ``a_from_b``.

    rotation: (..., 4) unit quaternions, wxyz. translation: (..., 3) m, the origin of b in a.
    """

    rotation: Array
    translation: Array

    @staticmethod
    def identity() -> Pose:
        return Pose(np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(3))

    @staticmethod
    def of(translation: ArrayLike = (0, 0, 0), *, roll: ArrayLike = 0.0, pitch: ArrayLike = 0.0, yaw: ArrayLike = 0.0) -> Pose:
        """Pose from a translation (..., 3) m and angles (...) rad as in ISO 8855."""
        return Pose(quaternion_from_euler(roll, pitch, yaw), np.asarray(translation, float))

    @staticmethod
    def from_matrix(m: ArrayLike) -> Pose:
        """Pose from homogeneous matrices (..., 4, 4) or (..., 3, 4)."""
        m = np.asarray(m, float)
        return Pose(quaternion_from_matrix(m[..., :3, :3]), m[..., :3, 3].copy())

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(
            quaternion_multiply(self.rotation, other.rotation),
            self.translation + quaternion_rotate(self.rotation, other.translation),
        )

    def __getitem__(self, index) -> Pose:
        return Pose(self.rotation[index], self.translation[index])

    def inverse(self) -> Pose:
        conjugate = self.rotation * np.array([1.0, -1.0, -1.0, -1.0])
        return Pose(conjugate, -quaternion_rotate(conjugate, self.translation))

    def apply(self, points: ArrayLike) -> Array:
        """Points (..., 3) of frame b, in frame a. A single pose applies to any number of points."""
        return quaternion_rotate(self.rotation, points) + self.translation

    def rotate(self, vectors: ArrayLike) -> Array:
        """Directions (..., 3) of frame b, in frame a."""
        return quaternion_rotate(self.rotation, vectors)

    def matrix(self) -> Array:
        """Homogeneous matrices (..., 4, 4)."""
        w, x, y, z = np.moveaxis(self.rotation, -1, 0)
        m = np.zeros(self.rotation.shape[:-1] + (4, 4))
        m[..., 0, 0], m[..., 0, 1], m[..., 0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
        m[..., 1, 0], m[..., 1, 1], m[..., 1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
        m[..., 2, 0], m[..., 2, 1], m[..., 2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
        m[..., :3, 3] = self.translation
        m[..., 3, 3] = 1.0
        return m

    def yaw(self) -> Array:
        """Heading (...) rad of the x axis, seen from above."""
        w, x, y, z = np.moveaxis(self.rotation, -1, 0)
        return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))

    def vector(self) -> Array:
        """(..., 7) quaternion wxyz, then translation: the row that kernels read."""
        return np.concatenate([self.rotation, self.translation], axis=-1)


def interpolate(a: Pose, b: Pose, u: ArrayLike) -> Pose:
    """Pose between a (u = 0) and b (u = 1): linear translation, normalised linear quaternion on the short way.

    The kernels use the same formula between knots, so that a label and a ray agree to rounding.
    """
    u = np.asarray(u, float)[..., None]
    sign = np.where((a.rotation * b.rotation).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    q = a.rotation * (1 - u) + b.rotation * sign * u
    return Pose(q / np.sqrt((q * q).sum(-1, keepdims=True)), a.translation * (1 - u) + b.translation * u)


# The camera looks along the x axis of the body that carries it: ego_from_camera of a camera that looks straight ahead.
BODY_FROM_OPTICAL = Pose(quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])), np.zeros(3))
