"""CSV files as frames of text; a damaged line costs only itself."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.files import readable
from geoguess_cli.photos.encodings import encoding_of, marked_encoding
from geoguess_cli.photos.rows import ROW, BadRow

_ROWS_LOOKED_AT = 200
"""Rows that show which columns hold numbers."""

Notice = Callable[[str], object] | None


class _RaggedError(Exception):
    """Polars refuses the whole CSV, although perhaps only some of its lines are wrong."""


class _EncodingError(Exception):
    """The CSV is no UTF-8."""


def csv_header(path: Path) -> list[str]:
    """The column names of a CSV file."""
    source, _ = _headed(path, _source(path))
    try:
        return _by_polars(path, source, n_rows=0).columns
    except _RaggedError:  # polars looks beyond the header
        header = _text_of(path, source).partition("\n")[0]
        return next(csv.reader([header], delimiter=_separator(source)))


def read_csv(
    path: Path, columns: Sequence[str] | None = None, *, notice: Notice = None
) -> tuple[pl.DataFrame, list[BadRow]]:
    """A CSV file as text, and its damaged lines; the frame has `@row` if lines were left out.

    A quote that never closes swallows the lines after it; its own line is left out, and the others
    are read. Where the first line holds numbers and no names, the columns are called `column_1`,
    `column_2` and so on, and the frame has `@row`.

    Args:
        path: The file; its header decides between comma, semicolon and tab.
        columns: The columns to read (default: all).
        notice: Called with a line for the user if the encoding had to be guessed.

    Raises:
        PhotoTableError: The file is empty, or no encoding decodes it.
    """
    source, added = _headed(path, _source(path, notice))
    try:
        frame = _by_polars(path, source, columns, notice=notice)
        if not _swallows(path, source, frame):
            return (frame.with_row_index(ROW, offset=1) if added else frame), []
    except _RaggedError:
        pass
    frame, bad_rows = _by_lines(path, _text_of(path, source), _separator(source))
    if added:
        frame = frame.with_columns(pl.col(ROW) - 1)
        bad_rows = [replace(bad, row=bad.row - 1) for bad in bad_rows]
    return frame, bad_rows


def _headed(path: Path, source: Path | bytes) -> tuple[Path | bytes, bool]:
    """The source with a line of names where its first line holds two numbers, and if it does."""
    fields = _fields(_first_line(source).decode("utf-8-sig", "replace"), _separator(source))
    if sum(_is_number(field.strip().replace(",", ".")) for field in fields) < 2:
        return source, False
    names = _separator(source).join(f"column_{place}" for place in range(1, len(fields) + 1))
    return f"{names}\n{_text_of(path, source)}".encode(), True


def _source(path: Path, notice: Notice = None) -> Path | bytes:
    """The file itself if it is UTF-8, as far as its first bytes show, else its text as UTF-8."""
    return path if marked_encoding(path) in (None, "utf-8-sig") else _text(path, notice).encode()


def _text(path: Path, notice: Notice = None) -> str:
    with path.open(encoding=encoding_of(path, notice=notice), newline="") as file:
        return file.read()


def _text_of(path: Path, source: Path | bytes) -> str:
    return source.decode() if isinstance(source, bytes) else _text(path)


def _separator(source: Path | bytes) -> str:
    """The most frequent separator in the first line: comma, semicolon or tab."""
    header = _first_line(source)
    if b";" in header or b"\t" in header:
        header = re.sub(rb"(?<=\d),(?=\d)", b"", header)  # decimal commas
    return max(",;\t", key=lambda separator: header.count(separator.encode()))


def _first_line(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source.partition(b"\n")[0].removesuffix(b"\r")
    with source.open("rb") as file:
        return file.readline().rstrip(b"\r\n")


def _by_polars(
    path: Path,
    source: Path | bytes,
    columns: Sequence[str] | None = None,
    n_rows: int | None = None,
    notice: Notice = None,
) -> pl.DataFrame:
    if isinstance(source, Path):
        with suppress(_EncodingError, pl.exceptions.ColumnNotFoundError):
            frame = _parsed(path, source, columns, n_rows)
            # In a header Polars replaces what is no UTF-8, and refuses nothing.
            if not any("\N{REPLACEMENT CHARACTER}" in name for name in frame.columns):
                return frame
        source = _text(path, notice).encode()
    return _parsed(path, source, columns, n_rows)


def _parsed(
    path: Path, source: Path | bytes, columns: Sequence[str] | None, n_rows: int | None
) -> pl.DataFrame:
    """The CSV at a path, read from `source` in UTF-8."""
    try:
        return pl.read_csv(
            readable(source) if isinstance(source, Path) else source,
            infer_schema=False,
            separator=_separator(source),
            columns=None if columns is None else list(columns),
            n_rows=n_rows,
        )
    except pl.exceptions.NoDataError as error:
        raise PhotoTableError(f"{path} is empty; it must have a header and rows") from error
    except pl.exceptions.ComputeError as error:
        raise (_EncodingError if "utf-8" in str(error) else _RaggedError) from error


def _swallows(path: Path, source: Path | bytes, frame: pl.DataFrame) -> bool:
    """Whether a field of several lines holds a line that is a row of its own."""
    if _lines(source) <= frame.height + 1:
        return False
    separator = _separator(source)
    frame = _by_polars(path, source)
    numeric = _numeric(frame.head(_ROWS_LOOKED_AT).rows(), frame.width)
    for column in frame.get_columns():
        several = column.filter(column.str.contains("\n", literal=True).fill_null(False))
        for value in several:
            lines = value.split("\n")[1:]
            if any(_is_row(line, separator, frame.width, numeric) for line in lines):
                return True
    return False


def _lines(source: Path | bytes) -> int:
    if isinstance(source, bytes):
        return source.count(b"\n")
    with source.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 22), b""))


def _by_lines(path: Path, text: str, separator: str) -> tuple[pl.DataFrame, list[BadRow]]:
    """A CSV and its damaged lines, by a slower reader that can leave such lines out."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    header, body = _fields(lines[0], separator), lines[1:]
    numeric = _numeric([_fields(line, separator) for line in body[:_ROWS_LOOKED_AT]], len(header))
    good: list[list[str | None]] = []
    bad: list[BadRow] = []
    for number, record in enumerate(_records(body, separator, len(header), numeric), start=2):
        fields = _fields(record, separator)
        if _ends_open(record, separator):
            start = record[_open_quote(record, separator) + 1 :][:24]
            bad.append(BadRow(number, f"the quote before '{start}' never closes", path.name))
        elif len(fields) > len(header):
            reason = f"{len(fields)} fields, but the first line has {len(header)}"
            bad.append(BadRow(number, reason, path.name))
        else:
            blanks = [None] * (len(header) - len(fields))
            good.append([*(field or None for field in fields), *blanks, str(number)])
    schema = dict.fromkeys([*header, ROW], pl.String)
    if len(schema) != len(header) + 1:
        raise PhotoTableError(f"{path}: two columns have the same name; rename one")
    frame = pl.DataFrame(good, schema=schema, orient="row")
    return frame.with_columns(pl.col(ROW).cast(pl.UInt32)), bad


