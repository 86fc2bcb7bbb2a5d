"""The parts of the ray kernels: lanes, moving poses, trees."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from scenesim.base.frames import Pose, interpolate
from scenesim.geometry import mesh
from scenesim.kernels import simd
from scenesim.kernels.bvh import build_top, build_tree, concatenate
from scenesim.kernels.bvh_build import INSTANCE, ROW
from scenesim.kernels.jit import kernel
from scenesim.kernels.pose import pose_at, rotate, rotate_back
from scenesim.kernels.refit import corner_normals, refit
from tests import naive, scenes

INT = np.int32


@kernel
def _lanes(x, y, out, flags):
    """Every operation of simd.py on eight lanes."""
    px, py = simd.pointer(x), simd.pointer(y)
    a, b = simd.load_f8(px, 0), simd.load_f8(py, 0)
    results = (
        a + b, a - b, a * b, a / b, simd.minimum(a, b), simd.maximum(a, b), simd.absolute(a), simd.copy_sign(a, b),
        simd.cross_exactly(a, b, b, a + b), simd.f32x8(x[3]) * b,
    )  # fmt: skip
    for k, r in enumerate(results):
        simd.store_f8(out, k * 8, r)
    stack = simd.stack_f32(16)
    simd.store_f8(stack, 4, a)
    out[80] = simd.load_f32(stack, 9)
    out[81] = simd.lane(simd.load_f4(stack, 4), 2)
    flags[0] = simd.bits(a < b)
    flags[1] = simd.bits(a <= b)
    flags[2] = simd.bits(a > b)
    flags[3] = simd.bits(a >= b)
    flags[4] = simd.bits((a == b) | (a < b))
    flags[5] = simd.bits((a >= b) & (b >= a))
    flags[6] = simd.lowest_bit(40)


def test_lanes_are_numpys_float32():
    x = np.array([1.5, -2.0, 0.0, -0.0, 3e38, 1e-40, np.inf, 0.1], np.float32)
    y = np.array([0.3, -2.0, -0.0, 5.0, 3e38, -7.0, 1.0, 0.7], np.float32)
    out, flags = np.zeros(96, np.float32), np.zeros(8, np.int64)
    _lanes(x, y, out, flags)
    wide_x, wide_y = x.astype(float), y.astype(float)
    with np.errstate(all="ignore"):
        expected = [
            x + y, x - y, x * y, x / y, np.where(x < y, x, y), np.where(x > y, x, y), np.abs(x),
            np.where(np.signbit(y), -x, x), (wide_x * wide_y - wide_y * (x + y).astype(float)).astype(np.float32), x[3] * y,
        ]  # fmt: skip
    for k, e in enumerate(expected):
        np.testing.assert_array_equal(out[k * 8 : k * 8 + 8].view(INT), np.asarray(e, np.float32).view(INT), err_msg=str(k))
    assert out[80] == x[5] and out[81] == x[2]
    masks = [x < y, x <= y, x > y, x >= y, (x == y) | (x < y), x == y]
    assert list(flags[:6]) == [int((m * 2 ** np.arange(8)).sum()) for m in masks]
    assert flags[6] == 3


@kernel
def _in_order(near, far, out):
    """Distances that are below another, sorted: keys, their lanes, and how many."""
    a = simd.load_f8(simd.pointer(near), 0)
    mask = a < simd.load_f8(simd.pointer(far), 0)
    keys = simd.distance_keys(a, mask)
    simd.store_i8(simd.pointer(out), 0, keys)
    simd.store_i8(simd.pointer(out), 8, simd.falling(keys))
    out[16], out[17] = simd.nearest_lane(keys), simd.count_bits(simd.bits(mask))
    simd.store_i8(simd.pointer(out), 18, simd.i32x8(7))


def test_distances_sort_with_their_lanes():
    rng, out = np.random.default_rng(5), np.zeros(26, INT)
    for k in range(300):
        near = (rng.random(8) * 10.0 ** rng.integers(-6, 7)).astype(np.float32)
        near[rng.random(8) < 0.2] = 0.0
        if k % 3 == 0:
            near[:] = near[rng.integers(0, 8, 8)]  # equal ones
        met = rng.random(8) < (0.0, 0.3, 0.9, 1.1)[k % 4]
        _in_order(near, np.where(met, np.inf, -1).astype(np.float32), out)
        keys, order = out[:8], out[8:16]
        assert (keys[~met] == -1).all() and (keys[met] & 7 == np.flatnonzero(met)).all()
        below = keys[met].view(np.float32)
        assert (below <= np.maximum(near[met], 1e-44)).all() and (below >= near[met] * np.float32(1 - 2e-6) - 1e-43).all()
        assert list(order) == sorted(keys, reverse=True)
        assert out[17] == met.sum() and (out[18:] == 7).all()
        if met.any():
            assert out[16] == order[met.sum() - 1] & 7


@kernel
def _poses(pose, knot_time, i, time, moves, v, out):
    for k in range(len(time)):
        w, x, y, z, px, py, pz = pose_at(pose, knot_time, i, time[k], moves)
        out[k, 0], out[k, 1], out[k, 2], out[k, 3], out[k, 4], out[k, 5], out[k, 6] = w, x, y, z, px, py, pz
        out[k, 7], out[k, 8], out[k, 9] = rotate(w, x, y, z, v[0], v[1], v[2])
        out[k, 10], out[k, 11], out[k, 12] = rotate_back(w, x, y, z, out[k, 7], out[k, 8], out[k, 9])


def test_poses_between_knots_are_those_of_frames():
    rng = np.random.default_rng(0)
    pose = scenes.random_poses(rng, 3, 5.0, knots=4, travel=1.0).astype(np.float32)
    pose[2, 1, :4] *= -1  # the same rotation, on the other side of the sphere of quaternions
    knots, v = np.array([-0.1, 0.0, 0.05, 0.2], np.float32), np.array([0.3, -0.2, 0.9])
    time = np.array([-0.5, -0.1, -0.03, 0.0, 0.02, 0.05, 0.11, 0.2, 0.9])
    for i in range(3):
        out = np.zeros((len(time), 13))
        _poses(pose, knots, i, time, 1, v, out)
        for k, t in enumerate(np.clip(time, knots[0], knots[-1])):
            s = min(max(int(np.searchsorted(knots, t, side="right")) - 1, 0), 2)
            u = (t - float(knots[s])) / (float(knots[s + 1]) - float(knots[s]))
            a, b = (Pose(p[:4].astype(float), p[4:].astype(float)) for p in pose[s : s + 2, i])
            expected = interpolate(a, b, np.clip(u, 0, 1))
            np.testing.assert_allclose(out[k, :7], [*expected.rotation, *expected.translation], atol=1e-12)
            np.testing.assert_allclose(out[k, 7:10], expected.rotate(v), atol=1e-12)
            np.testing.assert_allclose(out[k, 10:], v, atol=1e-12)


def children(nodes):
    """(is used (n, 8), child (n, 8), boxes (n, 8, 2, 3)) of nodes."""
    low, high = nodes[:, :24].reshape(-1, 3, 8), nodes[:, 24:48].reshape(-1, 3, 8)
    return low[:, 0] <= high[:, 0], nodes.view(INT)[:, 48:56], np.stack([low, high], 1).transpose(0, 3, 1, 2)


def extent(c, tree, v, f):
    """Lowest and highest corner of what hangs below child c; checks the boxes on the way."""
    if c < 0:
        rows = tree.leaves.view(INT)[~c, 36:40]
        inside = v[f[rows[rows >= 0]]].reshape(-1, 3)
        return inside.min(0), inside.max(0)
    used, child, boxes = (a[0] for a in children(tree.nodes[c : c + 1]))
    parts = [extent(k, tree, v, f) for k in child[used]]
    np.testing.assert_array_equal(boxes[used], parts)
    return np.min([p[0] for p in parts], 0), np.max([p[1] for p in parts], 0)


def test_tree_holds_every_triangle_once_within_its_boxes():
    rng = np.random.default_rng(4)
    for v, f in (scenes.soup(rng, 1000, 0.3, 3.0), scenes.sphere(12, 20), scenes.soup(rng, 1, 1.0, 1.0)):
        v = v.astype(np.float32)
        tree = build_tree(v, f)
        rows = tree.leaves.view(INT)[:, 36:40]
        assert sorted(rows[rows >= 0]) == list(range(len(f)))
        used, child, _ = children(tree.nodes)
        assert sorted(child[used & (child > 0)]) == list(range(1, len(tree.nodes)))  # each node but the root has one parent
        assert sorted(~child[used & (child < 0)]) == list(range(len(tree.leaves)))
        np.testing.assert_array_equal(np.concatenate(extent(0, tree, v, f)), tree.bounds)
        assert len(tree.leaves) <= len(f) and len(tree.nodes) <= len(tree.leaves)


def test_trees_travel_and_are_put_behind_each_other():
    rng = np.random.default_rng(5)
    a, b = (build_tree(*scenes.soup(rng, n, 0.3, 1.0)) for n in (90, 50))
    b = pickle.loads(pickle.dumps(b))
    nodes, leaves, root = concatenate([a, b], [0, 90])
    assert list(root) == [0, len(a.nodes)]
    rows = leaves.view(INT)[:, 36:40]
    assert sorted(rows[rows >= 0]) == list(range(140))
    assert (rows[len(a.leaves) :][rows[len(a.leaves) :] >= 0] >= 90).all()


def test_a_tree_follows_vertices_that_moved():
    rng = np.random.default_rng(8)
    before, other = scenes.sphere(24, 40), scenes.soup(rng, 60, 0.3, 1.0)
    v, f = before[0].astype(np.float32), before[1]
    trees = [build_tree(*other), build_tree(v, f)]
    nodes, leaves, _ = concatenate(trees, [0, len(other[1])])
    untouched = nodes[: len(trees[0].nodes)].copy(), leaves[: len(trees[0].leaves)].copy()
    moved = (v * [1.0, 0.2, 1.5] + 0.1 * rng.normal(size=v.shape)).astype(np.float32)
    vertices = np.concatenate([other[0].astype(np.float32), moved])
    triangles = np.concatenate([other[1], f + len(other[0])]).astype(np.int32)
    first = len(trees[0].nodes), len(trees[0].leaves)
    refit(nodes, leaves, vertices, triangles, first[0], len(nodes), first[1], len(leaves))
    np.testing.assert_array_equal(nodes[: first[0]], untouched[0])
    np.testing.assert_array_equal(leaves[: first[1]], untouched[1])
    own, packs = nodes[first[0] :].copy(), leaves[first[1] :].copy()
    child, row = own.view(INT)[:, 48:56], packs.view(INT)[:, 36:40]
    child[child > 0] -= first[0]
    child[child < 0] += first[1]
    row[row >= 0] -= len(other[1])
    low, high = extent(0, trees[1]._replace(nodes=own, leaves=packs), moved, f)
    np.testing.assert_array_equal([low, high], [moved.min(0), moved.max(0)])


def test_normals_that_follow_are_those_of_a_mesh_that_stays():
    rng = np.random.default_rng(9)
    v, f = scenes.sphere(12, 20)
    v = (v + 0.05 * rng.normal(size=v.shape)).astype(np.float32)
    out, room = np.zeros((len(f) + 3, 9), np.float32), np.empty((len(v), 3))
    vertices, triangles = np.concatenate([np.zeros((7, 3), np.float32), v]), np.concatenate([np.zeros((3, 3), int), f + 7])
    corner_normals(vertices, triangles.astype(np.int32), 3, len(f) + 3, 7, room, np.cos(np.radians(60.0)), out)
    assert not out[:3].any()
    np.testing.assert_allclose(out[3:].reshape(-1, 3, 3), mesh.corner_normals(v.astype(float), f, 60.0), atol=2e-6)


@pytest.mark.parametrize("turn", [0.0, 0.5, 3.0])
def test_top_boxes_hold_instances_at_every_time(turn):
    rng = np.random.default_rng(6)
    v, f = scenes.box([2.0, 0.5, 0.3])
    v = v + [3.0, 0, 0]  # off its origin, so that turning swings it out
    pose = scenes.random_poses(rng, 20, 30.0, knots=2, travel=1.0)
    pose[1, :, :4] += rng.normal(size=(20, 4)) * turn
    pose[1, :, :4] /= np.linalg.norm(pose[1, :, :4], axis=1, keepdims=True)
    scene = scenes.pack([(v, f)], np.zeros(20, int), pose, knot_time=(0.0, 0.1))
    top = build_top(scene.geometry.bounds, scene.prototype, scene.knot_time, scene.pose, scene.moves)
    ids = top.view(INT).reshape(-1, ROW)[:, INSTANCE]
    used, child, boxes = children(top[:-10])  # behind the nodes lie 20 rows of 32 floats
    leaf = used & (child < 0)
    assert sorted(ids[~child[leaf]]) == list(range(20))
    for i, (low, high) in zip(ids[~child[leaf]], boxes[leaf]):
        for t in np.linspace(0, 0.1, 41):
            p = naive.instance_pose(scene, i, t).apply(v)
            assert (p >= low).all() and (p <= high).all()
