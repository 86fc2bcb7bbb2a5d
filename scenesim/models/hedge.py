"""Trimmed hedges: a dark body with twigs of leaves all over it."""

from __future__ import annotations

import numpy as np

from scenesim.base.keys import Key, derive, generator
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface
from scenesim.models import foliage
from scenesim.models.branching import Array, unit

ROUND_M = 0.13  # radius of the edges
OUT_M = 0.12  # how far leaves stand out of it
DEEP_M = 0.09  # of the shell of leaves
LEAF_M, PER_TWIG = 0.10, 3
TWIGS_PER_M2 = 200.0
BELOW_M = 0.2  # the body goes on below the ground
LEAF, BODY = Surface("leaf"), Surface("hedge")


def meshes(height_m: float, width_m: float, length_m: float) -> list[Mesh]:
    """A hedge along x, the middle of its foot at the origin. The same numbers give the same hedge."""
    g = generator(derive(Key(0), "hedge"))
    size = np.array([length_m, width_m, height_m]) - [2 * OUT_M, 2 * OUT_M, OUT_M]
    at, out = _shell(size, g)
    n = len(at)
    depth = g.uniform(size=n) * g.uniform(size=n)
    # Twigs have grown since the last trim, here more, there less.
    wave = np.sin(2.3 * at[:, 0] + 3.1 * at[:, 2]) + np.sin(5.7 * at[:, 0] - 4.1 * at[:, 1] + 1.0)
    foot = at + out * (0.012 * wave - DEEP_M * depth - 0.25 * LEAF_M)[:, None]
    foot[:, 2] = np.maximum(foot[:, 2], 0.5 * LEAF_M)
    along = 0.2 * out + [0.0, 0.0, 0.25] + 0.7 * g.normal(size=(n, 3))
    up = unit(out + [0.0, 0.0, 0.3] + 0.45 * g.normal(size=(n, 3)))
    blades = foliage.spray(g, foot, along, up, out, PER_TWIG, LEAF_M, 0.72, 0.8, 0.0)
    light = (1.0 - 0.65 * depth) * (0.6 + 0.4 * np.minimum(at[:, 2] / (0.5 * height_m), 1.0))
    tone = 1.0 + 0.14 * g.normal(size=(n, 1)) + 0.05 * wave[:, None]
    color = np.repeat(np.array([0.34, 0.40, 0.36]) * tone * light[:, None], PER_TWIG, 0)
    leaves = foliage.blade_mesh(blades, LEAF, color.clip(0.02, 1.0), 0.14, 0.34)
    leaves.vertices[:, 2] = np.maximum(leaves.vertices[:, 2], 0.01)
    inner = size - [2 * DEEP_M, 2 * DEEP_M, DEEP_M - BELOW_M]
    return [solids.box(inner, (0.0, 0.0, inner[2] / 2 - BELOW_M), BODY), leaves]


def _spread(n: int) -> Array:
    """(n, 3) points of the unit cube that leave no holes in any of its faces (Roberts 2018, the R3 sequence)."""
    k = np.arange(1, n + 1)[:, None] * np.array([0.8191725134, 0.6710436067, 0.5497004779])
    return k - np.floor(k)


def _shell(size: Array, g: np.random.Generator) -> tuple[Array, Array]:
    """Points (n, 3) spread over the sides, ends and top of a box with round edges, and the normals there."""
    length, width, height = size
    areas = np.array([length * height, length * height, length * width, width * height, width * height])
    face = np.repeat(np.arange(5), (areas * TWIGS_PER_M2).astype(int))
    p = (_spread(len(face)) - [0.5, 0.5, 0.0]) * size + 0.03 * g.normal(size=(len(face), 3))
    for k, (axis, value) in enumerate([(1, -width / 2), (1, width / 2), (2, height), (0, -length / 2), (0, length / 2)]):
        p[face == k, axis] = value
    inside = np.array([length / 2 - ROUND_M, width / 2 - ROUND_M, height - ROUND_M])
    core = np.clip(p, [-inside[0], -inside[1], 0.0], inside)
    out = unit(p - core)
    return core + ROUND_M * out, out
