"""Shards that fail, disks that are full, drivers that meet, recipes that change: a clear message, and nothing lost."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import fake_batch
import pytest
from fake_batch import children, contents, drive, start

from scenesim.base.errors import InputError
from scenesim.batch import driver
from scenesim.batch.driver import Slice
from scenesim.batch.folder import BatchFolder
from scenesim.batch.local import LocalWorkers
from scenesim.batch.status import status

HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers import the fake task from here, and no cache of theirs matters."""
    path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


def test_failures_cost_their_shards_only(tmp_path):
    outcome = drive(tmp_path / "out", 32, 2, task="fake_shards:misbehave")
    assert outcome.done == 32 - 4 * 4 and outcome.again == 4 and not outcome.complete
    by_number: dict[int, set] = {}
    for f in outcome.failures:
        by_number.setdefault(int(f.shard.split("-")[1]), set()).add((f.kind, f.attempts))
        assert "what it says on its way" in Path(f.log).read_text()
        assert f"--only {f.shard}" in f.command
    assert by_number == {1: {("input", 1)}, 2: {("crash", 3)}, 4: {("died", 3)}, 5: {("died", 3)}}
    crash = next(f for f in outcome.failures if f.kind == "crash")
    assert crash.message == "RuntimeError: a bug" and Path(crash.log).read_text().count("Traceback") == 3
    died = [f.message for f in outcome.failures if f.kind == "died"]
    assert any("SIGKILL" in m for m in died) and any("exit code 7" in m for m in died)
    found = status(tmp_path / "out")
    assert found.done == 16 and len(found.failures) == 16 and not found.running
    manifest = json.loads(next((tmp_path / "out").glob("native/*/one-000003-a/manifest.json")).read_text())
    assert manifest["attempt"] == 2 and manifest["scenesim_version"] == fake_batch.VERSION
    # The same command, when the cause is gone.
    again = drive(tmp_path / "out", 32, 2)
    assert again.complete and again.done == 16 and again.found == 16
    assert not BatchFolder(tmp_path / "out").failures() and not list((tmp_path / "out" / "work" / "logs").iterdir())


def test_too_many_failures_stop_the_run(tmp_path):
    outcome = drive(tmp_path / "out", 32, 1, task="fake_shards:misbehave", max_failures=2)
    assert len(outcome.failures) == 3 and outcome.stopped and outcome.done < 16


def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path):
    with pytest.raises(InputError, match=r"No space left.*the same command goes on"):
        drive(tmp_path / "out", 32, 2, task="fake_shards:full")
    folder = BatchFolder(tmp_path / "out")
    assert folder.complete() and not folder.failures()
    assert drive(tmp_path / "out", 32, 2).complete


def test_two_drivers_do_not_meet(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_PAUSE_S", "0.2")
    first = start(tmp_path / "out", 1)
    try:
        while not list(tmp_path.glob("out/work/partial/*/*")):
            time.sleep(0.02)
        assert status(tmp_path / "out").running and status(tmp_path / "out").making
        for part in (None, Slice(1, 2)):
            with pytest.raises(InputError, match="another run is at work in this folder"):
                drive(tmp_path / "out", 200, 1, part)
        assert first.poll() is None
    finally:
        first.kill()
        first.wait()
    assert not status(tmp_path / "out").running


def test_workers_end_with_their_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_PAUSE_S", "30")
    process = start(tmp_path / "out", 2)
    while len(list(tmp_path.glob("out/work/partial/*/*/a.bin"))) < 2:
        time.sleep(0.02)
    workers = children(process.pid)
    process.kill()
    process.wait()
    limit = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text() for pid in workers):
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_another_recipe_or_version_is_refused_and_nothing_is_lost(tmp_path):
    drive(tmp_path / "out", 8, 1)
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=r"begun with another recipe.*seeds: was 2, is 4"):
        drive(tmp_path / "out", 16, 1)
    with pytest.raises(InputError, match=r"begun with scenesim 1\.2\.3, and this is 9"):
        fake_batch.driver.run(fake_batch.plan(8), tmp_path / "out", None, version="9")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="not empty, and no batch"):
        drive(tmp_path / "mine", 8, 1)
    assert contents(tmp_path / "out") == before and contents(tmp_path / "mine") == {"thesis.txt": b"years"}


def test_a_worker_that_has_grown_is_replaced(tmp_path):
    for name, memory_mib, processes in (("small", 1.0, 8), ("large", 1e6, 1)):
        engine = LocalWorkers(1, memory_mib)
        assert driver.run(fake_batch.plan(8), tmp_path / name, engine, version="1", task=fake_batch.TASK).complete
        manifests = (tmp_path / name).glob("native/*/*/manifest.json")
        assert len({json.loads(m.read_text())["process"] for m in manifests}) == processes


def test_the_last_shard_has_all_processors(tmp_path):
    """Where it is the only one left, nobody else wants them."""
    with LocalWorkers(3) as engine:
        engine.start(8, fake_batch.TASK)
        begun = [worker.process for worker in engine._idle]
        assert driver.run(fake_batch.plan(8), tmp_path / "out", engine, version="1", task=fake_batch.TASK, threads=2).complete
        assert len(begun) == 3 and all(process.poll() is not None for process in begun)
    manifests = (tmp_path / "out").glob("native/*/*/manifest.json")
    found = {(m := json.loads(path.read_text()))["shard"]: m["threads"] for path in manifests}
    order = [found[fake_batch.plan(8).shard(k).name] for k in range(8)]
    assert order == [2, 2, 2, 2, 2, 2, 6, 6]


def test_workers_that_were_begun_for_nothing_are_ended(tmp_path):
    with pytest.raises(ZeroDivisionError), LocalWorkers(2) as engine:
        engine.start(5, fake_batch.TASK)
        workers = [worker.process for worker in engine._idle]
        raise ZeroDivisionError
    assert len(workers) == 2 and all(process.poll() is not None for process in workers)
