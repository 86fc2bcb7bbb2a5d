"""Models of one's own in scenarios: the door, labels and points of an imported box, datasets made again, scenes as GLB."""

from __future__ import annotations

import io
import json
from pathlib import Path

import model_files
import numpy as np
import pytest
from click.testing import CliRunner

from scenesim import setting, simulate
from scenesim.base import document
from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.batch.verify import verify
from scenesim.cli import app
from scenesim.scenario import load
from scenesim.world.timeline import Timeline

trimesh = pytest.importorskip("trimesh", reason="models from files need trimesh: pip install scenesim[models]")

SIZE = (2.0, 1.0, 1.5)
LIDAR = {
    "kind": "lidar", "position_m": [1.0, 0.0, 1.8], "elevation_deg": np.linspace(-20, 2, 24).round(2).tolist(), "columns": 720,
    "rate_hz": 10.0, "max_range_m": 60.0, "reach_m": 60.0,
}  # fmt: skip


def written(tmp_path: Path, **changes) -> Path:
    """A scenario with a box of one's own 9 m ahead of a standing ego, on a bare road."""
    model_files.box(tmp_path / "box.glb", SIZE)
    data = {
        "name": "own",
        "duration_s": 0.1,
        "road": {"place": {"kind": "straight", "length_m": 60}},
        "surroundings": {"buildings": 0, "trees": 0, "lights": 0, "clutter": 0, "woods": 0},
        "models": {"crate": {"import": "box.glb", "class": "debris", "up": "z", "forward": "x"}},
        "ego": {"stand": {"at": {"x_m": 20, "y_m": -1.75}}},
        "actors": [{"name": "it", "model": "crate", "stand": {"at": {"ahead_m": 9, "heading_deg": 30}}}],
        "rig": {"rate_hz": 10, "sensors": {"top": LIDAR}},
    }
    path = tmp_path / "own.yaml"
    path.write_text(document.write(data | changes))
    return path


def wrong(tmp_path: Path, **changes) -> str:
    with pytest.raises(InputError) as e:
        load.load(written(tmp_path, **changes))
    return str(e.value)


