"""Clothes as solids around a body: cuts from assets/people/clothes.yaml, folds, and what is sewn on in other colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import Solid, fractal_noise, smooth_step, unit, value_noise
from scenesim.models.body_shape import SIDES, Body, add_arm, add_leg, add_seat, add_trunk

Array = NDArray[np.float64]
Paint = Callable[[Array], Array]  # points (n, 3) -> linear colours (n, 3)
Line = Callable[[Array], Array]  # points (n, 3) -> distance (n,) m from an outline, negative inside


@dataclass(frozen=True)
class Top:
    """What is worn on the trunk. Heights are in trunk lengths over the hip. offset_m, cuff_m: cloth over skin at the trunk
    and at the end of the sleeve (adult). sleeve: 0 none, 1 to the elbow, 2 to the wrist. box: 0 hugs the waist .. 1 hangs
    straight. flare: m wider for each m below the hip. fold_m: depth of folds. neck: round, soft, stand, deep or hood.
    pattern: plain, zip, open, stripes, drape or hivis."""

    offset_m: float
    cuff_m: float
    hem: float
    sleeve: float
    box: float
    fold_m: float
    material: str
    flare: float = 0.0
    collar: float = 0.0
    neck: str = "round"
    pattern: str = "plain"
    quilted: bool = False
    waistband: bool = False

    @property
    def long(self) -> bool:
        """Hangs around the legs."""
        return self.hem <= -0.3


@dataclass(frozen=True)
class Bottom:
    """What is worn on the legs. hip_m, knee_m, cuff_m: cloth over skin there (adult). length: 1 to the knee, 2 to the ankle.
    skirt: hangs around both legs, `drop` statures below the hip."""

    material: str
    hip_m: float = 0.012
    knee_m: float = 0.020
    cuff_m: float = 0.034
    length: float = 1.985
    folds: float = 1.0
    skirt: bool = False
    drop: float = 0.0


def hem_height(b: Body, top: Top) -> float:
    """Height of the lower edge of a top over z = 0 of the rest pose, m."""
    return max(b.hip_m + top.hem * b.trunk_m, b.ground + 0.03)


def top_solid(b: Body, top: Top) -> tuple[Solid, float, float]:
    """The solid of a top, and its lowest and highest z."""
    k, h = b.k, b.h
    offset, cuff = top.offset_m * k, top.cuff_m * k
    low, high = hem_height(b, top), b.hip_m + (1.0 + top.collar) * b.trunk_m
    s = Solid()
    add_trunk(s, b, low, high, offset, box=top.box, flare=top.flare, hanging=True)
    for side, e in SIDES:
        if top.sleeve:
            add_arm(s, b, side, 0.75 * offset, cuff, top.sleeve, blend=0.045)
        else:
            hole = b.joint(f"upper_arm_{side}") + [e * 0.055 * h, 0, -0.055 * h]
            s.ellipsoid(hole, np.array([0.050, 0.060, 0.075]) * h / 1.1, 0.012, "-")
    if -0.3 < top.hem <= 0.1:
        for side, _ in SIDES:
            o = offset + 0.013 * k
            add_leg(s, b, side, o, o, o, 0.4, start=-0.10, blend=0.05)
        add_seat(s, b, offset + 0.014 * k)  # clear of the trousers
        s.plane((0, 0, low), (0, 0, -1), 0.006)
    _neckline(s, b, top)
    if top.waistband:
        a = b.trunk(low, True)[0]
        o = 0.65 * offset
        rings = [(q, 0, a[0], a[1] + o, a[2] + o, a[3] + o, 2.4) for q in (0, 0.5, 1)]
        s.loft((0, 0, low - 0.018), (0, 0, low + 0.03), (0, 1, 0), rings, 0.012)
    return s, low, high


def _neckline(s: Solid, b: Body, top: Top) -> None:
    h, at, r = b.h, b.joint("neck"), b.radius["neck"]
    if top.neck == "round":
        rings = [
            (0, 0, 0, r * 1.6, r * 1.5, r * 1.4, 2), (0.7, 0, 0, r * 1.22, r * 1.18, r * 1.22, 2),
            (1, 0, 0, r * 1.14, r * 1.12, r * 1.16, 2),
        ]  # fmt: skip
        s.loft(at + [0, -0.004 * h, -0.05 * h], at + [0, 0.003 * h, -0.006 * h], (0, 1, 0), rings, 0.015)
    elif top.neck == "deep":
        s.ellipsoid(at + [0, 0.038 * h, 0.012 * h], (r * 1.20, r * 1.05, 0.070 * h), 0.012, "-")
    else:
        stiff = top.neck == "stand"
        rr, tall = r * 1.16 + (0.010 if stiff else 0.003), (0.030 if stiff else 0.018) * h
        rings = [
            (0, 0, 0, rr * 1.25, rr * 1.2, rr * 1.25, 2), (0.6, 0, 0, rr * 1.02, rr, rr * 1.1, 2),
            (1, 0, 0, rr * 1.02, rr * 0.96, rr * 1.12, 2),
        ]  # fmt: skip
        s.loft(at + [0, -0.004 * h, -0.035 * h], at + [0, 0.006 * h, 0.7 * tall], (0, 1, 0), rings, 0.015)
        if top.neck == "hood":  # lies on the back
            s.ellipsoid(at + [0, -0.052 * h, -0.004 * h], (0.066 * h, 0.034 * h, 0.040 * h), 0.03)


def bottom_solid(b: Body, bottom: Bottom, top_hem: float) -> tuple[Solid, float, float]:
    """The solid of trousers or a skirt, and its lowest and highest z. top_hem: of the top worn over it, in trunk lengths."""
    k, t = b.k, b.trunk_m
    high = b.hip_m + min(0.30, max(top_hem, -0.2) + 0.14) * t
    if bottom.skirt:
        low = b.hip_m - bottom.drop * b.h
        s = Solid()
        add_trunk(s, b, low, high, 0.004, flare=0.165, hanging=True)
        return s, low, b.hip_m + 0.36 * t
    s = Solid()
    add_trunk(s, b, b.hip_m - 0.14 * t, high, bottom.hip_m * k, box=0.3)
    for side, _ in SIDES:
        o = (bottom.hip_m * k, bottom.knee_m * k, bottom.cuff_m * k)
        add_leg(s, b, side, *o, bottom.length, start=-0.06, blend=0.022)
    return s, b.ground, b.hip_m + 0.36 * t


def _near(x: Array, centre: float, width: float) -> Array:
    """About a Gaussian of a width, without its tail."""
    return np.clip(1 - ((x - centre) / (2.2 * width)) ** 2, 0, 1) ** 2


def top_folds(b: Body, p: Array, seed: float) -> Array:
    """(n,) depth of folds of a top, about -1 to 1: across elbows, cuffs and waist."""
    out = np.zeros(len(p))
    sleeve = np.zeros(len(p), bool)
    for side, e in SIDES:
        a, w = b.joint(f"upper_arm_{side}"), b.joint(f"hand_{side}")
        along = unit(w - a)
        across = np.cross([0.0, 1.0, 0.0], along)
        x, z = (p - a) @ across, (p - a) @ along
        share = z / math.sqrt(float((w - a) @ (w - a)))
        depth = 0.35 + _near(share, 0.56, 0.16) + 0.8 * _near(share, 0.95, 0.12) + 0.5 * _near(share, 0.1, 0.12)
        n = fractal_noise(np.stack([x * 13 + e * 5 + seed, p[:, 1] * 13, z * 26 + x * 14], 1))
        own = (x * x + p[:, 1] ** 2 < 0.14**2) & (e * p[:, 0] > a[0] * e) & (share > 0.02)
        out = np.where(own, n * depth * smooth_step(0.02, 0.15, share), out)
        sleeve |= own
    u = (p[:, 2] - b.hip_m) / b.trunk_m
    n = fractal_noise(np.stack([p[:, 0] * 9 + seed, p[:, 1] * 9, p[:, 2] * 15 + np.abs(p[:, 0]) * 16], 1))
    return np.where(sleeve, out, n * (0.35 + 0.9 * _near(u, 0.30, 0.18) + 0.4 * _near(u, 0.75, 0.12)))


def trouser_folds(b: Body, p: Array, seed: float) -> Array:
    """(n,) depth of folds of trousers: at the knee's back, over the shoe, in the groin."""
    out = np.zeros(len(p))
    for side, e in SIDES:
        hip, ankle = b.joint(f"thigh_{side}"), b.joint(f"foot_{side}")
        length = math.sqrt(float((ankle - hip) @ (ankle - hip)))
        s = (p - hip) @ unit(ankle - hip) / length
        back = np.clip(-p[:, 1] * 12, -1, 1)
        depth = 0.30 + 0.8 * _near(s, 0.5, 0.08) * (1 + 0.6 * back) + 1.3 * _near(s, 0.95, 0.10) + 0.9 * _near(s, 0.02, 0.08)
        n = fractal_noise(np.stack([p[:, 0] * 11 + e * 7 + seed, p[:, 1] * 11, p[:, 2] * 24 + e * p[:, 0] * 18 * (s < 0.2)], 1))
        out = np.where(e * p[:, 0] > 0, n * depth, out)
    return out


