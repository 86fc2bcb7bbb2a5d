"""Ours and the peers on the same rays, turn by turn: Mrays per CPU-second, and the ratio ours / peer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from scenesim.capture import cast
from scenesim.kernels.packed import Rays
from tools.bench import peers as peer_module
from tools.bench import rays as ray_module
from tools.bench import scene as scene_module

SWEEP_S = 0.05  # over which vehicles drive, in the moving rows


class Row(NamedTuple):
    """One line of the table; quartiles (2,) of the ratio over the pairs."""

    scene: str
    rays: str
    peer: str
    ratio: float
    ours_mrays_per_cpu_s: float
    peer_mrays_per_cpu_s: float
    quartiles: tuple[float, float]


def cpu_seconds(work: Callable[[], object], least: float = 0.0) -> float:
    """Processor time of one call over all threads; short work is repeated until `least` seconds have gone."""
    n, start = 0, time.process_time()
    while n == 0 or time.process_time() - start < least:
        work()
        n += 1
    return (time.process_time() - start) / n


def face_normals(scene, rays: Rays, hits) -> np.ndarray:
    """(N, 3) normals of the triangles that were hit, any length, garbage where nothing was."""
    g = scene.geometry
    a, b, c = (g.vertices[g.triangles[hits.triangle, k]].astype(float) for k in range(3))
    n = np.cross(b - a, c - a)
    w, u = scene.pose[0, hits.instance, :1].astype(float), scene.pose[0, hits.instance, 1:4].astype(float)
    return n + 2 * np.cross(u, np.cross(u, n) + w * n)


def image_width(quick: bool) -> int:
    """Pixels of a row of the camera."""
    return 800 if quick else 1600


def workloads(scene, place, threads: int, quick: bool):
    """[(name, rays (N, 6), any hit, vehicles move)]"""
    width = image_width(quick)
    view = ray_module.camera(place.ego, width, width * 9 // 16)
    ours = peer_module.Ours(scene, threads)
    first = ours.prepare(view)[0]
    hits = cast.closest_hit(scene, first, visibility=1, threads=threads)
    shadow, bounce = ray_module.secondary(view, hits.t, face_normals(scene, first, hits))
    lidar = ray_module.lidar(place.ego)
    work = [("camera", view, False, False), ("shadow", shadow, True, False), ("lidar", lidar, False, False)]
    if not quick:
        wide = ray_module.lidar(place.ego, beams=128, columns=1024)
        work += [("lidar 128", wide, False, False)]
        work += [("camera, rolling", view, False, True), ("lidar, moving", lidar, False, True)]
    return [*work, ("bounce", bounce, False, False)]


def compare(name: str, threads: int, pairs: int, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """All rows of one place; the peers see one frozen mesh of all its triangles."""
    place = scene_module.PLACES[name]()
    scene = scene_module.pack(place)
    moving = scene_module.in_motion(scene, place, SWEEP_S)
    vertices, triangles = scene_module.flatten(place)
    say(f"{name}: {len(scene.geometry.triangles):,} triangles, {len(triangles):,} as {len(place.prototype)} instances")
    peers, missing = peer_module.available(vertices, triangles, threads)
    for peer, why in missing:
        say(f"  {peer} is left out ({why})")
    del vertices, triangles
    rows = []
    for label, rays, blocked, moves in workloads(scene, place, threads, quick):
        width = image_width(quick) if label.startswith(("camera", "shadow")) else 0
        ours = peer_module.Ours(moving if moves else scene, threads, SWEEP_S * moves, width)
        rows += _one(name, label, rays, blocked, ours, peers, pairs, say)
    return rows


def _words(row: Row) -> str:
    low, high = row.quartiles
    return f"{row.peer} {row.peer_mrays_per_cpu_s:6.2f} (x{row.ratio:.2f}, {low:.2f} to {high:.2f})"


def _one(name, label, rays, blocked, ours, peers, pairs, say) -> list[Row]:
    everyone = [ours, *peers]
    calls = []
    cast_ones = rays[rays[:, 3:].any(1)]  # ours leaves the others out
    for p in everyone:
        mine = rays if p is ours else cast_ones
        work, prepared = (p.blocked if blocked else p.closest), p.prepare(mine, label.startswith(("camera", "shadow")))
        calls.append(lambda work=work, prepared=prepared: work(prepared))
    for call in calls:
        call()
    spent = np.array([[cpu_seconds(call, 0.1) for call in calls] for _ in range(pairs)])
    speed = len(cast_ones) / np.median(spent, axis=0) / 1e6
    if not peers:
        say(f"  {label:<15} ours {speed[0]:6.2f} Mrays/CPU-s")
        return [Row(name, label, "", float("nan"), float(speed[0]), float("nan"), (float("nan"), float("nan")))]
    rows = []
    for k, p in enumerate(peers, 1):
        ratio = spent[:, k] / spent[:, 0]
        low, middle, high = np.percentile(ratio, [25, 50, 75])
        rows.append(Row(name, label, p.name, float(middle), float(speed[0]), float(speed[k]), (float(low), float(high))))
    say(f"  {label:<15} ours {speed[0]:6.2f}  {'  '.join(map(_words, rows))}")
    return rows
