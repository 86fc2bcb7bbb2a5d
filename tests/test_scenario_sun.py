"""Where the sun stands, against NREL's SPA, and what a scenario may say of place and time."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from scenesim.base.errors import InputError
from scenesim.scenario.model import Light
from scenesim.scenario.sun import position_deg

DATA = Path(__file__).parents[2] / "shared" / "data" / "physics"


def test_the_example_of_nrels_spa():
    """C08: Reda and Andreas 2004, table A5.1: zenith 50.1116, azimuth 194.3402."""
    found = position_deg(datetime(2003, 10, 17, 19, 30, 30), 39.742476, -105.1786, pressure_hpa=820.0, temperature_c=11.0)
    assert 90.0 - found[0] == pytest.approx(50.1116, abs=0.01) and found[1] == pytest.approx(194.3402, abs=0.01)


def test_places_and_times():
    """C08: 16 rows of pvlib's SPA, within 0.01 degrees of sky."""
    file = DATA / "sun_refs.csv"
    if not file.is_file():
        pytest.skip("reference positions are not here")
    rows = [r for r in csv.reader(file.open()) if r and not r[0].startswith("#")][1:]
    assert len(rows) == 16
    for site, latitude, longitude, utc, _, apparent, azimuth in rows:
        elevation, found = position_deg(datetime.fromisoformat(utc), float(latitude), float(longitude))
        assert elevation == pytest.approx(float(apparent), abs=0.011), (site, utc)
        assert found == pytest.approx(float(azimuth), abs=0.02 if abs(elevation) < 70 else 0.05), (site, utc)


def test_a_scenario_may_say_where_and_when():
    light = Light(utc="2024-06-21 12:00", latitude_deg=49.0, longitude_deg=8.4)
    assert (light.sun_elevation_deg, light.sun_azimuth_deg) == pytest.approx((63.6921, 196.5687), abs=0.02)
    assert Light(**light.model_dump(exclude_none=True)) == light and Light() == Light(sun_elevation_deg=40.0)


@pytest.mark.parametrize(
    "said, message",
    [
        ({"utc": "noon", "latitude_deg": 49, "longitude_deg": 8}, "2024-06-21 12:00"),
        ({"utc": "2024-06-21 12:00", "latitude_deg": 49}, "longitude_deg"),
        ({"latitude_deg": 49, "longitude_deg": 8}, "utc"),
        ({"utc": "2024-06-21 12:00", "latitude_deg": 49, "longitude_deg": 8, "sun_elevation_deg": 3}, "give one of them"),
    ],
)
def test_half_said_is_told(said, message):
    with pytest.raises((ValidationError, InputError), match=message):
        Light(**said)
