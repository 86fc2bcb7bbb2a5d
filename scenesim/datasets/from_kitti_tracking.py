"""Who was where in a sequence of KITTI tracking, ours or another: labels, calibration and OXTS packets.

Our labels have four digits behind the point (0.05 mm, 0.003 degrees). A box turns about the camera's y axis only. There are no
times: frames are a tenth of a second apart.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.datasets import oxts
from scenesim.datasets.recorded import Box, Recording

STEP_S = 0.1
CLASSES = {
    "Car": "car", "Van": "van", "Truck": "truck", "Pedestrian": "pedestrian", "Person": "pedestrian",
    "Person_sitting": "pedestrian", "Cyclist": "bicycle",
}  # fmt: skip
# Axes of a box whose rotation_y is 0: it faces the camera's x axis, and its z axis is up, which is the camera's -y.
CAMERA_FROM_LEVEL = Pose.from_matrix(np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0]]))


def read(folder: str | Path, scene: int = 0) -> Recording:
    """The recording of a sequence, by its place in the order of their names. Raises InputError where there is none."""
    labels = sorted(Path(folder).rglob("label_02/*.txt"))
    if not 0 <= scene < len(labels):
        raise InputError(f"no sequence {scene}; there are {len(labels)}, from 0 on", Place(str(folder)))
    path = labels[scene]
    root = path.parent.parent
    packets = _text(root / "oxts" / path.name).splitlines()
    calibration = _calibration(root / "calib" / path.name)
    world_from_ego = oxts.read(packets)
    ego_from_camera = (calibration["Tr_velo_cam"] @ calibration["Tr_imu_velo"]).inverse()
    if "R_rect" in calibration:
        ego_from_camera = ego_from_camera @ calibration["R_rect"].inverse()
    boxes = []
    for line in _text(path).splitlines():
        frame, track, kind, *rest = line.split()
        if kind in CLASSES and int(frame) < len(packets):
            height, width, length, x, y, z, turn = (float(v) for v in rest[7:14])
            where = world_from_ego[int(frame)] @ ego_from_camera @ camera_from_box(x, y - height / 2, z, turn)
            boxes.append(Box(int(frame), track, CLASSES[kind], where, np.array([length, width, height])))
    times = np.arange(len(packets)) * STEP_S
    return Recording(times, world_from_ego, np.ones(len(times), bool), tuple(boxes))


def camera_from_box(x_m: float, y_m: float, z_m: float, rotation_y: float) -> Pose:
    """Pose of the centre of a box, in the camera frame."""
    half = rotation_y / 2
    turned = Pose(np.array([math.cos(half), 0.0, math.sin(half), 0.0]), np.array([x_m, y_m, z_m]))
    return turned @ CAMERA_FROM_LEVEL


def _calibration(path: Path) -> dict[str, Pose]:
    """The rigid motions of a calibration by their names."""
    found = {}
    for name, *numbers in (line.replace(":", " ").split() for line in _text(path).splitlines() if line.strip()):
        name = name.replace("_to_", "_").replace("velo_cam0", "velo_cam")
        if not name.startswith("P"):
            values = np.array(numbers, float).reshape(3, -1)
            found[name] = Pose.from_matrix(np.concatenate([values, np.zeros((3, 4 - values.shape[1]))], 1))
    if not {"Tr_velo_cam", "Tr_imu_velo"} <= found.keys():
        raise InputError("this calibration lacks Tr_velo_cam or Tr_imu_velo", Place(str(path)))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except OSError as error:
        raise InputError(f"this file of the dataset is missing: {error.strerror}", Place(str(path))) from error
