"""What is on the glass (dirt, insects, a sticker, frost, mist, scratches, drops that run and are wiped), and what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.sensors.fields import Fields

F32 = NDArray[np.float32]
Drawn = tuple[F32, F32, F32]  # drop, column and row of a Glass
OCTAVES = 3
MUD = (0.32, 0.26, 0.19)  # of the light about, what dirt that is lit from both sides sends into the lens; by eye
FISHEYE = 2.0  # widths of the picture that a drop shows, upside down (Garg and Nayar 2007 give it 165 degrees)
RUNNING = 0.55  # share of drops that run down; smaller ones stick
SWEEP_S = 0.35  # that a wiper takes from one side to the other
BLADE = 0.035  # half its width over the picture's, far out of focus
RIM = 0.6  # of a drop's radius, over which it fades: it is far out of focus


@dataclass(frozen=True)
class Dirt:
    """cover: share of the picture that dirt covers; spot_px: size of its spots, seed. drops: how many, radius_px from and to,
    drop_seed; run_px_s: how fast large ones run down; wiper_s: from one wipe to the next, 0 for none. condensation: share of
    the light that mist spreads; frost: share of the way from the edges to the middle that is frozen; scratches, insects: how
    many; sticker: (left, top, right, bottom) in shares of the picture."""

    cover: float = 0.0
    spot_px: float = 40.0
    seed: int = 0
    drops: int = 0
    radius_px: tuple[float, float] = (10.0, 40.0)
    drop_seed: int = 0
    run_px_s: float = 0.0
    wiper_s: float = 0.0
    condensation: float = 0.0
    frost: float = 0.0
    scratches: int = 0
    insects: int = 0
    sticker: tuple[float, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether it is another thing at another time."""
        return self.drops > 0 and (self.run_px_s > 0.0 or self.wiper_s > 0.0)

    @property
    def blocks(self) -> bool:
        """Whether any of it is opaque."""
        return self.cover > 0.0 or self.insects > 0 or bool(self.sticker) or (self.moves and self.wiper_s > 0.0)

    @property
    def spreads(self) -> bool:
        """Whether any of it spreads light."""
        return self.condensation > 0.0 or self.frost > 0.0 or self.scratches > 0


class Glass(NamedTuple):
    """dirt, drop, haze: (H, W) share of a pixel's light that is blocked, comes through a drop, or is spread. column, row: (H,
    W) pixel of which a drop shows the light."""

    dirt: F32
    drop: F32
    haze: F32
    column: F32
    row: F32


def read(fields: Fields) -> Dirt:
    """From the faults ``dirty_lens: {cover: 0.1, spot_px: 40, seed: 0}``, ``lens_drops: {count: 30, radius_px: [10, 40],
    run_px_s: 60, wiper_s: 1.5, seed: 0}``, ``condensation: {share: 0.4}``, ``frost: {cover: 0.3}``, ``scratches: {count: 12}``,
    ``insects: {count: 8}``, ``sticker: {box: [0.0, 0.8, 0.12, 1.0]}``. Raises InputError."""
    more: dict[str, Any] = {}
    if fields.has("dirty_lens"):
        part = fields.part("dirty_lens")
        more["cover"] = part.number("cover", low=0.0, high=1.0)
        more["spot_px"] = part.number("spot_px", 40.0, low=2.0, high=4000.0)
        more["seed"] = part.integer("seed", 0, low=0, high=2**31)
        part.finish()
    if fields.has("lens_drops"):
        part = fields.part("lens_drops")
        more["drops"] = part.integer("count", low=0, high=2000)
        if part.has("radius_px"):
            more["radius_px"] = part.numbers("radius_px", 2, low=1.0, high=4000.0)
        more["drop_seed"] = part.integer("seed", 0, low=0, high=2**31)
        more["run_px_s"] = part.number("run_px_s", 0.0, low=0.0, high=1e4)
        more["wiper_s"] = part.number("wiper_s", 0.0, low=0.0, high=3600.0)
        if 0.0 < more["wiper_s"] < 2.0 * SWEEP_S:
            raise part.wrong("wiper_s", f"a wipe takes {2.0 * SWEEP_S:g} s at least")
        part.finish()
    for name, key, low, high in (("condensation", "share", 0.0, 1.0), ("frost", "cover", 0.0, 1.0)):
        if fields.has(name):
            part = fields.part(name)
            more[name] = part.number(key, low=low, high=high)
            part.finish()
    for name in ("scratches", "insects"):
        if fields.has(name):
            part = fields.part(name)
            more[name] = part.integer("count", low=0, high=500)
            part.finish()
    if fields.has("sticker"):
        part = fields.part("sticker")
        more["sticker"] = part.numbers("box", 4, low=0.0, high=1.0)
        part.finish()
    return Dirt(**more)


