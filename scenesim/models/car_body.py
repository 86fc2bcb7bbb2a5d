"""The skin of a car: a box lattice formed by the recipe, subdivided, scaled to the exact size, with wheel arches.

Frame: x = -s, so the nose is at x = 0; y left; z up from the ground. Rows k of the side: 0 the floor's edge, 1 the sill, 2 the
widest line, 3 the shoulder, 4 the belt (foot of the windows), 5 the cant rail, or the bonnet's and the boot's edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry import outlines, pocket, subdivision
from scenesim.geometry.shell import Region, Shell
from scenesim.geometry.subdivision import Crease
from scenesim.models.vehicle_recipe import Car

Array = NDArray[np.float64]
ROWS, COLUMNS = 5, 3
LEVELS = 2
ACROSS = np.array([0.0, 0.42, 0.76])  # share of the width of the columns on top
SHARE = np.array([0.0, 0.40, 0.74])  # the same at the ends
FIT = 0.62
ARCH_INNER_M = 0.10  # the arch reaches so far beyond the tyre
PAINT = "vehicle_paint"


@dataclass(frozen=True)
class Lines:
    """s of the lower rows (n,), and of the middle of the top (n,) with its z and the half width of its edge. belt: z (n,)."""

    low: Array
    top: Array
    top_z: Array
    edge: Array
    belt: Array


@dataclass(frozen=True)
class Body:
    """The cut shell, and what the details need to know of it. side: (n, 6, 3) lattice of the left side as (s, y, z)."""

    car: Car
    shell: Shell
    side: Array
    axles: tuple[float, float]  # s
    arch_m: float  # radius

    @property
    def half(self) -> float:
        """Half the width, m."""
        return self.car.width_m / 2

    def belt(self, s):
        """z of the foot of the side windows at s."""
        return np.interp(s, self.side[5:, 4, 0], self.side[5:, 4, 2] + 0.022)


def roof(c: Car, height: float, s):
    """z of the roof's middle line at s."""
    peak = c.screen_top_m[0] + c.roof_peak * (c.roof_end_m[0] - c.screen_top_m[0])
    before = np.clip((peak - s) / (peak - c.screen_top_m[0]), 0, 1)
    behind = np.clip((s - peak) / (c.roof_end_m[0] - peak), 0, 1)
    return height - (height - c.screen_top_m[1]) * before**2 - (height - c.roof_end_m[1]) * behind**2


def lines(c: Car, height: float) -> Lines:
    """Where the stations of the lattice lie."""
    half, a0 = c.width_m / 2, c.front_overhang_m
    (s0, z0), (s1, z1), (s2, z2) = c.screen_base_m, c.screen_top_m, c.roof_end_m
    first, second = s1 * 0.62 + s2 * 0.38, s1 * 0.25 + s2 * 0.75
    low = [0, 0.32, a0 - 0.33, a0, a0 + 0.42, max(s0, a0 + 0.55), s1 - 0.1, first, second]
    s_bonnet = [c.bonnet_front_m, 0.34, a0 - 0.28, a0 + 0.02, (a0 + 0.02 + s0) / 2]
    knots = [c.bonnet_front_m, c.bonnet_front_m + 0.25, (c.bonnet_front_m + s0) / 2, s0]
    rise = c.nose_height_m + (z0 - c.nose_height_m) * np.array([0, 0.40, 0.76, 1.0])
    top = [*s_bonnet, s0, s1, first, second]
    top_z = [*np.interp(s_bonnet, knots, rise), z0, z1, roof(c, height, first), roof(c, height, second)]
    edge = [0.66, 0.73, 0.755, 0.765, 0.775, 0.80, 0, 0, 0]
    if c.boot:
        (s3, z3), (s4, z4) = c.deck_m, c.tail_edge_m
        low += [s2 + 0.05, s3, (s3 + s4) / 2 + 0.05, c.length_m]
        top += [s2, s3, (s3 + s4) / 2, s4]
        top_z += [z2, z3, (z3 + z4) / 2 + 0.005, z4]
        edge += [0, 0.74, 0.72, 0.70]
    else:
        low += [(second + c.length_m) / 2, c.length_m - 0.2, c.length_m]
        top += [second * 0.45 + s2 * 0.55, s2 - 0.10, s2]
        top_z += [roof(c, height, top[-3]), roof(c, height, s2 - 0.1), z2]
        edge += [0, 0, 0]
    y = np.array(edge) * half * c.bonnet_width
    house = np.flatnonzero(y == 0)  # stations of the roof
    y[house] = (
        c.roof_width * half * np.interp(np.arange(len(house)), [0, 1, 2, len(house) - 1], [0.955, 1.0, 1.0, c.roof_taper])
    )
    low_s = np.array(low)
    belt = np.interp(
        low_s,
        [0, 0.3, s0, c.length_m - 0.6, c.length_m],
        [c.nose_height_m - 0.09, c.nose_height_m, c.belt_m[0], c.belt_m[1], c.belt_m[1] - 0.02],
    )
    return Lines(low_s, np.array(top), np.array(top_z), y, belt)


