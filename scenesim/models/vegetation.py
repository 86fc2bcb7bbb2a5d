"""Trees and bushes from the species in assets/vegetation: limbs, bark, and leaves that are lit as parts of a crown.

Model frame: origin on the ground under the trunk, z up. The trunk goes on below the ground.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scenesim.base import assets
from scenesim.base.errors import InputError, did_you_mean
from scenesim.base.keys import Key, derive, generator
from scenesim.geometry.mesh import Mesh, Surface, join
from scenesim.models import branching, foliage
from scenesim.models.branching import Array, Limb, Skeleton, unit
from scenesim.models.foliage import Blades
from scenesim.models.model import Model, Part, tight_box

HEIGHT_M = (0.3, 40.0)
AIMS = 34  # points of a clump that twigs grow to
STEP_SHARE = 0.028  # of the height: how far a limb grows in a round
TIP_M = 0.005
LOWEST_LEAF_M = 0.03
# Leaves of each season: what follows the name of their material; two colours that they lie between, as shares of its albedo.
SEASONS = {"summer": ("", (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), "autumn": ("_autumn", (2.0, 2.0, 2.0), (1.5, 0.8, 1.0))}


def usual_height_m(species: str) -> float:
    """Height of a grown tree of the species, where none is said. Raises InputError for an unknown species."""
    return float(_species(species)["form"]["reference_height_m"])


def _species(name: str) -> dict[str, Any]:
    known = assets.names("vegetation")
    if name not in known:
        raise InputError(f'no species "{name}"{did_you_mean(name, known)}')
    return assets.read("vegetation", name)


def build(species: str, height_m: float, key: Key, season: str = "summer") -> Model:
    """A tree of a species of assets/vegetation. season: one of SEASONS. Raises InputError for what there is not."""
    data = _species(species)
    if season not in SEASONS:
        raise InputError(f'no season "{season}"{did_you_mean(season, SEASONS)}')
    low, high = HEIGHT_M
    if not low <= height_m <= high:
        raise InputError(f"height_m: {height_m:g}; a tree is {low:g} to {high:g} m high")
    size = height_m / data["form"]["reference_height_m"]
    key = derive(key, species)
    limbs, blades = FORMS[data["form"]["growth"]](data, height_m, size, key)
    leaves = _leaves(data, blades, height_m, season, generator(derive(key, "color")))
    bark = np.array([data["color"]["bark"], data["color"]["twig"]])
    wood = branching.bark(limbs, data["trunk"]["thinnest_m"] * size, Surface(data["form"]["bark"]), bark)
    mesh = _of_height(join([wood, leaves]), height_m)
    parts = (Part(species, mesh),)
    box_size, center = tight_box(parts)
    shown = (("height_m", f"{height_m:g}"), ("season", season), ("species", species))
    return Model(species, "vegetation", parts, box_size, center, attributes=shown)


def _of_height(mesh: Mesh, height_m: float) -> Mesh:
    """The mesh stretched so that its top is where it should be; what is below the ground stays."""
    v = mesh.vertices.copy()
    v[:, 2] *= np.where(v[:, 2] > 0, height_m / v[:, 2].max(), 1.0)
    return Mesh(v, mesh.triangles, mesh.normals, mesh.uv, mesh.surface, mesh.surfaces, mesh.color)


def _trunk_radius(data: dict[str, Any], size: float) -> float:
    return 0.5 * float(data["trunk"]["diameter_m"]) * size ** float(data["trunk"]["growth_exponent"])


def _stem(data: dict[str, Any], height: float, top: float, g: np.random.Generator) -> Array:
    """(n, 3) nodes of the trunk, which sways a little on its way up."""
    z = np.arange(0.0, top, STEP_SHARE * height)
    t = z / height
    phase, sway = g.uniform(0, 2 * np.pi, 4), data["trunk"]["sway_share"] * height
    x = sway * (np.sin(5.5 * t + phase[0]) - np.sin(phase[0]) + 0.5 * (np.sin(13 * t + phase[2]) - np.sin(phase[2])))
    y = sway * (np.sin(6.5 * t + phase[1]) - np.sin(phase[1]) + 0.5 * (np.sin(11 * t + phase[3]) - np.sin(phase[3])))
    return np.column_stack([x * (0.3 + t), y * (0.3 + t), z])


# ---------------------------------------------------------------------------------------------------------------- crowns


def _crown(data: dict[str, Any], height: float, size: float, key: Key) -> tuple[list[Limb], Blades]:
    """A tree whose limbs have grown to the clumps of leaves that make its crown."""
    g = generator(derive(key, "crown"))
    crown, trunk = data["crown"], data["trunk"]
    clumps = _clumps(crown, height, g)
    wide = crown["clump_share"] * height
    ball = unit(g.normal(size=(len(clumps), AIMS, 3))) * np.sqrt(g.uniform(size=(len(clumps), AIMS, 1)))
    aims = (clumps[:, None] + wide * ball * [1.0, 1.0, crown["clump_flat"]]).reshape(-1, 3)
    base = crown["base_share"] * height
    aims = aims[aims[:, 2] > 0.75 * base]
    stem = _stem(data, height, base + trunk["leader_share"] * (height - base), g)
    nodes, parent = branching.colonise(aims, stem, STEP_SHARE * height, trunk["drop"])
    nodes[len(stem) :] += g.normal(size=(len(nodes) - len(stem), 3)) * (0.06 * STEP_SHARE * height)
    skeleton = Skeleton(nodes, parent, branching.pipe_radii(parent, _trunk_radius(data, size), TIP_M * size))
    return skeleton.limbs(), _twigs(data, skeleton, clumps, height, size, generator(derive(key, "leaves")))


def _clumps(crown: dict[str, Any], height: float, g: np.random.Generator) -> Array:
    """(n, 3) middles of the clumps: near the outside of the crown, none in the middle of another."""
    outline = np.array(crown["outline"])
    wide, base = crown["clump_share"] * height, crown["base_share"] * height
    phase = g.uniform(0, 2 * np.pi, 3)
    found = np.zeros((0, 3))
    for _ in range(40 * crown["clumps"]):
        t, azimuth, depth, chance = g.uniform(size=4)
        azimuth *= 2 * np.pi
        share = float(np.interp(t, outline[:, 0], outline[:, 1]))
        # Every side of a tree has had other light and other wind.
        lobes = (
            np.sin(azimuth + phase[0]) + np.sin(2 * azimuth + 3 * t + phase[1]) + 0.7 * np.sin(3 * azimuth + 6 * t + phase[2])
        )
        radius = share * crown["radius_share"] * height * (1 + crown["lopsided"] * float(lobes)) - 0.5 * wide
        r = radius * (1.0 - 0.65 * depth * depth)
        z = base + 0.6 * wide + t * (height - base - 1.3 * wide)
        p = np.array([r * np.cos(azimuth), r * np.sin(azimuth), z])
        apart = ((found - p) ** 2).sum(1)
        if chance < share and (len(found) == 0 or apart.min() > (0.85 * wide) ** 2):
            found = np.concatenate([found, p[None]])
        if len(found) == crown["clumps"]:
            break
    return found


def _twigs(data: dict[str, Any], tree: Skeleton, clumps: Array, height: float, size: float, g: np.random.Generator) -> Blades:
    """Leaves on the thinnest branches."""
    leaves = data["leaves"]
    per = leaves["per_twig"]
    thin = np.flatnonzero((tree.radius < 3.4 * TIP_M * size) & (tree.parent >= 0))
    n = int(leaves["count"] * min(1.0, 0.5 + 0.5 * size)) // per
    chosen = thin[g.permutation(len(thin) * (n // len(thin) + 1))[:n] % len(thin)]
    here, before = tree.nodes[chosen], tree.nodes[tree.parent[chosen]]
    length = leaves["length_m"] * size
    foot = here + (before - here) * g.uniform(size=(n, 1)) + g.normal(size=(n, 3)) * 0.35 * length
    clump = clumps[np.argmin(((foot[:, None] - clumps[None]) ** 2).sum(2), 1)]
    middle = np.array([*clumps[:, :2].mean(0), 0.9 * clumps[:, 2].mean()])
    local, whole = unit(foot - clump + [0, 0, 0.15 * height * data["crown"]["clump_share"]]), unit(foot - middle)
    billow = unit(0.65 * local + 0.65 * whole + [0.0, 0.0, 0.15])
    along = unit(here - before) * 0.7 + 0.7 * whole + 0.3 * local + g.normal(size=(n, 3)) * 0.6
    along[:, 2] -= 0.9 * leaves["sag"]
    up = unit(np.array([0.0, 0.0, 1.0]) + 0.5 * billow + g.normal(size=(n, 3)) * 0.35)
    return foliage.spray(g, foot, along, up, billow, per, length, leaves["width_share"], leaves["spread"], leaves["sag"])


# ---------------------------------------------------------------------------------------------------------------- whorls


def _whorls(data: dict[str, Any], height: float, size: float, key: Key) -> tuple[list[Limb], Blades]:
    """A conifer: a straight trunk, and each year's whorl of boughs with needled twigs to both sides."""
    g = generator(derive(key, "whorls"))
    crown = data["crown"]
    trunk = _stem(data, height, 0.985 * height, g)
    thick = _trunk_radius(data, size)
    limbs = [Limb(trunk, thick + (0.02 * size - thick) * trunk[:, 2] / trunk[-1, 2], trunk=True)]
    phase = g.uniform(0, 2 * np.pi, 2)
    feet: list[Array] = []
    z = (crown["base_share"] + 0.02) * height
    while z < 0.975 * height:
        t = z / height
        start = g.uniform(0, 2 * np.pi)
        for k in range(crown["boughs"]):
            azimuth = start + 2 * np.pi * k / crown["boughs"] + g.normal() * 0.18
            lopsided = 1 + crown["lopsided"] * (np.sin(azimuth + phase[0]) + np.sin(2 * azimuth + 7 * t + phase[1]))
            long = (
                crown["radius_share"] * height * (1 - t) * (1.12 - 0.12 * t) * lopsided * g.uniform(0.72, 1.12) + 0.012 * height
            )
            at = z + g.normal() * 0.006 * height
            foot = np.array([np.interp(at, trunk[:, 2], trunk[:, 0]), np.interp(at, trunk[:, 2], trunk[:, 1]), at])
            line = _bough(foot, azimuth, long, t, g)
            limbs.append(Limb(line, np.linspace(0.030 * (1 - 0.6 * t) * size, 0.005 * size, len(line))))
            feet.append(line)
        z += crown["whorl_share"] * height * (1.15 - 0.75 * t) * g.uniform(0.85, 1.15)
    return limbs, _needled(data, feet, size, generator(derive(key, "leaves")))


