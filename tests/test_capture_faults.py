"""Faults of lidars: each does what it says, and leaves the bytes of everything else as they were."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.sensors import faults
from scenesim.sensors.lidar import Lidar
from scenesim.sensors.ranging import Air
from tests.lidar_scenes import driving, lidar, one_beam, ring, street, sweep_of, walls

HIT = taxonomy.hits()
NOISE = {"range_noise_m": 0.01, "range_noise_at_reach_m": 0.02, "range_quantum_m": 0.002}


def pair(fault, sensor="lidar_vlp16", scene=None, **more):
    """(sweep of a sound sensor, of one with a fault), of the same instant."""
    scene = street() if scene is None else scene
    return [sweep_of(scene, lidar(sensor, **NOISE, **more, faults=f), driving(8.0)) for f in ({}, fault)]


def pulse(s):
    return s.column.astype(np.int64) * 1000 + s.ring


def same_where(sound, faulty, kept):
    """Points of pulses that are in `kept` (by number) are the same bytes in both sweeps."""
    a, b = np.isin(pulse(sound), kept), np.isin(pulse(faulty), kept)
    assert a.sum() == b.sum() > 0
    for field in dataclasses.fields(sound):
        one, two = getattr(sound, field.name), getattr(faulty, field.name)
        if isinstance(one, np.ndarray):
            assert one[a].tobytes() == two[b].tobytes(), field.name


def test_dead_beams():
    sound, faulty = pair({"dead_beams": [3, 9]})
    assert {3, 9} <= set(sound.ring) and not {3, 9} & set(faulty.ring) and faulty.pulses == sound.pulses
    same_where(sound, faulty, pulse(sound)[~np.isin(sound.ring, [3, 9])])


def test_blocked_window():
    sound, faulty = pair({"blocked_window": {"azimuth_deg": [170, 200], "elevation_deg": [-20, 0]}})
    azimuth = np.rad2deg(sound.azimuth_rad) % 360
    elevation = np.rad2deg(np.arcsin(np.clip(sound.xyz_m[:, 2] / sound.range_m, -1, 1)))
    blocked = (azimuth > 170) & (azimuth < 200) & (elevation < 0)
    assert 100 < blocked.sum() < 0.1 * len(blocked)
    assert set(pulse(faulty)) == set(pulse(sound)[~blocked])
    same_where(sound, faulty, pulse(sound)[~blocked])


def test_lost_packets():
    sound, faulty = pair({"lost_packets": {"share": 0.1, "columns": 12}})
    gone = np.setdiff1d(pulse(sound), pulse(faulty))
    packets = np.unique(gone // 1000 // 12)
    assert 0.04 < len(packets) / (1808 / 12) < 0.18
    assert not np.isin(np.unique(faulty.column // 12), packets).any()  # whole packets, and nothing else
    same_where(sound, faulty, np.setdiff1d(pulse(sound), gone))


def test_dirty_window():
    """What dirt keeps back depends on the angle alone, has its mean, and is missing in the transmittance."""
    scene = ring(20.0, 0.5)
    spec = {"columns": 3600, "reach_m": 400.0}
    sound = sweep_of(scene, one_beam(**spec))
    dirty = sweep_of(scene, one_beam(**spec, faults={"dirty_window": {"loss": 0.3, "spot_deg": 4}}))
    share = dirty.intensity / sound.intensity
    assert np.sqrt(share).mean() == pytest.approx(0.7, abs=0.05) and 0.08 < np.sqrt(share).std() < 0.3
    assert dirty.transmittance == pytest.approx(share, rel=1e-3)
    assert np.abs(np.diff(share)).max() < 0.06  # a spot is wider than a step
    assert dirty.range_m.tobytes() == sound.range_m.tobytes()
    other = sweep_of(scene, one_beam(**spec, faults={"dirty_window": {"loss": 0.3, "spot_deg": 4, "seed": 2}}))
    assert np.abs(other.intensity - dirty.intensity).max() > 0.05


def test_dirt_costs_reach():
    weak = {"columns": 400, "reach_m": 50.0}
    sound, dirty = (sweep_of(ring(40.0, 0.8), one_beam(**weak, faults=f)) for f in ({}, {"dirty_window": {"loss": 0.4}}))
    assert len(sound.range_m) > 380 and len(dirty.range_m) < 0.5 * len(sound.range_m)


def test_jitter():
    """Pulses go elsewhere than the sensor says: a slanted wall comes back with noise in range, and no azimuth changes."""
    scene = walls(20.0)
    sound, faulty = (sweep_of(scene, one_beam(reach_m=400.0, faults=f)) for f in ({}, {"jitter": {"angle_deg": 0.05}}))
    at = np.abs(sound.azimuth_rad - np.deg2rad(60)) < 0.2
    there = np.isin(sound.column, faulty.column) & at
    a, b = sound.range_m[there], faulty.range_m[np.isin(faulty.column, sound.column[there])]
    expected = a * np.tan(sound.azimuth_rad[there]) * np.deg2rad(0.05)
    assert ((b - a) / expected).std() == pytest.approx(1.0, rel=0.15)
    assert np.array_equal(sound.azimuth_rad[there], faulty.azimuth_rad[np.isin(faulty.column, sound.column[there])])


def test_stamps():
    sound, faulty = pair({"jitter": {"stamp_us": 30}})
    assert (faulty.time_offset_s - sound.time_offset_s).std() == pytest.approx(30e-6, rel=0.05)
    assert faulty.xyz_ego_m.tobytes() == sound.xyz_ego_m.tobytes()


def test_misalignment():
    """A sensor that is turned 2 degrees to the left of what its calibration says has its whole world 2 degrees to the right."""
    wrong = {"misalignment": {"yaw_deg": 2.0, "position_m": [0.0, 0.0, 0.1]}}
    spec = {"reach_m": 400.0, "at": (1.0, 0, 1.8)}
    sound, faulty = (sweep_of(walls(20.0), lidar(**spec, faults=f)) for f in ({}, wrong))
    x, y, _ = faulty.xyz_m.T.astype(float)
    turn = np.deg2rad(2.0)
    assert np.abs(np.cos(turn) * x - np.sin(turn) * y - 19.0).max() < 2e-3
    assert np.abs(sound.xyz_m[:, 0] - 19.0).max() < 2e-3
    assert np.array_equal(sound.world_from_lidar.rotation, faulty.world_from_lidar.rotation)  # the calibration knows nothing
    written = lidar(**spec, faults=wrong)
    assert np.array_equal(written.ego_from_lidar.translation, lidar(**spec).ego_from_lidar.translation)
    assert np.abs(faulty.xyz_ego_m[:, 2] - (faulty.xyz_m[:, 2] + 1.8)).max() < 1e-4


def test_vibration():
    """A sensor that shakes along x at 20 Hz sees a wall come and go by as much."""
    shake = {"vibration": {"frequency_hz": 20, "position_m": [0.01, 0, 0]}}
    s = sweep_of(walls(20.0, -20.0), lidar(reach_m=400.0, faults=shake))
    ahead = np.abs(s.azimuth_rad) < 1.2
    seen = s.xyz_m[ahead, 0] - 20.0
    expected = -0.01 * np.sin(2 * np.pi * 20 * s.time_offset_s[ahead].astype(float))
    assert np.abs(seen - expected).max() < 1e-3 and np.ptp(seen) > 0.015
    tilt = {"vibration": {"frequency_hz": 20, "pitch_deg": 0.5}}
    turn, shift = faults.shaken(lidar(faults=tilt).faults, np.linspace(0, 1, 2001))
    assert np.rad2deg(2 * np.arcsin(turn[:, 2])).max() == pytest.approx(0.5, abs=1e-3) and np.abs(shift).max() == 0.0


def test_crosstalk():
    """Ghosts anywhere between the range gates, faint and few; pulses without one keep their bytes."""
    sound, faulty = pair({"crosstalk": {"share": 0.01}})
    ghost = faulty.hit == HIT["crosstalk"]
    empty = 1 - len(sound.range_m) / sound.pulses
    assert 0.3 * 0.01 * empty < ghost.sum() / sound.pulses < 0.012
    assert (faulty.class_id[ghost] == taxonomy.class_id("noise")).all() and (faulty.instance[ghost] == 0).all()
    assert np.isnan(faulty.true_range_m[ghost]).all() and np.isnan(faulty.incidence_rad[ghost]).all()
    assert np.ptp(faulty.range_m[ghost]) > 60 and faulty.range_m[ghost].max() <= 100.0
    unheard = np.isin(pulse(sound), pulse(faulty)[faulty.echoes > 1])  # fainter than the echo that is reported, but counted
    same_where(sound, faulty, np.setdiff1d(pulse(sound)[~unheard], pulse(faulty)[ghost]))
    new = np.setdiff1d(pulse(faulty), pulse(sound))
    assert len(new) > 20 and set(faulty.hit[np.isin(pulse(faulty), new)]) == {HIT["crosstalk"]}


@pytest.mark.parametrize("returns, most", [("strongest", 1), ("last", 1), ("dual", 2), ("triple", 3)])
def test_ghosts_among_echoes(returns, most):
    """In order of range, numbered, no more than the sensor reports, and the loudest or last of them."""
    sound, faulty = pair({"crosstalk": {"share": 0.3}}, returns=returns, sub_rays=7, divergence_mrad=[6.0, 6.0])
    assert np.unique(pulse(faulty), return_counts=True)[1].max() == min(most, 2 if most < 3 else faulty.echoes.max())
    same = np.flatnonzero(pulse(faulty)[1:] == pulse(faulty)[:-1])
    assert (faulty.range_m[same + 1] >= faulty.range_m[same]).all() and (faulty.echo[same + 1] > faulty.echo[same]).all()
    assert (faulty.echo >= 1).all() and (faulty.echo <= faulty.echoes).all()
    ghost = faulty.hit == HIT["crosstalk"]
    if returns == "last":  # whatever was there is nearer
        before = dict(zip(pulse(sound), sound.range_m))
        assert all(before.get(q, 0.0) <= r for q, r in zip(pulse(faulty)[ghost], faulty.range_m[ghost]))
    if returns == "strongest":
        focus = lidar("lidar_vlp16").focus_m
        power = dict(zip(pulse(sound), sound.intensity / np.maximum(sound.range_m, focus) ** 2))
        faint = ghost & (faulty.intensity < 0.999)
        mine = faulty.intensity[faint] / np.maximum(faulty.range_m[faint], focus) ** 2
        assert all(power.get(q, 0.0) < m * 1.01 for q, m in zip(pulse(faulty)[faint], mine))


def test_false_alarms():
    """L12: the data sheet of the first OS1 says one in 10 000 pulses; sound sensors have them too."""
    nothing = walls(500.0)
    sensor = lidar("lidar_os1_64", false_alarms=1e-4)
    count, pulses = 0, 0
    for k in range(6):
        s = sweep_of(nothing, dataclasses.replace(sensor, name=f"top{k}"), time_s=0.1 * k, key=k)
        assert (s.hit == HIT["false_alarm"]).all()
        count, pulses = count + len(s.range_m), pulses + s.pulses
    assert 0.5e-4 < count / pulses < 2e-4


def test_faults_of_fog():
    """A dead beam brings no fog either, and dirt dims it."""
    fog = Air(20.0)
    spec = {"reach_m": 120.0, "columns": 600}
    sound = sweep_of(street(), lidar("lidar_hdl64e", **spec), air=fog)
    dead = sweep_of(street(), lidar("lidar_hdl64e", **spec, faults={"dead_beams": [40]}), air=fog)
    dirty = sweep_of(street(), lidar("lidar_hdl64e", **spec, faults={"dirty_window": {"loss": 0.5}}), air=fog)
    assert (sound.ring == 40).any() and not (dead.ring == 40).any()
    assert (dirty.hit == HIT["fog"]).sum() < 0.6 * (sound.hit == HIT["fog"]).sum()


def test_plain_and_back():
    every = {
        "dead_beams": [3],
        "blocked_window": {"azimuth_deg": [20, 40]},
        "dirty_window": {"loss": 0.2},
        "jitter": {"angle_deg": 0.1, "stamp_us": 5},
        "lost_packets": {"share": 0.1},
        "misalignment": {"yaw_deg": 1},
        "vibration": {"frequency_hz": 20, "pitch_deg": 0.1},
        "crosstalk": {"share": 0.01},
    }
    sensor = lidar(faults=every)
    assert sensor.to_plain()["faults"] == every
    twin = Lidar.from_plain(sensor.to_plain())
    assert twin.to_plain() == sensor.to_plain() and twin.faults.dead == (3,) and twin.faults.shake_hz == 20.0


def test_impossible_faults():
    for fault, message in (
        ({"dirt": {}}, 'no such key "dirt"'),
        ({"lost_packets": {"share": 2}}, "at most 1"),
        ({"crosstalk": {}}, "share is missing"),
        ({"vibration": {"pitch_deg": 1}}, "frequency_hz is missing"),
        ({"dirty_window": {"loss": 0.1, "colour": 3}}, 'no such key "colour"'),
    ):
        with pytest.raises(InputError, match=message):
            lidar(faults=fault)
    with pytest.raises(InputError, match="coherent"):
        lidar("lidar_fmcw", faults={"crosstalk": {"share": 0.1}})
