"""MCAP, read back by the mcap package and its protobuf decoder: one tree of frames, in which everything meets."""

from __future__ import annotations

import dataclasses
import io

import boxworld
import numpy as np
import pytest
from PIL import Image as Picture

from scenesim.base.frames import Pose
from scenesim.datasets.folder import EPOCH_S

COUNT = 3
needs = "needs mcap, foxglove-schemas-protobuf and mcap-protobuf-support: pip install scenesim[devkits]"


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


@pytest.fixture(scope="module")
def messages(frames, tmp_path_factory):
    """topic -> [(log time in s after the start, message)]."""
    pytest.importorskip("mcap_protobuf.decoder", reason=needs)
    pytest.importorskip("foxglove_schemas_protobuf", reason=needs)
    from mcap.reader import make_reader
    from mcap_protobuf.decoder import DecoderFactory

    from scenesim.datasets.mcap import McapWriter

    row = {"role": "ego_left", "kind": "solid", "color": "white", "points_m": np.array([[0, 1.7, 0], [9, 1.7, 0]], np.float32)}
    folder = tmp_path_factory.mktemp("mcap") / "m"
    with McapWriter(folder, image_format="png") as writer:
        for frame in frames:
            writer.write(dataclasses.replace(frame, ego_lanes=(row,)))
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "croissant.json", "scenario_0000.mcap", "scenesim.json"]
    found: dict[str, list] = {}
    with open(folder / "scenario_0000.mcap", "rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        assert reader.get_summary().statistics.message_count == 4 + COUNT * 5
        for _, channel, raw, message in reader.iter_decoded_messages(log_time_order=False):
            found.setdefault(channel.topic, []).append((raw.log_time / 1e9 - EPOCH_S, message))
    return found


def pose(position, orientation):
    return Pose(
        np.array([orientation.w, orientation.x, orientation.y, orientation.z]), np.array([position.x, position.y, position.z])
    )


def test_topics_and_times(messages, frames):
    assert set(messages) == {
        "/tf", "/tf_static", "/front/image", "/front/calibration", "/top/points", "/objects", "/lanes", "/map",
    }  # fmt: skip
    for topic in ("/tf", "/front/image", "/top/points", "/objects", "/lanes"):
        assert [t for t, _ in messages[topic]] == pytest.approx([f.time_s for f in frames], abs=1e-6), topic
    for _, message in messages["/front/image"]:
        assert message.timestamp.seconds + message.timestamp.nanos / 1e9 - EPOCH_S < 1


def test_points_images_and_boxes_meet_in_the_tree_of_frames(messages, frames):
    static = {m.child_frame_id: pose(m.translation, m.rotation) for _, m in messages["/tf_static"]}
    assert {m.parent_frame_id for _, m in messages["/tf_static"]} == {"ego"}
    for k, frame in enumerate(frames):
        _, moving = messages["/tf"][k]
        assert (moving.parent_frame_id, moving.child_frame_id) == ("map", "ego")
        map_from_ego = pose(moving.translation, moving.rotation)
        _, cloud = messages["/top/points"][k]
        kinds = {7: "<f4", 3: "<u2", 1: "u1"}
        names = [f.name for f in cloud.fields]
        layout = {"names": names, "formats": [kinds[f.type] for f in cloud.fields], "offsets": [f.offset for f in cloud.fields]}
        points = np.frombuffer(cloud.data, np.dtype(layout | {"itemsize": cloud.point_stride}))
        sweep = frame.sweeps["top"]
        xyz = np.stack([points[n] for n in "xyz"], -1)
        world = (map_from_ego @ static[cloud.frame_id] @ pose(cloud.pose.position, cloud.pose.orientation)).apply(xyz)
        assert np.abs(world - boxworld.points_at_once(frame)).max() < 1e-3
        for name in names[3:]:
            assert (points[name] == getattr(sweep, name)).all()
        _, image = messages["/front/image"][k]
        assert (np.array(Picture.open(io.BytesIO(image.data))) == frame.images["front"].rgb).all() and image.format == "png"
        camera = map_from_ego @ static[image.frame_id]
        assert np.abs(camera.translation - frame.images["front"].world_from_camera.translation).max() < 1e-6
        _, scene = messages["/objects"][k]
        assert len(scene.entities) > 10 and scene.deletions[0].type == 1
        for entity in scene.entities:
            j = frame.objects.track.tolist().index(int(entity.id))
            (cube,) = entity.cubes
            box = pose(cube.pose.position, cube.pose.orientation)
            assert np.abs(box.translation - frame.objects.world_from_object.translation[j]).max() < 1e-9
            assert [cube.size.x, cube.size.y, cube.size.z] == frame.objects.size_lwh_m[j].tolist()
            local = np.abs(box.inverse().apply(world[sweep.instance == frame.objects.track[j]]))
            inside = (local <= frame.objects.size_lwh_m[j] / 2).all(1)
            assert entity.frame_id == "map" and inside.all()
            assert {"key": "class", "value": frame.classes[int(frame.objects.class_id[j])]} in [
                {"key": m.key, "value": m.value} for m in entity.metadata
            ]


def test_calibration_is_that_of_ros(messages, frames):
    ((_, message),) = messages["/front/calibration"]
    spec = frames[0].calibration["front"]
    assert list(message.K) == [spec["fx_px"], 0, spec["cx_px"], 0, spec["fy_px"], spec["cy_px"], 0, 0, 1]
    assert np.array(message.P).reshape(3, 4)[:, :3].reshape(-1).tolist() == list(message.K)
    assert message.distortion_model == "rational_polynomial" and len(message.D) == 8
    assert (message.width, message.height) == frames[0].images["front"].rgb.shape[1::-1]


def test_map_and_lanes(messages, frames):
    ((_, scene),) = messages["/map"]
    lines = {e.id: [np.array([[p.x, p.y, p.z] for p in line.points]) for line in e.lines] for e in scene.entities}
    layout = frames[0].layout
    assert (lines[f"lane {layout.lanes[0].id}"][0] == layout.lanes[0].left_m).all()
    assert (lines["crosswalk 0"][0] == layout.crosswalks_m[0]).all()
    assert [e.frame_id for e in messages["/lanes"][0][1].entities] == ["ego"]


def test_a_fisheye_has_its_model(messages, frames):
    from scenesim.datasets.mcap import calibration

    spec = {**frames[0].calibration["front"], "lens": "kannala_brandt", "distortion": {"k1": 0.1, "k2": 0.2, "k3": 0, "k4": 0}}
    message = calibration(dataclasses.replace(frames[0], calibration={"front": spec}), "front", 0)
    assert message.distortion_model == "kannala_brandt" and list(message.D) == [0.1, 0.2, 0, 0]


def test_the_same_bytes_again(messages, frames, tmp_path):
    from scenesim.datasets.mcap import McapWriter

    for name in "ab":
        with McapWriter(tmp_path / name) as writer:
            writer.write(frames[0])
    assert (tmp_path / "a/scenario_0000.mcap").read_bytes() == (tmp_path / "b/scenario_0000.mcap").read_bytes()


def test_a_failure_leaves_it_incomplete(messages, frames, tmp_path):
    from scenesim.datasets.mcap import McapWriter

    with pytest.raises(ZeroDivisionError), McapWriter(tmp_path) as writer:
        writer.write(frames[0])
        raise ZeroDivisionError
    assert {p.name for p in tmp_path.iterdir()} == {"INCOMPLETE", "scenario_0000.mcap.partial"}
    with McapWriter(tmp_path, overwrite=True) as writer:
        writer.write(frames[0])
    assert {p.name for p in tmp_path.iterdir()} == {"README.md", "croissant.json", "scenesim.json", "scenario_0000.mcap"}
