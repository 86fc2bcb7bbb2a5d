"""Rain and snow in a picture: near drops and flakes drawn one by one over the light of the surfaces; far ones are veil."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast
from scenesim.kernels import falling as kernels
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import F32, I32, Hits, PackedScene, Rays
from scenesim.models.falling import FLAKE_WIDTH, SNOW, Falling
from scenesim.sensors.camera import Camera
from scenesim.sensors.imager import Settings

LEAST_COVER = 0.003  # of a pixel: what covers less is veil
FURTHEST_M = 24.0
MOST = 80_000  # particles in a picture of 640 x 360; as many more as it has more rows
GRAIN = 4096
CELL_M, ABOVE_M = 0.75, 45.0  # of the columns that are asked for a roof, and how high roofs are looked for
UNDER_M = 0.3  # how far below what catches it a particle still falls: it is hidden there, or the ground's own
SEEN_BY_CAMERA = 1


class Lens(Protocol):
    """What is needed of a camera's spec (sensors.camera), besides capture.image.Lens."""

    width: int
    height: int
    exposure_s: float

    def row_time_s(self) -> NDArray[np.float64]:
        """(H,) s of each row, relative to the trigger's reference time."""
        ...

    def project(self, points) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(pixels (N, 2), valid (N,)) of points (N, 3) m in the camera frame."""
        ...


class _Exposed(NamedTuple):
    """A camera with another exposure."""

    row_time_s: Callable[[], NDArray[np.float64]]
    project: Callable[..., tuple[NDArray[np.float64], NDArray[np.bool_]]]
    exposure_s: float
    width: int
    height: int


def exposed(camera: Camera, settings: Settings | None) -> Lens:
    """What draws particles of a camera, for as long as it exposes."""
    if settings is None:
        return camera
    return _Exposed(camera.row_time_s, camera.project, settings.time_s, camera.width, camera.height)


@dataclass(frozen=True)
class Fall:
    """What falls about a camera at a trigger. time_s: on the scenario's clock. origin_m: (3,) world, of the local frame.
    local_from_camera_at: poses (n,) at times (n,) s relative to the trigger. key: chance of the scenario's weather."""

    particles: Falling
    time_s: float
    origin_m: NDArray[np.float64]
    local_from_camera_at: Callable[[NDArray[np.float64]], Pose]
    key: Key


