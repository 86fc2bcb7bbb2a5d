"""The ground that actors need: where they stand and go, so that nothing is put up there."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.models import catalogue
from scenesim.world.timeline import Timeline

SPARE_M = 0.1  # about a body
STEP_M = 2.0  # between the outlines that a way is made of


def occupied(timeline: Timeline) -> list[BaseGeometry]:
    """Outlines, seen from above, of what each actor's box covers over time; in order of actors and time."""
    shapes: list[BaseGeometry] = []
    for row, info in enumerate(timeline.actors):
        here = np.flatnonzero(timeline.present[row])
        if len(here) == 0:
            continue
        model = catalogue.build(info.model).model
        corners = _corners(model.size_lwh_m, model.box_center_m)
        xy = timeline.world_from_actor.translation[row, here, :2]
        run = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(xy, axis=0) ** 2).sum(1)))])
        steps = max(1, int(run[-1] / STEP_M))
        stops = np.unique(np.searchsorted(run, np.linspace(0.0, run[-1], steps + 1)))
        boxes = [timeline.world_from_actor[row, int(here[k])].apply(corners)[:, :2] for k in stops]
        if len(boxes) == 1:
            shapes.append(shapely.MultiPoint(boxes[0]).convex_hull)
        shapes += [shapely.MultiPoint(np.concatenate(pair)).convex_hull for pair in zip(boxes, boxes[1:])]
    return shapes


def _corners(size_lwh_m: tuple[float, float, float], center_m: tuple[float, float, float]) -> NDArray[np.float64]:
    """(4, 3) corners of a box on the ground, with room about it."""
    half = np.array(size_lwh_m[:2]) / 2 + SPARE_M
    signs = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    return np.column_stack([signs * half + center_m[:2], np.zeros(4)])
