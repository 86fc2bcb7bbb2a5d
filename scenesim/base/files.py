"""Files that are written whole or not at all, and what the disk says when it refuses, in the user's words."""

from __future__ import annotations

import errno
import os
import tempfile
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
    errno.EISDIR: "this is a folder; give the name of a file",
    errno.ENOENT: "its folder does not exist; make it, or choose another one",
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


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` in one step when the block ends well, and is removed otherwise.
    Raises InputError where the disk refuses."""
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        if path.exists() and not path.is_file():  # a device or a pipe is written as it stands
            yield path
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            mask = os.umask(0)
            os.umask(mask)
            partial.chmod(0o666 & ~mask)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        reason = ADVICE.get(error.errno or 0, error.strerror or str(error))
        raise InputError(f"cannot write: {reason}", Place(str(path))) from error
