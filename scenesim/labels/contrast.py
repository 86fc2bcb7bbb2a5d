"""How far objects stand out of a picture: their contrast against what is seen around them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.capture.frame import CameraBoxes, Image

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear red, green and blue (ITU-R BT.709)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of coded ones (ITU-R BT.601)
AROUND = 0.15  # of the shorter side of an object's visible box: how wide the strip about it is
LEAST_PX = 2

F32 = NDArray[np.float32]


def contrast(
    values: F32, instance: NDArray[np.uint16], visible_px: F32, tracks: NDArray[np.int64], clear: F32 | None, *, relative: bool
) -> F32:
    """(O,) mean over an object's visible pixels of how much their value differs from the mean value of the strip about them,
    times how much of each the lens lets through.

    values, instance: (H, W). visible_px: (O, 4) boxes of the pixels whose instance is tracks (O,), nan where there are none;
    their contrast is 0. clear: (H, W) share that is not blocked by the lens; None for a clean one. relative: over the mean of
    the strip, as Weber's contrast and that of Koschmieder's law; otherwise the difference itself. An object that fills the
    picture has nothing about it, and a contrast of 0.
    """
    height, width = instance.shape
    out = np.zeros(len(tracks), np.float32)
    for k in np.flatnonzero(np.isfinite(visible_px[:, 0])):
        left, top, right, bottom = (visible_px[k] + [0.5, 0.5, 0.5, 0.5]).astype(int)
        wide = max(LEAST_PX, round(AROUND * min(right - left, bottom - top)))
        rows = slice(max(top - wide, 0), min(bottom + wide, height))
        columns = slice(max(left - wide, 0), min(right + wide, width))
        own = instance[rows, columns] == tracks[k]
        strip = (cv2.dilate(own.astype(np.uint8), np.ones((2 * wide + 1, 2 * wide + 1), np.uint8)) > 0) & ~own
        if not strip.any():
            continue
        here = values[rows, columns]
        about = float(here[strip].mean(dtype=np.float64))
        stands_out = np.abs(here[own] - np.float32(about))
        if clear is not None:
            stands_out = stands_out * clear[rows, columns][own]
        mean = float(stands_out.mean(dtype=np.float64))
        out[k] = mean / max(about, 1e-9) if relative else mean
    return out


def with_contrast(seen: CameraBoxes, image: Image, tracks: NDArray[np.int64], radiance: F32) -> CameraBoxes:
    """How a camera sees objects of tracks (O,), with their contrasts: of radiance (H, W, 3) at the lens through what covers
    it, and of the picture."""
    clear = None if image.coverage is None else 1 - image.coverage.astype(np.float32) / np.float32(255.0)
    against = (image.instance, seen.visible_px, tracks)
    return replace(
        seen,
        contrast=contrast(of_light(radiance), *against, clear, relative=True),
        picture_contrast=contrast(of_picture(image.rgb), *against, None, relative=False),
    )


def of_light(radiance: F32) -> F32:
    """Luminance (H, W) cd/m2 of radiance (H, W, 3), as it comes to the lens."""
    return radiance @ LUMINANCE


def of_picture(rgb: NDArray[np.uint8]) -> F32:
    """Luma (H, W) 0 to 1 of a picture (H, W, 3), its noise smoothed over 3 x 3 pixels."""
    return cv2.blur(rgb.astype(np.float32) @ (LUMA / np.float32(255.0)), (3, 3))
