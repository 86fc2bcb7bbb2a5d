"""Solids told by signed fields, and their closed meshes: what bodies, clothes and hair are made of.

A solid is an ordered list of primitives joined by smooth unions, cuts and planes. Its mesh comes from surface nets on a grid
(Gibson 1998), evened by turns of smoothing and Newton steps back onto the field.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.kernels.jit import helper, kernel

Array = NDArray[np.float64]
Triangles = NDArray[np.int32]

SAMPLES = 33  # of a loft's profile
LOFT, ELLIPSOID, PLANE = 0.0, 1.0, 2.0
OPERATIONS = {"+": 0.0, "-": 1.0, "&": 2.0}


def unit(v: ArrayLike) -> Array:
    """A vector (3,) at length 1."""
    a = np.asarray(v, float)
    return a / np.sqrt(max(float(a @ a), 1e-24))


def monotone_cubic(x: ArrayLike, y: ArrayLike, at: ArrayLike) -> Array:
    """(n, k) values at `at` (n,) of a curve through (x (m,), y (m, k)) that never overshoots (Fritsch and Carlson 1980)."""
    x, y, at = np.asarray(x, float), np.asarray(y, float), np.asarray(at, float)
    h = np.diff(x)
    d = np.diff(y, axis=0) / h[:, None]
    m = np.zeros_like(y)
    m[0], m[-1] = d[0], d[-1]
    a, b = (2 * h[1:] + h[:-1])[:, None], (h[1:] + 2 * h[:-1])[:, None]
    same = d[:-1] * d[1:] > 0
    safe = np.where(same, a / np.where(same, d[:-1], 1) + b / np.where(same, d[1:], 1), 1)
    m[1:-1] = np.where(same, (a + b) / safe, 0)
    i = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    t, step = ((at - x[i]) / h[i])[:, None], h[i][:, None]
    return (
        (1 + 2 * t) * (1 - t) ** 2 * y[i]
        + t * (1 - t) ** 2 * step * m[i]
        + t * t * (3 - 2 * t) * y[i + 1]
        + t * t * (t - 1) * step * m[i + 1]
    )


def smooth_step(a: float, b: float, x: ArrayLike) -> Array:
    """0 below a, 1 above b (or the other way round where b < a), smooth between."""
    t = np.clip((np.asarray(x, float) - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


class Solid:
    """An ordered list of primitives. `blend` of each: m over which it flows into what came before."""

    def __init__(self) -> None:
        self._rows: list[Array] = []
        self._profiles: list[Array] = []

    def _add(self, kind, operation, blend, origin, axes, length, radii, bound, profile=None) -> Solid:
        row = np.zeros(24)
        row[0], row[1], row[2] = kind, OPERATIONS[operation], blend
        row[3:6], row[6:15], row[15], row[16:19] = origin, np.asarray(axes).ravel(), length, radii
        row[19:23] = bound
        self._rows.append(row)
        self._profiles.append(np.zeros((SAMPLES, 6)) if profile is None else profile)
        return self

    def loft(self, start, end, front, rings, blend: float = 0.02, operation: str = "+") -> Solid:
        """A body along the straight axis start -> end (3,). rings: rows of (share of the axis 0..1, offset along u, offset
        along v, half width along u, depth in front (+v), depth behind, exponent of the super-ellipse); v is `front` made
        square to the axis, u = v x axis."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        w = unit(b - a)
        front = np.asarray(front, float)
        v = unit(front - (front @ w) * w)
        u = np.array([v[1] * w[2] - v[2] * w[1], v[2] * w[0] - v[0] * w[2], v[0] * w[1] - v[1] * w[0]])
        rings = np.asarray(rings, float)
        profile = monotone_cubic(rings[:, 0], rings[:, 1:], np.linspace(0, 1, SAMPLES))
        length = float(np.sqrt(((b - a) ** 2).sum()))
        wide = float((np.abs(profile[:, 0]) + profile[:, 2]).max())
        deep = float((np.abs(profile[:, 1]) + profile[:, 3:5].max(1)).max())
        bound = [*((a + b) / 2), sqrt(length * length / 4 + wide * wide + deep * deep)]
        return self._add(LOFT, operation, blend, a, [u, v, w], length, (0, 0, 0), bound, profile)

    def tube(self, start, end, r0: float, r1: float, blend: float = 0.01, operation: str = "+") -> Solid:
        """A tapered tube with round ends, through `start` and `end`."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        w = unit(b - a)
        front = [0.0, 1.0, 0.0] if abs(w[1]) < 0.9 else [0.0, 0.0, 1.0]
        a, b = a - w * r0 * 0.8, b + w * r1 * 0.8
        length = sqrt(float(((b - a) ** 2).sum()))
        low, high = 0.8 * r0 / length, 1 - 0.8 * r1 / length
        shape = [
            (0, 0.45 * r0),
            (0.45 * low, 0.84 * r0),
            (low, r0),
            (high, r1),
            (1 - 0.45 * (1 - high), 0.84 * r1),
            (1, 0.45 * r1),
        ]
        return self.loft(a, b, front, [(t, 0, 0, r, r, r, 2) for t, r in shape], blend, operation)

    def ellipsoid(self, centre, radii, blend: float = 0.02, operation: str = "+", axes=None) -> Solid:
        """axes: (3, 3) rows of its own axes, those of the frame if left out."""
        bound = [*np.asarray(centre, float), float(np.max(radii))]
        return self._add(ELLIPSOID, operation, blend, centre, np.eye(3) if axes is None else axes, 0, radii, bound)

    def plane(self, point, normal, blend: float = 0.004) -> Solid:
        """Keeps what lies on the side that the normal points away from."""
        return self._add(PLANE, "&", blend, point, [[0] * 3, [0] * 3, unit(normal)], 0, (0, 0, 0), [0, 0, 0, 1e9])

    def packed(self) -> tuple[Array, Array]:
        """Rows (n, 24) and profiles (n, SAMPLES, 6), as the kernels read them."""
        return np.array(self._rows), np.array(self._profiles)

    def distance(self, points: ArrayLike) -> Array:
        """(n,) m field at points (n, 3): negative inside, near the surface close to the distance."""
        rows, profiles = self.packed()
        return field(rows, profiles, np.ascontiguousarray(points, float))


def mesh(solid: Solid, low, high, cell_m: float, rounds: int = 2) -> tuple[Array, Triangles]:
    """Closed mesh (V, 3), (T, 3) of the part of a solid in the box low..high, with vertices about `cell_m` apart."""
    rows, profiles = solid.packed()
    low = np.asarray(low, float) - 2 * cell_m
    count = np.ceil((np.asarray(high, float) + 2 * cell_m - low) / cell_m).astype(np.int64) + 1
    values = _grid(rows, profiles, low, cell_m, count)
    for axis in range(3):  # a solid that reaches out of the box ends there, so that no hole is left
        face = np.moveaxis(values, axis, 0)
        face[:2] = 1.0
        face[-2:] = 1.0
    v, quads = _nets(values, low, cell_m)
    for _ in range(rounds):
        _even(v, quads, 0.5)
        _project(rows, profiles, v, 0.25 * cell_m, 0.6 * cell_m)
    short = ((v[quads[:, 0]] - v[quads[:, 2]]) ** 2).sum(1) < ((v[quads[:, 1]] - v[quads[:, 3]]) ** 2).sum(1)
    f = np.where(short[:, None], quads[:, [0, 1, 2, 0, 2, 3]], quads[:, [1, 2, 3, 1, 3, 0]]).reshape(-1, 3)
    f = f.astype(np.int32)
    _unfold(v, f, 6, False)
    return v, f


def refine(
    solid: Solid, v: Array, f: Triangles, length_m: Callable[[Array], Array], rounds: int = 1
) -> tuple[Array, Triangles]:
    """The mesh with those edges halved that are longer than `length_m` (points (n, 3) -> (n,)) asks for at their middle; new
    vertices lie on the solid."""
    rows, profiles = solid.packed()
    for _ in range(rounds):
        edge, index = _edges(f)
        size = np.sqrt(((v[edge[:, 0]] - v[edge[:, 1]]) ** 2).sum(1))
        middle = 0.5 * (v[edge[:, 0]] + v[edge[:, 1]])
        split = size > length_m(middle)
        v, f = _split(v, f, index, split, middle)
        for share in (0.0, 0.15, 0.25):
            _even(v, f, share)
            _project(rows, profiles, v, 0.0015, 0.005)
        _unfold(v, f, 12, True)
    return v, f


def _unfold(v: Array, f: Triangles, rounds: int, widely: bool) -> None:
    """Smooth where thin features (ears, the tip of a nose) made the surface fold over itself; v is changed in place.
    widely: neighbours are smoothed too, which opens any fold, but thins what is thin."""
    for _ in range(rounds):
        n = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
        n /= np.maximum(np.sqrt((n * n).sum(1, keepdims=True)), 1e-30)
        around = vertex_normals(v, f)[f].sum(1)
        folded = (n * around).sum(1) < 0.45 * np.sqrt((around * around).sum(1))
        if not folded.any():
            return
        even = v.copy()
        _even(even, f, 0.6)
        touched = np.zeros(len(v), bool)
        touched[f[folded]] = True
        moved = np.unique(f[touched[f].any(1)]) if widely else np.flatnonzero(touched)
        v[moved] = even[moved]


def cut(v: Array, f: Triangles, value: Array, snap_m: float) -> tuple[Array, Triangles]:
    """The same surface with edges along the line where `value` (V,), a distance in m, is zero. Vertices nearer than `snap_m`
    to the line count as on it."""
    value = np.where(np.abs(value) < snap_m, 0.0, value)
    edge, index = _edges(f)
    a, b = value[edge[:, 0]], value[edge[:, 1]]
    split = a * b < 0
    t = np.where(split, a / np.where(split, a - b, 1.0), 0.0)[:, None]
    return _split(v, f, index, split, v[edge[:, 0]] * (1 - t) + v[edge[:, 1]] * t)


def _edges(f: Triangles) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Undirected edges (E, 2), and for each triangle the rows (T, 3) of its edges 0-1, 1-2, 2-0."""
    pair = np.sort(np.stack([f, np.roll(f, -1, 1)], 2).astype(np.int64), axis=2).reshape(-1, 2)
    key, index = np.unique((pair[:, 0] << 32) + pair[:, 1], return_inverse=True)
    return np.stack([key >> 32, key & 0xFFFFFFFF], 1), index.reshape(-1, 3)


