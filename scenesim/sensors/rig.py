"""Rigs: which sensors the ego carries, and where. The data is in assets/rigs and assets/sensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenesim.base import assets
from scenesim.base.errors import InputError, Place, did_you_mean
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose
from scenesim.sensors import camera, lidar, odometry, radar
from scenesim.sensors.camera import Camera
from scenesim.sensors.fields import Fields
from scenesim.sensors.lidar import Lidar
from scenesim.sensors.odometry import Odometry
from scenesim.sensors.radar import Radar

KINDS = ("camera", "lidar", "radar", "gnss", "imu", "wheel_odometry")
REACH_M = 20.0  # a sensor is not further than this from the ego's origin along any axis


@dataclass(frozen=True, eq=False)
class Rig:
    """The instruments of an ego. rate_hz: triggers a second; each makes one frame, with an image of every camera and one
    revolution of every lidar, centred on it, a measurement of every radar, and what the sensors of motion told since the
    last."""

    name: str
    rate_hz: float
    cameras: tuple[Camera, ...]
    lidars: tuple[Lidar, ...]
    radars: tuple[Radar, ...] = ()
    motion: tuple[Odometry, ...] = ()

    @property
    def sensors(self) -> tuple[Camera | Lidar | Radar | Odometry, ...]:
        """All of them."""
        return (*self.cameras, *self.lidars, *self.radars, *self.motion)

    def calibration(self) -> dict[str, dict[str, Any]]:
        """Sensor -> its spec as plain numbers and strings."""
        plain = {camera.name: camera.to_plain() for camera in self.cameras}
        plain |= {lidar.name: lidar.to_plain() for lidar in self.lidars}
        plain |= {radar.name: radar.to_plain() for radar in self.radars}
        return plain | {sensor.name: odometry.to_plain(sensor) for sensor in self.motion}


def names() -> list[str]:
    """Names of the rigs that ship."""
    return assets.names("rigs")


def load(rig: str | Mapping[str, Any], place: Place | None = None) -> Rig:
    """The rig of a name, or of a mapping as in assets/rigs::

        rate_hz: 10
        sensors:
          front: {sensor: camera_640x360, position_m: [1.7, 0, 1.35], pitch_deg: 2, fov_deg: 70}

    A sensor's name is followed by the preset (a file of assets/sensors) that it starts from, its mounting in the ego frame (ISO
    8855: positive yaw turns left, positive pitch lowers the nose, positive roll lowers the right side), and whatever of the
    preset it changes. Without a preset, ``kind: camera`` (or another of KINDS) and everything it needs. place: of the mapping,
    or of the name, in a file. Raises InputError with the place of what is wrong.
    """
    if isinstance(rig, str):
        if rig not in names():
            raise InputError(f'no rig "{rig}"{did_you_mean(rig, names())}', place)
        file = str(assets.folder("assets") / "rigs" / f"{rig}.yaml")
        return _read(Fields(assets.read("rigs", rig), Place(file)), rig)
    return _read(Fields(rig, place or Place("rig")), "custom")


def _read(fields: Fields, name: str) -> Rig:
    if "sensors" not in fields.values:
        raise InputError("what does it carry? Give sensors: {name: {sensor: preset, position_m: [x, y, z]}}", fields.place)
    name = fields.text("name", name)
    rate = fields.number("rate_hz", 10.0, above=0.0, high=100.0)
    sensors = fields.part("sensors")
    fields.finish()
    if not sensors.values:
        raise InputError("a rig carries one sensor at least", sensors.place)
    made = [_sensor(str(key), sensors.values[key], sensors.at(str(key))) for key in sensors.values]
    return Rig(
        name,
        rate,
        tuple(s for s in made if isinstance(s, Camera)),
        tuple(s for s in made if isinstance(s, Lidar)),
        tuple(s for s in made if isinstance(s, Radar)),
        tuple(s for s in made if isinstance(s, Odometry)),
    )


def _sensor(name: str, values: Any, place: Place) -> Camera | Lidar | Radar | Odometry:
    if not camera.NAME.fullmatch(name):
        raise InputError(f'"{name}" names folders and columns: a letter, then letters, digits, "_", "." or "-"', place)
    fields = _with_preset(Fields(values, place))
    kind = fields.word("kind", KINDS)
    ego_from_body = _mounting(fields)
    made: Camera | Lidar | Radar | Odometry
    if kind == "camera":
        made = camera.read(fields, name, ego_from_body @ BODY_FROM_OPTICAL)
    elif kind == "lidar":
        made = lidar.read(fields, name, ego_from_body)
    elif kind == "radar":
        made = radar.read(fields, name, ego_from_body)
    else:
        made = odometry.read(fields, name, kind, ego_from_body)
    fields.finish()
    return made


# Ways to say one thing: what a rig says in one way replaces what the preset says in another.
ALTERNATIVES = (("fov_deg", ("fx_px", "fy_px")), ("columns", ("firing_us",)))
NESTED = ("optics", "imager")  # of these a rig says only what differs from the preset


def _with_preset(fields: Fields) -> Fields:
    """The fields of a sensor over those of its preset."""
    if not fields.has("sensor"):
        if "kind" not in fields.values:
            raise InputError(f"which sensor is it? Give sensor: one of {', '.join(assets.names('sensors'))}", fields.place)
        return fields
    preset = fields.word("sensor", assets.names("sensors"))
    values = dict(assets.read("sensors", preset))
    own = {k: v for k, v in fields.values.items() if k != "sensor"}
    if "kind" in own and own["kind"] != values["kind"]:
        raise fields.wrong("kind", f"{preset} is a {values['kind']}; leave kind out, or choose another sensor")
    for one, others in ALTERNATIVES:
        for given, replaced in ((one, others), (others[0], (one,))):
            if given in own:
                values = {k: v for k, v in values.items() if k not in replaced}
    if "width_px" in own or "height_px" in own:  # the middle of the image moves; what the preset says of it is void
        values = {k: v for k, v in values.items() if k not in ("cx_px", "cy_px")}
    for key in NESTED:
        if isinstance(own.get(key), Mapping) and isinstance(values.get(key), Mapping):
            own[key] = values[key] | own[key]
    return Fields(values | own, fields.place)


def _mounting(fields: Fields) -> Pose:
    if fields.values.get("kind") == "wheel_odometry" and "position_m" not in fields.values:
        return Pose.identity()  # it is the vehicle itself
    position = fields.numbers("position_m", 3, low=-REACH_M, high=REACH_M)
    angle = [math.radians(fields.number(f"{a}_deg", 0.0, low=-360.0, high=360.0)) for a in ("roll", "pitch", "yaw")]
    return Pose.of(position, roll=angle[0], pitch=angle[1], yaw=angle[2])
