"""A camera image: hits, light along the rays, more rays where the picture is rough, and the film."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast, exposure, falling, focus, quality
from scenesim.capture import plumes as clouds
from scenesim.capture.exposure import Exposed, Shot
from scenesim.kernels import airglow, bvh, contact, lamps, raster
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import BEAMS, LIGHT, MATERIAL, Hits, PackedScene, Rays
from scenesim.kernels.plumes import Plumes
from scenesim.kernels.radiance import INDIRECT, UNKNOWN, radiance, sun_rays
from scenesim.sensors.imaging import Film

SEEN_BY_CAMERA = 1
ROUGH = 0.11  # difference over sum of neighbours' luminance above which a pixel gets more rays
MORE = ((0.30, -0.36, 1.0), (-0.30, 0.36, -1.0))  # (column, row) offsets in pixels, and the part of the sun that shines
GRAIN_ROWS = 8
TOGETHER_PX = 1_000_000  # from which on the sun is asked for in blocks: it pays from there on, and costs 3 s of compiling
GLOW_BLOCK = 6  # pixels along a side of which one is asked for the light of lamps in the air
GLOWS_ABOVE_PER_M = 3e-4  # extinction: a visibility of 10 km


class Lens(Protocol):
    """What is needed of a camera's spec (sensors.camera)."""

    @property
    def width(self) -> int:
        """Columns."""
        ...

    @property
    def height(self) -> int:
        """Rows."""
        ...

    def directions(self) -> NDArray:
        """(H, W, 3) unit directions of the pixels' centres in the camera frame."""
        ...

    def row_time_s(self) -> NDArray[np.float64]:
        """(H,) s of each row, relative to the trigger's reference time."""
        ...


def capture(
    scene: PackedScene,
    environment: Environment,
    camera: Lens,
    local_from_camera: Pose,
    key: Key,
    threads: int | None = None,
    film: Film | None = None,
    fall: falling.Fall | None = None,
    shot: Shot | None = None,
    plumes: Plumes | None = None,
    grade: str = quality.DEFAULT,
) -> tuple[Rays, Hits, NDArray[np.uint8], NDArray[np.uint8], Exposed | None, NDArray[np.float32]]:
    """(rays (H * W,), hits (H * W,), rgb (H, W, 3), transmittance (H, W) as in frame.Image, what the chip gave, radiance
    (H, W, 3) cd/m2 at the lens) of what a camera sees; rays and hits are those of the pixels' centres.

    local_from_camera: poses (H,) of the rows. key: chance of this image (noise). fall, plumes: rain and snow, and what vehicles
    throw up, drawn over the surfaces; labels are those of the surfaces. shot: glass, chip and faults of the camera; a sound
    film without it. grade: one of capture.quality.
    """
    rays = centre_rays(camera, local_from_camera, threads)
    hits = cast.closest_hit(scene, rays, visibility=SEEN_BY_CAMERA, width=camera.width, threads=threads)
    image = light(scene, environment, rays, hits, camera.width, threads, grade)
    left = np.ones(image.shape[:2], np.float32)
    if environment.night > 0.0 and environment.extinction[1] > GLOWS_ABOVE_PER_M:
        _glow(scene, environment, rays, hits, image, threads)
    if plumes is not None:
        left = clouds.draw(plumes, environment, scene.light, lamp_cells(scene), rays, hits, image, threads)
    if shot is not None:
        image = focus.focused(shot.camera, image, hits.t.reshape(left.shape))
    if fall is not None:
        lens = camera if shot is None else falling.exposed(shot.camera, shot.settings(environment, image))
        left *= falling.draw(fall, environment, scene.light, lamp_cells(scene), lens, rays, hits, image, threads, scene)
    if shot is not None and shot.camera.imager is not None:
        rgb, chip = exposure.on_chip(image, scene, environment, rays, hits, key, shot, threads)
    else:
        plain = quality.plain if grade == quality.DRAFT else Film
        rgb, chip = exposure.on_film(image, environment, key, film or plain(), shot, threads), None
    return rays, hits, rgb, _transmittance(environment, hits, left), chip, image