def _split(v: Array, f: Triangles, index, split, points) -> tuple[Array, Triangles]:
    """New vertices `points` (E, 3) on the edges where `split` (E,), each triangle cut to fit."""
    new = np.where(split, len(v) + np.cumsum(split) - 1, -1)
    v = np.concatenate([v, points[split]])
    m = new[index]
    count = (m >= 0).sum(1)
    out = [f[count == 0].astype(np.int64)]
    for k in range(3):  # turn each triangle so that its pattern of split edges begins at corner 0
        c, e = np.roll(f, -k, 1).astype(np.int64), np.roll(m, -k, 1)
        one = (count == 1) & (e[:, 0] >= 0)
        a, b, d, p = c[one, 0], c[one, 1], c[one, 2], e[one, 0]
        out += [np.stack([a, p, d], 1), np.stack([p, b, d], 1)]
        two = (count == 2) & (e[:, 2] < 0)
        a, b, d, p, q = c[two, 0], c[two, 1], c[two, 2], e[two, 0], e[two, 1]
        out += [np.stack([p, b, q], 1), np.stack([a, p, q], 1), np.stack([a, q, d], 1)]
    three = count == 3
    (a, b, d), (p, q, r) = f[three].T.astype(np.int64), m[three].T
    out += [np.stack([a, p, r], 1), np.stack([p, b, q], 1), np.stack([r, q, d], 1), np.stack([p, q, r], 1)]
    return v, np.ascontiguousarray(np.concatenate(out), np.int32)


