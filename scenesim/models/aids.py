"""Wheelchair, walker, pram, shopping trolley, suitcase and what else people wheel along, and what they hold in a hand.

Parts are in the model frame (x forward, y left); their wheels turn with WHEEL_M. Things in a hand are in the frame of the body
of a person (models/body_shape.py), at the fist of the rest pose. Sizes: wheelchairs ISO 7176-5 (1.05 m long, 0.65 m wide, 0.9 m
high), rollators ISO 11199-2 (about 0.6 m wide, 0.65 m long), prams EN 1888 and makers' sheets, a cabin case 0.55 m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.frames import Pose
from scenesim.geometry.mesh import Mesh, join
from scenesim.geometry.rough import sheet, soft_box
from scenesim.geometry.soft import placed, torus
from scenesim.models.debris_kit import (
    BLACK,
    CHROME,
    ENAMEL,
    PLASTIC,
    RUBBER,
    RUBBER_BLACK,
    STEEL,
    STEEL_GREY,
    TEXTILE,
    WHITE,
    board,
    caster,
    drum,
    mirrored,
    painted,
    rods,
)  # fmt: skip
from scenesim.models.manner import PRAM_BAR, TROLLEY_BAR
from scenesim.models.model import LEAD, WHEEL_M, Joint, Model, Part, tight_box
from scenesim.models.wheel import spoked

Array = NDArray[np.float64]
RGB = Sequence[float]
GREY = (0.30, 0.305, 0.31)


def wheel(name: str, meshes: list[Mesh], at: tuple[float, float, float], radius: float) -> Part:
    """A part that rolls: meshes about y, of a radius (m), whose middle is at a place."""
    return Part(name, join(meshes), Pose.of(at), (Joint(WHEEL_M, (0.0, 1.0, 0.0), 1.0 / radius),))


def _small(name: str, radius: float, width: float, at: tuple[float, float, float], hub: RGB = GREY) -> Part:
    """A small wheel; a spot off its middle shows that it turns."""
    spot = board((0.35 * radius, width + 0.008, 0.012), (0.30 * radius, 0, 0), PLASTIC, BLACK, bevel=0.002)
    return wheel(name, [*caster(radius, width, (0, 0, 0), RUBBER_BLACK, hub), spot], at, radius)


def scaled(parts: Sequence[Part], s: float) -> list[Part]:
    """Parts of another size."""
    out = []
    for p in parts:
        mesh = replace(p.mesh, vertices=p.mesh.vertices * s)
        at = Pose(p.model_from_part.rotation, p.model_from_part.translation * s)
        out.append(replace(p, mesh=mesh, model_from_part=at, joints=tuple(replace(j, factor=j.factor / s) for j in p.joints)))
    return out


def wheelchair(s: float, rgb: RGB) -> list[Part]:
    """A wheelchair of a size (1: adult) that somebody sits in; hips over the origin."""
    cloth = (0.020, 0.022, 0.030)
    frame = mirrored(
        rods(
            [
                [(-0.34, 0.22, 0.92), (-0.24, 0.22, 0.89), (-0.20, 0.22, 0.48), (-0.18, 0.22, 0.30), (0.24, 0.22, 0.24)],
                [(-0.20, 0.22, 0.47), (0.26, 0.22, 0.47), (0.40, 0.20, 0.20), (0.50, 0.16, 0.115)],
                [(0.24, 0.22, 0.47), (0.24, 0.22, 0.22)],
                [(-0.14, 0.235, 0.47), (-0.14, 0.235, 0.66), (0.10, 0.235, 0.66), (0.16, 0.235, 0.48)],
            ],
            0.012, ENAMEL, rgb,
        )
    )  # fmt: skip
    frame += mirrored(
        [
            board((0.11, 0.028, 0.028), (-0.37, 0.22, 0.925), RUBBER, BLACK, bevel=0.01),
            board((0.24, 0.006, 0.17), (-0.02, 0.245, 0.575), PLASTIC, BLACK, bevel=0.002),
            board((0.16, 0.13, 0.012), (0.53, 0.085, 0.095), PLASTIC, BLACK),
        ]
    )
    frame.append(placed(soft_box((0.46, 0.43, 0.050), 0.02, TEXTILE, cells=8, color=cloth), (0.03, 0, 0.485)))
    frame.append(placed(soft_box((0.03, 0.42, 0.40), 0.012, TEXTILE, cells=8, color=cloth), (-0.225, 0, 0.69), pitch=-0.08))
    for y in (1, -1):
        frame += rods([[(0.24, y * 0.22, 0.24), (0.27, y * 0.225, 0.10)]], 0.012, ENAMEL, rgb)
    parts = [Part("chair", join(frame))]
    for y, side in ((1, "left"), (-1, "right")):
        rim = painted(placed(torus(0.265, 0.009, 36, 8, CHROME), (0, y * 0.032, 0)), (1, 1, 1))
        parts.append(
            wheel(f"wheel_{side}", [spoked(0.60, 0.030, 0.02, spokes=18, thin=True), rim], (-0.02, y * 0.282, 0.30), 0.30)
        )
        parts.append(_small(f"caster_{side}", 0.095, 0.03, (0.27, y * 0.20, 0.095), (0.4, 0.4, 0.4)))
    return scaled(parts, s)


def rollator(handle_m: float, half_m: float, ahead_m: float, rgb: RGB) -> list[Part]:
    """A walking frame on four wheels, with a seat; its grips at a height, as far apart and as far ahead."""
    y, x, z = half_m, ahead_m, handle_m
    frame = mirrored(
        rods(
            [
                [(x - 0.10, y, z), (x + 0.03, y, z), (x + 0.08, y, z - 0.03), (x + 0.28, y, 0.16)],
                [(x + 0.165, y, 0.52), (x - 0.12, y, 0.16)],
                [(x + 0.20, y, 0.44), (x - 0.02, y, 0.44)],
            ],
            0.013, ENAMEL, rgb,
        )
    )  # fmt: skip
    frame += mirrored([board((0.13, 0.034, 0.034), (x - 0.055, y, z), RUBBER, BLACK, bevel=0.012)])
    frame += mirrored(rods([[(x + 0.04, y, z - 0.035), (x - 0.08, y, z - 0.06)]], 0.006, PLASTIC, BLACK))
    frame.append(
        placed(soft_box((0.24, 2 * y - 0.03, 0.03), 0.012, TEXTILE, cells=6, color=(0.03, 0.03, 0.035)), (x + 0.08, 0, 0.54))
    )
    frame.append(
        placed(soft_box((0.16, 2 * y - 0.08, 0.20), 0.03, TEXTILE, cells=6, color=(0.05, 0.05, 0.06)), (x + 0.17, 0, 0.37))
    )
    parts = [Part("walker", join(frame))]
    for side, e in (("left", 1), ("right", -1)):
        parts.append(_small(f"front_{side}", 0.095, 0.03, (x + 0.29, e * y, 0.095)))
        parts.append(_small(f"rear_{side}", 0.095, 0.03, (x - 0.13, e * (y + 0.02), 0.095)))
    return parts


def suitcase(hand: Array, rgb: RGB) -> list[Part]:
    """A cabin case that is pulled behind at a tilt by a hand at a place (model frame)."""
    r, half, deep, tall = 0.030, 0.18, 0.115, 0.55
    foot = np.array([hand[0] - np.sqrt(0.95**2 - (hand[2] - r) ** 2), hand[1], r])
    tilt = float(np.arctan2(hand[0] - foot[0], hand[2] - r))
    body = placed(soft_box((2 * deep, 2 * half, tall), 0.04, PLASTIC, cells=8, color=rgb), (0.02 - deep, 0, 0.02 + tall / 2))
    ribs = [
        placed(
            board(
                (2 * deep + 0.008, 0.018, tall - 0.10),
                (0.02 - deep, y, 0.02 + tall / 2),
                PLASTIC,
                np.asarray(rgb) * 0.75,
                bevel=0.006,
            )
        )
        for y in (-0.11, -0.04, 0.04, 0.11)
    ]
    shaft = rods([[(-0.01, s * 0.075, tall), (-0.01, s * 0.075, 0.94)] for s in (1, -1)], 0.007, STEEL, STEEL_GREY)
    grip = rods([[(-0.01, -0.085, 0.945), (-0.01, 0.085, 0.945)]], 0.014, PLASTIC, BLACK)
    case = join([placed(m, foot, pitch=tilt) for m in (body, *ribs, *shaft, *grip)])
    parts = [Part("suitcase", case)]
    for side, e in (("left", 1), ("right", -1)):
        parts.append(_small(f"wheel_{side}", r, 0.022, (float(foot[0]), float(foot[1]) + e * 0.15, r)))
    return parts


def box(ahead_m: float, height_m: float) -> list[Part]:
    """A cardboard box before the chest."""
    card = soft_box((0.30, 0.43, 0.30), 0.008, TEXTILE, cells=4, color=(0.36, 0.24, 0.13))
    tape = board((0.302, 0.05, 0.302), (0, 0, 0), PLASTIC, (0.45, 0.34, 0.20), bevel=0.002)
    return [Part("box", join([placed(m, (ahead_m, 0, height_m)) for m in (card, tape)]))]


def shovel(high: Array, low: Array) -> Part:
    """A shovel through two hands (model frame), its blade on the ground before them."""
    d = (low - high) / np.sqrt(((low - high) ** 2).sum())
    tip = low + d * (low[2] - 0.10) / -d[2]
    shaft = rods([[high - d * 0.12, tip]], 0.016, PLASTIC, (0.40, 0.27, 0.13), 8)
    grip = rods([[high - d * 0.13 + (0, 0.06, 0), high - d * 0.13 - (0, 0.06, 0)]], 0.014, PLASTIC, BLACK, 8)
    pitch = float(np.arcsin(-d[2]))
    blade = placed(
        soft_box((0.30, 0.23, 0.02), 0.009, STEEL, cells=6, color=(0.20, 0.20, 0.20)), tip + d * 0.10, pitch=0.55 * pitch
    )
    lowest = float(blade.vertices[:, 2].min())
    return Part("shovel", join([*shaft, *grip, placed(blade, (0.0, 0.0, -min(lowest, 0.0)))]))


def lead(start: Sequence[float], end: Sequence[float]) -> Part:
    """A dog's lead that hangs a little, and its collar."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    t = np.linspace(0, 1, 12)[:, None]
    line = a * (1 - t) + b * t
    line[:, 2] -= 0.10 * np.sin(np.pi * t[:, 0])
    return Part(LEAD, join(rods([line], 0.0045, TEXTILE, (0.25, 0.02, 0.02), 6)))