def skirt_folds(b: Body, p: Array) -> Array:
    """(n,) pleats that deepen towards the hem."""
    a = np.arctan2(p[:, 0], p[:, 1])
    t = np.clip((b.hip_m + 0.05 * b.h - p[:, 2]) / (0.5 * b.h), 0, 1)
    return (np.sin(a * 9 + 1.5 * np.sin(a * 2)) + 0.5 * np.sin(a * 17 + 2)) * t * 1.7 + fractal_noise(p * [8, 8, 3]) * 0.6


def woven(rgb: Array) -> Paint:
    """Cloth of one colour, a little uneven."""

    def paint(p: Array) -> Array:
        n = fractal_noise(p * 30.0) * 0.05 + value_noise(p * 210.0) * 0.04
        return np.clip(rgb * (1 + n[:, None]), 0.004, 0.9)

    return paint


def denim(b: Body, rgb: Array) -> Paint:
    """Washed out along the thighs and in streaks."""
    plain = woven(rgb)

    def paint(p: Array) -> Array:
        u = (p[:, 2] - b.hip_m) / b.trunk_m
        n = fractal_noise(p * [50, 50, 9]) * 0.10 + 0.30 * _near(u, -0.5, 0.25) * (p[:, 1] > 0)
        return np.clip(plain(p) * (1 + n[:, None]), 0.004, 0.9)

    return paint


