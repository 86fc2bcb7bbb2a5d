"""Procedural textures: what a material looks like at a point, filtered to the footprint of the ray.

A shader reads and changes one row of numbers, the look `m` (its columns are named below): it comes in as the material says,
and leaves as the material is at this point. Textures live in the frame of the prototype, so that they go where it goes.

Texture coordinates that shaders rely on, all in metres: asphalt, mark: u along, v across the road, see LANE_V_M; paving: u
along, v across; grass: of fields, u east and v north; facade: u
along the wall, v above the building's base, a wall being a whole number of window pitches, and u < 0 on walls without
windows; roof_tile: u along the eaves, v up the slope; bark and birch: u around, v along the stem; leaf: none.
Facade columns of INSTANCE_COLUMNS: tint the wall's colour; p0 1 for brick, 0 for plaster; p1 storey height m; p2 window pitch
m; p3 height of the eaves m; p4, p5 width and height of a window m; p6 1 for shop windows on the ground floor.
"""

from __future__ import annotations

from math import floor, sqrt

from scenesim.kernels.bsdf import WATER, WATER_F0
from scenesim.kernels.jit import helper, inline
from scenesim.kernels.texture import comb, edge, hash01, mix, noise, pulse, saturate, smooth

# A material's shader column is an index into this list.
SHADERS = (
    "plain", "asphalt", "concrete", "paving", "grass", "soil", "mark", "facade", "roof_tile",
    "leaf", "bark", "paint", "glass", "lamp", "sign", "birch",
)  # fmt: skip
(
    PLAIN, ASPHALT, CONCRETE, PAVING, GRASS, SOIL, MARK, FACADE, ROOF_TILE, LEAF, BARK, PAINT, GLASS, LAMP, SIGN,
    BIRCH,
) = range(len(SHADERS))  # fmt: skip

# Columns of a look. Albedo; shading normal (local frame); roughness; reflectance at normal incidence; share of the surface that
# mirrors like glass or varnish; emission cd/m2; translucency of leaves; share of the light of the surroundings that gets in;
# share of light that passes straight through; metal; retroreflection.
(
    R, G, B, NX, NY, NZ, ROUGHNESS, F0, MIRROR, ER, EG, EB, TRANSLUCENT, OPENNESS, THROUGH, METAL, RETRO,
    FX, FY, FZ, X, Y, Z, U, V, NEAR, FAR, AX, AY, SEED, SHADER, WET, NIGHT, DX, DY, DZ, UPWARD, SNOW, P0, P1,
) = range(40)  # fmt: skip
# FX..FZ: geometric normal (local frame, towards the ray). X..Z: point, prototype frame, m. U, V: texture coordinates, m. NEAR,
# FAR: footprint m across and along the ray's trace on the surface. AX, AY: share of FAR that lies along u and v (0 to 1), on
# asphalt. P0, P1: param0 and param1 of the material.
# DX..DZ: direction of the ray, local. UPWARD: z of the geometric normal.
LOOK_COLUMNS = 40

# Carriageways have v = LANE_V_M * row + m to the left of the lane's middle. Rows of lanes where wheels run are even; a road has
# LANES_OF_ROAD rows. Half way between two rows there is no lane: so lie the areas of junctions.
LANE_V_M = 16.0
LANES_OF_ROAD = 40


@helper
def scale_color(m, f):
    """Multiply the albedo."""
    m[R] *= f
    m[G] *= f
    m[B] *= f


@helper
def blend_color(m, r, g, b, t):
    """Blend the albedo towards a colour by a share t."""
    m[R] += (r - m[R]) * t
    m[G] += (g - m[G]) * t
    m[B] += (b - m[B]) * t


@inline
def lane_row(v):
    """Row of a strip of carriageway, which is even where wheels run, from a texture coordinate v (scene/strips.py)."""
    return floor(v / LANE_V_M + 0.5)


@inline
def _wheels(off, width):
    """Where wheels run, and where oil drips between them, 0 to 1; off: m from the lane's middle, seen over a width."""
    soft = saturate(1.6 - width / 1.2)
    return (1.0 - smooth(0.10, 0.60, abs(abs(off) - 0.85))) * soft, (1.0 - smooth(0.05, 0.50, abs(off))) * soft


