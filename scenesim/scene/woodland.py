"""Woods and hedgerows on the land far off, as one mesh of canopies: crowns stand as waves of a surface, which is enough from
where nobody comes near."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.scene.ground import Ground
from scenesim.scene.site import Site

Array = NDArray[np.float64]

CANOPY = Surface("canopy", "vegetation")
CLEAR_M, REACH_M = 70.0, 1100.0  # from roads; roads to the farthest
MOST = 90  # of each kind
SUNK_M = 2.0  # the edges lie under the ground
GREENS = ((1.0, 1.0, 1.0), (0.8, 0.95, 0.9), (1.3, 1.15, 0.9), (0.65, 0.8, 0.85))  # of leaf and needle trees, as shares


def woodland(ground: Ground, key: Key, share: float) -> list[tuple[Mesh, Pose]]:
    """(mesh, world_from_mesh) of the woods about a map. share: 0 to 1, of what there may be."""
    site = Site(ground)
    low, high = np.array(site.footprint.bounds).reshape(2, 2)
    origin = np.array([*np.round((low + high) / 2), 0.0])
    meshes = []
    for kind, (half, breadth, tall, step) in KINDS.items():
        for n in range(round(MOST * share)):
            g = generator(derive(key, kind, n))
            middle = low - REACH_M + g.uniform(size=2) * (high - low + 2 * REACH_M)
            size = np.array([g.uniform(*half), g.uniform(*breadth), g.uniform(*tall)])
            turn = float(g.uniform(0, np.pi))
            if site.footprint.dwithin(shapely.Point(middle), CLEAR_M + float(size[0])):
                continue
            mesh = _canopy(site, middle, turn, size, step, g, origin)
            if mesh is not None:
                meshes.append(mesh)
    return [(join(meshes), Pose(np.array([1.0, 0.0, 0.0, 0.0]), origin))] if meshes else []


# Half lengths, half breadths, heights (least, most) and the step of the grid, all in m.
KINDS = {
    "wood": ((35.0, 110.0), (22.0, 60.0), (9.0, 17.0), 4.0),
    "hedgerow": ((25.0, 80.0), (2.5, 4.5), (3.0, 8.0), 2.5),
}


def _canopy(
    site: Site, middle: Array, turn: float, size: Array, step: float, g: np.random.Generator, origin: Array
) -> Mesh | None:
    """A surface that rises steeply from a ragged rim and is wavy with crowns; about the origin."""
    a, b, tall = size
    n, m = (max(4, int(2 * h / step)) + 1 for h in (a, b))
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, m), indexing="ij")
    x, y = u * a + g.normal(0.0, 0.15 * step, u.shape), v * b + g.normal(0.0, 0.15 * step, u.shape)
    phase = g.uniform(0, 2 * np.pi, 6)
    rim = 1.0 + 0.10 * np.sin(x / 11 + phase[0]) + 0.10 * np.sin(y / 9 + phase[1])
    r2 = np.clip((u**4 + v**4) * rim, 0.0, 1.0)
    crowns = np.sin(x / 1.7 + phase[2]) * np.sin(y / 1.9 + phase[3]) + 0.7 * np.sin(x / 4.1 + y / 3.3 + phase[4])
    waves = 1.0 + 0.10 * crowns + 0.16 * np.sin(x / 23 + phase[5]) + 0.12 * g.normal(size=u.shape)
    height = tall * np.sqrt(np.sqrt(1.0 - r2)) * waves
    height[[0, -1], :] = height[:, [0, -1]] = 0.0
    c, s = np.cos(turn), np.sin(turn)
    flat = np.stack([middle[0] + c * x - s * y, middle[1] + s * x + c * y], -1)
    corners = site.height(flat[:: n - 1, :: m - 1].reshape(-1, 2))
    if np.isnan(corners).any():
        return None
    z = corners.reshape(2, 2)
    p, q = (u + 1) / 2, (v + 1) / 2
    ground = z[0, 0] * (1 - p) * (1 - q) + z[1, 0] * p * (1 - q) + z[0, 1] * (1 - p) * q + z[1, 1] * p * q
    points = np.concatenate([flat, (ground + height - SUNK_M)[..., None]], -1).reshape(-1, 3)
    k = np.arange(n * m).reshape(n, m)
    one, two, three, four = (w.ravel() for w in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    triangles = np.concatenate([np.stack([one, two, three], 1), np.stack([one, three, four], 1)])
    tone = np.array(GREENS[int(g.integers(len(GREENS)))]) * (0.75 + 0.5 * g.uniform(size=(n * m, 1)))
    tone = tone * (0.55 + 0.45 * np.clip(height.reshape(-1, 1) / tall, 0, 1))
    return make(points - origin, triangles, CANOPY, color=tone)
