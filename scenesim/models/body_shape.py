"""The human body in numbers: lengths, girths and joints from age, sex, stature and build, and the solids of trunk and limbs.

Bodies are drawn facing +y with x to the person's right and z up, barefoot on z = 0, arms and legs spread a little (the rest
pose), so that the fields of neighbouring limbs do not flow together; models/pedestrian.py turns them into the model frame.

Proportions, as fractions of stature at the ages AGES, are rounded from: Drillis and Contini 1966 (in Winter, Biomechanics and
Motor Control of Human Movement) for segment lengths; Gordon et al. 2014, NATICK/TR-15/007 (ANSUR II) for adult breadths and
girths; Snyder et al. 1977, UM-HSRI-77-17 for children; Kuczmarski et al. 2002 (CDC growth charts) for body mass by age.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import Solid, monotone_cubic, smooth_step, unit

Array = NDArray[np.float64]

JOINTS = (
    "pelvis", "lumbar", "chest", "neck", "head", "upper_arm_r", "forearm_r", "hand_r", "upper_arm_l", "forearm_l", "hand_l",
    "thigh_r", "shank_r", "foot_r", "toe_r", "thigh_l", "shank_l", "foot_l", "toe_l",
)  # fmt: skip
JOINT = {name: k for k, name in enumerate(JOINTS)}
PARENT = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 13, 0, 15, 16, 17)
SIDES = (("r", 1.0), ("l", -1.0))  # name, sign of x
ARMS_OUT, LEGS_OUT = math.radians(42), math.radians(6)  # rest pose, from the vertical
FULL_SOLE_M = 0.022  # of an adult's shoe

AGES = (2, 6, 10, 14, 18)
MASS_INDEX = (
    (2, 4, 6, 8, 10, 12, 14, 16, 18, 25, 45, 75),
    (16.5, 15.6, 15.4, 15.8, 16.6, 17.8, 19.2, 20.6, 21.8, 23.5, 25.5, 25.5),
)
# Fractions of stature; men's and women's where they differ.
PROPORTIONS = {
    "head": ((0.196, 0.163, 0.149, 0.137, 0.1295),),
    "hip": ((0.460, 0.500, 0.520, 0.532, 0.530),),
    "acromion": ((0.768, 0.797, 0.808, 0.815, 0.819),),
    "biacromial": ((0.232, 0.224, 0.220, 0.226, 0.232), (0.232, 0.222, 0.219, 0.222, 0.222)),
    "hip_gap": ((0.046, 0.046, 0.047, 0.049, 0.050), (0.046, 0.046, 0.048, 0.052, 0.054)),
    "upper_arm": ((0.168, 0.177, 0.182, 0.185, 0.187),),
    "forearm": ((0.134, 0.140, 0.144, 0.146, 0.146),),
    "hand": ((0.112, 0.110, 0.109, 0.109, 0.1085),),
    "foot": ((0.160, 0.156, 0.155, 0.155, 0.153), (0.158, 0.155, 0.152, 0.150, 0.149)),
}
GIRTHS = {
    "chest": ((0.575, 0.500, 0.477, 0.495, 0.555), (0.575, 0.495, 0.470, 0.510, 0.550)),
    "waist": ((0.550, 0.465, 0.433, 0.430, 0.485), (0.550, 0.460, 0.425, 0.430, 0.470)),
    "hips": ((0.545, 0.525, 0.515, 0.525, 0.548), (0.545, 0.528, 0.525, 0.565, 0.605)),
    "thigh": ((0.330, 0.296, 0.300, 0.310, 0.328), (0.330, 0.300, 0.308, 0.335, 0.360)),
    "calf": ((0.230, 0.205, 0.203, 0.208, 0.215),),
    "ankle": ((0.165, 0.145, 0.138, 0.134, 0.129),),
    "neck": ((0.275, 0.226, 0.206, 0.208, 0.217), (0.275, 0.224, 0.202, 0.200, 0.198)),
    "biceps": ((0.178, 0.151, 0.145, 0.160, 0.188), (0.178, 0.151, 0.147, 0.160, 0.176)),
    "girth_forearm": ((0.162, 0.145, 0.140, 0.152, 0.165), (0.162, 0.144, 0.140, 0.148, 0.154)),
    "wrist": ((0.130, 0.105, 0.099, 0.098, 0.098), (0.130, 0.104, 0.098, 0.096, 0.094)),
}
# A girth goes with this power of the body mass index over the usual one of the age.
GIRTH_POWER = {
    "chest": 0.55, "waist": 0.95, "hips": 0.55, "thigh": 0.6, "calf": 0.45, "ankle": 0.2, "neck": 0.35, "biceps": 0.62,
    "girth_forearm": 0.42, "wrist": 0.22,
}  # fmt: skip
HEAD_BREADTH_M, HEAD_LENGTH_M = (0.137, 0.142, 0.145, 0.149, 0.153), (0.176, 0.184, 0.188, 0.193, 0.197)  # men, at AGES


@dataclass(frozen=True)
class Figure:
    """Who is to be drawn. female: sex of the proportions. body_mass_index: kg/m2."""

    age_years: float
    female: bool
    height_m: float
    body_mass_index: float


class Body:
    """Lengths and girths (m), joints of the rest pose (19, 3), and how child-like, female, old and stout (shares) it is."""

    def __init__(self, figure: Figure):
        age, h = figure.age_years, figure.height_m
        self.figure, self.h = figure, h
        self.child = 1 - float(smooth_step(2, 17, age))
        self.fem = float(smooth_step(10, 16, age)) if figure.female else 0.0
        self.old = float(smooth_step(55, 82, age))
        self.fat = figure.body_mass_index / float(np.interp(age, *MASS_INDEX))
        self.k = h / 1.75  # scale of things that were drawn for an adult

        def at_age(table) -> float:
            return float(np.interp(age, AGES, table[-1] if figure.female else table[0]))

        self.length = {name: at_age(table) * h for name, table in PROPORTIONS.items()}
        self.girth = {name: at_age(table) * h * self.fat ** GIRTH_POWER[name] for name, table in GIRTHS.items()}
        self.radius = {name: g / (2 * math.pi) for name, g in self.girth.items()}
        usual = 1.763 if not figure.female else 1.63
        grown = (h / (usual * (1 - 0.55 * self.child))) ** 0.4 if self.child < 0.2 else 1.0
        slim = (1 - 0.04 * (1 - self.child), 1 - 0.045 * (1 - self.child)) if figure.female else (1.0, 1.0)
        self.head_breadth = float(np.interp(age, AGES, HEAD_BREADTH_M)) * slim[0] * grown
        self.head_length = float(np.interp(age, AGES, HEAD_LENGTH_M)) * slim[1] * grown
        self.ankle_m = 0.039 * h
        self.hip_m, self.shoulder_m = self.length["hip"], self.length["acromion"]
        self.trunk_m = self.shoulder_m - self.hip_m
        self.segment_m = (self.hip_m - self.ankle_m) / 2  # thigh, and shank
        self.shoe_m = 1.06 * self.length["foot"]
        self.sole_m = FULL_SOLE_M * min(1.0, self.shoe_m / 0.28)
        self.head_centre = np.array([0.0, 0.012 * h, h - self.length["head"] / 2])
        self.rest = self._joints()
        self.ground = float(self.rest[JOINT["foot_r"], 2]) - self.ankle_m  # barefoot ground under the spread legs
        self.axes, self._profile = self._trunk_profile()

    def joint(self, name: str) -> Array:
        """(3,) of a joint of the rest pose."""
        return self.rest[JOINT[name]]

    def _joints(self) -> Array:
        h, length, t = self.h, self.length, self.trunk_m
        rest = np.zeros((len(JOINTS), 3))

        def put(name, p):
            rest[JOINT[name]] = p

        put("pelvis", (0, 0, self.hip_m))
        put("lumbar", (0, -0.01 * h, self.hip_m + 0.24 * t))
        put("chest", (0, -0.012 * h, self.hip_m + 0.52 * t))
        put("neck", (0, -0.018 * h, self.shoulder_m + 0.02 * h))
        put("head", (0, -0.004 * h, h - 0.80 * length["head"]))
        for side, e in SIDES:
            down = np.array([e * math.sin(ARMS_OUT), 0, -math.cos(ARMS_OUT)])
            shoulder = np.array([e * (length["biacromial"] / 2 - 0.012 * h), -0.008 * h, self.shoulder_m - 0.020 * h])
            put(f"upper_arm_{side}", shoulder)
            put(f"forearm_{side}", shoulder + down * length["upper_arm"])
            put(f"hand_{side}", shoulder + down * (length["upper_arm"] + length["forearm"]))
            down = np.array([e * math.sin(LEGS_OUT), 0, -math.cos(LEGS_OUT)])
            hip = np.array([e * length["hip_gap"], 0, self.hip_m])
            ankle = hip + down * 2 * self.segment_m
            put(f"thigh_{side}", hip)
            put(f"shank_{side}", hip + down * self.segment_m)
            put(f"foot_{side}", ankle)
            put(f"toe_{side}", ankle + [0, 0.50 * length["foot"], 0.014 * h - self.ankle_m])
        return rest

    def _trunk_profile(self):
        """Half axes of chest, waist and hips, and rows of (height over hip in trunks, y, half width, front, back, exponent)."""
        fat, child, old, f, h = self.fat, self.child, self.old, self.fem, self.h
        aspect = {
            "chest": (0.70 + 0.04 * child, 2.5),
            "waist": (0.74 + 0.08 * child + 0.05 * (fat - 1), 2.25),
            "hips": (0.69 + 0.05 * child, 2.4),
        }
        half = {}
        for name, (ratio, n) in aspect.items():
            a = self.girth[name] / _perimeter(ratio, n)
            half[name] = (a, a * ratio)
        (ac, bc), (aw, bw), (ah, bh) = half["chest"], half["waist"], half["hips"]
        ac *= 0.95
        m, neck = 1 - f, self.radius["neck"]
        belly = 1 + 0.25 * max(0.0, fat - 1) + 0.10 * child + 0.08 * old
        rows = [
            (-0.21, -0.010, 0.42 * ah, 0.50 * bh, 0.55 * bh, 2.2),
            (-0.10, -0.010, 0.90 * ah, 0.80 * bh, 1.00 * bh, 2.4),
            (0.00, -0.010, 1.00 * ah, 0.90 * bh, (1.0 + 0.05 * f) * bh, 2.4),
            (0.14, -0.008, (0.955 * m + 0.93 * f) * ah, 0.96 * bh, 0.90 * bh, 2.4),
            (0.26, -0.004, 0.5 * (aw + 0.93 * ah), 0.5 * (bh + bw * belly), 0.86 * bw, 2.3),
            (0.38, -0.002, aw, bw * belly, 0.86 * bw, 2.25),
            (0.52, -0.006, 0.48 * aw + 0.52 * ac * 0.95, 0.5 * (bw + bc), 0.95 * bc, 2.35),
            (0.68, -0.012, ac * 0.98, bc, bc, 2.5),
            (0.82, -0.018, ac * 0.97, 0.86 * bc, 0.98 * bc, 2.5),
            (0.93, -0.022, ac * 0.80, 0.62 * bc, 0.84 * bc, 2.3),
            (1.01, -0.024, ac * 0.50, 0.46 * bc, 0.66 * bc, 2.1),
            (1.09, -0.022, neck * 0.95, neck * 0.60, neck * 0.95, 2),
            (1.25, -0.014, neck * 0.7, neck * 0.6, neck * 0.7, 2),
        ]
        table = np.array(rows)
        table[:, 1] *= h
        return half, table

    def trunk(self, z, hanging: bool = False) -> Array:
        """Sections (n, 5) of the trunk at heights z (n,): y, half width, front, back, exponent. hanging: as cloth sees it,
        without the taper to the crotch."""
        u = (np.atleast_1d(z) - self.hip_m) / self.trunk_m
        return monotone_cubic(self._profile[:, 0], self._profile[:, 1:], np.maximum(u, -0.02) if hanging else u)

    def limb(self, name: str) -> Array:
        """Rings (n, 6) of a naked limb: share of its axis, two offsets, half width, front, back."""
        r = self.radius
        knee = 0.5 * (r["calf"] * 1.08 + r["thigh"] * 0.62) * 0.97
        t, c, a, b, w = r["thigh"], r["calf"], r["ankle"], r["biceps"], r["wrist"]
        f, elbow = r["girth_forearm"], r["girth_forearm"] * 0.93
        rings = {
            "thigh": [
                (0, 0, 0, t * 0.96, t, t * 1.02), (0.18, 0, 0, t * 0.97, t * 1.03, t),
                (0.45, 0, 0.004, t * 0.88, t * 0.93, t * 0.86),
                (0.75, 0, 0.002, t * 0.70, t * 0.74, t * 0.70), (0.93, 0, 0, knee, knee * 1.02, knee * 0.98),
                (1, 0, 0, knee * 0.98, knee * 1.06, knee * 0.95),
            ],
            "shank": [
                (0, 0, 0, knee * 0.98, knee * 1.04, knee * 0.95), (0.10, 0, 0, knee * 0.93, knee * 0.93, knee * 0.98),
                (0.28, 0, -0.004, c * 0.98, c * 0.84, c * 1.22), (0.45, 0, -0.003, c * 0.92, c * 0.80, c * 1.12),
                (0.68, 0, 0, c * 0.66, c * 0.70, c * 0.74), (0.86, 0, 0, a * 0.96, a * 1.02, a * 1.05),
                (1, 0, 0, a, a * 1.1, a * 1.15),
            ],
            "upper_arm": [
                (0, 0, 0, b, b * 1.05, b * 1.05), (0.22, 0, 0, b * 1.02, b * 1.08, b * 1.06),
                (0.5, 0, 0, b * 0.92, b * 1.02, b * 0.98),
                (0.8, 0, 0, b * 0.80, b * 0.84, b * 0.84), (1, 0, 0, elbow * 0.90, elbow * 0.90, elbow * 0.95),
            ],
            "forearm": [
                (0, 0, 0, f * 0.90, f * 0.90, f * 0.95), (0.2, 0, 0, f, f * 1.02, f), (0.5, 0, 0, f * 0.85, f * 0.90, f * 0.85),
                (0.85, 0, 0, w * 0.90, w * 1.1, w * 1.1), (1, 0, 0, w * 0.85, w * 1.14, w * 1.14),
            ],
        }  # fmt: skip
        return np.array(rings[name])

    def trunk_solid(self, low: float | None = None, high: float | None = None, offset: float = 0.0, **cloth) -> Solid:
        """The trunk between two heights, grown by an offset; for `cloth` see add_trunk."""
        solid = Solid()
        add_trunk(solid, self, low, high, offset, **cloth)
        return solid

    def arm_solid(self, side: str) -> Solid:
        """A naked arm from the shoulder to the wrist."""
        solid = Solid()
        add_arm(solid, self, side, 0.0, 0.0, 2.0)
        return solid

    def leg_solid(self, side: str) -> Solid:
        """A naked leg from the hip to the ankle."""
        solid = Solid()
        add_leg(solid, self, side, 0.0, 0.0, 0.0, 2.0)
        return solid


def _perimeter(ratio: float, n: float) -> float:
    """Perimeter of the super-ellipse of half axes 1 and ratio."""
    t = [0.5 * math.pi * k / 39 for k in range(40)]
    p = [(math.cos(a) ** (2 / n) if a < 1.5707 else 0.0, ratio * math.sin(a) ** (2 / n) if a > 0 else 0.0) for a in t]
    return 4 * sum(math.hypot(q[0] - r[0], q[1] - r[1]) for q, r in zip(p, p[1:]))


def add_trunk(solid: Solid, b: Body, low=None, high=None, offset=0.0, *, box=0.0, flare=0.0, hanging=False, blend=0.03) -> None:
    """Adds the trunk, or cloth around it. box: 0 hugs the waist, 1 hangs straight from chest to hip. flare: m wider for each m
    below the hip. hanging: one tube around both legs below the hip."""
    hip, t = b.hip_m, b.trunk_m
    low = hip - 0.21 * t if low is None else low
    high = hip + 1.16 * t if high is None else high
    z = np.linspace(low, high, 26)
    s = b.trunk(z, hanging)
    if box:
        u = (z - hip) / t
        w = np.clip(u / 0.70, 0, 1)[:, None]
        hull = b.trunk(hip + 0.05 * t)[0] * (1 - w) + b.trunk(hip + 0.70 * t)[0] * w
        wide = s[:, 1:4] * (1 - box) + box * np.maximum(s[:, 1:4], hull[:, 1:4])
        s[:, 1:4] = np.where((u < 0.75)[:, None], wide, s[:, 1:4])
    grow = np.full(len(z), offset) + flare * np.clip(hip + 0.10 * t - z, 0, None)
    if hanging:
        _around_the_legs(b, z, s)
        grow += 0.011 * b.k * np.clip((hip + 0.36 * t - z) / (0.10 * t), 0, 1)  # clear of what is worn below
    deep = grow * 0.95
    rings = np.stack(
        [(z - low) / (high - low), 0 * z, s[:, 0], s[:, 1] + grow, s[:, 2] + deep, s[:, 3] + deep, np.minimum(s[:, 4], 2.6)], 1
    )
    solid.loft((0, 0, low), (0, 0, high), (0, 1, 0), rings, blend)
    _add_soft_parts(solid, b, low, high, offset, hanging)


def _around_the_legs(b: Body, z: Array, s: Array) -> None:
    """Widens sections (n, 5) at heights z below the hip until both thighs are inside."""
    r = b.radius["thigh"]
    below = np.clip((b.hip_m + 0.06 * b.trunk_m - z) / (0.10 * b.trunk_m), 0, 1)
    drop = np.clip(b.hip_m - z, 0, 0.24 * b.h)
    s[:, 1] = np.maximum(s[:, 1], below * (b.length["hip_gap"] + math.tan(LEGS_OUT) * drop + r * 0.99))
    s[:, 2] = np.maximum(s[:, 2], below * (r * 1.04 + 0.006 - s[:, 0]))
    s[:, 3] = np.maximum(s[:, 3], below * (r * 1.05 + s[:, 0]))


def _add_soft_parts(solid: Solid, b: Body, low: float, high: float, offset: float, hanging: bool) -> None:
    """Breasts, buttocks, and the slope from the neck to the shoulders."""
    h, t = b.h, b.trunk_m
    if b.fem > 0.2 and high > b.hip_m + 0.7 * t:
        a, depth = b.axes["chest"]
        r = 0.062 * h / 1.65 * b.fem * b.fat**0.6
        for e in (1, -1):
            radii = (r + offset, r * 0.95 + offset, r * 1.08 + offset)
            solid.ellipsoid((e * 0.47 * a, depth * 0.70, b.hip_m + 0.665 * t), radii, 0.05 if offset < 0.003 else 0.09)
    if low < b.hip_m and offset < 0.0135 and not hanging:
        add_seat(solid, b, offset)
    if high > b.shoulder_m - 0.05 * h:
        x, o = b.length["biacromial"] / 2 - 0.012 * h, 0.6 * offset
        for e in (1, -1):
            root = (e * 0.026 * h, -0.018 * h, b.shoulder_m + 0.018 * h)
            tip = (e * x, -0.010 * h, b.shoulder_m - 0.017 * h)
            solid.tube(root, tip, 0.030 * h + o, 0.027 * h + o, 0.05)


def add_seat(solid: Solid, b: Body, offset: float) -> None:
    """Adds the buttocks, grown by an offset."""
    a, depth = b.axes["hips"]
    radii = (0.50 * a + offset, 0.52 * depth + offset, 0.17 * b.trunk_m + offset)
    for e in (1, -1):
        solid.ellipsoid((e * 0.46 * a, -(0.52 + 0.10 * b.fem) * depth, b.hip_m - 0.03 * b.trunk_m), radii, 0.06)


def _segment(solid, start, end, rings, low, high, offset_low, offset_high, exponent, blend, samples=11) -> None:
    """A limb between two joints from share `low` to `high` of the way, grown by an offset that changes along it."""
    t = np.linspace(low, high, samples)
    r = monotone_cubic(rings[:, 0], rings[:, 1:], np.clip(t, 0, 1))
    along = (t - low) / (high - low)
    grow = offset_low + (offset_high - offset_low) * along
    rows = np.stack([along, r[:, 0], r[:, 1], r[:, 2] + grow, r[:, 3] + grow, r[:, 4] + grow, 0 * t + exponent], 1)
    solid.loft(start + (end - start) * low, start + (end - start) * high, (0, 1, 0), rows, blend)


def add_arm(solid: Solid, b: Body, side: str, offset, end_offset, length, *, start=0.0, shoulder=True, blend=0.05) -> None:
    """Adds an arm or a sleeve from segment `start` to `length` (1 the elbow, 2 the wrist), grown by the offsets."""
    shoulder_at, elbow, wrist = (b.joint(f"{n}_{side}") for n in ("upper_arm", "forearm", "hand"))
    middle = offset + (end_offset - offset) * 0.5
    if shoulder:
        r = b.radius["biceps"]
        at = shoulder_at + unit(elbow - shoulder_at) * 0.018 * b.h
        solid.ellipsoid(at, (r * 0.97 + offset, r * 1.04 + offset, r * 1.14 + offset), 0.03)
    at_elbow = middle if length >= 1 else end_offset
    _segment(solid, shoulder_at, elbow, b.limb("upper_arm"), start, min(length, 1.03), offset, at_elbow, 2, blend)
    if length > 1:
        _segment(solid, elbow, wrist, b.limb("forearm"), 0.0, length - 1, middle, end_offset, 2, 0.006)
        r = b.radius["girth_forearm"] * 0.92
        solid.ellipsoid(elbow, (r * 0.97 + middle,) * 3, 0.006)


def add_leg(solid: Solid, b: Body, side: str, offset, knee_offset, end_offset, length, *, start=0.0, blend=0.03) -> None:
    """Adds a leg or a trouser leg from segment `start` to `length` (1 the knee, 2 the ankle), grown by the offsets."""
    hip, knee, ankle = (b.joint(f"{n}_{side}") for n in ("thigh", "shank", "foot"))
    at_knee = knee_offset if length > 1 else end_offset
    _segment(solid, hip, knee, b.limb("thigh"), start, min(length, 1.02), offset, at_knee, 2.1, blend)
    if length > 1:
        _segment(solid, knee, ankle, b.limb("shank"), 0.0, length - 1, knee_offset, end_offset, 2.1, 0.006)
