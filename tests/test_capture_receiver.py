"""What a receiver makes of echoes, against data sheets and what real sweeps hold: detection, noise, gains, return modes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from scenesim.kernels import echoes
from scenesim.kernels.packed import MATERIAL
from scenesim.sensors import ranging, rig
from tests import scenes
from tests.lidar_scenes import lidar, one_beam, ring, street, sweep_of

BEAM = {"elevation_deg": [0.0], "azimuth_offset_deg": [0.0]}


def preset(sensor, **more):
    """A sensor as it ships."""
    return rig.load({"sensors": {"top": {"sensor": sensor, "position_m": [0, 0, 0], **more}}}).lidars[0]


@pytest.mark.parametrize("rho, r", [(0.8, 120.0), (0.1, 40.0)])
def test_reach_of_the_first_os1(rho, r):
    """L12: nine of ten pulses come back from where the data sheet says; the rate of false alarms is in test_capture_faults."""
    sensor = preset("lidar_os1_64", **BEAM, gain_spread=0.0, columns=2048)
    s = sweep_of(ring(r, rho), sensor)
    real = s.hit != echoes.FALSE_ALARM
    assert real.sum() / s.pulses >= 0.9
    beyond = sweep_of(ring(1.3 * r, rho), sensor)
    assert len(beyond.range_m) / beyond.pulses < 0.7


def test_noise_of_the_first_os1():
    """L13: 1.5, 3 and 10 cm at a signal over noise of 250, 100 and 12, where the threshold lies at 3.72."""
    spec = {**BEAM, "range_quantum_m": 0.0, "false_alarms": 0.0, "sub_rays": 1, "focus_m": 0.0, "columns": 4096}
    sensor = preset("lidar_os1_64", **spec, speckle=0.0, gain_spread=0.0, max_range_m=400.0)
    sigma = []
    for snr in (250.0, 100.0, 12.0):
        r = math.sqrt(0.5 / (sensor.threshold * snr / echoes.SNR_AT_THRESHOLD))
        s = sweep_of(ring(r, 0.5), sensor)
        sigma.append((s.range_m - s.true_range_m).std())
    assert sigma == pytest.approx([0.015, 0.03, 0.10], rel=0.3)
    slope = [math.log(sigma[k + 1] / sigma[k]) / math.log(a) for k, a in enumerate((100 / 250, 12 / 100))]
    assert slope == pytest.approx([-0.76, -0.57], rel=0.3)


SMOOTH = [
    ("lidar_hdl64e", (9, 11, 16)),
    ("lidar_hdl32e", (4.8, 6.1, 16)),
    ("lidar_vlp32c", (5, 9.5, 16)),
    ("lidar_os1_32", (9, 18, 20)),
]


@pytest.mark.parametrize("sensor, expected_mm", SMOOTH)
def test_noise_along_rings(sensor, expected_mm):
    """L14: second differences along a ring of smooth surfaces at 7.5, 17.5 and 35 m, over root 6, as a standard deviation; of
    surfaces as bright as road and facades. Mean sizes, because medians have the sensor's steps."""
    found = []
    for r in (7.5, 17.5, 35.0):
        both = []
        for rho in (0.15, 0.4):
            s = sweep_of(ring(r, rho, 240), preset(sensor, **BEAM, fire_time_us=[0.0], false_alarms=0.0))
            second = np.diff(s.range_m.astype(float), 2)
            both.append(math.sqrt(math.pi / 2) * np.abs(second).mean() / math.sqrt(6.0) * 1e3)
        found.append(np.mean(both))
    for value, real in zip(found, expected_mm):
        assert 0.6 < value / real < 1.6, (found, expected_mm)


def _rough(incidence):
    """What rough ground sends back over what it is given (Oren and Nayar 1994): light from the sensor, slopes of 30 degrees."""
    slope = math.radians(30)
    a = 1 - 0.5 * slope**2 / (slope**2 + 0.33)
    b = 0.45 * slope**2 / (slope**2 + 0.09)
    return np.cos(incidence) * (a + b * np.sin(incidence) * np.tan(incidence))


def test_rough_ground_shines_at_grazing_angles():
    """Asphalt follows Oren and Nayar, walls Lambert."""
    s = sweep_of(street(0.2, 0.4), lidar("lidar_hdl32e", sub_rays=1))
    ground, wall = (s.class_id == 2) & (s.range_m < 30), s.class_id == 8
    # Surfaces are textured about their mean.
    for found, law in (
        (s.intensity[ground], 0.2 * _rough(s.incidence_rad[ground])),
        (s.intensity[wall], 0.4 * np.cos(s.incidence_rad[wall])),
    ):
        ratio = found / law
        steep = np.argsort(law)
        for part in np.array_split(ratio[steep], 4):
            assert part.mean() == pytest.approx(1.0, abs=0.08)
        assert ratio.std() < 0.3
    assert np.rad2deg(s.incidence_rad[ground].max()) > 85


