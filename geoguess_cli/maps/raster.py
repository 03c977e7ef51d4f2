"""A probability map as a grid of square pixels, for a terminal."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import ShapeFinder, find_borders
from geoguess_cli.geo.projections import azimuthal, equal_earth, from_azimuthal, from_equal_earth
from geoguess_cli.maps.extent import Extent
from geoguess_cli.maps.probability_map import ProbabilityMap

# Half the width and half the height of the world in the Equal Earth projection.
_WORLD_KM = equal_earth(np.array([[0.0, 180.0], [90.0, 0.0]]))[[0, 1], [0, 1]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Square pixels over a part of the Earth, the first row in the north.

    Attributes:
        extent: The part of the Earth.
        width: Number of columns.
        height: Number of rows. The ratio of width and height is that of the extent.
    """

    extent: Extent
    width: int
    height: int

    @property
    def half_km(self) -> Float[np.ndarray, "2"]:
        """Half the width and half the height of the grid on the plane, in kilometres."""
        if not self.extent.world:
            return np.array([self.extent.width_km, self.extent.height_km]) / 2
        # The world has another shape than the grid, so some pixels stay empty.
        pixel = max(_WORLD_KM[0] / self.width, _WORLD_KM[1] / self.height)
        return np.array([self.width * pixel, self.height * pixel])

    @property
    def pixel_km(self) -> float:
        """Width of a pixel on the plane, in kilometres."""
        return float(2 * self.half_km[0] / self.width)

    def latlng(self) -> Float[np.ndarray, "h w 2"]:
        """The middle of each pixel: latitude, longitude, in degrees; NaN off the Earth."""
        size = np.array([self.width, self.height])
        column, row = np.meshgrid(np.arange(self.width), np.arange(self.height))
        share = (np.stack([column, row], axis=-1) + 0.5) / size * 2 - 1
        xy = share * self.half_km * [1, -1]
        return from_equal_earth(xy) if self.extent.world else from_azimuthal(xy, self._center)

    def pixels(self, latlng: Float[np.ndarray, "n 2"]) -> Int[np.ndarray, "n 2"]:
        """Row and column of the pixel that holds each place; -1, -1 outside the grid.

        Args:
            latlng: Places, latitude first, longitude in [-180, 180], in degrees.
        """
        xy = equal_earth(latlng) if self.extent.world else azimuthal(latlng, self._center)
        size = np.array([self.width, self.height])
        at = np.floor((xy * [1, -1] / self.half_km + 1) / 2 * size).astype(np.int64)
        inside = ((at >= 0) & (at < size)).all(axis=1, keepdims=True)
        return np.where(inside, at[:, ::-1], -1)

    @property
    def _center(self) -> Float[np.ndarray, "2"]:
        return np.array([self.extent.latitude, self.extent.longitude])


@dataclass(frozen=True, eq=False)
class Raster:
    """The contents of the pixels of a grid.

    Attributes:
        probabilities: Probability of the cell in the pixel; NaN without a cell.
        earth: Whether the pixel lies on the Earth. The corners of a map of the world do not.
        land: Whether the pixel lies on land; a lake is not land.
        border: 2 if a country ends south or east of the pixel, 1 if a region does, else 0.
    """

    probabilities: Float[np.ndarray, "h w"]
    earth: Bool[np.ndarray, "h w"]
    land: Bool[np.ndarray, "h w"]
    border: Int[np.ndarray, "h w"]


def fit_grid(map_: ProbabilityMap, width: int, height: int) -> Grid:
    """The grid of that size over the extent of a map.

    Args:
        map_: The map.
        width: Number of columns.
        height: Number of rows.
    """
    aspect = width / height
    return Grid(map_.extent(aspects=(aspect, aspect)), width, height)


def rasterise(map_: ProbabilityMap, grid: Grid) -> Raster:
    """The contents of a grid: the probabilities of a map, and the basemap under them.

    A pixel shows what lies at its middle. A cell smaller than a pixel may contain no middle; the
    pixel of its centroid shows it, unless a likelier cell is there.
    """
    places = grid.latlng()
    earth = ~np.isnan(places[..., 0])
    land, border = np.zeros(earth.shape, dtype=bool), np.zeros(earth.shape, dtype=np.int64)
    nation, area = (np.full(earth.shape, -1) for _ in range(2))
    nation[earth], area[earth] = find_borders(places[earth], reach=False)
    land[earth] = nation[earth] >= 0
    land[earth] &= ShapeFinder(load_basemap().lakes).find(places[earth], reach=False) < 0
    for level, owner in ((1, area), (2, nation)):
        known = np.where(land & (owner >= 0), owner, np.nan)
        for axis in (0, 1):
            change = np.diff(known, axis=axis, append=np.nan)  # NaN beside unknown ground
            border[np.nan_to_num(change) != 0] = level
    probabilities = np.full(earth.shape, np.nan)
    cell = map_.partition.assign(places[earth])
    if map_.region is not None:
        cell[~map_.region.holds(places[earth])] = -1
    probabilities[earth] = np.where(cell >= 0, map_.probabilities[cell], np.nan)
    rows, columns = grid.pixels(map_.partition.centroids).T
    inside = rows >= 0
    spot = rows[inside], columns[inside]
    np.fmax.at(probabilities, spot, map_.probabilities[inside])
    return Raster(probabilities, earth, land, border)
