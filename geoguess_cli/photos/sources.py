"""What people have — tables, downloads, folders of photos — read to a photo table.

A file is a table (see `layouts.COLUMNS` for the names its columns may have). A folder is, by the
first that fits: an OSV-5M or OSV-Mini download, a Hugging Face imagefolder, the home of a photo
table called `photos`, or a folder of photos with GPS in their EXIF.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.photos.files import TABLE_SUFFIXES as TABLE_SUFFIXES
from geoguess_cli.photos.index import find_photos as find_photos
from geoguess_cli.photos.layouts import FOLDER_READERS, Found, read_table_file, tables_in
from geoguess_cli.photos.rows import BadRow as BadRow
from geoguess_cli.photos.rows import unique_rows, without_marks
from geoguess_cli.photos.table import PhotoTable


@dataclass(frozen=True)
class Reading:
    """A source that was read.

    Attributes:
        table: The photos, every row sound.
        kind: "photo table", "table", "places", "im2gps", "osv", "imagefolder" or "exif".
        bad_rows: Rows that were left out, each with the reason.
        missing: Photos that are not there, left out as well.
    """

    table: PhotoTable
    kind: str
    bad_rows: list[BadRow]
    missing: list[str]


def read_source(source: Path, *, check_files: bool = False, places_only: bool = False) -> Reading:
    """The photos of a source of any known layout, and what was left out of it.

    Args:
        source: A table file or a folder.
        check_files: Ask for each photo whether it is there. Photos that a table names by a bare
            id are looked for, and may be found missing, in any case.
        places_only: The photos themselves are not wanted: of a table, none is looked for, and a
            mere list of coordinates will do.

    Raises:
        MissingFileError: There is nothing at `source`.
        PhotoTableError: No known layout, a damaged table, or no photo left.
    """
    if source.is_dir():
        found = _read_folder(source)
    elif source.is_file():
        found = read_table_file(source, places_only=places_only)
    else:
        raise MissingFileError(f"there is nothing at {source}")
    frame, repeats = unique_rows(found.frame)
    table = PhotoTable(without_marks(frame), found.root)
    missing = list(found.missing)
    if check_files and not found.looked_up:
        there = np.array([path.is_file() for path in table.paths], dtype=bool)
        missing += table.frame.filter(~pl.Series(there, dtype=pl.Boolean))["photo"].to_list()
        table = table.take(np.flatnonzero(there))
    # Stable, so that the files stay in the order in which they were read.
    bad_rows = sorted([*found.bad_rows, *repeats], key=lambda bad: bad.row)
    reading = Reading(table, found.kind, bad_rows, missing)
    if not len(table):
        raise PhotoTableError(_nothing_left(source, reading))
    return reading


def describe(reading: Reading) -> dict[str, Any]:
    """What a source holds, in plain values: counts, and bounds in degrees.

    `sequences_on_two_sides` counts the drives that a split which came with the source has torn.
    """
    table = reading.table
    latitude, longitude = table.frame["latitude"], table.frame["longitude"]
    summary: dict[str, Any] = {
        "kind": reading.kind,
        "photos": len(table),
        "bad_rows": len(reading.bad_rows),
        "missing": len(reading.missing),
        "bounds": {
            "south": latitude.min(),
            "north": latitude.max(),
            "west": longitude.min(),
            "east": longitude.max(),
        },
    }
    if table.has("split"):
        unassigned = table.frame["split"].null_count()
        summary["splits"] = {**table.splits, **({"none": unassigned} if unassigned else {})}
    for column, name in (("sequence", "sequences"), ("creator", "creators")):
        if table.has(column):
            summary[name] = table.frame[column].drop_nulls().n_unique()
    if table.has("split") and table.has("sequence"):
        sides = pl.col("split").n_unique().over("sequence")
        torn = table.frame.drop_nulls(["split", "sequence"]).filter(sides > 1)
        summary["sequences_on_two_sides"] = torn["sequence"].n_unique()
    return summary


def _read_folder(folder: Path) -> Found:
    for read in FOLDER_READERS:
        found = read(folder)
        if found is not None:
            return found
    raise PhotoTableError(
        f"{folder} holds nothing known; looked for train.csv, test.csv, train_mini.csv and "
        "test_mini.csv of OSV, for metadata.csv, .jsonl or .parquet, for photos.csv, .jsonl or "
        f".parquet, and for photos with GPS in their EXIF{_hint(folder)}"
    )


def _nothing_left(source: Path, reading: Reading) -> str:
    if not reading.bad_rows and not reading.missing:
        return f"{source} has no row"
    if reading.missing and not reading.bad_rows:
        root = reading.table.root
        return (
            f"{source}: none of its {len(reading.missing)} photos is there, such as "
            f"{reading.missing[0]}; looked below {root}{_archives(root)}"
        )
    count = len(reading.bad_rows) + len(reading.missing)
    hint = _hint(source) if source.is_dir() else ""
    return f"{source}: none of its {count} rows can be used; {reading.bad_rows[0]}{hint}"


def _hint(folder: Path) -> str:
    tables = tables_in(folder)
    return f"; it has {', '.join(tables)}: name the table that is meant" if tables else ""


def _archives(folder: Path) -> str:
    """OSV-5M comes in archives; who has not unpacked them should hear so."""
    archive = next((path for path in folder.rglob("*.zip")), None)
    return f"; unpack archives such as {archive.relative_to(folder)} first" if archive else ""
