"""A batch of fake shards, for tests of what happens to processes: quick, and misbehaving where it is told to.

As a program it is a driver: ``python fake_batch.py FOLDER SHARDS WORKERS [I/N]``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scenesim.base import document
from scenesim.batch import driver, recipe
from scenesim.batch.driver import Slice
from scenesim.batch.local import LocalWorkers
from scenesim.batch.plan import Plan

TASK = "fake_shards:make"
VERSION = "1.2.3"


def plan(shards: int, **more) -> Plan:
    """A plan of that many shards, two twins each."""
    data = {
        "name": "fake",
        "seed": 3,
        "scenarios": [{"scenario": {"name": "one"}}, {"scenario": {"name": "two"}}],
        "seeds": shards // 4,
        "twins": {"a": None, "b": {"traffic.vehicles": 3}},
        "splits": {"train": 3, "val": 1},
        **more,
    }
    return Plan(recipe.check(document.parse(document.write(data), "fake.yaml")))


def drive(folder, shards: int, workers: int = 1, part: Slice | None = None, **more):
    """Run the driver."""
    return driver.run(plan(shards), Path(folder), LocalWorkers(workers), version=VERSION, part=part, **{"task": TASK, **more})


def contents(folder) -> dict[str, bytes]:
    """Every file of a batch that is a part of the dataset: no manifests, and nothing of the work on it."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("work/") and path.name != "manifest.json":
            found[name] = path.read_bytes()
    return found


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(p) for p in found.read_text().split()] if found.exists() else []


def start(folder, workers=2, part: str | None = None, shards: int = 200) -> subprocess.Popen:
    """A driver in a process of its own."""
    arguments = [sys.executable, __file__, str(folder), str(shards), str(workers), *([part] if part else [])]
    return subprocess.Popen(arguments, stderr=subprocess.PIPE)


if __name__ == "__main__":
    folder, shards, workers, *slices = sys.argv[1:]
    parts = [Slice(*map(int, s.split("/"))) for s in slices]
    outcome = drive(folder, int(shards), int(workers), parts[0] if parts else None)
    sys.exit(0 if not outcome.failures else 1)
