"""Model files for tests, made by trimesh, and files that are damaged or hostile, made by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

CAR_CM = (180.0, 140.0, 420.0)  # x, y, z of the whole, y up, z forward
REAR_CM, FRONT_CM, WHEEL_CM = -130.0, 130.0, 32.0


def car(path: Path) -> Path:
    """A car of boxes in centimetres, y up and z forward, with a painted body, a cabin of glass and four wheels."""
    import trimesh
    from trimesh.visual.material import PBRMaterial
    from trimesh.visual.texture import TextureVisuals

    paint = PBRMaterial(name="Paint", baseColorFactor=[0.6, 0.05, 0.05, 1.0], metallicFactor=0.0, roughnessFactor=0.4)
    glass = PBRMaterial(name="Glass", baseColorFactor=[0.1, 0.1, 0.1, 0.3], metallicFactor=0.0, alphaMode="BLEND")
    rubber = PBRMaterial(name="Rubber", baseColorFactor=[0.02, 0.02, 0.02, 1.0], metallicFactor=0.0, roughnessFactor=0.9)
    scene = trimesh.Scene()
    body, cabin = trimesh.creation.box((180, 60, 420)), trimesh.creation.box((160, 50, 200))
    body.apply_translation((0, 60, 0))
    cabin.apply_translation((0, 115, -20))
    body.visual, cabin.visual = TextureVisuals(material=paint), TextureVisuals(material=glass)
    scene.add_geometry(body, node_name="body")
    scene.add_geometry(cabin, node_name="cabin")
    for name, x, z in (("fl", 80, FRONT_CM), ("fr", -80, FRONT_CM), ("rl", 80, REAR_CM), ("rr", -80, REAR_CM)):
        wheel = trimesh.creation.cylinder(WHEEL_CM, 20, sections=24)
        wheel.visual = TextureVisuals(material=rubber)
        place = trimesh.transformations.translation_matrix((x, WHEEL_CM, z))
        turn = trimesh.transformations.rotation_matrix(np.pi / 2, (0, 1, 0))
        scene.add_geometry(wheel, node_name=f"wheel_{name}", transform=place @ turn)
    scene.export(path)
    return path


def picture(path: Path, pixels: np.ndarray, width_m: float = 2.0, height_m: float = 1.0) -> Path:
    """A rectangle that faces +z of glTF (our forward), with a picture whose first row is on top; x to the viewer's right."""
    import trimesh
    from PIL import Image
    from trimesh.visual.material import PBRMaterial
    from trimesh.visual.texture import TextureVisuals

    w, h = width_m / 2, height_m
    mesh = trimesh.Trimesh([[-w, 0, 0], [w, 0, 0], [w, h, 0], [-w, h, 0]], [[0, 1, 2], [0, 2, 3]], process=False)
    look = PBRMaterial(name="Poster", baseColorTexture=Image.fromarray(pixels), metallicFactor=0.0, roughnessFactor=0.8)
    mesh.visual = TextureVisuals(uv=[[0, 0], [1, 0], [1, 1], [0, 1]], material=look)
    trimesh.Scene([mesh]).export(path)
    return path


def box(path: Path, size=(2.0, 1.0, 1.5)) -> Path:
    """A plain box about the origin, in whatever format the name says."""
    import trimesh

    trimesh.creation.box(size).export(path)
    return path


def triangle(**changes) -> tuple[dict, bytes]:
    """(JSON, binary) of a glTF file with one triangle, and what is changed in its JSON."""
    binary = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32).tobytes()
    gltf = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36}],
    }
    return gltf | changes, binary


def glb(gltf: dict | bytes, binary: bytes, length: int | None = None) -> bytes:
    """Bytes of a GLB file; length: what its header says, where that is not so."""
    text = gltf if isinstance(gltf, bytes) else json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks) if length is None else length) + chunks


def _changed(**changes) -> bytes:
    return glb(*triangle(**changes))


def _with_nan() -> bytes:
    gltf, binary = triangle()
    return glb(gltf, np.array([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]], np.float32).tobytes())


