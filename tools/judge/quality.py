"""The default quality of light against the reference, on six scenes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

import scenesim
from scenesim import simulate
from scenesim.capture import cast, image, quality
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import Hits, PackedScene, Rays
from scenesim.labels.view import View
from scenesim.scenario.model import Scenario

SIX = {
    "day": ("first_light",),
    "low sun": ("first_light", "light.sun_elevation_deg=8"),
    "night in town": ("night_street",),
    "fog at night": ("night_street", "weather=fog"),
    "wet night": ("night_street", "weather=rain_heavy"),
    "snow": ("first_light", "weather=snow"),
}
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
GREY = 0.6  # what the median comes to on the curve that SSIM looks at


class Seen(NamedTuple):
    """What a camera's light is made of, once for all qualities."""

    scene: PackedScene
    environment: Environment
    rays: Rays
    hits: Hits
    width: int


class Agreement(NamedTuple):
    """relative_error: mean of differences of luminance over that of the reference. ssim: of pictures with a tone curve. ratio:
    luminance over that of the reference. default_s, reference_s: CPU-seconds of light."""

    scene: str
    relative_error: float
    ssim: float
    ratio: float
    default_s: float
    reference_s: float


def camera_alone(name: str, overrides: Iterable[str], width: int, height: int = 0) -> Scenario:
    """A scenario that one plain camera sees; 16:9 unless a height is given."""
    camera: dict[str, object] = {"kind": "camera", "lens": "pinhole", "fov_deg": 70, "position_m": [1.7, 0, 1.35]}
    camera |= {"width_px": width, "height_px": height or width * 9 // 16}
    return scenesim.load(name, [f"rig={{rate_hz: 10, sensors: {{front: {camera}}}}}", *overrides])


def look(name: str, overrides: Iterable[str], width: int, height: int, threads: int | None = 2) -> Seen:
    """What a plain camera sees in the first frame of a scenario."""
    production = simulate.Production(camera_alone(name, overrides, width, height), None, None, threads)
    snapshot, work = production.snapshot(0), production.camerawork
    view = View.of(work.cameras[0], production.timeline, snapshot).local_from_camera
    rays = image.centre_rays(work.cameras[0], view, threads)
    hits = cast.closest_hit(snapshot.scene, rays, visibility=image.SEEN_BY_CAMERA, width=width, threads=threads)
    return Seen(snapshot.scene, work.light(snapshot), rays, hits, width)


def compare(name: str, width: int, height: int, samples: int, block: int, threads: int | None = 2) -> Agreement:
    """One of SIX: means over blocks of pixels, which need fewer samples than pixels do to be without noise."""
    seen = look(SIX[name][0], SIX[name][1:], width, height, threads)
    start = time.process_time()
    ours = image.light(*seen, threads)
    middle = time.process_time()
    spread = image.footprint(seen.rays, width)
    theirs = quality.reference(
        seen.scene, seen.environment, seen.rays, width, spread, image.SEEN_BY_CAMERA, threads, samples
    ).reshape(ours.shape)
    end = time.process_time()
    a, b = (blocks(x @ LUMINANCE, block) for x in (ours, theirs))
    error, alike = float((np.abs(a - b) / b).mean()), ssim(shown(a, b), shown(b, b))
    return Agreement(name, error, alike, float(a.sum() / b.sum()), middle - start, end - middle)


def blocks(x: NDArray, n: int) -> NDArray:
    """Means (H / n, W / n) over blocks of an image (H, W)."""
    height, width = x.shape[0] // n, x.shape[1] // n
    return x[: height * n, : width * n].reshape(height, n, width, n).mean((1, 3))


def shown(x: NDArray, reference: NDArray) -> NDArray:
    """Luminance (H, W) as a picture, 0 to 255, exposed as the reference asks for: Reinhard's curve (2002), and a gamma."""
    bright = x * (GREY / np.median(reference))
    return 255.0 * (bright / (1.0 + bright)) ** (1.0 / 2.2)


def ssim(a: NDArray, b: NDArray) -> float:
    """Structural similarity of pictures of 8 bits (Wang et al. 2004: a Gaussian of 1.5 pixels, K1 = 0.01, K2 = 0.03)."""

    def smooth(x: NDArray) -> NDArray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    mean_a, mean_b = smooth(a), smooth(b)
    variance_a, variance_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    both, one, two = smooth(a * b) - mean_a * mean_b, (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + one) * (2 * both + two)
    return float((top / ((mean_a**2 + mean_b**2 + one) * (variance_a + variance_b + two))).mean())


def run(width: int, samples: int, block: int, say: Callable[[str], None]) -> list[Agreement]:
    """All of SIX."""
    rows = []
    for name in SIX:
        row = compare(name, width, width * 9 // 16, samples, block)
        rows.append(row)
        say(
            f"  {name:<14} relative error {100 * row.relative_error:4.1f} %, SSIM {row.ssim:.3f}, light {row.ratio:.3f} of the "
            f"reference's; {row.default_s:.2f} and {row.reference_s:.1f} CPU-s"
        )
    return rows
