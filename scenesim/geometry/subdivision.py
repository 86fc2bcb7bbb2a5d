"""Catmull-Clark subdivision with semi-sharp creases, over cages that are the surface of a box lattice.

Catmull and Clark 1978; creases after DeRose, Kass and Truong 1998: an edge of sharpness s stays sharp for s steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
SHIFT = 31  # an edge is one number: lower vertex << SHIFT, plus the higher one


class Creases(NamedTuple):
    """edge: (C,) sorted edge numbers. sharpness: (C,)."""

    edge: Index
    sharpness: Array


class Crease(NamedTuple):
    """A run of sharp edges on a lattice. along: "row" (the side at height `at`), "ring" (across the top at station `at`),
    "post" (down the side at station `at`), "front" or "rear" (across an end at height `at`). It runs from first to last."""

    along: str
    at: int
    first: int
    last: int
    sharpness: float


@dataclass(frozen=True)
class Lattice:
    """The surface of a box of stations x columns x rows: i from front to rear, j from right (-) to left (+), k from bottom to
    top. index: (i, j, k) -> vertex. quads: (Q, 4), counter-clockwise seen from outside if the first axis points backwards."""

    stations: int
    columns: int
    rows: int
    index: dict[tuple[int, int, int], int]
    quads: Index


def lattice(stations: int, columns: int, rows: int) -> Lattice:
    """A lattice with `columns` on each side of the middle."""
    index: dict[tuple[int, int, int], int] = {}
    quads: list[list[int]] = []

    def add(corners, turned: bool) -> None:
        q = [index.setdefault(c, len(index)) for c in corners]
        quads.append(q[::-1] if turned else q)

    for i in range(stations):
        for j in range(-columns, columns):
            for k, turned in ((rows, True), (0, False)):
                add([(i, j, k), (i + 1, j, k), (i + 1, j + 1, k), (i, j + 1, k)], turned)
        for k in range(rows):
            for j, turned in ((columns, False), (-columns, True)):
                add([(i, j, k), (i + 1, j, k), (i + 1, j, k + 1), (i, j, k + 1)], turned)
    for j in range(-columns, columns):
        for k in range(rows):
            for i, turned in ((0, False), (stations, True)):
                add([(i, j, k), (i, j + 1, k), (i, j + 1, k + 1), (i, j, k + 1)], turned)
    return Lattice(stations, columns, rows, index, np.array(quads))


def creases(grid: Lattice, runs: Sequence[Crease]) -> Creases:
    """The edges of crease runs, on both sides of the middle."""
    found: dict[int, float] = {}
    n, m = grid.columns, grid.rows
    for run in runs:
        for q in range(run.first, run.last):
            for s in (1, -1):
                ends = {
                    "row": ((q, s * n, run.at), (q + 1, s * n, run.at)),
                    "ring": ((run.at, s * q, m), (run.at, s * (q + 1), m)),
                    "post": ((run.at, s * n, q), (run.at, s * n, q + 1)),
                    "front": ((0, s * q, run.at), (0, s * (q + 1), run.at)),
                    "rear": ((grid.stations, s * q, run.at), (grid.stations, s * (q + 1), run.at)),
                }[run.along]
                a, b = sorted(grid.index[e] for e in ends)
                found[(a << SHIFT) + b] = run.sharpness
    edge = np.array(sorted(found), np.int64)
    return Creases(edge, np.array([found[int(e)] for e in edge]))


def edge_numbers(a: Index, b: Index) -> Index:
    """Numbers of the edges between vertices a and b."""
    return (np.minimum(a, b) << SHIFT) + np.maximum(a, b)


def edge_ends(edge: Index) -> tuple[Index, Index]:
    """(lower, higher) vertices of edges."""
    return edge >> SHIFT, edge & ((1 << SHIFT) - 1)


def gather(index: Index, values: Array, n: int) -> Array:
    """(n, 3) sums of the rows of values (m, 3) that share an index."""
    return np.stack([np.bincount(index, values[:, c], n) for c in range(3)], 1)


def _crease_points(v: Array, ends: tuple[Index, Index], s: Array, smooth: Array) -> Array:
    """Vertex points where creases meet: on a crease, or left in place at its corners."""
    n, (a, b) = len(v), (ends[0][s > 0], ends[1][s > 0])
    sharp = s[s > 0]
    count = np.bincount(a, minlength=n) + np.bincount(b, minlength=n)
    total = np.bincount(a, sharp, n) + np.bincount(b, sharp, n)
    opposite = gather(a, v[b], n) + gather(b, v[a], n)
    weight = np.clip(total / np.maximum(count, 1), 0, 1)[:, None]
    crease = np.where((count == 2)[:, None], (6 * v + opposite) / 8, v)
    return np.where((count >= 2)[:, None], smooth * (1 - weight) + crease * weight, smooth)


def step(v: Array, quads: Index, sharp: Creases) -> tuple[Array, Index, Creases]:
    """One step: vertices (V, 3) stay first, and four quads come of each."""
    n = len(v)
    edge, inverse = np.unique(edge_numbers(quads, np.roll(quads, -1, 1)).ravel(), return_inverse=True)
    inverse = inverse.ravel()
    a, b = edge_ends(edge)
    s = np.zeros(len(edge))
    if len(sharp.edge):
        at = np.clip(np.searchsorted(sharp.edge, edge), 0, len(sharp.edge) - 1)
        s = np.where(sharp.edge[at] == edge, sharp.sharpness[at], 0.0)
    face = v[quads].mean(1)
    middle = (v[a] + v[b]) / 2
    w = np.clip(s, 0, 1)[:, None]
    edge_point = (v[a] + v[b] + gather(inverse, np.repeat(face, 4, 0), len(edge))) / 4 * (1 - w) + middle * w
    valence = (np.bincount(a, minlength=n) + np.bincount(b, minlength=n))[:, None]
    faces_mean = gather(quads.ravel(), np.repeat(face, 4, 0), n) / np.bincount(quads.ravel(), minlength=n)[:, None]
    edges_mean = (gather(a, middle, n) + gather(b, middle, n)) / valence
    smooth = (faces_mean + 2 * edges_mean + (valence - 3) * v) / valence
    vertex_point = _crease_points(v, (a, b), s, smooth)
    e, f = n + inverse.reshape(-1, 4), n + len(edge) + np.arange(len(quads))
    finer = np.stack([np.stack([quads[:, c], e[:, c], f, e[:, c - 1]], 1) for c in range(4)], 1).reshape(-1, 4)
    live = np.flatnonzero(s > 1e-6)
    halves = np.concatenate([(a[live] << SHIFT) + n + live, (b[live] << SHIFT) + n + live])
    left = np.tile(s[live] - 1, 2)
    order = np.argsort(halves[left > 1e-6])
    rest = Creases(halves[left > 1e-6][order], left[left > 1e-6][order])
    return np.concatenate([vertex_point, edge_point, face]), finer, rest


def subdivide(v: Array, quads: Index, sharp: Creases, levels: int) -> tuple[Array, Index]:
    """The surface after some steps; the cage's own vertices stay first."""
    for _ in range(levels):
        v, quads, sharp = step(v, quads, sharp)
    return v, quads


def fitted(target: Array, quads: Index, sharp: Creases, strength: float, rounds: int = 3) -> Array:
    """A cage whose surface passes close to its own target points (V, 3). Box corners, where three quads meet, follow less:
    they would grow horns."""
    share = np.where(np.bincount(quads.ravel()) == 3, 0.3, 1.0)[:, None] * strength
    cage = target.copy()
    for _ in range(rounds):
        cage += share * (target - subdivide(cage, quads, sharp, 2)[0][: len(target)])
    return cage


def triangles(quads: Index) -> Index:
    """Two triangles of each quad."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