@lru_cache(maxsize=8)
def glass(dirt: Dirt, height: int, width: int, time_s: float = 0.0) -> Glass:
    """What is on the glass before a picture (H, W) at a time: a function of the seeds."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    drop, column, row = np.zeros((height, width), np.float32), x.copy(), y.copy()
    blade = np.zeros((height, width), np.float32)
    if dirt.moves and dirt.wiper_s > 0.0:
        cycle = math.floor(time_s / dirt.wiper_s)
        phase = time_s - cycle * dirt.wiper_s
        front = width * (phase / SWEEP_S) if phase < SWEEP_S else math.inf
        if front < math.inf:  # the wipe of this cycle has come as far as that
            _drops(dirt, cycle - 1, phase + dirt.wiper_s, (front, math.inf), x, y, (drop, column, row))
            blade = np.clip(2.0 - np.abs(x - np.float32(front)) / np.float32(BLADE * width), 0, 1)
        _drops(dirt, cycle, phase, (-math.inf, front), x, y, (drop, column, row))
    else:
        _drops(dirt, 0, time_s, (-math.inf, math.inf), x, y, (drop, column, row))
    opaque = 1 - (1 - _spots(dirt, height, width)) * (1 - blade) * (1 - _stuck(dirt, height, width))
    return Glass(opaque, drop, _haze(dirt, height, width), column, row)


def _drops(dirt: Dirt, cycle: int, age_s: float, columns: tuple[float, float], x: F32, y: F32, out: Drawn) -> None:
    """Draw the drops of a wiper's cycle that has lasted age_s, where they are within columns, into (drop, column, row)."""
    height, width = x.shape
    key = keys.derive(keys.root(dirt.drop_seed), "drops")
    rng = keys.generator(key if cycle == 0 and dirt.wiper_s == 0.0 else keys.derive(key, cycle))
    low, high = min(dirt.radius_px), max(dirt.radius_px)
    for _ in range(dirt.drops):
        u = rng.uniform(size=4)
        cx, cy, radius = u[0] * width, u[1] * height, low + (high - low) * u[2] * u[2]
        if dirt.moves:
            born, speed = rng.uniform(size=2)
            since = age_s - born * dirt.wiper_s
            if since < 0.0 or not columns[0] <= cx < columns[1]:
                continue
            if u[2] > 1.0 - RUNNING:
                cy += dirt.run_px_s * (0.4 + 0.6 * speed) * since
                if dirt.wiper_s == 0.0:  # what has run out below comes again from above
                    cy = cy % (height + 4.0 * high) - 2.0 * high
        _drop(x, y, cx, cy, radius, u[3], out)


