"""One ray through the trees: the general form of `closest_hit` and `any_hit` (kernels/bvh.py).

The triangle test is that of Woop, Benthin and Wald 2013, "Watertight ray/triangle intersection": corners are sheared so that
the ray runs along an axis, where the sign of an edge function is never wrong, only zero, and then computed in float64.
Triangles that share a corner see it at one place, so that no ray slips between them, at edges or at corners.
"""

from __future__ import annotations

import numpy as np

from scenesim.kernels.bvh_build import INSTANCE, MOVES, PLACE, PROTOTYPE, ROW
from scenesim.kernels.jit import inline
from scenesim.kernels.pose import between, columns_back, share
from scenesim.kernels.simd import (
    absolute,
    bits,
    copy_sign,
    count_bits,
    cross_exactly,
    distance_keys,
    f32x8,
    falling,
    i32x8,
    lane,
    load_f4,
    load_f8,
    load_f32,
    load_f64,
    load_i32,
    lowest_bit,
    maximum,
    minimum,
    nearest_lane,
    pointer,
    stack_f32,
    stack_i32,
    store_i8,
)  # fmt: skip

BIG = np.float32(1e30)
ONE = np.float32(1.0)
ZERO = np.float32(0.0)
FAR_SLACK = np.float32(1.000001)  # the far plane of a box, moved by more than the rounding of the slab test
TINY = np.float32(1e-18)
STACK = 512  # at most 7 siblings wait at each of the 64 levels that bvh_build.DEEP allows; and eight are written at a time


@inline
def tracer(scene):
    """The raw pointers of a scene that a ray needs: one tuple, made once a span."""
    g = scene.geometry
    return (
        pointer(g.nodes), pointer(g.leaves), pointer(g.root), pointer(scene.top_nodes), pointer(scene.pose),
        pointer(scene.knot_time), pointer(scene.mask), len(scene.knot_time), len(scene.prototype),
    )  # fmt: skip


@inline
def _reciprocal(d):
    if abs(d) > TINY:
        return ONE / d
    return -ONE / TINY if d < ZERO else ONE / TINY


@inline
def instance_frame(scene, row, time):
    """instance_from_local at a time, by columns, and the instance's place: 12 float64. row: as in bvh.build_top."""
    top, pose, knot, knots, count = scene[3], scene[4], scene[5], scene[7], scene[8]
    o = row * ROW
    if knots == 1 or load_i32(top, o + MOVES) == 0:
        return (
            load_f64(top, o), load_f64(top, o + 2), load_f64(top, o + 4),
            load_f64(top, o + 6), load_f64(top, o + 8), load_f64(top, o + 10),
            load_f64(top, o + 12), load_f64(top, o + 14), load_f64(top, o + 16),
            np.float64(load_f32(top, o + PLACE)), np.float64(load_f32(top, o + PLACE + 1)),
            np.float64(load_f32(top, o + PLACE + 2)),
        )  # fmt: skip
    k = 0
    while k < knots - 2 and time >= load_f32(knot, k + 1):
        k += 1
    a = (k * count + load_i32(top, o + INSTANCE)) * 7
    w, x, y, z, px, py, pz = between(pose, a, a + count * 7, share(time, load_f32(knot, k), load_f32(knot, k + 1)))
    return (*columns_back(w, x, y, z), px, py, pz)


@inline
def into(frame, x, y, z):
    """A float32 vector in an instance's frame; computed in float64."""
    return (
        np.float32(frame[0] * x + frame[3] * y + frame[6] * z),
        np.float32(frame[1] * x + frame[4] * y + frame[7] * z),
        np.float32(frame[2] * x + frame[5] * y + frame[8] * z),
    )


@inline
def _slab_ray(dx, dy, dz):
    """What the box test needs of a direction: reciprocals, and for each axis the offset in a node of the planes met first."""
    ix, iy, iz = _reciprocal(dx), _reciprocal(dy), _reciprocal(dz)
    return ix, iy, iz, 24 if dx < ZERO else 0, 32 if dy < ZERO else 8, 40 if dz < ZERO else 16


@inline
def _enter_node(nodes, node, ox, oy, oz, slab, best):
    """(near, mask): t at which the ray meets each of the eight boxes, and the mask of those it enters before `best`."""
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
    return near, near <= far * FAR_SLACK