def pram(rgb: RGB) -> list[Part]:
    """A pram with its hood up; its bar is behind, at PRAM_BAR."""
    back, high = PRAM_BAR
    frame = mirrored(
        rods(
            [
                [(0.36, 0.24, 0.14), (0.05, 0.26, 0.50), (-0.33, 0.24, high - 0.10)],
                [(-0.34, 0.26, 0.16), (0.05, 0.26, 0.50), (0.22, 0.25, 0.62)],
            ],
            0.013, STEEL, GREY, 10,
        )
    )  # fmt: skip
    frame += rods(
        [[(-0.33, -0.24, high - 0.10), (-back, -0.22, high), (-back, 0.22, high), (-0.33, 0.24, high - 0.10)]],
        0.017,
        RUBBER,
        BLACK,
        10,
    )
    frame += rods([[(-0.34, -0.28, 0.14), (-0.34, 0.28, 0.14)], [(0.36, -0.24, 0.12), (0.36, 0.24, 0.12)]], 0.010, STEEL, GREY)
    c = np.asarray(rgb)
    frame.append(placed(soft_box((0.78, 0.40, 0.24), 0.09, TEXTILE, cells=14, color=c), (0.06, 0, 0.62)))
    frame.append(placed(soft_box((0.46, 0.36, 0.10), 0.045, TEXTILE, cells=10, color=(0.55, 0.52, 0.47)), (0.20, 0, 0.735)))
    frame.append(placed(soft_box((0.44, 0.36, 0.12), 0.03, TEXTILE, cells=6, color=c * 0.7), (0.0, 0, 0.26)))
    frame.append(_hood(c))
    parts = [Part("pram", join(frame))]
    for side, e in (("left", 1), ("right", -1)):
        big = [spoked(0.29, 0.045, 0.02, spokes=6, thin=True)]
        parts.append(wheel(f"rear_{side}", big, (-0.34, e * 0.29, 0.145), 0.145))
        parts.append(_small(f"front_{side}", 0.095, 0.04, (0.36, e * 0.235, 0.095)))
    return parts


