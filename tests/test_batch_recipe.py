"""Recipes and their plans: what is wrong is told with its place, and what is planned is a pure function of the recipe."""

from __future__ import annotations

import time
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path

import pytest

from scenesim.base import assets, document
from scenesim.base.errors import InputError, SceneWarning
from scenesim.batch import recipe
from scenesim.batch.estimate import estimate
from scenesim.batch.finish import datasets
from scenesim.batch.plan import Plan

GOOD = """\
name: good
seed: 3
scenarios:
  - scenario: first_light
    name: town
    set: {weather.rain_mm_per_h: {uniform: [1, 5]}, weather.cloud_cover: {uniform: [0.5, 1]}}
  - scenario: {name: own, duration_s: 0.3, rig: first_light}
    frames: "1:3"
    seeds: 4
seeds: 10
twins: {dry: {weather.rain_mm_per_h: 0}, wet: {}}
splits: {train: 3, val: 1}
sensors: [front]
"""


def parsed(text: str, file: str = "r.yaml") -> recipe.Source:
    return recipe.check(document.parse(text, file))


def plan(text: str = GOOD, **changes) -> Plan:
    data = {**document.parse(text, "r.yaml").data, **changes}
    return Plan(parsed(document.write({k: v for k, v in data.items() if v is not None})))


def told(text: str) -> str:
    with pytest.raises(InputError) as e:
        Plan(parsed(text)).tried()
    return str(e.value)


def changed(changes: str) -> str:
    """The good recipe with other changes in its first twin."""
    return GOOD.replace("{weather.rain_mm_per_h: 0}", changes)


