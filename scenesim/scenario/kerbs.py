"""Kerbs for maps that give their sidewalks no height."""

from __future__ import annotations

from dataclasses import replace

from scenesim.scenario.network import PAVED, WALKING, Lane, Network, Section

KERB_M = 0.12  # height above the carriageway; German RASt 06 gives 0.10 to 0.14 m


def with_kerbs(network: Network, height_m: float = KERB_M) -> Network:
    """The network with every sidewalk, and what is not paved beyond it, raised by height_m; unless it has heights."""
    if any(lane.heights for road in network.roads.values() for section in road.sections for lane in section.lanes.values()):
        return network
    roads = {
        i: replace(road, sections=tuple(_raised(section, height_m) for section in road.sections))
        for i, road in network.roads.items()
    }
    return replace(network, roads=roads)


def _raised(section: Section, height_m: float) -> Section:
    lanes: dict[int, Lane] = dict(section.lanes)
    for sign in (1, -1):
        up = False
        for i in sorted((i for i in lanes if i * sign > 0), key=abs):
            kind = lanes[i].kind
            up = kind in WALKING or kind == "curb" or (up and kind not in PAVED)
            if up:
                lanes[i] = replace(lanes[i], heights=((0.0, height_m, height_m),))
    return replace(section, lanes=lanes)