def _hood(rgb: Array) -> Mesh:
    a, b = np.meshgrid(np.linspace(0.0, 1.75, 15), np.linspace(-np.pi / 2, np.pi / 2, 15), indexing="ij")
    rib = 1 - 0.06 * np.abs(np.sin(a * 4.5))
    x = -0.08 - 0.32 * rib * np.cos(a) * np.cos(b * 0.75)
    z = 0.68 + 0.38 * rib * np.sin(a) * np.cos(b) ** 0.55 + 0.02
    return sheet(np.stack([x, 0.215 * np.sin(b), z], 2)[:, ::-1], 0.008, TEXTILE, color=rgb)


def shopping_trolley() -> list[Part]:
    """A wire basket on casters; its bar is behind, at TROLLEY_BAR."""
    wire, (back, high) = (0.55, 0.555, 0.56), TROLLEY_BAR
    b0, b1 = np.array((-0.36, 0.27, 0.96)), np.array((0.44, 0.20, 0.90))
    f0, f1 = np.array((-0.30, 0.23, 0.52)), np.array((0.38, 0.16, 0.60))
    flip = np.array([1.0, -1.0, 1.0])
    lines: list = []
    for u in np.linspace(0, 1, 13):
        top, low = b0 + (b1 - b0) * u, f0 + (f1 - f0) * u
        lines += [[top, low], [top * flip, low * flip], [low * flip, low]]
    for u in np.linspace(-1, 1, 7):
        lines += [[p * (1, u, 1), q * (1, u, 1)] for p, q in ((b0, f0), (b1, f1))]
    for t in np.linspace(0, 1, 6):
        p, q = b0 + (f0 - b0) * t, b1 + (f1 - b1) * t
        lines.append([p * flip, p, q, q * flip, p * flip])
    frame = rods(lines, 0.0035, STEEL, wire, 5)
    legs = [
        [(-0.36, 0.25, 0.96), (-0.40, 0.25, 0.22), (-0.38, 0.25, 0.14)], [(-0.38, 0.25, 0.20), (0.42, 0.17, 0.17)],
        [(-0.37, 0.25, 0.56), (0.30, 0.18, 0.19)], [(-0.36, 0.255, 0.95), (-back, 0.255, high)],
    ]  # fmt: skip
    frame += mirrored(rods(legs, 0.012, STEEL, wire))
    frame += rods([[(-back, -0.27, high), (-back, 0.27, high)]], 0.016, PLASTIC, (0.45, 0.02, 0.02))
    parts = []
    for name, x, y in (("rear", -0.38, 0.25), ("front", 0.40, 0.17)):
        for side, e in (("left", 1), ("right", -1)):
            frame += rods([[(x, e * y, 0.06), (x, e * y, 0.20)]], 0.011, STEEL, wire)
            parts.append(_small(f"{name}_{side}", 0.062, 0.03, (x, e * y, 0.062), STEEL_GREY))
    return [Part("trolley", join(frame)), *parts]


