"""The chip and the glass of a camera as numbers: what a file may say of them, and how long and how bright it exposes.

Names and model of the chip are those of EMVA Standard 1288 (release 4.0, linear): photons, quantum efficiency, electrons, dark
current, PRNU, DSNU, full well, read noise, system gain, digital numbers (DN).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenesim.base.errors import InputError
from scenesim.sensors.fields import Fields

PATTERNS = ("RGGB", "BGGR", "GRBG", "GBRG", "mono")
# Photons per m2 and lux second in 100 nm wide bands of red, green and blue (650, 550, 450 nm) of light of equal energy: 1 W/m2
# and nm are 683 x 106.857 lux (CIE 1931 V), a photon has h c / wavelength.
PHOTONS = tuple(100.0 / (683.0 * 106.857) * wave * 1e-9 / (6.62607015e-34 * 299792458.0) for wave in (650.0, 550.0, 450.0))
MIDDLE = 1.0 / 7.8  # of full scale: where ISO 12232 puts a mean of 18 %, so that 100 % are half a stop below saturation
GREY = 0.18
DOUBLES_K = 8.0  # dark current doubles every 8 K
NIGHT_DARKER = 0.6  # of the exposure: by night people expect a picture to look dark
SNOW_BRIGHTER = 0.45  # white ground is to look white
DARKEST = 0.35  # of the metered exposure: more is not given up for the sake of what would be clipped


@dataclass(frozen=True)
class Optics:
    """The glass before a chip. f_number; transmission: share of light; corner_loss: share of light that the corners lose,
    growing with the square of the radius; blur_px: standard deviation of the spot in focus; glare: share of the light that is
    spread over the picture; red_scale, blue_scale: size of the red and the blue picture over that of the green one. focus_m:
    distance that is sharp, from which a depth of field follows; None: everything is. ghosts, star: shares of the light of what
    is bright that surfaces throw into ghosts, and `blades` (of the diaphragm) into spikes (sensors.flare)."""

    f_number: float = 2.0
    transmission: float = 0.9
    corner_loss: float = 0.3
    blur_px: float = 0.45
    glare: float = 0.03
    red_scale: float = 1.0
    blue_scale: float = 1.0
    focus_m: float | None = None
    ghosts: float = 0.0
    star: float = 0.0
    blades: int = 7


@dataclass(frozen=True)
class Auto:
    """Exposure control: limits of time and gain, how much of the picture may be clipped, and the time constant of its lag."""

    shortest_s: float = 2e-5
    longest_s: float = 0.02
    highest_gain: float = 16.0
    clipped: float = 0.05
    lag_s: float = 0.3


@dataclass(frozen=True)
class Settings:
    """What one image is exposed with. time_s: of the longest exposure. gain: analogue, over that of the chip's K."""

    time_s: float
    gain: float


@dataclass(frozen=True)
class Imager:
    """A chip.

    pixel_um: pitch. quantum_efficiency: (red, green, blue), of the photons in 100 nm that become electrons. full_well_e,
    read_noise_e (temporal, per exposure), dark_e_s (dark current at 25 C), temperature_c, prnu (share) and dsnu_e are as EMVA
    1288 has them. hot_share: of the pixels, with hot_e_s of dark current in the mean. bits, black_dn: of the ADC, which at gain
    1 has the full well at its end. ratios: of exposures to the longest, which are taken one after the other and merged.
    crosstalk: share of each band that is spread over all three, and taken out after demosaicing. auto: None with a fixed
    exposure. white_balance, contrast, saturation, noise_reduction, sharpen: of the picture. raw: keep what the ADC gave.
    serial: of the specimen; its fixed pattern follows from it and the camera's name.
    """

    pixel_um: float
    quantum_efficiency: tuple[float, ...]
    full_well_e: float
    read_noise_e: float
    dark_e_s: float = 10.0
    temperature_c: float = 45.0
    prnu: float = 0.01
    dsnu_e: float = 1.0
    hot_share: float = 1e-5
    hot_e_s: float = 2000.0
    bits: int = 12
    black_dn: int = 64
    pattern: str = "RGGB"
    ratios: tuple[float, ...] = (1.0,)
    crosstalk: float = 0.1
    auto: Auto | None = Auto()
    gain: float = 1.0
    white_balance: float = 0.7
    contrast: float = 1.2
    saturation: float = 1.05
    noise_reduction: float = 0.6
    sharpen: float = 0.3
    raw: bool = False
    serial: int = 0

    @property
    def largest_dn(self) -> int:
        """Of the ADC."""
        return 2**self.bits - 1

    @property
    def gain_dn_e(self) -> float:
        """K of EMVA 1288 at gain 1, DN per electron."""
        return (self.largest_dn - self.black_dn) / self.full_well_e

    @property
    def dark_now_e_s(self) -> float:
        """Dark current at its temperature."""
        return self.dark_e_s * 2.0 ** ((self.temperature_c - 25.0) / DOUBLES_K)

    def electrons_per_lux_s(self, band: int) -> float:
        """Electrons per lux second on the chip, of a band."""
        return PHOTONS[band] * (self.pixel_um * 1e-6) ** 2 * self.quantum_efficiency[band]

    def settings(
        self, optics: Optics, luminance: float, bright: float, exposure_s: float, *, darkness: float = 0.0, snow: float = 0.0,
        stops: float = 0.0,
    ) -> Settings:  # fmt: skip
        """Time and gain for a metered mean of luminance and a level that only `Auto.clipped` exceeds, both cd/m2; exposure_s:
        where it is fixed. darkness, snow: 0 to 1, of the scene, which is to look dark or white. stops: by which it is wrong."""
        wrong = 2.0**stops
        if self.auto is None:
            return Settings(exposure_s * wrong, self.gain)
        mean = MIDDLE * (1.0 - NIGHT_DARKER * darkness) * (1.0 + SNOW_BRIGHTER * snow)  # of full scale
        full = self.full_well_e / self.electrons_per_lux_s(1)  # lux s on the chip that fill a green pixel
        per_s = 0.25 * math.pi * optics.transmission / optics.f_number**2  # ISO 2720, 12232: H = pi/4 T L t / N^2
        metered = mean * full / (per_s * max(luminance, 1e-6))
        unclipped = full / (per_s * max(bright, 1e-6) * min(self.ratios))
        wanted = wrong * min(metered, max(unclipped, DARKEST * metered))
        time = min(max(wanted, self.auto.shortest_s), self.auto.longest_s)
        return Settings(time, min(max(wanted / time, 1.0), self.auto.highest_gain))


