"""KITTI as its readme says: points through the calibration land on what the image shows, boxes stand where objects stand."""

from __future__ import annotations

import dataclasses

import boxworld
import cv2
import numpy as np
import pytest

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.datasets import kitti
from scenesim.datasets.writer import writer_class

COUNT = 4


def export(name, folder, frames):
    with writer_class(name)(folder) as writer:
        for frame in frames:
            writer.write(frame)
    return folder


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


@pytest.fixture(scope="module")
def objects(frames, tmp_path_factory):
    return export("kitti-object", tmp_path_factory.mktemp("kitti") / "object", frames)


@pytest.fixture(scope="module")
def odometry(frames, tmp_path_factory):
    return export("kitti-odometry", tmp_path_factory.mktemp("kitti") / "odometry", frames)


def calib(path):
    rows = (line.replace(":", " ").split() for line in path.read_text().splitlines())
    return {name: np.array(values, float).reshape(3, -1) for name, *values in rows}


def to_pixels(c, points):
    """The formula of the readme: P2 * R0_rect * Tr_velo_to_cam * X."""
    tr = c.get("Tr_velo_to_cam", c.get("Tr"))
    cam = c.get("R0_rect", np.eye(3)) @ (tr[:, :3] @ points.T + tr[:, 3:])
    p = c["P2"] @ np.vstack([cam, np.ones(cam.shape[1])])
    return (p[:2] / p[2]).T, cam.T


def test_points_land_on_what_the_image_shows(odometry, frames):
    """The class of a point is that of the pixel that the calibration sends it to, but at the edges of things."""
    semantic = np.array([c.in_taxonomy("semantic_kitti") for c in sorted(taxonomy.classes().values(), key=lambda c: c.id)])
    at = odometry / "sequences" / "08"
    for k, frame in enumerate(frames):
        points = np.fromfile(at / "velodyne" / f"{k:06d}.bin", np.float32).reshape(-1, 4)
        label = np.fromfile(at / "labels" / f"{k:06d}.label", np.uint32)
        pixels, cam = to_pixels(calib(at / "calib.txt"), points[:, :3])
        image = frame.images["front"]
        column, row = np.round(pixels).astype(int).T
        seen = (cam[:, 2] > 1) & (column >= 0) & (column < image.rgb.shape[1]) & (row >= 0) & (row < image.rgb.shape[0])
        assert seen.sum() > 1000
        shown = semantic[image.class_id[row[seen], column[seen]]]
        said = (label[seen] & 0xFFFF).astype(int)
        said = np.select([said == s for s in (252, 253, 254, 255, 257, 258)], [10, 11, 30, 15, 13, 18], said)
        said = np.select([said == 31, said == 32], [11, 15], said)  # who rides is one with what is ridden
        assert (shown == said).mean() > 0.95
        assert (label[seen] >> 16 == image.instance[row[seen], column[seen]])[label[seen] >> 16 > 0].mean() > 0.9


def test_boxes_stand_where_objects_stand(objects, frames):
    """Bottom centre, sizes and rotation_y, turned back by the readme's words, are the object's pose."""
    for k, frame in enumerate(frames):
        rows = [line.split() for line in (objects / "training/label_2" / f"{k:06d}.txt").read_text().splitlines()]
        assert len(rows) >= 6
        for row in rows:
            h, w, l, x, y, z, turn = (float(v) for v in row[8:])
            # Object axes: x ahead, y left, z up; camera axes: x right, y down, z ahead.
            ahead = np.array([np.cos(turn), 0.0, -np.sin(turn)])
            axes = np.stack([ahead, np.cross([0.0, -1.0, 0.0], ahead), [0.0, -1.0, 0.0]], 1)
            matrix = np.eye(4)
            matrix[:3, :3], matrix[:3, 3] = axes, [x, y - h / 2, z]
            pose = frame.images["front"].world_from_camera @ Pose.from_matrix(matrix)
            off = np.abs(frame.objects.world_from_object.translation - pose.translation).max(1)
            j = int(off.argmin())
            assert off[j] < 1e-3
            assert frame.objects.size_lwh_m[j] == pytest.approx([l, w, h], abs=1e-3)
            assert abs((frame.objects.world_from_object.rotation[j] * pose.rotation).sum()) > 1 - 1e-8
            assert float(row[3]) == pytest.approx(
                np.arctan2(np.sin(turn - np.arctan2(x, z)), np.cos(turn - np.arctan2(x, z))), abs=2e-4
            )


