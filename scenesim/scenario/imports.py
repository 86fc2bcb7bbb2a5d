"""The models that a scenario brings along, as requests to the catalogue.

A request holds the digest of the file, so that whatever is kept on disk or stored beside a dataset is of these very bytes.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scenesim.models.catalogue import ModelRequest
from scenesim.models.imported_guard import open_source

if TYPE_CHECKING:
    from scenesim.scenario.model import Import, Scenario

KIND = "imported"


def digest(path: Path) -> str:
    """SHA-256 of a model file and of what it names. Raises InputError for a file that is none of the kind."""
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _digest(path: Path, modified: int, size: int) -> str:
    return open_source(path).digest


def request(name: str, said: Import) -> ModelRequest:
    """What the catalogue builds for one of a scenario's models."""
    options = {
        "file": said.file,
        "sha256": said.sha256 or digest(Path(said.file)),
        "class_name": said.class_name,
        "scale": said.scale,
        "up": said.up or "",
        "forward": said.forward or "",
        "origin": said.origin,
        "wheelbase_m": said.wheelbase_m or 0.0,
        "texture_detail_m": said.texture_detail_m,
        "materials": json.dumps(said.materials, sort_keys=True),
    }
    return ModelRequest(KIND, name, 0, tuple(sorted(options.items())))


def requests(scenario: Scenario) -> dict[str, ModelRequest]:
    """All of a scenario's models."""
    return {name: request(name, said) for name, said in scenario.models.items()}
