"""Pictures on triangles as colours of vertices: triangles are split until their corners can hold what the picture shows.

The renderer has no textures of pictures. An edge is split in the middle while it is longer than the wanted detail, if one of
its triangles shows anything but one colour. Whether it is, and where its middle lies, follows from the edge alone, so both of
its triangles agree and no crack opens.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.models.imported_file import Look, linear

Array = NDArray[np.float64]
MOST_BAKED = 400_000  # triangles of a model once its pictures are baked
EVEN = 0.01  # linear difference of colour that is not worth a split
COARSER = 1.3
STRIP = 256  # rows of a picture that are halved at once
CELLS = 4  # of a picture, across the box about a triangle, that are asked whether they differ


class Picture:
    """A texture with its halvings. texture: (H, W, 4) uint8, sRGB and alpha. repeats: along u and v, outside of 0 to
    1; or goes on as it ends."""

    def __init__(self, texture: NDArray[np.uint8], repeats: tuple[bool, bool]):
        self.repeats = repeats
        self.levels: list[NDArray[Any]] = [texture]  # the first as it is, which is an eighth of the room
        while min(self.levels[-1].shape[:2]) > 1:
            level = self.levels[-1]
            rows = range(0, level.shape[0] // 2 * 2, STRIP)
            self.levels.append(np.concatenate([_halved_picture(_light(level[k : k + STRIP])) for k in rows]))

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
        uv = np.where(self.repeats, uv - np.floor(uv), uv)
        x, y = uv[:, 0] * w - 0.5, (1.0 - uv[:, 1]) * h - 0.5
        x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        xs, ys = (
            [(k + j) % n if repeats else np.clip(k + j, 0, n - 1) for j in (0, 1)]
            for k, n, repeats in ((x0, w, self.repeats[0]), (y0, h, self.repeats[1]))
        )
        top = _light(level[ys[0], xs[0]]) * (1 - fx) + _light(level[ys[0], xs[1]]) * fx
        bottom = _light(level[ys[1], xs[0]]) * (1 - fx) + _light(level[ys[1], xs[1]]) * fx
        return top * (1 - fy) + bottom * fy


def _light(texels: NDArray[Any]) -> NDArray[Any]:
    """(..., 4) linear colour and alpha of texels of any level."""
    if texels.dtype != np.uint8:
        return texels
    return np.concatenate([linear(texels[..., :3]), texels[..., 3:] / 255.0], axis=-1)


def _halved_picture(level: NDArray[Any]) -> NDArray[np.float32]:
    h, w = level.shape[0] // 2 * 2, level.shape[1] // 2 * 2
    found = 0.25 * (level[0:h:2, 0:w:2] + level[1:h:2, 0:w:2] + level[0:h:2, 1:w:2] + level[1:h:2, 1:w:2])
    return found.astype(np.float32)


def bake(
    corner: Array, normal: Array, uv: Array, look: Look, detail_m: float, most: int
) -> tuple[Array, Array, Array, Array, float]:
    """(corner, normal, color, alpha, detail): T triangles (T, 3, 3) in metres, with normals and uv (T, 3, 2), split so that
    their edges are at most detail_m long where the picture needs it, with linear colours (T', 3, 3) and alpha (T', 3). Where
    more than `most` triangles would come of it the detail is made coarser; the one that was kept is told."""
    assert look.texture is not None
    # A picture that is there once does not shine through from its other edge.
    u, v = (bool((uv[..., k].min() < -1e-3) or (uv[..., k].max() > 1.0 + 1e-3)) and not look.clamps[k] for k in (0, 1))
    picture = Picture(look.texture, (u, v))
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
    """(T,) whether a triangle may show more than one colour: whether the texels in a box about it differ."""
    size = np.array(picture.size)
    place = np.stack([uv[..., 0], 1.0 - uv[..., 1]], axis=-1) * size - 0.5
    first, last = np.floor(place.min(1)).astype(np.int64), np.floor(place.max(1)).astype(np.int64) + 1
    # Moved by whole pictures into the first one; what then still leaves it is taken for all of the picture.
    moved = np.where(picture.repeats, first // size * size, 0)
    first, last = first - moved, last - moved
    whole = (np.array(picture.repeats) & ((first < 0) | (last >= size))).any(1)
    first, last = np.clip(first, 0, size - 1), np.clip(last, 0, size - 1)
    low, high = np.full((len(uv), 4), 255, np.uint8), np.zeros((len(uv), 4), np.uint8)
    level, span = 0, (last - first).max(1)
    least = most = picture.levels[0]
    while True:
        top = max(least.shape[:2]) <= CELLS
        rows = np.flatnonzero((span >> level) < CELLS) if not top else np.arange(len(uv))
        rows = rows[~whole[rows] & (high[rows] < low[rows]).all(1)]
        cell = np.stack([first[rows] >> level, last[rows] >> level])
        for dy in range(CELLS + 1) if not top else range(least.shape[0]):
            for dx in range(CELLS + 1) if not top else range(least.shape[1]):
                y, x = np.minimum(cell[0, :, 1] + dy, cell[1, :, 1]), np.minimum(cell[0, :, 0] + dx, cell[1, :, 0])
                low[rows], high[rows] = np.minimum(low[rows], least[y, x]), np.maximum(high[rows], most[y, x])
        if top:
            break
        level += 1
        least, most = _reduced(least, np.minimum), _reduced(most, np.maximum)
    low[whole], high[whole] = least.min((0, 1)), most.max((0, 1))
    return (np.abs(_light(high) - _light(low)) > EVEN).any(1)


def _reduced(level: NDArray[np.uint8], of: np.ufunc) -> NDArray[np.uint8]:
    """Least or most of each 2 x 2 texels; an odd last row or column stands alone."""
    h, w = level.shape[0] + level.shape[0] % 2, level.shape[1] + level.shape[1] % 2
    even = np.pad(level, ((0, h - level.shape[0]), (0, w - level.shape[1]), (0, 0)), mode="edge")
    found: NDArray[np.uint8] = of(of(even[::2, ::2], even[1::2, ::2]), of(even[::2, 1::2], even[1::2, 1::2]))
    return found


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
