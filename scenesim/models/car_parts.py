"""What is put on and into a car: mirrors, handles, plates, rails, exhausts, the cabin, and its lamps as lights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.geometry.shell import Shell
from scenesim.geometry.soft import bar, both, hexahedron, mirrored, placed, rounded_box
from scenesim.models import cabin, plates
from scenesim.models.car_body import Body
from scenesim.models.car_zones import door_span, window_line
from scenesim.models.model import LAMP_BITS, Lamp

Array = NDArray[np.float64]
PAINT, BLACK, CHROME = Surface("vehicle_paint"), Surface("trim_black"), Surface("chrome")
WHITE_LED, RED = (1.02, 1.0, 0.94), (4.4, 0.08, 0.02)  # linear RGB of unit luminance
LOW_BEAM_CD, BRAKE_CD = 10500.0, 25.0
HIP_BEFORE_PILLAR_M = 0.22  # so that the head is just before the middle pillar

Probe = Callable[[tuple[float, float, float], tuple[float, float, float]], Array | None]


def probe(shell: Shell) -> Probe:
    """f(origin, direction) -> nearest point of the shell on the ray, or None."""
    a = shell.vertices[shell.faces[:, 0]]
    e1, e2 = shell.vertices[shell.faces[:, 1]] - a, shell.vertices[shell.faces[:, 2]] - a

    def hit(origin, direction):
        o, d = np.asarray(origin, float), np.asarray(direction, float)
        h = np.cross(d, e2)
        det = (e1 * h).sum(1)
        good = np.abs(det) > 1e-12
        inverse = np.where(good, 1 / np.where(good, det, 1), 0)
        s = o - a
        u = inverse * (s * h).sum(1)
        q = np.cross(s, e1)
        v, t = inverse * (q @ d), inverse * (e2 * q).sum(1)
        k = good & (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (t > 1e-6)
        return o + d * t[k].min() if k.any() else None

    return hit


def plate(ray: Probe, sign: int, z: float, market: str = plates.HOME, of: str = "") -> list[Mesh]:
    """The number plate of a vehicle (`of`: its recipe) for a country, on the front (sign 1) or the rear (-1) at a height."""
    low, high = (ray((sign * 50.0, 0.02, z + dz), (-sign, 0, 0)) for dz in (0.0, 0.05))
    if low is None or high is None:
        return []
    pitch = -float(np.arctan2((low[0] - high[0]) * sign, 0.05))
    board = plates.board(market, of, sign < 0)
    return [placed(join(board), (float(low[0]) + sign * 0.006, 0, z), yaw=0.0 if sign > 0 else np.pi, pitch=pitch)]


def mirror(at: tuple[float, float, float], size: tuple[float, ...]) -> Mesh:
    """A door mirror of the left side; at: its middle."""
    head = rounded_box(size, 0.05, PAINT, 2, 0.12)
    glass = placed(rounded_box((0.012, size[1] * 0.78, size[2] * 0.70), 0.005, CHROME, 1), (-size[0] / 2 - 0.001, 0, 0))
    back = placed(rounded_box((0.02, size[1] * 0.92, size[2] * 0.86), 0.009, BLACK, 1), (-size[0] / 2 + 0.006, 0, 0))
    foot = bar([(0, -0.06, -0.06), (0.015, -0.155, -0.085)], [0.028, 0.03], BLACK)
    indicator = placed(rounded_box((0.03, 0.10, 0.014), 0.006, Surface("indicator_left"), 1), (size[0] * 0.36, 0.03, 0.0))
    return placed(join([head, back, glass, foot, indicator]), at, yaw=0.12)


def other_side(mesh: Mesh) -> Mesh:
    """The mirror image, with the indicators of the other side."""
    m = mirrored(mesh)
    other = {"indicator_left": "indicator_right", "indicator_right": "indicator_left"}
    surfaces = tuple(Surface(other[s.material]) if s.material in other else s for s in m.surfaces)
    return Mesh(m.vertices, m.triangles, m.normals, m.uv, m.surface, surfaces, m.color)


def outside(b: Body) -> list[Mesh]:
    """What is put on the body."""
    c, ray = b.car, probe(b.shell)
    meshes = [m for sign, z in ((1, c.plate_front_m), (-1, c.plate_rear_m)) for m in plate(ray, sign, z, c.market, c.name)]
    for s, depth in c.handles_m:
        z = float(b.belt(s)) - depth
        q = ray((-s, 9.0, z), (0, -1, 0))
        surface = CHROME if c.chrome_windows else PAINT
        meshes += both(placed(rounded_box((0.21, 0.032, 0.030), 0.014, surface), (float(q[0]), float(q[1]) + 0.012, z)))
    s = window_line(b)[1] + 0.10
    q = ray((-s, 9.0, float(b.belt(s))), (0, -1, 0))
    left = mirror((0.02 - s, float(q[1]) + 0.125, float(b.belt(s)) + 0.075), c.mirror_m)
    meshes += [left, other_side(left)]
    if c.exhaust:
        q = ray((-50.0, 0.5 * b.half, c.clearance_m + 0.12), (1, 0, 0))
        tip = rounded_box((0.06, 0.12, 0.05), 0.02, CHROME)
        meshes += both(placed(tip, (float(q[0]) + 0.02, 0.5 * b.half, c.clearance_m + 0.12)))
    if c.bumper:
        meshes.append(placed(rounded_box((0.16, c.width_m * 0.94, 0.20), 0.06, CHROME, 3), (0.085 - c.length_m, 0, 0.56)))
        meshes.append(placed(rounded_box((0.10, 0.62, 0.05), 0.02, BLACK), (0.07 - c.length_m, 0, 0.665)))
    return meshes + _roof(b, ray)


def _roof(b: Body, ray: Probe) -> list[Mesh]:
    """Rails, aerial, and the third brake lamp under the roof's end."""
    c, meshes = b.car, []
    if c.open_top:
        return meshes
    if c.rails:
        path = []
        for s in np.linspace(c.screen_top_m[0] + 0.25, c.roof_end_m[0] - 0.25, 8):
            path.append(ray((-s, c.roof_width * b.half * 0.93, 9.0), (0, 0, -1)) + np.array([0, 0, 0.028]))
        path[0], path[-1] = path[0] - np.array([0, 0, 0.04]), path[-1] - np.array([0, 0, 0.04])
        meshes += both(bar(path, 0.014, CHROME))
    fin = ray((-c.roof_end_m[0] + 0.22, 0.0, 9.0), (0, 0, -1))
    if fin is not None and c.class_name == "car" and not c.bed_m:
        shape = rounded_box((0.13, 0.03, 0.05), 0.014, BLACK, taper=0.5)
        meshes.append(placed(shape, fin + np.array([0, 0, 0.008]), pitch=0.12))
    if not c.rear_doors and not c.bed_m and not c.boot:
        z = c.roof_end_m[1] - 0.028
        q = ray((-50.0, 0.0, z), (1, 0, 0))
        if q is not None:
            meshes.append(placed(rounded_box((0.02, 0.26, 0.022), 0.008, Surface("brake_lamp"), 1), q))
    elif c.boot and not c.upright_rear_glass:
        lamp = rounded_box((0.05, 0.30, 0.02), 0.008, Surface("brake_lamp"), 1)
        meshes.append(placed(lamp, (-c.deck_m[0] + 0.22, 0, c.deck_m[1] - 0.01)))
    return meshes


