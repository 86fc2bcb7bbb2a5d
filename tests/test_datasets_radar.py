"""Radars and sensors of motion in datasets: the native layout and back, nuScenes' point files, MCAP, the contact sheet."""

from __future__ import annotations

import dataclasses
import io
import json

import boxworld
import numpy as np
import pyarrow.parquet as pq
import pytest

import scenesim
from scenesim.base import keys, taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Detections, Frame, Readings
from scenesim.datasets import nuscenes_radar
from scenesim.datasets.native import NativeWriter, frame_files
from scenesim.datasets.reader import open_native
from scenesim.datasets.writer import writer_class
from scenesim.sensors import odometry, rig

RIG = rig.load(
    {
        "sensors": {
            "RADAR_FRONT": {"sensor": "radar_ars408", "position_m": [3.4, 0, 0.5]},
            "side": {"sensor": "radar_imaging_4d", "position_m": [2.4, 0.8, 0.7], "yaw_deg": 90},
            "imu": {"sensor": "imu_bmi088", "position_m": [0, 0, 0.3]},
            "gnss": {"sensor": "gnss_rtk", "position_m": [0.5, 0, 1.5]},
            "wheels": {"sensor": "wheel_odometry"},
        }
    }
)


def some_detections(radar, world_from_ego, track, n=12) -> Detections:
    """Any, but within what fields hold; the last is a false alarm."""
    rng = keys.generator(keys.derive(keys.root(3), radar.name, n))
    columns = {}
    for field in dataclasses.fields(Detections):
        if field.name not in ("radar", "world_from_radar"):
            shape = (n, 3) if field.name.startswith("xyz") else n
            columns[field.name] = rng.uniform(0.1, 1.0, shape).astype(np.float32)
    causes = taxonomy.radar_causes()
    columns |= {
        "scan": np.zeros(n, np.uint8), "class_id": np.full(n, 17, np.uint8), "instance": np.full(n, track, np.uint16),
        "cause": np.full(n, causes["direct"], np.uint8), "ground_velocity_m_s": np.linspace(-2, 2, n).astype(np.float32),
    }  # fmt: skip
    if n:
        columns["cause"][-1], columns["instance"][-1], columns["true_range_m"][-1] = causes["false_alarm"], 0, np.nan
    return Detections(radar=radar.name, world_from_radar=world_from_ego @ radar.ego_from_radar, **columns)


def told(sensor, world_from_ego, n=5) -> Readings:
    columns = {"fix": np.full(n, 4, np.uint8)} if sensor.KIND == "gnss" else {}
    columns |= {"true_a_m": np.linspace(0, 1, n), "b_rad_s": np.full(n, np.nan), "ticks_rear_left": np.arange(n)}
    return Readings(sensor.name, sensor.KIND, np.linspace(0.1, 0.2, n), columns, world_from_ego @ sensor.ego_from_sensor)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    made = []
    for k, frame in enumerate(boxworld.frames("front", 6)):
        ego, track = frame.world_from_ego, int(frame.objects.track[0])
        radars = {r.name: some_detections(r, ego, track, 12 if k else 0) for r in RIG.radars}
        motion = {s.name: told(s, ego) for s in RIG.motion}
        calibration = frame.calibration | RIG.calibration()
        made.append(dataclasses.replace(frame, radars=radars, motion=motion, calibration=calibration))
    return made


def same(a, b):
    for field in dataclasses.fields(a):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, Pose):
            assert np.array_equal(one.vector(), two.vector())
        elif isinstance(one, dict):
            assert one.keys() == two.keys()
            assert all(np.array_equal(v, two[k], equal_nan=True) and v.dtype == two[k].dtype for k, v in one.items())
        elif isinstance(one, np.ndarray):
            assert one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f"), field.name
        else:
            assert one == two