def own(**said) -> dict:
    return {"crate": {"import": "box.glb", "class": "debris", **said}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": own(scael=2)}, 'models.crate.scael: unknown key "scael"; did you mean "scale"?'),
        ({"models": {"crate": {"import": "bax.glb", "class": "debris"}}}, "models.crate.import: {}/bax.glb: no such file"),
        ({"models": {"crate": {"import": "box.glb"}}}, "models.crate.class: is missing"),
        ({"models": {"crate": {"import": "box.glb", "class": "cat"}}}, 'models.crate.class: no class "cat"'),
        ({"models": own(scale=0)}, "models.crate.scale: 0 should be above 0"),
        ({"models": own(up="w")}, 'models.crate.up: no axis "w"'),
        ({"models": own(materials={"m": "crome"})}, 'models.crate.materials.m: no material "crome"; did you mean "chrome"?'),
        ({"models": own(materials={"m": {"rufness": 1}})}, 'models.crate.materials.m: no material property "rufness"'),
        ({"models": own(materials={"m": {"like": "crome"}})}, 'models.crate.materials.m: no material "crome"'),
        ({"models": own(sha256="0" * 64)}, "models.crate.sha256: the file {}/box.glb has the sha256"),
        ({"models": {"sedan": {"import": "box.glb", "class": "car"}}, "actors": []}, 'there is a model "sedan" already'),
        ({"models": {}}, 'actors[0].model: no model "crate"'),
        ({"ego": {"model": "crate"}}, 'ego.model: no model "crate"'),
        (
            {"actors": [{"name": "a", "model": "crate", "follow_lane": {}}]},
            "actors[0].follow_lane: a crate does not drive in lanes",
        ),
        (
            {
                "models": {"crate": {"import": "box.glb", "class": "car"}},
                "actors": [{"name": "a", "model": "crate", "paint": "blue", "stand": {"at": {"ahead_m": 9}}}],
            },
            "actors[0].paint: nothing of crate is painted",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path, changes, words):
    told = wrong(tmp_path, **changes)
    assert words.format(tmp_path) in told, told
    assert told.startswith(f"{tmp_path}/own.yaml:")


def test_check_reads_the_file(tmp_path):
    path = written(tmp_path, models=own(up="z", forward="x", materials={"Body": "chrome"}), actors=[])
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 2 and 'models.crate.materials.Body: the file has no material "Body"' in found.output
    assert f"{path}:" in found.output
    (tmp_path / "box.glb").write_bytes(model_files.HOSTILE["nodes below themselves"][1])
    path.write_text(path.read_text())  # the file is another one now
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 2 and "below itself" in found.output and "Traceback" not in found.output


def test_the_schema_knows_models():
    found = load.schema()
    (entry,) = found["properties"]["models"]["patternProperties"].values()
    part = found["$defs"][entry["$ref"].rpartition("/")[2]]
    assert {"import", "class", "scale", "materials"} <= part["properties"].keys()
    assert part["required"] == ["import", "class"]
    check = pytest.importorskip("jsonschema").Draft202012Validator(found)
    data = {"name": "a", "models": own(scale=0.01), "ego": {"model": "crate"}}
    assert check.is_valid(data) and not check.is_valid({**data, "models": {"crate": {"import": "box.glb"}}})
    assert not check.is_valid({"name": "a", "ego": {"model": "crate"}})  # without models it is a slip
    arms = found["$defs"]["Actor"]["properties"]["model"]["anyOf"]
    assert any(arm.get("type") == "string" and "enum" not in arm for arm in arms)
    assert any("bus" in arm.get("enum", ()) for arm in arms)


def test_an_own_car_drives_and_carries_sensors(tmp_path):
    model_files.car(tmp_path / "car.glb")
    said = {"import": "car.glb", "class": "car", "scale": 0.01, "materials": {"Paint": "vehicle_paint"}}
    path = written(
        tmp_path,
        models={"mine": said},
        ego={"model": "mine", "paint": "blue", "follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 5}, "speed_m_s": 5}},
        actors=[{"name": "other", "model": "mine", "follow_line": {"points_m": [[30, 1.75], [50, 1.75]], "speed_m_s": 4}}],
        duration_s=1.0,
    )
    try:
        scenario = load.load(path)
        timeline = simulate.timeline(scenario)
    except InputError as e:  # the ids of a procedural road are its builder's matter
        pytest.fail(str(e))
    assert timeline.actors[0].paint_name == "blue" and timeline.actors[1].paint_name
    moved = timeline.state_at(1.0).world_from_actor.translation - timeline.state_at(0.0).world_from_actor.translation
    assert np.hypot(*moved[0][:2]) == pytest.approx(5.0, abs=0.1) and np.hypot(*moved[1][:2]) == pytest.approx(4.0, abs=0.1)
    # A timeline that was saved knows nothing of folders; replayed with the scenario, it finds the file again.
    timeline.save(tmp_path / "t.zip")
    assert str(tmp_path).encode() not in (tmp_path / "t.zip").read_bytes()
    replayed = setting.with_files(Timeline.load(tmp_path / "t.zip"), scenario)
    assert replayed.actors == timeline.actors
    other = load.load(path, ["models.mine.scale=0.02"])
    with pytest.raises(InputError, match="another model of that name"):
        setting.with_files(Timeline.load(tmp_path / "t.zip"), other)


def test_what_does_not_drive_glides_where_it_is_told_to_walk(tmp_path):
    walk = {"start": {"ahead_m": 9, "left_m": 2}, "to": {"ahead_m": 9, "left_m": -2}, "speed_m_s": 1.0}
    path = written(
        tmp_path, models=own(up="z", forward="x") | {"other": {"import": "box.glb", "class": "pedestrian"}},
        actors=[{"name": "it", "model": "other", "walk": walk}], duration_s=1.0, light={"sun_elevation_deg": -20},
    )  # fmt: skip
    timeline = simulate.timeline(load.load(path))
    moved = timeline.state_at(1.0).world_from_actor.translation[1] - timeline.state_at(0.0).world_from_actor.translation[1]
    assert np.hypot(*moved[:2]) == pytest.approx(1.0, abs=0.01)
    assert not timeline.lamps[1].any()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset of the box, and its one frame."""
    folder = tmp_path_factory.mktemp("own")
    path = written(folder)
    scenario = load.load(path)
    (frame,) = simulate.frames(scenario, threads=2)
    arguments = ["render", str(path), "-o", str(folder / "data"), "--threads", "2", "--no-sheet"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    return folder, frame, scenario


def test_the_box_is_tight_and_has_its_class(made):
    _, frame, _ = made
    objects = frame.objects
    row = [k for k, n in enumerate(objects.class_id) if frame.classes[int(n)] == "debris"]
    assert len(row) == 1
    assert objects.size_lwh_m[row[0]] == pytest.approx(SIZE, abs=1e-3)


def test_lidar_points_lie_on_the_box_that_was_asked_for(made):
    """Against a ray through a box written out here: every return of the box has the range of that ray."""
    _, frame, scenario = made
    sweep = frame.sweeps["top"]
    k = next(k for k, n in enumerate(frame.objects.class_id) if frame.classes[int(n)] == "debris")
    box = Pose(frame.objects.world_from_object.rotation[k], frame.objects.world_from_object.translation[k])
    ego = frame.world_from_ego
    at = ego.apply(np.array([9.0, 0.0, 0.0]))
    assert box.translation == pytest.approx(at + (0, 0, SIZE[2] / 2), abs=2e-3)
    assert box.yaw() == pytest.approx(ego.yaw() + np.radians(30), abs=1e-6)
    own = np.array([frame.classes[int(c)] == "debris" for c in sweep.class_id])
    single = own & (sweep.echoes == 1)
    assert single.sum() > 50
    # Slabs: a ray is in the box from the last of its three entries to the first of its three exits.
    box_from_lidar = box.inverse() @ sweep.world_from_lidar
    ray = sweep.xyz_m.astype(float) / np.sqrt((sweep.xyz_m.astype(float) ** 2).sum(1, keepdims=True))
    direction, origin = box_from_lidar.rotate(ray), box_from_lidar.translation
    with np.errstate(divide="ignore"):
        sides = np.stack([(s * np.array(SIZE) / 2 - origin) / direction for s in (-1, 1)])
    enters, leaves = sides.min(0).max(1), sides.max(0).min(1)
    inside = (enters < leaves) & (enters > 0)
    assert np.abs(enters - sweep.true_range_m)[single & inside].max() < 0.01  # beams are cones, their middle is the ray
    assert (inside & single).sum() > 0.9 * single.sum()
    hit = inside & (leaves - enters > 0.2)  # well within its outline: nothing else is met there
    assert own[hit].all()


def test_a_dataset_can_be_made_again_from_the_file(made, tmp_path):
    folder, _, _ = made
    stored = document.read(folder / "data" / "scenario.yaml").data["models"]["crate"]
    assert len(stored["sha256"]) == 64 and stored["import"].endswith("box.glb") and stored["class"] == "debris"
    assert verify(folder / "data", render=1, threads=2).wrong == []
    # The file is gone from where it was; a copy beside the dataset's scenario is found by its digest.
    moved = tmp_path / "box.glb"
    data = (folder / "box.glb").read_bytes()
    (folder / "box.glb").rename(moved)
    try:
        with pytest.raises(InputError, match=f"put the one with sha256 {stored['sha256']}"):
            load.load(folder / "data" / "scenario.yaml")
        (folder / "data" / "models").mkdir()
        (folder / "data" / "models" / "box.glb").write_bytes(data)
        assert verify(folder / "data", render=1, threads=2).wrong == []
    finally:
        moved.rename(folder / "box.glb")


def test_a_batch_knows_where_the_file_lies(tmp_path):
    from scenesim.batch import recipe

    path = written(tmp_path)
    (tmp_path / "sub").mkdir()
    made = tmp_path / "sub" / "recipe.yaml"
    made.write_text("name: b\nscenarios: [{scenario: ../own.yaml, set: {models.crate.import: ../other.glb}}]\n")
    model_files.box(tmp_path / "other.glb", (1.0, 1.0, 1.0))
    text, _ = recipe.bundle(recipe.check(document.read(made)))
    entry = document.parse(text, "r").data["scenarios"][0]
    assert entry["scenario"]["models"]["crate"]["import"] == str(path.parent / "box.glb")
    assert entry["set"]["models.crate.import"] == str(tmp_path / "other.glb")


def test_the_stored_scenario_loads_to_the_same(made):
    _, _, scenario = made
    again = load.check(document.parse(load.dump(scenario), "again.yaml"))
    assert again == scenario


# ---- scenes as GLB


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glb")
    model_files.car(folder / "car.glb")
    said = {"import": "car.glb", "class": "car", "scale": 0.01, "materials": {"Paint": "vehicle_paint"}}
    path = written(
        folder,
        models={"mine": said},
        actors=[
            {
                "name": "red",
                "model": "mine",
                "paint": "red",
                "follow_line": {"points_m": [[30, 1.75], [50, 1.75]], "speed_m_s": 4},
            },
            {"name": "blue", "model": "mine", "paint": "blue", "stand": {"at": {"ahead_m": 15, "heading_deg": 40}}},
        ],  # fmt: skip
        duration_s=1.0,
    )
    out = folder / "scene.glb"
    found = CliRunner().invoke(app, ["glb", str(path), "-o", str(out), "--time", "0.52"])
    assert found.exit_code == 0, found.output
    return path, out


def test_a_scene_as_glb_has_everything_where_it_is(exported):
    path, out = exported
    stage = simulate.stage(load.load(path))
    snapshot = stage.at(0.52, 0.52, 0.521)
    scene = trimesh.load_scene(out, process=False)
    nodes = json.loads(out.read_bytes()[20:].partition(b"\0")[0][: int.from_bytes(out.read_bytes()[12:16], "little")])["nodes"]
    for actor, name in ((1, "red"), (2, "blue")):
        part = next(k for k, p in enumerate(stage.model(actor).parts) if p.name == "wheel_fl")
        row = snapshot.instance_of[actor, part]
        pose = snapshot.scene.pose[0, row].astype(float)
        mesh = stage.model(actor).parts[part].mesh
        expected = Pose(pose[:4], pose[4:]).apply(mesh.vertices)[:, [1, 2, 0]]  # our y, z, x
        matrix, geometry = scene.graph[f"{name}.wheel_fl"]
        found = trimesh.transform_points(scene.geometry[geometry].vertices, matrix)
        assert np.abs(found[:, None] - expected[None]).max(2).min(1).max() < 1e-4
        assert np.abs(expected[:, None] - found[None]).max(2).min(1).max() < 1e-4
    children = {n["name"]: [nodes[c]["name"] for c in n.get("children", ())] for n in nodes}
    assert set(children["red"]) == {"red.body", "red.wheel_fl", "red.wheel_fr", "red.wheel_rl", "red.wheel_rr"}
    # Shapes are there once: both cars' wheels are the same mesh, their bodies differ in paint alone.
    mesh_of = {n["name"]: n.get("mesh") for n in nodes}
    assert mesh_of["red.wheel_fl"] == mesh_of["blue.wheel_fl"] != mesh_of["red.body"] != mesh_of["blue.body"]


def test_the_glb_has_paint_and_names_of_materials(exported):
    _, out = exported
    data = out.read_bytes()
    gltf = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    paints = [m["pbrMetallicRoughness"]["baseColorFactor"] for m in gltf["materials"] if m["name"] == "vehicle_paint"]
    assert any(r > 3 * b for r, _, b, _ in paints) and any(b > 1.5 * r for r, _, b, _ in paints)
    assert {"mine/Rubber", "mine/Glass"} <= {m["name"] for m in gltf["materials"]}
    assert all(0 <= v <= 1 for m in gltf["materials"] for v in m["pbrMetallicRoughness"]["baseColorFactor"])
    assert gltf["scenes"][0]["extras"]["time_s"] == 0.52


def test_a_scene_comes_back_as_a_model(exported):
    """What is written is what is read: the export, imported, has the size that the stage has."""
    from scenesim.models import imported
    from scenesim.models.imported_guard import open_source

    path, out = exported
    stage = simulate.stage(load.load(path))
    scene = stage.at(0.52, 0.52, 0.521).scene
    corners = []
    for k, p in enumerate(scene.prototype):
        rows = np.unique(scene.geometry.triangles[scene.geometry.first_triangle[p] : scene.geometry.first_triangle[p + 1]])
        pose = scene.pose[0, k].astype(float)
        corners.append(Pose(pose[:4], pose[4:]).apply(scene.geometry.vertices[rows].astype(float)))
    expected = np.ptp(np.concatenate(corners), axis=0)
    scale = 0.05  # a road is larger than what passes for a model
    model = imported.build("back", file=str(out), sha256=open_source(out).digest, class_name="other_static", scale=scale)
    assert np.array(model.size_lwh_m) == pytest.approx(scale * expected, rel=1e-4)


def test_windows_of_walls_become_pictures():
    import small_world
    from PIL import Image

    from scenesim.geometry.mesh import Surface, make
    from scenesim.scene import glb
    from scenesim.scene.placement import Placement

    # A wall of 12 m and 3 storeys, columns every 4 m, windows 1 m wide and 1.2 m high, with a gable beside it that has none.
    corners = np.array([[9, 0, 0], [9, 12, 0], [9, 12, 9], [9, 0, 9]], float)
    uv = np.array([[0, 0], [12, 0], [12, 9], [0, 9]], float)
    surface = Surface("facade", "building")
    full = make(corners, [[0, 1, 2], [0, 2, 3]], surface, uv=uv)
    bare = make(corners, [[0, 1, 2], [0, 2, 3]], surface, uv=uv - (20, 0))
    params = (0.5, 0.4, 0.3, 0.2, 0.0, 0.0, 3.0, 4.0, 9.0, 1.0, 1.2, 0.0)
    there = [Placement(Pose.identity(), mesh=m, class_name="building", params=params) for m in (full, bare)]
    data = glb.glb(small_world.stage([], there), 0.0)
    size = int.from_bytes(data[12:16], "little")
    gltf, binary = json.loads(data[20 : 20 + size]), data[28 + size :]
    primitives = [p for m in gltf["meshes"] for p in m["primitives"]]
    textured = [p for p in primitives if "TEXCOORD_0" in p["attributes"]]
    assert len(textured) == 1 and len(gltf["images"]) == 1
    view = gltf["bufferViews"][gltf["accessors"][textured[0]["attributes"]["TEXCOORD_0"]]["bufferView"]]
    found = np.frombuffer(binary, np.float32, view["byteLength"] // 4, view["byteOffset"]).reshape(-1, 2)
    assert sorted(map(tuple, found.tolist())) == [(0, 0), (0, 1), (3, 0), (3, 1)]
    view = gltf["bufferViews"][gltf["images"][0]["bufferView"]]
    blob = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    pixels = np.asarray(Image.open(io.BytesIO(blob)).convert("RGB")).astype(int)
    dark = pixels.sum(2) < 200
    share = dark.mean() * 4 * 9 / 3  # m2 of glass in each window: what is left of 1 x 1.2 by frames
    assert share == pytest.approx((1 - 0.11 - 0.06) * (1.2 - 0.11), rel=0.06)
    middle = np.flatnonzero(dark.any(1))
    assert 9 - (middle.max() + 0.5) / len(dark) * 9 == pytest.approx(0.92 + 0.055, abs=0.05)  # sills lie where they are drawn


def test_a_time_after_the_end_is_told(exported, tmp_path):
    path, _ = exported
    found = CliRunner().invoke(app, ["glb", str(path), "-o", str(tmp_path / "s.glb"), "--time", "7"])
    assert found.exit_code == 2 and "after the end of the scenario" in found.output
