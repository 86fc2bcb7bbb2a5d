"""A lidar sweep: pulses, each with its own time, origin and direction, what their rays bring back, and what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose, quaternion_rotate
from scenesim.base.keys import Key
from scenesim.capture import cast, ghosts, mirrored, motion, waveform
from scenesim.capture import plumes as clouds
from scenesim.capture.frame import Sweep
from scenesim.kernels import backscatter, echoes
from scenesim.kernels.packed import MATERIAL, Hits, PackedScene, Rays
from scenesim.kernels.plumes import Plumes
from scenesim.kernels.raster import empty_rays
from scenesim.kernels.texture import noise_table
from scenesim.scene.stage import SEEN_BY_LIDAR
from scenesim.sensors import faults, ranging
from scenesim.sensors.lidar import MOST_RETURNS, SUB_RAYS, Lidar
from scenesim.sensors.ranging import CLEAR, Air

PANES = 3  # surfaces that let light through, which a ray goes through at most
# Reflectance of soaked ground over that of dry: as cameras see it (Lekner and Dorf 1988); water itself absorbs at 1550 nm.
SOAKED = (0.46, 0.25)
LEAST_PASSED = 1e-3  # a ray of which less is left behind a pane is not followed
KNOT_S = 0.002  # between the times for which the ego's pose is asked; linear between, as it is between a timeline's steps


@dataclass(frozen=True)
class _Returns:
    """What C rays bring back, as kernels.backscatter.returns has it: those of the pulses in order, then those behind panes.
    deeper: (C,) row of what is behind, -1 for nothing. body: (C,) instance of the scene, -1 for nothing."""

    value: NDArray[np.float32]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    surface: NDArray[np.float32]
    deeper: NDArray[np.int32]
    body: NDArray[np.int32]


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
) -> Sweep:
    """One sweep of a lidar, centred on the trigger's reference time.

    local_from_ego_at: poses (n,) of the ego at times (n,) s relative to the reference time. key: chance of this sweep; with the
    same key, sweeps through different air have the same rays and the same noise, pulse by pulse. track: label value of each
    actor row. plumes: what vehicles throw up. time_s: the reference time on the scenario's clock, for patterns that go on from
    sweep to sweep.

    A pulse is a cone of lidar.sub_rays rays. What they and the air bring back is merged into echoes where the pulse cannot
    separate it; echoes above the threshold that the sensor's data sheet implies are seen, and lidar.returns says which of them
    become points. Sweep.intensity is what is left when the 1/R^2 is taken out, as calibrated sensors report: reflectance times
    the cosine of the incidence times what air and panes let through, 1 at most; retroreflectors reach 1. Sensors that report
    another scale have it (sensors.ranging.reported). What is wrong with the
    sensor (lidar.faults) it does not know: points lie where it takes its pulses to have gone.
    """
    run = partial(cast.run, threads=threads)
    pulses = lidar.pulses(time_s)
    n = len(pulses.ring)
    fault_key = keys.derive(key, "faults")
    aim = faults.aim(lidar.faults, pulses, time_s, fault_key)
    knots, first, step = _poses(local_from_ego_at, lidar, pulses.time_offset_s)
    offsets, (across, up) = lidar.sub_ray_offsets, lidar.sigma_rad
    rays, rotation, translation = empty_rays(n * len(offsets)), np.empty((n, 4)), np.empty((n, 3))
    run(
        lambda b, e: backscatter.pulse_rays(
            np.uint64(key), offsets, across, up, aim.direction, aim.origin_m, knots, first, step, pulses.time_offset_s,
            b, e, rotation, translation, rays,
        ),
        n,
    )  # fmt: skip
    airs = [air] if air == CLEAR and plumes is None else [air, CLEAR]  # the clear twin tells what weather costs
    lasers = [_laser(lidar, a) for a in airs]
    found, first_hits = _returns(scene, rays, lasers, track, 1.0 / len(offsets), threads)
    silent = faults.silent(lidar.faults, pulses, fault_key)
    dirt = faults.window(lidar.faults, pulses)
    gain = ranging.gain(lidar, pulses, dirt)
    more = _more(scene, lidar, air, lasers[0], plumes, key, rays, first_hits, found[0], threads)
    measured, *clear = (
        _measure(lidar, a, key, f, gain, silent, n, threads, m) for a, f, m in zip(airs, found, (more, None))
    )
    seen = found[0]
    waveforms = None
    if lidar.waveform_ns is not None:
        room = _room(lidar, air, more)
        waveforms = waveform.record(lidar, air, key, pulses, gain, silent, seen.value, seen.deeper, more, room, threads)
    ghosts.add(measured, lidar, fault_key, silent)

    there = np.flatnonzero(measured.number)
    pulse = there // measured.number.shape[1]
    value, row = measured.value.reshape(-1, 5)[there], measured.row.reshape(-1)[there]
    hit, true = measured.hit.reshape(-1)[there], measured.true.reshape(-1)[there]
    mixed = hit == echoes.MIXED
    true[mixed] = seen.value[row[mixed], echoes.RANGE]
    if lidar.range_bias_m > 0.0:
        value[:, echoes.RANGE] += ranging.biases(lidar, int(pulses.ring.max()) + 1)[0][pulses.ring[pulse]]
    now = local_from_ego_at(np.zeros(1))[0]
    ego_from_local = now.inverse()
    raw, ego, normal = (np.empty((len(pulse), 3), np.float32) for _ in range(3))
    told = ranging.told(lidar, pulses)
    run(
        lambda b, e: backscatter.points(
            told, pulses.origin_m, rotation, translation, ego_from_local.rotation, ego_from_local.translation,
            pulse, value[:, echoes.RANGE], row, seen.surface, b, e, raw, ego, normal,
        ),
        len(pulse),
    )  # fmt: skip
    solid, cosine = row >= 0, value[:, echoes.COSINE]
    incidence = np.arctan2(np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0)), cosine)
    incidence[~solid] = np.nan
    time = pulses.time_offset_s[pulse]
    body = np.where(solid, seen.body[row], -1)
    flow = motion.of_surfaces(scene, body, now.apply(ego.astype(float)), time)
    towards = quaternion_rotate(rotation[pulse], aim.direction[pulse])
    radial = ((flow - motion.of_sensor(knots, first, step, time)) * towards).sum(-1)
    flow = ego_from_local.rotate(flow)
    flow[~solid] = np.nan
    through = value[:, echoes.THROUGH] * (1.0 if dirt is None else dirt[pulse])
    return Sweep(
        lidar=lidar.name,
        xyz_m=raw,
        xyz_ego_m=ego,
        range_m=value[:, echoes.RANGE].copy(),
        intensity=ranging.reported(lidar, value[:, echoes.INTENSITY]),
        ring=pulses.ring[pulse],
        column=pulses.column[pulse],
        azimuth_rad=pulses.azimuth_rad[pulse].astype(np.float32),
        time_offset_s=faults.stamps(lidar.faults, pulses, fault_key)[pulse].astype(np.float32),
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
        scene_flow_m_s=flow.astype(np.float32),
        pulses=n,
        world_from_lidar=world_from_local @ now @ lidar.ego_from_lidar,
        lost_points=_lost(measured, seen, clear[0], found[1]) if clear else None,
        waveforms=waveforms,
    )


def _laser(lidar: Lidar, air: Air) -> backscatter.Laser:
    infrared = lidar.wavelength_nm >= ranging.BETWEEN_NM
    return backscatter.Laser(
        MATERIAL["reflectance_1550nm" if infrared else "reflectance_905nm"], air.extinction_per_m, lidar.focus_m,
        float(air.wetness), SOAKED[infrared], _noise() if air.wetness > 0 else np.zeros(0, np.float32),
    )  # fmt: skip


def _doppler(lidar: Lidar, key: Key, radial: NDArray[np.float64], there, slots: int) -> NDArray[np.float32]:
    """Radial velocities as the sensor measures them; nan where it measures none."""
    if lidar.velocity_noise_m_s is None:
        return np.full(len(there), np.nan, np.float32)
    noise = keys.generator(keys.derive(key, "doppler")).standard_normal(slots)[there]
    return (radial + lidar.velocity_noise_m_s * noise).astype(np.float32)


def _lost(now: echoes.Echoes, seen: _Returns, clear: echoes.Echoes, clear_seen: _Returns) -> dict[int, int]:
    """track -> pulses that see it through clear air and not now."""

    def sights(e: echoes.Echoes, r: _Returns) -> NDArray[np.int64]:
        pulse, slot = np.nonzero((e.number > 0) & (e.row >= 0))
        instance = r.instance[e.row[pulse, slot]].astype(np.int64)
        return np.unique(pulse[instance > 0] * 65536 + instance[instance > 0])

    lost = np.setdiff1d(sights(clear, clear_seen), sights(now, seen), assume_unique=True) % 65536
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
    scene: PackedScene, rays: Rays, lasers: list[backscatter.Laser], track, share: float, threads: int | None
) -> tuple[list[_Returns], Hits]:
    """(what rays (N,), of that share of a pulse's energy each, bring back, from behind panes too: through the air of each of
    some lasers; what they hit first)."""
    n = len(rays.time)
    travelled, passed = np.zeros((len(lasers), n)), np.ones((len(lasers), n))
    ray, now, layers, first = np.arange(n), rays, [], 0
    first_hits = None
    while True:
        m = len(ray)
        hits = cast.closest_hit(scene, now, visibility=SEEN_BY_LIDAR, threads=threads)
        first_hits = hits if len(layers) == 0 else first_hits
        deeper = np.full(m, -1, np.int32)
        layer = [
            _Returns(
                np.empty((m, 5), np.float32), np.empty(m, np.uint8), np.empty(m, np.uint16), np.empty((m, 3), np.float32),
                deeper, hits.instance,
            )
            for _ in lasers
        ]  # fmt: skip
        layers.append(layer)
        for k, laser in enumerate(lasers):

            def keep(begin: int, end: int, now=now, hits=hits, ray=ray, layer=layer[k], laser=laser, k=k) -> None:
                backscatter.returns(
                    scene, now, hits, ray, laser, track, share, begin, end, travelled[k], passed[k], layer.value,
                    layer.class_id, layer.instance, layer.surface,
                )  # fmt: skip

            cast.run(keep, m, threads=threads)
        on = np.flatnonzero(passed[0][ray] > LEAST_PASSED)
        if len(on) == 0 or len(layers) > PANES:
            break
        first += m
        deeper[on] = first + np.arange(len(on))
        ray, now = ray[on], empty_rays(len(on))
        cast.run(partial(_go_on, rays, ray, travelled[0], now), len(ray), threads=threads)
    if len(layers) == 1:
        return layers[0], first_hits
    names = vars(layers[0][0])
    joined = (_Returns(*(np.concatenate([getattr(a[k], name) for a in layers]) for name in names)) for k in range(len(lasers)))
    return list(joined), first_hits


def _go_on(rays: Rays, ray, travelled, out: Rays, begin: int, end: int) -> None:
    backscatter.go_on(rays, ray, travelled, begin, end, out)


def _more(
    scene: PackedScene, lidar: Lidar, air: Air, laser: backscatter.Laser, plumes: Plumes | None, key: Key, rays: Rays,
    hits: Hits, found: _Returns, threads: int | None,
) -> echoes.More | None:  # fmt: skip
    """What plumes and mirrors send back; None where there are neither. What is behind plumes is dimmed in `found`."""
    extra = []
    if plumes is not None:
        extra.append(clouds.returns(plumes, lidar, laser.extinction, key, rays, found.deeper, found.value, threads))
    if mirrored.there_are(scene, laser):
        extra.append(mirrored.returns(scene, laser, air, lidar.threshold, rays, hits, lidar.sub_rays, threads))
    if not extra:
        return None
    pulse, value, hit = (np.concatenate(column) for column in zip(*extra))
    order = np.argsort(pulse, kind="stable")
    first = np.searchsorted(pulse[order], np.arange(len(rays.time) // lidar.sub_rays + 1))
    return echoes.More(first.astype(np.int64), value[order], hit[order])


def _room(lidar: Lidar, air: Air, more: echoes.More | None) -> int:
    """Returns that a pulse may have at most."""
    room = sum(SUB_RAYS[lidar.sub_rays]) * (PANES + 1) + 1 + echoes.MOST_PARTICLES * len(air.particles())
    return room + (0 if more is None else int(np.diff(more.first).max()))


def _measure(
    lidar: Lidar, air: Air, key: Key, found: _Returns, gain, silent, pulses: int, threads: int | None,
    more: echoes.More | None,
) -> echoes.Echoes:
    """What the receiver makes of the returns. gain, silent: (N,) of pulses, see ranging.gain and faults.silent."""
    receiver = ranging.receiver(lidar, air)
    falling = ranging.in_the_beam(lidar, air)
    response, step = ranging.soft_target(lidar, air)
    most = MOST_RETURNS[lidar.returns]
    out = echoes.Echoes(
        np.empty((pulses, most, 5), np.float32),
        np.empty((pulses, most), np.float32),
        np.empty((pulses, most), np.int32),
        np.empty((pulses, most), np.uint8),
        np.empty((pulses, most), np.uint8),
        np.empty(pulses, np.uint8),
    )
    room = _room(lidar, air, more)

    def find(begin: int, end: int) -> None:
        echoes.find(
            np.uint64(key), receiver, falling, response, step, gain, found.value, found.deeper, lidar.sub_rays, more,
            begin, end, np.empty((room, 8)), out,
        )  # fmt: skip

    cast.run(find, pulses, threads=threads)
    if silent is not None:
        out.number[silent], out.total[silent] = 0, 0
    return out