def headliner(b: Body) -> Mesh:
    """The underside of the roof, which is of cloth and not of paint: what looks up is repeated a little lower."""
    c, shell = b.car, b.shell
    n, middle = shell.normals_and_middles()
    roof = (n[:, 2] > 0.82) & (middle[:, 0] < -c.screen_top_m[0] - 0.08) & (middle[:, 0] > 0.12 - c.roof_end_m[0])
    roof &= (middle[:, 2] > c.screen_top_m[1] - 0.12) & shell.made_of("vehicle_paint")
    used, index = np.unique(shell.faces[roof], return_inverse=True)
    v = shell.vertices[used] - np.array([0, 0, 0.022])
    return make(v, index.reshape(-1, 3)[:, ::-1], Surface("headliner"), uv=v[:, [0, 1]])


def seat(b: Body) -> tuple[float, float, float]:
    """Where the driver's seat is."""
    c = b.car
    side = -1 if plates.left_hand(c.market) else 1
    x = -(c.hip_behind_nose_m or c.pillar_m - HIP_BEFORE_PILLAR_M)
    return x, side * 0.37 * c.width_m / 1.84, c.hip_m or c.clearance_m + 0.15


def inside(b: Body, opened: tuple[int, ...] = ()) -> list[Mesh]:
    """The cabin. opened: sides (1 left, -1 right) whose front door is on its own, with the lining of its panel."""
    c = b.car
    if c.open_top:
        return open_cabin(b)
    (x, y, floor), belt = seat(b), min(c.belt_m)
    top = min(c.screen_base_m[1] - 0.02, belt + 0.03)
    meshes = [headliner(b), cabin.seat((x, y, floor)), cabin.seat((x, -y, floor))]
    rear = x - c.rear_pitch_m
    if c.rear_seat:
        meshes.append(cabin.bench((rear, 0, floor), 1.22 * c.width_m / 1.84))
    end = min(-c.roof_end_m[0] + 0.15, rear - 0.3) if c.rear_seat else x - 0.55
    end = max(end, 0.35 - c.length_m) if not c.bed_m else max(end, -c.bed_m[0] + 0.2)
    gap = door_span(b) if opened else (0.0, 0.0)
    front = -c.screen_base_m[0] - 0.20
    meshes += cabin.lining(end, front, 0.86 * b.half, c.clearance_m + 0.10, belt - 0.02, opened, (-gap[1], -gap[0]))
    low, lamps = c.clearance_m + 0.10, max(p[1] for p in c.taillamp_wrap_m) + 0.05
    meshes.append(cabin.bulkhead(-c.screen_base_m[0] - 0.10, 0.80 * b.half, low, c.screen_base_m[1] - 0.09))
    behind = rear - 0.44 if c.rear_seat else x - 0.60
    meshes.append(cabin.bulkhead(behind, 0.80 * b.half, low, belt - 0.05 if c.bed_m else max(belt - 0.05, lamps)))
    if c.rear_seat and not c.bed_m:  # the shelf behind the seat
        x1, x0 = rear - 0.30, (0.45 - c.length_m if not c.boot else -c.deck_m[0] + 0.10)
        meshes.append(cabin.dash(((x0 + x1) / 2, 0, belt - 0.06), (x1 - x0, 1.56 * b.half, 0.06)))
    meshes.append(cabin.dash((-c.screen_base_m[0] - 0.27, 0, top - 0.12), (0.42, c.width_m * 0.74, 0.22)))
    meshes.append(cabin.steering_wheel((x + 0.43, y, top - 0.03)))
    return meshes


