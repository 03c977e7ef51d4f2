"""A photo table written as others read it: WebDataset, Hugging Face's imagefolder, or stored zips.

The bytes of the photos are copied unchanged. A photo's name becomes one of letters, digits, `-` and
`_`, so no name leads out of the folder. Each file is written whole or not at all, and tables come
last.
"""

import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Integer

from geoguess_cli.choices import ExportFormat
from geoguess_cli.errors import OutputError, PhotoError
from geoguess_cli.files import replacing, require_room, write_text
from geoguess_cli.photos.archives import STORED, Member
from geoguess_cli.photos.columns import ARCHIVE_COLUMNS, SPLITS
from geoguess_cli.photos.endings import UniqueNames, photo_ending, safe_stem
from geoguess_cli.photos.table import PhotoTable, write_photo_table
from geoguess_cli.sources.unpacking import EPOCH, zip_places

SHARD_BYTES = 1 << 30
"""Photos that go into one tar or zip, in bytes; the photo that passes it is the last."""

UNASSIGNED = "unassigned"
"""Where photos without a split go, if others have one."""

ALL = "photos"
"""Where photos go if none has a split."""

_MARK = ".geoguess-export.json"
_LISTED_APART = ("photo", "split", *ARCHIVE_COLUMNS)


@dataclass(frozen=True, eq=False)
class Export:
    """A photo table on its way to a folder.

    Attributes:
        table: The photos.
        to: "webdataset", "imagefolder" or "zip".
        folder: Where they go.
        failures: Name and reason of each photo that could not be read and was left out.
    """

    table: PhotoTable
    to: ExportFormat
    folder: Path
    failures: list[tuple[str, str]] = field(default_factory=list)
    _sizes: list[Integer[np.ndarray, " n"]] = field(default_factory=list)

    @property
    def sizes(self) -> Integer[np.ndarray, " n"]:
        """Bytes of each photo where it lies now; 0 if it is not there."""
        if not self._sizes:
            self._sizes.append(np.array([_size(file) for file in self.table.files], dtype=np.int64))
        return self._sizes[0]

    @property
    def bytes_needed(self) -> int:
        """Space that the photos take, in bytes."""
        return int(self.sizes.sum())

    def write(self, *, force: bool = False, on_photo: Callable[[int], None] | None = None) -> None:
        """Write the photos and their table.

        Args:
            force: Replace what an earlier export wrote into the folder.
            on_photo: Called with the number of photos done.

        Raises:
            OutputError: The folder holds other files, or the photos themselves; the disk has too
                little room; or a file cannot be written.
        """
        self._prepare(force)
        require_room(
            self.folder,
            self.bytes_needed,
            what="the photos take",
            elsewhere="name a place on another disk with -o",
        )
        self.failures.clear()
        try:
            write_text(json.dumps({"to": self.to, "entries": self._entries()}), self._mark)
            _WRITERS[self.to](self, _counter(on_photo))
        except OSError as error:
            if isinstance(error, OutputError | PhotoError):
                raise
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{self.folder} cannot be written: {reason}") from error

    @property
    def _mark(self) -> Path:
        return self.folder / _MARK

    def homes(self) -> Iterator[tuple[str, Integer[np.ndarray, " n"]]]:
        """The splits, and where photos without one go, each with its rows; none is empty."""
        if not self.table.has("split"):
            yield ALL, np.arange(len(self.table))
            return
        split = self.table.frame["split"]
        for name in SPLITS:
            rows = np.flatnonzero((split == name).fill_null(False).to_numpy())
            if len(rows):
                yield name, rows
        rows = np.flatnonzero(split.is_null().to_numpy())
        if len(rows):
            yield UNASSIGNED, rows

    def shards(self, rows: Integer[np.ndarray, " n"]) -> list[Integer[np.ndarray, " m"]]:
        """The rows in parts of about `SHARD_BYTES`."""
        before = np.cumsum(self.sizes[rows]) - self.sizes[rows]
        return np.split(rows, np.flatnonzero(np.diff(before // SHARD_BYTES)) + 1)

    def photos(
        self, rows: Integer[np.ndarray, " n"], names: UniqueNames, done: Callable[[], None]
    ) -> Iterator[tuple[int, str, str, bytes]]:
        """Row, name, ending and bytes of each photo that can be read."""
        files = self.table.files.take(rows)
        own_names = self.table.frame["photo"]
        for row, file, name in zip(rows.tolist(), files, files.base_names(), strict=True):
            done()
            try:
                content = file.read_bytes()
            except OSError as error:
                self.failures.append((own_names[row], error.strerror or str(error)))
                continue
            ending = photo_ending(content)
            if ending is None:
                self.failures.append((own_names[row], "it is not a picture of a known kind"))
                continue
            yield row, names.of(safe_stem(Path(name).stem)), ending, content

    def columns(self) -> pl.DataFrame:
        """What is written of each photo beside its bytes and its split."""
        return self.table.frame.drop(_LISTED_APART, strict=False)

    def _entries(self) -> list[str]:
        """The names, in the folder, of what the export writes."""
        if self.to == "zip":
            return [ALL, f"{ALL}.parquet"]
        if self.to == "imagefolder":
            return [*(home for home, _ in self.homes()), "metadata.csv"]
        return [
            _shard_name(home, number)
            for home, rows in self.homes()
            for number in range(len(self.shards(rows)))
        ]

    def _prepare(self, force: bool) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder} is a file; -o names a folder")
        if not self.folder.is_dir() or not any(self.folder.iterdir()):
            return
        if not force:
            raise OutputError(
                f"{self.folder} is not empty; --force replaces an earlier export in it, "
                "-o names another folder"
            )
        entries = _entries_of(self._mark)
        if entries is None:
            raise OutputError(
                f"{self.folder} holds files that no export wrote; name another folder with -o"
            )
        inside = self.folder.resolve()
        homes = {file.archive if isinstance(file, Member) else file for file in self.table.files}
        if any(home.resolve().is_relative_to(inside) for home in homes):
            raise OutputError(
                f"{self.folder} holds the photos themselves; name another folder with -o"
            )
        for entry in entries:
            path = self.folder / Path(entry).name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _webdataset(export: Export, done: Callable[[], None]) -> None:
    columns, names = export.columns(), UniqueNames()
    for home, rows in export.homes():
        for number, part in enumerate(export.shards(rows)):
            path = export.folder / _shard_name(home, number)
            with replacing(path) as temporary, tarfile.open(temporary, "w") as tar:
                for row, name, ending, content in export.photos(part, names, done):
                    record = json.dumps(columns.row(row, named=True), default=str)
                    _add(tar, name + ending, content)
                    _add(tar, f"{name}.json", record.encode())


def _imagefolder(export: Export, done: Callable[[], None]) -> None:
    columns = export.columns()
    for home, rows in export.homes():
        names, kept, files = UniqueNames(), [], []
        for row, name, ending, content in export.photos(rows, names, done):
            with replacing(export.folder / home / (name + ending)) as temporary:
                temporary.write_bytes(content)
            kept.append(row)
            files.append(name + ending)
        within = home if home in SPLITS else ""
        prefix = "" if within else f"{home}/"
        frame = columns[kept].insert_column(0, pl.Series("file_name", [prefix + f for f in files]))
        with replacing(export.folder / within / "metadata.csv") as temporary:
            frame.write_csv(temporary)


def _zip(export: Export, done: Callable[[], None]) -> None:
    names, places = UniqueNames(), []
    parts = export.shards(np.arange(len(export.table)))
    digits = max(2, len(str(len(parts) - 1)))
    for number, part in enumerate(parts):
        path = export.folder / ALL / f"{number:0{digits}}.zip"
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for row, name, ending, content in export.photos(part, names, done):
                info = zipfile.ZipInfo(name + ending, EPOCH)
                info.comment = str(row).encode()
                archive.writestr(info, content)
        places.append(zip_places(path))
    located = pl.concat(places).with_columns(pl.col("@photo").cast(pl.Int64))
    frame = export.table.frame.drop(ARCHIVE_COLUMNS, strict=False)[located["@photo"].to_list()]
    frame = frame.with_columns(
        located["archive"],
        located["offset"],
        located["length"],
        pl.lit(STORED).alias("compression"),
        (located["archive"] + "/" + located["@name"]).alias("photo"),
    )
    folder = export.folder.resolve()
    write_photo_table(PhotoTable(frame, folder), folder / f"{ALL}.parquet")


_WRITERS: dict[ExportFormat, Callable[[Export, Callable[[], None]], None]] = {
    "webdataset": _webdataset,
    "imagefolder": _imagefolder,
    "zip": _zip,
}


def _shard_name(home: str, number: int) -> str:
    return f"{home}-{number:06}.tar"


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, BytesIO(content))


def _size(file: Path | Member) -> int:
    if isinstance(file, Member):
        return file.length
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _entries_of(mark: Path) -> list[str] | None:
    """What an earlier export wrote; None if there was none."""
    try:
        content: Any = json.loads(mark.read_text(encoding="utf-8"))
        return [str(entry) for entry in content["entries"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _counter(on_photo: Callable[[int], None] | None) -> Callable[[], None]:
    count = 0

    def done() -> None:
        nonlocal count
        count += 1
        if on_photo is not None:
            on_photo(count)

    return done
