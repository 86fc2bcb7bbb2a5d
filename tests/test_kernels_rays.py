"""Rays against the naive twin, against each other, and against what must never happen (a leak, a lost hit, a crash)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenesim.base.frames import Pose
from scenesim.capture import cast
from scenesim.kernels import bvh
from scenesim.kernels.bvh import build_tree
from scenesim.kernels.bvh_tile import LANES
from scenesim.kernels.packed import Rays, empty_hits
from tests import naive, scenes

ALL = 1


def moving_scene(seed=3):
    """Three prototypes, nine instances that travel and turn between three knots, two of them hidden from bit 1."""
    rng = np.random.default_rng(seed)
    meshes = [scenes.soup(rng, 60, 0.8, 1.5), scenes.sphere(8, 12), scenes.box([0.7, 0.4, 0.9])]
    pose = scenes.random_poses(rng, 9, 4.0, knots=3, travel=0.6)
    mask = [3, 3, 1, 3, 3, 1, 3, 3, 3]
    return scenes.pack(meshes, np.arange(9) % 3, pose, knot_time=(-0.05, 0.0, 0.05), mask=mask), rng


def street():
    """Terrain, and boxes and spheres that stand and move on it: a small road scene."""
    rng = np.random.default_rng(8)
    meshes = [scenes.terrain(rng, 60, 40.0), scenes.box([2.2, 0.9, 0.8]), scenes.sphere(20, 30, 1.5)]
    meshes.append(scenes.soup(rng, 400, 0.2, 1.0))
    count = 40
    pose = scenes.random_poses(rng, count, 12.0, knots=2, travel=0.5)
    pose[:, :, 6] = 1.0 + np.abs(pose[:, :, 6]) * 0.1
    pose[:, 0] = scenes.at_rest([0, 0, 0])[0, 0]
    prototype = np.concatenate([[0], 1 + np.arange(count - 1) % 3])
    return scenes.pack(meshes, prototype, pose, knot_time=(0.0, 0.1)), rng


def agrees(scene, rays, visibility=ALL):
    """Ours and the twin's answers are the same: the same triangle, or the same distance where two triangles meet."""
    ours = cast.closest_hit(scene, rays, visibility=visibility)
    t, instance, triangle = naive.closest_hit(scene, rays, visibility)
    np.testing.assert_array_equal(np.isfinite(ours.t), np.isfinite(t))
    hit = np.isfinite(t)
    np.testing.assert_allclose(ours.t[hit], t[hit], rtol=2e-5, atol=2e-5)
    other = hit & ((ours.instance != instance) | (ours.triangle != triangle))
    assert other.sum() <= 0.01 * len(t) + 1
    assert (ours.instance[~hit] == -1).all() and (ours.triangle[~hit] == -1).all()
    return hit


def test_twin_sees_the_same():
    scene, rng = moving_scene()
    rays = scenes.rays_between(rng, 600, 8.0, time=(-0.08, 0.08))
    hit = agrees(scene, rays)
    assert 0.2 < hit.mean() < 0.9


def test_instances_are_seen_by_their_mask():
    scene, rng = moving_scene()
    rays = scenes.rays_between(rng, 400, 8.0)
    agrees(scene, rays, visibility=2)
    seen = set(cast.closest_hit(scene, rays, visibility=2).instance) - {-1}
    assert seen and not seen & {2, 5}
    assert not np.isfinite(cast.closest_hit(scene, rays, visibility=4).t).any()


def test_barycentric_weights_give_the_point():
    scene, rng = street()
    rays = scenes.rays_between(rng, 20_000, 15.0)
    hits = cast.closest_hit(scene, rays, visibility=ALL)
    g, on = scene.geometry, np.flatnonzero(hits.instance == 0)  # the terrain does not move
    assert len(on) > 1000
    a, b, c = (g.vertices[g.triangles[hits.triangle[on], k]].astype(float) for k in range(3))
    u, v = hits.uv[on, :1].astype(float), hits.uv[on, 1:].astype(float)
    along = rays.origin[on] + rays.direction[on].astype(float) * hits.t[on, None]
    assert np.abs((1 - u - v) * a + u * b + v * c - along).max() < 2e-4


