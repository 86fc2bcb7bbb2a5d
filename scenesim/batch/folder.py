"""The folder of a batch: what lies where, what counts as done, and who may work in it.

batch.json                  what was begun here: the version and the recipe; of how many shards
recipe.yaml  maps/          the recipe with everything that it needs
native/<split>/<shard>/     a native dataset with its manifest.json: appears in one step, whole
<format>/                   the same frames in another format: appears in one step, when all shards are there
README.md  croissant.json   the card of the dataset, and the same for programs
index.json                  every shard with its digest; its presence says that the batch is complete
work/                       partial shards, logs, failures, locks: of no use once the batch is complete
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scenesim.base import document
from scenesim.base.errors import InputError, Place
from scenesim.base.files import refusals_told, written_whole
from scenesim.datasets.disk import rename, sync_folder, write_file
from scenesim.datasets.formats import BATCH_INDEX, SHARDS

BATCH, RECIPE, MAPS, MANIFEST = "batch.json", "recipe.yaml", "maps", "manifest.json"
INDEX, NATIVE = BATCH_INDEX, SHARDS
FORMAT, FORMAT_VERSION = "scenesim-batch", 1
WHOLE = "all"  # the slice of a run that makes every shard


@dataclass(frozen=True)
class Failure:
    """A shard that was set aside. kind: "input" (it is wrong, and will be again), "crash" or "died"."""

    shard: str
    kind: str
    message: str
    attempts: int
    command: str
    log: str


class BatchFolder:
    """A folder of a batch; nothing is read or written before it is asked for."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.work = self.path / "work"

    # ---- beginning, and going on

    def begin(self, recipe: str, maps: dict[str, Path], version: str, facts: dict[str, Any]) -> None:
        """Make the folder the one of a recipe (from recipe.bundle), or find that it is already. Raises InputError where it is
        another recipe's, of another version, or of something else."""
        with refusals_told(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.path / BATCH).is_file():
                self._same(recipe, maps, version)
                return
            there = {p.name for p in self.path.iterdir()}
            if there - {RECIPE, MAPS, "work"}:  # those of a beginning that was cut short
                raise InputError("this folder is not empty, and no batch; choose a new or an empty one", Place(str(self.path)))
            (self.path / MAPS).mkdir(exist_ok=True)
            for name, source in maps.items():
                write_file(self.path / MAPS / name, source.read_bytes())
            if not maps:
                (self.path / MAPS).rmdir()
            write_file(self.path / RECIPE, recipe.encode("utf8"))
            head = {"format": FORMAT, "format_version": FORMAT_VERSION, "scenesim_version": version, **facts}
            self.put_json(BATCH, {**head, "maps": {name: sha256(path) for name, path in maps.items()}})

    def _same(self, recipe: str, maps: dict[str, Path], version: str) -> None:
        head = self.head()
        place = Place(str(self.path))
        if head["scenesim_version"] != version:
            raise InputError(
                f"this batch was begun with scenesim {head['scenesim_version']}, and this is {version}, which may make other "
                "bytes; go on with that version, or choose a new folder. Nothing was changed",
                place,
            )
        began = (self.path / RECIPE).read_text(encoding="utf8")
        changed = differences(document.parse(began, RECIPE).data, document.parse(recipe, RECIPE).data)
        changed += [f"the map {name}" for name, path in maps.items() if head["maps"].get(name) != sha256(path)]
        if changed:
            told = "; ".join(changed[:3]) + (f"; and {len(changed) - 3} more" if len(changed) > 3 else "")
            raise InputError(
                f"this batch was begun with another recipe, which is kept in {self.path / RECIPE} ({told}); choose a new "
                "folder, or go on with that recipe. Nothing was changed",
                place,
            )

    def head(self) -> dict[str, Any]:
        """What batch.json says. Raises InputError where there is none, or it is damaged."""
        place = Place(str(self.path))
        try:
            head = json.loads((self.path / BATCH).read_text(encoding="utf8"))
            found = head["format"], head["format_version"]
        except FileNotFoundError:
            raise InputError(f"there is no batch ({BATCH}) here", place) from None
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise InputError(f"{BATCH} is damaged: {e}", place) from None
        if found != (FORMAT, FORMAT_VERSION):
            raise InputError(f"this is {found[0]} version {found[1]}; this scenesim knows {FORMAT} {FORMAT_VERSION}", place)
        return head

    def put_json(self, name: str, value: Any) -> None:
        """Write a file of the folder in one step."""
        self.put(name, as_json(value))

    def put(self, name: str, data: bytes) -> None:
        """Write a file of the folder in one step."""
        target = self.path / name
        with refusals_told(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(target) as partial:
                write_file(partial, data)
            sync_folder(target.parent)

    # ---- shards

    def home(self, split: str, shard: str) -> Path:
        """Where a shard lies once it is whole."""
        return self.path / NATIVE / split / shard

    def complete(self) -> dict[str, Path]:
        """Name and folder of every shard that is whole."""
        found = {}
        for split in _entries(self.path / NATIVE):
            found.update({entry.name: Path(entry.path) for entry in _entries(split.path)})
        return found

    def partial(self, part: str, shard: str) -> Path:
        """A new, empty folder for a shard to be made in; part: the slice that makes it."""
        parent = self.work / "partial" / part
        parent.mkdir(parents=True, exist_ok=True)
        path = parent / f"{shard}.{os.getpid()}"
        if path.exists():
            self._discard(path)
        path.mkdir()
        return path

    def commit(self, partial: Path, split: str, shard: str, facts: dict[str, Any]) -> None:
        """Write the manifest of a shard that was made, and give it its name: from here on it counts as done."""
        files = {p.relative_to(partial).as_posix(): p for p in sorted(partial.rglob("*")) if p.is_file()}
        hashes = {name: {"bytes": p.stat().st_size, "sha256": sha256(p)} for name, p in files.items()}
        write_file(partial / MANIFEST, as_json({"shard": shard, "split": split, **facts, "files": hashes}))
        sync_folder(partial)
        home = self.home(split, shard)
        home.parent.mkdir(parents=True, exist_ok=True)
        try:
            rename(partial, home)
        except OSError as e:
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not (home / MANIFEST).is_file():
                raise
            self._discard(partial)  # another made it meanwhile: the same bytes

    def sweep(self, part: str) -> None:
        """Remove what a run that was cut short left of the shards that it was making; of all runs for WHOLE."""
        parents = [self.work / "partial" / part] if part != WHOLE else [Path(e.path) for e in _entries(self.work / "partial")]
        for parent in parents:
            for entry in _entries(parent):
                self._discard(Path(entry.path))

    def _discard(self, path: Path) -> None:
        # Renamed first: who might still write to it under the old name fails, and cannot finish half of it.
        trash = self.work / "trash" / f"{path.name}.{os.getpid()}"
        trash.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(trash, ignore_errors=True)
        try:
            os.rename(path, trash)
        except FileNotFoundError:
            return
        shutil.rmtree(trash, ignore_errors=True)

    # ---- failures

    def log(self, shard: str) -> Path:
        """Where a shard that is being made tells what it does; kept where it fails."""
        return self.work / "logs" / f"{shard}.log"

    def set_aside(self, failure: Failure) -> None:
        """Note a failure."""
        self.put_json(f"work/failed/{failure.shard}.json", asdict(failure))

    def take_up(self, shard: str) -> None:
        """Forget the failure of a shard, which is tried again or done."""
        (self.work / "failed" / f"{shard}.json").unlink(missing_ok=True)

    def failures(self) -> list[Failure]:
        """Shards that are set aside, by name."""
        found = []
        for path in sorted((self.work / "failed").glob("[!.]*.json")):
            try:
                found.append(Failure(**json.loads(path.read_text(encoding="utf8"))))
            except (OSError, ValueError, TypeError):  # taken up meanwhile
                continue
        return found


def manifest_of(home: Path) -> dict[str, Any]:
    """The manifest of a shard. Raises InputError where it is missing or damaged."""
    try:
        found = json.loads((home / MANIFEST).read_text(encoding="utf8"))
        _ = found["files"].items(), found["shard"], found["split"], found["frames"]
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise InputError(f"this file of the dataset is missing or damaged: {e}", Place(str(home / MANIFEST))) from None


def differences(old: Any, new: Any, at: str = "") -> list[str]:
    """What differs between two plain values, as "path: was A, is B"."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = list(dict.fromkeys([*old, *new]))
        return [d for k in keys for d in differences(old.get(k), new.get(k), f"{at}.{k}" if at else str(k))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [d for k, (a, b) in enumerate(zip(old, new)) for d in differences(a, b, f"{at}[{k}]")]
    if type(old) is type(new) and old == new:
        return []
    return [f"{at}: was {_short(old)}, is {_short(new)}"]


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."


def as_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf8")


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entries(path: str | Path) -> Iterator[os.DirEntry[str]]:
    """Folders in a folder, by name; none where it does not exist."""
    try:
        with os.scandir(path) as found:
            yield from sorted((e for e in found if e.is_dir() and not e.name.startswith(".")), key=lambda e: e.name)
    except (FileNotFoundError, NotADirectoryError):
        return


def text_digest(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("utf8")).hexdigest()
