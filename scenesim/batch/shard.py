"""Making a shard: its scenario rendered and written as a native dataset."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from scenesim import simulate
from scenesim.batch import recipe
from scenesim.batch.engine import Job
from scenesim.batch.folder import RECIPE, BatchFolder
from scenesim.batch.plan import Plan
from scenesim.datasets.native import NativeWriter
from scenesim.scenario.load import dump


@cache
def plan_of(folder: str) -> Plan:
    """The plan of a batch, read from its folder."""
    return Plan(recipe.read(Path(folder) / RECIPE))


def render(job: Job, partial: Path) -> dict[str, Any]:
    """Render the frames of a shard into a folder; the facts of its manifest. Raises InputError."""
    plan = plan_of(job.folder)
    shard = plan.find(job.shard)
    scenario = plan.scenario(shard)
    only = plan.frames(shard, scenario)
    folder = BatchFolder(job.folder)
    yaml = dump(scenario, folder.home(shard.split, shard.name), folder.path)
    options = {"image_format": plan.recipe.image_format or "png", "license": plan.recipe.license}
    with NativeWriter(partial, scenario_yaml=yaml, version=job.version, with_card=False, **options) as writer:
        for frame in simulate.frames(scenario, only=only, sensors=plan.recipe.sensors, threads=job.threads):
            writer.write(frame)
    entry = plan.recipe.scenarios[shard.entry].called
    return {"scenario": entry, "number": shard.number, "twin": shard.twin, "seed": scenario.seed, "frames": len(only)}
