"""The ego's motion as sensors of motion feel it: smooth between the samples of the timeline, with exact derivatives.

Cubic splines, twice continuously differentiable, go through the samples of position and quaternion; the ends are "not a knot"
(de Boor, A Practical Guide to Splines, ch. IV). Images and sweeps have the timeline's own straight lines between samples, which
differ from the spline by about a millimetre (a h^2 / 8) where a car drives as cars do; straight lines have no accelerations to
be felt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, cross, quaternion_multiply
from scenesim.world.timeline import EGO, Timeline

Array = NDArray[np.float64]
GRAVITY_M_S2 = 9.80665  # standard gravity, everywhere


@dataclass(frozen=True)
class Kinematics:
    """N states of a body: world_from_body poses; velocity, acceleration (N, 3) of its origin, world; angular velocity and
    acceleration (N, 3), body axes."""

    pose: Pose
    velocity: Array
    acceleration: Array
    angular_velocity: Array
    angular_acceleration: Array

    def at(self, body_from_sensor: Pose) -> Kinematics:
        """The same of something mounted on the body, in its own axes."""
        arm = np.broadcast_to(body_from_sensor.translation, self.velocity.shape)
        w, a = self.angular_velocity, self.angular_acceleration
        mounted = Pose(np.tile(body_from_sensor.rotation, (len(w), 1)), arm)
        turned = body_from_sensor.inverse()
        return Kinematics(
            self.pose @ mounted,
            self.velocity + self.pose.rotate(cross(w, arm)),
            self.acceleration + self.pose.rotate(cross(a, arm) + cross(w, cross(w, arm))),
            turned.rotate(w),
            turned.rotate(a),
        )

    def specific_force(self) -> Array:
        """(N, 3) m/s2, body axes: what an accelerometer measures, +g upwards at rest."""
        return self.pose.inverse().rotate(self.acceleration + np.array([0.0, 0.0, GRAVITY_M_S2]))


class EgoMotion:
    """The ego's kinematics at any time within the timeline; beyond it the last polynomial goes on."""

    def __init__(self, timeline: Timeline):
        self._time = np.asarray(timeline.time_s, float)
        pose = timeline.world_from_actor[EGO]
        rotation = pose.rotation.copy()
        for k in range(1, len(rotation)):  # q and -q are the same rotation; neighbours on the same side
            if (rotation[k] * rotation[k - 1]).sum() < 0:
                rotation[k] = -rotation[k]
        self._values = np.concatenate([rotation, pose.translation], axis=1)
        self._bend = _second_derivatives(self._time, self._values)

    def at(self, time_s: Array) -> Kinematics:
        """Kinematics at times (N,)."""
        value, first, second = self._evaluate(np.asarray(time_s, float))
        q, dq, ddq = value[:, :4], first[:, :4], second[:, :4]
        square = (q * q).sum(1, keepdims=True)
        back = q * np.array([1.0, -1.0, -1.0, -1.0]) / square
        # With q = |q| u the parts of the derivatives along q are scalars of the products, so that the vectors are those of u.
        w = 2.0 * quaternion_multiply(back, dq)[:, 1:]
        grows = 2.0 * (q * dq).sum(1, keepdims=True) / square
        a = 2.0 * quaternion_multiply(back, ddq)[:, 1:] - grows * w
        return Kinematics(Pose(q / np.sqrt(square), value[:, 4:]), first[:, 4:], second[:, 4:], w, a)

    def _evaluate(self, at: Array) -> tuple[Array, Array, Array]:
        """Values, first and second derivatives (N, 7)."""
        t, y, m = self._time, self._values, self._bend
        if len(t) == 1:
            zero = np.zeros((len(at), y.shape[1]))
            return zero + y[0], zero, zero
        k = np.clip(np.searchsorted(t, at, side="right") - 1, 0, len(t) - 2)
        h = (t[k + 1] - t[k])[:, None]
        b = (at - t[k])[:, None] / h
        a = 1.0 - b
        value = a * y[k] + b * y[k + 1] + ((a * a * a - a) * m[k] + (b * b * b - b) * m[k + 1]) * h * h / 6.0
        first = (y[k + 1] - y[k]) / h + ((3.0 * b * b - 1.0) * m[k + 1] - (3.0 * a * a - 1.0) * m[k]) * h / 6.0
        return value, first, a * m[k] + b * m[k + 1]


def _second_derivatives(t: Array, y: Array) -> Array:
    """(K, C) second derivatives at the samples (K, C) of the cubic spline that goes through them."""
    n = len(t)
    if n < 3:
        return np.zeros_like(y)
    h = np.diff(t)
    slope = np.diff(y, axis=0) / h[:, None]
    lower, upper = h[:-1].copy(), h[1:].copy()
    middle, right = 2.0 * (h[:-1] + h[1:]), 6.0 * np.diff(slope, axis=0)
    if n == 3:  # one parabola
        return np.repeat(right / (6.0 * (h[0] + h[1])) * 2.0, 3, axis=0)
    # Not a knot: the third derivative does not jump at the second sample and the last but one; the ends' unknowns are put in.
    middle[0] += h[0] * (1.0 + h[0] / h[1])
    upper[0] -= h[0] * h[0] / h[1]
    middle[-1] += h[-1] * (1.0 + h[-1] / h[-2])
    lower[-1] -= h[-1] * h[-1] / h[-2]
    for k in range(1, n - 2):
        share = lower[k] / middle[k - 1]
        middle[k] -= share * upper[k - 1]
        right[k] -= share * right[k - 1]
    inner = np.empty_like(right)
    inner[-1] = right[-1] / middle[-1]
    for k in range(n - 4, -1, -1):
        inner[k] = (right[k] - upper[k] * inner[k + 1]) / middle[k]
    first = inner[0] + (inner[0] - inner[1]) * h[0] / h[1]
    last = inner[-1] + (inner[-1] - inner[-2]) * h[-1] / h[-2]
    return np.concatenate([first[None], inner, last[None]])
