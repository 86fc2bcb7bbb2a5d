"""The numbers of a report: what the labels of many frames hold, counted into few cells, whatever the number of frames.

A cell is a group of frames (scenario, split, weather and light are the same), a class, and bins of what is counted. All charts
and filters of the page are sums over cells, so that nothing else has to be kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Edges of bins; a bin holds its lower edge. The last is open.
RANGE_M = (0, 10, 20, 30, 50, 75, 100)  # from the ego's origin to the box's centre, or to the point, over the ground
POINTS = (0, 1, 5, 10, 30, 100, 300, 1000)
SIZE_M = (0, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15)
SECONDS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
# How much of an object the camera that sees most of it sees: the levels of nuScenes' visibility, and the two below them.
VISIBLE = (0.4, 0.6, 0.8)
VISIBILITY = ("out of view", "hidden", "below 40 %", "40 to 60 %", "60 to 80 %", "80 to 100 %")
DIMENSIONS = ("length", "width", "height")

STEPS = {"age_years": 10.0, "height_m": 0.1, "leg_m": 0.05}  # of attributes that are numbers
LISTS = ("clothing",)  # attributes that are lists, with ", " between
MOST_SCENARIOS, MOST_VALUES, MOST_VALUES_SHOWN = 60, 400, 12
OTHERS = "others"


@dataclass
class Group:
    """Frames that are alike. frames, images, sweeps, tracks, points: how many."""

    scenario: str
    split: str
    weather: str
    light: str
    frames: int = 0
    images: int = 0
    sweeps: int = 0
    tracks: int = 0
    points: int = 0


@dataclass(frozen=True)
class Seen:
    """The objects of a frame, O rows: class_id, distance_m and points (over all lidars) (O,), size_lwh_m (O, 3), fraction: the
    largest visible fraction over the cameras (O,), in_view: whether it is in the image of any (O,), attributes: O of them."""

    class_id: NDArray
    distance_m: NDArray
    points: NDArray
    size_lwh_m: NDArray
    fraction: NDArray
    in_view: NDArray
    attributes: list[dict[str, str]]


def bins(values: ArrayLike, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """The bin that each value is in; below the first edge is in the first."""
    return np.maximum(np.searchsorted(edges, np.asarray(values), side="right") - 1, 0)


def labels(edges: tuple[float, ...], unit: str = "") -> list[str]:
    """Bins as people read them: "10 to 20 m", "100 m and more"."""
    unit = f" {unit}" if unit else ""
    return [f"{a:g} to {b:g}{unit}" for a, b in zip(edges, edges[1:])] + [f"{edges[-1]:g}{unit} and more"]


def labels_of_counts(edges: tuple[int, ...]) -> list[str]:
    """Bins of counts: "0", "1 to 4", "1000 and more"."""
    return [f"{a}" if b == a + 1 else f"{a} to {b - 1}" for a, b in zip(edges, edges[1:])] + [f"{edges[-1]} and more"]


def visibility(fraction: ArrayLike, in_view: ArrayLike) -> NDArray[np.int64]:
    """Numbers of VISIBILITY: fraction and in_view as in Seen."""
    fraction = np.asarray(fraction)
    level = 2 + np.searchsorted(VISIBLE, fraction, side="right")
    return np.where(fraction > 0, level, np.where(in_view, 1, 0))


def attribute_values(key: str, value: str) -> list[str]:
    """What a value counts as: lists by their items, numbers by bins of STEPS, all else as it stands."""
    if key in LISTS:
        return [item for item in value.split(", ") if item]
    if key in STEPS:
        try:
            low = float(np.floor(float(value) / STEPS[key] + 1e-9)) * STEPS[key]
        except ValueError:
            return [value]
        return [f"{low:.6g} to {low + STEPS[key]:.6g}"]
    return [value]


@dataclass
class Statistics:
    """All that is counted. Keys of the counters begin with the number of the group:

    objects: (group, class, range, visibility, points). sizes: (group, class, range, dimension, size). attributes: (group,
    class, range, attribute, value), whose names are in `names`. points: (group, class, hit, range). times: (group, seconds a
    frame) of shards; spent: group -> frames, wall-clock s, processor s of those.
    """

    groups: list[Group] = field(default_factory=list)
    objects: Counter[tuple[int, ...]] = field(default_factory=Counter)
    sizes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    attributes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    points: Counter[tuple[int, ...]] = field(default_factory=Counter)
    times: Counter[tuple[int, ...]] = field(default_factory=Counter)
    spent: dict[int, list[float]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    _numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    _values: dict[tuple[str, str], int] = field(default_factory=dict)

    def group(self, scenario: str, split: str, weather: str, light: str) -> int:
        """The number of a group, which is begun where it is new. Scenarios beyond MOST_SCENARIOS are one."""
        known = {g.scenario for g in self.groups}
        if scenario not in known and len(known) >= MOST_SCENARIOS:
            scenario = OTHERS
        key = (scenario, split, weather, light)
        if key not in self._numbers:
            self._numbers[key] = len(self.groups)
            self.groups.append(Group(*key))
        return self._numbers[key]

    def add_objects(self, group: int, seen: Seen) -> None:
        """Count the objects of a frame."""
        near = bins(seen.distance_m, RANGE_M)
        rows = np.stack([seen.class_id, near, visibility(seen.fraction, seen.in_view), bins(seen.points, POINTS)], -1).astype(
            int
        )
        self.objects.update((group, *row) for row in rows.tolist())
        sizes = bins(seen.size_lwh_m, SIZE_M).tolist()
        for (class_id, at, _, _), size, attributes in zip(rows.tolist(), sizes, seen.attributes):
            self.sizes.update((group, class_id, at, k, b) for k, b in enumerate(size))
            for key, text in attributes.items():
                for value in attribute_values(key, text):
                    self.attributes[group, class_id, at, *self._value(key, value)] += 1

    def add_points(self, group: int, class_id: ArrayLike, hit: ArrayLike, distance_m: ArrayLike) -> None:
        """Count the points of a sweep, N rows each."""
        at = bins(distance_m, RANGE_M)
        code = (np.asarray(class_id, int) * 256 + np.asarray(hit, int)) * len(RANGE_M) + at
        for value, n in zip(*(a.tolist() for a in np.unique(code, return_counts=True))):
            kind, where = divmod(value, len(RANGE_M))
            self.points[group, kind // 256, kind % 256, where] += n
        self.groups[group].sweeps += 1
        self.groups[group].points += len(code)

    def add_time(self, group: int, frames: int, duration_s: float, cpu_s: float) -> None:
        """Count a shard that took so long."""
        if frames <= 0:
            return
        self.times[group, int(bins(duration_s / frames, SECONDS))] += 1
        row = self.spent.setdefault(group, [0.0, 0.0, 0.0])
        self.spent[group] = [row[0] + frames, row[1] + duration_s, row[2] + cpu_s]

    def _value(self, key: str, value: str) -> tuple[int, int]:
        names = self.names.setdefault(key, [])
        if (key, value) not in self._values and len(names) >= MOST_VALUES:
            value = OTHERS
        if (key, value) not in self._values:
            self._values[key, value] = len(names)
            names.append(value)
        return list(self.names).index(key), self._values[key, value]

    def plain(self) -> dict[str, Any]:
        """All of it as lists, numbers and strings, each counter as rows of its key and its count, in order of the keys."""
        keys, shown, attributes = list(self.names), self._shown_values(), Counter[tuple[int, ...]]()
        for (group, class_id, near, key, value), n in self.attributes.items():
            others = len(self.names[keys[key]])
            attributes[group, class_id, near, key, value if value in shown[class_id, key] else others] += n
        return {
            "groups": [asdict(g) for g in self.groups],
            "objects": _rows(self.objects),
            "sizes": _rows(self.sizes),
            "attributes": _rows(attributes),
            "points": _rows(self.points),
            "times": _rows(self.times),
            "spent": [[group, *(round(v, 3) for v in row)] for group, row in sorted(self.spent.items())],
            "attribute_names": keys,
            "attribute_values": [[*self.names[key], OTHERS] for key in keys],
        }

    def _shown_values(self) -> dict[tuple[int, int], list[int]]:
        """(class, attribute) -> the values that are common enough in that class to be shown."""
        counts: dict[tuple[int, int], Counter[int]] = {}
        for (_, class_id, _, key, value), n in self.attributes.items():
            counts.setdefault((class_id, key), Counter())[value] += n
        found = {}
        for where, count in counts.items():
            common = sorted((-n, value) for value, n in count.items())
            found[where] = [value for _, value in common[:MOST_VALUES_SHOWN]]
        return found


def _rows(counter: Counter[tuple[int, ...]]) -> list[list[int]]:
    return [[*key, n] for key, n in sorted(counter.items())]
