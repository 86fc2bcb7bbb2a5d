"""Pictures on triangles as colours of vertices: triangles are split until their corners can hold what the picture shows.

The renderer has no textures of pictures. An edge is split in the middle while it is longer than the wanted detail, if one of
its triangles shows anything but one colour. Whether it is, and where its middle lies, follows from the edge alone, so both of
its triangles agree and no crack opens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.models.imported_file import linear

Array = NDArray[np.float64]
MOST_BAKED = 400_000  # triangles of a model once its pictures are baked
EVEN = 0.01  # linear difference of colour that is not worth a split
COARSER = 1.3
PROBES = np.array([(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)], float) / 6.0  # barycentric


class Picture:
    """A texture with its halvings. texture: (H, W, 4) uint8, sRGB and alpha. repeats: outside of 0 to 1; or ends there."""

    def __init__(self, texture: NDArray[np.uint8], repeats: bool):
        self.repeats = repeats
        level = np.concatenate([linear(texture[..., :3]), texture[..., 3:] / 255.0], axis=-1)
        self.levels = [level]
        while min(level.shape[:2]) > 1:
            h, w = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
            level = 0.25 * (level[0:h:2, 0:w:2] + level[1:h:2, 0:w:2] + level[0:h:2, 1:w:2] + level[1:h:2, 1:w:2])
            self.levels.append(level)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.levels[0].shape[1], self.levels[0].shape[0]

    def at(self, uv: Array, texels: Array) -> Array:
        """(n, 4) linear colour and alpha at points (n, 2), v upwards, as the mean over so many texels (n,)."""
        out = np.empty((len(uv), 4))
        wanted = np.zeros(len(uv), int)
        for k in range(1, len(self.levels)):
            wanted += texels >= 2.0**k
        for k in np.unique(wanted):
            rows = wanted == k
            out[rows] = self._bilinear(self.levels[k], uv[rows])
        return out

    def _bilinear(self, level: Array, uv: Array) -> Array:
        h, w = level.shape[:2]
        if self.repeats:
            uv = uv - np.floor(uv)
        x, y = uv[:, 0] * w - 0.5, (1.0 - uv[:, 1]) * h - 0.5
        x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        if self.repeats:
            xs, ys = (x0 % w, (x0 + 1) % w), (y0 % h, (y0 + 1) % h)
        else:
            xs, ys = (np.clip(x0, 0, w - 1), np.clip(x0 + 1, 0, w - 1)), (np.clip(y0, 0, h - 1), np.clip(y0 + 1, 0, h - 1))
        top = level[ys[0], xs[0]] * (1 - fx) + level[ys[0], xs[1]] * fx
        bottom = level[ys[1], xs[0]] * (1 - fx) + level[ys[1], xs[1]] * fx
        return top * (1 - fy) + bottom * fy


def bake(
    corner: Array, normal: Array, uv: Array, texture: NDArray[np.uint8], detail_m: float, most: int
) -> tuple[Array, Array, Array, Array, float]:
    """(corner, normal, color, alpha, detail): T triangles (T, 3, 3) in metres, with normals and uv (T, 3, 2), split so that
    their edges are at most detail_m long where the picture needs it, with linear colours (T', 3, 3) and alpha (T', 3). Where
    more than `most` triangles would come of it the detail is made coarser; the one that was kept is told."""
    repeats = bool((uv.min() < -1e-3) or (uv.max() > 1.0 + 1e-3))
    picture = Picture(texture, repeats)
    live = _live(corner, _varied(picture, uv))
    density = _texels_per_m(corner, uv, picture.size)
    while True:
        found = _split(corner, normal, uv, density, live, detail_m, most)
        if found is not None:
            break
        detail_m *= COARSER
    c, n, w, d = found
    sides = np.sqrt(((c - np.roll(c, -1, 1)) ** 2).sum(-1)).max(1)  # of what was not split for being even, all of one colour
    texels = np.repeat(d * np.minimum(sides, detail_m), 3)
    color = picture.at(w.reshape(-1, 2), texels).reshape(len(c), 3, 4)
    return c, n, color[..., :3], color[..., 3], detail_m


def _varied(picture: Picture, uv: Array) -> NDArray[np.bool_]:
    """(T,) whether a triangle shows more than one colour, from 28 points on it of the whole picture and of its halvings."""
    varied = np.zeros(len(uv), bool)
    w, h = picture.size
    reach = np.abs(uv - uv[:, :1]).max(1) * (w, h)
    step = np.maximum(reach.max(1) / 6.0, 1.0)
    points = np.einsum("pk,tkc->tpc", PROBES, uv)
    for texels in (np.ones(len(uv)), step):
        rows = picture.at(points.reshape(-1, 2), np.repeat(texels, len(PROBES))).reshape(len(uv), len(PROBES), 4)
        varied |= np.ptp(rows, axis=1).max(-1) > EVEN
    return varied


def _live(corner: Array, varied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T, 3) whether the edge from corner k to k + 1 belongs to a triangle that shows more than one colour."""
    points = np.unique(corner.reshape(-1, 3), axis=0, return_inverse=True)[1].reshape(-1, 3).astype(np.int64)
    a, b = points, np.roll(points, -1, 1)
    key = (np.minimum(a, b) << 32) + np.maximum(a, b)
    return np.isin(key, key[varied])


