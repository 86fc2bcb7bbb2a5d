"""What trees cost before the first ray: building, moving vehicles, memory; next to Embree as Open3D has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scenesim.kernels.bvh import build_top, build_tree, concatenate
from scenesim.models.catalogue import ModelRequest, build
from scenesim.models.model import GAIT_RAD, SPEED_M_S, rest
from scenesim.scene.prototypes import Prototype, PrototypeStore
from tools.bench import peers
from tools.bench import scene as scene_module
from tools.bench.raycast import cpu_seconds

MOVED = 50  # vehicles
PEOPLE = 100


class Cost(NamedTuple):
    """What ours and a peer's cost, in `unit`; the peer's is nan where it has none."""

    scene: str
    cost: str
    unit: str
    ours: float
    peer: str
    theirs: float


def _resident_bytes() -> float:
    statm = Path("/proc/self/statm")
    return float(statm.read_text().split()[1]) * 4096 if statm.exists() else float("nan")


def _embree(vertices, triangles, threads) -> tuple[float, float]:
    """(CPU-seconds, bytes that stay) of Open3D's scene of one mesh; nan if it cannot be made."""
    kept = []
    try:
        before = _resident_bytes()
        seconds = cpu_seconds(lambda: kept.append(peers.Open3D(vertices, triangles, threads)))
        return seconds, _resident_bytes() - before
    except Exception:  # not installed, or a system library is absent: raycast names it
        return float("nan"), float("nan")


def _walking() -> float:
    """CPU-seconds in which many people take another step: skin, normals and trees."""
    model = build(ModelRequest("person", "adult_woman")).model
    (part,) = [p for p in model.parts if p.skin]
    articulation = rest()
    tree = build_tree(part.mesh.vertices.astype(np.float32), part.mesh.triangles)
    store = PrototypeStore([Prototype(part.mesh, tree)] * PEOPLE)

    def step() -> None:
        for row in range(PEOPLE):
            articulation[GAIT_RAD], articulation[SPEED_M_S] = 0.1 * row, 1.4
            store.bend(row, part.skin.vertices(articulation))

    step()
    return cpu_seconds(step)


def compare(name: str, threads: int, say: Callable[[str], None]) -> list[Cost]:
    """Rows of one place. Embree as Python's users have it has no instances: it holds every triangle, and builds anew for each
    vehicle that moves."""
    place = scene_module.PLACES[name]()
    scene = scene_module.pack(place)
    vertices, triangles = scene_module.flatten(place)
    static = cpu_seconds(lambda: concatenate([build_tree(v, t) for v, t in place.meshes], [0] * len(place.meshes)), 0.2)
    pose = np.repeat(scene.pose, 2, axis=0)
    moves = np.zeros(len(place.prototype), np.int32)
    moves[np.flatnonzero(place.vehicle)[:MOVED]] = 1
    pose[1, moves > 0, 4] += 0.5
    knots = np.array([0, 0.05], np.float32)
    top = cpu_seconds(lambda: build_top(scene.geometry.bounds, scene.prototype, knots, pose, moves), 0.2)
    size = sum(a.nbytes for a in (scene.geometry.nodes, scene.geometry.leaves, scene.top_nodes))
    seconds, resident = _embree(vertices, triangles, threads)
    rows = [
        Cost(name, "build", "CPU-s", static, "open3d", seconds),
        Cost(name, f"{MOVED} vehicles move", "CPU-s", top, "open3d", seconds),
        Cost(name, f"{PEOPLE} people take a step", "CPU-s", _walking(), "", float("nan")),
        Cost(name, "memory per triangle", "bytes", size / len(triangles), "open3d", resident / len(triangles)),
        Cost(name, "memory per triangle of a prototype", "bytes", size / len(scene.geometry.triangles), "", float("nan")),
    ]
    for r in rows:
        say(f"  {r.cost:<35} ours {r.ours:.3g} {r.unit}" + (f", {r.peer} {r.theirs:.3g}" if r.peer else ""))
    return rows
