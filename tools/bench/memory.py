"""Whether memory stays flat: many small frames rendered and written in one process, its resident memory read between them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import scenesim
from scenesim.datasets.native import NativeWriter
from scenesim.scenario.load import dump
from scenesim.scenario.model import Scenario

FIRST = 100  # frames after which everything that is kept should be there
WINDOW = 50  # frames whose median stands for the memory at a time


class Growth(NamedTuple):
    """Resident memory (MiB) at frame `FIRST`, at the end, and the growth between them as a share of the first."""

    scene: str
    frames: int
    first_mib: float
    last_mib: float
    growth: float
    seconds: float


def small(frames: int) -> Scenario:
    """A street with traffic, people and rain, seen by a camera of 96x64 and a VLP-16 of fewer columns: all that a frame goes
    through, at little cost."""
    sensors = {
        "front": {"sensor": "camera_640x360", "position_m": [1.7, 0, 1.35], "width_px": 96, "height_px": 64, "fx_px": 60},
        "top": {"sensor": "lidar_vlp16", "position_m": [0.95, 0, 1.85], "columns": 180},
    }
    rate_hz = 50.0
    return Scenario(
        name="memory",
        seed=5,
        duration_s=frames / rate_hz,
        frame_rate_hz=rate_hz,
        road={"place": {"kind": "straight", "length_m": 900}},
        ego={"follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 60}, "speed_m_s": 9}},
        traffic={"vehicles": 3, "parked": 4, "pedestrians": 3, "cyclists": 1, "reach_m": 60},
        surroundings={"reach_m": 50, "woods": 0, "trees": 0.5, "buildings": 0.5},
        weather={"rain_mm_per_h": 4, "cloud_cover": 1},
        rig={"rate_hz": 10, "sensors": sensors},
    )


def resident_mib() -> float:
    """Resident memory of this process; nan where the system does not tell."""
    statm = Path("/proc/self/statm")
    return float(statm.read_text().split()[1]) * 4096 / 2**20 if statm.exists() else float("nan")


def measured(scenario: Scenario, folder: Path, threads: int) -> Iterator[float]:
    """Resident memory after each frame of a scenario, which is written as a native dataset."""
    with NativeWriter(folder, scenario_yaml=dump(scenario), version=scenesim.__version__) as writer:
        for frame in scenesim.frames(scenario, threads=threads):
            writer.write(frame)
            yield resident_mib()


def growth(resident: list[float]) -> tuple[float, float]:
    """(MiB about frame FIRST, MiB at the end), each a median over WINDOW frames."""
    return float(np.median(resident[FIRST : FIRST + WINDOW])), float(np.median(resident[-WINDOW:]))


def compare(threads: int, frames: int, say: Callable[[str], None]) -> list[Growth]:
    """Render and write `frames` frames, more than FIRST + WINDOW."""
    start, resident = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for k, mib in enumerate(measured(small(frames), Path(folder) / "out", threads)):
            resident.append(mib)
            if k % 100 == 0:
                say(f"    frame {k:<5} {mib:7.1f} MiB, {time.perf_counter() - start:.0f} s")
    first, last = growth(resident)
    row = Growth("small street", frames, first, last, last / first - 1, time.perf_counter() - start)
    say(f"  {frames} frames: {first:.1f} MiB at frame {FIRST}, {last:.1f} MiB at the end: {100 * row.growth:+.2f} %")
    return [row]
