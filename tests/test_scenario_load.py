"""Scenario files: what YAML means here, overrides, draws, places, and that what is dumped loads to the same."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scenesim.base import assets, document
from scenesim.base.errors import InputError, SceneWarning
from scenesim.scenario import load as loading

GOOD = """\
name: good
seed: 3
road: {place: {kind: curve, radius_m: {uniform: [60, 100]}, lanes: {uniform: [1, 3]}}}
ego: {model: hatchback, follow_lane: {speed_m_s: {normal: {mean: 10, std: 2, min: 9}}}}
weather: {rain_mm_per_h: {choice: [0, 2, 1e1]}, cloud_cover: {choice: {0.5: 1, 1: 2}}}
actors:
  - {name: kid, model: child, walk: {start: {ahead_m: 20, left_m: -5}, to: {ahead_m: 20, left_m: 5}}}
  - {name: still, model: sedan, paint: red, stand: {at: {x_m: 1, y_m: 2}}}
"""


def loaded(text: str, *overrides: str):
    return loading.check(document.parse(text, "f.yaml"), overrides)


def told(text: str, *overrides: str) -> str:
    with pytest.raises(InputError) as e:
        loaded(text, *overrides)
    return str(e.value)


# ---- YAML


@pytest.mark.parametrize(
    "text, value",
    [
        ("1e3", 1000.0), ("1E-2", 0.01), ("012", 12), ("-7", -7), ("0x1f", 31), ("1.", 1.0), (".5", 0.5), ("+3", 3),
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("Off", "Off"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"),
        ("true", True), ("false", False), ("~", None), ("null", None), ("'12'", "12"), ("1_000", "1_000"), ("", None),
        ("[a, 1]", ["a", 1]),
    ],
)  # fmt: skip
def test_values_are_what_they_look_like(text, value):
    found = document.parse(f"key: {text}", "f").data["key"]
    assert found == value and type(found) is type(value)


def test_places_count_from_one_and_follow_merges():
    source = document.parse("a: &a {x: 1, y: {z: 2}}\nb:\n  <<: *a\n  x: 5\nc: [p, q]\n", "f.yaml")
    assert source.data["b"] == {"x": 5, "y": {"z": 2}}
    assert str(source.place(("b", "x"))) == "f.yaml:4:6: b.x"
    assert str(source.place(("b", "y", "z"))) == "f.yaml:1:21: b.y.z"
    assert str(source.place(("c", 1))) == "f.yaml:5:8: c[1]"
    assert str(source.place(("c", 7))) == "f.yaml:5:4: c[7]"  # what is not there is where it should be


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories="CZ")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abz019.:-e", max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_written_reads_back(value):
    assert document.parse(document.write({"v": value}), "f").data == {"v": value}


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(st.integers() | st.text("xyz ", min_size=1)), max_size=4))
def test_agrees_with_pyyaml_where_yaml_is_not_in_doubt(value):
    text = yaml.safe_dump(value)
    assert (document.parse(text, "f").data or {}) == (yaml.safe_load(text) or {})


# ---- the scenario


def test_all_problems_at_once_each_with_its_place():
    text = """\
name: a b
wether: 3
ego: {model: hatchbak, lamps: [lowbeam], follow_lane: {sped_m_s: 3}}
weather: {rain_mm_per_h: yes, cloud_cover: .nan}
traffic: {vehicles: 3.5, parked: true}
light:
actors:
  - {model: child, walk: {start: {ahead_m: 20}, to: {x_m: 20}}}
