"""Materials of a model file as rows of ours.

Near infrared reflectance, which no such file knows, follows from the colour: rho = a + b max(R, G, B), the least squares over
the 60 opaque dielectric materials in assets/materials (their values: ECOSTRESS and reviews of lidar targets, see there); its
root mean square error there is 0.11. Metals are as bright in the near infrared as in red light, or a little brighter. Glass
takes the values of vehicle_glass (soda-lime glass with its reflection).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenesim.models.imported_file import Look

FROM_COLOR = {"reflectance_905nm": (0.15, 0.87), "reflectance_1550nm": (0.17, 0.65)}
GLASS = {"reflectance_905nm": 0.08, "reflectance_1550nm": 0.06}
SHINE_CD_M2 = 500.0  # of emissiveFactor 1 at strength 1: a bright display; glTF leaves the unit to the reader
CLEAR = 0.3  # share that passes, from which on a material is glass
DIELECTRIC_F0, METAL_F0 = 0.04, 0.9  # glTF 2.0 appendix B; a metal's colour multiplies its f0 here


def properties(look: Look, colors: NDArray[np.float64], baked: bool) -> dict[str, object]:
    """Properties of models/material.py of a file's material that has linear colours (n, 3). baked: colours of vertices say
    them, not the row."""
    color, metal = colors.mean(0), look.metallic
    alpha = look.alpha if look.alpha_mode == "BLEND" else 1.0
    luminance = 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]  # Rec. 709
    passes = min(max(1.0 - alpha, look.transmission * luminance), 0.98)
    # What does not pass is scattered: of a clear material as good as nothing.
    left = (1.0 - look.transmission) / max(1.0 - look.transmission * luminance, 0.02)
    base = np.ones(3) if baked else color
    found: dict[str, object] = {
        "shader": "glass" if passes > CLEAR and not baked else "plain",
        "albedo": tuple(_short(min(b * left, 1.0)) for b in base),
        "roughness": _short(max(look.roughness, 0.02)),
        "f0": _short(DIELECTRIC_F0 + (METAL_F0 - DIELECTRIC_F0) * metal),
        "metallic": _short(metal),
        "transmission": _short(passes),
        "clear_coat": _short(min(look.clear_coat, 1.0)),
        "vertex_color": 1 if baked else 0,
        "emission": tuple(_short(SHINE_CD_M2 * e) for e in look.emission),
    }
    for name in FROM_COLOR:
        found[name] = _short(dict(look.own).get(name, reflectance(name, colors, metal, passes)))
    return found


# Class of a thing -> what radars take its opaque surfaces for.
KIN = {
    **dict.fromkeys(("pedestrian", "child"), "person_cloth"), "animal": "object_fur", "vegetation": "leaf",
    **dict.fromkeys(("building", "wall"), "plaster"),
    **dict.fromkeys(("car", "van", "truck", "bus", "trailer", "motorcycle", "bicycle"), "vehicle_paint"),
    **dict.fromkeys(("traffic_sign", "traffic_light", "street_light", "pole", "guard_rail", "fence"), "steel_galvanised"),
}  # fmt: skip


def kin(look: Look, class_name: str) -> str:
    """The material in assets that radars take a file's material for: glass and metal by themselves, the dark and rough of
    vehicles for tyres, the rest by the class of the thing."""
    if look.transmission > CLEAR or (look.alpha_mode == "BLEND" and 1.0 - look.alpha > CLEAR):
        return "vehicle_glass"
    if look.metallic >= 0.5:
        return "steel_painted"
    found = KIN.get(class_name, "object_plastic")
    return "tyre" if found == "vehicle_paint" and look.texture is None and max(look.base) < 0.05 else found


def reflectance(name: str, colors: NDArray[np.float64], metallic: float, passes: float) -> float:
    """Mean reflectance at the wavelength that `name` says, of surfaces of linear colours (n, 3)."""
    if passes > CLEAR:
        return GLASS[name]
    a, b = FROM_COLOR[name]
    plain, metal = a + b * colors.max(1), np.maximum(colors[:, 0], colors.mean(1))
    return float(np.clip(plain + (metal - plain) * metallic, 0.02, 0.95).mean())


def _short(value: float) -> float:
    return round(float(value), 5)
