"""The road network evaluated: (s, t) to the world and back, lane edges, heights, what lies where.

Surface of a road, after OpenDRIVE 1.8 sections 10 and 11: the reference line carries a frame (e_s along it, e_t to its left
and banked by the superelevation, e_h up from the surface); a point at (s, t) lies at line(s) + t e_t + h e_h, where h is the
lateral shape plus the height of the lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenesim.base.frames import Pose, cross, quaternion_from_matrix
from scenesim.geometry.curves import Cubics
from scenesim.scenario.network import DRIVING, Lane, Network, Road, Section

Array = NDArray[np.float64]
CHORD_M = 0.02  # the most by which a straight piece between stations may leave the curve
LONGEST_STEP_M = 25.0
SAMPLE_M = 4.0  # between the samples of a reference line from which feet of perpendiculars are sought
BEYOND_END_M = 0.3  # a point this far beyond the end of a road is still on it: roads do not quite meet in real files


@dataclass(frozen=True, order=True)
class LaneRef:
    """A lane: road id, index of the section, lane id."""

    road: str
    section: int
    lane: int


class RoadSurface:
    """One road, evaluated."""

    def __init__(self, road: Road):
        self.road = road

    def frame(self, s: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """Point (..., 3) of the reference line and its axes e_s, e_t, e_h, each (..., 3), at s (...)."""
        s = np.asarray(s, float)
        x, y, heading = self.road.line.at(s)
        z, rise = self.road.elevation.at(s), self.road.elevation.slope_at(s)
        bank = self.road.superelevation.at(s)
        n = 1 / np.sqrt(1 + rise * rise)
        e_s = np.stack([np.cos(heading) * n, np.sin(heading) * n, rise * n], -1)
        left = np.stack([-np.sin(heading), np.cos(heading), np.zeros_like(heading)], -1)
        up = cross(e_s, left)
        c, sn = np.cos(bank)[..., None], np.sin(bank)[..., None]
        e_t = c * left + sn * up
        return np.stack([x, y, z], -1), e_s, e_t, cross(e_s, e_t)

    def shape_at(self, s: ArrayLike, t: ArrayLike) -> Array:
        """Height (...) of the lateral profile: between the profiles before and behind s, linear."""
        s, t = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float))
        if not self.road.shape:
            return np.zeros(s.shape)
        stations, profiles = self._profiles
        k = np.clip(np.searchsorted(stations, s, side="right") - 1, 0, len(stations) - 1)
        n = np.minimum(k + 1, len(stations) - 1)
        gap = stations[n] - stations[k]
        u = np.where(gap > 0, np.clip((s - stations[k]) / np.where(gap > 0, gap, 1), 0, 1), 0.0)
        low, high = np.zeros(s.shape), np.zeros(s.shape)
        for j, profile in enumerate(profiles):
            low[k == j] = profile.at(t[k == j])
            high[n == j] = profile.at(t[n == j])
        return low * (1 - u) + high * u

    @cached_property
    def _profiles(self) -> tuple[Array, list[Cubics]]:
        rows = np.array(self.road.shape, float)
        stations = np.unique(rows[:, 0])
        return stations, [Cubics.of(rows[rows[:, 0] == s][:, 1:]) for s in stations]

    def xyz(self, s: ArrayLike, t: ArrayLike, h: ArrayLike = 0.0, level: bool = False) -> Array:
        """World points (..., 3) at (s, t), h above the surface; `level` lanes ignore the superelevation."""
        s, t, h = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float), np.asarray(h, float))
        p, e_s, e_t, e_h = self.frame(s)
        if level:
            flat = np.stack([-e_s[..., 1], e_s[..., 0], np.zeros(s.shape)], -1)
            e_t = flat / np.sqrt((flat * flat).sum(-1, keepdims=True))
            e_h = cross(e_s, e_t)
        return p + t[..., None] * e_t + (h + self.shape_at(s, t))[..., None] * e_h

    def pose(self, s: ArrayLike, t: ArrayLike, h: ArrayLike = 0.0, heading: float = 0.0) -> Pose:
        """World poses (...) on the surface: x along the road turned by `heading`, z the surface's normal."""
        s, t = np.broadcast_arrays(np.asarray(s, float), np.asarray(t, float))
        _, e_s, e_t, _ = self.frame(s)
        d = 0.05
        across = e_t + ((self.shape_at(s, t + d) - self.shape_at(s, t - d)) / (2 * d))[..., None] * cross(e_s, e_t)
        across /= np.sqrt((across * across).sum(-1, keepdims=True))
        up = cross(e_s, across)
        c, sn = np.cos(heading), np.sin(heading)
        forward = c * e_s + sn * across
        return Pose(quaternion_from_matrix(np.stack([forward, cross(up, forward), up], -1)), self.xyz(s, t, h))

    # ---- lanes

    def edges(self, k: int, s: ArrayLike) -> dict[int, Array]:
        """t (...) of the outer edge of each lane of section k at s (...); 0 is the centre line with the lane offset."""
        s = np.asarray(s, float)
        section, d = self.road.sections[k], np.asarray(s, float) - self.road.sections[k].s
        offset = self.road.lane_offset.at(s)
        out = {0: offset}
        for sign in (1, -1):
            t = offset
            for i in sorted((i for i in section.lanes if i * sign > 0), key=abs):
                lane = section.lanes[i]
                if len(lane.border.start):
                    t = lane.border.at(d)
                else:
                    t = t + sign * np.maximum(lane.width.at(d), 0.0)
                out[i] = t
        return out

    def lane_height(self, lane: Lane, s_in_section: ArrayLike, outer: bool) -> Array:
        """Height (...) of a lane's inner or outer edge above the road's surface."""
        d = np.asarray(s_in_section, float)
        if not lane.heights:
            return np.zeros(d.shape)
        rows = np.array(lane.heights)
        k = np.clip(np.searchsorted(rows[:, 0], d, side="right") - 1, 0, len(rows) - 1)
        return np.where(d < rows[0, 0], 0.0, rows[k, 2 if outer else 1])

    def edge_xyz(self, k: int, lane_id: int, s: ArrayLike, outer: bool = True) -> Array:
        """World points (..., 3) of the outer (or inner) edge of a lane of section k at s (...), at the lane's height."""
        s = np.asarray(s, float)
        section = self.road.sections[k]
        edges = self.edges(k, s)
        inner_id = _inner(section, lane_id)
        lane = section.lanes[lane_id]
        t = edges[lane_id] if outer else edges[inner_id]
        return self.xyz(s, t, self.lane_height(lane, s - section.s, outer), lane.level)

    def center_t(self, k: int, lane_id: int, s: ArrayLike) -> Array:
        """t (...) of the middle of a lane."""
        edges = self.edges(k, s)
        return (edges[lane_id] + edges[_inner(self.road.sections[k], lane_id)]) / 2

    def stations(self, start: float, end: float, chord_m: float = CHORD_M, reach_m: float = 12.0) -> Array:
        """Increasing s from start to end, so dense that straight pieces leave the surface's edges by no more than chord_m."""
        if end - start < 1e-6:
            return np.array([start, max(end, start + 1e-6)])
        probe = np.linspace(start, end, max(3, int((end - start) / 1.0) + 2))
        k = np.abs(self.road.line.curvature_at(probe))
        k = k / np.maximum(1 - np.minimum(k * reach_m, 0.9), 0.1)  # the outer edge of a bend is longer, and bends as much
        d = (end - start) / (len(probe) - 1)
        for curve in (self.road.elevation, self.road.superelevation, self.road.lane_offset):
            if not curve.is_zero:
                slope = curve.slope_at(probe) * (reach_m if curve is self.road.superelevation else 1.0)
                bend = np.abs(np.gradient(slope, d))
                k = k + bend
        edges = self.edges(self.section_at((start + end) / 2), probe)
        for t in edges.values():
            k = k + np.abs(np.gradient(np.gradient(t, d), d))
        step = np.clip(np.sqrt(8 * chord_m / np.maximum(k, 1e-9)), 0.25, LONGEST_STEP_M)
        walked = np.concatenate([[0.0], np.cumsum(d * (1 / step[1:] + 1 / step[:-1]) / 2)])
        n = max(1, int(np.ceil(walked[-1])))
        s = np.interp(np.linspace(0, walked[-1], n + 1), walked, probe)
        breaks = [g.s for g in self.road.line.pieces]
        for curve in (self.road.elevation, self.road.superelevation, self.road.lane_offset):
            breaks += list(curve.start)
        s = np.concatenate([s, [b for b in breaks if start + 0.01 < b < end - 0.01]])
        s = np.sort(s)
        s = s[np.concatenate([[True], np.diff(s) > 1e-3])]
        s[0], s[-1] = start, end
        return self.refined(self.section_at((start + end) / 2), s, chord_m)

    def refined(self, k: int, s: Array, chord_m: float, shortest_m: float = 1e-3) -> Array:
        """The stations s, with more between them where an outermost edge of section k leaves its chord by more than chord_m."""
        lanes = self.road.sections[k].lanes
        for _ in range(4):
            middle = (s[1:] + s[:-1]) / 2
            off = np.zeros(len(middle))
            for i in (min(lanes), max(lanes)):
                p = self.edge_xyz(k, i, s)
                d = self.edge_xyz(k, i, middle) - (p[1:] + p[:-1]) / 2
                off = np.maximum(off, np.sqrt((d * d).sum(1)))
            more = middle[(off > chord_m) & (np.diff(s) > shortest_m)]
            if not len(more):
                break
            s = np.unique(np.concatenate([s, more]))
        return s

    def section_at(self, s: float) -> int:
        """Index of the section that holds s."""
        starts = [q.s for q in self.road.sections]
        return int(np.clip(np.searchsorted(starts, s, side="right") - 1, 0, len(starts) - 1))

    def lane_at(self, s: float, t: float) -> int | None:
        """Id of the lane at (s, t), None beside the road."""
        k = self.section_at(s)
        edges = {i: float(v) for i, v in self.edges(k, np.array(s)).items()}
        for i, t_outer in edges.items():
            if i != 0:
                t_inner = edges[_inner(self.road.sections[k], i)]
                if min(t_inner, t_outer) <= t < max(t_inner, t_outer):
                    return i
        return None

    def speed_limit(self, s: float, lane: Lane | None = None) -> float | None:
        """m/s at s, of the lane if it has one of its own, else of the road; None if neither says."""
        if lane is not None:
            d = s - self.road.sections[self.section_at(s)].s
            own = [v for o, v in lane.speeds if o <= d + 1e-9]
            if own:
                return own[-1]
        before = [v for o, _, v in self.road.kinds if o <= s + 1e-9]
        return before[-1] if before else None


