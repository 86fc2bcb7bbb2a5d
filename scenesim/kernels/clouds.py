"""Fair-weather clouds in the sky map: a layer with flat feet and heaped tops, marched through along the view.

Lengths in km, extinction in 1/km. What a cloud scatters more than once is taken as light that is dimmed less and spread more,
a few times over (Wrenninge, Kulla and Lundqvist, "Oz: the great and volumetric", SIGGRAPH 2013).
"""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np

from scenesim.kernels.atmosphere import map_direction
from scenesim.kernels.jit import helper, kernel
from scenesim.kernels.texture import hash01, mix, noise, saturate, smooth

EARTH_KM, FOOT_KM, DEPTH_KM = 6360.0, 1.3, 0.9  # radius; height of the clouds' feet; the highest heaps above them
EXTINCTION = 18.0  # 1/km; cumulus humilis has some 20 to 60, of which a coarse march keeps its shading
STEPS, SUN_STEPS, SUN_STEP_KM = 28, 3, 0.12
FORWARD, BACK = 0.75, -0.2  # asymmetry of the two lobes of a drop's phase function
CLEARING = 0.985  # cosine about the sun, where no cloud stands before it: its light on the ground is that of a free sun
CELLS, CELL_KM = 1024, 0.1  # of the plan of heaps


@kernel
def lay_plan(table, plan):
    """Write the plan (CELLS, CELLS) of how high clouds stand, over DEPTH_KM: less a level, below which there are none. table:
    the noise table."""
    for j in range(CELLS):
        for i in range(CELLS):
            x, y = (i - CELLS / 2) * CELL_KM, (j - CELLS / 2) * CELL_KM
            # Turned against each other, so that no axis of the table shows.
            _, a, _, _ = noise(table, 0.071 * (0.8 * x - 0.6 * y), 0.071 * (0.6 * x + 0.8 * y), 0.01)
            _, b, _, _ = noise(table, 0.29 * (0.28 * x + 0.96 * y) + 0.37, 0.29 * (0.28 * y - 0.96 * x) + 0.11, 0.04)
            plan[j, i] = 0.62 * a + 0.34 * b


@helper
def heap(plan, x, y):
    """The plan at (x, y) km, bilinear."""
    u, v = x / CELL_KM + CELLS / 2, y / CELL_KM + CELLS / 2
    u, v = min(max(u, 0.0), CELLS - 1.001), min(max(v, 0.0), CELLS - 1.001)
    i, j = int(u), int(v)
    a, b = u - i, v - j
    return mix(mix(plan[j, i], plan[j, i + 1], a), mix(plan[j + 1, i], plan[j + 1, i + 1], a), b)


@helper
def density(table, x, y, height, tall, width):
    """Share of EXTINCTION at a height, km above the feet, where clouds stand `tall` of DEPTH_KM high; width: of the ray, km."""
    h = height / DEPTH_KM
    room = tall - h * h
    if room <= -0.15 or h < 0.0:
        return 0.0
    _, fine, _, _ = noise(table, 0.45 * x + 0.30 * height, 0.45 * y - 0.41 * height, 0.45 * width)
    u, v = 1.36 * y + 1.02 * x + 0.85 * height, 0.68 * height - 1.36 * x + 1.02 * y
    _, wisps, _, _ = noise(table, u, v, 1.7 * width)
    return saturate((room + 0.14 * fine + 0.08 * wisps) * 2.2) * smooth(0.0, 0.10, h)


@helper
def smooth_density(height, tall):
    """The same without its finer parts, for what lies towards the sun."""
    h = height / DEPTH_KM
    return saturate((tall - h * h) * 2.2) if h > 0.0 else 0.0


@helper
def lobes(c, spread):
    """Phase function, 1/sr, of a drop at a cosine, its lobes drawn in by `spread`."""
    f, b = FORWARD * spread, BACK * spread
    forward = (1.0 - f * f) / ((1.0 + f * f - 2.0 * f * c) * sqrt(1.0 + f * f - 2.0 * f * c))
    back = (1.0 - b * b) / ((1.0 + b * b - 2.0 * b * c) * sqrt(1.0 + b * b - 2.0 * b * c))
    return (0.7 * forward + 0.3 * back) / (4.0 * pi)


@kernel
def add_clouds(table, plan, sun, sun_lux, out):
    """Put clouds into a sky (n, n, 3) cd/m2. table: the noise table. plan: see `lay_plan`. sun: (3,) direction to what lights
    them, above the horizon; sun_lux: (3,)."""
    n = out.shape[0]
    mean = np.zeros(3)
    for y in range(n):
        for x in range(n):
            for k in range(3):
                mean[k] += out[y, x, k] / (n * n)
    for y in range(n):
        for x in range(n):
            dx, dy, dz = map_direction(n, y, x)
            if dz < 0.012:
                continue
            c = dx * sun[0] + dy * sun[1] + dz * sun[2]
            cleared = 2.0 * smooth(CLEARING - 0.02, CLEARING + 0.012, c)
            e = EARTH_KM * dz
            near = sqrt(e * e + 2.0 * EARTH_KM * FOOT_KM) - e
            far = sqrt(e * e + 2.0 * EARTH_KM * (FOOT_KM + DEPTH_KM)) - e
            step = min((far - near) / STEPS, 0.3)
            width = near * 2.0 / n
            t = near + hash01(x, y, 5.0) * step
            through, light, ambient = 1.0, 0.0, 0.0
            for _ in range(STEPS):
                px, py = dx * t, dy * t
                height = dz * t + t * t / (2.0 * EARTH_KM) - FOOT_KM
                t += step
                tall = heap(plan, px, py) - cleared
                if tall <= -0.15:
                    continue
                d = density(table, px, py, height, tall, width)
                if d <= 0.0:
                    continue
                depth = 0.0
                for j in range(SUN_STEPS):
                    s = SUN_STEP_KM * (j + 0.5) * (1.0 + j)
                    there = heap(plan, px + s * sun[0], py + s * sun[1])
                    depth += smooth_density(height + s * sun[2], there) * SUN_STEP_KM * (1.0 + 1.5 * j)
                depth *= EXTINCTION
                lit, dim, spread = 0.0, 1.0, 1.0
                for _ in range(5):
                    lit += dim * exp(-depth * dim) * lobes(c, spread)
                    dim, spread = 0.6 * dim, 0.6 * spread
                kept = exp(-d * EXTINCTION * step)
                w = through * (1.0 - kept)
                light += 1.5 * w * lit
                ambient += w * (0.45 + 0.55 * saturate(height / DEPTH_KM))
                through *= kept
                if through < 0.01:
                    break
            if through > 0.999:
                continue
            # Far clouds drown in the light of the air before them.
            share = exp(-near / 45.0)
            for k in range(3):
                cloud = light * sun_lux[k] + ambient * (1.25 * mean[k] + 0.02 * sun_lux[k])
                out[y, x, k] = mix(out[y, x, k], out[y, x, k] * through + cloud, share)
