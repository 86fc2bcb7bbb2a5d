"""What a laser pulse brings back: the power of each surface on its way, the strongest of them, and the range that is measured.

Power is reflectance over squared metres: P = rho cos(incidence) exp(-2 alpha R) / R^2 for a surface that fills the beam, which
is the lidar equation with the sensor's constant divided out (Wagner et al. 2006).
"""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np

from scenesim.kernels.chance import normal
from scenesim.kernels.jit import kernel
from scenesim.kernels.packed import MATERIAL
from scenesim.kernels.pose import rotate, rotate_back
from scenesim.kernels.surface import shading_normal

_THROUGH, _RETRO = MATERIAL["transmission"], MATERIAL["retroreflection"]
SNR_AT_THRESHOLD = 3.72  # signal over noise where one of 10 000 empty pulses is taken for a return: Q(3.72) = 1e-4
BEYOND_M = 0.003  # a beam goes on this far behind a pane


@kernel
def pulse_rays(direction, origin, knots, first, step, time, begin, end, rotation, translation, rays):
    """Rays (N,) of pulses [begin, end), and local_from_lidar of each as rotation (N, 4) wxyz and translation (N, 3).

    direction, origin: (N, 3) in the lidar frame. time: (N,) s. knots: (K, 7) local_from_lidar at times from `first` on, `step`
    apart; between them as base.frames.interpolate.
    """
    for i in range(begin, end):
        place = min(max((time[i] - first) / step, 0.0), len(knots) - 1.0)
        k = min(int(place), len(knots) - 2)
        u, q = place - k, rotation[i]
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
        dx, dy, dz = rotate(q[0], q[1], q[2], q[3], direction[i, 0], direction[i, 1], direction[i, 2])
        ox, oy, oz = rotate(q[0], q[1], q[2], q[3], origin[i, 0], origin[i, 1], origin[i, 2])
        rays.direction[i, 0], rays.direction[i, 1], rays.direction[i, 2] = dx, dy, dz
        rays.origin[i, 0], rays.origin[i, 1] = translation[i, 0] + ox, translation[i, 1] + oy
        rays.origin[i, 2] = translation[i, 2] + oz
        rays.time[i] = time[i]


@kernel
def strongest(
    scene, rays, hits, pulse, column, extinction, track, begin, end, travelled, passed, echo, class_id, instance, surface
):
    """Keep, for rays [begin, end) of M, what they hit if it is the strongest echo of their pulse so far.

    pulse: (M,) rows of the N pulses. column: of the material table, the reflectance at the laser's wavelength. extinction: 1/m.
    track: label value of each actor row. travelled: (N,) m from the sensor to the ray's origin. passed: (N,) share of the light
    that panes on the way have let through, there and back. Both are moved on behind what was hit; passed is 0 where nothing
    goes on. echo: (N, 4) range m, power, intensity (power without 1/R^2) and cosine of the incidence. surface: (N, 3) normal,
    local frame, towards the sensor. class_id, instance: (N,).
    """
    g = scene.geometry
    for j in range(begin, end):
        i, k = pulse[j], hits.instance[j]
        if k < 0:
            passed[i] = 0.0
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
        # Retroreflecting sheet of R_A cd/lx/m2 is as bright as a Lambertian surface of reflectance pi R_A facing the sensor.
        rho = scene.material[row, column] * cosine + pi * scene.material[row, _RETRO]
        intensity = rho * passed[i] * exp(-2.0 * extinction * r)
        power = intensity / max(r * r, 1e-6)
        if power > echo[i, 1]:
            echo[i, 0], echo[i, 1], echo[i, 2], echo[i, 3] = r, power, intensity, cosine
            surface[i, 0], surface[i, 1], surface[i, 2] = x, y, z
            c = scene.surface_class[s]
            class_id[i] = c if c >= 0 else scene.class_id[k]
            a = scene.actor[k]
            instance[i] = track[a] if a >= 0 else 0
        through = scene.material[row, _THROUGH]
        passed[i] *= through * through
        travelled[i] = r + BEYOND_M


@kernel
def go_on(rays, pulse, travelled, begin, end, out):
    """Rays (M,) of pulses (M,) [begin, end) from where they have travelled to, as rays of `rays` (N,)."""
    for j in range(begin, end):
        i = pulse[j]
        for c in range(3):
            out.origin[j, c] = rays.origin[i, c] + travelled[i] * rays.direction[i, c]
            out.direction[j, c] = rays.direction[i, c]
        out.time[j] = rays.time[i]


@kernel
def measure(key, threshold, noise, noise_at_reach, quantum, nearest, furthest, begin, end, echo, seen):
    """What the receiver makes of echoes (N, 4) [begin, end): seen (N,) uint8, and the measured range in place of the true.

    threshold: least power. The receiver's own noise is threshold / SNR_AT_THRESHOLD. The range's standard deviation is
    sqrt(noise^2 + noise_at_reach^2 threshold / power), as the edge of a pulse is timed (Skolnik: falls with the root of SNR).
    quantum: m, 0 for none. nearest, furthest: m, of what is reported.
    """
    for i in range(begin, end):
        power = echo[i, 1]
        seen[i] = 0
        if power <= 0.0 or power < 0.1 * threshold:
            continue
        if power + threshold / SNR_AT_THRESHOLD * normal(key, i, 0, 0) < threshold:
            continue
        r = echo[i, 0] + sqrt(noise * noise + noise_at_reach * noise_at_reach * threshold / power) * normal(key, i, 0, 2)
        if quantum > 0.0:
            r = np.floor(r / quantum + 0.5) * quantum
        echo[i, 0] = r
        seen[i] = 1 if nearest <= r <= furthest else 0


@kernel
def points(
    direction, origin, rotation, translation, ego_rotation, ego_translation, pulse, echo, surface, begin, end, raw, ego, normals
):
    """Points of pulses (M,) [begin, end): raw (M, 3) in the lidar frame of the pulse's time, ego (M, 3) in the ego frame of the
    reference time, whose ego_from_local is given, and normals (M, 3) in the lidar frame. The rest as above, (N, ...)."""
    w, a, b, c = ego_rotation
    for j in range(begin, end):
        i = pulse[j]
        q, r = rotation[i], echo[i, 0]
        x, y, z = origin[i, 0] + r * direction[i, 0], origin[i, 1] + r * direction[i, 1], origin[i, 2] + r * direction[i, 2]
        raw[j, 0], raw[j, 1], raw[j, 2] = x, y, z
        x, y, z = rotate(q[0], q[1], q[2], q[3], x, y, z)
        x, y, z = rotate(w, a, b, c, x + translation[i, 0], y + translation[i, 1], z + translation[i, 2])
        ego[j, 0], ego[j, 1], ego[j, 2] = x + ego_translation[0], y + ego_translation[1], z + ego_translation[2]
        x, y, z = rotate_back(q[0], q[1], q[2], q[3], surface[i, 0], surface[i, 1], surface[i, 2])
        normals[j, 0], normals[j, 1], normals[j, 2] = x, y, z
