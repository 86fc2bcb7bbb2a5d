"""From radiance to pixels: veiling glare, vignette, noise and tone curve, pixel by pixel."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from scenesim.kernels.chance import bits
from scenesim.kernels.jit import kernel

BRIGHTEST = 256.0  # exposure at the end of the tone curve's table
NOISE_BITS = 12  # of the numbers that choose from a table of normal ones
_NUMBER, _NEXT = np.uint64((1 << NOISE_BITS) - 1), np.uint64(21)


@kernel
def tone_curve(contrast, shoulder, out):
    """Write the tone curve (n,): display code 0 to 255 over the fourth root of exposure in [0, BRIGHTEST], which square roots
    find faster than logarithms.

    a / (b x^d + c) after Lottes 2016, pinned at 0.18 -> 0.18 and 10 -> 1, then the sRGB encoding (IEC 61966-2-1).
    """
    grey, white = 0.18, 10.0
    s, n = contrast, len(out)
    ga, wa, gd, wd = grey**s, white**s, grey ** (s * shoulder), white ** (s * shoulder)
    b = (-ga + wa * grey) / ((wd - gd) * grey)
    c = (wd * ga - wa * gd * grey) / ((wd - gd) * grey)
    for i in range(n):
        x = BRIGHTEST * (i / (n - 1)) ** 4
        y = min(max(x**s / (x ** (s * shoulder) * b + c), 0.0), 1.0)
        y = 12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055
        out[i] = 255.0 * y


@kernel
def meter(image, step, sky_rows, sky_weight):
    """(exp of the mean, standard deviation) of log luminance of an image (H, W, 3); rows above sky_rows count sky_weight."""
    total, square, weight = 0.0, 0.0, 0.0
    for y in range(0, image.shape[0], step):
        w = sky_weight if y < sky_rows else 1.0
        for x in range(0, image.shape[1], step):
            l = 0.2126 * image[y, x, 0] + 0.7152 * image[y, x, 1] + 0.0722 * image[y, x, 2]
            bright = log(max(l, 1e-4))
            total += w * bright
            square += w * bright * bright
            weight += w
    mean = total / weight
    return exp(mean), sqrt(max(square / weight - mean * mean, 0.0))


@kernel
def develop(image, glare, exposure, white, curve, saturation, vignette, noise, noise_floor, noise_shot, key, begin, end, out):
    """Rows [begin, end) of an image (H, W, 3) cd/m2 -> out (H, W, 3) float32 display codes.

    glare: (h, w, 3) cd/m2, added smoothly. white: (3,) gains. curve: from `tone_curve`. noise: (2^NOISE_BITS,) equally likely
    normal numbers; the standard deviation at exposure q is sqrt(floor^2 + shot^2 q). key: chance of this frame.
    """
    height, width, _ = image.shape
    gh, gw, _ = glare.shape
    color = np.empty(3)
    steps = (len(curve) - 1) / sqrt(sqrt(BRIGHTEST))
    for y in range(begin, end):
        fy = min(max((y + 0.5) * gh / height - 0.5, 0.0), gh - 1.001)
        j = int(fy)
        b = fy - j
        for x in range(width):
            fx = min(max((x + 0.5) * gw / width - 0.5, 0.0), gw - 1.001)
            i = int(fx)
            a = fx - i
            rx, ry = (x + 0.5 - 0.5 * width) / width, (y + 0.5 - 0.5 * height) / width
            e = exposure * (1.0 - vignette * (rx * rx + ry * ry))
            for c in range(3):
                top = glare[j, i, c] * (1.0 - a) + glare[j, i + 1, c] * a
                low = glare[j + 1, i, c] * (1.0 - a) + glare[j + 1, i + 1, c] * a
                color[c] = (image[y, x, c] + top * (1.0 - b) + low * b) * e * white[c]
            if noise_floor > 0.0 or noise_shot > 0.0:
                chance = bits(key, y * width + x, 0, 0)
                for c in range(3):
                    sigma = sqrt(noise_floor * noise_floor + noise_shot * noise_shot * color[c])
                    color[c] += sigma * noise[chance & _NUMBER]
                    chance >>= _NEXT
            l = 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]
            s = saturation * (1.0 - 0.35 * min(max((l - 0.8) / 4.0, 0.0), 1.0))
            for c in range(3):
                q = max(l + (color[c] - l) * s, 2.5e-4)
                p = min(sqrt(sqrt(q)) * steps, len(curve) - 1.001)
                k = int(p)
                out[y, x, c] = curve[k] + (curve[k + 1] - curve[k]) * (p - k)
