"""PNG's row filters."""

from __future__ import annotations

import numpy as np

from scenesim.kernels.jit import kernel


@kernel
def filter_rows(rows, pixel_bytes):
    """Rows (H, B) uint8 of an image, filtered as PNG wants them: (H, 1 + B) uint8, the filter's number first.

    The filter of each row is the one with the smallest sum of absolute differences (PNG specification, 12.8).
    """
    height, width = rows.shape
    out = np.empty((height, width + 1), np.uint8)
    line = np.empty((5, width), np.uint8)
    zero = np.empty(width, np.uint8)
    for x in range(width):
        zero[x] = 0
    for y in range(height):
        here = rows[y]
        above = rows[y - 1] if y else zero
        for x in range(width):
            v = np.int64(here[x])
            b = np.int64(above[x])
            a = np.int64(here[x - pixel_bytes]) if x >= pixel_bytes else np.int64(0)
            c = np.int64(above[x - pixel_bytes]) if x >= pixel_bytes else np.int64(0)
            pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            nearest = a if pa <= pb and pa <= pc else (b if pb <= pc else c)
            line[0, x] = v
            line[1, x] = (v - a) & 255
            line[2, x] = (v - b) & 255
            line[3, x] = (v - ((a + b) >> 1)) & 255
            line[4, x] = (v - nearest) & 255
        best, least = 0, np.int64(255) * width + 1
        for k in range(5):
            total = np.int64(0)
            for x in range(width):
                d = np.int64(line[k, x])
                total += min(d, 256 - d)
            if total < least:
                best, least = k, total
        out[y, 0] = best
        for x in range(width):  # a slice's assignment would bring numba's whole text formatting along, for its error message
            out[y, 1 + x] = line[best, x]
    return out
