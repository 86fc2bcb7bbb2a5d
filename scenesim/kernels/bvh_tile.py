"""Tiles: the coherent form of `closest_hit`, for 64 rays that share their origin and their time.

A tile goes down the trees as one. In the frame of a prototype, and along the axis z that all its rays run along most, the rays
are slopes (dx / dz, dy / dz): a box or a triangle is met by none of them if it lies outside the tile's range of slopes. What is
left is tested ray by ray, sixteen at a time, by the same formula as in bvh.py, so that the answer is the same.
"""

from __future__ import annotations

import numpy as np

from scenesim.kernels.bvh_build import INSTANCE, PROTOTYPE, ROW, UNTURNED
from scenesim.kernels.bvh_ray import BIG, FAR_SLACK, ONE, ZERO, descend, instance_frame, into, trace_tree
from scenesim.kernels.jit import inline
from scenesim.kernels.simd import (
    absolute,
    bits,
    combine,
    copy_sign,
    cross_exactly,
    f32x4,
    f32x8,
    f32x16,
    highest,
    i32x16,
    load_f4,
    load_f8,
    load_f16,
    load_f32,
    load_i16,
    load_i32,
    lowest,
    lowest_bit,
    maximum,
    minimum,
    select,
    store_f4,
    store_f16,
    store_f32,
    store_i16,
    store_i32,
)  # fmt: skip

BLOCK = 8
RAYS = BLOCK * BLOCK
LANES = 16
WIDEST = np.float32(0.4)  # range of slopes in a tile beyond which its rays have little in common
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
HALF = np.float32(0.5)
WIDER = np.float32(1e-6)  # relative, of ranges of slopes: more than the rounding of what is compared with them
EDGE = np.float32(4e-7)  # relative rounding of an edge function
# Offsets in the scratch of a tile: x, y, z of directions; slopes x, y and 1 / |dz| in a prototype's frame; t, u, v of hits.
DIRECTION, SLOPE, HIT = 0, 3 * RAYS, 6 * RAYS
CORNERS = 9 * RAYS  # nine floats of each of four triangles
EDGES = CORNERS + 36  # ten floats of each: three edge functions at the middle and their two slopes, and the margin
QUARTER = EDGES + 40  # for each quarter of the tile middle and half width of slope x, then y
SCRATCH = QUARTER + 16
IDS = 2 * RAYS


@inline
def _direction(rays, frame, k):
    """Sixteen directions, in an instance's frame."""
    x, y, z = load_f16(rays, DIRECTION + k), load_f16(rays, DIRECTION + RAYS + k), load_f16(rays, DIRECTION + 2 * RAYS + k)
    return (
        combine(x, y, z, frame[0], frame[3], frame[6]),
        combine(x, y, z, frame[1], frame[4], frame[7]),
        combine(x, y, z, frame[2], frame[5], frame[8]),
    )


@inline
def _main_axis(a, b, c):
    """The axis of the largest of three magnitudes, as in bvh._shear_ray."""
    return 2 if c >= a and c >= b else (1 if b >= a else 0)


@inline
def _note_range(rays, at, x):
    """Middle and half width of sixteen slopes, for _quarters."""
    low, high = lowest(x), highest(x)
    store_f32(rays, at, (low + high) * HALF)
    store_f32(rays, at + 4, (high - low) * HALF + (abs(low) + abs(high)) * WIDER)


