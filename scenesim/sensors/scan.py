"""Scan patterns: where and when a lidar fires. A new pattern is one function here and its name in PATTERNS.

A pattern reads its own numbers from the fields of an asset and returns a Scan, which makes the pulses about a moment. All of
them have the lidar's frame (x forward, y left, z up), angles counter-clockwise seen from above, times from the trigger's
reference time.

Sources. Rosettes: two or three prisms that turn, as sums of thin deflections (Livox; rates of the rotors as HELIOS++ has them).
Mirrors: a polygon that turns by one face a frame throws the beam twice as far (Hesai AT128). Rasters and regions of interest:
what makers of scanners at 1550 nm print of them; no maker gives its order of lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError
from scenesim.sensors.fields import Fields

SPIN = {"clockwise": -1.0, "counter_clockwise": 1.0}  # seen from above; sign of the rotation about z
MOST_PULSES = 4_000_000
MOST_COLUMNS = 65535

Array = NDArray[np.float64]


class Pulses(NamedTuple):
    """The N pulses of a sweep, in firing order, lidar frame of the pulse's own time. Ring and column together name a pulse.

    ring: (N,) uint16, the beam, 0 the lowest; of rosettes the channel; of rasters the line and of flashes the row, 0 the
    lowest. column: (N,) uint16, the firing of all beams; of rasters and flashes the place in the line, 0 the
    leftmost.
    azimuth_rad, elevation_rad: (N,) of `told`, counter-clockwise from x, -pi to pi. time_offset_s: (N,) from the trigger's
    reference time. direction: (N, 3) unit, where the pulse goes. origin_m: (N, 3) where it leaves the sensor, from which ranges
    count. told: (N, 3) unit, where the sensor takes it to go: its encoder has steps.
    """

    ring: NDArray[np.uint16]
    column: NDArray[np.uint16]
    azimuth_rad: Array
    elevation_rad: Array
    time_offset_s: Array
    direction: Array
    origin_m: Array
    told: Array


@dataclass(frozen=True, eq=False)
class Scan:
    """make: the pulses about a time, s on the scenario's clock. columns: of a sweep. firing_s: between them.
    changes: whether `make` depends on the time."""

    make: Callable[[float], Pulses]
    columns: int
    firing_s: float
    changes: bool = False


def read(fields: Fields, rate_hz: float) -> Scan:
    """The scan that the fields of an asset describe. Raises InputError with the place of the field."""
    return PATTERNS[fields.word("scan", PATTERNS, "spinning")](fields, rate_hz)


def ring_of_beam(elevation: Array) -> NDArray[np.int64]:
    """(B,) rank of each beam by elevation, 0 the lowest."""
    ring = np.empty(len(elevation), np.int64)
    ring[np.argsort(elevation, kind="stable")] = np.arange(len(ring))
    return ring


class _Beams(NamedTuple):
    """Beams that fire one after the other: (B,) elevation, azimuth offset (rad), time from the start of a firing (s), ring."""

    elevation: Array
    offset: Array
    fire: Array
    ring: NDArray[np.int64]


def _beams(fields: Fields) -> _Beams:
    """The beams of a maker's table, in order of firing."""
    elevation = np.deg2rad(fields.numbers("elevation_deg", low=-90, high=90))
    count = len(elevation)
    if not count:
        raise fields.wrong("elevation_deg", "a lidar has one beam at least")
    none = (0.0,) * count
    offset = fields.numbers("azimuth_offset_deg", count, low=-180, high=180) if fields.has("azimuth_offset_deg") else none
    fire = fields.numbers("fire_time_us", count, low=-1000, high=1000) if fields.has("fire_time_us") else none
    order = np.lexsort((np.arange(count), np.array(fire)))
    ring = ring_of_beam(elevation)
    return _Beams(elevation[order], np.deg2rad(offset)[order], (np.array(fire) * 1e-6)[order], ring[order])


