"""Scan patterns against what makers publish of them, and what all of them promise."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.sensors import rig
from scenesim.sensors.lidar import Lidar

NAMES = [n for n in assets.names("sensors") if n.startswith("lidar")]


def make(sensor, **more) -> Lidar:
    return rig.load({"sensors": {"top": {"sensor": sensor, "position_m": [0.9, 0, 1.8], **more}}}).lidars[0]


@pytest.mark.parametrize("sensor", NAMES)
def test_what_all_promise(sensor):
    """Ring and column name a pulse, a sweep is centred on the trigger and no longer than a frame, pulses come in order."""
    lidar = make(sensor)
    p = lidar.pulses(0.7)
    assert len(np.unique(p.column.astype(np.int64) * 70000 + p.ring)) == len(p.ring)
    assert p.column.max() + 1 == lidar.columns
    assert np.abs((p.direction**2).sum(1) - 1).max() < 1e-12 and np.abs((p.told**2).sum(1) - 1).max() < 1e-12
    assert np.abs(np.sin(p.elevation_rad) - p.told[:, 2]).max() < 1e-9
    half = 0.5 / lidar.rate_hz
    assert -half - 1e-4 <= p.time_offset_s.min() and p.time_offset_s.max() <= half + 1e-4
    assert (np.diff(p.time_offset_s) > -60e-6).all()  # beams of one firing may be told before others that fired before
    assert len(np.unique(p.ring)) == p.ring.max() + 1
    again = make(sensor).pulses(0.7)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(p, again))


def disc(p):
    """(N, 2) degrees off the axis, to the left and up."""
    far = np.rad2deg(np.arccos(p.direction[:, 0]))
    return far[:, None] * p.direction[:, 1:] / np.sqrt((p.direction[:, 1:] ** 2).sum(1, keepdims=True))


def covered(lidar, frames, cell=0.2, radius=19.2):
    at = np.concatenate([disc(lidar.pulses(k * 0.1)) for k in range(frames)])
    cells = np.unique(np.floor(at / cell).astype(int), axis=0)
    grid = (np.arange(-200, 200) + 0.5) * cell
    return len(cells) / (np.hypot(*np.meshgrid(grid, grid)) < radius).sum()


def test_a_rosette_fills_its_view_as_livox_has_it():
    """L06: share of cells of 0.2 degrees that a Mid-40 has met after 0.1, 0.5 and 1 s."""
    lidar = make("lidar_mid40")
    for frames, share in ((1, 0.146), (5, 0.57), (10, 0.78)):
        assert covered(lidar, frames) == pytest.approx(share, abs=0.03)
    assert covered(make("lidar_mid40", rate_hz=2), 1) == pytest.approx(0.57, abs=0.03)  # half a second in one frame


@pytest.mark.parametrize("sensor, width, height", [("mid40", 38.4, 38.4), ("mid70", 70.4, 70.4), ("avia", 70.4, 77.2)])
def test_fields_of_view_of_rosettes(sensor, width, height):
    at = np.concatenate([disc(make(f"lidar_{sensor}").pulses(k * 0.1)) for k in range(5)])
    assert np.ptp(at[:, 0]) == pytest.approx(width, abs=0.5) and np.ptp(at[:, 1]) == pytest.approx(height, abs=0.5)


def test_a_rosette_goes_on_from_frame_to_frame():
    lidar = make("lidar_mid70")
    a, b = lidar.pulses(12.3), lidar.pulses(12.4)
    step = np.arccos(np.clip((a.direction[1:] * a.direction[:-1]).sum(1), -1, 1))
    seam = np.arccos(np.clip((a.direction[-1] * b.direction[0]).sum(), -1, 1))
    assert step.min() * 0.9 < seam < step.max() * 1.1
    assert not np.allclose(a.direction, b.direction, atol=1e-3)
    # A second later the same pulses are where the rotors then are: whole turns of neither.
    turns = np.array([-77.733333333, 121.566666666])
    angle = 2 * np.pi * turns * 13.3
    expected = np.deg2rad(17.6) * np.array([np.cos(angle).sum(), np.sin(angle).sum()])
    middle = lidar.pulses(13.3)
    k = np.argmin(np.abs(middle.time_offset_s))
    assert np.deg2rad(disc(middle)[k]) == pytest.approx(expected, abs=1e-6)


def test_points_a_second():
    for sensor, rate in (("mid40", 100e3), ("mid70", 100e3), ("avia", 240e3), ("hap", 452e3), ("at128", 1.536e6)):
        lidar = make(f"lidar_{sensor}")
        assert len(lidar.pulses().ring) * lidar.rate_hz == pytest.approx(rate, rel=1e-3)


def test_encoder_of_the_hdl64e():
    """L07: at 9.66 revolutions a second azimuths are told in steps of 0.09 and 0.18 degrees, 0.167 in the mean."""
    lidar = make("lidar_hdl64e", rate_hz=9.66)
    p = lidar.pulses()
    assert lidar.columns == 2156
    told = np.unwrap(p.azimuth_rad[p.ring == 20])
    steps = -np.rad2deg(np.diff(told))
    assert steps.mean() == pytest.approx(0.167, abs=0.002)
    assert set(np.round(steps, 6)) == {0.09, 0.18}
    true = np.unwrap(np.arctan2(p.direction[:, 1], p.direction[:, 0])[p.ring == 20])
    assert np.abs(told - true).max() <= np.deg2rad(0.045) + 1e-9 and np.abs(told - true).max() > np.deg2rad(0.04)
    assert -np.rad2deg(np.diff(true)).max() == pytest.approx(0.16693, abs=1e-4)


def test_mirror_faces():
    """AT128: a face of 120 degrees sweeps 120 to the right while the beam could turn 240, so in half of the time of a frame."""
    lidar = make("lidar_at128")
    p = lidar.pulses()
    one = p.ring == 64
    azimuth = np.rad2deg(p.azimuth_rad[one])
    assert np.diff(azimuth) == pytest.approx(-0.1, abs=1e-6) and np.ptp(azimuth) == pytest.approx(119.9, abs=1e-3)
    assert np.ptp(p.time_offset_s[one]) == pytest.approx(0.05, abs=1e-4)
    assert np.rad2deg(p.elevation_rad.min()) == pytest.approx(-12.42, abs=0.01)
    assert np.rad2deg(p.elevation_rad.max()) == pytest.approx(12.88, abs=0.01)
    tilted = make("lidar_at128", face_tilt_deg=[0.0, 0.05, -0.05])
    seen = [np.rad2deg(tilted.pulses(k * 0.1).elevation_rad[0] - p.elevation_rad[0]) for k in range(6)]
    assert seen == pytest.approx([0.0, 0.05, -0.05] * 2, abs=1e-9)


def test_region_of_interest():
    """Half of the lines lie in it, wherever a rig steers it; the others fill the rest."""
    for region in ([-3, 3], [2, 6]):
        p = make("lidar_scanner_1550", region_deg=region).pulses()
        lines = np.rad2deg(np.array([p.elevation_rad[p.ring == k][0] for k in range(64)]))
        assert (np.diff(lines) > 0).all() and np.abs(lines).max() < 14
        assert ((lines > region[0]) & (lines < region[1])).sum() == pytest.approx(32, abs=1)
    even = make("lidar_fmcw").pulses()
    assert np.diff(np.unique(np.round(np.rad2deg(even.elevation_rad), 6))) == pytest.approx(30 / 80, abs=1e-5)


def test_lines_go_to_and_fro():
    lidar = make("lidar_scanner_1550")
    p = lidar.pulses()
    first, second = (p.azimuth_rad[k * 1714 : (k + 1) * 1714] for k in (0, 1))
    assert (np.diff(first) < 0).all() and (np.diff(second) > 0).all()
    assert p.ring[0] == 63 and p.ring[-1] == 0  # from the top down
    assert (np.diff(p.column[:1714].astype(int)) == 1).all() and p.azimuth_rad[0] > 1.0  # column 0 is the leftmost
    four = make("lidar_fmcw").pulses()
    assert four.ring[:4].tolist() == [79, 78, 77, 76]  # four beams at once


def test_flash():
    p = make("lidar_flash").pulses()
    assert (p.time_offset_s == 0).all() and len(p.ring) == 128 * 32
    middle = p.ring == 16
    corner = p.direction[np.argmax(p.column * (p.ring == 31))]
    assert np.ptp(p.azimuth_rad[middle]) == pytest.approx(2 * np.arctan(np.tan(np.deg2rad(60)) * 127 / 128))
    across, up = -corner[1] / corner[0], corner[2] / corner[0]
    assert across == pytest.approx(np.tan(np.deg2rad(60)) * 127 / 128) and up == pytest.approx(np.tan(np.deg2rad(15)) * 31 / 32)


def test_a_lidar_of_ones_own():
    """A new instrument needs no code: a mapping is enough."""
    spec = {"kind": "lidar", "scan": "flash", "pixels": [8, 4], "fov_deg": [40, 20], "rate_hz": 10, "reach_m": 30}
    lidar = rig.load({"sensors": {"own": {**spec, "max_range_m": 40, "position_m": [0, 0, 1]}}}).lidars[0]
    assert len(lidar.pulses().ring) == 32
    assert Lidar.from_plain(lidar.to_plain()).to_plain() == lidar.to_plain()


@pytest.mark.parametrize(
    "sensor, change, message",
    [
        ("mid40", {"rate_hz": 1}, "there should be 1 to 65535"),
        ("mid40", {"rotor_deg": [1.0]}, "there should be 2"),
        ("mid40", {"scan": "roset"}, 'did you mean "rosette"'),
        ("at128", {"faces": 8}, "no time for so wide a sweep"),
        ("scanner_1550", {"region_deg": [-30, 0]}, "within vertical_deg"),
        ("scanner_1550", {"region_deg": [3, 0]}, "the first should be less"),
        ("fmcw", {"channels": 7}, "cannot be shared out"),
        ("flash", {"pixels": [3.5, 2]}, "whole numbers"),
        ("flash", {"elevation_deg": [1.0]}, "no such key"),
    ],
)
def test_impossible_scans(sensor, change, message):
    with pytest.raises(InputError, match=message):
        make(f"lidar_{sensor}", **change)
