"""A radar's detections: scatterers in its resolution cells, noise, a threshold, and what is measured of the cells above it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import scatter
from scenesim.capture.frame import Detections
from scenesim.capture.scatter import Scatterers, Velocity
from scenesim.kernels.packed import PackedScene
from scenesim.sensors.radar import Radar, Scan
from scenesim.sensors.rain import attenuation_db_per_m

Array = NDArray[np.float64]

GROUND = ("road", "lane_marking", "sidewalk", "kerb", "terrain")
DOMINANT = 0.8  # share of a cell's power above which one scatterer makes it steadier (Swerling 3 instead of 1)
SHARPNESS = 1.6  # resolution over this and the root of twice the signal over noise: how well a peak is found (Barton 1988)
REFERENCE = 8  # cells before, and as many behind, to which a cell is compared
DB = math.log(10.0) / 10.0


@dataclass(frozen=True)
class _Cells:
    """C cells with something in them: signal over noise in the mean, mean range, azimuth, elevation, and velocity of what is in
    them, what sends back most (class, instance, cause) with its share of the power, and the truth about that."""

    number: NDArray[np.int64]
    snr: Array
    place: Array  # (C, 4) range m, sine of azimuth, elevation rad, velocity m/s (folded)
    steady: NDArray[np.bool_]
    label: NDArray[np.int64]  # (C, 3) class, instance, cause
    share: Array
    truth: Array  # (C, 5) range, azimuth, elevation, velocity, cross-section


def capture_radar(
    scene: PackedScene,
    surfaces: Array,
    radar: Radar,
    local_from_ego: Pose,
    world_from_local: Pose,
    sensor_velocity: Array,
    velocity: Velocity,
    key: Key,
    track: NDArray[np.uint16],
    threads: int | None = None,
    *,
    rain_mm_per_h: float = 0.0,
) -> Detections:
    """What a radar finds at the reference time. surfaces: (M, 4) rows of models.radar_surface of the scene's materials.
    sensor_velocity: (3,) of the radar, local. velocity: of points of the scene. key: chance of this measurement; with the same
    key, those in different rain look along the same rays and have the same noise. track: label value of each actor row."""
    local_from_radar = local_from_ego @ radar.ego_from_radar
    loss_db_per_m = attenuation_db_per_m(radar.frequency_ghz, rain_mm_per_h, radar.vertical)
    parts = []
    for number, scan in enumerate(radar.scans):
        own = keys.derive(key, scan.name)
        found = _scatterers(scene, surfaces, radar, scan, local_from_radar, sensor_velocity, velocity, own, threads)
        cells = _cells(scene, radar, scan, found, local_from_radar, track, loss_db_per_m)
        parts.append(_detected(radar, scan, number, cells, own))
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    loudest = np.argsort(-columns["snr"], kind="stable")[: radar.max_detections]
    order = loudest[np.argsort(columns["range"][loudest], kind="stable")]
    columns = {name: values[order] for name, values in columns.items()}
    return _told(radar, columns, local_from_radar, world_from_local, sensor_velocity)


def _scatterers(scene, surfaces, radar: Radar, scan: Scan, local_from_radar: Pose, sensor_velocity, velocity, key, threads):
    """Along rays that are spread anew each time, one in each cell of an even fan: thin things are met as often as they
    should."""
    azimuth, elevation = scan.fan()
    across, up = len(np.unique(azimuth)), len(np.unique(elevation))
    step = 2 * scan.azimuth_rad / across, 2 * scan.elevation_rad / up
    jitter = keys.generator(keys.derive(key, "rays")).uniform(-0.5, 0.5, (2, len(azimuth)))
    azimuth, elevation = azimuth + step[0] * jitter[0], elevation + step[1] * jitter[1]
    direction = local_from_radar.rotate(_direction(azimuth, elevation))
    solid = step[0] * step[1] * np.cos(elevation)
    ground = np.zeros(256, bool)
    ground[[taxonomy.class_id(name) for name in GROUND]] = True
    return scatter.find(
        scene, surfaces, ground, local_from_radar.translation, direction, solid, across, step, (scan.range_resolution_m,
        scan.velocity_resolution_m_s), radar.wavelength_m, scan.max_range_m, velocity, np.asarray(sensor_velocity, float),
        threads, )  # fmt: skip


def _direction(azimuth: Array, elevation: Array) -> Array:
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], -1)


def _exp(values: Array) -> Array:
    """Of each value; numpy's own differs from machine to machine."""
    return np.array([math.exp(v) for v in values.tolist()], float)


def _level(values: Array) -> Array:
    """Decibels, -100 at least; numpy's own logarithm differs from machine to machine."""
    return np.array([10.0 * math.log10(max(v, 1e-10)) for v in values.tolist()], float)


