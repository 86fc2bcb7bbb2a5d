"""Rays cast, on threads: the one place that has them.

Kernels release the interpreter lock and write only the rows of their span, so the answer does not depend on the threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels import bvh
from scenesim.kernels.packed import Hits, PackedScene, Rays, empty_hits

GRAIN = 4096  # rays that a thread takes at a time: some milliseconds


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(work: Callable[[int, int], None], n: int, grain: int = GRAIN, *, threads: int | None = None) -> None:
    """Call ``work(begin, end)`` for spans that cover range(n), on as many threads; spans are taken in order, so neighbours
    stay together and a slow span leaves no thread idle. An exception of `work` is raised here."""
    spans = -(-n // grain) if n else 0
    workers = min(threads or available_threads(), spans)
    ticket = count()

    def drain() -> None:
        while (k := next(ticket)) < spans:
            work(k * grain, min((k + 1) * grain, n))

    if workers <= 1:
        drain()
        return
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(drain) for _ in range(workers)]:
            future.result()


def _grain(width: int) -> int:
    """GRAIN in whole rows of blocks of an image."""
    band = bvh.BLOCK * width
    return -(-GRAIN // band) * band if width else GRAIN


def closest_hit(scene: PackedScene, rays: Rays, *, visibility: int, width: int = 0, threads: int | None = None) -> Hits:
    """Nearest hits of rays (N,) with the instances whose mask shares a bit with `visibility`.

    width: of the image whose pixels the rays are, in reading order, if they are; it is then faster.
    """
    hits = empty_hits(len(rays.time))
    run(
        lambda b, e: bvh.closest_hit(scene, rays, visibility, width, b, e, hits), len(rays.time), _grain(width), threads=threads
    )
    return hits


def any_hit(
    scene: PackedScene, rays: Rays, t_max: NDArray[np.float32], *, visibility: int, width: int = 0, threads: int | None = None
) -> NDArray[np.uint8]:
    """Whether rays (N,) hit anything before t_max (N,), as 0 or 1; those whose t_max is not above 0 do not.

    width: of the image from whose pixels the rays begin, in reading order, if they do; it is then faster.
    """
    out = np.empty(len(rays.time), np.uint8)
    run(
        lambda b, e: bvh.any_hit(scene, rays, t_max, visibility, width, b, e, out),
        len(rays.time),
        _grain(width),
        threads=threads,
    )
    return out
