"""Radars as specs: the radar equation, rain, what a file may say; and what materials are to radar waves."""

from __future__ import annotations

import math

import pytest

from scenesim.base import assets
from scenesim.base.errors import InputError, Place
from scenesim.models import material, radar_surface
from scenesim.sensors import rain, rig
from scenesim.sensors.radar import Radar
from tests import radar_scenes


def test_the_radar_equation():
    """In watts, written out; and ten times as far is ten thousand times as weak."""
    sensor = radar_scenes.radar(losses_db=3.0)
    scan = sensor.scans[0]
    eirp, gain, wave = 10**0.0, 10**2.0, 299_792_458.0 / 76.5e9  # 30 dBm are a watt
    noise_w = 1.380649e-23 * 290.0 / 0.010 * 10**1.0 * 10**0.3  # k T0 F L over the bandwidth that is left after 10 ms
    for rcs, r in ((10.0, 100.0), (0.3, 40.0)):
        received = eirp * rcs / (4 * math.pi * r**2) * (gain * wave**2 / (4 * math.pi)) / (4 * math.pi * r**2)
        assert sensor.snr_at_1m(scan) * rcs / r**4 == pytest.approx(received / noise_w, rel=1e-9)


def test_false_alarms_are_those_of_exponential_noise():
    sensor = radar_scenes.radar(false_alarms=2.0)
    scan = sensor.scans[0]
    assert math.exp(-sensor.threshold(scan)) * scan.cells() == pytest.approx(2.0)


@pytest.mark.parametrize("name, rcs, near, far", [("far", 10.0, 230, 400), ("near", 10.0, 100, 250), ("far", 0.3, 95, 170)])
def test_how_far_the_ars408_sees(name, rcs, near, far):
    """A car to the 250 m (100 m near) of its data sheet, a person to 100 m and more: half of the times, by Swerling 1."""
    sensor = rig.load({"sensors": {"r": {"sensor": "radar_ars408", "position_m": [0, 0, 0.5]}}}).radars[0]
    scan = next(s for s in sensor.scans if s.name == name)
    needed = sensor.threshold(scan) / math.log(2.0) - 1.0  # exp(-T / (1 + S)) = 1/2
    reach = (sensor.snr_at_1m(scan) * rcs / needed) ** 0.25
    assert near < reach < far


# Table 5 of Recommendation ITU-R P.838-3: GHz, kH, alphaH, kV, alphaV.
TABLE = [(10, 0.01217, 1.2571, 0.01129, 1.2156), (30, 0.2403, 0.9485, 0.2291, 0.9129), (80, 1.1704, 0.7115, 1.1668, 0.7021)]


@pytest.mark.parametrize("row", TABLE, ids=[f"{r[0]} GHz" for r in TABLE])
def test_rain_as_the_itu_has_it(row):
    found = (*rain.coefficients(row[0], False), *rain.coefficients(row[0], True))
    assert found == pytest.approx(row[1:], rel=2e-3)


def test_radars_hardly_mind_rain():
    assert rain.attenuation_db_per_m(77.0, 0.0) == 0.0
    assert 100 * rain.attenuation_db_per_m(77.0, 10.0) == pytest.approx(0.575, abs=0.01)  # dB over 100 m, one way


def test_every_material_is_in_one_group():
    assert set(material.names()) == set(radar_surface.names())
    metal, skin, leaf = radar_surface.rows(["vehicle_paint", "person_skin", "leaf"])
    assert metal[0] > skin[0] > leaf[0] and metal[1] > skin[1] > leaf[1]
    with pytest.raises(InputError, match="do not know the material"):
        radar_surface.rows(["cheese"])


@pytest.mark.parametrize("name", [n for n in assets.names("sensors") if n.startswith("radar_")])
def test_radars_that_ship(name):
    sensor = rig.load({"sensors": {"r": {"sensor": name, "position_m": [3, 0, 0.5], "yaw_deg": 30}}}).radars[0]
    again = Radar.from_plain(sensor.to_plain())
    assert again.to_plain() == sensor.to_plain() and again.scans == sensor.scans
    assert all(len(scan.fan()[0]) > 1000 for scan in sensor.scans)


def test_the_rig_of_nuscenes_has_its_five():
    radars = {r.name: r.ego_from_radar for r in rig.load("nuscenes").radars}
    assert len(radars) == 5 and all(0.4 < pose.translation[2] < 0.9 for pose in radars.values())
    assert radars["RADAR_FRONT"].yaw() == 0.0 and abs(radars["RADAR_FRONT_LEFT"].yaw() - math.pi / 2) < 1e-9
    assert abs(abs(radars["RADAR_BACK_LEFT"].yaw()) - math.pi) < 0.1


AT = {"sensor": "radar_ars408", "position_m": [3, 0, 0.5]}
LIDAR = {"sensor": "lidar_hdl32e", "position_m": [0, 0, 2]}
SCAN = radar_scenes.SCAN
OWN = {"kind": "radar", "position_m": [0, 0, 1], "noise_figure_db": 10}
MISTAKES = [
    ({**AT, "false_alarm": 3}, "false_alarm", 'did you mean "false_alarms"'),
    ({**AT, "max_detections": 0}, "max_detections", "at least 1"),
    ({**AT, "polarisation": "vertikal"}, "polarisation", 'did you mean "vertical"'),
    ({**AT, "width_px": 3}, "width_px", "no such key"),
    ({**OWN}, "scans", "one scan at least"),
    ({**OWN, "scans": {"a": {**SCAN, "azimut_deg": 3}}}, "scans.a.azimut_deg", 'did you mean "azimuth_deg"'),
    ({**OWN, "scans": {"a": {**SCAN, "velocity_m_s": [20, -20]}}}, "scans.a.velocity_m_s", "is empty"),
    ({**OWN, "scans": {"a": {**SCAN, "ray_deg": [0.01, 0.01]}}}, "scans.a.ray_deg", "take coarser ones"),
    ({**OWN, "scans": {"a": {**SCAN, "max_range_m": 0.1}}}, "scans.a.max_range_m", "more than 0.2"),
    ({**LIDAR, "kind": "radar"}, "kind", "is a lidar"),
]


@pytest.mark.parametrize("values, key, message", MISTAKES, ids=[f"{m[1]}: {m[2]}" for m in MISTAKES])
def test_mistakes_are_told_with_their_place(values, key, message):
    with pytest.raises(InputError, match=message) as caught:
        rig.load({"sensors": {"front": values}}, Place("a.yaml", 3, path="rig"))
    assert caught.value.place.path == f"rig.sensors.front.{key}"
