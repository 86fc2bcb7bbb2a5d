"""Lossless pictures: PNG with the bytes fixed by this project, JPEG where size matters more than truth."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.deflate import deflate, filter_rows

# What deflates, measured on a grainy street scene of 1600x900, one core, filtering not counted (time, size): zlib level 1
# 68 ms, 2.45 MB; igzip (isal) level 2 20 ms, 2.45 MB; kernels/deflate.py 33 ms, 2.14 MB. igzip has code of its own for each
# kind of processor, and others found its bytes to differ below SSE4.2; zlib's differ from one version or descendant (zlib-ng in
# Fedora and in Python 3.14 for Windows) to the next. "Same recipe, same bytes" leaves our own, of integers only.
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB = 0, 2


def png(image: NDArray) -> bytes:
    """An image as PNG: (H, W) uint8 or uint16 as grey, (H, W, 3) uint8 as sRGB; not empty. Raises TypeError for others."""
    color = {(2, "uint8"): GREY, (2, "uint16"): GREY, (3, "uint8"): RGB}.get((image.ndim, image.dtype.name))
    if color is None or not image.size or (color == RGB and image.shape[2] != 3):
        raise TypeError(f"no PNG of shape {image.shape} and type {image.dtype}")
    height, width = image.shape[:2]
    pixel_bytes = image.dtype.itemsize * (3 if color == RGB else 1)
    big_endian = np.ascontiguousarray(image, image.dtype.newbyteorder(">"))
    rows = filter_rows(big_endian.view(np.uint8).reshape(height, width * pixel_bytes), pixel_bytes).reshape(-1)
    header = struct.pack(">IIBBBBB", width, height, 8 * image.dtype.itemsize, color, 0, 0, 0)
    data = b"\x78\x01" + deflate(rows).tobytes() + struct.pack(">I", zlib.adler32(rows))
    chunks = [_chunk(b"IHDR", header)]
    if color == RGB:
        chunks.append(_chunk(b"sRGB", b"\0"))
    return b"".join([SIGNATURE, *chunks, _chunk(b"IDAT", data), _chunk(b"IEND", b"")])


def jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """An image (H, W, 3) uint8 as baseline JPEG without chroma subsampling; its bytes are those of the installed Pillow."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
