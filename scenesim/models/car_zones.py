"""What is cut into the skin of a car: glass, doors, shut-lines, lamps, grille, cladding, bed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry import pocket
from scenesim.geometry.outlines import Outline, above, below, circle, grown, polygon, rectangle, rounded, soft, within
from scenesim.geometry.shell import EVERYWHERE, Region, Shell
from scenesim.models.car_body import PAINT, Body
from scenesim.models.vehicle_recipe import Car, Points

Array = NDArray[np.float64]
Projection = Callable[[Array], Array]

GLASS, BLACK, GAP, GRILLE, CHROME, UNDER = "vehicle_glass", "trim_black", "panel_gap", "grille", "chrome", "underbody"
HOUSING, HEADLAMP, DAYLIGHT = "lamp_housing", "headlamp", "daylight_lamp"
TAIL, BRAKE, REVERSE = "tail_lamp", "brake_lamp", "reverse_lamp"
INDICATOR = {1: "indicator_left", -1: "indicator_right"}
LINE_M = 0.010  # width of shut-lines
MIDDLE = -0.3  # outlines over the middle plane reach so far beyond it


def side_view(v: Array) -> Array:
    """(s, z)."""
    return np.stack([-v[:, 0], v[:, 2]], 1)


def plan_view(v: Array) -> Array:
    """(s, |y|)."""
    return np.stack([-v[:, 0], np.abs(v[:, 1])], 1)


def end_view(v: Array) -> Array:
    """(|y|, z)."""
    return np.stack([np.abs(v[:, 1]), v[:, 2]], 1)


def front_wrap(v: Array) -> Array:
    """(|y| + 0.8 s, z): around a front corner."""
    return np.stack([np.abs(v[:, 1]) - 0.8 * v[:, 0], v[:, 2]], 1)


def rear_wrap(length: float) -> Projection:
    """(|y| + 0.8 (length - s), z): around a rear corner."""
    return lambda v: np.stack([np.abs(v[:, 1]) + 0.8 * (length + v[:, 0]), v[:, 2]], 1)


def shut_line(
    shell: Shell, outline: Outline, view: Projection, region: Region, width: float = LINE_M, material: str = GAP
) -> None:
    """A line just inside an outline."""
    shell.strip(outline, -width, 0.0, view, region, material, (PAINT,))


def near_outline(region: Region, outline: Outline, view: Projection, reach: float):
    """Faces of a region whose middle is near to an outline's edge."""

    def faces(shell: Shell):
        found = region.faces(shell)
        at = np.flatnonzero(found)
        found[at] = np.abs(outline(view(shell.normals_and_middles()[1][at]))) < reach
        return found

    return faces


def cut_all(b: Body) -> None:
    """Every zone of a car, in an order in which each finds what it is cut out of."""
    sills(b)
    if not b.car.open_top:
        windscreen(b)
        rear_glass(b)
        side_glass(b)
    if b.car.sliding_door:
        van_flanks(b)
    doors(b)
    lids(b)
    refine_ends(b)
    front_panels(b)
    headlamps(b)
    tail_lamps(b)
    rear_panels(b)
    if b.car.bed_m:
        bed(b)


def sills(b: Body) -> None:
    """Underside, sills, and cladding around the arches."""
    c, shell = b.car, b.shell
    n, middle = shell.normals_and_middles()
    shell.paint((n[:, 2] < -0.75) & (middle[:, 2] < 0.32) & shell.made_of(PAINT), UNDER)
    if not c.cladding_m:
        shell.zone(below(c.clearance_m + 0.055), side_view, EVERYWHERE, BLACK, (PAINT,))
        return
    shell.zone(below(c.clearance_m + c.cladding_m), side_view, EVERYWHERE, BLACK, (PAINT,))
    flank = Region(ny=(0.25, 2), high=(9, 9, 0.95))
    for s in b.axles:
        shell.zone(circle(s, c.tyre_diameter_m / 2, b.arch_m + 0.065), side_view, flank, BLACK, (PAINT,))


def framed(shell: Shell, outline: Outline, view: Projection, region: Region, frame: float) -> None:
    """Glass in a black frame of a width."""
    shell.zone(outline, view, region, BLACK, (PAINT,))
    shell.zone(grown(outline, -frame), view, region, GLASS, (BLACK,))


