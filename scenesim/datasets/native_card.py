"""What the card of a native dataset says: facts of one alone, and what is the same for many in one batch."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from scenesim.datasets.card import Facts, Listed, Table, maps_of
from scenesim.datasets.tables import ONCE

SUMS = "SHA256SUMS"  # as sha256sum and its like read it: `sha256sum -c SHA256SUMS`
PICTURES = {
    "rgb": "colour, sRGB",
    "class": "class of each pixel",
    "instance": "object of each pixel",
    "mark": "lane marking of each pixel",
    "transmittance": "how much of the surface's light is left behind air, rain and snow",
}
READ = ("import scenesim", "", 'data = scenesim.open_dataset(".")  # plain numpy; scenesim.datasets.torch_dataset for PyTorch')


def schemas(files: Mapping[str, bytes]) -> dict[str, pa.Schema]:
    """Path in a frame's folder -> schema, of the tables among a frame's files."""
    return {path: pq.read_schema(io.BytesIO(data)) for path, data in files.items() if path.endswith(".parquet")}


def tables(found: Mapping[str, pa.Schema]) -> dict[str, Table]:
    """The tables of frames, from the schemas of one: points_<lidar> and geometry_<camera> beside those that come once."""
    order = [*(f"{name}.parquet" for name in ONCE), *sorted(path for path in found if "/" in path)]
    return {_table_name(path): Table(f"frames/*/{path}", found[path]) for path in order if path in found}


def _table_name(path: str) -> str:
    sensor, _, file = path.rpartition("/")
    return file.removesuffix(".parquet") + (f"_{sensor}" if sensor else "")


def pictures(cameras: Iterable[str], image_format: str) -> dict[str, tuple[str, str, str]]:
    """The images of frames, as Facts.pictures has them."""
    found = {}
    for camera in cameras:
        for kind, about in PICTURES.items():
            end, media = ("jpg", "image/jpeg") if kind == "rgb" and image_format == "jpg" else ("png", "image/png")
            found[f"{kind}_{camera}"] = f"frames/*/{camera}/{kind}.{end}", media, f"camera {camera}: {about}"
    return found


def contents(index: Mapping[str, Any]) -> list[str]:
    """Lines about sensors and classes, from dataset.json."""
    sizes = [f"`{name}` {size['width']}x{size['height']}" for name, size in index["cameras"].items()]
    lines = []
    if sizes:
        lines.append(
            f"Cameras {', '.join(sizes)}: colour, class, instance, lane marking, depth, range, normal, optical flow and "
            "transmittance of each pixel."
        )
    if index["lidars"]:
        names = ", ".join(f"`{name}`" for name in index["lidars"])
        lines.append(f"Lidars {names}: points with class, instance, intensity, ring, time, echo, and what the pulse met.")
    if index.get("radars"):
        names = ", ".join(f"`{name}`" for name in index["radars"])
        lines.append(f"Radars {names}: detections with range, azimuth, velocity, cross-section, class, instance, and cause.")
    if index.get("motion"):
        names = ", ".join(f"`{name}` ({kind})" for name, kind in index["motion"].items())
        lines.append(f"Motion of the ego as sensors tell it, and without errors: {names}.")
    lines.append("Objects: 3D boxes, tracks, velocities; for each camera visible and amodal 2D boxes and visibility.")
    lines.append("Poses and velocity of the ego, calibration, lanes and their markings, layout of the road.")
    return lines


def facts(index: Mapping[str, Any], scenario_yaml: str, found: Mapping[str, pa.Schema], listed: Mapping[str, Listed]) -> Facts:
    """The card of one dataset. index: what dataset.json says; found: schemas of a frame's tables."""
    said = yaml.safe_load(scenario_yaml)
    said = said if isinstance(said, dict) else {}
    frames = [row["index"] for row in index["frames"]]
    lines = [f"{len(frames)} frames of the scenario `{index['scenario']}` (`scenario.yaml`).", *contents(index)]
    seed, about = said.get("seed"), said.get("description")
    return Facts(
        name=index["scenario"] or "empty",
        version=index["scenesim_version"],
        license=index["license"],
        frames=len(frames),
        seed=seed if isinstance(seed, int) else None,
        description=about if isinstance(about, str) else "",
        tables=tables(found),
        pictures=pictures(index["cameras"], index["image_format"]),
        listed=listed,
        maps=maps_of(scenario_yaml),
        contents=tuple(lines),
        again=(_command(index, frames), f"sha256sum -c {SUMS}  # whether the files of this folder are whole"),
        reading=(*READ, *loop(index)),
    )


def loop(index: Mapping[str, Any]) -> list[str]:
    """Lines of Python that read every frame."""
    reads = [f'    image = sample.image("{name}")  # (rows, columns, 3) uint8' for name in list(index["cameras"])[:1]]
    reads += [f'    points = sample.points("{name}")  # name of a column -> values' for name in index["lidars"][:1]]
    return ["for sample in data:", *reads, '    objects = sample.table("objects")']


def _command(index: Mapping[str, Any], frames: list[int]) -> str:
    sensors = ",".join([*index["cameras"], *index["lidars"], *index.get("radars", ()), *index.get("motion", ())])
    span = f" --frames {frames[0]}:{frames[-1] + 1}" if frames else ""
    images = " --image-format jpg" if index["image_format"] == "jpg" else ""
    return f"scenesim render scenario.yaml -o again{span}{f' --sensors {sensors}' if sensors else ''}{images}"
