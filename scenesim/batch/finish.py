"""The end of a batch: when all shards are there, the other formats and the index, each in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenesim.base.errors import InputError, Place
from scenesim.base.files import refusals_told
from scenesim.batch.card import facts
from scenesim.batch.folder import INDEX, NATIVE, BatchFolder, manifest_of, text_digest
from scenesim.batch.plan import Plan, Shard
from scenesim.batch.recipe import Recipe
from scenesim.datasets import card
from scenesim.datasets.disk import rename
from scenesim.datasets.formats import BATCH_FORMAT
from scenesim.datasets.reader import open_native
from scenesim.datasets.writer import writer_class

KNOWN = ("train", "val")  # splits that formats know; the rest of them stands alone


def finish(plan: Plan, folder: BatchFolder, version: str, telling: Callable[[str], None]) -> bool:
    """Write what the whole batch makes, if all of its shards are there; whether they are. Raises InputError."""
    there = folder.complete()
    if len(there) < len(plan) or any(shard.name not in there for shard in plan):
        return False
    if (folder.path / INDEX).is_file():
        return True
    for name in dict.fromkeys(plan.recipe.formats):
        for at, splits in datasets(name, plan.recipe).items():
            if name != NATIVE and not (folder.path / at).exists():
                telling(at)
                _convert(name, at, [(s, there[s.name]) for s in plan if s.split in splits], plan.recipe, folder, version)
    rows = [_row(there[shard.name]) for shard in plan]
    head = {"format": BATCH_FORMAT, "scenesim_version": version, "name": plan.recipe.name, "license": plan.recipe.license}
    index = {**head, "frames": sum(row["frames"] for row in rows), "shards": rows}
    for name, data in card.files(facts(plan, folder, index, there)).items():
        folder.put(name, data)
    folder.put_json(INDEX, index)
    return True


def _row(home: Path) -> dict[str, Any]:
    """What the index says of a shard: nothing of when, where and how often it was made."""
    manifest = manifest_of(home)
    told = {key: manifest[key] for key in ("shard", "split", "scenario", "number", "twin", "seed", "frames") if key in manifest}
    lines = "".join(f"{entry['sha256']}  {name}\n" for name, entry in sorted(manifest["files"].items()))
    return {**told, "digest": text_digest(lines)}


def datasets(name: str, asked: Recipe) -> dict[str, tuple[str, ...]]:
    """Folders of a format and the splits in each: train and val are one dataset, which formats know; others stand alone."""
    if len(asked.splits) == 1:
        return {name: tuple(asked.splits)}
    together = tuple(split for split in KNOWN if split in asked.splits)
    return {**({name: together} if together else {}), **{f"{name}_{s}": (s,) for s in asked.splits if s not in KNOWN}}


def _convert(name: str, at: str, shards: list[tuple[Shard, Path]], asked: Recipe, folder: BatchFolder, version: str) -> None:
    """Write shards as one dataset in a format; it appears under its name when it is whole."""
    if not shards:
        return
    partial = folder.work / "partial" / "formats" / at
    with refusals_told(partial):
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
    kind = writer_class(name)
    options: dict[str, Any] = {"scenario_yaml": "---\n".join(_scenario(home) for _, home in shards), "version": version}
    options["license"] = asked.license
    if kind.CHOOSES_IMAGES and asked.image_format is not None:
        options["image_format"] = asked.image_format
    if len(asked.splits) > 1:  # what stands alone is for evaluation
        options["splits"] = {shard.name: "train" if shard.split == "train" else "val" for shard, _ in shards}
    with kind(partial, **options) as writer:
        for _, home in shards:
            for frame in open_native(home):
                writer.write(frame)
    with refusals_told(folder.path / at):
        rename(partial, folder.path / at)


def _scenario(home: Path) -> str:
    try:
        return (home / "scenario.yaml").read_text(encoding="utf8")
    except OSError as e:
        raise InputError(f"this file of the dataset is missing or damaged: {e}", Place(str(home))) from None
