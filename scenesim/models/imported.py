"""Models from files: glTF, OBJ, PLY and STL as models of ours, with their unit, axes, wheels and materials.

Frames. Files have an up and a forward axis of their own; the model frame is that of models/model.py. With origin "middle" the
lowest point stands on z = 0 and the origin is under the middle of the box, or, of a vehicle whose wheelbase is known (said, or
read from nodes called wheel...), under its rear axle. With origin "keep" the file's own origin is kept.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place, SceneWarning, did_you_mean
from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh, Surface, corner_normals, join
from scenesim.models import imported_bake, imported_look, material
from scenesim.models.imported_file import Look, Piece, read, turned
from scenesim.models.imported_guard import open_source
from scenesim.models.model import STEER_RAD, WHEEL_M, Joint, Model, Part, tight_box

Array = NDArray[np.float64]
DRIVES = ("car", "van", "truck", "bus", "trailer", "motorcycle", "bicycle")  # classes that move in lanes
# Classes that a thing can have: not those of the ground, of what is measured wrongly, and of the ego.
CLASSES = (
    *DRIVES, "pedestrian", "child", "animal", "debris", "cone", "barrier", "traffic_sign", "traffic_light", "street_light",
    "pole", "building", "wall", "fence", "guard_rail", "vegetation", "other_static",
)  # fmt: skip
AXES = ("x", "-x", "y", "-y", "z", "-z")
# Up and forward axis of a format where nothing is said: glTF 2.0, 3.4 says so; OBJ as exporters write it; PLY and STL are those
# of scans and CAD.
USUAL_AXES = {".glb": ("y", "z"), ".gltf": ("y", "z"), ".obj": ("y", "z"), ".ply": ("z", "x"), ".stl": ("z", "x")}
SMALLEST_M, LARGEST_M = 0.01, 200.0
SMOOTH_DEG = 40.0
SHADES = 8  # steps in which a lidar sees a baked picture


def build(
    name: str,
    *,
    file: str,
    sha256: str,
    class_name: str,
    scale: float = 1.0,
    up: str = "",
    forward: str = "",
    origin: str = "middle",
    wheelbase_m: float = 0.0,
    texture_detail_m: float = 0.03,
    materials: str = "{}",
) -> Model:
    """The model of a file. materials: JSON, name in the file -> name in assets/materials, or properties that change it. Raises
    InputError with the place "models.<name>" for what a scenario says wrongly, and with the file for what is wrong there."""
    source = open_source(Path(file))
    if source.digest != sha256:
        raise InputError("has changed while it was read; try again", Place(file))
    pieces = read(source)
    usual = USUAL_AXES[source.path.suffix.lower()]
    turn = rotation(up or usual[0], forward or usual[1], name)
    pieces = [_metric(p, turn, scale) for p in _whole(pieces, source.path)]
    said: dict[str, Any] = json.loads(materials)
    _check_names(said, [p.look.name for p in pieces], name)
    _check_size(pieces, source.path)
    groups = _groups(pieces, class_name in DRIVES)
    if origin == "middle":
        shift, wheelbase_m = _origin(groups, wheelbase_m)
        groups = {n: [_moved(p, shift) for p in ps] for n, ps in groups.items()}
    budget = _Budget(texture_detail_m, source.path)
    parts = []
    for node, members in sorted(groups.items()):
        made = [m for p in members for m in _meshes(p, name, said, budget)]
        if not made:
            raise InputError("has a part whose picture is nowhere opaque: nothing is left of it", Place(str(source.path)))
        mesh = _of_class(join(made), class_name, {p.look.name: p.look for p in members})
        parts.append(Part("body", mesh) if not node else _wheel(node, mesh, groups))
    size, center = tight_box(tuple(parts))
    return Model(name, class_name, tuple(parts), size, center, wheelbase_m)


def rotation(up: str, forward: str, name: str) -> Array:
    """(3, 3) from a file's axes to ours: rows are forward, left and up. Raises InputError where they are parallel."""
    u, f = _axis(up), _axis(forward)
    if abs(float(u @ f)) > 0.5:
        raise InputError(f"forward is {forward} and up is {up}: they must be different axes", Place(f"models.{name}.forward"))
    return np.stack([f, np.cross(u, f), u])


def _axis(text: str) -> Array:
    out = np.zeros(3)
    out["xyz".index(text[-1])] = -1.0 if text.startswith("-") else 1.0
    return out


def _whole(pieces: Sequence[Piece], path: Path) -> list[Piece]:
    """The pieces without triangles that have no area. Raises InputError where a number is none."""
    kept, lost = [], 0
    for p in pieces:
        if not np.isfinite(p.corner).all():
            message = "has corners that are no finite numbers (nan or infinite); repair or export it anew"
            raise InputError(message, Place(str(path)))
        e, f = p.corner[:, 1] - p.corner[:, 0], p.corner[:, 2] - p.corner[:, 0]
        with np.errstate(all="ignore"):
            good = (np.cross(e, f) ** 2).sum(1) > 1e-12 * np.maximum((e * e).sum(1), (f * f).sum(1)) ** 2
        lost += int((~good).sum())
        if good.any():
            kept.append(_of(p, *(None if x is None else x[good] for x in (p.corner, p.normal, p.uv, p.color))))
    if not kept:
        raise InputError("has no triangle with an area", Place(str(path)))
    if lost:
        warnings.warn(SceneWarning(f"{path}: {lost} triangles without an area are left out"), stacklevel=2)
    return kept


