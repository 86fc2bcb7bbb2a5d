"""Procedural textures: what a material looks like at a point, filtered to the footprint of the ray."""

from __future__ import annotations

# A material's shader column is an index into this list.
SHADERS = (
    "plain", "asphalt", "concrete", "paving", "grass", "soil", "mark", "facade", "roof_tile",
    "leaf", "bark", "paint", "glass", "lamp", "sign",
)  # fmt: skip
