"""Roads up close and land far off: filtered textures, lanes in texture coordinates, pavements, covers, woods."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely

from scenesim.base.errors import InputError
from scenesim.base.keys import Key
from scenesim.kernels import shaders
from scenesim.kernels.shaders import LANE_V_M, LANES_OF_ROAD, LOOK_COLUMNS
from scenesim.kernels.surface import texture_shares
from scenesim.kernels.texture import noise_table
from scenesim.scenario import places
from scenesim.scenario.kerbs import with_kerbs
from scenesim.scenario.network import DRIVING
from scenesim.scene import ground, strips
from scenesim.scene.covers import IRON, SHAFT, covers
from scenesim.scene.pavement import ALIKE, PAVEMENTS, Pavement
from scenesim.scene.woodland import CLEAR_M, woodland
from scenesim.world.road import RoadMap
from tests.scenes import from_python, pack


@cache
def road_map() -> RoadMap:
    return RoadMap(with_kerbs(places.crossing(places.TOWN, 60.0)))


@cache
def land(kind: str = "usual") -> ground.Ground:
    return ground.build(road_map(), pavement=Pavement(kind))


@cache
def shade(name: str):
    return from_python(getattr(shaders, name))


def albedo(name, x, y, width, wear, slab=0.0, row=0):
    """Green albedo of a surface of 0.2 seen over a square of some width."""
    m = np.zeros(LOOK_COLUMNS)
    m[[shaders.R, shaders.G, shaders.B]] = 0.2
    m[shaders.X], m[shaders.Y], m[shaders.U], m[shaders.V] = x, y, x, LANE_V_M * row + y
    m[shaders.NEAR] = m[shaders.FAR] = width
    m[shaders.AX] = m[shaders.AY] = 1.0
    m[shaders.P0], m[shaders.P1] = wear, slab
    shade(name)(m, noise_table_once())
    return m[shaders.G]


@cache
def noise_table_once():
    return noise_table()


LOOKS = [("_asphalt", 0.0, 0.0), ("_asphalt", 1.0, 0.0), ("_asphalt", 0.3, 5.0), ("_mark", 0.75, 0.0)]


@pytest.mark.parametrize("name, wear, slab", LOOKS)
def test_a_wide_look_is_the_mean_of_narrow_ones(name, wear, slab):
    """No shimmer: what is seen over 0.6 m is the mean of what is seen over centimetres."""
    fine, wide = [], []
    step = (np.arange(16) + 0.5) / 16 * 0.6 - 0.3
    for k in range(40):
        x, y = 3.7 * k, -1.2 + 0.061 * k
        fine.append(np.mean([albedo(name, x + a, y + b, 0.6 / 16, wear, slab) for a in step for b in step]))
        wide.append(albedo(name, x, y, 0.6, wear, slab))
    fine, wide = np.array(fine), np.array(wide)
    assert abs(fine.mean() / wide.mean() - 1) < 0.02
    assert np.sqrt(np.mean((wide / fine - 1) ** 2)) < 0.06
    if name == "_asphalt" and wear == 1.0:
        assert fine.std() / fine.mean() > 0.03  # and it is no even grey


def test_old_asphalt_varies_more_than_new_and_marks_wear_where_wheels_run():
    p = [(2.9 * k, -1.6 + 0.083 * k) for k in range(40)]
    new, old = ([albedo("_asphalt", x, y, 0.1, wear) for x, y in p] for wear in (0.0, 1.0))
    assert np.std(old) > 1.3 * np.std(new)
    in_track, beside = (np.mean([albedo("_mark", 1.7 * k, off, 0.05, 0.5) for k in range(60)]) for off in (0.85, 1.7))
    assert in_track < 0.95 * beside


def test_shares_of_a_step_follow_the_turn_of_the_texture():
    for turn in (0.0, 0.4, 2.0):
        c, s = np.cos(turn), np.sin(turn)
        corners = np.array([[0, 0, 0], [3, 0, 0], [1, 2, 0]], float)
        uv = np.stack([c * corners[:, 0] + s * corners[:, 1], c * corners[:, 1] - s * corners[:, 0]], 1)
        scene = pack([(corners, [(0, 1, 2)])], [0], np.array([[[1, 0, 0, 0, 0, 0, 0]]]))
        geometry = scene.geometry._replace(uv=uv.reshape(1, 6).astype(np.float32))
        got = from_python(texture_shares)(geometry, 0, 0.6, 0.0)
        assert got == pytest.approx((abs(c), abs(s)), abs=1e-6)


def test_the_carriageway_knows_its_lanes():
    """v is metres from the middle of a lane, whose row is even where vehicles drive."""
    for surface in road_map().surfaces.values():
        section = surface.road.sections[0]
        b = strips.band(surface, 0, 0.0, surface.road.length)
        edges = surface.edges(0, np.array(0.0))
        for i, lane in section.lanes.items():
            use = np.flatnonzero((b.lane == i) & (b.facets.surface == b.facets.surfaces.index(strips.ASPHALT)))
            if not len(use) or i == 0:
                continue
            v = b.facets.uv[use, :, 1]
            row = np.floor(v / LANE_V_M + 0.5)
            inner = max((j for j in section.lanes if j * i >= 0 and abs(j) < abs(i)), key=abs)
            assert len(np.unique(row)) == 1
            assert np.abs(v - LANE_V_M * row).max() <= abs(edges[i] - edges[inner]) / 2 + 0.3
            assert (row[0, 0] % 2 == 0) == (lane.kind in DRIVING)


def test_pavement_changes_no_label():
    """Old roads have other materials; what a thing is, and where, stays the same."""
    a, b = land(), land("old")
    assert np.array_equal(a.facets.corners, b.facets.corners)
    for g in (a, b):
        assert {s.material for s in g.facets.surfaces} >= {PAVEMENTS["usual" if g is a else "old"]}
    told = [[(g.facets.surfaces[k].class_name, g.facets.surfaces[k].mark) for k in g.facets.surface] for g in (a, b)]
    assert told[0] == told[1]
    worn = {s.material for s in b.facets.surfaces if s.mark}
    assert worn and all(name.endswith("_worn") for name in worn)


def test_roads_of_a_map_are_mostly_alike():
    alike = 0
    for seed in range(60):
        drawn = [Pavement("mixed", Key(seed)).of(str(road)).material for road in range(20)]
        assert drawn == [Pavement("mixed", Key(seed)).of(str(road)).material for road in range(20)]
        alike += max(drawn.count(name) for name in set(drawn)) / len(drawn)
    assert alike / 60 > ALIKE
    with pytest.raises(InputError, match='no pavement "asfalt"'):
        Pavement("asfalt")


def test_the_same_road_is_mended_elsewhere_in_another_scenario():
    """Rows of lanes differ from key to key by whole roads: which lane it is, and where in it, stays the same."""
    b = strips.band(next(iter(road_map().surfaces.values())), 0, 0.0, 40.0)
    v = [Pavement("usual", Key(seed)).lay(b.facets, "1").uv[..., 1] for seed in range(12)]
    assert len({float(a.max()) for a in v}) > 6
    lanes = [np.mod(a[b.facets.uv[..., 1] > LANE_V_M], LANE_V_M * LANES_OF_ROAD) for a in v]
    assert all(np.allclose(a, lanes[0], atol=1e-6) for a in lanes)


def test_covers_lie_on_the_carriageway_and_under_no_paint():
    g = land()
    iron = [k for k, s in enumerate(g.facets.surfaces) if s in (IRON, SHAFT)]
    assert len(iron) == 2
    covered = shapely.union_all(shapely.polygons(g.facets.corners[np.isin(g.facets.surface, iron)][..., :2]))
    marks = np.array([s.mark != "" for s in g.facets.surfaces])[g.facets.surface]
    paint = shapely.union_all(shapely.polygons(g.facets.corners[marks][..., :2]))
    assert g.paved.buffer(0.01).contains(covered)
    assert covered.intersection(paint).area < 1e-6
    again = covers(road_map(), g.paved, [])
    assert sum(s.area for s, _ in again) >= covered.area


def test_woods_keep_off_the_roads_and_grow_with_their_share():
    counts = []
    for share in (0.0, 0.1, 0.3):
        found = woodland(land(), Key(3), share)
        counts.append(sum(len(mesh.triangles) for mesh, _ in found))
        for mesh, pose in found:
            p = shapely.points((mesh.vertices + pose.translation)[:, :2])
            assert shapely.distance(p, land().footprint).min() > CLEAR_M - 10.0
    assert counts[0] == 0 and 0 < counts[1] < counts[2]
