"""The partition: disjoint S2 cells, small where photos are dense. They are the model's classes.

The position of a cell in the partition, its cell index, is a column of the logits.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int, Int32, Shaped, UInt8, UInt32, UInt64

from geoguess_cli.choices import Uncovered
from geoguess_cli.errors import CellError, MissingFileError
from geoguess_cli.files import check_readable, readable
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.geo.cells import (
    MAX_LEVEL,
    cell_area_km2,
    cell_caps,
    cell_center,
    cell_children,
    cell_distance_km,
    cell_level,
    cell_polygons,
    cell_range,
    cell_to_token,
    check_cells,
    face_cells,
    latlng_to_cell,
    token_to_cell,
)
from geoguess_cli.geo.geodesy import check_latlng, from_unit_vectors, unit_vectors
from geoguess_cli.geo.geoparquet import write_geoparquet

SCHEMA = {
    "cell_index": pl.Int32,
    "token": pl.String,
    "cell_id": pl.UInt64,
    "level": pl.UInt8,
    "photos": pl.UInt32,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "center_latitude": pl.Float64,
    "center_longitude": pl.Float64,
    "area_km2": pl.Float64,
    "geometry": pl.Binary,
}
"""Columns of `cells.parquet`. `latitude` and `longitude` are those of the centroid."""

PLACE_LEVEL = 16
"""Level of the smallest cells that a photo's GPS can tell apart: they are about 150 m wide."""

