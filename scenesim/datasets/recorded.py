"""What a dataset says of who was where, as a Timeline: the way back from nuScenes, KITTI tracking, Argoverse 2 and our own.

A dataset has boxes, not models. Each track gets the model of its class whose length is nearest, and stands so that the middle
of the bottom of the model's box is that of the recorded box, and turned as it is: these are exact. Wheels, steps and steering
follow from the way; lamps are off. Classes of which there is no model that can be an actor (signs, lights) are left out.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.base.frames import Pose, interpolate
from scenesim.base.keys import Key, derive, generator
from scenesim.datasets.formats import READERS
from scenesim.models import catalogue, vehicle_recipe
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import CHANNELS, CRANK_RAD, GAIT_RAD, SPEED_M_S, STEER_RAD, WHEEL_M, Model
from scenesim.world import population
from scenesim.world.timeline import ActorInfo, Timeline

EGO_MODEL = "sedan"
# Where a class has several models, or one that is not called so.
PEOPLE = {"pedestrian": ("adult_man", "adult_woman"), "child": ("child",)}
TALL_M = 1.7  # who is taller is taken for a man
OTHERS = {"cone": "cone", "barrier": "barrier_board", "debris": "cardboard_box", "animal": "dog"}
STRIDE_M, PEDAL_M = 1.4, 5.6  # way of two steps, and of one turn of the pedals


@dataclass(frozen=True)
class Box:
    """One recorded box. row: of the recording's time_s. track: whose it is. class_name: of our taxonomy. world_from_box: pose
    of its centre, x ahead. size_lwh_m: (3,). model: recipe that it was made of, "" where that is unknown."""

    row: int
    track: str
    class_name: str
    world_from_box: Pose
    size_lwh_m: NDArray[np.float64]
    model: str = ""


@dataclass(frozen=True)
class Recording:
    """time_s: (K,) from 0, increasing. world_from_ego: poses (K,). labelled: (K,) whether boxes were recorded then; between two
    such rows boxes go on evenly. boxes: all of them."""

    time_s: NDArray[np.float64]
    world_from_ego: Pose
    labelled: NDArray[np.bool_]
    boxes: tuple[Box, ...]

    def timeline(self, ego_model: str = EGO_MODEL) -> Timeline:
        """The recording as a Timeline; the ego is a vehicle of that name. Raises InputError for one that there is not."""
        ego = ModelRequest(catalogue.find(ego_model), ego_model)
        if ego.kind != "vehicle":
            raise InputError(f'the ego is a vehicle, and "{ego_model}" is none')
        k = len(self.time_s)
        infos, poses, present = [ActorInfo("ego", ego)], [self.world_from_ego], [np.ones(k, bool)]
        for track, boxes in self._tracks().items():
            request = model_of(boxes, track)
            if request is not None:
                pose, here = self._moves(boxes, catalogue.build(request).model)
                infos.append(ActorInfo(track, request))
                poses.append(pose)
                present.append(here)
        models = [catalogue.build(info.model).model for info in infos]
        world_from_actor = Pose(np.stack([p.rotation for p in poses]), np.stack([p.translation for p in poses]))
        moved = np.stack([articulation(self.time_s, pose, model) for pose, model in zip(poses, models)])
        lamps = np.zeros((len(infos), k), np.int32)
        return Timeline(self.time_s, world_from_actor, np.stack(present), moved, lamps, tuple(infos))

    def _tracks(self) -> dict[str, list[Box]]:
        found: dict[str, list[Box]] = {}
        for box in self.boxes:
            found.setdefault(box.track, []).append(box)
        return {track: sorted(boxes, key=lambda b: b.row) for track, boxes in found.items()}

    def _moves(self, boxes: list[Box], model: Model) -> tuple[Pose, NDArray[np.bool_]]:
        """Poses (K,) and presence (K,) of a track: between its boxes, where none was looked for, it goes on evenly; where it
        was looked for and not found it is absent, as before its first box and after its last one."""
        rows = np.array([b.row for b in boxes])
        known = [world_from_actor(b, model) for b in boxes]
        at = Pose(np.stack([p.rotation for p in known]), np.stack([p.translation for p in known]))
        here = np.zeros(len(self.time_s), bool)
        here[rows] = True
        for a, b in zip(rows[:-1], rows[1:]):
            here[a:b] |= not self.labelled[a + 1 : b].any()
        j = np.clip(np.searchsorted(rows, np.arange(len(here)), side="right") - 1, 0, len(rows) - 1)
        n = np.minimum(j + 1, len(rows) - 1)
        since, whole = self.time_s - self.time_s[rows[j]], self.time_s[rows[n]] - self.time_s[rows[j]]
        share = np.clip(np.divide(since, whole, out=np.zeros(len(here)), where=whole > 0), 0.0, 1.0)
        return interpolate(at[j], at[n], share), here


def world_from_actor(box: Box, model: Model) -> Pose:
    """Where a model stands whose box stands on the same bottom as a recorded one, turned as it is."""
    upright = np.array([1.0, 0.0, 0.0, 0.0])
    x, y, z = model.box_center_m
    box_from_bottom = Pose(upright, np.array([0.0, 0.0, -box.size_lwh_m[2] / 2]))
    actor_from_bottom = Pose(upright, np.array([x, y, z - model.size_lwh_m[2] / 2]))
    return box.world_from_box @ box_from_bottom @ actor_from_bottom.inverse()


def model_of(boxes: Sequence[Box], track: str) -> ModelRequest | None:
    """The model of a track: what it was made of, if that is said, else the nearest of its class; None where there is none."""
    names = [b.class_name for b in boxes]
    name = max(dict.fromkeys(names), key=names.count)
    length, _, height = np.median([b.size_lwh_m for b in boxes], axis=0)
    said = boxes[0].model
    if said not in catalogue.actors():
        if name in PEOPLE:
            said = PEOPLE[name][0 if height > TALL_M else -1]
        elif name in OTHERS:
            said = OTHERS[name]
        else:
            recipes = {n: vehicle_recipe.read(n) for n in catalogue.vehicles()}
            fits = [n for n, recipe in recipes.items() if recipe.class_name == name]
            if not fits:
                return None
            fits = [n for n in fits if not recipes[n].coat] or fits  # without a livery, where there is such a one
            said = min(fits, key=lambda n: abs(recipes[n].length_m - length))
    kind = catalogue.find(said)
    if kind == "person":
        return population.person(said, generator(derive(Key(0), "recorded", track)))
    return ModelRequest(kind, said)


def articulation(time_s: NDArray[np.float64], pose: Pose, model: Model) -> NDArray[np.float64]:
    """(K, J) of what goes along poses (K,): wheels and pedals turn and legs walk with the way, wheels steer as it bends."""
    step = np.diff(pose.translation, axis=0)
    ahead = pose.rotate(np.array([1.0, 0.0, 0.0]))[:-1]
    run = (step * ahead).sum(1)
    way = np.concatenate([[0.0], np.cumsum(run)])
    out = np.zeros((len(time_s), len(CHANNELS)))
    out[:, WHEEL_M], out[:, CRANK_RAD], out[:, GAIT_RAD] = way, way * (2 * math.pi / PEDAL_M), way * (2 * math.pi / STRIDE_M)
    if len(time_s) > 1:
        out[:, SPEED_M_S] = np.gradient(way, time_s)
        turn = np.diff(pose.yaw())
        turn = np.arctan2(np.sin(turn), np.cos(turn))
        bend = np.divide(turn, run, out=np.zeros(len(run)), where=np.abs(run) > 0.05)
        steer = np.clip(np.arctan2(model.wheelbase_m * bend, 1.0), -0.6, 0.6)
        out[:, STEER_RAD] = np.append(steer, steer[-1])
    return out


def reader(name: str) -> Callable[..., Recording]:
    """The function (folder, scene) that reads a format back. Raises InputError where there is none."""
    if name not in READERS:
        raise InputError(f'no format "{name}" can be read back{did_you_mean(name, READERS)}; these can: {", ".join(READERS)}')
    module, _, attribute = READERS[name].partition(":")
    read = getattr(importlib.import_module(module), attribute)

    def checked(folder: str | Path, scene: int = 0) -> Recording:
        try:
            return read(folder, scene)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = f"this is not what {name} says, or a part is missing or damaged ({type(error).__name__}: {error})"
            raise InputError(what, Place(str(folder))) from error

    return checked