def pattern(b: Body, top: Top, rgb: Array, second: Array) -> tuple[list[tuple[Line, bool]], Paint, Line | None]:
    """Lines to cut the mesh along, and whether the colour ends there crisply; the paint; the outline of what is
    retroreflective (None: nothing)."""
    ground, other = woven(rgb), woven(second)
    if top.pattern == "plain":
        return [], ground, None
    if top.pattern == "zip":
        other = woven(0.4 * rgb)
        lines: list[tuple[Line, bool]] = [(_zip(0.0), False), (_zip(0.009), False)]
        inside: Line = _zip(0.002)
    else:
        if top.pattern == "drape":  # the end of a sari is in a colour that goes with it, and gold
            other = woven(0.55 * rgb + 0.45 * np.array([0.60, 0.42, 0.10]))
        inside = {"hivis": _bands, "open": _opening, "stripes": _stripes, "drape": _drape}[top.pattern](b)
        lines = [(inside, True)]

    def paint(p: Array) -> Array:
        return np.where((inside(p) < 0.0006)[:, None], other(p), ground(p))

    return lines, paint, inside if top.pattern == "hivis" else None


def _zip(half_m: float) -> Line:
    return lambda p: np.where(p[:, 1] > 0, np.abs(p[:, 0]) - half_m if half_m else p[:, 0], 1.0)


def _bands(b: Body) -> Line:
    """Two bands around the trunk and two over the shoulders, 5 cm wide (EN ISO 20471)."""
    k, t, hip = b.k, b.trunk_m, b.hip_m

    def line(p: Array) -> Array:
        x, z = np.abs(p[:, 0]), p[:, 2]
        around = np.minimum(np.abs(z - hip - 0.22 * t), np.abs(z - hip - 0.46 * t)) - 0.025
        over = np.maximum(np.abs(x - 0.098 * k) - 0.025, hip + 0.46 * t - z)
        return np.minimum(around, over)

    return line


def _drape(b: Body) -> Line:
    """The end of a sari: a broad band from the left shoulder to the right hip, and the border of the hem."""
    k, t, hip = b.k, b.trunk_m, b.hip_m

    def line(p: Array) -> Array:
        x, u = p[:, 0], (p[:, 2] - hip) / t
        across = np.abs(0.86 * (x + 0.02 * k) + 0.50 * (p[:, 2] - hip - 0.42 * t)) - 0.085 * k
        behind = np.abs(x + 0.12 * k) - 0.085 * k
        band = np.maximum(np.where(p[:, 1] > -0.02 * k, across, behind), hip - 0.25 * t - p[:, 2])
        return np.minimum(np.where(u > -0.25, band, 1.0), p[:, 2] - b.ground - 0.15 * k)

    return line


def _opening(b: Body) -> Line:
    def line(p: Array) -> Array:
        u = (p[:, 2] - b.hip_m) / b.trunk_m
        half = (0.028 + 0.040 * smooth_step(0.4, 1.0, u)) * b.k
        return np.where((p[:, 1] > 0) & (u > -0.4), np.abs(p[:, 0]) - half, 1.0)

    return line


def _stripes(b: Body) -> Line:
    pitch = 0.088 * b.k
    a, elbow = b.joint("upper_arm_r"), b.joint("forearm_r")
    d = unit(elbow - a)

    def line(p: Array) -> Array:
        x = np.abs(p[:, 0]) - a[0]
        sleeve = (x > -0.02) & (x > 0.6 * np.clip(a[2] - p[:, 2], 0, 1) - 0.035)
        z = np.where(sleeve, a[2] - (x * d[0] + (p[:, 2] - a[2]) * d[2]), p[:, 2])
        return np.abs(z / pitch - np.floor(z / pitch) - 0.5) * pitch - 0.20 * pitch

    return line
