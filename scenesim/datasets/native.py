"""The native dataset: PNG, Parquet and JSON that everyone can open (docs/native-format.md); whole, or visibly not."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from scenesim.base import taxonomy
from scenesim.base.errors import InputError, Place
from scenesim.capture.frame import Frame, Layout
from scenesim.datasets import card, native_card, tables
from scenesim.datasets.card import CROISSANT, README
from scenesim.datasets.disk import refusals_told, rename, sync_folder, write_file
from scenesim.datasets.licenses import DEFAULT
from scenesim.datasets.native_card import SUMS
from scenesim.datasets.png import jpeg, png
from scenesim.datasets.writer import Writer

FORMAT, FORMAT_VERSION = "scenesim-native", 1
INDEX, INCOMPLETE, FRAMES, SCENARIO, CALIBRATION = "dataset.json", "INCOMPLETE", "frames", "scenario.yaml", "calibration.json"
LAYOUT = "layout.json"
SHEET = "contact_sheet.png"  # drawn by others, when the dataset is complete
REPORT = "report.html"  # of `scenesim report`
OURS = {INDEX, INCOMPLETE, FRAMES, SCENARIO, CALIBRATION, LAYOUT, SHEET, REPORT, SUMS, README, CROISSANT}
SHARED = {  # path -> media type, and what it is, for the card
    INDEX: ("application/json", "index of the frames; names of sensors and classes"),
    SCENARIO: ("application/yaml", "the scenario that it is made from"),
    CALIBRATION: ("application/json", "every sensor, and where it is on the vehicle"),
    LAYOUT: ("application/json", "lanes and areas of the road"),
    SUMS: ("text/plain", "hashes of all files"),
}
NOTICE = b"This dataset is being written, or its writing was cut short. Do not use it; make it again with overwrite.\n"

ImageFormat = Literal["png", "jpg"]


def frame_name(index: int) -> str:
    """Name of a frame's folder."""
    return f"{index:06d}"


def frame_files(frame: Frame, image_format: ImageFormat = "png", jpeg_quality: int = 95) -> dict[str, bytes]:
    """The files of a frame by their paths in its folder: a function of the frame alone."""
    files = {}
    for name, image in frame.images.items():
        rgb = png(image.rgb) if image_format == "png" else jpeg(image.rgb, jpeg_quality)
        files[f"{_safe(name)}/rgb.{image_format}"] = rgb
        files[f"{name}/class.png"] = png(image.class_id)
        files[f"{name}/instance.png"] = png(image.instance)
        files[f"{name}/mark.png"] = png(image.mark)
        if image.transmittance is not None:
            files[f"{name}/transmittance.png"] = png(image.transmittance)
        if image.coverage is not None:
            files[f"{name}/coverage.png"] = png(image.coverage)
        if image.chip is not None:
            files[f"{name}/exposure.json"] = _json(image.chip)
        for k, dn in enumerate(() if image.raw is None else image.raw):
            files[f"{name}/raw_{k}.png"] = png(dn)
        files[f"{name}/geometry.parquet"] = tables.encode(tables.geometry(image))
    for name, sweep in frame.sweeps.items():
        files[f"{_safe(name)}/points.parquet"] = tables.encode(tables.points(frame, sweep))
        if sweep.waveforms is not None:
            files[f"{name}/waveforms.parquet"] = tables.encode(tables.waveforms(frame, sweep.waveforms))
    for name, found in frame.radars.items():
        files[f"{_safe(name)}/detections.parquet"] = tables.encode(tables.detections(frame, found))
    for name, told in frame.motion.items():
        files[f"{_safe(name)}/readings.parquet"] = tables.encode(tables.readings(frame, told))
    for make in (tables.objects, tables.boxes, tables.contrast, tables.poses, tables.lanes):
        files[f"{make.__name__}.parquet"] = tables.encode(make(frame))
    return files


