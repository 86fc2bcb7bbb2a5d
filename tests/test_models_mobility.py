"""People who get about otherwise than on two free legs, and what they wheel along: closed, sized, and on the ground."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.base.keys import Key
from scenesim.geometry.mesh import open_edges
from scenesim.models import aids, arms, catalogue, extremes, manner, material, pedestrian, posture
from scenesim.models.body_shape import JOINT
from scenesim.models.model import FALL, GAIT_RAD, LEAD, SPEED_M_S, WHEEL_M, part_pose, rest
from scenesim.models.skeleton import IN_FIST, UNDER_PALM

ADULT = "adult_man"


@cache
def person(name: str = ADULT, **options):
    return pedestrian.build(name, Key(1), outfit=options.pop("outfit", "casual"), **options)


def moved(phase: float = 0.0, speed: float = 0.0, way: float = 0.0, fall: float = 0.0):
    a = rest()
    a[GAIT_RAD], a[SPEED_M_S], a[WHEEL_M], a[FALL] = phase, speed, way, fall
    return a


def fist(walker, turned, at, side: str, e: float):
    """(3,) what a hand closes about, of a posed skeleton: from the wrist along the hand, and off its palm."""
    rest_hand = walker.rest[JOINT[f"hand_{side}"]] - walker.rest[JOINT[f"forearm_{side}"]]
    d = rest_hand / np.linalg.norm(rest_hand)
    palm = e * np.cross([0.0, 1.0, 0.0], d)
    return at[JOINT[f"hand_{side}"]] + turned[JOINT[f"hand_{side}"]] @ (IN_FIST * d + UNDER_PALM * palm) * walker.hand_m


KINDS = [("mobility", m) for m in manner.MOBILITY[1:]] + [("carries", c) for c in manner.CARRIES[1:]]
KINDS += [("posture", p) for p in manner.POSTURES[1:]]


@pytest.mark.parametrize(("option", "value"), [k for k in KINDS if k[1] != "held_by_hand"])
def test_everybody_is_closed_stands_and_says_so(option, value):
    model = person(**{option: value})
    for part in model.parts:
        assert open_edges(part.mesh.triangles) == 0, part.name
        assert {s.material for s in part.mesh.surfaces} <= set(material.names())
    assert len(model.parts[0].mesh.triangles) <= 16500
    assert sum(len(p.mesh.triangles) for p in model.parts[1:]) < 12000
    assert dict(model.attributes)[option] == value
    low = min(p.mesh.transformed(part_pose(p, rest())).bounds()[0][2] for p in model.parts if p.name != LEAD)
    assert abs(low) < 0.012


@pytest.mark.parametrize(
    ("options", "pose"),
    [
        ({"mobility": "wheelchair"}, moved(1.0, 1.1, 3.0)),
        ({"mobility": "walker"}, moved(2.0, 0.7, 1.0)),
        ({"mobility": "white_cane"}, moved(4.0, 1.0)),
        ({"carries": "dog"}, moved(1.0, 1.2)),
        ({"posture": "lie"}, moved()),
        ({}, moved(1.0, 1.2, fall=0.4)),
        ({}, moved(1.0, 1.2, fall=1.0)),
    ],
)
def test_the_box_is_tight(options, pose):
    request = catalogue.ModelRequest("person", ADULT, 1, tuple(sorted({"outfit": "casual", **options}.items())))
    model = catalogue.build(request).model
    found = extremes.points(request, model, pose)
    every = np.concatenate(
        [part_pose(p, pose).apply(p.skin.vertices(pose) if p.skin else p.mesh.vertices) for p in model.parts if p.name != LEAD]
    )
    assert np.abs(found.min(0) - every.min(0)).max() < 1e-3 and np.abs(found.max(0) - every.max(0)).max() < 1e-3


def test_a_wheelchair_has_the_size_of_a_published_one():
    parts = aids.wheelchair(1.0, (0.1, 0.1, 0.1))
    corners = np.stack([p.mesh.transformed(p.model_from_part).bounds() for p in parts])
    length, width, height = corners[:, 1].max(0) - corners[:, 0].min(0)
    # Adult manual chairs: 1.05 m long with footrests, 0.65 m wide, 0.93 m high (ISO 7176-5 and makers' sheets).
    assert abs(length / 1.05 - 1) < 0.03 and abs(width / 0.65 - 1) < 0.03 and abs(height / 0.93 - 1) < 0.03


def test_wheels_roll_as_far_as_the_person_goes():
    model = person(mobility="wheelchair")
    wheels = {p.name: p for p in model.parts if p.joints}
    assert len(wheels) == 4
    for part in wheels.values():
        radius = float(part.model_from_part.translation[2])
        (joint,) = part.joints
        assert abs(joint.factor * radius - 1) < 1e-9
        top = np.array([0.0, 0.0, radius])
        a, b = (part_pose(part, moved(way=w)).apply(top) for w in (0.0, 0.01))
        assert (b - a)[0] > 0.0099  # the top of a wheel goes forward


def test_hands_go_with_the_rim():
    w = person(mobility="wheelchair").parts[0].skin.walker
    hub, radius = np.array(w.arms[0].at), w.arms[0].length_m
    share = (arms.LET_GO_RAD - arms.HOLD_RAD) * radius * arms.ROLLS_PER_RIM / arms.CYCLE_M
    for side, e in (("r", 1.0), ("l", -1.0)):
        off = []
        for c in np.linspace(0.0, share * 0.999, 12):
            held = fist(w, *posture.pose(w, moved(2 * np.pi * c)), side, e)
            angle = arms.HOLD_RAD + c * arms.CYCLE_M / (radius * arms.ROLLS_PER_RIM)
            on_rim = hub * [e, 1, 1] + radius * np.array([0.0, np.sin(angle), np.cos(angle)])
            off.append(np.linalg.norm(held - on_rim))
        assert max(off) < 0.01


@pytest.mark.parametrize("mobility", ["walking_stick", "crutches"])
def test_a_stick_stays_where_it_is_put(mobility):
    model = person("older_man", mobility=mobility)
    w, speed = model.parts[0].skin.walker, 0.8
    stride, arm = pedestrian.stride_m(model, speed), w.arms[0]
    tips = []
    for c in np.linspace(0.5, 0.5 + 0.6, 25):  # the stick is at the right, and goes with the left foot
        turned, at = posture.pose(w, moved(2 * np.pi * c, speed))
        bone = w.rest[JOINT["hand_r"]] - w.rest[JOINT["forearm_r"]]
        down = turned[JOINT["hand_r"]] @ (bone / np.linalg.norm(bone))
        tips.append(fist(w, turned, at, "r", 1.0) + down * arm.length_m + [0.0, (c - 0.5) * stride, 0.0])
    assert np.ptp(np.array(tips), axis=0).max() < 0.01
    assert abs(np.mean(tips, axis=0)[2]) < 0.01


def test_a_cane_touches_the_ground_ahead():
    w = person(mobility="white_cane").parts[0].skin.walker
    bone = w.rest[JOINT["hand_r"]] - w.rest[JOINT["forearm_r"]]
    side = []
    for phase in np.linspace(0, 2 * np.pi, 16):
        turned, at = posture.pose(w, moved(phase, 1.0))
        tip = fist(w, turned, at, "r", 1.0) + turned[JOINT["hand_r"]] @ (bone / np.linalg.norm(bone)) * w.arms[0].length_m
        assert abs(tip[2]) < 0.01 and tip[1] > 0.7
        side.append(tip[0])
    assert min(side) < -0.25 and max(side) > 0.35


@pytest.mark.parametrize(("carries", "bar"), [("pram", manner.PRAM_BAR), ("shopping_trolley", manner.TROLLEY_BAR)])
def test_hands_are_on_the_bar(carries, bar):
    model = person("adult_woman", carries=carries)
    company = manner.company(dict(model.attributes), 0)
    assert company is not None
    w = model.parts[0].skin.walker
    for phase in (0.0, 2.0, 4.0):
        for side, e in (("r", 1.0), ("l", -1.0)):
            held = fist(w, *posture.pose(w, moved(phase, 1.2)), side, e)
            assert abs(held[1] - (company.ahead_m - bar[0])) < 0.03 and abs(held[2] - bar[1]) < 0.03


def test_who_falls_ends_on_the_ground():
    skin = person().parts[0].skin
    tall = [np.ptp(skin.vertices(moved(0.5, 1.2, fall=f))[:, 2]) for f in (0.0, 0.3, 0.6, 1.0)]
    assert tall[0] > tall[2] > tall[3] and tall[3] < 0.45
    assert all(abs(skin.vertices(moved(0.5, 1.2, fall=f))[:, 2].min()) < 0.01 for f in (0.3, 1.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mobility": "wheelchar"}, 'did you mean "wheelchair"'),
        ({"mobility": "crutches", "carries": "pram"}, "leaves no hand"),
        ({"posture": "lie", "mobility": "walker"}, "contradict"),
    ],
)
def test_contradictions_are_told(options, message):
    with pytest.raises(InputError, match=message):
        pedestrian.build(ADULT, Key(1), **options)


def test_an_officer_stops_and_beckons():
    w = person("police_officer", outfit="police").parts[0].skin.walker
    hands = [JOINT["hand_r"], JOINT["hand_l"]]
    wrist = np.array([posture.pose(w, moved(2 * np.pi * c))[1][hands] for c in np.arange(0, 1, 0.05)])
    assert (wrist[:8, 0, 0] > 0.6).all() and (wrist[:, 1, 0] < -0.6).all()  # both arms out, and the left one stays so
    assert wrist[:, 0, 0].min() < 0.35  # the right forearm comes in
