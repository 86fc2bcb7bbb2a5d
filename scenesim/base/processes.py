"""Other processes that run this very package, wherever they are started."""

from __future__ import annotations

import sys
from pathlib import Path

_CODE = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def module_command(module: str, *arguments: str) -> list[str]:
    """Command that runs a module as a program, as ``python -m`` does, but never takes it from the current folder: in a checkout
    that is not what was installed, and compiled code is kept by where its source lies."""
    home = str(Path(__file__).resolve().parents[2])  # found at the end of the path, if nothing is installed
    return [sys.executable, "-P", "-c", _CODE, home, module, *arguments]
