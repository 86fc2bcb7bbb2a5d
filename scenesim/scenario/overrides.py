"""Overrides: one value of a scenario said anew, as `--set actors[0].speed_m_s=3` says it."""

from __future__ import annotations

import re
from typing import Any

from scenesim.base import document
from scenesim.base.document import Document, Steps
from scenesim.base.errors import InputError, Place, did_you_mean

OVERRIDE = "--set "
# Keys of which a mapping holds one: who sets one means it instead of the others.
RIVALS = (
    {"place", "opendrive"},
    {"speed_m_s", "speed_profile"},
    {"follow_lane", "follow_line", "stand", "walk"},
)
SHORT = {"weather": "preset"}  # a text in the place of a mapping is the value of this key


def override(source: Document, text: str) -> Document:
    """The document with an override, "PATH=VALUE". PATH has keys, numbers of list entries (from 0) or, for actors, their
    names; VALUE is YAML. Raises InputError."""
    path, equals, value = text.partition("=")
    place = Place(OVERRIDE + text)
    steps = [s for s in re.split(r"[.\[\]]+", path.strip()) if s]
    if not equals or not steps:
        raise InputError("write it as PATH=VALUE, such as weather.rain_mm_per_h=10", place)
    try:
        said = document.parse(value, place.file)
    except InputError as e:
        raise InputError(f"{e.message}; VALUE is YAML", place) from None
    return _put(source, steps, said.data, {p: Place(place.file) for p in said.places}, place)


def put(source: Document, path: str, said: Document, place: Place) -> Document:
    """The document with the value of `said` at a path that is written as in `override`. The path stands at `place` in another
    file. Raises InputError."""
    steps = [s for s in re.split(r"[.\[\]]+", path.strip()) if s]
    if not steps:
        raise InputError("give the path of a value, such as weather.rain_mm_per_h", place)
    return _put(source, steps, said.data, said.places, place)


def _put(source: Document, steps: list[str], value: Any, value_places: dict[Steps, Place], place: Place) -> Document:
    target, at = source.data, ()
    places, keys = dict(source.places), dict(source.keys)
    for k, step in enumerate(steps):
        here: Steps = (*at, _step(target, step, at, place))
        last = k == len(steps) - 1
        if isinstance(target, dict):
            _drop_rivals(target, step)
            if not last and step in SHORT and isinstance(target.get(step), str):
                target[step] = {SHORT[step]: target[step]}
                places[(*here, SHORT[step])] = places[here]
            if not last and not isinstance(target.get(step), (dict, list)):
                _refuse_scalar(target.get(step), here, steps[k + 1], place)
                target[step] = {}
                places[here] = keys[here] = place
        if last:
            target[here[-1]] = value
            keys[here] = place
        target, at = target[here[-1]], here
    kept = {p: q for p, q in places.items() if p[: len(at)] != at}
    new = {(*at, *p): q for p, q in value_places.items()}
    return Document(source.file, source.data, {**kept, **new}, keys)


def _step(target: Any, step: str, at: Steps, place: Place) -> str | int:
    """Key or index that a step of the path means in its target."""
    if not isinstance(target, list):
        return step
    names = [entry.get("name") for entry in target if isinstance(entry, dict)]
    if step in names:
        return next(k for k, entry in enumerate(target) if isinstance(entry, dict) and entry.get("name") == step)
    where = document.told(at)
    if not step.isdigit():
        raise InputError(f'no entry "{step}" in {where}{did_you_mean(step, [n for n in names if isinstance(n, str)])}', place)
    if int(step) >= len(target):
        there = f"entries 0 to {len(target) - 1}" if target else "no entries"
        raise InputError(f"{where} has {there}", place)
    return int(step)


def _drop_rivals(target: dict[Any, Any], step: str) -> None:
    for group in RIVALS:
        if step in group:
            for rival in group - {step}:
                target.pop(rival, None)


def _refuse_scalar(value: Any, here: Steps, inner: str, place: Place) -> None:
    if value is not None:
        name = document.told(here)
        raise InputError(f"{name} is {value!r} here, which has no {inner}; set {name} itself", place)
