"""Hands and shoes as solids."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import Solid, smooth_step, unit, value_noise
from scenesim.models.body_shape import ARMS_OUT, Body

Array = NDArray[np.float64]

SHOES = {"sneaker": 0.085, "boot": 0.17, "flat": 0.055}  # height of the shaft over the sole, m, adult


def hand_direction(side_sign: float) -> Array:
    """(3,) where the fingers of the resting arm point."""
    return np.array([side_sign * math.sin(ARMS_OUT), 0, -math.cos(ARMS_OUT)])


def hand(b: Body, side: str, e: float, grip: float = 0.0) -> Solid:
    """Palm, four fingers of two bones each, thumb. grip: 0 relaxed .. 1 a fist."""
    wrist, d = b.joint(f"hand_{side}"), hand_direction(e)
    palm, y = np.array([-e * math.cos(ARMS_OUT), 0, -math.sin(ARMS_OUT)]), np.array([0, 1.0, 0])
    size, rw, s = b.length["hand"], b.radius["wrist"], Solid()
    wide = size * 0.225
    rings = [
        (0, 0, 0, rw * 0.85, rw * 1.12, rw * 1.12, 2), (0.25, 0, 0, rw * 0.80, rw * 1.1, rw * 1.1, 2.1),
        (0.55, 0, 0, size * 0.088, wide * 0.95, wide * 0.85, 2.5), (0.85, 0, 0, size * 0.078, wide, wide * 0.95, 2.7),
        (1, 0, 0, size * 0.060, wide * 0.92, wide * 0.88, 2.5),
    ]  # fmt: skip
    s.loft(wrist - d * 0.16 * size, wrist + d * 0.54 * size, y, rings, 0.01)
    axis = np.cross(d, palm)
    for i, (off, length) in enumerate([(0.70, 0.43), (0.24, 0.48), (-0.22, 0.44), (-0.64, 0.35)]):
        first = (0.30 + 0.07 * i) * (1 - grip) + 1.25 * grip
        second = (0.55 + 0.05 * i) * (1 - grip) + 1.5 * grip
        root = wrist + d * size * (0.50 - 0.012 * abs(i - 1)) + y * wide * off
        d1 = _turned(d, axis, first)
        knuckle = root + d1 * size * length * 0.52
        tip = knuckle + _turned(d1, axis, second) * size * length * 0.46
        r = size * (0.050 - 0.004 * (i == 3))
        s.tube(root, knuckle, r, r * 0.95, 0.010)
        s.tube(knuckle, tip, r * 0.93, r * 0.74, 0.004)
    root = wrist + d * size * 0.16 + y * wide * 0.75 + palm * size * 0.04
    knuckle = wrist + d * size * (0.40 - 0.02 * grip) + y * wide * (1.50 - 0.35 * grip) + palm * size * (0.13 + 0.08 * grip)
    tip = knuckle + unit(d * 0.9 - y * (0.15 + 0.9 * grip) + palm * (0.25 + 0.3 * grip)) * size * 0.20
    s.tube(root, knuckle, size * 0.085, size * 0.056, 0.022)
    s.tube(knuckle, tip, size * 0.055, size * 0.042, 0.006)
    return s


def _turned(v: Array, axis: Array, a: float) -> Array:
    """Rodrigues' rotation of v about a unit axis."""
    return v * math.cos(a) + np.cross(axis, v) * math.sin(a) + axis * float(axis @ v) * (1 - math.cos(a))


def shoe(b: Body, side: str, e: float, kind: str) -> Solid:
    """A shoe of SHOES under an ankle of the rest pose, its sole below the barefoot ground."""
    ankle, length, so = b.joint(f"foot_{side}"), b.shoe_m, b.sole_m
    ground = ankle[2] - b.ankle_m
    heel = np.array([ankle[0], ankle[1] - 0.29 * length, ground])
    k, s = length / 0.28, Solid()
    # Along the foot: share, sideways (towards the big toe), height of the middle, half width, up, down, exponent.
    upper = [
        (0, 0, 0.026, 0.018, 0.034, 0.05, 2.2), (0.07, 0, 0.022, 0.032, 0.052, 0.06, 2.3),
        (0.22, 0, 0.02, 0.0355, 0.066, 0.06, 2.3),
        (0.40, -0.003, 0.02, 0.037, 0.056, 0.06, 2.3), (0.58, -0.004, 0.012, 0.045, 0.044, 0.06, 2.4),
        (0.73, -0.002, 0.008, 0.0485, 0.036, 0.05, 2.5), (0.88, 0.005, 0.008, 0.041, 0.026, 0.045, 2.5),
        (0.965, 0.011, 0.010, 0.026, 0.015, 0.035, 2.3), (1, 0.013, 0.010, 0.012, 0.007, 0.02, 2),
    ]  # fmt: skip
    rings = [(t, e * x * k, z * k, w * k, up * k, down * k, n) for t, x, z, w, up, down, n in upper]
    s.loft(heel, heel + [0, length, 0], (0, 0, 1), rings, 0.01)
    ra, top = b.radius["ankle"], SHOES[kind] * k
    shaft = 1.35 if kind == "boot" else 1.22
    s.tube(
        ankle + [0, -0.010 * k, 0.045 * k - b.ankle_m], ankle + [0, -0.012 * k, top - b.ankle_m], ra * 1.22, ra * shaft, 0.03
    )
    sole = [
        (0, 0, 0.022, 1.5, 4), (0.08, 0, 0.036, 1.5, 4), (0.4, -0.003, 0.0385, 1.45, 4), (0.73, -0.002, 0.051, 1.3, 4),
        (0.92, 0.006, 0.036, 1.3, 4), (1, 0.012, 0.014, 1.2, 3),
    ]  # fmt: skip
    rings = [(t, e * x * k, 0, w * k, so * up, 0.02, n) for t, x, w, up, n in sole]
    s.loft(heel + [0, -0.005 * k, -so], heel + [0, length * 1.005, -so], (0, 0, 1), rings, 0.004)
    s.plane((0, 0, ground - so), (0, 0, -1), 0.003)
    return s


def sole_line(b: Body):
    """Height (n,) m of points over the upper edge of the sole."""
    return lambda p: p[:, 2] - b.ground - 0.002 * b.k


def shoe_color(b: Body, rgb: Array, sole_rgb: Array):
    """A function from points (n, 3) of a shoe to colours (n, 3)."""
    edge = sole_line(b)

    def paint(p: Array) -> Array:
        c = np.where(edge(p)[:, None] < 1e-4, sole_rgb, rgb)
        ankle = b.joint("foot_r")
        y, x = (p[:, 1] - ankle[1]) / b.length["foot"], np.abs(np.abs(p[:, 0]) - ankle[0]) / b.length["foot"]
        tongue = smooth_step(0.08, 0.12, y) * smooth_step(0.40, 0.34, y) * (x < 0.085) * (edge(p) > 0.03 * b.k)
        c = c * (1 - 0.5 * tongue[:, None]) + 0.5 * tongue[:, None] * sole_rgb
        return c * (1 + 0.05 * value_noise(p * 90.0)[:, None])

    return paint