rig: 3
"""
    lines = told(text).splitlines()
    assert lines == [
        'f.yaml:1:7: name: "a b" should begin with a letter and hold only letters, digits, and . _ -',
        'f.yaml:2:1: wether: unknown key "wether"; did you mean "weather"?',
        'f.yaml:3:14: ego.model: no model "hatchbak"; did you mean "hatchback"?',
        'f.yaml:3:32: ego.lamps[0]: no lamp "lowbeam"; did you mean "low_beam"?',
        'f.yaml:3:56: ego.follow_lane.sped_m_s: unknown key "sped_m_s"; did you mean "speed_m_s"?',
        'f.yaml:4:26: weather.rain_mm_per_h: "yes" should be a number',
        "f.yaml:4:44: weather.cloud_cover: nan should be a finite number",
        "f.yaml:5:21: traffic.vehicles: 3.5 should be a whole number",
        "f.yaml:5:34: traffic.parked: true should be a whole number",
        "f.yaml:6:7: light: is empty; give it a value, or leave the key out",
        "f.yaml:8:5: actors[0].name: is missing",
        "f.yaml:8:53: actors[0].walk.to: y_m is missing beside x_m",
        "f.yaml:9:6: rig: 3 should be a name or a mapping",
    ]


def test_dump_is_concrete_and_loads_to_the_same():
    scenario = loaded(GOOD)
    text = loading.dump(scenario)
    assert loading.check(document.parse(text, "g.yaml")) == scenario
    assert "uniform" not in text and "choice" not in text and loading.dump(loaded(text)) == text


def test_a_map_is_found_beside_the_scenario_and_dumped_portably(tmp_path, monkeypatch):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "m.xodr").write_text("<OpenDRIVE/>")
    (tmp_path / "s.yaml").write_text("name: s\nroad: {opendrive: maps/m.xodr}\n")
    scenario = loading.load(tmp_path / "s.yaml")
    assert scenario.road.opendrive == str(tmp_path / "maps" / "m.xodr")
    assert "opendrive: maps/m.xodr" in loading.dump(scenario, tmp_path)
    (tmp_path / "other").mkdir()
    assert (tmp_path / "maps" / "m.xodr").as_posix() in loading.dump(scenario, tmp_path / "other")
    monkeypatch.chdir(tmp_path / "maps")  # an override is relative to where one is
    again = loading.load(tmp_path / "s.yaml", ["road.opendrive=m.xodr"])
    assert again == scenario


def test_a_rig_in_its_own_file_is_told_with_that_file(tmp_path):
    (tmp_path / "s.yaml").write_text("name: s\nrig: r.yaml\n")
    (tmp_path / "r.yaml").write_text("sensors:\n  front: {sensor: camera_640x36, position_m: [1, 0, 1]}\n")
    with pytest.raises(InputError, match=r"r\.yaml:2:19: .*camera_640x36.*did you mean \"camera_640x360\""):
        loading.load(tmp_path / "s.yaml")
    (tmp_path / "r.yaml").write_text("sensors:\n  front: {sensor: camera_640x360, position_m: [1, 0, 1]}\n")
    scenario = loading.load(tmp_path / "s.yaml")
    assert [c.name for c in scenario.instruments.cameras] == ["front"]


# ---- draws


def test_draws_are_of_the_seed_and_of_their_own_path():
    one = loaded(GOOD)
    assert loaded(GOOD) == one and loaded(GOOD, "seed=4") != one
    changed = loaded(GOOD, "weather.rain_mm_per_h=1", "ego.model=suv")
    assert changed.road == one.road and changed.ego.follow_lane == one.ego.follow_lane


def test_draws_have_the_distribution_that_they_say():
    text = """\
