"""How trailers follow: the axle runs after the coupling, without slipping sideways (a tractrix)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, cross, quaternion_from_matrix
from scenesim.models.model import CHANNELS, HITCH_RAD, SPEED_M_S, WHEEL_M, Model
from scenesim.models.train import Link
from scenesim.world.driving import Outline
from scenesim.world.track import Track

Array = NDArray[np.float64]
FINER = 8  # steps of the tractrix between two samples


def outline(model: Model, train: Sequence[Link]) -> Outline:
    """Discs over a vehicle with all that it tows in line behind it."""
    own = Outline.of(model)
    parts = [Outline.of(link.model) for link in train]
    ahead = [own.ahead_m, *(o.ahead_m - link.back_m for o, link in zip(parts, train))]
    return Outline(np.concatenate(ahead), max([own.radius_m, *(o.radius_m for o in parts)]))


def behind_m(model: Model, train: Sequence[Link]) -> float:
    """How far the last trailer's end is behind the rear end of the vehicle that tows, in line."""
    if not train:
        return 0.0
    last = train[-1]
    end = last.model.box_center_m[0] - last.model.size_lwh_m[0] / 2 - last.back_m
    return max(0.0, model.box_center_m[0] - model.size_lwh_m[0] / 2 - end)


def tracks(towing: Track, train: Sequence[Link]) -> list[Track]:
    """The tracks of the trailers of a vehicle, the first one first."""
    out = []
    for link in train:
        towing = follow(towing, link)
        out.append(towing)
    return out


def follow(towing: Track, link: Link) -> Track:
    """The track of a trailer whose coupling goes with what tows it. Its lamps are those of that vehicle."""
    k = len(towing.present)
    front = towing.pose
    hitch = front.apply(np.tile([link.hitch_x_m, 0.0, 0.0], (k, 1)))
    heading = front.rotate(np.tile([1.0, 0.0, 0.0], (k, 1)))
    axle, run = _drawn(hitch[:, :2], hitch[0, :2] - link.axle_m * _flat(heading[:1])[0], link.axle_m)
    # Heights and slopes across are those that the vehicle in front had where the axle is now.
    way = _run_of(front.translation)
    up = front.rotate(np.tile([0.0, 0.0, 1.0], (k, 1)))
    at = way - (link.axle_m - link.hitch_x_m)
    slope = heading[0, 2] / max(float(np.hypot(heading[0, 0], heading[0, 1])), 1e-9)
    z = np.where(at < 0, front.translation[0, 2] + at * slope, np.interp(at, *_rising(way, front.translation[:, 2])))
    up = np.stack([np.interp(at, *_rising(way, up[:, c])) for c in range(3)], 1)
    forward = np.column_stack([hitch[:, :2] - axle, hitch[:, 2] - z])
    forward /= np.sqrt((forward * forward).sum(1, keepdims=True))
    left = cross(up, forward)
    left /= np.sqrt((left * left).sum(1, keepdims=True))
    pose = Pose(quaternion_from_matrix(np.stack([forward, left, cross(forward, left)], -1)), np.column_stack([axle, z]))
    articulation = np.zeros((k, len(CHANNELS)))
    articulation[:, WHEEL_M], articulation[:, SPEED_M_S] = run, towing.articulation[:, SPEED_M_S]
    articulation[:, HITCH_RAD] = _angle(_flat(heading), _flat(forward))
    return Track(pose, towing.present, articulation, towing.lamps)


def _drawn(hitch: Array, axle: Array, length: float) -> tuple[Array, Array]:
    """(K, 2) where the axle is, and how far it has rolled (K,), while the coupling (K, 2) draws it."""
    out, run = np.empty_like(hitch), np.zeros(len(hitch))
    out[0] = axle
    for k in range(1, len(hitch)):
        rolled = run[k - 1]
        for j in range(1, FINER + 1):
            to = hitch[k - 1] + (hitch[k] - hitch[k - 1]) * (j / FINER)
            d = to - axle
            pull = float(np.sqrt(d @ d))
            rolled += pull - length  # below 0 when it is pushed back
            axle = to - d * (length / max(pull, 1e-9))
        out[k], run[k] = axle, rolled
    return out, run


def _run_of(points: Array) -> Array:
    """(K,) way along points seen from above."""
    d = np.diff(points[:, :2], axis=0)
    return np.concatenate([[0.0], np.cumsum(np.sqrt((d * d).sum(1)))])


def _rising(way: Array, value: Array) -> tuple[Array, Array]:
    """Ways that differ, with the values there, for interpolation."""
    keep = np.concatenate([[True], np.diff(way) > 1e-9])
    return way[keep], value[keep]


def _flat(v: Array) -> Array:
    """Directions seen from above."""
    return v[:, :2] / np.maximum(np.sqrt((v[:, :2] ** 2).sum(1, keepdims=True)), 1e-12)


def _angle(a: Array, b: Array) -> Array:
    """From b to a, positive to the left."""
    return np.arctan2(b[:, 0] * a[:, 1] - b[:, 1] * a[:, 0], (a * b).sum(1))
