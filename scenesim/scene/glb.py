"""A stage at one time as a GLB file (glTF 2.0, ISO/IEC 12113), to look at elsewhere, or to render.

Each prototype is one mesh, each instance one node under the actor that it belongs to; the whole is turned to glTF's axes, so
that our x is its z, our y its x and our z its y. The origin is that of the snapshot: the ego at the time; `extras` of the scene
say where that is in the world. Materials have the colours of their rows: what a shader draws on them (asphalt, bricks, leaves)
is the renderer's and stays behind, but for windows, which become pictures (glb_walls.py). `extras.scenesim` of a material holds
what glTF has no word for.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.kernels.packed import INSTANCE, MATERIAL, Geometry, PackedScene
from scenesim.kernels.shaders import FACADE
from scenesim.scene.glb_walls import Wall, picture, wall
from scenesim.scene.stage import Snapshot, Stage

# Quaternion xyzw of glTF from ours: (x, y, z) to (y, z, x), a third of a turn about (1, 1, 1).
TURN = (-0.5, -0.5, -0.5, 0.5)
FLOAT, UINT = 5126, 5125
ARRAY, ELEMENTS = 34962, 34963
REPEAT, CLAMP = 10497, 33071
INSTANT_S = 1e-3  # for which the stage is asked; the first knot is the time itself
DISPLAY_CD_M2 = 500.0  # emissiveFactor 1, as models/imported_look.py reads it


def glb(stage: Stage, time_s: float) -> bytes:
    """The file of a stage at a time (s). The same stage gives the same bytes."""
    return _Writer(stage, stage.at(time_s, time_s, time_s + INSTANT_S)).file()


@dataclass(frozen=True)
class _Primitive:
    """Triangles of one material row. attributes, indices: accessors. uv: (n, 2) m of walls with windows."""

    material: int
    attributes: dict[str, int]
    indices: int
    uv: NDArray[np.float64] | None


class _Writer:
    def __init__(self, stage: Stage, snapshot: Snapshot):
        self.stage, self.snapshot, self.names = stage, snapshot, stage.store.tables.names
        self.scene: PackedScene = snapshot.scene
        self.blobs: list[bytes] = []
        self.size = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.materials: dict[str, int] = {}
        self.meshes: list[dict[str, Any]] = []
        self._mesh_of: dict[tuple[Any, ...], int] = {}
        self._shape_of: dict[int, list[_Primitive]] = {}
        self._uv_of: dict[tuple[Any, ...], int] = {}
        self._texture_of: dict[Wall, int] = {}
        self.images: list[dict[str, Any]] = []

    def file(self) -> bytes:
        """All of it."""
        nodes: list[dict[str, Any]] = [{"name": self._title(), "rotation": list(TURN), "children": []}]
        groups = self._groups(nodes)
        for k in range(len(self.scene.prototype)):
            pose = self.scene.pose[0, k].astype(float)
            mesh = self._mesh(k)
            if mesh is None:
                continue
            actor = int(self.scene.actor[k])
            place = {"rotation": pose[[1, 2, 3, 0]].tolist(), "translation": pose[4:].tolist()}
            node = {"name": self._node_name(k), "mesh": mesh, **place}
            nodes[groups[actor]]["children"].append(len(nodes))
            nodes.append(node)
        nodes[0]["children"] = [n for n in groups.values() if nodes[n]["children"]]
        nodes = _without_empty(nodes)
        binary = b"".join(self.blobs)
        origin = [float(v) for v in self.snapshot.origin_m]
        head = {
            "asset": {"version": "2.0", "generator": "scenesim"},
            "scene": 0,
            "scenes": [{"name": self._title(), "nodes": [0], "extras": {"time_s": self.snapshot.time_s, "origin_m": origin}}],
            "nodes": nodes,
            "meshes": self.meshes,
            "materials": [json.loads(m) for m in self.materials],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(binary)}],
        }
        if self.images:
            head["images"] = self.images
            head["samplers"] = [{"wrapS": REPEAT, "wrapT": CLAMP}]
            head["textures"] = [{"source": n, "sampler": 0} for n in range(len(self.images))]
        text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
        return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks

    # ---- nodes

    def _title(self) -> str:
        return f"scenesim at {self.snapshot.time_s:g} s"

    def _groups(self, nodes: list[dict[str, Any]]) -> dict[int, int]:
        """Row of the actor (-1 for what stands about) -> node that holds its parts."""
        found = {}
        for actor in sorted({int(a) for a in self.scene.actor}, key=lambda a: (a < 0, a)):
            found[actor] = len(nodes)
            nodes.append({"name": self._actor_name(actor), "children": []} | self._actor_extras(actor))
        return found

    def _actor_name(self, actor: int) -> str:
        if actor < 0:
            return "surroundings"
        n = len(self.stage.timeline.actors)
        return self.stage.timeline.actors[actor].name if actor < n else f"{self.stage.named[actor - n].name}_{actor}"

    def _actor_extras(self, actor: int) -> dict[str, Any]:
        if actor < 0:
            return {}
        model = self.stage.model(actor)
        return {"extras": {"class": model.class_name, "model": model.name, "size_lwh_m": [float(v) for v in model.size_lwh_m]}}

    def _node_name(self, k: int) -> str:
        actor = int(self.scene.actor[k])
        if actor < 0:
            return f"{taxonomy.names_by_id()[int(self.scene.class_id[k])]}_{k}"
        parts = {row: part for (a, part), row in self.snapshot.instance_of.items() if a == actor}
        part = self.stage.model(actor).parts[parts[k]].name if k in parts else str(k)
        return f"{self._actor_name(actor)}.{part}"

    # ---- meshes

    def _mesh(self, k: int) -> int | None:
        """Mesh of an instance: that of its prototype, again for each look that it has (paint, lamps)."""
        p = int(self.scene.prototype[k])
        if p not in self._shape_of:
            self._shape_of[p] = self._shape(p)
        shape = self._shape_of[p]
        if not shape:
            return None
        walls = [None if s.uv is None else wall(self.scene.params[k], self._albedo(s.material, k)) for s in shape]
        materials = tuple(self._material(s.material, k, w) for s, w in zip(shape, walls))
        key = (p, materials)
        if key not in self._mesh_of:
            primitives = []
            for n, (s, w, material) in enumerate(zip(shape, walls, materials)):
                attributes = {**s.attributes, **({} if w is None else {"TEXCOORD_0": self._uv(p, n, s, w)})}
                primitives.append({"attributes": attributes, "indices": s.indices, "material": material})
            self._mesh_of[key] = len(self.meshes)
            self.meshes.append({"name": f"prototype_{p}", "primitives": primitives})
        return self._mesh_of[key]

    def _shape(self, p: int) -> list[_Primitive]:
        """For each material of a prototype its triangles; of walls, those with windows (u >= 0) by themselves."""
        g: Geometry = self.scene.geometry
        rows = np.arange(int(g.first_triangle[p]), int(g.first_triangle[p + 1]))
        material = self.scene.surface_material[g.surface[rows]]
        windows = (self.scene.material[material, MATERIAL["shader"]] == FACADE) & (g.uv[rows][:, ::2].min(1) >= 0)
        return [
            self._primitive(g, rows[(material == m) & (windows == w)], int(m), w)
            for m in np.unique(material)
            for w in (False, True)
            if ((material == m) & (windows == w)).any()
        ]

    def _uv(self, p: int, n: int, s: _Primitive, w: Wall) -> int:
        """Accessor of texture coordinates: pictures as wide as a column and as high as all rows."""
        key = (p, n, w.width_m, w.height_m)
        if key not in self._uv_of:
            assert s.uv is not None
            uv = np.stack([s.uv[:, 0] / w.width_m, 1.0 - s.uv[:, 1] / w.height_m], axis=1)
            self._uv_of[key] = self._accessor(uv, "VEC2", ARRAY)
        return self._uv_of[key]

    def _texture(self, w: Wall) -> int:
        if w not in self._texture_of:
            data = picture(w)
            data += b"\0" * (-len(data) % 4)
            self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(data)})
            self.blobs.append(data)
            self.size += len(data)
            self.images.append({"bufferView": len(self.views) - 1, "mimeType": "image/png"})
            self._texture_of[w] = len(self._texture_of)
        return self._texture_of[w]

    def _primitive(self, g: Geometry, rows: NDArray[np.int_], material: int, windows: bool) -> _Primitive:
        corner = g.triangles[rows].reshape(-1)
        columns = [g.vertices[corner], g.normals[rows].reshape(-1, 3)]
        if self.scene.material[material, MATERIAL["vertex_color"]] > 0:
            columns.append(g.color[corner])
        if windows:
            columns.append(g.uv[rows].reshape(-1, 2))
        table = np.ascontiguousarray(np.concatenate(columns, axis=1), np.float32) + np.float32(0.0)
        unique, index = np.unique(table, axis=0, return_inverse=True)
        normal = unique[:, 3:6].astype(float)
        length = np.sqrt((normal * normal).sum(1, keepdims=True))
        normal = np.where(length > 1e-6, normal / np.maximum(length, 1e-6), (0.0, 0.0, 1.0))
        attributes = {
            "POSITION": self._accessor(unique[:, :3], "VEC3", ARRAY, bounds=True),
            "NORMAL": self._accessor(normal, "VEC3", ARRAY),
        }
        if unique.shape[1] >= 9:
            attributes["COLOR_0"] = self._accessor(unique[:, 6:9], "VEC3", ARRAY)
        indices = self._accessor(index.reshape(-1), "SCALAR", ELEMENTS)
        return _Primitive(material, attributes, indices, unique[:, -2:].astype(float) if windows else None)

    def _accessor(self, values: NDArray[Any], kind: str, target: int, bounds: bool = False) -> int:
        values = np.ascontiguousarray(values, np.uint32 if target == ELEMENTS else np.float32)
        data = values.tobytes()
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(data), "target": target})
        self.blobs.append(data)
        self.size += len(data)
        accessor = {
            "bufferView": len(self.views) - 1,
            "componentType": UINT if target == ELEMENTS else FLOAT,
            "count": len(values),
            "type": kind,
        }
        if bounds:
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    # ---- materials

    def _albedo(self, row: int, k: int) -> NDArray[np.float64]:
        """(3,) of a material's row as an instance has it."""
        m = self.scene.material[row].astype(float)
        tinted = m[MATERIAL["tinted"]] > 0
        return self.scene.params[k, :3].astype(float) if tinted else m[MATERIAL["albedo_r"] : MATERIAL["albedo_r"] + 3]

    def _material(self, row: int, k: int, windows: Wall | None) -> int:
        """The material of a row as an instance has it, with its paint, its lamps and its windows."""
        m, params = self.scene.material[row].astype(float), self.scene.params[k]
        albedo = self._albedo(row, k) if windows is None else np.ones(3)
        bits = int(m[MATERIAL["lamp_bits"]])
        shines = bits == 0 or int(params[INSTANCE["lamps"]]) & bits
        emission = m[MATERIAL["emission_r"] : MATERIAL["emission_r"] + 3] if shines else np.zeros(3)
        through = float(m[MATERIAL["transmission"]])
        found: dict[str, Any] = {
            "name": self.names[row],
            "pbrMetallicRoughness": {
                "baseColorFactor": [*(_short(min(v, 1.0)) for v in albedo), _short(1.0 - through)],
                "metallicFactor": _short(min(m[MATERIAL["metallic"]], 1.0)),
                "roughnessFactor": _short(min(m[MATERIAL["roughness"]], 1.0)),
            },
            "doubleSided": True,
            "extras": {"scenesim": {n: _short(m[MATERIAL[n]]) for n in ("reflectance_905nm", "reflectance_1550nm")}},
        }
        if windows is not None:
            found["pbrMetallicRoughness"]["baseColorTexture"] = {"index": self._texture(windows)}
        if through > 0:
            found["alphaMode"] = "BLEND"
        if emission.max() > 0:
            # As bright as it may get in a viewer without exposure; the candelas stand beside it.
            found["emissiveFactor"] = [_short(v / max(emission.max(), DISPLAY_CD_M2)) for v in emission]
            found["extras"]["scenesim"]["emission_cd_m2"] = [_short(v) for v in emission]
        return self.materials.setdefault(json.dumps(found), len(self.materials))


def _without_empty(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nodes without those that hold nothing, numbered anew."""
    kept = [k for k, n in enumerate(nodes) if "mesh" in n or n["children"]]
    number = {k: n for n, k in enumerate(kept)}
    out = []
    for k in kept:
        node = dict(nodes[k])
        if "children" in node:
            node["children"] = [number[c] for c in node["children"]]
        out.append(node)
    return out


def _short(value: float) -> float:
    return round(float(value), 5)
