"""What a report is made from: a native dataset, or the shards of a batch, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scenesim.base.errors import InputError, Place
from scenesim.batch.folder import BATCH, BatchFolder, manifest_of
from scenesim.datasets.native import FRAMES, INCOMPLETE, INDEX
from scenesim.datasets.reader import NativeDataset, open_native


@dataclass(frozen=True)
class Part:
    """A native dataset of one scenario: all there is, or a shard of a batch, whose split it then has."""

    name: str
    folder: Path
    split: str = ""

    @property
    def manifested(self) -> bool:
        """Whether a batch made it, and so kept how long that took."""
        return bool(self.split)


@dataclass(frozen=True)
class Source:
    """kind: "dataset" or "batch". parts: in the order of their names, split by split. notes: what a reader should know."""

    name: str
    kind: str
    parts: Sequence[Part]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Spent:
    """What the manifest of a shard says of its making, loading and setting up included: wall-clock and processor time, s."""

    duration_s: float
    cpu_s: float
    scenario: str
    twin: str


def source(path: Path) -> Source:
    """What is in a folder. Raises InputError where that is neither a dataset nor a batch, or holds nothing yet."""
    name = path.resolve().name or "dataset"
    if not path.exists():
        raise InputError("no such folder", Place(str(path)))
    if not (path / BATCH).is_file():
        if not (path / INDEX).exists() and not (path / INCOMPLETE).exists():
            raise InputError(
                f"neither a dataset ({INDEX}) nor a batch ({BATCH}) is here; give the folder that `scenesim render` or "
                "`scenesim batch` wrote in the native format",
                Place(str(path)),
            )
        if not len(open_native(path)):
            raise InputError("this dataset holds no frames", Place(str(path)))
        return Source(name, "dataset", [Part(name, path)])
    folder = BatchFolder(path)
    head, homes = folder.head(), folder.complete()
    if not homes:
        raise InputError("no shard of this batch is done yet; `scenesim batch status` says how far it is", Place(str(path)))
    parts = [Part(shard, home, home.parent.name) for shard, home in homes.items()]
    missing = head["shards"] - len(parts)
    notes = [f"{missing} of {head['shards']} shards of this batch are not there yet."] if missing > 0 else []
    return Source(head["name"], "batch", parts, notes)


def spent(part: Part) -> Spent | None:
    """How long a shard took; None for a dataset that is none. Raises InputError where its manifest is damaged."""
    if not part.manifested:
        return None
    manifest = manifest_of(part.folder)
    return Spent(
        float(manifest.get("duration_s", 0.0)),
        float(manifest.get("cpu_s", 0.0)),
        str(manifest.get("scenario", "")),
        str(manifest.get("twin") or ""),
    )


def frame_folder(dataset: NativeDataset, index: int) -> Path:
    """Where the files of a frame lie."""
    return dataset.folder / FRAMES / dataset.index["frames"][dataset.indices.index(index)]["folder"]


def table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A table of a dataset, or some columns of it. Raises InputError where the file is missing, damaged or older."""
    try:
        # In one thread: the tables are small, and to hand them round costs more than to read them.
        found = pq.ParquetFile(path).read(columns=list(columns) if columns is not None else None, use_threads=False)
    except (OSError, pa.ArrowException) as e:
        raise InputError(f"this file of the dataset is missing or damaged: {e}", Place(str(path))) from None
    lacking = [name for name in columns or () if name not in found.column_names]
    if lacking:
        raise InputError(f"this table has no column {lacking[0]}: another version of scenesim wrote it", Place(str(path)))
    return found
