"""From a hit to the surface there: position, normals, texture coordinates, velocity."""

from __future__ import annotations

from math import sqrt

from scenesim.kernels.jit import inline
from scenesim.kernels.pose import pose_at, rotate


@inline
def unit(x, y, z):
    """The vector at length 1; (0, 0, 0) stays."""
    n = x * x + y * y + z * z
    f = 1.0 / sqrt(n) if n > 0.0 else 0.0
    return x * f, y * f, z * f


@inline
def corner_mean(rows, t, u, v, stride, column):
    """Column of a per-corner attribute (T, 3 * stride) of triangle t at barycentric weights (u, v)."""
    return (1.0 - u - v) * rows[t, column] + u * rows[t, stride + column] + v * rows[t, 2 * stride + column]


@inline
def vertex_mean(rows, triangles, t, u, v, column):
    """Column of a per-vertex attribute (V, C) of triangle t at barycentric weights (u, v)."""
    w = 1.0 - u - v
    return w * rows[triangles[t, 0], column] + u * rows[triangles[t, 1], column] + v * rows[triangles[t, 2], column]


@inline
def texture_point(geometry, t, u, v):
    """Texture coordinates (u, v), m, of a hit."""
    return corner_mean(geometry.uv, t, u, v, 2, 0), corner_mean(geometry.uv, t, u, v, 2, 1)


@inline
def texture_shares(geometry, t, dx, dy):
    """Shares (0 to 1) of a step along (dx, dy), seen from above, that lie along u and v; (1, 1) on what stands upright."""
    a, b, c = geometry.triangles[t, 0], geometry.triangles[t, 1], geometry.triangles[t, 2]
    p, w = geometry.vertices, geometry.uv
    ex, ey = float(p[b, 0]) - p[a, 0], float(p[b, 1]) - p[a, 1]
    gx, gy = float(p[c, 0]) - p[a, 0], float(p[c, 1]) - p[a, 1]
    twice = (ex * gy - ey * gx) * sqrt(dx * dx + dy * dy)
    if abs(twice) < 1e-9:
        return 1.0, 1.0
    s, r = (dx * gy - dy * gx) / twice, (ex * dy - ey * dx) / twice
    du = s * (w[t, 2] - w[t, 0]) + r * (w[t, 4] - w[t, 0])
    dv = s * (w[t, 3] - w[t, 1]) + r * (w[t, 5] - w[t, 1])
    return min(abs(du), 1.0), min(abs(dv), 1.0)


@inline
def object_point(geometry, t, u, v):
    """Position (x, y, z) m of a hit in the prototype's frame."""
    return (
        vertex_mean(geometry.vertices, geometry.triangles, t, u, v, 0),
        vertex_mean(geometry.vertices, geometry.triangles, t, u, v, 1),
        vertex_mean(geometry.vertices, geometry.triangles, t, u, v, 2),
    )


@inline
def object_face_normal(geometry, t):
    """Unit normal of a triangle in the prototype's frame, towards the side from which it is counter-clockwise."""
    a, b, c = geometry.triangles[t, 0], geometry.triangles[t, 1], geometry.triangles[t, 2]
    p = geometry.vertices
    ex, ey, ez = float(p[b, 0]) - p[a, 0], float(p[b, 1]) - p[a, 1], float(p[b, 2]) - p[a, 2]
    fx, fy, fz = float(p[c, 0]) - p[a, 0], float(p[c, 1]) - p[a, 1], float(p[c, 2]) - p[a, 2]
    return unit(ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx)


@inline
def object_shading_normal(geometry, t, u, v):
    """Unit interpolated corner normal in the prototype's frame."""
    return unit(
        corner_mean(geometry.normals, t, u, v, 3, 0),
        corner_mean(geometry.normals, t, u, v, 3, 1),
        corner_mean(geometry.normals, t, u, v, 3, 2),
    )


@inline
def shading_normal(scene, instance, triangle, u, v, time):
    """Unit interpolated normal (x, y, z) of a hit at a time, local frame, towards the mesh's outside."""
    x, y, z = object_shading_normal(scene.geometry, triangle, float(u), float(v))
    w, i, j, k, _, _, _ = pose_at(scene.pose, scene.knot_time, instance, float(time), scene.moves[instance])
    return rotate(w, i, j, k, x, y, z)


@inline
def geometric_normal(scene, instance, triangle, time):
    """Unit normal (x, y, z) of the triangle of a hit at a time, local frame, towards the mesh's outside."""
    x, y, z = object_face_normal(scene.geometry, triangle)
    w, i, j, k, _, _, _ = pose_at(scene.pose, scene.knot_time, instance, float(time), scene.moves[instance])
    return rotate(w, i, j, k, x, y, z)


@inline
def position(scene, instance, triangle, u, v, time):
    """Position (x, y, z) m of a hit at a time, local frame."""
    x, y, z = object_point(scene.geometry, triangle, float(u), float(v))
    w, i, j, k, px, py, pz = pose_at(scene.pose, scene.knot_time, instance, float(time), scene.moves[instance])
    x, y, z = rotate(w, i, j, k, x, y, z)
    return x + px, y + py, z + pz


@inline
def velocity(scene, instance, triangle, u, v, time):
    """Velocity (x, y, z) m/s of the surface point of a hit, local frame: that between the knots around the time."""
    last = len(scene.knot_time) - 1
    if scene.moves[instance] == 0 or last == 0:
        return 0.0, 0.0, 0.0
    k = 0
    while k < last - 1 and time >= scene.knot_time[k + 1]:
        k += 1
    before, after = float(scene.knot_time[k]), float(scene.knot_time[k + 1])
    ax, ay, az = position(scene, instance, triangle, u, v, before)
    bx, by, bz = position(scene, instance, triangle, u, v, after)
    f = 1.0 / (after - before)
    return (bx - ax) * f, (by - ay) * f, (bz - az) * f
