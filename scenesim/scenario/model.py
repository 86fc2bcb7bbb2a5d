"""The scenario: what was asked for, checked at the door and frozen. The file format is this model in YAML.

Every field of a stored value carries its unit in its name; angles in files are degrees.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from scenesim.base import assets
from scenesim.base.errors import InputError
from scenesim.kernels.packed import MATERIAL
from scenesim.models import catalogue, identity, imported, manner, material, vehicle
from scenesim.models.model import LAMP_BITS
from scenesim.scenario import choices, countries, sun
from scenesim.sensors import rig as rigs
from scenesim.sensors.rig import Rig

Name = Annotated[StrictStr, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=64)]
Number = Annotated[float, BeforeValidator(choices.number), Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Speed = Annotated[Number, Field(ge=0, le=90)]
Degrees = Annotated[Number, Field(ge=-360, le=360)]
Point = Annotated[tuple[Number, Number], Field(description="x, y in m, world")]
Lamp = Annotated[StrictStr, choices.OneOf("lamp", lambda: LAMP_BITS)]


class Part(BaseModel):
    """A piece of a scenario: unknown keys are errors, and nothing changes once it is checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ---- the road


class Place(Part):
    """A procedural road: what it is, and how it is built. What is left out is as usual for the kind of road."""

    kind: Annotated[StrictStr, choices.OneOf("place", lambda: PLACES)] = "crossing"
    road_type: Literal["town", "rural", "motorway"] = "town"
    lanes: Annotated[StrictInt, Field(ge=1, le=6, description="driving lanes for each direction")] | None = None
    lane_width_m: Annotated[Number, Field(ge=2, le=6)] | None = None
    sidewalk_m: Annotated[Number, Field(ge=0, le=20)] | None = None
    parking_m: Annotated[Number, Field(ge=0, le=20)] | None = None
    shoulder_m: Annotated[Number, Field(ge=0, le=20)] | None = None
    verge_m: Annotated[Number, Field(ge=0, le=20)] | None = None
    speed_limit_km_per_h: Annotated[Number, Field(ge=5, le=250)] | None = None
    left_hand_traffic: StrictBool | None = Field(default=None, description="as in the road's country if left out")
    yellow_centre_line: StrictBool = False
    length_m: Annotated[Number, Field(ge=40, le=20000)] | None = None
    radius_m: Annotated[Number, Field(ge=8, le=10000, description="of a curve, or of a roundabout's outer kerb")] | None = None
    angle_deg: Annotated[Number, Field(ge=-360, le=360, description="of a curve, positive to the left")] | None = None
    height_m: Annotated[Number, Field(ge=-500, le=500, description="of a hill, negative for a dip")] | None = None
    arms: Annotated[StrictInt, Field(ge=3, le=6, description="of a crossing (3 or 4) or a roundabout")] | None = None
    arm_angles_deg: tuple[Degrees, ...] | None = Field(default=None, description="of the roads that meet, from the east")
    shape: Literal["t", "y", "x", "skew", "skew_t"] | None = Field(default=None, description="of a junction")
    ring_lanes: Annotated[StrictInt, Field(ge=1, le=2, description="of a roundabout")] | None = None
    ramps: Literal["off", "on", "both", "none"] | None = Field(default=None, description="of a motorway")
    bus_lane: StrictBool | None = None
    cycle_track: StrictBool | None = None
    median_m: Annotated[Number, Field(ge=0, le=20, description="between directions, 0 for none")] | None = None
    bay_m: Annotated[Number, Field(ge=10, le=500, description="of a lay-by")] | None = None
    hedges: Share | None = Field(default=None, description="of the sides of a country road, those with hedge or fence")
    shape_seed: Annotated[StrictInt, Field(ge=0, lt=2**31, description="of a place whose shape is drawn")] | None = None
    over: StrictBool | None = Field(default=None, description="whether the road along x is the upper one at a bridge")
    tunnel_m: Annotated[Number, Field(ge=20, le=5000)] | None = None
    blocks: tuple[StrictInt, StrictInt] | None = Field(default=None, description="of a town: columns, rows")
    block_m: Annotated[Number, Field(ge=40, le=1000, description="size of the blocks of a town")] | None = None
    missing: Annotated[Number, Field(ge=0, le=0.4, description="share of a town's streets left out")] | None = None
    aisles: Annotated[StrictInt, Field(ge=1, le=8, description="of a car park")] | None = None
    bays: Annotated[StrictInt, Field(ge=4, le=60, description="on each side of an aisle")] | None = None
    tracks: Annotated[StrictInt, Field(ge=1, le=2, description="of a level crossing")] | None = None
    closed: StrictBool | None = Field(default=None, description="whether the barriers of a level crossing are down")
    railway_m: Annotated[Number, Field(ge=50, le=5000, description="length of the railway at a level crossing")] | None = None
    gates: Annotated[StrictInt, Field(ge=3, le=4, description="of a toll plaza, for each direction")] | None = None
    works_m: Annotated[Number, Field(ge=10, le=5000, description="length of road works")] | None = None
    barrier: StrictBool | None = Field(default=None, description="concrete elements along road works")
    gantries: StrictBool | None = None
    noise_walls: StrictBool | None = None
    corner_radius_m: Annotated[Number, Field(ge=2, le=40, description="of the kerbs of a crossing")] | None = None
    control: Literal["lights", "priority", "yield", "stop", "none"] | None = None
    crosswalks: StrictBool | None = None

    @model_validator(mode="after")
    def _parameters_of_its_kind(self) -> Place:
        for name, kinds in PARAMETERS_OF.items():
            if getattr(self, name) is not None and self.kind not in kinds:
                raise choices.wrong(f"{name} belongs to {' and '.join(kinds)}, not to {self.kind}; leave it out", name)
        return self