def _plan(c: Car, s: Array) -> Array:
    """Share of the half width at s, seen from above."""
    a0, n = c.front_overhang_m, c.length_m
    at = [0, 0.32, a0 - 0.33, a0 + 0.1, a0 + 0.6, n * 0.62, n - 0.6, n - 0.2, n]
    return np.interp(s, at, [c.nose_width, 0.93, 0.97, 0.985, 0.99, 1.0, 0.985, 0.945, c.tail_width])


def _row_heights(c: Car, s: float, belt: float) -> Array:
    """z of rows 0 to 4 at a station; they fan out into nose and tail."""
    low, nose = c.clearance_m, c.nose_height_m
    front = np.interp(s, [0, 0.35, 0.9], [1, 0.55, 0])
    rear = np.interp(s, [c.length_m - 0.8, c.length_m - 0.25, c.length_m], [0, 0.5, 1])
    z = np.array([low, low + 0.13, low + 0.13 + (0.43 + 0.07 * s / c.length_m) * (belt - low - 0.13), belt - 0.085, belt])
    up = nose - low
    at_nose = np.array([low + 0.03, low + 0.27 * up, low + 0.53 * up, low + 0.70 * up, nose - 0.075])
    up = c.belt_m[1] - low
    at_tail = np.array([low + 0.035, low + 0.27 * up, low + 0.55 * up, c.belt_m[1] - 0.14, c.belt_m[1] - 0.03])
    if c.tail_rows_m:
        at_tail = np.array(c.tail_rows_m)
    z = z * (1 - front) + at_nose * front
    return z * (1 - rear) + at_tail * rear


def sides(c: Car, at: Lines) -> tuple[Array, Array]:
    """(side (n, 6, 3), top (n, 3, 3)) lattices as (s, y, z)."""
    n, half = len(at.low), c.width_m / 2
    side, top = np.zeros((n, ROWS + 1, 3)), np.zeros((n, COLUMNS, 3))
    plan = _plan(c, at.low)
    for i in range(n):
        z = _row_heights(c, float(at.low[i]), float(at.belt[i]))
        y = np.array([0.86, 0.962, 1.0, 0.970, c.belt_width]) * plan[i] * half
        if at.top[i] < c.screen_base_m[0] - 0.05 or (c.boot and at.top[i] > c.roof_end_m[0] + 0.1):
            y[4], z[3] = 0.905 * plan[i] * half, min(z[3], at.belt[i] - 0.07)
        crown = 0.02 if c.boot and i >= n - 3 else 0.035 if i < 6 else c.crown_m
        side[i, :5, 0], side[i, :5, 1], side[i, :5, 2] = at.low[i], y, z
        side[i, 5] = at.top[i], at.edge[i], at.top_z[i] - crown
        if i <= 5:
            side[i, 4, 2] = min(side[i, 4, 2], side[i, 5, 2] - 0.02)
        top[i, :, 0], top[i, :, 1] = at.top[i], at.edge[i] * ACROSS
        top[i, :, 2] = at.top_z[i] - crown * np.array([0, 0.17, 0.52])
    _bow_screens(c, at, side, top)
    return side, top


