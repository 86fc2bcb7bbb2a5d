"""The stage of a scenario: everything that can be seen, frozen over the interval of any trigger.

Built once from a timeline and the placements around it; ``at(...)`` is a pure function of the time, so that frame 40 needs
none of the frames before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh
from scenesim.kernels.bvh import Tree, build_top, build_tree
from scenesim.kernels.packed import BEAMS, INSTANCE, INSTANCE_COLUMNS, LIGHT_COLUMNS, PackedScene
from scenesim.models import extremes
from scenesim.models.catalogue import Built, ModelRequest, build
from scenesim.models.model import Model, part_pose
from scenesim.scene.placement import Placement
from scenesim.scene.prototypes import Prototype, PrototypeStore
from scenesim.world.timeline import EGO, State, Timeline

# Bits of PackedScene.mask. The last is that of the ego alone, for lidars that see the car that they stand on.
SEEN_BY_CAMERA, SEEN_BY_LIDAR, SEEN_INDIRECTLY, SEEN_BY_OWN_LIDAR = 1, 2, 4, 8
EVERYONE = SEEN_BY_CAMERA | SEEN_BY_LIDAR | SEEN_INDIRECTLY
KNOT_SPACING_S = 0.025
LIGHT_RADIUS_M = 150.0  # lamps further from the ego than this light nothing that can be told from the dark


@dataclass(frozen=True)
class Snapshot:
    """The stage over one interval. The arrays of `scene.geometry` are shared with the next snapshot of the same stage: use
    one before asking for another.

    origin_m: (3,) float64 world position of the local frame's origin (its axes are the world's). time_s: reference time.
    state: the timeline there. instance_of: (actor, part) -> row of the instances.
    """

    scene: PackedScene
    origin_m: NDArray[np.float64]
    time_s: float
    state: State
    instance_of: dict[tuple[int, int], int]

    @property
    def world_from_local(self) -> Pose:
        """Pose of the local frame."""
        return Pose(np.array([1.0, 0.0, 0.0, 0.0]), self.origin_m)

    def local(self, world_from_a: Pose) -> Pose:
        """local_from_a of a pose in the world."""
        return Pose(world_from_a.rotation, world_from_a.translation - self.origin_m)


@dataclass(frozen=True)
class _Rows:
    """Instances that stand still: prototype rows, poses, and the columns of PackedScene."""

    prototype: NDArray[np.int32]
    world_from_instance: Pose
    mask: NDArray[np.int32]
    actor: NDArray[np.int32]
    class_id: NDArray[np.int32]
    params: NDArray[np.float32]


class Stage:
    """Actors of a timeline among placements. Models are built, or taken from the cache, on construction."""

    def __init__(self, timeline: Timeline, placements: Sequence[Placement]):
        self.timeline = timeline
        self.built: list[Built] = [build(a.model) for a in timeline.actors]
        self._prototypes: list[Prototype] = []
        self._seen: dict[int, int] = {}
        self._bent: dict[int, bytes] = {}  # articulation by prototype row of the skinned ones
        self._actor_prototypes = [
            [
                self._bending(p.mesh, tree) if p.skin else self._prototype(p.mesh, tree)
                for p, tree in zip(b.model.parts, b.trees)
            ]
            for b in self.built
        ]
        static = [self._static(p, k) for k, p in enumerate(placements)]
        self.store = PrototypeStore(self._prototypes)
        self._fixed = self._collect(static)
        self._lamps = _static_lamps(placements)
        self._signals = [(k, r[3]) for k, r in enumerate(r for parts in static for r in parts) if r[3].shows is not None]
        self.named = [p for p in placements if p.name]  # rows of the actors that follow those of the timeline

    def _prototype(self, mesh: Mesh, tree: Tree | None) -> int:
        if id(mesh) not in self._seen:
            self._prototypes.append(Prototype(mesh, tree if tree is not None else _tree(mesh)))
            self._seen[id(mesh)] = len(self._prototypes) - 1
        return self._seen[id(mesh)]

    def _bending(self, mesh: Mesh, tree: Tree) -> int:
        """A prototype of an actor's own."""
        self._prototypes.append(Prototype(mesh, tree))
        return len(self._prototypes) - 1

    def _static(self, p: Placement, k: int):
        """(prototype, world pose, class name, placement) of each part of a placement."""
        if p.mesh is not None:
            return [(self._prototype(p.mesh, p.tree), p.world_from_object, p.class_name, p)]
        assert p.request is not None
        b = build(p.request)
        return [
            (self._prototype(part.mesh, tree), p.world_from_object @ part.model_from_part, b.model.class_name, p)
            for part, tree in zip(b.model.parts, b.trees)
        ]

    def _collect(self, static) -> _Rows:
        rows = [r for placement in static for r in placement]
        actors: dict[int, int] = {}
        for placement in static:
            if placement and placement[0][3].name:
                actors[id(placement[0][3])] = len(self.timeline.actors) + len(actors)
        return _Rows(
            np.array([r[0] for r in rows], np.int32),
            Pose(
                np.array([r[1].rotation for r in rows]).reshape(-1, 4),
                np.array([r[1].translation for r in rows]).reshape(-1, 3),
            ),
            np.full(len(rows), EVERYONE, np.int32),
            np.array([actors.get(id(r[3]), -1) for r in rows], np.int32),
            np.array([taxonomy.class_id(r[2]) for r in rows], np.int32),
            np.array([_params(r[3].params, r[3].lamp_bits) for r in rows], np.float32).reshape(-1, len(INSTANCE_COLUMNS)),
        )

    def request(self, row: int) -> ModelRequest:
        """What an actor row is: one of the timeline's, or one of `named` after them."""
        n = len(self.timeline.actors)
        found = self.timeline.actors[row].model if row < n else self.named[row - n].request
        assert found is not None
        return found

    def model(self, row: int) -> Model:
        """The model of an actor row."""
        return self.built[row].model if row < len(self.built) else build(self.request(row)).model

    def points(self, row: int, articulation: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) points of an actor row's posed shape in its own frame, among them every extreme one to within a millimetre."""
        return extremes.points(self.request(row), self.model(row), articulation)

    def at(self, time_s: float, start_s: float, end_s: float) -> Snapshot:
        """The stage at a reference time, with everything moving from start_s to end_s (all on the scenario's clock)."""
        knots = np.linspace(start_s, end_s, max(2, int(np.ceil((end_s - start_s) / KNOT_SPACING_S)) + 1))
        states = [self.timeline.state_at(t) for t in knots]
        now = self.timeline.state_at(time_s)
        origin = now.world_from_actor.translation[EGO].copy()
        instance_of: dict[tuple[int, int], int] = {}
        prototype, poses, mask, actor, class_id, params = [], [], [], [], [], []
        n = len(self._fixed.prototype)
        for a, (info, built) in enumerate(zip(self.timeline.actors, self.built)):
            if not now.present[a]:
                continue
            world_from_actor = Pose(
                np.array([s.world_from_actor.rotation[a] for s in states]),
                np.array([s.world_from_actor.translation[a] for s in states]),
            )
            for k, part in enumerate(built.model.parts):
                instance_of[a, k] = n + len(prototype)
                row = self._actor_prototypes[a][k]
                if part.skin is not None:
                    pose = now.articulation[a].tobytes()
                    if self._bent.get(row) != pose:  # who stands or sits still keeps shape and tree
                        self.store.bend(row, part.skin.vertices(now.articulation[a]))
                        self._bent[row] = pose
                prototype.append(row)
                poses.append((world_from_actor @ _part_poses(part, [s.articulation[a] for s in states])).vector())
                mask.append(SEEN_INDIRECTLY | SEEN_BY_OWN_LIDAR if a == EGO else EVERYONE)
                actor.append(a)
                class_id.append(taxonomy.class_id("ego" if a == EGO else built.model.class_name))
                params.append(_params(info.paint, int(now.lamps[a])))
        scene = self._pack(knots - time_s, origin, prototype, poses, mask, actor, class_id, params, now)
        return Snapshot(scene, origin, float(time_s), now, instance_of)

    def still(self, origin_m: NDArray[np.float64]) -> PackedScene:
        """What stands still, seen from a world position (3,): no actors and their lamps, no signals."""
        none = State(
            0.0,
            np.zeros(len(self.built), bool),
            self.timeline.state_at(0.0).world_from_actor,
            np.zeros((0, 0)),
            np.zeros(0, np.int32),
        )
        scene = self._pack(np.zeros(1), np.asarray(origin_m, float), [], [], [], [], [], [], none)
        light = np.array(self._lamps, float).reshape(-1, len(LIGHT_COLUMNS))
        light[:, :3] -= origin_m
        return scene._replace(light=light.astype(np.float32))

    def _pack(self, knots, origin, prototype, poses, mask, actor, class_id, params, now: State) -> PackedScene:
        f, t = self._fixed, self.store.tables
        fixed_params = f.params.copy()
        for row, placement in self._signals:
            fixed_params[row, INSTANCE["lamps"]] = placement.lamps_at(now.time_s)
        fixed = f.world_from_instance.vector()
        pose = np.empty((len(knots), len(fixed) + len(prototype), 7))
        pose[:, : len(fixed)] = fixed
        if prototype:
            pose[:, len(fixed) :] = np.stack(poses, axis=1)
        pose[..., 4:] -= origin
        moves = np.zeros(pose.shape[1], np.int32)
        moves[len(fixed) :] = (np.abs(np.diff(pose[:, len(fixed) :], axis=0)) > 0).any((0, 2))
        prototype_row = np.concatenate([f.prototype, np.array(prototype, np.int32)])
        knot_time, pose32 = knots.astype(np.float32), pose.astype(np.float32)
        return PackedScene(
            self.store.geometry,
            knot_time,
            prototype_row,
            pose32,
            moves,
            np.concatenate([f.mask, np.array(mask, np.int32)]),
            np.concatenate([f.actor, np.array(actor, np.int32)]),
            np.concatenate([f.class_id, np.array(class_id, np.int32)]),
            np.concatenate([fixed_params, np.array(params, np.float32).reshape(-1, len(INSTANCE_COLUMNS))]),
            build_top(self.store.geometry.bounds, prototype_row, knot_time, pose32, moves),
            t.material,
            t.class_id,
            t.mark,
            t.materials,
            self._lights(now, origin),
        )

    def _lights(self, now: State, origin) -> NDArray[np.float32]:
        """Rows of PackedScene.light: every lamp that shines near the ego."""
        rows = list(self._lamps)
        for placement in {id(p): p for _, p in self._signals}.values():
            rows += _placed_lamps(placement, placement.lamps_at(now.time_s))
        for a, built in enumerate(self.built):
            if now.present[a]:
                rows += _model_lamps(built.model, now.world_from_actor[a], int(now.lamps[a]), a)
        light = np.array(rows, float).reshape(-1, len(LIGHT_COLUMNS))
        light[:, :3] -= origin
        near = np.hypot(light[:, 0], light[:, 1]) < LIGHT_RADIUS_M
        return light[near].astype(np.float32)


