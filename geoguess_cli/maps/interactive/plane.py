"""The plane of an interactive map, in kilometres, and shapes on it.

As in figures, a region lies on the azimuthal equal-area plane about its own centre, and the world
in the Equal Earth projection. The first plane shows the whole Earth as a disc whose rim is the
antipode, without a seam at the antimeridian or at a pole.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float, Shaped

from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import great_circle_points
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.projections import (
    AZIMUTHAL_RIM_KM,
    azimuthal,
    equal_earth,
    from_azimuthal,
    from_equal_earth,
)
from geoguess_cli.maps.extent import Extent

# Radius around the antipode without ground, since the plane tears there: 0.8 % of the Earth.
_ANTIPODE_DEG = 10.0
_SEAM_POINTS_DEG = 0.2  # distance of points along a cut, so that both sides bend alike
_SEAM_KM = 0.02  # gap that is left between them
_EDGE_POINTS, _FACE_POINTS = 16, 256  # points on an edge: at least, and of a face
_CELL_DETAIL = 0.0015  # share of a cell's side: under a pixel until a cell fills the window
_WAY_POINTS = 64

PlaneBox = tuple[float, float, float, float]
"""Left, bottom, right, top, in kilometres on a plane."""


@dataclass(frozen=True)
class Plane:
    """A plane that shows the whole Earth.

    Attributes:
        center: Latitude and longitude of the centre in degrees; None for the Equal Earth
            projection, which shows the world.
    """

    center: tuple[float, float] | None = None

    def project(self, latlng: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Places (latitude, longitude, in degrees) as kilometres right and up on the plane."""
        return equal_earth(latlng) if self.center is None else azimuthal(latlng, self._middle)

    def place(self, xy: Float[np.ndarray, "2"]) -> Float[np.ndarray, "2"]:
        """The place at a point of the plane: latitude, longitude, in degrees."""
        return from_equal_earth(xy) if self.center is None else from_azimuthal(xy, self._middle)

    def transform(self, shapes: Shaped[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
        """Shapes of (longitude, latitude) on the plane; long lines bend as they do on the Earth.

        Parts near the antipode are cut off; a shape wholly near it becomes empty.
        """
        fine = shapely.segmentize(shapes, 1.0)
        if self.center is not None:
            fine = shapely.difference(fine, _cap(-self._middle[0], self._middle[1] + 180))
        flat = np.asarray(shapely.transform(fine, lambda lnglat: self.project(lnglat[:, ::-1])))
        pieces, rows = shapely.get_parts(flat, return_index=True)
        for row in np.unique(rows[shapely.area(pieces) < 0]):  # inside out: it held the antipode
            whole = [_turned_back(piece) for piece in pieces[rows == row]]
            flat[row] = shapely.MultiPolygon(whole)
        return flat

    @property
    def rim(self) -> shapely.Polygon:
        """The outline of the whole Earth."""
        if self.center is not None:
            return shapely.Point(0, 0).buffer(AZIMUTHAL_RIM_KM, quad_segs=90)
        up = np.linspace(-90, 90, 181)
        east, west = (np.stack([up, np.full(181, lng)], axis=1) for lng in (180.0, -180.0))
        return shapely.Polygon(self.project(np.concatenate([east, west[::-1]])))

    @property
    def _middle(self) -> Float[np.ndarray, "2"]:
        return np.array(self.center)


def plane_of(extent: Extent) -> Plane:
    """The plane about the centre of an extent."""
    return Plane() if extent.world else Plane((extent.latitude, extent.longitude))


def box_of(extent: Extent, plane: Plane) -> PlaneBox:
    """An extent as a box on its own plane, or on the plane of a near extent."""
    if extent.world:
        left, bottom, right, top = plane.rim.bounds
        return left, bottom, right, top
    x, y = plane.project(np.array([extent.latitude, extent.longitude]))
    across, up = extent.width_km / 2, extent.height_km / 2
    return float(x - across), float(y - up), float(x + across), float(y + up)


def cell_shapes(partition: Partition, plane: Plane) -> Shaped[np.ndarray, " c"]:
    """Uncut outlines of the cells on the plane, in the partition's order."""
    if plane.center is None or isinstance(partition, CutPartition):
        shapes = plane.transform(shapely.segmentize(partition.polygons, _SEAM_POINTS_DEG))
    else:
        shapes = np.empty(len(partition), dtype=object)
        for level in np.unique(partition.levels):
            rows = np.flatnonzero(partition.levels == level)
            points = max(_EDGE_POINTS, _FACE_POINTS >> int(level))
            rings = cell_boundary(partition.cells[rows], points_per_edge=points)
            shapes[rows] = shapely.polygons(plane.project(rings))
        turned_out = partition.assign(np.array([[-plane.center[0], plane.center[1] + 180.0]]))
        # The cell around the antipode is everything outside its ring.
        for index in turned_out[turned_out >= 0]:
            shapes[index] = plane.rim.difference(shapely.make_valid(shapes[index]))
    side = np.sqrt(partition.area_km2)
    return np.asarray(shapely.simplify(shapes, _CELL_DETAIL * side))


def outline(shape: shapely.Geometry, plane: Plane) -> Shaped[np.ndarray, " n"]:
    """The rings around a shape of (longitude, latitude), on the plane.

    Pieces that were cut at the antimeridian or at a pole are joined, unless the plane ends there.
    """
    parts = plane.transform(shapely.segmentize(shapely.get_parts(shape), _SEAM_POINTS_DEG))
    if plane.center is not None:
        closed = _SEAM_KM * 2
        parts = shapely.buffer(parts, closed, join_style="mitre")
        parts = shapely.buffer(shapely.union_all(parts), -closed, join_style="mitre")
    rings = shapely.get_rings(shapely.get_parts(parts))
    return np.asarray(shapely.simplify(rings, _SEAM_KM))


def way(
    start: Float[np.ndarray, "2"], end: Float[np.ndarray, "2"], plane: Plane
) -> list[Float[np.ndarray, "_ 2"]]:
    """The great circle between two places as lines on the plane: one, or several if it is torn.

    Args:
        start: Latitude, longitude, in degrees.
        end: Latitude, longitude, in degrees.
        plane: The plane of the map.
    """
    line = plane.project(great_circle_points(start[None], end[None], _WAY_POINTS)[0])
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    torn = np.flatnonzero(steps > AZIMUTHAL_RIM_KM / 2) + 1
    return [piece for piece in np.split(line, torn) if len(piece) > 1]


def _turned_back(piece: shapely.Polygon) -> shapely.Polygon:
    """The same rings, with the largest outside."""
    rings = sorted((piece.exterior, *piece.interiors), key=lambda ring: -shapely.Polygon(ring).area)
    return shapely.Polygon(rings[0], rings[1:])


def _cap(latitude: float, longitude: float) -> shapely.Geometry:
    """The circle of `_ANTIPODE_DEG` around a place: a shape of (longitude, latitude) in ±180°."""
    turn = np.linspace(0, 2 * np.pi, 181)[:-1]
    radius_km = AZIMUTHAL_RIM_KM * np.sin(np.radians(_ANTIPODE_DEG) / 2)
    circle = radius_km * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    ring = from_azimuthal(circle, np.array([latitude, longitude]))[:, ::-1]
    if abs(latitude) + _ANTIPODE_DEG > 90:  # it holds a pole: everything beyond the ring
        ring = ring[np.argsort(ring[:, 0])]
        pole = np.copysign(90.0, latitude)
        start, end = (-180.0, ring[0, 1]), (180.0, ring[0, 1])
        return shapely.Polygon([(-180.0, pole), start, *ring.tolist(), end, (180.0, pole)])
    ring = np.unwrap(ring, axis=0, period=360)
    copies = [shapely.Polygon(ring + np.array([turn, 0])) for turn in (-360, 0, 360)]
    return shapely.intersection(shapely.union_all(copies), shapely.box(-180, -90, 180, 90))
