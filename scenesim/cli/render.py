"""`scenesim render`: frames written as they are made, told on the way, with a contact sheet in the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from scenesim import sheet, simulate, warm
from scenesim.base.errors import InputError
from scenesim.base.files import written_whole
from scenesim.capture.frame import Frame
from scenesim.cli.export import refuse_early, writers
from scenesim.cli.progress import Progress
from scenesim.datasets.licenses import DEFAULT
from scenesim.datasets.native import SHEET, NativeWriter
from scenesim.datasets.writer import Several, Writer
from scenesim.scenario.load import dump
from scenesim.scenario.model import Scenario
from scenesim.world.timeline import Timeline


def run(
    scenarios: Sequence[tuple[Scenario, Path]],
    *,
    formats: Sequence[str],
    image_format: str | None,
    overwrite: bool,
    timeline: Path | None,
    license: str | None,
    **options: Any,
) -> None:
    """Render scenarios, each into its folder. Raises InputError; no folder is touched before the first frame is made."""
    found = []
    for scenario, output in scenarios:
        yaml = dump(scenario, output if len(set(formats)) == 1 else output / "native")
        found.append(
            writers(
                formats,
                output,
                scenario_yaml=yaml,
                image_format=image_format,
                overwrite=overwrite,
                license=license or DEFAULT,
            )
        )
        refuse_early(found[-1], overwrite)
    replay = Timeline.load(timeline) if timeline is not None else None
    for (scenario, _), into in zip(scenarios, found):
        _render(scenario, into, replay, **options)


def twins_of(output: Path, changes: Sequence[str]) -> list[tuple[tuple[str, ...], Path]]:
    """(overrides, folder) of a scenario and of its twins, each of which differs by one change "PATH=VALUE". Raises InputError
    where two would have one folder."""
    if not changes:
        return [((), output)]
    folders = ["original", *(re.sub(r"[^A-Za-z0-9.-]+", "_", change).strip("_.") for change in changes)]
    for k, folder in enumerate(folders):
        if folder in folders[:k] or not folder:
            raise InputError(f'--twin {changes[k - 1]}: "{folder}" cannot be this twin\'s folder, or is one already')
    return [(() if k == 0 else (changes[k - 1],), output / folder) for k, folder in enumerate(folders)]


def _render(
    scenario: Scenario,
    found: Sequence[tuple[Path, Writer]],
    replay: Timeline | None,
    *,
    frames: range | None,
    sensors: Sequence[str] | None,
    threads: int | None,
    no_sheet: bool,
) -> None:
    wanted = frames or range(scenario.frame_count)
    shown = {wanted[0], wanted[len(wanted) // 2]}
    kept: list[Frame] = []
    once = "" if warm.is_done() else " and compiling, about a minute once for this version on this machine"
    progress = Progress(scenario.name, len(wanted), f"; setting the stage{once}")
    made = simulate.frames(scenario, only=frames, sensors=sensors, threads=threads, timeline=replay)
    first = next(made)
    with Several([writer for _, writer in found]) as writer:
        for frame in _chain(first, made):
            writer.write(frame)
            if frame.index in shown and not no_sheet:
                kept.append(frame)
            progress.step()
    progress.end()
    for folder, one in found:
        click.echo(f"dataset: {folder}", err=True)
        if kept and isinstance(one, NativeWriter):
            with written_whole(folder / SHEET) as partial:
                sheet.draw(kept, partial, scenario.name)
            click.echo(str(folder / SHEET))


def _chain(first: Frame, rest):
    yield first
    yield from rest
