"""Files that are there whole or not at all, and what the disk says when it refuses, in the user's words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenesim.base.errors import InputError, Place

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your quota of disk space is used up; free some or choose another folder",
    errno.EACCES: "no permission to write here; choose a folder of your own",
    errno.EPERM: "no permission to write here; choose a folder of your own",
    errno.EROFS: "this disk is read-only; choose another folder",
    errno.ENOTDIR: "this is no folder; choose another name",
    errno.EEXIST: "this is no folder; choose another name",
    errno.ENAMETOOLONG: "this name is too long; choose a shorter one",
}


@contextmanager
def refusals_told(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an InputError that names the file, or `path` where the system does not name one."""
    try:
        yield
    except OSError as error:
        reason = ADVICE.get(error.errno or 0, error.strerror or str(error))
        raise InputError(f"cannot write: {reason}", Place(str(error.filename or path))) from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk; Windows cannot, and needs not."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(old: Path, new: Path) -> None:
    """Rename within a folder, and wait until that is on the disk: the moment at which something becomes whole."""
    os.replace(old, new)
    sync_folder(new.parent)
