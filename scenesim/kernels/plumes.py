"""Clouds that vehicles drag behind them: how dense they are at a place, what they hide and send to a camera, and to a lidar.

A plume is a row of cross-sections along the way of what has made it (models/plume.py); between two of them everything is
linear. Its density is a soft profile across, times clumps: noise that lives in the coordinates of the water itself, so that
clumps travel with it from frame to frame.
"""

from __future__ import annotations

from math import exp, floor, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.airglow import BACK, EVEN, SHARP
from scenesim.kernels.atmosphere import air_light, ambient, transmittance
from scenesim.kernels.chance import normal, scramble, uniform
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.lamps import CD_R, CELL_M, CELLS, beam_share
from scenesim.kernels.packed import LIGHT

# Columns of a cross-section: its middle on the ground (m, local frame), half width, height (m), greatest extinction (1/m), how
# far its maker had travelled when it made it (m), and how empty it is between the wheels (0 to 1).
KNOT_COLUMNS = 8
X, Y, Z, WIDE, HIGH, DENSE, TRAVELLED, HOLLOW = range(KNOT_COLUMNS)
# Columns of a plume: its kind, size of its clumps (m), how uneven they make it (standard deviation of the logarithm), half the
# distance between the wheels (m), a seed, and its albedo.
TRAITS = 8
KIND, CLUMP, UNEVEN, TRACK, SEED, ALBEDO = range(6)
LEVELS = 4  # heights of a cross-section at which its light is known
CAMERA_STEPS = 48
LIDAR_STEP_M, MOST_SAMPLES = 0.2, 600
ECHOES = 2  # of plumes in one pulse
FLICKER = 0.6  # of an echo from pulse to pulse, standard deviation of its logarithm: drops are few in a beam
LEAST = 1e-4  # extinction times length that is left out
_OWNER = LIGHT["instance"]
_P, _Q, _R = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_11 = np.uint64(11)


class Plumes(NamedTuple):
    """P plumes over the interval of a trigger, float64. time: (2,) s, its ends, relative to the reference time. knot:
    (2, P, K, 8) cross-sections at either, linear between. trait: (P, 8). bound: (P, 4) sphere about each at all those times."""

    time: NDArray[np.float64]
    knot: NDArray[np.float64]
    trait: NDArray[np.float64]
    bound: NDArray[np.float64]


@inline
def _corner(i, j, k, seed):
    x = np.uint64(np.int64(i)) * _P + np.uint64(np.int64(j)) * _Q + np.uint64(np.int64(k)) * _R
    return float(scramble(x + seed) >> _11) * (2.0 / 9007199254740992.0) - 1.0


@helper
def _swirl(x, y, z, seed):
    """Smooth noise in [-1, 1] whose features are about 1 wide (value noise); its standard deviation is about 0.35."""
    i, j, k = floor(x), floor(y), floor(z)
    a, b, c = x - i, y - j, z - k
    a, b, c = a * a * (3.0 - 2.0 * a), b * b * (3.0 - 2.0 * b), c * c * (3.0 - 2.0 * c)
    total = 0.0
    for corner in range(8):
        di, dj, dk = corner & 1, (corner >> 1) & 1, corner >> 2
        w = (a if di else 1.0 - a) * (b if dj else 1.0 - b) * (c if dk else 1.0 - c)
        total += w * _corner(i + di, j + dj, k + dk, seed)
    return total


