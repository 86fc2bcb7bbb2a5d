"""What radars find, against closed forms: cross-sections of bodies, detection by Swerling, places, velocities, ghosts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenesim.base import keys, taxonomy
from scenesim.capture import radar as capture
from scenesim.capture import scatter
from scenesim.capture.speeds import StageVelocity
from scenesim.scene.stage import Stage
from tests import scenes, small_world
from tests.radar_scenes import KEY, WAVE_M, look, measure, radar, surface

CAUSES = taxonomy.radar_causes()


def trihedral(a):
    """Three right triangles with legs a, open towards (1, 1, 1)."""
    v = np.array([[0, 0, 0], [a, 0, 0], [0, a, 0], [0, 0, a]], float)
    return v, np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1]])


def dihedral(a, b):
    """Two plates a deep and b high, at right angles, open towards -x."""
    s = a / math.sqrt(2)
    v = np.array([[0, 0, -b / 2], [-s, -s, -b / 2], [-s, s, -b / 2], [0, 0, b / 2], [-s, -s, b / 2], [-s, s, b / 2]])
    return v, np.array([[0, 1, 4], [0, 4, 3], [0, 3, 5], [0, 5, 2]])


@pytest.mark.parametrize("a, r", [(0.1, 30.0), (0.3, 20.0), (0.5, 60.0)])
def test_a_corner_reflector(a, r):
    """4 pi a^4 / (3 lambda^2), whatever the distance."""
    scene = scenes.pack([trihedral(a)], [0], scenes.at_rest([0, 0, 0]))
    at = np.full(3, r / math.sqrt(3))
    found = look(scene, surface(coherence_m=100.0), at, -at, 1.2 * a / r, 240)
    assert found.rcs_m2.sum() == pytest.approx(4 * math.pi * a**4 / (3 * WAVE_M**2), rel=0.06)
    corner = found.rcs_m2 > 1e-3 * found.rcs_m2.max()
    assert np.abs(found.path_m[corner] - r).max() < 0.01 and found.steady[corner].all()


def test_a_corner_of_two_plates():
    """8 pi a^2 b^2 / lambda^2 along its axis."""
    a, b = 0.2, 0.3
    scene = scenes.pack([dihedral(a, b)], [0], scenes.at_rest([400, 0, 0]))
    found = look(scene, surface(coherence_m=100.0), [0, 0, 0], [1, 0, 0], 0.0008, 240)
    assert found.rcs_m2.sum() == pytest.approx(8 * math.pi * a**2 * b**2 / WAVE_M**2, rel=0.06)


@pytest.mark.parametrize("coherence", [0.01, 0.03])
def test_a_sphere(coherence):
    """pi a^2 of geometrical optics, however rough its patches are."""
    a = 0.5
    scene = scenes.pack([scenes.sphere(96, 192, a)], [0], scenes.at_rest([20, 0, 0]))
    smooth = scene.geometry.vertices[scene.geometry.triangles].astype(float).reshape(-1, 3)
    normals = (smooth / np.linalg.norm(smooth, axis=1, keepdims=True)).reshape(-1, 9).astype(np.float32)
    scene = scene._replace(geometry=scene.geometry._replace(normals=normals))
    found = look(scene, surface(0.5, coherence), [0, 0, 0], [1, 0, 0], 0.03, 300)
    assert found.rcs_m2.sum() == pytest.approx(0.5 * math.pi * a**2, rel=0.1)


def test_a_wall_is_the_mirror_image_of_the_radar():
    """pi R^2 F of what is larger than all Fresnel zones."""
    scene = scenes.pack([scenes.box([0.1, 60, 60])], [0], scenes.at_rest([20.1, 0, 0]))
    found = look(scene, surface(0.5, 0.03), [0, 0, 0], [1, 0, 0], 0.9, 400)
    assert found.rcs_m2.sum() == pytest.approx(0.5 * math.pi * 20.0**2, rel=0.08)


def test_a_plate_is_its_patches():
    """4 pi A c^2 / lambda^2 face on; and almost nothing from aside."""
    c, half = 0.02, 0.15
    rows, face = surface(1.0, c), scenes.pack([scenes.box([0.01, half, half])], [0], scenes.at_rest([50.01, 0, 0]))
    found = look(face, rows, [0, 0, 0], [1, 0, 0], 0.004, 200).rcs_m2.sum()
    assert found == pytest.approx(4 * math.pi * (2 * half) ** 2 * c**2 / WAVE_M**2, rel=0.03)
    turned = np.array([[[math.cos(0.2), 0, 0, math.sin(0.2), 50, 0, 0]]])
    aside = look(scenes.pack([scenes.box([0.01, half, half])], [0], turned), rows, [0, 0, 0], [1, 0, 0], 0.004, 200)
    assert aside.rcs_m2.sum() < 1e-3 * found


def test_rough_walls_are_lambert():
    """4 d A cos^2."""
    pose = np.array([[[math.cos(0.25), 0, 0, math.sin(0.25), 50, 0, 0]]])
    scene = scenes.pack([scenes.box([0.001, 0.5, 0.5])], [0], pose)
    found = look(scene, surface(0.0, 0.02, 0.1), [0, 0, 0], [1, 0, 0], 0.012, 300).rcs_m2.sum()
    assert found == pytest.approx(4 * 0.1 * 1.0 * math.cos(0.5) ** 2, rel=0.03)


# ---- detection


def cells(snr, count, steady):
    """Cells far from each other, of the same mean signal."""
    place = np.tile([50.0, 0.0, 0.0, 0.0], (count, 1))
    number = np.arange(count, dtype=np.int64) * 10**9
    return capture._Cells(
        number, np.full(count, snr), place, np.full(count, steady), np.zeros((count, 3), np.int64), np.ones(count),
        np.zeros((count, 5)),
    )  # fmt: skip


@pytest.mark.parametrize("snr_db", [6, 13, 20])
@pytest.mark.parametrize("steady", [False, True])
def test_how_often_targets_are_found(snr_db, steady):
    """Swerling 1: P_fa^(1 / (1 + S)); 3: (1 + 2 S T / (2 + S)^2) exp(-2 T / (2 + S)) (DiFranco and Rubin 1968)."""
    sensor, n, s = radar(false_alarms=1.0), 20000, 10 ** (0.1 * snr_db)
    t = sensor.threshold(sensor.scans[0])
    found = capture._detected(sensor, sensor.scans[0], 0, cells(s, n, steady), KEY)
    share = (found["label"][:, 2] == 0).sum() / n
    wanted = (1 + 2 * s * t / (2 + s) ** 2) * math.exp(-2 * t / (2 + s)) if steady else math.exp(-t / (1 + s))
    assert abs(share - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / n) + 1e-4


def test_as_many_false_alarms_as_there_should_be():
    sensor, empty = radar(false_alarms=3.0), scenes.pack([scenes.box([1, 1, 1])], [0], scenes.at_rest([-50, 0, 0]))
    many = [measure(empty, surface(), sensor, key=keys.derive(KEY, k)) for k in range(60)]
    counts = [len(d.range_m) for d in many]
    assert abs(np.mean(counts) - 3.0) < 4 * math.sqrt(3.0 / 60)
    assert all((d.cause == CAUSES["false_alarm"]).all() and np.isnan(d.true_range_m).all() for d in many)
    assert all((d.instance == 0).all() for d in many)


def test_clutter_raises_the_threshold_and_a_single_neighbour_does_not():
    scan = radar().scans[0]
    step = capture._step(scan, 1)
    full = np.arange(40, dtype=np.int64) * step + 10**7
    carpet = np.sort(np.concatenate([full + capture._step(scan, 0, v) for v in (-2, -1, 0, 1, 2)]))
    level = capture._level_about(scan, carpet, np.full(len(carpet), 50.0))
    assert level[np.searchsorted(carpet, full[20])] == pytest.approx(50.0)
    two = np.array([full[0], full[4]])
    assert (capture._level_about(scan, two, np.array([1e6, 20.0])) == 1.0).all()


# ---- places and velocities


def posts(*places):
    return scenes.pack([scenes.box([0.1, 0.1, 0.5])], [0] * len(places), scenes.at_rest(list(places)))


ROWS = surface(0.8, 0.005, 0.2)


def strongest(found, instance):
    mine = np.flatnonzero((found.instance == instance) & (found.cause == CAUSES["direct"]))
    return mine[np.argmax(found.snr_db[mine])]


def test_where_things_are():
    scene = posts([30, 0, 0], [40, 15, 0], [25, -10, 2.0])
    found = measure(scene, ROWS, radar())
    for k, (x, y, z) in enumerate(((29.9, 0, 0), (39.9, 14.95, 0), (24.9, -9.95, 2.0))):
        d = strongest(found, k + 1)
        assert found.range_m[d] == pytest.approx(math.sqrt(x * x + y * y + z * z), abs=0.3)
        assert found.azimuth_rad[d] == pytest.approx(math.atan2(y, x), abs=math.radians(0.7))
        assert found.elevation_rad[d] == pytest.approx(math.atan2(z, math.hypot(x, y)), abs=math.radians(1.0))
        assert found.xyz_m[d] == pytest.approx([x, y, z], abs=0.6)
        assert found.class_id[d] == 17 and found.share[d] > 0.9


def test_without_elevation_everything_is_level():
    flat = {k: v for k, v in radar(scan={}).to_plain()["scans"][0].items()}
    assert flat["elevation_resolution_rad"] > 0
    sensor = radar()
    level = sensor.__class__(**{**vars(sensor), "scans": (sensor.scans[0].__class__(**{**flat, "elevation_resolution_rad": 0.0,
        "velocity_m_s": tuple(flat["velocity_m_s"]), "ray_rad": tuple(flat["ray_rad"]),
        "edge_loss_db": tuple(flat["edge_loss_db"])}),)})  # fmt: skip
    found = measure(posts([25, -10, 2.0]), ROWS, level)
    assert np.isnan(found.elevation_rad).all() and (found.xyz_m[:, 2] == 0).all() and len(found.range_m)
    assert np.isfinite(found.true_elevation_rad).all()


def test_two_in_one_cell_are_one_detection():
    apart = measure(posts([30, 2, 0], [30, -2, 0]), ROWS, radar())
    assert {1, 2} <= set(apart.instance.tolist())
    together = measure(posts([30.25, 2.2, 0], [30.25, 1.8, 0]), ROWS, radar(scan={"azimuth_resolution_deg": 8.0}))
    near = np.flatnonzero(together.range_m < 30.7)  # further off is what goes from one to the other
    assert len(near) == 1 and together.share[near[0]] < 0.9


def test_velocities_are_those_of_the_timeline():
    """A thing that drives, and one that stands, seen from a driving ego: radial velocities, over ground and as measured."""
    line = small_world.timeline([("cabinet", (25.0, 3.0), (-6.0, 2.0), 0.0, 0.0), ("cabinet", (30.0, -4.0), (0, 0), 0, 0)])
    stage = Stage(line, [])
    snapshot = stage.at(0.52, 0.51, 0.53)
    sensor = radar(at=(1.0, 0.0, 0.5))
    speed = StageVelocity(stage, snapshot)
    own = speed.of_sensor(sensor.ego_from_radar)
    assert own == pytest.approx([8.0, 0, 0], abs=1e-6)
    scene, rows = snapshot.scene, np.tile(ROWS, (len(snapshot.scene.material), 1))
    found = capture.capture_radar(
        scene, rows, sensor, snapshot.local(snapshot.state.world_from_actor[0]), snapshot.world_from_local, own, speed, KEY,
        np.arange(3, dtype=np.uint16), 1,
    )  # fmt: skip
    for k, velocity in ((1, [-6.0, 2.0]), (2, [0.0, 0.0])):
        d = strongest(found, k)
        towards = np.array([math.cos(found.true_azimuth_rad[d]), math.sin(found.true_azimuth_rad[d])])
        assert found.true_radial_velocity_m_s[d] == pytest.approx((np.array(velocity) - [8, 0]) @ towards, abs=0.02)
        assert found.radial_velocity_m_s[d] == pytest.approx(found.true_radial_velocity_m_s[d], abs=0.15)
        assert found.ground_velocity_m_s[d] == pytest.approx(np.array(velocity) @ towards, abs=0.4)


def test_velocities_are_folded():
    sensor = radar(scan={"velocity_m_s": [-10.0, 10.0]})
    found = measure(posts([30, 0, 0]), ROWS, sensor, sensor_velocity=[24.0, 0, 0])
    d = strongest(found, 1)
    assert found.true_radial_velocity_m_s[d] == pytest.approx(-24.0, abs=0.05)
    assert found.radial_velocity_m_s[d] == pytest.approx(-4.0, abs=0.2)


# ---- ways


def test_a_mirror_shows_an_image():
    """Behind a wall along the road there is the image of a post: as far as the way there, in the wall's direction."""
    wall, post = scenes.box([40, 0.1, 3]), scenes.box([0.2, 0.2, 1])
    scene = scenes.pack([wall, post], [0, 1], scenes.at_rest([[40, 8.1, 0], [40, 0, 0]]))
    scene = scene._replace(class_id=np.array([taxonomy.class_id("wall"), 17], np.int32))
    found = look(scene, surface(0.9, 0.005, 0.05), [0, 0, 0], [1, 0.4, 0], 0.2, 300)
    image = np.flatnonzero((found.way == scatter.BY_MIRROR) & (found.body == 1) & (found.direction[:, 1] > 0.3))
    assert len(image) > 20
    there = (found.path_m[image, None] * found.direction[image] * found.rcs_m2[image, None]).sum(0) / found.rcs_m2[image].sum()
    assert there == pytest.approx([40, 16, 0], abs=0.4)