def open_cabin(b: Body) -> list[Mesh]:
    """The cockpit of a car without a roof: a framed screen, seats that are seen, the hood folded behind them."""
    c = b.car
    (x, y, floor), (s0, z0), (s1, z1) = seat(b), c.screen_base_m, c.screen_top_m
    low, high = 0.78 * b.half, 0.64 * b.half
    foot, head = np.array([-s0 - 0.02, 0, z0 - 0.05]), np.array([-s1, 0, z1])
    pane = [foot + [0, low, 0], head + [-0.04, high, 0], head + [-0.04, -high, 0], foot + [0, -low, 0]]
    meshes = [thin(np.array(pane), 0.006, Surface("vehicle_glass"))]
    side = [(-s0 - 0.04, low, z0 - 0.10), (-s1 - 0.05, high, z1)]
    meshes += both(bar(side, [[0.024, 0.030], [0.022, 0.026]], PAINT, 10))
    top = [(-s1 - 0.05, high, z1), (-s1 + 0.02, 0.0, z1 + 0.02), (-s1 - 0.05, -high, z1)]
    meshes.append(bar(top, [[0.03, 0.018]] * 3, PAINT, 10))
    meshes.append(placed(rounded_box((0.05, 0.24, 0.06), 0.02, BLACK), (-s1 - 0.10, 0, z1 - 0.06)))
    leather = Surface("leather_tan")
    for m in (cabin.seat((x, y, floor)), cabin.seat((x, -y, floor)), cabin.bench((x - c.rear_pitch_m, 0, floor + 0.06), 1.10)):
        meshes.append(Mesh(m.vertices, m.triangles, m.normals, m.uv, m.surface, (leather,)))
    meshes.append(cabin.dash((-s0 - 0.26, 0, z0 - 0.15), (0.40, 1.30 * b.half, 0.20)))
    meshes.append(cabin.steering_wheel((x + 0.43, y, z0 - 0.07)))
    hood = [(-c.bed_m[1] - 0.10, v * b.half, c.deck_m[1] + 0.03 * (1 - v * v)) for v in (-0.62, -0.3, 0.0, 0.3, 0.62)]
    meshes.append(bar(hood, [[0.10, 0.03], [0.17, 0.055], [0.18, 0.06], [0.17, 0.055], [0.10, 0.03]], Surface("canvas"), 14))
    return meshes


def thin(corners: Array, thickness: float, surface: Surface) -> Mesh:
    """A closed plate over four corners (4, 3)."""
    n = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    n *= thickness / 2 / np.sqrt((n * n).sum())
    return hexahedron(corners - n, corners + n, surface)


def lights(b: Body) -> list[Lamp]:
    """Low beams, and the brake lamps as one weak light behind."""
    c, ray = b.car, probe(b.shell)
    u, z = np.array(c.projectors_wrap_m or c.headlamp_wrap_m)[:, :2].mean(0)
    s = 0.25
    for _ in range(12):  # where the skin is that deep behind the nose for this wrap
        q = ray((50.0, float(u) - 0.8 * s, float(z)), (-1, 0, 0))
        s = 0.5 * s + 0.5 * (-float(q[0]) if q is not None else s)
    y = float(u) - 0.8 * s
    return head_and_brake((0.03 - s, y, float(z)), (-c.length_m - 0.06, 0.0, float(np.mean([p[1] for p in c.taillamp_wrap_m]))))


def head_and_brake(left: tuple[float, float, float], rear: tuple[float, float, float]) -> list[Lamp]:
    """Two low beams, the left one here, and one light for the brake lamps."""
    x, y, z = left
    bits = LAMP_BITS["low_beam"] | LAMP_BITS["high_beam"]
    front = [Lamp(bits, (x, s * y, z), (1.0, 0.0, 0.0), LOW_BEAM_CD, WHITE_LED, "low_beam") for s in (1, -1)]
    return [*front, Lamp(LAMP_BITS["brake"], rear, (-1.0, 0.0, 0.0), BRAKE_CD, RED, "spot")]
