"""The ground under test: no gaps, lane edges where the map has them, paint on the surface, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely

from scenesim.base import taxonomy
from scenesim.geometry import facets, fill
from scenesim.geometry.curves import Cubics, Piece, ReferenceLine
from scenesim.geometry.mesh import open_edges
from scenesim.scenario import opendrive, places
from scenesim.scenario.kerbs import with_kerbs
from scenesim.scenario.network import DRIVING, Network
from scenesim.scene import covers, ground, strips
from scenesim.world.road import RoadMap

MAPS = Path(__file__).parents[2] / "shared/data/asam/files"
PLACES = {
    "straight": lambda: places.straight(places.TOWN, 120.0),
    "curve": lambda: places.curve(places.MOTORWAY, 150.0, 60.0),
    "hill": lambda: places.hill(places.COUNTRY, 200.0, -8.0),
    "crossing": lambda: places.crossing(places.TOWN, 60.0),
    "fork": lambda: places.crossing(places.Style(lanes=2, left_hand=True), 60.0, arms=3),
}
FILES = {
    "fabriksgatan": "esmini__esmini/resources/xodr/fabriksgatan.xodr",
    "curves_elevation": "esmini__esmini/resources/xodr/curves_elevation.xodr",
    "Town01": "BerkeleyLearnVerify__Scenic/assets/maps/CARLA/Town01.xodr",
}
ALL = [*PLACES, *FILES]
LAID = (covers.IRON, covers.SHAFT, covers.FRAME)  # on the road, as paint is


@cache
def road_map(name: str) -> RoadMap:
    if name in PLACES:
        return RoadMap(PLACES[name]())
    path = MAPS / FILES[name]
    if not path.exists():
        pytest.skip("the map is not there")
    return RoadMap(with_kerbs(opendrive.read(path)))


@cache
def built(name: str) -> ground.Ground:
    around = (
        None
        if name in PLACES
        else np.stack(road_map(name).surfaces[sorted(road_map(name).surfaces)[0]].road.line.at(np.linspace(0, 40, 5))[:2], 1)
    )
    return ground.build(road_map(name), around, 80.0)


class Caster:
    """Rays against facets by Embree; coordinates about a point near by, because Embree's are float32."""

    def __init__(self, parts: facets.Facets, origin):
        scenes = pytest.importorskip("embreex.rtcore_scene")
        mesh = pytest.importorskip("embreex.mesh_construction")
        self.origin, self.scene = np.asarray(origin), scenes.EmbreeScene()
        self.mesh = mesh.TriangleMesh(self.scene, (parts.corners - self.origin).astype(np.float32))

    def cast(self, origin, direction):
        hits = self.scene.run((origin - self.origin).astype(np.float32), direction.astype(np.float32), output=1)
        return hits["primID"], hits["tfar"]


def lane_samples(m: RoadMap, g: ground.Ground, kinds=DRIVING):
    """Points in the middle of lanes that lie in the ground's footprint, with the map's height there."""
    points = []
    for ref in m.lanes(kinds):
        a, b = m.span(ref)
        s = np.linspace(a, b, int((b - a) / 3.0) + 3)[1:-1]
        surface, lane = m.surfaces[ref.road], m.lane(ref)
        h = surface.lane_height(lane, s - a, True)
        points.append(surface.xyz(s, surface.center_t(ref.section, ref.lane, s), h, lane.level))
    p = np.concatenate(points)
    return p[shapely.contains_xy(g.footprint.buffer(-0.2), p[:, 0], p[:, 1])]