def _bow_screens(c: Car, at: Lines, side: Array, top: Array) -> None:
    """Screens are bowed in plan: their sides lie further back in front, further forward behind."""
    bow, n = c.screen_curve_m, len(side) - 1
    side[5, 5, 0] += bow
    side[5, 4, 0] += 0.05
    side[5, 5, 2] = side[5, 4, 2] + 0.045
    top[5, :, 0] += np.array([0, 0.12, 0.45]) * bow
    top[6, :, 0] += np.array([0, 0.1, 0.4]) * bow * 0.6
    side[6, 5, 0] += bow * 0.6
    if c.boot:
        side[9, 5, 0] -= 0.10
        top[9, :, 0] -= np.array([0, 0.01, 0.04])
        side[10, 5, 0] -= c.rear_pillar_m
        top[10, :, 0] -= np.array([0, 0.01, 0.05])
        for i in (10, 11, 12):
            side[i, 4, 2] = min(side[i, 4, 2], at.top_z[i] - 0.045)
    else:
        for i, back in ((n, 0.07), (n - 1, 0.06)):
            top[i, :, 0] -= np.array([0, 0.01, 0.03])
            side[i, 5, 0] -= back


def ends(c: Car, side: Array, top: Array) -> tuple[Array, Array]:
    """(front, rear) lattices (3, 6, 3); the corners of `side` and `top` are moved to fit them."""
    n = len(side) - 1
    nose = np.array(c.nose_profile_m or (0.09, 0.02, 0, 0.015, 0.055, c.bonnet_front_m))
    tail = np.array(c.tail_profile_m)
    front, rear = np.zeros((COLUMNS, ROWS + 1, 3)), np.zeros((COLUMNS, ROWS + 1, 3))
    bow = np.array([0, 0.07, 0.38])
    for k in range(ROWS + 1):
        side[0, k, 0] = nose[k] + c.nose_bow_m if k < 5 else c.bonnet_front_m + c.nose_bow_m * 0.9
        side[n, k, 0] = c.length_m - tail[k] - c.tail_bow_m if k < 5 or c.boot else c.roof_end_m[0] - 0.07
        front[:, k, 0], rear[:, k, 0] = nose[k] + c.nose_bow_m * bow, c.length_m - tail[k] - c.tail_bow_m * bow
        front[:, k, 1], rear[:, k, 1] = side[0, k, 1] * SHARE, side[n, k, 1] * SHARE
        front[:, k, 2] = side[0, k, 2] + (0.02 * (1 - bow) if k in (4, 5) else 0.0)
        rear[:, k, 2] = side[n, k, 2]
    for k in range(ROWS):  # a neighbour behind a corner would fold the surface
        for i in range(n - 1, n - 4, -1):
            side[i, k, 0] = min(side[i, k, 0], side[i + 1, k, 0] - 0.13)
        side[1, k, 0] = max(side[1, k, 0], side[0, k, 0] + 0.12)
    top[0, :, 0] = c.bonnet_front_m + c.nose_bow_m * np.array([0, 0.07, 0.36])
    if not c.boot:
        rear[:, 5] = top[n]
    return front, rear


def crease_runs(c: Car, n: int) -> list[Crease]:
    """The sharp edges of a body with stations 0 to n."""
    runs = [
        Crease("row", 3, 1, n, 1.8),
        Crease("row", 2, 3, n - 1, 1.4),
        Crease("row", 4, 5, n - 2 if c.boot else n, 1.6),
        Crease("row", 1, 2, n - 2, 0.7),
        Crease("ring", 5, 0, COLUMNS, 2.0),
        Crease("row", 5, 5, 6, 1.0),
        Crease("front", 5, 0, COLUMNS, 1.2),
    ]
    if c.boot:
        return [
            *runs,
            Crease("ring", 10, 0, COLUMNS, 1.5),
            Crease("rear", 5, 0, COLUMNS, 1.8),
            Crease("row", 5, 9, 10, 0.8),
            Crease("row", 4, 10, n, 1.0),
        ]
    return [*runs, Crease("rear", 5, 0, COLUMNS, 1.6), Crease("rear", 4, 0, COLUMNS, 1.0), Crease("row", 4, n - 1, n, 1.2)]


def surface(side: Array, top: Array, front: Array, rear: Array, runs: list[Crease], fit: float) -> tuple[Array, NDArray]:
    """(vertices (V, 3) as (s, y, z), triangles) of the subdivided lattice of one half and its mirror image."""
    n = len(side) - 1
    grid = subdivision.lattice(n, COLUMNS, ROWS)
    p = np.zeros((len(grid.index), 3))
    for (i, j, k), at in grid.index.items():
        a = abs(j)
        if a == COLUMNS:
            q = side[i, k]
        elif i == 0:
            q = front[a, k]
        elif i == n:
            q = rear[a, k]
        elif k == ROWS:
            q = top[i, a]
        else:
            q = side[i, 0] * np.array([1.0, a / COLUMNS, 1.0])
        p[at] = q[0], np.sign(j) * abs(q[1]), q[2]
    sharp = subdivision.creases(grid, runs)
    cage = subdivision.fitted(p, grid.quads, sharp, fit)
    v, quads = subdivision.subdivide(cage, grid.quads, sharp, LEVELS)
    return v, subdivision.triangles(quads)


