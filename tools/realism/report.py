"""All measures of two sets of sweeps, as a table and as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.realism import classifier, measures
from tools.realism.bands import LIMITS, bands
from tools.realism.grid import Sweep
from tools.realism.patches import patches

INCIDENCE_DEG = (0, 15, 30, 45, 60, 75, 90)
MMD_PATCHES = 400


@dataclass(frozen=True)
class Report:
    """rows: name -> its value in each set. distances: between the sets. curves: name -> (edges or None, values in each set).
    models: of the sensors."""

    models: tuple[str, str]
    sweeps: tuple[int, int]
    rows: dict[str, tuple[float, float]]
    distances: dict[str, float]
    curves: dict[str, tuple[list[float] | None, list[float], list[float]]]

    def plain(self) -> dict[str, Any]:
        """For JSON; what was not measured is null."""
        return _plain(
            {
                "models": self.models,
                "sweeps": self.sweeps,
                "rows": {
                    name: {"a": a, "b": b, "band_a": _band(self.models[0], name), "band_b": _band(self.models[1], name)}
                    for name, (a, b) in self.rows.items()
                },
                "distances": self.distances,
                "curves": {n: {"edges": e, "a": a, "b": b} for n, (e, a, b) in self.curves.items()},
            }
        )

    def text(self) -> str:
        """The table: a star marks what lies outside of the band of its sensor."""
        lines = [f"A: {self.sweeps[0]} sweeps, {self.models[0] or 'sensor not known'}"]
        lines += [f"B: {self.sweeps[1]} sweeps, {self.models[1] or 'sensor not known'}", ""]
        lines.append(f"{'':22}{'A':>10}{'B':>10}  band of A, of B (real sweeps)")
        for name, values in self.rows.items():
            told, marks = [], []
            for value, model in zip(values, self.models):
                band = bands(model).get(name)
                told.append(f"{band.low:.3g} to {band.high:.3g} ({band.real})" if band else "-")
                marks.append("*" if band and not band.holds(value) else " ")
            shown = "".join(f"{_number(v):>9}{mark}" for v, mark in zip(values, marks))
            lines.append(f"{name:22}{shown}  {told[0] if told[0] == told[1] else '; '.join(told)}")
        lines += ["", "A and B:"]
        for name, value in self.distances.items():
            limit = LIMITS.get(name)
            mark = "*" if limit is not None and value > limit else " "
            lines.append(f"{name:22}{_number(value):>9}{mark}" + (f"  at most {limit}" if limit is not None else ""))
        return "\n".join(line.rstrip() for line in lines)


def _band(model: str, name: str) -> list[float] | None:
    band = bands(model).get(name)
    return [band.low, band.high] if band else None


def _number(value: float) -> str:
    return "-" if not np.isfinite(value) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def rows_of(sweeps: Sequence[Sweep]) -> dict[str, float]:
    """Name -> value of everything that one set is measured by, in the unit that its name says."""
    noise = measures.noise_by_range(sweeps) * 1e3
    overall, by_ring = measures.return_rate(sweeps)
    third = len(by_ring) // 3
    intensity = np.concatenate([s.intensity[s.seen] for s in sweeps])
    distance = np.concatenate([s.range_m[s.seen] for s in sweeps])
    return {
        "return_rate": overall,
        "return_rate_top": float(by_ring[-third:].mean()),
        "return_rate_middle": float(by_ring[third:-third].mean()),
        "noise_near_mm": float(noise[0]),
        "noise_middle_mm": float(noise[1]),
        "noise_far_mm": float(noise[2]),
        "ground_roughness_mm": 1e3 * measures.ground_roughness(sweeps),
        "drop_outs": measures.drop_outs(sweeps),
        "jumps": measures.jumps(sweeps),
        "mixed_pixels": measures.mixed_pixels(sweeps),
        "ring_gain": measures.ring_gain(sweeps)[0],
        "intensity_mean": float(intensity.mean()),
        "intensity_spread": float(intensity.std()),
        "range_mean_m": float(distance.mean()),
        "range_spread_m": float(distance.std()),
    }


def compare(a: Sequence[Sweep], b: Sequence[Sweep], seed: int = 0, classify: bool = True) -> Report:
    """Everything about two sets. seed: of the classifier. classify: False leaves it out, which takes most of the time."""
    of_a, of_b = rows_of(a), rows_of(b)
    edges = list(measures.RANGE_EDGES_M)
    histogram = [measures.range_histogram(s) for s in (a, b)]
    distances = {"range_jsd_bits": measures.jsd(*histogram), "bird_eye_jsd_bits": measures.bird_eye_jsd(a, b)}
    if classify:
        p, q = patches(a), patches(b)
        distances |= {f"told_by_{name}": value for name, value in classifier.compare(p, q, seed).items()}
        distances |= {f"mmd_{name}": _mmd(getattr(p, name), getattr(q, name)) for name in ("noise", "intensity", "geometry")}
    incidence = list(np.deg2rad(INCIDENCE_DEG))
    curves = {
        "range_histogram": (edges, *(h.tolist() for h in histogram)),
        "return_rate_by_ring": (None, *(measures.return_rate(s)[1].tolist() for s in (a, b))),
        "ring_gain": (None, *(measures.ring_gain(s)[1].tolist() for s in (a, b))),
        "intensity_by_range": (edges, *(measures.intensity_by(s, "range", edges).tolist() for s in (a, b))),
        "intensity_by_incidence": (incidence, *(measures.intensity_by(s, "incidence", incidence).tolist() for s in (a, b))),
        "noise_by_range": (edges, *((1e3 * measures.noise_by_range(s, _pairs(edges))).tolist() for s in (a, b))),
    }
    return Report((a[0].model, b[0].model), (len(a), len(b)), {k: (of_a[k], of_b[k]) for k in of_a}, distances, curves)


def _pairs(edges: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(edges[:-1], edges[1:]))


def _mmd(a, b) -> float:
    """Of evenly picked patches, each feature over its spread in both sets."""
    a, b = (x[np.linspace(0, len(x) - 1, min(len(x), MMD_PATCHES)).astype(int)] for x in (a, b))
    both = np.concatenate([a, b])
    scale = np.maximum(both.std(0), 1e-9)
    return measures.mmd(a / scale, b / scale)
