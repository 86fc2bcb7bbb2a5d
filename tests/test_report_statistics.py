"""The numbers of a report: bins and sums against values counted by hand; what they are read from; bad input."""

from __future__ import annotations

import base64
import os

import numpy as np
import pytest
import report_data
from click.testing import CliRunner
from report_data import BEHIND, CAR, HIDDEN

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.batch.verify import verify
from scenesim.cli import app
from scenesim.datasets.native import NativeWriter
from scenesim.report import statistics
from scenesim.report.collect import collect
from scenesim.report.conditions import conditions
from scenesim.report.frames import POINT, chosen, encoded, fitting
from scenesim.report.source import source
from scenesim.report.statistics import Seen, Statistics, attribute_values, bins, visibility

CAR_ID, PERSON_ID, ROAD_ID, NOISE_ID = (taxonomy.class_id(n) for n in ("car", "pedestrian", "road", "noise"))


def test_bins_hold_their_lower_edge():
    assert bins([0, 9.99, 10, 49.9, 50, 99, 100, 5000], statistics.RANGE_M).tolist() == [0, 0, 1, 3, 4, 5, 6, 6]
    assert bins([0, 1, 4, 5, 999, 1000], statistics.POINTS).tolist() == [0, 1, 1, 2, 6, 7]
    assert statistics.labels(statistics.RANGE_M, "m")[::6] == ["0 to 10 m", "100 m and more"]
    assert statistics.labels_of_counts(statistics.POINTS)[:3] == ["0", "1 to 4", "5 to 9"]
    assert len(statistics.labels(statistics.SIZE_M)) == len(statistics.SIZE_M)


def test_visibility_levels():
    fraction, in_view = [0, 0, 0.01, 0.39, 0.4, 0.6, 0.79, 0.8, 1], [False, True, *[True] * 7]
    assert visibility(fraction, in_view).tolist() == [0, 1, 2, 2, 3, 4, 4, 5, 5]
    assert len(statistics.VISIBILITY) == 6


def test_attribute_values():
    assert attribute_values("clothing", "tee, shorts") == ["tee", "shorts"]
    assert attribute_values("age_years", "37") == ["30 to 40"] and attribute_values("age_years", "40") == ["40 to 50"]
    assert attribute_values("height_m", "1.7") == ["1.7 to 1.8"] and attribute_values("height_m", "tall") == ["tall"]
    assert attribute_values("paint", "red, dark") == ["red, dark"]


def test_rare_values_become_others():
    counted = Statistics()
    group = counted.group("a", "", "clear", "day")
    paints = [f"paint{k:02d}" for k in range(20) for _ in range(40 - k)]
    n = len(paints)
    one = np.ones(n)
    counted.add_objects(group, Seen(one, one, one, np.ones((n, 3)), one, one > 0, [{"paint": p} for p in paints]))
    plain = counted.plain()
    names = plain["attribute_values"][0]
    counts = {names[value]: k for *_, value, k in plain["attributes"]}
    assert counts["paint00"] == 40 and counts["paint11"] == 29 and "paint12" not in counts
    assert counts["others"] == sum(40 - k for k in range(12, 20)) and sum(counts.values()) == n


def test_scenarios_beyond_the_most_are_one():
    counted = Statistics()
    numbers = [counted.group(f"s{k}", "", "clear", "day") for k in range(statistics.MOST_SCENARIOS + 5)]
    assert len(counted.groups) == statistics.MOST_SCENARIOS + 1 and len(set(numbers[-5:])) == 1
    assert counted.group("s0", "", "clear", "day") == 0


@pytest.mark.parametrize(
    "weather, sun, found",
    [
        ("{}", 40, ("clear", "day")),
        ("{cloud_cover: 0.9}", 9, ("overcast", "low sun")),
        ("{visibility_m: 999}", -1, ("fog", "twilight")),
        ("{visibility_m: 4000, cloud_cover: 1}", -7, ("haze", "night")),
        ("{rain_mm_per_h: 2, visibility_m: 500}", 0, ("rain", "low sun")),
        ("{snow_mm_per_h: 1, rain_mm_per_h: 1}", 10, ("snow", "day")),
        ("fog_dense", 50, ("fog", "day")),
        ("{rain_mm_per_h: much}", 50, ("unknown", "unknown")),
    ],
)
def test_conditions(weather, sun, found):
    asked = conditions(f"weather: {weather}\nlight: {{sun_elevation_deg: {sun}}}\n")
    assert (asked.weather, asked.light) == found
    assert conditions("- a list").weather == "unknown" and conditions("a: [").light == "unknown"
    assert "rain 2 mm/h, visibility 500 m" in conditions("weather: {rain_mm_per_h: 2, visibility_m: 500}").told


