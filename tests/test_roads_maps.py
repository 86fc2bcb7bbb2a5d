"""The maps of nuScenes and Argoverse 2 of every kind of place, unrendered: all is there, references hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from place_cases import PLACE_OF, SIDES, of

from scenesim.datasets import av2, nuscenes_map
from scenesim.labels.layout import layout
from scenesim.scenario.model import PLACES

REACH_M = 70.0
KINDS = [(kind, PLACE_OF[kind][0], SIDES[k % 2]) for k, kind in enumerate(PLACES)]


def made(kind, options, where):
    """(layout about the middle of road 1, a line of its middle)."""
    m = of((kind, options), where)
    line = m.network.roads["1"].line
    x, y, _ = line.at(0.4 * line.length + np.linspace(0.0, 20.0, 3))
    around = np.stack([x, y, np.zeros(3)], 1)
    return layout(m, around, REACH_M), around


def points(rows):
    return np.array([[p["x"], p["y"]] for p in rows])


@pytest.mark.parametrize(("kind", "options", "where"), KINDS, ids=str)
def test_argoverse_takes_every_kind_of_place(kind, options, where):
    found, _ = made(kind, options, where)
    data = json.loads(json.dumps(av2.vector_map(found), allow_nan=False))
    segments = {int(k): v for k, v in data["lane_segments"].items()}
    assert len(segments) >= len(found.lanes) >= 2
    assert len(data["drivable_areas"]) == len(found.drivable_m) and len(data["pedestrian_crossings"]) == len(found.crosswalks_m)
    ground = shapely.union_all([shapely.Polygon(o[:, :2]).buffer(0.05) for o in found.drivable_m])
    for k, q in segments.items():
        assert all(k in segments[n]["predecessors"] for n in q["successors"])
        assert all(k in segments[n]["successors"] for n in q["predecessors"])
        left, right = points(q["left_lane_boundary"]), points(q["right_lane_boundary"])
        ahead, across = left[-1] - left[0] + right[-1] - right[0], left.mean(0) - right.mean(0)
        if q["successors"] and np.abs(ahead).max() > 2.0 and not q["is_intersection"]:
            assert ahead[0] * across[1] - ahead[1] * across[0] > 0.0  # left is to the left of the way
        n = min(len(left), len(right)) // 2
        assert ground.dwithin(shapely.Point((left[n] + right[n]) / 2), 0.1)


@pytest.mark.parametrize(("kind", "options", "where"), KINDS, ids=str)
def test_nuscenes_takes_every_kind_of_place(kind, options, where):
    found, around = made(kind, options, where)
    maps = nuscenes_map.Maps()
    (east, north), location = maps.place(found, around)
    ((there, data),) = maps.expansions()
    assert there == location
    data = json.loads(json.dumps(data, allow_nan=False))
    tokens = [row["token"] for layer in nuscenes_map._Expansion.LAYERS for row in data[layer]]
    assert len(tokens) == len(set(tokens))
    lanes = {row["token"] for row in (*data["lane"], *data["lane_connector"])}
    assert len(lanes) == len(found.lanes) and set(data["connectivity"]) == lanes == set(data["arcline_path_3"])
    for joined in data["connectivity"].values():
        assert {*joined["incoming"], *joined["outgoing"]} <= lanes
    nodes, polygons = ({row["token"]: row for row in data[layer]} for layer in ("node", "polygon"))
    for row in data["lane"]:
        corners = [nodes[t] for t in polygons[row["polygon_token"]]["exterior_node_tokens"]]
        assert all(0 <= c["x"] <= data["canvas_edge"][0] and 0 <= c["y"] <= data["canvas_edge"][1] for c in corners)
    nuscenes_map.PIXEL_M, fine = 1.0, nuscenes_map.PIXEL_M
    try:
        ((_, mask),) = maps.masks()
    finally:
        nuscenes_map.PIXEL_M = fine
    middle = np.concatenate([(lane.left_m + lane.right_m)[len(lane.left_m) // 2 :][:1] / 2 for lane in found.lanes])
    column, row = (middle[:, 0] + east).astype(int), (len(mask) - 1 - (middle[:, 1] + north).astype(int)).astype(int)
    assert (mask[row, column] == 255).mean() > 0.9  # lanes are on what can be driven on
