"""Labels of every pixel, from the hit of its centre ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.base.frames import Pose
from scenesim.capture import cast
from scenesim.capture.frame import Image
from scenesim.kernels.gbuffer import into_rows, pinhole_flow, points_at, read_hits
from scenesim.kernels.packed import Hits, Rays
from scenesim.labels.view import SETTLED_PX, View
from scenesim.scene.stage import Snapshot

GRAIN = 16384  # pixels that a thread takes at a time


@dataclass(frozen=True)
class PixelLabels:
    """The label channels of capture.frame.Image, flat: rows are pixels in reading order."""

    class_id: NDArray[np.uint8]
    instance: NDArray[np.uint16]
    mark: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    range_m: NDArray[np.float32]
    normal: NDArray[np.float32]


def label(
    snapshot: Snapshot, view: View, rays: Rays, hits: Hits, track: NDArray[np.uint16], threads: int | None
) -> PixelLabels:
    """Labels of the hits (N,) of a camera's centre rays; track: (rows of actors,) label values."""
    n = len(hits.t)
    out = PixelLabels(
        np.empty(n, np.uint8),
        np.empty(n, np.uint16),
        np.empty(n, np.uint8),
        (hits.t * view.camera.directions()[..., 2].reshape(-1).astype(np.float32)),
        hits.t,
        np.empty((n, 3), np.float32),
    )
    sky = taxonomy.class_id("sky")

    def work(begin: int, end: int) -> None:
        read_hits(snapshot.scene, rays, hits, sky, track, begin, end, out.class_id, out.instance, out.mark, out.normal)
        into_rows(view.local_from_camera.rotation, view.camera.width, begin, end, out.normal)

    cast.run(work, n, GRAIN, threads=threads)
    return out


def image(
    view: View, rgb: NDArray[np.uint8], transmittance: NDArray[np.uint8], labels: PixelLabels, snapshot: Snapshot
) -> Image:
    """The image of a camera with its label channels; its flow is not known yet (nan)."""
    h, w = view.camera.height, view.camera.width
    middle = view.local_from_camera[(h - 1) // 2]
    return Image(
        view.camera.name,
        rgb,
        labels.class_id.reshape(h, w),
        labels.instance.reshape(h, w),
        labels.depth_m.reshape(h, w),
        labels.range_m.reshape(h, w),
        labels.normal.reshape(h, w, 3),
        np.full((h, w, 2), np.nan, np.float32),
        labels.mark.reshape(h, w),
        view.time_s,
        Pose(middle.rotation, middle.translation + snapshot.origin_m),
        transmittance,
    )


@dataclass(frozen=True)
class Surfaces:
    """What flow needs of a frame after its arrays are gone: hits (N,), instance rows as (actor, part) of the stage.

    Static instances are rows that never change, so they are their own key.
    """

    hits: Hits
    view: View
    instance_of: dict[tuple[int, int], int]


def flow(before: Surfaces, snapshot: Snapshot, view: View, threads: int | None) -> NDArray[np.float32]:
    """Optical flow (N, 2) px, (column, row), from the frame of `before` to the one of `snapshot` and `view`; nan where a point
    is gone, behind the camera or outside what the lens can image."""
    hits, n = before.hits, len(before.hits.t)
    rows = np.arange(max(int(hits.instance.max(initial=-1)) + 1, 1), dtype=np.int32)
    for key, row in before.instance_of.items():
        if row < len(rows):
            rows[row] = snapshot.instance_of.get(key, -1)
    if view.camera.is_pinhole:
        return _pinhole_flow(hits, rows, snapshot, view, threads)
    instance = np.where(hits.instance >= 0, rows[np.maximum(hits.instance, 0)], -1).astype(np.int32)
    vertices = snapshot.scene.geometry.vertices

    def point_at(time: NDArray[np.float64]) -> NDArray[np.float64]:
        point = np.empty((n, 3))
        since = time - snapshot.time_s
        cast.run(
            lambda b, e: points_at(snapshot.scene, vertices, instance, hits, since, b, e, point), n, GRAIN, threads=threads
        )
        return point

    h, w = view.camera.height, view.camera.width
    row = np.repeat(np.arange(h, dtype=float), w)
    pixels, valid = view.project(point_at, n, row, threads)
    column = np.tile(np.arange(w, dtype=float), h)
    return np.where(valid[:, None], pixels - np.stack([column, row], 1), np.nan).astype(np.float32)


def _pinhole_flow(
    hits: Hits, rows: NDArray[np.int32], snapshot: Snapshot, view: View, threads: int | None
) -> NDArray[np.float32]:
    """The same in one go, for lenses without distortion."""
    c, scene = view.camera, snapshot.scene
    pinhole, time = np.array([c.fx_px, c.fy_px, c.cx_px, c.cy_px]), view.time_s - snapshot.time_s
    out = np.empty((len(hits.t), 2), np.float32)

    def work(begin: int, end: int) -> None:
        pinhole_flow(
            scene, scene.geometry.vertices, rows, hits, time, view.camera_from_local, pinhole, view.rounds, SETTLED_PX, c.width,
            begin, end, out,
        )  # fmt: skip

    cast.run(work, len(out), GRAIN, threads=threads)
    return out
