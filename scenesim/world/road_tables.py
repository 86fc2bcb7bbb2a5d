"""Roads as a table and as a drawing: what `scenesim road` writes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from scenesim.base.errors import InputError
from scenesim.base.files import written_whole
from scenesim.scenario.network import DRIVING, WALKING, Network
from scenesim.world.marks import strips as painted
from scenesim.world.road import Array, RoadMap, RoadSurface

COLORS = {"driving": (88, 90, 95), "walking": (176, 168, 158), "parking": (104, 104, 118), "biking": (150, 86, 80)}
JOINT_M = 2e-4  # a station stands this far before each joint, so that a jump is seen from both sides
CHORD_M = 5e-3
GROUND, OTHER, LINE, YELLOW, TEXT = (214, 222, 204), (134, 150, 118), (245, 245, 240), (235, 190, 40), (30, 30, 30)


def write_boundaries_csv(network: Network, path: str | Path, step_m: float = 1.0) -> None:
    """Outer boundary of every lane: rows road, section, lane, s, x, y, z, h (heading, rad) at most step_m apart."""
    if not step_m > 0:
        raise InputError(f"--step {step_m:g}: the step must be above 0 m")
    with written_whole(path) as partial, open(partial, "w", newline="", encoding="utf8") as f:
        out = csv.writer(f)
        out.writerow(["road", "section", "lane", "s", "x", "y", "z", "h"])
        out.writerows(boundary_rows(network, step_m))


def boundary_rows(network: Network, step_m: float):
    """The rows of write_boundaries_csv."""
    for surface in RoadMap(network).surfaces.values():
        road = surface.road
        for k, section in enumerate(road.sections):
            start, end = section.s, min(road.section_end(k), road.length)
            if end <= start:
                continue
            s = _stations(surface, k, start, end, step_m)
            heading = np.mod(road.line.at(s)[2], 2 * np.pi)
            for i in sorted(section.lanes):
                p = surface.edge_xyz(k, i, s)
                for n in range(len(s)):
                    x, y, z = p[n]
                    yield road.id, k, i, f"{s[n]:.4f}", f"{x:.4f}", f"{y:.4f}", f"{z:.4f}", f"{heading[n]:.5f}"


def _stations(surface: RoadSurface, k: int, start: float, end: float, step_m: float) -> Array:
    """Stations at most step_m apart, denser where an edge would leave its chord, and on both sides of every joint."""
    road, section = surface.road, surface.road.sections[k]
    s = np.linspace(start, end, max(2, int(np.ceil((end - start) / step_m)) + 1))
    joints = [p.s for p in road.line.pieces]
    for curve in (road.elevation, road.superelevation, road.lane_offset):
        joints += list(curve.start)
    for lane in section.lanes.values():
        joints += [section.s + v for v in (*lane.width.start, *lane.border.start)]
    inside = np.array([v for v in joints if start + 2 * JOINT_M < v < end])
    return surface.refined(k, np.unique(np.concatenate([s, inside, inside - JOINT_M])), CHORD_M, 4 * JOINT_M)


def draw_map(network: Network, path: str | Path, width_px: int = 1600) -> None:
    """A map of the lanes as a PNG, north up, with a scale."""
    import cv2

    strips, marks = [], []
    for surface in RoadMap(network).surfaces.values():
        road = surface.road
        for k, section in enumerate(road.sections):
            start, end = section.s, min(road.section_end(k), road.length)
            if end <= start:
                continue
            s = np.linspace(start, end, max(2, int((end - start) / 1.5) + 2))
            marks += [(m, surface.xyz(m.s, m.t)[:, :2]) for m in painted(surface, k)]
            for i in sorted(section.lanes, key=lambda i: -abs(i)):
                if i != 0:
                    outline = np.concatenate([surface.edge_xyz(k, i, s, outer=False), surface.edge_xyz(k, i, s)[::-1]])[:, :2]
                    strips.append((_color(section.lanes[i].kind), outline))
    if not strips:
        raise InputError(f"the map {network.name!r} has no lane beside its centre lines: nothing to draw")
    points = np.concatenate([q[1] for q in strips])
    lo, hi = points.min(0) - 8, points.max(0) + 8
    size = np.maximum(hi - lo, 20.0)
    scale = width_px / max(size[0], size[1])
    canvas = np.full((max(int(size[1] * scale), 200), max(int(size[0] * scale), 320), 3), GROUND, np.uint8)

    def pixel(p):
        return np.round(np.stack([(p[:, 0] - lo[0]) * scale, (hi[1] - p[:, 1]) * scale], -1) * 16).astype(np.int32)

    for rank in (OTHER, COLORS["walking"], COLORS["parking"], COLORS["biking"], COLORS["driving"]):
        for color, outline in strips:
            if color == rank:
                cv2.fillPoly(canvas, [pixel(outline)], color, cv2.LINE_AA, 4)
    if scale > 1.2:
        for mark, line in marks:
            color = YELLOW if mark.color == "yellow" else LINE
            cv2.polylines(canvas, [pixel(line)], False, color, max(1, round(mark.width * scale)), cv2.LINE_AA, 4)
    bar = 10.0 ** np.floor(np.log10(size[0] / 3))
    y = canvas.shape[0] - 14
    cv2.line(canvas, (12, y), (12 + int(bar * scale), y), TEXT, 2)
    cv2.putText(canvas, f"{bar:g} m   {network.name}", (12, y - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, TEXT, 1, cv2.LINE_AA)
    with written_whole(path) as partial:
        partial.write_bytes(cv2.imencode(".png", canvas[..., ::-1])[1].tobytes())


def _color(kind: str) -> tuple[int, int, int]:
    if kind in DRIVING:
        return COLORS["driving"]
    return COLORS["walking"] if kind in WALKING else COLORS.get(kind, OTHER)
