"""The benchmark's own places: a street and a motorway, fixed for ever, so that figures stay comparable.

They are made here, not by scenesim's builders, which change. About three million triangles stand in each as instances of some
twenty prototypes; vehicles and trees are instances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scenesim.base import keys
from scenesim.kernels.bvh import build_top, build_tree, concatenate
from scenesim.kernels.packed import INSTANCE_COLUMNS, LIGHT_COLUMNS, MATERIAL_COLUMNS, Geometry, PackedScene


class Place(NamedTuple):
    """meshes: [(vertices (V, 3) m, triangles (T, 3))], prototype (I,), pose (I, 7) wxyz xyz, vehicle (I,) bool, ego (3,) m:
    a place on the road that no vehicle covers; heading along x."""

    meshes: list
    prototype: np.ndarray
    pose: np.ndarray
    vehicle: np.ndarray
    ego: np.ndarray


def sheet(nu, nv, f):
    """A grid of nu x nv vertices f(u, v), u and v in [0, 1]."""
    u, v = np.meshgrid(np.linspace(0, 1, nu), np.linspace(0, 1, nv), indexing="ij")
    i, j = np.meshgrid(np.arange(nu - 1), np.arange(nv - 1), indexing="ij")
    a = (i * nv + j).ravel()
    return f(u.ravel(), v.ravel()), np.concatenate([np.stack([a, a + nv, a + 1], 1), np.stack([a + 1, a + nv, a + nv + 1], 1)])


def merge(parts):
    """One mesh of many."""
    start = np.cumsum([0] + [len(v) for v, _ in parts])
    return np.concatenate([v for v, _ in parts]), np.concatenate([t + s for (_, t), s in zip(parts, start)])


def moved(mesh, offset, yaw=0.0):
    c, s = np.cos(yaw), np.sin(yaw)
    v, t = mesh
    return v @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + offset, t


def hump(x, y):
    """Height of the land, m."""
    return 1.5 * np.sin(x * 0.02) * np.cos(y * 0.017) + 0.05 * np.sin(x * 0.9 + y * 0.3)


def bend(x):
    """y of the road's middle at x, m."""
    return 15 * np.sin(x * 0.012)


def ground(half_width):
    def f(u, v):
        x, y = (u - 0.5) * 400, (v - 0.5) * 400
        return np.stack([x, y, hump(x, y) - 0.12 * (np.abs(y - bend(x)) < half_width)], 1)

    return sheet(161, 161, f)


def blob(size, rounding, nu, nv, center):
    """A superellipsoid: from box to egg."""

    def power(a, e):
        return np.sign(a) * np.abs(a) ** e

    def f(u, v):
        th, ph = (v - 0.5) * np.pi, (u - 0.5) * 2 * np.pi
        e, g = rounding
        x = [power(np.cos(th), e) * power(np.cos(ph), g), power(np.cos(th), e) * power(np.sin(ph), g), power(np.sin(th), e)]
        return np.stack(x, 1) * size + center

    return sheet(nu, nv, f)


def car(rng, stretch=1.0):
    long, wide = stretch * (2.2 + 0.3 * rng.random()), 0.9 + 0.1 * rng.random()
    parts = [
        blob([long, wide, 0.45 * stretch], (0.5, 0.4), 70, 42, [0, 0, 0.2 + 0.45 * stretch]),
        blob([long * 0.55, wide * 0.85, 0.45], (0.6, 0.5), 40, 26, [-0.2, 0, 0.25 + 0.9 * stretch]),
    ]
    for side in (-1, 1):
        parts += [blob([0.33, 0.12, 0.33], (0.5, 1), 24, 14, [end * long * 0.62, side * wide * 0.92, 0.33]) for end in (-1, 1)]
        parts.append(blob([0.08, 0.12, 0.08], (1, 1), 12, 8, [long * 0.3, side * (wide + 0.1), 1.0]))
    return merge(parts)


