"""Classes, kinds of marking, and what lidars hit: names, ids, colours, names in other taxonomies; see assets/taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean

OTHERS = ("nuscenes", "kitti", "coco", "cityscapes", "semantic_kitti")


@dataclass(frozen=True)
class ClassInfo:
    """id: label value. color: sRGB 0 to 255. thing: has tracks and boxes. names: taxonomy -> its name or id for this class.
    moving_id: SemanticKITTI's id while it moves, or its only one."""

    name: str
    id: int
    color: tuple[int, int, int]
    thing: bool
    names: tuple[tuple[str, str | int], ...]
    moving_id: int

    def in_taxonomy(self, other: str) -> str | int:
        """The name (or SemanticKITTI id) of this class in one of OTHERS."""
        return dict(self.names)[other]


@lru_cache(maxsize=1)
def classes() -> dict[str, ClassInfo]:
    """All classes by name."""
    rows = assets.read("taxonomy", "classes")["classes"]
    return {
        name: ClassInfo(
            name,
            row["id"],
            tuple(row["color"]),
            row["thing"],
            tuple((other, row[other]) for other in OTHERS),
            row.get("moving_id", row["semantic_kitti"]),
        )
        for name, row in rows.items()
    }


@lru_cache(maxsize=1)
def marks() -> dict[str, int]:
    """Kind of marking -> id."""
    return dict(assets.read("taxonomy", "classes")["marks"])


@lru_cache(maxsize=1)
def rare_objects() -> dict[str, dict[str, tuple[str, tuple[str, ...]]]]:
    """Dataset ("coda", "lost_and_found") -> its name of a class -> (our class, names of models that show it)."""
    data = assets.read("taxonomy", "rare_objects")
    return {d: {n: (row["class"], tuple(row["models"])) for n, row in rows.items()} for d, rows in data.items()}


@lru_cache(maxsize=3)
def roles(other: str) -> dict[str, dict[str, str]]:
    """Attribute of an object -> its value -> category of "nuscenes", "av2" or "coco", where that says more than its class."""
    return dict(assets.read("taxonomy", f"{other}_roles"))


def role(other: str, attributes: Mapping[str, str]) -> str | None:
    """Category of an object by its attributes in "nuscenes", "av2" or "coco"; None where its class says all."""
    return next((values[attributes[a]] for a, values in roles(other).items() if attributes.get(a) in values), None)


@lru_cache(maxsize=1)
def hits() -> dict[str, int]:
    """What a lidar's pulse met -> label value."""
    return dict(assets.read("taxonomy", "classes")["hits"])


@lru_cache(maxsize=1)
def radar_causes() -> dict[str, int]:
    """What a radar's detection comes from -> label value."""
    return dict(assets.read("taxonomy", "classes")["radar_causes"])


def class_id(name: str) -> int:
    """Label value of a class."""
    table = classes()
    if name not in table:
        raise InputError(f'no class "{name}"{did_you_mean(name, table)}')
    return table[name].id


def mark_id(name: str) -> int:
    """Label value of a kind of marking; "" is none."""
    return marks().get(name, marks()["other"]) if name else 0


def names_by_id() -> dict[int, str]:
    """Label value -> class name."""
    return {c.id: c.name for c in classes().values()}


@lru_cache(maxsize=1)
def palette() -> NDArray[np.uint8]:
    """(256, 3) sRGB colour of each label value."""
    table = np.zeros((256, 3), np.uint8)
    for c in classes().values():
        table[c.id] = c.color
    return table
