"""Ground truth as predictions in the official evaluations: 1, and what a known shift leaves of it.

The evaluations run in the environments that `python -m tools.devkits NAME FOLDER/NAME` makes; SCENESIM_DEVKITS is FOLDER. Those
that are not there are skipped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import boxworld
import numpy as np
import pytest

from scenesim.datasets.writer import writer_class

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools import evaluate  # noqa: E402

DEVKITS = os.environ.get("SCENESIM_DEVKITS", "")
# What is evaluated -> (the writer, cameras of the rig, frames, what has to be scored).
CASES = {
    "nuscenes": ("nuscenes", "nuscenes", 11, ("AP at 0.5 m", "AP at 4 m")),
    "av2": ("av2", "av2", 3, ("train AP",)),
    "coco": ("coco", "front", 3, ("bbox AP", "segm AP")),
    "kitti": ("kitti-object", "front", 4, ("Car 2D box", "Car 3D box", "Pedestrian bird's eye")),
}


@pytest.mark.parametrize("name", CASES)
def test_ground_truth_scores_one(name, tmp_path):
    python = Path(DEVKITS, name, "bin", "python")
    if not DEVKITS or not python.exists():
        pytest.skip(f"no devkit of {name}: set SCENESIM_DEVKITS to the folder of what tools.devkits made")
    writer, cameras, count, scored = CASES[name]
    with writer_class(writer)(tmp_path / "d") as out:
        for frame in boxworld.frames(cameras, count):
            out.write(frame)
    command = [python, "-m", "tools.evaluate", name, tmp_path / "d"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    found = re.findall(r": (.*), moved (.*): ([\d.]+) \(wanted ([\d.]+)\)", run.stdout)
    assert run.returncode == 0 and found, run.stdout + run.stderr
    for what in scored:
        still = [float(score) for said, moved, score, _ in found if what in said and moved == "0"]
        assert still and min(still) >= 0.99
    assert any(float(wanted) < 0.5 for *_, wanted in found)


def test_overlap_of_rectangles():
    """Beside each other as far as is known: half on half, crossed at a right angle, turned by 45 degrees, apart."""
    a = np.array([[0.0, 0.0, 4.0, 2.0, 0.0]])
    others = np.array([[2.0, 0, 4, 2, 0], [0, 0, 4, 2, np.pi / 2], [0, 0, 2, 2, np.pi / 4], [9, 0, 4, 2, 0.3]])
    octagon = 8 * (np.sqrt(2) - 1)  # what a square of side 2 leaves of itself turned by 45 degrees
    common = evaluate.rotated_overlaps(a, others, 2)
    assert common[0] == pytest.approx([4, 4, 4 - 2 * (np.sqrt(2) - 1) ** 2, 0])
    assert evaluate.rotated_overlaps(others[2:3] * [1, 1, 1, 1, 0], others[2:3], 2)[0, 0] == pytest.approx(octagon)
    assert evaluate.rotated_overlaps(a, others)[0, :2] == pytest.approx([4 / 12, 4 / 12])
    assert evaluate.rotated_overlaps(a, others, 0)[0, 0] == pytest.approx(0.5)


def test_overlap_of_what_is_moved():
    box = np.array([[0.0, 0.0, 4.0, 2.0, 0.0]])
    for share in evaluate.SHARES:
        moved = box + [4 * share, 0, 0, 0, 0]
        assert evaluate.rotated_overlaps(box, moved)[0, 0] == pytest.approx(evaluate.overlap(share))


def test_pictures_change_on_the_borders_of_masks():
    """The measure is largest for masks where they are, on a picture in which a dark car stands on its own dark shadow."""
    from tools import mask_edges

    picture = np.full((60, 80, 3), 150, np.uint8) + (np.arange(80) % 5)[None, :, None].astype(np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:35, 20:50] = 1
    picture[20:35, 20:50] = 60
    picture[35:42, 18:52] = 70  # its shadow
    found = {}
    for down in (-2, -1, 0, 1, 2):
        for right in (-2, -1, 0, 1, 2):
            total, count = mask_edges.border_change(picture, [mask], right, down)
            found[right, down] = total / count
    assert max(found, key=found.get) == (0, 0)
    assert mask_edges.border_change(picture, [np.roll(mask, 2, 1)], -2, 0)[0] == pytest.approx(found[0, 0] * 90, rel=1e-9)
