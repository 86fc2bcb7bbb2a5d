"""Who is on foot: balanced as the scenario says, and told in the labels."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy import stats

import scenesim
from scenesim import simulate
from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.base.keys import Key, derive, generator
from scenesim.models import catalogue, identity
from scenesim.models.model import SPEED_M_S, WHEEL_M
from scenesim.scenario.model import Population
from scenesim.world import company, population

DRAWS = 2000
MIX = assets.read("traffic", "mix")["walking"]


def drawn(asked: Population) -> list[identity.Identity]:
    """The people of many draws."""
    found = []
    for n in range(DRAWS):
        request = population.passer_by(asked, MIX, generator(derive(Key(7), n)), derive(Key(8), n))
        found.append(identity.draw(request.name, Key(request.key), dict(request.options)))
    return found


def fits(seen: list, shares: dict) -> bool:
    """Chi-squared: whether draws may come from shares."""
    count, total = Counter(seen), sum(shares.values())
    assert set(count) <= set(shares)
    expected = [DRAWS * s / total for s in shares.values()]
    return stats.chisquare([count[name] for name in shares], expected).pvalue > 1e-3


@pytest.mark.parametrize("preset", ["census", "uniform"])
def test_a_preset_draws_its_shares(preset):
    asked, told = drawn(Population.model_validate(preset)), assets.read("populations", preset)
    assert fits([who.age_group for who in asked], told["age"])
    assert fits(["f" if who.figure.female else "m" for who in asked], told["sex"])
    assert fits([who.skin_tone for who in asked], told["skin_tone"])
    other = assets.read("populations", "uniform" if preset == "census" else "census")
    assert not fits([who.age_group for who in asked], other["age"]), "the test tells presets apart"


def test_what_differs_from_a_preset_and_what_is_left_out():
    dark = drawn(Population.model_validate({"preset": "uniform", "skin_tone": {9: 1, 10: 3}}))
    assert fits([who.skin_tone for who in dark], {9: 1, 10: 3})
    assert fits([who.age_group for who in dark], assets.read("populations", "uniform")["age"])
    old = drawn(Population.model_validate({"age": {"senior": 1}}))
    assert {who.age_group for who in old} == {"senior"} and len({who.skin_tone for who in old}) > 5


def test_no_population_is_the_usual_traffic():
    asked = Population()
    requests = [population.passer_by(asked, MIX, generator(derive(Key(7), n)), derive(Key(8), n)) for n in range(DRAWS)]
    assert fits([r.name for r in requests], MIX)
    assert {name for r in requests for name, _ in r.options} == {"mobility", "carries"}
    assert 0.7 < sum(not r.options for r in requests) / DRAWS < 0.9  # most have nothing with them


def test_attributes_tell_who_was_drawn():
    request = population.passer_by(
        Population.model_validate({"age": {"child": 1}, "sex": {"f": 1}, "skin_tone": {7: 1}}), MIX, generator(Key(3)), Key(4)
    )
    told = dict(catalogue.build(request).model.attributes)
    assert (told["age_group"], told["sex"], told["skin_tone_monk"]) == ("child", "female", "7")


def test_the_timeline_has_the_people_that_were_asked_for():
    asked = ["population={preset: uniform, age: {child: 1}}", "traffic.pedestrians=4", "duration_s=0.2"]
    scenario = scenesim.load("first_light", asked)
    walking = [a for a in simulate.timeline(scenario).actors if a.name.startswith("pedestrian_")]
    assert walking and {a.model.name for a in walking if "_" not in a.name[11:]} == {"child"}


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("population=unifrom", 'did you mean "uniform"'),
        ("population.age.elder=1", "elder"),
        ("population.skin_tone={11: 1}", "11"),
        ("population.sex={f: 0}", "no share is above 0"),
        ("population.age={child: -1}", "child"),
    ],
)
def test_a_mistake_is_told(override, told):
    with pytest.raises(InputError, match=told):
        scenesim.load("first_light", [override])


def test_mobility_follows_its_shares_and_leaves_the_rest_alone():
    for preset in ("census", "uniform"):
        told = assets.read("populations", preset)
        asked = drawn(Population.model_validate(preset))
        assert fits([who.mobility for who in asked], told["mobility"])
        plain = drawn(Population.model_validate({**{k: told[k] for k in ("age", "sex", "skin_tone")}}))
        assert [w.skin_tone for w in asked] == [w.skin_tone for w in plain]
        assert [w.figure for w in asked] == [w.figure for w in plain]
        assert {w.carries for w in asked if w.mobility != "none"} == {"none"}


def test_usual_mobility_and_loads_go_with_age():
    usual = assets.read("traffic", "on_foot")
    for age in ("adult", "senior"):
        who = drawn(Population.model_validate({"age": {age: 1}}))
        assert fits([w.mobility for w in who], usual["mobility"][age])
        free = [w.carries for w in who if w.mobility == "none"]
        shares = usual["carries"][age]
        count = Counter(free)
        expected = [len(free) * s / sum(shares.values()) for s in shares.values()]
        assert stats.chisquare([count[n] for n in shares], expected).pvalue > 1e-3


def test_what_is_pushed_keeps_its_place():
    asked = [
        "actors=[{name: a, model: adult_woman, options: {carries: pram, outfit: casual}, "
        "walk: {start: {ahead_m: 8, left_m: 3}, to: {ahead_m: 8, left_m: -3}}}]",
        "traffic={}", "duration_s=1",
    ]  # fmt: skip
    timeline = simulate.timeline(scenesim.load("first_light", asked))
    names = [a.name for a in timeline.actors]
    who, what = names.index("a"), names.index("a_pram")
    apart = timeline.world_from_actor.translation[what] - timeline.world_from_actor.translation[who]
    ahead = timeline.world_from_actor[who].rotate([1.0, 0.0, 0.0])
    place = company.manner.company(dict(catalogue.build(timeline.actors[who].model).model.attributes), 0)
    assert abs((apart * ahead).sum(1) - place.ahead_m).max() < 1e-6
    rolled = timeline.articulation[what, :, WHEEL_M]
    assert rolled[-1] > 1.0 and abs(rolled[-1] - timeline.articulation[who, :, SPEED_M_S][0] * timeline.time_s[-1]) < 0.05
