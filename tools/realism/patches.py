"""Patches of sweeps and what is told of each, in three groups: what a classifier may use to tell two sets apart."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.realism.grid import Sweep
from tools.realism.measures import JUMP_M, hanging, neighbours

RINGS, COLUMNS = 4, 16  # of a patch
FEWEST = 24  # returns in it
NOISE = ("second_difference", "its_tail", "lost_between", "off_by_ring", "hanging")
INTENSITY = ("mean", "spread", "along", "from_ring_to_ring", "dark", "bright", "repeated")
GEOMETRY = ("range", "height", "returns", "range_spread", "height_spread", "jumps", "slope_along", "slope_up")


class Patches(NamedTuple):
    """Features (N, F) of patches, in the order of the names above, and the number (N,) of the fold that a patch belongs to."""

    noise: NDArray[np.float64]
    intensity: NDArray[np.float64]
    geometry: NDArray[np.float64]
    fold: NDArray[np.int64]


def patches(sweeps: Sequence[Sweep], folds: int = 5) -> Patches:
    """Patches of RINGS x COLUMNS slots, side by side, with FEWEST returns at least.

    Folds are whole sweeps in turn where there are enough, or else sectors of azimuth: patches beside each other see the same
    wall, and must not stand on both sides of a test.
    """
    parts = [_of_sweep(s) for s in sweeps]
    numbers = []
    for k, part in enumerate(parts):
        sector = part[3] * folds // max(1, len(sweeps[k].range_m[0]) // COLUMNS)
        numbers.append(np.full(len(sector), k % folds) if len(sweeps) >= folds else sector)
    return Patches(*(np.concatenate([p[g] for p in parts]) for g in range(3)), np.concatenate(numbers))


def _cut(table: NDArray) -> NDArray:
    """(P, RINGS, COLUMNS) pieces of a table (R, C), what is left over at the ends is dropped."""
    rows, columns = table.shape[0] // RINGS, table.shape[1] // COLUMNS
    kept = table[: rows * RINGS, : columns * COLUMNS]
    return kept.reshape(rows, RINGS, columns, COLUMNS).swapaxes(1, 2).reshape(-1, RINGS, COLUMNS)


def _of_sweep(sweep: Sweep) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    before, here, after = neighbours(sweep)
    a, b = here - before, after - here
    with np.errstate(invalid="ignore"):
        smooth = (np.abs(a) < JUMP_M) & (np.abs(b) < JUMP_M)
        second = np.where(smooth, b - a, np.nan)
        jump = np.abs(a) > JUMP_M
    lost = np.isfinite(before) & np.isfinite(after) & ~np.isfinite(here)
    # What the rings beside it would say of a ring in its middle: surfaces that are straight upwards too leave nothing.
    up = np.full(here.shape, np.nan)
    up[1:-1] = here[1:-1] - 0.5 * (here[:-2] + here[2:])
    up[~smooth] = np.nan
    intensity = sweep.intensity.astype(float)
    i_along = np.abs(intensity - np.roll(intensity, 1, 1))
    i_up = np.full(here.shape, np.nan)
    i_up[1:] = np.abs(intensity[1:] - intensity[:-1])
    height = sweep.xyz_m[..., 2].astype(float)
    rise = np.full(here.shape, np.nan)
    rise[1:] = here[1:] - here[:-1]

    columns = np.tile(np.arange(here.shape[1] // COLUMNS), here.shape[0] // RINGS)
    full = _cut(np.isfinite(here)).sum((1, 2)) >= FEWEST
    cut = {
        name: _cut(table.astype(float))[full].reshape(-1, RINGS * COLUMNS)
        for name, table in dict(
            here=here, second=second, hanging=hanging(a, b), jump=jump, lost=lost, up=up, intensity=intensity, i_along=i_along,
            i_up=i_up, height=height, rise=rise, a=np.where(smooth, a, np.nan),
        ).items()
    }  # fmt: skip
    r = np.maximum(_median(cut["here"]), 0.1)
    size, tail = _median(np.abs(cut["second"])), _quantile(np.abs(cut["second"]), 0.9)
    noise = [_log(size), _log(tail), cut["lost"].mean(1), _log(_median(np.abs(cut["up"])) / r), cut["hanging"].mean(1)]
    dark = _quantile(cut["intensity"], 0.1)
    bright = _quantile(cut["intensity"], 0.9)
    same = _share(cut["i_along"] < 1e-6, cut["i_along"])
    tone = [_mean(cut["intensity"]), _std(cut["intensity"]), _median(cut["i_along"]), _median(cut["i_up"]), dark, bright, same]
    shape = [
        np.log(r), _median(cut["height"]), np.isfinite(cut["here"]).mean(1), _log(_std(cut["here"])), _log(_std(cut["height"])),
        cut["jump"].mean(1), _log(np.abs(_median(cut["a"]))), _median(cut["rise"]),
    ]  # fmt: skip
    return *(np.nan_to_num(np.stack(g, -1), nan=-1.0) for g in (noise, tone, shape)), columns[full]


def _quiet(function):
    """Without warnings where all of a patch is nan."""

    def run(*args):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return function(*args)

    return run


_median = _quiet(lambda x: np.nanmedian(x, 1))
_mean = _quiet(lambda x: np.nanmean(x, 1))
_std = _quiet(lambda x: np.nanstd(x, 1))
_quantile = _quiet(lambda x, q: np.nanquantile(x, q, 1))
_share = _quiet(lambda yes, of: np.where(np.isfinite(of), yes, 0).sum(1) / np.maximum(np.isfinite(of).sum(1), 1))


def _log(x: NDArray) -> NDArray:
    """Decades, of what is above 0.1 mm."""
    return np.log10(np.maximum(x, 1e-4))
