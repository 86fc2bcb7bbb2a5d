"""A timeline as a table: what `scenesim timeline --csv` writes."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scenesim.base.errors import InputError
from scenesim.base.files import written_whole
from scenesim.world.timeline import Timeline

HEADER = ("time_s", "actor", "x_m", "y_m", "z_m", "heading_rad", "speed_m_s")
DIFFERENCE_S = 1e-3  # the speed is the way over this time on both sides
MOST_ROWS = 20_000_000


def write_csv(timeline: Timeline, path: str | Path, step_s: float = 0.05) -> None:
    """Rows HEADER of every actor that is there, step_s apart from time 0 to the end. Raises InputError."""
    if not (step_s > 0 and math.isfinite(step_s)):
        raise InputError(f"--step {step_s:g}: the step must be above 0 s")
    if timeline.duration_s / step_s * len(timeline.actors) > MOST_ROWS:
        raise InputError(f"--step {step_s:g}: more than {MOST_ROWS} rows; take a longer step")
    with written_whole(path) as partial, open(partial, "w", newline="", encoding="utf8") as f:
        out = csv.writer(f)
        out.writerow(HEADER)
        out.writerows(rows(timeline, step_s))


def rows(timeline: Timeline, step_s: float) -> Iterator[tuple[str, ...]]:
    """The rows of write_csv. heading_rad: 0 to the east, counter-clockwise; speed_m_s: negative backwards."""
    for k in range(int((timeline.duration_s + 1e-9) / step_s) + 1):
        t = k * step_s
        state = timeline.state_at(t)
        before, after = (timeline.state_at(t + d).world_from_actor.translation for d in (-DIFFERENCE_S, DIFFERENCE_S))
        velocity = (after - before) / (2 * DIFFERENCE_S)
        xyz, heading = state.world_from_actor.translation, np.atleast_1d(state.world_from_actor.yaw())
        ahead = velocity[:, 0] * np.cos(heading) + velocity[:, 1] * np.sin(heading)
        speed = np.sqrt((velocity**2).sum(-1)) * np.where(ahead < 0, -1.0, 1.0)
        for i, actor in enumerate(timeline.actors):
            if state.present[i]:
                x, y, z = xyz[i]
                yield f"{t:.4f}", actor.name, f"{x:.4f}", f"{y:.4f}", f"{z:.4f}", f"{heading[i]:.5f}", f"{speed[i] + 0.0:.4f}"
