"""Measures of sweeps, one pure function each: what is counted, in which unit. Where no source is named, it is our own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.realism.grid import Sweep

JUMP_M = 0.3  # between neighbours of a ring: more is another surface
NOISE_BINS_M = ((5.0, 10.0), (15.0, 20.0), (30.0, 40.0))
GAIN_RANGE_M = (6.0, 20.0)
RANGE_EDGES_M = (0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 120.0)  # 14 bins
BEV_M, BEV_CELLS = 50.0, 100
CELL_M, FEWEST = 0.5, 8  # of ground: side of a cell, points that it must hold
MAD_TO_SIGMA = 1.4826  # of a normal distribution


class Neighbours(NamedTuple):
    """Of each slot (R, C): the ranges before and after it on its ring; nan where nothing came back."""

    before: NDArray[np.float64]
    here: NDArray[np.float64]
    after: NDArray[np.float64]


def neighbours(sweep: Sweep) -> Neighbours:
    """A ring is closed: the last slot is beside the first."""
    r = sweep.range_m.astype(float)
    return Neighbours(np.roll(r, 1, 1), r, np.roll(r, -1, 1))


def return_rate(sweeps: Sequence[Sweep]) -> tuple[float, NDArray[np.float64]]:
    """(share of all slots, (R,) share of each ring's slots) that have a return. For rows like L16: a mean over sweeps."""
    by_ring = np.mean([s.seen.mean(1) for s in sweeps], 0)
    return float(by_ring.mean()), by_ring


def second_differences(sweep: Sweep) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(second differences (N,) m along rings, the ranges (N,) m in their middles) of surfaces that go on: three returns side by
    side, less than JUMP_M from one to the next."""
    before, here, after = neighbours(sweep)
    with np.errstate(invalid="ignore"):
        smooth = (np.abs(here - before) < JUMP_M) & (np.abs(after - here) < JUMP_M)
    return (before - 2.0 * here + after)[smooth], here[smooth]


def noise_by_range(sweeps: Sequence[Sweep], bins_m=NOISE_BINS_M) -> NDArray[np.float64]:
    """(B,) m, noise of one range: the median absolute deviation of second differences along rings, over sqrt(6).

    Whatever is straight along the ring drops out of a second difference, and independent noise of standard deviation s gives it
    sqrt(6) s. The median leaves out edges and leaves. It is not scaled to a standard deviation: normal noise of s gives
    s / MAD_TO_SIGMA. nan where a bin has fewer than 100.
    """
    both = [second_differences(s) for s in sweeps]
    second, at = (np.concatenate([b[k] for b in both]) for k in (0, 1))
    out = []
    for low, high in bins_m:
        found = second[(at >= low) & (at < high)]
        out.append(_mad(found) / math.sqrt(6.0) if len(found) >= 100 else np.nan)
    return np.array(out)


def _mad(values: NDArray) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def ground(sweep: Sweep, reach_m: float = 30.0) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """((R, C) which returns lie on the ground, (R, C) m how high above its plane): within 0.15 m and 1 % of the distance of it.

    The plane begins level at the fullest layer of 0.1 m below the sensor, 3 to 15 m away, and is fitted five times to what is
    near it.
    """
    xyz = sweep.xyz_m.astype(float)
    away = np.sqrt((xyz[..., :2] ** 2).sum(-1))
    with np.errstate(invalid="ignore"):
        near = (away > 3.0) & (away < 15.0) & (xyz[..., 2] < -0.8)
    if near.sum() < 50:
        return np.zeros(near.shape, bool), np.full(near.shape, np.nan)
    count, edges = np.histogram(xyz[near][:, 2], np.arange(-4.0, -0.7, 0.1))
    plane = np.array([0.0, 0.0, edges[count.argmax()] + 0.05])
    p = xyz[near]
    for within in (0.3, 0.2, 0.15, 0.12, 0.1):
        on = p[np.abs(p[:, 2] - (p[:, :2] @ plane[:2] + plane[2])) < within]
        plane = np.linalg.lstsq(np.column_stack([on[:, :2], np.ones(len(on))]), on[:, 2], rcond=None)[0]
    height = xyz[..., 2] - (xyz[..., :2] @ plane[:2] + plane[2])
    with np.errstate(invalid="ignore"):
        return (away < reach_m) & (np.abs(height) < 0.15 + 0.01 * away), height


def ground_roughness(sweeps: Sequence[Sweep], reach_m: float = 20.0) -> float:
    """m, median absolute deviation of the heights of ground points, over the plane of the ground, from the median of their
    cell of CELL_M; cells of FEWEST points or more.

    Where rings are close, what calibration leaves between lasers is in it; elsewhere the noise of ranges, as far as it goes up.
    A plane of each cell's own would not do: across a single ring, noise itself is a slope.
    """
    found = []
    for s in sweeps:
        here, height = ground(s, reach_m)
        cell = np.floor(s.xyz_m[here][:, :2].astype(float) / CELL_M).astype(int)
        key = (cell[:, 0] + 10_000) * 20_000 + cell[:, 1] + 10_000
        order = np.lexsort((height[here], key))
        z, key = height[here][order], key[order]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        counts = np.diff([*starts, len(key)])
        middle = 0.5 * (z[starts + (counts - 1) // 2] + z[starts + counts // 2])
        off = np.abs(z - np.repeat(middle, counts))
        found.append(off[np.repeat(counts, counts) >= FEWEST])
    both = np.concatenate(found)
    return float(np.median(both)) if len(both) else math.nan


def drop_outs(sweeps: Sequence[Sweep]) -> float:
    """Share of the slots between two returns of the same ring that have none themselves: isolated drop-outs ("raydrop")."""
    lost = both = 0
    for s in sweeps:
        before, here, after = neighbours(s)
        between = np.isfinite(before) & np.isfinite(after)
        both += int(between.sum())
        lost += int((between & ~np.isfinite(here)).sum())
    return lost / both if both else math.nan


def jumps(sweeps: Sequence[Sweep], jump_m: float = JUMP_M) -> float:
    """Share of neighbouring returns of a ring whose ranges differ by more than jump_m."""
    far = pairs = 0
    for s in sweeps:
        before, here, _ = neighbours(s)
        apart = np.abs(here - before)
        pairs += int(np.isfinite(apart).sum())
        far += int((apart > jump_m).sum())
    return far / pairs if pairs else math.nan


def hanging(a: NDArray, b: NDArray, jump_m: float = JUMP_M) -> NDArray[np.bool_]:
    """Which returns (R, C) hang between their neighbours, see mixed_pixels. a, b: steps of the range to and from each."""
    with np.errstate(invalid="ignore"):
        hang = (np.abs(a) > jump_m) & (np.abs(b) > jump_m) & (a * b > 0)
        slanted = (np.roll(a, 1, 1) * a > 0.5 * a * a) & (np.roll(b, -1, 1) * b > 0.5 * b * b)
    return hang & ~slanted


def mixed_pixels(sweeps: Sequence[Sweep], jump_m: float = JUMP_M) -> float:
    """Share of returns with a return on either side that hang between the two: nearer than one and further than the other by
    more than jump_m each, as a beam that is split by an edge measures it ("veil": Tang et al. 2007).

    A wall that is seen at a grazing angle goes on in such steps, and is left out: where the next steps on both sides are half
    as large or more, and go the same way. Foliage hangs too, in real sweeps as in simulated ones.
    """
    hang = triples = 0
    for s in sweeps:
        before, here, after = neighbours(s)
        a, b = here - before, after - here
        triples += int((np.isfinite(a) & np.isfinite(b)).sum())
        hang += int(hanging(a, b, jump_m).sum())
    return hang / triples if triples else math.nan


def ring_gain(sweeps: Sequence[Sweep], range_m=GAIN_RANGE_M, fewest: int = 50) -> tuple[float, NDArray[np.float64]]:
    """(coefficient of variation over rings, (R,) mean intensity of each on ground at range_m; nan for fewer points)."""
    rings = len(sweeps[0].range_m)
    total, count = np.zeros(rings), np.zeros(rings)
    for s in sweeps:
        with np.errstate(invalid="ignore"):
            here = ground(s, range_m[1])[0] & (s.range_m >= range_m[0]) & (s.range_m < range_m[1])
        total += np.where(here, s.intensity, 0.0).sum(1)
        count += here.sum(1)
    mean = np.where(count >= fewest, total / np.maximum(count, 1), np.nan)
    kept = mean[np.isfinite(mean)]
    return (float(kept.std() / kept.mean()) if len(kept) > 1 and kept.mean() > 0 else math.nan), mean


def incidence(sweep: Sweep) -> NDArray[np.float64]:
    """(R, C) rad between the beam and the normal of the surface through a return and its neighbours along the ring and on the
    ring above; nan at jumps."""
    p = sweep.xyz_m.astype(float)
    along, up = np.roll(p, -1, 1) - np.roll(p, 1, 1), np.roll(p, -1, 0) - p
    up[-1] = np.nan
    normal = np.cross(along, up)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.abs((normal * p).sum(-1)) / np.sqrt((normal**2).sum(-1) * (p**2).sum(-1))
        r = np.sqrt((p**2).sum(-1))
        broken = (np.sqrt((along**2).sum(-1)) > 2 * JUMP_M) | (np.sqrt((up**2).sum(-1)) > 0.15 * r)
    return np.where(broken, np.nan, np.arccos(np.clip(cosine, 0.0, 1.0)))


def intensity_by(sweeps: Sequence[Sweep], what: str, edges: Sequence[float]) -> NDArray[np.float64]:
    """(B,) median intensity of returns by "range" (edges in m) or by "incidence" (rad); nan where a bin has fewer than 50."""
    pairs = [(s.range_m if what == "range" else incidence(s), s.intensity) for s in sweeps]
    x, y = (np.concatenate([pair[k].reshape(-1) for pair in pairs]) for k in (0, 1))
    out = []
    for low, high in zip(edges[:-1], edges[1:]):
        with np.errstate(invalid="ignore"):
            here = (x >= low) & (x < high)
        out.append(float(np.median(y[here])) if here.sum() >= 50 else math.nan)
    return np.array(out)


def range_histogram(sweeps: Sequence[Sweep], edges: Sequence[float] = RANGE_EDGES_M) -> NDArray[np.float64]:
    """(B,) shares of the returns, by range."""
    count = sum(np.histogram(s.range_m[s.seen], edges)[0] for s in sweeps)
    return count / max(count.sum(), 1)


def bird_eye(sweep: Sweep) -> NDArray[np.float64]:
    """(BEV_CELLS, BEV_CELLS) shares of the returns within BEV_M on both axes, from above."""
    p = sweep.xyz_m[sweep.seen]
    edges = np.linspace(-BEV_M, BEV_M, BEV_CELLS + 1)
    count = np.histogram2d(p[:, 0], p[:, 1], (edges, edges))[0]
    return count / max(count.sum(), 1)


def jsd(p: NDArray, q: NDArray) -> float:
    """Jensen-Shannon divergence of two histograms, bits: 0 the same, 1 nothing in common (Lin 1991)."""
    p, q = (np.asarray(x, float).reshape(-1) / np.sum(x) for x in (p, q))
    m = 0.5 * (p + q)

    def to_middle(x: NDArray) -> float:
        here = x > 0
        return float((x[here] * np.log2(x[here] / m[here])).sum())

    return 0.5 * to_middle(p) + 0.5 * to_middle(q)


def bird_eye_jsd(a: Sequence[Sweep], b: Sequence[Sweep]) -> float:
    """Median JSD, bits, of the views from above over all pairs of a sweep of A and one of B."""
    of_a, of_b = [bird_eye(s) for s in a], [bird_eye(s) for s in b]
    return float(np.median([jsd(p, q) for p in of_a for q in of_b]))


def mmd(a: NDArray, b: NDArray) -> float:
    """Squared maximum mean discrepancy of rows (N, D) and (M, D), unbiased, of a Gaussian kernel whose width is the median
    distance of all rows (Gretton et al. 2012); about 0, and even below, for the same distribution; 2 at most."""
    both = np.concatenate([a, b]).astype(float)
    square = ((both[:, None] - both[None]) ** 2).sum(-1)
    apart = square[np.triu_indices(len(both), 1)]
    k = np.exp(-square / max(float(np.median(apart)), 1e-12))
    n, m = len(a), len(b)
    same_a = (k[:n, :n].sum() - n) / (n * (n - 1))
    same_b = (k[n:, n:].sum() - m) / (m * (m - 1))
    return float(same_a + same_b - 2.0 * k[:n, n:].mean())
