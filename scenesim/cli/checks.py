"""`scenesim check`: what a file is, and what is wrong with it.

Every check is the reading itself: what passes here is what `render` takes.
"""

from __future__ import annotations

import inspect
import math
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from scenesim.base import assets, document
from scenesim.base.document import Document, Steps
from scenesim.base.errors import InputError, Place, SceneWarning, did_you_mean
from scenesim.models.imported_guard import FORMATS

if TYPE_CHECKING:
    from scenesim.scenario.model import Scenario
    from scenesim.sensors.rig import Rig
    from scenesim.world.timeline import Timeline

# Keys that only one kind of YAML file has at its top, for files that do not lie in a folder of assets.
TELLING_KEYS = {
    "rigs": {"sensors", "rate_hz"},
    "sensors": {"kind", "width_px", "beams", "fov_deg"},
    "vehicles": {"family", "wheelbase_m"},
    "roadside": {"builder"},
    "vegetation": {"trunk", "crown", "leaves"},
    "people": {"outfits", "bodies"},
}


def check_file(path: Path) -> str:
    """A line that says what a good file is. Raises InputError that says all that is wrong."""
    if path.is_dir():
        return _dataset(path)
    suffix = path.suffix.lower()
    if suffix in CHECKS:
        return CHECKS[suffix](path)
    if not path.exists():
        raise InputError("no such file", Place(str(path)))
    if zipfile.is_zipfile(path):
        return _timeline(path)
    raise InputError(
        f'"{suffix}" is not known; scenesim reads scenarios and assets (.yaml), maps (.xodr), models ({", ".join(FORMATS)}), '
        "timelines and datasets",
        Place(str(path)),
    )


# ---- maps, timelines, datasets


def _map(path: Path) -> str:
    from scenesim.scenario import opendrive
    from scenesim.world.road import RoadMap

    network = opendrive.read(path)
    for warning in network.warnings:
        click.echo(f"warning: {warning}", err=True)
    RoadMap(network)
    length = sum(road.length for road in network.roads.values())
    return f"an OpenDRIVE map: roads {len(network.roads)}, junctions {len(network.junctions)}, length {length:.0f} m"


def _openscenario(path: Path) -> str:
    from scenesim.scenario.opendrive import parse_xml

    parse_xml(path)
    raise InputError("OpenSCENARIO files are not read yet; write the scenario in YAML (scenesim schema)", Place(str(path)))


def _xml(path: Path) -> str:
    from scenesim.scenario.opendrive import parse_xml

    tag = str(parse_xml(path).tag).rpartition("}")[2]
    return _openscenario(path) if tag == "OpenSCENARIO" else _map(path)


def _timeline(path: Path) -> str:
    from scenesim.world.timeline import Timeline

    found = Timeline.load(path)
    return f"a timeline: actors {len(found.actors)}, {found.duration_s:g} s"


def _dataset(path: Path) -> str:
    from scenesim.datasets.folder import CARD, card_of
    from scenesim.datasets.reader import open_native

    if (path / CARD).is_file():
        card = card_of(path)
        return f"a dataset in the format {card['format']}: scenarios {len(card['scenarios'])}, complete"
    dataset = open_native(path)
    for _ in dataset:
        pass
    return f"a dataset: frames {len(dataset)}, complete"


def _model(path: Path) -> str:
    from scenesim.models import imported
    from scenesim.models.imported_file import read
    from scenesim.models.imported_guard import open_source

    pieces = read(open_source(path))
    corners = np.concatenate([p.corner.reshape(-1, 3) for p in pieces])
    if not np.isfinite(corners).all():
        raise InputError("has corners that are no finite numbers (nan or infinite); repair or export it anew", Place(str(path)))
    x, y, z = np.ptp(corners, axis=0)
    up, forward = imported.USUAL_AXES[path.suffix.lower()]
    return (
        f"a model: triangles {len(corners) // 3}, {x:.6g} x {y:.6g} x {z:.6g} along its x, y and z (taken for up: {up}, "
        f"forward: {forward}), materials: {', '.join(sorted({p.look.name for p in pieces}))}"
    )


# ---- YAML


