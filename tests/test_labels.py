"""Labels against geometry worked out anew: depth along rays, boxes around points, flow from poses, worlds moved far away."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import small_world as small

from scenesim.base import keys, taxonomy
from scenesim.base.frames import Pose
from scenesim.capture import cast
from scenesim.capture.image import centre_rays
from scenesim.kernels.packed import Rays
from scenesim.labels import objects, pixels
from scenesim.labels.view import View
from scenesim.scene.stage import EVERYONE, SEEN_BY_CAMERA

ACTORS = [
    ("wheelie_bin", (14.0, 2.0), (-3.0, 0.0), 0.6, 1.0),
    ("bench", (18.0, -3.0), (0.0, 2.0), 0.2, 0.0),
    ("cone", (9.0, -1.0), (0.0, 0.0), 0.0, 0.0),
]


class Shot:
    """One image's labels."""

    def __init__(self, stage, camera, time_s):
        times = camera.row_time_s()
        self.stage, self.camera = stage, camera
        self.snapshot = stage.at(time_s, time_s + min(times.min(), -1e-3), time_s + max(times.max(), 1e-3))
        self.view = View.of(camera, stage.timeline, self.snapshot)
        self.rays = centre_rays(camera, self.view.local_from_camera)
        self.hits = cast.closest_hit(self.snapshot.scene, self.rays, visibility=SEEN_BY_CAMERA, width=camera.width)
        self.track = np.arange(len(stage.timeline.actors) + len(stage.named), dtype=np.uint16)
        self.labels = pixels.label(self.snapshot, self.view, self.rays, self.hits, self.track, 1)
        self.boxes = objects.boxes(stage, self.snapshot)

    def seen(self):
        return objects.seen_by(self.stage.timeline, self.snapshot, self.view, self.rays, self.labels, self.boxes, 1)

    def image(self, name):
        return getattr(self.labels, name).reshape(self.camera.height, self.camera.width, *getattr(self.labels, name).shape[1:])


@pytest.fixture(scope="module")
def still_shot():
    return Shot(small.stage(ACTORS, ego_speed=0.0), small.camera(), 0.25)


