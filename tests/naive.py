"""The slow twins: what the kernels do, in plain numpy, for a reader who wants to believe it at sight."""

from __future__ import annotations

import numpy as np

from scenesim.base.frames import Pose, interpolate


def instance_pose(scene, i: int, time: float) -> Pose:
    """local_from_instance at a time."""
    knots, row = scene.knot_time.astype(float), scene.pose[:, i].astype(float)
    if len(knots) == 1:
        return Pose(row[0, :4], row[0, 4:])
    k = int(np.clip(np.searchsorted(knots, time, side="right") - 1, 0, len(knots) - 2))
    u = np.clip((time - knots[k]) / (knots[k + 1] - knots[k]), 0, 1)
    return interpolate(Pose(row[k, :4], row[k, 4:]), Pose(row[k + 1, :4], row[k + 1, 4:]), u)


def intersect(a, b, c, origin, direction):
    """t (T,) of one ray with triangles of corners (T, 3) each, inf where it misses (Moeller and Trumbore 1997)."""
    e1, e2 = b - a, c - a
    p = np.cross(direction, e2)
    det = (e1 * p).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = origin - a
        u = (s * p).sum(1) / det
        q = np.cross(s, e1)
        v = (q * direction).sum(1) / det
        t = (e2 * q).sum(1) / det
        hit = (det != 0) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
    return np.where(hit, t, np.inf)


def closest_hit(scene, rays, visibility: int):
    """(t (N,), instance (N,), triangle (N,)) of rays among all triangles of all visible instances."""
    n = len(rays.time)
    best, instance, triangle = np.full(n, np.inf), np.full(n, -1), np.full(n, -1)
    g = scene.geometry
    for i in range(len(scene.prototype)):
        if not scene.mask[i] & visibility:
            continue
        p = scene.prototype[i]
        rows = np.arange(g.first_triangle[p], g.first_triangle[p + 1])
        a, b, c = (g.vertices[g.triangles[rows, k]].astype(float) for k in range(3))
        for r in range(n):
            instance_from_local = instance_pose(scene, i, float(rays.time[r])).inverse()
            o = instance_from_local.apply(rays.origin[r].astype(float))
            t = intersect(a, b, c, o, instance_from_local.rotate(rays.direction[r].astype(float)))
            k = int(np.argmin(t)) if len(t) else -1
            if k >= 0 and t[k] < best[r]:
                best[r], instance[r], triangle[r] = t[k], i, rows[k]
    return best, instance, triangle


def edge_distance(a, b, c, origin, direction):
    """Distance (T,) m at which one ray passes the nearest edge of each triangle of corners (T, 3)."""
    best = np.full(len(a), np.inf)
    for p, q in ((a, b), (b, c), (c, a)):
        e = q - p
        n = np.cross(e, direction)
        length = np.linalg.norm(n, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            s = np.einsum("ij,ij->i", np.cross(origin - p, direction), n) / length**2  # closest place on the edge
        for where in (np.clip(np.nan_to_num(s), 0, 1), np.zeros(len(a)), np.ones(len(a))):
            away = p + e * where[:, None] - origin
            away = away - np.outer(away @ direction, direction)
            best = np.minimum(best, np.linalg.norm(away, axis=1))
    return best
