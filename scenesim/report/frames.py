"""Frames that a report shows: small JPEGs, quantised points and boxes, chosen evenly and so many that they fit."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.datasets.native import FRAMES, frame_name
from scenesim.datasets.reader import NativeDataset, open_native
from scenesim.datasets.tables import SIZE, VISIBLE, pose_of
from scenesim.report.collect import Counted, best_view, ego_from_objects, lidar_points
from scenesim.report.source import table
from scenesim.report.statistics import RANGE_M, bins, visibility

WIDTH_PX, QUALITY = 800, 80  # of the pictures, at most
MOST_POINTS = 16_000  # of a frame, about
QUANTUM_M = 0.01  # of points: int16 reaches 327 m
SAMPLES = 3  # frames from which the size of the others is estimated

Chosen = tuple[int, int]  # number of a part, number of the frame in its dataset


def chosen(counted: Sequence[Counted], most: int) -> list[Chosen]:
    """(part, frame) of at most `most` frames, spread evenly over all of them, in their order."""
    total = sum(len(c.indices) for c in counted)
    n = min(most, total)
    wanted = [(2 * k + 1) * total // (2 * n) for k in range(n)]
    found, begin, at = [], 0, 0
    for k, c in enumerate(counted):
        while at < n and wanted[at] < begin + len(c.indices):
            found.append((k, c.indices[wanted[at] - begin]))
            at += 1
        begin += len(c.indices)
    return found


def fitting(
    counted: Sequence[Counted],
    most: int,
    budget: int,
    encode: Callable[[Counted, int], str],
) -> list[str]:
    """Frames as `encode` gives them, chosen evenly, `most` at most, together no longer than `budget`; one there always is."""
    samples = [encode(counted[k], index) for k, index in chosen(counted, SAMPLES)]
    room = budget // max(map(len, samples))
    texts = [encode(counted[k], index) for k, index in chosen(counted, max(1, min(most, room)))]
    while len(texts) > 1 and sum(map(len, texts)) > budget:
        texts = texts[::2]
    return texts


def encoded(counted: Counted, index: int) -> dict[str, Any]:
    """A frame as the page reads it (assets/report/browser.js says how). Raises InputError for what is damaged."""
    dataset = open_native(counted.part.folder)
    folder = dataset.folder / FRAMES / frame_name(index)
    objects, boxes = table(folder / "objects.parquet"), table(folder / "boxes.parquet")
    tracks = objects["track"].to_numpy()
    pose = ego_from_objects(folder, objects)
    fraction, in_view = best_view(boxes, tracks)
    near = bins(np.hypot(pose.translation[:, 0], pose.translation[:, 1]), RANGE_M)
    time_s = dataset.index["frames"][dataset.indices.index(index)]["time_s"]
    points, total = _points(folder, dataset)
    return {
        "shard": counted.part.name,
        "index": index,
        "time_s": round(time_s, 6),
        "group": counted.group,
        "twin": counted.twin,
        "told": counted.conditions.told,
        "cameras": [_camera(folder, dataset, name, boxes, tracks.tolist()) for name in dataset.index["cameras"]],
        "objects": _objects(objects, pose, near, visibility(fraction, in_view)),
        "points": base64.b64encode(points.tobytes()).decode("ascii"),
        "points_shown": len(points),
        "points_total": total,
        "echoes": _echoes(folder, dataset),
    }


def _objects(objects: Any, pose: Pose, near: NDArray, seen: NDArray) -> list[list[Any]]:
    """Rows: class, track, name, x, y, z, qw, qx, qy, qz, length, width, height, points, range bin, visibility."""
    size = np.stack([objects[name].to_numpy() for name in SIZE], -1)
    numbers = np.concatenate([pose.translation.round(2), pose.rotation.round(4), size.round(2)], -1).tolist()
    columns = zip(
        objects["class_id"].to_pylist(), objects["track"].to_pylist(), objects["name"].to_pylist(), numbers,
        lidar_points(objects).tolist(), near.tolist(), seen.tolist(),
    )  # fmt: skip
    return [[c, t, name, *row, n, at, v] for c, t, name, row, n, at, v in columns]


def _camera(folder: Path, dataset: NativeDataset, name: str, boxes: Any, tracks: list[int]) -> dict[str, Any]:
    """A camera's picture, its size before it was made smaller, and boxes: row of the object, left, top, right,
    bottom px, visible %."""
    size = dataset.index["cameras"][name]
    rows = []
    for row in boxes.to_pylist():
        if row["camera"] == name and row["pixels"] > 0:
            edges = [round(row[edge], 1) for edge in VISIBLE]
            rows.append([tracks.index(row["track"]), *edges, round(100 * row["visible_fraction"])])
    jpeg = small_jpeg(folder / name / f"rgb.{dataset.index['image_format']}")
    picture = base64.b64encode(jpeg).decode("ascii")
    return {"name": name, "size": [size["width"], size["height"]], "jpeg": picture, "boxes": rows}


def small_jpeg(path: Path, width_px: int = WIDTH_PX, quality: int = QUALITY) -> bytes:
    """A picture as a JPEG of at most that width. Raises InputError where it cannot be read."""
    try:
        with Picture.open(path) as picture:
            small = picture.convert("RGB")
    except OSError as e:
        raise InputError(f"this file of the dataset is missing or damaged: {e}", Place(str(path))) from None
    if small.width > width_px:
        small = small.resize((width_px, max(1, round(small.height * width_px / small.width))), Picture.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality)
    return out.getvalue()


POINT = np.dtype([("xyz", "<i2", 3), ("class_id", "u1"), ("intensity", "u1"), ("hit", "u1"), ("lidar", "u1")])


def _points(folder: Path, dataset: NativeDataset) -> tuple[NDArray, int]:
    """Points of all lidars as rows of POINT, about MOST_POINTS at most, and how many there were.

    Those are kept whose number, hashed (Knuth, The Art of Computer Programming 3, 6.4: Fibonacci hashing), is small: spread as
    evenly as every n-th, but not in step with the beams of a lidar, which fire in turn."""
    found = [_sweep(folder / name / "points.parquet", k) for k, name in enumerate(dataset.index["lidars"])]
    whole = np.concatenate(found) if found else np.zeros(0, POINT)
    if len(whole) <= MOST_POINTS:
        return whole, len(whole)
    hashed = np.arange(len(whole), dtype=np.uint64) * np.uint64(2654435769) % np.uint64(2**32)
    return whole[hashed < np.uint64(2**32 * MOST_POINTS // len(whole))], len(whole)


def _echoes(folder: Path, dataset: NativeDataset) -> list[list[float]]:
    """Rows of what radars found: class, x, y, z m in the ego frame, and x, y, z m/s along the ray, over ground."""
    names = dataset.index.get("radars", ())
    poses = table(folder / "poses.parquet").to_pylist() if names else []
    ego = [pose_of(row) for row in poses if row["kind"] == "ego"]
    rows: list[list[float]] = []
    for name in names:
        (radar,) = (pose_of(row) for row in poses if row["sensor"] == name)
        at, moves, ids = echoes(folder / name / "detections.parquet", ego[0].inverse() @ radar)
        rows += [[c, *row] for c, row in zip(ids.tolist(), np.concatenate([at, moves], -1).round(2).tolist())]
    return rows


def echoes(path: Path, ego_from_radar: Pose) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """(positions (N, 3) m, velocities over ground along the ray (N, 3) m/s, classes (N,)) of detections, in the ego frame."""
    columns = table(path, ("x_ego_m", "y_ego_m", "z_ego_m", "ground_velocity_m_s", "class_id"))
    at = np.stack([columns[f"{a}_ego_m"].to_numpy() for a in "xyz"], -1).astype(float)
    ray = at - ego_from_radar.translation
    length = np.sqrt((ray**2).sum(1, keepdims=True)).clip(1e-9)
    return at, ray / length * columns["ground_velocity_m_s"].to_numpy()[:, None], columns["class_id"].to_numpy()


def _sweep(path: Path, lidar: int) -> NDArray:
    columns = table(path, ("x_ego_m", "y_ego_m", "z_ego_m", "class_id", "intensity", "hit"))
    rows = np.zeros(len(columns), POINT)
    xyz = np.stack([columns[f"{a}_ego_m"].to_numpy() for a in "xyz"], -1)
    rows["xyz"] = np.clip(np.rint(xyz / QUANTUM_M), -32767, 32767)
    rows["class_id"], rows["hit"], rows["lidar"] = columns["class_id"].to_numpy(), columns["hit"].to_numpy(), lidar
    rows["intensity"] = np.rint(255 * np.clip(columns["intensity"].to_numpy(), 0, 1))
    return rows
