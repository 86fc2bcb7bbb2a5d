"""``python -m tools.realism A B [--json OUT] [--png OUT]``: two sets of sweeps, measured and told apart."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scenesim.base.errors import InputError
from tools.realism import report
from tools.realism.picture import draw
from tools.realism.read import read_set


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.realism", description="How far two sets of lidar sweeps are apart.")
    parser.add_argument("a", type=Path, metavar="A", help="a dataset of scenesim, or KITTI's .bin or nuScenes' .pcd.bin files")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument("--lidar-a", help="of a dataset of scenesim; by default its first")
    parser.add_argument("--lidar-b")
    parser.add_argument("--most", type=int, default=20, help="sweeps of a set, evenly spread (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the classifier")
    parser.add_argument("--no-classifier", action="store_true", help="measures only")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--png", type=Path, metavar="OUT")
    args = parser.parse_args()
    try:
        a, b = read_set(args.a, args.lidar_a, args.most), read_set(args.b, args.lidar_b, args.most)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    found = report.compare(a, b, args.seed, not args.no_classifier)
    print(found.text())
    if args.json:
        args.json.write_text(json.dumps(found.plain(), indent=1) + "\n", encoding="utf8")
    if args.png:
        draw(found, a, b, args.png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
