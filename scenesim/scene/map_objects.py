"""What the map itself says stands beside the road: signals, signs, trees, poles, rails, buildings by outline."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from scenesim.base import assets
from scenesim.base.keys import Key, derive
from scenesim.geometry import solids
from scenesim.geometry.mesh import Surface
from scenesim.models import catalogue
from scenesim.models.catalogue import ModelRequest
from scenesim.models.model import LAMP_BITS
from scenesim.scenario import countries
from scenesim.scenario.network import UNSEEN, Corner, RoadObject, Signal
from scenesim.scene.placement import Placement
from scenesim.scene.site import Site, rectangle
from scenesim.world.road import RoadMap, RoadSurface
from scenesim.world.signals import color, face_yaw, phase_yaw

# Codes of the German catalogue of signs (VzKat 2017), which OpenDRIVE maps use whatever their country says.
FACES = {
    "101": "danger", "103": "danger", "105": "danger", "110": "danger", "114": "danger", "123": "danger", "131": "danger",
    "136": "danger", "205": "yield", "206": "stop", "209": "straight_on", "211": "keep_right", "222": "keep_right",
    "239": "footpath", "250": "no_vehicles", "260": "no_vehicles", "267": "no_entry", "274": "speed_limit",
    "274.1": "speed_limit", "278": "speed_limit_end", "282": "speed_limit_end", "283": "no_stopping", "286": "no_stopping",
    "301": "priority", "306": "priority", "310": "town", "311": "town", "314": "parking", "325": "blank", "330": "motorway",
    "331": "motorway", "332": "motorway", "333": "motorway", "334": "motorway", "350": "crosswalk", "401": "blank",
    "406": "blank", "430": "guide", "432": "guide", "434": "guide", "436": "guide", "438": "guide", "439": "guide",
    "440": "motorway", "448": "motorway", "449": "motorway", "450": "motorway", "451": "motorway", "452": "motorway",
    "605": "chevron", "625": "chevron",
}  # fmt: skip
LIGHTS = {
    "1000001": "traffic_light", "1000009": "traffic_light", "1000011": "traffic_light", "1000012": "traffic_light",
    "1000013": "traffic_light", "1000014": "traffic_light", "1000003": "traffic_light",
    "1000002": "traffic_light_pedestrian", "1000007": "traffic_light_pedestrian",
}  # fmt: skip
ON_THE_ROAD = {"293", "294", "295", "341", "342"}  # markings that maps list among the signals
WALKERS_CLEAR_S = 7.0  # a carriageway of 8 m at 1.2 m/s (RiLSA 2015)
HEADROOM_M, SPANS_M = 4.0, 4.0  # what is higher and wider than this is driven under
HANGING = {"wire", "toll_canopy"}  # above everything, carried by other things
HOLLOW = {"tunnel_ring"}  # one drives through, but nothing else stands there
LOWEST_M = 0.5  # a sign that is said to stand lower than this has no height in the map


def signals(road_map: RoadMap, site: Site) -> Iterator[Placement]:
    """Signs and traffic lights where the map has them."""
    for surface in road_map.surfaces.values():
        for signal in surface.road.signals:
            if signal.kind in UNSEEN:
                continue
            placed = _light(surface, signal, site) if signal.kind in LIGHTS or signal.dynamic else _sign(surface, signal, site)
            if placed is not None:
                yield placed


def _where(surface: RoadSurface, signal: Signal) -> tuple[float, float, float, float]:
    """(x, y, height of the road there, yaw of the face)."""
    pose = surface.pose(min(max(signal.s, 0.0), surface.road.length), signal.t)
    x, y, z = pose.translation.tolist()
    return x, y, z, face_yaw(surface, signal)


def _light(surface: RoadSurface, signal: Signal, site: Site) -> Placement | None:
    x, y, z, yaw = _where(surface, signal)
    ground = float(site.height([[x, y]])[0])
    if not np.isfinite(ground):
        return None
    name = LIGHTS.get(signal.kind, "traffic_light")
    over_road = site.paved.contains(shapely.Point(x, y))
    options: tuple[tuple[str, float], ...] = ()
    if over_road and name == "traffic_light":
        found = _arm(surface, signal, site, x, y, yaw)
        if found is None:
            return None
        (x, y), arm = found
        ground = float(site.height([[x, y]])[0])
        name, options = "traffic_light_overhead", (("arm_m", round(arm, 2)),)
    elif over_road:
        return None
    elif signal.z > LOWEST_M:
        options = (("lower_edge_m", round(max(z + signal.z - ground, 1.5), 2)),)
    site.take(shapely.Point(x, y).buffer(0.5))
    shows = partial(_walkers_color if name == "traffic_light_pedestrian" else color, phase_yaw(surface, signal))
    return Placement(
        site.stand(x, y, yaw, ground), ModelRequest("roadside", name, 0, options), shows=shows, name=signal.name or name
    )


def _walkers_color(yaw: float, time_s: float) -> str:
    """What a light of two lenses shows: green for those who walk beside a green light for vehicles, red in time for them to get
    across."""
    return "green" if color(yaw, time_s) == color(yaw, time_s + WALKERS_CLEAR_S) == "green" else "red"


def _arm(surface: RoadSurface, signal: Signal, site: Site, x: float, y: float, yaw: float):
    """Foot of a mast beside the road, and the length of its arm, for a light that hangs over (x, y); None if it is too far.

    The arm of the model reaches over -y, which is to the left as the driver who faces the light sees it.
    """
    right = np.array([-np.sin(yaw), np.cos(yaw)])  # of the driver
    for arm in np.arange(1.0, 16.0, 0.5):
        foot = np.array([x, y]) + arm * right
        spot = shapely.Point(foot).buffer(0.35)
        if not site.paved.intersects(spot):
            return tuple(foot.tolist()), float(arm)
    return None


def _sign(surface: RoadSurface, signal: Signal, site: Site) -> Placement | None:
    code = signal.kind.split("-")[0]
    if code in ON_THE_ROAD or code in ("", "-1", "none"):
        return None
    x, y, z, yaw = _where(surface, signal)
    spot = shapely.Point(x, y).buffer(0.1)
    ground = float(site.height([[x, y]])[0])
    if site.paved.intersects(spot) or not np.isfinite(ground):
        return None
    site.take(shapely.Point(x, y).buffer(0.4))
    face = countries.faces(signal.country).get(signal.kind) or FACES.get(code, "blank")
    value = _value(signal) if face.startswith("speed_limit") else signal.text
    above = z + (signal.z if signal.z > LOWEST_M else 2.2) - ground
    options = (("face", face), ("lower_edge_m", round(max(above, 0.4), 2)), ("value", value))
    return Placement(site.stand(x, y, yaw, ground), ModelRequest("roadside", "sign", 0, options), name=signal.name or face)


def _value(signal: Signal) -> str:
    """The number on a speed limit, from the value or, as older maps have it, the subtype (274-55 is 50 km/h in VzKat 1992)."""
    number = signal.value
    if number is None or number <= 0:
        digits = "".join(c for c in signal.subtype if c.isdigit())
        number = float(digits) if digits else 50.0
        if 50 < number < 70 and number % 10:
            number = (number - 50) * 10
    if signal.unit == "m/s":
        number *= 3.6
    return str(int(round(number)))


# ---- objects


def objects(road_map: RoadMap, site: Site, key: Key, near: BaseGeometry | None) -> Iterator[Placement]:
    """Objects of the map that stand on the ground, off the carriageway, and within a shape (None: anywhere)."""
    for road_id, surface in road_map.surfaces.items():
        where = [(n, k, s, t) for n, thing in enumerate(surface.road.objects) for k, (s, t) in enumerate(_repeated(thing))]
        if where:
            s, t = (np.array([w[c] for w in where]) for c in (2, 3))
            pose = surface.pose(np.clip(s, 0.0, surface.road.length), t)
            x, y = pose.translation[:, 0], pose.translation[:, 1]
            use = np.abs(s - np.clip(s, 0.0, surface.road.length)) < 1.0
            if near is not None:
                use &= shapely.contains_xy(near, x, y)
            yaw = np.atleast_1d(pose.yaw())
            for j in np.flatnonzero(use):
                n, k = where[j][:2]
                thing = surface.road.objects[n]
                chance = derive(key, "object", road_id, n, k)
                placed = _object(thing, float(x[j]), float(y[j]), float(yaw[j]) + thing.heading, site, chance)
                if placed is not None:
                    yield placed
        for thing in surface.road.objects:
            if thing.outlines and thing.kind in ("building", "wall"):
                yield from _block(surface, thing, site)


def _repeated(thing: RoadObject) -> Iterator[tuple[float, float]]:
    """(s, t) of an object, or of each of its repetitions; a continuous one is left to `_object` where it begins."""
    if not thing.repeats:
        yield thing.s, thing.t
    for r in thing.repeats:
        step = r["distance"] if r["distance"] > 0 else max(thing.length, 4.0)
        count = max(1, min(int(r["length"] / step) + 1, 2000))
        for k in range(count):
            u = k * step / max(r["length"], step)
            yield r["s"] + k * step, r["tStart"] + u * (r["tEnd"] - r["tStart"])


def _object(thing: RoadObject, x: float, y: float, yaw: float, site: Site, key: Key) -> Placement | None:
    kind, name = thing.kind.lower(), thing.name.lower()
    radius = 0.4
    request = None
    if kind in ("furniture", "obstacle") and thing.name in _furniture():
        return _furnished(thing, x, y, yaw, site)
    if kind in ("tree", "vegetation", "bush"):
        species = "spruce" if "fir" in name or "pine" in name else ("bush" if kind != "tree" else "oak")
        height = round(min(max(thing.height or (2.0 if species == "bush" else 9.0), 0.6), 30.0))
        request = ModelRequest("vegetation", species, int(key) % 3, (("height_m", float(max(height, 1))),))
    elif kind in ("pole", "rail-pole"):
        if "light" in name or "lamp" in name:
            request = ModelRequest("roadside", "street_light")
        else:
            request = ModelRequest("roadside", "pole", 0, (("height_m", round(min(max(thing.height or 6.0, 0.5), 25.0), 1)),))
    elif kind in ("barrier", "guardrail", "railing"):
        length = min(max(thing.length, 4.0), 4.0)
        request, radius = ModelRequest("roadside", "guard_rail", 0, (("length_m", length),)), 0.15
    elif kind == "hydrant":
        request = ModelRequest("roadside", "hydrant")
    elif kind == "guide-post":
        request = ModelRequest("roadside", "delineator")
    if request is None or not site.claim(shapely.Point(x, y).buffer(radius), "carriageway"):
        return None
    if not np.isfinite(site.height([[x, y]])[0]):
        return None
    return Placement(site.stand(x, y, yaw), request, params=(0.5, 0.5, 0.5, (int(key) % 1000) / 1000))


@cache
def _furniture() -> dict[str, str]:
    """What may stand beside a road by name -> its kind of model."""
    return {name: kind for kind in ("debris", "roadside") for name in assets.names(kind)}


def _furnished(thing: RoadObject, x: float, y: float, yaw: float, site: Site) -> Placement | None:
    """Street furniture by the name of its recipe: where its own footprint is free, off the carriageway unless it is an
    obstacle."""
    request = ModelRequest(_furniture()[thing.name], thing.name, 0, thing.options)
    z = float(site.height([[x, y]])[0])
    if not np.isfinite(z):
        return None
    model = catalogue.build(request).model
    c, s = float(np.cos(yaw)), float(np.sin(yaw))
    ahead, left = model.box_center_m[:2]
    length, width = (0.98 * v for v in model.size_lwh_m[:2])
    shape = rectangle(x + c * ahead - s * left, y + s * ahead + c * left, yaw, length, width)
    over = model.size_lwh_m[2] > HEADROOM_M and max(length, width) > SPANS_M  # a gantry stands on its legs
    feet = shape if not over else shapely.Point(x, y).buffer(0.3)
    if thing.kind == "obstacle" and thing.name in HANGING:
        pass
    elif thing.kind == "obstacle":
        if any(feet.intersects(other) for other in site.near(feet)):
            return None
        site.take(shape if thing.name in HOLLOW else feet)
    elif not site.claim(feet, "carriageway"):
        return None
    lamps = LAMP_BITS["street"] if dict(thing.options).get("lamp") else 0  # of tunnels, by day too
    return Placement(site.stand(x, y, yaw, z + thing.z), request, lamp_bits=lamps)


def _block(surface: RoadSurface, thing: RoadObject, site: Site) -> Iterator[Placement]:
    """A building or wall by its outline, pulled up to its height."""
    for corners in thing.outlines:
        ring = [_corner(surface, thing, c) for c in corners]
        if len(ring) < 3:
            continue
        shape = shapely.make_valid(shapely.Polygon(ring))
        center = shape.centroid
        ground = site.height([[center.x, center.y]])[0]
        height = max([c.height for c in corners] + [thing.height, 2.5])
        if shape.area < 0.5 or not np.isfinite(ground) or not site.claim(shape, "carriageway"):
            continue
        local = affinity.translate(shape, -center.x, -center.y)
        mesh = solids.prism(local, -1.5, height, Surface("plaster"))
        pose = site.stand(center.x, center.y, 0.0, float(ground))
        yield Placement(pose, mesh=mesh, class_name=thing.kind, params=(0.6, 0.57, 0.5, 0.3))


def _corner(surface: RoadSurface, thing: RoadObject, c: Corner) -> tuple[float, float]:
    if c.in_road:
        p = surface.xyz(c.a, c.b)
    else:
        p = surface.pose(thing.s, thing.t, heading=thing.heading).apply([c.a, c.b, c.c])
    return float(p[0]), float(p[1])
