"""Street furniture: poles, lights, signs, barriers and clutter, from the recipes in assets/roadside.

Model frame: origin on the ground under the pole; what has a face shows it to +x; what has a length runs along x.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely import affinity

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose, quaternion_from_matrix
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.models import hedge as hedges
from scenesim.models import roadside_site, roadside_town, sign_faces, signs
from scenesim.models.model import LAMP_BITS, Lamp, Model, Part, tight_box

FACES = signs.FACES | sign_faces.FACES
STEEL, PAINTED, HOUSING = Surface("steel_galvanised"), Surface("steel_painted"), Surface("signal_housing")
SIGN_BACK, PLASTIC, CONCRETE = Surface("sign_back"), Surface("plastic"), Surface("concrete_barrier")
WOOD = Surface("wood_slat")
FOOT_M = 0.3  # what stands on the ground goes on below it, because the ground is not level

# x of a flat drawing is the reader's right, y is up; its face looks to +x of the model.
MODEL_FROM_FACE = Pose(quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])), np.zeros(3))
LAMP_COLORS = {"red": (1.0, 0.03, 0.015), "amber": (1.0, 0.42, 0.02), "green": (0.05, 1.0, 0.55)}

Built = tuple[Sequence[Mesh], Sequence[Lamp]]


def build(name: str, **options: Any) -> Model:
    """The model of a recipe; options replace the recipe's values. Raises InputError for what the recipe does not have."""
    recipe = {**assets.read("roadside", name)}
    builder = BUILDERS[recipe.pop("builder")]
    class_name = recipe.pop("class_name")
    known = set(inspect.signature(builder).parameters)
    for key in options:
        if key not in known:
            raise InputError(f'{name} has no option "{key}"{did_you_mean(key, known)}')
    meshes, lamps = builder(**{**recipe, **options})
    parts = (Part(name, join(list(meshes))),)
    size, center = tight_box(parts)
    shown = tuple(sorted((k, str(v)) for k, v in options.items()))
    return Model(name, class_name, parts, size, center, lamps=tuple(lamps), attributes=shown)


def _column(height: float, foot: float, head: float, surface: Surface = STEEL, sides: int = 12) -> Mesh:
    return solids.lathe([(foot, -FOOT_M), (foot, 0.0), (head, height), (0.0, height + 0.3 * head)], surface, sides=sides)


def pole(height_m: float, foot_radius_m: float, head_radius_m: float) -> Built:
    return [_column(height_m, foot_radius_m, head_radius_m)], []


def street_light(height_m: float, arm_m: float, foot_radius_m: float, head_radius_m: float, intensity_cd: float) -> Built:
    """The lantern hangs over +x."""
    rise = 0.09 * height_m
    turn = np.linspace(0, np.pi / 2, 7)
    bend = 0.45 * arm_m
    arm = [
        (0.0, 0.0, height_m - rise - 0.4),
        *((bend * (1 - np.cos(a)), 0.0, height_m - rise + rise * np.sin(a)) for a in turn),
    ]
    arm.append((arm_m, 0.0, height_m + 0.03))
    head = shapely.Polygon(
        [(-0.05, -0.09), (0.16, -0.14), (0.52, -0.13), (0.58, -0.07), (0.58, 0.07), (0.52, 0.13), (0.16, 0.14), (-0.05, 0.09)]
    )
    z = height_m + 0.03
    lantern = [
        solids.prism(head, -0.045, 0.035, STEEL),
        solids.prism(shapely.box(0.12, -0.085, 0.5, 0.085), -0.058, -0.045, Surface("lamp_street")),
    ]
    placed = [m.transformed(Pose.of((arm_m - 0.05, 0.0, z))) for m in lantern]
    base = solids.lathe([(foot_radius_m * 1.35, -FOOT_M), (foot_radius_m * 1.35, 1.1), (foot_radius_m, 1.16)], STEEL, sides=14)
    column = solids.lathe([(foot_radius_m, 1.1), (0.75 * foot_radius_m, height_m - rise - 0.4)], STEEL, sides=14)
    lamp = Lamp(LAMP_BITS["street"], (arm_m + 0.26, 0.0, z - 0.07), (0.0, 0.0, -1.0), intensity_cd, (1.19, 1.0, 0.66), "street")
    return [base, column, solids.tube(arm, np.linspace(0.75 * foot_radius_m, head_radius_m, len(arm)), STEEL), *placed], [lamp]


