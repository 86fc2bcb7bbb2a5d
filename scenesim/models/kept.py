"""What can be made again, kept on disk: a pure function's value, by its arguments and the code that made it."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from scenesim.kernels.jit import cache_folder

T = TypeVar("T")


def digest(paths: Iterable[Path]) -> str:
    """Of the names and contents of files."""
    h = hashlib.blake2b(digest_size=8)
    for path in paths:
        h.update(path.name.encode() + path.read_bytes())
    return h.hexdigest()


def kept(group: str, code: str, arguments: object, make: Callable[[], T]) -> T:
    """The value of `make` for `arguments`, whose repr names them: from the cache's folder `group`, or made and kept there.

    code: digest of everything else that the value depends on.
    """
    name = hashlib.blake2b(repr(arguments).encode(), digest_size=12).hexdigest()
    path = cache_folder() / group / code / f"{name}.pickle"
    try:
        return pickle.loads(path.read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError):
        pass  # not there, or cut off by a full disk: make it
    value = make()
    _keep(path, value)
    return value


def _keep(path: Path, value: object) -> None:
    """Write in one step, so that two processes and a full disk leave a whole file or none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as f:
            pickle.dump(value, f, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(temporary, path)
    except OSError:
        return  # a cache that cannot be written is no reason to stop
