"""The maps of nuScenes: masks of what can be driven on, and the map expansion with lanes and how they join.

Sources: nuscenes-devkit 1.2.0, map_expansion/map_api.py, map_expansion/arcline_path_utils.py, utils/map_mask.py.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.capture.frame import Layout, MapLane

LOCATIONS = ("singapore-onenorth", "boston-seaport", "singapore-queenstown", "singapore-hollandvillage")  # no others are loaded
PIXEL_M = 0.1
MARGIN_M = 80.0  # renderers cut windows of up to 60 m about the ego
SHIFT = 4  # fractional bits of what OpenCV fills
OVERLAP_M = 0.001  # drivable areas are wider by this: the devkit wants points strictly inside, and an edge of two is in neither
# The marks of our lanes as lane_divider_segment types.
DIVIDERS = {
    ("broken", "yellow"): "SINGLE_DASHED_YELLOW", ("solid", "yellow"): "SINGLE_SOLID_YELLOW",
    ("solid_solid", "yellow"): "DOUBLE_SOLID_YELLOW", ("broken_broken", "yellow"): "DOUBLE_DASHED_YELLOW",
    ("broken", ""): "SINGLE_DASHED_WHITE", ("solid", ""): "SINGLE_SOLID_WHITE", ("solid_solid", ""): "DOUBLE_SOLID_WHITE",
    ("broken_broken", ""): "DOUBLE_DASHED_WHITE", ("solid_broken", ""): "DOUBLE_SOLID_WHITE",
    ("broken_solid", ""): "DOUBLE_SOLID_WHITE",
}  # fmt: skip


@dataclass
class _Place:
    """One map, with the scenarios in it from left to right. layouts: with the origin (x, y) of each."""

    width_m: float = 0.0
    height_m: float = 0.0
    layouts: list[tuple[Layout, tuple[float, float]]] = field(default_factory=list)


class Maps:
    """Where each scenario lies in one of the maps, and what those show."""

    def __init__(self) -> None:
        self.places: dict[str, _Place] = {}

    def place(self, layout: Layout | None, ego_m: NDArray[np.float64]) -> tuple[tuple[float, float], str]:
        """(origin, location) of the next scenario: its world's (0, 0) is at the origin (x, y) of the map of that location."""
        location = LOCATIONS[sum(len(p.layouts) for p in self.places.values()) % len(LOCATIONS)]
        there = self.places.setdefault(location, _Place())
        layout = layout or Layout((), (), (), ())
        points = np.concatenate([ego_m, *layout.drivable_m, *layout.walkways_m, *layout.crosswalks_m])[:, :2]
        low, high = np.floor(points.min(0) - MARGIN_M), np.ceil(points.max(0) + MARGIN_M)
        origin = (float(there.width_m - low[0]), float(-low[1]))
        there.width_m += float(high[0] - low[0])
        there.height_m = max(there.height_m, float(high[1] - low[1]))
        there.layouts.append((layout, origin))
        return origin, location

    def masks(self) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """(location, (H, W) mask): 255 where vehicles drive; the first row is that of the largest y."""
        for location, there in self.places.items():
            mask = np.zeros((round(there.height_m / PIXEL_M), round(there.width_m / PIXEL_M)), np.uint8)
            for layout, origin in there.layouts:
                for outline in layout.drivable_m:
                    column = (outline[:, 0] + origin[0]) / PIXEL_M - 0.5
                    row = len(mask) - (outline[:, 1] + origin[1]) / PIXEL_M - 0.5
                    pixels = np.round(np.stack([column, row], -1) * (1 << SHIFT)).astype(np.int32)
                    cv2.fillPoly(mask, [pixels], (255,), shift=SHIFT)
            yield location, mask

    def expansions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(location, map expansion)."""
        for location, there in self.places.items():
            expansion = _Expansion(location, there)
            for k, (layout, origin) in enumerate(there.layouts):
                expansion.add(f"{location}/{k}", layout, origin)
            yield location, expansion.data


class _Expansion:
    """A map expansion being filled."""

    LAYERS = (
        "polygon", "line", "node", "drivable_area", "road_segment", "road_block", "lane", "lane_connector", "ped_crossing",
        "walkway", "stop_line", "carpark_area", "road_divider", "lane_divider", "traffic_light",
    )  # fmt: skip

    def __init__(self, location: str, there: _Place):
        self.data: dict[str, Any] = {"version": "1.3", "canvas_edge": [there.width_m, there.height_m]}
        self.data |= {layer: [] for layer in self.LAYERS} | {"arcline_path_3": {}, "connectivity": {}}

    def add(self, name: str, layout: Layout, origin: tuple[float, float]) -> None:
        """Add the layout of a scenario; all its tokens begin with its name."""
        self.name, self.origin, self.shift = name, origin, np.array([*origin, 0.0])
        areas = [self._polygon(f"drivable{k}", widened(outline, OVERLAP_M)) for k, outline in enumerate(layout.drivable_m)]
        drivable = self._row("drivable_area", "drivable", polygon_tokens=areas)
        for k, (area, outline) in enumerate(zip(areas, layout.drivable_m)):
            inside = any(lane.junction and _starts_in(lane, outline) for lane in layout.lanes)
            self._row("road_segment", f"segment{k}", polygon_token=area, is_intersection=inside, drivable_area_token=drivable)
        for k, outline in enumerate(layout.crosswalks_m):
            area = self._polygon(f"crossing{k}", outline)
            self._row("ped_crossing", f"crossing{k}", polygon_token=area, road_segment_token="")
        for k, outline in enumerate(layout.walkways_m):
            self._row("walkway", f"walkway{k}", polygon_token=self._polygon(f"walkway{k}", outline))
        for lane in layout.lanes:
            self._lane(lane)

    def _lane(self, lane: MapLane) -> None:
        polygon = self._polygon(lane.id, np.concatenate([lane.right_m, lane.left_m[::-1]]))
        name = self._token("lane", lane.id)
        if lane.junction:
            self._row("lane_connector", f"lane/{lane.id}", polygon_token=polygon)
        else:
            ends = [self._line(f"{lane.id}/{k}", np.array([lane.left_m[k], lane.right_m[k]])) for k in (0, -1)]
            sides = {f"{side}_lane_divider_segments": self._divider(lane, side) for side in ("left", "right")}
            row = {"polygon_token": polygon, "lane_type": "CAR", "from_edge_line_token": ends[0], "to_edge_line_token": ends[1]}
            self._row("lane", f"lane/{lane.id}", **row, **sides)
        self.data["connectivity"][name] = {
            "incoming": [self._token("lane", n) for n in lane.predecessors],
            "outgoing": [self._token("lane", n) for n in lane.successors],
        }
        self.data["arcline_path_3"][name] = straights((lane.left_m + lane.right_m) / 2 + self.shift)

    def _divider(self, lane: MapLane, side: str) -> list[dict[str, str]]:
        """Segments of an edge of a lane; what is painted, and divides it from a lane that comes later, is a divider."""
        mark = getattr(lane, f"{side}_mark"), getattr(lane, f"{side}_color")
        kind = DIVIDERS.get(mark, DIVIDERS.get((mark[0], ""), "NIL"))
        nodes = self._line_nodes(f"{lane.id}/{side}", getattr(lane, f"{side}_m"))
        segments = [{"node_token": n, "segment_type": kind} for n in nodes]
        if kind != "NIL" and (side == "left" or not lane.right):
            line = self._row("line", f"{lane.id}/{side}", node_tokens=nodes)
            self._row("lane_divider", f"{lane.id}/{side}", line_token=line, lane_divider_segments=segments)
        return segments

    def _polygon(self, name: str, outline: NDArray[np.float64]) -> str:
        return self._row("polygon", name, exterior_node_tokens=self._line_nodes(f"polygon/{name}", outline), holes=[])

    def _line(self, name: str, points: NDArray[np.float64]) -> str:
        return self._row("line", name, node_tokens=self._line_nodes(f"line/{name}", points))

    def _line_nodes(self, name: str, points: NDArray[np.float64]) -> list[str]:
        return [
            self._row("node", f"{name}/{k}", x=float(x), y=float(y)) for k, (x, y) in enumerate((points + self.shift)[:, :2])
        ]

    def _row(self, layer: str, name: str, **values: Any) -> str:
        key = self._token(*name.split("/", 1)) if layer in ("lane", "lane_connector") else self._token(layer, name)
        self.data[layer].append({"token": key, **values})
        return key

    def _token(self, *names: str) -> str:
        return hashlib.blake2b("/".join([self.name, *names]).encode(), digest_size=16).hexdigest()


def widened(outline: NDArray[np.float64], by_m: float) -> NDArray[np.float64]:
    """An outline (n, 3), not closed, seen from above with all edges moved outwards; corners mitred, sharp ones cut short."""
    edges = (np.roll(outline, -1, 0) - outline)[:, :2]
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    kept = lengths > 1e-6  # of points in the same place the last is left
    outline, edges, lengths = outline[kept], edges[kept], lengths[kept]
    x, y = (outline[:, :2] - outline[:1, :2]).T
    turn = 1.0 if (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0 else -1.0  # counter-clockwise or clockwise
    after = turn * np.stack([edges[:, 1], -edges[:, 0]], -1) / lengths[:, None]
    before = np.roll(after, 1, 0)
    stretch = np.maximum(1.0 + (before * after).sum(1), 0.2)
    moved = outline.copy()
    moved[:, :2] += by_m * (before + after) / stretch[:, None]
    return moved


def straights(points: NDArray[np.float64]) -> list[dict[str, Any]]:
    """A line (n, 3) as arc-line paths of nothing but straight pieces."""
    path = []
    for a, b in zip(points[:-1], points[1:]):
        length, yaw = math.hypot(b[0] - a[0], b[1] - a[1]), math.atan2(b[1] - a[1], b[0] - a[0])
        if length > 1e-6:
            start, end = ([float(p[0]), float(p[1]), yaw] for p in (a, b))
            piece = {"start_pose": start, "end_pose": end, "shape": "LSL", "radius": 10.0, "segment_length": [0.0, length, 0.0]}
            path.append(piece)
    return path


def _starts_in(lane: MapLane, outline: NDArray[np.float64]) -> bool:
    k = len(lane.left_m) // 2
    x, y = ((lane.left_m + lane.right_m)[k - 1 : k + 1].mean(0) / 2)[:2].tolist()
    return cv2.pointPolygonTest(outline[:, :2].astype(np.float32), (x, y), False) >= 0
