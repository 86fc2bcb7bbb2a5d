"""Ground truth as predictions in the official evaluations, as it is and moved: python -m tools.evaluate FORMAT DATASET...

FORMAT: nuscenes, av2, coco or kitti (object); python: of what tools.devkits makes for it. Labels that are right score 1, and
boxes moved by a known way score what the threshold says. Exit status 1 where one does not.

What evaluates: nuscenes-devkit's DetectionEval; av2's detection.evaluate; pycocotools' COCOeval; for KITTI the port of
evaluate_object.cpp to Python that mmdet3d carries (the file alone; the overlap of rotated boxes, which it takes from a graphics
card, is shapely's here).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

METRES = (0.0, 0.3, 0.6, 1.1, 2.2, 4.5)  # between the thresholds of nuScenes and Argoverse: 0.5, 1, 2, 4 m
THRESHOLDS_M = (0.5, 1.0, 2.0, 4.0)
# Boxes that are moved by a share of their length overlap by (1 - share) / (1 + share): 1, 0.82, 0.74, 0.6, 0.43.
SHARES = (0.0, 0.1, 0.15, 0.25, 0.4)
SLACK = 0.1  # a moved box may meet its neighbour's


@dataclass(frozen=True)
class Score:
    """What was scored, how it was moved, the score, and what it should be."""

    what: str
    moved: str
    score: float
    wanted: float

    @property
    def fine(self) -> bool:
        return self.score >= 0.99 if self.moved == "0" else abs(self.score - self.wanted) <= SLACK


def overlap(share: float) -> float:
    return (1 - share) / (1 + share)


def nuscenes(root: Path) -> Iterator[Score]:
    """AP at each distance, over the classes that are there; boxes moved along x."""
    from nuscenes import NuScenes
    from nuscenes.eval.common.config import config_factory
    from nuscenes.eval.detection.evaluate import DetectionEval
    from nuscenes.eval.detection.utils import category_to_detection_name as detection_name

    (version,) = (p.parent.name for p in root.glob("*/sample_annotation.json"))
    data, config = NuScenes(version, str(root), verbose=False), config_factory("detection_cvpr_2019")
    splits = json.loads((root / version / "splits.json").read_text())

    def predictions(split: str, metres: float) -> dict:
        found: dict[str, list] = {}
        for sample in data.sample:
            if data.get("scene", sample["scene_token"])["name"] in splits[split]:
                found[sample["token"]] = [box for token in sample["anns"] if (box := prediction(token, metres)) is not None]
        return found

    def prediction(token: str, metres: float) -> dict | None:
        row = data.get("sample_annotation", token)
        name = detection_name(row["category_name"])
        if name is None or not row["num_lidar_pts"]:
            return None
        x, y, z = row["translation"]
        box = {"sample_token": row["sample_token"], "translation": [x + metres, y, z], "size": row["size"]}
        velocity = np.nan_to_num(data.box_velocity(token)[:2]).tolist()
        attribute = [data.get("attribute", a)["name"] for a in row["attribute_tokens"]]
        box |= {"rotation": row["rotation"], "velocity": velocity, "detection_name": name, "detection_score": 0.9}
        return box | {"attribute_name": attribute[0] if attribute else ""}

    for split in splits:
        for metres in METRES:
            with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
                meta = {f"use_{k}": k == "lidar" for k in ("camera", "lidar", "radar", "map", "external")}
                result = Path(folder, "result.json")
                result.write_text(json.dumps({"meta": meta, "results": predictions(split, metres)}))
                evaluation = DetectionEval(data, config, str(result), split, folder, verbose=False)
                metrics, _ = evaluation.evaluate()
                classes = sorted({box.detection_name for box in evaluation.gt_boxes.all})
            for threshold in THRESHOLDS_M:
                score = float(np.mean([metrics.get_label_ap(c, threshold) for c in classes]))
                yield Score(
                    f"{split} AP at {threshold:g} m of {len(classes)} classes",
                    f"{metres:g} m"[: None if metres else 1],
                    score,
                    float(metres < threshold),
                )


def av2(root: Path) -> Iterator[Score]:
    """AP over the distances, over the categories that are there; boxes moved along the ego's x axis."""
    from av2.evaluation import SensorCompetitionCategories
    from av2.evaluation.detection.eval import evaluate
    from av2.evaluation.detection.utils import DetectionCfg
    from av2.utils.io import read_all_annotations

    names = {c.value for c in SensorCompetitionCategories}
    for split in sorted({p.parent.parent.name for p in root.glob("*/*/annotations.feather")}):
        truth = read_all_annotations(root, split)
        truth = truth[truth["category"].isin(names)].reset_index(drop=True)
        config = DetectionCfg(dataset_dir=root / split, categories=tuple(sorted(set(truth["category"]))))
        for metres in METRES:
            boxes = truth[truth["num_interior_pts"] > 0].drop(columns=["num_interior_pts", "track_uuid"])
            boxes = boxes.assign(score=0.9, tx_m=boxes["tx_m"] + metres).reset_index(drop=True)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                _, kept, metrics = evaluate(boxes, truth.copy(), config, n_jobs=1)
            here = kept.groupby("category")["is_evaluated"].sum()
            score = float(metrics.loc[[c for c in here.index if here[c]], "AP"].mean())
            wanted = float(np.mean([metres < t for t in THRESHOLDS_M]))
            yield Score(f"{split} AP of {int((here > 0).sum())} categories", f"{metres:g} m" if metres else "0", score, wanted)