def _pulses(beams: _Beams, time: Array, head: Array, told_head: Array, tilt: float, origin_m: float) -> Pulses:
    """Pulses of all beams at times (C, B) at which the head looks to `head` and says `told_head`, rad."""
    columns = len(time)
    elevation = np.broadcast_to(beams.elevation + tilt, time.shape)
    level = np.cos(elevation)

    def towards(azimuth: Array) -> Array:
        return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)], -1).reshape(-1, 3)

    direction = towards(head + beams.offset)
    told = direction if told_head is head else towards(told_head + beams.offset)
    origin = np.stack([np.cos(head), np.sin(head), np.zeros_like(head)], -1) * origin_m
    return _frozen(
        np.broadcast_to(beams.ring, time.shape).astype(np.uint16).ravel(),
        np.broadcast_to(np.arange(columns)[:, None], time.shape).astype(np.uint16).ravel(),
        time.ravel(),
        direction,
        origin.reshape(-1, 3),
        told,
        elevation.ravel(),
    )


def _frozen(ring, column, time, direction, origin, told, elevation=None) -> Pulses:
    azimuth = np.arctan2(told[:, 1], told[:, 0])
    if elevation is None:
        elevation = np.arctan2(told[:, 2], np.sqrt(told[:, 0] ** 2 + told[:, 1] ** 2))
    pulses = Pulses(ring, column, azimuth, elevation, time, direction, origin, told)
    for array in pulses:
        array.flags.writeable = False
    return pulses


def spinning(fields: Fields, rate_hz: float) -> Scan:
    """A head that turns once a sweep, with beams one above the other.

    elevation_deg, azimuth_offset_deg, fire_time_us: (B,) as the maker's table has them. firing_us: time of one firing of all
    beams, where it is the sensor's own clock; or columns: firings of a revolution. spin: a key of SPIN. beam_origin_m: distance
    of the beams' origin from the axis. azimuth_quantum_deg: steps of the encoder, to which the head's direction is rounded once
    a firing; what beams turn on within it is corrected.
    """
    beams = _beams(fields)
    columns, firing_s = _firings(fields, rate_hz)
    if columns * len(beams.ring) > MOST_PULSES:
        count = len(beams.ring)
        raise fields.wrong("columns", f"{columns} firings of {count} beams are more than {MOST_PULSES} pulses a revolution")
    sign = SPIN[fields.word("spin", SPIN, "clockwise")]
    origin_m = fields.number("beam_origin_m", 0.0, low=0.0, high=0.2)
    quantum = math.radians(fields.number("azimuth_quantum_deg", 0.0, low=0.0, high=5.0))

    def make(time_s: float) -> Pulses:
        start = (np.arange(columns) - columns / 2) * firing_s
        time = start[:, None] + beams.fire
        # At time 0 the head looks forward, so the revolution starts and ends at the rear.
        turn = sign * 2 * np.pi * rate_hz
        head = told = turn * time
        if quantum > 0.0:
            told = (np.floor(turn * start / quantum + 0.5) * quantum)[:, None] + turn * beams.fire
        return _pulses(beams, time, head, told, 0.0, origin_m)

    return Scan(make, columns, firing_s)


def _firings(fields: Fields, rate_hz: float) -> tuple[int, float]:
    """(columns, time of a firing in s) of a revolution."""
    if not fields.has("firing_us"):
        columns = fields.integer("columns", low=1, high=MOST_COLUMNS)
        return columns, 1.0 / (rate_hz * columns)
    if fields.has("columns"):
        raise InputError("firing_us and columns both say how often it fires; give one of them", fields.at("columns"))
    firing_s = fields.number("firing_us", above=1.0, high=1e6) * 1e-6
    columns = int(1.0 / (rate_hz * firing_s) + 1e-6)
    if not 1 <= columns <= MOST_COLUMNS:
        raise fields.wrong("firing_us", f"{firing_s * 1e6:g} at {rate_hz:g} revolutions a second makes {columns} firings each")
    return columns, firing_s