def _params(params: tuple[float, ...], lamps: int) -> list[float]:
    """A row of INSTANCE_COLUMNS from a placement's columns (tint, seed, lamps, p0 ...)."""
    row = [0.5, 0.5, 0.5] + [0.0] * (len(INSTANCE_COLUMNS) - 3)
    row[: len(params)] = params
    row[INSTANCE["lamps"]] = float(lamps)
    return row


def _part_poses(part, articulations) -> Pose:
    """model_from_part at each knot."""
    poses = [part_pose(part, a) for a in articulations] if part.joints else [part.model_from_part] * len(articulations)
    return Pose(np.array([p.rotation for p in poses]), np.array([p.translation for p in poses]))


def _model_lamps(model: Model, world_from_model: Pose, bits: int, actor: int) -> list[list[float]]:
    """Rows of LIGHT_COLUMNS, in the world, of the lamps of a model that shine."""
    rows = []
    for lamp in model.lamps:
        if lamp.bits & bits:
            position = world_from_model.apply(np.array(lamp.position))
            direction = world_from_model.rotate(np.array(lamp.direction))
            candela = np.array(lamp.color) * lamp.intensity_cd
            reach = float(np.sqrt(lamp.intensity_cd / 0.02))  # where it gives 0.02 lx, a tenth of full moonlight
            rows.append([*position, *direction, *candela, BEAMS[lamp.beam], reach, actor])
    return rows


def _static_lamps(placements: Sequence[Placement]) -> list[list[float]]:
    rows: list[list[float]] = []
    for p in placements:
        rows += _placed_lamps(p, p.lamp_bits)
    return rows


def _placed_lamps(p: Placement, bits: int) -> list[list[float]]:
    if p.request is None or not bits:
        return []
    return _model_lamps(build(p.request).model, p.world_from_object, bits, -1)


def _tree(mesh: Mesh) -> Tree:
    return build_tree(mesh.vertices.astype(np.float32), mesh.triangles)
