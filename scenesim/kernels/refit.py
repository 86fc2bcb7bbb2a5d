"""A prototype whose vertices moved: its normals and the boxes of its tree follow, the tree's branches stay as they are.

Refitting keeps what was built for another pose of the same body, which is nearly as good for rays and costs a tenth.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenesim.kernels.bvh_build import BIG, LEAF
from scenesim.kernels.jit import kernel


@kernel
def refit(nodes, leaves, vertices, triangles, first_node, end_node, first_leaf, end_leaf):
    """Move the triangles of leaves [first_leaf, end_leaf) to where the vertices are, and the boxes of nodes [first_node,
    end_node) about them; rows as in packed.Geometry. A node comes before its children."""
    child, row = nodes.view(np.int32), leaves.view(np.int32)
    for l in range(first_leaf, end_leaf):
        for j in range(LEAF):
            f = row[l, 36 + j]
            if f >= 0:
                for corner in range(3):
                    for k in range(3):
                        leaves[l, (corner * 3 + k) * 4 + j] = vertices[triangles[f, corner], k]
    for n in range(end_node - 1, first_node - 1, -1):
        for slot in range(8):
            if nodes[n, slot] > nodes[n, 24 + slot]:
                continue  # empty
            to = child[n, 48 + slot]
            for a in range(3):
                low, high = BIG, -BIG
                if to >= 0:
                    for k in range(8):
                        low = min(low, nodes[to, a * 8 + k])
                        high = max(high, nodes[to, 24 + a * 8 + k])
                else:
                    for j in range(LEAF):
                        if row[~to, 36 + j] >= 0:
                            for corner in range(3):
                                x = leaves[~to, (corner * 3 + a) * 4 + j]
                                low, high = min(low, x), max(high, x)
                nodes[n, a * 8 + slot], nodes[n, 24 + a * 8 + slot] = low, high


@kernel
def corner_normals(vertices, triangles, first_triangle, end_triangle, first_vertex, total, cosine, out):
    """Write area-weighted normals of the corners of triangles to rows [first_triangle, end_triangle) of out (T, 9).

    A corner whose face leans from the mean by more than an angle of this cosine keeps the face's own. total: (V, 3) float64,
    room for the sums at the vertices from first_vertex on. As geometry.mesh.corner_normals, which is for meshes that stay.
    """
    for i in range(len(total)):
        total[i, 0], total[i, 1], total[i, 2] = 0.0, 0.0, 0.0
    for again in range(2):
        for t in range(first_triangle, end_triangle):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay, az = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
            ex, ey, ez = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
            gx, gy, gz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
            x, y, z = ey * gz - ez * gy, ez * gx - ex * gz, ex * gy - ey * gx
            if again == 0:
                for corner in range(3):
                    i = triangles[t, corner] - first_vertex
                    total[i, 0] += x
                    total[i, 1] += y
                    total[i, 2] += z
                continue
            scale = 1.0 / max(sqrt(x * x + y * y + z * z), 1e-30)
            x, y, z = x * scale, y * scale, z * scale
            for corner in range(3):
                i = triangles[t, corner] - first_vertex
                mx, my, mz = total[i, 0], total[i, 1], total[i, 2]
                scale = 1.0 / max(sqrt(mx * mx + my * my + mz * mz), 1e-30)
                mx, my, mz = mx * scale, my * scale, mz * scale
                if mx * x + my * y + mz * z < cosine:
                    mx, my, mz = x, y, z
                out[t, corner * 3], out[t, corner * 3 + 1], out[t, corner * 3 + 2] = mx, my, mz
