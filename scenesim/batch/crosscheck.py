"""What the labels of a frame must agree on, whatever the scene: masks, boxes, points and tables tell of the same things."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scenesim.capture.frame import Frame, Image


def disagreements(frame: Frame) -> list[str]:
    """What contradicts what in a frame, a line each; none where all is well."""
    found = list(_objects(frame))
    for name, image in frame.images.items():
        found += [f"{name}: {line}" for line in (*_image(frame, image), *_boxes(frame, image))]
    for name in frame.sweeps:
        found += [f"{name}: {line}" for line in _sweep(frame, name)]
    return found


def _objects(frame: Frame) -> Iterator[str]:
    objects = frame.objects
    if len(set(objects.track.tolist())) != len(objects.track):
        yield "a track is twice in the table of objects"
    if not (objects.size_lwh_m > 0).all():
        yield "an object has no size"
    if not np.isfinite(objects.world_from_object.translation).all():
        yield "an object has no place"
    if unknown := set(objects.class_id.tolist()) - set(frame.classes):
        yield f"classes {sorted(unknown)} of objects are unknown"


def _image(frame: Frame, image: Image) -> Iterator[str]:
    if unknown := set(np.unique(image.instance).tolist()) - {0, *frame.objects.track.tolist()}:
        yield f"tracks {sorted(unknown)[:8]} of the mask are not in the table of objects"
    if unknown := set(np.unique(image.class_id).tolist()) - set(frame.classes):
        yield f"classes {sorted(unknown)[:8]} of the mask are unknown"
    hit = np.isfinite(image.range_m)
    if (np.isfinite(image.depth_m) != hit).any() or (np.isfinite(image.normal).all(-1) != hit).any():
        yield "depth, range and normal do not agree on where something is"
    if (image.instance[~hit] != 0).any():
        yield "an object is seen where nothing is"
    if (image.range_m[hit] <= 0).any() or (image.depth_m[hit] > image.range_m[hit] * (1 + 1e-4)).any():
        yield "a depth is above its range"


def _boxes(frame: Frame, image: Image) -> Iterator[str]:
    """Boxes of what is seen are the bounds of its pixels in the mask."""
    boxes = frame.objects.cameras.get(image.camera)
    if boxes is None:
        return
    for k, track in enumerate(frame.objects.track):
        rows, columns = np.nonzero(image.instance == track)
        if len(rows) != boxes.pixels[k]:
            yield f"track {track} has {len(rows)} pixels in the mask, and {boxes.pixels[k]} in its table"
        elif len(rows):
            bounds = [columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5]
            if not np.array_equal(boxes.visible_px[k], np.array(bounds, np.float32)):
                yield f"the box of track {track} is not that of its pixels"


def _sweep(frame: Frame, name: str) -> Iterator[str]:
    sweep, objects = frame.sweeps[name], frame.objects
    if unknown := set(np.unique(sweep.instance).tolist()) - {0, *objects.track.tolist()}:
        yield f"tracks {sorted(unknown)[:8]} of points are not in the table of objects"
    if unknown := set(np.unique(sweep.class_id).tolist()) - set(frame.classes):
        yield f"classes {sorted(unknown)[:8]} of points are unknown"
    if len(sweep.range_m) and not (np.isfinite(sweep.xyz_m).all() and (sweep.range_m > 0).all()):
        yield "a point has no place"
    counts = objects.lidar_points.get(name)
    for k, track in enumerate(objects.track if counts is not None else ()):
        if (seen := int((sweep.instance == track).sum())) != counts[k]:
            yield f"track {track} has {seen} points, and {counts[k]} in its table"
