"""How people walk, run and stand: the bones of a figure for any phase of its stride and any speed.

The planted foot is fixed to the ground and rolls over heel, ball and toe tip; the ankle follows from it, the hips from what the
knees of walkers do, and the legs from both, so that feet do not slide. Standing is the walk at speed 0, running another set of
curves that is blended in. Numbers: knee and foot angles after Winter 1991, The Biomechanics and Motor Control of Human Gait;
walk ratio (step length over cadence) after Sekiya and Nagasaki 1998; people break into a run near a Froude number of 0.5
(Alexander 1989).

Everything is in the frame of models/body_shape.py: facing +y, x to the right.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import monotone_cubic, smooth_step
from scenesim.models.arms import set_arm
from scenesim.models.body_shape import JOINT, SIDES, Body
from scenesim.models.skeleton import (
    FORWARD,
    Skeleton,
    Stride,
    Walker,
    about_x,
    about_y,
    about_z,
)  # fmt: skip

Array = NDArray[np.float64]

ADULT_LEG_M = 0.91  # hip height that the curves were measured at
WALK_RATIO = 0.0064  # m / (steps per minute)
SPEEDS_M_S = (
    0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.42, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.95, 2.05, 2.15, 2.25, 2.35,
    2.7, 3.0, 3.5, 4.0, 5.0, 6.5,
)  # fmt: skip

# Knee flexion, deg, at shares of the stride from heel strike (Winter 1991, natural cadence), as far as the foot is planted.
_KNEE = ((0, 0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50), (4, 11, 17, 19, 17, 11, 6, 11))
# Pitch of the foot, deg, toes up; phases count 0 to 1 while it is planted, 1 to 2 while it swings.
_PHASES = np.linspace(0, 2, 241)
_WALK_PITCH = monotone_cubic(
    (0, 0.065, 0.129, 0.613, 0.742, 0.871, 1, 1.158, 1.368, 1.632, 1.842, 2),
    np.array([19, 10, 0, 0, -10, -32, -58, -66, -42, -2, 18, 19.0])[:, None],
    _PHASES,
)[:, 0]
_RUN_PITCH = monotone_cubic(
    (0, 0.25, 0.55, 1, 1.09, 1.32, 1.62, 1.94, 2), np.array([6, 0, 0, -52, -72, -85, -35, 6, 6.0])[:, None], _PHASES
)[:, 0]


def _running(scaled_speed):
    """Share of running, 0 to 1, at a speed scaled to an adult's leg."""
    return smooth_step(1.95, 2.35, scaled_speed)


def stride_length_m(leg_m: float, speed_m_s: float) -> float:
    """Length of a stride (two steps) of someone whose hips are `leg_m` above the ground. GAIT_RAD goes on by 2 pi for each."""
    size = leg_m / ADULT_LEG_M
    root = math.sqrt(size)
    walk = 2 * math.sqrt(60 * max(speed_m_s, 0.0) * WALK_RATIO * size * root)
    steps_per_s = (2.62 + 0.11 * (max(speed_m_s, 1.5) - 2.5)) / root
    share = float(_running(speed_m_s / root))
    return walk * (1 - share) + share * 2 * speed_m_s / steps_per_s


def walker(body: Body, stance: float, **manner: Any) -> Walker:
    """The walker of a body, with its fitted hip heights; manner: fields of Walker that say what it does besides walking."""
    bare = Walker(
        body.rest, body.segment_m, body.ankle_m, body.sole_m, body.shoe_m, body.length["hip_gap"], body.h,
        round(body.hip_m, 3), body.child, body.fem, body.old, body.fat, body.length["hand"], stance, **manner,
    )  # fmt: skip
    if bare.posture is not None:
        return bare
    rows = np.array([_fit(bare, v * math.sqrt(bare.leg_m / ADULT_LEG_M)) for v in SPEEDS_M_S])
    return replace(bare, fitted=rows)


def _stride(w: Walker, speed_m_s: float, middle: float = 0.0) -> Stride:
    scaled = speed_m_s / math.sqrt(w.leg_m / ADULT_LEG_M)
    run, moving = float(_running(scaled)), float(smooth_step(0.0, 0.4, scaled))
    walking = min(max(0.62 - 0.03 * (scaled - 1.1), 0.58), 0.66) + 0.03 * w.old
    duty = walking * (1 - run) + run * min(max(0.38 - 0.04 * (scaled - 2), 0.24), 0.40)
    amplitude = min(1.2, scaled / 1.35) * (1 - run) + 1.5 * run
    return Stride(stride_length_m(w.leg_m, speed_m_s), duty, middle, moving, run, scaled, amplitude)


