"""Pieces that recipes of vehicles name in `parts`: boxes, slabs, bars, drums, panes, lamps, seats, ladders.

Points are (s, y, z) in metres: s behind the foremost point of the vehicle, y to the left, z above the ground. `both: true`
makes the mirror image on the other side too; `every_m: [ds, dy, dz]` with `count` repeats a piece; `turn_deg` is roll, pitch
and yaw about its own middle.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, did_you_mean
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.geometry.outlines import rounded
from scenesim.geometry.pocket import ear_clip
from scenesim.geometry.soft import bar as soft_bar
from scenesim.geometry.soft import both as on_both
from scenesim.geometry.soft import hexahedron, outward, placed, ring, rounded_box
from scenesim.models import cabin

Array = NDArray[np.float64]
Numbers = list[float]
Rounding = float | Numbers
LENSES = {
    "tail": "tail_lamp", "brake": "brake_lamp", "reverse": "reverse_lamp", "head": "headlamp", "daylight": "daylight_lamp",
}  # fmt: skip
SHARED = ("shape", "both", "turn_deg", "count", "every_m")


def pieces(rows: tuple[dict[str, Any], ...]) -> list[Mesh]:
    """The meshes of rows, in the frame of the nose (x = -s). Raises InputError for what there is not."""
    meshes = []
    for row in rows:
        shape = row.get("shape", "box")
        if shape not in SHAPES:
            raise InputError(f'no shape "{shape}" of parts{did_you_mean(str(shape), SHAPES)}')
        known = inspect.signature(SHAPES[shape]).parameters
        for key in row:
            if key not in known and key not in SHARED:
                raise InputError(f'a {shape} has no "{key}"{did_you_mean(key, [*known, *SHARED])}')
        missing = [n for n, p in known.items() if p.default is inspect.Parameter.empty and n not in row]
        if missing:
            raise InputError(f"a {shape} needs {', '.join(missing)}")
        mesh = SHAPES[shape](**{k: v for k, v in row.items() if k not in SHARED})
        step = np.array(row.get("every_m", (0.0, 0.0, 0.0))) * [-1.0, 1.0, 1.0]
        for k in range(int(row.get("count", 1))):
            moved = placed(turned(mesh, row.get("turn_deg")), step * k)
            meshes += on_both(moved) if row.get("both") else [moved]
    return meshes


def turned(mesh: Mesh, turn_deg: Numbers | None) -> Mesh:
    """A mesh turned about the middle of its box."""
    if turn_deg is None:
        return mesh
    middle = mesh.bounds().mean(0)
    roll, pitch, yaw = np.radians(turn_deg)
    return placed(placed(mesh, -middle), middle, roll=float(roll), pitch=float(pitch), yaw=float(yaw))


def at_nose(points: Any) -> Array:
    """(s, y, z) rows in the frame of the nose."""
    return np.asarray(points, float) * [-1.0, 1.0, 1.0]


def box(size_m: Numbers, at_m: Numbers, material: str, radius_m: float = 0.02, taper: float = 0.0, pieces: int = 1) -> Mesh:
    """A box with rounded edges about a point. taper: share by which it narrows towards the front."""
    return placed(rounded_box(size_m, radius_m, Surface(material), pieces, taper), at_nose(at_m))


def slab(outline_m: list[Numbers], y_m: Numbers, material: str, radius_m: Rounding = 0.03, edge_m: float = 0.02) -> Mesh:
    """What has an outline (s, z) seen from the side, from one y to another, with bevelled edges."""
    p = rounded(np.array(outline_m, float) * [-1.0, 1.0], radius_m, 3)
    return _between(p, (y_m[0], y_m[1]), edge_m, Surface(material), lambda q, y: np.stack([q[:, 0], y, q[:, 1]], 1))


def sheet(outline_m: list[Numbers], z_m: Numbers, material: str, radius_m: Rounding = 0.03, edge_m: float = 0.02) -> Mesh:
    """What has an outline (s, y) seen from above, from one z to another, with bevelled edges."""
    p = rounded(np.array(outline_m, float) * [-1.0, 1.0], radius_m, 3)
    return _between(p, (z_m[0], z_m[1]), edge_m, Surface(material), lambda q, z: np.stack([q[:, 0], q[:, 1], z], 1))


def frame(outline_m: list[Numbers], s_m: Numbers, material: str, radius_m: Rounding = 0.03, edge_m: float = 0.02) -> Mesh:
    """What has an outline (y, z) seen from ahead, from one s to another, with bevelled edges."""
    p = rounded(np.array(outline_m, float), radius_m, 3)
    return _between(p, (-s_m[0], -s_m[1]), edge_m, Surface(material), lambda q, x: np.stack([x, q[:, 0], q[:, 1]], 1))


def _between(p: Array, ends: tuple[float, float], edge: float, surface: Surface, lift: Callable[[Array, Array], Array]) -> Mesh:
    """A closed body over a simple outline (n, 2), of four rings: the outer two drawn in by `edge`."""
    p = p[np.concatenate([[True], (np.abs(np.diff(p, axis=0)) > 1e-6).any(1)])]
    area = float((p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1)).sum())
    p = p if area > 0 else p[::-1].copy()
    low, high = min(ends), max(ends)
    edge = min(edge, 0.3 * (high - low))
    small = _drawn_in(p, edge)
    rings = [(small, low), (p, low + edge), (p, high - edge), (small, high)]
    n = len(p)
    v = np.concatenate([lift(q, np.full(n, y)) for q, y in rings])
    k, after = np.arange(n), (np.arange(n) + 1) % n
    faces = []
    for r in range(3):
        a, b = r * n, (r + 1) * n
        faces += [np.stack([a + k, a + after, b + after], 1), np.stack([a + k, b + after, b + k], 1)]
    cap = ear_clip(np.ascontiguousarray(small), np.zeros((n, n), np.bool_))
    f = np.concatenate([*faces, cap[:, ::-1], cap + 3 * n])
    return make(v, outward(v - v.mean(0), f), surface, uv=v[:, [0, 2]], smooth_deg=40.0)


def _drawn_in(p: Array, by: float) -> Array:
    """A counter-clockwise outline (n, 2) with every side moved inwards."""
    d = np.roll(p, -1, 0) - p
    d /= np.sqrt((d * d).sum(1, keepdims=True))
    n = np.stack([-d[:, 1], d[:, 0]], 1)
    m = n + np.roll(n, 1, 0)
    return p + by * m / np.maximum((m * n).sum(1, keepdims=True), 0.35)


def bar(path_m: list[Numbers], radius_m: Any, material: str, sides: int = 8) -> Mesh:
    """A bar along points; radius_m: one, one for each point, or pairs across and along the vertical."""
    return soft_bar(at_nose(path_m), radius_m, Surface(material), sides)


def drum(at_m: Numbers, radius_m: float, wide_m: float, material: str, bore_m: float = 0.0, sides: int = 24) -> Mesh:
    """A round body about an axis across the vehicle."""
    r0, h = max(bore_m, 0.004), wide_m / 2
    e = min(0.02, 0.2 * wide_m, 0.2 * radius_m)
    profile = [(r0, -h), (radius_m - e, -h), (radius_m, e - h), (radius_m, h - e), (radius_m - e, h), (r0, h)]
    return placed(ring(profile, sides, Surface(material)), at_nose(at_m))


def lamps(s_m: float, y_m: float, z_m: float, size_m: Numbers, rows: list[str], upright: bool = True) -> Mesh:
    """Rear lamps of both sides in a dark housing, one above (or beside) the other: tail, brake, indicator, reverse."""
    meshes = []
    for side, turn in ((1.0, "indicator_left"), (-1.0, "indicator_right")):
        wide, tall = size_m
        meshes.append(_lens(s_m, side * y_m, z_m, (0.05, wide, tall), "lamp_housing"))
        for k, name in enumerate(rows):
            share = (k + 0.5) / len(rows) - 0.5
            dy, dz = (0.0, share * tall) if upright else (share * wide, 0.0)
            size = (0.06, wide * 0.86, tall / len(rows) * 0.9) if upright else (0.06, wide / len(rows) * 0.9, tall * 0.86)
            at = (s_m, side * (y_m + dy), z_m + dz)
            meshes.append(_lens(*at, size, turn if name == "indicator" else LENSES[name]))
    return join(meshes)


def _lens(s: float, y: float, z: float, size: tuple[float, float, float], material: str) -> Mesh:
    return placed(rounded_box(size, 0.015, Surface(material), 1), (-s, y, z))


def plate(s_m: float, z_m: float, face: str = "rear", market: str = "germany", of: str = "") -> Mesh:
    """A number plate on an upright face; market, of: see car_parts.plate."""
    from scenesim.models.car_parts import plate as on_skin

    sign = 1 if face == "front" else -1
    return on_skin(lambda origin, _: np.array([-s_m, 0.0, origin[2]]), sign, z_m, market, of)[0]


def seat(at_m: Numbers, width_m: float = 0.5) -> Mesh:
    """A plain seat; at its hip point."""
    cloth = Surface("seat_cloth")
    cushion = placed(rounded_box((0.48, width_m, 0.14), 0.05, cloth, 1), (0.05, 0, 0.08))
    back = placed(rounded_box((0.12, width_m * 0.96, 0.78), 0.05, cloth, 1), (-0.26, 0, 0.50), pitch=-0.22)
    return placed(join([cushion, back]), at_nose(at_m))


def steering_wheel(at_m: Numbers, radius_m: float = 0.19, tilt: float = 0.6) -> Mesh:
    """A steering wheel about its middle."""
    return cabin.steering_wheel(at_nose(at_m), radius_m, tilt)


def mirrors(at_m: Numbers, size_m: Numbers, arm_m: float = 0.2) -> Mesh:
    """Mirrors of both sides on arms that come from the body."""
    s, y, z = at_m
    black, top = Surface("trim_black"), z + 0.4 * size_m[2]
    head = placed(rounded_box(size_m, 0.03, black), (-s, y, z))
    pane = rounded_box((0.01, size_m[1] * 0.8, size_m[2] * 0.85), 0.004, Surface("chrome"), 1)
    glass = placed(pane, (-s - size_m[0] / 2, y, z))
    foot = soft_bar([(-s, y, top), (-s - 0.05, y - arm_m, top)], 0.015, black, 6)
    return join(on_both(join([head, glass, foot])))


def ladder(from_m: Numbers, to_m: Numbers, wide_m: float, material: str, rungs: int = 10) -> Mesh:
    """A ladder whose foot and head are the middles of its ends."""
    a, b = at_nose(from_m), at_nose(to_m)
    across = np.array([0.0, wide_m / 2, 0.0])
    meshes = [soft_bar([a + s * across, b + s * across], [[0.018, 0.035]] * 2, Surface(material), 4) for s in (1, -1)]
    for k in range(rungs):
        p = a + (b - a) * (k + 0.5) / rungs
        meshes.append(soft_bar([p - across, p + across], 0.016, Surface(material), 6))
    return join(meshes)


def word(word: str, at_m: Numbers, height_m: float, face: str, material: str) -> Mesh:
    """Raised letters on an upright plane through a point, read by who looks at the face: left, right, front or rear."""
    from scenesim.models import livery

    s, y, z = at_m
    wall = np.array([-s, y, 0.0])
    where = [s, z] if face in ("left", "right") else [y, z]
    return livery.word(lambda *_: wall, word, where, face, height_m, Surface(material))


def checks(box_m: Numbers, y_m: float, columns: int, rows: int, material: str) -> Mesh:
    """Every other field of a chequered rectangle (first s, last s, low z, high z) on a side."""
    s0, s1, z0, z1 = box_m
    wide, tall = (s1 - s0) / columns, (z1 - z0) / rows
    fields = [(i, j) for i in range(columns) for j in range(rows) if (i + j) % 2 == 0]
    middle = [(-(s0 + (i + 0.5) * wide), y_m, z0 + (j + 0.5) * tall) for i, j in fields]
    return join([solids.box((wide, 0.008, tall), at, Surface(material)) for at in middle])


def cab(outline_m: list[Numbers], y_m: float, material: str, post_m: float = 0.035, shift_m: float = 0.0) -> Mesh:
    """A cab of posts and glass with a roof over its highest edge: outline (s, z) seen from the side, corner by corner, the
    floor being its last edge. y_m: half its width. shift_m: how far its middle is to the left."""
    p = [(-s, z) for s, z in outline_m]
    n, post, glass = len(p), Surface(material), Surface("vehicle_glass")
    top = max(range(n), key=lambda k: p[k][1] + p[(k + 1) % n][1])
    meshes = []
    for k in range(n):
        (x0, z0), (x1, z1) = p[k], p[(k + 1) % n]
        meshes += on_both(soft_bar([(x0, y_m, z0), (x1, y_m, z1)], post_m, post, 8))
        meshes.append(soft_bar([(x0, y_m, z0), (x0, -y_m, z0)], post_m, post, 8))
        if k == top:
            ends = [[-min(x0, x1) + 0.08, z0 - 0.02], [-max(x0, x1) - 0.08, z0 - 0.02]]
            roof = [*ends, [ends[1][0], max(z0, z1) + 0.08], [ends[0][0], max(z0, z1) + 0.08]]
            meshes.append(slab(roof, [-y_m - 0.06, y_m + 0.06], material, 0.04, 0.04))
        elif k != n - 1:
            across = np.array([[x0, y_m, z0], [x1, y_m, z1], [x1, -y_m, z1], [x0, -y_m, z0]])
            meshes.append(_pane(across, glass))
    meshes += on_both(slab(outline_m, [y_m - 0.004, y_m + 0.004], "vehicle_glass", 0.01, 0.001))
    return placed(join(meshes), (0.0, shift_m, 0.0))


def _pane(corners: Array, surface: Surface) -> Mesh:
    n = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    n *= 0.004 / np.sqrt((n * n).sum())
    return hexahedron(corners - n, corners + n, surface)


def brush(at_m: Numbers, radius_m: float, high_m: float, material: str) -> Mesh:
    """A round brush that stands on the ground about an upright axis."""
    s, y, z = at_m
    path = [(-s, y, z + high_m), (-s, y, z + 0.6 * high_m), (-s, y, z)]
    return soft_bar(path, [0.35 * radius_m, 0.5 * radius_m, radius_m], Surface(material), 20)


def car(at_m: Numbers, length_m: float, height_m: float, material: str) -> Mesh:
    """A car as a load: body, glass and wheels in simple form; at the foot of its nose."""
    s, _, z = at_m
    k, h = length_m / 4.0, height_m / 1.4
    low = [[0.0, 0.30], [0.1, 0.20], [3.9, 0.20], [4.0, 0.40], [3.96, 0.86], [3.2, 0.90], [0.9, 0.86], [0.1, 0.70]]
    high = [[0.85, 0.84], [1.55, 1.36], [3.2, 1.40], [3.85, 0.86]]
    body = slab([[s + a * k, z + b * h] for a, b in low], [-0.86, 0.86], material, 0.10, 0.10)
    roof = slab([[s + a * k, z + b * h] for a, b in high], [-0.70, 0.70], material, 0.12, 0.10)
    meshes = [body, roof]
    for pane in (
        [[1.16, 0.90], [2.20, 0.90], [2.20, 1.30], [1.58, 1.30]],
        [[2.28, 0.90], [3.62, 0.90], [3.16, 1.30], [2.28, 1.30]],
    ):
        outline = [[s + a * k, z + b * h] for a, b in pane]
        meshes += on_both(slab(outline, [0.68, 0.712], "trim_black", 0.04, 0.01))
    screen = [(-s - 0.98 * k, z + 0.92 * h), (-s - 1.46 * k, z + 1.30 * h)]
    path = [(x, 0.0, up) for x, up in screen]
    meshes.append(soft_bar(path, [[0.60, 0.05]] * 2, Surface("trim_black"), 4))
    for a in (0.75, 3.2):
        wheel = drum([s + a * k, 0.74, z + 0.30], 0.30, 0.20, "tyre", sides=14)
        meshes += on_both(wheel) + on_both(drum([s + a * k, 0.76, z + 0.30], 0.19, 0.20, "rim_alloy", sides=14))
    lamp = _lens(s + 0.04, 0.60, z + 0.62 * h, (0.10, 0.30, 0.12), "headlamp")
    tail = _lens(s + length_m - 0.03, 0.66, z + 0.70 * h, (0.08, 0.24, 0.16), "tail_lamp")
    return join([*meshes, *on_both(lamp), *on_both(tail)])


SHAPES: dict[str, Callable[..., Mesh]] = {
    f.__name__: f
    for f in (
        box, slab, sheet, frame, bar, drum, lamps, plate, seat, steering_wheel, mirrors, ladder, word, checks, cab, brush, car,
    )
}  # fmt: skip