def test_any_hit_is_closest_hit_before_a_distance():
    scene, rng = street()
    rays = scenes.rays_between(rng, 30_000, 15.0, time=(0.0, 0.1))
    t = cast.closest_hit(scene, rays, visibility=ALL).t
    for share in (0.999, 1.001):
        reach = np.where(np.isfinite(t), t * np.float32(share), np.float32(1e9)).astype(np.float32)
        blocked = cast.any_hit(scene, rays, reach, visibility=ALL)
        np.testing.assert_array_equal(blocked, np.isfinite(t) & (share > 1))


def test_answer_does_not_depend_on_threads_or_spans():
    scene, rng = street()
    rays = scenes.rays_between(rng, 30_001, 15.0, time=(0.0, 0.1))
    one = cast.closest_hit(scene, rays, visibility=ALL, threads=1)
    three = cast.closest_hit(scene, rays, visibility=ALL, threads=3)
    for a, b in zip(one, three):
        assert a.tobytes() == b.tobytes()
    alone = cast.closest_hit(scene, Rays(*(f[777:1234].copy() for f in rays)), visibility=ALL)
    assert alone.t.tobytes() == one.t[777:1234].tobytes()


def fan(rng, width, height, spread=0.9, time=0.0):
    """Rays of a turned camera at one place and time, in reading order; slopes up to `spread`."""
    x, y = np.meshgrid(np.linspace(-spread, spread, width), np.linspace(-spread, spread, height))
    q = Pose(scenes.random_poses(rng, 1, 0.0)[0, 0, :4], np.zeros(3))
    d = q.rotate(np.stack([x, y, np.ones_like(x)], -1).reshape(-1, 3))
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    o = np.tile(rng.normal(size=3) * 2 + [0, 0, 4], (len(d), 1)).astype(np.float32)
    return Rays(o, d, np.full(len(d), time, np.float32))


def one_by_one(scene, rays):
    """Hits of rays that are given in spans too short for any to go together."""
    hits = empty_hits(len(rays.time))
    for begin in range(0, len(rays.time), LANES - 1):
        bvh.closest_hit(scene, rays, ALL, 0, begin, min(begin + LANES - 1, len(rays.time)), hits)
    return hits


@pytest.mark.parametrize("sweep", ["lidar", "sun"])
def test_strips_see_what_single_rays_see(sweep):
    """Rays on end that turn a little, or begin a little apart, each at its own time: the bits of the same rays one by one."""
    scene, rng = street()
    n = 20_000
    time = np.linspace(0, 0.1, n).astype(np.float32)
    if sweep == "lidar":
        around = np.linspace(0, 12 * np.pi, n)
        d = np.stack([np.cos(around), np.sin(around), np.linspace(-0.5, 0.1, n)], 1)
        o = np.stack([10 * time, 0 * time, 0 * time + 5], 1)
    else:
        d = np.tile([0.3, 0.2, -0.9], (n, 1))
        o = np.stack([np.linspace(0, 400, n) % 23 - 11, np.linspace(-12, 12, n), 15 + 3 * (rng.random(n) < 0.1)], 1)
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    rays = Rays(o.astype(np.float32), d, time)
    together, single = cast.closest_hit(scene, rays, visibility=ALL), one_by_one(scene, rays)
    assert 0.3 < np.isfinite(single.t).mean()
    for a, b in zip(together, single):  # but for rays along an edge, which belongs to two triangles
        assert (a != b).mean() < 1e-4
    reach = np.where(np.arange(n) % 3 == 0, np.float32(8), single.t * np.float32(1.001)).astype(np.float32)
    np.testing.assert_array_equal(cast.any_hit(scene, rays, reach, visibility=ALL), single.t < reach)


