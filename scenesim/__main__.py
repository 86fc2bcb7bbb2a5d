"""`python -m scenesim` is `scenesim`."""

from __future__ import annotations

from scenesim.cli import main

if __name__ == "__main__":
    main()
