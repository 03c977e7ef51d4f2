"""A probability map as data for other map programs: GeoJSON and GeoParquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely
from jaxtyping import Float

from geoguess_cli.geo.geojson import feature, feature_collection
from geoguess_cli.geo.geoparquet import write_geoparquet
from geoguess_cli.geo.places import describe
from geoguess_cli.inference.answers import (
    cell_records,
    likeness_record,
    neighbour_record,
    neighbours_of,
)
from geoguess_cli.inference.credible import MASSES
from geoguess_cli.maps.probability_map import ProbabilityMap

_CELL_COLUMNS = (
    *("rank", "token", "cell_index", "level", "probability", "photos"),
    *("latitude", "longitude", "area_km2", "country", "region", "place"),
)


def map_record(map_: ProbabilityMap) -> dict[str, Any]:
    """The record of a whole map; `distance_km` is None if the truth is unknown."""
    answer = map_.answer
    latitude, longitude = answer.estimate
    return {
        "photo": answer.photo,
        "latitude": latitude,
        "longitude": longitude,
        "place": describe(answer.place),
        "entropy_bits": map_.entropy_bits,
        "expected_km": answer.expected_km,
        "radius_90_km": answer.radius_90_km,
        "distance_km": map_.distance_km,
        **({"within": answer.region, "inside": answer.inside} if map_.region is not None else {}),
        **likeness_record(answer.likeness),
    }


def map_cell_records(map_: ProbabilityMap, *, most: int | None = None) -> list[dict[str, Any]]:
    """The record of each cell with its rank and probability, the likeliest first.

    Args:
        map_: The map.
        most: Number of cells, at least 1; None for all.
    """
    cells = cell_records(map_.partition)
    records = []
    for rank, index in enumerate(map_.ranking[:most].tolist(), start=1):
        own = {"rank": rank, "probability": float(map_.probabilities[index])}
        record = cells[index] | own
        records.append({column: record[column] for column in _CELL_COLUMNS})
    return records


def map_geojson(map_: ProbabilityMap, *, min_probability: float = 0.0) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (RFC 7946), in the order in which a map draws its parts.

    The `kind` of a feature is "cell", "credible_region", "guess", "neighbour" (a training photo
    that the photo resembles), "region" (what the answer was limited to), "estimate" or "truth". A
    guess is the point at the centroid of its cell. Cells and
    guesses come likeliest first.

    Args:
        map_: The map.
        min_probability: Cells less likely than this are left out.
    """
    return feature_collection(_features(map_, min_probability))


def write_map_geoparquet(map_: ProbabilityMap, path: Path) -> None:
    """Write a probability map as GeoParquet, whole or not at all: one row per cell.

    The columns are those of the cells' records, `credible_50` and `credible_90`, which tell
    whether the cell belongs to that credible set, and the cells' outlines. The record of the whole
    map is in the file's metadata, as JSON under the key `geoguess`.

    Args:
        map_: The map.
        path: The file; its folder is made if need be.
    """
    about = {**map_record(map_), "truth": None if map_.truth is None else map_.truth.tolist()}
    metadata = {"geoguess": json.dumps(about, ensure_ascii=False)}
    cells = pl.DataFrame(map_cell_records(map_)).with_columns(
        (pl.col("rank") <= len(map_.credible_cells(mass))).alias(f"credible_{100 * mass:.0f}")
        for mass in MASSES
    )
    write_geoparquet(cells, map_.partition.polygons[map_.ranking], path, metadata=metadata)


def _features(map_: ProbabilityMap, min_probability: float) -> Iterator[dict[str, Any]]:
    records, partition = map_cell_records(map_), map_.partition
    for index, record in zip(map_.ranking, records, strict=True):
        if record["probability"] < min_probability:
            break
        yield feature(partition.polygons[index], {"kind": "cell", **record})
    for mass in reversed(MASSES):
        region = {
            "kind": "credible_region",
            "mass": mass,
            "cells": len(map_.credible_cells(mass)),
            "area_km2": map_.credible_area_km2(mass),
        }
        yield feature(map_.credible_region(mass), region)
    for index, record in zip(map_.guesses, records, strict=False):
        yield feature(_point(partition.centroids[index]), {"kind": "guess", **record})
    for rank, own in enumerate(neighbours_of(map_.answer), start=1):
        place = _point(np.array([own.latitude, own.longitude]))
        yield feature(place, {"kind": "neighbour", **neighbour_record(own, rank)})
    if map_.region is not None:
        yield feature(map_.region.shape, {"kind": "region", "name": map_.region.name})
    yield feature(_point(map_.estimate), {"kind": "estimate", **map_record(map_)})
    if map_.truth is not None:
        truth = {"kind": "truth", "photo": map_.answer.photo, "distance_km": map_.distance_km}
        yield feature(_point(map_.truth), truth)


def _point(latlng: Float[np.ndarray, "2"]) -> shapely.Point:
    latitude, longitude = latlng.tolist()
    return shapely.Point((longitude + 180) % 360 - 180, latitude)