PRAMS = ((0.05, 0.07, 0.11), (0.03, 0.03, 0.032), (0.16, 0.03, 0.035), (0.10, 0.11, 0.10))
KINDS = ("pram", "shopping_trolley")


def build(name: str, key: int) -> Model:
    """What somebody pushes: "pram" or "shopping_trolley". Raises InputError for another name."""
    if name not in KINDS:
        raise InputError(f'nobody pushes a "{name}"{did_you_mean(name, KINDS)}')
    parts = tuple(pram(PRAMS[key % len(PRAMS)]) if name == "pram" else shopping_trolley())
    size, center = tight_box(parts)
    return Model(name, "debris", parts, size, center, attributes=(("kind", name),))


# ---- in a hand: meshes in the frame of a body at rest. fist: (3,) m; down: (3,) unit, where the hand points.


def stick(fist: Array, down: Array, length_m: float, k: float) -> list[tuple[Mesh, RGB]]:
    """A walking stick with a crook; its tip is `length_m` below the fist."""
    forward = np.array([0.0, 1.0, 0.0])
    tip = fist + down * length_m
    crook = [fist - forward * 0.055 * k, fist + forward * 0.03 * k, fist + forward * 0.05 * k + down * 0.02]
    shaft = [fist + forward * 0.03 * k + down * 0.01, fist + forward * 0.01 * k + down * 0.09, tip - down * 0.01]
    wood = (0.13, 0.065, 0.03)
    return [
        (join(rods([crook], 0.011, PLASTIC, wood)), wood), (join(rods([shaft], 0.0095, PLASTIC, wood)), wood),
        (join(rods([[tip - down * 0.035, tip]], 0.015, RUBBER, BLACK)), BLACK),
    ]  # fmt: skip


