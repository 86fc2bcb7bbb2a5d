"""Vehicles from the recipes in assets/vehicles: one body, and wheels that steer and roll.

Origin on the ground under the rear axle. Wheels of one kind share one mesh; on the right it is turned half round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh, join
from scenesim.geometry.soft import mirrored, placed
from scenesim.models import (
    boxy,
    cabin,
    car_body,
    car_door,
    car_parts,
    car_zones,
    kit,
    livery,
    pedestrian,
    plates,
    small_wheelers,
    two_wheeler,
    vehicle_recipe,
    vehicle_state,
)
from scenesim.models.model import CRANK_RAD, DOOR, DRIVER, LAMP_BITS, STEER_RAD, WHEEL_M, Joint, Lamp, Model, Part, tight_box
from scenesim.models.vehicle_recipe import Boxy, Car, Kit, Recipe, TwoWheeler
from scenesim.models.wheel import spoked, tyre, wheel

OPTIONS = ("driver", "market", "rider", *vehicle_state.CHOICES, *vehicle_state.FLAGS)
BLUE_CD, BLUE = 250.0, (0.2, 0.5, 8.3)  # UN R65: blue lamps of category T, day level; linear RGB of unit luminance
TWIN_M = 0.34  # between the middles of twin tyres


class Wheel(NamedTuple):
    """mesh: outer face to +y. at: its middle, left side. steered: whether it turns with the steering wheel."""

    name: str
    mesh: Mesh
    at: tuple[float, float, float]
    radius_m: float
    steered: bool


class Assembly(NamedTuple):
    """A vehicle in the frame of its nose (x = -s): rigid meshes, wheels of the left side, lights, further parts."""

    meshes: list[Mesh]
    wheels: list[Wheel]
    lamps: list[Lamp]
    parts: tuple[Part, ...] = ()
    driver: Mesh | None = None  # who can be seen inside
    told: tuple[tuple[str, str], ...] = ()  # attributes of who rides it


def build(name: str, **options: Any) -> Model:
    """The model of a recipe. driver: whether somebody sits in it, or rides it (default true). market: country for which it is
    made, with its plates, and its wheel and low beams for its side of the road. lies, hit, door, snow: its state
    (models/vehicle_state.py). Raises InputError for a name, a recipe value or an option that there is not."""
    recipe = check(name, options)
    driver = bool(options.get("driver", True)) and "lies" not in options
    if isinstance(recipe, Car):
        made = _car(recipe, driver, options.get("door", ""), options.get("hit", ""), bool(options.get("snow")))
    else:
        made = assembly(recipe, driver, int(options.get("rider", 0)))
    model = _model(name, recipe, made, driver)
    return vehicle_state.lying(model, options["lies"]) if "lies" in options else model


def check(name: str, options: Mapping[str, Any]) -> Recipe:
    """The recipe of a vehicle. Raises InputError for a name, or an option or a value of one, that there is not."""
    for key, value in options.items():
        if key not in OPTIONS:
            raise InputError(f'{name} has no option "{key}"{did_you_mean(key, OPTIONS)}')
        if key == "driver" and not isinstance(value, bool):
            raise InputError(f"{name}: {key}: {value!r} should be true or false")
        if key == "rider" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise InputError(f"{name}: {key}: {value!r} should be a number of a rider, 0 or more")
    recipe = vehicle_recipe.read(name)
    vehicle_state.check(name, recipe.family, options)
    market = str(options.get("market", recipe.market))
    plates.style(market)
    return replace(recipe, market=market, name=name)


def assembly(recipe: Recipe, driver: bool, rider: int = 0) -> Assembly:
    """The pieces of a vehicle, by its family. rider: which of some riders a two-wheeler has."""
    if isinstance(recipe, TwoWheeler):
        return _two_wheeler(recipe, driver, rider)
    return BUILDERS[recipe.family](recipe, driver)


def _car(c: Car, driver: bool, door: str = "", hit: str = "", snow: bool = False) -> Assembly:
    b = car_body.body(c)
    car_zones.cut_all(b)
    painted = livery.paint(b.shell, car_parts.probe(b.shell), c.livery, car_body.PAINT)
    fixed = [*painted, *car_parts.outside(b)]
    lamps = car_parts.lights(b)
    sides = {"": (), "left": (1,), "right": (-1,), "both": (1, -1)}[door]
    cover = [vehicle_state.snow(b.shell)] if snow else []
    doors, told = (
        [],
        [(n, v) for n, v in (("door", "closed" if door else ""), ("hit", hit), ("snow", "true" if snow else "")) if v],
    )
    for side in sides:
        on_door = car_door.belongs(b, side)
        door_of, fixed = [m for m in fixed if on_door(m)], [m for m in fixed if not on_door(m)]
        taken = car_door.take(b, side, door_of)
        fixed.append(taken.jamb)
        joint = Joint(DOOR, (0.0, 0.0, 1.0), -side * car_door.OPEN_RAD)
        doors.append(Part(f"door_{'left' if side > 0 else 'right'}", taken.mesh, Pose.of(taken.hinge), (joint,)))
    meshes = [b.shell.mesh(), *fixed, *cover, *car_parts.inside(b, sides)]
    if hit:
        meshes, lamps = vehicle_state.hit(meshes, c.length_m, hit), lamps[1:] if hit == "front" else lamps[:2]
    shape = wheel(c.tyre_diameter_m, c.tyre_width_m, c.wheel, spokes=c.spokes, rim=c.rim)
    y = b.half - c.track_inset_m - c.tyre_width_m / 2
    radius = c.tyre_diameter_m / 2
    wheels = [Wheel(n, shape, (-s, y, radius), radius, n == "front") for n, s in zip(("front", "rear"), b.axles)]
    seated = _seated(car_parts.seat(b), 0.06) if driver else None
    return Assembly(meshes, wheels, lamps, tuple(doors), seated, tuple(told))


def _seated(seat: tuple[float, float, float], cushion_m: float) -> Mesh:
    return cabin.driver((seat[0], seat[1], seat[2] + cushion_m))


def _boxy(c: Boxy, driver: bool) -> Assembly:
    """A bus, a section of one, or a lorry, with twin tyres behind."""
    begin = c.gangway_m  # s at which the skin begins; it is built in the frame of its own nose
    if begin:
        inner = replace(c, front_overhang_m=c.front_overhang_m - begin, length_m=c.length_m - begin)
        shell, meshes = boxy.bus(inner)
        painted = livery.paint(shell, car_parts.probe(shell), c.livery, car_body.PAINT)
        meshes = [placed(m, (-begin, 0, 0)) for m in (shell.mesh(), *painted, *meshes)]
    else:
        shell, meshes = boxy.bus(c) if c.family == "bus" else boxy.lorry(c)
        painted = livery.paint(shell, car_parts.probe(shell), c.livery, car_body.PAINT)
        meshes = [shell.mesh(), *painted, *meshes]
    other_side = c.family == "bus" and plates.left_hand(c.market)  # its doors are on the left
    if other_side:
        meshes = [car_parts.other_side(m) for m in meshes]
    diameter, width = c.tyre_diameter_m, c.tyre_width_m
    single = wheel(diameter, width, "truck", rim=0.62)
    deep = wheel(diameter, width, "truck", rim=0.62, dual=True)
    hidden = tyre(diameter / 2, width, 0.62 * diameter / 2)  # of which no more is seen
    twin = join([deep, placed(hidden, (0, -TWIN_M, 0))])
    y, radius = (c.cab_width_m or c.width_m) / 2 - 0.04 - width / 2, diameter / 2
    wheels, lamps = [], []
    if c.section in ("whole", "front"):
        wheels.append(Wheel("front", single, (-c.front_overhang_m, y, radius), radius, True))
        u, z, _ = np.array(c.projectors_wrap_m).mean(0)
        lamps = car_parts.head_and_brake((0.05, float(u) - 0.2, float(z)), (-c.length_m - 0.1, 0.0, 1.0))
    for k, s in enumerate((c.front_overhang_m + c.wheelbase_m, *c.more_axles_m)):
        name = f"rear_{k + 1}" if k else "rear"
        wheels.append(Wheel(name, twin, (-s, c.width_m / 2 - 0.04 - width / 2, radius), radius, False))
    seated = _seated(boxy.seat(c), 0.05) if driver and c.section in ("whole", "front") else None
    if seated is not None and other_side:
        seated = mirrored(seated)
    return Assembly(meshes, wheels, lamps, driver=seated)


def _two_wheeler(c: TwoWheeler, driver: bool, variant: int = 0) -> Assembly:
    """The fork is one part with a joint about the vertical over the front wheel's hub; the wheel turns with it."""
    thin = c.family in ("bicycle", "cargo_bike")
    f = FRAMES[c.family](c)
    shift = (-c.front_overhang_m - c.wheelbase_m, 0.0, 0.0)  # to the frame of the nose
    at = np.array(shift) + (c.wheelbase_m, 0.0, 0.0)
    steer = Joint(STEER_RAD, (0.0, 0.0, 1.0))
    fork = join([placed(m, (-c.wheelbase_m, 0, 0)) for m in f.steered])
    parts = [Part("fork", fork, Pose.of(at), (steer,))]
    for name, x, d, w, joints in (
        ("front", at[0], c.tyre_diameter_m, c.tyre_width_m, (steer,)),
        ("rear", shift[0], c.rear_tyre_diameter_m, c.rear_tyre_width_m, ()),
    ):
        mesh = spoked(d, w, 0.022 if thin else min(0.05, 0.16 * d), spokes=24 if thin else 5, thin=thin)
        spin = Joint(WHEEL_M, (0.0, 1.0, 0.0), 2.0 / d)
        parts.append(Part(f"wheel_{name}", mesh, Pose.of((x, 0.0, d / 2)), (*joints, spin)))
    if f.pedals:
        crank = Joint(CRANK_RAD, (0.0, 1.0, 0.0))
        parts.append(Part("pedals", join(f.pedals), Pose.of(np.array(f.crank) + shift), (crank,)))
    told: tuple[tuple[str, str], ...] = ()
    if driver:
        who, told = pedestrian.rider(two_wheeler.saddle(c), variant)
        parts.append(replace(who, model_from_part=Pose.of(shift) @ who.model_from_part))
    x, y, z = (float(v) for v in np.array(f.headlamp) + shift)
    bits = LAMP_BITS["low_beam"] | LAMP_BITS["position"] * thin
    lamp = Lamp(bits, (x, y, z), (1.0, 0.0, 0.0), 300.0 if thin else car_parts.LOW_BEAM_CD, car_parts.WHITE_LED, "low_beam")
    return Assembly([placed(m, shift) for m in f.fixed], [], [lamp], tuple(parts), told=told)


