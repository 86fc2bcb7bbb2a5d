"""What writers ask of the calibration: mountings, camera matrices, and which sensor plays which part in a format."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.capture.frame import Frame


def mounting(frame: Frame, sensor: str) -> Pose:
    """ego_from_sensor of a sensor, as it is mounted."""
    spec = frame.calibration[sensor]
    plain = spec[f"ego_from_{spec['kind']}"]
    return Pose(np.array(plain["rotation_wxyz"], float), np.array(plain["translation_m"], float))


def matrix(frame: Frame, camera: str) -> NDArray[np.float64]:
    """(3, 3) camera matrix; pixel (0, 0) is the centre of the top-left pixel."""
    spec = frame.calibration[camera]
    return np.array([[spec["fx_px"], 0.0, spec["cx_px"]], [0.0, spec["fy_px"], spec["cy_px"]], [0.0, 0.0, 1.0]])


def distortion(frame: Frame, camera: str) -> dict[str, float]:
    """The coefficients that are not 0, by name."""
    return {name: value for name, value in frame.calibration[camera]["distortion"].items() if value}


def require_pinhole(frame: Frame, camera: str, format_name: str) -> None:
    """Raise InputError for a camera whose images are not rectified, in a format that has no words for its lens."""
    if frame.calibration[camera]["lens"] != "brown_conrady" or distortion(frame, camera):
        raise InputError(
            f'{format_name} holds rectified images only, and the lens of the camera "{camera}" distorts; '
            "render with a pinhole camera, or export to another format (native, coco, mcap)"
        )


def heading(frame: Frame, camera: str) -> float:
    """Angle (rad, counter-clockwise from ahead, -pi to pi) into which a camera looks, seen from above."""
    ahead = (mounting(frame, camera) @ BODY_FROM_OPTICAL.inverse()).yaw()
    return float(ahead)


def front_camera(frame: Frame, format_name: str) -> str:
    """The camera that looks ahead; of several the leftmost. Raises InputError where there is no camera."""
    if not frame.images:
        raise InputError(f"{format_name} needs a camera, and these frames have none")
    return min(frame.images, key=lambda c: (round(abs(heading(frame, c)), 2), -mounting(frame, c).translation[1]))


def right_of(frame: Frame, left: str) -> str | None:
    """The camera to the right of another that makes a stereo pair with it: same size, same direction."""
    shape, mounted = frame.images[left].class_id.shape, mounting(frame, left)
    for camera in frame.images:
        beside = mounted.inverse() @ mounting(frame, camera)
        same = frame.images[camera].class_id.shape == shape and abs(beside.rotation[0]) > 1 - 1e-9
        if camera != left and same and beside.translation[0] > 0 and abs(beside.translation[1:]).max() < 1e-6:
            return camera
    return None


def main_lidar(frame: Frame, format_name: str) -> str:
    """The lidar that is mounted highest. Raises InputError where there is none."""
    if not frame.sweeps:
        raise InputError(f"{format_name} needs a lidar, and these frames have none")
    return max(frame.sweeps, key=lambda s: mounting(frame, s).translation[2])


def seen(frame: Frame) -> NDArray[np.bool_]:
    """(O,) whether a lidar hits an object, as the datasets that annotate points have it; without a lidar, whether a camera has
    a pixel of it."""
    counts = list(frame.objects.lidar_points.values()) or [c.pixels for c in frame.objects.cameras.values()]
    return np.any([np.zeros(len(frame.objects.track)), *counts], axis=0)


def points_at_once(frame: Frame, lidar: str) -> NDArray[np.float64]:
    """(N, 3) points of a sweep in the ego frame, all at the frame's reference time: free of the ego's motion and, by their
    labelled velocities, of that of the objects that were hit. So boxes, which are of that time, hold their points, as they do
    where annotators draw them around the points."""
    sweep, objects = frame.sweeps[lidar], frame.objects
    velocity = np.zeros((65536, 3))
    velocity[objects.track] = frame.world_from_ego.inverse().rotate(objects.velocity_m_s)
    return sweep.xyz_ego_m - velocity[sweep.instance] * sweep.time_offset_s[:, None].astype(float)


def by_heading(frame: Frame, channels: dict[str, float], without: Collection[str] = ()) -> dict[str, str]:
    """camera -> channel of the format, for the cameras that look within 35 degrees of where a channel does (degrees, to the
    left); each channel goes to the camera that looks there best. without: cameras that are left out."""
    found: dict[str, tuple[float, str]] = {}
    for camera in (c for c in frame.images if c not in without):
        for channel, angle in channels.items():
            off = abs(math.remainder(heading(frame, camera) - math.radians(angle), 2 * math.pi))
            if off < math.radians(35.0) and off < found.get(channel, (math.inf, ""))[0]:
                found[channel] = off, camera
    taken: dict[str, str] = {}
    for channel, (_, camera) in sorted(found.items(), key=lambda item: item[1]):
        taken.setdefault(camera, channel)
    return taken
