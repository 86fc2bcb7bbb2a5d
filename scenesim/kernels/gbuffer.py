"""Labels from hits: class, instance, marking, depth, normal, and where a surface point is at another time."""

from __future__ import annotations

import numpy as np

from scenesim.kernels.jit import inline, kernel
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


@inline
def _point_at(scene, vertices, k, t, u, v, time):
    """Where the point (u, v) of triangle t of instance k is at a time, float64."""
    g = scene.geometry
    a, b, c = g.triangles[t, 0], g.triangles[t, 1], g.triangles[t, 2]
    u, v = np.float64(u), np.float64(v)
    w = 1.0 - u - v
    x = w * vertices[a, 0] + u * vertices[b, 0] + v * vertices[c, 0]
    y = w * vertices[a, 1] + u * vertices[b, 1] + v * vertices[c, 1]
    z = w * vertices[a, 2] + u * vertices[b, 2] + v * vertices[c, 2]
    qw, qx, qy, qz, px, py, pz = pose_at(scene.pose, scene.knot_time, k, time, scene.moves[k])
    x, y, z = rotate(qw, qx, qy, qz, x, y, z)
    return x + px, y + py, z + pz


@inline
def _seen_from(camera_from_local, row, x, y, z):
    """A point in the frame of a camera at a row, as `into_camera` has it."""
    last = max(camera_from_local.shape[0] - 2, 0)
    k = min(max(int(row), 0), last)
    j, u = min(k + 1, camera_from_local.shape[0] - 1), min(max(row - k, 0.0), 1.0)
    m = camera_from_local
    return (
        (m[k, 0, 0] * x + m[k, 0, 1] * y + m[k, 0, 2] * z + m[k, 0, 3]) * (1.0 - u)
        + (m[j, 0, 0] * x + m[j, 0, 1] * y + m[j, 0, 2] * z + m[j, 0, 3]) * u,
        (m[k, 1, 0] * x + m[k, 1, 1] * y + m[k, 1, 2] * z + m[k, 1, 3]) * (1.0 - u)
        + (m[j, 1, 0] * x + m[j, 1, 1] * y + m[j, 1, 2] * z + m[j, 1, 3]) * u,
        (m[k, 2, 0] * x + m[k, 2, 1] * y + m[k, 2, 2] * z + m[k, 2, 3]) * (1.0 - u)
        + (m[j, 2, 0] * x + m[j, 2, 1] * y + m[j, 2, 2] * z + m[j, 2, 3]) * u,
    )


@kernel
def pinhole_flow(scene, vertices, rows, hits, row_time, camera_from_local, pinhole, rounds, settled, width, begin, end, out):
    """Optical flow (N, 2) px, (column, row), of pixels [begin, end) of an image of a lens without distortion; nan where there
    is none.

    scene, vertices, camera_from_local: of the other frame, as for `points_at` and `into_camera`. rows: of instances there, for
    those of the hits. row_time: (H,) s on its clock. pinhole: (4,) focal lengths and centre, px. rounds, settled: at most so
    many until the row at which a point is seen changes by less.
    """
    last = len(row_time) - 1
    for i in range(begin, end):
        out[i, 0] = out[i, 1] = np.nan
        k = hits.instance[i]
        k = rows[k] if k >= 0 else -1
        if k < 0:
            continue
        y0 = i // width
        row = column = float(y0)
        seen = True
        for _ in range(rounds):
            at = min(max(row, 0.0), float(last))
            low = min(int(at), max(last - 1, 0))
            time = row_time[low] + (row_time[min(low + 1, last)] - row_time[low]) * (at - low)
            x, y, z = _point_at(scene, vertices, k, hits.triangle[i], hits.uv[i, 0], hits.uv[i, 1], time)
            x, y, z = _seen_from(camera_from_local, row, x, y, z)
            seen = z > 1e-9
            if not seen:
                break
            before = row
            column, row = x / z * pinhole[0] + pinhole[2], y / z * pinhole[1] + pinhole[3]
            if abs(row - before) < settled:
                break
        if seen:
            out[i, 0], out[i, 1] = column - (i - y0 * width), row - y0


@kernel
def points_at(scene, vertices, instance, hits, time, begin, end, point):
    """Where the surface points of hits [begin, end) are in another scene: rows of instances (N,) there (-1: gone, nan), its
    vertices (V, 3), times (N,) s on its clock. point: (N, 3) float64 in that scene's local frame."""
    for i in range(begin, end):
        k = instance[i]
        if k < 0:
            point[i, 0] = point[i, 1] = point[i, 2] = np.nan
            continue
        x, y, z = _point_at(scene, vertices, k, hits.triangle[i], hits.uv[i, 0], hits.uv[i, 1], time[i])
        point[i, 0], point[i, 1], point[i, 2] = x, y, z


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
    for i in range(begin, end):
        r = row[i] if row[i] == row[i] else 0.0
        x, y, z = _seen_from(camera_from_local, r, point[i, 0], point[i, 1], point[i, 2])
        out[i, 0], out[i, 1], out[i, 2] = x, y, z
