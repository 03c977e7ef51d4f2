import time

import numpy as np
import pytest

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import REACH_KM
from geoguess_cli.geo.places import Nearby, Place, describe, locate, wordings
from geoguess_cli.geo.towns import Town

USA = "United States of America"


def place_of(lat: float, lng: float) -> Place:
    return locate(np.array([[lat, lng]]))[0]


def names_of(place: Place) -> tuple[str, str, str]:
    return place.country, place.country_code, place.region


@pytest.mark.parametrize(
    ("lat", "lng", "region"),
    [
        (45.6770, -111.0429, "Montana"),  # Bozeman
        (32.7767, -96.7970, "Texas"),  # Dallas
        (45.5152, -122.6784, "Oregon"),  # Portland, across the Columbia from Washington
        (45.6387, -122.6615, "Washington"),  # Vancouver, on the other bank
        (48.995, -112.0, "Montana"),  # 600 m south of Alberta
        (40.998, -108.0, "Colorado"),
        (41.003, -108.0, "Wyoming"),
        (36.996, -103.5, "New Mexico"),  # not Colorado, Oklahoma begins 50 km east
        (33.62, -96.60, "Texas"),  # Denison, south of the Red River
        (34.0, -97.0, "Oklahoma"),
        (31.7619, -106.4850, "Texas"),  # El Paso
        (29.3013, -94.7977, "Texas"),  # Galveston, on an island
        (38.9072, -77.0369, "District of Columbia"),
        (21.3069, -157.8583, "Hawaii"),
        (51.88, -176.65, "Alaska"),  # Adak
        (52.9, 172.9, "Alaska"),  # Attu, beyond the antimeridian
    ],
)
def test_states(lat: float, lng: float, region: str) -> None:
    assert names_of(place_of(lat, lng)) == (USA, "US", region)


@pytest.mark.parametrize(
    ("lat", "lng", "country", "code", "region"),
    [
        (49.005, -112.0, "Canada", "CA", "Alberta"),
        (31.6904, -106.4245, "Mexico", "MX", ""),  # Ciudad Juárez, across from El Paso
        (43.6532, -79.3832, "Canada", "CA", "Ontario"),
        (46.8139, -71.2080, "Canada", "CA", "Quebec"),
        (-33.8688, 151.2093, "Australia", "AU", "New South Wales"),
        (-35.2809, 149.1300, "Australia", "AU", "Australian Capital Territory"),
        (-23.5505, -46.6333, "Brazil", "BR", "São Paulo"),
        (43.4633, 11.8796, "Italy", "IT", ""),
        (52.52, 13.405, "Germany", "DE", ""),
        (43.7384, 7.4246, "Monaco", "MC", ""),
        (42.6629, 21.1655, "Kosovo", "XK", ""),
        (18.4655, -66.1057, "Puerto Rico", "PR", ""),
        (-4.4, 15.35, "Democratic Republic of the Congo", "CD", ""),
        (-16.8, 179.99, "Fiji", "FJ", ""),
        (66.0, -175.0, "Russia", "RU", ""),  # Chukotka, east of the antimeridian
        (66.0, 185.0, "Russia", "RU", ""),
        (-90.0, 0.0, "Antarctica", "AQ", ""),
        (-80.0, 100.0, "Antarctica", "AQ", ""),
        (41.6, 41.63, "Georgia", "GE", ""),
    ],
)
def test_countries(lat: float, lng: float, country: str, code: str, region: str) -> None:
    assert names_of(place_of(lat, lng)) == (country, code, region)


@pytest.mark.parametrize(
    "point", [(0.0, -30.0), (90.0, 0.0), (40.0, -60.0), (-40.0, 180.0), (43.0, 34.0), (30.0, -79.0)]
)
def test_the_sea_has_no_name(point: tuple[float, float]) -> None:
    assert names_of(place_of(*point)) == ("", "", "")


def test_a_pier_belongs_to_its_coast_and_the_open_sea_to_nobody() -> None:
    km = 1 / 111.2
    coast = 44.63, -124.06  # Newport, Oregon; the sea lies west
    for away, region in ((2, "Oregon"), (REACH_KM - 4, "Oregon"), (REACH_KM + 6, "")):
        degrees = away * km / np.cos(np.radians(coast[0]))
        assert place_of(coast[0], coast[1] - degrees).region == region, away
    # Across the antimeridian from Fiji's Taveuni.
    assert place_of(-16.9, -179.9).country_code == "FJ"


def test_every_region_holds_a_point_of_its_own() -> None:
    for layer in (load_basemap().regions, load_basemap().countries):
        inner = [shape.representative_point() for shape in layer.geometries]
        places = locate(np.array([(point.y, point.x) for point in inner]))
        if layer is load_basemap().regions:
            assert [place.region for place in places] == layer.names
            assert [p.country_code for p in places] == [code[:2] for code in layer.codes]
        else:
            assert [(place.country, place.country_code) for place in places] == list(
                zip(layer.names, layer.codes, strict=True)
            )


