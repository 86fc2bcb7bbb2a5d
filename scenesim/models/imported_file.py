"""A model file as pieces of mesh with what they are made of, read by trimesh.

trimesh is given a plain file: one whose names are numbers, without cameras, animations and extensions, so that what it reads is
a matter of shape alone. What glTF says of a material is read here.
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place
from scenesim.models.imported_guard import MOST_PIXELS, MOST_PIXELS_TOGETHER, Source, check_triangles

Array = NDArray[np.float64]
UNNAMED = "unnamed"
CLAMP = 33071  # CLAMP_TO_EDGE


@dataclass(frozen=True)
class Look:
    """A material of a file, after glTF 2.0. base: (3,) linear. texture: (H, W, 4) uint8 sRGB and alpha, or None. emission:
    emissiveFactor times its strength, (3,). alpha_mode: "OPAQUE", "MASK" or "BLEND". own: what its extras say in our words.
    clamps: whether the picture goes on as it ends, along u and v, instead of beginning anew."""

    name: str = UNNAMED
    base: tuple[float, float, float] = (0.5, 0.5, 0.5)
    texture: NDArray[np.uint8] | None = None
    metallic: float = 0.0
    roughness: float = 0.8
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    alpha: float = 1.0
    alpha_mode: str = "OPAQUE"
    cutoff: float = 0.5
    transmission: float = 0.0
    clear_coat: float = 0.0
    own: tuple[tuple[str, float], ...] = ()
    clamps: tuple[bool, bool] = (False, False)


@dataclass(frozen=True)
class Piece:
    """Triangles of one material. node: name of its node. corner, normal: (T, 3, 3), normal None without; uv: (T, 3, 2), v
    upwards, or None; color: (T, 3, 3) linear, or None. All in the file's frame and unit."""

    node: str
    look: Look
    corner: Array
    normal: Array | None = None
    uv: Array | None = None
    color: Array | None = None


def read(source: Source) -> list[Piece]:
    """The pieces of a model, in an order that depends on the file alone. Raises InputError."""
    scene = _parsed(source)
    looks: dict[int, Look] = {}
    pieces = []
    for node in scene.graph.nodes_geometry:
        matrix, geometry = scene.graph[node]
        mesh = scene.geometry[geometry]
        if not hasattr(mesh, "faces") or len(mesh.faces) == 0:
            continue
        look = _look(source, mesh, looks)
        pieces.append((geometry, np.asarray(matrix, float), _piece(source, node, mesh, np.asarray(matrix, float), look)))
    if not pieces:
        raise InputError("holds no triangles", Place(str(source.path)))
    check_triangles(source.path, sum(len(p.corner) for _, _, p in pieces))
    return [p for _, _, p in sorted(pieces, key=lambda row: (row[0], row[1].tobytes()))]


def _parsed(source: Source) -> Any:
    try:
        import trimesh
    except ImportError:
        message = 'to import models, trimesh is needed; install it with: pip install "scenesim[models]"'
        raise InputError(message, Place(str(source.path))) from None
    kind = source.path.suffix.lower()[1:]
    data = source.data if source.gltf is None else _plain(source)
    try:
        # Without processing, vertices stay as they are in the file.
        return trimesh.load_scene(
            io.BytesIO(data), file_type="glb" if source.gltf else kind, resolver=dict(source.beside), process=False
        )
    except Exception as e:  # whatever trimesh stumbles over is a fault of the file
        told = " ".join(str(e).split())[:120]
        message = f"cannot be read as {kind.upper()} ({type(e).__name__}: {told}); is it damaged? Export it anew"
        raise InputError(message, Place(str(source.path))) from None