_REBUILD = "`geoguess cells build` builds it again"
_CHUNK = 512
"""Points in one search for the nearest cell: a few MB of angles for thousands of cells."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint cells in ascending order of id. The position of a cell is its cell index.

    Attributes:
        cells: Cell ids.
        photos: Number of training photos in each cell.
        centroids: Spherical mean of these photos: latitude, longitude, in degrees.
        unit: What `photos` counts, in the singular; an adopted model counts the places of its
            gallery.

    Raises:
        CellError: An id is invalid, cells overlap or are out of order, or the lengths differ.
    """

    cells: UInt64[np.ndarray, " c"]
    photos: UInt32[np.ndarray, " c"]
    centroids: Float[np.ndarray, "c 2"]
    unit: str = field(default="training photo", kw_only=True)

    def __post_init__(self) -> None:
        if not len(self.cells) == len(self.photos) == len(self.centroids):
            raise CellError("a partition needs one count of photos and one centroid for each cell")
        check_cells(self.cells)
        first, last = cell_range(self.cells)
        clash = first[1:] <= last[:-1]
        if clash.any():
            row = int(np.argmax(clash))
            a, b = cell_to_token(self.cells[row : row + 2])
            raise CellError(
                f"cells {row} (`{a}`) and {row + 1} (`{b}`) overlap or are out of order; "
                "a partition needs disjoint cells in ascending order of id"
            )

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def tokens(self) -> list[str]:
        """Tokens of the cells."""
        return cell_to_token(self.cells)

    @cached_property
    def levels(self) -> UInt8[np.ndarray, " c"]:
        """Levels of the cells, 0 to 30."""
        return cell_level(self.cells)

    @cached_property
    def centers(self) -> Float[np.ndarray, "c 2"]:
        """Geometric centers of the cells: latitude, longitude, in degrees."""
        return cell_center(self.cells)

    @cached_property
    def area_km2(self) -> Float[np.ndarray, " c"]:
        """Areas of the cells, in km²."""
        return cell_area_km2(self.cells)

    @cached_property
    def polygons(self) -> Shaped[np.ndarray, " c"]:
        """Outlines of the cells as shapely polygons in (longitude, latitude), degrees."""
        return cell_polygons(self.cells)

    @cached_property
    def columns(self) -> dict[str, Any]:
        """What `SCHEMA` says of each cell but its outline: a list or an array by name."""
        return {
            "cell_index": np.arange(len(self)),
            "token": self.tokens,
            "cell_id": self.cells,
            "level": self.levels,
            "photos": self.photos,
            "latitude": self.centroids[:, 0],
            "longitude": self.centroids[:, 1],
            "center_latitude": self.centers[:, 0],
            "center_longitude": self.centers[:, 1],
            "area_km2": self.area_km2,
        }

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per cell with `columns`."""
        return pl.DataFrame(self.columns, schema={name: SCHEMA[name] for name in self.columns})

    def assign(
        self, latlng: Float[np.ndarray, "n 2"], *, uncovered: Uncovered = "drop"
    ) -> Int32[np.ndarray, " n"]:
        """The cell index of each point; -1 for a point in no cell.

        Args:
            latlng: Points, latitude first, in degrees.
            uncovered: "nearest" assigns a point outside all cells to the cell whose boundary is
                nearest along a great circle (of equally near cells, to the lowest index), instead
                of -1.

        Raises:
            CoordinateError: A latitude or longitude is out of range; the message names the row.
        """
        leaves = latlng_to_cell(latlng)
        first, last = cell_range(self.cells)
        index = np.searchsorted(first, leaves, side="right") - 1
        outside = (index < 0) | (leaves > last[index])
        index[outside] = self._nearest(latlng[outside]) if uncovered == "nearest" else -1
        return index.astype(np.int32)

    def index_of(self, token: str) -> int:
        """The cell index of a token.

        Raises:
            CellError: The text is not a token, or its cell is not in the partition.
        """
        cell = token_to_cell([token])[0]
        index = int(np.searchsorted(self.cells, cell))
        if index < len(self) and self.cells[index] == cell:
            return index
        raise CellError(
            f"cell `{token}` is not in this partition of {len(self)} cells; "
            "`geoguess cells show` lists them"
        )

    def near(self, latlng: Float[np.ndarray, "2"], radius_km: float) -> Int[np.ndarray, " m"]:
        """Cell indices of the cells that reach within a distance of a place, in ascending order.

        Args:
            latlng: Latitude, longitude, in degrees.
            radius_km: Great-circle distance in kilometres, 0 or more.

        Raises:
            CoordinateError: The latitude or longitude is out of range.
        """
        check_latlng(latlng[None])
        place = np.broadcast_to(latlng, (len(self), 2))
        return np.flatnonzero(cell_distance_km(place, self.cells) <= radius_km)

    def _nearest(self, latlng: np.ndarray) -> np.ndarray:
        """The index of the nearest cell to each point, for points outside all cells."""
        centers, radii = cell_caps(self.cells)
        points = unit_vectors(latlng)
        nearest = np.empty(len(latlng), dtype=np.int64)
        for start in range(0, len(latlng), _CHUNK):
            rows = slice(start, start + _CHUNK)
            angle = np.arccos(np.clip(points[rows] @ centers.T, -1.0, 1.0))
            # A cell is at most as far as its center, and at least as far as the cap around it.
            # The tolerance is for arccos, which loses half its digits at 0.
            within = angle - radii <= angle.min(axis=1, keepdims=True) + 1e-7
            point, cell = np.nonzero(within)
            distance = cell_distance_km(latlng[rows][point], self.cells[cell])
            order = np.lexsort((cell, distance, point))
            _, firsts = np.unique(point[order], return_index=True)
            nearest[rows] = cell[order[firsts]]
        return nearest


def build_partition(
    latlng: Float[np.ndarray, "n 2"],
    *,
    max_photos: int = 100,
    min_photos: int = 20,
    max_level: int = MAX_LEVEL,
) -> Partition:
    """The adaptive partition of the places of training photos.

    The six faces are divided: a cell with more than `max_photos` is split into its four children,
    and a cell with fewer than `min_photos` is dropped (t1 = 100 and t2 = 20 in the paper, which
    follows PlaNet, arXiv 1602.05314). The order of the photos does not matter.

    Args:
        latlng: One point for each photo, latitude first, in degrees.
        max_photos: Most photos in a cell that is not split, 1 or more.
        min_photos: Fewest photos in a cell that is kept, 1 or more.
        max_level: Level at which cells are no longer split, 0 to 30; photos at the same place
            would be split until the last level.

    Raises:
        CoordinateError: A latitude or longitude is out of range; the message names the row.
        CellError: A parameter is out of range, or no cell has `min_photos` photos.

    >>> parts = build_partition(np.array([[10.0, 10.0]] * 3 + [[40.0, 10.0]]), min_photos=2)
    >>> parts.tokens, parts.photos.tolist()
    (['1'], [4])
    """
    if max_photos < 1 or min_photos < 1:
        raise CellError(
            f"max_photos is {max_photos} and min_photos {min_photos}; both must be 1 or more"
        )
    if not 0 <= max_level <= MAX_LEVEL:
        raise CellError(f"max_level is {max_level}; it must lie in [0, {MAX_LEVEL}]")
    leaves = latlng_to_cell(latlng)
    # Photos of one leaf are ordered by place, so that sums do not depend on the order of rows.
    order = np.lexsort((latlng[:, 1], latlng[:, 0], leaves))
    leaves = leaves[order]
    cells = _split(leaves, max_photos=max_photos, min_photos=min_photos, max_level=max_level)
    if not len(cells):
        raise CellError(
            f"no cell has {min_photos} of the {len(latlng)} photos; lower min_photos or add photos"
        )
    start, stop = _span(leaves, cells)
    xyz = unit_vectors(latlng[order])
    sums = np.array([xyz[a:b].sum(axis=0) for a, b in zip(start, stop, strict=True)])
    return Partition(cells, (stop - start).astype(np.uint32), from_unit_vectors(sums))


def _split(leaves: np.ndarray, *, max_photos: int, min_photos: int, max_level: int) -> np.ndarray:
    """Cells of the partition of sorted leaf ids, in ascending order."""
    kept = []
    cells: np.ndarray = face_cells()
    for level in range(max_level + 1):
        start, stop = _span(leaves, cells)
        count = stop - start
        full = (count > max_photos) & (level < max_level)
        kept.append(cells[~full & (count >= min_photos)])
        if not full.any():
            break
        cells = cell_children(cells[full]).ravel()
    return np.sort(np.concatenate(kept))


def _span(leaves: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The positions at which the photos of each cell start and stop in the sorted leaf ids."""
    first, last = cell_range(cells)
    return np.searchsorted(leaves, first), np.searchsorted(leaves, last, side="right")


