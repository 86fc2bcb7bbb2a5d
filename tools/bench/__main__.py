"""``python -m tools.bench raycast [--quick] [--json OUT]``"""

from __future__ import annotations

import argparse
import json
import platform
from functools import partial
from pathlib import Path

from tools.bench import costs, raycast, scene


def processor() -> str:
    """The processor's name in words."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="What scenesim costs, next to its peers.")
    bench = parser.add_subparsers(dest="bench", required=True).add_parser("raycast", help="rays against Embree")
    bench.add_argument("--quick", action="store_true", help="one place, small pictures, three pairs: under 40 s")
    bench.add_argument("--json", type=Path, metavar="OUT", help="write the rows to a file")
    bench.add_argument("--place", choices=[*scene.PLACES, "all"], help="default: all, or street with --quick")
    bench.add_argument("--pairs", type=int, help="turns of each; default 7, or 3 with --quick")
    bench.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    place = args.place or ("street" if args.quick else "all")
    pairs = args.pairs or (3 if args.quick else 7)
    print(f"{processor()}, {args.threads} threads; Mrays per CPU-second, median of {pairs} (ratio, quartiles)", flush=True)
    rows: list[raycast.Row | costs.Cost] = []
    for name in scene.PLACES if place == "all" else [place]:
        say = partial(print, flush=True)
        rows += raycast.compare(name, args.threads, pairs, args.quick, say)
        if not args.quick:
            rows += costs.compare(name, args.threads, say)
    if args.json:
        args.json.write_text(json.dumps([r._asdict() for r in rows], indent=1, allow_nan=True) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
