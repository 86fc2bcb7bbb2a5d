"""What comes out of a chip, measured as EMVA 1288 does it: from flat fields that were rendered, by nothing but their pixels."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import scenes

from scenesim.base import keys
from scenesim.base.errors import InputError
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture import image, metering
from scenesim.capture.exposure import Shot
from scenesim.kernels.packed import MATERIAL
from scenesim.scene.environment import environment
from scenesim.sensors import electrons, rig
from scenesim.sensors.camera import Camera
from scenesim.sensors.imager import Optics

SHAPE = (120, 200)
CHIP = {
    "pixel_um": 4.5, "quantum_efficiency": [0.3, 0.5, 0.4], "full_well_e": 9000, "read_noise_e": 12.0, "dark_current_e_s": 0.0,
    "prnu": 0.012, "dsnu_e": 6.0, "hot_pixels": {"share": 0.0}, "adc_bits": 12, "black_level_dn": 200, "crosstalk": 0.0,
    "auto_exposure": False, "sharpen": 0.0, "noise_reduction": 0.0, "saturation": 1.0,
}  # fmt: skip
CLEAN = {"corner_loss": 0.0, "blur_px": 0.0, "glare": 0.03, "f_number": 4.0, "transmission": 0.9}


def camera(optics=None, faults=None, name="a", exposure_s=0.005, **chip) -> Camera:
    spec = {
        "kind": "camera", "width_px": SHAPE[1], "height_px": SHAPE[0], "fov_deg": 40, "position_m": [0, 0, 0],
        "exposure_s": exposure_s, "optics": {**CLEAN, **(optics or {})}, "imager": {**CHIP, **chip}, "faults": faults or {},
    }  # fmt: skip
    return rig.load({"sensors": {name: spec}}).cameras[0]


@cache
def air():
    return environment(sun_elevation_deg=40.0, sun_azimuth_deg=180.0, cloud_cover=1.0, visibility_m=1e9)


def card(level):
    """A wall across the view that shines with `level` (3,) cd/m2, and reflects nothing."""
    wall = scenes.pack([scenes.box([0.5, 60.0, 60.0])], [0], scenes.at_rest([20.5, 0, 0]))
    material = np.zeros_like(wall.material)
    material[:, MATERIAL["emission_r"] : MATERIAL["emission_r"] + 3] = level
    return wall._replace(material=material)


def shoot(c, level, key=1, **more):
    """(sRGB, what the chip gave) of a wall that shines."""
    pose = Pose.of((0.0, 0.0, 0.0)) @ BODY_FROM_OPTICAL
    rows = Pose(np.tile(pose.rotation, (SHAPE[0], 1)), np.zeros((SHAPE[0], 3)))
    out = image.capture(card(level), air(), c, rows, keys.root(key), threads=1, shot=Shot(c, **more))
    return out[2], out[4]


def greens(dn):
    """The green pixels of an RGGB mosaic (H, W)."""
    return np.concatenate([dn[0::2, 1::2], dn[1::2, 0::2]], 1).astype(float)


def raws(c, level, count, first=1):
    return np.array([greens(shoot(c, level, k)[1].raw[0]) for k in range(first, first + count)])


def photon_transfer(c, levels):
    """(mean, temporal variance) DN of pairs of flat fields, of the green pixels."""
    mean, variance = [], []
    for k, level in enumerate(levels):
        a, b = raws(c, level, 2, first=10 * k)
        mean.append((a.mean() + b.mean()) / 2)
        variance.append(0.5 * ((a - b) ** 2).mean() - 0.5 * (a.mean() - b.mean()) ** 2)
    return np.array(mean), np.array(variance)


def test_photon_transfer():
    """C13: K from the slope of variance over mean, dark noise from the dark, full well and the best SNR from saturation."""
    c = camera()
    full = 9000 / (0.25 * np.pi * 0.9 / 16 * 0.005 * c.imager.electrons_per_lux_s(1))  # cd/m2 that fill a pixel
    mean, variance = photon_transfer(c, np.arange(0, 8) / 10 * full)
    x, y = mean[1:] - mean[0], variance[1:] - variance[0]
    k = (x * y).sum() / (x * x).sum()
    true_k = (4095 - 200) / 9000
    assert k == pytest.approx(true_k, rel=0.03)
    dark_e = np.sqrt(variance[0] - 1 / 12) / k
    assert dark_e == pytest.approx(12.0, rel=0.05)
    saturated = raws(c, 3.0 * full, 1)[0]
    full_well = (saturated.mean() - mean[0]) / k
    assert full_well == pytest.approx(9000, rel=0.03)
    near, spread = photon_transfer(c, [0.93 * full])  # EMVA takes the SNR where the variance is largest, short of clipping
    snr = (near[0] - mean[0]) / np.sqrt(spread[0])
    assert snr * np.sqrt(1 / 0.93) == pytest.approx(np.sqrt(full_well), rel=0.03)


def test_fixed_pattern():
    """C13: DSNU of the mean of dark pictures, PRNU of that of half full ones less dark ones."""
    c = camera()
    k = c.imager.gain_dn_e
    half = 4500 / (0.25 * np.pi * 0.9 / 16 * 0.005 * c.imager.electrons_per_lux_s(1))
    dark, lit = (raws(c, level, 8) for level in (0.0, half))
    left = [a.var(0, ddof=1).mean() / len(a) for a in (dark, lit)]  # of the temporal noise, in the mean
    spatial = [a.mean(0).var() - v for a, v in zip((dark, lit), left)]
    assert np.sqrt(spatial[0]) / k == pytest.approx(6.0, rel=0.05)
    prnu = np.sqrt(spatial[1] - spatial[0]) / (lit.mean() - dark.mean())
    assert prnu == pytest.approx(0.012, rel=0.05)


def test_exposure_is_that_of_the_standard():
    """C14: H = pi/4 T L t / N^2. A pixel of 4.5 um counts QE x photons: at EV 15 (4096 cd/m2) f/16 and 1/125 s."""
    c = camera({"f_number": 16.0}, exposure_s=1 / 125, full_well_e=30000)
    black, lit = (raws(c, level, 1)[0].mean() for level in (0.0, 4096.0))
    lux_s = 0.25 * np.pi * 0.9 * 4096 / 256 / 125
    photons = lux_s / 683 / 106.857 * 100 / (6.62607015e-34 * 299792458 / 550e-9) * (4.5e-6) ** 2  # 100 nm of equal energy
    assert (lit - black) / c.imager.gain_dn_e == pytest.approx(0.5 * photons, rel=0.01)


@pytest.mark.parametrize("ratios", [[1.0], [1.0, 0.0625, 0.004]])
@pytest.mark.parametrize("level", [8.0, 900.0])
def test_a_grey_card_is_middle_grey(level, ratios):
    """C14: exposure control brings a card of any brightness to sRGB 118, whatever the chip."""
    c = camera(auto_exposure={"lag_s": 0.0, "clipped": 1.0}, exposure_ratios=ratios, white_balance=0.0, contrast=1.3)
    rgb, chip = shoot(c, level)
    assert np.abs(rgb.reshape(-1, 3).mean(0) - 118).max() < 3
    assert (chip.gain > 1.0) == (chip.time_s[0] > 0.0199)


def test_shot_noise_is_seen_in_the_picture():
    """A dark scene at high gain is noisier than a bright one."""
    auto = {"lag_s": 0.0, "clipped": 1.0, "highest_gain": 64.0}
    day, night = (shoot(camera(auto_exposure=auto), level)[0].astype(float) for level in (900.0, 1.0))
    assert 0.4 < day.std((0, 1)).mean() < 5.0 and night.std((0, 1)).mean() > 3 * day.std((0, 1)).mean()


def test_hot_pixels_belong_to_the_specimen():
    spec = {"hot_pixels": {"share": 0.002, "current_e_s": 3e5}, "dsnu_e": 0.0, "read_noise_e": 1.0}
    one, again = (shoot(camera(**spec), 0.0, key)[1].raw[0] > 400 for key in (1, 2))
    other = shoot(camera(**spec, serial=7), 0.0)[1].raw[0] > 400
    elsewhere = shoot(camera(**spec, name="b"), 0.0)[1].raw[0] > 400
    assert 20 < one.sum() < 60 and (one & again).sum() > 0.8 * one.sum()
    assert (one & other).sum() < 5 and (one & elsewhere).sum() < 5


def test_dark_current_doubles_every_8_kelvin():
    cold, warm = (camera(dark_current_e_s=4000.0, temperature_c=t, exposure_s=0.1) for t in (25.0, 41.0))
    black = 200
    found = [(raws(c, 0.0, 1).mean() - black) / c.imager.gain_dn_e for c in (cold, warm)]
    assert found[0] == pytest.approx(400, rel=0.03) and found[1] == pytest.approx(1600, rel=0.03)


def test_short_exposures_hold_what_the_long_one_clips():
    """A level 40 times above saturation comes out of the merged exposures, and a dark one too."""
    c = camera(exposure_ratios=[1.0, 0.0625, 0.0039])
    full = 9000 / (0.25 * np.pi * 0.9 / 16 * 0.005 * c.imager.electrons_per_lux_s(1))
    for part in (0.02, 0.5, 0.9, 6.0, 40.0, 200.0):
        dn = list(shoot(c, part * full)[1].raw)
        assert greens(electrons.merge(c.imager, dn)).mean() == pytest.approx(part, rel=0.03)


@pytest.mark.parametrize("pattern", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_colours_come_back(pattern):
    """Mosaic, crosstalk, white balance and demosaicing undo each other: sRGB of a coloured card is its colour."""
    quiet = {"prnu": 0.0, "dsnu_e": 0.0, "read_noise_e": 0.5, "full_well_e": 90000, "crosstalk": 0.15}
    c = camera(pattern=pattern, white_balance=0.0, contrast=1.0, adc_bits=16, black_level_dn=0, **quiet)
    full = 90000 / (0.25 * np.pi * 0.9 / 16 * 0.005 * c.imager.electrons_per_lux_s(1))
    colour = np.array([0.30, 0.16, 0.08]) * full * 0.4
    rgb = shoot(c, colour)[0].reshape(-1, 3).mean(0) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    assert linear / linear[1] == pytest.approx(colour / colour[1], rel=0.05)


def test_corners_lose_light_and_clipped_is_white():
    c = camera({"corner_loss": 0.5}, prnu=0.0)
    full = 9000 / (0.25 * np.pi * 0.9 / 16 * 0.005 * c.imager.electrons_per_lux_s(1))
    dn = greens(shoot(c, 0.8 * full)[1].raw[0]) - 200
    assert dn[:4, :4].mean() / dn[28:32, 48:52].mean() == pytest.approx(0.5 * 1.04, rel=0.06)
    rgb, _ = shoot(camera(), np.array([3.0, 2.0, 9.0]) * full)
    assert (rgb == 255).all()


def test_pictures_are_functions_of_their_keys():
    c = camera()
    (a, x), (b, y), (other, _) = shoot(c, 400.0, 1), shoot(c, 400.0, 1), shoot(c, 400.0, 2)
    assert a.tobytes() == b.tobytes() and x.raw.tobytes() == y.raw.tobytes() and a.tobytes() != other.tobytes()
    assert x.raw.dtype == np.uint16 and x.raw.shape == (1, *SHAPE)


def test_exposure_lags():
    """A step of light is followed by 1 - exp(-t / lag); a picture needs none of the pictures before it."""
    share = metering.weights(0.1, 0.3)
    assert sum(share) == pytest.approx(1.0) and share[1] / share[0] == pytest.approx(np.exp(-1 / 3))
    step = {k: metering.Metered(1000.0 if k < 10 else 10.0, 1.0) for k in range(40)}
    seen = [metering.lagged(step.__getitem__, k, share).mean for k in range(40)]
    assert seen[9] == pytest.approx(1000) and seen[30] == pytest.approx(10)
    assert 10 < seen[12] < seen[11] < seen[10] < 1000
    settings = [camera(auto_exposure={}).imager.settings(Optics(), m, 1.0, 0.005) for m in (1e5, 100.0, 1e-3)]
    assert settings[0].gain == 1.0 and settings[0].time_s < settings[1].time_s <= settings[2].time_s == 0.02
    assert settings[2].gain == 16.0


def test_lateral_colour():
    """Red is drawn larger by its scale, about the middle: an edge moves by as much as it is away from it."""
    edge = np.zeros((64, 400, 3), np.float32)
    edge[:, 320:] = 1.0
    optics = dataclasses.replace(Optics(), red_scale=1.01, blue_scale=0.99, blur_px=0.0)
    out = electrons.through_lens(optics, edge)[32]
    where = [400 - out[:, c].sum() for c in range(3)]
    assert np.array(where) - 320 == pytest.approx([1.2, 0.0, -1.2], abs=0.06)


def test_impossible_imagers():
    for wrong, message in (
        ({"exposure_ratios": [0.5]}, "the first is 1"),
        ({"quantum_efficiency": [0.5]}, "there should be 3"),
        ({"pattern": "RGBG"}, 'no pattern "RGBG"'),
        ({"full_well": 3}, 'did you mean "full_well_e"'),
        ({"black_level_dn": 4000}, "no room for light"),
        ({"raw": 1}, "true or false"),
        ({"auto_exposure": {"shortest_s": 0.5}}, "longer than longest_s"),
    ):
        with pytest.raises(InputError, match=message):
            camera(**wrong)


def test_spec_and_back():
    c = camera(exposure_ratios=[1.0, 0.1], raw=True)
    twin = Camera.from_plain(c.to_plain())
    assert twin.imager == c.imager and twin.optics == c.optics and twin.to_plain() == c.to_plain()
    assert "imager" not in rig.load("first_light").cameras[0].to_plain()
