"""Plane curves by arc length, and piecewise cubics: what road reference lines and profiles are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Gauss-Legendre nodes and weights on [0, 1]: exact to rounding for the smooth integrands below if a panel turns by < 1 rad.
_NODES, _WEIGHTS = (np.polynomial.legendre.leggauss(12)[0] + 1) / 2, np.polynomial.legendre.leggauss(12)[1] / 2


@dataclass(frozen=True)
class Cubics:
    """A piecewise cubic: a + b d + c d^2 + e d^3 with d = s - start of the piece.

    start: (n,) increasing. coefficients: (n, 4). Before the first start the first piece goes on; no pieces is zero.
    """

    start: Array
    coefficients: Array

    @staticmethod
    def of(rows: ArrayLike) -> Cubics:
        """From rows (n, 5) of start, a, b, c, d; of several rows with one start the last counts."""
        r = np.asarray(rows, float).reshape(-1, 5)
        r = r[np.argsort(r[:, 0], kind="stable")]
        return Cubics(r[:, 0], r[:, 1:])

    @staticmethod
    def constant(value: float) -> Cubics:
        return Cubics.of([[0.0, value, 0.0, 0.0, 0.0]])

    def at(self, s: ArrayLike) -> Array:
        """(...) values at s."""
        d, c = self._piece(s)
        return c[..., 0] + d * (c[..., 1] + d * (c[..., 2] + d * c[..., 3])) if len(self.start) else np.zeros_like(d)

    def slope_at(self, s: ArrayLike) -> Array:
        """(...) derivatives at s."""
        d, c = self._piece(s)
        return c[..., 1] + d * (2 * c[..., 2] + d * 3 * c[..., 3]) if len(self.start) else np.zeros_like(d)

    def _piece(self, s: ArrayLike) -> tuple[Array, Array]:
        """Distances (...) into the pieces, and coefficients that broadcast with (..., 4)."""
        s = np.asarray(s, float)
        if not len(self.start):
            return np.zeros_like(s), np.zeros((*s.shape, 4))
        if len(self.start) == 1:
            return s - self.start[0], self.coefficients[0]
        k = np.clip(np.searchsorted(self.start, s, side="right") - 1, 0, len(self.start) - 1)
        return s - self.start[k], self.coefficients[k]

    @property
    def is_zero(self) -> bool:
        return not len(self.start) or not self.coefficients.any()


@dataclass(frozen=True)
class Piece:
    """A piece of a reference line (OpenDRIVE 1.8, section 9): where it starts, and its kind with parameters.

    kind and parameters: "line" (); "arc" (curvature,); "spiral" (curvature at start, at end); "poly3" (a, b, c, d);
    "paramPoly3" (aU, bU, cU, dU, aV, bV, cV, dV, range of p). s, x, y, length: m. heading: rad. Curvature: 1/m, left positive.
    """

    s: float
    x: float
    y: float
    heading: float
    length: float
    kind: str = "line"
    parameters: tuple[float, ...] = ()

    def at(self, d: ArrayLike) -> tuple[Array, Array, Array]:
        """(x, y, heading), each (...), at distances d (...) m along the piece."""
        d = np.asarray(d, float)
        if self.kind == "line":
            u, v, turn = d, np.zeros_like(d), np.zeros_like(d)
        elif self.kind == "arc":
            u, v, turn = _arc(d, self.parameters[0])
        elif self.kind == "spiral":
            u, v, turn = _spiral(d, *self.parameters, self.length)
        elif self.kind == "poly3":
            u, v, turn = _poly3(d, self.parameters)
        else:
            u, v, turn = _param_poly3(d, self.parameters, self.length)
        c, s = np.cos(self.heading), np.sin(self.heading)
        return self.x + c * u - s * v, self.y + s * u + c * v, self.heading + turn

    def curvature_at(self, d: ArrayLike) -> Array:
        """(...) 1/m at distances d (...)."""
        d = np.asarray(d, float)
        if self.kind == "line":
            return np.zeros_like(d)
        if self.kind == "arc":
            return np.full_like(d, self.parameters[0])
        if self.kind == "spiral":
            k0, k1 = self.parameters
            return k0 + (k1 - k0) * d / max(self.length, 1e-12)
        h = 1e-3
        return (self.at(d + h)[2] - self.at(d - h)[2]) / (2 * h)


def _arc(d: Array, k: float) -> tuple[Array, Array, Array]:
    turn = k * d
    if abs(k) < 1e-12:
        return d, 0.5 * k * d * d, turn
    half = turn / 2
    chord = np.where(np.abs(half) < 1e-8, d, np.sin(half) / np.where(half == 0, 1.0, half) * d)
    return chord * np.cos(half), chord * np.sin(half), turn


def _spiral(d: Array, k0: float, k1: float, length: float) -> tuple[Array, Array, Array]:
    """Clothoid: the heading is a quadratic of the distance; its cosine and sine are integrated panel by panel."""
    rate = (k1 - k0) / max(length, 1e-12)
    turn = k0 * d + 0.5 * rate * d * d
    swing = float(np.max(np.abs(d), initial=0.0)) * max(abs(k0), abs(k1))
    panels = max(1, int(np.ceil(swing)))
    t = (np.arange(panels)[:, None] + _NODES).ravel() / panels  # nodes on [0, 1]
    w = np.tile(_WEIGHTS, panels) / panels
    q = d[..., None] * t
    h = k0 * q + 0.5 * rate * q * q
    return d * (np.cos(h) * w).sum(-1), d * (np.sin(h) * w).sum(-1), turn


def _poly3(d: Array, p: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """v(u) is a cubic; u at a distance along the curve by Newton's method on the arc length."""
    a, b, c, e = p
    u = d / np.sqrt(1 + b * b)
    for _ in range(12):
        q = u[..., None] * _NODES
        slope = b + q * (2 * c + q * 3 * e)
        length = u * (np.sqrt(1 + slope * slope) * _WEIGHTS).sum(-1)
        at_u = b + u * (2 * c + u * 3 * e)
        u = u - (length - d) / np.sqrt(1 + at_u * at_u)
    return u, a + u * (b + u * (c + u * e)), np.arctan2(b + u * (2 * c + u * 3 * e), np.ones_like(u))


