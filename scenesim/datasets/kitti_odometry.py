"""KITTI odometry with the labels of SemanticKITTI (Geiger et al. 2012; Behley et al. 2019).

Sources: readme.txt of the odometry development kit; semantic-kitti-api, config/semantic-kitti.yaml. Sensors, times and frames
of reference are those of kitti.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame
from scenesim.datasets.kitti import KittiWriter, numbers

MOVING_M_S = 0.2
# Sequence numbers of the scenarios: semantic-kitti-api validates on 08 (one scenario alone can be evaluated), and trains on the
# others up to 10.
SEQUENCES = (8, *(k for k in range(100) if k != 8))
# SemanticKITTI has one class for who rides and what is ridden, standing and moving.
RIDDEN = {"bicycle": (31, 253), "motorcycle": (32, 255)}


class KittiOdometryWriter(KittiWriter):
    """KITTI odometry and SemanticKITTI: sequences/NN and poses, a sequence for each scenario."""

    FORMAT = "kitti-odometry"
    OWN = frozenset({"sequences", "poses"})

    def begin_scene(self, frame: Frame) -> None:
        super().begin_scene(frame)
        if self.scene >= len(SEQUENCES):
            raise InputError(f"{self.FORMAT} numbers sequences with two digits: {len(SEQUENCES)} scenarios are the most")
        self.name = f"{SEQUENCES[self.scene]:02d}"
        self.first: Pose | None = None
        self.times: list[str] = []
        self.poses: list[str] = []
        self.put(f"sequences/{self.name}/calib.txt", self.calibration(frame, "", "Tr", "", ":"))

    def add(self, frame: Frame) -> None:
        at, name = f"sequences/{self.name}", f"{self.count:06d}"
        for k, data in self.images(frame).items():
            self.put(f"{at}/image_{k}/{name}.png", data)
        self.put(f"{at}/velodyne/{name}.bin", self.velodyne(frame).tobytes())
        self.put(f"{at}/labels/{name}.label", semantic_labels(frame, self.lidar)[self.order(frame)].tobytes())
        pose = frame.images[self.camera].world_from_camera
        self.first = self.first or pose
        self.start_s = frame.time_s if self.count == 0 else self.start_s
        self.times.append(f"{frame.time_s - self.start_s:.6e}\n")
        self.poses.append(numbers((self.first.inverse() @ pose).matrix()[:3]) + "\n")

    def end_scene(self) -> None:
        poses = "".join(self.poses).encode()
        self.put(f"sequences/{self.name}/times.txt", "".join(self.times).encode())
        self.put(f"sequences/{self.name}/poses.txt", poses)
        self.put(f"poses/{self.name}.txt", poses)


def semantic_labels(frame: Frame, lidar: str) -> NDArray[np.uint32]:
    """(N,) labels of SemanticKITTI of a sweep: the class below, the track above for things."""
    sweep, objects = frame.sweeps[lidar], frame.objects
    base = np.zeros(256, np.uint32)
    for info in taxonomy.classes().values():
        base[info.id] = info.in_taxonomy("semantic_kitti")
    semantic = base[sweep.class_id]
    speed = np.sqrt((objects.velocity_m_s**2).sum(1))
    ridden = np.unique(sweep.instance[sweep.class_id == taxonomy.class_id("rider")])
    thing = np.zeros(len(semantic), bool)
    for k, track in enumerate(objects.track):
        info = taxonomy.classes()[frame.classes[int(objects.class_id[k])]]
        still, moving = int(info.in_taxonomy("semantic_kitti")), info.moving_id
        if info.name in RIDDEN and (track in ridden or speed[k] > MOVING_M_S):
            still, moving = RIDDEN[info.name]
        mine = sweep.instance == track
        semantic[mine] = moving if speed[k] > MOVING_M_S else still
        thing |= mine & (moving >= 252)  # the classes that can move are those that have instances
    return semantic | np.where(thing, sweep.instance, 0).astype(np.uint32) << np.uint32(16)