def traffic_light(lens_m: float, lower_edge_m: float, lenses: Sequence[str], intensity_cd: float, arm_m: float = 0.0) -> Built:
    """Housing with visors; the lenses from the lowest to the highest. With an arm the head hangs beyond the pole, over -y."""
    pitch = 1.5 * lens_m
    width, depth = 1.55 * lens_m, 0.9 * lens_m
    head: list[Mesh] = []
    lamps = []
    for k, name in enumerate(lenses):
        z = (k + 0.5) * pitch
        head.append(_chamber(width, depth, pitch, z))
        head.append(_lens(lens_m / 2, depth / 2, z, Surface(f"signal_{name}")))
        head.append(_visor(lens_m * 0.56, depth / 2, z, lens_m))
        lamps.append((LAMP_BITS[name], z, LAMP_COLORS[name]))
    y = -arm_m
    x = 0.0 if arm_m else 0.05 + depth / 2 + 0.05
    pose = Pose.of((x, y, lower_edge_m))
    meshes = [m.transformed(pose) for m in head]
    top = lower_edge_m + pitch * len(lenses)
    if arm_m:
        beam = lower_edge_m + pitch * len(lenses) / 2
        meshes.append(_column(top + 0.2, 0.11, 0.075))
        meshes.append(
            solids.tube(
                [(-depth, 0, beam), (-depth, y * 0.5, beam + 0.05), (-depth, y - 0.15, beam)], [0.06, 0.05, 0.04], STEEL
            )
        )
        meshes.append(solids.tube([(0.0, 0.0, beam), (-depth, 0, beam)], 0.06, STEEL))
        meshes.append(solids.box((depth, 0.06, 0.06), (-depth / 2, y, beam), STEEL))
        plate = signs.board(width + 0.3, pitch * len(lenses) + 0.3, 0.08, 0.0, pitch * len(lenses) / 2)
        meshes.append(solids.prism(plate, -0.01, 0.0, HOUSING).transformed(pose @ MODEL_FROM_FACE))
    else:
        meshes.append(_column(top + 0.1, 0.055, 0.055))
        for z in (lower_edge_m + 0.1 * pitch, top - 0.1 * pitch):
            meshes.append(solids.tube([(0.0, 0.0, z), (x, 0.0, z)], 0.018, STEEL, sides=6))
    shining = [
        Lamp(bits, (x + depth / 2 + 0.03, y, lower_edge_m + z), (1.0, 0.0, 0.0), intensity_cd, color, "spot")
        for bits, z, color in lamps
    ]
    return meshes, shining


def _chamber(width: float, depth: float, height: float, z: float) -> Mesh:
    ring = signs.board(width, height - 0.006, 0.02, 0.0, z)
    return solids.prism(ring, -depth / 2, depth / 2, HOUSING).transformed(MODEL_FROM_FACE)


def _lens(radius: float, x: float, z: float, surface: Surface) -> Mesh:
    dome = solids.lathe(
        [(radius, 0.0), (0.8 * radius, 0.1 * radius), (0.45 * radius, 0.18 * radius), (0.0, 0.21 * radius)], surface, sides=20
    )
    return dome.transformed(Pose.of((0.0, z, x))).transformed(MODEL_FROM_FACE)


