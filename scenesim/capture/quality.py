"""How much a picture's light may cost: a draft to look at before, and a reference to hold the default against.

Labels, and whatever is drawn over the surfaces, are the same in all of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.capture import cast
from scenesim.kernels import lamps, raster
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import Hits, PackedScene, Rays
from scenesim.kernels.radiance import UNKNOWN, radiance
from scenesim.kernels.reference import reference_radiance
from scenesim.sensors.imaging import Film

DRAFT, DEFAULT, REFERENCE = "draft", "default", "reference"
BLOCK = 3  # pixels along a side of those that a draft shades once
SAMPLES = 64  # of a pixel in a reference
# Steps of a sequence that fills a square evenly (Roberts 2018): powers of 1 / 1.3247, the root of x^3 = x + 1.
STEPS = (0.7548776662466927, 0.5698402909980532)


def plain() -> Film:
    """A draft's film: without noise and sharpening, which would only show its blocks."""
    return Film(noise_floor=0.0, noise_shot=0.0, sharpen=0.0)


def unknown_shadow(n: int) -> NDArray[np.uint8]:
    """Shadow (N,) of the sun that kernels.radiance is to find by itself, ray by ray."""
    return np.full(n, UNKNOWN, np.uint8)


def draft(
    scene: PackedScene,
    environment: Environment,
    rays: Rays,
    hits: Hits,
    width: int,
    cells: NDArray[np.int32],
    spread: float,
    visibility: int,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Radiance (N, 3) cd/m2 of an image of rays in reading order: of one pixel in each block, without contact shadows."""
    height = len(rays.time) // width
    rows, columns = np.arange(height) // BLOCK, np.arange(width) // BLOCK
    middle_row = np.minimum(np.arange(rows[-1] + 1) * BLOCK + BLOCK // 2, height - 1)
    middle_column = np.minimum(np.arange(columns[-1] + 1) * BLOCK + BLOCK // 2, width - 1)
    few = (middle_row[:, None] * width + middle_column).ravel()
    n = len(few)
    some_rays, some_hits = Rays(*(a[few] for a in rays)), Hits(*(a[few] for a in hits))
    openness, shadow, out = np.ones(n, np.float32), unknown_shadow(n), np.empty((n, 3), np.float32)

    def shade(begin: int, end: int) -> None:
        radiance(
            scene, environment, some_rays, some_hits, openness, shadow, cells, BLOCK * spread, 0.0, visibility, begin, end, out
        )

    cast.run(shade, n, threads=threads)
    return out.reshape(len(middle_row), len(middle_column), 3)[rows[:, None], columns].reshape(-1, 3)


def reference(
    scene: PackedScene,
    environment: Environment,
    rays: Rays,
    width: int,
    spread: float,
    visibility: int,
    threads: int | None = None,
    samples: int = SAMPLES,
    within: float = 1.0,
) -> NDArray[np.float32]:
    """Radiance (N, 3) cd/m2 of an image of rays in reading order: the mean over samples spread evenly over `within` pixels
    about each pixel's centre."""
    n, key = len(rays.time), np.uint64(keys.derive(keys.root(0), "reference"))
    count = len(scene.light)
    cells = np.empty((lamps.CELLS, lamps.CELLS, 1 + count), np.int32)
    cells[..., 0], cells[..., 1:] = count, np.arange(count)
    footprint = spread / float(np.sqrt(samples))
    pixels, more, total = np.arange(n), raster.empty_rays(n), np.zeros((n, 3))
    for k in range(samples):
        dx, dy = (within * ((0.5 + (k + 1) * step) % 1.0 - 0.5) for step in STEPS)
        cast.run(lambda b, e, dx=dx, dy=dy: raster.rays_between(rays, pixels, width, dx, dy, b, e, more), n, threads=threads)
        seen = cast.closest_hit(scene, more, visibility=visibility, width=width, threads=threads)

        def shade(begin: int, end: int, seen: Hits = seen, k: int = k) -> None:
            reference_radiance(scene, environment, more, seen, cells, footprint, visibility, key, k, begin, end, total)

        cast.run(shade, n, 1024, threads=threads)
    return (total / samples).astype(np.float32)