def _of(p: Piece, corner, normal, uv, color) -> Piece:
    return Piece(p.node, p.look, corner, normal, uv, color)


def _metric(p: Piece, turn: Array, scale: float) -> Piece:
    corner = turned(p.corner, turn) * scale
    normal = _normals(corner) if p.normal is None else turned(p.normal, turn)
    length = np.sqrt((normal * normal).sum(-1, keepdims=True))
    bad = ~np.isfinite(length) | (length < 1e-12)
    if bad.any():
        normal = np.where(bad, _normals(corner), normal / np.where(bad, 1.0, length))
    else:
        normal = normal / length
    uv = p.uv if p.uv is not None and np.isfinite(p.uv).all() else None
    return _of(p, corner, normal, uv, p.color)


def _normals(corner: Array) -> Array:
    """(T, 3, 3) corner normals, smooth over edges of up to SMOOTH_DEG, whatever corners the file has in common."""
    points, row = np.unique(corner.reshape(-1, 3), axis=0, return_inverse=True)
    return corner_normals(points, row.reshape(-1, 3), SMOOTH_DEG).astype(float)


def _moved(p: Piece, shift: Array) -> Piece:
    return _of(p, p.corner + shift, p.normal, p.uv, p.color)


def _bounds(pieces: Sequence[Piece]) -> tuple[Array, Array]:
    return np.min([p.corner.min((0, 1)) for p in pieces], 0), np.max([p.corner.max((0, 1)) for p in pieces], 0)


def _check_size(pieces: Sequence[Piece], path: Path) -> None:
    lo, hi = _bounds(pieces)
    largest = float((hi - lo).max())
    if not SMALLEST_M <= largest <= LARGEST_M:
        hint = "0.01 or 0.001 (it may be in centimetres or millimetres)" if largest > LARGEST_M else "a larger one"
        raise InputError(f"is {largest:.6g} m long; set scale: {hint}", Place(str(path)))


def _check_names(said: Mapping[str, Any], there: Sequence[str], name: str) -> None:
    for key in said:
        if key not in there:
            raise InputError(
                f'the file has no material "{key}"{did_you_mean(key, set(there))}', Place(f"models.{name}.materials.{key}")
            )


# ---- wheels


def _groups(pieces: Sequence[Piece], drives: bool) -> dict[str, list[Piece]]:
    """Pieces by the wheel that they belong to; "" for the body."""
    groups: dict[str, list[Piece]] = {}
    for p in pieces:
        groups.setdefault(p.node if drives and p.node.lower().startswith("wheel") else "", []).append(p)
    return groups if "" in groups else {"": list(pieces)}


def _hubs(groups: Mapping[str, Sequence[Piece]]) -> dict[str, Array]:
    """Middles of the wheels."""
    return {n: 0.5 * np.sum(_bounds(ps), axis=0) for n, ps in groups.items() if n}


def _origin(groups: Mapping[str, Sequence[Piece]], wheelbase_m: float) -> tuple[Array, float]:
    """(shift into the model frame, wheelbase)."""
    lo, hi = _bounds([p for ps in groups.values() for p in ps])
    middle = 0.5 * (lo + hi)
    hubs = [float(h[0]) for h in _hubs(groups).values()]
    if hubs and max(hubs) - min(hubs) > 0.3:
        rear, base = min(hubs), wheelbase_m or max(hubs) - min(hubs)
    else:
        rear, base = float(middle[0]) - wheelbase_m / 2, wheelbase_m
    return np.array([-rear, -middle[1], -lo[2]]), base


def _wheel(node: str, mesh: Mesh, groups: Mapping[str, Sequence[Piece]]) -> Part:
    """A wheel that rolls, and steers if it is of the front axle."""
    hubs = _hubs(groups)
    hub = hubs[node]
    lo, hi = mesh.bounds()
    radius = max(0.5 * float(hi[2] - lo[2]), 0.02)
    xs = [float(h[0]) for h in hubs.values()]
    front = max(xs) - min(xs) > 0.3 and hub[0] > 0.5 * (max(xs) + min(xs))
    steer = (Joint(STEER_RAD, (0.0, 0.0, 1.0)),) if front else ()
    shape = mesh.transformed(Pose.of(-hub))
    return Part(node, shape, Pose.of(hub), (*steer, Joint(WHEEL_M, (0.0, 1.0, 0.0), 1.0 / radius)))


# ---- what it is made of


