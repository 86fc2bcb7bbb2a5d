"""KITTI raw data, synchronised and rectified: DATE/DATE_drive_NNNN_sync with cameras, velodyne, oxts and tracklets.

Sources: devkit_raw_data.zip, readme.txt and tracklets.h (Geiger et al. 2013); pykitti 0.3.1, raw.py. A scenario is a drive, on
a day of its own. Sensors, times and frames of reference are those of kitti.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame
from scenesim.datasets import oxts, specs
from scenesim.datasets.folder import EPOCH_S, SCENE_S
from scenesim.datasets.kitti import KittiWriter, numbers, object_kind
from scenesim.datasets.png import png

DRIVE = "0001"
DAYS = tuple(time.strftime("%Y_%m_%d", time.gmtime(EPOCH_S + k * SCENE_S)) for k in range(1000))


@dataclass
class _Tracklet:
    """One object while it is seen without a gap. poses: for each frame from the first on size_lwh_m (3,), velo_from_box of the
    middle of the bottom face, occlusion, truncation."""

    kind: str
    first: int
    poses: list[tuple[NDArray[np.float64], Pose, int, int]] = field(default_factory=list)


class KittiRawWriter(KittiWriter):
    """KITTI raw: a day and a drive for each scenario."""

    FORMAT = "kitti-raw"
    OWN = frozenset(DAYS)

    def begin_scene(self, frame: Frame) -> None:
        super().begin_scene(frame)
        self.day = DAYS[self.scene]
        self.at = f"{self.day}/{self.day}_drive_{DRIVE}_sync"
        self.path = oxts.Path()
        self.stamps: dict[str, list[str]] = {}
        self.tracklets: list[_Tracklet] = []
        self.current: dict[int, _Tracklet] = {}
        velo = self.camera_from_velo(frame)
        self.put(f"{self.day}/calib_velo_to_cam.txt", _rigid(velo))
        self.put(f"{self.day}/calib_imu_to_velo.txt", _rigid(specs.mounting(frame, self.lidar).inverse()))
        self.put(f"{self.day}/calib_cam_to_cam.txt", self._cameras(frame))

    def _cameras(self, frame: Frame) -> bytes:
        """The images are rectified already: what was before that is the same."""
        lines = ["calib_time: 14-Nov-2023 22:13:20", "corner_dist: 1.000000e-01"]
        height, width = frame.images[self.camera].class_id.shape
        for k, projection in enumerate(self.projections(frame)):
            shift = np.linalg.solve(projection[:, :3], projection[:, 3])
            lines += [
                f"S_{k:02d}: {numbers([width, height])}", f"K_{k:02d}: {numbers(projection[:, :3])}",
                f"D_{k:02d}: {numbers(np.zeros(5))}", f"R_{k:02d}: {numbers(np.eye(3))}", f"T_{k:02d}: {numbers(shift)}",
                f"S_rect_{k:02d}: {numbers([width, height])}", f"R_rect_{k:02d}: {numbers(np.eye(3))}",
                f"P_rect_{k:02d}: {numbers(projection)}",
            ]  # fmt: skip
        return "".join(f"{line}\n" for line in lines).encode()

    def add(self, frame: Frame) -> None:
        name, sweep = f"data/{self.count:010d}", frame.sweeps[self.lidar]
        for k, camera in ((2, self.camera), (3, self.right)):
            if camera is not None:
                rows = frame.images[camera].row_time_s
                self._stamp(f"image_{k:02d}/timestamps.txt", float(rows[len(rows) // 2]))
                self.put(f"{self.at}/image_{k:02d}/{name}.png", png(frame.images[camera].rgb))
        self.put(f"{self.at}/velodyne_points/{name}.bin", self.velodyne(frame).tobytes())
        off = sweep.time_offset_s if len(sweep.time_offset_s) else np.zeros(1)
        for end, at in (("_start", float(off.min())), ("", 0.0), ("_end", float(off.max()))):
            self._stamp(f"velodyne_points/timestamps{end}.txt", frame.time_s + at)
        self._stamp("oxts/timestamps.txt", frame.time_s)
        self.path.add(frame.time_s, self.world_from_ego(frame), frame.ego_velocity_m_s)
        self._track(frame)

    def _stamp(self, path: str, seconds: float) -> None:
        us = self.time_us(seconds)
        text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(us // 10**6))
        self.stamps.setdefault(path, []).append(f"{text}.{us % 10**6 * 1000:09d}\n")

    def _track(self, frame: Frame) -> None:
        objects, seen = frame.objects, frame.objects.cameras[self.camera]
        world_from_velo = self.world_from_ego(frame) @ specs.mounting(frame, self.lidar)
        poses, hit = world_from_velo.inverse() @ objects.world_from_object, specs.seen(frame)
        before, self.current = self.current, {}
        for k, track in enumerate(objects.track.tolist()):
            kind = object_kind(frame, k)
            if not kind or not hit[k]:
                continue
            if track not in before:
                self.tracklets.append(_Tracklet(kind, self.count))
            self.current[track] = before.get(track, self.tracklets[-1])
            size = objects.size_lwh_m[k]
            truncated = 0 if seen.truncation[k] < 0.01 else 1 if seen.truncation[k] < 1 else 2  # 2: out of the image
            bottom = poses[k] @ Pose(np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, -size[2] / 2]))
            self.current[track].poses.append((size, bottom, self.occlusion(float(seen.visible_fraction[k])), truncated))

    def end_scene(self) -> None:
        for path, stamps in self.stamps.items():
            self.put(f"{self.at}/{path}", "".join(stamps).encode())
        for k, row in enumerate(self.path.rows()):
            self.put(f"{self.at}/oxts/data/{k:010d}.txt", f"{row}\n".encode())
        self.put(f"{self.at}/oxts/dataformat.txt", "".join(f"{n + ':':9}{said}\n" for n, said in oxts.FIELDS.items()).encode())
        self.put(f"{self.at}/tracklet_labels.xml", tracklets_xml(self.tracklets))


def tracklets_xml(tracklets: list[_Tracklet]) -> bytes:
    """Tracklets as the devkit's C++ serialises them. An object has one size: the largest that it has had."""
    out = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>', "<!DOCTYPE boost_serialization>",
        '<boost_serialization signature="serialization::archive" version="9">',
        '<tracklets class_id="0" tracking_level="0" version="0">', f"<count>{len(tracklets)}</count>",
        "<item_version>1</item_version>",
    ]  # fmt: skip
    for tracklet in tracklets:
        length, width, height = np.max([size for size, *_ in tracklet.poses], axis=0)
        size = f"<h>{height:.6f}</h><w>{width:.6f}</w><l>{length:.6f}</l>"
        out.append(f"<item><objectType>{tracklet.kind}</objectType>{size}<first_frame>{tracklet.first}</first_frame>")
        out.append(f"<poses><count>{len(tracklet.poses)}</count><item_version>2</item_version>")
        for _, pose, occlusion, truncation in tracklet.poses:
            turned = zip("xyz", oxts.roll_pitch_yaw(pose))
            where = "".join(f"<t{a}>{v:.6f}</t{a}>" for a, v in zip("xyz", pose.translation.tolist()))
            where += "".join(f"<r{a}>{v:.8f}</r{a}>" for a, v in turned)
            unknown = "".join(f"<{n}>-1</{n}>" for n in ("amt_occlusion", "amt_border_l", "amt_border_r"))
            known = f"<state>2</state><occlusion>{occlusion}</occlusion><occlusion_kf>0</occlusion_kf>"
            out.append(f"<item>{where}{known}<truncation>{truncation}</truncation>{unknown}</item>")
        out.append("</poses><finished>1</finished></item>")
    return "\n".join([*out, "</tracklets>", "</boost_serialization>", ""]).encode()


def _rigid(a_from_b: Pose) -> bytes:
    """A calibration file of a rigid motion."""
    matrix = a_from_b.matrix()
    lines = ["calib_time: 14-Nov-2023 22:13:20", f"R: {numbers(matrix[:3, :3])}", f"T: {numbers(matrix[:3, 3])}"]
    return "".join(f"{line}\n" for line in lines).encode()