def _yaml(path: Path) -> str:
    source = document.read(path)
    kind = _kind(path, source)
    if kind == "recipes":
        return _recipe(source)
    if kind == "scenarios":
        return _scenario(source)
    if not isinstance(source.data, dict):
        raise InputError("is empty" if source.data is None else "should be a mapping: keys and values", source.place(()))
    try:
        return ASSETS.get(kind, _like_its_siblings)(path, source)
    except InputError as e:
        raise source.located(e) from None


def _kind(path: Path, source: Document) -> str:
    """What a YAML file is: by the folder that it lies in, else by its keys, else a scenario."""
    folder = path.resolve().parent.name
    if assets.names(folder):
        return folder
    keys = set(source.data) if isinstance(source.data, dict) else set()
    if "scenarios" in keys:
        return "recipes"
    if "road" in keys or "ego" in keys or "rig" in keys:
        return "scenarios"
    if keys and all(isinstance(v, dict) and v.keys() & {"albedo", "shader", "roughness"} for v in source.data.values()):
        return "materials"
    return next((kind for kind, telling in TELLING_KEYS.items() if keys & telling), "scenarios")


def _recipe(source: Document) -> str:
    from scenesim.batch import recipe
    from scenesim.batch.estimate import estimate
    from scenesim.batch.plan import Plan

    plan = Plan(recipe.check(source))
    found = estimate(plan, plan.tried())
    return f"a recipe: scenarios {len(plan.recipe.scenarios)}, shards {len(plan)}, frames {found.frames:.0f}"


def _scenario(source: Document) -> str:
    from scenesim import simulate
    from scenesim.models import catalogue
    from scenesim.scenario import imports, load

    scenario = load.check(source)
    try:
        for request in imports.requests(scenario).values():
            catalogue.build(request)
        found = simulate.timeline(scenario)
    except InputError as e:
        raise load.located(e, source) from None
    _doubt_collisions(scenario, found, source)
    return f"a scenario: frames {scenario.frame_count}, {_sensors(scenario.instruments)}, actors {len(found.actors)}"


def _doubt_collisions(scenario: Scenario, timeline: Timeline, source: Document) -> None:
    """Warn where an ego that brakes for nobody drives through others: it then looks out of their insides."""
    from scenesim.world.collisions import collisions

    name = next((n for n in ("follow_lane", "follow_line") if getattr(scenario.ego, n) is not None), "")
    motion = getattr(scenario.ego, name, None)
    fixed = next((n for n in ("speed_m_s", "speed_profile") if getattr(motion, n, None) is not None), None)
    if fixed is None:
        return
    for hit in collisions(timeline):
        text = f"the ego drives through {hit.name} at {hit.time_s:.2f} s; left out, it drives as the traffic allows"
        warnings.warn(SceneWarning(f"{source.place(('ego', name, fixed))}: {text}"), stacklevel=2)


def _sensors(rig: Rig) -> str:
    """How many sensors of each kind; cameras and lidars always, the others where there are some."""
    others = (("radars", rig.radars), ("sensors of motion", rig.motion))
    return f"cameras {len(rig.cameras)}, lidars {len(rig.lidars)}" + "".join(f", {k} {len(v)}" for k, v in others if v)


def _rig(path: Path, source: Document) -> str:
    from scenesim.sensors import rig

    found = rig.load(source.data, Place(str(path)))
    return f"a rig: {_sensors(found)}"


def _sensor(path: Path, source: Document) -> str:
    from scenesim.sensors import rig

    try:
        found = rig.load({"sensors": {"it": {"position_m": [0, 0, 0], **source.data}}}, Place(str(path)))
    except InputError as e:
        inside = e.place.path.removeprefix("sensors.it").lstrip(".") if e.place else ""
        raise InputError(e.message, Place(str(path), path=inside)) from None
    if found.lidars:
        return f"a lidar: pulses {len(found.lidars[0].pulses().ring)} a sweep"
    if found.radars:
        return "a radar: " + ", ".join(f"{scan.name} {len(scan.fan()[0])} rays" for scan in found.radars[0].scans)
    return f"a sensor of motion: {found.motion[0].rate_hz:g} samples a second" if found.motion else "a camera"


