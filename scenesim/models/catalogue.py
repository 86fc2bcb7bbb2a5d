"""One door to every model: a request names it, `build` makes it or takes it from the cache on disk.

A model is a pure function of its request, of the code and of the assets; the cache is keyed by all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key
from scenesim.kernels.bvh import Tree, build_tree
from scenesim.models.kept import code, kept
from scenesim.models.model import DRIVER, Model, rest


@dataclass(frozen=True)
class ModelRequest:
    """kind: a key of KINDS. name: recipe or species. key: chance of what the recipe leaves open. options: sorted pairs of
    plain values that the builder understands."""

    kind: str
    name: str
    key: int = 0
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def identity(self) -> ModelRequest:
        """What the model follows from: not where its file lies, whose digest says what is in it."""
        return replace(self, options=tuple((k, v) for k, v in self.options if k != "file"))


@dataclass(frozen=True)
class Built:
    """A model, and a tree for each of its parts; of skinned ones, as they stand at rest."""

    model: Model
    trees: tuple[Tree, ...]


def _vehicle(request: ModelRequest) -> Model:
    from scenesim.models import vehicle

    return vehicle.build(request.name, **dict(request.options))


def _person(request: ModelRequest) -> Model:
    from scenesim.models import pedestrian

    return pedestrian.build(request.name, Key(request.key), **dict(request.options))


def _vegetation(request: ModelRequest) -> Model:
    from scenesim.models import vegetation

    options = dict(request.options)
    height = options.pop("height_m", None) or vegetation.usual_height_m(request.name)
    return vegetation.build(request.name, height, Key(request.key), **options)


def _roadside(request: ModelRequest) -> Model:
    from scenesim.models import roadside

    return roadside.build(request.name, **dict(request.options))


def _building(request: ModelRequest) -> Model:
    from scenesim.models import building

    return building.build(request.name, Key(request.key), **dict(request.options))


def _debris(request: ModelRequest) -> Model:
    from scenesim.models import debris

    return debris.build(request.name, Key(request.key), **dict(request.options))


def _animal(request: ModelRequest) -> Model:
    from scenesim.models import animal

    return animal.build(request.name, Key(request.key), **dict(request.options))


def _imported(request: ModelRequest) -> Model:
    from scenesim.models import imported

    options = dict(request.options)
    if "file" not in options:
        raise InputError(f'the model "{request.name}" is of a file; say which: models: {{{request.name}: {{import: FILE}}}}')
    return imported.build(request.name, **options)


def _aid(request: ModelRequest) -> Model:
    from scenesim.models import aids

    return aids.build(request.name, request.key)


KINDS: dict[str, Callable[[ModelRequest], Model]] = {
    "vehicle": _vehicle,
    "person": _person,
    "vegetation": _vegetation,
    "roadside": _roadside,
    "building": _building,
    "debris": _debris,
    "animal": _animal,
    "imported": _imported,
    "aid": _aid,
}
# Kind -> folder of recipes in assets.
RECIPES = {
    "vehicle": "vehicles", "person": "people", "animal": "animals", "roadside": "roadside", "debris": "debris",
    "vegetation": "vegetation",
}  # fmt: skip
# Rooms and assets of a model.
MADE_FROM = ("base", "geometry", "kernels", "models"), ("countries", "materials", *RECIPES.values())
EMPTY = ("driver", False)  # option of a vehicle in which nobody sits
ACTORS = ("vehicle", "person", "animal", "roadside", "debris")  # kinds that can be actors


def recipes(kind: str) -> list[str]:
    """Names of the recipes of a kind."""
    return [n for n in assets.names(RECIPES[kind]) if n not in ("paints", "clothes")]


def actors() -> list[str]:
    """Names of every recipe that can be an actor."""
    return [n for kind in ACTORS for n in recipes(kind)]


def vehicles() -> list[str]:
    """Names of the vehicles."""
    return recipes("vehicle")


@lru_cache(maxsize=1)
def trailers() -> list[str]:
    """Names of the vehicles that are drawn by others."""
    from scenesim.models import vehicle_recipe

    return [n for n in vehicles() if vehicle_recipe.is_drawn(vehicle_recipe.read(n))]


def can_tow(name: str) -> bool:
    """Whether a vehicle of assets can have a trailer behind it."""
    from scenesim.models import vehicle_recipe

    if name not in vehicles():
        return False
    recipe = vehicle_recipe.read(name)
    return not isinstance(recipe, vehicle_recipe.TwoWheeler) and not recipe.tows


@lru_cache(maxsize=1)
def paints() -> dict[str, dict[str, Any]]:
    """Paint name -> albedo (linear RGB) and weight, its share of the cars on the road."""
    return dict(assets.read("vehicles", "paints")["paints"])


def find(name: str) -> str:
    """Kind of the recipe called `name`. Raises InputError with a suggestion."""
    for kind in RECIPES:
        if name in recipes(kind):
            return kind
    raise InputError(f'no model "{name}"{did_you_mean(name, [n for k in RECIPES for n in recipes(k)])}')


@lru_cache(maxsize=512)
def build(request: ModelRequest) -> Built:
    """The model of a request with its trees. Raises InputError if there is no such thing."""
    if request.kind not in KINDS:
        raise InputError(f'no kind of model "{request.kind}"{did_you_mean(request.kind, KINDS)}')
    if request.kind == "vehicle" and EMPTY in request.options:
        # A vehicle that somebody has left is that with a driver, less the driver, where the two can be told apart.
        occupied = build(replace(request, options=tuple(o for o in request.options if o != EMPTY)))
        stay = [k for k, part in enumerate(occupied.model.parts) if part.name != DRIVER]
        if len(stay) < len(occupied.model.parts):
            parts = tuple(occupied.model.parts[k] for k in stay)
            attributes = tuple(sorted({**dict(occupied.model.attributes), "driver": "false"}.items()))
            return Built(replace(occupied.model, parts=parts, attributes=attributes), tuple(occupied.trees[k] for k in stay))
    group = "imports" if request.kind == "imported" else "models"
    return kept(group, code(*MADE_FROM), request.identity, lambda: _made(request))


def _made(request: ModelRequest) -> Built:
    model = KINDS[request.kind](request)
    trees: dict[int, Tree] = {}
    for part in model.parts:
        if id(part.mesh) not in trees:
            standing = part.skin.vertices(rest()) if part.skin else part.mesh.vertices
            trees[id(part.mesh)] = build_tree(standing.astype("float32"), part.mesh.triangles)
    return Built(model, tuple(trees[id(p.mesh)] for p in model.parts))
