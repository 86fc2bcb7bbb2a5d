"""What can be wrong with a camera: a frozen spec, and small pure functions of it and of a picture.

Nothing here changes what is not faulty: every fault has its own chance, and pictures that it does not touch keep their bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.frames import Pose
from scenesim.base.keys import Key
from scenesim.sensors import lens_dirt
from scenesim.sensors.fields import Fields
from scenesim.sensors.imager import to_plain
from scenesim.sensors.lens_dirt import Dirt

F32 = NDArray[np.float32]
GREEN = (0, 135, 0)  # Y'CbCr of nothing but zeros (BT.601, full range), which is what an empty buffer holds
ANGLES = ("roll_deg", "pitch_deg", "yaw_deg")


@dataclass(frozen=True, eq=False)
class CameraFaults:
    """The faults of one camera; `plain` is empty for a sound one.

    plain: as a rig has them. dead_rows, dead_columns: that bring nothing. green, dropped, frozen: share of the frames (of
    blocks of `frozen_frames` for the last). stops: of exposure too much. blur_px: standard deviation. banding_hz, banding: how
    often the light swings and by how much of itself. turned: actual from calibrated camera, in the axes of the camera's body;
    focal: actual over calibrated focal length; shift_px: actual less calibrated principal point. dirt: and drops on the glass.
    """

    plain: Mapping[str, Any]
    dead_rows: tuple[int, ...] = ()
    dead_columns: tuple[int, ...] = ()
    green: float = 0.0
    dropped: float = 0.0
    frozen: float = 0.0
    frozen_frames: int = 3
    stops: float = 0.0
    blur_px: float = 0.0
    banding_hz: float = 0.0
    banding: float = 0.0
    turned: Pose | None = None
    focal: float = 1.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    dirt: Dirt = Dirt()

    def to_plain(self) -> dict[str, Any]:
        """As a rig has them; `read` reads it back."""
        return to_plain(self.plain) or {}


SOUND = CameraFaults({})


def read(fields: Fields) -> CameraFaults:
    """The faults of a mapping, all of which may be left out::

        dead_rows: [120, 121]
        dead_columns: [300]
        green_frame: {share: 0.05}                      # of the frames, from some row on
        dropped_frame: {share: 0.05}                    # black
        frozen_frame: {share: 0.1, frames: 3}           # blocks of frames that all show their first
        wrong_exposure: {stops: 2}
        blur: {sigma_px: 2}
        banding: {frequency_hz: 100, depth: 0.4}
        misalignment: {roll_deg: 0, pitch_deg: 0.5, yaw_deg: 1, position_m: [0, 0, 0.02], focal_factor: 1.01, shift_px: [3, 0]}

        dirty_lens: {cover: 0.1, spot_px: 40, seed: 0}  # share of the picture
        lens_drops: {count: 30, radius_px: [10, 40], run_px_s: 60, wiper_s: 1.5, seed: 0}
        condensation: {share: 0.4}
        frost: {cover: 0.3}                             # share of the way from the edges to the middle
        scratches: {count: 12}
        insects: {count: 8}
        sticker: {box: [0, 0.8, 0.12, 1]}               # left, top, right, bottom

    Raises InputError with the place of what is wrong.
    """
    more: dict[str, Any] = {}
    for key in ("dead_rows", "dead_columns"):
        if fields.has(key):
            more[key] = tuple(int(r) for r in fields.numbers(key, low=0, high=65535))
    for key in ("green", "dropped", "frozen"):
        if fields.has(f"{key}_frame"):
            part = fields.part(f"{key}_frame")
            more[key] = part.number("share", low=0.0, high=1.0)
            if key == "frozen":
                more["frozen_frames"] = part.integer("frames", 3, low=2, high=100000)
            part.finish()
    if fields.has("wrong_exposure"):
        part = fields.part("wrong_exposure")
        more["stops"] = part.number("stops", low=-10.0, high=10.0)
        part.finish()
    if fields.has("blur"):
        part = fields.part("blur")
        more["blur_px"] = part.number("sigma_px", above=0.0, high=100.0)
        part.finish()
    if fields.has("banding"):
        part = fields.part("banding")
        more["banding_hz"] = part.number("frequency_hz", above=0.0, high=10000.0)
        more["banding"] = part.number("depth", low=0.0, high=1.0)
        part.finish()
    if fields.has("misalignment"):
        part = fields.part("misalignment")
        roll, pitch, yaw = (math.radians(part.number(a, 0.0, low=-45.0, high=45.0)) for a in ANGLES)
        shift = part.numbers("position_m", 3, low=-1.0, high=1.0) if part.has("position_m") else (0.0, 0.0, 0.0)
        more["turned"] = Pose.of(shift, roll=roll, pitch=pitch, yaw=yaw)
        more["focal"] = part.number("focal_factor", 1.0, low=0.5, high=2.0)
        if part.has("shift_px"):
            more["shift_px"] = part.numbers("shift_px", 2, low=-1000.0, high=1000.0)
        part.finish()
    more["dirt"] = lens_dirt.read(fields)
    fields.finish()
    return CameraFaults({k: fields.values[k] for k in fields.values}, **more)


def source(faults: CameraFaults, frame: int, key: Key) -> int:
    """Number of the frame whose picture a frame shows: its own, or the first of a block that is frozen. key: the camera's."""
    first = frame - frame % faults.frozen_frames
    return first if faults.frozen > 0.0 and _chance(faults.frozen, keys.derive(key, "frozen", first)) else frame


def before_lens(
    faults: CameraFaults, radiance: F32, row_time_s: NDArray[np.float64], exposure_s: float, time_s: float = 0.0
) -> F32:
    """Radiance (H, W, 3) that the chip gets instead. row_time_s: (H,) middle of the rows' exposures; time_s: of the trigger, at
    which drops are where they are; scenario's clock."""
    out = lens_dirt.through(faults.dirt, radiance, time_s)
    if faults.blur_px > 0.0:
        out = cv2.GaussianBlur(out, (0, 0), faults.blur_px)
    if faults.banding > 0.0:
        out = out * bands(faults, row_time_s, exposure_s).astype(np.float32)[:, None, None]
    return out


def bands(faults: CameraFaults, row_time_s: NDArray[np.float64], exposure_s: float) -> NDArray[np.float64]:
    """(H,) factors of rows under light that swings as 1 + depth sin(2 pi f t): its mean over the exposure."""
    turns = faults.banding_hz * row_time_s
    x = math.pi * faults.banding_hz * exposure_s
    swing = faults.banding * math.sin(x) / x
    return 1.0 + swing * np.sin(2.0 * math.pi * (turns - np.floor(turns)))


def on_chip(faults: CameraFaults, values: NDArray) -> None:
    """Rows and columns that bring nothing, in an image (H, W, ...) in place."""
    for k in faults.dead_rows:
        values[k : k + 1] = 0
    for k in faults.dead_columns:
        values[:, k : k + 1] = 0


def behind(faults: CameraFaults, rgb: NDArray[np.uint8], key: Key) -> NDArray[np.uint8]:
    """The picture (H, W, 3) that arrives. key: chance of this frame and camera."""
    if faults.dropped > 0.0 and _chance(faults.dropped, keys.derive(key, "dropped")):
        return np.zeros_like(rgb)
    green = keys.derive(key, "green")
    if faults.green > 0.0 and _chance(faults.green, green):
        rgb = rgb.copy()
        rgb[int(keys.generator(keys.derive(green, "row")).integers(0, len(rgb) // 2)) :] = GREEN
    return rgb


def _chance(share: float, key: Key) -> bool:
    return bool(keys.generator(key).uniform() < share)
