"""``python -m tools.bench raycast|curves|frame|sweep|picture|encoding|memory|workers [--quick] [--json OUT]``"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tools.bench import costs, curves, encoding, frame, memory, picture, raycast, scene, sweep, workers


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
    benches = parser.add_subparsers(dest="bench", required=True)
    bench = benches.add_parser("raycast", help="rays against Embree")
    bench.add_argument("--place", choices=[*scene.PLACES, "all"], help="default: all, or street with --quick")
    bench.add_argument("--pairs", type=int, help="turns of each; default 7, or 3 with --quick")
    grow = benches.add_parser("curves", help="how the cost of a ray grows with triangles and with moving actors")
    whole = benches.add_parser("frame", help="a complete labelled frame, and where its time goes")
    whole.add_argument("--scenario", default="first_light", help="default: first_light")
    whole.add_argument("--frames", type=int, help="frames to measure; default 3, or 1 with --quick")
    light = benches.add_parser("picture", help="a picture and its labels, next to Open3D's rays and Mitsuba's light")
    light.add_argument("--pairs", type=int, default=3, help="turns of each; default 3")
    pulses = benches.add_parser("sweep", help="a lidar's sweep in heavy rain over its bare rays, and where its time goes")
    pulses.add_argument("--scenario", default="first_light", help="default: first_light")
    pulses.add_argument("--pairs", type=int, help="turns of each; default 7, or 3 with --quick")
    written = benches.add_parser("encoding", help="how much of a frame is encoding and writing it")
    written.add_argument("--scenario", default="first_light", help="default: first_light")
    written.add_argument("--frames", type=int, help="frames to measure; default 3, or 1 with --quick")
    flat = benches.add_parser("memory", help="whether memory stays flat over many frames in one process")
    flat.add_argument("--frames", type=int, help="default 2000, or 250 with --quick")
    batch = benches.add_parser("workers", help="how much faster two workers make a batch than one on one processor")
    batch.add_argument("--shards", type=int, help="default 16, or 4 with --quick")
    batch.add_argument("--pairs", type=int, help="turns of each; default 3, or 1 with --quick")
    for b in (bench, grow, whole, pulses, light, written, flat, batch):
        b.add_argument("--quick", action="store_true", help="small, and under 40 s")
        b.add_argument("--json", type=Path, metavar="OUT", help="write the rows to a file")
        b.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    say = partial(print, flush=True)
    say(f"{processor()}, {args.threads} threads")
    rows: Sequence[tuple] = BENCHES[args.bench](args, say)
    if args.json:
        plain = [r._asdict() for r in rows]  # type: ignore[attr-defined]
        args.json.write_text(json.dumps(plain, indent=1, allow_nan=True) + "\n", encoding="utf8")


def _raycast(args: argparse.Namespace, say: Callable[[str], None]) -> list[raycast.Row | costs.Cost]:
    place = args.place or ("street" if args.quick else "all")
    pairs = args.pairs or (3 if args.quick else 7)
    say(f"Mrays per CPU-second, median of {pairs} (ratio, quartiles)")
    rows: list[raycast.Row | costs.Cost] = []
    for name in scene.PLACES if place == "all" else [place]:
        rows += raycast.compare(name, args.threads, pairs, args.quick, say)
        if not args.quick:
            rows += costs.compare(name, args.threads, say)
    return rows


def _curves(args: argparse.Namespace, say: Callable[[str], None]) -> list[curves.Point]:
    return curves.compare(args.threads, args.quick, say)


def _frame(args: argparse.Namespace, say: Callable[[str], None]) -> list[frame.Part]:
    return frame.compare(args.scenario, args.threads, args.frames or (1 if args.quick else 3), args.quick, say)


def _picture(args: argparse.Namespace, say: Callable[[str], None]) -> list[picture.Multiple]:
    return picture.compare(args.threads, args.pairs, args.quick, say)


def _sweep(args: argparse.Namespace, say: Callable[[str], None]) -> list[sweep.Part]:
    return sweep.compare(args.scenario, args.threads, args.pairs or (3 if args.quick else 7), say)


def _encoding(args: argparse.Namespace, say: Callable[[str], None]) -> list[encoding.Share]:
    return encoding.compare(args.scenario, args.threads, args.frames or (1 if args.quick else 3), args.quick, say)


def _memory(args: argparse.Namespace, say: Callable[[str], None]) -> list[memory.Growth]:
    return memory.compare(args.threads, args.frames or (250 if args.quick else 2000), say)


def _workers(args: argparse.Namespace, say: Callable[[str], None]) -> list[workers.Gain]:
    return workers.compare(args.shards or (4 if args.quick else 16), args.pairs or (1 if args.quick else 3), say)


BENCHES = {
    "raycast": _raycast, "curves": _curves, "frame": _frame, "sweep": _sweep, "picture": _picture, "encoding": _encoding,
    "memory": _memory, "workers": _workers,
}  # fmt: skip

if __name__ == "__main__":
    main()
