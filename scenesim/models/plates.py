"""Number plates of a country: its size, colours and order of letters and digits, which nobody ever had (assets/countries)."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely import affinity

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose, quaternion_from_matrix
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry import solids
from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.geometry.soft import placed, rounded_box
from scenesim.models import letters

HOME = "germany"  # where nothing is said
FRAME_M, THICK_M, BAND_SHARE = 0.008, 0.014, 0.085
LAYER_M = 0.0006
COARSE = 0.02  # of the height of letters: how far their outlines may be off
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without those that are taken for digits
_X_FROM_FACE = Pose(quaternion_from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])), np.zeros(3))


def style(country: str) -> dict[str, Any]:
    """What a country says of its plates. Raises InputError where there is none of that name."""
    known = assets.names("countries")
    if country not in known:
        raise InputError(f'no country "{country}"{did_you_mean(country, known)}')
    return {k: v for k, v in assets.read("countries", country).items() if k.startswith("plate_")}


def left_hand(country: str) -> bool:
    """Whether one drives on the left there, and sits on the right."""
    return bool(assets.read("countries", country)["left_hand_traffic"])


def written(country: str, name: str) -> str:
    """What stands on the plates of a model: A and 1 of the country's format drawn, the rest as it is; / parts two lines."""
    g = generator(derive(Key(0), "plate", country, name))
    draws = {"A": LETTERS, "1": "0123456789"}
    return "".join(draws[c][int(g.integers(len(draws[c])))] if c in draws else c for c in str(style(country)["plate_format"]))


def board(country: str, name: str, rear: bool) -> list[Mesh]:
    """A plate about the origin that looks to +x: a frame, and the painted face before it."""
    said = style(country)
    width, height = (v / 1000 for v in said["plate_mm"])
    sheet = shapely.box(-width / 2, -height / 2, width / 2, height / 2)
    layers = [(sheet, Surface(said["plate_rear"] if rear else said["plate_front"]))]
    band = BAND_SHARE * width if said["plate_band"] else 0.0
    if band:
        layers.append((shapely.box(-width / 2, -height / 2, band - width / 2, height / 2), Surface(said["plate_band"])))
    lines = written(country, name).split("/")
    room, top = height * (0.70 if len(lines) == 1 else 0.84), 0.5 * height * (0.0 if len(lines) == 1 else 0.84)
    for n, line in enumerate(lines):
        share = (1.0,) if len(lines) == 1 else (0.30, 0.64)
        tall = room * share[n]
        fit = min(tall, 0.92 * (width - band) / (0.68 * len(line)))
        word = letters.text(line, 1.0).simplify(COARSE)
        if not word.is_empty:  # letters of plates are narrow: as wide as they fit, as tall as there is room
            y = 0.0 if len(lines) == 1 else (top - tall / 2 if n == 0 else -top + tall / 2)
            word = affinity.scale(word, min(fit, 0.86 * tall), tall, origin=(0, 0))
            layers.append((affinity.translate(word, band / 2, y), Surface(said["plate_ink"])))
    # One over the other, not cut out of each other: that would take three times the triangles.
    sheets = [solids.flat(shape, surface, THICK_M / 2 + LAYER_M * (n + 1)) for n, (shape, surface) in enumerate(layers)]
    face = join([m for m in sheets if m is not None]).transformed(_X_FROM_FACE)
    size = (THICK_M, width + 2 * FRAME_M, height + 2 * FRAME_M)
    return [face, placed(rounded_box(size, 0.005, Surface("trim_black"), 1), (0, 0, 0))]
