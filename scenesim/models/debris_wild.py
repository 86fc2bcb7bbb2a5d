"""What nature puts on a road: stones, trunks, branches, snow, bales."""

from __future__ import annotations

import numpy as np

from scenesim.geometry import solids
from scenesim.geometry.implicit import fractal_noise
from scenesim.geometry.mesh import Mesh, Surface, make
from scenesim.geometry.rough import grounded, heap, soft_box, stone
from scenesim.geometry.soft import placed
from scenesim.models.debris_kit import BARK, PINE, RGB, STONE, TAU, Array, Chance, Meshes, log, mottled, painted, turned


def rock(size: Array, g: Chance, color: RGB = (0.26, 0.245, 0.225)) -> Meshes:
    return [stone(size, g, STONE, color, rounds=4)]


def rockfall(size: Array, g: Chance, count: int = 16, color: RGB = (0.27, 0.25, 0.225)) -> Meshes:
    """Stones of all sizes on and beside the lane, with crumbs between them."""
    out: Meshes = []
    for k in range(count):
        r = 0.42 * 0.86**k + 0.05
        a, reach = float(g.uniform(0, TAU)), np.sqrt((k + 0.2) / count)
        rgb = np.asarray(color) * float(g.uniform(0.8, 1.2))
        m = stone(2 * r * g.uniform(0.7, 1.1, 3), g, STONE, rgb, rounds=3 if k < 6 else 2)
        out.append(placed(m, (reach * size[0] * 0.42 * np.cos(a), reach * size[1] * 0.42 * np.sin(a), 0), yaw=a))
    for _ in range(60):
        r, a, reach = float(g.uniform(0.015, 0.05)), float(g.uniform(0, TAU)), np.sqrt(float(g.uniform(0, 1)))
        m = stone((2 * r, 1.6 * r, 1.4 * r), g, STONE, color, rounds=1, planes=8)
        out.append(placed(m, (reach * size[0] * 0.48 * np.cos(a), reach * size[1] * 0.48 * np.sin(a), 0), yaw=a))
    return [grounded(out, size)]


def trunk(size: Array, g: Chance) -> Meshes:
    """A fallen trunk with the stumps of its branches."""
    length, _, _ = size
    r = 0.19
    bark = (0.15, 0.115, 0.085)
    out = log(length * 0.96, r, bark, g, taper=0.35, bend=0.012, wood=(0.50, 0.36, 0.20))
    for k in range(7):
        x = (-0.25 + 0.11 * k) * length
        a = float(g.uniform(-0.6, np.pi + 0.6))
        reach = float(g.uniform(0.22, 0.60)) * (1 if np.sin(a) > -0.2 else 0.4)
        d = np.array([0.45, np.cos(a), np.sin(a)])
        d /= np.sqrt(d @ d)
        here = r * (1 - 0.35 * (x / length + 0.5))
        p = np.array([x, 0, 0]) + 0.5 * here * d
        out.append(
            mottled(
                solids.tube([p, p + d * 0.5 * reach, p + d * reach + [0.04, 0, 0.02]], [0.060, 0.042, 0.032], BARK, sides=10),
                bark,
                0.06,
                0.3,
            )
        )
        tip = p + d * reach + [0.04, 0, 0.02]
        out.append(solids.tube([tip - d * 0.004, tip + d * 0.006], 0.030, Surface("object_wood"), sides=10, color=PINE))
    return [grounded(out, size)]


def branch(size: Array, g: Chance, leaf: RGB = (0.80, 0.95, 0.70), leaves: bool = True) -> Meshes:
    """A torn-off branch: a bent stem, side twigs, leaves on them."""
    out: Meshes = []
    blades: list[Array] = []
    bark = (0.12, 0.095, 0.07)

    def grow(p: Array, d: Array, length: float, r: float, depth: int) -> None:
        points = [p]
        n = 6
        for _ in range(n):
            d = d + g.normal(size=3) * [0.13, 0.13, 0.08]
            d[2] -= 0.25 * points[-1][2]
            d /= np.sqrt(d @ d)
            points.append(points[-1] + d * length / n)
        out.append(
            mottled(solids.tube(points, np.linspace(r, 0.45 * r, n + 1), BARK, sides=9 if depth == 0 else 6), bark, 0.05, 0.3)
        )
        if depth < 2:
            for k in range(1, n + 1):
                for s in (-1, 1):
                    if depth == 1 and (k + s) % 3 == 0:
                        continue
                    turn = s * float(g.uniform(0.5, 0.95))
                    e = np.array(
                        [
                            d[0] * np.cos(turn) - d[1] * np.sin(turn),
                            d[0] * np.sin(turn) + d[1] * np.cos(turn),
                            d[2] + float(g.uniform(-0.12, 0.30)),
                        ]
                    )
                    grow(
                        points[k],
                        e / np.sqrt(e @ e),
                        length * float(g.uniform(0.32, 0.5)) * (1.15 - 0.6 * k / n),
                        0.50 * r,
                        depth + 1,
                    )
        if depth >= 1 and leaves:
            for q in points[1:]:
                for _ in range(3):
                    e = d + g.normal(size=3) * 0.8
                    e /= np.sqrt(e @ e)
                    side = np.cross(e, g.normal(size=3))
                    side /= np.sqrt(side @ side)
                    size_m = float(g.uniform(0.05, 0.09))
                    tip, half = q + e * size_m, side * 0.30 * size_m
                    middle = q + e * 0.5 * size_m
                    blades.append(np.stack([q, middle + half, tip, q, tip, middle - half]))

    grow(np.array([-0.9, 0, 0.08]), np.array([1.0, 0.12, 0.08]), 1.9, 0.032, 0)
    if blades:
        v = np.concatenate(blades)
        tone = np.repeat(g.uniform(0.55, 1.0, len(blades)), 6)[:, None] * np.asarray(leaf)
        out.append(make(v, np.arange(len(v)).reshape(-1, 3), Surface("leaf"), smooth_deg=1.0, color=tone))
    return [grounded(out, size)]


