"""``python -m tools.contact_sheet DATASET|SCENARIO ... -o FOLDER``: one contact sheet for each, to be looked at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import scenesim
from scenesim import sheet, simulate
from scenesim.base.errors import InputError
from scenesim.capture.frame import Frame
from scenesim.datasets.reader import open_native


def frames_of(name: str, overrides: list[str]) -> list[Frame]:
    """The first and the middle frame of a dataset's folder, or of a scenario that is rendered for it."""
    if Path(name).is_dir():
        dataset = open_native(name)
        numbers = sorted({dataset.indices[0], dataset.indices[len(dataset.indices) // 2]})
        return [dataset.frame(k) for k in numbers]
    scenario = scenesim.load(name, overrides)
    numbers = sorted({0, scenario.frame_count // 2})
    return [f for k in numbers for f in simulate.frames(scenario, only=range(k, k + 1))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.contact_sheet", description="Pictures of datasets and scenarios.")
    parser.add_argument("what", nargs="+", help="folder of a dataset, or a scenario: a file, or the name of one that ships")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/sheets"), help="folder of the sheets (out/sheets)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value of the scenarios")
    args = parser.parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for name in args.what:
            print(sheet.draw(frames_of(name, args.set), args.out / f"{Path(name).stem}.png", Path(name).stem), flush=True)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
