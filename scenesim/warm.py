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
    """A wall on a floor, with a pane of glass before it, and two bollards that drive past."""
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
    pane = solids.box((0.02, 20, 6), (12, 0, 3), Surface("vehicle_glass", "building"))
    return Stage(timeline, [Placement(Pose.identity(), mesh=m, class_name="building") for m in (floor, wall, pane)])


def _instruments():
    """(a camera, a lidar)."""
    from scenesim.sensors import rig as rigs

    front = {"sensor": "camera_640x360", "position_m": [1, 0, 1], "width_px": 32, "height_px": 24}
    rig = rigs.load({"sensors": {"front": front, "top": {"sensor": "lidar_vlp16", "position_m": [1, 0, 2]}}})
    return rig.cameras[0], rig.lidars[0]


def _nothing():
    """A scene with nothing in it: the same types, and no tree to build, which the process that makes models compiles first."""
    from scenesim.kernels.bvh import build_top, concatenate
    from scenesim.kernels.packed import INSTANCE_COLUMNS, LIGHT_COLUMNS, MATERIAL_COLUMNS, Geometry, PackedScene

    def f(*shape: int):
        return np.zeros(shape, np.float32)

    def i(*shape: int):
        return np.zeros(shape, np.int32)

    nodes, leaves, root = concatenate([], [])
    geometry = Geometry(f(0, 3), i(0, 3), f(0, 9), f(0, 6), f(0, 3), i(0), nodes, leaves, root, f(0, 6), i(1))
    knots, pose = f(2), f(2, 0, 7)
    top = build_top(geometry.bounds, i(0), knots, pose, i(0))
    params, materials, lights = f(0, len(INSTANCE_COLUMNS)), f(0, len(MATERIAL_COLUMNS)), f(0, len(LIGHT_COLUMNS))
    return PackedScene(geometry, knots, i(0), pose, i(0), i(0), i(0), i(0), params, top, i(0), i(0), i(0), materials, lights)


def _looking_up(n: int):
    """(rays, hits) that meet nothing: what is compiled does not depend on what is hit."""
    from scenesim.kernels import raster
    from scenesim.kernels.packed import empty_hits

    rays, hits = raster.empty_rays(n), empty_hits(n)
    for a in rays:
        a[:] = 0.0
    rays.direction[:, 2] = 1.0
    hits.t[:], hits.instance[:], hits.triangle[:], hits.uv[:] = np.inf, -1, -1, 0.0
    return rays, hits


def _rays() -> None:
    from scenesim.base import keys
    from scenesim.base.frames import Pose
    from scenesim.capture import cast, image
    from scenesim.capture.sweep import capture_sweep
    from scenesim.datasets.png import png
    from scenesim.kernels import raster
    from scenesim.labels import objects, pixels
    from scenesim.labels.view import View

    camera, lidar = _instruments()
    scene, track = _nothing(), np.arange(2, dtype=np.uint16)
    up, hits = _looking_up(camera.height * camera.width)
    cast.closest_hit(scene, up, visibility=image.SEEN_BY_CAMERA, width=camera.width, threads=1)
    image._openness(scene, up, hits, camera.width, 1)
    colour = np.zeros((camera.height * camera.width, 3), np.float32)
    rough = np.empty(len(colour), np.uint8)
    raster.rough_pixels(scene, hits, colour, camera.width, image.ROUGH, 1.0, 0, camera.height, rough)
    png(colour.astype(np.uint8).reshape(24, 32, 3))
    still = Pose.identity()

    def sweep(scene) -> None:
        stands = lambda t: Pose(np.tile(still.rotation, (len(t), 1)), np.tile(still.translation, (len(t), 1)))  # noqa: E731
        capture_sweep(scene, lidar, stands, still, keys.root(0), track, 1)

    sweep(scene)
    stage = _small_stage()
    snapshot, timeline = stage.at(0.5, 0.4, 0.6), stage.timeline
    view = View.of(camera, timeline, snapshot)
    rays = image.centre_rays(camera, view.local_from_camera, 1)
    hits = cast.closest_hit(snapshot.scene, rays, visibility=image.SEEN_BY_CAMERA, width=camera.width, threads=1)
    labels = pixels.label(snapshot, view, rays, hits, track, 1)
    objects.seen_by(timeline, snapshot, view, rays, labels, objects.boxes(stage, snapshot), 1)
    pixels.flow(pixels.Surfaces(hits, view, snapshot.instance_of), snapshot, view, 1)
    sweep(snapshot.scene)  # with points
    stage.store.bend(0, stage.store.geometry.vertices[stage.store.vertex_slice(0)])


def _light() -> None:
    from scenesim.base import keys
    from scenesim.capture import image
    from scenesim.kernels import lamps, raster
    from scenesim.kernels.radiance import radiance
    from scenesim.scene.ambient import AmbientField
    from scenesim.scene.environment import environment
    from scenesim.sensors.imaging import Film, develop

    air = environment(sun_elevation_deg=40, sun_azimuth_deg=200, cloud_cover=0.3, visibility_m=20000)
    nothing, n = _nothing(), 24 * 32
    rays, hits = _looking_up(n)
    cells = np.empty((lamps.CELLS, lamps.CELLS, 1 + lamps.CELL_LAMPS), np.int32)
    lamps.list_lamps(nothing.light, cells)
    colour, openness, shadow = np.empty((n, 3), np.float32), np.ones(n, np.float32), np.zeros(n, np.uint8)
    radiance(nothing, air, rays, hits, openness, shadow, cells, 0.01, 0.0, image.SEEN_BY_CAMERA, 0, n, colour)
    image._transmittance(air, hits, np.ones((24, 32), np.float32))
    pixels = np.arange(8)
    raster.rays_between(rays, pixels, 32, 0.3, -0.3, 0, 8, raster.empty_rays(8))
    raster.add_samples(colour[pixels], np.zeros(8, bool), 1.0, 0, 8, np.zeros((8, 3)), np.zeros(8))
    develop(colour.reshape(24, 32, 3), Film(), light_lux=np.ones(3, np.float32), darkness=0.0, key=keys.root(0))
    stage = _small_stage()
    AmbientField(air, stage.still).around(stage.at(0.5, 0.4, 0.6).origin_m)


if __name__ == "__main__":
    gc.disable()  # the compiler makes millions of small objects, and this process ends soon
    if hasattr(os, "nice"):
        os.nice(5)  # who waits for it has models to build meanwhile, and is to be done as soon
    for name in sys.argv[1:] or PARTS:
        compile_part(name)
