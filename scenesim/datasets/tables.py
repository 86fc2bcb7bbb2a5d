"""A Frame as tables, one value a column, and back: what docs/native-format.md promises about every Parquet file.

Names of columns are the names in capture/frame.py, with the component before the unit: velocity_m_s is velocity_x_m_s,
velocity_y_m_s, velocity_z_m_s. A pose a_from_b is qw, qx, qy, qz, x_m, y_m, z_m.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture.frame import (
    CameraBoxes,
    Detections,
    Frame,
    Image,
    Layout,
    MapLane,
    Objects,
    Readings,
    Sweep,
    Waveforms,
)

Columns = dict[str, Any]

POSE = ("qw", "qx", "qy", "qz", "x_m", "y_m", "z_m")
SIZE = ("length_m", "width_m", "height_m")
VELOCITY = tuple(f"velocity_{a}_m_s" for a in "xyz")
ACCELERATION = tuple(f"acceleration_{a}_m_s2" for a in "xyz")
ANGULAR_VELOCITY = tuple(f"angular_velocity_{a}_rad_s" for a in "xyz")
SCENE_FLOW = tuple(f"scene_flow_{a}_m_s" for a in "xyz")
NORMAL = tuple(f"normal_{a}" for a in "xyz")
FLOW = ("flow_column_px", "flow_row_px")
XYZ = ("x_m", "y_m", "z_m")
XYZ_EGO = ("x_ego_m", "y_ego_m", "z_ego_m")
VISIBLE, AMODAL = (tuple(f"{kind}_{edge}_px" for edge in ("left", "top", "right", "bottom")) for kind in ("visible", "amodal"))
PER_POINT = (
    "range_m", "intensity", "ring", "column", "azimuth_rad", "time_offset_s", "class_id", "instance", "incidence_rad", "hit",
    "echo", "echoes", "transmittance", "true_range_m", "radial_velocity_m_s", "doppler_m_s",
)  # fmt: skip
PER_DETECTION = (
    "scan", "range_m", "azimuth_rad", "elevation_rad", "radial_velocity_m_s", "ground_velocity_m_s", "rcs_dbsm", "snr_db",
    "range_sd_m", "azimuth_sd_rad", "velocity_sd_m_s", "class_id", "instance", "cause", "share", "true_range_m",
    "true_azimuth_rad", "true_elevation_rad", "true_radial_velocity_m_s", "true_rcs_dbsm",
)  # fmt: skip
MOTION = ("gnss", "imu", "wheel_odometry")
ONCE = ("objects", "boxes", "contrast", "poses", "lanes")  # tables that a frame has once; the others are a sensor's
PER_BOX = ("truncation", "visible_fraction", "pixels")
OF_THE_PICTURE = ("contrast", "picture_contrast")
LIDAR_POINTS, LIDAR_LOST = "lidar_points_", "lidar_lost_"
EDGES = ("left_m", "right_m")
OUTLINES = ("drivable_m", "crosswalks_m", "walkways_m")
LANES = {"role": pa.string(), "kind": pa.string(), "color": pa.string(), "road": pa.string(), "lane": pa.int32()}
POINTS = pa.list_(pa.list_(pa.float32(), 3))


def encode(table: pa.Table) -> bytes:
    """A table as Parquet. The bytes depend on the table and on the version of Arrow, on nothing else.

    Floats go as planes of bytes, which halves what zstd makes of depth and flow (measured, 640x360: flow 1039 to 678 kB).
    """
    floats = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    words = [f.name for f in table.schema if pa.types.is_string(f.type)]
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression="zstd",
        compression_level=1,
        use_dictionary=words or False,
        use_byte_stream_split=floats or False,
        write_statistics=False,
    )
    return out.getvalue()


def decode(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


def geometry(image: Image) -> pa.Table:
    """A row for each pixel, row by row."""
    columns: Columns = {"depth_m": image.depth_m.reshape(-1), "range_m": image.range_m.reshape(-1)}
    columns |= _split(image.normal.reshape(-1, 3), NORMAL) | _split(image.flow_px.reshape(-1, 2), FLOW)
    height, width = image.depth_m.shape
    return pa.table(columns, metadata={"height": str(height), "width": str(width)})


def points(frame: Frame, sweep: Sweep) -> pa.Table:
    """A row for each point, in firing order."""
    columns = _stamp(frame, len(sweep.xyz_m), time=False)
    columns |= _split(sweep.xyz_m, XYZ) | _split(sweep.xyz_ego_m, XYZ_EGO)
    columns |= {name: getattr(sweep, name) for name in PER_POINT} | _split(sweep.normal, NORMAL)
    columns |= _split(sweep.scene_flow_m_s, SCENE_FLOW)
    return pa.table(columns)


def waveforms(frame: Frame, w: Waveforms) -> pa.Table:
    """A row for each stretch."""
    n = len(w.ring)
    columns = _stamp(frame, n, time=False) | {"ring": w.ring, "column": w.column, "start_m": w.start_m}
    columns["power"] = pa.ListArray.from_arrays(pa.array(w.first, pa.int32()), pa.array(w.power))
    return pa.table(columns, metadata={"step_m": repr(w.step_m)})


def waveforms_of(table: pa.Table) -> Waveforms:
    """The Waveforms again."""
    power = table["power"].combine_chunks()
    first = power.offsets.to_numpy().astype(np.int64)
    values = {name: table[name].to_numpy() for name in ("ring", "column", "start_m")}
    return Waveforms(
        first=first - first[0], power=power.flatten().to_numpy(), step_m=float(table.schema.metadata[b"step_m"]), **values
    )


def detections(frame: Frame, found: Detections) -> pa.Table:
    """A row for each detection of a radar, from near to far."""
    columns = _stamp(frame, len(found.range_m), time=False)
    columns |= _split(found.xyz_m, XYZ) | _split(found.xyz_ego_m, XYZ_EGO)
    return pa.table(columns | {name: getattr(found, name) for name in PER_DETECTION})


def readings(frame: Frame, told: Readings) -> pa.Table:
    """A row for each sample of a sensor of motion; time_s is the sample's."""
    columns = _stamp(frame, len(told.time_s), time=False) | {"time_s": told.time_s}
    return pa.table(columns | told.columns)


