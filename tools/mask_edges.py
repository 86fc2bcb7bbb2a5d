"""Whether the masks of a COCO export lie where the edges of its pictures are: python -m tools.mask_edges DATASET.

On the border of a mask the picture changes more than a pixel beside it. That holds by day and by night, and for a dark car over
its own dark shadow too, where the mean colours inside and outside of a mask mislead: a shadow below a car goes with the car.
Needs pycocotools. Exit status 1 where the picture changes most a pixel or more beside the borders.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

REACH_PX = 3
LEAST_PX = 60  # smaller masks are left out
MOST_IMAGES = 60


def border_change(picture: NDArray, masks: list[NDArray], right: int, down: int) -> tuple[float, int]:
    """(sum, count) of how much a picture (H, W, 3) changes between the pixels on both sides of the borders of masks (H, W),
    with the borders moved."""
    grey, total, count = picture.astype(float).sum(2), 0.0, 0
    for axis in (0, 1):
        change = np.abs(np.diff(grey, axis=axis))
        for mask in masks:
            rows, columns = np.nonzero(np.diff(mask.astype(np.int8), axis=axis))
            rows, columns = rows + down, columns + right
            inside = (rows >= 0) & (columns >= 0) & (rows < change.shape[0]) & (columns < change.shape[1])
            total += change[rows[inside], columns[inside]].sum()
            count += int(inside.sum())
    return total, count


def changes(root: Path) -> NDArray[np.float64]:
    """(2 R + 1, 2 R + 1) mean change on the borders moved by -R to R pixels, rows of down, columns of right."""
    from pycocotools.coco import COCO

    sums = np.zeros((2, 2 * REACH_PX + 1, 2 * REACH_PX + 1))
    for path in sorted((root / "annotations").glob("instances_*.json")):
        with contextlib.redirect_stdout(io.StringIO()):
            data = COCO(str(path))
        folder = root / path.stem.removeprefix("instances_")
        for row in data.dataset["images"][:MOST_IMAGES]:
            found = data.loadAnns(data.getAnnIds(imgIds=row["id"]))
            masks = [data.annToMask(a) for a in found if a["area"] >= LEAST_PX and not a["iscrowd"]]
            with Image.open(folder / row["file_name"]) as opened:
                picture = np.asarray(opened.convert("RGB"))
            for j in range(2 * REACH_PX + 1):
                for k in range(2 * REACH_PX + 1):
                    sums[:, j, k] += border_change(picture, masks, k - REACH_PX, j - REACH_PX)
    return sums[0] / np.maximum(sums[1], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", type=Path)
    found = changes(parser.parse_args().dataset)
    print("mean change on the borders of the masks, moved by -3 to 3 px (rows down, columns right):")
    print(np.array2string(found, precision=1, floatmode="fixed"))
    best = np.unravel_index(int(found.argmax()), found.shape)
    there = found[REACH_PX, REACH_PX]
    beside = np.sort(found.reshape(-1))[-2] if best == (REACH_PX, REACH_PX) else found.max()
    print(f"as they are {there:.1f}, the best of the others {beside:.1f}")
    raise SystemExit(best != (REACH_PX, REACH_PX))


if __name__ == "__main__":
    main()
