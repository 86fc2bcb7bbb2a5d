"""What a lidar's receiver makes of a pulse: returns of surfaces, fog, drops and flakes in order of range, merged into echoes.

Power is in the units of kernels.backscatter. Every draw is keyed by the pulse and by what it is for, so that the sweeps of a
clear and of a foggy day have the same noise on the same wall.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.chance import normal, uniform
from scenesim.kernels.jit import helper, kernel

HITS = (  # values of Sweep.hit
    "surface", "through_glass", "mixed", "fog", "rain", "snow", "crosstalk", "false_alarm", "spray", "exhaust", "dust", "ghost",
)  # fmt: skip
SURFACE, THROUGH_GLASS, MIXED, FOG, RAIN, SNOW, CROSSTALK, FALSE_ALARM, SPRAY, EXHAUST, DUST, GHOST = range(len(HITS))
STRONGEST, LAST, DUAL, TRIPLE = range(4)
SNR_AT_THRESHOLD = 3.72  # signal over noise where one of 10 000 empty pulses is taken for a return: Q(3.72) = 1e-4
MIXED_M, MIXED_SHARE = 0.15, 0.05  # an echo of surfaces further apart, with that much energy on either side, is a mixed pixel
PATCHES = 8  # lengths of fog that are told apart along a beam, from PATCH_M to PATCH_M * 2^4: where its echo may be loudest
PATCH_M = 0.9
MOST_PARTICLES = 12  # of a kind in a beam
HEARD = 0.1  # of the threshold: what is fainter is noise in a waveform
PI = 3.141592653589793

# Columns of the returns that kernels.backscatter finds.
RANGE, POWER, INTENSITY, COSINE, THROUGH = range(5)
# And of the room (C, 8) for those of one pulse, in order of range, which then become its echoes in place.
ROW, HIT, TRUE = 5, 6, 7


class Receiver(NamedTuple):
    """A sensor and the air.

    threshold: least power. noise, noise_at_reach, quantum, nearest, furthest, separation: m, slope, speckle: as sensors.lidar
    has them. focus: m, nearer than which power grows no more. spread: rad from a sub-ray to its neighbours. mode: one of the
    four above. fog: power of an echo of fog over its response; patches: standard deviation of its logarithm. extinction: 1/m.
    """

    threshold: float
    noise: float
    noise_at_reach: float
    slope: float
    speckle: float
    quantum: float
    nearest: float
    furthest: float
    separation: float
    focus: float
    spread: float
    mode: int
    fog: float
    patches: float
    extinction: float


class Falling(NamedTuple):
    """Particles that a beam may return. kind: (K, 6) slope 1/mm, area over pi D^2 / 4 at D = 1 mm, its exponent
    over that of D^2, reflectance, hit, mean number in a beam.
    least: (K, B) least diameter, mm, in bins of `step` m along the beam. count: (K, B + 1) mean number before each edge.
    lost: (B + 1,) mean share of light, as exponent, that they take before each edge, which is in the extinction already.
    aperture m, divergence rad: of a round beam."""

    kind: NDArray[np.float64]
    step: float
    least: NDArray[np.float64]
    count: NDArray[np.float64]
    lost: NDArray[np.float64]
    aperture: float
    divergence: float


class More(NamedTuple):
    """Returns of N pulses beside those of their own rays, in order of pulses: those of pulse i are rows first[i] to
    first[i + 1]. first: (N + 1,). value: (E, 5) as those of surfaces. hit: (E,) of HITS."""

    first: NDArray[np.int64]
    value: NDArray[np.float32]
    hit: NDArray[np.uint8]


class Echoes(NamedTuple):
    """What N pulses bring, E at most each, in order of range.

    value: (N, E, 5) as the returns, but the range is the measured. true: (N, E) m, the range without noise and steps. row:
    (N, E) the return whose surface it is, -1 for what is in the air. hit: (N, E) of HITS. number: (N, E) 1 for the first of
    its pulse that is loud enough, counted before the sensor chooses; 0 where there is none. total: (N,) of those.
    """

    value: NDArray[np.float32]
    true: NDArray[np.float32]
    row: NDArray[np.int32]
    hit: NDArray[np.uint8]
    number: NDArray[np.uint8]
    total: NDArray[np.uint8]


@kernel
def soft_response(extinction, half, begin, full, focus, step, shift, out):
    """Response (n,) 1/m of a receiver to evenly scattering air, at ranges k step: the integral of the pulse over the beam,
    sin^2 exp(-2 extinction x) overlap / max(x, focus)^2 (Hahner et al. 2021, whose focus is 0).

    half: m, half-power length of the pulse's way there and back. begin, full: m, of the overlap. shift: m that the receiver
    takes off the range of the pulse's peak, `half` so that a surface is where it is.
    """
    steps = 400
    for k in range(len(out)):
        r, total = k * step + shift, 0.0
        for j in range(steps):
            u = (j + 0.5) / steps
            x = r - 2.0 * half * u
            if x > begin:
                s = np.sin(PI * u)
                total += s * s * exp(-2.0 * extinction * x) / max(x, focus) ** 2 * min((x - begin) / (full - begin), 1.0)
        out[k] = total * 2.0 * half / steps


@helper
def _put(s, m, r, power, intensity, cosine, through, row, hit):
    """Insert a return into the m of a pulse, in order of range. Returns how many there are now."""
    if m >= len(s):
        return m
    k = m
    while k > 0 and s[k - 1, RANGE] > r:
        for c in range(7):
            s[k, c] = s[k - 1, c]
        k -= 1
    s[k, RANGE], s[k, POWER], s[k, INTENSITY] = r, power, intensity
    s[k, COSINE], s[k, THROUGH] = cosine, through
    s[k, ROW], s[k, HIT] = row, hit
    return m + 1


@helper
def _fall(key, i, receiver, falling, s, m, wall):
    """Add the particles of pulse i in front of `wall` m, and take from all that is behind each what it shades. Until all is
    done, the cosine of a particle is the share of the beam that it covers."""
    for kind in range(len(falling.kind)):
        slope, area, fluff = falling.kind[kind, 0], falling.kind[kind, 1], falling.kind[kind, 2]
        reflectance, hit, mean = falling.kind[kind, 3], int(falling.kind[kind, 4]), falling.kind[kind, 5]
        left = uniform(key, i, 8 + kind, 0)
        chance = exp(-mean)
        number = 0
        while left >= chance and number < MOST_PARTICLES:
            left -= chance
            number += 1
            chance *= mean / number
        bins = falling.least.shape[1]
        for k in range(number):
            want = uniform(key, i, 16 + kind, 2 * k) * mean
            a, b = 0, bins
            while b - a > 1:
                middle = (a + b) // 2
                if falling.count[kind, middle] <= want:
                    a = middle
                else:
                    b = middle
            there = falling.count[kind, a + 1] - falling.count[kind, a]
            r = (a + (want - falling.count[kind, a]) / max(there, 1e-30)) * falling.step
            diameter = falling.least[kind, a] - log(1.0 - uniform(key, i, 16 + kind, 2 * k + 1)) / slope
            width = 1e3 * (falling.aperture + falling.divergence * r)
            if fluff > 0.0:
                area = falling.kind[kind, 1] * exp(fluff * log(max(diameter, 1e-9)))
            share = min(area * diameter * diameter / (width * width), 1.0)
            if r >= wall or r < 0.01:
                continue
            dark = (1.0 - min(2.0 * share, 1.0)) ** 2
            through = exp(-2.0 * receiver.extinction * r)
            for j in range(m):
                if s[j, RANGE] > r:
                    s[j, POWER] *= dark
                    s[j, INTENSITY] *= dark
                    s[j, THROUGH] *= dark
                elif s[j, ROW] < 0:
                    through *= (1.0 - min(2.0 * s[j, COSINE], 1.0)) ** 2
            intensity = reflectance * share * through
            m = _put(s, m, r, intensity / max(r, receiver.focus) ** 2, intensity, share, through, -1, hit)
    if len(falling.kind) > 0:
        for j in range(m):
            if s[j, ROW] >= 0:
                at = min(int(s[j, RANGE] / falling.step), len(falling.lost) - 1)
                less = exp(falling.lost[at])
                s[j, POWER] *= less
                s[j, INTENSITY] *= less
                s[j, THROUGH] = min(s[j, THROUGH] * less, 1.0)
    return m


@helper
def _fog(key, i, receiver, response, step, s, m, wall):
    """Add the echo of fog on pulse i: of some patches along the beam, the one that comes back loudest."""
    best, power = 0.0, 0.0
    for k in range(PATCHES):
        r = PATCH_M * 2.0 ** (0.5 * (k + uniform(key, i, 4, 3 * k)))
        if r >= wall:
            break
        place = r / step
        at = int(place)
        there = response[at] + (response[at + 1] - response[at]) * (place - at)
        p = receiver.fog * there * exp(receiver.patches * normal(key, i, 4, 3 * k + 1))
        if p > power:
            best, power = r, p
    if power <= 0.05 * receiver.threshold:
        return m
    return _put(s, m, best, power, power * max(best, receiver.focus) ** 2, 1.0, exp(-2.0 * receiver.extinction * best), -1, FOG)


@helper
def _stretch(receiver, s, k):
    """How much further, m, the neighbour of a sub-ray goes on the same surface."""
    if s[k, ROW] < 0:
        return 0.0
    c = max(s[k, COSINE], 0.01)
    return s[k, RANGE] * receiver.spread * sqrt(1.0 - min(c, 1.0) * min(c, 1.0)) / c


@helper
def _merge(receiver, s, m):
    """Make echoes of the m returns of a pulse: those that its length cannot separate are one, whose range is the mean, energy
    weighted, and whose surface is that of its strongest return. Returns their number."""
    echoes, k = 0, 0
    while k < m:
        first = loudest = k
        power, moment, intensity = s[k, POWER], s[k, POWER] * s[k, RANGE], s[k, INTENSITY]
        gap, before = MIXED_M, 0.0
        k += 1
        while k < m:
            apart = s[k, RANGE] - s[k - 1, RANGE]
            slant = 0.5 * (_stretch(receiver, s, k) + _stretch(receiver, s, k - 1))
            if apart > receiver.separation + slant:
                break
            if apart - slant > gap:
                gap, before = apart - slant, power
            p = s[k, POWER]
            power += p
            moment += p * s[k, RANGE]
            intensity += s[k, INTENSITY]
            if p > s[loudest, POWER]:
                loudest = k
            k += 1
        r = moment / power if k > first + 1 and power > 0.0 else s[first, RANGE]
        row, hit, cosine, through = s[loudest, ROW], s[loudest, HIT], s[loudest, COSINE], s[loudest, THROUGH]
        if row >= 0.0 and MIXED_SHARE * power < before < (1.0 - MIXED_SHARE) * power:
            hit = MIXED
        s[echoes, RANGE], s[echoes, POWER], s[echoes, INTENSITY] = r, power, intensity
        s[echoes, COSINE], s[echoes, THROUGH], s[echoes, ROW], s[echoes, HIT] = cosine, through, row, hit
        echoes += 1
    return echoes


@helper
def _detect(key, i, receiver, s, count):
    """Keep, of `count` echoes, those that are seen, with the range that is measured. Returns their number.

    The range's standard deviation is sqrt(noise^2 + noise_at_reach^2 (threshold / power)^(2 slope)), as the edge of a pulse is
    timed (Skolnik: a slope of 1/2, with the root of the signal over noise)."""
    seen, surfaces, others = 0, 0, 64
    for e in range(count):
        draw = others
        if s[e, ROW] >= 0.0:
            draw = surfaces
            surfaces += 1
        else:
            others += 1
        if receiver.speckle > 0.0:
            fade = max(1.0 + receiver.speckle * normal(key, i, draw, 4), 0.0)
            s[e, POWER] *= fade
            s[e, INTENSITY] *= fade
        power = s[e, POWER]
        if power <= 0.0 or power < 0.1 * receiver.threshold:
            continue
        # Far above the threshold no draw, which is 8.6 at most, makes a difference.
        if power < 3.4 * receiver.threshold:
            if power + receiver.threshold / SNR_AT_THRESHOLD * normal(key, i, draw, 0) < receiver.threshold:
                continue
        weakness = (receiver.threshold / power) ** (2.0 * receiver.slope)
        noise = sqrt(receiver.noise * receiver.noise + receiver.noise_at_reach * receiver.noise_at_reach * weakness)
        true = s[e, RANGE]
        r = true + noise * normal(key, i, draw, 2)
        if receiver.quantum > 0.0:
            r = np.floor(r / receiver.quantum + 0.5) * receiver.quantum
        if r < receiver.nearest or r > receiver.furthest:
            continue
        s[seen, RANGE], s[seen, TRUE] = r, true
        for c in range(1, TRUE):
            s[seen, c] = s[e, c]
        seen += 1
    return seen


@helper
def _strongest(s, seen, a, b):
    """The strongest of the echoes but for a and b; -1 for none."""
    best = -1
    for e in range(seen):
        if e != a and e != b and (best < 0 or s[e, POWER] > s[best, POWER]):
            best = e
    return best


@helper
def _choose(receiver, s, seen):
    """(first, second, third) of the echoes that a sensor reports, in order of range; -1 for none."""
    if seen == 0:
        return -1, -1, -1
    best = _strongest(s, seen, -1, -1)
    if receiver.mode == STRONGEST:
        return best, -1, -1
    if receiver.mode == LAST:
        return seen - 1, -1, -1
    a = best if best != seen - 1 else _strongest(s, seen, best, best)
    if a < 0:
        return best, -1, -1
    if receiver.mode == DUAL:
        return a, seen - 1, -1
    b = _strongest(s, seen, a, seen - 1)
    if b < 0:
        return a, seen - 1, -1
    return min(a, b), max(a, b), seen - 1


@helper
def _gather(key, i, place, receiver, falling, response, step, value, deeper, sub_rays, rays, more, s):
    """Put all returns of pulse i, whose rays are the place-th, of surfaces and of what is in the air, into s in order of range.
    Returns their number."""
    m, wall, furthest = 0, np.inf, 0.0
    open_sky = False
    for j in range(place * sub_rays, (place + 1) * sub_rays):
        row = j
        last = 0.0
        while row >= 0:
            if value[row, RANGE] > 0.0:
                last = float(value[row, RANGE])
                hit = SURFACE if row < rays else THROUGH_GLASS
                m = _put(
                    s, m, last, value[row, POWER], value[row, INTENSITY], value[row, COSINE], value[row, THROUGH], row, hit
                )
            else:
                open_sky = True
            row = deeper[row]
        furthest = max(furthest, last)
    if not open_sky:
        wall = furthest
    if len(falling.kind) > 0:
        m = _fall(key, i, receiver, falling, s, m, wall)
    if len(response) > 0:
        m = _fog(key, i, receiver, response, step, s, m, wall)
    if more is not None:  # compiled where there is more
        for e in range(more.first[i], more.first[i + 1]):
            v = more.value[e]
            m = _put(s, m, v[RANGE], v[POWER], v[INTENSITY], v[COSINE], v[THROUGH], -1, more.hit[e])
    return m


@kernel
def find(key, pulse, place, receiver, falling, response, step, gain, value, deeper, sub_rays, more, begin, end, s, out):
    """Echoes of pulses pulse[begin:end], numbers of the N; others are left as they are.

    response, step: of fog, see soft_response; empty where there is none. gain: (N,) of each pulse, or empty: 1. value: (C, 5)
    returns of rays, sub_rays of a pulse side by side at its place (N,), what is behind panes after those. deeper: (C,) row of
    what a ray hits behind, -1 for nothing. more: More, or None. s: room.
    """
    rays = len(out.total) * sub_rays
    for n in range(begin, end):
        i = pulse[n]
        m = _gather(key, i, place[i], receiver, falling, response, step, value, deeper, sub_rays, rays, more, s)
        if m > 1:
            m = _merge(receiver, s, m)
        if len(gain) > 0:
            for e in range(m):
                s[e, POWER] *= gain[i]
                s[e, INTENSITY] *= gain[i]
        seen = _detect(key, i, receiver, s, m)
        out.total[i] = seen
        a, b, c = _choose(receiver, s, seen)
        for slot in range(out.number.shape[1]):
            e = a if slot == 0 else b if slot == 1 else c
            out.number[i, slot] = e + 1
            if e >= 0:
                for k in range(ROW):
                    out.value[i, slot, k] = s[e, k]
                out.true[i, slot] = s[e, TRUE]
                out.row[i, slot], out.hit[i, slot] = int(s[e, ROW]), int(s[e, HIT])


@kernel
def heard(
    key,
    place,
    receiver,
    falling,
    response,
    step,
    gain,
    value,
    deeper,
    sub_rays,
    more,
    sample,
    begin,
    end,
    s,
    first,
    room,
    power,
):
    """Waveforms of pulses [begin, end): stretches of samples, `sample` m apart, in which there is more than noise. Returns how
    many stretches and how many samples there are, and writes them where there is room.

    Returns are those that `find` makes echoes of, each a sin^2 of the pulse's half-power width; fog is its whole response, and
    the patch that stands out of it. first: (S, 3) int32 pulse, number of the first sample, count. power: (n,) float32 over the
    threshold. room: 0 to count alone. The rest as in `find`.
    """
    width = receiver.separation
    stretches, samples = 0, 0
    last = 0
    for k in range(len(response)):
        if receiver.fog * response[k] > HEARD * receiver.threshold:
            last = k
    rays = len(place) * sub_rays
    for i in range(begin, end):
        m = _gather(key, i, place[i], receiver, falling, response, step, value, deeper, sub_rays, rays, more, s)
        loud = gain[i] if len(gain) > 0 else 1.0
        e, stop = 0, 0.0
        mist = last > 0
        while e < m or mist:
            if mist:
                a, stop, mist = 0.0, last * step, False
            else:
                if s[e, POWER] * loud < HEARD * receiver.threshold or s[e, RANGE] + width > 2.0 * receiver.furthest:
                    e += 1
                    continue
                a, stop = s[e, RANGE] - width, s[e, RANGE] + width
            begun = e
            while e < m and s[e, RANGE] - width <= stop:
                if s[e, POWER] * loud >= HEARD * receiver.threshold:
                    stop = max(stop, s[e, RANGE] + width)
                e += 1
            low, high = max(int(np.ceil(a / sample)), 0), int(stop / sample)
            if high < low:
                continue
            if room > 0:
                first[stretches, 0], first[stretches, 1], first[stretches, 2] = i, low, high - low + 1
                for k in range(low, high + 1):
                    r = k * sample
                    total = 0.0
                    if r < (len(response) - 2) * step:
                        at = int(r / step)
                        total = receiver.fog * (response[at] + (response[at + 1] - response[at]) * (r / step - at))
                    mean = total
                    for n in range(begun, e):
                        x = (r - s[n, RANGE]) / width
                        if -1.0 < x < 1.0:
                            p = s[n, POWER] - mean if s[n, HIT] == FOG else s[n, POWER]
                            total += max(p, 0.0) * np.cos(0.5 * PI * x) ** 2
                    noise = normal(key, i, 120, 2 * k) / SNR_AT_THRESHOLD
                    power[samples + k - low] = total * loud / receiver.threshold + noise
            stretches += 1
            samples += high - low + 1
    return stretches, samples
