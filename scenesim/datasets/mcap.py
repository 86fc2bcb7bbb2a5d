"""MCAP with the schemas of Foxglove: cameras, points, radars, boxes, transforms, lanes and the map, a file for each scenario.

Sources: mcap.dev "MCAP format specification"; foxglove.dev "Foxglove schemas". Frames of reference: map (the world) -> ego ->
sensors. A transform takes coordinates in the child to the parent, which is our parent_from_child.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame, Layout
from scenesim.datasets import specs
from scenesim.datasets.disk import rename
from scenesim.datasets.folder import FolderWriter
from scenesim.datasets.native import ImageFormat
from scenesim.datasets.png import jpeg, png

try:
    from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
    from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
    from foxglove_schemas_protobuf.FrameTransform_pb2 import FrameTransform
    from foxglove_schemas_protobuf.LinePrimitive_pb2 import LinePrimitive
    from foxglove_schemas_protobuf.PackedElementField_pb2 import PackedElementField
    from foxglove_schemas_protobuf.PointCloud_pb2 import PointCloud
    from foxglove_schemas_protobuf.SceneEntity_pb2 import SceneEntity
    from foxglove_schemas_protobuf.SceneEntityDeletion_pb2 import SceneEntityDeletion
    from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from mcap.writer import Writer as File
except ImportError as error:
    raise InputError(f"the format mcap needs packages that are not installed: pip install 'scenesim[mcap]' ({error})") from None

MAP, EGO = "map", "ego"
# Column -> (dtype, Foxglove's numeric type) of a point.
FIELDS = {
    "x": ("<f4", PackedElementField.FLOAT32),
    "y": ("<f4", PackedElementField.FLOAT32),
    "z": ("<f4", PackedElementField.FLOAT32),
    "intensity": ("<f4", PackedElementField.FLOAT32),
    "time_offset_s": ("<f4", PackedElementField.FLOAT32),
    "ring": ("<u2", PackedElementField.UINT16),
    "instance": ("<u2", PackedElementField.UINT16),
    "class_id": ("u1", PackedElementField.UINT8),
}
POINT = np.dtype([(name, kind) for name, (kind, _) in FIELDS.items()])
# The same of a radar's detection.
ECHO_FIELDS = {
    "x": PackedElementField.FLOAT32, "y": PackedElementField.FLOAT32, "z": PackedElementField.FLOAT32,
    "rcs_dbsm": PackedElementField.FLOAT32, "snr_db": PackedElementField.FLOAT32,
    "radial_velocity_m_s": PackedElementField.FLOAT32, "ground_velocity_m_s": PackedElementField.FLOAT32,
    "instance": PackedElementField.UINT16, "class_id": PackedElementField.UINT8, "cause": PackedElementField.UINT8,
}  # fmt: skip
ECHO = np.dtype([(name, {7: "<f4", 3: "<u2", 1: "u1"}[int(kind)]) for name, kind in ECHO_FIELDS.items()])
LINE_M = 0.1


class McapWriter(FolderWriter):
    """MCAP of all sensors: scenario_0000.mcap, and so on. image_format: "jpg" or "png"."""

    FORMAT = "mcap"
    OWN = frozenset({f"scenario_{k:04d}.mcap{end}" for k in range(10_000) for end in ("", ".partial")})
    CHOOSES_IMAGES = True

    def __init__(self, folder: str | Path, *, image_format: ImageFormat = "jpg", jpeg_quality: int = 95, **options: Any):
        super().__init__(folder, **options)
        self.image_format, self.jpeg_quality = image_format, jpeg_quality
        self.stream: BinaryIO | None = None
        if image_format not in ("png", "jpg"):
            raise InputError(f'images are written as "png" or "jpg", not "{image_format}"')

    def begin_scene(self, frame: Frame) -> None:
        self.path = self.folder / f"scenario_{self.scene:04d}.mcap"
        self.stream = open(f"{self.path}.partial", "wb")
        self.file = File(self.stream)
        self.file.start(profile="", library="scenesim")
        self.file.add_metadata("scenesim", {"scenario": frame.scenario, "version": self.version})
        self.channels: dict[str, int] = {}
        self.schemas: dict[str, int] = {}
        now = self.time_us(frame.time_s)
        for sensor in (*frame.images, *frame.sweeps, *frame.radars):
            self._put("/tf_static", transform(now, EGO, sensor, specs.mounting(frame, sensor)), now)
        for camera in frame.images:
            self._put(f"/{camera}/calibration", calibration(frame, camera, now), now)
        if frame.layout is not None:
            self._put("/map", map_scene(frame.layout, now), now)

    def add(self, frame: Frame) -> None:
        now = self.time_us(frame.time_s)
        messages: list[tuple[int, str, Any]] = []
        ego = {now: frame.world_from_ego}
        for name, image in frame.images.items():
            at = self.time_us(float(image.row_time_s[len(image.row_time_s) // 2]))
            ego.setdefault(at, image.world_from_camera @ specs.mounting(frame, name).inverse())
            data = png(image.rgb) if self.image_format == "png" else jpeg(image.rgb, self.jpeg_quality)
            message = CompressedImage(frame_id=name, data=data, format="png" if self.image_format == "png" else "jpeg")
            _stamp(message.timestamp, at)
            messages.append((at, f"/{name}/image", message))
        messages += [(at, "/tf", transform(at, MAP, EGO, pose)) for at, pose in ego.items()]
        for name in frame.sweeps:
            messages.append((now, f"/{name}/points", cloud(frame, name, now)))
        for name in frame.radars:
            messages.append((now, f"/{name}/detections", echoes(frame, name, now)))
        messages.append((now, "/objects", boxes(frame, now)))
        messages.append((now, "/lanes", lanes(frame, now)))
        for at, topic, message in sorted(messages, key=lambda m: m[0]):
            self._put(topic, message, at)

    def end_scene(self) -> None:
        assert self.stream is not None
        self.file.finish()
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self._close()
        rename(Path(f"{self.path}.partial"), self.path)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._close()

    def _close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def _put(self, topic: str, message: Any, time_us: int) -> None:
        kind = message.DESCRIPTOR.full_name
        if kind not in self.schemas:
            self.schemas[kind] = self.file.register_schema(kind, "protobuf", descriptors(message))
        if topic not in self.channels:
            self.channels[topic] = self.file.register_channel(topic, "protobuf", self.schemas[kind])
        ns = time_us * 1000
        self.file.add_message(self.channels[topic], ns, message.SerializeToString(deterministic=True), ns)


def descriptors(message: Any) -> bytes:
    """The description of a message's type and of all types in it."""
    found: dict[str, Any] = {}

    def visit(file: Any) -> None:
        if file.name not in found:
            for needed in file.dependencies:
                visit(needed)
            found[file.name] = file

    visit(message.DESCRIPTOR.file)
    described = FileDescriptorSet()
    for file in found.values():
        file.CopyToProto(described.file.add())
    return described.SerializeToString(deterministic=True)


