"""The few points of a model that its boxes depend on, found once and kept."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenesim.models import catalogue
from scenesim.models.kept import code, kept
from scenesim.models.model import LEAD, Model, part_pose


def points(request: catalogue.ModelRequest, model: Model, articulation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) points of the posed model of a request in its own frame, among them every extreme one to within a millimetre;
    of a person with a dog without the lead."""
    corners = _corners(request)
    return np.concatenate(
        [
            part_pose(part, articulation).apply(part.skin.vertices(articulation) if part.skin else corners[k])
            for k, part in enumerate(model.parts)
            if part.name != LEAD
        ]
    )


@lru_cache(maxsize=512)
def _corners(request: catalogue.ModelRequest) -> list[NDArray[np.float64]]:
    """For each part of a model, its furthest vertices; none for skinned ones, which bend."""
    return kept("extremes", code(*catalogue.MADE_FROM), request.identity, lambda: _found(catalogue.build(request).model))


def _found(model: Model) -> list[NDArray[np.float64]]:
    of_mesh: dict[int, NDArray[np.float64]] = {}
    for part in model.parts:
        if id(part.mesh) not in of_mesh:
            of_mesh[id(part.mesh)] = np.zeros((0, 3)) if part.skin else furthest(part.mesh.vertices)
    return [of_mesh[id(part.mesh)] for part in model.parts]


@lru_cache(maxsize=1)
def _directions() -> NDArray[np.float64]:
    """(3, 512) directions spread evenly over the sphere (Fibonacci lattice), and the six axes."""
    k = np.arange(506) + 0.5
    z, azimuth = 1 - k / 253, np.pi * (1 + np.sqrt(5.0)) * k
    r = np.sqrt(1 - z * z)
    return np.concatenate([np.stack([r * np.cos(azimuth), r * np.sin(azimuth), z]), np.eye(3), -np.eye(3)], axis=1)


def furthest(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vertices (n, 3) that are furthest in one of many directions: the corners of the hull that matter for a box."""
    return vertices[np.unique(np.argmax(vertices @ _directions(), axis=0))]