def _visor(radius: float, x: float, z: float, length: float) -> Mesh:
    """A half tube over a lens, open below."""
    angle = np.radians(np.linspace(-25, 205, 17))
    outside = np.stack([radius * np.cos(angle), radius * np.sin(angle) + z], 1)
    inside = np.stack([0.96 * radius * np.cos(angle), 0.96 * radius * np.sin(angle) + z], 1)
    shell = shapely.Polygon(np.concatenate([outside, inside[::-1]]))
    return solids.prism(shell, x - 0.005, x + length, HOUSING).transformed(MODEL_FROM_FACE)


def sign(
    face: str = "blank",
    value: str = "",
    lower_edge_m: float = 2.2,
    pole_radius_m: float = 0.03,
    pole: bool = True,
    scale: float = 1.0,
) -> Built:
    """A sign whose face is one of FACES; value: what is written on it, where something is. pole: stands on its own."""
    if face not in FACES:
        raise InputError(f'no sign "{face}"{did_you_mean(face, FACES)}')
    layers = [(affinity.scale(shape, scale, scale, origin=(0, 0)), surface) for shape, surface in FACES[face](value)]
    plate = layers[0][0]
    low_x, low_y, high_x, high_y = plate.bounds
    pose = Pose.of((pole_radius_m + 0.022, 0.0, lower_edge_m - low_y)) @ MODEL_FROM_FACE
    meshes = [solids.painted(layers, 0.0), solids.prism(plate, -0.003, -0.0005, SIGN_BACK)]
    for y in (0.45 * low_y, 0.45 * high_y):  # rails that hold the plate, as wide as it is there
        left, _, right, _ = plate.intersection(shapely.LineString([(low_x, y), (high_x, y)])).bounds
        meshes.append(solids.box((0.85 * (right - left), 0.03, 0.016), ((left + right) / 2, y, -0.011), SIGN_BACK))
    placed = [m.transformed(pose) for m in meshes]
    if pole:
        top = lower_edge_m + high_y - low_y - 0.03
        spread = [0.0] if high_x - low_x < 1.3 else [0.6 * low_x, 0.6 * high_x]
        placed += [_column(top, pole_radius_m, pole_radius_m, sides=10).transformed(Pose.of((0.0, y, 0.0))) for y in spread]
    return placed, []


def guard_rail(height_m: float, post_every_m: float, length_m: float) -> Built:
    """W-beam along x; its face looks to +y."""
    lower = height_m - 0.31
    wave = [
        (0.0, 0.0),
        (0.02, 0.02),
        (0.08, 0.055),
        (0.08, 0.105),
        (0.0, 0.14),
        (0.0, 0.17),
        (0.08, 0.205),
        (0.08, 0.255),
        (0.02, 0.29),
        (0.0, 0.31),
    ]
    outline = [(0.05 + y, lower + z) for y, z in wave]
    body = shapely.LineString(outline).buffer(0.003, cap_style="flat", join_style="mitre")
    # The beam is drawn in y, z and pulled along x.
    along = Pose(
        quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])),
        np.array([-length_m / 2, 0.0, 0.0]),
    )
    meshes = [solids.prism(body, 0.0, length_m, STEEL).transformed(along)]
    n = max(1, round(length_m / post_every_m))
    for k in range(n):
        x = -length_m / 2 + (k + 0.5) * length_m / n
        meshes.append(solids.box((0.1, 0.05, height_m + FOOT_M - 0.03), (x, 0.0, (height_m - 0.03 - FOOT_M) / 2), STEEL))
        meshes.append(solids.box((0.08, 0.04, 0.12), (x, 0.04, height_m - 0.155), STEEL))
    return meshes, []


def concrete_barrier(height_m: float, length_m: float) -> Built:
    half = [(0.30, -0.1), (0.30, 0.075), (0.17, 0.33), (0.09, height_m - 0.02), (0.07, height_m)]
    ring = shapely.Polygon(half + [(-y, z) for y, z in reversed(half)])
    along = Pose(
        quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])),
        np.array([-length_m / 2, 0.0, 0.0]),
    )
    return [solids.prism(ring, 0.0, length_m, CONCRETE).transformed(along)], []