name: a
ego: {follow_lane: {speed_m_s: {uniform: [5, 15]}, offset_m: {normal: {mean: 0, std: 1, min: -2, max: 2}}}}
traffic: {vehicles: {uniform: [2, 4]}, parked: {normal: {mean: 20, std: 3}}}
weather: {cloud_cover: {choice: {0.1: 3, 0.9: 1}}}
"""
    found = [loaded(text, f"seed={k}") for k in range(400)]
    speed = np.array([s.ego.follow_lane.speed_m_s for s in found])
    offset = np.array([s.ego.follow_lane.offset_m for s in found])
    vehicles = np.array([s.traffic.vehicles for s in found])
    assert 5 <= speed.min() < 5.3 and 14.7 < speed.max() <= 15 and abs(speed.mean() - 10) < 0.6
    assert abs(offset).max() <= 2 and abs(offset.mean()) < 0.2 and abs(offset.std() - 0.88) < 0.12  # truncated at 2 sigma
    assert all(abs((vehicles == k).mean() - 1 / 3) < 0.1 for k in (2, 3, 4))
    assert all(type(s.traffic.parked) is int for s in found)
    assert abs(np.mean([s.weather.cloud_cover == 0.1 for s in found]) - 0.75) < 0.09


@pytest.mark.parametrize(
    "draw, message",
    [
        ("{uniform: [3]}", "uniform takes two numbers"),
        ("{uniform: [5, 3]}", "5 is above 3"),
        ("{uniform: [3, x]}", 'weather.visibility_m.uniform[1]: "x" should be a number'),
        ("{normal: {mean: 3}}", "normal takes {mean"),
        ("{normal: {mean: 3, std: -1}}", "a standard deviation is not negative"),
        ("{normal: {mean: 0, std: 1, min: 900}}", "too far from the mean"),
        ("{normal: {mean: 0, std: 1, mn: 9}}", 'unknown key "mn"; did you mean'),
        ("{choice: []}", "choice takes a list"),
        ("{choice: {1: 0}}", "one at least is above 0"),
        ("{uniform: [-5, -4]}", "should be above 0"),  # what is drawn is checked like what is written
    ],
)
def test_wrong_draws_are_told(draw, message):
    lines = told(f"name: a\nweather: {{visibility_m: {draw}}}").splitlines()
    assert len(lines) == 1 and message in lines[0] and lines[0].startswith("f.yaml:2:")


# ---- overrides


def test_overrides_reach_lists_by_number_and_by_name():
    scenario = loaded(GOOD, "actors[0].walk.speed_m_s=2", "actors.still.paint=blue", "traffic.vehicles=3", "ego.lamps=[brake]")
    assert scenario.actors[0].walk.speed_m_s == 2 and scenario.actors[1].paint == "blue"
    assert scenario.traffic.vehicles == 3 and scenario.ego.lamps == ("brake",)


def test_an_override_takes_the_place_of_what_it_contradicts(tmp_path):
    (tmp_path / "m.xodr").write_text("<OpenDRIVE/>")
    scenario = loaded(GOOD, f"road.opendrive={tmp_path / 'm.xodr'}", "ego.stand.at={x_m: 0, y_m: 0}")
    assert scenario.road.place is None and scenario.ego.follow_lane is None
    again = loaded(loading.dump(scenario), "road.place.kind=hill")
    assert again.road.opendrive is None and again.road.place.kind == "hill"


@pytest.mark.parametrize(
    "override, message",
    [
        ("actors.7.x=3", "actors has entries 0 to 1"),
        ("actors.kit.x=3", 'no entry "kit" in actors; did you mean "kid"?'),
        ("name.x=2", "name is 'good' here, which has no x"),
        ("weather.rain=3", 'unknown key "rain"; did you mean "rain_mm_per_h"?'),
        ("foo", "write it as PATH=VALUE"),
        ("=3", "write it as PATH=VALUE"),
        ("seed=[", "VALUE is YAML"),
        ("seed=x", '"x" should be a whole number'),
        ("road.opendrive=/nowhere.xodr", "no such file"),
    ],
)
def test_wrong_overrides_are_told(override, message):
    text = told(GOOD, override)
    assert message in text and text.startswith(f"--set {override}")


# ---- doubts, names, schema


@pytest.mark.parametrize(
    "text, message",
    [
        ("light: {sun_elevation_deg: -20, lamps: 'off'}", "the images will be black"),
        ("weather: {rain_mm_per_h: 5, cloud_cover: 0}", "rains from a clear sky"),
        ("weather: {visibility_m: 2}", "nothing to see"),
        ("duration_s: 0.01", "shorter than one frame"),
        ("ego: {follow_lane: {speed_profile: [{time_s: 0, speed_m_s: 3}, {time_s: 50, speed_m_s: 3}]}}", "after the end"),
    ],
)
def test_silly_but_legal_is_a_warning_with_its_place(text, message):
    with pytest.warns(SceneWarning, match=message) as found:
        loaded("name: a\n" + text)
    assert str(found[0].message).startswith("f.yaml:2:")
    with warnings.catch_warnings():
        warnings.simplefilter("error", SceneWarning)
        loaded("name: a")


def test_names_are_told_with_suggestions():
    assert "first_light" in loading.names()
    with pytest.raises(InputError, match='did you mean "first_light"'):
        loading.load("first_ligth")


@pytest.mark.parametrize("name", loading.names())
def test_scenarios_that_ship_load_without_a_doubt(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", SceneWarning)
        scenario = loading.load(name)
    assert scenario.name == name and scenario.description


def test_schema_knows_names_limits_and_draws():
    schema = loading.schema()
    json.dumps(schema)
    ego = schema["$defs"]["Ego"]["properties"]
    assert "sedan" in ego["model"]["anyOf"][0]["enum"]
    assert "first_light" in schema["properties"]["rig"]["anyOf"][0]["enum"]
    cover = schema["$defs"]["Weather"]["properties"]["cloud_cover"]["anyOf"]
    assert cover[0]["maximum"] == 1 and cover[-1] == {"$ref": "#/$defs/Draw"}


def test_schema_accepts_what_loads_and_refuses_what_does_not():
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(loading.schema())
    for name in loading.names():
        check.validate(document.read(loading.find(name)).data)
    for wrong in ("{name: a, wether: 3}", "{name: a, ego: {model: hatchbak}}", "{name: a, weather: {cloud_cover: 2}}"):
        assert not check.is_valid(document.parse(wrong, "f").data), wrong


def test_weather_by_name(tmp_path):
    """A preset, what differs from it, and what --set changes in it; the dump needs no preset to be the same."""
    fog = loading.load("first_light", ["weather=fog_dense"])
    assert fog.weather.visibility_m == 50 and fog.weather.preset == "fog_dense"
    snow = loading.load("first_light", ["weather=snow", "weather.wind_m_s=3", "weather.road_wetness=0.1"])
    assert (snow.weather.snow_mm_per_h, snow.weather.wind_m_s, snow.weather.road_wetness) == (1.5, 3, 0.1)
    assert loading.check(document.parse(loading.dump(snow), "dump.yaml")) == snow
    for name in assets.names("weather"):
        loading.load("first_light", [f"weather={name}"])
    with pytest.raises(InputError, match='weather: no weather "fog_dens"; did you mean "fog_dense"'):
        loading.load("first_light", ["weather=fog_dens"])


def test_silly_weather_is_doubted():
    with pytest.warns(SceneWarning, match="it snows from a clear sky"):
        loading.load("first_light", ["weather.snow_mm_per_h=2"])
    with pytest.warns(SceneWarning, match="more snow than falls anywhere"):
        loading.load("first_light", ["weather=snow_heavy", "weather.snow_mm_per_h=20"])