def test_a_dataset_is_counted(tmp_path):
    frames = [report_data.frame(0), report_data.frame(1, objects=(CAR, HIDDEN), fog=0)]
    counted, parts = collect(source(report_data.dataset(tmp_path / "set", frames, report_data.yaml(rain=3))))
    (group,) = counted.groups
    assert (group.scenario, group.split, group.weather, group.light) == ("made_up", "", "rain", "day")
    assert (group.frames, group.images, group.sweeps, group.points, group.tracks) == (2, 4, 2, 400, 3)
    # CAR: 13 m away, 90 % visible, 40 points; BEHIND: 60 m, out of view, none; HIDDEN: 25 m, in the image, 3 points.
    assert counted.objects == {(0, CAR_ID, 1, 5, 4): 2, (0, CAR_ID, 4, 0, 0): 1, (0, PERSON_ID, 2, 1, 1): 2}
    assert counted.points == {(0, ROAD_ID, 0, 1): 390, (0, NOISE_ID, taxonomy.hits()["fog"], 0): 10}
    # A car is 4.5 x 1.8 x 1.5 m: 3 to 5, 1.5 to 2, 1.5 to 2.
    cars = {(k, b): n for (_, c, _, k, b), n in counted.sizes.items() if c == CAR_ID and n == 2}
    assert cars == {(0, 9): 2, (1, 7): 2, (2, 7): 2}
    plain = counted.plain()
    told = {(plain["attribute_names"][k], plain["attribute_values"][k][v]): n for _, _, _, k, v, n in plain["attributes"]}
    assert told["age_years", "30 to 40"] == 2 and told["clothing", "shorts"] == 2 and told["model", "sedan"] == 2
    assert parts[0].indices == (0, 1) and not counted.times


def test_a_batch_is_counted_shard_by_shard(tmp_path):
    wet, dry = report_data.yaml(rain=3), report_data.yaml(far=300, sun=-10)
    shards = [
        ("a-000000-wet", "train", "a", "wet", wet, [report_data.frame(k) for k in range(3)], 6.0),
        ("a-000001-wet", "train", "a", "wet", wet, [report_data.frame(0)], 4.0),
        ("a-000001-dry", "val", "a", "dry", dry, [report_data.frame(0, objects=(BEHIND,))], 1.5),
    ]
    found = source(report_data.batch(tmp_path / "b", shards, missing=2))
    assert found.notes == ["2 of 5 shards of this batch are not there yet."] and found.name == "made_up_batch"
    steps = []
    counted, parts = collect(found, lambda: steps.append(1))
    assert len(steps) == 3 and [p.twin for p in parts] == ["wet", "wet", "dry"]
    known = {(g.split, g.weather, g.light): (g.frames, g.tracks) for g in counted.groups}
    assert known == {("train", "rain", "day"): (4, 6), ("val", "fog", "night"): (1, 1)}
    assert counted.times == {(0, 5): 2, (1, 4): 1}  # 2 and 4 s a frame are in the bin from 2 to 5, 1.5 in that from 1 to 2
    assert counted.spent == {0: [4, 10.0, 5.0], 1: [1, 1.5, 0.75]}


def test_frames_are_chosen_evenly(tmp_path):
    frames = [report_data.frame(i) for i in range(2)]
    shards = [(f"a-{k:06d}", "train", "a", "", report_data.yaml(), frames, 1.0) for k in range(5)]
    _, parts = collect(source(report_data.batch(tmp_path / "b", shards)))
    assert chosen(parts, 100) == [(k, i) for k in range(5) for i in range(2)]
    assert chosen(parts, 5) == [(k, 1) for k in range(5)] and chosen(parts, 1) == [(2, 1)]
    sizes = {0: 100, 1: 300}  # frames 1 are longer
    texts = fitting(parts, 10, 1300, lambda part, index: "x" * sizes[index])
    assert sum(map(len, texts)) <= 1300 and len(texts) >= 3
    assert len(fitting(parts, 10, 10, lambda part, index: "x" * 100)) == 1


def test_a_frame_is_encoded(tmp_path):
    _, (part,) = collect(source(report_data.dataset(tmp_path / "set", [report_data.frame(4)])))
    found = encoded(part, 4)
    car = found["objects"][0]
    assert car[:3] == [CAR_ID, 1, "thing_0 </script>"] and car[10:] == [4.5, 1.8, 1.5, 40, 1, 5]
    np.testing.assert_allclose(car[3:6], [12, 5, 0.75], atol=0.006)
    yaw = 2 * np.arctan2(car[9], car[6])
    np.testing.assert_allclose(yaw, 0, atol=1e-3)  # it heads where the ego does
    assert [c["name"] for c in found["cameras"]] == ["front", "left"]
    assert found["cameras"][0]["boxes"] == [[0, 10, 10, 30, 24, 90]] and not found["cameras"][1]["boxes"]
    points = np.frombuffer(base64.b64decode(found["points"]), POINT)
    assert len(points) == found["points_total"] == 200
    np.testing.assert_allclose(np.hypot(*points["xyz"][:190, :2].T.astype(float)) / 100, 15, atol=0.01)
    assert set(points["hit"][190:]) == {taxonomy.hits()["fog"]} and points["intensity"][0] == 128


