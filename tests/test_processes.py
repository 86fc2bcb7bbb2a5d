"""Processes that run the package."""

from __future__ import annotations

import subprocess
from pathlib import Path

import scenesim
from scenesim.base.processes import module_command


def test_a_folder_of_the_same_name_is_not_taken_for_the_package(tmp_path):
    """As in a checkout beside an installed package: kernels compiled from there would never be found again."""
    (tmp_path / "scenesim").mkdir()
    (tmp_path / "scenesim" / "__init__.py").write_text("raise SystemExit('not this one')\n")
    probe = tmp_path / "elsewhere"
    probe.mkdir()
    (probe / "probe.py").write_text("import sys, scenesim\nprint(scenesim.__file__, *sys.argv[1:])\n")
    command = module_command("probe", "a", "b c")
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(probe), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    path, *arguments = done.stdout.split(maxsplit=1)
    assert Path(path) == Path(scenesim.__file__) and arguments == ["a b c\n"]
