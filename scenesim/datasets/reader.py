"""Reading the native dataset back into Frames; everything in it opens without this too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.capture.frame import Detections, Frame, Image, Readings, Sweep
from scenesim.datasets import tables
from scenesim.datasets.licenses import DEFAULT
from scenesim.datasets.native import CALIBRATION, FORMAT, FORMAT_VERSION, FRAMES, INCOMPLETE, INDEX, LAYOUT, SCENARIO


def open_native(folder: str | Path) -> NativeDataset:
    """Open a complete dataset. Raises InputError where there is none, or one whose writing was cut short."""
    folder = Path(folder)
    if not (folder / INDEX).is_file():
        cut = (folder / INCOMPLETE).exists()
        what = "the writing of this dataset was cut short, or goes on; make it again" if cut else f"no dataset ({INDEX}) here"
        raise InputError(what, Place(str(folder)))
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf8"))
        found = index["format"], index["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("this is not the index of a scenesim dataset", Place(str(folder / INDEX))) from error
    if found != (FORMAT, FORMAT_VERSION):
        raise InputError(
            f"this is {found[0]} version {found[1]}; this scenesim reads {FORMAT} version {FORMAT_VERSION}",
            Place(str(folder / INDEX)),
        )
    return NativeDataset(folder, index)


class NativeDataset:
    """A sequence of Frames on the disk, each read when it is asked for.

    index: what dataset.json says. indices: numbers of the frames, ascending. scenario_yaml: the scenario that they are of.
    license: of the data.
    """

    def __init__(self, folder: Path, index: dict[str, Any]):
        self.folder, self.index = folder, index
        self._rows = {row["index"]: row for row in index["frames"]}
        self.indices = list(self._rows)
        self.calibration = json.loads((folder / CALIBRATION).read_text(encoding="utf8"))
        self.scenario_yaml = (folder / SCENARIO).read_text(encoding="utf8")
        self.layout = None
        if (folder / LAYOUT).is_file():
            self.layout = tables.layout_of(json.loads((folder / LAYOUT).read_text(encoding="utf8")))
        self.classes = {int(k): name for k, name in index["classes"].items()}
        self.license = index.get("license", DEFAULT)

    @property
    def sensors(self) -> list[str]:
        """Names of all sensors."""
        return [name for kind in ("cameras", "lidars", "radars", "motion") for name in self.index.get(kind, ())]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(k) for k in self.indices)

    def row(self, index: int) -> dict[str, Any]:
        """What dataset.json says of a frame. Raises InputError where it is not in the dataset."""
        if index not in self._rows:
            raise InputError(f"no frame {index} in this dataset", Place(str(self.folder)))
        return self._rows[index]

    def frame(self, index: int) -> Frame:
        """The frame of a number. Raises InputError where it is not in the dataset, or not as this version writes it."""
        row = self.row(index)
        try:
            return self._frame(index, row)
        except KeyError as error:
            by = self.index.get("scenesim_version", "another version")
            message = f"frame {index}, written by scenesim {by}, lacks what this one reads ({error.args[0]}); render it again"
            raise InputError(message, Place(str(self.folder))) from error

    def _frame(self, index: int, row: dict[str, Any]) -> Frame:
        folder = self.folder / FRAMES / row["folder"]
        poses = read_table(folder / "poses.parquet").to_pylist()
        images = {p["sensor"]: self._image(folder, p) for p in poses if p["kind"] == "camera"}
        sweeps = {p["sensor"]: self._sweep(folder, p) for p in poses if p["kind"] == "lidar"}
        objects = read_table(folder / "objects.parquet")
        boxes, contrast = read_table(folder / "boxes.parquet"), read_table(folder / "contrast.parquet")
        seen_by = list(dict.fromkeys(boxes["camera"].to_pylist())) if len(boxes) else []
        return Frame(
            scenario=self.index["scenario"],
            index=index,
            time_s=row["time_s"],
            world_from_ego=tables.pose_of(poses[0]),
            ego_velocity_m_s=np.array([poses[0][name] for name in tables.VELOCITY]),
            images=images,
            sweeps=sweeps,
            objects=tables.objects_of(objects, boxes, contrast, seen_by if len(objects) else list(images)),
            calibration=self.calibration,
            ego_lanes=tables.lanes_of(read_table(folder / "lanes.parquet")),
            classes=self.classes,
            layout=self.layout,
            radars={p["sensor"]: self._detections(folder, p) for p in poses if p["kind"] == "radar"},
            motion={p["sensor"]: self._readings(folder, p) for p in poses if p["kind"] in tables.MOTION},
        )

    def _image(self, folder: Path, pose: dict[str, Any]) -> Image:
        camera = pose["sensor"]
        at = folder / camera
        raws = sorted(at.glob("raw_?.png"))  # the longest exposure first
        return Image(
            camera=camera,
            rgb=pixels(at / f"rgb.{self.index['image_format']}"),
            class_id=pixels(at / "class.png"),
            instance=pixels(at / "instance.png").astype(np.uint16),
            mark=pixels(at / "mark.png"),
            row_time_s=np.array(pose["row_time_s"]),
            world_from_camera=tables.pose_of(pose),
            transmittance=pixels(at / "transmittance.png") if (at / "transmittance.png").exists() else None,
            chip=json.loads((at / "exposure.json").read_text("utf8")) if (at / "exposure.json").exists() else None,
            coverage=pixels(at / "coverage.png") if (at / "coverage.png").exists() else None,
            raw=np.stack([pixels(path) for path in raws]) if raws else None,
            **tables.geometry_of(read_table(at / "geometry.parquet")),
        )

    def _sweep(self, folder: Path, pose: dict[str, Any]) -> Sweep:
        lidar = pose["sensor"]
        world_from_lidar: Pose = tables.pose_of(pose)
        sweep = tables.sweep_of(read_table(folder / lidar / "points.parquet"), lidar, pose["pulses"], world_from_lidar)
        path = folder / lidar / "waveforms.parquet"
        return replace(sweep, waveforms=tables.waveforms_of(read_table(path))) if path.exists() else sweep

    def _detections(self, folder: Path, pose: dict[str, Any]) -> Detections:
        table = read_table(folder / pose["sensor"] / "detections.parquet")
        return tables.detections_of(table, pose["sensor"], tables.pose_of(pose))

    def _readings(self, folder: Path, pose: dict[str, Any]) -> Readings:
        table = read_table(folder / pose["sensor"] / "readings.parquet")
        return tables.readings_of(table, pose["sensor"], pose["kind"], tables.pose_of(pose))


def read_table(path: Path) -> pa.Table:
    """A Parquet file. Raises InputError where it is missing or damaged."""
    try:
        return tables.decode(path.read_bytes())
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"this file of the dataset is missing or damaged: {error}", Place(str(path))) from error


def pixels(path: Path) -> NDArray:
    """A picture's pixels. Raises InputError where it is missing or damaged."""
    from PIL import Image as Picture

    try:
        with Picture.open(path) as picture:
            return np.array(picture)
    except OSError as error:
        raise InputError(f"this file of the dataset is missing or damaged: {error}", Place(str(path))) from error
