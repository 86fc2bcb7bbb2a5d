"""The whole route: the same bytes whichever way a frame is made, no work for frames that nobody asked for, real maps."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scenesim
from scenesim import simulate
from scenesim.base import taxonomy
from scenesim.base.errors import InputError
from scenesim.datasets.native import frame_files
from scenesim.scenario.model import Scenario
from scenesim.world.timeline import Timeline

MAPS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "asam" / "files"
RIG = {
    "rate_hz": 10,
    "sensors": {
        "front": {"sensor": "camera_640x360", "position_m": [1.7, 0, 1.35], "width_px": 192, "height_px": 108, "fx_px": 120},
        "top": {"sensor": "lidar_vlp16", "position_m": [0.95, 0, 1.85]},
    },
}


def small(**more) -> Scenario:
    """A short street that costs little."""
    spec = {
        "name": "small",
        "seed": 5,
        "duration_s": 0.4,
        "road": {"place": {"kind": "straight", "length_m": 200}},
        "ego": {"follow_lane": {"start": {"road": "1", "lane": -1, "s_m": 60}, "speed_m_s": 9}},
        "traffic": {"vehicles": 2, "parked": 3, "pedestrians": 2, "reach_m": 40},
        "surroundings": {"reach_m": 60, "woods": 0},
        "rig": RIG,
        "actors": [{"name": "lead", "model": "hatchback", "follow_lane": {"start": {"ahead_m": 16}, "speed_m_s": 8}}],
    }
    return Scenario(**{**spec, **more})


def digests(frame) -> dict[str, str]:
    return {name: hashlib.blake2b(data, digest_size=8).hexdigest() for name, data in frame_files(frame).items()}


@pytest.fixture(scope="module")
def run():
    return {f.index: f for f in simulate.frames(small(), threads=2)}


def test_a_run_has_every_frame(run):
    assert sorted(run) == [0, 1, 2, 3]
    assert [f.time_s for f in run.values()] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    for f in run.values():
        assert np.isfinite(f.images["front"].flow_px).any()
        assert len(f.sweeps["top"].range_m) > 5000


def test_a_frame_alone_on_one_thread_is_the_same(run):
    (alone,) = simulate.frames(small(), only=range(2, 3), threads=1)
    assert digests(alone) == digests(run[2])


def test_a_second_process_gives_the_same(run):
    code = (
        "import sys; sys.path.insert(0, 'tests'); import test_end_to_end as t\n"
        "from scenesim import simulate\n"
        "(f,) = simulate.frames(t.small(), only=range(1, 2), threads=2)\n"
        "print(sorted(t.digests(f).items()))"
    )
    root = Path(__file__).resolve().parent.parent
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(sorted(digests(run[1]).items()))


def test_a_loaded_timeline_gives_the_same(run, tmp_path):
    simulate.timeline(small()).save(tmp_path / "timeline.zip")
    loaded = Timeline.load(tmp_path / "timeline.zip")
    (replayed,) = simulate.frames(small(), only=range(3, 4), timeline=loaded)
    assert digests(replayed) == digests(run[3])


def test_nothing_is_done_for_other_frames(monkeypatch):
    seen = []
    at = simulate.Stage.at
    monkeypatch.setattr(simulate.Stage, "at", lambda self, t, *rest: seen.append(round(t, 3)) or at(self, t, *rest))
    list(simulate.frames(small(duration_s=6.0), only=range(40, 41), sensors=["top"]))
    assert seen == [4.0, 4.1]


def test_labels_agree_with_each_other(run):
    frame = run[0]
    image, objects = frame.images["front"], frame.objects
    assert "lead" in objects.name and "ego" not in objects.name
    boxes = objects.cameras["front"]
    for k, track in enumerate(objects.track):
        mask = image.instance == track
        assert boxes.pixels[k] == mask.sum()
        # Parts of an object may have classes of their own (the rider of a bicycle), the most of it has the object's.
        if mask.sum() > 50:
            assert np.bincount(image.class_id[mask]).argmax() == objects.class_id[k]
        assert objects.lidar_points["top"][k] == (frame.sweeps["top"].instance == track).sum()
    lead = objects.name.index("lead")
    assert boxes.visible_fraction[lead] > 0.9
    ego_from_world = frame.world_from_ego.inverse()
    assert ego_from_world.apply(objects.world_from_object.translation[lead])[0] == pytest.approx(16 + 1.3, abs=0.6)
    assert objects.velocity_m_s[lead] == pytest.approx([8.0, 0.0, 0.0], abs=1e-6)


def test_points_lie_in_the_boxes_of_their_objects(run):
    frame = run[1]
    sweep, objects = frame.sweeps["top"], frame.objects
    for k, track in enumerate(objects.track):
        mine = sweep.instance == track
        if not mine.any():
            continue
        # Where the object is at each point's own time; its box is told at the trigger's.
        world = frame.world_from_ego.apply(sweep.xyz_ego_m[mine].astype(float))
        world -= sweep.time_offset_s[mine, None] * objects.velocity_m_s[k]
        own = objects.world_from_object[k].inverse().apply(world)
        assert (np.abs(own) <= objects.size_lwh_m[k] / 2 + 0.08).all(), objects.name[k]  # the lidar's noise is 2 cm


def test_the_ego_is_on_its_lane(run):
    roles = {row["role"] for row in run[0].ego_lanes}
    assert {"ego_left", "ego_right"} <= roles
    for row in run[0].ego_lanes:
        p = row["points_m"]
        near = p[np.argmin(np.abs(p[:, 0]))]
        if row["role"] == "ego_left":
            assert near[1] == pytest.approx(1.75, abs=0.02)
        if row["role"] == "ego_right":
            assert near[1] == pytest.approx(-1.75, abs=0.02)


def test_frames_and_sensors_that_are_not_there_are_refused():
    with pytest.raises(InputError, match="frames 3:6 are not all there; the scenario has frames 0:4"):
        list(simulate.frames(small(), only=range(3, 6)))
    with pytest.raises(InputError, match='no sensor "frnt" on this rig; did you mean "front"'):
        list(simulate.frames(small(), sensors=["frnt"]))


def test_rain_and_fog_change_light_and_sweep_but_no_label():
    (clear,) = simulate.frames(small(), only=range(0, 1))
    (fog,) = simulate.frames(small(weather={"visibility_m": 60}), only=range(0, 1))
    for name in ("class_id", "instance", "depth_m", "normal", "mark"):
        assert getattr(clear.images["front"], name).tobytes() == getattr(fog.images["front"], name).tobytes(), name
    assert (clear.images["front"].rgb != fog.images["front"].rgb).mean() > 0.5
    assert len(fog.sweeps["top"].range_m) < 0.9 * len(clear.sweeps["top"].range_m)


@pytest.mark.parametrize("name", ["fabriksgatan.xodr", "e6mini.xodr"])
def test_a_real_map_is_driven(name):
    found = sorted(MAPS.rglob(name))
    if not found:
        pytest.skip(f"{name} is not on this machine (the maps of shared/data/asam)")
    scenario = small(road={"opendrive": str(found[0])}, ego={}, actors=[], surroundings={"reach_m": 50, "woods": 0})
    (frame,) = simulate.frames(scenario, only=range(0, 1))
    image = frame.images["front"]
    below = image.class_id[70:]
    assert (below == taxonomy.class_id("road")).mean() > 0.3
    assert (image.class_id == taxonomy.class_id("lane_marking")).sum() > 50
    assert {"ego_left", "ego_right"} <= {row["role"] for row in frame.ego_lanes}


def test_the_public_face(tmp_path):
    scenario = small(duration_s=0.1, surroundings={"reach_m": 30, "woods": 0, "buildings": 0})
    scenesim.write(scenesim.frames(scenario, sensors=["top"]), tmp_path / "out", scenario)
    assert (tmp_path / "out" / "dataset.json").exists()
