"""Random keys: the only source of chance on the host.

A key is 64 bits. ``derive(key, "traffic", 3)`` makes a new key from an old one and names; the same names always give the
same key, whatever was drawn before, so that no draw depends on the order of the others. There is no default key anywhere.
"""

from __future__ import annotations

import hashlib
from typing import NewType

import numpy as np

Key = NewType("Key", int)


def root(seed: int) -> Key:
    """The key of a scenario's seed."""
    return derive(Key(seed & 0xFFFFFFFFFFFFFFFF), "scenesim")


def derive(key: Key, *names: str | int) -> Key:
    """A key that depends on `key` and on every name, and on nothing else."""
    h = hashlib.blake2b(int(key).to_bytes(8, "little"), digest_size=8)
    for name in names:
        text = str(name).encode()
        h.update(len(text).to_bytes(4, "little") + (b"i" if isinstance(name, int) else b"s") + text)
    return Key(int.from_bytes(h.digest(), "little"))


def generator(key: Key) -> np.random.Generator:
    """A numpy generator for this key; PCG64 gives the same stream on every machine."""
    return np.random.Generator(np.random.PCG64(int(key)))