def write_partition(partition: Partition, path: Path) -> None:
    """Write a partition as GeoParquet 1.1, one row for each cell, completely or not at all.

    Args:
        partition: The cells.
        path: The file to write; its folder is created if needed.
    """
    write_geoparquet(partition.frame, partition.polygons, path)


def read_partition(path: Path) -> Partition:
    """The partition in a file of `write_partition`.

    Raises:
        MissingFileError: The file does not exist.
        CellError: The file is not a Parquet file, lacks columns, has no cell, or its cells are
            invalid, overlap or are out of order.
    """
    if not path.is_file():
        raise MissingFileError(f"no cells at {path}; run `geoguess cells build` first")
    check_readable(path)
    needed = ["cell_id", "photos", "latitude", "longitude"]
    try:
        missing = [name for name in needed if name not in pl.read_parquet_schema(readable(path))]
        frame = pl.DataFrame() if missing else pl.read_parquet(readable(path), columns=needed)
    except UNREADABLE as error:
        raise CellError(f"{path} is not a Parquet file; {_REBUILD}") from error
    if missing:
        raise CellError(f"{path} lacks the columns {', '.join(missing)}; {_REBUILD}")
    try:
        frame = frame.cast({name: SCHEMA[name] for name in needed})
    except pl.exceptions.PolarsError as error:
        raise CellError(f"{path} holds values of another type: {error}; {_REBUILD}") from error
    if frame.is_empty() or any(frame.null_count().row(0)):
        raise CellError(f"{path} has no cells or has empty values; {_REBUILD}")
    centroids = frame.select("latitude", "longitude").to_numpy()
    try:
        check_latlng(centroids)
        return Partition(frame["cell_id"].to_numpy(), frame["photos"].to_numpy(), centroids)
    except ValueError as error:
        raise CellError(f"{path}: {error}; {_REBUILD}") from error
