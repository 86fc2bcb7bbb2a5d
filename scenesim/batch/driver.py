"""The driver: begins a batch or goes on with it, keeps an engine busy with the shards that are missing, and ends it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from scenesim.base.errors import InputError
from scenesim.batch import recipe
from scenesim.batch.engine import RENDER, Engine, Job, Result
from scenesim.batch.finish import finish
from scenesim.batch.folder import WHOLE, BatchFolder, Failure
from scenesim.batch.lock import at_work
from scenesim.batch.plan import Plan


@dataclass(frozen=True)
class Slice:
    """Which shards a run makes: every n-th, the i-th of them (from 1) first."""

    i: int = 1
    n: int = 1

    @property
    def name(self) -> str:
        return WHOLE if self.n == 1 else f"{self.i}-of-{self.n}"


@dataclass
class Outcome:
    """How a run ended: shards done by it, those of them that needed more than one attempt, found done, set aside; whether the
    whole batch is complete; why it stopped early."""

    done: int = 0
    again: int = 0
    found: int = 0
    failures: list[Failure] = field(default_factory=list)
    complete: bool = False
    stopped: str = ""


class Told:
    """What a driver tells on its way; silent."""

    def begin(self, missing: int, found: int) -> None:
        """So many shards are to be made, and so many are there."""

    def step(self, result: Result, failure: Failure | None) -> None:
        """A shard has ended."""

    def finishing(self, name: str) -> None:
        """All shards are there; a format is being written."""


def run(
    plan: Plan,
    path: Path,
    engine: Engine,
    *,
    version: str,
    part: Slice | None = None,
    max_failures: int | None = None,
    threads: int = 1,
    task: str = RENDER,
    told: Told | None = None,
    before: Callable[[], None] = lambda: None,
) -> Outcome:
    """Make the shards of a plan that are missing in a folder, and finish the batch when all of them are there.

    max_failures: stop when more than so many are set aside. before: called when there is work, before the first shard. Raises
    InputError where the folder is not ours to use, or the disk refuses; what is done stays done.
    """
    part, told, folder = part or Slice(), told or Told(), BatchFolder(path)
    begin(plan, folder, version)
    with at_work(folder.work, part.name, WHOLE) as lock:
        folder.sweep(part.name)
        there = folder.complete()
        mine = list(range(part.i - 1, len(plan), part.n))
        missing = sum(plan.shard(k).name not in there for k in mine) if there else len(mine)
        outcome = Outcome(found=len(mine) - missing)
        told.begin(missing, outcome.found)
        if missing:
            before()
            like = Job(str(path), "", "", part.name, version, threads, 1, task)
            jobs = (replace(like, shard=s.name, split=s.split) for s in map(plan.shard, mine) if s.name not in there)
            _work(engine.run(jobs), folder, outcome, max_failures, told)
        if not outcome.stopped and lock.take(alone=True):
            outcome.complete = finish(plan, folder, version, told.finishing)
    return outcome


def begin(plan: Plan, folder: BatchFolder, version: str) -> None:
    """Make the folder the plan's. Raises InputError where it is not ours to use."""
    text, maps = recipe.bundle(plan.source)
    folder.begin(text, maps, version, {"name": plan.recipe.name, "shards": len(plan)})


def _work(results: Iterator[Result], folder: BatchFolder, outcome: Outcome, max_failures: int | None, told: Told) -> None:
    try:
        for result in results:
            if result.kind == "disk":
                raise InputError(f"{result.message}. What is done stays done; the same command goes on")
            failure = None
            if result.kind == "done":
                outcome.done += 1
                outcome.again += result.attempt > 1
                folder.take_up(result.shard)
                folder.log(result.shard).unlink(missing_ok=True)
            else:
                failure = Failure(
                    result.shard, result.kind, result.message, result.attempt, command(folder, result.shard),
                    str(folder.log(result.shard)),
                )  # fmt: skip
                folder.set_aside(failure)
                outcome.failures.append(failure)
            told.step(result, failure)
            if max_failures is not None and len(outcome.failures) > max_failures:
                outcome.stopped = f"more than {max_failures} shards failed"
                return
    finally:
        results.close()  # type: ignore[attr-defined]  # ends the workers now, and not when it is collected


def command(folder: BatchFolder, shard: str) -> str:
    """The command that makes one shard again, in the terminal's own process."""
    return shlex.join(["scenesim", "batch", str(folder.path / "recipe.yaml"), "-o", str(folder.path), "--only", shard])