def windscreen(b: Body) -> None:
    c, (low, high) = b.car, (b.side[5, 5], b.side[6, 5])
    s0, s1, w = c.screen_base_m[0], c.screen_top_m[0], b.half
    corners = [
        (s0 + 0.03, -0.2), (s0 + 0.035, 0.25 * w), (low[0] * 0.45 + s0 * 0.55 + 0.03, low[1] * 0.72),
        (low[0] + 0.06, low[1] - 0.019), (high[0] - 0.02, high[1] - 0.034), (s1 + 0.10, high[1] * 0.72),
        (s1 + 0.035, 0.25 * w), (s1 + 0.03, -0.2),
    ]  # fmt: skip
    top = Region(nz=(0.12, 2), low=(-s1 - 0.6, -1, c.screen_base_m[1] - 0.25), high=(0.2 - s0, 9, 9))
    framed(b.shell, soft(corners, 0.05), plan_view, top, 0.022)


def rear_glass(b: Body) -> None:
    c, w = b.car, b.half
    if not c.boot:
        low, high = b.side[-1, 4], b.side[-1, 5]
        z0, z1 = c.rear_glass_m or (low[2] + 0.03, high[2] - 0.03)
        y0, y1 = low[1] - 0.05, high[1] - 0.055
        corners = [(-0.2, z0), (y0 * 0.6, z0), (y0, z0 + 0.03), (y1, z1 - 0.03), (y1 * 0.6, z1), (-0.2, z1)]
        tail = Region(nx=(-2, -0.12), low=(-c.length_m - 0.1, -1, z0 - 0.1), high=(1.1 - c.length_m, 9, c.height_m - 0.01))
        outline = soft(corners, 0.07)
        b.shell.refine(near_outline(tail, outline, end_view, 0.05), 0.12)
        b.shell.zone(outline, end_view, tail, BLACK, (PAINT,))
        pane = within(grown(outline, -0.03), lambda q: 0.09 - q[:, 0]) if c.rear_doors else grown(outline, -0.025)
        b.shell.zone(pane, end_view, tail, GLASS, (BLACK,))
        return
    (s2, z2), (s3, z3) = c.roof_end_m, c.deck_m
    high, low = b.side[9, 5], b.side[10, 5]
    if c.upright_rear_glass:
        corners = [(-0.2, z3 + 0.06), (low[1] - 0.06, z3 + 0.06), (high[1] - 0.05, z2 - 0.12), (-0.2, z2 - 0.10)]
        tail = Region(nx=(-2, -0.4), low=(-s3 - 0.2, -1, z3), high=(0.3 - s2, 9, 9))
        framed(b.shell, soft(corners, 0.06), end_view, tail, 0.02)
        return
    corners = [
        (s2 - 0.01, -0.2), (s2 - 0.015, 0.3 * w), (high[0] - 0.02, high[1] - 0.06),
        (low[0] + 0.01, low[1] - 0.075), (s3 - 0.05, 0.3 * w), (s3 - 0.045, -0.2),
    ]  # fmt: skip
    top = Region(nz=(0.12, 2), low=(-s3 - 0.3, -1, c.screen_base_m[1] - 0.25), high=(0.3 - s2, 9, 9))
    framed(b.shell, soft(corners, 0.06), plan_view, top, 0.02)


def window_line(b: Body) -> tuple[Outline, float]:
    """(outline of the side windows in s, z; s of their front end)."""
    c, side = b.car, b.side
    roof_rows = side[6:10] if c.boot else side[6:]
    top_s, top_z = roof_rows[:, 5, 0], roof_rows[:, 5, 2] - c.window_top_m
    a0, a1 = side[5, 5], side[6, 5]
    front = float(a0[0] + c.window_front_m)
    end_top, end_foot, kick = c.window_end_m

    def roof(s):
        return float(np.interp(s, top_s, top_z))

    def screen(s):
        return float(np.interp(s, [a0[0], a1[0]], [a0[2], a1[2]]))

    upper = np.linspace(a1[0] + 0.06, end_top, 7)[1:]
    corners = [(front - 0.02, float(b.belt(front)))]
    corners += [(s, min(screen(s - 0.085), roof(max(s, top_s[0])))) for s in np.linspace(front + 0.04, a1[0] + 0.02, 4)]
    corners += [(s, roof(s)) for s in upper]
    corners += [(end_foot, float(b.belt(end_foot)) + kick)]
    corners += [(s, float(b.belt(s))) for s in np.linspace(end_foot - 0.15, front + 0.1, 6)]
    before = len(corners) - 9
    return soft(corners, [0.03] * (1 + before) + [0.06, 0.08, 0.08] + [0.03] * (len(corners) - before - 4)), front


