"""Tiles: the coherent form of both traversals, for 16 to 64 rays that run side by side.

A tile goes down the trees as one. In the frame of a prototype, and along the axis z that all its rays run along most, a ray is
a slope (dx / dz, dy / dz) and the place where it meets the plane z0 that no ray begins behind: a box or a triangle is met by
none of them if it lies outside the tile's ranges of slopes and places. What is left is tested ray by ray, sixteen at a time,
by the same formula as in bvh_ray.py, so that the answer is the same. The rays of a camera at rest have one place; those
towards the sun have one slope; those of a lidar differ a little in both.
"""

from __future__ import annotations

import numpy as np

from scenesim.kernels.bvh_build import HOME, INSTANCE, MOVES, PROTOTYPE, ROW
from scenesim.kernels.bvh_ray import BIG, FAR_SLACK, ONE, ZERO, descend, instance_frame, into, trace_tree, waiting
from scenesim.kernels.jit import inline
from scenesim.kernels.simd import (
    absolute,
    bits,
    combine,
    copy_sign,
    count_bits,
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
ALL = (1 << LANES) - 1  # bits of sixteen rays
BLOCK_SLOPE = np.float32(0.4)  # range of slopes in a block beyond which its rays have little in common
STRIP_TURN = np.float32(0.05)  # by which directions in a strip differ at the most
APART, ALONG = np.float32(0.4), np.float32(4.0)  # m between origins in a tile, across the rays and along them
FEW_PARALLEL, FEW_FANNED = 3, 9  # rays that are better cast one by one: measured, towards the sun and of lidars
FAR_SPREAD = np.float32(10.0)  # m at which rays of a tile are apart by their slopes or by their places, whichever is more
HALF = np.float32(0.5)
WIDER = np.float32(1e-6)  # relative, of ranges: more than the rounding of what is compared with them
EDGE = np.float32(8e-7)  # relative rounding of an edge function, twice
# Offsets in the scratch of a tile. In the local frame: directions, origins, times. In a prototype's frame: directions and
# origins, and then slopes x and y and 1 / |dz|, and origins in the order of these axes. t, u, v of hits.
DIRECTION, ORIGIN, TIME, MOVED, SLOPE, START, HIT = 0, 3 * RAYS, 6 * RAYS, 7 * RAYS, 13 * RAYS, 16 * RAYS, 19 * RAYS
CORNERS = 22 * RAYS  # nine floats of each of four triangles
EDGES = CORNERS + 36  # of each three edge functions: at the middle, their two slopes, and how far they change otherwise
QUARTER = EDGES + 48  # for each quarter of the tile: middle and half width of slope x, then y
PLACES, FURTHEST = QUARTER + 16, QUARTER + 32  # the same of places, and its furthest hit
FRONT = FURTHEST + 4  # depth at which each of four triangles begins
LOADED = FRONT + 8  # directions, origins, times and reaches of rays of which tiles are made
SCRATCH = LOADED + 8 * RAYS
IDS = 2 * RAYS
NO_BEAM = (-1, ONE, *(ZERO,) * 11)


@inline
def _main_axis(a, b, c):
    """The axis of the largest of three magnitudes, as in bvh_ray._shear_ray."""
    return 2 if c >= a and c >= b else (1 if b >= a else 0)


@inline
def _note_range(rays, at, x, slack):
    """Middle and half width of sixteen slopes or places, for _quarters."""
    low, high = lowest(x), highest(x)
    store_f32(rays, at, (low + high) * HALF)
    store_f32(rays, at + 4, (high - low) * HALF + slack + (abs(low) + abs(high)) * WIDER)


@inline
def _move(scene, row, time, one_time, one_place, rays, n):
    """Put the tile's rays into the frame of an instance, each at its own time; of one place only the first origin."""
    if one_time or load_i32(scene[3], row * ROW + MOVES) == 0:
        f = instance_frame(scene, row, time)
        for k in range(0, n, LANES):
            x, y, z = load_f16(rays, k), load_f16(rays, RAYS + k), load_f16(rays, 2 * RAYS + k)
            store_f16(rays, MOVED + k, combine(x, y, z, 0.0, 0.0, 0.0, f[0], f[3], f[6]))
            store_f16(rays, MOVED + RAYS + k, combine(x, y, z, 0.0, 0.0, 0.0, f[1], f[4], f[7]))
            store_f16(rays, MOVED + 2 * RAYS + k, combine(x, y, z, 0.0, 0.0, 0.0, f[2], f[5], f[8]))
            if one_place and k > 0:
                continue
            x, y, z = load_f16(rays, ORIGIN + k), load_f16(rays, ORIGIN + RAYS + k), load_f16(rays, ORIGIN + 2 * RAYS + k)
            store_f16(rays, MOVED + 3 * RAYS + k, combine(x, y, z, f[9], f[10], f[11], f[0], f[3], f[6]))
            store_f16(rays, MOVED + 4 * RAYS + k, combine(x, y, z, f[9], f[10], f[11], f[1], f[4], f[7]))
            store_f16(rays, MOVED + 5 * RAYS + k, combine(x, y, z, f[9], f[10], f[11], f[2], f[5], f[8]))
        return
    last = time
    f = instance_frame(scene, row, time)
    for k in range(n):
        if load_f32(rays, TIME + k) != last:
            last = load_f32(rays, TIME + k)
            f = instance_frame(scene, row, last)
        for c in range(2):
            a = c * 3 * RAYS + k
            x, y, z = (
                np.float64(load_f32(rays, DIRECTION + a)), np.float64(load_f32(rays, DIRECTION + RAYS + a)),
                np.float64(load_f32(rays, DIRECTION + 2 * RAYS + a)),
            )  # fmt: skip
            if c == 1:
                x, y, z = x - f[9], y - f[10], z - f[11]
            x, y, z = into(f, x, y, z)
            store_f32(rays, MOVED + a, x)
            store_f32(rays, MOVED + RAYS + a, y)
            store_f32(rays, MOVED + 2 * RAYS + a, z)


@inline
def _axes(axis):
    """Offsets in a node of the axes x, y, z of the slopes."""
    if axis == 2:
        return 0, 8, 16
    if axis == 1:
        return 16, 0, 8
    return 8, 16, 0


@inline
def _beam(rays, at, n, one_place):
    """What the tests need of a tile whose directions and origins lie from `at` on in the scratch; also writes its slopes and
    origins there. (axis, sign, range of slope x, of y, of place x, of y, z0, how much later than z0 a ray may begin, largest
    |dz|); axis -1 if rays differ in it."""
    dx, dy, dz = load_f32(rays, at), load_f32(rays, at + RAYS), load_f32(rays, at + 2 * RAYS)
    axis = _main_axis(abs(dx), abs(dy), abs(dz))
    sign = ONE if (dx if axis == 0 else (dy if axis == 1 else dz)) > ZERO else -ONE
    x0, x1, y0, y1, steep = f32x16(BIG), f32x16(-BIG), f32x16(BIG), f32x16(-BIG), f32x16(ZERO)
    for k in range(at, at + n, LANES):
        x, y, z = load_f16(rays, k), load_f16(rays, k + RAYS), load_f16(rays, k + 2 * RAYS)
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
            return NO_BEAM
        z = z * sign
        inverse = f32x16(ONE) / z
        x, y = x * inverse, y * inverse
        j = k - at
        store_f16(rays, SLOPE + j, x)
        store_f16(rays, SLOPE + RAYS + j, y)
        store_f16(rays, SLOPE + 2 * RAYS + j, inverse)
        if n > LANES:
            _note_range(rays, QUARTER + j // LANES, x, ZERO)
            _note_range(rays, QUARTER + 8 + j // LANES, y, ZERO)
        x0, x1, y0, y1 = minimum(x0, x), maximum(x1, x), minimum(y0, y), maximum(y1, y)
        steep = maximum(steep, z)
    x0, x1, y0, y1, steep = lowest(x0), highest(x1), lowest(y0), highest(y1), highest(steep) * FAR_SLACK
    x0, x1, y0, y1 = x0 - abs(x0) * WIDER, x1 + abs(x1) * WIDER, y0 - abs(y0) * WIDER, y1 + abs(y1) * WIDER
    ax, ay, az = _axes(axis)
    ax, ay, az = at + (3 + ax // 8) * RAYS, at + (3 + ay // 8) * RAYS, at + (3 + az // 8) * RAYS
    if one_place:
        px, py = load_f32(rays, ax), load_f32(rays, ay)
        return axis, sign, x0, x1, y0, y1, px, px, py, py, load_f32(rays, az), ZERO, steep
    z0, z1 = f32x16(BIG), f32x16(-BIG)
    for k in range(0, n, LANES):
        z = load_f16(rays, az + k) * sign
        z0, z1 = minimum(z0, z), maximum(z1, z)
    first = lowest(z0)
    later = highest(z1) - first
    a0, a1, b0, b1 = f32x16(BIG), f32x16(-BIG), f32x16(BIG), f32x16(-BIG)
    for k in range(0, n, LANES):
        x, y, z = load_f16(rays, ax + k), load_f16(rays, ay + k), load_f16(rays, az + k)
        store_f16(rays, START + k, x)
        store_f16(rays, START + RAYS + k, y)
        store_f16(rays, START + 2 * RAYS + k, z)
        z = z * sign - first
        x = x - z * load_f16(rays, SLOPE + k)
        y = y - z * load_f16(rays, SLOPE + RAYS + k)
        if n > LANES:
            _note_range(rays, PLACES + k // LANES, x, later * WIDER)
            _note_range(rays, PLACES + 8 + k // LANES, y, later * WIDER)
        a0, a1, b0, b1 = minimum(a0, x), maximum(a1, x), minimum(b0, y), maximum(b1, y)
    a0, a1, b0, b1 = lowest(a0), highest(a1), lowest(b0), highest(b1)
    slack = (max(max(abs(a0), abs(a1)), max(abs(b0), abs(b1))) + later) * WIDER
    return axis, sign, x0, x1, y0, y1, a0 - slack, a1 + slack, b0 - slack, b1 + slack, first * sign, later, steep


@inline
def _furthest(rays, n):
    """The largest t of the tile's hits so far; those of its quarters are kept in the scratch."""
    most = -ONE
    for k in range(0, n, LANES):
        t = highest(load_f16(rays, HIT + k)) * FAR_SLACK
        store_f32(rays, FURTHEST + k // LANES, t)
        most = max(most, t)
    return most


@inline
def _enter_node(nodes, node, beam, axes, limit):
    """(depth at which each of the eight boxes begins, bits of those that the tile may meet before depth `limit`)."""
    _, sign, x0, x1, y0, y1, a0, a1, b0, b1, z0, _, _ = beam
    ax, ay, az = axes
    o = node * 64
    front, back = (az, az + 24) if sign > ZERO else (az + 24, az)
    near = maximum((load_f8(nodes, o + front) - z0) * sign, f32x8(ZERO))
    far = (load_f8(nodes, o + back) - z0) * sign
    met = (far >= ZERO) & (near <= limit)
    met = met & (minimum(near * x0, far * x0) <= load_f8(nodes, o + 24 + ax) - a0)
    met = met & (maximum(near * x1, far * x1) >= load_f8(nodes, o + ax) - a1)
    met = met & (minimum(near * y0, far * y0) <= load_f8(nodes, o + 24 + ay) - b0)
    met = met & (maximum(near * y1, far * y1) >= load_f8(nodes, o + ay) - b1)
    return near, met


@inline
def _edge_range(rays, at, px, py, pz, qx, qy, qz, radius, by_place, margin):
    """(middle, half width) of the edge function q x p over the tile. It is linear in the slopes and in the places, and has a
    product of both. Kept in the scratch, with how it changes by slopes or by places."""
    rx, ry, ra, rb = radius
    gx, gy, hx, hy = qy * pz - qz * py, qz * px - qx * pz, qy - py, px - qx
    f = qx * py - qy * px
    product = absolute(qz - pz) * (ry * ra + rx * rb) + margin
    by_slopes, by_places = absolute(gx) * rx + absolute(gy) * ry, absolute(hx) * ra + absolute(hy) * rb
    store_f4(rays, at, f)
    if by_place:
        store_f4(rays, at + 4, hx)
        store_f4(rays, at + 8, hy)
        store_f4(rays, at + 12, by_slopes + product)
    else:
        store_f4(rays, at + 4, gx)
        store_f4(rays, at + 8, gy)
        store_f4(rays, at + 12, by_places + product)
    return f, by_slopes + by_places + product


@inline
def _test_pack(leaves, leaf, beam, axes, limit, rays, ids, n, one_place, instance, any_hit):
    """Test a tile against four triangles; whether any of its rays hits."""
    _, sign, x0, x1, y0, y1, a0, a1, b0, b1, z0, _, _ = beam
    kx, ky, kz = axes
    o, kx, ky, kz = leaf * 40, kx // 2, ky // 2, kz // 2
    mx, my, ma, mb = (x0 + x1) * HALF, (y0 + y1) * HALF, (a0 + a1) * HALF, (b0 + b1) * HALF
    radius = (x1 - x0) * HALF, (y1 - y0) * HALF, (a1 - a0) * HALF, (b1 - b0) * HALF
    az, bz = (load_f4(leaves, o + kz) - z0) * sign, (load_f4(leaves, o + 12 + kz) - z0) * sign
    cz = (load_f4(leaves, o + 24 + kz) - z0) * sign
    ax, bx, cx = load_f4(leaves, o + kx) - ma, load_f4(leaves, o + 12 + kx) - ma, load_f4(leaves, o + 24 + kx) - ma
    ay, by, cy = load_f4(leaves, o + ky) - mb, load_f4(leaves, o + 12 + ky) - mb, load_f4(leaves, o + 24 + ky) - mb
    # Which triangles can any ray meet? Not those beyond one of the planes around the tile, and not those one of whose edges
    # the tile passes outside of: edge functions at the middle ray, and how far they change over the tile.
    px, py, qx, qy, sx, sy = ax - az * mx, ay - az * my, bx - bz * mx, by - bz * my, cx - cz * mx, cy - cz * my
    deep, front = maximum(maximum(az, bz), cz), minimum(minimum(az, bz), cz)
    long = maximum(absolute(deep), absolute(front))
    wide = maximum(maximum(absolute(px) + absolute(py), absolute(qx) + absolute(qy)), absolute(sx) + absolute(sy))
    wide = wide + long * (radius[0] + radius[1]) + (radius[2] + radius[3])
    margin = (long + wide) * wide * EDGE
    rx, ry, ra, rb = radius
    off = (long + wide) * EDGE
    met = minimum(minimum(px - az * rx, qx - bz * rx), sx - cz * rx) <= off + ra
    met = met & (maximum(maximum(px + az * rx, qx + bz * rx), sx + cz * rx) >= -ra - off)
    met = met & (minimum(minimum(py - az * ry, qy - bz * ry), sy - cz * ry) <= off + rb)
    met = met & (maximum(maximum(py + az * ry, qy + bz * ry), sy + cz * ry) >= -rb - off)
    met = met & (deep >= ZERO) & (front <= limit)
    if bits(met) == 0:
        return False
    by_place = (rx + ry) * FAR_SPREAD < ra + rb
    u, ur = _edge_range(rays, EDGES, qx, qy, bz, sx, sy, cz, radius, by_place, margin)
    v, vr = _edge_range(rays, EDGES + 16, sx, sy, cz, px, py, az, radius, by_place, margin)
    w, wr = _edge_range(rays, EDGES + 32, px, py, az, qx, qy, bz, radius, by_place, margin)
    around = (minimum(minimum(u + ur, v + vr), w + wr) >= ZERO) | (maximum(maximum(u - ur, v - vr), w - wr) <= ZERO)
    candidates = bits(met & around)
    if candidates == 0:
        return False
    if one_place:
        _keep(rays, ax, ay, az, bx, by, bz, cx, cy, cz)
    else:
        _keep(
            rays, load_f4(leaves, o + kx), load_f4(leaves, o + ky), load_f4(leaves, o + kz), load_f4(leaves, o + 12 + kx),
            load_f4(leaves, o + 12 + ky), load_f4(leaves, o + 12 + kz), load_f4(leaves, o + 24 + kx),
            load_f4(leaves, o + 24 + ky), load_f4(leaves, o + 24 + kz),
        )  # fmt: skip
    store_f4(rays, FRONT, front)
    at, ux, uy = (PLACES, ma, mb) if by_place else (QUARTER, mx, my)
    hit = False
    while candidates:
        j = lowest_bit(candidates)
        candidates &= candidates - 1
        quarters = _quarters(rays, EDGES + j, at, ux, uy, load_f32(rays, FRONT + j), beam) if n > LANES else 1
        while quarters:
            k = lowest_bit(quarters)
            quarters &= quarters - 1
            row = load_i32(leaves, o + 36 + j)
            if _test_triangle(rays, ids, CORNERS + j, k * LANES, row, instance, sign, one_place, any_hit):
                hit = True
    return hit


@inline
def _keep(rays, ax, ay, az, bx, by, bz, cx, cy, cz):
    store_f4(rays, CORNERS, ax)
    store_f4(rays, CORNERS + 4, ay)
    store_f4(rays, CORNERS + 8, az)
    store_f4(rays, CORNERS + 12, bx)
    store_f4(rays, CORNERS + 16, by)
    store_f4(rays, CORNERS + 20, bz)
    store_f4(rays, CORNERS + 24, cx)
    store_f4(rays, CORNERS + 28, cy)
    store_f4(rays, CORNERS + 32, cz)


@inline
def _quarters(rays, e, at, mx, my, front, beam):
    """Bits of the quarters of the tile that may meet a triangle before their furthest hit. Its edge functions begin at e in
    the scratch, and itself at depth `front`; the quarters' slopes or places begin at `at`, mx and my in the
    middle."""
    dx, rx = load_f4(rays, at) - mx, load_f4(rays, at + 4)
    dy, ry = load_f4(rays, at + 8) - my, load_f4(rays, at + 12)
    least, most = f32x4(BIG), f32x4(-BIG)
    for _ in range(3):
        f, gx, gy = load_f32(rays, e), load_f32(rays, e + 4), load_f32(rays, e + 8)
        middle = dx * gx + dy * gy + f
        reach = rx * abs(gx) + ry * abs(gy) + load_f32(rays, e + 12)
        least, most = minimum(least, middle + reach), maximum(most, middle - reach)
        e += 16
    near = front <= load_f4(rays, FURTHEST) * beam[12] + beam[11]
    return bits(((least >= ZERO) | (most <= ZERO)) & near)


@inline
def _corner(rays, c, k, sign, one_place):
    """A corner as sixteen rays see it: relative to their origins, sheared, and along z."""
    x, y, z = f32x16(load_f32(rays, c)), f32x16(load_f32(rays, c + 4)), f32x16(load_f32(rays, c + 8))
    if not one_place:
        x = x - load_f16(rays, START + k)
        y = y - load_f16(rays, START + RAYS + k)
        z = (z - load_f16(rays, START + 2 * RAYS + k)) * sign
    return x - load_f16(rays, SLOPE + k) * z, y - load_f16(rays, SLOPE + RAYS + k) * z, z


@inline
def _test_triangle(rays, ids, c, k, row, instance, sign, one_place, any_hit):
    """Test sixteen rays, from k on, against the triangle whose corners begin at c in the scratch; as bvh_ray._test_pack."""
    ax, ay, az = _corner(rays, c, k, sign, one_place)
    bx, by, bz = _corner(rays, c + 12, k, sign, one_place)
    cx, cy, cz = _corner(rays, c + 24, k, sign, one_place)
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
    if any_hit:
        store_f16(rays, HIT + k, select(inside, f32x16(-ONE), best))
        return True
    store_f16(rays, HIT + k, select(inside, t, best))
    store_f16(rays, HIT + RAYS + k, select(inside, v / area, load_f16(rays, HIT + RAYS + k)))
    store_f16(rays, HIT + 2 * RAYS + k, select(inside, w / area, load_f16(rays, HIT + 2 * RAYS + k)))
    store_i16(ids, k, select(inside, i32x16(row), load_i16(ids, k)))
    store_i16(ids, RAYS + k, select(inside, i32x16(instance), load_i16(ids, RAYS + k)))
    return True


@inline
def _trace_tree_tile(nodes, leaves, root, stack_t, stack_n, beam, rays, ids, n, one_place, instance, any_hit, furthest):
    """Nearest hits of a tile in one prototype, or any. Returns the new furthest t; below 0 if no ray is left."""
    axes = _axes(beam[0])
    limit = furthest * beam[12] + beam[11]
    depth, node = 0, root
    while True:
        if node >= 0:
            near, mask = _enter_node(nodes, node, beam, axes, limit)
            entered = bits(mask)
            if entered:
                node, depth = descend(nodes, node, near, mask, entered, stack_t, stack_n, depth)
                continue
        elif _test_pack(leaves, ~node, beam, axes, limit, rays, ids, n, one_place, instance, any_hit):
            furthest = _furthest(rays, n)
            if furthest < ZERO:
                return furthest
            limit = furthest * beam[12] + beam[11]
        while True:
            if depth == 0:
                return furthest
            depth -= 1
            if load_f32(stack_t, depth) <= limit:
                node = waiting(nodes, stack_t, stack_n, depth)
                break


@inline
def _one_by_one(nodes, leaves, root, stack_t, stack_n, rays, ids, n, one_place, instance, any_hit):
    """The rays of a tile in one prototype, each for itself."""
    for k in range(n):
        best = load_f32(rays, HIT + k)
        if best < ZERO:
            continue
        a, b = MOVED + k, MOVED + 3 * RAYS + (0 if one_place else k)
        t, u, v, row = trace_tree(
            nodes, leaves, root, stack_t, stack_n, load_f32(rays, b), load_f32(rays, b + RAYS), load_f32(rays, b + 2 * RAYS),
            load_f32(rays, a), load_f32(rays, a + RAYS), load_f32(rays, a + 2 * RAYS), best, any_hit,
        )  # fmt: skip
        if row >= 0:
            store_f32(rays, HIT + k, -ONE if any_hit else t)
            store_f32(rays, HIT + RAYS + k, u)
            store_f32(rays, HIT + 2 * RAYS + k, v)
            store_i32(ids, k, row)
            store_i32(ids, RAYS + k, instance)


@inline
def place(k, stride):
    """Where ray k of a tile lies behind its first: quarters of 4 x 4 rays in a block, or on end if `stride` is 0."""
    if stride == 0:
        return k
    return ((k >> 5) * 4 + (k >> 2 & 3)) * stride + (k >> 4 & 1) * 4 + (k & 3)


@inline
def _load(rays, first, stride, n, scratch, at):
    """Put n rays into the scratch, `at` places behind the beginning of each of its rows."""
    for k in range(n):
        i = first + place(k, stride)
        for c in range(3):
            store_f32(scratch, DIRECTION + c * RAYS + at + k, load_f32(rays[1], 3 * i + c))
            store_f32(scratch, ORIGIN + c * RAYS + at + k, load_f32(rays[0], 3 * i + c))
        store_f32(scratch, TIME + at + k, load_f32(rays[2], i))


@inline
def _nothing_yet(scratch, ids, n):
    for k in range(0, n, LANES):
        store_f16(scratch, HIT + k, f32x16(BIG))
        store_f16(scratch, HIT + RAYS + k, f32x16(ZERO))
        store_f16(scratch, HIT + 2 * RAYS + k, f32x16(ZERO))
        store_i16(ids, k, i32x16(-1))
        store_i16(ids, RAYS + k, i32x16(-1))


@inline
def _one_source(scratch, n):
    """Whether n rays have one origin, and whether they have one time."""
    x, y, z = load_f32(scratch, ORIGIN), load_f32(scratch, ORIGIN + RAYS), load_f32(scratch, ORIGIN + 2 * RAYS)
    time, place, instant = load_f32(scratch, TIME), 0xFFFF, 0xFFFF
    for k in range(0, n, LANES):
        place &= bits(
            (load_f16(scratch, ORIGIN + k) == x) & (load_f16(scratch, ORIGIN + RAYS + k) == y)
            & (load_f16(scratch, ORIGIN + 2 * RAYS + k) == z)
        )  # fmt: skip
        instant &= bits(load_f16(scratch, TIME + k) == time)
    return place == 0xFFFF, instant == 0xFFFF


@inline
def gather_block(rays, first, stride, room):
    """Make a tile of 8 rows of 8 rays that begin `stride` rays apart: (its rays as bits, beam, one place, one time) for
    trace_tile; no bits if they are no tile, because slopes or places differ by too much.

    rays: raw pointers to origins, directions and times. room: two pairs of stacks (bvh_ray.STACK), SCRATCH float32 and IDS
    int32.
    """
    scratch, ids = room[4], room[5]
    _load(rays, first, stride, RAYS, scratch, 0)
    one_place, one_time = _one_source(scratch, RAYS)
    beam = _beam(scratch, DIRECTION, RAYS, one_place)
    if beam[0] < 0 or beam[3] - beam[2] > BLOCK_SLOPE or beam[5] - beam[4] > BLOCK_SLOPE:
        return 0, beam, one_place, one_time
    if beam[7] - beam[6] > APART or beam[9] - beam[8] > APART or beam[11] > APART:
        return 0, beam, one_place, one_time
    _nothing_yet(scratch, ids, RAYS)
    return ALL, beam, one_place, one_time


@inline
def load_rays(rays, first, stride, n, reach, any_hit, room):
    """Put n rays, on end or in rows of 8 that begin `stride` rays apart, where gather takes them from: bits of those that are
    cast. reach: raw pointer, used with `any_hit`; those whose reach is not above 0 are not cast."""
    s = room[4]
    _load(rays, first, stride, n, s, LOADED)
    for k in range(0, n, LANES):
        store_f16(s, LOADED + 7 * RAYS + k, f32x16(BIG))
    todo = (1 << n) - 1 if n < RAYS else -1
    if any_hit:
        for k in range(n):
            store_f32(s, LOADED + 7 * RAYS + k, load_f32(reach, first + place(k, stride)))
        todo = 0
        for k in range(0, n, LANES):
            todo |= bits(load_f16(s, LOADED + 7 * RAYS + k) > ZERO) << k
    return todo


@inline
def gather(todo, n, room):
    """Make a tile of those of n rays (load_rays) that run beside the first of `todo` (bits): (bits of those rays, beam, one
    place, one time, rays of the tile) for trace_tile; no bits if they are too few. They follow each other in the tile.
    """
    s, ids = room[4], room[5]
    j = LOADED + lowest_bit(todo)
    dx, dy, dz = load_f32(s, DIRECTION + j), load_f32(s, DIRECTION + RAYS + j), load_f32(s, DIRECTION + 2 * RAYS + j)
    ox, oy, oz = load_f32(s, ORIGIN + j), load_f32(s, ORIGIN + RAYS + j), load_f32(s, ORIGIN + 2 * RAYS + j)
    members, fanned = 0, 0
    for q in range(0, n, LANES):
        a = LOADED + q
        x, y, z = load_f16(s, DIRECTION + a), load_f16(s, DIRECTION + RAYS + a), load_f16(s, DIRECTION + 2 * RAYS + a)
        turned = maximum(maximum(absolute(x - dx), absolute(y - dy)), absolute(z - dz))
        x, y, z = load_f16(s, ORIGIN + a) - ox, load_f16(s, ORIGIN + RAYS + a) - oy, load_f16(s, ORIGIN + 2 * RAYS + a) - oz
        along = x * dx + y * dy + z * dz
        aside = x * x + y * y + z * z - along * along
        beside = (turned <= STRIP_TURN) & (aside <= APART * APART) & (absolute(along) <= ALONG)
        members |= bits(beside) << q
        fanned |= bits(beside & (turned > ZERO))
    members &= todo
    if count_bits(members) <= (FEW_FANNED if fanned else FEW_PARALLEL):
        return 0, NO_BEAM, False, False, n
    count, k, more = count_bits(members), 0, members
    size = (count + LANES - 1) // LANES * LANES
    while k < size:
        a = j  # what is left stands where the first does, and its hits lie behind it
        if k < count:
            a = LOADED + lowest_bit(more)
            more &= more - 1
        for c in range(7):
            store_f32(s, c * RAYS + k, load_f32(s, c * RAYS + a))
        store_f32(s, START + k, load_f32(s, 7 * RAYS + a) if k < count else -ONE)
        k += 1
    _nothing_yet(s, ids, size)
    for k in range(0, size, LANES):
        store_f16(s, HIT + k, load_f16(s, START + k))
    store_f4(s, FURTHEST, f32x4(-BIG))
    one_place, one_time = _one_source(s, size)
    beam = _beam(s, DIRECTION, size, one_place)
    if beam[0] < 0:
        return 0, beam, one_place, one_time, size
    return members, beam, one_place, one_time, size


@inline
def store_hit(room, k, i, hits):
    """Write the hit of ray k of the tile as ray i. hits: raw pointers to t, instances, triangles and weights."""
    scratch, ids = room[4], room[5]
    row = load_i32(ids, k)
    store_f32(hits[0], i, load_f32(scratch, HIT + k) if row >= 0 else np.float32(np.inf))
    store_i32(hits[1], i, load_i32(ids, RAYS + k))
    store_i32(hits[2], i, row)
    store_f32(hits[3], 2 * i, load_f32(scratch, HIT + RAYS + k))
    store_f32(hits[3], 2 * i + 1, load_f32(scratch, HIT + 2 * RAYS + k))


@inline
def store_block(room, first, stride, hits):
    """Write the hits of a block."""
    for k in range(RAYS):
        store_hit(room, k, first + place(k, stride), hits)


@inline
def blocked(room, k):
    """Whether ray k of a tile met anything, after trace_tile with `any_hit`."""
    return load_f32(room[4], HIT + k) < ZERO


@inline
def trace_tile(scene, visibility, beam, room, n, one_place, one_time, any_hit):
    """Nearest hits of a tile of n rays that gather_block or gather_strip put into the scratch, or any; written there."""
    nodes, leaves, roots, top, masks = scene[0], scene[1], scene[2], scene[3], scene[6]
    top_t, top_n, stack_t, stack_n, rays, ids = room
    axes, time = _axes(beam[0]), load_f32(rays, TIME)
    furthest = _furthest(rays, n)
    limit = furthest * beam[12] + beam[11]
    depth, node = 0, 0
    level = True  # whether the slopes in the scratch are those of the local frame
    while True:
        if node >= 0:
            near, mask = _enter_node(top, node, beam, axes, limit)
            entered = bits(mask)
            if entered:
                node, depth = descend(top, node, near, mask, entered, top_t, top_n, depth)
                continue
        elif load_i32(masks, load_i32(top, ~node * ROW + INSTANCE)) & visibility != 0:
            row = ~node
            i = load_i32(top, row * ROW + INSTANCE)
            root = load_i32(roots, load_i32(top, row * ROW + PROTOTYPE))
            together = one_place and (one_time or load_i32(top, row * ROW + MOVES) == 0)
            home = load_i32(top, row * ROW + HOME) != 0
            if not home:
                _move(scene, row, time, one_time, one_place, rays, n)
            here = beam
            if not (home and level):
                here = _beam(rays, DIRECTION if home else MOVED, n, together)
            level = home
            if here[0] >= 0:
                furthest = _trace_tree_tile(
                    nodes, leaves, root, stack_t, stack_n, here, rays, ids, n, together, i, any_hit, furthest
                )
            else:
                _one_by_one(nodes, leaves, root, stack_t, stack_n, rays, ids, n, together, i, any_hit)
                furthest = _furthest(rays, n)
            if furthest < ZERO:
                return
            limit = furthest * beam[12] + beam[11]
        while True:
            if depth == 0:
                return
            depth -= 1
            if load_f32(top_t, depth) <= limit:
                node = waiting(top, top_t, top_n, depth)
                break
