"""Cameras with chips and faults over the whole route: the same bytes whichever way a frame is made, and in nothing else."""

from __future__ import annotations

import json
from dataclasses import fields

import cv2
import numpy as np
import pytest

import scenesim
from scenesim import simulate
from scenesim.datasets.native import frame_files
from scenesim.datasets.reader import open_native
from scenesim.scenario.model import Scenario

SMALL = {"position_m": [1.7, 0, 1.35], "width_px": 160, "height_px": 90, "fx_px": 110}
SENSORS = {
    "hdr": {"sensor": "camera_hdr", **SMALL, "distortion": {}, "readout_s": 0.01, "imager": {"raw": True}},
    "plain": {"sensor": "camera_nuscenes", **SMALL},
    "top": {"sensor": "lidar_vlp16", "position_m": [0.95, 0, 1.85], "columns": 600},
}


def small(faults=None) -> Scenario:
    sensors = {**SENSORS, "plain": {**SENSORS["plain"], **({"faults": faults} if faults else {})}}
    return Scenario(
        name="small",
        seed=5,
        duration_s=0.5,
        road={"place": {"kind": "straight", "length_m": 200}},
        ego={"follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 60}, "speed_m_s": 9}},
        traffic={"vehicles": 1, "parked": 2, "pedestrians": 1, "reach_m": 40},
        surroundings={"reach_m": 60, "woods": 0},
        light={"sun_elevation_deg": 3},
        rig={"rate_hz": 10, "sensors": sensors},
    )


def files_of(scenario, only=None):
    return {f.index: (f, frame_files(f)) for f in simulate.frames(scenario, only=only, threads=2)}


@pytest.fixture(scope="module")
def sound():
    return files_of(small())


def test_a_frame_needs_none_of_those_before_it(sound):
    """Exposures follow the light of earlier triggers, which are metered, not rendered."""
    _, alone = files_of(small(), range(4, 5))[4]
    assert alone == sound[4][1]
    times = [json.loads(files["hdr/exposure.json"])["exposure_s"] for _, files in sound.values()]
    assert len({t[0] for t in times}) > 1 and all(t[1] == pytest.approx(t[0] / 16) for t in times)


def test_raw_is_what_the_chip_gave(sound):
    frame, files = sound[0]
    spec = frame.calibration["hdr"]["imager"]
    raw = [cv2.imdecode(np.frombuffer(files[f"hdr/raw_{k}.png"], np.uint8), cv2.IMREAD_UNCHANGED) for k in range(3)]
    assert all(dn.dtype == np.uint16 and dn.shape == (90, 160) for dn in raw)
    told = json.loads(files["hdr/exposure.json"])
    lit = [float(np.median(dn)) - spec["black_level_dn"] for dn in raw]
    assert lit[1] / lit[0] == pytest.approx(told["exposure_s"][1] / told["exposure_s"][0], rel=0.3)
    assert "plain/raw_0.png" not in files and "plain/exposure.json" in files


def test_frozen_frames_show_an_earlier_one(sound):
    fault = {"frozen_frame": {"share": 1.0, "frames": 3}}
    frozen = files_of(small(fault))
    for k, (_, files) in frozen.items():
        first = k - k % 3
        shown = ("plain/rgb.png", "plain/exposure.json")
        for name, data in files.items():
            if name != "contrast.parquet":  # how things of now stand out of the picture of then
                assert data == sound[first if name in shown else k][1][name], (k, name)
    assert files_of(small(fault), range(4, 5))[4][1] == frozen[4][1]


def test_a_misaligned_camera_writes_its_old_calibration(sound):
    crooked, files = files_of(small({"misalignment": {"yaw_deg": 3.0}}), range(1, 2))[1]
    straight, others = sound[1]
    told, true = crooked.calibration["plain"], straight.calibration["plain"]
    assert {k: v for k, v in told.items() if k != "faults"} == true
    for field in fields(crooked.images["plain"].world_from_camera):
        pair = [getattr(f.images["plain"].world_from_camera, field.name) for f in (crooked, straight)]
        assert np.allclose(*pair, atol=1e-12)
    assert not np.array_equal(crooked.images["plain"].rgb, straight.images["plain"].rgb)
    assert not np.array_equal(crooked.images["plain"].class_id, straight.images["plain"].class_id)
    same = [n for n in files if n.startswith(("hdr/", "top/")) or n == "poses.parquet"]
    assert len(same) > 6 and all(files[n] == others[n] for n in same if n != "poses.parquet")


def test_raw_comes_back_from_the_disk(sound, tmp_path):
    scenesim.write([sound[0][0]], tmp_path / "out", small())
    image = open_native(tmp_path / "out").frame(0).images["hdr"]
    assert np.array_equal(image.raw, sound[0][0].images["hdr"].raw) and image.chip == sound[0][0].images["hdr"].chip
