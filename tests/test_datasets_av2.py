"""Argoverse 2 as its API reads it: cuboids and sweeps in the ego frame, poses for every time, a map that joins up."""

from __future__ import annotations

import dataclasses
import io
import json

import boxworld
import numpy as np
import pyarrow.feather as feather
import pytest
from PIL import Image as Picture

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import MapLane
from scenesim.datasets import av2
from scenesim.datasets.writer import writer_class

COUNT = 2


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("av2", COUNT)


@pytest.fixture(scope="module")
def log(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("av2") / "a"
    with writer_class("av2")(folder) as writer:
        for frame in frames:
            writer.write(frame)
    (found,) = (folder / "train").iterdir()
    assert "." not in found.name
    return found


def rows(path):
    return feather.read_table(path).to_pylist()


def pose(row):
    return Pose(np.array([row[f"q{a}"] for a in "wxyz"]), np.array([row[f"t{a}_m"] for a in "xyz"]))


@pytest.fixture(scope="module")
def city(log):
    return {r["timestamp_ns"]: pose(r) for r in rows(log / "city_SE3_egovehicle.feather")}


def sweeps(log):
    return sorted((log / "sensors/lidar").iterdir(), key=lambda p: int(p.stem))


def xyz(path):
    table = feather.read_table(path)
    return np.stack([table[a].to_numpy() for a in "xyz"], -1)


def test_sweeps_are_in_the_ego_frame(log, city, frames):
    """Taken to the city by the pose of their time, points are where they are in the world; the ground is 0.33 m below."""
    for path, frame in zip(sweeps(log), frames):
        points, sweep = xyz(path), frame.sweeps["top"]
        world = city[int(path.stem)].apply(points)
        assert np.abs(world - boxworld.points_at_once(frame)).max() < 1e-3
        road = sweep.class_id == 2
        assert road.sum() > 1000 and points[road, 2] == pytest.approx(-0.33, abs=1e-3)
        table = feather.read_table(path)
        assert {c: str(table[c].type) for c in ("intensity", "laser_number", "offset_ns")} == {
            "intensity": "uint8", "laser_number": "uint8", "offset_ns": "int32",
        }  # fmt: skip
        assert np.abs(table["offset_ns"].to_numpy() / 1e9 - sweep.time_offset_s).max() < 1e-8


def test_every_file_has_a_pose(log, city):
    cameras = {p.parent.name: p for p in (log / "sensors/cameras").rglob("*.jpg")}
    assert set(cameras) == set(av2.RING)
    assert {int(p.stem) for p in log.rglob("sensors/**/*") if p.is_file()} <= set(city)
    with Picture.open(cameras["ring_front_center"]) as picture:
        assert picture.format == "JPEG"


def test_cuboids_are_the_objects(log, city, frames):
    found = rows(log / "annotations.feather")
    uuids = {}
    for path, frame in zip(sweeps(log), frames):
        mine = [r for r in found if r["timestamp_ns"] == int(path.stem)]
        assert len(mine) > 10
        points, objects = xyz(path).astype(float), frame.objects
        for row in mine:
            world = city[row["timestamp_ns"]] @ pose(row)
            off = np.abs(objects.world_from_object.translation - world.translation).max(1)
            k = int(off.argmin())
            assert off[k] < 1e-6 and abs((objects.world_from_object.rotation[k] * world.rotation).sum()) > 1 - 1e-9
            size = np.array([row["length_m"], row["width_m"], row["height_m"]])
            assert size == pytest.approx(objects.size_lwh_m[k])
            local = pose(row).matrix()
            inside = np.abs((points - local[:3, 3]) @ local[:3, :3]) <= size / 2
            assert row["num_interior_pts"] == inside.all(1).sum()
            assert uuids.setdefault(row["track_uuid"], (objects.track[k], row["category"])) == (
                objects.track[k],
                row["category"],
            )
    assert {c for _, c in uuids.values()} >= {"REGULAR_VEHICLE", "PEDESTRIAN", "BICYCLE", "SIGN"}
    assert len({t for t, _ in uuids.values()}) == len(uuids)


def test_cuboids_project_onto_their_pixels(log, city, frames):
    """Through the calibration and the poses, the middle of a cuboid that is in full view is on the object."""
    mounted = {r["sensor_name"]: pose(r) for r in rows(log / "calibration/egovehicle_SE3_sensor.feather")}
    assert set(mounted) == {*av2.RING, "up_lidar", "down_lidar"}
    names = dict(zip(boxworld.YAWS["av2"], av2.RING))
    assert list(boxworld.YAWS["av2"].values()) == list(av2.RING.values())
    intrinsics = {r["sensor_name"]: r for r in rows(log / "calibration/intrinsics.feather")}
    time, checked = int(sweeps(log)[0].stem), 0
    for camera, channel in names.items():
        i, image, seen = intrinsics[channel], frames[0].images[camera], frames[0].objects.cameras[camera]
        assert (i["height_px"], i["width_px"]) == image.instance.shape
        city_from_camera = city[time] @ mounted[channel]
        for k in np.flatnonzero((seen.visible_fraction > 0.99) & (seen.truncation < 0.01)):
            p = city_from_camera.inverse().apply(frames[0].objects.world_from_object.translation[k])
            column, row = i["fx_px"] * p[0] / p[2] + i["cx_px"], i["fy_px"] * p[1] / p[2] + i["cy_px"]
            assert image.instance[round(row), round(column)] == frames[0].objects.track[k]
            checked += 1
    assert checked >= 5


def test_map_joins_up(log, frames):
    (path,) = (log / "map").glob("log_map_archive_*.json")
    data = json.loads(path.read_text())
    lanes = data["lane_segments"]
    assert len(lanes) > 20
    for key, lane in lanes.items():
        assert int(key) == lane["id"]
        left, right = (np.array([[p[a] for a in "xyz"] for p in lane[f"{s}_lane_boundary"]]) for s in ("left", "right"))
        length = np.sqrt((np.diff(left, axis=0) ** 2).sum(1)).sum()
        assert len(left) == len(right) and length <= av2.SEGMENT_M + 0.1
        for n in lane["successors"]:
            after = lanes[str(n)]
            assert lane["id"] in after["predecessors"]
            assert [after["left_lane_boundary"][0][a] for a in "xyz"] == pytest.approx(left[-1])
        assert (lane["left_lane_mark_type"], lane["right_lane_mark_type"]) == ("DASHED_WHITE", "NONE")
    (area,) = data["drivable_areas"].values()
    assert [[p[a] for a in "xyz"] for p in area["area_boundary"]] == frames[0].layout.drivable_m[0].tolist()
    (crossing,) = data["pedestrian_crossings"].values()
    v = [np.array([p[a] for a in "xyz"]) for e in ("edge1", "edge2") for p in crossing[e]]
    assert np.abs((v[1] - v[0]) - (v[3] - v[2])).max() < 1e-9  # the edges run the same way


def test_ground_heights(log, frames):
    """npy_xy = s * (R p + t); the street is level at 5 m, and far from it nothing is known."""
    heights = np.load(io.BytesIO(next((log / "map").glob("*_ground_height_surface____*.npy")).read_bytes()))
    sim2 = json.loads(next((log / "map").glob("*___img_Sim2_city.json")).read_text())
    street = boxworld.WORLD_FROM_STREET.apply([[x, y, 0] for x in (-100, 0, 100) for y in (-9, -2, 3, 9)])
    column, row = (sim2["s"] * (street[:, :2] @ np.array(sim2["R"]).reshape(2, 2).T + sim2["t"])).astype(int).T
    assert heights[row, column] == pytest.approx(5.0, abs=1e-3)
    assert np.isnan(heights[0, -1]) and sim2["s"] == pytest.approx(1 / 0.3)


def test_neighbours_are_pieces_side_by_side():
    def line(y):
        return np.array([[0.0, y, 0.0], [100.0, y, 0.0]])

    marks = ("solid_broken", "yellow", "botts_dots", "white")
    a = MapLane("a", "driving", False, line(4.0), line(0.0), *marks, right="b")
    b = MapLane("b", "bus", False, line(0.0), line(-4.0), *marks, left="a", right="gone")
    data = av2.vector_map(dataclasses.replace(boxworld.layout(), lanes=(a, b), crosswalks_m=()))["lane_segments"]
    assert [(s["right_neighbor_id"], s["left_neighbor_id"]) for s in data.values()] == [
        (5, None), (6, None), (7, None), (8, None), (None, 1), (None, 2), (None, 3), (None, 4),
    ]  # fmt: skip
    assert data[1]["left_lane_mark_type"] == "SOLID_DASH_YELLOW" and data[1]["right_lane_mark_type"] == "UNKNOWN"
    assert data[5]["lane_type"] == "BUS" and data[4]["successors"] == [] and data[1]["successors"] == [2]


def test_two_lidars_are_one_sweep(frames, tmp_path):
    """The beams of the lower lidar are numbered on; counts are of the points of both, in the frame that both are in."""
    frame = frames[0]
    low = {**frame.calibration["top"], "name": "low"}
    low["ego_from_lidar"] = {**low["ego_from_lidar"], "translation_m": [0.95, 0.0, 1.6]}
    half = {f: getattr(frame.sweeps["top"], f)[::2] for f in ("xyz_m", "xyz_ego_m", "intensity", "ring", "time_offset_s")}
    half |= {f: getattr(frame.sweeps["top"], f)[::2] for f in ("class_id", "instance", "column", "range_m")}
    other = dataclasses.replace(frame.sweeps["top"], lidar="low", **half)
    both = dataclasses.replace(frame, sweeps={"low": other, **frame.sweeps}, calibration={**frame.calibration, "low": low})
    with writer_class("av2")(tmp_path / "a") as writer:
        writer.write(both)
    (found,) = (tmp_path / "a/train").iterdir()
    (path,) = sweeps(found)
    rings = feather.read_table(path)["laser_number"].to_numpy()
    n = len(frame.sweeps["top"].ring)
    assert (rings[:n] == frame.sweeps["top"].ring).all() and (rings[n:] == other.ring + 32).all()
    mounted = {r["sensor_name"]: pose(r) for r in rows(found / "calibration/egovehicle_SE3_sensor.feather")}
    assert mounted["down_lidar"].translation == pytest.approx([0.95, 0.0, 1.6 - 0.33])
    assert mounted["up_lidar"].translation == pytest.approx([0.9, 0.0, 1.73 - 0.33])
    points = xyz(path).astype(float)
    for row in rows(found / "annotations.feather"):
        local = pose(row).matrix()
        inside = (
            np.abs((points - local[:3, 3]) @ local[:3, :3])
            <= np.array([row[f"{a}_m"] for a in ("length", "width", "height")]) / 2
        )
        assert row["num_interior_pts"] == inside.all(1).sum()


def test_what_is_missing_is_said(frames, tmp_path):
    with pytest.raises(InputError, match="layout"), writer_class("av2")(tmp_path / "a") as writer:
        writer.write(dataclasses.replace(frames[0], layout=None))
    with pytest.raises(InputError, match="lidar"), writer_class("av2")(tmp_path / "b") as writer:
        writer.write(dataclasses.replace(frames[0], sweeps={}))
