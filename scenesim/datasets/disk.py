"""Files and folders that are on the disk when we say so."""

from __future__ import annotations

import os
from pathlib import Path

from scenesim.base.files import refusals_told

__all__ = ["refusals_told", "rename", "sync_folder", "write_file"]


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
