"""From a file to a Scenario: the door at which everything a user can get wrong is told, with its place and what instead.

`load` reads the YAML (base.document), applies the overrides, draws the distributions (scenario.draws), resolves paths, checks
all of it against scenario.model, and warns of what is legal but silly (scenario.doubts). After it nothing is checked again.
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenesim.base import assets, document
from scenesim.base.document import Document, Steps
from scenesim.base.errors import InputError, Place, SceneWarning, did_you_mean
from scenesim.base.keys import root
from scenesim.scenario import doubts, draws, imports
from scenesim.scenario.model import Scenario
from scenesim.scenario.overrides import OVERRIDE, override
from scenesim.scenario.telling import tell, types_at

SUFFIXES = (".yaml", ".yml")
LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def load(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario in a file, or one that ships, by its name; overrides are texts like "weather.rain_mm_per_h=10".

    Raises InputError that tells all problems at once, each with file, line, column and path. Warns (SceneWarning) of what is
    legal but probably not meant.
    """
    return check(document.read(find(name_or_path)), overrides)


def source_of(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Document:
    """The document of a scenario with overrides, for the places of what turns out wrong later."""
    source = document.read(find(name_or_path))
    for text in overrides:
        source = override(source, text)
    return source


def located(error: InputError, source: Document) -> InputError:
    """An error of the simulation, which knows the path in the scenario alone, with its file and line."""
    place = error.place
    if place is None or place.line or place.path or place.file.split(".")[0].split("[")[0] not in Scenario.model_fields:
        return error
    return source.located(InputError(error.message, Place("", path=place.file), error.others))


def find(name_or_path: str | Path) -> Path:
    """The file of a scenario. Raises InputError with a suggestion where there is none."""
    path = Path(name_or_path)
    looks_like_path = isinstance(name_or_path, Path) or path.suffix in (*SUFFIXES, ".xodr", ".xosc") or len(path.parts) > 1
    if path.suffix == ".xodr":
        raise InputError(f"is a map, not a scenario; render a scenario on it: --set road.opendrive={path}", Place(str(path)))
    if path.suffix == ".xosc":
        raise InputError("OpenSCENARIO files are not read yet; write the scenario in YAML", Place(str(path)))
    if looks_like_path or path.exists():
        return path
    if name_or_path in names():
        return assets.folder("scenarios") / f"{name_or_path}.yaml"
    raise InputError(f'no scenario "{name_or_path}", and no file of that name{did_you_mean(str(name_or_path), names())}')


def names() -> list[str]:
    """Names of the scenarios that ship."""
    return sorted(p.stem for p in assets.folder("scenarios").glob("*.yaml"))


def check(source: Document, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario that a document says, with overrides. Raises InputError as `load` does."""
    if not isinstance(source.data, dict):
        what = "is empty" if source.data is None else "is no mapping"
        raise InputError(f"{what}; a scenario is keys and values: name: ..., road: ..., ego: ...", source.place(()))
    errors: list[InputError] = []
    for text in overrides:
        try:
            source = override(source, text)
        except InputError as e:
            errors.append(e)
    seed = source.data.get("seed", 0)
    key = root(seed if isinstance(seed, int) and not isinstance(seed, bool) else 0)
    drawn = draws.draw(source, key, _is_whole, errors)
    undrawn = {document.told(_outside(e)) for e in errors}
    _resolve_map(source, drawn, errors)
    _resolve_imports(source, drawn, errors)
    source = _resolve_rig(source, drawn, errors)
    scenario = None
    try:
        scenario = Scenario.model_validate(drawn)
    except ValidationError as e:
        errors += [t for t in tell(e, Scenario, source, drawn) if not (t.place and t.place.path in undrawn)]
    except InputError as e:  # from the rig, whose paths begin at itself
        errors.append(source.located(e, ("rig",)))
    if errors:
        errors.sort(key=lambda e: (e.place.line, e.place.column) if e.place else (0, 0))
        raise InputError(errors[0].message, errors[0].place, errors[1:])
    assert scenario is not None
    for path, doubt in doubts.doubts(scenario):
        warnings.warn(SceneWarning(f"{source.place(path)}: {doubt}"), stacklevel=3)
    return scenario


def dump(scenario: Scenario, folder: Path | None = None, within: Path | None = None) -> str:
    """YAML that loads to the same scenario: every value concrete. The path of a map or model is absolute; where a folder is
    given that the text will be kept in, and it lies there or below (or in the folder `within` or below), it is relative."""
    data = scenario.model_dump(mode="json", exclude_none=True, by_alias=True)
    if scenario.road.opendrive is not None:
        data["road"]["opendrive"] = _told_path(scenario.road.opendrive, folder, within)
    for name, request in imports.requests(scenario).items():
        data["models"][name] |= {
            "import": _told_path(scenario.models[name].file, folder, within),
            "sha256": dict(request.options)["sha256"],
        }
    if not scenario.models:
        del data["models"]
    return document.write(data)


def _told_path(file: str, folder: Path | None, within: Path | None) -> str:
    path = Path(os.path.abspath(file))
    if folder is not None and path.is_relative_to(os.path.abspath(within or folder)):
        path = Path(os.path.relpath(path, folder))
    return path.as_posix()


# ---- what the model cannot know


def _resolve_map(source: Document, data: dict[str, Any], errors: list[InputError]) -> None:
    """Make the map's path absolute: relative to the scenario's file, or to the working directory where an override says it."""
    road = data.get("road")
    if not isinstance(road, dict) or not isinstance(road.get("opendrive"), str):
        return
    place = source.place(("road", "opendrive"))
    path = _beside(place, road["opendrive"])
    if not path.is_file():
        what = "is a folder; give an .xodr file" if path.is_dir() else "no such file; is it relative to the scenario's file?"
        if place.file.startswith(OVERRIDE):
            what = what.replace("the scenario's file", "the working directory")
        errors.append(InputError(f"{path}: {what}", place))
    road["opendrive"] = str(path)


def _resolve_imports(source: Document, data: dict[str, Any], errors: list[InputError]) -> None:
    """Make the paths of models absolute, as that of the map, and write down the digests of the files. A file that is known by
    its digest may also lie beside the scenario's file, or in a folder `models` there: so a dataset that moved finds it."""
    models = data.get("models")
    for name, said in models.items() if isinstance(models, dict) else ():
        if not isinstance(said, dict) or not isinstance(said.get("import"), str):
            continue
        place = source.place(("models", name, "import"))
        path, wanted = _beside(place, said["import"]), said.get("sha256")
        if not path.exists() and isinstance(wanted, str):
            near = [_beside(place, f"{folder}{path.name}") for folder in ("", "models/")]
            path = next((p for p in near if p.is_file()), path)
        said["import"] = str(path)
        if not path.is_file():
            what = "is a folder; give a model file" if path.is_dir() else "no such file"
            where = f"; put the one with sha256 {wanted} there, or beside the scenario" if isinstance(wanted, str) else ""
            errors.append(InputError(f"{path}: {what}{where}", place))
            continue
        try:
            found = imports.digest(path)
        except InputError as e:
            errors.append(InputError(str(e), place))
            continue
        if isinstance(wanted, str) and found != wanted:
            message = f"the file {path} has the sha256 {found}: it is another one, or has changed"
            errors.append(InputError(message, source.place(("models", name, "sha256"))))
            continue
        said["sha256"] = found


def _resolve_rig(source: Document, data: dict[str, Any], errors: list[InputError]) -> Document:
    """Put the contents of a rig's file in the place of its path."""
    rig = data.get("rig")
    if not isinstance(rig, str) or not rig.endswith(SUFFIXES):
        return source
    place = source.place(("rig",))
    try:
        other = document.read(_beside(place, rig))
    except InputError as e:
        errors.append(InputError(f"{e.place}: {e.message}", place))
        data.pop("rig")
        return source
    data["rig"] = other.data
    places = {**source.places, **{("rig", *p): at for p, at in other.places.items()}}
    keys = {**source.keys, **{("rig", *p): at for p, at in other.keys.items()}}
    return Document(source.file, source.data, places, keys)


def _beside(place: Place, path: str) -> Path:
    base = Path() if place.file.startswith(OVERRIDE) else Path(place.file).parent
    return Path(os.path.abspath(base / Path(path).expanduser()))


def _outside(error: InputError) -> Steps:
    """Path of the value that a wrong distribution stands for."""
    path = error.place.path if error.place else ""
    parts = path.replace("[", ".").replace("]", "").split(".")
    known = [k for k, part in enumerate(parts) if part in draws.KINDS]
    cut = parts[: known[0]] if known else parts
    return tuple(int(p) if p.isdigit() else p for p in cut)


def _is_whole(steps: Steps) -> bool:
    kinds = types_at(Scenario, steps)
    return int in kinds and float not in kinds


def schema() -> dict[str, Any]:
    """JSON Schema of a scenario file, from which an editor completes and a program generates."""
    found = Scenario.model_json_schema()
    parts = found.setdefault("$defs", {})
    for part in (found, *parts.values()):
        for name, value in part.get("properties", {}).items():
            for arm in (value, *value.get("anyOf", ())):
                for limit in LIMITS.keys() & arm.keys():
                    arm[LIMITS[limit]] = arm.pop(limit)
            if name != "seed" and _is_scalar(value):
                about = {k: value.pop(k) for k in ("title", "description", "default") if k in value}
                part["properties"][name] = {**about, "anyOf": [*value.get("anyOf", [value]), {"$ref": "#/$defs/Draw"}]}
    found |= _models_by_name(parts)
    names_or_rig = [{"enum": assets.names("rigs")}, {"type": "string", "pattern": r"\.ya?ml$"}, {"type": "object"}]
    found["properties"]["rig"]["anyOf"] = names_or_rig
    for name, group in (("weather", "weather"), ("population", "populations")):
        part = found["properties"][name]
        part["anyOf"] = [{"enum": assets.names(group)}, {"$ref": part.pop("$ref")}]
    parts["Draw"] = draws.SCHEMA
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _models_by_name(parts: dict[str, Any]) -> dict[str, Any]:
    """Let an actor's model be any name, and return the rule that it is one of the catalogue's where there are no models."""
    known = {part: copy.deepcopy(parts[part]["properties"]["model"]) for part in ("Ego", "Actor")}
    for part in known:
        parts[part]["properties"]["model"]["anyOf"].append({"type": "string", "description": "a name in models"})
    ego, actor = ({"properties": {"model": {"anyOf": known[part]["anyOf"]}}} for part in ("Ego", "Actor"))
    return {
        "if": {"not": {"required": ["models"]}},
        "then": {"properties": {"ego": ego, "actors": {"items": actor}}},
    }


def _is_scalar(value: dict[str, Any]) -> bool:
    arms = value.get("anyOf", [value])
    return any(a.get("type") in ("number", "integer", "boolean") or "enum" in a or "const" in a for a in arms)
