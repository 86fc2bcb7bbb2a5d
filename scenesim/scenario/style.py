"""What the procedural roads are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenesim.base.errors import InputError
from scenesim.scenario.countries import Country, country


@dataclass(frozen=True)
class Style:
    """What a road is made of, the same on both sides.

    lanes: driving lanes for each direction. lane_width_m. sidewalk_m, parking_m, shoulder_m (paved), verge_m (grass): widths of
    what lies beside them, 0 for none. speed_m_s: limit.
    kind: "town", "rural" or "motorway" (OpenDRIVE road type). left_hand: traffic on the left. yellow: centre line in yellow,
    whatever the country. country: whose marks and signs it has.
    """

    lanes: int = 1
    lane_width_m: float = 3.5
    sidewalk_m: float = 2.5
    parking_m: float = 0.0
    shoulder_m: float = 0.0
    verge_m: float = 0.0
    speed_m_s: float = 50 / 3.6
    kind: str = "town"
    left_hand: bool = False
    yellow: bool = False
    country: Country = field(default_factory=country)

    def __post_init__(self):
        if not 1 <= self.lanes <= 6:
            raise InputError(f"lanes: {self.lanes} driving lanes for each direction; 1 to 6 are possible")
        if not 2.0 <= self.lane_width_m <= 6.0:
            raise InputError(f"lane_width_m: {self.lane_width_m:g} m; 2 to 6 m are possible")
        for name in ("sidewalk_m", "parking_m", "shoulder_m", "verge_m"):
            if not 0 <= getattr(self, name) <= 20:
                raise InputError(f"{name}: {getattr(self, name):g} m; 0 to 20 m are possible")
        if not 1.0 <= self.speed_m_s <= 100.0:
            raise InputError(f"speed limit of {self.speed_m_s:g} m/s; 1 to 100 m/s are possible")

    @property
    def dash_m(self) -> tuple[float, float]:
        """Painted and not painted lengths of the dashes between lanes."""
        return self.country.dash_m[self.kind]

    @property
    def centre_color(self) -> str:
        """Of the line between the two directions."""
        return "yellow" if self.yellow else self.country.centre_color

    @property
    def paved_m(self) -> float:
        """Half the width of the carriageway."""
        return self.lanes * self.lane_width_m + self.parking_m + self.shoulder_m


TOWN = Style(parking_m=2.0)
COUNTRY = Style(sidewalk_m=0.0, shoulder_m=0.5, verge_m=1.5, speed_m_s=100 / 3.6, kind="rural")
MOTORWAY = Style(lanes=2, lane_width_m=3.75, sidewalk_m=0.0, shoulder_m=2.5, verge_m=1.5, speed_m_s=130 / 3.6, kind="motorway")
