"""Who uses what roads have: trams their rails, cyclists their tracks, drivers their gates, buses their stops."""

from __future__ import annotations

import numpy as np
import pytest
from place_cases import of

from scenesim.base import assets
from scenesim.base.keys import Key
from scenesim.kernels import lamps
from scenesim.kernels.packed import BEAMS, LIGHT, LIGHT_COLUMNS
from scenesim.models import plates, vehicle
from scenesim.world import population, signals
from scenesim.world.driving import Driver, Outline, drive
from scenesim.world.lanes import CYCLING, LaneGraph
from scenesim.world.population import Crowd, driving
from scenesim.world.route import route_from


def crowd(case, vehicles, cyclists=0, where="germany"):
    m = of(case, where)
    line = m.network.roads["1"].line
    x, y, _ = line.at(np.linspace(0.2, 0.8, 9) * line.length)
    return m, list(driving(LaneGraph(m), np.stack([x, y], 1), 120.0, vehicles, cyclists, 50.0, Key(3), Crowd()))


def test_trams_run_on_rails_and_nowhere_else(monkeypatch):
    monkeypatch.setattr(population, "pick", lambda shares, g, known: "tram" if "tram" in shares else "city_car")  # few to build
    m, drawn = crowd(("tram_street", {}), 12)
    trams = [d for d in drawn if d.request.name == "tram"]
    assert 1 <= len(trams) < len(drawn)
    for d in trams:
        assert all(m.lane(ref).rails for ref in d.route.lanes) and d.offset_m == 0.0
        assert np.abs(np.abs(d.route.points[:, 1]) - 1.75).max() < 0.01  # the middle of the track
    assert not any(d.request.name == "tram" for d in crowd(("arterial", {"lanes": 2}), 12)[1])


@pytest.mark.parametrize("where", ["germany", "united_kingdom"])
def test_cyclists_ride_on_the_track_where_there_is_one(where):
    m, drawn = crowd(("arterial", {"lanes": 2}), 0, 5, where)
    assert len(drawn) == 5
    for d in drawn:
        assert {m.lane(ref).kind for ref in d.route.lanes} == {CYCLING}
        assert np.all(d.route.points[:, 2] > 0.05)  # raised by a kerb
        along, right = np.cos(d.route.heading_rad[0]) > 0.0, d.route.points[0, 1] < 0.0
        assert (along == right) == (where == "germany")


def along(case, lane, s, is_bus, seconds):
    """(front of a vehicle 4 m long, speed) over time, on a lane from s on."""
    m = of(case)
    start = next(r for r in m.lanes() if r.lane == lane and m.span(r)[0] <= s <= m.span(r)[1])
    route = route_from(m, start, s, 250.0, Key(1))
    stops = tuple(signals.stops(route, is_bus))
    d = Driver(route, 0.0, Outline(np.array([1.0, 2.0]), 1.0), 3.0, 12.0, stops=stops)
    times = np.arange(0.0, seconds, 0.05)
    distance, speed = drive([d], [], times)
    return times, route.pose_at(distance[0]).translation[:, 0] + 3.0, speed[0]


def test_drivers_stop_at_a_toll_gate_and_go_on():
    times, front, speed = along(("toll_plaza", {}), -1, 140.0, False, 26.0)
    stands = times[speed < 0.3]
    assert signals.PAY_S - 0.2 < stands[-1] - stands[0] < signals.PAY_S + 4.0
    assert 200.0 < front[speed < 0.3].min() <= front[speed < 0.3].max() < 203.5  # the driver is beside the booth
    assert speed[-1] > 3.0


def test_buses_stop_at_their_stop_and_others_do_not():
    case = ("arterial", {"lanes": 2})
    lane = next(r.lane for r in of(case).lanes() if of(case).lane(r).kind == "bus" and r.lane < 0)
    times, _, speed = along(case, lane, 90.0, True, 30.0)
    stands = times[speed < 0.3]
    assert signals.BOARD_S - 0.2 < stands[-1] - stands[0] < signals.BOARD_S + 4.0 and speed[-1] > 3.0
    assert along(case, lane, 90.0, False, 12.0)[2].min() > 5.0


def test_low_beams_rise_to_the_side_away_from_those_who_come():
    share = lamps.beam_share
    light = np.zeros((2, len(LIGHT_COLUMNS)), np.float32)
    light[:, LIGHT["dir_x"]], light[:, LIGHT["beam"]] = 1.0, (BEAMS["low_beam"], BEAMS["low_beam_left"])
    for y in (-0.06, -0.02, 0.0, 0.02, 0.06):
        for z in (-0.03, -0.005, 0.004):
            d = np.array([1.0, y, z]) / np.sqrt(1.0 + y * y + z * z)
            m = np.array([1.0, -y, z]) / np.sqrt(1.0 + y * y + z * z)
            assert share(light, 0, *d) == pytest.approx(share(light, 1, *m), rel=1e-6)
    up = np.array([1.0, 0.06, 0.004]) / np.sqrt(1.0036)  # to the left, above the horizon
    assert share(light, 1, *up) > 5 * share(light, 0, *up)


@pytest.mark.parametrize("country", assets.names("countries"))
def test_plates_have_the_size_and_the_format_of_their_country(country):
    said = plates.style(country)
    word = plates.written(country, "hatchback")
    kinds = "".join("A" if c in plates.LETTERS else "1" if c.isdigit() else c for c in word)
    assert kinds == said["plate_format"] and word != plates.written(country, "suv")
    face = plates.board(country, "hatchback", rear=True)[0]
    size = np.ptp(face.vertices, axis=0)
    assert size[1:] == pytest.approx(np.array(said["plate_mm"]) / 1000, abs=1e-6)
    assert np.all(face.normals[..., 0] > 0.99)  # it looks to +x
    assert {s.material for s in face.surfaces} >= {said["plate_rear"], said["plate_ink"]}


def test_vehicles_are_made_for_a_side_of_the_road():
    left, right = vehicle.build("city_car", market="japan"), vehicle.build("city_car")
    middle = [next(p.mesh.vertices[:, 1].mean() for p in m.parts if p.name == "driver") for m in (left, right)]
    assert middle[0] == pytest.approx(-middle[1], abs=0.01) and middle[1] > 0.2
    assert {lamp.beam for lamp in left.lamps} == {"low_beam_left", "spot"}
    assert left.size_lwh_m == pytest.approx(right.size_lwh_m, abs=0.02)