def _cells(scene, radar: Radar, scan: Scan, s: Scatterers, local_from_radar: Pose, track, loss_db_per_m: float) -> _Cells:
    """Put scatterers into the cells of range, velocity and angles."""
    seen = local_from_radar.inverse().rotate(s.direction)
    azimuth = np.arctan2(seen[:, 1], seen[:, 0])
    elevation = np.arctan2(seen[:, 2], np.sqrt(seen[:, 0] ** 2 + seen[:, 1] ** 2))
    inside = (np.abs(azimuth) <= scan.azimuth_rad) & (np.abs(elevation) <= scan.elevation_rad)
    rows = np.flatnonzero(inside & (s.path_m > scan.min_range_m) & (s.path_m < scan.max_range_m) & (s.rcs_m2 > 0.0))
    s = Scatterers(*(getattr(s, f.name)[rows] for f in fields(Scatterers)))
    azimuth, elevation = azimuth[rows], elevation[rows]
    loss = np.array([scan.loss_db(a, e) for a, e in zip(azimuth.tolist(), elevation.tolist())], float)
    path2 = s.path_m * s.path_m
    snr = radar.snr_at_1m(scan) * s.rcs_m2 / (path2 * path2) * _exp(-DB * (loss + 2.0 * loss_db_per_m * s.path_m))
    low, high = scan.velocity_m_s
    folded = low + np.mod(s.speed_m_s - low, high - low)
    sine = np.sin(azimuth)
    number, cell = np.unique(_number(scan, s.path_m, sine, elevation, folded), return_inverse=True)
    power = np.bincount(cell, snr, minlength=len(number)).astype(float)

    def mean(values: Array) -> Array:
        return np.bincount(cell, snr * values, minlength=len(number)) / power

    place = np.stack([mean(s.path_m), mean(sine), mean(elevation), mean(folded)], -1)
    label = _labels(scene, s, track)
    kind, of_kind = np.unique(label, axis=0, return_inverse=True)
    pair, in_pair = np.unique(cell * np.int64(len(kind) + 1) + of_kind.reshape(-1), return_inverse=True)
    by_pair = np.bincount(in_pair, snr, minlength=len(pair))
    whose = pair // (len(kind) + 1)
    order = np.lexsort((-by_pair, whose))
    best = order[np.searchsorted(whose[order], np.arange(len(number)))]  # the loudest pair of each cell
    truth = [s.path_m, azimuth, elevation, s.speed_m_s]
    means = [np.bincount(in_pair, snr * v, minlength=len(pair))[best] / by_pair[best] for v in truth]
    cross = np.bincount(in_pair, s.rcs_m2, minlength=len(pair))[best]
    loudest = np.zeros(len(number))
    np.maximum.at(loudest, cell, np.where(s.steady, snr, 0.0))
    return _Cells(
        number, power, place, loudest > DOMINANT * power, kind[pair[best] % (len(kind) + 1)].reshape(-1, 3),
        by_pair[best] / power, np.stack([*means, cross], -1),
    )  # fmt: skip


def _sizes(scan: Scan) -> tuple[int, int, int, int]:
    """Cells along range, velocity, azimuth, elevation, with one to spare at each end."""
    low, high = scan.velocity_m_s
    across = int(1.0 / math.sin(scan.azimuth_resolution_rad)) + 1
    up = int(scan.elevation_rad / scan.elevation_resolution_rad) + 1 if scan.elevation_resolution_rad else 0
    along = int(scan.max_range_m / scan.range_resolution_m) + 3
    return along, int((high - low) / scan.velocity_resolution_m_s) + 3, 2 * across + 3, 2 * up + 3


def _number(scan: Scan, path, sine, elevation, velocity) -> NDArray[np.int64]:
    """(N,) one number for each cell."""
    sizes = _sizes(scan)
    width = math.sin(scan.azimuth_resolution_rad)
    up = np.floor(elevation / scan.elevation_resolution_rad) if scan.elevation_resolution_rad else np.zeros(len(path))
    parts = (
        np.floor(path / scan.range_resolution_m) + 1,
        np.floor((velocity - scan.velocity_m_s[0]) / scan.velocity_resolution_m_s) + 1,
        np.floor(sine / width) + sizes[2] // 2 + 1,
        up + sizes[3] // 2 + 1,
    )
    number = np.zeros(len(path), np.int64)
    for part, size in zip(parts, sizes):
        number = number * size + part.astype(np.int64)
    return number


