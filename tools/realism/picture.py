"""The picture of a comparison: range images of both sets, and every curve of the report, A in blue and B in orange."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tools.realism.grid import Sweep
from tools.realism.report import Report

A, B, INK, FAINT = (38, 104, 196), (226, 122, 26), (40, 40, 40), (205, 205, 205)
WIDTH, PANEL_W, PANEL_H, LEFT, TOP = 1440, 470, 230, 46, 28
IMAGE_H = 128
TITLES = {
    "return_rate_by_ring": "share of slots with a return, by ring (0 the lowest)",
    "ring_gain": "mean intensity of ground at 6 to 20 m, by ring",
    "noise_by_range": "noise along rings, mm (MAD), by range, m",
    "range_histogram": "share of returns by range, m",
    "intensity_by_range": "median intensity by range, m",
    "intensity_by_incidence": "median intensity by incidence, degrees",
}


def draw(report: Report, a: Sequence[Sweep], b: Sequence[Sweep], path: str | Path) -> None:
    """Write a PNG: the first sweep of each set as ranges and as intensities, then the curves."""
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    height = 4 * (IMAGE_H + 20) + 12 + 2 * (PANEL_H + 16)
    page = Image.new("RGB", (WIDTH, height), "white")
    pen = ImageDraw.Draw(page)
    y = 4
    for name, colour, sweep, model in (("A", A, a[0], report.models[0]), ("B", B, b[0], report.models[1])):
        shown = {"range, near dark": np.log(np.maximum(sweep.range_m, 1.0)) / np.log(80.0), "intensity": sweep.intensity}
        for what, table in shown.items():
            pen.text((8, y), f"{name}  {model}: {what}", colour, font)
            page.paste(_strip(table), (8, y + 19))
            y += IMAGE_H + 20
    for k, (name, title) in enumerate(TITLES.items()):
        x, row = 8 + (k % 3) * (PANEL_W + 6), y + 8 + (k // 3) * (PANEL_H + 12)
        edges, of_a, of_b = report.curves[name]
        if name == "intensity_by_incidence":
            edges = list(np.rad2deg(edges))
        _panel(pen, (x, row), title, edges, (of_a, of_b), font, small)
    page.save(path)


def _strip(table: NDArray) -> Image.Image:
    """A sweep as an image, the highest ring at the top, straight ahead wherever the sensor begins; nothing is dark blue."""
    shown = np.flipud(np.clip(np.nan_to_num(table, nan=-1.0), -1.0, 1.0))
    grey = np.sqrt(np.maximum(shown, 0.0)) * 225 + 30
    picture = np.where(shown[..., None] >= 0, grey[..., None], np.array([12.0, 20.0, 60.0])).astype(np.uint8)
    return Image.fromarray(picture).resize((WIDTH - 16, IMAGE_H), Image.Resampling.NEAREST)


def _panel(pen, corner, title: str, edges, curves, font, small) -> None:
    x0, y0 = corner[0] + LEFT, corner[1] + TOP
    w, h = PANEL_W - LEFT - 12, PANEL_H - TOP - 22
    pen.text((corner[0] + 4, corner[1] + 4), title, INK, font)
    finite = [v for c in curves for v in c if v is not None and np.isfinite(v)]
    top = 1.08 * max(finite) if finite and max(finite) > 0 else 1.0
    last = edges[-1] if edges is not None else max(len(c) for c in curves)
    for k in range(5):
        level = y0 + h - h * k / 4
        pen.line([(x0, level), (x0 + w, level)], FAINT)
        pen.text((x0 - 4, level), f"{top * k / 4:.3g}", INK, small, anchor="rm")
        pen.text((x0 + w * k / 4, y0 + h + 4), f"{last * k / 4:.3g}", INK, small, anchor="ma")
    for colour, values in zip((A, B), curves):
        ends = edges if edges is not None else range(len(values) + 1)
        places = [0.5 * (p + q) for p, q in zip(ends[:-1], ends[1:])]
        line = []
        for at, value in zip(places, values):
            if value is None or not np.isfinite(value):
                _stroke(pen, line, colour)
                line = []
            else:
                line.append((x0 + w * at / last, y0 + h - h * value / top))
        _stroke(pen, line, colour)


def _stroke(pen, line, colour) -> None:
    if len(line) > 1:
        pen.line(line, colour, 2)
    for x, y in line:
        pen.ellipse([x - 2, y - 2, x + 2, y + 2], colour)
