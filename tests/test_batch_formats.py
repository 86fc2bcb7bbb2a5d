"""What a batch ends with: its frames in other formats, each scenario in the split that the plan gives it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boxworld
import fake_batch
import pytest

from scenesim.batch import driver
from scenesim.batch.folder import BatchFolder
from scenesim.batch.local import LocalWorkers
from scenesim.datasets.native import NativeWriter

HERE = Path(__file__).resolve().parent
FORMATS = ("coco", "yolo", "kitti-object", "nuscenes", "av2")


def boxes(job, partial: Path) -> dict:
    """A shard of one frame from the world of boxes."""
    with NativeWriter(partial, scenario_yaml=f"name: {job.shard}\n", version=job.version) as writer:
        for frame in boxworld.frames("av2", 1, job.shard):
            writer.write(frame)
    return {"frames": 1}


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent)])
    folder = tmp_path_factory.mktemp("formats") / "out"
    plan = fake_batch.plan(8, twins=None, splits={"train": 1, "val": 1, "test": 1}, formats=["native", *FORMATS])
    engine = LocalWorkers(1)
    outcome = driver.run(plan, folder, engine, version=fake_batch.VERSION, task="test_batch_formats:boxes")
    assert outcome.complete, outcome
    by_split: dict[str, list[str]] = {}
    for shard in plan:
        by_split.setdefault(shard.split, []).append(shard.name)
    assert {"train", "val", "test"} == set(by_split)
    return folder, by_split


def scenarios(folder: Path, split: str) -> set[str]:
    rows = json.loads((folder / f"annotations/instances_{split}.json").read_text())["images"]
    return {row["scenario"] for row in rows}


def test_coco(batch):
    folder, by_split = batch
    assert scenarios(folder / "coco", "train") == set(by_split["train"])
    assert scenarios(folder / "coco", "val") == set(by_split["val"])
    assert scenarios(folder / "coco_test", "val") == set(by_split["test"])


def test_nuscenes(batch):
    folder, by_split = batch
    splits = json.loads(next((folder / "nuscenes").glob("*/splits.json")).read_text())
    assert [len(splits[f"scenesim_{s}"]) for s in ("train", "val")] == [len(by_split[s]) for s in ("train", "val")]
    assert not set(splits["scenesim_train"]) & set(splits["scenesim_val"])
    assert list(json.loads(next((folder / "nuscenes_test").glob("*/splits.json")).read_text())) == ["scenesim_val"]


@pytest.mark.parametrize(
    "name, pattern",
    [("kitti-object", "ImageSets/{}.txt"), ("av2", "{}/*"), ("yolo", "images/{}/*")],
)
def test_others(batch, name, pattern):
    folder, by_split = batch
    for split in ("train", "val"):
        found = sorted((folder / name).glob(pattern.format(split)))
        count = len(found[0].read_text().split()) if name == "kitti-object" else len(found)
        assert count == len(by_split[split]) * (7 if name == "yolo" else 1)


def test_every_dataset_is_whole(batch):
    folder, _ = batch
    for name in FORMATS:
        for at in (name, f"{name}_test"):
            assert (folder / at / "scenesim.json").is_file() and not (folder / at / "INCOMPLETE").exists()
    assert not BatchFolder(folder).failures()
