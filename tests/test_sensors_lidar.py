"""Lidars against their makers' tables, and the timing of a revolution."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.sensors import rig
from scenesim.sensors.lidar import Lidar

TABLES = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "sensors"
NAMES = [n for n in assets.names("sensors") if n.startswith("lidar")]


def make(sensor, **more) -> Lidar:
    return rig.load({"sensors": {"top": {"sensor": sensor, "position_m": [0.9, 0, 1.8], **more}}}).lidars[0]


def table(name) -> list[list[str]]:
    path = TABLES / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"the maker's table {name} is not here")
    with path.open() as f:
        return [row for row in csv.reader(line for line in f if not line.startswith("#"))][1:]


# Asset, its table, and the sign of the table's azimuth offsets: makers who count clockwise are turned.
ANGLES = [
    ("lidar_hdl64e", "velodyne_hdl64e_s2.1_sztaki", 1),
    ("lidar_hdl32e", "velodyne_hdl32e", 1),
    ("lidar_vlp16", "velodyne_vlp16", 1),
    ("lidar_vlp32c", "velodyne_vlp32c", 1),
    ("lidar_vls128", "velodyne_vls128", 1),
    ("lidar_os0_128", "ouster_os0_128", -1),
    ("lidar_os1_128", "ouster_os1_128", -1),
    ("lidar_os1_64", "ouster_os1_64", -1),
    ("lidar_os2_128", "ouster_os2_128", -1),
    ("lidar_pandar64", "hesai_pandar64", -1),
    ("lidar_pandar128", "hesai_pandar128e3x", -1),
    ("lidar_xt32", "hesai_xt32", -1),
    ("lidar_hdl64e_s3", "velodyne_hdl64e_s3_xiesc", 1),
    ("lidar_os1_32", "ouster_os1_32", -1),
    ("lidar_os2_32", "ouster_os2_32", -1),
    ("lidar_pandar40p", "hesai_pandar40p", -1),
    ("lidar_ot128", "hesai_ot128", -1),
    ("lidar_qt128", "hesai_qt128c2x", -1),
    ("lidar_at128", "hesai_at128e2x", -1),
]
THINNED = {"lidar_os0_32": "lidar_os0_128", "lidar_os0_64": "lidar_os0_128", "lidar_os2_64": "lidar_os2_128"}
SPINNING = [n for n in NAMES if assets.read("sensors", n).get("scan", "spinning") == "spinning"]


@pytest.mark.parametrize("sensor, name, sign", ANGLES, ids=[a[0] for a in ANGLES])
def test_angles_are_the_makers(sensor, name, sign):
    """L01 to L05."""
    rows, lidar = table(name), make(sensor)
    assert np.abs(np.rad2deg(lidar.elevation_rad) - [float(r[1]) for r in rows]).max() < 1e-4
    assert np.abs(np.rad2deg(lidar.azimuth_offset_rad) - sign * np.array([float(r[2]) for r in rows])).max() < 1e-4


FIRE = [("pandar64", "Pandar64", 1), ("xt32", "PandarXT-32", 1), ("at128", "AT128E2X", 1), ("ot128", "OT128", 5)]


@pytest.mark.parametrize("sensor, name, column", FIRE, ids=[f[0] for f in FIRE])
def test_fire_times_are_the_makers(sensor, name, column):
    """L05."""
    sensor = f"lidar_{sensor}"
    fire = {int(r[0]): float(r[column]) for r in table(f"hesai_firetime_{name}_Firetime") if r and r[0].isdigit()}
    lidar = make(sensor)
    assert np.abs(lidar.fire_time_s * 1e6 - [fire[k + 1] for k in range(len(fire))]).max() < 0.01


def test_every_lidar_has_a_table():
    """But for those whose beams no maker prints, which say so in their assets."""
    assert {a[0] for a in ANGLES} | set(THINNED) == {n for n in NAMES if "elevation_deg" in assets.read("sensors", n)}
    for name, whole in THINNED.items():
        every = 128 // len(make(name).elevation_rad)
        assert np.array_equal(make(name).elevation_rad, make(whole).elevation_rad[::every])


def test_numbers_of_the_manuals():
    """L01 to L04, typed from the manuals."""
    vlp16 = make("lidar_vlp16")
    assert np.allclose(np.sort(np.rad2deg(vlp16.elevation_rad)), np.arange(-15, 16, 2))
    assert np.allclose(vlp16.fire_time_s, np.arange(16) * 2.304e-6) and vlp16.firing_s == pytest.approx(55.296e-6)
    assert vlp16.columns == 1808 and 16 / vlp16.firing_s == pytest.approx(300_000, rel=0.04)
    step = np.rad2deg(2 * np.pi * vlp16.rate_hz * vlp16.firing_s)
    assert step == pytest.approx(0.199, abs=5e-4)
    assert np.rad2deg(vlp16.elevation_rad[:4]).round(6).tolist() == [-15, 1, -13, 3]

    hdl32 = make("lidar_hdl32e")
    elevation = np.sort(np.rad2deg(hdl32.elevation_rad))
    assert elevation[0] == pytest.approx(-30.67) and elevation[-1] == pytest.approx(10.67)
    assert np.abs(np.diff(elevation) - 4 / 3).max() < 0.02
    assert abs(hdl32.columns - 1084) <= 2

    hdl64 = make("lidar_hdl64e")
    assert np.rad2deg(hdl64.elevation_rad).max() == pytest.approx(4.97, abs=0.02)
    assert np.rad2deg(hdl64.elevation_rad).min() == pytest.approx(-24.85, abs=0.02)
    assert hdl64.fire_time_s[32] == hdl64.fire_time_s[0] and hdl64.fire_time_s.max() < 23.3e-6

    vlp32 = make("lidar_vlp32c")
    assert np.abs(np.rad2deg(vlp32.azimuth_offset_rad)).round(1).max() == 4.2
    assert np.rad2deg(2 * np.pi * vlp32.rate_hz * vlp32.firing_s) == pytest.approx(0.2, abs=0.002)
    assert make("lidar_os1_128").columns == 1024 and make("lidar_pandar64").columns == 1800


@pytest.mark.parametrize("sensor", SPINNING)
def test_a_revolution(sensor):
    """Centred on the trigger, in firing order, once around from the rear; the head looks forward at time 0."""
    lidar = make(sensor)
    p = lidar.pulses()
    n, beams = len(p.ring), len(lidar.elevation_rad)
    assert n == lidar.columns * beams and lidar.pulses() is p
    half = 0.5 / lidar.rate_hz
    assert -half - 1e-4 <= p.time_offset_s.min() and p.time_offset_s.max() <= half + 1e-4
    assert (np.diff(p.time_offset_s.reshape(lidar.columns, beams), axis=1) >= 0).all()
    assert np.abs((p.direction**2).sum(1) - 1).max() < 1e-12
    assert np.abs(np.sin(p.elevation_rad) - p.direction[:, 2]).max() < 1e-12
    # Rings count up from the lowest, each with one elevation.
    by_ring = np.array([p.elevation_rad[p.ring == k][0] for k in range(beams)])
    assert (np.diff(by_ring) >= 0).all()
    # The azimuth of a beam is that of the head at its time, clockwise, and its own offset.
    k = n // 2 + 5
    offset = lidar.azimuth_offset_rad[np.flatnonzero(lidar.ring_of_beam == p.ring[k])[0]]
    head = -2 * np.pi * lidar.rate_hz * p.time_offset_s[k]
    quantum = np.deg2rad(assets.read("sensors", sensor).get("azimuth_quantum_deg", 0.0))
    assert p.azimuth_rad[k] == pytest.approx(head + offset, abs=0.5 * quantum + 1e-9)
    assert np.arctan2(p.direction[k, 1], p.direction[k, 0]) == pytest.approx(head + offset, abs=1e-9)
    assert abs(head) < 0.01
    assert np.allclose(np.sqrt((p.origin_m**2).sum(1)), lidar.beam_origin_m)
    # A quarter of the way on it looks left: it starts at the rear and turns clockwise.
    first = p.azimuth_rad.reshape(lidar.columns, beams)[lidar.columns // 4]
    assert abs(np.median(first) - np.pi / 2) < 0.25


@pytest.mark.parametrize("sensor", NAMES)
def test_plain_and_back(sensor):
    lidar = make(sensor, yaw_deg=10)
    twin = Lidar.from_plain(lidar.to_plain())
    assert twin.to_plain() == lidar.to_plain()
    assert all(np.array_equal(a, b) for a, b in zip(twin.pulses(), lidar.pulses()))


def test_spin_and_rate():
    counter = make("lidar_vlp16", spin="counter_clockwise").pulses()
    assert np.allclose(counter.direction[16 * 400 + 3], make("lidar_vlp16").pulses().direction[16 * 400 + 3] * [1, -1, 1])
    assert make("lidar_vlp16", rate_hz=20).columns == 904
    fine = make("lidar_os1_128", columns=2048)
    assert fine.firing_s == pytest.approx(0.1 / 2048)
    assert make("lidar_vlp16", columns=100).columns == 100  # in place of the preset's firing_us


def test_impossible_lidars():
    with pytest.raises(InputError, match="there should be 16"):
        make("lidar_vlp16", fire_time_us=[0.0, 1.0])
    with pytest.raises(InputError, match="it should be more than 0"):
        make("lidar_vlp16", reach_m=-1)
    with pytest.raises(InputError, match="both say how often"):
        make("lidar_vlp16", columns=100, firing_us=10.0)
    with pytest.raises(InputError, match='no spin "left"'):
        make("lidar_vlp16", spin="left")
    with pytest.raises(InputError, match="more than 5"):
        make("lidar_vlp16", min_range_m=5.0, max_range_m=4.0)
