"""Procedural textures: what a material looks like at a point, filtered to the footprint of the ray.

A shader reads and changes one row of numbers, the look `m` (its columns are named below): it comes in as the material says,
and leaves as the material is at this point. Textures live in the frame of the prototype, so that they go where it goes.

Texture coordinates that shaders rely on, all in metres: asphalt, paving: u along, v across the road; mark: none; facade: u
along the wall, v above the building's base, a wall being a whole number of window pitches, and u < 0 on walls without
windows; roof_tile: u along the eaves, v up the slope; bark and birch: u around, v along the stem; leaf: none.
Facade columns of INSTANCE_COLUMNS: tint the wall's colour; p0 1 for brick, 0 for plaster; p1 storey height m; p2 window pitch
m; p3 height of the eaves m; p4, p5 width and height of a window m; p6 1 for shop windows on the ground floor.
"""

from __future__ import annotations

from math import floor, sqrt

from scenesim.kernels.bsdf import WATER, WATER_F0
from scenesim.kernels.jit import helper
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
    FX, FY, FZ, X, Y, Z, U, V, NEAR, FAR, AX, AY, SEED, SHADER, WET, NIGHT, DX, DY, DZ, UPWARD, SNOW,
) = range(38)  # fmt: skip
# FX..FZ: geometric normal (local frame, towards the ray). X..Z: point, prototype frame, m. U, V: texture coordinates, m. NEAR,
# FAR: footprint m across and along the ray's trace on the surface. AX, AY: share of FAR that lies along x and y (0 to 1).
# DX..DZ: direction of the ray, local. UPWARD: z of the geometric normal.
LOOK_COLUMNS = 38


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


@helper
def _asphalt(m, table):
    x, y, near, far = m[X], m[Y], m[NEAR], m[FAR]
    middle = sqrt(near * far)
    grain, fine, _, fleck = noise(table, x / 1.3, y / 1.3, middle / 1.3)
    _, wave, _, patch = noise(table, x / 5.3, y / 5.3, middle / 5.3)
    _, wide, _, _ = noise(table, x / 47.0, y / 47.0, far / 47.0)
    _, _, crack, _ = noise(table, x / 9.1, y / 9.1, middle / 9.1)
    scale_color(m, 1.0 + 0.17 * grain + 0.07 * fleck + 0.05 * fine + 0.02 * wave + 0.035 * patch + 0.05 * wide)
    # Cracks only where the road is worn, as 1/f noise says.
    scale_color(m, 1.0 - 0.55 * saturate(crack * 1.2) * smooth(0.6, 1.5, wide + 0.35 * wave))
    # Repairs: rectangles of a fresher or older mix with a tar joint.
    along, across = max(near, far * m[AX]), max(near, far * m[AY])
    for k in range(2):
        size = 17.0 + 7.0 * k
        cx, cy = floor(x / size), floor(y / size)
        if hash01(cx, cy, 17.0 + k) < 0.35:
            x0, y0 = (cx + 0.1 + 0.4 * hash01(cx, cy, 3.0 + k)) * size, (cy + 0.1 + 0.5 * hash01(cx, cy, 5.0 + k)) * size
            w, h = 1.0 + 4.0 * hash01(cx, cy, 7.0 + k), 0.8 + 2.0 * hash01(cx, cy, 9.0 + k)
            inside = pulse(x, x0, x0 + w, along) * pulse(y, y0, y0 + h, across)
            core = pulse(x, x0 + 0.04, x0 + w - 0.04, along) * pulse(y, y0 + 0.04, y0 + h - 0.04, across)
            scale_color(m, mix(1.0, 0.80 + 0.32 * hash01(cx, cy, 11.0 + k), inside) * (1.0 - 0.4 * max(0.0, inside - core)))
    fade = saturate(0.02 / far)
    m[NX] += 0.03 * grain * fade
    m[NY] += 0.03 * fleck * fade


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
    middle = sqrt(m[NEAR] * m[FAR])
    # Blades and tufts of some centimetres; then what grows better here than there.
    grain, tuft, _, fleck = noise(table, m[X] / 0.83, m[Y] / 0.83, middle / 0.83)
    _, wave, _, patch = noise(table, m[X] / 17.0, m[Y] / 17.0, middle / 17.0)
    dry = saturate(0.22 + 0.15 * wave + 0.10 * patch + 0.08 * tuft)
    g = m[G]
    blend_color(m, 1.15 * g, 1.08 * g, 0.45 * g, dry)
    scale_color(m, max(1.0 + 0.24 * grain + 0.13 * fleck + 0.10 * tuft + 0.08 * wave, 0.35))
    fade = saturate(0.05 / m[FAR])
    m[NX] += 0.20 * grain * fade
    m[NY] += 0.16 * fleck * fade


