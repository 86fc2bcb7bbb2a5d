"""Bodies like boxes: city buses, and cab-over lorries with a box behind. Frame: x = -s, as in models/car_body.py."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.geometry.outlines import Outline, below, circle, grown, rectangle, soft, within
from scenesim.geometry.shell import EVERYWHERE, Region, Shell
from scenesim.geometry.soft import bar, both, placed, rounded_box
from scenesim.models import cabin, plates
from scenesim.models.car_body import COLUMNS, PAINT, ROWS, arch, surface
from scenesim.models.car_parts import plate, probe
from scenesim.models.car_zones import (
    BLACK,
    BRAKE,
    CHROME,
    DAYLIGHT,
    GAP,
    GLASS,
    HEADLAMP,
    HOUSING,
    INDICATOR,
    MIDDLE,
    TAIL,
    UNDER,
    end_view,
    framed,
    front_wrap,
    shut_line,
    side_view,
)
from scenesim.models.vehicle_recipe import Boxy

Array = NDArray[np.float64]
FIT = 0.8
ACROSS, BOW, RISE = np.array([0, 0.42, 0.76]), np.array([0, 0.10, 0.42]), np.array([1.0, 0.83, 0.48])
TRIM, CHASSIS = Surface(BLACK), Surface(UNDER)


def skin(c: Boxy, length: float, width: float, height: float) -> Shell:
    """The shell of paint of exactly this size."""
    z, y = np.array([c.clearance_m, *c.rows_m]), np.array(c.row_width) * width / 2
    s, front, rear = np.array(c.stations_m), np.array(c.front_profile_m), np.array(c.rear_profile_m)
    n = len(s) - 1
    side, top = np.zeros((n + 1, ROWS + 1, 3)), np.zeros((n + 1, COLUMNS, 3))
    for i in range(n + 1):
        plan = c.front_width if i == 0 else c.rear_width if i == n else 1.0
        first, last = front + c.front_bow_m, length - rear - c.rear_bow_m
        inner = np.maximum(s[i], first + 0.12 * i) if i < n / 2 else np.minimum(s[i], last - 0.12 * (n - i))
        side[i, :, 0] = first if i == 0 else last if i == n else inner
        side[i, :, 1], side[i, :, 2] = y * plan, z
        e = side[i, 5]
        bowed = front[5] + c.front_bow_m * BOW if i == 0 else length - rear[5] - c.rear_bow_m * BOW
        top[i, :, 0] = bowed if i in (0, n) else e[0]
        top[i, :, 1], top[i, :, 2] = e[1] * ACROSS, e[2] + c.crown_m * RISE
    ends = []
    for i, start in ((0, front + c.front_bow_m * BOW[:, None]), (n, length - rear - c.rear_bow_m * BOW[:, None])):
        face = np.stack([start, ACROSS[:, None] * side[i, :, 1], np.broadcast_to(z, (COLUMNS, ROWS + 1))], 2)
        face[:, 5] = top[i]
        ends.append(face)
    v, faces = surface(side, top, ends[0], ends[1], [], FIT)
    low, high = v.min(0), v.max(0)
    v[:, 0] = (low[0] - v[:, 0]) / (high[0] - low[0]) * length
    v[:, 1] *= width / 2 / high[1]
    v[:, 2] = c.clearance_m + (v[:, 2] - low[2]) * (height - c.clearance_m) / (high[2] - low[2])
    return Shell(v, faces, PAINT)


def arches(c: Boxy, shell: Shell, half: float, axles: tuple[float, ...]) -> None:
    radius, inner = c.tyre_diameter_m / 2, half - 0.62
    for s in axles:
        for side in (1, -1):
            arch(shell, -s, side, inner, radius, radius + 0.08)


def lamps_in_front(c: Boxy, shell: Shell) -> None:
    """Housing, lenses, daylight strip and indicators, around the front corners."""
    corner = Region(low=(-1.2, 0.3, 0.3), nz=(-0.8, 0.95))
    outline = soft(c.headlamp_wrap_m, 0.04)
    shell.zone(outline, front_wrap, corner, HOUSING, (PAINT, BLACK))
    for u, z, r in c.projectors_wrap_m:
        shell.zone(within(circle(u, z, r), grown(outline, -0.01)), front_wrap, corner, HEADLAMP, (HOUSING,))
    p = np.array(c.headlamp_wrap_m)
    shell.strip(outline, -0.035, -0.010, front_wrap, corner, DAYLIGHT, (HOUSING,), below(p[:, 1].min() + 0.06))
    last = float(p[:, 0].max())
    for side, material in INDICATOR.items():
        half = Region(low=corner.low, nz=corner.nz, side=side)
        shell.zone(within(grown(outline, -0.014), lambda q: last - 0.10 - q[:, 0]), front_wrap, half, material, (HOUSING,))


def seat(c: Boxy) -> tuple[float, float, float]:
    """Where the driver's seat is; a bus for the other side of the road is made as its mirror image."""
    side = -1 if c.family == "lorry" and plates.left_hand(c.market) else 1
    return -c.hip_behind_nose_m, side * 0.62 * (1.0 if c.family == "bus" else c.width_m / 2.5), c.hip_m


