"""Which sensor plays which part in a format: it goes by where they are and look, not by their names."""

from __future__ import annotations

import dataclasses

import boxworld
import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.datasets import av2, nuscenes, specs
from scenesim.datasets.folder import FolderWriter, split_of
from scenesim.datasets.writer import Several
from scenesim.sensors import rig as rigs


@pytest.fixture(scope="module")
def frame():
    return boxworld.frames("front", 1)[0]


def carried(frame, rig, rename=str):
    """The frame as if a rig had made it; only which sensors there are is true."""
    cameras = [dataclasses.replace(c, name=rename(c.name)) for c in rig.cameras]
    images = {c.name: dataclasses.replace(frame.images["front"], camera=c.name) for c in cameras}
    sweeps = {s.name: frame.sweeps["top"] for s in rig.lidars}
    calibration = {s.name: s.to_plain() for s in (*cameras, *rig.lidars)}
    return dataclasses.replace(frame, images=images, sweeps=sweeps, calibration=calibration)


def test_channels_of_nuscenes(frame):
    """The rig of nuScenes gets back the names of its cameras, whatever they are called."""
    made = carried(frame, rigs.load("nuscenes"), rename=lambda name: f"eye_{name[::-1].lower()}")
    found = specs.by_heading(made, nuscenes.CAMERAS)
    assert {camera: channel for camera, channel in found.items()} == {
        f"eye_{channel[::-1].lower()}": channel for channel in nuscenes.CAMERAS
    }
    assert specs.main_lidar(made, "") == "LIDAR_TOP"


def test_roles_of_kitti(frame):
    made = carried(frame, rigs.load("kitti"), rename=lambda name: {"image_02": "z", "image_03": "a"}[name])
    assert specs.front_camera(made, "") == "z" and specs.main_lidar(made, "") == "velodyne"


def test_channels_of_argoverse(frame):
    """Its rig gets back the names of its ring and stereo cameras and its two lidars, whatever they are called."""
    rig = rigs.load("argoverse2")
    made = carried(frame, rig, rename=lambda name: name[::-1])
    front = made.images["retnec_tnorf_gnir"]
    tall = dataclasses.replace(front, class_id=np.zeros(front.class_id.shape[::-1], np.uint8))
    made = dataclasses.replace(made, images=made.images | {"retnec_tnorf_gnir": tall})
    assert av2.channels(made) == {c.name[::-1]: c.name for c in rig.cameras}
    assert av2.stacked_lidars(made, "") == ["up_lidar", "down_lidar"]
    assert specs.front_camera(made, "") == "stereo_front_left"[::-1]
    assert specs.right_of(made, "stereo_front_left"[::-1]) == "stereo_front_right"[::-1]


def test_two_cameras_ahead_are_no_stereo_pair_of_argoverse(frame):
    made = carried(frame, rigs.load("kitti"))
    assert av2.channels(made) == {"image_02": "ring_front_center"}


def test_a_channel_has_one_camera_and_a_camera_one_channel(frame):
    made = carried(frame, boxworld.rig("nuscenes"))
    found = specs.by_heading(made, av2.RING)
    assert len(set(found.values())) == len(found) == 6
    assert found["a"] == "ring_front_center" and found["b"] == "ring_front_left" and found["e"] == "ring_side_right"


def test_headings(frame):
    made = carried(frame, boxworld.rig("av2"))
    for camera, yaw in boxworld.YAWS["av2"].items():
        assert np.degrees(specs.heading(made, camera)) == pytest.approx(yaw)


def test_points_at_once_move_with_what_they_hit(frame):
    """A point that was hit 20 ms late is 20 ms of the object's way ahead; what stands still stays."""
    sweep = frame.sweeps["top"]
    world = frame.world_from_ego.apply(specs.points_at_once(frame, "top"))
    assert np.abs(world - boxworld.points_at_once(frame)).max() < 1e-5
    still = sweep.instance == 0
    assert np.abs(world - frame.world_from_ego.apply(sweep.xyz_ego_m))[still].max() == 0
    assert np.abs(world - frame.world_from_ego.apply(sweep.xyz_ego_m))[~still].max() > 0.02


def test_without_sensors(frame):
    with pytest.raises(InputError, match="needs a camera"):
        specs.front_camera(dataclasses.replace(frame, images={}), "kitti-object")
    with pytest.raises(InputError, match="needs a lidar"):
        specs.main_lidar(dataclasses.replace(frame, sweeps={}), "kitti-object")


def test_splits():
    assert [split_of(k) for k in range(8)] == ["train", "val", "train", "train", "train", "train", "val", "train"]


class Counting(FolderWriter):
    FORMAT, OWN = "counting", frozenset({"a"})

    def __init__(self, folder, fails_at=99):
        super().__init__(folder)
        self.told, self.fails_at = [], fails_at

    def begin_scene(self, frame):
        self.told.append(("begin", self.scene, frame.index))

    def add(self, frame):
        if frame.index == self.fails_at:
            raise ZeroDivisionError
        self.told.append((self.count, frame.index))

    def end_scene(self):
        self.told.append(("end", self.scene))


def test_scenarios_follow_each_other(frame, tmp_path):
    """A scenario begins where the name changes, or the numbers do not go on."""
    with Counting(tmp_path) as writer:
        for scenario, index in (("a", 3), ("a", 5), ("b", 6), ("b", 6)):
            writer.write(dataclasses.replace(frame, scenario=scenario, index=index))
    begins = [
        ("begin", 0, 3),
        (0, 3),
        (1, 5),
        ("end", 0),
        ("begin", 1, 6),
        (0, 6),
        ("end", 1),
        ("begin", 2, 6),
        (0, 6),
        ("end", 2),
    ]
    assert writer.told == begins and writer.scenes == ["a", "b", "b"]
    assert writer.time_us(0.1) - Counting(tmp_path / "x").time_us(0.1) == 3 * 86_400 * 10**6


def test_several_are_complete_together_or_not_at_all(frame, tmp_path):
    with pytest.raises(ZeroDivisionError):
        with Several([Counting(tmp_path / "a"), Counting(tmp_path / "b", fails_at=frame.index)]) as writer:
            writer.write(frame)
    assert (tmp_path / "a/INCOMPLETE").exists() and (tmp_path / "b/INCOMPLETE").exists()
    broken = Counting(tmp_path / "c", fails_at=frame.index)
    broken.start()
    with pytest.raises(ZeroDivisionError):
        broken.write(frame)
    with pytest.raises(InputError, match="stays incomplete"):
        broken.commit()