def bollard(height_m: float, radius_m: float) -> Built:
    r, h = radius_m, height_m
    post = solids.lathe(
        [
            (r, -FOOT_M),
            (r, h - 0.16),
            (1.18 * r, h - 0.15),
            (1.18 * r, h - 0.12),
            (r, h - 0.11),
            (r, h - 0.03),
            (0.6 * r, h - 0.005),
            (0, h),
        ],
        PAINTED,
    )
    band = solids.lathe([(1.02 * r, h - 0.30), (1.02 * r, h - 0.22)], Surface("cone_band"))
    return [post, band], []


def delineator(height_m: float) -> Built:
    body = shapely.Polygon([(-0.06, -FOOT_M), (0.06, -FOOT_M), (0.06, height_m - 0.06), (-0.02, height_m), (-0.06, height_m)])
    band = shapely.Polygon(
        [(-0.0605, height_m - 0.42), (0.0605, height_m - 0.30), (0.0605, height_m - 0.12), (-0.0605, height_m - 0.24)]
    )
    meshes = [
        solids.prism(body, -0.05, 0.05, Surface("steel_white")),
        solids.prism(band, -0.0505, 0.0505, Surface("sign_black")),
    ]
    meshes.append(solids.prism(shapely.box(-0.02, height_m - 0.34, 0.02, height_m - 0.20), 0.0, 0.053, Surface("cone_band")))
    return [m.transformed(MODEL_FROM_FACE) for m in meshes], []


def bench(length_m: float) -> Built:
    meshes = []
    for k in range(4):
        meshes.append(solids.box((length_m, 0.09, 0.035), (0, -0.16 + 0.11 * k, 0.45), WOOD))
    for k in range(3):
        meshes.append(solids.box((length_m, 0.035, 0.09), (0, -0.26 - 0.025 * k, 0.58 + 0.12 * k), WOOD))
    for x in (-0.38 * length_m, 0.38 * length_m):
        meshes.append(solids.box((0.05, 0.45, 0.04), (x, 0.0, 0.412), PAINTED))
        meshes += [solids.box((0.05, 0.05, 0.42 + FOOT_M), (x, y, 0.21 - FOOT_M / 2), PAINTED) for y in (-0.19, 0.19)]
        meshes.append(solids.tube([(x, -0.2, 0.42), (x, -0.29, 0.60), (x, -0.345, 0.88)], 0.022, PAINTED, sides=6))
    return meshes, []


def bin(height_m: float, radius_m: float, color: Sequence[float]) -> Built:
    r, h = radius_m, height_m
    body = solids.lathe(
        [(0.0, 0.28), (0.85 * r, 0.28), (r, h - 0.1), (r, h - 0.06), (0.86 * r, h - 0.05), (0.86 * r, h - 0.2), (0, h - 0.2)],
        PLASTIC,
        sides=18,
        color=color,
    )
    lid = solids.lathe([(0.0, h - 0.01), (r, h - 0.01), (r, h + 0.01), (0.0, h + 0.06)], PLASTIC, sides=18, color=color)
    holders = [solids.box((0.02, 0.02, 0.08), (x, 0.0, h - 0.05), PAINTED) for x in (-0.9 * r, 0.9 * r)]
    return [body, lid, _column(0.3, 0.04, 0.04, PAINTED), *holders], []


def wheelie_bin(color: Sequence[float]) -> Built:
    body = shapely.Polygon([(-0.27, 0.06), (0.20, 0.0), (0.36, 0.95), (-0.30, 0.95)])
    lid = shapely.Polygon([(-0.36, 0.95), (0.39, 0.95), (0.39, 0.985), (0.1, 1.06), (-0.36, 1.03)])
    side = Pose(quaternion_from_matrix(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])), np.zeros(3))
    meshes = [solids.prism(body, -0.26, 0.26, PLASTIC, color=color), solids.prism(lid, -0.29, 0.29, PLASTIC, color=color)]
    meshes += [solids.prism(signs.disc(0.1, -0.26, 0.1), z, z + 0.05, PLASTIC, color=(0.02, 0.02, 0.02)) for z in (-0.29, 0.24)]
    return [m.transformed(side) for m in meshes], []


