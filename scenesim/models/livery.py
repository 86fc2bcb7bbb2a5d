"""What is painted on the skin of a vehicle: bands, checks and words.

A row of a recipe's `livery` has `material`, and one of: `outline_m` in a `view` (side: s, z; front, rear: |y|, z; top: s, |y|)
with `radius_m`; `checks_m` (first s, last s, low z, high z) with `columns` and `rows` of a side; `word` at `at_m` on a `face`
(left, right, front, rear) with letters of `height_m`. Points of a word are (s, z) on the sides and (y, z) at the ends.
`of`: what it is painted over beside the body's own paint.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, did_you_mean
from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.geometry.outlines import soft
from scenesim.geometry.shell import Region, Shell
from scenesim.geometry.soft import hexahedron
from scenesim.models.car_parts import Probe
from scenesim.models.car_zones import end_view, plan_view, side_view

Array = NDArray[np.float64]
VIEWS = {
    "side": (side_view, Region(ny=(0.3, 2))),
    "front": (end_view, Region(nx=(0.15, 2), low=(-0.9, -1, -1))),
    "rear": (end_view, Region(nx=(-2, -0.3))),
    "top": (plan_view, Region(nz=(0.3, 2))),
}
KEYS = ("material", "view", "outline_m", "radius_m", "checks_m", "columns", "rows", "word", "at_m", "face", "height_m", "of")
# Strokes of letters as lines through points of a grid 4 wide and 6 high.
STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (((0, 0), (2, 6), (4, 0)), ((1, 2), (3, 2))),
    "B": (((0, 0), (0, 6), (3, 6), (3.6, 4.6), (3, 3.2), (4, 1.6), (3, 0), (0, 0)), ((0, 3.2), (3, 3.2))),
    "C": (((4, 5), (3, 6), (1, 6), (0, 5), (0, 1), (1, 0), (3, 0), (4, 1)),),
    "D": (((0, 0), (0, 6), (2.6, 6), (4, 4.4), (4, 1.6), (2.6, 0), (0, 0)),),
    "E": (((4, 6), (0, 6), (0, 0), (4, 0)), ((0, 3.1), (3, 3.1))),
    "F": (((4, 6), (0, 6), (0, 0)), ((0, 3.1), (3, 3.1))),
    "I": (((2, 0), (2, 6)),),
    "L": (((0, 6), (0, 0), (4, 0)),),
    "M": (((0, 0), (0, 6), (2, 2.4), (4, 6), (4, 0)),),
    "N": (((0, 0), (0, 6), (4, 0), (4, 6)),),
    "O": (((1, 0), (3, 0), (4, 1.2), (4, 4.8), (3, 6), (1, 6), (0, 4.8), (0, 1.2), (1, 0)),),
    "P": (((0, 0), (0, 6), (3, 6), (4, 5.2), (4, 3.6), (3, 2.8), (0, 2.8)),),
    "R": (((0, 0), (0, 6), (3, 6), (4, 5.2), (4, 3.6), (3, 2.8), (0, 2.8)), ((1.8, 2.8), (4, 0))),
    "S": (((4, 5), (3, 6), (1, 6), (0, 4.8), (1, 3.2), (3, 2.8), (4, 1.4), (3, 0), (1, 0), (0, 1)),),
    "T": (((2, 0), (2, 6)), ((0, 6), (4, 6))),
    "U": (((0, 6), (0, 1.2), (1, 0), (3, 0), (4, 1.2), (4, 6)),),
    "X": (((0, 0), (4, 6)), ((0, 6), (4, 0))),
    "+": (((2, 0), (2, 6)), ((-1, 3), (5, 3))),
}
STROKE = 0.55  # half the width of a stroke, in steps of the grid
PITCH = 6.2  # from letter to letter
RAISED_M, SUNK_M = 0.004, 0.006


def paint(shell: Shell, ray: Probe, rows: tuple[dict[str, Any], ...], base: str) -> list[Mesh]:
    """Cut bands and checks into a shell where it is of the material `base`; words are thin meshes on it. Raises InputError."""
    meshes = []
    for row in rows:
        for key in row:
            if key not in KEYS:
                raise InputError(f'a livery has no "{key}"{did_you_mean(key, KEYS)}')
        of = (base, *row.get("of", ()))
        if "word" in row:
            meshes.append(word(ray, row["word"], row["at_m"], row["face"], row["height_m"], Surface(row["material"])))
        elif "checks_m" in row:
            _checks(shell, row["checks_m"], int(row["columns"]), int(row["rows"]), row["material"], of)
        else:
            view, region = VIEWS[row["view"]]
            shell.zone(soft(row["outline_m"], float(row.get("radius_m", 0.01))), view, region, row["material"], of)
    return meshes


def _checks(shell: Shell, box: list[float], columns: int, rows: int, material: str, of: tuple[str, ...]) -> None:
    """Give every other field of a chequered rectangle (first s, last s, low z, high z) of both sides a material. The skin is
    cut along whole lines, which are found on triangles of any size."""
    s0, s1, z0, z1 = box
    wide, tall = (s1 - s0) / columns, (z1 - z0) / rows
    slack = max(wide, tall)
    region = Region(ny=(0.3, 2), low=(-s1 - slack, 0, z0 - slack), high=(slack - s0, 99, z1 + slack))
    for axis, sign, start, step, count in ((0, -1.0, s0, wide, columns), (2, 1.0, z0, tall, rows)):
        for k in range(count + 1):
            shell.cut(lambda v, a=axis, g=sign, c=start + k * step: g * v[:, a] - c, region.faces(shell) & shell.made_of(*of))
    middle = shell.normals_and_middles()[1]
    i, j = np.floor((-middle[:, 0] - s0) / wide), np.floor((middle[:, 2] - z0) / tall)
    inside = (i >= 0) & (i < columns) & (j >= 0) & (j < rows) & ((i + j) % 2 == 0)
    shell.paint(inside & region.faces(shell) & shell.made_of(*of), material)


def word(ray: Probe, text: str, at: list[float], face: str, height: float, surface: Surface) -> Mesh:
    """A word whose letters lie on the skin that rays meet about its middle. Raises InputError for an unknown letter."""
    step = height / 6
    length = (PITCH * len(text) - (PITCH - 4)) * step
    lift = _lift(ray, at, face, length, height)
    meshes = []
    for k, letter in enumerate(text):
        if letter not in STROKES and letter != " ":
            raise InputError(f'no strokes for the letter "{letter}"; there are {" ".join(STROKES)}')
        for line in STROKES.get(letter, ()):
            p = (np.array(line) + [k * PITCH, 0]) * step - [length / 2, height / 2]
            meshes += [_stroke(a, b, STROKE * step, lift, surface) for a, b in zip(p[:-1], p[1:])]
    return join(meshes)


def _lift(ray: Probe, at: list[float], face: str, length: float, height: float):
    """f((u, v) of the word's plane (n, 2), out) -> (n, 3): read from left to right by who looks at the face."""
    side = {"left": 1.0, "right": -1.0, "front": 1.0, "rear": -1.0}[face]
    across = face in ("left", "right")
    u = np.array([-0.5, 0.0, 0.5]) * length
    depth = np.zeros((2, 3))
    for i, v in enumerate((-0.5 * height, 0.5 * height)):
        for j in range(3):
            if across:  # x = -s; reads towards the rear on the left side, towards the nose on the right
                q = ray((-at[0] - side * u[j], side * 9.0, at[1] + v), (0, -side, 0))
            else:
                q = ray((side * 50.0, at[0] + side * u[j], at[1] + v), (-side, 0, 0))
            depth[i, j] = np.nan if q is None else side * q[1 if across else 0]
    if not np.isfinite(depth).all():
        raise InputError(f"a word at {at} on the {face} side does not lie on the skin")

    def place(p: Array, out: float) -> Array:
        t = p[:, 1] / height + 0.5
        w = np.stack([np.interp(p[:, 0], u, depth[i]) for i in (0, 1)])
        d = side * (w[0] * (1 - t) + w[1] * t + out)
        z = at[1] + p[:, 1]
        if across:
            return np.stack([-at[0] - side * p[:, 0], d, z], 1)
        return np.stack([d, at[0] + side * p[:, 0], z], 1)

    return place


def _stroke(a: Array, b: Array, half: float, lift, surface: Surface) -> Mesh:
    """A closed bar of a letter between two points of the word's plane."""
    d = (b - a) / np.sqrt(((b - a) ** 2).sum())
    n = np.array([-d[1], d[0]]) * half
    corners = np.array([a - d * half - n, b + d * half - n, b + d * half + n, a - d * half + n])
    return hexahedron(lift(corners, -SUNK_M), lift(corners, RAISED_M), surface)
