"""Where the data that ships with scenesim lies: in a checkout beside the package, in a wheel inside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from scenesim.base.errors import InputError, Place, did_you_mean

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(kind: str) -> Path:
    """The folder `assets` or `scenarios`."""
    for base in (_PACKAGE / "data" / kind, _PACKAGE.parent / kind):
        if base.is_dir():
            return base
    raise InputError(f"the folder {kind!r} that ships with scenesim is missing; reinstall scenesim")


def names(group: str, suffix: str = ".yaml") -> list[str]:
    """Names of the assets of a group, e.g. ``names("sensors")``."""
    return sorted(p.name[: -len(suffix)] for p in (folder("assets") / group).glob(f"*{suffix}"))


@cache
def _load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read(group: str, name: str) -> dict[str, Any]:
    """The asset as it stands in its file; the caller must not change it."""
    path = folder("assets") / group / f"{name}.yaml"
    if not path.is_file():
        raise InputError(f'no {group.rstrip("s")} "{name}"{did_you_mean(name, names(group))}', Place(str(path.parent)))
    return _load(path)
