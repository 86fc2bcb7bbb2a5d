"""What is on a lens and what happens in it: drops that run and are wiped, frost, ghosts and stars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenesim.base.errors import InputError
from scenesim.sensors import lens_dirt, rig
from scenesim.sensors.flare import SMALLER, flare
from scenesim.sensors.imager import Optics
from scenesim.sensors.lens_dirt import Dirt

H, W = 180, 320
WIPED = Dirt(drops=60, radius_px=(4.0, 9.0), run_px_s=30.0, wiper_s=2.0)


def test_a_wiper_takes_the_drops_that_have_gathered():
    """Drops grow in number between wipes and are gone after one; a wiper on its way has cleared one side only."""
    covered = [lens_dirt.glass(WIPED, H, W, 4.0 + t).drop.mean() for t in (0.4, 1.0, 1.5, 1.99)]
    assert all(a < b for a, b in zip(covered, covered[1:]))
    assert covered[0] < 0.35 * covered[-1]
    half = lens_dirt.glass(WIPED, H, W, 6.0 + 0.5 * lens_dirt.SWEEP_S).drop
    assert half[:, : W // 2 - 20].mean() < 0.3 * half[:, W // 2 + 20 :].mean()
    # What the wiper has not reached is still there.
    before = lens_dirt.glass(replace(WIPED, run_px_s=0.0), H, W, 5.999).drop
    after = lens_dirt.glass(replace(WIPED, run_px_s=0.0), H, W, 6.0 + 0.5 * lens_dirt.SWEEP_S).drop
    right = slice(W // 2 + 20, None)
    assert np.array_equal(before[:, right], after[:, right])


def test_drops_run_down_as_fast_as_they_are_said_to():
    """The lowest and the fastest of the large ones: none is faster than run_px_s, one at least is nearly that."""
    dirt = Dirt(drops=1, radius_px=(6.0, 6.0), run_px_s=40.0)
    speeds = []
    for seed in range(12):
        at = []
        for time_s in (0.0, 0.5):
            drop = lens_dirt.glass(replace(dirt, drop_seed=seed), H, W, time_s).drop
            at.append((np.arange(H)[:, None] * drop).sum() / drop.sum() if drop.sum() > 100.0 else np.nan)
        speeds.append((at[1] - at[0]) / 0.5)
    moved = np.array([s for s in speeds if np.isfinite(s)])
    assert (moved < 40.5).all() and moved.max() > 25.0
    assert (np.abs(moved) < 0.1).any()  # small ones stick


@pytest.mark.parametrize(
    "dirt", [Dirt(condensation=0.5), Dirt(frost=0.4), Dirt(scratches=20), Dirt(insects=12), Dirt(sticker=(0.0, 0.7, 0.2, 1.0))]
)
def test_what_covers_is_in_the_coverage_and_changes_only_that(dirt):
    """Where coverage is 0 the picture is as it was; where it is, its pattern loses contrast in about that measure."""
    stripes = np.repeat(np.where(np.arange(W) // 4 % 2 == 0, 1.0, 3.0)[None, :, None], H, 0).repeat(3, 2).astype(np.float32)
    cover, out = lens_dirt.coverage(dirt, H, W), lens_dirt.through(dirt, stripes)
    assert 0 < cover.max() and cover.mean() > 0.5
    assert np.array_equal(out[cover == 0], stripes[cover == 0])
    left = (out[:, 2::8, 1] - out[:, 6::8, 1]) / (stripes[:, 2::8, 1] - stripes[:, 6::8, 1])
    said = 1.0 - 0.5 * (cover[:, 2::8].astype(float) + cover[:, 6::8]) / 255.0
    assert np.abs(left - said)[np.abs(cover[:, 2::8].astype(int) - cover[:, 6::8]) < 16].mean() < 0.06
    assert out.min() >= 0.0


def test_drops_that_stand_are_the_same_at_any_time():
    assert np.array_equal(lens_dirt.coverage(Dirt(drops=9), H, W, 1.0), lens_dirt.coverage(Dirt(drops=9), H, W, 7.0))


def test_faults_of_the_glass_are_read_and_refused():
    def load(faults):
        spec = {"kind": "camera", "width_px": W, "height_px": H, "fov_deg": 60, "position_m": [0, 0, 0], "faults": faults}
        return rig.load({"sensors": {"front": spec}}).cameras[0].faults.dirt

    read = load({"frost": {"cover": 0.3}, "sticker": {"box": [0, 0, 0.1, 0.2]}, "insects": {"count": 3}})
    assert (read.frost, read.sticker, read.insects) == (0.3, (0.0, 0.0, 0.1, 0.2), 3)
    with pytest.raises(InputError, match="a wipe takes"):
        load({"lens_drops": {"count": 3, "wiper_s": 0.2}})


def lamp(column, row, level=3000.0, size=1):
    out = np.ones((size * H, size * W, 3), np.float32)
    out[row - 2 : row + 3, column - 2 : column + 3] = level
    return out


def test_ghosts_lie_across_the_middle_and_have_the_share_of_light_they_are_said_to():
    optics = Optics(ghosts=0.01)
    seen = flare(optics, lamp(200, 120), 1.0, 1e9)
    assert seen is not None
    light = 25 * (3000.0 - 12.0)
    assert SMALLER**2 * seen[..., 1].sum() == pytest.approx(0.01 * 0.85 * light, rel=0.2)  # less what its coating leaves out
    # The line from the lamp through the middle goes through each of them.
    y, x = np.mgrid[: seen.shape[0], : seen.shape[1]]
    x, y = x - (seen.shape[1] - 1) / 2, y - (seen.shape[0] - 1) / 2
    along = np.array([200 - 159.5, 120 - 89.5])
    along /= np.sqrt((along**2).sum())
    across = (seen[..., 1] * (x * along[1] - y * along[0])).sum() / seen[..., 1].sum()
    assert abs(across) < 0.7
    opposite = seen[..., 1][x * along[0] + y * along[1] < -2.0].sum()
    assert opposite > 0.3 * seen[..., 1].sum()
    assert flare(Optics(), lamp(200, 120), 1.0, 1e9) is None
    assert flare(optics, np.ones((H, W, 3), np.float32), 1.0, 1e9) is None


@pytest.mark.parametrize("blades, spikes", [(6, 6), (7, 14), (8, 8)])
def test_a_star_has_as_many_spikes_as_its_blades_make(blades, spikes):
    seen = flare(Optics(star=0.02, blades=blades), lamp(640, 358, size=4), 1.0, 1e9)
    assert seen is not None
    turn = np.arange(1440) * (2.0 * np.pi / 1440)
    row, column = np.unravel_index(np.argmax(seen[..., 1]), seen.shape[:2])
    ring = seen[np.rint(row + 26 * np.sin(turn)).astype(int), np.rint(column + 26 * np.cos(turn)).astype(int), 1]
    high = ring > 0.45 * ring.max()
    # A spike is a run of high values; its pixels may let it stutter.
    middle = [np.angle(np.exp(1j * spikes * t)) for t in turn[high]]
    assert np.abs(np.exp(1j * np.array(middle)).mean()) > 0.5
    sectors = np.floor((turn[high] - np.angle(np.exp(1j * np.array(middle)).mean()) / spikes) / (2 * np.pi / spikes) + 0.5)
    assert len(np.unique(sectors.astype(int) % spikes)) == spikes
