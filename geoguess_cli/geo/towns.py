"""Towns that people know, and which of them is near. They ship with the package; no network.

`data/NOTICE.md` names their source; `tools/build_places.py` makes the file and says which towns
are in it.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import numpy as np
import polars as pl
from jaxtyping import Float, Int
from scipy.spatial import cKDTree

from geoguess_cli.errors import CoordinateError
from geoguess_cli.geo.geodesy import check_latlng, great_circle_km, unit_vectors

OTHER_REGION = 2.0
"""A town across the border of the point's state counts as so many times as far."""

OTHER_COUNTRY = 3.0
"""A town across the border of the point's country likewise."""


TOWN_DENSITY = 2000.0
"""People a km² of a town, roughly: from it follows how far a town reaches from its centre."""

LEAST_REACH_KM, MOST_REACH_KM = 2.0, 15.0


@dataclass(frozen=True, slots=True)
class Town:
    """A town.

    Attributes:
        name: As GeoNames writes it, in Latin letters.
        country: English name, as the basemap has it.
        country_code: ISO 3166-1 alpha-2 code; "" where there is none.
        region: First-level region; known where the basemap knows it, else "".
        latitude: In degrees, to a hundredth.
        longitude: Likewise.
        population: Rounded to two digits; 0 where it is not known.
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
        frame: One row a town: the attributes of `Town`, in its order.
        latlng: Where they lie, latitude first, in degrees.
        population: How many people live there.
    """

    frame: pl.DataFrame
    latlng: Float[np.ndarray, "n 2"]
    population: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def names(self) -> list[str]:
        """The names, in order."""
        return self.frame["name"].to_list()

    def take(self, rows: Sequence[int] | Int[np.ndarray, " k"]) -> "Towns":
        """The towns of these rows, in this order."""
        index = np.asarray(rows, dtype=np.int64)
        return Towns(self.frame[index], self.latlng[index], self.population[index])

    def town(self, row: int) -> Town:
        """One of them."""
        return Town(*self.frame.row(row))


@cache
def load_towns() -> Towns:
    """All towns, by country, region and name; read once and kept.

    >>> towns = load_towns()
    >>> towns.town(int(towns.population.argmax())).name
    'Shanghai'
    """
    content = resources.files("geoguess_cli.geo").joinpath("data/places.parquet").read_bytes()
    degrees = pl.col("latitude", "longitude").cast(pl.Float64) / 100.0
    people = pl.col("population").cast(pl.Int64)
    frame = pl.read_parquet(io.BytesIO(content)).with_columns(degrees, people)
    latlng = frame.select("latitude", "longitude").to_numpy()
    return Towns(frame, latlng, frame["population"].to_numpy())


def largest_towns(
    bounds: tuple[float, float, float, float], count: int, *, apart_km: float = 0.0
) -> Towns:
    """The largest towns of a part of the Earth, the largest first.

    Args:
        bounds: West, south, east, north, in degrees; a west above the east goes across the
            antimeridian (RFC 7946, section 5.2).
        count: At most so many.
        apart_km: A town nearer than this to a larger chosen one is left out.

    Raises:
        CoordinateError: Bounds that are no part of the Earth.

    >>> largest_towns((-117.0, 44.0, -104.0, 49.0), 3).names
    ['Billings', 'Missoula', 'Great Falls']
    """
    west, south, east, north = bounds
    check_latlng(np.array([[south, west], [north, east]]))
    if south > north:
        raise CoordinateError(f"the south, {south:g}, lies north of the north, {north:g}")
    towns = load_towns()
    latitude, longitude = towns.latlng[:, 0], towns.latlng[:, 1]
    width = east - west if east - west in (0.0, 360.0) else (east - west) % 360.0
    inside = (latitude >= south) & (latitude <= north) & ((longitude - west) % 360.0 <= width)
    rows = np.flatnonzero(inside)
    order = rows[np.argsort(-towns.population[rows], kind="stable")]
    if apart_km <= 0:
        return towns.take(order[:count])
    chosen: list[int] = []
    for row in order.tolist():
        if len(chosen) == count:
            break
        here = towns.latlng[[row]]
        if not chosen or great_circle_km(here, towns.latlng[chosen]).min() >= apart_km:
            chosen.append(row)
    return towns.take(chosen)


def reach_km(population: Int[np.ndarray, "*n"] | int) -> Float[np.ndarray, "*n"]:
    """How far a town reaches from its centre, in kilometres: the radius of a disc of its people.

    >>> reach_km(np.array([500, 50_000, 8_000_000])).round(1).tolist()
    [2.0, 2.8, 15.0]
    """
    radius = np.sqrt(np.asarray(population) / TOWN_DENSITY / np.pi)
    return np.asarray(np.clip(radius, LEAST_REACH_KM, MOST_REACH_KM))


def nearest_towns(
    latlng: Float[np.ndarray, "n 2"], countries: Sequence[str], regions: Sequence[str]
) -> Int[np.ndarray, " n"]:
    """Rows of `load_towns()`: the town to name for each point.

    It is the nearest by great-circle distance, where a town across a border counts as farther: a
    reader looks for a place in Montana on the map of Montana. A point within reach of the nearest
    town of its own region (or country, where it has no regions) is in that town. Where a point has
    no country, at sea, all towns count alike.

    Args:
        latlng: Points, latitude first, in degrees.
        countries: The name of the country that holds each point; "" for none.
        regions: Likewise the region.
    """
    vectors = unit_vectors(latlng)
    towns = load_towns()
    own, groups = _groups(), zip(countries, regions, strict=True)
    members = _rows_by_value(groups)
    best = np.full(len(latlng), np.inf)
    found = np.zeros(len(latlng), dtype=np.int64)
    for (country, region), points in members.items():
        # From the widest to the closest: of each the nearest is enough, for the others of it are
        # farther and none of them counts for less, but those of the next.
        for key in dict.fromkeys([("", ""), (country, ""), (country, region)]):
            tree = _tree(*key)
            if tree is None:
                continue
            index, rows = tree
            near = rows[index.query(vectors[points])[1]]
            away = great_circle_km(latlng[points], towns.latlng[near])
            cost = away * _factors(own[0][near], own[1][near], country, region)
            if key == (country, region):
                cost[away <= reach_km(towns.population[near])] = 0.0
            better = cost <= best[points]
            best[points[better]], found[points[better]] = cost[better], near[better]
    return found


def _factors(
    countries: np.ndarray, regions: np.ndarray, country: str, region: str
) -> Float[np.ndarray, " n"]:
    """How many times as far each town counts, seen from a point of that country and region."""
    if not country:
        return np.ones(len(countries))
    within = np.where((regions == region) | (region == ""), 1.0, OTHER_REGION)
    return np.where(countries == country, within, OTHER_COUNTRY)


@cache
def _groups() -> tuple[np.ndarray, np.ndarray]:
    frame = load_towns().frame
    return frame["country"].to_numpy(), frame["region"].to_numpy()


@cache
def _tree(country: str, region: str) -> tuple[cKDTree, np.ndarray] | None:
    """A tree of the towns of a country, or of a region of it, with their rows; "" is any."""
    countries, regions = _groups()
    chosen = np.ones(len(countries), dtype=bool)
    if country:
        chosen &= countries == country
    if region:
        chosen &= regions == region
    rows = np.flatnonzero(chosen)
    return (cKDTree(unit_vectors(load_towns().latlng[rows])), rows) if len(rows) else None


def _rows_by_value(
    values: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], Int[np.ndarray, " k"]]:
    rows: dict[tuple[str, str], list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return {value: np.array(found) for value, found in rows.items()}
