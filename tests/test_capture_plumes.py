"""Plumes behind vehicles: their laws, that clumps travel with the water, and what a camera and a lidar make of the same one."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import scenes

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.capture import plumes as clouds
from scenesim.kernels import plumes as kernels
from scenesim.kernels.packed import Hits, Rays
from scenesim.models import plume as laws
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import CHANNELS
from scenesim.scene import plumes
from scenesim.scene.environment import environment
from scenesim.sensors import ranging
from scenesim.sensors.ranging import Air
from scenesim.world.timeline import ActorInfo, Timeline
from tests.lidar_scenes import lidar, street, sweep_of, walls, with_material

HIT = taxonomy.hits()
NOISE = taxonomy.class_id("noise")
WET = plumes.Stirred(film_mm=1.0)
NAMES = ("estate", "lorry", "sedan")


def drive(places=((0.0, 0.0), (25.0, 0.0), (12.0, 4.0)), speed=25.0, names=NAMES) -> Timeline:
    """Vehicles that go along x, the ego first, for a second."""
    time_s = np.array([0.0, 1.0])
    place = np.array([[[x + speed * t, y, 0.0] for t in time_s] for x, y in places])
    poses = Pose.of(place, yaw=np.zeros(place.shape[:2]))
    rolled = np.zeros((len(places), 2, len(CHANNELS)))
    rolled[:, :, 0] = speed * time_s
    actors = tuple(ActorInfo(n, ModelRequest("vehicle", n)) for n in names)
    shape = (len(places), 2)
    return Timeline(time_s, poses, np.ones(shape, bool), rolled, np.full(shape, 3, np.int32), actors)


def thrown_up(stirred=WET, time_s=0.5, timeline=None, half_s=0.05):
    timeline = timeline or drive()
    origin = timeline.state_at(time_s).world_from_actor.translation[0]
    return plumes.at(stirred, timeline, origin, time_s, time_s - half_s, time_s + half_s)


dense_at = scenes.from_python(kernels.density)


def density(p, row, points, end=0):
    return np.array([dense_at(p.knot[end, row], p.trait[row], *map(float, at))[0] for at in points])


# ---- laws


@pytest.mark.parametrize("mode, alpha", [(4.0, 0.0171), (2.0, 0.0045)])
def test_the_mist_that_is_left(mode, alpha):
    """W16: 100 droplets per cm3 of 4 and 2 um."""
    assert ranging.droplets_per_m(100.0, mode, 905.0, power=6.0) == pytest.approx(alpha, rel=0.03)


def test_spray_grows_with_speed_water_and_tyres():
    lorry, car = laws.plume(laws.SPRAY, "lorry"), laws.plume(laws.SPRAY, "sedan")
    assert laws.plume(laws.SPRAY, "bicycle") is None and laws.plume(laws.EXHAUST, "motorcycle") is None
    dense = [laws.extinction_per_m(lorry, v, 1.0) for v in (0.0, 6.0, 12.0, 20.0, 25.0, 33.0)]
    assert dense[:2] == [0.0, 0.0] and (np.diff(dense[1:]) > 0).all()
    assert dense[4] / dense[3] == pytest.approx((25 / 20) ** 2)
    assert laws.extinction_per_m(lorry, 25.0, 0.5) == pytest.approx(0.5 * dense[4])
    water = [laws.extinction_per_m(p, 25.0, 1.0) * p.half_width_m * p.height_m for p in (lorry, car)]
    assert water[0] / water[1] == pytest.approx(4 * 0.28 / (2 * 0.215), rel=0.15)  # tyres: twins of a lorry, singles of a car
    assert lorry.highest_m > 2.0 > car.height_m and lorry.highest_m < 4.5


def test_the_densest_water_is_what_the_tyres_took_up():
    """The mean over a cross-section behind the wheels, clumps and all, is the one that the water makes."""
    p, law = thrown_up(), laws.plume(laws.SPRAY, "lorry")
    x, y = np.meshgrid(np.linspace(18.0, 24.0, 40), np.linspace(-1.55, 1.55, 15), indexing="ij")
    z = np.linspace(0.05, law.height_m, 12)
    points = [(a, b, c) for a, b in zip(x.ravel(), y.ravel()) for c in z]
    mean = density(p, 1, points).mean()
    expected = laws.extinction_per_m(law, 25.0, 1.0) * laws.MEAN_OF_SHAPE
    assert 0.3 * expected < mean < 1.1 * expected  # it has thinned out in a quarter of a second


def test_behind_a_lorry_a_third_is_seen():
    """Rays at the height of a driver's eyes along 10 m of its wake."""
    p = thrown_up()
    step, through = 0.1, []
    for y in np.linspace(-0.8, 0.8, 9):
        for z in (0.8, 1.2, 1.6):
            depth = density(p, 1, [(x, y, z) for x in np.arange(14.5, 24.5, step)]).sum() * step
            through.append(math.exp(-depth))
    assert 0.1 < np.mean(through) < 0.55 and np.std(through) > 0.05


