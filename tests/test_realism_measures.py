"""Measures of realism on sweeps that are made of known noise, drop-outs, gains and edges: answers in closed form."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from scenesim.base import keys
from tools.realism import classifier, measures, report
from tools.realism.bands import Band, bands
from tools.realism.grid import Sweep
from tools.realism.patches import Patches, patches
from tools.realism.picture import draw

RINGS, COLUMNS = 32, 720


def rng(name):
    return keys.generator(keys.derive(keys.root(1), name))


def directions(low=-24.0, high=8.0):
    elevation = np.deg2rad(np.linspace(low, high, RINGS))[:, None]
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)[None]
    level = np.cos(elevation)
    return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation) + 0 * azimuth], -1)


def sweep(range_m, intensity=0.3, towards=None, model=""):
    towards = directions() if towards is None else towards
    range_m = np.broadcast_to(range_m, towards.shape[:2]).astype(float)
    shown = np.where(np.isfinite(range_m), intensity, np.nan)
    return Sweep(range_m, shown, towards * range_m[..., None], model)


def town(name, noise=0.01, gain=0.0, height=1.8, radius=15.0):
    """Ground inside a round wall, some of whose parts stand nearer."""
    g, d = rng(name), directions()
    wall = np.repeat(radius * g.uniform(0.6, 1.4, COLUMNS // 24), 24)[None] / np.sqrt(d[..., 0] ** 2 + d[..., 1] ** 2)
    with np.errstate(divide="ignore"):
        ground = np.where(d[..., 2] < 0, -height / d[..., 2], np.inf)
    r = np.minimum(wall, ground) + noise * g.standard_normal(wall.shape)
    tone = np.where(ground < wall, 0.2, 0.5) * (1.0 + gain * g.standard_normal((RINGS, 1)))
    return sweep(r, np.clip(tone + 0.03 * g.standard_normal(r.shape), 0, 1))


@pytest.mark.parametrize("sigma", [0.004, 0.02])
def test_noise_is_the_noise_that_was_added(sigma):
    g = rng("noise")
    r = np.where(np.arange(RINGS) < 16, 7.0, 18.0)[:, None] + sigma * g.standard_normal((RINGS, COLUMNS))
    near, middle, far = measures.noise_by_range([sweep(r)])
    assert [near * measures.MAD_TO_SIGMA, middle * measures.MAD_TO_SIGMA] == pytest.approx([sigma, sigma], rel=0.05)
    assert math.isnan(far)


def test_slants_are_no_noise():
    """A level wall 8 m beside the sensor, up to 40 degrees: steps of the range are straight nearly."""
    d = directions(0.0, 0.1)
    along = np.abs(np.arctan2(d[..., 0], d[..., 1])) < np.deg2rad(20)
    r = np.where(along, 8.0 / np.maximum(d[..., 1], 0.1), np.nan)
    assert measures.noise_by_range([sweep(r, towards=d)])[0] < 5e-4


def test_roughness_is_what_heights_scatter_by():
    g, d = rng("rough"), directions(-24.0, -12.0)
    height = -1.8 + 0.006 * g.standard_normal((RINGS, COLUMNS))
    r = height / d[..., 2]
    r[:, : COLUMNS // 10] = np.nan
    assert measures.ground_roughness([sweep(r, towards=d)]) * measures.MAD_TO_SIGMA == pytest.approx(0.006, rel=0.08)
    smooth = sweep(-1.8 / d[..., 2], towards=d)
    here, off = measures.ground(smooth)
    assert here.mean() > 0.99 and np.abs(off[here]).max() < 1e-3
    assert measures.ground_roughness([smooth]) < 2e-4


def test_drop_outs_and_returns():
    g = rng("lost")
    r = np.full((RINGS, COLUMNS), 10.0)
    r[20] = np.nan  # a ring of sky
    lonely = np.zeros(r.shape, bool)
    lonely[:, 3::20] = g.uniform(size=lonely[:, 3::20].shape) < 0.4  # never side by side
    r[lonely] = np.nan
    share, by_ring = measures.return_rate([sweep(r)])
    kept = np.isfinite(r)
    assert share == pytest.approx(kept.mean()) and by_ring[20] == 0.0
    lost = lonely[np.arange(RINGS) != 20]
    # Slots between two returns: all but the neighbours of what is lost.
    assert measures.drop_outs([sweep(r)]) == pytest.approx(lost.sum() / (lost.size - 2 * lost.sum()))


def test_jumps_and_mixed_pixels():
    """Panels 5 and 9 m away in turn, 24 slots wide; of the 30 edges of a ring, half have a point that hangs between."""
    panel = np.where(np.arange(COLUMNS) // 24 % 2 == 0, 5.0, 9.0)
    r = np.tile(panel, (RINGS, 1))
    edges = COLUMNS // 24
    assert measures.jumps([sweep(r)]) == pytest.approx(edges / COLUMNS)
    assert measures.mixed_pixels([sweep(r)]) == 0.0
    r[:, ::48] = 7.0
    assert measures.mixed_pixels([sweep(r)]) == pytest.approx(edges / 2 / COLUMNS)
    assert measures.jumps([sweep(r)]) == pytest.approx(1.5 * edges / COLUMNS)


def test_a_grazing_wall_is_no_row_of_mixed_pixels():
    r = np.tile(10.0 + 0.5 * np.abs(np.arange(COLUMNS) - COLUMNS // 2), (RINGS, 1))
    assert measures.jumps([sweep(r)]) > 0.99 and measures.mixed_pixels([sweep(r)]) < 5 / COLUMNS  # its two ends


def test_ring_gain_is_the_spread_of_the_rings():
    d = directions(-15.0, -6.0)
    gain = 1.0 + 0.25 * rng("gain").standard_normal(RINGS)
    level = 0.2 * gain[:, None] * np.ones((1, COLUMNS))
    found, by_ring = measures.ring_gain([sweep(-1.8 / d[..., 2], level, d)])
    assert found == pytest.approx(gain.std() / gain.mean(), rel=1e-6)
    assert by_ring == pytest.approx(0.2 * gain)


def test_intensity_by_incidence_follows_lambert():
    d = directions(-30.0, -1.0)
    edges = np.deg2rad([60, 65, 70, 75, 80])
    s = sweep(-1.8 / d[..., 2], -d[..., 2], d)
    found = measures.intensity_by([s], "incidence", edges)
    assert found == pytest.approx(np.cos(0.5 * (edges[1:] + edges[:-1])), abs=0.03)
    assert np.nanmax(np.abs(measures.incidence(s) - np.arccos(-d[..., 2]))) < 0.03


def test_divergence_of_histograms():
    """Closed forms: nothing in common 1 bit; (1, 0) against (1/2, 1/2) 1.5 - 0.75 log2 3 bits."""
    assert measures.jsd([1, 2, 3], [2, 4, 6]) == pytest.approx(0.0, abs=1e-12)
    assert measures.jsd([1, 0], [0, 1]) == pytest.approx(1.0)
    assert measures.jsd([1, 0], [1, 1]) == pytest.approx(1.5 - 0.75 * math.log2(3.0))
    near, far = sweep(5.0), sweep(30.0)
    assert measures.bird_eye_jsd([near], [near]) == 0.0 and measures.bird_eye_jsd([near], [far]) == pytest.approx(1.0)
    assert measures.range_histogram([near, far])[[2, 9]] == pytest.approx([0.5, 0.5])


def test_mean_discrepancy():
    g = rng("mmd")
    a, b, c = g.standard_normal((300, 4)), g.standard_normal((300, 4)), g.standard_normal((300, 4)) + 1.0
    assert abs(measures.mmd(a, b)) < 0.004 < 0.1 < measures.mmd(a, c)


def test_the_area_under_the_curve():
    score, truth = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert classifier.auc(score, truth) == 0.75
    assert classifier.auc(np.zeros(4), truth) == 0.5


def test_a_forest_tells_normals_apart_as_well_as_can_be():
    """Two normal distributions a distance d apart: the best classifier's area is Phi(d / sqrt 2)."""
    g = rng("forest")
    fold = np.arange(900) % 4
    a, b = g.standard_normal((900, 3)), g.standard_normal((900, 3))
    assert classifier.tell_apart(a, b, fold, fold) == pytest.approx(0.5, abs=0.05)
    b[:, 1] += 1.5
    best = 0.5 * (1.0 + math.erf(1.5 / 2.0))
    assert best - 0.04 < classifier.tell_apart(a, b, fold, fold) < best + 0.02
    assert classifier.tell_apart(a, b + 20.0, fold, fold) == 1.0


