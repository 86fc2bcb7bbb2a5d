"""Pictures as files: PNG, the same bytes on every machine with the same zlib; JPEG where size matters more than truth."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels.png_rows import filter_rows

# After filtering, a picture with grain has few matches worth finding but runs of one byte, and labels are nearly all runs of
# zeros: zlib that looks for runs alone (Z_RLE) is faster than its level 1 and smaller. Measured on a street of 1280x720: 51 ms
# and 1.38 MB, against 67 ms and 1.52 MB, and 165 ms and 1.50 MB of OpenCV's level 1. igzip (isal) takes about 20 ms, but has
# code of its own for each kind of processor, and the bytes are to be the same on all of them.
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
    deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    data = deflate.compress(rows) + deflate.flush()
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