def _plain(source: Source) -> bytes:
    """A GLB of the same shapes whose names of nodes, meshes and materials are their numbers."""
    g = source.gltf
    assert g is not None
    keep = ("matrix", "translation", "rotation", "scale", "children", "mesh")
    meshes = []
    for k, mesh in enumerate(g.get("meshes", ())):
        primitives = []
        for p in mesh["primitives"]:
            # Under a name of its own trimesh hands an attribute on as it is.
            known = {"POSITION": "POSITION", "TEXCOORD_0": "TEXCOORD_0", "NORMAL": "_NORMAL", "COLOR_0": "_COLOR"}
            attributes = {known[a]: i for a, i in p["attributes"].items() if a in known}
            primitives.append({"attributes": attributes} | {n: p[n] for n in ("indices", "material", "mode") if n in p})
        meshes.append({"name": f"{k}", "primitives": primitives})
    plain: dict[str, Any] = {
        "asset": {"version": "2.0"},
        "scene": g.get("scene", 0),
        "scenes": [{"nodes": s.get("nodes", [])} for s in g["scenes"]],
        "nodes": [{"name": f"{k}"} | {n: node[n] for n in keep if n in node} for k, node in enumerate(g["nodes"])],
        "meshes": meshes,
        "materials": [{"name": f"{k}"} for k in range(len(g.get("materials", ())))],
        **{n: g[n] for n in ("accessors", "bufferViews", "buffers") if n in g},
    }
    text = json.dumps(plain).encode()
    text += b" " * (-len(text) % 4)
    binary = source.binary + b"\0" * (-len(source.binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _piece(source: Source, node: str, mesh: Any, matrix: Array, look: Look) -> Piece:
    vertices, faces = np.asarray(mesh.vertices, float), np.asarray(mesh.faces)
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError("is damaged: a triangle has a corner that is not there", Place(str(source.path)))
    with np.errstate(all="ignore"):
        corner = (turned(vertices, matrix[:3, :3]) + matrix[:3, 3])[faces]
    extra = mesh.vertex_attributes if source.gltf is not None else {}
    normal = uv = color = None
    a = matrix[:3, :3]
    cofactors = np.cross(a[[1, 2, 0]], a[[2, 0, 1]])  # the inverse transposed, times the determinant
    mirrored = float((a[0] * cofactors[0]).sum()) < 0
    if "_NORMAL" in extra and len(extra["_NORMAL"]) == len(vertices):
        normal = turned(np.asarray(extra["_NORMAL"], float), cofactors)[faces] * (-1.0 if mirrored else 1.0)
    if "_COLOR" in extra and len(extra["_COLOR"]) == len(vertices):
        given = np.asarray(extra["_COLOR"])
        color = given[:, :3].astype(float) / (np.iinfo(given.dtype).max if given.dtype.kind == "u" else 1.0)
        color = np.clip(color, 0.0, 1.0)[faces]
    kind = mesh.visual.kind
    if kind == "texture" and mesh.visual.uv is not None and look.texture is not None:
        uv = np.asarray(mesh.visual.uv, float)[:, :2][faces]
    elif kind == "vertex" and source.gltf is None:
        color = linear(np.asarray(mesh.visual.vertex_colors)[:, :3])[faces]
    elif kind == "face" and source.gltf is None:
        color = np.repeat(linear(np.asarray(mesh.visual.face_colors)[:, None, :3]), 3, axis=1)
    if color is not None and source.gltf is None and kind in ("vertex", "face"):
        look = Look(look.name, (1.0, 1.0, 1.0))
    if mirrored:  # the triangles turn round with it
        corner = corner[:, ::-1]
        normal, uv, color = (None if x is None else x[:, ::-1] for x in (normal, uv, color))
    return Piece(_node_name(source, node), look, corner, normal, uv, color)


def _node_name(source: Source, node: str) -> str:
    """Name of a node, or of the nearest above it that is called a wheel."""
    if source.gltf is None:
        return node
    nodes = source.gltf["nodes"]
    parents = {c: k for k, n in enumerate(nodes) for c in n.get("children", ())} if len(nodes) < 1000 else {}
    first = k = int(node.split("_")[0])
    while True:
        name = str(nodes[k].get("name", ""))
        if name.lower().startswith("wheel"):
            return name
        if k not in parents:
            return str(nodes[first].get("name", "")) or UNNAMED
        k = parents[k]


def turned(points: Array, matrix: Array) -> Array:
    """matrix (3, 3) times each point (..., 3), without a matrix product, whose last bits are the machine's."""
    x, y, z = points[..., :1], points[..., 1:2], points[..., 2:]
    return x * matrix[:, 0] + y * matrix[:, 1] + z * matrix[:, 2]


def linear(srgb: NDArray[np.uint8]) -> Array:
    """Linear values of sRGB ones (IEC 61966-2-1), from a table whose entries are scalar powers: the same on every machine."""
    return _LINEAR[np.asarray(srgb)]


_LINEAR = np.array([k / 255 / 12.92 if k <= 10 else ((k / 255 + 0.055) / 1.055) ** 2.4 for k in range(256)])


# ---- materials


def _look(source: Source, mesh: Any, known: dict[int, Look]) -> Look:
    material = getattr(mesh.visual, "material", None) if mesh.visual.kind == "texture" else None
    if source.gltf is not None:
        if material is None or not str(material.name or "").isdigit():
            return Look()
        k = int(material.name)
        if k not in known:
            known[k] = _gltf_look(source, source.gltf["materials"][k], f"material_{k}")
        return known[k]
    if material is None:
        return Look()
    if id(material) not in known:
        known[id(material)] = _simple_look(source, material)
    return known[id(material)]


def _simple_look(source: Source, material: Any) -> Look:
    """A material of an .mtl file: Kd is linear, as Blender writes it; Ns is that of Blinn and Phong."""
    given = dict(getattr(material, "kwargs", None) or {})
    kd = np.asarray(material.diffuse, float).ravel()[:4] / 255.0
    if "kd" in given:
        kd[:3] = np.clip(np.asarray(given["kd"], float).ravel()[:3], 0.0, 1.0)
    texture = _pixels(source, material.image, id(material.image))
    ns = float(np.ravel(given.get("ns", [0.0]))[0])
    alpha = float(np.ravel(given.get("d", [1.0]))[0])
    return Look(
        str(material.name or UNNAMED),
        (float(kd[0]), float(kd[1]), float(kd[2])) if texture is None else (1.0, 1.0, 1.0),
        texture,
        roughness=float(min(max(np.sqrt(np.sqrt(2.0 / (max(ns, 0.0) + 2.0))), 0.1), 0.9)),
        alpha=min(max(alpha, 0.0), 1.0),
        alpha_mode="BLEND" if alpha < 1.0 else "OPAQUE",
    )


def _gltf_look(source: Source, material: dict[str, Any], name: str) -> Look:
    """A material after glTF 2.0, 3.9, and its extensions KHR_materials_transmission, _clearcoat and _emissive_strength."""
    try:
        pbr = material.get("pbrMetallicRoughness", {})
        extensions = material.get("extensions", {})
        base = _numbers(pbr.get("baseColorFactor", (1, 1, 1, 1)), 4)
        strength = _numbers([extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1.0)], 1)[0]
        emission = _numbers(material.get("emissiveFactor", (0, 0, 0)), 3)
        if "emissiveTexture" in material:
            emission = [0.0] * 3  # where in its picture it shines, a material of ours cannot say
        rough = _numbers([pbr.get("metallicFactor", 1.0), pbr.get("roughnessFactor", 1.0)], 2)
        if "metallicRoughnessTexture" in pbr:
            mean = _texture(source, pbr["metallicRoughnessTexture"]).reshape(-1, 4).mean(0) / 255.0
            rough = [rough[0] * float(mean[2]), rough[1] * float(mean[1])]
        texture = _texture(source, pbr["baseColorTexture"]) if "baseColorTexture" in pbr else None
        own = material.get("extras", {}).get("scenesim", {}) if isinstance(material.get("extras"), dict) else {}
        return Look(
            str(material.get("name") or name),
            (base[0], base[1], base[2]),
            texture,
            min(max(rough[0], 0.0), 1.0),
            min(max(rough[1], 0.0), 1.0),
            (strength * emission[0], strength * emission[1], strength * emission[2]),
            min(max(base[3], 0.0), 1.0),
            str(material.get("alphaMode", "OPAQUE")),
            _numbers([material.get("alphaCutoff", 0.5)], 1)[0],
            _numbers([extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0)], 1)[0],
            _numbers([extensions.get("KHR_materials_clearcoat", {}).get("clearcoatFactor", 0.0)], 1)[0],
            tuple((k, _numbers([own[k]], 1)[0]) for k in ("reflectance_905nm", "reflectance_1550nm") if k in own),
            _clamps(source, pbr.get("baseColorTexture")),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as e:
        message = f'is damaged: its material "{str(material.get("name", name))[:40]}" cannot be read ({str(e)[:80]})'
        raise InputError(message, Place(str(source.path))) from None


def _numbers(values: Any, count: int) -> list[float]:
    found = [float(v) for v in values]
    if len(found) != count or not np.isfinite(found).all() or min(found) < 0:
        raise ValueError(f"{values} should be {count} numbers that are not negative")
    return found


def _clamps(source: Source, info: dict[str, Any] | None) -> tuple[bool, bool]:
    """What the sampler of a texture says of its edges (glTF 2.0, 5.26)."""
    g = source.gltf
    if info is None or g is None or "sampler" not in g["textures"][info["index"]]:
        return False, False
    sampler = g["samplers"][g["textures"][info["index"]]["sampler"]]
    return sampler.get("wrapS") == CLAMP, sampler.get("wrapT") == CLAMP


def _texture(source: Source, info: dict[str, Any]) -> NDArray[np.uint8]:
    """(H, W, 4) pixels of a texture of a glTF file."""
    g = source.gltf
    assert g is not None
    number = g["textures"][info["index"]]["source"]
    if number in source.textures:
        return source.textures[number]
    image = g["images"][number]
    if "bufferView" in image:
        view = g["bufferViews"][image["bufferView"]]
        data, at = _buffer(source, view["buffer"]), view.get("byteOffset", 0)
        blob = data[at : at + view["byteLength"]]
    else:
        blob = _uri(source, image["uri"])
    found = _pixels(source, io.BytesIO(blob), number)
    assert found is not None
    return found


def _buffer(source: Source, k: int) -> bytes:
    uri = source.gltf["buffers"][k].get("uri") if source.gltf else None
    return source.binary if uri is None else _uri(source, uri)


def _uri(source: Source, uri: str) -> bytes:
    import base64

    return source.beside[uri] if uri in source.beside else base64.b64decode(uri.partition("base64,")[2])


def _pixels(source: Source, image: Any, number: int) -> NDArray[np.uint8] | None:
    """(H, W, 4) of an image: one of PIL's, or a stream. Raises InputError where it is too large or none."""
    if number in source.textures:
        return source.textures[number]
    if image is None:
        return None
    from PIL import Image

    place = Place(str(source.path))
    try:
        opened = image if isinstance(image, Image.Image) else Image.open(image)
        width, height = opened.size
        if width * height > MOST_PIXELS:
            most = f"at most {MOST_PIXELS} are read; make it smaller"
            message = f"has a texture of {width} x {height} pixels, {most}"
            raise InputError(message, place)
        total = width * height + sum(t.shape[0] * t.shape[1] for t in source.textures.values())
        if total > MOST_PIXELS_TOGETHER:
            raise InputError(f"has textures of more than {MOST_PIXELS_TOGETHER} pixels together; make them smaller", place)
        source.textures[number] = np.asarray(opened.convert("RGBA"))
        return source.textures[number]
    except InputError:
        raise
    except Exception as e:  # whatever PIL stumbles over is a fault of the picture
        raise InputError(f"has a texture that cannot be read ({str(e)[:80]}); use PNG or JPEG", place) from None
