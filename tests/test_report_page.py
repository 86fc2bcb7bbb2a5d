"""The report in a real browser, Chromium without a window: it opens from the disk, asks for nothing, filters count, frames
step, labels switch, points are drawn in 3D."""

from __future__ import annotations

import io
import json
import re
import sys

import numpy as np
import pytest
import report_data
from browser import Browser, executable
from PIL import Image
from report_data import BEHIND, CAR

from scenesim.base import taxonomy
from scenesim.report import page

in_browser = pytest.mark.skipif(
    executable() is None or sys.platform == "win32", reason="no Chromium on this machine: install the system's package chromium"
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A batch of two conditions: three frames in rain by day, two in fog by night, of other objects."""
    wet, foggy = report_data.yaml(rain=3), report_data.yaml(far=300, sun=-10)
    shards = [
        ("a-000000-wet", "train", "a", "wet", wet, [report_data.frame(k) for k in range(3)], 6.0),
        ("b-000000", "val", "b", "", foggy, [report_data.frame(k, objects=(CAR, BEHIND)) for k in (7, 8)], 3.0),
    ]
    folder = report_data.batch(tmp_path_factory.mktemp("page") / "b", shards, missing=1)
    target = folder.parent / "report.html"
    found = page.write(folder, target, version="1.2.3")
    assert (found.shown, found.frames, found.size) == (5, 5, target.stat().st_size)
    return target


@pytest.fixture(scope="module")
def shown(written, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(written)
        browser.until("document.querySelector('#space canvas')?.dataset.points !== undefined")
        yield browser


@pytest.fixture
def browser(shown):
    """The page as it is when it opens."""
    shown.run("document.getElementById('reset').click(); browser.labels = true; browser.coloring = 'class'; browser.go(0)")
    return shown


def tile(browser, name):
    return browser.run(f"document.querySelector('[data-tile=\"{name}\"]').dataset.value")


def choose(browser, facet, value):
    browser.run(f'document.querySelector(\'[data-facet="{facet}"] input[data-value="{value}"]\').click()')


# ---- without a browser


def test_the_page_holds_all_that_it_needs(written):
    text = written.read_text(encoding="utf8")
    assert "default-src 'none'" in text and "The MIT License" in text and "three.js authors" in text
    markup = re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.S)
    assert not re.search(r"(src|href)\s*=\s*(?![\"']?(#|data:))", markup), "it refers to another file"
    assert len(re.findall(r"<script type=\"application/json\"", text)) == 6  # facts and five frames
    for found in re.findall(r"<script type=\"application/json\"[^>]*>(.*?)</script>", text, flags=re.S):
        json.loads(found)  # what names hold does not end a script


def test_three_is_whole():
    text = page.three()
    assert "export{" not in text and not re.search(r"\bimport\s*[({\"']", text)
    for name in ("WebGLRenderer", "Points", "LineSegments", "PerspectiveCamera", "BufferGeometry"):
        assert re.search(rf"[{{,]{name}:\w+", text.rpartition("return{")[2]), name


def test_a_budget_is_kept(tmp_path):
    folder = report_data.dataset(tmp_path / "set", [report_data.frame(k) for k in range(12)])
    some = page.write(folder, tmp_path / "some.html", most_frames=4)
    budget = (some.size + 1000) / 1e6
    less = page.write(folder, tmp_path / "less.html", budget_mb=budget)
    assert some.shown == 4 and some.frames == 12
    assert 1 <= less.shown < 12 and less.size <= budget * 1e6


# ---- in it


@in_browser
def test_it_opens_from_the_disk_and_asks_for_nothing(written, browser):
    assert browser.run("location.protocol") == "file:"
    assert browser.requests == [written.resolve().as_uri()]
    assert browser.errors == []
    assert browser.run("document.getElementById('name').textContent") == "made_up_batch"
    told = browser.run("document.getElementById('told').textContent")
    assert "batch, 5 frames, all of them in this page, scenesim 1.2.3" in told
    assert "1 of 3 shards" in browser.run("document.getElementById('notes').textContent")


@in_browser
def test_filters_change_what_is_counted(browser):
    assert (tile(browser, "frames"), tile(browser, "objects"), tile(browser, "lidar points")) == ("5", "13", "1000")
    choose(browser, "weather", "fog")
    assert (tile(browser, "frames"), tile(browser, "objects"), tile(browser, "lidar points")) == ("3", "9", "600")
    assert browser.run("document.querySelector('#range-fog')") is None
    assert "3 frames" in browser.run("document.getElementById('by-time').textContent")
    choose(browser, "class", taxonomy.class_id("car"))
    assert tile(browser, "objects") == "3"
    assert "car" not in browser.run("document.getElementById('by-class').textContent")
    browser.run("document.getElementById('reset').click()")
    assert tile(browser, "objects") == "13"
    select = "document.querySelector('[data-facet=range] select[data-value=to]')"
    browser.run(f"{select}.value = 1; {select}.dispatchEvent(new Event('change'))")
    assert tile(browser, "objects") == "5"  # the cars 13 m away
    choose(browser, "scenario", "a")
    choose(browser, "scenario", "b")
    assert tile(browser, "frames") == "0" and browser.run("document.querySelector('.browser > div:nth-child(2)').hidden")
    assert "No frame in this page" in browser.run("document.getElementById('browser').innerText")
    assert browser.errors == []


@in_browser
def test_the_heat_map_is_right(browser):
    """Of the two cars, the hidden person, and what is behind: by range and visibility, in rain."""
    cells = browser.run("[...document.querySelectorAll('#range-rain tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    found = {(row[0], k): cell for row in cells for k, cell in enumerate(row[1:]) if cell != "·"}
    assert found == {("80 to 100 %", 1): "3", ("out of view", 4): "3", ("hidden", 2): "3"}


@in_browser
def test_frames_step_and_pictures_change(browser):
    picture = "document.querySelector('#cameras img').src"
    where = "document.querySelector('.where').textContent"
    seen = [browser.run(picture)]
    for _ in range(2):
        browser.key("ArrowRight")
        seen.append(browser.run(picture))
    assert len(set(seen)) == 3 and browser.run(where) == "3 of 5"
    browser.key("ArrowLeft")
    assert browser.run(picture) == seen[1] and browser.run(where) == "2 of 5"
    browser.run("document.getElementById('next').click()")
    assert browser.run(picture) == seen[2]
    choose(browser, "weather", "rain")  # left: the two in fog, whose first is shown
    assert browser.run(where) == "1 of 2" and browser.run(picture) not in seen
    decoded = "(async () => { const i = document.querySelector('#cameras img'); await i.decode(); return i.naturalWidth; })()"
    assert browser.run(decoded) == report_data.W


@in_browser
def test_labels_switch_on_and_off(browser):
    rects = "document.querySelectorAll('#cameras rect.box').length"
    boxes = "document.querySelector('#space canvas').dataset.boxes"
    assert (browser.run(rects), browser.run(boxes)) == (1, "3")
    place = "['x', 'y', 'width', 'height'].map(a => +document.querySelector('#cameras rect.box').getAttribute(a))"
    assert browser.run(place) == [10, 10, 20, 14]
    assert "car thing_0 </script>" in browser.run("document.querySelector('#cameras rect.box title').textContent")
    browser.key("l")
    assert (browser.run(rects), browser.run(boxes)) == (0, "0")
    browser.run("document.getElementById('labels').click()")
    assert (browser.run(rects), browser.run(boxes)) == (1, "3")
    choose(browser, "class", taxonomy.class_id("car"))
    assert (browser.run(rects), browser.run(boxes)) == (0, "1")  # the person, whom no camera sees


@in_browser
def test_points_are_drawn_in_their_colours(browser):
    """The fog's 10 points of 200 vanish with their class; pixels of the canvas have the colour of what the points hit."""
    canvas = "document.querySelector('#space canvas')"
    assert browser.run(f"{canvas}.dataset.points") == "200"
    browser.run("document.getElementById('labels').click()")
    select = "document.getElementById('coloring')"
    browser.run(f"{select}.value = 'what they hit'; {select}.dispatchEvent(new Event('change'))")
    browser.run("document.getElementById('space').scrollIntoView({block: 'center', behavior: 'instant'})")
    browser.run("browser.space.look('above'); new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    box = browser.run(f"(b => [b.left, b.top, b.right, b.bottom])({canvas}.getBoundingClientRect())")
    left, top, right, bottom = map(round, box)

    def coloured(name):
        """Pixels of the view, the controls over it left out, with the colour of a hit."""
        seen = np.asarray(Image.open(io.BytesIO(browser.picture())).convert("RGB"), int)[top + 60 : bottom - 40, left:right]
        color = browser.run(f"hitColor(FACTS.hits.indexOf('{name}'))")
        return (np.abs(seen - color).max(-1) < 6).sum()

    assert coloured("surface") > 100 and coloured("fog") > 5
    browser.run(f"FILTER.class.add({taxonomy.class_id('noise')}); changed()")
    browser.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    assert browser.run(f"{canvas}.dataset.points") == "190"
    assert coloured("surface") > 100 and coloured("fog") == 0


@in_browser
def test_a_dataset_without_lidar_and_times(tmp_path):
    """Empty states are words, not errors."""
    first, second = (report_data.frame(k, objects=o, points=0, radar=True) for k, o in ((0, (CAR,)), (1, ())))
    folder = report_data.dataset(tmp_path / "set", [first, second])
    page.write(folder, tmp_path / "page.html")
    with Browser(tmp_path / "profile", dark=True) as browser:
        browser.open(tmp_path / "page.html")
        browser.until("document.querySelector('#space canvas')?.dataset.points === '0'")
        told = "document.querySelector('.space .told').textContent"
        assert browser.run(told) == "no lidar, 2 radar detections"
        assert browser.run("document.querySelector('#space canvas').dataset.echoes") == "2"
        (tmp_path / "shot.png").write_bytes(browser.picture())
        browser.key("ArrowRight")
        assert "no lidar in this dataset" in browser.run("document.getElementById('points-hit').textContent")
        assert "keeps no clocks" in browser.run("document.getElementById('by-time').textContent")
        assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(17, 20, 23)"  # it follows the system
        assert browser.errors == [] and len(browser.requests) == 1
