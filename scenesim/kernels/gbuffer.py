"""Labels from hits: class, instance, marking, depth, normal, and where a surface point is at another time."""

from __future__ import annotations

import numpy as np

from scenesim.kernels.jit import kernel
from scenesim.kernels.pose import pose_at, rotate, rotate_back
from scenesim.kernels.surface import shading_normal


@kernel
def read_hits(scene, rays, hits, sky, track, begin, end, class_id, instance, mark, normal):
    """Class (N,), track (N,), marking (N,) and normal (N, 3), local frame and towards the ray's origin, of hits [begin, end).

    sky: class of a ray that hit nothing. track: (A + S,) uint16 label value of each actor row.
    """
    for i in range(begin, end):
        k = hits.instance[i]
        if k < 0:
            class_id[i] = sky
            instance[i] = 0
            mark[i] = 0
            normal[i, 0] = normal[i, 1] = normal[i, 2] = np.nan
            continue
        s = scene.geometry.surface[hits.triangle[i]]
        c = scene.surface_class[s]
        class_id[i] = c if c >= 0 else scene.class_id[k]
        a = scene.actor[k]
        instance[i] = track[a] if a >= 0 else 0
        mark[i] = scene.surface_mark[s]
        x, y, z = shading_normal(scene, k, hits.triangle[i], hits.uv[i, 0], hits.uv[i, 1], rays.time[i])
        d = x * rays.direction[i, 0] + y * rays.direction[i, 1] + z * rays.direction[i, 2]
        f = -1.0 if d > 0 else 1.0
        normal[i, 0], normal[i, 1], normal[i, 2] = f * x, f * y, f * z


@kernel
def points_at(scene, vertices, instance, hits, time, begin, end, point):
    """Where the surface points of hits [begin, end) are in another scene: rows of instances (N,) there (-1: gone, nan), its
    vertices (V, 3), times (N,) s on its clock. point: (N, 3) float64 in that scene's local frame."""
    g = scene.geometry
    for i in range(begin, end):
        k = instance[i]
        if k < 0:
            point[i, 0] = point[i, 1] = point[i, 2] = np.nan
            continue
        t = hits.triangle[i]
        a, b, c = g.triangles[t, 0], g.triangles[t, 1], g.triangles[t, 2]
        u, v = np.float64(hits.uv[i, 0]), np.float64(hits.uv[i, 1])
        w = 1.0 - u - v
        x = w * vertices[a, 0] + u * vertices[b, 0] + v * vertices[c, 0]
        y = w * vertices[a, 1] + u * vertices[b, 1] + v * vertices[c, 1]
        z = w * vertices[a, 2] + u * vertices[b, 2] + v * vertices[c, 2]
        qw, qx, qy, qz, px, py, pz = pose_at(scene.pose, scene.knot_time, k, time[i], scene.moves[k])
        x, y, z = rotate(qw, qx, qy, qz, x, y, z)
        point[i, 0], point[i, 1], point[i, 2] = x + px, y + py, z + pz


@kernel
def into_rows(rotation, width, begin, end, vector):
    """Rotate vectors (N, 3) in place from the local frame into the frame of their row: rotation (H, 4) local_from_camera."""
    for i in range(begin, end):
        q = rotation[i // width]
        x, y, z = rotate_back(q[0], q[1], q[2], q[3], vector[i, 0], vector[i, 1], vector[i, 2])
        vector[i, 0], vector[i, 1], vector[i, 2] = x, y, z


@kernel
def into_camera(camera_from_local, row, point, begin, end, out):
    """Write points (N, 3) as a camera sees them that is elsewhere at each of its H rows: (N, 3) in its frame at rows (N,).

    camera_from_local: (H, 3, 4), taken to be linear between two rows: a camera turns by some 1e-5 rad meanwhile, which is
    wrong by the square of that.
    """
    last = max(camera_from_local.shape[0] - 2, 0)
    step = min(1, camera_from_local.shape[0] - 1)
    for i in range(begin, end):
        k = min(max(int(row[i]), 0), last) if row[i] == row[i] else 0
        u = min(max(row[i] - k, 0.0), 1.0) if row[i] == row[i] else 0.0
        x, y, z = point[i, 0], point[i, 1], point[i, 2]
        for c in range(3):
            a = camera_from_local[k, c, 0] * x + camera_from_local[k, c, 1] * y + camera_from_local[k, c, 2] * z
            b = camera_from_local[k + step, c, 0] * x + camera_from_local[k + step, c, 1] * y
            b += camera_from_local[k + step, c, 2] * z
            out[i, c] = (a + camera_from_local[k, c, 3]) * (1.0 - u) + (b + camera_from_local[k + step, c, 3]) * u
