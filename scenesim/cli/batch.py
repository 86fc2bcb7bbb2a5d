"""`scenesim batch`, `scenesim batch status`, `scenesim verify`: what they take, what they tell, and how they end."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import click

import scenesim
from scenesim import warm
from scenesim.base.errors import InputError
from scenesim.batch import driver, recipe
from scenesim.batch.driver import Slice, Told
from scenesim.batch.engine import Job, Result
from scenesim.batch.estimate import MEMORY_MIB, Estimate, estimate
from scenesim.batch.finish import finish
from scenesim.batch.folder import INDEX, WHOLE, BatchFolder, Failure
from scenesim.batch.local import LocalWorkers
from scenesim.batch.lock import at_work
from scenesim.batch.plan import Plan, Tried
from scenesim.batch.status import failure_lines, status, told
from scenesim.capture.cast import available_threads
from scenesim.cli.progress import Progress

EXIT_FAILED = 1


class _Terminal(Told):
    """Tells on the terminal."""

    def __init__(self, name: str):
        self.name = name
        self.progress: Progress | None = None

    def begin(self, missing: int, found: int) -> None:
        there = f"; {found} are there already" if found else ""
        if missing:
            self.progress = Progress(self.name, missing, f" to make{there}", "shard")
        else:
            click.echo(f"{self.name}: all {found} shards are there", err=True)

    def step(self, result: Result, failure: Failure | None) -> None:
        assert self.progress is not None
        for line in failure_lines(failure) if failure is not None else ():
            click.echo(line, err=True)
        self.progress.step()

    def finishing(self, name: str) -> None:
        click.echo(f"{self.name}: writing {name}", err=True)


def run(
    path: Path,
    output: Path | None,
    *,
    workers: int | None = None,
    part: Slice | None = None,
    dry_run: bool = False,
    max_failures: int | None = None,
    only: str | None = None,
) -> int:
    """Make what a recipe asks for, or say what that would be; the exit code. Raises InputError."""
    plan = Plan(recipe.read(path))
    count = workers or available_threads()
    if output is None and not dry_run:
        raise click.UsageError("give -o DIR, the folder of the batch, or --dry-run")
    if only is not None and output is not None:
        return _one(plan, output, only)
    if dry_run or output is None:
        _dry_run(plan, plan.tried(), count, part, output)
        return 0
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _interrupted)
    with LocalWorkers(count) as engine:
        if not (output / INDEX).exists():
            engine.start(len(plan) // (part.n if part else 1))
        plan.tried()
        outcome = driver.run(
            plan,
            output,
            engine,
            version=scenesim.__version__,
            part=part,
            max_failures=max_failures,
            threads=max(1, available_threads() // count),
            told=_Terminal(plan.recipe.name),
            before=_warm,
        )
    if outcome.again:
        click.echo(f"{outcome.again} shards were done after a crash or a kill, in another attempt", err=True)
    if outcome.complete:
        click.echo(str(output))
        return 0
    if outcome.failures:
        stopped = f"stopped: {outcome.stopped}; " if outcome.stopped else ""
        click.echo(f"{stopped}{len(outcome.failures)} shards failed; the same command tries them again", err=True)
        return EXIT_FAILED
    click.echo("this slice is done; the batch is complete when the others are", err=True)
    return 0


def _warm() -> None:
    if not warm.is_done():
        click.echo("compiling kernels, once", err=True)
        warm.ensure()


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def _one(plan: Plan, output: Path, name: str) -> int:
    """Make one shard in this process, in sight."""
    from scenesim.batch import worker

    shard, folder = plan.find(name), BatchFolder(output)
    driver.begin(plan, folder, scenesim.__version__)
    part = f"only.{name}"
    with at_work(folder.work, part, WHOLE) as lock:
        result = worker.make(Job(str(output), name, shard.split, part, scenesim.__version__, available_threads()))
        if result.kind != "done":
            raise InputError(result.message)
        folder.take_up(name)
        click.echo(str(folder.home(shard.split, name)))
        if lock.take(alone=True):
            finish(plan, folder, scenesim.__version__, _Terminal(plan.recipe.name).finishing)
    return 0


def _dry_run(plan: Plan, tried: list[Tried], workers: int, part: Slice | None, output: Path | None) -> None:
    found = estimate(plan, tried)
    about = "" if found.exact else "about "
    click.echo(f"{plan.recipe.name}: {found.shards:,} shards, {about}{found.frames:,.0f} frames")
    for one in tried:
        many = f"{one.shards:,} shards of {'' if one.fixed else 'about '}{one.frames:g} frames"
        click.echo(f"  {one.shard.name} and so on: {many}")
    if len(found.by_split) > 1:
        click.echo("splits: " + ", ".join(f"{name} {count:,.0f}" for name, count in found.by_split.items()) + " shards")
        for name in [n for n, count in found.by_split.items() if not count and plan.recipe.splits[n]]:
            click.echo(f"warning: the split {name} is empty; more seeds, or a larger share, fill it", err=True)
    click.echo(f"formats: {', '.join(dict.fromkeys(('native', *plan.recipe.formats)))}")
    click.echo(f"size of native, about: {found.size_bytes / 1e9:,.3g} GB")
    if output is not None:
        _room(found, BatchFolder(output))
    wall = found.cpu_s / workers / (part.n if part else 1)
    click.echo(f"time of one processor, about: {_hours(found.cpu_s)}; with {workers} workers {_hours(wall)}")
    click.echo(f"memory, about: {workers * MEMORY_MIB / 1024:.1f} GiB ({MEMORY_MIB} MiB each)")


def _room(found: Estimate, folder: BatchFolder) -> None:
    """What is there already, and whether the rest has room."""
    there = len(folder.complete())
    if there:
        click.echo(f"there already: {there:,} shards")
    base = next(p for p in (folder.path.absolute(), *folder.path.absolute().parents) if p.exists())
    free, needed = shutil.disk_usage(base).free, found.size_bytes * (1 - there / found.shards)
    if needed > free:
        click.echo(f"warning: that is more than the {free / 1e9:,.3g} GB that are free at {base}", err=True)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def show_status(path: Path) -> int:
    """Print how far a batch is; the exit code: 0 as long as nothing has failed."""
    found = status(path)
    for line in told(found):
        click.echo(line)
    return EXIT_FAILED if found.failures else 0


def run_verify(path: Path, render: int, threads: int | None) -> int:
    """Verify a batch or a dataset; the exit code."""
    from scenesim.batch.verify import MOST_TOLD, verify

    found = verify(path, render, threads, lambda line: click.echo(line, err=True))
    for line in found.wrong[:MOST_TOLD]:
        click.echo(line, err=True)
    if len(found.wrong) > MOST_TOLD:
        click.echo(f"and {len(found.wrong) - MOST_TOLD} more", err=True)
    looked = f"datasets {found.datasets}, files {found.files}, frames {found.frames}, rendered again {found.rendered}"
    click.echo(f"{path}: {looked}: " + (f"{len(found.wrong)} wrong" if found.wrong else "all as they should be"))
    return EXIT_FAILED if found.wrong else 0
