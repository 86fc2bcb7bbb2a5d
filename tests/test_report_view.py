"""`scenesim view`: the recording that it writes, read back; what it says where it cannot."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
import report_data
from click.testing import CliRunner

from scenesim.base import taxonomy
from scenesim.cli import app
from scenesim.report.view import CAUSES, point_colors


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output


@pytest.fixture
def reader():
    pytest.importorskip("rerun", reason="Rerun (the extra viz) is not installed")
    return pytest.importorskip("rerun.chunk", reason="this Rerun reads no recordings").RrdReader


def rows(chunks, entity: str, column: str) -> list:
    """What was logged of an entity, in order of the frames."""
    found = []
    for chunk in chunks:
        batch = chunk.to_record_batch()
        names = [n for n in batch.schema.names if n.split(":")[-1] == column]
        if str(chunk.entity_path).strip("/") == entity and names:
            frames = batch["frame"].to_pylist() if "frame" in batch.schema.names else [-1] * batch.num_rows
            found += zip(frames, batch[names[0]].to_pylist())
    return [value for _, value in sorted(found, key=lambda f: f[0])]


def test_a_recording_is_written_and_read_back(tmp_path, reader):
    folder = report_data.dataset(tmp_path / "set", [report_data.frame(k, radar=True) for k in range(3)])
    code, output = run("view", folder, "--save", tmp_path / "set.rrd", "--color", "cause")
    assert code == 0, output
    chunks = list(reader(tmp_path / "set.rrd").stream())
    entities = {str(c.entity_path).strip("/") for c in chunks}
    cameras = {f"world/ego/{name}{part}" for name in ("front", "left") for part in ("", "/picture", "/picture/boxes")}
    assert cameras | {"world/ego", "world/ego/top", "world/objects", "world/tracks", "world/way"} <= entities
    centers = rows(chunks, "world/objects", "centers")
    assert len(centers) == 3
    wanted = report_data.frame().objects.world_from_object.translation
    np.testing.assert_allclose(centers[0], wanted, atol=1e-4)
    assert [len(p) for p in rows(chunks, "world/ego/top", "positions")] == [200] * 3
    colors = np.array(rows(chunks, "world/ego/top", "colors")[0], np.uint32)
    shown = np.stack([colors >> 24, colors >> 16 & 255, colors >> 8 & 255], -1)
    assert (shown[:190] == CAUSES["surface"]).all() and (shown[190:] == CAUSES["fog"]).all()
    assert len(rows(chunks, "world/ego/front/picture/boxes", "half_sizes")[0]) == 1  # of the car; nothing else is seen
    assert [len(w[0]) for w in rows(chunks, "world/way", "strips")] == [1, 2, 3]
    np.testing.assert_allclose(rows(chunks, "world/ego/nose", "positions")[0], [[13, 0, 0.5], [3, 5, 0.5]], atol=1e-5)
    np.testing.assert_allclose(rows(chunks, "world/ego/nose/moves", "vectors")[0], [[-4, 0, 0], [0, 0, 0]], atol=1e-5)


def test_frames_and_shards_are_chosen(tmp_path, reader):
    frames = [report_data.frame(i) for i in range(3)]
    shards = [(f"a-{k:06d}", "train", "a", "", report_data.yaml(), frames, 1.0) for k in (0, 1)]
    folder, target = report_data.batch(tmp_path / "b", shards), tmp_path / "b.rrd"
    assert run("view", folder, "--shard", "a-000001", "--frames", "1:3", "--save", target)[0] == 0
    found = reader(target)
    assert [r.recording_id for r in found.recordings()] == ["a-000001"]
    assert len(rows(list(found.stream()), "world/objects", "centers")) == 2


def test_colors_of_points():
    columns = pa.table({"hit": [0, taxonomy.hits()["snow"]], "intensity": [0.0, 1.0]})
    assert point_colors(columns, "cause").tolist() == [list(CAUSES["surface"]), list(CAUSES["snow"])]
    assert point_colors(columns, "intensity").tolist() == [[40] * 3, [255] * 3]
    assert CAUSES.keys() == taxonomy.hits().keys()


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    folder = report_data.dataset(tmp_path / "set", [report_data.frame()])
    shards = [(f"a-{k:06d}", "train", "a", "", report_data.yaml(), [report_data.frame()], 1.0) for k in (0, 1)]
    batch = report_data.batch(tmp_path / "b", shards)
    monkeypatch.setitem(sys.modules, "rerun", None)
    for arguments, words in [
        ((folder,), "pip install 'scenesim[viz]'"),
        ((folder, "--frames", "5:7"), "none of these frames"),
        ((batch,), "name the one to view with --shard, such as a-000000"),
        ((batch, "--shard", "a-000002"), "did you mean"),
    ]:
        code, output = run("view", *arguments, "--save", tmp_path / "x.rrd")
        assert code == 2 and words in output, output
    assert not list(tmp_path.glob("*x.rrd*")) and not list(tmp_path.glob(".x*"))