@helper
def _asphalt(m, table):
    """P0: wear, from 0 new to 1 old. P1: length of slabs m, 0 for asphalt."""
    x, y, near, far, wear = m[X], m[Y], m[NEAR], m[FAR], m[P0]
    middle = sqrt(near * far)
    # Sizes that divide a chunk of ground (128 m) have no seams.
    grain, fine, net, fleck = noise(table, x / 2.56, y / 2.56, middle / 2.56)
    _, wave, crack, patch = noise(table, x / 9.142857142857142, y / 9.142857142857142, middle / 9.142857142857142)
    _, wide, _, _ = noise(table, x / 42.666666666666664, y / 42.666666666666664, far / 42.666666666666664)
    row = lane_row(m[V])
    u, off = m[U], m[V] - LANE_V_M * row + 0.08 * wave
    along, across = max(near, far * m[AX]), max(near, far * m[AY])
    track, oil = _wheels(off, across)
    if row - 2.0 * floor(0.5 * row) > 0.5:  # nobody drives here, cars stand
        track, oil = 0.0, oil * smooth(0.4, 1.2, patch)
    rough = 1.0 + (0.22 + 0.10 * wear) * grain + (0.03 + 0.02 * wear) * fleck + 0.02 * fine
    scale_color(m, max(rough + 0.015 * wave + 0.015 * patch + (0.02 + 0.04 * wear) * wide, 0.3))
    if m[P1] > 0.0:
        _slabs(m, u, row, along, track, oil)
    else:
        # Polished stones show in the tracks; cracks where the road is worn, a net of them where wheels broke it.
        scale_color(m, 1.0 + (0.07 + 0.12 * wear) * track - (0.10 + 0.10 * wear) * oil * saturate(0.8 + 0.4 * wide))
        worn = smooth(1.5 - 1.3 * wear, 2.3 - 1.3 * wear, wide + 0.5 * wave)
        broken = smooth(0.3, 1.0, patch + 0.5 * track - 0.4)
        scale_color(m, 1.0 - 0.65 * saturate(worn * (crack + 0.8 * net * broken)))
        if wear > 0.1:
            _repairs(m, u, off, row, along, across, wear, wave)
    m[ROUGHNESS] -= 0.08 * track
    fade = saturate(0.02 / far)
    m[NX] += 0.05 * grain * fade
    m[NY] += 0.05 * fleck * fade


@helper
def _slabs(m, u, row, along, track, oil):
    """Concrete in slabs, each of its own pour, with a joint between; tyres leave rubber on it."""
    slab = m[P1]
    scale_color(m, 1.0 + 0.20 * (hash01(floor(u / slab), row, 3.0) - 0.5) * saturate(2.0 - along / slab))
    scale_color(m, (1.0 - 0.10 * track - 0.08 * oil) * (1.0 - 0.6 * comb(u / slab, 0.018 / slab, along / slab)))


@helper
def _repairs(m, u, off, row, along, across, wear, wave):
    """What was done to a road: mended holes, long trenches of pipes, both with a joint of tar, and cracks poured with tar."""
    for k in range(2):
        size = 21.0 + 52.0 * k
        cell = floor(u / size)
        if hash01(cell, row, 17.0 + k) < (0.10 + 0.45 * wear if k == 0 else 0.05 + 0.25 * wear):
            a, b = hash01(cell, row, 3.0 + k), hash01(cell, row, 7.0 + k)
            u0, w = (cell + 0.05 + 0.4 * a) * size, (1.2 + 5.0 * b if k == 0 else 12.0 + 26.0 * b)
            v0, h = (
                2.3 * hash01(cell, row, 5.0 + k) - 1.7,
                (0.8 + 1.1 * hash01(cell, row, 9.0 + k) if k == 0 else 0.5 + 0.3 * b),
            )
            o = off - 0.08 * wave  # saws cut straight
            inside = pulse(u, u0, u0 + w, along) * pulse(o, v0, v0 + h, across)
            core = pulse(u, u0 + 0.03, u0 + w - 0.03, along) * pulse(o, v0 + 0.03, v0 + h - 0.03, across)
            tone = mix(1.0, 0.70 + 0.42 * hash01(cell, row, 11.0 + k), inside)
            scale_color(m, tone * (1.0 - 0.45 * max(0.0, inside - core)))
    road, cell = floor(row / LANES_OF_ROAD), floor(u / 13.0)
    if hash01(cell, road, 31.0) < 0.55 * wear:
        at = (cell + 0.2 + 0.6 * hash01(cell, road, 32.0)) * 13.0 + 0.14 * wave
        scale_color(m, 1.0 - 0.40 * pulse(u, at - 0.02, at + 0.02, along))
    if hash01(row, 5.0, 33.0) < 0.35 * wear:
        at = 3.0 * hash01(row, 6.0, 34.0) - 1.5
        scale_color(m, 1.0 - 0.40 * pulse(off, at - 0.016, at + 0.016, across))


