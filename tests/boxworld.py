"""Frames of a street of boxes, cast by a few lines of numpy: what writers are tested with, independent of the renderer.

Everything agrees with everything (images, points, boxes, poses, times), nothing is aligned with the axes of the world, and the
ego and others move while the lidar turns. Boxes of labels are 2 cm wider on each side than what the rays hit, so that no point
lies on a border.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.capture.frame import CameraBoxes, Frame, Image, Layout, MapLane, Objects, Sweep
from scenesim.sensors import rig as rigs

SLACK_M = 0.02
WORLD_FROM_STREET = Pose.of((120.0, -340.0, 5.0), yaw=0.6)
EGO_SPEED, RATE_HZ = 8.0, 10.0
YAWS = {
    "front": {"front": 0.0},
    "nuscenes": {"a": 0.0, "b": 55.0, "c": -55.0, "d": 110.0, "e": -110.0, "f": 180.0},
    "av2": {"a": 0.0, "b": 45.0, "c": -45.0, "d": 99.0, "e": -99.0, "f": 153.0, "g": -153.0},
}


@dataclass(frozen=True)
class Thing:
    """class, size, centre in the street frame at time 0, yaw, speed along it; track 0 is no labelled object."""

    name: str
    size: tuple[float, float, float]
    at: tuple[float, float, float]
    yaw: float = 0.0
    speed: float = 0.0
    track: int = 0

    def pose(self, time_s: float) -> Pose:
        turn = Pose.of(self.at, yaw=self.yaw)
        return turn @ Pose.of((self.speed * time_s, 0.0, 0.0))


@cache
def things() -> tuple[Thing, ...]:
    car, van, truck, bus = (4.3, 1.8, 1.5), (5.2, 2.0, 2.2), (7.5, 2.5, 3.2), (11.0, 2.5, 3.0)
    person, child, bicycle, motorcycle = (0.5, 0.6, 1.75), (0.35, 0.4, 1.2), (1.75, 0.6, 1.7), (2.1, 0.8, 1.5)
    rows = [
        ("car", car, 14, -1.75, 0.0, 8.5), ("car", car, 28, 1.75, np.pi, 7.0), ("car", car, 12, 5.6, 0.05, 0.0),
        ("car", car, 20, -5.6, 0.0, 0.0), ("van", van, 34, -1.75, 0.0, 6.0), ("truck", truck, 48, 1.75, np.pi, 5.0),
        ("bus", bus, 38, -5.9, 0.02, 0.0), ("pedestrian", person, 10, 8.2, 1.2, 1.2),
        ("pedestrian", person, 17, -8.3, 0.3, 1.4), ("pedestrian", person, 24, 8.6, 2.0, 0.0),
        ("child", child, 15, 8.9, -1.0, 1.0), ("bicycle", bicycle, 22, 3.6, np.pi, 4.0),
        ("motorcycle", motorcycle, 30, -3.4, 0.0, 9.0), ("cone", (0.35, 0.35, 0.7), 9, -3.6, 0.0, 0.0),
        ("car", car, -12, -1.75, 0.0, 8.0), ("car", car, -9, 5.6, 0.0, 0.0), ("pedestrian", person, -7, -8.2, 0.5, 1.3),
        ("truck", truck, -22, 1.75, np.pi, 6.0), ("traffic_sign", (0.1, 0.7, 0.7), 19, -7.4, 0.0, 0.0),
        ("car", car, 6, 6.0, 0.1, 0.0), ("car", car, 3, -6.2, 0.0, 0.0), ("debris", (0.6, 0.5, 0.3), 12, 2.6, 0.4, 0.0),
    ]  # fmt: skip
    found = []
    for k, (name, size, x, y, yaw, speed) in enumerate(rows):
        z = size[2] / 2 + SLACK_M + (1.9 if name == "traffic_sign" else 0.0)
        found.append(Thing(name, size, (x, y, z), yaw, speed, k + 1))
    for k in range(-4, 9):
        for side in (-1, 1):
            height = 6.0 + (k * 7 + side) % 5
            found.append(Thing("building", (11.0, 8.0, height), (k * 13.0 + 2.0 * side, side * 16.5, height / 2)))
    return tuple(found)


def rig(cameras: str = "nuscenes", width: int = 320, height: int = 192, rolling: bool = False):
    """A rig of small pinhole cameras and a lidar of 32 beams."""
    shutter = {"shutter": "rolling", "readout_s": 0.01} if rolling else {}
    camera = {"kind": "camera", "width_px": width, "height_px": height, "lens": "pinhole", "fov_deg": 72.0, **shutter}
    sensors = {
        name: camera | {"position_m": [1.6 * np.cos(np.radians(yaw)), 0.5 * np.sin(np.radians(yaw)), 1.6], "yaw_deg": yaw}
        for name, yaw in YAWS[cameras].items()
    }
    beams = np.linspace(-24, 8, 32).round(2).tolist()
    sensors["top"] = {
        "kind": "lidar", "position_m": [0.9, 0.0, 1.73], "elevation_deg": beams, "columns": 720, "rate_hz": 10.0,
        "max_range_m": 80.0, "reach_m": 80.0,
    }  # fmt: skip
    return rigs.load({"rate_hz": RATE_HZ, "sensors": sensors})


def world_from_ego(time_s: float) -> Pose:
    yaw = 0.04 * np.sin(1.3 * time_s)
    return WORLD_FROM_STREET @ Pose.of((EGO_SPEED * time_s, -1.75 - 0.1 * np.sin(time_s), 0.0), yaw=yaw)


@cache
def layout() -> Layout:
    """The street: a lane each way, sidewalks beside, a crosswalk."""

    def line(y, x=(-150.0, 50.0, 120.0, 250.0)):
        return WORLD_FROM_STREET.apply(np.array([[a, y, 0.0] for a in x]))

    def area(low, high, x=(-150.0, 250.0)):
        return np.concatenate([line(low, x), line(high, x)[::-1]])

    marks = ("broken", "white", "none", "")
    there = MapLane("1_0_-1", "driving", False, line(0.0), line(-3.5), *marks)
    back = MapLane("1_0_1", "driving", False, line(0.0)[::-1], line(3.5)[::-1], *marks)
    walks = (area(-10.5, -7.0), area(7.0, 10.5))
    return Layout((there, back), (area(-7.0, 7.0),), (area(-7.0, 7.0, (40.0, 44.0)),), walks)


def cast(world_from_rays: Pose, directions, time_s: float):
    """(t, normal, thing, alone) of rays (N, 3) from one point: thing -1 ground, -2 sky; alone: (things, N) hit if alone."""
    street = WORLD_FROM_STREET.inverse() @ world_from_rays
    o, d = street.translation, street.rotate(directions)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(d[:, 2] < 0, -o[2] / d[:, 2], np.inf)
        normal, hit = np.tile([0.0, 0.0, 1.0], (len(d), 1)), np.where(np.isfinite(t), -1, -2)
        alone = np.zeros((len(things()), len(d)), bool)
        for k, thing in enumerate(things()):
            c, n, half = np.cos(thing.yaw), np.sin(thing.yaw), np.array(thing.size) / 2
            turn = np.array([[c, -n, 0.0], [n, c, 0.0], [0.0, 0.0, 1.0]])
            center = np.array(thing.at) + turn[:, 0] * thing.speed * time_s
            to = center - o
            along = d @ to
            rows = np.flatnonzero((along > -half.max() * 2) & (to @ to - along * along < half @ half))
            if len(rows) == 0:
                continue
            local_o, local_d = -to @ turn, d[rows] @ turn
            near = (-np.sign(local_d) * half - local_o) / local_d
            far = (np.sign(local_d) * half - local_o) / local_d
            enter, leave = near.max(1), far.min(1)
            ok = (enter < leave) & (enter > 0.05)
            alone[k, rows] = ok
            closer = ok & (enter < t[rows])
            axis, rows, local_d = near.argmax(1)[closer], rows[closer], local_d[closer]
            face = np.zeros((len(rows), 3))
            face[np.arange(len(axis)), axis] = -np.sign(local_d[np.arange(len(axis)), axis])
            t[rows], hit[rows], normal[rows] = enter[closer], k, face @ turn.T
    t[(hit == -1) & (t > 150)], hit[(hit == -1) & (t > 150)] = np.inf, -2
    return t, WORLD_FROM_STREET.rotate(normal), hit, alone


def labels(hit, points_world):
    """(class, instance, mark) of hits: what the ground is, is said by how far it is from the middle of the street."""
    y = WORLD_FROM_STREET.inverse().apply(np.nan_to_num(points_world))[:, 1]
    x = WORLD_FROM_STREET.inverse().apply(np.nan_to_num(points_world))[:, 0]
    line = (np.abs(y) < 0.1) & (x % 6.0 < 3.0)
    ids = {n: taxonomy.class_id(n) for n in ("road", "lane_marking", "sidewalk", "terrain", "sky")}
    ground = np.where(line, ids["lane_marking"], np.where(np.abs(y) < 7, ids["road"], ids["sidewalk"]))
    ground = np.where(np.abs(y) > 10.5, ids["terrain"], ground)
    class_of = np.array([taxonomy.class_id(t.name) for t in things()])
    track_of = np.array([t.track for t in things()])
    class_id = np.where(hit >= 0, class_of[np.maximum(hit, 0)], np.where(hit == -1, ground, ids["sky"]))
    instance = np.where(hit >= 0, track_of[np.maximum(hit, 0)], 0)
    return class_id.astype(np.uint8), instance.astype(np.uint16), np.where((hit == -1) & line, 2, 0).astype(np.uint8)


def paint(class_id, instance, normal):
    color = taxonomy.palette()[class_id].astype(float)
    color[class_id == taxonomy.class_id("road")] = 70
    some = instance > 0
    k = instance[some].astype(int)
    color[some] = np.stack([60 + k * 97 % 190, 60 + k * 57 % 190, 60 + k * 131 % 190], -1)
    shade = np.where(class_id == taxonomy.class_id("sky"), 1.0, 0.75 + 0.25 * normal @ np.array([0.5, 0.2, 0.84]))
    return np.clip(color * shade[:, None], 0, 255).astype(np.uint8)


def an_image(camera, time_s: float):
    """(Image, CameraBoxes) at a time; the ego does not move while it is exposed."""
    world_from_camera = world_from_ego(time_s) @ camera.ego_from_camera
    directions = camera.directions().reshape(-1, 3)
    t, normal, hit, alone = cast(world_from_camera, directions, time_s)
    class_id, instance, mark = labels(hit, world_from_camera.apply(directions * np.where(np.isfinite(t), t, 0)[:, None]))
    h, w = camera.height, camera.width
    normal_camera = world_from_camera.inverse().rotate(normal)
    normal_camera[hit == -2] = np.nan
    image = Image(
        camera.name,
        paint(class_id, instance, normal).reshape(h, w, 3),
        class_id.reshape(h, w),
        instance.reshape(h, w),
        (t * directions[:, 2]).astype(np.float32).reshape(h, w),
        t.astype(np.float32).reshape(h, w),
        normal_camera.astype(np.float32).reshape(h, w, 3),
        np.full((h, w, 2), np.nan, np.float32),
        mark.reshape(h, w),
        time_s + camera.row_time_s(),
        world_from_camera,
    )
    return image, seen_by(camera, world_from_camera, time_s, instance.reshape(h, w), alone)


def seen_by(camera, world_from_camera, time_s, instance, alone):
    objects = [(k, t) for k, t in enumerate(things()) if t.track]
    n, h, w = len(objects), camera.height, camera.width
    visible, amodal = np.full((n, 4), np.nan, np.float32), np.full((n, 4), np.nan, np.float32)
    pixels, truncation, fraction = np.zeros(n, np.int32), np.ones(n, np.float32), np.zeros(n, np.float32)
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    for j, (k, thing) in enumerate(objects):
        rows, columns = np.nonzero(instance == thing.track)
        pixels[j] = len(rows)
        if len(rows):
            visible[j] = columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5
        world = (WORLD_FROM_STREET @ thing.pose(time_s)).apply(signs * np.array(thing.size) / 2)
        local = world_from_camera.inverse().apply(world)
        if (local[:, 2] > 0.1).all():
            p, _ = camera.project(local)
            box = amodal[j] = np.concatenate([p.min(0), p.max(0)])
            inside = np.clip(box, -0.5, [w - 0.5, h - 0.5] * 2)
            truncation[j] = 1 - np.prod(inside[2:] - inside[:2]) / np.prod(box[2:] - box[:2])
        fraction[j] = pixels[j] / max(alone[k].sum(), 1)
    contrast = (pixels > 0).astype(np.float32)
    return CameraBoxes(camera.name, visible, amodal, truncation, fraction, pixels, contrast, 0.5 * contrast)


def a_sweep(lidar, time_s: float, step: int = 72) -> Sweep:
    """A revolution; pose and street stand still for `step` columns at a time."""
    pulses = lidar.pulses()
    world_from_lidar = world_from_ego(time_s) @ lidar.ego_from_lidar
    parts = []
    for first in range(0, lidar.columns, step):
        rows = np.flatnonzero((pulses.column >= first) & (pulses.column < first + step))
        offset = float(np.float32(pulses.time_offset_s[rows].mean() / 4))  # a quarter: boxes are where they are at time_s
        now = world_from_ego(time_s + offset) @ lidar.ego_from_lidar
        t, normal, hit, _ = cast(now, pulses.direction[rows], time_s + offset)
        seen = (t > 1.0) & (t < lidar.max_range_m)
        rows, t, normal, hit = rows[seen], t[seen], normal[seen], hit[seen]
        local = pulses.direction[rows] * t[:, None]
        world = now.apply(local)
        class_id, instance, _ = labels(hit, world)
        cosine = np.abs((now.rotate(pulses.direction[rows]) * normal).sum(1))
        parts.append(
            (rows, local, world_from_ego(time_s).inverse().apply(world), t, 0.1 + 0.8 * cosine * (hit % 3 + 1) / 3,
             np.full(len(rows), offset), class_id, instance, now.inverse().rotate(normal), np.arccos(cosine))
        )  # fmt: skip
    rows, local, ego, t, intensity, offset, class_id, instance, normal, incidence = (np.concatenate(a) for a in zip(*parts))
    single = np.float32
    return Sweep(
        lidar.name, local.astype(single), ego.astype(single), t.astype(single), np.clip(intensity, 0, 1).astype(single),
        pulses.ring[rows], pulses.column[rows], pulses.azimuth_rad[rows].astype(single), offset.astype(single), class_id,
        instance, normal.astype(single), incidence.astype(single), np.zeros(len(t), np.uint8), np.ones(len(t), np.uint8),
        np.ones(len(t), np.uint8), np.ones(len(t), single), t.astype(single), *np.zeros((2, len(t)), single),
        np.zeros((len(t), 3), single), len(pulses.ring), world_from_lidar,
    )  # fmt: skip


def a_frame(rig, index: int, scenario: str = "boxes") -> Frame:
    """Frame `index` of the street."""
    time_s = index / rig.rate_hz
    seen = {c.name: an_image(c, time_s) for c in rig.cameras}
    sweeps = {s.name: a_sweep(s, time_s) for s in rig.lidars}
    objects = [t for t in things() if t.track]
    poses = [WORLD_FROM_STREET @ t.pose(time_s) for t in objects]
    velocity = np.array([p.rotate([t.speed, 0, 0]) for p, t in zip(poses, objects)])
    zero = np.zeros((len(objects), 3))
    table = Objects(
        np.array([t.track for t in objects], np.uint16),
        np.array([taxonomy.class_id(t.name) for t in objects], np.uint8),
        tuple(f"{t.name}_{t.track}" for t in objects),
        Pose(np.array([p.rotation for p in poses]), np.array([p.translation for p in poses])),
        np.array([t.size for t in objects]) + 2 * SLACK_M,
        velocity,
        zero,
        zero,
        {n: np.array([(s.instance == t.track).sum() for t in objects], np.int32) for n, s in sweeps.items()},
        {n: np.zeros(len(objects), np.int32) for n in sweeps},
        {n: b for n, (_, b) in seen.items()},
        tuple({} for _ in objects),
    )
    step = 1e-3
    ends = [world_from_ego(time_s + s).translation for s in (-step, step)]
    return Frame(
        scenario, index, time_s, world_from_ego(time_s), (ends[1] - ends[0]) / (2 * step), {n: i for n, (i, _) in seen.items()},
        sweeps, table, {s.name: s.to_plain() for s in (*rig.cameras, *rig.lidars)}, (), taxonomy.names_by_id(), layout(),
    )  # fmt: skip


def which_points(a, b, within_m=2e-3):
    """(N,) which of points b (N, 3) each of a (N, 3) is; they are the same in another order."""
    away, which = cKDTree(b).query(a)
    assert len(a) == len(b) and away.max() < within_m and len(np.unique(which)) > 0.99 * len(b)
    return which


def points_at_once(frame: Frame) -> np.ndarray:
    """(N, 3) world: the points, with those of what moves where it is at the frame's time."""
    sweep = frame.sweeps["top"]
    speed_of = {t.track: WORLD_FROM_STREET.rotate([t.speed * np.cos(t.yaw), t.speed * np.sin(t.yaw), 0.0]) for t in things()}
    moved = np.array([speed_of.get(track, np.zeros(3)) for track in sweep.instance.tolist()])
    return frame.world_from_ego.apply(sweep.xyz_ego_m) - moved * sweep.time_offset_s[:, None]


@cache
def frames(cameras: str = "nuscenes", count: int = 8, scenario: str = "boxes", first: int = 0) -> tuple[Frame, ...]:
    """The first frames of the street, made once."""
    made = rig(cameras)
    return tuple(a_frame(made, k, scenario) for k in range(first, first + count))