def building(rng):
    w, d, h = 8 + 14 * rng.random(), 8 + 10 * rng.random(), 6 + 25 * rng.random()

    def wall(k):
        def f(u, v):
            niche = 0.15 * ((np.round(u * 6).astype(int) % 2) & (np.round(v * 8).astype(int) % 2))
            s = u - 0.5
            x, y = [(s * w, -d / 2 + niche), (w / 2 - niche, s * d), (-s * w, d / 2 - niche), (-w / 2 + niche, -s * d)][k]
            return np.stack([x, y, v * h - 1.0], 1)

        return sheet(7, 9, f)

    roof = sheet(2, 2, lambda u, v: np.stack([(u - 0.5) * w, (v - 0.5) * d, 0 * u + h - 1.0], 1))
    return merge([*map(wall, range(4)), roof])


def tree(rng, leaves=1500):
    trunk = sheet(9, 12, lambda u, v: np.stack([0.18 * (1 - 0.5 * v) * np.cos(u * 2 * np.pi),
                                                0.18 * (1 - 0.5 * v) * np.sin(u * 2 * np.pi), v * 3.5 - 0.5], 1))  # fmt: skip

    def unit(a):
        return a / np.linalg.norm(a, axis=1, keepdims=True)

    c = unit(rng.normal(size=(leaves, 3))) * rng.random((leaves, 1)) ** 0.4 * [1.6, 1.6, 1.8] + [0, 0, 4.3]
    a = unit(rng.normal(size=(leaves, 3)))
    b = unit(np.cross(a, rng.normal(size=(leaves, 3)))) * 0.10
    a = a * 0.16
    v = np.stack([c - a - b, c + a - b, c + a + b, c - a + b], 1).reshape(-1, 3)
    q = np.arange(leaves)[:, None] * 4
    return merge([trunk, (v, np.concatenate([q + [0, 1, 2], q + [0, 2, 3]]))])


def rail(length=400.0, step=1.0):
    """A guard rail with its posts along the bend."""

    def band(u, v):
        x = (u - 0.5) * length
        return np.stack([x, bend(x) + 0.05 * np.sin(v * 4 * np.pi), hump(x, bend(x)) + 0.45 + 0.31 * v], 1)

    posts = []
    for x in np.arange(-length / 2, length / 2, 2 * step):
        posts.append(blob([0.04, 0.06, 0.5], (0.1, 0.1), 7, 5, [x, bend(x) + 0.12, hump(x, bend(x)) + 0.3]))
    return merge([sheet(int(length / step) + 1, 9, band), *posts])


def on_land(x, y, yaw, dz=0.0):
    return [np.cos(yaw / 2), 0, 0, np.sin(yaw / 2), x, y, hump(x, y) + dz]


