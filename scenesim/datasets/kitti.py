"""KITTI: object, tracking, and odometry with the labels of SemanticKITTI (Geiger et al. 2012, 2013; Behley et al. 2019).

Sources: readme.txt of the object, tracking and odometry development kits; semantic-kitti-api. Of the sensors, the leftmost
camera that looks ahead is image 2 (and camera 0, so that P2 has no offset), one beside it that looks the same way is image 3,
and the highest lidar is the velodyne. All of a frame is said at the camera's time; points are free of motion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame
from scenesim.datasets import specs
from scenesim.datasets.folder import FolderWriter
from scenesim.datasets.png import png

# occluded: 0 fully visible, 1 partly, 2 largely; KITTI gives no numbers, these are ours, of the visible part.
FULLY, PARTLY = 0.8, 0.4
MOVING_M_S = 0.2
# Sequence numbers of the scenarios: semantic-kitti-api validates on 08 (one scenario alone can be evaluated), and trains on the
# others up to 10.
SEQUENCES = (8, *(k for k in range(100) if k != 8))
# SemanticKITTI has one class for who rides and what is ridden, standing and moving.
RIDDEN = {"bicycle": (31, 253), "motorcycle": (32, 255)}


@dataclass(frozen=True)
class Row:
    """One label, in the camera frame. bottom_m: centre of the bottom face (3,)."""

    kind: str
    track: int
    truncation: float
    occluded: int
    alpha: float
    bbox: NDArray[np.float64]
    size_lwh_m: NDArray[np.float64]
    bottom_m: NDArray[np.float64]
    rotation_y: float

    def text(self, truncation: str) -> str:
        """The 15 columns; truncation is written differently in the object and the tracking labels."""
        length, width, height = self.size_lwh_m
        numbers = [self.alpha, *self.bbox, height, width, length, *self.bottom_m, self.rotation_y]
        return " ".join([self.kind, truncation, str(self.occluded), *(f"{float(v) + 0.0:.4f}" for v in numbers)])


class KittiWriter(FolderWriter):
    """What the three have in common: which sensors, what calibration, which labels."""

    camera: str
    right: str | None
    lidar: str

    def begin_scene(self, frame: Frame) -> None:
        self.camera, self.lidar = specs.front_camera(frame, self.FORMAT), specs.main_lidar(frame, self.FORMAT)
        self.right = _right_of(frame, self.camera)
        for camera in filter(None, (self.camera, self.right)):
            specs.require_pinhole(frame, camera, self.FORMAT)

    def images(self, frame: Frame) -> dict[int, bytes]:
        """KITTI's number of a camera -> PNG."""
        return {k: png(frame.images[c].rgb) for k, c in ((2, self.camera), (3, self.right)) if c is not None}

    def camera_from_velo(self, frame: Frame) -> Pose:
        return specs.mounting(frame, self.camera).inverse() @ specs.mounting(frame, self.lidar)

    def calibration(self, frame: Frame, rect: str, velo: str, imu: str, colon: str) -> bytes:
        """Text of a calibration, with the names of its matrices; the projections always have a colon."""
        left = np.concatenate([specs.matrix(frame, self.camera), np.zeros((3, 1))], 1)
        right = left.copy()
        if self.right is not None:
            shift = (specs.mounting(frame, self.camera).inverse() @ specs.mounting(frame, self.right)).translation
            right = specs.matrix(frame, self.right) @ np.concatenate([np.eye(3), -shift[:, None]], 1)
        lines = [(f"P{k}:", p) for k, p in enumerate((left, right, left, right))]
        if rect:
            lines.append((rect + colon, np.eye(3)))
        lines.append((velo + colon, self.camera_from_velo(frame).matrix()[:3]))
        if imu:  # the IMU is at the ego's origin
            lines.append((imu + colon, specs.mounting(frame, self.lidar).inverse().matrix()[:3]))
        return "".join(f"{name} {_numbers(matrix)}\n" for name, matrix in lines).encode()

    def velodyne(self, frame: Frame) -> NDArray[np.float32]:
        """(N, 4) x, y, z, reflectance in the lidar frame, as the lidar stands at the camera's time."""
        sweep = frame.sweeps[self.lidar]
        world_from_ego = frame.images[self.camera].world_from_camera @ specs.mounting(frame, self.camera).inverse()
        velo_from_reference = (world_from_ego @ specs.mounting(frame, self.lidar)).inverse() @ frame.world_from_ego
        points = velo_from_reference.apply(specs.points_at_once(frame, self.lidar))
        return np.concatenate([points, sweep.intensity[:, None]], 1).astype(np.float32)

    def rows(self, frame: Frame) -> list[Row]:
        """Labels of the objects of which the camera sees a pixel and KITTI has a type."""
        objects, seen = frame.objects, frame.objects.cameras[self.camera]
        height, width = frame.images[self.camera].class_id.shape
        poses = frame.images[self.camera].world_from_camera.inverse() @ objects.world_from_object
        found = []
        for k in range(len(objects.track)):
            kind = _info(frame, int(objects.class_id[k])).in_taxonomy("kitti")
            if not kind or not seen.pixels[k]:
                continue
            box = seen.amodal_px[k] if np.isfinite(seen.amodal_px[k]).all() else seen.visible_px[k]
            box = np.clip(box.astype(float), 0.0, [width - 1, height - 1, width - 1, height - 1])
            if (box[2:] <= box[:2]).any():
                continue
            bottom, turn = camera_box(poses[k], objects.size_lwh_m[k])
            visible = float(seen.visible_fraction[k])
            found.append(
                Row(
                    str(kind),
                    int(objects.track[k]),
                    float(seen.truncation[k]),
                    0 if visible >= FULLY else 1 if visible >= PARTLY else 2,
                    math.remainder(turn - math.atan2(bottom[0], bottom[2]), 2 * math.pi),
                    box,
                    objects.size_lwh_m[k],
                    bottom,
                    turn,
                )
            )
        return found


