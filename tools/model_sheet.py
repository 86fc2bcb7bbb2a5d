"""Pictures of models, to judge them by eye: ``python -m tools.model_sheet KIND [NAMES...] --out PNG [--night]``

Each model stands on asphalt before a green bank, and is seen from the front left, the left side and the rear right.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from scenesim.base import keys
from scenesim.base.errors import InputError
from scenesim.base.frames import BODY_FROM_OPTICAL, Pose, quaternion_from_euler
from scenesim.capture import cast
from scenesim.capture.image import capture
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface, make
from scenesim.models import building, catalogue
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import CHANNELS, LAMP_BITS, Model
from scenesim.models.train import Link, links
from scenesim.scene.ambient import AmbientField
from scenesim.scene.environment import environment
from scenesim.scene.placement import Placement
from scenesim.scene.stage import Stage
from scenesim.world.timeline import ActorInfo, Timeline

# Azimuth (0 sees the front, 90 the left side) and elevation, degrees.
VIEWS = {
    "front": (32.0, 9.0),
    "side": (90.0, 4.0),
    "rear": (150.0, 10.0),
    "ahead": (0.0, 4.0),
    "behind": (180.0, 6.0),
    "top": (40.0, 50.0),
}
DAY = {"sun_elevation_deg": 38.0, "sun_azimuth_deg": 25.0, "cloud_cover": 0.35, "visibility_m": 30000.0}
NIGHT = {"sun_elevation_deg": -25.0, "sun_azimuth_deg": 25.0, "cloud_cover": 0.2, "visibility_m": 20000.0}
NIGHT_LAMPS = ("position", "low_beam", "brake", "indicator_left", "street", "amber", "green")


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion; focal_px: focal length in pixels."""

    width: int
    height: int
    focal_px: float

    def directions(self):
        u, v = np.meshgrid(np.arange(self.width) - (self.width - 1) / 2, np.arange(self.height) - (self.height - 1) / 2)
        d = np.stack([u / self.focal_px, v / self.focal_px, np.ones_like(u)], -1)
        return d / np.sqrt((d * d).sum(-1, keepdims=True))

    def row_time_s(self):
        return np.zeros(self.height)


