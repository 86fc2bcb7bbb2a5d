"""Fog, rain and snow in the beam against Beer and Lambert, drop-size distributions, and what real sweeps hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose
from scenesim.capture.sweep import capture_sweep
from scenesim.kernels import echoes
from scenesim.sensors import ranging
from scenesim.sensors.ranging import Air
from tests.lidar_scenes import TRACK, lidar, one_beam, ring, still, street, sweep_of, walls

HIT = taxonomy.hits()
NOISE = taxonomy.class_id("noise")
INF = math.inf
CONE = {"sub_rays": 3, "range_noise_m": 0.005, "range_noise_at_reach_m": 0.02, "range_quantum_m": 0.002}


def in_the_air(sweep):
    return sweep.hit >= HIT["fog"]


def reach(sensor, air, guess):
    """Range at which half of the pulses on a wall of 80 % come back."""
    tried = guess * np.linspace(0.8, 1.25, 16)
    shares = []
    for r in tried:
        s = sweep_of(ring(r, 0.8), sensor, air=air)
        shares.append((s.hit == HIT["surface"]).sum() / s.pulses)
    assert shares[0] > 0.9 and shares[-1] < 0.1
    return float(np.interp(-0.5, -np.array(shares), tried))


@pytest.mark.parametrize("mor, expected", [(600, 80.3), (150, 46.9), (50, 25.7), (30, 18.6), (20, 14.2)])
def test_reach_in_fog(mor, expected):
    """W02, of a sensor that reaches 120 m in clear air: R with R exp(alpha R) = 120 (Lambert's W)."""
    alpha = math.log(20.0) / mor
    r = 120.0
    for _ in range(50):  # Newton on R exp(alpha R) = 120
        r -= (r * math.exp(alpha * r) - 120.0) / (math.exp(alpha * r) * (1 + alpha * r))
    measured = reach(one_beam(reach_m=120.0, columns=400), Air(mor), r)
    assert measured == pytest.approx(r, rel=0.03) and measured == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("alpha, peak, value", [(0.005, 4.7, 4.568e-9), (0.06, 4.65, 3.816e-9), (0.2, 4.5, 2.476e-9)])
def test_soft_target(alpha, peak, value):
    """W03: the echo of air for a pulse of 20 ns, where Hahner's tables have it; ranges there begin with the pulse."""
    out = np.empty(2000)
    echoes.soft_response(alpha, 0.5 * 299792458.0 * 20e-9, 0.9, 1.0, 0.0, 0.01, 0.0, out)
    assert np.argmax(out) * 0.01 == pytest.approx(peak, abs=0.06)
    assert out.max() * 2 / 299792458.0 == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("mode, alpha", [(10.0, 0.0291), (8.0, 0.0187)])
def test_droplets_of_advection_fog(mode, alpha):
    """W05: extinction at 905 nm, and nearly the same at the wavelengths of cameras and of other lasers."""
    found = [ranging.droplets_per_m(20.0, mode, nm) for nm in (905.0, 550.0, 1550.0)]
    assert found[0] == pytest.approx(alpha, rel=0.03)
    assert found[1:] == pytest.approx([found[0]] * 2, rel=0.03)
    assert ranging.CONTRAST_LIMIT / found[1] == pytest.approx({10.0: 103.0, 8.0: 160.0}[mode], rel=0.03)


def test_lidar_ratio():
    """W04."""
    assert Air(50).ratio_sr(905) == pytest.approx(18.8, rel=0.05) and Air(50).ratio_sr(1550) == pytest.approx(23.9, rel=0.05)
    assert Air(50, lidar_ratio_sr=65.1).ratio_sr(905) == 65.1
    sensor = lidar("lidar_hdl64e", **CONE)
    mie, weak = (in_the_air(sweep_of(street(), sensor, air=Air(30, lidar_ratio_sr=s))).mean() for s in (None, 65.1))
    assert weak < 0.2 * mie


def test_fog_in_a_sweep():
    """W06, as far as a street of two facades can show it: shares that grow as they do, near the sensor; the rest ends early."""
    sensor = lidar("lidar_hdl64e", **CONE)
    clear = sweep_of(street(), sensor)
    shares, ends = [], []
    for mor in (100, 50, 30, 20, 15):
        s = sweep_of(street(), sensor, air=Air(mor))
        fog = s.hit == HIT["fog"]
        shares.append(fog.sum() / len(clear.range_m))
        ends.append(np.percentile(s.range_m[~fog], 95))
        assert (s.class_id[fog] == NOISE).all() and (s.instance[fog] == 0).all()
        assert np.isnan(s.incidence_rad[fog]).all() and np.isnan(s.normal[fog]).all()
        assert not np.isnan(s.incidence_rad[~fog]).any()
        assert 0.9 <= s.range_m[fog].min() and 1.2 < np.median(s.range_m[fog]) < 3.0  # raw 4.6 m less 3 m of Hahner's pulse
    assert np.array(shares) == pytest.approx([0.001, 0.030, 0.084, 0.19, 0.32], rel=0.5, abs=0.001)
    assert (np.diff(ends) < 0).all()


RAIN = [(1, 3.65e-4, 96.5), (10, 1.56e-3, 87.3), (50, 4.29e-3, 73.1), (100, 6.64e-3, 65.0)]


@pytest.mark.parametrize("rate, alpha, seen", RAIN)
def test_rain_takes_its_share(rate, alpha, seen):
    """W07, W08: extinction of Marshall-Palmer rain; what becomes of a reach of 100 m; drops in the beam do not count twice."""
    air = Air(INF, rate)
    assert air.extinction_per_m == pytest.approx(alpha, rel=0.08)
    assert reach(one_beam(reach_m=100.0, columns=600), air, seen) == pytest.approx(seen, rel=0.03)


def test_drops_in_a_sweep():
    """W09, W10: shares, ranges and what they do to walls."""
    sensor = lidar("lidar_hdl64e", **CONE)
    clear = sweep_of(street(), sensor)
    for rate, share, factor in ((10, 0.0009, 0.96), (25, 0.0017, 0.93), (50, 0.003, 0.90), (100, 0.0054, 0.85)):
        s = sweep_of(street(), sensor, air=Air(INF, rate))
        drops = s.hit == HIT["rain"]
        assert share / 2 < drops.sum() / len(clear.range_m) < share * 2
        assert 1.5 < np.median(s.range_m[drops]) < 2.5 and np.percentile(s.range_m[drops], 95) < 4.0
        a, b = _matched(clear, s)
        assert np.abs((s.range_m[b] - clear.range_m[a]).mean()) < 0.02
        assert (s.intensity[b] / clear.intensity[a]).mean() == pytest.approx(factor, abs=0.06)


def test_extinction_of_snow():
    """W12, and the classes of METAR: light snow is seen through for more than a kilometre, heavy for less than half."""
    for rate, alpha in ((1.0, 3.3e-3), (2.5, 5.7e-3)):
        assert Air(INF, 0, rate).extinction_per_m == pytest.approx(alpha, rel=0.25)
    mor = [math.log(20.0) / Air(INF, 0, rate).extinction_per_m for rate in (0.7, 1.5, 4.0)]
    assert mor[0] > 1000 and 500 < mor[1] < 1000 and mor[2] < 500


def test_flakes_in_a_sweep():
    """W13, W14: counts of a VLP-32C in the winters of the CADC, and how far away an HDL-64E's are."""
    sensor = lidar("lidar_vlp32c", **CONE)
    counts = [int((sweep_of(street(), sensor, air=Air(INF, 0, rate)).hit == HIT["snow"]).sum()) for rate in (0.75, 1.0, 2.0)]
    assert 93 < counts[0] < 250 and 250 < counts[1] < 500 and 750 < counts[2] < 1500
    s = sweep_of(street(), lidar("lidar_hdl64e", **CONE), air=Air(INF, 0, 1.5))
    flakes = s.hit == HIT["snow"]
    assert flakes.mean() == pytest.approx(0.022, rel=0.4)
    assert np.median(s.range_m[flakes]) == pytest.approx(3.85, rel=0.4)
    assert np.percentile(s.range_m[flakes], 95) == pytest.approx(12.0, rel=0.4)


def test_what_drops_shade_is_the_extinction_in_the_mean():
    """Walls behind drops are as bright as Beer and Lambert have it, though some of the beams lose much."""
    air = Air(INF, 0, 5.0)
    s = sweep_of(ring(30.0, 0.8), one_beam(reach_m=400.0, columns=6000, returns="last"), air=air)
    wall = s.hit == HIT["surface"]
    share = s.intensity[wall] / 0.8
    assert share.mean() == pytest.approx(math.exp(-60.0 * air.extinction_per_m), rel=0.03)
    # A flake close to the wall adds to its echo.
    assert share.std() > 0.01 and (np.abs(s.transmittance[wall] / share - 1.0) < 0.015).mean() > 0.998


def _matched(clear, weather):
    """(rows of clear, rows of weather) of pulses that both have a surface for."""
    key = [s.column.astype(np.int64) * 1000 + s.ring for s in (clear, weather)]
    solid = [np.flatnonzero(~in_the_air(s)) for s in (clear, weather)]
    _, a, b = np.intersect1d(key[0][solid[0]], key[1][solid[1]], return_indices=True)
    return solid[0][a], solid[1][b]


@pytest.mark.parametrize("air", [Air(50.0), Air(INF, 50.0, 0.0, 0.8), Air(INF, 0.0, 2.0)])
def test_twins(air):
    """Clear and bad weather of one instant, point for point: the same rays, noise and labels; what is lost, and what is new."""
    sensor = lidar("lidar_hdl64e", **{**CONE, "range_noise_at_reach_m": 0.0, "range_quantum_m": 0.0})
    clear, bad = sweep_of(street(), sensor), sweep_of(street(), sensor, air=air)
    a, b = _matched(clear, bad)
    assert len(a) > 0.7 * len(clear.range_m)
    unmixed = (clear.hit[a] == HIT["surface"]) & (bad.hit[b] == HIT["surface"])
    a, b = a[unmixed], b[unmixed]
    # What is in the air just before a surface makes one echo with it, and air and water dim the far side of a long footprint;
    # what wet ground mirrors comes back just behind it where a wall begins.
    moved = (bad.range_m[b] - clear.range_m[a])[clear.range_m[a] < 20.0]
    assert (np.abs(moved) < 2e-3).mean() > 0.93 and moved.max() < 0.15 and moved.min() > -0.75
    assert np.array_equal(clear.class_id[a], bad.class_id[b]) and np.array_equal(clear.instance[a], bad.instance[b])
    assert (bad.intensity[b] <= clear.intensity[a] * 1.05).mean() > 0.97 and (bad.transmittance[b] < 1.0).mean() > 0.99
    # Every pulse is accounted for: kept, lost, or taken for something in the air.
    pulses = [set(zip(s.column.tolist(), s.ring.tolist())) for s in (clear, bad)]
    new = in_the_air(bad)
    assert len(pulses[0] - pulses[1]) > 0 and new.sum() > 0
    assert len(pulses[1]) == len(bad.range_m)
    other = capture_sweep(street(), sensor, still, Pose.identity(), keys.root(4), TRACK, 1, air=air)
    assert not np.array_equal(other.range_m[:50], bad.range_m[:50])


def test_water_keeps_the_light_of_a_scanner_at_1550_nm():
    """A receiver as sensitive as that of a scanner at 1550 nm meets few drops in light rain all the same."""
    sensor = lidar("lidar_scanner_1550", range_noise_m=0.005)
    shares = []
    for rate in (2.0, 50.0):
        s = sweep_of(street(), sensor, air=Air(INF, rate))
        shares.append((s.hit == HIT["rain"]).sum() / s.pulses)
    assert shares[0] < 0.001 and 0.002 < shares[1] < 0.05


def test_dual_returns_see_the_wall_behind_the_flake():
    sensor = lidar("lidar_hdl64e", **{**CONE, "returns": "dual"})
    s = sweep_of(street(), sensor, air=Air(INF, 0, 2.0))
    flake = np.flatnonzero((s.hit == HIT["snow"]) & (s.echo == 1) & (s.echoes == 2))
    behind = flake[(s.column[np.minimum(flake + 1, len(s.column) - 1)] == s.column[flake])] + 1
    behind = behind[s.ring[behind] == s.ring[behind - 1]]
    assert len(behind) > 20 and (s.echo[behind] == 2).all() and (s.range_m[behind] > s.range_m[behind - 1]).all()
    assert (s.class_id[behind] != NOISE).mean() > 0.5


def test_clear_air_has_nothing_in_it():
    s = sweep_of(walls(10.0), lidar("lidar_hdl64e", **CONE), air=Air(20000.0))
    assert not in_the_air(s).any() and (s.class_id == 17).all()
    assert len(ranging.soft_target(lidar("lidar_hdl64e"), Air(2000.0))[0]) == 0


def test_points_that_weather_costs():
    """The tally beside a sweep is what comparing it with its clear twin brings, pulse by pulse."""
    sensor, air = lidar("lidar_hdl64e", **CONE), Air(60.0, 10.0, 0.0, 0.7)
    clear, bad = sweep_of(street(), sensor), sweep_of(street(), sensor, air=air)
    assert clear.lost_points is None
    seen = [set(zip(s.column.tolist(), s.ring.tolist(), s.instance.tolist())) for s in (clear, bad)]
    lost = [track for _, _, track in seen[0] - seen[1] if track > 0]
    assert bad.lost_points == {track: lost.count(track) for track in set(lost)} and len(lost) > 1000
