"""Materials: names to rows of numbers. The data is in assets/materials, one file for each group of things.

A group file is a dictionary name -> properties. The properties are those of kernels.packed.MATERIAL_COLUMNS, where `albedo` and
`emission` are lists of three linear RGB values, and `shader` is one of SHADERS; what is left out takes the value of DEFAULTS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.kernels.packed import MATERIAL, MATERIAL_COLUMNS
from scenesim.kernels.shaders import SHADERS

__all__ = ["DEFAULTS", "KEYS", "SHADERS", "names", "of_asset", "pack", "row"]

_COLORS = ("albedo", "emission")  # three columns each
_PLAIN_COLUMNS = tuple(c for c in MATERIAL_COLUMNS if c.rsplit("_", 1)[0] not in _COLORS)
Properties = tuple[tuple[str, Any], ...]
KEYS = (*_COLORS, *_PLAIN_COLUMNS)

# albedo: linear reflectance. roughness: GGX alpha is its square. f0: reflectance at normal incidence. emission: cd/m2 when lit.
# lamp_bits: models.model.LAMP_BITS that light it, 0 for always. retroreflection: cd/lx/m2 towards the lamp. transmission: share
# that passes straight through. scale_m: size of the pattern; 1 as designed.
DEFAULTS: dict[str, Any] = {
    "shader": "plain",
    "albedo": (0.5, 0.5, 0.5),
    "emission": (0.0, 0.0, 0.0),
    "roughness": 0.8,
    "f0": 0.04,
    "scale_m": 1.0,
    "reflectance_905nm": 0.3,
    "reflectance_1550nm": 0.3,
}


def row(properties: Mapping[str, Any], place: Place | None = None) -> NDArray[np.float32]:
    """(24,) row of MATERIAL_COLUMNS of one material's properties. Raises InputError for a wrong key, shader or value."""
    out = np.zeros(len(MATERIAL_COLUMNS), np.float32)
    for key in properties:
        if key not in KEYS:
            raise InputError(f'no material property "{key}"{did_you_mean(key, KEYS)}', place)
    for key, value in {**DEFAULTS, **properties}.items():
        if key == "shader":
            if value not in SHADERS:
                raise InputError(f'no shader "{value}"{did_you_mean(str(value), SHADERS)}', place)
            out[0] = SHADERS.index(value)
        elif key in _COLORS:
            start = MATERIAL[f"{key}_r"]
            out[start : start + 3] = _numbers(key, value, 3, place)
        else:
            out[MATERIAL[key]] = _numbers(key, [value], 1, place)[0]
    return out


def _numbers(key: str, value: Any, count: int, place: Place | None) -> list[float]:
    given = list(value) if isinstance(value, (list, tuple)) else []
    good = len(given) == count and all(isinstance(v, (int, float)) and math.isfinite(v) and v >= 0 for v in given)
    if not good:
        wanted = "a number that is not negative" if count == 1 else "three numbers that are not negative: [red, green, blue]"
        shown = value[0] if count == 1 else value
        raise InputError(f"{key}: {shown!r} should be {wanted}", place)
    return [float(v) for v in given]


@lru_cache(maxsize=1)
def _table() -> dict[str, NDArray[np.float32]]:
    table: dict[str, NDArray[np.float32]] = {}
    for group in assets.names("materials"):
        file = str(assets.folder("assets") / "materials" / f"{group}.yaml")
        for name, properties in (assets.read("materials", group) or {}).items():
            place = Place(file, path=name)
            if name in table:
                raise InputError(f'a material "{name}" is in another group already; give it another name', place)
            if properties is not None and not isinstance(properties, Mapping):
                raise InputError(f"{properties!r} should be a dictionary of material properties", place)
            table[name] = row(properties or {}, place)
            table[name].flags.writeable = False
    return table


def names() -> tuple[str, ...]:
    """Names of all materials, sorted."""
    return tuple(sorted(_table()))


def of_asset(name: str, place: Place | None = None) -> dict[str, Any]:
    """Properties of a material in assets, as its file has them. Raises InputError for an unknown name."""
    if name not in _table():
        raise InputError(f'no material "{name}"{did_you_mean(name, _table())}', place)
    groups = [assets.read("materials", group) or {} for group in assets.names("materials")]
    return next(dict(group[name] or {}) for group in groups if name in group)


def pack(wanted: Sequence[str | tuple[str, Properties]]) -> NDArray[np.float32]:
    """(M, 24) rows of kernels.packed.MATERIAL_COLUMNS of materials: names in assets, or pairs (name, properties) as a
    geometry.mesh.Surface has them, whose properties are those of a material of the model's own unless they are empty. Raises
    InputError for an unknown name."""
    table = _table()
    found = []
    for entry in wanted:
        name, own = (entry, ()) if isinstance(entry, str) else entry
        if not own and name not in table:
            raise InputError(f'no material "{name}"{did_you_mean(name, table)}')
        found.append(row(dict(own)) if own else table[name])
    return np.array(found, np.float32).reshape(-1, len(MATERIAL_COLUMNS))
