"""Who a person is: what a recipe of assets/people leaves open, drawn with a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key, derive, generator
from scenesim.models import head_shape, limb_ends, manner
from scenesim.models.body_shape import MASS_INDEX, Figure

Array = NDArray[np.float64]

# Linear reflectance of skin for the ten tones of the Monk scale (Monk 2019), light to dark. The published swatches give the
# order and the hue; the level is that of measured skin, which in red, green and blue is about 0.55, 0.4, 0.3 where it is light.
SKIN_RGB = (
    (0.53, 0.37, 0.29), (0.50, 0.34, 0.255), (0.47, 0.31, 0.215), (0.43, 0.275, 0.18), (0.37, 0.225, 0.145),
    (0.28, 0.16, 0.10), (0.20, 0.107, 0.065), (0.140, 0.074, 0.047), (0.098, 0.054, 0.036), (0.070, 0.041, 0.029),
)  # fmt: skip
# Stature by age, m, 2 to 18: medians of boys and girls (CDC growth charts, Kuczmarski et al. 2002).
GROWTH_YEARS = (2, 3, 4, 6, 8, 10, 12, 14, 16, 18)
GROWTH_M = {
    "m": (0.867, 0.953, 1.022, 1.155, 1.279, 1.386, 1.491, 1.640, 1.735, 1.760),
    "f": (0.853, 0.942, 1.010, 1.150, 1.276, 1.382, 1.514, 1.604, 1.624, 1.630),
}
FURTHEST = 2.2  # standard deviations
CHILD_BELOW_M = 1.40
HANGING = (
    "skirt",
    "dress",
    "gown",
    "coat",
    "abaya",
    "sari",
    "thobe",
    "ghost",
)  # outfits and tops that nobody sits, lies, or walks on crutches in
BAGS = ("none", "backpack", "handbag", "umbrella")


@dataclass(frozen=True)
class Identity:
    """Everything that was drawn. Colours are linear RGB. top, over, bottom, shoes, hat, bag: names, "none" for nothing."""

    figure: Figure
    age_group: str
    skin_tone: int  # 1 to 10, Monk
    outfit: str
    top: str
    over: str
    bottom: str
    shoes: str
    hat: str
    hair: str
    beard: float
    bag: str
    mobility: str
    carries: str
    posture: str
    nose: float
    nose_width: float
    stance: float
    noise: float  # place in the noise that the folds are taken from
    colors: tuple[tuple[str, tuple[float, float, float]], ...]

    def rgb(self, name: str) -> Array:
        """(3,) linear colour of top, second, over, bottom, shoes, hat, hair, iris, bag or tights."""
        return np.array(dict(self.colors)[name])

    @property
    def skin_rgb(self) -> Array:
        return np.array(SKIN_RGB[self.skin_tone - 1])


def linear(srgb: str) -> tuple[float, float, float]:
    """Linear RGB of six hexadecimal digits (IEC 61966-2-1), within what cloth reflects."""
    values = [int(srgb[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    r, g, b = (0.82 * (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4) + 0.008 for v in values)
    return r, g, b


class _Draw:
    """Draws by name, so that none depends on the others; what an option fixes is not drawn."""

    def __init__(self, key: Key, options: Mapping[str, Any]):
        self.key, self.options = key, options

    def between(self, name: str, low: float, high: float) -> float:
        return (
            float(self.options[name]) if name in self.options else float(generator(derive(self.key, name)).uniform(low, high))
        )

    def normal(self, name: str) -> float:
        """A standard normal number, not too far out."""
        return float(np.clip(generator(derive(self.key, name)).normal(), -FURTHEST, FURTHEST))

    def pick(self, name: str, weights: Mapping[Any, float]) -> Any:
        if name in self.options:
            return self.options[name]
        at = generator(derive(self.key, name)).uniform() * sum(weights.values())
        for choice, weight in weights.items():
            at -= weight
            if at < 0:
                return choice
        return next(reversed(list(weights)))

    def color(self, name: str, palette: list) -> tuple[float, float, float]:
        if f"{name}_color" in self.options:
            return linear(str(self.options[f"{name}_color"]))
        return linear(str(palette[int(generator(derive(self.key, f"{name}_color")).integers(len(palette)))]))


def check(name: str, options: Mapping[str, Any]) -> None:
    """Raises InputError for an unknown recipe, an option that there is not, a value that it does not have, or two that
    contradict each other."""
    recipes = [n for n in assets.names("people") if n != "clothes"]
    if name not in recipes:
        raise InputError(f'no person "{name}"{did_you_mean(name, recipes)}')
    _checked(options, assets.read("people", "clothes"))
    said = {k: v for k, v in options.items() if k in ("mobility", "carries") and v != "none"}
    if options.get("posture", "upright") != "upright" and said:
        told = next(iter(said))
        raise InputError(f"posture: {options['posture']} and {told}: {said[told]} contradict each other; leave one out")
    if len(said) == 2:
        raise InputError(f"mobility: {said['mobility']} leaves no hand for carries: {said['carries']}; leave one out")


def _checked(options: Mapping[str, Any], wardrobe: Mapping[str, Any]) -> None:
    """Raises InputError for an option that there is not, or a value that it does not have."""
    choices: dict[str, Any] = {
        "outfit": wardrobe["outfits"], "top": wardrobe["tops"], "over": [*wardrobe["tops"], "none"],
        "bottom": wardrobe["bottoms"],
        "shoes": limb_ends.SHOES, "hat": [*head_shape.HATS, "none"], "hair": head_shape.HAIR, "bag": BAGS, "sex": ["f", "m"],
        "skin_tone": range(1, 11), "mobility": manner.MOBILITY, "carries": manner.CARRIES, "posture": manner.POSTURES,
    }  # fmt: skip
    ranges = {"age_years": (2.0, 100.0), "height_m": (0.7, 2.3), "body_mass_index": (12.0, 45.0), "beard": (0.0, 1.0)}
    colors = [f"{n}_color" for n in ("top", "over", "second", "bottom", "shoes", "hat", "hair", "bag")]
    known = [*choices, *ranges, *colors]
    for name, value in options.items():
        if name not in known:
            raise InputError(f'a person has no option "{name}"{did_you_mean(name, known)}')
        if name in choices and value not in choices[name]:
            raise InputError(f'{name}: there is no "{value}"{did_you_mean(str(value), [str(c) for c in choices[name]])}')
        if name in ranges and not (isinstance(value, (int, float)) and ranges[name][0] <= value <= ranges[name][1]):
            raise InputError(f"{name}: {value!r} should be a number from {ranges[name][0]} to {ranges[name][1]}")
        if name in colors and not _is_hex(str(value)):
            raise InputError(f"{name}: {value!r} should be six hexadecimal digits of an sRGB colour, such as 8c1c24")


def _is_hex(text: str) -> bool:
    return len(text) == 6 and all(c in "0123456789abcdefABCDEF" for c in text)


def draw(name: str, key: Key, options: Mapping[str, Any]) -> Identity:
    """The identity of a recipe. Raises InputError for an unknown recipe or option."""
    check(name, options)
    recipe, wardrobe = assets.read("people", name), assets.read("people", "clothes")
    d = _Draw(derive(key, name), options)
    sex = d.pick("sex", recipe["sex"])
    figure = _figure(d, recipe, sex)
    tone = d.pick("skin_tone", {k: 1 for k in range(1, 11)})
    mobility, carries, posture = _manner(d, recipe)
    seated = mobility in (*manner.SEATED, "crutches") or posture not in ("upright", "push")
    outfit = d.pick("outfit", {n: w for n, w in recipe["outfits"].items() if not (seated and n in HANGING)})
    worn = wardrobe["outfits"][outfit]
    tops = {n: w for n, w in worn["top"].items() if not (seated and n in HANGING)} or worn["top"]
    top, over = d.pick("top", tops), d.pick("over", worn.get("over", {"none": 1}))
    bottom, shoes = d.pick("bottom", worn["bottom"]), d.pick("shoes", worn["shoes"])
    style = recipe["hair"].get(sex, recipe["hair"])
    style = {k: v for k, v in style.items() if k != "afro" or tone >= 7} if isinstance(style, Mapping) else style
    drawn = Identity(
        figure, _age_group(figure.age_years), int(tone), outfit, top, over, bottom, shoes,
        d.pick("hat", worn.get("hat", recipe["hat"])), d.pick("hair", style),
        float(d.pick("beard", recipe["beard"])) if sex == "m" or "beard" in options else 0.0,
        _bag(d, recipe, mobility, carries, posture), mobility, carries, posture,
        1 + 0.10 * d.normal("nose"), 1 + 0.08 * d.normal("nose_width") + 0.03 * (tone - 5) / 5,
        1.0 if generator(derive(d.key, "stance")).uniform() < 0.5 else -1.0, d.between("noise", 0, 50), (),
    )  # fmt: skip
    return replace(drawn, colors=_colors(d, drawn, wardrobe["colors"]))


def _manner(d: _Draw, recipe: Mapping[str, Any]) -> tuple[str, str, str]:
    """Mobility, what is carried, and posture: what an option says leaves no room for what a recipe would draw."""
    posture = d.pick("posture", recipe.get("posture", {"upright": 1}))
    mobility = "none" if posture != "upright" else d.pick("mobility", recipe.get("mobility", {"none": 1}))
    if d.options.get("carries", "none") != "none" and "mobility" not in d.options:
        mobility = "none"
    free = mobility == "none" and posture == "upright"
    return mobility, d.pick("carries", recipe.get("carries", {"none": 1})) if free else "none", posture


def _bag(d: _Draw, recipe: Mapping[str, Any], mobility: str, carries: str, posture: str) -> str:
    """What hangs from a shoulder or a hand: nothing in hands that have something else to do."""
    drawn = d.pick("bag", recipe["bag"])
    busy = (mobility, carries, posture) != ("none", "none", "upright")
    return "none" if busy and (drawn != "backpack" or mobility in manner.SEATED or posture in ("sit", "lie")) else str(drawn)


def _figure(d: _Draw, recipe: Mapping[str, Any], sex: str) -> Figure:
    age = d.between("age_years", *recipe["age_years"])
    if "growth_deviation" in recipe:
        height = float(np.interp(age, GROWTH_YEARS, GROWTH_M[sex])) * (1 + recipe["growth_deviation"] * d.normal("height"))
        mass = float(np.interp(age, *MASS_INDEX)) * (1 + recipe["body_mass_index_deviation"] * d.normal("mass"))
    else:
        mean, deviation = recipe["height_m"]
        height = mean + deviation * d.normal("height")
        mean, deviation = recipe["body_mass_index"]
        mass = mean + deviation * d.normal("mass")
    return Figure(age, sex == "f", float(d.options.get("height_m", height)), float(d.options.get("body_mass_index", mass)))


def _age_group(age: float) -> str:
    for limit, group in ((12, "child"), (18, "teenager"), (65, "adult")):
        if age < limit:
            return group
    return "senior"


def _colors(d: _Draw, i: Identity, palettes: Mapping[str, list]) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    hair = palettes["old_hair"] if i.figure.age_years > 62 else palettes["hair"]
    if i.figure.age_years <= 62 and i.skin_tone >= 5:  # dark skin, dark hair and eyes
        hair = hair[:3]
    iris = palettes["iris"] if i.skin_tone <= 4 else palettes["iris"][:2]
    white = ["ffffff"]
    chosen = {
        "top": palettes.get(i.top, white), "over": palettes.get(i.over, white),
        "bottom": palettes.get(i.bottom, palettes["tights"]),
        "shoes": palettes[i.shoes], "hat": palettes.get(i.hat, white), "hair": hair, "iris": iris, "bag": palettes["bag"],
        "second": palettes["second"], "tights": palettes["tights"],
    }  # fmt: skip
    return tuple((name, d.color(name, palette)) for name, palette in chosen.items())
