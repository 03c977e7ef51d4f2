"""Photos inside the zips and tars below a folder: which there are, and which a table means."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import ARCHIVE_SUFFIXES, Member, PhotoFile
from geoguess_cli.photos.columns import ARCHIVE_COLUMNS
from geoguess_cli.photos.files import FOLDER_TABLE_SUFFIXES
from geoguess_cli.photos.kinds import PHOTO_SUFFIXES
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.rows import BadRow, reject
from geoguess_cli.sources.archive_index import index_archive
from geoguess_cli.sources.folder import is_hidden
from geoguess_cli.sources.rows import Located

_SUFFIX = rf"(?i)({'|'.join(suffix.replace('.', '[.]') for suffix in PHOTO_SUFFIXES)})$"

AT = "@position"
"""The position of a row in its table, while its photo is looked for."""

_MATCH = ("@member", "@matches")
"""Columns for the member that a row means, and for the number of members that it may mean."""

_INDEXED = 4
"""Archives whose photos are remembered when they are asked for one by one."""


@dataclass(frozen=True)
class PackedFiles:
    """The archives of a source and the files in them, indexed when they are asked for.

    Attributes:
        source: An archive, or a folder with archives below it.
    """

    source: Path

    @property
    def home(self) -> Path:
        """The folder that paths start from."""
        return home_of(self.source)

    @cached_property
    def archives(self) -> list[Path]:
        """The source itself if it is an archive, else every zip and tar below it."""
        return find_archives(self.source) if self.source.is_dir() else [self.source]

    @property
    def files(self) -> pl.DataFrame:
        """The files in the archives, as `archive_files` gives them.

        Raises:
            PhotoTableError: The source is an archive and cannot be read.
        """
        return self._indexed[0]

    @property
    def damaged(self) -> list[BadRow]:
        """The archives that cannot be read, with the reason."""
        return self._indexed[1]

    @cached_property
    def photos(self) -> PhotoList:
        """The photos in the archives that can be read in place."""
        return member_list(photos_among(self.files), self.home)

    @property
    def tables(self) -> pl.DataFrame:
        """The files in the archives that are tables by their ending; no layout reads them there."""
        endings = "|".join(suffix.lstrip(".") for suffix in FOLDER_TABLE_SUFFIXES)
        return self.files.filter(pl.col("name").str.contains(rf"(?i)[.]({endings})$"))

    @property
    def refused(self) -> list[BadRow]:
        """The photos in the archives that cannot be read in place, with the reason."""
        photos = photos_among(self.files).filter(pl.col("refused").is_not_null())
        reasons = photos.select(pl.format("{} {}", _photo(), "refused"))
        return [BadRow(0, reason) for reason in reasons.to_series()]

    @cached_property
    def _indexed(self) -> tuple[pl.DataFrame, list[BadRow]]:
        if not self.source.is_dir():
            index_archive(self.source)  # its error ends the reading
        return archive_files(self.archives, self.home)


def home_of(source: Path) -> Path:
    """The folder that paths of a source start from: itself, or the folder of a file."""
    return source if source.is_dir() else source.parent


def path_from(file: PhotoFile, source: Path) -> str:
    """A photo's path from the home of a source, with forward slashes."""
    path = file if isinstance(file, Path) else file.archive
    name = path.relative_to(home_of(source)).as_posix()
    return name if isinstance(file, Path) else f"{name}/{file.name}"


def with_places(frame: pl.DataFrame, files: Sequence[PhotoFile], source: Path) -> pl.DataFrame:
    """The rows with the columns of archives, unless all their files are loose.

    Args:
        frame: One row for each file.
        files: The files.
        source: Paths start from its home.
    """
    home = home_of(source)
    places = [
        (file.archive.relative_to(home).as_posix(), file.offset, file.length, file.compression)
        if isinstance(file, Member)
        else (None, None, None, None)
        for file in files
    ]
    if all(archive is None for archive, *_ in places):
        return frame
    kinds = (pl.String, pl.Int64, pl.Int64, pl.String)
    schema = dict(zip(ARCHIVE_COLUMNS, kinds, strict=True))
    return frame.hstack(pl.DataFrame(places, schema, orient="row"))


