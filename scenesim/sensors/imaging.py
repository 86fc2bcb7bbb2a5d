"""What a camera makes of the light that reaches it: exposure, glare, noise, tone; a pure function of the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base.keys import Key
from scenesim.kernels import film

CLIP = 300.0  # exposures above this spread no more glare


@dataclass(frozen=True)
class Film:
    """How a camera renders. key_value: exposure that the metered mean comes to, 0.18 is middle grey. glare: share of the light
    that lens and housing spread over the picture. contrast, shoulder: of the tone curve. white_balance: how much of the light's
    colour is taken out, 0 to 1. noise_floor, noise_shot: standard deviation in exposure at black, and at exposure 1. sharpen:
    of the unsharp mask. longest: exposure over that of a sunny day (the longest shutter and the highest gain)."""

    key_value: float = 0.135
    glare: float = 0.05
    contrast: float = 1.34
    shoulder: float = 0.96
    saturation: float = 1.04
    white_balance: float = 0.75
    vignette: float = 0.5
    noise_floor: float = 0.0012
    noise_shot: float = 0.0045
    sharpen: float = 0.30
    longest: float = 1.6


Run = Callable[[Callable[[int, int], None], int, int], None]


@lru_cache(maxsize=4)
def _curve(contrast: float, shoulder: float) -> NDArray[np.float64]:
    out = np.empty(4096)
    film.tone_curve(contrast, shoulder, out)
    return out


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float64]:
    """Normal numbers that are equally likely: those in the middle of as many equal shares."""
    n, spread = 1 << film.NOISE_BITS, NormalDist()
    return np.array([spread.inv_cdf((i + 0.5) / n) for i in range(n)])


def metered_exposure(radiance: NDArray[np.float32], film_spec: Film, darkness: float = 0.0) -> float:
    """Exposure per cd/m2 of an image (H, W, 3): its log mean, the upper third counting a third, comes to the key value.

    darkness: 0 by day, 1 by night, when people expect a picture to look dark.
    """
    height, width = radiance.shape[:2]
    mean, spread = film.meter(radiance, max(1, width // 400), int(0.35 * height), 0.35)
    # A scene without contrast, as fog or snow, is to come out lighter than middle grey.
    key = film_spec.key_value * (1.0 - 0.66 * darkness) * (1.0 + 1.2 * (1.0 - darkness) * max(0.0, 1.0 - spread / 0.8))
    return min(key / mean, film_spec.longest)


def white_gains(light_lux: NDArray[np.float32], share: float) -> NDArray[np.float64]:
    """Gains (3,) that take a share of the colour out of a light (3,)."""
    tint = np.asarray(light_lux, float) / max(float(light_lux[1]), 1e-9)
    return 1.0 + share * (1.0 / np.maximum(tint, 0.2) - 1.0)


def veil(radiance: NDArray[np.float32], clip: float) -> NDArray[np.float32]:
    """Light that the lens spreads, at a quarter of the size: octaves of Gaussians, whose sum falls about as 1/r^2."""
    small = cv2.resize(np.minimum(radiance, np.float32(clip)), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    levels = []
    for _ in range(6):
        small = cv2.GaussianBlur(small, (0, 0), 1.6)
        levels.append(small)
        if min(small.shape[:2]) < 4:
            break
        small = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    weights = np.array([1.0, 0.8, 0.62, 0.5, 0.4, 0.32][: len(levels)])
    weights /= weights.sum()
    total = levels[-1] * np.float32(weights[-1])
    for k in range(len(levels) - 2, -1, -1):
        size = (levels[k].shape[1], levels[k].shape[0])
        total = cv2.resize(total, size, interpolation=cv2.INTER_LINEAR) + levels[k] * np.float32(weights[k])
    return total


def _serial(work: Callable[[int, int], None], n: int, grain: int) -> None:
    work(0, n)


def develop(
    radiance: NDArray[np.float32],
    film_spec: Film,
    *,
    light_lux: NDArray[np.float32],
    darkness: float,
    key: Key,
    run: Run = _serial,
) -> NDArray[np.uint8]:
    """sRGB (H, W, 3) uint8 of an image of radiance (H, W, 3) cd/m2, float32, C-contiguous, at least 16 x 16.

    light_lux: (3,) what lights the scene, for the white balance. darkness: as in `metered_exposure`. key: chance of this frame.
    """
    exposure = metered_exposure(radiance, film_spec, darkness)
    glare = veil(radiance, CLIP / exposure) * np.float32(film_spec.glare)
    white = white_gains(light_lux, film_spec.white_balance)
    curve = _curve(film_spec.contrast, film_spec.shoulder)
    codes = np.empty_like(radiance)
    noise = 1.0 + 1.5 * darkness

    def work(begin: int, end: int) -> None:
        film.develop(
            radiance, glare, exposure, white, curve, film_spec.saturation, film_spec.vignette, _noise(),
            film_spec.noise_floor * noise, film_spec.noise_shot * noise, np.uint64(key), begin, end, codes,
        )  # fmt: skip

    run(work, radiance.shape[0], 16)
    blurred = cv2.GaussianBlur(codes, (0, 0), 0.9) if film_spec.sharpen > 0.0 else codes
    return cv2.addWeighted(codes, 1.0 + film_spec.sharpen, blurred, -film_spec.sharpen, 0.0, dtype=cv2.CV_8U)