@helper
def density(knot, trait, x, y, z):
    """(extinction 1/m, place along the cross-sections as number and part, height over that of the plume) at a point, of a plume
    whose cross-sections (K, 8) and traits (8,) are given."""
    nearest, place, side, beyond = 1e30, 0.0, 0.0, 0.0
    for k in range(len(knot) - 1):
        ex, ey = knot[k + 1, X] - knot[k, X], knot[k + 1, Y] - knot[k, Y]
        px, py = x - knot[k, X], y - knot[k, Y]
        length = sqrt(ex * ex + ey * ey + 1e-9)
        along = (px * ex + py * ey) / length
        off = max(along - length, -along, 0.0)
        across = (ex * py - ey * px) / length
        d = off * off + across * across
        if d < nearest:
            nearest, place, side, beyond = d, k + min(max(along / length, 0.0), 1.0), across, off
    k = min(int(place), len(knot) - 2)
    u, a, b = place - k, knot[k], knot[k + 1]
    high = a[HIGH] + u * (b[HIGH] - a[HIGH])
    wide = a[WIDE] + u * (b[WIDE] - a[WIDE])
    above = z - a[Z] - u * (b[Z] - a[Z])
    if above <= 0.0 or above > 1.3 * high or abs(side) > 1.3 * wide or beyond >= 0.4 * wide:
        return 0.0, place, 0.0
    seed, f = np.uint64(np.int64(trait[SEED])), 1.0 / trait[CLUMP]
    travelled = f * (a[TRAVELLED] + u * (b[TRAVELLED] - a[TRAVELLED]))
    coarse = _swirl(travelled, f * side, f * above, seed)
    # Gusts: the outline is torn.
    torn = 1.0 - 0.55 * coarse
    q, w = above / high * torn, side / wide * torn
    if q >= 1.0 or abs(w) >= 1.0:
        return 0.0, place, q
    fine = _swirl(2.7 * travelled, 2.7 * f * side, 2.7 * f * above, seed + _P)
    shape = (1.0 - q * q) * (1.0 - w * w)
    shape *= shape * exp(-q) * (1.0 - beyond / (0.4 * wide))
    hollow = a[HOLLOW] + u * (b[HOLLOW] - a[HOLLOW])
    shape *= 1.0 - hollow * (1.0 - min(abs(side) / trait[TRACK], 1.0))
    s = trait[UNEVEN]
    return (a[DENSE] + u * (b[DENSE] - a[DENSE])) * shape * exp(s * (2.0 * coarse + 1.4 * fine) - 0.5 * s * s), place, q


@helper
def _now(plumes, p, time, out):
    """Write the cross-sections (K, 8) of plume p at a time."""
    u = min(max((time - plumes.time[0]) / (plumes.time[1] - plumes.time[0]), 0.0), 1.0)
    for k in range(out.shape[0]):
        for c in range(KNOT_COLUMNS):
            out[k, c] = plumes.knot[0, p, k, c] + u * (plumes.knot[1, p, k, c] - plumes.knot[0, p, k, c])


@inline
def _span(plumes, p, ox, oy, oz, dx, dy, dz, end):
    """(from, to) m of a ray that may be in plume p; to <= from where it is not."""
    b = plumes.bound[p]
    x, y, z = b[0] - ox, b[1] - oy, b[2] - oz
    along = x * dx + y * dy + z * dz
    square = b[3] * b[3] - (x * x + y * y + z * z - along * along)
    if square <= 0.0:
        return 0.0, 0.0
    half = sqrt(square)
    return max(along - half, 0.0), min(along + half, end)


@inline
def _below(knot, oz, dz, begin, end):
    """The part of a ray from begin to end m that is neither above nor below a plume's cross-sections."""
    low, high = 1e30, -1e30
    for k in range(len(knot)):
        low, high = min(low, knot[k, Z]), max(high, knot[k, Z] + 1.3 * knot[k, HIGH])
    if abs(dz) < 1e-9:
        return (begin, end) if low < oz < high else (0.0, 0.0)
    a, b = (low - oz) / dz, (high - oz) / dz
    return max(begin, min(a, b)), min(end, max(a, b))


@inline
def _phase(cosine):
    """Share of the light per sr that goes on at an angle: small drops, as in kernels.airglow."""
    f, b = 1.64 - 1.6 * cosine, 1.36 + 1.2 * cosine
    return (SHARP * 0.36 / (f * sqrt(f)) + BACK * 0.64 / (b * sqrt(b)) + EVEN) / (4.0 * pi)


