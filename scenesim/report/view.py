"""Datasets in the viewer Rerun: what a frame holds, logged in the frames of reference and on the clock that the dataset has.

world/lanes, crosswalks     edges, for all times
world/ego, world/way        the vehicle's pose, and where it has been
world/ego/<camera>          pinhole, picture, visible boxes
world/ego/<lidar>           points in the ego frame, motion compensated
world/ego/<radar>           detections in the ego frame, and as arrows what each moves in a second along its ray
world/objects, world/tracks boxes, and where each has been
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.base.files import written_whole
from scenesim.base.frames import Pose
from scenesim.datasets.reader import NativeDataset, open_native
from scenesim.datasets.tables import POSE, SIZE, VISIBLE, pose_of
from scenesim.report.frames import echoes
from scenesim.report.source import Part, Source, frame_folder, source, table

APPLICATION = "scenesim"
COLORS = ("class", "cause", "intensity")
# What a point met, sRGB; as on the report's page.
CAUSES = {
    "surface": (128, 138, 150), "through_glass": (90, 190, 255), "mixed": (255, 176, 40), "fog": (186, 120, 245),
    "rain": (60, 110, 255), "snow": (20, 200, 175), "crosstalk": (255, 60, 200), "false_alarm": (230, 60, 60),
    "spray": (0, 215, 255), "exhaust": (205, 205, 130), "dust": (200, 140, 70), "ghost": (255, 120, 70),
}  # fmt: skip
GREY = (128, 128, 128)
IMAGE_PLANE_M = 4.0  # how far from a camera its picture stands in 3D
POINT_PX, ECHO_PX = 1.5, 5.0  # of lidars' points, of radars' detections
MOVED_M = 0.1  # what has moved less has no track drawn


def show(
    folder: Path, save: Path | None, *, color: str = "class", frames: Sequence[int] | None = None, shard: str | None = None
) -> None:
    """Log a dataset, or a shard of a batch, to a viewer that is opened, or into a file. color: one of COLORS, of points.
    frames: the numbers of those to log, all if None. Raises InputError, also where Rerun is not installed."""
    part = _part(source(folder), shard)
    if frames is not None and not set(frames) & set(open_native(part.folder).indices):
        raise InputError("none of these frames is in this dataset", Place(str(part.folder)))
    rr = _rerun()
    recording = rr.RecordingStream(APPLICATION, recording_id=part.name)  # its name: the same data is the same recording
    recording.send_recording_name(part.name)
    if save is None:
        recording.spawn(hide_welcome_screen=True)
        _log(rr, recording, part, color, frames)
        recording.flush()
        return
    with written_whole(save) as partial:
        recording.save(partial)
        _log(rr, recording, part, color, frames)
        recording.flush()
        recording.disconnect()


def _part(found: Source, shard: str | None) -> Part:
    names = [part.name for part in found.parts]
    if shard is None and len(names) > 1:
        raise InputError(f"this batch has {len(names)} shards; name the one to view with --shard, such as {names[0]}")
    if shard is not None and shard not in names:
        raise InputError(f'no shard "{shard}" here{did_you_mean(shard, names)}')
    return found.parts[names.index(shard) if shard is not None else 0]


def _rerun() -> Any:
    try:
        import rerun
    except ImportError:
        raise InputError("the viewer needs Rerun, which is not installed: pip install 'scenesim[viz]'") from None
    return rerun


def _log(rr: Any, recording: Any, part: Part, color: str, frames: Sequence[int] | None) -> None:
    dataset = open_native(part.folder)
    recording.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, _classes(rr), static=True)
    _log_layout(rr, recording, dataset)
    for name, spec in dataset.calibration.items():
        if spec.get("kind") == "camera" and name in dataset.index["cameras"]:
            recording.log(f"world/ego/{name}", _pinhole(rr, spec, dataset.index["cameras"][name]), static=True)
    way: list[NDArray] = []
    tracks: dict[int, list[NDArray]] = {}
    for row in dataset.index["frames"]:
        if frames is not None and row["index"] not in frames:
            continue
        recording.set_time("frame", sequence=row["index"])
        recording.set_time("time", duration=row["time_s"])
        _log_frame(rr, recording, dataset, row["index"], color, way, tracks)


def _classes(rr: Any) -> Any:
    return rr.AnnotationContext([(c.id, c.name, c.color) for c in taxonomy.classes().values()])


def _log_layout(rr: Any, recording: Any, dataset: NativeDataset) -> None:
    if dataset.layout is None:
        return
    edges = [edge for lane in dataset.layout.lanes for edge in (lane.left_m, lane.right_m)]
    recording.log("world/lanes", rr.LineStrips3D(edges, colors=GREY), static=True)
    recording.log("world/crosswalks", rr.LineStrips3D(_closed(dataset.layout.crosswalks_m), colors=GREY), static=True)


def _closed(outlines: Iterable[NDArray]) -> list[NDArray]:
    return [np.concatenate([line, line[:1]]) for line in outlines]


def _pinhole(rr: Any, spec: dict[str, Any], size: dict[str, int]) -> Any:
    """The pinhole of a camera, its distortion left out; of a fisheye lens, one of its focal length about the same axis."""
    return rr.Pinhole(
        resolution=(size["width"], size["height"]),
        focal_length=(spec["fx_px"], spec["fy_px"]),
        principal_point=(spec["cx_px"] + 0.5, spec["cy_px"] + 0.5),  # Rerun counts from the corner of the first pixel
        camera_xyz=rr.ViewCoordinates.RDF,
        image_plane_distance=IMAGE_PLANE_M,
    )


def _log_frame(
    rr: Any, recording: Any, dataset: NativeDataset, index: int, color: str, way: list, tracks: dict[int, list]
) -> None:
    folder = frame_folder(dataset, index)
    poses = {row["sensor"]: row for row in table(folder / "poses.parquet").to_pylist()}
    ego = pose_of(next(row for row in poses.values() if row["kind"] == "ego"))
    recording.log("world/ego", _transform(rr, ego))
    recording.log("world/ego/arrow", rr.Arrows3D(vectors=[[4.0, 0, 0]], colors=[(255, 255, 255)]))
    way.append(ego.translation)
    recording.log("world/way", rr.LineStrips3D([np.stack(way)], colors=[(255, 255, 255)]))
    objects = table(folder / "objects.parquet")
    _log_objects(rr, recording, objects, tracks)
    boxes = table(folder / "boxes.parquet")
    classes = dict(zip(objects["track"].to_pylist(), zip(objects["class_id"].to_pylist(), objects["name"].to_pylist())))
    for name in dataset.index["cameras"]:
        at = f"world/ego/{name}"
        recording.log(at, _transform(rr, ego.inverse() @ pose_of(poses[name])))
        recording.log(f"{at}/picture", rr.EncodedImage(path=folder / name / f"rgb.{dataset.index['image_format']}"))
        seen = [row for row in boxes.to_pylist() if row["camera"] == name and row["pixels"] > 0]
        edges = np.array([[row[edge] + 0.5 for edge in VISIBLE] for row in seen]).reshape(-1, 4)
        ids, names = zip(*(classes[row["track"]] for row in seen)) if seen else ((), ())
        drawn = rr.Boxes2D(array=edges, array_format=rr.Box2DFormat.XYXY, class_ids=ids, labels=names, show_labels=False)
        recording.log(f"{at}/picture/boxes", drawn)
    for name in dataset.index["lidars"]:
        recording.log(f"world/ego/{name}", _points(rr, folder / name / "points.parquet", color))
    for name in dataset.index.get("radars", ()):
        found, moves, kinds = echoes(folder / name / "detections.parquet", ego.inverse() @ pose_of(poses[name]))
        radii = rr.Radius.ui_points(ECHO_PX)
        recording.log(f"world/ego/{name}", rr.Points3D(found, class_ids=kinds, radii=radii, show_labels=False))
        recording.log(f"world/ego/{name}/moves", rr.Arrows3D(origins=found, vectors=moves, class_ids=kinds, show_labels=False))


def _transform(rr: Any, a_from_b: Pose) -> Any:
    w, x, y, z = a_from_b.rotation.tolist()
    return rr.Transform3D(translation=a_from_b.translation, quaternion=rr.Quaternion(xyzw=[x, y, z, w]))


def _log_objects(rr: Any, recording: Any, objects: Any, tracks: dict[int, list]) -> None:
    vector = np.stack([objects[name].to_numpy() for name in POSE], -1)
    size = np.stack([objects[name].to_numpy() for name in SIZE], -1)
    names, ids = objects["name"].to_pylist(), objects["class_id"].to_numpy()
    turns = vector[:, [1, 2, 3, 0]]
    boxes = rr.Boxes3D(centers=vector[:, 4:], sizes=size, quaternions=turns, class_ids=ids, labels=names, show_labels=False)
    recording.log("world/objects", boxes)
    lines, kinds = [], []
    for track, kind, at in zip(objects["track"].to_pylist(), ids, vector[:, 4:]):
        been = tracks.setdefault(track, [])
        been.append(at)
        if np.abs(been[0] - at).max() > MOVED_M:
            lines.append(np.stack(been))
            kinds.append(kind)
    recording.log("world/tracks", rr.LineStrips3D(lines, class_ids=kinds, show_labels=False))


def _points(rr: Any, path: Path, color: str) -> Any:
    columns = table(path, ("x_ego_m", "y_ego_m", "z_ego_m", "class_id", "intensity", "hit"))
    xyz = np.stack([columns[f"{a}_ego_m"].to_numpy() for a in "xyz"], -1)
    radii = rr.Radius.ui_points(POINT_PX)
    if color == "class":
        return rr.Points3D(xyz, class_ids=columns["class_id"].to_numpy(), radii=radii, show_labels=False)
    return rr.Points3D(xyz, colors=point_colors(columns, color), radii=radii)


def point_colors(columns: Any, color: str) -> NDArray[np.uint8]:
    """(N, 3) sRGB of points: by what they met, or by intensity as grey, the root of it."""
    if color == "cause":
        palette = np.tile(np.array(GREY, np.uint8), (256, 1))
        for name, number in taxonomy.hits().items():
            palette[number] = CAUSES.get(name, GREY)
        return palette[columns["hit"].to_numpy()]
    grey = np.rint(40 + 215 * np.sqrt(np.clip(columns["intensity"].to_numpy(), 0, 1)))
    return np.repeat(grey.astype(np.uint8)[:, None], 3, axis=1)
