"""Animals on two legs: a goose that waddles, a kangaroo that hops. Model frame: x forward, feet on z = 0; lengths in m.

A leg turns stiffly about its hip. While its foot is down it moves straight back by as much as the body goes forward, and the
body is carried over it, so that feet do not slide; a hop ends with a flight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.implicit import Solid, fractal_noise, mesh, smooth_step
from scenesim.geometry.mesh import Mesh, Surface, corner_normals, join, make
from scenesim.geometry.rough import ball
from scenesim.geometry.soft import placed
from scenesim.models.model import GAIT_RAD, SPEED_M_S

Array = NDArray[np.float64]
FUR = Surface("object_fur")
HOP_M = 0.30  # height of the flight
# A solid; corners of a box about it, x of its hips, edge of its mesh; place and radius of the left eye.
Shape = tuple[Solid, tuple[Any, Any, float, float], tuple[Any, float]]
MOVES_M_S = 0.05
FLIGHT = 0.6  # share of a hop's cycle in the air


@dataclass(frozen=True)
class TwoLegs:
    """models.model.Skin. rest (V, 3); leg (V, 2): share of the left and the right leg; hip: (x, z); reach_m: of a foot before
    and behind the hip."""

    rest: Array
    leg: Array
    hip: tuple[float, float]
    reach_m: float
    hops: bool

    @property
    def stride_m(self) -> float:
        """Run of a cycle: two steps, or a hop whose flight is as long as its time says."""
        return 2 * self.reach_m / (1 - FLIGHT) if self.hops else 4 * self.reach_m

    def vertices(self, articulation: NDArray[np.float64]) -> Array:
        """(V, 3) m in the model frame."""
        if articulation[SPEED_M_S] < MOVES_M_S:
            return self.rest.copy()
        phase = (float(articulation[GAIT_RAD]) / (2 * math.pi)) % 1.0
        length, down = self.hip[1], 1 - FLIGHT if self.hops else 0.5
        out, lift = self.rest.copy(), []
        for k, late in ((0, 0.0), (1, 0.0 if self.hops else 0.5)):
            c = (phase + late) % 1.0
            on = c < down
            x = self.reach_m * (1 - 2 * c / down) if on else -self.reach_m * math.cos(math.pi * (c - down) / (1 - down))
            fold = 1.0 if on else 1 - (0.10 if self.hops else 0.16) * math.sin(math.pi * (c - down) / (1 - down))
            angle = math.asin(x / length)
            share = self.leg[:, k : k + 1]
            q = self.rest - [self.hip[0], 0.0, length]
            turned = np.stack([q[:, 0] * math.cos(angle) - q[:, 2] * math.sin(angle), q[:, 1], self._down(q, angle, fold)], 1)
            turned += [self.hip[0], 0.0, length]
            foot = (self.rest[:, 2] < 0.16 * length)[:, None]  # stays level
            level = self.rest + [x, 0.0, length - fold * math.sqrt(length**2 - x * x)]
            out += share * (np.where(foot, level, turned) - self.rest)
            if on:
                lift.append(length - math.sqrt(length**2 - x * x))
        up = -lift[0] if lift else 4 * HOP_M * _flight(phase, down) - (length - math.sqrt(length**2 - self.reach_m**2))
        out[:, 2] += up
        return out

    @staticmethod
    def _down(q: Array, angle: float, fold: float) -> Array:
        return (q[:, 0] * math.sin(angle) + q[:, 2] * math.cos(angle)) * fold


def _flight(phase: float, down: float) -> float:
    """A parabola over the flight, 0 at both ends, 1/4 in the middle."""
    t = (phase - down) / (1 - down)
    return t * (1 - t)


def build(recipe: dict[str, Any], coat: dict[str, Any], shift: float) -> tuple[Mesh, TwoLegs]:
    """The mesh at rest and the skin of a goose or a kangaroo."""
    solid, box, eyes = (_goose if recipe["shape"] == "goose" else _kangaroo)()
    hip_z, hip_x = float(recipe["leg_m"]), box[2]
    v, f = mesh(solid, box[0], box[1], box[3], 1)
    color = _paint(v, recipe["shape"], coat, shift)
    parts = [make(v, f, FUR, smooth_deg=60.0, color=color)]
    for e in (1, -1):
        at = np.array(eyes[0]) * [1, e, 1]
        parts.append(placed(ball((eyes[1],) * 3, Surface("object_horn"), rounds=1, color=(0.012, 0.009, 0.007)), at))
    m = join(parts)
    z, y = m.vertices[:, 2], m.vertices[:, 1]
    share = smooth_step(1.0 * hip_z, 0.72 * hip_z, z) * (np.abs(m.vertices[:, 0] - hip_x) < 0.55 * hip_z + 0.12)
    leg = np.stack([share * (y > 0), share * (y <= 0)], 1)
    if recipe["shape"] == "kangaroo":
        leg *= (m.vertices[:, 0] > -0.30)[:, None]  # not the tail
    reach = hip_z * math.sin(math.radians(float(recipe["swing_deg"])))
    low = float(m.vertices[:, 2].min())
    vertices = m.vertices - [0.0, 0.0, low]
    normals = corner_normals(vertices, m.triangles, 60.0)
    m = Mesh(vertices, m.triangles, normals, m.uv, m.surface, m.surfaces, m.color)
    return m, TwoLegs(vertices, leg, (hip_x, hip_z), reach, bool(recipe.get("hops", False)))


def _goose() -> Shape:
    s = Solid()
    body = [
        (0, 0, 0, 0.010, 0.008, 0.008, 2), (0.14, 0, 0.0, 0.055, 0.030, 0.035, 2), (0.40, 0, 0.0, 0.105, 0.085, 0.100, 2.1),
        (0.70, 0, 0, 0.110, 0.095, 0.105, 2.1), (0.92, 0, 0, 0.075, 0.07, 0.075, 2), (1, 0, 0, 0.045, 0.045, 0.045, 2),
    ]  # fmt: skip
    s.loft((-0.36, 0, 0.29), (0.20, 0, 0.31), (0, 0, 1), body, 0.02)
    s.tube((0.14, 0, 0.34), (0.225, 0, 0.46), 0.060, 0.036, 0.05)
    s.tube((0.225, 0, 0.46), (0.235, 0, 0.63), 0.036, 0.029, 0.03)
    s.ellipsoid((0.262, 0, 0.655), (0.052, 0.036, 0.040), 0.02)
    s.tube((0.295, 0, 0.650), (0.352, 0, 0.637), 0.023, 0.012, 0.012)
    for e in (1, -1):
        s.ellipsoid((-0.06, e * 0.085, 0.325), (0.215, 0.035, 0.075), 0.015)  # folded wings
        s.tube((-0.02, e * 0.062, 0.20), (0.0, e * 0.065, 0.025), 0.026, 0.015, 0.03)
        web = [(0, 0, 0, 0.014, 0.014, 0.012, 2), (0.5, 0, 0, 0.034, 0.011, 0.012, 2.2), (1, 0, 0, 0.048, 0.010, 0.012, 2.5)]
        s.loft((-0.02, e * 0.065, 0.014), (0.085, e * 0.072, 0.012), (0, 0, 1), web, 0.012)
    s.plane((0, 0, 0.004), (0, 0, -1), 0.003)
    return s, ((-0.42, -0.16, -0.01), (0.40, 0.16, 0.72), 0.0, 0.0125), ((0.275, 0.031, 0.668), 0.0065)


def _kangaroo() -> Shape:
    s = Solid()
    trunk = [
        (0, 0, 0, 0.10, 0.10, 0.10, 2), (0.18, 0, 0, 0.185, 0.17, 0.18, 2.2), (0.45, 0, 0, 0.165, 0.15, 0.155, 2.2),
        (0.75, 0, 0, 0.120, 0.115, 0.12, 2.1), (1, 0, 0, 0.075, 0.08, 0.08, 2),
    ]  # fmt: skip
    s.loft((-0.14, 0, 0.50), (0.16, 0, 1.14), (1, 0, 0), trunk, 0.04)
    s.tube((0.13, 0, 1.08), (0.20, 0, 1.30), 0.075, 0.055, 0.05)
    head = [
        (0, 0, 0, 0.045, 0.05, 0.05, 2), (0.25, 0, 0, 0.068, 0.066, 0.070, 2.1), (0.55, 0, -0.008, 0.052, 0.048, 0.056, 2.1),
        (0.9, 0, -0.014, 0.036, 0.032, 0.036, 2.2), (1, 0, -0.014, 0.020, 0.020, 0.020, 2),
    ]  # fmt: skip
    s.loft((0.145, 0, 1.375), (0.40, 0, 1.30), (0, 0, 1), head, 0.02)
    tail = ((-0.20, 0, 0.46), (-0.42, 0, 0.22), (-0.62, 0, 0.085), (-0.95, 0, 0.045), (-1.18, 0, 0.035))
    for k, (a, b) in enumerate(zip(tail, tail[1:])):
        r = (0.115, 0.085, 0.066, 0.048, 0.030)
        s.tube(a, b, r[k], r[k + 1], 0.05)
    for e in (1, -1):
        s.ellipsoid((-0.02, e * 0.135, 0.44), (0.185, 0.085, 0.175), 0.05)
        s.tube((0.11, e * 0.145, 0.37), (-0.19, e * 0.140, 0.115), 0.068, 0.034, 0.04)
        foot = [
            (0, 0, 0, 0.030, 0.040, 0.03, 2.2), (0.35, 0, 0, 0.036, 0.042, 0.03, 2.3), (0.8, 0, 0, 0.038, 0.030, 0.03, 2.4),
            (1, 0, 0, 0.016, 0.016, 0.02, 2),
        ]  # fmt: skip
        s.loft((-0.23, e * 0.140, 0.030), (0.20, e * 0.145, 0.028), (0, 0, 1), foot, 0.02)
        s.tube((0.155, e * 0.105, 1.06), (0.215, e * 0.135, 0.88), 0.046, 0.032, 0.03)
        s.tube((0.215, e * 0.135, 0.88), (0.315, e * 0.100, 0.78), 0.031, 0.020, 0.02)
        s.ellipsoid((0.335, e * 0.094, 0.765), (0.035, 0.018, 0.026), 0.015)
        ear = [(0, 0, 0, 0.030, 0.026, 0.026, 2), (0.45, 0, 0, 0.044, 0.025, 0.025, 2), (1, 0, 0, 0.022, 0.022, 0.022, 2)]
        s.loft((0.170, e * 0.040, 1.40), (0.130, e * 0.100, 1.57), (1, 0, 0), ear, 0.02)
    s.plane((0, 0, 0.004), (0, 0, -1), 0.004)
    return s, ((-1.26, -0.27, -0.01), (0.46, 0.27, 1.62), -0.02, 0.026), ((0.262, 0.058, 1.372), 0.013)


def _paint(p: Array, shape: str, coat: dict[str, Any], shift: float) -> Array:
    x, y, z = p.T
    color = np.tile(np.asarray(coat["base"], float), (len(p), 1))

    def mix(share: Array, name: str) -> None:
        nonlocal color
        if name in coat:
            s = np.clip(share, 0, 1)[:, None]
            color = (1 - s) * color + s * np.asarray(coat[name], float)

    if shape == "goose":
        mix(smooth_step(0.27, 0.23, z) * (x > -0.30), "belly")
        mix(smooth_step(-0.22, -0.30, x), "rump")
        mix(smooth_step(0.42, 0.46, z), "head")
        mix((np.hypot(x - 0.250, z - 0.640) < 0.026) * 1.0, "cheek")
        mix((x > 0.308) * (z > 0.55) * 1.0, "bill")
        mix((z < 0.165) * (np.abs(y) > 0.02) * 1.0, "legs")
    else:
        mix((x > 0.02 + 0.32 * (z - 0.5)) * (z > 0.45) * (z < 1.24) * (np.abs(y) < 0.085), "belly")
        mix(smooth_step(0.20, 0.10, z) * (x > -0.4), "legs")
        mix(smooth_step(0.34, 0.38, x) * (z > 1.2), "muzzle")
    bars = np.sin(x * 95 + 3 * np.abs(y) * 30) * 0.14 * (shape == "goose") * (z > 0.26) * (z < 0.41)
    tone = 1 + 0.12 * fractal_noise(p * [30, 60, 40] + shift, 2) + bars
    return np.clip(color * tone[:, None], 0, 1)
