"""Sensors of the ego's motion: derivatives against closed forms, errors against what their makers print, purity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenesim.base import keys
from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.capture.odometry import Record
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import CHANNELS
from scenesim.sensors import odometry, rig
from scenesim.world.ego_motion import GRAVITY_M_S2, EgoMotion
from scenesim.world.timeline import ActorInfo, Timeline

KEY = keys.root(8)


def timeline(position, yaw, duration=20.0, step=0.05, pitch=None):
    """Of one ego: position(t) -> (K, 3), yaw(t) -> (K,)."""
    t = np.arange(0.0, duration + step / 2, step)
    pose = Pose.of(position(t), yaw=yaw(t), pitch=0.0 if pitch is None else pitch(t))
    one = Pose(pose.rotation[None], pose.translation[None])
    k = len(t)
    info = (ActorInfo("ego", ModelRequest("roadside", "bollard")),)
    return Timeline(t, one, np.ones((1, k), bool), np.zeros((1, k, len(CHANNELS))), np.zeros((1, k), np.int32), info)


def circle(radius=30.0, speed=10.0, **more):
    w = speed / radius
    return timeline(
        lambda t: np.stack([radius * np.sin(w * t), radius * (1 - np.cos(w * t)), 0 * t], -1), lambda t: w * t, **more
    )


def sensor(preset, at=(0.0, 0.0, 0.0), **more):
    place = {} if preset == "wheel_odometry" else {"position_m": list(at)}
    return rig.load({"sensors": {"it": {"sensor": preset, **place, **more}}}).motion[0]


EXACT = {
    "gyroscope": {"noise_deg_s_rthz": 0.0, "bias_instability_deg_h": 0.0},
    "accelerometer": {"noise_ug_rthz": 0.0, "bias_instability_ug": 0.0},
}


def imu(at=(0.0, 0.0, 0.0), **more):
    return sensor("imu_bmi088", at, **{**EXACT, **more})


def triad(record, name, unit):
    return np.stack([record.columns[f"{name}_{a}_{unit}"] for a in "xyz"], -1)


def test_a_circle_is_felt_as_v2_over_r_and_g():
    """Wherever it sits: at the centre of the ego's axle, ahead of it, and turned."""
    line, r, v = circle(), 30.0, 10.0
    for at, yaw in (((0, 0, 0), 0.0), ((2.0, 0.5, 0.4), 0.0), ((0, 0, 0), 90.0)):
        record = Record(imu(at, yaw_deg=yaw), EgoMotion(line), 20.0, KEY)
        force, rate = triad(record, "specific_force", "m_s2"), triad(record, "angular_velocity", "rad_s")
        w = v / r
        body = np.array([-w * w * at[0], w * w * (r - at[1]), GRAVITY_M_S2])  # towards the centre, and against gravity
        c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        wanted = np.array([c * body[0] + s * body[1], -s * body[0] + c * body[1], body[2]])
        assert np.abs(force[40:-40] - wanted).max() < 2e-4 and np.abs(rate[40:-40] - [0, 0, w]).max() < 1e-6
        assert np.abs(force - wanted).max() < 2e-2  # at the ends the spline knows less


def test_braking_and_pitching_are_felt():
    """x = v t - a t^2 / 2 is felt as -a; a nose that swings up and down as its rate and acceleration say."""
    line = timeline(
        lambda t: np.stack([20 * t - 0.75 * t * t, 0 * t, 0 * t], -1), lambda t: 0 * t, pitch=lambda t: 0.02 * np.sin(3 * t)
    )
    at = (1.0, 0, 0)
    record = Record(imu(at), EgoMotion(line), 10.0, KEY)
    t, force = record.time_s, triad(record, "specific_force", "m_s2")
    p, dp, ddp = 0.02 * np.sin(3 * t), 0.06 * np.cos(3 * t), -0.18 * np.sin(3 * t)
    x = -1.5 * np.cos(p) - GRAVITY_M_S2 * np.sin(p) - dp**2
    z = -1.5 * np.sin(p) + GRAVITY_M_S2 * np.cos(p) - ddp
    inner = slice(60, -60)
    assert np.abs(force[inner, 0] - x[inner]).max() < 1e-3 and np.abs(force[inner, 2] - z[inner]).max() < 1e-3
    assert np.abs(triad(record, "angular_velocity", "rad_s")[inner, 1] - dp[inner]).max() < 1e-5


