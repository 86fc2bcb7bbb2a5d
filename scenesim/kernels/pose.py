"""Rotations and moving poses inside kernels; the same formulas as base/frames.py."""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenesim.kernels.jit import inline


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
    u = (np.float64(time) - knot_time[k]) / (np.float64(knot_time[k + 1]) - knot_time[k])
    u = min(max(u, 0.0), 1.0)
    s = 1.0 - u
    d = 0.0
    for c in range(4):
        d += np.float64(pose[k, i, c]) * np.float64(pose[k + 1, i, c])
    f = -u if d < 0 else u
    w = s * pose[k, i, 0] + f * pose[k + 1, i, 0]
    x = s * pose[k, i, 1] + f * pose[k + 1, i, 1]
    y = s * pose[k, i, 2] + f * pose[k + 1, i, 2]
    z = s * pose[k, i, 3] + f * pose[k + 1, i, 3]
    n = 1.0 / sqrt(w * w + x * x + y * y + z * z)
    return (
        w * n, x * n, y * n, z * n,
        s * pose[k, i, 4] + u * pose[k + 1, i, 4],
        s * pose[k, i, 5] + u * pose[k + 1, i, 5],
        s * pose[k, i, 6] + u * pose[k + 1, i, 6],
    )  # fmt: skip
