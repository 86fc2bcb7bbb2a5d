"""Full waveforms: their pulses against the lidar equation, their noise, and that points lie where they are loud."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.capture.waveform import LIGHT_M_S
from scenesim.datasets import tables
from scenesim.sensors import ranging
from scenesim.sensors.lidar import Lidar
from scenesim.sensors.ranging import Air
from tests.lidar_scenes import lidar, one_beam, ring, street, sweep_of

STEP_M = 0.5e-9 * LIGHT_M_S


def samples(w, k):
    """(ranges, powers) of stretch k."""
    power = w.power[w.first[k] : w.first[k + 1]]
    return w.start_m[k] + w.step_m * np.arange(len(power)), power


def test_a_pulse_on_a_wall():
    """sin^2 of the half-power width that the data sheet has, as high as the lidar equation says, in noise of 1/3.72."""
    s = sweep_of(ring(20.0, 0.5), one_beam(reach_m=200.0, columns=600, waveform=True, waveform_step_ns=0.5, pulse_ns=6.0))
    w = s.waveforms
    assert len(w.ring) == s.pulses and (np.diff(w.first) > 0).all() and w.step_m == pytest.approx(0.5 * STEP_M)
    loud = 0.5 / 20.0**2 * 200.0**2 / 0.8
    errors = []
    for k in range(0, 600, 7):
        r, p = samples(w, k)
        shape = np.where(np.abs(r - s.range_m[k]) < 6 * STEP_M, np.cos(np.pi * (r - s.range_m[k]) / (12 * STEP_M)) ** 2, 0.0)
        errors.append(p - loud * shape)
        above = r[p > 0.5 * p.max()]
        assert np.ptp(above) == pytest.approx(6.0 * STEP_M, abs=1.2 * STEP_M)
    errors = np.concatenate(errors)
    assert abs(errors.mean()) < 0.1 and errors.std() == pytest.approx(1 / 3.72, rel=0.25)


def test_points_are_where_it_is_loud():
    spec = {"sub_rays": 3, "returns": "triple", "waveform": True}
    air = Air(30.0, 10.0, 0.0, 0.6)
    s, without = (sweep_of(street(), lidar("lidar_hdl32e", **{**spec, "waveform": w}), air=air) for w in (True, False))
    w, sensor = s.waveforms, lidar("lidar_hdl32e", **spec)
    assert without.waveforms is None
    for field in dataclasses.fields(s):
        one, two = getattr(s, field.name), getattr(without, field.name)
        if isinstance(one, np.ndarray):
            assert one.tobytes() == two.tobytes(), field.name
    key = {}
    for k, pulse in enumerate(zip(w.ring.tolist(), w.column.tolist())):
        key.setdefault(pulse, []).append(k)
    found = []
    for n in range(0, len(s.range_m), 53):
        stretches = [samples(w, k) for k in key[int(s.ring[n]), int(s.column[n])]]
        near = [p[np.abs(r - s.range_m[n]) < 0.4] for r, p in stretches]
        found.append(max(float(p.max()) for p in near if len(p)))
    assert np.mean(np.array(found) > 0.5) > 0.95
    # Fog is a stretch of every pulse from the sensor on: its response, and patches that stand out of it.
    begins = [k for k in range(0, len(w.ring), 7) if w.start_m[k] == 0.0 and w.first[k + 1] - w.first[k] >= 20]
    median = np.median([samples(w, k)[1][:20] for k in begins], axis=0)
    response, step = ranging.soft_target(sensor, air)
    r = np.arange(20) * w.step_m
    expected = np.interp(r, np.arange(len(response)) * step, response) * ranging.receiver(sensor, air).fog / sensor.threshold
    assert len(begins) * 7 > 0.9 * s.pulses and expected.max() > 0.1
    assert (median > expected - 0.02).all() and (median < 2.5 * expected + 0.05).all() and abs(median[0]) < 0.02


def test_dead_beams_are_not_listened_to_and_threads_make_no_difference():
    sensor = lidar("lidar_vlp16", returns="dual", waveform=True, faults={"dead_beams": [3]})
    a, b = (sweep_of(street(), sensor, threads=t).waveforms for t in (1, 3))
    assert 3 not in a.ring and len(np.unique(a.ring)) == 15
    for field in dataclasses.fields(a):
        assert np.array_equal(getattr(a, field.name), getattr(b, field.name)), field.name


def test_they_are_written_and_read():
    sensor = lidar("lidar_vlp16", waveform=True)
    w = sweep_of(street(), sensor).waveforms
    frame = type("Frame", (), {"index": 4, "time_s": 0.4})()
    again = tables.waveforms_of(tables.decode(tables.encode(tables.waveforms(frame, w))))
    for field in dataclasses.fields(w):
        assert np.array_equal(getattr(w, field.name), getattr(again, field.name)), field.name
    assert Lidar.from_plain(sensor.to_plain()).waveform_ns == 1.0 and "waveform_ns" not in lidar().to_plain()
    with pytest.raises(InputError, match="waveform_step_ns"):
        lidar("lidar_vlp16", waveform=True, waveform_step_ns=0.0)
    with pytest.raises(InputError, match="waveform"):
        lidar("lidar_vlp16", waveform="yes")
    assert math.isclose(w.step_m, 0.1498962, rel_tol=1e-6)