def side_glass(b: Body) -> None:
    """Panes in one black frame, and the trim around it."""
    c = b.car
    outline, _ = window_line(b)
    flank = Region(ny=(0.35, 2), low=(-99, 0.3 * b.half, min(c.belt_m) - 0.05))
    b.shell.refine(near_outline(flank, outline, side_view, 0.04), 0.10)
    b.shell.zone(outline, side_view, flank, BLACK, (PAINT,))
    middle = c.height_m * 0.5 + 0.45
    for first, last in c.panes_m or ((0, c.pillar_m - 0.035), (c.pillar_m + 0.035, 99.0)):

        def pane(q, first=first, last=last):
            lean = (q[:, 1] - middle) * c.pillar_lean
            return np.maximum(np.maximum(outline(q) + 0.020, first - q[:, 0] + lean), q[:, 0] - last - lean)

        b.shell.zone(pane, side_view, flank, GLASS, (BLACK,))
    shut_line(b.shell, grown(outline, 0.016), side_view, flank, 0.016, CHROME if c.chrome_windows else BLACK)


def van_flanks(b: Body) -> None:
    """Rubbing strip, sliding door with its rail, pressed panel, and the joint of the rear doors."""
    c, flank = b.car, Region(ny=(0.3, 2))
    a0, a1 = b.axles
    band = within(above(0.52), below(0.66))
    between = within(band, lambda q: a0 + b.arch_m + 0.03 - q[:, 0], lambda q: q[:, 0] - a1 + b.arch_m + 0.03)
    behind = within(band, lambda q: a1 + b.arch_m + 0.03 - q[:, 0])
    b.shell.refine(Region(ny=(0.4, 2), low=(-99, 0.6 * b.half, 0.2), high=(99, 99, 2.15)).faces, 0.33)
    for piece in (between, behind):
        b.shell.zone(piece, side_view, flank, BLACK, (PAINT,))
    for left, right, low in ((c.pillar_m + 0.06, c.pillar_m + 1.26, 0.30), (c.pillar_m + 1.38, c.length_m - 0.40, 1.42)):
        shut_line(b.shell, rectangle(left, right, low, 2.02, 0.08), side_view, flank)
    rail = Region(ny=(0.3, 2), low=(-c.length_m + 0.6, 0.5, 1), high=(-c.pillar_m - 1.28, 9, 2))
    b.shell.strip(below(1.315), -0.014, 0.014, side_view, rail, GAP, (PAINT,))
    b.shell.strip(lambda q: q[:, 0], -0.006, 0.006, lambda v: v[:, 1:], Region(nx=(-2, -0.3)), GAP, (PAINT,))


def door_outlines(b: Body) -> list[tuple[list[tuple[float, float]], float]]:
    """(corners (s, z), rounding) of the doors of one side."""
    c, radius = b.car, c_radius(b)
    a0, a1 = b.axles
    sill, lean, middle = c.clearance_m + 0.085, c.pillar_lean * 0.4, c.pillar_m
    front = c.door_front_m or a0 + b.arch_m + 0.06

    def top(s: float) -> float:
        return float(b.belt(s)) - 0.028

    doors = [([(front, sill + 0.02), (middle, sill), (middle + lean, top(middle)), (front + 0.03, top(front + 0.05))], 0.06)]
    if not c.back_door:
        return doors
    end = c.door_end_m or a1 - 0.02
    angle = np.radians([205, 165, 145, 125])
    arc = [(a1 + radius * np.cos(t), c.tyre_diameter_m / 2 + radius * np.sin(t)) for t in angle]
    arc = [q for q in arc if q[1] > sill + 0.03 and q[0] < end - 0.02]
    foot = min(arc[0][0] - 0.02, end - 0.2) if arc else end - 0.03
    rear = [(middle - 0.004, sill), (foot, sill), *arc, (end, float(b.belt(end)) - 0.22), (end + 0.02, top(end))]
    return [*doors, ([*rear, (middle + lean - 0.004, top(middle))], 0.05)]


