"""Trees and rays: `closest_hit` and `any_hit`, the only traversals of the project.

Two levels: a tree over instances, whose leaves are instances; and a tree for each prototype, whose leaves are packs of four
triangles. A ray is taken into the frame of an instance at the ray's own time.

bvh_ray.py holds the general form of both, bvh_tile.py the coherent one: for rays that come in blocks or strips and run side by
side, as those of a camera, of a lidar and towards the sun do. bvh_build.py makes the trees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels import bvh_build
from scenesim.kernels.bvh_ray import BIG, STACK, trace, tracer
from scenesim.kernels.bvh_tile import (
    ALL,
    BLOCK,
    IDS,
    LANES,
    NO_BEAM,
    RAYS,
    SCRATCH,
    blocked,
    gather,
    gather_block,
    load_rays,
    place,
    store_block,
    store_hit,
    trace_tile,
)  # fmt: skip
from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.simd import load_f32, lowest_bit, pointer, stack_f32, stack_i32, store_f32, store_i32

__all__ = ["Tree", "any_hit", "any_one", "build_top", "build_tree", "closest_hit", "closest_one", "concatenate", "tracer"]

LINE = 16  # floats of a line of the cache


class Tree(NamedTuple):
    """The tree of one prototype: nodes (n, 64), leaves (L, 40), bounds (6,) lowest and highest corner; root is node 0.

    Triangle rows are those of the prototype; `concatenate` moves them to where the prototype lies among others.
    """

    nodes: NDArray[np.float32]
    leaves: NDArray[np.float32]
    bounds: NDArray[np.float32]


def build_tree(vertices: NDArray[np.float32], triangles: NDArray[np.int32]) -> Tree:
    """The tree over triangles (T, 3) of vertices (V, 3). Raises ValueError for vertices that are not finite."""
    v = np.ascontiguousarray(vertices, np.float32)
    t = np.ascontiguousarray(triangles, np.int32)
    if not np.isfinite(v).all():
        raise ValueError(f"{int((~np.isfinite(v)).any(1).sum())} of {len(v)} vertices are not finite")
    if len(t) == 0:
        return Tree(_empty_node(), np.zeros((0, bvh_build.PACK_FLOATS), np.float32), np.zeros(6, np.float32))
    records = bvh_build.triangle_records(v, t)
    boxes, links = bvh_build.binary_tree(records, len(t), bvh_build.LEAF)
    nodes, leaves = bvh_build.collapse(boxes, links, False)
    used = v[t.ravel()]
    return Tree(nodes, bvh_build.fill_packs(records, leaves, v, t), np.concatenate([used.min(0), used.max(0)]))


def _empty_node() -> NDArray[np.float32]:
    node = np.zeros((1, bvh_build.NODE_FLOATS), np.float32)
    node[0, :24], node[0, 24:48] = BIG, -BIG
    return node


def _in_lines(parts):
    """Arrays (n, columns) behind each other, from where a line of the cache begins: a row of a node then lies in one."""
    rows, columns = sum(len(p) for p in parts), parts[0].shape[1]
    room = np.empty(rows * columns + LINE, np.float32)
    skip = -(room.ctypes.data // 4) % LINE
    out = room[skip : skip + rows * columns].reshape(rows, columns)
    return np.concatenate(parts, out=out)


def concatenate(trees, first_triangle):
    """(nodes, leaves, root) of trees put behind each other. first_triangle: of each, the row among the triangles of all."""
    if not trees:
        return _empty_node(), np.zeros((0, bvh_build.PACK_FLOATS), np.float32), np.zeros(0, np.int32)
    nodes, leaves = _in_lines([t.nodes for t in trees]), _in_lines([t.leaves for t in trees])
    root, node, leaf = [], 0, 0
    for tree, triangle in zip(trees, first_triangle):
        n, l = nodes[node : node + len(tree.nodes)], leaves[leaf : leaf + len(tree.leaves)]
        child = n.view(np.int32)[:, 48:56]
        full = n[:, 0:8] <= n[:, 24:32]  # an empty slot keeps child 0, which no ray ever reaches
        child[...] = np.where(full, np.where(child >= 0, child + node, child - leaf), child)
        row = l.view(np.int32)[:, 36:40]
        row[row >= 0] += np.int32(triangle)
        root.append(node)
        node, leaf = node + len(n), leaf + len(l)
    return nodes, leaves, np.array(root, np.int32)


def build_top(bounds, prototype, knot_time, pose, moves) -> NDArray[np.float32]:
    """The tree over instances: bounds (P, 6), prototype (I,), knot_time (K,), pose (K, I, 7); see kernels/packed.py.

    (n + I / 2, 64): n nodes, then 32 floats for each instance: the columns of instance_from_local at the first knot (float64)
    and its place; then the instance, its prototype, whether it moves, and whether its frame is the local one (int32 bits). A
    child < 0 of a node is ~(such a row), counted in 32 floats from the start.
    """
    if len(prototype) == 0:
        return _empty_node()
    records = bvh_build.instance_records(bounds, prototype, pose)
    boxes, links = bvh_build.binary_tree(records, len(prototype), 1)
    # Leaves hold one record each: ~record, renamed to ~(row of the instance).
    nodes, _ = bvh_build.collapse(boxes, links, True)
    child, ids = nodes.view(np.int32)[:, 48:56], records.view(np.int32)
    leaf = child < 0
    child[leaf] = ~(2 * len(nodes) + ids[(~child[leaf]) * 8 + 3])
    rows = np.zeros((-(-len(prototype) // 2) * 2, bvh_build.ROW), np.float32)
    bvh_build.instance_rows(prototype, pose, moves, rows)
    return _in_lines([nodes, rows.reshape(-1, bvh_build.NODE_FLOATS)])


@helper
def closest_one(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility):
    """(t, instance, triangle, u, v) of the nearest hit before t_max, for float32 scalars; instance -1 for none.

    scene: what `tracer` made. For kernels that shade; see closest_hit.
    """
    return trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, False)


@helper
def any_one(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility):
    """Whether anything is hit before t_max; arguments as for closest_one."""
    _, instance, _, _, _ = trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, True)
    return instance >= 0


@inline
def _single(scene, r, i, visibility, out):
    """Cast ray i of raw pointers `r` (see _rays) and write its hit to those of `out` (see _hits)."""
    o, d, time = r
    t, instance, row, u, v = closest_one(
        scene, load_f32(o, 3 * i), load_f32(o, 3 * i + 1), load_f32(o, 3 * i + 2), load_f32(d, 3 * i), load_f32(d, 3 * i + 1),
        load_f32(d, 3 * i + 2), load_f32(time, i), BIG, visibility,
    )  # fmt: skip
    store_f32(out[0], i, t if instance >= 0 else np.float32(np.inf))
    store_i32(out[1], i, instance)
    store_i32(out[2], i, row)
    store_f32(out[3], 2 * i, u)
    store_f32(out[3], 2 * i + 1, v)


@inline
def _piece(at, x, width, end):
    """The next rays of [at, end) that may go down the trees together: (first, columns, rows, stride, how many if they are to be
    gathered else 1, where the next begin, and in which column)."""
    band = BLOCK * width
    if width >= BLOCK and at % band == 0 and at + band <= end:
        columns = min(BLOCK, width - x)
        n = RAYS if columns == BLOCK else 1
        if x + columns == width:
            return at + x, columns, BLOCK, width, n, at + band, 0
        return at + x, columns, BLOCK, width, n, at, x + columns
    if at + LANES <= end:
        return at, 1, 1, 0, LANES, at + LANES, 0
    return at, 1, 1, 0, 1, at + 1, 0


@kernel
def closest_hit(scene, rays, visibility, width, begin, end, hits):
    """Nearest hits of rays [begin, end): writes those rows of `hits`. Instances count whose mask shares a bit with
    `visibility`.

    width: of the image whose pixels the rays are, in reading order; 0 for other rays. It decides which rays go down the trees
    together, if they run side by side: blocks of 8 x 8 rays, or else 16 rays on end.
    """
    s = tracer(scene)
    r = pointer(rays.origin), pointer(rays.direction), pointer(rays.time)
    out = pointer(hits.t), pointer(hits.instance), pointer(hits.triangle), pointer(hits.uv)
    room = (
        stack_f32(STACK), stack_i32(STACK), stack_f32(STACK), stack_i32(STACK), stack_f32(SCRATCH), stack_i32(IDS),
    )  # fmt: skip
    at, x = begin, 0
    # One piece after the other, so that a tile and a ray are each cast in one place of the code: what casts them is long, and
    # is compiled anew in every place where it stands.
    while at < end:
        first, columns, rows, stride, n, at, x = _piece(at, x, width, end)
        todo = ALL
        if n == LANES:
            todo = load_rays(r, first, 0, n, r[2], False, room)
        while todo:
            done, beam, one_place, one_time, size = 0, NO_BEAM, False, False, n
            if n == RAYS:
                done, beam, one_place, one_time = gather_block(r, first, stride, room)
            elif n == LANES:
                done, beam, one_place, one_time, size = gather(todo, n, room)
            if done:
                trace_tile(s, visibility, beam, room, size, one_place, one_time, False)
                if n == RAYS:
                    store_block(room, first, stride, out)
                else:
                    k, more = 0, done
                    while more:
                        store_hit(room, k, first + lowest_bit(more), out)
                        more &= more - 1
                        k += 1
            else:
                start, done = first, ALL
                if n == LANES:
                    k = lowest_bit(todo)
                    start, done = first + k, 1 << k
                for row in range(rows):
                    for i in range(start + row * stride, start + row * stride + columns):
                        _single(s, r, i, visibility, out)
            todo &= ~done


@kernel
def any_hit(scene, rays, t_max, visibility, width, begin, end, out):
    """Whether rays [begin, end) hit anything before t_max (N,): writes 0 or 1 to out (N,) uint8.

    A ray whose t_max is not above 0 hits nothing, and costs nothing. width: as for closest_hit. Those of a block, or of sixteen
    on end, go down the trees together that run side by side.
    """
    s = tracer(scene)
    r = pointer(rays.origin), pointer(rays.direction), pointer(rays.time)
    o, d, reach, to = r[0], r[1], pointer(t_max), pointer(out)
    room = (
        stack_f32(STACK), stack_i32(STACK), stack_f32(STACK), stack_i32(STACK), stack_f32(SCRATCH), stack_i32(IDS),
    )  # fmt: skip
    at, x = begin, 0
    while at < end:
        first, columns, rows, stride, n, at, x = _piece(at, x, width, end)
        todo = ALL
        if n > 1:
            todo = load_rays(r, first, stride, n, reach, True, room)
            columns, rows = 1, 1
            for k in range(n):
                to[first + place(k, stride)] = 0
        while todo:
            done, beam, one_place, one_time, size = 0, NO_BEAM, False, False, n
            if n > 1:
                done, beam, one_place, one_time, size = gather(todo, n, room)
            if done:
                trace_tile(s, visibility, beam, room, size, one_place, one_time, True)
                k, more = 0, done
                while more:
                    to[first + place(lowest_bit(more), stride)] = blocked(room, k)
                    more &= more - 1
                    k += 1
            else:
                start, done = first, ALL
                if n > 1:
                    k = lowest_bit(todo)
                    start, done = first + place(k, stride), 1 << k
                for row in range(rows):
                    for i in range(start + row * stride, start + row * stride + columns):
                        to[i] = any_one(
                            s, load_f32(o, 3 * i), load_f32(o, 3 * i + 1), load_f32(o, 3 * i + 2), load_f32(d, 3 * i),
                            load_f32(d, 3 * i + 1), load_f32(d, 3 * i + 2), load_f32(r[2], i), load_f32(reach, i), visibility,
                        )  # fmt: skip
            todo &= ~done
