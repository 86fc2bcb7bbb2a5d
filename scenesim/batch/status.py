"""How far a batch is, told from its folder alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from scenesim.batch.folder import INDEX, MANIFEST, BatchFolder, Failure
from scenesim.batch.lock import busy

RECENT = 200  # shards whose times tell the rate


@dataclass
class Status:
    """shards: of the plan; done; making: shards that are being made, with the seconds since they were begun; running: whether a
    driver is at work; complete: whether the index is there; rate_per_s: shards a second, lately, 0 where unknown."""

    name: str
    shards: int
    done: int
    running: bool
    complete: bool
    rate_per_s: float
    making: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def left_s(self) -> float | None:
        """Time until all shards are there at this rate; None where that is unknown."""
        left = self.shards - self.done - len(self.failures)
        return left / self.rate_per_s if self.rate_per_s > 0 and left > 0 else None


def status(path: Path) -> Status:
    """How far the batch in a folder is. Raises InputError where there is none."""
    folder = BatchFolder(path)
    head = folder.head()
    done = folder.complete()
    running = busy(folder.work)
    found = Status(head["name"], head["shards"], len(done), running, (path / INDEX).is_file(), _rate(done))
    now = time.time()
    for partial in (folder.work / "partial").glob("*/*.[0-9]*") if running else ():
        try:
            found.making[partial.name.rpartition(".")[0]] = now - partial.stat().st_ctime
        except OSError:  # done meanwhile
            continue
    found.failures = [f for f in folder.failures() if f.shard not in done]
    return found


def _rate(done: dict[str, Path]) -> float:
    """Shards a second among those that were done last."""
    times = []
    for home in done.values():
        try:
            times.append((home / MANIFEST).stat().st_mtime)
        except OSError:
            continue
    times = sorted(times)[-RECENT:]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0


def told(found: Status) -> list[str]:
    """A status as lines of text."""
    state = "complete" if found.complete else "running" if found.running else "not running"
    lines = [f"{found.name}: {state}, {found.done} of {found.shards} shards done, {len(found.failures)} failed"]
    if found.running and found.rate_per_s:
        left = f", {minutes(found.left_s)} left" if found.left_s is not None else ""
        lines.append(f"rate: {found.rate_per_s * 60:.3g} shards a minute{left}")
    lines += [f"making: {shard}, for {minutes(spent)}" for shard, spent in sorted(found.making.items())]
    for failure in found.failures:
        lines += failure_lines(failure)
    return lines


def failure_lines(failure: Failure) -> list[str]:
    """What a user wants to know of a failure."""
    first = failure.message.splitlines()[0] if failure.message else failure.kind
    tries = "once" if failure.attempts == 1 else f"{failure.attempts} times"
    return [f"failed: {failure.shard}, tried {tries}: {first}", f"  log: {failure.log}", f"  again: {failure.command}"]


def minutes(seconds: float | None) -> str:
    """A time as people read it."""
    whole = int(seconds or 0)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02d}"
