"""People from the recipes in assets/people: a body, its clothes and what it carries, as one skinned part.

Every garment, the head, the hair and each hand and shoe is a closed mesh of its own, so that hems and cuffs keep a crisp
outline; skin that cloth hides is not built. GAIT_RAD and SPEED_M_S move it (models/gait.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive
from scenesim.geometry import solids
from scenesim.geometry.implicit import Solid, cut, mesh, refine, value_noise, vertex_normals
from scenesim.geometry.implicit import fractal_noise as noise
from scenesim.geometry.mesh import Mesh, Surface, corner_normals
from scenesim.models import aids, arms, gait, head_shape, limb_ends, manner, wardrobe
from scenesim.models.body_shape import ARMS_OUT, SIDES, Body, add_arm, add_leg
from scenesim.models.head_shape import HeadFrame
from scenesim.models.identity import CHILD_BELOW_M, Identity, draw
from scenesim.models.manner import Manner
from scenesim.models.model import DRIVER, LEAD, Model, Part, rest, tight_box
from scenesim.models.posture import Saddle
from scenesim.models.skeleton import IN_FIST, UNDER_PALM, Walker, about_z
from scenesim.models.skinning import Binding, HangingCloth, PersonSkin, hanging_cloth, strongest
from scenesim.models.wardrobe import Bottom, Line, Paint, Top

Array = NDArray[np.float64]
Weights = Callable[[Array], Array]  # points (n, 3) -> weights of the bones (n, 19)

# Edge lengths of the meshes of an adult, m. Smaller people get somewhat finer ones.
HEAD_CELL_M, HAND_CELL_M, SKIN_CELL_M = 0.0145, 0.0115, 0.030
ARM_CELL_M, CLOTH_CELL_M, SHOE_CELL_M, HAIR_CELL_M = 0.021, 0.0325, 0.0205, 0.0165
MOST_TRIANGLES = 16000
FRAMES = ((0.10, 0.10, 0.11), (0.16, 0.02, 0.025), (0.03, 0.07, 0.18), (0.35, 0.355, 0.36))  # paint of wheelchairs
BABY_TURN_RAD = 2.5
PAINT_EDGE_M = 0.0012  # over which one colour goes over into the next
SMOOTH_DEG = 60.0  # as scene/prototypes.py does when it bends people


def build(name: str, key: Key, **options: Any) -> Model:
    """A person of a recipe; options fix what the key would draw (identity.py says which). Raises InputError for what there is
    not."""
    who = draw(name, key, options)
    body = Body(who.figure)
    does = manner.of(body, who.mobility, who.carries, who.bag, who.posture)
    walker = gait.walker(body, who.stance, **does.walker)
    # Coarser by so much, 15 of 21 people drawn from the recipes fit at once, and nobody is dressed three times.
    much = (
        0.1 * (who.bag == "backpack" and who.figure.height_m > CHILD_BELOW_M)
        + 0.14 * (who.over != "none")
        + 0.25 * (who.carries == "baby")
    )
    tailor = _Tailor(who, body, does, walker, float(np.sqrt(body.k)) * (1.13 + much))
    for _ in range(3):  # who wears still more gets coarser meshes
        tailor.dress()
        if tailor.triangles <= MOST_TRIANGLES:
            break
        tailor = _Tailor(who, body, does, walker, tailor.fine * float(np.sqrt(tailor.triangles / (0.96 * MOST_TRIANGLES))))
    parts = (tailor.part(name), *_aids(who, body))
    size, center = tight_box(tuple(p for p in parts if p.name != LEAD))
    h = who.figure.height_m
    worn = [n for n in (who.over, who.top, who.bottom, who.shoes, who.hat, who.bag) if n != "none"]
    attributes = {
        "age_group": who.age_group, "age_years": f"{who.figure.age_years:.0f}",
        "sex": "female" if who.figure.female else "male",
        "skin_tone_monk": str(who.skin_tone), "clothing": ", ".join(worn), "outfit": who.outfit, "hair": who.hair,
        "mobility": who.mobility, "carries": who.carries, "posture": who.posture, "height_m": f"{h:.2f}",
        "leg_m": f"{tailor.walker.leg_m:.3f}",
    }  # fmt: skip
    return Model(
        name, "child" if h < CHILD_BELOW_M else "pedestrian", parts, size, center,
        attributes=tuple(sorted(attributes.items())),
    )  # fmt: skip


# Riders are as tall as the machines are made for.
RIDERS = ("adult_man", "adult_woman", "adult_man", "teenager", "older_man", "adult_woman")
SPORTY = ("casual", "sport", "summer", "office")


def rider(saddle: Saddle, variant: int) -> tuple[Part, tuple[tuple[str, str], ...]]:
    """Who rides a bicycle or a motorcycle, in the frame of its rear axle, and what was drawn of them; one of a few."""
    name, key = RIDERS[variant % len(RIDERS)], derive(Key(0), "rider", variant)
    machine = saddle.hat == "full_helmet"
    said: dict[str, Any] = {"height_m": 1.75, "mobility": "none", "carries": "none", "posture": "sit", "bag": "none"}
    said |= {"outfit": "leather" if machine else SPORTY[variant % len(SPORTY)]}
    said |= {"top_color": "1c1c1e", "bottom_color": "1a1a1c"} if machine else {"over": "vest"} if variant % 3 == 2 else {}
    said |= {"hat": saddle.hat} if machine or variant % 3 != 1 else {}
    who = draw("adult_man" if machine else name, key, said)
    body, does = Body(who.figure), manner.on(saddle)
    tailor = _Tailor(who, body, does, gait.walker(body, who.stance, **does.walker), 1.20)
    tailor.dress()
    part = tailor.part(DRIVER)
    surfaces = tuple(replace(s, class_name="rider") for s in part.mesh.surfaces)
    told = {"rider_sex": "female" if who.figure.female else "male", "rider_skin_tone_monk": str(who.skin_tone)}
    told |= {"rider_age_group": who.age_group, "rider_hat": who.hat}
    mesh = replace(part.mesh, surfaces=surfaces)
    return replace(part, mesh=mesh, model_from_part=Pose.of((saddle.x, 0.0, 0.0))), tuple(sorted(told.items()))


def stride_m(model: Model, speed_m_s: float) -> float:
    """Run of a person in one cycle of GAIT_RAD, m: a stride, or a push of a wheelchair."""
    said = dict(model.attributes)
    return manner.stride_m(said, gait.stride_length_m(float(said["leg_m"]), speed_m_s))


def _aids(who: Identity, body: Body) -> list[Part]:
    """What rolls with a person, or is held by both hands; things of a hand are layers of the body."""
    k, rgb = body.k, who.rgb("bag")
    if who.mobility in manner.SEATED:
        return aids.wheelchair(manner.chair_scale(body), FRAMES[who.skin_tone * 7 % len(FRAMES)])
    if who.mobility == "walker":
        return aids.rollator(manner.HANDLE * body.h + body.sole_m + 0.02 * k, 0.25 * k, 0.20 * k, FRAMES[0])
    if who.carries == "suitcase":
        return aids.suitcase(np.array([-0.14 * k, -0.27 * k, 0.435 * body.h]), rgb)
    if who.carries == "box":
        return aids.box(0.34 * k + 0.03, 0.60 * body.h + 0.02)
    if who.carries == "shovel":
        return [aids.shovel(np.array([0.34 * k, -0.02 * k, 0.50 * body.h]), np.array([0.62 * k, -0.10 * k, 0.36 * body.h]))]
    if who.carries == "dog":
        return [aids.lead(*manner.lead(body.h))]
    return []


@lru_cache(maxsize=1)
def _cuts() -> tuple[dict[str, Top], dict[str, Bottom]]:
    clothes = assets.read("people", "clothes")
    return {n: Top(**v) for n, v in clothes["tops"].items()}, {n: Bottom(**v) for n, v in clothes["bottoms"].items()}


@dataclass(frozen=True)
class _Layer:
    """A closed mesh of the rest pose. material: (T,) index into materials. hangs: it clears the legs."""

    vertices: Array
    triangles: NDArray[np.int32]
    color: Array
    material: NDArray[np.int32]
    materials: tuple[str, ...]
    weights: Array
    hangs: bool


class _Tailor:
    """Makes the layers of one person. fine: factor of all edge lengths."""

    def __init__(self, who: Identity, body: Body, does: Manner, walker: Walker, fine: float):
        self.who, self.body, self.does, self.binding, self.walker = who, body, does, Binding(body), walker
        self.layers: list[_Layer] = []
        self.fine = fine

    @property
    def triangles(self) -> int:
        """Number of triangles so far."""
        return sum(len(x.triangles) for x in self.layers)

    def add(
        self,
        solid: Solid,
        box: tuple[Any, Any],
        cell_m: float,
        paint: Paint,
        material: str,
        weights: Weights,
        *,
        rounds: int = 2,
        refinements: Sequence[Callable[[Array], Array]] = (),
        displace: Callable[[Array], Array] | None = None,
        lines: Sequence[tuple[Line, bool]] = (),
        special: tuple[Line, str] | None = None,
        hangs: bool = False,
    ) -> None:
        """Mesh, displace along the normals, cut along lines of colour (and whether it ends there crisply, or
        fades over a triangle), paint, and bind to the bones. special: outline and material of what differs."""
        v, f = mesh(solid, box[0], box[1], cell_m * self.fine, rounds)
        for length in refinements:
            v, f = refine(solid, v, f, length)
        if displace is not None:
            v = v + vertex_normals(v, f) * displace(v)[:, None]
        for line, crisp in lines:
            for shift in (0.0, PAINT_EDGE_M) if crisp else (0.0,):
                v, f = cut(v, f, line(v) - shift, 0.0003)
        kind = np.zeros(len(f), np.int32)
        materials: tuple[str, ...] = (material,)
        if special is not None:
            kind[special[0](v[f].mean(1)) < PAINT_EDGE_M / 2] = 1
            materials = (material, special[1])
        self.layers.append(_Layer(v, f, paint(v), kind, materials, weights(v), hangs))

    def add_mesh(self, m: Mesh, rgb: Array, material: str, weights: Weights) -> None:
        """A mesh that is ready, in the frame of the body."""
        color = np.tile(rgb, (len(m.vertices), 1))
        kind = np.zeros(len(m.triangles), np.int32)
        self.layers.append(_Layer(m.vertices, m.triangles, color, kind, (material,), weights(m.vertices), False))

    def dress(self) -> None:
        tops, bottoms = _cuts()
        self._head()
        self._bare_limbs(tops[self.who.top], bottoms[self.who.bottom])
        if self.who.bottom != "none":
            self._bottom(bottoms[self.who.bottom], tops[self.who.top])
        self._top(tops[self.who.top], "top")
        if self.who.over != "none":
            self._top(tops[self.who.over], "over")
        self._shoes()
        self._hair_and_hat()
        {"backpack": self._backpack, "handbag": self._handbag, "umbrella": self._umbrella}.get(self.who.bag, lambda: None)()
        self._in_hands()
        if self.who.carries == "baby":
            self._baby()

    def _head(self) -> None:
        b, who, h = self.body, self.who, HeadFrame(self.body)
        solid, neck = head_shape.head(b, who.nose, who.nose_width)
        reach = np.array([0.10, 0.13, 0.13]) * h.scale
        box = (h.centre - [reach[0], reach[1], h.centre[2] - neck + 0.005], h.centre + reach)
        paint = head_shape.face_color(b, who.skin_rgb, who.rgb("hair"), who.rgb("iris"), who.beard)

        def face(p: Array) -> Array:
            x, y, z = h.local(p).T
            x, z = np.abs(x), z - h.eye_z
            near = (y > 0.03) & (z > -0.115) & (z < 0.05) | (x > 0.066) & (np.abs(y + 0.005) < 0.03) & (np.abs(z) < 0.06)
            return np.where(near, 0.0115 * self.fine, 1.0)

        def eyes(p: Array) -> Array:
            x, y, z = h.local(p).T
            x, z = np.abs(x), z - h.eye_z
            near = (y > 0.055) & (x < 0.056) & (z > -0.012) & (z < 0.030) | (y > 0.075) & (x < 0.030) & (z > -0.085) & (
                z < -0.030
            )
            return np.where(near, 0.0068 * self.fine, 1.0)

        self.add(
            solid, box, HEAD_CELL_M, paint, "person_skin", self.binding.head, rounds=3, refinements=(face, face, eyes),
            lines=[(line, False) for line in head_shape.face_lines(b)],
        )  # fmt: skip

    def _skin(self) -> Paint:
        rgb = self.who.skin_rgb
        return lambda p: rgb * (1 + 0.03 * value_noise(p * 160.0)[:, None])

    def _bare_limbs(self, top: Top, bottom: Bottom) -> None:
        b, who, k = self.body, self.who, self.body.k
        skin, bound = self._skin(), self.binding.body_part()
        low = b.hip_m + 0.80 * b.trunk_m
        solid = b.trunk_solid(low=low, high=b.hip_m + 1.12 * b.trunk_m)
        self.add(solid, ((-0.2, -0.2, low), (0.2, 0.2, low + 0.4 * b.trunk_m)), SKIN_CELL_M, skin, "person_skin", bound)
        for side, e in SIDES:
            self._hand(side, e, float(side in self.does.fists))
            if top.sleeve < 1.5:
                s = Solid()
                add_arm(s, b, side, 0.0, 0.0, 1.96, start=0.35, shoulder=False)
                box = _around(b.joint(f"upper_arm_{side}"), b.joint(f"hand_{side}"), 0.09)
                self.add(s, box, ARM_CELL_M, skin, "person_skin", bound)
        if not (bottom.skirt or bottom.length < 1.5 or who.bottom == "none") or top.hem < -2:
            return
        tights = who.bottom in ("none", "skirt") and who.noise < 25
        paint = wardrobe.woven(who.rgb("tights")) if tights else skin
        for side, _ in SIDES:
            s = Solid()
            add_leg(s, b, side, 0.0, 0.0, 0.0, 2.0, start=0.6 if bottom.skirt else 0.45)
            box = _around(b.joint(f"thigh_{side}"), b.joint(f"foot_{side}") - [0, 0, 0.02], 0.13 * k)
            self.add(s, box, SKIN_CELL_M, paint, "person_cloth" if tights else "person_skin", bound)

    def _hand(self, side: str, e: float, grip: float) -> None:
        b, k = self.body, self.body.k
        middle = b.joint(f"hand_{side}") + limb_ends.hand_direction(e) * 0.5 * b.length["hand"]
        reach = 0.13 * k + 0.01
        solid = limb_ends.hand(b, side, e, grip)
        paint, material = self._skin(), "person_skin"
        if self.who.outfit == "leather":  # in gloves
            paint, material = wardrobe.woven(np.full(3, 0.013)), "person_leather"
        self.add(solid, (middle - reach, middle + reach), HAND_CELL_M, paint, material, self.binding.hand(side))

    def _bottom(self, bottom: Bottom, top: Top) -> None:
        b, who, k = self.body, self.who, self.body.k
        solid, low, high = wardrobe.bottom_solid(b, bottom, top.hem)
        rgb = who.rgb("bottom")
        paint = wardrobe.denim(b, rgb) if bottom.material == "person_denim" else wardrobe.woven(rgb)
        if bottom.skirt:
            self.add(
                solid, ((-0.5, -0.5, low - 0.03), (0.5, 0.5, high)), CLOTH_CELL_M, paint, bottom.material,
                self.binding.body_part(0.45), displace=lambda p: 0.009 * k * wardrobe.skirt_folds(b, p), hangs=True,
            )  # fmt: skip
        else:
            depth = 0.0055 * k * bottom.folds
            self.add(
                solid, ((-0.42 * k, -0.3, low), (0.42 * k, 0.3, high)), CLOTH_CELL_M, paint, bottom.material,
                self.binding.body_part(), displace=lambda p: depth * wardrobe.trouser_folds(b, p, who.noise),
            )  # fmt: skip

    def _top(self, top: Top, slot: str) -> None:
        b, who, k = self.body, self.who, self.body.k
        solid, low, high = wardrobe.top_solid(b, top)
        lines, paint, reflecting = wardrobe.pattern(b, top, who.rgb(slot), who.rgb("second"))

        def displace(p: Array) -> Array:
            if top.quilted:
                return np.abs(np.sin(p[:, 2] * np.pi / (0.075 * k))) * 0.012 * k - 0.006
            depth = top.fold_m * k * wardrobe.top_folds(b, p, who.noise)
            if top.long:
                depth = depth + 0.006 * k * wardrobe.skirt_folds(b, p) * (p[:, 2] < b.hip_m)
            return depth

        neck = b.joint("neck")

        def collar(p: Array) -> Array:
            near = (p[:, 2] > neck[2] - 0.05 * b.h) & (np.abs(p[:, 0]) < 0.075 * b.h) & (np.abs(p[:, 1] - neck[1]) < 0.07 * b.h)
            return np.where(near, 0.024 * self.fine, 1.0)

        skirt = 0.0 if top.hem > 0.1 else 0.9 if not top.long else 0.5 if top.hem > -1.3 else 0.40
        coarse = 1.15 if top.long else 1.35 if slot == "top" and who.over != "none" else 1.0
        wide = 0.80 * k
        self.add(
            solid, ((-wide, -0.5, low - 0.04), (wide, 0.5, high + 0.06 * b.h)), CLOTH_CELL_M * coarse, paint,
            top.material, self.binding.body_part(skirt), refinements=(collar,), displace=displace, lines=lines,
            special=None if reflecting is None else (reflecting, "person_reflective"), hangs=top.long,
        )  # fmt: skip

    def _shoes(self) -> None:
        b, who, k = self.body, self.who, self.body.k
        sole_rgb = np.array([0.50, 0.49, 0.47]) if who.shoes == "sneaker" else np.array([0.03, 0.03, 0.03])
        paint, line = limb_ends.shoe_color(b, who.rgb("shoes"), sole_rgb), limb_ends.sole_line(b)
        upper = "person_cloth" if who.shoes == "sneaker" else "person_leather"
        for side, e in SIDES:
            at = b.joint(f"foot_{side}")
            box = (at + np.array([-0.10, -0.14, -b.ankle_m / k - 0.03]) * k, at + np.array([0.10, 0.25, 0.20]) * k)
            self.add(
                limb_ends.shoe(b, side, e, who.shoes), box, SHOE_CELL_M, paint, upper, self.binding.shoe(side),
                lines=[(line, True)],
                special=(line, "person_sole"),
            )  # fmt: skip

    def _hair_and_hat(self) -> None:
        b, who, h = self.body, self.who, HeadFrame(self.body)
        covered = who.hat in head_shape.OVER_HEAD
        if who.hair != "bald" and not covered:
            solid, rough = head_shape.hair(b, who.hair)
            if who.hat != "none":
                head_shape.under_hat(solid, b)
            box = (h.at(-0.16, -0.22, -0.27), h.at(0.16, 0.17, 0.19))
            paint = head_shape.hair_color(b, who.rgb("hair"))
            self.add(
                solid, box, HAIR_CELL_M, paint, "person_hair", self.binding.hair, displace=lambda p: rough * noise(p * 45.0)
            )
        if who.hat == "none":
            return
        hem = b.shoulder_m - (0.18 if who.hat == "ghost" else 0.06) * b.h
        low = np.array([-0.34, -0.29, hem]) if covered else h.at(-0.24, -0.24, -0.15)
        hard, full = who.hat.endswith("helmet"), who.hat in ("full_helmet", "ghost")
        shade = head_shape.holes(b) if who.hat == "ghost" else head_shape.visor(b)
        plain, wound = wardrobe.woven(who.rgb("hat")), covered and not full
        paint = (lambda p: np.where((shade(p) < 0.0006)[:, None], 0.012, plain(p))) if full else plain
        fixed = self.binding.rigid("head") if not covered or full or who.hat == "turban" else self.binding.head
        self.add(
            head_shape.hat(b, who.hat), (low, h.at(0.34, 0.28, 0.20)), HAIR_CELL_M,
            paint, "person_plastic" if hard else "person_cloth", fixed,
            lines=[(shade, True)] if full else (),
            displace=(lambda p: 0.004 * noise(np.stack([p[:, 0] * 8, p[:, 1] * 8, p[:, 2] * 20], 1))) if wound else None,
        )  # fmt: skip

    def _backpack(self) -> None:
        b, k, s = self.body, self.body.k, Solid()
        tops = _cuts()[0]
        thick = max(tops[n].offset_m for n in (self.who.top, self.who.over) if n != "none") * k
        z = b.hip_m + np.array([0.34, 0.92]) * b.trunk_m
        back = float(b.trunk(b.hip_m + 0.62 * b.trunk_m)[0, 3]) + thick
        y = -0.018 * b.h - back - 0.075 * k
        wide, deep = 0.150 * k, 0.085 * k
        rings = [
            (0, 0, 0, wide * 0.8, deep * 0.8, deep * 0.8, 4), (0.12, 0, 0, wide, deep, deep, 4),
            (0.7, 0, 0, wide, deep, deep, 4), (0.92, 0, 0, wide * 0.85, deep * 0.8, deep * 0.75, 3),
            (1, 0, 0, wide * 0.5, deep * 0.5, deep * 0.4, 2.5),
        ]  # fmt: skip
        s.loft((0, y, z[0]), (0, y, z[1]), (0, 1, 0), rings, 0.02)
        s.ellipsoid((0, y - deep, z[0] + 0.30 * (z[1] - z[0])), (0.7 * wide, 0.045 * k, 0.085 * k), 0.02)
        self._straps(s, y + 0.6 * deep, z, thick)
        box = ((-0.3 * k, y - 0.2 * k, z[0] - 0.05), (0.3 * k, 0.25 * k, b.shoulder_m + 0.12 * k))
        self.add(s, box, 0.0155, wardrobe.woven(self.who.rgb("bag")), "person_nylon", self.binding.rigid("chest"))

    def _straps(self, s: Solid, y: float, z: Array, thick: float) -> None:
        """Over the shoulders and down the chest, on the cloth, whose field says where it is."""
        b, k = self.body, self.body.k
        cloth = wardrobe.top_solid(b, _cuts()[0][self.who.top if self.who.over == "none" else self.who.over])[0]
        for e in (1, -1):
            x = 0.092 * k * e
            path = [(x, y, z[1] - 0.05 * k)]
            top, low = b.shoulder_m + 0.06 * b.h, b.hip_m + 0.50 * b.trunk_m
            for a in np.linspace(-0.9, 1.57, 9):  # rays towards the middle of the chest, from behind over the shoulder
                path.append(_on_surface(cloth, (x, -0.018 * b.h, top - 0.14 * b.h), (0.0, np.sin(a), np.cos(a)), 0.25 * b.h))
            for height in (0.75, 0.35, 0.0):
                wide = x * (1 + 0.35 * (1 - height))
                path.append(
                    _on_surface(
                        cloth, (wide, -0.018 * b.h, low + height * (top - 0.14 * b.h - low)), (0.0, 1.0, 0.0), 0.25 * b.h
                    )
                )
            path.append((x * 1.75, y + 0.06 * k, z[0] + 0.06 * k))
            for p, q in zip(path, path[1:]):
                s.tube(p, q, 0.016 * k, 0.016 * k, 0.006)

    def _handbag(self) -> None:
        b, k, s = self.body, self.body.k, Solid()
        d = limb_ends.hand_direction(-1.0)
        fist = b.joint("hand_l") + d * 0.42 * b.length["hand"] + np.array([0.03, 0.0, -0.02]) * k
        low, high = fist + d * 0.40 * k, fist + d * 0.13 * k
        rings = [
            (0, 0, 0, 0.052 * k, 0.16 * k, 0.16 * k, 5), (0.15, 0, 0, 0.055 * k, 0.165 * k, 0.165 * k, 5),
            (0.85, 0, 0, 0.030 * k, 0.15 * k, 0.15 * k, 5), (1, 0, 0, 0.022 * k, 0.14 * k, 0.14 * k, 4),
        ]  # fmt: skip
        s.loft(low, high, (0, 1, 0), rings, 0.01)
        for y in (0.075, -0.075):
            s.tube(high + [0, y * k, 0] - d * 0.01, fist + [0, 0.3 * y * k, 0], 0.009 * k, 0.009 * k, 0.004)
        s.tube(fist + [0, -0.03 * k, 0], fist + [0, 0.03 * k, 0], 0.009 * k, 0.009 * k, 0.004)
        box = _around(low, fist, 0.20 * k)
        self.add(s, box, 0.014, wardrobe.woven(self.who.rgb("bag")), "person_leather", self.binding.rigid("hand_l"))

    def _umbrella(self) -> None:
        """Held in the right hand; drawn so that it is upright when the forearm points up and forward (arms.CARRY_UP)."""
        b, k = self.body, self.body.k
        up = arms.umbrella_axis(b)
        side = np.cross(up, limb_ends.hand_direction(1.0))
        side /= np.sqrt(side @ side)
        turn = np.stack([side, np.cross(up, side), up], 1)
        fist = b.joint("hand_r") + limb_ends.hand_direction(1.0) * 0.48 * b.length["hand"] + np.array([-0.035, 0, -0.03]) * k
        shaft = solids.tube([(0, 0, -0.14 * k), (0, 0, 0.86 * k)], 0.007, Surface("person_leather"), sides=8)
        a = np.linspace(0, 1, 9)
        under = [(r * 0.52 * k, (0.60 + 0.21 * (1 - r * r)) * k) for r in a]
        over = [(r * 0.53 * k, (0.605 + 0.22 * (1 - r * r)) * k) for r in a[::-1]]
        canopy = solids.lathe([*under, *over], Surface("person_nylon"), sides=16)
        bound = self.binding.rigid("hand_r")
        for m, rgb, material in (
            (shaft, np.array([0.03] * 3), "person_leather"),
            (canopy, self.who.rgb("bag"), "person_nylon"),
        ):
            placed = Mesh(m.vertices @ turn.T + fist, m.triangles, m.normals, m.uv, m.surface, m.surfaces)
            self.add_mesh(placed, rgb, material, bound)

    def _in_hands(self) -> None:
        """What is fixed to a hand: sticks, crutches, a cane, a phone."""
        b, k = self.body, self.body.k
        for (side, e), arm in zip(SIDES, self.does.arms):
            down = limb_ends.hand_direction(e)
            palm = np.array([-e * np.cos(ARMS_OUT), 0.0, -np.sin(ARMS_OUT)])
            fist = b.joint(f"hand_{side}") + (IN_FIST * down + UNDER_PALM * palm) * b.length["hand"]
            made: list[tuple[Mesh, Any]] = []
            if arm.kind == "stick":
                made = (aids.crutch if self.who.mobility == "crutches" else aids.stick)(fist, down, arm.length_m, k)
            elif arm.kind == "cane":
                made = aids.white_cane(fist, down, arm.length_m, k)
            elif self.who.carries in ("phone", "call") and side == "r":
                made = aids.phone(fist, down, palm, k)
            elif self.who.carries == "lollipop" and side == "r":
                made = aids.lollipop(fist, down, k)
            for m, rgb in made:
                self.add_mesh(m, np.asarray(rgb), "person_plastic", self.binding.rigid(f"hand_{side}"))

    def _baby(self) -> None:
        """A small child that sits on an arm, before the chest: dressed like anybody, and moved with the chest."""
        b, k = self.body, self.body.k
        said = {"age_years": 2.0, "posture": "sit", "bag": "none", "hat": "beanie", "skin_tone": self.who.skin_tone}
        who = draw("child", Key(int(self.who.noise * 1e6)), said)
        small = Body(who.figure)
        does = manner.in_arms(small)
        tailor = _Tailor(who, small, does, gait.walker(small, 1.0, **does.walker), 1.55)
        tailor.dress()
        p = tailor.part("baby")
        hips = np.array([0.0, 0.0, manner.BABY_HIP_M])
        turn = about_z(BABY_TURN_RAD)  # looks past the shoulder of who holds it
        v = (np.stack([-p.mesh.vertices[:, 1], p.mesh.vertices[:, 0], p.mesh.vertices[:, 2]], 1) - hips) @ turn.T
        v = v + np.array([-0.055 * k, 0.245 * k, b.hip_m + 0.40 * b.trunk_m])
        kind = tuple(s.material for s in p.mesh.surfaces)
        weights = self.binding.rigid("chest")(v)
        assert p.mesh.color is not None
        self.layers.append(_Layer(v, p.mesh.triangles, p.mesh.color.astype(float), p.mesh.surface, kind, weights, False))

    def part(self, name: str) -> Part:
        """All layers as one part, at rest."""
        start = np.cumsum([0] + [len(x.vertices) for x in self.layers])
        triangles = np.concatenate([x.triangles + np.int32(s) for x, s in zip(self.layers, start)])
        bone, weight = strongest(np.concatenate([x.weights for x in self.layers]))
        hanging: tuple[HangingCloth, ...] = tuple(
            hanging_cloth(int(s), len(x.vertices), x.triangles) for x, s in zip(self.layers, start) if x.hangs
        )
        r = self.body.radius
        radii = np.array([r["thigh"], 0.43 * (r["calf"] + r["thigh"]), 1.15 * r["ankle"]])
        drawn = np.ascontiguousarray(np.concatenate([x.vertices for x in self.layers]))
        skin = PersonSkin(self.walker, drawn, bone, weight, radii, hanging)
        names = sorted({m for x in self.layers for m in x.materials})
        surface = np.concatenate([np.array([names.index(m) for m in x.materials], np.int32)[x.material] for x in self.layers])
        vertices = skin.vertices(rest())
        color = np.clip(np.concatenate([x.color for x in self.layers]), 0.0, 1.0).astype(np.float32)
        normals = corner_normals(vertices, triangles, SMOOTH_DEG)
        uv = np.zeros((len(triangles), 3, 2), np.float32)
        return Part(name, Mesh(vertices, triangles, normals, uv, surface, tuple(Surface(n) for n in names), color), skin=skin)


def _on_surface(solid: Solid, inside, direction, reach: float) -> Array:
    """Where a ray from inside a solid comes out."""
    p = np.asarray(inside, float) + np.linspace(0, reach, 81)[:, None] * np.asarray(direction, float)
    out = np.flatnonzero(solid.distance(p) > 0)
    return p[out[0]] if len(out) else p[-1]


def _around(a: Array, b: Array, reach: float) -> tuple[Array, Array]:
    """A box about two points."""
    return np.minimum(a, b) - reach, np.maximum(a, b) + reach
