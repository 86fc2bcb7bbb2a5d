"""Models from files: sizes, axes, wheels, materials, pictures, damaged and hostile files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import model_files
import numpy as np
import pytest
from click.testing import CliRunner

from scenesim.base.errors import InputError, SceneWarning
from scenesim.kernels.packed import MATERIAL
from scenesim.models import catalogue, extremes, imported, imported_look, kept, material, radar_surface
from scenesim.models.catalogue import ModelRequest
from scenesim.models.imported_bake import bake
from scenesim.models.imported_file import Look, linear, read
from scenesim.models.imported_guard import open_source
from scenesim.models.model import STEER_RAD, WHEEL_M, part_pose, rest

trimesh = pytest.importorskip("trimesh", reason="models from files need trimesh: pip install scenesim[models]")


def built(path: Path, class_name="other_static", **options):
    digest = open_source(path).digest
    return imported.build("mine", file=str(path), sha256=digest, class_name=class_name, **options)


def test_a_car_in_centimetres_stands_on_its_wheels(tmp_path):
    model = built(model_files.car(tmp_path / "car.glb"), "car", scale=0.01)
    assert model.size_lwh_m == pytest.approx((4.2, 1.8, 1.4), abs=1e-5)
    # The rear axle is at x = 0, the whole 1.3 m ahead of it, the lowest point on the ground.
    assert model.box_center_m == pytest.approx((1.3, 0.0, 0.7), abs=1e-5)
    assert model.wheelbase_m == pytest.approx(2.6, abs=1e-5)
    parts = {p.name: p for p in model.parts}
    assert sorted(parts) == ["body", "wheel_fl", "wheel_fr", "wheel_rl", "wheel_rr"]
    assert parts["wheel_fl"].model_from_part.translation == pytest.approx((2.6, 0.8, 0.32), abs=1e-5)  # +x of glTF is left
    articulation = rest()
    articulation[WHEEL_M], articulation[STEER_RAD] = 0.32 * np.pi / 2, 0.3
    top = np.array([0.0, 0.0, 0.32])
    rolled = part_pose(parts["wheel_rl"], articulation).apply(top)
    assert rolled == pytest.approx((0.32, 0.8, 0.32), abs=1e-5)  # a quarter of a turn: the top is now in front
    steered = part_pose(parts["wheel_fl"], articulation).rotate(np.array([0.0, 1.0, 0.0]))
    assert steered == pytest.approx((-np.sin(0.3), np.cos(0.3), 0.0), abs=1e-9)


def test_what_does_not_drive_is_one_piece_about_its_middle(tmp_path):
    model = built(model_files.car(tmp_path / "car.glb"), "debris", scale=0.01)
    assert [p.name for p in model.parts] == ["body"] and model.wheelbase_m == 0
    assert model.box_center_m == pytest.approx((0.0, 0.0, 0.7), abs=1e-5)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".obj", ".ply", ".stl"])
def test_every_format_gives_the_same_box(tmp_path, suffix):
    path = tmp_path / f"box{suffix}"
    model_files.box(path) if suffix != ".gltf" else _gltf(path)
    model = built(path, up="z", forward="x")
    assert model.size_lwh_m == pytest.approx((2.0, 1.0, 1.5), abs=1e-6)
    mesh = model.parts[0].mesh
    assert len(mesh.triangles) == 12
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    volume = (np.cross(a, b) * c).sum() / 6
    assert volume == pytest.approx(3.0, abs=1e-5)  # and turned outwards
    out = np.cross(b - a, c - a)
    assert (np.einsum("tk,tck->tc", out, mesh.normals) > 0).all()


def _gltf(path: Path) -> None:
    """With its buffers in files beside it."""
    files = trimesh.creation.box((2.0, 1.0, 1.5)).scene().export(file_type="gltf")
    for name, data in files.items():
        (path if name == "model.gltf" else path.parent / name).write_bytes(data)


@pytest.mark.parametrize(
    ("up", "forward", "size"),
    [("z", "x", (2, 1, 1.5)), ("y", "z", (1.5, 2, 1)), ("y", "-z", (1.5, 2, 1)), ("-x", "y", (1, 1.5, 2))],
)
def test_axes(tmp_path, up, forward, size):
    model = built(model_files.box(tmp_path / "b.ply"), up=up, forward=forward)
    assert model.size_lwh_m == pytest.approx(size, abs=1e-6)


def test_axes_are_turns_and_no_mirrors():
    for up in imported.AXES:
        for forward in imported.AXES:
            if up[-1] != forward[-1]:
                assert np.linalg.det(imported.rotation(up, forward, "m")) == pytest.approx(1.0)
    with pytest.raises(InputError, match="different axes"):
        imported.rotation("y", "-y", "m")


def test_origin_can_be_kept(tmp_path):
    model = built(model_files.box(tmp_path / "b.stl"), origin="keep")
    assert model.box_center_m == pytest.approx((0, 0, 0), abs=1e-6)


def test_a_mirrored_node_keeps_its_outside_outside(tmp_path):
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.creation.box((2.0, 1.0, 1.5)), transform=np.diag([-1.0, 1.0, 1.0, 1.0]))
    scene.export(tmp_path / "m.glb")
    mesh = built(tmp_path / "m.glb").parts[0].mesh
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] - (0, 0, 0.5) for k in range(3))
    assert (np.cross(a, b) * c).sum() / 6 == pytest.approx(3.0, abs=1e-5)
    assert (np.einsum("tk,tck->tc", np.cross(b - a, c - a), mesh.normals) > 0).all()


def test_units_that_cannot_be_meant_are_told(tmp_path):
    path = model_files.box(tmp_path / "b.stl", (4200.0, 1800.0, 1400.0))
    with pytest.raises(InputError, match=r"is 4200 m long; set scale: 0.01 or 0.001"):
        built(path)


# ---- materials


def rows(model) -> dict[str, np.ndarray]:
    found = {}
    for part in model.parts:
        for s in part.mesh.surfaces:
            found[s.material] = material.pack([(s.material, s.properties)])[0]
    return found


def test_materials_of_the_file_become_ours(tmp_path):
    path = model_files.car(tmp_path / "car.glb")
    found = rows(built(path, "car", scale=0.01))
    paint, glass = found["mine/Paint"], found["mine/Glass"]
    assert paint[MATERIAL["albedo_r"]] == pytest.approx(0.6, abs=2e-3)
    assert paint[MATERIAL["roughness"]] == pytest.approx(0.4, abs=1e-3)
    assert paint[MATERIAL["reflectance_905nm"]] == pytest.approx(0.15 + 0.87 * 0.6, abs=2e-3)
    assert paint[MATERIAL["transmission"]] == 0
    assert glass[MATERIAL["transmission"]] == pytest.approx(0.7, abs=5e-3)
    assert glass[MATERIAL["reflectance_1550nm"]] == pytest.approx(0.06)


def test_materials_can_be_mapped_and_changed(tmp_path):
    path = model_files.car(tmp_path / "car.glb")
    said = {"Paint": "vehicle_paint", "Rubber": {"reflectance_905nm": 0.01}, "Glass": {"like": "chrome", "roughness": 0.5}}
    found = rows(built(path, "car", scale=0.01, materials=json.dumps(said)))
    assert np.array_equal(found["vehicle_paint"], material.pack(["vehicle_paint"])[0])
    assert found["mine/Rubber"][MATERIAL["reflectance_905nm"]] == pytest.approx(0.01)
    assert found["mine/Rubber"][MATERIAL["albedo_r"]] == pytest.approx(0.02, abs=1e-3)  # the rest as the file has it
    chrome = material.pack(["chrome"])[0].copy()
    chrome[MATERIAL["roughness"]] = 0.5
    assert found["mine/Glass"] == pytest.approx(chrome)
    with pytest.raises(InputError, match='no material "Pant"; did you mean "Paint"') as e:
        built(path, "car", scale=0.01, materials='{"Pant": "vehicle_paint"}')
    assert e.value.place.file == "models.mine.materials.Pant"


def test_radars_know_what_to_take_materials_for(tmp_path):
    said = json.dumps({"Glass": {"like": "chrome", "roughness": 0.5}})
    model = built(model_files.car(tmp_path / "car.glb"), "car", scale=0.01, materials=said)
    kin = {s.material: s.kin for p in model.parts for s in p.mesh.surfaces}
    assert kin == {"mine/Paint": "vehicle_paint", "mine/Glass": "chrome", "mine/Rubber": "tyre"}
    for name in (*imported_look.KIN.values(), "object_plastic", "steel_painted", "vehicle_glass", "tyre"):
        assert len(radar_surface.rows([name])) == 1 and name in material.names()


def test_the_rule_of_the_infrared_is_that_of_the_materials_that_ship():
    found = material.pack(material.names())
    m = {n: found[:, MATERIAL[n]] for n in ("metallic", "transmission", "tinted", "vertex_color", "shader")}
    plants = [material.SHADERS.index(s) for s in ("leaf", "grass", "lamp", "glass")]
    opaque = (m["metallic"] <= 0.3) & (m["transmission"] == 0) & (m["tinted"] == 0) & (m["vertex_color"] == 0)
    opaque &= ~np.isin(m["shader"], plants)
    brightest = found[opaque, MATERIAL["albedo_r"] : MATERIAL["albedo_b"] + 1].max(1)
    for name, (a, b) in imported_look.FROM_COLOR.items():
        error = a + b * brightest - found[opaque, MATERIAL[name]]
        assert abs(error.mean()) < 0.02 and np.sqrt((error**2).mean()) < 0.13, name


# ---- pictures

STRIPES = np.zeros((64, 128, 3), np.uint8)
STRIPES[:, :64] = (230, 20, 20)
STRIPES[:, 64:] = (20, 20, 230)
STRIPES[:16] = (240, 240, 240)


def test_a_picture_stands_upright_and_unmirrored(tmp_path):
    model = built(model_files.picture(tmp_path / "p.glb", STRIPES))
    mesh = model.parts[0].mesh
    assert model.size_lwh_m == pytest.approx((0.0, 2.0, 1.0), abs=1e-6)

    def near(y, z):
        return mesh.color[((mesh.vertices - (0, y, z)) ** 2).sum(1).argmin()]

    red, blue, white = (linear(np.array(c, np.uint8)) for c in ((230, 20, 20), (20, 20, 230), (240, 240, 240)))
    # It faces x; who looks at it has its +y on the right hand.
    assert near(-0.7, 0.3) == pytest.approx(red, abs=1e-3)
    assert near(0.7, 0.3) == pytest.approx(blue, abs=1e-3)
    assert near(0.7, 0.95) == pytest.approx(white, abs=1e-3)
    assert (mesh.normals[..., 0] > 0.99).all()


def test_pictures_repeat_or_end_as_their_sampler_says(tmp_path):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, 8:] = 255  # black, then white
    corner = np.array([[[0, 0, 0], [0, 3, 0], [0, 3, 1]], [[0, 0, 0], [0, 3, 1], [0, 0, 1]]], float)
    uv = corner[..., 1:].copy()  # three times along u
    rgba = np.concatenate([pixels, np.full((16, 16, 1), 255, np.uint8)], axis=-1)
    for clamps, expected in (((False, False), (0, 1, 0, 1, 0, 1)), ((True, False), (0, 1, 1, 1, 1, 1))):
        c, _, color, _, _ = bake(corner, np.ones_like(corner), uv, Look(texture=rgba, clamps=clamps), 0.05, 10**6)
        flat, y = color.reshape(-1, 3)[:, 0], c.reshape(-1, 3)[:, 1]
        assert [round(float(flat[np.abs(y - at).argmin()])) for at in (0.25, 0.75, 1.25, 1.75, 2.25, 2.75)] == list(expected)


def test_a_lidar_sees_the_picture_too(tmp_path):
    pixels = np.full((32, 64, 3), 255, np.uint8)
    pixels[:, :32], pixels[:8] = 0, (255, 0, 0)  # black on the left, white on the right, red above
    found = built(model_files.picture(tmp_path / "p.glb", pixels)).parts[0].mesh
    reflectance = material.pack([(s.material, s.properties) for s in found.surfaces])[:, MATERIAL["reflectance_905nm"]]
    middle = found.vertices[found.triangles].mean(1)
    black = reflectance[found.surface[(middle[:, 2] < 0.6) & (middle[:, 1] < -0.2)]]
    white = reflectance[found.surface[(middle[:, 2] < 0.6) & (middle[:, 1] > 0.2)]]
    red = reflectance[found.surface[middle[:, 2] > 0.9]]
    assert black == pytest.approx(0.15, abs=0.005)
    assert white == pytest.approx(0.95, abs=1e-4) and red == pytest.approx(0.95, abs=0.01)  # pigments are bright beyond red


def test_splitting_keeps_the_area_and_opens_no_crack():
    g = np.random.Generator(np.random.PCG64(3))
    ball = trimesh.creation.icosphere(2, 0.5)
    corner = np.asarray(ball.vertices)[ball.faces]
    uv = g.uniform(size=(len(corner), 3, 2))
    texture = np.zeros((32, 32, 4), np.uint8)
    texture[..., 3] = 255
    texture[:16, :, :3] = 200  # half of it even: some triangles need no split, their neighbours do
    c, n, color, alpha, detail = bake(corner, corner.copy(), uv, Look(texture=texture), 0.04, 10**6)
    assert detail == 0.04 and len(c) > 3 * len(corner) and (alpha == 1).all()
    area = np.sqrt((np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]) ** 2).sum(1)).sum() / 2
    assert area == pytest.approx(ball.area, rel=1e-9)
    points, index = np.unique(c.reshape(-1, 3), axis=0, return_inverse=True)
    t = index.reshape(-1, 3).astype(np.int64)
    edge = np.sort(np.stack([t, np.roll(t, -1, 1)], -1).reshape(-1, 2), 1)
    assert (np.unique(edge, axis=0, return_counts=True)[1] == 2).all()  # closed, without a corner on an edge


def test_too_fine_a_picture_is_made_coarser_and_told(tmp_path, monkeypatch):
    path = model_files.picture(tmp_path / "p.glb", STRIPES)
    monkeypatch.setattr("scenesim.models.imported_bake.MOST_BAKED", 500)
    with pytest.warns(SceneWarning, match="finer than"):
        model = built(path)
    assert 100 < len(model.parts[0].mesh.triangles) <= 500


def test_an_even_picture_needs_no_triangles(tmp_path):
    even = np.full((16, 16, 3), 90, np.uint8)
    assert len(built(model_files.picture(tmp_path / "p.glb", even)).parts[0].mesh.triangles) == 2


def test_what_shows_one_colour_of_a_palette_is_not_split():
    rgba = np.full((64, 96, 4), 255, np.uint8)  # six by four fields of 16 texels, each of a colour of its own
    rgba[..., 0] = np.repeat(np.repeat(np.arange(24, dtype=np.uint8).reshape(4, 6) * 10, 16, 0), 16, 1)
    corner = np.array([[[0, 0, 0], [0, 1, 0], [0, 0, 1]]], float)
    field = np.array([[[2, 1], [2.9, 1], [2, 1.9]]]) + 0.05  # within one field, 14 texels wide
    for uv, split in ((field, False), (field + (0.5, 0), True)):
        for shift in (0, 1, -3):
            c, _, color, _, _ = bake(corner, corner, uv / (6, 4) + shift, Look(texture=rgba), 0.1, 10**6)
            assert (len(c) > 1) == split
            if not split:
                assert color[..., 0] == pytest.approx(linear(np.uint8(10 * (2 * 6 + 2))), abs=1e-6)


def test_cut_out_pictures_have_holes(tmp_path):
    pixels = np.full((32, 32, 4), 255, np.uint8)
    pixels[8:24, 8:24, 3] = 0
    path = model_files.picture(tmp_path / "p.glb", pixels, 1.0, 1.0)
    source = open_source(path)
    source.gltf["materials"][0] |= {"alphaMode": "MASK", "alphaCutoff": 0.5}
    text = source.gltf
    path.write_bytes(model_files.glb(text, source.binary))
    mesh = built(path).parts[0].mesh
    v = mesh.vertices[mesh.triangles]
    area = np.sqrt((np.cross(v[:, 1] - v[:, 0], v[:, 2] - v[:, 0]) ** 2).sum(1)).sum() / 2
    assert area == pytest.approx(0.75, abs=0.05)
    middle = v.mean(1)
    assert not ((np.abs(middle[:, 1]) < 0.2) & (np.abs(middle[:, 2] - 0.5) < 0.2)).any()


def test_colours_of_vertices_in_a_ply_are_srgb(tmp_path):
    mesh = trimesh.creation.box((1.0, 1.0, 1.0))
    mesh.visual.vertex_colors = np.tile(np.array([200, 100, 50, 255], np.uint8), (8, 1))
    mesh.export(tmp_path / "c.ply")
    color = built(tmp_path / "c.ply").parts[0].mesh.color
    assert color[0] == pytest.approx(linear(np.array([200, 100, 50], np.uint8)), abs=1e-6)


def test_an_obj_finds_its_material_and_its_picture(tmp_path):
    from PIL import Image

    Image.fromarray(STRIPES).save(tmp_path / "p.png")
    (tmp_path / "m.mtl").write_text("newmtl Poster\nKd 1 1 1\nmap_Kd p.png\nnewmtl Blue\nKd 0.1 0.2 0.6\n")
    (tmp_path / "m.obj").write_text(
        "mtllib m.mtl\nv -1 0 0\nv 1 0 0\nv 1 1 0\nv -1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl Poster\n"
        "f 1/1 2/2 3/3 4/4\nv 0 0 1\nv 1 0 1\nv 0 1 1\nusemtl Blue\nf 5 6 7\n"
    )
    model = built(tmp_path / "m.obj")
    found = rows(model)
    assert found["mine/Blue"][MATERIAL["albedo_b"]] == pytest.approx(0.6, abs=3e-3)
    assert len(model.parts[0].mesh.triangles) > 1000
    before = open_source(tmp_path / "m.obj").digest
    (tmp_path / "m.mtl").write_text("newmtl Poster\nKd 1 0 1\nnewmtl Blue\nKd 0.1 0.2 0.6\n")
    assert open_source(tmp_path / "m.obj").digest != before  # what it names counts


# ---- what is wrong


@pytest.mark.parametrize("what", model_files.HOSTILE)
def test_hostile_files(tmp_path, what):
    name, data, words = model_files.HOSTILE[what]
    (tmp_path / "deep").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(36))
    path = tmp_path / "deep" / name
    path.write_bytes(data)
    with pytest.raises(InputError) as e:
        built(path)
    assert words in str(e.value) and str(path) in str(e.value) and "\n" not in str(e.value)


def test_a_link_that_leaves_the_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(36))
    (tmp_path / "deep" / "b.bin").symlink_to(tmp_path / "secret.bin")
    gltf, _ = model_files.triangle(buffers=[{"byteLength": 36, "uri": "b.bin"}])
    (tmp_path / "deep" / "a.gltf").write_text(json.dumps(gltf))
    with pytest.raises(InputError, match="not in its folder"):
        open_source(tmp_path / "deep" / "a.gltf")


def test_limits(tmp_path, monkeypatch):
    path = model_files.box(tmp_path / "b.glb")
    monkeypatch.setattr("scenesim.models.imported_guard.MOST_TRIANGLES", 11)
    with pytest.raises(InputError, match="has 12 triangles, at most 11"):
        open_source(path)
    monkeypatch.setattr("scenesim.models.imported_guard.MOST_BYTES", 100)
    with pytest.raises(InputError, match="larger than"):
        open_source(path)


def test_many_large_textures_are_refused_before_they_are_read(tmp_path, monkeypatch):
    """A picture of one colour is small on disk; 200 materials with 67 million pixels each would be 50 GiB."""
    monkeypatch.setattr("scenesim.models.imported_file.MOST_PIXELS_TOGETHER", 3 * 800 * 800)
    import io

    from PIL import Image

    blob = io.BytesIO()
    Image.new("L", (800, 800)).save(blob, "PNG")
    data = blob.getvalue()
    count = 6
    gltf, binary = model_files.triangle(
        materials=[{"pbrMetallicRoughness": {"baseColorTexture": {"index": k}}} for k in range(count)],
        textures=[{"source": k} for k in range(count)],
        images=[{"bufferView": 1 + k, "mimeType": "image/png"} for k in range(count)],
    )
    primitive = gltf["meshes"][0]["primitives"][0]
    gltf["meshes"][0]["primitives"] = [{**primitive, "material": k} for k in range(count)]
    data += b"\0" * (-len(data) % 4)
    gltf["bufferViews"] += [{"buffer": 0, "byteOffset": 36, "byteLength": len(data)}] * count
    gltf["buffers"][0]["byteLength"] = 36 + len(data)
    path = tmp_path / "a.glb"
    path.write_bytes(model_files.glb(gltf, binary + data))
    assert path.stat().st_size < 200_000
    with pytest.raises(InputError, match="pixels together"):
        built(path)


def test_random_damage_is_told_and_never_crashes(tmp_path):
    """Bytes of good files changed at random: a model comes of it, or an InputError."""
    g = np.random.Generator(np.random.PCG64(11))
    for suffix in (".glb", ".ply", ".stl", ".obj"):
        good = model_files.box(tmp_path / f"good{suffix}").read_bytes()
        for _ in range(25):
            data = np.frombuffer(good, np.uint8).copy()
            data[g.integers(0, len(data), 4)] = g.integers(0, 256, 4)
            path = tmp_path / f"bad{suffix}"
            path.write_bytes(data.tobytes()[: int(g.integers(len(good) // 2, len(good) + 1)) if g.uniform() < 0.3 else None])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    built(path)
                except InputError:
                    pass


def test_triangles_without_an_area_are_left_out_and_told(tmp_path):
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 1 2 2\n")
    with pytest.warns(SceneWarning, match="1 triangles without an area"):
        model = built(tmp_path / "a.obj")
    assert len(model.parts[0].mesh.triangles) == 1


def test_without_trimesh_the_extra_is_named(tmp_path, monkeypatch):
    import sys

    path = model_files.box(tmp_path / "b.stl")
    monkeypatch.setitem(sys.modules, "trimesh", None)
    with pytest.raises(InputError, match=r'pip install "scenesim\[models\]"'):
        built(path)


# ---- kept, and told


def test_the_model_is_kept_by_what_is_in_the_file(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path / "cache")
    real = imported.build
    monkeypatch.setattr(imported, "build", lambda name, **k: made.append(name) or real(name, **k))
    first, second = (model_files.box(tmp_path / n) for n in ("a.stl", "b.stl"))
    digest = open_source(first).digest
    assert open_source(second).digest == digest
    for path in (first, second):
        options = (("class_name", "debris"), ("file", str(path)), ("sha256", digest))
        request = ModelRequest("imported", "mine", 0, options)
        points = extremes.points(request, catalogue.build(request).model, rest())
        assert np.ptp(points, axis=0) == pytest.approx((2.0, 1.0, 1.5), abs=1e-6)
    assert made == ["mine"]  # where the file lies makes no difference


def test_the_same_file_gives_the_same_arrays(tmp_path):
    path = model_files.car(tmp_path / "car.glb")
    a, b = (read(open_source(path)) for _ in range(2))
    assert [p.corner.tobytes() for p in a] == [p.corner.tobytes() for p in b]
    assert [p.look.name for p in a] == [p.look.name for p in b]


def test_check_tells_what_is_in_a_file(tmp_path):
    from scenesim.cli import app

    path = model_files.car(tmp_path / "car.glb")
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 0
    assert "180 x 140 x 420 along its x, y and z" in found.output and "Glass, Paint, Rubber" in found.output
    path.write_bytes(path.read_bytes()[:-9])
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 2 and "cut off" in found.output
