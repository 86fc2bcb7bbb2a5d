"""Vehicles: closed shells of the recipe's size on round wheels that roll the right way, with lamps that can be switched."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.base import assets, taxonomy
from scenesim.base.errors import InputError
from scenesim.base.keys import derive, generator, root
from scenesim.geometry import outlines, subdivision
from scenesim.geometry.mesh import Surface, open_edges
from scenesim.geometry.shell import Region, Shell
from scenesim.geometry.soft import bar, loft, mirrored, ring, rounded_box, volume
from scenesim.models import (
    boxy,
    car_body,
    car_zones,
    catalogue,
    extremes,
    kit,
    material,
    plates,
    train,
    vehicle,
    vehicle_recipe,
)
from scenesim.models.model import CRANK_RAD, DRIVER, LAMP_BITS, STEER_RAD, WHEEL_M, part_pose, rest
from scenesim.world import population

NAMES = catalogue.vehicles()
CARS = [n for n in NAMES if vehicle_recipe.read(n).family == "car"]
GREY = Surface("trim_black")


class Models(dict):
    """Models by name, each built when it is asked for."""

    def __missing__(self, name: str):
        self[name] = catalogue.build(catalogue.ModelRequest("vehicle", name)).model
        return self[name]


@pytest.fixture(scope="module")
def models():
    return Models()


def test_the_families_are_there():
    wanted = {"sedan", "hatchback", "estate", "suv", "city_car", "pickup", "van", "lorry", "bus", "motorcycle", "bicycle"}
    wanted |= {"articulated_lorry", "semitrailer", "tipper", "tanker", "car_transporter", "refuse_lorry", "fire_engine"}
    wanted |= {"caravan", "horse_trailer", "coach", "articulated_bus", "articulated_bus_rear", "tram", "tram_middle"}
    wanted |= {"tram_end", "moped", "scooter", "e_scooter", "cargo_bike", "auto_rickshaw", "tractor", "excavator", "forklift"}
    wanted |= {"road_sweeper", "golf_cart"}
    wanted |= {"coupe", "convertible", "mpv", "minibus", "taxi", "taxi_ivory", "police_car", "ambulance"}
    assert wanted <= set(NAMES)


@pytest.mark.parametrize("name", CARS)
def test_a_cut_shell_stays_closed_and_keeps_its_volume(name):
    c = vehicle_recipe.read(name)
    b = car_body.body(c)
    before = volume(b.shell.vertices, b.shell.faces)
    car_zones.cut_all(b)
    assert open_edges(b.shell.faces) == 0
    assert np.isfinite(b.shell.vertices).all() and np.isfinite(b.shell.normals).all()
    assert volume(b.shell.vertices, b.shell.faces) == pytest.approx(before, rel=0.4 if c.open_top else 0.2 if c.bed_m else 2e-3)
    size = np.ptp(b.shell.vertices, axis=0)
    assert size[0] == pytest.approx(c.length_m, abs=0.005) and size[1] == pytest.approx(c.width_m, abs=0.005)
    glass = set() if c.open_top else {"vehicle_glass"}
    parts = {*glass, "tail_lamp", "brake_lamp", "headlamp", "indicator_left", "indicator_right", "panel_gap"}
    assert parts <= {b.shell.materials[k] for k in np.unique(b.shell.face_material)}


def test_shells_of_bus_and_cab_are_closed():
    assert open_edges(boxy.bus(vehicle_recipe.read("bus"))[0].faces) == 0
    assert open_edges(boxy.cab(vehicle_recipe.read("lorry")).faces) == 0


@pytest.mark.parametrize("name", ["sedan", "bus", "lorry", "bicycle"])
def test_nobody_sits_in_what_is_parked(name):
    occupied = catalogue.build(catalogue.ModelRequest("vehicle", name))
    empty = catalogue.build(catalogue.ModelRequest("vehicle", name, 0, (catalogue.EMPTY,)))
    assert (dict(occupied.model.attributes)["driver"], dict(empty.model.attributes)["driver"]) == ("true", "false")

    def people(model) -> int:
        looks = [p.mesh.surfaces[k].material for p in model.parts for k in p.mesh.surface]
        return sum(look.startswith(("driver_", "person_")) for look in looks)

    assert people(occupied.model) > 0 and people(empty.model) == 0
    assert empty.model.parts[0].mesh is occupied.model.parts[0].mesh


@pytest.mark.parametrize("name", NAMES)
def test_size_ground_and_budget(models, name):
    m, c = models[name], vehicle_recipe.read(name)
    assert m.size_lwh_m[0] == pytest.approx(c.length_m, rel=0.03)
    assert c.width_m - 0.02 < m.size_lwh_m[1] < c.width_m + 0.48  # mirrors stand out
    assert m.wheelbase_m == c.wheelbase_m
    assert m.size_lwh_m[2] == pytest.approx(max(c.height_m, c.overall_height_m), rel=0.03)
    assert m.wheelbase_m == c.wheelbase_m
    low = m.box_center_m[2] - m.size_lwh_m[2] / 2
    assert abs(low) < 1e-3
    for p in m.parts:
        if p.name.startswith("wheel"):
            assert abs(p.mesh.transformed(p.model_from_part).bounds()[0, 2]) < 1e-3
    assert 5000 <= sum(len(p.mesh.triangles) for p in m.parts) <= 45000
    assert all(np.isfinite(p.mesh.vertices).all() and np.isfinite(p.mesh.normals).all() for p in m.parts)


PAINTED = ("front", "rear", "ink", "band")
PLATES = {v for c in assets.names("countries") for k, v in plates.style(c).items() if k.endswith(PAINTED)}


@pytest.mark.parametrize("name", NAMES)
def test_bodies_are_closed_and_have_no_degenerate_triangles(models, name):
    for p in models[name].parts:
        m = p.mesh
        # A cloth, seen from below, and the paint on plates.
        open_ones = [k for k, s in enumerate(m.surfaces) if s.material == "headliner" or s.material in PLATES]
        _, place = np.unique(np.round(m.vertices, 9), axis=0, return_inverse=True)  # plain boxes have each corner three times
        assert open_edges(place.reshape(-1)[m.triangles][~np.isin(m.surface, open_ones)]) == 0, p.name
        a, b, c = (m.vertices[m.triangles[:, k]] for k in range(3))
        assert 0.5 * np.sqrt((np.cross(b - a, c - a) ** 2).sum(1)).min() > 1e-13, p.name


@pytest.mark.parametrize("name", NAMES)
def test_the_box_is_tight_at_every_articulation(models, name):
    """The points that boxes are made of, against all vertices, with the wheels turned."""
    m = models[name]
    for steer, roll in ((0.0, 0.0), (0.5, 0.7), (-0.4, 2.9)):
        row = rest()
        row[STEER_RAD], row[WHEEL_M], row[CRANK_RAD] = steer, roll, roll
        every = np.concatenate([part_pose(p, row).apply(p.mesh.vertices) for p in m.parts])
        few = extremes.points(catalogue.ModelRequest("vehicle", name), m, row)
        assert np.abs(few.min(0) - every.min(0)).max() < 1.5e-3 and np.abs(few.max(0) - every.max(0)).max() < 1.5e-3


@pytest.mark.parametrize("name", NAMES)
def test_wheels_stand_under_the_axles_and_roll_forward(models, name):
    m = models[name]
    wheels = [p for p in m.parts if p.name.startswith("wheel")]
    x = sorted({round(float(p.model_from_part.translation[0]), 6) for p in wheels})
    c = vehicle_recipe.read(name)
    if vehicle_recipe.is_drawn(c):
        assert abs(np.mean(x)) < 0.95  # about the middle of its axles
    else:
        assert {0.0, m.wheelbase_m} <= {round(v, 6) for v in x}
        assert len(x) == 2 + len(getattr(c, "more_axles_m", ()))
    moved = rest()
    moved[WHEEL_M] = 0.02
    for p in wheels:
        centre = p.model_from_part.translation
        top = centre + [0.0, 0.0, centre[2]]
        in_part = p.model_from_part.inverse().apply(top)
        # A rolling wheel's top goes forward as far as its hub does, relative to the hub.
        assert part_pose(p, moved).apply(in_part)[0] - top[0] == pytest.approx(0.02, rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_steering_left_turns_the_front_wheels_left(models, name):
    moved = rest()
    moved[STEER_RAD] = 0.3
    for p in models[name].parts:
        if not p.name.startswith("wheel"):
            continue
        forward = p.model_from_part.inverse().rotate([1.0, 0.0, 0.0])
        turned = part_pose(p, moved).rotate(forward)
        angle = float(np.arctan2(turned[1], turned[0]))
        assert angle == pytest.approx(0.3 if "front" in p.name else 0.0, abs=1e-9)


def test_pedals_turn_with_the_wheels(models):
    pedals = next(p for p in models["bicycle"].parts if p.name == "pedals")
    moved = rest()
    moved[CRANK_RAD] = 0.1
    top = part_pose(pedals, moved).rotate([0.0, 0.0, 1.0])
    assert top[0] == pytest.approx(np.sin(0.1))


@pytest.mark.parametrize("name", NAMES)
def test_lamps_and_materials(models, name):
    m = models[name]
    used = {s.material for p in m.parts for s in p.mesh.surfaces}
    rows = material.pack(sorted(used))
    assert len(rows) == len(used)
    known = set(taxonomy.names_by_id().values()) | {""}
    assert {s.class_name for p in m.parts for s in p.mesh.surfaces} <= known and m.class_name in known
    assert all(lamp.bits and lamp.bits & sum(LAMP_BITS.values()) == lamp.bits for lamp in m.lamps)
    low = [lamp for lamp in m.lamps if lamp.bits & LAMP_BITS["low_beam"]]
    if name in catalogue.trailers():
        assert not low
        return
    front = m.box_center_m[0] + m.size_lwh_m[0] / 2
    reach = max(1.3, vehicle_recipe.read(name).front_overhang_m)
    assert low and all(front - reach < lamp.position[0] < front + 0.1 and lamp.direction[0] > 0.99 for lamp in low)
    assert all(0.4 < lamp.position[2] < 1.2 for lamp in low)
    if len(low) == 2:
        assert low[0].position[1] == -low[1].position[1] > 0.3


@pytest.mark.parametrize("name", CARS)
def test_indicators_are_on_their_own_sides(models, name):
    body = models[name].parts[0].mesh
    for word, sign in (("indicator_left", 1), ("indicator_right", -1)):
        index = [k for k, s in enumerate(body.surfaces) if s.material == word]
        y = body.vertices[body.triangles[np.isin(body.surface, index)]][..., 1]
        assert len(y) and (y * sign > 0).all()


def test_riders_are_told_from_their_machines(models):
    for name in ("bicycle", "motorcycle", "moped", "scooter", "e_scooter", "cargo_bike"):
        (rider,) = (p for p in models[name].parts if p.name == DRIVER)
        assert {s.class_name for s in rider.mesh.surfaces} == {"rider"}
        alone = vehicle.build(name, driver=False)
        assert not any(s.class_name == "rider" for p in alone.parts for s in p.mesh.surfaces)
        assert alone.size_lwh_m[2] < models[name].size_lwh_m[2] - 0.4


def test_the_same_request_makes_the_same_model(models):
    again = vehicle.build("hatchback")
    for a, b in zip(models["hatchback"].parts, again.parts):
        assert a.mesh.vertices.tobytes() == b.mesh.vertices.tobytes()
        assert a.mesh.triangles.tobytes() == b.mesh.triangles.tobytes()
    empty = vehicle.build("hatchback", driver=False)
    assert [p.name for p in empty.parts] == [p.name for p in again.parts if p.name != "driver"] != [p.name for p in again.parts]


def test_sections_of_a_bus_and_a_tram_are_as_long_together_as_published():
    """Citaro G 18.125 m, Avenio 27.9 m: from the front's bumper to the last end, in line, without the mirrors before it."""
    for name, length in (("articulated_bus", 18.125), ("tram", 27.9)):
        request = catalogue.ModelRequest("vehicle", name)
        first = catalogue.build(request).model
        c, last = vehicle_recipe.read(name), train.links(request)[-1]
        nose = c.front_overhang_m + c.wheelbase_m
        end = last.model.box_center_m[0] - last.model.size_lwh_m[0] / 2 - last.back_m
        assert nose - end == pytest.approx(length, rel=0.03)
        assert {link.model.class_name for link in train.links(request)} == {first.class_name}


