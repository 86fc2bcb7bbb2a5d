"""The light along a camera's rays without the short cuts of kernels/radiance.py: what the default quality is held against.

One sample of each ray: ambient light by rays over the hemisphere that bounce on (Kajiya 1986) instead of probes and contact,
rough reflections by rays into the lobe, two mirrorings, a sun that is a disc, a shadow for every lamp. Materials are the same
ones: what is compared is the transport of light.
"""

from __future__ import annotations

from math import cos, floor, pi, sin, sqrt

import numpy as np

from scenesim.kernels.atmosphere import air_light, ambient, transmittance
from scenesim.kernels.bsdf import WATER, WATER_F0, fresnel, schlick
from scenesim.kernels.bvh import any_one, tracer
from scenesim.kernels.chance import uniform
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.lamps import lamp_light
from scenesim.kernels.radiance import INDIRECT, add_sky, add_sun, look_at, what_is_met
from scenesim.kernels.shaders import (
    EB,
    EG,
    ER,
    F0,
    FACADE,
    FX,
    FY,
    FZ,
    LEAF,
    LOOK_COLUMNS,
    METAL,
    MIRROR,
    NX,
    NY,
    NZ,
    OPENNESS,
    ROUGHNESS,
    SHADER,
    THROUGH,
    TRANSLUCENT,
    R,
)  # fmt: skip
from scenesim.kernels.texture import saturate

WAIT, FOLLOWED = 24, 40  # rays that may wait, and that are followed for one sample
BOUNCES, MIRRORINGS = 4, 2
LEAST = 0.002  # share of the sample below which a ray is not followed
SUN_RADIUS = 0.004643  # tangent of half the sun's disc, 0.266 degrees
# Steps of a sequence that fills four dimensions evenly: powers of 1 / 1.1673, the root of x^5 = x + 1 (Roberts 2018).
_A, _B, _C, _D = 0.8566748838545029, 0.7338918566271260, 0.6287067210378087, 0.5385972572236101
# What a ray on the stack carries: origin, direction, way so far, visibility, share; mirrorings and bounces behind it.
_FAR, _SEES, _SHARE, _MIRRORED, _BOUNCED, _COLUMNS = 6, 7, 8, 11, 12, 13


@inline
def _even(key, ray, sample, dimension, step):
    """A number in [0, 1): those of one ray and dimension are spread evenly."""
    x = uniform(key, ray, 0, dimension) + step * sample
    return x - floor(x)


@inline
def _about(nx, ny, nz, a, b, c):
    """The vector (a, b, c) of a frame whose third axis is a unit normal (Duff et al. 2017)."""
    sign = 1.0 if nz >= 0.0 else -1.0
    e = -1.0 / (sign + nz)
    f = nx * ny * e
    return (
        a * (1.0 + sign * nx * nx * e) + b * f + c * nx,
        a * sign * f + b * (sign + ny * ny * e) + c * ny,
        -a * sign * nx - b * ny + c * nz,
    )


@helper
def _push(stack, depth, px, py, pz, dx, dy, dz, off, way, sees, share, dim, mirrored, bounced, m, tint):
    """Put a ray from off the surface on the stack that counts share * dim, coloured by the albedo where tint > 0. Returns the
    new depth."""
    if depth >= WAIT or dim * max(share[0], share[1], share[2]) < LEAST:
        return depth
    # Off the side of the triangle to which it leaves; leaves are crossed both ways.
    side = off if dx * m[FX] + dy * m[FY] + dz * m[FZ] >= 0.0 else -off
    stack[depth, 0], stack[depth, 1], stack[depth, 2] = px + side * m[FX], py + side * m[FY], pz + side * m[FZ]
    stack[depth, 3], stack[depth, 4], stack[depth, 5] = dx, dy, dz
    stack[depth, _FAR], stack[depth, _SEES], stack[depth, _MIRRORED], stack[depth, _BOUNCED] = way, sees, mirrored, bounced
    for s in range(3):
        stack[depth, _SHARE + s] = share[s] * dim * (1.0 - tint + tint * m[R + s])
    return depth + 1


