"""nuScenes as its schema says, read from the raw tables: chains, frames of reference, points, boxes, labels and maps."""

from __future__ import annotations

import dataclasses
import io
import json

import boxworld
import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.datasets import nuscenes, nuscenes_map
from scenesim.datasets.writer import writer_class

COUNT = 8  # keyframes are 0 and 5; 6 and 7 belong to no sample


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


@pytest.fixture(scope="module")
def at(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nuscenes") / "n"
    with writer_class("nuscenes")(folder) as writer:
        for frame in [*frames, *(dataclasses.replace(f, scenario="other") for f in frames[:6])]:
            writer.write(frame)
    return folder


@pytest.fixture(scope="module")
def tables(at):
    return {p.stem: json.loads(p.read_text()) for p in (at / "v1.0-mini").glob("*.json")}


@pytest.fixture(scope="module")
def by_token(tables):
    return {name: {row["token"]: row for row in rows} for name, rows in tables.items() if name != "splits"}


def rotation(q):
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def out_of(row, points):
    return points @ rotation(row["rotation"]).T + row["translation"]


def into(row, points):
    return (points - row["translation"]) @ rotation(row["rotation"])


def sample_data(tables, by_token, channel, scene=0):
    """Rows of a channel and a scene, in order of time."""
    wanted = tables["scene"][scene]["token"]
    rows = [
        r
        for r in tables["sample_data"]
        if f"/{channel}/" in r["filename"] and by_token["sample"][r["sample_token"]]["scene_token"] == wanted
    ]
    return sorted(rows, key=lambda r: r["timestamp"])


def test_keyframes_and_sweeps(at, tables, by_token, frames):
    for channel in ("CAM_FRONT", "LIDAR_TOP"):
        rows = sample_data(tables, by_token, channel)
        assert [r["is_key_frame"] for r in rows] == [True, False, False, False, False, True]
        samples = [r["sample_token"] for r in rows]
        assert samples[1:] == [samples[5]] * 5 and samples[0] != samples[5]  # a sweep belongs to the sample after it
        assert [r["prev"] for r in rows] == ["", *(r["token"] for r in rows[:-1])]
        assert [r["next"] for r in rows] == [*(r["token"] for r in rows[1:]), ""]
        assert [(r["timestamp"] - rows[0]["timestamp"]) / 1e6 for r in rows] == pytest.approx([f.time_s for f in frames[:6]])
        assert all((at / r["filename"]).exists() for r in rows)
    files = [p for kind in ("samples", "sweeps") for p in (at / kind).rglob("*") if p.is_file()]
    assert len(files) == len(tables["sample_data"]) == len(tables["ego_pose"])
    for scene, rows in zip(tables["scene"], (tables["sample"][:2], tables["sample"][2:])):
        assert scene["nbr_samples"] == 2 and scene["first_sample_token"] == rows[0]["token"]
        assert rows[0]["next"] == rows[1]["token"] == scene["last_sample_token"] and rows[1]["prev"] == rows[0]["token"]
    assert [s["name"] for s in tables["scene"]] == ["scene-0103", "scene-0916"]  # all of mini_val


def test_every_key_resolves(tables, by_token):
    for name, rows in tables.items():
        if name == "splits":
            continue
        assert len({r["token"] for r in rows}) == len(rows)
        for row in rows:
            for key, value in row.items():
                target = key.removesuffix("_token").removeprefix("first_sample").removeprefix("last_sample")
                if key.endswith("_token") and target in by_token:
                    assert value in by_token[target], (name, key)
    assert {t for r in tables["map"] for t in r["log_tokens"]} == {r["token"] for r in tables["log"]}


def test_points_are_where_they_are_in_the_world(at, tables, by_token, frames):
    """x to the right, y ahead; the calibration and the ego's pose take them to the world, moved by the map's origin."""
    for k, row in enumerate(sample_data(tables, by_token, "LIDAR_TOP")):
        points = np.fromfile(at / row["filename"], np.float32).reshape(-1, 5)
        sweep = frames[k].sweeps["top"]
        calibration = by_token["calibrated_sensor"][row["calibrated_sensor_token"]]
        assert calibration["camera_intrinsic"] == [] and rotation(calibration["rotation"])[:, 1] == pytest.approx([1, 0, 0])
        world = out_of(by_token["ego_pose"][row["ego_pose_token"]], out_of(calibration, points[:, :3].astype(float)))
        origin = [*tables["log"][0]["scenesim_origin_m"], 0.0]
        assert np.abs(world - origin - boxworld.points_at_once(frames[k])).max() < 1e-3
        assert (points[:, 4] == sweep.ring).all() and points[:, 3] == pytest.approx(sweep.intensity * 255, rel=1e-6)


def test_labelled_points_land_on_what_the_camera_sees(at, tables, by_token, frames):
    names = [c["name"] for c in sorted(tables["category"], key=lambda c: c["index"])]
    for lidar, camera, frame in zip(
        sample_data(tables, by_token, "LIDAR_TOP"), sample_data(tables, by_token, "CAM_FRONT"), frames
    ):
        if not lidar["is_key_frame"]:
            continue
        points = np.fromfile(at / lidar["filename"], np.float32).reshape(-1, 5)[:, :3].astype(float)
        label = np.fromfile(at / by_token["lidarseg"][lidar["token"]]["filename"], np.uint8)
        for row, step in ((lidar, out_of), (camera, into)):
            chain = [by_token["calibrated_sensor"][row["calibrated_sensor_token"]], by_token["ego_pose"][row["ego_pose_token"]]]
            for part in chain if step is out_of else chain[::-1]:
                points = step(part, points)
        k = np.array(by_token["calibrated_sensor"][camera["calibrated_sensor_token"]]["camera_intrinsic"])
        pixels = points @ k.T
        column, row = np.round(pixels[:, :2] / pixels[:, 2:]).astype(int).T
        shown = frame.images["front"].class_id
        seen = (points[:, 2] > 1) & (column >= 0) & (column < shown.shape[1]) & (row >= 0) & (row < shown.shape[0])
        assert seen.sum() > 1000
        said = [taxonomy.classes()[frame.classes[c]].in_taxonomy("nuscenes") for c in shown[row[seen], column[seen]]]
        assert np.mean([names[i] == s for i, s in zip(label[seen], said)]) > 0.95
        with Picture.open(at / camera["filename"]) as picture:
            assert picture.format == "JPEG" and picture.size == (camera["width"], camera["height"])


def test_annotations_are_the_objects(at, tables, by_token, frames):
    origin = np.array([*tables["log"][0]["scenesim_origin_m"], 0.0])
    first = tables["sample"][0]["token"]
    rows = [r for r in tables["sample_annotation"] if r["sample_token"] == first]
    objects, frame = frames[0].objects, frames[0]
    assert len(rows) > 10
    lidar = next(r for r in sample_data(tables, by_token, "LIDAR_TOP"))
    points = np.fromfile(at / lidar["filename"], np.float32).reshape(-1, 5)[:, :3].astype(float)
    world = out_of(
        by_token["ego_pose"][lidar["ego_pose_token"]],
        out_of(by_token["calibrated_sensor"][lidar["calibrated_sensor_token"]], points),
    )
    for row in rows:
        off = np.abs(objects.world_from_object.translation + origin - row["translation"]).max(1)
        k = int(off.argmin())
        assert off[k] < 1e-6 and row["size"] == pytest.approx(objects.size_lwh_m[k][[1, 0, 2]])
        assert np.abs(rotation(row["rotation"]) - objects.world_from_object[k].matrix()[:3, :3]).max() < 1e-9
        local = np.abs(into(row, world)) <= np.array(row["size"])[[1, 0, 2]] / 2
        assert row["num_lidar_pts"] == local.all(1).sum()
        assert len(row["attribute_tokens"]) <= 1
        category = by_token["category"][by_token["instance"][row["instance_token"]]["category_token"]]["name"]
        assert category == taxonomy.classes()[frame.classes[int(objects.class_id[k])]].in_taxonomy("nuscenes")
        fraction = max(c.visible_fraction[k] for c in objects.cameras.values())
        low, high = by_token["visibility"][row["visibility_token"]]["level"][1:].split("-")
        assert float(low) / 100 - 1e-6 <= fraction <= float(high) / 100 + 1e-6
    assert "static.manmade" not in {by_token["category"][i["category_token"]]["name"] for i in tables["instance"]}


def test_chains_of_annotations(tables, by_token):
    annotations = by_token["sample_annotation"]
    for instance in tables["instance"]:
        row, count = annotations[instance["first_annotation_token"]], 1
        assert row["prev"] == ""
        while row["next"]:
            following = annotations[row["next"]]
            assert following["prev"] == row["token"] and following["instance_token"] == instance["token"]
            row, count = following, count + 1
        assert row["token"] == instance["last_annotation_token"] and count == instance["nbr_annotations"]


def test_panoptic_is_lidarseg_and_a_number(at, tables, by_token, frames):
    seen = {}
    for row in tables["panoptic"]:
        data = np.load(io.BytesIO((at / row["filename"]).read_bytes()))["data"]
        label = np.fromfile(at / by_token["lidarseg"][row["token"]]["filename"], np.uint8)
        assert row["token"] == row["sample_data_token"] and data.dtype == np.uint16 and (data // 1000 == label).all()
        assert (data[label >= 24] % 1000 == 0).all()
        sample = by_token["sample_data"][row["token"]]
        scene = by_token["sample"][sample["sample_token"]]["scene_token"]
        frame = frames[round((sample["timestamp"] / 1e6) % 86400 * 10 - (1_700_000_000 % 86400) * 10)]
        for track, value in {*zip(frame.sweeps["top"].instance.tolist(), data.tolist())}:
            if value % 1000:
                assert seen.setdefault((scene, track), value) == value
    values = [(scene, value) for (scene, _), value in seen.items()]
    assert len(values) == len(set(values)) > 20


def test_map_mask_and_expansion(at, tables, frames):
    for log, record in zip(tables["log"], tables["map"]):
        mask = np.array(Picture.open(at / record["filename"]))
        origin = log["scenesim_origin_m"]

        def on(points, mask=mask, origin=origin):
            column, row = (
                ((points[:, 0] + origin[0]) * 10).astype(int),
                (mask.shape[0] - (points[:, 1] + origin[1]) * 10).astype(int),
            )
            return mask[row, column] == 255

        across = boxworld.WORLD_FROM_STREET.apply([[x, y, 0] for x in (0, 17, 33) for y in (-6.8, 0, 6.8, -7.2, 7.2)]).reshape(
            3, 5, 3
        )
        assert on(across[:, :3].reshape(-1, 3)).all() and not on(across[:, 3:].reshape(-1, 3)).any()
        data = json.loads((at / f"maps/expansion/{log['location']}.json").read_text())
        assert log["location"] in nuscenes_map.LOCATIONS and data["version"] >= "1.3"
        nodes = {n["token"]: (n["x"], n["y"]) for n in data["node"]}
        polygons = {p["token"]: [nodes[t] for t in p["exterior_node_tokens"]] for p in data["polygon"]}
        lines = {line["token"] for line in data["line"]}
        for lane in data["lane"]:
            assert lane["polygon_token"] in polygons
            assert lane["from_edge_line_token"] in lines and lane["to_edge_line_token"] in lines
            path = data["arcline_path_3"][lane["token"]]
            assert all(a["end_pose"][:2] == b["start_pose"][:2] for a, b in zip(path, path[1:]))
            assert sum(sum(p["segment_length"]) for p in path) == pytest.approx(400.0)
        ahead = np.array(data["arcline_path_3"][data["lane"][0]["token"]][0]["start_pose"])
        assert ahead[2] == pytest.approx(0.6)  # as the street runs
        assert len(data["ped_crossing"]) == 1 and len(data["walkway"]) == 2 and len(data["drivable_area"]) == 1
        assert {"incoming", "outgoing"} == set(next(iter(data["connectivity"].values())))


def test_scenarios_do_not_overlap_in_a_map(frames):
    maps = nuscenes_map.Maps()
    ego = np.array([f.world_from_ego.translation for f in frames])
    origins = [maps.place(frames[0].layout, ego) for _ in range(len(nuscenes_map.LOCATIONS) + 1)]
    (first, a), (second, b) = origins[0], origins[-1]
    assert a == b and second[0] - first[0] > 400 and (ego[:, :2] + first > 60).all()
    (location, mask), *_ = maps.masks()
    assert location == a and abs(np.diff(np.flatnonzero(mask.any(0))).max() * 0.1 - 2 * nuscenes_map.MARGIN_M) < 15


@pytest.mark.parametrize("way", [1, -1])
def test_on_the_edge_of_two_drivable_areas_one_drives(way):
    """An area that ends where the next begins; the second narrows to a point that is in it twice."""
    first = np.array([[80.0, 84, 1], [229, 84, 1], [229, 99, 1], [80, 99, 1]])[::way]
    second = np.array([[229.0, 84, 1], [289, 95, 1], [289, 95, 1], [310, 95, 1], [310, 99, 1], [229, 99, 1]])[::way]
    wide = [nuscenes_map.widened(outline, nuscenes_map.OVERLAP_M) for outline in (first, second)]

    def inside_m(point):
        return [cv2.pointPolygonTest(outline[:, :2].astype(np.float32), point, True) for outline in wide]

    for y in (84.5, 92.375, 98.5):
        assert np.allclose(inside_m((229.0, y)), nuscenes_map.OVERLAP_M, atol=1e-4)
    assert max(inside_m((200.0, 83.99))) < 0 and max(inside_m((310.01, 97.0))) < 0
    corners = wide[1][:, None, :2] - second[None, :, :2]
    assert np.hypot(corners[..., 0], corners[..., 1]).min(1).max() < 2 * nuscenes_map.OVERLAP_M and (wide[1][:, 2] == 1).all()


def test_without_a_layout_the_map_is_empty(frames, tmp_path):
    with writer_class("nuscenes")(tmp_path / "n") as writer:
        writer.write(dataclasses.replace(frames[0], layout=None))
    (record,) = json.loads((tmp_path / "n/v1.0-mini/map.json").read_text())
    assert not np.array(Picture.open(tmp_path / "n" / record["filename"])).any()


def test_attributes_of_objects(frames):
    frame = frames[0]
    names = [frame.classes[int(c)] for c in frame.objects.class_id]
    k = names.index("car")
    assert nuscenes.object_attribute(frame, k, 17) == "vehicle.moving"
    still = dataclasses.replace(frame.objects, velocity_m_s=frame.objects.velocity_m_s * 0)
    assert nuscenes.object_attribute(dataclasses.replace(frame, objects=still), k, 17) == "vehicle.stopped"
    empty = dataclasses.replace(still, attributes=({"driver": "false"},) * len(names))
    assert nuscenes.object_attribute(dataclasses.replace(frame, objects=empty), k, 17) == "vehicle.parked"
    assert nuscenes.object_attribute(frame, names.index("cone"), 12) == ""


def test_a_fisheye_is_refused(frames, tmp_path):
    spec = {**frames[0].calibration, "front": {**frames[0].calibration["front"], "lens": "kannala_brandt"}}
    with pytest.raises(InputError, match="rectified"), writer_class("nuscenes")(tmp_path / "n") as writer:
        writer.write(dataclasses.replace(frames[0], calibration=spec))