@inline
def _slopes(rays, frame):
    """Write the slopes of a tile. (axis, sign, range of slope x, that of y, largest |dz|); axis -1 if rays differ in it."""
    x, y, z = _direction(rays, frame, 0)
    first = load_f32(rays, DIRECTION), load_f32(rays, DIRECTION + RAYS), load_f32(rays, DIRECTION + 2 * RAYS)
    dx, dy, dz = into(frame, first[0], first[1], first[2])
    axis = _main_axis(abs(dx), abs(dy), abs(dz))
    sign = ONE if (dx if axis == 0 else (dy if axis == 1 else dz)) > ZERO else -ONE
    x0, x1, y0, y1, steep = f32x16(BIG), f32x16(-BIG), f32x16(BIG), f32x16(-BIG), f32x16(ZERO)
    for k in range(0, RAYS, LANES):
        x, y, z = _direction(rays, frame, k)
        a, b, c = absolute(x), absolute(y), absolute(z)
        if axis == 2:
            same = (c >= a) & (c >= b) & (z * sign > ZERO)
        elif axis == 1:
            same = ((c < a) | (c < b)) & (b >= a) & (y * sign > ZERO)
            x, y, z = z, x, y
        else:
            same = ((c < a) | (c < b)) & (b < a) & (x * sign > ZERO)
            x, y, z = y, z, x
        if bits(same) != 0xFFFF:
            return -1, sign, ZERO, ZERO, ZERO, ZERO, ZERO
        z = z * sign
        inverse = f32x16(ONE) / z
        x, y = x * inverse, y * inverse
        store_f16(rays, SLOPE + k, x)
        store_f16(rays, SLOPE + RAYS + k, y)
        store_f16(rays, SLOPE + 2 * RAYS + k, inverse)
        _note_range(rays, QUARTER + k // LANES, x)
        _note_range(rays, QUARTER + 8 + k // LANES, y)
        x0, x1, y0, y1 = minimum(x0, x), maximum(x1, x), minimum(y0, y), maximum(y1, y)
        steep = maximum(steep, z)
    x0, x1, y0, y1 = lowest(x0), highest(x1), lowest(y0), highest(y1)
    return axis, sign, x0 - abs(x0) * WIDER, x1 + abs(x1) * WIDER, y0 - abs(y0) * WIDER, y1 + abs(y1) * WIDER, highest(steep)


@inline
def _furthest(rays):
    """The largest t of the tile's hits so far."""
    t = load_f16(rays, HIT)
    for k in range(LANES, RAYS, LANES):
        t = maximum(t, load_f16(rays, HIT + k))
    return highest(t) * FAR_SLACK


@inline
def _enter_node(nodes, node, view, limit):
    """(depth at which each of the eight boxes begins, bits of those that the tile may meet before depth `limit`)."""
    axis, sign, x0, x1, y0, y1, ox, oy, oz, ax, ay, az = view
    o = node * 64
    front, back = (az, az + 24) if sign > ZERO else (az + 24, az)
    near = maximum((load_f8(nodes, o + front) - oz) * sign, f32x8(ZERO))
    far = (load_f8(nodes, o + back) - oz) * sign
    met = (far >= ZERO) & (near <= limit)
    met = met & (minimum(near * x0, far * x0) <= load_f8(nodes, o + 24 + ax) - ox)
    met = met & (maximum(near * x1, far * x1) >= load_f8(nodes, o + ax) - ox)
    met = met & (minimum(near * y0, far * y0) <= load_f8(nodes, o + 24 + ay) - oy)
    met = met & (maximum(near * y1, far * y1) >= load_f8(nodes, o + ay) - oy)
    return near, bits(met)


@inline
def _edge_range(rays, at, px, py, pz, qx, qy, qz, rx, ry, margin):
    """(middle, half width) of the edge function q x p over the tile: it is linear in the slopes. Kept in the scratch."""
    gx, gy = qy * pz - qz * py, qz * px - qx * pz
    f = qx * py - qy * px
    store_f4(rays, at, f)
    store_f4(rays, at + 4, gx)
    store_f4(rays, at + 8, gy)
    return f, absolute(gx) * rx + absolute(gy) * ry + margin


@inline
def _test_pack(leaves, leaf, view, limit, rays, ids, instance):
    """Test a tile against four triangles; whether any of its rays hits."""
    axis, sign, x0, x1, y0, y1, ox, oy, oz, kx, ky, kz = view
    o, kx, ky, kz = leaf * 40, kx // 2, ky // 2, kz // 2
    az, bz = (load_f4(leaves, o + kz) - oz) * sign, (load_f4(leaves, o + 12 + kz) - oz) * sign
    cz = (load_f4(leaves, o + 24 + kz) - oz) * sign
    ax, bx, cx = load_f4(leaves, o + kx) - ox, load_f4(leaves, o + 12 + kx) - ox, load_f4(leaves, o + 24 + kx) - ox
    ay, by, cy = load_f4(leaves, o + ky) - oy, load_f4(leaves, o + 12 + ky) - oy, load_f4(leaves, o + 24 + ky) - oy
    # Which triangles can any ray meet? Edge functions at the middle slope, and how far they change over the tile.
    mx, my, rx, ry = (x0 + x1) * HALF, (y0 + y1) * HALF, (x1 - x0) * HALF, (y1 - y0) * HALF
    px, py, qx, qy, sx, sy = ax - az * mx, ay - az * my, bx - bz * mx, by - bz * my, cx - cz * mx, cy - cz * my
    deep = maximum(maximum(az, bz), cz)
    scale = maximum(absolute(deep), absolute(minimum(minimum(az, bz), cz))) * EDGE
    wide = maximum(maximum(absolute(px) + absolute(py), absolute(qx) + absolute(qy)), absolute(sx) + absolute(sy))
    margin = scale * (wide + scale * ((rx + ry) / EDGE)) * np.float32(2.0)
    u, ur = _edge_range(rays, EDGES, qx, qy, bz, sx, sy, cz, rx, ry, margin)
    v, vr = _edge_range(rays, EDGES + 12, sx, sy, cz, px, py, az, rx, ry, margin)
    w, wr = _edge_range(rays, EDGES + 24, px, py, az, qx, qy, bz, rx, ry, margin)
    met = (minimum(minimum(u + ur, v + vr), w + wr) >= ZERO) | (maximum(maximum(u - ur, v - vr), w - wr) <= ZERO)
    met = met & (deep >= ZERO) & (minimum(minimum(az, bz), cz) <= limit)
    candidates = bits(met)
    if candidates == 0:
        return False
    store_f4(rays, CORNERS, ax)
    store_f4(rays, CORNERS + 4, ay)
    store_f4(rays, CORNERS + 8, az)
    store_f4(rays, CORNERS + 12, bx)
    store_f4(rays, CORNERS + 16, by)
    store_f4(rays, CORNERS + 20, bz)
    store_f4(rays, CORNERS + 24, cx)
    store_f4(rays, CORNERS + 28, cy)
    store_f4(rays, CORNERS + 32, cz)
    store_f4(rays, EDGES + 36, margin)
    hit = False
    while candidates:
        j = lowest_bit(candidates)
        candidates &= candidates - 1
        quarters = _quarters(rays, EDGES + j, mx, my)
        while quarters:
            k = lowest_bit(quarters)
            quarters &= quarters - 1
            if _test_triangle(rays, ids, CORNERS + j, k * LANES, load_i32(leaves, o + 36 + j), instance):
                hit = True
    return hit


@inline
def _quarters(rays, e, mx, my):
    """Bits of the quarters of the tile that a triangle may meet, whose edge functions begin at e in the scratch."""
    dx, rx = load_f4(rays, QUARTER) - mx, load_f4(rays, QUARTER + 4)
    dy, ry = load_f4(rays, QUARTER + 8) - my, load_f4(rays, QUARTER + 12)
    margin = f32x4(load_f32(rays, e + 36))
    least, most = f32x4(BIG), f32x4(-BIG)
    for _ in range(3):
        f, gx, gy = load_f32(rays, e), load_f32(rays, e + 4), load_f32(rays, e + 8)
        middle = dx * gx + dy * gy + f
        reach = rx * abs(gx) + ry * abs(gy) + margin
        least, most = minimum(least, middle + reach), maximum(most, middle - reach)
        e += 12
    return bits((least >= ZERO) | (most <= ZERO))


@inline
def _test_triangle(rays, ids, c, k, row, instance):
    """Test sixteen rays, from k on, against the triangle whose corners begin at c in the scratch; as in bvh._test_pack."""
    sx, sy = load_f16(rays, SLOPE + k), load_f16(rays, SLOPE + RAYS + k)
    az, bz, cz = load_f32(rays, c + 8), load_f32(rays, c + 20), load_f32(rays, c + 32)
    ax, ay = f32x16(load_f32(rays, c)) - sx * az, f32x16(load_f32(rays, c + 4)) - sy * az
    bx, by = f32x16(load_f32(rays, c + 12)) - sx * bz, f32x16(load_f32(rays, c + 16)) - sy * bz
    cx, cy = f32x16(load_f32(rays, c + 24)) - sx * cz, f32x16(load_f32(rays, c + 28)) - sy * cz
    u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
    if bits((u == ZERO) | (v == ZERO) | (w == ZERO)):
        u, v, w = cross_exactly(cx, by, cy, bx), cross_exactly(ax, cy, ay, cx), cross_exactly(bx, ay, by, ax)
    inside = (minimum(minimum(u, v), w) >= ZERO) | (maximum(maximum(u, v), w) <= ZERO)
    if bits(inside) == 0:
        return False
    area = u + v + w
    t = copy_sign((u * az + v * bz + w * cz) * load_f16(rays, SLOPE + 2 * RAYS + k), area)
    total, best = absolute(area), load_f16(rays, HIT + k)
    inside = inside & (t > ZERO) & (t < total * (best * FAR_SLACK))
    if bits(inside) == 0:
        return False
    t = t / total
    inside = inside & (t < best)
    store_f16(rays, HIT + k, select(inside, t, best))
    store_f16(rays, HIT + RAYS + k, select(inside, v / area, load_f16(rays, HIT + RAYS + k)))
    store_f16(rays, HIT + 2 * RAYS + k, select(inside, w / area, load_f16(rays, HIT + 2 * RAYS + k)))
    store_i16(ids, k, select(inside, i32x16(row), load_i16(ids, k)))
    store_i16(ids, RAYS + k, select(inside, i32x16(instance), load_i16(ids, RAYS + k)))
    return True


@inline
def _view(slopes, ox, oy, oz):
    """Slopes with the origin and the offsets of the axes in a node, in the order x, y, z of the slopes."""
    axis, sign, x0, x1, y0, y1, _ = slopes
    if axis == 2:
        return axis, sign, x0, x1, y0, y1, ox, oy, oz, 0, 8, 16
    if axis == 1:
        return axis, sign, x0, x1, y0, y1, oz, ox, oy, 16, 0, 8
    return axis, sign, x0, x1, y0, y1, oy, oz, ox, 8, 16, 0


@inline
def _trace_tree_tile(nodes, leaves, root, stack_t, stack_n, slopes, ox, oy, oz, rays, ids, instance, furthest):
    """Nearest hits of a tile in one prototype. Returns the new furthest t."""
    view, steep = _view(slopes, ox, oy, oz), slopes[6] * FAR_SLACK
    limit = furthest * steep
    depth, node = 0, root
    while True:
        if node >= 0:
            near, entered = _enter_node(nodes, node, view, limit)
            if entered:
                node, depth = descend(nodes, node, near, entered, stack_t, stack_n, depth)
                continue
        elif _test_pack(leaves, ~node, view, limit, rays, ids, instance):
            furthest = _furthest(rays)
            limit = furthest * steep
        while True:
            if depth == 0:
                return furthest
            depth -= 1
            if load_f32(stack_t, depth) <= limit:
                node = load_i32(stack_n, depth)
                break


@inline
def _one_by_one(nodes, leaves, root, stack_t, stack_n, frame, ox, oy, oz, rays, ids, instance):
    """The rays of a tile in one prototype, each for itself."""
    for k in range(RAYS):
        dx, dy, dz = into(
            frame, load_f32(rays, DIRECTION + k), load_f32(rays, DIRECTION + RAYS + k), load_f32(rays, DIRECTION + 2 * RAYS + k)
        )
        best = load_f32(rays, HIT + k)
        t, u, v, row = trace_tree(nodes, leaves, root, stack_t, stack_n, ox, oy, oz, dx, dy, dz, best, False)
        if row >= 0:
            store_f32(rays, HIT + k, t)
            store_f32(rays, HIT + RAYS + k, u)
            store_f32(rays, HIT + 2 * RAYS + k, v)
            store_i32(ids, k, row)
            store_i32(ids, RAYS + k, instance)


@inline
def same_source(rays, i, j):
    """Whether two rays have one origin and one time. rays: raw pointers to origins, directions and times."""
    o, _, time = rays
    i3, j3 = 3 * i, 3 * j
    return (
        load_f32(o, i3) == load_f32(o, j3) and load_f32(o, i3 + 1) == load_f32(o, j3 + 1)
        and load_f32(o, i3 + 2) == load_f32(o, j3 + 2) and load_f32(time, i) == load_f32(time, j)
    )  # fmt: skip


@inline
def _place(k, stride):
    """Where ray k of a tile lies behind its first: quarters of 4 x 4 rays in a block, of 16 on end if `stride` is 0."""
    if stride == 0:
        return k
    return ((k >> 5) * 4 + (k >> 2 & 3)) * stride + (k >> 4 & 1) * 4 + (k & 3)


@inline
def _load(rays, first, stride, scratch, ids):
    """Put a tile into the scratch; False if its rays have not one source."""
    same = True
    for k in range(RAYS):
        i = first + _place(k, stride)
        same = same and same_source(rays, first, i)
        for c in range(3):
            store_f32(scratch, DIRECTION + c * RAYS + k, load_f32(rays[1], 3 * i + c))
    for k in range(0, RAYS, LANES):
        store_f16(scratch, HIT + k, f32x16(BIG))
        store_f16(scratch, HIT + RAYS + k, f32x16(ZERO))
        store_f16(scratch, HIT + 2 * RAYS + k, f32x16(ZERO))
        store_i16(ids, k, i32x16(-1))
        store_i16(ids, RAYS + k, i32x16(-1))
    return same


@inline
def _store(scratch, ids, first, stride, hits):
    for k in range(RAYS):
        i = first + _place(k, stride)
        row = load_i32(ids, k)
        store_f32(hits[0], i, load_f32(scratch, HIT + k) if row >= 0 else np.float32(np.inf))
        store_f32(hits[3], 2 * i, load_f32(scratch, HIT + RAYS + k))
        store_f32(hits[3], 2 * i + 1, load_f32(scratch, HIT + 2 * RAYS + k))
        store_i32(hits[2], i, row)
        store_i32(hits[1], i, load_i32(ids, RAYS + k))


@inline
def trace_tile(scene, rays, first, stride, visibility, room, hits):
    """Write the hits of 8 rows of 8 rays that begin `stride` rays apart, or of 64 on end if it is 0.

    False, and nothing written, if they are no tile: if origin or time differ, or the directions by too much. room: two pairs of
    stacks (bvh_ray.STACK), SCRATCH float32 and IDS int32.
    """
    top_t, top_n, stack_t, stack_n, scratch, ids = room
    if not _load(rays, first, stride, scratch, ids):
        return False
    slopes = _slopes(scratch, IDENTITY)
    if slopes[0] < 0 or slopes[3] - slopes[2] > WIDEST or slopes[5] - slopes[4] > WIDEST:
        return False
    o = rays[0]
    ox, oy, oz, time = load_f32(o, 3 * first), load_f32(o, 3 * first + 1), load_f32(o, 3 * first + 2), load_f32(rays[2], first)
    _trace(scene, ox, oy, oz, time, visibility, slopes, scratch, ids, top_t, top_n, stack_t, stack_n)
    _store(scratch, ids, first, stride, hits)
    return True


@inline
def _trace(scene, ox, oy, oz, time, visibility, slopes, rays, ids, top_t, top_n, stack_t, stack_n):
    """Nearest hits of a tile whose directions are in its scratch, with its slopes in the local frame; written there."""
    nodes, leaves, roots, top, masks = scene[0], scene[1], scene[2], scene[3], scene[6]
    view, steep = _view(slopes, ox, oy, oz), slopes[6] * FAR_SLACK
    furthest = _furthest(rays)
    limit = furthest * steep
    depth, node = 0, 0
    here, level = slopes, True  # whether the slopes in the scratch are those of the local frame
    while True:
        if node >= 0:
            near, entered = _enter_node(top, node, view, limit)
            if entered:
                node, depth = descend(top, node, near, entered, top_t, top_n, depth)
                continue
        elif load_i32(masks, load_i32(top, ~node * ROW + INSTANCE)) & visibility != 0:
            i = load_i32(top, ~node * ROW + INSTANCE)
            frame = instance_frame(scene, ~node, time)
            ax, ay, az = into(frame, ox - frame[9], oy - frame[10], oz - frame[11])
            root = load_i32(roots, load_i32(top, ~node * ROW + PROTOTYPE))
            if load_i32(top, ~node * ROW + UNTURNED) == 0:
                here, level = _slopes(rays, frame), False
            elif not level:
                here, level = _slopes(rays, IDENTITY), True
            if here[0] >= 0:
                furthest = _trace_tree_tile(nodes, leaves, root, stack_t, stack_n, here, ax, ay, az, rays, ids, i, furthest)
            else:
                _one_by_one(nodes, leaves, root, stack_t, stack_n, frame, ax, ay, az, rays, ids, i)
                furthest = _furthest(rays)
            limit = furthest * steep
        while True:
            if depth == 0:
                return
            depth -= 1
            if load_f32(top_t, depth) <= limit:
                node = load_i32(top_n, depth)
                break
