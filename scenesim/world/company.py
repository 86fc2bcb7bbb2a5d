"""How people on foot get about and what they have with them: drawn by age, and the actors that go along with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.models import manner
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import SPEED_M_S, Model
from scenesim.scenario.model import Population
from scenesim.world import track
from scenesim.world.track import Track

Array = NDArray[np.float64]
AGE_OF = {
    "child": "child", "teenager": "teenager", "adult_woman": "adult", "adult_man": "adult", "older_woman": "senior",
    "older_man": "senior",
}  # fmt: skip
VARIANTS = 6  # of a pram, a dog, a child at the hand


def with_manner(request: ModelRequest, population: Population, key: Key) -> ModelRequest:
    """The request of somebody on foot, with mobility and what is carried: drawn with a key of their own, so that nothing else
    that is drawn of the person depends on them."""
    usual, age = assets.read("traffic", "on_foot"), AGE_OF[request.name]
    mobility = _pick(population.mobility or usual["mobility"][age], derive(key, "mobility"))
    carries = _pick(usual["carries"][age], derive(key, "carries")) if mobility == "none" else "none"
    if mobility != "none":
        return replace(request, options=(*request.options, ("mobility", mobility)))
    return request if carries == "none" else replace(request, options=(*request.options, ("carries", carries)))


def _pick(shares: Mapping[str, float], key: Key) -> str:
    names, weights = list(shares), np.cumsum(list(shares.values()))
    at = int(np.searchsorted(weights / weights[-1], generator(key).uniform(), side="right"))
    return names[min(at, len(names) - 1)]


def pace(request: ModelRequest) -> float:
    """Share of the usual speed at which somebody goes."""
    return manner.PACE.get(str(dict(request.options).get("mobility", "none")), 1.0)


def beside(model: Model, key: Key) -> tuple[manner.Company, ModelRequest] | None:
    """What or who goes with a person, and its request; None for most."""
    g = generator(derive(key, "company"))
    found = manner.company(dict(model.attributes), int(g.integers(VARIANTS)))
    if found is None:
        return None
    variant = (
        int(derive(Key(0), found.name, int(g.integers(VARIANTS)))) if found.kind == "person" else int(g.integers(VARIANTS))
    )
    return found, ModelRequest(found.kind, found.name, variant, tuple(sorted(found.options.items())))


def follow(leader: Track, company: manner.Company, model: Model, height) -> Track:
    """The track of what keeps its place beside a person. height: function of x, y and a height near by -> height of the
    ground, m."""
    pose = leader.pose @ Pose.of(np.tile([company.ahead_m, company.left_m, 0.0], (len(leader.present), 1)))
    xyz = pose.translation.copy()
    step = np.sqrt((np.diff(xyz[:, :2], axis=0) ** 2).sum(1))
    moves = np.concatenate([[True], step > 1e-9])
    for k in range(len(xyz)):  # what stands still stays on its ground
        xyz[k, 2] = height(float(xyz[k, 0]), float(xyz[k, 1]), float(xyz[k, 2])) if moves[k] else xyz[k - 1, 2]
    where = Pose(pose.rotation, xyz)
    way, speed = np.concatenate([[0.0], np.cumsum(step)]), leader.articulation[:, SPEED_M_S]
    if company.kind == "aid":
        _, articulation = track.rolling(model, lambda d: where, way, speed)
    else:
        _, articulation = track.walking(model, lambda d: where, way, speed, 1.0 if company.kind == "person" else 0.0)
    return Track(where, leader.present, articulation, np.zeros(len(xyz), np.int32))
