"""Plumes behind vehicles in a picture and in a lidar's pulses: the same clouds for both."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scenesim.capture import cast
from scenesim.kernels import echoes
from scenesim.kernels import plumes as kernels
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import F32, I32, Hits, Rays
from scenesim.kernels.plumes import Plumes
from scenesim.models.plume import LIDAR_RATIO_SR
from scenesim.sensors.lidar import Lidar

HIT = np.array([echoes.SPRAY, echoes.EXHAUST, echoes.DUST], np.uint8)  # of models.plume.KINDS
GRAIN = 2048


def draw(
    plumes: Plumes, environment: Environment, light: F32, cells: I32, rays: Rays, hits: Hits, image: F32,
    threads: int | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Draw plumes into an image (H, W, 3) cd/m2 of rays and their hits, in place; returns the share (H, W) of the surfaces that
    is left. light: lamps of the scene, and cells that list them (kernels.lamps)."""
    height, width = image.shape[:2]
    middle = (height // 2) * width
    eye = rays.origin[middle].astype(np.float64)
    sent = np.empty((*plumes.knot.shape[1:3], kernels.LEVELS, 3))
    kernels.sources(plumes, light, cells, environment, eye, float(rays.time[middle]), sent)
    away = ((plumes.bound[:, :3] - eye) ** 2).sum(-1)
    order = np.argsort(-away, kind="stable")
    flat, left = image.reshape(-1, 3), np.ones(height * width, np.float32)

    def veil(begin: int, end: int) -> None:
        kernels.veil(plumes, order, sent, rays, hits.t, begin, end, flat, left)

    cast.run(veil, height * width, GRAIN, threads=threads)
    return left.reshape(height, width)


def returns(
    plumes: Plumes, lidar: Lidar, extinction_per_m: float, key: int, place: NDArray[np.int64], rays: Rays, deeper: I32,
    value: F32, threads: int | None = None,
) -> tuple[NDArray[np.int64], F32, NDArray[np.uint8]]:  # fmt: skip
    """(pulse (E,), value (E, 5) as kernels.backscatter has them, hit (E,)) of the echoes of plumes, in order of pulses; what is
    behind plumes is dimmed in `value` (C, 5). place: (N,), deeper: (C,), see kernels.echoes.find.
    extinction_per_m: of the air."""
    n = len(rays.time) // lidar.sub_rays
    out, kind = np.zeros((n, kernels.ECHOES, 5), np.float32), np.zeros((n, kernels.ECHOES), np.uint8)
    ratio = np.array(LIDAR_RATIO_SR)

    def find(begin: int, end: int) -> None:
        kernels.returns(
            np.uint64(key), place, plumes, ratio, extinction_per_m, lidar.separation_m, lidar.focus_m, rays, lidar.sub_rays,
            deeper, begin, end, value, out, kind,
        )  # fmt: skip

    cast.run(find, n, GRAIN, threads=threads)
    # A clump is longer than what a receiver is made for, and shorter than fog, whose part is soft_gain: midway between.
    out[..., 1:3] *= np.float32(math.sqrt(lidar.soft_gain))
    pulse, slot = np.nonzero(out[..., 1] > 0.01 * lidar.threshold)
    return pulse, out[pulse, slot], HIT[kind[pulse, slot]]