def snow_bank(size: Array, g: Chance) -> Meshes:
    """What a plough left: clods, dirty where the road is."""
    length, width, height = size
    shift = float(g.uniform(0, 90))

    def top(s: Array, x: Array, y: Array) -> Array:
        p = np.stack([x, y, np.full(len(x), shift)], 1)
        return height * np.clip(1 - s**2.2, 0, 1) ** 0.8 * (0.78 + 0.25 * fractal_noise(p * 1.3, 2)) + 0.05 * np.minimum(
            1, (1 - s) * 8
        ) * fractal_noise(p * 7, 2)

    def tint(v: Array) -> Array:
        dirt = np.clip(0.42 * fractal_noise(v * 3.0 + shift, 3) + 0.75 * np.exp(-v[:, 2] / 0.10) - 0.05, 0, 0.75)[:, None]
        return (1 - dirt) * np.array([0.84, 0.86, 0.89]) + dirt * np.array([0.22, 0.20, 0.175])

    surface = Surface("object_snow")
    out = [heap(length * 0.95, width * 0.95, top, surface, tint, rings=34, sides=110)]
    v = out[0].vertices
    for _ in range(34):
        a, share, r = float(g.uniform(0, TAU)), float(g.uniform(0.35, 1.0)), float(g.uniform(0.05, 0.15))
        x, y = share * 0.47 * length * np.cos(a), share * 0.47 * width * np.sin(a)
        z = float(v[np.argmin((v[:, 0] - x) ** 2 + (v[:, 1] - y) ** 2), 2])
        clod = stone((2.2 * r, 2 * r, 1.5 * r), g, surface, (0.78, 0.80, 0.83), rounds=2, planes=9)
        out.append(placed(clod, (x, y, max(z - 0.7 * r, 0.0)), yaw=a))
    return [grounded(out, size)]


def straw(size: Array, g: Chance, round_bale: bool = False) -> Meshes:
    """A bale: straws along its sides, the strings or the net that hold it."""
    gold = np.array([0.58, 0.44, 0.18])
    surface = Surface("object_textile")
    out: Meshes = []
    if round_bale:
        r, width = size[2] / 2, size[1]
        w = width / 2
        body = solids.lathe([(0.96 * r, -w), (0.985 * r, 0.03 - w), (0.985 * r, w - 0.03), (0.96 * r, w)], surface, sides=64)
        rings: list[Mesh] = []
        sides, n = 64, 22
        b = np.arange(sides) * TAU / sides
        for s in (-1, 1):  # the spiral on its ends
            rows = []
            for k in range(n):
                q = r * 0.96 * (1 - k / n)
                bump = (k > 0) * (
                    0.012 * (k % 2)
                    + 0.006 * fractal_noise(np.stack([np.cos(b) * q * 14, np.sin(b) * q * 14, np.full(sides, s * 9.0)], 1), 2)
                )
                rows.append(np.stack([q * np.cos(b), q * np.sin(b), np.full(sides, width / 2) + bump], 1))
            v = np.concatenate([*rows, [[0, 0, width / 2]]])
            t = []
            j = np.arange(sides)
            j2 = (j + 1) % sides
            for k in range(n - 1):
                t += [
                    np.stack([k * sides + j, k * sides + j2, (k + 1) * sides + j2], 1),
                    np.stack([k * sides + j, (k + 1) * sides + j2, (k + 1) * sides + j], 1),
                ]
            t.append(np.stack([(n - 1) * sides + j, (n - 1) * sides + j2, np.full(sides, len(v) - 1)], 1))
            tone = np.clip(
                np.repeat(0.62 + 0.38 * (np.arange(n) % 2), sides) * (1 + 0.25 * fractal_noise(v[:-1] * 22, 2)), 0, 1.4
            )
            disc = make(
                v, np.concatenate(t), surface, smooth_deg=40, color=np.clip(np.concatenate([tone, [0.6]])[:, None] * gold, 0, 1)
            )
            rings.append(disc if s > 0 else placed(disc, roll=np.pi))
        m = mottled(body, tuple(gold), 0.05, 0.35)
        out = turned([m, *rings], (0, 0, 0), roll=np.pi / 2)
        return [grounded(out, size)]
    length, width, height = size
    body = soft_box(
        size,
        0.03,
        surface,
        cells=30,
        relief=lambda p: 0.006 * fractal_noise(p * [9, 40, 40], 2),
        color=lambda p: np.clip((1 + 0.35 * fractal_noise(p * [9, 60, 60], 2))[:, None] * gold, 0, 1),
    )
    out = [body]
    for y in (-0.22, 0.22):
        loop = [
            (x, y * width, z)
            for x, z in (
                (-length / 2, -height / 2),
                (length / 2, -height / 2),
                (length / 2, height / 2),
                (-length / 2, height / 2),
                (-length / 2, -height / 2),
            )
        ]
        out.append(solids.tube(np.array(loop) * [1.005, 1, 1.01], 0.006, surface, sides=5, color=(0.10, 0.20, 0.42)))
    for _ in range(220):
        side = int(g.integers(3))
        p = g.uniform(-0.5, 0.5, 3) * size
        p[side] = np.sign(p[side]) * size[side] / 2
        d = g.normal(size=3) * 0.05
        out.append(painted(solids.tube([p, p + d], 0.0022, surface, sides=4), gold * float(g.uniform(0.7, 1.4))))
    return [grounded(out, size)]
