"""A small world for tests of labels: a flat place, an ego with a camera, and things that move; made without a scenario."""

from __future__ import annotations

import numpy as np

from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.geometry import solids
from scenesim.geometry.mesh import Surface
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import CHANNELS
from scenesim.scene.placement import Placement
from scenesim.scene.stage import Stage
from scenesim.sensors.camera import Camera
from scenesim.world.timeline import ActorInfo, Timeline

EGO_CAMERA = Pose.of((1.5, 0.0, 1.4)) @ BODY_FROM_OPTICAL


def camera(width=320, height=200, **more) -> Camera:
    """A camera 1.4 m above the ground that looks ahead."""
    spec = dict(lens="brown_conrady", fx_px=260.0, fy_px=260.0, cx_px=(width - 1) / 2, cy_px=(height - 1) / 2, distortion=())
    spec.update(more)
    return Camera(name="front", width=width, height=height, ego_from_camera=EGO_CAMERA, **spec)


def timeline(actors, duration=1.0, step=0.05, ego_speed=8.0, ego_turn=0.0) -> Timeline:
    """actors: [(roadside model, start (x, y), velocity (x, y), yaw, yaw rate)]."""
    t = np.arange(0.0, duration + step, step)
    yaw = ego_turn * t
    x = np.concatenate([[0.0], np.cumsum(np.cos((yaw[1:] + yaw[:-1]) / 2) * ego_speed * step)])
    y = np.concatenate([[0.0], np.cumsum(np.sin((yaw[1:] + yaw[:-1]) / 2) * ego_speed * step)])
    poses = [Pose.of(np.stack([x, y, 0 * t], -1), yaw=yaw)]
    infos = [ActorInfo("ego", ModelRequest("roadside", "bollard"))]
    for k, (name, at, velocity, heading, rate) in enumerate(actors):
        p = np.stack([at[0] + velocity[0] * t, at[1] + velocity[1] * t, 0 * t], -1)
        poses.append(Pose.of(p, yaw=heading + rate * t))
        infos.append(ActorInfo(f"thing{k}", ModelRequest("roadside", name)))
    a = len(poses)
    return Timeline(
        t,
        Pose(np.stack([p.rotation for p in poses]), np.stack([p.translation for p in poses])),
        np.ones((a, len(t)), bool),
        np.zeros((a, len(t), len(CHANNELS))),
        np.zeros((a, len(t)), np.int32),
        tuple(infos),
    )


def ground(extent=400.0) -> Placement:
    """A flat floor, and a few walls that give the flow something to hold on to."""
    floor = solids.box((extent, extent, 0.2), (0.0, 0.0, -0.1), Surface("concrete_barrier", "road"))
    return Placement(Pose.identity(), mesh=floor, class_name="road")


def wall(x, y, length=6.0) -> Placement:
    """A wall across the road."""
    mesh = solids.box((0.3, length, 3.0), (0.0, 0.0, 1.5), Surface("plaster", "building"))
    return Placement(Pose.of((x, y, 0.0)), mesh=mesh, class_name="building")


def stage(actors, placements=None, **more) -> Stage:
    """A stage of things on a floor."""
    return Stage(timeline(actors, **more), [ground()] if placements is None else placements)


def moved(s: Stage, placements, world_from_old: Pose) -> Stage:
    """The same stage in a world moved rigidly."""
    from dataclasses import replace

    there = [replace(p, world_from_object=world_from_old @ p.world_from_object) for p in placements]
    return Stage(s.timeline.moved(world_from_old), there)
