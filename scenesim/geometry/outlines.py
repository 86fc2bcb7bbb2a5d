"""Plane outlines as signed distances: below 0 inside. They say where a shell is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.kernels.jit import kernel

Array = NDArray[np.float64]
Outline = Callable[[Array], Array]  # points (N, 2) m -> signed distance (N,) m


@kernel
def polygon_distance(polygon, points, out):
    """Signed distance of points (N, 2) from a closed polygon (M, 2), written to out (N,)."""
    m = len(polygon)
    for i in range(len(points)):
        x, y = points[i, 0], points[i, 1]
        nearest, inside = 1e18, False
        for k in range(m):
            ax, ay, bx, by = polygon[k, 0], polygon[k, 1], polygon[k - 1, 0], polygon[k - 1, 1]
            ex, ey, wx, wy = bx - ax, by - ay, x - ax, y - ay
            t = min(max((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-12), 0.0), 1.0)
            dx, dy = wx - t * ex, wy - t * ey
            nearest = min(nearest, dx * dx + dy * dy)
            if (ay > y) != (by > y) and x < ex * (y - ay) / ey + ax:
                inside = not inside
        out[i] = -sqrt(nearest) if inside else sqrt(nearest)


def polygon(corners: ArrayLike) -> Outline:
    """The inside of a polygon (M, 2)."""
    p = np.ascontiguousarray(corners, float)

    def distance(q: Array) -> Array:
        out = np.empty(len(q))
        polygon_distance(p, np.ascontiguousarray(q, float), out)
        return out

    return distance


def soft(corners: ArrayLike, radius: float | Sequence[float] = 0.04) -> Outline:
    """The inside of a polygon with rounded corners, one radius for all or one for each."""
    return polygon(rounded(corners, radius))


def rounded(corners: ArrayLike, radius: float | Sequence[float], pieces: int = 4) -> Array:
    """A polygon whose corners are quadratic arcs that begin `radius` before the corner."""
    p = np.asarray(corners, float)
    reach = np.broadcast_to(np.asarray(radius, float), len(p))
    t = np.linspace(0, 1, pieces + 1)[:, None]
    out = []
    for i in range(len(p)):
        a, b, c = p[i - 1], p[i], p[(i + 1) % len(p)]
        u, v = a - b, c - b
        lu, lv = float(np.sqrt(u @ u)), float(np.sqrt(v @ v))
        begin = b + u / lu * min(reach[i], 0.45 * lu)
        end = b + v / lv * min(reach[i], 0.45 * lv)
        out.append((1 - t) ** 2 * begin + 2 * t * (1 - t) * b + t * t * end)
    return np.concatenate(out)


def rectangle(left: float, right: float, low: float, high: float, radius: float = 0.04) -> Outline:
    """A rectangle with rounded corners."""
    return soft([(left, low), (right, low), (right, high), (left, high)], radius)


def circle(x: float, y: float, radius: float) -> Outline:
    """The inside of a circle."""
    return lambda q: np.sqrt((q[:, 0] - x) ** 2 + (q[:, 1] - y) ** 2) - radius


def above(limit: float) -> Outline:
    """Where the second coordinate is above a limit."""
    return lambda q: limit - q[:, 1]


def below(limit: float) -> Outline:
    """Where the second coordinate is below a limit."""
    return lambda q: q[:, 1] - limit


def within(*outlines: Outline) -> Outline:
    """Where all are inside."""

    def distance(q: Array) -> Array:
        d = outlines[0](q)
        for o in outlines[1:]:
            d = np.maximum(d, o(q))
        return d

    return distance


def grown(outline: Outline, by: float) -> Outline:
    """The outline moved outwards (inwards for less than 0)."""
    return lambda q: outline(q) - by