def _texels_per_m(corner: Array, uv: Array, size: tuple[int, int]) -> Array:
    """(T,) pixels of the picture along a metre of a triangle, in the mean of both directions."""
    e, f = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = np.sqrt((np.cross(e, f) ** 2).sum(1))
    g, h = (uv[:, 1] - uv[:, 0]) * size, (uv[:, 2] - uv[:, 0]) * size
    return np.sqrt(np.abs(g[:, 0] * h[:, 1] - g[:, 1] * h[:, 0]) / np.maximum(area, 1e-12))


# For each set of split edges (bit k: the one from corner k to k + 1) the triangles that come of it: 0 to 2 are corners, 3 to 5
# the middles of those edges.
_PATTERNS = {
    0: ((0, 1, 2),),
    1: ((0, 3, 2), (3, 1, 2)),
    2: ((0, 1, 4), (0, 4, 2)),
    4: ((0, 1, 5), (5, 1, 2)),
    3: ((3, 1, 4), (0, 3, 4), (0, 4, 2)),
    6: ((4, 2, 5), (1, 4, 5), (1, 5, 0)),
    5: ((5, 0, 3), (2, 5, 3), (2, 3, 1)),
    7: ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)),
}
# Old edge that a new one lies on, by its ends; those inside are as live as the triangle.
_ON = {frozenset(p): k for k in range(3) for p in ((k, (k + 1) % 3), (k, 3 + k), (3 + k, (k + 1) % 3))}


def _split(corner, normal, uv, density, live, detail_m: float, most: int):
    """The triangles with all live edges at most detail_m long, or None where there would be more than `most`."""
    done = []
    total = 0
    while len(corner):
        side = corner - np.roll(corner, -1, 1)
        long = live & ((side * side).sum(-1) > detail_m * detail_m)
        code = long @ np.array([1, 2, 4])
        rest = code == 0
        done.append((corner[rest], normal[rest], uv[rest], density[rest]))
        total += int(rest.sum())
        made = []
        for bits in range(1, 8):
            rows = code == bits
            if rows.any():
                made += _halved(corner[rows], normal[rows], uv[rows], density[rows], live[rows], _PATTERNS[bits])
        if total + sum(len(m[0]) for m in made) > most:
            return None
        if not made:
            break
        corner, normal, uv, density, live = (np.concatenate(x) for x in zip(*made))
    return tuple(np.concatenate(x) for x in zip(*done))


def _halved(corner, normal, uv, density, live, pattern):
    six = [np.concatenate([x, 0.5 * (x + np.roll(x, -1, 1))], axis=1) for x in (corner, normal, uv)]
    inside = live.all(1)
    for triangle in pattern:
        t = list(triangle)
        edges = [_ON.get(frozenset((t[k], t[(k + 1) % 3]))) for k in range(3)]
        edge = np.stack([inside if e is None else live[:, e] for e in edges], 1)
        yield six[0][:, t], six[1][:, t], six[2][:, t], density, edge
