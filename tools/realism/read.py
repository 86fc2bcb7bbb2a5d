"""Sets of sweeps on the disk: KITTI and nuScenes as they are published, and scenesim's own datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.datasets.opened import open_dataset
from tools.realism.grid import Sweep, columns_by_azimuth, place

NOTHING_M = 0.9  # nuScenes keeps the slots that nothing came back in: at next to no range
NUSCENES_RINGS, KITTI_RINGS = 32, 64
FEWEST_RETURNS = 20  # of a ring


def read_set(folder: str | Path, lidar: str | None = None, most: int | None = None) -> list[Sweep]:
    """The sweeps of a native dataset, or of the .pcd.bin (nuScenes) or .bin (KITTI) files in a folder, in order of their names.

    lidar: of the dataset; by default its first. most: that many at most, evenly spread. Raises InputError.
    """
    folder = Path(folder)
    if (folder / "dataset.json").is_file():
        return list(_native(folder, lidar, most))
    for pattern, read in (("**/*.pcd.bin", read_nuscenes), ("**/*.bin", read_kitti)):
        files = sorted(folder.glob(pattern)) if folder.is_dir() else []
        if files:
            return [read(f) for f in _some(files, most)]
    what = "no sweeps here: neither a dataset of scenesim, nor .pcd.bin (nuScenes), nor .bin (KITTI)"
    raise InputError(what, Place(str(folder)))


def _some(items: list, most: int | None) -> list:
    if most is None or len(items) <= most:
        return items
    return [items[int(k)] for k in np.linspace(0, len(items) - 1, most)]


def _native(folder: Path, lidar: str | None, most: int | None) -> Iterator[Sweep]:
    data = open_dataset(folder)
    calibration = json.loads((folder / "calibration.json").read_text(encoding="utf8"))
    for sample in _some(list(data), most):
        name = lidar or sample.lidars[0]
        if name not in sample.lidars:
            raise InputError(f'no lidar "{name}" in {folder}{did_you_mean(name, sample.lidars)}')
        points, spec = sample.points(name), calibration[name]
        poses = sample.table("poses")
        pulses = int(poses["pulses"][list(poses["sensor"]).index(name)])
        rings = spec["rings"]
        xyz = np.stack([points[f"{axis}_m"] for axis in "xyz"], -1)
        shape = (rings, max(pulses // rings, int(points["column"].max()) + 1))
        yield place(xyz, points["intensity"], points["ring"].astype(int), points["column"].astype(int), shape, spec["model"])


def of_capture(sweep: Any, model: str, rings: int) -> Sweep:
    """A sweep as scenesim.frames gives it; of several echoes of a pulse, the strongest."""
    columns = max(sweep.pulses // rings, int(sweep.column.max()) + 1)
    return place(sweep.xyz_m, sweep.intensity, sweep.ring.astype(int), sweep.column.astype(int), (rings, columns), model)


def read_nuscenes(path: str | Path) -> Sweep:
    """A .pcd.bin: x, y, z, intensity to 255, ring, float32. Published files have every slot, a firing of 32 side by side."""
    rows = _floats(Path(path), 5)
    ring = rows[:, 4].astype(int)
    xyz, intensity = rows[:, :3], rows[:, 3] / 255.0
    seen = np.sqrt((xyz.astype(float) ** 2).sum(1)) > NOTHING_M
    firings = len(rows) // NUSCENES_RINGS
    whole = len(rows) == firings * NUSCENES_RINGS and (ring.reshape(firings, -1) == ring[:NUSCENES_RINGS]).all()
    if whole:
        column = np.repeat(np.arange(firings), NUSCENES_RINGS)
        shape = (NUSCENES_RINGS, firings)
    else:
        xyz, intensity, ring = xyz[seen], intensity[seen], ring[seen]
        column, slots = columns_by_azimuth(np.arctan2(xyz[:, 1], xyz[:, 0]), ring, NUSCENES_RINGS)
        seen = np.ones(len(ring), bool)
        shape = (NUSCENES_RINGS, slots)
    return place(xyz[seen], intensity[seen], ring[seen], column[seen], shape, "Velodyne HDL-32E")


def read_kitti(path: str | Path) -> Sweep:
    """A .bin: x, y, z, reflectance, float32, returns only. Rings are recovered, see `rings_of`; slots from the azimuths."""
    rows = _floats(Path(path), 4)
    rows = rows[(rows[:, :3] ** 2).sum(1) > 1e-6]
    ring, by_order = rings_of(rows[:, :3])
    column, slots = columns_by_azimuth(np.arctan2(rows[:, 1], rows[:, 0]), ring, KITTI_RINGS, in_order=by_order)
    return place(rows[:, :3], rows[:, 3], ring, column, (KITTI_RINGS, slots), "Velodyne HDL-64E", align=False)


def _floats(path: Path, columns: int) -> NDArray[np.float32]:
    try:
        found = np.fromfile(path, np.float32)
    except OSError as error:
        raise InputError(f"cannot be read: {error}", Place(str(path))) from error
    if len(found) == 0 or len(found) % columns:
        raise InputError(f"its {len(found)} numbers are no rows of {columns}", Place(str(path)))
    return found.reshape(-1, columns)


def rings_of(xyz_m: NDArray, rings: int = KITTI_RINGS) -> tuple[NDArray[np.int64], bool]:
    """(rings (N,) of a sweep of KITTI, 0 the lowest, whether they are those of its order).

    Published sweeps have one ring after the other, the highest first, each counter-clockwise from straight ahead: a new ring
    begins where the azimuth falls back from the last quarter of a turn to the first. Points in another order get the ring whose
    elevation they are nearest to, elevations being the means of `rings` groups (k-means in one dimension).
    """
    azimuth = np.mod(np.arctan2(xyz_m[:, 1], xyz_m[:, 0]), 2 * np.pi)
    back = (azimuth[:-1] > 1.5 * np.pi) & (azimuth[1:] < 0.5 * np.pi)
    falls = int((np.diff(azimuth) < -1e-3).sum())
    # Points that were made free of the ego's motion may stand on either side of straight ahead where a ring begins.
    at = np.flatnonzero(back)
    back[at[1:][np.diff(at) < FEWEST_RETURNS]] = False
    number = np.concatenate([[0], np.cumsum(back)])
    if rings - 8 <= number[-1] + 1 <= rings + 4 and falls < 0.05 * len(azimuth):
        return np.maximum(rings - 1 - number, 0), True
    elevation = np.arctan2(xyz_m[:, 2], np.sqrt((xyz_m[:, :2] ** 2).sum(1)))
    return _groups(elevation, rings), False


def _groups(values: NDArray, count: int) -> NDArray[np.int64]:
    """Which of `count` groups each value (N,) belongs to, 0 the least: k-means, begun at the highest peaks of a histogram that
    are a quarter of a mean gap or more apart."""
    fine = 8 * count
    height, edges = np.histogram(values, fine)
    centres = []
    for _ in range(count):
        k = int(height.argmax())
        centres.append(0.5 * (edges[k] + edges[k + 1]))
        height[max(k - 2, 0) : k + 3] = 0
    centres = np.sort(centres)
    for _ in range(30):
        group = np.searchsorted(0.5 * (centres[1:] + centres[:-1]), values)
        number = np.bincount(group, minlength=count)
        moved = np.where(number > 0, np.bincount(group, values, minlength=count) / np.maximum(number, 1), centres)
        still = np.abs(moved - centres).max() < 1e-6
        centres = np.sort(moved)
        if still:
            break
    return np.searchsorted(0.5 * (centres[1:] + centres[:-1]), values)
