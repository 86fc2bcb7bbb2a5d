"""The recipe of a batch: which scenarios, what is drawn in them, how many seeds, which twins, splits and formats."""

from __future__ import annotations

import copy
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, ValidationError, model_validator

from scenesim.base import assets, document
from scenesim.base.document import Document, Steps
from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.datasets.formats import WRITERS
from scenesim.datasets.licenses import DEFAULT, LICENSES
from scenesim.models.imported_guard import FORMATS
from scenesim.scenario import choices, load
from scenesim.scenario.model import Number, Part
from scenesim.scenario.overrides import put
from scenesim.scenario.telling import tell

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,23}")
NO_TWIN = ""
Changes = dict[StrictStr, Any]
Format = Annotated[StrictStr, choices.OneOf("dataset format", lambda: WRITERS)]
Weight = Annotated[Number, Field(ge=0)]
Frames = StrictInt | StrictStr


def _check_name(name: str, *path: str | int) -> None:
    if not NAME.fullmatch(name):
        raise choices.wrong(
            f'"{name}" becomes a part of folders\' names: begin with a letter, use letters, digits and _, at most 24', *path
        )


def _check_frames(frames: Frames | None) -> None:
    if frames is not None:
        try:
            span(frames, 2**31)
        except ValueError:
            message = f'"{frames}" is neither A:B, such as "5:10", nor a number of frames above 0'
            raise choices.wrong(message, "frames") from None


def span(frames: Frames | None, count: int) -> range:
    """Numbers of the frames that are asked for, of a scenario that has `count`. Raises ValueError for what is no range."""
    if frames is None:
        return range(count)
    first, _, last = str(frames).rpartition(":")
    found = range(int(first or 0), int(last))
    if len(found) == 0 or found.start < 0:
        raise ValueError(frames)
    return found if ":" in str(frames) else found[:count]


class Entry(Part):
    """A scenario of the recipe, and what is changed or drawn in it."""

    scenario: StrictStr | dict[StrictStr, Any] = Field(description="name of one that ships, path of a file, or written here")
    name: StrictStr | None = Field(default=None, description="of its shards; as the scenario's file if left out")
    seeds: Annotated[StrictInt, Field(ge=1, le=10**9)] | None = Field(default=None, description="how many; as the recipe's")
    frames: Frames | None = Field(default=None, description="A:B, or the first N; as the recipe's")
    set: Changes | None = Field(default=None, description="path of a value: value or distribution")
    twins: dict[StrictStr, Changes | None] | None = Field(default=None, description="instead of the recipe's")

    @property
    def called(self) -> str:
        """Its name in the names of shards."""
        if self.name is not None:
            return self.name
        own = self.scenario.get("name", "") if isinstance(self.scenario, dict) else Path(self.scenario).stem
        return str(own)

    @model_validator(mode="after")
    def _names(self) -> Entry:
        if not NAME.fullmatch(self.called):
            if self.name is None:
                raise choices.wrong(f'give it a name: "{self.called}" cannot be a part of folders\' names', "scenario")
            _check_name(self.name, "name")
        for twin in self.twins or ():
            _check_name(twin, "twins", twin)
        _check_frames(self.frames)
        return self


class Recipe(Part):
    """What is to be made."""

    name: StrictStr
    description: StrictStr = ""
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    scenarios: Annotated[tuple[Entry, ...], Field(min_length=1)]
    seeds: Annotated[StrictInt, Field(ge=1, le=10**9, description="of each scenario, and each with all twins")] = 1
    twins: dict[StrictStr, Changes | None] | None = Field(default=None, description="name: changes; all of one seed")
    splits: dict[StrictStr, Weight] = Field(default={"all": 1.0}, description="name: share")
    split_by: Literal["seed", "scenario"] = "seed"
    frames: Frames | None = None
    sensors: tuple[StrictStr, ...] | None = None
    formats: tuple[Format, ...] = ("native",)
    image_format: Literal["png", "jpg"] | None = Field(default=None, description="png in native, else jpg, if left out")
    license: Annotated[StrictStr, choices.OneOf("license", lambda: LICENSES)] = Field(
        default=DEFAULT, description="of the data, for its card"
    )

    @model_validator(mode="after")
    def _names(self) -> Recipe:
        _check_name(self.name, "name")
        for kind, names in (("twins", self.twins), ("splits", self.splits)):
            for name in names or ():
                _check_name(name, kind, name)
        seen: dict[str, int] = {}
        for k, entry in enumerate(self.scenarios):
            if seen.setdefault(entry.called, k) != k:
                raise choices.wrong(f'two scenarios are called "{entry.called}"; give each its own name', "scenarios", k)
        if not sum(self.splits.values()) > 0:
            raise choices.wrong("one split at least needs a share above 0", "splits")
        for kind in ("sensors", "formats"):
            if getattr(self, kind) == ():
                raise choices.wrong("is empty; name one at least, or leave the key out", kind)
        _check_frames(self.frames)
        return self

    def twins_of(self, entry: Entry) -> dict[str, Changes]:
        """Name and changes of each twin; one without a name where there are none."""
        twins = entry.twins if entry.twins is not None else self.twins
        return {name: changes or {} for name, changes in twins.items()} if twins else {NO_TWIN: {}}