@pytest.fixture(scope="module")
def native(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("native") / "n"
    with NativeWriter(folder, scenario_yaml="name: x\n", version="0") as writer:
        for frame in frames:
            writer.write(frame)
    return folder


def test_the_native_layout_gives_back_what_it_got(native, frames):
    read = open_native(native)
    for frame in frames:
        again = read.frame(frame.index)
        assert list(again.radars) == list(frame.radars) and list(again.motion) == list(frame.motion)
        for name, found in frame.radars.items():
            same(found, again.radars[name])
        for name, readings in frame.motion.items():
            same(readings, again.motion[name])
    assert read.sensors == ["front", "top", "RADAR_FRONT", "side", "imu", "gnss", "wheels"]


def test_the_index_names_them_and_what_causes_are(native):
    index = json.loads((native / "dataset.json").read_text())
    assert index["radars"] == ["RADAR_FRONT", "side"]
    assert index["motion"] == {"imu": "imu", "gnss": "gnss", "wheels": "wheel_odometry"}
    assert index["radar_causes"]["1"] == "road_bounce"
    assert "RADAR_FRONT" in (native / "README.md").read_text() and "imu" in (native / "README.md").read_text()
    calibration = json.loads((native / "calibration.json").read_text())
    assert odometry.to_plain(odometry.from_plain(calibration["imu"])) == calibration["imu"]


def test_samples_of_an_opened_dataset(native, frames):
    data = scenesim.open_dataset(native)
    sample = data[2]
    assert sample.radars == ["RADAR_FRONT", "side"] and sample.motion == ["imu", "gnss", "wheels"]
    found = sample.detections("side")
    assert np.array_equal(found["rcs_dbsm"], frames[2].radars["side"].rcs_dbsm) and (found["frame"] == 2).all()
    assert np.array_equal(sample.readings("gnss")["time_s"], frames[2].motion["gnss"].time_s)
    with pytest.raises(InputError, match='did you mean "side"'):
        sample.detections("sidee")


def test_without_them_nothing_is_written_of_them(tmp_path):
    frame = boxworld.frames("front", 1)[0]
    assert not any("detections" in path or "readings" in path for path in frame_files(frame))
    with NativeWriter(tmp_path / "n", scenario_yaml="name: x\n", version="0") as writer:
        writer.write(frame)
    index = json.loads((tmp_path / "n" / "dataset.json").read_text())
    assert not index.keys() & {"radars", "motion", "radar_causes"}


# ---- nuScenes


def parse(data: bytes):
    """A .pcd file by its own header, as the devkit reads it."""
    head, _, body = data.partition(b"DATA binary\n")
    lines = dict(line.split(" ", 1) for line in head.decode().splitlines() if not line.startswith("#"))
    kinds = {("F", "4"): "<f4", ("I", "1"): "i1", ("I", "2"): "<i2"}
    names, sizes, types = (lines[key].split() for key in ("FIELDS", "SIZE", "TYPE"))
    dtype = np.dtype([(n, kinds[t, s]) for n, s, t in zip(names, sizes, types)])
    assert lines["HEIGHT"] == "1" and lines["WIDTH"] == lines["POINTS"]
    assert body[-1:] == b"\n" and len(body) == int(lines["WIDTH"]) * dtype.itemsize + 1  # the devkit wants more than the points
    return np.frombuffer(body[:-1], dtype)


OFFICIAL = [
    "x", "y", "z", "dyn_prop", "id", "rcs", "vx", "vy", "vx_comp", "vy_comp", "is_quality_valid", "ambig_state", "x_rms",
    "y_rms", "invalid_state", "pdh0", "vx_rms", "vy_rms",
]  # fmt: skip


def test_radar_points_of_nuscenes(frames):
    found = frames[1].radars["side"]
    rows = parse(nuscenes_radar.pcd(found))
    assert list(rows.dtype.names) == OFFICIAL
    assert np.array_equal(np.stack([rows[a] for a in "xyz"], -1), found.xyz_m) and np.array_equal(rows["rcs"], found.rcs_dbsm)
    along = rows["vx"] * np.cos(found.azimuth_rad) + rows["vy"] * np.sin(found.azimuth_rad)
    assert along == pytest.approx(found.radial_velocity_m_s, abs=1e-5)
    over = found.ground_velocity_m_s
    assert (rows["dyn_prop"] == np.where(np.abs(over) < 0.5, 1, np.where(over < 0, 2, 0))).all()
    # What the devkit keeps by default: invalid_state 0, dyn_prop 0 to 6, ambig_state 3.
    assert (rows["invalid_state"] == 0).all() and (rows["ambig_state"] == 3).all() and (rows["dyn_prop"] <= 6).all()
    assert ((rows["x_rms"] >= 0) & (rows["x_rms"] <= 31)).all()
    nothing = parse(nuscenes_radar.pcd(frames[0].radars["side"]))
    assert len(nothing) == 1 and np.isnan(nothing["x"][0])


def test_radars_in_the_tables_of_nuscenes(frames, tmp_path):
    with writer_class("nuscenes")(tmp_path / "n") as writer:
        for frame in frames:
            writer.write(frame)
    tables = {p.stem: json.loads(p.read_text()) for p in (tmp_path / "n" / "v1.0-mini").glob("*.json")}
    sensors = {row["channel"]: row for row in tables["sensor"]}
    assert sensors["RADAR_FRONT"]["modality"] == sensors["RADAR_SIDE"]["modality"] == "radar"
    assert sensors["LIDAR_TOP"]["modality"] == "lidar"
    mounted = {row["sensor_token"]: row for row in tables["calibrated_sensor"]}[sensors["RADAR_SIDE"]["token"]]
    assert mounted["translation"] == pytest.approx([2.4, 0.8, 0.7]) and mounted["camera_intrinsic"] == []
    files = [row["filename"] for row in tables["sample_data"] if "/RADAR_SIDE/" in row["filename"]]
    assert len(files) == 6 and all(f.endswith(".pcd") for f in files)
    assert len(parse((tmp_path / "n" / files[-1]).read_bytes())) == 12
    track = int(frames[5].objects.track[0])
    assert nuscenes_radar.counts(frames[5])[track] == 22 and 0 not in nuscenes_radar.counts(frames[5])
    assert 22 in [row["num_radar_pts"] for row in tables["sample_annotation"]]


def test_radars_in_mcap(frames, tmp_path):
    reader = pytest.importorskip("mcap.reader")
    cloud = pytest.importorskip("foxglove_schemas_protobuf.PointCloud_pb2")
    with writer_class("mcap")(tmp_path / "m") as writer:
        for frame in frames[:2]:
            writer.write(frame)
    with open(tmp_path / "m" / "scenario_0000.mcap", "rb") as stream:
        messages = [m for _, c, m in reader.make_reader(stream).iter_messages() if c.topic == "/side/detections"]
    message = cloud.PointCloud.FromString(messages[1].data)
    sizes = {7: "<f4", 3: "<u2", 1: "u1"}
    dtype = np.dtype({"names": [f.name for f in message.fields], "formats": [sizes[f.type] for f in message.fields],
                      "offsets": [f.offset for f in message.fields], "itemsize": message.point_stride})  # fmt: skip
    rows = np.frombuffer(message.data, dtype)
    assert np.array_equal(rows["rcs_dbsm"], frames[1].radars["side"].rcs_dbsm) and rows["cause"][-1] == 4
    assert np.array_equal(rows["x"], frames[1].radars["side"].xyz_m[:, 0])


def test_the_contact_sheet_draws_them(frames):
    from scenesim import sheet

    picture = sheet.radar_picture(frames[1])
    empty = sheet.radar_picture(dataclasses.replace(frames[1], radars={}))
    assert picture.shape == empty.shape and (picture != empty).any()


def test_tables_open_without_scenesim(frames):
    files = frame_files(frames[1])
    table = pq.read_table(io.BytesIO(files["RADAR_FRONT/detections.parquet"]))
    wanted = {"range_m", "azimuth_rad", "radial_velocity_m_s", "rcs_dbsm", "class_id", "instance", "cause"}
    assert wanted <= set(table.column_names)
    poses = pq.read_table(io.BytesIO(files["poses.parquet"])).to_pylist()
    assert {p["sensor"]: p["kind"] for p in poses}["gnss"] == "gnss"
