"""Whether a dataset is what it says: its hashes, its files read again, its labels against each other, and frames made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scenesim import simulate
from scenesim.base.errors import InputError
from scenesim.base.keys import derive, generator, root
from scenesim.batch.crosscheck import disagreements
from scenesim.batch.folder import BATCH, INDEX, MANIFEST, RECIPE, BatchFolder, manifest_of, sha256, text_digest
from scenesim.batch.shard import plan_of
from scenesim.datasets.card import CROISSANT, README
from scenesim.datasets.native import FRAMES, REPORT, SHEET, frame_files, frame_name
from scenesim.datasets.native import INDEX as DATASET
from scenesim.datasets.native_card import SUMS
from scenesim.datasets.reader import NativeDataset, open_native
from scenesim.scenario import load

MOST_TOLD = 50


@dataclass
class Verified:
    """What was looked at, and what is wrong."""

    datasets: int = 0
    files: int = 0
    frames: int = 0
    rendered: int = 0
    wrong: list[str] = field(default_factory=list)


def verify(path: Path, render: int = 0, threads: int | None = None, told: Callable[[str], None] = lambda _: None) -> Verified:
    """Look at everything in a batch or a native dataset; `render` frames of it are made again and compared. Raises InputError
    where there is neither."""
    found = Verified()
    batch = (path / BATCH).is_file()
    homes = _batch(path, found) if batch else {path.name or "dataset": path}
    if not batch and not (path / DATASET).exists():
        open_native(path)  # which says what is wrong
    if (path / (INDEX if batch else SUMS)).is_file():
        found.wrong += _card(path, found)
    frames: list[tuple[Path, int]] = []
    for name, home in homes.items():
        wrong = []
        if (home / MANIFEST).is_file() or batch:
            wrong += _files(home, found)
        elif (home / SUMS).is_file():
            wrong += _summed(home, found)
        if not wrong:
            wrong += _labels(home, found, frames)
        found.wrong += [f"{name}: {line}" for line in wrong]
        found.datasets += 1
    if render and not frames:
        found.wrong.append("there is no frame to render again")
    for home, index in chosen(frames, render, path) if render and frames else ():
        told(f"rendering frame {index} of {home.name} again")
        found.wrong += [f"{home.name}: {line}" for line in _again(home, index, path if batch else None, threads)]
        found.rendered += 1
    return found


def _batch(path: Path, found: Verified) -> dict[str, Path]:
    """The shards of a batch; that they are those of its recipe and its index."""
    folder = BatchFolder(path)
    folder.head()
    homes, plan = folder.complete(), plan_of(str(path))
    expected = {shard.name: shard.split for shard in plan}
    for name in sorted(expected.keys() - homes.keys())[:MOST_TOLD]:
        found.wrong.append(f"{name}: the shard is missing; the batch is not complete")
    for name, home in homes.items():
        if expected.get(name) != home.parent.name:
            found.wrong.append(f"{name}: the recipe does not put it into {home.parent.name}")
    if (path / INDEX).is_file():
        found.wrong += _index(path, homes)
    return homes


def _index(path: Path, homes: dict[str, Path]) -> Iterator[str]:
    try:
        rows = {row["shard"]: row["digest"] for row in json.loads((path / INDEX).read_text(encoding="utf8"))["shards"]}
    except (OSError, ValueError, KeyError, TypeError) as e:
        yield f"{INDEX} is damaged: {e}"
        return
    for name, home in homes.items():
        try:
            files = manifest_of(home)["files"]
        except InputError:
            continue  # told with its shard
        if rows.get(name) != text_digest("".join(f"{v['sha256']}  {k}\n" for k, v in sorted(files.items()))):
            yield f"{name}: {INDEX} has another digest of it"


def _files(home: Path, found: Verified) -> Iterator[str]:
    """The files of a shard against its manifest."""
    try:
        files = manifest_of(home)["files"]
    except InputError as e:
        yield str(e)
        return
    there = {p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()} - {MANIFEST, SHEET, REPORT}
    yield from (f"{name} is in no manifest" for name in sorted(there - files.keys()))
    yield from _hashed(home, {name: entry["sha256"] for name, entry in files.items()}, found)


def _summed(home: Path, found: Verified) -> Iterator[str]:
    """The files of a dataset that stands alone against its list of hashes. What others put beside its frames is theirs."""
    lines = (home / SUMS).read_text(encoding="utf8").splitlines()
    sums = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    there = {p.relative_to(home).as_posix() for p in (home / FRAMES).rglob("*") if p.is_file()}
    yield from (f"{name} is not in {SUMS}" for name in sorted(there - sums.keys()))
    yield from _hashed(home, sums, found)


def _card(path: Path, found: Verified) -> Iterator[str]:
    """The files that the card names against their hashes. Its text is whoever publishes the dataset's to write on."""
    if not (path / README).is_file():
        yield f"{README} is missing"
    try:
        told = json.loads((path / CROISSANT).read_text(encoding="utf8"))["distribution"]
        sums = {row["contentUrl"]: row["sha256"] for row in told if "sha256" in row}
    except FileNotFoundError:
        yield f"{CROISSANT} is missing"
    except (OSError, ValueError, KeyError, TypeError) as e:
        yield f"{CROISSANT} is damaged: {e}"
    else:
        yield from _hashed(path, sums, found)


def _hashed(home: Path, sums: Mapping[str, str], found: Verified) -> Iterator[str]:
    for name, digest in sums.items():
        found.files += 1
        if not (home / name).is_file():
            yield f"{name} is missing"
        elif sha256(home / name) != digest:
            yield f"{name} has changed since it was made"


def _labels(home: Path, found: Verified, frames: list[tuple[Path, int]]) -> Iterator[str]:
    """Every frame read again, and its labels against each other."""
    try:
        dataset = open_native(home)
        for index in dataset.indices:
            yield from (f"frame {index}: {line}" for line in disagreements(dataset.frame(index)))
            frames.append((home, index))
            found.frames += 1
    except InputError as e:
        yield str(e)


def chosen(frames: list[tuple[Path, int]], count: int, path: Path) -> list[tuple[Path, int]]:
    """Some frames, at random by a key of the dataset: of the same dataset always the same ones."""
    text = "".join(f"{home.relative_to(path)}/{index}\n" for home, index in frames)
    key = derive(root(int(text_digest(text)[:15], 16)), "verify")
    return [frames[k] for k in sorted(generator(key).permutation(len(frames))[:count].tolist())]


def _again(home: Path, index: int, batch: Path | None, threads: int | None) -> Iterator[str]:
    """A frame made again, from the scenario of its dataset, which is also what the recipe of a batch says."""
    dataset = open_native(home)
    if batch is not None:
        plan = plan_of(str(batch))
        if load.dump(plan.scenario(plan.find(home.name)), home, batch) != dataset.scenario_yaml:
            yield f"{RECIPE} gives another scenario"
            return
    sensors = dataset.sensors
    scenario = load.load(home / "scenario.yaml")
    (frame,) = simulate.frames(scenario, only=range(index, index + 1), sensors=sensors, threads=threads)
    yield from _compared(dataset, frame_files(frame, dataset.index["image_format"]), index)


def _compared(dataset: NativeDataset, made: dict[str, bytes], index: int) -> Iterator[str]:
    folder = dataset.folder / FRAMES / frame_name(index)
    for name, data in made.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            yield f"frame {index}: {name} is not what rendering it again gives"
