"""How a tree branches: limbs that grow towards the light, how thick they are, and their bark."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.kernels.jit import kernel

Array = NDArray[np.float64]

MOST_NODES, MOST_ROUNDS = 9000, 200
FOOT_M = 0.3  # the trunk goes on below the ground, because it is not level
# Root flare: height above the ground and radius, both as multiples of the trunk's radius; a bulge for each root.
FLARE = ((0.0, 1.62), (0.45, 1.36), (1.2, 1.15), (2.6, 1.04))
ROOTS = 5
THIN_M = (0.018, 0.05)  # radii between which the bark of twigs turns into that of limbs
# Sides of a limb from its radius, m: what is thin is seen from afar.
SIDES = ((0.13, 12), (0.05, 7), (0.022, 5), (0.0, 3))


@dataclass(frozen=True)
class Limb:
    """points: (n, 3) m from the fork to the tip. radius: (n,) m. trunk: whether it has roots."""

    points: Array
    radius: Array
    trunk: bool = False


@dataclass(frozen=True)
class Skeleton:
    """nodes: (N, 3) m; a child comes after its parent. parent: (N,), -1 for the root. radius: (N,) m."""

    nodes: Array
    parent: NDArray[np.int64]
    radius: Array

    def limbs(self) -> list[Limb]:
        """The tree cut into limbs, each of which goes on into its thickest child."""
        heir = np.full(len(self.parent), -1)
        children: list[list[int]] = [[] for _ in self.parent]
        for i, p in enumerate(self.parent.tolist()):
            if p >= 0:
                children[p].append(i)
                if heir[p] < 0 or self.radius[i] > self.radius[heir[p]]:
                    heir[p] = i
        limbs, waiting = [], [0]
        while waiting:
            i = waiting.pop()
            chain = [int(self.parent[i]), i] if i else [i]
            while heir[i] >= 0:
                waiting += [k for k in children[i] if k != heir[i]]
                i = int(heir[i])
                chain.append(i)
            radius = self.radius[chain].copy()
            if chain[0] or len(limbs):
                radius[0] = min(0.8 * radius[0], 1.25 * radius[1])  # starts inside the limb that bears it
            limbs.append(Limb(self.nodes[chain], radius, trunk=not limbs))
        return limbs


@kernel
def _colonise(aims, nodes, parent, count, step, reach, kill, drop, inertia):
    near = np.zeros(len(aims), np.int64)
    best = np.full(len(aims), 1e18)
    alive = np.ones(len(aims), np.bool_)
    pull, pulled = np.zeros((len(nodes), 3)), np.zeros(len(nodes))
    children = np.zeros(len(nodes))
    seen = 0
    for _ in range(MOST_ROUNDS):
        for a in range(len(aims)):
            if alive[a]:
                for i in range(seen, count):
                    x, y, z = aims[a, 0] - nodes[i, 0], aims[a, 1] - nodes[i, 1], aims[a, 2] - nodes[i, 2]
                    d = x * x + y * y + z * z
                    if d < best[a]:
                        best[a], near[a] = d, i
                alive[a] = best[a] > kill * kill
        seen = count
        pull[:count] = 0.0
        pulled[:count] = 0.0
        for a in range(len(aims)):
            if alive[a] and best[a] < reach * reach:
                i = near[a]
                for c in range(3):
                    pull[i, c] += (aims[a, c] - nodes[i, c]) / sqrt(best[a])
                pulled[i] += 1.0
        for i in range(seen):
            if pulled[i] == 0.0 or children[i] >= 3 or count == len(nodes):
                continue
            x, y, z = pull[i, 0] / pulled[i], pull[i, 1] / pulled[i], pull[i, 2] / pulled[i] - drop
            p = parent[i]
            if p >= 0:
                f = inertia / step
                x, y, z = (
                    x + f * (nodes[i, 0] - nodes[p, 0]),
                    y + f * (nodes[i, 1] - nodes[p, 1]),
                    z + f * (nodes[i, 2] - nodes[p, 2]),
                )
            f = step / (sqrt(x * x + y * y + z * z) + 1e-9)
            nodes[count, 0], nodes[count, 1], nodes[count, 2] = nodes[i, 0] + f * x, nodes[i, 1] + f * y, nodes[i, 2] + f * z
            parent[count] = i
            children[i] += 1
            count += 1
        if count == seen:
            break
    return count


def colonise(aims: Array, stem: Array, step_m: float, drop: float, inertia: float = 0.45) -> tuple[Array, NDArray[np.int64]]:
    """(nodes (N, 3), parent (N,)) of a tree that grows from a stem (n, 3) to aims (A, 3): every round each node that is the
    nearest of some aim makes a step to the mean of their directions; an aim that is reached is gone (Runions, Lane and
    Prusinkiewicz 2007, space colonisation). drop: pull of gravity. inertia: how much a limb keeps its direction."""
    nodes, parent = np.zeros((MOST_NODES, 3)), np.full(MOST_NODES, -1)
    nodes[: len(stem)], parent[: len(stem)] = stem, np.arange(-1, len(stem) - 1)
    n = _colonise(np.ascontiguousarray(aims), nodes, parent, len(stem), step_m, 9 * step_m, 1.25 * step_m, drop, inertia)
    return nodes[:n].copy(), parent[:n].copy()


def pipe_radii(parent: NDArray[np.int64], trunk_m: float, tip_m: float) -> Array:
    """Radius (N,) of each node: the area of a limb is that of all twigs that it feeds (Shinozaki et al. 1964, pipe model),
    stretched so that the trunk has its radius."""
    area = np.full(len(parent), tip_m * tip_m)
    for i in range(len(parent) - 1, 0, -1):
        area[parent[i]] += area[i]
    r = np.sqrt(area)
    return tip_m + (r - tip_m) * (trunk_m - tip_m) / (r[0] - tip_m)


def unit(v: Array) -> Array:
    """Rows (..., 3) of length one."""
    return v / np.maximum(np.sqrt((v * v).sum(-1, keepdims=True)), 1e-12)


def bark(limbs: list[Limb], thinnest_m: float, surface: Surface, colors: Array, bend: float = 0.4) -> Mesh:
    """The bark of all limbs, as far out as they are thicker than thinnest_m. colors: (2, 3) vertex colour of thick and of thin
    limbs (THIN_M). bend: how far, in radii, a limb may be off its mesh's axis."""
    meshes = []
    for limb in limbs:
        thick = int(np.argmax(limb.radius[1:] < thinnest_m)) if limb.radius[-1] < thinnest_m else len(limb.radius)
        if thick or limb.trunk:
            end = max(thick + 1, 2)
            meshes.append(
                _tube(_roots(_thinned(Limb(limb.points[:end], limb.radius[:end], limb.trunk), bend)), surface, colors)
            )
    return join(meshes)


