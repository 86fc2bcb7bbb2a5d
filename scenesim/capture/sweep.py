"""A lidar sweep: pulses, each with its own time, origin and direction, what their rays bring back, and what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast, ghosts, mirrored, motion, waveform
from scenesim.capture import plumes as clouds
from scenesim.capture.frame import Sweep, Waveforms
from scenesim.kernels import backscatter, echoes
from scenesim.kernels.packed import MATERIAL, Hits, PackedScene, Rays
from scenesim.kernels.plumes import Plumes
from scenesim.kernels.raster import empty_rays
from scenesim.kernels.texture import noise_table
from scenesim.scene.stage import SEEN_BY_LIDAR, SEEN_BY_OWN_LIDAR
from scenesim.sensors import faults, ranging
from scenesim.sensors.lidar import MOST_RETURNS, SUB_RAYS, Lidar
from scenesim.sensors.ranging import CLEAR, Air
from scenesim.sensors.scan import Pulses

PANES = 3  # surfaces that let light through, which a ray goes through at most
# Reflectance of soaked ground over that of dry: as cameras see it (Lekner and Dorf 1988); water itself absorbs at 1550 nm.
SOAKED = (0.46, 0.25)
SNOW = (0.86, 0.05)  # reflectance of fresh snow at 905 and 1550 nm, as that of object_snow in assets/materials
FOOTPRINT = 0.59  # of a Gaussian beam's width at 1/e2: where it has half of its power
LEAST_PASSED = 1e-3  # a ray of which less is left behind a pane is not followed
KNOT_S = 0.002  # between the times for which the ego's pose is asked; linear between, as it is between a timeline's steps


@dataclass(frozen=True)
class _Returns:
    """What C rays bring back, as kernels.backscatter.returns has it: those of the pulses at their places, then those behind
    panes. dry: value through clear and dry air, (0, 5) where it is that. deeper: (C,) row of what is behind, -1 for nothing.
    body: (C,) instance of the scene, -1 for nothing. behind: (C - N S,) the rays of what is behind panes."""

    value: NDArray[np.float32]
    dry: NDArray[np.float32]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    surface: NDArray[np.float32]
    deeper: NDArray[np.int32]
    body: NDArray[np.int32]
    behind: NDArray[np.int64]


def capture_sweep(
    scene: PackedScene,
    lidar: Lidar,
    local_from_ego_at: Callable[[NDArray[np.float64]], Pose],
    world_from_local: Pose,
    key: Key,
    track: NDArray[np.uint16],
    threads: int | None = None,
    *,
    air: Air = CLEAR,
    plumes: Plumes | None = None,
    time_s: float = 0.0,
    own_vehicle: bool = False,
) -> Sweep:
    """One sweep of a lidar, centred on the trigger's reference time.

    local_from_ego_at: poses (n,) of the ego at times (n,) s relative to the reference time. key: chance of this sweep; with the
    same key, sweeps through different air have the same rays and the same noise, pulse by pulse. track: label value of each
    actor row. plumes: what vehicles throw up. time_s: the reference time on the scenario's clock, for patterns that go on from
    sweep to sweep. own_vehicle: the ego is in its way too.

    A pulse is a cone of lidar.sub_rays rays. What they and the air bring back is merged into echoes where the pulse cannot
    separate it; echoes above the threshold that the sensor's data sheet implies are seen, and lidar.returns says which of them
    become points. Sweep.intensity is what is left when the 1/R^2 is taken out, as calibrated sensors report: reflectance times
    the cosine of the incidence times what air and panes let through, 1 at most; retroreflectors reach 1. Sensors that report
    another scale have it (sensors.ranging.reported). What is wrong with the
    sensor (lidar.faults) it does not know: points lie where it takes its pulses to have gone.
    """
    shot = _shoot(lidar, local_from_ego_at, key, time_s, threads)
    sees = SEEN_BY_LIDAR | (SEEN_BY_OWN_LIDAR if own_vehicle else 0)
    twin = air != CLEAR or plumes is not None
    seen, first_hits = _returns(scene, shot, _laser(lidar, air), sees, twin, track, threads)
    gain = ranging.gain(lidar, shot.pulses, shot.dirt)
    more = _more(scene, lidar, air, plumes, key, shot, first_hits, seen, threads)
    every = np.arange(shot.count)
    measured = _measure(lidar, air, key, shot, seen.value, seen.deeper, every, gain, more, threads)
    lost = None
    if len(seen.dry):  # the clear twin tells what weather costs: pulses that meet objects are enough
        clear = _measure(lidar, CLEAR, key, shot, seen.dry, seen.deeper, _that_meet_objects(seen, shot), gain, None, threads)
        lost = _lost(measured, clear, seen)
    waveforms = None
    if lidar.waveform_ns is not None:
        waveforms = waveform.record(
            lidar, air, key, shot.pulses, shot.place, gain, shot.silent, seen.value, seen.deeper, more,
            _room(lidar, air, more), threads,
        )  # fmt: skip
    ghosts.add(measured, lidar, shot.fault_key, shot.silent)
    now = local_from_ego_at(np.zeros(1))[0]
    return _sweep(scene, lidar, key, shot, seen, measured, now, world_from_local, lost, waveforms, threads)


@dataclass(frozen=True)
class _Shot:
    """N pulses on their way, and S rays of each.

    place: (N,) which pulse's rays, in order, a pulse's are: those of a beam lie side by side, as neighbours go down the trees
    together; order: (N,) the pulse of each place. aim: where they go. knots (K, 7), first, step: poses of the sensor, see
    _poses. rotation (N, 4), translation (N, 3): local_from_lidar of each pulse. dirt: (N,) see faults.window. silent: (N,)
    see faults.silent.
    """

    pulses: Pulses
    order: NDArray[np.int64]
    place: NDArray[np.int64]
    aim: faults.Aim
    knots: NDArray[np.float64]
    first: float
    step: float
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    rays: Rays
    fault_key: Key
    dirt: NDArray[np.float64] | None
    silent: NDArray[np.bool_] | None

    @property
    def count(self) -> int:
        """N."""
        return len(self.place)

    @property
    def sub_rays(self) -> int:
        """S."""
        return len(self.rays.time) // self.count


def _shoot(
    lidar: Lidar, local_from_ego_at: Callable[[NDArray[np.float64]], Pose], key: Key, time_s: float, threads: int | None
) -> _Shot:
    """The pulses of a sweep as they leave the sensor."""
    pulses = lidar.pulses(time_s)
    n = len(pulses.ring)
    order = np.argsort(pulses.ring, kind="stable")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    fault_key = keys.derive(key, "faults")
    aim = faults.aim(lidar.faults, pulses, time_s, fault_key)
    knots, first, step = _poses(local_from_ego_at, lidar, pulses.time_offset_s)
    offsets, (across, up) = lidar.sub_ray_offsets, lidar.sigma_rad
    rays, rotation, translation = empty_rays(n * len(offsets)), np.empty((n, 4)), np.empty((n, 3))

    def fire(begin: int, end: int) -> None:
        backscatter.pulse_rays(
            np.uint64(key), place, offsets, across, up, aim.direction, aim.origin_m, knots, first, step, pulses.time_offset_s,
            begin, end, rotation, translation, rays,
        )  # fmt: skip

    cast.run(fire, n, threads=threads)
    return _Shot(
        pulses, order, place, aim, knots, first, step, rotation, translation, rays, fault_key,
        faults.window(lidar.faults, pulses), faults.silent(lidar.faults, pulses, fault_key),
    )  # fmt: skip


def _sweep(
    scene: PackedScene, lidar: Lidar, key: Key, shot: _Shot, seen: _Returns, measured: echoes.Echoes, now: Pose,
    world_from_local: Pose, lost: dict[int, int] | None, waveforms: Waveforms | None, threads: int | None,
) -> Sweep:  # fmt: skip
    """The points that the sensor tells of, and their labels. now: local_from_ego at the reference time."""
    pulses = shot.pulses
    there = np.flatnonzero(measured.number)
    pulse = there // measured.number.shape[1]
    value, row = measured.value.reshape(-1, 5)[there], measured.row.reshape(-1)[there]
    hit, true = measured.hit.reshape(-1)[there], measured.true.reshape(-1)[there]
    mixed = hit == echoes.MIXED
    true[mixed] = seen.value[row[mixed], echoes.RANGE]
    if lidar.range_bias_m > 0.0:
        value[:, echoes.RANGE] += ranging.biases(lidar, int(pulses.ring.max()) + 1)[0][pulses.ring[pulse]]
    raw, ego, normal, towards = _points(lidar, shot, seen, now, pulse, value[:, echoes.RANGE], row, threads)
    solid, cosine = row >= 0, value[:, echoes.COSINE]
    incidence = np.arctan2(np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0)), cosine)
    incidence[~solid] = np.nan
    time = pulses.time_offset_s[pulse]
    radial, flow = _motion(scene, shot, now, np.where(solid, seen.body[row], -1), ego, time, towards)
    flow[~solid] = np.nan
    through = value[:, echoes.THROUGH] * (1.0 if shot.dirt is None else shot.dirt[pulse])
    return Sweep(
        lidar=lidar.name,
        xyz_m=raw,
        xyz_ego_m=ego,
        range_m=value[:, echoes.RANGE].copy(),
        intensity=ranging.reported(lidar, value[:, echoes.INTENSITY]),
        ring=pulses.ring[pulse],
        column=pulses.column[pulse],
        azimuth_rad=pulses.azimuth_rad[pulse].astype(np.float32),
        time_offset_s=faults.stamps(lidar.faults, pulses, shot.fault_key)[pulse].astype(np.float32),
        class_id=np.where(solid, seen.class_id[row], np.uint8(taxonomy.class_id("noise"))),
        instance=np.where(solid, seen.instance[row], np.uint16(0)),
        normal=normal,
        incidence_rad=incidence.astype(np.float32),
        hit=hit,
        echo=measured.number.reshape(-1)[there],
        echoes=measured.total[pulse],
        transmittance=through.astype(np.float32),
        true_range_m=true,
        radial_velocity_m_s=radial.astype(np.float32),
        doppler_m_s=_doppler(lidar, key, radial, there, measured.number.size),
        scene_flow_m_s=flow,
        pulses=shot.count,
        world_from_lidar=world_from_local @ now @ lidar.ego_from_lidar,
        lost_points=lost,
        waveforms=waveforms,
    )


def _points(lidar: Lidar, shot: _Shot, seen: _Returns, now: Pose, pulse, range_m, row, threads: int | None):
    """(raw, ego, normal, towards), see kernels.backscatter.points."""
    raw, ego, normal, towards = (np.empty((len(pulse), 3), np.float32) for _ in range(4))
    told, ego_from_local = ranging.told(lidar, shot.pulses), now.inverse()

    def place(begin: int, end: int) -> None:
        backscatter.points(
            told, shot.aim.direction, shot.pulses.origin_m, shot.rotation, shot.translation, ego_from_local.rotation,
            ego_from_local.translation, pulse, range_m, row, seen.surface, begin, end, raw, ego, normal, towards,
        )  # fmt: skip

    cast.run(place, len(pulse), threads=threads)
    return raw, ego, normal, towards


def _motion(scene: PackedScene, shot: _Shot, now: Pose, body, ego, time, towards):
    """(radial velocity (N,), float64; scene flow (N, 3), ego axes) m/s of points on instances (N,)."""
    moving, velocity = motion.of_moving(scene, body, now, ego, time)
    towards = towards.astype(float)
    radial = -(motion.of_sensor(shot.knots, shot.first, shot.step, time) * towards).sum(-1)
    radial[moving] += (velocity * towards[moving]).sum(-1)
    flow = np.zeros(ego.shape, np.float32)
    flow[moving] = now.inverse().rotate(velocity)
    return radial, flow


def _laser(lidar: Lidar, air: Air) -> backscatter.Laser:
    infrared = lidar.wavelength_nm >= ranging.BETWEEN_NM
    return backscatter.Laser(
        MATERIAL["reflectance_1550nm" if infrared else "reflectance_905nm"], air.extinction_per_m, lidar.focus_m,
        float(air.wetness), SOAKED[infrared], float(air.snow_cover), SNOW[infrared],
        FOOTPRINT * float(np.sqrt(lidar.divergence_rad.prod())), _noise(),
    )  # fmt: skip


def _doppler(lidar: Lidar, key: Key, radial: NDArray[np.float64], there, slots: int) -> NDArray[np.float32]:
    """Radial velocities as the sensor measures them; nan where it measures none."""
    if lidar.velocity_noise_m_s is None:
        return np.full(len(there), np.nan, np.float32)
    noise = keys.generator(keys.derive(key, "doppler")).standard_normal(slots)[there]
    return (radial + lidar.velocity_noise_m_s * noise).astype(np.float32)


def _that_meet_objects(seen: _Returns, shot: _Shot) -> NDArray[np.int64]:
    """Numbers of pulses that an object may send back."""
    row, rays = np.flatnonzero(seen.instance), len(shot.rays.time)
    first = row < rays
    met = np.zeros(shot.count, bool)
    met[row[first] // shot.sub_rays] = True
    met[seen.behind[row[~first] - rays] // shot.sub_rays] = True
    return np.sort(shot.order[met])


def _lost(now: echoes.Echoes, clear: echoes.Echoes, seen: _Returns) -> dict[int, int]:
    """track -> pulses that see it through clear air and not now."""

    def sights(e: echoes.Echoes) -> NDArray[np.int64]:
        at = np.flatnonzero((e.number > 0) & (e.row >= 0))
        instance = seen.instance[e.row.reshape(-1)[at]].astype(np.int64)
        return np.unique((at // e.row.shape[1])[instance > 0] * 65536 + instance[instance > 0])

    lost = np.setdiff1d(sights(clear), sights(now), assume_unique=True) % 65536
    track, count = np.unique(lost, return_counts=True)
    return dict(zip(track.tolist(), count.tolist()))


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    return noise_table()


def _poses(
    local_from_ego_at: Callable[[NDArray[np.float64]], Pose], lidar: Lidar, time: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    """local_from_lidar (K, 7) while it fires, the time of the first, and the time between them."""
    first, last = float(time.min()), float(time.max())
    count = max(1, int(np.ceil((last - first) / KNOT_S)))
    step = max((last - first) / count, 1e-4)  # a flash has one time only; its motion is asked for over a moment
    knots = local_from_ego_at(first + step * np.arange(count + 1)) @ lidar.ego_from_lidar
    return np.ascontiguousarray(knots.vector()), first, step


def _returns(
    scene: PackedScene, shot: _Shot, laser: backscatter.Laser, sees: int, twin: bool, track, threads: int | None
) -> tuple[_Returns, Hits]:
    """(what rays (N S,) bring back, from behind panes too, and if a twin is wanted through clear and dry air; what they hit
    first)."""
    rays, n, share = shot.rays, len(shot.rays.time), 1.0 / shot.sub_rays
    travelled, passed = np.zeros(n), np.ones(n)
    ray, now, layers, first = np.arange(n), rays, [], 0
    while True:
        m = len(ray)
        hits = cast.closest_hit(scene, now, visibility=sees, threads=threads)
        layer = _Returns(
            np.empty((m, 5), np.float32), np.empty((m if twin else 0, 5), np.float32), np.empty(m, np.uint8),
            np.empty(m, np.uint16), np.empty((m, 3), np.float32), np.full(m, -1, np.int32), hits.instance, ray,
        )  # fmt: skip
        layers.append((layer, hits))

        def keep(begin: int, end: int, now=now, hits=hits, ray=ray, layer=layer) -> None:
            backscatter.returns(
                scene, now, hits, ray, laser, track, share, shot.sub_rays, begin, end, travelled, passed, layer.value,
                layer.dry, layer.class_id, layer.instance, layer.surface,
            )  # fmt: skip

        cast.run(keep, m, threads=threads)
        on = np.flatnonzero(passed > LEAST_PASSED) if m == n else np.flatnonzero(passed[ray] > LEAST_PASSED)
        if len(on) == 0 or len(layers) > PANES:
            break
        first += m
        layer.deeper[on] = first + np.arange(len(on))
        ray, now = ray[on], empty_rays(len(on))
        cast.run(partial(_go_on, rays, ray, travelled, now), len(ray), threads=threads)
    return _joined([layer for layer, _ in layers], first + m), layers[0][1]


def _joined(layers: list[_Returns], count: int) -> _Returns:
    """Layers one after the other. The first, which is nearly all, grows where it stands."""
    start = layers[0]
    behind = np.concatenate([np.zeros(0, np.int64), *(layer.behind for layer in layers[1:])])
    arrays = []
    for name in ("value", "dry", "class_id", "instance", "surface", "deeper", "body"):
        array = getattr(start, name)
        n = len(array)
        if n:
            array.resize((count, *array.shape[1:]), refcheck=False)
            for layer in layers[1:]:
                part = getattr(layer, name)
                array[n : n + len(part)] = part
                n += len(part)
        arrays.append(array)
    return _Returns(*arrays, behind)


def _go_on(rays: Rays, ray, travelled, out: Rays, begin: int, end: int) -> None:
    backscatter.go_on(rays, ray, travelled, begin, end, out)


def _more(
    scene: PackedScene, lidar: Lidar, air: Air, plumes: Plumes | None, key: Key, shot: _Shot, hits: Hits, found: _Returns,
    threads: int | None,
) -> echoes.More | None:  # fmt: skip
    """What plumes and mirrors send back; None where there are neither. What is behind plumes is dimmed in `found`."""
    laser, extra = _laser(lidar, air), []
    if plumes is not None:
        extra.append(
            clouds.returns(plumes, lidar, laser.extinction, key, shot.place, shot.rays, found.deeper, found.value, threads)
        )
    if mirrored.there_are(scene, laser):
        place, *rest = mirrored.returns(scene, laser, air, lidar.threshold, shot.rays, hits, lidar.sub_rays, threads)
        extra.append((shot.order[place], *rest))
    if not extra:
        return None
    pulse, value, hit = (np.concatenate(column) for column in zip(*extra))
    order = np.argsort(pulse, kind="stable")
    first = np.searchsorted(pulse[order], np.arange(shot.count + 1))
    return echoes.More(first.astype(np.int64), value[order], hit[order])


def _room(lidar: Lidar, air: Air, more: echoes.More | None) -> int:
    """Returns that a pulse may have at most."""
    room = sum(SUB_RAYS[lidar.sub_rays]) * (PANES + 1) + 1 + echoes.MOST_PARTICLES * len(air.particles())
    return room + (0 if more is None else int(np.diff(more.first).max()))


def _measure(
    lidar: Lidar, air: Air, key: Key, shot: _Shot, value, deeper, which: NDArray[np.int64], gain: NDArray[np.float64],
    more: echoes.More | None, threads: int | None,
) -> echoes.Echoes:  # fmt: skip
    """What the receiver makes of the returns `value` (C, 5) of pulses `which`, of others nothing. gain: (N,) of pulses, see
    ranging.gain."""
    receiver, falling = ranging.receiver(lidar, air), ranging.in_the_beam(lidar, air)
    response, step = ranging.soft_target(lidar, air)
    n, most = shot.count, MOST_RETURNS[lidar.returns]
    out = echoes.Echoes(
        np.empty((n, most, 5), np.float32),
        np.empty((n, most), np.float32),
        np.empty((n, most), np.int32),
        np.empty((n, most), np.uint8),
        np.zeros((n, most), np.uint8),
        np.zeros(n, np.uint8),
    )
    room = _room(lidar, air, more)

    def find(begin: int, end: int) -> None:
        echoes.find(
            np.uint64(key), which, shot.place, receiver, falling, response, step, gain, value, deeper, lidar.sub_rays, more,
            begin, end, np.empty((room, 8)), out,
        )  # fmt: skip

    cast.run(find, len(which), threads=threads)
    if shot.silent is not None:
        out.number[shot.silent], out.total[shot.silent] = 0, 0
    return out
