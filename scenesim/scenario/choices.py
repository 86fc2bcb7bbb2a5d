"""Checks that the scenario's model shares: numbers that are numbers, names that exist, errors that know their field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import PydanticCustomError

from scenesim.base.errors import did_you_mean


def wrong(message: str, *path: str | int) -> PydanticCustomError:
    """An error of a whole part; path: of the field within it that should be changed."""
    return PydanticCustomError("scenesim", "{message}", {"message": message, "path": path})


def number(value: Any) -> Any:
    """A number as YAML has them; text and truth values are not numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(f"{value!r} should be a number")
    return float(value)


def one_of(what: str, names: Callable[[], Iterable[str]]) -> Callable[[Any], Any]:
    """A check that a name is among `names()`, with a suggestion where it is not."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and value not in (known := list(names())):
            raise wrong(f'no {what} "{value}"{did_you_mean(value, known)}')
        return value

    return check
