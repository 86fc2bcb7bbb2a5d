"""People: bodies that are closed and of the right size, materials that exist, gaits whose feet stay where they are."""

from __future__ import annotations

import pickle
from functools import cache

import numpy as np
import pytest

from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.base.keys import Key
from scenesim.geometry.implicit import Solid, cut, mesh, refine
from scenesim.geometry.mesh import open_edges
from scenesim.models import gait, identity, material, pedestrian
from scenesim.models.body_shape import JOINT, Body, Figure
from scenesim.models.catalogue import recipes
from scenesim.models.model import GAIT_RAD, SPEED_M_S, rest

ADULT = "adult_man"
PHASES = np.linspace(0, 2 * np.pi, 48, endpoint=False)


@cache
def person(name: str, key: int = 1, **options):
    return pedestrian.build(name, Key(key), **options)


@cache
def walker(age: float = 35, female: bool = False, height: float = 1.75):
    return gait.walker(Body(Figure(age, female, height, 24.0)), 1.0)


def articulation(phase: float = 0.0, speed: float = 0.0):
    a = rest()
    a[GAIT_RAD], a[SPEED_M_S] = phase, speed
    return a


@pytest.mark.parametrize("name", recipes("person"))
def test_recipes_build_what_they_promise(name):
    model = person(name)
    part = model.parts[0]
    assert open_edges(part.mesh.triangles) == 0
    assert len(part.mesh.triangles) <= 16500
    assert {s.material for s in part.mesh.surfaces} <= set(material.names())
    assert part.mesh.color is not None and part.mesh.color.min() >= 0 and part.mesh.color.max() <= 1
    assert np.abs(np.linalg.norm(part.mesh.normals, axis=2) - 1).max() < 1e-5
    assert abs(part.mesh.bounds()[0][2]) < 0.01
    assert model.class_name == ("child" if float(dict(model.attributes)["height_m"]) < identity.CHILD_BELOW_M else "pedestrian")
    assert np.allclose(model.size_lwh_m, np.ptp(part.mesh.bounds(), axis=0))


def test_the_posed_body_is_as_tall_as_said():
    tall = person(ADULT, 3, height_m=1.80, hair="bald", hat="none", bag="none", age_years=30.0)
    sole = Body(Figure(30, False, 1.80, 24)).sole_m
    assert abs(tall.size_lwh_m[2] - (1.80 + sole)) < 0.03


def test_a_person_is_a_function_of_the_key():
    again = pedestrian.build(ADULT, Key(1))
    assert np.array_equal(again.parts[0].mesh.vertices, person(ADULT).parts[0].mesh.vertices)
    assert again.attributes == person(ADULT).attributes
    other = person(ADULT, 2)
    assert other.attributes != again.attributes
    assert other.size_lwh_m != again.size_lwh_m


def test_people_pickle():
    model = person(ADULT)
    copy = pickle.loads(pickle.dumps(model))
    a = articulation(1.0, 1.3)
    assert np.array_equal(copy.parts[0].skin.vertices(a), model.parts[0].skin.vertices(a))


def test_statures_follow_their_recipe():
    for name in ("adult_man", "older_woman"):
        mean, deviation = assets.read("people", name)["height_m"]
        h = np.array([identity.draw(name, Key(k), {}).figure.height_m for k in range(300)])
        assert abs(h.mean() - mean) < 4 * deviation / np.sqrt(len(h))
        assert 0.8 * deviation < h.std() < 1.15 * deviation


def test_draws_are_balanced():
    drawn = [identity.draw("adult_woman", Key(k), {}) for k in range(400)]
    tones = np.bincount([d.skin_tone for d in drawn], minlength=11)[1:]
    assert tones.min() > 15 and tones.max() < 75
    assert len({d.outfit for d in drawn}) == len(assets.read("people", "adult_woman")["outfits"])
    assert len({d.hair for d in drawn}) == len(assets.read("people", "adult_woman")["hair"])