def vertex_normals(v: Array, f: Triangles) -> Array:
    """(V, 3) area-weighted unit normals."""
    n = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    total = np.stack([np.bincount(f.ravel(), np.repeat(n[:, k], 3), len(v)) for k in range(3)], 1)
    return total / np.maximum(np.sqrt((total * total).sum(1, keepdims=True)), 1e-30)


def fractal_noise(points: ArrayLike, octaves: int = 2) -> Array:
    """(n,) value noise of unit pitch at points (n, 3), about -1.5 to 1.5; halved with each octave."""
    p = np.ascontiguousarray(points, float)
    return sum((value_noise(p * 2.0**k + 17.3 * k) * 0.5**k for k in range(octaves)), np.zeros(len(p)))


@helper
def _primitive(row, profile, x, y, z):
    dx, dy, dz = x - row[3], y - row[4], z - row[5]
    w = dx * row[12] + dy * row[13] + dz * row[14]
    if row[0] == PLANE:
        return w
    u = dx * row[6] + dy * row[7] + dz * row[8]
    v = dx * row[9] + dy * row[10] + dz * row[11]
    if row[0] == ELLIPSOID:
        a, b, c = u / row[16], v / row[17], w / row[18]
        k0 = sqrt(a * a + b * b + c * c)
        a, b, c = a / row[16], b / row[17], c / row[18]
        return k0 * (k0 - 1.0) / (sqrt(a * a + b * b + c * c) + 1e-9)
    length = row[15]
    t = min(max(w / length, 0.0), 1.0) * (SAMPLES - 1)
    i = min(int(t), SAMPLES - 2)
    f = t - i
    u -= profile[i, 0] * (1 - f) + profile[i + 1, 0] * f
    v -= profile[i, 1] * (1 - f) + profile[i + 1, 1] * f
    ru = profile[i, 2] * (1 - f) + profile[i + 1, 2] * f
    side = 3 if v >= 0 else 4
    rv = profile[i, side] * (1 - f) + profile[i + 1, side] * f
    n = profile[i, 5] * (1 - f) + profile[i + 1, 5] * f
    a, b = abs(u) / ru, abs(v) / rv
    rho = sqrt(a * a + b * b) if n < 2.01 else (a**n + b**n) ** (1.0 / n)
    q = sqrt(u * u + v * v)
    d = q - q / rho if rho > 0.15 else -min(ru, rv) * (1 - rho)
    e = max(-w, w - length)
    if d > 0 and e > 0:
        return sqrt(d * d + e * e)
    return max(d, e)


