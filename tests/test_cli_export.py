"""`scenesim export` and `render --format`: several formats at once, from what was rendered, or as it is made."""

from __future__ import annotations

import dataclasses
import json

import boxworld
import pytest
from click.testing import CliRunner

import scenesim
from scenesim.cli import app
from scenesim.datasets.native import NativeWriter

SMALL = """\
name: small
duration_s: 0.2
road: {place: {kind: straight, road_type: town, length_m: 120}}
ego: {model: sedan, follow_lane: {start: {road: "1", lane: -1, s_m: 30}, speed_m_s: 8}}
actors: [{name: walker, model: adult_woman, stand: {at: {ahead_m: 9, left_m: 1}}}]
surroundings: {buildings: 0, trees: 0, lights: 0, clutter: 0, woods: 0, reach_m: 40}
rig:
  rate_hz: 10
  sensors:
    front: {sensor: camera_640x360, position_m: [1.7, 0, 1.3], width_px: 64, height_px: 36}
    top: {sensor: lidar_vlp16, position_m: [0.9, 0, 1.8], rate_hz: 20}
"""


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    folder = tmp_path_factory.mktemp("native") / "boxes"
    with NativeWriter(folder, scenario_yaml="name: boxes\n", version=scenesim.__version__) as writer:
        for frame in boxworld.frames("front", 2):
            writer.write(frame)
    return folder


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_one_format_goes_into_the_folder(native, tmp_path):
    result = run("export", native, "--format", "kitti-object", "-o", tmp_path / "k")
    assert result.exit_code == 0 and "frame 2 of 2" in result.stderr and f"dataset: {tmp_path / 'k'}" in result.stderr
    card = json.loads((tmp_path / "k/scenesim.json").read_text())
    assert card["scenarios"] == ["boxes"] and card["scenario_yaml"] == "name: boxes\n"
    assert (tmp_path / "k/training/label_2/000001.txt").exists()
    assert "kitti-object: scenarios 1, complete" in run("check", tmp_path / "k").stdout
    (tmp_path / "k/scenesim.json").write_text("{}")
    assert "not the card" in run("check", tmp_path / "k").stderr


def test_several_formats_go_into_folders_of_their_names(native, tmp_path):
    arguments = ("--format", "coco", "--format", "yolo", "--format", "nuscenes", "--image-format", "png", "-o", tmp_path / "d")
    assert run("export", native, native, *arguments).exit_code == 0
    assert {p.name for p in (tmp_path / "d").iterdir()} == {"coco", "yolo", "nuscenes"}
    assert len(list((tmp_path / "d/coco").rglob("*_front_*.png"))) == 8  # two datasets, images and panoptic
    assert len(json.loads((tmp_path / "d/nuscenes/v1.0-mini/scene.json").read_text())) == 2
    again = tmp_path / "again"
    assert run("export", native, native, *arguments[:-1], again).exit_code == 0
    assert contents(tmp_path / "d") == contents(again)


def test_mistakes_are_told_before_work_is_done(native, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    for arguments, message in (
        ((native, "--format", "coco", "-o", tmp_path / "mine"), "not empty"),
        ((native, "--format", "cooc", "-o", tmp_path / "x"), 'did you mean "coco"'),
        ((tmp_path, "--format", "coco", "-o", tmp_path / "x"), "no dataset"),
        ((native, native, "--format", "native", "-o", tmp_path / "x"), "one scenario"),
        ((native, "-o", tmp_path / "x"), "--format"),
    ):
        result = run("export", *arguments)
        assert result.exit_code == 2 and message in result.stderr, result.output
        assert "frame 1" not in result.stderr and not (tmp_path / "x").exists()


def test_what_a_format_cannot_hold_leaves_it_incomplete(native, tmp_path):
    result = run("export", native, "--format", "coco", "--format", "av2", "-o", tmp_path / "d")
    assert result.exit_code == 0  # a camera that looks ahead is enough
    bare = tmp_path / "bare"
    with NativeWriter(bare, scenario_yaml="", version="") as writer:
        writer.write(dataclasses.replace(boxworld.frames("front", 2)[0], layout=None))
    result = run("export", bare, "--format", "coco", "--format", "av2", "-o", tmp_path / "e")
    assert result.exit_code == 2 and "layout" in result.stderr
    assert (tmp_path / "e/av2/INCOMPLETE").exists() and (tmp_path / "e/coco/INCOMPLETE").exists()


def test_rendering_and_exporting_write_the_same(tmp_path):
    """What `render --format` writes as frames are made is what `export` writes from the native dataset."""
    (tmp_path / "small.yaml").write_text(SMALL)
    formats = ("--format", "kitti-odometry", "--format", "coco", "--format", "nuscenes", "--format", "av2")
    result = run("render", tmp_path / "small.yaml", "-o", tmp_path / "r", "--format", "native", *formats, "--threads", 2)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "r/native/contact_sheet.png").exists()
    assert run("export", tmp_path / "r/native", *formats, "-o", tmp_path / "e").exit_code == 0
    for name in formats[1::2]:
        assert contents(tmp_path / "r" / name) == contents(tmp_path / "e" / name), name


def test_formats_are_listed():
    assert {"native", "kitti-object", "nuscenes", "mcap"} <= set(run("list", "formats").stdout.split())
