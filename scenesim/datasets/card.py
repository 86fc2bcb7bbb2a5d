"""The card of a dataset: README.md as the Hugging Face hub reads it, beside the same facts for machines (croissant.py).

Source of the keys at its top: huggingface.co/docs/hub/datasets-cards, and datasets-manual-configuration for `configs`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import yaml

from scenesim.base.errors import InputError, did_you_mean
from scenesim.datasets.croissant import croissant
from scenesim.datasets.licenses import LICENSES

README, CROISSANT = "README.md", "croissant.json"
WHOLE = ""  # the split of a dataset that has none
# The hub's names for numbers of rows; here, of frames.
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
LARGEST = "10M<n<100M"


@dataclass(frozen=True)
class Table:
    """Parquet files of one kind. pattern: of their paths in a part of the dataset; schema: of each."""

    pattern: str
    schema: pa.Schema


@dataclass(frozen=True)
class Listed:
    """A file that the card names by its hash."""

    size: int
    sha256: str
    encoding: str
    about: str


@dataclass(frozen=True)
class Facts:
    """What a card says.

    parts: split -> pattern of the folders that hold its native datasets, with a slash at the end; {WHOLE: ""} for one alone.
    tables: name -> Parquet files. pictures: name -> (pattern, media type, what it is). listed: path -> file with its hash.
    maps: OpenDRIVE maps that the roads are of. contents: lines about what is in it, again: lines of a shell that make it
    again, reading: lines of Python that read it.
    """

    name: str
    version: str
    license: str
    frames: int
    seed: int | None = None
    description: str = ""
    parts: Mapping[str, str] = field(default_factory=lambda: {WHOLE: ""})
    tables: Mapping[str, Table] = field(default_factory=dict)
    pictures: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    listed: Mapping[str, Listed] = field(default_factory=dict)
    maps: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()

    def summary(self) -> str:
        """One sentence about it."""
        own = f"{self.description.strip().rstrip('.')}. " if self.description.strip() else ""
        return f"{own}Synthetic driving scenes with exact labels, rendered by scenesim {self.version}: {self.frames} frames."

    def provenance(self) -> str:
        """What of the real world is in it: nothing, or the maps."""
        text = (
            "Nothing in it was recorded: every image, point and label is computed from the scenario's numbers and its seed. "
            "There is no person, face, voice, number plate, address or position of anybody in it"
        )
        if not self.maps:
            return f"{text}, and no real place."
        return f"{text}. Its roads run as the map {', '.join(self.maps)} says, which has a license of its own."


def files(facts: Facts) -> dict[str, bytes]:
    """The files of a card: the same bytes for the same facts."""
    return {CROISSANT: croissant(facts), README: readme(facts)}


def listed(data: bytes, encoding: str, about: str) -> Listed:
    """A file that is about to be written."""
    return Listed(len(data), hashlib.sha256(data).hexdigest(), encoding, about)


def checked_license(name: str) -> str:
    """The name, if it is a license that is known. Raises InputError with a suggestion."""
    if name not in LICENSES:
        raise InputError(f'no license "{name}"{did_you_mean(name, LICENSES)}; those that are known: {", ".join(LICENSES)}')
    return name


def maps_of(scenario_yaml: str) -> tuple[str, ...]:
    """Names of the maps in scenarios as YAML, one document or many."""
    found = []
    for scenario in yaml.load_all(scenario_yaml, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        road = scenario.get("road") if isinstance(scenario, dict) else None
        if isinstance(road, dict) and isinstance(road.get("opendrive"), str):
            found.append(road["opendrive"].replace("\\", "/").rpartition("/")[2])
    return tuple(dict.fromkeys(found))


def readme(facts: Facts) -> bytes:
    """README.md."""
    name, link = LICENSES[facts.license]
    license = f"[{name}]({link})" if link else name
    lines = ["---", _front(facts).rstrip(), "---", "", f"# {facts.name}", "", facts.summary(), "", "## What is in it", ""]
    lines += [f"- {line}" for line in facts.contents]
    if facts.reading:
        lines += ["", "## Reading it", "", "```python", *facts.reading, "```", ""]
        lines += [f"`{CROISSANT}` describes the tables for programs (MLCommons Croissant)."]
    lines += ["", "## Nothing real, nobody's", "", facts.provenance(), ""]
    lines += ["What is learned from it alone has seen no real sensor: test on real data before you rely on it."]
    lines += ["", "## How it was made", "", *_made(facts)]
    lines += ["", "## License of the data", "", f"{license}."]
    return ("\n".join(lines) + "\n").encode("utf8")


def _made(facts: Facts) -> Iterable[str]:
    seed = f", seed {facts.seed}" if facts.seed is not None else ""
    yield f"With scenesim {facts.version}{seed}. The same version makes the same bytes again:"
    yield from ("", "```sh", *facts.again, "```")
    if facts.listed:
        yield from ("", "| file | what it is | SHA-256 |", "|---|---|---|")
        yield from (f"| `{path}` | {one.about} | `{one.sha256}` |" for path, one in facts.listed.items())


def _front(facts: Facts) -> str:
    """The keys that the hub reads."""
    keys: dict[str, Any] = {
        "license": facts.license,
        "pretty_name": facts.name,
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "size_categories": [next((name for limit, name in SIZES if facts.frames < limit), LARGEST)],
        "task_categories": ["object-detection", "image-segmentation", "depth-estimation"],
        "tags": ["synthetic", "simulation", "autonomous-driving", "lidar", "3d", "weather", "scenesim"],
    }
    if facts.tables:
        keys["configs"] = [
            {"config_name": name, "data_files": _data_files(facts.parts, table.pattern), **({"default": True} if not k else {})}
            for k, (name, table) in enumerate(facts.tables.items())
        ]
    return yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=1000)


def _data_files(parts: Mapping[str, str], pattern: str) -> Any:
    if len(parts) == 1:  # the hub calls it train; "all" would be a word of its own there
        return next(iter(parts.values())) + pattern
    return [{"split": split, "path": at + pattern} for split, at in parts.items()]