@helper
def _sun(trace, env, m, px, py, pz, vx, vy, vz, time, off, u, v, gloss, out):
    """Add the light of a point of the sun's disc."""
    nl = m[NX] * env.sun[0] + m[NY] * env.sun[1] + m[NZ] * env.sun[2]
    if env.sun_lux[1] <= 0.0 or (nl <= 0.0 and m[TRANSLUCENT] <= 0.0):
        return
    radius = SUN_RADIUS * sqrt(u)
    a, b = radius * cos(2.0 * pi * v), radius * sin(2.0 * pi * v)
    dx, dy, dz = _about(float(env.sun[0]), float(env.sun[1]), float(env.sun[2]), a, b, 1.0)
    off += 0.05 if m[SHADER] == LEAF else 0.0
    side = off if m[FX] * dx + m[FY] * dy + m[FZ] * dz > 0.0 else -off
    if not any_one(
        trace, np.float32(px + side * m[FX]), np.float32(py + side * m[FY]), np.float32(pz + side * m[FZ]), np.float32(dx),
        np.float32(dy), np.float32(dz), np.float32(time), np.float32(3000.0), INDIRECT,
    ):  # fmt: skip
        add_sun(env, m, vx, vy, vz, 1.0, gloss, out)


@inline
def _upwards(m, dx, dy, dz):
    """A direction turned to the outer side of the triangle, if it is not there."""
    inward = dx * m[FX] + dy * m[FY] + dz * m[FZ]
    if inward < 0.0:
        return dx - 2.0 * inward * m[FX], dy - 2.0 * inward * m[FY], dz - 2.0 * inward * m[FZ]
    return dx, dy, dz


@helper
def _scatter(env, stack, depth, m, px, py, pz, dx, dy, dz, off, way, share, opaque, bounced, u, v, side, light, out):
    """Put the ray on the stack from which the ambient light of a surface comes, or add what probes know of it, in out (3,).
    Returns the new depth."""
    scale = opaque * m[OPENNESS] * (1.0 - m[METAL])
    if bounced >= BOUNCES:
        ambient(env, px, py, pz, m[NX], m[NY], m[NZ], light)
        for s in range(3):
            out[s] += scale * m[R + s] * light[s] / pi
        return depth
    r = sqrt(u)
    x, y, z = _about(m[NX], m[NY], m[NZ], r * cos(2.0 * pi * v), r * sin(2.0 * pi * v), sqrt(max(1.0 - u, 0.0)))
    if m[TRANSLUCENT] > 0.0:
        # As radiance.add_sun has it for leaves.
        front, back = 0.8 + 0.12 * m[TRANSLUCENT], 0.55 * m[TRANSLUCENT]
        scale *= front + back
        if side * (front + back) > front:
            x, y, z = -x, -y, -z
    else:
        x, y, z = _upwards(m, x, y, z)
    return _push(stack, depth, px, py, pz, x, y, z, off, way, INDIRECT, share, scale, MIRRORINGS - 1, bounced + 1, m, 1.0)


@helper
def _gloss(stack, depth, m, px, py, pz, dx, dy, dz, off, way, share, opaque, u, v):
    """Put the ray of a rough reflection on the stack: GGX's half vectors (Walter et al. 2007), the share that radiance.py
    takes. Returns the new depth."""
    if m[MIRROR] >= 0.5 or m[F0] <= 0.02:
        return depth
    nv = -(m[NX] * dx + m[NY] * dy + m[NZ] * dz)
    c = 1.0 - saturate(nv)
    share_here = m[F0] + (max(1.0 - m[ROUGHNESS], m[F0]) - m[F0]) * c * c * c * c * c
    share_here *= opaque * m[OPENNESS] * (1.0 - m[MIRROR]) * (0.25 if m[TRANSLUCENT] > 0.0 else 1.0)
    a2 = max(m[ROUGHNESS], 0.12) ** 4
    cosine = sqrt((1.0 - u) / (1.0 + (a2 - 1.0) * u))
    r = sqrt(max(1.0 - cosine * cosine, 0.0))
    hx, hy, hz = _about(m[NX], m[NY], m[NZ], r * cos(2.0 * pi * v), r * sin(2.0 * pi * v), cosine)
    vh = -(dx * hx + dy * hy + dz * hz)
    x, y, z = _upwards(m, dx + 2.0 * vh * hx, dy + 2.0 * vh * hy, dz + 2.0 * vh * hz)
    return _push(
        stack, depth, px, py, pz, x, y, z, off, way, INDIRECT, share, share_here, MIRRORINGS - 1, BOUNCES - 1, m, m[METAL]
    )