def _png(width: int, height: int) -> bytes:
    """A PNG that says it is huge, with nothing in it."""
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _bomb(blob: bytes) -> bytes:
    gltf, binary = triangle(
        materials=[{"name": "m", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        textures=[{"source": 0}],
        images=[{"bufferView": 1, "mimeType": "image/png"}],
    )
    gltf["meshes"][0]["primitives"][0]["material"] = 0
    binary += blob + b"\0" * (-len(blob) % 4)
    gltf["bufferViews"].append({"buffer": 0, "byteOffset": 36, "byteLength": len(blob)})
    gltf["buffers"][0]["byteLength"] = len(binary)
    return glb(gltf, binary)


_PLY = b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty float x\nproperty float y\nproperty float z\n"
_FACE = b"element face %d\nproperty list uchar int vertex_indices\nend_header\n"
_MANY = {"bufferView": 0, "componentType": 5126, "count": 10**9, "type": "VEC3"}
_UP = "../secret.bin"

# What it is -> (name of the file, its bytes, words of the error).
HOSTILE = {
    "an empty file": ("a.glb", b"", "is empty"),
    "a text called GLB": ("a.glb", b"hello, I am a text and no model at all", "does not begin with glTF"),
    "a GLB that is cut off": ("a.glb", glb(*triangle())[:-20], "cut off or damaged"),
    "a GLB of version 1": ("a.glb", b"glTF" + struct.pack("<II", 1, 24) + b"\0" * 12, "glTF 1"),
    "a chunk longer than the file": (
        "a.glb", b"glTF" + struct.pack("<III4s", 2, 24, 2**31, b"JSON") + b"{}  ", "longer than the file",
    ),
    "JSON that is none": ("a.glb", glb(b"{nodes: 1}", b""), "JSON cannot be read"),
    "JSON a thousand levels deep": ("a.glb", glb(b"[" * 100000 + b"]" * 100000, b""), "JSON"),
    "nodes below themselves": (
        "a.glb", _changed(nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]), "two parents, or is below itself",
    ),
    "a tree that doubles at each level": (
        "a.glb", _changed(nodes=[{"children": [k + 1, k + 1]} for k in range(60)] + [{"mesh": 0}]), "two parents",
    ),
    "a thousand million vertices": ("a.glb", _changed(accessors=[_MANY]), "do not fit"),
    "a node that is not there": ("a.glb", _changed(scenes=[{"nodes": [7]}]), "missing or wrong"),
    "a mesh that is no number": ("a.glb", _changed(nodes=[{"mesh": "x"}]), "missing or wrong"),
    "a buffer outside of the folder": ("a.glb", _changed(buffers=[{"byteLength": 36, "uri": _UP}]), "not in its folder"),
    "a buffer in the net": (
        "a.glb", _changed(buffers=[{"byteLength": 36, "uri": "http://example.org/a.bin"}]), "not in its folder",
    ),
    "an absolute path": ("a.glb", _changed(buffers=[{"byteLength": 36, "uri": "/etc/hostname"}]), "not in its folder"),
    "a buffer that is not there": ("a.glb", _changed(buffers=[{"byteLength": 36, "uri": "b.bin"}]), "is not there"),
    "compressed triangles": (
        "a.glb", _changed(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco_mesh_compression",
    ),
    "corners that are no numbers": ("a.glb", _with_nan(), "no finite numbers"),
    "a texture of 10^9 pixels": ("a.glb", _bomb(_png(32000, 32000)), "texture"),
    "a texture of 81 million pixels": ("a.glb", _bomb(_png(9000, 9000)), "9000 x 9000 pixels"),
    "a texture of rubbish": ("a.glb", _bomb(b"no picture at all"), "texture that cannot be read"),
    "an OBJ that leaves its folder": ("a.obj", b"mtllib ../../m.mtl\nv 0 0 0\nf 1 1 1\n", "not in its folder"),
    "an OBJ of corners that are not there": ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "OBJ"),
    "an OBJ without faces": ("a.obj", b"v 0 0 0\n", "no faces"),
    "a PLY of 10^9 triangles": ("a.ply", _PLY % 3 + _FACE % 10**9 + b"\0" * 36, "1000000000 triangles"),
    "a PLY of 10^9 vertices": ("a.ply", _PLY % 10**9 + _FACE % 1 + b"\0" * 36, "cut off"),
    "a PLY of nonsense": ("a.ply", b"ply\nformat ascii 1.0\nelement vertex many\nend_header\n", "header says"),
    "a cloud of points": ("a.ply", _PLY % 3 + b"end_header\n" + b"\0" * 36, "cloud of points"),
    "an STL of 4 * 10^9 triangles": ("a.stl", b"\0" * 80 + struct.pack("<I", 2**32 - 1) + b"\0" * 50, "4294967295 triangles"),
    "an STL that is cut off": ("a.stl", b"\0" * 80 + struct.pack("<I", 12) + b"\0" * 300, "cut off"),
    "a format that is not read": ("a.fbx", b"Kaydara FBX Binary", "no format of models"),
}  # fmt: skip