PLACES = (
    "straight", "curve", "hill", "crossing", "junction", "roundabout", "motorway", "work_zone", "arterial",
    "tram_street", "school_zone", "lay_by", "country_road", "bridge", "tunnel", "town", "car_park", "level_crossing",
    "toll_plaza",
)  # fmt: skip
PARAMETERS_OF = {
    "radius_m": ("curve", "roundabout", "country_road"),
    "angle_deg": ("curve",),
    "height_m": ("hill", "country_road", "bridge"),
    "arms": ("crossing", "roundabout"),
    "arm_angles_deg": ("junction", "roundabout"),
    "shape": ("junction",),
    "ring_lanes": ("roundabout",),
    "bus_lane": ("arterial",),
    "cycle_track": ("arterial",),
    "median_m": ("arterial",),
    "bay_m": ("lay_by",),
    "hedges": ("country_road",),
    "shape_seed": ("country_road", "town"),
    "over": ("bridge",),
    "tunnel_m": ("tunnel",),
    "blocks": ("town",),
    "block_m": ("town",),
    "missing": ("town",),
    "aisles": ("car_park",),
    "bays": ("car_park",),
    "tracks": ("level_crossing",),
    "closed": ("level_crossing",),
    "railway_m": ("level_crossing",),
    "gates": ("toll_plaza",),
    "works_m": ("work_zone",),
    "barrier": ("work_zone",),
    "ramps": ("motorway",),
    "gantries": ("motorway",),
    "noise_walls": ("motorway",),
    "corner_radius_m": ("crossing", "junction"),
    "control": ("crossing", "junction", "town"),
    "crosswalks": ("crossing", "junction", "roundabout", "town"),
}


class RoadSource(Part):
    """Where the road comes from: a procedural place, or a map; and in what country it lies."""

    place: Place | None = None
    country: Annotated[StrictStr, choices.OneOf("country", lambda: assets.names("countries"))] = Field(
        default=countries.PLAIN, description="whose marks and signs the road has, and on what side one drives"
    )
    opendrive: StrictStr | None = Field(default=None, description="path of an .xodr file, relative to the scenario's file")
    kerbs: StrictBool = Field(default=True, description="raise the sidewalks of maps that give them no height")

    @model_validator(mode="after")
    def _one_source(self) -> RoadSource:
        if (self.place is None) == (self.opendrive is None):
            raise choices.wrong("give either place (a procedural road) or opendrive (the path of a map)")
        return self


# ---- positions and behaviours