def draw(
    fall: Fall, environment: Environment, light: F32, cells: I32, camera: Lens, rays: Rays, hits: Hits, image: F32,
    threads: int | None = None, scene: PackedScene | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Draw what falls into an image (H, W, 3) cd/m2 of rays and their hits, in place; returns the share (H, W) of the surfaces
    that is left. light: lamps of the scene, and cells that list them (kernels.lamps). scene: whose roofs and bridges keep what
    is under them dry; None for the open."""
    height, width = image.shape[:2]
    times = camera.row_time_s()
    half = 0.5 * camera.exposure_s
    eye = np.ascontiguousarray(rays.origin[(height // 2) * width].astype(np.float64))
    axis, cosine = _cone(rays, width)
    bins = _bins(fall.particles, rays, width, camera.exposure_s, cosine)
    particles = np.empty((_room(fall.particles, bins, cosine), kernels.PARTICLE_COLUMNS))
    wind = np.array(fall.particles.wind_m_s)
    count = kernels.gather(bins, np.uint64(fall.key), fall.time_s, wind, fall.origin_m, eye, axis, cosine, particles)
    particles = particles[:count]
    if scene is not None:
        particles = _out_of_shelter(scene, particles, eye, threads)
        count = len(particles)
    poses = [np.ascontiguousarray(fall.local_from_camera_at(times + t).vector()) for t in (-half, half)]
    rows = np.full(count, height // 2)
    point = np.empty((count, 3))
    run = partial(cast.run, n=count, grain=GRAIN, threads=threads)

    def seen(at: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        shift = times + (-half, half)[at]
        run(lambda b, e: kernels.ends(particles, rows, shift, poses[at], b, e, point))
        pixels, valid = camera.project(point)
        return np.where(valid[:, None], pixels, np.nan), np.sqrt((point * point).sum(1))

    for _ in range(2 if times[-1] > times[0] else 0):  # the row that sees a particle, under a rolling shutter
        rows = np.clip(np.nan_to_num(seen(0)[0][:, 1]), 0, height - 1).astype(np.int64)
    (first, near), (last, far) = seen(0), seen(1)
    colour = np.empty((count, 3))
    run(lambda b, e: kernels.colours(light, cells, environment, particles, eye, b, e, colour))
    left = np.ones((height, width), np.float32)
    depth, distance = hits.t.reshape(height, width), 0.5 * (near + far)

    def streaks(begin: int, end: int) -> None:
        kernels.streaks(particles, first, last, distance, colour, depth, rays.direction, begin, end, image, left)

    cast.run(streaks, height, 90, threads=threads)
    return left


def _out_of_shelter(
    scene: PackedScene, particles: NDArray[np.float64], eye: NDArray[np.float64], threads: int | None
) -> NDArray[np.float64]:
    """Those of particles (M, PARTICLE_COLUMNS) about an eye (3,) that nothing has caught on their way from above: rays along
    the way of the mean particle, one for each CELL_M x CELL_M, meet what each of them has had to pass."""
    if len(particles) == 0:
        return particles
    velocity = particles[:, 3:6].mean(0)
    slope = velocity[:2] / velocity[2]  # m across for one up, against the fall
    half = int(np.ceil(FURTHEST_M / CELL_M))
    middle = (np.arange(2 * half) + 0.5 - half) * CELL_M
    top = float(eye[2]) + ABOVE_M
    origin = np.empty((2 * half, 2 * half, 3), np.float32)
    origin[..., 0], origin[..., 1] = middle + eye[0], (middle + eye[1])[:, None]
    origin[..., :2] += (slope * ABOVE_M).astype(np.float32)
    origin[..., 2] = top
    count = 4 * half * half
    down = np.array([-slope[0], -slope[1], -1.0])
    length = float(np.sqrt((down * down).sum()))
    direction = np.tile((down / length).astype(np.float32), (count, 1))
    rays = Rays(origin.reshape(-1, 3), direction, np.zeros(count, np.float32))
    met = cast.closest_hit(scene, rays, visibility=SEEN_BY_CAMERA, threads=threads).t.reshape(2 * half, 2 * half)
    height = top - met / np.float32(length)
    level = particles[:, :2] - eye[:2] - slope * (particles[:, 2:3] - eye[2])
    i, j = (np.clip(np.floor(level[:, k] / CELL_M).astype(int) + half, 0, 2 * half - 1) for k in (0, 1))
    return np.ascontiguousarray(particles[particles[:, 2] > height[j, i] - UNDER_M])


def _cone(rays: Rays, width: int) -> tuple[NDArray[np.float64], float]:
    """(axis (3,), cosine of half its opening) of a cone that holds all rays."""
    height = len(rays.time) // width
    d = rays.direction.reshape(height, width, 3).astype(np.float64)
    border = np.concatenate([d[0], d[-1], d[:, 0], d[:, -1]])
    axis = d[height // 2, width // 2].copy()
    return axis, float(np.clip((border @ axis).min() - 0.02, -1.0, 1.0))


def _bins(particles: Falling, rays: Rays, width: int, exposure_s: float, cosine: float) -> NDArray[np.float64]:
    """(K, 6) rows as kernels.falling has them: how far each size is drawn follows from what it covers at most."""
    middle = (len(rays.time) // width // 2) * width + width // 2
    step = rays.direction[middle].astype(np.float64) - rays.direction[middle - 1]
    focal = 1.0 / float(np.sqrt((step * step).sum()))
    size = 1e-3 * particles.diameter_mm.mean(1)
    snow = particles.kind == SNOW
    size = np.where(snow, FLAKE_WIDTH * size, size)
    speed = np.where(snow, 1.0, 4.0 + 1000.0 * size)  # m/s about, for this purpose
    # A disc of s = D f / Z pixels covers pi / 4 s^2 of a pixel, or of the v t f / Z that it goes through.
    disc = size * focal * np.sqrt(0.25 * np.pi / LEAST_COVER)
    streak = 0.25 * np.pi * size * size * focal / (speed * exposure_s * LEAST_COVER)
    reach = np.minimum(np.minimum(disc, streak), FURTHEST_M)
    most = MOST * (len(rays.time) // width) / 360.0
    expected = _expected(particles, reach, cosine)
    if expected > most:
        reach = reach * (most / expected) ** (1.0 / 3.0)
    edge = particles.density_per_m3 ** (-1.0 / 3.0)
    return np.ascontiguousarray(
        np.stack([particles.kind, edge, *particles.diameter_mm.T, particles.slope_per_mm, np.maximum(reach, 1.0)], -1), float
    )


def _expected(particles: Falling, reach: NDArray[np.float64], cosine: float) -> float:
    return float((particles.density_per_m3 * reach**3).sum() * 2.0 * np.pi * (1.0 - cosine) / 3.0)


def _room(particles: Falling, bins: NDArray[np.float64], cosine: float) -> int:
    """More rows than there will be particles: those of the cone, those at its margin, and chance."""
    reach = bins[:, kernels.REACH]
    margin = (particles.density_per_m3 * reach**2 * 7.0 * kernels.MARGIN_M).sum()
    return int(1.3 * (_expected(particles, reach, cosine) + margin)) + 1000
