"""Broken files of every kind: a message with its place, exit code 2, no traceback, and nothing half-written."""

from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenesim.base import files
from scenesim.cli import app

LANES = (
    '<lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right>'
    '<lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right></laneSection></lanes>'
)


def xodr(geometry: str = "<line/>", length: str = "50", lanes: str = LANES, more: str = "", roads: str = "") -> str:
    """A map of one road, on three lines: the road begins in line 2, its lanes are in line 4."""
    return (
        f'<OpenDRIVE><header/>\n<road id="1" length="{length}" junction="-1">{more}<planView>\n'
        f'<geometry s="0" x="0" y="0" hdg="0" length="{length}">{geometry}</geometry></planView>\n'
        f"{lanes}</road>{roads}</OpenDRIVE>"
    )


def scenario(line: str) -> str:
    """A scenario whose second line is the one in question."""
    return f"name: broken\n{line}\n"


ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + k)}: &{chr(98 + k)} [{', '.join(['*' + chr(97 + k)] * 10)}]\n" for k in range(8)
)
ENTITY_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<OpenDRIVE><header name="&b;"/></OpenDRIVE>'

CONE = "{name: a, model: cone, stand: {at: {x_m: 0, y_m: 0}}}"
SCENARIOS = {
    "an empty file": ("", ":1:1: is empty"),
    "a list": ("[1, 2]", ":1:1: is no mapping"),
    "a word": ("hello", ":1:1: is no mapping"),
    "a bracket that is open": (scenario("seed: [1, 2"), ":2:7: not well-formed"),
    "a tab": ("name: a\n\tseed: 3\n", ":2:1: not well-formed YAML"),
    "a colon in text": (scenario("description: here: there"), ":2:18: not well-formed YAML"),
    "a control character": ("name: a\x01b", "control characters"),
    "not text": (b"name: \xff\xfe", "is not text in UTF-8"),
    "duplicate keys": (scenario("name: again"), ":2:1: name: the key is in line 1 already"),
    "alias bomb": (ALIAS_BOMB, "aliases are written out; refused"),
    "an alias of itself": (scenario("description: &x [*x]"), "nested deeper"),
    "an alias of nothing": (scenario("description: *nothing"), ":2:14: not well-formed YAML"),
    "a Python object": (scenario("description: !!python/object:os.system x"), ":2:14: description: the tag"),
    "deep nesting": (scenario("description: " + "[" * 5000), "exceeded maximum nesting depth"),
    "two documents": ("name: a\n---\nname: b\n", "a second document begins here"),
    "no name": ("seed: 3\n", ":1:1: name: is missing"),
    "unknown key": (scenario("wether: 3"), ':2:1: wether: unknown key "wether"; did you mean "weather"?'),
    "unknown model": (scenario("ego: {model: hatchbak}"), ':2:14: ego.model: no model "hatchbak"; did you mean "hatchback"?'),
    "unknown lamp": (scenario("ego: {lamps: [brakes]}"), ':2:15: ego.lamps[0]: no lamp "brakes"; did you mean "brake"?'),
    "unknown rig": (scenario("rig: first_ligth"), ':2:6: rig: no rig "first_ligth"; did you mean "first_light"?'),
    "no rig file": (scenario("rig: nowhere.yaml"), ":2:6: rig: "),
    "missing map": (scenario("road: {opendrive: nowhere.xodr}"), ":2:19: road.opendrive: "),
    "text for a number": (scenario("duration_s: 5 s"), ':2:13: duration_s: "5 s" should be a number'),
    "a truth value for a number": (scenario("traffic: {vehicles: true}"), ":2:21: traffic.vehicles: true should be"),
    "a number for text": (scenario("description: 3"), ":2:14: description: 3 should be text; put it in quotes"),
    "NaN": (scenario("duration_s: .nan"), ":2:13: duration_s: nan should be a finite number"),
    "negative duration": (scenario("duration_s: -1"), ":2:13: duration_s: -1 should be above 0"),
    "negative density": (scenario("surroundings: {trees: -0.1}"), ":2:23: surroundings.trees: -0.1 should be at least 0"),
    "too many": (scenario("traffic: {vehicles: 100000}"), ":2:21: traffic.vehicles: 100000 should be at most 200"),
    "place and map": (scenario("road: {place: {kind: hill}, opendrive: x.xodr}"), ":2:"),
    "two behaviours": (scenario("ego: {stand: {at: {x_m: 0, y_m: 0}}, follow_lane: {}}"), "contradict each other"),
    "dry road in rain": (scenario("weather: {rain_mm_per_h: 5, road_wetness: 0}"), ":2:43: weather.road_wetness: a dry road"),
    "arms of a hill": (scenario("road: {place: {kind: hill, arms: 3}}"), ":2:34: road.place.arms: arms belongs to crossing"),
    "a walking car": (
        scenario("actors: [{name: a, model: sedan, walk: {start: {x_m: 0, y_m: 0}, to: {x_m: 1, y_m: 0}}}]"),
        ":2:40: actors[0].walk: a sedan does not walk",
    ),
    "one name twice": (
        scenario(f"actors: [{CONE}, {CONE}]"),
        'actors[1].name: two actors are called "a"',
    ),
    "a draw of nothing": (scenario("seed: {uniform: [1, 2]}"), ":2:"),
    "no such road": (
        scenario('ego: {follow_lane: {start: {road: "99", lane: -1, s_m: 3}}}'),
        ':2:35: ego.follow_lane.start.road: no road "99"',
    ),
    "a lane for walking": (
        "name: a\nego: {follow_lane: {start: {road: '1', lane: -3, s_m: 3}}}\nroad: {place: {kind: straight}}\n",
        ":2:46: ego.follow_lane.start.lane: lane -3 of road 1 is for sidewalk",
    ),
    "off the road": (
        scenario("ego: {follow_lane: {start: {x_m: 9999, y_m: 9999}}}"),
        ":2:28: ego.follow_lane.start: there is no driving lane",
    ),
}
MAPS = {
    "empty map": ("", "not well-formed XML"),
    "truncated XML": (xodr()[:150], "not well-formed XML"),
    "no map": ("<html/>", ":1: "),
    "entity bomb": (ENTITY_BOMB, "entities"),
    "no roads": ("<OpenDRIVE><header/></OpenDRIVE>", "holds no <road>"),
    "NaN width": (xodr(lanes=LANES.replace('a="3.5"', 'a="nan"')), ":4: "),
    "text for a width": (xodr(lanes=LANES.replace('a="3.5"', 'a="wide"')), ":4: "),
    "infinite curvature": (xodr(geometry='<arc curvature="inf"/>'), ":3: "),
    "a curvature like a radius": (xodr(geometry='<arc curvature="250"/>'), "is it a radius?"),
    "a road of 10^9 m": (xodr(length="1e9"), ":2: "),
    "negative length": (xodr(length="-5"), "negative length"),
    "no geometry": (xodr(geometry=""), "holds none of line, arc"),
    "no lanes": (xodr(lanes=""), "has no <lanes>"),
    "no lane section": (xodr(lanes="<lanes/>"), "no <laneSection>"),
    "a lane twice": (xodr(lanes=LANES.replace("</right>", '<lane id="-1"/></right>')), "used twice"),
    "a lane on the wrong side": (xodr(lanes=LANES.replace('id="-1"', 'id="1"')), "cannot stand in <right>"),
    "a lane of half": (xodr(lanes=LANES.replace('id="-1"', 'id="-1.5"')), "not a whole number"),
    "one road id twice": (xodr(roads=xodr().split("<header/>")[1].removesuffix("</OpenDRIVE>")), "used twice"),
}
CYCLE = xodr(more='<link><predecessor elementType="road" elementId="1" contactPoint="end"/>'
                  '<successor elementType="road" elementId="1" contactPoint="start"/></link>',
             lanes=LANES.replace("<width", '<link><predecessor id="-1"/><successor id="-1"/></link><width'))  # fmt: skip
