"""How the skin and clothes of a figure follow its bones.

Vertices are moved by a blend of linear and dual-quaternion skinning (Kavan et al. 2008): the former alone pinches knees, the
latter alone swells shoulders. Cloth that hangs around both legs is pushed out of them afterwards, and the push evened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import quaternion_from_matrix
from scenesim.geometry.implicit import Solid, smooth_step, unit
from scenesim.kernels.jit import kernel
from scenesim.models import posture
from scenesim.models.body_shape import JOINT, JOINTS, SIDES, Body
from scenesim.models.model import FALL
from scenesim.models.skeleton import Walker

Array = NDArray[np.float64]

LINEAR = 0.6  # share of linear skinning
CLEARANCE_M = 0.024  # of cloth from the axis of a leg, over the leg's radius
EVENING = 8


@dataclass(frozen=True)
class HangingCloth:
    """Vertices first..last - 1 hang around the legs. start (n + 1,), neighbour: their neighbours, counted from `first`."""

    first: int
    last: int
    start: NDArray[np.int32]
    neighbour: NDArray[np.int32]


@dataclass(frozen=True)
class PersonSkin:
    """models.model.Skin of a person. rest: (V, 3) m of the rest pose. bone (V, 4), weight (V, 4). leg_radius: (3,) m at hip,
    knee and ankle."""

    walker: Walker
    rest: Array
    bone: NDArray[np.int32]
    weight: Array
    leg_radius: Array
    hanging: tuple[HangingCloth, ...] = field(default=())

    def vertices(self, articulation: NDArray[np.float64]) -> Array:
        """(V, 3) m in the model frame: x forward, y left, z up, feet on z = 0."""
        turned, at = posture.pose(self.walker, articulation)
        shift = at - (turned @ self.walker.rest[:, :, None])[:, :, 0]
        out = bent(self.rest, self.bone, self.weight, turned, shift)
        for cloth in self.hanging:
            _clear_legs(out[cloth.first : cloth.last], cloth.start, cloth.neighbour, self._legs(at), at[0], self.walker.scale)
        posed = np.stack([out[:, 1], -out[:, 0], out[:, 2]], 1)
        if articulation[FALL] > 0.0 or (self.walker.posture is not None and not self.walker.posture.sits):
            posed[:, 2] -= posed[:, 2].min()
        return posed

    def _legs(self, at: Array) -> Array:
        """(4, 8) ends and radii of thighs and shanks."""
        r = self.leg_radius + CLEARANCE_M * self.walker.scale
        bones = [(f"thigh_{s}", f"shank_{s}", r[0], r[1]) for s, _ in SIDES] + [
            (f"shank_{s}", f"foot_{s}", r[1], r[2]) for s, _ in SIDES
        ]
        return np.array([[*at[JOINT[a]], *at[JOINT[b]], ra, rb] for a, b, ra, rb in bones])


def bent(rest: Array, bone: NDArray[np.int32], weight: Array, turned: Array, shift: Array) -> Array:
    """(V, 3) vertices of a rest pose (V, 3) under bones that turn by (n, 3, 3) and shift by (n, 3). bone, weight: (V, 4)."""
    q, out = quaternion_from_matrix(turned), np.empty_like(rest)
    _skin(rest, bone, weight, q, _dual(q, shift), turned, shift, out)
    return out


def hanging_cloth(first: int, count: int, triangles: NDArray[np.int32]) -> HangingCloth:
    """From the triangles (T, 3) of the cloth, counted from its first vertex."""
    pair = np.unique(
        np.concatenate([triangles[:, [a, b]] for a in range(3) for b in range(3) if a != b]).astype(np.int64), axis=0
    )
    start = np.searchsorted(pair[:, 0], np.arange(count + 1)).astype(np.int32)
    return HangingCloth(first, first + count, start, np.ascontiguousarray(pair[:, 1], np.int32))


def _dual(q: Array, shift: Array) -> Array:
    """(n, 4) dual parts of rotations q (n, 4) followed by shifts (n, 3)."""
    w, x, y, z = q.T
    tx, ty, tz = shift.T
    return 0.5 * np.stack(
        [-tx * x - ty * y - tz * z, w * tx + ty * z - tz * y, w * ty + tz * x - tx * z, w * tz + tx * y - ty * x], 1
    )


@kernel
def _skin(rest, bone, weight, q, dual, turned, shift, out):
    """Posed vertices, by quaternions q and dual parts (19, 4), and by matrices (19, 3, 3) and shifts (19, 3)."""
    for i in range(len(rest)):
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        first = bone[i, 0]
        px, py, pz = 0.0, 0.0, 0.0
        r0, r1, r2, r3, d0, d1, d2, d3 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(4):
            b, w = bone[i, j], weight[i, j]
            if w == 0.0:
                continue
            px += w * (turned[b, 0, 0] * x + turned[b, 0, 1] * y + turned[b, 0, 2] * z + shift[b, 0])
            py += w * (turned[b, 1, 0] * x + turned[b, 1, 1] * y + turned[b, 1, 2] * z + shift[b, 1])
            pz += w * (turned[b, 2, 0] * x + turned[b, 2, 1] * y + turned[b, 2, 2] * z + shift[b, 2])
            if q[b, 0] * q[first, 0] + q[b, 1] * q[first, 1] + q[b, 2] * q[first, 2] + q[b, 3] * q[first, 3] < 0:
                w = -w
            r0, r1, r2, r3 = r0 + w * q[b, 0], r1 + w * q[b, 1], r2 + w * q[b, 2], r3 + w * q[b, 3]
            d0, d1, d2, d3 = d0 + w * dual[b, 0], d1 + w * dual[b, 1], d2 + w * dual[b, 2], d3 + w * dual[b, 3]
        n = 1.0 / sqrt(r0 * r0 + r1 * r1 + r2 * r2 + r3 * r3)
        r0, r1, r2, r3, d0, d1, d2, d3 = r0 * n, r1 * n, r2 * n, r3 * n, d0 * n, d1 * n, d2 * n, d3 * n
        ux, uy, uz = r2 * z - r3 * y, r3 * x - r1 * z, r1 * y - r2 * x
        qx = x + 2 * (r0 * ux + r2 * uz - r3 * uy + r0 * d1 - d0 * r1 + r2 * d3 - r3 * d2)
        qy = y + 2 * (r0 * uy + r3 * ux - r1 * uz + r0 * d2 - d0 * r2 + r3 * d1 - r1 * d3)
        qz = z + 2 * (r0 * uz + r1 * uy - r2 * ux + r0 * d3 - d0 * r3 + r1 * d2 - r2 * d1)
        out[i, 0] = qx + LINEAR * (px - qx)
        out[i, 1] = qy + LINEAR * (py - qy)
        out[i, 2] = qz + LINEAR * (pz - qz)


@kernel
def _clear_legs(v, start, neighbour, legs, hip, scale):
    """Push cloth (n, 3) out of the legs (m, 8), the more the further below the hip."""
    n = len(v)
    push = np.zeros((n, 2))
    for i in range(n):
        fade = min(max((0.02 - (v[i, 2] - hip[2])) / (0.13 * scale), 0.0), 1.0)
        if fade <= 0.0:
            continue
        x, y = v[i, 0], v[i, 1]
        for _ in range(2):
            for l in range(len(legs)):
                ax, ay, az = legs[l, 3] - legs[l, 0], legs[l, 4] - legs[l, 1], legs[l, 5] - legs[l, 2]
                px, py, pz = x - legs[l, 0], y - legs[l, 1], v[i, 2] - legs[l, 2]
                t = min(max((px * ax + py * ay + pz * az) / (ax * ax + ay * ay + az * az), 0.0), 1.0)
                qx, qy, qz = px - t * ax, py - t * ay, pz - t * az
                d = sqrt(qx * qx + qy * qy + qz * qz) + 1e-9
                r = (legs[l, 6] + (legs[l, 7] - legs[l, 6]) * t) * fade
                if d < 1.25 * r:
                    m = max(r - d, 0.0) + 0.10 * r * (1.25 * r - d) / (1.25 * r)
                    x += qx / d * m
                    y += qy / d * m
        push[i, 0], push[i, 1] = x - v[i, 0], y - v[i, 1]
    other = np.empty((n, 2))
    for _ in range(EVENING):
        for i in range(n):
            sx, sy, m = 0.0, 0.0, start[i + 1] - start[i]
            for k in range(start[i], start[i + 1]):
                sx += push[neighbour[k], 0]
                sy += push[neighbour[k], 1]
            f = 0.7 / max(m, 1)
            other[i, 0], other[i, 1] = 0.3 * push[i, 0] + f * sx, 0.3 * push[i, 1] + f * sy
        push, other = other, push
    for i in range(n):
        v[i, 0] += 1.35 * push[i, 0]
        v[i, 1] += 1.35 * push[i, 1]


@kernel
def _shares(d):
    """Shares (n, k), each row summing to 1, that fall off exponentially with d (n, k)."""
    for i in range(d.shape[0]):
        low = d[i, 0]
        for k in range(1, d.shape[1]):
            low = min(low, d[i, k])
        total = 0.0
        for k in range(d.shape[1]):
            d[i, k] = exp(low - d[i, k])
            total += d[i, k]
        for k in range(d.shape[1]):
            d[i, k] /= total


class Binding:
    """Weights (n, 19) of the bones at points of the rest pose: which part of the naked body is near, then a ramp along its
    chain of bones."""

    def __init__(self, body: Body):
        self.body = body
        trunk = body.trunk_solid(low=body.hip_m - 0.21 * body.trunk_m)
        self.parts: list[Solid] = [trunk, *(body.arm_solid(s) for s, _ in SIDES), *(body.leg_solid(s) for s, _ in SIDES)]

    def head(self, p: Array) -> Array:
        """Weights of head and neck."""
        b, w = self.body, _zeros(p)
        neck, head = b.joint("neck")[2], b.joint("head")[2]
        a = smooth_step(neck - 0.035 * b.h, neck + 0.010 * b.h, p[:, 2])
        c = smooth_step(head - 0.018 * b.h, head + 0.022 * b.h, p[:, 2])
        w[:, JOINT["chest"]], w[:, JOINT["neck"]], w[:, JOINT["head"]] = 1 - a, a * (1 - c), a * c
        return w

    def hair(self, p: Array) -> Array:
        """Long hair lies on the shoulders."""
        b, w = self.body, _zeros(p)
        t = 0.6 * smooth_step(b.head_centre[2] - 0.5 * b.length["head"], b.head_centre[2] - 0.85 * b.length["head"], p[:, 2])
        w[:, JOINT["head"]], w[:, JOINT["chest"]] = 1 - t, t
        return w

    def rigid(self, joint: str):
        """Weights of what one bone carries."""

        def weights(p: Array) -> Array:
            w = _zeros(p)
            w[:, JOINT[joint]] = 1
            return w

        return weights

    def hand(self, side: str):
        b = self.body
        elbow, wrist = b.joint(f"forearm_{side}"), b.joint(f"hand_{side}")

        def weights(p: Array) -> Array:
            w = _zeros(p)
            t = smooth_step(-0.03 * b.h, 0.005 * b.h, (p - wrist) @ unit(wrist - elbow))
            w[:, JOINT[f"forearm_{side}"]], w[:, JOINT[f"hand_{side}"]] = 1 - t, t
            return w

        return weights

    def shoe(self, side: str):
        b = self.body
        ankle, toe = b.joint(f"foot_{side}"), b.joint(f"toe_{side}")

        def weights(p: Array) -> Array:
            w = _zeros(p)
            t = smooth_step(-0.008 * b.h, 0.014 * b.h, p[:, 1] - toe[1])
            c = smooth_step(ankle[2] + 0.005 * b.h, ankle[2] + 0.05 * b.h, p[:, 2]) * (p[:, 1] < toe[1])
            w[:, JOINT[f"toe_{side}"]], w[:, JOINT[f"shank_{side}"]], w[:, JOINT[f"foot_{side}"]] = t, c, 1 - t - c
            return w

        return weights

    def body_part(self, skirt: float = 0.0):
        """Weights of limbs, trunk and clothes. skirt: share of the legs in what hangs around them both."""

        def weights(p: Array) -> Array:
            share = self._membership(p)
            w = self._trunk(p, share)
            self._limbs(p, share, w)
            return self._skirt(p, share, w, skirt) if skirt else w

        return weights

    def _membership(self, p: Array) -> Array:
        """(n, 5) shares of trunk, right and left arm, right and left leg."""
        b = self.body
        d = np.stack([s.distance(p) for s in self.parts], 1) / (0.027 * b.h)
        limbs = (("upper_arm", "forearm"), ("thigh", "shank"))
        for i in range(4):
            side, e = SIDES[i % 2]
            d[:, i + 1] += np.clip(-e * p[:, 0] / (0.02 * b.h), 0, 50)  # a right limb never owns the left half
            a, q = (b.joint(f"{n}_{side}") for n in limbs[i // 2])
            d[:, i + 1] += 2.2 * np.clip(1.0 - ((p - a) @ unit(q - a)) / (0.035 * b.h), 0, 4)  # limbs begin at their joint
        d = np.ascontiguousarray(d)
        _shares(d)
        return d

    def _trunk(self, p: Array, share: Array) -> Array:
        b, w, z = self.body, _zeros(p), p[:, 2]
        low, chest, neck = (b.joint(n)[2] for n in ("lumbar", "chest", "neck"))
        a = smooth_step(low - 0.045 * b.h, low + 0.045 * b.h, z)
        c = smooth_step(chest - 0.05 * b.h, chest + 0.05 * b.h, z)
        n = smooth_step(neck, neck + 0.05 * b.h, z)
        w[:, 0], w[:, 1], w[:, 2], w[:, 3] = (share[:, 0] * f for f in (1 - a, a * (1 - c), a * c * (1 - n), a * c * n))
        return w

    def _limbs(self, p: Array, share: Array, w: Array) -> None:
        b = self.body
        for i, (side, _) in enumerate(SIDES):
            elbow, wrist = b.joint(f"forearm_{side}"), b.joint(f"hand_{side}")
            along = unit(wrist - elbow)
            f = smooth_step(-0.024 * b.h, 0.024 * b.h, (p - elbow) @ along)
            hand = 0.5 * smooth_step(-0.02 * b.h, 0.012 * b.h, (p - wrist) @ along)
            arm = share[:, 1 + i]
            w[:, JOINT[f"upper_arm_{side}"]] += arm * (1 - f)
            w[:, JOINT[f"forearm_{side}"]] += arm * f * (1 - hand)
            w[:, JOINT[f"hand_{side}"]] += arm * f * hand
            hip, knee, ankle = (b.joint(f"{n}_{side}") for n in ("thigh", "shank", "foot"))
            t = smooth_step(-0.035 * b.h, 0.055 * b.h, (p - hip) @ unit(knee - hip))
            f = smooth_step(-0.036 * b.h, 0.036 * b.h, (p - knee) @ unit(ankle - knee))
            leg = share[:, 3 + i]
            w[:, 0] += leg * (1 - t)
            w[:, JOINT[f"thigh_{side}"]] += leg * t * (1 - f)
            w[:, JOINT[f"shank_{side}"]] += leg * t * f

    def _skirt(self, p: Array, share: Array, w: Array, skirt: float) -> Array:
        b, z, hip = self.body, p[:, 2], self.body.hip_m
        knee = b.joint("shank_r")[2]
        legs = smooth_step(hip + 0.01 * b.h, hip - 0.14 * b.h, z) * skirt
        right = smooth_step(-0.06 * b.h, 0.06 * b.h, p[:, 0])
        shank = 0.6 * smooth_step(knee + 0.06 * b.h, knee - 0.10 * b.h, z)
        own = _zeros(p)
        own[:, 0] = 1 - legs
        for (side, _), q in zip(SIDES, (right, 1 - right)):
            own[:, JOINT[f"thigh_{side}"]] = legs * q * (1 - shank)
            own[:, JOINT[f"shank_{side}"]] = legs * q * shank
        below = (z < hip + 0.02 * b.h) & (share[:, 1] + share[:, 2] < 0.5)
        mix = (below * smooth_step(hip + 0.02 * b.h, hip - 0.04 * b.h, z))[:, None]
        return w * (1 - mix) + own * mix


def _zeros(p: Array) -> Array:
    return np.zeros((len(p), len(JOINTS)))


def strongest(w: Array) -> tuple[NDArray[np.int32], Array]:
    """The four bones (n, 4) of most weight, and their weights (n, 4), which sum to 1."""
    i = np.argsort(-w, axis=1, kind="stable")[:, :4]
    top = np.take_along_axis(w, i, 1)
    return np.ascontiguousarray(i, np.int32), np.ascontiguousarray(top / top.sum(1, keepdims=True))
