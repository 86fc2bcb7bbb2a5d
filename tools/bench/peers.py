"""Programs that cast rays, behind one face: `closest(rays)` gives t (N,), `blocked(rays)` whether anything is hit.

`prepare(rays, coherent)` puts rays into the form that a program wants, which is not timed; coherent: neighbours see the same.
"""

from __future__ import annotations

import numpy as np

from scenesim.capture import cast
from scenesim.kernels.packed import Rays


class Ours:
    name = "scenesim"

    def __init__(self, scene, threads, seconds=0.0, width=0):
        """seconds: over which the rays are cast, rows of `width` at one time, by an ego that drives at 10 m/s."""
        self.scene, self.threads, self.seconds, self.width = scene, threads, seconds, width

    def prepare(self, rays, coherent=False):
        row = self.width or 1
        time = np.repeat(np.linspace(0, self.seconds, len(rays) // row, dtype=np.float32), row)
        reach, origin = np.where(rays[:, 3:].any(1), 1e30, 0.0).astype(np.float32), rays[:, :3].copy()
        origin[:, 0] += 10 * time
        return Rays(origin, np.ascontiguousarray(rays[:, 3:]), time), reach

    def closest(self, prepared):
        return cast.closest_hit(self.scene, prepared[0], visibility=1, width=self.width, threads=self.threads).t

    def blocked(self, prepared):
        return cast.any_hit(self.scene, *prepared, visibility=1, width=self.width, threads=self.threads)


class Open3D:
    """Embree as Open3D's RaycastingScene calls it."""

    name = "open3d"

    def __init__(self, vertices, triangles, threads):
        import open3d

        self._tensor, self.threads = open3d.core.Tensor, threads
        self._scene = open3d.t.geometry.RaycastingScene(nthreads=threads)
        self._scene.add_triangles(self._tensor(vertices), self._tensor(triangles.astype(np.uint32)))
        self.closest(self.prepare(np.array([[0, 0, 0, 0, 0, 1]], np.float32)))  # builds

    def prepare(self, rays, coherent=False):
        return self._tensor(rays)

    def closest(self, prepared):
        return self._scene.cast_rays(prepared, nthreads=self.threads)["t_hit"].numpy()

    def blocked(self, prepared):
        return self._scene.test_occlusions(prepared, nthreads=self.threads).numpy()


class Embreex:
    """Embree as trimesh's users have it: one ray at a time, one thread."""

    name = "embreex"

    def __init__(self, vertices, triangles, threads):
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh

        self._scene = rtcore_scene.EmbreeScene()
        TriangleMesh(self._scene, vertices[triangles])
        self.closest(self.prepare(np.array([[0, 0, 0, 0, 0, 1]], np.float32)))

    def prepare(self, rays, coherent=False):
        return np.ascontiguousarray(rays[:, :3]), np.ascontiguousarray(rays[:, 3:])

    def closest(self, prepared):
        return self._scene.run(*prepared, query="DISTANCE")

    def blocked(self, prepared):
        return self._scene.run(*prepared, query="OCCLUDED") >= 0


class Mitsuba:
    """Embree in packets of 16 under compiled code; variant llvm_ad_rgb, which needs the system's LLVM library."""

    name = "mitsuba"

    def __init__(self, vertices, triangles, threads):
        import drjit
        import mitsuba

        mitsuba.set_variant("llvm_ad_rgb")
        drjit.set_thread_count(threads)
        self._dr, self._mi = drjit, mitsuba
        mesh = mitsuba.Mesh("scene", len(vertices), len(triangles))
        fields = mitsuba.traverse(mesh)
        fields["vertex_positions"], fields["faces"] = vertices.ravel(), triangles.astype(np.uint32).ravel()
        fields.update()
        self._scene = mitsuba.load_dict({"type": "scene", "mesh": mesh})
        self.closest(self.prepare(np.array([[0, 0, 0, 0, 0, 1]], np.float32)))

    def prepare(self, rays, coherent=False):
        point, vector = self._mi.Point3f(rays[:, :3].T), self._mi.Vector3f(rays[:, 3:].T)
        ray = self._mi.Ray3f(point, vector)
        self._dr.eval(ray)
        return ray, coherent

    def closest(self, prepared):
        t = self._scene.ray_intersect_preliminary(prepared[0], coherent=prepared[1]).t
        self._dr.eval(t)
        self._dr.sync_thread()
        return t

    def blocked(self, prepared):
        hit = self._scene.ray_test(prepared[0], coherent=prepared[1])
        self._dr.eval(hit)
        self._dr.sync_thread()
        return hit


def available(vertices, triangles, threads):
    """(peers that could be made, [(name, why not)])."""
    peers, missing = [], []
    for kind in (Open3D, Mitsuba, Embreex):
        try:
            peers.append(kind(vertices, triangles, threads))
        except Exception as e:  # a peer fails in its own ways: not installed, a system library absent, no LLVM
            missing.append((kind.name, f"{type(e).__name__}: {e}".splitlines()[0]))
    return peers, missing
