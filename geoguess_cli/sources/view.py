"""A source as its layouts look at it: which files it has, their headers, and their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.names import text_of
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.columns import (
    CHOSEN,
    OTHER_NAMES,
    PHOTO_COLUMNS,
    PLACE_COLUMNS,
    REQUIRED_COLUMNS,
    known_columns,
    unusual_names,
)
from geoguess_cli.photos.coordinates import hemisphere_columns, with_hemispheres
from geoguess_cli.photos.files import (
    FOLDER_TABLE_SUFFIXES,
    further_names,
    read_header,
    read_rows,
)
from geoguess_cli.photos.position import position_or_fault
from geoguess_cli.photos.rows import FILE, ROW, BadRow, checked_rows
from geoguess_cli.sources.folder import photos_below, tables_among
from geoguess_cli.sources.index import locate_photos
from geoguess_cli.sources.packed import (
    AT,
    PackedFiles,
    find_archives,
    home_of,
    in_order,
    locate_in_archives,
    path_from,
    with_places,
)
from geoguess_cli.sources.refusals import refusal
from geoguess_cli.sources.rows import Rows as Rows

_PLACES = {"photo": pl.String, "latitude": pl.Float64, "longitude": pl.Float64}


@dataclass(frozen=True)
class SourceView:
    """A file or folder as layouts see it; each header and the list of photos are read once.

    Attributes:
        path: The source.
        places_only: Only coordinates are wanted: a table may lack photos, and none is located.
        swap: Exchange the latitude and the longitude of a table.
        chosen: The user's own name of a column, by the column's name in a photo table; each table
            must have it.
        preferred: The same of names that count only in the tables that have them.
        notices: What the user should know of how the source was read, a line each.
    """

    path: Path
    places_only: bool = False
    swap: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    _headers: dict[Path, list[str]] = field(default_factory=dict)

    @cached_property
    def tables(self) -> list[Path]:
        """The source itself if it is a file, else the table called `photos` in it, if any."""
        table = self.table_called("photos", self.path) if self.path.is_dir() else self.path
        return [] if table is None else [table]

    @cached_property
    def lists(self) -> list[Path]:
        """Tables of any name: the source itself, else those in it, else in its folders."""
        if not self.path.is_dir():
            return [self.path]
        below = [entry for entry in sorted(self.path.iterdir()) if not entry.name.startswith(".")]
        return tables_among(below) or tables_among(
            [file for folder in below if folder.is_dir() for file in sorted(folder.iterdir())]
        )

    def table_with(self, columns: Sequence[str]) -> list[Path]:
        """The one of `lists` whose header has these columns, in any letter case; empty if none.

        Raises:
            PhotoTableError: Two tables have these columns.
        """
        files = self.tables_with(columns)
        if len(files) > 1:
            names = " and ".join(file.relative_to(self.path).as_posix() for file in files)
            raise PhotoTableError(f"{self.path} holds {names}; name the table to read")
        return files

    def tables_with(self, columns: Sequence[str]) -> list[Path]:
        """Those of `lists` whose header has these columns, in any letter case."""
        return [file for file in self.lists if self._has(file, columns)]

    def _has(self, file: Path, columns: Sequence[str]) -> bool:
        try:
            header = self.header(file)
        except PhotoTableError:  # only a table that the user names must be sound
            if file == self.path:
                raise
            return False
        return {name.strip().lower() for name in header} >= set(columns)

    @cached_property
    def packed(self) -> PackedFiles:
        """The files in the source if it is an archive, else in the archives below it."""
        return PackedFiles(self.path)

    @cached_property
    def photos(self) -> list[Path]:
        """Every photo below the source, in the order of their paths."""
        folder_photos = photos_below(self.path)
        self.notices.extend(folder_photos.notices)
        return folder_photos.paths

    def header(self, file: Path) -> list[str]:
        """The usable column names of a table.

        Raises:
            PhotoTableError: The file is not a table, or it is damaged.
        """
        if file not in self._headers:
            self._headers[file] = read_header(file)
        return self._headers[file]

    def known(self, file: Path, *, photo: Sequence[str] = PHOTO_COLUMNS) -> dict[str, str]:
        """The table's own name of each column of the photo table that it has.

        With `places_only` a photo counts only by one of its usual names.

        Args:
            file: The table.
            photo: The names that the column with the photo's path may have, preferred first.

        Raises:
            PhotoTableError: The file is not a table, it is damaged, or it lacks a chosen column.
        """
        other = {**OTHER_NAMES, "photo": ()} if self.places_only else OTHER_NAMES
        chosen = self.chosen_in(file)
        header = self.header(file)
        known = known_columns(header, photo=photo, other=other, chosen=chosen)
        if {"photo", "latitude", "longitude"} <= known.keys():
            return known
        header = [*header, *further_names(file)]
        return known_columns(header, photo=photo, other=other, chosen=chosen)

    def chosen_in(self, file: Path) -> dict[str, str]:
        """The user's own names of columns that count for a table.

        Raises:
            PhotoTableError: The table lacks a chosen column, or the choice is not of `CHOSEN`.
        """
        if unknown := [name for name in self.chosen if name not in CHOSEN]:
            raise PhotoTableError(
                f"`{unknown[0]}` is no column of a photo table; they are {', '.join(CHOSEN)}"
            )
        if not self.chosen and not self.preferred:
            return {}
        header = [*self.header(file), *further_names(file)]
        if absent := [name for name in self.chosen.values() if name not in header]:
            raise PhotoTableError(
                f"{file} has no column `{absent[0]}`; it has {', '.join(header) or 'no column'}; "
                "--column photo=NAME takes one of these"
            )
        preferred = {c: name for c, name in self.preferred.items() if name in header}
        return {**preferred, **self.chosen}

    def table_called(self, stem: str, folder: Path) -> Path | None:
        """The table of this name in a folder; None if there is none.

        Raises:
            PhotoTableError: Two tables have this name.
        """
        files = [folder / f"{stem}{suffix}" for suffix in FOLDER_TABLE_SUFFIXES]
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            names = " and ".join(file.name for file in files)
            raise PhotoTableError(f"{folder} holds {names}; name the table to read")
        return files[0] if files else None

    def columns(self, file: Path, *, photo: Sequence[str] = PHOTO_COLUMNS) -> dict[str, str]:
        """The columns of a table: those of a photo table by their usual names, then all others.

        With `places_only` they are those of `PLACE_COLUMNS`.

        Args:
            file: The table.
            photo: The names that the column with the photo's path may have, preferred first; none
                if the photos need no such column.

        Returns:
            The table's own name of each column, by the column's name in a photo table.

        Raises:
            PhotoTableError: The table has no photo, no latitude or no longitude.
        """
        header = self.header(file)
        columns = self.known(file, photo=photo)
        if missing := self.missing(columns, photo=photo):
            raise PhotoTableError(refusal(file, missing, known=columns))
        chosen = self.chosen_in(file)
        unusual = {c: name for c, name in unusual_names(columns).items() if c not in chosen}
        if unusual:
            names = ", ".join(f"{column} is `{name}`" for column, name in unusual.items())
            self.notices.append(f"{file}: {names}; --column names another column")
        replaced = {"latitude", "longitude"} if "point" in columns else set()
        unread = {*columns, *replaced} - {*columns.values()}
        if lost := [name for name in header if name in unread]:
            names = ", ".join(f"`{name}`" for name in lost)
            self.notices.append(f"{file}: its own {names} gave way to the columns above")
        if self.places_only:
            return {column: name for column, name in columns.items() if column in PLACE_COLUMNS}
        others = [name for name in header if name not in {*columns.values(), *unread}]
        return {**columns, **{name: name for name in others}}

    def missing(
        self, columns: Mapping[str, str], *, photo: Sequence[str] = PHOTO_COLUMNS
    ) -> list[str]:
        """The required columns that are not among the known columns of a table.

        Args:
            columns: The known columns.
            photo: The names that the column with the photo's path may have; none if the photos need
                no such column.
        """
        optional = {"photo"} if self.places_only or not photo else set()
        optional |= {"latitude", "longitude"} if "point" in columns else set()
        return [name for name in REQUIRED_COLUMNS if name not in columns and name not in optional]

    def rows(
        self,
        file: Path,
        columns: Mapping[str, str],
        *,
        split: str | None = None,
        root: Path | None = None,
        prefix: str | None = None,
        whole: Sequence[str] = (),
    ) -> Rows:
        """The rows of a table, its columns renamed and checked.

        Args:
            file: The table; its paths start from its folder.
            columns: The table's own name of each column to read, by the name it gets.
            split: The split of every row; None leaves it to the table.
            root: The folder that paths start from in the answer; None is the table's folder.
            prefix: What goes before each path; None is the table's folder, as seen from the root.
            whole: Columns of whole numbers, whose `.0` is cut off.

        Raises:
            PhotoTableError: The table is damaged, or it has no latitude or no longitude.
        """
        if missing := self.missing(columns, photo=()):
            raise PhotoTableError(refusal(file, missing, known=columns))
        root = root or file.parent
        sides = hemisphere_columns(self.header(file), columns)
        names = list(dict.fromkeys([*columns.values(), *sides.values()]))
        frame, broken = read_rows(file, columns=names, notice=self.notices.append)
        frame = with_hemispheres(frame, sides)
        frame = frame.select(ROW, *(pl.col(source).alias(name) for name, source in columns.items()))
        if "photo" not in columns:
            frame = frame.with_columns(pl.format("row {}", ROW).alias("photo"))
        if split is not None:
            frame = frame.with_columns(pl.lit(split).alias("split"))
        name = text_of(file.relative_to(root).as_posix())
        frame, bad_rows = checked_rows(frame, file=name, swap=self.swap)
        prefix = name.removesuffix(text_of(file.name)) if prefix is None else prefix
        frame = frame.with_columns((pl.lit(prefix) + pl.col("photo")).alias("photo")).with_columns(
            pl.col(column).cast(pl.String).str.replace(r"^(\d+)\.0+$", "$1")
            for column in whole
            if column in columns
        )
        bad_rows = sorted([*broken, *bad_rows], key=lambda bad: bad.row)
        return Rows(frame, root.resolve(), bad_rows)

    def rows_of(self, records: Sequence[Mapping[str, object]], *, file: str, root: Path) -> Rows:
        """Checked rows of records that are no table, each with the columns of a photo table.

        Args:
            records: The same keys in each, with its number in `@row`.
            file: The name of the file or folder, for messages.
            root: The folder that paths start from.
        """
        if not records:
            return Rows(pl.DataFrame(schema={**_PLACES, ROW: pl.UInt32, FILE: pl.String}), root)
        frame = pl.from_dicts(records, infer_schema_length=None)
        frame, bad_rows = checked_rows(
            frame.with_columns(pl.col(ROW).cast(pl.UInt32)), file=file, swap=self.swap
        )
        return Rows(frame, root.resolve(), bad_rows)

    def rows_by_exif(self, photos: Sequence[PhotoFile]) -> Rows:
        """The photos that have a GPS position of their own; the row number counts photos."""
        good, bad_rows, files = [], [], []
        home = text_of(self.path.name)
        for row, path in enumerate(photos, start=1):
            photo = text_of(path_from(path, self.path))
            position = position_or_fault(path, photo)
            if position.latlng is None:
                bad_rows.append(BadRow(row, position.reason, home))
            else:
                good.append((photo, *position.latlng, row, home))
                files.append(path)
        frame = pl.DataFrame(good, {**_PLACES, ROW: pl.UInt32, FILE: pl.String}, orient="row")
        frame = with_places(frame, files, self.path)
        return Rows(frame, home_of(self.path).resolve(), bad_rows, located=True)

    def located(self, rows: Rows) -> Rows:
        """The rows with each photo's path, wherever the photo is below the root.

        With `places_only` the rows stay as they are.
        """
        if self.places_only:
            return rows
        folder_photos = photos_below(rows.root)
        self.notices.extend(folder_photos.faults)
        # Without the other columns, which would be copied again and again.
        numbered = rows.frame.select("photo", ROW, FILE).with_row_index(AT)
        loose = locate_photos(numbered, folder_photos)
        frame, lost = loose.frame, loose.others
        bad_rows = [*rows.bad_rows, *loose.bad_rows]
        if archives := find_archives(rows.root) if len(lost) else []:
            packed = locate_in_archives(lost, archives, rows.root, by_stem=True)
            if len(packed.frame):
                frame = in_order([frame, packed.frame])
            bad_rows += packed.bad_rows
            lost = packed.others
        others = rows.frame.drop("photo", ROW, FILE)
        if len(frame) < len(others):  # all columns would be copied
            others = others[frame[AT]]
        frame = frame.drop(AT).hstack(others)
        first = [name for name in rows.frame.columns if name in frame.columns]
        frame = frame.select(*first, pl.exclude(first))
        missing = lost["photo"].to_list()
        return replace(rows, frame=frame, bad_rows=bad_rows, missing=missing, located=True)
