"""Cards: what the hub and Croissant's own library make of them, hashes by hashlib, honesty about maps, the same bytes."""

from __future__ import annotations

import hashlib
import json
import re

import boxworld
import numpy as np
import pytest
import yaml

from scenesim.base.errors import InputError
from scenesim.batch.verify import verify
from scenesim.cli.export import run as export
from scenesim.datasets.card import checked_license
from scenesim.datasets.licenses import LICENSES
from scenesim.datasets.native import NativeWriter

YAML = "name: boxes\nseed: 7\ndescription: A street of boxes.\n"


def write(folder, scenario_yaml=YAML, **more):
    with NativeWriter(folder, scenario_yaml=scenario_yaml, version="0.1.0", **more) as writer:
        for frame in boxworld.frames("front", 2):
            writer.write(frame)
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write(tmp_path_factory.mktemp("card") / "boxes")


def front(folder):
    _, keys, text = (folder / "README.md").read_text(encoding="utf8").split("---\n", 2)
    return yaml.safe_load(keys), text


def test_the_hub_reads_license_size_and_tables(dataset):
    keys, text = front(dataset)
    assert keys["license"] == "cc0-1.0" and keys["size_categories"] == ["n<1K"]
    for config in keys["configs"]:
        assert len(list(dataset.glob(config["data_files"]))) == 2, config
    assert [c["config_name"] for c in keys["configs"] if c.get("default")] == ["objects"]
    assert "seed 7" in text and "scenesim 0.1.0" in text and "Nothing in it was recorded" in text
    assert "scenesim render scenario.yaml -o again --frames 0:2 --sensors front,top" in text


def test_every_file_is_listed_by_its_hash(dataset):
    lines = dict(reversed(line.split("  ")) for line in (dataset / "SHA256SUMS").read_text().splitlines())
    there = {p.relative_to(dataset).as_posix() for p in dataset.rglob("*") if p.is_file()}
    assert there - lines.keys() == {"README.md", "croissant.json", "SHA256SUMS"} and lines.keys() <= there
    for path, digest in lines.items():
        assert hashlib.sha256((dataset / path).read_bytes()).hexdigest() == digest, path
    named = json.loads((dataset / "croissant.json").read_text())["distribution"]
    digests = {row["contentUrl"]: row["sha256"] for row in named if "sha256" in row}
    assert {"dataset.json", "scenario.yaml", "SHA256SUMS"} <= digests.keys()
    for path, digest in digests.items():
        assert hashlib.sha256((dataset / path).read_bytes()).hexdigest() == digest, path
        assert digest in front(dataset)[1]


def test_the_same_bytes_again_and_no_dates(dataset, tmp_path):
    write(tmp_path / "elsewhere")
    for name in ("README.md", "croissant.json", "SHA256SUMS"):
        text = (tmp_path / "elsewhere" / name).read_text()
        assert text == (dataset / name).read_text()
        assert not re.search(r"20[2-9]\d-\d\d|" + re.escape(str(tmp_path)), text)


def test_a_real_map_is_told(tmp_path):
    write(tmp_path / "a", YAML + "road: {opendrive: ../maps/town.xodr}\n")
    assert "the map town.xodr" in front(tmp_path / "a")[1] and "no real place" not in front(tmp_path / "a")[1]


def test_licenses(tmp_path):
    write(tmp_path / "a", license="cc-by-4.0")
    assert front(tmp_path / "a")[0]["license"] == "cc-by-4.0"
    more = {"formats": ["coco"], "image_format": None, "overwrite": False}
    export([tmp_path / "a"], tmp_path / "b", license=None, **more)
    assert front(tmp_path / "b")[0]["license"] == "cc-by-4.0"
    write(tmp_path / "c", license="other")
    with pytest.raises(InputError, match="different licenses"):
        export([tmp_path / "a", tmp_path / "c"], tmp_path / "d", license=None, **more)
    with pytest.raises(InputError, match='no license "cc-by-5.0"; did you mean "cc-by-4.0"'):
        checked_license("cc-by-5.0")
    assert all(name == name.lower() for name in LICENSES)


FAULTS = {
    "a changed pixel": (lambda d: (d / "frames/000001/front/rgb.png").write_bytes(b"x"), "rgb.png has changed"),
    "a frame too many": (lambda d: (d / "frames/000001/notes.txt").write_text("x"), "notes.txt is not in SHA256SUMS"),
    "no table": (lambda d: (d / "frames/000000/boxes.parquet").unlink(), "boxes.parquet is missing"),
    "another scenario": (lambda d: (d / "scenario.yaml").write_text(YAML + " "), "scenario.yaml has changed"),
    "no croissant": (lambda d: (d / "croissant.json").unlink(), "croissant.json is missing"),
    "half a croissant": (lambda d: (d / "croissant.json").write_text("{"), "croissant.json is damaged"),
    "no card": (lambda d: (d / "README.md").unlink(), "README.md is missing"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_verify_finds(fault, tmp_path):
    folder = write(tmp_path / "d")
    (folder / "README.md").write_text((folder / "README.md").read_text() + "\nPublished by us.\n")
    (folder / "report.html").write_text("beside the dataset")
    assert not verify(folder).wrong
    break_it, message = FAULTS[fault]
    break_it(folder)
    assert any(message in line for line in verify(folder).wrong), verify(folder).wrong


def test_croissant_by_its_own_library(dataset):
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(jsonld=str(dataset / "croissant.json"))
    issues = found.metadata.ctx.issues
    assert not issues.errors
    # What only a publisher can know, and nothing else, is missing.
    assert all("citeAs" in w or "datePublished" in w for w in issues.warnings), issues.warnings
    rows = list(found.records("objects"))
    frames = boxworld.frames("front", 2)
    assert len(rows) == sum(len(f.objects.track) for f in frames)
    assert [r["objects/track"] for r in rows] == [int(t) for f in frames for t in f.objects.track]
    sizes = np.concatenate([f.objects.size_lwh_m[:, 0] for f in frames])
    np.testing.assert_allclose([r["objects/length_m"] for r in rows], sizes)
    assert {r["objects/class"] for r in rows} >= {b"car"}
    assert len(list(found.records("boxes"))) == len(rows)