class Position(Part):
    """Where something starts, in one of three ways: on a lane (road, lane, s_m), in the world (x_m, y_m), or as the ego would
    say it at the start (ahead_m along its route, left_m of it)."""

    road: StrictStr | None = Field(default=None, description="id of a road of the map")
    lane: StrictInt | None = Field(default=None, description="lane number as in OpenDRIVE: negative to the right of the centre")
    s_m: Annotated[Number, Field(ge=0)] | None = None
    x_m: Number | None = None
    y_m: Number | None = None
    ahead_m: Annotated[Number, Field(ge=-500, le=2000)] | None = None
    left_m: Annotated[Number, Field(ge=-200, le=200)] | None = Field(default=None, description="to the left of the line")
    heading_deg: Degrees | None = Field(
        default=None, description="in the world with x_m and y_m, else to the lane or the ego's route; 0 along it"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Position:
        ways = {
            "road, lane, s_m": (self.road, self.lane, self.s_m),
            "x_m, y_m": (self.x_m, self.y_m),
            "ahead_m": (self.ahead_m,),
        }
        used = [w for w, values in ways.items() if any(v is not None for v in values)]
        if len(used) != 1:
            said = "nothing" if not used else " and ".join(used)
            raise choices.wrong(f"{said} given; say where in exactly one way: {'; or '.join(ways)}")
        names = used[0].split(", ")
        missing = [n for n, v in zip(names, ways[used[0]]) if v is None]
        if missing:
            raise choices.wrong(f"{missing[0]} is missing beside {', '.join(n for n in names if n not in missing)}")
        return self


class SpeedPoint(Part):
    """A point of a speed profile; the speed is linear between points."""

    time_s: Annotated[Number, Field(ge=0)]
    speed_m_s: Speed


class Motion(Part):
    """How fast: a constant speed, or a profile over time."""

    speed_m_s: Speed | None = None
    speed_profile: tuple[SpeedPoint, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_speed(self) -> Motion:
        if self.speed_m_s is not None and self.speed_profile is not None:
            raise choices.wrong("speed_m_s and speed_profile contradict each other; give one of them", "speed_m_s")
        times = [p.time_s for p in self.speed_profile or ()]
        if any(b <= a for a, b in zip(times, times[1:])):
            raise choices.wrong("the times of a speed_profile must increase", "speed_profile")
        return self


class FollowLane(Motion):
    """Drive along lanes: from a start, straight on or at random where lanes fork; or through points. Without a speed it drives
    as the speed limit and the traffic ahead allow."""

    start: Position | None = Field(default=None, description="a place in reach of the ego that is drawn, if left out")
    at_forks: Literal["straight", "random"] = "straight"
    via: tuple[Point, ...] | None = Field(default=None, min_length=2, description="points on driving lanes")
    offset_m: Annotated[Number, Field(ge=-10, le=10)] = Field(default=0.0, description="to the left of the lane's middle")

    @model_validator(mode="after")
    def _start_or_via(self) -> FollowLane:
        if self.via is not None and self.start is not None:
            raise choices.wrong("start and via contradict each other: a route via points starts at the first one", "start")
        return self


class FollowLine(Motion):
    """Move along a line through points."""

    points_m: tuple[Point, ...] = Field(min_length=2)
    corner_radius_m: Annotated[Number, Field(ge=0, le=50)] = 2.0
    start_s: Annotated[Number, Field(ge=0)] = Field(default=0.0, description="stands still until then")


class Stand(Part):
    """Stand still."""

    at: Position
    opens_s: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="when its doors (options: door) begin to open; they are open from the start if left out"
    )


class Walk(Part):
    """Walk straight from one position to another, and stand there."""

    start: Position
    to: Position
    speed_m_s: Annotated[Number, Field(gt=0, le=8)] = 1.4
    start_s: Annotated[Number, Field(ge=0)] = Field(default=0.0, description="stands still until then")
    falls_s: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="a person trips then, and lies there")


# ---- models of one's own

Axis = Annotated[StrictStr, choices.OneOf("axis", lambda: imported.AXES)]
Sha256 = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


