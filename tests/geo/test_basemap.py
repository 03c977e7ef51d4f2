import socket
import time
from importlib import resources

import numpy as np
import pytest
import shapely

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM


def area_km2(shape: shapely.Geometry) -> float:
    """Area of a shape on the sphere, by an equal-area map."""

    def equal_area(lnglat: np.ndarray) -> np.ndarray:
        lng, lat = np.radians(lnglat).T
        return np.stack([lng, np.sin(lat)], axis=1)

    return float(shapely.area(shapely.transform(shape, equal_area))) * EARTH_RADIUS_KM**2


def test_it_is_small_and_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    load_basemap.cache_clear()
    start = time.process_time()
    basemap = load_basemap()
    assert time.process_time() - start < 2.0  # 0.06 s on the bench; a busy machine is no failure
    assert load_basemap() is basemap
    data = resources.files("geoguess_cli.geo") / "data"
    assert len((data / "basemap.parquet").read_bytes()) < 2_000_000
    assert "Natural Earth" in (data / "NOTICE.md").read_text("utf-8")


def test_every_shape_is_valid_and_on_the_map() -> None:
    basemap = load_basemap()
    for layer in (basemap.land, basemap.lakes, basemap.countries, basemap.regions):
        assert len(layer) == len(layer.codes) == len(layer.geometries) > 0
        assert shapely.is_valid(layer.geometries).all()
        assert not shapely.is_empty(layer.geometries).any()
        west, south, east, north = shapely.total_bounds(layer.geometries)
        assert -180 <= west < east <= 180
        assert -90 <= south < north <= 90


def test_names_and_codes_are_sound() -> None:
    basemap = load_basemap()
    countries, regions = basemap.countries, basemap.regions
    named = [code for code in countries.codes if code]
    assert len(set(named)) == len(named) > 230
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in named)
    assert {"US", "CA", "FR", "NO", "XK", "AQ"} <= set(named)
    assert all(countries.names)
    assert not [name for name in countries.names if "." in name]  # no abbreviation
    assert len(set(regions.codes)) == len(regions) == 100
    assert sum(code.startswith("US-") for code in regions.codes) == 51


@pytest.mark.parametrize(
    ("code", "area"),
    [("US-TX", 676_600), ("US-WY", 253_300), ("US-OR", 248_600), ("US-MT", 380_800)],
)
def test_areas_of_states_are_the_census_ones(code: str, area: float) -> None:
    """Land area of the US Census Bureau, and the little water that its boundaries keep."""
    regions = load_basemap().regions
    found = area_km2(regions.geometries[regions.codes.index(code)])
    assert found == pytest.approx(area, rel=0.03)


@pytest.mark.parametrize(
    ("code", "area"), [("FJ", 18_274), ("RU", 17_098_000), ("AQ", 13_660_000), ("CH", 41_285)]
)
def test_areas_of_countries_across_the_antimeridian_and_a_pole(code: str, area: float) -> None:
    countries = load_basemap().countries
    found = area_km2(countries.geometries[countries.codes.index(code)])
    assert found == pytest.approx(area, rel=0.11)


def test_the_layers_fit_each_other() -> None:
    basemap = load_basemap()
    for code in ("US", "CA", "AU", "BR"):
        country = basemap.countries.geometries[basemap.countries.codes.index(code)]
        own = [
            shape
            for shape, name in zip(basemap.regions.geometries, basemap.regions.codes, strict=True)
            if name.startswith(f"{code}-")
        ]
        apart = shapely.union_all(own).symmetric_difference(country).area
        assert apart < 1e-4 * country.area
        assert sum(shape.area for shape in own) == pytest.approx(country.area, rel=1e-4)
    countries = shapely.union_all(basemap.countries.geometries)
    land = basemap.land.geometries[0]
    assert countries.symmetric_difference(land).area < 1e-4 * land.area
    assert 0.28 < area_km2(land) / (4 * np.pi * EARTH_RADIUS_KM**2) < 0.30


def test_lakes_are_where_they_should_be() -> None:
    lakes = load_basemap().lakes.geometries
    everything = shapely.union_all(lakes)
    for lng, lat in [(-88, 47.8), (-112.5, 41.1), (33, -1)]:  # Superior, Great Salt, Victoria
        assert everything.contains(shapely.Point(lng, lat))
    areas = shapely.area(lakes)
    assert (areas[:-1] >= areas[1:]).all()
