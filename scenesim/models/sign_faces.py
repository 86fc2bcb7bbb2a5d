"""More faces of signs: those of road works, tracks and motorways, and of countries with boards and diamonds.

Shapes and proportions after VzKat 2017 and the MUTCD (2009; Standard Highway Signs: diamonds 0.76 m, regulatory boards 0.6 by
0.76 m). Drawn for this project; a stranger should know them, a signwriter would not.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from scenesim.geometry.mesh import Surface
from scenesim.models.letters import text
from scenesim.models.signs import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Layers,
    arrow,
    board,
    disc,
    polygon,
    triangle,
    walker,
)

ORANGE = Surface("sign_orange")


def _ring_of_arrows(radius: float, pen: float) -> BaseGeometry:
    """Three arrows that chase each other counter-clockwise."""
    parts = []
    for k in range(3):
        a = np.radians(np.linspace(120 * k, 120 * k + 72, 9))
        line = shapely.LineString(np.stack([radius * np.cos(a), radius * np.sin(a)], 1))
        end, turn = a[-1], math.degrees(float(a[-1])) + 90
        head = polygon(3, pen * 1.5, 0)
        at = (radius * math.cos(end + 0.12), radius * math.sin(end + 0.12))
        parts += [line.buffer(pen / 2, cap_style="flat"), affinity.translate(affinity.rotate(head, turn, origin=(0, 0)), *at)]
    return shapely.union_all(parts)


def _roundabout(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (_ring_of_arrows(0.165, 0.06), WHITE)]


def _roundabout_clockwise(_: str) -> Layers:
    """Where one drives on the left."""
    turned = affinity.scale(_ring_of_arrows(0.165, 0.06), -1, 1, origin=(0, 0))
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (turned, WHITE)]


def _keep_left(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (arrow(0.42, 0.065, -135), WHITE)]


def _man_digging(height: float) -> BaseGeometry:
    lines = [
        ([(0.10, 0.20), (-0.06, -0.05)], 0.16), ([(-0.06, -0.05), (-0.02, -0.26), (-0.10, -0.46)], 0.085),
        ([(-0.06, -0.05), (-0.20, -0.25), (-0.32, -0.44)], 0.085), ([(0.10, 0.2), (0.16, -0.02), (0.02, -0.06)], 0.06),
        ([(-0.12, 0.10), (0.36, -0.34)], 0.035),
    ]  # fmt: skip
    parts = [shapely.LineString(p).buffer(w / 2, quad_segs=3) for p, w in lines] + [disc(0.085, 0.19, 0.36)]
    heap = shapely.Polygon([(0.14, -0.46), (0.36, -0.24), (0.56, -0.46)])
    return affinity.scale(shapely.union_all([*parts, heap]), height, height, origin=(0, 0))


def _children_running(height: float) -> BaseGeometry:
    small = affinity.translate(affinity.scale(walker(height), 0.75, 0.75, origin=(0, 0)), 0.24 * height, -0.1 * height)
    return shapely.union_all([affinity.translate(walker(height), -0.18 * height, 0.0), small])


def _warning(drawn: BaseGeometry, up: float = -0.04) -> Layers:
    return [
        (triangle(0.90, down=False), RED), (triangle(0.62, down=False), WHITE), (affinity.translate(drawn, 0, up), BLACK),
    ]  # fmt: skip


def _diamond(drawn: BaseGeometry, color: Surface = YELLOW) -> Layers:
    return [(polygon(4, 0.54, 0), color), (polygon(4, 0.52, 0), BLACK), (polygon(4, 0.50, 0), color), (drawn, BLACK)]


def _lane_ends_drawn(size: float) -> BaseGeometry:
    """The right of two lines bends into the left one."""
    straight = board(0.1, 1.0, 0.01, -0.2)
    bent = shapely.LineString([(0.25, -0.5), (0.25, -0.1), (-0.02, 0.25), (-0.02, 0.5)]).buffer(0.05, cap_style="flat")
    return affinity.scale(shapely.union(straight, bent), size, size, origin=(0, 0))


def _lane_ends(_: str) -> Layers:
    ahead = affinity.translate(arrow(0.8, 0.1, 90), -0.15, 0.0)
    stub = shapely.LineString([(0.22, -0.4), (0.22, -0.1), (-0.1, 0.15)]).buffer(0.05, cap_style="flat")
    return [(board(0.9, 1.1), WHITE), (board(0.87, 1.07), BLUE), (shapely.union(ahead, stub), WHITE)]


def _crossbuck(_: str) -> Layers:
    arms = [affinity.rotate(board(1.2, 0.16, 0.01), a, origin=(0, 0)) for a in (60, -60)]
    red = [
        affinity.rotate(shapely.union(board(0.22, 0.16, 0.01, -0.49), board(0.22, 0.16, 0.01, 0.49)), a, origin=(0, 0))
        for a in (60, -60)
    ]
    return [(shapely.union_all(arms), WHITE), (shapely.union_all(red), RED)]


def _crossbuck_us(_: str) -> Layers:
    arms = [affinity.rotate(board(1.2, 0.23, 0.01), a, origin=(0, 0)) for a in (45, -45)]
    words = [
        affinity.rotate(affinity.translate(text(w, 0.12), x, 0.0), 45, origin=(0, 0))
        for w, x in (("RAIL", -0.36), ("ROAD", 0.36))
    ]
    return [(shapely.union_all(arms), WHITE), (shapely.union_all(words), BLACK)]


def _bus_lane(_: str) -> Layers:
    body = shapely.difference(
        board(0.16, 0.30, 0.03), shapely.union(board(0.12, 0.09, 0.01, 0, 0.05), board(0.10, 0.03, 0.01, 0, 0.115))
    )
    wheels = shapely.union(board(0.03, 0.05, 0.005, -0.055, -0.165), board(0.03, 0.05, 0.005, 0.055, -0.165))
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (shapely.union(body, wheels), WHITE)]


def bicycle(size: float) -> BaseGeometry:
    """A bicycle about the origin, `size` long."""
    wheels = [shapely.Point(x, -0.12).buffer(0.19).boundary.buffer(0.025) for x in (-0.3, 0.3)]
    frame = [[(-0.3, -0.12), (-0.12, 0.2), (0.2, 0.2), (-0.05, -0.12), (-0.3, -0.12)], [(-0.05, -0.12), (-0.16, 0.28)],
             [(0.3, -0.12), (0.17, 0.3), (0.27, 0.34)], [(-0.24, 0.28), (-0.08, 0.28)]]  # fmt: skip
    lines = [shapely.LineString(p).buffer(0.025) for p in frame]
    return affinity.scale(shapely.union_all([*wheels, *lines]), size, size, origin=(0, 0))


def _cycle_track(_: str) -> Layers:
    return [(disc(0.30), WHITE), (disc(0.292), BLUE), (bicycle(0.40), WHITE)]


def _tunnel(_: str) -> Layers:
    arch = shapely.union(shapely.Point(0, 0.02).buffer(0.19), shapely.box(-0.19, -0.2, 0.19, 0.02))
    road = shapely.Polygon([(-0.1, -0.2), (0.1, -0.2), (0.025, 0.0), (-0.025, 0.0)])
    return [(board(0.60, 0.60), WHITE), (board(0.585, 0.585), BLUE), (arch, WHITE), (shapely.intersection(road, arch), BLACK)]


def _stacked(value: str, height: float, pen: float = 0.14) -> tuple[BaseGeometry, float, float]:
    """Lines of a text, divided by "|", one below the other, with their width and height."""
    lines = value.split("|")
    drawn = [
        affinity.translate(text(q, height, pen=pen), 0, -(k - (len(lines) - 1) / 2) * 1.5 * height) for k, q in enumerate(lines)
    ]
    whole = shapely.union_all(drawn)
    low_x, _, high_x, _ = whole.bounds if not whole.is_empty else (0, 0, 0, 0)
    return whole, max(abs(low_x), abs(high_x)) * 2, len(lines) * 1.5 * height


def panel(
    value: str, ground: Surface, height: float, arrows: int = 0, turn_deg: float = -90.0, letters: Surface = WHITE
) -> Layers:
    """A board with lines of text, and arrows below them."""
    words, width, tall = _stacked(value, height)
    width, room = max(width + 1.2 * height, 2.0 * height), (1.5 * height if arrows else 0.0)
    total = tall + room + 0.8 * height
    shown = [affinity.translate(words, 0, room / 2)]
    for k in range(arrows):
        x = (k - (arrows - 1) / 2) * width / arrows
        shown.append(affinity.translate(arrow(1.4 * height, 0.22 * height, turn_deg), x, -total / 2 + 1.1 * height))
    border = max(0.02, 0.06 * height)
    return [
        (board(width, total, 0.15 * height), letters), (board(width - 2 * border, total - 2 * border, 0.12 * height), ground),
        (shapely.union_all(shown), letters),
    ]  # fmt: skip


def _gantry(ground: Surface):
    def face(value: str) -> Layers:
        """value: lines divided by "|"; after a "#" the number of arrows."""
        words, _, number = value.partition("#")
        return panel(words or "A 9|NORD", ground, 0.42, int(number) if number else 1)

    return face


def _exit(ground: Surface):
    def face(value: str) -> Layers:
        return panel(value or "EXIT", ground, 0.32, 1, 45.0)

    return face


def _toll(value: str) -> Layers:
    return panel(value or "TOLL|CASH CARD", BLUE, 0.26)


def _speed_limit_board(value: str) -> Layers:
    words = [
        affinity.translate(text("SPEED", 0.1), 0, 0.28),
        affinity.translate(text("LIMIT", 0.1), 0, 0.14),
        text(value, 0.3, 0, -0.13),
    ]
    return [(board(0.61, 0.76, 0.04), BLACK), (board(0.58, 0.73, 0.035), WHITE), (shapely.union_all(words), BLACK)]


def _regulatory(words: str, height: float = 0.1):
    def face(_: str) -> Layers:
        drawn, width, tall = _stacked(words, height)
        w, h = max(width + 0.16, 0.5), max(tall + 0.16, 0.5)
        return [(board(w, h, 0.04), BLACK), (board(w - 0.03, h - 0.03, 0.035), WHITE), (drawn, BLACK)]

    return face


def _keep_board(side: int):
    def face(_: str) -> Layers:
        island = shapely.union(disc(0.05, 0.0, -0.02), board(0.1, 0.24, 0.02, 0.0, -0.16))
        way = shapely.LineString([(0.0, -0.33), (0.17 * side, -0.18), (0.17 * side, 0.16)]).buffer(0.03, cap_style="flat")
        head = polygon(3, 0.085, 90)
        drawn = shapely.union_all([island, way, affinity.translate(head, 0.17 * side, 0.2)])
        return [(board(0.61, 0.76, 0.04), BLACK), (board(0.58, 0.73, 0.035), WHITE), (drawn, BLACK)]

    return face


def _yield_words(_: str) -> Layers:
    return [(triangle(0.90, down=True), RED), (triangle(0.56, down=True), WHITE), (text("YIELD", 0.07, 0, 0.07), RED)]


def _do_not_enter(_: str) -> Layers:
    words = shapely.union(text("DO NOT", 0.09, 0, 0.17), text("ENTER", 0.09, 0, -0.17))
    return [(board(0.76, 0.76, 0.04), WHITE), (disc(0.36), RED), (shapely.union(words, board(0.56, 0.11, 0.005)), WHITE)]


def _stop_triangle(_: str) -> Layers:
    """Japan's: an inverted triangle with the words for "stop", the upper ones in strokes."""
    strokes = [
        [(-0.16, 0.0), (0.16, 0.0)], [(0.0, 0.0), (0.0, 0.2)], [(0.0, 0.12), (0.1, 0.12)], [(-0.1, 0.0), (-0.1, 0.14)],
    ]  # fmt: skip
    upper = affinity.translate(shapely.union_all([shapely.LineString(s).buffer(0.02) for s in strokes]), 0, 0.03)
    return [
        (triangle(0.80, down=True), WHITE), (triangle(0.74, down=True), RED),
        (shapely.union(upper, text("STOP", 0.09, 0, -0.07)), WHITE),
    ]  # fmt: skip


