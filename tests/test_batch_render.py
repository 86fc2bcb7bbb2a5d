"""A batch of real frames through the command line: made, resumed, verified, and the same whichever way it is made."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from fake_batch import contents

from scenesim.batch.crosscheck import disagreements
from scenesim.cli import app
from scenesim.datasets.reader import open_native

RECIPE = """\
name: tiny
seed: 4
scenarios:
  - name: street
    scenario:
      name: small
      duration_s: 0.2
      road: {place: {kind: straight, road_type: town, length_m: 120}}
      ego: {model: sedan, follow_lane: {start: {road: "1", lane: -1, s_m: 30}, speed_m_s: 8}}
      actors: [{name: still, model: hatchback, stand: {at: {ahead_m: 12}}}]
      surroundings: {buildings: 0, trees: 0, lights: 0, clutter: 0, woods: 0, reach_m: 40}
      rig: {rate_hz: 10, sensors: {front: {sensor: camera_640x360, position_m: [1.7, 0, 1.3], width_px: 48, height_px: 27}}}
frames: 1
twins: {dry: {}, wet: {weather: {rain_mm_per_h: {uniform: [1, 9]}, cloud_cover: 1}}}
formats: [native, coco]
"""


def call(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def made(recipe):
    out = recipe.parent / "out"
    result = call("batch", recipe, "-o", out, "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "shard 2 of 2" in result.stderr and result.stdout.strip() == str(out)
    return out


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made, tmp_path / "copy")


def test_what_is_made(made):
    home = made / "native" / "all" / "street-000000-wet"
    manifest = json.loads((home / "manifest.json").read_text())
    assert manifest["frames"] == 1 and manifest["attempt"] == 1 and manifest["duration_s"] > 0
    assert "frames/000000/front/rgb.png" in manifest["files"]
    (frame,) = open_native(home)
    assert frame.scenario == "street-000000-wet" and disagreements(frame) == []
    index = json.loads((made / "index.json").read_text())
    assert [row["twin"] for row in index["shards"]] == ["dry", "wet"] and index["frames"] == 2
    coco = json.loads((made / "coco" / "annotations" / "instances_train.json").read_text())
    assert len(coco["images"]) == 1  # the other one is for validation, as formats have it for one split
    wet = (home / "frames" / "000000" / "front" / "rgb.png").read_bytes()
    assert wet != (made / "native" / "all" / "street-000000-dry" / "frames" / "000000" / "front" / "rgb.png").read_bytes()


def test_slices_and_shards_by_hand_give_the_same(made, recipe, tmp_path):
    out = tmp_path / "out"
    only = call("batch", recipe, "-o", out, "--only", "street-000000-wet")
    assert only.exit_code == 0 and "street-000000-wet" in only.stdout, only.output
    other = call("batch", recipe, "-o", out, "--shard", "2/2")
    assert other.exit_code == 0 and "all 1 shards are there" in other.stderr
    assert not (out / "index.json").exists() and "1 of 2 shards done" in call("batch", "status", out).stdout
    last = call("batch", recipe, "-o", out, "--shard", "1/2", "--workers", "2")
    assert last.exit_code == 0, last.output
    assert contents(out) == contents(made)
    assert "complete, 2 of 2" in call("batch", "status", out).stdout
    again = call("batch", recipe, "-o", out)
    assert again.exit_code == 0 and "all 2 shards are there" in again.stderr


def test_a_dry_run_makes_nothing(recipe, tmp_path):
    result = call("batch", recipe, "-o", tmp_path / "out", "--dry-run", "--workers", "3")
    assert result.exit_code == 0 and not (tmp_path / "out").exists()
    assert "tiny: 2 shards, 2 frames" in result.stdout and "with 3 workers" in result.stdout and "GB" in result.stdout


def test_recipes_are_known(recipe):
    assert call("batch", recipe, "--dry-run").exit_code == 0 and "--dry-run" in call("batch", recipe).stderr
    assert "street_weather" in call("list", "recipes").stdout
    assert "a recipe: scenarios 1, shards 2, frames 2" in call("check", recipe).stdout
    assert 'did you mean "street_weather"' in call("batch", "street_wether", "--dry-run").stderr
    schema = json.loads(call("schema", "--recipe").stdout)
    assert "twins" in schema["properties"] and "nuscenes" in json.dumps(schema)


def test_a_scenario_that_is_wrong_is_set_aside(recipe, tmp_path):
    text = RECIPE.replace('road: "1"', 'road: {choice: ["1", "9"]}').replace("twins: {dry: {}, ", "seeds: 2\ntwins: {")
    (tmp_path / "some.yaml").write_text(text)
    result = call("batch", tmp_path / "some.yaml", "-o", tmp_path / "out", "--workers", "1")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    failed = [line for line in told if line.startswith("failed: ")]
    assert len(failed) == 1 and 'no road "9"' in failed[0] and "tried once" in failed[0]
    command = next(line for line in told if line.startswith("  again: ")).split()[2:]
    again = call(*command)
    assert again.exit_code == 2 and 'no road "9"' in again.stderr
    status = call("batch", "status", tmp_path / "out")
    assert status.exit_code == 1 and "1 of 2 shards done, 1 failed" in status.stdout
    assert call("verify", tmp_path / "out").exit_code == 1


def test_a_good_batch_is_verified(made):
    result = call("verify", made, "--render", "1")
    assert result.exit_code == 0, result.output
    assert "frames 2, rendered again 1: all as they should be" in result.stdout
    assert call("verify", made / "native" / "all" / "street-000000-dry").exit_code == 0


def home(folder):
    return folder / "native" / "all" / "street-000000-dry"


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGES = {
    "a bit": (lambda f: flip(home(f) / "frames/000000/front/rgb.png"), "frames/000000/front/rgb.png has changed"),
    "a file that is gone": (lambda f: (home(f) / "frames/000000/objects.parquet").unlink(), "objects.parquet is missing"),
    "a file too many": (lambda f: (home(f) / "frames/notes.txt").write_text("x"), "frames/notes.txt is in no manifest"),
    "no manifest": (lambda f: (home(f) / "manifest.json").unlink(), "manifest.json: this file of the dataset is missing"),
    "half a manifest": (lambda f: (home(f) / "manifest.json").write_text('{"files":'), "manifest.json: this file of the"),
    "a shard that is gone": (lambda f: shutil.rmtree(home(f)), "street-000000-dry: the shard is missing"),
    "another split": (lambda f: home(f).parent.rename(f / "native" / "some"), "the recipe does not put it into some"),
    "another index": (lambda f: (f / "index.json").write_text('{"shards": []}'), "index.json has another digest of it"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(name, copy):
    damage, message = DAMAGES[name]
    damage(copy)
    result = call("verify", copy)
    assert result.exit_code == 1 and message in result.stderr, result.output


def test_a_forged_frame_is_found_by_rendering(copy):
    path = home(copy) / "frames/000000/front/rgb.png"
    other = copy / "native/all/street-000000-wet/frames/000000/front/rgb.png"
    path.write_bytes(other.read_bytes())
    (home(copy) / "manifest.json").unlink()  # a dataset by itself has none, and its labels agree
    alone = shutil.copytree(home(copy), copy.parent / "alone")
    assert call("verify", alone).exit_code == 0
    result = call("verify", alone, "--render", "5")
    assert result.exit_code == 1 and "front/rgb.png is not what rendering it again gives" in result.stderr


def test_no_batch_and_no_dataset(tmp_path):
    assert call("verify", tmp_path).exit_code == 2
    result = call("batch", "status", tmp_path)
    assert result.exit_code == 2 and "there is no batch" in result.stderr
    for wrong in ("0/3", "4/3", "x"):
        assert call("batch", "r.yaml", "-o", tmp_path, "--shard", wrong).exit_code == 2


def test_labels_that_disagree_are_told(made):
    (frame,) = open_native(made / "native" / "all" / "street-000000-dry")
    image, objects = frame.images["front"], frame.objects
    (track,) = objects.track.tolist()
    assert (image.instance == track).any()
    image.instance[image.instance == track] = track + 1
    told = "\n".join(disagreements(frame))
    assert f"front: tracks [{track + 1}] of the mask are not in the table" in told
    assert f"track {track} has 0 pixels in the mask" in told
    image.instance[image.instance == track + 1] = track
    left = np.nonzero(image.instance == track)[1].min()
    boxes, lost = objects.cameras["front"], int((image.instance[:, left] == track).sum())
    image.instance[:, left][image.instance[:, left] == track] = 0
    objects.cameras["front"] = dataclasses.replace(boxes, pixels=boxes.pixels - lost)
    assert disagreements(frame) == [f"front: the box of track {track} is not that of its pixels"]
    image.class_id[0, 0] = 250
    frame.images["front"] = dataclasses.replace(image, depth_m=np.full_like(image.depth_m, 5.0))
    told = "\n".join(disagreements(frame))
    assert "depth, range and normal do not agree" in told and "classes [250] of the mask are unknown" in told
