"""What every format is to the rest: something that takes frames one by one and is whole only when it was closed well."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from scenesim.base.errors import InputError, did_you_mean
from scenesim.capture.frame import Frame

# name -> where its writer is; imported when asked for, so that a format's own package is needed by its users alone.
WRITERS = {
    "native": "scenesim.datasets.native:NativeWriter",
    "kitti-object": "scenesim.datasets.kitti:KittiObjectWriter",
    "kitti-tracking": "scenesim.datasets.kitti:KittiTrackingWriter",
    "kitti-odometry": "scenesim.datasets.kitti:KittiOdometryWriter",
    "coco": "scenesim.datasets.coco:CocoWriter",
    "av2": "scenesim.datasets.av2:Av2Writer",
    "mcap": "scenesim.datasets.mcap:McapWriter",
    "nuscenes": "scenesim.datasets.nuscenes:NuscenesWriter",
    "yolo": "scenesim.datasets.yolo:YoloWriter",
    "yolo-segments": "scenesim.datasets.yolo:YoloSegmentsWriter",
}


class Writer(ABC):
    """A dataset being written::

        with SomeWriter(folder, ...) as writer:
            for frame in frames:
                writer.write(frame)

    Left without an exception, the dataset is complete; left with one, or killed, it stays visibly incomplete. A writer renames,
    reorders and encodes what a Frame holds; it computes no label. All methods raise InputError where the disk refuses.
    """

    @abstractmethod
    def start(self) -> None:
        """Take possession of the folder."""

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Write one frame."""

    @abstractmethod
    def commit(self) -> None:
        """Declare the dataset complete."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.commit()


def writer_class(name: str) -> type[Writer]:
    """The writer of a format. Raises InputError where there is none of that name."""
    if name not in WRITERS:
        raise InputError(f'no dataset format "{name}"{did_you_mean(name, WRITERS)}')
    module, _, attribute = WRITERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