@pytest.mark.parametrize("height", [64, 45])
def test_shadows_of_an_image_are_those_of_its_rays(height):
    """Rays to the sun from what a camera hits, in blocks: the closest hits' answer. Half of the image has another time, some
    rays end early, and those of the sky are not cast."""
    scene, rng = street()
    width = 203
    for _ in range(4):
        view = fan(rng, width, height, time=0.02)
        time = np.where(np.arange(len(view.time)) % width < 100, view.time, np.float32(0.06))
        t = cast.closest_hit(scene, view, visibility=ALL, width=width).t
        hit = np.isfinite(t)
        assert 0.2 < hit.mean() < 1
        back = np.where(hit, t * np.float32(0.999), 0)[:, None]
        d = np.tile(np.float32([0.36, 0.48, 0.8]), (len(t), 1))
        rays = Rays((view.origin + view.direction * back).astype(np.float32), d, time.astype(np.float32))
        single = one_by_one(scene, rays).t
        reach = np.where(np.arange(len(t)) % 7 < 2, np.float32(3), np.float32(1e30))
        reach[~hit] = -1
        blocked = cast.any_hit(scene, rays, reach, visibility=ALL, width=width)
        assert 0.05 < blocked[hit].mean() < 0.9
        np.testing.assert_array_equal(blocked, single < reach)
        np.testing.assert_array_equal(cast.any_hit(scene, rays, reach, visibility=ALL), single < reach)


@pytest.mark.parametrize("rolling", [False, True])
def test_tiles_see_what_single_rays_see(rolling):
    """Blocks of an image, and stretches of rows that differ in time, give the bits that the same rays give one by one."""
    scene, rng = street()
    width, height = 203, 64
    for _ in range(6):
        rays = fan(rng, width, height, time=0.03)
        if rolling:
            rays = rays._replace(time=np.repeat(np.linspace(0, 0.1, height, dtype=np.float32), width))
        tiled = cast.closest_hit(scene, rays, visibility=ALL, width=width)
        single = one_by_one(scene, rays)
        assert 0.2 < np.isfinite(tiled.t).mean()
        np.testing.assert_array_equal(np.isfinite(tiled.t), np.isfinite(single.t))
        hit = np.isfinite(single.t)
        np.testing.assert_allclose(tiled.t[hit], single.t[hit], rtol=1e-6)
        for a, b in zip(tiled, single):  # but for rays along an edge, which belongs to two triangles
            assert (a != b).mean() < 1e-4


def test_no_ray_of_a_tile_slips_through_an_edge():
    rng = np.random.default_rng(6)
    for mesh in (scenes.sphere(40, 80, 9.0), scenes.box([9.0, 8.0, 9.0])):
        scene = scenes.pack([mesh], [0], scenes.random_poses(rng, 1, 0.1))
        for _ in range(3):
            rays = fan(rng, 512, 512, spread=1.5)
            assert np.isfinite(cast.closest_hit(scene, rays, visibility=ALL, width=512).t).all()


def edge_targets(rng, vertices, triangles, n):
    """(n, 3) points on the edges, and a tenth of them on the corners, of a mesh."""
    t = triangles[rng.integers(len(triangles), size=n)]
    k = rng.integers(3, size=n)
    a, b = (vertices[t[np.arange(n), (k + s) % 3]] for s in (0, 1))
    s = np.where(rng.random(n) < 0.1, 0.0, rng.random(n))[:, None]
    return a * (1 - s) + b * s


@pytest.mark.parametrize("turned", [False, True])
def test_no_ray_slips_through_an_edge(turned):
    rng = np.random.default_rng(5)
    pose = scenes.random_poses(rng, 1, 0.0)
    pose[0, 0, 4:] = [3.0, -2.0, 1.0]
    if not turned:
        pose[0, 0, :4] = [1, 0, 0, 0]
    for v, f in (scenes.sphere(40, 80, 5.0), scenes.box([3.0, 2.0, 0.5])):
        scene = scenes.pack([(v, f)], [0], pose)
        q = naive.instance_pose(scene, 0, 0.0)
        n = 250_000
        inside = rng.uniform(-0.3, 0.3, (n, 3)) * np.abs(v).max(0)
        origin = q.apply(inside).astype(np.float32)
        target = q.apply(edge_targets(rng, v, f, n))
        d = target - origin
        d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
        hits = cast.closest_hit(scene, Rays(origin, d, np.zeros(n, np.float32)), visibility=ALL)
        assert np.isfinite(hits.t).all(), f"{(~np.isfinite(hits.t)).sum()} rays left a closed mesh"


