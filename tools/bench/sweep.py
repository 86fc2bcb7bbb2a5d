"""What a lidar's sweep in heavy rain costs, with its sub-rays and labels, over its bare rays, and where its time goes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import scenesim
from scenesim import simulate
from scenesim.base import keys
from scenesim.capture import cast
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels.packed import Rays
from scenesim.scene.stage import SEEN_BY_LIDAR
from tools.bench.frame import Spans

FRAME = 3
SENSOR = "{sensor: lidar_hdl64e, position_m: [0.95, 0, 1.85], sub_rays: 7}"
OVERRIDES = [f"rig={{rate_hz: 10, sensors: {{top: {SENSOR}}}}}", "weather={preset: rain_heavy}"]


class Part(NamedTuple):
    """CPU-seconds of one kind of work, and over those of the bare rays."""

    part: str
    cpu_s: float
    over_bare: float


def compare(name: str, threads: int, pairs: int, say: Callable[[str], None]) -> list[Part]:
    """A scenario's sweep with everything in turn with one bare ray a pulse, both in the order in which they are fastest."""
    scenario = scenesim.load(name, OVERRIDES)
    production = simulate.Production(scenario, None, None, threads)
    snapshot = production.snapshot(FRAME)
    (lidar,) = production.rig.lidars
    raised = production.raised(FRAME, snapshot)

    def local(t):
        return snapshot.local(production.timeline.ego_poses(snapshot.time_s + t))

    def whole() -> None:
        capture_sweep(
            snapshot.scene, lidar, local, snapshot.world_from_local, keys.derive(production.key, FRAME, lidar.name),
            production.track, threads, air=production.conditions.air, plumes=raised, time_s=snapshot.time_s,
        )  # fmt: skip

    pulses, pose = lidar.pulses(), local(np.zeros(1))[0] @ lidar.ego_from_lidar
    order = np.argsort(pulses.ring, kind="stable")
    rays = Rays(
        pose.apply(pulses.origin_m)[order].astype(np.float32),
        np.ascontiguousarray(pose.rotate(pulses.direction)[order], np.float32),
        pulses.time_offset_s[order].astype(np.float32),
    )

    def bare() -> None:
        cast.closest_hit(snapshot.scene, rays, visibility=SEEN_BY_LIDAR, threads=threads)

    whole(), bare()
    spent = [(_cpu(bare), _cpu(whole)) for _ in range(pairs)]
    least, most = (statistics.median(s[k] for s in spent) for k in (0, 1))
    ratio = statistics.median(w / b for b, w in spent)
    say(
        f"  {name}: {len(order) / 1e3:.0f} k pulses of {lidar.sub_rays} rays, heavy rain, labels: {most:.3f} CPU-s, "
        f"{ratio:.1f} times the {least:.3f} of one bare ray each"
    )
    with Spans() as spans:
        total = _cpu(whole)
    rows = [Part(part, s, s / least) for part, s in spans.spent.most_common() if s > 0.01 * total]
    rows.append(Part("the rest", total - sum(r.cpu_s for r in rows), (total - sum(r.cpu_s for r in rows)) / least))
    for r in rows:
        say(f"    {r.part:<18} {r.cpu_s:6.3f} CPU-s {r.over_bare:5.1f}")
    return [Part("all", most, ratio), *rows]


def _cpu(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