def crutch(fist: Array, down: Array, length_m: float, k: float) -> list[tuple[Mesh, RGB]]:
    """A forearm crutch: grip, shaft, cuff."""
    forward, tip = np.array([0.0, 1.0, 0.0]), fist + down * length_m
    back = fist - forward * 0.045 * k
    top = back - down * 0.225 * k - forward * 0.03 * k
    side = np.cross(forward, down)
    angle = np.linspace(-2.2, 2.2, 12)
    cuff = [top + 0.055 * k * (np.cos(a) * -forward + np.sin(a) * side) + forward * 0.045 * k for a in angle]
    shaft = [top, back, fist - forward * 0.03 * k + down * 0.12, tip - down * 0.01]
    return [
        (join(rods([shaft], 0.0105, PLASTIC, STEEL_GREY)), STEEL_GREY),
        (join(rods([[back, fist + forward * 0.06 * k]], 0.015, PLASTIC, BLACK)), BLACK),
        (join(rods([cuff], 0.012, PLASTIC, BLACK)), BLACK),
        (join(rods([[tip - down * 0.04, tip]], 0.017, RUBBER, BLACK)), BLACK),
    ]  # fmt: skip


def white_cane(fist: Array, down: Array, length_m: float, k: float) -> list[tuple[Mesh, RGB]]:
    """A long cane, white with a red end and a round tip (ISO 11199 leaves its colours to law; white and red as usual)."""
    tip, white, red = fist + down * length_m, (0.80, 0.80, 0.79), (0.50, 0.03, 0.03)
    grip, low = fist - down * 0.16 * k, fist + down * (length_m - 0.28)
    return [
        (join(rods([[grip, fist + down * 0.07 * k]], 0.013, PLASTIC, BLACK)), BLACK),
        (join(rods([[fist + down * 0.06 * k, low]], 0.008, PLASTIC, white)), white),
        (join(rods([[low, tip - down * 0.02]], 0.008, PLASTIC, red)), red),
        (join(rods([[tip - down * 0.03, tip]], 0.018, PLASTIC, white)), white),
    ]  # fmt: skip


def lollipop(fist: Array, forward: Array, k: float) -> list[tuple[Mesh, RGB]]:
    """The sign of a school crossing guard: a pole along the thumb, a yellow disc with a red rim (0.45 m) on its top."""
    up = np.array([0.0, 1.0, 0.0])  # of the fist at rest: where the thumb points
    turn = np.stack([np.cross(up, forward), up, forward], 1)
    low, top = fist - up * 1.14 * k, fist + up * 0.75 * k
    made: list[tuple[Mesh, RGB]] = [(join(rods([[low, top]], 0.014, PLASTIC, WHITE)), WHITE)]
    for radius, half, rgb in (
        (0.225, 0.006, (0.55, 0.02, 0.02)),
        (0.180, 0.008, (0.75, 0.55, 0.03)),
        (0.10, 0.009, (0.02,) * 3),
    ):
        disc = drum(radius, -half, half, PLASTIC, rgb, sides=32, edge=0.002)
        if radius < 0.15:
            disc = board((0.20, 0.055, 2 * half), (0, 0, 0), PLASTIC, rgb, bevel=0.001)
        made.append((replace(disc, vertices=disc.vertices @ turn.T + top + up * 0.22), rgb))
    return made


def phone(fist: Array, down: Array, palm: Array, k: float) -> list[tuple[Mesh, RGB]]:
    """A mobile phone along the fingers, its face away from the palm."""
    forward = np.array([0.0, 1.0, 0.0])
    turn = np.stack([forward, palm, np.cross(forward, palm)], 1)
    at, out = fist + down * 0.035 + palm * 0.012, []
    for size, shift, rgb in (((0.074, 0.009, 0.152), 0.0, BLACK), ((0.066, 0.002, 0.140), 0.0052, (0.10, 0.16, 0.24))):
        m = board(size, (0, 0, 0), PLASTIC, rgb, bevel=0.0008)
        out.append((replace(m, vertices=m.vertices @ turn.T + at + palm * shift), rgb))
    return out