def objects(frame: Frame) -> pa.Table:
    """A row for each labelled object."""
    o = frame.objects
    columns = _stamp(frame, len(o.track)) | {
        "track": o.track,
        "class_id": o.class_id,
        "class": pa.array([frame.classes.get(int(c), "") for c in o.class_id], pa.string()),
        "name": pa.array(list(o.name), pa.string()),
    }
    columns |= _split(o.world_from_object.vector(), POSE) | _split(o.size_lwh_m, SIZE)
    columns |= _split(o.velocity_m_s, VELOCITY) | _split(o.acceleration_m_s2, ACCELERATION)
    columns |= _split(o.angular_velocity_rad_s, ANGULAR_VELOCITY)
    columns |= {LIDAR_POINTS + lidar: count for lidar, count in o.lidar_points.items()}
    columns |= {LIDAR_LOST + lidar: count for lidar, count in o.lidar_points_lost.items()}
    columns["attributes"] = pa.array([json.dumps(a, ensure_ascii=False) for a in o.attributes], pa.string())
    return pa.table(columns)


def boxes(frame: Frame) -> pa.Table:
    """A row for each camera and labelled object, in the order of the objects: what does not depend on light and weather."""
    return _seen(
        frame,
        lambda seen: _split(seen.visible_px, VISIBLE) | _split(seen.amodal_px, AMODAL) | {n: getattr(seen, n) for n in PER_BOX},
    )


def contrast(frame: Frame) -> pa.Table:
    """A row for each row of `boxes`: how the object stands out, which light, weather and faults change."""
    return _seen(frame, lambda seen: {n: getattr(seen, n) for n in OF_THE_PICTURE})


