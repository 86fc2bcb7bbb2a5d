"""A pulse as a cone: echoes along it, mixed pixels, return modes, wet ground, against closed forms."""

from __future__ import annotations

import dataclasses
from math import asin, erf, sin, sqrt

import numpy as np
import pytest

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.kernels.packed import MATERIAL
from scenesim.sensors.lidar import SUB_RAYS
from scenesim.sensors.ranging import Air
from tests import scenes
from tests.lidar_scenes import driving, lidar, one_beam, street, sweep_of, walls, with_material

HIT = taxonomy.hits()
CONE = {"divergence_mrad": [3.0, 1.2], "sub_rays": 7}


def plate_before_a_wall(near=50.0, far=60.0, rho=0.5):
    """A plate of which only y > 0 is there, and a wall behind it."""
    half = [0.05, 20.0, 20.0]
    pose = scenes.at_rest([[near + 0.05, 20.0, 0], [far + 0.05, 0, 0]])
    return with_material(scenes.pack([scenes.box(half), scenes.box([0.05, 60, 60])], [0, 1], pose), reflectance_905nm=rho)


def fine(**more):
    """Sixteen level beams that fire every 0.02 degrees, so that an edge is seen by many."""
    tables = {"elevation_deg": np.linspace(-1, 1, 16).tolist(), "azimuth_offset_deg": [0.0] * 16, "fire_time_us": [0.0] * 16}
    return lidar("lidar_vlp16", columns=18000, **{"reach_m": 400.0, "max_range_m": 500.0, **tables, **CONE, **more})


def test_energy_at_an_edge_is_the_part_of_a_gaussian():
    """L19: the beam's axis on the edge of a plate puts half of the energy on either side, and dual returns bring both."""
    s = sweep_of(plate_before_a_wall(), fine(returns="dual"))
    at = np.abs(s.azimuth_rad) < 0.006
    near, far = at & (s.range_m < 55), at & (s.range_m > 55)
    energy, azimuth, pulse = np.zeros((18000 * 16, 2)), np.zeros(18000 * 16), s.column.astype(int) * 16 + s.ring
    energy[pulse[near], 0], energy[pulse[far], 1] = s.intensity[near], s.intensity[far]
    azimuth[pulse] = s.azimuth_rad
    fired = energy.sum(1) > 0
    share, u = energy[fired, 0] / energy[fired].sum(1), azimuth[fired] / (3e-3 / 4)
    assert np.abs(energy[fired].sum(1) - 0.5).max() < 1e-3  # what the plate takes the wall lacks
    assert share[np.abs(u) < 1.0].mean() == pytest.approx(0.5, abs=0.05)
    for low in (-1.5, -1.0, 0.5, 1.0):
        mine = (u >= low) & (u < low + 0.5)
        assert share[mine].mean() == pytest.approx(0.5 * (1 + erf((low + 0.25) / sqrt(2))), abs=0.08)
    both = (energy > 0).all(1)
    assert 2 < both.sum() / 16 < 12  # columns a ring: the edge is within the beam for as long
    assert set(s.echo[at & (s.echoes == 2) & (s.range_m < 55)]) == {1}
    assert set(s.echo[at & (s.echoes == 2) & (s.range_m > 55)]) == {2}


def test_single_returns_take_the_strongest_or_the_last():
    scene = plate_before_a_wall()
    dual, strongest, last = (sweep_of(scene, fine(returns=mode)) for mode in ("dual", "strongest", "last"))
    edge = np.abs(dual.azimuth_rad) < 0.006
    pulse, one_pulse, other_pulse = (s.column.astype(int) * 16 + s.ring for s in (dual, strongest, last))
    for p in np.unique(pulse[edge & (dual.echoes == 2)]):
        a, b = np.flatnonzero(pulse == p)
        power = dual.intensity[[a, b]] / dual.range_m[[a, b]] ** 2
        one, other = np.flatnonzero(one_pulse == p), np.flatnonzero(other_pulse == p)
        assert strongest.range_m[one] == dual.range_m[[a, b]][np.argmax(power)]
        assert last.range_m[other] == dual.range_m[b] > dual.range_m[a]
        assert strongest.instance[one] == (1 if power[0] > power[1] else 2)
    assert len(strongest.range_m) == len(last.range_m) < len(dual.range_m)