def door_span(b: Body) -> tuple[float, float]:
    """(s of the front edge, s of the rear edge) of the front doors."""
    s = [corner[0] for corner in door_outlines(b)[0][0]]
    return min(s), max(s)


def c_radius(b: Body) -> float:
    """Radius along which a rear door runs around the arch."""
    return b.arch_m + 0.055


def doors(b: Body) -> None:
    flank = Region(ny=(0.3, 2), low=(-99, 0.5 * b.half, 0))
    for corners, radius in door_outlines(b):
        shut_line(b.shell, soft(corners, radius), side_view, flank)


def lids(b: Body) -> None:
    """Shut-lines of bonnet and boot lid or tailgate."""
    c, w = b.car, b.half
    s0, s1, low = c.bonnet_front_m, c.screen_base_m[0], float(b.side[5, 5, 0])
    y = np.linspace(0, 0.66 * w, 6)[1:]
    edge = [(s0 + 0.085 + c.nose_bow_m * 0.55 * (q / (0.66 * w)) ** 2.4, q) for q in y]
    corners = [
        (s0 + 0.085, -0.2), *edge, (s0 + 0.27 + c.nose_bow_m * 0.4, 0.755 * w), ((b.axles[0] + low) / 2 - 0.1, 0.825 * w),
        (low - 0.03, 0.835 * w), (s1 + 0.06, 0.5 * w), (s1 - 0.02, 0.2 * w), (s1 - 0.02, -0.2),
    ]  # fmt: skip
    bonnet = Region(nz=(0.25, 2), low=(-s1 - 0.5, -1, 0.5))
    shut_line(b.shell, soft(corners, [0.02] * 6 + [0.10, 0.2, 0.05, 0.1, 0.1, 0.02]), plan_view, bonnet)
    if c.boot and not c.bed_m:
        z = c.tail_edge_m[1]
        lid = [(-0.2, z - 0.36), (0.42 * w, z - 0.36), (0.66 * w, z - 0.10), (0.70 * w, z + 0.2), (-0.2, z + 0.2)]
        shut_line(b.shell, soft(lid, 0.05), end_view, rear_face(c))
    elif not c.boot:
        z, (foot, head) = c.tailgate_m, (b.side[-1, 4], b.side[-1, 5])
        lid = [
            (-0.2, z), (0.60 * w, z), (0.70 * w, z + 0.12), (0.755 * w, foot[2] - 0.05), (0.72 * w, foot[2] + 0.15),
            (head[1] - 0.02, head[2] + 0.25), (-0.2, head[2] + 0.25),
        ]  # fmt: skip
        shut_line(b.shell, soft(lid, 0.05), end_view, rear_face(c))


def rear_face(c: Car) -> Region:
    return Region(nx=(-2, -0.35), low=(-c.length_m - 0.1, -1, 0.2), high=(0.7 - c.length_m, 9, 9))


def refine_ends(b: Body) -> None:
    """Smaller triangles where lamps and grille will be cut."""
    c = b.car
    b.shell.refine(Region(nx=(0.1, 2), low=(-0.55, -1, c.clearance_m), high=(9, 9, c.nose_height_m + 0.02)).faces, 0.085)
    head, tail = polygon(c.headlamp_wrap_m), polygon(c.taillamp_wrap_m)
    front = Region(low=(-0.8, 0.4, 0.4), high=(9, 9, 1.3))
    b.shell.refine(near_outline(front, head, front_wrap, 0.05), 0.04)
    rear = Region(low=(-c.length_m - 0.1, 0.15, 0.4), high=(0.8 - c.length_m, 9, 9))
    b.shell.refine(near_outline(rear, tail, rear_wrap(c.length_m), 0.05), 0.05)