def mirror(fields: Fields, rate_hz: float) -> Scan:
    """Beams one above the other that a polygon of mirrors sweeps to the right, a face a frame.

    elevation_deg, azimuth_offset_deg, fire_time_us: (B,) as of `spinning`. horizontal_deg: (2,) azimuths between which it
    fires. columns: firings of a sweep. faces: of the polygon; the beam turns twice as fast as the mirror, so that of three
    faces at 120 degrees the sweep takes half of the time of a frame. face_tilt_deg: (faces,) what each face adds to
    elevations; frame k has face k modulo their number.
    """
    beams = _beams(fields)
    low, high = _span(fields, "horizontal_deg", 180.0)
    columns = fields.integer("columns", low=1, high=MOST_COLUMNS)
    faces = fields.integer("faces", low=1, high=64)
    given = fields.has("face_tilt_deg")
    tilt = np.deg2rad(fields.numbers("face_tilt_deg", faces, low=-10, high=10)) if given else np.zeros(faces)
    if columns * len(beams.ring) > MOST_PULSES:
        raise fields.wrong("columns", f"{columns} firings are more than {MOST_PULSES} pulses a sweep")
    speed = 4 * math.pi * rate_hz / faces
    firing_s = (high - low) / columns / speed
    if firing_s * columns > 1.0 / rate_hz + 1e-9:
        raise fields.wrong("faces", f"{faces} faces at {rate_hz:g} frames a second have no time for so wide a sweep")

    def make(time_s: float) -> Pulses:
        time = (np.arange(columns) - columns / 2)[:, None] * firing_s + beams.fire
        head = 0.5 * (low + high) - speed * time
        face = int(math.floor(time_s * rate_hz + 0.5)) % faces
        return _pulses(beams, time, head, head, float(tilt[face]), 0.0)

    return Scan(make, columns, firing_s, changes=bool(tilt.any()))


def rosette(fields: Fields, rate_hz: float) -> Scan:
    """Prisms that turn one behind the other; the pattern goes on from frame to frame and does not repeat.

    pulse_hz: firings a second. rotor_hz: (R,) turns a second, counter-clockwise as the sensor sees it. rotor_deg: (R,) how far
    each prism bends the beam. channel_azimuth_deg, channel_elevation_deg: (C,) of laser channels that fire together, left out:
    one. stretch: (2,) factors across and up, of optics that widen the pattern.
    """
    rotor = np.array(fields.numbers("rotor_hz", low=-1000, high=1000))
    if not len(rotor):
        raise fields.wrong("rotor_hz", "a rosette has one prism at least")
    bend = np.deg2rad(fields.numbers("rotor_deg", len(rotor), low=0, high=90))
    given = fields.has("channel_azimuth_deg")
    left = np.deg2rad(fields.numbers("channel_azimuth_deg", low=-60, high=60)) if given else np.zeros(1)
    given = fields.has("channel_elevation_deg")
    up = np.deg2rad(fields.numbers("channel_elevation_deg", len(left), low=-60, high=60)) if given else np.zeros(len(left))
    across, along = fields.numbers("stretch", 2, low=0.01, high=10) if fields.has("stretch") else (1.0, 1.0)
    pulse_hz = fields.number("pulse_hz", above=0.0, high=2e6)
    columns = int(pulse_hz / rate_hz + 1e-6)
    if not 1 <= columns <= MOST_COLUMNS:
        raise fields.wrong("rate_hz", f"{columns} firings a frame; there should be 1 to {MOST_COLUMNS}: take another rate_hz")

    def make(time_s: float) -> Pulses:
        step = np.arange(columns) - columns // 2
        time = step / pulse_hz
        # Turns since time 0, whole ones taken off before they cost digits.
        turns = np.array([f * time_s - math.floor(f * time_s) for f in rotor.tolist()])
        angle = 2 * np.pi * (turns[:, None] + rotor[:, None] * time)
        x = across * (bend[:, None] * np.cos(angle)).sum(0)[:, None] + left
        y = along * (bend[:, None] * np.sin(angle)).sum(0)[:, None] + up
        far = np.sqrt(x * x + y * y)
        part = np.where(far > 1e-9, np.sin(far) / np.maximum(far, 1e-9), 1.0)
        direction = np.stack([np.cos(far), part * x, part * y], -1).reshape(-1, 3)
        shape = (columns, len(left))
        ring = np.broadcast_to(ring_of_beam(up), shape).astype(np.uint16).ravel()
        column = np.broadcast_to(np.arange(columns)[:, None], shape).astype(np.uint16).ravel()
        when = np.broadcast_to(time[:, None], shape).ravel()
        return _frozen(ring, column, when, direction, np.zeros_like(direction), direction)

    return Scan(make, columns, 1.0 / pulse_hz, changes=True)


