"""The layouts that photos come in: a table to add a row to.

A layout recognises its files in a source, which is a file or a folder, and reads them to rows. All
that touches files goes through a `SourceView`. This module loads no library, because the help of
`geoguess data` is made from its table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.photos.columns import REQUIRED_COLUMNS, known_columns, split_name

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_OSV_COLUMNS = {"id", "latitude", "longitude", "sequence", "captured_at", "creator_username"}
_OSV_FILES = (("train.csv", "test.csv"), ("train_mini.csv", "test_mini.csv"))

_BARE_IDS = ("image", "img_id", "id")
"""Columns, in lower case, that identify a photo without saying in which folder it is."""


@dataclass(frozen=True)
class Layout:
    """How photos and their places are laid out in a file or folder.

    Attributes:
        name: What `Reading.kind` is called.
        title: What the help of `geoguess data` calls it; "" where another layout's title says it.
        signs: What a folder of this layout holds, for messages; "" for a layout of single files.
        recognise: Gives the files to read, in order; empty if the source has another layout.
        read: Gives the rows of these files.
    """

    name: str
    title: str
    signs: str
    recognise: "Callable[[SourceView], Sequence[Path]]"
    read: "Callable[[SourceView, Sequence[Path]], Rows]"


def _osv_in_folder(view: "SourceView") -> list[Path]:
    for home in (view.path, view.path / "osv5m"):
        for names in _OSV_FILES:
            files = [home / name for name in names if (home / name).is_file()]
            tables = [file for file in files if _is_osv(view.header(file))]
            if tables:
                return tables
    return []


def _osv_table(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if _is_osv(view.header(file))]


def _is_osv(header: Sequence[str]) -> bool:
    return set(header) >= _OSV_COLUMNS and known_columns(header)["photo"] == "id"


def _read_osv(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The photos of OSV files, with the few of their 32 columns that describe drives and places."""
    parts = []
    for file in files:
        columns = known_columns(view.header(file))
        columns.pop("split", None)  # the name of the file decides
        if "creator_id" in view.header(file):
            columns["creator_id"] = "creator_id"
        split = split_name(file.stem.split("_")[0])
        # The published files print some whole numbers as floats.
        parts.append(view.rows(file, columns, split=split, whole=("photo", "id", "creator_id")))
    return view.located(view.joined(parts))


def _metadata_files(view: "SourceView") -> list[Path]:
    """The metadata of an imagefolder: in the folder, or in one folder for each split."""
    if not view.path.is_dir():
        return []
    homes = [entry for entry in sorted(view.path.iterdir()) if split_name(entry.name)]
    files = [view.table_called("metadata", home) for home in (view.path, *homes)]
    return [file for file in files if file is not None]


def _read_imagefolder(view: "SourceView", files: Sequence[Path]) -> "Rows":
    return view.joined(
        [
            view.rows(
                file,
                view.columns(file, photo=("file_name",)),
                split=None if file.parent == view.path else split_name(file.parent.name),
                root=view.path,
            )
            for file in files
        ]
    )


def _im2gps_table(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if _photo_column(view, file).lower() == "img_id"]


def _photo_table(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if set(view.header(file)) >= set(REQUIRED_COLUMNS)]


def _coordinates(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if view.places_only and not _photo_column(view, file)]


def _any_table(view: "SourceView") -> list[Path]:
    return view.tables


def _photo_column(view: "SourceView", file: Path) -> str:
    return known_columns(view.header(file)).get("photo", "")


def _read_table(view: "SourceView", files: Sequence[Path]) -> "Rows":
    (file,) = files
    rows = view.rows(file, view.columns(file))
    return view.located(rows) if _photo_column(view, file).lower() in _BARE_IDS else rows


def _photos(view: "SourceView") -> list[Path]:
    return view.photos


def _read_exif(view: "SourceView", photos: Sequence[Path]) -> "Rows":
    return view.rows_by_exif(photos)


_OSV_SIGNS = "train.csv, test.csv, train_mini.csv or test_mini.csv of OSV-5M"
_METADATA_SIGNS = "metadata.csv, .jsonl or .parquet"
_TABLE_SIGNS = "photos.csv, .jsonl or .parquet"
_EXIF_SIGNS = "photos with GPS in their EXIF"

LAYOUTS = (
    Layout("osv", "OSV-5M or OSV-Mini folder", _OSV_SIGNS, _osv_in_folder, _read_osv),
    Layout("imagefolder", "imagefolder", _METADATA_SIGNS, _metadata_files, _read_imagefolder),
    Layout("osv", "", "", _osv_table, _read_osv),
    Layout("photo table", "", "", _photo_table, _read_table),
    Layout("im2gps", "", "", _im2gps_table, _read_table),
    Layout("places", "", "", _coordinates, _read_table),
    Layout("table", "CSV, Parquet or JSONL table", _TABLE_SIGNS, _any_table, _read_table),
    Layout("exif", "folder of photos with GPS in their EXIF", _EXIF_SIGNS, _photos, _read_exif),
)
"""All layouts. The first that recognises a file in a source reads it."""

TITLES = "; ".join(layout.title for layout in LAYOUTS if layout.title)
"""Every layout in words, for help texts."""

SIGNS = ", or ".join(layout.signs for layout in LAYOUTS if layout.signs)
"""What a folder must hold to be read, for messages."""
