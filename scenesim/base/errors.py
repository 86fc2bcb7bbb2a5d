"""The errors that a user can make, told in the user's words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where in a file something is wrong; line and column count from 1, 0 where unknown."""

    file: str
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        at = self.file + (f":{self.line}" if self.line else "") + (f":{self.column}" if self.line and self.column else "")
        return f"{at}: {self.path}" if self.path else at


class InputError(Exception):
    """Something the user gave is wrong. ``str()`` is a line for each problem: place, what is wrong, what instead.

    The command line prints it and exits with 2; it never shows a traceback for it.
    """

    def __init__(self, message: str, place: Place | None = None, others: Iterable[InputError] = ()):
        self.message, self.place, self.others = message, place, tuple(others)
        super().__init__(message)

    def __str__(self) -> str:
        first = f"{self.place}: {self.message}" if self.place else self.message
        return "\n".join([first, *(str(e) for e in self.others)])


class SceneWarning(UserWarning):
    """Legal, but probably not meant: "sun below the horizon and no lamps: the images will be black"."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """'; did you mean "hatchback"?', or the list of choices where there are few, or nothing."""
    choices = sorted(choices)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    near = near or [c for c in choices if len(word) >= 3 and word.lower() in c.lower()]
    if near:
        return f'; did you mean "{near[0]}"?'
    return f" (there is: {', '.join(choices)})" if 0 < len(choices) <= 24 else ""