@pytest.mark.parametrize(
    "white, power, expected",
    [(0.392, 0.5, 0.196), (0.392, 1.0, 0.392), (0.392, 100.0, 0.9392), (1.0, 0.3, 0.3), (1.0, 9.0, 1.0)],
)
def test_intensities_as_they_are_reported(white, power, expected):
    sensor = lidar("lidar_vlp16", intensity_white=white)
    value = np.array([power], np.float32)
    assert ranging.reported(sensor, value) == pytest.approx(expected, rel=1e-5)
    stepped = ranging.reported(lidar("lidar_vlp16", intensity_white=white, intensity_steps=255), value)
    assert stepped * 255 == pytest.approx(np.round(expected * 255), abs=1e-4)


def test_beams_are_off_as_calibration_leaves_them():
    """The ranges of a ring are all off by the same whole steps, and its points lie that much too high or too low."""
    sound, off = (lidar("lidar_hdl64e", range_bias_m=r, angle_bias_deg=a) for r, a in ((0.0, 0.0), (0.012, 0.1)))
    a, b = (sweep_of(ring(20.0, 0.5, 240), s) for s in (sound, off))
    assert np.array_equal(a.ring, b.ring) and np.array_equal(a.true_range_m, b.true_range_m)
    rings = np.unique(a.ring)
    longer = np.array([np.unique((b.range_m - a.range_m)[a.ring == r].round(5)) for r in rings])
    assert longer.shape == (len(rings), 1) and len(rings) > 30 and longer.std() == pytest.approx(0.012, rel=0.3)
    up = [np.median((elevation(b) - elevation(a))[a.ring == r]) for r in rings]
    assert np.std(up) == pytest.approx(math.radians(0.1), rel=0.3) and abs(np.mean(up)) < math.radians(0.05)


def elevation(sweep):
    return np.arctan2(sweep.xyz_m[:, 2], np.sqrt((sweep.xyz_m[:, :2].astype(float) ** 2).sum(1)))


@pytest.mark.parametrize("sensor, real", [("hdl64e", 0.19), ("hdl32e", 0.31), ("vlp32c", 0.33), ("os1_128", 0.2)])
def test_gains_of_beams(sensor, real):
    """L20: coefficient of variation of the mean intensities of rings on ground at 6 to 20 m, as in real sweeps."""
    sound = lidar(f"lidar_{sensor}", at=(0, 0, 0))
    differing = dataclasses.replace(sound, gain_spread=preset(f"lidar_{sensor}").gain_spread)
    a, b = (sweep_of(street(), s) for s in (sound, differing))
    spread = {}
    for name, s in (("same", a), ("differing", b)):
        ground = (s.class_id == 2) & (s.range_m > 6) & (s.range_m < 20)
        rings = [r for r in np.unique(s.ring[ground]) if (ground & (s.ring == r)).sum() > 50]
        reflectance = s.intensity / _rough(s.incidence_rad)
        means = np.array([reflectance[ground & (s.ring == r)].mean() for r in rings])
        spread[name] = means.std() / means.mean()
    assert spread["same"] < 0.02 and 0.08 < spread["differing"] < 0.4
    assert spread["differing"] == pytest.approx(real, rel=0.6)
    again = sweep_of(street(), differing)
    assert np.array_equal(again.intensity, b.intensity)


def test_speckle():
    """Echoes of one surface differ from pulse to pulse by as much, and not in range."""
    spec = {"columns": 4000, "reach_m": 400.0}
    s, even = (sweep_of(ring(20.0, 0.3), one_beam(**spec, speckle=k)) for k in (0.25, 0.0))
    assert s.intensity.std() / s.intensity.mean() == pytest.approx(0.25, rel=0.05)
    assert s.intensity.mean() == pytest.approx(even.intensity.mean(), rel=0.02)
    assert s.range_m == pytest.approx(even.range_m)


@pytest.mark.parametrize(
    "returns, expected",
    [("strongest", [30.0]), ("last", [60.0]), ("dual", [30.0, 60.0]), ("triple", [20.0, 30.0, 60.0])],
)
def test_return_modes(returns, expected):
    """Of four panes and a wall: which echoes become points."""
    places, half = (10.0, 20.0, 30.0, 60.0), [0.0005, 50.0, 50.0]
    rho = (0.001, 0.02, 0.6, 0.5)
    scene = scenes.pack([scenes.box(half)] * 4, [0, 1, 2, 3], scenes.at_rest([[x, 0, 0] for x in places]))
    material = np.repeat(scene.material, 4, 0)
    material[:3, MATERIAL["transmission"]], material[:, MATERIAL["reflectance_905nm"]] = 0.98, rho
    surface = np.repeat(np.arange(4, dtype=np.int32), np.diff(scene.geometry.first_triangle))
    scene = scene._replace(
        geometry=scene.geometry._replace(surface=surface),
        material=material,
        surface_material=np.arange(4, dtype=np.int32),
        surface_class=np.full(4, 3, np.int32),
        surface_mark=np.zeros(4, np.int32),
    )
    s = sweep_of(scene, one_beam(reach_m=2000.0, max_range_m=500.0, returns=returns, columns=360, focus_m=0.0))
    at = np.flatnonzero(s.column == s.column[np.argmin(np.abs(s.azimuth_rad))])
    assert s.range_m[at] == pytest.approx(expected, abs=0.01)
    assert (np.diff(s.echo[at].astype(int)) > 0).all() and s.echoes[at].max() >= len(expected)