def _labels(scene: PackedScene, s: Scatterers, track) -> NDArray[np.int64]:
    """(N, 3) class, instance, cause of scatterers."""
    causes, plants = taxonomy.radar_causes(), np.zeros(256, bool)
    plants[[taxonomy.class_id(name) for name in (*GROUND, "vegetation")]] = True
    class_id = scatter.class_of(scene, s.body, s.triangle)
    actor = scene.actor[s.body]
    instance = np.where(actor >= 0, track[np.maximum(actor, 0)], 0)
    by_way = np.array([causes["direct"], causes["road_bounce"], causes["mirror"]])
    cause = np.where((s.way == scatter.DIRECT) & plants[class_id], causes["clutter"], by_way[s.way])
    return np.stack([class_id, instance.astype(np.int64), cause], -1)


def _detected(radar: Radar, scan: Scan, number: int, cells: _Cells, key: Key) -> dict[str, NDArray]:
    """Columns of the cells above the threshold, and of false alarms.

    The fluctuation of targets from measurement to measurement is Swerling's: 1 (many scatterers: powers are exponential), 3
    (one and many small ones); with noise, the first are found with P_d = P_fa^(1 / (1 + S/N)).
    """
    rng = keys.generator(keys.derive(key, "noise"))
    n = len(cells.snr)
    first, second = rng.exponential(size=(n, 2)).T
    noise = rng.standard_normal((n, 2)).T / math.sqrt(2.0)
    error = rng.standard_normal((n, 4))
    signal = np.sqrt(cells.snr * np.where(cells.steady, 0.5 * (first + second), first))
    power = (signal + noise[0]) ** 2 + noise[1] ** 2
    level = _level_about(scan, cells.number, power)
    found = np.flatnonzero((power > radar.threshold(scan) * level) & _peaks(scan, cells.number, power))
    loud = power[found]
    range_m, sine, elevation, velocity = cells.place[found].T
    azimuth = np.arctan2(sine, np.sqrt(1.0 - sine * sine))
    sd = _deviations(scan, loud, azimuth)
    columns = {
        "range": range_m + sd[0] * error[found, 0], "azimuth": azimuth + sd[1] * error[found, 1],
        "elevation": elevation + sd[2] * error[found, 2], "velocity": velocity + sd[3] * error[found, 3],
        "snr": loud, "range_sd": sd[0], "azimuth_sd": sd[1], "velocity_sd": sd[3], "label": cells.label[found],
        "share": cells.share[found], "truth": cells.truth[found],
    }  # fmt: skip
    alarms = _false_alarms(radar, scan, keys.derive(key, "false alarms"))
    columns = {name: np.concatenate([values, alarms[name]]) for name, values in columns.items()}
    if not scan.elevation_resolution_rad:
        columns["elevation"] = np.full(len(columns["range"]), np.nan)
    columns["range"] = np.clip(columns["range"], scan.min_range_m, scan.max_range_m)
    columns["scan"] = np.full(len(columns["range"]), number, np.uint8)
    level = np.nan_to_num(columns["elevation"])
    loss = [scan.loss_db(a, e) for a, e in zip(columns["azimuth"].tolist(), level.tolist())]
    at_1m = -10.0 * math.log10(radar.snr_at_1m(scan))
    columns["rcs"] = _level(np.maximum(columns["snr"] - 1.0, 0.1)) + 4.0 * _level(columns["range"]) + np.array(loss) + at_1m
    return columns


def _step(scan: Scan, along: int, across: int = 0, wide: int = 0, high: int = 0) -> int:
    """What is added to a cell's number on the way to another cell."""
    _, *sizes = _sizes(scan)
    return ((along * sizes[0] + across) * sizes[1] + wide) * sizes[2] + high


def _power_at(number: NDArray[np.int64], power: Array, step: int, nothing: float) -> Array:
    """(C,) power of the cells a step away, `nothing` of those with nothing in them."""
    at = np.minimum(np.searchsorted(number, number + step), len(number) - 1)
    return np.where(number[at] == number + step, power[at], nothing)