def _pitch(w: Walker, s: Stride, phase: Array) -> Array:
    """Pitch of the foot (rad, toes up) at phases (n,) of its own stride."""
    c = np.asarray(phase, float) % 1.0
    at = np.where(c <= s.duty, c / s.duty, 1 + (c - s.duty) / (1 - s.duty))
    walk = np.interp(at, _PHASES, _WALK_PITCH) * (0.62 + 0.38 * min(1.0, s.speed / 1.35)) * (1 - 0.35 * w.old)
    return np.radians(walk * (1 - s.run) + s.run * np.interp(at, _PHASES, _RUN_PITCH)) * s.moving


def _toe_pitch(pitch: Array) -> Array:
    """Toes stay flat while the heel rises, until the foot rolls over their tips."""
    return np.where(pitch < 0, np.minimum(0.0, (pitch + math.radians(34)) * 0.75), pitch)


def _roll(w: Walker, pitch: Array) -> Array:
    """(n, 2) forward and up of the ankle from the ground point under a flat foot's ankle, rolled by a pitch (n,)."""
    heel_y, ankle_z, ball_y, ball_z, tip_y = _foot(w)
    toe = _toe_pitch(pitch)
    c, s, ct, st = np.cos(pitch), np.sin(pitch), np.cos(toe), np.sin(toe)
    on_heel = np.stack([heel_y - c * heel_y - s * ankle_z, -s * heel_y + c * ankle_z], -1)
    joint_y = tip_y + ct * (ball_y - tip_y) - st * ball_z
    joint_z = st * (ball_y - tip_y) + ct * ball_z
    back, up = -ball_y, ankle_z - ball_z
    on_ball = np.stack([joint_y + c * back - s * up, joint_z + s * back + c * up], -1)
    return np.where((pitch >= 0)[..., None], on_heel, on_ball)


def _foot(w: Walker) -> tuple[float, float, float, float, float]:
    """y of the heel, height of the ankle, y and height of the toe joint, y of the toe tip: about the ankle, sole at 0."""
    toe, ankle = w.rest[JOINT["toe_r"]], w.rest[JOINT["foot_r"]]
    return -0.275 * w.shoe_m, w.ankle_m + w.sole_m, float(toe[1] - ankle[1]), 0.014 * w.height_m + w.sole_m, 0.69 * w.shoe_m


def _base(w: Walker, s: Stride, e: float) -> tuple[Array, float]:
    """Ground point (x, y) of a foot (side e) from which its stride is counted, and its angle outwards (rad)."""
    still = 1 - s.moving
    spread = w.hip_gap_m * (0.62 * (1 - s.run) + 0.35 * s.run) + 0.012 * w.old
    bearing = e * w.stance > 0
    standing = w.hip_gap_m * (0.95 if bearing else 1.05)
    y = still * w.height_m * (-0.02 if bearing else 0.03)
    lean = still * w.stance * 0.0044 * w.height_m
    out = math.radians((6 - 3 * w.child) * s.moving + (9 if bearing else 16) * still)
    return np.array([e * (spread * s.moving + standing * still) + lean, y]), -e * out


def _planted(w: Walker, s: Stride, e: float, phase: Array) -> Array:
    """(n, 3) ankle of a planted foot at phases (n,) of its own stride, in the moving body's frame."""
    base, out = _base(w, s, e)
    roll = _roll(w, _pitch(w, s, phase))
    y = base[1] + s.length_m * (s.middle - np.asarray(phase, float))
    return np.stack([base[0] - math.sin(out) * roll[..., 0], y + math.cos(out) * roll[..., 0], roll[..., 1]], -1)


