"""Geometries and their properties as GeoJSON.

RFC 7946 puts longitude first and makes exterior rings counter-clockwise.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

DECIMALS = 7
"""Decimals of a coordinate, about a centimetre on the ground; RFC 7946 advises against more."""


def feature(geometry: BaseGeometry, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One GeoJSON Feature of a (longitude, latitude) geometry.

    >>> feature(shapely.Point(-111.04, 45.68), {"place": "Bozeman"})["geometry"]
    {'type': 'Point', 'coordinates': (-111.04, 45.68)}
    """
    if isinstance(geometry, Polygon):
        geometry = orient(geometry)
    elif isinstance(geometry, MultiPolygon):
        geometry = MultiPolygon([orient(part) for part in geometry.geoms])
    # Only coordinates are rounded: snapping to a grid could make a ring invalid.
    rounded = shapely.transform(geometry, lambda xy: xy.round(DECIMALS))
    return {"type": "Feature", "geometry": mapping(rounded), "properties": dict(properties)}


def feature_collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}
