"""How open the near surroundings of a point are: what makes things stand on the ground instead of floating above it.

One short ray for each square of 2 x 2 pixels, whose direction repeats every 4 x 4 squares; then the mean over the 4 x 4 squares
about a pixel that lie on the same surface, so that every pixel sees all 16 directions and none of their pattern.
"""

from __future__ import annotations

from math import cos, sin, sqrt

import numpy as np

from scenesim.kernels.bvh import closest_one, tracer
from scenesim.kernels.jit import kernel
from scenesim.kernels.packed import MATERIAL
from scenesim.kernels.shaders import LEAF
from scenesim.kernels.surface import geometric_normal, position

BLOCK, TILE = 2, 4
REACH_M = 3.0
INDIRECT = 4
GOLDEN_ANGLE = 2.399963229728653
_SHADER = MATERIAL["shader"]


@kernel
def open_share(scene, rays, hits, width, height, begin, end, near):
    """For the squares of rows [begin, end): near (rows, columns, 5) float32: openness, then normal and plane distance of the
    surface (normal 0 for none)."""
    trace = tracer(scene)
    for row in range(begin, end):
        for column in range(near.shape[1]):
            x, y = min(BLOCK * column, width - 1), min(BLOCK * row, height - 1)
            i = y * width + x
            k = hits.instance[i]
            near[row, column, 0] = 1.0
            near[row, column, 1] = near[row, column, 2] = near[row, column, 3] = near[row, column, 4] = 0.0
            if k < 0 or hits.t[i] > 150.0:
                continue
            triangle, time = hits.triangle[i], rays.time[i]
            if scene.material[scene.surface_material[scene.geometry.surface[triangle]], _SHADER] == LEAF:
                continue
            nx, ny, nz = geometric_normal(scene, k, triangle, time)
            if nx * rays.direction[i, 0] + ny * rays.direction[i, 1] + nz * rays.direction[i, 2] > 0.0:
                nx, ny, nz = -nx, -ny, -nz
            px, py, pz = position(scene, k, triangle, hits.uv[i, 0], hits.uv[i, 1], time)
            # One of 16 directions, spread by the cosine about the normal.
            q = (row % TILE) * TILE + column % TILE
            radius = sqrt((q + 0.5) / 16.0)
            a, b, c = radius * cos(q * GOLDEN_ANGLE), radius * sin(q * GOLDEN_ANGLE), sqrt(1.0 - radius * radius)
            # A frame about the normal without branches (Duff et al. 2017).
            sign = 1.0 if nz >= 0.0 else -1.0
            e = -1.0 / (sign + nz)
            f = nx * ny * e
            dx = a * (1.0 + sign * nx * nx * e) + b * f + c * nx
            dy = a * sign * f + b * (sign + ny * ny * e) + c * ny
            dz = -a * sign * nx - b * ny + c * nz
            off = 0.01 + 2e-4 * hits.t[i]
            t, blocker, _, _, _ = closest_one(
                trace, np.float32(px + off * nx), np.float32(py + off * ny), np.float32(pz + off * nz),
                np.float32(dx), np.float32(dy), np.float32(dz), np.float32(time), np.float32(REACH_M), INDIRECT,
            )  # fmt: skip
            if blocker >= 0:
                near[row, column, 0] = min(t / REACH_M, 1.0)  # far blockers are the business of the ambient probes
            near[row, column, 1], near[row, column, 2], near[row, column, 3] = nx, ny, nz
            near[row, column, 4] = nx * px + ny * py + nz * pz


@kernel
def smooth_share(rays, hits, near, width, begin, end, out):
    """Openness (N,) float32 of the pixels of rows [begin, end) from the squares about them."""
    rows, columns, _ = near.shape
    for y in range(begin, end):
        for x in range(width):
            i = y * width + x
            out[i] = 1.0
            if hits.instance[i] < 0:
                continue
            px = rays.origin[i, 0] + hits.t[i] * rays.direction[i, 0]
            py = rays.origin[i, 1] + hits.t[i] * rays.direction[i, 1]
            pz = rays.origin[i, 2] + hits.t[i] * rays.direction[i, 2]
            own = min(y // BLOCK, rows - 1), min(x // BLOCK, columns - 1)
            nx, ny, nz = near[own[0], own[1], 1], near[own[0], own[1], 2], near[own[0], own[1], 3]
            margin = 0.03 + 0.004 * hits.t[i]
            total, weight = 0.0, 0.0
            top, left = (y - BLOCK * TILE // 2 + 1) // BLOCK, (x - BLOCK * TILE // 2 + 1) // BLOCK
            for row in range(max(top, 0), min(top + TILE, rows)):
                for column in range(max(left, 0), min(left + TILE, columns)):
                    a, b, c = near[row, column, 1], near[row, column, 2], near[row, column, 3]
                    if a * nx + b * ny + c * nz < 0.8:
                        continue
                    if abs(a * px + b * py + c * pz - near[row, column, 4]) > margin:
                        continue
                    total += near[row, column, 0]
                    weight += 1.0
            if weight > 0.0:
                out[i] = total / weight
