"""People who do not walk: seated in a wheelchair, on a bench or a saddle, kneeling, lying; and how somebody falls.

A posture fixes hips and feet, and the legs follow as in a gait (models/gait.py does those who walk). Seats are as high as
published ones: wheelchair 0.51 m (ISO 7176-5, usual adult chair), benches 0.45 m (DIN 18040-3); the hip joint is about 0.095 m
over a seat at 1.75 m of stature (Reed et al. 1999, recalled).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import quaternion_from_matrix, quaternion_rotate
from scenesim.models import gait
from scenesim.models.arms import set_arm
from scenesim.models.body_shape import JOINT, JOINTS, PARENT, SIDES, Body
from scenesim.models.model import CRANK_RAD, FALL, GAIT_RAD, SPEED_M_S
from scenesim.models.skeleton import Posture, Skeleton, Stride, Walker, about_x, unit

Array = NDArray[np.float64]
OVER_SEAT_M = 0.095  # hip joint over the seat, of an adult
STILL = Stride(0.0, 0.62, 0.0, 0.0, 0.0, 0.0, 0.0)


def seated(b: Body, seat_m: float, feet_m: float, forward: float = 0.0, recline: float = 0.10) -> Posture:
    """On a seat at a height, soles at another one. forward: rad that the trunk is bent; recline: that hips are tipped back."""
    hip = seat_m + OVER_SEAT_M * b.k
    ankle = feet_m + b.ankle_m + b.sole_m
    drop = min(max(hip - ankle, 0.1), 0.95 * b.segment_m)
    x = b.length["hip_gap"] * 1.15
    ahead = b.segment_m * 0.97 + math.sqrt(max(b.segment_m**2 - drop**2, 0.0)) * 0.35
    ankles = ((x, ahead, ankle), (-x, ahead, ankle))
    return Posture((0.0, 0.0, hip), -recline, forward, 0.5 * forward, ankles, knees=((0.12, 0.7, 0.7), (-0.12, 0.7, 0.7)))


@dataclass(frozen=True)
class Saddle:
    """Where a rider of 1.75 m sits: x of the hips in the frame of the vehicle and their height; hands: (forward of hips, |y|,
    up); lean: of the trunk, rad. cranks: forward of the hips, height, length, half width between the pedals; or feet: ankles
    (forward, |y|, up) and how far the knees point outwards. hat: what riders wear on the head. Lengths m."""

    x: float
    hips: float
    hands: tuple[float, float, float]
    lean: float
    cranks: tuple[float, float, float, float] | None = None
    feet: tuple[tuple[float, float, float], float] = ((0.0, 0.0, 0.0), 0.1)
    hat: str = "none"


def riding(saddle: Saddle) -> Posture:
    """On a saddle, feet on pedals or pegs."""
    (y, x, z), out = saddle.feet
    bow = 0.35 * saddle.lean
    return Posture(
        (0.0, 0.0, saddle.hips), 0.55 * saddle.lean, saddle.lean, bow, ((x, y, z), (-x, y, z)), (-0.12, -0.12),
        ((out, 1.0, 0.5), (-out, 1.0, 0.5)), cranks=saddle.cranks,
    )  # fmt: skip


def kneeling(b: Body) -> Posture:
    """On the right knee, the left foot flat before the body, bent over some work."""
    l, x = b.segment_m, b.length["hip_gap"]
    hip = 0.060 * b.k + 0.93 * l
    ankles = ((x, -0.86 * l, 0.105 * b.k), (-1.4 * x, 0.75 * l, b.ankle_m + b.sole_m))
    knees = ((0.15, 1.0, -0.9), (-0.25, 1.0, 0.4))
    return Posture((0.0, 0.0, hip), 0.20, 0.50, 0.30, ankles, (-1.15, 0.0), knees, sits=False)


def lying(b: Body) -> Posture:
    """On the back, legs a little apart, one knee bent."""
    l, x = b.segment_m, b.length["hip_gap"]
    low = 0.11 * b.k
    ankles = ((1.6 * x, 1.97 * l, low - 0.03), (-1.3 * x, 1.80 * l, low - 0.02))
    turned = -math.pi / 2
    knees = ((0.25, 0.1, 1.0), (-0.5, 0.1, 1.0))
    return Posture((0.0, 0.0, low), turned, turned, turned + 0.10, ankles, (1.0, 0.9), knees, sits=False)


def pose(w: Walker, articulation: Array) -> tuple[Array, Array]:
    """Rotations (19, 3, 3) of the bones from the rest pose and joints (19, 3) m for a row of articulation."""
    if w.posture is None:
        turned, at = gait.pose(w, articulation[GAIT_RAD], articulation[SPEED_M_S])
        return _fallen(w, turned, at, float(articulation[FALL])) if articulation[FALL] > 0.0 else (turned, at)
    p, bones = w.posture, Skeleton(w)
    bones.trunk(np.array(p.hips), about_x(-p.pelvis), about_x(-p.chest), about_x(-p.head - w.bow))
    for k, (side, e) in enumerate(SIDES):
        ankle = np.array(p.ankles[k])
        if p.cranks is not None:
            ankle, pitch = _on_pedal(w, p.cranks, e, float(articulation[CRANK_RAD]))
        else:
            pitch = p.feet[k]
        knee, toe = np.array(p.knees[k]), max(pitch, -0.5)
        bones.leg(side, ankle, about_x(pitch), about_x(toe if p.cranks is None else pitch), knee)
        set_arm(bones, STILL, side, e, float(articulation[GAIT_RAD]) / (2 * math.pi), bones.turned[JOINT["chest"]])
    return bones.turned, bones.at


def _on_pedal(w: Walker, cranks: tuple[float, float, float, float], e: float, crank_rad: float) -> tuple[Array, float]:
    """Ankle (3,) and pitch of a foot whose ball is on a pedal."""
    y, z, length, half = cranks
    angle = crank_rad + (math.pi if e > 0 else 0.0) + CRANKS_START
    toe, ankle = w.rest[JOINT["toe_r"]], w.rest[JOINT["foot_r"]]
    pitch = -0.25 + 0.22 * math.cos(angle - 0.4)
    pedal = np.array([e * half, y + length * math.sin(angle), z + length * math.cos(angle) + 0.015])
    back, up = float(toe[1] - ankle[1]), w.ankle_m + w.sole_m
    c, s = math.cos(pitch), math.sin(pitch)
    return pedal + np.array([0.0, -c * back - s * up, -s * back + c * up]), pitch


CRANKS_START = 0.75 * math.pi  # where the left crank is at rest: from the top, forward (models/two_wheeler.py)


def _fallen(w: Walker, turned: Array, at: Array, share: float) -> tuple[Array, Array]:
    """Bones on the way from a pose to lying face down: every bone turns to where it ends, about feet that stay behind."""
    end = _prone(w)
    q0, q1 = quaternion_from_matrix(turned), quaternion_from_matrix(end)
    q1 = np.where((q0 * q1).sum(1, keepdims=True) < 0, -q1, q1)
    q = (1 - share) * q0 + share * q1
    q = q / np.sqrt((q * q).sum(1, keepdims=True))
    m = np.stack([quaternion_rotate(q, np.broadcast_to(axis, (len(q), 3))) for axis in np.eye(3)], 2)
    joints = np.zeros_like(at)
    angle = 0.5 * math.pi * share
    joints[0] = at[0] + np.array([0.0, at[0, 2] * math.sin(angle), at[0, 2] * (math.cos(angle) - 1)])
    for i in range(1, len(JOINTS)):
        p = PARENT[i]
        joints[i] = joints[p] + m[p] @ (w.rest[i] - w.rest[p])
    return m, joints


def _prone(w: Walker) -> Array:
    """(19, 3, 3) rotations of who lies face down, hands beside the head."""
    bones = Skeleton(w)
    flat = about_x(-math.pi / 2)
    bones.trunk(np.array([0.0, 0.0, 0.12 * w.scale]), flat, flat, about_x(-math.pi / 2 + 0.25))
    for side, e in SIDES:
        bones.arm(side, unit(np.array([e * 0.85, 0.5, 0.0])), unit(np.array([-e * 0.1, 1.0, -0.05])), np.array([-e, 0.2, 0.2]))
        down = np.array([e * 0.12, -1.0, 0.0])
        ankle = bones.at[JOINT[f"thigh_{side}"]] + down * 1.95 * w.segment_m
        bones.leg(side, ankle, about_x(-2.5), about_x(-2.3), np.array([e * 0.3, 0.1, -1.0]))
    return bones.turned
