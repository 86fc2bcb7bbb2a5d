"""Drops and flakes near a camera: where they are at a time, the light they send, and their streaks in a picture.

Particles live in columns of a lattice that moves with the wind. A column has one size, so one fall speed v, and particle n of
it is at the height edge * (n + u) - v t, with u drawn anew for each n: any particle at any time is a function of its numbers,
the same for all cameras and frames.
"""

from __future__ import annotations

from math import exp, floor, log, pi, sin, sqrt

import numpy as np

from scenesim.kernels.atmosphere import air_light, ambient, transmittance
from scenesim.kernels.chance import TAU, scramble
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.lamps import CD_R, CELL_M, CELLS, beam_share
from scenesim.kernels.pose import rotate_back

PARTICLE_COLUMNS = 8  # x y z m, velocity m/s (local frame), width m, kind
KIND, EDGE, LOW, HIGH, SLOPE, REACH = range(6)  # columns of bins: m and mm, see models/falling.py
NEAREST_M = 0.6  # cameras look through a windscreen
MARGIN_M = 0.4  # beyond the edge of the view, for what moves into it
SWAY_M, SWAY_PER_S = 0.10, 4.0  # flakes swing: amplitude at most, and radian frequency about
APERTURE_M = 0.002  # of a lens of 4 mm at f/2, focused far away
FLAKE_OPACITY = 0.85
LEAST_LUX = 1.0  # of a lamp that is left out
FLAKE_ALBEDO = 0.98  # ice absorbs next to nothing
_STEP, _21 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x1FFFFF)


@inline
def _share(bits, shift):
    """A number in [0, 1) from 21 of 64 bits."""
    return float((bits >> np.uint64(shift)) & _21) * (1.0 / 2097152.0)


@inline
def fall_speed(kind, diameter_mm):
    """m/s in still air; sources in models/falling.py."""
    if kind > 0.5:
        return 1.6 * exp(0.3 * log(0.1 * diameter_mm))
    return 9.65 - 10.3 * exp(-0.6 * diameter_mm)


@kernel
def gather(bins, key, time, wind, origin, eye, axis, cosine, out):
    """Write particles (M, PARTICLE_COLUMNS), local frame, that may be in view at a time, and return how many.

    bins: (K, 6). time: s on the scenario's clock. wind: (2,) m/s. origin: (3,) m world, of the local frame. eye, axis: (3,) m
    local and unit, of the camera; cosine: of half the cone that holds its view.
    """
    count = 0
    for k in range(len(bins)):
        edge, reach, low, kind = bins[k, EDGE], bins[k, REACH], bins[k, LOW], bins[k, KIND]
        within = 1.0 - exp(-bins[k, SLOPE] * (bins[k, HIGH] - low))
        # The eye in coordinates that move with the wind.
        ex, ey, ez = eye[0] + origin[0] - wind[0] * time, eye[1] + origin[1] - wind[1] * time, eye[2] + origin[2]
        wide = (reach + edge) * (reach + edge)
        for j in range(int(floor((ey - reach) / edge)), int(floor((ey + reach) / edge)) + 1):
            cy = (j + 0.5) * edge - ey
            for i in range(int(floor((ex - reach) / edge)), int(floor((ex + reach) / edge)) + 1):
                cx = (i + 0.5) * edge - ex
                left = wide - cx * cx - cy * cy
                if left <= 0.0:
                    continue
                column = scramble(scramble(key + np.uint64(i) * _STEP + np.uint64(k)) + np.uint64(j) * _STEP)
                diameter = low - log(1.0 - _share(column, 0) * within) / bins[k, SLOPE]
                speed = fall_speed(kind, diameter)
                fallen = speed * time
                half = sqrt(left)
                for n in range(int(floor((ez - half + fallen) / edge)), int(floor((ez + half + fallen) / edge)) + 1):
                    cz = (n + 0.5) * edge - fallen - ez
                    far = sqrt(cx * cx + cy * cy + cz * cz)
                    if cx * axis[0] + cy * axis[1] + cz * axis[2] < cosine * far - 1.8 * edge - MARGIN_M:
                        continue
                    own = scramble(column + np.uint64(n) * _STEP)
                    x, y = (i + _share(own, 0)) * edge - ex, (j + _share(own, 21)) * edge - ey
                    z = (n + _share(own, 42)) * edge - fallen - ez
                    vx, vy, width = wind[0], wind[1], 1e-3 * diameter
                    if kind > 0.5:
                        width *= 2.154434690031884
                        more = scramble(own)
                        rate = SWAY_PER_S * (0.7 + 0.6 * _share(more, 0))
                        a, b = rate * time + TAU * _share(more, 21), rate * time + TAU * _share(more, 42)
                        x, y = x + SWAY_M * sin(a), y + SWAY_M * sin(b)
                        vx, vy = vx + SWAY_M * rate * sin(a + 0.25 * TAU), vy + SWAY_M * rate * sin(b + 0.25 * TAU)
                    far = sqrt(x * x + y * y + z * z)
                    if far > reach or far < NEAREST_M or x * axis[0] + y * axis[1] + z * axis[2] < cosine * far - MARGIN_M:
                        continue
                    if count == len(out):
                        return count
                    row = out[count]
                    row[0], row[1], row[2] = x + eye[0], y + eye[1], z + eye[2]
                    row[3], row[4], row[5] = vx, vy, -speed
                    row[6], row[7] = width, kind
                    count += 1
    return count