def _kit(c: Kit, driver: bool) -> Assembly:
    """Everything rigid is in the recipe's parts."""
    wheels, parts, shapes = [], [], {}
    for s, y, diameter, width in c.wheels_m:
        if (diameter, width) not in shapes:
            shapes[diameter, width] = wheel(diameter, width, c.wheel, rim=c.rim)
        mesh, radius = shapes[diameter, width], diameter / 2
        name = f"{'front' if s in c.steered_m else 'rear'}_{len(wheels) + len(parts)}"
        if y:
            wheels.append(Wheel(name, mesh, (-s, y, radius), radius, s in c.steered_m))
        else:
            joints = (Joint(STEER_RAD, (0.0, 0.0, 1.0)),) if s in c.steered_m else ()
            spin = Joint(WHEEL_M, (0.0, 1.0, 0.0), 1.0 / radius)
            parts.append(Part(f"wheel_{name}", mesh, Pose.of((-s, 0.0, radius)), (*joints, spin)))
    lamps = []
    for s, y, z in c.lamps_m:
        both = car_parts.head_and_brake((-s, y, z), (-c.length_m, 0.0, z))
        lamps += both if y else both[1:]
    seated = _seated((-c.seat_m[0], c.seat_m[1], c.seat_m[2]), 0.05) if c.seat_m and driver else None
    return Assembly([], wheels, lamps, tuple(parts), seated)


