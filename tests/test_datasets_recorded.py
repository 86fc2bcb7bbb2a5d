"""From frames to a dataset and back to a Timeline: poses within 1 mm and 0.01 degrees."""

from __future__ import annotations

import dataclasses
import shutil

import boxworld
import numpy as np
import pytest
from click.testing import CliRunner

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.cli import app
from scenesim.datasets import from_nuscenes, recorded
from scenesim.datasets.recorded import Box, Recording, reader
from scenesim.datasets.writer import writer_class
from scenesim.models import catalogue
from scenesim.world.timeline import Timeline

COUNT = 6  # nuScenes: the first and the last are keyframes
MM, CENTIDEGREE = 1e-3, np.radians(0.01)


@pytest.fixture(scope="module")
def frames():
    return boxworld.frames("front", COUNT)


@pytest.fixture(scope="module")
def datasets(frames, tmp_path_factory):
    root = tmp_path_factory.mktemp("recorded")
    for name in ("native", "nuscenes", "kitti-tracking", "av2"):
        with writer_class(name)(root / name, scenario_yaml="name: boxes\n", version="0") as writer:
            for frame in frames:
                writer.write(frame)
    return root


def apart(a: Pose, b: Pose):
    """(metres, radians) between two poses, by their matrices."""
    m = a.matrix()[:3, :3].T @ b.matrix()[:3, :3]
    skew = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    return np.abs(a.translation - b.translation).max(), np.arctan2(np.sqrt((skew**2).sum()), np.trace(m) - 1)


def bottom_of_actor(timeline: Timeline, k: int, time_s: float) -> Pose:
    """Where the middle of the bottom of an actor's box is, by the model's own numbers."""
    model = catalogue.build(timeline.actors[k].model).model
    x, y, z = model.box_center_m
    here = timeline.state_at(time_s).world_from_actor[k]
    return here @ Pose(np.array([1.0, 0, 0, 0]), np.array([x, y, z - model.size_lwh_m[2] / 2]))


def bottom_of_object(frame, k: int) -> Pose:
    where = frame.objects.world_from_object[k]
    return where @ Pose(np.array([1.0, 0, 0, 0]), np.array([0, 0, -frame.objects.size_lwh_m[k, 2] / 2]))


@pytest.mark.parametrize(
    ("name", "rows", "least"),
    [("native", range(COUNT), 18), ("nuscenes", (0, 5), 10), ("kitti-tracking", range(COUNT), 6), ("av2", range(COUNT), 10)],
)
def test_poses_come_back(datasets, frames, name, rows, least):
    """Every actor that is present stands where one of the frame's objects stands, and the ego where it stood."""
    timeline = reader(name)(datasets / name).timeline()
    assert timeline.time_s == pytest.approx([f.time_s for f in frames], abs=1e-6)
    worst = np.zeros(2)
    for row in rows:
        frame, state = frames[row], timeline.state_at(frames[row].time_s)
        worst = np.maximum(worst, apart(state.world_from_actor[0], frame.world_from_ego))
        actors = [k for k in range(1, len(timeline.actors)) if state.present[k]]
        assert len(actors) >= least
        taken = set()
        for k in actors:
            found = bottom_of_actor(timeline, k, frame.time_s)
            off = [
                np.abs(found.translation - bottom_of_object(frame, j).translation).max()
                for j in range(len(frame.objects.track))
            ]
            j = int(np.argmin(off))
            worst = np.maximum(worst, apart(found, bottom_of_object(frame, j)))
            taken.add(j)
        assert len(taken) == len(actors)
    assert worst[0] < MM and worst[1] < CENTIDEGREE


def test_classes_come_back(datasets, frames):
    """What an actor is, is what the object was; signs are left out."""
    of_track = {str(t): frames[0].classes[int(c)] for t, c in zip(frames[0].objects.track, frames[0].objects.class_id)}
    timeline = reader("native")(datasets / "native").timeline()
    for actor in timeline.actors[1:]:
        wanted = of_track[actor.name]
        assert catalogue.build(actor.model).model.class_name == wanted
    assert not {"traffic_sign"} & {of_track[a.name] for a in timeline.actors[1:]}
    assert from_nuscenes.class_of("vehicle.bus.rigid") == "bus" and from_nuscenes.class_of("vehicle.car") == "car"
    assert from_nuscenes.class_of("human.pedestrian.police_officer") == "pedestrian"
    assert from_nuscenes.class_of("static_object.bicycle_rack") == ""