def _param_poly3(d: Array, p: tuple[float, ...], length: float) -> tuple[Array, Array, Array]:
    au, bu, cu, du, av, bv, cv, dv, p_range = p
    q = d * (p_range / max(length, 1e-12))
    u, v = au + q * (bu + q * (cu + q * du)), av + q * (bv + q * (cv + q * dv))
    return u, v, np.arctan2(bv + q * (2 * cv + q * 3 * dv), bu + q * (2 * cu + q * 3 * du))


@dataclass(frozen=True)
class ReferenceLine:
    """Pieces in order of s."""

    pieces: tuple[Piece, ...]
    length: float

    def at(self, s: ArrayLike) -> tuple[Array, Array, Array]:
        """(x, y, heading), each (...), at s (...); beyond the ends the end pieces go on."""
        s = np.asarray(s, float)
        flat = s.ravel()
        k = self._index(flat)
        out = np.empty((3, len(flat)))
        for j in np.unique(k):
            m = k == j
            out[:, m] = self.pieces[j].at(flat[m] - self.pieces[j].s)
        return tuple(o.reshape(s.shape) for o in out)  # type: ignore[return-value]

    def curvature_at(self, s: ArrayLike) -> Array:
        """(...) 1/m."""
        s = np.asarray(s, float)
        flat = s.ravel()
        k = self._index(flat)
        out = np.empty(len(flat))
        for j in np.unique(k):
            m = k == j
            out[m] = self.pieces[j].curvature_at(flat[m] - self.pieces[j].s)
        return out.reshape(s.shape)

    def _index(self, flat: Array) -> NDArray[np.int64]:
        start = np.array([p.s for p in self.pieces])
        return np.clip(np.searchsorted(start, flat, side="right") - 1, 0, len(start) - 1)
