"""Towns that ship with the package, and the town to name a point by; no network is used.

`data/NOTICE.md` names their source; `tools/build_places.py` selects them and writes the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Float64, Int

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km, unit_vectors

OTHER_REGION = 2.0
"""Factor on the distance of a town in another region of the point's country."""

OTHER_COUNTRY = 3.0
"""Factor on the distance of a town in another country."""

TOWN_DENSITY = 2000.0
"""Rough number of people per km² of a town, from which its radius is estimated."""

LEAST_REACH_KM, MOST_REACH_KM = 2.0, 15.0

FEW_POINTS = 8
"""Up to this number of points every town is tried: to load a library for trees takes longer."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town, as GeoNames describes it.

    Attributes:
        name: Name in Latin letters.
        country: English name of the country, as in the basemap.
        country_code: ISO 3166-1 alpha-2 code; "" for a country without a code.
        region: First-level region; "" if the basemap has no regions for the country.
        latitude: In degrees, to a hundredth.
        longitude: In degrees, to a hundredth.
        population: Number of people, rounded to two digits; 0 if it is unknown.
    """

    name: str
    country: str
    country_code: str
    region: str
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True, eq=False)
class Towns:
    """Towns as columns, for searching and for maps.

    Attributes:
        frame: One row for each town, with the attributes of `Town` as columns, in its order.
        latlng: Latitude and longitude of each town, in degrees.
        population: Number of people in each town.
    """

    frame: pl.DataFrame
    latlng: Float[np.ndarray, "n 2"]
    population: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def names(self) -> list[str]:
        """The names of the towns, in order."""
        return self.frame["name"].to_list()

    def take(self, rows: Sequence[int] | Int[np.ndarray, " k"]) -> "Towns":
        """The towns in these rows, in this order."""
        index = np.asarray(rows, dtype=np.int64)
        return Towns(self.frame[index], self.latlng[index], self.population[index])

    def town(self, row: int) -> Town:
        """The town in a row."""
        return Town(*self.frame.row(row))


@cache
def load_towns() -> Towns:
    """All towns, ordered by country, region and name; read once and kept.

    >>> towns = load_towns()
    >>> towns.town(int(towns.population.argmax())).name
    'Shanghai'
    """
    content = resources.files("geoguess_cli.geo").joinpath("data/places.parquet").read_bytes()
    degrees = pl.col("latitude", "longitude").cast(pl.Float64) / 100.0
    people = pl.col("population").cast(pl.Int64)
    frame = pl.read_parquet(content).with_columns(degrees, people)
    latlng = frame.select("latitude", "longitude").to_numpy()
    return Towns(frame, latlng, frame["population"].to_numpy())


def largest_towns(
    bounds: tuple[float, float, float, float], count: int, *, apart_km: float = 0.0
) -> Towns:
    """The largest towns in a box, the largest first.

    Args:
        bounds: West, south, east, north, in degrees; if west is greater than east, the box crosses
            the antimeridian (RFC 7946, section 5.2).
        count: Most towns to return.
        apart_km: Least distance between two towns, in kilometres; the smaller town is left out.

    Raises:
        CoordinateError: A bound is out of range, or south lies north of north.

    >>> largest_towns((-117.0, 44.0, -104.0, 49.0), 3).names
    ['Billings', 'Missoula', 'Great Falls']
    """
    west, south, east, north = bounds
    check_latlng(np.array([[south, west], [north, east]]))
    if south > north:
        raise CoordinateError(
            f"the bounds run from latitude {south:g} to {north:g}; give south first"
        )
    towns = load_towns()
    latitude, longitude = towns.latlng[:, 0], towns.latlng[:, 1]
    width = east - west if east - west in (0.0, 360.0) else (east - west) % 360.0
    inside = (latitude >= south) & (latitude <= north) & ((longitude - west) % 360.0 <= width)
    rows = np.flatnonzero(inside)
    order = rows[np.argsort(-towns.population[rows], kind="stable")]
    if apart_km <= 0:
        return towns.take(order[:count])
    largest: list[int] = []
    for row in order.tolist():
        if len(largest) == count:
            break
        place = towns.latlng[[row]]
        if not largest or great_circle_km(place, towns.latlng[largest]).min() >= apart_km:
            largest.append(row)
    return towns.take(largest)


