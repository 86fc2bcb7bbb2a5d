"""KITTI: object and tracking, and what all of KITTI's layouts have in common (Geiger et al. 2012, 2013).

Sources: readme.txt of the object and tracking development kits. Of the sensors, the leftmost
camera that looks ahead is image 2 (and camera 0, so that P2 has no offset), one beside it that looks the same way is image 3,
and the highest lidar is the velodyne. All of a frame is said at the camera's time; points are free of motion. Odometry
and the raw layout are in kitti_odometry.py and kitti_raw.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame
from scenesim.datasets import oxts, specs
from scenesim.datasets.folder import FolderWriter
from scenesim.datasets.png import png

# occluded: 0 fully visible, 1 partly, 2 largely; KITTI gives no numbers, these are ours, of the visible part.
FULLY, PARTLY = 0.8, 0.4
NEAR_M = 0.1  # what of a box is nearer to the camera's plane is not projected


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
    """What all have in common: which sensors, what calibration, which labels."""

    camera: str
    right: str | None
    lidar: str

    def begin_scene(self, frame: Frame) -> None:
        self.camera, self.lidar = specs.front_camera(frame, self.FORMAT), specs.main_lidar(frame, self.FORMAT)
        self.right = specs.right_of(frame, self.camera)
        for camera in filter(None, (self.camera, self.right)):
            specs.require_pinhole(frame, camera, self.FORMAT)

    def images(self, frame: Frame) -> dict[int, bytes]:
        """KITTI's number of a camera -> PNG."""
        return {k: png(frame.images[c].rgb) for k, c in ((2, self.camera), (3, self.right)) if c is not None}

    def camera_from_velo(self, frame: Frame) -> Pose:
        return specs.mounting(frame, self.camera).inverse() @ specs.mounting(frame, self.lidar)

    def projections(self, frame: Frame) -> tuple[NDArray[np.float64], ...]:
        """(3, 4) projections of the four cameras from the frame of camera 0; the grey ones are where the colour ones are."""
        left = np.concatenate([specs.matrix(frame, self.camera), np.zeros((3, 1))], 1)
        right = left.copy()
        if self.right is not None:
            shift = (specs.mounting(frame, self.camera).inverse() @ specs.mounting(frame, self.right)).translation
            right = specs.matrix(frame, self.right) @ np.concatenate([np.eye(3), -shift[:, None]], 1)
        return left, right, left, right

    def calibration(self, frame: Frame, rect: str, velo: str, imu: str, colon: str) -> bytes:
        """Text of a calibration, with the names of its matrices; the projections always have a colon."""
        lines = [(f"P{k}:", p) for k, p in enumerate(self.projections(frame))]
        if rect:
            lines.append((rect + colon, np.eye(3)))
        lines.append((velo + colon, self.camera_from_velo(frame).matrix()[:3]))
        if imu:  # the IMU is at the ego's origin
            lines.append((imu + colon, specs.mounting(frame, self.lidar).inverse().matrix()[:3]))
        return "".join(f"{name} {numbers(matrix)}\n" for name, matrix in lines).encode()

    def world_from_ego(self, frame: Frame) -> Pose:
        """The ego at the camera's time."""
        return frame.images[self.camera].world_from_camera @ specs.mounting(frame, self.camera).inverse()

    def order(self, frame: Frame) -> NDArray[np.int64]:
        """(N,) points of the sweep in the order of KITTI's files, from which its users recover rings: ring by ring from the
        top, each counter-clockwise from where the sensor looks straight ahead."""
        sweep = frame.sweeps[self.lidar]
        azimuth = np.where(sweep.azimuth_rad < 0, sweep.azimuth_rad + 2 * np.pi, sweep.azimuth_rad)
        return np.lexsort((azimuth, -sweep.ring.astype(int)))

    def velodyne(self, frame: Frame) -> NDArray[np.float32]:
        """(N, 4) x, y, z, reflectance in the lidar frame, as the lidar stands at the camera's time."""
        world_from_velo = self.world_from_ego(frame) @ specs.mounting(frame, self.lidar)
        velo_from_reference = world_from_velo.inverse() @ frame.world_from_ego
        points = velo_from_reference.apply(specs.points_at_once(frame, self.lidar))
        rows = np.concatenate([points, frame.sweeps[self.lidar].intensity[:, None]], 1)
        return rows[self.order(frame)].astype(np.float32)

    @staticmethod
    def occlusion(visible: float) -> int:
        """occluded, of the visible share of an object."""
        return 0 if visible >= FULLY else 1 if visible >= PARTLY else 2

    def rows(self, frame: Frame) -> list[Row]:
        """Labels of the objects of which the camera sees a pixel and KITTI has a type."""
        objects, seen = frame.objects, frame.objects.cameras[self.camera]
        height, width = frame.images[self.camera].class_id.shape
        poses = frame.images[self.camera].world_from_camera.inverse() @ objects.world_from_object
        found = []
        for k in range(len(objects.track)):
            kind = object_kind(frame, k)
            if not kind or not seen.pixels[k]:
                continue
            bottom, turn = camera_box(poses[k], objects.size_lwh_m[k])
            box = image_box(bottom, turn, objects.size_lwh_m[k], specs.matrix(frame, self.camera))
            box = np.clip(box, 0.0, [width - 1, height - 1, width - 1, height - 1])
            if (box[2:] <= box[:2]).any():
                continue
            found.append(
                Row(
                    kind,
                    int(objects.track[k]),
                    float(seen.truncation[k]),
                    self.occlusion(float(seen.visible_fraction[k])),
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
    """KITTI tracking: training/{image_02,image_03,velodyne,label_02,calib,oxts}, a sequence for each scenario."""

    FORMAT = "kitti-tracking"
    OWN = frozenset({"training"})

    def start(self) -> None:
        super().start()
        self.lengths: list[int] = []

    def begin_scene(self, frame: Frame) -> None:
        super().begin_scene(frame)
        self.labels: list[str] = []
        self.path = oxts.Path()
        text = self.calibration(frame, "R_rect", "Tr_velo_cam", "Tr_imu_velo", "")  # no colon: as in the official files
        self.put(f"training/calib/{self.scene:04d}.txt", text)

    def add(self, frame: Frame) -> None:
        name = f"{self.scene:04d}/{self.count:06d}"
        for k, data in self.images(frame).items():
            self.put(f"training/image_{k:02d}/{name}.png", data)
        self.put(f"training/velodyne/{name}.bin", self.velodyne(frame).tobytes())
        self.path.add(frame.time_s, self.world_from_ego(frame), frame.ego_velocity_m_s)
        for row in self.rows(frame):
            truncated = 0 if row.truncation < 0.15 else 1 if row.truncation < 0.5 else 2
            self.labels.append(f"{self.count} {row.track} {row.text(str(truncated))}\n")

    def end_scene(self) -> None:
        self.put(f"training/label_02/{self.scene:04d}.txt", "".join(self.labels).encode())
        self.put(f"training/oxts/{self.scene:04d}.txt", "".join(f"{row}\n" for row in self.path.rows()).encode())
        self.lengths.append(self.count)

    def finish(self) -> None:
        rows = [f"{k:04d} empty 000000 {n:06d}\n" for k, n in enumerate(self.lengths)]
        self.put("training/evaluate_tracking.seqmap.training", "".join(rows).encode())


def camera_box(camera_from_object: Pose, size_lwh_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """(centre of the bottom face (3,), rotation_y) of a box in the camera frame, from the pose of its centre.

    rotation_y turns about the camera's y axis, which points down; at 0 the object faces the camera's x axis. A box that leans,
    as a cyclist in a bend, or that stands on a slope, is set upright about its centre.
    """
    bottom = camera_from_object.translation + np.array([0.0, size_lwh_m[2] / 2, 0.0])
    ahead = camera_from_object.rotate(np.array([1.0, 0.0, 0.0]))
    return bottom, math.atan2(-float(ahead[2]), float(ahead[0]))


def image_box(
    bottom_m: NDArray[np.float64], rotation_y: float, size_lwh_m: NDArray[np.float64], matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(left, top, right, bottom) px, unclipped, about the image of a box: what KITTI's own labels have as the 2D box.

    The label boxes of KITTI's frame 000001 are within 0.7 px of it. Of a box that reaches behind the camera, the part that
    is NEAR_M before it.
    """
    length, width, height = size_lwh_m
    ahead = np.array([math.cos(rotation_y), 0.0, -math.sin(rotation_y)])
    left = np.array([-math.sin(rotation_y), 0.0, -math.cos(rotation_y)])  # left of ahead, seen from above
    corners = np.array(
        [bottom_m + x * length * ahead + y * width * left - np.array([0.0, z * height, 0.0])
         for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)]
    )  # fmt: skip
    points = list(corners[corners[:, 2] >= NEAR_M])
    for a in range(8):
        for axis in (1, 2, 4):  # the edges of the box: two corners whose numbers differ in one bit
            p, q = corners[a], corners[a ^ axis]
            if p[2] < NEAR_M <= q[2]:
                points.append(p + (q - p) * ((NEAR_M - p[2]) / (q[2] - p[2])))
    if not points:
        return np.zeros(4)
    seen = np.array(points) @ matrix.T
    pixels = seen[:, :2] / seen[:, 2:]
    return np.concatenate([pixels.min(0), pixels.max(0)])


def object_kind(frame: Frame, k: int) -> str:
    """KITTI's type of object k, "" for none: KITTI's cyclists ride, a bicycle that nobody rides is none."""
    name = frame.classes[int(frame.objects.class_id[k])]
    if name == "bicycle" and frame.objects.attributes[k].get("driver") == "false":
        return ""
    return str(taxonomy.classes()[name].in_taxonomy("kitti"))


def numbers(matrix: ArrayLike) -> str:
    """The numbers of a matrix, row by row."""
    return " ".join(f"{float(v) + 0.0:.12e}" for v in np.asarray(matrix).reshape(-1))
