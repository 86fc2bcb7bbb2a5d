"""From radiance to what a camera gives out: film, or glass and chip; motion blur, exposures one after the other, faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.keys import Key
from scenesim.capture import blur, cast
from scenesim.capture.metering import Metered, of_picture
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import Hits, PackedScene, Rays
from scenesim.sensors import camera_faults, electrons, flare
from scenesim.sensors.camera import Camera
from scenesim.sensors.imager import Settings
from scenesim.sensors.imaging import Film, develop, veil, white_gains

SNOW_BRIGHTER = 0.45  # cameras expose white ground by half a stop more than their meter says
LAMPS = np.array([1.0, 0.8, 0.55], np.float32) * 20.0  # colour of a town's lamps, for the white balance by night
GLARE_CLIP = 2000.0  # over the metered mean, above which light spreads no further


@dataclass(frozen=True)
class Shot:
    """How a camera takes one picture. time_s: of the trigger, on the scenario's clock. metered: what its exposure control has
    seen; None: this picture itself. camera_at: local from camera at times (n,) relative to the trigger; None: all is still."""

    camera: Camera
    time_s: float = 0.0
    metered: Metered | None = None
    camera_at: blur.CameraAt | None = None

    def settings(self, environment: Environment, image: NDArray[np.float32] | None = None) -> Settings | None:
        """Time and gain; None where there is no imager, or where it takes the image (H, W, 3) itself to know."""
        c = self.camera
        if c.imager is None:
            return None
        seen = self.metered
        if seen is None and c.imager.auto is not None:
            if image is None:
                return None
            seen = of_picture(image, c.imager.auto.clipped)
        seen = seen or Metered(1.0, 1.0)
        night, snow = float(environment.night), float(environment.snow)
        return c.imager.settings(
            c.optics, seen.mean, seen.bright, c.exposure_s, darkness=night, snow=snow, stops=c.faults.stops
        )


@dataclass(frozen=True)
class Exposed:
    """What comes out of a chip: raw (E, H, W) uint16 DN of each exposure, the longest first; their times; its gain; gains (3,)
    that make white white."""

    raw: NDArray[np.uint16]
    time_s: tuple[float, ...]
    gain: float
    white: NDArray[np.float64]

    def told(self) -> dict[str, Any]:
        """Times and gains, as capture.frame.Image has them."""
        return {"exposure_s": list(self.time_s), "gain": self.gain, "white_balance": [float(w) for w in self.white]}


def light_lux(environment: Environment) -> NDArray[np.float32]:
    """(3,) what lights the scene, as a white balance takes it to be."""
    day = environment.open_sky[4] + environment.sun_lux * max(float(environment.sun[2]), 0.0)
    return day + LAMPS * environment.night


def on_film(
    image: NDArray[np.float32], environment: Environment, key: Key, film: Film, shot: Shot | None, threads: int | None
) -> NDArray[np.uint8]:
    """sRGB (H, W, 3) of radiance (H, W, 3) cd/m2 without a chip."""
    stops = 0.0
    if shot is not None and shot.camera.faults.plain:
        c = shot.camera
        rows = shot.time_s + c.row_time_s()
        image = np.ascontiguousarray(camera_faults.before_lens(c.faults, image, rows, c.exposure_s, shot.time_s))
        stops = c.faults.stops
    brighter = (1.0 + SNOW_BRIGHTER * environment.snow) * (2.0**stops)
    rgb = develop(
        image,
        replace(film, key_value=film.key_value * brighter, longest=film.longest * 2.0**stops),
        light_lux=light_lux(environment),
        darkness=environment.night,
        key=key,
        run=partial(cast.run, threads=threads),
    )
    if shot is not None and shot.camera.faults.plain:
        camera_faults.on_chip(shot.camera.faults, rgb)
        rgb = camera_faults.behind(shot.camera.faults, rgb, key)
    return rgb


def on_chip(
    image: NDArray[np.float32],
    scene: PackedScene,
    environment: Environment,
    rays: Rays,
    hits: Hits,
    key: Key,
    shot: Shot,
    threads: int | None,
) -> tuple[NDArray[np.uint8], Exposed]:
    """(sRGB (H, W, 3), what the chip gave) of radiance (H, W, 3) cd/m2 of rays and their hits."""
    c = shot.camera
    imager, settings = c.imager, shot.settings(environment, image)
    assert imager is not None and settings is not None
    height, width = image.shape[:2]
    moves = shot.camera_at and blur.of_image(scene, c, rays, hits, shot.camera_at, width)
    fixed = electrons.fixed_pattern(imager, c.name, height, width)
    rows = shot.time_s + c.row_time_s()
    typical = max(float(np.median(image[::4, ::4, 1])), 1e-3)
    spread = veil(image, GLARE_CLIP * typical) if c.optics.glare > 0.0 else None
    ghosts = flare.flare(c.optics, image, typical, GLARE_CLIP * typical)
    raw, begins = [], -0.5 * settings.time_s
    for k, ratio in enumerate(imager.ratios):
        time = settings.time_s * ratio
        seen = moves.exposed(image, begins, begins + time, threads) if moves else image
        seen = camera_faults.before_lens(c.faults, seen, rows + begins + 0.5 * time, time, shot.time_s)
        lux = electrons.on_chip(c.optics, electrons.through_lens(c.optics, seen), spread, ghosts)
        rate = electrons.mosaic(imager, lux)
        dn = electrons.expose(imager, fixed, rate, time, settings.gain, keys.derive(key, "exposure", k))
        camera_faults.on_chip(c.faults, dn)
        raw.append(dn)
        begins += time
    white = white_gains(light_lux(environment), imager.white_balance)
    rgb = electrons.picture(imager, electrons.merge(imager, raw), white, settings.gain)
    times = tuple(settings.time_s * ratio for ratio in imager.ratios)
    return camera_faults.behind(c.faults, rgb, key), Exposed(np.stack(raw), times, settings.gain, white)
