"""A lidar sweep: every pulse with its own time, origin and direction, the strongest echo of each, and what is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.capture import cast
from scenesim.capture.frame import Sweep
from scenesim.kernels import backscatter
from scenesim.kernels.packed import MATERIAL, PackedScene, Rays
from scenesim.kernels.raster import empty_rays
from scenesim.scene.stage import SEEN_BY_LIDAR
from scenesim.sensors.lidar import Lidar

PANES = 3  # surfaces that let light through, which a pulse goes through at most
BETWEEN_NM = 1200.0  # wavelengths below this are given the reflectance at 905 nm, those above that at 1550 nm
LEAST_PASSED = 1e-3  # a pulse of which less is left behind a pane is not followed
KNOT_S = 0.002  # between the times for which the ego's pose is asked; linear between, as it is between a timeline's steps


@dataclass(frozen=True)
class _Echoes:
    """The strongest echo of each of N pulses; columns as in kernels.backscatter.strongest."""

    echo: NDArray[np.float64]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    surface: NDArray[np.float32]


def capture_sweep(
    scene: PackedScene,
    lidar: Lidar,
    local_from_ego_at: Callable[[NDArray[np.float64]], Pose],
    world_from_local: Pose,
    key: Key,
    track: NDArray[np.uint16],
    threads: int | None = None,
    *,
    extinction_per_m: float = 0.0,
) -> Sweep:
    """One revolution of a lidar, centred on the trigger's reference time.

    local_from_ego_at: poses (n,) of the ego at times (n,) s relative to the reference time. key: chance of this sweep. track:
    label value of each actor row. extinction_per_m: of the air at the laser's wavelength.

    The strongest echo of a pulse is returned, if its power exceeds the threshold that the sensor's data sheet implies.
    Sweep.intensity is what is left when the 1/R^2 is taken out, as calibrated sensors report: reflectance times the cosine of
    the incidence times what air and panes let through, 1 at most; retroreflectors reach 1.
    """
    pulses = lidar.pulses()
    n = len(pulses.ring)
    knots, first, step = _poses(local_from_ego_at, lidar)
    rays, rotation, translation = empty_rays(n), np.empty((n, 4)), np.empty((n, 3))
    cast.run(
        lambda b, e: backscatter.pulse_rays(
            pulses.direction, pulses.origin_m, knots, first, step, pulses.time_offset_s, b, e, rotation, translation, rays
        ),
        n,
        threads=threads,
    )
    found = _echoes(scene, rays, lidar.wavelength_nm, extinction_per_m, track, threads)
    seen = _measure(lidar, key, found.echo, threads)
    rows = np.flatnonzero(seen)

    now = local_from_ego_at(np.zeros(1))[0]
    ego_from_local = now.inverse()
    raw, ego, normal = (np.empty((len(rows), 3), np.float32) for _ in range(3))
    cast.run(
        lambda b, e: backscatter.points(
            pulses.direction, pulses.origin_m, rotation, translation, ego_from_local.rotation, ego_from_local.translation,
            rows, found.echo, found.surface, b, e, raw, ego, normal,
        ),
        len(rows),
        threads=threads,
    )  # fmt: skip
    echo = found.echo[rows]
    cosine = echo[:, 3]
    return Sweep(
        lidar=lidar.name,
        xyz_m=raw,
        xyz_ego_m=ego,
        range_m=echo[:, 0].astype(np.float32),
        intensity=np.minimum(echo[:, 2], 1.0).astype(np.float32),
        ring=pulses.ring[rows],
        column=pulses.column[rows],
        azimuth_rad=pulses.azimuth_rad[rows].astype(np.float32),
        time_offset_s=pulses.time_offset_s[rows].astype(np.float32),
        class_id=found.class_id[rows],
        instance=found.instance[rows],
        normal=normal,
        incidence_rad=np.arctan2(np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0)), cosine).astype(np.float32),
        pulses=n,
        world_from_lidar=world_from_local @ now @ lidar.ego_from_lidar,
    )


def _poses(local_from_ego_at: Callable[[NDArray[np.float64]], Pose], lidar: Lidar) -> tuple[NDArray[np.float64], float, float]:
    """local_from_lidar (K, 7) while it turns, the time of the first, and the time between them."""
    time = lidar.pulses().time_offset_s
    first, last = float(time.min()), float(time.max())
    count = max(1, int(np.ceil((last - first) / KNOT_S)))
    step = max((last - first) / count, 1e-9)
    knots = local_from_ego_at(first + step * np.arange(count + 1)) @ lidar.ego_from_lidar
    return np.ascontiguousarray(knots.vector()), first, step


def _echoes(
    scene: PackedScene, rays: Rays, wavelength_nm: float, extinction_per_m: float, track, threads: int | None
) -> _Echoes:
    """Strongest echoes of rays (N,), behind panes too."""
    n = len(rays.time)
    found = _Echoes(np.zeros((n, 4)), np.zeros(n, np.uint8), np.zeros(n, np.uint16), np.zeros((n, 3), np.float32))
    column = MATERIAL["reflectance_905nm" if wavelength_nm < BETWEEN_NM else "reflectance_1550nm"]
    travelled, passed = np.zeros(n), np.ones(n)
    pulse, now = np.arange(n), rays
    for _ in range(PANES + 1):
        hits = cast.closest_hit(scene, now, visibility=SEEN_BY_LIDAR, threads=threads)

        def keep(begin: int, end: int, now=now, hits=hits, pulse=pulse) -> None:
            backscatter.strongest(
                scene, now, hits, pulse, column, extinction_per_m, track, begin, end, travelled, passed, found.echo,
                found.class_id, found.instance, found.surface,
            )  # fmt: skip

        cast.run(keep, len(pulse), threads=threads)
        pulse = pulse[passed[pulse] > LEAST_PASSED]
        if len(pulse) == 0:
            break
        now = empty_rays(len(pulse))
        cast.run(
            lambda b, e, pulse=pulse, now=now: backscatter.go_on(rays, pulse, travelled, b, e, now), len(pulse), threads=threads
        )
    return found


def _measure(lidar: Lidar, key: Key, echo: NDArray[np.float64], threads: int | None) -> NDArray[np.uint8]:
    """Which pulses (N,) come back, as 0 or 1; the ranges in `echo` become those that are measured."""
    seen = np.empty(len(echo), np.uint8)
    cast.run(
        lambda b, e: backscatter.measure(
            np.uint64(key), lidar.threshold, lidar.range_noise_m, lidar.range_noise_at_reach_m, lidar.range_quantum_m,
            lidar.min_range_m, lidar.max_range_m, b, e, echo, seen,
        ),
        len(echo),
        threads=threads,
    )  # fmt: skip
    return seen