@helper
def _concrete(m, table):
    middle = sqrt(m[NEAR] * m[FAR])
    x, y = m[X] + 0.37 * m[Z], m[Y] + 0.61 * m[Z]
    grain, _, _, _ = noise(table, x / 1.1, y / 1.1, middle / 1.1)
    _, wave, _, patch = noise(table, x / 6.1, y / 6.1, middle / 6.1)
    scale_color(m, 1.0 + 0.08 * grain + 0.07 * wave + 0.05 * patch)
    # Kerb stones and slabs meet every metre; the joint is across u.
    scale_color(m, 1.0 - 0.5 * comb(m[U], 0.012, m[FAR]))
    if m[UPWARD] < 0.5:
        scale_color(m, 0.86)


@helper
def _paving(m, table, size):
    middle = sqrt(m[NEAR] * m[FAR])
    u, v = m[X] / (0.6 * size), m[Y] / (0.4 * size)
    row = floor(v)
    u += 0.5 * (row - 2.0 * floor(row / 2.0))
    grain, _, _, _ = noise(table, m[X] / 1.1, m[Y] / 1.1, middle / 1.1)
    _, wave, _, patch = noise(table, m[X] / 5.3, m[Y] / 5.3, middle / 5.3)
    sharp = saturate(2.0 - m[FAR] / 0.3)
    joint = max(comb(u, 0.018, m[FAR] / (0.6 * size)), comb(v, 0.024, m[FAR] / (0.4 * size)))
    scale_color(m, 1.0 + (hash01(floor(u), row, 1.0) - 0.5) * 0.22 * sharp)
    scale_color(m, 1.0 + 0.08 * grain + 0.06 * wave + 0.05 * patch)
    scale_color(m, (1.0 - 0.5 * joint) * (1.0 - 0.35 * smooth(1.3, 2.4, wave + 0.6 * patch)))


@helper
def _grass(m, table):
    if m[P0] > 0.0:
        _field(m, table)
    middle = sqrt(m[NEAR] * m[FAR])
    # Blades and tufts of some centimetres; then what grows better here than there.
    grain, tuft, _, fleck = noise(table, m[X] / 1.28, m[Y] / 1.28, middle / 1.28)
    _, wave, _, patch = noise(table, m[X] / 16.0, m[Y] / 16.0, middle / 16.0)
    g = m[G]
    if m[P0] <= 0.0:
        dry = saturate(0.20 + 0.12 * wave + 0.10 * patch + 0.10 * tuft)
        blend_color(m, 1.25 * g, 1.08 * g, 0.48 * g, dry)
        # Bare soil where it is trodden; flowers where nobody mows, too small to be seen far off but as a tint.
        blend_color(m, 0.15, 0.115, 0.08, 0.7 * smooth(1.7, 2.4, 0.7 * patch - 0.6 * wave + 0.35 * tuft))
        blend_color(m, 0.55, 0.50, 0.12, 0.5 * smooth(2.0, 2.5, fleck) * smooth(0.5, 1.3, wave))
    even = 0.35 if m[P0] > 0.0 else 1.0  # what is sown stands even; and from afar the pattern would be seen to repeat
    scale_color(m, max(1.0 + 0.26 * grain + 0.16 * fleck + 0.14 * even * tuft + even * (0.10 * wave + 0.05 * patch), 0.35))
    fade = saturate(0.05 / m[FAR])
    m[NX] += 0.20 * grain * fade
    m[NY] += 0.16 * fleck * fade


@helper
def _field(m, table):
    """What farmers grow, field by field, with a green margin between; u, v: m east and north of the map's middle."""
    _, bend, _, _ = noise(table, m[U] / 700.0, m[V] / 700.0, m[FAR] / 700.0)
    u, v = 0.93 * m[U] + 0.37 * m[V] + 9.0 * bend, 0.93 * m[V] - 0.37 * m[U] + 9.0 * bend
    row = floor(v / 105.0)
    wide = 130.0 + 90.0 * hash01(row, 2.0, 51.0)
    column = floor(u / wide)
    kind, tone = hash01(column, row, 52.0), 0.85 + 0.3 * hash01(column, row, 53.0)
    r, g, b = m[R], m[G], m[B]  # grass
    if kind < 0.20:
        r, g, b = 0.26, 0.215, 0.10  # corn, ripe
    elif kind < 0.32:
        r, g, b = 0.135, 0.10, 0.068  # ploughed
    elif kind < 0.55:
        r, g, b = 0.045, 0.085, 0.022  # maize, beet
    elif kind < 0.72:
        r, g, b = 0.115, 0.135, 0.042  # a meadow, cut
    sharp = saturate(2.0 - m[FAR] / 70.0)
    x, y = u - column * wide, v - row * 105.0
    inside = pulse(x, 2.0, wide - 2.0, m[FAR]) * pulse(y, 2.0, 103.0, m[FAR])
    blend_color(m, r * tone, g * tone, b * tone, inside * (0.35 + 0.65 * sharp))
    # Wheels of tractors, every 18 m.
    if kind < 0.55:
        scale_color(m, 1.0 - 0.3 * comb(y / 18.0, 0.045, m[FAR] / 18.0) * inside)


