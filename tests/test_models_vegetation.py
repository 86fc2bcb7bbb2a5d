"""Vegetation: trees are what was asked for, stand in the ground, and are never twice the same unless their keys are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenesim.base import assets, keys
from scenesim.base.errors import InputError
from scenesim.models import branching, catalogue, foliage, material, roadside, vegetation
from scenesim.models.catalogue import ModelRequest

SPECIES = assets.names("vegetation")
TREES = [s for s in SPECIES if s != "bush"]
MOST_TRIANGLES = 30_000


@cache
def mesh(species, height_m, seed=1, season="summer"):
    return vegetation.build(species, height_m, keys.root(seed), season=season).parts[0].mesh


def heights(species):
    return (1.0, 2.0) if species == "bush" else (5.0, 9.0, 15.0)


def wood(m):
    """(V,) whether a vertex is of bark."""
    bark = [i for i, s in enumerate(m.surfaces) if "bark" in s.material]
    out = np.zeros(len(m.vertices), bool)
    out[m.triangles[np.isin(m.surface, bark)]] = True
    return out


@pytest.mark.parametrize("species", SPECIES)
def test_the_same_request_gives_the_same_tree_and_another_key_another(species):
    h = heights(species)[0]
    a, b, other = mesh(species, h), mesh.__wrapped__(species, h), mesh(species, h, 2)
    assert np.array_equal(a.vertices, b.vertices) and np.array_equal(a.normals, b.normals) and np.array_equal(a.color, b.color)
    assert len(a.vertices) != len(other.vertices) or not np.allclose(a.vertices, other.vertices, atol=0.05)


@pytest.mark.parametrize("species", SPECIES)
def test_size_and_budget(species):
    for h in heights(species):
        m = mesh(species, h)
        low, high = m.bounds()
        assert abs(high[2] / h - 1) < 0.05
        assert -0.5 < low[2] <= -0.25  # goes on below the ground, whose slope nobody knows
        assert len(m.triangles) <= MOST_TRIANGLES
        at_eye = np.abs(m.vertices[:, 2] - 0.13 * h) < 0.1 * h
        stem = m.vertices[wood(m) & at_eye & (np.hypot(m.vertices[:, 0], m.vertices[:, 1]) < 0.06 * h)]
        assert (high - low)[:2].min() > 4 * np.ptp(stem[:, 0])


@pytest.mark.parametrize("species", SPECIES)
def test_normals_colours_and_materials(species):
    for season in vegetation.SEASONS:
        m = mesh(species, heights(species)[0], season=season)
        assert np.isfinite(m.vertices).all()
        assert np.allclose(np.sqrt((m.normals.astype(float) ** 2).sum(2)), 1.0, atol=1e-4)
        assert m.color.min() >= 0 and m.color.max() <= 1
        assert {s.material for s in m.surfaces} <= set(material.names())
        assert m.triangles.max() < len(m.vertices)


@pytest.mark.parametrize("species", TREES)
def test_the_trunk_is_round_thick_and_under_the_crown(species):
    """Diameter at breast height over height: 1 in 80 to 1 in 18 for trees that stand alone (forestry: slenderness 20 to 80)."""
    for h in (6.0, 12.0):
        m = mesh(species, h)
        v = m.vertices[wood(m)]
        foot = v[(np.abs(v[:, 2]) < 0.05) & (np.hypot(v[:, 0], v[:, 1]) < 0.06 * h)]
        assert np.hypot(*foot[:, :2].mean(0)) < 0.1
        radius = branching.FLARE[0][1]
        diameter = 2 * np.hypot(foot[:, 0], foot[:, 1]).mean() / radius
        assert 1 / 80 < diameter / h < 1 / 18


def test_taller_trees_are_stouter():
    def share(h):
        m = mesh("oak", h)
        v = m.vertices[wood(m)]
        return np.hypot(*v[np.abs(v[:, 2]) < 0.05][:, :2].T).mean() / h

    assert share(15.0) > share(5.0)


def test_the_crown_is_darker_inside():
    m = mesh("oak", 9.0)
    v, c = m.vertices[~wood(m)], m.color[~wood(m)].mean(1)
    middle = np.array([*v[:, :2].mean(0), v[:, 2].mean()])
    r = np.sqrt((((v - middle) / v.std(0)) ** 2).sum(1))
    assert c[r < np.quantile(r, 0.2)].mean() < 0.75 * c[r > np.quantile(r, 0.8)].mean()


def test_leaves_are_lit_as_their_crown_is():
    """Shading normals look out of the crown, far more than the leaves themselves do."""
    m = mesh("lime", 9.0)
    leaf = ~wood(m)[m.triangles].any(1)
    t = m.triangles[leaf]
    center = m.vertices[t].mean(1)
    out = branching.unit(center - np.array([0, 0, 5.0]))
    assert (m.normals[leaf].mean(1) * out).sum(1).mean() > 0.5


def test_no_leaf_grows_underground():
    for species in SPECIES:
        m = mesh(species, heights(species)[0])
        assert m.vertices[~wood(m), 2].min() > 0


def test_daylight_falls_by_the_law_of_beer_and_lambert():
    """In a wide layer of evenly spread leaves, light from above passes exp(-k * leaf area index above)."""
    g = np.random.default_rng(1)
    n, index = 400_000, 2.0
    at = g.uniform(size=(n, 3)) * [22.0, 22.0, 11.0]
    area = np.full(n, index * 22.0 * 22.0 / n)
    light = foliage.daylight(at, area, 22.0)
    inside = (np.abs(at[:, :2] - 11) < 4).all(1)
    for z in (2.0, 6.0, 10.0):
        here = inside & (np.abs(at[:, 2] - z) < 0.3)
        above = np.exp(-foliage.EXTINCTION * index * (11.0 - z) / 11.0)
        got = (light[here].mean() - foliage.DARKEST) / (1 - foliage.DARKEST)
        # From the sides comes the other half, through about as many leaves for each metre.
        sides = np.exp(-foliage.EXTINCTION * index / 11.0 * 11.0)
        assert abs(got - 0.5 * above - 0.5 * sides) < 0.06


def test_pipes_keep_their_area():
    parent = np.array([-1, 0, 1, 1, 2, 2, 3])
    r = branching.pipe_radii(parent, 0.3, 0.005)
    assert abs(r[0] - 0.3) < 1e-12 and (r[1:] <= r[parent[1:]] + 1e-12).all() and r.min() >= 0.005


def test_twigs_reach_their_aims():
    g = np.random.default_rng(2)
    aims = g.uniform(-2, 2, (300, 3)) + [0, 0, 6]
    stem = np.column_stack([np.zeros(20), np.zeros(20), np.linspace(0, 4, 20)])
    nodes, parent = branching.colonise(aims, stem, 0.2, 0.0)
    far = np.sqrt(((aims[:, None] - nodes[None]) ** 2).sum(2)).min(1)
    assert (far < 0.25 + 1e-9).mean() > 0.95
    assert (parent[1:] < np.arange(1, len(parent))).all()
    step = np.sqrt(((nodes[20:] - nodes[parent[20:]]) ** 2).sum(1))
    assert np.allclose(step, 0.2)


def test_what_there_is_not_is_named():
    with pytest.raises(InputError, match='no species "brich".*birch'):
        vegetation.build("brich", 8.0, keys.root(1))
    with pytest.raises(InputError, match="height_m"):
        vegetation.build("oak", 80.0, keys.root(1))
    with pytest.raises(InputError, match='no season "autum".*autumn'):
        vegetation.build("oak", 8.0, keys.root(1), season="autum")


def test_through_the_catalogue():
    built = catalogue.build(ModelRequest("vegetation", "birch", 1, (("height_m", 7.0),)))
    assert built.model.class_name == "vegetation" and len(built.trees) == 1
    assert catalogue.find("birch") == "vegetation"
    assert catalogue.build(ModelRequest("vegetation", "bush")).model.size_lwh_m[2] < 2.0


def test_hedges_are_as_large_as_asked_and_closed_to_the_eye():
    """Rays across a hedge meet it everywhere but at its leafy outline."""
    for size in ((1.3, 0.7, 4.0), (2.0, 1.0, 2.0)):
        model = roadside.build("hedge", height_m=size[0], width_m=size[1], length_m=size[2])
        m = model.parts[0].mesh
        assert np.allclose(model.size_lwh_m, [size[2], size[1], size[0] + 0.2], atol=0.22)
        assert len(m.triangles) < MOST_TRIANGLES
        body = m.vertices[np.unique(m.triangles[m.surface == [s.material for s in m.surfaces].index("hedge")])]
        assert (np.ptp(body, axis=0) > np.array([size[2], size[1], size[0]]) * 0.35).all() and body[:, 2].min() < -0.1
        leaf = m.surface == [s.material for s in m.surfaces].index("leaf")
        center = m.vertices[m.triangles[leaf]].mean(1)
        seen = center[center[:, 1] > 0][:, [0, 2]]
        counts, _, _ = np.histogram2d(*seen.T, bins=(8, 5), range=((-0.45 * size[2], 0.45 * size[2]), (0.05, 0.9 * size[0])))
        assert counts.min() > 0.4 * counts.mean()
