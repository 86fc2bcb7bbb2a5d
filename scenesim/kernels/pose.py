"""Rotations and moving poses inside kernels; the same formulas as base/frames.py.

Numba's float() leaves a float32 what it is; np.float64() does not.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenesim.kernels.jit import inline
from scenesim.kernels.simd import load_f32, pointer


@inline
def rotate(w, x, y, z, vx, vy, vz):
    """Vector (vx, vy, vz) rotated by the unit quaternion (w, x, y, z)."""
    ux = 2 * (y * vz - z * vy)
    uy = 2 * (z * vx - x * vz)
    uz = 2 * (x * vy - y * vx)
    return vx + w * ux + y * uz - z * uy, vy + w * uy + z * ux - x * uz, vz + w * uz + x * uy - y * ux


@inline
def rotate_back(w, x, y, z, vx, vy, vz):
    """Vector rotated by the inverse of a unit quaternion."""
    return rotate(w, -x, -y, -z, vx, vy, vz)


@inline
def columns_back(w, x, y, z):
    """Columns of the matrix of the inverse of a unit quaternion; the rows of that of the quaternion."""
    return (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip


@inline
def share(time, before, after):
    """How far a time lies between two others, 0 to 1, float64."""
    return min(max((np.float64(time) - before) / (np.float64(after) - before), 0.0), 1.0)


@inline
def between(pose, a, b, u):
    """Pose (w, x, y, z, px, py, pz), float64, at share u of the way from that at offset a of a raw pointer to that at b."""
    s, d = 1.0 - u, 0.0
    for c in range(4):
        d += np.float64(load_f32(pose, a + c)) * load_f32(pose, b + c)
    f = -u if d < 0 else u
    w = s * load_f32(pose, a) + f * load_f32(pose, b)
    x = s * load_f32(pose, a + 1) + f * load_f32(pose, b + 1)
    y = s * load_f32(pose, a + 2) + f * load_f32(pose, b + 2)
    z = s * load_f32(pose, a + 3) + f * load_f32(pose, b + 3)
    n = 1.0 / sqrt(w * w + x * x + y * y + z * z)
    return (
        w * n, x * n, y * n, z * n,
        s * load_f32(pose, a + 4) + u * load_f32(pose, b + 4),
        s * load_f32(pose, a + 5) + u * load_f32(pose, b + 5),
        s * load_f32(pose, a + 6) + u * load_f32(pose, b + 6),
    )  # fmt: skip


@inline
def pose_at(pose, knot_time, i, time, moves):
    """Row (w, x, y, z, px, py, pz), float64, of instance i at a time; pose (K, I, 7), knot_time (K,). Nearest knot outside."""
    last = len(knot_time) - 1
    if moves == 0 or last == 0:
        return (
            np.float64(pose[0, i, 0]), np.float64(pose[0, i, 1]), np.float64(pose[0, i, 2]), np.float64(pose[0, i, 3]),
            np.float64(pose[0, i, 4]), np.float64(pose[0, i, 5]), np.float64(pose[0, i, 6]),
        )  # fmt: skip
    k = 0
    while k < last - 1 and time >= knot_time[k + 1]:
        k += 1
    a, count = (k * pose.shape[1] + i) * 7, pose.shape[1]
    return between(pointer(pose), a, a + count * 7, share(time, knot_time[k], knot_time[k + 1]))
