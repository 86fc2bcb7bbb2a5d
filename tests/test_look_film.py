"""Film and materials: exposure, tone, noise; and what is said when a material is wrong."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scenesim.base import keys
from scenesim.base.errors import InputError
from scenesim.kernels.packed import MATERIAL
from scenesim.models import material
from scenesim.sensors.imaging import Film, develop, metered_exposure, white_gains

PLAIN = Film(glare=0.0, noise_floor=0.0, noise_shot=0.0, sharpen=0.0, vignette=0.0)
WHITE = np.ones(3, np.float32)


def card(level, shape=(64, 96)):
    return np.full((*shape, 3), level, np.float32)


def spread_scene(level):
    """A picture whose log luminance has the spread of a street, about a mean."""
    rng = np.random.default_rng(2)
    return (card(level) * np.exp(rng.normal(size=(64, 96, 1)))).astype(np.float32)


def test_exposure_brings_the_mean_to_the_key_value():
    for level in (50.0, 5000.0):
        exposure = metered_exposure(spread_scene(level), PLAIN)
        assert abs(exposure * level / PLAIN.key_value - 1.0) < 0.05


def test_exposure_is_bounded_in_the_dark():
    assert metered_exposure(card(1e-5), PLAIN) == PLAIN.longest


def test_a_scene_without_contrast_comes_out_light():
    rgb = develop(card(900.0), PLAIN, light_lux=WHITE, darkness=0.0, key=keys.root(1))
    assert 118 < rgb.mean() < 190
    assert rgb.max() - rgb.min() <= 1


def test_middle_grey_is_middle_grey():
    """Exposure 0.18 is sRGB 118 (IEC 61966-2-1), whatever the contrast."""
    for contrast in (1.1, 1.3, 1.5):
        spec = dataclasses.replace(PLAIN, contrast=contrast, key_value=0.18 / 2.2)
        rgb = develop(card(1000.0), spec, light_lux=WHITE, darkness=0.0, key=keys.root(1))
        assert abs(rgb.mean() - 118) < 1.5


def test_brighter_is_never_darker():
    ramp = np.broadcast_to(np.geomspace(0.1, 1e5, 256, dtype=np.float32)[None, :, None], (64, 256, 3)).copy()
    row = develop(ramp, PLAIN, light_lux=WHITE, darkness=0.0, key=keys.root(1))[32].astype(int)
    assert (np.diff(row, axis=0) >= 0).all()
    assert row[0].max() < 10 and row[-1].min() > 245


def test_white_balance_takes_the_colour_out():
    light = np.array([1.4, 1.0, 0.6], np.float32)
    assert np.allclose(white_gains(light, 1.0) * light, 1.0, atol=1e-6)
    assert np.allclose(white_gains(light, 0.0), 1.0)


def test_a_lamp_veils_its_surroundings():
    picture = card(1.0)
    picture[30:34, 46:50] = 5e4
    spec = dataclasses.replace(PLAIN, glare=0.05)
    with_glare = develop(picture, spec, light_lux=WHITE, darkness=1.0, key=keys.root(1)).astype(int)
    without = develop(picture, PLAIN, light_lux=WHITE, darkness=1.0, key=keys.root(1)).astype(int)
    near, far = (with_glare - without)[32, 58, 1], (with_glare - without)[2, 2, 1]
    assert near > far >= 0 and near > 5


def test_noise_belongs_to_the_key():
    spec = dataclasses.replace(PLAIN, noise_shot=0.02)
    a, b, c = (develop(card(500.0), spec, light_lux=WHITE, darkness=0.0, key=keys.root(k)) for k in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert 0.5 < a.astype(float).std() < 12


def test_materials_have_rows():
    row = material.pack(["grey_card"])
    assert row.shape == (1, len(MATERIAL)) and row.dtype == np.float32
    assert np.allclose(row[0, MATERIAL["albedo_r"] : MATERIAL["albedo_b"] + 1], 0.18)
    assert (material.pack(material.names())[:, MATERIAL["shader"]] < len(material.SHADERS)).all()


@pytest.mark.parametrize(
    "properties, says",
    [
        ({"shader": "asphal"}, 'no shader "asphal"; did you mean "asphalt"?'),
        ({"rougness": 1.0}, 'no material property "rougness"; did you mean "roughness"?'),
        ({"albedo": 0.5}, "three numbers"),
        ({"albedo": [0.5, 0.5]}, "three numbers"),
        ({"roughness": "high"}, "should be a number"),
        ({"roughness": -1.0}, "not negative"),
    ],
)
def test_a_wrong_material_is_told(properties, says):
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        material.row(properties)


def test_an_unknown_material_is_told():
    with pytest.raises(InputError, match='did you mean "grey_card"'):
        material.pack(["grey_cart"])


def test_noise_has_the_spread_that_film_says():
    """Read from codes of a grey card on the curve's slope there, which two cards a little apart tell."""
    spec = dataclasses.replace(PLAIN, noise_floor=0.01)
    dark, light = (
        develop(card(v), dataclasses.replace(PLAIN, longest=2e-4), light_lux=WHITE, darkness=0.0, key=keys.root(1))
        for v in (900.0, 1100.0)
    )
    slope = (light.mean() - dark.mean()) / (200.0 * 2e-4)
    noisy = develop(
        card(1000.0, (200, 300)), dataclasses.replace(spec, longest=2e-4), light_lux=WHITE, darkness=0.0, key=keys.root(1)
    )
    spread = noisy.reshape(-1, 3).astype(float)
    assert np.allclose(spread.std(0), 0.01 * slope, rtol=0.15)
    assert np.abs(np.corrcoef(spread.T) - np.eye(3)).max() < 0.35  # saturation mixes the channels a little
