"""Depth of field: the circle of confusion of a thin lens at each pixel's true depth, and pictures that are blurred by it.

A lens of diameter A whose image plane lies v behind it and is sharp at s draws a point at d as a disc of diameter
c = A v |1 / s - 1 / d| (similar triangles and 1 / f = 1 / v + 1 / s). In pixels v is the calibrated focal length.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.sensors.camera import Camera

F32 = NDArray[np.float32]
LEAST_PX = 0.5  # diameter below which nothing is seen of it
# Edges of the radii, px, within which all is blurred alike.
EDGES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
MOST_PX = 40.0


def aperture_m(camera: Camera) -> float:
    """Diameter of the lens's pupil: focal length over f-number; 0 without a distance that it is focused at."""
    focus = camera.optics.focus_m
    if focus is None or camera.imager is None:
        return 0.0
    image_plane = camera.fx_px * camera.imager.pixel_um * 1e-6
    return image_plane * focus / (image_plane + focus) / camera.optics.f_number


def confusion_px(camera: Camera, depth_m: F32) -> F32:
    """Radius (H, W) px of the circle of confusion of depths (H, W), inf for the sky: below 0 beyond what is in focus."""
    scale = np.float32(0.5 * aperture_m(camera) * camera.fx_px)
    near = np.float32(1.0) / np.maximum(depth_m, np.float32(0.05))
    return np.clip(scale * (near - np.float32(1.0 / camera.optics.focus_m)), -MOST_PX, MOST_PX) if scale > 0.0 else 0.0 * near


def focused(camera: Camera, image: F32, range_m: F32) -> F32:
    """Radiance (H, W, 3) as the lens draws it, of what a pinhole sees at ranges (H, W) m, from far to near: what is out of
    focus is spread over discs, before or behind what is at other depths. Behind what is near and blurred, what is hidden is
    taken to go on as beside it."""
    if aperture_m(camera) == 0.0:
        return image
    depth = range_m
    if camera.lens == "brown_conrady":
        depth = range_m * camera.directions()[..., 2].astype(np.float32)
    radius = confusion_px(camera, depth)
    if 2.0 * float(np.abs(radius).max()) < LEAST_PX:
        return image
    edges = np.array([-MOST_PX - 1.0, *(-e for e in reversed(EDGES)), *EDGES, MOST_PX + 1.0], np.float32)
    layer = np.searchsorted(edges, radius.reshape(-1), side="right").reshape(radius.shape).astype(np.uint8)
    light, cover = np.zeros_like(image), np.zeros(image.shape[:2], np.float32)
    for k in np.flatnonzero(np.bincount(layer.reshape(-1))):
        own = layer == k
        mean = float(radius[own].mean(dtype=np.float64))
        _over(light, cover, image, own, abs(mean), mean > 0.0)
    return light / np.maximum(cover, np.float32(1e-6))[..., None]


def _over(light: F32, cover: F32, image: F32, own: NDArray[np.bool_], radius_px: float, near: bool) -> None:
    """Lay the pixels `own` of an image (H, W, 3), spread over discs, over light (H, W, 3) that has a cover (H, W), in place.
    near: they are nearer than what is in focus, so that what they hide is seen past their edges."""
    border = int(radius_px) + 2
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    part = (
        slice(max(rows[0] - border, 0), rows[-1] + border + 1),
        slice(max(columns[0] - border, 0), columns[-1] + border + 1),
    )
    share = own[part].astype(np.float32)
    mine = image[part] * share[..., None]
    if 2.0 * radius_px >= LEAST_PX:
        if near:
            _go_on(light[part], cover[part], radius_px)
        spread = disc(radius_px)
        mine = cv2.filter2D(mine, -1, spread, borderType=cv2.BORDER_REPLICATE)
        share = cv2.filter2D(share, -1, spread, borderType=cv2.BORDER_REPLICATE)
        np.clip(share, 0.0, 1.0, out=share)
    left = 1 - share
    light[part] = light[part] * left[..., None] + mine
    cover[part] = cover[part] * left + share


def _go_on(light: F32, cover: F32, radius_px: float) -> None:
    """Let light (h, w, 3) with a cover (h, w) go on over what is not covered, about as far as a radius, in place."""
    side = 2 * int(2.0 * radius_px + 1.0) + 1
    about, share = cv2.blur(light, (side, side)), cv2.blur(cover, (side, side))
    missing = np.where(share > 1e-3, 1 - cover, 0).astype(np.float32)
    light += (missing / np.maximum(share, np.float32(1e-3)))[..., None] * about
    cover += missing


def disc(radius_px: float) -> F32:
    """Kernel (n, n) of a disc with soft pixels at its edge, whose sum is 1."""
    half = int(np.ceil(radius_px + 0.5))
    fine = (np.arange(8 * (2 * half + 1)) + 0.5) / 8.0 - 0.5 - half
    inside = (fine[:, None] ** 2 + fine**2 <= radius_px**2).astype(np.float32)
    pixels = inside.reshape(2 * half + 1, 8, 2 * half + 1, 8).sum((1, 3))
    return pixels / pixels.sum()
