import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.geo.cells import cell_boundary, cell_center, cell_corners, latlng_to_cell
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.projections import from_azimuthal
from geoguess_cli.maps import extent as extents
from geoguess_cli.maps.extent import WORLD, fit_extent

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def plane(latitude: float, longitude: float) -> pyproj.Proj:
    return pyproj.Proj(
        proj="laea", lat_0=latitude, lon_0=longitude, R=EARTH_RADIUS_KM * 1000, units="m"
    )


def inside(extent: extents.Extent, latlng: np.ndarray, slack_km: float = 0.5) -> np.ndarray:
    """Which points the extent shows, by PROJ."""
    x, y = plane(extent.latitude, extent.longitude)(latlng[..., 1], latlng[..., 0])
    return (np.abs(x) / 1000 <= extent.width_km / 2 + slack_km) & (
        np.abs(y) / 1000 <= extent.height_km / 2 + slack_km
    )


@given(
    st.lists(st.tuples(st.floats(-8, 8), st.floats(-8, 8)), min_size=1, max_size=12),
    latitudes,
    longitudes,
    st.integers(4, 12),
)
@settings(max_examples=60, deadline=None)
def test_all_the_mass_and_the_points_are_seen(
    offsets: list[tuple[float, float]], lat0: float, lng0: float, level: int
) -> None:
    places = np.array([from_azimuthal(np.array(o) * 100, np.array([lat0, lng0])) for o in offsets])
    rings = cell_boundary(latlng_to_cell(places, level))
    truth = np.array([from_azimuthal(np.array([900.0, -700.0]), np.array([lat0, lng0]))])
    found = fit_extent(rings, np.ones(len(rings)), points=truth)
    assert not found.world
    assert inside(found, rings).all()
    assert inside(found, truth).all()
    assert 1.2 - 1e-9 <= found.width_km / found.height_km <= 1.6 + 1e-9


def test_one_small_cell_gets_a_map_of_the_least_width_about_its_centre() -> None:
    cell = latlng_to_cell(np.array([[52.52, 13.4]]), 13)
    found = fit_extent(cell_boundary(cell), np.ones(1), min_width_km=150.0)
    assert found.width_km == 150
    at = np.array([[found.latitude, found.longitude]])
    assert great_circle_km(at, cell_center(cell))[0] < 0.1


def test_a_tail_of_small_mass_is_left_out_and_a_point_never() -> None:
    near = np.stack([np.linspace(40, 42, 20), np.linspace(-112, -110, 20)], axis=1)
    far = np.array([[20.0, -70.0]])
    rings = cell_boundary(latlng_to_cell(np.concatenate([near, far]), 9))
    weights = np.array([*[0.99 / 20] * 20, 0.01])
    tight = fit_extent(rings, weights, mass=0.95)
    assert tight.width_km < 600
    assert weights[inside(tight, rings).all(axis=1)].sum() >= 0.95
    assert not inside(tight, far).any()
    assert inside(fit_extent(rings, weights, mass=0.95, points=far), far).all()
    assert inside(fit_extent(rings, weights, mass=1.0), rings).all()


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=30), st.floats(0.5, 1.0))
@settings(max_examples=60, deadline=None)
def test_the_box_holds_the_mass_it_promises(weights: list[float], mass: float) -> None:
    rng = np.random.default_rng(len(weights))
    places = np.stack(
        [rng.uniform(-60, -20, len(weights)), rng.uniform(150, 190, len(weights)) % 360], axis=1
    )
    rings = cell_corners(latlng_to_cell(places, 8))
    share = np.array(weights) / np.sum(weights)
    found = fit_extent(rings, share, mass=mass)
    assert share[inside(found, rings).all(axis=1)].sum() >= mass - 1e-9


@pytest.mark.parametrize(
    "places",
    [[(0.0, 0.0), (0.0, 180.0)], [(0, 0), (0, 90), (0, 180), (0, -90)], [(60.0, 0.0), (-60, 90.0)]],
)
def test_what_lies_all_around_is_the_world(places: list[tuple[float, float]]) -> None:
    rings = np.array(places, dtype=np.float64)[:, None]
    assert fit_extent(rings, np.ones(len(rings))) is WORLD
