"""What stands along any road network: buildings, street lights, trees, rails, clutter. Drawn with keys; nothing on the
carriageway, nothing in the way of who walks, nothing inside another thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from scenesim.base.errors import InputError
from scenesim.base.keys import Key, derive, generator
from scenesim.models import building
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import LAMP_BITS
from scenesim.scenario.network import PAVED, WALKING
from scenesim.scene import bicycle_parking, map_objects
from scenesim.scene.ground import Ground
from scenesim.scene.placement import Placement
from scenesim.scene.site import Site, rectangle
from scenesim.scene.strips import lane_kinds
from scenesim.world.road import RoadMap, RoadSurface

Array = NDArray[np.float64]

VARIANTS = 10  # different shapes of each style of building, and of trees: more only cost memory
LIGHT_EVERY_M, TREE_EVERY_M, POST_EVERY_M, RAIL_M = 28.0, 11.0, 50.0, 4.0
NEAR_JUNCTION_M = 9.0
FAST_M_S = 80 / 3.6
HIGH_BANK_M = 1.0


@dataclass(frozen=True)
class Surroundings:
    """How much of everything: 0 is none, 1 as much as there is room for. mirror_facades: share of
    buildings. lit: whether street lights shine."""

    buildings: float = 0.9
    trees: float = 0.6
    lights: float = 1.0
    clutter: float = 0.5
    woods: float = 0.5
    mirror_facades: float = 0.0
    lit: bool = False

    def __post_init__(self):
        for name in ("buildings", "trees", "lights", "clutter", "woods", "mirror_facades"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name}: {getattr(self, name):g}; a density is between 0 and 1")


def surroundings(
    road_map: RoadMap,
    ground: Ground,
    key: Key,
    amounts: Surroundings,
    around: ArrayLike | None = None,
    reach_m: float = 250.0,
    occupied: Sequence[BaseGeometry] = (),
) -> list[Placement]:
    """Everything that stands still within reach_m of a line `around` (n, 2 or more), or on the whole map, in a fixed order.
    occupied: where actors stand and go, seen from above; only what the map has may be there."""
    site = Site(ground)
    line = None if around is None else np.asarray(around, float)[:, :2]
    near = None if line is None else shapely.LineString(line).buffer(reach_m)
    placed = [*map_objects.signals(road_map, site), *map_objects.objects(road_map, site, key, near)]
    for shape in occupied:
        site.take(shape)
    edges = [e for road_id in sorted(road_map.surfaces) for e in _edges(road_map.surfaces[road_id], near)]
    steps = (
        lambda e, k: _lights(e, site, k, amounts),
        lambda e, k: _rails(e, site),
        lambda e, k: _buildings(e, site, k, amounts),
        lambda e, k: _trees(e, site, k, amounts),
        lambda e, k: _clutter(e, site, k, amounts),
        lambda e, k: _town(e, site, k, amounts),
    )
    for n, step in enumerate(steps):
        for e in edges:
            placed += step(e, derive(key, n, e.surface.road.id, e.section, e.side))
    gardens = [g for n, p in enumerate(placed) for g in _garden(p, site, derive(key, "garden", n), amounts)]
    placed += gardens
    placed += _woods(site, derive(key, "woods"), amounts, near)
    placed += list(bicycle_parking.park(placed, site, derive(key, "bicycles")))
    return [p for p in placed if near is None or near.contains(shapely.Point(p.world_from_object.translation[:2]))]


@dataclass(frozen=True)
class Edge:
    """One side of a stretch of road. s: (n,) every metre. kerb, walk, outer: (n,) t of the carriageway's edge, of the
    sidewalk's outer edge (the kerb where there is none) and of the outermost lane's. side: 1 left, -1 right."""

    surface: RoadSurface
    section: int
    side: int
    s: Array
    kerb: Array
    walk: Array
    outer: Array
    urban: bool
    fast: bool

    def at(self, s: float, beyond: str, off: float) -> tuple[float, float, float, float]:
        """(x, y, z, yaw of the road) `off` metres outwards of "kerb", "walk" or "outer"."""
        t = float(np.interp(s, self.s, getattr(self, beyond))) + self.side * off
        pose = self.surface.pose(s, t)
        return (*pose.translation.tolist(), float(pose.yaw()))

    def facing(self, yaw: float) -> float:
        """Yaw of what looks from this side to the road."""
        return yaw - self.side * np.pi / 2

    @property
    def length(self) -> float:
        return float(self.s[-1] - self.s[0])


def _edges(surface: RoadSurface, near) -> Iterator[Edge]:
    """Both sides of each section of a road that is not a connecting road, where it is in reach and clear of junctions."""
    road = surface.road
    if road.junction:
        return
    links = [link is not None and link.element == "junction" for link in (road.predecessor, road.successor)]
    for k, section in enumerate(road.sections):
        start, end = section.s, road.section_end(k)
        start += NEAR_JUNCTION_M if links[0] and k == 0 else 0.0
        end -= NEAR_JUNCTION_M if links[1] and k == len(road.sections) - 1 else 0.0
        if end - start < 5.0:
            continue
        s = np.linspace(start, end, int(end - start) + 2)
        if near is not None:
            x, y, _ = road.line.at(s)
            inside = shapely.contains_xy(near, x, y)
            if inside.sum() < 5:
                continue
            s = s[np.argmax(inside) : len(inside) - np.argmax(inside[::-1])]
        t, kinds = surface.edges(k, s), lane_kinds(section)
        for side in (1, -1):
            lanes = sorted((i for i in section.lanes if i * side > 0), key=abs)
            paved = [i for i in lanes if kinds[i] in PAVED]
            walks = [i for i in lanes if kinds[i] in WALKING]
            kerb = t[paved[-1]] if paved else t[0]
            walk = t[walks[-1]] if walks else kerb
            wide = bool(walks) and float(np.abs(walk - kerb).max()) > 0.8
            speed = surface.speed_limit(start) or 0.0
            yield Edge(surface, k, side, s, kerb, walk, t[lanes[-1]] if lanes else kerb, wide, speed > FAST_M_S)


def _spots(e: Edge, every: float, first: float) -> Array:
    return np.arange(e.s[0] + first, e.s[-1] - 2.0, every)


def _lights(e: Edge, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """Street lights along sidewalks: near the kerb where the sidewalk is wide, else behind it; the two sides alternate."""
    width = float(np.abs(e.walk - e.kerb).mean())
    half_road = float(np.abs(e.kerb).mean())
    both = half_road > 8.0
    if not e.urban or amounts.lights <= 0:
        return
    every = LIGHT_EVERY_M / amounts.lights * (1.0 if both else 2.0)
    name = "street_light_tall" if half_road > 8.0 else "street_light"
    for s in _spots(e, every, 6.0 if e.side > 0 or both else 6.0 + every / 2):
        x, y, _, yaw = e.at(float(s), "kerb", 0.45) if width >= 1.8 else e.at(float(s), "walk", 0.35)
        if site.claim(shapely.Point(x, y).buffer(0.3), "carriageway"):
            lamps = LAMP_BITS["street"] if amounts.lit else 0
            yield Placement(site.stand(x, y, e.facing(yaw)), ModelRequest("roadside", name), lamp_bits=lamps)


def _rails(e: Edge, site: Site) -> Iterator[Placement]:
    """Guard rails along fast roads without sidewalks, and delineators along other country roads."""
    if e.urban:
        return
    kinds = [kind for at, kind, _ in e.surface.road.kinds if at <= e.s[0] + 1e-6]
    if kinds[-1:] == ["town"]:
        return
    has_stop_lane = any(lane.kind == "stop" for lane in e.surface.road.sections[e.section].lanes.values())
    motorway = kinds[-1:] == ["motorway"] or has_stop_lane or (e.fast and float(np.abs(e.kerb).mean()) > 8.0)
    if motorway:
        for s in _spots(e, RAIL_M, RAIL_M / 2):
            a, b = (e.at(float(s) + d, "kerb", 0.55) for d in (-RAIL_M / 2, RAIL_M / 2))
            x, y, yaw = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, float(np.arctan2(b[1] - a[1], b[0] - a[0]))
            length = round(float(np.hypot(b[0] - a[0], b[1] - a[1])) + 0.02, 1)
            if site.claim(rectangle(x, y, yaw, RAIL_M - 0.2, 0.2), "carriageway"):
                # The beam looks to +y of the model: to the road from the right side, so turned around on the left.
                turned = yaw if e.side < 0 else yaw + np.pi
                yield Placement(site.stand(x, y, turned), ModelRequest("roadside", "guard_rail", 0, (("length_m", length),)))
    for s in _spots(e, POST_EVERY_M, 10.0):
        x, y, _, yaw = e.at(float(s), "kerb", 1.1 if motorway else 0.5)
        if site.claim(shapely.Point(x, y).buffer(0.12), "carriageway"):
            yield Placement(site.stand(x, y, yaw + (np.pi if e.side < 0 else 0.0)), ModelRequest("roadside", "delineator"))


def _buildings(e: Edge, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """Rows of houses along sidewalks. A row keeps its style, so that a street has a character."""
    if not e.urban or amounts.buildings <= 0:
        return
    g = generator(key)
    style = str(g.choice(["town_house", "town_house", "apartments", "villa"]))
    s = float(e.s[0]) + float(g.uniform(0, 3))
    n = 0
    while s < e.s[-1] - 6.0 and n < 400:
        n += 1
        if g.uniform() > 0.85:
            style = str(g.choice(["town_house", "apartments", "villa", "office"]))
        if amounts.mirror_facades > 0 and g.uniform() < amounts.mirror_facades:
            style = "mirror_office"
        shape_key = derive(Key(0), "variant", style, int(g.integers(VARIANTS)))
        design = building.draw(style, shape_key)
        attached = building.STYLES[style].attached
        setback = 0.12 if attached else float(g.uniform(3.5, 6.0))
        middle = s + design.width_m / 2
        if middle + design.width_m / 2 > e.s[-1] + NEAR_JUNCTION_M - 2.0:
            break
        if g.uniform() < amounts.buildings:
            placed = _house(e, site, design, middle, setback, ModelRequest("building", style, int(shape_key)), derive(key, n))
            if placed is not None:
                yield placed
        s += design.width_m + (float(g.choice([0.02, 0.02, 0.02, 3.5])) if attached else float(g.uniform(3.0, 9.0)))


def _house(
    e: Edge, site: Site, d: building.Design, s: float, setback: float, request: ModelRequest, key: Key
) -> Placement | None:
    s = min(s, float(e.s[-1]))
    for push in (0.0, 0.7, 2.0, 4.0):
        off = setback + push + d.depth_m / 2
        x, y, _, yaw = e.at(s, "outer", off)
        shape = rectangle(x, y, yaw, d.width_m, d.depth_m)
        if site.is_free(shape.buffer(-0.005), "roads") and not site.footprint.intersects(shape.buffer(0.05)):
            front = [e.at(float(np.clip(s + u * d.width_m, e.s[0], e.s[-1])), "outer", 0.0)[2] for u in (-0.5, 0.0, 0.5)]
            if np.nanmin(site.height(shapely.get_coordinates(shape)[:4])) < max(front) - building.FOUNDATION_M:
                return None  # beside a bridge or a bank
            site.take(shape)
            pose = site.stand(x, y, e.facing(yaw), max(front) - 0.03)
            return Placement(pose, request, class_name="building", params=d.params(key))
    return None


def _trees(e: Edge, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """Trees in the strip by the kerb of wide sidewalks; beside other roads further off, as they grow."""
    g = generator(key)
    width = float(np.abs(e.walk - e.kerb).mean())
    for s in _spots(e, TREE_EVERY_M, 11.0):
        if g.uniform() > amounts.trees:
            continue
        s = float(np.clip(s + g.uniform(-1.5, 1.5), e.s[0], e.s[-1]))
        if e.urban and width >= 2.4:
            x, y, _, yaw = e.at(s, "kerb", 0.7)
            clear, off, tall, species = 0.5, "carriageway", (6.5, 9.0), ("lime", "lime", "oak", "birch")
        else:
            x, y, _, yaw = e.at(s, "outer", float(g.uniform(3.0, 12.0) if e.urban else g.uniform(5.0, 25.0)))
            clear, off, tall, species = 1.6, "roads", (7.0, 13.0), ("oak", "birch", "spruce")
        placed = _tree(site, x, y, clear, off, str(g.choice(species)), float(g.uniform(*tall)), derive(key, int(s * 10)))
        if placed is not None and not (e.urban and _on_bank(e, site, s)):
            yield placed


def _on_bank(e: Edge, site: Site, s: float) -> bool:
    """Whether a road lies on a bridge or a bank there, where no trees are planted."""
    x, y, z, _ = e.at(s, "outer", 4.0)
    return bool(site.height([[x, y]])[0] < z - HIGH_BANK_M)


def _tree(site: Site, x: float, y: float, clear: float, off: str, species: str, height: float, key: Key) -> Placement | None:
    if not site.claim(shapely.Point(x, y).buffer(clear), off):
        return None
    g = generator(key)
    # Few shapes, many trees: few heights and keys, so that prototypes are shared.
    request = ModelRequest("vegetation", species, int(g.integers(2)), (("height_m", float(2 * round(height / 2 + 0.5) - 1)),))
    pose = site.stand(x, y, float(g.uniform(0, 2 * np.pi)))
    return Placement(pose, request, class_name="vegetation", params=(0.5, 0.5, 0.5, float(g.uniform())))


def _clutter(e: Edge, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """Bins, benches, cabinets, bollards: near the kerb, or along the walls."""
    if not e.urban or amounts.clutter <= 0:
        return
    g = generator(key)
    width = float(np.abs(e.walk - e.kerb).mean())
    for s in _spots(e, 9.0, 4.0):
        if g.uniform() > amounts.clutter * 0.6:
            continue
        s = float(np.clip(s + g.uniform(-3, 3), e.s[0], e.s[-1]))
        name = str(g.choice(["bin", "bench", "cabinet", "hydrant", "wheelie_bin", "bollard"]))
        if name in ("bench", "cabinet", "wheelie_bin"):
            x, y, _, yaw = e.at(s, "walk", -0.35)
            if width < 2.0:
                continue
        else:
            x, y, _, yaw = e.at(s, "kerb", 0.4)
        long = {"bench": 1.9, "cabinet": 1.3, "wheelie_bin": 0.7}.get(name, 0.5)
        if site.claim(rectangle(x, y, yaw, long, 0.6), "carriageway"):
            # Benches run along x and have their back to -y; the others look to +x.
            turned = yaw + (np.pi if e.side > 0 else 0.0) if name == "bench" else e.facing(yaw)
            yield Placement(site.stand(x, y, turned), ModelRequest("roadside", name))


# Name: length along the road m, depth m, share of the spots.
TOWN = {
    "planter": (1.5, 0.7, 0.30), "bicycle_rack": (3.0, 0.9, 0.25), "cafe_table": (2.5, 2.5, 0.20), "post_box": (0.6, 0.5, 0.08),
    "advertising_column": (1.4, 1.4, 0.09), "bus_shelter": (6.0, 1.8, 0.08),
}  # fmt: skip
WALKED_M = 1.3  # that stays free beside what stands on a sidewalk


def _town(e: Edge, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """Planters, racks, cafe tables, shelters, along the walls of wide sidewalks."""
    if not e.urban or amounts.clutter <= 0:
        return
    g = generator(derive(key, "town"))
    width = float(np.abs(e.walk - e.kerb).min())
    names = list(TOWN)
    for s in _spots(e, 13.0, 6.5):
        seldom, moved, name = g.uniform(), g.uniform(-4, 4), str(g.choice(names, p=[share for _, _, share in TOWN.values()]))
        long, deep, _ = TOWN[name]
        if seldom > 0.8 * amounts.clutter or width < deep + WALKED_M:
            continue
        x, y, _, yaw = e.at(float(np.clip(s + moved, e.s[0] + 2, e.s[-1] - 2)), "walk", -(deep / 2 + 0.1))
        if site.claim(rectangle(x, y, yaw, long, deep), "carriageway"):
            along = name in ("planter", "bicycle_rack")  # what has its length along x
            yield Placement(site.stand(x, y, yaw if along else e.facing(yaw)), ModelRequest("roadside", name))


GARDEN_M = (2.3, 10.0)  # between a house and the sidewalk


def _garden(house: Placement, site: Site, key: Key, amounts: Surroundings) -> Iterator[Placement]:
    """A hedge or a fence before a villa, with a gap at its door, and bushes behind it."""
    request = house.request
    if request is None or request.name != "villa":
        return
    g = generator(key)
    kind, seldom = str(g.choice(["hedge", "picket_fence", "fence", ""], p=[0.4, 0.25, 0.2, 0.15])), g.uniform()
    if seldom > 2.0 * amounts.clutter or not kind:
        return
    d = building.draw(request.name, Key(request.key))
    pose = house.world_from_object
    front = pose.apply([d.depth_m / 2, 0.0, 0.0])
    clear = float(site.footprint.distance(shapely.Point(front[:2])))
    if not GARDEN_M[0] < clear < GARDEN_M[1]:
        return
    piece, deep = {"hedge": (4.0, 0.7), "picket_fence": (2.6, 0.2), "fence": (2.5, 0.1)}[kind]
    line, door = d.depth_m / 2 + clear - 0.25 - deep / 2, -d.width_m / 2 + (d.bays // 2 + 0.5) * d.pitch_m
    yaw = float(pose.yaw())
    for n in range(round((d.width_m + 2.0) / piece)):
        y = -d.width_m / 2 - 1.0 + (n + 0.5) * piece
        at = pose.apply([line, y, 0.0])
        if abs(y - door) < piece / 2 + 0.6:
            continue
        if site.claim(rectangle(*at[:2].tolist(), yaw + np.pi / 2, piece - 0.02, deep), "roads"):
            yield Placement(site.stand(*at[:2].tolist(), yaw - np.pi / 2), ModelRequest("roadside", kind))
    for n in range(int(g.integers(0, 4))):
        x, y = float(g.uniform(1.2, max(clear - 1.6, 1.25))), float(g.uniform(-0.5, 0.5)) * d.width_m
        at = pose.apply([d.depth_m / 2 + x, y, 0.0])
        if abs(y - door) > 1.5:
            bush = _tree(site, *at[:2].tolist(), 0.9, "roads", "bush", 1.5, derive(key, n))
            if bush is not None:
                yield bush


def _woods(site: Site, key: Key, amounts: Surroundings, near) -> list[Placement]:
    """Copses on the land around: more of them further from the roads."""
    low, high = np.array(site.footprint.bounds).reshape(2, 2)
    g = generator(key)
    size = np.minimum(high - low + 500.0, 1500.0)
    middle = (low + high) / 2 if near is None else np.array([near.centroid.x, near.centroid.y])
    count = int(amounts.woods * 28 * size[0] * size[1] / 1e6)
    placed = []
    for n in range(min(count, 60)):
        center = middle + (g.uniform(size=2) - 0.5) * size
        species = ("oak", "birch", "spruce", "pine")[int(g.integers(4))]
        spread = float(g.uniform(6, 28))
        if site.footprint.dwithin(shapely.Point(center), 14.0):
            continue
        for m in range(int(g.integers(3, 12))):
            x, y = (center + g.normal(size=2) * spread).tolist()
            if site.footprint.dwithin(shapely.Point(x, y), 9.0):
                continue
            tree = _tree(site, x, y, 2.0, "roads", species, float(g.uniform(8, 15)), derive(key, n, m))
            if tree is not None:
                placed.append(tree)
    return placed