@kernel
def ends(particles, row, time, pose, begin, end, out):
    """Write (N, 3) m, frame of the camera, where particles [begin, end) are at the time (H,) s (relative to that of `gather`)
    and pose (H, 7) local_from_camera of their row (N,)."""
    for n in range(begin, end):
        p, h = particles[n], row[n]
        q, t = pose[h], time[h]
        x, y, z = p[0] + p[3] * t - q[4], p[1] + p[4] * t - q[5], p[2] + p[5] * t - q[6]
        out[n, 0], out[n, 1], out[n, 2] = rotate_back(q[0], q[1], q[2], q[3], x, y, z)


@inline
def _phase(kind, cosine):
    """Share of the light per sr that goes on at an angle: drops refract most of it forwards (two lobes, after geometric
    optics), flakes scatter it about evenly, back somewhat more."""
    if kind > 0.5:
        return FLAKE_ALBEDO / (4.0 * pi) * (1.0 - 0.35 * cosine)
    f = 1.64 - 1.6 * cosine
    return (0.9 * 0.36 / (f * sqrt(f)) + 0.1) / (4.0 * pi)


@helper
def _sent(light, cells, env, p, dx, dy, dz, work, out):
    """Write the radiance (3,) that a particle sends against the direction d of the ray that sees it; work: (3,)."""
    kind = p[7]
    for s in range(3):
        out[s] = 0.0
    for side in range(2 if kind > 0.5 else 1):
        # A drop is a fish-eye of some 165 degrees that loses 6 % (Garg and Nayar 2007): it shows the mean of what is behind it;
        # a flake scatters what comes from above and from below.
        x, y, z = dx, dy, dz
        if kind > 0.5:
            x, y, z = 0.0, 0.0, 1.0 - 2.0 * side
        ambient(env, p[0], p[1], p[2], x, y, z, work)
        for s in range(3):
            out[s] += (0.5 * FLAKE_ALBEDO if kind > 0.5 else 0.94) / pi * work[s]
    f = _phase(kind, dx * env.sun[0] + dy * env.sun[1] + dz * env.sun[2])
    for s in range(3):
        out[s] += f * env.sun_lux[s]
    i, j = int(floor(p[0] / CELL_M + CELLS / 2)), int(floor(p[1] / CELL_M + CELLS / 2))
    if env.night > 0.0 and 0 <= i < CELLS and 0 <= j < CELLS:
        for q in range(1, cells[j, i, 0] + 1):
            k = cells[j, i, q]
            x, y, z = p[0] - light[k, 0], p[1] - light[k, 1], p[2] - light[k, 2]
            d2 = x * x + y * y + z * z + 0.05
            d = sqrt(d2)
            if light[k, CD_R + 1] < LEAST_LUX * d2:
                continue
            x, y, z = x / d, y / d, z / d
            f = beam_share(light, k, x, y, z) / d2 * _phase(kind, -(x * dx + y * dy + z * dz))
            for s in range(3):
                out[s] += f * light[k, CD_R + s]


