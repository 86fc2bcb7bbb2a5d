"""Wheels: a tyre, and a disc with spokes or holes. Axis y, outer face towards +y, centre at the origin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.geometry.soft import bar, outward, ring
from scenesim.geometry.subdivision import triangles

Array = NDArray[np.float64]
TYRE, DARK = Surface("tyre"), Surface("rim_dark")
SEGMENTS = 32


def tyre(radius: float, width: float, rim: float) -> Mesh:
    """A tyre on a rim of a radius; its lowest vertex is at -radius."""
    h, middle = width / 2, rim + 0.5 * (radius - rim)
    half = [(rim, 0.78), (rim + 0.012, 0.93), (middle, 1.0), (radius - 0.035, 0.96), (radius - 0.008, 0.80), (radius, 0.6)]
    profile = [(r, -h * y) for r, y in half] + [(r, h * y) for r, y in reversed(half)]
    return ring(profile, SEGMENTS, TYRE)


def _alloy(rim: float, face: float, spokes: int) -> tuple[Array, Array, Array, Array, Array]:
    pitch = 2 * np.pi / spokes
    within = np.array([-0.5, -0.30, -0.27, -0.16, 0, 0.16, 0.27, 0.30])
    angle = np.concatenate([(k + within) * pitch for k in range(spokes)])
    on = np.tile([False, False, True, True, True, True, True, False], spokes)
    share = np.array([0.02, 0.06, 0.075, 0.085, 0.30, 0.5, 0.70, 0.86, 0.885, 0.90, 0.965, 1.0])
    set_back = np.interp(share, [0, 0.15, 0.22, 0.6, 0.88, 1], [0.016, 0.018, 0.028, 0.018, 0.012, 0])
    hole = np.interp(share, [0.26, 0.31, 0.86, 0.90], [0, 0.09, 0.11, 0])
    return angle, on, share * rim, face - set_back, hole


def _pressed(rim: float, face: float, dual: bool) -> tuple[Array, Array, Array, Array, Array]:
    angle = np.arange(40) * 2 * np.pi / 40
    on = np.abs(np.arange(40) % 5 - 2) > 0.5
    share = np.array([0.05, 0.22, 0.24, 0.30, 0.33, 0.52, 0.56, 0.74, 0.78, 0.88, 0.96, 1.0])
    deep = 0.12 if dual else 0.05
    set_back = np.interp(
        share,
        [0, 0.22, 0.25, 0.32, 0.34, 0.60, 0.86, 0.93, 1],
        [0.03, 0.03, 0.075, 0.075, 0.085, deep + 0.03, 0.10, 0.005, 0],
    )
    hole = np.interp(share, [0.52, 0.56, 0.74, 0.78], [0, 0.04, 0.04, 0])
    return angle, on, share * rim, face - set_back, hole


def disc(rim: float, width: float, form: tuple[Array, Array, Array, Array, Array], material: str) -> Mesh:
    """A closed disc: a height field over rings of radius and angle, and a flat back."""
    angle, on, radius, face, hole = form
    n, back = len(angle), -width / 2 * 0.78
    c, s = np.cos(angle), np.sin(angle)
    y = np.where(on[:, None], face[None], (face - hole)[None])
    front = np.stack([radius * c[:, None], y, radius * s[:, None]], 2)[:, ::-1]
    grid = np.concatenate([np.stack([rim * c, np.full(n, back), rim * s], 1)[:, None], front], 1)
    k = grid.shape[1]
    i, j = (g.ravel() for g in np.meshgrid(np.arange(n), np.arange(k - 1), indexing="ij"))
    after = (i + 1) % n
    quads = np.stack([i * k + j, i * k + j + 1, after * k + j + 1, after * k + j], 1)
    v = np.concatenate([grid.reshape(-1, 3), [[0, face[0] + 0.002, 0], [0, back, 0]]])
    a = np.arange(n)
    hub = np.stack([a * k + k - 1, np.full(n, n * k), (a + 1) % n * k + k - 1], 1)
    rear = np.stack([(a + 1) % n * k, np.full(n, n * k + 1), a * k], 1)
    t = outward(v, np.concatenate([triangles(quads), hub, rear]))
    middle = v[t].mean(1)
    r = np.sqrt(middle[:, 0] ** 2 + middle[:, 2] ** 2)
    sunk = (middle[:, 1] < np.interp(r, radius, face) - 0.02) & (r < 0.93 * rim) | (middle[:, 1] < -width / 4)
    bright, dark = (make(v, t, Surface(m), uv=v[:, [0, 2]], smooth_deg=35.0) for m in (material, "rim_dark"))
    return Mesh(v, bright.triangles, bright.normals, bright.uv, sunk.astype(np.int32), (*bright.surfaces, *dark.surfaces))


def wheel(diameter: float, width: float, style: str, *, spokes: int = 5, rim: float = 0.70, dual: bool = False) -> Mesh:
    """style: "alloy", "steel" (pressed, as on vans) or "truck". rim: its share of the radius. dual: deep, as of twin tyres."""
    radius, face = diameter / 2, width / 2 * 0.80
    form = _alloy(rim * radius, face, spokes) if style == "alloy" else _pressed(rim * radius, face, dual)
    material = {"alloy": "rim_alloy", "steel": "rim_steel", "truck": "rim_alloy"}[style]
    return join([tyre(radius, width, rim * radius), disc(rim * radius, width, form, material)])


def spoked(diameter: float, width: float, rim: float, *, spokes: int, thin: bool) -> Mesh:
    """The wheel of a two-wheeler; thin: wire spokes of a bicycle, else cast ones with brake discs."""
    outer, around = diameter / 2, np.linspace(0, 2 * np.pi, 11)[:-1]
    body = ring([(outer - width * 0.5 + width * 0.5 * np.cos(a), width * 0.5 * np.sin(a)) for a in around], SEGMENTS, TYRE)
    r, alloy = outer - width * 0.86, Surface("rim_alloy")
    around = np.linspace(0, 2 * np.pi, 7)[:-1]
    hoop = ring([(r - rim * 0.5 + rim * 0.5 * np.cos(a), width * 0.30 * np.sin(a)) for a in around], SEGMENTS, alloy)
    half = 0.035 if thin else 0.05
    meshes = [body, hoop, bar([(0, -half, 0), (0, half, 0)], 0.02 if thin else 0.045, alloy, 10)]
    for k in range(spokes):
        a, sign = 2 * np.pi * k / spokes, 1 if k % 2 else -1
        b = a + (0.25 if (k // 2) % 2 else -0.25) if thin else a + 0.12
        foot = (0.02 * np.cos(b), sign * half * 0.8 if thin else 0.0, 0.02 * np.sin(b))
        head = ((r - rim * 0.6) * np.cos(a), 0.0, (r - rim * 0.6) * np.sin(a))
        radii = 0.0014 if thin else np.array([[0.024, 0.017], [0.015, 0.012]])
        meshes.append(bar([foot, head], radii, alloy, 4 if thin else 8))
    if not thin:
        for y in (0.062, -0.062):
            r0, r1 = diameter * 0.14, diameter * 0.23
            meshes.append(ring([(r1, y + 0.003), (r0, y + 0.003), (r0, y - 0.003), (r1, y - 0.003)], 28, alloy))
    return join(meshes)
