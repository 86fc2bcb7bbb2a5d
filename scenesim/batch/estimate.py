"""What a batch will cost, before any of it is made: frames, bytes on the disk, time of processors.

The rates are those of first_light and night_street, measured on one thread of a small cloud machine (docs/batch.md); what is in
a scene makes twice or half of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scenesim.batch.plan import Plan, Tried
from scenesim.scenario.model import Scenario

BYTES_PER_PIXEL = 11.0  # colour and masks as PNG, depth, range, normal and flow as Parquet: 8.5 by day in town, 13 at night
BYTES_PER_PULSE = 29.0  # most of them come back
BYTES_PER_FRAME = 20e3  # tables
SECONDS_PER_PIXEL = 7e-6  # 5 by day in town, 9 at night under lamps
SECONDS_PER_PULSE = 11e-6
SECONDS_PER_FRAME = 0.05
SECONDS_PER_SHARD = 5.0  # a scenario's actors, models and ground
MEMORY_MIB = 1000  # of a worker, at the sizes of the rigs that ship


@dataclass
class Estimate:
    """shards, frames: of the whole plan; by_split: split -> shards, from a sample where there are many. exact: whether the
    number of frames is no estimate. size_bytes, cpu_s: of rendering and writing the native shards."""

    shards: int = 0
    frames: float = 0.0
    exact: bool = True
    size_bytes: float = 0.0
    cpu_s: float = 0.0
    by_split: dict[str, float] = field(default_factory=dict)


def estimate(plan: Plan, tried: list[Tried]) -> Estimate:
    """What a plan costs, from those of its shards that were tried."""
    found = Estimate(shards=len(plan))
    for one in tried:
        frames = one.frames * one.shards
        size, spent = frame_cost(one.scenario, plan.recipe.sensors)
        found.frames += frames
        found.exact &= one.fixed or one.shards <= 3
        found.size_bytes += frames * size
        found.cpu_s += frames * spent + one.shards * SECONDS_PER_SHARD
    found.by_split = splits(plan)
    return found


def splits(plan: Plan, most: int = 20_000) -> dict[str, float]:
    """Shards of each split; from an even sample where there are more than `most`."""
    stride = -(-len(plan) // most)
    counts = Counter(plan.shard(k).split for k in range(0, len(plan), stride))
    scale = len(plan) / counts.total()
    return {name: counts[name] * scale for name in plan.recipe.splits}


def frame_cost(scenario: Scenario, sensors: tuple[str, ...] | None) -> tuple[float, float]:
    """(bytes, seconds) of a frame."""
    rig = scenario.instruments
    used = [s for s in rig.sensors if sensors is None or s.name in sensors]
    pixels = sum(s.width * s.height for s in used if hasattr(s, "width"))
    pulses = sum(len(s.pulses().ring) for s in used if hasattr(s, "pulses"))
    size = BYTES_PER_FRAME + pixels * BYTES_PER_PIXEL + pulses * BYTES_PER_PULSE
    return size, SECONDS_PER_FRAME + pixels * SECONDS_PER_PIXEL + pulses * SECONDS_PER_PULSE
