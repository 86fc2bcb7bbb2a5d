"""Pages of the catalogue, to see whether a stranger names what is on them: ``python -m tools.catalogue OUT.png [--kind KIND]``

Every model of a kind from the front left and the rear right, by day, with its name below; every kind of road (--kind roads)
from a driver's seat and from above; without a kind, a page for each, with its name in the file's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from scenesim.base.errors import InputError
from scenesim.models import catalogue, vehicle_recipe
from scenesim.models.catalogue import ModelRequest
from tools import model_sheet, road_sheet

ROADS = "roads"
# Page -> kind of model.
KINDS = {
    "vehicles": "vehicle", "people": "person", "animals": "animal", "debris": "debris", "roadside": "roadside",
    "vegetation": "vegetation", ROADS: ROADS,
}  # fmt: skip
PAINTS = ((0.28, 0.03, 0.03), (0.018, 0.06, 0.20), (0.36, 0.37, 0.38), (0.70, 0.70, 0.69), (0.052, 0.054, 0.058))
CAPTION_PX = 22


def tile(request: ModelRequest, paint: tuple[float, ...], width: int, threads: int | None) -> np.ndarray:
    """One model from both sides, (H, 2 W, 3) uint8, with its name."""
    args = argparse.Namespace(
        pose=[], night=False, paint=list(paint), threads=threads, width=width, aspect=[16, 11], zoom=1.0,
        views=["front", "rear"], caption=False,
    )  # fmt: skip
    return captioned(model_sheet.pictures(request, args), request.name.replace("_", " "))


def captioned(picture: np.ndarray, name: str) -> np.ndarray:
    """A picture with a name below."""
    caption = np.full((CAPTION_PX, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(caption, name, (6, CAPTION_PX - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([picture, caption])


def is_section(name: str) -> bool:
    """Whether a vehicle is the middle or the end of a bus or a tram."""
    return getattr(vehicle_recipe.read(name), "section", "whole") in ("middle", "rear")


def page(kind: str, columns: int, width: int, threads: int | None, only: list[str]) -> np.ndarray:
    """All models of a kind, row by row; sections of buses and trams with what draws them."""
    if kind == ROADS:
        places = [n for n in road_sheet.PLACES if n in only or not only]
        return in_rows([captioned(road_sheet.pictures(n, width, threads), n) for n in places], columns)
    names = [n for n in catalogue.recipes(kind) if (n in only if only else not (kind == "vehicle" and is_section(n)))]
    options = (("height_m", 9.0),) if kind == "vegetation" else ()
    tiles = [
        tile(ModelRequest(kind, n, 1, options), PAINTS[k % len(PAINTS)], width, threads) for k, n in enumerate(names)
    ]  # fmt: skip
    return in_rows(tiles, columns)


def in_rows(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size, row by row."""
    blank = np.full_like(tiles[0], 255)
    tiles = [*tiles, *[blank] * (-len(tiles) % columns)]
    return np.concatenate([np.concatenate(tiles[k : k + columns], 1) for k in range(0, len(tiles), columns)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.catalogue", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kind", choices=sorted(KINDS), help="one page of this kind")
    parser.add_argument("--only", nargs="*", default=[], help="names of models")
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--width", type=int, default=256, help="of one picture, pixels")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if not cv2.haveImageWriter(str(args.out)):
        raise SystemExit(f"error: {args.out}: a picture's name ends with .png or .jpg")
    try:
        for name in [args.kind] if args.kind else KINDS:
            out = args.out if args.kind else args.out.with_stem(f"{args.out.stem}_{name}")
            sheet = page(KINDS[name], args.columns, args.width, args.threads, args.only)
            cv2.imwrite(str(out), sheet[..., ::-1])
    except InputError as e:
        raise SystemExit(f"error: {e}") from e


if __name__ == "__main__":
    main()