def _seen(frame: Frame, columns_of: Callable[[CameraBoxes], Columns]) -> pa.Table:
    tables = []
    for camera, seen in frame.objects.cameras.items():
        n = len(seen.pixels)
        columns = _stamp(frame, n) | {"camera": pa.array([camera] * n, pa.string()), "track": frame.objects.track}
        tables.append(pa.table(columns | columns_of(seen)))
    return pa.concat_tables(tables) if tables else pa.table(_stamp(frame, 0))


def poses(frame: Frame) -> pa.Table:
    """A row for the ego and for each sensor: world_from_ego, world_from_camera, world_from_lidar and so on."""
    rows = [("ego", "ego", frame.world_from_ego, frame.ego_velocity_m_s, None, None)]
    rows += [(i.camera, "camera", i.world_from_camera, None, i.row_time_s.tolist(), None) for i in frame.images.values()]
    rows += [(s.lidar, "lidar", s.world_from_lidar, None, None, s.pulses) for s in frame.sweeps.values()]
    rows += [(r.radar, "radar", r.world_from_radar, None, None, None) for r in frame.radars.values()]
    rows += [(m.sensor, m.kind, m.world_from_sensor, None, None, None) for m in frame.motion.values()]
    sensor, kind, pose, velocity, row_time_s, pulses = zip(*rows)
    columns = _stamp(frame, len(rows)) | {"sensor": pa.array(sensor, pa.string()), "kind": pa.array(kind, pa.string())}
    columns |= _split(np.array([p.vector() for p in pose], float), POSE)
    for k, name in enumerate(VELOCITY):
        columns[name] = pa.array([None if v is None else float(v[k]) for v in velocity], pa.float64())
    columns["row_time_s"] = pa.array(row_time_s, pa.list_(pa.float64()))
    columns["pulses"] = pa.array(pulses, pa.int64())
    return pa.table(columns)


def lanes(frame: Frame) -> pa.Table:
    """A row for each polyline of the lanes about the ego. Raises ValueError for what the format has no column for."""
    for row in frame.ego_lanes:
        if unknown := row.keys() - LANES.keys() - {"points_m"}:
            raise ValueError(f"the native format has no column for {sorted(unknown)} of a lane; add it to tables.LANES")
    columns = _stamp(frame, len(frame.ego_lanes))
    columns |= {name: pa.array([row.get(name) for row in frame.ego_lanes], kind) for name, kind in LANES.items()}
    columns["points_m"] = pa.array([list(row["points_m"]) for row in frame.ego_lanes], POINTS)
    return pa.table(columns)


def geometry_of(table: pa.Table) -> dict[str, NDArray]:
    """depth_m, range_m, normal and flow_px of Image again."""
    shape = (int(table.schema.metadata[b"height"]), int(table.schema.metadata[b"width"]))
    return {
        "depth_m": table["depth_m"].to_numpy().reshape(shape),
        "range_m": table["range_m"].to_numpy().reshape(shape),
        "normal": _join(table, NORMAL).reshape(*shape, 3),
        "flow_px": _join(table, FLOW).reshape(*shape, 2),
    }


def sweep_of(table: pa.Table, lidar: str, pulses: int, world_from_lidar: Pose) -> Sweep:
    """The Sweep again."""
    values = {name: table[name].to_numpy() for name in PER_POINT}
    xyz, xyz_ego, normal, flow = (_join(table, names) for names in (XYZ, XYZ_EGO, NORMAL, SCENE_FLOW))
    return Sweep(
        lidar=lidar, xyz_m=xyz, xyz_ego_m=xyz_ego, normal=normal, scene_flow_m_s=flow, pulses=pulses,
        world_from_lidar=world_from_lidar, **values,
    )  # fmt: skip


def detections_of(table: pa.Table, radar: str, world_from_radar: Pose) -> Detections:
    """The Detections again."""
    values = {name: table[name].to_numpy() for name in PER_DETECTION}
    return Detections(
        radar=radar, xyz_m=_join(table, XYZ), xyz_ego_m=_join(table, XYZ_EGO), world_from_radar=world_from_radar, **values
    )


