"""Geometries and their properties as GeoJSON.

RFC 7946 puts longitude first and makes exterior rings counter-clockwise.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

DECIMALS = 7
"""Decimals of a coordinate, about a centimetre on the ground; RFC 7946 advises against more.

A shape as small as that needs more, or its corners fall together: a leaf cell is that small.
"""

_DIGITS_OF_WIDTH = 2
"""Decimals beyond the first of a shape's width: its corners move by a hundredth of it at most."""


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
    decimals = decimals_of(geometry)
    rounded = shapely.transform(geometry, lambda xy: xy.round(decimals))
    return {"type": "Feature", "geometry": mapping(rounded), "properties": dict(properties)}


def decimals_of(geometry: BaseGeometry) -> int:
    """Decimals of coordinates that keep a shape's form: `DECIMALS`, or more if it is smaller.

    >>> decimals_of(shapely.box(0, 0, 1, 1)), decimals_of(shapely.box(0, 0, 1e-7, 1e-7))
    (7, 9)
    """
    west, south, east, north = geometry.bounds
    length = max(east - west, north - south)
    if not geometry.area or not length:
        return DECIMALS
    narrowest = geometry.area / length
    return max(DECIMALS, math.ceil(-math.log10(narrowest)) + _DIGITS_OF_WIDTH)


def feature_collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def collection_lines(features: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The text of a GeoJSON FeatureCollection in pieces, one feature after the other.

    >>> "".join(collection_lines([{"type": "Feature"}])).strip()
    '{"type": "FeatureCollection", "features": [{"type": "Feature"}]}'
    """
    whole = json.dumps(feature_collection([]))
    yield whole[:-2]
    for number, one in enumerate(features):
        yield (",\n" if number else "") + json.dumps(one, ensure_ascii=False)
    yield whole[-2:] + "\n"
