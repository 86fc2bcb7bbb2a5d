"""A car's front door that opens: taken out of the skin with its pane, made thick, and hung at its front edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.geometry.mesh import Mesh, Surface, join, make
from scenesim.geometry.outlines import grown, soft, within
from scenesim.geometry.shell import Region, Shell
from scenesim.geometry.soft import placed
from scenesim.models.car_body import Body
from scenesim.models.car_zones import GLASS, door_outlines, door_span, side_view, window_line

Array = NDArray[np.float64]
OPEN_RAD = 1.15  # of front doors; 60 to 70 degrees in the last notch (measured on photographs)
THICK_M, JAMB_M, LAP_M = 0.075, 0.11, 0.035
TRIM, JAMB = "cabin_trim", "trim_black"


class Door(NamedTuple):
    """mesh: in the frame of the hinge. hinge: (3,) in the frame of the nose. jamb: of the opening."""

    mesh: Mesh
    hinge: tuple[float, float, float]
    jamb: Mesh


def take(b: Body, side: int, with_it: list[Mesh]) -> Door:
    """Take the door of a side (1 left, -1 right) out of the shell. with_it: what is fixed to it, in the frame of the nose."""
    shell, first = b.shell, door_span(b)
    inside = shell.cut(_outline(b), Region(ny=(0.2, 2), low=(-99, 0.4 * b.half, 0.2), side=side).faces(shell))
    skin = _piece(shell, inside)
    solid = inside & ~shell.made_of(GLASS)
    inward = np.array([0.0, -float(side), 0.0])
    lining = _lining(shell, solid, THICK_M * inward)
    jamb = _walls(shell, inside, JAMB_M * inward, JAMB, out=False)
    kept = ~inside
    shell.faces, shell.normals, shell.face_material = shell.faces[kept], shell.normals[kept], shell.face_material[kept]
    y = float(np.abs(skin.vertices[skin.vertices[:, 0] > -first[0] - 0.1, 1]).max())
    hinge = (-first[0], side * (y - 0.02), 0.0)
    back = (-hinge[0], -hinge[1], 0.0)
    return Door(placed(join([skin, *lining, *with_it]), back), hinge, jamb)


def belongs(b: Body, side: int) -> Callable[[Mesh], bool]:
    """Whether something on the outside is fixed to the front door of a side: its handle and its mirror."""
    (first, last), half = door_span(b), b.half

    def on_door(mesh: Mesh) -> bool:
        x, y, z = mesh.bounds().mean(0)
        return first < -x < last and y * side > 0.75 * half and z < b.car.height_m - 0.1

    return on_door


def _outline(b: Body) -> Callable[[Array], Array]:
    """Signed distance of points (N, 3) to the door with its pane, seen from the side."""
    c = b.car
    corners, radius = door_outlines(b)[0]
    panel, window = soft(corners, radius), window_line(b)[0]
    middle = c.height_m * 0.5 + 0.45

    def before_pillar(q: Array) -> Array:
        return q[:, 0] - c.pillar_m + 0.012 - (q[:, 1] - middle) * c.pillar_lean

    pane = within(grown(window, LAP_M), before_pillar)
    return lambda v: np.minimum(panel(side_view(v)), pane(side_view(v)))


def _piece(shell: Shell, faces: NDArray[np.bool_]) -> Mesh:
    """Some faces of a shell as a mesh."""
    used, index = np.unique(shell.faces[faces], return_inverse=True)
    t = index.reshape(-1, 3).astype(np.int32)
    v = shell.vertices[used]
    surfaces = tuple(Surface(m) for m in shell.materials)
    uv = v[:, [0, 2]][t].astype(np.float32)
    return Mesh(v, t, shell.normals[faces].astype(np.float32), uv, shell.face_material[faces].astype(np.int32), surfaces)


def _lining(shell: Shell, faces: NDArray[np.bool_], by: Array) -> list[Mesh]:
    """The other side of some faces, moved, and the walls between."""
    used, index = np.unique(shell.faces[faces], return_inverse=True)
    v = shell.vertices[used] + by
    inner = make(v, index.reshape(-1, 3)[:, ::-1], Surface(TRIM), uv=v[:, [0, 2]])
    return [inner, _walls(shell, faces, by, JAMB, out=True)]


def _walls(shell: Shell, faces: NDArray[np.bool_], by: Array, material: str, out: bool) -> Mesh:
    """Strips from the open edges of some faces to the same edges moved; they face out of the piece, or into the hole."""
    f = shell.faces[faces]
    a, b = f.ravel(), np.roll(f, -1, 1).ravel()
    n = len(shell.vertices)
    open_edge = ~np.isin(a * n + b, b * n + a)
    a, b = a[open_edge], b[open_edge]
    used, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    a, b = index[: len(a)], index[len(a) :]
    v, m = shell.vertices[used], len(used)
    t = np.concatenate([np.stack([a, a + m, b], 1), np.stack([b, a + m, b + m], 1)])
    both = np.concatenate([v, v + by])
    return make(both, t if out else t[:, ::-1], Surface(material), uv=both[:, [0, 2]])
