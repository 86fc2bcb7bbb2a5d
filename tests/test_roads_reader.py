"""The OpenDRIVE reader: what it takes, and what it says about files that are wrong."""

from __future__ import annotations

import pytest

from scenesim.base.errors import InputError
from scenesim.scenario.opendrive import check, read

ROAD = """<road id="1" length="100" junction="-1"{attributes}>
 <planView><geometry s="0" x="0" y="0" hdg="0" length="{length}">{shape}</geometry></planView>
 <lanes>{offset}<laneSection s="0"><center><lane id="0" type="none"/></center>
  <right><lane id="{lane}" type="driving"><link>{link}</link>
   <width sOffset="0" a="{width}" b="0" c="0" d="0"/>{extra}</lane></right>
 </laneSection>{section}</lanes></road>"""
GOOD = dict(attributes="", length="100", shape="<line/>", offset="", lane="-1", link="", width="3.5", extra="", section="")
BACK = """<laneSection s="50"><left><lane id="1" type="driving"><width sOffset="0" a="3" b="0" c="0" d="0"/></lane></left>
 <center><lane id="0"/></center></laneSection>"""


def text(**changes) -> str:
    return (
        '<?xml version="1.0"?>\n<OpenDRIVE><header revMajor="1" revMinor="6" name="t"/>'
        + ROAD.format(**{**GOOD, **changes})
        + "</OpenDRIVE>"
    )


@pytest.fixture
def write(tmp_path):
    def to_file(content: str):
        path = tmp_path / "map.xodr"
        path.write_bytes(content.encode())
        return path

    return to_file


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><OpenDRIVE>&b;</OpenDRIVE>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><OpenDRIVE>&a;</OpenDRIVE>'
BAD = {
    "empty": ("", "XML"),
    "not XML": ("roads: 3", "XML"),
    "truncated": (text()[:300], "XML"),
    "entity bomb": (BOMB, "entities"),
    "external entity": (OUTSIDE, "entities"),
    "another root": ("<OpenSCENARIO/>", "is this an OpenDRIVE map"),
    "no road": ("<OpenDRIVE><header/></OpenDRIVE>", "holds no <road>"),
    "NaN width": (text(width="nan"), "not finite"),
    "infinite width": (text(width="1e999"), "not finite"),
    "word for width": (text(width="wide"), "not a number"),
    "negative length": (text(length="-5"), "negative length"),
    "no geometry of a length": (text(length="0"), "no <geometry>"),
    "unknown shape": (text(shape="<helix/>"), "holds none of"),
    "arc without curvature": (text(shape="<arc/>"), "curvature"),
    "lane on the wrong side": (text(lane="1"), "cannot stand in <right>"),
    "lane id with a fraction": (text(lane="-1.5"), "whole number"),
    "huge lane id": (text(lane="-1e300"), "lane id"),
    "circular links": (text(link='<successor id="1"/>', section=BACK), "circle"),
    "twice the same road": (text().replace("</OpenDRIVE>", ROAD.format(**GOOD) + "</OpenDRIVE>"), "used twice"),
    "a road of 1e9 m": (text().replace('length="100"', 'length="1e9"'), "the limit is"),
    "a geometry of 1e9 m": (text(length="1e9"), "the limit is"),
    "no lanes": (text().replace("<lanes>", "<lames>").replace("</lanes>", "</lames>"), "no <lanes>"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_told_with_its_place(write, name):
    content, words = BAD[name]
    path = write(content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path)) and words in str(caught.value)
    errors, _ = check(path)
    assert errors


def test_error_names_the_line(write):
    path = write(text(width="nan"))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.place.line == 6 and caught.value.place.path.endswith("lane[-1].width")


def test_folder_and_missing_file(tmp_path):
    with pytest.raises(InputError, match="folder"):
        read(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "none.xodr")


def test_namespace_and_entities_of_xml_itself(write):
    spaced = text().replace("<OpenDRIVE>", '<OpenDRIVE xmlns="http://code.asam.net/simulation/standard/opendrive_schema">')
    assert list(read(write(spaced)).roads) == ["1"]
    assert read(write(text().replace('name="t"', 'name="a &amp; b"'))).name == "a & b"


def test_sloppy_but_clear_is_a_warning(write):
    twice = '<laneOffset s="0" a="nan" b="0" c="0" d="0"/><laneOffset s="0" a="1" b="0" c="0" d="0"/>'
    network = read(write(text(width="3.5+0", offset=twice)))
    road = network.roads["1"]
    assert road.sections[0].lanes[-1].width.at(10.0) == 3.5 and road.lane_offset.at(5.0) == 1.0
    assert len(network.warnings) == 2 and all(":6: " in w or ":4: " in w for w in network.warnings)


def test_marks_heights_speeds(write):
    extra = """<roadMark sOffset="0" type="broken" weight="bold" color="standard" laneChange="both">
      <type name="b" width="0.2"><line length="3" space="6" tOffset="0.1" sOffset="1" width="0.2"/></type></roadMark>
     <height sOffset="0" inner="0.1" outer="0.12"/><speed sOffset="0" max="36" unit="km/h"/>"""
    lane = read(write(text(extra=extra, attributes=' rule="LHT"'))).roads["1"].sections[0].lanes[-1]
    (mark,) = lane.marks
    assert (mark.kind, mark.color, mark.width) == ("broken", "white", 0.25)
    assert (mark.lines[0].length, mark.lines[0].space, mark.lines[0].t, mark.lines[0].s) == (3, 6, 0.1, 1)
    assert lane.heights == ((0.0, 0.1, 0.12),) and lane.speeds[0][1] == pytest.approx(10.0)
