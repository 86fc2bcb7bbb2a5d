"""What a camera's rays see: radiance along each ray, from the hits of the labels.

A ray that meets glass, varnish or water goes on as a mirrored ray, and through clear glass as a straight one; all of them wait
on one small stack, so that there is one piece of code for every surface that light comes from.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from scenesim.kernels.atmosphere import air_light, ambient, sky_radiance, transmittance, under_sky
from scenesim.kernels.bsdf import WATER, WATER_F0, fresnel, ggx, schlick
from scenesim.kernels.bvh import any_one, closest_one, tracer
from scenesim.kernels.jit import inline, kernel
from scenesim.kernels.lamps import NO_SHADOWS, SHADOW_LUX, lamp_light
from scenesim.kernels.packed import INSTANCE, MATERIAL
from scenesim.kernels.pose import pose_at, rotate
from scenesim.kernels.shaders import (
    ASPHALT,
    AX,
    AY,
    DX,
    DY,
    DZ,
    EB,
    EG,
    ER,
    F0,
    FAR,
    FX,
    FY,
    FZ,
    LEAF,
    LOOK_COLUMNS,
    METAL,
    MIRROR,
    NEAR,
    NIGHT,
    NX,
    NY,
    NZ,
    OPENNESS,
    P0,
    P1,
    RETRO,
    ROUGHNESS,
    SEED,
    SHADER,
    SNOW,
    THROUGH,
    TRANSLUCENT,
    UPWARD,
    WET,
    B,
    G,
    R,
    U,
    V,
    X,
    Y,
    Z,
    apply_shader,
)  # fmt: skip
from scenesim.kernels.surface import (
    object_face_normal,
    object_point,
    object_shading_normal,
    texture_point,
    texture_shares,
    vertex_mean,
)
from scenesim.kernels.texture import saturate

INDIRECT = 4  # visibility bit of what casts shadows and is mirrored
STACK = 6  # rays that may wait
MOST_RAYS = 6  # rays followed for one pixel
LEAST = 0.012  # share of the pixel below which a mirrored ray is not followed
SUN_REACH_M = np.float32(3000.0)
UNKNOWN = 2  # whether something hides the sun: 0, 1, or nobody asked
SUN_COSINE = 0.99998919  # half the sun's disc, 0.266 degrees
SUN_SOLID_ANGLE = 6.8e-5
MOST_FOG = 0.85  # fog_share of fog (scene/environment.py)

_SHADER, _LAMPS = MATERIAL["shader"], INSTANCE["lamps"]
_ALBEDO, _EMISSION, _TINT = MATERIAL["albedo_r"], MATERIAL["emission_r"], INSTANCE["tint_r"]
_ROUGHNESS, _F0, _METAL, _COAT = (MATERIAL[n] for n in ("roughness", "f0", "metallic", "clear_coat"))
_THROUGH, _BITS, _TINTED, _COLORED = (MATERIAL[n] for n in ("transmission", "lamp_bits", "tinted", "vertex_color"))
_TRANSLUCENT, _RETRO, _SCALE = (MATERIAL[n] for n in ("translucency", "retroreflection", "scale_m"))
_SEED, _PARAM = INSTANCE["seed"], MATERIAL["param0"]


@inline
def _material_look(scene, k, triangle, u, v, row, m):
    """Write the columns of a look that the material says."""
    material, params, g = scene.material, scene.params, scene.geometry
    for c in range(3):
        albedo = float(material[row, _ALBEDO + c])
        if material[row, _TINTED] > 0.0:
            albedo = float(params[k, _TINT + c])
        if material[row, _COLORED] > 0.0:
            albedo *= vertex_mean(g.color, g.triangles, triangle, u, v, c)
        m[R + c] = albedo
    bits = int(material[row, _BITS])
    on = 1.0 if bits == 0 or (int(params[k, _LAMPS]) & bits) != 0 else 0.0
    for c in range(3):
        m[ER + c] = on * material[row, _EMISSION + c]
    coat = float(material[row, _COAT])
    m[ROUGHNESS], m[F0], m[METAL] = material[row, _ROUGHNESS], material[row, _F0], material[row, _METAL]
    m[THROUGH], m[TRANSLUCENT], m[RETRO] = material[row, _THROUGH], material[row, _TRANSLUCENT], material[row, _RETRO]
    # What is smooth mirrors; varnish does whatever lies below it.
    m[MIRROR] = max(coat, saturate((0.35 - m[ROUGHNESS]) * 5.0))
    if coat > 0.0:
        m[F0], m[ROUGHNESS] = 0.04, min(m[ROUGHNESS], 0.1)
    m[OPENNESS] = 1.0
    m[P0], m[P1] = material[row, _PARAM], material[row, _PARAM + 1]
    m[SHADER], m[SEED] = material[row, _SHADER], params[k, _SEED]


@inline
def look_at(scene, env, k, triangle, u, v, time, distance, footprint, dx, dy, dz, m):
    """Write the look of a hit that a ray with direction d sees from a distance."""
    g = scene.geometry
    row = scene.surface_material[g.surface[triangle]]
    _material_look(scene, k, triangle, u, v, row, m)
    qw, qx, qy, qz, _, _, _ = pose_at(scene.pose, scene.knot_time, k, time, scene.moves[k])
    fx, fy, fz = object_face_normal(g, triangle)
    fx, fy, fz = rotate(qw, qx, qy, qz, fx, fy, fz)
    nx, ny, nz = object_shading_normal(g, triangle, u, v)
    nx, ny, nz = rotate(qw, qx, qy, qz, nx, ny, nz)
    # Thin things are seen from both sides.
    if fx * dx + fy * dy + fz * dz > 0.0:
        fx, fy, fz = -fx, -fy, -fz
        if m[SHADER] != LEAF:
            nx, ny, nz = -nx, -ny, -nz
    if m[SHADER] == LEAF:
        # A leaf's shading normal is that of its crown, whichever side is seen. Mirrored, not turned, towards the viewer, it
        # has no jump at the crown's outline.
        away = 2.0 * max(nx * dx + ny * dy + nz * dz, 0.0)
        nx, ny, nz = nx - away * dx, ny - away * dy, nz - away * dz
    m[FX], m[FY], m[FZ], m[UPWARD] = fx, fy, fz, fz
    m[NX], m[NY], m[NZ] = nx, ny, nz
    m[X], m[Y], m[Z] = object_point(g, triangle, u, v)
    m[U], m[V] = texture_point(g, triangle, u, v)
    m[DX], m[DY], m[DZ] = dx, dy, dz
    near = distance * footprint
    m[NEAR] = near
    m[FAR] = near / max(-(fx * dx + fy * dy + fz * dz), 0.02)
    if m[SHADER] == ASPHALT:
        m[AX], m[AY] = texture_shares(g, triangle, dx, dy)
    m[WET], m[SNOW], m[NIGHT] = env.wetness, env.snow, env.night
    apply_shader(m, env.noise, scene.params, k, triangle, scene.material[row, _SCALE])


@inline
def sun_direction(env, jitter):
    """Float32 direction to the part of the sun's disc that casts the shadow; jitter: -1 to 1."""
    return (
        np.float32(env.sun[0] + 0.0031 * jitter), np.float32(env.sun[1] - 0.0042 * jitter),
        np.float32(env.sun[2] + 0.001 * jitter),
    )  # fmt: skip