def _vehicles(rng, count, lanes, first, kinds, rows, ego_x=0.0):
    for i in range(count):
        x = -190 + 380 * (i // len(lanes) + 0.6 * rng.random()) / (count / len(lanes))
        lane = lanes[i % len(lanes)]
        if abs(x - ego_x) < 9:
            x += 18
        yaw = np.arctan(0.18 * np.cos(x * 0.012)) + (np.pi if lane > 0 else 0)
        rows.append((first + i % kinds, on_land(x, bend(x) + lane, yaw, -0.1), True))


def make_place(meshes, rows, ego_y):
    meshes = [(np.ascontiguousarray(v, np.float32), np.ascontiguousarray(t, np.int32)) for v, t in meshes]
    prototype, pose, vehicle = zip(*rows)
    ego = np.array([0.0, bend(0.0) + ego_y, hump(0.0, ego_y)])
    return Place(meshes, np.array(prototype, np.int32), np.array(pose, np.float32), np.array(vehicle), ego)


def street() -> Place:
    """Houses, 560 trees and 120 vehicles along a bending street."""
    rng = keys.generator(keys.derive(1, "bench", "street"))
    fixed = [ground(6)]
    for i in range(60):
        x = (i // 2) * 13.0 - 195 + 3 * rng.random()
        y = bend(x) + (1 if i % 2 else -1) * (24 + 6 * rng.random())
        fixed.append(moved(building(rng), [x, y, hump(x, y)], 0.18 * np.cos(x * 0.012) + 0.1 * rng.normal()))
    meshes = [merge(fixed)] + [tree(rng) for _ in range(4)] + [car(rng) for _ in range(4)]
    rows = [(0, [1, 0, 0, 0, 0, 0, 0], False)]
    for i in range(560):
        x = -195 + 390 * rng.random()
        near = rng.random() < 0.5
        y = bend(x) + (1 if i % 2 else -1) * (9 + 6 * rng.random() if near else 45 + 80 * rng.random())
        rows.append((1 + i % 4, on_land(x, y, 2 * np.pi * rng.random()), False))
    _vehicles(rng, 120, [-4.6, -1.7, 1.7, 4.6], 5, 4, rows)
    return make_place(meshes, rows, -1.7 + 3.4)


def motorway() -> Place:
    """Six lanes with guard rails, lorries among the cars, and a wood on both sides."""
    rng = keys.generator(keys.derive(2, "bench", "motorway"))
    meshes = [merge([ground(13), *(moved(rail(), [0, y, 0]) for y in (-13.0, -0.6, 0.6, 13.0))])]
    meshes += [tree(rng, 2200) for _ in range(3)] + [car(rng) for _ in range(3)] + [car(rng, 2.4) for _ in range(2)]
    rows = [(0, [1, 0, 0, 0, 0, 0, 0], False)]
    for i in range(420):
        x = -195 + 390 * rng.random()
        y = bend(x) + (1 if i % 2 else -1) * (17 + 60 * rng.random() ** 1.5)
        rows.append((1 + i % 3, on_land(x, y, 2 * np.pi * rng.random()), False))
    _vehicles(rng, 108, [-10.4, -6.8, -3.0, 3.0, 6.8, 10.4], 4, 5, rows)
    return make_place(meshes, rows, 3.0)


PLACES = {"street": street, "motorway": motorway}


def pack(place: Place) -> PackedScene:
    """The place as scenesim's kernels take it."""
    trees = [build_tree(v, t) for v, t in place.meshes]
    first = np.cumsum([0] + [len(t) for _, t in place.meshes]).astype(np.int32)
    start = np.cumsum([0] + [len(v) for v, _ in place.meshes])
    nodes, leaves, root = concatenate(trees, first[:-1])
    triangles = np.concatenate([t + np.int32(s) for (_, t), s in zip(place.meshes, start)])
    n, count = len(triangles), len(place.prototype)
    geometry = Geometry(
        np.concatenate([v for v, _ in place.meshes]), triangles, np.zeros((n, 9), np.float32), np.zeros((n, 6), np.float32),
        np.ones((start[-1], 3), np.float32), np.zeros(n, np.int32), nodes, leaves, root,
        np.array([t.bounds for t in trees]), first,
    )  # fmt: skip
    knot, pose, moves = np.zeros(1, np.float32), place.pose[None].copy(), np.zeros(count, np.int32)
    return PackedScene(
        geometry, knot, place.prototype, pose, moves, np.ones(count, np.int32), np.full(count, -1, np.int32),
        np.zeros(count, np.int32), np.zeros((count, len(INSTANCE_COLUMNS)), np.float32),
        build_top(geometry.bounds, place.prototype, knot, pose, moves), np.zeros(1, np.int32), np.zeros(1, np.int32),
        np.zeros(1, np.int32), np.zeros((1, len(MATERIAL_COLUMNS)), np.float32), np.zeros((0, len(LIGHT_COLUMNS)), np.float32),
    )  # fmt: skip


def in_motion(scene: PackedScene, place: Place, seconds: float = 0.05) -> PackedScene:
    """The packed place with vehicles that drive at 10 m/s between two knots."""
    after = scene.pose[0].copy()
    w, z = after[:, 0], after[:, 3]
    after[:, 4] += place.vehicle * 10 * seconds * (1 - 2 * z * z)
    after[:, 5] += place.vehicle * 10 * seconds * 2 * w * z
    knot, pose = np.array([0, seconds], np.float32), np.stack([scene.pose[0], after]).astype(np.float32)
    moves = place.vehicle.astype(np.int32)
    top = build_top(scene.geometry.bounds, scene.prototype, knot, pose, moves)
    return scene._replace(knot_time=knot, pose=pose, moves=moves, top_nodes=top)


def flatten(place: Place):
    """(vertices, triangles) of all instances in one mesh in the local frame, for programs without instances."""
    parts = []
    for p, (w, x, y, z, *move) in zip(place.prototype, place.pose.astype(float)):
        v, t = place.meshes[p]
        rotation = np.array([
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ])  # fmt: skip
        parts.append(((v.astype(float) @ rotation.T + move).astype(np.float32), t))
    v, t = merge(parts)
    return v, t.astype(np.int32)
