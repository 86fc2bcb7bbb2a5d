"""YOLO as Ultralytics reads it: a text file for each image with boxes, or with polygons.

Source: docs.ultralytics.com, "Object detection datasets" and "Instance segmentation datasets".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from scenesim.base.errors import InputError
from scenesim.capture.frame import Frame, Image
from scenesim.datasets.folder import FolderWriter
from scenesim.datasets.native import ImageFormat
from scenesim.datasets.png import jpeg, png
from scenesim.datasets.segments import Segment, categories, part_categories, segments

FINER = 2  # polygons run through the middles of pixels of this part of a pixel


class YoloWriter(FolderWriter):
    """YOLO boxes of all cameras: data.yaml, images/{train,val}, labels/{train,val}. Objects that are not told apart are left
    out. image_format: of the images, "jpg" or "png"."""

    FORMAT = "yolo"
    OWN = frozenset({"data.yaml", "images", "labels"})
    CHOOSES_IMAGES = True

    def __init__(self, folder: str | Path, *, image_format: ImageFormat = "jpg", jpeg_quality: int = 95, **options: Any):
        super().__init__(folder, **options)
        self.image_format, self.jpeg_quality = image_format, jpeg_quality
        if image_format not in ("png", "jpg"):
            raise InputError(f'images are written as "png" or "jpg", not "{image_format}"')

    def start(self) -> None:
        super().start()
        self.names = [name for name, _ in categories().values()]
        self.number = {category: k for k, category in enumerate(categories())}
        self.splits: set[str] = set()

    def begin_scene(self, frame: Frame) -> None:
        self.split = self.split_of(self.scene)
        self.splits.add(self.split)

    def add(self, frame: Frame) -> None:
        for camera, image in frame.images.items():
            name = f"{self.split}/{self.scene:04d}_{camera}_{frame.index:06d}"
            data = png(image.rgb) if self.image_format == "png" else jpeg(image.rgb, self.jpeg_quality)
            self.put(f"images/{name}.{self.image_format}", data)
            parts = segments(image)
            rows = [
                f"{self.number[category]} {_numbers(self.shape(part, image))}\n"
                for part, category in zip(parts, part_categories(frame, parts))
                if part.track
            ]
            # Far away, two objects can have the same few pixels about them: readers throw the second away, with a warning.
            self.put(f"labels/{name}.txt", "".join(dict.fromkeys(rows)).encode())

    def shape(self, part: Segment, image: Image) -> NDArray[np.float64]:
        """Centre and size of the visible part, as shares of the image."""
        height, width = image.class_id.shape
        left, top, w, h = part.bbox
        return np.array([(left + w / 2) / width, (top + h / 2) / height, w / width, h / height])

    def finish(self) -> None:
        splits = {s: f"images/{s if s in self.splits else 'train'}" for s in ("train", "val")}  # both are required
        text = yaml.safe_dump(splits | {"names": dict(enumerate(self.names))}, sort_keys=False, allow_unicode=True)
        self.put("data.yaml", text.encode("utf8"))


class YoloSegmentsWriter(YoloWriter):
    """YOLO polygons instead of boxes."""

    FORMAT = "yolo-segments"

    def shape(self, part: Segment, image: Image) -> NDArray[np.float64]:
        """x, y, x, y ... of the outline of the visible part, as shares of the image; the parts of an object that something
        cuts in pieces are joined by lines of no width."""
        height, width = image.class_id.shape
        outline = (joined(outlines(part.mask)) + [part.left, part.top]) / [width, height]
        return outline.reshape(-1)


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Outer outlines (n, 2) of a mask, in pixels from its top-left corner; the largest first."""
    fine = np.pad(np.kron(mask.astype(np.uint8), np.ones((FINER, FINER), np.uint8)), 1)
    found, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [(c.reshape(-1, 2) - 0.5) / FINER for c in sorted(found, key=lambda c: (-cv2.contourArea(c), c.tolist()))]


def joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """One outline (n, 2) that goes around all parts, by the shortest bridges there and back."""
    whole = parts[0]
    for part in parts[1:]:
        apart = ((whole[:, None] - part[None]) ** 2).sum(-1)
        i, j = np.unravel_index(int(apart.argmin()), apart.shape)
        around = np.concatenate([part[j:], part[: j + 1]])
        whole = np.concatenate([whole[: i + 1], around, whole[i:]])
    return whole


def _numbers(values: NDArray[np.float64]) -> str:
    return " ".join(f"{float(v):.6f}" for v in values)
