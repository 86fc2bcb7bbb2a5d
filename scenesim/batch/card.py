"""What the card of a batch says: README.md and croissant.json for all of its shards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from scenesim.batch.folder import BATCH, INDEX, NATIVE, RECIPE, BatchFolder, as_json
from scenesim.batch.plan import Plan, Shard
from scenesim.datasets import card, native_card
from scenesim.datasets.card import WHOLE, Facts
from scenesim.datasets.native import FRAMES
from scenesim.datasets.native import INDEX as DATASET


def facts(plan: Plan, folder: BatchFolder, index: Mapping[str, Any], homes: Mapping[str, Path]) -> Facts:
    """The card of a batch. index: what index.json is going to say; homes: shard -> where it lies."""
    recipe = plan.recipe
    samples = [found for shard in _first(plan) if (found := _sample(homes[shard.name])) is not None]
    head, schemas = samples[0] if samples else ({}, {})
    common = {
        path: pa.schema([column for column in schema if all(column in other.get(path, ()) for _, other in samples)])
        for path, schema in schemas.items()
        if all(path in other for _, other in samples)
    }
    counts = {split: sum(row["frames"] for row in index["shards"] if row["split"] == split) for split in recipe.splits}
    parts = {split: f"{NATIVE}/{split}/*/" for split, count in counts.items() if count}
    files = {BATCH: (folder.path / BATCH).read_bytes(), RECIPE: (folder.path / RECIPE).read_bytes(), INDEX: as_json(index)}
    about = {
        BATCH: ("application/json", "version and recipe of the batch"),
        RECIPE: ("application/yaml", "what was asked for, with all that it needs"),
        INDEX: ("application/json", "every part with its seed, split and digest"),
    }
    return Facts(
        name=recipe.name,
        version=index["scenesim_version"],
        license=recipe.license,
        frames=index["frames"],
        seed=recipe.seed,
        description=recipe.description,
        parts=parts if len(parts) > 1 else {WHOLE: next(iter(parts.values()), f"{NATIVE}/*/*/")},
        tables=native_card.tables(common),
        pictures=native_card.pictures(head["cameras"], head["image_format"]) if head else {},
        listed={name: card.listed(data, *about[name]) for name, data in files.items()},
        maps=tuple(folder.head()["maps"]),
        contents=(*_contents(plan, counts, index["frames"]), *(native_card.contents(head) if head else ())),
        again=("scenesim batch recipe.yaml -o again", "scenesim verify .  # hashes, and labels against each other"),
        reading=(*native_card.READ, *native_card.loop(head)) if head else (),
    )


def _first(plan: Plan) -> list[Shard]:
    """A shard of each scenario of the recipe: the sensors of all its seeds and twins are the same."""
    return [shard for shard in plan if shard.number == 0 and shard.twin == plan.twins[shard.entry][0]]


def _sample(home: Path) -> tuple[dict[str, Any], dict[str, pa.Schema]] | None:
    """dataset.json of a shard, and the schemas of its first frame."""
    if not (home / DATASET).is_file():
        return None
    index = json.loads((home / DATASET).read_text(encoding="utf8"))
    at = home / FRAMES / index["frames"][0]["folder"]
    files = {path.relative_to(at).as_posix(): path.read_bytes() for path in sorted(at.rglob("*.parquet"))}
    return index, native_card.schemas(files)


def _contents(plan: Plan, counts: Mapping[str, int], frames: int) -> list[str]:
    splits = ", ".join(f"{split} {count}" for split, count in counts.items())
    lines = [f"{frames} frames in {len(plan)} parts" + (f" ({splits})." if len(counts) > 1 else ".")]
    for entry, asked in enumerate(plan.recipe.scenarios):
        twins = [twin for twin in plan.twins[entry] if twin]
        also = f", each as {', '.join(twins)}" if twins else ""
        lines.append(f"`{asked.called}`: seeds {plan.seeds[entry]}{also}.")
    return lines
