"""One table of photos or of places: a photo table, a list by id, or any table of known columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.names import is_there
from geoguess_cli.photos.columns import BARE_IDS, REQUIRED_COLUMNS
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_SAMPLE = 20
"""Photos that are looked for before a table's paths are trusted."""


def _photo_table(view: "SourceView") -> list[Path]:
    return [
        file
        for file in view.tables
        if set(view.header(file)) >= set(REQUIRED_COLUMNS)
        and all(column == name for column, name in view.chosen_in(file).items())
    ]


def _coordinates(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if view.places_only and not _photo_column(view, file)]


def _any_table(view: "SourceView") -> list[Path]:
    return view.tables


def _photo_column(view: "SourceView", file: Path) -> str:
    return view.known(file).get("photo", "")


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    (file,) = files
    rows = view.rows(file, view.columns(file))
    named_by_id = _photo_column(view, file).lower() in BARE_IDS
    if "photo" in view.chosen_in(file):  # what a name does not show, its values do
        named_by_id |= not rows.frame["photo"].str.contains(r"\.\w{2,5}$").any()
    return view.located(rows) if named_by_id else rows


def _read_any(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The rows of a table; photos in other folders than it says are found by their names."""
    rows = _read(view, files)
    if rows.located or view.places_only or _any_exists(rows):
        return rows
    located = view.located(rows)
    if located.frame.is_empty():
        return rows
    (file,) = files
    view.notices.append(f"{file}: its photos are in other folders than it says, and found by name")
    return located


def _any_exists(rows: "Rows") -> bool:
    """Whether any of the first photos is where the rows say."""
    return any(is_there(rows.root / photo) for photo in rows.frame["photo"].head(_SAMPLE))


PHOTO_TABLE = Layout("photo table", title="", signs="", recognise=_photo_table, read=_read)
PLACES = Layout("places", title="", signs="", recognise=_coordinates, read=_read)
ANY_TABLE = Layout(
    name="table",
    title="CSV, Parquet or JSONL table",
    signs="photos.csv, .jsonl or .parquet",
    recognise=_any_table,
    read=_read_any,
)
