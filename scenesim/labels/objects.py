"""Labels of every object: 3D box, motion, and how each camera and lidar sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.frames import Pose, interpolate, quaternion_multiply, quaternion_rotate
from scenesim.capture import cast
from scenesim.capture.frame import CameraBoxes, Objects, Sweep
from scenesim.kernels.bvh import build_top
from scenesim.kernels.packed import PackedScene, Rays
from scenesim.labels.pixels import PixelLabels
from scenesim.labels.view import View
from scenesim.models.model import DOOR, FALL, rest
from scenesim.scene.stage import EVERYONE, Snapshot, Stage
from scenesim.world.timeline import EGO, Timeline

DERIVATIVE_S = 0.05  # half the interval of the central differences of motion


NAMED_REACH_M = 120.0  # signs and lights further from the ego are no labelled objects


@dataclass(frozen=True)
class Boxes:
    """The labelled objects at a reference time: their actor rows (O,), world poses (O,) of their actor frames, tight boxes, and
    the extreme points (n, 3) in the actor frame. Rows beyond the timeline's are things that stand still."""

    actor: NDArray[np.int64]
    world_from_actor: Pose
    center_m: NDArray[np.float64]
    size_lwh_m: NDArray[np.float64]
    points: list[NDArray[np.float64]]


def boxes(stage: Stage, snapshot: Snapshot) -> Boxes:
    """Tight boxes, in each actor's frame, as it is posed at the reference time: of every present actor but the ego, and of the
    signs and lights about it."""
    state, count = snapshot.state, len(stage.timeline.actors)
    rows = [int(a) for a in np.flatnonzero(state.present) if a != EGO]
    still = [count + k for k, p in enumerate(stage.named) if _is_near(p.world_from_object, snapshot.origin_m)]
    poses = [state.world_from_actor[a] for a in rows] + [stage.named[r - count].world_from_object for r in still]
    points = [stage.points(a, state.articulation[a]) for a in rows] + [stage.points(r, rest()) for r in still]
    lo = np.array([p.min(0) for p in points]).reshape(-1, 3)
    hi = np.array([p.max(0) for p in points]).reshape(-1, 3)
    where = Pose(np.array([p.rotation for p in poses]).reshape(-1, 4), np.array([p.translation for p in poses]).reshape(-1, 3))
    return Boxes(np.array(rows + still, np.int64), where, (lo + hi) / 2, hi - lo, points)


def _is_near(world_from_object: Pose, origin_m: NDArray[np.float64]) -> bool:
    return float(((world_from_object.translation - origin_m)[:2] ** 2).sum()) < NAMED_REACH_M**2


def _poses_at(timeline: Timeline, time_s: float, b: Boxes) -> Pose:
    """World poses (O,) of the actor frames at a time."""
    moving = b.actor < len(timeline.actors)
    now = timeline.state_at(time_s).world_from_actor[b.actor[moving]]
    rotation, translation = b.world_from_actor.rotation.copy(), b.world_from_actor.translation.copy()
    rotation[moving], translation[moving] = now.rotation, now.translation
    return Pose(rotation, translation)


def motion(timeline: Timeline, time_s: float, b: Boxes):
    """Velocity, acceleration and angular velocity, (O, 3) each, world frame, of the box centres: central differences."""
    before, now, after = (_poses_at(timeline, time_s + k * DERIVATIVE_S, b) for k in (-1, 0, 1))
    p = [pose.apply(b.center_m) for pose in (before, now, after)]
    velocity = (p[2] - p[0]) / (2 * DERIVATIVE_S)
    acceleration = (p[2] - 2 * p[1] + p[0]) / DERIVATIVE_S**2
    turn = quaternion_multiply(after.rotation, before.rotation * np.array([1.0, -1.0, -1.0, -1.0]))
    turn = turn * np.where(turn[:, :1] < 0, -1.0, 1.0)
    sine = np.sqrt((turn[:, 1:] ** 2).sum(1))
    angle = 2 * np.arctan2(sine, turn[:, 0])
    axis = turn[:, 1:] / np.maximum(sine, 1e-12)[:, None]
    return velocity, acceleration, axis * (angle / (2 * DERIVATIVE_S))[:, None]


