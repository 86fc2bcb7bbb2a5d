"""How far a command is: a bar on a terminal, some lines elsewhere."""

from __future__ import annotations

import sys
import time

import click

BAR = 24
LINES = 10  # of progress, where it is no terminal


class Progress:
    """A bar on a terminal, some lines elsewhere; on stderr."""

    def __init__(self, name: str, total: int, doing: str = "", unit: str = "frame"):
        self.name, self.total, self.done, self.unit = name, total, 0, unit
        self.begin = self.first = time.monotonic()
        self.tty = sys.stderr.isatty()
        click.echo(f"{name}: {total} {unit}{'' if total == 1 else 's'}{doing}", err=True, nl=True)

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        if self.done == 1:
            self.first = time.monotonic()  # what went before, such as setting the stage, does not come again
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
        now = time.monotonic()
        told = f"{self.unit} {self.done} of {self.total}, {_minutes(now - self.begin)}"
        if not 1 < self.done < self.total:
            return told
        return f"{told}, {_minutes((now - self.first) / (self.done - 1) * (self.total - self.done))} left"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
