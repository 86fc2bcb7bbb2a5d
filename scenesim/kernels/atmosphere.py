"""Sun, sky and air: the sky map and its making, and what the air between does to light.

Units: illuminance in lux and radiance in cd/m2 for each of three linear RGB channels, white being equal channels.
"""

from __future__ import annotations

from math import acos, exp, floor, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.jit import inline, kernel
from scenesim.kernels.texture import mix, noise, saturate, smooth


class Environment(NamedTuple):
    """Light and air around a scene, for kernels. All arrays float32, C-contiguous; directions in the axes of the local frame.

    sun: (3,) direction to the sun. sun_lux: (3,) normal illuminance, 0 without. sky: (n, n, 3) cd/m2, hemi-octahedral (see
    `sky_radiance`), without the sun's disc; sky_soft: the same, blurred. extinction: (3,) 1/m. fog: (3,) cd/m2 that thick air
    tends to, and fog_share how much of that is not the sky's own horizon. below: (3,) cd/m2 of ground that no mesh shows.
    open_sky: (6, 3) lux on +x -x +y -y +z -z under the open sky. wetness, snow (how white the ground is), night: 0 to 1.
    noise: kernels.texture.noise_table. probes: (ny, nx, nz, 6, 3) lux on the six axes at points of a grid, columns of which
    begin at the ground; probe_weight
    (ny, nx, nz): 0 where a probe is inside something. probe_ground: (ny, nx) m. probe_origin: (2,) m of column (0, 0).
    probe_spacing: m. probe_height: (nz,) m above ground. Empty (0, 0, nz, ...) where there are none.
    """

    sun: NDArray[np.float32]
    sun_lux: NDArray[np.float32]
    sky: NDArray[np.float32]
    sky_soft: NDArray[np.float32]
    extinction: NDArray[np.float32]
    fog: NDArray[np.float32]
    fog_share: float
    below: NDArray[np.float32]
    open_sky: NDArray[np.float32]
    wetness: float
    snow: float
    night: float
    noise: NDArray[np.float32]
    probes: NDArray[np.float32]
    probe_weight: NDArray[np.float32]
    probe_ground: NDArray[np.float32]
    probe_origin: NDArray[np.float32]
    probe_spacing: float
    probe_height: NDArray[np.float32]


@kernel
def sky_radiance(sky, dx, dy, dz):
    """(r, g, b) of a hemi-octahedral map (n, n, 3) in a direction, bilinear; below the horizon: that of the horizon.

    Cigolle et al. 2014: the upper half of an octahedron seen from above, turned by 45 degrees to fill the square.
    """
    n = sky.shape[0]
    dz = max(dz, 1e-4)
    s = 1.0 / (abs(dx) + abs(dy) + dz)
    px, py = dx * s, dy * s
    u = min(max((px - py + 1.0) * 0.5 * n - 0.5, 0.0), n - 1.001)
    v = min(max((px + py + 1.0) * 0.5 * n - 0.5, 0.0), n - 1.001)
    i, j = int(u), int(v)
    a, b = u - i, v - j
    p, q, r, t = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
    return (
        sky[j, i, 0] * p + sky[j, i + 1, 0] * q + sky[j + 1, i, 0] * r + sky[j + 1, i + 1, 0] * t,
        sky[j, i, 1] * p + sky[j, i + 1, 1] * q + sky[j + 1, i, 1] * r + sky[j + 1, i + 1, 1] * t,
        sky[j, i, 2] * p + sky[j, i + 1, 2] * q + sky[j + 1, i, 2] * r + sky[j + 1, i + 1, 2] * t,
    )


@inline
def map_direction(n, j, i):
    """Unit direction of texel (j, i) of a map of n x n."""
    u, v = (i + 0.5) / n * 2.0 - 1.0, (j + 0.5) / n * 2.0 - 1.0
    x, y = 0.5 * (u + v), 0.5 * (v - u)
    z = max(1.0 - abs(x) - abs(y), 1e-4)
    f = 1.0 / sqrt(x * x + y * y + z * z)
    return x * f, y * f, z * f


