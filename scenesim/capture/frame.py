"""What a writer may see: one Frame for each trigger, plain arrays with their shapes, units and frames said here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose


@dataclass(frozen=True)
class Image:
    """What one camera saw, H rows and W columns, with the labels that come from the same rays.

    Labels are those of the pixel's centre ray at the pixel's own time. "Nothing" (sky): class_id of the sky, instance 0,
    depth and range inf, normal and flow nan.

    camera: the sensor's name. rgb: (H, W, 3) uint8 sRGB. class_id: (H, W) uint8 of the taxonomy. instance: (H, W) uint16
    track id of the object, 0 for none. depth_m: (H, W) float32 along the optical axis. range_m: (H, W) float32 along the ray.
    normal: (H, W, 3) float32, unit, camera frame, towards the camera. flow_px: (H, W, 2) float32, (column, row) displacement
    of the surface point to where the next frame's image has it; nan where it has none or is the last. mark: (H, W) uint8
    kind of lane marking, 0 none. row_time_s: (H,) float64 mid-exposure of each row on the scenario's clock.
    world_from_camera: pose of the camera at mid-exposure of the middle row. transmittance: (H, W) uint8 how much of the
    surface's light is left behind air, rain and snow, 255 all of it; 0 for nothing; None where it is not known. chip: of a
    camera with an imager, what it was exposed with: exposure_s (a list, the longest first), gain, white_balance. raw:
    (E, H, W) uint16 digital numbers of each exposure, where they were asked for. coverage: (H, W) uint8 how much of the pixel's
    light is blocked or bent by dirt and drops on the glass, 255 all of it; None where it is clean.
    """

    camera: str
    rgb: NDArray[np.uint8]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    depth_m: NDArray[np.float32]
    range_m: NDArray[np.float32]
    normal: NDArray[np.float32]
    flow_px: NDArray[np.float32]
    mark: NDArray[np.uint8]
    row_time_s: NDArray[np.float64]
    world_from_camera: Pose
    transmittance: NDArray[np.uint8] | None = None
    chip: dict[str, Any] | None = None
    raw: NDArray[np.uint16] | None = None
    coverage: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Waveforms:
    """What the receiver of a lidar hears, S stretches of pulses, in firing order and from near to far; between stretches there
    is nothing but noise.

    ring, column: (S,) uint16 of the pulse. start_m: (S,) float32 range of the first sample; later ones are step_m further each.
    first: (S + 1,) int64: the samples of stretch s are rows first[s] to first[s + 1] of power. power: (n,) float32, over the
    least that is taken for a return, with noise.
    """

    ring: NDArray[np.uint16]
    column: NDArray[np.uint16]
    start_m: NDArray[np.float32]
    first: NDArray[np.int64]
    power: NDArray[np.float32]
    step_m: float


@dataclass(frozen=True)
class Sweep:
    """One lidar sweep: N points, in firing order, those of a pulse from near to far; only pulses that came back.

    xyz_m: (N, 3) float32 in the lidar frame at the pulse's own time (raw). xyz_ego_m: (N, 3) float32 in the ego frame at the
    trigger's reference time (ego motion compensated). range_m, intensity: (N,) float32, intensity in [0, 1]. ring: (N,)
    uint16 beam number, 0 the lowest. column: (N,) uint16 firing number of the sweep; together they name a pulse, and
    docs/lidar.md says what they are where nothing spins. azimuth_rad: (N,) float32, as the sensor has it. time_offset_s: (N,)
    float32 from the reference time. class_id: (N,) uint8. instance: (N,) uint16. normal: (N, 3) float32 of the surface, lidar
    frame. incidence_rad: (N,) float32. hit: (N,) uint8 what the pulse met, of the taxonomy's hits. echo, echoes: (N,) uint8
    which of those echoes of its pulse that were loud enough it is, 1 for the nearest, and how many there were. transmittance:
    (N,) float32 share of the light that air, panes, drops and dirt let through, there and back. true_range_m: (N,) float32
    range without noise and steps; of a mixed pixel that of its strongest surface; nan for what comes of nothing (crosstalk,
    false alarms). radial_velocity_m_s: (N,) float32 at which the true range grows, of sensor and surface both. doppler_m_s:
    (N,) float32 the same as the sensor measures it, nan where it does not. scene_flow_m_s: (N, 3) float32 velocity of the
    surface over ground, in the axes of the ego at the reference time; 0 for what stands, nan for what is in the air.
    Points in the air are of class noise, instance 0, normal and incidence nan. pulses: number of pulses fired.
    world_from_lidar: pose at the reference time, as the calibration has it. lost_points: track -> points that weather has cost
    it, pulse by pulse; None in clear air, and not among the points of a dataset but in its table of objects. waveforms: where
    the sensor gives them out.
    """

    lidar: str
    xyz_m: NDArray[np.float32]
    xyz_ego_m: NDArray[np.float32]
    range_m: NDArray[np.float32]
    intensity: NDArray[np.float32]
    ring: NDArray[np.uint16]
    column: NDArray[np.uint16]
    azimuth_rad: NDArray[np.float32]
    time_offset_s: NDArray[np.float32]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    normal: NDArray[np.float32]
    incidence_rad: NDArray[np.float32]
    hit: NDArray[np.uint8]
    echo: NDArray[np.uint8]
    echoes: NDArray[np.uint8]
    transmittance: NDArray[np.float32]
    true_range_m: NDArray[np.float32]
    radial_velocity_m_s: NDArray[np.float32]
    doppler_m_s: NDArray[np.float32]
    scene_flow_m_s: NDArray[np.float32]
    pulses: int
    world_from_lidar: Pose
    lost_points: dict[int, int] | None = None
    waveforms: Waveforms | None = None


@dataclass(frozen=True)
class Detections:
    """What one radar found: N detections, from near to far, of all its scans.

    scan: (N,) uint8 row of the radar's scans. range_m, azimuth_rad, elevation_rad: (N,) float32 as measured, in the radar's
    frame (x forward, y left, z up); elevation nan where it tells none. radial_velocity_m_s: (N,) float32 as measured, positive
    going away. ground_velocity_m_s: (N,) float32 the same free of the radar's own motion, 0 of what stands. rcs_dbsm, snr_db:
    (N,) float32 as measured; the cross-section is that through clear air. range_sd_m, azimuth_sd_rad, velocity_sd_m_s: (N,)
    float32 of their noise. xyz_m: (N, 3) float32 in the radar's frame, xyz_ego_m: in the ego's, both in its level plane where
    it tells no elevation. class_id: (N,) uint8, instance: (N,) uint16 track, of what sends back most of it; of a ghost those of
    what is mirrored. cause: (N,) uint8 of the taxonomy's radar causes. share: (N,) float32 of the power that comes from that.
    true_range_m, true_azimuth_rad, true_elevation_rad, true_radial_velocity_m_s, true_rcs_dbsm: (N,) float32 of that without
    noise, where it appears (of a ghost where the ghost is) and before velocities are folded; nan for false alarms, of class
    noise and instance 0. world_from_radar: pose.
    """

    radar: str
    scan: NDArray[np.uint8]
    range_m: NDArray[np.float32]
    azimuth_rad: NDArray[np.float32]
    elevation_rad: NDArray[np.float32]
    radial_velocity_m_s: NDArray[np.float32]
    ground_velocity_m_s: NDArray[np.float32]
    rcs_dbsm: NDArray[np.float32]
    snr_db: NDArray[np.float32]
    range_sd_m: NDArray[np.float32]
    azimuth_sd_rad: NDArray[np.float32]
    velocity_sd_m_s: NDArray[np.float32]
    xyz_m: NDArray[np.float32]
    xyz_ego_m: NDArray[np.float32]
    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    cause: NDArray[np.uint8]
    share: NDArray[np.float32]
    true_range_m: NDArray[np.float32]
    true_azimuth_rad: NDArray[np.float32]
    true_elevation_rad: NDArray[np.float32]
    true_radial_velocity_m_s: NDArray[np.float32]
    true_rcs_dbsm: NDArray[np.float32]
    world_from_radar: Pose


@dataclass(frozen=True)
class Readings:
    """What a sensor of motion (satellite receiver, inertial unit, wheel odometry) told since the frame before: N samples.

    kind: gnss, imu or wheel_odometry. time_s: (N,) float64 on the scenario's clock, after the frame before and not after this
    one. columns: name -> (N,) float64, or uint8 of the fix; docs/radar.md lists them; those named true_ have no errors.
    world_from_sensor: pose at the frame's time.
    """

    sensor: str
    kind: str
    time_s: NDArray[np.float64]
    columns: dict[str, NDArray]
    world_from_sensor: Pose


@dataclass(frozen=True)
class CameraBoxes:
    """How one camera sees O objects; the rows are those of Objects. Pixels: (left, top, right, bottom), pixel edges, so that a
    box of one pixel (0, 0) is (-0.5, -0.5, 0.5, 0.5).

    visible_px: (O, 4) float32 tight box of the visible pixels, nan where none. amodal_px: (O, 4) float32 box of the whole
    object as it would be seen alone and in an unbounded image, nan where it is behind the camera. truncation: (O,) share of
    the amodal box outside the image. visible_fraction: (O,) visible pixels over the pixels that it would have alone.
    pixels: (O,) int32 visible pixels. contrast: (O,) how much the light of its visible pixels differs from the mean light about
    them, over that light, as it comes to the lens, times what dirt leaves of it. picture_contrast: (O,) the same difference in
    the picture that was written, as a share of its range 0 to 255. Both are 0 where nothing is seen (labels.contrast).
    """

    camera: str
    visible_px: NDArray[np.float32]
    amodal_px: NDArray[np.float32]
    truncation: NDArray[np.float32]
    visible_fraction: NDArray[np.float32]
    pixels: NDArray[np.int32]
    contrast: NDArray[np.float32]
    picture_contrast: NDArray[np.float32]


@dataclass(frozen=True)
class Objects:
    """The O labelled objects at the reference time of the trigger (Frame.time_s).

    track: (O,) uint16, constant through a scenario, the value of `instance` above. class_id: (O,) uint8. name: O strings.
    world_from_object: poses (O,) of the box centre. size_lwh_m: (O, 3). velocity_m_s, acceleration_m_s2: (O, 3) of the
    centre, world frame. angular_velocity_rad_s: (O, 3) world frame. lidar_points: sensor -> (O,) int32.
    lidar_points_lost: sensor -> (O,) int32 points that it would have through clear and dry air, and has not.
    cameras: sensor -> CameraBoxes. attributes: O dictionaries of strings.
    """

    track: NDArray[np.uint16]
    class_id: NDArray[np.uint8]
    name: tuple[str, ...]
    world_from_object: Pose
    size_lwh_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    acceleration_m_s2: NDArray[np.float64]
    angular_velocity_rad_s: NDArray[np.float64]
    lidar_points: dict[str, NDArray[np.int32]]
    lidar_points_lost: dict[str, NDArray[np.int32]]
    cameras: dict[str, CameraBoxes]
    attributes: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class MapLane:
    """A driving lane. left_m, right_m: (n, 3) float64 world, its edges in the direction of travel, row by row side by side.

    id: unique. kind: of OpenDRIVE. junction: whether it leads through one. The marks of the edges: kind ("none" for none) and
    color. left, right: ids of the lanes beside it that go the same way, "" for none. successors, predecessors: ids.
    """

    id: str
    kind: str
    junction: bool
    left_m: NDArray[np.float64]
    right_m: NDArray[np.float64]
    left_mark: str
    left_color: str
    right_mark: str
    right_color: str
    left: str = ""
    right: str = ""
    successors: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The road along the ego's way. drivable_m, crosswalks_m, walkways_m: outlines (n, 3) float64 world, not closed, of areas
    where vehicles may drive or stand, which may overlap; of crosswalks; and of sidewalks."""

    lanes: tuple[MapLane, ...]
    drivable_m: tuple[NDArray[np.float64], ...]
    crosswalks_m: tuple[NDArray[np.float64], ...]
    walkways_m: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class Frame:
    """One trigger.

    time_s: reference time on the scenario's clock. world_from_ego, ego_velocity_m_s (3,) world, at that time. calibration:
    sensor -> its spec as plain numbers and strings. ego_lanes: polylines (n, 3) float32 in the ego frame with their kind,
    role and side. classes: class id -> name. layout: of the road; one for all frames of a scenario, None where unknown. radars,
    motion: sensor -> what radars, and sensors of the ego's motion, tell.
    """

    scenario: str
    index: int
    time_s: float
    world_from_ego: Pose
    ego_velocity_m_s: NDArray[np.float64]
    images: dict[str, Image]
    sweeps: dict[str, Sweep]
    objects: Objects
    calibration: dict[str, dict[str, Any]]
    ego_lanes: tuple[dict[str, Any], ...] = ()
    classes: dict[int, str] = field(default_factory=dict)
    layout: Layout | None = None
    radars: dict[str, Detections] = field(default_factory=dict)
    motion: dict[str, Readings] = field(default_factory=dict)
