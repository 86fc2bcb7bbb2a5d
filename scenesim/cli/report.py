"""`scenesim report` and `scenesim view`: what they tell on their way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

import scenesim
from scenesim.cli.progress import Progress
from scenesim.datasets.native import REPORT
from scenesim.report import page


def write(folder: Path, output: Path | None, frames: int, size_mb: float) -> None:
    """Write the page of a folder; its path goes to stdout. Raises InputError."""

    def told(name: str, parts: int) -> Callable[[], None]:
        return Progress(name, parts, " to read", "dataset" if parts == 1 else "shard").step

    found = page.write(
        folder,
        folder / REPORT if output is None else output,
        most_frames=frames,
        budget_mb=size_mb,
        version=scenesim.__version__,
        told=told,
    )
    shown = "all" if found.shown == found.frames else f"{found.shown} of {found.frames}"
    click.echo(f"report: {shown} frames shown, {found.size / 1e6:.1f} MB", err=True)
    click.echo(str(found.path))


def view(folder: Path, save: Path | None, color: str, frames: range | None, shard: str | None) -> None:
    """Open a folder in the viewer, or write the recording. Raises InputError."""
    from scenesim.report import view

    view.show(folder, save, color=color, frames=frames, shard=shard)
    if save is not None:
        click.echo(str(save))