BROKEN = {
    "an empty file": ("", "r.yaml:1:1: is empty; a recipe is keys and values"),
    "a list": ("[1]", "r.yaml:1:1: is no mapping"),
    "no scenarios": ("name: a\n", "r.yaml:1:1: scenarios: is missing"),
    "none of them": ("name: a\nscenarios: []\n", "r.yaml:2:12: scenarios: holds 0, at least 1 are needed"),
    "an unknown key": (GOOD + "shards: 3\n", 'r.yaml:14:1: shards: unknown key "shards"'),
    "a key like another": (GOOD.replace("seeds: 10", "seds: 10"), 'r.yaml:10:1: seds: unknown key "seds"; did you'),
    "a key of a scenario": (GOOD.replace("seeds: 4", "sedes: 4"), 'r.yaml:9:5: scenarios[1].sedes: unknown key "sedes"; did'),
    "no such scenario": (GOOD.replace(": first_light\n", ": first_ligth\n"), 'r.yaml:4:15: scenarios[0].scenario: no scenario'),
    "no such file": (GOOD.replace(": first_light\n", ": x/first.yaml\n"), "r.yaml:4:15: scenarios[0].scenario: x/first"),
    "seeds of nothing": (GOOD.replace("seeds: 4", "seeds: 0"), "r.yaml:9:12: scenarios[1].seeds: 0 should be at least 1"),
    "half a seed": (GOOD.replace("seeds: 4", "seeds: 4.5"), "r.yaml:9:12: scenarios[1].seeds: 4.5 should be a whole number"),
    "a name with a dash": (GOOD.replace("name: town", "name: to-wn"), 'r.yaml:5:11: scenarios[0].name: "to-wn" becomes a part'),
    "a twin with a dash": (GOOD.replace("wet:", "we-t:"), 'r.yaml:11:48: twins.we-t: "we-t" becomes a part of folders'),
    "one name twice": (GOOD.replace("name: own", "name: town"), 'r.yaml:7:5: scenarios[1]: two scenarios are called "town"'),
    "no shares": (GOOD.replace("3, val: 1", "0, val: 0"), "r.yaml:12:9: splits: one split at least needs a share above 0"),
    "a negative share": (GOOD.replace("val: 1", "val: -1"), "r.yaml:12:25: splits.val: -1 should be at least 0"),
    "no such format": (GOOD + "formats: [nuscene]\n", 'r.yaml:14:11: formats[0]: no dataset format "nuscene"; did you'),
    "no frames": (GOOD.replace('"1:3"', "0"), 'r.yaml:8:13: scenarios[1].frames: "0" is neither A:B'),
    "frames of words": (GOOD.replace('"1:3"', "all"), 'r.yaml:8:13: scenarios[1].frames: "all" is neither A:B'),
    "too many frames": (GOOD.replace('"1:3"', '"1:9"'), "r.yaml:8:13: scenarios[1].frames: frames 1:9 are not all there"),
    "no such sensor": (GOOD.replace("[front]", "[frnt]"), 'r.yaml:13:11: sensors[0]: no sensor "frnt" on the rig of'),
    "a wrong value": (GOOD.replace("[1, 5]", "[1, 500]"), "r.yaml:6:34: weather.rain_mm_per_h: "),
    "a wrong path": (GOOD.replace("dry: {weather", "dry: {wether"), 'wether: unknown key "wether"; did you mean "weather"?'),
    "a wrong draw": (GOOD.replace("[1, 5]", "[5, 1]"), "r.yaml:6:44: weather.rain_mm_per_h.uniform: 5 is above 1"),
    "a path into a number": (changed("{duration_s.x: 0}"), "duration_s is 1.0 here, which has no"),
    "a seed that is set": (changed("{seed: 0}"), "r.yaml:11:15: twins.dry.seed: each shard gets"),
    "an actor that is not there": (changed("{actors.dog.model: van}"), 'no entry "dog" in actors'),
    "a wrong scenario": (GOOD.replace("duration_s: 0.3", "duration: 0.3"), 'r.yaml:7:27: duration: unknown key "duration"'),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_told_with_its_place(name):
    text, message = BROKEN[name]
    assert message in told(text)


def test_the_shards_of_a_recipe():
    p = plan()
    names = [s.name for s in p]
    assert len(p) == len(names) == len(set(names)) == 10 * 2 + 4 * 2
    assert names[:3] == ["town-000000-dry", "town-000000-wet", "town-000001-dry"] and names[-1] == "own-000003-wet"
    for k, shard in enumerate(p):
        assert p.shard(k) == p.find(shard.name) == shard
    for wrong, message in (("twn-000000-dry", 'did you mean "town"'), ("town-000010-dry", "town-000000-dry to town-")):
        with pytest.raises(InputError, match=message):
            p.find(wrong)
    assert [s.name for s in plan(twins=None)][0] == "town-000000"


def test_twins_are_the_same_but_for_their_changes():
    p = plan()
    for number in range(3):
        dry, wet = (p.scenario(p.find(f"town-{number:06d}-{twin}")) for twin in ("dry", "wet"))
        assert dry.seed == wet.seed and dry.weather.cloud_cover == wet.weather.cloud_cover
        assert dry.weather.rain_mm_per_h == 0 and 1 <= wet.weather.rain_mm_per_h <= 5
        assert dry.name == f"town-{number:06d}-dry"
    seeds = {p.scenario(s).seed for s in p}
    assert len(seeds) == 14
    assert p.scenario(p.shard(1)) == plan().scenario(plan().shard(1))
    assert len(p.frames(p.find("own-000000-dry"), p.scenario(p.find("own-000000-dry")))) == 2


def test_splits_have_their_shares_and_leak_nothing():
    p = plan(seeds=1000)
    groups: dict[tuple[int, int], set[str]] = {}
    for s in p:
        groups.setdefault((s.entry, s.number), set()).add(s.split)
    assert all(len(found) == 1 for found in groups.values())
    shares = Counter(s.split for s in p)
    assert abs(shares["val"] / len(p) - 0.25) < 0.005
    # The first ones already have about their shares, and more seeds move none of them.
    few = plan(seeds=20)
    assert 4 <= sum(few.split(0, n) == "val" for n in range(20)) <= 6
    assert all(few.split(0, n) == p.split(0, n) for n in range(20))
    assert plan(splits={"train": 1, "never": 0}).split(0, 3) == "train"


def test_splits_by_scenario_keep_one_that_is_named_twice_together():
    entries = [{"scenario": "first_light", "name": f"a{k}", "set": {"duration_s": k + 1}} for k in range(3)]
    entries += [{"scenario": {"name": f"b{k}"}} for k in range(9)]
    p = plan(scenarios=entries, split_by="scenario", sensors=None)
    by_entry: dict[int, set[str]] = {}
    for s in p:
        by_entry.setdefault(s.entry, set()).add(s.split)
    assert all(len(found) == 1 for found in by_entry.values())
    assert by_entry[0] == by_entry[1] == by_entry[2]
    assert {"train", "val"} == set.union(*by_entry.values())


def test_a_million_frames_are_planned_in_a_moment():
    p = plan(seeds=25_000)  # times 2 twins times 10 frames, twice
    tracemalloc.start()
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SceneWarning)
        found = estimate(p, p.tried())
    assert p.shard(len(p) - 1).name == "own-000003-wet"
    spent, (_, peak) = time.process_time() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.frames == 25_000 * 2 * 10 + 4 * 2 * 2 and found.exact
    assert spent < 10 and peak < 50e6, (spent, peak)


