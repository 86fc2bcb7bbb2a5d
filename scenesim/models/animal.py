"""Animals from the recipes in assets/animals: a skinned coat, with eyes, and antlers or horns where there are any.

Model frame: x forward, feet on z = 0. All numbers of a recipe but `withers_m` are in withers heights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry import solids
from scenesim.geometry.implicit import Solid, fractal_noise, mesh, refine, smooth_step, unit, vertex_normals
from scenesim.geometry.mesh import Mesh, Surface, corner_normals, join, make
from scenesim.geometry.rough import ball, grounded, sheet, soft_box
from scenesim.geometry.soft import placed
from scenesim.models import biped_animal, pedestrian, quadruped
from scenesim.models.model import Model, Part, rest, tight_box
from scenesim.models.posture import Saddle
from scenesim.models.quadruped import LEGS, AnimalSkin, Skeleton

Array = NDArray[np.float64]
FUR, HORN = Surface("object_fur"), Surface("object_horn")
FOOT, SOLE = 0.07, 0.012  # height of a foot; what is lower than its sole touches the ground
THIN = 0.76  # radius, in cells of the mesh, of the thinnest leg that it still holds


@dataclass(frozen=True)
class Recipe:
    """withers_m: height at the withers. Lengths in withers heights.

    trunk: from the hips' joint to the shoulders'. chest_deep, belly_deep, wide: of the barrel. neck: (forward, up) from its
    foot to the head's joint; neck_r: half depths at both ends. head: length; head_pitch_deg: below the horizontal; skull,
    muzzle: half widths; ears: length, (side, forward, up) direction, half width; tail: (back, up) points, radii.
    eye: (share of the head, half skulls to the side, and up); udder: radius.
    leg_r: thickness of the legs; foot: half length of a hoof or paw. arch: how much the back rises over the loin; hump: over
    the shoulders. wool: depth of a fleece; bell: length of what hangs from a moose's throat; palms: of its antlers. ridden:
    somebody sits on it. cell: edge of the coat's mesh, about half of that at the head.
    """

    source: str
    withers_m: float
    body_length_m: float
    trunk: float
    chest_deep: float
    belly_deep: float
    wide: float
    neck: tuple[float, float]
    neck_r: tuple[float, float]
    head: float
    head_pitch_deg: float
    skull: float
    muzzle: float
    ear: float
    ear_direction: tuple[float, float, float]
    ear_width: float
    tail: tuple[tuple[float, float], ...]
    tail_r: tuple[float, float]
    leg_r: float
    foot: float
    hoof: bool
    coats: tuple[dict[str, Any], ...]
    arch: float = 0.0
    antlers: float = 0.0
    horns: float = 0.0
    mane: float = 0.0
    snout: float = 0.0
    pattern: str = ""
    jaw: float = 1.0
    udder: float = 0.0
    eye: tuple[float, float, float] = (0.20, 0.84, 0.28)
    eye_r: float = 0.020
    cell: float = 0.031
    wool: float = 0.0
    hump: float = 0.0
    bell: float = 0.0
    palms: float = 0.0
    ridden: bool = False


def read(name: str) -> Recipe:
    """The recipe of a species."""
    data = assets.read("animals", name)
    return Recipe(
        **{k: tuple(map(tuple, v)) if k == "tail" else tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    )


def build(name: str, key: Key, **options: Any) -> Model:
    """An animal that stands, or walks as GAIT_RAD and SPEED_M_S say. coat: number of its coat; drawn if left out. Raises
    InputError for an option that there is not."""
    for option in options:
        if option != "coat":
            raise InputError(f'{name} has no option "{option}"{did_you_mean(option, ("coat",))}')
    if assets.read("animals", name).get("family") == "biped":
        return _on_two_legs(name, key, options)
    r = read(name)
    g = generator(derive(key, "animal", name))
    number = int(options.get("coat", g.integers(len(r.coats))))
    if not 0 <= number < len(r.coats):
        raise InputError(f"{name}: coat {number}; 0 to {len(r.coats) - 1} are possible")
    body = _Body(r)
    m, bones, weights = body.whole(r.coats[number], float(g.uniform(0, 99)))
    skin = AnimalSkin(body.skeleton, m.vertices, bones, weights)
    posed = skin.vertices(rest())
    m = Mesh(posed, m.triangles, corner_normals(posed, m.triangles, 60.0), m.uv, m.surface, m.surfaces, m.color)
    parts: tuple[Part, ...] = (Part(name, m, skin=skin),)
    attributes = [("coat", str(r.coats[number].get("name", number))), ("species", name), ("withers_m", f"{r.withers_m:.3f}")]
    if r.ridden:
        who, told = pedestrian.rider(_saddle(r), 4 + 3 * number)
        parts += (
            who,
            Part("saddle", join([*_reins(r, body), placed(_leather(r), (_saddle(r).x, 0.0, _saddle(r).hips - 0.085))])),
        )
        attributes += told
    size, center = tight_box(parts)
    return Model(name, "animal", parts, size, center, attributes=tuple(attributes))


def _saddle(r: Recipe) -> Saddle:
    """Where somebody sits on a horse, hands with the reins before the withers."""
    back = (0.80 + 0.78 * 0.20 + r.arch) * r.withers_m
    feet = ((0.02, r.wide * r.withers_m + 0.10, back - 0.66), 0.55)
    return Saddle(-0.06 * r.withers_m, back + 0.085, (0.34, 0.08, back + 0.26), 0.05, None, feet, "bike_helmet")


def _reins(r: Recipe, body: _Body) -> list[Mesh]:
    """From the hands to the bit."""
    s, e = _saddle(r), body.nose - body.direction * 0.10 * r.head * r.withers_m
    hand = (s.x + s.hands[0], s.hands[1], s.hands[2])
    bit = (float(e[0]), r.muzzle * r.withers_m, float(e[2]))
    flip = np.array([1.0, -1.0, 1.0])
    return [
        solids.tube([hand * f, bit * f], 0.008, Surface("object_textile"), sides=6, color=(0.03, 0.02, 0.012))
        for f in (np.ones(3), flip)
    ]


def _leather(r: Recipe) -> Mesh:
    """A saddle."""
    u = r.withers_m
    return soft_box(
        (0.30 * u, 1.5 * r.wide * u, 0.055 * u), 0.02 * u, Surface("object_textile"), cells=8, color=(0.045, 0.022, 0.012)
    )


def _on_two_legs(name: str, key: Key, options: dict[str, Any]) -> Model:
    recipe = assets.read("animals", name)
    g = generator(derive(key, "animal", name))
    number = int(options.get("coat", g.integers(len(recipe["coats"]))))
    if not 0 <= number < len(recipe["coats"]):
        raise InputError(f"{name}: coat {number}; 0 to {len(recipe['coats']) - 1} are possible")
    coat = recipe["coats"][number]
    m, skin = biped_animal.build(recipe, coat, float(g.uniform(0, 99)))
    parts = (Part(name, m, skin=skin),)
    size, center = tight_box(parts)
    told = (
        ("coat", coat["name"]),
        ("species", name),
        ("stride_m", f"{skin.stride_m:.4f}"),
        ("withers_m", f"{recipe['withers_m']:.3f}"),
    )
    return Model(name, "animal", parts, size, center, attributes=told)


def stride_m(model: Model, speed_m_s: float) -> float:
    """Run of an animal in one cycle of GAIT_RAD, m."""
    told = dict(model.attributes)
    return float(told["stride_m"]) if "stride_m" in told else quadruped.stride_length_m(withers_m(model), speed_m_s)


def withers_m(model: Model) -> float:
    """Height at the withers, m."""
    return float(dict(model.attributes)["withers_m"])


def lying(name: str, size: Array) -> list[Mesh]:
    """The animal dead on its side, legs askew, as one rigid mesh."""
    r = read(name)
    body = _Body(r)
    m, bones, weights = body.whole(r.coats[0], 3.0)
    v = AnimalSkin(body.skeleton, m.vertices, bones, weights).collapsed()
    limp = Mesh(v, m.triangles, corner_normals(v, m.triangles, 60.0), m.uv, m.surface, m.surfaces, m.color)
    return [grounded([placed(limp, roll=np.pi / 2)], size)]


class _Body:
    """The solids of an animal about its skeleton, in m."""

    def __init__(self, r: Recipe):
        self.r, self.u, self.thin = r, r.withers_m, THIN * r.cell
        self.skeleton = Skeleton.of(r.withers_m, r.trunk, r.neck, 0.42 * r.wide + 0.045, r.tail[-1])
        self.direction = np.array([np.cos(np.radians(r.head_pitch_deg)), 0.0, -np.sin(np.radians(r.head_pitch_deg))])
        self.above = np.array([-self.direction[2], 0.0, self.direction[0]])
        self.brow = self.joint("head") + self.direction * 0.05 * self.u
        self.nose = self.brow + self.direction * 0.80 * r.head * self.u

    def joint(self, name: str) -> Array:
        return self.skeleton.rest[quadruped.BONE[name]]

    def at(self, x: float, y: float, z: float) -> Array:
        return np.array([x, y, z]) * self.u

    def whole(self, coat: dict[str, Any], shift: float) -> tuple[Mesh, NDArray[np.int32], Array]:
        """The mesh of the rest pose with bones (V, 4) and weights (V, 4)."""
        solid, u = self.solid(), self.u
        low, high = self._box()
        low[2] = -0.01 * u
        solid.plane((0.0, 0.0, 0.0), (0.0, 0.0, -1.0))
        v, f = mesh(solid, low, high, self.r.cell * u, 1)
        head = self.joint("head")

        def fine(p: Array) -> Array:
            near = np.sqrt(((p - (head + self.nose) / 2) ** 2).sum(1)) < 0.72 * self.r.head * u + 0.02 * u
            return np.where(near, 0.58 * self.r.cell * u, 9.0)

        v, f = refine(solid, v, f, fine)
        if self.r.mane:
            v = (
                v
                + vertex_normals(v, f)
                * (self.r.mane * self._ridge(v) * (0.6 + 0.4 * fractal_noise(v / (0.05 * u) + shift, 2)) * u)[:, None]
            )
        if self.r.wool:
            v = v + vertex_normals(v, f) * (self._fleece(v) * u)[:, None]
        self._stand(v)
        parts = [make(v, f, FUR, smooth_deg=60.0, color=self.paint(v, vertex_normals(v, f), coat, shift))]
        hard = self.horns(coat)
        for e in (1, -1):
            forward, side, up = self.r.eye
            at = (
                self.brow
                + self.direction * forward * self.r.head * u
                + self.above * up * self.r.skull * u
                + self.at(0, e * side * self.r.skull, 0)
            )
            hard.append(placed(ball((self.r.eye_r * u,) * 3, HORN, rounds=1, color=(0.012, 0.008, 0.006)), at))
        m = join([*parts, *hard])
        w = self.skeleton.weights(m.vertices)
        w[len(v) :] = 0.0
        w[len(v) :, quadruped.BONE["head"]] = 1.0
        top = np.argsort(-w, axis=1, kind="stable")[:, :4]
        share = np.take_along_axis(w, top, 1)
        return m, np.ascontiguousarray(top, np.int32), np.ascontiguousarray(share / share.sum(1, keepdims=True))

    def _box(self) -> tuple[Array, Array]:
        """Corners of a box about the coat, close, because its volume is what meshing costs."""
        r, u, rest_pose = self.r, self.u, self.skeleton.rest
        ear = unit(r.ear_direction)
        tail = float(self.joint("tail")[0]) - (max(back for back, _ in r.tail) + 0.09) * u
        half = max(r.wide + 0.03, 0.58 * r.skull + r.ear * ear[0] + 0.03, float(rest_pose[:, 1].max()) / u + 0.085) * u
        nose = max(float(self.nose[0]), float(rest_pose[:, 0].max()) + 0.10 * u) + 0.05 * u
        above = max(float(self.joint("head")[2]) + (0.09 + r.ear * max(ear[2], 0.0)) * u, 1.04 * u)
        above = max(above, float(self.joint("tail")[2]) + (max(up for _, up in r.tail) + 0.05) * u)
        return np.array([min(tail, float(rest_pose[:, 0].min()) - 0.15 * u), -half, 0.0]), np.array(
            [nose, half, above + r.mane * u]
        )

    def _fleece(self, v: Array) -> Array:
        """Depth of wool, in withers heights: on trunk and neck, in curls."""
        r, u = self.r, self.u
        bare = smooth_step(0.40, 0.52, v[:, 2] / u)
        head = np.sqrt(((v - (self.brow + self.nose) / 2) ** 2).sum(1))
        bare = bare * smooth_step(0.55 * r.head * u, 0.80 * r.head * u, head)
        return r.wool * bare * (0.55 + 0.9 * np.abs(fractal_noise(v / (0.085 * u), 2)))

    def _stand(self, v: Array) -> None:
        """Stretch each foot of the coat to the ground, and make its sole flat; v is changed in place."""
        u = self.u
        for leg in LEGS:
            foot = self.joint(f"{leg}_fetlock")
            near = (np.abs(v[:, 0] - foot[0]) < 0.16 * u) & (v[:, 1] * foot[1] > 0) & (v[:, 2] < FOOT * u)
            low = float(v[near, 2].min())
            z = FOOT * u * (v[near, 2] - low) / (FOOT * u - low)
            v[near, 2] = np.where(z < SOLE * u, 0.0, z)

    def _ridge(self, p: Array) -> Array:
        """Share of the mane: along the top of the neck and the front of the back."""
        a, b = self.joint("neck"), self.joint("head")
        t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), -1.6, 1.05)
        over = (p - a - t[:, None] * (b - a)) @ unit([-(b - a)[2], 0, (b - a)[0]])
        return np.clip(1 - np.abs(p[:, 1]) / (0.05 * self.u), 0, 1) * (over > 0.02 * self.u) * (t > -1.5) * (t < 1.0)

    def solid(self) -> Solid:
        r, u, s = self.r, self.u, Solid()
        xb, xf = -r.trunk / 2, r.trunk / 2
        w, c, b = r.wide, r.chest_deep, r.belly_deep
        line = 0.80
        up = 1.0 - line
        # rings: share, side, up, half width, above, below, exponent. The barrel from the buttocks to the breast.
        s.loft(
            self.at(xb - 0.15, 0, line),
            self.at(xf + 0.15, 0, line),
            (0, 0, 1),
            [
                (0, 0, -0.03 * u, 0.030 * u, 0.05 * u, 0.06 * u, 2),
                (0.07, 0, 0.0, 0.70 * w * u, 0.75 * up * u, 0.62 * b * u, 2.1),
                (0.18, 0, 0.0, 0.92 * w * u, (0.92 * up + r.arch) * u, 0.86 * b * u, 2.2),
                (0.38, 0, 0, 0.92 * w * u, (0.78 * up + r.arch) * u, b * u, 2.2),
                (0.58, 0, 0, w * u, (0.80 * up + 0.5 * r.arch) * u, 0.5 * (b + c) * u, 2.2),
                (0.76, 0, 0, 0.95 * w * u, 0.99 * up * u, c * u, 2.2),
                (0.89, 0, -0.02 * u, 0.76 * w * u, 0.96 * up * u, 0.84 * c * u, 2.1),
                (0.97, 0, -0.04 * u, 0.46 * w * u, 0.55 * up * u, 0.52 * c * u, 2),
                (1, 0, -0.05 * u, 0.20 * w * u, 0.20 * up * u, 0.24 * c * u, 2),
            ],
            0.03 * u,
        )
        if r.hump:
            s.ellipsoid(self.at(xf - 0.06, 0, 0.955), self.at(0.17, 0.062, r.hump + 0.02), 0.06 * u)
        if r.bell:
            throat = self.joint("head") + self.direction * 0.10 * u - self.above * 0.9 * r.skull * u
            s.tube(throat, throat - self.at(0.01, 0, r.bell), 0.026 * u, 0.016 * u, 0.03 * u)
        if r.udder:
            s.ellipsoid(self.at(xb + 0.22, 0, line - b + 0.02), self.at(1.25 * r.udder, r.udder, r.udder), 0.05 * u)
        self._neck_and_head(s)
        self._tail(s)
        for leg in LEGS:
            (self._front if leg[0] == "f" else self._hind)(s, leg)
        return s

    def _neck_and_head(self, s: Solid) -> None:
        r, u = self.r, self.u
        base, head = self.joint("neck"), self.joint("head")
        n0, n1 = np.array(r.neck_r) * u
        a = base - self.at(0.12, 0, 0.10)
        along = unit(head - a)
        front = np.array([along[2], 0.0, -along[0]])  # the throat's side
        thin = 0.66
        s.loft(
            a,
            head + along * 0.04 * u,
            front,
            [
                (0, 0, 0, 0.9 * thin * n0, 0.95 * n0, 0.8 * n0, 2),
                (0.25, 0, 0, thin * n0, n0, n0, 2.1),
                (0.6, 0, 0, thin * (0.45 * n0 + 0.55 * n1), 0.4 * n0 + 0.6 * n1, 0.45 * n0 + 0.55 * n1, 2.1),
                (0.92, 0, 0, 0.80 * n1, n1, n1, 2),
                (1, 0, 0, 0.62 * n1, 0.8 * n1, 0.8 * n1, 2),
            ],
            0.10 * u,
        )
        d, k, m, length = self.direction, r.skull * u, r.muzzle * u, r.head * u
        jaw = r.jaw
        s.loft(
            self.brow - d * 0.22 * length,
            self.brow + d * 0.80 * length,
            self.above,
            [
                (0, 0, 0, 0.55 * k, 0.55 * k, 0.6 * k, 2),
                (0.14, 0, 0, 0.98 * k, 0.92 * k, 1.1 * jaw * k, 2),
                (0.34, 0, 0, k, 0.86 * k, 1.18 * jaw * k, 2.1),
                (0.52, 0, -0.05 * k, 0.5 * (k + m), 0.45 * (k + m), 0.56 * (k + m), 2.1),
                (0.74, 0, -0.10 * k, m, 0.85 * m, 1.02 * m, 2.1),
                (0.94, 0, -0.12 * k, (0.98 + r.snout) * m, (0.82 + r.snout) * m, (0.92 + r.snout) * m, 2.2 + r.snout),
                (
                    1,
                    0,
                    -0.12 * k,
                    (0.62 + 1.3 * r.snout) * m,
                    (0.52 + 1.3 * r.snout) * m,
                    (0.60 + 1.3 * r.snout) * m,
                    2 + r.snout,
                ),
            ],
            0.03 * u,
        )
        e0 = r.ear * u
        for e in (1, -1):
            direction = unit(np.array([r.ear_direction[1], e * r.ear_direction[0], r.ear_direction[2]]))
            root = self.brow - d * 0.06 * length + self.above * 0.66 * k + self.at(0, e * 0.58 * r.skull, 0)
            wide = r.ear_width * u
            flat = unit(np.array([0.9, e * 0.35, 0.1]))
            rings = ((0, 0.55, 0.030), (0.35, 1.0, 0.027), (0.75, 0.72, 0.024), (1, 0.30, 0.015))  # share, width, depth
            profile = [(t, 0, 0, w * wide, q * u, q * u, 2) for t, w, q in rings]
            s.loft(root - direction * 0.02 * u, root + direction * e0, flat, profile, 0.016 * u)

    def _tail(self, s: Solid) -> None:
        r, u = self.r, self.u
        p = self.joint("tail") + self.at(0.05, 0, -0.01)
        n = len(r.tail)
        for k, (back, up) in enumerate(r.tail):
            q = self.joint("tail") + self.at(-back, 0, up)
            a, b = np.interp([k / n, (k + 1) / n], [0, 1], r.tail_r) * u
            s.tube(p, q, max(a, self.thin * u), max(b, self.thin * u), 0.03 * u)
            p = q

    def _front(self, s: Solid, leg: str) -> None:
        u, k = self.u, self.r.leg_r
        top, elbow, carpus, fetlock = (self.joint(f"{leg}_{n}") for n in quadruped.PARTS)
        e = np.sign(elbow[1])
        s.ellipsoid(
            (0.45 * top + 0.55 * elbow) + self.at(0.03, -e * 0.012, 0.0),
            self.at(0.115, 0.060, 0.185) * (0.72 + 0.28 * k),
            0.06 * u,
        )
        s.tube(elbow + self.at(0, 0, 0.03), carpus, 0.054 * k * u, 0.030 * k * u, 0.05 * u)
        s.ellipsoid(carpus, self.at(0.033, 0.031, 0.042) * k, 0.02 * u)
        s.tube(carpus, fetlock, max(0.0245 * k, self.thin) * u, max(0.0225 * k, self.thin) * u, 0.015 * u)
        self._foot(s, fetlock)

    def _hind(self, s: Solid, leg: str) -> None:
        u, k = self.u, self.r.leg_r
        hip, knee, hock, fetlock = (self.joint(f"{leg}_{n}") for n in quadruped.PARTS)
        e = np.sign(knee[1])
        s.ellipsoid(
            (hip + knee) / 2 + self.at(-0.055, -e * 0.012, 0.02), self.at(0.150, 0.076, 0.195) * (0.72 + 0.28 * k), 0.06 * u
        )
        s.tube(knee + self.at(-0.03, 0, 0), hock, 0.080 * k * u, 0.032 * k * u, 0.05 * u)
        s.ellipsoid(hock + self.at(-0.016, 0, 0.012), self.at(0.032, 0.026, 0.042) * k, 0.02 * u)
        s.tube(hock, fetlock, max(0.028 * k, self.thin) * u, max(0.0235 * k, self.thin) * u, 0.015 * u)
        self._foot(s, fetlock)

    def _foot(self, s: Solid, fetlock: Array) -> None:
        u, k, f = self.u, self.r.leg_r, self.r.foot * self.u
        toe = np.array([fetlock[0] + 0.55 * f, fetlock[1], 0.0])
        s.tube(
            fetlock, toe + [-0.25 * f, 0, 0.055 * u], max(0.025 * k, self.thin) * u, max(0.026 * k, self.thin) * u, 0.015 * u
        )
        low = toe + [0.30 * f, 0, -0.012 * u]
        high = toe + [-0.20 * f, 0, 0.060 * u]
        wide = 0.62 * f
        s.loft(
            high,
            low,
            (1, 0, 0.3),
            [
                (0, 0, 0, 0.72 * wide, 0.40 * f, 0.5 * f, 2),
                (0.55, 0, 0, 0.92 * wide, 0.72 * f, 0.62 * f, 2.2),
                (0.85, 0, 0, wide, 0.86 * f, 0.66 * f, 2.4),
                (1, 0, 0, 0.96 * wide, 0.82 * f, 0.62 * f, 2.4),
            ],
            0.012 * u,
        )

    def horns(self, coat: dict[str, Any]) -> list[Mesh]:
        """Antlers of a buck, horns of a cow, tusks of a boar (negative horns)."""
        r, u = self.r, self.u
        rgb = tuple(coat.get("horn", (0.22, 0.16, 0.10)))
        out: list[Mesh] = []
        root = self.brow + self.above * 0.75 * r.skull * u - self.direction * 0.02 * u
        for e in (1, -1):
            if r.antlers:
                a = r.antlers * u
                p = root + self.at(0, e * 0.45 * r.skull, 0)
                beam = [
                    p,
                    p + np.array([-0.10, e * 0.16, 0.35]) * a,
                    p + np.array([-0.06, e * 0.30, 0.72]) * a,
                    p + np.array([0.06, e * 0.28, 1.0]) * a,
                ]
                out.append(solids.tube(beam, np.array([0.020, 0.017, 0.013, 0.005]) * u, HORN, sides=8, color=rgb))
                for k, tip in ((1, (0.26, e * 0.02, 0.16)), (2, (-0.20, e * 0.04, 0.20))):
                    out.append(
                        solids.tube(
                            [beam[k], beam[k] + np.array(tip) * a], np.array([0.013, 0.004]) * u, HORN, sides=7, color=rgb
                        )
                    )
            if r.palms:
                out.append(self._palm(root, e, rgb))
            if r.horns > 0:
                p, a = root + self.at(0, e * 0.70 * r.skull, -0.02), r.horns * u
                curve = [
                    p,
                    p + np.array([0.0, e * 0.45, 0.10]) * a,
                    p + np.array([0.10, e * 0.80, 0.35]) * a,
                    p + np.array([0.20, e * 0.85, 0.80]) * a,
                ]
                out.append(solids.tube(curve, np.array([0.026, 0.023, 0.016, 0.005]) * u, HORN, sides=9, color=rgb))
            if r.horns < 0:
                p, a = (
                    self.nose - self.direction * 0.12 * r.head * u + self.at(0, e * 0.92 * r.muzzle, -0.6 * r.muzzle),
                    -r.horns * u,
                )
                out.append(
                    solids.tube(
                        [p, p + np.array([0.2, e * 0.6, 0.25]) * a, p + np.array([0.05, e * 0.75, 0.9]) * a],
                        np.array([0.012, 0.010, 0.003]) * u,
                        HORN,
                        sides=7,
                        color=(0.62, 0.58, 0.48),
                    )
                )
        return out

    def _palm(self, root: Array, e: int, rgb: tuple[float, ...]) -> Mesh:
        """One antler of a moose: a stem, a broad flat palm, and points along its edge."""
        a, u = self.r.palms * self.u, self.u
        p = root + self.at(0, e * 0.55 * self.r.skull, -0.01)
        fork = p + np.array([-0.02, e * 0.38, 0.06]) * a
        meshes = [solids.tube([p, fork], np.array([0.024, 0.022]) * u, HORN, sides=8, color=rgb)]
        edge = [
            np.array(q)
            for q in ((0.34, 0.40, 0.08), (0.30, 0.68, 0.26), (0.16, 0.92, 0.44), (-0.04, 1.06, 0.56), (-0.22, 1.06, 0.62))
        ]
        for k, q in enumerate(edge):
            tip = p + q * [1, e, 1] * a
            base = fork + (tip - fork) * 0.62
            meshes.append(
                solids.tube(
                    [fork + (base - fork) * 0.1, base, tip], np.array([0.018, 0.015, 0.003]) * u, HORN, sides=6, color=rgb
                )
            )
            if k:
                other = fork + (p + edge[k - 1] * [1, e, 1] * a - fork) * 0.62
                web = np.array([[fork + q * (end - fork) for q in (0.1, 0.5, 1.0)] for end in (other, base)])
                web = web if e > 0 else web[::-1]
                meshes.append(sheet(web + np.array([[[0, 0, 0.002 * u]]]), 0.010 * u, HORN, color=rgb))
        return join(meshes)

    def paint(self, p: Array, n: Array, coat: dict[str, Any], shift: float) -> Array:
        """(V, 3) colours of a coat: base, back, belly, legs, muzzle, feet, rump and mane where it names them."""
        r, u = self.r, self.u
        color = np.tile(np.asarray(coat["base"], float), (len(p), 1))
        z, x = p[:, 2] / u, p[:, 0] / u

        def mix(share: Array, name: str) -> None:
            nonlocal color
            if name in coat:
                s = np.clip(share, 0, 1)[:, None]
                color = (1 - s) * color + s * np.asarray(coat[name], float)

        trunk = (x > -r.trunk / 2 - 0.2) & (x < r.trunk / 2 + 0.12)
        mix(smooth_step(0.35, 0.75, -n[:, 2]) * (z > 0.38), "belly")
        mix(smooth_step(0.55, 0.95, n[:, 2]) * trunk * (z > 0.7), "back")
        if r.pattern == "patches":
            patch = fractal_noise(p / (0.38 * u) + shift, 2)
            mix(smooth_step(-0.10, -0.04, patch) * (z > 0.25), "patch")
            mix(
                (np.sqrt(((p - self.nose) ** 2).sum(1)) < 0.62 * r.head * u) * (np.abs(p[:, 1]) < 0.42 * r.skull * u) * 1.0,
                "blaze",
            )
        if r.pattern == "stripes":
            stripe = np.sin((x * 40 + 0.8 * fractal_noise(p / (0.2 * u) + shift, 2)) * 1.0)
            mix(smooth_step(0.25, 0.65, stripe) * (np.abs(n[:, 0]) < 0.8) * (z > 0.15) * 0.8, "patch")
        if r.pattern == "saddle":
            mix(smooth_step(0.64, 0.76, z + 0.05 * fractal_noise(p / (0.1 * u) + shift, 2)) * (x < r.trunk / 2 + 0.02), "patch")
        mix(smooth_step(0.45, 0.30, z), "legs")
        mix(smooth_step(-r.trunk / 2 - 0.06, -r.trunk / 2 - 0.13, x) * (z > 0.62) * (z < 0.96), "rump")
        mix(self._ridge(p) * 1.0, "mane")
        mix((x < -r.trunk / 2 - 0.13) * (np.abs(p[:, 1]) < 0.09 * u) * smooth_step(0.78, 0.70, z) * ("tail" in coat), "tail")
        reach = np.sqrt(((p - self.nose) ** 2).sum(1)) / (r.head * u)
        mix(smooth_step(0.40, 0.26, reach), "muzzle")
        mix(smooth_step(0.16, 0.11, reach - 0.02 * (n[:, 2] > 0)), "nose")
        mix((z < 0.055 if r.hoof else z < -1) * 1.0, "feet")
        tone = 1 + 0.10 * fractal_noise(p / u * [26, 70, 40] + shift, 2) + 0.10 * fractal_noise(p / (0.22 * u) + shift, 2)
        return np.clip(color * tone[:, None], 0, 1)