@inline
def descend(nodes, node, near, mask, entered, stack_t, stack_n, depth):
    """(nearest child, new depth): the others are pushed, the nearest of them on top. entered: the bits of `mask`, some set."""
    if entered & (entered - 1) == 0:
        return load_i32(nodes, node * 64 + 48 + lowest_bit(entered)), depth
    keys = distance_keys(near, mask)
    store_i8(stack_t, depth, falling(keys))
    store_i8(stack_n, depth, i32x8(node))
    return load_i32(nodes, node * 64 + 48 + nearest_lane(keys)), depth + count_bits(entered) - 1


@inline
def waiting(nodes, stack_t, stack_n, depth):
    """The child that waits at a depth: its parent is kept, and its slot in the low bits of its distance."""
    return load_i32(nodes, load_i32(stack_n, depth) * 64 + 48 + (load_i32(stack_t, depth) & 7))


@inline
def _shear_ray(ox, oy, oz, dx, dy, dz, ix, iy, iz):
    """What the triangle test needs of a ray: the axes z (that the ray runs along most), x and y, as offsets in a pack; the
    origin in that order; the shear that makes the direction (0, 0, 1)."""
    a, b, c = abs(dx), abs(dy), abs(dz)
    if c >= a and c >= b:
        return 0, 4, 8, ox, oy, oz, dx * iz, dy * iz, iz
    if b >= a:
        return 8, 0, 4, oz, ox, oy, dz * iy, dx * iy, iy
    return 4, 8, 0, oy, oz, ox, dy * ix, dz * ix, ix


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
    hit = inside & (t > ZERO) & (t < total * (best * FAR_SLACK))
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
def trace_tree(nodes, leaves, root, stack_t, stack_n, ox, oy, oz, dx, dy, dz, best, any_hit):
    """Nearest hit before `best` in one prototype, or with `any_hit` the first that is found."""
    slab = _slab_ray(dx, dy, dz)
    shear = _shear_ray(ox, oy, oz, dx, dy, dz, slab[0], slab[1], slab[2])
    bu, bv, row = ZERO, ZERO, -1
    depth, node = 0, root
    while True:
        if node >= 0:
            near, mask = _enter_node(nodes, node, ox, oy, oz, slab, best)
            entered = bits(mask)
            if entered:
                node, depth = descend(nodes, node, near, mask, entered, stack_t, stack_n, depth)
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
                node = waiting(nodes, stack_t, stack_n, depth)
                break


@inline
def trace(scene, ox, oy, oz, dx, dy, dz, time, t_max, visibility, any_hit):
    nodes, leaves, roots, top, masks = scene[0], scene[1], scene[2], scene[3], scene[6]
    stack_t, stack_n = stack_f32(STACK), stack_i32(STACK)
    top_t, top_n = stack_f32(STACK), stack_i32(STACK)
    slab = _slab_ray(dx, dy, dz)
    best, bu, bv, row, instance = t_max, ZERO, ZERO, -1, -1
    depth, node = 0, 0
    while True:
        if node >= 0:
            near, mask = _enter_node(top, node, ox, oy, oz, slab, best)
            entered = bits(mask)
            if entered:
                node, depth = descend(top, node, near, mask, entered, top_t, top_n, depth)
                continue
        elif load_i32(masks, load_i32(top, ~node * ROW + INSTANCE)) & visibility != 0:
            i = load_i32(top, ~node * ROW + INSTANCE)
            frame = instance_frame(scene, ~node, time)
            ax, ay, az = into(frame, ox - frame[9], oy - frame[10], oz - frame[11])
            bx, by, bz = into(frame, dx, dy, dz)
            root = load_i32(roots, load_i32(top, ~node * ROW + PROTOTYPE))
            t, u, v, r = trace_tree(nodes, leaves, root, stack_t, stack_n, ax, ay, az, bx, by, bz, best, any_hit)
            if r >= 0:
                best, bu, bv, row, instance = t, u, v, r, i
                if any_hit:
                    return best, instance, row, bu, bv
        while True:
            if depth == 0:
                return best, instance, row, bu, bv
            depth -= 1
            if load_f32(top_t, depth) < best:
                node = waiting(top, top_t, top_n, depth)
                break