@pytest.mark.parametrize("what, other", [("noise", "intensity"), ("intensity", "noise")])
def test_what_differs_is_what_tells(what, other):
    """Two sets of streets of the same kind: alike; and with more noise of ranges, or other gains."""
    more = {"noise": {"noise": 0.03}, "intensity": {"gain": 0.4}}[what]
    sets = [[town(f"{name}{k}", **m) for k in range(3)] for name, m in (("a", {}), ("b", {}), ("b", more))]
    same, again, differing = (Patches(*(part[::2] for part in patches(s))) for s in sets)

    def told(group, a, b):
        return classifier.tell_apart(getattr(a, group), getattr(b, group), a.fold, b.fold)

    assert abs(told(what, same, again) - 0.5) < 0.1
    assert told(what, same, differing) > 0.85 and abs(told(other, same, differing) - 0.5) < 0.1


def test_groups_and_folds():
    """Every group of features is compared; folds are sectors of few sweeps, and whole sweeps of many."""
    few, many = patches([town("a0")]), patches([town(f"a{k}") for k in range(5)])
    assert set(few.fold) == set(many.fold) == set(range(5)) and len(many.fold) == pytest.approx(5 * len(few.fold), rel=0.05)
    assert (np.diff(many.fold) >= 0).all()
    small, other = (Patches(*(part[::4] for part in p)) for p in (few, patches([town("b0")])))
    found = classifier.compare(small, other)
    assert set(found) == {"noise", "intensity", "geometry", "all"} and all(0.2 < v < 1.0 for v in found.values())


def test_the_report(tmp_path):
    a, b = [town("a0")], [town("b0", noise=0.02)]
    found = report.compare(a, b, classify=False)
    assert found.rows["noise_near_mm"][1] == pytest.approx(2 * found.rows["noise_near_mm"][0], rel=0.15)
    plain = json.loads(json.dumps(found.plain(), allow_nan=False))
    assert plain["rows"]["jumps"]["band_a"] is None and set(found.distances) == {"range_jsd_bits", "bird_eye_jsd_bits"}
    draw(found, a, b, tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 20_000


def test_bands_belong_to_sensors():
    assert bands("Velodyne HDL-64E S2.1")["noise_near_mm"] == Band(0.6 * 9, 1.6 * 9, "9")
    assert bands("Ouster OS1-128")["return_rate"].holds(0.8) and not bands("Ouster OS1-128")["return_rate"].holds(0.95)
    assert bands("Luminar") == {} == bands("") and "noise_near_mm" in bands("Ouster OS1-32")
    rough = [sweep(20.0, model="Velodyne HDL-32E")]
    text = report.compare(rough, rough, classify=False).text()
    row = next(line for line in text.splitlines() if line.startswith("return_rate "))
    assert row.split()[1:3] == ["1*", "1*"] and "0.7 to 0.84 (0.77)" in row
