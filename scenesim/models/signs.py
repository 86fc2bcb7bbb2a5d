"""Faces of traffic signs, drawn as shapes in the plane: x to the right and y up as the reader sees them, metres.

Shapes and proportions after the German catalogue of signs (VzKat 2017) and its sizes 2: discs 0.60 m, triangles 0.90 m.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from scenesim.geometry.mesh import Surface
from scenesim.models.letters import text

Layers = list[tuple[BaseGeometry, Surface]]

WHITE, RED, BLUE = Surface("sign_face"), Surface("sign_red"), Surface("sign_blue")
YELLOW, GREEN, BLACK = Surface("sign_yellow"), Surface("sign_green"), Surface("sign_black")


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> BaseGeometry:
    return shapely.Point(x, y).buffer(radius, quad_segs=12)


def polygon(sides: int, radius: float, turn_deg: float = 0.0) -> BaseGeometry:
    """Regular polygon with a corner at turn_deg from the right."""
    a = np.radians(turn_deg) + 2 * math.pi * np.arange(sides) / sides
    return shapely.Polygon(np.stack([radius * np.cos(a), radius * np.sin(a)], 1))


def board(width: float, height: float, radius: float = 0.03, x: float = 0.0, y: float = 0.0) -> BaseGeometry:
    """Rectangle with round corners about (x, y)."""
    return shapely.box(x - width / 2 + radius, y - height / 2 + radius, x + width / 2 - radius, y + height / 2 - radius).buffer(
        radius, quad_segs=4
    )


def arrow(length: float, pen: float, turn_deg: float) -> BaseGeometry:
    """An arrow about the origin that points to turn_deg from the right."""
    shaft = shapely.box(-length / 2, -pen / 2, length / 2 - pen * 1.2, pen / 2)
    head = shapely.Polygon([(length / 2 - pen * 2.2, -pen * 1.5), (length / 2, 0), (length / 2 - pen * 2.2, pen * 1.5)])
    return affinity.rotate(shapely.union(shaft, head), turn_deg, origin=(0, 0))


def walker(height: float) -> BaseGeometry:
    """A walking person about the origin, facing left."""
    lines = [
        ([(0.02, 0.22), (0.0, -0.06)], 0.17), ([(0.0, -0.05), (-0.13, -0.26), (-0.16, -0.48)], 0.085),
        ([(0.0, -0.05), (0.10, -0.25), (0.24, -0.45)], 0.085), ([(0.0, 0.24), (-0.15, 0.10), (-0.24, 0.02)], 0.06),
        ([(0.03, 0.24), (0.17, 0.12), (0.17, -0.03)], 0.06),
    ]  # fmt: skip
    parts = [shapely.LineString(p).buffer(w / 2, quad_segs=3) for p, w in lines] + [disc(0.085, 0.0, 0.41)]
    return affinity.scale(shapely.union_all(parts), height, height, origin=(0, 0))


# ---- faces: the plate's shape, then what is painted on it


def _limit(value: str) -> Layers:
    return [
        (disc(0.30), WHITE),
        (disc(0.292), RED),
        (disc(0.225), WHITE),
        (text(value, 0.25 if len(value) < 3 else 0.2), BLACK),
    ]


def _limit_end(value: str) -> Layers:
    bars = shapely.union_all(
        [
            affinity.rotate(shapely.box(-0.30, d - 0.008, 0.30, d + 0.008), 45, origin=(0, 0))
            for d in (-0.04, -0.013, 0.013, 0.04)
        ]
    )
    grey = text(value, 0.25 if len(value) < 3 else 0.2)
    return [(disc(0.30), WHITE), (grey, BLACK), (shapely.intersection(bars, disc(0.285)), BLACK)]


def _stop(_: str) -> Layers:
    return [(polygon(8, 0.487, 22.5), WHITE), (polygon(8, 0.46, 22.5), RED), (text("STOP", 0.27), WHITE)]


def _yield(_: str) -> Layers:
    return [(triangle(0.90, down=True), RED), (triangle(0.56, down=True), WHITE)]


def triangle(side: float, down: bool) -> BaseGeometry:
    return polygon(3, side / math.sqrt(3.0) - 0.03, -90 if down else 90).buffer(0.03, quad_segs=4)


def _danger(value: str) -> Layers:
    return [
        (triangle(0.90, down=False), RED),
        (triangle(0.62, down=False), WHITE),
        (text(value or "!", 0.24, 0, -0.04, 0.2), BLACK),
    ]


def _priority(_: str) -> Layers:
    return [
        (polygon(4, 0.42, 0), WHITE),
        (polygon(4, 0.41, 0), BLACK),
        (polygon(4, 0.395, 0), WHITE),
        (polygon(4, 0.29, 0), YELLOW),
    ]


def _no_entry(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), RED), (board(0.44, 0.115, 0.005), WHITE)]


def _no_vehicles(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), RED), (disc(0.225), WHITE)]


def _no_stopping(_: str) -> Layers:
    cross = [affinity.rotate(shapely.box(-0.3, -0.028, 0.3, 0.028), a, origin=(0, 0)) for a in (45, -45)]
    return [
        (disc(0.30), WHITE),
        (disc(0.292), RED),
        (disc(0.235), BLUE),
        (shapely.intersection(shapely.union_all(cross), disc(0.26)), RED),
    ]


def _crosswalk(_: str) -> Layers:
    stripes = shapely.union_all([shapely.box(x, -0.17, x + 0.035, -0.115) for x in np.arange(-0.15, 0.16, 0.07)])
    man = affinity.translate(walker(0.24), 0.0, -0.01)
    white = affinity.translate(triangle(0.56, down=False), 0, -0.03)
    return [(board(0.60, 0.60), WHITE), (board(0.585, 0.585), BLUE), (white, WHITE), (shapely.union(man, stripes), BLACK)]


def _parking(_: str) -> Layers:
    return [(board(0.60, 0.60), WHITE), (board(0.585, 0.585), BLUE), (text("P", 0.38), WHITE)]


def _keep_right(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (arrow(0.42, 0.065, -45), WHITE)]


def _straight_on(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (arrow(0.42, 0.065, 90), WHITE)]


def _footpath(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (walker(0.4), WHITE)]


def _chevron(_: str) -> Layers:
    marks = [
        shapely.Polygon([(x, -0.24), (x + 0.16, -0.24), (x + 0.04, 0), (x + 0.16, 0.24), (x, 0.24), (x - 0.12, 0)])
        for x in (-0.5, -0.12, 0.26)
    ]
    return [(board(1.5, 0.5), WHITE), (shapely.intersection(shapely.union_all(marks), board(1.46, 0.46)), RED)]


def _guide(_: str) -> Layers:
    lines = [board(1.1, 0.09, 0.01, -0.15, y) for y in (0.22, 0.0, -0.22)]
    ahead = affinity.translate(arrow(0.5, 0.07, 90), 0.72, 0.0)
    return [(board(2.0, 0.8, 0.05), BLACK), (board(1.97, 0.77, 0.05), YELLOW), (shapely.union_all([*lines, ahead]), BLACK)]


def _motorway(_: str) -> Layers:
    lines = [board(1.8, 0.13, 0.01, -0.35, y) for y in (0.45, 0.1)]
    ahead = affinity.translate(arrow(0.8, 0.11, 60), 0.95, -0.1)
    return [(board(3.0, 1.8, 0.08), WHITE), (board(2.94, 1.74, 0.08), BLUE), (shapely.union_all([*lines, ahead]), WHITE)]


def _town(_: str) -> Layers:
    return [
        (board(1.2, 0.6), BLACK),
        (board(1.17, 0.57), YELLOW),
        (shapely.union(board(0.8, 0.12, 0.01, 0, 0.08), board(0.5, 0.07, 0.01, 0, -0.12)), BLACK),
    ]


def _blank(_: str) -> Layers:
    return [
        (board(0.60, 0.42), BLACK),
        (board(0.58, 0.40), WHITE),
        (shapely.union(board(0.4, 0.05, 0.005, 0, 0.07), board(0.28, 0.05, 0.005, 0, -0.07)), BLACK),
    ]


FACES: dict[str, Callable[[str], Layers]] = {
    "speed_limit": _limit, "speed_limit_end": _limit_end, "stop": _stop, "yield": _yield, "danger": _danger,
    "priority": _priority,
    "no_entry": _no_entry, "no_vehicles": _no_vehicles, "no_stopping": _no_stopping, "crosswalk": _crosswalk,
    "parking": _parking,
    "keep_right": _keep_right, "straight_on": _straight_on, "footpath": _footpath, "chevron": _chevron, "guide": _guide,
    "motorway": _motorway, "town": _town, "blank": _blank,
}  # fmt: skip