def _level_about(scan: Scan, number: NDArray[np.int64], power: Array) -> Array:
    """(C,) power of noise and clutter about each cell, over that of noise alone, to which the threshold is held: that of the
    third quarter of 16 cells before and behind, each a mean over neighbours in velocity (OS-CFAR: Rohling 1983). What holds the
    rate of false alarms where the ground echoes, and leaves a target beside another one."""
    if not len(number):
        return np.ones(0)
    about = []
    for along in (*range(-REFERENCE - 1, -1), *range(2, REFERENCE + 2)):
        beside = [_power_at(number, power, _step(scan, along, across), 1.0) for across in (-2, -1, 0, 1, 2)]
        about.append(sum(beside) / len(beside))
    return np.maximum(np.sort(np.stack(about), axis=0)[(3 * REFERENCE) // 2 - 1], 1.0)


def _peaks(scan: Scan, number: NDArray[np.int64], power: Array) -> NDArray[np.bool_]:
    """Which cells are louder than all of their neighbours: a target between cells is found once."""
    peak = np.ones(len(number), bool)
    if not len(number):
        return peak
    up = (-1, 0, 1) if scan.elevation_resolution_rad else (0,)
    for step in product((-1, 0, 1), (-1, 0, 1), (-1, 0, 1), up):
        if any(step):
            peak &= _power_at(number, power, _step(scan, *step), 0.0) <= power
    return peak


def _deviations(scan: Scan, snr: Array, azimuth: Array) -> tuple[Array, Array, Array, Array]:
    """Of range, azimuth, elevation, velocity: the sensor's own, and what noise adds. An array of antennas tells sines of
    angles, so azimuths to the side are coarser by 1 / cos."""
    fine = 1.0 / (SHARPNESS * np.sqrt(2.0 * snr))
    wide = 1.0 / np.cos(azimuth)

    def both(own: float, resolution: float) -> Array:
        return np.sqrt(own * own + (resolution * fine) ** 2)

    return (
        both(scan.range_noise_m, scan.range_resolution_m),
        wide * both(scan.azimuth_noise_rad, scan.azimuth_resolution_rad),
        both(scan.elevation_noise_rad, scan.elevation_resolution_rad),
        both(scan.velocity_noise_m_s, scan.velocity_resolution_m_s),
    )


def _false_alarms(radar: Radar, scan: Scan, key: Key) -> dict[str, NDArray]:
    """Noise above the threshold: as many as the rate of false alarms says, even over the cells."""
    rng = keys.generator(key)
    n = int(rng.poisson(radar.false_alarms))
    along, across, up, of_velocity = rng.uniform(size=(n, 4)).T
    snr = radar.threshold(scan) + rng.exponential(size=n)
    low, high = scan.velocity_m_s
    sine = (2.0 * across - 1.0) * math.sin(scan.azimuth_rad)
    azimuth = np.arctan2(sine, np.sqrt(1.0 - sine * sine))
    sd = _deviations(scan, snr, azimuth)
    label = np.array([taxonomy.class_id("noise"), 0, taxonomy.radar_causes()["false_alarm"]])
    return {
        "range": scan.min_range_m + along * (scan.max_range_m - scan.min_range_m), "azimuth": azimuth,
        "elevation": (2.0 * up - 1.0) * scan.elevation_rad, "velocity": low + of_velocity * (high - low), "snr": snr,
        "range_sd": sd[0], "azimuth_sd": sd[1], "velocity_sd": sd[3], "label": np.tile(label, (n, 1)), "share": np.ones(n),
        "truth": np.full((n, 5), np.nan),
    }  # fmt: skip


def _told(radar: Radar, c: dict[str, NDArray], local_from_radar: Pose, world_from_local: Pose, sensor_velocity) -> Detections:
    """The frame's arrays. c: columns of the detections, in their order."""
    single = {name: values.astype(np.float32) for name, values in c.items() if name not in ("scan", "label", "truth")}
    towards = _direction(c["azimuth"], np.nan_to_num(c["elevation"]))
    own = local_from_radar.inverse().rotate(np.asarray(sensor_velocity, float))
    xyz = c["range"][:, None] * towards
    truth = c["truth"].astype(np.float32).reshape(-1, 5)
    cross = c["truth"].reshape(-1, 5)[:, 4]
    label = c["label"].reshape(-1, 3)
    return Detections(
        radar=radar.name,
        scan=c["scan"],
        range_m=single["range"],
        azimuth_rad=single["azimuth"],
        elevation_rad=single["elevation"],
        radial_velocity_m_s=single["velocity"],
        ground_velocity_m_s=(c["velocity"] + (towards * own).sum(1)).astype(np.float32),
        rcs_dbsm=single["rcs"],
        snr_db=_level(c["snr"]).astype(np.float32),
        range_sd_m=single["range_sd"],
        azimuth_sd_rad=single["azimuth_sd"],
        velocity_sd_m_s=single["velocity_sd"],
        xyz_m=xyz.astype(np.float32),
        xyz_ego_m=radar.ego_from_radar.apply(xyz).astype(np.float32),
        class_id=label[:, 0].astype(np.uint8),
        instance=label[:, 1].astype(np.uint16),
        cause=label[:, 2].astype(np.uint8),
        share=single["share"],
        true_range_m=truth[:, 0].copy(),
        true_azimuth_rad=truth[:, 1].copy(),
        true_elevation_rad=truth[:, 2].copy(),
        true_radial_velocity_m_s=truth[:, 3].copy(),
        true_rcs_dbsm=np.where(np.isfinite(cross), _level(np.nan_to_num(cross)), np.nan).astype(np.float32),
        world_from_radar=world_from_local @ local_from_radar,
    )
