"""What a picture with all labels costs as a multiple of Open3D's primary rays of the same frame, and where its time goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from scenesim import simulate
from scenesim.capture import cast, image, quality
from scenesim.labels import pixels
from scenesim.labels.view import View
from tools.bench import peers
from tools.judge import mitsuba
from tools.judge.quality import camera_alone

CASES = {
    "day": ("first_light",),
    "overcast": ("first_light", "weather=overcast"),
    "day, heavy rain": ("first_light", "weather=rain_heavy"),
    "night": ("night_street",),
    "wet night": ("night_street", "weather=rain_heavy"),
}
SAMPLES = 4  # of a pixel, in Mitsuba's path tracer


class Multiple(NamedTuple):
    """CPU-seconds of a frame of one camera, antialiased and with all labels; of Open3D's primary rays; the ratio; of Mitsuba's
    path tracer (nan where it was not asked or is not there)."""

    scene: str
    quality: str
    cpu_s: float
    open3d_s: float
    ratio: float
    mitsuba_s: float


class _Frames:
    """A camera's frames over and over, without what a first one builds."""

    def __init__(self, case: str, grade: str, width: int, threads: int):
        name, *overrides = CASES[case]
        self.production = simulate.Production(camera_alone(name, [*overrides, f"quality={grade}"], width), None, None, threads)
        self.threads, self.snapshot = threads, self.production.snapshot(0)
        self.after = self.production.snapshot(1)
        self.once()

    def once(self) -> None:
        """A frame, with its flow."""
        self.production.with_flow(self.production.shoot(0, self.snapshot), self.after)

    def rays(self):
        """Through the pixels' centres."""
        camera = self.production.camerawork.cameras[0]
        view = View.of(camera, self.production.timeline, self.snapshot)
        return camera, view, image.centre_rays(camera, view.local_from_camera, self.threads)

    def parts(self) -> dict[str, float]:
        """CPU-seconds of the parts of the light, of labels and of flow."""
        camera, view, rays = self.rays()
        scene, width, threads = self.snapshot.scene, camera.width, self.threads
        env = self.production.camerawork.light(self.snapshot)
        spent: dict[str, float] = {}

        def timed(name: str, work: Callable):
            start = time.process_time()
            found = work()
            spent[name] = time.process_time() - start
            return found

        hits = timed("primary rays", lambda: cast.closest_hit(scene, rays, visibility=1, width=width, threads=threads))
        timed("light", lambda: image.light(scene, env, rays, hits, width, threads, self.production.scenario.quality))
        timed("labels of pixels", lambda: pixels.label(self.snapshot, view, rays, hits, self.production.track, threads))
        surfaces = pixels.Surfaces(hits, view, self.snapshot.instance_of)
        timed("flow", lambda: pixels.flow(surfaces, self.after, view, threads))
        return spent


def compare(threads: int, pairs: int, quick: bool, say: Callable[[str], None]) -> list[Multiple]:
    """Each case by turns with Open3D; 1600 x 900, or 640 x 360 and two cases with --quick."""
    rows, width = [], 640 if quick else 1600
    for case in list(CASES)[:2] if quick else CASES:
        for grade in (quality.DEFAULT, quality.DRAFT):
            frames = _Frames(case, grade, width, threads)
            _, _, rays = frames.rays()
            peer = peers.Open3D(*mitsuba.triangles(frames.snapshot.scene, 1), threads)
            prepared = peer.prepare(np.concatenate([rays.origin, rays.direction], 1))
            ours, theirs = [], []
            for _ in range(pairs):
                for spent, work in ((theirs, partial(peer.closest, prepared)), (ours, frames.once)):
                    start = time.process_time()
                    work()
                    spent.append(time.process_time() - start)
            own, other = float(np.median(ours)), float(np.median(theirs))
            path = _path_traced(frames, width) if grade == quality.DEFAULT else float("nan")
            rows.append(Multiple(case, grade, own, other, float(np.median(np.divide(ours, theirs))), path))
            say(f"  {case}, {grade}: {own:.2f} CPU-s, {rows[-1].ratio:.1f} times Open3D's rays ({other:.2f})"
                + ("" if path != path else f"; Mitsuba at {SAMPLES} samples {path:.2f}"))  # fmt: skip
            for name, seconds in frames.parts().items():
                say(f"    {name:<18} {seconds:6.3f} CPU-s")
    return rows


def _path_traced(frames: _Frames, width: int) -> float:
    """CPU-seconds of Mitsuba's path tracer on the same triangles, matte; nan without it."""
    _, _, rays = frames.rays()
    try:
        tracer = mitsuba.PathTracer(frames.snapshot.scene, frames.production.camerawork.light(frames.snapshot), rays)
    except ImportError:
        return float("nan")
    tracer.light(1)  # compiles
    start = time.process_time()
    tracer.light(SAMPLES)
    return time.process_time() - start
