"""Walls with windows as pictures for other renderers, after `_facade` of kernels/shaders.py: one column, which repeats."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenesim.kernels.packed import INSTANCE

PIXELS_PER_M = 24
MOST_PIXELS = 2048
GLASS, SILL = (0.035, 0.042, 0.05), (0.55, 0.54, 0.51)
FRAME = (0.6, 0.6, 0.58)
SILL_HEIGHT_M, BAR_M = 0.92, 0.055


@dataclass(frozen=True)
class Wall:
    """What of an instance's parameters makes its wall. color: linear. width_m: of a column; height_m: of all its rows."""

    color: tuple[float, float, float]
    brick: bool
    storey_m: float
    width_m: float
    rows: int
    wide_m: float
    tall_m: float
    shop: bool

    @property
    def height_m(self) -> float:
        """From the base to the top of the picture, above which there is bare wall."""
        return self.rows * self.storey_m


def wall(params: NDArray[np.float32], color: NDArray[np.float64]) -> Wall | None:
    """The wall of an instance (its row of PackedScene.params), or None where it has no windows."""
    brick, storey, pitch, height, wide, tall, shop = (float(params[INSTANCE[f"p{k}"]]) for k in range(7))
    storey, pitch = max(storey, 2.0), max(pitch, 1.0)
    rows = int((height + 0.3) / storey)
    if wide < 0.2 or rows < 1:
        return None
    r, g, b = (round(float(c), 4) for c in color)
    return Wall((r, g, b), brick > 0.5, storey, pitch, rows, wide, tall, shop > 0.5)


def picture(w: Wall) -> bytes:
    """A PNG of a column of windows; its rows go from height_m down to the base."""
    scale = min(PIXELS_PER_M, MOST_PIXELS / max(w.height_m, w.width_m))
    width, height = max(int(w.width_m * scale), 2), max(int(w.height_m * scale), 2)
    x = (np.arange(width) + 0.5) / width * w.width_m - 0.5 * w.width_m
    z = w.height_m - (np.arange(height) + 0.5) / height * w.height_m
    row = np.floor(z / w.storey_m)
    y = z - row * w.storey_m
    image = np.broadcast_to(np.array(w.color), (height, width, 3)).copy()
    surround = (0.50, 0.47, 0.42) if w.brick else tuple(min(0.78, 1.3 * c + 0.05) for c in w.color)
    for floor in range(w.rows):
        shop = w.shop and floor == 0
        half, low = (0.5 * w.width_m - 0.22, 0.45) if shop else (0.5 * w.wide_m, SILL_HEIGHT_M)
        high = min(2.6, w.storey_m - 0.4) if shop else SILL_HEIGHT_M + w.tall_m
        here = row == floor

        def fill(x0: float, x1: float, y0: float, y1: float, color, here=here) -> None:
            image[np.ix_(here & (y >= y0) & (y < y1), (x >= x0) & (x < x1))] = color

        fill(-half - 0.11, half + 0.11, low - 0.02, high + 0.14, surround)
        fill(-half - 0.14, half + 0.14, low - 0.10, low, SILL)
        fill(-half, half, low, high, FRAME)
        fill(-half + BAR_M, half - BAR_M, low + BAR_M, high - BAR_M, GLASS)
        if not shop:
            fill(-0.03, 0.03, low, high, FRAME)
    out = io.BytesIO()
    Image.fromarray(_TO_SRGB[np.minimum((image * 4095).round().astype(int), 4095)]).save(out, "PNG")
    return out.getvalue()


def _srgb(value: float) -> int:
    """IEC 61966-2-1, 0 to 255."""
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


_TO_SRGB = np.array([_srgb(k / 4095) for k in range(4096)], np.uint8)