@kernel
def sources(plumes, light, cells, env, eye, time, out):
    """Write (P, K, LEVELS, 3) cd/m2: what a thick layer of each plume sends to an eye (3,) at a time, as seen through the air.

    By day most of it is what is behind, because drops bend light little, and sky from above; sun and lamps scatter once.
    Nothing is in the shade."""
    work, knot = np.empty(3), np.empty(plumes.knot.shape[2:])
    for p in range(len(plumes.trait)):
        _now(plumes, p, time, knot)
        for k in range(len(knot)):
            for level in range(LEVELS):
                x, y, z = knot[k, X], knot[k, Y], knot[k, Z] + (level + 0.5) / LEVELS * knot[k, HIGH]
                dx, dy, dz = x - eye[0], y - eye[1], z - eye[2]
                far = sqrt(dx * dx + dy * dy + dz * dz) + 1e-6
                dx, dy, dz = dx / far, dy / far, dz / far
                sent = out[p, k, level]
                sent[0] = sent[1] = sent[2] = 0.0
                for side in range(3):
                    nx, ny, nz = (dx, dy, dz) if side == 0 else (0.0, 0.0, 3.0 - 2.0 * side)
                    ambient(env, x, y, z, nx, ny, nz, work)
                    for s in range(3):
                        sent[s] += (0.6 if side == 0 else 0.3 if side == 1 else 0.1) / pi * work[s]
                f = _phase(dx * env.sun[0] + dy * env.sun[1] + dz * env.sun[2])
                for s in range(3):
                    sent[s] += f * env.sun_lux[s]
                i, j = int(floor(x / CELL_M + CELLS / 2)), int(floor(y / CELL_M + CELLS / 2))
                if env.night > 0.0 and 0 <= i < CELLS and 0 <= j < CELLS:
                    for q in range(1, cells[j, i, 0] + 1):
                        n = cells[j, i, q]
                        lx, ly, lz = x - light[n, 0], y - light[n, 1], z - light[n, 2]
                        d2 = lx * lx + ly * ly + lz * lz + 0.25  # a cross-section is wider than the way to a lamp beside it
                        d = sqrt(d2)
                        lx, ly, lz = lx / d, ly / d, lz / d
                        f = beam_share(light, n, lx, ly, lz) / d2 * _phase(-(lx * dx + ly * dy + lz * dz))
                        for s in range(3):
                            sent[s] += f * light[n, CD_R + s]
                tr, tg, tb = transmittance(env, far)
                ar, ag, ab = air_light(env, dx, dy, dz)
                a = plumes.trait[p]
                sent[0] = a[ALBEDO] * sent[0] * tr + ar * (1.0 - tr)
                sent[1] = a[ALBEDO + 1] * sent[1] * tg + ag * (1.0 - tg)
                sent[2] = a[ALBEDO + 2] * sent[2] * tb + ab * (1.0 - tb)


@kernel
def veil(plumes, order, sent, rays, t, begin, end, image, left):
    """Draw plumes, in an order (P,) with the farthest first, over pixels [begin, end) of an image (N, 3) cd/m2 of rays that hit
    something at t (N,) m; left (N,): share of what is behind that is still seen. sent: of `sources`."""
    knot, colour = np.empty(plumes.knot.shape[2:]), np.empty(3)
    for i in range(begin, end):
        ox, oy, oz = float(rays.origin[i, 0]), float(rays.origin[i, 1]), float(rays.origin[i, 2])
        dx, dy, dz = float(rays.direction[i, 0]), float(rays.direction[i, 1]), float(rays.direction[i, 2])
        for p in order:
            start, stop = _span(plumes, p, ox, oy, oz, dx, dy, dz, float(t[i]))
            if stop <= start:
                continue
            _now(plumes, p, float(rays.time[i]), knot)
            start, stop = _below(knot, oz, dz, start, stop)
            if stop <= start:
                continue
            # As many samples for all pixels, evenly: what varies smoothly from pixel to pixel has neither grain nor slices.
            step = (stop - start) / CAMERA_STEPS
            through = 1.0
            colour[0] = colour[1] = colour[2] = 0.0
            for sample in range(CAMERA_STEPS):
                r = start + (sample + 0.5) * step
                dense, place, q = density(knot, plumes.trait[p], ox + r * dx, oy + r * dy, oz + r * dz)
                if dense * step > LEAST:
                    kept = exp(-dense * step)
                    share = through * (1.0 - kept)
                    through *= kept
                    k = min(int(place), len(knot) - 2)
                    u, level = place - k, min(max(q * LEVELS - 0.5, 0.0), LEVELS - 1.001)
                    n = int(level)
                    v = level - n
                    for s in range(3):
                        low = sent[p, k, n, s] + u * (sent[p, k + 1, n, s] - sent[p, k, n, s])
                        high = sent[p, k, n + 1, s] + u * (sent[p, k + 1, n + 1, s] - sent[p, k, n + 1, s])
                        colour[s] += share * (low + v * (high - low))
                    if through < 0.003:
                        break
            if through < 1.0:
                left[i] *= through
                for s in range(3):
                    image[i, s] = through * image[i, s] + colour[s]


