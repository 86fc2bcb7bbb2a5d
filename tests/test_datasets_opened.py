"""The readers that users get: plain numpy, and torch where it is installed; against the frames that were written."""

from __future__ import annotations

import json
import pickle

import boxworld
import numpy as np
import pytest

import scenesim
from scenesim.base.errors import InputError
from scenesim.datasets.native import NativeWriter

YAML = "name: boxes\nseed: 7\nweather: {rain_mm_per_h: 3}\n"


def write(folder, name="boxes", count=3, **more):
    with NativeWriter(folder, scenario_yaml=YAML, version="0", **more) as w:
        for frame in boxworld.frames("front", count, name):
            w.write(frame)
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write(tmp_path_factory.mktemp("opened") / "boxes")


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """A finished batch of three parts, laid out by hand as docs/batch.md says."""
    folder = tmp_path_factory.mktemp("opened") / "batch"
    rows = []
    for name, split, twin, count in (("a-0", "train", "", 2), ("a-0-rain", "train", "rain", 1), ("a-1", "val", "", 3)):
        write(folder / "native" / split / name, name, count, with_card=False)
        rows.append({"shard": name, "split": split, "scenario": "a", "twin": twin, "seed": 5, "frames": count, "digest": ""})
    (folder / "index.json").write_text(json.dumps({"format": "scenesim-batch-index", "frames": 6, "shards": rows}))
    return folder


def test_arrays_are_those_that_were_written(dataset):
    data = scenesim.open_dataset(dataset)
    assert len(data) == 3 and [s.index for s in data] == [0, 1, 2] and data[-1].index == 2 and len(data[1:]) == 2
    for sample, frame in zip(data, boxworld.frames("front", 3)):
        image, sweep = frame.images["front"], frame.sweeps["top"]
        assert sample.time_s == frame.time_s and sample.cameras == ["front"] and sample.lidars == ["top"]
        np.testing.assert_array_equal(sample.image("front"), image.rgb)
        np.testing.assert_array_equal(sample.image("front", "instance"), image.instance)
        np.testing.assert_array_equal(sample.geometry("front")["depth_m"], image.depth_m)
        np.testing.assert_array_equal(sample.points("top")["x_ego_m"], sweep.xyz_ego_m[:, 0])
        objects = sample.table("objects")
        np.testing.assert_array_equal(objects["track"], frame.objects.track)
        assert [json.loads(a) for a in objects["attributes"]] == list(frame.objects.attributes)
        np.testing.assert_array_equal(sample.frame().images["front"].rgb, image.rgb)
        assert sample.scenario["weather"]["rain_mm_per_h"] == 3 and sample.scene.seed == 7


def test_only_what_is_asked_for_is_read(dataset, tmp_path):
    write(tmp_path / "d", count=1)
    (tmp_path / "d/frames/000000/front/geometry.parquet").unlink()
    sample = scenesim.open_dataset(tmp_path / "d")[0]
    assert sample.image("front").shape == (192, 320, 3)
    with pytest.raises(InputError, match="geometry.parquet: this file of the dataset is missing"):
        sample.geometry("front")


def test_a_batch_is_one_dataset(batch):
    data = scenesim.open_dataset(batch)
    assert len(data) == 6 and [s.scene.name for s in data] == ["a-0", "a-0", "a-0-rain", "a-1", "a-1", "a-1"]
    assert [s.index for s in data] == [0, 1, 0, 0, 1, 2]
    assert len(data.select(split="train")) == 3 and len(data.select(split="train", twin="rain")) == 1
    assert len(pickle.loads(pickle.dumps(data))) == 6
    with pytest.raises(InputError, match='no split "vall" in this dataset; did you mean "val"'):
        data.select(split="vall")


def test_mistakes_are_told(dataset, batch, tmp_path):
    sample = scenesim.open_dataset(dataset)[0]
    for call, message in (
        (lambda: sample.image("frnt"), 'no camera "frnt"; did you mean "front"'),
        (lambda: sample.image("front", "depth"), 'no picture "depth"'),
        (lambda: sample.table("object"), 'no table "object"; did you mean "objects"'),
        (lambda: scenesim.open_dataset(tmp_path), "no dataset"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    with pytest.raises(IndexError):
        scenesim.open_dataset(dataset)[3]
    (tmp_path / "native").mkdir()
    with pytest.raises(InputError, match="not complete"):
        scenesim.open_dataset(tmp_path)
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(InputError, match="damaged"):
        scenesim.open_dataset(tmp_path)


# ---- torch


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def test_items_of_torch(dataset, torch):
    from scenesim.datasets.torch_dataset import READS, CameraImages

    data = CameraImages(dataset, read=[r for r in READS if r != "transmittance"], classes=["car", "pedestrian"], min_pixels=5)
    assert len(data) == 3
    for item, frame in zip((data[k] for k in range(3)), boxworld.frames("front", 3)):
        image, objects, seen = frame.images["front"], frame.objects, frame.objects.cameras["front"]
        assert item["image"].shape == (3, 192, 320) and item["image"].dtype == torch.float32
        np.testing.assert_allclose(item["image"].numpy(), image.rgb.transpose(2, 0, 1) / 255, atol=1e-6)
        np.testing.assert_array_equal(item["instance"].numpy(), image.instance)
        assert item["flow_px"].shape == (2, 192, 320) and item["points"].shape == (len(frame.sweeps["top"].xyz_m), 4)
        names = [frame.classes[int(k)] for k in objects.class_id]
        keep = [k for k, name in enumerate(names) if name in ("car", "pedestrian") and seen.pixels[k] >= 5]
        assert item["tracks"].tolist() == objects.track[keep].tolist()
        assert item["labels"].tolist() == [1 + ["car", "pedestrian"].index(names[k]) for k in keep]
        away = np.linalg.norm(objects.world_from_object.translation[keep] - frame.world_from_ego.translation, axis=1)
        np.testing.assert_allclose(item["range_m"].numpy(), away, rtol=1e-6)
        for box, track in zip(item["boxes"].numpy(), item["tracks"].tolist()):  # against the mask itself
            rows, columns = np.nonzero(image.instance == track)
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_loader_with_workers_collates(batch, torch):
    from scenesim.datasets.torch_dataset import CameraImages, collate

    data = CameraImages(batch, split="train")
    loader = torch.utils.data.DataLoader(data, batch_size=3, num_workers=1, collate_fn=collate)
    (found,) = list(loader)
    assert found["image"].shape == (3, 3, 192, 320) and found["scene"] == ["a-0", "a-0", "a-0-rain"]
    assert [len(b) for b in found["boxes"]] == [len(data[k]["boxes"]) for k in range(3)]


def test_a_transform_makes_what_a_detector_takes(dataset, torch):
    from scenesim.datasets.torch_dataset import CameraImages

    data = CameraImages(dataset, transform=lambda item: (item["image"], {"boxes": item["boxes"], "labels": item["labels"]}))
    image, target = data[1]
    assert image.shape[0] == 3 and len(target["boxes"]) == len(target["labels"]) > 0
    with pytest.raises(InputError, match='no "imge" to read; did you mean "image"'):
        CameraImages(dataset, read=["imge"])
    with pytest.raises(InputError, match='no class "cars"; did you mean "car"'):
        CameraImages(dataset, classes=["cars"])