@kernel
def _value(rows, profiles, x, y, z):
    d = 1e3
    for i in range(rows.shape[0]):
        row = rows[i]
        k = row[2]
        if row[0] != PLANE:  # far from what it is to flow into, a primitive changes nothing
            far = sqrt((x - row[19]) ** 2 + (y - row[20]) ** 2 + (z - row[21]) ** 2) - row[22]
            if far > (d if row[1] == 0.0 else -d) + k:
                continue
        f = _primitive(row, profiles[i], x, y, z)
        if row[1] == 0.0:
            h = max(k - abs(d - f), 0.0) / k
            d = min(d, f) - h * h * k * 0.25
        else:
            f = -f if row[1] == 1.0 else f
            h = max(k - abs(d - f), 0.0) / k
            d = max(d, f) + h * h * k * 0.25
    return d


@kernel
def field(rows, profiles, points):
    """(n,) field of a packed solid at points (n, 3)."""
    out = np.empty(len(points))
    for i in range(len(points)):
        out[i] = _value(rows, profiles, points[i, 0], points[i, 1], points[i, 2])
    return out


@kernel
def _grid(rows, profiles, low, cell, count):
    out = np.empty((count[0], count[1], count[2]), np.float32)
    for i in range(count[0]):
        for j in range(count[1]):
            for k in range(count[2]):
                out[i, j, k] = _value(rows, profiles, low[0] + i * cell, low[1] + j * cell, low[2] + k * cell)
    return out


@helper
def _net_vertex(g, i, j, k, out):
    """Mean crossing (3,) of the edges of a cell, in cells; False where the field does not change sign."""
    out[:] = 0.0
    m = 0
    for c in range(8):
        for a in range(3):
            if (c >> a) & 1:
                continue
            e = c | (1 << a)
            f0, f1 = g[i + (c & 1), j + ((c >> 1) & 1), k + (c >> 2)], g[i + (e & 1), j + ((e >> 1) & 1), k + (e >> 2)]
            if (f0 < 0) != (f1 < 0):
                t = f0 / (f0 - f1)
                for b in range(3):
                    out[b] += (c >> b) & 1
                out[a] += t
                m += 1
    if m > 0:
        out /= m
    return m > 0