@helper
def _furthest(value, deeper, first, last):
    """m to the last surface that the rays [first, last) of a pulse meet; inf where one of them meets none."""
    far = 0.0
    for j in range(first, last):
        row = j
        while row >= 0:
            if value[row, 0] <= 0.0:
                return np.inf
            far = max(far, float(value[row, 0]))
            row = deeper[row]
    return far


@helper
def _box(plumes, p, out):
    """Write the upright box (10,) in which plume p is from the first to the last time: a point (x, y), a level direction
    (x, y), and from where to where it is along that, to the left of it, and upwards.

    Density is 0 further than 1.4 half widths from the line between two cross-sections, so discs of that size about each
    cross-section cover it."""
    knots = plumes.knot
    last = knots.shape[2] - 1
    ux, uy = knots[0, p, last, X] - knots[0, p, 0, X], knots[0, p, last, Y] - knots[0, p, 0, Y]
    n = sqrt(ux * ux + uy * uy)
    ux, uy = (ux / n, uy / n) if n > 0.0 else (1.0, 0.0)
    out[0], out[1], out[2], out[3] = knots[0, p, 0, X], knots[0, p, 0, Y], ux, uy
    out[4] = out[6] = out[8] = 1e30
    out[5] = out[7] = out[9] = -1e30
    for t in range(2):
        for k in range(last + 1):
            a = knots[t, p, k]
            x, y, w = a[X] - out[0], a[Y] - out[1], 1.4 * a[WIDE]
            along, left = x * ux + y * uy, ux * y - uy * x
            out[4], out[5] = min(out[4], along - w), max(out[5], along + w)
            out[6], out[7] = min(out[6], left - w), max(out[7], left + w)
            out[8], out[9] = min(out[8], a[Z]), max(out[9], a[Z] + 1.3 * a[HIGH])


@inline
def _clip(o, d, low, high, begin, end):
    """The part of begin to end m of a ray that is between low and high along an axis."""
    if abs(d) < 1e-9:
        return (begin, end) if low < o < high else (0.0, -1.0)
    a, b = (low - o) / d, (high - o) / d
    return max(begin, min(a, b)), min(end, max(a, b))


@helper
def _along(plumes, boxes, rays, j, far, knots, begin, end):
    """(from, to) m of ray j in front of `far` where any plume may be, which is in its box (P, 10). Cross-sections of those are
    written to knots (P, K, 8), the parts of the ray to begin and end (P,)."""
    ox, oy, oz = float(rays.origin[j, 0]), float(rays.origin[j, 1]), float(rays.origin[j, 2])
    dx, dy, dz = float(rays.direction[j, 0]), float(rays.direction[j, 1]), float(rays.direction[j, 2])
    first, last = 1e30, 0.0
    for p in range(len(boxes)):
        q = boxes[p]
        x, y = ox - q[0], oy - q[1]
        a, b = _clip(x * q[2] + y * q[3], dx * q[2] + dy * q[3], q[4], q[5], 0.0, far)
        if b > a:
            a, b = _clip(q[2] * y - q[3] * x, q[2] * dy - q[3] * dx, q[6], q[7], a, b)
        if b > a:
            a, b = _clip(oz, dz, q[8], q[9], a, b)
        begin[p], end[p] = a, b
        if b > a:
            _now(plumes, p, float(rays.time[j]), knots[p])
            first, last = min(first, a), max(last, b)
    return first, last


