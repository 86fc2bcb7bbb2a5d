"""Hits against Embree: embreex, and Open3D's RaycastingScene where it imports; a million rays in each of three scenes."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.capture import cast
from tests import naive, scenes

RAYS = 1_000_000
NEAR = 0.3  # m: distances below are compared to 3e-5 m, for the peers' corners are rounded to 4e-6 m in their one frame
HAIR = 1e-5  # m
AT = 0.031  # s: moving instances are compared at one instant


def heap():
    """Loose triangles of all sizes."""
    rng = np.random.default_rng(1)
    meshes = [scenes.soup(rng, 20_000, s, 8.0) for s in (0.05, 0.3)] + [scenes.soup(rng, 50, 6.0, 6.0)]
    return scenes.pack(meshes, [0, 1, 2], scenes.random_poses(rng, 3, 1.0)), rng


def land():
    """Hills with boxes and balls that drive and turn above them."""
    rng = np.random.default_rng(2)
    pose = scenes.random_poses(rng, 201, 15.0, knots=3, travel=0.4)
    pose[:, 0] = scenes.at_rest([0, 0, -3])[0, 0]
    meshes = [scenes.terrain(rng, 200, 60.0), scenes.box([2.0, 0.9, 0.7]), scenes.sphere(30, 60, 1.2)]
    return scenes.pack(meshes, np.concatenate([[0], 1 + np.arange(200) % 2]), pose, knot_time=(-0.05, 0.0, 0.05)), rng


def street():
    """Rows of houses, poles and cars upright along a road, and heaps of leaves on poles; many edges meet, walls touch."""
    rng = np.random.default_rng(3)
    meshes = [scenes.box([60, 60, 0.5]), scenes.box([4, 5, 9]), scenes.box([0.06, 0.06, 3]), scenes.box([2.2, 0.9, 0.7])]
    meshes.append(scenes.soup(rng, 3000, 0.12, 0.8))
    rows = [(0, [0, 0, -0.5])]
    for i in range(28):
        side = 1 if i % 2 else -1
        rows.append((1, [8 * (i // 2) - 52, 14 * side, 9]))
        rows += [(2, [8 * (i // 2) - 50, 7 * side, 3]), (4, [8 * (i // 2) - 50, 7 * side, 5])]
        rows.append((3, [9.1 * (i // 2) - 55, 2 * side, 0.8]))
    pose = scenes.at_rest([p for _, p in rows])
    return scenes.pack(meshes, [k for k, _ in rows], pose), rng


def flat_corners(scene):
    """Corners (T, 3, 3) float32 of all triangles of all instances at one instant."""
    g, parts = scene.geometry, []
    for i, p in enumerate(scene.prototype):
        v = g.vertices[g.triangles[g.first_triangle[p] : g.first_triangle[p + 1]]].astype(float)
        parts.append(naive.instance_pose(scene, i, AT).apply(v.reshape(-1, 3)).reshape(v.shape))
    return np.concatenate(parts).astype(np.float32)


def embreex(corners):
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, corners)

    def closest(rays):
        t = scene.run(rays.origin, rays.direction, query="DISTANCE")
        return np.where(t < 1e30, t, np.inf)

    return closest


def open3d(corners):
    o3d = pytest.importorskip("open3d", exc_type=ImportError)
    scene = o3d.t.geometry.RaycastingScene()
    vertices = o3d.core.Tensor(corners.reshape(-1, 3))
    scene.add_triangles(vertices, o3d.core.Tensor(np.arange(corners.size // 3, dtype=np.uint32).reshape(-1, 3)))
    return lambda rays: scene.cast_rays(o3d.core.Tensor(np.concatenate([rays.origin, rays.direction], 1)))["t_hit"].numpy()


def is_grazing(corners, origin, direction, t_ours, t_theirs):
    """Whether one of the two saw a triangle that the ray meets at an edge, within rounding, or edge-on."""
    a, b, c = (corners[:, k].astype(float) for k in range(3))
    o, d = origin.astype(float), direction.astype(float)
    near = naive.edge_distance(a, b, c, o, d) < HAIR
    n = np.cross(b - a, c - a)
    n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-30)
    slant = np.abs(n @ d)
    with np.errstate(divide="ignore", invalid="ignore"):  # where the plane of the triangle lies
        t = ((a - o) * n).sum(1) / (n @ d)
    there = (np.abs(t - t_ours) < 1e-2 * t) | (np.abs(t - t_theirs) < 1e-2 * t)
    inside = naive.intersect(a, b, c, o, d) < np.inf
    same_surface = np.abs(t_ours - t_theirs) * slant < HAIR
    return bool((near & (there | (slant < 1e-3))).any() or (inside & there & same_surface).any())


@pytest.mark.parametrize("peer", [embreex, open3d])
@pytest.mark.parametrize("make", [heap, land, street])
def test_embree_sees_the_same(make, peer):
    scene, rng = make()
    corners = flat_corners(scene)
    rays = scenes.rays_between(rng, RAYS, 20.0, time=(AT, AT))
    ours = cast.closest_hit(scene, rays, visibility=1).t
    theirs = peer(corners)(rays)
    assert 0.1 < np.isfinite(ours).mean() < 1
    with np.errstate(invalid="ignore"):
        far = np.abs(ours - theirs) > 1e-4 * np.maximum(ours, NEAR)
        differ = np.flatnonzero((np.isfinite(ours) != np.isfinite(theirs)) | far)
    assert len(differ) < RAYS / 1e5, f"{len(differ)} rays differ"
    for i in differ:
        assert is_grazing(corners, rays.origin[i], rays.direction[i], ours[i], theirs[i]), (i, ours[i], theirs[i])


def test_shadows_are_embrees_shadows():
    scene, rng = street()
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    theirs = EmbreeScene()
    TriangleMesh(theirs, flat_corners(scene))
    rays = scenes.rays_between(rng, RAYS, 20.0)
    blocked = theirs.run(rays.origin, rays.direction, query="OCCLUDED") >= 0
    ours = cast.any_hit(scene, rays, np.full(RAYS, 1e30, np.float32), visibility=1)
    assert (ours.astype(bool) != blocked).sum() < RAYS / 1e5