FRAMES: dict[str, Callable[[TwoWheeler], two_wheeler.Frame]] = {
    "bicycle": two_wheeler.bicycle,
    "motorcycle": two_wheeler.motorcycle,
    **small_wheelers.FRAMES,
}
BUILDERS: dict[str, Callable[[Any, bool], Assembly]] = {
    "car": _car,
    "bus": _boxy,
    "lorry": _boxy,
    "kit": _kit,
}


def _model(name: str, recipe: Recipe, a: Assembly, driver: bool) -> Model:
    """The model with its origin under the rear axle."""
    rear = recipe.front_overhang_m + recipe.wheelbase_m
    shift = Pose.of((rear, 0.0, 0.0))
    parts_of = tuple({**r, "market": recipe.market, "of": name} if r.get("shape") == "plate" else r for r in recipe.parts)
    body = join([*a.meshes, *kit.pieces(parts_of)]).transformed(shift)
    parts = [Part("body", _coated(body, recipe.coat) if recipe.coat else body)]
    if a.driver is not None:
        parts.append(Part(DRIVER, a.driver.transformed(shift)))
    for w in a.wheels:
        parts += [_wheel_part(w, side, rear) for side in (1, -1)]
    parts += [replace(p, model_from_part=shift @ p.model_from_part) for p in a.parts]
    lamps = [*a.lamps, *_beacons(recipe)]
    left_hand = plates.left_hand(recipe.market)
    lamps = [replace(lamp, beam="low_beam_left") if left_hand and lamp.beam == "low_beam" else lamp for lamp in lamps]
    lamps = tuple(replace(lamp, position=(lamp.position[0] + rear, *lamp.position[1:])) for lamp in lamps)
    size, center = tight_box(tuple(parts))
    attributes = (("body", name), ("driver", str(driver).lower()), *a.told)
    return Model(name, recipe.class_name, tuple(parts), size, center, recipe.wheelbase_m, lamps, attributes)