@kernel
def returns(key, place, plumes, ratio, extinction, half, focus, rays, sub_rays, deeper, begin, end, value, out, kind):
    """What plumes do to pulses [begin, end): they dim the returns `value` (C, 5) of kernels.backscatter that are behind them,
    and send back up to ECHOES echoes of their own.

    ratio: (kinds,) extinction over backscatter, sr. extinction: of the air, 1/m. half: m, half of the way that light goes while
    a pulse lasts. focus: m, see sensors.lidar. place, deeper: as in kernels.echoes.find. out: (N, ECHOES, 5) as value,
    power 0 for none. kind: (N, ECHOES) of the plume.

    An echo is the integral of the backscatter over the pulse, sin^2, as that of fog.
    """
    count = len(plumes.trait)
    knots, a, b = np.empty((count, *plumes.knot.shape[2:])), np.empty(count), np.empty(count)
    back, dark, which = np.empty(MOST_SAMPLES), np.empty(MOST_SAMPLES), np.empty(MOST_SAMPLES, np.int64)
    echo, boxes = np.empty(MOST_SAMPLES), np.empty((count, 10))
    window = int(half / LIDAR_STEP_M + 0.5)
    weight = np.empty(window + 1)
    for k in range(window + 1):
        c = k / (window + 1.0)
        weight[k] = LIDAR_STEP_M * (1.0 - c * c) ** 2  # nearly cos^2, without the cosine
    for p in range(count):
        _box(plumes, p, boxes[p])
    for i in range(begin, end):
        for n in range(ECHOES):
            out[i, n, 0] = out[i, n, 1] = 0.0
        j = place[i] * sub_rays
        far = _furthest(value, deeper, j, j + sub_rays)
        first, last = _along(plumes, boxes, rays, j, far, knots, a, b)
        if last <= first:
            continue
        first += LIDAR_STEP_M * uniform(key, i, 90, 0)
        samples = min(int((last - first) / LIDAR_STEP_M) + 1, MOST_SAMPLES)
        depth, begun, done = 0.0, samples, 0
        for k in range(samples):
            r = first + k * LIDAR_STEP_M
            x, y = rays.origin[j, 0] + r * rays.direction[j, 0], rays.origin[j, 1] + r * rays.direction[j, 1]
            z = rays.origin[j, 2] + r * rays.direction[j, 2]
            total, sends, most = 0.0, 0.0, 0.0
            which[k] = 0
            for p in range(count):
                if a[p] <= r <= b[p]:
                    dense, _, _ = density(knots[p], plumes.trait[p], x, y, z)
                    sort = int(plumes.trait[p, KIND])
                    total += dense
                    sends += dense * pi / ratio[sort]
                    if dense > most:
                        most, which[k] = dense, sort
            echo[k] = back[k] = 0.0
            if total > 0.0:
                depth += total * LIDAR_STEP_M
                back[k] = sends * exp(total * LIDAR_STEP_M - 2.0 * (depth + extinction * r)) / max(r, focus) ** 2
                begun, done = min(begun, k), k + 1
            dark[k] = depth
        if depth < LEAST:
            continue
        for row in range(j, j + sub_rays):
            n = row
            while n >= 0:
                if value[n, 0] > first:
                    loss = exp(-2.0 * dark[min(int((value[n, 0] - first) / LIDAR_STEP_M), samples - 1)])
                    value[n, 1] *= loss
                    value[n, 2] *= loss
                    value[n, 4] *= loss
                n = deeper[n]
        for k in range(begun, done):
            if back[k] > 0.0:
                for m in range(max(0, k - window), min(samples, k + window + 1)):
                    echo[m] += back[k] * weight[abs(m - k)]
        taken = -1000
        for n in range(ECHOES):
            best, power = -1, 0.0
            for k in range(samples):
                if echo[k] > power and abs(k - taken) > 2 * window:
                    best, power = k, echo[k]
            if best < 0 or power <= 0.0:
                break
            taken = best
            r = first + best * LIDAR_STEP_M
            power *= exp(FLICKER * normal(key, i, 91, 2 * n) - 0.5 * FLICKER * FLICKER)
            out[i, n, 0], out[i, n, 1], out[i, n, 2] = r, power, power * max(r, focus) ** 2
            out[i, n, 3], out[i, n, 4] = 1.0, exp(-2.0 * (dark[best] + extinction * r))
            kind[i, n] = which[best]