def test_rays_along_axes_in_planes_of_boxes():
    """Origins on the planes of boxes and directions along axes: 0 * inf in a slab test."""
    scene = scenes.pack([scenes.box([1.0, 1.0, 1.0])], [0, 0, 0], scenes.at_rest([[0, 0, 0], [4, 0, 0], [8, 0, 0]]))
    lines = np.array([(x, y) for x in (-1.0, -0.5, 0.0, 0.5, 1.0) for y in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    for axis in range(3):
        for sign in (-1.0, 1.0):
            o = np.zeros((len(lines), 3))
            o[:, (axis + 1) % 3], o[:, (axis + 2) % 3], o[:, axis] = lines[:, 0], lines[:, 1], -20.0 * sign
            d = np.zeros_like(o)
            d[:, axis] = sign
            rays = Rays(o.astype(np.float32), d.astype(np.float32), np.zeros(len(o), np.float32))
            t = cast.closest_hit(scene, rays, visibility=ALL).t
            strictly = (np.abs(lines) < 1).all(1)
            start = 11.0 if axis == 0 and sign < 0 else 19.0
            np.testing.assert_allclose(t[strictly], start, rtol=1e-6)


def test_far_origins_and_huge_triangles():
    big = np.array([[-1e6, -1e6, 0], [1e6, -1e6, 0], [0, 2e6, 0]]), np.array([[0, 1, 2]])
    scene = scenes.pack([big, scenes.box([1, 1, 1])], [0, 1], scenes.at_rest([[0, 0, 0], [0, 0, 5]]))
    o = np.array([[0.3, 0.2, 1e6], [50.0, 20.0, 1e4], [0.2, 0.3, -1e6]], np.float32)
    d = np.array([[0, 0, -1], [0, 0, -1], [0, 0, 1]], np.float32)
    hits = cast.closest_hit(scene, Rays(o, d, np.zeros(3, np.float32)), visibility=ALL)
    np.testing.assert_array_equal(hits.instance, [1, 0, 0])
    np.testing.assert_allclose(hits.t, [1e6 - 6, 1e4, 1e6], rtol=1e-6)


def test_nothing_there():
    empty = np.zeros((0, 3)), np.zeros((0, 3), int)
    rays = scenes.rays_between(np.random.default_rng(0), 50, 3.0)
    for scene in (
        scenes.pack([empty, scenes.box([1, 1, 1])], [0], scenes.at_rest([0, 0, 0])),
        scenes.pack([scenes.box([1, 1, 1])], [], np.zeros((1, 0, 7))),
    ):
        assert not np.isfinite(cast.closest_hit(scene, rays, visibility=ALL).t).any()
        assert not cast.any_hit(scene, rays, np.full(50, 1e30, np.float32), visibility=ALL).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vertices_that_are_no_numbers_are_refused(bad):
    v, f = scenes.box([1, 1, 1])
    v[3, 1] = bad
    with pytest.raises(ValueError, match="1 of 8 vertices are not finite"):
        build_tree(v, f)


KINDS = ["soup", "slivers", "points", "copies", "plane", "grid"]


def heap(seed, count, kind, size):
    """(chance, vertices, triangles)"""
    rng = np.random.default_rng(seed)
    v, f = scenes.soup(rng, count, size, 2.0)
    if kind == "slivers":
        v[2::3] = v[0::3] + (v[1::3] - v[0::3]) * rng.random((count, 1)) + rng.normal(size=(count, 3)) * 1e-6
    elif kind == "points":
        v[1::3] = v[2::3] = v[0::3]
    elif kind == "copies":
        v[3:] = np.tile(v[:3], (count - 1, 1))
    elif kind == "plane":
        v[:, 2] = 0.5
    elif kind == "grid":
        v = np.round(v)
    return rng, v, f


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    kind=st.sampled_from(KINDS),
    size=st.sampled_from([1e-3, 0.1, 3.0]),
)
def test_any_heap_of_triangles(seed, count, kind, size):
    """Slivers, points, copies, coplanar heaps and grids: the tree finds what brute force finds."""
    rng, v, f = heap(seed, count, kind, size)
    scene = scenes.pack([(v, f)], [0], scenes.at_rest([0, 0, 0]))
    rays = scenes.rays_between(rng, 30, 6.0)
    ours = cast.closest_hit(scene, rays, visibility=ALL, threads=1).t.astype(float)
    twin, _, _ = naive.closest_hit(scene, rays, ALL)
    differ = np.flatnonzero(~np.isclose(ours, twin, rtol=1e-4, atol=1e-5))
    corners = [scene.geometry.vertices[f[:, k]].astype(float) for k in range(3)]
    for i in differ:  # only where the ray passes within a hair of an edge
        assert naive.edge_distance(*corners, rays.origin[i].astype(float), rays.direction[i].astype(float)).min() < 1e-5


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    kind=st.sampled_from(KINDS),
    size=st.sampled_from([1e-3, 0.1, 3.0]),
    spread=st.sampled_from([1e-4, 0.02, 0.2]),
    apart=st.sampled_from([0.0, 1e-3, 0.05]),
)
def test_no_tile_overlooks_a_heap_of_triangles(seed, count, kind, size, spread, apart):
    """What a tile leaves out of its ranges, none of its rays hits: blocks, strips and single rays see the same."""
    rng, v, f = heap(seed, count, kind, size)
    scene = scenes.pack([(v, f), scenes.box([0.1, 3.0, 0.5])], [0, 1, 0], scenes.random_poses(rng, 3, 1.0, knots=2, travel=0.1))
    rays = fan(rng, 16, 16, spread)
    aim = v[rng.integers(len(v))] + rng.normal(size=3) * 0.1
    origin = rays.origin + (apart * rng.normal(size=rays.origin.shape)).astype(np.float32)
    turn = Pose(scenes.random_poses(rng, 1, 0.0)[0, 0, :4], np.zeros(3))
    direction = np.ascontiguousarray(turn.rotate(rays.direction.astype(float)), np.float32)
    origin += (aim - origin.mean(0) - 5 * direction.mean(0)).astype(np.float32)
    rays = Rays(origin, direction, np.full(256, 0.3, np.float32))
    single = one_by_one(scene, rays)
    for width in (0, 16):
        tiled = cast.closest_hit(scene, rays, visibility=ALL, width=width, threads=1)
        np.testing.assert_allclose(tiled.t, single.t, rtol=1e-6)  # where triangles lie in one plane, either may be the nearest
        blocked = cast.any_hit(scene, rays, np.full(256, 6, np.float32), visibility=ALL, width=width, threads=1)
        np.testing.assert_array_equal(blocked[abs(single.t - 6) > 1e-5], (single.t < 6)[abs(single.t - 6) > 1e-5])


