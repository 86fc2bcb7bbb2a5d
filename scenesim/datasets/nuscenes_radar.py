"""Radar points as nuScenes has them: a .pcd file of 18 fields, those of an ARS 408's clusters.

Sources: nuscenes-devkit 1.2.0, python-sdk/nuscenes/utils/data_classes.py (RadarPointCloud.from_pcd_file: header, meaning of the
fields); the codes of standard deviations are those of the ARS 408's interface.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from scenesim.base import taxonomy
from scenesim.capture.frame import Detections, Frame

FIELDS = {
    "x": "<f4", "y": "<f4", "z": "<f4", "dyn_prop": "i1", "id": "<i2", "rcs": "<f4", "vx": "<f4", "vy": "<f4", "vx_comp": "<f4",
    "vy_comp": "<f4", "is_quality_valid": "i1", "ambig_state": "i1", "x_rms": "i1", "y_rms": "i1", "invalid_state": "i1",
    "pdh0": "i1", "vx_rms": "i1", "vy_rms": "i1",
}  # fmt: skip
POINT = np.dtype(list(FIELDS.items()))
MOVING, STATIONARY, ONCOMING = 0, 1, 2  # of dyn_prop
UNAMBIGUOUS, VALID, LIKELY = 3, 0, 1  # of ambig_state, invalid_state, pdh0 (below 25 % that it is false)
STANDS_M_S = 0.5
# Upper ends of the classes of standard deviations, m and m/s.
CODES = (
    0.005, 0.006, 0.008, 0.011, 0.014, 0.018, 0.023, 0.029, 0.038, 0.049, 0.063, 0.081, 0.105, 0.135, 0.174, 0.224, 0.288,
    0.371, 0.478, 0.616, 0.794, 1.023, 1.317, 1.697, 2.187, 2.817, 3.630, 4.676, 6.025, 7.762, 10.0,
)  # fmt: skip


def points(found: Detections) -> np.ndarray:
    """(N,) rows of POINT in the radar's frame. Radars do not know their ghosts, so that none is marked invalid."""
    out = np.zeros(len(found.range_m), POINT)
    out["x"], out["y"], out["z"] = found.xyz_m.T
    cosine, sine = np.cos(found.azimuth_rad), np.sin(found.azimuth_rad)
    over_ground = found.ground_velocity_m_s
    out["dyn_prop"] = np.where(np.abs(over_ground) < STANDS_M_S, STATIONARY, np.where(over_ground < 0, ONCOMING, MOVING))
    out["id"], out["rcs"] = np.arange(len(out)), found.rcs_dbsm
    out["vx"], out["vy"] = found.radial_velocity_m_s * cosine, found.radial_velocity_m_s * sine
    out["vx_comp"], out["vy_comp"] = over_ground * cosine, over_ground * sine
    out["is_quality_valid"], out["ambig_state"], out["invalid_state"], out["pdh0"] = 1, UNAMBIGUOUS, VALID, LIKELY
    across = found.range_m * found.azimuth_sd_rad
    for name, along, aside in (("x_rms", cosine, sine), ("y_rms", sine, cosine)):
        out[name] = _code(np.sqrt((along * found.range_sd_m) ** 2 + (aside * across) ** 2))
    out["vx_rms"], out["vy_rms"] = _code(np.abs(cosine) * found.velocity_sd_m_s), _code(np.abs(sine) * found.velocity_sd_m_s)
    return out


def _code(sd: np.ndarray) -> np.ndarray:
    return np.searchsorted(CODES, sd).astype(np.int8)


def pcd(found: Detections) -> bytes:
    """The file. Nothing found is one point of nan, as the devkit reads it; it also wants a byte after the last point."""
    rows = points(found)
    if not len(rows):
        rows = np.zeros(1, POINT)
        for name in ("x", "y", "z", "rcs", "vx", "vy", "vx_comp", "vy_comp"):
            rows[name] = np.nan
    kinds = [np.dtype(kind) for kind in FIELDS.values()]
    header = {
        "VERSION": "0.7", "FIELDS": " ".join(FIELDS), "SIZE": " ".join(str(k.itemsize) for k in kinds),
        "TYPE": " ".join("F" if k.kind == "f" else "I" for k in kinds), "COUNT": " ".join("1" for _ in kinds),
        "WIDTH": str(len(rows)), "HEIGHT": "1", "VIEWPOINT": "0 0 0 1 0 0 0", "POINTS": str(len(rows)), "DATA": "binary",
    }  # fmt: skip
    lines = ["# .PCD v0.7 - Point Cloud Data file format", *(f"{key} {value}" for key, value in header.items())]
    return ("\n".join(lines) + "\n").encode("ascii") + rows.tobytes() + b"\n"


def counts(frame: Frame) -> Counter[int]:
    """track -> detections of it, over all radars; ghosts are not counted."""
    direct, found = taxonomy.radar_causes()["direct"], Counter[int]()
    for radar in frame.radars.values():
        found.update(radar.instance[radar.cause == direct].tolist())
    return found
