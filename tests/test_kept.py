"""What is kept on disk: found again, made again when what it follows from changed, and never more than its share."""

from __future__ import annotations

import numpy as np
import pytest

import scenesim
from scenesim import setting, simulate
from scenesim.models import kept
from scenesim.models.model import CHANNELS, part_pose
from scenesim.scenario.roads import identity, network
from scenesim.world.road import RoadMap


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    return tmp_path


def test_a_value_is_made_once_for_its_arguments_and_code(own_cache):
    made = []
    for arguments, code in ((1, "a"), (1, "a"), (2, "a"), (1, "b"), (2, "a")):
        assert kept.kept("things", code, arguments, lambda a=arguments: made.append(a) or a) == arguments
    assert made == [1, 2, 1]


def test_a_file_that_was_cut_off_is_made_again(own_cache):
    kept.kept("things", "a", 1, lambda: "whole")
    (path,) = own_cache.glob("things/a/*.pickle")
    path.write_bytes(path.read_bytes()[:5])
    assert kept.kept("things", "a", 1, lambda: "again") == "again"


def test_the_least_used_go_when_a_group_is_full(own_cache, monkeypatch):
    monkeypatch.setitem(kept.GROUP_BYTES, "settings", 2500)
    clock = iter(range(100, 200))
    utime = kept.os.utime
    monkeypatch.setattr(kept.os, "utime", lambda path: utime(path, ns=(t := next(clock) * 10**9, t)))

    def use(name: str, makes: list[str]) -> None:
        kept.kept("settings", "code", name, lambda: makes.append(name) or bytes(1000))
        newest = max(own_cache.glob("settings/*/*"), key=lambda p: p.stat().st_mtime)
        if name in makes:
            kept.os.utime(newest)  # writing takes the machine's clock: put it on that of the test

    made: list[str] = []
    for name in ("first", "second", "first", "third"):
        use(name, made)
    assert made == ["first", "second", "third"]
    use("first", made)
    assert made == ["first", "second", "third"], "what was used last is still there"
    use("second", made)
    assert made == ["first", "second", "third", "second"], "what was not used for longest has gone"
    assert sum(p.stat().st_size for p in own_cache.glob("settings/*/*")) <= 2500


def test_a_scenario_that_comes_again_is_the_same_and_is_not_made_again(own_cache, monkeypatch):
    scenario = scenesim.load("first_light", ["duration_s=0.2", "surroundings.reach_m=60"])
    road_map = RoadMap(network(scenario.road))

    def both():
        timeline = simulate.timeline(scenario)
        return timeline, setting.placements(scenario, road_map, timeline)

    timeline, placed = both()
    monkeypatch.setattr(setting.simulate_actors, "simulate", lambda *a: pytest.fail("simulated again"))
    monkeypatch.setattr(setting.ground, "build", lambda *a: pytest.fail("built again"))
    again, placed_again = both()
    np.testing.assert_array_equal(again.world_from_actor.vector(), timeline.world_from_actor.vector())
    assert again.actors == timeline.actors
    assert [(p.class_name, p.request, p.name) for p in placed_again] == [(p.class_name, p.request, p.name) for p in placed]
    for p, q in zip(placed, placed_again):
        if p.mesh is not None:
            np.testing.assert_array_equal(p.mesh.vertices, q.mesh.vertices)
            np.testing.assert_array_equal(p.tree.nodes, q.tree.nodes)


def test_another_seed_weather_or_map_is_another_scenario(own_cache, monkeypatch):
    made = []
    monkeypatch.setattr(setting.simulate_actors, "simulate", lambda s, road_map: made.append(s) or len(made))
    base = ["duration_s=0.2"]
    for change in ([], ["seed=6"], ["weather.rain_mm_per_h=3"], ["frame_rate_hz=20"], ["road.place.lane_width_m=3.1"], []):
        simulate.timeline(scenesim.load("first_light", base + change))
    assert len(made) == 5


def test_a_map_is_known_by_its_bytes(tmp_path):
    path = tmp_path / "map.xodr"
    path.write_text("<OpenDRIVE/>")
    source = scenesim.load("first_light").road.model_copy(update={"opendrive": str(path), "place": None})
    before = identity(source)
    path.write_text("<OpenDRIVE> </OpenDRIVE>")
    assert identity(source) != before


def test_boxes_hold_every_vertex():
    from scenesim.models import catalogue, extremes

    for request in (catalogue.ModelRequest("vehicle", "sedan"), catalogue.ModelRequest("roadside", "traffic_light")):
        model = catalogue.build(request).model
        still = np.zeros(len(CHANNELS))
        found = extremes.points(request, model, still)
        every = np.concatenate([part_pose(p, still).apply(p.mesh.vertices) for p in model.parts])
        assert len(found) < len(every) / 2
        np.testing.assert_allclose([found.min(0), found.max(0)], [every.min(0), every.max(0)], atol=1e-3)
