"""The rays of the benchmark: (N, 6) float32 of origin and direction, the same for ours and for the peers."""

from __future__ import annotations

import numpy as np

from scenesim.base import keys

SUN = np.array([0.45, 0.35, 0.82]) / np.linalg.norm([0.45, 0.35, 0.82])
TILE = 8


def _join(origin, direction):
    direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    return np.concatenate([np.broadcast_to(origin, direction.shape), direction], -1).reshape(-1, 6).astype(np.float32)


def camera(ego, width=1600, height=900, fov_deg=70.0, yaw=0.15):
    """A pinhole camera that looks along the road, rows from the top."""
    f = width / 2 / np.tan(np.radians(fov_deg / 2))
    u, v = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    d = np.stack([np.ones_like(u), -u / f, -v / f], -1)
    c, s = np.cos(yaw), np.sin(yaw)
    return _join(ego + [1.5, 0, 1.6], d @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]))


def lidar(ego, beams=64, columns=2048):
    """One turn of a spinning lidar on a car that drives 1 m meanwhile: a beam at a time, each ray with its own origin."""
    el, az = np.radians(np.linspace(-24, 4, beams))[:, None], np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    d = np.stack([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el) + 0 * az], -1)
    origin = np.zeros(d.shape) + ego + [0, 0, 1.9]
    origin[..., 0] += np.linspace(0, 1, columns)[None]
    return _join(origin, d)


def secondary(rays, t, normal):
    """(shadow, bounce): from where `rays` hit at t (N,) with normal (N, 3), towards the sun and in all directions.

    shadow: (N, 6), all 0 where nothing was hit, so that a row of pixels stays a row; bounce: (M, 6) of those that hit.
    """
    hit = np.isfinite(t)
    o, d, n = rays[hit, :3].astype(float), rays[hit, 3:].astype(float), normal[hit].astype(float)
    n = n * np.where((n * d).sum(1, keepdims=True) > 0, -1, 1)
    n = n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-30)
    p = o + d * t[hit, None] + n * 1e-3
    q = keys.generator(keys.derive(3, "bench", "bounce")).normal(size=p.shape)
    q = n + q / np.linalg.norm(q, axis=1, keepdims=True)
    shadow = np.zeros((len(rays), 6), np.float32)
    shadow[hit] = _join(p, np.broadcast_to(SUN, p.shape))
    return shadow, _join(p, q + 1e-6 * n)
