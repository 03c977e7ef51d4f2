"""Geometries and their properties as GeoJSON (RFC 7946: longitude first, exterior rings
counter-clockwise)."""

from collections.abc import Iterable, Mapping
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

DECIMALS = 7
"""About a centimetre on the ground; RFC 7946 advises no more than is meant."""


def feature(geometry: BaseGeometry, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One GeoJSON Feature of a (longitude, latitude) geometry.

    >>> feature(shapely.Point(-111.04, 45.68), {"place": "Bozeman"})["geometry"]
    {'type': 'Point', 'coordinates': (-111.04, 45.68)}
    """
    if isinstance(geometry, Polygon):
        geometry = orient(geometry)
    elif isinstance(geometry, MultiPolygon):
        geometry = MultiPolygon([orient(part) for part in geometry.geoms])
    # Rounding the coordinates alone: snapping to a grid could change a ring's validity.
    rounded = shapely.transform(geometry, lambda xy: xy.round(DECIMALS))
    return {"type": "Feature", "geometry": mapping(rounded), "properties": dict(properties)}


def feature_collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}
