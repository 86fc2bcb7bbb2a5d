"""``python -m tools.judge quality|mitsuba [--width N] [--samples N] [--block N]``"""

from __future__ import annotations

import argparse
from functools import partial

from tools.judge import mitsuba, quality


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.judge", description="Light held against what is sure.")
    parser.add_argument("judge", choices=("quality", "mitsuba"), help="the reference quality, or Mitsuba 3")
    parser.add_argument("--width", type=int, default=640, help="of pictures; default 640")
    parser.add_argument("--samples", type=int, default=16, help="of a pixel, in the reference; default 16")
    parser.add_argument("--block", type=int, default=4, help="means of so many pixels along a side are compared; default 4")
    args = parser.parse_args()
    judge = {"quality": quality.run, "mitsuba": mitsuba.run}[args.judge]
    judge(args.width, args.samples, args.block, partial(print, flush=True))


if __name__ == "__main__":
    main()