def centre_rays(camera: Lens, local_from_camera: Pose, threads: int | None = None) -> Rays:
    """Rays (H * W,) through the pixels' centres, each at its row's time."""
    rays = raster.empty_rays(camera.height * camera.width)
    directions = np.ascontiguousarray(camera.directions(), np.float32).reshape(camera.height, camera.width, 3)
    rotation = np.ascontiguousarray(local_from_camera.rotation, np.float64)
    translation = np.ascontiguousarray(local_from_camera.translation, np.float64)
    time = np.ascontiguousarray(camera.row_time_s(), np.float64)
    cast.run(
        lambda b, e: raster.pixel_rays(directions, rotation, translation, time, b, e, rays), camera.height, 32, threads=threads
    )
    return rays


def lamp_cells(scene: PackedScene) -> NDArray[np.int32]:
    """Which lamps reach where (kernels.lamps)."""
    cells = np.empty((lamps.CELLS, lamps.CELLS, 1 + lamps.CELL_LAMPS), np.int32)
    lamps.list_lamps(scene.light, cells)
    return cells


def light(
    scene: PackedScene,
    environment: Environment,
    rays: Rays,
    hits: Hits,
    width: int,
    threads: int | None = None,
    grade: str = quality.DEFAULT,
) -> NDArray[np.float32]:
    """Radiance (H, W, 3) cd/m2 of an image of rays in reading order and their hits; grade: one of capture.quality."""
    if environment.night <= 0.0:  # by day only lamps of tunnels matter
        scene = scene._replace(light=np.ascontiguousarray(scene.light[scene.light[:, LIGHT["beam"]] == BEAMS["street"]]))
    n = len(rays.time)
    height = n // width
    cells = lamp_cells(scene)
    spread = footprint(rays, width)
    if grade == quality.REFERENCE:
        return quality.reference(scene, environment, rays, width, spread, SEEN_BY_CAMERA, threads).reshape(height, width, 3)
    if grade == quality.DRAFT:
        image = quality.draft(scene, environment, rays, hits, width, cells, spread, SEEN_BY_CAMERA, threads)
        return image.reshape(height, width, 3)
    openness = _openness(scene, rays, hits, width, threads)
    shadow = _shadow(scene, environment, rays, hits, width, threads)
    image = np.empty((n, 3), np.float32)

    def shade(begin: int, end: int) -> None:
        radiance(scene, environment, rays, hits, openness, shadow, cells, spread, 0.0, SEEN_BY_CAMERA, begin, end, image)

    cast.run(shade, n, threads=threads)
    _refine(scene, environment, rays, hits, openness, cells, spread, width, image, threads)
    return image.reshape(height, width, 3)


