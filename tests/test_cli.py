"""The command line: what it writes, what it says, and how it ends."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

import scenesim
from scenesim import simulate
from scenesim.base.errors import InputError
from scenesim.cli import app
from scenesim.world.timeline import Timeline

SMALL = """\
name: small
duration_s: 0.3
road: {place: {kind: straight, road_type: town, length_m: 120}}
ego: {model: sedan, follow_lane: {start: {road: "1", lane: -1, s_m: 30}, speed_m_s: 8}}
actors: [{name: walker, model: adult_woman, walk: {start: {ahead_m: 20, left_m: -5}, to: {ahead_m: 20, left_m: 4}}}]
surroundings: {buildings: 0, trees: 0, lights: 0, clutter: 0, woods: 0, reach_m: 40}
rig: {rate_hz: 10, sensors: {front: {sensor: camera_640x360, position_m: [1.7, 0, 1.3], width_px: 64, height_px: 36}}}
"""


@pytest.fixture
def run():
    def call(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_version_and_help(run):
    assert scenesim.__version__ in run("--version").stdout
    assert "render" in run("--help").stdout and "--frames" in run("render", "-h").stdout


def test_help_answers_before_anything_heavy_is_imported():
    code = "import sys, scenesim.cli; print([m for m in ('numpy', 'numba', 'pydantic', 'cv2') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_lists(run):
    assert "first_light" in run("list", "scenarios").stdout and "sedan" in run("list", "models").stdout.split()
    everything = run("list").stdout
    assert "rigs:\n" in everything and "  lidar_vlp16\n" in everything


def test_schema_is_json(run):
    assert "properties" in json.loads(run("schema").stdout)


def test_timeline_table_and_file(run, small, tmp_path):
    out, saved = tmp_path / "t.csv", tmp_path / "t.timeline"
    assert run("timeline", small, "--csv", out, "--step", "0.1", "--save", saved).exit_code == 0
    with open(out) as f:
        rows = list(csv.DictReader(f))
    assert list(rows[0]) == ["time_s", "actor", "x_m", "y_m", "z_m", "heading_rad", "speed_m_s"]
    ego = [r for r in rows if r["actor"] == "ego"]
    t, x, v = (np.array([float(r[k]) for r in ego]) for k in ("time_s", "x_m", "speed_m_s"))
    assert np.allclose(np.diff(t), 0.1) and np.allclose(v, 8, atol=1e-3)
    assert np.allclose(np.diff(x), 0.8, atol=1e-3)  # the way between two rows is the speed times the step
    walker = next(r for r in rows if r["actor"] == "walker")
    assert abs(float(walker["heading_rad"]) - np.pi / 2) < 1e-4
    assert len(Timeline.load(saved).actors) == 2 and "a timeline" in run("check", saved).stdout


def test_road_table_and_picture(run, tmp_path):
    xodr = tmp_path / "one.xodr"
    xodr.write_text(
        '<OpenDRIVE><header/><road id="7" length="50" junction="-1"><planView>'
        '<geometry s="0" x="5" y="1" hdg="0" length="50"><line/></geometry></planView><lanes><laneSection s="0">'
        '<center><lane id="0" type="none"/></center>'
        '<right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>'
        "</laneSection></lanes></road></OpenDRIVE>"
    )
    out, png = tmp_path / "r.csv", tmp_path / "r.png"
    assert run("road", xodr, "--csv", out, "--png", png, "--step", "2").exit_code == 0
    with open(out) as f:
        rows = [r for r in csv.DictReader(f) if r["lane"] == "-1"]
    assert {r["road"] for r in rows} == {"7"} and np.allclose([float(r["y"]) for r in rows], -2.5)
    assert np.diff([float(r["s"]) for r in rows]).max() <= 2 and float(rows[-1]["x"]) == 55
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert "an OpenDRIVE map: roads 1" in run("check", xodr).stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("rendr",), 'no command "rendr"; did you mean "render"?'),
        (("list", "scenaros"), 'did you mean "scenarios"?'),
        (("render", "first_light"), "--output"),
        (("render", "first_ligth", "-o", "x"), 'did you mean "first_light"?'),
        (("render", "first_light", "-o", "x", "--image-format", "jpeg"), 'no "jpeg"'),
        (("render", "first_light", "-o", "x", "--frames", "5:5"), "holds no frame"),
        (("render", "first_light", "-o", "x", "--frames", "a:b"), "neither A:B"),
        (("render", "first_light", "-o", "x", "--threads", "0"), "0"),
        (("render", "first_light", "-o", "x", "--seed", "-1"), "-1"),
        (("render", "first_light", "-o", "x", "--set", "wether.rain=3"), 'did you mean "weather"?'),
        (("render", "map.xodr", "-o", "x"), "is a map"),
        (("timeline", "first_light"), "nothing would be written"),
        (("road", "nowhere.xodr", "--csv", "x"), "no such file"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2 and message in result.output and "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_what_the_simulation_finds_wrong_has_its_line(run, small, tmp_path):
    small.write_text(SMALL.replace('road: "1"', 'road: "9"'))
    result = run("timeline", small, "--csv", tmp_path / "x.csv")
    assert result.exit_code == 2 and "small.yaml:4:49: ego.follow_lane.start.road: no road" in result.stderr
    assert "small.yaml:4:49" in run("check", small).stderr and not (tmp_path / "x.csv").exists()


def test_warnings_are_told_and_do_not_stop(run, small, tmp_path):
    result = run("timeline", small, "--csv", tmp_path / "x.csv", "--set", "weather={rain_mm_per_h: 5, cloud_cover: 0}")
    assert result.exit_code == 0 and "warning: --set weather=" in result.stderr


def test_check_doubts_an_ego_that_drives_through_others(run, small):
    """It stands 10 m ahead; the ego at 20 m/s is there within half a second, at the time that the lengths of both say."""
    stands = '[{name: stands, model: sedan, stand: {at: {road: "1", lane: -1, s_m: %s}}}]'
    text = SMALL.replace("speed_m_s: 8", "speed_m_s: 20").replace("duration_s: 0.3", "duration_s: 0.6")
    actors = next(line for line in text.splitlines() if line.startswith("actors"))
    small.write_text(text.replace(actors, "actors: " + stands % 40))
    result = run("check", small)
    assert result.exit_code == 0 and result.stderr.count("the ego drives through stands at 0.") == 1
    assert "small.yaml:4:" in result.stderr and "ego.follow_lane.speed_m_s" in result.stderr
    small.write_text(text.replace(actors, "actors: " + stands % 60))
    assert "drives through" not in run("check", small).stderr
    small.write_text(text.replace(actors, "actors: " + stands % 40).replace(", speed_m_s: 20", ""))
    assert "drives through" not in run("check", small).stderr


def test_check_says_every_file(run, small, tmp_path):
    rig = tmp_path / "rig.yaml"
    rig.write_text("sensors: {front: {sensor: camera_640x360, position_m: [1, 0, 30]}}\n")
    result = run("check", small, rig)
    assert result.exit_code == 2 and f"{small}: a scenario: frames 3, cameras 1, lidars 0, actors 2" in result.stdout
    assert "rig.yaml:1:" in result.stderr and "sensors.front.position_m" in result.stderr


def test_interrupted(run, small, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "timeline", stop)
    result = run("timeline", small, "--csv", tmp_path / "x.csv")
    assert result.exit_code == 130 and "interrupted" in result.stderr


def test_render_a_frame(run, small, tmp_path):
    out = tmp_path / "data"
    result = run("render", small, "-o", out, "--frames", "1:2", "--threads", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out / "contact_sheet.png") and (out / "contact_sheet.png").stat().st_size > 1000
    assert "frame 1 of 1" in result.stderr and "frames 1, complete" in run("check", out).stdout
    assert "speed_m_s: 8.0" in (out / "scenario.yaml").read_text()
    before = time.monotonic()
    again = run("render", small, "-o", out)  # is refused at once, not after the first frame
    assert again.exit_code == 2 and "complete dataset" in again.stderr and time.monotonic() - before < 5
    assert run("render", small, "-o", out, "--frames", "1", "--overwrite", "--no-sheet").exit_code == 0
    assert not (out / "contact_sheet.png").exists()


def test_render_touches_nothing_when_the_scenario_is_wrong(run, small, tmp_path):
    for arguments, message in (
        (("--sensors", "fromt"), 'did you mean "front"'),
        (("--frames", "7:9"), "0:3"),
        (("--timeline", tmp_path / "none"), "not a timeline"),
    ):
        result = run("render", small, "-o", tmp_path / "data", *arguments)
        assert result.exit_code == 2 and message in result.stderr, result.output
        assert not (tmp_path / "data").exists()


def test_the_module_is_the_command():
    result = subprocess.run([sys.executable, "-m", "scenesim", "--version"], capture_output=True, text=True)
    assert result.returncode == 0 and scenesim.__version__ in result.stdout


def test_errors_are_one_type():
    with pytest.raises(InputError):
        scenesim.load("nothing_of_that_name")
