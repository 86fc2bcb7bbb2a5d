"""How surfaces reflect: Fresnel's and Schlick's laws, and the GGX microfacet lobe."""

from __future__ import annotations

from math import pi, sqrt

from scenesim.kernels.jit import inline

WATER = 1.33  # refractive index
WATER_F0 = ((WATER - 1.0) / (WATER + 1.0)) ** 2


@inline
def schlick(f0, cosine):
    """Reflectance at an angle from reflectance at normal incidence (Schlick 1994)."""
    c = min(max(1.0 - cosine, 0.0), 1.0)
    return f0 + (1.0 - f0) * c * c * c * c * c


@inline
def fresnel(index, cosine):
    """Reflectance of unpolarised light on a dielectric of a refractive index, from outside."""
    g2 = index * index - 1.0 + cosine * cosine
    if g2 <= 0.0:
        return 1.0
    g = sqrt(g2)
    a = (g - cosine) / (g + cosine)
    b = (cosine * (g + cosine) - 1.0) / (cosine * (g - cosine) + 1.0)
    return 0.5 * a * a * (1.0 + b * b)


@inline
def ggx(nx, ny, nz, vx, vy, vz, lx, ly, lz, roughness):
    """(value, cosine of the half angle): GGX distribution times visibility times n.l, without Fresnel, 1/sr.

    Walter et al. 2007, with the height-correlated visibility of Heitz 2014. n: normal, v: to the eye, l: to the light, unit.
    """
    nl, nv = nx * lx + ny * ly + nz * lz, nx * vx + ny * vy + nz * vz
    hx, hy, hz = vx + lx, vy + ly, vz + lz
    f = 1.0 / sqrt(hx * hx + hy * hy + hz * hz + 1e-12)
    vh = (vx * hx + vy * hy + vz * hz) * f
    if nl <= 0.0:
        return 0.0, vh
    nv = max(nv, 0.02)
    nh = min((nx * hx + ny * hy + nz * hz) * f, 1.0)
    a2 = max(roughness * roughness * roughness * roughness, 1e-6)
    d = nh * nh * (a2 - 1.0) + 1.0
    distribution = a2 / (pi * d * d)
    visibility = 0.5 / (nl * sqrt(a2 + (1.0 - a2) * nv * nv) + nv * sqrt(a2 + (1.0 - a2) * nl * nl))
    return distribution * visibility * nl, vh
