"""Argoverse 2 sensor: sweeps, ring cameras, cuboids, and the HD map with its ground height (Wilson et al. 2021).

Sources: av2 0.3.6, datasets/sensor, structures/cuboid.py, map/map_api.py; argoverse.github.io/user-guide. Of the cameras, those
that look where a ring camera looks get its name, a stereo pair beside the one that looks ahead gets those of the pair, others
are left out. The highest lidar is the upper one, one below it the lower one; their points are one sweep. The city's coordinates
are the world's.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame, Layout, MapLane
from scenesim.datasets import cuboid, specs
from scenesim.datasets.folder import FolderWriter, as_json
from scenesim.datasets.png import jpeg

CITY = "PIT"
RING = {
    "ring_front_center": 0.0, "ring_front_left": 45.0, "ring_front_right": -45.0, "ring_side_left": 99.0,
    "ring_side_right": -99.0, "ring_rear_left": 153.0, "ring_rear_right": -153.0,
}  # fmt: skip
STEREO = ("stereo_front_left", "stereo_front_right")
UP, DOWN = "up_lidar", "down_lidar"  # readers want both; where there is one lidar, it is both
STACKED_M = 0.5  # two lidars are one above the other, where they are no further apart along the ground
CATEGORIES = {
    "car": "REGULAR_VEHICLE", "van": "REGULAR_VEHICLE", "truck": "TRUCK", "bus": "BUS", "trailer": "VEHICULAR_TRAILER",
    "motorcycle": "MOTORCYCLE", "bicycle": "BICYCLE", "pedestrian": "PEDESTRIAN", "child": "PEDESTRIAN", "animal": "ANIMAL",
    "cone": "CONSTRUCTION_CONE", "traffic_sign": "SIGN", "articulated_bus": "ARTICULATED_BUS", "tram": "RAILED_VEHICLE",
    "construction_vehicle": "LARGE_VEHICLE", "ambulance": "LARGE_VEHICLE", "police_car": "REGULAR_VEHICLE",
    "personal_mobility": "WHEELED_DEVICE",
}  # fmt: skip
MARKS = {
    "none": "NONE", "broken": "DASHED_{}", "solid": "SOLID_{}", "solid_solid": "DOUBLE_SOLID_{}",
    "broken_broken": "DOUBLE_DASH_{}", "solid_broken": "SOLID_DASH_{}", "broken_solid": "DASH_SOLID_{}",
}  # fmt: skip
GROUND = ("road", "lane_marking", "sidewalk", "terrain")
SEGMENT_M = 30.0  # the longest piece of a lane
CELL_M, MARGIN_M, REACH_M = 0.3, 20.0, 10.0  # of the ground's heights: a cell, beyond the layout, from the nearest known one

# The ego frame of Argoverse 2 has its origin in the middle of the rear axle, 0.33 m above the ground.
EGO_FROM_AV2 = Pose.of((0.0, 0.0, 0.33))
POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")


class Av2Writer(FolderWriter):
    """Argoverse 2 of the ring and stereo cameras and one or two lidars: {train,val}/<log>. jpeg_quality: of the images."""

    FORMAT = "av2"
    OWN = frozenset({"train", "val"})

    def __init__(self, folder: str | Path, *, jpeg_quality: int = 95, **options: Any):
        super().__init__(folder, **options)
        self.jpeg_quality = jpeg_quality

    def begin_scene(self, frame: Frame) -> None:
        if frame.layout is None or not frame.layout.drivable_m:
            raise InputError("av2 needs the layout of the road, and this dataset has none; render it again")
        self.layout = frame.layout
        self.log = uuid(self.scene, frame.scenario)
        self.at = f"{self.split_of(self.scene)}/{self.log}"
        self.lidars = stacked_lidars(frame, self.FORMAT)
        self.cameras = channels(frame)
        if not self.cameras:
            raise InputError("av2 needs a camera that looks where one of its ring cameras looks, and these frames have none")
        self.city_from_ego: dict[int, Pose] = {}
        self.annotations: list[dict[str, Any]] = []
        self.heights: list[NDArray[np.float64]] = []
        self._calibrate(frame)

    def _calibrate(self, frame: Frame) -> None:
        mounted = {channel: specs.mounting(frame, camera) for camera, channel in self.cameras.items()}
        mounted |= {UP: specs.mounting(frame, self.lidars[0]), DOWN: specs.mounting(frame, self.lidars[-1])}
        poses = [_columns(EGO_FROM_AV2.inverse() @ pose) for pose in mounted.values()]
        self._table("calibration/egovehicle_SE3_sensor", [{"sensor_name": n, **p} for n, p in zip(mounted, poses)])
        rows = []
        for camera, channel in self.cameras.items():
            specs.require_pinhole(frame, camera, self.FORMAT)
            k, (height, width) = specs.matrix(frame, camera), frame.images[camera].class_id.shape
            row = {"sensor_name": channel, "fx_px": k[0, 0], "fy_px": k[1, 1], "cx_px": k[0, 2], "cy_px": k[1, 2]}
            rows.append(row | {"k1": 0.0, "k2": 0.0, "k3": 0.0, "height_px": height, "width_px": width})
        self._table("calibration/intrinsics", rows)

    def add(self, frame: Frame) -> None:
        now = self.time_us(frame.time_s) * 1000
        self.city_from_ego[now] = frame.world_from_ego @ EGO_FROM_AV2
        for camera, channel in self.cameras.items():
            image = frame.images[camera]
            at = self.time_us(float(image.row_time_s[len(image.row_time_s) // 2])) * 1000
            world_from_ego = image.world_from_camera @ specs.mounting(frame, camera).inverse()
            self.city_from_ego.setdefault(at, world_from_ego @ EGO_FROM_AV2)
            self.put(f"{self.at}/sensors/cameras/{channel}/{at}.jpg", jpeg(image.rgb, self.jpeg_quality))
        points = self._sweep(frame, now)
        self._annotate(frame, now, points)
        for sweep in (frame.sweeps[name] for name in self.lidars):
            ground = np.isin(sweep.class_id, [taxonomy.class_id(name) for name in GROUND])
            self.heights.append(thinned(frame.world_from_ego.apply(sweep.xyz_ego_m[ground])))

    def _sweep(self, frame: Frame, now: int) -> NDArray[np.float32]:
        """Write a sweep, the beams of the lower lidar numbered on from those of the upper; returns its points (N, 3)."""
        sweeps = [frame.sweeps[name] for name in self.lidars]
        beams = frame.calibration[self.lidars[0]]["rings"]
        at_once = np.concatenate([specs.points_at_once(frame, name) for name in self.lidars])
        points = EGO_FROM_AV2.inverse().apply(at_once).astype(np.float32)
        columns = {axis: np.ascontiguousarray(points[:, k]) for k, axis in enumerate("xyz")}
        columns["intensity"] = np.concatenate([np.round(s.intensity * 255).astype(np.uint8) for s in sweeps])
        columns["laser_number"] = np.concatenate([s.ring + k * beams for k, s in enumerate(sweeps)]).astype(np.uint8)
        offset = np.concatenate([s.time_offset_s for s in sweeps]).astype(float)
        columns["offset_ns"] = np.round(offset * 1e9).astype(np.int32)
        self.put(f"{self.at}/sensors/lidar/{now}.feather", encode(pa.table(columns)))
        return points

    def _annotate(self, frame: Frame, now: int, points: NDArray[np.float32]) -> None:
        objects = frame.objects
        poses = (frame.world_from_ego @ EGO_FROM_AV2).inverse() @ objects.world_from_object
        counts = cuboid.counts(points, poses, objects.size_lwh_m)
        seen = specs.seen(frame)
        for k, track in enumerate(objects.track.tolist()):
            category = object_category(frame, k)
            if not category or not (seen[k] or counts[k]):
                continue
            row = {"timestamp_ns": now, "track_uuid": uuid(self.scene, self.scenes[-1], track), "category": category}
            row |= dict(zip(("length_m", "width_m", "height_m"), objects.size_lwh_m[k].tolist()))
            self.annotations.append(row | _columns(poses[k]) | {"num_interior_pts": counts[k]})

    def end_scene(self) -> None:
        if not self.annotations:
            raise InputError("av2 cannot hold a scenario in which no sensor sees an object")
        self._table("annotations", self.annotations)
        rows = [{"timestamp_ns": t, **_columns(self.city_from_ego[t])} for t in sorted(self.city_from_ego)]
        self._table("city_SE3_egovehicle", rows)
        path = np.array([pose.translation for pose in self.city_from_ego.values()])
        heights, low = ground_heights(self.layout, path[:, :2], np.concatenate(self.heights))
        data = io.BytesIO()
        np.save(data, heights)
        at = f"{self.at}/map"
        self.put(f"{at}/log_map_archive_{self.log}____{CITY}_city_00000.json", as_json(vector_map(self.layout), None))
        self.put(f"{at}/{self.log}_ground_height_surface____{CITY}.npy", data.getvalue())
        image_from_city = {"R": [1.0, 0.0, 0.0, 1.0], "t": [float(-low[0]), float(-low[1])], "s": 1 / CELL_M}
        self.put(f"{at}/{self.log}___img_Sim2_city.json", as_json(image_from_city))

    def _table(self, name: str, rows: list[dict[str, Any]]) -> None:
        self.put(f"{self.at}/{name}.feather", encode(pa.Table.from_pylist(rows)))


def channels(frame: Frame) -> dict[str, str]:
    """camera -> channel of Argoverse 2."""
    ahead = [c for c in frame.images if abs(specs.heading(frame, c)) < 0.01]
    left = specs.front_camera(frame, "av2") if ahead else ""
    right = specs.right_of(frame, left) if left else None
    pair = dict(zip((left, right), STEREO)) if right is not None and len(ahead) > 2 else {}
    return specs.by_heading(frame, RING, without=pair) | {c: channel for c, channel in pair.items() if c}


def stacked_lidars(frame: Frame, format_name: str) -> list[str]:
    """The highest lidar and, if there is one, the highest of those below it."""
    up = specs.main_lidar(frame, format_name)
    at = {name: specs.mounting(frame, name).translation for name in frame.sweeps}
    below = [n for n in at if n != up and np.sqrt(((at[n] - at[up])[:2] ** 2).sum()) <= STACKED_M]
    return [up, *sorted(below, key=lambda n: -at[n][2])[:1]]


def uuid(*names: object) -> str:
    """A name in the form of a UUID, the same for the same names."""
    h = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=16).hexdigest()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def encode(table: pa.Table) -> bytes:
    """A table as Feather."""
    out = io.BytesIO()
    feather.write_feather(table, out, compression="zstd")
    return out.getvalue()


def object_category(frame: Frame, k: int) -> str:
    """Category of object k, "" for none."""
    name = frame.classes[int(frame.objects.class_id[k])]
    if name == "traffic_sign" and frame.objects.name[k].startswith("stop"):
        return "STOP_SIGN"
    return taxonomy.role("av2", frame.objects.attributes[k]) or CATEGORIES.get(name, "")


def vector_map(layout: Layout) -> dict[str, Any]:
    """Lane segments, drivable areas and crosswalks by their numbers."""
    cut = {lane.id: pieces(lane) for lane in layout.lanes}
    number: dict[tuple[str, int], int] = {}
    for name, parts in cut.items():
        for k in range(len(parts)):
            number[name, k] = len(number) + 1
    first = len(number) + 1
    areas = {k: {"id": k, "area_boundary": _points(outline)} for k, outline in enumerate(layout.drivable_m, first)}
    first += len(areas)
    crossings = {k: {"id": k, **_edges(outline)} for k, outline in enumerate(layout.crosswalks_m, first)}
    segments = [_segment(lane, k, cut, number) for lane in layout.lanes for k in range(len(cut[lane.id]))]
    return {
        "pedestrian_crossings": crossings,
        "lane_segments": {segment["id"]: segment for segment in segments},
        "drivable_areas": areas,
    }


def pieces(lane: MapLane) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(left, right) edges of the segments of a lane: Argoverse's are short, and readers take ten points of each."""
    middle = (lane.left_m + lane.right_m) / 2
    along = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(middle, axis=0) ** 2).sum(1)))])
    count = max(1, int(np.ceil(along[-1] / SEGMENT_M)))
    out = []
    for low, high in zip(*(np.linspace(0, along[-1], count + 1)[i : i + count] for i in (0, 1))):
        at = np.concatenate([[low], along[(along > low + 1e-6) & (along < high - 1e-6)], [high]])
        edges = (np.stack([np.interp(at, along, edge[:, k]) for k in range(3)], -1) for edge in (lane.left_m, lane.right_m))
        out.append(tuple(edges))
    return out