def test_the_spline_goes_through_the_samples_and_its_derivatives_are_its_own():
    line = circle()
    motion = EgoMotion(line)
    at = motion.at(line.time_s)
    assert np.abs(at.pose.translation - line.world_from_actor.translation[0]).max() < 1e-12
    t, h = np.linspace(1.013, 18.0, 50), 1e-4
    low, mid, high = (motion.at(t + k * h) for k in (-1, 0, 1))
    assert np.abs((high.pose.translation - low.pose.translation) / (2 * h) - mid.velocity).max() < 1e-6
    assert np.abs((high.velocity - low.velocity) / (2 * h) - mid.acceleration).max() < 1e-4
    assert np.abs((high.angular_velocity - low.angular_velocity) / (2 * h) - mid.angular_acceleration).max() < 1e-4


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_short_timelines(samples):
    line = timeline(lambda t: np.stack([5 * t, 0 * t, 0 * t], -1), lambda t: 0 * t, duration=0.05 * (samples - 1))
    state = EgoMotion(line).at(np.array([0.0, 0.02]))
    assert state.velocity[:, 0] == pytest.approx(5.0 if samples > 1 else 0.0)
    assert np.abs(state.acceleration).max() < 1e-9


# ---- inertial units


def allan(values, rate, cluster):
    """Deviation between means over `cluster` samples that follow each other, by its definition."""
    n = len(values) // cluster
    means = values[: n * cluster].reshape(n, cluster, -1).mean(1)
    return cluster / rate, np.sqrt(0.5 * (np.diff(means, axis=0) ** 2).mean())


@pytest.mark.parametrize("preset, gyro_noise, instability", [("imu_bmi088", 0.014, 2.0), ("imu_adis16470", 0.0057, 8.0)])
def test_allan_deviation_of_gyroscopes_is_that_of_the_data_sheet(preset, gyro_noise, instability):
    """White noise: N / sqrt(tau). A Gauss-Markov bias: IEEE Std 952, eq. C.21; its peak is the bias instability."""
    spec = sensor(preset, rate_hz=25).gyroscope
    rate, hours = 25, 5
    told = spec.__class__(**{**vars(spec), "quantum": 0.0}).applied(np.zeros((rate * 3600 * hours, 3)), rate, KEY)
    noise, bias, corr = math.radians(gyro_noise), math.radians(instability / 3600), spec.correlation_s
    for cluster in (rate, 8 * rate, 189 * rate):
        tau, found = allan(told - told.mean(0), rate, cluster)
        s2 = (bias / odometry.GAUSS_MARKOV_PEAK) ** 2
        x = tau / corr
        markov = 2 * s2 / x * (1 - (3 - 4 * math.exp(-x) + math.exp(-2 * x)) / (2 * x))
        wanted = math.sqrt(noise**2 / tau + markov)
        count = 3 * len(told) / cluster
        assert found == pytest.approx(wanted, rel=max(0.02, 3 / math.sqrt(count)))


def test_the_peak_of_a_gauss_markov_process():
    x = np.linspace(0.5, 5, 2000)
    s2 = 2 / x * (1 - (3 - 4 * np.exp(-x) + np.exp(-2 * x)) / (2 * x))
    assert math.sqrt(s2.max()) == pytest.approx(odometry.GAUSS_MARKOV_PEAK, abs=1e-3)
    assert x[np.argmax(s2)] == pytest.approx(1.89, abs=0.01)


def test_gauss_markov_forgets_as_it_says():
    values = odometry.gauss_markov(KEY, 100_000, 1, 0.1, 2.0)[:, 0]
    for lag in (10, 20):
        found = (values[:-lag] * values[lag:]).mean()
        assert found == pytest.approx(math.exp(-lag * 0.1 / 2.0), abs=0.05)
    assert np.array_equal(odometry.gauss_markov(KEY, 50, 1, 0.1, 2.0)[:, 0], values[:50])


def test_ranges_and_steps_of_an_imu():
    still = timeline(lambda t: np.zeros((len(t), 3)), lambda t: 0 * t)
    low = imu(accelerometer={**EXACT["accelerometer"], "limit_g": 0.5, "quantum_ug": 1000.0})
    force = triad(Record(low, EgoMotion(still), 1.0, KEY), "specific_force", "m_s2")
    assert force[:, 2] == pytest.approx(0.5 * 9.80665)
    steps = triad(Record(sensor("imu_bmi088"), EgoMotion(still), 1.0, KEY), "specific_force", "m_s2") / (732e-6 * 9.80665)
    assert np.abs(steps - np.round(steps)).max() < 1e-9


# ---- satellites


def standing(duration):
    return timeline(lambda t: np.tile([100.0, 50.0, 3.0], (len(t), 1)), lambda t: 0 * t, duration=duration, step=1.0)