def bus(c: Boxy) -> tuple[Shell, list[Mesh]]:
    """(shell, what is put on and into it)."""
    half = c.width_m / 2
    has_nose, has_tail = c.section in ("whole", "front"), c.section in ("whole", "rear")
    shell = skin(c, c.length_m, c.width_m, c.height_m - (0.10 if c.roof_units else 0.0))
    rear_axle = c.front_overhang_m + c.wheelbase_m
    axles = (c.front_overhang_m, rear_axle, *c.more_axles_m) if has_nose else (rear_axle, *c.more_axles_m)
    arches(c, shell, half, axles)
    n, _ = shell.normals_and_middles()
    shell.paint((n[:, 2] < -0.8) & shell.made_of(PAINT), UNDER)
    shell.zone(below(c.clearance_m + 0.10), side_view, EVERYWHERE, BLACK, (PAINT,))
    nose, tail = Region(nx=(0.25, 2), low=(-0.9, -1, 0)), Region(nx=(-2, -0.4))
    for region, longest in ((nose, 0.14), (tail, 0.17), (Region(ny=(0.4, 2)), 0.45)):
        shell.refine(region.faces, longest)
    _bus_glass(c, shell, half)
    if has_nose:
        _bus_screen(c, shell, half, nose)
        lamps_in_front(c, shell)
    if has_tail:
        _bus_tail(c, shell, half, tail)
    ray = probe(shell)
    meshes = plate(ray, 1, c.plate_front_m, c.market, c.name) if has_nose else []
    meshes += plate(ray, -1, c.plate_rear_m, c.market, c.name) if has_tail else []
    return shell, [*meshes, *_bus_parts(c, half, has_nose), *_bus_inside(c, half, has_nose)]


def _bus_tail(c: Boxy, shell: Shell, half: float, tail: Region) -> None:
    """Lamps, engine cover and window behind."""
    for z, material in ((0.95, TAIL), (1.12, BRAKE)):
        shell.zone(circle(0.86 * half, z, 0.065), end_view, tail, material, (PAINT,))
    for side, material in INDICATOR.items():
        shell.zone(circle(0.86 * half, 1.29, 0.065), end_view, Region(nx=(-2, -0.4), side=side), material, (PAINT,))
    shell.zone(rectangle(MIDDLE, 0.70 * half, 0.75, 1.35, 0.05), end_view, tail, "grille", (PAINT,))
    framed(shell, rectangle(MIDDLE, 0.80 * half, *c.rear_glass_m, 0.10), end_view, tail, 0.03)


def _bus_screen(c: Boxy, shell: Shell, half: float, nose: Region) -> None:
    """The screen with its destination."""
    z0, z1 = c.screen_m
    screen = soft([(MIDDLE, z0), (0.80 * half, z0), (0.955 * half, z0 + 0.12), (0.94 * half, z1), (MIDDLE, z1 + 0.02)], 0.10)
    shell.zone(screen, end_view, nose, BLACK, (PAINT,))
    shell.zone(within(grown(screen, -0.035), below(z1 - 0.36)), end_view, nose, GLASS, (BLACK,))
    for left, right in ((0.06, 0.15), (0.20, 0.37), (0.41, 0.52), (0.57, 0.77)):
        sign = rectangle(left * half, right * half, z1 - 0.24, z1 - 0.13, 0.004)
        shell.zone(sign, end_view, nose, "destination", (BLACK,))