def seen_by(
    timeline: Timeline, snapshot: Snapshot, view: View, rays: Rays, labels: PixelLabels, b: Boxes, threads: int | None
) -> CameraBoxes:
    """How one camera sees the objects of `b`; how they stand out is for `contrast.with_contrast`."""
    h, w, n = view.camera.height, view.camera.width, len(b.actor)
    visible = np.full((n, 4), np.nan, np.float32)
    amodal = np.full((n, 4), np.nan, np.float32)
    pixels, alone = np.zeros(n, np.int32), np.zeros(n, np.int32)
    instance = labels.instance.reshape(h, w)
    extent = _extents(instance)
    first, last = (snapshot.local(_poses_at(timeline, float(t), b)) for t in (view.time_s.min(), view.time_s.max()))
    for k, a in enumerate(b.actor):
        if int(a) in extent:
            *visible[k], pixels[k] = extent[int(a)]
        amodal[k] = _amodal(snapshot, view, (first[k], last[k]), b.points[k])
        if pixels[k]:  # an edge pixel may be hit a hair outside of the projected points
            both = np.stack([amodal[k], visible[k]])
            amodal[k] = np.concatenate([np.nanmin(both[:, :2], 0), np.nanmax(both[:, 2:], 0)])
        if np.isfinite(amodal[k]).all():
            alone[k] = _pixels_alone(snapshot, rays, int(a), amodal[k], h, w, threads)
    whole = amodal.astype(float)
    area = (whole[:, 2] - whole[:, 0]) * (whole[:, 3] - whole[:, 1])
    inside = np.clip(whole, [-0.5, -0.5, -0.5, -0.5], [w - 0.5, h - 0.5, w - 0.5, h - 0.5])
    inside_area = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        truncation = np.where(np.isfinite(area), np.clip(1 - inside_area / area, 0.0, 1.0), 1.0).astype(np.float32)
        fraction = np.where(alone > 0, pixels / np.maximum(alone, 1), 0.0).astype(np.float32)
    unknown = np.zeros(n, np.float32)
    return CameraBoxes(view.camera.name, visible, amodal, truncation, fraction, pixels, unknown, unknown)


def _extents(instance: NDArray[np.uint16]) -> dict[int, tuple[float, float, float, float, int]]:
    """track -> (left, top, right, bottom, pixels) of its pixels; one sort instead of a mask for each object."""
    rows, columns = np.nonzero(instance)
    track = instance[rows, columns]
    order = np.argsort(track, kind="stable")
    track, rows, columns = track[order], rows[order], columns[order]
    names, start = np.unique(track, return_index=True)
    if len(names) == 0:
        return {}
    left, right = np.minimum.reduceat(columns, start), np.maximum.reduceat(columns, start)
    top, bottom = np.minimum.reduceat(rows, start), np.maximum.reduceat(rows, start)
    count = np.diff(np.append(start, len(track)))
    return {int(t): (left[k] - 0.5, top[k] - 0.5, right[k] + 0.5, bottom[k] + 0.5, int(count[k])) for k, t in enumerate(names)}


def _amodal(snapshot: Snapshot, view: View, ends: tuple[Pose, Pose], points) -> NDArray[np.float32]:
    """Box of the projected points of an actor that goes from pose to pose (local) while the image is exposed, each point at the
    time of the row that sees it; nan when all are out of view."""
    lo, hi = float(view.time_s.min()), float(view.time_s.max())
    first, last = ends

    def point_at(time):
        u = (time - lo) / (hi - lo) if hi > lo else np.zeros(len(time))
        return interpolate(first, last, u).apply(points)

    pixels, valid = view.project(point_at, len(points))
    if not valid.any():
        return np.full(4, np.nan, np.float32)
    p = pixels[valid]
    return np.array([*p.min(0), *p.max(0)], np.float32)