def test_mistakes_in_parts_and_liveries_are_told():
    good = vehicle_recipe.values_of("caravan")
    for change, message in (
        ({"parts": [{"shape": "bxo"}]}, 'no shape "bxo" of parts; did you mean "box"'),
        ({"parts": [{"shape": "box", "size_m": [1, 1, 1], "at_m": [0, 0, 0]}]}, "a box needs material"),
        ({"parts": [{"shape": "drum", "radus_m": 1}]}, 'a drum has no "radus_m"; did you mean "radius_m"'),
        ({"parts": ["box"]}, "should be a list of dictionaries"),
    ):
        with pytest.raises(InputError, match=message):
            kit.pieces(vehicle_recipe.checked({**good, **change}).parts)
    with pytest.raises(InputError, match="no strokes for the letter"):
        kit.word("?", [0, 1, 1], 0.2, "left", "foil_black")


def test_mistakes_are_told():
    with pytest.raises(InputError, match='no vehicle "hatchbak"; did you mean "hatchback"'):
        vehicle.build("hatchbak")
    with pytest.raises(InputError, match='no option "drivr"; did you mean "driver"'):
        vehicle.build("sedan", drivr=True)
    with pytest.raises(InputError, match="should be true or false"):
        vehicle.build("sedan", driver="yes")
    good = dict(assets.read("vehicles", "sedan"))
    for change, message in (
        ({"length_m": "long"}, "length_m: 'long' should be a number"),
        ({"length_m": -4.0}, "length_m: -4.0 should be above 0"),
        ({"wheelbse_m": 2.8}, 'no "wheelbse_m"; did you mean "wheelbase_m"'),
        ({"belt_m": 0.9}, "belt_m: 0.9 should be a list"),
        ({"boot": 1}, "boot: 1 should be true or false"),
        ({"family": "kar"}, 'no family of vehicles "kar"; did you mean "car"'),
        ({"front": [{"outline_m": []}]}, "should have outline_m, radius_m and material"),
    ):
        with pytest.raises(InputError, match=message.replace("(", r"\(")):
            vehicle_recipe.checked({**good, **change})
    del good["wheelbase_m"]
    with pytest.raises(InputError, match="wheelbase_m must be given"):
        vehicle_recipe.checked(good)