def _bus_glass(c: Boxy, shell: Shell, half: float) -> None:
    """A black band around, with panes; doors on the right."""
    foot, head = c.window_m
    flank = Region(ny=(0.5, 2), low=(-99, 0.8 * half, foot - 0.3))
    last = c.pillars_m[-1] if c.section in ("front", "middle") else c.length_m - 0.6
    shell.zone(rectangle(c.pillars_m[0], last, foot, head, 0.10), side_view, flank, BLACK, (PAINT,))
    for side in (1, -1):
        one = Region(ny=flank.ny, low=flank.low, side=side)
        for left, right in zip(c.pillars_m[:-1], c.pillars_m[1:]):
            if side < 0 and any(d0 < right - 0.1 and d1 > left + 0.1 for d0, d1 in c.door_m):
                continue
            pane = rectangle(left + 0.035, right - 0.035, foot + 0.05, head - 0.06, 0.06)
            shell.zone(pane, side_view, one, GLASS, (BLACK,))
    right_side = Region(ny=(0.5, 2), low=(-99, 0.8 * half, 0), side=-1)
    for d0, d1 in c.door_m:
        leaf = rectangle(d0, d1, c.clearance_m + 0.12, head - 0.02, 0.05)
        shell.zone(leaf, side_view, right_side, BLACK, (PAINT, BLACK, GLASS))
        for left, right in ((d0 + 0.06, (d0 + d1) / 2 - 0.02), ((d0 + d1) / 2 + 0.02, d1 - 0.06)):
            pane = rectangle(left, right, c.clearance_m + 0.32, head - 0.12, 0.06)
            shell.zone(pane, side_view, right_side, GLASS, (BLACK,))
    for s in np.arange(1.2, c.length_m - 0.6, 1.5):  # joints of the skirts
        joint = Region(ny=(0.5, 2), low=(-99, 0.5, c.clearance_m + 0.12), high=(99, 99, foot - 0.02))
        shell.strip(lambda q, s=s: q[:, 0] - s, -0.006, 0.006, side_view, joint, GAP, (PAINT,))


def _bus_parts(c: Boxy, half: float, mirrors: bool) -> list[Mesh]:
    top, z, meshes = c.height_m - 0.10, c.screen_m[1] - 0.16, []
    if mirrors:
        arm = [(-0.32, 0.98 * half, z), (0.06, 1.03 * half, z - 0.02), (0.14, 1.05 * half, z - 0.20)]
        meshes += both(bar(arm, 0.022, TRIM))
        meshes += both(placed(rounded_box((0.10, 0.22, 0.42), 0.045, TRIM), (0.14, 1.05 * half, z - 0.42)))
        glass = rounded_box((0.01, 0.17, 0.36), 0.004, Surface(CHROME), 1)
        meshes += both(placed(glass, (0.087, 1.05 * half, z - 0.42)))
    if not c.roof_units:
        return meshes
    unit = Surface("roof_unit")
    k = min(1.0, c.length_m / 12)
    meshes.append(placed(rounded_box((2.6 * k, 1.5, 0.24), 0.10, unit), (-0.55 * c.length_m, 0, top - 0.02)))
    meshes.append(placed(rounded_box((1.5 * k, 1.3, 0.16), 0.07, unit), (-0.82 * c.length_m, 0, top - 0.03)))
    return meshes