@dataclass(frozen=True)
class Source:
    """A recipe with what it says where: `base` holds the document of each of its scenarios, without changes."""

    recipe: Recipe
    document: Document
    base: tuple[Document, ...]

    def template(self, entry: int, twin: str) -> Document:
        """Document of a scenario with the changes of the recipe and of a twin: all but seed and name. Raises InputError."""
        asked = self.recipe.scenarios[entry]
        base = self.base[entry]
        found = Document(base.file, copy.deepcopy(base.data), base.places, base.keys)
        own: Steps = ("scenarios", entry)
        twins = (*own, "twins", twin) if asked.twins is not None else ("twins", twin)
        for at, changes in (((*own, "set"), asked.set or {}), (twins, self.recipe.twins_of(asked)[twin])):
            for path in changes:
                found = self._changed(found, at, path)
        return found

    def _changed(self, found: Document, at: Steps, path: str) -> Document:
        place = self.document.place((*at, path), key=True)
        if path in ("seed", "name"):
            raise InputError(f"each shard gets a {path} of its own; leave it out", place)
        return put(found, path, part(self.document, (*at, path)), place)


def part(source: Document, at: Steps) -> Document:
    """The document of the value at a path, a copy."""
    data = source.data
    for step in at:
        data = data[step]
    n = len(at)
    places = {p[n:]: Place(q.file, q.line, q.column) for p, q in source.places.items() if p[:n] == at}
    keys = {p[n:]: Place(q.file, q.line, q.column) for p, q in source.keys.items() if p[:n] == at and len(p) > n}
    return Document(source.file, copy.deepcopy(data), places, keys)


def names() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(p.stem for p in (assets.folder("scenarios") / "recipes").glob("*.yaml"))


def find(name_or_path: str | Path) -> Path:
    """The file of a recipe. Raises InputError with a suggestion where there is none."""
    path = Path(name_or_path)
    if path.suffix in load.SUFFIXES or len(path.parts) > 1 or path.exists():
        return path
    if path.name in names():
        return assets.folder("scenarios") / "recipes" / f"{path.name}.yaml"
    raise InputError(f'no recipe "{path}", and no file of that name{did_you_mean(str(path), names())}')


def read(name_or_path: str | Path) -> Source:
    """The recipe in a file, or one that ships, by its name, with the scenarios that it names. Raises InputError that tells all
    problems of the recipe."""
    return check(document.read(find(name_or_path)))


def check(source: Document) -> Source:
    """The recipe that a document says. Raises InputError as `read` does."""
    if not isinstance(source.data, dict):
        what = "is empty" if source.data is None else "is no mapping"
        raise InputError(f"{what}; a recipe is keys and values: name: ..., scenarios: [{{scenario: ...}}]", source.place(()))
    try:
        recipe = Recipe.model_validate(source.data)
    except ValidationError as e:
        errors = tell(e, Recipe, source, source.data)
        errors.sort(key=lambda e: (e.place.line, e.place.column) if e.place else (0, 0))
        raise InputError(errors[0].message, errors[0].place, errors[1:]) from None
    return Source(recipe, source, tuple(_base(source, k, entry) for k, entry in enumerate(recipe.scenarios)))


def _base(source: Document, k: int, entry: Entry) -> Document:
    at: Steps = ("scenarios", k, "scenario")
    if isinstance(entry.scenario, dict):
        return part(source, at)
    place = source.place(at)
    beside = Path(os.path.abspath(Path(source.file).parent / Path(entry.scenario).expanduser()))
    try:
        found = document.read(beside if beside.is_file() else load.find(entry.scenario))
    except InputError as e:
        raise InputError(e.message if e.place is None else f"{e.place}: {e.message}", place) from None
    if not isinstance(found.data, dict):
        raise InputError(f"{entry.scenario}: is no scenario", place)
    return found


def schema() -> dict[str, Any]:
    """JSON Schema of a recipe, from which an editor completes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Recipe.model_json_schema()}


# ---- a recipe that needs no other file


def bundle(source: Source) -> tuple[str, dict[str, Path]]:
    """The recipe as YAML with the scenarios and rigs that it names written into it, and the maps that it needs: name -> file.
    In it, a map lies in the folder `maps` beside it. Says the same as the recipe. Raises InputError for a missing rig."""
    maps: dict[str, Path] = {}
    data = copy.deepcopy(source.document.data)
    beside = Path(source.document.file).parent
    for entry, base in zip(data["scenarios"], source.base):
        inline = isinstance(entry["scenario"], dict)
        entry["name"] = str(entry.get("name") or _called(entry["scenario"]))
        entry["scenario"] = _bundled(base.data, beside if inline else Path(base.file).parent, maps)
        for key in ("set", "twins"):
            if entry.get(key):
                entry[key] = _bundled(entry[key], beside, maps)
    if data.get("twins"):
        data["twins"] = _bundled(data["twins"], beside, maps)
    return document.write(data), maps


def _called(scenario: Any) -> str:
    return scenario.get("name", "") if isinstance(scenario, dict) else Path(scenario).stem


def _bundled(value: Any, beside: Path, maps: dict[str, Path], key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _bundled(v, beside, maps, str(k) if str(k) not in ("choice",) else key) for k, v in value.items()}
    if isinstance(value, list):
        return [_bundled(v, beside, maps, key) for v in value]
    if not isinstance(value, str):
        return value
    path = Path(os.path.abspath(beside / Path(value).expanduser())) if value.endswith((".xodr", *load.SUFFIXES)) else Path()
    last = key.rpartition(".")[2]
    if last == "opendrive" and path.is_file():
        return _map(path, maps)
    if last == "import" and value.lower().endswith(FORMATS):
        return os.path.abspath(beside / Path(value).expanduser())
    if last == "rig" and value.endswith(load.SUFFIXES):
        return document.read(path).data
    return value


def _map(path: Path, maps: dict[str, Path]) -> str:
    name = path.name
    number = 2
    while maps.setdefault(name, path) != path:
        name, number = f"{path.stem}_{number}{path.suffix}", number + 1
    return f"maps/{name}"
