"""What a lens does with a sun or lamps in the picture: ghosts between its surfaces, and the star of its blades.

Both are pictures of what is bright, small and dim, and linear in it. How strong they are is by eye; that ghosts lie on the line
through the picture's middle, and that n blades give n spikes, or 2 n where n is odd, follows from the lens.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.sensors.imager import Optics

F32 = NDArray[np.float32]
SMALLER = 4  # times as small as the picture is what they are found in
SOURCE = 12.0  # over the middle brightness of the picture: what is darker makes none that could be seen
# Each ghost: size of its picture over that of the scene (below 0: upside down), radius over the picture's width, share of all
# ghosts, and its colour, from a coating that leaves some bands.
GHOSTS = (
    (-0.35, 0.012, 0.30, (0.7, 1.0, 0.8)),
    (-0.80, 0.040, 0.22, (1.0, 0.75, 0.6)),
    (0.45, 0.020, 0.20, (0.6, 0.8, 1.0)),
    (-1.45, 0.065, 0.18, (0.8, 0.7, 1.0)),
    (0.22, 0.007, 0.10, (1.0, 0.9, 0.6)),
)
SPIKE = 0.16  # length of a spike over the picture's width


def flare(optics: Optics, radiance: F32, typical: float, clip: float) -> F32 | None:
    """Radiance (h, w, 3) to be added to a picture of radiance (H, W, 3), SMALLER times as small; None where there is none.
    typical: radiance in the middle of the picture's values; clip: above which brighter makes no more."""
    if optics.ghosts <= 0.0 and optics.star <= 0.0:
        return None
    size = (max(radiance.shape[1] // SMALLER, 4), max(radiance.shape[0] // SMALLER, 4))
    floor = np.float32(SOURCE * typical)
    bright = np.clip(radiance, floor, np.float32(max(clip, SOURCE * typical))) - floor
    if not bright.any():
        return None
    small = cv2.resize(bright, size, interpolation=cv2.INTER_AREA)
    out = np.zeros_like(small)
    if optics.ghosts > 0.0:
        for scale, radius, share, tint in GHOSTS:
            out += (
                _ghost(small, scale, radius * size[0], optics.blades)
                * np.array(tint, np.float32)
                * np.float32(optics.ghosts * share)
            )
    if optics.star > 0.0:
        out += np.float32(optics.star) * cv2.filter2D(small, -1, _star(optics.blades, size[0]), borderType=cv2.BORDER_CONSTANT)
    return np.maximum(out, 0.0)


def _ghost(small: F32, scale: float, radius_px: float, blades: int) -> F32:
    """A picture (h, w, 3) drawn scaled about the middle with the light it has, spread over the opening of the blades."""
    height, width = small.shape[:2]
    x, y = (width - 1) / 2, (height - 1) / 2
    affine = np.array([[scale, 0.0, x - scale * x], [0.0, scale, y - scale * y]])
    # A point is to stay a point of the same light whatever the scale: blurred before it is sampled.
    soft = cv2.GaussianBlur(small, (0, 0), max(0.6 / abs(scale), 0.6))
    drawn = cv2.warpAffine(soft, affine, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cv2.filter2D(drawn / np.float32(scale * scale), -1, _opening(blades, radius_px), borderType=cv2.BORDER_CONSTANT)


@lru_cache(maxsize=32)
def _opening(blades: int, radius_px: float) -> F32:
    """Kernel of a regular polygon, whose sum is 1."""
    half = int(np.ceil(radius_px)) + 1
    out = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
    turn = 2.0 * np.pi * np.arange(max(blades, 3)) / max(blades, 3) + 0.3
    corners = np.stack([np.cos(turn), np.sin(turn)], -1) * max(radius_px, 0.8) + half
    cv2.fillConvexPoly(out, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    kernel = cv2.GaussianBlur(out.astype(np.float32), (0, 0), max(0.06 * radius_px, 0.5))
    return kernel / kernel.sum()


@lru_cache(maxsize=8)
def _star(blades: int, width: int) -> F32:
    """Kernel of a star's spikes, whose sum is 1: two at right angles to each edge of a blade, falling with the square of the
    distance, as diffraction at straight edges does (Fraunhofer)."""
    half = max(int(SPIKE * width), 3)
    x, y = np.meshgrid(np.arange(-half, half + 1.0), np.arange(-half, half + 1.0))
    r = np.sqrt(x * x + y * y)
    out = np.zeros_like(x)
    for k in range(blades):
        turn = np.pi * 2.0 * k / blades + 0.3
        across = np.abs(y * np.cos(turn) - x * np.sin(turn))
        out += np.clip(1.0 - across / (0.7 + 0.01 * r), 0.0, 1.0)
    fall = 1.0 / (1.0 + r * r * 0.25) * np.clip((half - r) / (0.5 * half), 0.0, 1.0)
    out = (out * fall).astype(np.float32)
    return out / out.sum()