@pytest.mark.parametrize("name", ALL)
def test_lanes_are_road_and_at_the_maps_height(name):
    m, g = road_map(name), built(name)
    p = lane_samples(m, g)
    assert len(p) > 20
    whole = facets.join([g.facets, g.terrain])
    caster = Caster(whole, g.origin)
    down = np.tile([0.0, 0.0, -1.0], (len(p), 1))
    hit, t = caster.cast(p + [0, 0, 5.0], down)
    names = np.array([s.class_name for s in whole.surfaces])[whole.surface[hit]]
    assert (hit >= 0).all()
    assert np.isin(names, ["road", "lane_marking"]).mean() > 0.999
    # Connecting roads of real maps differ by a little where they overlap; the ground is a blend of them.
    assert np.percentile(np.abs(t - 5.0), 99) < (0.006 if name in PLACES else 0.02)
    # Below the first hit comes nothing for a while: no second road, no land, but for the road under its paint.
    below, gap = caster.cast(p + [0, 0, 5.0] - t[:, None] * [0, 0, 1.0] - [0, 0, 1e-3], down)
    painted = np.array([s.mark != "" or s in LAID for s in whole.surfaces])[whole.surface[hit]]
    assert not ((below >= 0) & (gap < 0.05) & ~painted).any()


@pytest.mark.parametrize("name", ALL)
def test_no_ray_from_above_falls_through(name):
    g = built(name)
    whole = facets.join([g.facets, g.terrain])
    caster = Caster(whole, g.origin)
    rng = np.random.Generator(np.random.PCG64(5))
    low, high = np.array(g.footprint.bounds).reshape(2, 2)
    n = 40_000
    target = np.column_stack([rng.uniform(low - 20, high + 20, (n, 2)), np.full(n, g.facets.corners[..., 2].min() - 30)])
    # Half the rays aim at the edges of the road and of the junctions, where gaps would be.
    edge = shapely.get_coordinates(shapely.segmentize(g.footprint.boundary, 0.37))
    top = g.facets.corners[..., 2].max() + 30.0
    direction = np.column_stack([rng.uniform(-0.6, 0.6, (n, 2)), -np.ones(n)])
    direction /= np.sqrt((direction**2).sum(1, keepdims=True))
    at = edge[rng.integers(len(edge), size=n // 2)] + rng.normal(size=(n // 2, 2)) * 1e-4
    height = g.facets.corners[..., 2].mean()
    target[: n // 2] = np.column_stack([at, np.full(n // 2, height)])
    origin = target + direction * ((top - target[:, 2]) / direction[:, 2])[:, None]
    hit, _ = caster.cast(origin, direction)
    assert (hit >= 0).all()


@pytest.mark.parametrize("name", ["straight", "curve", "hill", "curves_elevation"])
def test_a_road_has_no_open_edges_but_its_outline(name):
    m = road_map(name)
    bands = [strips.band(s, k, 0.0, s.road.length) for s in m.surfaces.values() for k in range(len(s.road.sections))]
    for b in bands:
        mesh = facets.weld(b.facets)
        ring = np.concatenate([b.right, b.left, b.start, b.end])
        t = mesh.triangles.astype(np.int64)
        pairs = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
        key, back = pairs[:, 0] * 2**31 + pairs[:, 1], pairs[:, 1] * 2**31 + pairs[:, 0]
        ends = mesh.vertices[pairs[~np.isin(key, back)].ravel()]
        assert len(ends) == 2 * open_edges(mesh.triangles)
        d = np.sqrt(((ends[:, None] - ring[None]) ** 2).sum(-1)).min(1)
        assert d.max() < 1e-3


@pytest.mark.parametrize("name", ["straight", "curve", "hill", "curves_elevation", "Town01"])
def test_lane_edges_are_edges_of_the_mesh(name):
    """At every station of a band, there is a vertex on every lane edge, within a millimetre of where the map has it."""
    m = road_map(name)
    for surface in list(m.surfaces.values())[:12]:
        for k, section in enumerate(surface.road.sections):
            b = strips.band(surface, k, section.s, surface.road.section_end(k))
            if b is None or len(b.facets) == 0:
                continue
            stations = np.unique(np.round(b.facets.uv[..., 0].ravel(), 9))[::7]
            tree = shapely.STRtree(shapely.points(b.facets.corners.reshape(-1, 3)[:, :2]))
            for i, lane in section.lanes.items():
                if i == 0:
                    continue
                want = surface.edge_xyz(k, i, stations)
                near = tree.nearest(shapely.points(want[:, :2]))
                got = b.facets.corners.reshape(-1, 3)[near]
                assert np.abs(got[:, :2] - want[:, :2]).max() < 1e-3, (surface.road.id, k, i, lane.kind)


@pytest.mark.parametrize("name", ALL)
def test_paint_lies_on_the_surface(name):
    g = built(name)
    marks = np.array([s.mark != "" for s in g.facets.surfaces])[g.facets.surface]
    if not marks.any():
        assert name in FILES
        return
    painted, plain = g.facets.keep(marks), g.facets.keep(~marks)
    caster = Caster(plain, g.origin)
    u = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]) * 0.9 + 0.1 / 3
    u = u / u.sum(1, keepdims=True)
    p = np.einsum("tcx,kc->tkx", painted.corners, u).reshape(-1, 3)
    # What is under the paint is either nothing (the paint is the surface) or the road, less than 5 mm below.
    hit, t = caster.cast(p + [0, 0, 0.5], np.tile([0.0, 0.0, -1.0], (len(p), 1)))
    gap = t - 0.5
    on_road = (hit >= 0) & (np.abs(gap) < 1.0)
    assert (gap[on_road] > 0.0005).all() and (gap[on_road] < 0.005).all()
    for s in painted.surfaces:
        assert not s.mark or (s.mark in taxonomy.marks() and s.class_name == "lane_marking")


def test_dashes_are_as_long_as_the_map_says():
    """The centre line of the straight: 3 m painted, 6 m not, 0.12 m wide, from s = 0 to 120."""
    g = built("straight")
    center = [k for k, s in enumerate(g.facets.surfaces) if s.mark == "broken"]
    assert len(center) == 1
    f = g.facets.keep(g.facets.surface == center[0])
    y = road_map("straight").surfaces["1"].road.line.at(np.array([0.0]))[1][0]
    f = f.keep(np.abs(f.corners[..., 1].mean(1) - y) < 0.5)
    n = np.cross(f.corners[:, 1] - f.corners[:, 0], f.corners[:, 2] - f.corners[:, 0])
    assert np.sqrt((n * n).sum(1)).sum() / 2 == pytest.approx(0.12 * (13 * 3.0 + 3.0), abs=1e-6)
    s = f.uv[..., 0]
    assert ((s % 9.0 < 3.0 + 1e-6) | (s % 9.0 > 9.0 - 1e-6)).all()


def test_chunks_hold_the_same_triangles_and_float32_is_enough():
    g = built("crossing")
    parts = ground.chunks(g)
    assert sum(len(m.triangles) for m, _ in parts) == pytest.approx(len(g.facets) + len(g.terrain), rel=0.02)
    for mesh, pose in parts:
        extent = np.abs(mesh.vertices).max()
        if extent < 512:
            assert (mesh.vertices.astype(np.float32).astype(float) == mesh.vertices).all()
        assert (mesh.normals[..., 2] > -0.01).all()
        assert pose.rotation.tolist() == [1, 0, 0, 0]


def test_moving_the_world_moves_the_ground():
    """A georeferenced map 10 km away gives the same ground, moved."""
    n = PLACES["curve"]()
    road = n.roads["1"]
    far = ReferenceLine(tuple(replace(p, x=p.x + 10240.0, y=p.y - 20480.0) for p in road.line.pieces), road.line.length)
    a = built("curve").facets
    b = ground.build(RoadMap(replace(n, roads={"1": replace(road, line=far)}))).facets
    assert len(a) == len(b)
    assert np.abs(b.corners - a.corners - [10240.0, -20480.0, 0.0]).max() < 1e-6


def overpass() -> Network:
    """A motorway along x and, 6.5 m above it at x = 110, a street."""
    low, up = (places.straight(style, length).roads["1"] for style, length in ((places.MOTORWAY, 220.0), (places.TOWN, 240.0)))
    ramp = [[0, 0, 0, 3 * 6.5 / 90**2, -2 * 6.5 / 90**3], [90, 6.5, 0, 0, 0], [150, 6.5, 0, -3 * 6.5 / 90**2, 2 * 6.5 / 90**3]]
    line = ReferenceLine((Piece(0.0, 110.0, -120.0, np.pi / 2, 240.0),), 240.0)
    return Network("overpass", {"1": low, "2": replace(up, id="2", line=line, elevation=Cubics.of(ramp))})


def test_a_bridge_leaves_the_road_below_free():
    m = RoadMap(overpass())
    g = ground.build(m)
    whole = facets.join([g.facets, g.terrain])
    caster = Caster(whole, g.origin)
    names = np.array([s.class_name for s in whole.surfaces])[whole.surface]
    p = np.array([[110.0 + dx, dy, 20.0] for dx in (-4.0, -0.7, 3.1) for dy in (-7.0, -2.0, 1.0, 6.0)])
    down = np.tile([0.0, 0.0, -1.0], (len(p), 1))
    hit, t = caster.cast(p, down)
    assert np.abs(20 - t - 6.5).max() < 0.01 and np.isin(names[hit], ["road", "lane_marking"]).all()
    hit, t = caster.cast(p - [0, 0, 15.0], down)
    assert np.abs(5 - t).max() < 0.01 and np.isin(names[hit], ["road", "lane_marking"]).all()
    # A car's eye along either road sees nothing in its way, at 0.3 m above the surface.
    s = np.arange(5.0, 200.0, 2.0)
    for road in ("1", "2"):
        a, b = (m.surfaces[road].xyz(s + d, -2.0, 0.3) for d in (0.0, 2.0))
        way = b - a
        length = np.sqrt((way**2).sum(1))
        hit, t = caster.cast(a, way / length[:, None])
        assert not ((hit >= 0) & (t < length)).any()
        a, b = (m.surfaces[road].xyz(s + d, -2.0, 0.02) for d in (0.0, 0.4))
        way = b - a
        hit, t = caster.cast(a, way / np.sqrt((way**2).sum(1))[:, None])
        assert not ((hit >= 0) & (t < 0.4)).any()


def test_filling_keeps_the_outline_and_the_area():
    shape = shapely.Polygon([(0, 0), (30, 2), (41, 30), (12, 25), (-3, 12)], [[(10, 8), (14, 8), (14, 12), (10, 12)]])
    for cell in (1.0, 3.7, 50.0):
        t = fill.fill(shape, cell)
        a, b, c = t[:, 0], t[:, 1], t[:, 2]
        area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
        assert (area > 0).all()
        assert area.sum() == pytest.approx(shape.area, rel=1e-9)
        points, index = np.unique(np.round(t.reshape(-1, 2), 9), axis=0, return_inverse=True)
        assert open_edges(index.reshape(-1, 3)) == 9


def test_the_quadtree_leaves_no_gaps():
    shape = shapely.LineString([(0, 0), (70, 20)]).buffer(5.0)
    tree = fill.Quadtree(shape, (-200, -200, 300, 300), 128.0, 8.0, 1.5)
    t = np.concatenate([tree.triangles(), tree.seam()])
    points, index = np.unique(np.round(t.reshape(-1, 2), 9), axis=0, return_inverse=True)
    edges = open_edges(index.reshape(-1, 3))
    outline = len(shapely.get_coordinates(shape)) - 1
    low, high = points.min(0), points.max(0)
    on_border = ((points == low) | (points == high)).any(1).sum()
    assert edges == outline + on_border
    a, b, c = t[:, 0], t[:, 1], t[:, 2]
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum() / 2
    assert area + shape.area == pytest.approx(float(np.prod(high - low)), rel=1e-12)