def test_options_fix_what_the_key_would_draw_and_leave_the_rest():
    plain, fixed = identity.draw(ADULT, Key(5), {}), identity.draw(ADULT, Key(5), {"bag": "backpack", "top_color": "ff0000"})
    assert fixed.bag == "backpack"
    assert fixed.rgb("top")[0] > 0.7 > 0.1 > fixed.rgb("top")[1]
    assert fixed.figure == plain.figure and fixed.hair == plain.hair and fixed.outfit == plain.outfit


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("adult_mann", {}, 'did you mean "adult_man"'),
        (ADULT, {"hatt": "cap"}, 'did you mean "hat"'),
        (ADULT, {"hat": "capp"}, 'did you mean "cap"'),
        (ADULT, {"height_m": 17.5}, "from 0.7 to 2.3"),
        (ADULT, {"top_color": "red"}, "six hexadecimal digits"),
    ],
)
def test_mistakes_are_told(name, options, message):
    with pytest.raises(InputError, match=message):
        pedestrian.build(name, Key(1), **options)


def planted(vertices, low: float = 0.004):
    return vertices[:, 2] < low


@pytest.mark.parametrize(("name", "speed"), [("adult_man", 1.4), ("adult_woman", 0.6), ("child", 1.0), ("adult_man", 3.2)])
def test_the_planted_foot_stays(name, speed):
    """Sole points that touch the ground move back, against the body, as fast as the body goes."""
    model = person(name)
    skin, stride = model.parts[0].skin, pedestrian.stride_m(model, speed)
    steps = 120
    shoe = np.isin(skin.bone[:, 0], [JOINT[f"{n}_{s}"] for n in ("foot", "toe") for s in "rl"])
    posed = [skin.vertices(articulation(2 * np.pi * k / steps, speed))[shoe] for k in range(steps + 1)]
    moved = 0.0
    for k in range(steps):
        a, b = posed[k], posed[k + 1] + [stride / steps, 0, 0]
        touching = planted(a) & planted(b)
        if touching.sum() >= 8:
            moved = max(moved, float(np.median(np.linalg.norm((b - a)[touching][:, :2], axis=1))))
    assert moved < 0.004  # in a 120th of a stride
    # Over a whole stance: the mean sole points of the right foot while it is flat.
    right = np.isin(skin.bone[shoe, 0], [JOINT["foot_r"], JOINT["toe_r"]])
    flat = [k for k in range(steps // 2) if (planted(posed[k]) & right).sum() > 30]
    both = np.logical_and.reduce([planted(posed[k], 0.006) for k in flat]) & right if len(flat) > 3 else np.zeros(0, bool)
    if both.sum() > 5:
        path = np.array([(posed[k][both] + [stride * k / steps, 0, 0]).mean(0)[:2] for k in flat])
        assert np.ptp(path, axis=0).max() < 0.03


@pytest.mark.parametrize(("name", "speed"), [("adult_man", 1.4), ("older_man", 0.9), ("child", 1.1), ("teenager", 0.3)])
def test_feet_are_on_the_ground(name, speed):
    skin = person(name).parts[0].skin
    low = np.array([skin.vertices(articulation(p, speed))[:, 2].min() for p in PHASES[::2]])
    assert np.abs(low).max() < 0.01


def test_runners_fly_and_never_sink():
    skin = person(ADULT).parts[0].skin
    low = np.array([skin.vertices(articulation(p, 3.5))[:, 2].min() for p in PHASES])
    assert low.min() > -0.01
    assert low.max() > 0.02


@pytest.mark.parametrize("speed", [0.6, 1.4, 3.0])
def test_half_a_stride_later_is_the_mirror_image(speed):
    w = walker()
    mirror = np.array([JOINT[n[:-2] + {"r": "_l", "l": "_r"}[n[-1]]] if n[-2:] in ("_r", "_l") else JOINT[n] for n in JOINT])
    for phase in PHASES[::5]:
        _, a = gait.pose(w, phase, speed)
        _, b = gait.pose(w, phase + np.pi, speed)
        assert np.abs(a - b[mirror] * [-1, 1, 1]).max() < 1e-6


@pytest.mark.parametrize("speed", [0.0, 0.2, 1.0, 1.4, 2.1, 3.0, 5.0])
def test_poses_are_continuous(speed):
    w = walker()
    small = 1e-4
    for phase in np.linspace(0, 2 * np.pi, 60):
        turned, at = gait.pose(w, phase, speed)
        other, near = gait.pose(w, phase + small, speed + small * 0.1)
        assert np.abs(near - at).max() < 20 * small
        assert np.abs(other - turned).max() < 60 * small


@pytest.mark.parametrize("figure", [(35, False, 1.75), (5, True, 1.08), (80, True, 1.55)])
def test_bones_keep_their_lengths_and_legs_reach_the_feet(figure):
    w = walker(*figure)
    for speed in (0.0, 0.05, 0.7, 1.4, 1.7, 2.1, 3.5):
        duty = gait._stride(w, speed).duty
        for phase in PHASES[::4]:
            turned, at = gait.pose(w, phase, speed)
            assert np.abs(turned @ np.swapaxes(turned, 1, 2) - np.eye(3)).max() < 1e-9
            for side, late in (("r", 0.0), ("l", 0.5)):
                hip, knee, ankle = (at[JOINT[f"{n}_{side}"]] for n in ("thigh", "shank", "foot"))
                assert abs(np.linalg.norm(knee - hip) - w.segment_m) < 1e-9
                assert abs(np.linalg.norm(ankle - knee) - w.segment_m) < 1e-9
                if (phase / (2 * np.pi) + late) % 1.0 < duty:  # at 0.9995 a planted foot would be pulled along
                    assert np.linalg.norm(ankle - hip) < 2 * w.segment_m * 0.9985


def test_strides_grow_with_speed_and_with_legs():
    speeds = np.linspace(0.05, 5, 60)
    stride = np.array([gait.stride_length_m(0.93, v) for v in speeds])
    assert (np.diff(stride) > -0.02).all()  # the change to a run shortens it for a moment at most
    assert gait.stride_length_m(0.5, 1.0) < gait.stride_length_m(0.93, 1.0)
    # A grown-up at 1.35 m/s takes about 113 steps a minute (Winter 1991: 101 to 122 at natural cadence).
    assert 101 < 60 * 2 * 1.35 / gait.stride_length_m(0.93, 1.35) < 122


def test_standing_does_not_depend_on_the_phase():
    skin = person(ADULT).parts[0].skin
    assert np.allclose(skin.vertices(articulation(0.0, 0.0)), skin.vertices(articulation(2.5, 0.0)), atol=1e-9)


def test_a_sphere_from_its_field():
    ball = Solid().ellipsoid((0.1, 0, 0), (0.5, 0.5, 0.5))
    v, f = mesh(ball, (-0.5, -0.6, -0.6), (0.7, 0.6, 0.6), 0.08)
    r = np.linalg.norm(v - [0.1, 0, 0], axis=1)
    assert open_edges(f) == 0
    assert np.abs(r - 0.5).max() < 2e-3
    finer, g = refine(ball, v, f, lambda p: np.where(p[:, 2] > 0, 0.03, 1.0))
    assert open_edges(g) == 0 and len(g) > 1.5 * len(f)
    assert np.abs(np.linalg.norm(finer - [0.1, 0, 0], axis=1) - 0.5).max() < 5e-3


def test_a_cut_leaves_the_surface_and_no_triangle_crosses():
    v, f = mesh(Solid().ellipsoid((0, 0, 0), (0.5, 0.5, 0.5)), (-0.6,) * 3, (0.6,) * 3, 0.1)
    w, g = cut(v, f, v[:, 2] - 0.123, 1e-9)
    assert open_edges(g) == 0
    z = w[g][:, :, 2] - 0.123
    assert not ((z.max(1) > 1e-9) & (z.min(1) < -1e-9)).any()

    def area(p, t):
        return np.linalg.norm(np.cross(p[t[:, 1]] - p[t[:, 0]], p[t[:, 2]] - p[t[:, 0]]), axis=1).sum() / 2

    assert abs(area(v, f) - area(w, g)) < 1e-9
