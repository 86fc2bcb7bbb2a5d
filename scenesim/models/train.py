"""What a vehicle draws behind it: trailers, the rear sections of articulated buses and trams, and where they are coupled.

Each is an actor and a model of its own, as nuScenes labels trailers and the sections of "bendy" buses one by one. A trailer's
recipe has its coupling (kingpin, drawbar or joint) `front_overhang_m` behind its foremost point, and its axle, or the middle of
its axles, `wheelbase_m` behind that.
"""

from __future__ import annotations

from dataclasses import dataclass

from scenesim.base.errors import InputError
from scenesim.models import vehicle_recipe
from scenesim.models.catalogue import ModelRequest, build
from scenesim.models.model import Model

TOWBAR_M = 0.10  # a ball stands so far behind a car


@dataclass(frozen=True)
class Link:
    """A trailer on what draws it. hitch_x_m: the coupling in the frame of that. axle_m: from the coupling to the trailer's
    axle, its origin. back_m: its origin behind that of the first vehicle, where all are in line."""

    request: ModelRequest
    model: Model
    hitch_x_m: float
    axle_m: float
    back_m: float


def links(request: ModelRequest, tows: str = "") -> tuple[Link, ...]:
    """What hangs behind a vehicle, one after the other: `tows`, or what its recipe has."""
    out: list[Link] = []
    if request.kind != "vehicle":
        return ()
    recipe, back = vehicle_recipe.read(request.name), 0.0
    name = tows or recipe.tows
    while name:
        trailer = vehicle_recipe.read(name)
        hitch = recipe.coupling_m[0] if recipe.coupling_m else recipe.length_m + TOWBAR_M
        x = recipe.front_overhang_m + recipe.wheelbase_m - hitch
        back += trailer.wheelbase_m - x
        options = tuple(o for o in request.options)
        made = ModelRequest("vehicle", name, request.key, options)
        out.append(Link(made, build(made).model, x, trailer.wheelbase_m, back))
        recipe, name = trailer, trailer.tows
        if len(out) > 8:
            raise InputError(f"{request.name} tows itself; the recipes say {name} behind {out[-1].request.name}")
    return tuple(out)
