"""Animals: sizes as published, closed coats, and a walk in which no foot slides."""

from __future__ import annotations

import time

import numpy as np
import pytest

from scenesim.base import assets, taxonomy
from scenesim.base.errors import InputError
from scenesim.base.keys import Key
from scenesim.geometry.mesh import face_normals, open_edges
from scenesim.models import animal, quadruped
from scenesim.models.model import GAIT_RAD, SPEED_M_S, rest
from scenesim.models.quadruped import BONE, DUTY, LEGS, OFFSET

BIPEDS = ["goose", "kangaroo"]
NAMES = [n for n in assets.names("animals") if n not in BIPEDS]
WALK_M_S = 1.0


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return animal.build(request.param, Key(0))


def walking(phase, speed=WALK_M_S):
    row = rest()
    row[GAIT_RAD], row[SPEED_M_S] = 2 * np.pi * phase, speed
    return row


def pieces(triangles):
    """Number of connected parts: the lowest number of a vertex spreads along the edges until nothing changes."""
    label = np.arange(triangles.max() + 1)
    while True:
        low = label[triangles].min(1)
        spread = label.copy()
        np.minimum.at(spread, triangles.ravel(), np.repeat(low, 3))
        spread = spread[spread]
        if (spread == label).all():
            return len(np.unique(label[triangles]))
        label = spread


def test_sizes_are_those_of_the_species(model):
    r, u, skin = animal.read(model.name), animal.withers_m(model), model.parts[0].skin
    v = skin.vertices(rest())
    assert u == r.withers_m
    at_withers = (np.abs(v[:, 0] - (r.trunk / 2 - 0.16) * u) < 0.05 * u) & (np.abs(v[:, 1]) < 0.03 * u) & (v[:, 2] > 0.6 * u)
    mane = (r.mane + r.wool + r.hump) * u
    assert v[at_withers, 2].max() == pytest.approx(u, abs=0.03 * u + mane)
    limbs = [BONE["loin"], BONE["chest"], *(BONE[f"{leg}_top"] for leg in LEGS)]
    trunk = v[np.isin(skin.bone[:, 0], limbs) & (v[:, 2] > 0.5 * u) & (v[:, 2] < 0.85 * u)]
    assert np.ptp(trunk[:, 0]) == pytest.approx(r.body_length_m, rel=0.03)
    assert model.class_name == "animal" and "animal" in taxonomy.classes()


def test_coats_are_closed_and_stand_on_the_ground(model):
    mesh = model.parts[0].mesh
    assert open_edges(mesh.triangles) == 0
    fur = next(k for k, s in enumerate(mesh.surfaces) if s.material == "object_fur")
    assert pieces(mesh.triangles[mesh.surface == fur]) == 1  # no leg is lost
    assert np.sqrt((face_normals(mesh.vertices, mesh.triangles) ** 2).sum(1)).min() > 2e-10
    low, high = mesh.bounds()
    assert low[2] == 0.0 and (len(model.parts) > 1 or np.allclose(high - low, model.size_lwh_m))
    feet = mesh.vertices[mesh.vertices[:, 2] < 0.01 * (high - low)[2]]
    quadrants = {(bool(x > 0), bool(y > 0)) for x, y in feet[:, :2]}
    assert len(quadrants) == 4  # all four


def test_feet_do_not_slide(model):
    skin, u = model.parts[0].skin, animal.withers_m(model)
    stride = quadruped.stride_length_m(u, WALK_M_S)
    for leg in LEGS:
        sole = (skin.bone[:, 0] == BONE[f"{leg}_fetlock"]) & (skin.weight[:, 0] > 0.9) & (skin.rest[:, 2] < 0.03 * u)
        assert sole.any()
        at = []
        for phase in OFFSET[leg] + np.linspace(0, DUTY - 1e-9, 9):
            at.append(skin.vertices(walking(phase))[sole].mean(0) + [phase * stride, 0, 0])
        assert np.abs(np.array(at) - at[0]).max() < 0.01
        lifted = skin.vertices(walking(OFFSET[leg] + DUTY + (1 - DUTY) / 2))[sole].mean(0)
        assert lifted[2] - at[0][2] > 0.05 * u


