"""What has happened to a vehicle: it lies on its side or its roof, has been hit, is under snow.

Shapes only: a vehicle that lies is turned about its long axis and let down on what is lowest, where a little is pressed flat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh, Surface, corner_normals, make
from scenesim.geometry.shell import Shell
from scenesim.models.model import DRIVER, Lamp, Model, tight_box

Array = NDArray[np.float64]
LIES = {"left": -np.pi / 2, "right": np.pi / 2, "roof": np.pi}
CHOICES: dict[str, tuple[str, ...]] = {"lies": tuple(LIES), "hit": ("front", "rear"), "door": ("left", "right", "both")}
FLAGS = ("snow",)
PRESSED = 0.01  # share of the vertices that are pressed flat on the ground
CRUSHED_M, CRUMPLED_M = 0.5, 1.1  # how far an end is pushed in, and how far behind it shows
SNOW_M, SNOW_FACES = 0.07, 0.55  # depth; z of the normals of faces on which it lies
SNOW = "object_snow"


def check(name: str, family: str, options: Mapping[str, Any]) -> None:
    """Raises InputError for a state that there is not, or that this kind of vehicle cannot be in."""
    for key, value in options.items():
        if key in FLAGS and not isinstance(value, bool):
            raise InputError(f"{name}: {key}: {value!r} should be true or false")
        if key in CHOICES and value not in CHOICES[key]:
            raise InputError(f"{name}: no {key} {value!r}{did_you_mean(str(value), CHOICES[key])}")
        if key in ("door", "hit", "snow") and family != "car":
            raise InputError(f"{name}: {key} is for cars, pick-ups and vans whose recipe is of the family car, not of {family}")


def lying(model: Model, on: str) -> Model:
    """The model on its left or right side, or its roof, over the same spot; nobody is seen in it."""
    roll = LIES[on]
    turn = Pose.of((0.0, 0.0, 0.0), roll=float(roll))
    x, y, z = model.box_center_m
    middle = turn.apply(np.array([x, y, z]))
    body = model.parts[0].mesh.transformed(turn @ model.parts[0].model_from_part)
    floor = float(np.sort(body.vertices[:, 2])[int(PRESSED * len(body.vertices))])
    stiff = [p.mesh.transformed(turn @ p.model_from_part).bounds()[0, 2] for p in model.parts if p.joints]  # wheels, forks
    floor = min([floor, *map(float, stiff)])
    shift = Pose.of((0.0, y - float(middle[1]), -floor))
    laid = []
    for part in model.parts:
        if part.name == DRIVER:
            continue
        pose = shift @ turn @ part.model_from_part
        if part.joints or part.skin:
            laid.append(replace(part, model_from_part=pose))
            continue
        mesh = part.mesh.transformed(pose)
        flat = mesh.vertices.copy()
        flat[:, 2] = np.maximum(flat[:, 2], 0.0)
        laid.append(replace(part, mesh=replace(mesh, vertices=flat), model_from_part=Pose.identity()))
    lamps = tuple(_turned(lamp, shift @ turn) for lamp in model.lamps)
    size, center = tight_box(tuple(laid))
    told = tuple(
        sorted({**dict(model.attributes), "driver": "false", "state": "overturned" if on == "roof" else "on_its_side"}.items())
    )
    return replace(model, parts=tuple(laid), lamps=lamps, size_lwh_m=size, box_center_m=center, attributes=told)


def _turned(lamp: Lamp, pose: Pose) -> Lamp:
    at, along = pose.apply(np.array(lamp.position)), pose.rotate(np.array(lamp.direction))
    return replace(
        lamp, position=(float(at[0]), float(at[1]), float(at[2])), direction=(float(along[0]), float(along[1]), float(along[2]))
    )


def hit(meshes: list[Mesh], length_m: float, end: str) -> list[Mesh]:
    """Meshes in the frame of the nose (x = -s) of a car whose end has been pushed in, more on the left, and buckled. The lamp
    that was hit is dark."""
    return [_crumpled(m, length_m, end) for m in meshes]


def _crumpled(mesh: Mesh, length: float, end: str) -> Mesh:
    v = mesh.vertices.copy()
    x, y, z = v.T
    ahead = -x if end == "front" else length + x  # how far behind the end
    share = np.clip(1.0 - ahead / CRUMPLED_M, 0.0, 1.0)
    if not share.any():
        return mesh
    side = 0.55 + 0.45 * np.clip(y / 0.7, -1.0, 1.0)  # fully on the left, a tenth on the right
    low = np.clip(1.25 - np.abs(z - 0.55), 0.3, 1.0)
    wave = np.sin(9.0 * y + 4.0 * z) * np.sin(7.0 * x + 2.0) + 0.5 * np.sin(23.0 * y - 17.0 * z + 11.0 * x)
    push = CRUSHED_M * share**1.5 * side * low + 0.035 * share * wave
    v[:, 0] += -push if end == "front" else push
    v[:, 2] += share * side * (0.05 * np.sin(11.0 * x + 3.0 * y) + 0.07 * np.clip((z - 0.6) / 0.3, 0.0, 1.0))
    v[:, 2] = np.maximum(v[:, 2], np.minimum(z, 0.06))
    middle = mesh.vertices[mesh.triangles].mean(1)
    broken = (middle[:, 1] > 0.2) & ((-middle[:, 0] if end == "front" else length + middle[:, 0]) < 0.9)
    return replace(_dark(mesh, broken), vertices=v, normals=corner_normals(v, mesh.triangles, 30.0).astype(np.float32))


def _dark(mesh: Mesh, where: NDArray[np.bool_]) -> Mesh:
    """The mesh with its lamps there broken."""
    lamps = [
        k for k, s in enumerate(mesh.surfaces) if s.material.endswith("_lamp") or s.material in ("headlamp", "indicator_left")
    ]
    broken = where & np.isin(mesh.surface, lamps)
    if not broken.any():
        return mesh
    surface = np.where(broken, len(mesh.surfaces), mesh.surface).astype(np.int32)
    return replace(mesh, surface=surface, surfaces=(*mesh.surfaces, Surface("lamp_housing")))


def snow(shell: Shell) -> Mesh:
    """Snow on what looks up of a shell, as a layer that ends thin at its edges; in the shell's frame."""
    n, middle = shell.normals_and_middles()
    lies = (n[:, 2] > SNOW_FACES) & (middle[:, 2] > 0.5)
    used, index = np.unique(shell.faces[lies], return_inverse=True)
    t = index.reshape(-1, 3)
    a, b = t.ravel(), np.roll(t, -1, 1).ravel()
    count = len(used)
    edge = ~np.isin(a * count + b, b * count + a)
    rim = np.zeros(count, bool)
    rim[a[edge]] = rim[b[edge]] = True
    v = shell.vertices[used]
    depth = np.where(rim, 0.012, SNOW_M)
    for _ in range(3):  # swells from the edge on
        total, weight = np.zeros(count), np.zeros(count)
        np.add.at(total, a, depth[b])
        np.add.at(weight, a, 1.0)
        depth = np.where(rim, 0.012, 0.5 * depth + 0.5 * total / np.maximum(weight, 1.0))
    depth = depth * (0.85 + 0.15 * np.sin(5.0 * v[:, 0]) * np.sin(6.0 * v[:, 1] + 1.0))
    return make(v + np.stack([np.zeros(count), np.zeros(count), depth], 1), t, Surface(SNOW), uv=v[:, [0, 1]])