@inline
def sun_origin(env, fx, fy, fz, shader, px, py, pz, distance):
    """Float32 place from which a point asks for the sun: a little off its triangle, whose normal is f."""
    nl = fx * env.sun[0] + fy * env.sun[1] + fz * env.sun[2]
    off = 0.006 + 2e-4 * distance + (0.05 if shader == LEAF else 0.0)
    side = off if nl > 0.0 else -off
    return np.float32(px + side * fx), np.float32(py + side * fy), np.float32(pz + side * fz)


@inline
def sunlit(scene, env, m, px, py, pz, time, distance, jitter):
    """Whether the sun reaches a point whose look is m, as 0 or 1."""
    x, y, z = sun_origin(env, m[FX], m[FY], m[FZ], m[SHADER], px, py, pz, distance)
    a, b, c = sun_direction(env, jitter)
    return 0.0 if any_one(scene, x, y, z, a, b, c, np.float32(time), SUN_REACH_M, INDIRECT) else 1.0


@kernel
def sun_rays(scene, env, rays, hits, jitter, begin, end, out, reach):
    """Write the rays (M,) with which hits [begin, end) of rays ask for the sun, and their reach (M,) m, 0 where there is
    nothing to ask. They are those that `radiance` casts."""
    a, b, c = sun_direction(env, jitter)
    for i in range(begin, end):
        j, k, triangle = i - begin, hits.instance[i], hits.triangle[i]
        out.direction[j, 0], out.direction[j, 1], out.direction[j, 2], out.time[j] = a, b, c, rays.time[i]
        out.origin[j, 0] = out.origin[j, 1] = out.origin[j, 2] = reach[j] = np.float32(0.0)
        if k < 0:
            continue
        qw, qx, qy, qz, _, _, _ = pose_at(scene.pose, scene.knot_time, k, float(rays.time[i]), scene.moves[k])
        fx, fy, fz = object_face_normal(scene.geometry, triangle)
        fx, fy, fz = rotate(qw, qx, qy, qz, fx, fy, fz)
        # As radiance has them: float64. float() leaves a float32 what it is.
        ox, oy, oz = np.float64(rays.origin[i, 0]), np.float64(rays.origin[i, 1]), np.float64(rays.origin[i, 2])
        dx, dy, dz = np.float64(rays.direction[i, 0]), np.float64(rays.direction[i, 1]), np.float64(rays.direction[i, 2])
        h = np.float64(hits.t[i])
        if fx * dx + fy * dy + fz * dz > 0.0:
            fx, fy, fz = -fx, -fy, -fz
        row = scene.surface_material[scene.geometry.surface[triangle]]
        if fx * env.sun[0] + fy * env.sun[1] + fz * env.sun[2] > 0.0 or scene.material[row, _TRANSLUCENT] > 0.0:
            shader, reach[j] = scene.material[row, _SHADER], SUN_REACH_M
            x, y, z = sun_origin(env, fx, fy, fz, shader, ox + dx * h, oy + dy * h, oz + dz * h, h)
            out.origin[j, 0], out.origin[j, 1], out.origin[j, 2] = x, y, z


