"""Whether two workers make a batch twice as fast as one on one processor: by the clock, and where the difference goes.

The clock tells only where nothing else runs. CPU-seconds do anywhere: what the workers spend together is shared between them,
what the driver spends while there is no shard to make is not.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from scenesim import warm
from scenesim.base.processes import module_command

RECIPE = """
name: workers
scenarios:
  - scenario: first_light
    set: {{rig: {{rate_hz: 10, sensors: {{
      front: {{kind: camera, lens: pinhole, width_px: 640, height_px: 360, fov_deg: 70, position_m: [1.7, 0, 1.35]}},
      top: {{sensor: lidar_hdl32e, position_m: [0.95, 0, 1.85]}}}}}}}}
seeds: {seeds}
frames: 4
"""


class Run(NamedTuple):
    """A batch made: seconds by the clock; CPU-seconds of all its processes and of its shards alone; seconds by the clock of its
    shards, one after the other."""

    workers: int
    wall_s: float
    cpu_s: float
    shards_cpu_s: float
    shards_wall_s: float

    @property
    def waited(self) -> float:
        """Share of the workers' time without a shard: they start, none is left, or the driver is at it."""
        return 1 - self.shards_wall_s / (self.workers * self.wall_s)


class Gain(NamedTuple):
    """Of pairs of runs: medians of the clock's ratio, of that of CPU-seconds (how much dearer work is beside other work), and
    the shares of the time that workers wait."""

    shards: int
    faster: float
    dearer: float
    waited_one: float
    waited_two: float


def run(recipe: Path, folder: Path, workers: int) -> Run:
    """Make a batch in a new folder, with as many processors as workers."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < workers:
        raise SystemExit(f"{workers} workers need as many processors, and there are {len(mine)}")
    command = module_command("scenesim", "batch", str(recipe), "-o", str(folder), "--workers", str(workers))
    before, start = os.times(), time.perf_counter()
    os.sched_setaffinity(0, mine[:workers])  # what is started has the same
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.sched_setaffinity(0, mine)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    manifests = [json.loads(path.read_text(encoding="utf8")) for path in folder.glob("native/*/*/manifest.json")]
    return Run(workers, wall, cpu, sum(m["cpu_s"] for m in manifests), sum(m["duration_s"] for m in manifests))


def compare(seeds: int, pairs: int, say: Callable[[str], None]) -> list[Gain]:
    """Runs with one and with two workers in turn, after one that is not counted and fills what is kept on the disk."""
    warm.ensure()
    runs: list[tuple[Run, Run]] = []
    with tempfile.TemporaryDirectory() as home:
        recipe = Path(home) / "recipe.yaml"
        recipe.write_text(RECIPE.format(seeds=seeds), encoding="utf8")
        run(recipe, Path(home) / "first", 2)
        for k in range(pairs):
            one, two = (run(recipe, Path(home) / f"{k}_{workers}", workers) for workers in (1, 2))
            runs.append((one, two))
            for made in (one, two):
                say(
                    f"  {made.workers} of {seeds} shards: {made.wall_s:.1f} s, {made.cpu_s:.1f} CPU-s, "
                    f"{made.shards_cpu_s:.1f} of them in shards; {100 * made.waited:.0f} % of the workers' time without one"
                )
    row = Gain(
        seeds,
        statistics.median(one.wall_s / two.wall_s for one, two in runs),
        statistics.median(two.cpu_s / one.cpu_s for one, two in runs),
        statistics.median(one.waited for one, _ in runs),
        statistics.median(two.waited for _, two in runs),
    )
    say(f"  two workers: {row.faster:.2f} times as fast as one, for {row.dearer:.2f} times its CPU-seconds")
    return [row]