def _pixels_alone(snapshot: Snapshot, rays: Rays, actor: int, box, h: int, w: int, threads: int | None) -> int:
    """Number of pixel centres whose rays would hit the actor if nothing else were there."""
    x0, y0 = np.maximum(np.ceil(box[:2]).astype(int) - 1, 0)
    x1, y1 = np.floor(box[2]).astype(int) + 2, np.floor(box[3]).astype(int) + 2
    x1, y1 = min(int(x1), w), min(int(y1), h)
    if x0 >= x1 or y0 >= y1:
        return 0
    pick = (np.arange(y0, y1)[:, None] * w + np.arange(x0, x1)).ravel()
    few = Rays(*(np.ascontiguousarray(a[pick]) for a in rays))
    hits = cast.closest_hit(only(snapshot.scene, actor), few, visibility=EVERYONE, threads=threads)
    return int((hits.instance >= 0).sum())


def only(scene: PackedScene, actor: int) -> PackedScene:
    """The scene with one actor in it and nothing else."""
    rows = np.flatnonzero(scene.actor == actor)
    part = {
        f: np.ascontiguousarray(getattr(scene, f)[rows]) for f in ("prototype", "moves", "mask", "actor", "class_id", "params")
    }
    part["pose"] = np.ascontiguousarray(scene.pose[:, rows])
    top = build_top(scene.geometry.bounds, part["prototype"], scene.knot_time, part["pose"], part["moves"])
    return scene._replace(top_nodes=top, **part)


def table(
    stage: Stage,
    snapshot: Snapshot,
    b: Boxes,
    sweeps: dict[str, Sweep],
    cameras: dict[str, CameraBoxes],
    track: NDArray[np.uint16],
) -> Objects:
    """All labels of the objects of a frame."""
    timeline = stage.timeline
    world_from_actor = b.world_from_actor
    velocity, acceleration, angular = motion(timeline, snapshot.time_s, b)
    labels = track[b.actor].astype(np.uint16)
    points = {name: np.bincount(s.instance, minlength=65536)[labels].astype(np.int32) for name, s in sweeps.items()}
    lost = {name: _counts(s.lost_points or {}, labels) for name, s in sweeps.items()}
    models = [stage.model(int(a)) for a in b.actor]
    count = len(timeline.actors)
    names = tuple(timeline.actors[a].name if a < count else f"{stage.named[a - count].name}_{a - count}" for a in b.actor)
    center = quaternion_rotate(world_from_actor.rotation, b.center_m) + world_from_actor.translation
    return Objects(
        labels,
        np.array([taxonomy.class_id(m.class_name) for m in models], np.uint8),
        names,
        Pose(world_from_actor.rotation, center),
        b.size_lwh_m,
        velocity,
        acceleration,
        angular,
        points,
        lost,
        cameras,
        tuple(_attributes(stage, int(a), m, snapshot) for a, m in zip(b.actor, models)),
    )


def _counts(by_track: dict[int, int], tracks: NDArray[np.uint16]) -> NDArray[np.int32]:
    return np.array([by_track.get(t, 0) for t in tracks.tolist()], np.int32)


def _attributes(stage: Stage, actor: int, model, snapshot: Snapshot) -> dict[str, str]:
    actors = stage.timeline.actors
    if actor < len(actors):
        extra = {"paint": actors[actor].paint_name} if actors[actor].paint_name else {}
        if snapshot.state.articulation[actor, FALL] > 0.5:
            extra["posture"] = "lie"
        if snapshot.state.articulation[actor, DOOR] > 0.05:
            extra["door"] = "open"
    else:
        shows = stage.named[actor - len(actors)].shows
        extra = {"light": shows(snapshot.time_s)} if shows else {}
    return {"model": model.name, **dict(model.attributes), **extra}
