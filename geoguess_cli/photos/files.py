"""Table files as frames of text, each row with the number by which a person finds it.

CSV and JSONL are read as text, so that a 16-digit id or a cell token is never taken for a float. A
row number is that of a spreadsheet for CSV (the header is row 1), that of the line for JSONL, and
counts from 1 for Parquet.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.rows import ROW, BadRow

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl")


def read_header(path: Path) -> list[str]:
    """The usable column names of a table file, in its order; nested Parquet columns are not usable.

    Raises:
        PhotoTableError: The file is not a table, or it is damaged.
    """
    if path.suffix.lower() in (".csv", ".tsv"):
        return _read_csv(path, n_rows=0).columns
    if path.suffix.lower() == ".parquet":
        with _reading(path):
            schema = pl.read_parquet_schema(path)
        nested = (pl.Object, pl.Binary)
        flat = {name: kind for name, kind in schema.items() if not kind.is_nested()}
        return [name for name, kind in flat.items() if not isinstance(kind, nested)]
    return [name for name in read_rows(path)[0].columns if name != ROW]


def read_rows(
    path: Path, columns: Sequence[str] | None = None
) -> tuple[pl.DataFrame, list[BadRow]]:
    """A table file as a frame with row numbers in `@row`, and the lines that cannot be read.

    Columns of CSV and JSONL are text; those of Parquet keep their types, without nested columns.

    Args:
        path: A `.csv`, `.tsv`, `.parquet` or `.jsonl` file.
        columns: The columns to read (default: all).

    Raises:
        PhotoTableError: The file has another ending, or it is damaged.
    """
    suffix = path.suffix.lower()
    bad_rows: list[BadRow] = []
    first_row = 1
    if suffix in (".csv", ".tsv"):
        first_row = 2
        try:
            frame = _read_csv(path, columns)
        except _RaggedError:
            frame, bad_rows = _read_ragged_csv(path)
    elif suffix == ".jsonl":
        frame, bad_rows = _read_jsonl(path)
    elif suffix == ".parquet":
        frame = _read_parquet(path, columns)
    else:
        endings = ", ".join(TABLE_SUFFIXES)
        raise PhotoTableError(f"{path} is not a table; a table of photos ends in {endings}")
    if ROW not in frame.columns:
        frame = frame.with_row_index(ROW, offset=first_row)
    if columns is not None:
        frame = frame.select(ROW, *columns)
    blank = pl.all_horizontal(pl.exclude(ROW).is_null())
    return (frame.filter(~blank) if frame.width > 1 else frame), bad_rows


class _RaggedError(Exception):
    """Polars refuses the whole CSV, although perhaps only some of its lines are wrong."""


def _separator(path: Path) -> str:
    """The most frequent separator in the header line: comma, semicolon or tab."""
    with _reading(path), path.open("rb") as file:
        header = file.readline()
    return max(",;\t", key=lambda separator: header.count(separator.encode()))


def _read_csv(
    path: Path, columns: Sequence[str] | None = None, n_rows: int | None = None
) -> pl.DataFrame:
    separator = _separator(path)
    with _reading(path):
        try:
            return pl.read_csv(
                path,
                infer_schema=False,
                separator=separator,
                columns=None if columns is None else list(columns),
                n_rows=n_rows,
            )
        except pl.exceptions.NoDataError as error:
            raise PhotoTableError(f"{path} is empty; it must have a header and rows") from error
        except pl.exceptions.ComputeError as error:
            if "utf-8" in str(error):
                raise PhotoTableError(f"{path} is not UTF-8 text; save it as UTF-8 CSV") from error
            raise _RaggedError from error


def _read_ragged_csv(path: Path) -> tuple[pl.DataFrame, list[BadRow]]:
    """A CSV and its lines with too many fields, by a slower reader that can skip such lines."""
    good: list[list[str | None]] = []
    bad: list[BadRow] = []
    with _reading(path), path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=_separator(path))
        header = next(rows)
        for number, fields in enumerate(rows, start=2):
            if len(fields) > len(header):
                reason = f"{len(fields)} fields, but the header has {len(header)}"
                bad.append(BadRow(number, reason, path.name))
            else:
                blanks = [None] * (len(header) - len(fields))
                good.append([*fields, *blanks, str(number)])
    schema = dict.fromkeys([*header, ROW], pl.String)
    if len(schema) != len(header) + 1:
        raise PhotoTableError(f"{path}: two columns have the same name; rename one")
    frame = pl.DataFrame(good, schema=schema, orient="row")
    return frame.with_columns(pl.col(ROW).cast(pl.UInt32)), bad


def _read_jsonl(path: Path) -> tuple[pl.DataFrame, list[BadRow]]:
    good: list[dict[str, Any]] = []
    bad: list[BadRow] = []
    names: dict[str, None] = {}
    with _reading(path), path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line, parse_int=str, parse_float=str)
            except ValueError:
                record = None
            if not isinstance(record, dict):
                bad.append(BadRow(number, "the line is not a JSON object", path.name))
                continue
            values = flat_texts(record)
            names.update(dict.fromkeys(values))
            good.append({**values, ROW: number})
    schema = {**dict.fromkeys(names, pl.String), ROW: pl.UInt32}
    return pl.from_dicts(good, schema=schema) if good else pl.DataFrame(schema=schema), bad


def flat_texts(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The plain values of a JSON object as text, without nested values."""
    flat = {key: value for key, value in record.items() if not isinstance(value, dict | list)}
    return {
        key: json.dumps(value) if isinstance(value, bool) else value for key, value in flat.items()
    }


def _read_parquet(path: Path, columns: Sequence[str] | None) -> pl.DataFrame:
    with _reading(path):
        return pl.read_parquet(
            path, columns=read_header(path) if columns is None else list(columns)
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Errors of reading a file become a PhotoTableError of one line."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, csv.Error, UnicodeDecodeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PhotoTableError(f"{path} cannot be read as a table: {reason}") from error
