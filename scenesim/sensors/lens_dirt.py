"""Dirt and drops on the glass: what they cover of a picture, and what is seen of the world through them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.sensors.fields import Fields

F32 = NDArray[np.float32]
OCTAVES = 3
MUD = (0.32, 0.26, 0.19)  # of the light about, what dirt that is lit from both sides sends into the lens; by eye
FISHEYE = 2.0  # widths of the picture that a drop shows, upside down (Garg and Nayar 2007 give it 165 degrees)
RIM = 0.6  # of a drop's radius, over which it fades: it is far out of focus


@dataclass(frozen=True)
class Dirt:
    """cover: share of the picture that dirt covers; spot_px: size of its spots, seed. drops: how many, radius_px from and to,
    drop_seed."""

    cover: float = 0.0
    spot_px: float = 40.0
    seed: int = 0
    drops: int = 0
    radius_px: tuple[float, float] = (10.0, 40.0)
    drop_seed: int = 0


class Glass(NamedTuple):
    """dirt, drop: (H, W) share of a pixel's light that is blocked, or comes through a drop. column, row: (H, W) pixel of which
    a drop shows the light."""

    dirt: F32
    drop: F32
    column: F32
    row: F32


def read(fields: Fields) -> Dirt:
    """From the faults ``dirty_lens: {cover: 0.1, spot_px: 40, seed: 0}``, ``lens_drops: {count: 30, radius_px: [10, 40],
    seed: 0}``. Raises InputError."""
    more: dict[str, Any] = {}
    if fields.has("dirty_lens"):
        part = fields.part("dirty_lens")
        more["cover"] = part.number("cover", low=0.0, high=1.0)
        more["spot_px"] = part.number("spot_px", 40.0, low=2.0, high=4000.0)
        more["seed"] = part.integer("seed", 0, low=0, high=2**31)
        part.finish()
    if fields.has("lens_drops"):
        part = fields.part("lens_drops")
        more["drops"] = part.integer("count", low=0, high=2000)
        if part.has("radius_px"):
            more["radius_px"] = part.numbers("radius_px", 2, low=1.0, high=4000.0)
        more["drop_seed"] = part.integer("seed", 0, low=0, high=2**31)
        part.finish()
    return Dirt(**more)


@lru_cache(maxsize=8)
def glass(dirt: Dirt, height: int, width: int) -> Glass:
    """What is on the glass before a picture (H, W): a function of the seeds."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    drop, column, row = np.zeros((height, width), np.float32), x.copy(), y.copy()
    rng = keys.generator(keys.derive(keys.root(dirt.drop_seed), "drops"))
    low, high = min(dirt.radius_px), max(dirt.radius_px)
    for _ in range(dirt.drops):
        u = rng.uniform(size=4)
        cx, cy, radius = u[0] * width, u[1] * height, low + (high - low) * u[2] * u[2]
        dx, dy = x - np.float32(cx), (y - np.float32(cy)) * np.float32(0.75 + 0.25 * u[3])  # a little longer than wide
        r = np.sqrt(dx * dx + dy * dy) / np.float32(radius)
        share = np.clip((1 + 0.3 * RIM - r) / RIM, 0, 1).astype(np.float32)
        mine = share > drop
        drop = np.maximum(drop, share)
        # From the middle of a drop to its rim the world goes from the middle of the picture to far outside of it.
        reach = np.float32(FISHEYE * width / (4.0 * radius)) * (0.4 + 0.6 * np.minimum(r, 1.0))
        column = np.where(mine, np.float32(0.5 * width + 0.5 * (cx - 0.5 * width)) - dx * reach, column)
        row = np.where(mine, np.float32(0.45 * height) - dy * reach, row)
    return Glass(_spots(dirt, height, width), drop, column.astype(np.float32), row.astype(np.float32))


def _spots(dirt: Dirt, height: int, width: int) -> F32:
    """(H, W) share that dirt blocks: smooth noise above the level that covers as much as it should."""
    if dirt.cover <= 0.0:
        return np.zeros((height, width), np.float32)
    rng = keys.generator(keys.derive(keys.root(dirt.seed), "dirt"))
    field = np.zeros((height, width), np.float32)
    for k in range(OCTAVES):
        step = max(dirt.spot_px / 2**k, 1.0)
        coarse = rng.standard_normal((math.ceil(height / step) + 3, math.ceil(width / step) + 3), np.float32)
        full = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        field += full[int(step) :][:height, int(step) :][:, :width] * np.float32(0.6**k)
    level = np.sort(field.reshape(-1))[min(int((1.0 - dirt.cover) * field.size), field.size - 1)]
    return np.clip((field - level) / np.float32(0.5) + np.float32(0.5), 0.0, 1.0)


def through(dirt: Dirt, radiance: F32) -> F32:
    """Radiance (H, W, 3) that comes through the glass."""
    found = glass(dirt, *radiance.shape[:2])
    out = radiance
    if dirt.drops:
        blurred = cv2.GaussianBlur(radiance, (0, 0), 0.006 * radiance.shape[1] + 1.0)
        bent = cv2.remap(blurred, found.column, found.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        bent = cv2.GaussianBlur(bent, (0, 0), max(0.12 * min(dirt.radius_px), 0.8))
        out = out + found.drop[..., None] * (bent - out)
    if dirt.cover > 0.0:
        small = cv2.resize(radiance, (32, 18), interpolation=cv2.INTER_AREA)
        about = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3.0), radiance.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        out = out + found.dirt[..., None] * (about * np.array(MUD, np.float32) - out)
    return out


def coverage(dirt: Dirt, height: int, width: int) -> NDArray[np.uint8] | None:
    """(H, W) how much of a pixel's light is not that of its surface, 0 none, 255 all of it; None where the glass is clean."""
    if not dirt.drops and dirt.cover <= 0.0:
        return None
    found = glass(dirt, height, width)
    left = (1 - found.dirt) * (1 - found.drop)
    return (255 - np.floor(left * np.float32(255.0))).astype(np.uint8)
