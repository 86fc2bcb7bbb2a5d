"""Air as a laser beam meets it: extinction, the echo of fog, and rain and snow as particles that a beam may hit.

Sources. Extinction of fog is that of visible light (Mie: 550 and 905 nm differ by less than 3 %). Backscatter of droplets:
lidar ratio 18.8 sr at 905 nm (O'Connor et al. 2004), 23.9 sr at 1550 nm (Mie); Hahner et al. 2021 imply 65.1 sr (0.046 / MOR).
Rain: Marshall and Palmer 1948. Snow: Gunn and Marshall 1958 in melted diameters, and flakes that are the looser the larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from scenesim.kernels import echoes
from scenesim.sensors.lidar import RETURNS, Lidar
from scenesim.sensors.scan import Pulses

BETWEEN_NM = 1200.0  # what things send back below this is that at 905 nm, above that at 1550 nm
CONTRAST_LIMIT = -math.log(0.05)  # meteorological optical range: a black object keeps 5 % of its contrast (WMO-No. 8)
LIDAR_RATIO_SR = ((BETWEEN_NM, 18.8), (math.inf, 23.9))  # of wavelengths up to so many nm
# The emitted beam and the field of view begin to overlap here, and overlap whole (Hahner et al. 2021, of an HDL-64E).
OVERLAP_M = (0.9, 1.0)
# Fog is patchy: its backscatter differs from metre to metre by this much (standard deviation of the logarithm). This and
# sensors.lidar.SOFT_GAIN are fitted to the share of scatter in a sweep of an HDL-64E by Hahner's model: 0.001, 0.03, 0.08, 0.19
# and 0.32 at visibilities of 100, 50, 30, 20 and 15 m.
PATCHES_SIGMA = 0.6
FAINTEST = 0.1  # particles whose echo is a smaller part of the threshold are not told apart from the rest of the air
# Of a drop, as of a Lambertian disc as wide: F / 4 of its front, a convex mirror, and F (1 - F)^2 g / 4 of its back, which the
# front sees as through a lens, g = (n / (2 - n))^2 (paraxial); n = 1.33, F = 2.0 %. At 1550 nm little comes through 1.5 mm of
# water and back (absorption near 10 per cm, recalled).
DROP, DROP_1550 = 0.024, 0.006
# Of a flake. Lidar ratios of ice near 20 sr would mean 0.3; it is fitted, with the focus of the sensors, to the counts and the
# ranges of flakes in sweeps. Ice absorbs at 1550 nm too, but flakes are thin: half (a guess).
FLAKE, FLAKE_1550 = 0.067, 0.033
# Large flakes are looser: 0.178 D^-0.92 g/cm3 (Brandes et al. 2007, recalled) makes their area grow as D^2.89 of the melted
# diameter. A little less, and as much in all as 0.1 g/cm3 have, so that visibilities are those of the METAR classes.
FLAKE_AREA, FLUFF = 3.6, 0.8
BINS, FURTHEST_PARTICLE_M = 96, 40.0  # of the table of particles along a beam
RESPONSE_STEPS, RESPONSE_STEP_M = 180, 0.1  # of the table of what fog sends back


@dataclass(frozen=True)
class Air:
    """The air of a sweep, and what it has left on the road.

    visibility_m: meteorological optical range of the fog or haze, without rain and snow; inf is none. rain_mm_per_h,
    snow_mm_per_h: of water. wetness: of the road, 0 dry to 1 soaked, as cameras see it. lidar_ratio_sr: extinction over
    backscatter of fog, None: that of water droplets at the wavelength. snow_cover: 0 none to 1 deep, as cameras see it.
    """

    visibility_m: float = math.inf
    rain_mm_per_h: float = 0.0
    snow_mm_per_h: float = 0.0
    wetness: float = 0.0
    lidar_ratio_sr: float | None = None
    snow_cover: float = 0.0

    @property
    def fog_per_m(self) -> float:
        """Extinction by fog."""
        return CONTRAST_LIMIT / self.visibility_m

    @property
    def extinction_per_m(self) -> float:
        """Extinction of all that is in the air."""
        return self.fog_per_m + sum(kind.extinction_per_m for kind in self.particles())

    def ratio_sr(self, wavelength_nm: float) -> float:
        """Extinction over backscatter of fog."""
        return self.lidar_ratio_sr or next(ratio for below, ratio in LIDAR_RATIO_SR if wavelength_nm <= below)

    def particles(self) -> list[Particles]:
        """What falls."""
        found = [rain(self.rain_mm_per_h)] if self.rain_mm_per_h > 0 else []
        return found + ([snow(self.snow_mm_per_h)] if self.snow_mm_per_h > 0 else [])


CLEAR = Air()


def droplets_per_m(per_cm3: float, mode_um: float, wavelength_nm: float = 550.0, power: float = 3.0) -> float:
    """Extinction, 1/m, of a fog of so many droplets whose radii are distributed as r^power exp(-power r / mode): what to divide
    CONTRAST_LIMIT by for its visibility. power: 3 for advection fog, 6 for the mist of spray (Rasshofer et al. 2011).

    Twice their cross-sections, and what their edges add: 2 (1 + (2 pi r / wavelength)^(-2/3)) (van de Hulst 1957).
    """
    steps, total, area = 400, 0.0, 0.0
    for k in range(steps):
        r = (k + 0.5) / steps * 8.0 * mode_um
        weight = r**power * math.exp(-power * r / mode_um)
        total += weight
        area += weight * math.pi * r * r * 2.0 * (1.0 + (2000.0 * math.pi * r / wavelength_nm) ** (-2.0 / 3.0))
    return per_cm3 * 1e-6 * area / total


class Particles(NamedTuple):
    """Drops or flakes: n0 exp(-slope D) of them per m3 and mm of (melted) diameter D mm.

    area, fluff: their cross-section over that of a sphere of the diameter is area D^fluff. reflectance: over the cross-section;
    beyond: at BETWEEN_NM and more. hit: of HITS.
    """

    n0_per_m3_mm: float
    slope_per_mm: float
    area: float
    fluff: float
    reflectance: float
    beyond: float
    hit: int

    @property
    def extinction_per_m(self) -> float:
        """Twice the cross-sections in a cubic metre (large particles: van de Hulst 1957)."""
        third = math.gamma(3.0 + self.fluff) / self.slope_per_mm ** (3.0 + self.fluff)
        return 2.0 * self.area * math.pi / 4.0 * self.n0_per_m3_mm * third * 1e-6

    def square_mm2(self, diameter_mm: float) -> float:
        """Cross-section, 4 / pi of it: the squared diameter of a disc as large."""
        return self.area * diameter_mm ** (2.0 + self.fluff)

    def diameter_mm(self, square_mm2: float) -> float:
        """The other way round."""
        return (square_mm2 / self.area) ** (1.0 / (2.0 + self.fluff))


def rain(mm_per_h: float) -> Particles:
    """Marshall-Palmer."""
    return Particles(8000.0, 4.1 * mm_per_h**-0.21, 1.0, 0.0, DROP, DROP_1550, echoes.RAIN)


def snow(mm_per_h: float) -> Particles:
    """Gunn-Marshall, in melted diameters."""
    return Particles(3800.0 * mm_per_h**-0.87, 2.55 * mm_per_h**-0.48, FLAKE_AREA, FLUFF, FLAKE, FLAKE_1550, echoes.SNOW)


def gain(lidar: Lidar, pulses: Pulses, window: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(N,) what pulses have of the power that they should: receivers of beams differ, and windows are dirty; empty for 1. The
    gain of a beam belongs to the model of the sensor."""
    found = np.ones(len(pulses.ring)) if window is None else window
    if lidar.gain_spread > 0.0:
        rng = keys.generator(keys.derive(keys.root(0), "gain of beams", lidar.model))
        of_ring = 1.0 + lidar.gain_spread * np.clip(rng.standard_normal(int(pulses.ring.max()) + 1), -2.5, 2.5)
        return found * np.maximum(of_ring, 0.2)[pulses.ring]
    return np.zeros(0) if window is None else found


