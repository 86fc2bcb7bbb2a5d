"""Distributions in a scenario: values that are drawn when it is loaded, so that what is kept is concrete.

Wherever a value may stand, one of these may: ``{uniform: [lo, hi]}``, ``{normal: {mean: m, std: s, min: a, max: b}}`` (drawn
again until it lies between min and max), ``{choice: [a, b, c]}``, ``{choice: {a: weight, b: weight}}``. Each has a key of the
scenario's seed and of its own path, so that a change elsewhere in the file does not change what is drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scenesim.base.document import Document, Steps, told
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key, derive, generator
from scenesim.scenario import choices

MOST_TRIES = 10_000  # of a normal distribution before its limits count as out of reach


def draw(document: Document, key: Key, is_whole: Callable[[Steps], bool], errors: list[InputError]) -> Any:
    """The document's data with every distribution replaced by what is drawn from it. What is wrong with one is added to
    `errors`, and None stands in its place. is_whole: whether the value at a path is a whole number."""

    def walk(value: Any, path: Steps) -> Any:
        if isinstance(value, list):
            return [walk(v, (*path, k)) for k, v in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (kind := next(iter(value))) in KINDS:
            try:
                if path == ("seed",):
                    raise _Wrong("the seed is what everything is drawn from; give a number")
                drawn = KINDS[kind](value[kind], generator(derive(key, "draw", told(path))), is_whole(path))
            except _Wrong as e:
                errors.append(InputError(e.message, document.place((*path, kind, *e.path))))
                return None
            return walk(drawn, (*path, kind)) if isinstance(drawn, (dict, list)) else drawn
        return {k: walk(v, (*path, k if isinstance(k, str) else str(k))) for k, v in value.items()}

    return walk(document.data, ())


class _Wrong(Exception):
    """Something wrong within a distribution, at a path in it."""

    def __init__(self, message: str, *path: str | int):
        self.message, self.path = message, path


def _uniform(value: Any, chance: np.random.Generator, whole: bool) -> float | int:
    if not isinstance(value, list) or len(value) != 2:
        raise _Wrong("uniform takes two numbers: [lowest, highest]")
    low, high = (_number(v, k) for k, v in enumerate(value))
    if low > high:
        raise _Wrong(f"{low:g} is above {high:g}; write [lowest, highest]")
    if not whole:
        return low + (high - low) * float(chance.random())
    if low != int(low) or high != int(high):
        raise _Wrong("this value is a whole number; give whole limits")
    return int(low) + int(chance.integers(int(high) - int(low) + 1))


def _normal(value: Any, chance: np.random.Generator, whole: bool) -> float | int:
    names = ("mean", "std", "min", "max")
    if not isinstance(value, dict) or not {"mean", "std"} <= set(value):
        raise _Wrong("normal takes {mean: ..., std: ...}, and min and max if you like")
    for name in value:
        if name not in names:
            raise _Wrong(f'unknown key "{name}"{did_you_mean(str(name), names)}', str(name))
    mean, std = _number(value["mean"], "mean"), _number(value["std"], "std")
    low, high = _number(value.get("min", -1e300), "min"), _number(value.get("max", 1e300), "max")
    if std < 0:
        raise _Wrong(f"a standard deviation is not negative ({std:g})", "std")
    if low > high:
        raise _Wrong(f"min ({low:g}) is above max ({high:g})", "min")
    for _ in range(MOST_TRIES):
        drawn = mean + std * float(chance.standard_normal())
        drawn = float(round(drawn)) if whole else drawn
        if low <= drawn <= high:
            return int(drawn) if whole else drawn
    raise _Wrong(f"{low:g} to {high:g} is too far from the mean {mean:g} to be drawn; use uniform", "mean")


def _choice(value: Any, chance: np.random.Generator, whole: bool) -> Any:
    if isinstance(value, list) and value:
        return value[int(chance.integers(len(value)))]
    if not isinstance(value, dict) or not value:
        raise _Wrong("choice takes a list, [a, b], or weights, {a: 2, b: 1}")
    weights = [_number(w, str(name)) for name, w in value.items()]
    if min(weights) < 0 or sum(weights) <= 0:
        raise _Wrong("weights are not negative, and one at least is above 0")
    at, below = float(chance.random()) * sum(weights), 0.0
    for name, weight in zip(value, weights):
        below += weight
        if at < below:
            return name
    return [name for name, weight in zip(value, weights) if weight > 0][-1]


def _number(value: Any, *path: str | int) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Wrong(f"{choices.shown(value)} should be a number", *path)
    return float(value)


KINDS: dict[Any, Callable[[Any, np.random.Generator, bool], Any]] = {"uniform": _uniform, "normal": _normal, "choice": _choice}

_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_NORMAL = {n: {"type": "number"} for n in ("mean", "std", "min", "max")}
SCHEMA: dict[str, Any] = {
    "title": "Draw",
    "description": "a value drawn with the seed",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "uniform": _PAIR,
        "normal": {"type": "object", "properties": _NORMAL, "required": ["mean", "std"], "additionalProperties": False},
        "choice": {
            "anyOf": [
                {"type": "array", "minItems": 1},
                {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number", "minimum": 0}},
            ]
        },
    },
}
