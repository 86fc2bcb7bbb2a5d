"""Tasks of fake shards, for worker processes: quick to import, and misbehaving where that is asked for."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path

from scenesim.base.errors import InputError


def make(job, partial: Path) -> dict:
    """Some files, a function of the shard's name, written slowly enough to be killed at it."""
    seed = job.shard.encode()
    for name in ("a.bin", "sub/b.bin", "sub/c.bin"):
        path = partial / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(hashlib.sha256(seed + name.encode()).digest() * 50)
        time.sleep(float(os.environ.get("FAKE_PAUSE_S", "0.002")))
    return {"frames": 3, "process": os.getpid(), "threads": job.threads}


def misbehave(job, partial: Path) -> dict:
    """Fails as its number says: 1 wrong input, 2 an error, 3 an error at the first attempt only, 4 killed, 5 exits."""
    number = int(job.shard.split("-")[1])
    print("what it says on its way")
    if number == 1:
        raise InputError("the road is upside down")
    if number == 2 or (number == 3 and job.attempt == 1):
        raise RuntimeError("a bug")
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        os._exit(7)
    return make(job, partial)


def full(job, partial: Path) -> dict:
    """As on a disk that is full from the third shard on."""
    if job.shard >= "one-000001":
        raise OSError(28, "No space left on device", str(partial / "a.bin"))
    return make(job, partial)