def test_what_the_pulse_cannot_separate_is_a_mixed_pixel():
    """Plates 0.4 m apart are one echo between them for a pulse of 5 ns, which is 0.75 m long, and two for one of 1 ns."""
    scene = plate_before_a_wall(20.0, 20.4)
    s = sweep_of(scene, fine(returns="dual", pulse_ns=5.0))
    at = np.abs(s.azimuth_rad) < 0.006
    mixed = at & (s.hit == HIT["mixed"])
    assert mixed.sum() >= 32 and (s.echoes[at] == 1).all()
    assert ((s.range_m[mixed] > 20.02) & (s.range_m[mixed] < 20.38)).all()
    others = at & ~mixed
    assert np.minimum(np.abs(s.range_m[others] - 20.0), np.abs(s.range_m[others] - 20.4)).max() < 5e-3
    s = sweep_of(scene, fine(returns="dual", pulse_ns=1.0))
    at = np.abs(s.azimuth_rad) < 0.006
    assert (s.hit[at] == HIT["surface"]).all() and (s.echoes[at] == 2).sum() >= 64


@pytest.mark.parametrize("count", SUB_RAYS)
def test_sub_rays_keep_the_beam(count):
    """Whatever their number: centred, and as wide as the Gaussian."""
    sensor = lidar(**{**CONE, "sub_rays": count})
    offsets = sensor.sub_ray_offsets
    assert offsets.shape == (count, 2) and np.abs(offsets.mean(0)).max() < 1e-12
    assert sensor.sigma_rad == pytest.approx([0.75e-3, 0.3e-3])
    if count > 1:
        assert (offsets**2).mean(0) == pytest.approx(1.0)


def test_slanted_ground_is_no_further_for_a_cone():
    """L08 with a cone: what the beam's width adds is R^3 / h^2 times half of its variance, and no ring is split in two."""
    floor = scenes.pack([scenes.box([300, 300, 0.1])], [0], scenes.at_rest([[0, 0, -0.1]]))
    ground = with_material(floor, reflectance_905nm=0.5)
    wide = {"divergence_mrad": [2.0, 2.0], "reach_m": 400.0, "max_range_m": 300.0, "focus_m": 0.0, "at": (0, 0, 1.84)}
    thin = sweep_of(ground, lidar("lidar_hdl32e", **wide))
    s = sweep_of(ground, lidar("lidar_hdl32e", **{**wide, "sub_rays": 7, "returns": "dual"}))
    assert (s.echoes[s.range_m < 60] == 1).all() and (s.hit[s.range_m < 60] == HIT["surface"]).all()
    for ring in np.unique(thin.ring):
        r, more = float(np.median(thin.range_m[thin.ring == ring])), s.range_m[s.ring == ring].astype(float)
        if r < 45:
            # Nearer parts of the footprint send more (1 / R^3 on a plane): the mean shifts by (1 - 3) variances of the slant.
            expected = -2.0 * r**3 / 1.84**2 * (0.5e-3) ** 2
            assert np.mean(more) - r == pytest.approx(expected, abs=0.2 * abs(expected) + 2e-3)


def test_behind_glass():
    half = [0.005, 50.0, 50.0]
    scene = scenes.pack([scenes.box(half), scenes.box([0.1, 50, 50])], [0, 1], scenes.at_rest([[5, 0, 0], [10.1, 0, 0]]))
    material = np.repeat(scene.material, 2, 0)
    material[0, MATERIAL["transmission"]], material[:, MATERIAL["reflectance_905nm"]] = 0.7, (0.02, 0.9)
    surface = np.zeros(len(scene.geometry.triangles), np.int32)
    surface[scene.geometry.first_triangle[1] :] = 1
    scene = scene._replace(
        geometry=scene.geometry._replace(surface=surface),
        material=material,
        surface_material=np.array([0, 1], np.int32),
        surface_class=np.array([3, 4], np.int32),
        surface_mark=np.zeros(2, np.int32),
    )
    s = sweep_of(scene, one_beam(reach_m=400.0, returns="dual"))
    at = np.flatnonzero(s.column == s.column[np.argmin(np.abs(s.azimuth_rad))])
    assert s.hit[at].tolist() == [HIT["surface"], HIT["through_glass"]]
    assert s.class_id[at].tolist() == [3, 4] and s.echo[at].tolist() == [1, 2] and s.echoes[at].tolist() == [2, 2]
    assert s.transmittance[at] == pytest.approx([1.0, 0.7**4], rel=1e-4)