@helper
def _soil(m, table):
    middle = sqrt(m[NEAR] * m[FAR])
    grain, _, _, fleck = noise(table, m[X] / 1.7, m[Y] / 1.7, middle / 1.7)
    _, wave, _, patch = noise(table, m[X] / 23.0, m[Y] / 23.0, middle / 23.0)
    scale_color(m, 1.0 + 0.22 * grain + 0.15 * fleck + 0.12 * wave + 0.08 * patch)


@helper
def _mark(m, table):
    """P0: wear, from 0 (fresh) to 1 (a ghost)."""
    middle, wear = sqrt(m[NEAR] * m[FAR]), m[P0]
    grain, chip, crack, fleck = noise(table, m[X] / 2.56, m[Y] / 2.56, middle / 2.56)
    _, wave, _, patch = noise(table, m[X] / 9.142857142857142, m[Y] / 9.142857142857142, middle / 9.142857142857142)
    # Where the paint is worn, the asphalt below shows: most where wheels run.
    track, _ = _wheels(m[V] - LANE_V_M * lane_row(m[V]), middle)
    kept = 0.97 + (0.07 + 0.13 * wear) * (grain + fleck + chip) + (0.06 + 0.14 * wear) * wave
    kept = saturate(kept - 0.45 * wear - (0.12 + 0.2 * wear) * track - 0.35 * crack)
    scale_color(m, 1.0 + 0.03 * grain + 0.06 * patch)
    blend_color(m, 0.10, 0.098, 0.095, 1.0 - kept)
    m[RETRO] *= kept


@helper
def _roof_tile(m, table):
    u, v, far = m[U], m[V], m[FAR]
    column, row = floor(u / 0.3), floor(v / 0.34)
    _, wave, _, patch = noise(table, u / 5.0, v / 5.0, far / 5.0)
    scale_color(m, 1.0 + (hash01(column, row, 7.0) - 0.5) * 0.4 * saturate(2.0 - far / 0.3))
    scale_color(m, (1.0 + 0.1 * wave + 0.06 * patch) * (1.0 - 0.45 * comb(v / 0.34, 0.14, far / 0.34)))
    scale_color(m, 1.0 - 0.25 * comb(u / 0.3, 0.10, far / 0.3))


@helper
def _bark(m, table):
    grain, wave, _, fleck = noise(table, m[U] / 0.8 + m[X] + m[Y], m[V] / 2.2 + m[Z] * 0.4, m[NEAR])
    scale_color(m, 1.0 + 0.2 * wave + 0.2 * fleck + 0.1 * grain)


@helper
def _birch(m, table):
    """White bark with dark slits across the stem, and a dark, torn foot; thin branches are brown."""
    u, v, near = m[U], m[V], m[NEAR]
    _, slit, _, fleck = noise(table, u / 2.4 + m[SEED], v / 0.55, near / 0.55)
    grain, wave, _, patch = noise(table, u / 3.0, v / 4.1, near / 3.0)
    scale_color(m, 1.0 + 0.06 * wave + 0.04 * grain)
    torn = smooth(0.5, 1.2, patch + 1.8 * saturate(1.0 - m[Z] / 0.9))
    blend_color(m, 0.055, 0.05, 0.045, 0.85 * max(smooth(1.0, 1.6, fleck + 0.35 * slit), torn))


@helper
def _leaf(m, triangle):
    # The two halves of a leaf have one colour.
    a, b = hash01(triangle >> 1, 5.0, 1.0), hash01(triangle >> 1, 9.0, 2.0)
    m[R] *= (0.86 + 0.28 * a) * (0.92 + 0.16 * b)
    m[G] *= 0.88 + 0.24 * a
    m[B] *= 0.86 + 0.24 * a