def read_optics(fields: Fields) -> Optics:
    """The optics of a mapping; all may be left out."""
    d = Optics()
    made = Optics(
        fields.number("f_number", d.f_number, low=0.5, high=64.0),
        fields.number("transmission", d.transmission, above=0.0, high=1.0),
        fields.number("corner_loss", d.corner_loss, low=0.0, high=0.95),
        fields.number("blur_px", d.blur_px, low=0.0, high=20.0),
        fields.number("glare", d.glare, low=0.0, high=0.5),
        fields.number("red_scale", 1.0, low=0.98, high=1.02),
        fields.number("blue_scale", 1.0, low=0.98, high=1.02),
        fields.number("focus_m", low=0.05, high=1e6) if fields.has("focus_m") else None,
        fields.number("ghosts", d.ghosts, low=0.0, high=0.5),
        fields.number("star", d.star, low=0.0, high=0.5),
        fields.integer("blades", d.blades, low=3, high=24),
    )
    fields.finish()
    return made


def read(fields: Fields) -> Imager:
    """The imager of a mapping, as in assets/sensors. Raises InputError with the place of the field."""
    efficiency = fields.numbers("quantum_efficiency", 3, low=0.001, high=1.0)
    ratios = fields.numbers("exposure_ratios", low=1e-5, high=1.0) if fields.has("exposure_ratios") else (1.0,)
    if not ratios or ratios[0] != 1.0 or any(b >= a for a, b in zip(ratios, ratios[1:])):
        raise fields.wrong("exposure_ratios", "the first is 1, and each is less than the one before it")
    hot = fields.part("hot_pixels")
    made = Imager(
        fields.number("pixel_um", above=0.0, high=100.0),
        efficiency,
        fields.number("full_well_e", above=0.0, high=1e7),
        fields.number("read_noise_e", low=0.0, high=1e4),
        fields.number("dark_current_e_s", 10.0, low=0.0, high=1e6),
        fields.number("temperature_c", 45.0, low=-60.0, high=125.0),
        fields.number("prnu", 0.01, low=0.0, high=0.2),
        fields.number("dsnu_e", 1.0, low=0.0, high=1e4),
        hot.number("share", 1e-5, low=0.0, high=0.1),
        hot.number("current_e_s", 2000.0, low=0.0, high=1e7),
        fields.integer("adc_bits", 12, low=6, high=16),
        fields.integer("black_level_dn", 64, low=0, high=8192),
        fields.word("pattern", PATTERNS, "RGGB"),
        ratios,
        fields.number("crosstalk", 0.1, low=0.0, high=0.6),
        _auto(fields),
        fields.number("gain", 1.0, low=0.1, high=1000.0),
        fields.number("white_balance", 0.7, low=0.0, high=1.0),
        fields.number("contrast", 1.2, low=1.0, high=2.0),
        fields.number("saturation", 1.05, low=0.0, high=2.0),
        fields.number("noise_reduction", 0.6, low=0.0, high=1.0),
        fields.number("sharpen", 0.3, low=0.0, high=3.0),
        fields.flag("raw", False),
        fields.integer("serial", 0, low=0, high=2**31),
    )
    hot.finish()
    fields.finish()
    if 2 * made.black_dn > made.largest_dn:
        raise fields.wrong("black_level_dn", f"{made.black_dn} of {made.largest_dn} leave no room for light")
    return made


def _auto(fields: Fields) -> Auto | None:
    if fields.has("auto_exposure") and fields.values["auto_exposure"] is False:
        return None
    part, d = fields.part("auto_exposure"), Auto()
    made = Auto(
        part.number("shortest_s", d.shortest_s, above=0.0, high=1.0),
        part.number("longest_s", d.longest_s, above=0.0, high=1.0),
        part.number("highest_gain", d.highest_gain, low=1.0, high=1e4),
        part.number("clipped", d.clipped, low=0.0, high=1.0),
        part.number("lag_s", d.lag_s, low=0.0, high=10.0),
    )
    part.finish()
    if made.shortest_s > made.longest_s:
        raise InputError(f"shortest_s, {made.shortest_s:g}, is longer than longest_s", part.at("shortest_s"))
    return made


def to_plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A mapping as a file has it, for `read` to read again."""
    return None if values is None else {k: _plain(v) for k, v in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return list(value) if isinstance(value, (list, tuple)) else value
