"""The model's errors in the user's words, each at its place in the file."""

from __future__ import annotations

import re
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from scenesim.base.document import Document, Steps
from scenesim.base.errors import InputError, did_you_mean
from scenesim.scenario import choices

# Type of a pydantic error -> what is told; names in braces are of the error's context, and `value` is what was given.
WORDS = {
    "missing": "is missing",
    "string_type": "{value} should be text; put it in quotes",
    "int_type": "{value} should be a whole number",
    "int_from_float": "{value} should be a whole number",
    "bool_type": "{value} should be true or false",
    "greater_than": "{value} should be above {gt:g}",
    "greater_than_equal": "{value} should be at least {ge:g}",
    "less_than": "{value} should be below {lt:g}",
    "less_than_equal": "{value} should be at most {le:g}",
    "finite_number": "{value} should be a finite number",
    "string_pattern_mismatch": "{value} should begin with a letter and hold only letters, digits, and . _ -",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "holds {actual_length}, at least {min_length} are needed",
    "too_long": "holds {actual_length}, at most {max_length} are meant",
    "tuple_type": "{value} should be a list",
    "model_type": "{value} should be a mapping: keys and values",
    "dict_type": "{value} should be a mapping: keys and values",
    "invalid_key": "a key should be text; put it in quotes",
}


def tell(error: ValidationError, model: type[BaseModel], source: Document, data: Any) -> list[InputError]:
    """An InputError for each problem that the model found in `data`, which came from `source`."""
    found: dict[Steps, Any] = {}
    for e in error.errors(include_url=False):
        # The arms of a union each complain; one complaint is enough.
        found.setdefault((*_in_data(e["loc"], data), *e.get("ctx", {}).get("path", ())), e)
    for steps, e in list(found.items()):
        # A list is called too short when its entries are wrong.
        if e["type"] == "too_short" and any(p[: len(steps)] == steps and p != steps for p in found):
            del found[steps]
    return [_one(e, steps, model, source) for steps, e in found.items()]


def _one(e: Any, steps: Steps, model: type[BaseModel], source: Document) -> InputError:
    kind, value = e["type"], e.get("input")
    if kind == "extra_forbidden":
        known = _fields(model, steps[:-1])
        return InputError(f'unknown key "{steps[-1]}"{did_you_mean(str(steps[-1]), known)}', source.place(steps, key=True))
    if kind == "scenesim":
        return InputError(e["ctx"]["message"], source.place(steps))
    if value is None and kind != "missing":
        return InputError("is empty; give it a value, or leave the key out", source.place(steps))
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", e["ctx"]["expected"])
        text = str(value)
        return InputError(f'no choice "{text}"{did_you_mean(text, known)}', source.place(steps))
    if steps and isinstance(e["loc"][-1], str) and e["loc"][-1] != steps[-1]:
        return InputError(f"{choices.shown(value)} should be a name or a mapping", source.place(steps))
    words = WORDS.get(kind, e["msg"][0].lower() + e["msg"][1:])
    context = {"actual_length": "", **e.get("ctx", {}), "value": choices.shown(value)}
    return InputError(words.format(**context), source.place(steps))


def _in_data(location: tuple[Any, ...], data: Any) -> Steps:
    """The part of pydantic's location that is in the file: it also names the arms of unions."""
    steps: Steps = ()
    for k, part in enumerate(location):
        last = k == len(location) - 1
        if isinstance(data, dict) and (part in data or last):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        else:
            continue
        steps = (*steps, part)
    return steps


def types_at(model: type[BaseModel], steps: Steps) -> list[type]:
    """The types that a model allows at a path."""
    kinds: list[type] = [model]
    named = False
    for step in steps:
        if isinstance(step, str):
            if named:  # the keys of a mapping are names, whatever they are
                named = False
                continue
            found = [_by_key(k)[step].annotation for k in kinds if issubclass(k, BaseModel) and step in _by_key(k)]
            named = any(get_origin(a) is dict for a in found)
            kinds = [leaf for a in found for leaf in _leaves(a)]
    return kinds


def _by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that a file has for them."""
    return {f.alias or name: f for name, f in model.model_fields.items()}


def _leaves(annotation: Any) -> list[type]:
    """The plain types in an annotation: those of Optional[X], Annotated[X, ...] and tuple[X, ...] are those of X."""
    inside = [a for a in get_args(annotation) if a is not Ellipsis]
    if not inside:
        return [annotation] if isinstance(annotation, type) else []
    if hasattr(annotation, "__metadata__"):
        inside = inside[:1]
    return [leaf for a in inside for leaf in _leaves(a)]


def _fields(model: type[BaseModel], steps: Steps) -> list[str]:
    """Names of the keys that the model has at a path."""
    models = [k for k in types_at(model, steps) if issubclass(k, BaseModel)]
    return sorted({name for m in models for name in _by_key(m)})