@helper
def _paint(m, table):
    # Road dust on the sills; the clear coat shows less there.
    _, wave, _, _ = noise(table, m[X] / 1.7 + m[Y], m[Z] / 1.7, 0.02)
    dust = 0.4 * saturate((0.55 - m[Z]) * 1.4) * saturate(1.0 + 0.4 * wave)
    blend_color(m, 0.16, 0.145, 0.12, dust)
    m[MIRROR] *= 1.0 - 0.8 * dust


@helper
def _plain(m, table):
    _, wave, _, patch = noise(table, m[X] / 2.3 + m[Y] / 3.1, m[Z] / 2.3 + m[Y] / 4.7, m[NEAR] / 2.3)
    scale_color(m, 1.0 + 0.03 * wave + 0.02 * patch)


@helper
def _wall(m, table, brick, height, storey, pitch, near):
    """The wall of a facade, without windows."""
    u, v = m[U], m[V]
    _, stain, _, blotch = noise(table, u / 7.3 + m[SEED], v / 7.3, near / 7.3)
    grain, _, _, fleck = noise(table, u / 1.1, v / 1.1 + m[SEED], near / 1.1)
    style = int(1e5 * m[SEED])
    if brick > 0.5:
        course = floor(v / 0.075)
        along = u / 0.25 + 0.5 * (course - 2.0 * floor(course / 2.0))
        mortar = max(comb(v / 0.075, 0.16, near / 0.075), comb(along, 0.05, near / 0.25))
        sharp = saturate(1.6 - near / 0.05)
        scale_color(m, 1.0 + (hash01(floor(along), course, 3.0) - 0.5) * 0.5 * sharp + 0.04 * fleck)
        blend_color(m, 0.46, 0.44, 0.40, 0.75 * mortar)
    else:
        scale_color(m, 1.0 + 0.02 * grain + 0.03 * fleck)
        kind = hash01(style, 31.0, 3.0)
        if kind < 0.22:  # prefabricated panels, a storey high
            joint = max(
                comb(v / storey, 0.02 / storey, near / storey), comb(u / (2.0 * pitch), 0.01 / pitch, near / (2.0 * pitch))
            )
            panel = hash01(floor(u / (2.0 * pitch)), floor(v / storey), 4.0) - 0.5
            scale_color(m, (1.0 + 0.10 * panel * saturate(2.0 - near)) * (1.0 - 0.45 * joint))
        elif kind < 0.42:  # a ground floor of cut stone
            foot = edge(storey, v, near)
            blend_color(m, 0.40, 0.385, 0.35, 0.75 * foot)
            scale_color(m, 1.0 - 0.35 * foot * comb(v / 0.42, 0.07, near / 0.42))
        elif kind < 0.55:  # boards
            scale_color(m, 1.0 - 0.30 * comb(v / 0.16, 0.10, near / 0.16))
    if hash01(style, 33.0, 3.0) < 0.4:  # a band at each floor
        band = comb(v / storey, 0.16 / storey, near / storey)
        blend_color(m, min(0.75, 1.25 * m[R] + 0.04), min(0.74, 1.25 * m[G] + 0.04), min(0.72, 1.25 * m[B] + 0.04), 0.7 * band)
    scale_color(m, 1.0 + 0.04 * stain + 0.03 * blotch)
    dirt = saturate(1.0 - v / 1.3) * (0.28 + 0.08 * blotch)
    scale_color(m, 1.0 - dirt)
    blend_color(m, 0.27, 0.26, 0.245, 0.5 * edge(0.55 - v, 0.0, near))
    # A band under the eaves, and its shade.
    below = height - v
    scale_color(m, 1.0 + 0.2 * pulse(below, 0.0, 0.3, near) - 0.25 * pulse(below, 0.3, 0.42, near))


