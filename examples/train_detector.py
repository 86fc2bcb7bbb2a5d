"""Train a small car detector on a batch for a few minutes of a CPU, and tell its score by weather and range (docs/newcomer.md).

    python examples/train_detector.py street_cars [--steps 500]

Reads images and boxes with scenesim.datasets.torch_dataset, trains torchvision's Faster R-CNN from random weights (nothing is
downloaded), and scores it with pycocotools against the batch's COCO export.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from pathlib import Path

import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch.nn import BatchNorm2d, Conv2d
from torch.utils.data import DataLoader
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.ops import MultiScaleRoIAlign

from scenesim.datasets.torch_dataset import CameraImages

CARS = ["car", "van"]  # what COCO calls car
RATE = 2e-3
MIN_PIXELS = 40  # cars of which less is seen are not asked for
RANGES_M = ((0, 15), (15, 30), (30, 60), (0, 60))


def detector() -> FasterRCNN:
    """A Faster R-CNN of a ResNet with narrow blocks, for images of 320x192."""
    body = ResNet(BasicBlock, [1, 1, 1, 1])
    widths = [24, 32, 64, 96]
    body.conv1, body.bn1, body.inplanes = Conv2d(3, 24, 5, 2, 2, bias=False), BatchNorm2d(24), 24
    for k, width in enumerate(widths):
        setattr(body, f"layer{k + 1}", body._make_layer(BasicBlock, width, 1, stride=1 if k == 0 else 2))
    backbone = BackboneWithFPN(body, {f"layer{k}": str(k) for k in (2, 3, 4)}, widths[1:], 48)
    anchors = AnchorGenerator(((12, 20), (32, 50), (75, 110), (160, 230)), ((0.6, 1.2, 2.0),) * 4)
    return FasterRCNN(
        backbone,
        num_classes=None,
        min_size=192,
        max_size=320,
        rpn_anchor_generator=anchors,
        rpn_pre_nms_top_n_train=300,
        rpn_post_nms_top_n_train=100,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=100,
        box_roi_pool=MultiScaleRoIAlign(["0", "1", "2"], 7, 2),
        box_head=TwoMLPHead(48 * 7 * 7, 128),
        box_predictor=FastRCNNPredictor(128, 2),
        box_batch_size_per_image=64,
        box_nms_thresh=0.4,
    )


def examples_of(items):
    """Items of CameraImages as torchvision wants them, half of them mirrored."""
    return tuple(zip(*map(_example, items)))


def _example(item):
    image, boxes = item["image"], item["boxes"]
    if torch.rand(()) < 0.5:
        image = image.flip(-1)
        boxes = torch.stack([image.shape[2] - boxes[:, 2], boxes[:, 1], image.shape[2] - boxes[:, 0], boxes[:, 3]], 1)
    return image, {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64)}


def train(model: FasterRCNN, data: CameraImages, steps: int) -> None:
    """So many steps of four images, with a rate that rises at first and falls to nothing."""
    kept = list(data)  # few enough to be read once
    loader = DataLoader(kept, batch_size=4, shuffle=True, drop_last=True, collate_fn=examples_of)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-4)
    model.train()
    step, total, cpu_s = 0, 0.0, time.process_time()
    while step < steps:
        for images, targets in loader:
            optimizer.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 50) * (1 - step / steps)
            loss = sum(model(images, targets).values())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            total, step = total + loss.item(), step + 1
            if step % 50 == 0:
                print(f"step {step}: loss {total / 50:.3f}, {time.process_time() - cpu_s:.0f} CPU-s", flush=True)
                total = 0.0
            if step == steps:
                return


@torch.no_grad()
def detect(model: FasterRCNN, data: CameraImages, images: dict) -> list[dict]:
    """Detections as COCO's results; images: (scenario, frame, camera) -> id."""
    model.eval()
    found = []
    for item in data:
        (out,) = model([item["image"]])
        image = images[item["scene"], item["frame"], item["camera"]]
        for (x0, y0, x1, y1), score in zip(out["boxes"].tolist(), out["scores"].tolist()):
            found.append({"image_id": image, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "score": score})
    return found


def truth(data: CameraImages, export: COCO, images: dict) -> dict[int, float]:
    """Range of each car of the export that is asked for, by annotation id."""
    away = {}
    for item in data:
        image = images[item["scene"], item["frame"], item["camera"]]
        of_track = dict(zip(item["tracks"].tolist(), item["range_m"].tolist()))
        for row in export.imgToAnns[image]:
            if row["track_id"] in of_track:
                away[row["id"]] = of_track[row["track_id"]]
    return away


def score(export: COCO, away: dict, found: list[dict], images: list[int], low: float, high: float) -> tuple[float, int]:
    """AP at an overlap of one half of cars from low to high m, and how many there are. Others are neither asked for nor held
    against a detection; a detection of nothing counts in every range."""
    rows = [
        {**row, "category_id": 1, "iscrowd": int(row["id"] not in away or not low <= away[row["id"]] < high)}
        for row in export.dataset["annotations"]
        if row["image_id"] in images and (row["id"] in away or export.cats[row["category_id"]]["name"] == "car")
    ]
    count = sum(not row["iscrowd"] for row in rows)
    with contextlib.redirect_stdout(io.StringIO()):
        wanted = COCO()
        wanted.dataset = {"images": export.loadImgs(images), "annotations": rows, "categories": [{"id": 1, "name": "car"}]}
        wanted.createIndex()
        evaluation = COCOeval(wanted, wanted.loadRes([f for f in found if f["image_id"] in images]), "bbox")
        evaluation.params.iouThrs = evaluation.params.iouThrs[:1]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, 0, 0, -1]
    return (float(precision.mean()) if count else float("nan")), count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("batch", type=Path, help="folder of a batch with the splits train and val, and the format coco")
    parser.add_argument("--steps", type=int, default=500, help="of training, four images each")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    read = {"classes": CARS, "min_pixels": MIN_PIXELS}
    examples = CameraImages(arguments.batch, split="train", **read)
    held_out = CameraImages(arguments.batch, split="val", **read)
    print(f"{len(examples)} images to train on, {len(held_out)} held out")
    model = detector()
    train(model, examples, arguments.steps)

    with contextlib.redirect_stdout(io.StringIO()):
        export = COCO(str(arguments.batch / "coco/annotations/instances_val.json"))
    images = {(i["scenario"], i["frame"], i["camera"]): i["id"] for i in export.dataset["images"]}
    found, away = detect(model, held_out, images), truth(held_out, export, images)
    twin_of = {scene.name: scene.twin for scene in held_out.frames.scenes}
    weathers = list(dict.fromkeys(twin_of.values()))
    print("AP at IoU 0.5 (number of cars)")
    print(f"{'':>10}" + "".join(f"{low:>10}-{high} m" for low, high in RANGES_M))
    for weather in [*weathers, "all"]:
        chosen = [i for (scene, _, _), i in images.items() if weather in ("all", twin_of[scene])]
        cells = [score(export, away, found, chosen, low, high) for low, high in RANGES_M]
        print(f"{weather:>10}" + "".join(f"{ap:>9.2f} ({n:>3})" for ap, n in cells), flush=True)


if __name__ == "__main__":
    main()
