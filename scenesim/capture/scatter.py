"""What rays of a radar find: scatterers with their cross-sections, by the way that the waves take.

A ray stands for a solid angle W. Where it hits, after a way of L metres and F of its power left, lies a patch of W L^2 across
the ray, and

- a rough part sends back s = 4 d W L^2 cos(i), d being the diffuse share (Lambert's law);
- a smooth part, made of patches of a size c whose waves add up in phase, s = pi F D(h) W L^2 / cos(i): microfacets whose slopes
  have the width a = lambda / (2 sqrt(pi) c) of the lobe of such a patch, and hide each other at grazing incidence (GGX and its
  Smith shadowing, Walter et al. 2007). Over curved surfaces the sum is pi R1 R2 F of geometrical optics whatever a is, before a
  large flat wall the pi R^2 F of its mirror image, and facing a plate of A it is the 4 pi A c^2 / lambda^2 of its patches
  (Knott, Shaeffer, Tuley, Radar Cross Section, ch. 5 and 6);
- a corner, where two or three mirrorings send the ray back where it came from, 4 pi F A min(A, c^2) / lambda^2 for rays of A in
  all: 4 pi a^4 / (3 lambda^2) of a trihedral with edges a, whose A is a^2 / sqrt(3).

Mirrors (rails, walls, the road at grazing incidence) show what they see: there and back the same way, as an image behind the
mirror, weaker where the mirror is curved and spreads the rays; or there by the mirror and back directly, or the other way
round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base.frames import Pose, cross, interpolate, quaternion_rotate
from scenesim.capture import cast
from scenesim.kernels.packed import Hits, PackedScene, Rays
from scenesim.models.radar_surface import COHERENCE, DIFFUSE, REFLECTANCE, ROUGH
from scenesim.scene.stage import SEEN_BY_LIDAR

Array = NDArray[np.float64]
# (instances (N,), triangles (N,), barycentric weights (N, 2), points (N, 3) local) -> velocities (N, 3) m/s local
Velocity = Callable[[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], Array], Array]

DIRECT, BY_GROUND, BY_MIRROR = range(3)
LIFT_M = 5e-4  # from a surface, before a ray goes on from it
LEAST_LEFT = 0.02  # of the power of a ray that is followed on
MOST_PIECES = 32  # into which the patch of a ray is cut
SMALL = 20.0  # how a mirror spreads rays whose neighbours miss it: it is small, or has an edge there
HOMEWARD = 0.95  # cosine between where a corner sends rays and where the sensor is: corners are small beside the distance
LEAST_LOBE_RAD = 1e-3  # float32 tells directions better than that


@dataclass(frozen=True)
class Scatterers:
    """N of them. path_m: half of the way there and back. direction: (N, 3) unit, local, where it seems to be; point_m: (N, 3)
    local, where it is. rcs_m2. speed_m_s: at which path_m grows. body: instance (N,); triangle: (N,). way: how the waves went.
    steady: whether one patch or corner is all of it."""

    path_m: Array
    direction: Array
    point_m: Array
    rcs_m2: Array
    speed_m_s: Array
    body: NDArray[np.int32]
    triangle: NDArray[np.int32]
    way: NDArray[np.int64]
    steady: NDArray[np.bool_]


def joined(parts: list[Scatterers]) -> Scatterers:
    """All of them."""
    return Scatterers(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Scatterers)))


@dataclass(frozen=True)
class _Met:
    """Where M rays hit: rows of the rays (M,), their direction there (M, 3), length of the way so far, point, unit normal
    against the ray, cosine of the incidence, surface (M, 4), velocity of the point, instance, triangle."""

    ray: NDArray[np.int64]
    direction: Array
    way_m: Array
    point: Array
    normal: Array
    cosine: Array
    surface: Array
    velocity: Array
    body: NDArray[np.int32]
    triangle: NDArray[np.int32]


def find(
    scene: PackedScene,
    surfaces: Array,
    ground: NDArray[np.bool_],
    origin: Array,
    direction: Array,
    solid_sr: Array,
    across: int,
    step_rad: tuple[float, float],
    cells: tuple[float, float],
    wavelength_m: float,
    reach_m: float,
    velocity: Velocity,
    sensor_velocity: Array,
    threads: int | None = None,
) -> Scatterers:
    """Scatterers along rays (N, 3) from one point (3,), local, at the reference time. surfaces: (M, 4) of the scene's materials
    (models/radar_surface.py). ground: (256,) which classes are ground. solid_sr: (N,) that the rays stand for. across: rays
    side by side, row by row, step_rad (across, up) apart. cells: (m, m/s) that are told apart. reach_m: longest half of a
    way. sensor_velocity: (3,) local."""
    lobe = _Lobe(wavelength_m)
    n = len(direction)
    first = _meet(scene, surfaces, velocity, np.arange(n), np.tile(origin, (n, 1)), direction, np.zeros(n), threads)
    first = _within(first, reach_m)
    area = solid_sr[first.ray] * first.way_m**2
    speed = ((first.velocity - sensor_velocity) * first.direction).sum(1)
    seen = _back(first, first.direction, area, np.ones(len(area)), speed, np.zeros(len(area), np.int64), lobe)
    parts = [_in_pieces(seen, first, step_rad, cells, n, across)]

    left = _mirrored(first, wavelength_m)
    on = np.flatnonzero(left > LEAST_LEFT)
    second = _within(_go_on(scene, surfaces, velocity, first, on, threads), reach_m)
    one = _rows(first, np.searchsorted(first.ray, second.ray))
    kept = left[np.searchsorted(first.ray, second.ray)]
    mirror = _way(scene, one, ground)
    spread = _spread(first, n, across)[np.searchsorted(first.ray, second.ray)]
    near, far = one.way_m[:, None], (second.way_m - one.way_m)[:, None]
    wide = (near + far) / (near + far * spread)  # over what it would be behind a flat mirror
    area = solid_sr[second.ray] * second.way_m**2
    along = ((one.velocity - sensor_velocity) * one.direction).sum(1)
    speed = along + ((second.velocity - one.velocity) * second.direction).sum(1)
    parts.append(_back(second, one.direction, area, kept * kept * wide[:, 0] * wide[:, 1], speed, mirror, lobe))
    parts.append(_straight(scene, origin, sensor_velocity, one, second, along, kept, area, mirror, lobe, threads))

    left = kept * _mirrored(second, wavelength_m)
    third = _within(_go_on(scene, surfaces, velocity, second, np.flatnonzero(left > LEAST_LEFT), threads), reach_m)
    left = left[np.searchsorted(second.ray, third.ray)]
    parts.append(_corners_of_three(scene, ground, origin, sensor_velocity, first, third, left, solid_sr, lobe, threads))
    return joined([p for p in parts if len(p.path_m)] or parts[:1])


@dataclass(frozen=True)
class _Lobe:
    """What coherent patches send into a direction."""

    wavelength_m: float

    def width(self, coherence_m: Array) -> Array:
        return np.minimum(self.wavelength_m / (2.0 * np.sqrt(np.pi) * coherence_m), 0.7)

    def part(self, cosine: Array, coherence_m: Array) -> Array:
        """D over its peak, for the cosine between the normal and the bisector of the ways in and out."""
        a2 = self.width(coherence_m) ** 2
        bow = cosine * cosine * (a2 - 1.0) + 1.0
        return (a2 / bow) ** 2

    def smooth(self, cosine: Array, surface: Array) -> Array:
        """pi F D."""
        return surface[:, REFLECTANCE] * self.part(cosine, surface[:, COHERENCE]) / self.width(surface[:, COHERENCE]) ** 2

    def open(self, cosine: Array, surface: Array) -> Array:
        """Share of the microfacets that see and are seen at an incidence."""
        a2 = self.width(surface[:, COHERENCE]) ** 2
        return 2.0 * cosine / (cosine + np.sqrt(a2 + (1.0 - a2) * cosine * cosine))


def _back(met: _Met, seen: Array, area: Array, left: Array, speed: Array, way, lobe: _Lobe) -> Scatterers:
    """What goes back the way that it came. area: (M,) across the rays, m2. seen: (M, 3) where it seems to be."""
    smooth = lobe.smooth(met.cosine, met.surface) * lobe.open(met.cosine, met.surface) ** 2 / met.cosine
    rough = 4.0 * met.surface[:, DIFFUSE] * met.cosine
    return Scatterers(
        met.way_m, seen, met.point, left * area * (smooth + rough), speed, met.body, met.triangle, way, smooth > 3.0 * rough
    )


def _in_pieces(s: Scatterers, met: _Met, step_rad: tuple[float, float], cells: tuple[float, float], n: int, across: int):
    """Patches that reach over several cells of range, as those of the road do, or of velocity, as those of turning wheels do,
    in as many pieces."""
    side = np.stack([-met.direction[:, 1], met.direction[:, 0], np.zeros(len(met.way_m))], -1)
    side /= np.maximum(np.sqrt((side * side).sum(1)), 1e-9)[:, None]
    up = cross(met.direction, side)
    slope = step_rad[0] * np.abs((side * met.normal).sum(1)) + step_rad[1] * np.abs((up * met.normal).sum(1))
    deep = met.way_m * np.minimum(slope / met.cosine, 1.0)
    change = np.full((len(deep), 2), np.inf)
    for k, other, same in _neighbours(met, n, across):
        change[:, k] = np.minimum(change[:, k], np.where(same, np.abs(s.speed_m_s[other] - s.speed_m_s), np.inf))
    fast = np.where(np.isfinite(change), change, 0.0).sum(1)
    pieces = np.clip(np.ceil(np.maximum(deep / cells[0], fast / cells[1])), 1, MOST_PIECES).astype(np.int64)
    row = np.repeat(np.arange(len(pieces)), pieces)
    number = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    cut = Scatterers(*(getattr(s, f.name)[row] for f in fields(Scatterers)))
    off = (number + 0.5) / pieces[row] - 0.5
    path = np.maximum(cut.path_m + off * deep[row], 1e-3)
    return replace(cut, path_m=path, speed_m_s=cut.speed_m_s + off * fast[row], rcs_m2=cut.rcs_m2 / pieces[row])


def _straight(scene, origin, sensor_velocity, one: _Met, second: _Met, along, kept, area, mirror, lobe, threads) -> Scatterers:
    """What comes straight back from where a mirror showed: corners of two faces, and ghosts between an object and its image."""
    seen, home, distance = _home(scene, origin, second, threads)
    bisector = home - second.direction
    length = np.sqrt((bisector * bisector).sum(1))
    cosine = np.abs((bisector * second.normal).sum(1)) / np.maximum(length, 1e-9)
    out = np.abs((home * second.normal).sum(1))
    same = _same(scene, one, second)
    corner = _goes_back(one, second, home, lobe)
    hidden = lobe.open(second.cosine, second.surface) * lobe.open(np.maximum(out, 1e-3), second.surface)
    smooth = lobe.smooth(cosine, second.surface) * hidden / second.cosine
    path = 0.5 * (second.way_m + distance)
    # Twice, for the way in the other direction; the ways out and back are not equally long.
    both = 2.0 * area * (path * path / np.maximum(second.way_m * distance, 1e-6)) ** 2
    rcs = kept * np.where(
        corner,
        area * second.surface[:, REFLECTANCE] * _coherent(second, area * kept, corner, lobe),
        both * (smooth + 4.0 * second.surface[:, DIFFUSE] * out),
    )
    outward = ((second.velocity - one.velocity) * second.direction).sum(1) + along
    speed = 0.5 * (outward - ((second.velocity - sensor_velocity) * home).sum(1))
    way = np.where(same | (mirror == BY_GROUND), DIRECT, mirror)
    rows = np.flatnonzero(seen & (distance > 1e-6))
    made = Scatterers(path, -home, second.point, rcs, speed, second.body, second.triangle, way, corner)
    return Scatterers(*(getattr(made, f.name)[rows] for f in fields(Scatterers)))


def _corners_of_three(
    scene, ground, origin, sensor_velocity, first: _Met, third: _Met, left, solid_sr, lobe, threads
) -> Scatterers:
    """What three mirrorings send back where it came from."""
    seen, home, distance = _home(scene, origin, third, threads)
    one = _rows(first, np.searchsorted(first.ray, third.ray))
    corner = seen & _goes_back(one, third, home, lobe)
    left = left * third.surface[:, REFLECTANCE]
    # The rays of a corner are as wide where they went in: two mirrors on, and back at the same distance.
    area = solid_sr[third.ray] * (0.5 * (third.way_m + distance)) ** 2
    rcs = area * left * _coherent(third, area, corner, lobe)
    speed = ((third.velocity - sensor_velocity) * one.direction).sum(1)
    way = np.where(_same(scene, one, third) | (_way(scene, one, ground) == BY_GROUND), DIRECT, BY_MIRROR)
    made = Scatterers(
        0.5 * (third.way_m + distance), one.direction, third.point, rcs, speed, third.body, third.triangle, way, corner
    )
    return Scatterers(*(getattr(made, f.name)[corner] for f in fields(Scatterers)))


def _goes_back(first: _Met, last: _Met, home: Array, lobe: _Lobe) -> NDArray[np.bool_]:
    """(M,) whether a last mirroring sends rays back into the direction that they came from, to within the lobe, and from there
    to the sensor: not past it, as between walls. home: (M, 3) where it is."""
    out = last.direction - 2.0 * (last.direction * last.normal).sum(1)[:, None] * last.normal
    there = (out * home).sum(1) > HOMEWARD
    width = np.maximum(lobe.width(last.surface[:, COHERENCE]), LEAST_LOBE_RAD)
    return there & (-(out * first.direction).sum(1) > np.cos(2.0 * width))


def _coherent(met: _Met, area: Array, corner, lobe: _Lobe) -> Array:
    """(M,) 4 pi min(A, c^2) / lambda^2, A being all that corners of the same instance send back."""
    whole = np.bincount(met.body, area * corner, minlength=1)[met.body] if len(area) else area
    return 4.0 * np.pi * np.minimum(whole, met.surface[:, COHERENCE] ** 2) / lobe.wavelength_m**2


def _home(scene: PackedScene, origin: Array, met: _Met, threads):
    """Whether hits see the sensor (M,), the direction to it (M, 3), and how far it is (M,)."""
    to = origin - met.point
    distance = np.sqrt((to * to).sum(1))
    home = to / np.maximum(distance, 1e-9)[:, None]
    faces = (home * met.normal).sum(1) > 0.0
    rays = _rays(met.point + LIFT_M * met.normal, home)
    blocked = cast.any_hit(scene, rays, (distance - LIFT_M).astype(np.float32), visibility=SEEN_BY_LIDAR, threads=threads)
    return faces & (blocked == 0), home, distance


def _mirrored(met: _Met, wavelength_m: float) -> Array:
    """(M,) share of the power that a mirroring leaves: Fresnel by Schlick 1994, and what roughness scatters, by Rayleigh
    exp(-g^2), g = 4 pi h cos(i) / lambda, as (1 + g^2 / 2)^-2, which no machine computes otherwise."""
    f, c = met.surface[:, REFLECTANCE], 1.0 - met.cosine
    g = 4e-3 * np.pi * met.surface[:, ROUGH] * met.cosine / wavelength_m
    return (f + (1.0 - f) * (c * c) * (c * c) * c) / (1.0 + 0.5 * g * g) ** 2


def _spread(met: _Met, n: int, across: int) -> Array:
    """(M, 2) how much further apart than before, as angles, neighbours across and up are after a mirroring: 1 of a flat
    mirror."""
    turned = met.direction - 2.0 * (met.direction * met.normal).sum(1)[:, None] * met.normal
    spread = np.full((len(met.ray), 2), SMALL)
    for k, other, same in _neighbours(met, n, across):
        apart = np.sqrt(((turned[other] - turned) ** 2).sum(1))
        before = np.sqrt(((met.direction[other] - met.direction) ** 2).sum(1))
        spread[:, k] = np.minimum(spread[:, k], np.where(same, np.maximum(apart / np.maximum(before, 1e-9), 1.0), SMALL))
    return spread


def _neighbours(met: _Met, n: int, across: int) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.bool_]]]:
    """Across (0) and up (1), to either side: rows of the rays beside (M,), and whether they hit the same body."""
    row = np.full(n, -1)
    row[met.ray] = np.arange(len(met.ray))
    for k, step in enumerate((1, across)):
        for side in (-step, step):
            there = met.ray + side
            inside = (there >= 0) & (there < n)
            if step == 1:
                inside &= there // across == met.ray // across
            other = np.where(inside, row[np.clip(there, 0, n - 1)], -1)
            yield k, other, (other >= 0) & (met.body[other] == met.body)


def _same(scene: PackedScene, one: _Met, other: _Met) -> NDArray[np.bool_]:
    """(M,) whether hits are of one thing."""
    actor = scene.actor[one.body]
    return (one.body == other.body) | ((actor >= 0) & (actor == scene.actor[other.body]))


def _way(scene: PackedScene, met: _Met, ground: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(ground[class_of(scene, met.body, met.triangle)], BY_GROUND, BY_MIRROR)


def class_of(scene: PackedScene, body: NDArray[np.int32], triangle: NDArray[np.int32]) -> NDArray[np.int64]:
    """(N,) label values of hits."""
    own = scene.surface_class[scene.geometry.surface[triangle]]
    return np.where(own >= 0, own, scene.class_id[body]).astype(np.int64)


def _go_on(scene: PackedScene, surfaces, velocity: Velocity, met: _Met, on: NDArray[np.int64], threads) -> _Met:
    """Where rays go after a mirroring."""
    d, n = met.direction[on], met.normal[on]
    reflected = d - 2.0 * (d * n).sum(1)[:, None] * n
    return _meet(scene, surfaces, velocity, met.ray[on], met.point[on] + LIFT_M * n, reflected, met.way_m[on], threads)


def _meet(scene: PackedScene, surfaces, velocity: Velocity, ray, origin, direction, before, threads) -> _Met:
    hits: Hits = cast.closest_hit(scene, _rays(origin, direction), visibility=SEEN_BY_LIDAR, threads=threads)
    on = np.flatnonzero(hits.instance >= 0)
    d, t = direction[on], hits.t[on].astype(float)
    body, triangle, uv = hits.instance[on], hits.triangle[on], hits.uv[on]
    point = origin[on] + t[:, None] * d
    normal = _normals(scene, body, triangle, uv)
    cosine = -(d * normal).sum(1)
    normal, cosine = normal * np.sign(cosine)[:, None], np.maximum(np.abs(cosine), 1e-3)
    surface = surfaces[scene.surface_material[scene.geometry.surface[triangle]]]
    moving = velocity(body, triangle, uv, point)
    return _Met(ray[on], d, before[on] + t, point, normal, cosine, surface, moving, body, triangle)


def _normals(scene: PackedScene, body, triangle, uv) -> Array:
    """(N, 3) interpolated corner normals at the reference time, local, unit."""
    corners = scene.geometry.normals[triangle].astype(float).reshape(-1, 3, 3)
    weight = np.stack([1.0 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], -1).astype(float)
    own = (corners * weight[..., None]).sum(1)
    turned = quaternion_rotate(_pose(scene, body).rotation, own)
    return turned / np.maximum(np.sqrt((turned * turned).sum(1)), 1e-12)[:, None]


def _pose(scene: PackedScene, body) -> Pose:
    """local_from_instance of instances at the reference time."""
    knots = scene.knot_time.astype(float)
    k = int(np.clip(np.searchsorted(knots, 0.0, "right") - 1, 0, max(len(knots) - 2, 0)))
    last = min(k + 1, len(knots) - 1)
    before, after = (scene.pose[j, body].astype(float) for j in (k, last))
    share = float(np.clip(-knots[k] / (knots[last] - knots[k]), 0.0, 1.0)) if last > k else 0.0
    return interpolate(Pose(before[:, :4], before[:, 4:]), Pose(after[:, :4], after[:, 4:]), np.full(len(before), share))


def _rays(origin: Array, direction: Array) -> Rays:
    n = len(direction)
    place, way = (np.ascontiguousarray(a, np.float32).reshape(n, 3) for a in (origin, direction))
    return Rays(place, way, np.zeros(n, np.float32))


def _rows(met: _Met, rows) -> _Met:
    return _Met(*(getattr(met, f.name)[rows] for f in fields(_Met)))


def _within(met: _Met, reach_m: float) -> _Met:
    return _rows(met, np.flatnonzero(met.way_m < reach_m))