def coco(root: Path) -> Iterator[Score]:
    """AP over overlaps of 0.5 to 0.95; boxes moved by shares of their width, masks as they are."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    for path in sorted((root / "annotations").glob("instances_*.json")):
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(str(path))
        rows = [r for r in truth.dataset["annotations"] if not r["iscrowd"]]
        for kind, shares in (("bbox", SHARES), ("segm", (0.0,))):
            for share in shares:
                found = [{k: r[k] for k in ("image_id", "category_id", "segmentation", "bbox")} | {"score": 0.9} for r in rows]
                for row in found:
                    x, y, w, h = row["bbox"]
                    row["bbox"] = [x + share * w, y, w, h]
                    del row["segmentation" if kind == "bbox" else "bbox"]
                with contextlib.redirect_stdout(io.StringIO()):
                    evaluation = COCOeval(truth, truth.loadRes(found), kind)
                    evaluation.params.maxDets = [1, 100, 1000]
                    evaluation.evaluate()
                    evaluation.accumulate()
                precision = evaluation.eval["precision"][:, :, :, 0, -1]
                wanted = float(np.mean([overlap(share) >= t for t in evaluation.params.iouThrs]))
                score = float(precision[precision > -1].mean())
                yield Score(f"{path.stem} {kind} AP", f"{share:g} w" if share else "0", score, wanted)


def kitti(root: Path) -> Iterator[Score]:
    """Precision, hard, of what KITTI scores, at the points of recall that so many objects have (41 objects have all)."""
    port = kitti_port()
    (folder,) = root.rglob("label_2")
    truth = [_kitti_rows(path) for path in sorted(folder.glob("*.txt"))]
    least = np.full((1, 3, 3), 0.5)
    least[:, :, 0] = 0.7  # of a car; 0.5 of a pedestrian or a cyclist
    reached: dict[tuple[int, int], int] = {}
    for share in SHARES:
        moved = [_kitti_moved(rows, share) for rows in truth]
        for metric, name in enumerate(("2D box", "bird's eye", "3D box")):
            done = port.eval_class(truth, moved, [0, 1, 2], [2], metric, least, num_parts=1)
            for k, kind in enumerate(("Car", "Pedestrian", "Cyclist")):
                precision = done["precision"][k, 0, 0]
                count = reached.setdefault((metric, k), int((precision > 0).sum()))
                if count:
                    wanted = float(overlap(share) > least[0, metric, k])
                    score = float(precision[:count].mean())
                    yield Score(f"{kind} {name}, {count} points of recall", f"{share:g} l" if share else "0", score, wanted)


def _kitti_rows(path: Path) -> dict[str, np.ndarray]:
    """The labels of a frame, as the port wants them."""
    rows = [line.split() for line in path.read_text().splitlines()]
    values = np.array([r[1:15] for r in rows], float).reshape(-1, 14)
    found = {"name": np.array([r[0] for r in rows]), "truncated": values[:, 0], "occluded": values[:, 1], "alpha": values[:, 2]}
    found |= {"bbox": values[:, 3:7], "dimensions": values[:, [9, 7, 8]], "location": values[:, 10:13]}  # l, h, w
    return found | {"rotation_y": values[:, 13], "score": np.full(len(rows), 0.9)}


def _kitti_moved(rows: dict[str, np.ndarray], share: float) -> dict[str, np.ndarray]:
    turn, run = rows["rotation_y"], rows["dimensions"][:, 0] * share
    ahead = np.stack([np.cos(turn), 0 * turn, -np.sin(turn)], -1)
    width = (rows["bbox"][:, 2] - rows["bbox"][:, 0])[:, None]
    moved = {"bbox": rows["bbox"] + share * width * [1, 0, 1, 0], "location": rows["location"] + run[:, None] * ahead}
    return rows | moved


def kitti_port() -> types.ModuleType:
    """mmdet3d/evaluation/functional/kitti_utils/eval.py, without the packages about it."""
    spec = importlib.util.find_spec("mmdet3d")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("mmdet3d is not installed; make its environment with: python -m tools.devkits kitti FOLDER")
    folder = Path(spec.submodule_search_locations[0], "evaluation", "functional", "kitti_utils")
    package, card = types.ModuleType("kitti_utils"), types.ModuleType("kitti_utils.rotate_iou")
    package.__path__ = [str(folder)]
    card.rotate_iou_gpu_eval = rotated_overlaps  # type: ignore[attr-defined]
    sys.modules |= {"kitti_utils": package, "kitti_utils.rotate_iou": card}
    return importlib.import_module("kitti_utils.eval")


def rotated_overlaps(boxes: np.ndarray, others: np.ndarray, criterion: int = -1) -> np.ndarray:
    """(N, K) overlaps of rectangles (x, z, length, width, angle) on the ground: their intersection by the union (-1), by the
    area of the first (0) or of the second (1), or itself (2)."""
    from shapely import Polygon

    def outline(row: np.ndarray) -> Polygon:
        x, z, length, width, turn = (float(v) for v in row)
        c, s = np.cos(turn), np.sin(turn)
        signs = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * [length / 2, width / 2]
        return Polygon(signs @ np.array([[c, -s], [s, c]]) + [x, z])

    first, second = [outline(b) for b in boxes], [outline(b) for b in others]
    found = np.zeros((len(first), len(second)), boxes.dtype)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            common = a.intersection(b).area
            whole = {-1: a.area + b.area - common, 0: a.area, 1: b.area, 2: 1.0}[criterion]
            found[i, j] = common / whole
    return found


EVALUATIONS: dict[str, Callable[[Path], Iterator[Score]]] = {"nuscenes": nuscenes, "av2": av2, "coco": coco, "kitti": kitti}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("format", choices=sorted(EVALUATIONS))
    parser.add_argument("datasets", nargs="+", type=Path)
    arguments = parser.parse_args()
    wrong = 0
    for dataset in arguments.datasets:
        for score in EVALUATIONS[arguments.format](dataset.resolve()):
            wrong += not score.fine
            verdict = "" if score.fine else "  <- WRONG"
            print(
                f"{dataset}: {score.what}, moved {score.moved}: {score.score:.3f} (wanted {score.wanted:.2f}){verdict}",
                flush=True,
            )
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
