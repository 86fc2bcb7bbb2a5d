"""The contact sheet: one picture of what a dataset holds, for people to look at before they trust it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose
from scenesim.capture.frame import Detections, Frame, Image, Sweep
from scenesim.sensors.camera import Camera

Picture = NDArray[np.uint8]  # (H, W, 3) RGB

WIDTH_PX = 2000
BIRDS_EYE_M = 50.0
RADAR_M = (-75.0, 175.0, -40.0, 40.0)  # rearmost, foremost, right, left of what the picture of radars shows
ARROW_S = 0.6  # arrows are as long as detections come in this time
CAUSES = {
    "direct": (255, 255, 255), "road_bounce": (255, 170, 40), "mirror": (255, 70, 220), "clutter": (95, 125, 85),
    "false_alarm": (255, 60, 60),
}  # fmt: skip
INK, PAPER = (235, 235, 235), (24, 26, 29)

# The twelve edges of a box whose corners are numbered by the bits of (x, y, z): 0 rear-right-bottom ... 7 front-left-top.
EDGES = ((0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7))


def draw(frames: Sequence[Frame], path: str | Path, title: str = "") -> Path:
    """Write the contact sheet of some frames as a PNG. Raises InputError where it cannot be written."""
    rows = [_text_row(title or frames[0].scenario)]
    for frame in frames:
        rows.append(_text_row(f"frame {frame.index}   t = {frame.time_s:.3f} s   {len(frame.objects.name)} objects", 22))
        rows += [_camera_row(frame, image) for image in frame.images.values()]
        for sweep in frame.sweeps.values():
            rows += [_birds_eye_row(frame, sweep), _range_rows(frame, sweep)]
        if frame.radars:
            rows.append(radar_picture(frame))
    sheet = np.concatenate([_fit(r, WIDTH_PX) for r in rows])
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise InputError("the contact sheet cannot be written; is the disk full?", Place(str(path)))
    return Path(path)


def _camera_row(frame: Frame, image: Image) -> Picture:
    boxes = image.rgb.copy()
    _draw_boxes(frame, image, boxes)
    colors = taxonomy.palette()[image.class_id]
    edge = np.zeros(image.instance.shape, bool)
    edge[:, 1:] |= image.instance[:, 1:] != image.instance[:, :-1]
    edge[1:] |= image.instance[1:] != image.instance[:-1]
    classes = (0.25 * image.rgb + 0.75 * colors).astype(np.uint8)
    classes[edge] = 255
    quarter = [_label(_depth_picture(image.depth_m), "depth"), _label(_flow_picture(image.flow_px), "flow to the next frame")]
    side = np.concatenate([_fit(p, image.rgb.shape[1] // 2) for p in quarter])
    row = [_label(image.rgb, image.camera), _label(boxes, "boxes"), _label(classes, "class, instance")]
    height = min(p.shape[0] for p in [*row, side])
    return np.concatenate([_fit_height(p, height) for p in [*row, side]], axis=1)


def _draw_boxes(frame: Frame, image: Image, canvas: Picture) -> None:
    """Outlines of the 3D boxes, and class names, of what is visible in an image."""
    camera = Camera.from_plain(frame.calibration[image.camera])
    camera_from_world = image.world_from_camera.inverse()
    seen = frame.objects.cameras[image.camera]
    far_first = np.argsort(
        -np.sqrt(((frame.objects.world_from_object.translation - image.world_from_camera.translation) ** 2).sum(1))
    )
    for k in far_first:
        if seen.pixels[k] < 12:
            continue
        color = tuple(int(c) for c in np.minimum(taxonomy.palette()[frame.objects.class_id[k]].astype(int) + 60, 255))
        corner = _corners(frame.objects.size_lwh_m[k])
        pixels, valid = camera.project(camera_from_world.apply(frame.objects.world_from_object[k].apply(corner)))
        for a, b in EDGES:
            if valid[a] and valid[b] and np.abs(pixels[[a, b]]).max() < 20000:
                cv2.line(canvas, _point(pixels[a]), _point(pixels[b]), color, 1, cv2.LINE_AA)
        left, top = seen.visible_px[k, :2]
        name = f"{taxonomy.names_by_id()[int(frame.objects.class_id[k])]} {frame.objects.track[k]}"
        if seen.pixels[k] > 250:
            cv2.putText(canvas, name, (int(left), max(int(top) - 3, 10)), cv2.FONT_HERSHEY_SIMPLEX, 0.36, color, 1, cv2.LINE_AA)


def _corners(size_lwh) -> NDArray[np.float64]:
    """(8, 3) corners of a box of a size about its centre, numbered as in EDGES."""
    signs = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
    return signs * np.asarray(size_lwh) / 2


def _birds_eye_row(frame: Frame, sweep: Sweep) -> Picture:
    size = WIDTH_PX // 2
    class_color = taxonomy.palette()[sweep.class_id]
    # Makers report on scales of their own: what nearly all points stay below is as bright as it gets.
    bright = max(float(np.quantile(sweep.intensity, 0.98)), 1e-6) if len(sweep.intensity) else 1.0
    grey = np.sqrt(np.clip(sweep.intensity / bright, 0, 1))
    heat = cv2.applyColorMap((grey * 255).astype(np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1]
    pictures = []
    for colors, name in ((class_color, "class"), (heat, "intensity")):
        canvas = np.full((size * 6 // 10, size, 3), PAPER, np.uint8)
        scale = size / (2 * BIRDS_EYE_M)
        column = np.round(size / 2 + sweep.xyz_ego_m[:, 0] * scale).astype(int)
        row = np.round(canvas.shape[0] / 2 - sweep.xyz_ego_m[:, 1] * scale).astype(int)
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < canvas.shape[0])
        order = np.argsort(sweep.xyz_ego_m[inside, 2], kind="stable")
        for down, right in ((1, 1), (1, 0), (0, 1), (0, 0)):  # a point is two pixels wide, so that it is seen on a small screen
            at = np.minimum(row[inside] + down, canvas.shape[0] - 1), np.minimum(column[inside] + right, size - 1)
            canvas[at[0][order], at[1][order]] = np.maximum(colors[inside][order], 60)
        _draw_footprints(frame, canvas, scale)
        pictures.append(
            _label(canvas, f"{sweep.lidar}: {len(sweep.range_m)} points of {sweep.pulses} pulses, from above, {name}")
        )
    return np.concatenate(pictures, axis=1)


def _draw_footprints(frame: Frame, canvas: Picture, scale: float) -> None:
    ego_from_world = frame.world_from_ego.inverse()
    for k in range(len(frame.objects.name)):
        pose: Pose = ego_from_world @ frame.objects.world_from_object[k]
        ring = pose.apply(_corners(frame.objects.size_lwh_m[k])[[0, 1, 3, 2]])[:, :2]
        p = np.array([canvas.shape[1] / 2, canvas.shape[0] / 2]) + ring * [scale, -scale]
        if np.abs(p).max() < 10000:
            cv2.polylines(canvas, [np.round(p).astype(np.int32)], True, INK, 1, cv2.LINE_AA)


def radar_picture(frame: Frame) -> Picture:
    """What all radars found, from above, the ego's way to the right: a disc for each detection, wider the more it sends back,
    with an arrow for how fast it comes or goes over ground; outlines of the objects and edges of the lanes."""
    rear, front, right, left = RADAR_M
    scale = WIDTH_PX / (front - rear)
    canvas = np.full((round((left - right) * scale), WIDTH_PX, 3), PAPER, np.uint8)

    def pixels(ego_m: NDArray) -> NDArray[np.int32]:
        return np.round(np.stack([ego_m[:, 0] - rear, left - ego_m[:, 1]], -1) * scale).astype(np.int32)

    ego_from_world = frame.world_from_ego.inverse()
    for lane in frame.layout.lanes if frame.layout else ():
        for edge in (lane.left_m, lane.right_m):
            cv2.polylines(canvas, [pixels(ego_from_world.apply(edge))], False, (58, 62, 68), 1, cv2.LINE_AA)
    for k in range(len(frame.objects.name)):
        corners = ego_from_world.apply(frame.objects.world_from_object[k].apply(_corners(frame.objects.size_lwh_m[k])))
        color = tuple(int(c) for c in np.minimum(taxonomy.palette()[frame.objects.class_id[k]].astype(int) + 90, 255))
        cv2.polylines(canvas, [pixels(corners[[0, 1, 3, 2]])], True, color, 1, cv2.LINE_AA)
    cv2.drawMarker(canvas, _point(pixels(np.zeros((1, 3)))[0]), INK, cv2.MARKER_TRIANGLE_UP, 14, 2)
    for found in frame.radars.values():
        _draw_detections(frame, found, canvas, pixels)
    counts = ", ".join(f"{name} {len(found.range_m)}" for name, found in frame.radars.items())
    canvas = _label(canvas, f"radars from above: {counts}; arrows: {ARROW_S:g} s over ground, along the ray")
    for k, (cause, color) in enumerate(CAUSES.items()):
        at = (14 + 150 * k, canvas.shape[0] - 14)
        cv2.circle(canvas, (at[0], at[1] - 5), 5, color, -1, cv2.LINE_AA)
        cv2.putText(canvas, cause, (at[0] + 12, at[1]), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)
    return canvas


def _draw_detections(frame: Frame, found: Detections, canvas: Picture, pixels) -> None:
    name = {number: cause for cause, number in taxonomy.radar_causes().items()}
    origin = (frame.world_from_ego.inverse() @ found.world_from_radar).translation
    out = found.xyz_ego_m - origin
    out = out / np.maximum(np.sqrt((out[:, :2] ** 2).sum(1)), 1e-6)[:, None]
    tip = pixels(found.xyz_ego_m + ARROW_S * found.ground_velocity_m_s[:, None] * out)
    at = pixels(found.xyz_ego_m)
    for k in np.argsort(found.rcs_dbsm):
        if not (0 <= at[k, 0] < canvas.shape[1] and 0 <= at[k, 1] < canvas.shape[0]):
            continue
        color = CAUSES[name[int(found.cause[k])]]
        radius = int(np.clip(2.5 + 0.12 * (found.rcs_dbsm[k] + 15.0), 2, 7))
        cv2.circle(canvas, _point(at[k]), radius, color, 1 if name[int(found.cause[k])] == "clutter" else -1, cv2.LINE_AA)
        if abs(found.ground_velocity_m_s[k]) > 0.5 and color != CAUSES["false_alarm"]:
            cv2.arrowedLine(canvas, _point(at[k]), _point(tip[k]), color, 1, cv2.LINE_AA, tipLength=0.2)


def _range_rows(frame: Frame, sweep: Sweep) -> Picture:
    """Pictures by azimuth, the left at the left, and ring; where each channel goes everywhere, by elevation; pixels of a flash
    as they are."""
    scan = frame.calibration.get(sweep.lidar, {}).get("scan", "spinning")
    rings, columns = int(sweep.ring.max(initial=0)) + 1, int(sweep.column.max(initial=0)) + 1
    if not len(sweep.ring):
        return _text_row(f"{sweep.lidar}: no points")
    row = rings - 1 - sweep.ring.astype(int)
    if scan == "rosette":
        rings, columns = 96, 400
        row = _place(-_elevation(sweep), rings)
    columns = min(columns, WIDTH_PX)
    column = sweep.column.astype(int) if scan == "flash" else _place(-sweep.azimuth_rad, columns)
    pictures = []
    near = 1 / (1 + np.maximum(sweep.range_m, 0) / 15)
    heat = cv2.applyColorMap((near * 255).astype(np.uint8)[:, None], cv2.COLORMAP_TURBO)[:, 0, ::-1]
    for colors, name in ((heat, "range"), (taxonomy.palette()[sweep.class_id], "class")):
        canvas = np.zeros((rings, columns, 3), np.uint8)
        canvas[row, column] = colors
        wide = cv2.resize(canvas, (WIDTH_PX, max(rings * 3, 96)), interpolation=cv2.INTER_NEAREST)
        pictures.append(_label(wide, f"{sweep.lidar}: {name} image"))
    return np.concatenate(pictures)


def _elevation(sweep: Sweep) -> NDArray[np.float32]:
    """(N,) elevations of points, rad."""
    x, y, z = sweep.xyz_m.T
    return np.arctan2(z, np.sqrt(x * x + y * y))


def _place(values, count: int) -> NDArray[np.int64]:
    """Which of `count` even parts of their extent values lie in."""
    low, high = float(values.min()), float(values.max())
    return np.minimum(((values - low) / max(high - low, 1e-9) * count).astype(np.int64), count - 1)


def _depth_picture(depth) -> Picture:
    near = np.where(np.isfinite(depth), 1 / (1 + np.where(np.isfinite(depth), depth, 1.0) / 12), 0)
    return cv2.applyColorMap((near * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]


def _flow_picture(flow) -> Picture:
    """Direction as hue, length as saturation, the usual colour wheel; grey where there is none."""
    known = np.isfinite(flow).all(-1)
    x, y = np.where(known, flow[..., 0], 0), np.where(known, flow[..., 1], 0)
    length = np.sqrt(x * x + y * y)
    top = max(float(np.percentile(length[known], 98)) if known.any() else 1.0, 1e-3)
    hue = (np.arctan2(y, x) + np.pi) / (2 * np.pi) * 179
    hsv = np.stack([hue, np.clip(length / top, 0, 1) * 255, np.full_like(x, 255.0)], -1).astype(np.uint8)
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    rgb[~known] = 90
    return rgb


def _label(picture: Picture, text: str) -> Picture:
    out = picture.copy()
    size = min(max(0.4, out.shape[1] / 1600), 0.6)
    at = (6, int(22 * size) + 4)
    # A shadow of the same strokes: thicker ones are wider letters in newer versions of OpenCV.
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        cv2.putText(out, text, (at[0] + dx, at[1] + dy), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(out, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)
    return out


def _text_row(text: str, height: int = 34) -> Picture:
    row = np.full((height, WIDTH_PX, 3), PAPER, np.uint8)
    cv2.putText(row, text, (10, height - height // 3), cv2.FONT_HERSHEY_SIMPLEX, height / 52, INK, 1, cv2.LINE_AA)
    return row


def _fit(picture: Picture, width: int) -> Picture:
    if picture.shape[1] == width:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    shrink = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=shrink)


def _fit_height(picture: Picture, height: int) -> Picture:
    return _fit(picture, max(1, round(picture.shape[1] * height / picture.shape[0])))[:height]


def _point(p) -> tuple[int, int]:
    return int(round(float(p[0]))), int(round(float(p[1])))