@kernel
def _nets(g, low, cell):
    """Vertices (V, 3) and quads (Q, 4), counter-clockwise from outside, of the surface where the grid g changes sign."""
    nx, ny, nz = g.shape
    index = np.full((nx, ny, nz), -1, np.int32)
    v = np.empty((nx * ny * nz // 3 + 64, 3))
    at = np.empty(3)
    nv = 0
    for i in range(nx - 1):
        for j in range(ny - 1):
            for k in range(nz - 1):
                if _net_vertex(g, i, j, k, at):
                    index[i, j, k] = nv
                    v[nv, 0], v[nv, 1], v[nv, 2] = (
                        low[0] + (i + at[0]) * cell,
                        low[1] + (j + at[1]) * cell,
                        low[2] + (k + at[2]) * cell,
                    )
                    nv += 1
    quads = np.empty((nv * 2 + 64, 4), np.int32)
    nq = 0
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                inside = g[i, j, k] < 0
                for a in range(3):
                    if a == 0:
                        other = g[i + 1, j, k] < 0
                        q0, q1, q2, q3 = index[i, j - 1, k - 1], index[i, j, k - 1], index[i, j, k], index[i, j - 1, k]
                    elif a == 1:
                        other = g[i, j + 1, k] < 0
                        q0, q1, q2, q3 = index[i - 1, j, k - 1], index[i - 1, j, k], index[i, j, k], index[i, j, k - 1]
                    else:
                        other = g[i, j, k + 1] < 0
                        q0, q1, q2, q3 = index[i - 1, j - 1, k], index[i, j - 1, k], index[i, j, k], index[i - 1, j, k]
                    if inside == other:
                        continue
                    quads[nq, 0], quads[nq, 2] = q0, q2
                    quads[nq, 1], quads[nq, 3] = (q1, q3) if inside else (q3, q1)
                    nq += 1
    return v[:nv].copy(), quads[:nq].copy()


@kernel
def _even(v, faces, share):
    """Move each vertex by a share of the way to the mean of its neighbours along the edges of the faces (n, corners)."""
    total, count = np.zeros_like(v), np.zeros(len(v))
    corners = faces.shape[1]
    for q in range(len(faces)):
        for a in range(corners):
            i, j = faces[q, a], faces[q, (a + 1) % corners]
            for c in range(3):
                total[i, c] += v[j, c]
                total[j, c] += v[i, c]
            count[i] += 1
            count[j] += 1
    for i in range(len(v)):
        for c in range(3):
            v[i, c] += share * (total[i, c] / max(count[i], 1.0) - v[i, c])


@kernel
def _project(rows, profiles, v, step, furthest):
    """One Newton step of each vertex onto the surface, of at most `furthest` m."""
    for i in range(len(v)):
        x, y, z = v[i, 0], v[i, 1], v[i, 2]
        f = _value(rows, profiles, x, y, z)
        gx = (_value(rows, profiles, x + step, y, z) - _value(rows, profiles, x - step, y, z)) / (2 * step)
        gy = (_value(rows, profiles, x, y + step, z) - _value(rows, profiles, x, y - step, z)) / (2 * step)
        gz = (_value(rows, profiles, x, y, z + step) - _value(rows, profiles, x, y, z - step)) / (2 * step)
        g2 = gx * gx + gy * gy + gz * gz
        if g2 >= 0.05:
            s = min(max(f / g2, -furthest), furthest)
            v[i, 0] -= s * gx
            v[i, 1] -= s * gy
            v[i, 2] -= s * gz


@helper
def _corner(i, j, k):
    n = (i * 73856093) ^ (j * 19349663) ^ (k * 83492791)
    n = (n ^ (n >> 13)) * 1274126177
    return ((n ^ (n >> 16)) & 0xFFFF) / 65535.0


@kernel
def value_noise(points):
    """(n,) smooth noise of unit pitch in -1 .. 1 at points (n, 3)."""
    out = np.empty(len(points))
    for q in range(len(points)):
        i, j, k = int(floor(points[q, 0])), int(floor(points[q, 1])), int(floor(points[q, 2]))
        x, y, z = points[q, 0] - i, points[q, 1] - j, points[q, 2] - k
        x, y, z = x * x * (3 - 2 * x), y * y * (3 - 2 * y), z * z * (3 - 2 * z)
        s = 0.0
        for c in range(8):
            a, b, d = c & 1, (c >> 1) & 1, c >> 2
            s += _corner(i + a, j + b, k + d) * (x if a else 1 - x) * (y if b else 1 - y) * (z if d else 1 - z)
        out[q] = 2 * s - 1
    return out
