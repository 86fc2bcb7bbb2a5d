"""What every format is to the rest: something that takes frames one by one and is whole only when it was closed well."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from scenesim.base.errors import InputError, did_you_mean
from scenesim.capture.frame import Frame
from scenesim.datasets.formats import WRITERS


class Writer(ABC):
    """A dataset being written::

        with SomeWriter(folder, ...) as writer:
            for frame in frames:
                writer.write(frame)

    Left without an exception, the dataset is complete; left with one, or killed, it stays visibly incomplete. A writer renames,
    reorders and encodes what a Frame holds; it computes no label. All methods raise InputError where the disk refuses.

    CHOOSES_IMAGES: whether it takes an `image_format`, "png" or "jpg"; other formats have but one.
    """

    CHOOSES_IMAGES: ClassVar[bool] = False

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


class Several(Writer):
    """The same frames in several formats. Where one fails, none that comes after it is complete."""

    def __init__(self, writers: Sequence[Writer]):
        self.writers = list(writers)

    def start(self) -> None:
        for writer in self.writers:
            writer.start()

    def write(self, frame: Frame) -> None:
        for writer in self.writers:
            writer.write(frame)

    def commit(self) -> None:
        for writer in self.writers:
            writer.commit()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        failure = None
        for writer in self.writers:
            try:
                writer.__exit__(kind, error, trace)
            except BaseException as e:
                kind, error, trace, failure = type(e), e, e.__traceback__, failure or e
        if failure is not None:
            raise failure


def writer_class(name: str) -> type[Writer]:
    """The writer of a format. Raises InputError where there is none of that name."""
    if name not in WRITERS:
        raise InputError(f'no dataset format "{name}"{did_you_mean(name, WRITERS)}')
    module, _, attribute = WRITERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
