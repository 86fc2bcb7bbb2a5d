"""Letters of signs and of words on the road, as shapes in the plane: x to the right and y up as the reader sees them."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry


def _arc(x: float, y: float, rx: float, ry: float, start_deg: float, end_deg: float) -> list[tuple[float, float]]:
    a = np.radians(np.linspace(start_deg, end_deg, max(3, int(abs(end_deg - start_deg) / 12))))
    return list(zip((x + rx * np.cos(a)).tolist(), (y + ry * np.sin(a)).tolist()))


# Strokes of letters in a box 0.56 wide and 1 high, centre lines of a pen 0.15 thick.
_L, _R, _T, _B, _M = 0.075, 0.485, 0.925, 0.075, 0.5
_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "0": [_arc(0.28, 0.5, 0.205, 0.425, 0, 360)],
    "1": [[(0.12, 0.74), (0.32, _T), (0.32, 0.0)]],
    "2": [[*_arc(0.28, 0.70, 0.205, 0.225, 170, -35), (_L, _B), (_R + 0.03, _B)]],
    "3": [[*_arc(0.27, 0.72, 0.19, 0.205, 160, -90)], [*_arc(0.27, 0.295, 0.21, 0.22, 90, -160)]],
    "4": [[(0.40, 0.0), (0.40, _T), (0.05, 0.28), (0.54, 0.28)]],
    "5": [[(_R - 0.02, _T), (0.12, _T), (0.10, 0.54), *_arc(0.27, 0.32, 0.21, 0.245, 120, -160)]],
    "6": [[(0.42, _T), (0.14, 0.52), *_arc(0.28, 0.30, 0.205, 0.225, 150, 510)]],
    "7": [[(0.04, _T), (0.48, _T), (0.20, 0.0)]],
    "8": [_arc(0.28, 0.72, 0.175, 0.205, 0, 360), _arc(0.28, 0.285, 0.205, 0.21, 0, 360)],
    "9": [[(0.14, _B), (0.42, 0.48), *_arc(0.28, 0.70, 0.205, 0.225, -30, 330)]],
    "S": [[*_arc(0.28, 0.71, 0.20, 0.215, 35, 270), *_arc(0.28, 0.285, 0.21, 0.21, 90, -145)]],
    "T": [[(0.0, _T), (0.56, _T)], [(0.28, _T), (0.28, 0.0)]],
    "O": [_arc(0.28, 0.5, 0.205, 0.425, 0, 360)],
    "P": [[(0.10, 0.0), (0.10, _T), (0.26, _T), *_arc(0.27, 0.695, 0.21, 0.23, 90, -90), (0.10, 0.465)]],
    "A": [[(0.03, 0.0), (0.28, 0.98), (0.53, 0.0)], [(0.13, 0.30), (0.43, 0.30)]],
    "B": [
        [(_L, _B), (_L, _T), (0.26, _T), *_arc(0.27, 0.72, 0.19, 0.205, 90, -90), (_L, 0.515)],
        [*_arc(0.27, 0.295, 0.21, 0.22, 90, -90), (_L, _B)],
    ],
    "C": [_arc(0.29, 0.5, 0.205, 0.425, 45, 315)],
    "D": [[(_L, _B), (_L, _T), (0.22, _T), *_arc(0.22, 0.5, 0.265, 0.425, 90, -90), (_L, _B)]],
    "E": [[(0.52, _T), (_L, _T), (_L, _B), (0.52, _B)], [(_L, _M), (0.45, _M)]],
    "F": [[(0.52, _T), (_L, _T), (_L, 0.0)], [(_L, _M), (0.45, _M)]],
    "G": [[*_arc(0.28, 0.5, 0.205, 0.425, 50, 350), (_R, 0.43), (0.28, 0.43)]],
    "H": [[(_L, 0.0), (_L, 1.0)], [(_R, 0.0), (_R, 1.0)], [(_L, _M), (_R, _M)]],
    "I": [[(0.28, 0.0), (0.28, 1.0)]],
    "J": [[(0.42, 1.0), *_arc(0.235, 0.28, 0.185, 0.205, 0, -170)]],
    "K": [[(_L, 0.0), (_L, 1.0)], [(0.52, 0.98), (0.10, 0.42)], [(0.22, 0.58), (0.53, 0.0)]],
    "L": [[(_L, 1.0), (_L, _B), (0.52, _B)]],
    "M": [[(_L, 0.0), (_L, 0.97), (0.28, 0.35), (_R, 0.97), (_R, 0.0)]],
    "N": [[(_L, 0.0), (_L, 0.97), (_R, 0.03), (_R, 1.0)]],
    "Q": [_arc(0.28, 0.5, 0.205, 0.425, 0, 360), [(0.33, 0.28), (0.53, 0.0)]],
    "R": [
        [(0.10, 0.0), (0.10, _T), (0.26, _T), *_arc(0.27, 0.695, 0.20, 0.23, 90, -90), (0.10, 0.465)],
        [(0.26, 0.46), (0.51, 0.0)],
    ],
    "U": [[(_L, 1.0), *_arc(0.28, 0.30, 0.205, 0.225, 180, 360), (_R, 1.0)]],
    "V": [[(0.03, 1.0), (0.28, 0.04), (0.53, 1.0)]],
    "W": [[(0.0, 1.0), (0.15, 0.04), (0.28, 0.70), (0.41, 0.04), (0.56, 1.0)]],
    "X": [[(0.04, 0.0), (0.52, 1.0)], [(0.04, 1.0), (0.52, 0.0)]],
    "Y": [[(0.03, 1.0), (0.28, 0.45), (0.53, 1.0)], [(0.28, 0.45), (0.28, 0.0)]],
    "Z": [[(0.04, _T), (0.50, _T), (0.06, _B), (0.53, _B)]],
    " ": [],
    "-": [[(0.12, _M), (0.44, _M)]],
    "/": [[(0.08, 0.0), (0.48, 1.0)]],
    ".": [[(0.21, 0.075), (0.36, 0.075)]],
    "!": [[(0.28, 1.0), (0.28, 0.36)], [(0.28, 0.16), (0.28, 0.02)]],
}


def text(word: str, height: float, x: float = 0.0, y: float = 0.0, pen: float = 0.15) -> BaseGeometry:
    """A word of digits, capital letters, and " ", "-", "/", "." and "!" about (x, y); others are left out."""
    drawn = [c for c in word if c in _STROKES]
    step = 0.68
    width = step * len(drawn) - 0.12
    shapes = []
    for k, c in enumerate(drawn):
        if not _STROKES[c]:
            continue
        lines = shapely.MultiLineString(_STROKES[c]).buffer(pen / 2, cap_style="flat", join_style="round", quad_segs=3)
        shapes.append(affinity.translate(lines, k * step - width / 2, -0.5))
    whole = shapely.union_all(shapes) if shapes else shapely.Polygon()
    return affinity.translate(affinity.scale(whole, height, height, origin=(0, 0)), x, y)
