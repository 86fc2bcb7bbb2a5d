"""What arms do: swing, carry, hold on to something, walk with sticks, push rims, give signals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import smooth_step
from scenesim.models.body_shape import JOINT, Body
from scenesim.models.skeleton import DOWN, FORWARD, Arm, Skeleton, Stride, about_x, about_y, about_z, unit

Array = NDArray[np.float64]

CARRY_UP = 0.75  # rad, of the forearm that holds an umbrella
# A push of a wheelchair: run of one cycle, and where on the rim the hand takes hold and lets go, rad forward of its top. Arc of
# contact about 80 degrees, cycles of about 1 s at walking pace (Boninger et al. 2002, recalled).
CYCLE_M, HOLD_RAD, LET_GO_RAD = 1.1, -0.58, 0.76
ROLLS_PER_RIM = 0.30 / 0.265  # a wheel's radius over its rim's (models/aids.py)


def umbrella_axis(body: Body) -> Array:
    """(3,) direction in the rest pose, at the right hand, that points up when the hand is carried."""
    bone = unit(body.rest[JOINT["hand_r"]] - body.rest[JOINT["forearm_r"]])
    return math.cos(CARRY_UP) * FORWARD + math.sin(CARRY_UP) * bone


def set_arm(bones: Skeleton, s: Stride, side: str, e: float, phase: float, chest: Array) -> None:
    """The arm of a side (e: +1 right) at a phase of the right foot's stride (1 a stride)."""
    arm = bones.w.arms[0 if e > 0 else 1]
    if arm.kind in ("swing", "up", "down"):
        # An arm swings with the other side's leg.
        _free(bones, s, side, e, math.cos(2 * math.pi * (phase + (0.5 if e > 0 else 0.0)) - 0.15), chest, arm.kind)
    elif arm.kind == "grip":
        about = bones.at[JOINT[arm.of]] if arm.of else np.zeros(3)
        _hold(bones, side, e, about + _sided(arm.at, e), arm)
    else:
        {"stick": _stick, "cane": _cane, "rim": _rim, "signal": _signal}[arm.kind](bones, s, side, e, phase, arm)


def _sided(p, e: float) -> Array:
    return np.array([e * p[0], p[1], p[2]])


def _hold(bones: Skeleton, side: str, e: float, fist: Array, arm: Arm, along: Array | None = None) -> None:
    bones.reach(side, e, fist, _sided(arm.along, e) if along is None else along, _sided(arm.thumb, e), _sided(arm.elbow, e))


def _stick(bones: Skeleton, s: Stride, side: str, e: float, phase: float, arm: Arm) -> None:
    """A stick whose tip stays on the ground as long as the other side's foot, and is carried forward as that one swings."""
    c = (phase + (0.5 if e > 0 else 0.0)) % 1.0
    lift, reach = 0.0, s.length_m * s.duty
    if c <= s.duty:
        y = reach * (0.5 - c / s.duty)
    else:
        t = (c - s.duty) / (1 - s.duty)
        y = reach * (float(smooth_step(0.0, 1.0, t)) - 0.5)
        lift = 0.05 * bones.w.scale * math.sin(math.pi * t) ** 2 * s.moving
    tip = np.array([e * arm.at[0] * 1.12, arm.at[1] + y, lift])
    x, ahead = e * arm.at[0], arm.at[1] - 0.06 * bones.w.scale + 0.22 * y
    up = math.sqrt(arm.length_m**2 - (tip[0] - x) ** 2 - (tip[1] - ahead) ** 2)
    fist = np.array([x, ahead, lift + up])
    _hold(bones, side, e, fist, arm, tip - fist)


def _cane(bones: Skeleton, s: Stride, side: str, e: float, phase: float, arm: Arm) -> None:
    """A long white cane whose tip sweeps over the ground, to the side of the foot that is behind."""
    fist = _sided(arm.at, e)
    ahead = math.sqrt(arm.length_m**2 - fist[2] ** 2)
    angle = (0.46 * math.cos(2 * math.pi * phase + math.pi) - 0.07) * s.moving
    tip = np.array([ahead * math.sin(angle), ahead * math.cos(angle), -fist[2]])
    _hold(bones, side, e, fist, arm, tip)