def _bus_inside(c: Boxy, half: float, has_nose: bool) -> list[Mesh]:
    floor = c.deck_m or c.clearance_m + 0.06
    middle = -c.length_m / 2
    meshes = [placed(rounded_box((c.length_m - 0.7, c.width_m - 0.25, 0.06), 0.02, cabin.TRIM, 1), (middle, 0, floor + 0.05))]
    rear = c.front_overhang_m + c.wheelbase_m
    for s in np.arange(3.4 if has_nose else 1.6, c.length_m - 0.9, c.seat_pitch_m):
        for side in (0.78, -0.78):
            if side < 0 and any(d0 - 0.5 < s < d1 + 0.3 for d0, d1 in c.door_m):
                continue
            z = floor + (0.55 if abs(s - rear) < 0.9 else 0.40)
            wide = 0.86 * c.width_m / 2.55
            meshes.append(placed(rounded_box((0.42, wide, 0.10), 0.04, cabin.CLOTH, 1), (-s, side * c.width_m / 2.55, z)))
            back = rounded_box((0.10, wide, 0.66), 0.045, cabin.CLOTH, 1)
            meshes.append(placed(back, (-s - 0.22, side * c.width_m / 2.55, z + 0.36), pitch=-0.18))
    for s in np.arange(2.0, c.length_m - 1.4, 1.64) if not c.deck_m else ():
        meshes += both(bar([(-s, 0.36, floor), (-s, 0.36, c.height_m - 0.35)], 0.018, Surface("rail_yellow"), 6))
    if not has_nose:
        return meshes
    x, y, _ = seat(c)
    meshes += [cabin.seat(seat(c)), cabin.steering_wheel((x + 0.53, y, c.hip_m + 0.43), 0.23, 0.9)]
    meshes.append(cabin.dash((-0.50, 0, c.screen_m[0] - 0.20), (0.40, c.width_m * 0.86, 0.35)))
    return meshes


def cab(c: Boxy) -> Shell:
    """The cab of a lorry."""
    half = c.cab_width_m / 2
    shell = skin(c, c.cab_length_m, c.cab_width_m, c.cab_height_m)
    arches(c, shell, half, (c.front_overhang_m,))
    n, _ = shell.normals_and_middles()
    shell.paint((n[:, 2] < -0.8) & shell.made_of(PAINT), UNDER)
    nose, flank = Region(nx=(0.2, 2), low=(-0.8, -1, 0)), Region(ny=(0.45, 2), low=(-99, 0.7 * half, 0))
    shell.refine(Region(nx=(0.1, 2), low=(-0.7, -1, 0)).faces, 0.12)
    shell.refine(flank.faces, 0.18)
    z0, z1 = c.screen_m
    corners = [(MIDDLE, z0), (0.86 * half, z0 + 0.02), (0.93 * half, z0 + 0.10), (0.90 * half, z1 - 0.04), (MIDDLE, z1)]
    framed(shell, soft(corners, 0.09), end_view, nose, 0.035)
    shell.zone(below(c.clearance_m + 0.16), side_view, EVERYWHERE, BLACK, (PAINT,))
    (s0, s1), (foot, head) = c.door_m[0], c.window_m
    window = [(s0 + 0.10, foot), (s1 - 0.10, foot), (s1 - 0.10, head), (s0 + 0.30, head), (s0 + 0.10, foot + 0.30)]
    framed(shell, soft(window, 0.07), side_view, flank, 0.03)
    shut_line(shell, _cab_door(c, s0, s1, z1), side_view, flank, 0.012)
    for panel in c.front:
        shell.zone(soft(panel.outline, panel.radius), end_view, nose, panel.material, (PAINT, BLACK))
    for z in np.arange(*c.slats_m) if c.slats_m else ():
        shell.strip(below(float(z)), -0.013, 0.013, end_view, nose, CHROME, (BLACK, "grille"), lambda q: q[:, 0] - 0.6 * half)
    shut_line(shell, rectangle(MIDDLE, 0.80 * half, z0 - 0.62, z0 - 0.05, 0.06), end_view, nose, 0.012)
    lamps_in_front(c, shell)
    return shell


