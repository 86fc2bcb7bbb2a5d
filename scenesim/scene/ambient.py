"""Ambient light in a scene: probes on a grid that is fixed in the world, made tile by tile where a frame needs them.

Probes see what stands still. A tile depends on the static scene and the environment alone, so it is the same whichever frame
asks first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scenesim.kernels import probes
from scenesim.kernels.atmosphere import Environment
from scenesim.kernels.packed import PackedScene

SPACING_M = 4.0
TILE = 8  # probes along a side of a tile
CELL_TILES = 8  # tiles along a side of a cell, all of which share one static scene
RADIUS_TILES = 2  # tiles on each side of the one that a frame is in
# What a surface that a probe sees has of the open sky's light, and of sunlight that others throw on it; held against paths that
# are followed (tools/judge).
SKY_LEFT, BOUNCED = 0.75, 0.15
TOP_M = 200.0  # above this nothing stands on the ground

Run = Callable[[Callable[[int, int], None], int, int], None]


def _serial(work: Callable[[int, int], None], n: int, grain: int) -> None:
    work(0, n)


class AmbientField:
    """Ambient light around any point of the static world.

    static_scene: for the world position (3,) of a local frame's origin, the PackedScene of what stands still, in that frame.
    """

    def __init__(self, environment: Environment, static_scene: Callable[[NDArray[np.float64]], PackedScene]):
        self._environment = environment
        self._static_scene = static_scene
        self._cells: dict[tuple[int, int], PackedScene] = {}
        self._tiles: dict[tuple[int, int], tuple[NDArray, NDArray, NDArray]] = {}

    def around(self, origin_m: NDArray[np.float64], run: Run = _serial) -> Environment:
        """The environment with probes about the world position (3,) of a frame's local origin. run(work, n, grain) calls
        ``work(begin, end)`` for spans that cover range(n), on threads if it likes."""
        step = SPACING_M * TILE
        ci, cj = int(np.floor(origin_m[0] / step)), int(np.floor(origin_m[1] / step))
        span = range(-RADIUS_TILES, RADIUS_TILES + 1)
        wanted = [[(ci + i, cj + j) for i in span] for j in span]
        missing = [t for row in wanted for t in row if t not in self._tiles]
        for t in missing:
            self._tiles[t] = self._make(t, run)
        join = [[self._tiles[t] for t in row] for row in wanted]
        cube, weight, ground = (np.concatenate([np.concatenate([t[k] for t in row], 1) for row in join]) for k in range(3))
        corner = np.array([(ci - RADIUS_TILES) * step, (cj - RADIUS_TILES) * step]) + 0.5 * SPACING_M
        return self._environment._replace(
            probes=np.ascontiguousarray(cube),
            probe_weight=np.ascontiguousarray(weight),
            probe_ground=np.ascontiguousarray(ground - origin_m[2], np.float32),
            probe_origin=(corner - origin_m[:2]).astype(np.float32),
            probe_spacing=SPACING_M,
        )

    def _make(self, tile: tuple[int, int], run: Run) -> tuple[NDArray, NDArray, NDArray]:
        """(probes (TILE, TILE, levels, 6, 3), weight, ground (TILE, TILE) m in the world) of one tile."""
        cell = (tile[0] // CELL_TILES, tile[1] // CELL_TILES)
        step = SPACING_M * TILE
        origin = np.array([cell[0] * CELL_TILES * step, cell[1] * CELL_TILES * step, 0.0])
        if cell not in self._cells:
            self._cells[cell] = self._static_scene(origin)
        scene, env = self._cells[cell], self._environment
        x0, y0 = tile[0] * step - origin[0] + 0.5 * SPACING_M, tile[1] * step - origin[1] + 0.5 * SPACING_M
        ground = np.empty((TILE, TILE), np.float32)
        probes.ground_heights(scene, x0, y0, SPACING_M, self._top(scene), ground)
        levels = len(env.probe_height)
        cube = np.empty((TILE, TILE, levels, 6, 3), np.float32)
        weight = np.empty((TILE, TILE, levels), np.float32)
        rough = (SKY_LEFT * env.open_sky[4] + BOUNCED * env.sun_lux * max(float(env.sun[2]), 0.0)).astype(np.float64)

        def work(begin: int, end: int) -> None:
            probes.fill_probes(scene, env, x0, y0, SPACING_M, ground, env.probe_height, rough, begin, end, cube, weight)

        run(work, TILE, 1)
        return cube, weight, np.nan_to_num(ground)

    @staticmethod
    def _top(scene: PackedScene) -> float:
        """A height in the local frame above all that stands."""
        if len(scene.prototype) == 0:
            return TOP_M
        reach = np.abs(scene.geometry.bounds).max(1)[scene.prototype]
        return float(min((scene.pose[0, :, 6] + reach).max() + 1.0, 9e3))
