"""Oddities: what flies, what mirrors, prints of people and cars, figures, and models that carry something strange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from scenesim.geometry import solids
from scenesim.geometry.implicit import Solid, cut, mesh
from scenesim.geometry.mesh import Mesh, Surface, face_normals, join, make
from scenesim.geometry.rough import ball, grounded, scaled, soft_box, sphere_grid
from scenesim.geometry.soft import placed
from scenesim.kernels.packed import MATERIAL
from scenesim.models import roadside
from scenesim.models.body_shape import Body, Figure
from scenesim.models.debris_kit import (
    BLACK,
    CONCRETE,
    ENAMEL,
    FILM,
    PLASTIC,
    PRINT,
    RGB,
    STEEL,
    STEEL_GREY,
    TAU,
    TEXTILE,
    WHITE,
    Array,
    Chance,
    Meshes,
    block,
    board,
    drum,
    painted,
    rods,
    turned,
)
from scenesim.models.material import pack
from scenesim.models.model import Model, tight_box


def football(size: Array, g: Chance) -> Meshes:
    """White, with the twelve black pentagons."""
    d, t = sphere_grid(4)
    axes, _ = sphere_grid(0)
    lines = [lambda p, reach=reach: ((p @ axes.T).max(1) - reach) * 0.8 for reach in (0.9455,)]
    return [grounded([_ball_of(size[0] / 2, d, t, lines, lambda p: _football_tone(p, axes), PLASTIC)], size)]


def _football_tone(p: Array, axes: Array) -> Array:
    near = (p @ axes.T).max(1)
    return np.repeat(np.where(near > 0.9455, 0.022, 0.76)[:, None], 3, 1)


def _ball_of(radius: float, d: Array, t: Array, lines, tone, surface: Surface) -> Mesh:
    """A ball cut along lines (unit vectors (n, 3) -> signed distance), each face in the one colour of its middle."""
    v, f = np.array(d), np.asarray(t, np.int32)
    for line in lines:
        v, f = cut(v, f, line(v), 0.004)
    v = v / np.sqrt((v * v).sum(1, keepdims=True))
    middle = v[f].mean(1)
    color = tone(middle / np.sqrt((middle * middle).sum(1, keepdims=True)))
    return make(
        (v[f] * radius).reshape(-1, 3),
        np.arange(3 * len(f)).reshape(-1, 3),
        surface,
        normals=v[f],
        color=np.repeat(color, 3, 0),
    )


def beach_ball(size: Array, g: Chance) -> Meshes:
    """Six gores of four colours, white caps."""
    d, t = sphere_grid(3)
    tones = np.array(
        [(0.75, 0.74, 0.72), (0.62, 0.03, 0.03), (0.75, 0.74, 0.72), (0.02, 0.15, 0.55), (0.75, 0.74, 0.72), (0.72, 0.50, 0.02)]
    )

    def tone(p: Array) -> Array:
        k = np.floor((np.arctan2(p[:, 1], p[:, 0]) / TAU + 0.5) * 6).astype(int) % 6
        return np.where(np.abs(p[:, 2:]) > 0.96, 0.74, tones[k])

    lines = [lambda p, a=a: p[:, 1] * np.cos(a) - p[:, 0] * np.sin(a) for a in (0.0, TAU / 6, TAU / 3)]
    lines.append(lambda p: np.abs(p[:, 2]) - 0.96)
    return [grounded([placed(_ball_of(size[0] / 2, d, t, lines, tone, FILM), roll=0.9)], size)]


def balloon(size: Array, g: Chance, color: RGB) -> Meshes:
    """Filled with helium, on a ribbon that nobody holds."""
    length, width, height = size
    d, t = sphere_grid(4)
    low = np.clip(-d[:, 2], 0, 1)
    v = (
        d * [1, 1, 1.18] * (1 - 0.20 * low[:, None] ** 2 * [1, 1, 0])
        - [0, 0, 0]
        + np.stack([0 * low, 0 * low, -0.16 * low**6], 1)
    )
    r = length / 2
    body = make(v * r, t, Surface("object_latex"), smooth_deg=80, color=color)
    z = -1.34 * r
    knot = solids.lathe(
        [(0, z - 0.03), (0.024, z - 0.032), (0.010, z), (0.028, z + 0.045), (0, z + 0.05)],
        Surface("object_latex"),
        sides=14,
        color=np.asarray(color) * 0.8,
    )
    u = np.linspace(0, 1, 30)
    run = height - 2.4 * r
    ribbon = solids.tube(
        np.stack([0.035 * np.sin(u * 9) * u, 0.03 * np.cos(u * 7) * u - 0.03 * u, z - 0.02 - u * run], 1),
        0.0035,
        TEXTILE,
        sides=5,
        color=WHITE,
    )
    return [grounded([body, knot, ribbon], size)]


def drone(size: Array, g: Chance, color: RGB = (0.30, 0.305, 0.31)) -> Meshes:
    """A quadcopter with a camera under its nose (+x)."""
    k = size[0]
    out = [placed(soft_box((0.46 * k, 0.20 * k, 0.17 * k), 0.05 * k, PLASTIC, cells=10, color=color), (0, 0, 0.13 * k))]
    out.append(placed(ball((0.055 * k, 0.055 * k, 0.05 * k), PLASTIC, rounds=2, color=BLACK), (0.20 * k, 0, 0.05 * k)))
    for x in (-1, 1):
        for y in (-1, 1):
            hub = (x * 0.36 * k, y * 0.38 * k, 0.18 * k)
            out += rods([[(x * 0.12 * k, y * 0.08 * k, 0.15 * k), hub]], 0.022 * k, PLASTIC, color)
            out.append(placed(drum(0.038 * k, -0.02 * k, 0.07 * k, PLASTIC, BLACK, edge=0.004), hub))
            out += rods(
                [[(hub[0] * 0.95, hub[1] * 0.95, 0.17 * k), (hub[0] * 1.05, hub[1] * 1.05, 0.0)]], 0.010 * k, PLASTIC, BLACK
            )
            for s in (0, 1):
                out.append(
                    board(
                        (0.32 * k, 0.034 * k, 0.006 * k),
                        (hub[0], hub[1], 0.258 * k),
                        PLASTIC,
                        (0.05, 0.05, 0.05),
                        bevel=0.001,
                        yaw=0.6 + x + s * 0,
                        roll=0.12,
                    )
                )
    out += [
        placed(ball((0.015 * k,) * 3, PLASTIC, rounds=1, color=rgb), (s * 0.22 * k, 0, 0.18 * k))
        for s, rgb in ((1, (0.7, 0.02, 0.02)), (-1, (0.02, 0.6, 0.05)))
    ]
    return [grounded(out, size)]


def mannequin(size: Array, g: Chance, color: RGB = (0.70, 0.62, 0.54), child: bool = False, dressed: bool = False) -> Meshes:
    """A shop-window figure without a face, on a glass disc; it looks to +x. dressed: in a shirt and trousers, as crash dummies
    of children are."""
    height = size[2] - 0.02
    b = Body(Figure(6.0 if child else 25.0, not child, height, 15.6 if child else 19.5))
    c = np.asarray(color)
    head = b.head_centre
    k = b.length["head"]
    s = Solid()
    s.loft(
        head - [0, 0, 0.55 * k],
        head + [0, 0, 0.52 * k],
        (0, 1, 0),
        [
            (0, 0, 0, 0.10 * k, 0.10 * k, 0.10 * k, 2),
            (0.12, 0, 0.04 * k, 0.20 * k, 0.26 * k, 0.18 * k, 2),
            (0.45, 0, 0.02 * k, 0.31 * k, 0.38 * k, 0.36 * k, 2),
            (0.70, 0, 0, 0.34 * k, 0.38 * k, 0.42 * k, 2),
            (0.92, 0, 0, 0.23 * k, 0.26 * k, 0.28 * k, 2),
            (1, 0, 0, 0.08 * k, 0.08 * k, 0.08 * k, 2),
        ],
        0.02,
    )
    neck = b.joint("neck")
    s.tube(neck - [0, 0, 0.03], head - [0, 0, 0.2 * k], 0.055 * b.k, 0.050 * b.k, 0.03)
    out = [_skin(s, 0.020 * b.k, c)]
    cloth = {"trunk": (0.10, 0.18, 0.42), "arm": (0.10, 0.18, 0.42), "leg": (0.05, 0.055, 0.07)} if dressed else {}
    for solid, name in (
        (b.trunk_solid(), "trunk"),
        *((b.arm_solid(q), "arm") for q in "rl"),
        *((b.leg_solid(q), "leg") for q in "rl"),
    ):
        out.append(_skin(solid, 0.024 * b.k, np.asarray(cloth.get(name, c))))
    for q, e in (("r", 1.0), ("l", -1.0)):
        wrist, foot = b.joint(f"hand_{q}"), b.joint(f"foot_{q}")
        d = wrist - b.joint(f"forearm_{q}")
        d = d / np.sqrt(d @ d)
        hand = Solid()
        w = 0.040 * b.k
        hand.loft(
            wrist - 0.25 * w * d,
            wrist + 0.92 * b.length["hand"] * d,
            (0, 1, 0),
            [
                (0, 0, 0, 0.6 * w, 0.6 * w, 0.6 * w, 2),
                (0.35, 0, 0, 0.55 * w, w, w, 2.2),
                (0.7, 0, 0, 0.35 * w, 0.8 * w, 0.8 * w, 2.2),
                (1, 0, 0, 0.2 * w, 0.35 * w, 0.35 * w, 2),
            ],
            0.01,
        )
        out.append(_skin(hand, 0.012 * b.k, c))
        shoe = Solid()
        at = np.array([foot[0], foot[1], 0.0])
        shoe.loft(
            at + [0, -0.05 * b.k, 0.04 * b.k],
            at + [0.02 * e, 0.19 * b.k, 0.028 * b.k],
            (0, 0, 1),
            [
                (0, 0, 0, 0.03 * b.k, 0.045 * b.k, 0.04 * b.k, 2.2),
                (0.3, 0, 0, 0.036 * b.k, 0.055 * b.k, 0.035 * b.k, 2.2),
                (0.75, 0, 0, 0.042 * b.k, 0.02 * b.k, 0.026 * b.k, 2.4),
                (1, 0, 0, 0.02 * b.k, 0.01 * b.k, 0.018 * b.k, 2),
            ],
            0.01,
        )
        out.append(_skin(shoe, 0.013 * b.k, c if not dressed else np.array(BLACK)))
    body = turned(out, yaw=-np.pi / 2)  # bodies face +y
    low = min(float(m.bounds()[0, 2]) for m in body)
    disc = drum(0.17 * size[2] / 1.8, 0.0, 0.012, ENAMEL, (0.45, 0.46, 0.46), sides=40)
    rod = rods([[(-0.06, 0.0, 0.01), (-0.06, 0.0, 0.5 * b.hip_m)]], 0.008, STEEL, STEEL_GREY)
    return [grounded([*turned(body, (0, 0, 0.014 - low)), disc, *rod], None)]


def _skin(solid: Solid, cell: float, rgb: Array) -> Mesh:
    rows, _ = solid.packed()
    rows = rows[rows[:, 0] < 2]
    low, high = (rows[:, 19:22] - rows[:, 22:23]).min(0), (rows[:, 19:22] + rows[:, 22:23]).max(0)
    v, f = mesh(solid, low, high, cell, 2)
    return make(v, f, PLASTIC, smooth_deg=70, color=rgb)


def mirror_wall(size: Array, g: Chance) -> Meshes:
    """A facade of mirroring panes, as a free-standing wall; it looks to +x."""
    depth, width, height = size
    out = [block((-depth / 2, -width / 2, 0), (depth / 2 - 0.03, width / 2, height), CONCRETE, (0.12, 0.12, 0.125), bevel=0.01)]
    nx, nz = max(1, round(width / 1.5)), max(1, round(height / 1.5))
    w, h = width / nx, height / nz
    for i in range(nx):
        for j in range(nz):
            y, z = -width / 2 + (i + 0.5) * w, (j + 0.5) * h
            out.append(solids.box((0.03, w - 0.035, h - 0.035), (depth / 2 - 0.015, y, z), Surface("object_mirror")))
    return [grounded(out, size)]


# ---- prints


def flattened(m: Mesh, thin: float, light: Sequence[float] = (0.75, 0.25, 0.60)) -> Mesh:
    """What of a mesh is seen from +x, pressed flat against the plane x = 0 and painted with its own colours and shade."""
    n = face_normals(m.vertices, m.triangles)
    area = np.sqrt((n * n).sum(1))
    front = n[:, 0] > 0.02 * area
    across = m.vertices[m.triangles[front]][..., 1:]
    flat = np.abs(
        (across[:, 1, 0] - across[:, 0, 0]) * (across[:, 2, 1] - across[:, 0, 1])
        - (across[:, 1, 1] - across[:, 0, 1]) * (across[:, 2, 0] - across[:, 0, 0])
    )
    t = m.triangles[front][flat > 2e-8]
    albedo = pack([s.material for s in m.surfaces])[:, MATERIAL["albedo_r"] : MATERIAL["albedo_r"] + 3]
    rgb = albedo[m.surface[front][flat > 2e-8]][:, None] * (np.ones((1, 3, 3)) if m.color is None else m.color[t])
    lit = np.asarray(light) / np.sqrt(np.dot(light, light))
    shade = 0.35 + 0.75 * np.clip((m.normals[front][flat > 2e-8] * lit).sum(2), 0, 1)
    v = m.vertices[t].reshape(-1, 3)
    depth = v[:, 0] - m.vertices[:, 0].min()
    v = np.stack([0.001 + thin * depth / max(float(depth.max()), 1e-9), v[:, 1], v[:, 2]], 1)
    color = np.clip(rgb * shade[..., None], 0, 0.8).reshape(-1, 3)
    normals = np.tile(np.array([[1.0, 0.0, 0.0]]), (len(v), 1))
    return make(v, np.arange(len(v)).reshape(-1, 3), PRINT, normals=normals, color=color)


def _whole(model: Model) -> Mesh:
    return join([p.mesh.transformed(p.model_from_part) for p in model.parts])


def _coloured(model: Model, paint: RGB) -> Mesh:
    """All parts of a vehicle as one mesh with colours, its paint among them."""
    meshes = []
    for p in model.parts:
        m = p.mesh.transformed(p.model_from_part)
        tinted = np.array([s.material == "vehicle_paint" for s in m.surfaces])[m.surface]
        for flag, rgb in ((True, np.asarray(paint)), (False, None)):
            keep = tinted == flag
            if keep.any():
                part = replace(m, triangles=m.triangles[keep], normals=m.normals[keep], uv=m.uv[keep], surface=m.surface[keep])
                meshes.append(
                    replace(painted(part, rgb), surfaces=tuple(replace(s, material="object_print") for s in part.surfaces))
                    if flag
                    else part
                )
    return join(meshes)


def billboard(size: Array, g: Chance, shows: str, lower_edge_m: float) -> Meshes:
    """A poster on two posts; printed on it are people, or a car, at the size of life. It looks to +x."""
    _, width, height = size
    tall = height - lower_edge_m
    frame = (0.20, 0.205, 0.21)
    out = [block((-0.07, -width / 2, lower_edge_m), (0.0, width / 2, height), ENAMEL, frame, bevel=0.01)]
    sky = make(
        [
            [0.0008, -width / 2 + 0.06, lower_edge_m + 0.06],
            [0.0008, width / 2 - 0.06, lower_edge_m + 0.06],
            [0.0008, width / 2 - 0.06, height - 0.06],
            [0.0008, -width / 2 + 0.06, height - 0.06],
        ],
        [[0, 1, 2], [0, 2, 3]],
        PRINT,
        color=[(0.50, 0.30, 0.10), (0.50, 0.30, 0.10), (0.10, 0.28, 0.55), (0.10, 0.28, 0.55)],
    )
    out.append(sky)
    floor = block(
        (0.0, -width / 2 + 0.06, lower_edge_m + 0.06),
        (0.0016, width / 2 - 0.06, lower_edge_m + 0.06 + 0.16 * tall),
        PRINT,
        (0.20, 0.20, 0.21),
        bevel=0.0001,
    )
    out.append(floor)
    out += _printed(shows, tall, width, lower_edge_m)
    for y in (-0.32, 0.32):
        out.append(block((-0.22, y * width - 0.08, 0), (-0.07, y * width + 0.08, height - 0.1), STEEL, STEEL_GREY))
    return [grounded(out, size)]


def _printed(shows: str, tall: float, width: float, low: float) -> Meshes:
    from scenesim.models.catalogue import ModelRequest, build  # a print is of other models

    out: Meshes = []
    base = low + 0.06 + 0.10 * tall
    if shows == "people":
        for name, y, yaw, key in (
            ("adult_woman", -0.24 * width, 0.35, 5),
            ("adult_man", 0.02 * width, -0.2, 9),
            ("child", 0.27 * width, 0.1, 3),
        ):
            m = _whole(build(ModelRequest("person", name, key)).model)
            out.append(placed(flattened(placed(m, yaw=yaw), 0.004), (0.002, y, base)))
    else:
        m = _coloured(build(ModelRequest("vehicle", "suv", 0, (("driver", False),))).model, (0.45, 0.02, 0.02))
        low_x, high_x = m.bounds()[:, 0]
        m = placed(m, (-(low_x + high_x) / 2, 0, 0))
        out.append(placed(flattened(placed(m, yaw=0.85), 0.006), (0.002, 0.0, base)))
    return out


def poster(size: Array, g: Chance, shows: str) -> Meshes:
    """A life-size cardboard figure on a foot: what shops put before their doors. It looks to +x."""
    from scenesim.models.catalogue import ModelRequest, build

    m = _whole(build(ModelRequest("person", shows, 7)).model)
    print_ = flattened(m, 0.004)
    seen = m.vertices[:, 1:]
    hull = shapely.concave_hull(shapely.MultiPoint(seen[:: max(1, len(seen) // 3000)]), ratio=0.03).buffer(0.03).simplify(0.006)
    card = solids.prism(hull, -0.008, 0.0, Surface("object_card"), color=(0.70, 0.69, 0.66)).transformed(
        roadside.MODEL_FROM_FACE
    )
    foot = board((size[0], 0.55, 0.012), (-0.0, 0, 0.006), Surface("object_card"), (0.66, 0.65, 0.62))
    prop = board((0.012, 0.30, 0.9), (-0.10, 0, 0.45), Surface("object_card"), (0.45, 0.33, 0.2), pitch=0.2)
    return [grounded([card, print_, foot, prop], size)]


def sign_on_vehicle(size: Array, g: Chance, vehicle: str, face: str, at: Sequence[float]) -> Model:
    """A vehicle that carries a sign on its back, where it means nothing; its faces keep the vehicle's class.
    at: (m from its rearmost point, to the left, of the lower edge)."""
    from scenesim.models.catalogue import ModelRequest, build

    model = build(ModelRequest("vehicle", vehicle)).model
    meshes, _ = roadside.sign(face, pole=False, lower_edge_m=0.0)
    rear = model.box_center_m[0] - model.size_lwh_m[0] / 2
    return _with(model, turned(meshes, (rear + at[0], at[1], at[2]), yaw=np.pi))


def print_on_vehicle(size: Array, g: Chance, vehicle: str, low: float, high: float, wide_m: float) -> Model:
    """A bus with people printed on both its sides, between its axles and two heights."""
    from scenesim.models.catalogue import ModelRequest, build

    model = build(ModelRequest("vehicle", vehicle)).model
    half, middle, length = wide_m / 2, 0.5 * model.wheelbase_m, model.wheelbase_m - 1.5
    meshes: Meshes = []
    for side in (1, -1):
        at = (middle, side * (half + 0.004), (low + high) / 2)
        meshes.append(solids.box((length, 0.012, high - low + 0.08), at, PRINT, color=(0.62, 0.50, 0.12)))
    for name, along, key in (("adult_woman", -0.22, 11), ("adult_man", 0.20, 4)):
        flat = flattened(_whole(build(ModelRequest("person", name, key)).model), 0.006)
        flat = scaled(flat, (1.0, (high - low) / float(flat.bounds()[1, 2]), (high - low) / float(flat.bounds()[1, 2])))
        for side in (1, -1):
            meshes.append(placed(flat, (middle + along * length, side * (half + 0.011), low), yaw=side * np.pi / 2))
    return _with(model, meshes)


def _with(model: Model, more: Meshes) -> Model:
    """The model with more on its first part."""
    first = model.parts[0]
    parts = (replace(first, mesh=join([first.mesh, *more])), *model.parts[1:])
    box, center = tight_box(parts)
    return replace(model, parts=parts, size_lwh_m=box, box_center_m=center)
