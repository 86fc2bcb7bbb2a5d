"""Virtual environments with the official devkits of dataset formats: python -m tools.devkits nuscenes FOLDER.

Each gets one of its own, since some want an older numpy than scenesim, or a large framework beside them. What reads an export
there is the devkit alone, as its users have it.
"""

from __future__ import annotations

import argparse
import subprocess
import venv
from pathlib import Path

# What each needs, in the versions that the exports were read with.
DEVKITS = {
    "nuscenes": ["nuscenes-devkit==1.2.0", "pandas", "motmetrics"],
    "av2": ["av2==0.3.6"],
    "kitti": ["pykitti==0.3.1", "trackeval", "opencv-python-headless", "scipy", "shapely", "pandas", "numba"],
    "coco": ["pycocotools", "faster-coco-eval", "supervision", "scipy"],
    "mcap": ["mcap", "mcap-protobuf-support", "foxglove-schemas-protobuf", "pillow"],
}

# Of these the package alone: what they need besides is large, and not needed for what is used of them (tools/evaluate.py).
ALONE = {"kitti": ["mmdet3d==1.4.0"]}


def make(name: str, folder: Path) -> Path:
    """Make the environment of a devkit in a folder, which must not exist; returns its Python."""
    if folder.exists():
        raise SystemExit(f"{folder} exists already; choose another folder, or remove it")
    venv.create(folder, with_pip=True)
    scripts = folder / "Scripts"
    python = (scripts if scripts.is_dir() else folder / "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", *DEVKITS[name]], check=True)
    if name in ALONE:
        subprocess.run([python, "-m", "pip", "install", "--no-deps", *ALONE[name]], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("devkit", choices=sorted(DEVKITS))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(make(arguments.devkit, arguments.folder))


if __name__ == "__main__":
    main()
