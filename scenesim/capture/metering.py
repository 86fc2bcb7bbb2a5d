"""Exposure control: a few rays measure the light at a trigger, and a lag makes exposures follow it.

What frame k is exposed with follows from what is measured at trigger k and at those before it, each of which is a function of
its number alone: frame 40 needs none of the frames before it, only a few hundred rays at some earlier times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture import cast, quality
from scenesim.kernels import film
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import PackedScene, Rays
from scenesim.kernels.radiance import radiance

CELLS = 40  # rays along the longer side
LEAST = 0.04  # weight below which an earlier time is left out
MOST = 12  # earlier times
SKY_WEIGHT, SKY_SHARE = 0.35, 0.35  # the upper third of the picture counts a third, as for a film


@dataclass(frozen=True)
class Metered:
    """mean: exp of the mean log luminance. bright: what only a given share exceeds. Both cd/m2."""

    mean: float
    bright: float


def of_picture(image: NDArray[np.float32], clipped: float) -> Metered:
    """Of radiance (H, W, 3) cd/m2."""
    step = max(1, max(image.shape[:2]) // 200)
    mean, _ = film.meter(np.ascontiguousarray(image), step, int(SKY_SHARE * len(image)), SKY_WEIGHT)
    few = image[::step, ::step]
    luminance = 0.2126 * few[..., 0] + 0.7152 * few[..., 1] + 0.0722 * few[..., 2]
    order = np.sort(luminance.reshape(-1))
    return Metered(float(mean), float(order[min(int((1.0 - clipped) * len(order)), len(order) - 1)]))


def measure(
    scene: PackedScene,
    environment: Environment,
    directions: NDArray[np.float64],
    local_from_camera: Pose,
    clipped: float,
    cells: NDArray[np.int32],
    threads: int | None,
) -> Metered:
    """What a camera with directions (H, W, 3) at one pose meters, from one ray for every few pixels."""
    height, width = directions.shape[:2]
    step = max(1, max(height, width) // CELLS)
    few = directions[step // 2 :: step, step // 2 :: step]
    rays = _rays(few, local_from_camera)
    hits = cast.closest_hit(scene, rays, visibility=1, width=few.shape[1], threads=threads)
    n, out = len(rays.time), np.empty((len(rays.time), 3), np.float32)
    spread = step * float(np.sqrt(((directions[0, 0] - directions[0, 1]) ** 2).sum()))
    openness, shadow = np.ones(n, np.float32), quality.unknown_shadow(n)

    def shade(begin: int, end: int) -> None:
        radiance(scene, environment, rays, hits, openness, shadow, cells, spread, 0.0, 1, begin, end, out)

    cast.run(shade, n, 256, threads=threads)
    return of_picture(out.reshape(*few.shape[:2], 3), clipped)


def _rays(directions: NDArray[np.float64], pose: Pose) -> Rays:
    flat = directions.reshape(-1, 3)
    origin = np.tile(pose.translation.astype(np.float32), (len(flat), 1))
    return Rays(origin, np.ascontiguousarray(pose.rotate(flat), np.float32), np.zeros(len(flat), np.float32))


def weights(period_s: float, lag_s: float) -> list[float]:
    """Of the triggers k, k - 1, ... in the exposure of frame k; of sum 1."""
    if lag_s <= 0.0:
        return [1.0]
    fade = math.exp(-period_s / lag_s)
    found = [fade**j for j in range(MOST + 1)]
    kept = [w for w in found if w >= LEAST]
    return [w / sum(kept) for w in kept]


def lagged(measured: Callable[[int], Metered], k: int, share: list[float]) -> Metered:
    """The exposure of frame k follows the mean of logarithms, as eyes and cameras do; before 0 it was as at 0."""
    seen = [measured(max(k - j, 0)) for j in range(len(share))]
    mean, bright = (
        math.exp(sum(w * math.log(max(getattr(m, name), 1e-6)) for w, m in zip(share, seen))) for name in ("mean", "bright")
    )
    return Metered(mean, bright)
