"""Names of places: the country and region of a point by the basemap, and a town near it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import REACH_KM, find_borders
from geoguess_cli.geo.geodesy import bearing_deg, check_latlng, great_circle_km
from geoguess_cli.geo.towns import Town, load_towns, nearest_towns, reach_km

FAR_KM = 500.0
"""A town farther than this is not named for a point on land; at sea every distance is named."""

COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")

SHORT_NAMES = {"United States of America": "US"}


@dataclass(frozen=True, slots=True)
class Nearby:
    """A town, with the distance and direction from it to a point.

    Attributes:
        town: The town.
        distance_km: Great-circle distance from it to the point.
        bearing_deg: Initial bearing from it to the point, clockwise from north, in [0, 360).
    """

    town: Town
    distance_km: float
    bearing_deg: float

    @property
    def direction(self) -> str:
        """The bearing as one of eight points of the compass, such as "NE"."""
        return COMPASS[round(self.bearing_deg / 45.0) % 8]

    @property
    def within(self) -> bool:
        """Whether the point lies in the town, whose size is estimated from its population."""
        return self.distance_km <= float(reach_km(self.town.population))


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a point. Texts are empty at sea and where the basemap has no name.

    Attributes:
        country: English name of the country or territory.
        country_code: Its ISO 3166-1 alpha-2 code.
        region: Its first-level region; known for the United States, Canada, Australia and Brazil.
        nearby: The town to name the place by, across a border if none is near in the region or
            country. None if no town was searched.
    """

    country: str
    country_code: str
    region: str
    nearby: Nearby | None = None


def locate(latlng: Float[np.ndarray, "n 2"]) -> list[Place]:
    """The place of each point, by the polygon that holds it or the nearest one within 25 km.

    Args:
        latlng: Points, latitude first, in degrees.

    Raises:
        CoordinateError: A latitude or longitude is out of range; the message names the row.

    >>> land, sea = locate(np.array([[45.75, -110.93], [0.0, -30.0]]))
    >>> land.region, land.country_code, describe(land)
    ('Montana', 'US', '12 km NE of Bozeman, Montana, US')
    >>> sea.country, describe(sea)
    ('', 'at sea, 500 km NE of Vila dos Remédios, Pernambuco, Brazil')
    """
    check_latlng(latlng)
    nation, area = find_borders(latlng)
    basemap, towns = load_basemap(), load_towns()
    countries = [*basemap.countries.names, ""]  # index -1 takes the last entry: no name
    codes, regions = [*basemap.countries.codes, ""], [*basemap.regions.names, ""]
    names = [(countries[n], codes[n], regions[a]) for n, a in zip(nation, area, strict=True)]
    rows = nearest_towns(latlng, [name[0] for name in names], [name[2] for name in names])
    centers = towns.latlng[rows]
    away, bearing = great_circle_km(centers, latlng), bearing_deg(centers, latlng)
    named = [towns.town(row) for row in rows.tolist()]
    near = map(Nearby, named, away.tolist(), bearing.tolist())
    return [Place(*name, nearby) for name, nearby in zip(names, near, strict=True)]


def describe(place: Place) -> str:
    """A place in words: its town, region and country, such as "12 km NE of Bozeman, Montana, US".

    A town across a border follows the point's own region and country, with its own region or
    country.

    >>> describe(locate(np.array([[45.02, -107.4]]))[0])
    'Montana, US, 19 km NW of Dayton, Wyoming'
    """
    return wordings(place)[0]


def wordings(place: Place) -> tuple[str, ...]:
    """Ways to write a place, from the fullest to the shortest, for places with little room.

    >>> wordings(locate(np.array([[45.75, -110.93]]))[0])  # doctest: +NORMALIZE_WHITESPACE
    ('12 km NE of Bozeman, Montana, US', '12 km NE of Bozeman, Montana', '12 km NE of Bozeman, MT',
     '12 km NE of Bozeman', 'Montana, US', 'Montana')
    >>> wordings(Place("United States of America", "US", "Utah"))
    ('Utah, US', 'Utah')
    >>> wordings(Place("", "", ""))
    ('at sea',)
    """
    country = _short(place.country)
    own = _joined(place.region, country) or "at sea"
    near = place.nearby
    if near is None or (place.country and near.distance_km > FAR_KM):
        return _distinct(own, place.region)
    town, region, abroad = near.town, near.town.region, _short(near.town.country)
    spot = f"{_way(near)} of {town.name}"
    # Near a town, but in no shape: on an island that is too small for the basemap.
    island = not place.country and near.distance_km <= REACH_KM
    if island or (town.country, region) == (place.country, place.region):
        spot = town.name if near.within else spot
        bare = ("",) if island else (own, place.region)
        full, code = _joined(spot, region, abroad), _joined(spot, _region_code(town))
        return _distinct(full, _joined(spot, region), code, spot, *bare)
    abroad = "" if town.country == place.country else abroad
    texts = (_joined(spot, region, abroad), _joined(spot, abroad or _region_code(town)), spot)
    return _distinct(*(f"{own}, {text}" for text in texts), own, place.region)


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _short(country: str) -> str:
    return SHORT_NAMES.get(country, country)


def _region_code(town: Town) -> str:
    return _region_codes().get((town.country_code, town.region), "")


@cache
def _region_codes() -> dict[tuple[str, str], str]:
    """The second part of each region's code ("MT" in "US-MT"), by country code and name."""
    regions = load_basemap().regions
    codes = (code.split("-") for code in regions.codes)
    return {(c, name): own for (c, own), name in zip(codes, regions.names, strict=True)}


def _way(near: Nearby) -> str:
    """Distance and direction, rounded to two or three digits: "12 km NE", "1,230 km W"."""
    step = 1 if near.distance_km < 200 else 10
    return f"{max(1, round(near.distance_km / step) * step):,} km {near.direction}"


def _joined(*names: str) -> str:
    """Names with commas, without empty names and without a name that repeats the one before.

    São Paulo lies in São Paulo, and Singapore in Singapore.
    """
    parts = [name for name in names if name]
    return ", ".join(
        name
        for name, before in zip(parts, ["", *parts], strict=False)
        if before != name and not before.endswith(f" of {name}")
    )