def biases(lidar: Lidar, rings: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(m (rings,) by which the ranges of each beam are too long, in whole steps of them; rad (rings,) by which the sensor takes
    it to be too high). They belong to the model. Glennie and Lichti 2010 found such from laser to laser
    in an HDL-64E as its maker had calibrated it; how large they are is fitted."""
    rng = keys.generator(keys.derive(keys.root(0), "bias of beams", lidar.model))
    far, high = np.clip(rng.standard_normal((2, rings)), -2.5, 2.5)
    step, far = lidar.range_quantum_m, lidar.range_bias_m * far
    return np.round(far / step) * step if step > 0.0 else far, lidar.angle_bias_rad * high


def told(lidar: Lidar, pulses: Pulses) -> NDArray[np.float64]:
    """(N, 3) where the sensor takes its pulses to go, by a calibration that is a little wrong."""
    if lidar.angle_bias_rad <= 0.0:
        return pulses.told
    high = biases(lidar, int(pulses.ring.max()) + 1)[1][pulses.ring]
    x, y, z = pulses.told.T
    level = np.sqrt(np.maximum(x * x + y * y, 1e-12))
    found = pulses.told + (high / level)[:, None] * np.stack([-x * z, -y * z, level * level], -1)
    return found / np.sqrt((found * found).sum(-1, keepdims=True))


def reported(lidar: Lidar, intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the sensor says of intensities (N,), over the greatest value that it has: up to 1, which is a white surface that
    faces it, intensity_white of that; retroreflectors share what is above. So do Velodyne's calibrated reflectivities: 0 to 100
    diffuse, 101 to 255 retroreflecting (VLP-16 and HDL-32E manuals)."""
    brighter = 1.0 - 1.0 / np.sqrt(np.maximum(intensity, 1.0))
    found = lidar.intensity_white * np.minimum(intensity, 1.0) + (1.0 - lidar.intensity_white) * brighter
    steps = lidar.intensity_steps
    return (np.round(found * steps) / steps if steps > 0.0 else found).astype(np.float32)


def in_the_beam(lidar: Lidar, air: Air) -> echoes.Falling:
    """The particles that a beam may return, as kernels.echoes reads them."""
    across, up = lidar.divergence_rad
    return _falling(
        lidar.threshold, lidar.focus_m, math.sqrt(across * up), lidar.aperture_m, lidar.wavelength_nm >= BETWEEN_NM, air
    )


@lru_cache(maxsize=16)
def _falling(
    threshold: float, focus_m: float, divergence: float, aperture_m: float, infrared: bool, air: Air
) -> echoes.Falling:
    """Of each kind of particle and distance, those from a least diameter on.

    Below that an echo is less than FAINTEST of the threshold, and they are part of the extinction alone. divergence: rad, of a
    round beam of the same cross-section.
    """
    kinds = air.particles()
    edges = np.linspace(0.0, FURTHEST_PARTICLE_M, BINS + 1)
    r = 0.5 * (edges[1:] + edges[:-1])
    width = aperture_m + divergence * r
    least, kind_row = np.zeros((len(kinds), BINS)), np.zeros((len(kinds), 6))
    count, lost = np.zeros((2, len(kinds), BINS + 1))
    for k, p in enumerate(kinds):
        reflectance = p.beyond if infrared else p.reflectance
        share = FAINTEST * threshold * np.maximum(r, focus_m) ** 2 / reflectance  # of the beam, that a particle must cover
        least[k] = [p.diameter_mm(x * (w * 1e3) ** 2) if x < 1.0 else math.inf for x, w in zip(share, width)]
        dense = [p.n0_per_m3_mm / p.slope_per_mm * math.exp(-p.slope_per_mm * d) for d in least[k]]
        count[k, 1:] = np.cumsum(math.pi / 4.0 * width * width * (edges[1] - edges[0]) * dense)
        least[k][~np.isfinite(least[k])] = 0.0
        lost[k, 1:] = np.cumsum(np.diff(count[k]) * [_shaded(p, d, w * 1e3) for d, w in zip(least[k], width)])
        kind_row[k] = p.slope_per_mm, p.area, p.fluff, reflectance, p.hit, count[k, -1]
    return echoes.Falling(kind_row, edges[1], least, count, lost.sum(0), aperture_m, divergence)


def _shaded(particles: Particles, least_mm: float, width_mm: float, steps: int = 16) -> float:
    """Share of the light that a particle of this diameter at least takes from a beam on both ways, in the mean."""
    diameters = [least_mm - math.log(1.0 - (k + 0.5) / steps) / particles.slope_per_mm for k in range(steps)]
    return sum(1.0 - max(0.0, 1.0 - 2.0 * particles.square_mm2(d) / width_mm**2) ** 2 for d in diameters) / steps


def soft_target(lidar: Lidar, air: Air) -> tuple[NDArray[np.float64], float]:
    """(response (n,) 1/m of air that scatters, m between them): what kernels.echoes.soft_response finds for a pulse, by the
    range that a surface at that place would be given. Empty where its echo drowns in the noise."""
    response = _response(lidar.separation_m, lidar.focus_m, air.extinction_per_m)
    loudest = float(response.max()) * receiver(lidar, air).fog * math.exp(4.0 * PATCHES_SIGMA)
    return (response if loudest > 0.3 * lidar.threshold else np.zeros(0)), RESPONSE_STEP_M


@lru_cache(maxsize=16)
def _response(half_m: float, focus_m: float, extinction_per_m: float) -> NDArray[np.float64]:
    out = np.empty(RESPONSE_STEPS)
    echoes.soft_response(extinction_per_m, half_m, *OVERLAP_M, focus_m, RESPONSE_STEP_M, half_m, out)
    return out


def receiver(lidar: Lidar, air: Air) -> echoes.Receiver:
    """What kernels.echoes must know of a sensor and the air."""
    offsets = lidar.sub_ray_offsets * float(lidar.sigma_rad.max())
    apart = np.sqrt(((offsets[:, None] - offsets[None]) ** 2).sum(-1)) + np.where(np.eye(len(offsets)) > 0, np.inf, 0.0)
    fog = air.fog_per_m
    spread = 1.2 * float(apart.min(0).max()) if lidar.sub_rays > 1 else 0.0
    return echoes.Receiver(
        lidar.threshold, lidar.range_noise_m, lidar.range_noise_at_reach_m, lidar.range_noise_slope, lidar.speckle,
        lidar.range_quantum_m, lidar.min_range_m, lidar.max_range_m, lidar.separation_m, lidar.focus_m, spread,
        RETURNS.index(lidar.returns), math.pi * fog / air.ratio_sr(lidar.wavelength_nm) * lidar.soft_gain, PATCHES_SIGMA,
        air.extinction_per_m,
    )  # fmt: skip
