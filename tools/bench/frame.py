"""What a complete labelled frame costs, and where its time goes."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import scenesim
from scenesim import simulate
from scenesim.capture import cast
from scenesim.scenario.model import Scenario

# Six cameras of 1600 x 900 and one lidar of 32 beams, as nuScenes has them.
OVERRIDES = ["rig=nuscenes"]
QUICK = ["rig=first_light"]
# Places that start spans of rays, by their modules: what is cast, shaded or measured along rays. The rest is not rays.
RAYS = ("cast.py", "image.py", "sweep.py", "ambient.py")


class Part(NamedTuple):
    """CPU-seconds of a frame, of one kind of work, and its share."""

    scene: str
    part: str
    cpu_s: float
    share: float


class Spans:
    """cast.run with a stop watch: CPU-seconds by the place that asked for the spans."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._run = cast.run
        self._deep = 0

    def __enter__(self) -> Spans:
        cast.run = self._timed  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        cast.run = self._run

    def _timed(self, work, n, grain=cast.GRAIN, *, threads=None) -> None:
        if self._deep:
            return self._run(work, n, grain, threads=threads)
        code = getattr(work, "func", work).__code__
        self._deep += 1
        start = time.process_time()
        try:
            self._run(work, n, grain, threads=threads)
        finally:
            self._deep -= 1
            self.spent[f"{os.path.basename(code.co_filename)}:{code.co_firstlineno}"] += time.process_time() - start
        return None


def compare(name: str, threads: int, frames: int, quick: bool, say: Callable[[str], None]) -> list[Part]:
    """A scenario with the rig of nuScenes: CPU-seconds a frame in the steady state, before encoding."""
    scenario: Scenario = scenesim.load(name, QUICK if quick else OVERRIDES)
    production = simulate.Production(scenario, None, None, threads)
    pending = production.shoot(0, production.snapshot(0))
    pixels = sum(c.width * c.height for c in production.rig.cameras)
    pulses = sum(len(lidar.pulses().time_offset_s) for lidar in production.rig.lidars)
    with Spans() as spans:
        wall, start = time.perf_counter(), time.process_time()
        for k in range(1, 1 + frames):
            snapshot = production.snapshot(k)
            production.with_flow(pending, snapshot)
            pending = production.shoot(k, snapshot)
        spent, wall = (time.process_time() - start) / frames, (time.perf_counter() - wall) / frames
    rows = [Part(name, part, s / frames, s / frames / spent) for part, s in spans.spent.most_common()]
    along_rays = sum(r.share for r in rows if r.part.startswith(RAYS))
    say(
        f"  {name}: {pixels / 1e6:.2f} Mpixels and {pulses / 1e3:.0f} k pulses a frame: {spent:.2f} CPU-s, {wall:.2f} s; "
        f"{(pixels + pulses) / spent / 1e6:.2f} M primary rays and {1 / spent:.3f} frames per CPU-s"
    )
    for r in rows:
        say(f"    {r.part:<18} {r.cpu_s:6.3f} CPU-s {100 * r.share:5.1f} %")
    say(f"    outside of spans of rays {100 * (1 - along_rays):.0f} %")
    return [*rows, Part(name, "all", spent, 1.0), Part(name, "outside of rays", spent * (1 - along_rays), 1 - along_rays)]
