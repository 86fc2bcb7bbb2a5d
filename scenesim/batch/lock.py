"""One driver in a folder at a time: a lock that the system takes back from a process that ends, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenesim.base.errors import InputError, Place
from scenesim.base.files import refusals_told

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, a second driver does work twice, and loses nothing
    fcntl = None  # type: ignore[assignment]

PATIENCE_S = 1.0  # who asks whether somebody is at work holds the lock for a moment


class Lock:
    """A file that one may hold alone, or many together."""

    def __init__(self, path: Path):
        self.path = path
        with refusals_told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def take(self, alone: bool, patience_s: float = PATIENCE_S) -> bool:
        """Whether it is ours now. What was held before is let go where it is not."""
        if fcntl is None:
            return True
        end = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(self.handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.05)

    def close(self) -> None:
        """Let it go."""
        os.close(self.handle)


@contextmanager
def at_work(work: Path, part: str, whole: str) -> Iterator[Lock]:
    """Hold the folder while its shards are made: alone for the whole, beside other slices for one of them. Gives the lock of
    the whole. Raises InputError where somebody else is at work."""
    shared = Lock(work / "lock")
    own = Lock(work / f"lock.{part}") if part != whole else None
    try:
        if not shared.take(alone=own is None) or (own is not None and not own.take(alone=True)):
            raise InputError(
                "another run is at work in this folder; wait for it, or end it (scenesim batch status tells how far it is)",
                Place(str(work.parent)),
            )
        yield shared
    finally:
        shared.close()
        if own is not None:
            own.close()


def busy(work: Path) -> bool:
    """Whether somebody is at work."""
    if fcntl is None or not (work / "lock").is_file():
        return False
    try:
        handle = os.open(work / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
