"""What can be made again, kept on disk: a pure function's value, by its arguments and the code that made it."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from scenesim.base import assets
from scenesim.kernels.jit import cache_folder

T = TypeVar("T")
# Those that grow with every scenario, or file of a model; the oldest go first.
GROUP_BYTES = {"timelines": 64 << 20, "settings": 512 << 20, "imports": 1 << 30}


def digest(paths: Iterable[Path]) -> str:
    """Of the names and contents of files."""
    h = hashlib.blake2b(digest_size=8)
    for path in paths:
        h.update(path.name.encode() + path.read_bytes())
    return h.hexdigest()


@lru_cache(maxsize=8)
def code(rooms: tuple[str, ...], data: tuple[str, ...]) -> str:
    """Digest of the package's rooms and of folders of assets."""
    package = Path(__file__).resolve().parent.parent
    sources = [p for room in rooms for p in sorted((package / room).glob("*.py"))]
    return digest(sources + [p for folder in data for p in sorted((assets.folder("assets") / folder).glob("*.yaml"))])


def kept(group: str, code: str, arguments: object, make: Callable[[], T]) -> T:
    """The value of `make` for `arguments`, whose repr names them: from the cache's folder `group`, or made and kept there.

    code: digest of everything else that the value depends on.
    """
    name = hashlib.blake2b(repr(arguments).encode(), digest_size=12).hexdigest()
    path = cache_folder() / group / code / f"{name}.pickle"
    try:
        value = pickle.loads(path.read_bytes())
        os.utime(path)  # used again: not the next to go
        return value
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError):
        pass  # not there, or cut off by a full disk: make it
    value = make()
    _keep(path, value)
    if group in GROUP_BYTES:
        _make_room(path.parent.parent, GROUP_BYTES[group])
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


def _make_room(folder: Path, most_bytes: int) -> None:
    """Remove the files of a group that were not used for longest, until the rest is within its share of the disk."""
    try:
        files = sorted(((p.stat().st_mtime, p.stat().st_size, p) for p in folder.glob("*/*.pickle")), reverse=True)
    except OSError:
        return  # another process makes room at this moment
    total = 0
    for _, size, path in files:
        total += size
        if total > most_bytes:
            path.unlink(missing_ok=True)
