"""Whom the ego drives through: a vehicle that is told how fast to go brakes for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.models import catalogue
from scenesim.world.timeline import EGO, ActorInfo, Timeline

Array = NDArray[np.float64]
LONGEST_M = 30.0  # of what an actor is; who is further away than two of them is not looked at
WITHIN_M = 0.1  # how deep two boxes have to be in each other: mirrors touch, and boxes are wider than bodies
BODIES = ("vehicle", "person", "animal", "imported")


@dataclass(frozen=True)
class Collision:
    """Two actors in the same place: the name of who is with the ego, from when on in s."""

    name: str
    time_s: float


def collisions(timeline: Timeline) -> Iterator[Collision]:
    """Vehicles, people and animals whose box is in that of the ego at some sample, each once; what it tows is part of it."""
    place = timeline.world_from_actor.translation
    own = None
    for row, info in enumerate(timeline.actors):
        if row == EGO or info.model.kind not in BODIES or info.name.startswith("ego_"):
            continue
        away = np.linalg.norm(place[row] - place[EGO], axis=-1)
        near = np.flatnonzero(timeline.present[row] & timeline.present[EGO] & (away < LONGEST_M))
        if near.size == 0:
            continue
        own = _Box.of(timeline.actors[EGO]) if own is None else own
        hit = near[_overlap(timeline, near, own, row, _Box.of(info))]
        if hit.size:
            yield Collision(info.name, float(timeline.time_s[hit[0]]))


@dataclass(frozen=True)
class _Box:
    """The box of a model in its frame: middle (3,) and half of its size (3,), m."""

    middle: Array
    half: Array

    @classmethod
    def of(cls, info: ActorInfo) -> _Box:
        model = catalogue.build(info.model).model
        return cls(np.asarray(model.box_center_m), np.maximum(np.asarray(model.size_lwh_m) - WITHIN_M, WITHIN_M) / 2)


def _overlap(timeline: Timeline, at: NDArray[np.intp], own: _Box, row: int, other: _Box) -> NDArray[np.bool_]:
    """(len(at),) whether two boxes are in each other at samples: no side of either lies between them, seen from above, and
    their heights meet."""
    poses = [timeline.world_from_actor[k, at] for k in (EGO, row)]
    middles = [pose.apply(np.broadcast_to(box.middle, (len(at), 3))) for pose, box in zip(poses, (own, other))]
    between = middles[1] - middles[0]
    meet = np.abs(between[:, 2]) < own.half[2] + other.half[2]
    axes = [pose.matrix()[:, :2, :2] for pose in poses]  # columns: ahead and left of each, nearly of length 1 on a road
    for side in (axes[0][..., 0], axes[0][..., 1], axes[1][..., 0], axes[1][..., 1]):
        reach = sum(
            box.half[k] * np.abs(np.sum(side * a[..., k], axis=-1)) for box, a in zip((own, other), axes) for k in (0, 1)
        )
        meet &= np.abs(np.sum(side * between[:, :2], axis=-1)) < reach
    return meet
