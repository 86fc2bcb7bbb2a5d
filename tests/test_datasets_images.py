"""COCO and YOLO: masks and boxes that pycocotools and OpenCV draw are the pixels of the label images."""

from __future__ import annotations

import dataclasses
import json

import boxworld
import cv2
import numpy as np
import pytest
import yaml
from PIL import Image as Picture

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.datasets import av2
from scenesim.datasets.coco import run_lengths
from scenesim.datasets.segments import Segment, segments
from scenesim.datasets.writer import writer_class

COUNT = 3


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


def export(name, folder, frames, **options):
    with writer_class(name)(folder, **options) as writer:
        for frame in frames:
            writer.write(frame)
    return folder


@pytest.fixture(scope="module")
def coco(frames, tmp_path_factory):
    other = [dataclasses.replace(f, scenario="other") for f in frames[:2]]
    return export("coco", tmp_path_factory.mktemp("coco") / "c", [*frames, *other], image_format="png")


def test_pycocotools_draws_the_label_image(coco, frames):
    tools = pytest.importorskip("pycocotools.coco", reason="needs pycocotools: pip install scenesim[devkits]")
    dataset = tools.COCO(str(coco / "annotations/instances_train.json"))
    assert len(dataset.imgs) == COUNT and min(dataset.anns) == 1
    for row in dataset.dataset["images"]:
        image = frames[row["frame"]].images[row["camera"]]
        rgb = np.array(Picture.open(coco / "train" / row["file_name"]))
        assert (rgb == image.rgb).all()
        drawn = np.zeros(image.instance.shape, int)
        for a in dataset.loadAnns(dataset.getAnnIds(imgIds=row["id"])):
            mask = dataset.annToMask(a).astype(bool)
            assert (image.instance[mask] == a["track_id"]).all() and not drawn[mask].any()
            drawn[mask] = a["track_id"]
            rows, columns = np.nonzero(mask)
            assert a["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert a["area"] == mask.sum() and not a["iscrowd"]
        assert (drawn == image.instance).all()


def test_evaluation_of_the_truth_is_perfect(coco):
    tools = pytest.importorskip("pycocotools.coco", reason="needs pycocotools: pip install scenesim[devkits]")
    from pycocotools.cocoeval import COCOeval

    dataset = tools.COCO(str(coco / "annotations/instances_train.json"))
    for kind, shift in (("segm", 0), ("bbox", 0), ("bbox", 0.6)):
        found = [
            {"image_id": a["image_id"], "category_id": a["category_id"], "score": 0.9, "segmentation": a["segmentation"]}
            | ({} if kind == "segm" else {"bbox": [a["bbox"][0] + shift * a["bbox"][2], *a["bbox"][1:]]})
            for a in dataset.dataset["annotations"]
        ]
        evaluation = COCOeval(dataset, dataset.loadRes(found), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] > 0.9999 if not shift else evaluation.stats[0] < 0.2


def test_panoptic_png_and_json_are_one(coco, frames):
    data = json.loads((coco / "annotations/panoptic_train.json").read_text())
    categories = {c["id"]: c for c in data["categories"]}
    assert {c["name"]: c["id"] for c in categories.values()}["person"] == 1
    for row, image_row in zip(data["annotations"], data["images"]):
        image = frames[image_row["frame"]].images[image_row["camera"]]
        pixels = np.array(Picture.open(coco / "annotations/panoptic_train" / row["file_name"])).astype(int)
        ids = pixels @ [1, 256, 65536]
        assert set(np.unique(ids)) == {s["id"] for s in row["segments_info"]}
        stuff = [s["category_id"] for s in row["segments_info"] if not categories[s["category_id"]]["isthing"]]
        assert len(stuff) == len(set(stuff)) >= 4
        for s in row["segments_info"]:
            mine = ids == s["id"]
            assert mine.sum() == s["area"] and len(np.unique(image.class_id[mine])) == 1
            name = frames[0].classes[int(image.class_id[mine][0])]
            assert categories[s["category_id"]]["name"] in (name, taxonomy.classes()[name].in_taxonomy("coco"))


def test_splits_are_scenarios(coco):
    names = [json.loads((coco / f"annotations/instances_{s}.json").read_text())["images"] for s in ("train", "val")]
    assert [{i["scenario"] for i in rows} for rows in names] == [{"boxes"}, {"other"}]
    assert len(list((coco / "val").iterdir())) == 2


def test_animals_have_the_category_of_their_species(frames, tmp_path):
    """Those that COCO knows; a deer, which it does not, is an animal and no dog; who rides a horse is a person."""
    frame, (name, image) = frames[0], next(iter(frames[0].images.items()))
    ids = {n: taxonomy.classes()[n].id for n in ("animal", "rider", "car")}
    tracks = [t for t in frame.objects.track.tolist() if (image.instance == t).sum() > 8][:4]
    species = dict(zip(tracks, ("cow", "deer", "horse_rider", "dog")))
    drawn, said = image.class_id.copy(), list(frame.objects.attributes)
    for track in tracks:
        drawn[image.instance == track] = ids["animal"]
    rows, columns = np.nonzero(image.instance == tracks[2])
    drawn[rows[0], columns[0]] = ids["rider"]
    class_id = frame.objects.class_id.copy()
    for k, track in enumerate(frame.objects.track.tolist()):
        if track in species:
            said[k], class_id[k] = {"species": species[track]}, ids["animal"]
    objects = dataclasses.replace(frame.objects, class_id=class_id, attributes=tuple(said))
    changed = dataclasses.replace(frame, objects=objects, images={name: dataclasses.replace(image, class_id=drawn)})
    data = json.loads((export("coco", tmp_path / "c", [changed]) / "annotations/instances_train.json").read_text())
    names = {c["id"]: c["name"] for c in data["categories"]}
    found = {(a["track_id"], names[a["category_id"]]) for a in data["annotations"] if a["track_id"] in species}
    assert found == set(zip([*tracks, tracks[2]], ("cow", "animal", "horse", "dog", "person")))
    assert {n: k for k, n in names.items()}["cow"] == 21
    yolo = export("yolo", tmp_path / "y", [changed])
    names = yaml.safe_load((yolo / "data.yaml").read_text())["names"]
    (labels,) = (yolo / "labels").rglob("*.txt")
    kinds = [names[int(row.split()[0])] for row in labels.read_text().splitlines()]
    assert {"cow", "animal", "horse", "dog"} <= set(kinds) and kinds.count("dog") == 1
    assert [av2.object_category(changed, k) for k, t in enumerate(frame.objects.track.tolist()) if t == tracks[3]] == ["DOG"]


@pytest.mark.parametrize("spot", [(0, 0), (3, 4), (0, 4), (3, 0)])
def test_run_lengths_at_the_borders(spot):
    masks = pytest.importorskip("pycocotools.mask", reason="needs pycocotools: pip install scenesim[devkits]")
    mask = np.array([[1, 0, 1], [0, 1, 1]], bool)
    whole = np.zeros((5, 7), np.uint8)
    whole[spot[0] : spot[0] + 2, spot[1] : spot[1] + 3] = mask
    rle = run_lengths(Segment(1, 1, *spot, mask), whole.shape)
    assert rle["counts"] == masks.encode(np.asfortranarray(whole))["counts"].decode()


def test_who_rides_is_a_person_and_poles_are_stuff(frames):
    """Pixels of one object: a bicycle, its rider, and a pole, which is no thing though it has the object's number."""
    image = frames[0].images["front"]
    class_id = np.full(image.class_id.shape, taxonomy.class_id("road"), np.uint8)
    instance = np.zeros_like(image.instance)
    for k, name in enumerate(("bicycle", "rider", "pole", "car")):
        class_id[20:30, 10 * k : 10 * k + 10] = taxonomy.class_id(name)
        instance[20:30, 10 * k : 10 * k + 10] = 0 if name == "car" else 300
    parts = segments(dataclasses.replace(image, class_id=class_id, instance=instance), stuff=True)
    said = [(frames[0].classes[p.class_id], p.track, p.bbox) for p in parts]
    assert said[:3] == [("car", 0, [30, 20, 10, 10]), ("bicycle", 300, [0, 20, 10, 10]), ("rider", 300, [10, 20, 10, 10])]
    assert [s[0] for s in said[3:]] == ["road", "pole"]


def rows_of(path):
    return [line.split() for line in path.read_text().splitlines()]


def test_yolo_boxes(frames, tmp_path):
    at = export("yolo", tmp_path / "y", frames)
    names = yaml.safe_load((at / "data.yaml").read_text())
    assert names["train"] == names["val"] == "images/train" and list(names["names"]) == list(range(len(names["names"])))
    for frame in frames:
        image, seen = frame.images["front"], frame.objects.cameras["front"]
        height, width = image.class_id.shape
        rows = rows_of(at / f"labels/train/0000_front_{frame.index:06d}.txt")
        boxes = []
        for number, *values in rows:
            x, y, w, h = (float(v) for v in values)
            box = np.array([(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]) - 0.5
            boxes.append((names["names"][int(number)], box))
        wanted = np.flatnonzero(seen.pixels)
        assert len(boxes) == len(wanted)
        for k in wanted:
            nearest = min(boxes, key=lambda b: np.abs(b[1] - seen.visible_px[k]).max())
            assert np.abs(nearest[1] - seen.visible_px[k]).max() < 1e-3
            name = frame.classes[int(frame.objects.class_id[k])]
            assert nearest[0] == (taxonomy.classes()[name].in_taxonomy("coco") or name)
        with Picture.open(at / f"images/train/0000_front_{frame.index:06d}.jpg") as picture:
            assert picture.format == "JPEG"
            assert np.abs(np.array(picture).astype(float) - image.rgb).mean() < 3


def test_yolo_boxes_are_there_once(frames, tmp_path):
    """Two people of whom the same pixels of two rows are seen, one left and one right in each: readers take no row twice."""
    image = frames[0].images["front"]
    instance, class_id = np.zeros_like(image.instance), np.full_like(image.class_id, taxonomy.class_id("road"))
    instance[4:6, 4:6], class_id[4:6, 4:6] = [[1, 2], [2, 1]], taxonomy.class_id("pedestrian")
    crossed = dataclasses.replace(image, instance=instance, class_id=class_id)
    assert len(segments(crossed)) == 2
    at = export("yolo", tmp_path / "y", [dataclasses.replace(frames[0], images={"front": crossed})])
    assert len(rows_of(at / "labels/train/0000_front_000000.txt")) == 1


def test_yolo_polygons(frames, tmp_path):
    """Drawn by OpenCV, a polygon covers the object's pixels and no others, also where something cuts it in two."""
    image = frames[0].images["front"]
    instance, class_id = image.instance.copy(), image.class_id.copy()
    rows, columns = np.nonzero(instance == 1)
    middle = int(columns.mean())
    instance[:, middle : middle + 3], class_id[:, middle : middle + 3] = 0, taxonomy.class_id("pole")
    cut = dataclasses.replace(image, instance=instance, class_id=class_id)
    frame = dataclasses.replace(frames[0], images={"front": cut})
    at = export("yolo-segments", tmp_path / "y", [frame])
    parts = segments(cut)
    lines = rows_of(at / "labels/train/0000_front_000000.txt")
    assert len(lines) == len(parts)
    height, width = class_id.shape
    scale = 16
    for (_, *values), part in zip(lines, parts):
        points = np.array(values, float).reshape(-1, 2) * [width * scale, height * scale]
        canvas = np.zeros((height * scale, width * scale), np.uint8)
        cv2.fillPoly(canvas, [np.round(points).astype(int)], 1)
        drawn = canvas[scale // 2 :: scale, scale // 2 :: scale].astype(bool)
        whole = np.zeros_like(drawn)
        h, w = part.mask.shape
        whole[part.top : part.top + h, part.left : part.left + w] = part.mask
        assert (drawn & whole).sum() >= 0.97 * (drawn | whole).sum()


def test_only_formats_that_are_there(tmp_path):
    with pytest.raises(InputError, match='"png" or "jpg"'):
        writer_class("coco")(tmp_path, image_format="webp")
    with pytest.raises(InputError, match="did you mean"):
        writer_class("cocoo")
