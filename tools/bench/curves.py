"""How a camera ray's cost grows: with the triangles in view, instanced, and with the actors that move."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from scenesim.base import keys
from scenesim.kernels.bvh import build_top
from scenesim.kernels.packed import PackedScene
from tools.bench import peers, rays, scene
from tools.bench.raycast import cpu_seconds

WIDTH = 800
STONES = 300
MESH = ((5, 5), (8, 7), (14, 11), (25, 19), (45, 33), (80, 58), (150, 112))  # vertices of a stone, around and up
ACTORS = (1, 3, 10, 30, 100, 300, 1000)
SHUTTER_S = 0.05


class Point(NamedTuple):
    """Cost of a camera ray, and of the tree over the instances, beside `count` things."""

    curve: str
    count: int
    ns_per_ray: float
    top_ms: float


def _stones(nu: int, nv: int) -> scene.Place:
    """The same stones on the same field, of finer and finer triangles: what is seen stays as it is."""
    rng = keys.generator(keys.derive(4, "bench", "stones"))
    meshes = [scene.ground(6)]
    for _ in range(4):
        meshes.append(scene.blob(0.6 + 1.4 * rng.random(3), (0.6, 0.8), nu, nv, [0, 0, 0.8]))
    rows = [(0, [1, 0, 0, 0, 0, 0, 0], False)]
    side = 5.0 * math.sqrt(STONES)
    for i in range(STONES):
        x, y = side * rng.random() + 8, side * (rng.random() - 0.5)
        rows.append((1 + i % 4, scene.on_land(x, y, 2 * np.pi * rng.random()), False))
    return scene.make_place(meshes, rows, 0.0)


def _traffic(count: int) -> scene.Place:
    """Vehicles on a field as large as they need, none in another's place, all of them moving."""
    rng = keys.generator(keys.derive(5, "bench", "traffic"))
    meshes = [scene.ground(6)] + [scene.car(rng) for _ in range(4)]
    rows = [(0, [1, 0, 0, 0, 0, 0, 0], False)]
    across = math.isqrt(count - 1) + 1
    for i in range(count):
        x, y = 12 + 9.0 * (i // across), 9.0 * (i % across - (across - 1) / 2)
        dx, dy, yaw = rng.random(3)
        rows.append((1 + i % 4, scene.on_land(x + 2 * dx, y + 2 * dy, 2 * np.pi * yaw), True))
    return scene.make_place(meshes, rows, 0.0)


def _point(curve: str, count: int, place: scene.Place, packed: PackedScene, threads: int, time_s: float) -> Point:
    view = rays.camera(place.ego, WIDTH, WIDTH * 9 // 16, yaw=0.0)
    ours = peers.Ours(packed, threads, time_s, WIDTH)
    prepared = ours.prepare(view, True)
    ours.closest(prepared)
    spent = float(np.median([cpu_seconds(lambda: ours.closest(prepared), 0.2) for _ in range(5)]))
    g = packed.geometry
    args = (g.bounds, packed.prototype, packed.knot_time, packed.pose, packed.moves)
    top = cpu_seconds(lambda: build_top(*args), 0.05)
    return Point(curve, count, 1e9 * spent / len(view), 1e3 * top)


def compare(threads: int, quick: bool, say: Callable[[str], None]) -> list[Point]:
    """Both curves; a cost that grows like the logarithm's square of the triangles keeps the last column level."""
    points = []
    for nu, nv in MESH[:2] if quick else MESH:
        place = _stones(nu, nv)
        packed = scene.pack(place)
        seen = int(sum(len(place.meshes[p][1]) for p in place.prototype))
        points.append(_point("triangles", seen, place, packed, threads, 0.0))
        p = points[-1]
        level = p.ns_per_ray / math.log2(seen) ** 2
        say(f"  {seen:>10,} triangles: {p.ns_per_ray:6.1f} ns a ray, {level:.3f} per log2 squared")
    for n in ACTORS[:2] if quick else ACTORS:
        place = _traffic(n)
        packed = scene.in_motion(scene.pack(place), place, SHUTTER_S)
        points.append(_point("actors", n, place, packed, threads, SHUTTER_S))
        p = points[-1]
        say(f"  {n:>10,} moving actors: {p.ns_per_ray:6.1f} ns a ray, {p.top_ms:.3f} ms for the tree over them")
    return points
