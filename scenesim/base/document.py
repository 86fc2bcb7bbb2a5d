"""YAML documents whose values know where they stand: the strict reading of everything that a user writes.

What YAML 1.1 guesses, this reading does not: it follows the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2, 10.3), where
a value is what it looks like. `1e3` is the number 1000 and `012` the number 12; `no`, `on`, `yes`, `12:30` and `2024-01-01` are
text; only `true` and `false` are truth values. Anchors and merge keys work; a key given twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scenesim.base.errors import InputError, Place

LARGEST_FILE = 16 * 2**20
MOST_VALUES = 200_000  # of a document once its aliases are written out: an alias bomb has millions
DEEPEST = 64

Steps = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
# The core schema's plain scalars; the first characters let the resolver skip the rest.
_SCALARS = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"^(?:[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$"), list("-+0123456789")),
    (
        "float",
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+0123456789."),
    ),
    ("merge", re.compile(r"^<<$"), ["<"]),
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Puts in quotes what this reading, not that of YAML 1.1, would take for a number."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, _first)
    _Dumper.add_implicit_resolver(_TAG + _name, _pattern, _first)


def write(data: Any) -> str:
    """Plain values as a YAML text that `parse` reads back exactly."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)


@dataclass(frozen=True)
class Document:
    """data: plain values (dict, list, str, int, float, bool, None). places: where the value of each path stands. keys: where
    its key stands."""

    file: str
    data: Any
    places: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)

    def place(self, path: Steps, key: bool = False) -> Place:
        """Where the value (or the key) of a path stands; where that is not in the file, the nearest that holds it."""
        known = self.keys if key and path in self.keys else self.places
        for n in range(len(path), -1, -1):
            if path[:n] in known:
                at = known[path[:n]]
                return Place(at.file, at.line, at.column, told(path))
        return Place(self.file, path=told(path))

    def located(self, error: InputError, within: Steps = ()) -> InputError:
        """An error that only knows a path (within the value at `within`), with its line and column. One that has a line
        already knows better."""
        others = [self.located(e, within) for e in error.others]
        if error.place is not None and error.place.line:
            return InputError(error.message, error.place, others)
        path: Steps = within
        for part in re.split(r"[.\[\]]+", error.place.path) if error.place else ():
            if part:
                index = part.isdigit() and (*path, int(part)) in self.places
                path = (*path, int(part) if index else part)
        return InputError(error.message, self.place(path, key="no such key" in error.message), others)


def told(path: Steps) -> str:
    """A path as a reader would write it: actors[3].model."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read(path: str | Path) -> Document:
    """The document in a file. Raises InputError with line and column."""
    return parse(read_text(path), str(path))


def read_text(path: str | Path) -> str:
    """Text of a file that a user gave. Raises InputError where it is none."""
    place, path = Place(str(path)), Path(path)
    try:
        if path.is_dir():
            raise InputError("is a folder; give a file", place)
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"is larger than {LARGEST_FILE // 2**20} MiB; is it the right file?", place)
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", place) from None
    except UnicodeDecodeError as e:
        raise InputError(f"is not text in UTF-8 (byte {e.start}); save it as UTF-8", place) from None
    except (OSError, ValueError) as e:  # ValueError: a zero byte in the name
        raise InputError(f"cannot be read: {getattr(e, 'strerror', None) or e}", place) from None


def parse(text: str, file: str) -> Document:
    """The document in a text; `file` is what its places say. Raises InputError with line and column."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as e:
        # What was left open is wrong where it opens, not at the end of the file where that shows.
        opened = any(word in str(e.context) for word in ("flow sequence", "flow mapping", "quoted scalar"))
        mark = (e.context_mark if opened else None) or e.problem_mark or e.context_mark
        at = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        if "expected a single document" in str(e.context):
            raise InputError("a second document begins here (---); a file holds one", at) from None
        raise InputError(f"not well-formed YAML: {_told_problem(e)}", at) from None
    except yaml.YAMLError as e:
        raise InputError(f"not well-formed YAML: {str(e).splitlines()[0]}", Place(file)) from None
    except RecursionError:
        raise InputError(f"is nested deeper than {DEEPEST} levels", Place(file)) from None
    if node is None:
        return Document(file, None, {(): Place(file, 1, 1)})
    builder = _Builder(file)
    data = builder.value(node, (), 0)
    return Document(file, data, builder.places, builder.keys)


