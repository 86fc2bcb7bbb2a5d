"""A thing that stands still in the world: a model, or a mesh of its own, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh
from scenesim.kernels.bvh import Tree
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import LAMP_BITS


@dataclass(frozen=True)
class Placement:
    """request: what, or mesh: a shape that exists once (ground, a building), and its tree. world_from_object: where.

    class_name: class of a mesh (a model knows its own). params: columns tint_r to p10 of kernels.packed.INSTANCE_COLUMNS,
    shorter rows are filled with 0 (tint with 0.5). lamp_bits: lamps that shine, e.g. those of a street light at night.
    shows: the lamps of a traffic light by name, several joined by "_", at a time in s. name: for signs and lights that are
    labelled objects, else "".
    """

    world_from_object: Pose
    request: ModelRequest | None = None
    mesh: Mesh | None = None
    tree: Tree | None = None
    class_name: str = "other_static"
    params: tuple[float, ...] = ()
    lamp_bits: int = 0
    shows: Callable[[float], str] | None = None
    name: str = ""

    def lamps_at(self, time_s: float) -> int:
        """The lamps that shine at a time (s)."""
        if self.shows is None:
            return self.lamp_bits
        return sum(LAMP_BITS[name] for name in self.shows(time_s).split("_"))
