"""What a laser pulse meets: its rays, the power that each surface on their way returns, and the points that are measured.

Power is reflectance over squared metres: P = rho cos(incidence) exp(-2 alpha R) / R^2 for a surface that fills the beam, which
is the lidar equation with the sensor's constant divided out (Wagner et al. 2006). Ground is rough, and its facets that face the
sensor shine at grazing angles too: P goes with A cos + B sin^2 instead (Oren and Nayar 1994, seen from where the light is).
"""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.bsdf import WATER, fresnel
from scenesim.kernels.chance import TAU, uniform
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.packed import INSTANCE, MATERIAL
from scenesim.kernels.pose import rotate, rotate_back
from scenesim.kernels.shaders import (
    ASPHALT,
    AX,
    AY,
    CONCRETE,
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
    GLASS,
    GRASS,
    LAMP,
    LEAF,
    LOOK_COLUMNS,
    MARK,
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
    PAINT,
    PAVING,
    PLAIN,
    ROUGHNESS,
    SEED,
    SHADER,
    SIGN,
    SNOW,
    SOIL,
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
    lie_snow,
)
from scenesim.kernels.surface import object_point, shading_normal, texture_point, texture_shares
from scenesim.kernels.texture import mix, noise, saturate, smooth

_THROUGH, _RETRO, _SHADER = MATERIAL["transmission"], MATERIAL["retroreflection"], MATERIAL["shader"]
_ALBEDO, _TINTED, _COLORED, _SCALE = (MATERIAL[name] for name in ("albedo_r", "tinted", "vertex_color", "scale_m"))
_PARAM = MATERIAL["param0"]
_TINT, _SEED = INSTANCE["tint_r"], INSTANCE["seed"]
SNOW_SEEN = 0.84  # green of fresh snow in shaders.lie_snow
BEYOND_M = 0.003  # a beam goes on this far behind a pane
# Oren and Nayar's A and B where slopes of facets have a standard deviation of 30 degrees, which is usual for plaster and sand.
ROUGH_A, ROUGH_B = 0.773, 0.339


class Laser(NamedTuple):
    """column: of the material table, the reflectance at the wavelength. extinction: of the air, 1/m. focus: m,
    see sensors.lidar. wet: of the road, 0 to 1.
    soaked: reflectance under water over that when dry. snow: cover, 0 to 1. white: reflectance of snow. footprint: m across the
    beam for each metre on its way. noise: kernels.texture.noise_table, for textures and puddles."""

    column: int
    extinction: float
    focus: float
    wet: float
    soaked: float
    snow: float
    white: float
    footprint: float
    noise: NDArray[np.float32]


@kernel
def pulse_rays(
    key, place, offsets, across, up, direction, origin, knots, first, step, time, begin, end, rotation, translation, rays
):
    """Rays (N * S,) of pulses [begin, end), those of a pulse side by side, and local_from_lidar of each pulse as rotation
    (N, 4) wxyz and translation (N, 3).

    place: (N,) where among those of all pulses a pulse's rays are. offsets: (S, 2) about the axis in standard deviations of
    the beam, which are `across` and `up` rad; each pulse turns them at random. direction, origin: (N, 3) in the
    lidar frame. time: (N,) s. knots: (K, 7) local_from_lidar at times from `first` on, `step` apart; between them as
    base.frames.interpolate.
    """
    count = len(offsets)
    for i in range(begin, end):
        at = min(max((time[i] - first) / step, 0.0), len(knots) - 1.0)
        k = min(int(at), len(knots) - 2)
        u, q = at - k, rotation[i]
        dot = 0.0
        for c in range(4):
            dot += knots[k, c] * knots[k + 1, c]
        f, n = (-u if dot < 0.0 else u), 0.0
        for c in range(4):
            q[c] = (1.0 - u) * knots[k, c] + f * knots[k + 1, c]
            n += q[c] * q[c]
        for c in range(4):
            q[c] /= sqrt(n)
        for c in range(3):
            translation[i, c] = (1.0 - u) * knots[k, 4 + c] + u * knots[k + 1, 4 + c]
        ox, oy, oz = rotate(q[0], q[1], q[2], q[3], origin[i, 0], origin[i, 1], origin[i, 2])
        ox, oy, oz = translation[i, 0] + ox, translation[i, 1] + oy, translation[i, 2] + oz
        x, y, z = direction[i, 0], direction[i, 1], direction[i, 2]
        sine, cosine, level = 0.0, 1.0, 1.0
        if count > 1:
            turn, level = TAU * uniform(key, i, 1, 0), sqrt(max(x * x + y * y, 1e-12))
            sine, cosine = sin(turn), cos(turn)
        for s in range(count):
            # Across is towards (-y, x, 0), up towards (-x z, -y z, level^2), both over level.
            a = across * (offsets[s, 0] * cosine - offsets[s, 1] * sine) / level
            b = up * (offsets[s, 0] * sine + offsets[s, 1] * cosine) / level
            vx, vy, vz = x - a * y - b * x * z, y + a * x - b * y * z, z + b * level * level
            if count > 1:
                n = 1.0 / sqrt(vx * vx + vy * vy + vz * vz)
                vx, vy, vz = vx * n, vy * n, vz * n
            dx, dy, dz = rotate(q[0], q[1], q[2], q[3], vx, vy, vz)
            j = place[i] * count + s
            rays.direction[j, 0], rays.direction[j, 1], rays.direction[j, 2] = dx, dy, dz
            rays.origin[j, 0], rays.origin[j, 1], rays.origin[j, 2] = ox, oy, oz
            rays.time[j] = time[i]


