"""Workers and drivers that are killed, one worker, two, and slices by hand: the dataset is the same, byte by byte."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from fake_batch import children, contents, drive, start

from scenesim.base import keys

HERE = Path(__file__).resolve().parent
SHARDS = 200
KILLS = 50


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers import the fake task from here, and no cache of theirs matters."""
    path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent)])
    outcome = drive(folder, SHARDS, 2)
    assert outcome.complete and outcome.done == SHARDS
    return contents(folder)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the children of a process are told by Linux alone")
def test_fifty_kills_change_nothing(undisturbed, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_PAUSE_S", "0.01")
    chance = keys.generator(keys.derive(keys.root(7), "kills"))
    folder, killed, drivers = tmp_path / "out", 0, 0
    driver = start(folder)
    limit = time.monotonic() + 120
    while killed < KILLS and time.monotonic() < limit:
        time.sleep(float(chance.uniform(0.0, 0.06)))
        if driver.poll() is not None:
            break
        workers = children(driver.pid)
        if chance.random() < 0.08:
            victim, drivers = driver.pid, drivers + 1
        elif workers:
            victim = workers[int(chance.integers(len(workers)))]
        else:
            continue
        try:
            os.kill(victim, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
        if victim == driver.pid:
            driver.wait()
            driver = start(folder)
    monkeypatch.setenv("FAKE_PAUSE_S", "0")
    driver.wait(60)
    assert killed == KILLS and drivers >= 2, (killed, drivers)
    assert drive(folder, SHARDS, 2).complete
    assert contents(folder) == undisturbed
    assert not [p for p in (folder / "work" / "partial").rglob("*") if p.is_file()]


def test_one_worker_and_slices_by_hand_give_the_same(tmp_path):
    assert drive(tmp_path / "one", 40, 1).complete
    assert drive(tmp_path / "two", 40, 2).complete
    expected = contents(tmp_path / "one")
    assert len(expected) == 40 * 3 + 5 and contents(tmp_path / "two") == expected
    running = [start(tmp_path / "three", 1, f"{i}/3", 40) for i in (1, 2, 3)]
    assert [p.wait(60) for p in running] == [0, 0, 0]
    assert contents(tmp_path / "three") == expected
