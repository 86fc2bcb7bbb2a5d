"""What is painted on roads besides the edges of lanes, and the signs beside them, as objects and signals of a network.

Sizes: RMS-1 (1993) and the StVO where a country says nothing else; arrows after RMS, 5 m long (recalled).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scenesim.scenario.network import Corner, RoadObject, Signal
from scenesim.scenario.pieces import on_road
from scenesim.scenario.style import Style

ARROW_M = 5.0
TOOTH_M, TOOTH_LONG_M = 0.5, 0.75  # MUTCD 3B.16: base 12 to 24 inches, height 1.5 times the base
BLOCK_M, BLOCK_GAP_M, BLOCK_LONG_M = 0.5, 0.25, 0.5  # StVO sign 341
Ring = Sequence[tuple[float, float]]


def polygon(identity: str, rings: Sequence[Ring], name: str = "symbol", color: str = "white") -> RoadObject:
    """Painted polygons with corners (s, t)."""
    s, t = (sum(p[k] for p in rings[0]) / len(rings[0]) for k in (0, 1))
    outlines = tuple(tuple(Corner(True, a, b, 0.0) for a, b in ring) for ring in rings)
    return RoadObject(identity, "roadMark", name, s, t, outlines=outlines, color=color)


def stop_line(identity: str, style: Style, s: float, low: float, high: float) -> RoadObject:
    """Across lanes from t = low to high, from s on."""
    return on_road(identity, "roadMark", "stop_line", s, style.country.stop_line_m, low, high)


def yield_line(identity: str, style: Style, s: float, low: float, high: float) -> RoadObject:
    """Across lanes whose traffic runs against s: blocks, teeth that point at who comes, or two dashed lines."""
    rings: list[Ring] = []
    kind = style.country.yield_line
    step = {"teeth": TOOTH_M + 0.25, "blocks": BLOCK_M + BLOCK_GAP_M, "double": 0.9}[kind]
    count = max(1, int((high - low) / step))
    first = (low + high - count * step) / 2
    for n in range(count):
        t = first + n * step
        if kind == "teeth":
            rings.append([(s, t + 0.1), (s + TOOTH_LONG_M, t + 0.1 + TOOTH_M / 2), (s, t + 0.1 + TOOTH_M)])
        elif kind == "blocks":
            rings.append(_box(s, s + BLOCK_LONG_M, t + BLOCK_GAP_M / 2, t + BLOCK_GAP_M / 2 + BLOCK_M))
        else:
            rings += [_box(s + d, s + d + 0.2, t + 0.15, t + 0.75) for d in (0.0, 0.5)]
    return polygon(identity, rings, "yield_line")


def crosswalk(identity: str, style: Style, s: float, length_m: float, low: float, high: float) -> RoadObject:
    """A crosswalk from s on, as its country paints it."""
    name = "" if style.country.crosswalk == "zebra" else style.country.crosswalk
    return on_road(identity, "crosswalk", name, s, length_m, low, high)


def hatch(
    identity: str, outline: Sequence[tuple[float, float, float]], color: str = "white", apart_m: float = 3.0
) -> RoadObject:
    """Bars across a strip of road that is not driven on. outline: rows (s, lower t, higher t); bars lean to higher t."""
    rings: list[Ring] = []
    s_first, s_last = outline[0][0], outline[-1][0]
    s = s_first + 0.3
    while s < s_last - 1.0:
        low, high = _between(outline, s)
        lean = min(high - low, 3.0) * 0.6
        if high - low > 0.35:
            a, b = _between(outline, min(s + lean, s_last)), _between(outline, min(s + lean + 0.8, s_last))
            low_b = _between(outline, min(s + 0.8, s_last))[0]
            rings.append([(s, low), (s + 0.8, low_b), (min(s + lean + 0.8, s_last), b[1]), (min(s + lean, s_last), a[1])])
        s += apart_m
    return polygon(
        identity,
        rings or [[(s_first, outline[0][1]), (s_first + 0.1, outline[0][1]), (s_first, outline[0][2])]],
        "symbol",
        color,
    )


def _between(outline: Sequence[tuple[float, float, float]], s: float) -> tuple[float, float]:
    for (a, low_a, high_a), (b, low_b, high_b) in zip(outline, outline[1:]):
        if s <= b:
            u = (s - a) / max(b - a, 1e-9)
            return low_a + u * (low_b - low_a), high_a + u * (high_b - high_a)
    return outline[-1][1], outline[-1][2]


def chevrons(identity: str, outline: Sequence[tuple[float, float, float]], forward: float, apart_m: float = 4.0) -> RoadObject:
    """V-shaped bars in a gore. outline: rows (s, lower t, higher t); forward: 1 if the tips point along s, -1 against it."""
    rings: list[Ring] = []
    s = outline[0][0] + 1.0
    while s < outline[-1][0] - 2.0:
        low, high = _between(outline, s)
        if high - low > 0.7:
            half, middle, deep, thick = (high - low) / 2, (low + high) / 2, (high - low) / 2 * 1.2, 1.0
            tip = s + forward * deep
            rings.append([(s, middle - half), (s + thick, middle - half), (tip + thick, middle), (tip, middle)])
            rings.append([(tip, middle), (tip + thick, middle), (s + thick, middle + half), (s, middle + half)])
        s += apart_m
    return polygon(identity, rings or [_box(s, s + 0.1, *_between(outline, s))])


def _box(s_low: float, s_high: float, low: float, high: float) -> Ring:
    return [(s_low, low), (s_high, low), (s_high, high), (s_low, high)]


# Corners of arrows that point along u, to be driven over along u; from a shaft 0.3 m wide (half: 0.15).
_SHAFT = [(0.0, -0.1), (0.0, 0.1), (2.6, 0.1), (2.6, -0.1)]
_TIP = [(2.6, -0.45), (2.6, 0.45), (5.0, 0.0)]
_TURN = [[(0.0, -0.1), (0.0, 0.1), (3.1, 0.1), (3.1, -0.1)], [(3.1, -0.1), (3.1, 0.1), (3.9, 0.75), (4.2, 0.62)],
         [(3.45, 0.75), (4.75, 0.45), (4.3, 1.3)]]  # fmt: skip
_BRANCH = [[(1.2, 0.1), (1.6, 0.1), (2.6, 0.7), (2.35, 0.8)], [(1.95, 0.75), (3.2, 0.5), (2.75, 1.3)]]


def arrow(identity: str, s: float, t: float, kind: str, heading: float = 0.0, color: str = "white") -> RoadObject:
    """An arrow that begins at (s, t), for traffic along s turned by `heading`. kind: "straight", "left", "right",
    "straight_left", "straight_right" or "left_right"."""
    parts = kind.split("_")
    rings: list[Ring] = [_SHAFT, _TIP] if "straight" in parts else []
    sides = [(1, "left"), (-1, "right")]
    for sign, side in sides:
        if side in parts:
            shape = _BRANCH if "straight" in parts else _TURN
            rings += [[(u, sign * v) for u, v in ring] for ring in shape]
    outlines = tuple(tuple(Corner(False, u, v, 0.0) for u, v in ring) for ring in rings)
    return RoadObject(identity, "roadMark", "symbol", s, t, heading=heading, outlines=outlines, color=color)


def words(
    identity: str, text: str, s: float, t: float, heading: float = 0.0, color: str = "white", size_m: float = 2.4
) -> RoadObject:
    """Letters, long as they must be to be read from a car, for traffic along s turned by `heading`."""
    return RoadObject(identity, "roadMark", f"text:{text}", s, t, heading=heading, length=size_m, width=0.0, color=color)


def bicycle(identity: str, s: float, t: float, heading: float = 0.0) -> RoadObject:
    """A bicycle on a cycle track or lane, for traffic along s turned by `heading`."""
    return RoadObject(identity, "roadMark", "bicycle", s, t, heading=heading, length=1.8)


def sign(
    style: Style, identity: str, name: str, s: float, t: float, against: bool = False, value: float | None = None, **more
) -> Signal:
    """A sign by its name in the country's data, beside the road. against: for traffic against s. value: what is written on
    it. Facing those who come; its lower edge is 2.2 m above the ground unless z says something else."""
    code = style.country.signs[name]["code"]
    facing = "-" if against else "+"
    unit = style.country.speed_unit if value is not None else ""
    z = more.pop("z", 2.2)
    subtype = "-1" if value is None else f"{value:g}"
    return Signal(
        identity, name, code, subtype, style.country.code, False, s, t, z, orientation=facing, value=value, unit=unit, **more
    )


def speed_limit(style: Style, identity: str, s: float, t: float, against: bool = False, m_s: float | None = None) -> Signal:
    """The sign of a speed limit, the style's if nothing is said."""
    return sign(
        style, identity, "speed_limit", s, t, against, float(style.country.speed(style.speed_m_s if m_s is None else m_s))
    )


def traffic_light(identity: str, s: float, t: float, against: bool = True, heading: float = 0.0) -> Signal:
    """A light for the traffic along s, or against it."""
    return Signal(
        identity, "traffic light", "1000001", "-1", "OpenDRIVE", True, s, t, 2.2, heading, orientation="-" if against else "+"
    )


def halt(identity: str, kind: str, s: float, t: float, against: bool) -> Signal:
    """Where traffic along s, or against it, stops; nothing stands there. kind: CLOSED_GATE before a barrier that is down,
    TOLL_GATE to pay, BUS_STOP for buses."""
    return Signal(identity, "halt", kind, "-1", "", True, s, t, orientation="-" if against else "+")


def thing(
    identity: str, model: str, s: float, t: float, heading: float = 0.0, on_road: bool = False, **options: float | str
) -> RoadObject:
    """Street furniture of assets/roadside at (s, t); its face (+x) looks along s turned by `heading`. on_road: it stands
    there, whatever lane that is; else only where nothing drives."""
    kind = "obstacle" if on_road else "furniture"
    return RoadObject(identity, kind, model, s, t, heading=heading, options=tuple(sorted(options.items())))


TURNED = math.pi