def readings_of(table: pa.Table, sensor: str, kind: str, world_from_sensor: Pose) -> Readings:
    """The Readings again."""
    columns = {name: table[name].to_numpy() for name in table.column_names if name not in ("frame", "time_s")}
    return Readings(sensor, kind, table["time_s"].to_numpy(), columns, world_from_sensor)


def objects_of(table: pa.Table, boxes: pa.Table, contrast: pa.Table, cameras: list[str]) -> Objects:
    """The Objects again, as `cameras` see them."""
    poses = _join(table, POSE)
    seen, n = {}, len(table)
    for k, camera in enumerate(cameras):
        rows, pictured = boxes.slice(k * n, n), contrast.slice(k * n, n)
        values = {name: rows[name].to_numpy() for name in PER_BOX}
        values |= {name: pictured[name].to_numpy() for name in OF_THE_PICTURE}
        seen[camera] = CameraBoxes(camera, _join(rows, VISIBLE), _join(rows, AMODAL), **values)
    return Objects(
        track=table["track"].to_numpy(),
        class_id=table["class_id"].to_numpy(),
        name=tuple(table["name"].to_pylist()),
        world_from_object=Pose(poses[:, :4], poses[:, 4:]),
        size_lwh_m=_join(table, SIZE),
        velocity_m_s=_join(table, VELOCITY),
        acceleration_m_s2=_join(table, ACCELERATION),
        angular_velocity_rad_s=_join(table, ANGULAR_VELOCITY),
        lidar_points=_by_lidar(table, LIDAR_POINTS),
        lidar_points_lost=_by_lidar(table, LIDAR_LOST),
        cameras=seen,
        attributes=tuple(json.loads(a) for a in table["attributes"].to_pylist()),
    )


def _by_lidar(table: pa.Table, prefix: str) -> dict[str, NDArray[np.int32]]:
    return {c.removeprefix(prefix): table[c].to_numpy() for c in table.column_names if c.startswith(prefix)}


def lanes_of(table: pa.Table) -> tuple[dict[str, Any], ...]:
    """The ego_lanes again; what a lane did not say is not there."""
    rows = table.select([*LANES, "points_m"]).to_pylist()
    return tuple(
        {k: np.array(v, np.float32).reshape(-1, 3) if k == "points_m" else v for k, v in row.items() if v is not None}
        for row in rows
    )


def plain_layout(layout: Layout) -> dict[str, Any]:
    """The layout as numbers, strings, lists and dictionaries."""
    lanes = [
        {k: v.tolist() if k in EDGES else list(v) if isinstance(v, tuple) else v for k, v in vars(lane).items()}
        for lane in layout.lanes
    ]
    return {"lanes": lanes, **{name: [points.tolist() for points in getattr(layout, name)] for name in OUTLINES}}


def layout_of(plain: dict[str, Any]) -> Layout:
    """The layout again."""

    def lane(row: dict[str, Any]) -> MapLane:
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k not in EDGES}
        return MapLane(**values, **{k: np.array(row[k], float).reshape(-1, 3) for k in EDGES})

    outlines = [tuple(np.array(p, float).reshape(-1, 3) for p in plain[name]) for name in OUTLINES]
    return Layout(tuple(lane(row) for row in plain["lanes"]), *outlines)


def pose_of(row: dict[str, Any]) -> Pose:
    """The pose in a row of poses()."""
    vector = np.array([row[name] for name in POSE])
    return Pose(vector[:4], vector[4:])


def _stamp(frame: Frame, n: int, time: bool = True) -> Columns:
    """Columns that say to which frame a row belongs, so that tables of several frames can be put together."""
    columns: Columns = {"frame": np.full(n, frame.index, np.int32)}
    return columns | {"time_s": np.full(n, frame.time_s)} if time else columns


def _split(array: NDArray, names: tuple[str, ...]) -> Columns:
    return {name: np.ascontiguousarray(array[:, k]) for k, name in enumerate(names)}


def _join(table: pa.Table, names: tuple[str, ...]) -> NDArray:
    return np.stack([table[name].to_numpy() for name in names], -1)
