"""Heads, hair and hats as solids, and what is painted on a face.

Sizes are those of an adult man's head of 15.2 x 19.7 x 22.8 cm about its centre, scaled to the head at hand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import Solid, smooth_step, unit, value_noise
from scenesim.models.body_shape import Body

Array = NDArray[np.float64]

HAIR = ("short", "crop", "receding", "bob", "long", "ponytail", "bun", "afro", "curly", "bald")
HATS = (
    "cap", "beanie", "sunhat", "helmet", "bike_helmet", "full_helmet", "peaked_cap", "fire_helmet", "turban", "ghost",
    "headscarf", "hood",
)  # fmt: skip
OVER_HEAD = ("headscarf", "hood", "full_helmet", "turban", "ghost")  # hide the hair, and hang on the shoulders

EYE_X, EYE_HALF, LID_HALF = 0.0315, 0.0150, 0.0056


class HeadFrame:
    """Places and sizes of a head's features: `at` points, `size` lengths, in m of the body's frame."""

    def __init__(self, b: Body):
        self.centre = b.head_centre
        self.scale = np.array([b.head_breadth / 0.152, b.head_length / 0.197, b.length["head"] / 0.228])
        self.eye_z = -0.012 * b.child  # children's eyes sit lower

    def at(self, x: float, y: float, z: float) -> Array:
        return self.centre + np.array([x, y, z]) * self.scale

    def size(self, x: float, y: float, z: float) -> Array:
        return np.array([x, y, z]) * self.scale

    def local(self, points: Array) -> Array:
        """Points (n, 3) in the sizes of the adult head."""
        return (points - self.centre) / self.scale


def head(b: Body, nose: float = 1.0, nose_width: float = 1.0) -> tuple[Solid, float]:
    """Head and neck, and the height at which the neck begins."""
    h, s = HeadFrame(b), Solid()
    child, fem, old, eye = b.child, b.fem, b.old, h.eye_z
    k, depth, wide = h.scale[2], h.scale[1], h.scale[0]
    jaw = 1 - 0.10 * fem - 0.10 * child + 0.15 * max(b.fat - 1, 0.0)
    s.ellipsoid(h.at(0, -0.012, 0.028), h.size(0.076, 0.0985, 0.086), 0.02)
    rings = [
        (0, 0.010, 0.064, 0.074, 0.06, 2.2), (0.31, 0.010, 0.0675, 0.077, 0.06, 2.3),
        (0.5, 0.012, 0.066 * (1 + 0.03 * child), 0.078, 0.055, 2.3), (0.70, 0.020, 0.0585 * jaw, 0.066, 0.05, 2.3),
        (0.86, 0.030, 0.049 * jaw, 0.053, 0.05, 2.3), (0.97, 0.040, 0.034 * jaw, 0.042, 0.04, 2.2),
        (1, 0.042, 0.024 * jaw, 0.034, 0.034, 2.1),
    ]  # fmt: skip
    scaled = [(t, 0, y * depth, x * wide, f * depth, back * depth, n) for t, y, x, f, back, n in rings]
    s.loft(h.at(0, 0, 0.05), h.at(0, 0, -0.113 + 0.006 * child), (0, 1, 0), scaled, 0.03 * k)
    neck_base = _neck(s, b, h)
    for e in (1, -1):
        s.ellipsoid(h.at(e * 0.044, 0.064, -0.024 + eye), h.size(0.024, 0.022, 0.017 + 0.006 * child), 0.02)  # cheekbone
        s.ellipsoid(h.at(e * 0.036, 0.050, -0.056), h.size(0.026, 0.028, 0.030), 0.02)
        s.ellipsoid(h.at(e * 0.052 * jaw, 0.020, -0.062), h.size(0.011, 0.026, 0.022), 0.025)  # corner of the jaw
        brow = 0.010 - 0.004 * fem - 0.004 * child
        s.ellipsoid(h.at(e * 0.027, 0.0835, 0.021 + eye), h.size(0.026, brow, 0.008), 0.012)
        s.ellipsoid(h.at(e * 0.032, 0.1025, 0.001 + eye), h.size(0.0175, 0.0165, 0.0095 + 0.002 * child), 0.012, "-")  # socket
        s.ellipsoid(h.at(e * EYE_X, 0.0748, eye), h.size(0.0138, 0.0138, 0.0128), 0.003)  # eyeball with its lids
    length = 0.84 * (1 - 0.12 * fem - 0.38 * child) * (1 + 0.10 * old) * nose
    tip = -0.041 * (1 - 0.1 * child) + eye
    s.tube(
        h.at(0, 0.0845, 0.008 + eye),
        h.at(0, 0.088 + 0.021 * length, tip + 0.005),
        0.0070 * k,
        0.0115 * k * (0.8 + 0.2 * length),
        0.016,
    )
    for e in (1, -1):
        s.ellipsoid(h.at(e * 0.0115 * nose_width, 0.088 + 0.008 * length, tip), h.size(0.0085, 0.011, 0.0075), 0.007)
    s.ellipsoid(h.at(0, 0.0835, -0.053), h.size(0.017, 0.009, 0.013), 0.010)
    s.ellipsoid(h.at(0, 0.0868, -0.0645), h.size(0.024, 0.0085, 0.0055), 0.008)  # lips
    s.ellipsoid(h.at(0, 0.0856, -0.0745), h.size(0.0205, 0.0095, 0.0065), 0.007)
    s.ellipsoid(h.at(0, 0.0775 - 0.004 * child, -0.099), h.size(0.020, 0.0145, 0.014), 0.016)  # chin
    _ears(s, h, old)
    return s, neck_base


def _neck(s: Solid, b: Body, h: HeadFrame) -> float:
    r, root = b.radius["neck"], b.joint("neck")
    top = h.at(0, -0.020, -0.035)
    base = np.array([0, root[1] + 0.002 * b.h, root[2] - 0.035 * b.h])
    rings = [
        (0, 0, 0, r * 1.25, r, r * 1.2, 2), (0.3, 0, 0, r * 1.02, r * 0.98, r * 1.02, 2), (0.7, 0, 0, r * 0.97, r, r * 0.98, 2),
        (1, 0, 0, r * 0.95, r, r * 0.95, 2),
    ]  # fmt: skip
    s.loft(base, top, (0, 1, 0), rings, 0.022 * h.scale[2])
    if b.fem < 0.5 and b.child < 0.5:
        s.ellipsoid(base + (top - base) * 0.52 + [0, r * 0.92, 0], (0.010, 0.010, 0.016), 0.015)
    return float(base[2])


def _ears(s: Solid, h: HeadFrame, old: float) -> None:
    for e in (1, -1):
        axes = np.array([unit([e * 0.92, -0.38, 0]), unit([0.38 * e, 0.92, -0.22]), unit([0, 0.22, 0.97])])
        s.ellipsoid(h.at(e * 0.0775, -0.008, -0.010), h.size(0.0085, 0.0185, 0.0315) * (1 + 0.12 * old), 0.005, axes=axes)
        s.ellipsoid(h.at(e * 0.0865, -0.002, -0.006), h.size(0.0075, 0.0105, 0.0190), 0.005, "-", axes=axes)


def hair(b: Body, style: str) -> tuple[Solid, float]:
    """The hair, and how rough it is (m). Not for "bald"."""
    h, s = HeadFrame(b), Solid()

    def cap(grow: float, front: float = 0.066, nape: float = -0.058) -> None:
        s.ellipsoid(h.at(0, -0.017, 0.036), h.size(0.0785 + grow, 0.1025 + grow, 0.0875 + grow), 0.01)
        s.plane(h.at(0, 0.075, front), np.array([0, front - nape, -0.165]) / h.scale, 0.010)

    def sideburns(x: float, low: float, r: float) -> None:
        for e in (1, -1):
            s.tube(h.at(e * x, 0.022, 0.03), h.at(e * (x + 0.0015), 0.018, low), r, 0.6 * r, 0.012)

    rough = 0.003
    if style == "short":
        cap(0.006)
        sideburns(0.070, -0.018, 0.013)
        s.ellipsoid(h.at(0.008, 0.050, 0.098), h.size(0.050, 0.040, 0.022), 0.025)
    elif style == "crop":
        cap(0.002, front=0.070)
        sideburns(0.068, -0.012, 0.011)
        rough = 0.0012
    elif style == "receding":
        s.ellipsoid(h.at(0, -0.022, 0.006), h.size(0.0815, 0.0975, 0.072), 0.01)
        s.plane(h.at(0, -0.02, 0.050), (0, 0.65, 0.75), 0.012)
        s.plane(h.at(0, 0.02, 0), (0, 1, -0.75), 0.012)
        s.plane(h.at(0, -0.09, -0.065), (0, -0.2, -1), 0.012)
    elif style == "afro":
        s.ellipsoid(h.at(0, -0.024, 0.040), h.size(0.112, 0.122, 0.108), 0.01)
        s.plane(h.at(0, 0.075, 0.062), (0, 0.62, -0.78), 0.03)
        s.ellipsoid(h.at(0, 0.108, -0.030), h.size(0.062, 0.058, 0.090), 0.02, "-")
        rough = 0.008
    elif style == "curly":
        cap(0.018, front=0.058, nape=-0.066)
        sideburns(0.074, -0.016, 0.014)
        rough = 0.008
    else:
        cap(0.008, front=0.068, nape=-0.066)
        s.ellipsoid(h.at(0, 0.058, 0.082), h.size(0.058, 0.030, 0.026), 0.02)
        _long_hair(s, h, style)
    return s, rough


def _long_hair(s: Solid, h: HeadFrame, style: str) -> None:
    if style in ("bob", "long"):
        low = -0.118 if style == "bob" else -0.205
        back = [
            (0, 0, 0, 0.070, 0.055, 0.060, 2.2), (0.3, 0, 0, 0.084, 0.058, 0.066, 2.4), (0.65, 0, 0, 0.088, 0.048, 0.060, 2.6),
            (0.95, 0, 0, 0.080, 0.030, 0.046, 2.6), (1, 0, 0, 0.070, 0.020, 0.036, 2.4),
        ]  # fmt: skip
        s.loft(h.at(0, -0.045, 0.05), h.at(0, -0.062, low), (0, 1, 0), back, 0.03)
        lock = [
            (0, 0, 0, 0.016, 0.045, 0.05, 2), (0.35, 0, 0, 0.020, 0.048, 0.05, 2.2), (0.7, 0, 0, 0.019, 0.036, 0.05, 2.2),
            (1, 0, 0, 0.010, 0.018, 0.03, 2),
        ]  # fmt: skip
        for e in (1, -1):
            s.loft(h.at(e * 0.066, 0.015, 0.06), h.at(e * 0.070, 0.010, low * 0.80), (0, 1, 0), lock, 0.025)
        s.ellipsoid(h.at(0, 0.105, -0.045), h.size(0.0585, 0.052, 0.092), 0.015, "-")
    elif style == "ponytail":
        tail = [
            (0, 0, 0, 0.015, 0.015, 0.018, 2), (0.25, 0, -0.012, 0.028, 0.02, 0.026, 2),
            (0.6, 0, -0.008, 0.027, 0.018, 0.022, 2),
            (0.92, 0, 0, 0.012, 0.01, 0.01, 2), (1, 0, 0, 0.004, 0.004, 0.004, 2),
        ]  # fmt: skip
        s.ellipsoid(h.at(0, -0.118, 0.042), h.size(0.022, 0.020, 0.022), 0.02)
        s.loft(h.at(0, -0.122, 0.045), h.at(0, -0.150, -0.150), (0, 1, 0), tail, 0.02)
    else:
        s.ellipsoid(h.at(0, -0.108, 0.066), h.size(0.036, 0.032, 0.034), 0.012)


def under_hat(s: Solid, b: Body) -> None:
    """Cuts the hair off where a hat sits."""
    s.plane(HeadFrame(b).at(0, 0, 0.070), (0, 0, 1), 0.02)


def hat(b: Body, style: str) -> Solid:
    """A hat of HATS."""
    h, s = HeadFrame(b), Solid()
    if style == "cap":
        s.ellipsoid(h.at(0, -0.015, 0.033), h.size(0.083, 0.106, 0.090), 0.01)
        s.plane(h.at(0, 0.09, 0.050), (0, 0.30, -0.95), 0.006)
        axes = np.array([[1, 0, 0], unit([0, 0.95, -0.22]), unit([0, 0.22, 0.95])])
        s.ellipsoid(h.at(0, 0.108, 0.047), h.size(0.072, 0.078, 0.0085), 0.008, axes=axes)
    elif style == "beanie":
        s.ellipsoid(h.at(0, -0.018, 0.040), h.size(0.087, 0.110, 0.100), 0.01)
        s.plane(h.at(0, 0.09, 0.042), (0, 0.40, -0.92), 0.01)
        roll = [(0, 0, 0, 0.082, 0.102, 0.104, 2.2), (0.5, 0, 0, 0.089, 0.110, 0.113, 2.2), (1, 0, 0, 0.085, 0.106, 0.108, 2.2)]
        s.loft(h.at(0, -0.014, 0.020), h.at(0, -0.018, 0.062), (0, 1, 0), roll, 0.008)
        s.plane(h.at(0, 0.09, 0.040), (0, 0.30, -0.95), 0.008)
    elif style == "helmet":  # of site workers
        s.ellipsoid(h.at(0, -0.012, 0.050), h.size(0.098, 0.128, 0.105), 0.01)
        s.plane(h.at(0, 0.08, 0.050), (0, 0.10, -0.99), 0.006)
        s.ellipsoid(h.at(0, 0.085, 0.055), h.size(0.080, 0.080, 0.0095), 0.012)
        s.ellipsoid(h.at(0, -0.012, 0.052), h.size(0.106, 0.137, 0.009), 0.010)
        s.ellipsoid(h.at(0, -0.012, 0.150), h.size(0.012, 0.085, 0.010), 0.012)
    elif style == "sunhat":
        s.ellipsoid(h.at(0, -0.014, 0.052), h.size(0.088, 0.108, 0.085), 0.01)
        s.plane(h.at(0, 0, 0.052), (0, 0, -1), 0.006)
        s.ellipsoid(h.at(0, -0.010, 0.050), h.size(0.175, 0.195, 0.012), 0.012)
    elif style in ("bike_helmet", "peaked_cap", "fire_helmet"):
        _hard_hat(s, h, style)
    else:
        _over_head(s, b, h, style)
    return s


def _hard_hat(s: Solid, h: HeadFrame, style: str) -> None:
    if style == "bike_helmet":  # with three vents along
        s.ellipsoid(h.at(0, -0.018, 0.045), h.size(0.092, 0.128, 0.098), 0.01)
        s.plane(h.at(0, 0.08, 0.042), (0, 0.22, -0.97), 0.008)
        for x in (-0.045, 0.0, 0.045):
            s.ellipsoid(h.at(x, 0.005, 0.142 - 6 * x * x), h.size(0.010, 0.085, 0.022), 0.006, "-")
    elif style == "peaked_cap":  # of the police: a wide flat crown over a band
        s.ellipsoid(h.at(0, -0.012, 0.030), h.size(0.086, 0.108, 0.060), 0.01)
        s.plane(h.at(0, 0, 0.030), (0, 0.10, -0.99), 0.004)
        s.ellipsoid(h.at(0, 0.002, 0.098), h.size(0.124, 0.138, 0.030), 0.02)
        axes = np.array([[1, 0, 0], unit([0, 0.92, -0.38]), unit([0, 0.38, 0.92])])
        s.ellipsoid(h.at(0, 0.098, 0.034), h.size(0.070, 0.062, 0.0075), 0.006, axes=axes)
    else:  # of fire fighters: a long brim behind, a crest
        s.ellipsoid(h.at(0, -0.012, 0.040), h.size(0.112, 0.142, 0.122), 0.01)
        s.plane(h.at(0, 0.08, 0.036), (0, 0.14, -0.99), 0.006)
        s.ellipsoid(h.at(0, -0.035, 0.036), h.size(0.122, 0.165, 0.011), 0.012)
        s.ellipsoid(h.at(0, -0.012, 0.150), h.size(0.014, 0.115, 0.022), 0.012)


def visor(b: Body):
    """Distance (n,) m from the edge of the visor of a full helmet, negative on it."""
    h = HeadFrame(b)

    def line(p: Array) -> Array:
        x, y, z = h.local(p).T
        return np.maximum(np.abs(z - 0.008) - 0.046, 0.020 - y)

    return line


def holes(b: Body):
    """Distance (n,) m from the eye holes of a sheet, negative in them."""
    h = HeadFrame(b)

    def line(p: Array) -> Array:
        x, y, z = h.local(p).T
        near = np.sqrt((np.abs(x) - 0.038) ** 2 + (0.75 * (z - 0.01)) ** 2) - 0.018
        return np.where(y > 0.02, near, 1.0)

    return line


def _over_head(s: Solid, b: Body, h: HeadFrame, style: str) -> None:
    if style == "full_helmet":
        s.ellipsoid(h.at(0, -0.014, 0.020), h.size(0.118, 0.142, 0.130), 0.01)
        chin = [(0, 0, 0, 0.086, 0.115, 0.105, 2.4), (0.5, 0, 0, 0.106, 0.142, 0.122, 2.4), (1, 0, 0, 0.112, 0.140, 0.132, 2.3)]
        s.loft(h.at(0, 0.002, -0.128), h.at(0, -0.008, 0.02), (0, 1, 0), chin, 0.03)
        return
    if style == "ghost":  # a sheet over the head
        w, low = b.length["biacromial"] / 2 + 0.05, b.shoulder_m - 0.16 * b.h
        s.ellipsoid(h.at(0, -0.004, 0.016), h.size(0.108, 0.138, 0.128), 0.01)
        rings = [
            (0, 0, -0.010 * b.h, w * 1.05, 0.19, 0.20, 2.3), (0.35, 0, -0.010 * b.h, w * 0.95, 0.15, 0.16, 2.2),
            (0.62, 0, -0.004 * b.h, 0.150, 0.125, 0.125, 2.1), (1, 0, 0.002 * b.h, 0.108, 0.130, 0.135, 2.1),
        ]  # fmt: skip
        s.loft((0, 0, low), (0, 0, h.at(0, 0, 0.02)[2]), (0, 1, 0), rings, 0.05)
        return
    if style == "turban":  # wound in folds, and open before the face
        s.ellipsoid(h.at(0, -0.020, 0.052), h.size(0.098, 0.122, 0.100), 0.01)
        axes = np.array([[1, 0, 0], unit([0, 0.90, 0.42]), unit([0, -0.42, 0.90])])
        for k, grow in enumerate((0.0, 0.006, 0.004)):
            s.ellipsoid(
                h.at(0, -0.016 - 0.010 * k, 0.052 + 0.028 * k), h.size(0.104 + grow, 0.126 + grow, 0.026), 0.016, axes=axes
            )
        s.plane(h.at(0, 0.095, 0.045), (0, 0.55, -0.84), 0.010)
        s.ellipsoid(h.at(0, 0.10, -0.035), h.size(0.062, 0.070, 0.080), 0.012, "-")
        s.plane(h.at(0, -0.05, -0.030), (0, -0.35, -0.94), 0.012)
        return
    if style == "headscarf":
        w = b.length["biacromial"] / 2
        s.ellipsoid(h.at(0, -0.018, 0.034), h.size(0.088, 0.112, 0.096), 0.01)
        low, high = b.shoulder_m - 0.045 * b.h, h.at(0, 0, 0.02)[2]
        rings = [
            (0, 0, -0.020 * b.h, w * 0.86, 0.100, 0.105, 2.3), (0.16, 0, -0.02 * b.h, w * 0.72, 0.098, 0.102, 2.2),
            (0.36, 0, -0.012 * b.h, w * 0.46, 0.088, 0.092, 2.1), (0.62, 0, 0.002 * b.h, 0.086, 0.090, 0.085, 2.1),
            (1, 0, 0.008 * b.h, 0.086, 0.086, 0.10, 2.1),
        ]  # fmt: skip
        s.loft((0, 0, low), (0, 0, high), (0, 1, 0), rings, 0.045)
        s.ellipsoid(h.at(0, 0.108, -0.022), h.size(0.0555, 0.058, 0.0815), 0.012, "-")
    else:
        s.ellipsoid(h.at(0, -0.024, 0.030), h.size(0.098, 0.122, 0.105), 0.01)
        low, high = b.shoulder_m - 0.01 * b.h, h.at(0, 0, 0)[2]
        rings = [
            (0, 0, -0.012 * b.h, 0.125, 0.085, 0.11, 2.2), (0.4, 0, -0.006 * b.h, 0.098, 0.095, 0.105, 2.1),
            (1, 0, 0, 0.094, 0.09, 0.11, 2.1),
        ]  # fmt: skip
        s.loft((0, -0.006 * b.h, low), (0, 0, high), (0, 1, 0), rings, 0.04)
        s.ellipsoid(h.at(0, 0.120, -0.018), h.size(0.064, 0.085, 0.092), 0.02, "-")


def _bump(x: Array) -> Array:
    """1 at 0, 0 beyond 1, smooth."""
    return np.clip(1 - x * x, 0, 1) ** 2


def face_lines(b: Body):
    """Distances (m) from what is painted sharply on a face: functions of points (n, 3), zero on its outline."""
    h = HeadFrame(b)

    def local(p):
        q = h.local(p)
        return np.abs(q[:, 0]), q[:, 1], q[:, 2] - h.eye_z, q[:, 2]

    def ellipse(a, half_a, c, half_c):
        r = np.sqrt((a / half_a) ** 2 + (c / half_c) ** 2)
        return (r - 1) * min(half_a, half_c)

    def opening(p):
        x, y, z, _ = local(p)
        return np.where(y > 0.06, ellipse(x - EYE_X, EYE_HALF - 0.002, z, LID_HALF - 0.0008), 1.0)

    def iris(p):
        x, y, z, _ = local(p)
        return np.where(y > 0.06, ellipse(x - EYE_X, 0.0058, z - 0.0006, 0.0058), 1.0)

    def brow(p):
        x, y, z, _ = local(p)
        middle = 0.0225 - 12 * (x - 0.030) ** 2 + 0.05 * (x - 0.03)
        thick = 0.0034 * (1 - 0.25 * b.fem - 0.3 * b.child)
        end = np.maximum(0.012 - x, x - 0.050)
        return np.where(y > 0.03, np.maximum(np.abs(z - middle) - thick, end), 1.0)

    def lips(p):
        x, y, _, z = local(p)
        return np.where(y > 0.06, ellipse(x, 0.0245, z + 0.0692, 0.0088), 1.0)

    return opening, iris, brow, lips


def face_color(b: Body, skin: Array, hair_rgb: Array, iris_rgb: Array, beard: float):
    """A function from points (n, 3) of head and neck to linear colours (n, 3). beard: 0 shaved .. 1 full."""
    h = HeadFrame(b)
    opening, iris, brow, lips = face_lines(b)
    dark = skin.mean() < 0.12
    blush = skin * np.array([1.12, 0.92, 0.86] if dark else [1.08, 0.85, 0.80])
    lip = skin * np.array([0.85, 0.60, 0.58] if dark else [0.92, 0.60, 0.57]) + np.array([0.02, 0, 0])

    def paint(p: Array) -> Array:
        c = np.tile(skin, (len(p), 1))
        q = h.local(p)
        x, y, z = np.abs(q[:, 0]), q[:, 1], q[:, 2] - h.eye_z

        def blend(share, color):
            nonlocal c
            share = np.asarray(share, float)[:, None]
            c = c * (1 - share) + share * color

        blend(0.6 * _bump((x - 0.042) / 0.034) * _bump((z + 0.032) / 0.034) * (y > 0.03), blush)
        blend(0.5 * _bump(x / 0.022) * _bump((z + 0.040) / 0.020) * (y > 0.09), blush)
        blend(0.6 * (x > 0.072) * (y < 0.03) * (z > -0.05), blush)  # ears
        if beard > 0:
            low = q[:, 2] + 0.55 * np.clip(x - 0.022, 0, 0.012) - 0.9 * np.clip(x - 0.045, 0, 0.03)
            m = smooth_step(-0.046, -0.056, low) * smooth_step(-0.015, 0.012, y) * smooth_step(-0.140, -0.120, q[:, 2])
            blend(beard * m, hair_rgb)
        blend(0.45 * _bump((x - EYE_X) / 0.024) * _bump(z / 0.013) * (y > 0.06), skin * 0.45)  # shade of the sockets
        mouth = lips(p)
        blend(0.75 * (mouth <= 1e-4), lip)
        blend(0.6 * (np.abs(q[:, 2] + 0.0692) < 0.0016) * (mouth <= 1e-4), lip * 0.35)
        blend(0.8 * (brow(p) <= 1e-4), hair_rgb * 0.8 + skin * 0.06)
        eye = opening(p)
        blend(0.75 * (eye <= 0.0022) * (eye > 1e-4) * (z > -0.002), skin * 0.22)  # lashes
        blend(1.0 * (eye <= 1e-4), np.array([0.44, 0.42, 0.40]))
        blend(1.0 * (eye <= 1e-4) * (iris(p) <= 1e-4), iris_rgb)
        return c * (1 + 0.03 * value_noise(p * 160.0)[:, None])

    return paint


def hair_color(b: Body, rgb: Array):
    """A function from points (n, 3) to colours of strands that run down from the crown."""

    def paint(p: Array) -> Array:
        q = p - b.head_centre
        a = np.arctan2(q[:, 0], -q[:, 1] + 0.02)
        n = value_noise(np.stack([a * 22, q[:, 2] * 14, 0 * a], 1)) + 0.5 * value_noise(
            np.stack([a * 55, q[:, 2] * 20, 0 * a + 3], 1)
        )
        return np.clip(rgb * (1 + 0.35 * n[:, None]) + 0.010 * np.clip(n, 0, 1)[:, None], 0.005, 1)

    return paint