class KittiObjectWriter(KittiWriter):
    """KITTI object: training/{image_2,image_3,velodyne,label_2,calib} and ImageSets."""

    FORMAT = "kitti-object"
    OWN = frozenset({"training", "ImageSets"})

    def start(self) -> None:
        super().start()
        self.sets: dict[str, list[str]] = {"train": [], "val": [], "trainval": [], "test": []}

    def add(self, frame: Frame) -> None:
        name = f"{len(self.sets['trainval']):06d}"
        for k, data in self.images(frame).items():
            self.put(f"training/image_{k}/{name}.png", data)
        self.put(f"training/velodyne/{name}.bin", self.velodyne(frame).tobytes())
        self.put(f"training/calib/{name}.txt", self.calibration(frame, "R0_rect", "Tr_velo_to_cam", "Tr_imu_to_velo", ":"))
        rows = [r.text(f"{r.truncation:.2f}") for r in self.rows(frame)]
        self.put(f"training/label_2/{name}.txt", "".join(f"{r}\n" for r in rows).encode())
        self.sets[self.split_of(self.scene)].append(name)
        self.sets["trainval"].append(name)

    def finish(self) -> None:
        self.sets["val"] = self.sets["val"] or self.sets["train"]  # one scenario alone: readers want both
        for split, names in self.sets.items():
            self.put(f"ImageSets/{split}.txt", "".join(f"{n}\n" for n in names).encode())


