"""The house itself: imports go down only, one traversal, one source of chance, one place for the decorator and for threads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "scenesim"
FLOORS = (
    {"base", "kernels"},
    {"geometry"},
    {"models", "sensors"},
    {"scenario"},
    {"world"},
    {"scene"},
    {"capture"},
    {"labels"},
    {"datasets"},
    {"cli", "batch", "report", "simulate", "setting", "camerawork", "sheet", "warm", "__main__"},
)
FLOOR = {room: k for k, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path):
    """(line, full dotted name) of everything that a module imports, at whatever depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports in full"
            yield from ((node.lineno, f"{node.module}.{a.name}") for a in node.names)


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py" or p.parent != PACKAGE], ids=str)
def test_imports_go_down(path):
    me = room_of(path)
    assert me in FLOOR, f"{me} has no floor; give it one here and in docs/architecture.md"
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] != "scenesim" or len(parts) < 2:
            continue
        other = parts[1]
        assert other in FLOOR, f"{path}:{line}: {name}"
        below = FLOOR[other] < FLOOR[me] or other == me
        helper = me in ("kernels", "base") and other in ("kernels", "base")
        top = FLOOR[me] == FLOOR["cli"] and FLOOR[other] == FLOOR["cli"]
        assert below or helper or top, f"{path}:{line}: {me} (floor {FLOOR[me]}) imports {name} (floor {FLOOR[other]})"


def test_writers_compute_nothing():
    for path in (PACKAGE / "datasets").glob("*.py"):
        for line, name in imports(path):
            room = name.split(".")[1] if name.startswith("scenesim.") else ""
            assert room not in ("labels", "sensors", "geometry", "scene"), f"{path}:{line}: a writer imports {name}"


def test_one_source_of_chance():
    for path in MODULES:
        if path.name != "keys.py":
            text = path.read_text(encoding="utf8")
            assert "np.random." not in text.replace("np.random.Generator", ""), f"{path} draws; use base/keys.py"
            assert "import random" not in text, f"{path} draws; use base/keys.py"


def test_one_place_for_jit_options():
    for path in MODULES:
        if path.name == "jit.py":
            continue
        text = path.read_text(encoding="utf8")
        assert "njit" not in text and "numba.jit" not in text and "fastmath" not in text, f"{path}: use kernels/jit.py"


def test_threads_live_in_one_place():
    for path in MODULES:
        used = {name.split(".")[0] for _, name in imports(path)} & {"threading", "concurrent", "multiprocessing"}
        assert not used or path.name == "cast.py", f"{path} imports {used}"


def test_first_line_says_what_a_module_holds():
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf8"))), f"{path} has no docstring"