class NativeWriter(Writer):
    """Writes the native format into a folder, which is made where it is missing and must be empty where it is not.

    scenario_yaml: the concrete scenario, kept beside the frames so that they can be made again. version: scenesim's.
    image_format: of the colour images; all labels are lossless. overwrite: throw away the scenesim dataset, whole or not, that
    is in the folder. A frame's files are the same bytes whatever other frames are written. license: of the data, of
    licenses.LICENSES. with_card: write README.md, croissant.json and SHA256SUMS too; a part of a larger dataset has none.
    """

    CHOOSES_IMAGES = True

    def __init__(
        self,
        folder: str | Path,
        *,
        scenario_yaml: str,
        version: str,
        image_format: ImageFormat = "png",
        jpeg_quality: int = 95,
        overwrite: bool = False,
        license: str = DEFAULT,
        with_card: bool = True,
    ):
        if image_format not in ("png", "jpg"):
            raise InputError(f'images are written as "png" or "jpg", not "{image_format}"')
        if not 1 <= jpeg_quality <= 100:
            raise InputError(f"the quality of a JPEG is 1 to 100, not {jpeg_quality}")
        self.folder, self.overwrite = Path(folder), overwrite
        self.scenario_yaml, self.version = scenario_yaml, version
        self.image_format: ImageFormat = image_format
        self.jpeg_quality = jpeg_quality
        self.license, self.with_card = card.checked_license(license), with_card
        self._frames: dict[int, float] = {}
        self._sums: dict[int, str] = {}  # lines of SHA256SUMS for each frame
        self._schemas: dict[str, pa.Schema] = {}
        self._shared: dict[str, Any] | None = None
        self._layout: Layout | None = None
        self._broken = False

    def start(self) -> None:
        """Mark the folder as incomplete and write the scenario. Raises InputError where the folder is not ours to use."""
        with refusals_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._clear()
            write_file(self.folder / INCOMPLETE, NOTICE)
            write_file(self.folder / SCENARIO, self.scenario_yaml.encode("utf8"))
            (self.folder / FRAMES).mkdir()
            sync_folder(self.folder)

    def write(self, frame: Frame) -> None:
        """Write one frame: it appears under its name when all its files are on the disk. Raises InputError."""
        name = frame_name(frame.index)
        if frame.index in self._frames:
            raise InputError(f"frame {frame.index} is written already", Place(str(self.folder / FRAMES / name)))
        self._share(frame)
        partial, whole = (self.folder / FRAMES / n for n in (f"{name}.partial", name))
        files = frame_files(frame, self.image_format, self.jpeg_quality)
        try:
            with refusals_told(partial):
                folders = {partial, *(partial / Path(path).parent for path in files)}
                for folder in sorted(folders):
                    folder.mkdir()
                for path, data in files.items():
                    write_file(partial / path, data)
                for folder in folders:
                    sync_folder(folder)
                rename(partial, whole)
        except BaseException:
            self._broken = True
            shutil.rmtree(partial, ignore_errors=True)
            raise
        self._frames[frame.index] = frame.time_s
        if self.with_card:
            self._sums[frame.index] = _sums({f"{FRAMES}/{name}/{path}": data for path, data in files.items()})
        if not self._schemas:
            self._schemas = native_card.schemas(files)

    def commit(self) -> None:
        """Turn the mark of incompleteness into the index, in one step. Raises InputError where a frame failed."""
        if self._broken:
            raise InputError("a frame could not be written: the dataset stays incomplete", Place(str(self.folder)))
        shared = self._shared or {"scenario": "", "calibration": {}, "cameras": {}, "lidars": [], "classes": {}}
        index = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "scenesim_version": self.version,
            "license": self.license,
            "image_format": self.image_format,
            **{key: value for key, value in shared.items() if key != "calibration"},
            "marks": {str(number): kind for kind, number in sorted(taxonomy.marks().items(), key=lambda m: m[1])},
            "hits": {str(number): kind for kind, number in sorted(taxonomy.hits().items(), key=lambda h: h[1])},
            "frames": [{"index": k, "time_s": self._frames[k], "folder": frame_name(k)} for k in sorted(self._frames)],
        }
        files = {CALIBRATION: _json(shared["calibration"])}
        if self._layout is not None:
            files[LAYOUT] = _json(tables.plain_layout(self._layout), indent=None)
        whole = {SCENARIO: self.scenario_yaml.encode("utf8"), **files, INDEX: _json(index)}
        if self.with_card:
            files |= self._card(index, whole)
        with refusals_told(self.folder):
            for path, data in files.items():
                write_file(self.folder / path, data)
            write_file(self.folder / INCOMPLETE, whole[INDEX])
            rename(self.folder / INCOMPLETE, self.folder / INDEX)

    def _card(self, index: dict[str, Any], files: dict[str, bytes]) -> dict[str, bytes]:
        """The hashes of all files, and the card that names them; files: all but those of frames."""
        files[SUMS] = (_sums(files) + "".join(self._sums[k] for k in sorted(self._sums))).encode("utf8")
        listed = {path: card.listed(files[path], *about) for path, about in SHARED.items() if path in files}
        found = native_card.facts(index, self.scenario_yaml, self._schemas, listed)
        return {SUMS: files[SUMS], **card.files(found)}

    def _clear(self) -> None:
        """Empty the folder where that is wanted; raise InputError where something is in it otherwise."""
        there = {path.name for path in self.folder.iterdir()}
        if not there:
            return
        ours = there <= OURS and bool(there & {INDEX, INCOMPLETE})
        if not ours:
            raise InputError("this folder is not empty; choose a new or an empty one", Place(str(self.folder)))
        if not self.overwrite:
            state = "a complete dataset" if INDEX in there else "an incomplete dataset (its writing was cut short, or goes on)"
            raise InputError(
                f"there is {state} in this folder; choose another one, remove it, or overwrite it", Place(str(self.folder))
            )
        if INDEX in there:  # from here on it is no dataset any more
            rename(self.folder / INDEX, self.folder / INCOMPLETE)
        if FRAMES in there:
            shutil.rmtree(self.folder / FRAMES)
        for name in sorted(OURS - {INDEX, INCOMPLETE, FRAMES}):
            (self.folder / name).unlink(missing_ok=True)

    def _share(self, frame: Frame) -> None:
        """Keep what all frames have in common. Raises ValueError for frames that do not belong together."""
        shared = {
            "scenario": frame.scenario,
            "calibration": frame.calibration,
            "cameras": {
                name: {"width": image.rgb.shape[1], "height": image.rgb.shape[0]} for name, image in frame.images.items()
            },
            "lidars": list(frame.sweeps),
            "classes": {str(k): frame.classes[k] for k in sorted(frame.classes)},
        }
        if frame.radars:
            causes = sorted(taxonomy.radar_causes().items(), key=lambda c: c[1])
            shared |= {"radars": list(frame.radars), "radar_causes": {str(number): cause for cause, number in causes}}
        if frame.motion:
            shared["motion"] = {name: told.kind for name, told in frame.motion.items()}
        if self._shared is None:
            self._shared, self._layout = shared, frame.layout
        elif _json(shared) != _json(self._shared):
            differs = [key for key in shared if _json(shared[key]) != _json(self._shared[key])]
            raise ValueError(f"frame {frame.index} belongs to another dataset: {', '.join(differs)} differ")


def _sums(files: dict[str, bytes]) -> str:
    """Lines of SHA256SUMS."""
    return "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))


def _safe(name: str) -> str:
    """A sensor's name, if it can name a folder everywhere."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise InputError(f'the sensor "{name}" cannot name a folder; use letters, digits, _ and -')
    return name


def _json(value: Any, indent: int | None = 1) -> bytes:
    def plain(other: Any) -> Any:
        if isinstance(other, np.ndarray | np.generic):
            return other.tolist()
        raise TypeError(f"no JSON for {type(other)}")

    return (json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=plain) + "\n").encode("utf8")