def _told_problem(e: yaml.MarkedYAMLError) -> str:
    problem = e.problem or "it cannot be read"
    hint = ""
    if "cannot start any token" in problem:
        hint = "; indent with spaces, and put text that begins with a sign (@ % ` tab) in quotes"
    elif "mapping values are not allowed" in problem:
        hint = "; is a line indented too far, or does text hold ': ' without quotes?"
    elif "did not find expected" in problem:
        hint = "; is a bracket or quote open, or the indentation uneven?"
    context = f"{e.context}, " if e.context else ""
    return f"{context}{problem}{hint}"


class _Builder:
    """Builds plain values from nodes, and notes where each of them stands."""

    def __init__(self, file: str):
        self.file = file
        self.places: dict[Steps, Place] = {}
        self.keys: dict[Steps, Place] = {}
        self.count = 0

    def at(self, node: yaml.Node, path: Steps = ()) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1, told(path))

    def value(self, node: yaml.Node, path: Steps, depth: int) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise InputError(f"holds more than {MOST_VALUES} values once its aliases are written out; refused", self.at(node))
        if depth > DEEPEST:
            raise InputError(f"is nested deeper than {DEEPEST} levels; does an alias hold itself?", self.at(node))
        self.places[path] = self.at(node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.known_tag(node, path, "seq")
            return [self.value(child, (*path, k), depth + 1) for k, child in enumerate(node.value)]
        self.known_tag(node, path, "map")
        return self.mapping(node, path, depth)

    def mapping(self, node: yaml.MappingNode, path: Steps, depth: int) -> dict[Hashable, Any]:
        out: dict[Hashable, Any] = {}
        merged: list[yaml.MappingNode] = []
        first_line: dict[Hashable, int] = {}
        for key_node, child in node.value:
            if key_node.tag == _TAG + "merge":
                merged += self.merged(child, path)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError("a key is a list or a mapping; a key is a word", self.at(key_node, path))
            key = self.scalar(key_node, path)
            here = (*path, key if isinstance(key, str) else str(key))
            if key in first_line:
                raise InputError(f"the key is in line {first_line[key]} already; a key stands once", self.at(key_node, here))
            first_line[key] = key_node.start_mark.line + 1
            self.keys[here] = self.at(key_node)
            out[key] = self.value(child, here, depth + 1)
        for other in merged:
            inner = _Builder(self.file)
            inner.count = self.count
            found = inner.mapping(other, path, depth + 1)
            self.count = inner.count
            taken = {str(k) for k in out}
            for mine, theirs in ((self.places, inner.places), (self.keys, inner.keys)):
                for p, place in theirs.items():
                    if len(p) > len(path) and str(p[len(path)]) not in taken:
                        mine.setdefault(p, place)
            for key, value in found.items():
                out.setdefault(key, value)
        return out

    def merged(self, node: yaml.Node, path: Steps) -> list[yaml.MappingNode]:
        """Mappings that a merge key names, the strongest first."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for n in nodes:
            if not isinstance(n, yaml.MappingNode):
                raise InputError("<< merges a mapping, or a list of them", self.at(n, path))
        return nodes

    def known_tag(self, node: yaml.Node, path: Steps, kind: str) -> None:
        if node.tag != _TAG + kind:
            raise InputError(f"the tag {_short(node.tag)} is not known here; leave it out", self.at(node, path))

    def scalar(self, node: yaml.ScalarNode, path: Steps) -> Any:
        text, tag = node.value, node.tag.removeprefix(_TAG)
        try:
            if tag in ("str", "merge"):
                return text
            if tag == "null":
                return None
            if tag == "bool":
                return {"true": True, "false": False}[text.lower()]
            if tag == "int":
                base = {"0x": 16, "0o": 8}.get(text[:2], 10)
                return int(text, base)
            if tag == "float":
                return float(re.sub(r"\.(?=inf|nan)", "", text, flags=re.IGNORECASE) if text[-1] in "fFnN" else text)
        except (ValueError, KeyError):
            raise InputError(f"{text!r} is no {tag}", self.at(node, path)) from None
        raise InputError(f"the tag {_short(node.tag)} is not known here; leave it out", self.at(node, path))


def _short(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
