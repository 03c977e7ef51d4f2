import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.projections import azimuthal, equal_earth, from_azimuthal, from_equal_earth

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
RADIUS_M = EARTH_RADIUS_KM * 1000


def places(count: int, reach: float = 89.9) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.stack([rng.uniform(-reach, reach, count), rng.uniform(-180, 180, count)], axis=1)


@given(latitudes, longitudes, latitudes, longitudes)
@settings(max_examples=80, deadline=None)
def test_the_azimuthal_plane_is_lamberts(lat0: float, lng0: float, lat: float, lng: float) -> None:
    point, center = np.array([[lat, lng]]), np.array([lat0, lng0])
    if great_circle_km(point, center[None])[0] > 19_000:
        return  # at the antipode the plane tears
    proj = pyproj.Proj(proj="laea", lat_0=lat0, lon_0=lng0, R=RADIUS_M)
    x, y = proj(lng, lat)
    ours = azimuthal(point, center)[0]
    assert ours == pytest.approx(np.array([x, y]) / 1000, abs=0.01)
    back = from_azimuthal(ours, center)
    assert great_circle_km(back[None], point)[0] < 0.01


def test_equal_earth_is_proj() -> None:
    latlng = places(500)
    x, y = pyproj.Proj(proj="eqearth", R=RADIUS_M)(latlng[:, 1], latlng[:, 0])
    assert equal_earth(latlng) == pytest.approx(np.stack([x, y], axis=1) / 1000, abs=1e-3)


def test_shapes_of_arrays_are_kept() -> None:
    grid = places(12).reshape(3, 4, 2)
    assert azimuthal(grid, np.zeros(2)).shape == equal_earth(grid).shape == (3, 4, 2)
    assert (from_azimuthal(np.zeros(2), np.array([1.0, 2.0])) == [1.0, 2.0]).all()
    assert from_azimuthal(grid, np.zeros(2)).shape == from_equal_earth(grid).shape == (3, 4, 2)


def test_many_points_of_the_azimuthal_plane_and_one_by_one_agree() -> None:
    center = np.array([47.0, -110.0])
    plane = azimuthal(places(50), center)
    together = from_azimuthal(plane, center)
    assert together == pytest.approx(places(50), abs=1e-6)
    assert together.tolist() == [from_azimuthal(xy, center).tolist() for xy in plane]


def test_equal_earth_and_back() -> None:
    assert from_equal_earth(equal_earth(places(500, 89.0))) == pytest.approx(
        places(500, 89.0), abs=1e-6
    )
    off = np.array([[17_300.0, 0.0], [0.0, 8_500.0], [-15_000.0, 8_000.0]])
    assert np.isnan(from_equal_earth(off)).all()
    assert from_equal_earth(np.array([[0.0, 8392.9]]))[0, 0] > 89.8