def _drop(x: F32, y: F32, cx: float, cy: float, radius: float, shape: float, out: Drawn) -> None:
    height, width = x.shape
    reach = 2.0 * radius + 2.0
    part = (
        slice(max(int(cy - reach), 0), max(int(cy + reach) + 2, 0)),
        slice(max(int(cx - reach), 0), max(int(cx + reach) + 2, 0)),
    )
    drop, column, row = (a[part] for a in out)
    dx, dy = x[part] - np.float32(cx), (y[part] - np.float32(cy)) * np.float32(0.75 + 0.25 * shape)  # a little longer than wide
    r = np.sqrt(dx * dx + dy * dy) / np.float32(radius)
    share = np.clip((1 + 0.3 * RIM - r) / RIM, 0, 1).astype(np.float32)
    mine = share > drop
    np.maximum(drop, share, out=drop)
    # From the middle of a drop to its rim the world goes from the middle of the picture to far outside of it.
    reach = np.float32(FISHEYE * width / (4.0 * radius)) * (0.4 + 0.6 * np.minimum(r, 1.0))
    column[...] = np.where(mine, np.float32(0.5 * width + 0.5 * (cx - 0.5 * width)) - dx * reach, column)
    row[...] = np.where(mine, np.float32(0.45 * height) - dy * reach, row)


def _stuck(dirt: Dirt, height: int, width: int) -> F32:
    """(H, W) share that insects and a sticker block; both are far out of focus."""
    out = np.zeros((height, width), np.float32)
    rng = keys.generator(keys.derive(keys.root(dirt.seed), "insects"))
    for _ in range(dirt.insects):
        u = rng.uniform(size=5)
        center, size = (int(u[0] * width), int(u[1] * height)), width * (0.006 + 0.014 * u[2])
        axes = (max(int(size * (1.0 + u[3])), 1), max(int(size), 1))
        cv2.ellipse(out, center, axes, 180.0 * u[4], 0, 360, 0.9, -1)
        for _ in range(4):  # what has splashed
            v = rng.uniform(size=3)
            at = (center[0] + int(6.0 * size * (v[0] - 0.5)), center[1] + int(6.0 * size * (v[1] - 0.5)))
            cv2.circle(out, at, max(int(0.35 * size * v[2]), 1), 0.8, -1)
    if dirt.insects:
        out = cv2.GaussianBlur(out, (0, 0), 0.004 * width)
    if dirt.sticker:
        left, top, right, bottom = dirt.sticker
        edge = np.float32(0.02 * width)  # the cone of light of a pixel is some millimetres wide on a windscreen
        x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        # What reaches the border of the picture goes on beyond it.
        x0, x1 = (left * width if left > 0 else -width), (right * width if right < 1 else 2 * width)
        y0, y1 = (top * height if top > 0 else -height), (bottom * height if bottom < 1 else 2 * height)
        across = np.clip(np.minimum(x - np.float32(x0), np.float32(x1) - x) / edge + 0.5, 0, 1)
        down = np.clip(np.minimum(y - np.float32(y0), np.float32(y1) - y) / edge + 0.5, 0, 1)
        out = np.maximum(out, across * down[:, None])
    return out


