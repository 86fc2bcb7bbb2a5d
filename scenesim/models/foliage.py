"""Leaves and needles: each one a blade of two triangles, lit as a part of its crown.

A crown is far too fine for its own normals to shade it: every leaf would be as bright as chance turned it, as confetti is. So
the shading normals are mostly those of the billow of the crown that the leaf belongs to, and the vertex colours carry the light
that the leaves around take away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, make
from scenesim.models.branching import unit

Array = NDArray[np.float64]

CELL_SHARE = 1 / 22  # of the crown's height: cell of the grid that counts leaf area
EXTINCTION = 0.5  # share of a leaf's area that stands in the way (leaf angles at random; Monsi and Saeki 1953)
DARKEST = 0.22  # light that the innermost leaves get from their neighbours
# Where light comes from, and how much of it: mostly from above.
FROM = ((2, 1, 0.5), (0, 1, 0.125), (0, -1, 0.125), (1, 1, 0.125), (1, -1, 0.125))  # axis, side, weight


@dataclass(frozen=True)
class Blades:
    """n leaves. base: (n, 3) m where the stalk ends. axis: (n, 3) unit, to the tip. face: (n, 3) unit, the upper side.
    length_m, width_m: (n,). billow: (n, 3) unit, out of the part of the crown that it belongs to."""

    base: Array
    axis: Array
    face: Array
    length_m: Array
    width_m: Array
    billow: Array


def spray(
    g: np.random.Generator, foot: Array, along: Array, up: Array, billow: Array, leaves: int, length_m: float,
    width_share: float, spread: float, sag: float,
) -> Blades:  # fmt: skip
    """Twigs with leaves to the left and right, and one at the end. foot, along, up, billow: (n, 3) where each twig starts,
    where it goes, its upper side, and the way out of the crown. spread: sideways part of a leaf's direction; sag: how much
    the leaves hang."""
    n = len(foot)
    along = unit(along)
    side = unit(np.cross(along, up))
    k = np.arange(leaves)
    hand = np.where(k == leaves - 1, 0.0, 1.0 - 2.0 * (k % 2))
    twig = length_m * (0.45 * leaves)
    base = (
        foot[:, None] + along[:, None] * (twig * (k + 0.3) / leaves)[:, None] + g.normal(size=(n, leaves, 3)) * 0.09 * length_m
    )
    axis = along[:, None] + spread * hand[:, None] * side[:, None] + g.normal(size=(n, leaves, 3)) * 0.22
    axis[..., 2] -= sag
    face = unit(np.cross(side, along))[:, None] + g.normal(size=(n, leaves, 3)) * 0.4
    size = length_m * g.uniform(0.75, 1.2, (n, leaves))
    out = np.broadcast_to(billow[:, None], base.shape)
    return Blades(
        base.reshape(-1, 3), unit(axis.reshape(-1, 3)), unit(face.reshape(-1, 3)), size.ravel(), width_share * size.ravel(),
        out.reshape(-1, 3),
    )  # fmt: skip


def daylight(at: Array, area_m2: Array, height_m: float) -> Array:
    """Share (n,) of the sky's light that reaches the points of a crown where leaves of area_m2 (n,) are, from DARKEST to 1.

    Counts leaf area in cells and adds it up towards the sky and the four sides; light falls with it as Beer and Lambert say,
    where exp(-x) is taken as 1 / (1 + x / 3)^3, which every machine rounds alike.
    """
    cell = height_m * CELL_SHARE
    low = at.min(0) - 2 * cell
    shape = tuple(np.ceil((at.max(0) - low) / cell).astype(int) + 3)
    where = (at - low) / cell
    density = np.zeros(shape)
    np.add.at(density, tuple(np.floor(where).astype(int).T), area_m2 * EXTINCTION / (cell * cell))
    light = np.zeros(len(at))
    for axis, sense, weight in FROM:
        passed = np.flip(np.cumsum(np.flip(density, axis), axis), axis) if sense > 0 else np.cumsum(density, axis)
        depth = _between(passed - 0.5 * density, where - 0.5)
        x = 1.0 + depth / 3.0
        light += weight / (x * x * x)
    return DARKEST + (1 - DARKEST) * light


def _between(grid: Array, where: Array) -> Array:
    """Trilinear samples (n,) of cell centres."""
    i = np.floor(where).astype(int)
    f = where - i
    out = np.zeros(len(where))
    for dx in (0, 1):
        for dy in (0, 1):
            for dz in (0, 1):
                w = np.abs(1 - dx - f[:, 0]) * np.abs(1 - dy - f[:, 1]) * np.abs(1 - dz - f[:, 2])
                out += w * grid[i[:, 0] + dx, i[:, 1] + dy, i[:, 2] + dz]
    return out


def blade_mesh(blades: Blades, surface: Surface, color: Array, lift: float, own: float) -> Mesh:
    """Two triangles a leaf, folded along the midrib. color: (n, 3). lift: how far its edges rise, as a share of its width.
    own: share of the leaf's own normal in the shading, the rest is the billow's."""
    across = unit(np.cross(blades.axis, blades.face))
    face = np.cross(across, blades.axis)
    length, width = blades.length_m[:, None], blades.width_m[:, None]
    middle = blades.base + 0.42 * length * blades.axis + lift * width * face
    tip = blades.base + length * blades.axis - 0.12 * length * face
    v = np.stack([blades.base, middle + 0.5 * width * across, tip, middle - 0.5 * width * across], 1)
    first = 4 * np.arange(len(length))[:, None, None]
    t = (first + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    # Seen from the side that looks out of the crown; the halves differ, so that a leaf shows its fold.
    face = face * np.where((face * blades.billow).sum(1, keepdims=True) < 0, -1.0, 1.0)
    halves = [unit(blades.billow * (1 - own) + own * (face + s * across * lift * 1.6)) for s in (-1, 1)]
    n = np.repeat(np.stack(halves, 1).reshape(-1, 1, 3), 3, 1)
    return make(v.reshape(-1, 3), t, surface, normals=n, color=np.repeat(color, 4, 0))