def test_who_walks_bends_but_does_not_tear_or_sink(model):
    skin, mesh = model.parts[0].skin, model.parts[0].mesh
    edge = mesh.triangles[:, [0, 1]]
    still = np.sqrt(((mesh.vertices[edge[:, 0]] - mesh.vertices[edge[:, 1]]) ** 2).sum(1))
    for phase in np.linspace(0, 1, 8, endpoint=False):
        v = skin.vertices(walking(phase))
        assert v[:, 2].min() > -0.01
        length = np.sqrt(((v[edge[:, 0]] - v[edge[:, 1]]) ** 2).sum(1))
        assert (length - still).max() < 0.12 * animal.withers_m(model)
    assert np.abs(skin.vertices(walking(0.3)) - skin.vertices(walking(1.3))).max() < 1e-9


def test_strides_grow_with_speed_up_to_what_legs_reach():
    strides = [quadruped.stride_length_m(1.0, v) for v in (0.0, 0.5, 1.0, 1.5, 5.0)]
    assert strides == sorted(strides) and strides[0] == pytest.approx(0.62) and strides[-1] == pytest.approx(0.86)


def test_coats_are_drawn_and_can_be_chosen():
    drawn = {dict(animal.build("dog", Key(k)).attributes)["coat"] for k in range(8)}
    assert len(drawn) >= 2
    white = animal.build("dog", Key(0), coat=2)
    assert dict(white.attributes)["coat"] == "white"
    with pytest.raises(InputError, match="coat 9; 0 to 3"):
        animal.build("dog", Key(0), coat=9)
    with pytest.raises(InputError, match='no option "coats"; did you mean "coat"'):
        animal.build("dog", Key(0), coats=1)


@pytest.mark.parametrize("name", BIPEDS)
def test_two_legs_carry_their_body(name):
    """Closed, on the ground, of the published height; a foot that is down stays, and nothing sinks."""
    model = animal.build(name, Key(0))
    mesh, skin, speed = model.parts[0].mesh, model.parts[0].skin, 0.8
    assert open_edges(mesh.triangles) == 0 and abs(mesh.bounds()[0][2]) < 1e-9
    fur = next(k for k, s in enumerate(mesh.surfaces) if s.material == "object_fur")
    assert pieces(mesh.triangles[mesh.surface == fur]) == 1
    assert model.size_lwh_m[2] == pytest.approx({"goose": 0.70, "kangaroo": 1.55}[name], rel=0.03)
    stride, down = animal.stride_m(model, speed), 0.4 if skin.hops else 0.5
    sole = (skin.leg[:, 0] > 0.99) & (skin.rest[:, 2] < 0.02)
    at = [skin.vertices(walking(c, speed))[sole].mean(0) + [c * stride, 0, 0] for c in np.linspace(0, down * 0.999, 9)]
    assert sole.sum() > 10 and np.ptp(np.array(at), axis=0).max() < 0.01
    assert min(skin.vertices(walking(c, speed))[:, 2].min() for c in np.linspace(0, 1, 24)) > -0.10 * model.size_lwh_m[2]
    jump = [
        np.abs(skin.vertices(walking(c, speed)) - skin.vertices(walking(c + 1e-4, speed))).max() for c in (0, 0.2, 0.3999, 0.7)
    ]
    assert max(jump) < 0.02


def test_a_rider_sits_on_a_horse():
    ridden, horse = animal.build("horse_rider", Key(0)), animal.build("horse", Key(0))
    assert {s.class_name for s in ridden.parts[1].mesh.surfaces} == {"rider"}
    assert 0.7 < ridden.size_lwh_m[2] - horse.parts[0].skin.vertices(rest())[:, 2].max() + 0.4 < 1.3
    assert dict(ridden.attributes)["rider_age_group"]


@pytest.mark.parametrize("name", [n for n in NAMES if n != "horse_rider"] + BIPEDS)
def test_animals_build_in_no_time(name):
    spent = []
    for k in range(4):
        start = time.process_time()
        animal.build(name, Key(k))
        spent.append(time.process_time() - start)
        if spent[-1] < 0.3:
            return
    raise AssertionError(f"{min(spent):.2f} s")
