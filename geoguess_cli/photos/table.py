"""The photo table: a photo, its place and more in each row.

In a file (`.csv`, `.parquet`, `.jsonl`) it has the columns `photo`, `latitude`, `longitude`, and
optionally `id`, `split` (train, val, test), `sequence` (photos of one drive), `creator`,
`captured_at` (epoch milliseconds), `country`, `region` and all other columns of its source. A path
is relative to the folder of the file, with forward slashes, or it is absolute.

A photo inside a zip or tar has four more columns: `archive` (path of the archive), `offset` and
`length` (where the photo's bytes lie in it), and `compression` (`stored` or `deflated`). Its
`photo` is the path of the archive, a slash, and the name of the member.
"""

import os
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import BinaryIO

import numpy as np
import polars as pl
from jaxtyping import Float, Integer

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.files import make_folder, replacing
from geoguess_cli.names import text_of
from geoguess_cli.photos.columns import REQUIRED_COLUMNS, SPLITS, TEXT_COLUMNS, has_archives
from geoguess_cli.photos.files import read_header, read_rows
from geoguess_cli.photos.listing import PhotoList, split_homes
from geoguess_cli.photos.rows import FILE, ROW, archived_soundly, checked_rows, unique_rows

_REQUIRED_TYPES = {"photo": pl.String(), "latitude": pl.Float64(), "longitude": pl.Float64()}
_ARCHIVE_TYPES = {
    "archive": pl.String(),
    "offset": pl.Int64(),
    "length": pl.Int64(),
    "compression": pl.String(),
}

_WRITERS: dict[str, Callable[[pl.DataFrame, BinaryIO], object]] = {
    ".csv": pl.DataFrame.write_csv,
    ".parquet": pl.DataFrame.write_parquet,
    ".jsonl": pl.DataFrame.write_ndjson,
}


@dataclass(frozen=True, eq=False)
class PhotoTable:
    """A table of photos, in the order of the source.

    Attributes:
        frame: One row for each photo, with the columns of the module's docstring.
        root: The folder that relative photo paths start from.

    Raises:
        PhotoTableError: A required column is missing or has empty values, or a column has another
            type.
    """

    frame: pl.DataFrame
    root: Path

    def __post_init__(self) -> None:
        expected = {**_REQUIRED_TYPES, **dict.fromkeys(TEXT_COLUMNS, pl.String())}
        archived = has_archives(self.frame.columns)
        if archived:
            expected |= _ARCHIVE_TYPES
        for name, kind in expected.items():
            if name not in self.frame.columns:
                if name in REQUIRED_COLUMNS:
                    raise PhotoTableError(f"a photo table needs the column `{name}`")
                continue
            own = self.frame.schema[name]
            if own != kind and own != pl.Null():
                raise PhotoTableError(f"the column `{name}` is {own}; it must be {kind}")
            if name in REQUIRED_COLUMNS and self.frame[name].null_count():
                raise PhotoTableError(f"the column `{name}` has empty values; each row needs one")
        unknown = set(self._column("split").drop_nulls().unique()) - set(SPLITS)
        if unknown:
            raise PhotoTableError(f"split is '{min(unknown)}'; it must be train, val or test")
        if archived and self.has("archive"):
            sound = archived_soundly() & pl.col("photo").str.starts_with(pl.col("archive") + "/")
            wrong = self.frame.filter(pl.col("archive").is_not_null() & ~sound)
            if len(wrong):
                raise PhotoTableError(
                    f"the photo {wrong['photo'][0]} has no sound place in its archive; "
                    "`geoguess data import` notes it"
                )

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def latlng(self) -> Float[np.ndarray, "n 2"]:
        """Latitude and longitude of each photo, in degrees."""
        columns = pl.col("latitude", "longitude").cast(pl.Float64)
        return self.frame.select(columns).to_numpy(order="c")

    @cached_property
    def files(self) -> PhotoList:
        """The file of each photo: a path, or a member of an archive."""
        return PhotoList.of_table(self.frame, self.root)

    @property
    def splits(self) -> dict[str, int]:
        """The number of photos in each split that is not empty, in the order train, val, test."""
        counts = {name: int((self._column("split") == name).sum()) for name in SPLITS}
        return {name: count for name, count in counts.items() if count}

    def has(self, column: str) -> bool:
        """Whether any photo has a value in this column."""
        return self._column(column).count() > 0

    def only(self, split: str) -> "PhotoTable":
        """The photos of one split; can be empty.

        Raises:
            PhotoTableError: No photo of the table has a split.
        """
        if not self.has("split"):
            raise PhotoTableError(
                "the photo table has no `split` column; `geoguess data split` assigns one"
            )
        return PhotoTable(self.frame.filter(pl.col("split") == split), self.root)

    def take(self, rows: Integer[np.ndarray, " n"]) -> "PhotoTable":
        """The photos at these positions, in this order."""
        return PhotoTable(self.frame[np.asarray(rows, dtype=np.int64)], self.root)

    def _column(self, name: str) -> pl.Series:
        if name in self.frame.columns:
            return self.frame[name]
        return pl.Series(name, [None] * len(self), dtype=pl.String)