def _inner(section: Section, lane_id: int) -> int:
    """Id of the lane (or 0) on the inner side of a lane."""
    sign = 1 if lane_id > 0 else -1
    closer = [i for i in section.lanes if i * sign >= 0 and abs(i) < abs(lane_id)]
    return max(closer, key=abs) if closer else 0


class RoadMap:
    """A network, evaluated; roads by id in `surfaces`."""

    def __init__(self, network: Network):
        self.network = network
        self.surfaces = {i: RoadSurface(r) for i, r in network.roads.items()}
        self._reaches: dict[str, float] = {}

    def lane(self, ref: LaneRef) -> Lane:
        return self.network.roads[ref.road].sections[ref.section].lanes[ref.lane]

    def span(self, ref: LaneRef) -> tuple[float, float]:
        """(first s, last s) of a lane."""
        road = self.network.roads[ref.road]
        return road.sections[ref.section].s, road.section_end(ref.section)

    def along(self, ref: LaneRef) -> bool:
        """Whether traffic in a lane drives in the direction of s."""
        right = self.network.roads[ref.road].rule != "LHT"
        return (ref.lane < 0) == right

    def lanes(self, kinds=DRIVING) -> list[LaneRef]:
        """All lanes of some kinds, in a fixed order."""
        return [
            LaneRef(r.id, k, i)
            for r in self.network.roads.values()
            for k, section in enumerate(r.sections)
            for i in sorted(section.lanes)
            if i != 0 and section.lanes[i].kind in kinds
        ]

    @cached_property
    def _samples(self) -> tuple[Array, list[tuple[str, float]]]:
        """Points (n, 2) on the reference lines every few metres, and (road, s) of each."""
        points, where = [], []
        for i, surface in self.surfaces.items():
            s = np.linspace(0, surface.road.length, max(2, int(surface.road.length / SAMPLE_M) + 2))
            x, y, _ = surface.road.line.at(s)
            points.append(np.stack([x, y], -1))
            where += [(i, float(v)) for v in s]
        return np.concatenate(points), where

    def _reach(self, road: str) -> float:
        """How far, at the most, lanes reach from the reference line of a road, m."""
        if road not in self._reaches:
            surface = self.surfaces[road]
            most = 0.0
            for k, section in enumerate(surface.road.sections):
                s = np.linspace(section.s, surface.road.section_end(k), 9)
                most = max(most, *(float(np.abs(t).max()) for t in surface.edges(k, s).values()))
            self._reaches[road] = 1.25 * most + 1.0  # between the samples a border may bulge
        return self._reaches[road]

    def locate(self, x: float, y: float, z: float | None = None, reach_m: float = 60.0) -> list[tuple[str, float, float]]:
        """(road, s, t) of every road on whose lanes the point (x, y) lies, the nearest centre first; with z, roads more than
        3 m above or below it are left out."""
        points, where = self._samples
        d2 = ((points - [x, y]) ** 2).sum(1)
        best: dict[str, tuple[float, float]] = {}
        for k in np.flatnonzero(d2 < reach_m**2):
            road, s = where[k]
            if road not in best or d2[k] < best[road][0]:
                best[road] = (float(d2[k]), s)
        best = {road: near for road, near in best.items() if near[0] < (self._reach(road) + SAMPLE_M) ** 2}
        found = []
        for road, (_, s) in best.items():
            s, t = self._refine(self.surfaces[road], s, x, y)
            lane = self.surfaces[road].lane_at(s, t)
            foot = self.surfaces[road].xyz(s, t)
            if lane is None or np.hypot(foot[0] - x, foot[1] - y) > BEYOND_END_M:
                continue
            if z is not None and abs(float(foot[2]) - z) > 3.0:
                continue
            found.append((abs(t), road, float(s), float(t)))
        return [(r, s, t) for _, r, s, t in sorted(found)]

    def nearest_z(self, x: float, y: float, near_z: float = 0.0) -> float:
        """Height of the reference line nearest to (x, y); of two that cross, the one whose height is nearer to near_z."""
        points, where = self._samples
        d2 = ((points - [x, y]) ** 2).sum(1)
        nearest = np.argsort(d2, kind="stable")[:8]
        heights = [float(self.surfaces[where[k][0]].road.elevation.at(np.array(where[k][1]))) for k in nearest]
        close = [h for h, k in zip(heights, nearest) if d2[k] < d2[nearest[0]] + 4.0]
        return min(close, key=lambda h: abs(h - near_z))

    def to_road(self, road: str, x: float, y: float) -> tuple[float, float]:
        """(s, t) of the point (x, y) on one road, the nearest foot of its reference line."""
        points, where = self._samples
        mine = [k for k, (r, _) in enumerate(where) if r == road]
        k = mine[int(np.argmin(((points[mine] - [x, y]) ** 2).sum(1)))]
        return self._refine(self.surfaces[road], where[k][1], x, y)

    def _refine(self, surface: RoadSurface, s: float, x: float, y: float) -> tuple[float, float]:
        """Foot of the perpendicular from (x, y), by Newton's method from s; t along the banked cross direction."""
        for _ in range(12):
            p, e_s, e_t, e_h = surface.frame(np.array(s))
            dx, dy = x - p[0], y - p[1]
            n = float(np.hypot(e_s[0], e_s[1]))
            across = float((-dx * e_s[1] + dy * e_s[0]) / n)
            # On a slope the banked cross direction leans along the road too.
            lean = float((e_t[0] * e_s[0] + e_t[1] * e_s[1]) / max(-e_t[0] * e_s[1] + e_t[1] * e_s[0], 1e-6))
            forward = float((dx * e_s[0] + dy * e_s[1]) / n) - across * lean
            k = float(surface.road.line.curvature_at(np.array(s)))
            step = forward / max(1 - k * across, 0.1)
            before, s = s, min(max(s + min(max(step, -20.0), 20.0), 0.0), surface.road.length)
            if abs(step) < 1e-9 or s == before:  # there, or held at an end
                break
        p, e_s, e_t, _ = surface.frame(np.array(s))
        flat = np.array([-e_s[1], e_s[0]]) / np.hypot(e_s[0], e_s[1])
        across = float((np.array([x, y]) - p[:2]) @ flat)
        return s, across / max(float(e_t[:2] @ flat), 1e-6)