@inline
def texel_solid_angle(n, z, x, y):
    """Solid angle, sr, of a texel of a map of n x n in the unit direction (x, y, z)."""
    s = abs(x) + abs(y) + z
    return s * s * s * 2.0 / (n * n)


@inline
def transmittance(env, distance):
    """(r, g, b) that the air lets through over a distance, m (Beer-Lambert)."""
    return exp(-env.extinction[0] * distance), exp(-env.extinction[1] * distance), exp(-env.extinction[2] * distance)


@inline
def air_light(env, dx, dy, dz):
    """(r, g, b) cd/m2 that a long path through air tends to (Koschmieder 1924): the sky's horizon in that azimuth, or fog."""
    r, g, b = sky_radiance(env.sky_soft, dx, dy, max(dz, 0.03))
    s = env.fog_share
    return mix(r, env.fog[0], s), mix(g, env.fog[1], s), mix(b, env.fog[2], s)


# The clear sky of twilight: single scattering of sunlight, integrated along the view (Nishita et al. 1993), with a constant for
# the rest (after Hillaire 2020, whose coefficients these are). Heights m, coefficients 1/m.
GROUND_M, TOP_M = 6360e3, 6420e3
RAYLEIGH, RAYLEIGH_HEIGHT_M = (5.802e-6, 13.558e-6, 33.1e-6), 8000.0
MIE, MIE_HEIGHT_M, MIE_EXTINCTION = 4e-6, 1200.0, 1.11
OZONE = (0.650e-6, 1.881e-6, 0.085e-6)
SUN_LUX = (133e3, 126e3, 118e3)  # outside the atmosphere
STEPS, TABLE_H, TABLE_MU = 24, 32, 64


@inline
def _densities(h):
    """Of molecules, of haze, of ozone at a height."""
    return exp(-h / RAYLEIGH_HEIGHT_M), exp(-h / MIE_HEIGHT_M), max(0.0, 1.0 - abs(h - 25e3) / 15e3)


@inline
def _path_length(h, mu):
    r = GROUND_M + h
    return sqrt(max(0.0, r * r * (mu * mu - 1.0) + TOP_M * TOP_M)) - r * mu


@kernel
def sun_transmittance(h, mu, turbidity, out):
    """Write (3,) what reaches height h from the sun at a zenith cosine mu."""
    length = _path_length(h, mu)
    a, b, c = 0.0, 0.0, 0.0
    for i in range(STEPS):
        t = ((i + 0.5) / STEPS) ** 2 * length
        w = (((i + 1.0) / STEPS) ** 2 - (i / STEPS) ** 2) * length
        r = GROUND_M + h
        height = max(sqrt(r * r + t * t + 2.0 * r * t * mu) - GROUND_M, 0.0)
        molecules, haze, ozone = _densities(height)
        a, b, c = a + molecules * w, b + haze * w, c + ozone * w
    horizon = -sqrt(max(0.0, 1.0 - (GROUND_M / (GROUND_M + h)) ** 2))
    seen = saturate((mu - horizon) / 0.012 + 0.5)
    for k in range(3):
        depth = a * RAYLEIGH[k] + b * MIE * turbidity * MIE_EXTINCTION + c * OZONE[k]
        out[k] = exp(-depth) * seen


