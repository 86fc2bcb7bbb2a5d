"""From light to digital numbers and back to a picture: the chip of an imager, exposure by exposure (EMVA 1288, linear)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.base.keys import Key
from scenesim.sensors.imager import GREY, MIDDLE, Imager, Optics, Settings

F32 = NDArray[np.float32]
BANDS = {"R": 0, "G": 1, "B": 2}
# OpenCV names a pattern by its second row and column. "_EA" goes along edges.
DEMOSAIC = {
    "RGGB": cv2.COLOR_BayerBG2RGB_EA,
    "BGGR": cv2.COLOR_BayerRG2RGB_EA,
    "GRBG": cv2.COLOR_BayerGB2RGB_EA,
    "GBRG": cv2.COLOR_BayerGR2RGB_EA,
}
TOP = 65535.0
SHOULDER = 0.96
BLEND = 0.8  # of full scale, from where a merged pixel goes over to the next shorter exposure
TABLE = 4096
FLOOR = np.float32(0.03)  # full scales kept below black, where noise goes
WHITE = 0.7  # of full scale is white in a picture: nothing grey is left where a channel is about to clip
BRIGHTEST = 5.0  # and white at most, where middle grey is 0.18


class Fixed(NamedTuple):
    """What is the same in all images of a specimen: (H, W) gain about 1, offset e, dark current e/s."""

    gain: F32
    offset_e: F32
    dark_e_s: F32


@lru_cache(maxsize=16)
def fixed_pattern(imager: Imager, name: str, height: int, width: int) -> Fixed:
    """The pattern of the specimen in the camera of a name."""
    rng = keys.generator(keys.derive(keys.root(imager.serial), "fixed pattern", name))
    gain = 1.0 + imager.prnu * rng.standard_normal((height, width), np.float32)
    offset = imager.dsnu_e * rng.standard_normal((height, width), np.float32)
    dark = np.full((height, width), imager.dark_now_e_s, np.float32)
    hot = rng.integers(0, height * width, round(imager.hot_share * height * width))
    dark.reshape(-1)[hot] += (imager.hot_e_s * rng.standard_exponential(len(hot))).astype(np.float32)
    return Fixed(np.maximum(gain, 0.0), offset, dark)


def mosaic(imager: Imager, light: F32) -> F32:
    """(H, W) electrons per second without noise, of light (H, W, 3) lux on the chip: one band a pixel, or all of them."""
    spread = imager.crosstalk
    per = np.array([imager.electrons_per_lux_s(b) for b in range(3)], np.float32)
    if imager.pattern == "mono":
        return light[..., 0] * per[0] + light[..., 1] * per[1] + light[..., 2] * per[2]
    mean = light.mean(-1) if spread > 0.0 else None
    out = np.empty(light.shape[:2], np.float32)
    for k, letter in enumerate(imager.pattern):
        at, band = (slice(k // 2, None, 2), slice(k % 2, None, 2)), BANDS[letter]
        own = light[(*at, band)]
        out[at] = per[band] * (own if mean is None else (1.0 - spread) * own + spread * mean[at])
    return out


def expose(imager: Imager, fixed: Fixed, rate_e_s: F32, time_s: float, gain: float, key: Key) -> NDArray[np.uint16]:
    """DN (H, W) of one exposure of electrons per second (H, W)."""
    rng = keys.generator(key)
    most = 4.0 * imager.full_well_e + 1000.0
    mean = np.minimum(rate_e_s * fixed.gain * np.float32(time_s) + fixed.dark_e_s * np.float32(time_s), most)
    electrons = np.minimum(rng.poisson(np.maximum(mean, 0.0)), imager.full_well_e).astype(np.float32)
    electrons += np.float32(imager.read_noise_e) * rng.standard_normal(mean.shape, np.float32) + fixed.offset_e
    dn = electrons * np.float32(imager.gain_dn_e * gain) + np.float32(imager.black_dn + 0.5)
    return np.clip(np.floor(dn), 0, imager.largest_dn).astype(np.uint16)


def merge(imager: Imager, exposures: list[NDArray[np.uint16]]) -> F32:
    """(H, W) full scales of the longest exposure, from DN of all of them: each pixel from the longest that is not clipped."""
    black, span = np.float32(imager.black_dn), np.float32(imager.largest_dn - imager.black_dn)
    out = (exposures[-1] - black) / span / np.float32(imager.ratios[-1])
    for dn, ratio in zip(exposures[-2::-1], imager.ratios[-2::-1]):
        level = (dn - black) / span
        share = np.clip((np.float32(0.95) - level) / np.float32(0.95 - BLEND), 0.0, 1.0)
        out = share * (level / np.float32(ratio)) + (1 - share) * out
    return out


def demosaic(imager: Imager, level: F32) -> F32:
    """Linear bands (H, W, 3) of a mosaic (H, W) in full scales; the square root goes through OpenCV's 16 bits."""
    if imager.pattern == "mono":
        return np.repeat(level[..., None], 3, 2)
    top = np.float32(1.0 / min(imager.ratios)) + FLOOR
    coded = (np.sqrt(np.clip((level + FLOOR) / top, 0.0, 1.0)) * np.float32(TOP)).astype(np.uint16)
    rgb = cv2.cvtColor(coded, DEMOSAIC[imager.pattern]).astype(np.float32)
    rgb *= rgb
    rgb *= top / np.float32(TOP * TOP)
    rgb -= FLOOR
    return rgb