def _bough(foot: Array, azimuth: float, long: float, t: float, g: np.random.Generator) -> Array:
    """(7, 3) line of a bough: old ones hang from the trunk and rise at the end, young ones point upwards."""
    s = (np.arange(6) + 0.5) / 6
    rise = float(np.interp(t, [0, 0.5, 0.85, 1], [-0.34, -0.12, 0.35, 0.9])) + g.normal() * 0.07
    slope = rise - 0.25 * np.sin(np.pi * s) + 0.55 * s * s * (t < 0.85)
    turn = azimuth + g.normal() * 0.12 * s
    step = np.column_stack([np.cos(slope) * np.cos(turn), np.cos(slope) * np.sin(turn), np.sin(slope)]) * (long / 6)
    line = np.concatenate([foot[None], foot + np.cumsum(step, 0)])
    line[:, 2] = np.maximum(line[:, 2], 0.5 * foot[2])  # old boughs lie down on the ground, not in it
    return line


def _needled(data: dict[str, Any], boughs: list[Array], size: float, g: np.random.Generator) -> Blades:
    """Twigs along the boughs, longest in their middle, that hang a little."""
    leaves = data["leaves"]
    line = np.stack(boughs)
    step = line[:, 1:] - line[:, :-1]
    long = np.sqrt((step * step).sum(2)).sum(1)
    n = int(leaves["count"] * min(1.0, 0.5 + 0.5 * size)) // leaves["per_twig"]
    # As many twigs for every metre of bough; none of the bare first fifth.
    share = np.cumsum(long) / long.sum()
    b = np.searchsorted(share, (np.arange(n) + g.uniform(size=n)) / n).clip(0, len(long) - 1)
    s = 0.18 + 0.82 * np.sqrt(g.uniform(size=n))
    k = np.minimum((s * 6).astype(int), 5)
    foot = line[b, k] + step[b, k] * (6 * s - k)[:, None]
    ahead = unit(step[b, k])
    side = unit(np.cross(ahead, [0.0, 0.0, 1.0])) * np.where(np.arange(n) % 2, 1.0, -1.0)[:, None]
    along = ahead + side * (1.1 * np.minimum(1.0, 3.2 * (1.02 - s)))[:, None] + g.normal(size=(n, 3)) * 0.12
    along[:, 2] -= leaves["sag"]
    radial = unit(foot * [1.0, 1.0, 0.0] + 1e-6)
    billow = unit(radial + np.array([0.0, 0.0, 0.55]) + 0.5 * (foot - line[b].mean(1)))
    up = unit(np.array([0.0, 0.0, 1.0]) + 0.3 * radial + g.normal(size=(n, 3)) * 0.25)
    length = leaves["length_m"] * size
    blades = foliage.spray(g, foot, along, up, billow, leaves["per_twig"], 1.0, leaves["width_share"], 0.5, 0.1)
    scale = np.repeat(np.minimum(length, 0.30 * long[b] + 0.3 * length) * (1.25 - 0.5 * s), leaves["per_twig"])
    base = np.repeat(foot, leaves["per_twig"], 0)
    return Blades(
        base + (blades.base - base) * scale[:, None], blades.axis, blades.face, blades.length_m * scale, blades.width_m * scale,
        blades.billow,
    )  # fmt: skip


