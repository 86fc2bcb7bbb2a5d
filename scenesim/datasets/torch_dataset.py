"""A dataset or a batch as a torch.utils.data.Dataset: map-style, fit for a DataLoader's workers. Needs the extra `torch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset as TorchDataset

from scenesim.base.errors import InputError, did_you_mean
from scenesim.datasets.opened import Dataset, Sample, open_dataset

LABELS = ("class", "instance", "mark", "transmittance")
GEOMETRY = {"depth_m": "depth_m", "pixel_range_m": "range_m", "normal": "normal", "flow_px": "flow_px"}  # key -> in the file
READS = ("image", "boxes", "points", *LABELS, *GEOMETRY)
POINT = ("x_m", "y_m", "z_m", "intensity")  # columns of "points"

Item = dict[str, Any]


class CameraImages(TorchDataset):
    """Images of cameras with their labels; an item for each frame and camera, frames in order.

    folder: a native dataset or a batch, or an opened Dataset. split, twin: of a batch; all by default. cameras: all by default.
    read: which of READS an item has. classes: names of the classes that boxes are of; all by default. min_pixels: boxes with
    fewer visible pixels are left out. transform: what an item is turned into.

    An item: scene, frame, camera, time_s, and as asked
      image      (3, H, W) float32, sRGB from 0 to 1
      boxes      (N, 4) float32 left, top, right, bottom of what is visible, edges of pixels: the top-left pixel alone is
                 0, 0, 1, 1. With it labels (N,) int64, 1 + place in `classes` (0 is the background's, as torchvision has it);
                 tracks, pixels (N,) int64; range_m, visible_fraction (N,) float32: distance from the ego, share not hidden
      points     (M, 4) float32 x, y, z, intensity of the first lidar, in its frame
      class, instance, mark, transmittance   (H, W) int64
      depth_m, pixel_range_m (H, W), normal (3, H, W), flow_px (2, H, W) float32

    Raises InputError for what is not there.
    """

    def __init__(
        self,
        folder: str | Path | Dataset,
        *,
        split: str | None = None,
        twin: str | None = None,
        cameras: Sequence[str] | None = None,
        read: Sequence[str] = ("image", "boxes"),
        classes: Sequence[str] | None = None,
        min_pixels: int = 1,
        transform: Callable[[Item], Any] | None = None,
    ):
        opened = folder if isinstance(folder, Dataset) else open_dataset(folder)
        self.frames = opened.select(split=split, twin=twin)
        for name in read:
            if name not in READS:
                raise InputError(f'no "{name}" to read{did_you_mean(name, READS)}')
        known = self.frames.classes
        for name in classes or ():
            if name not in known.values():
                raise InputError(f'no class "{name}"{did_you_mean(name, known.values())}')
        self.read, self.min_pixels, self.transform = tuple(read), min_pixels, transform
        self.classes = tuple(classes or (known[k] for k in sorted(known)))
        self._label = {k: 1 + self.classes.index(name) for k, name in known.items() if name in self.classes}
        self.cameras = tuple(cameras) if cameras is not None else tuple(self.frames[0].cameras if len(self.frames) else ())

    def __len__(self) -> int:
        return len(self.frames) * len(self.cameras)

    def __getitem__(self, k: int) -> Any:
        if not -len(self) <= k < len(self):
            raise IndexError(f"item {k} of {len(self)}")
        frame, camera = divmod(k % len(self), len(self.cameras))
        item = self._item(self.frames[frame], self.cameras[camera])
        return item if self.transform is None else self.transform(item)

    def _item(self, sample: Sample, camera: str) -> Item:
        item: Item = {"scene": sample.scene.name, "frame": sample.index, "camera": camera, "time_s": sample.time_s}
        if "image" in self.read:
            item["image"] = _channels_first(sample.image(camera).astype(np.float32) / 255)
        for name in LABELS:
            if name in self.read:
                item[name] = torch.from_numpy(sample.image(camera, name).astype(np.int64))
        if asked := [name for name in GEOMETRY if name in self.read]:
            geometry = sample.geometry(camera)
            for name in asked:
                values = geometry[GEOMETRY[name]]
                item[name] = _channels_first(values) if values.ndim == 3 else torch.tensor(values)
        if "points" in self.read:
            columns = sample.points(sample.lidars[0])
            item["points"] = torch.from_numpy(np.stack([columns[name] for name in POINT], -1).astype(np.float32))
        if "boxes" in self.read:
            item |= self._boxes(sample, camera)
        return item

    def _boxes(self, sample: Sample, camera: str) -> Item:
        objects, boxes = sample.table("objects"), sample.table("boxes")
        mine = {name: values[boxes["camera"] == camera] for name, values in boxes.items()}  # a row an object, in their order
        label = np.array([self._label.get(int(k), 0) for k in objects["class_id"]], np.int64)
        keep = (label > 0) & (mine["pixels"] >= max(1, self.min_pixels))
        edges = np.stack([mine[f"visible_{edge}_px"] for edge in ("left", "top", "right", "bottom")], -1)[keep] + 0.5
        ego = {name: values[0] for name, values in sample.table("poses").items()}
        away = np.sqrt(sum((objects[name][keep] - ego[name]) ** 2 for name in ("x_m", "y_m", "z_m")))
        return {
            "boxes": torch.from_numpy(edges.astype(np.float32).reshape(-1, 4)),
            "labels": torch.from_numpy(label[keep]),
            "tracks": torch.from_numpy(objects["track"][keep].astype(np.int64)),
            "pixels": torch.from_numpy(mine["pixels"][keep].astype(np.int64)),
            "range_m": torch.from_numpy(np.asarray(away, np.float32)),
            "visible_fraction": torch.from_numpy(mine["visible_fraction"][keep].astype(np.float32)),
        }


def collate(items: Sequence[Mapping[str, Any]]) -> Item:
    """Items as a batch: tensors of one shape in all items are stacked, if they are of pixels; all else is a list, an entry an
    item, since frames have different numbers of boxes and points."""
    batch: Item = {}
    for key in items[0]:
        values = [item[key] for item in items]
        same = key in ("image", *LABELS, *GEOMETRY) and len({value.shape for value in values}) == 1
        batch[key] = torch.stack(values) if same else values
    return batch


def _channels_first(image: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
