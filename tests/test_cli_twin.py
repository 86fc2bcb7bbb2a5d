"""Twins: the same instants under another weather, whose labels are the same bytes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from click.testing import CliRunner

from scenesim.cli import app
from scenesim.datasets.reader import open_native

STREET = """\
name: street
seed: 4
duration_s: 0.2
road: {place: {kind: straight, road_type: town, length_m: 160}}
ego: {model: sedan, follow_lane: {start: {road: "1", lane: -1, s_m: 40}, speed_m_s: 8}}
actors: [{name: walker, model: adult_woman, walk: {start: {ahead_m: 20, left_m: -5}, to: {ahead_m: 20, left_m: 4}}}]
traffic: {vehicles: 2, parked: 2, pedestrians: 2, reach_m: 40}
surroundings: {buildings: 0.5, woods: 0, reach_m: 40}
weather: {cloud_cover: 0.3}
light: {lamps: auto}
rig: {rate_hz: 10, sensors: {front: {sensor: camera_640x360, position_m: [1.7, 0, 1.3], width_px: 128, height_px: 72}}}
"""
LABELS = ("front/class.png", "front/instance.png", "front/mark.png", "front/geometry.parquet", "boxes.parquet", "poses.parquet",
          "lanes.parquet", "objects.parquet")  # fmt: skip


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twins")
    (folder / "street.yaml").write_text(STREET)
    arguments = ["render", folder / "street.yaml", "-o", folder / "out", "--no-sheet"]
    for twin in ("weather=fog_dense", "weather={preset: snow_heavy, wind_m_s: 3}"):
        arguments += ["--twin", twin]
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return folder / "out"


def test_a_twin_has_the_labels_of_the_original(rendered):
    folders = sorted(p.name for p in rendered.iterdir())
    assert folders == ["original", "weather_fog_dense", "weather_preset_snow_heavy_wind_m_s_3"]

    def digest(folder: str, frame: int, name: str) -> str:
        path = rendered / folder / "frames" / f"{frame:06d}" / name
        return hashlib.blake2b(path.read_bytes()).hexdigest()

    for twin in folders[1:]:
        for frame in (0, 1):
            for name in LABELS:
                assert digest(twin, frame, name) == digest("original", frame, name), (twin, frame, name)
            assert digest(twin, frame, "front/rgb.png") != digest("original", frame, "front/rgb.png")


def test_fog_hides_what_is_far_and_not_what_is_near(rendered):
    """Local contrast of the picture: about as before within 10 m, gone beyond 80 m at a visibility of 50 m."""
    clear, fog = (next(iter(open_native(rendered / name))).images["front"] for name in ("original", "weather_fog_dense"))
    grey = [np.abs(np.diff(i.rgb.astype(float).mean(-1), axis=1)) for i in (clear, fog)]
    # What is left of each surface, as Koschmieder says, in both weathers.
    for seen, extinction in ((clear, 2.996 / 20000), (fog, 2.996 / 50)):
        expected = np.round(255 * np.exp(-extinction * seen.range_m.astype(float)))
        assert np.abs(seen.transmittance - expected).max() <= 1
    nearer = np.minimum(clear.range_m[:, 1:], clear.range_m[:, :-1])
    further = np.maximum(clear.range_m[:, 1:], clear.range_m[:, :-1])
    near, far = further < 10, (nearer > 80) & np.isfinite(further)
    assert grey[1][near].mean() > 0.3 * grey[0][near].mean()
    # What is left beyond is the noise of empty fog.
    empty = ~np.isfinite(nearer)
    assert grey[1][far].mean() < 1.25 * grey[1][empty].mean() and grey[1][far].mean() < 0.5 * grey[0][far].mean()


def test_what_cannot_be_a_twin_is_told(tmp_path):
    (tmp_path / "street.yaml").write_text(STREET)
    call = ["render", str(tmp_path / "street.yaml"), "-o", str(tmp_path / "out")]
    unknown = CliRunner().invoke(app, [*call, "--twin", "weather=fog_dens"])
    assert unknown.exit_code == 2 and 'did you mean "fog_dense"' in unknown.output
    twice = CliRunner().invoke(app, [*call, "--twin", "weather=fog", "--twin", "weather=fog"])
    assert twice.exit_code == 2 and "is one already" in twice.output
    assert not (tmp_path / "out").exists()
