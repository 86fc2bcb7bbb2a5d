"""Cameras: a frozen spec, the direction of every pixel, the pixel of every point, and when each row looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.sensors import camera_faults, imager
from scenesim.sensors import lens as lenses
from scenesim.sensors.camera_faults import SOUND, CameraFaults
from scenesim.sensors.fields import Fields
from scenesim.sensors.imager import Imager, Optics

SHUTTERS = ("global", "rolling")
# What a file may say, and the model it means.
LENSES = {
    "brown_conrady": "brown_conrady",
    "pinhole": "brown_conrady",
    "kannala_brandt": "kannala_brandt",
    "fisheye": "kannala_brandt",
    "division": "division",
    "equirectangular": "equirectangular",
}
WIDEST_DEG = {"brown_conrady": 170.0, "division": 340.0, "kannala_brandt": 340.0, "equirectangular": 360.0}
BAND = 64  # rows whose directions are found at a time: they stay in the processor's cache
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, eq=False)
class Camera:
    """One camera on the ego.

    width, height: px. lens: one of lens.COEFFICIENTS, with `distortion` in their order, short ones filled with 0. fx_px, fy_px:
    focal lengths. cx_px, cy_px: principal point; pixel (0, 0) is the centre of the top-left one. ego_from_camera: pose, camera
    axes x right, y down, z forward. shutter: "global", or "rolling" whose rows start from the top over readout_s. exposure_s:
    of each row, where no exposure control chooses; its middle is the row's time. optics, imager: glass and chip; without an
    imager pictures are developed as a film (sensors.imaging). told: optics, imager and faults as a file has them. Raises
    InputError for what cannot be.
    """

    name: str
    width: int
    height: int
    lens: str
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    distortion: tuple[float, ...]
    ego_from_camera: Pose
    shutter: str = "global"
    readout_s: float = 0.0
    exposure_s: float = 0.005
    optics: Optics = Optics()
    imager: Imager | None = None
    faults: CameraFaults = SOUND
    told: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.lens not in lenses.COEFFICIENTS or self.shutter not in SHUTTERS:
            raise InputError(f'camera "{self.name}": no lens "{self.lens}" or no shutter "{self.shutter}"')
        most = len(lenses.COEFFICIENTS[self.lens])
        if len(self.distortion) > most:
            raise InputError(f'camera "{self.name}": {self.lens} has {most} coefficients at most')
        if not self._solve(self._border())[1].all():
            raise InputError(
                f'camera "{self.name}": the distortion folds over before the border of the image, which no ray would reach; '
                "make the coefficients smaller, the focal length longer or the image smaller"
            )

    def actual(self) -> Camera:
        """The camera as it is, which is not what its calibration says where it has that fault."""
        faults = self.faults
        if faults.turned is None:
            return self
        body = self.ego_from_camera @ BODY_FROM_OPTICAL.inverse()
        return replace(
            self,
            ego_from_camera=body @ faults.turned @ BODY_FROM_OPTICAL,
            fx_px=self.fx_px * faults.focal,
            fy_px=self.fy_px * faults.focal,
            cx_px=self.cx_px + faults.shift_px[0],
            cy_px=self.cy_px + faults.shift_px[1],
        )

    @property
    def line_time_s(self) -> float:
        """From the start of a row to that of the next; 0 for a global shutter."""
        return self.readout_s / self.height if self.shutter == "rolling" else 0.0

    @property
    def is_pinhole(self) -> bool:
        """Whether straight lines stay straight."""
        return self.lens == "brown_conrady" and not any(self.distortion)

    @cached_property
    def _optics(self) -> lenses.Lens:
        return lenses.make(self.lens, self.distortion)

    def _border(self) -> NDArray[np.float64]:
        """(n, 2) pixels along the outer edge of the image."""
        x, y = np.arange(self.width + 1) - 0.5, np.arange(self.height + 1) - 0.5
        rows = [np.stack([x, np.full_like(x, v)], -1) for v in (y[0], y[-1])]
        return np.concatenate(rows + [np.stack([np.full_like(y, v), y], -1) for v in (x[0], x[-1])])

    def _solve(self, pixels: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        return self._optics.directions((pixels - [self.cx_px, self.cy_px]) / [self.fx_px, self.fy_px])

    @cached_property
    def _directions(self) -> NDArray[np.float64]:
        out = np.empty((self.height, self.width, 3))
        column = np.arange(self.width, dtype=float)
        for top in range(0, self.height, BAND):
            row = np.arange(top, min(top + BAND, self.height), dtype=float)
            pixels = np.stack(np.broadcast_arrays(column, row[:, None]), -1).reshape(-1, 2)
            out[top : top + len(row)] = self._solve(pixels)[0].reshape(len(row), self.width, 3)
        out.flags.writeable = False
        return out

    def directions(self) -> NDArray[np.float64]:
        """(H, W, 3) unit directions of the pixels' centres in the camera frame; found once, read only."""
        return self._directions

    def row_time_s(self) -> NDArray[np.float64]:
        """(H,) s middle of the exposure of each row, relative to the trigger's reference time: that of the image's middle."""
        return (np.arange(self.height) - (self.height - 1) / 2) * self.line_time_s

    def project(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(pixels (N, 2) as (column, row), valid (N,)) of points (N, 3) m in the camera frame.

        valid: in front of the lens and where its image does not fold over; not whether it is within the image.
        """
        plane, valid = self._optics.plane(np.asarray(points, float).reshape(-1, 3))
        return plane * [self.fx_px, self.fy_px] + [self.cx_px, self.cy_px], valid

    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) camera matrix, without distortion."""
        return np.array([[self.fx_px, 0.0, self.cx_px], [0.0, self.fy_px, self.cy_px], [0.0, 0.0, 1.0]])

    def to_plain(self) -> dict[str, Any]:
        """The spec as numbers, strings, lists and dictionaries; `from_plain` reads it back."""
        names = lenses.COEFFICIENTS[self.lens]
        full = self.distortion + (0.0,) * (len(names) - len(self.distortion))
        return {
            "kind": "camera",
            "name": self.name,
            "width_px": self.width,
            "height_px": self.height,
            "lens": self.lens,
            "fx_px": self.fx_px,
            "fy_px": self.fy_px,
            "cx_px": self.cx_px,
            "cy_px": self.cy_px,
            "distortion": dict(zip(names, full)),
            "shutter": self.shutter,
            "readout_s": self.readout_s,
            "line_time_s": self.line_time_s,
            "exposure_s": self.exposure_s,
            "ego_from_camera": pose_to_plain(self.ego_from_camera),
            **(imager.to_plain(self.told) or {}),
        }

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> Camera:
        """The camera of what `to_plain` gave."""
        names = lenses.COEFFICIENTS[plain["lens"]]
        return Camera(
            plain["name"],
            int(plain["width_px"]),
            int(plain["height_px"]),
            plain["lens"],
            *(float(plain[k]) for k in ("fx_px", "fy_px", "cx_px", "cy_px")),
            tuple(float(plain["distortion"][k]) for k in names),
            pose_from_plain(plain["ego_from_camera"]),
            plain["shutter"],
            float(plain["readout_s"]),
            float(plain["exposure_s"]),
            **_parts(Fields(plain, Place("calibration"))),
        )


def pose_to_plain(pose: Pose) -> dict[str, list[float]]:
    """A single pose as lists: rotation_wxyz, a unit quaternion, and translation_m."""
    return {
        "rotation_wxyz": [float(v) for v in pose.rotation],
        "translation_m": [float(v) for v in pose.translation],
    }


def pose_from_plain(plain: Mapping[str, Any]) -> Pose:
    """The pose of what `pose_to_plain` gave."""
    return Pose(np.array(plain["rotation_wxyz"], float), np.array(plain["translation_m"], float))


def read(fields: Fields, name: str, ego_from_camera: Pose) -> Camera:
    """The camera that a spec describes (assets/sensors and rigs). Raises InputError with the place of the field.

    Either fov_deg, the horizontal field of view from edge to edge of the image, or fx_px and, where pixels are not square,
    fy_px. The principal point is the middle of the image if it is left out.
    """
    width = fields.integer("width_px", low=16, high=16384)
    height = fields.integer("height_px", low=16, high=16384)
    lens = LENSES[fields.word("lens", LENSES, "pinhole")]
    distortion = _distortion(fields, lens)
    fx, fy = _focal(fields, width, lens, distortion)
    cx = fields.number("cx_px", (width - 1) / 2, low=-width, high=2 * width)
    cy = fields.number("cy_px", (height - 1) / 2, low=-height, high=2 * height)
    shutter = fields.word("shutter", SHUTTERS, "global")
    readout = fields.number("readout_s", 0.0, low=0.0, high=0.5)
    if (shutter == "rolling") != (readout > 0):
        said = "how long does it take from the first row to the last?" if shutter == "rolling" else "a global shutter has none"
        raise fields.wrong("readout_s", f"{readout:g} with a {shutter} shutter: {said}")
    exposure = fields.number("exposure_s", 0.005, above=0.0, high=1.0)
    parts, when = _parts(fields), (shutter, readout, exposure)
    if parts["optics"].focus_m is not None and parts["imager"] is None:
        message = "how wide the lens is follows from pixel_um of an imager, which this camera has not"
        raise InputError(f"focus_m: {message}", fields.at("optics"))
    try:
        return Camera(name, width, height, lens, fx, fy, cx, cy, distortion, ego_from_camera, *when, **parts)
    except InputError as error:
        raise InputError(error.message, fields.at("distortion") if any(distortion) else _focal_place(fields)) from None


def _parts(fields: Fields) -> dict[str, Any]:
    """Glass, chip and faults, and what a file says of them."""
    told = {k: fields.values[k] for k in ("optics", "imager", "faults") if fields.has(k) and fields.values[k]}
    return {
        "optics": imager.read_optics(fields.part("optics")),
        "imager": imager.read(fields.part("imager")) if "imager" in told else None,
        "faults": camera_faults.read(fields.part("faults")) if "faults" in told else SOUND,
        "told": told,
    }


def _distortion(fields: Fields, lens: str) -> tuple[float, ...]:
    part = fields.part("distortion")
    values = tuple(part.number(k, 0.0, low=-1e3, high=1e3) for k in lenses.COEFFICIENTS[lens])
    part.finish()
    return values


def _focal_place(fields: Fields) -> Place:
    return fields.at("fov_deg" if fields.has("fov_deg") else "fx_px")


def _focal(fields: Fields, width: int, lens: str, distortion: tuple[float, ...]) -> tuple[float, float]:
    if not fields.has("fov_deg"):
        fx = fields.number("fx_px", above=0.0, high=1e6)
        return fx, fields.number("fy_px", fx, above=0.0, high=1e6)
    if fields.has("fx_px") or fields.has("fy_px"):
        raise fields.wrong("fov_deg", "fov_deg and fx_px both say how long the lens is; give one of them")
    half = np.deg2rad(fields.number("fov_deg", above=0.0, high=WIDEST_DEG[lens])) / 2
    plane, valid = lenses.make(lens, distortion).plane(np.array([[np.sin(half), 0.0, np.cos(half)]]))
    if not valid[0]:
        raise fields.wrong("fov_deg", f"{np.rad2deg(2 * half):g} degrees are more than this distortion images before it folds")
    fx = float(width / 2 / plane[0, 0])
    return fx, fx
