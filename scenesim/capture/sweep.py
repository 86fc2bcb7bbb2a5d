"""A lidar sweep: pulses, each with its own time, origin and direction, what their rays bring back, and what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast
from scenesim.capture.frame import Sweep
from scenesim.kernels import backscatter, echoes
from scenesim.kernels.packed import MATERIAL, PackedScene, Rays
from scenesim.kernels.raster import empty_rays
from scenesim.kernels.texture import noise_table
from scenesim.scene.stage import SEEN_BY_LIDAR
from scenesim.sensors import ranging
from scenesim.sensors.lidar import SUB_RAYS, Lidar
from scenesim.sensors.ranging import CLEAR, Air

PANES = 3  # surfaces that let light through, which a ray goes through at most
BETWEEN_NM = 1200.0  # wavelengths below this are given the reflectance at 905 nm, those above that at 1550 nm
# Reflectance of soaked ground over that of dry: as cameras see it (Lekner and Dorf 1988); water itself absorbs at 1550 nm.
SOAKED = (0.46, 0.25)
LEAST_PASSED = 1e-3  # a ray of which less is left behind a pane is not followed
KNOT_S = 0.002  # between the times for which the ego's pose is asked; linear between, as it is between a timeline's steps


@dataclass(frozen=True)
class _Returns:
    """What C rays bring back, as kernels.backscatter.returns has it: those of the pulses in order, then those behind panes.
    deeper: (C,) row of what is behind, -1 for nothing."""

    value: NDArray[np.float32]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    surface: NDArray[np.float32]
    deeper: NDArray[np.int32]


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
) -> Sweep:
    """One revolution of a lidar, centred on the trigger's reference time.

    local_from_ego_at: poses (n,) of the ego at times (n,) s relative to the reference time. key: chance of this sweep; with the
    same key, sweeps through different air have the same rays and the same noise, pulse by pulse. track: label value of each
    actor row.

    A pulse is a cone of lidar.sub_rays rays. What they and the air bring back is merged into echoes where the pulse cannot
    separate it; echoes above the threshold that the sensor's data sheet implies are seen, and lidar.returns says which of them
    become points. Sweep.intensity is what is left when the 1/R^2 is taken out, as calibrated sensors report: reflectance times
    the cosine of the incidence times what air and panes let through, 1 at most; retroreflectors reach 1.
    """
    run = partial(cast.run, threads=threads)
    pulses = lidar.pulses()
    n = len(pulses.ring)
    knots, first, step = _poses(local_from_ego_at, lidar)
    offsets, (across, up) = lidar.sub_ray_offsets, lidar.sigma_rad
    rays, rotation, translation = empty_rays(n * len(offsets)), np.empty((n, 4)), np.empty((n, 3))
    run(
        lambda b, e: backscatter.pulse_rays(
            np.uint64(key), offsets, across, up, pulses.direction, pulses.origin_m, knots, first, step, pulses.time_offset_s,
            b, e, rotation, translation, rays,
        ),
        n,
    )  # fmt: skip
    infrared = lidar.wavelength_nm >= BETWEEN_NM
    laser = backscatter.Laser(
        MATERIAL["reflectance_1550nm" if infrared else "reflectance_905nm"], air.extinction_per_m, lidar.focus_m,
        float(air.wetness), SOAKED[infrared], _noise() if air.wetness > 0 else np.zeros(0, np.float32),
    )  # fmt: skip
    found = _returns(scene, rays, laser, track, 1.0 / len(offsets), threads)
    measured = _measure(lidar, air, key, found, n, threads)

    there = np.flatnonzero(measured.number)
    pulse = there // measured.number.shape[1]
    value, row = measured.value.reshape(-1, 5)[there], measured.row.reshape(-1)[there]
    now = local_from_ego_at(np.zeros(1))[0]
    ego_from_local = now.inverse()
    raw, ego, normal = (np.empty((len(pulse), 3), np.float32) for _ in range(3))
    run(
        lambda b, e: backscatter.points(
            pulses.direction, pulses.origin_m, rotation, translation, ego_from_local.rotation, ego_from_local.translation,
            pulse, value[:, echoes.RANGE], row, found.surface, b, e, raw, ego, normal,
        ),
        len(pulse),
    )  # fmt: skip
    solid, cosine = row >= 0, value[:, echoes.COSINE]
    incidence = np.arctan2(np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0)), cosine)
    incidence[~solid] = np.nan
    return Sweep(
        lidar=lidar.name,
        xyz_m=raw,
        xyz_ego_m=ego,
        range_m=value[:, echoes.RANGE].copy(),
        intensity=np.minimum(value[:, echoes.INTENSITY], np.float32(1.0)),
        ring=pulses.ring[pulse],
        column=pulses.column[pulse],
        azimuth_rad=pulses.azimuth_rad[pulse].astype(np.float32),
        time_offset_s=pulses.time_offset_s[pulse].astype(np.float32),
        class_id=np.where(solid, found.class_id[row], np.uint8(taxonomy.class_id("noise"))),
        instance=np.where(solid, found.instance[row], np.uint16(0)),
        normal=normal,
        incidence_rad=incidence.astype(np.float32),
        hit=measured.hit.reshape(-1)[there],
        echo=measured.number.reshape(-1)[there],
        echoes=measured.total[pulse],
        transmittance=value[:, echoes.THROUGH].copy(),
        pulses=n,
        world_from_lidar=world_from_local @ now @ lidar.ego_from_lidar,
    )


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    return noise_table()


def _poses(local_from_ego_at: Callable[[NDArray[np.float64]], Pose], lidar: Lidar) -> tuple[NDArray[np.float64], float, float]:
    """local_from_lidar (K, 7) while it turns, the time of the first, and the time between them."""
    time = lidar.pulses().time_offset_s
    first, last = float(time.min()), float(time.max())
    count = max(1, int(np.ceil((last - first) / KNOT_S)))
    step = max((last - first) / count, 1e-9)
    knots = local_from_ego_at(first + step * np.arange(count + 1)) @ lidar.ego_from_lidar
    return np.ascontiguousarray(knots.vector()), first, step


def _returns(scene: PackedScene, rays: Rays, laser: backscatter.Laser, track, share: float, threads: int | None) -> _Returns:
    """What rays (N,), of that share of a pulse's energy each, bring back, from behind panes too."""
    n = len(rays.time)
    travelled, passed = np.zeros(n), np.ones(n)
    ray, now, layers, first = np.arange(n), rays, [], 0
    while True:
        m = len(ray)
        layer = _Returns(
            np.empty((m, 5), np.float32), np.empty(m, np.uint8), np.empty(m, np.uint16), np.empty((m, 3), np.float32),
            np.full(m, -1, np.int32),
        )  # fmt: skip
        layers.append(layer)
        hits = cast.closest_hit(scene, now, visibility=SEEN_BY_LIDAR, threads=threads)

        def keep(begin: int, end: int, now=now, hits=hits, ray=ray, layer=layer) -> None:
            backscatter.returns(
                scene, now, hits, ray, laser, track, share, begin, end, travelled, passed, layer.value, layer.class_id,
                layer.instance, layer.surface,
            )  # fmt: skip

        cast.run(keep, m, threads=threads)
        on = np.flatnonzero(passed[ray] > LEAST_PASSED)
        if len(on) == 0 or len(layers) > PANES:
            break
        first += m
        layer.deeper[on] = first + np.arange(len(on))
        ray, now = ray[on], empty_rays(len(on))
        cast.run(lambda b, e, ray=ray, now=now: backscatter.go_on(rays, ray, travelled, b, e, now), len(ray), threads=threads)
    if len(layers) == 1:
        return layers[0]
    return _Returns(*(np.concatenate([getattr(layer, name) for layer in layers]) for name in vars(layers[0])))


def _measure(lidar: Lidar, air: Air, key: Key, found: _Returns, pulses: int, threads: int | None) -> echoes.Echoes:
    """What the receiver makes of the returns."""
    receiver = ranging.receiver(lidar, air)
    falling = ranging.in_the_beam(lidar, air)
    response, step = ranging.soft_target(lidar, air)
    most = 2 if lidar.returns == "dual" else 1
    out = echoes.Echoes(
        np.empty((pulses, most, 5), np.float32),
        np.empty((pulses, most), np.int32),
        np.empty((pulses, most), np.uint8),
        np.empty((pulses, most), np.uint8),
        np.empty(pulses, np.uint8),
    )
    room = sum(SUB_RAYS[lidar.sub_rays]) * (PANES + 1) + 1 + echoes.MOST_PARTICLES * len(falling.kind)

    def find(begin: int, end: int) -> None:
        echoes.find(
            np.uint64(key), receiver, falling, response, step, found.value, found.deeper, lidar.sub_rays, begin, end,
            np.empty((room, 7)), out,
        )  # fmt: skip

    cast.run(find, pulses, threads=threads)
    return out
