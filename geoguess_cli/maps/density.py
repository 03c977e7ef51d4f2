"""How many photos lie where: cells of one size over the photos, as values for a map."""

import numpy as np
from jaxtyping import Float

from geoguess_cli.geo.cells import cell_parent, latlng_to_cell
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, from_unit_vectors, unit_vectors
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.cell_values import CellValues
from geoguess_cli.maps.extent import fit_extent
from geoguess_cli.maps.scales import count_ticks, photos_norm
from geoguess_cli.wording import counted, square_kilometres

CELLS_ACROSS = (75, 200)
"""Fewest and most cells side by side on the map. Many photos give a fine picture; a few would be
lost in it."""

_FACE_SIDE_KM = EARTH_RADIUS_KM * np.sqrt(4.0 * np.pi / 6.0)
_FINEST_LEVEL = 16  # cells of about 150 m: what the GPS of a photo can mean


def density_cells(latlng: Float[np.ndarray, "n 2"]) -> Partition:
    """Cells of one level that hold the photos, with the photos of each; the map decides the level.

    Args:
        latlng: One point for each photo, latitude first, in degrees; at least one.

    Raises:
        CoordinateError: A latitude or longitude is out of range.

    >>> cells = density_cells(np.array([[45.68, -111.04], [45.68, -111.04], [32.78, -96.80]]))
    >>> sorted(cells.photos.tolist()), len(set(cells.levels.tolist()))
    ([1, 2], 1)
    """
    extent = fit_extent(latlng[:, None], np.ones(len(latlng)))
    width_km = 2.0 * np.pi * EARTH_RADIUS_KM if extent.world else extent.width_km
    across = np.clip(2.0 * np.sqrt(len(latlng)), *CELLS_ACROSS)
    level = round(float(np.log2(_FACE_SIDE_KM * across / width_km)))
    level = int(np.clip(level, 0, _FINEST_LEVEL))
    cells, of, photos = np.unique(
        cell_parent(latlng_to_cell(latlng), level), return_inverse=True, return_counts=True
    )
    sums = [np.bincount(of, weights=axis, minlength=len(cells)) for axis in unit_vectors(latlng).T]
    centroids = from_unit_vectors(np.stack(sums, axis=1))
    return Partition(cells, photos.astype(np.uint32), centroids)


def density_values(cells: Partition) -> CellValues:
    """The photos in each of these cells."""
    photos = cells.photos.astype(np.float64)
    norm = photos_norm(photos)
    side_km = float(np.sqrt(np.median(cells.area_km2)))
    return CellValues(
        values=photos,
        norm=norm,
        ticks=count_ticks(norm),
        label="photos in the cell",
        caption=f"{counted(len(cells), 'cell')} with photos, of about "
        f"{square_kilometres(side_km**2)}; at most {counted(int(photos.max()), 'photo')} in one",
    )
