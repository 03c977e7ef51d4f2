"""The plane of a map, with the ground and the cells drawn on it.

This module knows no map library, only the functions from the Earth to the plane and back. Shapes
are cut to the visible part before they are projected, so that no point comes near the antipode of
the map's centre, where the plane tears.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float, Int, Shaped
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize, to_rgba_array
from matplotlib.path import Path

from geoguess_cli.drawing import theme
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.cells import cell_boundary, cell_caps, cell_union_edges
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_points, unit_vectors
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.extent import Extent

LngLatBox = tuple[float, float, float, float]
"""West, south, east, north, in degrees within ±180."""

_SEAM = 1e-4  # degrees: wider than the rounding of coordinates, finer than any border
_WAY_POINTS = 128
_FINEST = 0.1  # points: the finest detail that is drawn
_TINY_CELL = 1.0  # points: shorter sides leave no room for an outline
_SPECKS = 0.001  # share of the map: cells that cover less are marked by dots
_STEPS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The axes that show one extent.

    Attributes:
        ax: Axes with their final place and limits, in metres on the plane.
        extent: The part of the Earth that they show.
        project: Turns latitudes and longitudes in degrees, (n, 2), into points of the plane.
        unproject: Turns points of the plane, (n, 2), into latitudes and longitudes.
        colors: The theme.
    """

    ax: Axes
    extent: Extent
    project: Callable[[np.ndarray], np.ndarray]
    unproject: Callable[[np.ndarray], np.ndarray]
    colors: theme.Theme = theme.LIGHT

    @property
    def km_per_point(self) -> float:
        """Scale at the centre: kilometres per point (1/72 inch) of paper."""
        inches = self.ax.get_position().width * self.ax.figure.get_figwidth()  # type: ignore[union-attr]
        return float(np.ptp(self.ax.get_xlim())) / 1000.0 / (72.0 * inches)

    @cached_property
    def boxes(self) -> list[LngLatBox]:
        """One or two boxes of longitude and latitude that hold the visible part of the Earth."""
        if self.extent.world:
            return [(-180.0, -90.0, 180.0, 90.0)]
        (left, right), (bottom, top) = self.ax.get_xlim(), self.ax.get_ylim()
        x, y = np.meshgrid(np.linspace(left, right, 41), np.linspace(bottom, top, 41))
        latlng = self.unproject(np.stack([x.ravel(), y.ravel()], axis=1))
        turn = (latlng[:, 1] - self.extent.longitude + 180) % 360 - 180
        pad = 0.02 * np.ptp(latlng[:, 0])
        south, north = latlng[:, 0].min() - pad, latlng[:, 0].max() + pad
        west, east = self.extent.longitude + np.array([turn.min() - pad, turn.max() + pad])
        for pole in (-90.0, 90.0):
            x_pole, y_pole = self.project(np.array([[pole, 0.0]]))[0]
            if left <= x_pole <= right and bottom <= y_pole <= top:
                south, north = min(south, pole), max(north, pole)
                west, east = -180.0, 180.0
        south, north = max(float(south), -90.0), min(float(north), 90.0)
        return [(a, south, b, north) for a, b in _turns(float(west), float(east))]

    @property
    def bounds(self) -> LngLatBox:
        """The same as one box; if it crosses ±180°, its west is greater than its east."""
        (west, south, _, north), (_, _, east, _) = self.boxes[0], self.boxes[-1]
        return west, south, east, north

    def frame(self) -> Float[np.ndarray, "n 2"]:
        """Points all along the edge of the axes: latitude, longitude, in degrees."""
        (left, right), (bottom, top) = self.ax.get_xlim(), self.ax.get_ylim()
        corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
        edge = shapely.segmentize(shapely.Polygon(corners).exterior, (right - left) / 32)
        return self.unproject(shapely.get_coordinates(edge))

    def ground(self) -> None:
        """Draw sea, land, lakes and a graticule below the cells, coasts and borders above them."""
        basemap, colors, thin = load_basemap(), self.colors, 0.5 if self.extent.world else 1.0
        self.ax.patch.set_facecolor(colors.sea)
        self._fill(basemap.land.geometries, colors.land, zorder=0.6)
        self._fill(basemap.lakes.geometries, colors.sea, zorder=0.7)
        self._graticule(zorder=0.8)
        # Shapes are cut at the antimeridian and the poles; no border runs there.
        boxes = [
            (max(w, _SEAM - 180), max(s, _SEAM - 90), min(e, 180 - _SEAM), min(n, 90 - _SEAM))
            for w, s, e, n in self.boxes
        ]
        for layer, color, width in (
            (basemap.regions, colors.region, 0.5),
            (basemap.land, colors.country, 0.5),
            (basemap.countries, colors.country, 0.8),
        ):
            edges, _ = _pieces(shapely.boundary(layer.geometries), boxes)
            self._lines(edges, color=color, linewidth=thin * width, zorder=4)

    def cells(
        self, partition: Partition, values: Float[np.ndarray, " n"], norm: Normalize
    ) -> PathCollection:
        """Draw the cells near the extent, coloured by their values: one path per cell.

        Greater values are drawn over smaller ones. A cell too small for an outline gets an edge of
        its own colour, so that it stays visible. If all cells together are mere specks, each is
        marked by a dot.

        Args:
            partition: The cells.
            values: One per cell; NaN if unknown.
            norm: Maps values to [0, 1].
        """
        cmap = self._colormap(norm)
        rows = np.arange(len(partition)) if self.extent.world else self._near(partition)
        rows = rows[np.argsort(np.nan_to_num(values[rows], nan=-np.inf), kind="stable")]
        known = np.ma.masked_invalid(values[rows])
        sides = np.sqrt(partition.area_km2[rows]) / self.km_per_point
        tiny = sides < _TINY_CELL
        edges = to_rgba_array([self.colors.cell_edge] * len(rows))
        edges[tiny] = cmap(norm(known[tiny]))
        cells = PathCollection(
            self._cell_paths(partition, rows),
            array=known,
            norm=norm,
            cmap=cmap,
            edgecolors=edges,
            linewidths=np.where(tiny, _TINY_CELL, np.clip(0.05 * sides, 0.1, 0.5)),
            zorder=2,
            gid="cells",
        )
        self.ax.add_collection(cells, autolim=False)
        inches = self.ax.get_position().size * self.ax.figure.get_size_inches()  # type: ignore[union-attr]
        if (sides**2).sum() < _SPECKS * np.prod(72.0 * inches):
            x, y = self.project(partition.centroids[rows]).T
            self.ax.scatter(
                x,
                y,
                c=known,
                s=24,
                norm=norm,
                cmap=cmap,
                plotnonfinite=True,
                edgecolors=self.colors.name,
                linewidths=0.6,
                zorder=5,
                gid="specks",
            )
        return cells

    def outline(self, region: shapely.Geometry, **style: Any) -> None:
        """Draw the edge of a region.

        Args:
            region: One or more polygons within ±180°, as `cell_union` gives them.
            style: Arguments of `LineCollection`.
        """
        boxes = [(w - _SEAM, s, e + _SEAM, n) for w, s, e, n in self.boxes]
        edges, _ = _pieces(np.array([cell_union_edges(region)]), boxes)
        self._lines(edges, **style)

    def ways(self, a: Float[np.ndarray, "n 2"], b: Float[np.ndarray, "n 2"]) -> list[np.ndarray]:
        """The great circle from each `a` to its `b` on the plane; NaN breaks it at the rim."""
        line = great_circle_points(a, b, _WAY_POINTS)
        plane = self.project(line.reshape(-1, 2)).reshape(line.shape)
        width = np.ptp(self.ax.get_xlim())
        torn = np.abs(np.diff(plane[:, :, 0], axis=1)) > 0.5 * width
        plane[:, 1:][torn] = np.nan
        return list(plane)

    def visible(self, geometries: Shaped[np.ndarray, " n"]) -> list[tuple[int, shapely.Polygon]]:
        """The largest visible piece of each shape, on the plane, with the shape's position."""
        left, bottom, right, top = self.ax.viewLim.extents
        pieces, owners = _pieces(geometries, self.boxes)
        pieces = shapely.clip_by_rect(self._project(pieces), left, bottom, right, top)
        pieces, rows = shapely.get_parts(pieces, return_index=True)
        areas, owners = shapely.area(pieces), owners[rows]
        largest = {int(owners[row]): row for row in np.argsort(areas) if areas[row] > 0}
        return [(index, pieces[row]) for index, row in sorted(largest.items())]

    def _colormap(self, norm: Normalize) -> Colormap:
        """The theme's colours for amounts, in steps if the scale has steps."""
        colors = self.colors.sequential
        if isinstance(norm, BoundaryNorm):
            steps = (np.arange(norm.Ncmap) + 0.5) / norm.Ncmap
            colors = ListedColormap(colors(steps))
        return colors.with_extremes(bad=self.colors.missing)

    def _cell_paths(self, partition: Partition, rows: Int[np.ndarray, " k"]) -> list[Path]:
        if self.extent.world or isinstance(partition, CutPartition):
            return [_path(shape) for shape in self._project(partition.polygons[rows])]
        rings = cell_boundary(partition.cells[rows], points_per_edge=12)
        rings = np.concatenate([rings, rings[:, :1]], axis=1)
        plane = self.project(rings.reshape(-1, 2)).reshape(rings.shape)
        return [Path(ring, closed=True) for ring in plane]

    def _near(self, partition: Partition) -> Int[np.ndarray, " k"]:
        """Indices of the cells that meet the circle around the extent."""
        centers, radii = cell_caps(partition.cells)
        middle = np.array([[self.extent.latitude, self.extent.longitude]])
        angles = np.arccos(np.clip(centers @ unit_vectors(middle)[0], -1.0, 1.0))
        reach = 2.0 * np.arcsin(min(self.extent.radius_km / (2 * EARTH_RADIUS_KM), 1.0))
        # A face that reaches to the antipode would be drawn inside out.
        return np.flatnonzero((angles <= radii + reach) & (angles + radii < np.radians(175.0)))

    def _project(self, shapes: np.ndarray) -> np.ndarray:
        """Shapes of (longitude, latitude) on the plane; long lines bend as parallels do.

        Detail finer than print is left out, so that a page of maps stays a small file.
        """
        fine = shapely.segmentize(shapes, 1.0)
        plane = shapely.transform(fine, lambda lnglat: self.project(lnglat[:, ::-1]))
        return np.asarray(shapely.simplify(plane, _FINEST * 1000.0 * self.km_per_point))

    def _fill(self, shapes: np.ndarray, color: str, *, zorder: float) -> None:
        # An edge of the same colour hides the seam where a shape is cut at the antimeridian.
        pieces, _ = _pieces(shapes, self.boxes)
        paths = [_path(shape) for shape in self._project(pieces)]
        ground = PathCollection(
            paths, facecolors=color, edgecolors=color, linewidths=0.4, zorder=zorder
        )
        self.ax.add_collection(ground, autolim=False)

    def _graticule(self, **style: Any) -> None:
        """Draw meridians and parallels, about six across the map."""
        wide = sum(box[2] - box[0] for box in self.boxes)
        tall = max(box[3] - box[1] for box in self.boxes)
        step = next((s for s in _STEPS if min(wide, 2.5 * tall) / s <= 8), _STEPS[-1])
        lines = []
        for west, south, east, north in self.boxes:
            meridians = np.arange(np.ceil(west / step), east / step + 1e-9) * step
            parallels = np.arange(np.ceil(south / step), north / step + 1e-9) * step
            lines += [[(lng, south), (lng, north)] for lng in meridians]
            lines += [[(west, lat), (east, lat)] for lat in parallels]
        self._lines(
            shapely.linestrings(lines), color=self.colors.region, linewidth=0.3, alpha=0.35, **style
        )

    def _lines(self, shapes: np.ndarray, **style: Any) -> None:
        lines = [shapely.get_coordinates(line) for line in self._project(shapes)]
        self.ax.add_collection(LineCollection(lines, **style), autolim=False)


def _turns(west: float, east: float) -> list[tuple[float, float]]:
    """A span of longitudes as one or two spans within ±180°."""
    if east - west >= 360:
        return [(-180.0, 180.0)]
    if west < -180:
        return [(west + 360, 180.0), (-180.0, east)]
    if east > 180:
        return [(west, 180.0), (-180.0, east - 360)]
    return [(west, east)]


def _pieces(shapes: np.ndarray, boxes: Sequence[LngLatBox]) -> tuple[np.ndarray, np.ndarray]:
    """The pieces of shapes inside the boxes, and for each piece the position of its shape."""
    inside = np.concatenate([shapely.clip_by_rect(shapes, *box) for box in boxes])
    pieces, rows = shapely.get_parts(inside, return_index=True)
    kept = ~shapely.is_empty(pieces)
    return pieces[kept], rows[kept] % len(shapes)


def _path(shape: shapely.Geometry) -> Path:
    """The outlines of one or more polygons, with their holes."""
    # Normalised, holes turn the other way than their shell, so they are not filled.
    rings = shapely.get_rings(shapely.get_parts(shapely.normalize(shape)))
    return Path.make_compound_path(
        *(Path(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )
