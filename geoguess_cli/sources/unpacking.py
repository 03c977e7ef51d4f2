"""Photos inside Parquet files, unpacked once into stored zips, from which every verb reads them.

Which photos go into which zip follows from the source alone. A zip is written under another name
and renamed when it is complete, and its comment tells which rows of which files it holds. So an
import that was stopped at any time continues with the first zip that is not complete.
"""

import hashlib
import itertools
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from geoguess_cli.errors import OutputError
from geoguess_cli.files import replacing, require_room
from geoguess_cli.photos.archives import STORED
from geoguess_cli.photos.columns import ARCHIVE_COLUMNS
from geoguess_cli.photos.endings import UniqueNames, photo_ending, safe_stem
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.photos.table import PhotoTable, check_table_path
from geoguess_cli.sources.parquet_files import ParquetFile, ParquetFiles
from geoguess_cli.sources.reading import Reading

ZIP_BYTES = 1 << 30
"""Photos that go into one zip, in bytes; a zip ends with the row group that passes it."""

_MARK = b"geoguess unpacked "
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can have: equal photos make equal zips."""

_PER_PHOTO = 200  # bytes that a zip and the photo table take for a photo beside its own
_LOCAL_HEADER = 30  # .ZIP File Format Specification 6.3.10, 4.3.7: bytes before the name
_KIND = "its image is empty or no picture of a known kind"


@dataclass(frozen=True)
class Piece:
    """Some rows of a Parquet file: the first from 0, their number, the bytes of their photos."""

    file: ParquetFile
    first: int
    rows: int
    size: int


@dataclass(frozen=True)
class ZipPart:
    """The photos of one zip.

    Attributes:
        path: The zip.
        pieces: The rows that it holds.
        comment: What the comment of the zip says once it is complete.
    """

    path: Path
    pieces: tuple[Piece, ...]
    comment: bytes

    @property
    def size(self) -> int:
        """Bytes of its photos, those of rows that are left out too."""
        return sum(piece.size for piece in self.pieces)

    @property
    def complete(self) -> bool:
        """Whether the zip is there and holds these rows."""
        return _comment(self.path) == self.comment


@dataclass(frozen=True)
class Unpacking:
    """What is to be unpacked, and where to.

    Attributes:
        reading: The source.
        folder: The folder of the zips, beside the photo table.
        parts: The zips.
    """

    reading: Reading
    folder: Path
    parts: tuple[ZipPart, ...]

    @property
    def photos(self) -> int:
        """The number of photos of all zips."""
        return len(self.reading.table)

    @property
    def bytes_needed(self) -> int:
        """Space that the zips still to be written take, in bytes."""
        return sum(
            part.size + _PER_PHOTO * sum(piece.rows for piece in part.pieces)
            for part in self.parts
            if not part.complete
        )

    def check(self, *, force: bool = False) -> None:
        """Raise OutputError if the disk has too little room, or if zips of other photos are there.

        Args:
            force: Zips of another source or of an earlier state of it are deleted.
        """
        others = sorted(self._others())
        if others and not force:
            raise OutputError(
                f"{others[0]} holds photos of another import; --force replaces it, "
                "-o names another table"
            )
        for path in others:
            path.unlink()
        require_room(
            self.folder,
            self.bytes_needed,
            what="the photos take",
            elsewhere="name a place on another disk with -o",
        )

    def _others(self) -> Iterator[Path]:
        """Zips in the way of this import, and those that an import of other photos has left."""
        own = {part.path: part.comment for part in self.parts}
        for path in self.folder.glob("[0-9]*.zip"):
            comment = _comment(path)
            if comment != own.get(path) and (path in own or comment.startswith(_MARK)):
                yield path


def plan_unpacking(reading: Reading, parquet: ParquetFiles, table: Path) -> Unpacking:
    """The zips into which the photos of a source go: `photos-photos/00.zip` for `photos.parquet`.

    Args:
        reading: The source.
        parquet: Its files.
        table: The file of the photo table to be written.

    Raises:
        PhotoTableError: The path does not end as a photo table does.
        OutputError: The photo table would replace a file that holds the photos.
    """
    check_table_path(table)
    if any(table.resolve() == file.path.resolve() for file in parquet.files):
        raise OutputError(f"{table} holds the photos themselves; -o names another table")
    folder = table.parent.resolve() / f"{table.stem}-photos"
    groups: list[list[Piece]] = [[]]
    for piece in _pieces(parquet.files):
        if sum(own.size for own in groups[-1]) >= ZIP_BYTES:
            groups.append([])
        groups[-1].append(piece)
    digits = max(2, len(str(len(groups) - 1)))
    kept = hashlib.sha256("\n".join(reading.table.frame["photo"]).encode()).hexdigest()
    parts = (
        ZipPart(folder / f"{number:0{digits}}.zip", tuple(group), _signature(group, kept))
        for number, group in enumerate(groups)
    )
    return Unpacking(reading, folder, tuple(parts))


def unpack(plan: Unpacking, *, on_photo: Callable[[int], None] | None = None) -> Reading:
    """The source with its photos in zips: those that are complete are kept, others are written.

    Args:
        plan: What to unpack.
        on_photo: Called with the number of photos done.

    Returns:
        The reading, whose table names the place of each photo in its zip. Rows without a picture
        are bad rows.

    Raises:
        OutputError: A zip cannot be written.
        PhotoTableError: A Parquet file is damaged.
    """
    wanted = _wanted(plan.reading.table)
    members = []
    done = 0
    for part in plan.parts:
        if not part.complete:
            _write_zip(part, wanted, on_photo=_after(on_photo, done))
        places = zip_places(part.path)
        members.append(places)
        done += places.height
        if on_photo is not None:
            on_photo(done)
    return _with_places(plan.reading, pl.concat(members), plan.folder.parent)


def _pieces(files: Sequence[ParquetFile]) -> Iterator[Piece]:
    """The row groups of all files, in order; one that is too large for a zip in several pieces."""
    for file in files:
        for first, rows, size in file.groups():
            cuts = min(rows, max(1, -(-size // ZIP_BYTES)))
            edges = np.linspace(0, rows, cuts + 1).astype(int).tolist() if rows else []
            for start, end in itertools.pairwise(edges):
                yield Piece(file, first + start, end - start, size * (end - start) // rows)


def _signature(pieces: Sequence[Piece], kept: str) -> bytes:
    """What tells a zip of these rows from any other: their files as they are now, and the rows."""
    digest = hashlib.sha256(kept.encode())
    for piece in pieces:
        status = piece.file.path.stat()
        state = (piece.file.name, piece.file.column, status.st_size, status.st_mtime_ns)
        digest.update(repr((*state, piece.first, piece.rows)).encode())
    return _MARK + digest.hexdigest().encode()


def _comment(path: Path) -> bytes:
    """The comment of a zip; empty if it is no zip, or is not there."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment
    except (OSError, zipfile.BadZipFile):
        return b""