@pytest.mark.parametrize("preset, horizontal, vertical", [("gnss_single", 1.7, 3.0), ("gnss_rtk", 0.012, 0.02)])
def test_errors_of_positions(preset, horizontal, vertical):
    hours = 10 if preset == "gnss_single" else 4
    record = Record(sensor(preset, (0.5, 0.2, 1.5), rate_hz=1), EgoMotion(standing(3600 * hours)), 3600 * hours, KEY)
    off = np.stack([record.columns[f"{a}_m"] - record.columns[f"true_{a}_m"] for a in "xyz"], -1)
    spec, n = record.sensor, 3600 * hours
    free = n / (2 * spec.correlation_s)  # how many of them know nothing of each other
    for k, wanted in enumerate((horizontal, horizontal, vertical)):
        assert off[:, k].std() == pytest.approx(wanted, rel=4 / math.sqrt(2 * free))
        assert abs(off[:, k].mean()) < 4 * wanted / math.sqrt(free)
    cep = np.median(np.hypot(off[:, 0], off[:, 1]))
    assert cep == pytest.approx(1.1774 * horizontal, rel=4 / math.sqrt(free))
    step = off[1:, 0] - off[:-1, 0]  # the white part, and what the slow part forgets in a second
    keep = math.exp(-1 / spec.correlation_s)
    wanted = horizontal * math.sqrt(2 * (1 - spec.correlated) + 2 * spec.correlated * (1 - keep))
    assert step.std() == pytest.approx(wanted, rel=0.05)
    assert record.columns["true_x_m"] == pytest.approx(100.5) and record.columns["true_z_m"] == pytest.approx(4.5)


def test_outages_of_time_and_of_place():
    line = timeline(lambda t: np.stack([10 * t, 0 * t, 0 * t], -1), lambda t: 0 * t, duration=60.0)
    spec = sensor("gnss_rtk", outages_s=[[10, 12]], covered_m=[[350.0, 0.0, 20.0]])  # 33 to 37 s
    record = Record(spec, EgoMotion(line), 60.0, KEY)
    t, fix, x = record.time_s, record.columns["fix"], record.columns["x_m"]
    none = ((t >= 10) & (t < 14 - 0.11)) | ((t > 33) & (t < 39 - 0.11))
    assert (fix[none] == odometry.NO_FIX).all() and np.isnan(x[none]).all()
    assert np.isnan(record.columns["horizontal_sd_m"][none]).all() and np.isfinite(record.columns["true_x_m"]).all()
    floating = ((t > 14) & (t < 21.8)) | ((t > 39.1) & (t < 46.8))
    assert (fix[floating] == odometry.RTK_FLOAT).all()
    assert (fix[(t < 9.9) | ((t > 22) & (t < 32.9)) | (t > 47.1)] == odometry.RTK_FIXED).all()
    assert np.abs(x - record.columns["true_x_m"])[floating].std() > 5 * np.abs(x - record.columns["true_x_m"])[t < 9.9].std()
    assert (record.columns["horizontal_sd_m"][t < 9.9] == 0.012).all()


def test_velocities_of_satellites():
    record = Record(sensor("gnss_single", (1.0, 0, 1.5)), EgoMotion(circle(duration=200.0)), 200.0, KEY)
    off = record.columns["velocity_x_m_s"] - record.columns["true_velocity_x_m_s"]
    assert off.std() == pytest.approx(0.05, rel=0.1)
    speed = np.hypot(record.columns["true_velocity_x_m_s"], record.columns["true_velocity_y_m_s"])
    assert speed[10:-10] == pytest.approx(math.hypot(10.0, 10.0 / 30.0), rel=1e-5)  # an antenna ahead of the axle is faster


# ---- wheels


NO_ERRORS = {
    "radius_error_percent": 0, "slip_percent": 0, "steering_noise_deg": 0, "steering_offset_deg": 0, "speed_quantum_m_s": 0,
    "steering_quantum_deg": 0,
}  # fmt: skip


