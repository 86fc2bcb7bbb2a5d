"""Motion in the image while a camera exposes, from the true motion of the ego and of everything that it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture import cast, motion
from scenesim.kernels.packed import Hits, PackedScene, Rays
from scenesim.kernels.smear import smear

STEP = 2  # pixels along a side of which one is asked how it moves
HALF_S = 1e-3  # of the central difference
SKY_M = 1e5
TILE = 16
GRAIN = 32

CameraAt = Callable[[NDArray[np.float64]], Pose]


class Lens(Protocol):
    """What is needed of a camera's spec."""

    def row_time_s(self) -> NDArray[np.float64]:
        """(H,) s of each row, relative to the trigger's reference time."""
        ...

    def project(self, points) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(pixels (N, 2), valid (N,)) of points (N, 3) in the camera frame."""
        ...


@dataclass(frozen=True)
class Motion:
    """velocity: (H, W, 2) px/s (column, row) of what each pixel sees. widest: (h, w, 2) the fastest about each tile. distance:
    (H, W) m."""

    velocity: NDArray[np.float32]
    widest: NDArray[np.float32]
    distance: NDArray[np.float32]

    def exposed(self, image: NDArray[np.float32], from_s: float, to_s: float, threads: int | None) -> NDArray[np.float32]:
        """An image (H, W, 3) as it is when exposed from from_s to to_s, relative to its rows' times."""
        out = np.empty_like(image)

        def work(begin: int, end: int) -> None:
            smear(image, self.velocity, self.widest, TILE, self.distance, from_s, to_s, begin, end, out)

        cast.run(work, len(image), GRAIN, threads=threads)
        return out


def of_image(scene: PackedScene, camera: Lens, rays: Rays, hits: Hits, local_from_camera_at: CameraAt, width: int) -> Motion:
    """How an image moves, of rays in reading order and their hits. local_from_camera_at: poses (n,) at times (n,) relative to
    the trigger."""
    height = len(rays.time) // width
    at = (np.arange(0, height, STEP)[:, None] * width + np.arange(0, width, STEP)).reshape(-1)
    t = np.minimum(hits.t[at].astype(float), SKY_M)
    point = rays.origin[at].astype(float) + rays.direction[at].astype(float) * t[:, None]
    time = rays.time[at].astype(float)
    speed = motion.of_surfaces(scene, hits.instance[at], point, time)
    rows = np.arange(0, height, STEP)
    row = np.repeat(np.arange(len(rows)), -(-width // STEP))
    row_time = np.asarray(camera.row_time_s(), float)[rows]
    ends, valid = [], np.ones(len(at), bool)
    for half in (-HALF_S, HALF_S):
        inverse = local_from_camera_at(row_time + half).inverse()
        seen = Pose(inverse.rotation[row], inverse.translation[row]).apply(point + speed * half)
        pixels, good = camera.project(seen)
        ends.append(pixels)
        valid &= good
    v = np.where(valid[:, None], (ends[1] - ends[0]) / (2 * HALF_S), 0.0).astype(np.float32)
    coarse = v.reshape(len(rows), -1, 2)
    velocity = np.ascontiguousarray(np.repeat(np.repeat(coarse, STEP, 0), STEP, 1)[:height, :width])
    distance = np.minimum(hits.t, np.float32(SKY_M)).reshape(height, width)
    return Motion(velocity, _widest(coarse), distance)


def _widest(coarse: NDArray[np.float32]) -> NDArray[np.float32]:
    """The fastest velocity (h, w, 2) in each tile and its neighbours, of one in STEP pixels (H / STEP, W / STEP, 2)."""
    side = TILE // STEP
    rows, columns = -(-coarse.shape[0] // side), -(-coarse.shape[1] // side)
    padded = np.zeros((rows * side, columns * side, 2), np.float32)
    padded[: coarse.shape[0], : coarse.shape[1]] = coarse
    tiles = padded.reshape(rows, side, columns, side, 2).transpose(0, 2, 1, 3, 4).reshape(rows, columns, side * side, 2)
    found = np.take_along_axis(tiles, np.argmax((tiles**2).sum(-1), 2)[..., None, None], 2)[:, :, 0]
    around = cv2.copyMakeBorder(found, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0))
    near = np.stack([around[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], 2)
    return np.ascontiguousarray(
        np.take_along_axis(near, np.argmax((near**2).sum(-1), 2)[..., None, None], 2)[:, :, 0], np.float32
    )
