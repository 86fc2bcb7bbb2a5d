"""More that stands beside roads: gantries, beacons and drums of road works, noise walls, barriers of level crossings.

Model frame as in models.roadside: origin on the ground, faces to +x, what has a length runs along x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import affinity

from scenesim.base.frames import Pose, quaternion_from_matrix
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.models import letters, sign_faces, signs
from scenesim.models.model import LAMP_BITS, Lamp

STEEL, PAINTED, SIGN_BACK = Surface("steel_galvanised"), Surface("steel_painted"), Surface("sign_back")
CONCRETE, PLASTIC, WOOD = Surface("concrete_barrier"), Surface("plastic"), Surface("wood_slat")
FOOT_M = 0.3
MODEL_FROM_FACE = Pose(quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])), np.zeros(3))

Built = tuple[Sequence[Mesh], Sequence[Lamp]]


def _board(layers: signs.Layers, pose: Pose) -> list[Mesh]:
    """A face and its back; the pose is of its middle, looking to +x."""
    plate = layers[0][0]
    made = [solids.painted(layers, 0.0), solids.prism(plate, -0.06, -0.0005, SIGN_BACK)]
    return [m.transformed(pose @ MODEL_FROM_FACE) for m in made]


def gantry(span_m: float, clearance_m: float, face: str, boards: str) -> Built:
    """A portal over a carriageway: a leg at the origin, the other at y = span_m (negative: to the other side).

    boards: from the first leg on, divided by ";": lines divided by "|", then "#" and the number of arrows that point down to
    lanes, -1 for one that points out to the side.
    """
    side, span = math.copysign(1.0, span_m), abs(span_m)
    beam, deep = clearance_m + 1.3, 1.1
    meshes: list[Mesh] = []
    for y in (0.0, span):
        meshes.append(solids.box((0.35, 0.35, beam + deep + FOOT_M), (0.0, side * y, (beam + deep - FOOT_M) / 2), STEEL))
    for z in (beam, beam + deep):
        for x in (-0.16, 0.16):
            meshes.append(solids.box((0.09, span, 0.09), (x, side * span / 2, z), STEEL))
    count = max(3, round(span / 1.4))
    for k in range(count):
        a, b = span * k / count, span * (k + 1) / count
        low, high = (beam, beam + deep) if k % 2 else (beam + deep, beam)
        meshes.append(solids.tube([(0.0, side * a, low), (0.0, side * b, high)], 0.035, STEEL, sides=6))
    ground = sign_faces.GREEN if face.endswith("green") else sign_faces.BLUE
    said = boards.split(";")
    places = [0.36, 0.80] if len(said) > 1 else [0.5]
    for text, where in zip(said, places):
        words, _, number = text.partition("#")
        arrows = int(number) if number else 0
        layers = sign_faces.panel(words, ground, 0.5, abs(arrows), -90.0 if arrows >= 0 else 90.0 - side * 45.0)
        low_x, low_y, high_x, high_y = layers[0][0].bounds
        room = 0.42 * span if len(said) > 1 else 0.8 * span
        size = min(1.0, room / (high_x - low_x))
        layers = [(affinity.scale(s, size, size, origin=(0, 0)), m) for s, m in layers]
        z = clearance_m + size * (high_y - low_y) / 2 + 0.1
        meshes += _board(layers, Pose.of((0.32, side * where * span, z)))
    return meshes, []


def beacon(height_m: float, width_m: float, way: float) -> Built:
    """A guide panel of road works with slanting red and white bars, on a rubber foot, seen from both sides. way: 1 if one
    passes to the right of it as one faces it, -1 to the left; the bars fall towards that side."""
    low = 0.22
    plate = shapely.box(-width_m / 2, low, width_m / 2, low + height_m)
    bars = []
    for k in range(-2, 6):
        z = low + 0.3 * k
        bars.append(shapely.Polygon([(-0.5, z + 0.5), (-0.5, z + 0.65), (0.5, z - 0.35), (0.5, z - 0.5)]))
    slanted = affinity.scale(shapely.union_all(bars), way, 1.0, origin=(0, 0))
    layers = [(plate, sign_faces.WHITE), (shapely.intersection(slanted, plate), sign_faces.RED)]
    made = solids.painted(layers, 0.013)
    back = [m.transformed(Pose.of(np.zeros(3), yaw=np.pi)) for m in (made.transformed(MODEL_FROM_FACE),)]
    body = solids.prism(plate, -0.012, 0.012, PLASTIC, color=(0.6, 0.6, 0.58)).transformed(MODEL_FROM_FACE)
    foot = solids.box((0.8, 0.4, 0.1), (0.0, 0.0, 0.05), PLASTIC, color=(0.03, 0.03, 0.03))
    stem = solids.box((0.05, 0.05, low), (0.0, 0.0, low / 2), PLASTIC, color=(0.03, 0.03, 0.03))
    return [made.transformed(MODEL_FROM_FACE), *back, body, foot, stem], []


def drum(height_m: float, radius_m: float) -> Built:
    """A barrel of road works: orange with white bands, on a rubber ring."""
    h, r = height_m, radius_m
    edges = [0.0, 0.30, 0.45, 0.60, 0.75, 0.92]
    surfaces = ["cone_orange", "cone_band", "cone_orange", "cone_band", "cone_orange"]
    parts = [
        solids.lathe([(r * (1 - 0.25 * a), a * h), (r * (1 - 0.25 * b), b * h)], Surface(m), sides=24)
        for a, b, m in zip(edges, edges[1:], surfaces)
    ]
    top = solids.lathe([(0.77 * r, 0.92 * h), (0.6 * r, 0.97 * h), (0.15 * r, h), (0.0, h)], Surface("cone_orange"), sides=24)
    foot = solids.lathe([(0.0, 0.0), (1.35 * r, 0.0), (1.35 * r, 0.07), (r, 0.08)], PLASTIC, sides=24, color=(0.03, 0.03, 0.03))
    return [*parts, top, foot], []


def noise_wall(height_m: float, length_m: float) -> Built:
    """A panel between two steel posts, with a concrete foot."""
    meshes = [
        solids.box((length_m, 0.14, height_m - 0.5), (0.0, 0.0, 0.5 + (height_m - 0.5) / 2), PLASTIC, color=(0.20, 0.27, 0.22)),
        solids.box((length_m, 0.16, 0.5 + FOOT_M), (0.0, 0.0, (0.5 - FOOT_M) / 2), CONCRETE),
        solids.box((0.16, 0.2, height_m + FOOT_M), (-length_m / 2, 0.0, (height_m - FOOT_M) / 2), STEEL),
    ]
    for k in range(1, int((height_m - 0.5) / 0.5)):
        meshes += [
            solids.box((length_m - 0.1, 0.012, 0.03), (0.0, y, 0.5 + 0.5 * k), PLASTIC, color=(0.12, 0.17, 0.14))
            for y in (-0.074, 0.074)
        ]
    return meshes, []


def crossing_barrier(arm_m: float, open_deg: float) -> Built:
    """A half barrier of a level crossing with its crossbuck and red lights; down (open_deg 0) the arm reaches over +y."""
    side, length = math.copysign(1.0, arm_m), abs(arm_m)
    meshes = [
        solids.box((0.5, 0.4, 1.1 + FOOT_M), (0.0, 0.0, (1.1 - FOOT_M) / 2), PAINTED),
    ]
    up = math.radians(open_deg)
    n = max(2, round(length / 0.5))
    for k in range(n):
        a, b = length * k / n, length * (k + 1) / n
        middle, run = (a + b) / 2, b - a
        color = Surface("sign_red") if k % 2 else Surface("sign_face")
        piece = solids.box((0.05, run, 0.12), (0.0, 0.0, 0.0), color)
        turn = Pose.of((0.0, side * middle * math.cos(up), 1.0 + middle * math.sin(up)), roll=side * up)
        meshes.append(piece.transformed(turn))
    meshes.append(solids.box((0.1, 0.5, 0.35), (0.0, -side * 0.35, 1.0), Surface("sign_black")))
    meshes.append(
        solids.lathe([(0.05, -FOOT_M), (0.05, 3.4), (0.0, 3.42)], STEEL, sides=10).transformed(Pose.of((0.0, -side * 0.9, 0.0)))
    )
    meshes += _board(sign_faces.FACES["crossbuck"](""), Pose.of((0.08, -side * 0.9, 2.9)))
    lamps = []
    for y in (-0.18, 0.18):
        z = 2.05
        plate = solids.prism(signs.disc(0.17), -0.03, 0.0, Surface("signal_housing")).transformed(
            Pose.of((0.08, y - side * 0.9, z)) @ MODEL_FROM_FACE
        )
        lens = solids.prism(signs.disc(0.1), 0.0, 0.02, Surface("signal_red")).transformed(
            Pose.of((0.08, y - side * 0.9, z)) @ MODEL_FROM_FACE
        )
        meshes += [plate, lens]
        lamps.append(Lamp(LAMP_BITS["red"], (0.12, y - side * 0.9, z), (1.0, 0.0, 0.0), 400.0, (1.0, 0.03, 0.015), "spot"))
    return meshes, lamps


def tram_mast(height_m: float, reach_m: float) -> Built:
    """A mast whose arm reaches over +x and carries the wires of tracks."""
    arm = [(0.0, 0.0, height_m - 0.5), (reach_m + 0.3, 0.0, height_m - 0.15)]
    meshes = [
        solids.lathe([(0.11, -FOOT_M), (0.11, 0.0), (0.075, height_m), (0.0, height_m + 0.02)], STEEL, sides=12),
        solids.tube(arm, 0.035, STEEL, sides=8),
        solids.tube([(0.0, 0.0, height_m), (0.7 * reach_m, 0.0, height_m - 0.2)], 0.012, STEEL, sides=5),
    ]
    return meshes, []


def wire(height_m: float, length_m: float) -> Built:
    """A contact wire between two masts, with the sag of its own weight."""
    x = np.linspace(-length_m / 2, length_m / 2, 9)
    sag = 0.12 * (1 - (2 * x / length_m) ** 2)
    points = [(float(a), 0.0, height_m - float(b)) for a, b in zip(x, sag)]
    return [solids.tube(points, 0.012, Surface("sign_black"), sides=4)], []


def tunnel_ring(
    length_m: float, half_m: float, height_m: float, thick_m: float, portal: float, lamp: float, intensity_cd: float
) -> Built:
    """A piece of a tunnel about a road that runs along x: walls at y = half_m and -half_m, a ceiling, and earth on top.

    portal: 1 if this is the end where +x looks out, -1 for the other end: it has a wall that holds the slope. lamp: 1 with
    a lamp.
    """
    w, h, t = half_m, height_m, thick_m
    concrete = Surface("concrete")
    meshes = [solids.box((length_m, t, h + FOOT_M), (0.0, y, (h - FOOT_M) / 2), concrete) for y in (w + t / 2, -w - t / 2)]
    meshes.append(solids.box((length_m, 2 * (w + t), t), (0.0, 0.0, h + t / 2), concrete))
    meshes += [solids.box((length_m, 0.02, 2.6), (0.0, y, 1.5), Surface("steel_white")) for y in (w - 0.012, -w + 0.012)]
    bank = shapely.Polygon(
        [(-w - t - 9.0, -0.39), (-w - t - 1.0, h + t + 0.5), (w + t + 1.0, h + t + 0.5), (w + t + 9.0, -0.39)]
    )
    room = shapely.box(-w - t, -2.0, w + t, h + t)
    earth = solids.prism(shapely.difference(bank, room), -length_m / 2, length_m / 2, Surface("grass"))
    meshes.append(earth.transformed(MODEL_FROM_FACE))
    if portal:
        x = portal * (length_m / 2 - 0.25)
        front = shapely.difference(
            shapely.Polygon(
                [(-w - t - 5.0, -0.39), (-w - t - 0.6, h + t + 1.2), (w + t + 0.6, h + t + 1.2), (w + t + 5.0, -0.39)]
            ),
            shapely.box(-w, -2.0, w, h),
        )
        meshes.append(solids.prism(front, x - 0.35, x + 0.35, concrete).transformed(MODEL_FROM_FACE))
    lamps: list[Lamp] = []
    if lamp:
        for y in (-0.45 * w, 0.45 * w):
            meshes.append(solids.box((1.4, 0.3, 0.12), (0.0, y, h - 0.06), STEEL))
            meshes.append(solids.box((1.3, 0.22, 0.02), (0.0, y, h - 0.13), Surface("lamp_street")))
        # One light for the row: as far as they reach there are many of them.
        lamps = [Lamp(LAMP_BITS["street"], (0.0, 0.0, h - 0.3), (0.0, 0.0, -1.0), 2 * intensity_cd, (1.1, 1.0, 0.85), "street")]
    return meshes, lamps


def toll_booth(height_m: float, length_m: float, island_m: float, width_m: float, roof_m: float) -> Built:
    """A booth with windows on all sides on its island, whose nose has bars of red and white, between columns that
    carry a roof."""
    white, glass, lift = Surface("steel_white"), Surface("window_glass"), 0.2
    parts = [
        solids.box((length_m, 1.3, 1.0), (0.0, 0.0, 0.5), white),
        solids.box((length_m - 0.06, 1.24, 1.1), (0.0, 0.0, 1.55), glass),
        solids.box((length_m + 0.2, 1.5, 0.18), (0.0, 0.0, height_m - 0.09), white),
        solids.box((length_m, 1.3, height_m - 2.28), (0.0, 0.0, (2.1 + height_m - 0.18) / 2), white),
    ]
    for x in (-length_m / 2 + 0.04, length_m / 2 - 0.04):
        parts += [solids.box((0.08, 0.08, 1.2), (x, y, 1.55), white) for y in (-0.61, 0.61)]
    for k in range(4):
        color = Surface("sign_red") if k % 2 else Surface("sign_face")
        parts.append(solids.box((0.3, width_m - 0.3, 0.2), (island_m / 2 - 0.5, 0.0, 0.1 + 0.2 * k), color))
    meshes = [m.transformed(Pose.of((0.0, 0.0, lift))) for m in parts]
    shape = shapely.box(-island_m / 2 + 0.7, -width_m / 2 + 0.7, island_m / 2 - 0.7, width_m / 2 - 0.7).buffer(0.7, quad_segs=6)
    meshes.append(solids.prism(shape, -FOOT_M, lift, CONCRETE))
    meshes += [
        solids.lathe([(0.16, lift), (0.16, roof_m)], STEEL, sides=14).transformed(Pose.of((x, 0.0, 0.0))) for x in (-2.3, 2.3)
    ]
    return meshes, []


def bus_shelter(length_m: float, depth_m: float, height_m: float) -> Built:
    """A shelter along y, open to +x where the road is, and before its right end the pole of the stop."""
    glass, half, back = Surface("window_glass"), length_m / 2, -depth_m
    meshes = [
        solids.box((depth_m + 0.3, length_m + 0.3, 0.12), (back / 2 + 0.05, 0.0, height_m - 0.06), Surface("steel_white")),
        solids.box((0.02, length_m - 0.1, height_m - 0.6), (back, 0.0, (height_m + 0.25) / 2), glass),
        solids.box((0.36, length_m * 0.6, 0.05), (back + 0.35, 0.0, 0.46), WOOD),
        solids.tube([(0.35, half + 0.9, -FOOT_M), (0.35, half + 0.9, 2.7)], 0.035, STEEL, sides=10),
    ]
    for y in (-half, half):
        meshes.append(solids.box((0.75, 0.02, height_m - 0.6), (back + 0.40, y, (height_m + 0.25) / 2), glass))
        meshes += [
            solids.box((0.07, 0.07, height_m + FOOT_M - 0.1), (x, y, (height_m - FOOT_M - 0.1) / 2), PAINTED)
            for x in (back, back + 0.8)
        ]
    for y in (-0.25 * length_m, 0.25 * length_m):
        meshes.append(solids.box((0.06, 0.06, 0.46), (back + 0.35, y, 0.22), STEEL))
    face = [(signs.disc(0.24), sign_faces.YELLOW), (signs.disc(0.19), sign_faces.GREEN), (signs.disc(0.15), sign_faces.YELLOW)]
    face.append((letters.text("H", 0.19), sign_faces.GREEN))
    for turned in (np.pi / 2, -np.pi / 2):  # for who comes along the road, from either side
        meshes += _board(face, Pose.of((0.35, half + 0.9 + 0.04 * np.sign(turned), 2.42), yaw=turned))
    return meshes, []


def rail_track(length_m: float) -> Built:
    """Two rails on concrete sleepers, 0.6 m apart, along x."""
    meshes = [solids.box((length_m, 0.07, 0.17), (0.0, y, 0.235), STEEL) for y in (-0.7525, 0.7525)]
    count = max(1, round(length_m / 0.6))
    for k in range(count):
        x = -length_m / 2 + (k + 0.5) * length_m / count
        meshes.append(solids.box((0.26, 2.4, 0.26), (x, 0.0, 0.02), CONCRETE))
    return meshes, []


def toll_canopy(span_m: float, depth_m: float, height_m: float, boards: str) -> Built:
    """A roof over the lanes of a toll plaza, on columns; boards: texts over the lanes from y = -span/2 on, divided by ";"."""
    white = Surface("steel_white")
    meshes = [
        solids.box((depth_m, span_m, 0.5), (0.0, 0.0, height_m + 0.25), white),
        solids.box((depth_m + 0.1, span_m + 0.1, 0.2), (0.0, 0.0, height_m + 0.3), Surface("sign_blue")),
    ]
    said = boards.split(";")
    for k, words in enumerate(said):
        y = -span_m / 2 + (k + 0.5) * span_m / len(said)
        layers = sign_faces.panel(words, sign_faces.GREEN if "CARD" not in words else sign_faces.BLUE, 0.4)
        meshes += _board(layers, Pose.of((depth_m / 2 + 0.15, y, height_m - 0.15)))
    return meshes, []


BUILDERS = {
    f.__name__: f
    for f in (
        gantry,
        beacon,
        drum,
        noise_wall,
        crossing_barrier,
        tram_mast,
        wire,
        tunnel_ring,
        toll_booth,
        toll_canopy,
        rail_track,
        bus_shelter,
    )
}