def footprint(rays: Rays, width: int) -> float:
    """Angle between neighbouring rays in the middle of the image, rad."""
    middle = (len(rays.time) // width // 2) * width + width // 2
    d = rays.direction[[middle, max(middle - 1, 0)]].astype(float)
    return max(float(np.sqrt(((d[0] - d[1]) ** 2).sum())), 1e-5)


def _openness(scene: PackedScene, rays: Rays, hits: Hits, width: int, threads: int | None) -> NDArray[np.float32]:
    height = len(rays.time) // width
    rows, columns = -(-height // contact.BLOCK), -(-width // contact.BLOCK)
    near = np.empty((rows, columns, 5), np.float32)
    cast.run(lambda b, e: contact.open_share(scene, rays, hits, width, height, b, e, near), rows, GRAIN_ROWS, threads=threads)
    out = np.empty(len(rays.time), np.float32)
    cast.run(lambda b, e: contact.smooth_share(rays, hits, near, width, b, e, out), height, GRAIN_ROWS, threads=threads)
    return out


def _shadow(scene, environment, rays, hits, width, threads) -> NDArray[np.uint8]:
    """The shadow of the sun on an image's hits as radiance takes it: of a large one asked for in blocks of pixels, of a small
    one not at all."""
    out = quality.unknown_shadow(len(rays.time))
    if environment.sun_lux[1] <= 0.0 or len(out) < TOGETHER_PX:
        return out

    def find(begin: int, end: int) -> None:
        n = end - begin
        towards, reach, blocked = raster.empty_rays(n), np.empty(n, np.float32), np.empty(n, np.uint8)
        sun_rays(scene, environment, rays, hits, 0.0, begin, end, towards, reach)
        bvh.any_hit(scene, towards, reach, INDIRECT, width, 0, n, blocked)
        out[begin:end] = np.where(reach > 0.0, blocked, UNKNOWN)

    cast.run(find, len(out), bvh.BLOCK * width, threads=threads)
    return out


def _refine(scene, environment, rays, hits, openness, cells, spread, width, image, threads) -> None:
    """More rays through the pixels where the image (N, 3) is rough; written into it."""
    height = len(rays.time) // width
    mask = np.empty(len(rays.time), np.uint8)
    luminance = image[:: max(1, len(image) // 20000), 1]
    floor = float(np.median(luminance))
    cast.run(lambda b, e: raster.rough_pixels(scene, hits, image, width, ROUGH, floor, b, e, mask), height, 32, threads=threads)
    pixels = np.flatnonzero(mask)
    if len(pixels) == 0:
        return
    bright = max(8.0 * float(np.quantile(luminance, 0.9)), 1e-3)
    total, weight = np.zeros((len(pixels), 3)), np.zeros(len(pixels))
    raster.add_samples(image[pixels], _shines(scene, hits.triangle[pixels]), bright, 0, len(pixels), total, weight)
    # Where little differs, one sample more will do.
    for offset, some in zip(MORE, (np.arange(len(pixels)), np.flatnonzero(mask[pixels] > 1))):
        n = len(some)
        sample, more, around = np.empty((n, 3), np.float32), raster.empty_rays(n), (openness[pixels[some]], cells, spread)
        seen = _sample(scene, environment, rays, pixels[some], width, offset, around, more, sample, threads)
        sums, weights = total[some], weight[some]
        raster.add_samples(sample, _shines(scene, seen.triangle), bright, 0, n, sums, weights)
        total[some], weight[some] = sums, weights
    image[pixels] = total / weight[:, None]


def _shines(scene: PackedScene, triangle: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether triangles (M,), -1 for none, are of a material that shines."""
    if len(scene.geometry.surface) == 0:
        return np.zeros(len(triangle), bool)
    glowing = scene.material[:, MATERIAL["emission_r"] : MATERIAL["emission_r"] + 3].max(1) > 0.0
    return (triangle >= 0) & glowing[scene.surface_material[scene.geometry.surface[triangle]]]


def _glow(scene, environment, rays, hits, image, threads) -> None:
    """Add the light of lamps that the air scatters into an image (H, W, 3)."""
    height, width = image.shape[:2]
    coarse = np.empty((-(-height // GLOW_BLOCK), -(-width // GLOW_BLOCK), 3), np.float32)
    extinction = float(environment.extinction[1])

    def find(begin: int, end: int) -> None:
        airglow.glow(scene.light, extinction, rays, hits.t, width, GLOW_BLOCK, begin, end, coarse)

    cast.run(find, len(coarse), GRAIN_ROWS, threads=threads)
    cast.run(lambda b, e: airglow.add_glow(coarse, hits.t, width, GLOW_BLOCK, b, e, image), height, 90, threads=threads)


def _transmittance(environment: Environment, hits: Hits, left: NDArray[np.float32]) -> NDArray[np.uint8]:
    out = np.empty(left.shape, np.uint8)
    airglow.transmitted(hits.t, float(environment.extinction[1]), left.ravel(), 0, left.size, out.ravel())
    return out


def _sample(scene, environment, rays, pixels, width, offset, surroundings, more, sample, threads) -> Hits:
    """Hits (M,) of rays through pixels (M,) moved by an offset of MORE, and their radiance (M, 3), written to `sample`; more:
    room for rays."""
    dx, dy, sun = offset
    openness, cells, spread = surroundings
    cast.run(lambda b, e: raster.rays_between(rays, pixels, width, dx, dy, b, e, more), len(pixels), threads=threads)
    seen = cast.closest_hit(scene, more, visibility=SEEN_BY_CAMERA, threads=threads)
    shadow = quality.unknown_shadow(len(pixels))

    def shade(begin: int, end: int) -> None:
        radiance(scene, environment, more, seen, openness, shadow, cells, spread, sun, SEEN_BY_CAMERA, begin, end, sample)

    cast.run(shade, len(pixels), 1024, threads=threads)
    return seen