def test_between_keyframes_everything_goes_on_evenly(datasets, frames):
    timeline = reader("nuscenes")(datasets / "nuscenes").timeline()
    first, last = (timeline.state_at(frames[k].time_s).world_from_actor.translation for k in (0, 5))
    middle = timeline.state_at(frames[2].time_s)
    assert np.abs(middle.world_from_actor.translation[1:] - (0.6 * first + 0.4 * last)[1:]).max() < 1e-5
    assert apart(middle.world_from_actor[0], frames[2].world_from_ego)[0] < MM  # the ego is known at every sweep


def test_who_is_not_found_is_not_there():
    """A gap where boxes were looked for; none where they were not; the model's wheels run with the way."""
    size = np.array([4.3, 1.8, 1.5])
    k = np.arange(6)
    ego = Pose.of(np.zeros((6, 3)), yaw=np.zeros(6))
    boxes = [Box(int(n), "a", "car", Pose.of((3.0 * n, 0, 0.75), yaw=0.0), size) for n in (1, 2, 4)]
    for labelled, here in ((np.ones(6, bool), (1, 2, 4)), (np.isin(k, (1, 2, 4)), (1, 2, 3, 4))):
        timeline = Recording(k * 0.1, ego, labelled, tuple(boxes)).timeline("van")
        assert np.flatnonzero(timeline.present[1]).tolist() == list(here)
        assert timeline.present[0].all() and timeline.actors[0].model.name == "van"
        model = catalogue.build(timeline.actors[1].model).model
        assert timeline.actors[1].model.name == "hatchback" and model.class_name == "car"  # 4.28 m: the nearest
        assert bottom_of_actor(timeline, 1, 0.3).translation == pytest.approx([9, 0, 0], abs=1e-9)
        assert np.diff(timeline.articulation[1, :, 0])[1:4] == pytest.approx(3.0)
        assert timeline.articulation[1, 2, 3] == pytest.approx(30.0)


def test_a_bend_steers():
    turn = 0.02 * np.arange(5)
    pose = Pose.of(np.stack([50 * np.sin(turn), 50 * (1 - np.cos(turn)), 0 * turn], -1), yaw=turn)
    model = catalogue.build(recorded.ModelRequest("vehicle", "sedan")).model
    out = recorded.articulation(np.arange(5) * 0.1, pose, model)
    assert out[:, 1] == pytest.approx(np.arctan(model.wheelbase_m / 50), rel=1e-3)  # to the left


def test_command(datasets, tmp_path):
    run = CliRunner().invoke(
        app, ["import", str(datasets / "av2"), "--format", "av2", "--save", str(tmp_path / "t"), "--csv", str(tmp_path / "c")]
    )
    assert run.exit_code == 0, run.output
    assert len(Timeline.load(tmp_path / "t").time_s) == COUNT
    assert (tmp_path / "c").read_text().startswith("time_s,actor,")


def test_what_is_missing_is_said(datasets, tmp_path):
    for name, said in (
        ("nuscenes", "no nuScenes here"),
        ("av2", "no log 0"),
        ("kitti-tracking", "no sequence 0"),
        ("native", "no dataset"),
    ):
        with pytest.raises(InputError, match=said):
            reader(name)(tmp_path)
    with pytest.raises(InputError, match="no scene 1; there are 1"):
        reader("nuscenes")(datasets / "nuscenes", 1)
    with pytest.raises(InputError, match="can be read back"):
        reader("coco")
    with pytest.raises(InputError, match="vehicle"):
        reader("av2")(datasets / "av2").timeline("adult_man")
    broken = dataclasses.replace(reader("av2")(datasets / "av2"), boxes=())
    assert len(broken.timeline().actors) == 1


def test_what_is_damaged_is_said(datasets, tmp_path):
    shutil.copytree(datasets / "kitti-tracking", tmp_path / "k")
    path = tmp_path / "k/training/label_02/0000.txt"
    path.write_text(path.read_text() + "3 7 Car 0 0\n")
    with pytest.raises(InputError, match="not what kitti-tracking says"):
        reader("kitti-tracking")(tmp_path / "k")
    (tmp_path / "k/training/oxts/0000.txt").unlink()
    with pytest.raises(InputError, match="missing"):
        reader("kitti-tracking")(tmp_path / "k")
