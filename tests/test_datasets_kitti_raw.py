"""KITTI raw: packets that the devkit's projection takes back to the world, times, calibrations, tracklets."""

from __future__ import annotations

import dataclasses
import math
from xml.etree import ElementTree

import boxworld
import numpy as np
import pytest

from scenesim.base.frames import Pose
from scenesim.datasets import oxts
from scenesim.datasets.writer import writer_class

COUNT = 4
EARTH_M = 6378137.0


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


@pytest.fixture(scope="module")
def drive(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kitti") / "raw"
    with writer_class("kitti-raw")(folder) as writer:
        for frame in [*frames, *(dataclasses.replace(f, scenario="other") for f in frames[:2])]:
            writer.write(frame)
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == ["2023_11_14", "2023_11_15"]
    return folder / "2023_11_14/2023_11_14_drive_0001_sync"


def packets(drive):
    return [p.read_text().split() for p in sorted((drive / "oxts/data").iterdir())]


def matrix_of(packet, scale):
    """The pose of a packet, as convertOxtsToPose.m of the devkit makes it."""
    lat, lon, alt, roll, pitch, yaw = (float(v) for v in packet[:6])
    x = scale * lon * math.pi * EARTH_M / 180
    y = scale * EARTH_M * math.log(math.tan((90 + lat) * math.pi / 360))
    cx, sx, cy, sy, cz, sz = (f(a) for a in (roll, pitch, yaw) for f in (math.cos, math.sin))
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return rz @ ry @ rx, np.array([x, y, alt])


def test_packets_are_where_the_ego_is(drive, frames):
    found = packets(drive)
    assert len(found) == COUNT and all(len(p) == 30 for p in found)
    scale = math.cos(math.radians(float(found[0][0])))
    for packet, frame in zip(found, frames):
        turn, at = matrix_of(packet, scale)
        assert np.abs(at - frame.world_from_ego.translation).max() < 1e-6
        assert np.abs(turn - frame.world_from_ego.matrix()[:3, :3]).max() < 1e-9
        vn, ve, vf, vl = (float(v) for v in packet[6:10])
        assert (ve, vn) == pytest.approx(tuple(frame.ego_velocity_m_s[:2]), abs=1e-9)
        assert math.hypot(vf, vl) == pytest.approx(math.hypot(ve, vn)) and vf > 0
    assert len((drive / "oxts/dataformat.txt").read_text().splitlines()) == 30


def test_packets_far_from_the_origin_and_tilted():
    """Reading is the inverse of writing; a turn to the left is a positive rate about the axis that points up."""
    path = oxts.Path()
    poses = [Pose.of((4e4 + k, -7e4 + 2 * k, 350.0), roll=0.02, pitch=-0.1, yaw=3.1 + 0.05 * k) for k in range(3)]
    for k, pose in enumerate(poses):
        path.add(0.1 * k, pose, np.array([10.0 + k, 20.0, 0.0]))
    rows = path.rows()
    back = oxts.read(rows)
    for k, pose in enumerate(poses):
        assert np.abs(back.translation[k] - pose.translation).max() < 1e-5
        assert abs((back.rotation[k] * pose.rotation).sum()) > 1 - 1e-15
    middle = [float(v) for v in rows[1].split()]
    assert middle[22] == pytest.approx(0.5, abs=1e-9)  # wu
    assert middle[16] == pytest.approx(9.81) and math.hypot(middle[14], middle[15]) == pytest.approx(10.0)


def test_points_and_calibration(drive, frames):
    """The IMU is the ego's origin: points through the calibration and the packets' poses are where they are in the world."""
    files = {p.stem: p.read_text().splitlines() for p in drive.parent.glob("calib_*.txt")}
    read = {n: {k: v for k, v in (line.split(": ") for line in lines)} for n, lines in files.items()}
    rigid = {n: [np.array(read[n][k].split(), float) for k in "RT"] for n in ("calib_imu_to_velo", "calib_velo_to_cam")}
    r, t = rigid["calib_imu_to_velo"]
    scale = math.cos(math.radians(float(packets(drive)[0][0])))
    for k, frame in enumerate(frames):
        points = np.fromfile(drive / f"velodyne_points/data/{k:010d}.bin", np.float32).reshape(-1, 4)[:, :3]
        turn, at = matrix_of(packets(drive)[k], scale)
        ego = (points - t) @ r.reshape(3, 3)
        boxworld.which_points(ego @ turn.T + at, boxworld.points_at_once(frame))
    fx = frames[0].calibration["front"]["fx_px"]
    assert float(read["calib_cam_to_cam"]["P_rect_02"].split()[0]) == pytest.approx(fx)
    assert [line[:23] for line in (drive / "oxts/timestamps.txt").read_text().splitlines()] == [
        f"2023-11-14 22:13:{20 + f.time_s:06.3f}" for f in frames
    ]


def test_tracklets_stand_where_objects_stand(drive, frames):
    """Bottom centres in the velodyne frame; an object that is hit all the time is one tracklet."""
    root = ElementTree.parse(drive / "tracklet_labels.xml").getroot().find("tracklets")
    items = root.findall("item")
    assert len(items) == int(root.find("count").text) >= 10
    tr = np.array(next(x for x in (drive.parent / "calib_imu_to_velo.txt").read_text().splitlines() if x[0] == "T").split()[1:])
    whole = 0
    for item in items:
        first, poses = int(item.find("first_frame").text), item.find("poses").findall("item")
        assert len(poses) == int(item.find("poses/count").text)
        whole += len(poses) == COUNT
        for k, pose in enumerate(poses, first):
            at = np.array([float(pose.find(f"t{a}").text) for a in "xyz"])
            world = frames[k].world_from_ego.apply(at - tr.astype(float))
            objects = frames[k].objects
            bottom = objects.world_from_object.apply(
                np.stack([0 * objects.size_lwh_m[:, 2]] * 2 + [-objects.size_lwh_m[:, 2] / 2], -1)
            )
            off = np.abs(bottom - world).max(1)
            j = int(off.argmin())
            assert off[j] < 1e-4
            turn = frames[k].world_from_ego.yaw() + float(pose.find("rz").text)
            assert math.remainder(turn - float(objects.world_from_object[j].yaw()), 2 * math.pi) == pytest.approx(0, abs=1e-6)
            assert float(item.find("l").text) == pytest.approx(objects.size_lwh_m[j][0], abs=1e-5)
    assert whole >= 8


def test_pykitti_reads_it(drive, frames):
    pykitti = pytest.importorskip("pykitti")
    data = pykitti.raw(str(drive.parent.parent), "2023_11_14", "0001")
    assert len(data.oxts) == COUNT and data.get_velo(1).shape[1] == 4
    first = frames[0].world_from_ego
    for packet, frame in zip(data.oxts, frames):
        wanted = Pose(np.array([1.0, 0, 0, 0]), -first.translation) @ frame.world_from_ego
        assert np.abs(packet.T_w_imu - wanted.matrix()).max() < 1e-6
    assert (data.timestamps[1] - data.timestamps[0]).total_seconds() == pytest.approx(0.1)
    wanted = frames[0].images["front"].world_from_camera.inverse() @ first
    assert np.abs(data.calib.T_cam2_imu - wanted.matrix()).max() < 1e-9