def _coated(mesh: Mesh, material: str) -> Mesh:
    """The mesh in a colour of its own instead of the actor's paint."""
    surfaces = tuple(replace(s, material=material) if s.material == car_body.PAINT else s for s in mesh.surfaces)
    return replace(mesh, surfaces=surfaces)


def _beacons(recipe: Recipe) -> list[Lamp]:
    """The blue lights of both sides as lights; the lenses are among the parts."""
    lamps = []
    for s, y, z in recipe.beacons_m:
        for side, name in ((1.0, "blue_left"), (-1.0, "blue_right")):
            lamps.append(Lamp(LAMP_BITS[name], (-s, side * y, z + 0.1), (1.0, 0.0, 0.0), BLUE_CD, BLUE))
    return lamps


def _wheel_part(w: Wheel, side: int, rear: float) -> Part:
    """A wheel of one side. The right one is turned half round at rest, so it steers about the same axis, and rolls about -y."""
    x, y, z = w.at
    steer = (Joint(STEER_RAD, (0.0, 0.0, 1.0)),) if w.steered else ()
    spin = Joint(WHEEL_M, (0.0, float(side), 0.0), 1.0 / w.radius_m)
    pose = Pose.of((x + rear, side * y, z), yaw=0.0 if side > 0 else np.pi)
    return Part(f"wheel_{w.name}_{'left' if side > 0 else 'right'}", w.mesh, pose, (*steer, spin))