def test_what_radars_found_is_encoded(tmp_path):
    _, (part,) = collect(source(report_data.dataset(tmp_path / "set", [report_data.frame(0, radar=True)])))
    car, post = encoded(part, 0)["echoes"]
    assert car == [CAR_ID, 13, 0, 0.5, -4, 0, 0]
    assert post == [taxonomy.class_id("pole"), 3, 5, 0.5, 0, 0, 0]


def test_points_are_thinned_across_beams(tmp_path, monkeypatch):
    monkeypatch.setattr("scenesim.report.frames.MOST_POINTS", 1000)
    _, (part,) = collect(source(report_data.dataset(tmp_path / "set", [report_data.frame(0, points=8192, fog=0)])))
    found = encoded(part, 0)
    assert abs(found["points_shown"] - 1000) < 10 and found["points_total"] == 8192
    xy = np.frombuffer(base64.b64decode(found["points"]), POINT)["xyz"][:, :2].astype(float)
    number = np.rint(np.arctan2(xy[:, 1], xy[:, 0]) / (2 * np.pi) * 8192).astype(int) % 8192
    for beams in (16, 32, 64):  # points of a lidar that fires its beams in turn: all keep some
        beam = np.bincount(number % beams, minlength=beams)
        assert beam.min() > 0.5 * 1000 / beams, f"{beams} beams: {beam}"


# ---- bad input


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output


def test_mistakes_are_told(tmp_path):
    (tmp_path / "empty").mkdir()
    whole = report_data.dataset(tmp_path / "set", [report_data.frame()])
    torn = report_data.dataset(tmp_path / "torn", [report_data.frame()])
    (torn / "frames/000000/objects.parquet").write_bytes(b"PAR1 nonsense")
    for arguments, words in [
        (("report", tmp_path / "nowhere"), "no such folder"),
        (("report", tmp_path / "empty"), "neither a dataset"),
        (("report", report_data.dataset(tmp_path / "none", [])), "holds no frames"),
        (("report", report_data.batch(tmp_path / "begun", [], missing=3)), "no shard of this batch is done yet"),
        (("report", torn), "objects.parquet: this file of the dataset is missing or damaged"),
        (("report", whole, "-o", tmp_path / "no" / "page.html"), "its folder does not exist"),
        (("report", whole, "-o", tmp_path), "this is a folder"),
        (("view", tmp_path / "empty"), "neither a dataset"),
    ]:
        code, output = run(*arguments)
        assert code == 2 and words in output and "Traceback" not in output, output
    assert not list(torn.glob("*.html")) and not list(torn.glob(".report*"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_is_not_to_be_written_to(tmp_path):
    whole = report_data.dataset(tmp_path / "set", [report_data.frame()])
    whole.chmod(0o555)
    try:
        code, output = run("report", whole)
    finally:
        whole.chmod(0o755)
    assert code == 2 and "no permission" in output


def test_a_report_in_a_dataset_is_no_stranger_to_it(tmp_path):
    """It may be thrown away with the dataset, and is no part of what is verified."""
    shards = [("a-000000", "train", "a", "", report_data.yaml(), [report_data.frame()], 1.0)]
    home = report_data.batch(tmp_path / "b", shards) / "native/train/a-000000"
    assert run("report", home)[0] == 0 and (home / "report.html").is_file()
    assert not [line for line in verify(home).wrong if "report" in line]
    lone = report_data.dataset(tmp_path / "set", [report_data.frame()])
    assert run("report", lone)[0] == 0
    with NativeWriter(lone, scenario_yaml=report_data.yaml(), version="1.2.3", overwrite=True) as writer:
        writer.write(report_data.frame())
    assert not (lone / "report.html").exists()


def test_the_same_dataset_gives_the_same_page(tmp_path):
    folder = report_data.dataset(tmp_path / "set", [report_data.frame(k) for k in range(3)])
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        assert run("report", folder, "-o", page)[0] == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_source_of_what_is_no_dataset(tmp_path):
    (tmp_path / "INCOMPLETE").write_bytes(b"")
    with pytest.raises(InputError, match="cut short"):
        source(tmp_path)


def test_a_scenario_in_a_folder_named_report_is_a_scenario(tmp_path):
    """The page's files lie in assets/report; a user's own folder of that name holds no assets of a kind."""
    (tmp_path / "report").mkdir()
    path = tmp_path / "report" / "a.yaml"
    path.write_text("name: a\nroad: {place: {kind: strait}}\n")
    code, output = run("check", path)
    assert code == 2 and 'did you mean "straight"' in output
