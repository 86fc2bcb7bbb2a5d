"""Pages of pictures for the documentation: python -m tools.gallery scenarios|conditions OUT.jpg.

`scenarios`: every scenario that ships, as its front camera sees it half way. `conditions`: one street of one seed, by day, at
dusk and by night, in all weathers.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import scenesim
from scenesim.base import assets

STREET, WIDTH, CAMERA = "first_light", 480, "front"
DAY, LOW, DUSK, NIGHT = (f"light.sun_elevation_deg={e}" for e in (38, 9, -3, -20))
AHEAD = "light.sun_azimuth_deg=352"  # before the camera
CONDITIONS = {
    "clear": ["weather=clear", DAY],
    "partly cloudy": ["weather.cloud_cover=0.6", DAY],
    "overcast": ["weather=overcast", DAY],
    "haze": ["weather=haze", DAY],
    "low sun ahead": ["weather=clear", LOW, AHEAD],
    "low sun, wet": ["weather={cloud_cover: 0.3, road_wetness: 0.8}", LOW, AHEAD],
    "mist": ["weather={visibility_m: 600, cloud_cover: 1.0}", DAY],
    "dense fog": ["weather=fog_dense", DAY],
    "drizzle": ["weather=drizzle", DAY],
    "rain": ["weather={rain_mm_per_h: 8, cloud_cover: 1.0, visibility_m: 8000}", DAY],
    "downpour": ["weather={rain_mm_per_h: 50, cloud_cover: 1.0, visibility_m: 6000}", DAY],
    "after rain": ["weather={cloud_cover: 0.7, road_wetness: 1.0}", DAY],
    "light snow": ["weather={snow_mm_per_h: 0.5, cloud_cover: 1.0, visibility_m: 10000}", DAY],
    "heavy snow": ["weather={snow_mm_per_h: 3, cloud_cover: 1.0, visibility_m: 6000}", DAY],
    "snow on the ground": ["weather={snow_cover: 0.9, cloud_cover: 0.2}", DAY],
    "dusk": ["weather.cloud_cover=0.4", DUSK],
    "dusk, wet": ["weather={cloud_cover: 0.8, road_wetness: 0.9}", DUSK],
    "dusk, snow": ["weather={snow_mm_per_h: 1.5, cloud_cover: 1.0, visibility_m: 6000}", DUSK],
    "night": ["weather=clear", NIGHT],
    "night, wet": ["weather={cloud_cover: 0.9, road_wetness: 1.0}", NIGHT],
    "night, rain": ["weather={rain_mm_per_h: 10, cloud_cover: 1.0, visibility_m: 8000}", NIGHT],
    "night, fog": ["weather={visibility_m: 120, cloud_cover: 1.0}", NIGHT],
    "night, snow": ["weather={snow_mm_per_h: 2, cloud_cover: 1.0, visibility_m: 6000}", NIGHT],
    "night, no street lights": ["weather=clear", NIGHT, "surroundings.lights=0"],
}


def scenarios() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(name, picture) of every scenario that ships."""
    for path in sorted(assets.folder("scenarios").glob("*.yaml")):
        yield path.stem, picture(path.stem, [], 0.5)


def conditions() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """(name, picture) of one street in each condition."""
    for name, overrides in CONDITIONS.items():
        yield name, picture(STREET, overrides, 0.0)


def picture(scenario: str, overrides: list[str], share: float) -> NDArray[np.uint8]:
    """What the front camera sees after a share of the scenario."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = scenesim.load(scenario, overrides)
    k = int(share * loaded.frame_count)
    return next(scenesim.frames(loaded, only=range(k, k + 1), sensors=[CAMERA])).images[CAMERA].rgb


def page(pictures: Iterator[tuple[str, NDArray[np.uint8]]], columns: int) -> Image.Image:
    """Pictures in rows, each with its name in a corner."""
    tiles = []
    for name, rgb in pictures:
        tile = Image.fromarray(rgb)
        tile = tile.resize((WIDTH, round(WIDTH * tile.height / tile.width)), Image.Resampling.LANCZOS)
        draw = ImageDraw.Draw(tile)
        draw.rectangle((0, 0, 12 + draw.textlength(name, font_size=15), 22), fill=(0, 0, 0))
        draw.text((6, 2), name, fill=(255, 255, 255), font_size=15)
        tiles.append(tile)
    height = max(t.height for t in tiles)
    out = Image.new("RGB", (columns * WIDTH, -(-len(tiles) // columns) * height))
    for k, tile in enumerate(tiles):
        out.paste(tile, (k % columns * WIDTH, k // columns * height))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["scenarios", "conditions"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--quality", type=int, default=82)
    arguments = parser.parse_args()
    pictures = scenarios() if arguments.what == "scenarios" else conditions()
    page(pictures, arguments.columns).save(arguments.out, quality=arguments.quality)
    print(arguments.out)


if __name__ == "__main__":
    main()