def _ankle(w: Walker, s: Stride, e: float, phase: float) -> tuple[Array, float, float]:
    """Ankle (3,), pitch of the foot and of the toes at a phase of this foot's stride."""
    c = phase % 1.0
    small = 1e-3
    at = np.array([c, s.duty, s.duty - small, 0.0, small])
    pitch = float(_pitch(w, s, at[:1])[0])
    if c <= s.duty:
        return _planted(w, s, e, at[:1])[0], pitch, float(_toe_pitch(np.array([pitch]))[0])
    _, p0, before, p1, after = _planted(w, s, e, np.array([0.0, *at[1:]]))
    t, left = (c - s.duty) / (1 - s.duty), 1 - s.duty
    v0, v1 = (p0 - before) / small * left, (after - p1) / small * left
    v1[2] = 0.5 * min(v1[2], 0.0)
    p = (1 + 2 * t) * (1 - t) ** 2 * p0 + t * (1 - t) ** 2 * v0 + t * t * (3 - 2 * t) * p1 + t * t * (t - 1) * v1
    lift = (0.010 * (1 - s.run) + s.run * (0.08 + 0.02 * s.speed)) * w.scale * s.moving
    p[2] += lift * 6.75 * t * (1 - t) ** 2
    last = float(_toe_pitch(_pitch(w, s, at[1:2]))[0])
    q = float(smooth_step(0, 0.25, t))
    toe = pitch * q + last * (1 - q)
    clear = 0.012 * w.scale * s.moving * math.sin(math.pi * t)
    p[2] += max(0.0, clear - (p[2] + _lowest(w, pitch, toe)))
    return p, pitch, toe


def _lowest(w: Walker, pitch: float, toe: float) -> float:
    """Height of the lowest point of a foot against its ankle."""
    heel_y, ankle_z, ball_y, ball_z, tip_y = _foot(w)
    c, s = math.cos(pitch), math.sin(pitch)
    ball = s * ball_y - c * ankle_z
    joint = s * ball_y - c * (ankle_z - ball_z)
    tip = joint + math.sin(toe) * (tip_y - ball_y) - math.cos(toe) * ball_z
    return min(s * heel_y - c * ankle_z, ball, tip)


def _hips(w: Walker, s: Stride, phase: Array) -> tuple[Array, Array]:
    """Sideways sway (n,) of the pelvis (m), and its yaw and list (n, 2) (rad), at phases of the right foot."""
    turn = 2 * math.pi * np.asarray(phase, float)
    sway = 0.018 * w.scale * np.sin(turn - 0.30) * (1 - 0.6 * s.run) * s.moving
    sway = sway + (1 - s.moving) * 0.016 * w.height_m * w.stance
    yaw = math.radians(5) * s.amplitude * np.cos(turn)
    list_ = math.radians(3.5) * s.amplitude * np.sin(turn - 0.2) * (1 + 0.3 * w.fem)
    list_ = list_ + (1 - s.moving) * math.radians(2.6) * w.stance * (1 - 0.7 * w.child)
    return sway, np.stack([yaw, list_], -1)


def _set_back(w: Walker, s: Stride) -> float:
    """y of the pelvis, m: behind the feet of who stands."""
    return -0.008 * w.height_m * (1 - s.moving)


def _fit(w: Walker, speed_m_s: float) -> Array:
    """Row of Walker.fitted: of some places where the hip may pass the ankle, the one that walks tallest."""
    best = None
    for share in np.linspace(0.30, 0.54, 7):
        s = _stride(w, speed_m_s)
        row = _fit_height(w, replace(s, middle=s.duty * float(share)))
        if best is None or row[0] > best[0] + 1e-9:
            best = row
    assert best is not None
    return best


def _fit_height(w: Walker, s: Stride) -> Array:
    """Mean hip height, and second harmonic, that give walkers' knees in stance and never over-reach a planted leg."""
    l = w.segment_m
    cs = np.linspace(0.10, 0.50, 17)
    knee = np.radians(np.interp(cs, *_KNEE) * (0.25 + 0.75 * s.moving) + 8 * w.old + 1.5)
    a = _planted(w, s, 1.0, cs * s.duty / 0.62)
    gap = 0.01 * w.height_m
    z = a[:, 2] + np.sqrt(np.maximum(0.01, 2 * l * l * (1 + np.cos(knee)) - a[:, 1] ** 2 - gap**2))
    turn = 4 * math.pi * cs * s.duty / 0.62
    m = np.stack([np.ones(17), np.cos(turn), np.sin(turn)], 1)
    mean, cosine, sine = np.linalg.solve(m.T @ m, m.T @ z)
    size = math.sqrt(cosine * cosine + sine * sine)
    shrink = min(1.0, 0.026 * w.scale / max(size, 1e-9)) * s.moving
    cosine, sine = cosine * shrink, sine * shrink
    if s.run > 0:  # a runner is lowest in mid-stance, with the knee at 42 degrees
        c0, bounce = 0.5 * s.duty, 0.035 * w.scale
        at = _planted(w, s, 1.0, np.array([c0]))[0]
        low = at[2] + math.sqrt(2 * l * l * (1 + math.cos(math.radians(42))) - at[1] ** 2)
        mean = mean * (1 - s.run) + s.run * (low + bounce)
        cosine = cosine * (1 - s.run) - s.run * bounce * math.cos(4 * math.pi * c0)
        sine = sine * (1 - s.run) - s.run * bounce * math.sin(4 * math.pi * c0)
    return np.array([min(mean, _reach(w, s, cosine, sine)), cosine, sine, s.middle])


