"""What real sweeps of known sensors measure, and how far from that a simulated sweep may be.

Source: medians over published sweeps of each sensor in towns by day (KITTI, nuScenes, Argoverse 2, sample data of Ouster),
measured by this project. Only models that were measured have a band.
"""

from __future__ import annotations

from dataclasses import dataclass

MODELS = {  # words of a model's name -> key of the bands
    "HDL-64E": "hdl64e", "HDL-32E": "hdl32e", "VLP-32C": "vlp32c", "OS1-32": "os1_32", "OS1-128": "os1_128",
    "OS2-128": "os2_128",
}  # fmt: skip


@dataclass(frozen=True)
class Band:
    """low to high, both in the unit of the measure; real: what was found, for the reader."""

    low: float
    high: float
    real: str

    def holds(self, value: float) -> bool:
        """Whether a value is inside."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Real:
    """noise_mm: of the three ranges of measures.NOISE_BINS_M. The others as the functions of measures; 0 where not known."""

    noise_mm: tuple[tuple[float, float], ...] = ()
    roughness_mm: float = 0.0
    returns: float = 0.0
    drop_outs: bool = False
    jumps: tuple[float, float] = (0.06, 0.13)
    mixed: tuple[float, float] = (0.005, 0.017)
    gain: str = ""


REAL = {
    "hdl64e": Real(((9, 9), (11, 11), (16, 16)), 7.5, 0.90, gain="0.19"),
    "hdl32e": Real(((4.8, 4.8), (6.1, 6.1), (16, 16)), 2.1, 0.77, gain="0.31"),
    "vlp32c": Real(((5, 5), (9.5, 9.5), (13, 20)), 2.4, 0.90, gain="0.27 to 0.39"),
    "os1_32": Real(((9, 9), (18, 18), (20, 20)), drop_outs=True, mixed=(0.005, 0.024), gain="0.18 to 0.23"),
    "os1_128": Real((), 7.9, 0.82, True, mixed=(0.005, 0.024), gain="0.18 to 0.23"),
    # 128 lines over 22 degrees: between the leaves of one tree at twice the distance.
    "os2_128": Real((), 0.0, 0.91, True, jumps=(0.06, 0.25), mixed=(0.005, 0.024), gain="0.18 to 0.23"),
}


def key_of(model: str) -> str:
    """Key of the bands of a sensor, "" for those that were not measured."""
    return next((key for word, key in MODELS.items() if model.endswith(word) or f"{word} " in model), "")


def bands(model: str) -> dict[str, Band]:
    """Name of a row of the report -> its band, for the sensor of that name."""
    real = REAL.get(key_of(model))
    if real is None:
        return {}
    found = {}
    for name, (low, high) in zip(("noise_near_mm", "noise_middle_mm", "noise_far_mm"), real.noise_mm):
        found[name] = Band(0.6 * low, 1.6 * high, f"{low:g}" if low == high else f"{low:g} to {high:g}")
    if real.roughness_mm:
        found["ground_roughness_mm"] = Band(0.5 * real.roughness_mm, 2.0 * real.roughness_mm, f"{real.roughness_mm:g}")
    if real.returns:
        found["return_rate"] = Band(real.returns - 0.07, real.returns + 0.07, f"{real.returns:.2f}")
    if real.drop_outs:
        found["drop_outs"] = Band(0.005, 0.04, "0.012 to 0.028")
    found["jumps"] = Band(*real.jumps, f"{real.jumps[0]:g} to {real.jumps[1]:g}")
    found["mixed_pixels"] = Band(*real.mixed, f"{real.mixed[0]:g} to {real.mixed[1]:g}")
    found["ring_gain"] = Band(0.08, 0.4, real.gain)
    return found


# Of the classifier; real sweeps of different places come to 0.57 to 0.59, 0.65 to 0.80 and 0.67 to 0.81.
LIMITS = {"told_by_noise": 0.70, "told_by_intensity": 0.85, "told_by_geometry": 0.90}