FORMS = {"crown": _crown, "whorls": _whorls}


def _leaves(data: dict[str, Any], blades: Blades, height: float, season: str, g: np.random.Generator) -> Mesh:
    """The mesh of the leaves: darker inside the crown, younger and brighter outside, no two the same."""
    leaves, colors = data["leaves"], data["color"]
    at = blades.base + 0.5 * blades.length_m[:, None] * blades.axis
    light = foliage.daylight(at, 0.5 * blades.length_m * blades.width_m, height)[:, None]
    n, per = len(at), leaves["per_twig"]
    twig = np.repeat(g.normal(size=(-(-n // per), 2)), per, 0)[:n]
    young = np.clip(light - 0.45 + 0.12 * twig[:, :1], 0.0, 1.0)
    color = np.array(colors["leaf"]) * (1 + (np.array(colors["young"]) - 1) * young)
    material, first, second = SEASONS[season if data["form"]["leaf"] == "leaf" else "summer"]  # needles stay green
    color = color * (np.array(first) + (np.array(second) - first) * np.clip(0.4 + 0.35 * twig[:, 1:], 0.0, 1.0))
    vary = colors["vary"]
    color = color * (1 + vary * (0.6 * twig[:, :1] + 0.6 * g.normal(size=(n, 1)))).clip(0.5, 1.6)
    color[:, 0] *= 1 + vary * 0.5 * twig[:, 1]
    surface = Surface(data["form"]["leaf"] + material)
    mesh = foliage.blade_mesh(blades, surface, (color * light).clip(0.0, 1.0), leaves["lift"], leaves["own_normal"])
    mesh.vertices[:, 2] = np.maximum(mesh.vertices[:, 2], LOWEST_LEAF_M)
    return mesh