@helper
def _behind_glass(m, table, px, py, half, y0, tall, near, window, lit):
    """Albedo and emission of what is seen in a window pane: a dark room, curtains or blinds, lamps at night."""
    kind = hash01(window, 3.0, 1.0)
    covered = 0.0
    if kind < 0.40:
        covered = edge(abs(px), half * mix(0.3, 0.75, hash01(window, 4.0, 1.0)), 0.05)
    elif kind < 0.58:
        covered = edge(py, y0 + tall * mix(0.2, 0.85, hash01(window, 6.0, 1.0)), near + 0.01)
    elif kind < 0.68:
        covered = 1.0
    fold = 1.0 + 0.18 * (comb(px / 0.11, 0.5, near / 0.11) - 0.5)
    dark = 0.02 + 0.03 * saturate(0.5 + 0.2 * (py - y0))
    cloth = mix(0.22, 0.42, hash01(window, 8.0, 1.0)) * fold
    m[R], m[G], m[B] = mix(dark, cloth, covered), mix(dark, cloth * 0.97, covered), mix(dark * 1.05, cloth * 0.9, covered)
    if m[NIGHT] > 0.01 and hash01(window, 11.0, 1.0) < lit:
        warm = hash01(window, 12.0, 1.0)
        glow = m[NIGHT] * mix(2.5, 16.0, hash01(window, 13.0, 1.0)) * (1.0 - 0.55 * covered)
        glow *= 0.65 + 0.5 * saturate((py - y0) / tall)
        glow *= 1.0 - 0.5 * pulse(px, -0.5 + warm, -0.1 + warm, 0.05) * pulse(py, y0 - 1.0, y0 + 0.6 * tall, 0.05)
        m[ER], m[EG], m[EB] = glow, glow * mix(0.60, 0.88, warm), glow * mix(0.24, 0.74, warm)


@helper
def _shutters(m, x, y, half, y0, y1, near_u, near_v, color):
    """Open shutters with slats beside a window, all of one colour on a house."""
    leaf = pulse(abs(x), half + 0.04, 2.0 * half, near_u) * pulse(y, y0, y1, near_v)
    slats = 1.0 - 0.35 * comb(y / 0.07, 0.35, near_v / 0.07)
    r, g, b = 0.05, 0.11, 0.07
    if color < 0.3:
        r, g, b = 0.17, 0.09, 0.05
    elif color < 0.5:
        r, g, b = 0.10, 0.14, 0.18
    elif color < 0.65:
        r, g, b = 0.50, 0.49, 0.46
    blend_color(m, r * slats, g * slats, b * slats, leaf)


@helper
def _facade(m, table, p, k):
    """A wall with windows that lie 14 cm deep, by parallax; p (I, 16) instance parameters, k its row."""
    brick, storey, pitch, height = p[k, 5], max(p[k, 6], 2.0), max(p[k, 7], 1.0), p[k, 8]
    wide, tall, shop = p[k, 9], p[k, 10], p[k, 11]
    n = max(sqrt(m[FX] ** 2 + m[FY] ** 2), 1e-6)
    tx, ty = -m[FY] / n, m[FX] / n  # along the wall, to the right as seen from outside
    du, dv = m[DX] * tx + m[DY] * ty, m[DZ]
    inward = max(-(m[DX] * m[FX] + m[DY] * m[FY] + m[DZ] * m[FZ]), 0.12)
    near_u, near_v = m[NEAR] * (1.0 + abs(du) / inward), m[NEAR] * (1.0 + 0.5 * abs(dv))
    _wall(m, table, brick, height, storey, pitch, sqrt(near_u * near_v))
    u, v = m[U], m[V]
    column, row = floor(u / pitch), floor(v / storey)
    x, y = u - (column + 0.5) * pitch, v - row * storey
    if u < 0.0 or v < 0.0 or (row + 1.0) * storey > height + 0.3 or wide < 0.2:
        return
    style = int(1e5 * m[SEED])
    half, y0, y1 = 0.5 * wide, 0.92, 0.92 + tall
    if row > 0.5 and hash01(style, 41.0, 3.0) < 0.25:  # windows down to the floor
        y0 = 0.30
    window = int(1e6 * hash01(column, row, style))
    is_shop = row < 0.5 and shop > 0.5
    if is_shop:
        half, y0, y1 = 0.5 * pitch - 0.22, 0.45, min(2.6, storey - 0.4)
    opening = pulse(x, -half, half, near_u) * pulse(y, y0, y1, near_v)
    surround = pulse(x, -half - 0.11, half + 0.11, near_u) * pulse(y, y0 - 0.02, y1 + 0.14, near_v) * (1.0 - opening)
    sill = pulse(x, -half - 0.14, half + 0.14, near_u) * pulse(y, y0 - 0.10, y0, near_v)
    under = pulse(x, -half - 0.12, half + 0.12, near_u) * saturate(1.0 - (y0 - 0.10 - y) / 0.22)
    under *= 1.0 - edge(y, y0 - 0.10, near_v)
    if brick > 0.5:
        blend_color(m, 0.50, 0.47, 0.42, 0.35 * surround)
    else:
        blend_color(m, min(0.78, 1.3 * m[R] + 0.05), min(0.77, 1.3 * m[G] + 0.05), min(0.75, 1.3 * m[B] + 0.05), 0.8 * surround)
    scale_color(m, 1.0 - 0.35 * under)
    blend_color(m, 0.55, 0.54, 0.51, 0.85 * sill)
    if not is_shop and hash01(style, 43.0, 3.0) < 0.30 and 4.0 * half < pitch:
        _shutters(m, x, y, half, y0, y1, near_u, near_v, hash01(style, 44.0, 3.0))
    if opening < 0.004:
        return
    # The window plane lies behind the wall; what is not seen through the opening is the reveal.
    shift = 0.14 / inward
    px, py = x + du * shift, y + dv * shift
    within = pulse(px, -half, half, near_u) * pulse(py, y0, y1, near_v)
    bar = 0.055
    pane = pulse(px, -half + bar, half - bar, near_u) * pulse(py, y0 + bar, y1 - bar, near_v)
    if not is_shop:
        pane *= 1.0 - pulse(px, -0.03, 0.03, near_u)
        if hash01(int(1e5 * m[SEED]), 3.0, 1.0) < 0.6:
            pane *= 1.0 - 0.9 * pulse(py, y0 + 0.66 * tall, y0 + 0.66 * tall + 0.05, near_v)
    wall_r, wall_g, wall_b = m[R], m[G], m[B]
    lit = 0.7 if is_shop else 0.33
    _behind_glass(m, table, px + 2.0 * du * shift, py + 2.0 * dv * shift, half, y0, y1 - y0, near_u, window, lit)
    frame = 0.62 if hash01(int(1e5 * m[SEED]), 7.0, 2.0) < 0.6 else 0.12
    blend_color(m, frame, frame * 0.99, frame * 0.96, 1.0 - pane)
    blend_color(m, 0.62 * wall_r, 0.62 * wall_g, 0.62 * wall_b, 1.0 - within)
    blend_color(m, wall_r, wall_g, wall_b, 1.0 - opening)
    glass = pane * within * opening
    m[ER] *= glass
    m[EG] *= glass
    m[EB] *= glass
    m[OPENNESS] *= 1.0 - 0.5 * opening * saturate((py - y1 + 0.30) / 0.3)
    m[F0], m[ROUGHNESS] = mix(m[F0], 0.075, glass), mix(m[ROUGHNESS], 0.02, saturate(2.0 * glass))
    m[MIRROR] = glass
    if glass > 0.05:  # panes are never quite parallel
        tilt = 0.03 * (hash01(window, 21.0, 5.0) - 0.5)
        m[NX] += tx * tilt
        m[NY] += ty * tilt
        m[NZ] += 0.7 * tilt


