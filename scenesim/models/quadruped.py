"""Skeleton, walk and skinning of four-legged animals.

The walk is a lateral sequence (left hind, left fore, right hind, right fore, a quarter of a stride apart) at a duty factor of
0.65 (Hildebrand 1989, The quadrupedal gaits of vertebrates). Feet on the ground move straight back by as much as the body moves
forward, so they do not slide; shoulder and hip swing, and the joints below follow by the law of cosines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.models.model import GAIT_RAD, SPEED_M_S
from scenesim.models.skinning import bent

Array = NDArray[np.float64]

LEGS = ("fl", "fr", "hl", "hr")
PARTS = ("top", "elbow", "carpus", "fetlock")  # of a hind leg: hip, knee, hock, fetlock
BONES = ("loin", "chest", "neck", "head", "tail", *(f"{leg}_{p}" for leg in LEGS for p in PARTS))
BONE = {name: k for k, name in enumerate(BONES)}
DUTY = 0.65
OFFSET = {"hl": 0.0, "fl": 0.25, "hr": 0.5, "fr": 0.75}
LIFT = 0.10  # of a foot in the air, in withers heights
STAND_BELOW_M_S = 0.05


def stride_length_m(withers_m: float, speed_m_s: float) -> float:
    """How far a stride goes: 0.62 withers heights at a crawl, 0.86 at a brisk walk (Froude number 0.25), never more, since the
    legs reach no further; who is faster steps faster."""
    froude = speed_m_s * speed_m_s / (9.81 * withers_m)
    return withers_m * (0.62 + 0.24 * min(1.0, (froude / 0.25) ** 0.5))


@dataclass(frozen=True)
class Skeleton:
    """rest: (21, 3) m joints where the bones begin, in the model frame. ends: (21, 3) where they end."""

    withers_m: float
    rest: Array
    ends: Array

    @staticmethod
    def of(withers_m: float, trunk: float, neck: tuple[float, float], half: float, tail: tuple[float, float]) -> Skeleton:
        """trunk: length in withers heights; half: of the track; neck: forward and up; tail: back and up of its end."""
        xb, xf = -trunk / 2, trunk / 2
        p: dict[str, tuple[float, float, float]] = {
            "loin": (xb + 0.10, 0, 0.86),
            "chest": (0.0, 0, 0.86),
            "neck": (xf + 0.02, 0, 0.86),
            "head": (xf + 0.02 + neck[0], 0, 0.86 + neck[1]),
            "tail": (xb - 0.12, 0, 0.90),
        }
        for leg in LEGS:
            y = half if leg[1] == "l" else -half
            if leg[0] == "f":
                rows = ((xf - 0.04, 0.6 * y, 0.84), (xf - 0.11, y, 0.54), (xf - 0.055, y, 0.27), (xf - 0.06, y, 0.095))
            else:
                rows = ((xb + 0.03, 0.8 * y, 0.80), (xb + 0.13, y, 0.55), (xb - 0.075, y, 0.33), (xb - 0.03, y, 0.10))
            p |= {f"{leg}_{part}": row for part, row in zip(PARTS, rows)}
        rest = np.array([p[n] for n in BONES]) * withers_m
        ends = rest.copy()
        ends[BONE["loin"]], ends[BONE["chest"]], ends[BONE["neck"]] = (
            rest[BONE["chest"]],
            rest[BONE["neck"]],
            rest[BONE["head"]],
        )
        ends[BONE["head"]] = rest[BONE["head"]] + np.array([0.25, 0, -0.12]) * withers_m
        ends[BONE["tail"]] = rest[BONE["tail"]] + np.array([-tail[0], 0, tail[1]]) * withers_m
        for leg in LEGS:
            for a, b in zip(PARTS, PARTS[1:]):
                ends[BONE[f"{leg}_{a}"]] = rest[BONE[f"{leg}_{b}"]]
            foot = rest[BONE[f"{leg}_fetlock"]]
            ends[BONE[f"{leg}_fetlock"]] = [foot[0] + 0.06 * withers_m, foot[1], 0.0]
        return Skeleton(withers_m, rest, ends)

    def weights(self, p: Array) -> Array:
        """(n, 21) shares of the bones at points of the rest pose, by their distance."""
        u = self.withers_m
        d = np.empty((len(p), len(BONES)))
        for k, name in enumerate(BONES):
            a, b = self.rest[k], self.ends[k]
            if name in ("loin", "chest"):  # the trunk hangs below its spine
                a, b = a - [0, 0, 0.16 * u], b - [0, 0, 0.16 * u]
            t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
            part = name.partition("_")[2]
            thick = {"": 0.17, "top": 0.05, "elbow": 0.05, "carpus": 0.025, "fetlock": 0.025}[part]
            thick = {"neck": 0.10, "head": 0.09, "tail": 0.03}.get(name, thick)
            gap = p - a - t[:, None] * (b - a)
            soft = 0.024 if part in ("carpus", "fetlock") else 0.045  # what lies over the trunk goes over more smoothly
            d[:, k] = (np.sqrt((gap * gap).sum(1)) - thick * u) / (soft * u)
            if part:  # a left leg owns nothing on the right, and little near the middle
                d[:, k] += np.clip((0.45 * abs(b[1]) - np.sign(b[1]) * p[:, 1]) / (0.024 * u), 0, 60)
            if part == "top":  # what moves with the blade or the thigh lies below the back
                d[:, k] += np.clip((p[:, 2] - 0.80 * u) / (0.02 * u), 0, 60)
        w = d.min(1, keepdims=True) - d
        w = 1 + np.maximum(w, -14.0) / 16  # the sixteenth power of 1 + x / 16 stands for exp(x), the same on every machine
        for _ in range(4):
            w = w * w
        return w / w.sum(1, keepdims=True)


@dataclass(frozen=True)
class AnimalSkin:
    """models.model.Skin of an animal. rest: (V, 3) m. bone (V, 4), weight (V, 4)."""

    skeleton: Skeleton
    rest: Array
    bone: NDArray[np.int32]
    weight: Array

    def vertices(self, articulation: NDArray[np.float64]) -> Array:
        """(V, 3) m in the model frame, feet on z = 0."""
        speed = float(articulation[SPEED_M_S])
        if speed < STAND_BELOW_M_S:
            return self.rest.copy()
        return self._bent(*self._walk(float(articulation[GAIT_RAD]), speed))

    def collapsed(self) -> Array:
        """(V, 3) of an animal that lies on its side: legs folded a little, neck stretched."""
        turn = np.zeros(len(BONES))
        for leg, a, b in (("fl", 0.35, -0.75), ("fr", -0.15, -0.35), ("hl", -0.30, 0.50), ("hr", 0.20, 0.25)):
            turn[BONE[f"{leg}_top"]] = a
            turn[BONE[f"{leg}_elbow"]] = a + 0.4 * b
            turn[BONE[f"{leg}_carpus"]] = turn[BONE[f"{leg}_fetlock"]] = a + b
        turn[BONE["neck"]], turn[BONE["head"]] = -0.12, -0.10
        return self._bent(*self._chained(turn))

    def _bent(self, turned: Array, at: Array) -> Array:
        return bent(self.rest, self.bone, self.weight, turned, at - (turned @ self.skeleton.rest[:, :, None])[:, :, 0])

    def _chained(self, turn: Array) -> tuple[Array, Array]:
        """Rotations and places of bones that turn by given angles about y, each from where its parent ends."""
        s = self.skeleton
        turned, at = _about_y(turn), s.rest.copy()
        at[BONE["head"]] = at[BONE["neck"]] + turned[BONE["neck"]] @ (s.rest[BONE["head"]] - s.rest[BONE["neck"]])
        for leg in LEGS:
            for a, b in zip(PARTS, PARTS[1:]):
                i, j = BONE[f"{leg}_{a}"], BONE[f"{leg}_{b}"]
                at[j] = at[i] + turned[i] @ (s.rest[j] - s.rest[i])
        return turned, at

    def _walk(self, gait: float, speed: float) -> tuple[Array, Array]:
        s, u = self.skeleton, self.skeleton.withers_m
        stride, phase = stride_length_m(u, speed), gait / (2 * np.pi)
        turn, at = np.zeros(len(BONES)), s.rest.copy()
        sink = (0.030 + 0.008 * np.cos(4 * np.pi * phase)) * u
        at[:, 2] -= sink
        nod = 0.04 * np.sin(4 * np.pi * phase + 0.6)
        turn[BONE["neck"]], turn[BONE["head"]] = nod, 0.6 * nod
        for leg in LEGS:
            self._leg(leg, (phase - OFFSET[leg]) % 1.0, stride, turn, at)
        turned = _about_y(turn)
        neck, head = BONE["neck"], BONE["head"]
        at[head] = at[neck] + turned[neck] @ (s.rest[head] - s.rest[neck])
        return turned, at

    def _leg(self, leg: str, phase: float, stride: float, turn: Array, at: Array) -> None:
        """Fill in the angles and places of a leg: foot first, then the joints above."""
        s, u = self.skeleton, self.skeleton.withers_m
        i = [BONE[f"{leg}_{p}"] for p in PARTS]
        reach = stride * DUTY / 2
        if phase < DUTY:
            dx, dz, tip = reach - stride * phase, 0.0, 0.0
        else:
            t = (phase - DUTY) / (1 - DUTY)
            # Off the ground and down again without a jump of speed: half a turn of a cosine, and a hump.
            dx, dz = -reach * np.cos(np.pi * t), LIFT * u * np.sin(np.pi * t) ** 2
            tip = 0.9 * np.sin(np.pi * t) * (1 - t)
        foot = s.rest[i[3]] + [dx, 0.0, dz + 0.3 * tip * 0.06 * u]
        top = at[i[0]]
        upper = s.rest[i[1]] - s.rest[i[0]]
        la, lb = (float(np.sqrt(((s.rest[b] - s.rest[a])[[0, 2]] ** 2).sum())) for a, b in ((i[1], i[2]), (i[2], i[3])))
        swing = -0.85 * dx / u
        for _ in range(12):  # the shoulder helps until the leg reaches
            elbow = top + _about_y(np.array([swing]))[0] @ upper
            gap = foot - elbow
            far = float(np.sqrt(gap[0] ** 2 + gap[2] ** 2))
            if far < 0.9995 * (la + lb):
                break
            swing -= 0.05 * np.sign(dx)
        far = min(far, 0.9995 * (la + lb))
        bend = (la * la + far * far - lb * lb) / (2 * la * far)
        side = -1.0 if leg[0] == "h" else 1.0  # the carpus bends forwards, the hock backwards
        along = np.array([gap[0], gap[2]]) / max(float(np.sqrt(gap[0] ** 2 + gap[2] ** 2)), 1e-9)
        off = float(np.sqrt(max(1 - bend * bend, 0.0)))
        across = np.array([-along[1], along[0]]) * side
        knee = elbow + _plane(la * (bend * along + off * across))
        at[i[1]], at[i[2]], at[i[3]] = elbow, knee, foot
        turn[i[0]] = swing
        turn[i[1]] = _turn(s.rest[i[2]] - s.rest[i[1]], knee - elbow)
        turn[i[2]] = _turn(s.rest[i[3]] - s.rest[i[2]], foot - knee)
        turn[i[3]] = tip


def _plane(v: Array) -> Array:
    return np.array([v[0], 0.0, v[1]])


def _turn(a: Array, b: Array) -> float:
    """Angle about y that turns direction a into b, in the plane of x and z."""
    return float(np.arctan2(a[2] * b[0] - a[0] * b[2], a[0] * b[0] + a[2] * b[2]))


def _about_y(angle: Any) -> Array:
    """(n, 3, 3) rotations by angles (n,) about y."""
    c, s = np.cos(angle), np.sin(angle)
    out = np.zeros((len(c), 3, 3))
    out[:, 0, 0], out[:, 0, 2], out[:, 1, 1], out[:, 2, 0], out[:, 2, 2] = c, s, 1.0, -s, c
    return out
