"""`scenesim export`: datasets in the native layout written in other formats, without rendering; and the choice of formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import scenesim
from scenesim.base.errors import InputError
from scenesim.cli.progress import Progress
from scenesim.datasets.reader import open_native
from scenesim.datasets.writer import Several, Writer, writer_class


def writers(
    formats: Sequence[str], output: Path, *, scenario_yaml: str, image_format: str | None, overwrite: bool, license: str
) -> list[tuple[Path, Writer]]:
    """Folder and writer of each format: of one alone, the output itself; of several, folders in it that have their names."""
    names = list(dict.fromkeys(formats))
    found = []
    for name in names:
        kind = writer_class(name)
        folder = output if len(names) == 1 else output / name
        options: dict[str, Any] = {"scenario_yaml": scenario_yaml, "version": scenesim.__version__, "overwrite": overwrite}
        options["license"] = license
        if image_format is not None and kind.CHOOSES_IMAGES:
            options["image_format"] = image_format
        found.append((folder, kind(folder, **options)))
    return found


def refuse_early(found: Sequence[tuple[Path, Writer]], overwrite: bool) -> None:
    """Raise InputError where a folder is not to be written to, before any work is done."""
    for folder, writer in found:
        if not overwrite and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            writer.start()  # which refuses, and says why


def run(
    datasets: Sequence[Path],
    output: Path,
    *,
    formats: Sequence[str],
    image_format: str | None,
    overwrite: bool,
    license: str | None,
) -> None:
    """Write datasets, one after the other, as one dataset in each of some formats. Raises InputError."""
    if "native" in formats and len(datasets) > 1:
        raise InputError("a native dataset is of one scenario: export one at a time, or leave out native")
    opened = [open_native(folder) for folder in datasets]
    scenario_yaml = "---\n".join(dataset.scenario_yaml for dataset in opened)
    licenses = list(dict.fromkeys(dataset.license for dataset in opened))
    if license is None and len(licenses) > 1:
        told = ", ".join(licenses)
        raise InputError(f"these datasets have different licenses ({told}); say which the new one has: --license")
    found = writers(
        formats,
        output,
        scenario_yaml=scenario_yaml,
        image_format=image_format,
        overwrite=overwrite,
        license=license or licenses[0],
    )
    refuse_early(found, overwrite)
    progress = Progress(", ".join(formats), sum(map(len, opened)))
    with Several([writer for _, writer in found]) as writer:
        for dataset in opened:
            for frame in dataset:
                writer.write(frame)
                progress.step()
    progress.end()
    for folder, _ in found:
        click.echo(f"dataset: {folder}", err=True)
