"""nuScenes v1.0: tables, keyframes and sweeps, radars, lidarseg, panoptic, map mask and map expansion (Caesar et al. 2020).

Sources: nuscenes-devkit 1.2.0, docs/schema_nuscenes.md, docs/instructions_lidarseg.md, python-sdk/nuscenes.

Frames half a second apart or more are keyframes, those between them sweeps; what comes after the last keyframe is left out.
Cameras get the channel that looks where they look. Scenarios are laid side by side in the maps, whose coordinates are all
positive; where, is said in log as scenesim_origin_m.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.capture.frame import Frame, Layout
from scenesim.datasets import cuboid, nuscenes_map, nuscenes_radar, specs
from scenesim.datasets.folder import FolderWriter, as_json
from scenesim.datasets.png import jpeg, png

VERSION = "v1.0-mini"
KEYFRAME_S = 0.5
# The scenes of the mini split: first its validation scenes, so that two scenarios complete a split that evaluators know.
SCENES = tuple(f"scene-{n}" for n in ("0103", "0916", "0061", "0553", "0655", "0757", "0796", "1077", "1094", "1100"))
CAMERAS = {
    "CAM_FRONT": 0.0, "CAM_FRONT_LEFT": 55.0, "CAM_FRONT_RIGHT": -55.0, "CAM_BACK_LEFT": 110.0, "CAM_BACK_RIGHT": -110.0,
    "CAM_BACK": 180.0,
}  # fmt: skip
# Names by lidarseg index (color_map.py).
CATEGORIES = (
    "noise", "animal", "human.pedestrian.adult", "human.pedestrian.child", "human.pedestrian.construction_worker",
    "human.pedestrian.personal_mobility", "human.pedestrian.police_officer", "human.pedestrian.stroller",
    "human.pedestrian.wheelchair", "movable_object.barrier", "movable_object.debris", "movable_object.pushable_pullable",
    "movable_object.trafficcone", "static_object.bicycle_rack", "vehicle.bicycle", "vehicle.bus.bendy", "vehicle.bus.rigid",
    "vehicle.car", "vehicle.construction", "vehicle.emergency.ambulance", "vehicle.emergency.police", "vehicle.motorcycle",
    "vehicle.trailer", "vehicle.truck", "flat.driveable_surface", "flat.other", "flat.sidewalk", "flat.terrain",
    "static.manmade", "static.other", "static.vegetation", "vehicle.ego",
)  # fmt: skip
THINGS = range(1, 24)
STATIC_OTHER = CATEGORIES.index("static.other")
ATTRIBUTES = (
    "vehicle.moving", "vehicle.stopped", "vehicle.parked", "cycle.with_rider", "cycle.without_rider", "pedestrian.moving",
    "pedestrian.standing", "pedestrian.sitting_lying_down",
)  # fmt: skip
VISIBILITY = {"1": "v0-40", "2": "v40-60", "3": "v60-80", "4": "v80-100"}
MOVING_M_S = 0.2
TABLES = (
    "category", "attribute", "visibility", "instance", "sensor", "calibrated_sensor", "ego_pose", "log", "scene", "sample",
    "sample_data", "sample_annotation", "map", "lidarseg", "panoptic",
)  # fmt: skip

# lidar_from_nuscenes: its lidar looks along y, x to the right.
LIDAR_FROM_NUSCENES = Pose.of((0.0, 0.0, 0.0), yaw=-np.pi / 2)


@dataclass
class _Scene:
    """What is kept of a scenario: rows that wait for the place of its map, and what bounds that."""

    name: str
    log: str
    layout: Layout | None
    ego_m: list[NDArray[np.float64]]
    placed: list[dict[str, Any]]


class NuscenesWriter(FolderWriter):
    """nuScenes of every pinhole camera, lidar and radar of the frames. jpeg_quality: of the images."""

    FORMAT = "nuscenes"
    OWN = frozenset({VERSION, "samples", "sweeps", "maps", "lidarseg", "panoptic"})

    def __init__(self, folder: str | Path, *, jpeg_quality: int = 95, **options: Any):
        super().__init__(folder, **options)
        self.jpeg_quality = jpeg_quality

    def start(self) -> None:
        super().start()
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.kept: list[_Scene] = []
        for k, name in enumerate(CATEGORIES):
            self._row("category", token(name), name=name, description="", index=k)
        for name in ATTRIBUTES:
            self._row("attribute", token(name), name=name, description="")
        for key, level in VISIBILITY.items():
            self._row("visibility", key, level=level, description=f"visible part, %: {level[1:]}")

    # ---- scenarios

    def begin_scene(self, frame: Frame) -> None:
        self.lidar = specs.main_lidar(frame, self.FORMAT)
        if not frame.images:
            raise InputError("nuscenes needs a camera, and these frames have none")
        known = specs.by_heading(frame, CAMERAS)
        self.channels = {c: known.get(c, _channel("CAM", c)) for c in frame.images}
        self.channels |= {s: "LIDAR_TOP" if s == self.lidar else _channel("LIDAR", s) for s in frame.sweeps}
        self.channels |= {s: _channel("RADAR", s) for s in frame.radars}
        if len(set(self.channels.values())) < len(self.channels):
            raise InputError(f"two sensors get the same channel of nuScenes: {sorted(self.channels.values())}; rename one")
        name = SCENES[self.scene] if self.scene < len(SCENES) else f"scene-{9000 + self.scene}"
        self.kept.append(_Scene(name, token(name, "log"), frame.layout, [], []))
        self.samples: list[dict[str, Any]] = []
        self.last: dict[str, dict[str, Any]] = {}  # channel -> its last sample_data
        # (channel, sample_data, ego_pose) since the last keyframe
        self.waiting: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self.instances: dict[int, dict[str, Any]] = {}  # track -> instance
        self.annotations: dict[int, dict[str, Any]] = {}  # track -> its last annotation
        self.numbers: dict[int, int] = defaultdict(int)  # category -> instances so far
        self.number_of: dict[int, int] = {}  # track -> 1000 * category + number
        for sensor, channel in self.channels.items():
            self._add_sensor(frame, sensor, channel)

    def _add_sensor(self, frame: Frame, sensor: str, channel: str) -> None:
        camera = sensor in frame.images
        if camera:
            specs.require_pinhole(frame, sensor, self.FORMAT)
        if not any(row["channel"] == channel for row in self.rows["sensor"]):
            self._row("sensor", token(channel), channel=channel, modality=frame.calibration[sensor]["kind"])
        mounted = specs.mounting(frame, sensor) @ (LIDAR_FROM_NUSCENES if sensor in frame.sweeps else Pose.identity())
        self._row(
            "calibrated_sensor",
            self._token("calibration", channel),
            sensor_token=token(channel),
            translation=mounted.translation.tolist(),
            rotation=mounted.rotation.tolist(),
            camera_intrinsic=specs.matrix(frame, sensor).tolist() if camera else [],
        )

    def end_scene(self) -> None:
        for _, row, _ in self.waiting:  # after the last keyframe: they belong to no sample
            (self.folder / row["filename"]).unlink()
        scene = self.kept[-1]
        self._row(
            "scene",
            self._token("scene"),
            name=scene.name,
            description=self.scenes[-1],
            log_token=scene.log,
            nbr_samples=len(self.samples),
            first_sample_token=self.samples[0]["token"],
            last_sample_token=self.samples[-1]["token"],
        )

    # ---- frames

    def add(self, frame: Frame) -> None:
        now = self.time_us(frame.time_s)
        key = not self.samples or now - self.samples[-1]["timestamp"] >= KEYFRAME_S * 1e6 - 1000
        scene = self.kept[-1]
        scene.ego_m.append(frame.world_from_ego.translation)
        sample = self._token("sample", frame.index)
        points = {s: self._points(frame, s) for s in frame.sweeps}
        for name, image in frame.images.items():
            at = float(image.row_time_s[len(image.row_time_s) // 2])
            world_from_ego = image.world_from_camera @ specs.mounting(frame, name).inverse()
            data = jpeg(image.rgb, self.jpeg_quality)
            height, width = image.class_id.shape
            self._add_data(frame, name, self.time_us(at), world_from_ego, key, data, "jpg", (width, height))
        for name in frame.sweeps:
            data = points[name].tobytes()
            self._add_data(frame, name, now, frame.world_from_ego, key, data, "pcd", (0, 0))
        for name, found in frame.radars.items():
            self._add_data(frame, name, now, frame.world_from_ego, key, nuscenes_radar.pcd(found), "pcd", (0, 0))
        if not key:
            return
        self._accept(sample)
        before = self.samples[-1] if self.samples else None
        row = self._row("sample", sample, timestamp=now, scene_token=self._token("scene"), prev="", next="")
        if before is not None:
            row["prev"], before["next"] = before["token"], sample
        self.samples.append(row)
        annotated = self._annotate(frame, sample, points[self.lidar])
        self._label_points(frame, annotated)

    def _points(self, frame: Frame, lidar: str) -> NDArray[np.float32]:
        """(N, 5) x, y, z, intensity to 255, ring, all at the reference time."""
        sweep = frame.sweeps[lidar]
        nuscenes_from_ego = (specs.mounting(frame, lidar) @ LIDAR_FROM_NUSCENES).inverse()
        xyz = nuscenes_from_ego.apply(specs.points_at_once(frame, lidar))
        return np.concatenate([xyz, sweep.intensity[:, None] * 255.0, sweep.ring[:, None]], 1).astype(np.float32)

    def _add_data(self, frame, sensor, time_us, world_from_ego, key, data, kind, size) -> None:
        """Write the file of a sensor; its rows wait for the next keyframe."""
        channel = self.channels[sensor]
        name = self._token("data", channel, frame.index)
        path = f"{'samples' if key else 'sweeps'}/{channel}/scenesim-{self.scene:04d}__{channel}__{time_us}.{kind}"
        path += ".bin" if sensor in frame.sweeps else ""
        self.put(path, data)
        pose = {"token": name, "timestamp": time_us}
        pose |= {"translation": world_from_ego.translation.tolist(), "rotation": world_from_ego.rotation.tolist()}
        row = {"token": name, "sample_token": "", "ego_pose_token": name}
        row |= {"calibrated_sensor_token": self._token("calibration", channel), "filename": path, "fileformat": kind}
        row |= {"width": size[0], "height": size[1], "timestamp": time_us, "is_key_frame": key, "prev": "", "next": ""}
        self.waiting.append((channel, row, pose))

    def _accept(self, sample: str) -> None:
        """Take what has waited into the tables: it belongs to the sample that has come now."""
        for channel, row, pose in self.waiting:
            row["sample_token"] = sample
            before = self.last.get(channel)
            if before is not None:
                row["prev"], before["next"] = before["token"], row["token"]
            self.last[channel] = row
            self.rows["sample_data"].append(row)
            self.rows["ego_pose"].append(pose)
            self.kept[-1].placed.append(pose)
        self.waiting = []

    def _annotate(self, frame: Frame, sample: str, points: NDArray[np.float32]) -> dict[int, int]:
        """Annotate what the lidar hits, as nuScenes does. Returns track -> category index."""
        objects = frame.objects
        nuscenes_from_world = (frame.world_from_ego @ specs.mounting(frame, self.lidar) @ LIDAR_FROM_NUSCENES).inverse()
        counts = cuboid.counts(points[:, :3], nuscenes_from_world @ objects.world_from_object, objects.size_lwh_m)
        fraction = np.max([c.visible_fraction for c in objects.cameras.values()], axis=0)
        seen = specs.seen(frame)
        echoes = nuscenes_radar.counts(frame)
        annotated = {}
        for k, track in enumerate(objects.track.tolist()):
            category = object_category(frame, k)
            if category not in THINGS or not (counts[k] or seen[k]):
                continue
            annotated[track] = category
            name = self._token("annotation", track, frame.index)
            instance = self.instances.get(track)
            if instance is None:
                instance = self._row("instance", self._token("instance", track), category_token=token(CATEGORIES[category]))
                instance |= {"nbr_annotations": 0, "first_annotation_token": name}
                self.instances[track] = instance
            instance["nbr_annotations"] += 1
            instance["last_annotation_token"] = name
            before = self.annotations.get(track)
            attribute = object_attribute(frame, k, category)
            length, width, height = objects.size_lwh_m[k].tolist()
            row = self._row(
                "sample_annotation",
                name,
                sample_token=sample,
                instance_token=instance["token"],
                visibility_token=visibility(float(fraction[k])),
                attribute_tokens=[token(attribute)] if attribute else [],
                translation=objects.world_from_object.translation[k].tolist(),
                size=[width, length, height],
                rotation=objects.world_from_object.rotation[k].tolist(),
                num_lidar_pts=counts[k],
                num_radar_pts=echoes.get(track, 0),
                prev=before["token"] if before else "",
                next="",
            )
            if before:
                before["next"] = name
            self.annotations[track] = row
            self.kept[-1].placed.append(row)
        return annotated

    def _label_points(self, frame: Frame, annotated: dict[int, int]) -> None:
        sweep = frame.sweeps[self.lidar]
        semantic = class_table()[sweep.class_id]
        panoptic = semantic.astype(np.uint16) * 1000
        for track, category in annotated.items():
            if track not in self.number_of:
                self.numbers[category] += 1
                if self.numbers[category] > 999:
                    raise InputError(f"more than 999 of {CATEGORIES[category]} in a scenario; nuScenes has no numbers for them")
                self.number_of[track] = 1000 * category + self.numbers[category]
            mine = (sweep.instance == track) & thing_classes()[sweep.class_id]
            semantic[mine], panoptic[mine] = category, self.number_of[track]
        name = self._token("data", "LIDAR_TOP", frame.index)
        packed = io.BytesIO()
        np.savez_compressed(packed, data=panoptic)
        for table, suffix, data in (("lidarseg", ".bin", semantic.tobytes()), ("panoptic", ".npz", packed.getvalue())):
            path = f"{table}/{VERSION}/{name}_{table}{suffix}"
            self.put(path, data)
            self._row(table, name, sample_data_token=name, filename=path)

    # ---- the end

    def finish(self) -> None:
        maps = nuscenes_map.Maps()
        splits: dict[str, list[str]] = {"scenesim_train": [], "scenesim_val": []}
        for k, scene in enumerate(self.kept):
            origin, location = maps.place(scene.layout, np.array(scene.ego_m))
            for row in scene.placed:
                x, y, z = row["translation"]
                row["translation"] = [x + origin[0], y + origin[1], z]
            splits[f"scenesim_{self.split_of(k)}"].append(scene.name)
            day = f"2023-11-{14 + k % 17:02d}"
            log = {"logfile": f"scenesim-{k:04d}", "vehicle": "scenesim", "date_captured": day, "location": location}
            self._row("log", scene.log, **log, scenesim_origin_m=list(origin))
        for location, mask in maps.masks():
            logs = [row["token"] for row in self.rows["log"] if row["location"] == location]
            path = f"maps/{token(location)}.png"
            self.put(path, png(mask))
            self._row("map", token(location), log_tokens=logs, category="semantic_prior", filename=path)
        for location, data in maps.expansions():
            self.put(f"maps/expansion/{location}.json", as_json(data, None))
        for name, rows in self.rows.items():
            self.put(f"{VERSION}/{name}.json", as_json(rows, 0))
        self.put(f"{VERSION}/splits.json", as_json({k: v for k, v in splits.items() if v}))

    def _row(self, table: str, key: str, /, **values: Any) -> dict[str, Any]:
        row = {"token": key, **values}
        self.rows[table].append(row)
        return row

    def _token(self, *names: object) -> str:
        return token(self.scene, *names)


def token(*names: object) -> str:
    """32 hexadecimal digits, the same for the same names."""
    return hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=16).hexdigest()


def object_category(frame: Frame, k: int) -> int:
    """Index of the category of object k."""
    name, said = frame.classes[int(frame.objects.class_id[k])], frame.objects.attributes[k]
    return CATEGORIES.index(taxonomy.role("nuscenes", said) or str(taxonomy.classes()[name].in_taxonomy("nuscenes")))


def object_attribute(frame: Frame, k: int, category: int) -> str:
    """Attribute of object k, "" where its category has none."""
    said, name = frame.objects.attributes[k], CATEGORIES[category]
    speed = float(np.sqrt((frame.objects.velocity_m_s[k] ** 2).sum()))
    driven = said.get("driver", "true") == "true"
    if name in ("vehicle.bicycle", "vehicle.motorcycle"):
        return "cycle.with_rider" if driven else "cycle.without_rider"
    if name.startswith("vehicle."):
        return "vehicle.moving" if speed > MOVING_M_S else "vehicle.stopped" if driven else "vehicle.parked"
    if name.startswith("human."):
        if name.endswith(("stroller", "personal_mobility")):
            return ""
        if said.get("posture", "upright") in ("sit", "kneel", "lie"):
            return "pedestrian.sitting_lying_down"
        return "pedestrian.moving" if speed > MOVING_M_S else "pedestrian.standing"
    return ""


def visibility(fraction: float) -> str:
    """Token of the visible part of an object: of the camera that sees most of it."""
    return "1" if fraction < 0.4 else "2" if fraction < 0.6 else "3" if fraction < 0.8 else "4"


def class_table() -> NDArray[np.uint8]:
    """(256,) lidarseg index of each class for points that belong to no annotated object: those of things are "static.other"."""
    table = np.zeros(256, np.uint8)
    for info in taxonomy.classes().values():
        category = CATEGORIES.index(str(info.in_taxonomy("nuscenes")))
        table[info.id] = STATIC_OTHER if category in THINGS else category
    return table


def thing_classes() -> NDArray[np.bool_]:
    """(256,) whether points of a class are those of a thing, where they belong to an annotated object."""
    table = np.zeros(256, bool)
    for info in taxonomy.classes().values():
        table[info.id] = CATEGORIES.index(str(info.in_taxonomy("nuscenes"))) in THINGS
    return table


def _channel(kind: str, sensor: str) -> str:
    name = sensor.upper().replace("-", "_").replace(".", "_")
    return name if name.startswith(kind + "_") else f"{kind}_{name}"