def _rim(bones: Skeleton, s: Stride, side: str, e: float, phase: float, arm: Arm) -> None:
    """A hand that holds the rim of a wheel while it pushes, then goes back; the phase is 1 a cycle."""
    share = (LET_GO_RAD - HOLD_RAD) * arm.length_m * ROLLS_PER_RIM / CYCLE_M
    c = phase % 1.0
    if c <= share:
        a, off = HOLD_RAD + (LET_GO_RAD - HOLD_RAD) * c / share, 0.0
    else:
        t = (c - share) / (1 - share)
        a = LET_GO_RAD + (HOLD_RAD - LET_GO_RAD) * float(smooth_step(0.0, 1.0, t))
        off = 0.045 * bones.w.scale * math.sin(math.pi * t) ** 2
    radial = np.array([0.0, math.sin(a), math.cos(a)])
    fist = _sided(arm.at, e) + radial * (arm.length_m + off) + np.array([e * 0.5 * off, 0, 0])
    _hold(bones, side, e, fist, arm, np.array([-e * 0.25, 0.35, 0.0]) - 0.9 * radial)


def _free(bones: Skeleton, s: Stride, side: str, e: float, swing: float, chest: Array, kind: str) -> None:
    """An arm that swings (-1 back, 1 forward), or holds something up, or lets it hang."""
    w, run = bones.w, s.run
    heading = about_z(math.atan2(-chest[0, 1], chest[1, 1]))
    if kind == "up":  # holds something upright before the shoulder
        m = heading @ about_y(-e * 0.14)
        forearm = m @ np.array([-e * 0.25, math.cos(CARRY_UP), math.sin(CARRY_UP)])
        bones.arm(side, m @ about_x(0.15) @ DOWN, forearm, np.array([-e * 0.15, -math.sin(CARRY_UP), math.cos(CARRY_UP)]))
        return
    amplitude = min(s.amplitude, 1.2) * (1 - 0.4 * w.old)
    if kind == "down":  # what hangs from the hand steadies it
        swing, amplitude = 0.0, 0.0
    shoulder = math.radians((-1 + 19 * amplitude * swing) * (1 - run) + run * (-8 + 38 * swing))
    bend = 14 + 6 * w.old + 13 * min(s.amplitude, 1.2) * (swing + 1) * 0.5 * (kind != "down")
    elbow = math.radians(bend * (1 - run) + run * (88 + 14 * swing))
    out = math.radians((8 + 14 * max(0.0, w.fat - 1)) * (1 - run) + 14 * run)
    if kind == "down":
        out += 0.14  # so that it clears the clothes
    m = heading @ about_y(-e * out) @ about_x(shoulder)
    d2 = m @ about_x(elbow) @ about_y(e * 0.08) @ DOWN
    thumb = (1 - run) * (m @ np.array([-e * 0.45, 0.9, 0.0])) + run * np.array([-e * 0.35, 0.2, 1.0])
    bones.arm(side, m @ DOWN, d2, thumb)


# Signals of who directs traffic (German StVO section 36, and similar elsewhere): arms stretched out to both sides stop the road
# before and behind; then the right forearm beckons. Share of the cycle, upper arm and forearm (out, forward, up) of each side.
_OUT, _ASIDE = (0.98, 0.08, 0.10), (1.0, 0.10, 0.06)
_SIGNALS = {
    "r": (
        (0.0, _OUT, _ASIDE), (0.40, _OUT, _ASIDE), (0.50, (0.85, 0.45, -0.05), (0.6, 0.8, 0.2)),
        (0.60, (0.80, 0.5, -0.1), (-0.75, 0.55, 0.45)), (0.70, (0.85, 0.45, -0.05), (0.6, 0.8, 0.2)),
        (0.80, (0.80, 0.5, -0.1), (-0.75, 0.55, 0.45)), (0.90, (0.9, 0.3, 0.0), (0.8, 0.5, 0.2)), (1.0, _OUT, _ASIDE),
    ),
    "l": ((0.0, _OUT, _ASIDE), (1.0, _OUT, _ASIDE)),
}  # fmt: skip
SIGNAL_S = 6.0  # of one cycle


def _signal(bones: Skeleton, s: Stride, side: str, e: float, phase: float, arm: Arm) -> None:
    """A traffic officer's arm; the phase goes on with the time."""
    keys = _SIGNALS[side]
    c = phase % 1.0
    k = max(i for i in range(len(keys) - 1) if keys[i][0] <= c)
    u = float(smooth_step(keys[k][0], keys[k + 1][0], c))
    d1, d2 = (unit(_sided(keys[k][n], e) * (1 - u) + _sided(keys[k + 1][n], e) * u) for n in (1, 2))
    bones.arm(side, d1, d2, np.array([0.1 * e, 0.3, 1.0]))