def _reach(w: Walker, s: Stride, cosine: float, sine: float) -> float:
    """Highest mean hip height at which neither planted leg over-reaches."""
    c = np.linspace(0, s.duty, 33)
    highest = np.inf
    for side, e in SIDES:
        phase = c if e > 0 else (c + 0.5) % 1.0
        sway, turned = _hips(w, s, phase)
        hip = w.rest[JOINT[f"thigh_{side}"]] - w.rest[JOINT["pelvis"]]
        x = sway + hip[0] * np.cos(turned[:, 0])
        y = hip[0] * np.sin(turned[:, 0]) + _set_back(w, s)
        z = 0.8 * hip[0] * np.sin(turned[:, 1])
        a = _planted(w, s, e, c)
        flat = (a[:, 0] - x) ** 2 + (a[:, 1] - y) ** 2
        up = np.sqrt(np.maximum((0.996 * 2 * w.segment_m) ** 2 - flat, 1e-4))
        bounce = cosine * np.cos(4 * math.pi * phase) + sine * np.sin(4 * math.pi * phase)
        highest = min(highest, float((a[:, 2] + up - z - bounce).min()))
    return highest


def pose(w: Walker, gait_rad: float, speed_m_s: float) -> tuple[Array, Array]:
    """Rotations (19, 3, 3) of the bones from the rest pose and joints (19, 3) m, feet on z = 0, at a phase (2 pi a stride, 0
    where the right heel strikes) and a speed (m/s, never backwards)."""
    speed = min(max(float(speed_m_s), 0.0), SPEEDS_M_S[-1])
    phase = (float(gait_rad) / (2 * math.pi)) % 1.0
    assert w.fitted is not None
    scaled = speed / math.sqrt(w.leg_m / ADULT_LEG_M)
    mean, cosine, sine, middle = (float(np.interp(scaled, SPEEDS_M_S, w.fitted[:, k])) for k in range(4))
    s = _stride(w, speed, middle)
    mean = min(mean, _reach(w, s, cosine, sine))  # between fitted speeds a little too much may be asked of a leg
    sway, turned = _hips(w, s, np.array(phase))
    yaw, list_ = float(turned[0]), float(turned[1])
    turn = 4 * math.pi * phase
    root = np.array([float(sway), _set_back(w, s), mean + cosine * math.cos(turn) + sine * math.sin(turn)])
    bones = Skeleton(w)
    chest = _set_trunk(bones, s, root, yaw, list_)
    for side, e in SIDES:
        ankle, pitch, toe = _ankle(w, s, e, phase + (0.0 if e > 0 else 0.5))
        out = about_z(_base(w, s, e)[1])
        bones.leg(side, ankle, out @ about_x(pitch), out @ about_x(toe), out @ FORWARD)
        set_arm(bones, s, side, e, phase, chest)
    return bones.turned, bones.at


def _set_trunk(bones: Skeleton, s: Stride, root: Array, yaw: float, list_: float) -> Array:
    w = bones.w
    lean = math.radians(3 * s.moving + 6 * s.run) + w.lean
    stoop = math.radians(24) * w.old
    pelvis = about_z(yaw) @ about_y(-0.8 * list_) @ about_x(-0.5 * lean - 0.15 * stoop)
    chest = about_z(-1.1 * yaw) @ about_y(0.3 * list_) @ about_x(-lean - stoop)
    head = about_x(-0.35 * stoop + 0.02 - w.bow)
    bones.trunk(root, pelvis, chest, head)
    return chest