@inline
def puddle_share(scene, laser, triangle, u, v, shader):
    """How much of a road there, 0 to 1, lies under a puddle: where cameras see it (shaders._wet)."""
    x, y, _ = object_point(scene.geometry, triangle, u, v)
    _, wave, _, _ = noise(laser.noise, x / 14.0, y / 14.0, 0.03)
    return smooth(0.7, 1.4, wave) * laser.wet * (1.0 if shader == ASPHALT or shader == SOIL else 0.6)


@helper
def _under_water(scene, laser, triangle, u, v, shader, up, cosine):
    """What water makes of a surface's reflectance: a factor. up: z of the normal.

    Where cameras see it (shaders._wet): ground is darker, and under a closed film, which puddles have and a soaked road, light
    passes the surface of the water twice and what that mirrors away is lost (Fresnel).
    """
    if shader == ASPHALT or shader == CONCRETE or shader == PAVING or shader == MARK or shader == SOIL:
        up = saturate(1.4 * up - 0.3)
        puddle = puddle_share(scene, laser, triangle, u, v, shader)
        film = up * (puddle + (1.0 - puddle) * laser.wet * laser.wet)
        in_out = 1.0 - fresnel(WATER, cosine)
        return mix(1.0, laser.soaked, laser.wet * up) * mix(1.0, in_out * in_out, film)
    if shader == PAINT or shader == GLASS or shader == LEAF:
        return 1.0
    return mix(1.0, 0.75, laser.wet)


@helper
def _dry(scene, laser, k, triangle, u, v, row, shader, distance, cosine, dx, dy, dz, m):
    """Reflectance of a dry surface there: that of its material, as its paint and its texture have it. m: a look
    (kernels.shaders) whose normal is set.

    Textures are those that cameras see, of a grey as bright as the material is to the laser, over the beam's footprint.
    Pigments keep less of the infrared than of light: reflectance goes with the root of the brightest channel, which fits the
    paints that are named in assets/materials/vehicles.yaml; dyed cloth differs less (by eye).
    """
    g, material = scene.geometry, scene.material
    rho = float(material[row, laser.column])
    if material[row, _TINTED] > 0.0:
        brightest, usual = 0.0, 1e-3
        for c in range(3):
            brightest = max(brightest, float(scene.params[k, _TINT + c]))
            usual = max(usual, float(material[row, _ALBEDO + c]))
        rho = min(rho * sqrt(brightest / usual), 0.95)
    if shader == PLAIN:
        if material[row, _COLORED] > 0.0:
            a = g.triangles[triangle, 0]
            brightest = max(g.color[a, 0], g.color[a, 1], g.color[a, 2])
            rho = min(rho * (0.8 + 0.4 * sqrt(max(float(brightest), 0.0))), 0.95)
        return rho
    if shader == GLASS or shader == LAMP or shader == SIGN:
        return rho
    m[R] = m[G] = m[B] = rho
    m[ER] = m[EG] = m[EB] = m[NIGHT] = m[WET] = m[SNOW] = m[THROUGH] = m[METAL] = m[TRANSLUCENT] = 0.0
    m[ROUGHNESS], m[F0], m[MIRROR], m[OPENNESS] = 0.8, 0.04, 0.0, 1.0
    m[SHADER], m[SEED] = shader, scene.params[k, _SEED]
    m[X], m[Y], m[Z] = object_point(g, triangle, u, v)
    m[U], m[V] = texture_point(g, triangle, u, v)
    m[DX], m[DY], m[DZ] = dx, dy, dz
    m[NEAR] = max(distance * laser.footprint, 1e-3)
    m[FAR] = m[NEAR] / max(cosine, 0.02)
    if shader == ASPHALT:
        m[AX], m[AY] = texture_shares(g, triangle, dx, dy)
    m[P0], m[P1] = material[row, _PARAM], material[row, _PARAM + 1]
    apply_shader(m, laser.noise, scene.params, np.int64(k), np.int64(triangle), material[row, _SCALE])
    return m[G]


