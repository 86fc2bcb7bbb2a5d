"""Memory stays flat however many frames are made and written in one process (tools/bench/memory.py: 2000 frames)."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

import scenesim
from scenesim.datasets.native import NativeWriter
from scenesim.scenario.load import dump
from scenesim.scenario.model import Scenario

FIRST, FRAMES = 20, 120
RIG = {
    "rate_hz": 10,
    "sensors": {
        "front": {"sensor": "camera_640x360", "position_m": [1.7, 0, 1.3], "width_px": 48, "height_px": 32, "fx_px": 34},
        "top": {"sensor": "lidar_vlp16", "position_m": [0.95, 0, 1.85], "columns": 36},
    },
}


def scenario() -> Scenario:
    return Scenario(
        name="flat",
        duration_s=FRAMES / 100,
        frame_rate_hz=100,
        road={"place": {"kind": "straight", "length_m": 120}},
        ego={"follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 30}, "speed_m_s": 9}},
        actors=[{"name": "lead", "model": "hatchback", "follow_lane": {"start": {"ahead_m": 14}, "speed_m_s": 8}}],
        traffic={"vehicles": 0, "parked": 0, "pedestrians": 1, "cyclists": 0, "reach_m": 30},
        surroundings={"buildings": 0, "trees": 0, "lights": 0, "clutter": 0, "woods": 0, "reach_m": 40},
        weather={"rain_mm_per_h": 4, "cloud_cover": 1},
        rig=RIG,
    )


def resident_bytes() -> int:
    """Resident memory, of which tracemalloc sees what Python and numpy hold, and not what compiled code does."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def growths(folder) -> tuple[float, float]:
    """Bytes for each frame after the first ones: of what is traced, and of what is resident."""
    made, marks = scenario(), {}
    with NativeWriter(folder, scenario_yaml=dump(made), version="0") as writer:
        for k, frame in enumerate(scenesim.frames(made, threads=1)):
            writer.write(frame)
            del frame
            if k == FIRST // 2:
                tracemalloc.start()
            if k in (FIRST, FRAMES - 1):
                gc.collect()
                marks[k] = tracemalloc.get_traced_memory()[0], resident_bytes()
    tracemalloc.stop()
    return tuple((b - a) / (FRAMES - 1 - FIRST) for a, b in zip(marks[FIRST], marks[FRAMES - 1]))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_frames_leave_nothing_behind(tmp_path):
    traced, resident = growths(tmp_path / "out")
    # A frame of this size has about 100 kB; what stays of each is a line of hashes for every file (1.5 kB).
    assert traced < 6_000, f"{traced:.0f} bytes stay of each frame"
    assert resident < 60_000, f"{resident:.0f} bytes of compiled code's memory stay of each frame"