class Import(Part):
    """A model from a file: GLB, glTF, OBJ, PLY or STL."""

    file: StrictStr = Field(alias="import", description="path of the model, relative to the scenario's file")
    class_name: Annotated[StrictStr, choices.OneOf("class", lambda: imported.CLASSES)] = Field(alias="class")
    scale: Annotated[Number, Field(gt=0, le=1e6, description="metres that one unit of the file is long")] = 1.0
    up: Axis | None = Field(default=None, description="axis of the file that points up; as usual for its format if left out")
    forward: Axis | None = Field(default=None, description="axis of the file that points forward")
    origin: Literal["middle", "keep"] = Field(default="middle", description="middle: stands on the ground, about its middle")
    wheelbase_m: Annotated[Number, Field(gt=0, le=30)] | None = Field(
        default=None, description="of a vehicle; from its nodes called wheel... if left out"
    )
    texture_detail_m: Annotated[Number, Field(ge=0.002, le=10, description="size of what is still seen of textures")] = 0.03
    materials: dict[StrictStr, Annotated[StrictStr, choices.OneOf("material", material.names)] | dict[StrictStr, Any]] = Field(
        default_factory=dict, description="by the file's names: a material of assets, or properties (like: to begin with one)"
    )
    sha256: Sha256 | None = Field(default=None, description="digest that the file must have; datasets store it")

    @model_validator(mode="after")
    def _properties_are_known(self) -> Import:
        for name, said in self.materials.items():
            if isinstance(said, dict):
                try:
                    if "like" in said:
                        material.of_asset(str(said["like"]))
                    material.row({k: v for k, v in said.items() if k != "like"})
                except InputError as e:
                    raise choices.wrong(e.message, "materials", name) from None
        return self

    @property
    def tinted(self) -> bool:
        """Whether the paint of an actor colours a part of it."""
        names = [said for said in self.materials.values() if isinstance(said, str)]
        return bool((material.pack(names)[:, MATERIAL["tinted"]] > 0).any())


# The models of the scenario that is being checked: what its actors may be beside the catalogue.
_OWN: ContextVar[dict[str, Any]] = ContextVar("_OWN")


def _class_of(name: str) -> str:
    """Class of one of the scenario's own models, or ""."""
    said = _OWN.get({}).get(name)
    return str(said.get("class", "other_static")) if isinstance(said, dict) else getattr(said, "class_name", "")


def _kind_of(name: str) -> str:
    """Kind of model in the catalogue; for models of the scenario's own, "vehicle" or "thing"."""
    if name in _OWN.get({}):
        return "vehicle" if _class_of(name) in imported.DRIVES else "thing"
    return catalogue.find(name)


def _own_vehicles() -> list[str]:
    return [n for n in _OWN.get({}) if _kind_of(n) == "vehicle"]


# ---- actors


class Body(Part):
    """What an actor is."""

    model: Annotated[StrictStr, choices.OneOf("model", lambda: [*catalogue.actors(), *_OWN.get({})])]
    paint: Annotated[StrictStr, choices.OneOf("paint", catalogue.paints)] | None = None
    lamps: tuple[Lamp, ...] | None = Field(default=None, description="that shine; by the light and the motion if left out")
    tows: Annotated[StrictStr, choices.OneOf("trailer", catalogue.trailers)] | None = Field(
        default=None, description="a trailer behind it, which is an actor of its own: NAME_trailer"
    )

    @model_validator(mode="after")
    def _who_tows_has_four_wheels(self) -> Body:
        if self.tows is not None and (_kind_of(self.model) != "vehicle" or not catalogue.can_tow(self.model)):
            raise choices.wrong(f"a {self.model} tows no {self.tows}", "tows")
        return self

    @model_validator(mode="after")
    def _paint_is_for_vehicles(self) -> Body:
        if self.paint is not None and _kind_of(self.model) != "vehicle":
            raise choices.wrong(f"{self.model} has no paint; only vehicles do", "paint")
        return self


class Ego(Body):
    """The vehicle that carries the sensors."""

    model: Annotated[StrictStr, choices.OneOf("model", lambda: [*catalogue.vehicles(), *_own_vehicles()])] = "sedan"
    follow_lane: FollowLane | None = None
    follow_line: FollowLine | None = None
    stand: Stand | None = None

    @model_validator(mode="after")
    def _one_behaviour(self) -> Ego:
        return _check_behaviour(self, ("follow_lane", "follow_line", "stand"), needed=False)

    @property
    def behaviour(self) -> FollowLane | FollowLine | Stand:
        """What it does; along lanes as the traffic allows if nothing is said."""
        return self.follow_lane or self.follow_line or self.stand or FollowLane()


