"""The country and the region of the basemap that hold a point."""

from functools import cache, cached_property

import numpy as np
import shapely
from jaxtyping import Float, Int

from geoguess_cli.geo.basemap import Layer, load_basemap
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM

REACH_KM = 25.0
"""A point in no polygon belongs to the nearest one within this distance: coasts are simplified."""


def find_borders(
    latlng: Float[np.ndarray, "n 2"], *, reach: bool = True
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Rows of the country and of the region of the basemap that hold each point; -1 for none.

    Args:
        latlng: Points, latitude first, in degrees.
        reach: Whether a point outside all shapes belongs to the nearest within `REACH_KM`.
    """
    countries, regions = country_finder(), region_finder()
    nation = countries.find(latlng, reach=reach)
    codes = np.array([*countries.layer.codes, ""])[nation]  # index -1 takes the last entry: no code
    owners = np.array([code.partition("-")[0] for code in regions.layer.codes])
    area = np.full(len(latlng), -1)
    for code in set(codes.tolist()) & set(owners.tolist()):
        rows = np.flatnonzero(codes == code)
        area[rows] = regions.find(latlng[rows], among=owners == code, reach=reach)
    return nation, area


class ShapeFinder:
    """Finds the shape of a layer that holds each of many points."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self._parts, self._owners = shapely.get_parts(layer.geometries, return_index=True)
        shapely.prepare(self._parts)
        self._tree = shapely.STRtree(self._parts)

    @cached_property
    def _borders(self) -> tuple[np.ndarray, np.ndarray, shapely.STRtree]:
        """Every edge of the shapes with its two ends, the shape of each, and a tree of them.

        They take most of the time to build, and only a point outside all shapes needs them.
        """
        rings, part_of_ring = shapely.get_rings(self._parts, return_index=True)
        corners, ring = shapely.get_coordinates(rings, return_index=True)
        joined = np.flatnonzero(ring[1:] == ring[:-1])
        edges = np.stack([corners[joined], corners[joined + 1]], axis=1)
        owners = self._owners[part_of_ring[ring[joined]]]
        return edges, owners, shapely.STRtree(shapely.linestrings(edges))

    def find(
        self,
        latlng: Float[np.ndarray, "n 2"],
        *,
        among: np.ndarray | None = None,
        reach: bool = True,
    ) -> Int[np.ndarray, " n"]:
        """Index of the shape that holds each point, else of the nearest in reach; -1 for none.

        Args:
            latlng: Points, latitude first, in degrees.
            among: Mask of the shapes to search; None for all.
            reach: Whether a point outside all shapes belongs to the nearest within `REACH_KM`.
        """
        allowed = np.ones(len(self.layer), dtype=bool) if among is None else among
        lnglat = np.stack([(latlng[:, 1] + 180.0) % 360.0 - 180.0, latlng[:, 0]], axis=1)
        shapes = self._holding(lnglat, allowed)
        if not reach:
            return shapes
        outside = np.flatnonzero(shapes < 0)
        if len(outside):
            shapes[outside] = self._nearest(lnglat[outside], allowed)
        return shapes

    def _holding(self, lnglat: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        points = shapely.points(lnglat)
        point, part = self._tree.query(points)
        held = shapely.covers(self._parts[part], points[point]) & allowed[self._owners[part]]
        shapes = np.full(len(lnglat), len(self.layer))
        np.minimum.at(shapes, point[held], self._owners[part[held]])  # on a border: the first
        return np.where(shapes < len(self.layer), shapes, -1)

    def _nearest(self, lnglat: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        shapes = np.full(len(lnglat), -1)
        km_per_degree = EARTH_RADIUS_KM * np.pi / 180.0
        shrink = np.cos(np.radians(lnglat[:, 1]))
        tall = REACH_KM / km_per_degree
        wide = tall / np.maximum(shrink, tall / 180.0)
        # Each point three times, because the sea continues beyond the antimeridian.
        middle = np.concatenate([lnglat + np.array([turn, 0.0]) for turn in (-360.0, 0.0, 360.0)])
        reach = np.tile(np.stack([wide, np.full_like(wide, tall)], axis=1), (3, 1))
        boxes = shapely.box(*(middle - reach).T, *(middle + reach).T)
        edges, owners, tree = self._borders
        point_of_middle, edge = tree.query(boxes)
        point = point_of_middle % len(lnglat)
        scale = np.stack([shrink[point], np.ones(len(point))], axis=1) * km_per_degree
        corners = (edges[edge] - middle[point_of_middle, None]) * scale[:, None]
        distance = _distance_to_origin(corners[:, 0], corners[:, 1])
        owner = owners[edge]
        near = np.flatnonzero((distance <= REACH_KM) & allowed[owner])
        order = near[np.lexsort((owner[near], distance[near], point[near]))]
        rows, firsts = np.unique(point[order], return_index=True)
        shapes[rows] = owner[order[firsts]]
        return shapes


def _distance_to_origin(
    start: Float[np.ndarray, "n 2"], end: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, " n"]:
    """Distance from the origin to each segment of a plane, in the unit of the plane."""
    step = end - start
    length = np.maximum((step * step).sum(axis=1), np.finfo(np.float64).tiny)
    part = np.clip(-(start * step).sum(axis=1) / length, 0.0, 1.0)
    return np.asarray(np.linalg.norm(start + part[:, None] * step, axis=1))


@cache
def country_finder() -> ShapeFinder:
    """Finds the country of the basemap that holds each of many points; built once and kept."""
    return ShapeFinder(load_basemap().countries)


@cache
def region_finder() -> ShapeFinder:
    """Finds the first-level region that holds each of many points; built once and kept."""
    return ShapeFinder(load_basemap().regions)