def picture(imager: Imager, level: F32, white: NDArray[np.float64], gain: float = 1.0) -> NDArray[np.uint8]:
    """sRGB (H, W, 3) of a merged mosaic (H, W) in full scales. white: (3,) gains for the light. gain: analogue, by which noise
    is to be expected."""
    light = demosaic(imager, level)
    full = GREY / MIDDLE / min(imager.ratios)  # where 0.18 is middle grey
    if imager.pattern == "mono":
        light *= np.float32(GREY / MIDDLE)
    else:
        balance = [imager.electrons_per_lux_s(1) / imager.electrons_per_lux_s(b) for b in range(3)]
        c = imager.crosstalk  # whose inverse is (I - c / 3 J) / (1 - c)
        pure = (np.eye(3) - c / 3.0) / (1.0 - c)
        light = cv2.transform(light, GREY / MIDDLE * white[:, None] * pure * np.array(balance))
        # What is clipped is white, whatever its colour was: gains are not to tint it.
        full *= min(white)
        np.minimum(light, np.float32(full), out=light)
    most = min(WHITE * full, BRIGHTEST)
    _fade(light, most)
    if imager.noise_reduction > 0.0 and imager.pattern != "mono":
        _neutral(light)
    light = cv2.transform(_calmed(light, imager.noise_reduction, gain), _saturating(imager.saturation))
    # The square root spaces the table as eyes do, without a logarithm.
    light *= np.float32(1.0 / most)
    np.clip(light, 0.0, 1.0, out=light)
    np.sqrt(light, out=light)
    light *= np.float32(TABLE - 1)
    light += np.float32(0.5)
    codes = np.take(_curve(imager.contrast, most), light.astype(np.int16))
    if imager.sharpen > 0.0:
        codes = cv2.addWeighted(codes, 1.0 + imager.sharpen, cv2.GaussianBlur(codes, (0, 0), 0.9), -imager.sharpen, 0.5)
        return np.clip(codes, 0, 255, out=codes).astype(np.uint8)
    return np.clip(codes + np.float32(0.5), 0, 255).astype(np.uint8)


def _neutral(rgb: F32) -> None:
    """Take from bands (H, W, 3) the colour of what is too small to have one, which demosaicing invents, in place: medians of
    the differences to green (Freeman 1988)."""
    for band in (0, 2):
        rgb[..., band] = cv2.medianBlur(rgb[..., band] - rgb[..., 1], 5)
        rgb[..., band] += rgb[..., 1]


def _fade(light: F32, most: float) -> None:
    """Let what is brighter than white lose its colour, all of it at twice that, in place."""
    over = np.clip(light.max(-1, keepdims=True) * np.float32(1.0 / most) - 1, 0.0, 1.0)
    np.minimum(light, np.float32(most), out=light)
    light += over * (np.float32(most) - light)