@kernel
def clear_sky(sun, turbidity, out):
    """Write the radiance (n, n, 3), cd/m2, of the cloudless sky for a sun direction (3,) and a turbidity (1: very clear)."""
    table = np.empty((TABLE_H, TABLE_MU, 3))
    for i in range(TABLE_H):
        for j in range(TABLE_MU):
            sun_transmittance(60e3 * i / (TABLE_H - 1), -0.3 + 1.3 * j / (TABLE_MU - 1), turbidity, table[i, j])
    n = out.shape[0]
    g = 0.78  # asymmetry of haze
    fade = saturate((sun[2] + 0.10) / 0.22) ** 2.5
    total = np.empty(3)
    depth = np.empty(3)
    for y in range(n):
        for x in range(n):
            dx, dy, dz = map_direction(n, y, x)
            c = dx * sun[0] + dy * sun[1] + dz * sun[2]
            mu = max(dz, 0.002)
            length = _path_length(0.0, mu)
            molecular_phase = 3.0 / (16.0 * pi) * (1.0 + c * c)
            narrow = 3.0 / (8.0 * pi) * (1 - g * g) * (1 + c * c) / ((2 + g * g) * sqrt(1 + g * g - 2 * g * c) ** 3)
            broad = (1 - 0.16) / (4.0 * pi) / sqrt(1.16 - 0.8 * c) ** 3
            haze_phase = 0.7 * narrow + 0.3 * broad
            total[:] = 0.0
            depth[:] = 0.0
            for i in range(STEPS):
                t = ((i + 0.5) / STEPS) ** 2 * length
                w = (((i + 1.0) / STEPS) ** 2 - (i / STEPS) ** 2) * length
                r = sqrt(GROUND_M * GROUND_M + t * t + 2.0 * GROUND_M * t * mu)
                h = max(r - GROUND_M, 0.0)
                molecules, haze, ozone = _densities(h)
                sun_mu = min(max((sun[2] * GROUND_M + t * c) / r, -0.3), 1.0)
                fi, fj = min(h / 60e3, 1.0) * (TABLE_H - 1), (sun_mu + 0.3) / 1.3 * (TABLE_MU - 1)
                ti, tj = min(int(fi), TABLE_H - 2), min(int(fj), TABLE_MU - 2)
                a, b = fi - ti, fj - tj
                lifted = min(max(0.7 * sun[2] + 0.25, -0.2), 1.0)
                rest = 0.040 * fade * sqrt(saturate((lifted + 0.12) / 0.75) * 1.5) ** 3
                for k in range(3):
                    rayleigh, mie = molecules * RAYLEIGH[k], haze * MIE * turbidity
                    half = 0.5 * w * (rayleigh + mie * MIE_EXTINCTION + ozone * OZONE[k])
                    depth[k] += half
                    low = mix(table[ti, tj, k], table[ti + 1, tj, k], a)
                    light = mix(low, mix(table[ti, tj + 1, k], table[ti + 1, tj + 1, k], a), b)
                    single = (rayleigh * molecular_phase + mie * haze_phase) * light
                    total[k] += exp(-depth[k]) * (single + (rayleigh + mie) * rest * (0.75, 0.95, 1.1)[k]) * w
                    depth[k] += half
            # Light that has scattered more than once is whiter than this model's; a quarter, by comparison with measured skies.
            white = (total[0] * SUN_LUX[0] + total[1] * SUN_LUX[1] + total[2] * SUN_LUX[2]) / 3.0
            for k in range(3):
                out[y, x, k] = mix(total[k] * SUN_LUX[k], white, 0.25)


@kernel
def hosek_wilkie_sky(sun, numbers, out):
    """Write the radiance (n, n, 3) of the cloudless sky by day for a sun direction (3,), which is not below the horizon, by the
    formula of Hosek and Wilkie (2012); numbers: (3, 10), see scene/daylight.py, in whose unit the radiance comes out."""
    n = out.shape[0]
    for y in range(n):
        for x in range(n):
            dx, dy, dz = map_direction(n, y, x)
            c = min(max(dx * sun[0] + dy * sun[1] + dz * sun[2], -1.0), 1.0)
            angle = acos(c)
            for k in range(3):
                horizon = 1.0 + numbers[k, 0] * exp(numbers[k, 1] / (dz + 0.01))
                g = numbers[k, 8]
                narrow = 1.0 + g * g - 2.0 * g * c
                halo = (1.0 + c * c) / (narrow * sqrt(narrow))
                glow = numbers[k, 2] + numbers[k, 3] * exp(numbers[k, 4] * angle) + numbers[k, 5] * c * c
                out[y, x, k] = horizon * (glow + numbers[k, 6] * halo + numbers[k, 7] * sqrt(dz)) * numbers[k, 9]


