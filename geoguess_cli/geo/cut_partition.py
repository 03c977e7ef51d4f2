"""The cells of a partition inside a region: whole cells, and the parts of those on its border."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import shapely
from jaxtyping import Float, Int, Shaped

from geoguess_cli.errors import CellError
from geoguess_cli.geo.outlines import counter_clockwise
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import Region, area_km2

LEAST_SHARE = 1e-9
"""A smaller share of a cell is the rounding of a common border."""


@dataclass(frozen=True, eq=False)
class CutPartition(Partition):
    """The cells of a partition that reach into a region, with area and outline of the part inside.

    The centroid of a cell is that of its photos if it lies in the region, else a point of the part
    inside.

    Attributes:
        region: The region.
        kept: The index of each cell in the whole partition, in ascending order.
        shares: Share of each cell's area that lies in the region, in (0, 1].
        parts: The part of each cell that lies in the region: polygons of (longitude, latitude).
    """

    region: Region
    kept: Int[np.ndarray, " c"]
    shares: Float[np.ndarray, " c"]
    parts: Shaped[np.ndarray, " c"]

    @cached_property
    def area_km2(self) -> Float[np.ndarray, " c"]:
        """Areas of the parts inside, in km²."""
        return np.asarray(super().area_km2 * self.shares)

    @cached_property
    def polygons(self) -> Shaped[np.ndarray, " c"]:
        """Outlines of the parts inside, as shapely polygons or multipolygons, in degrees."""
        return self.parts

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per cell, as of the partition; `cell_index` is that of the whole partition."""
        return super().frame.with_columns(pl.Series("cell_index", self.kept, dtype=pl.Int32))


def cut_partition(partition: Partition, region: Region) -> CutPartition:
    """The cells of a partition that reach into a region.

    Args:
        partition: The cells of a model.
        region: The region.

    Raises:
        CellError: No cell reaches into the region.
    """
    outlines = partition.polygons
    shapely.prepare(region.shape)
    parts = outlines.copy()
    meets = shapely.intersects(region.shape, outlines)
    cut = np.flatnonzero(meets & ~shapely.covers(region.shape, outlines))
    parts[cut] = [areas_of(part) for part in shapely.intersection(outlines[cut], region.shape)]
    shares = meets.astype(np.float64)
    shares[cut] = np.minimum(area_km2(parts[cut]) / area_km2(outlines[cut]), 1.0)
    kept = np.flatnonzero(shares > LEAST_SHARE)
    if not len(kept):
        raise CellError(
            f"no cell of the model reaches into {region.name}; it was trained on no photos there. "
            "`geoguess cells show` lists its cells"
        )
    centroids = partition.centroids[kept].copy()
    for row in np.flatnonzero(~region.holds(centroids)):
        centroids[row] = _point_of(parts[kept[row]])
    return CutPartition(
        partition.cells[kept],
        partition.photos[kept],
        centroids,
        unit=partition.unit,
        region=region,
        kept=kept,
        shares=shares[kept],
        parts=parts[kept],
    )


def areas_of(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape without its points and lines, where two borders only touch."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return counter_clockwise(shapely.MultiPolygon(parts))


def _point_of(part: shapely.Geometry) -> tuple[float, float]:
    """Latitude and longitude of a point in a shape: its middle, if that lies in it."""
    largest = max(shapely.get_parts(part), key=shapely.area)
    middle = largest.centroid
    point = middle if shapely.contains_properly(largest, middle) else largest.representative_point()
    return point.y, point.x