def _calmed(light: F32, share: float, gain: float) -> F32:
    """Light (H, W, 3) with a share of the fine detail of its colour, not of its brightness, taken out: noise is colourful."""
    if share <= 0.0:
        return light
    stops = math.log2(max(gain, 1.0))
    colour = cv2.transform(light, np.eye(3) - 1.0 / 3.0)
    fine = colour - cv2.GaussianBlur(colour, (0, 0), 1.2 + 0.6 * stops)
    fine *= np.float32(min(share * (1.0 + 0.25 * stops), 1.0))
    return light - fine


def _saturating(saturation: float) -> NDArray[np.float64]:
    """Matrix (3, 3) that makes colours stronger about the grey of the same luminance."""
    return saturation * np.eye(3) + (1.0 - saturation) * np.array([0.2126, 0.7152, 0.0722])


@lru_cache(maxsize=8)
def _curve(contrast: float, white: float) -> F32:
    """sRGB codes (TABLE,) 0 to 255 over the square root of light in [0, white]: Lottes 2016, 0.18 -> 0.18, white -> 1."""
    s, d = contrast, contrast * SHOULDER
    ga, wa, gd, wd = GREY**s, white**s, GREY**d, white**d
    b = (wa * GREY - ga) / ((wd - gd) * GREY)
    c = (wd * ga - wa * gd * GREY) / ((wd - gd) * GREY)
    out = np.empty(TABLE, np.float32)
    for i in range(TABLE):
        x = white * (i / (TABLE - 1)) ** 2
        y = min(max(x**s / (x**d * b + c), 0.0), 1.0)
        out[i] = 255.0 * (12.92 * y if y <= 0.0031308 else 1.055 * math.pow(y, 1 / 2.4) - 0.055)
    return out


def on_chip(optics: Optics, radiance: F32, veil: F32 | None, flare: F32 | None = None) -> F32:
    """Illuminance (H, W, 3) lux on the chip, of radiance (H, W, 3) cd/m2: H = pi/4 T L / N^2 (ISO 2720), less towards the
    corners. veil: (h, w, 3) what glass and housing spread, of which each pixel gets its share. flare: (h, w, 3) cd/m2 that
    comes on top (sensors.flare)."""
    height, width = radiance.shape[:2]
    x = (np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)) ** 2
    y = (np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2)) ** 2
    falloff = 1 - np.float32(optics.corner_loss) * (y[:, None] + x) / max(float(y[0] + x[0]), 1.0)
    out = radiance
    if optics.glare > 0.0 and veil is not None:
        spread = cv2.resize(veil, (width, height), interpolation=cv2.INTER_LINEAR)
        out = cv2.addWeighted(out, 1.0 - optics.glare, spread, optics.glare, 0.0)
    if flare is not None:
        out = out + cv2.resize(flare, (width, height), interpolation=cv2.INTER_LINEAR)
    factor = np.float32(0.25 * math.pi * optics.transmission / optics.f_number**2)
    return out * (falloff * factor)[..., None]


def through_lens(optics: Optics, radiance: F32) -> F32:
    """Radiance (H, W, 3) as the lens draws it: red and blue a little larger or smaller than green, and the blur of its spot."""
    out = radiance
    if optics.red_scale != 1.0 or optics.blue_scale != 1.0:
        out = np.stack(
            [_scaled(radiance[..., 0], optics.red_scale), radiance[..., 1], _scaled(radiance[..., 2], optics.blue_scale)], -1
        )
    if optics.blur_px > 0.0:
        out = cv2.GaussianBlur(out, (0, 0), optics.blur_px)
    return out


def _scaled(band: F32, scale: float) -> F32:
    """A band (H, W) drawn larger by a factor about the middle."""
    if scale == 1.0:
        return band
    height, width = band.shape
    x = (np.arange(width, dtype=np.float32) - (width - 1) / 2) / scale + (width - 1) / 2
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2) / scale + (height - 1) / 2
    across, down = (np.broadcast_to(a, (height, width)).astype(np.float32) for a in (x, y[:, None]))
    return cv2.remap(np.ascontiguousarray(band), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


__all__ = ["Fixed", "Settings", "demosaic", "expose", "fixed_pattern", "merge", "mosaic", "on_chip", "picture", "through_lens"]
