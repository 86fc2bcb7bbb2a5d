"""One decorator for every compiled function, so that options and the disk cache are decided once.

Numba's own cache looks at the file of the function alone: edit a callee, and the cached caller still calls the old one. So
the cache folder carries a digest of all kernel sources, of numba's version and of the processor.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.types import unliteral

F = TypeVar("F", bound=Callable[..., Any])


def _digest() -> str:
    h = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        h.update(path.name.encode() + path.read_bytes())
    h.update(numba.__version__.encode())
    return h.hexdigest()


def cache_folder() -> Path:
    """Where scenesim keeps what it can make again: $SCENESIM_CACHE, else the user's cache folder, else a temporary one."""
    for base in (os.environ.get("SCENESIM_CACHE"), os.environ.get("XDG_CACHE_HOME"), "~/.cache", tempfile.gettempdir()):
        if not base:
            continue
        path = Path(base).expanduser() / ("" if base == os.environ.get("SCENESIM_CACHE") else "scenesim")
        try:
            path.mkdir(parents=True, exist_ok=True)
            if os.access(path, os.W_OK):
                return path
        except OSError:
            continue
    raise RuntimeError("no folder to write a cache to; set SCENESIM_CACHE")


# Numba reads this when a function is decorated; the cache keys on the processor's name and features by itself.
numba.config.CACHE_DIR = str(cache_folder() / "kernels" / _digest())

# No fastmath: infinities carry meaning, and the answer must be the same on every machine. LLVM does not contract a*b + c
# unless it is told to, so FMA hardware changes nothing. error_model="numpy": a division by zero is inf, not a branch.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": True}
# Of what only kernels call. They own the arrays: callees neither make any nor return one, and do not count references, which
# are atomic operations and took half of the time in which a picture was shaded.
CALLED: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}


def kernel(function: F) -> F:
    """Compile for the CPU: nogil, cached, IEEE arithmetic; for the functions that the host calls."""
    return numba.njit(**OPTIONS)(function)


def helper(function: F) -> F:
    """Compile a function that only other kernels call.

    It has no entry for Python, whose unpacking of a scene's arrays costs a quarter of all compilation: a call from there is
    an error of the programmer's that ends the process.
    """
    return _once_per_type(numba.njit(**OPTIONS, **CALLED)(function))


def inline(function: F) -> F:
    """Compile a helper that LLVM puts into each place that calls it."""
    return _once_per_type(numba.njit(forceinline=True, **OPTIONS, **CALLED)(function))


def _once_per_type(dispatcher):
    """Numba compiles a callee anew for each constant that it is given, which LLVM does better: look at types alone."""
    found = dispatcher.get_call_template

    def get_call_template(args, kws):
        return found(tuple(unliteral(a) for a in args), {name: unliteral(a) for name, a in kws.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher
