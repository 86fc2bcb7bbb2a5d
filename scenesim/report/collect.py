"""From the tables of a dataset to the numbers of a report: frame by frame and shard by shard, so that memory does not grow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from scenesim.base.frames import Pose
from scenesim.datasets.reader import open_native
from scenesim.datasets.tables import LIDAR_POINTS, POSE, SIZE, pose_of
from scenesim.report.conditions import Conditions, conditions
from scenesim.report.source import Part, Source, frame_folder, spent, table
from scenesim.report.statistics import Seen, Statistics


@dataclass(frozen=True)
class Counted:
    """A part that was counted: its group in the statistics, the numbers of its frames, and what was asked for of it."""

    part: Part
    group: int
    indices: tuple[int, ...]
    conditions: Conditions
    twin: str


def collect(source: Source, told: Callable[[], None] = lambda: None) -> tuple[Statistics, list[Counted]]:
    """Count everything in a source; `told` is called after each part. Raises InputError for what is damaged."""
    statistics, counted = Statistics(), []
    for part in source.parts:
        counted.append(_part(part, statistics))
        told()
    return statistics, counted


def _part(part: Part, statistics: Statistics) -> Counted:
    dataset, took = open_native(part.folder), spent(part)
    asked = conditions(dataset.scenario_yaml)
    scenario = took.scenario if took and took.scenario else dataset.index["scenario"] or part.name
    number = statistics.group(scenario, part.split, asked.weather, asked.light)
    group, tracks = statistics.groups[number], set[int]()
    for index in dataset.indices:
        folder = frame_folder(dataset, index)
        seen, names = objects_seen(folder)
        statistics.add_objects(number, seen)
        tracks.update(names)
        for lidar in dataset.index["lidars"]:
            points = table(folder / lidar / "points.parquet", ("class_id", "hit", "x_ego_m", "y_ego_m"))
            distance = np.hypot(points["x_ego_m"].to_numpy(), points["y_ego_m"].to_numpy())
            statistics.add_points(number, points["class_id"].to_numpy(), points["hit"].to_numpy(), distance)
    group.frames += len(dataset)
    group.images += len(dataset) * len(dataset.index["cameras"])
    group.tracks += len(tracks)
    if took and took.duration_s > 0:
        statistics.add_time(number, len(dataset), took.duration_s, took.cpu_s)
    return Counted(part, number, tuple(dataset.indices), asked, took.twin if took else "")


def objects_seen(folder: Path) -> tuple[Seen, list[int]]:
    """The objects of a frame's folder, and their tracks."""
    objects = table(folder / "objects.parquet")
    fraction, in_view = best_view(table(folder / "boxes.parquet"), objects["track"].to_numpy())
    at = ego_from_objects(folder, objects).translation
    seen = Seen(
        class_id=objects["class_id"].to_numpy(),
        distance_m=np.hypot(at[:, 0], at[:, 1]),
        points=lidar_points(objects),
        size_lwh_m=np.stack([objects[name].to_numpy() for name in SIZE], -1),
        fraction=fraction,
        in_view=in_view,
        attributes=[json.loads(a) for a in objects["attributes"].to_pylist()],
    )
    return seen, objects["track"].to_pylist()


def best_view(boxes: pa.Table, tracks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each track: the largest visible fraction over the cameras, and whether it is in the image of any."""
    fraction, in_view = np.zeros(len(tracks), np.float32), np.zeros(len(tracks), bool)
    if len(boxes) and len(tracks):
        order = np.argsort(tracks)
        row = order[np.searchsorted(tracks, boxes["track"].to_numpy(), sorter=order)]
        np.maximum.at(fraction, row, boxes["visible_fraction"].to_numpy())
        np.logical_or.at(in_view, row, boxes["truncation"].to_numpy() < 1)
    return fraction, in_view


def lidar_points(objects: pa.Table) -> np.ndarray:
    """Points on each object, over all lidars (O,)."""
    columns = [objects[name].to_numpy() for name in objects.column_names if name.startswith(LIDAR_POINTS)]
    return np.sum(columns, axis=0).astype(np.int64) if columns else np.zeros(len(objects), np.int64)


def ego_from_objects(folder: Path, objects: pa.Table) -> Pose:
    """Poses (O,) of the boxes' centres in the ego frame."""
    ego = table(folder / "poses.parquet", ("sensor", *POSE)).to_pylist()[0]
    vector = np.stack([objects[name].to_numpy() for name in POSE], -1)
    return pose_of(ego).inverse() @ Pose(vector[:, :4], vector[:, 4:])
