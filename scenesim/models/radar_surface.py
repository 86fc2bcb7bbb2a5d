"""What the surfaces of materials do to the waves of radars. The data is in assets/radar_surfaces/materials.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.errors import InputError

COLUMNS = ("reflectance", "coherence_m", "diffuse", "rough_mm")
REFLECTANCE, COHERENCE, DIFFUSE, ROUGH = range(4)


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[float, ...]]:
    table: dict[str, tuple[float, ...]] = {}
    for group in assets.read("radar_surfaces", "materials").values():
        for name in group["of"]:
            if name in table:
                raise InputError(f'"{name}" is in two groups of assets/radar_surfaces/materials.yaml; leave it in one')
            table[name] = tuple(float(group[column]) for column in COLUMNS)
    return table


def names() -> tuple[str, ...]:
    """The materials that are known, sorted."""
    return tuple(sorted(_table()))


def rows(materials: Sequence[str]) -> NDArray[np.float64]:
    """(M, 4) COLUMNS of materials. Raises InputError for one that is in no group."""
    table = _table()
    for name in materials:
        if name not in table:
            place = "assets/radar_surfaces/materials.yaml"
            raise InputError(f'radars do not know the material "{name}"; put it in a group of {place}')
    return np.array([table[name] for name in materials], float).reshape(-1, len(COLUMNS))