class Actor(Body):
    """Anything else that moves, or could."""

    name: Name
    follow_lane: FollowLane | None = None
    follow_line: FollowLine | None = None
    stand: Stand | None = None
    walk: Walk | None = None
    options: dict[StrictStr, Any] = Field(
        default_factory=dict,
        description="of a person: what is not to be drawn (mobility, carries, posture, outfit, age_years ...); of a vehicle: "
        "its state (door, lies, hit, snow, driver)",
    )

    @model_validator(mode="after")
    def _options_are_known(self) -> Actor:
        kind = _kind_of(self.model)
        if self.options and (kind not in ("person", "vehicle") or self.model in _OWN.get({})):
            raise choices.wrong(f"{self.model} has no options; only people and the vehicles of the catalogue do", "options")
        if self.options:
            try:
                (identity.check if kind == "person" else vehicle.check)(self.model, self.options)
            except InputError as e:
                raise choices.wrong(e.message, "options") from None
        return self

    @model_validator(mode="after")
    def _one_behaviour(self) -> Actor:
        _check_behaviour(self, ("follow_lane", "follow_line", "stand", "walk"), needed=True)
        kind = _kind_of(self.model)
        if "lies" in self.options and kind == "vehicle" and self.stand is None:
            raise choices.wrong(f"a {self.model} that lies does not drive; give it stand")
        if self.stand is not None and self.stand.opens_s is not None and "door" not in self.options:
            raise choices.wrong("nothing opens; say what: options: {door: left}", "stand", "opens_s")
        if self.walk is not None and kind in ("vehicle", "debris"):
            other = "follow_lane, follow_line or stand" if kind == "vehicle" else "follow_line or stand"
            raise choices.wrong(f"a {self.model} does not walk; give it {other}", "walk")
        if self.walk is not None and self.walk.falls_s is not None and kind != "person":
            raise choices.wrong(f"a {self.model} does not fall; leave falls_s out", "walk", "falls_s")
        if self.follow_lane is not None and kind != "vehicle":
            other = "follow_line or stand" if kind == "debris" else "walk, follow_line or stand"
            raise choices.wrong(f"a {self.model} does not drive in lanes; give it {other}", "follow_lane")
        if kind == "roadside" and self.stand is None:
            raise choices.wrong(f"a {self.model} does not move; give it stand")
        return self

    @property
    def behaviour(self) -> FollowLane | FollowLine | Stand | Walk:
        """What it does."""
        found = self.follow_lane or self.follow_line or self.stand or self.walk
        assert found is not None
        return found


def _check_behaviour(actor: Any, names: tuple[str, ...], needed: bool) -> Any:
    given = [n for n in names if getattr(actor, n) is not None]
    if len(given) > 1:
        raise choices.wrong(f"{' and '.join(given)} contradict each other; an actor does one thing", given[1])
    if not given and needed:
        raise choices.wrong(f"what does it do? Give it one of {', '.join(names)}")
    return actor


class Traffic(Part):
    """Who else is about, drawn with the seed, within reach of the ego."""

    vehicles: Annotated[StrictInt, Field(ge=0, le=200, description="that drive")] = 0
    parked: Annotated[StrictInt, Field(ge=0, le=400, description="on parking lanes")] = 0
    pedestrians: Annotated[StrictInt, Field(ge=0, le=400, description="on sidewalks")] = 0
    cyclists: Annotated[StrictInt, Field(ge=0, le=100, description="at the edge of lanes")] = 0
    reach_m: Annotated[Number, Field(ge=10, le=1000)] = 120.0


Shares = Annotated[Number, Field(ge=0, description="share; they need not add up to 1")]