@inline
def add_sun(env, m, vx, vy, vz, lit, openness, out):
    """Add sunlight, diffuse and glossy."""
    nl = m[NX] * env.sun[0] + m[NY] * env.sun[1] + m[NZ] * env.sun[2]
    diffuse = max(nl, 0.0)
    t = m[TRANSLUCENT]
    if t > 0.0:
        diffuse = 0.8 * diffuse + t * (0.55 * max(-nl, 0.0) + 0.12 * max(nl, 0.0))
    gloss, half = ggx(m[NX], m[NY], m[NZ], vx, vy, vz, env.sun[0], env.sun[1], env.sun[2], max(m[ROUGHNESS], 0.12))
    gloss = min(gloss, 40.0) * schlick(m[F0], half) * openness
    if m[MIRROR] > 0.1:
        gloss = min(gloss, 4.0)
    if t > 0.0:
        gloss *= 0.35
    elif m[ROUGHNESS] > 0.7:
        gloss *= 0.3  # rough ground shadows itself, which the lobe does not know
    for s in range(3):
        metal = 1.0 - m[METAL] + m[METAL] * m[R + s]
        out[s] += env.sun_lux[s] * lit * (m[R + s] * (1.0 - m[METAL]) * diffuse / pi + gloss * metal)


@inline
def _add_ambient(env, m, px, py, pz, vx, vy, vz, openness, light, out):
    """Add the light of sky and surroundings; light: (3,) to work in."""
    ambient(env, px, py, pz, m[NX], m[NY], m[NZ], light)
    for s in range(3):
        # Light bounces about in a bright crease: less dark, and more coloured (Jimenez et al. 2016).
        a = m[R + s]
        o = openness
        open_here = max(o, ((2.0404 * a - 0.3324) * o + (0.6417 - 4.7951 * a)) * o * o + (2.7552 * a + 0.6903) * o)
        out[s] += a * (1.0 - m[METAL]) * light[s] * min(open_here, 1.0) / pi
    if m[MIRROR] < 0.5 and m[F0] > 0.02:
        # A rough reflection of the sky, as far as the surroundings let it in.
        nv = m[NX] * vx + m[NY] * vy + m[NZ] * vz
        rx, ry, rz = 2.0 * nv * m[NX] - vx, 2.0 * nv * m[NY] - vy, 2.0 * nv * m[NZ] - vz
        c = 1.0 - saturate(nv)
        share = m[F0] + (max(1.0 - m[ROUGHNESS], m[F0]) - m[F0]) * c * c * c * c * c
        share *= saturate(2.0 * rz + 0.5) * (1.0 - m[MIRROR]) * openness
        if m[TRANSLUCENT] > 0.0:
            share *= 0.25  # a leaf is small and curled; its neighbours hide most of the sky
        share *= min(light[1] / max(float(env.open_sky[4, 1]), 1e-6), 1.0)
        r, g, b = sky_radiance(env.sky_soft, rx, ry, max(rz, 0.02))
        metal = m[METAL]
        out[0] += r * share * (1.0 - metal + metal * m[R])
        out[1] += g * share * (1.0 - metal + metal * m[G])
        out[2] += b * share * (1.0 - metal + metal * m[B])


