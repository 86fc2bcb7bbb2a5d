"""What `scenesim list` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scenesim.base import assets, document
from scenesim.datasets.formats import WRITERS


def _scenarios() -> Iterator[str]:
    from scenesim.scenario.load import names

    known = names()
    width = max(map(len, known), default=0)
    for name in known:
        data = document.read(assets.folder("scenarios") / f"{name}.yaml").data
        about = str(data.get("description", "")).strip().split("\n")[0]
        yield f"{name:{width}}  {about}".rstrip()


def _recipes() -> Iterator[str]:
    from scenesim.batch.recipe import names

    yield from names()


def _models() -> Iterator[str]:
    from scenesim.models import catalogue

    for kind in catalogue.ACTORS:
        yield from catalogue.recipes(kind)


def _paints() -> Iterator[str]:
    from scenesim.models import catalogue

    yield from catalogue.paints()


def _lamps() -> Iterator[str]:
    from scenesim.models.model import LAMP_BITS

    yield from LAMP_BITS


def _classes() -> Iterator[str]:
    from scenesim.base import taxonomy

    yield from (name for _, name in sorted(taxonomy.names_by_id().items()))


LISTS: dict[str, Callable[[], Iterator[str]]] = {
    "scenarios": _scenarios,
    "recipes": _recipes,
    "rigs": lambda: iter(assets.names("rigs")),
    "sensors": lambda: iter(assets.names("sensors")),
    "models": _models,
    "paints": _paints,
    "lamps": _lamps,
    "weather": lambda: iter(assets.names("weather")),
    "populations": lambda: iter(assets.names("populations")),
    "classes": _classes,
    "formats": lambda: iter(WRITERS),
}
