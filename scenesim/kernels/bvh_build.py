"""Building trees: binned surface-area splits into a binary tree, collapsed into nodes of eight children.

A record is 8 floats, ``lo_x lo_y lo_z id -hi_x -hi_y -hi_z 0`` (id: int32 bits): with the upper bound negated, the union of two
boxes is one minimum over eight lanes.

Sources: binned SAH after Wald 2007, "On fast construction of SAH-based bounding volume hierarchies"; wide nodes after Wald,
Benthin and Boulos 2008, "Getting rid of packets".
"""

from __future__ import annotations

import numpy as np

from scenesim.kernels.jit import helper, inline, kernel
from scenesim.kernels.pose import columns_back
from scenesim.kernels.simd import (
    f32x4,
    f32x8,
    load_f4,
    load_f8,
    load_f32,
    load_i32,
    maximum,
    minimum,
    stack_f32,
    stack_i32,
    store_f4,
    store_f8,
    store_f32,
    store_i32,
)  # fmt: skip

BIG = np.float32(1e30)
ZERO = np.float32(0.0)
BINS = 16
LEAF = 4  # triangles that a leaf holds at the most
NODE_FLOATS = 64
ROW = 32  # floats of what a ray needs of an instance: nine float64 of a matrix, three of a place, and then
PLACE, INSTANCE, PROTOTYPE, MOVES, HOME = 18, 21, 22, 23, 24
PACK_FLOATS = 40
TRIANGLE_COST = np.float32(0.35)  # of a triangle test, next to a node test; measured
DEEP = 40  # below this depth splits are at the median, so that a binary tree is at most DEEP + log2(n) deep
EMPTY = 0x7FFFFFFF


@inline
def _half_area(u, o):
    ex = -(load_f32(u, o) + load_f32(u, o + 4))
    ey = -(load_f32(u, o + 1) + load_f32(u, o + 5))
    ez = -(load_f32(u, o + 2) + load_f32(u, o + 6))
    return ex * ey + ey * ez + ez * ex


