"""Cross-sections of roads by names of strips: lanes that appear, widen, narrow and end, with the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenesim.geometry.curves import Cubics
from scenesim.scenario.kerbs import KERB_M
from scenesim.scenario.network import DRIVING, NONE, Lane, Mark, MarkLine, Section
from scenesim.scenario.style import Style


@dataclass(frozen=True)
class Strip:
    """A lane of a cross-section. width_m: at its section's start; to_m: at its end, the same if None (it changes smoothly).
    marks: at its outer edge. raised: by a kerb. after: name of the strip of the section before, or of the next one for
    lanes against s, from which its traffic comes; its own name if "". into: where its traffic goes on to. rails: of trams."""

    name: str
    kind: str
    width_m: float
    to_m: float | None = None
    marks: tuple[Mark, ...] = ()
    raised: bool = False
    into: str = ""
    after: str = ""
    rails: bool = False


@dataclass(frozen=True)
class Row:
    """The cross-section from s on: strips to the left and to the right, from the middle outwards; marks of the middle."""

    s: float
    left: tuple[Strip, ...]
    right: tuple[Strip, ...]
    middle: tuple[Mark, ...] = ()


def sections(rows: Sequence[Row], length_m: float) -> tuple[Section, ...]:
    """Lane sections of rows, which are linked where strips have the same names. At the ends of the road lanes are linked to
    those of the same number, as roads that meet with both their starts or ends are joined by connecting roads."""
    ends = [row.s for row in rows[1:]] + [length_m]
    numbered = [_numbers(row) for row in rows]
    found = []
    for k, (row, end) in enumerate(zip(rows, ends)):
        lanes = {0: Lane(0, "none", marks=row.middle)}
        for strips, sign in ((row.left, 1), (row.right, -1)):
            for n, strip in enumerate(strips):
                i = sign * (n + 1)
                with_s = sign < 0  # right-hand traffic: what is on the right runs along s
                before = _linked(numbered, k - 1, strip, sign, strip.after if with_s else strip.into, i)
                following = _linked(numbered, k + 1, strip, sign, strip.into if with_s else strip.after, i)
                lanes[i] = _lane(strip, i, end - row.s, before, following)
        found.append(Section(row.s, lanes))
    return tuple(_mutual(found))


def _numbers(row: Row) -> dict[tuple[int, str], int]:
    found = {(1, strip.name): n + 1 for n, strip in enumerate(row.left)}
    return found | {(-1, strip.name): -n - 1 for n, strip in enumerate(row.right)}


def _linked(numbered, k: int, strip: Strip, sign: int, other: str, i: int) -> tuple[int, ...]:
    if not 0 <= k < len(numbered):
        return (i,)
    number = numbered[k].get((sign, other or strip.name))
    return (number,) if number is not None else ()


def _mutual(found: list[Section]) -> list[Section]:
    """Sections in which a link from one driving lane to another is also a link back."""
    for a, b in zip(found, found[1:]):
        for i, lane in list(a.lanes.items()):
            for j in lane.successors:
                if i not in b.lanes[j].predecessors:
                    b.lanes[j] = replace(b.lanes[j], predecessors=(*b.lanes[j].predecessors, i))
        for j, lane in list(b.lanes.items()):
            for i in lane.predecessors:
                if j not in a.lanes[i].successors:
                    a.lanes[i] = replace(a.lanes[i], successors=(*a.lanes[i].successors, j))
    return found


def _lane(strip: Strip, i: int, length: float, before: tuple[int, ...], following: tuple[int, ...]) -> Lane:
    width = Cubics.constant(strip.width_m)
    if strip.to_m is not None and strip.to_m != strip.width_m:
        change = strip.to_m - strip.width_m
        width = Cubics.of([[0.0, strip.width_m, 0.0, 3 * change / length**2, -2 * change / length**3]])
    heights = ((0.0, KERB_M, KERB_M),) if strip.raised else ()
    return Lane(i, strip.kind, width, NONE, False, heights, strip.marks, (), before, following, strip.rails)


# ---- marks of a style


def broken(style: Style, s: float = 0.0) -> Mark:
    """Dashes between lanes."""
    width = style.country.narrow_m
    return Mark(s, "broken", width=width, lines=(MarkLine(width, *style.dash_m),))


def guide(style: Style, color: str = "white") -> Mark:
    """Broad short dashes beside a lane that begins or ends."""
    width = 1.5 * style.country.wide_m if style.country.wide_m < 0.3 else style.country.wide_m
    return Mark(0.0, "broken", color, width, lines=(MarkLine(width, *style.country.guide_dash_m),))


def solid(style: Style, color: str = "white", wide: bool = False) -> Mark:
    """An unbroken line."""
    return Mark(0.0, "solid", color, style.country.wide_m if wide else style.country.narrow_m)


def lane_name(n: int) -> str:
    """Name of a driving lane, from the middle outwards."""
    return f"lane{n + 1}"


def driving(style: Style, outer: tuple[Mark, ...] = ()) -> tuple[Strip, ...]:
    """The driving lanes of one direction. outer: marks at the outer edge of the last."""
    last = style.lanes - 1
    return tuple(
        Strip(lane_name(n), "driving", style.lane_width_m, marks=outer if n == last else (broken(style),))
        for n in range(style.lanes)
    )


def is_driving(strip: Strip) -> bool:
    """Whether vehicles drive on it."""
    return strip.kind in DRIVING
