"""Who was where in a dataset of our own, from its tables alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from scenesim.base.frames import Pose
from scenesim.datasets import tables
from scenesim.datasets.native import FRAMES
from scenesim.datasets.reader import open_native, read_table
from scenesim.datasets.recorded import Box, Recording


def read(folder: str | Path, scene: int = 0) -> Recording:
    """The recording of a native dataset, which has one scene. Raises InputError."""
    dataset = open_native(folder)
    times, egos, boxes = [], [], []
    for k, row in enumerate(dataset.index["frames"]):
        at = Path(folder) / FRAMES / row["folder"]
        times.append(row["time_s"])
        egos.append(tables.pose_of(read_table(at / "poses.parquet").to_pylist()[0]))
        for item in read_table(at / "objects.parquet").to_pylist():
            size = np.array([item[name] for name in tables.SIZE])
            said = json.loads(item["attributes"]).get("model", "")
            boxes.append(Box(k, str(item["track"]), item["class"], tables.pose_of(item), size, said))
    poses = Pose(np.stack([p.rotation for p in egos]), np.stack([p.translation for p in egos]))
    return Recording(np.array(times) - times[0], poses, np.ones(len(times), bool), tuple(boxes))
