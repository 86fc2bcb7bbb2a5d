"""Shadows of the sun that an image's pixels ask for together: the same picture as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.capture import image, quality
from scenesim.kernels.radiance import UNKNOWN
from tools.judge.quality import look


@pytest.fixture(scope="module")
def seen():
    """A street with trees and cars that drive, in a picture whose last rows make no block."""
    return look("first_light", ["traffic.vehicles=6", "surroundings.reach_m=60"], 200, 116)


@pytest.fixture(autouse=True)
def blocks(monkeypatch):
    """Small images ask as large ones do."""
    monkeypatch.setattr(image, "TOGETHER_PX", 1)


def test_the_light_is_the_same_to_the_byte(seen, monkeypatch):
    """Whether shadows are known before or asked for while shading; some are known, and both kinds are."""
    together = image.light(*seen, 2)
    shadow = image._shadow(*seen, 2)
    monkeypatch.setattr(image, "_shadow", lambda scene, env, rays, *rest: quality.unknown_shadow(len(rays.time)))
    alone = image.light(*seen, 2)
    assert together.tobytes() == alone.tobytes()
    assert (shadow == 0).mean() > 0.2 and (shadow == 1).mean() > 0.02
    assert (shadow[seen.hits.instance < 0] == UNKNOWN).all()  # the sky asks for nothing


def test_a_wrong_shadow_is_seen(seen, monkeypatch):
    """The light follows the shadows that are handed over."""
    lit = image.light(*seen, 2)
    monkeypatch.setattr(image, "_shadow", lambda scene, env, rays, *rest: np.ones(len(rays.time), np.uint8))
    assert image.light(*seen, 2).mean() < 0.8 * lit.mean()


def test_no_sun_no_shadow(seen, monkeypatch):
    """At night nothing is asked for, and by day not in small images."""
    dark = seen.environment._replace(sun_lux=np.zeros_like(seen.environment.sun_lux))
    assert (image._shadow(seen.scene, dark, seen.rays, seen.hits, seen.width, 2) == UNKNOWN).all()
    monkeypatch.undo()
    assert (image._shadow(*seen, 2) == UNKNOWN).all()