def test_wheels_in_a_bend():
    """Ackermann: inner ones slower, front ones on larger circles, the steered angle atan(L / R)."""
    r, v, base, track = 30.0, 10.0, 2.8, 1.5
    spec = sensor("wheel_odometry", wheelbase_m=base, track_m=track, **NO_ERRORS)
    record = Record(spec, EgoMotion(circle()), 20.0, KEY)
    c, inner = record.columns, slice(30, -30)
    for name, radius in {
        "rear_left": r - track / 2, "rear_right": r + track / 2, "front_left": math.hypot(r - track / 2, base),
        "front_right": math.hypot(r + track / 2, base),
    }.items():  # fmt: skip
        assert c[f"speed_{name}_m_s"][inner] == pytest.approx(v * radius / r, rel=1e-5)
        turns = c[f"ticks_{name}"][-1] / 96
        assert turns * 2 * math.pi * 0.32 == pytest.approx(20.0 * v * radius / r, abs=0.03)
    assert c["steering_rad"][inner] == pytest.approx(math.atan(base / r), rel=1e-5)
    assert c["true_speed_m_s"][inner] == pytest.approx(v, rel=1e-6)


def test_wheels_that_are_smaller_than_thought_run_further():
    line = timeline(lambda t: np.stack([10 * t, 0 * t, 0 * t], -1), lambda t: 0 * t)
    spec = sensor("wheel_odometry", **{**NO_ERRORS, "radius_error_percent": 1.0})
    factors = []
    for k in range(60):
        c = Record(spec, EgoMotion(line), 20.0, keys.derive(KEY, k)).columns
        factors += [c[f"speed_{n}_m_s"][-1] / 10.0 for n in odometry.WHEELS]
    assert np.std(factors) == pytest.approx(0.01, rel=0.2) and abs(np.mean(factors) - 1) < 0.003


# ---- frames


@pytest.mark.parametrize("preset", ["imu_adis16470", "gnss_rtk", "wheel_odometry"])
def test_frames_share_out_the_samples(preset):
    """Each sample is in one frame; a longer scenario begins with the same ones."""
    spec, motion = sensor(preset), EgoMotion(circle())
    record, longer = Record(spec, motion, 10.0, KEY), Record(spec, motion, 15.0, KEY)
    frames = [record.until(k / 7, (k - 1) / 7 if k else None, Pose.identity()) for k in range(70)]
    time = np.concatenate([f.time_s for f in frames])
    assert np.array_equal(time, np.arange(len(time)) / spec.rate_hz) and time[-1] <= 69 / 7
    assert all((f.time_s <= k / 7 + 1e-6).all() for k, f in enumerate(frames))
    for name in record.columns:
        together = np.concatenate([f.columns[name] for f in frames])
        assert np.array_equal(together, longer.columns[name][: len(together)], equal_nan=True)


@pytest.mark.parametrize("preset", ["imu_adis16470", "imu_bmi088", "gnss_rtk", "gnss_single", "wheel_odometry"])
def test_specs_are_plain(preset):
    spec = sensor(preset)
    plain = odometry.to_plain(spec)
    assert odometry.to_plain(odometry.from_plain(plain)) == plain and plain["kind"] == spec.KIND


AT = {"position_m": [0, 0, 1]}
MISTAKES = [
    ({"sensor": "imu_bmi088", "rate_hertz": 100, **AT}, "rate_hertz", 'did you mean "rate_hz"'),
    ({"sensor": "imu_bmi088", **AT, "gyroscope": {"noise": 1}}, "", "noise_deg_s_rthz is missing"),
    ({"sensor": "imu_bmi088", **AT, "accelerometer": {**EXACT["accelerometer"], "nois": 1}}, "accelerometer", "no such key"),
    ({"sensor": "gnss_rtk", **AT, "outages_s": [[5, 3]]}, "outages_s", "ends at 3 s, before it begins"),
    ({"sensor": "gnss_rtk", **AT, "outages_s": [5, 3]}, "outages_s", "should be a list of numbers"),
    ({"sensor": "gnss_rtk", **AT, "covered_m": [[5, 3]]}, "covered_m", "there should be 3"),
    ({"sensor": "gnss_rtk", **AT, "rtk": {"horizontal_m": 0.01, "verticl_m": 1}}, "rtk", "vertical_m is missing"),
    ({"sensor": "gnss_rtk", **AT, "correlated": 2}, "correlated", "at most 1"),
    ({"sensor": "wheel_odometry", "wheel_radius_m": 0}, "wheel_radius_m", "at least 0.05"),
    ({"kind": "odometer", **AT}, "kind", 'no kind "odometer"'),
]


@pytest.mark.parametrize("values, key, message", MISTAKES, ids=[f"{m[1]}: {m[2]}" for m in MISTAKES])
def test_mistakes_are_told_with_their_place(values, key, message):
    with pytest.raises(InputError, match=message) as caught:
        rig.load({"sensors": {"it": values}}, Place("a.yaml", 3, path="rig"))
    assert caught.value.place.path.startswith("rig.sensors.it" + (f".{key}" if key else ""))
