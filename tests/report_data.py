"""Small datasets whose content is known, written through the writers that are always used: for tests of reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.batch.folder import BATCH, FORMAT, FORMAT_VERSION, BatchFolder
from scenesim.capture.frame import CameraBoxes, Detections, Frame, Image, Objects, Sweep
from scenesim.datasets.native import NativeWriter

YAML = "name: {name}\nweather: {{rain_mm_per_h: {rain}, visibility_m: {far}}}\nlight: {{sun_elevation_deg: {sun}}}\n"
EGO = Pose.of((100.0, -40.0, 2.0), yaw=0.7)
W, H = 64, 36
# class, x and y in the ego frame m, visible fraction, truncation, points, attributes
CAR = ("car", 12.0, 5.0, 0.9, 0.0, 40, {"model": "sedan", "paint": "red"})
BEHIND = ("car", -60.0, 0.0, 0.0, 1.0, 0, {"model": "suv", "paint": "red"})
HIDDEN = ("pedestrian", 25.0, 0.0, 0.0, 0.0, 3, {"age_years": "37", "clothing": "tee, shorts"})
OBJECTS = (CAR, BEHIND, HIDDEN)
RADAR_M = (3.0, 0.0, 0.5)  # where the radar is mounted
SIZES = {"car": (4.5, 1.8, 1.5), "pedestrian": (0.6, 0.6, 1.75)}


def frame(
    index: int = 0, objects=OBJECTS, cameras=("front", "left"), points: int = 200, fog: int = 10, radar: bool = False
) -> Frame:
    """A frame of those objects; the front camera sees them as they say, others nothing. Points lie on a circle of 15 m on the
    road; the last ones, `fog` many, at 5 m in fog. The picture's red tells the frame. radar: one that finds a car 10 m ahead of
    it, which comes at 4 m/s, and a post that stands 5 m to its left."""
    n = len(objects)
    at = np.array([[o[1], o[2], 0.75] for o in objects]).reshape(-1, 3)
    ids = np.array([taxonomy.class_id(o[0]) for o in objects], np.uint8)
    pose = EGO @ Pose(np.tile([1.0, 0, 0, 0], (n, 1)), at)

    def boxes(camera):
        sees = camera == "front"
        fraction = np.array([o[3] if sees else 0.0 for o in objects], np.float32)
        visible = np.full((n, 4), np.nan, np.float32)
        visible[fraction > 0] = (10, 10, 30, 24)
        truncation = np.array([o[4] if sees else 1.0 for o in objects], np.float32)
        pixels = (fraction * 100).astype(np.int32)
        return CameraBoxes(camera, visible, visible, truncation, fraction, pixels, fraction / 2, fraction / 4)

    return Frame(
        scenario="made_up",
        index=index,
        time_s=index / 10,
        world_from_ego=EGO,
        ego_velocity_m_s=np.array([5.0, 0, 0]),
        images={name: _image(name, index) for name in cameras},
        sweeps={"top": _sweep(points, fog)} if points else {},
        radars={"nose": _detections()} if radar else {},
        objects=Objects(
            track=np.arange(1, n + 1, dtype=np.uint16),
            class_id=ids,
            name=tuple(f"thing_{k} </script>" for k in range(n)),
            world_from_object=pose,
            size_lwh_m=np.array([SIZES[o[0]] for o in objects]).reshape(-1, 3),
            velocity_m_s=np.zeros((n, 3)),
            acceleration_m_s2=np.zeros((n, 3)),
            angular_velocity_rad_s=np.zeros((n, 3)),
            lidar_points={"top": np.array([o[5] for o in objects], np.int32)} if points else {},
            lidar_points_lost={"top": np.zeros(n, np.int32)} if points else {},
            cameras={name: boxes(name) for name in cameras},
            attributes=tuple(o[6] for o in objects),
        ),
        calibration={name: _camera(name) for name in cameras},
        classes=taxonomy.names_by_id(),
    )


def _camera(name: str) -> dict:
    """Enough of a pinhole for what reads it."""
    return {"kind": "camera", "name": name, "lens": "brown_conrady", "fx_px": 50.0, "fy_px": 50.0, "cx_px": 31.5, "cy_px": 17.5}


def _image(name: str, index: int) -> Image:
    rgb = np.full((H, W, 3), (min(20 * index, 255), 90, 140), np.uint8)
    plain = np.zeros((H, W), np.uint8)
    far = np.full((H, W), np.inf, np.float32)
    nothing = np.full((H, W, 3), np.nan, np.float32)
    return Image(name, rgb, plain, plain.astype(np.uint16), far, far, nothing, nothing[..., :2], plain, np.zeros(H), EGO)


def _sweep(n: int, fog: int) -> Sweep:
    angle = np.arange(n) * (2 * np.pi / n)
    r = np.where(np.arange(n) < n - fog, 15.0, 5.0)
    xyz = np.stack([r * np.cos(angle), r * np.sin(angle), np.zeros(n)], -1).astype(np.float32)
    air = r < 10
    one, zero = np.ones(n, np.uint8), np.zeros(n, np.uint16)
    return Sweep(
        lidar="top", xyz_m=xyz, xyz_ego_m=xyz, range_m=r.astype(np.float32), intensity=np.full(n, 0.5, np.float32),
        ring=zero, column=np.arange(n, dtype=np.uint16), azimuth_rad=angle.astype(np.float32),
        time_offset_s=zero.astype(np.float32),
        class_id=np.where(air, taxonomy.class_id("noise"), taxonomy.class_id("road")).astype(np.uint8), instance=zero,
        normal=np.zeros((n, 3), np.float32), incidence_rad=zero.astype(np.float32),
        hit=np.where(air, taxonomy.hits()["fog"], 0).astype(np.uint8), echo=one, echoes=one,
        transmittance=np.ones(n, np.float32), true_range_m=r.astype(np.float32), radial_velocity_m_s=zero.astype(np.float32),
        doppler_m_s=zero.astype(np.float32), scene_flow_m_s=np.zeros((n, 3), np.float32), pulses=n + 5, world_from_lidar=EGO,
    )  # fmt: skip


def _detections() -> Detections:
    floats = [f for f in Detections.__dataclass_fields__ if f.endswith(("_m", "_rad", "_m_s", "_dbsm", "_db", "share"))]
    at = np.array([[10.0, 0, 0], [0, 5.0, 0]], np.float32)
    values = {name: np.zeros(2, np.float32) for name in floats}
    values |= {"xyz_m": at, "xyz_ego_m": at + np.float32(RADAR_M), "ground_velocity_m_s": np.array([-4.0, 0], np.float32)}
    ids = np.array([taxonomy.class_id("car"), taxonomy.class_id("pole")], np.uint8)
    none = np.zeros(2, np.uint8)
    pose = EGO @ Pose.of(RADAR_M)
    return Detections(
        "nose", scan=none, class_id=ids, instance=none.astype(np.uint16), cause=none, world_from_radar=pose, **values
    )


def yaml(name: str = "made_up", rain: float = 0.0, far: float = 20000.0, sun: float = 40.0) -> str:
    """A scenario of that weather, as far as a report reads it."""
    return YAML.format(name=name, rain=rain, far=far, sun=sun)


def dataset(folder: Path, frames, scenario: str | None = None) -> Path:
    """Write a native dataset."""
    with NativeWriter(folder, scenario_yaml=scenario or yaml(), version="1.2.3") as writer:
        for f in frames:
            writer.write(f)
    return folder


def batch(path: Path, shards, missing: int = 0) -> Path:
    """Write a batch. shards: (name, split, scenario, twin, yaml, frames, duration s)."""
    folder = BatchFolder(path)
    path.mkdir()
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, "scenesim_version": "1.2.3", "name": "made_up_batch"}
    folder.put_json(BATCH, {**head, "shards": len(shards) + missing, "maps": {}})
    for name, split, scenario, twin, text, frames, duration in shards:
        partial = folder.partial("all", name)
        dataset(partial, frames, text)
        facts = {"scenario": scenario, "twin": twin, "frames": len(frames), "duration_s": duration, "cpu_s": duration / 2}
        folder.commit(partial, split, name, facts)
    return path
