"""The report: one HTML file that holds all that it shows, and asks nothing of any network."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenesim.base import assets, taxonomy
from scenesim.base.files import written_whole
from scenesim.report import conditions, statistics
from scenesim.report.collect import Counted, collect
from scenesim.report.frames import MOST_POINTS, QUANTUM_M, encoded, fitting
from scenesim.report.source import source

BUDGET_MB = 40.0
MOST_FRAMES = 120
SCRIPTS = ("common.js", "charts.js", "points.js", "browser.js", "main.js")
THREE, THREE_LICENCE = "three/three.module.min.js", "three/LICENSE"


@dataclass(frozen=True)
class Written:
    """What a report holds: its file, its size, and how many of the frames it shows."""

    path: Path
    size: int
    shown: int
    frames: int


def write(
    folder: Path,
    target: Path,
    *,
    most_frames: int = MOST_FRAMES,
    budget_mb: float = BUDGET_MB,
    version: str = "",
    told: Callable[[str, int], Callable[[], None]] = lambda name, parts: lambda: None,
) -> Written:
    """Write the report of a native dataset or a batch. The same dataset gives the same bytes. told: is called with the name and
    the number of parts before they are counted, and gives what is called after each. Raises InputError."""
    found = source(folder)
    with written_whole(target) as partial:  # which finds at once what cannot be written
        numbers, counted = collect(found, told(found.name, len(found.parts)))
        stem = _document(found.name, _script("facts", "{}"), "")
        room = int(budget_mb * 1e6) - len(stem.encode("utf8"))
        head = {"kind": found.kind, "notes": found.notes, "version": version, **_constants(), **numbers.plain()}
        room -= len(_json(head))
        texts = fitting(counted, most_frames, max(room, 0), _frame)
        total = sum(len(c.indices) for c in counted)
        facts = {"name": found.name, "frames_total": total, "frames_shown": len(texts), **head}
        frames = "\n".join(_script(f"frame-{k}", text) for k, text in enumerate(texts))
        text = _document(found.name, _script("facts", _json(facts)), frames)
        partial.write_text(text, encoding="utf8", newline="\n")
    return Written(target, len(text.encode("utf8")), len(texts), total)


def _frame(counted: Counted, index: int) -> str:
    return _json(encoded(counted, index))


def _constants() -> dict[str, Any]:
    """What the numbers mean: names of classes, hits and bins."""
    kinds = sorted(taxonomy.classes().values(), key=lambda c: c.id)
    return {
        "classes": [{"id": c.id, "name": c.name, "color": list(c.color), "thing": c.thing} for c in kinds],
        "hits": [name for name, _ in sorted(taxonomy.hits().items(), key=lambda h: h[1])],
        "weathers": list(conditions.WEATHER),
        "lights": list(conditions.LIGHT),
        "ranges": statistics.labels(statistics.RANGE_M, "m"),
        "range_edges_m": list(statistics.RANGE_M),
        "visibilities": list(statistics.VISIBILITY),
        "point_bins": statistics.labels_of_counts(statistics.POINTS),
        "size_edges_m": list(statistics.SIZE_M),
        "size_bins": statistics.labels(statistics.SIZE_M, "m"),
        "second_bins": statistics.labels(statistics.SECONDS, "s"),
        "dimensions": list(statistics.DIMENSIONS),
        "quantum_m": QUANTUM_M,
        "most_points": MOST_POINTS,
    }


def _document(title: str, facts: str, frames: str) -> str:
    """The page. What is put in comes last, so that nothing in it is taken for a place to put something."""
    style = _asset("style.css")
    scripts = "\n".join(f"<script>\n{_asset(name)}</script>" for name in SCRIPTS)
    parts = {
        "title": html.escape(title),
        "style": style,
        "licence": _asset(THREE_LICENCE),
        "facts": facts,
        "frames": frames,
        "three": three(),
        "scripts": scripts,
    }
    pieces = _asset("page.html").split("{{")
    found = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        found += [parts[name], rest]
    return "".join(found)


def three() -> str:
    """three.js as a classic script that gives THREE: browsers load no modules for a page from the disk. What the module exports
    at its end ("export{a as B,...}") is returned from a function instead; nothing else is changed."""
    body, _, exports = _asset(THREE).rpartition("export{")
    names = [pair.split(" as ") for pair in exports.strip().removesuffix(";").removesuffix("}").split(",")]
    listed = ",".join(f"{pair[-1].strip()}:{pair[0].strip()}" for pair in names)
    return f'<script>\nconst THREE=(()=>{{"use strict";\n{body}\nreturn{{{listed}}}}})();\n</script>'


def _asset(name: str) -> str:
    return (assets.folder("assets") / "report" / name).read_text(encoding="utf8")


def _json(value: Any) -> str:
    """JSON that may stand in a script element: "<" only in strings, and there escaped."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _script(name: str, text: str) -> str:
    return f'<script type="application/json" id="{name}">{text}</script>'
