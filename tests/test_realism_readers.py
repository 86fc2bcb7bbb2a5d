"""Sweeps on the disk: rings and slots of KITTI's and nuScenes' files found again, and scenesim's own datasets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenesim.base import keys
from scenesim.base.errors import InputError
from tools.realism.grid import columns_by_azimuth, place
from tools.realism.read import read_kitti, read_nuscenes, read_set, rings_of

ROOT = Path(__file__).parents[1]


def scan(rings, columns, low, high, quantum_deg=0.0):
    """(ring, column, azimuth, xyz) of slots, ring by ring from the top, counter-clockwise from ahead, 5 to 40 m away."""
    g = keys.generator(keys.derive(keys.root(2), "scan"))
    ring = np.repeat(np.arange(rings)[::-1], columns)
    column = np.tile(np.arange(columns), rings)
    azimuth = (column + 0.25) * 2 * np.pi / columns
    if quantum_deg:
        azimuth = np.round(azimuth / np.deg2rad(quantum_deg)) * np.deg2rad(quantum_deg)
    elevation = np.deg2rad(np.linspace(low, high, rings))[ring]
    r = g.uniform(5, 40, len(ring))
    level = r * np.cos(elevation)
    return ring, column, azimuth, np.stack([level * np.cos(azimuth), level * np.sin(azimuth), r * np.sin(elevation)], -1)


@pytest.fixture(scope="module")
def kitti():
    """Returns of an HDL-64E whose encoder has steps of 0.09 degrees, in the order of published files."""
    ring, column, azimuth, xyz = scan(64, 2156, -24.8, 2.0, 0.09)
    g = keys.generator(keys.derive(keys.root(2), "kept"))
    kept = g.uniform(size=len(ring)) < np.where(ring > 50, 0.6, 0.98)
    return ring[kept], column[kept], xyz[kept]


def test_rings_and_slots_of_kitti(tmp_path, kitti):
    ring, column, xyz = kitti
    found, by_order = rings_of(xyz)
    assert by_order and (found == ring).all()
    path = tmp_path / "000000.bin"
    np.column_stack([xyz.round(3), np.full(len(xyz), 0.25)]).astype(np.float32).tofile(path)
    s = read_kitti(path)
    assert s.range_m.shape[0] == 64 and abs(s.range_m.shape[1] - 2156) <= 2
    assert s.seen.mean() == pytest.approx(len(ring) / (64 * 2156), abs=0.002)
    assert s.seen[:50].mean() == pytest.approx(0.98, abs=0.005) and s.seen[52:].mean() == pytest.approx(0.6, abs=0.01)
    assert np.nanmax(np.abs(s.intensity - 0.25)) == 0.0


def test_rings_by_elevation_where_the_order_says_nothing(kitti):
    ring, column, xyz = kitti
    order = np.lexsort((ring, column))  # in the order of firing
    found, by_order = rings_of(xyz[order])
    assert not by_order and (found == ring[order]).mean() > 0.97


def test_uneven_steps_are_slots_of_even_ones(kitti):
    ring, column, xyz = kitti
    found, slots = columns_by_azimuth(np.arctan2(xyz[:, 1], xyz[:, 0]), ring, 64)
    assert abs(slots - 2156) <= 2
    apart = (found - column + 1078) % 2156 - 1078
    assert (np.abs(apart) <= 2).mean() > 0.9


def test_nuscenes_with_all_slots(tmp_path):
    """Published files hold slots without a return too, at no range: 32 rings at each of 1084 firings."""
    ring, column, _, xyz = scan(32, 1084, -30.67, 10.67)
    order = np.lexsort((ring, column))
    rows = np.column_stack([xyz, np.full(len(xyz), 51.0), ring])[order].astype(np.float32)
    gone = np.arange(len(rows)) % 7 == 3
    rows[gone, :3] = 0.01
    rows.tofile(tmp_path / "a.pcd.bin")
    s = read_nuscenes(tmp_path / "a.pcd.bin")
    assert s.range_m.shape == (32, 1084) and s.seen.sum() == (~gone).sum()
    assert np.nanmax(s.intensity) == pytest.approx(0.2)
    rows[~gone].tofile(tmp_path / "b.pcd.bin")  # and returns only
    t = read_nuscenes(tmp_path / "b.pcd.bin")
    assert abs(t.range_m.shape[1] - 1084) <= 4 and t.seen.mean() == pytest.approx(6 / 7, abs=0.01)
    assert len(read_set(tmp_path)) == 2 and len(read_set(tmp_path, most=1)) == 1


def test_rings_that_look_elsewhere_are_turned():
    """Beams whose azimuths differ by 20 slots at one firing: equal columns look the same way afterwards."""
    columns = 360
    ring, column = np.repeat([0, 1], columns), np.tile(np.arange(columns), 2)
    azimuth = np.deg2rad(-(column + np.where(ring == 1, 20, 0)))
    xyz = np.stack([np.cos(azimuth), np.sin(azimuth), 0 * azimuth], -1) * 10
    s = place(xyz, np.ones(len(xyz)), ring, column, (2, columns))
    assert np.abs(s.xyz_m[0] - s.xyz_m[1]).max() < 0.01


def test_what_is_no_sweep(tmp_path):
    with pytest.raises(InputError, match="no sweeps here"):
        read_set(tmp_path)
    (tmp_path / "x.bin").write_bytes(b"\0" * 20)
    with pytest.raises(InputError, match="5 numbers are no rows of 4"):
        read_set(tmp_path)
    run = subprocess.run([sys.executable, "-m", "tools.realism", tmp_path, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and "no rows of 4" in run.stderr and "Traceback" not in run.stderr
