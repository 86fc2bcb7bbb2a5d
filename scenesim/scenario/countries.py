"""How roads look in a country: side of traffic, marks and signs, from the data in assets/countries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from scenesim.base import assets

PLAIN = "germany"  # where nothing is said


@dataclass(frozen=True, eq=False)
class Country:
    """Marks and signs of a country.

    code: of its signs, as in Signal.country. speed_unit: "km/h" or "mph". Colours are "white" or "yellow": of the line between
    directions, of the edge beside a median, and of marks at road works. narrow_m, wide_m: widths of lines. dash_m: (painted,
    not painted) by kind of road. guide_dash_m: beside lanes that begin or end. yield_line: "blocks", "teeth" or "double".
    crosswalk: "zebra" or "ladder". channelizer: what stands along closed lanes, of assets/roadside. plate_mm: width and height
    of number plates; plate_format: A is a letter, 1 a digit, / parts lines; plate_front, plate_rear, plate_ink, plate_band:
    their materials, "" for no band (models.plates). signs: name -> code and face of models.signs.
    """

    name: str
    code: str
    left_hand_traffic: bool
    speed_unit: str
    centre_color: str
    left_edge_color: str
    temporary_color: str
    narrow_m: float
    wide_m: float
    dash_m: Mapping[str, tuple[float, float]]
    guide_dash_m: tuple[float, float]
    stop_line_m: float
    yield_line: str
    crosswalk: str
    channelizer: str
    plate_mm: tuple[int, int]
    plate_format: str
    plate_front: str
    plate_rear: str
    plate_ink: str
    plate_band: str
    signs: Mapping[str, Mapping[str, str]]

    def __repr__(self) -> str:
        return f"Country({self.name})"  # what a place follows from: the data themselves are watched as assets

    def speed(self, m_s: float) -> int:
        """A speed limit as it is written on signs."""
        if self.speed_unit == "mph":
            return 5 * round(m_s / 0.44704 / 5)
        return 5 * round(m_s * 3.6 / 5)


@cache
def country(name: str = PLAIN) -> Country:
    """A country by the name of its file. Raises InputError for others."""
    said = {k: tuple(v) if isinstance(v, list) else v for k, v in assets.read("countries", name).items()}
    said["dash_m"] = {kind: tuple(lengths) for kind, lengths in said["dash_m"].items()}
    return Country(name, **said)


@cache
def faces(code: str) -> Mapping[str, str]:
    """Code of a sign -> face, for the country whose signs have a code ("DE"); nothing where that is not known."""
    found = [c for c in map(country, assets.names("countries")) if c.code == code]
    return {s["code"]: s["face"] for c in found for s in c.signs.values()}