PROBE = "from tests import test_kernels_rays as t; print(t.digest())"


def digest() -> str:
    """A hash of the tree and of every bit of the answers for a small moving scene."""
    scene, _ = street()
    rays = scenes.rays_between(np.random.default_rng(1), 5_000, 15.0, time=(0.0, 0.1))
    h = hashlib.blake2b(digest_size=16)
    alone = cast.closest_hit(scene, rays, visibility=ALL)
    tiled = cast.closest_hit(scene, fan(np.random.default_rng(2), 64, 64, time=0.02), visibility=ALL, width=64)
    for a in (scene.geometry.nodes, scene.geometry.leaves, scene.top_nodes, *alone, *tiled):
        h.update(a.tobytes())
    for width in (0, 50):
        reach = np.full(len(rays.time), 20, np.float32)
        h.update(cast.any_hit(scene, rays, reach, visibility=ALL, width=width).tobytes())
    return h.hexdigest()


def test_same_bytes_on_older_processors():
    """AVX2, and SSE without fused multiply and add, compute what this processor computes."""
    root = Path(__file__).parents[1]
    processes = []
    for name in ("haswell", "nehalem"):
        env = {**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""}
        processes.append(subprocess.Popen([sys.executable, "-c", PROBE], cwd=root, env=env, stdout=subprocess.PIPE, text=True))
    here = digest()
    for p in processes:
        out, _ = p.communicate(timeout=300)
        assert out.strip() == here
