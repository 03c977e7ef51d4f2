import numpy as np
import pytest

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.places import REACH_KM, Place, locate

USA = "United States of America"


def place_of(lat: float, lng: float) -> Place:
    return locate(np.array([[lat, lng]]))[0]


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
    assert place_of(lat, lng) == Place(USA, "US", region)


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
    assert place_of(lat, lng) == Place(country, code, region)


@pytest.mark.parametrize(
    "point", [(0.0, -30.0), (90.0, 0.0), (40.0, -60.0), (-40.0, 180.0), (43.0, 34.0), (30.0, -79.0)]
)
def test_the_sea_has_no_name(point: tuple[float, float]) -> None:
    assert place_of(*point) == Place("", "", "")


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