def test_label_boxes_hold_the_object_in_the_image(objects, frames):
    for k, frame in enumerate(frames):
        image = frame.images["front"]
        assert (cv2.imread(str(objects / f"training/image_2/{k:06d}.png"))[..., ::-1] == image.rgb).all()
        seen = frame.objects.cameras["front"]
        rows = [line.split() for line in (objects / f"training/label_2/{k:06d}.txt").read_text().splitlines()]
        wanted = [
            j
            for j in range(len(seen.pixels))
            if seen.pixels[j] and frame.objects.class_id[j] != taxonomy.class_id("traffic_sign")
        ]
        assert len(rows) == len(wanted)
        for row, j in zip(rows, wanted):
            left, top, right, bottom = (float(v) for v in row[4:8])
            assert 0 <= left < right <= image.rgb.shape[1] - 1 and 0 <= top < bottom <= image.rgb.shape[0] - 1
            assert left <= seen.visible_px[j, 0] + 1.01 and bottom >= seen.visible_px[j, 3] - 1.01
            assert len(row) == 15 and 0 <= float(row[1]) <= 1


def test_poses_bring_still_points_together(odometry, frames):
    """A camera pose is T_w_cam0 with the first one the identity: it takes a scan to where world_from_ego takes it."""
    poses = np.loadtxt(odometry / "poses" / "08.txt").reshape(-1, 3, 4)
    assert np.abs(poses[0] - np.eye(3, 4)).max() == 0
    tr = calib(odometry / "sequences/08/calib.txt")["Tr"]
    first = frames[0].images["front"].world_from_camera
    for k, frame in enumerate(frames):
        points = np.fromfile(odometry / f"sequences/08/velodyne/{k:06d}.bin", np.float32).reshape(-1, 4)[:, :3]
        in_first = poses[k][:, :3] @ (tr[:, :3] @ points.T + tr[:, 3:]) + poses[k][:, 3:]
        which = boxworld.which_points(first.apply(in_first.T), boxworld.points_at_once(frame))
        # In KITTI's order: ring by ring from the top, each counter-clockwise from ahead.
        ring, azimuth = (getattr(frame.sweeps["top"], name)[which].astype(float) for name in ("ring", "azimuth_rad"))
        same = np.diff(ring) == 0
        assert (np.diff(ring) <= 0).all() and (np.diff(np.mod(azimuth, 2 * np.pi))[same] >= 0).all()
    times = np.loadtxt(odometry / "sequences/08/times.txt")
    assert times == pytest.approx([f.time_s - frames[0].time_s for f in frames])


def test_tracking_rows(frames, tmp_path):
    other = [dataclasses.replace(f, scenario="other") for f in frames[:2]]
    at = export("kitti-tracking", tmp_path / "t", [*frames, *other]) / "training"
    rows = [line.split() for line in (at / "label_02/0000.txt").read_text().splitlines()]
    assert all(len(r) == 17 and r[3] in "012" for r in rows)
    assert [int(r[0]) for r in rows] == sorted(int(r[0]) for r in rows)
    assert (
        at / "evaluate_tracking.seqmap.training"
    ).read_text() == f"0000 empty 000000 {COUNT:06d}\n0001 empty 000000 000002\n"
    assert len(list((at / "image_02/0001").iterdir())) == 2
    names = [line.split()[0] for line in (at / "calib/0000.txt").read_text().splitlines()]
    assert names == ["P0:", "P1:", "P2:", "P3:", "R_rect", "Tr_velo_cam", "Tr_imu_velo"]


def test_rotation_y_faces_right_at_zero():
    """An object that faces the camera's x axis; and one that drives away from the camera, at -90 degrees."""
    camera_from_level = Pose.from_matrix(np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0]]))
    right = camera_from_level @ Pose.of((10, 0, 0), yaw=-np.pi / 2)
    away = camera_from_level @ Pose.of((10, 2, 0.5))
    assert kitti.camera_box(right, np.array([4.0, 2.0, 1.0]))[1] == pytest.approx(0)
    bottom, turn = kitti.camera_box(away, np.array([4.0, 2.0, 1.0]))
    assert turn == pytest.approx(-np.pi / 2) and bottom == pytest.approx([-2, 0, 10])


