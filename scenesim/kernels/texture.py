"""Patterns averaged over the footprint of a ray, so that they never flicker: edges, stripes, noise tables with mips."""

from __future__ import annotations

from math import floor, log2, sqrt

import numpy as np

from scenesim.kernels.chance import scramble
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.simd import lane, load_f4, pointer

SIZE = 512  # texels along a side of the finest level of the noise table
LEVELS = 10
GRAIN, FRACTAL, CRACKS, BLOTCHES = range(4)  # channels of the noise table

_X, _Y, _S = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_11 = np.uint64(11)


@inline
def saturate(x):
    """x clamped to [0, 1]."""
    return min(1.0, max(0.0, x))


@inline
def mix(a, b, t):
    """From a (t = 0) to b (t = 1)."""
    return a + (b - a) * t


@inline
def smooth(a, b, x):
    """0 below a, 1 above b, a cubic between."""
    t = saturate((x - a) / (b - a))
    return t * t * (3.0 - 2.0 * t)


@inline
def edge(x, at, width):
    """Share of [x - width/2, x + width/2] above `at`."""
    return saturate((x - at) / max(width, 1e-6) + 0.5)


@inline
def pulse(x, a, b, width):
    """Share of [x - width/2, x + width/2] within [a, b]."""
    return max(0.0, edge(x, a, width) - edge(x, b, width))


@inline
def _comb_integral(x, duty):
    f = floor(x)
    return f * duty + min(x - f, duty)


@inline
def comb(x, duty, width):
    """Share of [x - width/2, x + width/2] in [k, k + duty) for any whole k."""
    width = max(width, 1e-5)
    return (_comb_integral(x + 0.5 * width, duty) - _comb_integral(x - 0.5 * width, duty)) / width


@helper
def hash01(a, b, c):
    """A number in [0, 1) for three whole numbers, as good as random. Constants come as floats (11.0): numba would compile the
    function anew for each whole constant."""
    x = np.uint64(np.int64(a)) * _X + np.uint64(np.int64(b)) * _Y + np.uint64(np.int64(c)) * _S
    return float(scramble(x + _X) >> _11) * (1.0 / 9007199254740992.0)


@inline
def _bilinear(table, level, x, y):
    n = SIZE >> level
    # Level l starts behind 4 * (SIZE^2 + SIZE^2 / 4 + ...) numbers.
    start = (16 * SIZE * SIZE - 16 * n * n) // 3
    u, v = x * n - 0.5, y * n - 0.5
    fu, fv = floor(u), floor(v)
    a, b = np.float32(u - fu), np.float32(v - fv)
    i, j = int(fu) & (n - 1), (int(fv) & (n - 1)) * n
    k, l = (int(fu) + 1) & (n - 1), ((int(fv) + 1) & (n - 1)) * n
    p, q = load_f4(table, start + 4 * (j + i)), load_f4(table, start + 4 * (j + k))
    r, s = load_f4(table, start + 4 * (l + i)), load_f4(table, start + 4 * (l + k))
    p = p + (q - p) * a
    r = r + (s - r) * a
    return p + (r - p) * b


@kernel
def noise(table, x, y, width):
    """The four channels at (x, y), in tiles, averaged over a footprint of `width` tiles; all but CRACKS have mean 0.

    table: what `noise_table` made. GRAIN: fine, independent from texel to texel. FRACTAL: 1/f. CRACKS: 0 to 1, lines of a
    Voronoi net. BLOTCHES: features of about a twentieth of a tile. Each about unit variance.
    """
    detail = min(max(log2(width * SIZE + 1e-9), 0.0), LEVELS - 1.001)
    level = int(detail)
    t = pointer(table)
    v = _bilinear(t, level, x, y)
    if detail > level + 0.03:
        w = _bilinear(t, level + 1, x, y)
        v = v + (w - v) * np.float32(detail - level)
    return float(lane(v, 0)), float(lane(v, 1)), float(lane(v, 2)), float(lane(v, 3))


