"""The seam where an engine is chosen: something that takes shards to make, in some order and anywhere, and tells the results.

An engine knows neither recipes nor datasets: a job names a folder and a shard, and `task` names the function that makes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

RENDER = "scenesim.batch.shard:render"
ATTEMPTS = 3  # of a shard whose process crashes or is killed, before it is set aside

Kind = Literal["done", "input", "disk", "crash", "died"]


@dataclass(frozen=True)
class Job:
    """A shard to make. folder: of the batch; part: the slice that makes it; threads: that it may use; task: "module:function",
    called with the job and an empty folder to write to."""

    folder: str
    shard: str
    split: str
    part: str
    version: str
    threads: int = 1
    attempt: int = 1
    task: str = RENDER


@dataclass(frozen=True)
class Result:
    """How a job ended: "done"; "input": what it was to make is wrong, and will be again; "disk": the disk refuses, for
    everybody; "crash": an error of the program; "died": its process was killed. peak_mib: most memory of its process so far."""

    shard: str
    kind: Kind
    attempt: int
    message: str = ""
    duration_s: float = 0.0
    peak_mib: float = 0.0


class Engine(Protocol):
    """Makes shards."""

    def run(self, jobs: Iterator[Job]) -> Iterator[Result]:
        """Make each job's shard, some at a time, tried again up to ATTEMPTS times where that can help; one result for each
        job, in any order. Closed early, it ends what it has begun."""
        ...