def test_depth_is_the_range_along_the_axis_and_that_of_any_other_ray(still_shot):
    s = still_shot
    # A lidar would send the same ray on its own, through the general traversal and its own bit.
    again = cast.closest_hit(s.snapshot.scene, Rays(*(np.ascontiguousarray(a) for a in s.rays)), visibility=2, width=0)
    hit = np.isfinite(again.t)
    assert (np.isfinite(s.labels.range_m) == hit).all() and hit.sum() > 10000
    np.testing.assert_allclose(s.labels.range_m[hit], again.t[hit], rtol=2e-6)
    axis = s.view.local_from_camera[0].rotate(np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(s.labels.depth_m[hit], again.t[hit] * (s.rays.direction[hit] @ axis), rtol=1e-5)
    assert np.isinf(s.labels.depth_m[~hit]).all() and (s.labels.class_id[~hit] == taxonomy.class_id("sky")).all()


def test_floor_depth_is_that_of_the_plane(still_shot):
    s, c = still_shot, still_shot.camera
    floor = s.image("class_id") == taxonomy.class_id("road")
    rows = np.arange(c.height)[:, None] * np.ones((1, c.width))
    expected = 1.4 * c.fy_px / (rows - c.cy_px)  # height over the tangent of the angle below the horizon
    near = floor & (rows > c.height * 0.6)
    np.testing.assert_allclose(s.image("depth_m")[near], expected[near], rtol=2e-5)


def test_normals_look_at_the_camera(still_shot):
    s = still_shot
    hit = np.isfinite(s.labels.range_m)
    n = s.labels.normal[hit].astype(float)
    np.testing.assert_allclose((n**2).sum(1), 1.0, atol=1e-5)
    floor = s.labels.class_id[hit] == taxonomy.class_id("road")
    np.testing.assert_allclose(n[floor], np.broadcast_to([0.0, -1.0, 0.0], (floor.sum(), 3)), atol=1e-5)  # y is down
    d = s.camera.directions().reshape(-1, 3)[hit]
    assert ((n * d).sum(1) < 0.2).all()  # shading normals may lean a little over the edge


def test_box_of_a_lone_object_holds_its_points_and_is_tight():
    s = Shot(small.stage(ACTORS[:1], placements=[], ego_speed=0.0), small.camera(640, 400, fx_px=700.0, fy_px=700.0), 0.25)
    k = 0
    where = s.boxes.world_from_actor[k] @ Pose.of(s.boxes.center_m[k])
    # A dense sampling from all around, by rays.
    rng = keys.generator(keys.root(1))
    d = rng.normal(size=(400000, 3))
    d /= np.sqrt((d * d).sum(1, keepdims=True))
    target = s.snapshot.local(where).apply(rng.uniform(-0.5, 0.5, d.shape) * s.boxes.size_lwh_m[k] * 1.02)
    rays = Rays((target - 5 * d).astype(np.float32), d.astype(np.float32), np.zeros(len(d), np.float32))
    alone = objects.only(s.snapshot.scene, 1)
    hits = cast.closest_hit(alone, rays, visibility=EVERYONE)
    points = (rays.origin.astype(float) + hits.t[:, None] * d)[hits.instance >= 0]
    own = s.snapshot.local(where).inverse().apply(points)
    half = s.boxes.size_lwh_m[k] / 2
    assert (np.abs(own) <= half + 2e-3).all()
    extent = own.max(0) - own.min(0)
    overlap = np.prod(np.minimum(own.max(0), half) - np.maximum(own.min(0), -half))
    union = np.prod(extent) + np.prod(2 * half) - overlap
    assert overlap / union > 0.98
    # Its pixels lie inside of the amodal box, which is the box of its visible pixels to a pixel.
    boxes = s.seen()
    assert boxes.pixels[k] > 500
    np.testing.assert_allclose(boxes.amodal_px[k], boxes.visible_px[k], atol=1.0)
    assert boxes.visible_fraction[k] == 1.0 and boxes.truncation[k] == 0.0


def test_visible_boxes_and_fractions_by_counting(still_shot):
    s, seen = still_shot, still_shot.seen()
    instance = s.image("instance")
    for k, a in enumerate(s.boxes.actor):
        rows, columns = np.nonzero(instance == a)
        assert seen.pixels[k] == len(rows)
        if len(rows):
            np.testing.assert_array_equal(
                seen.visible_px[k], [columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5]
            )
            assert (seen.amodal_px[k][:2] <= seen.visible_px[k][:2]).all()
            assert (seen.amodal_px[k][2:] >= seen.visible_px[k][2:]).all()
            assert 0 < seen.visible_fraction[k] <= 1


def test_half_of_an_object_behind_a_wall_is_half_visible():
    actors = [("wheelie_bin", (12.0, 0.0), (0.0, 0.0), 0.0, 0.0)]
    # The wall's left edge is on the camera's axis, which goes through the middle of the bin.
    placements = [small.ground(), small.wall(6.0, -3.0)]
    s = Shot(small.stage(actors, placements, ego_speed=0.0), small.camera(640, 400, fx_px=800.0, fy_px=800.0), 0.0)
    seen = s.seen()
    assert seen.visible_fraction[0] == pytest.approx(0.5, abs=0.04)
    assert seen.truncation[0] == 0.0


def test_truncation_is_the_share_outside_the_image():
    actors = [("wheelie_bin", (6.0, 2.73), (0.0, 0.0), 0.0, 0.0)]
    s = Shot(small.stage(actors, ego_speed=0.0), small.camera(640, 400, fx_px=520.0, fy_px=520.0), 0.0)
    seen = s.seen()
    left, top, right, bottom = seen.amodal_px[0]
    assert left < -0.5 < right
    assert seen.truncation[0] == pytest.approx((-0.5 - left) / (right - left), abs=1e-5)


@pytest.mark.parametrize("shutter", ["global", "rolling"])
def test_flow_moves_a_pixel_onto_the_same_surface_point(shutter, monkeypatch):
    readout = 0.03 if shutter == "rolling" else 0.0
    camera = small.camera(shutter=shutter, readout_s=readout)
    stage = small.stage(ACTORS, [small.ground(), small.wall(25.0, 5.0), small.wall(22.0, -6.0)], ego_turn=0.3)
    before = Shot(stage, camera, 0.2)
    surfaces = pixels.Surfaces(before.hits, before.view, before.snapshot.instance_of)
    points = before.rays.origin + before.labels.range_m[:, None].astype(np.float64) * before.rays.direction
    points += before.snapshot.origin_m
    after = Shot(stage, camera, 0.3)
    flow = pixels.flow(surfaces, after.snapshot, after.view, 1)
    own = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), -1).reshape(-1, 2)
    with monkeypatch.context() as as_any_lens:
        as_any_lens.setattr(type(camera), "is_pinhole", property(lambda self: False))
        twin = pixels.flow(surfaces, after.snapshot, after.view, 1)
    assert (np.isfinite(flow) == np.isfinite(twin)).all()
    assert np.nanmax(np.abs(flow - twin)) < 5e-3
    known = np.isfinite(flow).all(1)
    target = own + np.nan_to_num(flow)
    inside = known & (target >= 0).all(1) & (target <= [camera.width - 1, camera.height - 1]).all(1)
    assert inside.sum() > 20000
    # Where each point is at the time of the row that it lands on, from the timeline and the hit alone.
    row_time = 0.3 + np.interp(target[:, 1], np.arange(camera.height), camera.row_time_s())
    hit_time = 0.2 + np.repeat(camera.row_time_s(), camera.width)
    worst = []
    for actor in [0, *before.boxes.actor]:
        of = inside & (before.labels.instance == actor)
        if not of.any():
            continue
        errors = []
        for k in np.flatnonzero(of)[:: max(1, of.sum() // 150)]:
            p = points[k]
            if actor:
                p = pose_of(stage, actor, row_time[k]).apply(pose_of(stage, actor, hit_time[k]).inverse().apply(p))
            camera_pose = stage.timeline.ego_poses([row_time[k]])[0] @ camera.ego_from_camera
            c = camera_pose.inverse().apply(p)
            seen, _ = cv2.projectPoints(c[None], np.zeros(3), np.zeros(3), camera.matrix(), None)
            errors.append(np.abs(seen.reshape(2) - target[k]).max())
        worst.append(np.median(errors))
    assert len(worst) == 4 and max(worst) < 0.1, worst


def pose_of(stage, actor, time_s) -> Pose:
    return stage.timeline.state_at(float(time_s)).world_from_actor[actor]


def test_nothing_changes_when_the_world_is_moved():
    placements = [small.ground(), small.wall(25.0, 5.0)]
    stage = small.stage(ACTORS, placements, ego_speed=5.0)
    far = Pose.of((10000.0, -7000.0, 120.0), yaw=0.7)
    a, b = Shot(stage, small.camera(), 0.3), Shot(small.moved(stage, placements, far), small.camera(), 0.3)
    same = a.labels.instance == b.labels.instance
    assert same.mean() > 0.9995
    assert (a.labels.class_id == b.labels.class_id).mean() > 0.9995
    hit = same & np.isfinite(a.labels.depth_m) & np.isfinite(b.labels.depth_m) & (a.labels.depth_m < 100)
    assert np.median(np.abs(a.labels.depth_m[hit] / b.labels.depth_m[hit] - 1)) < 1e-5
    np.testing.assert_allclose(a.seen().amodal_px, b.seen().amodal_px, atol=0.01)


def test_motion_against_what_was_driven():
    stage = small.stage(ACTORS, ego_speed=5.0)
    s = Shot(stage, small.camera(), 0.5)
    velocity, acceleration, angular = objects.motion(stage.timeline, 0.5, s.boxes)
    for k, (_, _, v, _, rate) in enumerate(ACTORS):
        off = s.boxes.world_from_actor[k].rotate(s.boxes.center_m[k])
        expected = np.array([v[0] - rate * off[1], v[1] + rate * off[0], 0.0])
        np.testing.assert_allclose(velocity[k], expected, atol=2e-3)
        np.testing.assert_allclose(angular[k], [0, 0, rate], atol=1e-6)
        np.testing.assert_allclose(acceleration[k], np.array([-(rate**2) * off[0], -(rate**2) * off[1], 0]), atol=0.05)


def test_a_frame_needs_no_other_frame():
    stage = small.stage(ACTORS)
    alone = Shot(stage, small.camera(), 0.4)
    for t in (0.0, 0.1, 0.2, 0.3):
        stage.at(t, t - 0.01, t + 0.01)
    again = Shot(stage, small.camera(), 0.4)
    for name in ("class_id", "instance", "depth_m", "normal", "mark"):
        assert getattr(alone.labels, name).tobytes() == getattr(again.labels, name).tobytes(), name
