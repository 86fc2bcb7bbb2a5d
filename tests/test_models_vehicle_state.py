"""Vehicles that something has happened to: doors open, on their roof, hit, under snow."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenesim.base import document
from scenesim.base.errors import InputError
from scenesim.models import extremes, vehicle
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import DOOR, part_pose, rest
from scenesim.scenario import load
from scenesim.world import track


def parse(text):
    return load.check(document.parse(text, "f.yaml"))


@cache
def built(name, **options):
    return vehicle.build(name, **options)


def posed(model, articulation):
    return np.concatenate([part_pose(p, articulation).apply(p.mesh.vertices) for p in model.parts])


def test_a_door_swings_out_at_its_front_edge_and_the_box_goes_with_it():
    model = built("sedan", door="left")
    (door,) = [p for p in model.parts if p.name == "door_left"]
    request = ModelRequest("vehicle", "sedan", 0, (("door", "left"),))
    sides = []
    for u in (0.0, 0.4, 1.0):
        a = rest()
        a[DOOR] = u
        few, v = extremes.points(request, model, a), posed(model, a)
        assert np.abs(few.min(0) - v.min(0)).max() < 2e-3 and np.abs(few.max(0) - v.max(0)).max() < 2e-3
        sides.append(v[:, 1].max())
    assert sides[0] == pytest.approx(model.size_lwh_m[1] / 2, abs=1e-6)
    assert 0.6 < sides[2] - sides[0] < 1.1  # a door is about a metre long
    a = rest()
    hinge = [part_pose(door, a).apply(np.zeros(3))]
    a[DOOR] = 1.0
    assert np.allclose(part_pose(door, a).apply(np.zeros(3)), hinge[0])
    assert dict(model.attributes)["door"] == "closed"


def test_an_open_side_has_lost_what_the_door_is_made_of():
    plain, opened = built("sedan"), built("sedan", door="left")
    rays = [(x, 2.0, z) for x in np.linspace(1.0, 1.7, 8) for z in (0.5, 0.7)]  # from the left, where the door was

    def nearest(part):
        v, t = part.mesh.vertices, part.mesh.triangles
        middle = v[t].mean(1)
        out = [middle[(np.abs(middle[:, 0] - x) < 0.08) & (np.abs(middle[:, 2] - z) < 0.08), 1].max() for x, _, z in rays]
        return np.median(out)

    assert nearest(plain.parts[0]) > 0.8 > nearest(opened.parts[0])


@pytest.mark.parametrize(("name", "on", "state"), [("hatchback", "roof", "overturned"), ("bicycle", "left", "on_its_side")])
def test_who_lies_is_on_the_ground(name, on, state):
    upright, lies = built(name), built(name, lies=on)
    v = posed(lies, rest())
    assert -0.02 < v[:, 2].min() < 0.02
    assert lies.size_lwh_m[0] == pytest.approx(upright.size_lwh_m[0], abs=0.15)
    if on == "roof":  # wheels on top
        assert min(part_pose(p, rest()).translation[2] for p in lies.parts if p.name.startswith("wheel")) > 1.0
    assert dict(lies.attributes)["state"] == state and dict(lies.attributes)["driver"] == "false"


def test_a_front_that_was_hit_is_shorter_with_a_dark_lamp_and_snow_lies_on_top():
    plain, hit, snowy = built("sedan"), built("sedan", hit="front"), built("sedan", snow=True)
    front = [m.parts[0].mesh.vertices[m.parts[0].mesh.vertices[:, 1] > 0.4, 0].max() for m in (plain, hit)]
    assert 0.15 < front[0] - front[1] < 0.7
    assert len(hit.lamps) == len(plain.lamps) - 1
    assert 0.02 < snowy.size_lwh_m[2] - plain.size_lwh_m[2] < 0.10
    assert "object_snow" in {s.material for s in snowy.parts[0].mesh.surfaces}


def test_doors_open_when_they_are_told_to():
    times = np.arange(0.0, 3.0, 0.05)
    u = track.opening(times, 1.0)
    assert (u[times <= 1.0] == 0).all() and (u[times >= 2.0] == 1).all() and (np.diff(u) >= 0).all()
    assert (track.opening(times, None) == 1).all()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("sedan", "{door: lefft}", 'did you mean "left"'),
        ("bus", "{door: left}", "is for cars"),
        ("sedan", "{dor: left}", 'did you mean "door"'),
        ("sedan", "{snow: 1}", "true or false"),
    ],
)
def test_what_there_is_not_is_refused(model, options, message):
    text = f"name: x\nactors:\n  - {{name: a, model: {model}, options: {options}, stand: {{at: {{ahead_m: 9, left_m: 3}}}}}}\n"
    with pytest.raises(InputError, match=message):
        parse(text)


def test_who_lies_does_not_drive_and_what_is_shut_does_not_open():
    for line, message in (
        ("options: {lies: roof}, follow_lane: {}", "does not drive"),
        ("stand: {at: {ahead_m: 9, left_m: 3}, opens_s: 1}", "nothing opens"),
    ):
        with pytest.raises(InputError, match=message):
            parse(f"name: x\nactors:\n  - {{name: a, model: sedan, {line}}}\n")