def _segment(lane: MapLane, k: int, cut: dict[str, list], number: dict[tuple[str, int], int]) -> dict[str, Any]:
    """Segment k of a lane."""
    last = len(cut[lane.id]) - 1
    left, right = cut[lane.id][k]

    def beside(name: str) -> int | None:
        return number[name, k * len(cut[name]) // (last + 1)] if name in cut else None

    after = [number[n, 0] for n in lane.successors] if k == last else [number[lane.id, k + 1]]
    before = [number[n, len(cut[n]) - 1] for n in lane.predecessors] if k == 0 else [number[lane.id, k - 1]]
    return {
        "id": number[lane.id, k],
        "is_intersection": lane.junction,
        "lane_type": "BUS" if lane.kind == "bus" else "VEHICLE",
        "left_lane_boundary": _points(left),
        "left_lane_mark_type": _mark(lane.left_mark, lane.left_color),
        "right_lane_boundary": _points(right),
        "right_lane_mark_type": _mark(lane.right_mark, lane.right_color),
        "successors": after,
        "predecessors": before,
        "right_neighbor_id": beside(lane.right),
        "left_neighbor_id": beside(lane.left),
    }


def _mark(kind: str, color: str) -> str:
    return MARKS.get(kind, "UNKNOWN").format("YELLOW" if color == "yellow" else "WHITE")


def _edges(outline: NDArray[np.float64]) -> dict[str, Any]:
    """Two opposite edges of a crosswalk; of one that has not four corners, those of the rectangle about it."""
    if len(outline) != 4:
        corners = cv2.boxPoints(cv2.minAreaRect((outline[:, :2] - outline[0, :2]).astype(np.float32))) + outline[0, :2]
        outline = np.concatenate([corners, np.full((4, 1), outline[:, 2].mean())], 1)
    return {"edge1": _points(outline[:2]), "edge2": _points(outline[[3, 2]])}


def _points(points: NDArray[np.float64]) -> list[dict[str, float]]:
    return [dict(zip("xyz", row)) for row in points.tolist()]


def _columns(pose: Pose) -> dict[str, float]:
    return dict(zip(POSE, pose.vector().tolist()))


def thinned(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """One of the points (N, 3) in each cell of the ground's heights."""
    _, first = np.unique(np.floor(points[:, :2] / CELL_M).astype(np.int64), axis=0, return_index=True)
    return points[np.sort(first)]


def ground_heights(
    layout: Layout, path: NDArray[np.float64], hits: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """(heights (H, W), (x, y) of the corner of the first cell): of the layout's lines and of the points (N, 3) where the lidar
    hit the ground, spread to the nearest cells; nan where there is none near. Rows go along y."""
    lines = [edge for lane in layout.lanes for edge in (lane.left_m, lane.right_m)]
    lines += [np.concatenate([o, o[:1]]) for o in (*layout.drivable_m, *layout.walkways_m)]
    known = np.concatenate([hits, *(_dense(line) for line in lines)])
    extent = np.concatenate([path, *(line[:, :2] for line in lines)])
    low = np.floor(extent.min(0) - MARGIN_M)
    width, height = (int(n) for n in np.ceil((extent.max(0) + MARGIN_M - low) / CELL_M))
    column, row = np.floor((known[:, :2] - low) / CELL_M).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    heights = np.full((height, width), np.nan, np.float32)
    heights[row[inside], column[inside]] = known[inside, 2]
    unknown = np.isnan(heights).astype(np.uint8)
    distance, label = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(label.max()) + 1, np.float32)
    of_label[label[unknown == 0]] = heights[unknown == 0]
    return np.where(distance * CELL_M <= REACH_M, of_label[label], np.float32(np.nan)), low


def _dense(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on a line (n, 3), no further apart than half a cell."""
    parts = [line[-1:]]
    for a, b in zip(line[:-1], line[1:]):
        n = max(1, int(np.ceil(np.sqrt(((b - a)[:2] ** 2).sum()) / (CELL_M / 2))))
        parts.append(a + (b - a) * (np.arange(n) / n)[:, None])
    return np.concatenate(parts)
