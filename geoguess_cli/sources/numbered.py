"""Photos named by their row: a table of coordinates without photos, beside `0.png`, `1.png`, …"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_COORDINATES = frozenset({"latitude", "longitude"})


def _table(view: "SourceView") -> list[Path]:
    """The table of coordinates of a source whose photos are numbered from 0 or 1."""
    if view.places_only:
        return []
    files = [file for file in view.lists if _lacks_only_photos(view, file)]
    named = len(files) == 1 and _numbers(_photos_of(view, files[0])) & {0, 1}
    return files if named else []


def _lacks_only_photos(view: "SourceView", file: Path) -> bool:
    try:
        columns = view.known(file)
    except PhotoTableError:  # only a table that the user names must be sound
        return False
    return columns.keys() >= _COORDINATES and "photo" not in columns


def _photos_of(view: "SourceView", file: Path) -> list[Path]:
    from geoguess_cli.sources.folder import photos_below

    return view.photos if view.path.is_dir() else photos_below(file.parent).paths


def _numbers(photos: Sequence[Path]) -> set[int]:
    """The numbers that name photos; empty if any photo has another name."""
    stems = [photo.stem for photo in photos]
    return {int(stem) for stem in stems} if all(stem.isdecimal() for stem in stems) else set()


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The rows of the table, each with the photo of its number.

    Raises:
        PhotoTableError: Either number, 0 or 1, may be that of the first row, or neither.
    """
    import polars as pl

    from geoguess_cli.photos.files import read_rows
    from geoguess_cli.photos.rows import ROW

    (file,) = files
    row_numbers = read_rows(file)[0][ROW].cast(pl.Int64)
    if row_numbers.is_empty():
        raise PhotoTableError(f"{file} has no row; it must have one for each photo")
    start, last = row_numbers[0], row_numbers[-1]
    first = _first_number(file, last - start + 1, _numbers(_photos_of(view, file)))
    view.notices.append(f"{file}: the photo of its first row is the one called {first}")
    columns = {**{name: name for name in view.header(file)}, **view.known(file)}
    root = view.path if view.path.is_dir() else file.parent
    rows = view.rows(file, columns, root=root, prefix="")
    number = pl.col(ROW).cast(pl.Int64) - start + first
    return view.located(replace(rows, frame=rows.frame.with_columns(photo=number.cast(pl.String))))


def _first_number(file: Path, rows: int, numbers: set[int]) -> int:
    """The number of the first row's photo, which is 0 or 1."""
    fits = [first for first in (0, 1) if numbers <= set(range(first, first + rows))]
    if len(fits) == 1:
        return fits[0]
    span = f"{file} has {rows} rows, and its photos are called {min(numbers)} to {max(numbers)}"
    if fits:
        reason = "so the photo of its first row may be 0 or 1"
    else:
        reason = "so photos and rows do not belong together"
    raise PhotoTableError(
        f"{span}, {reason}; add a column `photo` with the name of each row's photo"
    )


FOLDER = Layout(
    name="numbered photos",
    title="photos named by their row in a table",
    signs="a table of coordinates and photos named by its rows",
    recognise=_table,
    read=_read,
)
