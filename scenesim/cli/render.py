"""`scenesim render`: frames written as they are made, told on the way, with a contact sheet in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from scenesim import sheet, simulate
from scenesim.base.files import written_whole
from scenesim.capture.frame import Frame
from scenesim.cli.export import refuse_early, writers
from scenesim.cli.progress import Progress
from scenesim.datasets.native import SHEET, NativeWriter
from scenesim.datasets.writer import Several
from scenesim.scenario.load import dump
from scenesim.scenario.model import Scenario
from scenesim.world.timeline import Timeline


def run(
    scenario: Scenario,
    output: Path,
    *,
    frames: range | None,
    sensors: Sequence[str] | None,
    threads: int | None,
    timeline: Path | None,
    formats: Sequence[str],
    image_format: str | None,
    overwrite: bool,
    no_sheet: bool,
) -> None:
    """Render a scenario into a folder. Raises InputError; the folder is not touched before the first frame is made."""
    yaml = dump(scenario, output if len(set(formats)) == 1 else output / "native")
    found = writers(formats, output, scenario_yaml=yaml, image_format=image_format, overwrite=overwrite)
    refuse_early(found, overwrite)
    replay = Timeline.load(timeline) if timeline is not None else None
    wanted = frames or range(scenario.frame_count)
    shown = {wanted[0], wanted[len(wanted) // 2]}
    kept: list[Frame] = []
    progress = Progress(scenario.name, len(wanted), "; setting the stage")
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