def test_what_runs_past_the_radar_is_no_corner():
    """A ray that a wall ahead sends back, and that meets a wall along the road behind the radar, goes on and does not
    return."""
    ahead, along = scenes.box([0.1, 30, 3]), scenes.box([60, 0.1, 3])
    scene = scenes.pack([ahead, along], [0, 1], scenes.at_rest([[20, 0, 0], [-20, 3.1, 0]]))
    found = look(scene, surface(0.9, 0.02), [0, 0, 0], [1, 0.06, 0], 0.03, 120)
    past = (found.body == 1) & found.steady & (found.rcs_m2 > 1e-3)
    assert not past.any()


def test_the_road_shows_what_hides_behind_a_car():
    """Under something that is off the ground, the radar sees what stands behind it, and says so."""
    road, car, behind = scenes.box([60, 20, 0.1]), scenes.box([2, 0.9, 0.6]), scenes.box([0.1, 0.8, 0.7])
    scene = scenes.pack([road, car, behind], [0, 1, 2], scenes.at_rest([[50, 0, -0.1], [20, 0, 0.9], [35, 0, 0.8]]))
    scene = scene._replace(class_id=np.array([taxonomy.class_id("road"), 17, 17], np.int32))
    found = measure(scene, surface(0.5, 0.01, 0.05), radar(at=(0, 0, 0.6)), key=KEY)
    mine = found.instance == 3
    assert mine.any() and set(found.cause[mine].tolist()) <= {CAUSES["road_bounce"], CAUSES["mirror"]}
    bounced = mine & (found.cause == CAUSES["road_bounce"])
    assert bounced.any() and np.abs(found.true_range_m[bounced] - 34.9).min() < 0.5
    assert (found.true_elevation_rad[bounced] < 0).all()
    assert (found.cause[found.class_id == taxonomy.class_id("road")] != CAUSES["direct"]).all()