def cone(height_m: float) -> Built:
    h = height_m

    def radius(z: float) -> float:
        return 0.145 + (0.025 - 0.145) * (z - 0.04) / (h - 0.04)

    def ring(low: float, high: float, surface: Surface) -> Mesh:
        return solids.lathe([(radius(low), low), (radius(high), high)], surface, sides=24)

    foot = solids.prism(signs.board(0.4, 0.4, 0.05), 0.0, 0.04, Surface("cone_orange"))
    bands = [(0.04, 0.30, "cone_orange"), (0.30, 0.44, "cone_band"), (0.44, 0.54, "cone_orange"), (0.54, 0.64, "cone_band")]
    top = solids.lathe([(radius(0.64 * h / 0.75), 0.64 * h / 0.75), (0.025, h), (0.0, h)], Surface("cone_orange"), sides=24)
    return [foot, *(ring(a * h / 0.75 if a > 0.04 else a, b * h / 0.75, Surface(m)) for a, b, m in bands), top], []


def fence(height_m: float, length_m: float) -> Built:
    meshes = [solids.box((length_m, 0.03, 0.04), (0, 0, z), PAINTED) for z in (0.15, height_m - 0.05)]
    n = max(2, round(length_m / 0.12))
    for k in range(n):
        x = -length_m / 2 + (k + 0.5) * length_m / n
        meshes.append(solids.box((0.014, 0.014, height_m - 0.2), (x, 0, height_m / 2 + 0.05), PAINTED))
    meshes.append(
        solids.box((0.05, 0.05, height_m + 0.05 + FOOT_M), (-length_m / 2, 0, (height_m + 0.05 - FOOT_M) / 2), PAINTED)
    )
    return meshes, []


def hydrant(height_m: float) -> Built:
    h, red = height_m, (0.42, 0.02, 0.02)
    body = [
        (0.13, -FOOT_M),
        (0.13, 0.05),
        (0.085, 0.06),
        (0.085, 0.72 * h),
        (0.11, 0.73 * h),
        (0.11, 0.80 * h),
        (0.08, 0.92 * h),
        (0.03, 0.96 * h),
        (0.03, h),
        (0, h),
    ]
    meshes = [solids.lathe(body, PLASTIC, color=red)]
    meshes += [solids.tube([(0, 0, 0.6 * h), (0, 0.16 * s, 0.6 * h)], 0.05, PLASTIC, color=red) for s in (-1, 1)]
    return meshes, []


def cabinet(color: Sequence[float]) -> Built:
    meshes = [solids.box((0.4, 1.2, 1.2 + FOOT_M), (0, 0, 0.6 - FOOT_M / 2), PLASTIC, color=color)]
    meshes.append(solids.box((0.46, 1.26, 0.05), (0, 0, 1.225), PLASTIC, color=color))
    meshes += [solids.box((0.012, 0.58, 1.04), (0.202, y, 0.62), PLASTIC, color=[0.93 * c for c in color]) for y in (-0.3, 0.3)]
    return meshes, []


def hedge(height_m: float, width_m: float, length_m: float) -> Built:
    return hedges.meshes(height_m, width_m, length_m), []


BUILDERS: dict[str, Callable[..., Built]] = {
    f.__name__: f
    for f in (
        pole, street_light, traffic_light, sign, guard_rail, concrete_barrier, bollard, delineator, bench, bin, wheelie_bin,
        cone,
        fence, hydrant, cabinet, hedge,
    )
} | roadside_site.BUILDERS | roadside_town.BUILDERS  # fmt: skip