@inline
def add_sky(env, dx, dy, dz, with_disc, share, out, pixel):
    """Add what a ray that hits nothing sees to out[pixel]; share: (3,)."""
    r, g, b = sky_radiance(env.sky, dx, dy, dz)
    if dz < 0.0:
        f = saturate(-20.0 * dz)
        r, g, b = r + (env.below[0] - r) * f, g + (env.below[1] - g) * f, b + (env.below[2] - b) * f
    if with_disc and dx * env.sun[0] + dy * env.sun[1] + dz * env.sun[2] > SUN_COSINE:
        disc = 0.05 / SUN_SOLID_ANGLE  # a twentieth: every camera clips far below it
        r, g, b = r + disc * env.sun_lux[0], g + disc * env.sun_lux[1], b + disc * env.sun_lux[2]
    # Ground haze hides the sky's foot: a layer of about 90 m.
    tr, tg, tb = transmittance(env, 90.0 / max(dz + 0.05, 0.05))
    ar, ag, ab = air_light(env, dx, dy, dz)
    s = min(env.fog_share / MOST_FOG, 1.0)
    out[pixel, 0] += share[0] * (r + (ar - r) * (1.0 - tr) * s)
    out[pixel, 1] += share[1] * (g + (ag - g) * (1.0 - tg) * s)
    out[pixel, 2] += share[2] * (b + (ab - b) * (1.0 - tb) * s)


@inline
def what_is_met(hits, i, first, trace, ox, oy, oz, dx, dy, dz, time, sees):
    """(t, instance, triangle, u, v) of a ray of pixel i: known for its first, else cast."""
    if first:
        return hits.t[i], hits.instance[i], hits.triangle[i], hits.uv[i, 0], hits.uv[i, 1]
    return closest_one(
        trace, np.float32(ox), np.float32(oy), np.float32(oz), np.float32(dx), np.float32(dy), np.float32(dz),
        np.float32(time), np.float32(1e30), sees,
    )  # fmt: skip


@inline
def _push(stack, depth, ox, oy, oz, dx, dy, dz, travelled, visibility, m, dim, tint, share):
    """Put a ray on the stack that counts share * dim, coloured by the metal's albedo where tint > 0. Returns the new depth."""
    row = stack[depth]
    row[0], row[1], row[2], row[3], row[4], row[5] = ox, oy, oz, dx, dy, dz
    row[6], row[7] = travelled, visibility
    for s in range(3):
        row[8 + s] = share[s] * dim * (1.0 - tint + tint * m[R + s])
    return depth + 1