def test_nothing_is_thrown_up_by_what_stands_or_where_it_is_dry():
    assert thrown_up(timeline=drive(speed=0.0)) is None and thrown_up(timeline=drive(speed=5.0)) is None
    assert plumes.stirred(0.0, 0.0, 0.0, (0.0, 0.0)) is None
    assert plumes.stirred(0.5, 1.0, 0.0, (0.0, 0.0)).dusty == 0.0  # wet dust stays where it is
    assert plumes.stirred(0.5, 0.0, 0.0, (0.0, 0.0)).film_mm == pytest.approx(0.125)


def test_exhaust_and_dust():
    cold = thrown_up(plumes.Stirred(cold=1.0), timeline=drive(speed=0.0))
    assert (cold.trait[:, kernels.KIND] == laws.EXHAUST).all() and len(cold.trait) == 3
    parked = drive(speed=0.0)
    assert thrown_up(plumes.Stirred(cold=1.0), timeline=dataclasses.replace(parked, lamps=0 * parked.lamps)) is None
    assert cold.knot[0, 0, -1, kernels.Z] > cold.knot[0, 0, 0, kernels.Z]  # it rises
    assert cold.knot[0, 0, -1, kernels.X] < cold.knot[0, 0, 0, kernels.X] < -0.8
    dust = thrown_up(plumes.Stirred(dusty=0.5))
    assert (dust.trait[:, kernels.KIND] == laws.DUST).all() and dust.trait[0, kernels.ALBEDO + 2] < 0.7
    assert np.ptp(dust.knot[0, 1, :, kernels.X]) > 1.5 * np.ptp(thrown_up().knot[0, 1, :, kernels.X])


def test_clumps_travel_with_the_water():
    """A tenth of a second later the same water is a little further on, and not where the vehicle has gone."""
    p, law = thrown_up(half_s=0.05), laws.plume(laws.SPRAY, "lorry")
    points = np.array([(x, y, z) for x in np.arange(14, 21, 0.25) for y in (-0.6, 0, 0.6) for z in (0.4, 0.8)])

    def alike(shift):
        before, after = density(p, 1, points, 0), density(p, 1, points + [shift, 0, 0], 1)
        both = (before > 0.02) & (after > 0.02)
        return np.corrcoef(np.log(before[both]), np.log(after[both]))[0, 1]

    drift = 0.1 * 25.0 * law.drag * math.exp(-0.25 / law.carried_s)
    assert alike(drift) > 0.8 and alike(2.5) < 0.5 < alike(0.5)


# ---- the camera


def test_a_picture_is_dimmed_by_what_is_on_the_way():
    """Beer and Lambert along each ray, by a fine sum over the same clouds."""
    p = thrown_up(half_s=0.05)
    d = np.array([[1.0, 0.02 * k, -0.02 + 0.01 * (k % 5)] for k in range(-12, 13)])
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    origin = np.tile([2.0, 0.0, 1.3], (len(d), 1))
    rays = Rays(*(np.ascontiguousarray(a, np.float32) for a in (origin, d, np.full(len(d), -0.05))))
    t = np.full(len(d), 22.0, np.float32)
    hits = Hits(t, np.zeros(len(d), np.int32), np.zeros(len(d), np.int32), np.zeros((len(d), 2), np.float32))
    env = environment(sun_elevation_deg=30, sun_azimuth_deg=180, cloud_cover=1.0, visibility_m=1e9)
    image = np.zeros((1, len(d), 3), np.float32)
    left = clouds.draw(p, env, np.zeros((0, 12), np.float32), np.zeros((1, 1, 1), np.int32), rays, hits, image, 1)[0]
    r = (np.arange(2200) + 0.5) * 0.01
    for k in range(0, len(d), 4):
        depth = sum(density(p, row, origin[k] + r[:, None] * d[k]).sum() * 0.01 for row in range(len(p.trait)))
        assert left[k] == pytest.approx(math.exp(-depth), abs=0.06)
    assert left.min() < 0.7
    sky = env.open_sky[4] / np.pi
    share = 1.0 - left[:, None]
    assert (image[0] >= 0.2 * sky * share).all() and (image[0] <= 1.5 * sky * share + 1e-3).all()


# ---- the lidar


CONE = {"sub_rays": 3, "range_noise_m": 0.005, "range_noise_at_reach_m": 0.0, "range_quantum_m": 0.0}


def scatter(seen):
    return (seen.hit >= HIT["spray"]) & (seen.hit <= HIT["dust"])


