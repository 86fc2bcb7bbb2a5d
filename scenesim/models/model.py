"""What a thing is: parts that move against each other, lamps, size and class.

The model frame is the actor frame of base/frames.py: x forward, y left, z up, origin on the ground (under the rear axle of a
vehicle, under the middle of anything else).

Articulation is a row of J numbers, one for each name of CHANNELS, the same for every model; a model reads the ones it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh

# wheel_m: distance rolled since the start, m (each wheel divides by its own radius). steer_rad: mean angle of the steered
# wheels, positive to the left. gait_rad: phase of the stride, 2 pi a stride. speed_m_s: for gaits. crank_rad: pedals. fall:
# of a person, 0 upright to 1 on the ground. door: 0 shut to 1 open, of the doors that a model has taken out of its skin.
CHANNELS = ("wheel_m", "steer_rad", "gait_rad", "speed_m_s", "crank_rad", "hitch_rad", "fall", "door")
WHEEL_M, STEER_RAD, GAIT_RAD, SPEED_M_S, CRANK_RAD, HITCH_RAD, FALL, DOOR = range(len(CHANNELS))

# Bits of the lamp state of an actor.
LAMP_BITS = {
    "position": 1,
    "low_beam": 2,
    "high_beam": 4,
    "brake": 8,
    "indicator_left": 16,
    "indicator_right": 32,
    "reverse": 64,
    "red": 128,
    "amber": 256,
    "green": 512,
    "street": 1024,
    "blue_left": 2048,
    "blue_right": 4096,
}


@dataclass(frozen=True)
class Joint:
    """A rotation about an axis through the part's origin: angle = factor * articulation[channel].

    axis: (3,) unit, in the frame that the joint turns in. Joints of one part are applied in their order, the first one
    outermost (steer, then spin).
    """

    channel: int
    axis: tuple[float, float, float]
    factor: float = 1.0


class Skin(Protocol):
    """A mesh whose vertices follow the articulation (people, animals); the triangles stay."""

    def vertices(self, articulation: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, 3) m in the part frame, for one articulation row (J,)."""
        ...


DRIVER = "driver"  # name of the part of a vehicle that is who sits in it
LEAD = "lead"  # name of a part that no box goes around: what ties a dog to a person


@dataclass(frozen=True)
class Part:
    """A rigid, or skinned, piece. mesh: in the part frame. model_from_part: where it sits at rest. With a skin, the mesh's
    vertices are the rest pose, and normals are made anew from the posed vertices."""

    name: str
    mesh: Mesh
    model_from_part: Pose = field(default_factory=Pose.identity)
    joints: tuple[Joint, ...] = ()
    skin: Skin | None = None


@dataclass(frozen=True)
class Lamp:
    """A light that shines when one of its `bits` (LAMP_BITS) is set in the actor's lamp state.

    position, direction: (3,) in the model frame. intensity_cd: on the axis. color: linear RGB, green = 1 for white.
    beam: "low_beam", "low_beam_left" where one drives on the left, "street", "spot" or "point". The emitting surface is named
    by its material: the material named `surface_material` glows while the lamp is on.
    """

    bits: int
    position: tuple[float, float, float]
    direction: tuple[float, float, float]
    intensity_cd: float
    color: tuple[float, float, float]
    beam: str = "point"


@dataclass(frozen=True)
class Model:
    """A thing ready to be placed. size_lwh_m and box_center_m: the tight box at rest, in the model frame.

    wheelbase_m is 0 for what has no wheels. attributes: what was drawn, for the labels.
    """

    name: str
    class_name: str
    parts: tuple[Part, ...]
    size_lwh_m: tuple[float, float, float]
    box_center_m: tuple[float, float, float]
    wheelbase_m: float = 0.0
    lamps: tuple[Lamp, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def rest() -> NDArray[np.float64]:
    """An articulation row at rest, (J,)."""
    return np.zeros(len(CHANNELS))


def part_pose(part: Part, articulation: NDArray[np.float64]) -> Pose:
    """model_from_part of a part under an articulation row (J,)."""
    pose = part.model_from_part
    for joint in part.joints:
        half = 0.5 * joint.factor * float(articulation[joint.channel])
        q = np.concatenate([[np.cos(half)], np.sin(half) * np.asarray(joint.axis, float)])
        pose = pose @ Pose(q, np.zeros(3))
    return pose


def tight_box(parts: tuple[Part, ...]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """(size_lwh_m, box_center_m) of the parts at rest."""
    corners = np.stack([p.mesh.transformed(p.model_from_part).bounds() for p in parts])
    lo, hi = corners[:, 0].min(0), corners[:, 1].max(0)
    size, center = hi - lo, (hi + lo) / 2
    return (float(size[0]), float(size[1]), float(size[2])), (float(center[0]), float(center[1]), float(center[2]))
