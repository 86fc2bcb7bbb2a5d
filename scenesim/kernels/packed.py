"""The flat arrays that kernels read and write: shapes and units are said here, and nowhere else.

N rays, V vertices, T triangles, P prototypes, I instances, K knots in time, S surfaces, M materials, L lights. Everything is
float32 or int32, C-contiguous, in the local frame (base/frames.py), and read only but for Hits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

NOTHING = -1  # instance and triangle of a ray that hit nothing; its t is inf

# Columns of PackedScene.material. Albedo is linear; shader says which procedural texture, see SHADERS.
MATERIAL_COLUMNS = (
    "shader", "albedo_r", "albedo_g", "albedo_b", "roughness", "f0", "metallic", "clear_coat",
    "transmission", "emission_r", "emission_g", "emission_b", "lamp_bits", "tinted", "vertex_color", "translucency",
    "retroreflection", "scale_m", "param0", "param1", "param2", "param3", "reflectance_905nm", "reflectance_1550nm",
)  # fmt: skip
MATERIAL = {name: k for k, name in enumerate(MATERIAL_COLUMNS)}

# Columns of PackedScene.instance_params: tint is the linear RGB albedo of materials with tinted = 1; seed in [0, 1); lamps is
# the actor's LAMP_BITS; the rest belongs to the shader of the thing (facades: style, storey height, ...).
INSTANCE_COLUMNS = ("tint_r", "tint_g", "tint_b", "seed", "lamps", *(f"p{k}" for k in range(11)))
INSTANCE = {name: k for k, name in enumerate(INSTANCE_COLUMNS)}

# Columns of PackedScene.light. Intensity in cd per RGB channel (photometric, green = luminous weight 1).
LIGHT_COLUMNS = ("x", "y", "z", "dir_x", "dir_y", "dir_z", "cd_r", "cd_g", "cd_b", "beam", "reach_m", "instance")
LIGHT = {name: k for k, name in enumerate(LIGHT_COLUMNS)}
BEAMS = {"point": 0, "street": 1, "low_beam": 2, "spot": 3, "low_beam_left": 4}


class Geometry(NamedTuple):
    """Prototypes: shapes in their own frames, each with its tree. Built once, kept, shared by all triggers."""

    vertices: F32  # (V, 3) m, prototype frame
    triangles: I32  # (T, 3) rows of `vertices`
    normals: F32  # (T, 9) corner normals
    uv: F32  # (T, 6) corner texture coordinates
    color: F32  # (V, 3) linear albedo, 1 where the mesh has none
    surface: I32  # (T,) row of the surface tables
    nodes: F32  # wide tree nodes of all prototypes; layout in bvh.py
    leaves: F32  # triangle packs of all prototypes; layout in bvh.py
    root: I32  # (P,) root node of each prototype
    bounds: F32  # (P, 6) lowest and highest corner, prototype frame
    first_triangle: I32  # (P + 1,) rows of `triangles` that belong to each prototype


class PackedScene(NamedTuple):
    """The world over the interval of one trigger.

    Instances move from knot to knot: translation linear, rotation by normalised linear quaternion (base.frames.interpolate);
    before the first knot and after the last they stand still.
    """

    geometry: Geometry
    knot_time: F32  # (K,) s, relative to the trigger's reference time
    prototype: I32  # (I,)
    pose: F32  # (K, I, 7) local_from_instance: quaternion wxyz, translation m
    moves: I32  # (I,) 1 if the pose differs between knots
    mask: I32  # (I,) bit b set: seen by rays with visibility bit b
    actor: I32  # (I,) row of the timeline, -1 for the static world
    class_id: I32  # (I,) class of triangles whose surface names none
    params: F32  # (I, 16) see INSTANCE_COLUMNS
    top_nodes: F32  # tree over the instances, and what a ray needs of each; made and told by bvh.build_top
    surface_material: I32  # (S,) row of `material`
    surface_class: I32  # (S,) class id, -1: that of the instance
    surface_mark: I32  # (S,) lane-marking id, 0 for none
    material: F32  # (M, 24) see MATERIAL_COLUMNS
    light: F32  # (L, 12) see LIGHT_COLUMNS


class Rays(NamedTuple):
    """origin: (N, 3) m local. direction: (N, 3) unit. time: (N,) s relative to the trigger's reference time."""

    origin: F32
    direction: F32
    time: F32


class Hits(NamedTuple):
    """t: (N,) m along the ray, inf = nothing. instance, triangle: (N,) int32, -1 = nothing; triangle is a row of
    Geometry.triangles. uv: (N, 2) barycentric weights of corners 1 and 2."""

    t: F32
    instance: I32
    triangle: I32
    uv: F32


def empty_hits(n: int) -> Hits:
    """Room for n hits; what a kernel does not write is garbage."""
    return Hits(np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty((n, 2), np.float32))