@kernel
def radiance(scene, env, rays, hits, openness, shadow, cells, footprint, jitter, visibility, begin, end, out):
    """Radiance (N, 3), cd/m2, along rays [begin, end) whose first hits are known.

    openness: (N,) share of the near surroundings that is open at the hit (kernels/contact.py). shadow: (N,) uint8, whether
    something hides the sun from the hit (any_hit of sun_rays): 0, 1 or UNKNOWN. cells: kernels.lamps.list_lamps. footprint: rad
    between rays. jitter: -1 to 1, part of the sun's disc that casts the shadow. visibility: bits of what the camera sees.
    """
    trace = tracer(scene)
    m, share, light, local = np.zeros(LOOK_COLUMNS), np.empty(3), np.empty(3), np.empty(3)
    stack = np.empty((STACK, 11))
    dark = env.sun_lux[1] <= 0.0
    for i in range(begin, end):
        out[i, 0] = out[i, 1] = out[i, 2] = 0.0
        time = float(rays.time[i])
        depth, count = 1, 0
        for c in range(3):
            stack[0, c], stack[0, 3 + c], stack[0, 8 + c] = rays.origin[i, c], rays.direction[i, c], 1.0
        stack[0, 6], stack[0, 7] = 0.0, visibility
        while depth > 0 and count < MOST_RAYS:
            depth -= 1
            ox, oy, oz = stack[depth, 0], stack[depth, 1], stack[depth, 2]
            dx, dy, dz = stack[depth, 3], stack[depth, 4], stack[depth, 5]
            travelled, sees = stack[depth, 6], int(stack[depth, 7])
            share[0], share[1], share[2] = stack[depth, 8], stack[depth, 9], stack[depth, 10]
            first = count == 0
            count += 1
            t, k, triangle, u, v = what_is_met(hits, i, first, trace, ox, oy, oz, dx, dy, dz, time, sees)
            if k < 0:
                add_sky(env, dx, dy, dz, first, share, out, i)
                continue
            h = float(t)
            px, py, pz = ox + dx * h, oy + dy * h, oz + dz * h
            distance = travelled + h
            look_at(scene, env, k, triangle, float(u), float(v), time, distance, footprint, dx, dy, dz, m)
            near_open = m[OPENNESS] * (float(openness[i]) if first else 1.0)
            local[0], local[1], local[2] = 0.0, 0.0, 0.0
            if not dark:
                nl = m[NX] * env.sun[0] + m[NY] * env.sun[1] + m[NZ] * env.sun[2]
                if nl > 0.0 or m[TRANSLUCENT] > 0.0:
                    lit = 1.0 - float(shadow[i])
                    if not first or shadow[i] == UNKNOWN:
                        lit = sunlit(trace, env, m, px, py, pz, time, distance, jitter)
                    if lit > 0.0:
                        add_sun(env, m, -dx, -dy, -dz, lit, near_open, local)
            _add_ambient(env, m, px, py, pz, -dx, -dy, -dz, near_open, light, local)
            if env.night > 0.0 or scene.light.shape[0] > 0:  # by day only lamps of tunnels are handed over
                shadow_lux = SHADOW_LUX if first else NO_SHADOWS
                lamp_light(scene.light, cells, trace, m, px, py, pz, -dx, -dy, -dz, time, shadow_lux, INDIRECT, local)
            # What the surface mirrors, and what it lets through.
            nv = -(m[NX] * dx + m[NY] * dy + m[NZ] * dz)
            # Schlick's form is 15 % off for water at the angles at which roads are seen.
            cosine = saturate(nv)
            reflected = m[MIRROR] * (fresnel(WATER, cosine) if abs(m[F0] - WATER_F0) < 1e-3 else schlick(m[F0], cosine))
            through = (1.0 - reflected) * m[THROUGH]
            tr, tg, tb = transmittance(env, h)
            ar, ag, ab = air_light(env, dx, dy, dz)
            if env.night <= 0.0 and scene.light.shape[0] > 0 and first:  # no sun in the air of a tunnel
                veil = 0.5 * (under_sky(env, ox, oy, oz, light) + under_sky(env, px, py, pz, light))
                ar, ag, ab = ar * veil, ag * veil, ab * veil
            opaque = 1.0 - reflected * (1.0 - m[METAL]) - through
            out[i, 0] += share[0] * (tr * (m[ER] + opaque * local[0]) + (1.0 - tr) * ar)
            out[i, 1] += share[1] * (tg * (m[EG] + opaque * local[1]) + (1.0 - tg) * ag)
            out[i, 2] += share[2] * (tb * (m[EB] + opaque * local[2]) + (1.0 - tb) * ab)
            share[0], share[1], share[2] = share[0] * tr, share[1] * tg, share[2] * tb
            if reflected > 0.0:
                rx, ry, rz = dx + 2.0 * nv * m[NX], dy + 2.0 * nv * m[NY], dz + 2.0 * nv * m[NZ]
                # A mirrored ray leaves on the outer side of the triangle.
                inward = 0.02 - (rx * m[FX] + ry * m[FY] + rz * m[FZ])
                if inward > 0.0:
                    rx, ry, rz = rx + inward * m[FX], ry + inward * m[FY], rz + inward * m[FZ]
                f = 1.0 / sqrt(rx * rx + ry * ry + rz * rz)
                rx, ry, rz = rx * f, ry * f, rz * f
                off = 0.01 + 3e-4 * distance
                if reflected * share[1] > LEAST and first and depth < STACK:
                    depth = _push(
                        stack, depth, px + off * m[FX], py + off * m[FY], pz + off * m[FZ], rx, ry, rz, distance, INDIRECT, m,
                        reflected, m[METAL], share,
                    )  # fmt: skip
                else:
                    r, g, b = sky_radiance(env.sky_soft, rx, ry, rz)
                    f = reflected * (0.25 + 0.75 * saturate(4.0 * rz)) * near_open
                    out[i, 0] += share[0] * r * f
                    out[i, 1] += share[1] * g * f
                    out[i, 2] += share[2] * b * f
            if through > 0.01 and depth < STACK:
                off = 0.003 + 1e-4 * distance
                depth = _push(
                    stack, depth, px + off * dx, py + off * dy, pz + off * dz, dx, dy, dz, distance, sees, m, through, 0.0,
                    share,
                )  # fmt: skip
