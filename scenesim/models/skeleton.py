"""The bones of a figure while they are being set: what a gait or a posture needs of a body, and rotations.

Everything is in the frame of models/body_shape.py: facing +y, x to the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.models.body_shape import JOINT, PARENT

Array = NDArray[np.float64]
IN_FIST, UNDER_PALM = 0.48, 0.20  # what a fist holds: along and off the palm, in hand lengths

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Arm:
    """What an arm does (models/arms.py): kind "swing", "up", "down", "grip", "stick", "cane", "rim" or "signal".

    Directions and places are for the right side and mirrored for the left. at: of the fist, m, in the body's frame, or about
    the joint `of`; of a rim, the hub. along, thumb: where hand and thumb point; elbow: to where the elbow is bent. length_m: of
    a stick or cane, from the fist to its tip; of a rim, its radius.
    """

    kind: str = "swing"
    at: Point = (0.0, 0.0, 0.0)
    along: Point = (0.0, 0.0, -1.0)
    thumb: Point = (0.0, 1.0, 0.0)
    elbow: Point = (0.35, -0.6, -0.7)
    length_m: float = 0.0
    of: str = ""


@dataclass(frozen=True)
class Posture:
    """Where the bones are of who does not walk. hips: m. pelvis, chest, head: rad that they are bent forward. ankles: m,
    right and left; feet: rad, toes up; knees: where they point. sits: the height of the hips is as said; else the lowest point
    touches the ground. cranks: pedals that move the feet (models/posture.py): forward and up of the hips, length and
    half width, m."""

    hips: Point
    pelvis: float
    chest: float
    head: float
    ankles: tuple[Point, Point]
    feet: tuple[float, float] = (0.0, 0.0)
    knees: tuple[Point, Point] = ((0.1, 1.0, 0.3), (-0.1, 1.0, 0.3))
    sits: bool = True
    cranks: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Walker:
    """What the gait needs of a body, and what was fitted to it: rows of `fitted` are SPEEDS_M_S; its columns the mean height
    of the hips, cosine and sine of its bounce (m), and the phase at which a hip passes over its planted ankle.

    rest: joints (19, 3) m. stance: +1 or -1, the leg that bears the weight while standing. arms: what the right and the left
    one do. lean, bow: rad that trunk and head are bent forward. posture: where the bones are who does not walk.
    """

    rest: Array
    segment_m: float
    ankle_m: float
    sole_m: float
    shoe_m: float
    hip_gap_m: float
    height_m: float
    leg_m: float
    child: float
    fem: float
    old: float
    fat: float
    hand_m: float
    stance: float = 1.0
    arms: tuple[Arm, Arm] = (Arm(), Arm())
    lean: float = 0.0
    bow: float = 0.0
    posture: Posture | None = None
    fitted: Array | None = None

    @property
    def scale(self) -> float:
        """Size against an adult of 1.75 m."""
        return self.height_m / 1.75


@dataclass(frozen=True)
class Stride:
    """The stride at one speed. duty: share of it that a foot is planted. moving: 0 stands, 1 walks. run: share of running."""

    length_m: float
    duty: float
    middle: float
    moving: float
    run: float
    speed: float  # scaled to an adult's leg
    amplitude: float  # of what swings, 1 at a usual walk


def about_x(a: float) -> Array:
    """(3, 3) rotation about x by a (rad)."""
    c, s = math.cos(a), math.sin(a)
    return np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])


def about_y(a: float) -> Array:
    """(3, 3) rotation about y by a (rad)."""
    c, s = math.cos(a), math.sin(a)
    return np.array([[c, 0, s], [0, 1.0, 0], [-s, 0, c]])


def about_z(a: float) -> Array:
    """(3, 3) rotation about z by a (rad)."""
    c, s = math.cos(a), math.sin(a)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def unit(v: Array) -> Array:
    return v / math.sqrt(max(float(v @ v), 1e-24))


def cross(a: Array, b: Array) -> Array:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def basis(d: Array, front: Array) -> Array:
    """(3, 3) columns: d, the part of `front` square to it, and what is square to both."""
    d = unit(d)
    f = unit(front - (front @ d) * d)
    return np.stack([d, f, cross(d, f)], 1)


def between(a: Array, b: Array) -> Array:
    """Rotation half way between two that differ little."""
    m = a + b
    x = unit(m[:, 0])
    y = unit(m[:, 1] - (m[:, 1] @ x) * x)
    return np.stack([x, y, cross(x, y)], 1)


FORWARD, DOWN = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])


class Skeleton:
    """Rotations (19, 3, 3) of the bones from the rest pose, and joints (19, 3), while they are being set."""

    def __init__(self, w: Walker):
        self.w = w
        self.turned = np.zeros((19, 3, 3))
        self.at = np.zeros((19, 3))

    def follow(self, name: str) -> None:
        """Put a joint where its parent takes it."""
        i = JOINT[name]
        p = PARENT[i]
        self.at[i] = self.at[p] + self.turned[p] @ (self.w.rest[i] - self.w.rest[p])

    def trunk(self, root: Array, pelvis: Array, chest: Array, head: Array) -> None:
        """Pelvis at a place, and all that follows from the turns of pelvis, chest and head."""
        self.at[0] = root
        turns = (pelvis, between(pelvis, chest), chest, between(chest, head), head)
        for name, m in zip(("pelvis", "lumbar", "chest", "neck", "head"), turns):
            self.turned[JOINT[name]] = m
        for name in ("lumbar", "chest", "neck", "head", "upper_arm_r", "upper_arm_l", "thigh_r", "thigh_l"):
            self.follow(name)

    def aim(self, a: str, b: str, end: str, d1: Array, d2: Array, f1: Array, f2: Array) -> None:
        """Point two bones along d1, d2, with their fronts towards f1, f2."""
        rest = self.w.rest
        for name, child, d, f in ((a, b, d1, f1), (b, end, d2, f2)):
            i, j = JOINT[name], JOINT[child]
            bone = rest[j] - rest[i]
            self.turned[i] = basis(d, f) @ basis(bone, FORWARD).T
            self.at[j] = self.at[i] + d * math.sqrt(float(bone @ bone))

    def leg(self, side: str, ankle: Array, foot: Array, toe: Array, knee: Array) -> None:
        """Thigh and shank that reach an ankle, the knee towards a direction."""
        l = self.w.segment_m
        v = ankle - self.at[JOINT[f"thigh_{side}"]]
        d = min(max(math.sqrt(float(v @ v)), 0.02), 2 * l * 0.9995)
        v = unit(v)
        n = unit(knee - (knee @ v) * v)
        ca = d / (2 * l)
        d1 = v * ca + n * math.sqrt(max(0.0, 1 - ca * ca))
        d2 = unit(v * d - d1 * l)
        self.aim(f"thigh_{side}", f"shank_{side}", f"foot_{side}", d1, d2, n, n)
        self.turned[JOINT[f"foot_{side}"]] = foot
        self.follow(f"toe_{side}")
        self.turned[JOINT[f"toe_{side}"]] = toe

    def arm(self, side: str, d1: Array, d2: Array, thumb: Array) -> None:
        """Upper arm and forearm along d1, d2; the thumb towards a direction."""
        d1, d2 = unit(d1), unit(d2)
        f1 = d2 - (d2 @ d1) * d1
        f1 = unit(f1) if f1 @ f1 > 0.0225 else self.turned[JOINT["chest"]] @ FORWARD
        f2 = f1 - (f1 @ d2) * d2
        t = unit(thumb - (thumb @ d2) * d2)
        f2 = unit(f2) if f2 @ f2 > 0.01 else t
        middle = unit(f2 + t) if f2 @ t > -0.9 else t
        self.aim(f"upper_arm_{side}", f"forearm_{side}", f"hand_{side}", d1, d2, f1, middle)
        rest = self.w.rest
        bone = rest[JOINT[f"hand_{side}"]] - rest[JOINT[f"forearm_{side}"]]
        self.turned[JOINT[f"hand_{side}"]] = basis(d2, t) @ basis(bone, FORWARD).T

    def reach(self, side: str, e: float, fist: Array, along: Array, thumb: Array, elbow: Array) -> None:
        """An arm whose fist is at a place, the hand along a direction, the thumb towards another, the elbow bent to a third."""
        d, shoulder = unit(along), self.at[JOINT[f"upper_arm_{side}"]]
        t = unit(thumb - (thumb @ d) * d)
        wrist = fist - d * IN_FIST * self.w.hand_m - e * cross(t, d) * UNDER_PALM * self.w.hand_m
        rest, i, j, k = self.w.rest, JOINT[f"upper_arm_{side}"], JOINT[f"forearm_{side}"], JOINT[f"hand_{side}"]
        upper, lower = rest[j] - rest[i], rest[k] - rest[j]
        a, b = math.sqrt(float(upper @ upper)), math.sqrt(float(lower @ lower))
        v = wrist - shoulder
        far = min(max(math.sqrt(float(v @ v)), abs(a - b) * 1.2 + 0.02), (a + b) * 0.999)
        v = unit(v)
        n = unit(elbow - (elbow @ v) * v)
        ca = min(max((a * a + far * far - b * b) / (2 * a * far), -1.0), 1.0)
        d1 = v * ca + n * math.sqrt(max(0.0, 1 - ca * ca))
        d2 = unit(v * far - d1 * a)
        f1 = unit(d2 - (d2 @ d1) * d1) if ca < 0.995 else unit(t - (t @ d1) * d1)
        f2 = f1 - (f1 @ d2) * d2
        f2 = unit(f2) if f2 @ f2 > 0.01 else t
        along_thumb = t - (t @ d2) * d2
        middle = unit(f2 + unit(along_thumb)) if along_thumb @ along_thumb > 0.04 and f2 @ along_thumb > -0.8 else f2
        self.aim(f"upper_arm_{side}", f"forearm_{side}", f"hand_{side}", d1, d2, f1, middle)
        self.turned[k] = basis(d, t) @ basis(lower, FORWARD).T
