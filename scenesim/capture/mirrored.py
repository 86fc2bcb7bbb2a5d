"""Ghosts: what a lidar sees in mirrors, and takes to be behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.capture import cast
from scenesim.kernels import backscatter, echoes
from scenesim.kernels import mirrored as kernels
from scenesim.kernels.backscatter import Laser
from scenesim.kernels.packed import F32, MATERIAL, Hits, PackedScene, Rays
from scenesim.kernels.raster import empty_rays
from scenesim.kernels.shaders import GLASS
from scenesim.scene.stage import SEEN_BY_LIDAR
from scenesim.sensors.ranging import Air

WET = 0.3  # of a road, from which it mirrors
RUFFLING_MM_PER_H = 2.0  # rain of which water mirrors half as well, because drops ruffle it; by eye
BRIGHTEST = 20.0  # reflectance of what is looked for in mirrors: sheeting that sends light back


def there_are(scene: PackedScene, laser: Laser) -> bool:
    """Whether anything in a scene mirrors pulses."""
    used = scene.material[np.unique(scene.surface_material)]
    glass = (used[:, MATERIAL["shader"]] == GLASS) & (used[:, MATERIAL["param0"]] > 0.0)
    return laser.wet >= WET or bool(glass.any())


def returns(
    scene: PackedScene, laser: Laser, air: Air, threshold: float, rays: Rays, hits: Hits, sub_rays: int,
    threads: int | None = None,
) -> tuple[NDArray[np.int64], F32, NDArray[np.uint8]]:  # fmt: skip
    """(place (E,) of the pulse, value (E, 5) as kernels.backscatter has them, hit (E,)) of what rays (N,), sub_rays of a
    pulse, see by way of the mirrors that are the first thing they hit."""
    n = len(rays.time)
    passed, out = np.empty(n), empty_rays(n)
    calm = 1.0 / (1.0 + air.rain_mm_per_h / RUFFLING_MM_PER_H) if air.snow_mm_per_h == 0 else 0.0  # snow lies on the water
    least = 0.3 * threshold / BRIGHTEST

    def turn(begin: int, end: int) -> None:
        kernels.turned(scene, rays, hits, laser, calm, least, sub_rays, begin, end, passed, out)

    cast.run(turn, n, threads=threads)
    ray = np.flatnonzero(passed)
    m = len(ray)
    mirrored = Rays(*(np.ascontiguousarray(a[ray]) for a in out))
    met = cast.closest_hit(scene, mirrored, visibility=SEEN_BY_LIDAR, threads=threads)
    travelled, left = hits.t[ray].astype(np.float64), passed[ray]
    value, dry = np.empty((m, 5), np.float32), np.empty((0, 5), np.float32)
    unused = (np.empty(m, np.uint8), np.empty(m, np.uint16), np.empty((m, 3), np.float32))
    track, own = np.zeros(int(scene.actor.max(initial=0)) + 1, np.uint16), np.arange(m)

    def keep(begin: int, end: int) -> None:
        backscatter.returns(
            scene, mirrored, met, own, laser, track, 1.0 / sub_rays, sub_rays, begin, end, travelled, left, value, dry, *unused
        )

    cast.run(keep, m, threads=threads)
    loud = value[:, 1] > 0.01 * threshold / sub_rays
    return ray[loud] // sub_rays, value[loud], np.full(int(loud.sum()), echoes.GHOST, np.uint8)
