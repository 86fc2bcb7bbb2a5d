"""What a model file may be before anything is read from it: limits, headers, references, and the digest of all its bytes.

A file from somewhere is hostile until shown otherwise: a header that promises a thousand million triangles costs nothing to
write. Everything here looks at sizes that the file itself has, and raises InputError with what to do instead.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place, did_you_mean

FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl")
MOST_BYTES = 256 << 20  # of the file and of all that it names
MOST_TRIANGLES = 2_000_000  # with every use of a mesh counted
MOST_PIXELS = 8192 * 8192  # of a texture
MOST_PIXELS_TOGETHER = 3 * MOST_PIXELS
MOST_NODES = 100_000
MOST_FILES = 256
# Required extensions of glTF that change no shape; what they say of the look is read or left out (docs/models.md).
HARMLESS = tuple(
    f"KHR_materials_{n}"
    for n in ("unlit", "emissive_strength", "transmission", "ior", "clearcoat", "specular", "volume", "sheen", "iridescence")
)
_COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_PLY_BYTES = {
    **dict.fromkeys(("char", "uchar", "int8", "uint8"), 1), **dict.fromkeys(("short", "ushort", "int16", "uint16"), 2),
    **dict.fromkeys(("int", "uint", "float", "int32", "uint32", "float32"), 4), **dict.fromkeys(("double", "float64"), 8),
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A model file that was looked at. data: its bytes. beside: bytes of the files that it names, by name. gltf: the JSON of a
    glTF file, and binary: its binary chunk (b"" without). textures: those that were read, by their numbers."""

    path: Path
    data: bytes
    beside: dict[str, bytes]
    gltf: dict[str, Any] | None = None
    binary: bytes = b""
    textures: dict[int, NDArray[np.uint8]] = field(default_factory=dict, compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the file; where it names others, of the digests and names of all."""
        own = hashlib.sha256(self.data).hexdigest()
        if not self.beside:
            return own
        lines = [f"{own}  \n"] + [f"{hashlib.sha256(self.beside[n]).hexdigest()}  {n}\n" for n in sorted(self.beside)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def open_source(path: Path) -> Source:
    """The bytes of a model file and of what it names, within all limits. Raises InputError."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise _wrong(path, f'"{suffix}" is no format of models that is read{did_you_mean(suffix, FORMATS)}')
    data = _read(path)
    if not data:
        raise _wrong(path, "is empty")
    if suffix in (".glb", ".gltf"):
        text, binary = _chunks(path, data) if suffix == ".glb" else (data, b"")
        gltf = _json(path, text)
        beside = _named(path, len(data), _uris(path, gltf))
        _check_gltf(path, gltf, binary, beside)
        return Source(path, data, beside, gltf, binary)
    if suffix == ".obj":
        _check_obj(path, data)
        return Source(path, data, _named_by_obj(path, data))
    (_check_ply if suffix == ".ply" else _check_stl)(path, data)
    return Source(path, data, {})


def _wrong(path: Path, message: str) -> InputError:
    return InputError(message, Place(str(path)))


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _wrong(path, "is a folder; give a model file")
        if path.stat().st_size > MOST_BYTES:
            raise _wrong(path, f"is larger than {MOST_BYTES >> 20} MiB; simplify the model, or make its textures smaller")
        return path.read_bytes()
    except FileNotFoundError:
        raise _wrong(path, "no such file") from None
    except (OSError, ValueError) as e:
        raise _wrong(path, f"cannot be read: {getattr(e, 'strerror', None) or e}") from None


def check_triangles(path: Path, count: int) -> None:
    """Raise InputError where a file has too many triangles."""
    if count > MOST_TRIANGLES:
        raise _wrong(path, f"has {count} triangles, at most {MOST_TRIANGLES} are read; simplify the model (decimate it)")


# ---- files beside it


def _named(path: Path, taken: int, names: Iterator[str]) -> dict[str, bytes]:
    """Bytes of the files that a model names, which lie in its folder or below."""
    found: dict[str, bytes] = {}
    home = path.resolve().parent
    for name in names:
        if name in found:
            continue
        if len(found) >= MOST_FILES:
            raise _wrong(path, f"names more than {MOST_FILES} files")
        plain = unquote(name).replace("\\", "/")
        target = (home / plain).resolve() if "\0" not in plain else home
        if "://" in plain or not target.is_relative_to(home) or target == home or re.match(r"[A-Za-z]:", plain):
            raise _wrong(path, f'names "{name[:80]}", which is not in its folder; put the file beside it, and name it so')
        if not target.is_file():
            raise _wrong(path, f'names "{name[:80]}", which is not there; put the file beside it')
        taken += target.stat().st_size
        if taken > MOST_BYTES:
            raise _wrong(path, f"and the files that it names are larger than {MOST_BYTES >> 20} MiB together")
        found[name] = target.read_bytes()
    return found


def _uris(path: Path, gltf: dict[str, Any]) -> Iterator[str]:
    for part in (*gltf.get("buffers", ()), *gltf.get("images", ())):
        uri = part.get("uri")
        if isinstance(uri, str) and not uri.startswith("data:"):
            yield uri


def _named_by_obj(path: Path, data: bytes) -> dict[str, bytes]:
    libraries = _named(path, len(data), iter(_words(data, rb"mtllib")))
    textures = [name for text in libraries.values() for name in _words(text, rb"map_\w+|bump|disp|refl", last=True)]
    return {**libraries, **_named(path, len(data) + sum(map(len, libraries.values())), iter(textures))}


def _words(text: bytes, keyword: bytes, last: bool = False) -> list[str]:
    """What follows a keyword in the lines of a text; last: its last word, after the options of a map."""
    found = re.findall(rb"^[ \t]*(?:" + keyword + rb")[ \t]+(.+?)[ \t]*\r?$", text, re.MULTILINE | re.IGNORECASE)
    words = [f.decode("utf8", "replace") for f in found]
    return [w.split()[-1] if last and w.startswith("-") else w for w in words]


# ---- glTF 2.0 (Khronos, ISO/IEC 12113)


def _chunks(path: Path, data: bytes) -> tuple[bytes, bytes]:
    """(JSON, binary) chunks of a .glb file."""
    if data[:4] != b"glTF" or len(data) < 20:
        raise _wrong(path, "is no GLB file: it does not begin with glTF")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise _wrong(path, f"is glTF {version}; only glTF 2 is read, export it anew")
    if length != len(data):
        raise _wrong(path, f"should have {length} bytes and has {len(data)}: it is cut off or damaged; copy or export it anew")
    chunks, at = [], 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<I4s", data, at)
        if at + 8 + size > len(data):
            raise _wrong(path, "is damaged: one of its chunks is longer than the file")
        chunks.append((kind, data[at + 8 : at + 8 + size]))
        at += 8 + size
    if not chunks or chunks[0][0] != b"JSON":
        raise _wrong(path, "is damaged: its first chunk is not JSON")
    return chunks[0][1], next((c for kind, c in chunks[1:] if kind == b"BIN\0"), b"")


def _json(path: Path, text: bytes) -> dict[str, Any]:
    def refused(word: str) -> None:
        raise ValueError(f"{word} is no number of JSON")

    try:
        found = json.loads(text.decode("utf8"), parse_constant=refused)
    except (ValueError, RecursionError) as e:
        raise _wrong(path, f"is damaged: its JSON cannot be read ({str(e)[:80]})") from None
    if not isinstance(found, dict):
        raise _wrong(path, "is damaged: its JSON is no object")
    for key in ("buffers", "bufferViews", "accessors", "meshes", "nodes", "scenes", "materials", "textures", "images"):
        rows = found.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _wrong(path, f"is damaged: {key} is no list of objects")
    return found


def _check_gltf(path: Path, gltf: dict[str, Any], binary: bytes, beside: dict[str, bytes]) -> None:
    asset = gltf.get("asset")
    version = str(asset.get("version", "")) if isinstance(asset, dict) else ""
    if not version.startswith("2"):
        raise _wrong(path, f'is glTF "{version[:20]}"; only glTF 2 is read, export it anew')
    for name in gltf.get("extensionsRequired", ()):
        if name not in HARMLESS:
            raise _wrong(path, f'needs the extension "{str(name)[:60]}", which is not read; export it without (no compression)')
    try:
        _check_buffers(path, gltf, binary, beside)
        triangles = [_mesh_triangles(path, gltf, mesh) for mesh in gltf.get("meshes", ())]
        reached = [gltf["nodes"][k] for k in _reached(path, gltf)]
        check_triangles(path, sum(triangles[node["mesh"]] for node in reached if "mesh" in node))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as e:
        told = f"{type(e).__name__}: {str(e)[:80]}"
        raise _wrong(path, f"is damaged: a part that it refers to is missing or wrong ({told})") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{str(value)[:40]} should be a whole number")
    return value


def _check_buffers(path: Path, gltf: dict[str, Any], binary: bytes, beside: dict[str, bytes]) -> None:
    lengths = []
    for k, buffer in enumerate(gltf.get("buffers", ())):
        uri = buffer.get("uri")
        there = len(binary) if uri is None and k == 0 else len(beside[uri]) if uri in beside else 3 * len(uri or "") // 4
        if _whole(buffer["byteLength"]) > there:
            raise _wrong(path, f"is cut off: a buffer of {buffer['byteLength']} bytes has {there}; copy or export it anew")
        lengths.append(buffer["byteLength"])
    views = []
    for view in gltf.get("bufferViews", ()):
        end = _whole(view.get("byteOffset", 0)) + _whole(view["byteLength"])
        if end > lengths[_whole(view["buffer"])]:
            raise _wrong(path, "is damaged: a view reaches beyond its buffer")
        views.append(view["byteLength"])
    for accessor in gltf.get("accessors", ()):
        count = _whole(accessor["count"])
        item = _COMPONENT_BYTES[accessor["componentType"]] * _COMPONENTS[accessor["type"]]
        if "sparse" in accessor or ("bufferView" not in accessor and count):
            raise _wrong(path, "has accessors without data (sparse or compressed ones), which are not read; export it plainly")
        view = gltf["bufferViews"][_whole(accessor.get("bufferView", 0))]
        stride = _whole(view.get("byteStride", item)) or item
        if count and _whole(accessor.get("byteOffset", 0)) + stride * (count - 1) + item > view["byteLength"]:
            raise _wrong(path, f"is damaged: {count} values of {item} bytes do not fit their {view['byteLength']} bytes")


def _mesh_triangles(path: Path, gltf: dict[str, Any], mesh: dict[str, Any]) -> int:
    total = 0
    for primitive in mesh["primitives"]:
        attributes = primitive["attributes"]
        mode = primitive.get("mode", 4)
        if mode not in (4, 5):
            continue  # points, lines and fans: not read
        uv = attributes.get("TEXCOORD_0")
        if uv is not None and gltf["accessors"][_whole(uv)]["componentType"] != 5126:
            raise _wrong(path, "has texture coordinates that are no floats; export it without quantisation")
        if gltf["accessors"][_whole(attributes["POSITION"])]["componentType"] != 5126:
            raise _wrong(path, "has positions that are no floats; export it without quantisation")
        count = gltf["accessors"][_whole(primitive.get("indices", attributes["POSITION"]))]["count"]
        total += count // 3 if mode == 4 else max(count - 2, 0)
    return total


def _reached(path: Path, gltf: dict[str, Any]) -> list[int]:
    """Nodes of the scene, each of which has one parent at the most, as glTF asks."""
    nodes = gltf.get("nodes", [])
    if len(nodes) > MOST_NODES:
        raise _wrong(path, f"has {len(nodes)} nodes, at most {MOST_NODES} are read")
    scenes = gltf.get("scenes", [])
    if not scenes:
        raise _wrong(path, "holds no scene; export it anew")
    waiting = [_whole(k) for k in scenes[_whole(gltf.get("scene", 0))].get("nodes", ())]
    seen: set[int] = set()
    while waiting:
        k = waiting.pop()
        if k in seen:
            raise _wrong(path, f"is damaged: node {k} has two parents, or is below itself")
        seen.add(k)
        waiting += [_whole(c) for c in nodes[k].get("children", ())]
        if "mesh" in nodes[k]:
            _ = gltf["meshes"][_whole(nodes[k]["mesh"])]
    return sorted(seen)


# ---- OBJ, PLY, STL


def _check_obj(path: Path, data: bytes) -> None:
    faces = sum(1 for _ in re.finditer(rb"^[ \t]*f[ \t]", data, re.MULTILINE))
    if not faces:
        raise _wrong(path, "holds no faces (lines that begin with f); is it an OBJ file?")
    check_triangles(path, faces)


def _check_ply(path: Path, data: bytes) -> None:
    head, end, body = data[: 1 << 16].partition(b"end_header")
    if not data.startswith(b"ply") or not end:
        raise _wrong(path, "is no PLY file: its header is missing or without end")
    ascii_text = b"format ascii" in head
    least, counts = 0, {"": 0}  # bytes that the elements need at the least
    element, count = "", 0
    for words in (line.split() for line in head.decode("latin1").splitlines()):
        try:
            if words[:1] == ["element"]:
                element, count = words[1], _whole(int(words[2]))
                counts[element] = count
            elif words[:1] == ["property"] and element:
                sizes = [_PLY_BYTES[w] for w in (words[2:3] if words[1] == "list" else words[1:2])]
                least += count * (1 if ascii_text else sizes[0])
        except (IndexError, KeyError, ValueError):
            raise _wrong(path, f'is damaged: its header says "{" ".join(words)[:60]}"') from None
    if not counts.get("face"):
        raise _wrong(path, "holds no faces: it is a cloud of points; make a mesh of it first")
    check_triangles(path, counts["face"])
    if least > len(data) - len(head):
        raise _wrong(path, f"is cut off: its header promises at least {least} bytes, there are {len(data) - len(head)}")


def _check_stl(path: Path, data: bytes) -> None:
    if len(data) >= 84:
        (count,) = struct.unpack_from("<I", data, 80)
        if 84 + 50 * count == len(data):
            return check_triangles(path, count)
    if data.lstrip()[:5].lower() == b"solid" and b"facet" in data[:4096]:
        return check_triangles(path, data.count(b"endfacet"))
    promised = struct.unpack_from("<I", data, 80)[0] if len(data) >= 84 else 0
    told = f"its header promises {promised} triangles of 50 bytes, there are {max(len(data) - 84, 0)} bytes"
    raise _wrong(path, f"is cut off, or no STL file: {told}")
