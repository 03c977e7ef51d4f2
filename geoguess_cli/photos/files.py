"""Table files as frames of text, each row with the number by which a person finds it.

CSV and JSON are read as text, so that a 16-digit id or a cell token is never taken for a float. A
row number is that of a spreadsheet for CSV (the header is row 1), that of the line for JSON lines,
and counts from 1 for JSON, GeoJSON and Parquet.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.photos.csv_files import csv_header, read_csv
from geoguess_cli.photos.json_files import read_json, read_json_lines
from geoguess_cli.photos.parquet_files import parquet_header, parquet_parts, read_parquet
from geoguess_cli.photos.rows import ROW, BadRow

_CSV, _LINES, _JSON = (".csv", ".tsv"), (".jsonl", ".ndjson", ".geojsonl"), (".json", ".geojson")

FOLDER_TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl")
"""Endings of a table that a folder is read by; others may lie beside photos for other reasons."""

TABLE_SUFFIXES = (*FOLDER_TABLE_SUFFIXES, ".ndjson", ".geojsonl", ".json", ".geojson")

_REMEDIES = {
    ".gz": "unpack it first (`gunzip -k`)",
    ".zip": "unpack it first if it holds the table",
    ".xlsx": "save it as CSV",
    ".xls": "save it as CSV",
    ".ods": "save it as CSV",
    ".gpkg": "convert it (`ogr2ogr photos.geojson`)",
    ".shp": "convert it (`ogr2ogr photos.geojson`)",
}


def table_suffix(path: Path) -> str:
    """The ending that says which kind of table a file is, without the number of a part.

    >>> table_suffix(Path("Photos.CSV")), table_suffix(Path("photos.tsv000"))
    ('.csv', '.tsv')
    """
    return re.sub(r"\d{3}$", "", path.suffix.lower())


def read_header(path: Path) -> list[str]:
    """The usable column names of a table file, in its order; nested Parquet columns are not usable.

    Raises:
        PhotoTableError: The file is not a table, or it is damaged.
    """
    suffix = table_suffix(path)
    if suffix in _CSV:
        with _reading(path):
            return csv_header(path)
    if suffix == ".parquet":
        with _reading(path):
            return parquet_header(path)
    return [name for name in read_rows(path)[0].columns if name != ROW]


def further_names(path: Path) -> list[str]:
    """Names that `read_rows` reads only when asked: points and fields of structs in Parquet.

    Raises:
        PhotoTableError: The file is damaged.
    """
    if path.suffix.lower() != ".parquet":
        return []
    with _reading(path):
        return parquet_parts(path)


def read_rows(
    path: Path,
    columns: Sequence[str] | None = None,
    *,
    notice: Callable[[str], object] | None = None,
) -> tuple[pl.DataFrame, list[BadRow]]:
    """A table file as a frame with row numbers in `@row`, and the lines that cannot be read.

    Columns of CSV and JSON are text; those of Parquet keep their types, without nested columns.

    Args:
        path: A file with one of `TABLE_SUFFIXES`.
        columns: The columns to read (default: all but `further_names`).
        notice: Called with a line for the user if the encoding had to be guessed.

    Raises:
        PhotoTableError: The file has another ending, or it is damaged.
    """
    suffix = table_suffix(path)
    bad_rows: list[BadRow] = []
    with _reading(path):
        if suffix in _CSV:
            frame, bad_rows = read_csv(path, columns, notice=notice)
        elif suffix in _LINES:
            frame, bad_rows = read_json_lines(path, notice=notice)
        elif suffix in _JSON:
            frame, bad_rows = read_json(path, notice=notice)
        elif suffix == ".parquet":
            frame = read_parquet(path, columns)
        else:
            raise PhotoTableError(_no_table(path))
    if ROW not in frame.columns:
        frame = frame.with_row_index(ROW, offset=2 if suffix in _CSV else 1)
    if columns is not None:
        with _reading(path):
            frame = frame.select(ROW, *columns)
    blank = pl.all_horizontal(pl.exclude(ROW).is_null())
    return (frame.filter(~blank) if frame.width > 1 else frame), bad_rows


def _no_table(path: Path) -> str:
    endings = ", ".join(TABLE_SUFFIXES)
    remedy = _REMEDIES.get(path.suffix.lower(), "")
    return (
        f"{path} is not a table; a table of photos ends in {endings}"
        f"{f'; {remedy}' if remedy else ''}"
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Errors of reading a file become a PhotoTableError of one line."""
    try:
        yield
    except PhotoTableError:
        raise
    except UNREADABLE + (csv.Error, UnicodeError) as error:  # noqa: RUF005
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if isinstance(error, pl.exceptions.ColumnNotFoundError):
            reason += "; if it has this column in another encoding, save it as UTF-8"
        raise PhotoTableError(f"{path} cannot be read as a table: {reason}") from error
