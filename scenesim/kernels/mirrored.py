"""Pulses that mirrors turn aside: glass that is coated, and wet roads. What they meet there comes back the same way, and stands
behind the mirror."""

from __future__ import annotations

from math import sqrt

from scenesim.kernels.backscatter import puddle_share
from scenesim.kernels.bsdf import WATER, fresnel, schlick
from scenesim.kernels.jit import kernel
from scenesim.kernels.packed import MATERIAL
from scenesim.kernels.shaders import ASPHALT, CONCRETE, GLASS, MARK, PAVING
from scenesim.kernels.surface import shading_normal
from scenesim.kernels.texture import saturate

_SHADER, _AT_LASERS = MATERIAL["shader"], MATERIAL["param0"]
FILM = 0.5  # of a closed film on a rough road is as smooth as a puddle; by eye
OFF_M = 0.01  # a mirrored ray begins this far from the mirror


@kernel
def turned(scene, rays, hits, laser, calm, least, sub_rays, begin, end, passed, out):
    """Rays (N,) [begin, end) that go on from the mirrors that they hit, and the share of light `passed` (N,) that comes there
    and back over the mirror: 0 for what is no mirror, or so little that nothing is heard of it.

    Glass mirrors the near infrared where param0 of its material says so: that at normal incidence. laser: its wet and noise say
    where water is, calm how much of what it would mirror is not ruffled, 0 to 1. least: power of kernels.backscatter that is
    not followed. sub_rays: of a pulse, side by side: those on one surface lie in one puddle, or in none."""
    pulse, seen, puddle = -1, -1, 0.0
    for i in range(begin, end):
        passed[i] = 0.0
        k = hits.instance[i]
        if k < 0:
            continue
        triangle = hits.triangle[i]
        row = scene.surface_material[scene.geometry.surface[triangle]]
        shader = int(scene.material[row, _SHADER])
        glass = shader == GLASS and scene.material[row, _AT_LASERS] > 0.0
        road = laser.wet > 0.0 and (shader == ASPHALT or shader == CONCRETE or shader == PAVING or shader == MARK)
        if not glass and not road:
            continue
        u, v = hits.uv[i, 0], hits.uv[i, 1]
        x, y, z = shading_normal(scene, k, triangle, u, v, rays.time[i])
        dx, dy, dz = float(rays.direction[i, 0]), float(rays.direction[i, 1]), float(rays.direction[i, 2])
        d = x * dx + y * dy + z * dz
        if d > 0.0:
            x, y, z, d = -x, -y, -z, -d
        h = float(hits.t[i])
        if glass:
            share = schlick(float(scene.material[row, _AT_LASERS]), -d)
        else:
            share = saturate(1.4 * z - 0.3) * fresnel(WATER, -d) * calm
            if share * share < least * h * h:
                continue
            if i // sub_rays != pulse or scene.geometry.surface[triangle] != seen:
                pulse, seen = i // sub_rays, scene.geometry.surface[triangle]
                puddle = puddle_share(scene, laser, triangle, float(u), float(v), shader)
            share *= puddle + (1.0 - puddle) * FILM * laser.wet**4
        if share * share < least * h * h:
            continue
        passed[i] = share * share
        rx, ry, rz = dx - 2.0 * d * x, dy - 2.0 * d * y, dz - 2.0 * d * z
        n = 1.0 / sqrt(rx * rx + ry * ry + rz * rz)
        out.direction[i, 0], out.direction[i, 1], out.direction[i, 2] = rx * n, ry * n, rz * n
        out.origin[i, 0] = rays.origin[i, 0] + h * dx + OFF_M * x
        out.origin[i, 1] = rays.origin[i, 1] + h * dy + OFF_M * y
        out.origin[i, 2] = rays.origin[i, 2] + h * dz + OFF_M * z
        out.time[i] = rays.time[i]