def in_order(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of several frames in the order of `AT`."""
    return pl.concat(parts, how="diagonal_relaxed").sort(AT)


def find_archives(folder: Path) -> list[Path]:
    """Every zip and tar below a folder, in the order of their paths; hidden ones are skipped."""
    archives, visited = [], set()
    for here, folders, files in os.walk(folder, followlinks=True):
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in visited:  # a link back up would never end
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = [name for name in folders if not is_hidden(name)]
        archives += [
            Path(here, name)
            for name in files
            if name.lower().endswith(ARCHIVE_SUFFIXES) and not is_hidden(name)
        ]
    return sorted(archives)


def archive_files(archives: Sequence[Path], root: Path) -> tuple[pl.DataFrame, list[BadRow]]:
    """The visible files in archives, and the archives that cannot be read.

    Args:
        archives: Zips and tars.
        root: The folder that the paths of archives start from in the answer.

    Returns:
        The columns of `index_archive` and `archive`; and each unreadable archive with the reason.
    """
    parts, damaged = [], []
    for path in archives:
        try:
            index = index_archive(path)
        except PhotoTableError as error:
            damaged.append(BadRow(0, str(error)))
            continue
        archive = Path(os.path.relpath(path, root)).as_posix()
        parts.append(_visible(index).with_columns(pl.lit(archive).alias("archive")))
    return (pl.concat(parts) if parts else _no_files()), damaged


def photos_among(files: pl.DataFrame) -> pl.DataFrame:
    """The files that are photos by their ending."""
    return files.filter(is_photo())


def is_photo() -> pl.Expr:
    """Whether a file is a photo by the ending of its `name`."""
    return pl.col("name").str.contains(_SUFFIX)


def member_list(files: pl.DataFrame, root: Path) -> PhotoList:
    """Files of archives as a list of members; those that cannot be read in place are left out."""
    sound = files.filter(pl.col("refused").is_null())
    return PhotoList.of_table(sound.with_columns(_photo().alias("photo")), root)


def locate_in_archives(
    frame: pl.DataFrame, archives: Sequence[Path], root: Path, *, by_stem: bool
) -> Located:
    """The rows of a table whose photo is in an archive.

    A photo is looked for by its path: as `ARCHIVE/NAME`, as if the archive had been unpacked where
    it is or into a folder of its name, and as the member's own name, with or without the first
    folder. A bare name is then looked for by its stem. If two members fit, the row is left out.

    Args:
        frame: Checked rows; their `photo` is an id, a file name or a path from `root`.
        archives: The zips and tars to search.
        root: The folder that paths start from.
        by_stem: Whether a path stands for the photo of its stem in any folder, as an id does.
    """
    photos, damaged = archive_files(archives, root)
    photos = photos_among(photos)
    matches = frame.select("photo", *(pl.lit(None, pl.UInt32).alias(name) for name in _MATCH))
    if frame["photo"].str.contains(_SUFFIX).any():
        for key in _paths():
            matches = _matched(matches, photos, key, pl.col("photo"))
    bare = pl.lit(True) if by_stem else ~pl.col("photo").str.contains("/", literal=True)
    matches = _matched(matches, photos, _stem("name"), pl.when(bare).then(_stem("photo")))
    found = matches["@member"].is_not_null()
    others, frame, matches = frame.filter(~found), frame.filter(found), matches.filter(found)
    photos = photos[matches["@member"]]
    members = photos.select("refused", _photo().alias("@photo"), *ARCHIVE_COLUMNS)
    hits = frame.hstack(matches["@matches"].to_frame()).hstack(members)
    many = pl.format(
        "{} photos in archives below {} fit '{}'", "@matches", pl.lit(str(root)), "photo"
    )
    refused = pl.format("{} {}", "@photo", "refused")
    reason = pl.when(pl.col("@matches") > 1).then(many).otherwise(refused)
    good, bad_rows = reject(hits, reason)
    good = good.with_columns(pl.col("@photo").alias("photo")).drop("@matches", "@photo", "refused")
    return Located(good, [*bad_rows, *damaged], others)


def photo_at(path: Path) -> PhotoFile | None:
    """The photo of a path: a file, or a member such as `00.zip/a.jpg`; None if there is none.

    Raises:
        PhotoTableError: The path leads into an archive that cannot be read.
    """
    if path.is_file():
        return path
    for archive in path.parents:
        if archive.is_file():
            if not archive.name.lower().endswith(ARCHIVE_SUFFIXES):
                return None
            name = path.relative_to(archive).as_posix()
            return _members(archive, archive.stat().st_mtime_ns).get(name)
        if archive.exists():
            return None
    return None


def photos_in(archives: Sequence[Path]) -> PhotoList:
    """The photos in archives.

    Raises:
        PhotoTableError: An archive cannot be read.
    """
    if not archives:
        return PhotoList.of_files([])
    files = [
        index_archive(path).with_columns(pl.lit(str(path)).alias("archive")) for path in archives
    ]
    return member_list(photos_among(_visible(pl.concat(files))), Path())


@lru_cache(maxsize=_INDEXED)
def _members(archive: Path, _changed: int) -> dict[str, Member]:
    return {file.name: file for file in photos_in([archive]) if isinstance(file, Member)}


def _visible(files: pl.DataFrame) -> pl.DataFrame:
    """The files without those that are hidden or in a hidden folder."""
    folder = files.select(pl.col("name").str.extract(r"^(.*)/", 1).fill_null(""))["name"]
    base = files.select(pl.col("name").str.extract(r"([^/]*)$", 1))["name"]
    hidden = [
        name
        for name in folder.unique().to_list()
        if any(is_hidden(part) for part in name.split("/") if part not in ("", ".", ".."))
    ]
    return files.filter(~folder.is_in(hidden) & ~base.str.starts_with("."))


def _no_files() -> pl.DataFrame:
    kinds = {"name": pl.String, "offset": pl.Int64, "length": pl.Int64}
    return pl.DataFrame(
        schema={**kinds, "compression": pl.String, "refused": pl.String, "archive": pl.String}
    )


def _photo() -> pl.Expr:
    return pl.format("{}/{}", "archive", "name")


def _paths() -> list[pl.Expr]:
    """The paths that a table can give to a member, the surest first."""
    beside = pl.col("archive").str.extract(r"^(.*/)", 1).fill_null("")
    return [
        _photo(),
        beside + pl.col("name"),
        pl.col("archive").str.replace(r"(?i)[.](zip|tar)$", "/") + pl.col("name"),
        pl.col("name"),
        beside + pl.col("name").str.extract(r"^[^/]*/(.*)$", 1),
        pl.col("name").str.extract(r"^[^/]*/(.*)$", 1),
    ]


def _matched(
    matches: pl.DataFrame, photos: pl.DataFrame, key: pl.Expr, own: pl.Expr
) -> pl.DataFrame:
    """The rows without a member get that of their key, and the number of members of this key.

    The keys are compared by their hashes of 64 bits, because the texts of five million keys would
    take a gigabyte more. In one of a million such tables two keys share a hash by chance.
    """
    if not matches["@member"].null_count():
        return matches
    keys = photos.select(key.alias("@key")).with_row_index("@first").drop_nulls()
    index = keys.group_by(pl.col("@key").hash()).agg(
        pl.col("@first").min(), pl.len().alias("@count")
    )
    wanted = pl.when(pl.col("@member").is_null()).then(own)
    keyed = matches.with_columns(pl.when(wanted.is_not_null()).then(wanted.hash()).alias("@key"))
    keyed = keyed.join(index, on="@key", how="left", maintain_order="left")
    return keyed.with_columns(
        pl.coalesce("@member", "@first").alias("@member"),
        pl.coalesce("@matches", "@count").alias("@matches"),
    ).drop("@key", "@first", "@count")


def _stem(column: str) -> pl.Expr:
    return pl.col(column).str.extract(r"([^/]*)$", 1).str.replace(_SUFFIX, "")