def _without_roof(c: Car) -> Car:
    """The same body flat from the screen's foot to the boot."""
    z = max(c.roof_end_m[1], c.deck_m[1], c.tail_edge_m[1])
    return replace(c, screen_top_m=(c.screen_top_m[0], (c.screen_base_m[1] + c.roof_end_m[1]) / 2), height_m=z)


def skin(c: Car) -> tuple[Shell, Array]:
    """(shell of paint, side lattice) of exactly the recipe's size."""
    c = _without_roof(c) if c.open_top else c
    height = c.height_m - (0.042 if c.rails else 0.0)  # the height that is told includes the rails
    at = lines(c, height)
    side, top = sides(c, at)
    front, rear = ends(c, side, top)
    v, faces = surface(side, top, front, rear, crease_runs(c, len(side) - 1), FIT)
    low, high = v.min(0), v.max(0)
    v[:, 0] = (v[:, 0] - low[0]) / (high[0] - low[0]) * c.length_m
    v[:, 1] *= c.width_m / 2 / high[1]
    v[:, 2] = np.where(v[:, 2] > 0.5, 0.5 + (v[:, 2] - 0.5) * (height - 0.5) / (high[2] - 0.5), v[:, 2])
    _flare(c, v, float(at.belt.mean()))
    v[:, 0] = -v[:, 0]
    return Shell(v, faces, PAINT), side


def _flare(c: Car, v: Array, belt: float) -> None:
    """Pull the wings out around the wheel arches; v as (s, y, z)."""
    half, radius = c.width_m / 2, c.tyre_diameter_m / 2
    y = np.abs(v[:, 1])
    outer = np.clip((y - 0.70 * half) / (0.2 * half), 0, 1) * np.clip((belt - 0.02 - v[:, 2]) / 0.2, 0, 1)
    for axle in (c.front_overhang_m, c.front_overhang_m + c.wheelbase_m):
        r = np.sqrt((v[:, 0] - axle) ** 2 + (v[:, 2] - radius) ** 2)
        d = np.clip(r - radius - c.arch_gap_m - 0.01, 0, 9) / 0.10
        y = y + outer * c.flare_m / (1 + d * d) ** 2
    v[:, 1] = np.sign(v[:, 1]) * np.minimum(y, half)


def body(c: Car) -> Body:
    """The skin with its wheel arches."""
    shell, side = skin(c)
    radius = c.tyre_diameter_m / 2 + c.arch_gap_m
    axles = (c.front_overhang_m, c.front_overhang_m + c.wheelbase_m)
    inner = c.width_m / 2 - c.track_inset_m - c.tyre_width_m - ARCH_INNER_M
    for axle in axles:
        for side_of in (1, -1):
            arch(shell, -axle, side_of, inner, c.tyre_diameter_m / 2, radius)
    return Body(c, shell, side, axles, radius)


def arch(shell: Shell, x: float, side: int, inner: float, height: float, radius: float) -> None:
    """Cut one wheel arch: a round well around (x, height), from the skin to |y| = inner."""
    near = Region(low=(x - radius - 0.25, 0, -1), high=(x + radius + 0.25, 9, 0.45), side=side)
    floor = near.faces(shell) & (shell.normals_and_middles()[0][:, 2] < -0.2)
    shell.cut(lambda v: v[:, 1] * side - inner, floor)
    v = shell.vertices
    edge = (np.abs(v[:, 1] * side - inner) < 0.0045) & (v[:, 2] < 0.45) & (np.abs(v[:, 0] - x) < radius + 0.25)
    shell.vertices = v.copy()
    shell.vertices[edge, 1] = side * inner
    c = shell.vertices[shell.faces].mean(1)
    circle = outlines.circle(x, height, radius)
    inside = shell.cut(lambda p: circle(p[:, [0, 2]]), (c[:, 1] * side > inner) & (c[:, 2] < height + radius + 0.05))
    pocket.carve(shell, inside, 1, side * inner, "wheel_well")
