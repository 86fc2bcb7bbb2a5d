"""The shipped scenario of lost cargo: what lies there, who moves, what the labels are told."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base import document
from scenesim.base.errors import InputError
from scenesim.models import catalogue
from scenesim.models.model import GAIT_RAD, SPEED_M_S
from scenesim.scenario import load, roads
from scenesim.world.road import RoadMap
from scenesim.world.simulate_actors import simulate


@pytest.fixture(scope="module")
def played():
    scenario = load.load("lost_cargo", ["traffic.vehicles=0"])
    timeline = simulate(scenario, RoadMap(roads.network(scenario.road)))
    return scenario, timeline, {a.name: k for k, a in enumerate(timeline.actors)}


def test_everything_lies_on_the_road_where_it_was_put(played):
    scenario, timeline, row = played
    kinds = {n: timeline.actors[k].model.kind for n, k in row.items()}
    assert sum(k == "debris" for k in kinds.values()) >= 8 and kinds["deer"] == "animal"
    state = timeline.state_at(0.0)
    for actor in scenario.actors:
        if actor.stand is None:
            continue
        at = state.world_from_actor.translation[row[actor.name]]
        assert abs(at[2]) < 0.05 and abs(at[1]) < 12.0
        ahead = at[0] - state.world_from_actor.translation[0, 0]
        assert ahead == pytest.approx(actor.stand.at.ahead_m, abs=0.01)


def test_the_ego_stops_short_of_what_lies_in_its_lane(played):
    _, timeline, row = played
    ego = catalogue.build(timeline.actors[0].model).model
    end = timeline.state_at(float(timeline.time_s[-1])).world_from_actor.translation
    front = end[0, 0] + ego.box_center_m[0] + ego.size_lwh_m[0] / 2
    for name, k in row.items():
        model = catalogue.build(timeline.actors[k].model).model
        reach = np.hypot(*model.size_lwh_m[:2]) / 2
        if timeline.actors[k].model.kind == "debris" and abs(end[k, 1] - end[0, 1]) < 1.0 + reach:
            assert end[k, 0] - reach > front, name


def test_the_deer_walks_and_the_bag_drifts(played):
    _, timeline, row = played
    deer, bag = row["deer"], row["bag"]
    first, last = timeline.state_at(0.0), timeline.state_at(2.0)
    moved = last.world_from_actor.translation - first.world_from_actor.translation
    assert np.hypot(*moved[deer][:2]) == pytest.approx(1.6, abs=0.05)
    assert np.hypot(*moved[bag][:2]) == pytest.approx(5.0, abs=0.1)
    assert timeline.articulation[deer][5, SPEED_M_S] == pytest.approx(0.8)
    assert np.ptp(timeline.articulation[deer][:, GAIT_RAD]) > np.pi
    assert not timeline.lamps[bag].any()


def test_lost_cargo_neither_walks_nor_drives():
    text = "name: x\nactors:\n  - {name: a, model: %s, %s}\n"
    walk = "walk: {start: {ahead_m: 9}, to: {ahead_m: 20}}"
    for model, does, message in (
        ("sofa", walk, "a sofa does not walk; give it follow_line or stand"),
        ("sofa", "follow_lane: {}", "a sofa does not drive in lanes; give it follow_line or stand"),
        ("deer", "follow_lane: {}", "a deer does not drive in lanes; give it walk, follow_line or stand"),
    ):
        with pytest.raises(InputError, match=message):
            load.check(document.parse(text % (model, does), "x.yaml"))
