"""Pockets in a shell: wheel arches and load beds. The inside is taken out, and the hole closed by a wall and a bottom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import corner_normals
from scenesim.geometry.shell import Array, Index, Mask, Shell
from scenesim.kernels.jit import kernel

NARROW_M = 0.006  # rim points nearer than this in the plane share a point of the bottom


@kernel
def ear_clip(points, barred):
    """Triangles (n - 2, 3) of a simple counter-clockwise polygon (n, 2); diagonals that are barred (n, n) are not used."""
    n = len(points)
    index, out, found = np.arange(n), np.empty((n - 2, 3), np.int64), 0
    while n > 3:
        best, at = -1e9, 0
        for i in range(n):
            a, b, c = index[i - 1] if i else index[n - 1], index[i], index[(i + 1) % n]
            ux, uy = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
            vx, vy = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1]
            area = ux * vy - uy * vx
            if area <= 1e-9 or barred[a, c]:
                continue
            empty = True
            for q in range(n):
                k = index[q]
                if k == a or k == b or k == c:
                    continue
                x, y = points[k, 0] - points[a, 0], points[k, 1] - points[a, 1]
                s, t = (x * vy - y * vx) / area, (ux * y - uy * x) / area
                if s >= -1e-7 and t >= -1e-7 and s + t <= 1 + 1e-7:
                    empty = False
                    break
            if not empty:
                continue
            wx, wy = points[c, 0] - points[b, 0], points[c, 1] - points[b, 1]
            shape = area / (ux * ux + uy * uy + vx * vx + vy * vy + wx * wx + wy * wy)
            if shape > best:
                best, at = shape, i
            if best > 0.2:
                break
        out[found, 0], out[found, 1], out[found, 2] = index[at - 1] if at else index[n - 1], index[at], index[(at + 1) % n]
        found += 1
        for i in range(at, n - 1):
            index[i] = index[i + 1]
        n -= 1
    out[found, 0], out[found, 1], out[found, 2] = index[0], index[1], index[2]
    return out


def boundary_loops(faces: Index) -> list[list[int]]:
    """Loops of directed edges that have no opposite."""
    a, b = faces.ravel(), np.roll(faces, -1, 1).ravel()
    single = ~np.isin((a << 31) + b, (b << 31) + a)
    after = {int(p): int(q) for p, q in zip(a[single], b[single])}
    loops = []
    while after:
        start, b_ = after.popitem()
        loop = [start]
        while b_ != start:
            loop.append(b_)
            b_ = after.pop(b_)
        loops.append(loop)
    return loops


def carve(shell: Shell, inside: Mask, axis: int, bottom: float, material: str) -> None:
    """Take the faces `inside` out and close the hole: its rim is swept along an axis to the plane where that coordinate is
    `bottom`. Rim vertices that lie there already are shared, so that a pocket may break through the underside."""
    shell.faces, shell.normals, shell.face_material = shell.faces[~inside], shell.normals[~inside], shell.face_material[~inside]
    for loop in boundary_loops(shell.faces):
        t = _close(shell, loop[::-1], axis, bottom)
        shell.faces = np.concatenate([shell.faces, t])
        shell.face_material = np.concatenate([shell.face_material, np.full(len(t), shell.number(material))])
        shell.normals = np.concatenate([shell.normals, corner_normals(shell.vertices, t, 50.0)])


def _close(shell: Shell, rim: list[int], axis: int, bottom: float) -> Index:
    """Triangles that close a rim."""
    on = np.abs(shell.vertices[rim, axis] - bottom) < 1e-6
    if on.any():  # turned: the swept chain first, the part in the plane last
        k = next(i for i in range(len(rim)) if on[i] and not on[(i + 1) % len(rim)])
        rim, on = rim[k:] + rim[:k], np.roll(on, -k)
        end = next(i for i in range(1, len(rim)) if on[i])
        chain, rest = rim[: end + 1], rim[end + 1 :]
    else:
        chain, rest = rim + rim[:1], []
    inner = _sweep(shell, chain, axis, bottom, bool(on.any()))
    wall = []
    for k in range(len(chain) - 1):
        a, b, c, d = chain[k], chain[k + 1], inner[k + 1], inner[k]
        wall += [t for t in ((a, b, c), (a, c, d)) if len(set(t)) == 3]
    cap = [v for k, v in enumerate(inner + rest) if k == 0 or (inner + rest)[k - 1] != v]
    if cap[0] == cap[-1]:
        cap.pop()
    return _without_folds(np.array(wall + _bottom(shell, cap, wall, axis)))


def _sweep(shell: Shell, chain: list[int], axis: int, bottom: float, through: bool) -> list[int]:
    """The vertex of the bottom that belongs to each of a chain of the rim; new ones are added to the shell."""
    plane = [c for c in range(3) if c != axis]
    v, base = shell.vertices, len(shell.vertices)
    known: dict[int, int] = {}
    new: list[NDArray] = []
    inner: list[int] = []
    last = None
    for i, k in enumerate(chain):
        q, root = v[k, plane], chain[0] if i < len(chain) / 2 else chain[-1]
        if axis == 1 and through and v[k, 2] < v[root, 2] + 0.008:  # the underside's part of the rim fans to the corner
            inner.append(root)
            last = v[root, plane]
        elif abs(v[k, axis] - bottom) < 1e-6:
            inner.append(k)
            last = q
        elif k in known:
            inner.append(known[k])
        elif last is not None and _near(q, last):
            inner.append(inner[-1])
        elif through and _near(q, v[chain[-1], plane]):
            inner.append(chain[-1])
        else:
            known[k] = base + len(new)
            point = v[k].copy()
            point[axis] = bottom
            inner.append(known[k])
            new.append(point)
            last = q
    shell.vertices = np.concatenate([v, np.array(new).reshape(-1, 3)])
    return inner


def _near(a: Array, b: Array) -> bool:
    d = a - b
    return float(d @ d) < NARROW_M**2


def _bottom(shell: Shell, cap: list[int], wall: list[tuple], axis: int) -> list[tuple]:
    """Triangles of the bottom, by ears whose diagonals are no edges yet."""
    p = shell.vertices[cap][:, [c for c in range(3) if c != axis]]
    if axis == 1:
        p = p * [-1, 1]
    area = (p[:, 0] * np.roll(p[:, 1], -1) - np.roll(p[:, 0], -1) * p[:, 1]).sum()
    place = {v: i for i, v in enumerate(cap)}
    barred = np.zeros((len(cap), len(cap)), np.bool_)
    near = shell.faces[np.isin(shell.faces, cap).sum(1) >= 2]
    for t in [*near, *wall]:
        q = [place[int(v)] for v in t if int(v) in place]
        for a in q:
            barred[a, q] = True
    ears = ear_clip(np.ascontiguousarray(p if area > 0 else p * [-1, 1]), barred)
    return [tuple(cap[k] for k in t) for t in ears]


def _without_folds(t: Index) -> Index:
    """Triangles without pairs that lie back to back."""
    _, group = np.unique(np.sort(t, 1), axis=0, return_inverse=True)
    group = group.ravel()
    return t[np.bincount(group)[group] == 1]