def _cab_door(c: Boxy, s0: float, s1: float, top: float) -> Outline:
    radius, a = c.tyre_diameter_m / 2 + 0.12, c.front_overhang_m
    arc = [(a + radius * np.cos(t), c.tyre_diameter_m / 2 + radius * np.sin(t)) for t in np.radians([165, 135, 100, 60, 45])]
    arc = [q for q in arc if s0 + 0.04 < q[0] < s1 - 0.04]
    foot = [(s0, 0.62), (max(arc[0][0] - 0.02, s0 + 0.02), 0.62), *arc, (s1, max(0.62, arc[-1][1]))]
    return soft([*foot, (s1, top + 0.02), (s0 + 0.22, top + 0.02), (s0, c.window_m[0] + 0.30)], 0.05)


def lorry(c: Boxy) -> tuple[Shell, list[Mesh]]:
    """(shell of the cab, everything else that is rigid)."""
    shell = cab(c)
    half, chassis = c.width_m / 2, c.length_m - c.cab_length_m + 1.4
    meshes = plate(probe(shell), 1, c.plate_front_m, c.market, c.name) + _cab_parts(c)
    meshes += both(placed(rounded_box((chassis, 0.09, 0.26), 0.02, CHASSIS, 1), (chassis / 2 + 0.15 - c.length_m, 0.42, 0.92)))
    x0, x1 = 0.05 - c.length_m, -c.cab_length_m - 0.14
    meshes += rear_bar(c)
    if c.cargo:
        meshes += cargo(x0, x1, half, c.cargo_floor_m, c.height_m)
    rear = -c.front_overhang_m - c.wheelbase_m
    if x1 - 1.35 - (rear + c.tyre_diameter_m / 2 + 0.18) > 0.6:
        meshes += _guards(rear + c.tyre_diameter_m / 2 + 0.18, x1 - 1.35, half)
    meshes += both(placed(rounded_box((1.0, 0.55, 0.55), 0.14, Surface("trim_silver")), (x1 - 0.72, half - 0.36, 0.72)))
    angle = np.radians(np.linspace(10, 170, 13))
    r, axles = c.tyre_diameter_m / 2, (rear, *(-s for s in c.more_axles_m))
    for x in axles:
        guard = np.stack([x + (r + 0.06) * np.cos(angle), np.full(13, half - 0.35), r + (r + 0.06) * np.sin(angle)], 1)
        meshes += both(bar(guard, np.tile([0.30, 0.012], (13, 1)), TRIM, 8))
    for x in (-c.front_overhang_m, *axles):
        meshes.append(bar([(x, 0.25 - half, r), (x, half - 0.25, r)], 0.07, CHASSIS, 10))
    return shell, meshes


def _cab_parts(c: Boxy) -> list[Mesh]:
    """Mirrors, handles, sun visor and the inside of a cab."""
    half, (s0, s1), (foot, _), z1 = c.cab_width_m / 2, c.door_m[0], c.window_m, c.screen_m[1]
    x, tall = -s0 - 0.02, z1 - foot
    meshes = both(bar([(x - 0.05, 0.96 * half, z1 - 0.10), (x + 0.06, 1.08 * half, z1 - 0.12)], 0.025, TRIM))
    meshes += both(placed(rounded_box((0.12, 0.22, tall - 0.02), 0.05, TRIM), (x + 0.06, 1.10 * half, (z1 + foot) / 2)))
    glass = rounded_box((0.01, 0.17, tall - 0.10), 0.004, Surface(CHROME), 1)
    meshes += both(placed(glass, (x - 0.004, 1.10 * half, (z1 + foot) / 2)))
    meshes += both(placed(rounded_box((0.22, 0.04, 0.035), 0.015, TRIM), (0.18 - s1, half * 0.995, foot - 0.12)))
    visor = rounded_box((0.28, c.cab_width_m * 0.78, 0.05), 0.022, TRIM)
    meshes.append(placed(visor, (0.10 - c.front_profile_m[4], 0, z1 + 0.07), pitch=0.15))
    x, y, _ = seat(c)
    meshes += both(cabin.seat(seat(c)))
    meshes.append(cabin.steering_wheel((x + 0.50, y, c.hip_m + 0.38), 0.22, 0.9))
    meshes.append(cabin.dash((-0.48, 0, c.screen_m[0] - 0.16), (0.40, c.cab_width_m * 0.80, 0.30)))
    return meshes


