"""What one actor does over time, sampled: poses, articulation, lamps; made from a line and the distance run along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, cross, quaternion_from_matrix
from scenesim.models import animal, pedestrian
from scenesim.models.model import CHANNELS, CRANK_RAD, FALL, GAIT_RAD, LAMP_BITS, SPEED_M_S, STEER_RAD, WHEEL_M, Model
from scenesim.world.route import Route

Array = NDArray[np.float64]
PEDAL_M = 5.6  # run of a bicycle for one turn of its cranks: a 2.1 m wheel at 2.7 : 1
INDICATE_AHEAD_M, INDICATE_TURN_RAD, BLINK_HZ = 25.0, 0.6, 1.5  # UNECE R6: 90 +- 30 flashes a minute
BLUE_HZ = 2.0  # UNECE R65: 2 to 4 flashes a second
BRAKING_M_S2 = 0.7
GRAVITY = 9.81
OPENS_S = 1.0  # of a car's door, pushed by who gets out (by eye)
FALL_S = 0.8  # from upright to the ground; a rigid rod of a person's height takes 0.7 to 0.9 s


@dataclass(frozen=True)
class Track:
    """K samples: world poses (K,), present (K,), articulation (K, J), lamps (K,)."""

    pose: Pose
    present: NDArray[np.bool_]
    articulation: Array
    lamps: NDArray[np.int32]


def standing(pose: Pose, times: Array, lamps: int = 0) -> Track:
    """Something that stays where it is."""
    k = len(times)
    poses = Pose(np.tile(pose.rotation, (k, 1)), np.tile(pose.translation, (k, 1)))
    return Track(poses, np.ones(k, bool), np.zeros((k, len(CHANNELS))), flashing(times, lamps))


def opening(times: Array, when_s: float | None) -> Array:
    """(K,) how far doors are open, 0 to 1: from a time on, or all the time."""
    if when_s is None:
        return np.ones(len(times))
    u = np.clip((times - when_s) / OPENS_S, 0.0, 1.0)
    return u * u * (3 - 2 * u)


def rolling(
    model: Model, line: Callable[[Array], Pose], distance: Array, speed: Array, lean: bool = False
) -> tuple[Pose, Array]:
    """Poses (K,) and articulation (K, J) of a vehicle whose rear axle follows a line: ``line(d)`` is the pose at distance d;
    distance and speed (K,) are its own. lean: into bends, as two-wheelers do."""
    rear, base = line(distance), model.wheelbase_m
    articulation = np.zeros((len(distance), len(CHANNELS)))
    articulation[:, WHEEL_M], articulation[:, SPEED_M_S] = distance, speed
    articulation[:, CRANK_RAD] = distance * (2 * np.pi / PEDAL_M)
    if base <= 0:
        return rear, articulation
    front = line(distance + base)
    # The rear axle does not slip sideways: the body points along the line there. It pitches so that both axles stand on it.
    rise = (front.translation[:, 2] - rear.translation[:, 2]) / base
    yaw = rear.yaw()
    forward = np.stack([np.cos(yaw), np.sin(yaw), rise], -1)
    forward /= np.sqrt((forward * forward).sum(1, keepdims=True))
    up = np.broadcast_to([0.0, 0.0, 1.0], forward.shape)
    left = cross(rear.rotate(up) + front.rotate(up), forward)
    left /= np.sqrt((left * left).sum(1, keepdims=True))
    pose = Pose(quaternion_from_matrix(np.stack([forward, left, cross(forward, left)], -1)), rear.translation)
    turn = front.yaw() - yaw
    # Single-track model: tan(steer) = wheelbase times curvature.
    articulation[:, STEER_RAD] = np.arctan2(np.arctan2(np.sin(turn), np.cos(turn)), 1.0)
    if lean:
        # Balance: tan(lean) = v^2 k / g.
        bend = np.arctan2(np.sin(turn), np.cos(turn)) / base
        angle = np.clip(np.arctan2(speed**2 * bend, GRAVITY), -0.6, 0.6)
        pose = pose @ Pose.of(np.zeros((len(angle), 3)), roll=-angle)
    return pose, articulation


def walking(model: Model, line: Callable[[Array], Pose], distance: Array, speed: Array, phase: float) -> tuple[Pose, Array]:
    """Poses and articulation of a person or an animal: the stride is as long as its speed makes it."""
    articulation = np.zeros((len(distance), len(CHANNELS)))
    articulation[:, SPEED_M_S] = speed
    top = max(float(speed.max(initial=0.0)), 0.3)
    if model.class_name == "animal":
        stride = animal.stride_m(model, top)
    else:
        stride = pedestrian.stride_m(model, top)
    if any(joint.channel == WHEEL_M for part in model.parts for joint in part.joints):  # of a wheelchair, a walker, a suitcase
        articulation[:, WHEEL_M] = distance
    articulation[:, GAIT_RAD] = phase + distance * (2 * np.pi / stride)
    return line(distance), articulation


def flashing(times: Array, bits: int) -> NDArray[np.int32]:
    """(K,) lamp bits of who is told which lamps to use: indicators blink, both together as hazard lamps, and blue lights flash
    left and right in turn."""
    out = np.full(len(times), bits, np.int32)
    dark = (times * BLINK_HZ) % 1.0 >= 0.5
    out[dark] &= ~(LAMP_BITS["indicator_left"] | LAMP_BITS["indicator_right"])
    first = (times * BLUE_HZ) % 1.0 < 0.5
    out[~first] &= ~LAMP_BITS["blue_left"]
    out[first] &= ~LAMP_BITS["blue_right"]
    return out


def falling(moved: Track, times: Array, when_s: float) -> Track:
    """The track of a person who trips at a time, falls faster and faster, and lies."""
    articulation = moved.articulation.copy()
    articulation[:, FALL] = np.clip((times - when_s) / FALL_S, 0.0, 1.0) ** 2
    return replace(moved, articulation=articulation)


def lamps(times: Array, speed: Array, dark: bool, route: Route | None, distance: Array, front_m: float) -> NDArray[np.int32]:
    """Lamp bits (K,) of a vehicle that drives: lit in the dark, brake lamps when it slows or waits, indicators before turns."""
    bits = np.full(len(times), (LAMP_BITS["position"] | LAMP_BITS["low_beam"]) if dark else 0, np.int32)
    slowing = -np.gradient(speed, times) if len(times) > 1 else np.zeros(len(times))
    bits[(slowing > BRAKING_M_S2) | (speed < 0.15)] |= LAMP_BITS["brake"]
    if route is not None:
        ahead = np.interp(distance + front_m + INDICATE_AHEAD_M, route.distance_m, route.heading_rad)
        turn = ahead - np.interp(distance, route.distance_m, route.heading_rad)
        lit = (times * BLINK_HZ) % 1.0 < 0.5
        bits[(turn > INDICATE_TURN_RAD) & lit] |= LAMP_BITS["indicator_left"]
        bits[(turn < -INDICATE_TURN_RAD) & lit] |= LAMP_BITS["indicator_right"]
    return bits