def _wanted(table: PhotoTable) -> dict[str, set[int]]:
    """The rows to unpack, by their file."""
    home = table.frame.select(
        pl.col("photo").str.extract(r"^(.*)/\d+$").alias("file"),
        pl.col("photo").str.extract(r"/(\d+)$").cast(pl.Int64).alias("row"),
    )
    return {str(file): set(rows["row"]) for (file,), rows in home.group_by("file")}


def _write_zip(
    part: ZipPart, wanted: dict[str, set[int]], *, on_photo: Callable[[int], None] | None
) -> None:
    names, done = UniqueNames(), 0
    try:
        with replacing(part.path) as temporary:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
                for piece in part.pieces:
                    own = wanted.get(piece.file.name, set())
                    for row, content, path in piece.file.photos(piece.first, piece.rows):
                        ending = photo_ending(content or b"")
                        if row not in own or content is None or ending is None:
                            continue
                        stem = Path(path.replace("\\", "/")).stem or f"{piece.file.path.stem}-{row}"
                        info = zipfile.ZipInfo(names.of(safe_stem(stem)) + ending, EPOCH)
                        info.comment = f"{piece.file.name}/{row}".encode()
                        archive.writestr(info, content)
                        done += 1
                        if on_photo is not None:
                            on_photo(done)
                archive.comment = part.comment
            with temporary.open("rb+") as file:  # on the disk before it gets its name
                os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(
            f"{part.path} cannot be written: {(error.strerror or str(error)).lower()}; make room "
            "and run the same command again, which keeps the zips that are complete"
        ) from error


def zip_places(path: Path) -> pl.DataFrame:
    """Where each photo of a zip lies: `@photo`, its comment; `archive`, `@name`, offset, length.

    The path of the zip starts from the folder above its own.
    """
    rows = []
    archive_name = f"{path.parent.name}/{path.name}"
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            file.seek(info.header_offset + _LOCAL_HEADER - 4)
            name, extra = np.frombuffer(file.read(4), dtype="<u2").tolist()
            offset = info.header_offset + _LOCAL_HEADER + name + extra
            own = info.comment.decode()
            rows.append((own, archive_name, info.filename, offset, info.file_size))
    text, number = pl.String(), pl.Int64()
    schema = {"@photo": text, "archive": text, "@name": text, "offset": number, "length": number}
    return pl.DataFrame(rows, schema, orient="row")


def _with_places(reading: Reading, members: pl.DataFrame, root: Path) -> Reading:
    frame = reading.table.frame.drop(ARCHIVE_COLUMNS, strict=False)
    columns = frame.columns
    frame = frame.rename({"photo": "@photo"}).join(
        members, on="@photo", how="left", maintain_order="left"
    )
    without = frame.filter(pl.col("archive").is_null())["@photo"]
    frame = frame.filter(pl.col("archive").is_not_null()).with_columns(
        pl.concat_str("archive", "@name", separator="/").alias("photo"),
        pl.lit(STORED).alias("compression"),
    )
    table = PhotoTable(frame.select(*columns, *ARCHIVE_COLUMNS), root)
    bad_rows = [
        BadRow(int(row), _KIND, file) for file, _, row in (text.rpartition("/") for text in without)
    ]
    ordered = sorted([*reading.bad_rows, *bad_rows], key=lambda bad: bad.row)
    return replace(reading, table=table, bad_rows=ordered, parquet=None)


def _after(on_photo: Callable[[int], None] | None, before: int) -> Callable[[int], None] | None:
    return None if on_photo is None else lambda done: on_photo(before + done)
