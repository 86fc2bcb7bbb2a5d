"""Kernels compiled beside the rest: on a first run another process fills the disk cache while this one builds models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np

MARKER = "compiled"


def marker() -> Path:
    """The file that says that the kernels of these sources are in the cache."""
    return Path(numba.config.CACHE_DIR) / MARKER


def start() -> subprocess.Popen[bytes] | None:
    """A process that compiles what a frame needs; None where that is done already, or there is no processor for it."""
    from scenesim.capture.cast import available_threads

    if marker().exists() or available_threads() < 2 or os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return None
    return subprocess.Popen([sys.executable, "-m", "scenesim.warm"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compile_all() -> None:
    """Make one small frame of a wall on a floor, so that every kernel of the usual way is compiled and kept on disk."""
    from scenesim.base import keys
    from scenesim.base.frames import Pose
    from scenesim.capture import image
    from scenesim.capture.sweep import capture_sweep
    from scenesim.datasets.png import png
    from scenesim.geometry import solids
    from scenesim.geometry.mesh import Surface
    from scenesim.labels import objects, pixels
    from scenesim.labels.view import View
    from scenesim.models.catalogue import ModelRequest
    from scenesim.models.model import CHANNELS
    from scenesim.scene.ambient import AmbientField
    from scenesim.scene.environment import environment
    from scenesim.scene.placement import Placement
    from scenesim.scene.stage import Stage
    from scenesim.sensors import rig as rigs
    from scenesim.world.timeline import ActorInfo, Timeline

    rig = rigs.load(
        {
            "sensors": {
                "front": {"sensor": "camera_640x360", "position_m": [1, 0, 1], "width_px": 32, "height_px": 24},
                "top": {"sensor": "lidar_vlp16", "position_m": [1, 0, 2]},
            }
        }
    )
    time_s = np.array([0.0, 1.0])
    x = np.array([[0.0, 1.0], [6.0, 7.0]])
    poses = Pose.of(np.stack([x, 0 * x, 0 * x], -1), yaw=np.zeros((2, 2)))
    actors = tuple(ActorInfo(name, ModelRequest("roadside", "bollard")) for name in ("ego", "other"))
    still = np.zeros((2, 2, len(CHANNELS)))
    timeline = Timeline(time_s, poses, np.ones((2, 2), bool), still, np.zeros((2, 2), np.int32), actors)
    floor = solids.box((60, 60, 0.2), (0, 0, -0.1), Surface("asphalt", "road"))
    wall = solids.box((0.2, 20, 6), (15, 0, 3), Surface("facade", "building"))
    stage = Stage(timeline, [Placement(Pose.identity(), mesh=m, class_name="building") for m in (floor, wall)])
    snapshot = stage.at(0.5, 0.4, 0.6)
    air = environment(sun_elevation_deg=40, sun_azimuth_deg=200, cloud_cover=0.3, visibility_m=20000)
    env = AmbientField(air, stage.still).around(snapshot.origin_m)
    track, key = np.arange(2, dtype=np.uint16), keys.root(0)
    for camera in rig.cameras:
        view = View.of(camera, timeline, snapshot)
        rays, hits, rgb = image.capture(snapshot.scene, env, camera, view.local_from_camera, key, 1)
        labels = pixels.label(snapshot, view, rays, hits, track, 1)
        objects.seen_by(timeline, snapshot, view, rays, labels, objects.boxes(stage, snapshot), 1)
        pixels.flow(pixels.Surfaces(hits, view, snapshot.instance_of), snapshot, view, 1)
        for picture in (rgb, labels.class_id.reshape(24, 32), labels.instance.reshape(24, 32)):
            png(picture)
    for lidar in rig.lidars:
        ego = lambda t: snapshot.local(timeline.ego_poses(0.5 + t))  # noqa: E731
        capture_sweep(snapshot.scene, lidar, ego, snapshot.world_from_local, key, track, 1)
    marker().parent.mkdir(parents=True, exist_ok=True)
    marker().touch()


if __name__ == "__main__":
    compile_all()
