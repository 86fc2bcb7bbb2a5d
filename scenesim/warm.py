"""Kernels compiled beside the rest: on a first run other processes fill the disk cache while this one builds models."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np

from scenesim.base.processes import module_command

PARTS = ("rays", "light")  # about the same work each, and little of it in common


def marker(part: str) -> Path:
    """The file that says that the kernels of a part, of these sources, are in the cache."""
    return Path(numba.config.CACHE_DIR) / f"{part}.compiled"


def start() -> list[subprocess.Popen[bytes]]:
    """Processes that compile what a frame needs; none where that is done already, or there is one processor only."""
    from scenesim.capture.cast import available_threads

    missing = [part for part in PARTS if not marker(part).exists()]
    if not missing or available_threads() < 2 or os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return [subprocess.Popen(module_command("scenesim.warm", part), **quiet) for part in missing]


def is_done() -> bool:
    """Whether all that a frame needs is compiled."""
    return all(marker(part).exists() for part in PARTS)


def ensure() -> None:
    """Wait until all that a frame needs is compiled, so that processes which start now find it in the cache."""
    for process in start():
        process.wait()
    for part in PARTS:
        if not marker(part).exists() and os.environ.get("NUMBA_DISABLE_JIT") != "1":
            subprocess.run(module_command("scenesim.warm", part), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compile_part(part: str) -> None:
    """Do once, with a wall on a floor, what makes a frame: cast rays and name what they hit, or find the light along them."""
    {"rays": _rays, "light": _light}[part]()
    marker(part).parent.mkdir(parents=True, exist_ok=True)
    marker(part).touch()


def _small_stage():
    """A wall on a floor, and two bollards that drive past it."""
    from scenesim.base.frames import Pose
    from scenesim.geometry import solids
    from scenesim.geometry.mesh import Surface
    from scenesim.models.catalogue import ModelRequest
    from scenesim.models.model import CHANNELS
    from scenesim.scene.placement import Placement
    from scenesim.scene.stage import Stage
    from scenesim.world.timeline import ActorInfo, Timeline

    time_s = np.array([0.0, 1.0])
    x = np.array([[0.0, 1.0], [6.0, 7.0]])
    poses = Pose.of(np.stack([x, 0 * x, 0 * x], -1), yaw=np.zeros((2, 2)))
    actors = tuple(ActorInfo(name, ModelRequest("roadside", "bollard")) for name in ("ego", "other"))
    still = np.zeros((2, 2, len(CHANNELS)))
    timeline = Timeline(time_s, poses, np.ones((2, 2), bool), still, np.zeros((2, 2), np.int32), actors)
    floor = solids.box((60, 60, 0.2), (0, 0, -0.1), Surface("asphalt", "road"))
    wall = solids.box((0.2, 20, 6), (15, 0, 3), Surface("facade", "building"))
    return Stage(timeline, [Placement(Pose.identity(), mesh=m, class_name="building") for m in (floor, wall)])


def _instruments():
    """(a camera, a lidar)."""
    from scenesim.sensors import rig as rigs

    front = {"sensor": "camera_640x360", "position_m": [1, 0, 1], "width_px": 32, "height_px": 24}
    rig = rigs.load({"sensors": {"front": front, "top": {"sensor": "lidar_vlp16", "position_m": [1, 0, 2]}}})
    return rig.cameras[0], rig.lidars[0]


def _rays() -> None:
    from scenesim.base import keys
    from scenesim.capture import cast, image
    from scenesim.capture.sweep import capture_sweep
    from scenesim.datasets.png import png
    from scenesim.kernels import raster
    from scenesim.labels import objects, pixels
    from scenesim.labels.view import View

    camera, lidar = _instruments()
    stage = _small_stage()
    snapshot, timeline = stage.at(0.5, 0.4, 0.6), stage.timeline
    scene, track, key = snapshot.scene, np.arange(2, dtype=np.uint16), keys.root(0)
    view = View.of(camera, timeline, snapshot)
    rays = image.centre_rays(camera, view.local_from_camera, 1)
    hits = cast.closest_hit(scene, rays, visibility=image.SEEN_BY_CAMERA, width=camera.width, threads=1)
    labels = pixels.label(snapshot, view, rays, hits, track, 1)
    objects.seen_by(timeline, snapshot, view, rays, labels, objects.boxes(stage, snapshot), 1)
    pixels.flow(pixels.Surfaces(hits, view, snapshot.instance_of), snapshot, view, 1)
    image._openness(scene, rays, hits, camera.width, 1)
    colour = np.zeros((camera.height * camera.width, 3), np.float32)
    rough = np.empty(len(colour), np.uint8)
    raster.rough_pixels(scene, hits, colour, camera.width, image.ROUGH, 1.0, 0, camera.height, rough)
    png(colour.astype(np.uint8).reshape(24, 32, 3))
    capture_sweep(
        scene, lidar, lambda t: snapshot.local(timeline.ego_poses(0.5 + t)), snapshot.world_from_local, key, track, 1
    )


def _light() -> None:
    from scenesim.base import keys
    from scenesim.capture import image
    from scenesim.kernels import lamps, raster
    from scenesim.kernels.packed import empty_hits
    from scenesim.kernels.radiance import radiance
    from scenesim.scene.ambient import AmbientField
    from scenesim.scene.environment import environment
    from scenesim.sensors.imaging import Film, develop

    air = environment(sun_elevation_deg=40, sun_azimuth_deg=200, cloud_cover=0.3, visibility_m=20000)
    stage = _small_stage()  # after the sky, when the other process has compiled how trees are built
    snapshot = stage.at(0.5, 0.4, 0.6)
    env = AmbientField(air, stage.still).around(snapshot.origin_m)
    n = 24 * 32
    rays, hits = raster.empty_rays(n), empty_hits(n)
    for a in rays:
        a[:] = 0.0
    rays.direction[:, 2] = 1.0  # all of them into the sky: what is compiled does not depend on what is hit
    hits.t[:], hits.instance[:], hits.triangle[:], hits.uv[:] = np.inf, -1, -1, 0.0
    cells = np.empty((lamps.CELLS, lamps.CELLS, 1 + lamps.CELL_LAMPS), np.int32)
    lamps.list_lamps(snapshot.scene.light, cells)
    colour, openness = np.empty((n, 3), np.float32), np.ones(n, np.float32)
    radiance(snapshot.scene, env, rays, hits, openness, cells, 0.01, 0.0, image.SEEN_BY_CAMERA, 0, n, colour)
    image._transmittance(env, hits, np.ones((24, 32), np.float32))
    pixels = np.arange(8)
    raster.rays_between(rays, pixels, 32, 0.3, -0.3, 0, 8, raster.empty_rays(8))
    raster.add_samples(colour[pixels], 1.0, 0, 8, np.zeros((8, 3)), np.zeros(8))
    develop(colour.reshape(24, 32, 3), Film(), light_lux=np.ones(3, np.float32), darkness=0.0, key=keys.root(0))


if __name__ == "__main__":
    gc.disable()  # the compiler makes millions of small objects, and this process ends soon
    for name in sys.argv[1:] or PARTS:
        compile_part(name)
