"""The label space: disjoint S2 cells, small where photos are dense. Built, read, written, asked.

A cell's position in the partition, its cell index, is a column of the logits.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float, Int, Int32, Shaped, UInt8, UInt32, UInt64

from geoguess_cli.choices import Uncovered
from geoguess_cli.errors import CellError, MissingFileError
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
"""Columns of `cells.parquet`. `latitude` and `longitude` are the centroid's."""

_REBUILD = "build it anew with `geoguess cells build`"
_CHUNK = 512
"""Points that look for their nearest cell at a time: a few MB of angles for thousands of cells."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint cells, ascending by id, so that a cell's position is its cell index.

    Attributes:
        cells: Cell ids.
        photos: Training photos inside each cell.
        centroids: Spherical mean of these photos: latitude, longitude, in degrees.
    """

    cells: UInt64[np.ndarray, " c"]
    photos: UInt32[np.ndarray, " c"]
    centroids: Float[np.ndarray, "c 2"]

    def __post_init__(self) -> None:
        if not len(self.cells) == len(self.photos) == len(self.centroids):
            raise CellError("a partition needs a count of photos and a centroid for each cell")
        check_cells(self.cells)
        first, last = cell_range(self.cells)
        clash = first[1:] <= last[:-1]
        if clash.any():
            row = int(np.argmax(clash))
            a, b = cell_to_token(self.cells[row : row + 2])
            raise CellError(
                f"cells {row} (`{a}`) and {row + 1} (`{b}`) overlap or are out of order; "
                "a partition's cells are disjoint and ascend by id"
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
    def frame(self) -> pl.DataFrame:
        """One row per cell with the columns of `SCHEMA`, but without its outline."""
        columns = {
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
        return pl.DataFrame(columns, schema={name: SCHEMA[name] for name in columns})

    def assign(
        self, latlng: Float[np.ndarray, "n 2"], *, uncovered: Uncovered = "drop"
    ) -> Int32[np.ndarray, " n"]:
        """The cell index of each point; -1 where it lies in no cell.

        Args:
            latlng: Points, latitude first, in degrees.
            uncovered: "nearest" gives a point outside every cell to the cell whose boundary is
                nearest along a great circle, instead of -1; among equals, to the lowest index.

        Raises:
            CoordinateError: A point off the Earth; the message names its row.
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
            CellError: Not a token, or one of a cell that is not in the partition.
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
        """Cell indices of the cells with any part within a distance of a place, ascending.

        Args:
            latlng: Latitude, longitude, in degrees.
            radius_km: Great-circle distance, 0 or more.

        Raises:
            CoordinateError: A place off the Earth.
        """
        check_latlng(latlng[None])
        place = np.broadcast_to(latlng, (len(self), 2))
        return np.flatnonzero(cell_distance_km(place, self.cells) <= radius_km)

    def _nearest(self, latlng: np.ndarray) -> np.ndarray:
        """Indices of the cells nearest to points outside all of them."""
        centers, radii = cell_caps(self.cells)
        points = unit_vectors(latlng)
        nearest = np.empty(len(latlng), dtype=np.int64)
        for start in range(0, len(latlng), _CHUNK):
            rows = slice(start, start + _CHUNK)
            angle = np.arccos(np.clip(points[rows] @ centers.T, -1.0, 1.0))
            # A cell is no farther than its center, and no nearer than the cap around it.
            # The slack covers arccos, which loses half its digits at 0.
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

    Start at the six faces, split a cell while it holds more than `max_photos`, then drop leaves of
    the tree with fewer than `min_photos` (the paper's t1 = 100 and t2 = 20; after PlaNet,
    arXiv 1602.05314). The order of the photos does not matter.

    Args:
        latlng: One point a photo, latitude first, in degrees.
        max_photos: Split a cell above this many, 1 or more.
        min_photos: Drop a cell below this many, 1 or more.
        max_level: Split no cell of this level, 0 to 30: photos at one place cannot be parted.

    Raises:
        CoordinateError: A point off the Earth; the message names its row.
        CellError: A parameter out of range, or no cell with `min_photos` photos.

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
    # Photos that share a leaf are ordered by place, so that sums do not depend on the rows' order.
    order = np.lexsort((latlng[:, 1], latlng[:, 0], leaves))
    leaves = leaves[order]
    cells = _split(leaves, max_photos=max_photos, min_photos=min_photos, max_level=max_level)
    if not len(cells):
        raise CellError(
            f"no cell holds {min_photos} of the {len(latlng)} photos; "
            "lower min_photos or add photos"
        )
    start, stop = _span(leaves, cells)
    xyz = unit_vectors(latlng[order])
    sums = np.array([xyz[a:b].sum(axis=0) for a, b in zip(start, stop, strict=True)])
    return Partition(cells, (stop - start).astype(np.uint32), from_unit_vectors(sums))


def _split(leaves: np.ndarray, *, max_photos: int, min_photos: int, max_level: int) -> np.ndarray:
    """Cells of the partition of sorted leaf ids, ascending, one level of the tree at a time."""
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
    """Where the photos of each cell start and stop among the sorted leaf ids."""
    first, last = cell_range(cells)
    return np.searchsorted(leaves, first), np.searchsorted(leaves, last, side="right")


def write_partition(partition: Partition, path: Path) -> None:
    """Write `cells.parquet`, whole or not at all: GeoParquet 1.1, one row a cell.

    Args:
        partition: The cells.
        path: The file to write; its folder is made if need be.
    """
    write_geoparquet(partition.frame, partition.polygons, path)


def read_partition(path: Path) -> Partition:
    """The partition that `write_partition` wrote.

    Raises:
        MissingFileError: No such file.
        CellError: Not a Parquet file, columns missing, no cell, or cells that are invalid, overlap
            or are out of order.
    """
    if not path.is_file():
        raise MissingFileError(f"no cells at {path}; run `geoguess cells build` first")
    needed = ["cell_id", "photos", "latitude", "longitude"]
    try:
        missing = [name for name in needed if name not in pl.read_parquet_schema(path)]
        frame = pl.DataFrame() if missing else pl.read_parquet(path, columns=needed)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CellError(f"{path} is not a Parquet file; {_REBUILD}") from error
    if missing:
        raise CellError(f"{path} lacks the columns {', '.join(missing)}; {_REBUILD}")
    try:
        frame = frame.cast({name: SCHEMA[name] for name in needed})
    except pl.exceptions.PolarsError as error:
        raise CellError(f"{path} holds values of another type: {error}; {_REBUILD}") from error
    if frame.is_empty() or any(frame.null_count().row(0)):
        raise CellError(f"{path} has no cells, or gaps in its columns; {_REBUILD}")
    centroids = frame.select("latitude", "longitude").to_numpy()
    try:
        check_latlng(centroids)
        return Partition(frame["cell_id"].to_numpy(), frame["photos"].to_numpy(), centroids)
    except ValueError as error:
        raise CellError(f"{path}: {error}; {_REBUILD}") from error