def test_rain_takes_what_it_should_and_nothing_else():
    """The same rays and noise: signals are weaker by the way through the rain, in the mean of the cells."""
    dry = measure(posts([60, 0, 0]), ROWS, radar())
    wet = measure(posts([60, 0, 0]), ROWS, radar(), rain_mm_per_h=50.0)
    a, b = strongest(dry, 1), strongest(wet, 1)
    assert dry.true_range_m[a] == wet.true_range_m[b]
    lost = 2 * 60 * 17.8e-3  # P.838-3 at 76.5 GHz, 50 mm/h, vertical: 17.8 dB/km
    assert dry.snr_db[a] - wet.snr_db[b] == pytest.approx(lost, abs=0.3)


def test_the_same_each_time_and_another_each_frame():
    one, two = (measure(posts([30, 0, 0], [20, 5, 0]), ROWS, radar(false_alarms=2.0), key=KEY) for _ in range(2))
    names = ("range_m", "rcs_dbsm", "true_range_m")
    assert all(np.array_equal(getattr(one, n), getattr(two, n), equal_nan=True) for n in names)
    other = measure(posts([30, 0, 0], [20, 5, 0]), ROWS, radar(false_alarms=2.0), key=keys.derive(KEY, "next"))
    assert not np.array_equal(one.rcs_dbsm, other.rcs_dbsm)


def test_only_the_strongest_are_told():
    scene = posts(*[[20 + 3 * k, (k % 5 - 2) * 2.0, 0] for k in range(12)])
    every, few = (measure(scene, ROWS, radar(max_detections=n)) for n in (1000, 5))
    assert len(few.range_m) == 5 and len(every.range_m) > 8 and (np.diff(few.range_m) >= 0).all()
    assert few.snr_db.min() >= np.sort(every.snr_db)[-5]