def _chevrons(ground: Surface, marks: Surface, way: int):
    """Three chevrons that point to the right (1) or the left (-1)."""

    def face(_: str) -> Layers:
        bars = [
            shapely.Polygon([(x, -0.24), (x + 0.16, -0.24), (x + 0.04, 0), (x + 0.16, 0.24), (x, 0.24), (x - 0.12, 0)])
            for x in (-0.5, -0.12, 0.26)
        ]
        turned = affinity.scale(shapely.union_all(bars), -way, 1, origin=(0, 0))
        return [(board(1.5, 0.5), ground), (shapely.intersection(turned, board(1.46, 0.46)), marks)]

    return face


FACES = {
    "roundabout": _roundabout, "keep_left": _keep_left, "lane_ends": _lane_ends, "crossbuck": _crossbuck, "tunnel": _tunnel,
    "crossbuck_us": _crossbuck_us, "bus_lane": _bus_lane, "cycle_track": _cycle_track, "toll": _toll,
    "road_works": lambda _: _warning(_man_digging(0.30)), "children": lambda _: _warning(_children_running(0.28)),
    "gantry": _gantry(BLUE), "gantry_green": _gantry(GREEN), "exit": _exit(BLUE), "exit_green": _exit(GREEN),
    "speed_limit_board": _speed_limit_board, "bus_only_board": _regulatory("RIGHT LANE|BUS|ONLY"),
    "bike_lane_board": _regulatory("BIKE LANE"), "yield_words": _yield_words, "do_not_enter": _do_not_enter,
    "stop_triangle": _stop_triangle, "keep_right_board": _keep_board(1), "keep_left_board": _keep_board(-1),
    "diamond_road_works": lambda _: _diamond(_man_digging(0.55), ORANGE),
    "diamond_lane_ends": lambda _: _diamond(_lane_ends_drawn(0.55)),
    "diamond_children": lambda _: _diamond(_children_running(0.5)),
    "diamond_roundabout": lambda _: _diamond(_ring_of_arrows(0.2, 0.07)),
    "diamond_blank": lambda _: _diamond(text("RR", 0.3)), "chevron_board": _chevrons(BLACK, WHITE, 1),
    "chevron_black": _chevrons(BLACK, WHITE, -1), "chevron_right": _chevrons(WHITE, RED, 1),
    "roundabout_clockwise": _roundabout_clockwise,
}  # fmt: skip
