"""scenesim: labelled camera images and lidar sweeps of situations that no fleet has recorded.

>>> import scenesim
>>> for frame in scenesim.frames(scenesim.load("first_light")):  # doctest: +SKIP
...     print(frame.time_s, frame.images["front"].rgb.shape, len(frame.sweeps["top"].xyz_m))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenesim.capture.frame import Frame
    from scenesim.datasets.opened import Dataset
    from scenesim.scenario.model import Scenario

__version__ = "0.1.0"
__all__ = ["frames", "load", "open_dataset", "write"]


def load(scenario: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """A scenario from a file, or by the name of one that ships; overrides are strings like "weather.rain_mm_per_h=10".

    Raises base.errors.InputError, whose text says file, line, what is wrong and what instead.
    """
    from scenesim.scenario.load import load as load_scenario

    return load_scenario(scenario, list(overrides))


def frames(
    scenario: Scenario, *, only: range | None = None, sensors: Iterable[str] | None = None, threads: int | None = None
) -> Iterator[Frame]:
    """Frames of a scenario, in order of time; see scenesim.simulate.frames."""
    from scenesim.simulate import frames as simulate

    return simulate(scenario, only=only, sensors=sensors, threads=threads)


def write(frames: Iterable[Frame], folder: str | Path, scenario: Scenario) -> None:
    """Write frames as a dataset in the native layout (docs/native-format.md)."""
    from scenesim.datasets.native import NativeWriter
    from scenesim.scenario.load import dump

    with NativeWriter(Path(folder), scenario_yaml=dump(scenario), version=__version__) as writer:
        for frame in frames:
            writer.write(frame)


def open_dataset(folder: str | Path) -> Dataset:
    """The frames of a dataset in the native layout, or of a whole batch, each array read when it is asked for.

    Raises base.errors.InputError where there is none, or it is not complete. For PyTorch: scenesim.datasets.torch_dataset.
    """
    from scenesim.datasets.opened import open_dataset as open_it

    return open_it(folder)
