"""From a recipe to shards: each is one concrete scenario, and a pure function of the recipe and of its own name.

Nothing is listed before it is asked for: a plan of a million frames costs as much as one of ten.
"""

from __future__ import annotations

import bisect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from scenesim.base.document import Document
from scenesim.base.errors import InputError, SceneWarning, did_you_mean
from scenesim.base.keys import derive, root
from scenesim.batch.recipe import NO_TWIN, Source, span
from scenesim.scenario import load
from scenesim.scenario.model import Scenario

# 2^64 over the golden ratio: steps of this size fill a circle evenly however many are taken (Knuth, TAOCP 3, 6.4), so that
# splits have their shares among the first ten groups as among a million, and a group never changes its split.
GOLDEN = 0x9E3779B97F4A7C15
SEED_BITS = 53  # a seed fits a float of JSON
TRIED = 3  # seeds of each scenario and twin that are checked, and measured, before any work is done
COUNTS_FRAMES = ("duration_s", "frame_rate_hz")  # what the number of frames comes from, and may be drawn


@dataclass(frozen=True)
class Shard:
    """One concrete scenario. entry: number of the recipe's scenario; number: of the seed, from 0; twin: its name or nothing."""

    name: str
    entry: int
    number: int
    twin: str
    split: str


class Plan:
    """The shards of a recipe, in the order: scenario, seed, twin."""

    def __init__(self, source: Source):
        self.source, self.recipe = source, source.recipe
        self.key = root(self.recipe.seed)
        self._templates: dict[tuple[int, str], Document] = {}
        self.twins = [tuple(self.recipe.twins_of(entry)) for entry in self.recipe.scenarios]
        self.seeds = [entry.seeds or self.recipe.seeds for entry in self.recipe.scenarios]
        self._ends = list(accumulate(n * len(twins) for n, twins in zip(self.seeds, self.twins)))
        self._cuts = list(accumulate(self.recipe.splits.values()))
        self._called = {entry.called: k for k, entry in enumerate(self.recipe.scenarios)}

    def __len__(self) -> int:
        return self._ends[-1]

    def __iter__(self) -> Iterator[Shard]:
        for entry, twins in enumerate(self.twins):
            for number in range(self.seeds[entry]):
                yield from (self._shard(entry, number, twin) for twin in twins)

    def shard(self, k: int) -> Shard:
        """The shard of a number, from 0."""
        entry = bisect.bisect_right(self._ends, k)
        twins = self.twins[entry]
        number, twin = divmod(k - (self._ends[entry - 1] if entry else 0), len(twins))
        return self._shard(entry, number, twins[twin])

    def find(self, name: str) -> Shard:
        """The shard of a name. Raises InputError where there is none."""
        called, _, rest = name.partition("-")
        digits, _, twin = rest.partition("-")
        if called not in self._called:
            raise InputError(f'no shard "{name}": the recipe has no scenario "{called}"{did_you_mean(called, self._called)}')
        entry = self._called[called]
        if not digits.isdigit() or int(digits) >= self.seeds[entry] or twin not in self.twins[entry]:
            twins = self.twins[entry]
            first, last = self._shard(entry, 0, twins[0]), self._shard(entry, self.seeds[entry] - 1, twins[-1])
            raise InputError(f'no shard "{name}"; those of {called} are {first.name} to {last.name}')
        return self._shard(entry, int(digits), twin)

    def _shard(self, entry: int, number: int, twin: str) -> Shard:
        name = f"{self.recipe.scenarios[entry].called}-{number:06d}" + (f"-{twin}" if twin != NO_TWIN else "")
        return Shard(name, entry, number, twin, self.split(entry, number))

    # ---- splits

    @cached_property
    def _alike(self) -> list[int]:
        """For each scenario of the recipe the first that is made from the same one."""
        made_from = [entry.scenario for entry in self.recipe.scenarios]
        return [made_from.index(scenario) for scenario in made_from]

    def split(self, entry: int, number: int) -> str:
        """The split of a seed of a scenario, with all of its twins: seeds (or whole scenarios) are dealt out evenly."""
        if self.recipe.split_by == "scenario":
            start, step = derive(self.key, "split"), self._alike[entry]
        else:
            start, step = derive(self.key, "split", self.recipe.scenarios[entry].called), number
        at = ((start + step * GOLDEN) % 2**64) / 2**64 * self._cuts[-1]
        names = list(self.recipe.splits)
        return names[min(bisect.bisect_right(self._cuts, at), len(names) - 1)]

    # ---- scenarios

    def document(self, shard: Shard) -> Document:
        """What the shard's scenario says, and where. Raises InputError."""
        at = shard.entry, shard.twin
        if at not in self._templates:
            self._templates[at] = self.source.template(*at)
        found = self._templates[at]
        called = self.recipe.scenarios[shard.entry].called
        seed = derive(self.key, "seed", called, shard.number) >> (64 - SEED_BITS)
        return Document(found.file, {**found.data, "name": shard.name, "seed": seed}, found.places, found.keys)

    def scenario(self, shard: Shard) -> Scenario:
        """The concrete scenario of a shard. Raises InputError."""
        return load.check(self.document(shard))

    def frames(self, shard: Shard, scenario: Scenario) -> range:
        """Numbers of the frames that are made of a shard's scenario. Raises InputError where it has not that many."""
        entry = self.recipe.scenarios[shard.entry]
        asked = entry.frames if entry.frames is not None else self.recipe.frames
        found = span(asked, scenario.frame_count)
        if found.stop > scenario.frame_count:
            at = ("scenarios", shard.entry, "frames") if entry.frames is not None else ("frames",)
            message = f"frames {asked} are not all there; {shard.name} has frames 0:{scenario.frame_count}"
            raise InputError(message, self.source.document.place(at))
        return found

    def tried(self) -> list[Tried]:
        """A few shards of each scenario and twin, checked. Raises InputError that tells what is wrong in any of them; what is
        legal but silly is told once for each scenario."""
        found, errors = [], {}
        for entry, twins in enumerate(self.twins):
            for twin in twins:
                count = self.seeds[entry]
                shards = [self._shard(entry, n, twin) for n in sorted({count * k // TRIED for k in range(min(TRIED, count))})]
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("once", SceneWarning)
                        scenarios = [self.scenario(s) for s in shards]
                    for scenario in scenarios:
                        self._check_sensors(scenario)
                    numbers = [len(self.frames(s, one)) for s, one in zip(shards, scenarios)]
                    fixed = not any(isinstance(self.document(shards[0]).data.get(key), dict) for key in COUNTS_FRAMES)
                    found.append(Tried(shards[0], scenarios[0], count, sum(numbers) / len(numbers), fixed))
                except InputError as e:
                    errors.setdefault(str(e), e)
        if errors:
            first, *others = errors.values()
            raise InputError(first.message, first.place, [*first.others, *others])
        return found

    def _check_sensors(self, scenario: Scenario) -> None:
        rig = scenario.instruments
        known = [sensor.name for sensor in rig.sensors]
        for k, name in enumerate(self.recipe.sensors or ()):
            if name not in known:
                place = self.source.document.place(("sensors", k))
                raise InputError(f'no sensor "{name}" on the rig of {scenario.name}{did_you_mean(name, known)}', place)


@dataclass(frozen=True)
class Tried:
    """A scenario and twin of a plan: its first shard and that one's concrete scenario, how many shards there are, frames of
    each (the mean where that is drawn), and whether all have as many."""

    shard: Shard
    scenario: Scenario
    shards: int
    frames: float
    fixed: bool