@helper
def _wet(m, table):
    """Water on the surface: darker, and a film that mirrors on ground that looks up; puddles where 1/f noise is high."""
    shader, wet = int(m[SHADER]), m[WET]
    up = saturate(1.4 * m[UPWARD] - 0.3)
    if shader == ASPHALT or shader == CONCRETE or shader == PAVING or shader == MARK or shader == SOIL:
        middle = sqrt(m[NEAR] * m[FAR])
        _, wave, _, _ = noise(table, m[X] / 14.0, m[Y] / 14.0, middle / 14.0)
        grain, ripple, _, fleck = noise(table, m[X] / 1.1, m[Y] / 1.1, middle / 1.1)
        puddle = smooth(0.7, 1.4, wave) * up * wet * (1.0 if shader == ASPHALT or shader == SOIL else 0.6)
        # Light that has scattered in the ground is thrown back in by the water's surface (Angstrom 1925).
        dry = 0.2126 * m[R] + 0.7152 * m[G] + 0.0722 * m[B]
        scale_color(m, mix(1.0, 1.0 / (WATER * WATER * (1.0 - dry) + dry), wet * up))
        m[MIRROR] = (0.35 + 0.65 * puddle) * up * wet
        m[F0] = WATER_F0 if up * wet > 0.05 else m[F0]
        m[ROUGHNESS] = mix(m[ROUGHNESS], mix(0.2, 0.05, puddle), up * wet)
        rough = 0.012 * (1.0 - puddle) * saturate(0.35 / m[FAR])
        m[NX] = mix(m[NX], 0.0, puddle * up) + rough * (ripple + fleck)
        m[NY] = mix(m[NY], 0.0, puddle * up) + rough * (grain + fleck)
    elif shader != PAINT and shader != GLASS and shader != LEAF:
        scale_color(m, mix(1.0, 0.75, wet * (1.0 - m[MIRROR])))
        m[ROUGHNESS] = mix(m[ROUGHNESS], 0.35, 0.7 * wet)


