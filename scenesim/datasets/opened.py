"""Datasets as their users read them: plain numpy, each file when it is asked for, from one native dataset or a whole batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import yaml
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.capture.frame import Frame
from scenesim.datasets import tables
from scenesim.datasets.formats import BATCH_FORMAT, BATCH_INDEX, SHARDS
from scenesim.datasets.native import FRAMES
from scenesim.datasets.native import INDEX as DATASET
from scenesim.datasets.reader import NativeDataset, open_native, pixels, read_table

PICTURES = ("rgb", "class", "instance", "mark", "transmittance")
KEPT = 64  # scenes whose index stays in memory


@dataclass(frozen=True)
class Scene:
    """One run of one scenario: a native dataset, by itself or as a part of a batch.

    name: of the scenario, or of the shard. scenario: its name in the recipe. split, twin: "" where there is none. seed: None
    where it is not told. frames: how many.
    """

    folder: Path
    name: str
    scenario: str
    split: str
    twin: str
    seed: int | None
    frames: int

    def open(self) -> NativeDataset:
        """The native dataset. Raises InputError where it is damaged."""
        return open_native(self.folder)


class Dataset(Sequence["Sample"]):
    """Frames of one or many scenes, in the order of scenes and times. Nothing is read before it is asked for; may be sent to
    other processes."""

    def __init__(self, scenes: Sequence[Scene]):
        self.scenes = tuple(scenes)
        self._ends = np.cumsum([0, *(scene.frames for scene in self.scenes)])
        self._open: dict[int, NativeDataset] = {}

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, k: int) -> Sample: ...
    @overload
    def __getitem__(self, k: slice) -> list[Sample]: ...
    def __getitem__(self, k: int | slice) -> Sample | list[Sample]:
        if isinstance(k, slice):
            return [self[i] for i in range(*k.indices(len(self)))]
        at = k + len(self) if k < 0 else k
        if not 0 <= at < len(self):
            raise IndexError(f"frame {k} of {len(self)}")
        number = int(np.searchsorted(self._ends, at, "right")) - 1
        dataset = self._dataset(number)
        return Sample(self.scenes[number], dataset, dataset.indices[at - int(self._ends[number])])

    def __iter__(self) -> Iterator[Sample]:
        return (self[k] for k in range(len(self)))

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_open": {}}

    def _dataset(self, number: int) -> NativeDataset:
        if number not in self._open:
            while len(self._open) >= KEPT:
                self._open.pop(next(iter(self._open)))
            self._open[number] = self.scenes[number].open()
        return self._open[number]

    def select(self, *, split: str | None = None, twin: str | None = None, scenario: str | None = None) -> Dataset:
        """The scenes of a split, of a twin, of a scenario of the recipe. Raises InputError for names that no scene has."""
        found = self.scenes
        for key, value in (("split", split), ("twin", twin), ("scenario", scenario)):
            if value is None:
                continue
            known = list(dict.fromkeys(getattr(scene, key) for scene in self.scenes))
            if value not in known:
                raise InputError(f'no {key} "{value}" in this dataset{did_you_mean(value, known)}')
            found = tuple(scene for scene in found if getattr(scene, key) == value)
        return Dataset(found)

    @property
    def classes(self) -> dict[int, str]:
        """Name of each class id."""
        return self._dataset(0).classes if self.scenes else {}


@dataclass(frozen=True)
class Sample:
    """One frame, of which each array is read when it is asked for. All methods raise InputError where a file is damaged."""

    scene: Scene
    dataset: NativeDataset
    index: int

    @property
    def time_s(self) -> float:
        """Reference time on the scenario's clock."""
        return float(self.dataset.row(self.index)["time_s"])

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.dataset.folder / FRAMES / self.dataset.row(self.index)["folder"]

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras."""
        return list(self.dataset.index["cameras"])

    @property
    def lidars(self) -> list[str]:
        """Names of the lidars."""
        return list(self.dataset.index["lidars"])

    @property
    def radars(self) -> list[str]:
        """Names of the radars."""
        return list(self.dataset.index.get("radars", ()))

    @property
    def motion(self) -> list[str]:
        """Names of the sensors of the ego's motion."""
        return list(self.dataset.index.get("motion", ()))

    @cached_property
    def scenario(self) -> dict[str, Any]:
        """The concrete scenario, as scenario.yaml has it: weather, light, actors and so on."""
        return yaml.load(self.dataset.scenario_yaml, getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def image(self, camera: str, kind: str = "rgb") -> NDArray:
        """(H, W, 3) uint8 sRGB, or a label of each pixel (H, W): class, instance (uint16), mark, transmittance."""
        _known(kind, PICTURES, "picture")
        end = self.dataset.index["image_format"] if kind == "rgb" else "png"
        found = pixels(self.folder / _known(camera, self.cameras, "camera") / f"{kind}.{end}")
        return found.astype(np.uint16) if kind == "instance" else found

    def geometry(self, camera: str) -> dict[str, NDArray[np.float32]]:
        """depth_m, range_m (H, W), normal (H, W, 3), flow_px (H, W, 2) of each pixel."""
        return tables.geometry_of(read_table(self.folder / _known(camera, self.cameras, "camera") / "geometry.parquet"))

    def points(self, lidar: str) -> dict[str, NDArray]:
        """Column -> values (N,) of a lidar's points (docs/native-format.md)."""
        return _columns(self.folder / _known(lidar, self.lidars, "lidar") / "points.parquet")

    def detections(self, radar: str) -> dict[str, NDArray]:
        """Column -> values (N,) of a radar's detections (docs/radar.md)."""
        return _columns(self.folder / _known(radar, self.radars, "radar") / "detections.parquet")

    def readings(self, sensor: str) -> dict[str, NDArray]:
        """Column -> values (N,) of what a sensor of motion told since the frame before (docs/radar.md)."""
        return _columns(self.folder / _known(sensor, self.motion, "sensor of motion") / "readings.parquet")

    def table(self, name: str) -> dict[str, NDArray]:
        """Column -> values of the table objects, boxes, contrast, poses or lanes; texts and lists are Python's objects."""
        return _columns(self.folder / f"{_known(name, tables.ONCE, 'table')}.parquet")

    def frame(self) -> Frame:
        """All of it, as scenesim renders it."""
        return self.dataset.frame(self.index)


def open_dataset(folder: str | Path) -> Dataset:
    """The frames of a native dataset or of a batch. Raises InputError where there is none, or it is not complete."""
    folder = Path(folder)
    if (folder / BATCH_INDEX).is_file():
        return Dataset(_of_batch(folder))
    if (folder / SHARDS).is_dir() and not (folder / DATASET).exists():
        raise InputError("this batch is not complete; the command that began it goes on with it", Place(str(folder)))
    alone = open_native(folder)
    name = alone.index["scenario"]
    seed = yaml.load(alone.scenario_yaml, getattr(yaml, "CSafeLoader", yaml.SafeLoader)).get("seed")
    return Dataset([Scene(folder, name, name, "", "", seed, len(alone))])


def _of_batch(folder: Path) -> list[Scene]:
    place = Place(str(folder / BATCH_INDEX))
    try:
        index = json.loads((folder / BATCH_INDEX).read_text(encoding="utf8"))
        if index["format"] != BATCH_FORMAT:
            raise InputError(f"this is no index of a batch, but {index['format']}", place)
        return [
            Scene(
                folder / SHARDS / row["split"] / row["shard"],
                row["shard"],
                row.get("scenario", ""),
                row["split"],
                row.get("twin", ""),
                row.get("seed"),
                row["frames"],
            )
            for row in index["shards"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"this index of a batch is damaged: {error}", place) from error


def _columns(path: Path) -> dict[str, NDArray]:
    table = read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


def _known(name: str, names: Sequence[str], what: str) -> str:
    if name not in names:
        raise InputError(f'no {what} "{name}"{did_you_mean(name, names)}')
    return name