class KittiTrackingWriter(KittiWriter):
    """KITTI tracking: training/{image_02,image_03,velodyne,label_02,calib}, a sequence for each scenario."""

    FORMAT = "kitti-tracking"
    OWN = frozenset({"training"})

    def start(self) -> None:
        super().start()
        self.lengths: list[int] = []

    def begin_scene(self, frame: Frame) -> None:
        super().begin_scene(frame)
        self.labels: list[str] = []
        text = self.calibration(frame, "R_rect", "Tr_velo_cam", "Tr_imu_velo", "")  # no colon: as in the official files
        self.put(f"training/calib/{self.scene:04d}.txt", text)

    def add(self, frame: Frame) -> None:
        name = f"{self.scene:04d}/{self.count:06d}"
        for k, data in self.images(frame).items():
            self.put(f"training/image_{k:02d}/{name}.png", data)
        self.put(f"training/velodyne/{name}.bin", self.velodyne(frame).tobytes())
        for row in self.rows(frame):
            truncated = 0 if row.truncation < 0.15 else 1 if row.truncation < 0.5 else 2
            self.labels.append(f"{self.count} {row.track} {row.text(str(truncated))}\n")

    def end_scene(self) -> None:
        self.put(f"training/label_02/{self.scene:04d}.txt", "".join(self.labels).encode())
        self.lengths.append(self.count)

    def finish(self) -> None:
        rows = [f"{k:04d} empty 000000 {n:06d}\n" for k, n in enumerate(self.lengths)]
        self.put("training/evaluate_tracking.seqmap.training", "".join(rows).encode())


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
        self.put(f"{at}/labels/{name}.label", semantic_labels(frame, self.lidar).tobytes())
        pose = frame.images[self.camera].world_from_camera
        self.first = self.first or pose
        self.start_s = frame.time_s if self.count == 0 else self.start_s
        self.times.append(f"{frame.time_s - self.start_s:.6e}\n")
        self.poses.append(_numbers((self.first.inverse() @ pose).matrix()[:3]) + "\n")

    def end_scene(self) -> None:
        poses = "".join(self.poses).encode()
        self.put(f"sequences/{self.name}/times.txt", "".join(self.times).encode())
        self.put(f"sequences/{self.name}/poses.txt", poses)
        self.put(f"poses/{self.name}.txt", poses)


def camera_box(camera_from_object: Pose, size_lwh_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """(centre of the bottom face (3,), rotation_y) of a box in the camera frame, from the pose of its centre.

    rotation_y turns about the camera's y axis, which points down; at 0 the object faces the camera's x axis.
    """
    bottom = camera_from_object.apply(np.array([0.0, 0.0, -size_lwh_m[2] / 2]))
    ahead = camera_from_object.rotate(np.array([1.0, 0.0, 0.0]))
    return bottom, math.atan2(-float(ahead[2]), float(ahead[0]))


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
        info = _info(frame, int(objects.class_id[k]))
        still, moving = int(info.in_taxonomy("semantic_kitti")), info.moving_id
        if info.name in RIDDEN and (track in ridden or speed[k] > MOVING_M_S):
            still, moving = RIDDEN[info.name]
        mine = sweep.instance == track
        semantic[mine] = moving if speed[k] > MOVING_M_S else still
        thing |= mine & (moving >= 252)  # the classes that can move are those that have instances
    return semantic | np.where(thing, sweep.instance, 0).astype(np.uint32) << np.uint32(16)


def _right_of(frame: Frame, left: str) -> str | None:
    """The camera to the right of another that makes a stereo pair with it: same size, same direction."""
    shape, mounted = frame.images[left].class_id.shape, specs.mounting(frame, left)
    for camera in frame.images:
        beside = mounted.inverse() @ specs.mounting(frame, camera)
        same = frame.images[camera].class_id.shape == shape and abs(beside.rotation[0]) > 1 - 1e-9
        if camera != left and same and beside.translation[0] > 0 and abs(beside.translation[1:]).max() < 1e-6:
            return camera
    return None


def _info(frame: Frame, class_id: int) -> taxonomy.ClassInfo:
    return taxonomy.classes()[frame.classes[class_id]]


def _numbers(matrix: NDArray) -> str:
    return " ".join(f"{float(v) + 0.0:.12e}" for v in np.asarray(matrix).reshape(-1))