RIG = "sensors:\n  front: {{sensor: camera_640x360, position_m: [1, 0, 1], {}}}\n"
ASSETS = {
    "rig.yaml": [
        ("rate_hz: 10\nsensors: {}\n", "sensors: a rig carries one sensor"),
        (RIG.format("lens: fisheye_9000"), ":2:"),
        (RIG.format("width_px: -640"), ":2:"),
        (RIG.format("fov: 70"), ':2:58: sensors.front.fov: no such key "fov"; did you mean "fov_deg"?'),
        ("sensors:\n  front: {sensor: camera_640, position_m: [1, 0, 1]}\n", ":2:19: sensors.front.sensor: no sensor"),
        ("sensors:\n  front: {sensor: camera_640x360}\n", ":2:10: sensors.front: position_m is missing"),
        ("sensors: 3\n", ":1:10: sensors: 3 should be a mapping"),
    ],
    "sensor.yaml": [("kind: camera\nwidth_px: 0\nheight_px: 3\n", ":"), ("kind: lidar\nbeams: none\n", ":")],
    "stuff.yaml": [
        ("paint:\n  albedo: [0.1, 0.2]\n", ":2:11: paint.albedo: albedo"),
        ("paint: {albedo: [0.1, 0.2, 0.3], shader: shiny}\n", ':1:42: paint.shader: no shader "shiny"'),
        ("paint: {albedo: [0.1, 0.2, 0.3], rougness: 1}\n", 'did you mean "roughness"?'),
    ],
    "car.yaml": [
        ("family: cra\nwheelbase_m: 3\n", ':1:9: family: no family of vehicles "cra"; did you mean "car"?'),
        ("like: sedan\nfamily: car\nlength_m: -4\n", ":3:11: length_m: "),
        ("like: sedam\nfamily: car\n", ':1:7: like: no vehicle "sedam"; did you mean "sedan"?'),
    ],
    "thing.yaml": [
        ("builder: pool\n", ':1:10: builder: no builder "pool"; did you mean "pole"?'),
        ("builder: bollard\nclass_name: pole\nheight_m: -1\nradius_m: 0.1\n", ":3:11: height_m: -1 should be a number above 0"),
    ],
}


