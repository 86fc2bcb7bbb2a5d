"""What roads are paved with, and how worn: drawn road by road with a key, about what the whole map is like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.facets import Facets
from scenesim.geometry.mesh import Surface
from scenesim.kernels.shaders import LANE_V_M, LANES_OF_ROAD
from scenesim.scene.strips import ASPHALT

# Materials of assets/materials/road.yaml.
PAVEMENTS = {"new": "asphalt_new", "usual": "asphalt", "old": "asphalt_old", "concrete": "concrete_road", "setts": "cobble"}
SHARES = {"new": 0.15, "usual": 0.5, "old": 0.35}  # of "mixed"; chosen here
SHIFTS = 20  # rows of roads by which maps differ; float32 still holds v to 2 mm
ALIKE = 0.7  # share of the roads of a map that are like most of it
WORN = {"mark_white": "mark_white_worn", "mark_yellow": "mark_yellow_worn"}
WEARING = ("asphalt_old", "cobble")  # on which marks are worn too


@dataclass(frozen=True)
class Pavement:
    """kind: one of PAVEMENTS for all roads, or "mixed". Raises InputError for another."""

    kind: str = "usual"
    key: Key = Key(0)

    def __post_init__(self) -> None:
        known = (*PAVEMENTS, "mixed")
        if self.kind not in known:
            raise InputError(f'no pavement "{self.kind}"{did_you_mean(self.kind, known)}')

    def of(self, *names: str) -> Surface:
        """The pavement of the road or junction of some names."""
        kind = self.kind
        if kind == "mixed":
            usual, g = self._drawn("map"), generator(derive(self.key, "pavement", *names))
            kind = usual if g.uniform() < ALIKE else self._drawn("road", *names)
        return replace(ASPHALT, material=PAVEMENTS[kind])

    def lay(self, f: Facets, *names: str) -> Facets:
        """The facets of a road or junction with its pavement; what is mended where differs from key to key."""
        shift = LANE_V_M * LANES_OF_ROAD * int(generator(derive(self.key, "pavement rows")).integers(SHIFTS))
        is_lane = f.uv[..., 1:] > LANE_V_M  # not areas of junctions
        return repaved(replace(f, uv=f.uv + np.where(is_lane, [0.0, shift], 0.0)), self.of(*names))

    def _drawn(self, *names: str) -> str:
        g = generator(derive(self.key, "pavement age", *names))
        return str(g.choice(list(SHARES), p=list(SHARES.values())))


USUAL = Pavement()


def repaved(f: Facets, surface: Surface) -> Facets:
    """Facets whose asphalt is another surface; marks on old ground are worn."""
    worn = WORN if surface.material in WEARING else {}
    return replace(f, surfaces=tuple(_laid(s, surface, worn) for s in f.surfaces))


def _laid(s: Surface, surface: Surface, worn: dict[str, str]) -> Surface:
    return surface if s == ASPHALT else replace(s, material=worn.get(s.material, s.material))


def painted(paint: Surface, below: Surface) -> Surface:
    """Paint as it is on a surface."""
    return replace(paint, material=WORN.get(paint.material, paint.material)) if below.material in WEARING else paint