class Population(Part):
    """Who is on foot: a preset, and what differs from it. What is left out is as traffic usually is."""

    preset: Annotated[StrictStr, choices.OneOf("population", lambda: assets.names("populations"))] | None = None
    age: dict[Literal["child", "teenager", "adult", "senior"], Shares] | None = None
    sex: dict[Literal["f", "m"], Shares] | None = None
    skin_tone: dict[Annotated[StrictInt, Field(ge=1, le=10, description="Monk scale")], Shares] | None = None
    mobility: dict[Annotated[StrictStr, choices.OneOf("mobility", lambda: manner.MOBILITY)], Shares] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        return _with_preset(given, "populations")

    @model_validator(mode="after")
    def _somebody(self) -> Population:
        for name in ("age", "sex", "skin_tone", "mobility"):
            shares = getattr(self, name)
            if shares is not None and sum(shares.values()) <= 0:
                raise choices.wrong("no share is above 0; give one, or leave it out", name)
        return self


def _with_preset(given: Any, group: str) -> Any:
    """What a preset of assets says, and what was said beside it; a text is the name of a preset."""
    if isinstance(given, str):
        given = {"preset": given}
    if not isinstance(given, dict):
        return given
    said = {key: value for key, value in given.items() if value is not None}
    return {**assets.read(group, said["preset"]), **said} if said.get("preset") in assets.names(group) else said


# ---- surroundings, weather, light


class Densities(Part):
    """How much stands beside the roads: 0 is nothing, 1 as much as there is room for."""

    buildings: Share = 0.9
    trees: Share = 0.6
    lights: Share = 1.0
    clutter: Share = 0.5
    woods: Share = 0.5
    pavement: Literal["mixed", "new", "usual", "old", "concrete", "setts"] = Field(
        default="mixed", description="of the roads; mixed: asphalt of several ages, drawn road by road"
    )
    mirror_facades: Annotated[Share, Field(description="of the buildings, those that are all of mirroring glass")] = 0.0
    reach_m: Annotated[Number, Field(ge=30, le=1000)] = 220.0


class Weather(Part):
    """The one weather that every sensor and label knows: a preset, and what differs from it."""

    preset: Annotated[StrictStr, choices.OneOf("weather", lambda: assets.names("weather"))] | None = None
    cloud_cover: Share = 0.3
    visibility_m: Annotated[Number, Field(gt=0, le=100000, description="meteorological optical range without what falls")] = (
        20000.0
    )
    rain_mm_per_h: Annotated[Number, Field(ge=0, le=200)] = 0.0
    snow_mm_per_h: Annotated[Number, Field(ge=0, le=50, description="as water: 1 mm is about a centimetre of snow")] = 0.0
    wind_m_s: Annotated[Number, Field(ge=0, le=60)] = 0.0
    wind_from_deg: Annotated[Number, Field(ge=-360, le=360, description="clockwise from north, where it comes from")] = 270.0
    road_wetness: Share | None = Field(default=None, description="0 dry to 1 soaked; as rain or snow make it if left out")
    snow_cover: Share | None = Field(default=None, description="0 none to 1 deep; as the snow makes it if left out")
    road_dust: Annotated[Share, Field(description="how much dust vehicles raise from a dry road, as on gravel")] = 0.0
    turbidity: Annotated[Number, Field(ge=1, le=10, description="Linke's, of clear air: 2 very clear, 3 usual, 5 hazy")] = 1.8
    cloud_shadows: StrictBool = Field(default=False, description="clouds drift with the wind and shade what is about the ego")

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        return _with_preset(given, "weather")

    @model_validator(mode="after")
    def _rain_wets(self) -> Weather:
        if self.rain_mm_per_h > 0 and self.road_wetness == 0:
            message = "a dry road under rain is a contradiction; leave road_wetness out, or set rain_mm_per_h: 0"
            raise choices.wrong(message, "road_wetness")
        return self


SUN_BY = ("utc", "latitude_deg", "longitude_deg")


