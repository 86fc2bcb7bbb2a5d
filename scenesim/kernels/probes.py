"""Light of sky and surroundings at points in space: rays from probes against what stands still."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np

from scenesim.kernels.atmosphere import sky_radiance
from scenesim.kernels.bvh import any_one, closest_one, tracer
from scenesim.kernels.jit import helper, kernel
from scenesim.kernels.lamps import CD_R, beam_share
from scenesim.kernels.packed import INSTANCE, MATERIAL
from scenesim.kernels.surface import geometric_normal

DIRECTIONS = 56
SEES = 4
BLOCKED, SKY = 1, 2  # what a ray met: a back side; the sky above the horizon
ENCLOSED = 3  # a probe that sees the sky in no more directions asks of each surface whether it has the sky's light
FAINT_LUX = 0.05  # of a lamp that is left out
SNOW_ALBEDO = 0.8  # of snow that lies (fresh: 0.85; Warren 1982)
_GOLDEN_ANGLE = 2.399963229728653
_ALBEDO, _TINTED, _COLORED, _TINT = MATERIAL["albedo_r"], MATERIAL["tinted"], MATERIAL["vertex_color"], INSTANCE["tint_r"]


@kernel
def ground_heights(scene, x0, y0, spacing, top, out):
    """Write the height (rows, columns) m of the lowest surface under the sky's reach at grid points: the first hit from below
    would miss tunnels, so rays fall from `top` and go on through roofs and crowns as long as something lies below."""
    trace = tracer(scene)
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            x, y, z = x0 + i * spacing, y0 + j * spacing, top
            ground, found = 0.0, False
            for _ in range(24):
                t, k, _, _, _ = closest_one(
                    trace, np.float32(x), np.float32(y), np.float32(z), np.float32(0.0), np.float32(0.0), np.float32(-1.0),
                    np.float32(0.0), np.float32(1e4), SEES,
                )  # fmt: skip
                if k < 0:
                    break
                z -= float(t) + 0.02
                ground, found = z + 0.02, True
            out[j, i] = ground if found else np.nan


@kernel
def fill_probes(scene, env, x0, y0, spacing, ground, heights, rough_light, begin, end, probes, weight):
    """Write rows [begin, end) of probes (rows, columns, levels, 6, 3) lux and weight (rows, columns, levels).

    ground: (rows, columns) m, nan where there is none. rough_light: (3,) lux of light that has bounced more than once, for lack
    of better; inside tunnels and halls only what is seen outside has it.
    """
    trace = tracer(scene)
    by_lamps = env.night <= 0.0 and scene.light.shape[0] > 0  # of tunnels, beside which is earth
    light, norm, lamps = np.empty(3), np.zeros(6), np.empty(3)
    directions = np.empty((DIRECTIONS, 3))
    for q in range(DIRECTIONS):
        z = 1.0 - (2.0 * q + 1.0) / DIRECTIONS
        r = sqrt(1.0 - z * z)
        directions[q, 0], directions[q, 1], directions[q, 2] = r * cos(q * _GOLDEN_ANGLE), r * sin(q * _GOLDEN_ANGLE), z
        for c in range(3):
            norm[2 * c] += max(directions[q, c], 0.0)
            norm[2 * c + 1] += max(-directions[q, c], 0.0)
    for j in range(begin, end):
        for i in range(ground.shape[1]):
            floor_z = ground[j, i] if ground[j, i] == ground[j, i] else 0.0
            under, inside = False, False  # whether the level below is shut in; within something
            for level in range(len(heights)):
                x, y, z = x0 + i * spacing, y0 + j * spacing, floor_z + heights[level]
                cube = probes[j, i, level]
                behind, shut = 0, False
                for turn in range(2):
                    cube[:] = 0.0
                    behind, sky = 0, 0
                    for q in range(DIRECTIONS):
                        dx, dy, dz = directions[q, 0], directions[q, 1], directions[q, 2]
                        met = _seen_from(scene, env, trace, x, y, z, dx, dy, dz, rough_light, turn, lamps, light)
                        behind += 1 if met == BLOCKED else 0
                        sky += 1 if met == SKY else 0
                        for s in range(3):
                            for c in range(3):
                                d = directions[q, c]
                                axis = 2 * c if d > 0.0 else 2 * c + 1
                                cube[axis, s] += light[s] * abs(d) * pi / norm[axis]
                    shut = sky <= ENCLOSED and 4 * behind < DIRECTIONS
                    if not shut:
                        break
                if (under or inside) and not shut:  # between the two is a ceiling: what looks down or aside there is inside
                    for axis in range(6):
                        if axis != 4:
                            for s in range(3):
                                cube[axis, s] = probes[j, i, level - 1, axis, s] if under else 0.0
                under, inside = shut, by_lamps and 4 * behind >= DIRECTIONS
                weight[j, i, level] = 1.0 if 4 * behind < DIRECTIONS else 0.0


@helper
def _seen_from(scene, env, trace, x, y, z, dx, dy, dz, rough_light, enclosed, lamps, light):
    """Write the radiance (3,) that comes from a direction, with one bounce. Returns BLOCKED where the ray meets a back side,
    SKY where it leaves upwards, else 0. enclosed: 1 to give rough_light only to what sees the sky. lamps: (3,) to work in."""
    t, k, triangle, u, v = closest_one(
        trace, np.float32(x), np.float32(y), np.float32(z), np.float32(dx), np.float32(dy), np.float32(dz),
        np.float32(0.0), np.float32(400.0), SEES,
    )  # fmt: skip
    if k < 0:
        r, g, b = sky_radiance(env.sky_soft, dx, dy, dz)
        light[0], light[1], light[2] = r, g, b
        if dz < 0.0:
            light[0], light[1], light[2] = env.below[0], env.below[1], env.below[2]
            return 0
        return SKY
    nx, ny, nz = geometric_normal(scene, k, triangle, 0.0)
    back = 0
    if nx * dx + ny * dy + nz * dz > 0.0:
        nx, ny, nz = -nx, -ny, -nz
        back = BLOCKED
    h = float(t)
    px, py, pz = x + dx * h + 0.02 * nx, y + dy * h + 0.02 * ny, z + dz * h + 0.02 * nz
    nl = nx * env.sun[0] + ny * env.sun[1] + nz * env.sun[2]
    sun = 0.0
    if nl > 0.0 and env.sun_lux[1] > 0.0:
        if not any_one(
            trace, np.float32(px), np.float32(py), np.float32(pz), np.float32(env.sun[0]), np.float32(env.sun[1]),
            np.float32(env.sun[2]), np.float32(0.0), np.float32(400.0), SEES,
        ):  # fmt: skip
            sun = nl
    lit = _lamps(scene, trace, px, py, pz, nx, ny, nz, lamps) if env.night > 0.0 or enclosed > 0 else 0
    rough = 1.0
    if enclosed > 0:
        # Outwards, upwards, and a little on the ray's way: over all rays of a probe that is every way.
        ux, uy, uz = nx + 0.5 * dx, ny + 0.5 * dy, nz + 0.7 + 0.5 * dz
        f = 1.0 / sqrt(ux * ux + uy * uy + uz * uz + 1e-12)
        if uz <= 0.0 or any_one(
            trace, np.float32(px), np.float32(py), np.float32(pz), np.float32(ux * f), np.float32(uy * f), np.float32(uz * f),
            np.float32(0.0), np.float32(400.0), SEES,
        ):  # fmt: skip
            rough = 0.0
    row = scene.surface_material[scene.geometry.surface[triangle]]
    a = scene.geometry.triangles[triangle, 0]
    lies = 0.7 * env.snow * min(max(2.0 * nz - 0.7, 0.0), 1.0)  # less on roads: some ground is bare
    for s in range(3):
        albedo = scene.params[k, _TINT + s] if scene.material[row, _TINTED] > 0.0 else scene.material[row, _ALBEDO + s]
        if scene.material[row, _COLORED] > 0.0:
            albedo *= scene.geometry.color[a, s]
        albedo += (SNOW_ALBEDO - albedo) * lies
        light[s] = albedo / pi * (env.sun_lux[s] * sun + rough * rough_light[s] * (0.6 + 0.4 * nz))
        if lit > 0:
            light[s] += albedo / pi * lamps[s]
    return back


@helper
def _lamps(scene, trace, px, py, pz, nx, ny, nz, out):
    """Write (3,) lux of the scene's lamps at a point with a normal. Returns how many reach it."""
    out[0], out[1], out[2] = 0.0, 0.0, 0.0
    found = 0
    for k in range(scene.light.shape[0]):
        x, y, z = px - scene.light[k, 0], py - scene.light[k, 1], pz - scene.light[k, 2]
        d2 = x * x + y * y + z * z
        cosine = -(nx * x + ny * y + nz * z)
        if cosine <= 0.0 or 1.5 * scene.light[k, CD_R + 1] < FAINT_LUX * d2:
            continue
        d = sqrt(d2) + 1e-6
        x, y, z = x / d, y / d, z / d
        lux = beam_share(scene.light, k, x, y, z) * cosine / (d * max(d2, 0.15))
        if lux * scene.light[k, CD_R + 1] < FAINT_LUX:
            continue
        if any_one(
            trace, np.float32(px), np.float32(py), np.float32(pz), np.float32(-x), np.float32(-y), np.float32(-z),
            np.float32(0.0), np.float32(max(d - 0.5, 0.01)), SEES,
        ):  # fmt: skip
            continue
        found += 1
        for s in range(3):
            out[s] += lux * scene.light[k, CD_R + s]
    return found
