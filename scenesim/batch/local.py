"""The engine of one machine: worker processes that are watched, replaced when they die, and ended when they grow too large."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice

from scenesim.base.errors import InputError
from scenesim.base.processes import module_command
from scenesim.batch.engine import ATTEMPTS, RENDER, Job, Result

MEMORY_MIB = 4096  # of a worker: one that has had more is replaced after its shard


class _Worker:
    """A process, and the job that it is at. task: what its jobs will be, which it gets ready for before the first comes."""

    def __init__(self, task: str) -> None:
        self.process = subprocess.Popen(
            module_command("scenesim.batch.worker", str(os.getpid()), task),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the driver's to handle
        )
        self.job: Job | None = None
        self.heard = b""

    def give(self, job: Job) -> None:
        self.job = job
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has died, which is noticed where its answer is awaited

    def answer(self) -> Result | None:
        """Its answer, or None where there is none yet. It has died where that is of the kind "died"."""
        assert self.process.stdout is not None and self.job is not None
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        self.heard += data
        if self.heard.endswith(b"\n"):
            result = Result(**json.loads(self.heard))
            self.heard, self.job = b"", None
            return result
        return None if data else Result(self.job.shard, "died", self.job.attempt, _told_end(self.process.wait()))

    def end(self) -> None:
        """Kill it: between jobs it has nothing to lose, and in one the shard is not wanted."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.kill()
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self.process.wait()
        self.process.stdout.close()


class LocalWorkers:
    """workers: processes at a time. memory_mib: what a worker may have had before it is replaced after its shard. As a context
    it ends those that `start` began, where run does not come to it."""

    def __init__(self, workers: int, memory_mib: float = MEMORY_MIB):
        if os.name == "nt":
            raise InputError("batches need Linux or macOS: Windows cannot wait for several processes in the way that they do")
        self.workers, self.memory_mib = workers, memory_mib
        self._idle: list[_Worker] = []

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        while self._idle:
            self._idle.pop().end()

    def start(self, jobs: int, task: str = RENDER) -> None:
        """Begin the processes for so many jobs now, so that they get ready while the driver does."""
        self._idle += [_Worker(task) for _ in range(min(self.workers, jobs) - len(self._idle))]

    def run(self, jobs: Iterator[Job]) -> Iterator[Result]:
        """See Engine."""
        again: deque[Job] = deque()
        coming: deque[Job] = deque()
        idle = self._idle
        with selectors.DefaultSelector() as busy:
            try:
                while True:
                    while len(busy.get_map()) < self.workers:
                        coming.extend(islice(jobs, self.workers - len(coming)))
                        if not again and not coming:
                            break
                        last = len(again) + len(coming) < self.workers  # after it, a processor has nothing else to do
                        job = again.popleft() if again else coming.popleft()
                        worker = idle.pop() if idle else _Worker(job.task)
                        worker.give(replace(job, threads=job.threads * self.workers) if last else job)
                        assert worker.process.stdout is not None
                        busy.register(worker.process.stdout, selectors.EVENT_READ, (worker, job))
                    if not busy.get_map():
                        return
                    for key, _ in busy.select():
                        worker, job = key.data
                        result = worker.answer()
                        if result is None:
                            continue
                        busy.unregister(key.fileobj)
                        if result.kind == "died" or result.peak_mib > self.memory_mib:
                            worker.end()
                        else:
                            idle.append(worker)
                        if result.kind in ("crash", "died") and job.attempt < ATTEMPTS:
                            again.append(replace(job, attempt=job.attempt + 1))
                        else:
                            yield result
            finally:
                for key in list(busy.get_map().values()):
                    key.data[0].end()
                self.__exit__()


def _told_end(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = "; was it killed by hand, or by the system for want of memory?" if name == "SIGKILL" else ""
    return f"its process died of {name}{hint}"
