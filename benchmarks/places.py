"""Speed of naming points (country, region, town), compared with a search through all shapes.

    python benchmarks/places.py [--points 10000] [--sample 200] [--table PHOTOS.csv]

Prints JSON lines: one for each measurement, then the ratio, all from one run. The search takes each
point through every polygon and every town; it runs on a sample, and its answers are compared.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import shapely

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import REACH_KM
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.places import Place, locate
from geoguess_cli.geo.towns import OTHER_COUNTRY, OTHER_REGION, load_towns, reach_km


def timed(
    name: str, work: Callable[[], Any], points: int, *, repeats: int = 3
) -> tuple[Any, float]:
    """The result of `work` and its best time in seconds; the measurement is printed."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    best = min(seconds)
    print(json.dumps({"what": name, "points": points, "seconds": best, "per_s": points / best}))
    return result, best


def searched(point: np.ndarray) -> tuple[str, str, str]:
    """Country, region and town of a point, by a search through every shape and every town."""
    spot = shapely.Point(point[1], point[0])
    basemap, towns = load_basemap(), load_towns()
    country = region = ""
    for name, shape in zip(basemap.countries.names, basemap.countries.geometries, strict=True):
        if shape.covers(spot):
            country = name
            break
    for name, shape in zip(basemap.regions.names, basemap.regions.geometries, strict=True):
        if shape.covers(spot):
            region = name
            break
    away = great_circle_km(point[None], towns.latlng)
    own = (towns.frame["country"] == country).to_numpy()
    inner = own & (towns.frame["region"] == region).to_numpy()
    factor = np.where(own, np.where(inner, 1.0, OTHER_REGION), OTHER_COUNTRY)
    cost = away * (factor if country else 1.0)
    if inner.any():
        nearest = np.flatnonzero(inner)[np.argmin(away[inner])]
        cost[nearest] *= away[nearest] > reach_km(int(towns.population[nearest]))
    return country, region, towns.names[int(cost.argmin())]


def named(place: Place) -> tuple[str, str, str]:
    """Country, region and town of a place."""
    assert place.nearby is not None
    return place.country, place.region, place.nearby.town.name


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--table", help="points of this CSV, by latitude and longitude")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    if arguments.table:
        lines = pl.read_csv(arguments.table).select("latitude", "longitude").to_numpy()
    else:  # all over the Earth, land and sea
        sines, turns = (
            rng.uniform(-1, 1, arguments.points),
            rng.uniform(-180, 180, arguments.points),
        )
        lines = np.stack([np.degrees(np.arcsin(sines)), turns], axis=1)
    latlng = lines[rng.integers(len(lines), size=arguments.points)]

    places, ours = timed("places, geoguess", lambda: locate(latlng), len(latlng))
    # Only points with a country; near coasts the two rules differ.
    inland = [k for k, place in enumerate(places) if place.country][: arguments.sample]
    theirs, brute = timed(
        "places, search through all",
        lambda: [searched(latlng[k]) for k in inland],
        len(inland),
        repeats=1,
    )
    same = sum(named(places[k]) == answer for k, answer in zip(inland, theirs, strict=True))
    on_coasts = sum(answer[0] == "" for answer in theirs)
    ratio = (brute / len(inland)) / (ours / len(latlng))
    print(json.dumps({"what": "ratio", "times_faster": ratio, "reach_km": REACH_KM}))
    print(json.dumps({"what": "same answers", "of": len(inland) - on_coasts, "same": same}))
    near = [place.nearby.distance_km for place in places if place.country and place.nearby]
    quantiles = dict(zip(("50", "90", "99"), np.percentile(near, [50, 90, 99]), strict=True))
    print(json.dumps({"what": "km to the town, on land", "towns": len(load_towns()), **quantiles}))


if __name__ == "__main__":
    main()