def _thinned(limb: Limb, bend: float) -> Limb:
    """The limb without the nodes that do not show."""
    p, r = limb.points, limb.radius
    keep = [0]
    for j in range(1, len(p) - 1):
        a = p[keep[-1]]
        along = unit(p[j + 1] - a)
        off = np.cross(along, p[j] - a)
        far = np.sqrt(((p[j] - a) ** 2).sum()) > 14 * r[j] + 0.4
        if np.sqrt((off * off).sum()) > bend * r[j] or r[keep[-1]] > 1.22 * r[j] or far:
            keep.append(j)
    keep.append(len(p) - 1)
    return Limb(p[keep], r[keep], limb.trunk)


def _roots(limb: Limb) -> Limb:
    """A trunk with its flare, down to below the ground."""
    if not limb.trunk:
        return limb
    r, origin = limb.radius[0], limb.points[0]
    z = np.array([-FOOT_M] + [f * r for f, _ in FLARE])
    wide = np.array([FLARE[0][1] * 1.15] + [w for _, w in FLARE]) * r
    above = limb.points[:, 2] > origin[2] + z[-1] + 0.05
    # The flare follows the stem, which leans.
    x = np.interp(z, limb.points[:, 2], limb.points[:, 0])
    y = np.interp(z, limb.points[:, 2], limb.points[:, 1])
    return Limb(
        np.concatenate([np.column_stack([x, y, z]), limb.points[above]]), np.concatenate([wide, limb.radius[above]]), True
    )


def _tube(limb: Limb, surface: Surface, colors: Array) -> Mesh:
    """A tapered tube with a pointed end."""
    p, r = limb.points, limb.radius
    sides = next(n for least, n in SIDES if r[0] > least)
    angle = np.arange(sides) * 2 * np.pi / sides
    d = unit(np.gradient(p, axis=0))
    run = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(p, axis=0) ** 2).sum(1)))])
    side = unit(np.cross(d[0], [0.3, 0.9, 0.2]))
    rings, normals = [], []
    for k in range(len(p)):
        side = unit(side - d[k] * (side @ d[k]))
        out = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(d[k], side)
        radius = np.full(sides, r[k])
        if limb.trunk:
            flare = np.clip(1.0 - p[k, 2] / (2.6 * r[-1] + 0.5), 0.0, 1.0)
            radius *= 1.0 + (0.03 + 0.16 * flare * flare) * np.sin(ROOTS * angle + 0.8)
        rings.append(p[k] + out * radius[:, None])
        normals.append(out)
    last = len(p) * sides
    i = np.arange(sides)
    j = (i + 1) % sides
    rows = np.arange(len(p) - 1)[:, None] * sides
    quads = [np.stack([rows + i, rows + j, rows + sides + j], -1), np.stack([rows + i, rows + sides + j, rows + sides + i], -1)]
    cap = np.column_stack([last - sides + i, last - sides + j, np.full(sides, last)])
    v = np.concatenate([*rings, p[-1:] + d[-1:] * r[-1]])
    n = np.concatenate([*normals, d[-1:]])
    thick = np.clip((np.append(np.repeat(r, sides), r[-1]) - THIN_M[0]) / (THIN_M[1] - THIN_M[0]), 0.0, 1.0)[:, None]
    color = colors[1] + (colors[0] - colors[1]) * thick
    uv = np.column_stack([np.append(np.tile(angle * r.max(), len(p)), 0.0), np.append(np.repeat(run, sides), run[-1])])
    return make(v, np.concatenate([*(q.reshape(-1, 3) for q in quads), cap]), surface, uv=uv, normals=n, color=color)