def read_photo_table(path: Path) -> PhotoTable:
    """The photo table in a file; every row must be good.

    Args:
        path: A `.csv`, `.parquet` or `.jsonl` file with the columns `photo`, `latitude` and
            `longitude`. `read_source` reads tables with other columns.

    Raises:
        MissingFileError: The file does not exist.
        PhotoTableError: A column is missing, there is no row, or a row is bad (the first is named).
    """
    if not path.is_file():
        raise MissingFileError(
            f"no photo table at {path}; `geoguess data import SOURCE -o {path}` writes one"
        )
    header = read_header(path)
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    if missing:
        raise PhotoTableError(
            f"{path} has no column {', '.join(f'`{name}`' for name in missing)}; "
            f"`geoguess data import {path} -o photos.parquet` makes a photo table of most tables"
        )
    frame, broken = read_rows(path)
    frame, bad_rows = checked_rows(frame, file=path.name)
    frame, repeats = unique_rows(frame)
    if broken or bad_rows or repeats:
        first = min([*broken, *bad_rows, *repeats], key=lambda bad: bad.row)
        raise PhotoTableError(
            f"{path}, row {first.row}: {first.reason}; `geoguess data import` leaves such rows out"
        )
    if frame.is_empty():
        raise PhotoTableError(f"{path} has no row; it must have at least one photo")
    return PhotoTable(frame.drop(ROW, FILE), path.parent.resolve())


def check_table_path(path: Path) -> None:
    """Raise PhotoTableError unless the path ends as a photo table does."""
    if path.suffix.lower() not in _WRITERS:
        endings = ", ".join(_WRITERS)
        raise PhotoTableError(f"{path} cannot be written; a photo table ends in {endings}")


def write_photo_table(table: PhotoTable, path: Path) -> None:
    """Write a photo table completely or not at all, in the format of the path's ending.

    Relative photo paths are rewritten to start from the new file's folder.

    Args:
        table: The photos.
        path: A `.csv`, `.parquet` or `.jsonl` file; its folder is created if needed.

    Raises:
        PhotoTableError: The path has another ending.
    """
    check_table_path(path)
    write = _WRITERS[path.suffix.lower()]
    make_folder(path.parent)
    path = path.parent.resolve() / path.name
    frame = _relative_to(table.frame, table.root.resolve(), path.parent)
    with replacing(path) as temporary, temporary.open("wb") as file:
        write(frame, file)


def _relative_to(frame: pl.DataFrame, root: Path, folder: Path) -> pl.DataFrame:
    """The rows with the paths of photos and archives rewritten to start from `folder`."""
    if root == folder:
        return frame
    try:
        prefix = PurePath(os.path.relpath(root, folder)).as_posix()
    except ValueError:  # on Windows no relative path leads to another drive
        prefix = root.as_posix()
    prefix = text_of(prefix)
    homes, home, names = split_homes(frame)
    # Photos share few folders and archives: only those are rewritten one by one.
    moved = pl.Series([_moved(text, prefix) for text in homes], dtype=pl.String).gather(home)
    frame = frame.with_columns((moved + names).alias("photo"))
    if not has_archives(frame.columns):
        return frame
    archive = pl.when(pl.col("archive").is_not_null()).then(moved.str.strip_suffix("/"))
    return frame.with_columns(archive.alias("archive"))


def _moved(home: str, prefix: str) -> str:
    """A folder or an archive, with a slash at its end, behind another prefix."""
    if PurePath(home).is_absolute():
        return home
    path = posixpath.normpath(posixpath.join(prefix, home))
    return "" if path == "." else f"{path}/"
