"""Chance inside kernels: numbers that depend on a key and on counters, never on what was drawn before."""

from __future__ import annotations

from math import cos, log, sqrt

import numpy as np

from scenesim.kernels.jit import inline

TAU = 6.283185307179586
_A, _B, _C = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@inline
def scramble(x):
    """64 bits from 64 bits, each of which depends on all (the finaliser of SplitMix64: Steele et al. 2014)."""
    x = (x ^ (x >> _30)) * _B
    x = (x ^ (x >> _27)) * _C
    return x ^ (x >> _31)


@inline
def bits(key, ray, sample, dimension):
    """64 even bits for a key (uint64) and three counters."""
    x = scramble(np.uint64(key) + np.uint64(ray) * _A)
    return scramble(x + (np.uint64(sample) << np.uint64(32)) + np.uint64(dimension) + _A)


@inline
def uniform(key, ray, sample, dimension):
    """A number in [0, 1) for a key (uint64) and three counters."""
    return float(bits(key, ray, sample, dimension) >> _11) * (1.0 / 9007199254740992.0)


@inline
def normal(key, ray, sample, dimension):
    """A standard normal number (Box and Muller 1958); uses dimensions `dimension` and `dimension` + 1."""
    a, b = uniform(key, ray, sample, dimension), uniform(key, ray, sample, dimension + 1)
    return sqrt(-2.0 * log(1.0 - a)) * cos(TAU * b)
