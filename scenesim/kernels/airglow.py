"""Light of lamps that the air between scatters into a picture: the beams and haloes of fog, rain and snow at night.

Single scattering (Sun et al. 2005). Along a ray that passes a lamp at the distance D, with the angle a from its foot seen from
the lamp, dx / d^2 = da / D: the integral is over the angle, where the integrand is smooth however near the lamp is.
"""

from __future__ import annotations

from math import atan, cos, exp, pi, sin, sqrt

import numpy as np

from scenesim.kernels.jit import inline, kernel
from scenesim.kernels.lamps import CD_R, beam_share
from scenesim.kernels.packed import LIGHT

SAMPLES = 6
EGO, BONNET_M = 0, 5.0  # of the own lamps, light counts from here on: the own car, which no camera sees, hides it nearer by
_OWNER = LIGHT["instance"]
FURTHEST_M = 160.0
LEAST = 4e-4  # cd/m2 of a lamp that is left out: a thousandth of a street by night
# Lobes of the phase function: Henyey and Greenstein 1941 with g = 0.8 and -0.6, and light that has scattered more than once.
# Straight back they come to 0.055 per sr, as Mie theory has it for fog (a lidar ratio of 18.8 sr; O'Connor et al. 2004).
SHARP, BACK, EVEN = 0.71, 0.04, 0.25


@inline
def _phase(cosine):
    f = 1.64 - 1.6 * cosine
    b = 1.36 + 1.2 * cosine
    return (SHARP * 0.36 / (f * sqrt(f)) + BACK * 0.64 / (b * sqrt(b)) + EVEN) / (4.0 * pi)


@inline
def _reaches(light, k, extinction, ox, oy, oz, dx, dy, dz, end):
    """(along, across) m of lamp k to a ray of a length, along < -1e8 where it adds too little."""
    x, y, z = light[k, 0] - ox, light[k, 1] - oy, light[k, 2] - oz
    along = x * dx + y * dy + z * dz
    across = sqrt(max(x * x + y * y + z * z - along * along, 0.0225))
    beyond = max(along - end, -along, 0.0)
    nearest = sqrt(across * across + beyond * beyond)
    most = extinction * light[k, CD_R + 1] / across * exp(-extinction * nearest) * 0.5
    if nearest > FURTHEST_M or most < LEAST or most * min(1.0, end / nearest) < LEAST:
        return -1e9, across
    return along, across


@kernel
def glow(light, extinction, rays, t, width, block, begin, end, out):
    """Write rows [begin, end) of (rows, columns, 3) cd/m2: light of lamps (L, 12) scattered into the ray of the middle pixel of
    each block of pixels. extinction: 1/m. t: (N,) m, of what the rays hit."""
    height = len(t) // width
    for row in range(begin, end):
        for column in range(out.shape[1]):
            i = min(row * block + block // 2, height - 1) * width + min(column * block + block // 2, width - 1)
            ox, oy, oz = float(rays.origin[i, 0]), float(rays.origin[i, 1]), float(rays.origin[i, 2])
            dx, dy, dz = float(rays.direction[i, 0]), float(rays.direction[i, 1]), float(rays.direction[i, 2])
            length = min(float(t[i]), 2.0 * FURTHEST_M)
            r, g, b = 0.0, 0.0, 0.0
            for k in range(light.shape[0]):
                along, across = _reaches(light, k, extinction, ox, oy, oz, dx, dy, dz, length)
                if along < -1e8:
                    continue
                start = BONNET_M if light[k, _OWNER] == EGO else 0.0
                if start >= length:
                    continue
                first, last = atan((start - along) / across), atan((length - along) / across)
                total = 0.0
                for s in range(SAMPLES):
                    # Close together at the near end, where light goes straight on and the phase function is steep.
                    part = (s + 0.5) / SAMPLES
                    a = first + part * part * (last - first)
                    far = across / cos(a)
                    at = along + far * sin(a)
                    x, y, z = ox + at * dx - light[k, 0], oy + at * dy - light[k, 1], oz + at * dz - light[k, 2]
                    f = 1.0 / sqrt(x * x + y * y + z * z + 1e-6)
                    x, y, z = x * f, y * f, z * f
                    share = beam_share(light, k, x, y, z)
                    total += part * share * _phase(-(x * dx + y * dy + z * dz)) * exp(-extinction * (far + at))
                total *= 2.0 / SAMPLES * extinction * (last - first) / across
                r, g, b = r + total * light[k, CD_R], g + total * light[k, CD_R + 1], b + total * light[k, CD_R + 2]
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = r, g, b


@kernel
def transmitted(t, extinction, left, begin, end, out):
    """Write (N,) uint8: share of the light of surfaces at t (N,) m, inf for nothing, that air of an extinction, 1/m, and near
    particles let through, which leave `left` (N,); 255 is all of it."""
    for i in range(begin, end):
        out[i] = np.uint8(255.0 * exp(-extinction * float(t[i])) * left[i] + 0.5)


@kernel
def add_glow(coarse, t, width, block, begin, end, image):
    """Add the glow (rows, columns, 3) of blocks to rows [begin, end) of an image (H, W, 3): bilinear, but of blocks whose depth
    is like the pixel's; t: (N,) m."""
    height = image.shape[0]
    rows, columns, _ = coarse.shape
    for y in range(begin, end):
        v = min(max((y - block // 2) / block, 0.0), rows - 1.0)
        j = min(int(v), max(rows - 2, 0))
        for x in range(width):
            u = min(max((x - block // 2) / block, 0.0), columns - 1.0)
            i = min(int(u), max(columns - 2, 0))
            near = 1.0 / (float(t[y * width + x]) + 1.0)
            r, g, b, total = 0.0, 0.0, 0.0, 0.0
            for corner in range(4):
                ii, jj = min(i + (corner & 1), columns - 1), min(j + (corner >> 1), rows - 1)
                a, c = u - i, v - j
                w = (a if corner & 1 else 1.0 - a) * (c if corner >> 1 else 1.0 - c) + 1e-3
                middle = min(jj * block + block // 2, height - 1) * width + min(ii * block + block // 2, width - 1)
                there = 1.0 / (float(t[middle]) + 1.0)
                w /= 0.02 + abs(near - there) / (near + there + 1e-6)
                r, g, b = r + w * coarse[jj, ii, 0], g + w * coarse[jj, ii, 1], b + w * coarse[jj, ii, 2]
                total += w
            image[y, x, 0] += r / total
            image[y, x, 1] += g / total
            image[y, x, 2] += b / total