def _haze(dirt: Dirt, height: int, width: int) -> F32:
    """(H, W) share of the light that mist, frost and scratches spread."""
    clear = np.ones((height, width), np.float32)
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)
    y = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    if dirt.condensation > 0.0:
        uneven = _noise(dirt, "condensation", 0.25 * width, height, width)
        clear *= 1 - np.clip(np.float32(dirt.condensation) * (0.85 + 0.15 * y + 0.12 * uneven), 0, 1)
    if dirt.frost > 0.0:
        rim = np.maximum(np.abs(x), np.abs(y)) + 0.14 * _noise(dirt, "frost", 0.06 * width, height, width)
        fine = _noise(dirt, "crystals", max(0.008 * width, 2.0), height, width)
        share = np.clip((rim - np.float32(1.05 - dirt.frost)) * 3.0, 0, 1)
        clear *= 1 - share * np.clip(0.80 + 0.15 * fine, 0, 1)
    if dirt.scratches:
        rng = keys.generator(keys.derive(keys.root(dirt.seed), "scratches"))
        lines = np.zeros((height, width), np.float32)
        for _ in range(dirt.scratches):
            u = rng.uniform(size=5)
            turn, length = 0.6 * (u[2] - 0.5) + (math.pi / 2 if u[4] > 0.8 else 0.0), width * (0.05 + 0.4 * u[3] ** 2)
            a = (int(u[0] * width), int(u[1] * height))
            b = (a[0] + int(length * math.cos(turn)), a[1] + int(length * math.sin(turn)))
            cv2.line(lines, a, b, 1.0, max(width // 640, 1))
        clear *= 1 - np.clip(1.2 * cv2.GaussianBlur(lines, (0, 0), 0.0022 * width), 0, 0.6)
    return 1 - clear


def _noise(dirt: Dirt, name: str, step: float, height: int, width: int) -> F32:
    """Smooth noise (H, W) with a deviation of about 1."""
    rng = keys.generator(keys.derive(keys.root(dirt.seed), name))
    coarse = rng.standard_normal((math.ceil(height / step) + 3, math.ceil(width / step) + 3), np.float32)
    full = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    return full[int(step) :][:height, int(step) :][:, :width]


def _spots(dirt: Dirt, height: int, width: int) -> F32:
    """(H, W) share that dirt blocks: smooth noise above the level that covers as much as it should."""
    if dirt.cover <= 0.0:
        return np.zeros((height, width), np.float32)
    rng = keys.generator(keys.derive(keys.root(dirt.seed), "dirt"))
    field = np.zeros((height, width), np.float32)
    for k in range(OCTAVES):
        step = max(dirt.spot_px / 2**k, 1.0)
        coarse = rng.standard_normal((math.ceil(height / step) + 3, math.ceil(width / step) + 3), np.float32)
        full = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        field += full[int(step) :][:height, int(step) :][:, :width] * np.float32(0.6**k)
    level = np.sort(field.reshape(-1))[min(int((1.0 - dirt.cover) * field.size), field.size - 1)]
    return np.clip((field - level) / np.float32(0.5) + np.float32(0.5), 0.0, 1.0)


def through(dirt: Dirt, radiance: F32, time_s: float = 0.0) -> F32:
    """Radiance (H, W, 3) that comes through the glass at a time."""
    height, width = radiance.shape[:2]
    found = glass(dirt, height, width, time_s if dirt.moves else 0.0)
    out = radiance
    if dirt.spreads:
        # Most of what is spread goes on nearly as before, some of it anywhere.
        small = cv2.resize(radiance, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        near = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.004 * width), (width, height), interpolation=cv2.INTER_LINEAR)
        spread = 0.65 * near + 0.35 * _about(radiance)
        out = out + found.haze[..., None] * (spread - out)
    if dirt.drops:
        blurred = cv2.GaussianBlur(radiance, (0, 0), 0.006 * width + 1.0)
        bent = cv2.remap(blurred, found.column, found.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        bent = cv2.GaussianBlur(bent, (0, 0), max(0.12 * min(dirt.radius_px), 0.8))
        out = out + found.drop[..., None] * (bent - out)
    if dirt.blocks:
        out = out + found.dirt[..., None] * (_about(radiance) * np.array(MUD, np.float32) - out)
    return out


def _about(radiance: F32) -> F32:
    """Radiance (H, W, 3) blurred over a good part of the picture."""
    small = cv2.GaussianBlur(cv2.resize(radiance, (32, 18), interpolation=cv2.INTER_AREA), (0, 0), 3.0)
    return cv2.resize(small, radiance.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def coverage(dirt: Dirt, height: int, width: int, time_s: float = 0.0) -> NDArray[np.uint8] | None:
    """(H, W) how much of a pixel's light is not that of its surface, 0 none, 255 all of it; None where the glass is clean."""
    if not dirt.drops and not dirt.blocks and not dirt.spreads:
        return None
    found = glass(dirt, height, width, time_s if dirt.moves else 0.0)
    left = (1 - found.dirt) * (1 - found.drop) * (1 - found.haze)
    return (255 - np.floor(left * np.float32(255.0))).astype(np.uint8)
