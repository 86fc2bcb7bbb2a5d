"""COCO: boxes and masks of objects, and panoptic segments (Lin et al. 2014; Kirillov et al. 2019).

Sources: cocodataset.org "Data format"; cocoapi common/maskApi.c for the text of run lengths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError
from scenesim.capture.frame import Frame, Image
from scenesim.datasets.folder import FolderWriter, as_json
from scenesim.datasets.native import ImageFormat
from scenesim.datasets.png import jpeg, png
from scenesim.datasets.segments import Segment, categories, part_categories, segments

INSTANCES, PANOPTIC = "instances", "panoptic"


class CocoWriter(FolderWriter):
    """COCO of all cameras: train and val with images, annotations/{instances,panoptic}_{train,val}.json, panoptic PNGs.

    image_format: of the images; "jpg" as COCO's are, or "png". Things that are not told apart are crowds.
    """

    FORMAT = "coco"
    OWN = frozenset({"train", "val", "annotations"})
    CHOOSES_IMAGES = True

    def __init__(self, folder: str | Path, *, image_format: ImageFormat = "jpg", jpeg_quality: int = 95, **options: Any):
        super().__init__(folder, **options)
        self.image_format, self.jpeg_quality = image_format, jpeg_quality
        if image_format not in ("png", "jpg"):
            raise InputError(f'images are written as "png" or "jpg", not "{image_format}"')

    def start(self) -> None:
        super().start()
        self.images: dict[str, list[dict[str, Any]]] = {}
        self.annotations: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.image_count = self.annotation_count = 0

    def begin_scene(self, frame: Frame) -> None:
        self.split = self.split_of(self.scene)
        self.images.setdefault(self.split, [])
        for kind in (INSTANCES, PANOPTIC):
            self.annotations.setdefault((kind, self.split), [])

    def add(self, frame: Frame) -> None:
        for camera, image in frame.images.items():
            self.image_count += 1  # ids begin at 1: evaluators take 0 for nothing
            name = f"{self.scene:04d}_{camera}_{frame.index:06d}"
            data = png(image.rgb) if self.image_format == "png" else jpeg(image.rgb, self.jpeg_quality)
            file_name = f"{name}.{self.image_format}"
            self.put(f"{self.split}/{file_name}", data)
            height, width = image.class_id.shape
            row = {"id": self.image_count, "file_name": file_name, "width": width, "height": height}
            row |= {"scenario": frame.scenario, "camera": camera, "frame": frame.index, "time_s": frame.time_s}
            self.images[self.split].append(row)
            found = segments(image, stuff=True)
            parts = list(zip(found, part_categories(frame, found)))
            self._add_instances(image, parts)
            self._add_panoptic(image, parts, f"{name}.png")

    def _add_instances(self, image: Image, parts: list[tuple[Segment, int]]) -> None:
        things = categories()
        for part, category in parts:
            if category not in things:
                continue
            self.annotation_count += 1
            row = {"id": self.annotation_count, "image_id": self.image_count, "category_id": category}
            row |= {"segmentation": run_lengths(part, image.class_id.shape), "area": part.area, "bbox": part.bbox}
            row |= {"iscrowd": int(part.track == 0), "track_id": part.track}
            self.annotations[INSTANCES, self.split].append(row)

    def _add_panoptic(self, image: Image, parts: list[tuple[Segment, int]], file_name: str) -> None:
        ids = np.zeros(image.class_id.shape, np.uint32)
        rows = []
        for k, (part, category) in enumerate(parts):
            height, width = part.mask.shape
            ids[part.top : part.top + height, part.left : part.left + width][part.mask] = k + 1
            thing = category in categories()
            row = {"id": k + 1, "category_id": category, "area": part.area, "bbox": part.bbox}
            rows.append(row | {"iscrowd": int(thing and part.track == 0), "track_id": part.track})
        color = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], -1).astype(np.uint8)
        self.put(f"annotations/{PANOPTIC}_{self.split}/{file_name}", png(color))
        row = {"image_id": self.image_count, "file_name": file_name, "segments_info": rows}
        self.annotations[PANOPTIC, self.split].append(row)

    def finish(self) -> None:
        for (kind, split), labels in self.annotations.items():
            table = categories(stuff=kind == PANOPTIC)
            rows: list[dict[str, Any]] = [
                {"id": k, "name": name, "supercategory": "thing" if thing else "stuff"} for k, (name, thing) in table.items()
            ]
            if kind == PANOPTIC:
                rows = [row | {"isthing": int(table[row["id"]][1])} for row in rows]
            info = {"description": "made by scenesim: nothing in it is real", "version": self.version}
            data = {"info": info, "images": self.images[split], "annotations": labels, "categories": rows}
            self.put(f"annotations/{kind}_{split}.json", as_json(data, None))


def run_lengths(part: Segment, shape: tuple[int, ...]) -> dict[str, Any]:
    """A mask as COCO's compressed run lengths: columns first, of zeros and ones in turn, beginning with zeros."""
    height, width = shape
    whole = np.zeros((width, height), bool)
    whole[part.left : part.left + part.mask.shape[1], part.top : part.top + part.mask.shape[0]] = part.mask.T
    flat = whole.reshape(-1)
    change = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0] * (1 + int(flat[0])), change, [flat.size]]))
    return {"size": [height, width], "counts": _text(counts)}


def _text(counts: NDArray[np.int64]) -> str:
    """Run lengths as text, five bits a letter, each the difference to the one before the last (rleToString of maskApi.c)."""
    values = counts.tolist()
    out = []
    for k, value in enumerate(values):
        x = value - values[k - 2] if k > 2 else value
        more = True
        while more:
            bits, x = x & 31, x >> 5
            more = x != (-1 if bits & 16 else 0)
            out.append(chr(48 + (bits | 32 if more else bits)))
    return "".join(out)