class Light(Part):
    """Where the sun is, in degrees or by place and time, and what lamps do."""

    sun_elevation_deg: Annotated[Number, Field(ge=-90, le=90)] = 40.0
    sun_azimuth_deg: Annotated[Number, Field(ge=-360, le=360, description="clockwise from north")] = 215.0
    lamps: Literal["auto", "on", "off"] = Field(default="auto", description="street lights and headlamps; auto: on in the dark")
    led_pwm_hz: Annotated[Number, Field(ge=0, le=10000, description="of signals and rear lamps; 0: steady light")] = 0.0
    led_duty: Annotated[Number, Field(gt=0, le=1, description="share of the time that they are on")] = 0.3
    utc: StrictStr | None = Field(default=None, description='"2024-06-21 12:00"; with a place, instead of the sun')
    latitude_deg: Annotated[Number, Field(ge=-90, le=90)] | None = None
    longitude_deg: Annotated[Number, Field(ge=-180, le=180, description="positive to the east")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _place_and_time(cls, data: Any) -> Any:
        """Put the sun where it stands at a place and time, of which nothing else is kept."""
        said = [k for k in SUN_BY if isinstance(data, dict) and data.get(k) is not None]
        if not said:
            return data
        if missing := [k for k in SUN_BY if k not in said]:
            raise choices.wrong(f"{missing[0]} is missing beside {', '.join(said)}", missing[0])
        for key in ("sun_elevation_deg", "sun_azimuth_deg"):
            if key in data:
                raise choices.wrong(f"utc and {key} both say where the sun is; give one of them", key)
        try:
            when = datetime.fromisoformat(str(data["utc"]))
        except ValueError:
            raise choices.wrong(f'{choices.shown(data["utc"])} should be a time like "2024-06-21 12:00"', "utc") from None
        place = [choices.number(data[k]) for k in SUN_BY[1:]]
        if abs(place[0]) > 90 or abs(place[1]) > 180:
            return data  # which the fields themselves refuse
        elevation, azimuth = sun.position_deg(when, *place)
        rest = {k: v for k, v in data.items() if k not in SUN_BY}
        return rest | {"sun_elevation_deg": round(elevation, 4), "sun_azimuth_deg": round(azimuth, 4)}


# ---- the whole


class Scenario(Part):
    """A scenario: everything that a dataset is made from."""

    name: Name
    description: StrictStr = ""
    seed: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    duration_s: Annotated[Number, Field(gt=0, le=3600)] = 5.0
    frame_rate_hz: Annotated[Number, Field(gt=0, le=100)] | None = Field(default=None, description="the rig's if left out")
    road: RoadSource = Field(default_factory=lambda: RoadSource(place=Place()))
    models: dict[Name, Import] = Field(default_factory=dict, description="models from files, by the names that actors call")
    ego: Ego = Field(default_factory=Ego)
    actors: tuple[Actor, ...] = ()
    traffic: Traffic = Traffic()
    population: Population = Population()
    surroundings: Densities = Densities()
    weather: Weather = Weather()
    light: Light = Light()
    rig: StrictStr | dict[str, Any] = Field(default="first_light", description="name of a rig that ships, or sensors by name")
    quality: Literal["draft", "default", "reference"] = Field(
        default="default", description="of the light in pictures; labels are the same"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _knows_its_models(cls, given: Any, handler: Any) -> Any:
        models = given.get("models") if isinstance(given, dict) else None
        token = _OWN.set({n: m for n, m in models.items() if isinstance(n, str)} if isinstance(models, dict) else {})
        try:
            return handler(given)
        finally:
            _OWN.reset(token)

    @model_validator(mode="after")
    def _models_have_names_of_their_own(self) -> Scenario:
        known = catalogue.actors() if self.models else ()
        for name in self.models:
            if name in known:
                raise choices.wrong(f'there is a model "{name}" already; give yours another name', "models", name)
        for path, body in ((("ego",), self.ego), *((("actors", k), a) for k, a in enumerate(self.actors))):
            if body.paint is not None and body.model in self.models and not self.models[body.model].tinted:
                text = f"nothing of {body.model} is painted; map one of its materials to vehicle_paint"
                raise choices.wrong(text, *path, "paint")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Scenario:
        seen = {"ego": -1}
        for k, actor in enumerate(self.actors):
            if actor.name in seen:
                raise choices.wrong(f'two actors are called "{actor.name}"; give each its own name', "actors", k, "name")
            seen[actor.name] = k
        _ = self.instruments
        return self

    @cached_property
    def instruments(self) -> Rig:
        """The rig, with every sensor's spec."""
        return rigs.load(self.rig)

    @property
    def rate_hz(self) -> float:
        """Triggers a second."""
        return float(self.frame_rate_hz or self.instruments.rate_hz)

    @property
    def frame_count(self) -> int:
        """Number of triggers: one at time 0, and one each period while it lasts."""
        return max(1, int(self.duration_s * self.rate_hz + 1e-9))