def test_a_box_that_leans_is_upright_about_its_centre():
    camera_from_level = Pose.from_matrix(np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0]]))
    leaning = camera_from_level @ Pose.of((10, 2, 0.4), roll=0.3, yaw=0.2)
    bottom, turn = kitti.camera_box(leaning, np.array([1.8, 0.6, 1.6]))
    assert bottom == pytest.approx([-2, -0.4 + 0.8, 10]) and turn == pytest.approx(-np.pi / 2 - 0.2)


def test_image_sets_know_every_frame(objects):
    names = (objects / "ImageSets/trainval.txt").read_text().split()
    assert names == [f"{k:06d}" for k in range(COUNT)]
    assert (objects / "ImageSets/val.txt").read_text().split() == names
    assert not (objects / "INCOMPLETE").exists() and (objects / "scenesim.json").exists()


def test_a_lens_that_distorts_is_refused(frames, tmp_path):
    spec = {**frames[0].calibration, "front": {**frames[0].calibration["front"], "distortion": {"k1": -0.2}}}
    with pytest.raises(InputError, match="rectified"):
        export("kitti-object", tmp_path / "x", [dataclasses.replace(frames[0], calibration=spec)])
    assert (tmp_path / "x" / "INCOMPLETE").exists()


def test_folders_of_others_stay(frames, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export("kitti-object", tmp_path, frames[:1])
    export("kitti-object", tmp_path / "a", frames[:1])
    with pytest.raises(InputError, match="a complete dataset"):
        export("kitti-object", tmp_path / "a", frames[:1])
    with writer_class("kitti-object")(tmp_path / "a", overwrite=True) as writer:
        writer.write(frames[1])
    assert len(list((tmp_path / "a/training/calib").iterdir())) == 1


def test_the_label_box_is_about_the_image_of_the_box(frames, objects):
    """Eight corners of the row's own box through P2, by the readme's words, clipped to the image, are the row's 2D box; what
    the camera sees of the object is in it."""
    height, width = frames[0].images["front"].class_id.shape
    p = calib(objects / "training/calib/000000.txt")["P2"]
    checked = 0
    for row in (line.split() for line in (objects / "training/label_2/000000.txt").read_text().splitlines()):
        h, w, l, x, y, z, turn = (float(v) for v in row[8:])
        signs = np.array([[a, b, c] for a in (-0.5, 0.5) for b in (0, 1) for c in (-0.5, 0.5)]) * [l, -h, w]
        c, s = np.cos(turn), np.sin(turn)
        corners = signs @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T + [x, y, z]
        if corners[:, 2].min() < kitti.NEAR_M:
            continue
        seen = p[:, :3] @ corners.T
        pixels = np.clip((seen[:2] / seen[2]).T, 0, [width - 1, height - 1])
        assert [float(v) for v in row[4:8]] == pytest.approx([*pixels.min(0), *pixels.max(0)], abs=0.05)
        checked += 1
    assert checked >= 6


def test_a_box_that_reaches_behind_the_camera():
    """A car beside and behind: what is before the camera lies to its right, and goes on for ever; nothing is mirrored."""
    matrix = np.array([[100.0, 0, 50], [0, 100, 40], [0, 0, 1]])
    box = kitti.image_box(np.array([2.0, 1.6, 0.5]), -np.pi / 2, np.array([4.0, 1.8, 1.5]), matrix)
    assert box[0] == pytest.approx(50 + 100 * 1.1 / 2.5) and box[2] == pytest.approx(50 + 100 * 2.9 / kitti.NEAR_M)
    assert box[1] == pytest.approx(40 + 100 * 0.1 / 2.5) and box[3] == pytest.approx(40 + 100 * 1.6 / kitti.NEAR_M)
    assert (kitti.image_box(np.array([0, 1, -9.0]), 0.0, np.ones(3), matrix) == 0).all()
