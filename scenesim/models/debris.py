"""Lost cargo and oddities from the recipes in assets/debris: one of the builders at a published size.

Model frame: origin on the ground under the middle of the box; what has a face shows it to +x, what has a length runs along x.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.mesh import Mesh, join
from scenesim.models import debris_car, debris_goods, debris_odd, debris_road, debris_site, debris_wheeled, debris_wild
from scenesim.models.model import WHEEL_M, Joint, Model, Part, tight_box

# Keys of a recipe that are not its builder's. size_lwh_m: as published. colors: one is drawn. floats_m: height of its lowest
# point. rolls: it turns about y as it moves. source: where the numbers are from.
OWN = ("builder", "class_name", "size_lwh_m", "colors", "floats_m", "rolls", "source", "solid")


def build(name: str, key: Key, **options: Any) -> Model:
    """The model of a recipe; options replace the recipe's values. Raises InputError for what the recipe does not have."""
    recipe = {**assets.read("debris", name)}
    builder = BUILDERS[recipe["builder"]]
    known = set(inspect.signature(builder).parameters) - {"size", "g"}
    for option in options:
        if option not in known:
            raise InputError(f'{name} has no option "{option}"{did_you_mean(option, known)}')
    g = generator(derive(key, "debris", name))
    arguments = {k: v for k, v in recipe.items() if k not in OWN}
    if "colors" in recipe:
        arguments["color"] = tuple(recipe["colors"][int(g.integers(len(recipe["colors"])))])
    made = builder(np.array(recipe["size_lwh_m"], float), g, **{**arguments, **options})
    shown = tuple(sorted([("object", name), *((k, str(v)) for k, v in options.items())]))
    if isinstance(made, Model):
        return replace(made, name=name, attributes=shown)
    part = _part(name, join(made), float(recipe.get("floats_m", 0.0)), bool(recipe.get("rolls", False)))
    size, center = tight_box((part,))
    return Model(name, recipe["class_name"], (part,), size, center, attributes=shown)


def _part(name: str, mesh: Mesh, lift: float, rolls: bool) -> Part:
    if not rolls:
        return Part(name, mesh.transformed(Pose.of((0.0, 0.0, lift))) if lift else mesh)
    radius = float(mesh.bounds()[1, 2]) / 2
    centred = mesh.transformed(Pose.of((0.0, 0.0, -radius)))
    return Part(name, centred, Pose.of((0.0, 0.0, radius + lift)), (Joint(WHEEL_M, (0.0, 1.0, 0.0), 1.0 / radius),))


def animal_lying(size: np.ndarray, g: np.random.Generator, species: str) -> list[Mesh]:
    """An animal on its side."""
    from scenesim.models import animal

    return animal.lying(species, size)


ROOMS = (debris_goods, debris_site, debris_wheeled, debris_car, debris_road, debris_wild, debris_odd)
BUILDERS: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for room in ROOMS
    for n, f in vars(room).items()
    if callable(f) and getattr(f, "__module__", "") == room.__name__ and not n.startswith("_")
} | {"animal_lying": animal_lying}
