"""The values that colour a map of a partition: photos, level, or the accuracy of the model."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float
from matplotlib.colors import Normalize

from geoguess_cli.choices import CellColor
from geoguess_cli.errors import CellError, MissingFileError
from geoguess_cli.files import readable
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.scales import Ticks, count_ticks, level_norm, photos_norm
from geoguess_cli.wording import counted, percent, square_kilometres


@dataclass(frozen=True, eq=False)
class CellValues:
    """One value per cell, and how to show it.

    Attributes:
        values: In the partition's order; NaN if unknown.
        norm: Maps values to [0, 1].
        ticks: Values at which the key has ticks, with their labels.
        label: Name of the values, for the key.
        caption: Summary of the values, in one line.
        columns: Columns for files, one row per cell; null if unknown.
    """

    values: Float[np.ndarray, " n"]
    norm: Normalize
    ticks: Ticks
    label: str
    caption: str
    columns: pl.DataFrame = field(default_factory=pl.DataFrame)


def photos_values(partition: Partition) -> CellValues:
    """The number of training photos in each cell."""
    photos = partition.photos.astype(np.float64)
    norm, areas = photos_norm(photos), partition.area_km2
    low, high = partition.levels.min(), partition.levels.max()
    levels = f"levels {low}–{high}" if low < high else f"level {low}"
    return CellValues(
        values=photos,
        norm=norm,
        ticks=count_ticks(norm),
        label=f"{partition.unit}s in the cell",
        caption=f"{counted(int(photos.sum()), 'photo')} · {levels} · "
        f"{square_kilometres(areas.min())} to {square_kilometres(areas.max())} a cell",
    )


def level_values(partition: Partition) -> CellValues:
    """The S2 level of each cell, on a scale of steps."""
    low, high = int(partition.levels.min()), int(partition.levels.max())
    counts = np.bincount(partition.levels, minlength=high + 1)
    most = int(counts.argmax())
    return CellValues(
        values=partition.levels.astype(np.float64),
        norm=level_norm(low, high),
        ticks=[(float(level), str(level)) for level in range(low, high + 1)],
        label="S2 level of the cell",
        caption=f"{counted(int(partition.photos.sum()), 'photo')} · most cells, "
        f"{counts[most]:,}, are of level {most}",
    )


def accuracy_values(partition: Partition, predictions: pl.DataFrame) -> CellValues:
    """Top-1 accuracy of the test photos in each cell, as a share; NaN for a cell without any.

    Args:
        partition: The cells of the model.
        predictions: Rows of a report's `predictions.parquet`: `token`, the true cell, null for a
            photo in no cell, and `rank`, the rank of that cell, null for an unreadable photo.

    Raises:
        CellError: No photo lies in a cell, or a cell belongs to another partition.
    """
    known = predictions.drop_nulls(["token", "rank"])
    cells = token_to_cell(known["token"].to_list())
    index = np.searchsorted(partition.cells, cells).clip(max=len(partition) - 1)
    if not len(known):
        raise CellError("the report has no photo that lies in a cell; choose another --color")
    if (partition.cells[index] != cells).any():
        row = int(np.argmax(partition.cells[index] != cells))
        raise CellError(
            f"the report's cell `{known['token'][row]}` is not in this partition of "
            f"{len(partition)} cells; give the partition of its model with --cells"
        )
    photos = np.bincount(index, minlength=len(partition))
    right = np.bincount(index, weights=known["rank"] == 1, minlength=len(partition))
    accuracy = np.divide(right, photos, out=np.full(len(photos), np.nan), where=photos > 0)
    tested, missing = int((photos > 0).sum()), int((photos == 0).sum())
    grey = f" · {counted(missing, 'cell')} without test photos in grey" if missing else ""
    return CellValues(
        values=accuracy,
        norm=Normalize(0.0, 1.0),
        ticks=[(share, percent(share, whole=True)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        label="top-1 accuracy of the cell's test photos",
        caption=f"top-1 {percent(right.sum() / photos.sum())} of "
        f"{counted(len(known), 'test photo')} in {counted(tested, 'cell')}{grey}",
        columns=pl.DataFrame({"test_photos": photos, "accuracy": accuracy}).with_columns(
            pl.col("accuracy").fill_nan(None)
        ),
    )


def every_values(
    partition: Partition, first: CellColor, predictions: pl.DataFrame | None = None
) -> list[CellValues]:
    """All values that can colour the cells, those named by `first` in front.

    Args:
        partition: The cells.
        first: "photos" or "level", or with predictions "accuracy".
        predictions: The predictions of a report, as for `accuracy_values`.
    """
    every = {"photos": photos_values(partition), "level": level_values(partition)}
    if predictions is not None:
        every["accuracy"] = accuracy_values(partition, predictions)
    return [every.pop(first), *every.values()]


def read_predictions(report: Path) -> pl.DataFrame:
    """The columns `token` and `rank` of a report's predictions, for `accuracy_values`.

    Args:
        report: The folder that `geoguess eval` wrote.

    Raises:
        MissingFileError: The folder has no `predictions.parquet`.
        CellError: The file has no such columns.
    """
    path = report / "predictions.parquet"
    if not path.is_file():
        raise MissingFileError(f"no predictions at {path}; `geoguess eval -o {report}` writes them")
    try:
        return pl.read_parquet(readable(path), columns=["token", "rank"])
    except UNREADABLE as error:
        raise CellError(
            f"{path} has no columns `token` and `rank`; `geoguess eval -o {report}` writes it anew"
        ) from error


def cells_frame(partition: Partition, values: CellValues) -> pl.DataFrame:
    """One row per cell: its columns and those of the values, without its outline."""
    names = ("token", "cell_index", "level", "photos", "latitude", "longitude", "area_km2")
    cells = partition.frame.select(names).with_columns(pl.col("cell_index").cast(pl.Int64))
    return cells.hstack(values.columns)