@helper
def _soil(m, table):
    middle = sqrt(m[NEAR] * m[FAR])
    grain, _, _, fleck = noise(table, m[X] / 1.7, m[Y] / 1.7, middle / 1.7)
    _, wave, _, patch = noise(table, m[X] / 23.0, m[Y] / 23.0, middle / 23.0)
    scale_color(m, 1.0 + 0.22 * grain + 0.15 * fleck + 0.12 * wave + 0.08 * patch)


@helper
def _mark(m, table):
    middle = sqrt(m[NEAR] * m[FAR])
    grain, _, crack, fleck = noise(table, m[X] / 1.3, m[Y] / 1.3, middle / 1.3)
    _, wave, _, patch = noise(table, m[X] / 5.3, m[Y] / 5.3, middle / 5.3)
    # Where the paint is worn, the asphalt below shows.
    kept = saturate(0.95 + 0.10 * grain + 0.13 * wave + 0.12 * fleck - 0.3 * crack)
    scale_color(m, 1.0 + 0.03 * grain + 0.06 * patch)
    blend_color(m, 0.10, 0.098, 0.095, 1.0 - kept)


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
def _wall(m, table, brick, height, near):
    """The wall of a facade, without windows."""
    u, v = m[U], m[V]
    _, stain, _, blotch = noise(table, u / 7.3 + m[SEED], v / 7.3, near / 7.3)
    grain, _, _, fleck = noise(table, u / 1.1, v / 1.1 + m[SEED], near / 1.1)
    if brick > 0.5:
        course = floor(v / 0.075)
        along = u / 0.25 + 0.5 * (course - 2.0 * floor(course / 2.0))
        mortar = max(comb(v / 0.075, 0.16, near / 0.075), comb(along, 0.05, near / 0.25))
        sharp = saturate(1.6 - near / 0.05)
        scale_color(m, 1.0 + (hash01(floor(along), course, 3.0) - 0.5) * 0.5 * sharp + 0.04 * fleck)
        blend_color(m, 0.46, 0.44, 0.40, 0.75 * mortar)
    else:
        scale_color(m, 1.0 + 0.02 * grain + 0.03 * fleck)
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
def _facade(m, table, p, k):
    """A wall with windows that lie 14 cm deep, by parallax; p (I, 16) instance parameters, k its row."""
    brick, storey, pitch, height = p[k, 5], max(p[k, 6], 2.0), max(p[k, 7], 1.0), p[k, 8]
    wide, tall, shop = p[k, 9], p[k, 10], p[k, 11]
    n = max(sqrt(m[FX] ** 2 + m[FY] ** 2), 1e-6)
    tx, ty = -m[FY] / n, m[FX] / n  # along the wall, to the right as seen from outside
    du, dv = m[DX] * tx + m[DY] * ty, m[DZ]
    inward = max(-(m[DX] * m[FX] + m[DY] * m[FY] + m[DZ] * m[FZ]), 0.12)
    near_u, near_v = m[NEAR] * (1.0 + abs(du) / inward), m[NEAR] * (1.0 + 0.5 * abs(dv))
    _wall(m, table, brick, height, sqrt(near_u * near_v))
    u, v = m[U], m[V]
    column, row = floor(u / pitch), floor(v / storey)
    x, y = u - (column + 0.5) * pitch, v - row * storey
    if u < 0.0 or v < 0.0 or (row + 1.0) * storey > height + 0.3 or wide < 0.2:
        return
    half, y0, y1 = 0.5 * wide, 0.92, 0.92 + tall
    window = int(1e6 * hash01(column, row, int(1e5 * m[SEED])))
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
        # Wheels run 1.65 m apart, in lanes of 3.3 m; they wander.
        side = (m[V] + 0.10 * wide) / 1.65
        off = 1.65 * abs(side - floor(side) - 0.5)
        track = 1.0 - smooth(0.05, 0.50, off + 0.04 * wave)
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
