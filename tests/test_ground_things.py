"""Street furniture, buildings and where they stand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely

from scenesim.base import assets, keys, taxonomy
from scenesim.base.errors import InputError
from scenesim.geometry import solids
from scenesim.geometry.mesh import Surface, face_normals, open_edges
from scenesim.models import building, material, roadside
from scenesim.models.model import LAMP_BITS
from scenesim.scenario import places
from scenesim.scene import ground
from scenesim.scene.surroundings import Surroundings, surroundings
from scenesim.world.road import RoadMap

RECIPES = assets.names("roadside")
STEEL = Surface("steel_galvanised")


def welded(mesh):
    points, index = np.unique(np.round(mesh.vertices, 7), axis=0, return_inverse=True)
    return points, index[mesh.triangles]


def volume(mesh):
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_solids_are_closed_and_have_their_volume():
    square = shapely.box(0, 0, 2, 1).difference(shapely.box(0.5, 0.25, 1.0, 0.75))
    shapes = {
        "box": (solids.box((1, 2, 3), (4, 5, 6), STEEL), 6.0),
        "prism": (solids.prism(square, -1.0, 2.0, STEEL), 3 * 1.75),
        "cone": (solids.lathe([(0, 0), (1, 0), (0, 2)], STEEL, sides=200), 2 * np.pi / 3),
        "tube": (solids.tube([(0, 0, 0), (1, 0, 0), (2, 0, 0)], 0.5, STEEL, sides=200), np.pi / 2),
    }
    for name, (mesh, size) in shapes.items():
        assert open_edges(welded(mesh)[1]) == 0, name
        assert volume(mesh) == pytest.approx(size, rel=1e-3), name


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_something_sound(name):
    m = roadside.build(name)
    assert m.class_name in taxonomy.classes()
    low, high = m.parts[0].mesh.bounds()
    assert high[2] > 0.3 and low[2] >= -0.4 and np.isfinite(m.parts[0].mesh.vertices).all()
    assert {s.material for s in m.parts[0].mesh.surfaces} <= set(material.names())
    area = np.sqrt((face_normals(m.parts[0].mesh.vertices, m.parts[0].mesh.triangles) ** 2).sum(1))
    assert (area > 0).all()
    with pytest.raises(InputError, match="has no option"):
        roadside.build(name, colour_of_the_moon=1)


@pytest.mark.parametrize("name", ["traffic_light", "traffic_light_overhead", "traffic_light_pedestrian"])
def test_lamps_sit_before_their_lenses(name):
    """Each lamp is in front of the lens that glows with it, red above green, and shines to +x."""
    m = roadside.build(name)
    mesh = m.parts[0].mesh
    heights = {}
    for lamp in m.lamps:
        color = next(n for n, bit in LAMP_BITS.items() if bit == lamp.bits)
        row = next(k for k, s in enumerate(mesh.surfaces) if s.material == f"signal_{color}")
        lens = mesh.vertices[mesh.triangles[mesh.surface == row]].reshape(-1, 3)
        assert np.abs(lens[:, 1:].mean(0) - lamp.position[1:]).max() < 0.02
        assert lens[:, 0].max() <= lamp.position[0] + 0.02 and lamp.direction == (1.0, 0.0, 0.0)
        assert mesh.normals[mesh.surface == row][..., 0].min() > 0
        assert int(material.pack([f"signal_{color}"])[0][12]) == lamp.bits
        heights[color] = lamp.position[2]
    assert heights["red"] > heights["green"]


@pytest.mark.parametrize("face", sorted(roadside.FACES))
def test_faces_of_signs_are_one_plane_without_overlaps(face):
    layers = roadside.FACES[face]("50")
    mesh = solids.painted(layers)
    covered = shapely.union_all([shape for shape, _ in layers]).area
    a, b, c = (mesh.vertices[mesh.triangles[:, k], :2] for k in range(3))
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert (area > 0).all() and area.sum() == pytest.approx(covered, rel=1e-6)
    assert len(mesh.surfaces) >= 2


def test_speed_limits_differ_and_can_be_read_from_the_front():
    """What is left and right on the face is so for a reader who looks against x."""
    m = roadside.build("sign", face="speed_limit", value="17").parts[0].mesh
    black = next(k for k, s in enumerate(m.surfaces) if s.material == "sign_black")
    t = m.triangles[m.surface == black]
    # The 7 has its bar at the top and is right of the 1: from the front (+x), right is +y.
    right = m.vertices[t].reshape(-1, 3)[m.vertices[t].reshape(-1, 3)[:, 1] > 0.02]
    height = right[:, 2] - right[:, 2].min()
    top = right[height > 0.85 * height.max()]
    foot = right[height < 0.15 * height.max()]
    assert np.ptp(top[:, 1]) > 2 * np.ptp(foot[:, 1])
    assert (m.normals[m.surface == black][..., 0] > 0.99).all()


@pytest.mark.parametrize("style", sorted(building.STYLES))
def test_buildings_follow_their_design(style):
    for n in range(4):
        key = keys.derive(keys.root(n), style)
        d, m = building.draw(style, key), building.build(style, key)
        mesh = m.parts[0].mesh
        row = next(k for k, s in enumerate(mesh.surfaces) if s.material in ("facade", "mirror_facade"))
        walls = mesh.vertices[mesh.triangles[mesh.surface == row]].reshape(-1, 3)
        assert np.ptp(walls[:, 0]) == pytest.approx(d.depth_m) and np.ptp(walls[:, 1]) == pytest.approx(d.width_m)
        # The shader counts windows by whole pitches, from the left end of a wall, and storeys from the ground.
        uv = mesh.uv[mesh.surface == row].reshape(-1, 2)
        ends = uv[(uv[:, 0] >= 0), 0] / d.pitch_m
        assert np.abs(ends - np.round(ends)).max() < 1e-4
        assert (np.abs(uv[:, 1] - walls[:, 2]) < 1e-4).all()
        assert d.storeys * d.storey_m < d.eaves_m < (d.storeys + 1) * d.storey_m
        params = d.params(key)
        assert params[5:] == (float(d.brick), d.storey_m, d.pitch_m, d.eaves_m, d.window_w_m, d.window_h_m, float(d.shop))
        assert all(0 < c < 1 for c in params[:3])
    with pytest.raises(InputError, match='did you mean "villa"'):
        building.draw("vila", keys.root(1))


@cache
def stage(seed: int):
    m = RoadMap(places.crossing(places.TOWN, 90.0))
    g = ground.build(m)
    return m, g, surroundings(m, g, keys.root(seed), Surroundings(lit=True))


def foot(p):
    """What a placement covers at the height of a car, seen from above."""
    if p.request.kind == "building":
        d = building.draw(p.request.name, keys.Key(p.request.key))
        corners = np.array([(a * d.depth_m / 2, b * d.width_m / 2, 0) for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))])
        return shapely.Polygon(p.world_from_object.apply(corners)[:, :2])
    return shapely.Point(p.world_from_object.translation[:2]).buffer(0.05)


def test_nothing_stands_on_the_carriageway_or_inside_a_house():
    _, g, placed = stage(1)
    houses = [foot(p) for p in placed if p.request.kind == "building"]
    others = [p for p in placed if p.request.kind != "building"]
    assert len(houses) > 8 and len(others) > 30
    for k, house in enumerate(houses):
        assert not house.intersects(g.footprint)
        assert all(house.intersection(o).area < 1e-6 for o in houses[:k])
    for p in others:
        assert not foot(p).intersects(g.paved)
        assert not any(foot(p).intersects(h) for h in houses)


def test_nothing_floats():
    m, g, placed = stage(1)
    from scenesim.scene.site import Site

    site = Site(g)
    for p in placed:
        x, y, z = p.world_from_object.translation
        if p.request.kind == "building":
            corners = np.array(foot(p).exterior.coords)[:4]
            gap = z - site.height(corners)
            assert (gap > -1.5).all() and (gap < building.FOUNDATION_M).all()
        else:
            assert abs(z - site.height([[x, y]])[0]) < 1e-6


def test_street_lights_reach_over_the_road_and_signs_face_their_traffic():
    m, g, placed = stage(1)
    lights = [p for p in placed if p.request.name.startswith("street_light")]
    assert len(lights) >= 8 and all(p.lamp_bits == LAMP_BITS["street"] for p in lights)
    for p in lights:
        lamp = roadside.build(p.request.name).lamps[0]
        assert g.paved.buffer(0.5).contains(shapely.Point(p.world_from_object.apply(np.array(lamp.position))[:2]))
    heads = [p for p in placed if p.request.name == "traffic_light"]
    assert len(heads) == 4
    for p in heads:  # they look away from the middle of the crossing, at who comes
        face = p.world_from_object.rotate(np.array([1.0, 0.0, 0.0]))
        away = p.world_from_object.translation / np.sqrt((p.world_from_object.translation[:2] ** 2).sum())
        assert face[:2] @ away[:2] > 0.7


def test_the_same_key_places_the_same_things_and_another_does_not():
    def places_of(placed):
        return [(p.request, p.world_from_object.translation.tolist(), p.params) for p in placed]

    m, g, placed = stage(1)
    assert places_of(surroundings(m, g, keys.root(1), Surroundings(lit=True))) == places_of(placed)
    assert places_of(stage(2)[2]) != places_of(placed)


def test_amounts_of_nothing_leave_only_what_the_map_has():
    m, g, _ = stage(1)
    none = Surroundings(buildings=0.0, trees=0.0, lights=0.0, clutter=0.0, woods=0.0)
    assert {p.request.name for p in surroundings(m, g, keys.root(1), none)} == {"traffic_light", "sign"}
    with pytest.raises(InputError, match="between 0 and 1"):
        Surroundings(trees=2.0)