def _mirrored(incidence_rad):
    """What one passage into water takes away: Fresnel's equations, both polarisations."""
    inside = asin(sin(incidence_rad) / 1.33)
    s = (sin(incidence_rad - inside) / sin(incidence_rad + inside)) ** 2
    p = (np.tan(incidence_rad - inside) / np.tan(incidence_rad + inside)) ** 2
    return 0.5 * (s + p)


def test_wet_road_loses_the_light_that_it_mirrors():
    """W15: what comes back from under a film goes with the squared transmission; soaked ground itself is darker everywhere."""
    angles = np.array([60.0, 75.0, 80.0, 85.0, 87.0])
    spec = {"elevation_deg": (angles - 90).tolist(), "azimuth_offset_deg": [0.0] * 5, "fire_time_us": [0.0] * 5, "columns": 90}
    sensor = lidar(reach_m=2000.0, max_range_m=500.0, focus_m=0.0, **spec)
    dry, wet = (sweep_of(street(rho_wall=0.0), sensor, air=Air(wetness=w)) for w in (0.0, 1.0))
    for ring, expected in enumerate((0.885, 0.622, 0.427, 0.174, 0.078)):
        a, b = ((s.ring == ring) & (s.class_id == 2) for s in (dry, wet))
        incidence = np.deg2rad(angles[ring])
        assert np.abs(dry.incidence_rad[a] - incidence).max() < 2e-3
        ratio = wet.intensity[b].mean() / dry.intensity[a].mean() / 0.46
        assert ratio == pytest.approx((1 - _mirrored(incidence)) ** 2, rel=0.03)
        assert ratio == pytest.approx(expected, rel=0.03)


def test_wet_roads_vanish_from_afar():
    dry, wet = (sweep_of(street(), lidar("lidar_hdl32e"), air=Air(wetness=w)) for w in (0.0, 1.0))
    reach = [np.percentile(s.range_m[s.class_id == 2], 99) for s in (dry, wet)]
    assert reach[1] < 0.75 * reach[0]
    assert (wet.class_id == 8).sum() > 0.95 * (dry.class_id == 8).sum()


def test_the_same_bytes_on_any_number_of_threads():
    rng = np.random.default_rng(5)
    meshes, pose = [scenes.soup(rng, 300, 0.6, 8.0), scenes.box([60, 60, 0.1])], scenes.at_rest([[0, 0, 0], [0, 0, -2]])
    scene = with_material(scenes.pack(meshes, [0, 1], pose), reflectance_905nm=0.4, transmission=0.5)
    ghosts = {"faults": {"crosstalk": {"share": 0.01}}, "false_alarms": 0.01}
    sensor = lidar("lidar_vlp16", sub_rays=7, returns="dual", range_noise_m=0.01, **ghosts)
    air = Air(60.0, 20.0, 2.0, 0.8)
    a, b = (sweep_of(scene, sensor, driving(10.0), threads=t, air=air) for t in (1, 3))
    for field in dataclasses.fields(a):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, np.ndarray):
            assert one.tobytes() == two.tobytes(), field.name
    elsewhere = {HIT[n] for n in ("spray", "exhaust", "dust", "ghost")}  # tests of plumes and of mirrors have those
    assert {1, 2} <= set(a.echo) and set(HIT.values()) - elsewhere <= set(a.hit.tolist())


def test_impossible_beams():
    with pytest.raises(InputError, match="take one of 1, 3, 7, 19"):
        lidar(sub_rays=5)
    with pytest.raises(InputError, match='no returns "quadruple"'):
        lidar(returns="quadruple")
    with pytest.raises(InputError, match="there are 1 numbers; there should be 2"):
        lidar(divergence_mrad=[1.0])


def test_no_divergence_no_mixed_pixels():
    scene = walls(10.0)
    s = sweep_of(scene, lidar(sub_rays=1))
    assert (s.hit == HIT["surface"]).all() and (s.echoes == 1).all() and (s.transmittance == 1.0).all()