@kernel
def reference_radiance(scene, env, rays, hits, cells, footprint, visibility, key, sample, begin, end, out):
    """Add one sample of the radiance, cd/m2, along rays [begin, end) whose first hits are known to out (N, 3).

    cells, footprint, visibility: as for radiance.radiance; cells with all lamps everywhere. key (uint64), sample: chance.
    """
    trace = tracer(scene)
    m, share, light, local = np.zeros(LOOK_COLUMNS), np.empty(3), np.empty(3), np.empty(3)
    stack = np.empty((WAIT, _COLUMNS))
    for i in range(begin, end):
        time = float(rays.time[i])
        for c in range(_COLUMNS):
            stack[0, c] = 0.0
        for c in range(3):
            stack[0, c], stack[0, 3 + c], stack[0, _SHARE + c] = rays.origin[i, c], rays.direction[i, c], 1.0
        stack[0, _SEES] = visibility
        depth, count = 1, 0
        while depth > 0 and count < FOLLOWED:
            depth -= 1
            ox, oy, oz = stack[depth, 0], stack[depth, 1], stack[depth, 2]
            dx, dy, dz = stack[depth, 3], stack[depth, 4], stack[depth, 5]
            way, sees = stack[depth, _FAR], int(stack[depth, _SEES])
            mirrored, bounced = int(stack[depth, _MIRRORED]), int(stack[depth, _BOUNCED])
            for s in range(3):
                share[s] = stack[depth, _SHARE + s]
            first, at = count == 0, 16 * count
            count += 1
            t, k, triangle, u, v = what_is_met(hits, i, first, trace, ox, oy, oz, dx, dy, dz, time, sees)
            if k < 0:
                add_sky(env, dx, dy, dz, first, share, out, i)
                continue
            h = float(t)
            px, py, pz = ox + dx * h, oy + dy * h, oz + dz * h
            way += h
            look_at(scene, env, k, triangle, float(u), float(v), time, way, footprint, dx, dy, dz, m)
            off = 0.006 + 2e-4 * way
            local[0], local[1], local[2] = 0.0, 0.0, 0.0
            if first:
                a, b = _even(key, i, sample, 0, _A), _even(key, i, sample, 1, _B)
                p, q = _even(key, i, sample, 2, _C), _even(key, i, sample, 3, _D)
            else:
                a, b = uniform(key, i, sample, at), uniform(key, i, sample, at + 1)
                p, q = uniform(key, i, sample, at + 2), uniform(key, i, sample, at + 3)
            _sun(trace, env, m, px, py, pz, -dx, -dy, -dz, time, off, a, b, m[OPENNESS] if bounced == 0 else 0.0, local)
            if env.night > 0.0:
                lamp_light(scene.light, cells, trace, m, px, py, pz, -dx, -dy, -dz, time, 0.0, INDIRECT, local)
            nv = -(m[NX] * dx + m[NY] * dy + m[NZ] * dz)
            cosine = saturate(nv)
            reflected = m[MIRROR] * (fresnel(WATER, cosine) if abs(m[F0] - WATER_F0) < 1e-3 else schlick(m[F0], cosine))
            through = (1.0 - reflected) * m[THROUGH]
            opaque = 1.0 - reflected * (1.0 - m[METAL]) - through
            tr, tg, tb = transmittance(env, h)
            ar, ag, ab = air_light(env, dx, dy, dz)
            # The light of what shines is counted already, as that of lamps; but windows are none.
            e = 0.0 if bounced > 0 and m[SHADER] != FACADE else 1.0
            out[i, 0] += share[0] * (tr * (e * m[ER] + opaque * local[0]) + (1.0 - tr) * ar)
            out[i, 1] += share[1] * (tg * (e * m[EG] + opaque * local[1]) + (1.0 - tg) * ag)
            out[i, 2] += share[2] * (tb * (e * m[EB] + opaque * local[2]) + (1.0 - tb) * ab)
            share[0], share[1], share[2] = share[0] * tr, share[1] * tg, share[2] * tb
            local[0], local[1], local[2] = 0.0, 0.0, 0.0
            depth = _scatter(
                env, stack, depth, m, px, py, pz, dx, dy, dz, off, way, share, opaque, bounced, p, q,
                uniform(key, i, sample, at + 4), light, local,
            )  # fmt: skip
            for s in range(3):
                out[i, s] += share[s] * local[s]
            if bounced == 0:
                depth = _gloss(
                    stack, depth, m, px, py, pz, dx, dy, dz, off, way, share, opaque, uniform(key, i, sample, at + 5),
                    uniform(key, i, sample, at + 6),
                )  # fmt: skip
            if reflected > 0.0 and mirrored < MIRRORINGS:
                x, y, z = _upwards(m, dx + 2.0 * nv * m[NX], dy + 2.0 * nv * m[NY], dz + 2.0 * nv * m[NZ])
                depth = _push(
                    stack, depth, px, py, pz, x, y, z, off, way, INDIRECT, share, reflected, mirrored + 1, bounced, m, m[METAL]
                )
            if through > 0.0:
                depth = _push(stack, depth, px, py, pz, dx, dy, dz, off, way, sees, share, through, mirrored, bounced, m, 0.0)
