"""Who was where in a scene of nuScenes v1.0, ours or another: its tables read as their schema says.

The ego is known at every lidar sweep, boxes at keyframes. Of ours, coordinates are those of the world again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.datasets.recorded import Box, Recording

LIDAR = "LIDAR_TOP"
CLASSES = {
    "animal": "animal", "human.pedestrian.child": "child", "human": "pedestrian", "movable_object.trafficcone": "cone",
    "movable_object.barrier": "barrier", "movable_object": "debris", "vehicle.bicycle": "bicycle", "vehicle.bus": "bus",
    "vehicle.bus.bendy": "articulated_bus", "vehicle.car": "car", "vehicle.construction": "construction_vehicle",
    "vehicle.emergency.ambulance": "ambulance", "vehicle.emergency": "police_car",
    "vehicle.motorcycle": "motorcycle", "vehicle.trailer": "trailer", "vehicle.truck": "truck",
}  # fmt: skip
WORKER = "human.pedestrian.construction_worker"
TABLES = ("calibrated_sensor", "category", "ego_pose", "instance", "log", "sample_annotation", "sample_data", "scene", "sensor")


def read(folder: str | Path, scene: int = 0) -> Recording:
    """The recording of a scene, by its number in the table. Raises InputError where there is none."""
    table = _tables(Path(folder))
    scenes = list(table["scene"].values())
    if not 0 <= scene < len(scenes):
        raise InputError(f"no scene {scene}; there are {len(scenes)}, from 0 on", Place(str(folder)))
    chosen = scenes[scene]
    origin = np.array(table["log"][chosen["log_token"]].get("scenesim_origin_m", [0.0, 0.0]))
    data = _sweeps(table, chosen)
    poses = [_pose(table["ego_pose"][row["ego_pose_token"]], origin) for row in data]
    micro = np.array([row["timestamp"] for row in data])
    row_of = {row["sample_token"]: k for k, row in enumerate(data) if row["is_key_frame"]}
    boxes = []
    for item in table["sample_annotation"].values():
        category = table["category"][table["instance"][item["instance_token"]]["category_token"]]["name"]
        if item["sample_token"] in row_of and (name := class_of(category)):
            width, length, height = item["size"]
            size, model = np.array([length, width, height]), "construction_worker" if category == WORKER else ""
            boxes.append(Box(row_of[item["sample_token"]], item["instance_token"], name, _pose(item, origin), size, model))
    where = Pose(np.stack([p.rotation for p in poses]), np.stack([p.translation for p in poses]))
    labelled = np.array([bool(row["is_key_frame"]) for row in data])
    return Recording((micro - micro[0]) / 1e6, where, labelled, tuple(boxes))


def class_of(category: str) -> str:
    """Our class of a category: that of the longest name that it begins with; "" for none."""
    fits = [name for name in CLASSES if category == name or category.startswith(name + ".")]
    return CLASSES[max(fits, key=len)] if fits else ""


def _sweeps(table: dict[str, dict[str, dict[str, Any]]], scene: dict[str, Any]) -> list[dict[str, Any]]:
    """The lidar's sample_data of a scene, keyframes and sweeps, along its chain."""
    channel = {k: table["sensor"][c["sensor_token"]]["channel"] for k, c in table["calibrated_sensor"].items()}
    rows = table["sample_data"].values()
    first = [
        r for r in rows
        if r["sample_token"] == scene["first_sample_token"] and r["is_key_frame"]
        and channel[r["calibrated_sensor_token"]] == LIDAR
    ]  # fmt: skip
    if not first:
        raise InputError(f"the scene {scene['name']} has no {LIDAR}")
    found, last = [first[0]], False
    while not last and found[-1]["next"]:
        found.append(table["sample_data"][found[-1]["next"]])
        last = found[-1]["sample_token"] == scene["last_sample_token"] and found[-1]["is_key_frame"]
    return found


def _tables(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Table -> token -> row."""
    places = sorted(folder.glob("v1.0-*/sample_annotation.json"))
    if not places:
        raise InputError("no nuScenes here: there is no v1.0-*/sample_annotation.json", Place(str(folder)))
    found = {}
    for name in TABLES:
        path = places[0].parent / f"{name}.json"
        try:
            found[name] = {row["token"]: row for row in json.loads(path.read_text(encoding="utf8"))}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"this table is missing or damaged: {error}", Place(str(path))) from error
    return found


def _pose(row: dict[str, Any], origin: np.ndarray) -> Pose:
    x, y, z = row["translation"]
    return Pose(np.array(row["rotation"], float), np.array([x - origin[0], y - origin[1], z]))