def wrong(*arguments: object) -> str:
    """What is said of it on stderr, when it is told as it should be."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert isinstance(result.exception, SystemExit) and result.exit_code == 2, (result.exception, result.output)
    assert "Traceback" not in result.output and result.stderr.strip()
    return result.stderr


def broken(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", SCENARIOS)
def test_scenarios(case, tmp_path):
    content, message = SCENARIOS[case]
    path = broken(tmp_path / "broken.yaml", content)
    said = wrong("check", path)
    assert said.startswith(str(path)) and message in said, said
    out = tmp_path / "out.csv"
    assert message in wrong("timeline", path, "--csv", out)  # the same words at the other doors
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("case", MAPS)
def test_maps(case, tmp_path):
    content, message = MAPS[case]
    path = broken(tmp_path / "broken.xodr", content)
    said = wrong("check", path)
    assert said.startswith(str(path)) and message in said, said
    assert message in wrong("road", path, "--csv", tmp_path / "out.csv", "--png", tmp_path / "out.png")
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name, content, message", [(n, c, m) for n, cases in ASSETS.items() for c, m in cases])
def test_assets(name, content, message, tmp_path):
    path = broken(tmp_path / name, content)
    said = wrong("check", path)
    assert said.startswith(f"{path}:") and message in said, said


def test_a_road_that_follows_itself_is_driven_round_and_round(tmp_path):
    path = broken(tmp_path / "ring.xodr", CYCLE)
    result = CliRunner().invoke(app, ["check", str(path)])
    assert result.exit_code in (0, 2) and (result.exception is None or isinstance(result.exception, SystemExit))
    broken(tmp_path / "s.yaml", "name: s\nroad: {opendrive: ring.xodr}\nduration_s: 20\n")
    result = CliRunner().invoke(app, ["timeline", str(tmp_path / "s.yaml"), "--csv", str(tmp_path / "out.csv")])
    assert result.exit_code in (0, 2) and (result.exception is None or isinstance(result.exception, SystemExit))


@pytest.mark.parametrize("name", ["folder.yaml", "folder.xodr", "folder"])
def test_a_folder_in_place_of_a_file(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    assert str(folder) in wrong("check", folder)
    assert "is a folder" in wrong("road", folder, "--csv", tmp_path / "x")
    if folder.suffix != ".xodr":
        assert "is a folder" in wrong("timeline", folder, "--csv", tmp_path / "x")


@pytest.mark.parametrize("name", ["none.yaml", "none.xodr", "none.xosc", "none"])
def test_what_is_not_there(name, tmp_path):
    assert "no such file" in wrong("check", tmp_path / name)


def test_what_is_not_known(tmp_path):
    assert "is not known" in wrong("check", broken(tmp_path / "a.docx", b"PK"))
    with zipfile.ZipFile(tmp_path / "a.timeline", "w") as z:
        z.writestr("timeline.json", "{")
    assert "not a timeline" in wrong("check", tmp_path / "a.timeline")
    assert "OpenSCENARIO files are not read yet" in wrong("check", broken(tmp_path / "a.xosc", "<OpenSCENARIO/>"))


OUTPUTS = [
    ("road", "--csv", "out.csv"),
    ("road", "--png", "out.png"),
    ("timeline", "--csv", "out.csv"),
    ("timeline", "--save", "out.timeline"),
]


STANDING = "name: ok\nduration_s: 0.2\nroad: {place: {kind: straight}}\nego: {stand: {at: {x_m: 50, y_m: -2}}}\n"


def source(command: str, folder: Path) -> Path:
    """A good file for a command."""
    return broken(folder / "ok.xodr", xodr()) if command == "road" else broken(folder / "ok.yaml", STANDING)


@pytest.mark.parametrize("command, option, name", OUTPUTS)
def test_a_disk_that_is_full(command, option, name, tmp_path, monkeypatch):
    given = source(command, tmp_path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    broken(tmp_path / name, "what was there before")
    monkeypatch.setattr(files.os, "replace", full)
    assert "the disk is full" in wrong(command, given, option, tmp_path / name)
    assert (tmp_path / name).read_text() == "what was there before"
    assert sorted(tmp_path.iterdir()) == sorted([given, tmp_path / name])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_is_full(tmp_path):
    assert "the disk is full" in wrong("road", source("road", tmp_path), "--csv", "/dev/full")


@pytest.mark.parametrize("command, option, name", OUTPUTS)
def test_no_permission_to_write(command, option, name, tmp_path, monkeypatch):
    given = source(command, tmp_path)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    said = wrong(command, given, option, tmp_path / name)
    assert "no permission to write here" in said and str(tmp_path / name) in said


@pytest.mark.parametrize("command, option, name", OUTPUTS)
def test_an_output_that_cannot_be(command, option, name, tmp_path):
    given = source(command, tmp_path)
    assert "its folder does not exist" in wrong(command, given, option, tmp_path / "nowhere" / name)
    (tmp_path / name).mkdir()
    assert "this is a folder" in wrong(command, given, option, tmp_path / name)
    assert "step" in wrong(command, given, "--csv", tmp_path / "x.csv", "--step", "0")


def test_a_catalogue_that_is_missing(tmp_path, monkeypatch):
    from scenesim.base import assets

    monkeypatch.setattr(assets, "_PACKAGE", tmp_path)
    said = wrong("list", "rigs")
    assert "the folder 'assets' that ships with scenesim is missing; reinstall scenesim" in said
