"""One table of photos or of places: a photo table, a list by id, or any table of known columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.photos.columns import BARE_IDS, REQUIRED_COLUMNS
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


def _photo_table(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if set(view.header(file)) >= set(REQUIRED_COLUMNS)]


def _coordinates(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if view.places_only and not _photo_column(view, file)]


def _any_table(view: "SourceView") -> list[Path]:
    return view.tables


def _photo_column(view: "SourceView", file: Path) -> str:
    return view.known(file).get("photo", "")


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    (file,) = files
    rows = view.rows(file, view.columns(file))
    return view.located(rows) if _photo_column(view, file).lower() in BARE_IDS else rows


PHOTO_TABLE = Layout("photo table", title="", signs="", recognise=_photo_table, read=_read)
PLACES = Layout("places", title="", signs="", recognise=_coordinates, read=_read)
ANY_TABLE = Layout(
    name="table",
    title="CSV, Parquet or JSONL table",
    signs="photos.csv, .jsonl or .parquet",
    recognise=_any_table,
    read=_read,
)