class _Budget:
    """How many triangles pictures may still be baked into, and the warning that they were too many."""

    def __init__(self, detail_m: float, path: Path):
        self.detail_m, self.left, self.path, self.told = detail_m, imported_bake.MOST_BAKED, path, False

    def bake(self, p: Piece):
        """As imported_bake.bake."""
        assert p.normal is not None and p.uv is not None
        most = len(p.corner) + max(self.left - len(p.corner), 0)
        out = imported_bake.bake(p.corner, p.normal, p.uv, p.look, self.detail_m, most)
        self.left -= len(out[0])
        if out[4] > self.detail_m and not self.told:
            self.told = True
            text = f"{self.path}: details of its textures finer than {out[4]:.2g} m are lost (wanted: {self.detail_m:g} m)"
            warnings.warn(SceneWarning(text), stacklevel=2)
        return out[:4]


def _meshes(p: Piece, name: str, said: Mapping[str, Any], budget: _Budget) -> list[Mesh]:
    """Meshes of a piece with its surfaces."""
    chosen = said.get(p.look.name)
    corner, normal, color = p.corner, p.normal, p.color
    if isinstance(chosen, str):
        return [_mesh(corner, normal, None, [_named(chosen, name, p.look.name)], np.zeros(len(corner), int))]
    if isinstance(chosen, dict) and "like" in chosen:
        like = material.of_asset(chosen["like"], _place(name, p.look.name))
        own = {**like, **{k: v for k, v in chosen.items() if k != "like"}}
        return [_mesh(corner, normal, None, [_own(own, name, p.look.name, chosen["like"])], np.zeros(len(corner), int))]
    factor = np.array(p.look.base)
    if p.uv is not None and p.look.texture is not None:
        corner, normal, baked, alpha = budget.bake(p)
        if p.look.alpha_mode == "MASK":
            seen = alpha.mean(1) * p.look.alpha >= p.look.cutoff
            corner, normal, baked = corner[seen], normal[seen], baked[seen]
        elif p.look.alpha_mode == "BLEND":
            seen = alpha.mean(1) * p.look.alpha >= 0.5  # what is half there: there, or not
            corner, normal, baked = corner[seen], normal[seen], baked[seen]
        if len(corner) == 0:
            return []
        color = baked
    changes = chosen if isinstance(chosen, dict) else {}
    if color is None:
        own = {**imported_look.properties(p.look, factor[None], False), **changes}
        return [_mesh(corner, normal, None, [_own(own, name, p.look.name)], np.zeros(len(corner), int))]
    color = np.clip(color * factor, 0.0, 1.0)
    shade, surfaces = _shades(p.look, color, changes, name)
    return [_mesh(corner, normal, color, surfaces, shade)]


def _shades(look: Look, color: Array, changes: Mapping[str, Any], name: str) -> tuple[NDArray[np.int_], list[Surface]]:
    """Surface of each triangle, by how bright it is: a lidar sees a picture in a few steps of reflectance."""
    step = np.minimum((color.mean(1).max(1) * SHADES).astype(int), SHADES - 1)
    there, row = np.unique(step, return_inverse=True)
    surfaces = []
    for k in range(len(there)):
        found = imported_look.properties(look, color[row == k].mean(1), True)
        surfaces.append(_own({**found, **changes}, name, look.name))
    return row, surfaces


def _place(name: str, key: str) -> Place:
    return Place(f"models.{name}.materials.{key}")


def _of_class(mesh: Mesh, class_name: str, looks: Mapping[str, Look]) -> Mesh:
    """The mesh whose own materials know what radars take them for."""
    kin = [
        replace(s, kin=imported_look.kin(looks[s.material.partition("/")[2]], class_name)) if s.properties and not s.kin else s
        for s in mesh.surfaces
    ]
    return replace(mesh, surfaces=tuple(kin))


def _named(chosen: str, name: str, key: str) -> Surface:
    material.of_asset(chosen, _place(name, key))
    return Surface(chosen)


def _own(properties: Mapping[str, Any], name: str, key: str, kin: str = "") -> Surface:
    plain = {k: tuple(v) if isinstance(v, (list, tuple)) else v for k, v in properties.items()}
    material.row(plain, _place(name, key))
    return Surface(f"{name}/{key}", properties=tuple(sorted(plain.items())), kin=kin)


def _mesh(corner: Array, normal, color: Array | None, surfaces: list[Surface], surface) -> Mesh:
    """An indexed mesh of loose triangles: corners that agree in place and colour become one."""
    flat = corner.reshape(-1, 3)
    rows = flat if color is None else np.concatenate([flat, color.reshape(-1, 3)], axis=1)
    rows = np.ascontiguousarray(rows.astype(np.float32).astype(float) + 0.0)
    points, index = np.unique(rows, axis=0, return_inverse=True)
    length = np.sqrt((normal * normal).sum(-1, keepdims=True))
    return Mesh(
        np.ascontiguousarray(points[:, :3]),
        index.reshape(-1, 3).astype(np.int32),
        np.ascontiguousarray(normal / np.maximum(length, 1e-12), np.float32),
        np.zeros((len(corner), 3, 2), np.float32),
        np.asarray(surface, np.int32),
        tuple(surfaces),
        None if color is None else np.ascontiguousarray(points[:, 3:], np.float32),
    )
