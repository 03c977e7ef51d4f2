"""Parquet files with photos inside: which column they are, and their bytes.

Hugging Face writes an image as a struct of `bytes` and `path`; others write its bytes alone. The
photos come one row group at a time, which is as much memory as they ever take, some four times the
bytes of the group.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.files import readable
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.photos.endings import photo_ending
from geoguess_cli.photos.rows import ROW
from geoguess_cli.sources.parquet_footer import Chunk, Footer, read_footer

_NAMES = ("image", "photo", "img", "picture", "jpg", "jpeg")
"""Names of a column of photos, preferred first where a file has several."""

_SAMPLE = 8  # rows by whose bytes a column is recognised


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file with a column of photos.

    Attributes:
        path: The file.
        name: Its path from the source's folder.
        column: The column of the photos.
        footer: Its row groups.
    """

    path: Path
    name: str
    column: str
    footer: Footer

    def photos(self, first: int, rows: int) -> Iterator[tuple[int, bytes | None, str]]:
        """Row number from 1, bytes and name of the photos of some rows; the name can be empty.

        Args:
            first: The first row, from 0; rows of one row group take the least memory.
            rows: The number of rows.

        Raises:
            PhotoTableError: The file is damaged.
        """
        frame = _read_photos(self.path, self.column, first, rows)
        for at in range(frame.height):
            yield first + at + 1, frame["bytes"][at], frame["name"][at] or ""

    def groups(self) -> Iterator[tuple[int, int, int]]:
        """First row, number of rows, and bytes of the photos, of each row group."""
        first = 0
        for group, chunk in zip(self.footer.groups, self._chunks(), strict=True):
            yield first, group.rows, chunk.size
            first += group.rows

    def without_photo(self) -> set[int]:
        """Numbers, from 1, of the rows that have no photo; only row groups with such are read."""
        empty = set()
        for (first, rows, _), chunk in zip(self.groups(), self._chunks(), strict=True):
            if chunk.nulls != 0:
                frame = _read_photos(self.path, self.column, first, rows)
                absent = frame.with_row_index(ROW, first + 1).filter(pl.col("bytes").is_null())
                empty.update(absent[ROW].to_list())
        return empty

    def _chunks(self) -> Iterator[Chunk]:
        for group in self.footer.groups:
            names = (self.column,), (self.column, "bytes")
            chunk = next((group.columns[name] for name in names if name in group.columns), None)
            if chunk is None:
                raise PhotoTableError(
                    f"{self.path} cannot be read as a Parquet file: a row group has no column "
                    f"`{self.column}`; download or copy it again"
                )
            yield chunk


@dataclass(frozen=True)
class ParquetFiles:
    """The files of a source whose photos lie inside Parquet files."""

    files: tuple[ParquetFile, ...]


def image_column(file: Path) -> str | None:
    """The column of a Parquet file that holds photos; None if it has none.

    A column holds photos if Hugging Face's note in the file says so, else if most of its first
    values are pictures.

    Raises:
        PhotoTableError: The file is damaged.
    """
    columns = _columns_of_bytes(file)
    if not columns:
        return None
    noted = _noted_images(read_footer(file))
    order = sorted(columns, key=lambda name: (name not in noted, _rank(name)))
    return next((name for name in order if name in noted or _is_pictures(file, name)), None)


def _columns_of_bytes(file: Path) -> list[str]:
    """The columns that are bytes, or structs with a field of bytes."""
    try:
        schema = pl.read_parquet_schema(readable(file))
    except UNREADABLE as error:
        raise _unreadable(file, error) from error
    alone = [name for name, kind in schema.items() if kind == pl.Binary()]
    structs = {name: kind.fields for name, kind in schema.items() if isinstance(kind, pl.Struct)}
    holding = [
        name
        for name, fields in structs.items()
        if any(field.name == "bytes" and field.dtype == pl.Binary() for field in fields)
    ]
    return [name for name in schema if name in (*alone, *holding)]


def _unreadable(file: Path, error: BaseException) -> PhotoTableError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return PhotoTableError(
        f"{file} cannot be read as a Parquet file: {reason}; download or copy it again"
    )


def _noted_images(footer: Footer) -> set[str]:
    """The columns that Hugging Face's note in the file calls images."""
    try:
        features = json.loads(footer.notes.get("huggingface", "{}"))["info"]["features"]
        return {name for name, kind in features.items() if kind.get("_type") == "Image"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def _rank(name: str) -> int:
    return _NAMES.index(name.lower()) if name.lower() in _NAMES else len(_NAMES)


def _is_pictures(file: Path, column: str) -> bool:
    """Whether most of the first values of a column that are not null are pictures."""
    values = _read_photos(file, column, 0, _SAMPLE)["bytes"].drop_nulls()
    pictures = sum(photo_ending(value) is not None for value in values)
    return 2 * pictures > len(values)  # a few may be damaged


def _read_photos(file: Path, column: str, first: int, rows: int) -> pl.DataFrame:
    """The `bytes` and the `name` of the photos of some rows."""
    try:
        column_of_photos = pl.scan_parquet(readable(file), glob=False).select(column)
        frame = column_of_photos.slice(first, rows).collect()
    except UNREADABLE as error:
        raise _unreadable(file, error) from error
    kind = frame.schema[column]
    if not isinstance(kind, pl.Struct):
        return frame.select(pl.col(column).alias("bytes"), pl.lit("").alias("name"))
    struct = pl.col(column).struct
    named = any(field.name == "path" and field.dtype == pl.String() for field in kind.fields)
    name = struct.field("path") if named else pl.lit("")
    return frame.select(struct.field("bytes").alias("bytes"), name.alias("name"))