@helper
def _split(records, start, end, bins, count, area, work, leaf, deep):
    """Partition records [start, end) in place. Returns the middle, or -1 for a leaf. work[0:8] receives the bounds."""
    n = end - start
    box = f32x8(BIG)
    low, high = f32x4(BIG), f32x4(-BIG)
    for i in range(start, end):
        box = minimum(load_f8(records, i * 8), box)
        c = load_f4(records, i * 8) - load_f4(records, i * 8 + 4)  # twice the centre
        low, high = minimum(c, low), maximum(c, high)
    store_f8(work, 0, box)
    store_f4(work, 8, low)
    store_f4(work, 12, high)
    if n <= min(2, leaf):
        return -1
    bin_count = min(BINS, 4 + n // 4)
    wide = np.float32(bin_count * 0.9999)
    for a in range(3):
        extent = load_f32(work, 12 + a) - load_f32(work, 8 + a)
        store_f32(work, 16 + a, wide / extent if extent > ZERO else ZERO)
    flat = load_f32(work, 16) == ZERO and load_f32(work, 17) == ZERO and load_f32(work, 18) == ZERO
    if flat or deep:
        return -1 if n <= leaf else start + n // 2
    _fill_bins(records, start, end, bins, count, work)
    axis, at, cost = _best_plane(bins, count, area, work, n, bin_count)
    if n <= leaf:
        whole = _half_area(work, 0)
        if axis < 0 or whole + cost * TRIANGLE_COST >= whole * np.float32(n) * TRIANGLE_COST:
            return -1
    if axis < 0:
        return start + n // 2
    i = _partition(records, start, end, axis, at, load_f32(work, 8 + axis), load_f32(work, 16 + axis))
    return start + n // 2 if i == start or i == end else i


@helper
def _fill_bins(records, start, end, bins, count, work):
    for j in range(3 * BINS):
        store_f8(bins, j * 8, f32x8(BIG))
        store_i32(count, j, 0)
    for i in range(start, end):
        r = load_f8(records, i * 8)
        for a in range(3):
            c = load_f32(records, i * 8 + a) - load_f32(records, i * 8 + 4 + a)
            b = np.int64((c - load_f32(work, 8 + a)) * load_f32(work, 16 + a)) + a * BINS
            store_f8(bins, b * 8, minimum(load_f8(bins, b * 8), r))
            store_i32(count, b, load_i32(count, b) + 1)


@helper
def _best_plane(bins, count, area, work, n, bin_count):
    """(axis, bin, cost) of the cheapest plane; axis -1 if there is none. Uses work[24:32]."""
    best, axis, at = np.float32(3e38), -1, -1
    for a in range(3):
        if load_f32(work, 16 + a) == ZERO:
            continue
        box, c = f32x8(BIG), 0
        for j in range(bin_count - 1, 0, -1):
            box = minimum(box, load_f8(bins, (a * BINS + j) * 8))
            c += load_i32(count, a * BINS + j)
            store_f8(work, 24, box)
            store_f32(area, j, _half_area(work, 24) * np.float32(c) if c > 0 else ZERO)
        box, c = f32x8(BIG), 0
        for j in range(1, bin_count):
            box = minimum(box, load_f8(bins, (a * BINS + j - 1) * 8))
            c += load_i32(count, a * BINS + j - 1)
            if c == 0 or c == n:
                continue
            store_f8(work, 24, box)
            cost = _half_area(work, 24) * np.float32(c) + load_f32(area, j)
            if cost < best:
                best, axis, at = cost, a, j
    return axis, at, best


@helper
def _partition(records, start, end, axis, at, low, scale):
    i, j = start, end - 1
    while True:
        while i <= j and np.int64((load_f32(records, i * 8 + axis) - load_f32(records, i * 8 + 4 + axis) - low) * scale) < at:
            i += 1
        while i <= j and np.int64((load_f32(records, j * 8 + axis) - load_f32(records, j * 8 + 4 + axis) - low) * scale) >= at:
            j -= 1
        if i >= j:
            return i
        a, b = load_f8(records, i * 8), load_f8(records, j * 8)
        store_f8(records, i * 8, b)
        store_f8(records, j * 8, a)
        i += 1
        j -= 1


@kernel
def binary_tree(records, n, leaf):
    """Boxes (2n, 8) and links (2n, 2) of a binary tree over n >= 1 records, which are reordered.

    links: (left child, -1), the right child follows the left; or (first record, count) of a leaf.
    """
    boxes = np.empty((2 * n, 8), np.float32)
    links = np.empty((2 * n, 2), np.int32)
    bins, count, area, work = stack_f32(384), stack_i32(48), stack_f32(16), stack_f32(32)
    todo = np.empty((2 * DEEP + 96, 4), np.int64)  # depth-first: at most one sibling a level waits
    todo[0, 0], todo[0, 1], todo[0, 2], todo[0, 3] = 0, 0, n, 0
    waiting, used = 1, 1
    while waiting > 0:
        waiting -= 1
        node, start, end, depth = todo[waiting, 0], todo[waiting, 1], todo[waiting, 2], todo[waiting, 3]
        middle = _split(records, start, end, bins, count, area, work, leaf, depth >= DEEP)
        for k in range(8):
            boxes[node, k] = load_f32(work, k)
        if middle < 0:
            links[node, 0], links[node, 1] = start, end - start
            continue
        links[node, 0], links[node, 1] = used, -1
        todo[waiting, 0], todo[waiting, 1], todo[waiting, 2], todo[waiting, 3] = used, start, middle, depth + 1
        waiting += 1
        todo[waiting, 0], todo[waiting, 1], todo[waiting, 2], todo[waiting, 3] = used + 1, middle, end, depth + 1
        waiting += 1
        used += 2
    return boxes[:used], links[:used]


@inline
def _box_half_area(boxes, k):
    ex, ey, ez = -(boxes[k, 0] + boxes[k, 4]), -(boxes[k, 1] + boxes[k, 5]), -(boxes[k, 2] + boxes[k, 6])
    return ex * ey + ey * ez + ez * ex


@helper
def _share_slots(boxes, links, cost, share):
    """How to cut a binary tree into nodes of eight at the least expected cost: fills share (n, 9) int8 and cost (n, 9) float64,
    both zero before.

    share[i, k]: of k slots that the subtree of i may fill, how many its left child gets; 0: i is one child, a node or a leaf,
    of its own. The expected cost of a node is its area: dynamic programming, as Ylitie, Karras and Laine 2017, "Efficient
    incoherent ray traversal on GPUs through compressed wide BVHs", do it (recalled, not looked up).
    """
    for i in range(len(links) - 1, -1, -1):  # children come behind their parent
        if links[i, 1] >= 0:
            continue  # every cut has the same leaves
        left = links[i, 0]
        for k in range(2, 9):
            cost[i, k] = np.inf
            for j in range(1, k):
                c = cost[left, j] + cost[left + 1, k - j]
                if c < cost[i, k]:
                    cost[i, k], share[i, k] = c, j
        cost[i, 1] = cost[i, 8] + np.float64(_box_half_area(boxes, i))
        for k in range(2, 8):  # not 8: what is itself a node is cut
            if cost[i, 1] <= cost[i, k]:
                cost[i, k], share[i, k] = cost[i, 1], 0


@kernel
def collapse(boxes, links, by_record):
    """Nodes (n, 64) of eight children of a binary tree, and leaves (L, 2) as (first record, count).

    A node holds lo_x[8] lo_y[8] lo_z[8] hi_x[8] hi_y[8] hi_z[8] child[8] (int32 bits) spare[8]. A child >= 0 is a node, < 0 is
    ~leaf, or ~(first record) with `by_record`; an empty slot is a box turned inside out. Every inner node but a lone root has
    at least two children, so there are at most as many nodes as leaves.
    """
    capacity = (len(links) + 1) // 2
    nodes = np.empty((max(capacity, 1), NODE_FLOATS), np.float32)
    child = nodes.view(np.int32)
    leaves = np.empty((capacity, 2), np.int32)
    cost, share = np.zeros((len(links), 9), np.float64), np.zeros((len(links), 9), np.int8)
    _share_slots(boxes, links, cost, share)
    todo = np.empty((8 * (DEEP + 96), 2), np.int64)
    todo[0, 0], todo[0, 1] = 0, 0
    waiting, node_count, leaf_count = 1, 1, 0
    slot, room = np.empty(8, np.int64), np.empty(8, np.int64)
    while waiting > 0:
        waiting -= 1
        slot[0], out = todo[waiting, 0], todo[waiting, 1]
        room[0] = 8
        n, j = 1, 0
        while j < n:
            c, k = slot[j], room[j]
            if links[c, 1] >= 0 or share[c, k] == 0:
                j += 1
                continue
            left = links[c, 0]
            slot[j], room[j] = left, share[c, k]
            slot[n], room[n] = left + 1, k - share[c, k]
            n += 1
        for k in range(8):
            child[out, 56 + k] = 0
            if k >= n:
                for a in range(3):
                    nodes[out, a * 8 + k], nodes[out, 24 + a * 8 + k] = BIG, -BIG
                child[out, 48 + k] = 0
                continue
            c = slot[k]
            for a in range(3):
                nodes[out, a * 8 + k], nodes[out, 24 + a * 8 + k] = boxes[c, a], -boxes[c, 4 + a]
            if links[c, 1] < 0:
                child[out, 48 + k] = node_count
                todo[waiting, 0], todo[waiting, 1] = c, node_count
                waiting += 1
                node_count += 1
            else:
                leaves[leaf_count, 0], leaves[leaf_count, 1] = links[c, 0], links[c, 1]
                child[out, 48 + k] = ~links[c, 0] if by_record else ~leaf_count
                leaf_count += 1
    return nodes[:node_count].copy(), leaves[:leaf_count].copy()


@kernel
def triangle_records(vertices, triangles):
    """Records (T * 8,) of triangles."""
    n = len(triangles)
    records = np.empty(n * 8, np.float32)
    ids = records.view(np.int32)
    for i in range(n):
        a, b, c = triangles[i, 0], triangles[i, 1], triangles[i, 2]
        for k in range(3):
            x, y, z = vertices[a, k], vertices[b, k], vertices[c, k]
            records[i * 8 + k] = min(x, min(y, z))
            records[i * 8 + 4 + k] = -max(x, max(y, z))
        ids[i * 8 + 3] = i
        ids[i * 8 + 7] = 0
    return records


@kernel
def fill_packs(records, leaves, vertices, triangles):
    """Leaves as packs (L, 40): a_x[4] a_y[4] a_z[4] b_x[4] ... c_z[4] and four triangle rows (int32 bits, -1 for none).

    The lanes that a leaf leaves empty are nan, which no comparison lets through.
    """
    packs = np.full((len(leaves), PACK_FLOATS), np.nan, np.float32)
    row = packs.view(np.int32)
    ids = records.view(np.int32)
    for l in range(len(leaves)):
        for j in range(LEAF):
            if j >= leaves[l, 1]:
                row[l, 36 + j] = -1
                continue
            f = ids[(leaves[l, 0] + j) * 8 + 3]
            row[l, 36 + j] = f
            for corner in range(3):
                for k in range(3):
                    packs[l, (corner * 3 + k) * 4 + j] = vertices[triangles[f, corner], k]
    return packs


@kernel
def instance_records(bounds, prototype, pose):
    """Records (I * 8,) of instances over their whole motion; bounds (P, 6), pose (K, I, 7).

    Between knots a box turns: a point at distance r from the instance's origin leaves the chord between its places at the knots
    by at most r (1 - cos(half the angle)).
    """
    knots, n = pose.shape[0], pose.shape[1]
    records = np.empty(n * 8, np.float32)
    ids = records.view(np.int32)
    for i in range(n):
        p = prototype[i]
        radius = 0.0
        for a in range(3):
            m = max(abs(bounds[p, a]), abs(bounds[p, 3 + a]))
            radius += np.float64(m) * np.float64(m)
        radius = np.sqrt(radius)
        bulge = 0.0
        for k in range(knots - 1):
            d = 0.0
            for c in range(4):
                d += np.float64(pose[k, i, c]) * np.float64(pose[k + 1, i, c])
            d = min(abs(d), 1.0)  # cos(half the angle)
            bulge = max(bulge, radius * (1.0 - d))
        for a in range(3):
            low, high = np.inf, -np.inf
            for k in range(knots):
                q = pose[k, i]
                columns = columns_back(np.float64(q[0]), np.float64(q[1]), np.float64(q[2]), np.float64(q[3]))
                c, h = np.float64(q[4 + a]), 0.0
                for b in range(3):
                    r = columns[3 * a + b]
                    c += r * 0.5 * (np.float64(bounds[p, b]) + bounds[p, 3 + b])
                    h += abs(r) * 0.5 * (np.float64(bounds[p, 3 + b]) - bounds[p, b])
                low, high = min(low, c - h), max(high, c + h)
            # float32 rounding of poses and rays, a few units in the last place of the coordinates
            slack = 1e-4 + 1e-6 * max(abs(low), abs(high))
            records[i * 8 + a] = low - bulge - slack
            records[i * 8 + 4 + a] = -(high + bulge + slack)
        ids[i * 8 + 3] = i
        ids[i * 8 + 7] = 0
    return records


@kernel
def instance_rows(prototype, pose, moves, rows):
    """Write what a ray needs of each instance to rows (I, ROW); see bvh.build_top."""
    ids, matrix = rows.view(np.int32), rows.view(np.float64)
    for i in range(len(prototype)):
        q = pose[0, i]
        columns = columns_back(np.float64(q[0]), np.float64(q[1]), np.float64(q[2]), np.float64(q[3]))
        for k in range(9):
            matrix[i, k] = columns[k]
        for k in range(3):
            rows[i, PLACE + k] = q[4 + k]
        ids[i, INSTANCE], ids[i, PROTOTYPE], ids[i, MOVES] = i, prototype[i], moves[i]
        turned = q[0] != 1 or q[1] != 0 or q[2] != 0 or q[3] != 0
        ids[i, HOME] = moves[i] == 0 and not turned and q[4] == 0 and q[5] == 0 and q[6] == 0
