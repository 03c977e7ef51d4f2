"""Probability maps for tests, and what a map draws read back by PROJ."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyproj
import shapely
from figure_worlds import by_gid
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.maps.extent import Extent
from geoguess_cli.maps.interactive.plane import Plane
from geoguess_cli.maps.probability_map import ProbabilityMap, probability_map

KINDS = ["states", "fiji", "pole", "faces"]
"""Fixtures with partitions: an ordinary one, the antimeridian, a pole, the whole Earth."""


def random_map(partition: Partition, **options: Any) -> ProbabilityMap:
    """A map of random probabilities, the same in each run; the options are `map_of`'s."""
    weights = np.random.default_rng(5).random(len(partition)) ** 3
    return map_of(partition, (weights / weights.sum()).astype(np.float32), **options)


def map_of(
    partition: Partition,
    probabilities: np.ndarray,
    *,
    truth: Sequence[float] | None = None,
    estimate: tuple[float, float] | None = None,
    top_k: int = 5,
    photo: str = "",
) -> ProbabilityMap:
    """The map of these probabilities; the estimate is by default the likeliest cell's centroid."""
    answer = Answering(partition).answer(probabilities, photo=photo)
    if estimate is not None:
        answer = replace(answer, estimate=estimate)
    return probability_map(answer, partition, truth=truth, top_k=top_k)


def projected(plane: Plane, latlng: np.ndarray) -> np.ndarray:
    """Places in kilometres, by PROJ."""
    radius = EARTH_RADIUS_KM * 1000
    proj = pyproj.Proj(proj="eqearth", R=radius)
    if plane.center is not None:
        proj = pyproj.Proj(proj="laea", lat_0=plane.center[0], lon_0=plane.center[1], R=radius)
    return np.stack(proj(latlng[:, 1], latlng[:, 0]), axis=1) / 1000


def rings_of(xs: Sequence[float], ys: Sequence[float]) -> list[shapely.LinearRing]:
    """The rings of a path with NaN between them."""
    xy = np.stack([xs, ys], axis=1)
    rings = np.split(xy, np.flatnonzero(np.isnan(xy[:, 0])))
    return [shapely.LinearRing(ring[~np.isnan(ring[:, 0])]) for ring in rings]


def evenodd(xs: Sequence[float], ys: Sequence[float]) -> shapely.Geometry:
    """What Bokeh fills of a path."""
    filled = shapely.Polygon()
    for ring in rings_of(xs, ys):
        filled = filled.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return filled


def content_of(page: str) -> dict:  # type: ignore[type-arg]
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


def area_km2(polygon: shapely.Geometry) -> float:
    """Area on the sphere by Lambert's cylindrical equal-area projection."""
    fine = shapely.segmentize(polygon, 0.25)
    flat = shapely.transform(
        fine, lambda xy: np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1)
    )
    return float(flat.area) * 6371.0088**2


def drawn_cells(figure: Figure) -> PathCollection:
    (cells,) = by_gid(figure, "cells")
    return cells


def map_axes(figure: Figure) -> Axes:
    return drawn_cells(figure).axes


def projection(extent: Extent) -> pyproj.Proj:
    """The map's projection, by PROJ."""
    if extent.world:
        return pyproj.Proj(proj="eqearth", R=1000 * EARTH_RADIUS_KM)
    return pyproj.Proj(
        proj="laea", lat_0=extent.latitude, lon_0=extent.longitude, R=1000 * EARTH_RADIUS_KM
    )


def shape_of(path) -> shapely.Geometry:  # type: ignore[no-untyped-def]
    return shapely.union_all([shapely.Polygon(ring) for ring in path.to_polygons()])


def visible(figure: Figure) -> tuple[float, float, float, float]:
    """Centre and size of a regional map: latitude, longitude, degrees; width, height, km."""
    crs = map_axes(figure).projection.proj4_params
    ax = map_axes(figure)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return (
        float(crs["lat_0"]),
        float(crs["lon_0"]),
        float(right - left) / 1000,
        float(top - bottom) / 1000,
    )
