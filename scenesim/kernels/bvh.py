"""Trees and rays: `closest_hit` and `any_hit`, the only traversals of the project.

Two levels: a tree over instances, whose leaves are instances; and a tree for each prototype, whose leaves are packs of four
triangles. A ray is taken into the frame of an instance at the ray's own time.

The triangle test is that of Woop, Benthin and Wald 2013, "Watertight ray/triangle intersection": corners are sheared so that
the ray runs along an axis, where the sign of an edge function is never wrong, only zero, and then computed in float64.
Triangles that share a corner see it at one place, so that no ray slips between them, at edges or at corners.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels import bvh_build
from scenesim.kernels.jit import inline, kernel
from scenesim.kernels.pose import rotate_back
from scenesim.kernels.simd import (
    absolute,
    bits,
    copy_sign,
    cross_exactly,
    f32x8,
    lane,
    load_f4,
    load_f8,
    load_f32,
    load_i32,
    lowest_bit,
    maximum,
    minimum,
    pointer,
    stack_f32,
    stack_i32,
    store_f8,
    store_f32,
    store_i32,
)  # fmt: skip

BIG = np.float32(1e30)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
FAR_SLACK = np.float32(1.000001)  # the far plane of a box, moved by more than the rounding of the slab test
TINY = np.float32(1e-18)
# At most 7 siblings wait at each of the 64 levels that bvh_build.DEEP allows; then room for the eight distances of one node.
SCRATCH = 512
STACK = SCRATCH + 8


class Tree(NamedTuple):
    """The tree of one prototype: nodes (n, 64), leaves (L, 40), bounds (6,) lowest and highest corner; root is node 0.

    Triangle rows are those of the prototype; `concatenate` moves them to where the prototype lies among others.
    """

    nodes: NDArray[np.float32]
    leaves: NDArray[np.float32]
    bounds: NDArray[np.float32]


def tree_capacity(triangles: int) -> tuple[int, int]:
    """The most (nodes, leaves) that a tree over so many triangles can have: every leaf holds one, every node two."""
    return max(triangles, 1), max(triangles, 1)


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


def concatenate(trees, first_triangle, first_node: int = 0, first_leaf: int = 0):
    """(nodes, leaves, root) of trees put behind each other, from row `first_node` and `first_leaf` on.

    first_triangle: for each tree the row of its first triangle among all triangles.
    """
    nodes, leaves, root = [], [], []
    for tree, triangle in zip(trees, first_triangle):
        n, l = tree.nodes.copy(), tree.leaves.copy()
        child = n.view(np.int32)[:, 48:56]
        full = n[:, 0:8] <= n[:, 24:32]  # an empty slot keeps child 0, which no ray ever reaches
        child[...] = np.where(full, np.where(child >= 0, child + first_node, child - first_leaf), child)
        row = l.view(np.int32)[:, 36:40]
        row[row >= 0] += np.int32(triangle)
        nodes.append(n)
        leaves.append(l)
        root.append(first_node)
        first_node += len(n)
        first_leaf += len(l)
    if not nodes:
        return _empty_node(), np.zeros((0, bvh_build.PACK_FLOATS), np.float32), np.zeros(0, np.int32)
    return np.concatenate(nodes), np.concatenate(leaves), np.array(root, np.int32)


def build_top(bounds, prototype, knot_time, pose, moves) -> NDArray[np.float32]:
    """Nodes (n, 64) of the tree over instances: bounds (P, 6), prototype (I,), pose (K, I, 7); see kernels/packed.py."""
    if len(prototype) == 0:
        return _empty_node()
    records = bvh_build.instance_records(bounds, prototype, pose)
    boxes, links = bvh_build.binary_tree(records, len(prototype), 1)
    # Leaves hold one record each: ~record, renamed to ~instance.
    nodes, _ = bvh_build.collapse(boxes, links, True)
    child, ids = nodes.view(np.int32)[:, 48:56], records.view(np.int32)
    leaf = child < 0
    child[leaf] = ~ids[(~child[leaf]) * 8 + 3]
    return nodes


@inline
def tracer(scene):
    """The raw pointers of a scene that a ray needs: one tuple, made once a span."""
    g = scene.geometry
    return (
        pointer(g.nodes), pointer(g.leaves), pointer(g.root), pointer(scene.top_nodes), pointer(scene.pose),
        pointer(scene.knot_time), pointer(scene.prototype), pointer(scene.moves), pointer(scene.mask),
        len(scene.knot_time), len(scene.prototype),
    )  # fmt: skip


@inline
def _reciprocal(d):
    if abs(d) > TINY:
        return ONE / d
    return -ONE / TINY if d < ZERO else ONE / TINY


@inline
def _instance_ray(scene, i, time, ox, oy, oz, dx, dy, dz):
    """The ray in the frame of instance i at a time (kernels/pose.py, on raw pointers)."""
    pose, knot, moves, knots, count = scene[4], scene[5], scene[7], scene[9], scene[10]
    o = i * 7
    w, x, y, z = load_f32(pose, o) + 0.0, load_f32(pose, o + 1) + 0.0, load_f32(pose, o + 2) + 0.0, load_f32(pose, o + 3) + 0.0
    px, py, pz = load_f32(pose, o + 4) + 0.0, load_f32(pose, o + 5) + 0.0, load_f32(pose, o + 6) + 0.0
    if knots > 1 and load_i32(moves, i) != 0:
        k = 0
        while k < knots - 2 and time >= load_f32(knot, k + 1):
            k += 1
        t0, t1 = load_f32(knot, k) + 0.0, load_f32(knot, k + 1) + 0.0
        u = min(max((time - t0) / (t1 - t0), 0.0), 1.0)
        s = 1.0 - u
        o = (k * count + i) * 7
        n = o + count * 7
        d = 0.0
        for c in range(4):
            d += (load_f32(pose, o + c) + 0.0) * (load_f32(pose, n + c) + 0.0)
        f = -u if d < 0 else u
        w = s * load_f32(pose, o) + f * load_f32(pose, n)
        x = s * load_f32(pose, o + 1) + f * load_f32(pose, n + 1)
        y = s * load_f32(pose, o + 2) + f * load_f32(pose, n + 2)
        z = s * load_f32(pose, o + 3) + f * load_f32(pose, n + 3)
        q = 1.0 / np.sqrt(w * w + x * x + y * y + z * z)
        w, x, y, z = w * q, x * q, y * q, z * q
        px = s * load_f32(pose, o + 4) + u * load_f32(pose, n + 4)
        py = s * load_f32(pose, o + 5) + u * load_f32(pose, n + 5)
        pz = s * load_f32(pose, o + 6) + u * load_f32(pose, n + 6)
    ax, ay, az = rotate_back(w, x, y, z, ox - px, oy - py, oz - pz)
    bx, by, bz = rotate_back(w, x, y, z, dx + 0.0, dy + 0.0, dz + 0.0)
    return np.float32(ax), np.float32(ay), np.float32(az), np.float32(bx), np.float32(by), np.float32(bz)


@inline
def _slab_ray(dx, dy, dz):
    """What the box test needs of a direction: reciprocals, and for each axis the offset in a node of the planes met first."""
    ix, iy, iz = _reciprocal(dx), _reciprocal(dy), _reciprocal(dz)
    return ix, iy, iz, 24 if dx < ZERO else 0, 32 if dy < ZERO else 8, 40 if dz < ZERO else 16


@inline
def _enter_node(nodes, node, ox, oy, oz, slab, best):
    """(near, entered): t at which the ray meets each of the eight boxes, and the bits of those it enters before `best`."""
    ix, iy, iz, nx, ny, nz = slab
    o = node * 64
    near = maximum(
        maximum((load_f8(nodes, o + nx) - ox) * ix, (load_f8(nodes, o + ny) - oy) * iy),
        maximum((load_f8(nodes, o + nz) - oz) * iz, f32x8(ZERO)),
    )
    far = minimum(
        minimum((load_f8(nodes, o + 24 - nx) - ox) * ix, (load_f8(nodes, o + 40 - ny) - oy) * iy),
        minimum((load_f8(nodes, o + 56 - nz) - oz) * iz, f32x8(best)),
    )
    return near, bits(near <= far * FAR_SLACK)


@inline
def _descend(nodes, node, near, entered, stack_t, stack_n, depth):
    """(nearest child, new depth): the others are pushed, the nearest of them on top, the rest roughly in order."""
    o = node * 64 + 48
    j = lowest_bit(entered)
    entered &= entered - 1
    child = load_i32(nodes, o + j)
    if entered == 0:
        return child, depth
    store_f8(stack_t, SCRATCH, near)
    t = load_f32(stack_t, SCRATCH + j)
    bottom = depth
    while entered:
        j = lowest_bit(entered)
        entered &= entered - 1
        other_t, other = load_f32(stack_t, SCRATCH + j), load_i32(nodes, o + j)
        k = depth
        depth += 1
        if other_t < t:
            t, other_t = other_t, t
            child, other = other, child
        elif k > bottom and load_f32(stack_t, k - 1) < other_t:  # one place down; a full sort costs more than it saves
            store_f32(stack_t, k, load_f32(stack_t, k - 1))
            store_i32(stack_n, k, load_i32(stack_n, k - 1))
            k -= 1
        store_f32(stack_t, k, other_t)
        store_i32(stack_n, k, other)
    return child, depth


@inline
def _shear_ray(ox, oy, oz, dx, dy, dz):
    """What the triangle test needs of a ray: the axes z (that the ray runs along most), x and y, as offsets in a pack; the
    origin in that order; the shear that makes the direction (0, 0, 1)."""
    a, b, c = abs(dx), abs(dy), abs(dz)
    if c >= a and c >= b:
        return 0, 4, 8, ox, oy, oz, dx / dz, dy / dz, ONE / dz
    if b >= a:
        return 8, 0, 4, oz, ox, oy, dz / dy, dx / dy, ONE / dy
    return 4, 8, 0, oy, oz, ox, dy / dx, dz / dx, ONE / dx


@inline
def _test_pack(leaves, leaf, shear, best):
    """Nearest hit of a ray with a pack before `best`: (t, u, v, row), row -1 for none."""
    x, y, z, ox, oy, oz, sx, sy, sz = shear
    o = leaf * 40
    az, bz, cz = load_f4(leaves, o + z) - oz, load_f4(leaves, o + 12 + z) - oz, load_f4(leaves, o + 24 + z) - oz
    ax, bx, cx = (
        load_f4(leaves, o + x) - ox - az * sx,
        load_f4(leaves, o + 12 + x) - ox - bz * sx,
        load_f4(leaves, o + 24 + x) - ox - cz * sx,
    )
    ay, by, cy = (
        load_f4(leaves, o + y) - oy - az * sy,
        load_f4(leaves, o + 12 + y) - oy - bz * sy,
        load_f4(leaves, o + 24 + y) - oy - cz * sy,
    )
    u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    if bits((u == ZERO) | (v == ZERO) | (w == ZERO)):
        u, v, w = cross_exactly(cx, by, cy, bx), cross_exactly(ax, cy, ay, cx), cross_exactly(bx, ay, by, ax)
    total = u + v + w
    t = copy_sign((u * az + v * bz + w * cz) * sz, total)
    total = absolute(total)
    inside = (minimum(minimum(u, v), w) >= ZERO) | (maximum(maximum(u, v), w) <= ZERO)
    hit = inside & (t > ZERO) & (t < total * best)
    m = bits(hit)
    row, bu, bv = -1, ZERO, ZERO
    while m:
        j = lowest_bit(m)
        m &= m - 1
        tj = lane(t, j) / lane(total, j)
        if tj < best:
            best, row = tj, load_i32(leaves, o + 36 + j)
            area = lane(u, j) + lane(v, j) + lane(w, j)
            bu, bv = lane(v, j) / area, lane(w, j) / area
    return best, bu, bv, row


@inline
def _trace_tree(nodes, leaves, root, stack_t, stack_n, ox, oy, oz, dx, dy, dz, best, any_hit):
    """Nearest hit before `best` in one prototype, or with `any_hit` the first that is found."""
    slab, shear = _slab_ray(dx, dy, dz), _shear_ray(ox, oy, oz, dx, dy, dz)
    bu, bv, row = ZERO, ZERO, -1
    depth, node = 0, root
    while True:
        if node >= 0:
            near, entered = _enter_node(nodes, node, ox, oy, oz, slab, best)
            if entered:
                node, depth = _descend(nodes, node, near, entered, stack_t, stack_n, depth)
                continue
        else:
            t, u, v, r = _test_pack(leaves, ~node, shear, best)
            if r >= 0:
                best, bu, bv, row = t, u, v, r
                if any_hit:
                    return best, bu, bv, row
        while True:
            if depth == 0:
                return best, bu, bv, row
            depth -= 1
            if load_f32(stack_t, depth) < best:
                node = load_i32(stack_n, depth)
                break


@inline
def _trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, any_hit):
    nodes, leaves, roots, top, prototype, masks = scene[0], scene[1], scene[2], scene[3], scene[6], scene[8]
    stack_t, stack_n = stack_f32(STACK), stack_i32(STACK)
    top_t, top_n = stack_f32(STACK), stack_i32(STACK)
    slab = _slab_ray(dx, dy, dz)
    best, bu, bv, row, instance = t_max, ZERO, ZERO, -1, -1
    depth, node = 0, 0
    while True:
        if node >= 0:
            near, entered = _enter_node(top, node, ox, oy, oz, slab, best)
            if entered:
                node, depth = _descend(top, node, near, entered, top_t, top_n, depth)
                continue
        elif load_i32(masks, ~node) & visibility != 0:
            i = ~node
            ax, ay, az, bx, by, bz = _instance_ray(scene, i, time, ox, oy, oz, dx, dy, dz)
            root = load_i32(roots, load_i32(prototype, i))
            t, u, v, r = _trace_tree(nodes, leaves, root, stack_t, stack_n, ax, ay, az, bx, by, bz, best, any_hit)
            if r >= 0:
                best, bu, bv, row, instance = t, u, v, r, i
                if any_hit:
                    return best, instance, row, bu, bv
        while True:
            if depth == 0:
                return best, instance, row, bu, bv
            depth -= 1
            if load_f32(top_t, depth) < best:
                node = load_i32(top_n, depth)
                break


@kernel
def closest_one(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility):
    """(t, instance, triangle, u, v) of the nearest hit before t_max, for float32 scalars; instance -1 for none.

    scene: what `tracer` made. For kernels that shade; see closest_hit.
    """
    return _trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, False)


@kernel
def any_one(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility):
    """Whether anything is hit before t_max; arguments as for closest_one."""
    _, instance, _, _, _ = _trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, True)
    return instance >= 0


@kernel
def closest_hit(scene, rays, visibility, begin, end, hits):
    """Nearest hits of rays [begin, end): writes those rows of `hits`. Instances count whose mask shares a bit with
    `visibility`."""
    s = tracer(scene)
    o, d = rays.origin, rays.direction
    for i in range(begin, end):
        t, instance, row, u, v = closest_one(
            s, o[i, 0], o[i, 1], o[i, 2], d[i, 0], d[i, 1], d[i, 2], rays.time[i], BIG, visibility
        )
        hits.t[i] = t if instance >= 0 else np.float32(np.inf)
        hits.instance[i] = instance
        hits.triangle[i] = row
        hits.uv[i, 0] = u
        hits.uv[i, 1] = v


@kernel
def any_hit(scene, rays, t_max, visibility, begin, end, out):
    """Whether rays [begin, end) hit anything before t_max (N,): writes 0 or 1 to out (N,) uint8."""
    s = tracer(scene)
    o, d = rays.origin, rays.direction
    for i in range(begin, end):
        out[i] = any_one(s, o[i, 0], o[i, 1], o[i, 2], d[i, 0], d[i, 1], d[i, 2], rays.time[i], t_max[i], visibility)