@kernel
def blend_overcast(table, zenith, share, out):
    """Blend a sky (n, n, 3) towards a closed one by a share: CIE overcast, L = Lz (1 + 2 sin e) / 3 (Moon and Spencer 1942)."""
    n = out.shape[0]
    for y in range(n):
        for x in range(n):
            dx, dy, dz = map_direction(n, y, x)
            f = 0.13 / max(dz, 0.05)
            _, fractal, _, _ = noise(table, dx * f, dy * f, 0.002 / max(dz, 0.05))
            # Level at the horizon and above, where the standard says how bright it is.
            uneven = 1.0 + 0.11 * fractal * saturate((dz - 0.02) * 4.0) * saturate((0.99 - dz) * 12.0)
            light = zenith * (1.0 + 2.0 * dz) / 3.0 * uneven
            for k in range(3):
                out[y, x, k] = mix(out[y, x, k], light * (0.955, 0.99, 1.06)[k], share)


@kernel
def irradiance(sky, out):
    """Write (6, 3) lux on +x -x +y -y +z -z of the upper half-space's radiance (n, n, 3)."""
    n = sky.shape[0]
    out[:] = 0.0
    for y in range(n):
        for x in range(n):
            dx, dy, dz = map_direction(n, y, x)
            w = texel_solid_angle(n, dz, dx, dy)
            for k in range(3):
                light = sky[y, x, k] * w
                out[0, k] += max(dx, 0.0) * light
                out[1, k] += max(-dx, 0.0) * light
                out[2, k] += max(dy, 0.0) * light
                out[3, k] += max(-dy, 0.0) * light
                out[4, k] += dz * light


@inline
def _cell(f, n):
    """(lower index, weight of the next) of a position f, in cells, among n."""
    f = min(max(f, 0.0), n - 1.0)
    i = min(int(floor(f)), max(n - 2, 0))
    return i, f - i


@inline
def ambient(env, x, y, z, nx, ny, nz, out):
    """Write (3,) lux of sky and surroundings on a surface at (x, y, z) with a normal: trilinear between probes, each an ambient
    cube (McTaggart 2004)."""
    rows, columns, levels = env.probe_weight.shape
    ax, ay, az = 0 if nx >= 0 else 1, 2 if ny >= 0 else 3, 4 if nz >= 0 else 5
    wx, wy, wz = nx * nx, ny * ny, nz * nz
    total = 0.0
    out[:] = 0.0
    if rows > 0:
        # Start off the surface, so that probes behind it count less.
        x, y, z = x + 1.2 * nx, y + 1.2 * ny, z + 0.3 * nz
        i, a = _cell((x - env.probe_origin[0]) / env.probe_spacing, columns)
        j, b = _cell((y - env.probe_origin[1]) / env.probe_spacing, rows)
        for corner in range(4):
            ii, jj = min(i + (corner & 1), columns - 1), min(j + (corner >> 1), rows - 1)
            w = (a if corner & 1 else 1.0 - a) * (b if corner >> 1 else 1.0 - b)
            h = z - env.probe_ground[jj, ii]
            k = 0
            while k < levels - 2 and h > env.probe_height[k + 1]:
                k += 1
            c = saturate((h - env.probe_height[k]) / (env.probe_height[k + 1] - env.probe_height[k]))
            for level in range(2):
                n = k + level
                q = w * (c if level else 1.0 - c) * env.probe_weight[jj, ii, n]
                if q > 0.0:
                    total += q
                    for s in range(3):
                        p = wx * env.probes[jj, ii, n, ax, s] + wy * env.probes[jj, ii, n, ay, s]
                        out[s] += q * (p + wz * env.probes[jj, ii, n, az, s])
    if total > 1e-4:
        for s in range(3):
            out[s] /= total
    else:
        for s in range(3):
            out[s] = wx * env.open_sky[ax, s] + wy * env.open_sky[ay, s] + wz * env.open_sky[az, s]


@inline
def under_sky(env, x, y, z, light):
    """0 deep inside a tunnel to 1 where a fair part of the sky is above (x, y, z): by the light of the probes there from above,
    over that in the open; light: (3,), overwritten."""
    ambient(env, x, y, z, 0.0, 0.0, 1.0, light)
    return smooth(0.02, 0.12, light[1] / max(env.open_sky[4, 1], 1e-9))
