"""A worker process: makes one shard after the other, as it is told line by line, and answers each with a line.

Whatever happens in it costs the shard that it is making. It ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import importlib
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from scenesim.base.errors import InputError
from scenesim.batch.engine import Job, Result
from scenesim.batch.folder import BatchFolder

# What is the disk's to mend and not the shard's.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG, <linux/prctl.h>


def main() -> None:
    """Serve the process that started this one until it says no more. Arguments: its id, and the task of its jobs."""
    _end_with(int(sys.argv[1]))
    faulthandler.enable()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with contextlib.suppress(Exception):  # the job itself tells it, in its log
        task_of(sys.argv[2])
    for line in sys.stdin:
        job = Job(**json.loads(line))
        try:
            _log_to(BatchFolder(job.folder).log(job.shard), job)
        except OSError as e:
            result = Result(job.shard, "disk", job.attempt, f"{e.filename}: cannot write: {e.strerror}")
        else:
            result = make(job)
        answers.write(json.dumps(asdict(result)).encode() + b"\n")


def make(job: Job) -> Result:
    """Make a shard, unless it is there. Errors are told in the result, and in full on stderr."""
    folder = BatchFolder(job.folder)
    begin, cpu = time.monotonic(), time.process_time()
    try:
        if not folder.home(job.split, job.shard).exists():
            partial = folder.partial(job.part, job.shard)
            try:
                facts = task_of(job.task)(job, partial)
                spent = {"duration_s": round(time.monotonic() - begin, 3), "cpu_s": round(time.process_time() - cpu, 3)}
                made_by = {"scenesim_version": job.version, "attempt": job.attempt}
                folder.commit(partial, job.split, job.shard, {**facts, **made_by, **spent})
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except BaseException as e:
        traceback.print_exc()
        if not isinstance(e, Exception):
            raise
        system = e if isinstance(e, OSError) else e.__cause__
        refused = isinstance(system, OSError) and system.errno in DISK
        kind = "input" if isinstance(e, InputError) else "crash"
        message = str(e) if isinstance(e, InputError | OSError) else f"{type(e).__name__}: {e}"
        return Result(job.shard, "disk" if refused else kind, job.attempt, message, 0.0, peak_mib())
    return Result(job.shard, "done", job.attempt, "", time.monotonic() - begin, peak_mib())


def task_of(name: str) -> Callable[[Job, Path], dict]:
    """The function that "module:function" names: it writes a shard, and gives facts for its manifest, "frames" among them."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def peak_mib() -> float:
    """The most memory that this process has had, MiB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _log_to(path: Path, job: Job) -> None:
    """Send what this process tells to a shard's log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if job.attempt == 1 else os.O_APPEND), 0o666)
    os.write(handle, f"{job.shard}, attempt {job.attempt}\n".encode())
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.close(handle)


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.name != "nt" and os.getppid() != parent:  # it ended before that was said
        sys.exit(1)


if __name__ == "__main__":
    main()
