"""What a surface sends back within itself: textures in the laser's band, paints, and snow that lies."""

from __future__ import annotations

import numpy as np
import pytest

from scenesim.kernels.packed import INSTANCE, MATERIAL
from scenesim.kernels.shaders import PAINT
from scenesim.sensors.ranging import Air
from tests.lidar_scenes import lidar, street, sweep_of, walls, with_material

ROAD = 2  # class of the street's ground


def _tones(sensor):
    """Intensities of asphalt over those of even ground, in order of pulses, with their columns."""
    s = sweep_of(street(), sensor)
    on = (s.class_id == ROAD) & (s.range_m < 15.0)
    incidence = np.cos(s.incidence_rad[on].astype(float))
    even = 0.16 * (0.773 * incidence + 0.339 * (1.0 - incidence**2))
    return s.intensity[on] / even, s.ring[on], s.column[on], s.range_m[on]


def test_asphalt_is_uneven_and_the_wider_the_beam_the_less():
    """Grain of centimetres is averaged over the footprint; what is larger stays, and is the same for every sensor."""
    narrow, wide = (_tones(lidar("lidar_vlp16", divergence_mrad=[d, d], reach_m=500.0)) for d in (0.2, 10.0))
    assert 0.05 < narrow[0].std() < 0.4 and narrow[0].mean() == pytest.approx(1.0, abs=0.15)
    assert wide[0].std() < 0.8 * narrow[0].std()
    assert (narrow[1] == wide[1]).all() and (narrow[2] == wide[2]).all()
    assert np.corrcoef(narrow[0], wide[0])[0, 1] > 0.2


def test_rays_of_a_pulse_on_one_surface_have_one_tone():
    one, seven = (_tones(lidar("lidar_vlp16", sub_rays=n, reach_m=500.0)) for n in (1, 7))
    a = {(r, c): t for t, r, c, m in zip(*one) if m < 8.0}
    both = np.array([(a[r, c], t) for t, r, c, _ in zip(*seven) if (r, c) in a])
    assert len(both) > 200 and np.corrcoef(both.T)[0, 1] > 0.9


def test_black_paint_is_darker_than_white():
    """As the named paints of assets/materials/vehicles.yaml: with the root of the brightest channel."""
    scene, found, grey = walls(10.0), [], {f"albedo_{c}": 0.4 for c in "rgb"}
    for tint in (0.04, 0.64):
        params = scene.params.copy()
        params[:, INSTANCE["tint_r"] : INSTANCE["tint_r"] + 3] = tint
        painted = with_material(scene._replace(params=params), shader=PAINT, tinted=1.0, **grey)
        s = sweep_of(painted, lidar("lidar_vlp16", at=(0, 0, 3.0)))
        found.append(float(np.median(s.intensity[s.ring >= 8])))
    assert found[1] / found[0] == pytest.approx(4.0, rel=0.1)


def test_a_calibration_target_is_even():
    scene = walls(10.0)
    s = sweep_of(scene, lidar("lidar_vlp16"))
    on = s.range_m < 12.0
    assert MATERIAL["reflectance_905nm"] and np.abs(s.intensity[on] / (0.5 * np.cos(s.incidence_rad[on])) - 1.0).max() < 1e-3


@pytest.mark.parametrize("wavelength, brighter", [(905.0, True), (1550.0, False)])
def test_snow_lies_bright_at_905_and_dark_at_1550_nm(wavelength, brighter):
    scene = with_material(street(), reflectance_1550nm=0.22)
    sensor = lidar("lidar_vlp16", wavelength_nm=wavelength, reach_m=500.0)
    bare, under = (sweep_of(scene, sensor, air=Air(snow_cover=c)) for c in (0.0, 1.0))
    near = [s.intensity[(s.class_id == ROAD) & (s.range_m < 12.0)].mean() for s in (bare, under)]
    assert (near[1] > 2.5 * near[0]) if brighter else (near[1] < 0.5 * near[0])
    wall = [s.intensity[s.class_id == 8].mean() for s in (bare, under)]
    assert wall[1] == pytest.approx(wall[0], rel=0.02)  # walls stay as they are