@helper
def _snowed(laser, scene, k, triangle, u, v, shader, distance, cosine, m):
    """Share of a surface, 0 to 1, that lies under snow: where cameras see it (shaders.lie_snow). m: its look, normal set."""
    if shader == LAMP or shader == SIGN or (m[UPWARD] <= 0.1 and shader != LEAF):
        return 0.0
    m[R] = m[G] = m[B] = 0.0
    m[SHADER], m[SNOW], m[SEED] = shader, laser.snow, scene.params[k, _SEED]
    m[X], m[Y], m[Z] = object_point(scene.geometry, triangle, u, v)
    m[U], m[V] = texture_point(scene.geometry, triangle, u, v)
    m[NEAR] = max(distance * laser.footprint, 1e-3)
    m[FAR] = m[NEAR] / max(cosine, 0.02)
    lie_snow(m, laser.noise)
    return saturate(m[G] / SNOW_SEEN)


@inline
def _keep(value, j, r, rho, through, cosine, focus):
    """Write a return; its power grows no more nearer than the focus."""
    near = max(r, focus)
    value[j, 0], value[j, 1], value[j, 2] = r, rho * through / (near * near), rho * through
    value[j, 3], value[j, 4] = cosine, through


@kernel
def returns(
    scene,
    rays,
    hits,
    ray,
    laser,
    track,
    share,
    sub_rays,
    begin,
    end,
    travelled,
    passed,
    value,
    dry,
    class_id,
    instance,
    surface,
):
    """What rays [begin, end) of M bring back from what they hit.

    ray: (M,) which of all rays they are. track: label value of each actor row. share: of a pulse's energy, that a ray has.
    sub_rays: rays of a pulse, side by side: those that hit one surface are sent back alike, as its texture is that of the
    whole footprint.
    travelled: m from the sensor to the ray's origin, of all rays. passed: share of the light that panes on the way have let
    through, there and back. Both are moved on behind what was hit; passed is 0 where nothing goes on. value: (M, 5) range m,
    power, intensity (power without 1/R^2), cosine of the incidence, and share of the light that air and panes let through;
    range and power 0 for nothing. dry: as value, through clear air on a dry day, or empty: not
    wanted. surface: (M, 3) normal, local frame, towards the sensor. class_id, instance: (M,).
    """
    g, m = scene.geometry, np.zeros(LOOK_COLUMNS)
    pulse, seen, whose = -1, -1, -1
    dry_rho, rho, bare = 0.0, 0.0, 1.0
    for j in range(begin, end):
        i, k = ray[j], hits.instance[j]
        if k < 0:
            passed[i], value[j, 0], value[j, 1] = 0.0, 0.0, 0.0
            if len(dry) > 0:
                dry[j, 0], dry[j, 1] = 0.0, 0.0
            continue
        triangle = hits.triangle[j]
        s = g.surface[triangle]
        row = scene.surface_material[s]
        x, y, z = shading_normal(scene, k, triangle, hits.uv[j, 0], hits.uv[j, 1], rays.time[j])
        d = x * rays.direction[j, 0] + y * rays.direction[j, 1] + z * rays.direction[j, 2]
        if d > 0.0:
            x, y, z, d = -x, -y, -z, -d
        cosine = min(-d, 1.0)
        r = travelled[i] + np.float64(hits.t[j])
        shader = int(scene.material[row, _SHADER])
        if i // sub_rays != pulse or s != seen or k != whose:
            pulse, seen, whose = i // sub_rays, s, k
            u, v = float(hits.uv[j, 0]), float(hits.uv[j, 1])
            m[FX] = m[NX] = x
            m[FY] = m[NY] = y
            m[FZ] = m[NZ] = m[UPWARD] = z
            dx, dy, dz = float(rays.direction[j, 0]), float(rays.direction[j, 1]), float(rays.direction[j, 2])
            dry_rho = _dry(scene, laser, k, triangle, u, v, row, shader, r, cosine, dx, dy, dz, m)
            rho, bare = dry_rho, 1.0
            if laser.wet > 0.0:
                rho *= _under_water(scene, laser, triangle, u, v, shader, z, cosine)
            if laser.snow > 0.0:
                m[NX], m[NY], m[NZ] = x, y, z
                bare = 1.0 - _snowed(laser, scene, k, triangle, u, v, shader, r, cosine, m)
                rho = laser.white + (rho - laser.white) * bare
        lit = cosine
        if shader == ASPHALT or shader == CONCRETE or shader == PAVING or shader == SOIL or shader == GRASS:
            lit = ROUGH_A * cosine + ROUGH_B * (1.0 - cosine * cosine)
        # Retroreflecting sheet of R_A cd/lx/m2 is as bright as a Lambertian surface of reflectance pi R_A facing the sensor.
        bright = pi * scene.material[row, _RETRO]
        if len(dry) > 0:
            _keep(dry, j, r, share * (dry_rho * lit + bright), passed[i], cosine, laser.focus)
        back = share * (rho * lit + bright * bare)
        _keep(value, j, r, back, passed[i] * exp(-2.0 * laser.extinction * r), cosine, laser.focus)
        surface[j, 0], surface[j, 1], surface[j, 2] = x, y, z
        c = scene.surface_class[s]
        class_id[j] = c if c >= 0 else scene.class_id[k]
        a = scene.actor[k]
        instance[j] = track[a] if a >= 0 else 0
        through = bare * scene.material[row, _THROUGH]
        passed[i] *= through * through
        travelled[i] = r + BEYOND_M