def _records(
    lines: Sequence[str], separator: str, width: int, numeric: Sequence[int]
) -> Iterator[str]:
    """The records of a CSV, some of several lines; one whose quote never closes is its line."""
    if lines and not lines[-1]:
        lines = lines[:-1]
    row = 0
    while row < len(lines):
        end, opened = row, _ends_open(lines[row], separator)
        while opened:
            end += 1
            if end == len(lines) or _is_row(lines[end], separator, width, numeric):
                end = row
                break
            opened = _ends_open('"' + lines[end], separator)
        yield "\n".join(lines[row : end + 1])
        row = end + 1


def _open_quote(record: str, separator: str) -> int:
    """The position of the quote that opens a field and never closes; -1 if there is none."""
    start = 0
    while True:
        if record.startswith('"', start):
            end = start + 1
            while (end := record.find('"', end)) >= 0 and record.startswith('""', end):
                end += 2
            if end < 0:
                return start
            start = end
        start = record.find(separator, start) + 1
        if not start:
            return -1


def _ends_open(record: str, separator: str) -> bool:
    return _open_quote(record, separator) >= 0


def _fields(record: str, separator: str) -> list[str]:
    return next(csv.reader([record], delimiter=separator), [])


def _numeric(rows: Sequence[Sequence[str | None]], width: int) -> list[int]:
    """The columns that hold numbers and nothing else in rows of a width."""
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    return [place for place, values in enumerate(columns) if all(map(_is_number, values))]


def _is_row(line: str, separator: str, width: int, numeric: Sequence[int]) -> bool:
    """Whether a line has the fields of a row, with numbers where other rows have them."""
    fields = _fields(line, separator)
    return len(fields) == width and bool(numeric) and all(_is_number(fields[n]) for n in numeric)


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True