@helper
def lie_snow(m, table):
    """Snow that lies on what looks up: grass and roofs are white first, roads keep dark tracks where wheels run, crowns and
    cars are powdered; a thin cover is patchy, as 1/f noise says."""
    shader, deep = int(m[SHADER]), m[SNOW]
    middle = sqrt(m[NEAR] * m[FAR])
    grain, wave, _, fleck = noise(table, m[X] / 2.3 + 0.31 * m[Z], m[Y] / 2.3, middle / 2.3)
    _, wide, _, patch = noise(table, m[X] / 19.0, m[Y] / 19.0, middle / 19.0)
    rough = 0.16 * wave + 0.10 * patch + 0.08 * fleck
    up = smooth(0.30, 0.75, m[UPWARD] + 0.12 * wave)
    share = deep
    if shader == ASPHALT or shader == MARK:
        # Wheels run 1.65 m apart in the middle of their lane; they wander.
        row = lane_row(m[V])
        off = abs(abs(m[V] - LANE_V_M * row + 0.10 * wide) - 0.825)
        track = (1.0 - smooth(0.05, 0.50, off + 0.04 * wave)) * (1.0 if row - 2.0 * floor(0.5 * row) < 0.5 else 0.0)
        share = deep * (0.92 - 0.78 * mix(track, 0.5, saturate(m[FAR] / 2.5))) - 0.08 * (1.0 - deep)
        rough *= 0.8
    elif shader == LEAF:
        up, share = smooth(0.05, 0.9, m[NZ]), 0.75 * deep
    elif shader == PAINT or shader == GLASS:
        share = deep - 0.25
    elif shader == PAVING:
        share = deep - 0.10
    elif shader == GRASS:
        rough += 0.10 * grain * saturate(0.1 / m[FAR])
        share = 1.1 * deep
    lies = up * smooth(0.22, 0.68, share + rough * (1.2 - deep))
    if lies <= 0.0:
        return
    shade = 1.0 + 0.03 * wave + 0.02 * grain
    # Grey where it is thin and driven on.
    worn = 0.30 * (1.0 - deep) + (0.22 if shader == ASPHALT or shader == MARK else 0.0)
    blend_color(m, (0.83 - worn) * shade, (0.84 - worn) * shade, (0.86 - worn) * shade, lies)
    m[MIRROR] *= 1.0 - lies
    m[THROUGH] *= 1.0 - lies
    m[METAL] *= 1.0 - lies
    m[RETRO] *= 1.0 - lies
    m[TRANSLUCENT] *= 1.0 - 0.6 * lies
    m[ROUGHNESS], m[F0] = mix(m[ROUGHNESS], 0.95, lies), mix(m[F0], 0.015, lies)
    bump = 0.06 * lies * saturate(0.25 / m[FAR])
    m[NX] += bump * (wave + fleck)
    m[NY] += bump * (grain + fleck)


@helper
def apply_shader(m, table, p, k, triangle, size):
    """Turn the look m as the material says into the look at this point. p: (I, 16) instance parameters, k: its row; size:
    scale_m."""
    shader = int(m[SHADER])
    if shader == PLAIN:
        _plain(m, table)
    elif shader == ASPHALT:
        _asphalt(m, table)
    elif shader == CONCRETE:
        _concrete(m, table)
    elif shader == PAVING:
        _paving(m, table, size)
    elif shader == GRASS:
        _grass(m, table)
    elif shader == SOIL:
        _soil(m, table)
    elif shader == MARK:
        _mark(m, table)
    elif shader == FACADE:
        _facade(m, table, p, k)
    elif shader == ROOF_TILE:
        _roof_tile(m, table)
    elif shader == LEAF:
        _leaf(m, triangle)
    elif shader == BARK:
        _bark(m, table)
    elif shader == BIRCH:
        _birch(m, table)
    elif shader == PAINT:
        _paint(m, table)
    if m[WET] > 0.0 and shader != LAMP:
        _wet(m, table)
    if m[SNOW] > 0.0 and shader != LAMP and shader != SIGN and m[UPWARD] > 0.1 or shader == LEAF and m[SNOW] > 0.0:
        lie_snow(m, table)
    n = sqrt(m[NX] * m[NX] + m[NY] * m[NY] + m[NZ] * m[NZ])
    m[NX] /= n
    m[NY] /= n
    m[NZ] /= n
    for c in range(3):
        m[c] = min(max(m[c], 0.0), 1.0)
