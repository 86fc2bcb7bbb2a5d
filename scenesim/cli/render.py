"""`scenesim render`: frames written as they are made, told on the way, with a contact sheet in the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

import scenesim
from scenesim import sheet, simulate
from scenesim.base.files import written_whole
from scenesim.capture.frame import Frame
from scenesim.datasets.native import SHEET, NativeWriter
from scenesim.scenario.load import dump
from scenesim.scenario.model import Scenario
from scenesim.world.timeline import Timeline

BAR = 24
LINES = 10  # of progress, where it is no terminal


def run(
    scenario: Scenario,
    output: Path,
    *,
    frames: range | None,
    sensors: Sequence[str] | None,
    threads: int | None,
    timeline: Path | None,
    image_format: str,
    overwrite: bool,
    no_sheet: bool,
) -> None:
    """Render a scenario into a folder. Raises InputError; the folder is not touched before the first frame is made."""
    writer = NativeWriter(
        output,
        scenario_yaml=dump(scenario, output),
        version=scenesim.__version__,
        image_format="jpg" if image_format == "jpg" else "png",
        overwrite=overwrite,
    )
    if not overwrite and output.exists() and not _is_empty(output):
        writer.start()  # which refuses, and says why
    replay = Timeline.load(timeline) if timeline is not None else None
    wanted = frames or range(scenario.frame_count)
    shown = {wanted[0], wanted[len(wanted) // 2]}
    kept: list[Frame] = []
    progress = Progress(scenario.name, len(wanted))
    made = simulate.frames(scenario, only=frames, sensors=sensors, threads=threads, timeline=replay)
    first = next(made)
    with writer:
        for frame in _chain(first, made):
            writer.write(frame)
            if frame.index in shown and not no_sheet:
                kept.append(frame)
            progress.step()
    progress.end()
    click.echo(f"dataset: {output}", err=True)
    if kept:
        path = output / SHEET
        with written_whole(path) as partial:
            sheet.draw(kept, partial, scenario.name)
        click.echo(str(path))


def _chain(first: Frame, rest):
    yield first
    yield from rest


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


class Progress:
    """A bar on a terminal, some lines elsewhere; on stderr."""

    def __init__(self, name: str, total: int):
        self.name, self.total, self.done = name, total, 0
        self.begin = time.monotonic()
        self.tty = sys.stderr.isatty()
        frames = "1 frame" if total == 1 else f"{total} frames"
        click.echo(f"{name}: {frames}; setting the stage", err=True, nl=True)

    def step(self) -> None:
        """One more frame is done."""
        self.done += 1
        if self.tty:
            filled = BAR * self.done // self.total
            click.echo(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {self._told()}   ", err=True, nl=False)
        elif self.done == 1 or self.done == self.total or self.done % -(-self.total // LINES) == 0:
            click.echo(self._told(), err=True)

    def end(self) -> None:
        """All are done."""
        if self.tty:
            click.echo("", err=True)

    def _told(self) -> str:
        spent = time.monotonic() - self.begin
        left = spent / self.done * (self.total - self.done)
        return f"frame {self.done} of {self.total}, {_minutes(spent)}" + (f", {_minutes(left)} left" if left > 0 else "")


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