def raster(fields: Fields, rate_hz: float) -> Scan:
    """Lines from the top down, to the right and to the left in turn.

    horizontal_deg, vertical_deg: (2,) field of view. lines, columns: of a frame. channels: lines that fire together, side by
    side. region_deg: (2,) elevations of a region of interest, region_share: of the lines, that are there;
    the others are even over the rest. duty: share of the time of a frame that it fires.
    """
    right, left = _span(fields, "horizontal_deg", 180.0)
    low, high = _span(fields, "vertical_deg", 90.0)
    lines = fields.integer("lines", low=1, high=4096)
    columns = fields.integer("columns", low=1, high=MOST_COLUMNS)
    channels = fields.integer("channels", 1, low=1, high=lines)
    if lines % channels:
        raise fields.wrong("channels", f"{lines} lines cannot be shared out among {channels} channels")
    if lines * columns > MOST_PULSES:
        raise fields.wrong("columns", f"{lines} lines of {columns} are more than {MOST_PULSES} pulses a frame")
    duty = fields.number("duty", 1.0, above=0.0, high=1.0)
    elevation = _lines(fields, low, high, lines)
    turns = lines // channels
    firing_s = duty / (rate_hz * turns * columns)

    def make(time_s: float) -> Pulses:
        turn, place = np.meshgrid(np.arange(turns), np.arange(columns), indexing="ij")
        time = ((turn * columns + place) - turns * columns / 2) * firing_s
        # Columns count from the left; every other line goes the other way.
        column = np.where(turn % 2 == 0, place, columns - 1 - place)
        azimuth = left - (column + 0.5) / columns * (left - right)
        line = lines - 1 - (turn[..., None] * channels + np.arange(channels))  # from the top down
        azimuth, time, column = (np.broadcast_to(a[..., None], line.shape) for a in (azimuth, time, column))
        tilt = elevation[line]
        level = np.cos(tilt)
        direction = np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(tilt)], -1).reshape(-1, 3)
        ring, place = line.astype(np.uint16).ravel(), column.astype(np.uint16).ravel()
        return _frozen(ring, place, time.ravel(), direction, np.zeros_like(direction), direction, tilt.ravel())

    return Scan(make, columns, firing_s)


def _lines(fields: Fields, low: float, high: float, lines: int) -> Array:
    """(lines,) elevations, from the lowest, rad."""
    place = (np.arange(lines) + 0.5) / lines
    if not fields.has("region_deg"):
        return low + (high - low) * place
    begin, end = _span(fields, "region_deg", 90.0)
    share = fields.number("region_share", 0.5, above=0.0, high=1.0)
    if not low <= begin < end <= high:
        raise fields.wrong("region_deg", "the region should lie within vertical_deg")
    rest = (high - low) - (end - begin)
    if rest < 1e-9:
        return low + (high - low) * place
    below = (1.0 - share) * (begin - low) / rest
    return np.interp(place, [0.0, below, below + share, 1.0], [low, begin, end, high])


def flash(fields: Fields, rate_hz: float) -> Scan:
    """All pixels of a picture at one instant, the trigger's, through a lens without distortion.

    pixels: (2,) columns, rows. fov_deg: (2,) of all columns, of all rows.
    """
    pixels = fields.numbers("pixels", 2, low=1, high=4096)
    if pixels[0] != int(pixels[0]) or pixels[1] != int(pixels[1]):
        raise fields.wrong("pixels", "these should be whole numbers")
    columns, rows = int(pixels[0]), int(pixels[1])
    wide, tall = (math.tan(math.radians(a) / 2) for a in fields.numbers("fov_deg", 2, low=0.1, high=170))

    def make(time_s: float) -> Pulses:
        row, column = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        y, z = (1 - (column + 0.5) / columns * 2) * wide, ((row + 0.5) / rows * 2 - 1) * tall
        ray = np.stack([np.ones_like(y), y, z], -1).reshape(-1, 3)
        direction = ray / np.sqrt((ray * ray).sum(-1, keepdims=True))
        ring, place = row.astype(np.uint16).ravel(), column.astype(np.uint16).ravel()
        return _frozen(ring, place, np.zeros(len(ring)), direction, np.zeros_like(direction), direction)

    return Scan(make, columns, 0.0)


def _span(fields: Fields, key: str, most: float) -> tuple[float, float]:
    low, high = fields.numbers(key, 2, low=-most, high=most)
    if low >= high:
        raise fields.wrong(key, "the first should be less than the second")
    return math.radians(low), math.radians(high)


PATTERNS: dict[str, Callable[[Fields, float], Scan]] = {
    "spinning": spinning,
    "mirror": mirror,
    "rosette": rosette,
    "raster": raster,
    "flash": flash,
}
