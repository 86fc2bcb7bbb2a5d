"""``python -m tools.lidar_gallery -o PICTURE``: bird's eye and range images of one street in twelve weathers for four
instruments."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scenesim import simulate
from scenesim.base import taxonomy
from scenesim.capture.frame import Sweep
from scenesim.report.view import CAUSES
from scenesim.scenario.model import Scenario

Picture = NDArray[np.uint8]

WEATHERS: dict[str, dict[str, Any]] = {
    "clear": {},
    "night": {},
    "light rain": {"preset": "drizzle", "rain_mm_per_h": 2.0},
    "moderate rain": {"preset": "rain", "rain_mm_per_h": 8.0},
    "heavy rain": {"preset": "rain_heavy", "rain_mm_per_h": 40.0},
    "after the rain": {"cloud_cover": 0.8, "road_wetness": 0.55},
    "soaked road: spray": {"cloud_cover": 0.8, "road_wetness": 1.0},
    "light fog": {"preset": "fog_light", "visibility_m": 150.0},
    "dense fog": {"preset": "fog_dense", "visibility_m": 40.0},
    "light snow": {"preset": "snow_light", "snow_mm_per_h": 0.5},
    "heavy snow": {"preset": "snow_heavy", "snow_mm_per_h": 4.0},
    "snow cover, cold": {"cloud_cover": 0.8, "snow_cover": 0.9, "road_wetness": 0.2},
}
INSTRUMENTS = {
    "lidar_hdl64e": "HDL-64E: spinning",
    "lidar_os1_128": "OS1-128: spinning",
    "lidar_at128": "AT128: mirror",
    "lidar_mid70": "Mid-70: rosette",
}
BEHIND_M, AHEAD_M, ASIDE_M = 22.0, 58.0, 15.0  # of the bird's eye view
PX_M = 3.6
WIDE = round((BEHIND_M + AHEAD_M) * PX_M)
TALL, RANGE_TALL, NAME_WIDE, GAP, HEAD, FOOT = round(2 * ASIDE_M * PX_M), 40, 92, 4, 22, 24
PAPER, INK, GROUND = (246, 246, 244), (40, 40, 40), (16, 18, 22)
LOUD = 2  # px along a side of a point in the air
SHOWN = ("surface", "fog", "rain", "snow", "spray", "exhaust", "ghost")


def street(weather: dict[str, Any], night: bool) -> Scenario:
    """A street with a lorry and cars on it, as the four instruments see it in a weather."""
    at = {"position_m": [1.0, 0.0, 1.9]}
    lane, other = {"road": "1", "lane": -1}, {"road": "1", "lane": 1}
    return Scenario(
        **{
            "name": "gallery",
            "seed": 12,
            "duration_s": 0.1,
            "road": {"place": {"kind": "straight", "road_type": "town", "length_m": 420}},
            "ego": {"model": "estate", "follow_lane": {"start": {**lane, "s_m": 150}, "speed_m_s": 17}},
            "actors": [
                {"name": "lorry", "model": "lorry", "follow_lane": {"start": {"ahead_m": 19}, "speed_m_s": 17}},
                {"name": "comes", "model": "sedan", "follow_lane": {"start": {**other, "s_m": 163}, "speed_m_s": 16}},
                {"name": "follows", "model": "suv", "follow_lane": {"start": {**other, "s_m": 186}, "speed_m_s": 16}},
            ],
            "traffic": {"parked": 8, "pedestrians": 8},
            "surroundings": {"reach_m": 120},
            "weather": weather,
            "light": {"sun_elevation_deg": -10 if night else 30},
            "rig": {"rate_hz": 10, "sensors": {name[6:]: {"sensor": name, **at} for name in INSTRUMENTS}},
        }
    )  # fmt: skip


def colours(sweep: Sweep) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """((N, 3) RGB of points, by what they hit, surfaces by their intensity; (N,) those that are no surfaces)."""
    names = {number: name for name, number in taxonomy.hits().items()}
    palette = np.array([CAUSES[names[k]] for k in range(len(names))], np.uint8)
    grey = np.clip(70 + 185 * np.sqrt(np.clip(sweep.intensity, 0.0, 1.0)), 0, 255).astype(np.uint8)
    plain = np.isin(sweep.hit, [taxonomy.hits()[n] for n in ("surface", "through_glass", "mixed")])
    return np.where(plain[:, None], np.stack([grey, grey, grey], -1), palette[sweep.hit]), ~plain


def birds_eye(sweep: Sweep) -> Picture:
    """From above, the ego looking to the right; what is in the air is drawn last, and larger."""
    out = np.full((TALL, WIDE, 3), GROUND, np.uint8)
    rgb, air = colours(sweep)
    column = ((sweep.xyz_ego_m[:, 0] + BEHIND_M) * PX_M).astype(int)
    row = ((ASIDE_M - sweep.xyz_ego_m[:, 1]) * PX_M).astype(int)
    inside = (column >= 0) & (column < WIDE - 1) & (row >= 0) & (row < TALL - 1)
    for wanted, size in ((inside & ~air, 1), (inside & air, LOUD)):
        for down in range(size):
            for right in range(size):
                out[row[wanted] + down, column[wanted] + right] = rgb[wanted]
    return out


def range_image(sweep: Sweep) -> Picture:
    """Azimuths from -60 to 60 degrees across, elevations from -22 to 8 up: near is red, nothing black, and what is in the air
    in the colour of its cause."""
    out = np.full((RANGE_TALL, WIDE, 3), GROUND, np.uint8)
    x, y, z = sweep.xyz_m.T
    azimuth, elevation = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.sqrt(x * x + y * y)))
    column, row = ((60.0 - azimuth) / 120.0 * WIDE).astype(int), ((8.0 - elevation) / 30.0 * RANGE_TALL).astype(int)
    near = (255.0 / (1.0 + np.maximum(sweep.range_m, 0.0) / 15.0)).astype(np.uint8)
    rgb = cv2.applyColorMap(near[:, None], cv2.COLORMAP_TURBO)[:, 0, ::-1]
    cause, air = colours(sweep)
    inside = (column >= 0) & (column < WIDE) & (row >= 0) & (row < RANGE_TALL)
    inside &= sweep.echo == sweep.echoes  # the last echo of each pulse
    order = np.argsort(-sweep.range_m, kind="stable")
    order = order[inside[order]]
    out[row[order], column[order]] = np.where(air[:, None], cause, rgb)[order]
    return out


def cell(sweep: Sweep, clear: int) -> Picture:
    """A sweep: from above, as a range image, and in numbers. clear: points on surfaces on a clear day."""
    _, air = colours(sweep)
    solid = int((~air).sum())
    top = birds_eye(sweep)
    told = f"{solid / 1000:.0f} k" if solid >= clear else f"{solid / 1000:.0f} k, {100 * (1 - solid / clear):.0f} % lost"
    if air.sum() > 20:
        told += f", {air.sum() / 1000:.1f} k in the air"
    write(top, told, (4, TALL - 5), (225, 225, 225), 0.34)
    return np.concatenate([top, np.full((1, WIDE, 3), PAPER, np.uint8), range_image(sweep)])


def write(picture: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int], size: float) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def gallery(threads: int | None = None) -> Picture:
    """All of it."""
    high, across = TALL + 1 + RANGE_TALL, len(INSTRUMENTS)
    page = np.full((HEAD + (high + GAP) * len(WEATHERS) + FOOT, NAME_WIDE + (WIDE + GAP) * across, 3), PAPER, np.uint8)
    for k, name in enumerate(INSTRUMENTS.values()):
        write(page, name, (NAME_WIDE + k * (WIDE + GAP) + 4, 15), INK, 0.45)
    clear: dict[str, int] = {}
    for n, (name, weather) in enumerate(WEATHERS.items()):
        (frame,) = simulate.frames(street(weather, name == "night"), only=range(1), threads=threads)
        top = HEAD + n * (high + GAP)
        for line, words in enumerate(name.replace(": ", ":\n").replace(", ", ",\n").split("\n")):
            write(page, words, (4, top + 16 + 15 * line), INK, 0.4)
        for k, sensor in enumerate(INSTRUMENTS):
            sweep = frame.sweeps[sensor[6:]]
            seen = clear.setdefault(sensor, int((~colours(sweep)[1]).sum()))
            left = NAME_WIDE + k * (WIDE + GAP)
            page[top : top + high, left : left + WIDE] = cell(sweep, seen)
        print(name, flush=True)
    left, low = NAME_WIDE, page.shape[0] - 8
    for cause in SHOWN:
        cv2.rectangle(page, (left, low - 9), (left + 9, low), CAUSES[cause] if cause != "surface" else (150, 150, 150), -1)
        write(page, cause if cause != "surface" else "surface, by intensity", (left + 14, low), INK, 0.4)
        left += 160 if cause == "surface" else 80
    return page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.lidar_gallery", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=Path("docs/images/lidar_weathers.jpg"))
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), gallery(args.threads)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 78])
    print(args.out)


if __name__ == "__main__":
    main()