def reach_km(population: Int[np.ndarray, "*n"] | int) -> Float[np.ndarray, "*n"]:
    """The radius of a town, in kilometres: a disc that holds its people at `TOWN_DENSITY`.

    >>> reach_km(np.array([500, 50_000, 8_000_000])).round(1).tolist()
    [2.0, 2.8, 15.0]
    """
    radius = np.sqrt(np.asarray(population) / TOWN_DENSITY / np.pi)
    return np.asarray(np.clip(radius, LEAST_REACH_KM, MOST_REACH_KM))


def nearest_towns(
    latlng: Float[np.ndarray, "n 2"], countries: Sequence[str], regions: Sequence[str]
) -> Int[np.ndarray, " n"]:
    """The town to name for each point, as a row of `load_towns()`.

    It is the nearest town by great-circle distance; a town across a border counts as farther,
    because a reader looks for a place in Montana on the map of Montana. A point within the radius
    of the nearest town of its own region (or country, if it has no regions) is in that town. For a
    point without a country, at sea, all towns count alike.

    Args:
        latlng: Points, latitude first, in degrees.
        countries: The name of the country that holds each point; "" for none.
        regions: The name of the region likewise.
    """
    vectors = unit_vectors(latlng)
    towns = load_towns()
    own = _groups()
    borders = pl.DataFrame({"country": countries, "region": regions})
    groups = borders.with_row_index("row").group_by("country", "region").agg("row")
    best = np.full(len(latlng), np.inf)
    nearest = np.zeros(len(latlng), dtype=np.int64)
    for country, region, members in groups.iter_rows():
        points = np.array(members)
        # All towns, then those of the country, then those of the region. The nearest town of each
        # group is enough: its other towns have the same factor, or belong to the next group.
        for key in dict.fromkeys([("", ""), (country, ""), (country, region)]):
            rows, there = _members(*key)
            if not len(rows):
                continue
            if len(points) > FEW_POINTS:
                near = rows[_tree(*key).query(vectors[points])[1]]
            else:
                near = rows[(vectors[points] @ there.T).argmax(axis=1)]
            away = great_circle_km(latlng[points], towns.latlng[near])
            cost = away * _factors(own[0][near], own[1][near], country, region)
            if key == (country, region):
                cost[away <= reach_km(towns.population[near])] = 0.0
            better = cost <= best[points]
            best[points[better]], nearest[points[better]] = cost[better], near[better]
    return nearest


def _factors(
    countries: np.ndarray, regions: np.ndarray, country: str, region: str
) -> Float[np.ndarray, " n"]:
    """The factor on the distance of each town from a point in this country and region."""
    if not country:
        return np.ones(len(countries))
    within = np.where((regions == region) | (region == ""), 1.0, OTHER_REGION)
    return np.where(countries == country, within, OTHER_COUNTRY)


@cache
def _groups() -> tuple[np.ndarray, np.ndarray]:
    frame = load_towns().frame
    return frame["country"].to_numpy(), frame["region"].to_numpy()


@cache
def _members(country: str, region: str) -> tuple[Int[np.ndarray, " k"], Float64[np.ndarray, "k 3"]]:
    """The rows of the towns in a country and region, and where they are; "" means any."""
    countries, regions = _groups()
    members = np.ones(len(countries), dtype=bool)
    if country:
        members &= countries == country
    if region:
        members &= regions == region
    rows = np.flatnonzero(members)
    return rows, unit_vectors(load_towns().latlng[rows])


@cache
def _tree(country: str, region: str) -> Any:
    """A tree of these places."""
    from scipy.spatial import cKDTree

    return cKDTree(_members(country, region)[1])
