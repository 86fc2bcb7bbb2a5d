"""Who was where in a log of Argoverse 2, ours or another: its tables read as the API reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.datasets.av2 import EGO_FROM_AV2
from scenesim.datasets.recorded import Box, Recording

CLASSES = {
    "REGULAR_VEHICLE": "car", "LARGE_VEHICLE": "van", "TRUCK": "truck", "BOX_TRUCK": "truck", "TRUCK_CAB": "truck",
    "BUS": "bus", "SCHOOL_BUS": "bus", "ARTICULATED_BUS": "articulated_bus", "RAILED_VEHICLE": "tram",
    "VEHICULAR_TRAILER": "trailer", "BICYCLE": "bicycle", "BICYCLIST": "bicycle", "MOTORCYCLE": "motorcycle",
    "MOTORCYCLIST": "motorcycle", "PEDESTRIAN": "pedestrian",
    "OFFICIAL_SIGNALER": "pedestrian", "ANIMAL": "animal", "DOG": "animal", "CONSTRUCTION_CONE": "cone",
    "CONSTRUCTION_BARREL": "cone",
}  # fmt: skip


def read(folder: str | Path, scene: int = 0) -> Recording:
    """The recording of a log, by its number in the order of their first times. Raises InputError where there is none."""
    logs = sorted((p.parent for p in Path(folder).glob("*/*/annotations.feather")), key=_sweep_times)
    if not 0 <= scene < len(logs):
        raise InputError(f"no log {scene}; there are {len(logs)}, from 0 on", Place(str(folder)))
    log, nanos = logs[scene], _sweep_times(logs[scene])
    city = {row["timestamp_ns"]: _pose(row) for row in _rows(log / "city_SE3_egovehicle.feather")}
    row_of = {t: k for k, t in enumerate(nanos)}
    boxes = []
    for item in _rows(log / "annotations.feather"):
        name = CLASSES.get(item["category"], "")
        if name and item["timestamp_ns"] in row_of:
            size = np.array([item["length_m"], item["width_m"], item["height_m"]])
            where = city[item["timestamp_ns"]] @ _pose(item)
            boxes.append(Box(row_of[item["timestamp_ns"]], item["track_uuid"], name, where, size))
    poses = [city[t] @ EGO_FROM_AV2.inverse() for t in nanos]
    ego = Pose(np.stack([p.rotation for p in poses]), np.stack([p.translation for p in poses]))
    return Recording((np.array(nanos) - nanos[0]) / 1e9, ego, np.ones(len(nanos), bool), tuple(boxes))


def _sweep_times(log: Path) -> list[int]:
    times = sorted(int(p.stem) for p in (log / "sensors" / "lidar").glob("*.feather"))
    if not times:
        raise InputError("this log has no sweeps", Place(str(log)))
    return times


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return feather.read_table(path).to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"this table is missing or damaged: {error}", Place(str(path))) from error


def _pose(row: dict[str, Any]) -> Pose:
    return Pose(np.array([row[f"q{a}"] for a in "wxyz"]), np.array([row[f"t{a}_m"] for a in "xyz"]))
