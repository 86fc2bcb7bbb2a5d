"""Pixels and the rays through them: rays of a frame, rays between pixels, and where more than one is needed."""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenesim.kernels.jit import inline, kernel
from scenesim.kernels.packed import MATERIAL, Rays
from scenesim.kernels.pose import rotate
from scenesim.kernels.shaders import LEAF

_SHADER = MATERIAL["shader"]


@kernel
def pixel_rays(directions, rotation, translation, row_time, begin, end, rays):
    """Rays (H * W,) of rows [begin, end): directions (H, W, 3) in the camera frame, local_from_camera of each row as rotation
    (H, 4) wxyz and translation (H, 3), row_time (H,) s."""
    width = directions.shape[1]
    for y in range(begin, end):
        for x in range(width):
            i = y * width + x
            d = rotate(
                rotation[y, 0], rotation[y, 1], rotation[y, 2], rotation[y, 3],
                float(directions[y, x, 0]), float(directions[y, x, 1]), float(directions[y, x, 2]),
            )  # fmt: skip
            rays.time[i] = row_time[y]
            for c in range(3):
                rays.origin[i, c] = translation[y, c]
                rays.direction[i, c] = d[c]


@kernel
def rays_between(rays, pixels, width, dx, dy, begin, end, out):
    """Rays (M,) through pixels[begin:end] moved by (dx, dy) pixels, by the slope of the directions about each pixel, so that it
    holds for every lens."""
    height = len(rays.time) // width
    d = rays.direction
    for n in range(begin, end):
        i = pixels[n]
        y, x = i // width, i % width
        left, right = i - (1 if x > 0 else 0), i + (1 if x < width - 1 else 0)
        up, down = i - (width if y > 0 else 0), i + (width if y < height - 1 else 0)
        fx, fy = dx / max(right - left, 1), dy * width / max(down - up, 1)
        a = d[i, 0] + (d[right, 0] - d[left, 0]) * fx + (d[down, 0] - d[up, 0]) * fy
        b = d[i, 1] + (d[right, 1] - d[left, 1]) * fx + (d[down, 1] - d[up, 1]) * fy
        c = d[i, 2] + (d[right, 2] - d[left, 2]) * fx + (d[down, 2] - d[up, 2]) * fy
        f = 1.0 / sqrt(a * a + b * b + c * c)
        out.direction[n, 0], out.direction[n, 1], out.direction[n, 2] = a * f, b * f, c * f
        out.origin[n, 0], out.origin[n, 1], out.origin[n, 2] = rays.origin[i, 0], rays.origin[i, 1], rays.origin[i, 2]
        out.time[n] = rays.time[i]


@inline
def _luminance(image, i):
    return 0.2126 * image[i, 0] + 0.7152 * image[i, 1] + 0.0722 * image[i, 2]


@inline
def _is_leaf(scene, hits, i):
    return scene.material[scene.surface_material[scene.geometry.surface[hits.triangle[i]]], _SHADER] == LEAF


@kernel
def rough_pixels(scene, hits, image, width, threshold, floor, begin, end, mask):
    """Set mask (N,) uint8 of rows [begin, end) to 1 where a pixel differs from one of its neighbours by more than `threshold`
    of their sum, to 2 where by more than twice that: less counts at the border of things, more within leaves. floor: cd/m2,
    added to both."""
    height = len(mask) // width
    for y in range(begin, end):
        for x in range(width):
            i = y * width + x
            mask[i] = 0
            here = _luminance(image, i)
            for side in range(4):
                xx, yy = x + (1, -1, 0, 0)[side], y + (0, 0, 1, -1)[side]
                if xx < 0 or yy < 0 or xx >= width or yy >= height:
                    continue
                j = yy * width + xx
                limit = threshold
                a, b = hits.instance[i], hits.instance[j]
                if a != b:
                    limit *= 0.45
                if a >= 0 and b >= 0 and _is_leaf(scene, hits, i) and _is_leaf(scene, hits, j):
                    limit = 2.2 * threshold
                there = _luminance(image, j)
                differs, limit = abs(here - there), limit * (here + there + floor)
                if differs > limit:
                    mask[i] = max(mask[i], 2 if differs > 2.0 * limit else 1)


@kernel
def add_samples(sample, shines, bright, begin, end, total, weight):
    """Add a sample (M, 3) to total (M, 3), weighted so that a spark among dark samples does not stand out; but what shines
    (M,) by itself counts in full, or lamps far away would lose their light."""
    for n in range(begin, end):
        w = 1.0 if shines[n] else 1.0 / (1.0 + max(_luminance(sample, n), 0.0) / bright)
        weight[n] += w
        for c in range(3):
            total[n, c] += w * sample[n, c]


def empty_rays(n: int) -> Rays:
    """Room for n rays."""
    return Rays(np.empty((n, 3), np.float32), np.empty((n, 3), np.float32), np.empty(n, np.float32))