def test_twins_with_and_without_spray():
    """Pulse by pulse: what is lost, what is moved, and what is new, all of it labelled; the rest is the same to the bit."""
    sensor, p = lidar("lidar_hdl32e", **CONE), thrown_up()
    dry, wet = sweep_of(street(), sensor), sweep_of(street(), sensor, plumes=p)
    key = [s.column.astype(np.int64) * 1000 + s.ring for s in (dry, wet)]
    _, a, b = np.intersect1d(*key, return_indices=True)
    spray = scatter(wet)
    assert 300 < spray.sum() < 0.4 * len(dry.range_m) and not scatter(dry).any()
    assert (wet.class_id[spray] == NOISE).all() and (wet.instance[spray] == 0).all() and np.isnan(wet.normal[spray]).all()
    same = wet.transmittance[b] == dry.transmittance[a]
    for name in ("range_m", "intensity", "class_id", "hit", "incidence_rad"):
        one, two = getattr(dry, name)[a][same], getattr(wet, name)[b][same]
        assert np.array_equal(one, two, equal_nan=name == "incidence_rad"), name
    assert 0.3 < same.mean() < 0.99
    seen_through = ~same & ~spray[b]
    assert (wet.transmittance[b][seen_through] < 1.0).all() and seen_through.sum() > 50
    moved = np.abs(wet.range_m[b] - dry.range_m[a])
    assert np.percentile(moved[seen_through], 90) < 0.05
    assert (wet.range_m[b][spray[b]] < dry.range_m[a][spray[b]] + 0.8).all()
    gone = np.setdiff1d(key[0], key[1])
    assert len(gone) > 0 and len(wet.range_m) == len(np.unique(key[1]))
    assert wet.lost_points is not None and sum(wet.lost_points.values()) > 0 and dry.lost_points is None


def test_spray_is_behind_wheels_in_clumps():
    """W16: never uniform: in cells of half a metre the counts spread far more than chance would."""
    p = thrown_up()
    s = sweep_of(street(), lidar("lidar_hdl32e", **CONE), plumes=p)
    at = s.xyz_m[scatter(s)].astype(float)  # the sensor stands at the origin of the local frame
    assert all(density(p, row, at, 0).shape == (len(at),) for row in range(len(p.trait)))
    bound = p.bound
    inside = [(((at - b[:3]) ** 2).sum(1) < (b[3] + 0.8) ** 2) for b in bound]
    assert np.any(inside, axis=0).all()
    _, count = np.unique(np.floor(at[:, :2] / 0.5).astype(int), axis=0, return_counts=True)
    assert count.var() > 5.0 * count.mean()


def test_a_wall_behind_spray_is_as_bright_as_it_lets_it_be():
    p = thrown_up(timeline=drive(places=((-60.0, 0.0), (24.0, 0.0)), names=("estate", "lorry")))
    p = p._replace(knot=p.knot[:, 1:].copy(), trait=p.trait[1:], bound=p.bound[1:])
    p.knot[..., 0] -= 60.0
    p.bound[:, 0] -= 60.0
    sensor = lidar("lidar_vlp16", sub_rays=1, returns="last", reach_m=2000.0, columns=1800)
    wall = with_material(walls(26.0), reflectance_905nm=0.5)
    clear, dim = sweep_of(wall, sensor), sweep_of(wall, sensor, plumes=p)
    key = [s.column.astype(np.int64) * 1000 + s.ring for s in (clear, dim)]
    _, a, b = np.intersect1d(*key, return_indices=True)
    far = (np.abs(dim.range_m[b] - clear.range_m[a]) < 1e-6) & (dim.transmittance[b] < 0.9)
    a, b = a[far], b[far]
    assert len(a) > 40
    share = dim.intensity[b] / clear.intensity[a]
    assert dim.transmittance[b] == pytest.approx(share, rel=0.02)
    for k in range(0, len(a), max(1, len(a) // 12)):
        direction = dim.xyz_m[b[k]] / np.linalg.norm(dim.xyz_m[b[k]])
        u = (dim.time_offset_s[b[k]] + 0.05) / 0.1
        now = p._replace(knot=p.knot[:1] + min(max(u, 0.0), 1.0) * (p.knot[1:] - p.knot[:1]))
        r = np.arange(0.05, clear.range_m[a[k]], 0.1)
        depth = density(now, 0, r[:, None] * direction).sum() * 0.1
        assert math.log(share[k]) == pytest.approx(-2.0 * depth, abs=0.25 + 0.1 * depth)


def test_the_same_bytes_on_any_number_of_threads():
    sensor, p = lidar("lidar_vlp16", sub_rays=7, returns="dual"), thrown_up()
    a, b = (sweep_of(street(), sensor, threads=t, air=Air(300.0, 0.0, 0.0, 1.0), plumes=p) for t in (1, 3))
    for field in dataclasses.fields(a):
        one, two = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, np.ndarray):
            assert one.tobytes() == two.tobytes(), field.name
    assert {HIT[n] for n in ("spray", "ghost", "surface")} <= set(a.hit.tolist())
