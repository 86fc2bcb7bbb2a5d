"""What foreign formats have in common: a folder that is whole or visibly not, and scenarios that follow each other in it."""

from __future__ import annotations

import json
import shutil
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from scenesim.base.errors import InputError, Place
from scenesim.capture.frame import Frame
from scenesim.datasets import card as cards
from scenesim.datasets.card import CROISSANT, README, Facts
from scenesim.datasets.disk import refusals_told, rename, sync_folder, write_file
from scenesim.datasets.licenses import DEFAULT
from scenesim.datasets.native import INCOMPLETE, NOTICE
from scenesim.datasets.writer import Writer

CARD = "scenesim.json"  # its presence says that the dataset is complete
# Where formats want dates: the first scenario starts at this time (14 November 2023, 22:13:20 UTC), each further one a day
# later, so that readers that sort everything by time keep the scenarios apart.
EPOCH_S, SCENE_S = 1_700_000_000, 86_400


class FolderWriter(Writer):
    """Writes a format that is a folder of files.

    folder: made where it is missing; must be empty where it is not. scenario_yaml, version: of what made the frames, noted in
    scenesim.json. overwrite: throw away the dataset of this format, whole or not, that is in the folder. splits: name of a
    scenario -> "train" or "val", for formats that have those; every fifth is for validation where that is left to us. license:
    of the data, of licenses.LICENSES, told by README.md and croissant.json.

    Frames may come from several scenarios, one after the other: a new one begins where the scenario's name changes or the
    frames' numbers start again. A format fills in the four hooks at the end. FORMAT: its name; OWN: what it puts in the folder.
    """

    FORMAT: ClassVar[str]
    OWN: ClassVar[frozenset[str]]

    def __init__(
        self,
        folder: str | Path,
        *,
        scenario_yaml: str = "",
        version: str = "",
        overwrite: bool = False,
        splits: Mapping[str, str] | None = None,
        license: str = DEFAULT,
    ):
        self.folder, self.overwrite = Path(folder), overwrite
        self.assigned = splits or {}
        self.scenario_yaml, self.version = scenario_yaml, version
        self.license = cards.checked_license(license)
        self.scenes: list[str] = []  # names of the scenarios so far
        self.count = self.total = 0  # frames so far, of this scenario and of all
        self._last: tuple[str, int] | None = None
        self._broken = False

    @property
    def scene(self) -> int:
        """Number of the scenario that is being written, from 0."""
        return len(self.scenes) - 1

    def start(self) -> None:
        """Mark the folder as incomplete. Raises InputError where it is not ours to use."""
        with refusals_told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._clear()
            write_file(self.folder / INCOMPLETE, NOTICE)
            sync_folder(self.folder)

    def write(self, frame: Frame) -> None:
        """Write one frame. Raises InputError where the format cannot hold it, or the disk refuses."""
        try:
            with refusals_told(self.folder):
                if self._last is None or frame.scenario != self._last[0] or frame.index <= self._last[1]:
                    if self._last is not None:
                        self.end_scene()
                    self.scenes.append(frame.scenario)
                    self.count = 0
                    self.begin_scene(frame)
                self.add(frame)
                self.count += 1
                self.total += 1
        except BaseException:
            self._broken = True
            raise
        self._last = frame.scenario, frame.index

    def commit(self) -> None:
        """Write what is known only now, and turn the mark of incompleteness into scenesim.json."""
        if self._broken:
            raise InputError("a frame could not be written: the dataset stays incomplete", Place(str(self.folder)))
        with refusals_told(self.folder):
            if self._last is not None:
                self.end_scene()
            self.finish()
            card = {"format": self.FORMAT, "scenesim_version": self.version, "scenarios": self.scenes}
            card |= {"license": self.license, "scenario_yaml": self.scenario_yaml}
            for name, data in cards.files(self._facts(as_json(card))).items():
                write_file(self.folder / name, data)
            write_file(self.folder / INCOMPLETE, as_json(card))
            rename(self.folder / INCOMPLETE, self.folder / CARD)

    def _facts(self, card: bytes) -> Facts:
        """What README.md and croissant.json say; card: scenesim.json."""
        many = f"{len(self.scenes)} scenarios"
        name = self.scenes[0] if len(self.scenes) == 1 else many.replace(" ", "_")
        return Facts(
            name=f"{name}-{self.FORMAT}",
            version=self.version,
            license=self.license,
            frames=self.total,
            listed={CARD: cards.listed(card, "application/json", "the scenarios that it is made from, and their names")},
            maps=cards.maps_of(self.scenario_yaml),
            contents=(f"{self.total} frames of {many}, in the format `{self.FORMAT}` of scenesim.",),
            again=(
                "# with the scenarios that scenesim.json holds, each in a file and a folder of its own",
                "scenesim render SCENARIO.yaml -o native/NAME",
                f"scenesim export native/* --format {self.FORMAT} -o again",
            ),
        )

    def put(self, path: str, data: bytes) -> None:
        """Write a file of the dataset; path is relative to its folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, data)

    def time_us(self, seconds: float) -> int:
        """Time on the scenario's clock as microseconds since 1970."""
        return (EPOCH_S + SCENE_S * self.scene) * 10**6 + round(seconds * 1e6)

    def split_of(self, scene: int) -> str:
        """The split that a scenario belongs to, by its number."""
        return self.assigned.get(self.scenes[scene]) or split_of(scene)

    def _clear(self) -> None:
        there = {path.name for path in self.folder.iterdir()}
        if not there:
            return
        own = self.OWN | {README, CROISSANT}
        if not there <= own | {CARD, INCOMPLETE} or not there & {CARD, INCOMPLETE}:
            raise InputError("this folder is not empty; choose a new or an empty one", Place(str(self.folder)))
        if not self.overwrite:
            state = "a complete" if CARD in there else "an incomplete"
            what = f"there is {state} dataset in this folder; choose another one, remove it, or overwrite it"
            raise InputError(what, Place(str(self.folder)))
        if CARD in there:  # from here on it is no dataset any more
            rename(self.folder / CARD, self.folder / INCOMPLETE)
        for name in there & own:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @abstractmethod
    def begin_scene(self, frame: Frame) -> None:
        """A scenario begins, with this frame; `scene` is its number."""

    @abstractmethod
    def add(self, frame: Frame) -> None:
        """Write a frame; `count` is its number within the scenario."""

    def end_scene(self) -> None:
        """The scenario has no more frames."""

    def finish(self) -> None:
        """No more scenarios."""


def card_of(folder: Path) -> dict[str, Any]:
    """What scenesim.json of a complete dataset says. Raises InputError where it is damaged."""
    place = Place(str(folder / CARD))
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise InputError(f"this file of the dataset is missing or damaged: {error}", place) from error
    if not isinstance(card, dict) or not {"format", "scenarios"} <= card.keys():
        raise InputError("this is not the card of a dataset that scenesim wrote", place)
    return card


def split_of(scene: int) -> str:
    """Split that a scenario belongs to, in formats that leave it to us: every fifth, from the second on, is for validation."""
    return "val" if scene % 5 == 1 else "train"


def as_json(value: object, indent: int | None = 1) -> bytes:
    return (json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n").encode("utf8")