def test_a_bundle_says_the_same_without_other_files(tmp_path):
    (tmp_path / "maps").mkdir()
    road = '<OpenDRIVE><header/><road id="1" length="90" junction="-1"/></OpenDRIVE>'
    for name in ("one.xodr", "maps/one.xodr"):
        (tmp_path / name).write_text(road + f"<!-- {name} -->")
    (tmp_path / "rig.yaml").write_text("sensors: {eye: {sensor: camera_640x360, position_m: [1, 0, 1]}}\n")
    (tmp_path / "base.yaml").write_text("name: base\nroad: {opendrive: maps/one.xodr}\nrig: rig.yaml\n")
    text = (
        "name: maps\nscenarios:\n  - scenario: base.yaml\n"
        "  - {scenario: base.yaml, name: other, set: {road.opendrive: one.xodr}}\n"
        "  - {scenario: base.yaml, name: drawn, set: {road.opendrive: {choice: [one.xodr, maps/one.xodr]}}}\nseeds: 5\n"
    )
    (tmp_path / "r.yaml").write_text(text)
    first = Plan(recipe.read(tmp_path / "r.yaml"))
    bundled, maps = recipe.bundle(first.source)
    assert sorted(maps) == ["one.xodr", "one_2.xodr"]
    (tmp_path / "out" / "maps").mkdir(parents=True)
    for name, path in maps.items():
        (tmp_path / "out" / "maps" / name).write_bytes(path.read_bytes())
    (tmp_path / "out" / "recipe.yaml").write_text(bundled)
    second = Plan(recipe.read(tmp_path / "out" / "recipe.yaml"))
    assert list(first) == list(second)
    for shard in first:
        a, b = first.scenario(shard), second.scenario(shard)
        assert Path(a.road.opendrive).read_text() == Path(b.road.opendrive).read_text()
        assert a.rig == b.rig and a.seed == b.seed
    assert recipe.bundle(second.source)[0] == bundled


def test_formats_keep_train_and_val_together():
    splits = {"train": 8.0, "val": 1.0, "test": 1.0}
    asked = plan(splits=splits).recipe
    assert datasets("coco", asked) == {"coco": ("train", "val"), "coco_test": ("test",)}
    assert datasets("coco", plan(splits=None).recipe) == {"coco": ("all",)}


@pytest.mark.parametrize("path", sorted((assets.folder("scenarios") / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_recipes_that_ship_are_good(path):
    found = estimate(p := Plan(recipe.read(path)), p.tried())
    assert found.frames > 0 and found.size_bytes > 0 and all(found.by_split.values())
