"""What encoding and writing cost beside rendering: a native dataset written frame by frame, CPU-seconds of each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import scenesim
from scenesim.capture.frame import Frame
from scenesim.datasets.native import NativeWriter
from scenesim.scenario.load import dump

SIZES = ((640, 360), (1600, 900))


class Share(NamedTuple):
    """CPU-seconds of a frame of one camera and a lidar: rendered, and encoded and written; its size; the share of writing."""

    scene: str
    image: str
    render_s: float
    write_s: float
    megabytes: float
    share: float


def compare(name: str, threads: int, frames: int, quick: bool, say: Callable[[str], None]) -> list[Share]:
    """A scenario seen by one camera of each size and a lidar of 32 beams; without the first frame, which sets the stage."""
    rows = []
    for width, height in SIZES[:1] if quick else SIZES:
        camera = {"kind": "camera", "lens": "pinhole", "width_px": width, "height_px": height, "fov_deg": 70}
        camera["position_m"] = [1.7, 0, 1.35]
        lidar = {"sensor": "lidar_hdl32e", "position_m": [0.95, 0, 1.85]}
        scenario = scenesim.load(name, [f"rig={{rate_hz: 10, sensors: {{front: {camera}, top: {lidar}}}}}"])
        made = scenesim.frames(scenario, only=range(frames + 1), threads=threads)
        spent = {"render": 0.0, "write": 0.0}
        with tempfile.TemporaryDirectory() as folder:
            with NativeWriter(Path(folder) / "out", scenario_yaml=dump(scenario), version=scenesim.__version__) as writer:
                writer.write(next(made))
                for _ in range(frames):
                    start = time.process_time()
                    frame: Frame = next(made)
                    middle = time.process_time()
                    writer.write(frame)
                    spent["render"] += middle - start
                    spent["write"] += time.process_time() - middle
            size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
        render, write = spent["render"] / frames, spent["write"] / frames
        row = Share(name, f"{width}x{height}", render, write, size / (frames + 1) / 1e6, write / (render + write))
        rows.append(row)
        say(
            f"  {name}, {row.image} and a lidar: rendered {render:.2f} CPU-s, encoded and written {write:.3f} CPU-s "
            f"({row.megabytes:.1f} MB): {100 * row.share:.1f} % of the frame"
        )
    return rows