def front_panels(b: Body) -> None:
    c = b.car
    nose = Region(nx=(0.15, 2), low=(-0.7, -1, 0), high=(9, 9, c.nose_height_m + 0.25))
    for panel in c.front:
        outline = soft(panel.outline, panel.radius)
        b.shell.zone(outline, end_view, nose, panel.material, (PAINT, BLACK))
        if panel.material != CHROME:
            continue
        b.shell.zone(grown(outline, -0.022), end_view, nose, GRILLE, (CHROME,))
        slat = CHROME if c.slats_chrome else "trim_silver"
        for z in np.arange(*c.slats_m) if c.slats_m else ():
            b.shell.strip(below(float(z)), -0.009, 0.009, end_view, nose, slat, (GRILLE,), outline)


def share_of(outline: Points, first: float, last: float, low: float = 0.0) -> Outline:
    """The part of an outline's extent between shares of its width, above a share of its height."""
    p = np.array(outline)
    (u0, z0), (u1, z1) = p.min(0), p.max(0)
    left, right, floor = u0 + first * (u1 - u0), u0 + last * (u1 - u0), z0 + low * (z1 - z0)
    return lambda q: np.maximum(np.maximum(left - q[:, 0], q[:, 0] - right), floor - q[:, 1])


def headlamps(b: Body) -> None:
    """A dark housing with projectors, daylight strip and indicator."""
    c = b.car
    outline = soft(c.headlamp_wrap_m, 0.022)
    corner = Region(low=(-0.85, 0.2, 0.4), high=(9, 9, 1.3), nz=(-0.5, 0.97))
    b.shell.zone(outline, front_wrap, corner, HOUSING, (PAINT, BLACK, CHROME))
    for u, z, r in c.projectors_wrap_m:
        b.shell.zone(within(circle(u, z, r), grown(outline, -0.012)), front_wrap, corner, HEADLAMP, (HOUSING,))
    amber = within(grown(outline, -0.012), share_of(c.headlamp_wrap_m, 0.80, 0.95))
    for side, material in INDICATOR.items():
        half = Region(low=corner.low, high=corner.high, nz=corner.nz, side=side)
        b.shell.zone(amber, front_wrap, half, material, (HOUSING,))
    if c.daylight_wrap_m:
        part = grown(polygon(rounded(c.daylight_wrap_m, 0.008)), 0.012)
        b.shell.strip(outline, -0.026, -0.007, front_wrap, corner, DAYLIGHT, (HOUSING,), part)


def tail_lamps(b: Body) -> None:
    """A dark rim, red glass that shines as a tail lamp, and within it brake lamp, indicator and reversing lamp."""
    c, view = b.car, rear_wrap(b.car.length_m)
    outline = soft(c.taillamp_wrap_m, 0.03)
    corner = Region(low=(-c.length_m - 0.1, 0.15, 0.4), high=(0.8 - c.length_m, 9, 9), nz=(-0.5, 0.9))
    b.shell.zone(outline, view, corner, HOUSING, (PAINT, BLACK))
    b.shell.zone(grown(outline, -0.011), view, corner, TAIL, (HOUSING,))
    inside = grown(outline, -0.024)
    b.shell.zone(within(inside, share_of(c.taillamp_wrap_m, 0.02, 0.55, 0.52)), view, corner, BRAKE, (TAIL,))
    for side, material in INDICATOR.items():
        half = Region(low=corner.low, high=corner.high, nz=corner.nz, side=side)
        b.shell.zone(within(inside, share_of(c.taillamp_wrap_m, 0.58, 0.80)), view, half, material, (TAIL,))
    if c.reverse_wrap_m:
        white = within(soft(c.reverse_wrap_m, 0.015), grown(outline, -0.012))
        b.shell.zone(white, view, corner, REVERSE, (TAIL, BRAKE))


def rear_panels(b: Body) -> None:
    for panel in b.car.rear:
        b.shell.zone(soft(panel.outline, panel.radius), end_view, rear_face(b.car), panel.material, (PAINT, BLACK))


def bed(b: Body) -> None:
    """The open bed of a pick-up."""
    s0, s1, half, floor = b.car.bed_m
    outline = soft([(s0, -half), (s1, -half), (s1, half), (s0, half)], 0.05)
    top = Region(nz=(0.3, 2), low=(-99, -1, 0.8))
    inside = b.shell.cut(lambda v: outline(np.stack([-v[:, 0], v[:, 1]], 1)), top.faces(b.shell))
    pocket.carve(b.shell, inside, 2, floor, "trim_black")
