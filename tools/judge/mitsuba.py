"""Mitsuba 3 as a judge of sun and sky on diffuse surfaces: the same triangles, one matte material, the same sky as a map."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose
from scenesim.capture import image, quality
from scenesim.kernels.atmosphere import Environment, sky_radiance
from scenesim.kernels.packed import MATERIAL, PackedScene, Rays
from scenesim.kernels.shaders import SHADERS
from tools.judge.quality import LUMINANCE, Seen, blocks, look

ALBEDO = 0.4
SKY_ROWS = 256
DEEP = 6  # path segments: as many bounces as the reference quality follows


class Judged(NamedTuple):
    """Luminance on surfaces over Mitsuba's, and the mean relative difference, of a quality."""

    scene: str
    quality: str
    ratio: float
    relative_error: float


def matte(seen: Seen) -> Seen:
    """The scene with one plain diffuse material, in air without haze."""
    material = np.zeros_like(seen.scene.material)
    material[:, MATERIAL["albedo_r"] : MATERIAL["albedo_r"] + 3] = ALBEDO
    material[:, MATERIAL["roughness"]] = 1.0
    material[:, MATERIAL["shader"]] = SHADERS.index("sign")  # without a texture
    dry = seen.environment._replace(extinction=np.zeros(3, np.float32), wetness=0.0, snow=0.0, night=0.0)
    return seen._replace(scene=seen.scene._replace(material=material), environment=dry)


def triangles(scene: PackedScene, visibility: int) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """(vertices (V, 3) m, triangles (T, 3)) of all instances at the first knot, in the local frame."""
    g, points, rows, count = scene.geometry, [], [], 0
    for i, p in enumerate(scene.prototype):
        own = g.triangles[g.first_triangle[p] : g.first_triangle[p + 1]]
        if not scene.mask[i] & visibility or len(own) == 0:
            continue
        low, high = own.min(), own.max() + 1
        pose = Pose(scene.pose[0, i, :4].astype(float), scene.pose[0, i, 4:].astype(float))
        points.append(pose.apply(g.vertices[low:high].astype(float)))
        rows.append(own - low + count)
        count += high - low
    return np.concatenate(points).astype(np.float32), np.concatenate(rows).astype(np.uint32)


def sky_map(env: Environment) -> NDArray[np.float32]:
    """(SKY_ROWS, 2 SKY_ROWS, 3) cd/m2 by zenith angle and azimuth, as Mitsuba's envmap lies when z is up; the ground below."""
    out = np.empty((SKY_ROWS, 2 * SKY_ROWS, 3), np.float32)
    for row in range(SKY_ROWS):
        zenith = pi * (row + 0.5) / SKY_ROWS
        level, z = np.sin(zenith), float(np.cos(zenith))
        for column in range(2 * SKY_ROWS):
            azimuth = pi * (column + 0.5) / SKY_ROWS
            x, y = float(level * np.sin(azimuth)), float(level * np.cos(azimuth))
            out[row, column] = sky_radiance(env.sky, x, y, z) if z > 0.0 else env.below
    return out


class PathTracer:
    """Mitsuba's path tracer on a scene made matte, under the sun and sky of an environment. Raises ImportError without it."""

    def __init__(self, scene: PackedScene, env: Environment, rays: Rays, threads: int = 2):
        import drjit
        import mitsuba

        mitsuba.set_variant("llvm_ad_rgb")
        drjit.set_thread_count(threads)
        vertices, rows = triangles(scene, image.SEEN_BY_CAMERA)
        paint = {"type": "twosided", "material": {"type": "diffuse", "reflectance": {"type": "rgb", "value": ALBEDO}}}
        properties = mitsuba.Properties()
        properties["bsdf"] = mitsuba.load_dict(paint)
        mesh = mitsuba.Mesh("scene", len(vertices), len(rows), props=properties)
        fields = mitsuba.traverse(mesh)
        fields["vertex_positions"], fields["faces"] = vertices.ravel(), rows.ravel()
        fields.update()
        up = mitsuba.ScalarTransform4f().rotate([1, 0, 0], 90)
        world = {"type": "scene", "mesh": mesh}
        world["sky"] = {"type": "envmap", "bitmap": mitsuba.Bitmap(sky_map(env)), "to_world": up}
        if env.sun_lux[1] > 0.0:
            lux = {"type": "rgb", "value": [float(x) for x in env.sun_lux]}
            world["sun"] = {"type": "directional", "direction": [-float(x) for x in env.sun], "irradiance": lux}
        self._world, self._path = mitsuba.load_dict(world), mitsuba.load_dict({"type": "path", "max_depth": DEEP})
        self._sampler, self._count = mitsuba.load_dict({"type": "independent"}), len(rays.time)
        ray = mitsuba.Ray3f(mitsuba.Point3f(rays.origin.T), mitsuba.Vector3f(rays.direction.T))
        self._ray = mitsuba.RayDifferential3f(ray)

    def light(self, samples: int) -> NDArray[np.float64]:
        """Radiance (N, 3) along the rays, the mean of samples."""
        total = np.zeros((self._count, 3))
        for k in range(samples):
            self._sampler.seed(k, self._count)
            found = self._path.sample(self._world, self._sampler, self._ray)[0]
            total += np.array(found).reshape(3, self._count).T
        return total / samples


def compare(name: str, overrides: tuple[str, ...], width: int, samples: int, block: int) -> list[Judged]:
    """Both qualities of the light on a scenario's surfaces made matte; edges of blocks that see the sky do not count."""
    seen = matte(look(name, overrides, width, width * 9 // 16))
    shape = (width * 9 // 16, width)
    truth = blocks((PathTracer(seen.scene, seen.environment, seen.rays).light(samples) @ LUMINANCE).reshape(shape), block)
    solid = blocks((seen.hits.instance >= 0).reshape(shape), block) == 1.0
    spread = image.footprint(seen.rays, width)
    args = seen.scene, seen.environment, seen.rays, width, spread, image.SEEN_BY_CAMERA
    rows = []
    for grade, light in (
        (quality.DEFAULT, image.light(*seen, 2)),
        (quality.REFERENCE, quality.reference(*args, 2, samples, within=0.0)),
    ):
        ours = blocks((light.reshape(*shape, 3) @ LUMINANCE), block)
        difference = np.abs(ours - truth)[solid].sum() / truth[solid].sum()
        rows.append(
            Judged(" ".join((name, *overrides)), grade, float(ours[solid].sum() / truth[solid].sum()), float(difference))
        )
    return rows


def run(width: int, samples: int, block: int, say: Callable[[str], None]) -> list[Judged]:
    """By day under sun and sky, and under a closed sky."""
    rows = []
    for overrides in ((), ("weather=overcast",)):
        for row in compare("first_light", overrides, width, samples, block):
            rows.append(row)
            off = 100 * row.relative_error
            say(f"  {row.scene}: {row.quality} has {row.ratio:.3f} of Mitsuba's light, differs by {off:.1f} %")
    return rows
