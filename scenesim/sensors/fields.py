"""Reading a sensor's spec from a mapping: numbers within bounds, names that exist, and errors that know their field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from scenesim.base.errors import InputError, Place, did_you_mean

INF = math.inf


class Fields:
    """A mapping that is read field by field; `finish` then refuses the keys that nobody asked for.

    place: of the mapping; the place of a field has the field's key behind its path.
    """

    def __init__(self, values: Any, place: Place):
        if not isinstance(values, Mapping):
            raise InputError(f"{values!r} should be a mapping of keys to values", place)
        self.values, self.place = values, place
        self._known: list[str] = []

    def at(self, key: str) -> Place:
        """Place of a field."""
        path = f"{self.place.path}.{key}" if self.place.path else str(key)
        return Place(self.place.file, self.place.line, self.place.column, path)

    def wrong(self, key: str, message: str) -> InputError:
        """An error of a field, to be raised."""
        return InputError(message, self.at(key))

    def has(self, key: str) -> bool:
        """Whether the field is given."""
        self._known.append(key)
        return key in self.values

    def known(self) -> set[str]:
        """The keys that have been asked for."""
        return set(self._known)

    def _get(self, key: str, default: Any) -> Any:
        if self.has(key):
            return self.values[key]
        if default is None:
            raise InputError(f"{key} is missing", self.place)
        return default

    def number(
        self, key: str, default: float | None = None, *, low: float = -INF, high: float = INF, above: float = -INF
    ) -> float:
        """A finite number from low to high, and more than `above`; it must be given if there is no default."""
        value = self._get(key, default)
        if not _is_number(value):
            raise self.wrong(key, f"{value!r} should be a number")
        if not (low <= value <= high and value > above):
            raise self.wrong(key, f"{value:g} is impossible; it should be {_range(low, high, above)}")
        return float(value)

    def integer(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """A whole number from low to high."""
        value = self.number(key, default, low=low, high=high)
        if value != int(value):
            raise self.wrong(key, f"{value:g} should be a whole number")
        return int(value)

    def word(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """One of some names."""
        value, choices = self._get(key, default), list(choices)
        if value not in choices:
            raise self.wrong(key, f'no {key} "{value}"{did_you_mean(str(value), choices)}')
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Any text."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, f"{value!r} should be text")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"{value!r} should be true or false")
        return value

    def numbers(self, key: str, count: int | None = None, *, low: float = -INF, high: float = INF) -> tuple[float, ...]:
        """A list of finite numbers from low to high."""
        value = self._get(key, None)
        if not isinstance(value, (list, tuple)) or not all(_is_number(v) for v in value):
            raise self.wrong(key, f"{value!r} should be a list of numbers")
        if count is not None and len(value) != count:
            raise self.wrong(key, f"there are {len(value)} numbers; there should be {count}")
        for v in value:
            if not low <= v <= high:
                raise self.wrong(key, f"{v:g} is impossible; it should be {_range(low, high)}")
        return tuple(float(v) for v in value)

    def part(self, key: str) -> Fields:
        """A mapping within the mapping, empty if it is not given."""
        return Fields(self._get(key, {}), self.at(key))

    def finish(self) -> None:
        """Raise InputError for a key that was never asked for."""
        for key in self.values:
            if key not in self._known:
                raise self.wrong(str(key), f'no such key "{key}"{did_you_mean(str(key), set(self._known))}')


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _range(low: float, high: float, above: float = -INF) -> str:
    said = []
    if math.isfinite(above):
        said.append(f"more than {above:g}")
    elif math.isfinite(low):
        said.append(f"at least {low:g}")
    if math.isfinite(high):
        said.append(f"at most {high:g}")
    return " and ".join(said)