def _materials(path: Path, source: Document) -> str:
    from scenesim.models import material

    errors: list[InputError] = []
    for name, properties in source.data.items():
        place = source.place((str(name),))
        if properties is not None and not isinstance(properties, dict):
            errors.append(InputError("should be a mapping of material properties", place))
            continue
        for key, value in (properties or {}).items():
            try:
                material.row({key: value}, source.place((str(name), str(key))))
            except InputError as e:
                errors.append(e)
    if errors:
        raise InputError(errors[0].message, errors[0].place, errors[1:])
    return f"materials: {len(source.data)}"


def _vehicle(path: Path, source: Document) -> str:
    from scenesim.models import vehicle_recipe

    if path.name == "paints.yaml":
        return _like_its_siblings(path, source)
    values = dict(source.data)
    if "like" in values:
        like = values.pop("like")
        if like not in assets.names("vehicles"):
            raise InputError(f'no vehicle "{like}"{did_you_mean(str(like), assets.names("vehicles"))}', source.place(("like",)))
        values = {**assets.read("vehicles", like), **values}
    try:
        found = vehicle_recipe.checked(values, Place(str(path)))
    except InputError as e:  # it names the key in its text
        words = e.message.replace(":", "").split()
        named = [k for k in source.data if f'"{k}"' in e.message or k in words[:3]]
        raise InputError(e.message, source.place((named[0],) if named else ())) from None
    return f"a vehicle: {found.length_m:g} x {found.width_m:g} x {found.height_m:g} m"


def _roadside(path: Path, source: Document) -> str:
    from scenesim.models import roadside

    builder = source.data.get("builder")
    if builder not in roadside.BUILDERS:
        raise InputError(f'no builder "{builder}"{did_you_mean(str(builder), roadside.BUILDERS)}', source.place(("builder",)))
    parameters = inspect.signature(roadside.BUILDERS[builder]).parameters
    errors = []
    for key, value in source.data.items():
        if key in ("builder", "class_name"):
            continue
        if key not in parameters:
            message = f'a {builder} has no "{key}"{did_you_mean(str(key), parameters)}'
            errors.append(InputError(message, source.place((str(key),), key=True)))
        elif key.endswith(("_m", "_cd")) and not _positive(value):
            errors.append(InputError(f"{value!r} should be a number above 0", source.place((key,))))
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in source.data:
            errors.append(InputError("is missing", source.place((name,))))
    if errors:
        raise InputError(errors[0].message, errors[0].place, errors[1:])
    return f"a {builder}"


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _like_its_siblings(path: Path, source: Document) -> str:
    """Against what ships in the same folder: the same keys, with the same kinds of values, and finite numbers."""
    group = path.resolve().parent.name
    known = [assets.read(group, name) for name in assets.names(group)]
    errors: list[InputError] = []
    for key, value in source.data.items():
        samples = [k[key] for k in known if key in k]
        if not samples:
            keys = sorted({str(k) for sibling in known for k in sibling})
            errors.append(InputError(f'unknown key "{key}"{did_you_mean(str(key), keys)}', source.place((str(key),), key=True)))
        elif not any(_sort(value) is _sort(sample) for sample in samples):
            errors.append(InputError(f"should be a {_sort(samples[0]).__name__}", source.place((str(key),))))
    errors += [InputError("is no finite number", source.place(p)) for p in _endless(source.data, ())]
    if errors:
        raise InputError(errors[0].message, errors[0].place, errors[1:])
    return f"an asset of {group}"


def _sort(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _endless(value: Any, at: Steps) -> list[Steps]:
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in _endless(v, (*at, str(k)))]
    if isinstance(value, list):
        return [p for k, v in enumerate(value) for p in _endless(v, (*at, k))]
    return [at] if isinstance(value, float) and not math.isfinite(value) else []


ASSETS: dict[str, Callable[[Path, Document], str]] = {
    "rigs": _rig,
    "sensors": _sensor,
    "materials": _materials,
    "vehicles": _vehicle,
    "roadside": _roadside,
}
CHECKS: dict[str, Callable[[Path], str]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".xodr": _map,
    ".xosc": _openscenario,
    ".xml": _xml,
    **dict.fromkeys(FORMATS, _model),
}
