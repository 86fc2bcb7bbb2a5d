"""Checks that the scenario's model shares: numbers that are numbers, names that exist, errors that know their field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from scenesim.base.errors import did_you_mean


def wrong(message: str, *path: str | int) -> PydanticCustomError:
    """An error of a whole part; path: of the field within it that should be changed."""
    return PydanticCustomError("scenesim", "{message}", {"message": message, "path": path})


def shown(value: Any) -> str:
    """A value as its file has it, cut short."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def number(value: Any) -> Any:
    """A number as YAML has them; text and truth values are not numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(f"{shown(value)} should be a number")
    return float(value)


class OneOf:
    """A check that a text is among `names()`, with a suggestion where it is not. The JSON Schema lists the names."""

    def __init__(self, what: str, names: Callable[[], Iterable[str]]):
        self.what, self.names = what, names

    def check(self, value: Any) -> Any:
        if isinstance(value, str) and value not in (known := list(self.names())):
            raise wrong(f'no {self.what} "{value}"{did_you_mean(value, known)}')
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.names())}