def transform(time_us: int, parent: str, child: str, parent_from_child: Pose) -> FrameTransform:
    message = FrameTransform(parent_frame_id=parent, child_frame_id=child)
    _stamp(message.timestamp, time_us)
    _set_pose(message.translation, message.rotation, parent_from_child)
    return message


LENSES = {
    "kannala_brandt": ("kannala_brandt", ("k1", "k2", "k3", "k4")),
    "brown_conrady": ("rational_polynomial", ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")),
}


def calibration(frame: Frame, camera: str, time_us: int) -> CameraCalibration:
    """Calibration of a camera; Foxglove's models are those of ROS."""
    spec = frame.calibration[camera]
    k = specs.matrix(frame, camera)
    known, names = LENSES.get(spec["lens"], (spec["lens"], tuple(spec["distortion"])))  # ROS has no name for some
    message = CameraCalibration(
        frame_id=camera,
        width=spec["width_px"],
        height=spec["height_px"],
        distortion_model=known,
        D=[spec["distortion"].get(n, 0.0) for n in names],
        K=k.reshape(-1).tolist(),
        R=np.eye(3).reshape(-1).tolist(),
        P=np.concatenate([k, np.zeros((3, 1))], 1).reshape(-1).tolist(),
    )
    _stamp(message.timestamp, time_us)
    return message


def cloud(frame: Frame, lidar: str, time_us: int) -> PointCloud:
    """The points in the lidar's frame, all at the reference time."""
    sweep = frame.sweeps[lidar]
    points = np.empty(len(sweep.xyz_m), POINT)
    points["x"], points["y"], points["z"] = specs.mounting(frame, lidar).inverse().apply(specs.points_at_once(frame, lidar)).T
    for name in POINT.names[3:]:
        points[name] = getattr(sweep, name)
    return _cloud(sweep.lidar, points, {name: kind for name, (_, kind) in FIELDS.items()}, time_us)


def echoes(frame: Frame, radar: str, time_us: int) -> PointCloud:
    """A radar's detections in its frame."""
    found = frame.radars[radar]
    rows = np.empty(len(found.range_m), ECHO)
    rows["x"], rows["y"], rows["z"] = found.xyz_m.T
    for name in list(ECHO_FIELDS)[3:]:
        rows[name] = getattr(found, name)
    return _cloud(radar, rows, ECHO_FIELDS, time_us)


def _cloud(frame_id: str, rows: NDArray, kinds: dict[str, Any], time_us: int) -> PointCloud:
    fields = [PackedElementField(name=name, offset=rows.dtype.fields[name][1], type=kind) for name, kind in kinds.items()]
    message = PointCloud(frame_id=frame_id, point_stride=rows.dtype.itemsize, fields=fields, data=rows.tobytes())
    _stamp(message.timestamp, time_us)
    _set_pose(message.pose.position, message.pose.orientation, Pose.identity())
    return message


def boxes(frame: Frame, time_us: int) -> SceneUpdate:
    """A cube for each object that a sensor sees, in place of those before."""
    scene, objects = _new_scene(time_us), frame.objects
    for k in np.flatnonzero(specs.seen(frame)).tolist():
        track = int(objects.track[k])
        name = frame.classes[int(objects.class_id[k])]
        entity = scene.entities.add(frame_id=MAP, id=str(track))
        _stamp(entity.timestamp, time_us)
        facts = {"class": name, "name": objects.name[k], **objects.attributes[k]}
        facts |= {f"lidar_points_{s}": str(int(n[k])) for s, n in objects.lidar_points.items()}
        for key, value in facts.items():
            entity.metadata.add(key=key, value=value)
        cube = entity.cubes.add()
        _set_pose(cube.pose.position, cube.pose.orientation, objects.world_from_object[k])
        cube.size.x, cube.size.y, cube.size.z = objects.size_lwh_m[k].tolist()
        _set_color(cube.color, taxonomy.classes()[name].color, 0.5)
    return scene


def lanes(frame: Frame, time_us: int) -> SceneUpdate:
    """The boundaries of the lanes about the ego, those of its own lane in green."""
    scene = _new_scene(time_us)
    for k, row in enumerate(frame.ego_lanes):
        entity = scene.entities.add(frame_id=EGO, id=str(k))
        _stamp(entity.timestamp, time_us)
        for key in ("role", "kind", "color"):
            entity.metadata.add(key=key, value=str(row.get(key, "")))
        own = str(row.get("role", "")).startswith("ego")
        _add_line(entity, row["points_m"], (80, 230, 80) if own else (80, 160, 230))
    return scene


def map_scene(layout: Layout, time_us: int) -> SceneUpdate:
    """Edges of lanes, and outlines of what can be driven on, of sidewalks and of crosswalks."""
    scene = _new_scene(time_us)

    def entity(name: str) -> SceneEntity:
        made = scene.entities.add(frame_id=MAP, id=name)
        _stamp(made.timestamp, time_us)
        return made

    for lane in layout.lanes:
        made = entity(f"lane {lane.id}")
        _add_line(made, lane.left_m, (250, 240, 230))
        _add_line(made, lane.right_m, (250, 240, 230))
    kinds = (("drivable", layout.drivable_m, "road"), ("sidewalk", layout.walkways_m, "sidewalk"))
    for name, outlines, of_class in (*kinds, ("crosswalk", layout.crosswalks_m, "lane_marking")):
        for k, outline in enumerate(outlines):
            _add_line(entity(f"{name} {k}"), outline, taxonomy.classes()[of_class].color, closed=True)
    return scene


def _new_scene(time_us: int) -> SceneUpdate:
    """An update that takes away what was there before."""
    scene = SceneUpdate()
    _stamp(scene.deletions.add(type=SceneEntityDeletion.ALL).timestamp, time_us)
    return scene


def _add_line(entity: SceneEntity, points: NDArray, color: tuple[int, int, int], closed: bool = False) -> None:
    line = entity.lines.add(type=LinePrimitive.LINE_LOOP if closed else LinePrimitive.LINE_STRIP, thickness=LINE_M)
    _set_pose(line.pose.position, line.pose.orientation, Pose.identity())
    _set_color(line.color, color, 1.0)
    for x, y, z in np.asarray(points, float).tolist():
        line.points.add(x=x, y=y, z=z)


def _stamp(timestamp: Any, time_us: int) -> None:
    timestamp.seconds, timestamp.nanos = time_us // 10**6, time_us % 10**6 * 1000


def _set_pose(position: Any, orientation: Any, pose: Pose) -> None:
    position.x, position.y, position.z = pose.translation.tolist()
    orientation.w, orientation.x, orientation.y, orientation.z = pose.rotation.tolist()


def _set_color(color: Any, rgb: tuple[int, int, int], alpha: float) -> None:
    color.r, color.g, color.b, color.a = (*(v / 255 for v in rgb), alpha)