@inline
def _lattice(x, y, period, seed):
    """Value noise in [-1, 1] of one octave that repeats after `period` cells; x, y in cells."""
    fx, fy = floor(x), floor(y)
    a, b = x - fx, y - fy
    a, b = a * a * (3.0 - 2.0 * a), b * b * (3.0 - 2.0 * b)
    i, j = int(fx) % period, int(fy) % period
    k, l = (i + 1) % period, (j + 1) % period
    top = mix(hash01(i, j, seed), hash01(k, j, seed), a)
    return 2.0 * mix(top, mix(hash01(i, l, seed), hash01(k, l, seed), a), b) - 1.0


@inline
def _crack(x, y, cells):
    """Closeness to a border of a periodic Voronoi net of cells x cells points, 0 to 1; x, y in tiles."""
    gx, gy = x * cells, y * cells
    fx, fy = floor(gx), floor(gy)
    first, second = 9.0, 9.0
    for j in range(-2, 3):
        for i in range(-2, 3):
            cx, cy = int(fx) + i, int(fy) + j
            dx = cx + 0.1 + 0.8 * hash01(cx % cells, cy % cells, 71.0) - gx
            dy = cy + 0.1 + 0.8 * hash01(cx % cells, cy % cells, 72.0) - gy
            d = sqrt(dx * dx + dy * dy)
            if d < first:
                first, second = d, first
            elif d < second:
                second = d
    return saturate(1.0 - (second - first) / (0.0045 * cells))


@kernel
def fill_noise(out):
    """Write the finest level (SIZE * SIZE * 4,), before its mean and scale are set."""
    for j in range(SIZE):
        for i in range(SIZE):
            x, y = (i + 0.5) / SIZE, (j + 0.5) / SIZE
            fractal, blotches = 0.0, 0.0
            for k in range(8):
                octave = _lattice(x * (2 << k), y * (2 << k), 2 << k, k)
                fractal += octave * 0.62**k
                if k >= 3:
                    blotches += octave * 0.6 ** (k - 3)
            o = 4 * (j * SIZE + i)
            h = hash01(i, j, 31.0)
            out[o + GRAIN] = h + hash01(i, j, 32.0) + hash01(i >> 1, j >> 1, 33.0) + (1.5 if h > 0.96 else 0.0)
            out[o + FRACTAL] = fractal
            a, b = _lattice(x * 16, y * 16, 16, 41), _lattice(x * 16, y * 16, 16, 42)
            out[o + CRACKS] = _crack(x + 0.03 * a, y + 0.03 * b, 7)
            out[o + BLOTCHES] = blotches


@kernel
def fill_levels(out):
    """Set mean 0 and variance 1 of the finest level's channels but CRACKS, then write the coarser levels behind it."""
    for c in range(4):
        if c == CRACKS:
            continue
        total, square = 0.0, 0.0
        for k in range(SIZE * SIZE):
            total += out[4 * k + c]
            square += float(out[4 * k + c]) ** 2
        mean = total / (SIZE * SIZE)
        scale = 1.0 / sqrt(square / (SIZE * SIZE) - mean * mean)
        for k in range(SIZE * SIZE):
            out[4 * k + c] = min(max((out[4 * k + c] - mean) * scale, -2.6), 2.6)
    below, start = 0, 4 * SIZE * SIZE
    for level in range(1, LEVELS):
        n = SIZE >> level
        for j in range(n):
            for i in range(n):
                for c in range(4):
                    a = below + 4 * (2 * j * 2 * n + 2 * i) + c
                    b = a + 8 * n
                    out[start + 4 * (j * n + i) + c] = 0.25 * (out[a] + out[a + 4] + out[b] + out[b + 4])
        below, start = start, start + 4 * n * n


def noise_table() -> np.ndarray:
    """The noise table: (n,) float32, SIZE x SIZE texels of four channels, then its mips. The same on every machine."""
    out = np.empty((16 * SIZE * SIZE - 4) // 3, np.float32)
    fill_noise(out)
    fill_levels(out)
    return out
