"""A sweep as a table of slots, ring by firing: what all measures look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_RINGS = 8  # that have a return in all slots


@dataclass(frozen=True, eq=False)
class Sweep:
    """One sweep. Rings ascend by elevation, 0 the lowest; columns follow each other in azimuth and meet at the ends.

    range_m: (R, C), nan where nothing came back. intensity: (R, C) 0 to 1, as the sensor reports it over its greatest value.
    xyz_m: (R, C, 3) in the lidar frame, z up. model: of the sensor, "" for not known.
    """

    range_m: NDArray[np.float32]
    intensity: NDArray[np.float32]
    xyz_m: NDArray[np.float32]
    model: str = ""

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(R, C) slots with a return."""
        return np.isfinite(self.range_m)


def place(
    xyz_m: NDArray,
    intensity: NDArray,
    ring: NDArray,
    column: NDArray,
    shape: tuple[int, int],
    model: str = "",
    align: bool = True,
) -> Sweep:
    """The sweep of points (N,) whose slots are known. Of those that share a slot, the one of the greatest intensity stays.

    align: turn the rings until equal columns look the same way, which lasers that sit beside each other do not at one firing.
    """
    order = np.argsort(intensity, kind="stable")
    xyz, ring, column = np.asarray(xyz_m, np.float32)[order], ring[order], column[order]
    range_m = np.full(shape, np.nan, np.float32)
    reported, points = np.full(shape, np.nan, np.float32), np.full((*shape, 3), np.nan, np.float32)
    range_m[ring, column] = np.sqrt((xyz.astype(float) ** 2).sum(1))
    reported[ring, column] = intensity[order]
    points[ring, column] = xyz
    if align:
        shift = _shifts(points)
        for k in np.flatnonzero(shift):
            for table in (range_m, reported, points):
                table[k] = np.roll(table[k], shift[k], 0)
    return Sweep(range_m, reported, points, model)


def _shifts(xyz: NDArray) -> NDArray[np.int64]:
    """(R,) columns by which each ring is to be turned."""
    rings, columns, _ = xyz.shape
    turn = np.exp(1j * np.arctan2(xyz[..., 1], xyz[..., 0]).astype(float))
    step = 2 * np.pi / columns
    # The sense of rotation: which way azimuths go from column to column.
    along = np.nanmean(np.imag(turn[:, 1:] * turn[:, :-1].conj()))
    sense = 1.0 if along >= 0 else -1.0
    nominal = np.exp(1j * sense * step * np.arange(columns))
    off = np.nanmean(turn * nominal.conj(), 1)
    seen = np.isfinite(off)
    first = off[seen][0] if seen.any() else 1.0
    off = np.where(seen, off, first)
    return np.round(sense * np.angle(off * np.conj(first)) / step).astype(int)


def columns_by_azimuth(
    azimuth_rad: NDArray, ring: NDArray, rings: int, in_order: bool = False
) -> tuple[NDArray[np.int64], int]:
    """(columns (N,), how many slots a turn has) of points of which only the returns were kept.

    A turn has as many slots as FULL_RINGS or more have returns, if steps of azimuth say about so too; or else as these say: an
    encoder that counts 0.09 and 0.18 degrees in turn is that of a sensor of even steps. What a ring lacks of them is put where
    its steps are longest; elsewhere points are one slot after the other, because in points that were made free of the ego's
    motion steps are uneven. in_order: the points of a ring follow each other as they were fired, which is surer than azimuths.
    """
    azimuth = np.mod(azimuth_rad, 2 * np.pi)
    order = np.argsort(ring, kind="stable") if in_order else np.lexsort((azimuth, ring))
    a, r = azimuth[order], ring[order]
    slots = _slots(a, r, rings)
    mean = 2 * np.pi / slots
    column = np.empty(len(a), int)
    starts = np.flatnonzero(np.diff(r, prepend=-1))
    for begin, end in zip(starts, [*starts[1:], len(r)]):
        step = np.diff(a[begin:end], prepend=a[end - 1] - 2 * np.pi)  # the first from the last, around the turn
        empty = np.maximum(np.round(step / mean) - 1, 0).astype(int)
        longest = np.argsort(-step, kind="stable")
        room = max(slots - (end - begin), 0)
        taken = np.minimum(np.cumsum(empty[longest]), room)
        empty[longest] = np.diff(taken, prepend=0)
        first = min(empty[0], int(round(a[begin] / mean))) if a[begin] < np.pi else 0
        column[begin:end] = np.cumsum(1 + np.concatenate([[first], empty[1:]])) - 1
    out = np.empty(len(a), int)
    out[order] = column
    return out, max(slots, int(column.max()) + 1)


def _slots(azimuth: NDArray, ring: NDArray, rings: int) -> int:
    """How many slots a turn has, of points in the order of rings and azimuths."""
    step = np.diff(azimuth)[np.diff(ring) == 0]
    typical = np.median(step[step > 1e-6])
    mean = step[(step > 0.3 * typical) & (step < 1.4 * typical)].mean()
    for _ in range(3):
        some = step[step < 12 * mean]
        mean = some.sum() / np.maximum(np.round(some / mean), 1).sum()
    said = int(round(2 * np.pi / mean))
    count = np.bincount(ring, minlength=rings)
    full = (count == count.max()).sum() >= FULL_RINGS and 0.8 * said < count.max() < 1.2 * said
    return int(count.max()) if full else said