def test_many_points_and_one_by_one_agree(towns: np.ndarray) -> None:
    points = towns[:200]
    together = locate(points)
    assert together == [place_of(*point) for point in points.tolist()]
    assert len({place.country for place in together}) > 5
    assert locate(np.zeros((0, 2))) == []


def test_points_off_the_earth_are_refused() -> None:
    with pytest.raises(CoordinateError, match="row 1: longitude is nan"):
        locate(np.array([[0.0, 0.0], [0.0, np.nan]]))


def test_the_ten_states_of_osv_mini_are_named_as_its_folders_are() -> None:
    folders = {"Texas", "Kansas", "Oregon", "Nevada", "Oklahoma"}
    folders |= {"Montana", "Idaho", "Nebraska", "New Mexico", "Wyoming"}
    assert folders <= set(load_basemap().regions.names)


@pytest.mark.parametrize(
    ("lat", "lng", "text"),
    [
        (45.679, -111.040, "Bozeman, Montana, US"),
        (45.75, -110.93, "12 km NE of Bozeman, Montana, US"),
        (40.78, -73.97, "New York City, New York, US"),  # not North Bergen, across the Hudson
        (45.639, -122.662, "Vancouver, Washington, US"),  # not Portland
        (42.30, -83.02, "Windsor, Ontario, Canada"),  # not Detroit
        (31.69, -106.42, "Ciudad Juárez, Mexico"),  # not El Paso
        (1.30, 103.82, "Singapore"),
        (-23.55, -46.63, "São Paulo, Brazil"),  # in São Paulo
        (43.4633, 11.8796, "Arezzo, Italy"),
        (52.9, 172.9, "Alaska, US"),  # Attu: 700 km from the nearest town
        (-90.0, 0.0, "Antarctica"),
        (90.0, 0.0, "at sea, 1,310 km N of Longyearbyen, Svalbard and Jan Mayen"),
        (-8.52, 179.2, "Funafuti, Tuvalu"),  # on an island that the basemap does not draw
    ],
)
def test_places_in_words(lat: float, lng: float, text: str) -> None:
    assert describe(place_of(lat, lng)) == text


@pytest.mark.parametrize("longitude", [-107.0, -110.5, -112.0, -114.0])
def test_a_point_just_south_of_canada_is_in_montana_and_named_by_a_town_of_it(
    longitude: float,
) -> None:
    text = describe(place_of(48.99, longitude))
    assert text.endswith(", Montana, US")
    assert "Canada" not in text


def test_a_town_is_named_with_what_it_lies_in() -> None:
    coutts = Town("Coutts", "Canada", "CA", "Alberta", 49.0, -111.96, 245)
    near = Nearby(coutts, 8.2, 181.0)
    assert wordings(Place(USA, "US", "Montana", near)) == (
        "Montana, US, 8 km S of Coutts, Alberta, Canada",
        "Montana, US, 8 km S of Coutts, Canada",
        "Montana, US, 8 km S of Coutts",
        "Montana, US",
        "Montana",
    )
    at_home = wordings(Place("Canada", "CA", "Alberta", near))
    assert at_home[2:4] == ("8 km S of Coutts, AB", "8 km S of Coutts")
    assert describe(Place("Canada", "CA", "Alberta", near)) == "8 km S of Coutts, Alberta, Canada"
    assert describe(Place("Canada", "CA", "", near)) == "Canada, 8 km S of Coutts, Alberta"
    assert describe(Place("", "", "", Nearby(coutts, 612.0, 181.0))) == (
        "at sea, 610 km S of Coutts, Alberta, Canada"
    )


def test_a_large_town_reaches_farther_than_a_small_one() -> None:
    def said(population: int, away_km: float) -> str:
        town = Town("Town", USA, "US", "Texas", 30.0, -95.0, population)
        return describe(Place(USA, "US", "Texas", Nearby(town, away_km, 22.4)))

    assert said(1_000, 1.9) == said(2_000_000, 14.9) == "Town, Texas, US"
    assert said(1_000, 4.2) == "4 km N of Town, Texas, US"
    assert said(20_000_000, 15.2) == "15 km N of Town, Texas, US"


@pytest.mark.parametrize(
    ("bearing", "direction"),
    [(0.0, "N"), (22.4, "N"), (22.6, "NE"), (90.0, "E"), (181.0, "S"), (315.0, "NW"), (337.6, "N")],
)
def test_directions(bearing: float, direction: str) -> None:
    town = Town("Town", USA, "US", "Texas", 30.0, -95.0, 1000)
    assert Nearby(town, 1.0, bearing).direction == direction


def test_ten_thousand_points_are_located_in_seconds(everywhere: np.ndarray) -> None:
    started = time.process_time()
    places = locate(everywhere[:10_000])
    assert time.process_time() - started < 15  # 0.3 s on a free core
    assert all(place.nearby is not None for place in places)