@kernel
def colours(light, cells, env, particles, eye, begin, end, out):
    """Write (N, 3) cd/m2 of particles [begin, end) as an eye (3,) sees them through the air."""
    work = np.empty(3)
    for n in range(begin, end):
        p = particles[n]
        x, y, z = p[0] - eye[0], p[1] - eye[1], p[2] - eye[2]
        far = sqrt(x * x + y * y + z * z)
        x, y, z = x / far, y / far, z / far
        _sent(light, cells, env, p, x, y, z, work, out[n])
        tr, tg, tb = transmittance(env, far)
        ar, ag, ab = air_light(env, x, y, z)
        out[n, 0] = out[n, 0] * tr + ar * (1.0 - tr)
        out[n, 1] = out[n, 1] * tg + ag * (1.0 - tg)
        out[n, 2] = out[n, 2] * tb + ab * (1.0 - tb)


@kernel
def streaks(particles, first, last, distance, colour, depth, directions, begin, end, image, left):
    """Draw streaks into rows [begin, end) of an image (H, W, 3) cd/m2; left (H, W): share of what is behind that is still seen.

    first, last: (N, 2) pixels at the ends of the exposure, nan where there is none. distance: (N,) m. colour: (N, 3). depth:
    (H, W) m along the ray. directions: (H * W, 3) unit rays. A streak covers as much as the particle's disc, spread over the
    way that it goes and the blur of the lens.
    """
    height, width, _ = image.shape
    for n in range(len(first)):
        ax, ay, bx, by = first[n, 0], first[n, 1], last[n, 0], last[n, 1]
        if not (max(ay, by) > begin - 40.0 and min(ay, by) < end + 40.0 and max(ax, bx) > -40.0 and min(ax, bx) < width + 40.0):
            continue
        mx, my = min(max(int(0.5 * (ax + bx)), 0), width - 2), min(max(int(0.5 * (ay + by)), 0), height - 1)
        d, e = directions[my * width + mx], directions[my * width + mx + 1]
        x, y, z = float(d[0]) - e[0], float(d[1]) - e[1], float(d[2]) - e[2]
        scale = 1.0 / (sqrt(x * x + y * y + z * z) * distance[n])  # px per m across the ray
        sharp, blur = particles[n, 6] * scale, APERTURE_M * scale
        wide = sqrt(sharp * sharp + blur * blur)
        ux, uy = bx - ax, by - ay
        length = sqrt(ux * ux + uy * uy)
        if length > 0.6 * width:
            continue
        ux, uy = (ux / length, uy / length) if length > 1e-6 else (1.0, 0.0)
        area = 0.25 * pi * sharp * sharp
        thin = wide < 1.5
        stretched = max(length, wide)
        peak = area / (wide * stretched) if thin else area / (wide * length + 0.25 * pi * wide * wide)
        if particles[n, 7] > 0.5:
            peak *= FLAKE_OPACITY
        border = 0.5 * wide + 1.0
        for v in range(max(begin, int(floor(min(ay, by) - border))), min(end, int(floor(max(ay, by) + border)) + 2)):
            for u in range(max(0, int(floor(min(ax, bx) - border))), min(width, int(floor(max(ax, bx) + border)) + 2)):
                px, py = u - ax, v - ay
                along, across = px * ux + py * uy, px * uy - py * ux
                if thin:
                    share = min(across + 0.5, 0.5 * wide) - max(across - 0.5, -0.5 * wide)
                    beyond = 0.5 * (stretched - length)
                    over = min(along + 0.5, length + beyond) - max(along - 0.5, -beyond)
                    share = max(share, 0.0) * max(over, 0.0)
                else:
                    beyond = along - min(max(along, 0.0), length)
                    share = min(max(0.5 * wide + 0.5 - sqrt(beyond * beyond + across * across), 0.0), 1.0)
                share = min(share * peak, 1.0)
                if share <= 0.0 or depth[v, u] < distance[n]:
                    continue
                left[v, u] *= 1.0 - share
                for s in range(3):
                    image[v, u, s] += share * (colour[n, s] - image[v, u, s])