@kernel
def go_on(rays, ray, travelled, begin, end, out):
    """Rays (M,) [begin, end) that go on from where rays `ray` (M,) of all have travelled to."""
    for j in range(begin, end):
        i = ray[j]
        for c in range(3):
            out.origin[j, c] = rays.origin[i, c] + travelled[i] * rays.direction[i, c]
            out.direction[j, c] = rays.direction[i, c]
        out.time[j] = rays.time[i]


@kernel
def points(
    direction,
    aim,
    origin,
    rotation,
    translation,
    ego_rotation,
    ego_translation,
    pulse,
    range_m,
    row,
    surface,
    begin,
    end,
    raw,
    ego,
    normals,
    towards,
):
    """Points (M,) [begin, end) of pulses (M,) at ranges (M,): raw (M, 3) in the lidar frame of the pulse's time, ego (M, 3) in
    the ego frame of the reference time, whose ego_from_local is given, and normals (M, 3) in the lidar frame of returns `row`
    (M,), nan where that is -1. direction: (N, 3) where the sensor takes pulses to go, aim: where they go, which is `towards`
    (M, 3) in the local frame. The rest as above."""
    w, a, b, c = ego_rotation
    for j in range(begin, end):
        i = pulse[j]
        q, r = rotation[i], range_m[j]
        x, y, z = origin[i, 0] + r * direction[i, 0], origin[i, 1] + r * direction[i, 1], origin[i, 2] + r * direction[i, 2]
        raw[j, 0], raw[j, 1], raw[j, 2] = x, y, z
        x, y, z = rotate(q[0], q[1], q[2], q[3], x, y, z)
        x, y, z = rotate(w, a, b, c, x + translation[i, 0], y + translation[i, 1], z + translation[i, 2])
        ego[j, 0], ego[j, 1], ego[j, 2] = x + ego_translation[0], y + ego_translation[1], z + ego_translation[2]
        towards[j, 0], towards[j, 1], towards[j, 2] = rotate(q[0], q[1], q[2], q[3], aim[i, 0], aim[i, 1], aim[i, 2])
        k = row[j]
        if k < 0:
            normals[j, 0], normals[j, 1], normals[j, 2] = np.nan, np.nan, np.nan
            continue
        x, y, z = rotate_back(q[0], q[1], q[2], q[3], surface[k, 0], surface[k, 1], surface[k, 2])
        normals[j, 0], normals[j, 1], normals[j, 2] = x, y, z
