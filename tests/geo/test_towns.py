"""The nearest town, against a search through all of them by another formula."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import find_borders
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.towns import (
    OTHER_COUNTRY,
    OTHER_REGION,
    Town,
    largest_towns,
    load_towns,
    nearest_towns,
    reach_km,
)

earth = load_towns()
home = earth.frame["country"].to_numpy()
state = earth.frame["region"].to_numpy()


def haversine_km(point: np.ndarray, others: np.ndarray) -> np.ndarray:
    (lat, lng), (lats, lngs) = np.radians(point), np.radians(others).T
    half = np.sin((lats - lat) / 2) ** 2
    half += np.cos(lat) * np.cos(lats) * np.sin((lngs - lng) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half.clip(0, 1)))


def searched(point: np.ndarray, country: str, region: str) -> np.ndarray:
    """What each town costs, by the rule as it is written."""
    away = haversine_km(point, earth.latlng)
    if not country:
        return away
    cost = np.where(home == country, away, OTHER_COUNTRY * away)
    cost[(home == country) & (state != region) & (region != "")] *= OTHER_REGION
    own = np.flatnonzero((home == country) & ((state == region) | (region == "")))
    if len(own):
        nearest = own[np.argmin(away[own])]
        if away[nearest] <= reach_km(int(earth.population[nearest])):
            cost[nearest] = 0.0
    return cost


def names_of(points: np.ndarray) -> tuple[list[str], list[str]]:
    basemap = load_basemap()
    nation, area = find_borders(points)
    countries, regions = [*basemap.countries.names, ""], [*basemap.regions.names, ""]
    return [countries[row] for row in nation], [regions[row] for row in area]


def test_the_nearest_town_is_that_of_a_search_through_all(
    towns: np.ndarray, everywhere: np.ndarray
) -> None:
    west = np.random.default_rng(1).uniform([31, -117], [49.2, -96], (60, 2))
    turn = np.stack([np.linspace(-80, 80, 30), np.tile([180.0, -180.0, 179.99], 10)], axis=1)
    poles = np.array([[90.0, 0.0], [-90.0, 77.0], [89.99, -179.0]])
    points = np.concatenate([towns[::60], everywhere[:30], west, turn, poles])
    countries, regions = names_of(points)
    # With the countries on both sides of a border exchanged, the town across the border is near.
    exchanged = {"Canada": "Mexico", "Mexico": "Canada", "Brazil": "Peru", "Peru": "Bolivia"}
    for owners in (countries, [exchanged.get(name, name) for name in countries]):
        found = nearest_towns(points, owners, regions)
        for point, row, country, region in zip(points, found, owners, regions, strict=True):
            cost = searched(point, country, region)
            assert cost[row] == pytest.approx(cost.min(), abs=1e-4), (point, earth.town(row))
    assert (home[found] != owners).sum() > 10


@settings(max_examples=30, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_at_sea_the_nearest_of_all_towns_is_named(latitude: float, longitude: float) -> None:
    point = np.array([[latitude, longitude]])
    row = nearest_towns(point, [""], [""])[0]
    away = haversine_km(point[0], earth.latlng)
    assert away[row] == pytest.approx(away.min(), abs=1e-4)


def test_no_points_have_no_towns() -> None:
    assert nearest_towns(np.empty((0, 2)), [], []).tolist() == []


def test_the_table_is_sound() -> None:
    assert not earth.frame["name"].str.contains(r"^\s*$|[(),]").any()
    assert (np.abs(earth.latlng) <= [90, 180]).all()
    assert (earth.population >= 0).all()
    basemap = load_basemap()
    known = set(zip(basemap.countries.names, basemap.countries.codes, strict=True))
    strange = earth.frame.filter(~earth.frame["country"].is_in([name for name, _ in known]))
    # Parts of France, and what is too small to be drawn.
    assert set(strange["country_code"]) <= {
        *("BQ", "CC", "CX", "GF", "GI", "GP", "MQ", "RE", "SJ", "TK", "TV", "YT")
    }
    drawn = earth.frame.join(strange, on=["country_code", "name"], how="anti")
    assert set(drawn.select("country", "country_code").unique().iter_rows()) <= known
    pairs = set(earth.frame.select("country_code", "region").unique().iter_rows())
    codes = zip(basemap.regions.codes, basemap.regions.names, strict=True)
    assert {p for p in pairs if p[1]} <= {(code[:2], name) for code, name in codes}


def test_towns_lie_where_the_borders_say() -> None:
    countries, regions = map(np.array, names_of(earth.latlng))
    drawn = countries != ""
    assert (countries == home)[drawn].mean() > 0.99
    assert (regions == state)[home == "United States of America"].mean() > 0.99


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("Bozeman", "Montana"),
        ("Saint Paul", "Minnesota"),  # as large as its twin
        ("Oakland", "California"),
        (
            "Kansas City",
            "Kansas",
        ),  # in the shadow of the one in Missouri, if it were not for a border
        ("Jordan", "Montana"),  # 350 people: the only ones for 100 km
    ],
)
def test_towns_that_people_know(name: str, region: str) -> None:
    found = earth.frame.filter((home == "United States of America") & (state == region))
    assert name in found["name"].to_list()


def test_the_largest_towns_of_a_map() -> None:
    texas = largest_towns((-106.7, 25.8, -93.5, 36.5), 6)
    assert texas.names[:3] == ["Houston", "Ciudad Juárez", "San Antonio"]
    assert (np.diff(texas.population) <= 0).all()
    assert len(largest_towns((-106.7, 25.8, -93.5, 36.5), 6, apart_km=100.0)) == 6
    apart = largest_towns((-106.7, 25.8, -93.5, 36.5), 40, apart_km=100.0)
    gaps = [haversine_km(p, np.delete(apart.latlng, k, axis=0)) for k, p in enumerate(apart.latlng)]
    assert np.min(gaps) >= 100


def test_the_largest_towns_across_the_antimeridian_and_of_the_world() -> None:
    fiji = largest_towns((176.0, -20.0, -178.0, -15.0), 50)
    assert set(fiji.frame["country"]) == {"Fiji"}
    assert fiji.latlng[:, 1].min() < 0 < fiji.latlng[:, 1].max()
    assert len(largest_towns((-180.0, -90.0, 180.0, 90.0), 10**6)) == len(earth)
    assert len(largest_towns((0.0, -90.0, 360.0, 90.0), 10**6)) == len(earth)
    assert len(largest_towns((-30.0, -1.0, -29.0, 1.0), 5)) == 0


def test_bounds_that_are_none_are_refused() -> None:
    with pytest.raises(CoordinateError, match="from latitude 50 to 4"):
        largest_towns((0.0, 50.0, 10.0, 40.0), 5)
    with pytest.raises(CoordinateError, match="latitude is 95"):
        largest_towns((0.0, 50.0, 10.0, 95.0), 5)


def test_a_town_is_a_row() -> None:
    row = earth.names.index("Bozeman")
    town = earth.town(row)
    assert isinstance(town, Town)
    assert (town.latitude, town.longitude) == (45.68, -111.04)
    assert earth.take([row]).names == ["Bozeman"]
    assert earth.take(np.array([row])).latlng.tolist() == [[45.68, -111.04]]


def test_the_table_is_small_and_its_source_is_credited() -> None:
    data = resources.files("geoguess_cli.geo").joinpath("data")
    assert len(data.joinpath("places.parquet").read_bytes()) < 700_000
    notice = data.joinpath("NOTICE.md").read_text("utf-8")
    for text in ("GeoNames", "CC BY 4.0", "creativecommons.org/licenses/by/4.0/", "Changed"):
        assert text in notice
    assert f"{len(earth):,} of" in " ".join(notice.split())
