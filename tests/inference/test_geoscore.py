"""GeoScore by hand."""

import math

import numpy as np

from geoguess_cli.inference.geoscore import geoscore


def test_geoscore_by_hand() -> None:
    distance_km = np.array([0.0, 1492.7 * math.log(2), 1492.7, 20015.1])
    expected = [5000, 2500, 5000 / math.e, 5000 * math.exp(-20015.1 / 1492.7)]
    np.testing.assert_allclose(geoscore(distance_km), expected, rtol=1e-12)
