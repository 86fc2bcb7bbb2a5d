"""Light of lamps: their beams, and which of them reach where."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np

from scenesim.kernels.bsdf import ggx, schlick
from scenesim.kernels.bvh import any_one
from scenesim.kernels.jit import helper, kernel
from scenesim.kernels.packed import BEAMS, LIGHT
from scenesim.kernels.shaders import F0, NX, NY, NZ, RETRO, ROUGHNESS, B, G, R
from scenesim.kernels.texture import smooth

CELL_M, CELLS, CELL_LAMPS = 8.0, 40, 31  # a square of cells about the local origin, each with its lamps
POINT, STREET, LOW_BEAM, SPOT = BEAMS["point"], BEAMS["street"], BEAMS["low_beam"], BEAMS["spot"]
LOW_BEAM_LEFT = BEAMS["low_beam_left"]
DIR_X, DIR_Y, DIR_Z, CD_R, BEAM, REACH = (LIGHT[n] for n in ("dir_x", "dir_y", "dir_z", "cd_r", "beam", "reach_m"))
DIM_LUX = 0.02  # less than this is left out
SHADOW_LUX, NO_SHADOWS = 0.3, 1e30


@kernel
def list_lamps(light, cells):
    """Write for each cell (CELLS, CELLS, 1 + CELL_LAMPS) the number of lamps (L, 12) that reach it, and their rows."""
    cells[:, :, 0] = 0
    for k in range(light.shape[0]):
        reach = light[k, REACH] + 0.75 * CELL_M
        for j in range(CELLS):
            y = (j + 0.5 - CELLS / 2) * CELL_M - light[k, 1]
            for i in range(CELLS):
                x = (i + 0.5 - CELLS / 2) * CELL_M - light[k, 0]
                if x * x + y * y > reach * reach or cells[j, i, 0] >= CELL_LAMPS:
                    continue
                low = light[k, BEAM] == LOW_BEAM or light[k, BEAM] == LOW_BEAM_LEFT
                if low and x * light[k, DIR_X] + y * light[k, DIR_Y] < -CELL_M:
                    continue
                cells[j, i, 0] += 1
                cells[j, i, cells[j, i, 0]] = k


@kernel
def beam_share(light, k, x, y, z):
    """Intensity over that of the axis of lamp k in the unit direction (x, y, z) away from it.

    Street: a batwing, dark above 80 degrees from the ground. Low beam: class B of UN Regulation 112, whose limits it
    keeps with 10 500 cd: a cut-off 0.57 degrees below the horizon that rises by 15 degrees to the right of the axis, or
    to its left where one drives on the left. Spot: a cosine lobe.
    """
    beam = light[k, BEAM]
    if beam == STREET:
        c = -z
        return smooth(0.12, 0.55, c) * (0.55 + 0.8 * (1.0 - c * c))
    if beam == LOW_BEAM or beam == LOW_BEAM_LEFT:
        fx, fy = float(light[k, DIR_X]), float(light[k, DIR_Y])
        level = sqrt(fx * fx + fy * fy) + 1e-9
        fx, fy = fx / level, fy / level
        forward, right = x * fx + y * fy, x * fy - y * fx
        if forward < 0.1:
            return 0.0
        if beam == LOW_BEAM_LEFT:
            right = -right
        azimuth, rise = right / forward, z / forward - light[k, DIR_Z] / level
        cut = -0.0115 + 0.268 * max(0.0, min(azimuth, 0.07))
        lit = 1.0 - smooth(cut - 0.0035, cut + 0.0035, rise)
        down = max(cut - rise, 0.0)
        stray = 0.012 * exp(-((azimuth / 0.4) ** 2) - (rise / 0.25) ** 2)
        if lit <= 0.0:  # half of what there is to light lies above the cut-off
            return stray
        core = lit * (0.18 + exp(-((azimuth / 0.16) ** 2))) * exp(-down / 0.10)
        return core + 0.10 * lit * exp(-((azimuth / 0.55) ** 2) - down / 0.3) + stray
    if beam == SPOT:
        return max(x * light[k, DIR_X] + y * light[k, DIR_Y] + z * light[k, DIR_Z], 0.0)
    return 1.0


@helper
def lamp_light(light, cells, tracer, m, px, py, pz, vx, vy, vz, time, shadow_lux, visibility, out):
    """Add to out (3,) the light of lamps that a look m at (px, py, pz) sends to the unit direction v.

    shadow_lux: lamps that bring more than this are asked whether something stands before them; low beams, whose source is low
    and broad, only at 0.
    """
    i, j = int(px / CELL_M + CELLS / 2), int(py / CELL_M + CELLS / 2)
    if px < -CELL_M * CELLS / 2 or py < -CELL_M * CELLS / 2 or i >= CELLS or j >= CELLS:
        return
    nx, ny, nz = m[NX], m[NY], m[NZ]
    for q in range(1, cells[j, i, 0] + 1):
        k = cells[j, i, q]
        x, y, z = px - light[k, 0], py - light[k, 1], pz - light[k, 2]
        d2 = x * x + y * y + z * z
        peak = float(light[k, CD_R + 1])
        cosine = -(nx * x + ny * y + nz * z)
        if 1.5 * peak < DIM_LUX * d2 or (cosine <= 0.0 and m[RETRO] <= 0.0):
            continue
        d = sqrt(d2) + 1e-6
        x, y, z, cosine = x / d, y / d, z / d, cosine / d
        lux = beam_share(light, k, x, y, z) / max(d2, 0.15)
        if lux * peak < DIM_LUX:
            continue
        diffuse = max(cosine, 0.0) / np.pi
        # A retroreflector sends light back to where it came from, within a degree or two.
        back = -(x * vx + y * vy + z * vz)
        retro = m[RETRO] * smooth(0.985, 0.9998, back) / max(0.2126 * m[R] + 0.7152 * m[G] + 0.0722 * m[B], 1e-3)
        headlamp = light[k, BEAM] == LOW_BEAM or light[k, BEAM] == LOW_BEAM_LEFT
        if lux * peak * cosine > shadow_lux and (not headlamp or shadow_lux == 0.0):
            reach = max(d - 0.5, 0.01)
            if any_one(
                tracer, np.float32(px + 0.02 * nx), np.float32(py + 0.02 * ny), np.float32(pz + 0.02 * nz),
                np.float32(-x), np.float32(-y), np.float32(-z), np.float32(time), np.float32(reach), visibility,
            ):  # fmt: skip
                continue
        gloss, half = ggx(nx, ny, nz, vx, vy, vz, -x, -y, -z, max(m[ROUGHNESS], 0.12))
        gloss = min(gloss, 3.0) * schlick(m[F0], half)
        for s in range(3):
            e = lux * light[k, CD_R + s]
            albedo = m[R] if s == 0 else (m[G] if s == 1 else m[B])
            out[s] += e * (albedo * (diffuse + retro) + gloss)
