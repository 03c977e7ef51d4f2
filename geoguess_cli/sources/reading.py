"""Tables, downloads and folders of photos, read to a photo table.

`layouts.LAYOUTS` lists every layout that is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.names import is_there
from geoguess_cli.photos.columns import has_archives
from geoguess_cli.photos.files import TABLE_SUFFIXES
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.rows import FILE, ROW, BadRow, unique_rows
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.sources.accents import with_accents_of_disk
from geoguess_cli.sources.checks import OrderCheck, check_order, exchanging
from geoguess_cli.sources.layouts import LAYOUTS, SIGNS
from geoguess_cli.sources.packed import AT, find_archives, in_order, locate_in_archives
from geoguess_cli.sources.parquet_files import ParquetFiles
from geoguess_cli.sources.spread import check_spread
from geoguess_cli.sources.view import Rows, SourceView
from geoguess_cli.sources.zips import is_closed
from geoguess_cli.wording import counted


@dataclass(frozen=True)
class Reading:
    """A source that was read.

    Attributes:
        table: The photos, every row sound.
        kind: The name of its layout in `LAYOUTS`.
        bad_rows: Rows that were left out, each with the reason.
        missing: Names of photos that do not exist; their rows were left out as well.
        notices: What the user should know of how the source was read, a line each.
        parquet: The files that hold the photos where no verb can read them; `sources.unpacking`
            unpacks them.
    """

    table: PhotoTable
    kind: str
    bad_rows: list[BadRow]
    missing: list[str]
    notices: list[str] = field(default_factory=list)
    parquet: ParquetFiles | None = None

    @cached_property
    def order(self) -> OrderCheck:
        """Whether the source seems to have latitude and longitude exchanged."""
        return check_order(self.table.frame, self.bad_rows)

    @cached_property
    def spread(self) -> list[str]:
        """What the user should know of how the positions are spread, a sentence each."""
        return check_spread(self.table.latlng)


def read_source(
    source: Path,
    *,
    check_files: bool = False,
    places_only: bool = False,
    columns: Mapping[str, str] | None = None,
    preferred: Mapping[str, str] | None = None,
    swap: bool = False,
    allow_parquet: bool = False,
) -> Reading:
    """The photos of a source of any known layout, and what was left out of it.

    Args:
        source: A table file or a folder.
        check_files: Check that each photo exists. Photos that a table names by a bare id are
            always looked for.
        places_only: Only coordinates are wanted: a table may lack photos, and none is looked for.
        columns: The name of a column in the source, by its name in a photo table, such as
            `{"photo": "key", "latitude": "y"}`; `point` is a column of points.
        preferred: The same of names that count only in the tables that have them.
        swap: Exchange latitude and longitude, for a table that has them exchanged.
        allow_parquet: The photos may lie in Parquet files, where no verb can read them.

    Raises:
        MissingFileError: The source does not exist.
        PhotoTableError: The source has no known layout, is damaged, lacks one of `columns`, or has
            no usable row; or it has no table that `columns` or `swap` could mean; or it must
            be imported first, because its photos lie in Parquet files.
    """
    if not is_there(source):
        raise MissingFileError(f"{source} does not exist; name a table or a folder of photos")
    view = SourceView(
        source,
        places_only=places_only and not source.is_dir(),
        chosen=columns or {},
        preferred=preferred or {},
        swap=swap,
    )
    kind, rows = _read(view)
    if (swap or columns) and kind in ("exif", "archives"):
        raise PhotoTableError(
            f"{source} has no table: its positions stand in the photos, which name latitude and "
            f"longitude; leave out {'--swap' if swap else '--column'}"
        )
    if not rows.located:
        rows = _in_archives(rows, view, thorough=check_files)
    if rows.parquet is not None and not (places_only or allow_parquet):
        raise PhotoTableError(
            f"{source} holds its photos inside Parquet files; "
            f"`geoguess data import {source} -o photos.parquet` unpacks them, then name that table"
        )
    frame, repeats = unique_rows(rows.frame)
    if not rows.located and not view.places_only:
        frame = with_accents_of_disk(frame, rows.root)
    table = PhotoTable(frame.drop(ROW, FILE), rows.root)
    missing = list(rows.missing)
    if check_files and not rows.located:
        exists = table.files.exist()
        missing += table.frame.filter(~pl.Series(exists, dtype=pl.Boolean))["photo"].to_list()
        table = table.take(np.flatnonzero(exists))
    # Stable, so that the files stay in the order in which they were read.
    bad_rows = sorted([*rows.bad_rows, *repeats], key=lambda bad: bad.row)
    reading = Reading(table, kind, bad_rows, missing, view.notices, rows.parquet)
    if not len(table):
        raise PhotoTableError(_no_row_left(source, reading))
    return reading


def describe(reading: Reading) -> dict[str, Any]:
    """Counts of what a source holds, and its bounds in degrees, as plain values.

    `sequences_on_two_sides` counts the drives that the source's own split divides.
    """
    table = reading.table
    (south, west), (north, east) = (
        np.round(corner, 6).tolist() for corner in (table.latlng.min(0), table.latlng.max(0))
    )
    summary: dict[str, Any] = {
        "kind": reading.kind,
        "photos": len(table),
        "bad_rows": len(reading.bad_rows),
        "missing": len(reading.missing),
        "bounds": {"south": south, "north": north, "west": west, "east": east},
    }
    if table.has("split"):
        unassigned = table.frame["split"].null_count()
        summary["splits"] = {**table.splits, **({"none": unassigned} if unassigned else {})}
    for column, name in (("sequence", "sequences"), ("creator", "creators")):
        if table.has(column):
            summary[name] = table.frame[column].drop_nulls().n_unique()
    if table.has("split") and table.has("sequence"):
        sides = pl.col("split").n_unique().over("sequence")
        divided = table.frame.drop_nulls(["split", "sequence"]).filter(sides > 1)
        summary["sequences_on_two_sides"] = divided["sequence"].n_unique()
    return summary


def _read(view: SourceView) -> tuple[str, Rows]:
    """The name of the first layout that recognises the source, and the rows that it reads."""
    for layout in LAYOUTS:
        files = layout.recognise(view)
        if files:
            return layout.name, layout.read(view, files)
    raise PhotoTableError(
        f"{view.path} has no known layout; it must hold {SIGNS}{_tables_in(view.path)}"
        + "".join(f"; {notice}" for notice in view.notices)
        + "; `geoguess data inspect --help` lists every layout"
    )


def _in_archives(rows: Rows, view: SourceView, *, thorough: bool) -> Rows:
    """The rows of a table that names photos by path; a photo that does not exist by this path is
    looked for in the archives below the root.

    Without `thorough`, the first photo stands for all: if it exists, none is looked for.
    """
    if view.places_only or has_archives(rows.frame.columns) or rows.frame.is_empty():
        return rows
    files = PhotoList.of_table(rows.frame, rows.root)
    if not thorough and files[:1].exist().all():
        return rows
    archives = find_archives(rows.root)
    if not archives:
        return rows
    exists = pl.Series(files.exist())
    numbered = rows.frame.with_row_index(AT)
    packed = locate_in_archives(numbered.filter(~exists), archives, rows.root, by_stem=False)
    if packed.frame.is_empty():
        return replace(rows, bad_rows=[*rows.bad_rows, *packed.bad_rows])
    frame = in_order([numbered.filter(exists), packed.frame, packed.others]).drop(AT)
    return replace(rows, frame=frame, bad_rows=[*rows.bad_rows, *packed.bad_rows])


def _no_row_left(source: Path, reading: Reading) -> str:
    if not reading.bad_rows and not reading.missing:
        return f"{source} has no row; it must have at least one photo"
    if reading.order.looks_exchanged:
        return f"{source}: {reading.order}; {exchanging(source)}"
    bad, missing, root = len(reading.bad_rows), len(reading.missing), reading.table.root
    if not bad:
        return (
            f"{source}: none of its {missing} photos exists below {root}, such as "
            f"{reading.missing[0]}{_archive_below(root)}"
        )
    example = f"{reading.bad_rows[0]}{_tables_in(source) if source.is_dir() else ''}"
    if not missing:
        return f"{source}: none of its {bad} rows can be used; {example}"
    return (
        f"{source}: none of its {bad + missing} rows can be used: {counted(missing, 'photo')} "
        f"missing below {root}, such as {reading.missing[0]}{_archive_below(root)}; "
        f"{counted(bad, 'bad row')}, such as {example}"
    )


def _tables_in(folder: Path) -> str:
    """A remedy for a folder whose photos are listed in a table of another name."""
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in TABLE_SUFFIXES]
    return f"; it has {', '.join(sorted(names))}: name the table to read" if names else ""


def _archive_below(folder: Path) -> str:
    """A remedy for photos in an archive that cannot be read in place."""
    archive = next((path for path in folder.rglob("*") if is_closed(path)), None)
    return f"; unpack archives such as {archive.relative_to(folder)} first" if archive else ""