def plane(size: float, z: float, material: str) -> Mesh:
    """A square of ground."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size
    v = np.column_stack([corners, np.full(4, z)])
    return make(v, [[0, 1, 2], [0, 2, 3]], Surface(material), uv=corners)


def studio() -> list[Placement]:
    """Ground, and a green bank all around for paint to mirror."""
    meshes = [("road", plane(30.0, 0.0, "asphalt")), ("terrain", plane(1500.0, -0.05, "grass"))]
    angle = np.linspace(0, 2 * np.pi, 49)
    reach = 70.0 + 6.0 * np.sin(5 * angle)
    ring = np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
    meshes.append(("vegetation", solids.wall(ring[::-1], -0.2, 5.0, Surface("plastic"), color=(0.045, 0.062, 0.028))))
    return [Placement(Pose.identity(), mesh=m, class_name=c) for c, m in meshes]


def timeline(request: ModelRequest, paint: tuple[float, float, float], articulation, lamps: int, present: bool) -> Timeline:
    """The model at the origin with what it tows, and an ego that is not there."""
    train = links(request)
    actors = (ActorInfo("ego", ModelRequest("roadside", "cone")), ActorInfo("model", request, paint))
    actors += tuple(ActorInfo("trailer", link.request, paint) for link in train)
    rows = np.zeros((len(actors), 1, len(CHANNELS)))
    rows[1, 0] = articulation
    at = np.zeros((len(actors), 1, 3))
    at[2:, 0, 0] = [-link.back_m for link in train]
    still = Pose(np.tile([1.0, 0, 0, 0], (len(actors), 1, 1)), at)
    there = np.array([[False], [present], *[[present]] * len(train)])
    return Timeline(np.zeros(1), still, there, rows, np.full((len(actors), 1), lamps, np.int32), actors)


def box(model: Model, train: Sequence[Link]) -> tuple[np.ndarray, np.ndarray]:
    """(size, middle) of the box about a model and what it tows."""
    ends = []
    for m, back in [(model, 0.0), *((link.model, link.back_m) for link in train)]:
        half, middle = np.array(m.size_lwh_m) / 2, np.array(m.box_center_m) - [back, 0, 0]
        ends += [middle - half, middle + half]
    low, high = np.min(ends, 0), np.max(ends, 0)
    return high - low, (low + high) / 2


def look_at(size: np.ndarray, center: np.ndarray, azimuth_deg: float, elevation_deg: float, lens: Pinhole, zoom: float) -> Pose:
    """local_from_camera for all rows: a whole box in the picture, from a direction in the model frame."""
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    away = np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    local_from_body = Pose(quaternion_from_euler(0.0, e, a + math.pi), np.zeros(3))
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * size / 2
    seen = local_from_body.inverse().apply(corners)  # x towards the scene, y left, z up
    wide = np.abs(seen[:, 1]) * 2 * lens.focal_px / lens.width
    tall = np.abs(seen[:, 2]) * 2 * lens.focal_px / lens.height
    distance = float((np.maximum(wide, tall) * 1.02 - seen[:, 0]).max()) / zoom
    position = center + away * distance
    position[2] = max(position[2], 0.15)
    pose = Pose(local_from_body.rotation, position) @ BODY_FROM_OPTICAL
    return Pose(np.tile(pose.rotation, (lens.height, 1)), np.tile(pose.translation, (lens.height, 1)))


def pictures(request: ModelRequest, args: argparse.Namespace) -> np.ndarray:
    """One row of the sheet: the model from each view."""
    articulation = np.zeros(len(CHANNELS))
    for item in args.pose:
        name, _, value = item.partition("=")
        articulation[CHANNELS.index(name)] = float(value)
    lamps = sum(LAMP_BITS[n] for n in (NIGHT_LAMPS if args.night else ()))
    placements = studio()
    if request.kind == "building":  # its columns of instance parameters come from its design
        params = building.draw(request.name, keys.Key(request.key)).params(keys.root(1))
        placements.append(Placement(Pose.identity(), request, class_name="building", params=params))
    built = catalogue.build(request)
    stage = Stage(timeline(request, tuple(args.paint), articulation, lamps, request.kind != "building"), placements)
    snapshot = stage.at(0.0, -1e-3, 1e-3)
    run = partial(cast.run, threads=args.threads)
    env = AmbientField(environment(**(NIGHT if args.night else DAY)), stage.still).around(snapshot.origin_m, run)
    model = built.model
    lens = Pinhole(args.width, args.width * args.aspect[1] // args.aspect[0], 2.6 * args.width)
    row = []
    for view in args.views:
        pose = look_at(*box(model, links(request)), *VIEWS[view], lens, args.zoom)
        rgb = capture(snapshot.scene, env, lens, pose, keys.root(1), threads=args.threads)[2]
        row.append(rgb)
    if not args.caption:
        return np.concatenate(row, axis=1)
    triangles = sum(len(p.mesh.triangles) for p in model.parts)
    size = " x ".join(f"{s:.2f}" for s in model.size_lwh_m)
    text = f"{request.name}  {size} m  {triangles} triangles"
    for ink, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(row[0], text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, thick, cv2.LINE_AA)
    return np.concatenate(row, axis=1)


def value(text: str) -> Any:
    """A number where it reads as one, else the word."""
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text, text)


def requests(args: argparse.Namespace) -> list[ModelRequest]:
    """What to draw: all recipes of the kind where no names are given."""
    if not args.names and args.kind not in catalogue.RECIPES:
        raise InputError(f"{args.kind}: name what to draw")
    options = {k: value(v) for k, _, v in (o.partition("=") for o in args.option)}
    if args.kind == "vegetation":
        options.setdefault("height_m", 9.0)
    names = args.names or catalogue.recipes(args.kind)
    return [ModelRequest(args.kind, n, args.key, tuple(sorted(options.items()))) for n in names]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.model_sheet", description=__doc__)
    parser.add_argument("kind", choices=sorted(catalogue.KINDS))
    parser.add_argument("names", nargs="*", help="recipes; all of the kind by default")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--night", action="store_true", help="in the dark, with lamps on")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=["front", "side", "rear"])
    parser.add_argument("--width", type=int, default=640, help="of one picture, pixels")
    parser.add_argument("--aspect", type=int, nargs=2, default=[16, 10])
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--paint", type=float, nargs=3, default=[0.28, 0.03, 0.03], help="linear RGB of the actor")
    parser.add_argument("--pose", nargs="*", default=[], metavar="CHANNEL=VALUE", help="articulation")
    parser.add_argument("--option", nargs="*", default=[], metavar="KEY=VALUE", help="options of the model")
    parser.add_argument("--key", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.set_defaults(caption=True)
    args = parser.parse_args()
    try:
        sheet = np.concatenate([pictures(r, args) for r in requests(args)])
    except InputError as e:
        raise SystemExit(f"error: {e}") from e
    cv2.imwrite(str(args.out), sheet[..., ::-1])


if __name__ == "__main__":
    main()