def test_paints_add_up_and_are_colours():
    paints = catalogue.paints()
    assert sum(p["weight"] for p in paints.values()) == pytest.approx(1.0, abs=0.01)
    assert all(len(p["albedo"]) == 3 and all(0 < v < 0.9 for v in p["albedo"]) for p in paints.values())


def test_colours_are_as_frequent_as_stated():
    """Pearson's chi-squared over 2000 draws stays below its 99.9 % point."""
    from scipy.stats import chi2

    paints = catalogue.paints()
    drawn = [population.paint(generator(derive(root(3), "paints", k))) for k in range(2000)]
    weight = np.array([p["weight"] for p in paints.values()])
    wanted = 2000 * weight / weight.sum()
    seen = np.array([drawn.count(n) for n in paints])
    assert ((seen - wanted) ** 2 / wanted).sum() < chi2.ppf(0.999, len(paints) - 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_a_livery_takes_no_paint(models, name):
    used = {s.material for p in models[name].parts for s in p.mesh.surfaces}
    assert ("vehicle_paint" in used) == (not vehicle_recipe.read(name).coat)


def test_subdividing_a_cube():
    """Catmull-Clark keeps Euler's formula; a cube's corners (at 1.73) are rounded off, and sharp edges stay where they are."""
    grid = subdivision.lattice(2, 1, 2)
    p = np.array(list(grid.index), float) - [1, 0, 1]
    v, quads = subdivision.subdivide(p, grid.quads, subdivision.creases(grid, []), 3)
    edges = np.unique(subdivision.edge_numbers(quads, np.roll(quads, -1, 1)))
    assert len(v) - len(edges) + len(quads) == 2
    r = np.sqrt((v * v).sum(1))
    assert r.max() < 1.35 and r.min() > 0.9
    runs = [subdivision.Crease(a, at, 0, n, 9.0) for a, at, n in (("row", 2, 2), ("front", 2, 1), ("rear", 2, 1))]
    sharp, _ = subdivision.subdivide(p, grid.quads, subdivision.creases(grid, runs), 3)
    assert np.ptp(sharp[:, 2][np.abs(sharp[:, 2] - 1) < 1e-9]) < 1e-9
    assert (np.abs(sharp[:, 2] - 1) < 1e-9).sum() > 8


def test_outline_distances_against_shapely():
    import shapely

    corners = outlines.rounded([(0, 0), (2, 0.1), (1.5, 1), (0.7, 0.6), (0.1, 1.2)], 0.1)
    points = np.random.default_rng(2).uniform(-1, 3, (400, 2))
    shape = shapely.Polygon(corners)
    want = [(-1 if shape.contains(shapely.Point(q)) else 1) * shape.exterior.distance(shapely.Point(q)) for q in points]
    assert np.allclose(outlines.polygon(corners)(points), want, atol=1e-9)


def test_cutting_a_ball_with_a_plane():
    """The area of a zone is Archimedes' 2 pi r h, and the cut runs on the plane."""
    grid = subdivision.lattice(4, 2, 4)
    p = np.array(list(grid.index), float) - [2, 0, 2]
    v, quads = subdivision.subdivide(p, grid.quads, subdivision.creases(grid, []), 3)
    v /= np.sqrt((v * v).sum(1, keepdims=True))
    faces = subdivision.triangles(quads)
    faces = faces if volume(v, faces) > 0 else faces[:, ::-1]
    ball = Shell(v, faces, "trim_black")
    ball.zone(outlines.above(0.31), lambda q: q[:, [0, 2]], Region(), "chrome", ("trim_black",))
    m = ball.mesh()
    assert open_edges(m.triangles) == 0
    top = m.triangles[m.surface == 1]
    a, b, c = (m.vertices[top[:, k]] for k in range(3))
    assert 0.5 * np.sqrt((np.cross(b - a, c - a) ** 2).sum(1)).sum() == pytest.approx(2 * np.pi * 0.69, rel=0.01)
    assert m.vertices[top][..., 2].min() > 0.31 - 0.005


def test_soft_solids_are_closed_and_seen_from_outside():
    solids = [
        rounded_box((1.0, 0.6, 0.4), 0.1, GREY, 3),
        ring([(1.0, -0.1), (1.1, -0.1), (1.1, 0.1), (1.0, 0.1)], 32, GREY),
        bar([(0, 0, 0), (1, 0, 0.2), (1.2, 0, 1.5)], 0.1, GREY, 12),
        loft([(0, 0, 0), (0, 0, 1), (0.3, 0, 2)], [[0.2, 0.1], [0.3, 0.1], [0.1, 0.1]], GREY),
    ]
    for m in solids + [mirrored(m) for m in solids]:
        assert open_edges(m.triangles) == 0
        assert volume(m.vertices, m.triangles) > 0
    box = 1.0 * 0.6 * 0.4
    assert 0.9 * box < volume(solids[0].vertices, solids[0].triangles) < box


@pytest.mark.parametrize("crank_rad", [0.0, 1.0, 2.5, 4.0])
def test_feet_go_with_the_pedals(models, crank_rad):
    """Shoes are on the pedals, which turn: what is lowest of each shoe's ball is less than 2 cm off its pedal."""
    bicycle = models["bicycle"]
    pose = rest()
    pose[CRANK_RAD] = crank_rad
    (rider,) = (p for p in bicycle.parts if p.name == DRIVER)
    (pedals,) = (p for p in bicycle.parts if p.name == "pedals")
    v = part_pose(rider, pose).apply(rider.skin.vertices(pose))
    for y, x, z in ((0.15, 0.12, -0.12), (-0.15, -0.12, 0.12)):
        at = part_pose(pedals, pose).apply(np.array([x, y, z]))
        near = v[(np.hypot(v[:, 0] - at[0], v[:, 1] - at[1]) < 0.04) & (np.abs(v[:, 2] - at[2]) < 0.06)]
        assert len(near) and abs(near[:, 2].min() - at[2] - 0.0125) < 0.02