def cargo(x0: float, x1: float, half: float, floor: float, top: float) -> list[Mesh]:
    """A box body: panels, profiles at the edges, rear doors with bars, marker lamps."""
    x, length, z, tall = (x0 + x1) / 2, x1 - x0, (floor + top) / 2, top - floor
    silver, amber = Surface("trim_silver"), Surface("marker_amber")
    meshes = [placed(rounded_box((length, 2 * half - 0.02, tall), 0.025, Surface("cargo_box"), 1), (x, 0, z))]
    meshes += both(placed(rounded_box((length + 0.012, 0.05, 0.13), 0.015, silver, 1), (x, half - 0.025, floor + 0.06)))
    meshes += both(placed(rounded_box((length + 0.012, 0.05, 0.09), 0.015, silver, 1), (x, half - 0.025, top - 0.045)))
    for end in (x0 + 0.04, x1 - 0.04):
        meshes += both(placed(rounded_box((0.09, 0.05, tall), 0.015, silver, 1), (end, half - 0.025, z)))
    for at in np.arange(x0 + 0.6, x1, 2.0):
        meshes += both(placed(rounded_box((0.10, 0.02, 0.045), 0.008, amber, 1), (at, half - 0.004, floor + 0.03)))
    for y in (0.16, 0.62 * half):
        meshes += both(bar([(x0 - 0.035, y, floor + 0.02), (x0 - 0.035, y, top - 0.05)], 0.016, silver, 6))
    meshes.append(placed(rounded_box((0.012, 0.014, tall - 0.1), 0.004, Surface(GAP), 1), (x0 - 0.002, 0, z)))
    for h, size in ((top - 0.05, 0.10), (floor + 0.06, 0.14)):
        meshes.append(placed(rounded_box((0.04, 2 * half - 0.01, size), 0.012, silver, 1), (x0 - 0.008, 0, h)))
    return meshes


def rear_bar(c: Boxy) -> list[Mesh]:
    """The underrun guard with lamps, reflectors and plate."""
    x, half, z = 0.10 - c.length_m, c.width_m / 2, c.plate_rear_m
    meshes = [placed(rounded_box((0.10, c.width_m * 0.96, 0.16), 0.03, CHASSIS, 1), (x, 0, z))]
    for y, wide, material in ((0.43, 0.14, TAIL), (0.29, 0.14, BRAKE)):
        meshes += both(placed(rounded_box((0.05, wide, 0.13), 0.02, Surface(material), 1), (x - 0.035, half - y, z + 0.18)))
    for side, material in INDICATOR.items():
        lamp = rounded_box((0.052, 0.12, 0.12), 0.02, Surface(material), 1)
        meshes.append(placed(lamp, (x - 0.036, side * (half - 0.14), z + 0.18)))
    white = rounded_box((0.052, 0.10, 0.12), 0.02, Surface("reverse_lamp"), 1)
    meshes += both(placed(white, (x - 0.035, half - 0.56, z + 0.18)))
    meshes += both(placed(rounded_box((0.08, 0.06, 0.45), 0.02, CHASSIS, 1), (x + 0.02, 0.45, z + 0.2)))
    meshes.append(placed(join(plates.board(c.market, c.name, True)), (x - 0.055, 0, z), yaw=np.pi))
    for y in (0.30, 0.85):  # rear marking plates, UN R70
        meshes += both(placed(rounded_box((0.012, 0.40, 0.09), 0.004, Surface("reflector_red"), 1), (x - 0.05, y, z)))
    return meshes


def _guards(x0: float, x1: float, half: float) -> list[Mesh]:
    """Side guards between the axles."""
    meshes = []
    for z in (0.55, 0.85):
        rail = rounded_box((x1 - x0, 0.03, 0.12), 0.012, Surface("trim_silver"), 1)
        meshes += both(placed(rail, ((x0 + x1) / 2, half - 0.05, z)))
    for x in np.arange(x0 + 0.15, x1, 1.3):
        meshes += both(placed(rounded_box((0.06, 0.04, 0.75), 0.015, CHASSIS, 1), (x, half - 0.08, 0.85)))
    return meshes
